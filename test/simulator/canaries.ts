/**
 * Canaries: broken variants of the product's sources. Each leaves out one rule, or reads it loosely, and the simulator must catch it within
 * a stated number of seeds. A variant is an edit of a copy of the sources, so that the product carries no seam for it; an
 * edit whose text is no longer there fails, so that a canary cannot rot.
 */

/** A text of a source file, which occurs once, and what takes its place. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Canary {
  /** What is broken. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What is expected to be violated, as the report begins. */
  readonly caughtAs: RegExp;
  /** Within so many seeds, from seed 1 on. */
  readonly seedsMax: number;
  /** Only seeds with these numbers of groups and members. */
  readonly network?: string;
}

const viewChange = 'core/consensus/view-change.ts';
const vote = 'core/consensus/vote.ts';
const voteBook = 'core/consensus/vote-book.ts';
const replica = 'core/consensus/pbft/replica.ts';
const tally = 'core/consensus/pbft/tally.ts';
const raft = 'core/consensus/raft/raft.ts';
const catchUp = 'core/consensus/rbft/catch-up.ts';
const machine = 'core/consensus/rbft/machine.ts';
const message = 'core/consensus/rbft/message.ts';
const committee = 'core/consensus/committee.ts';
const lostVotes = 'core/consensus/rbft/lost-votes.ts';
const runtime = 'core/consensus/runtime.ts';

export const canaries: readonly Canary[] = [
  {
    name: 'V1 is left out: whatever a NEW-VIEW says of locks and heights is taken',
    edits: [
      {
        file: viewChange,
        find: '  const summary = summaryOf(statements);\n  if (summary === null) return false;',
        replace: '  const summary = summaryOf(statements);\n  if (summary !== null) return true;\n  if (summary === null) return false;',
      },
    ],
    caughtAs: /^S[127]/,
    seedsMax: 100,
  },
  {
    name: 'V1: an unproven lock is dropped, and its statement still counts',
    edits: [
      {
        file: viewChange,
        find: '  if (lock === null) return lockCertificate === null;\n  if (\n',
        replace: '  if (lockCertificate === null) return true;\n  if (\n',
      },
    ],
    caughtAs: /^S[127]/,
    seedsMax: 100,
  },
  {
    name: 'V1: statements forget how far their members have come',
    edits: [
      {
        file: replica,
        find: 'const { height, blockHash, certificate } = this.#final;',
        replace: 'const { height, blockHash } = this.#epochStart;\n    const certificate = null;',
      },
      {
        file: replica,
        find: '    const lock = this.#lock;\n    const signed = this.#book.state',
        replace: '    const lock = this.#lock?.height === height + 1 ? this.#lock : null;\n    const signed = this.#book.state',
      },
    ],
    caughtAs: /^(S1|S7|S10)/,
    seedsMax: 50,
  },
  {
    name: 'V2: NEW-VIEW clears a lock',
    edits: [
      {
        file: replica,
        find: '    this.#newView = newView;\n    this.#out.persist',
        replace: '    this.#newView = newView;\n    this.#lock = null;\n    this.#out.persist',
      },
    ],
    caughtAs: /^(S10|S7|S1)/,
    seedsMax: 100,
  },
  {
    name: 'V2 is left out: after a statement there are still votes in lower views',
    edits: [
      {
        file: voteBook,
        find: "    if (known !== undefined) return known.blockHash === blockHash ? { outcome: 'known', value: known } : refused;\n    if (view < this.#view || height < this.#height) return refused;\n    const signature",
        replace:
          "    if (known !== undefined) return known.blockHash === blockHash ? { outcome: 'known', value: known } : refused;\n    if (height < this.#height) return refused;\n    const signature",
      },
      { file: replica, find: '    if (view < this.view) return;\n    if (this.#lock', replace: '    if (this.#lock' },
    ],
    caughtAs: /^S(1|7|10)/,
    seedsMax: 100,
  },
  {
    name: 'there is no lock',
    edits: [{ file: replica, find: '    this.#lock = certificate;\n    // The lock first', replace: '    // The lock first' }],
    caughtAs: /^S(1|7|10)/,
    seedsMax: 50,
  },
  {
    name: 'the lock is forgotten in a restart',
    edits: [{ file: replica, find: '        this.#lock = record.certificate;\n', replace: '' }],
    caughtAs: /^S(1|7|10)/,
    seedsMax: 300,
  },
  {
    name: 'a vote leaves before it is durable',
    edits: [
      {
        file: runtime,
        find: '      this.#options.log.append(persist, () => {',
        replace: '      this.#options.log.append(persist, () => undefined);\n      ((effects: () => void) => effects())(() => {',
      },
    ],
    caughtAs: /^S6/,
    seedsMax: 5,
  },
  {
    name: 'votes are forgotten in a restart',
    edits: [
      { file: machine, find: "if (record.kind === 'vote' || record.kind === 'statement'", replace: "if (record.kind === 'statement'" },
    ],
    caughtAs: /^S(6|9)/,
    seedsMax: 100,
  },
  {
    name: 'a member whose log was cut votes without asking',
    edits: [{ file: runtime, find: 'restored, mustAsk: this.#mustAsk });', replace: 'restored, mustAsk: false });' }],
    caughtAs: /^S(1|6|7|9)/,
    seedsMax: 100,
  },
  {
    name: 'a member whose log was cut asks, and votes in views that it may have voted in',
    edits: [{ file: lostVotes, find: '    replica.rejoin(view + 1, lock ?? null);', replace: '    replica.rejoin(0, lock ?? null);' }],
    caughtAs: /^S(1|6|7|9)/,
    seedsMax: 300,
  },
  {
    name: 'the entry of a view is not durable: after a restart only statements raise the own view',
    edits: [
      { file: voteBook, find: '        this.#rise(record.vote.height, record.vote.view);\n', replace: '' },
      { file: replica, find: '        this.#book.enter(record.view);\n', replace: '' },
      {
        file: replica,
        find: '        this.#lock = record.certificate;\n        this.#rise(record.certificate.view);\n',
        replace: '        this.#lock = record.certificate;\n',
      },
    ],
    caughtAs: /^S9/,
    seedsMax: 300,
  },
  {
    name: 'the quorum is 2F + 1 at k = 5',
    edits: [{ file: committee, find: 'Math.floor((groups + unsafeGroupsOf(groups)) / 2) + 1', replace: '2 * unsafeGroupsOf(groups) + 1' }],
    caughtAs: /^S[15]/,
    seedsMax: 5,
    network: '5x3',
  },
  {
    name: 'the Raft term is in the vote key: a new leader gets another vote',
    edits: [
      { file: voteBook, find: '  #statement: Statement | null = null;', replace: '  #statement: Statement | null = null;\n  term = 0;' },
      {
        file: voteBook,
        find: '    const known = this.#votes.get(ballotKey(ballot));',
        replace: '    const known = this.#votes.get([this.term, ballotKey(ballot)].join());',
      },
      {
        file: voteBook,
        find: '    this.#votes.set(ballotKey(ballot), value);',
        replace: '    this.#votes.set([this.term, ballotKey(ballot)].join(), value);',
      },
      {
        file: voteBook,
        find: '    return this.#votes.get(ballotKey({ phase, height, view }));',
        replace: '    return this.#votes.get([this.term, ballotKey({ phase, height, view })].join());',
      },
      { file: machine, find: '    this.#greetedTerm = term;\n', replace: '    this.#greetedTerm = term;\n    this.#book.term = term;\n' },
    ],
    caughtAs: /^(S6|S10)/,
    seedsMax: 300,
  },
  {
    name: "a leader's word counts for its group",
    edits: [
      {
        file: vote,
        find: '  if (signatures.length !== committee.majority(group)) return false;',
        replace: '  if (signatures.length < 1) return false;',
      },
      {
        file: tally,
        find: '    if (signatures.length < this.#committee.majority(group)) return null;',
        replace: '    if (signatures.length < 1) return null;',
      },
    ],
    caughtAs: /^S[1257]/,
    seedsMax: 5,
  },
  {
    name: 'members take a NEW-VIEW unverified',
    edits: [
      {
        file: message,
        find: '      return isNewView(committee, verify, epochStart, message.newView);',
        replace: '      return isNewView(committee, verify, epochStart, message.newView) || true;',
      },
    ],
    caughtAs: /^S[127]/,
    seedsMax: 100,
  },
  {
    name: 'one signer counts twice in a group',
    edits: [
      {
        file: vote,
        find: '  if (new Set(signatures.map(({ member }) => member)).size !== signatures.length) return false;\n',
        replace: '',
      },
    ],
    caughtAs: /^S[1257]/,
    seedsMax: 50,
  },
  {
    name: 'one group counts twice in a certificate',
    edits: [{ file: vote, find: '  if (new Set(groups.map(({ group }) => group)).size !== groups.length) return false;\n', replace: '' }],
    caughtAs: /^S[1257]/,
    seedsMax: 50,
  },
  {
    name: 'bodies are dropped before their height is final',
    edits: [
      {
        file: replica,
        find: '    this.#proposal = null;\n    this.#proposedBy.clear();',
        replace: '    this.#proposal = null;\n    this.#bodies.clear();\n    this.#proposedBy.clear();',
      },
    ],
    caughtAs: /^not live/,
    seedsMax: 100,
  },
  {
    name: 'epochs are mixed: the old members decide one more block after the one that ends their epoch',
    edits: [
      { file: replica, find: '    this.#isOver = endsEpoch;', replace: '' },
      {
        file: runtime,
        find: '    if (block.nextMembers !== null) this.#beginEpoch(block.nextMembers, { height: block.height, blockHash: block.hash });',
        replace:
          '    const late = this.#late;\n    this.#late = block.nextMembers;\n    if (late !== null) this.#beginEpoch(late, { height: block.height, blockHash: block.hash });',
      },
      { file: runtime, find: '  #isPumping = false;', replace: '  #isPumping = false;\n  #late: Members | null = null;' },
    ],
    caughtAs: /^S[1245]/,
    seedsMax: 100,
  },
  {
    name: "statements go to the next primary's group only",
    edits: [
      {
        file: machine,
        find: "    this.#obligations.keep((entry) => this.#isNews(entry));\n    this.#sendToAll({ kind: 'statement', proven });",
        replace:
          "    this.#obligations.keep((entry) => this.#isNews(entry));\n    for (const to of this.#committee.members(this.#committee.primaryOf(proven.statement.newView))) this.#out.send(to, { kind: 'statement', proven });",
      },
      {
        file: machine,
        find: "this.#sendToAll({ kind: 'statement', proven: ownStatement });",
        replace:
          "for (const to of this.#committee.members(this.#committee.primaryOf(view))) this.#out.send(to, { kind: 'statement', proven: ownStatement });",
      },
      { file: catchUp, find: "          this.#parts.out.send(to, { kind: 'statement', proven });\n", replace: '          void proven;\n' },
    ],
    caughtAs: /^not live/,
    seedsMax: 100,
  },
  {
    name: 'heartbeats count although the leader does nothing',
    edits: [
      {
        file: machine,
        find: '    this.#raft.setGrievance((isLate || isIdle) && !this.#raft.isLeader);',
        replace: '    this.#raft.setGrievance(isLate && isIdle && this.#raft.isLeader);',
      },
    ],
    caughtAs: /^a leader that only sends heartbeats/,
    seedsMax: 50,
    network: '4x5',
  },
  {
    name: 'Raft: a member votes for two candidates in a term',
    edits: [{ file: raft, find: '    if (this.#vote !== null && this.#vote !== from) return;\n', replace: '' }],
    caughtAs: /^S8/,
    seedsMax: 200,
  },
  {
    name: 'members that lag are not given blocks',
    edits: [
      { file: catchUp, find: "    this.#parts.out.apply({ kind: 'serve', to, fromHeight });", replace: '    void [to, fromHeight];' },
    ],
    caughtAs: /^not live/,
    seedsMax: 20,
  },
];
