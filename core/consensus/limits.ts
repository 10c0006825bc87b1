/** The bounds of the consensus: every queue, message and loop of core/consensus names its limit here. Times are in milliseconds. */

/** Groups and members that a committee may have; the first bounds what a certificate holds. */
export const groupsMax = 64;
export const groupMembersMax = 64;
/** Bytes of an Ed25519 signature (RFC 8032). */
export const signatureBytes = 64;
/** Bytes of an Ed25519 public key (RFC 8032). */
export const publicKeyBytes = 32;

/** The first view timer of a height; it doubles with each view since the last final block. */
export const viewTimeoutMs = 1_500;
/** What the view timer never exceeds. */
export const viewTimeoutMaxMs = 30_000;
/** How old an obligation may be before a leader who ignores it is deposed. */
export const obligationMs = 500;
/** How often a member without news asks somebody of another group. */
export const pollMs = 250;
/** How often a leader is heard, also when it has nothing to say. */
export const heartbeatMs = 100;
/** The shortest time without a leader after which a follower stands for election; each draws up to twice as long. */
export const electionMs = 500;
/** How often votes and statements that were answered by nothing are sent again. */
export const resendMs = 1_000;
/** Full blocks that may leave an executable transaction out before that counts as the end of the view timer. */
export const blocksLeftOutMax = 5;

/** Entries of the log that a leader keeps for followers who lag; who is behind them is caught up with blocks. */
export const logEntriesMax = 256;
/** Entries in one append. */
export const appendEntriesMax = 32;
/** Different votes of one group, phase and height that are remembered; a group that makes more is unsafe. */
export const groupVotesMax = 8;
/** Bodies of blocks that are not final, kept by hash. */
export const bodiesMax = 32;
/** Blocks in one answer to a member that lags. */
export const catchUpBlocksMax = 16;
