/**
 * The machine is given messages that are well-formed and absurd: every number at its extremes, in every kind, in any order, from any member,
 * and every signature counts as good. Whatever it is told it must not throw, and what it does must be bounded and encodable.
 */
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../core/consensus/envelope-encoding.ts';
import { appendEntriesMax, counterMax, logEntriesMax } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { RaftMessage } from '../../core/consensus/raft/raft.ts';
import type { Action, Ready } from '../../core/consensus/rbft/effects.ts';
import { Machine } from '../../core/consensus/rbft/machine.ts';
import { isAuthentic, type LogEntry, type Message, type Offer } from '../../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { decodeRecord, encodeRecord } from '../../core/consensus/record-encoding.ts';
import type { MemberSignature } from '../../core/consensus/signing.ts';
import type { NewView, Statement } from '../../core/consensus/view-change.ts';
import type { Certificate, GroupVote, MemberVote } from '../../core/consensus/vote.ts';
import { blockOf, committeeOf, genesisHash, hashOf } from '../consensus-scene.ts';
import { Seeded } from '../simulator/seeded.ts';

const committee = committeeOf(4, 3);
const signature = new Uint8Array(64);
const trust = { committee, verify: () => true, epochStart: { height: 0, blockHash: genesisHash }, isWellFormed: () => true };
const extremes = [counterMax - 1, counterMax, counterMax + 1, 2 ** 31, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER];

/** The next height, as far as one can be encoded. */
function after(height: number): number {
  return Math.min(height + 1, Number.MAX_SAFE_INTEGER);
}

/** Whatever a liar with every key could say. */
class Liar {
  readonly #random: Seeded;
  /** Where the machine is: the numbers that matter are near it. */
  place = { height: 1, view: 0, term: 1, parentHash: genesisHash };
  /** What the machine asked for its own votes with. */
  nonce = 0;
  readonly self: number;

  constructor(random: Seeded, self: number) {
    this.#random = random;
    this.self = self;
  }

  message(): Message {
    const random = this.#random;
    switch (random.below(15)) {
      case 0:
      case 1:
      case 2:
        return { kind: 'raft', message: this.#raft() };
      case 3:
        return { kind: 'vote', vote: this.#vote() };
      case 4:
        return { kind: 'group-vote', vote: this.#groupVote() };
      case 5: {
        const statement = this.#statement(this.#member(), this.#number(this.place.view + 1));
        const finalCertificate =
          statement.finalHeight === 0 ? null : this.#certificateOf('commit', statement.finalHeight, statement.finalHash);
        const lockCertificate =
          statement.lock === null
            ? null
            : { ...this.#certificateOf('prepare', after(statement.finalHeight), statement.lock.blockHash), view: statement.lock.view };
        return { kind: 'statement', proven: { statement, finalCertificate, lockCertificate } };
      }
      case 6:
        return this.#entry();
      case 7:
        return { kind: 'leading', term: this.#number(this.place.term), votes: this.#majority(this.#member()) };
      case 8:
        return { kind: 'poll', finalHeight: this.#number(0), view: this.#number(0), isEntered: random.chance(0.5) };
      case 9:
        return { kind: 'body-wanted', height: this.#number(this.place.height), blockHash: this.#hash() };
      case 10:
        return { kind: 'body', block: this.#block() };
      case 11: {
        const block = this.#block();
        return { kind: 'blocks', blocks: [{ block, certificate: this.#certificateOf('commit', block.height, block.hash) }] };
      }
      case 12:
        return { kind: 'votes-wanted', nonce: this.#number(0) };
      case 13: {
        const { self } = this;
        const certified = (phase: 'prepare' | 'commit') => this.#certificateOf(phase, this.#number(this.place.height), this.#hash());
        const { height, view } = this.place;
        const isHarmless = random.chance(0.95);
        return {
          kind: 'votes-known',
          nonce: this.nonce,
          view: this.#number(view),
          finalCertificate: random.chance(0.1) ? certified('commit') : null,
          lockCertificate: random.chance(0.5) ? certified('prepare') : null,
          votes: isHarmless ? [] : [{ ...this.#vote(), member: self }],
          statement: isHarmless ? null : this.#statement(self, this.#number(view)),
          proposals: isHarmless
            ? []
            : [{ member: self, height: this.#number(height), view: this.#number(view), blockHash: this.#hash(), signature }],
        };
      }
      default:
        return this.#entry();
    }
  }

  #raft(): RaftMessage<LogEntry> {
    const random = this.#random;
    const term = this.#number(this.place.term);
    switch (random.below(6)) {
      case 0:
        return { kind: 'pre-vote-request', term };
      case 1:
        return { kind: 'pre-vote', term, signature };
      case 2:
        return { kind: 'vote-request', term, preVotes: this.#majority(this.#member()) };
      case 3:
        return { kind: 'vote', term, signature };
      case 4: {
        const entries = Array.from({ length: random.pick([0, 1, 2, appendEntriesMax]) }, () => this.#entry());
        const votes = this.#majority(this.#member());
        return { kind: 'append', term, votes, previous: this.#number(0), fresh: random.chance(0.5), entries, commitIndex: this.#number(0) };
      }
      default:
        return { kind: 'appended', term, matched: random.chance(0.5), index: this.#number(0) };
    }
  }

  #entry(): LogEntry {
    const { height, view } = this.place;
    switch (this.#random.below(3)) {
      case 0:
        return { kind: 'offer', offer: this.#offer() };
      case 1: {
        const phase = this.#random.pick(['prepare', 'commit'] as const);
        return {
          kind: 'certificate',
          certificate: { ...this.#certificateOf(phase, this.#number(height), this.#hash()), view: this.#number(view) },
        };
      }
      default:
        return { kind: 'new-view', newView: this.#newView() };
    }
  }

  #newView(): NewView {
    const view = this.#number(this.place.view + 1);
    const [first = 0, ...others] = this.#random.shuffled([0, 1, 2, 3]).slice(0, committee.quorum);
    const said = this.#statement(committee.members(first)[0] ?? 0, view);
    const members = [first, ...others].flatMap((group) => committee.members(group).slice(0, committee.majority(group)));
    const { finalHeight, finalHash, lock } = said;
    return {
      view,
      statements: members.map((member) => ({ member, newView: view, finalHeight, finalHash, lock, signature })),
      finalCertificate: finalHeight === 0 ? null : this.#certificateOf('commit', finalHeight, finalHash),
      lockCertificate: lock === null ? null : { ...this.#certificateOf('prepare', after(finalHeight), lock.blockHash), view: lock.view },
    };
  }

  #statement(member: number, newView: number): Statement {
    const finalHeight = this.#random.chance(0.5) ? this.place.height - 1 : this.#number(0);
    const lock = this.#random.chance(0.5)
      ? { view: this.#random.chance(0.5) ? Math.max(0, newView - 1) : this.#number(0), blockHash: this.#hash() }
      : null;
    return { member, newView, finalHeight, finalHash: finalHeight === 0 ? genesisHash : this.#hash(), lock, signature };
  }

  #offer(): Offer {
    const block = this.#block();
    const view = this.#random.chance(0.5) ? block.view : this.#number(this.place.view);
    const group = committee.primaryOf(view);
    const member = this.#random.pick(committee.members(group));
    const ballot = { phase: 'prepare' as const, height: block.height, view, blockHash: block.hash };
    const groupVote = this.#random.chance(0.7) ? { ...ballot, group, signatures: this.#majority(member) } : null;
    return { proposal: { member, height: block.height, view, blockHash: block.hash, signature }, block, groupVote };
  }

  #vote(): MemberVote {
    const { height, view } = this.place;
    const phase = this.#random.pick(['prepare', 'commit'] as const);
    return { phase, height: this.#number(height), view: this.#number(view), blockHash: this.#hash(), member: this.#member(), signature };
  }

  #groupVote(): GroupVote {
    const { phase, height, view, blockHash, member } = this.#vote();
    return { phase, height, view, blockHash, group: committee.groupOf(member), signatures: this.#majority(member) };
  }

  #certificateOf(phase: 'prepare' | 'commit', height: number, blockHash: `0x${string}`): Certificate {
    const groups = Array.from({ length: committee.quorum }, (_, group) => ({ group, signatures: this.#majority(group * 3) }));
    return { phase, height, view: this.#number(this.place.view), blockHash, groups };
  }

  #block(): ProposedBlock {
    const number = 1 + this.#random.below(40);
    const block = blockOf(number, this.#number(this.place.height), this.#number(this.place.view), this.place.parentHash);
    return this.#random.chance(0.02) ? { ...block, nextMembers: committee.keys } : block;
  }

  #majority(of: number): MemberSignature[] {
    return committee
      .members(committee.groupOf(of))
      .slice(0, 2)
      .map((member) => ({ member, signature }));
  }

  #member(): number {
    return this.#random.below(committee.size);
  }

  #hash(): `0x${string}` {
    return hashOf(1 + this.#random.below(40));
  }

  /** Mostly near a number, often at an extreme. */
  #number(near: number): number {
    return this.#random.chance(0.7)
      ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, near + this.#random.below(4) - 1))
      : this.#random.pick([0, ...extremes]);
  }
}

interface Tally {
  readonly taken: Record<string, number>;
  sent: number;
  signed: number;
  rejoined: number;
  steps: number;
  records: number;
}

/** One machine, and what a liar makes of it. */
function attack(seed: number, steps: number, tally: Tally): void {
  const random = new Seeded(seed);
  const self = random.below(committee.size);
  const liar = new Liar(random, self);
  const mustAsk = random.chance(0.3);
  const records: DurableRecord[] = [];
  const start = (): Machine =>
    new Machine({
      committee,
      self,
      epochStart: trust.epochStart,
      sign: () => new Uint8Array(64),
      random: (bound) => random.below(bound),
      restored: [...records],
      mustAsk,
    });
  let machine = start();
  const answer = (action: Action): void => {
    if (action.kind === 'execute')
      machine.step({ kind: 'executed', blockHash: action.block.hash, isFresh: action.isFresh, isValid: random.chance(0.9) });
    if (action.kind === 'build') {
      const { height, view, parentHash } = action;
      const block = random.chance(0.8) ? blockOf(41 + random.below(40), height, view, parentHash) : null;
      machine.step({ kind: 'built', height, view, block });
    }
  };
  const take = ({ persist, send, apply }: Ready, given: number): void => {
    for (const record of persist) {
      decodeRecord(encodeRecord(record));
      if (record.kind === 'asked') tally.rejoined++;
    }
    records.push(...persist);
    tally.records += persist.length;
    for (const packet of send) {
      // What one receiver is sent is bounded by what this member holds, and by a few messages for each that it was told.
      expect(packet.messages.length).toBeLessThanOrEqual(500 + 10 * given);
      tally.sent += packet.messages.length;
      for (const message of packet.messages) {
        if (message.kind === 'votes-wanted') liar.nonce = message.nonce;
        if (message.kind === 'vote' || message.kind === 'statement') tally.signed++;
      }
      expect(encodeEnvelope({ epoch: 0, messages: packet.messages }).length).toBeGreaterThan(0);
    }
    for (const action of apply) answer(action);
  };
  for (let step = 0; step < steps; step++) {
    let given = 0;
    if (random.chance(0.7)) {
      const from = random.below(committee.size);
      const messages = Array.from({ length: random.pick([1, 1, 2, 40]) }, () => liar.message()).filter((message) =>
        isAuthentic(trust, from, self, message),
      );
      for (const message of messages) {
        const kind = message.kind === 'raft' ? message.message.kind : message.kind;
        tally.taken[kind] = (tally.taken[kind] ?? 0) + 1;
      }
      given = messages.length;
      if (given > 0) machine.step({ kind: 'messages', from, messages });
    } else if (random.chance(0.05)) machine.step({ kind: 'executable', waits: random.chance(0.7) });
    else if (random.chance(0.02)) machine.step({ kind: 'left-out' });
    else if (random.chance(0.01)) machine = start();
    else machine.tick();
    for (let ready = machine.ready(), turns = 0; ready !== null; ready = machine.ready()) {
      expect(turns++).toBeLessThan(100);
      machine.advance();
      take(ready, given);
    }
    const { view, term, final } = machine.status;
    expect(Number.isSafeInteger(view) && Number.isSafeInteger(term)).toBe(true);
    expect(machine.log.entries.length).toBeLessThanOrEqual(logEntriesMax);
    liar.place = { height: final.height + 1, view, term, parentHash: final.blockHash };
    tally.steps++;
  }
}

describe('a machine that is lied to by everybody', () => {
  it('never throws, and sends and writes what can be encoded, whatever the numbers are', () => {
    const tally: Tally = { taken: {}, sent: 0, signed: 0, rejoined: 0, steps: 0, records: 0 };
    for (let seed = 1; seed <= 150; seed++) attack(seed, 400, tally);
    expect(tally.steps).toBe(150 * 400);
    const kinds = [
      'vote',
      'group-vote',
      'statement',
      'offer',
      'certificate',
      'new-view',
      'leading',
      'poll',
      'body-wanted',
      'body',
      'blocks',
      'votes-wanted',
      'votes-known',
    ];
    const raftKinds = ['pre-vote-request', 'pre-vote', 'vote-request', 'append', 'appended'];
    for (const kind of [...kinds, ...raftKinds]) expect(tally.taken[kind] ?? 0, kind).toBeGreaterThan(100);
    expect(Math.min(tally.sent, tally.records)).toBeGreaterThan(5_000);
    expect(Math.min(tally.signed, 100 * tally.rejoined)).toBeGreaterThan(500);
  });

  it('numbers that cannot be counted on from are refused, the last that can be are taken', () => {
    const poll = (finalHeight: number): Message => ({ kind: 'poll', finalHeight, view: 0, isEntered: true });
    expect(isAuthentic(trust, 0, 1, poll(counterMax))).toBe(true);
    expect(isAuthentic(trust, 0, 1, poll(counterMax + 1))).toBe(false);
    const append = (previous: number, term: number): Message => {
      const votes = [0, 1].map((member) => ({ member, signature }));
      return { kind: 'raft', message: { kind: 'append', term, votes, previous, fresh: true, entries: [], commitIndex: 0 } };
    };
    expect(isAuthentic(trust, 0, 1, append(counterMax, counterMax))).toBe(true);
    expect(isAuthentic(trust, 0, 1, append(counterMax + 1, 1))).toBe(false);
    expect(isAuthentic(trust, 0, 1, append(0, counterMax + 1))).toBe(false);
  });
});
