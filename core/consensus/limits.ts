/** The bounds of the consensus: every queue, message and loop of core/consensus names its limit here. Times are in milliseconds. */

/** Groups and members that a network must have (and a committee may have fewer, for comparison with flat protocols). */
export const groupsMin = 4;
export const groupMembersMin = 3;
/** Groups and members that a committee may have; they bound what a certificate holds. */
export const groupsMax = 64;
export const groupMembersMax = 64;
/** Bytes of an Ed25519 public key (RFC 8032). */
export const publicKeyBytes = 32;

/** Between two ticks of the machine. */
export const tickMs = 25;
/** The first view timer of a height; it doubles with each view since the last final block. */
export const viewTimeoutMs = 1_500;
/** What the view timer never exceeds. */
export const viewTimeoutMaxMs = 30_000;
/** How old an obligation may be before a leader who ignores it is deposed. */
export const obligationMs = 500;
/** How often a member without news asks somebody of another group. */
export const pollMs = 250;
/** The shortest time between two answers to polls of one member. */
export const pollAnswerMs = 50;
/** How often a leader is heard, also when it has nothing to say. */
export const heartbeatMs = 100;
/** The shortest time without a leader after which a follower stands for election; each draws up to twice as long. */
export const electionMs = 500;
/** Election timeouts without a leader after which a deposed one may lead again. */
export const deposedTimeouts = 3;
/** How often votes and statements that were answered by nothing are sent again. */
export const resendMs = 1_000;
/** After this long without being final, a transaction goes to every member. */
export const transactionSpreadMs = 500;
/** How long somebody is taken for its group's leader after it was last heard as one. */
export const leaderHintMs = 1_000;

/** Final blocks with room that may leave an executable transaction out before that counts as the end of the view timer. */
export const blocksLeftOutMax = 5;

/**
 * The highest height, view, term or place in a log that is taken from anybody. Nothing honest comes near it, and whatever a member counts on
 * from there is exact and can be encoded.
 */
export const counterMax = 2 ** 48;
/** Entries of the log that are kept for followers who lag, and their bytes together; who is behind them is caught up with blocks. */
export const logEntriesMax = 256;
export const logBytesMax = 33_554_432;
/** Entries in one append, and their bytes together: one at least. */
export const appendEntriesMax = 32;
export const appendBytesMax = 4_194_304;
/** How far ahead of one's own a term may be that a pre-vote is given for. */
export const termLeapMax = 1_000;
/** Places (phase, height, view) in which one member's, or one group's, votes are remembered: the highest. */
export const votePlacesMax = 16;
/** Votes, and proposals, in an answer to a member that asks for its own. */
export const knownVotesMax = 32;
/** Different votes of one member in one place that are remembered: two, which prove that it is faulty. */
export const rivalVotesMax = 2;
/** Own votes and proposals at one height that are remembered to be sent again; older ones are below the own view. */
export const ownVotesMax = 64;
/** Heights above the last final one that votes and offers are kept for: the next, and the one that others may already be at. */
export const heightsAheadMax = 2;
/** Offers of one proposer that are kept for a height or view about to be reached. */
export const offersPerProposerMax = 2;
/** Bodies of blocks that are not final, kept by hash, and their bytes together, but for those that are needed to go on. */
export const bodiesMax = 256;
export const bodiesBytesMax = 67_108_864;
/** Verdicts on executed blocks that are remembered for one height. */
export const verdictsMax = 64;
/** Bodies that are asked for at a time. */
export const wantedBodiesMax = 8;
/** What a leader owes its group, and what it appended, that is remembered. */
export const obligationsMax = 256;
/** Proofs of misbehaviour kept by one member until they are recorded: one a signer and kind. */
export const proofsMax = 256;
/** Blocks in one answer to a member that lags, and their bytes together: one at least. */
export const catchUpBlocksMax = 16;
export const catchUpBytesMax = 4_194_304;
/** Nodes that are remembered to have been given blocks lately; they include all members and all observers that a validator admits. */
export const servedNodesMax = 8_192;
/** Transactions that are watched until they are final. */
export const spreadTransactionsMax = 10_000;
/** Transactions in one message, and their bytes together: one at least. */
export const messageTransactionsMax = 200;
export const messageTransactionBytesMax = 1_048_576;
