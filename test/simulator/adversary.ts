/**
 * Byzantine members. Each runs an honest machine, whose messages pass through here: withheld, sent to some, changed. Beside it the adversary
 * signs with the members' keys whatever serves: votes for every block it sees, statements that hide locks and heights, NEW-VIEWs made
 * of the statements that suit it, proposals of two blocks for one place.
 */
import type { Committee, MemberId } from '../../core/consensus/committee.ts';
import { type ProposedBlock, proposalBytes } from '../../core/consensus/proposal.ts';
import type { Message } from '../../core/consensus/rbft/message.ts';
import { type NewView, type ProvenStatement, type Statement, statementBytes, summaryOf } from '../../core/consensus/view-change.ts';
import { type Ballot, type Certificate, type GroupVote, type MemberVote, voteBytes } from '../../core/consensus/vote.ts';
import { type Seeded, signerOf } from './seeded.ts';
import { genesisHash, withWrongRoot } from './toy-ledger.ts';

const keptMax = 60;

type Transmit = (from: MemberId, to: MemberId, messages: readonly Message[]) => void;

export class Adversary {
  equivocations = 0;
  readonly #committee: Committee;
  readonly #members: readonly MemberId[];
  readonly #random: Seeded;
  readonly #transmit: Transmit;
  readonly #blocks: { readonly block: ProposedBlock; readonly view: number }[] = [];
  readonly #statements: ProvenStatement[] = [];
  readonly #certificates: Certificate[] = [];
  readonly #groupVotes: GroupVote[] = [];
  readonly #votes = new Map<string, MemberVote[]>();

  constructor(committee: Committee, members: ReadonlySet<MemberId>, random: Seeded, transmit: Transmit) {
    this.#committee = committee;
    this.#members = [...members];
    this.#random = random;
    this.#transmit = transmit;
  }

  /** A message that somebody sent: whoever listens learns from it. */
  onSeen(message: Message): void {
    if (this.#members.length === 0) return;
    switch (message.kind) {
      case 'offer':
        keep(this.#blocks, { block: message.offer.block, view: message.offer.proposal.view });
        if (message.offer.groupVote !== null) keep(this.#groupVotes, message.offer.groupVote);
        break;
      case 'statement':
        keep(this.#statements, message.proven);
        if (message.proven.lockCertificate !== null) keep(this.#certificates, message.proven.lockCertificate);
        if (message.proven.finalCertificate !== null) keep(this.#certificates, message.proven.finalCertificate);
        break;
      case 'certificate':
        keep(this.#certificates, message.certificate);
        break;
      case 'group-vote':
        keep(this.#groupVotes, message.vote);
        break;
      case 'vote':
        this.#seeVote(message.vote);
        break;
      case 'raft':
        if (message.message.kind === 'append') for (const { entry } of message.message.entries) this.onSeen(entry);
        break;
      default:
        break;
    }
  }

  /** What the honest machine of a Byzantine member would send. */
  onSend(from: MemberId, to: MemberId, messages: readonly Message[]): void {
    if (this.#random.chance(0.25)) return;
    this.#transmit(
      from,
      to,
      messages.flatMap((message) => this.#changed(from, message)),
    );
  }

  /** Does one thing that no honest member would. */
  act(): void {
    const from = this.#random.pick(this.#members);
    switch (this.#random.below(7)) {
      case 0:
        this.#voteForEverything(from);
        break;
      case 1:
        this.#lie(from);
        break;
      case 2:
        this.#sendNewView(from);
        break;
      case 3:
        this.#propose(from);
        break;
      case 4:
        this.#replay(from);
        break;
      case 5:
        this.#forge(from);
        break;
      default:
        this.#joinVotes(from);
    }
  }

  #changed(from: MemberId, message: Message): Message[] {
    if (message.kind === 'statement' && message.proven.statement.member === from && this.#random.chance(0.7))
      return [{ kind: 'statement', proven: this.#statement(from, message.proven.statement.newView) }];
    if (message.kind === 'vote' && this.#random.chance(0.3)) return [];
    return [message];
  }

  #voteForEverything(from: MemberId): void {
    if (this.#blocks.length === 0) return;
    const { block, view } = this.#random.pick(this.#blocks);
    const phase = this.#random.pick(['prepare', 'commit'] as const);
    const vote = this.#vote(from, { phase, height: block.height, view: view + this.#random.below(2), blockHash: block.hash });
    this.equivocations++;
    for (const to of this.#someMembers()) this.#transmit(from, to, [{ kind: 'vote', vote }]);
  }

  /** A statement that hides the lock, or how far the member has come; every field of it is proven. */
  #statement(from: MemberId, newView: number): ProvenStatement {
    const finals = [null, ...this.#certificates.filter(({ phase }) => phase === 'commit')];
    const finalCertificate = this.#random.pick(finals);
    const finalHeight = finalCertificate?.height ?? 0;
    const locks = this.#certificates.filter(
      ({ phase, height, view }) => phase === 'prepare' && height === finalHeight + 1 && view < newView,
    );
    const lockCertificate = locks.length > 0 && this.#random.chance(0.3) ? this.#random.pick(locks) : null;
    const unsigned: Omit<Statement, 'signature'> = {
      member: from,
      newView,
      finalHeight,
      finalHash: finalCertificate?.blockHash ?? genesisHash,
      lock: lockCertificate === null ? null : { view: lockCertificate.view, blockHash: lockCertificate.blockHash },
    };
    const signature = signerOf(from)(statementBytes(this.#committee, this.#committee.groupOf(from), unsigned));
    return { statement: { ...unsigned, signature }, finalCertificate, lockCertificate };
  }

  #lie(from: MemberId): void {
    const views = this.#statements.map(({ statement }) => statement.newView);
    const proven = this.#statement(
      from,
      (views.length > 0 ? this.#random.pick(views) : 0) + this.#random.below(2) + (views.length > 0 ? 0 : 1),
    );
    keep(this.#statements, proven);
    for (const to of this.#someMembers()) this.#transmit(from, to, [{ kind: 'statement', proven }]);
  }

  /** A NEW-VIEW of any view, of the statements that suit: whichever it may hold is tried, lies and fields left out included. */
  #sendNewView(from: MemberId): void {
    if (this.#statements.length === 0) return;
    const view = this.#random.pick(this.#statements).statement.newView;
    const statements: Statement[] = [];
    let groups = 0;
    const of = this.#random.shuffled(this.#statements.filter(({ statement }) => statement.newView === view));
    for (const group of this.#random.shuffled(Array.from({ length: this.#committee.groups }, (_, index) => index))) {
      if (groups === this.#committee.quorum) break;
      const own = new Map(
        of
          .filter(({ statement }) => this.#committee.groupOf(statement.member) === group)
          .map(({ statement }) => [statement.member, statement]),
      );
      for (const member of this.#members)
        if (this.#committee.groupOf(member) === group && this.#random.chance(0.7)) own.set(member, this.#statement(member, view).statement);
      // Its own members first: they say what it wants.
      const sorted = [...own.values()].sort(
        (left, right) => Number(this.#members.includes(right.member)) - Number(this.#members.includes(left.member)),
      );
      if (sorted.length < this.#committee.majority(group)) continue;
      statements.push(...sorted.slice(0, this.#committee.majority(group)));
      groups++;
    }
    const summary = summaryOf(statements);
    if (groups < this.#committee.quorum || summary === null) return;
    const { finalHeight, lock } = summary;
    const newView: NewView = {
      view,
      statements,
      finalCertificate: this.#certificates.find(({ phase, height }) => phase === 'commit' && height === finalHeight) ?? null,
      lockCertificate:
        lock === null
          ? null
          : (this.#certificates.find((held) => held.phase === 'prepare' && held.height === finalHeight + 1 && held.view === lock.view) ??
            null),
    };
    const receivers = this.#someMembers();
    for (const to of receivers) this.#transmit(from, to, [{ kind: 'new-view', newView }]);
    if (this.#random.chance(0.7)) this.#proposeIn(from, view, receivers);
  }

  /** Signs a block for a place of its group, perhaps a second one, and shows each to some. */
  #propose(from: MemberId): void {
    if (this.#blocks.length > 0) this.#proposeIn(from, this.#random.pick(this.#blocks).view, this.#someMembers());
  }

  #proposeIn(from: MemberId, view: number, receivers: readonly MemberId[]): void {
    if (this.#blocks.length === 0 || this.#committee.primaryOf(view) !== this.#committee.groupOf(from)) return;
    const { block: known } = this.#random.pick(this.#blocks);
    const block = this.#random.chance(0.1) ? withWrongRoot(known) : known;
    const fields = { height: block.height, view, blockHash: block.hash };
    const proposal = { ...fields, member: from, signature: signerOf(from)(proposalBytes(this.#committee, fields)) };
    const group = this.#committee.groupOf(from);
    const ballot: Ballot = { phase: 'prepare', ...fields };
    for (const member of this.#members) if (this.#committee.groupOf(member) === group) this.#seeVote(this.#vote(member, ballot));
    const groupVote = this.#groupVoteOf(group, ballot);
    this.equivocations++;
    for (const to of receivers) this.#transmit(from, to, [{ kind: 'offer', offer: { proposal, block, groupVote } }]);
  }

  /** Old messages, to whoever was not meant. */
  #replay(from: MemberId): void {
    const messages: Message[] = [];
    if (this.#certificates.length > 0) messages.push({ kind: 'certificate', certificate: this.#random.pick(this.#certificates) });
    if (this.#groupVotes.length > 0) messages.push({ kind: 'group-vote', vote: this.#random.pick(this.#groupVotes) });
    if (this.#statements.length > 0) messages.push({ kind: 'statement', proven: this.#random.pick(this.#statements) });
    for (const to of this.#someMembers()) this.#transmit(from, to, messages);
  }

  /** A certificate or group vote that is none: one signer twice, or signatures under another ballot. */
  #forge(from: MemberId): void {
    if (this.#groupVotes.length === 0 || this.#blocks.length === 0) return;
    const vote = this.#random.pick(this.#groupVotes);
    const first = vote.signatures[0];
    if (first === undefined) return;
    const { block } = this.#random.pick(this.#blocks);
    const forged: GroupVote = this.#random.chance(0.5)
      ? { ...vote, signatures: vote.signatures.map(() => first) }
      : { ...vote, blockHash: block.hash, height: block.height };
    const own = this.#vote(from, forged);
    const doubled: GroupVote = {
      ...forged,
      group: this.#committee.groupOf(from),
      signatures: vote.signatures.map(() => ({ member: from, signature: own.signature })),
    };
    for (const to of this.#someMembers())
      this.#transmit(from, to, [
        { kind: 'group-vote', vote: forged },
        { kind: 'group-vote', vote: doubled },
      ]);
  }

  /** Completes group votes with its own signature and shows them to some. */
  #joinVotes(from: MemberId): void {
    const groups = [...this.#votes.values()].filter(
      ([first]) => first !== undefined && this.#committee.groupOf(first.member) === this.#committee.groupOf(from),
    );
    if (groups.length === 0) return;
    const [first] = this.#random.pick(groups);
    if (first === undefined) return;
    const ballot: Ballot = { phase: first.phase, height: first.height, view: first.view, blockHash: first.blockHash };
    this.#seeVote(this.#vote(from, ballot));
    const vote = this.#groupVoteOf(this.#committee.groupOf(from), ballot);
    if (vote !== null) for (const to of this.#someMembers()) this.#transmit(from, to, [{ kind: 'group-vote', vote }]);
  }

  #groupVoteOf(group: number, ballot: Ballot): GroupVote | null {
    const votes = this.#votes.get(keyOf(group, ballot)) ?? [];
    if (votes.length < this.#committee.majority(group)) return null;
    return {
      ...ballot,
      group,
      signatures: votes.slice(0, this.#committee.majority(group)).map(({ member, signature }) => ({ member, signature })),
    };
  }

  #seeVote(vote: MemberVote): void {
    const key = keyOf(this.#committee.groupOf(vote.member), vote);
    const votes = this.#votes.get(key) ?? [];
    if (!votes.some(({ member }) => member === vote.member)) this.#votes.set(key, [...votes, vote]);
  }

  #vote(member: MemberId, { phase, height, view, blockHash }: Ballot): MemberVote {
    const ballot = { phase, height, view, blockHash };
    return { ...ballot, member, signature: signerOf(member)(voteBytes(this.#committee, this.#committee.groupOf(member), ballot)) };
  }

  #someMembers(): MemberId[] {
    const density = this.#random.pick([0.3, 0.6, 1]);
    return Array.from({ length: this.#committee.size }, (_, member) => member).filter(() => this.#random.chance(density));
  }
}

function keyOf(group: number, { phase, height, view, blockHash }: Ballot): string {
  return `${group} ${phase} ${height} ${view} ${blockHash}`;
}

function keep<Value>(list: Value[], value: Value): void {
  list.push(value);
  if (list.length > keptMax) list.shift();
}
