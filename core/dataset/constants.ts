/**
 * The constants that TypeScript, circom and Solidity share (docs/formats.md, "Data and commitment"). This file is their one source: the
 * circuits' and the contracts' copies are generated from it. Changing one changes every root, proof and proving key.
 */

/** The order r of BN254's scalar field: every field element is a non-negative integer below it. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Rows of every segment but the last. */
export const SEGMENT_ROWS = 1008;
/** Children of a Poseidon tree node. */
export const TREE_ARITY = 16;
/** Depth of a column's tree over its segments. */
export const SEGMENT_TREE_DEPTH = 4;
/** Most segments of a dataset: the leaves of a column's tree. */
export const SEGMENTS_MAX = TREE_ARITY ** SEGMENT_TREE_DEPTH;
/** Most rows of a dataset. */
export const ROWS_MAX = SEGMENTS_MAX * SEGMENT_ROWS;
/** Most promised columns of a dataset. */
export const COLUMNS_MAX = 16;
/** Most keywords of a dataset. */
export const TAGS_MAX = 16;
/** Most columns that one requirement names. */
export const SLOTS_MAX = 4;
/** Most keywords of a requirement. */
export const KEYWORDS_MAX = 4;
/** The time between two rows is below 2^TIME_DELTA_BITS milliseconds. */
export const TIME_DELTA_BITS = 40;
/** Most bits of values packed into one field element. */
export const PACK_BITS = 224;
/** Most decimal places of a number column. */
export const SCALE_MAX = 18;

/** First input of the Poseidon of a segment leaf. */
export const TAG_SEGMENT = 1n;
/** First input of the Poseidon of a dataset root. */
export const TAG_DATASET = 2n;
/** First input of the Poseidon of a requirement. */
export const TAG_REQUIREMENT = 3n;
/** First input of the Poseidon of a segment's partial. */
export const TAG_PARTIAL = 4n;
/** First input of the Poseidon of a column in a partial. */
export const TAG_PARTIAL_COLUMN = 5n;

/** Stored value of an absent row. */
export const STORED_PADDING = 0n;
/** Stored value of an empty cell. */
export const STORED_MISSING = 1n;
/** Smallest stored value of a present cell. */
export const STORED_MIN = 2n;
