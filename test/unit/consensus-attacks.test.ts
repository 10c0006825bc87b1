/**
 * One honest member against everybody else: the test holds all other keys, and tries to have it sign what would fork the chain. Each of the
 * rules V1 to V4 is attacked by hand, at the machine's own door.
 */
import { describe, expect, test } from 'vitest';
import { tickMs } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Action } from '../../core/consensus/rbft/effects.ts';
import { Machine } from '../../core/consensus/rbft/machine.ts';
import { isAuthentic, type Message } from '../../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import type { NewView, ProvenStatement } from '../../core/consensus/view-change.ts';
import type { Certificate, MemberVote, Phase } from '../../core/consensus/vote.ts';
import {
  blockOf,
  certificate,
  committeeOf,
  genesisHash,
  groupVote,
  hashOf,
  newViewOf,
  proposal,
  quorumOf,
  signerOf,
  statement,
  verify,
} from '../consensus-scene.ts';

const committee = committeeOf(4, 3);
const epochStart = { height: 0, blockHash: genesisHash };
/** A follower of a group that is not the primary of the first views. */
const self = 11;
const trust = { committee, verify, epochStart, isWellFormed: () => true };

/** The member under attack: what it signs is gathered, whatever it asks of the ledger is answered with yes. */
class Victim {
  machine: Machine;
  readonly records: DurableRecord[] = [];
  readonly votes = new Map<string, string>();
  statements: ProvenStatement[] = [];
  final = 0;

  constructor() {
    this.machine = this.#boot();
  }

  /** Gives it what an honest runtime would: only what is authentic. */
  hear(...messages: Message[]): this {
    this.machine.step({ kind: 'messages', from: 0, messages: messages.filter((message) => isAuthentic(trust, 0, self, message)) });
    return this.#pump();
  }

  offer(block: ProposedBlock, view: number): this {
    const primary = committee.primaryOf(view);
    const proposer = committee.members(primary)[0] ?? 0;
    const signed = proposal(committee, proposer, block.height, view, block.hash);
    const vote = groupVote(committee, primary, { phase: 'prepare', height: block.height, view, blockHash: block.hash });
    return this.hear({ kind: 'offer', offer: { proposal: signed, block, groupVote: vote } });
  }

  certify(phase: Phase, block: ProposedBlock, view: number): this {
    return this.hear({ kind: 'certificate', certificate: prove(phase, block, view) });
  }

  wait(milliseconds: number): this {
    for (let passed = 0; passed < milliseconds; passed += tickMs) {
      this.machine.tick();
      this.#pump();
    }
    return this;
  }

  owe(): this {
    this.machine.step({ kind: 'executable', waits: true });
    return this.#pump();
  }

  /** Power loss: it starts from its records. */
  restart(): this {
    this.machine = this.#boot();
    return this.#pump();
  }

  /** The hash it voted for in a phase of a height and view. */
  vote(phase: Phase, height: number, view: number): string | undefined {
    return this.votes.get(`${phase} ${height} ${view}`);
  }

  #boot(): Machine {
    return new Machine({ committee, self, epochStart, sign: signerOf(self), random: () => 0, restored: [...this.records] });
  }

  #pump(): this {
    for (let ready = this.machine.ready(); ready !== null; ready = this.machine.ready()) {
      this.machine.advance();
      this.records.push(...ready.persist);
      for (const { messages } of ready.send) for (const message of messages) this.#observe(message);
      for (const action of ready.apply) this.#perform(action);
    }
    for (const record of this.records) if (record.kind === 'vote') this.#count(record.vote);
    return this;
  }

  #observe(message: Message): void {
    if (message.kind === 'vote') this.#count(message.vote);
    if (message.kind === 'statement' && message.proven.statement.member === self && !this.statements.includes(message.proven))
      this.statements.push(message.proven);
  }

  #count(vote: MemberVote): void {
    const key = `${vote.phase} ${vote.height} ${vote.view}`;
    expect(this.votes.get(key) ?? vote.blockHash).toBe(vote.blockHash);
    this.votes.set(key, vote.blockHash);
  }

  #perform(action: Action): void {
    if (action.kind === 'execute')
      this.machine.step({ kind: 'executed', blockHash: action.block.hash, isFresh: action.isFresh, isValid: true });
    if (action.kind === 'commit') this.final = action.block.height;
  }
}

function prove(phase: Phase, block: ProposedBlock, view: number): Certificate {
  return certificate(committee, phase, { height: block.height, view, blockHash: block.hash });
}

/** A NEW-VIEW by members of groups 0 to 2: none of them is the victim's. */
function enter(view: number, lock: Certificate | null = null, final: Certificate | null = null): Message {
  const statements = quorumOf(committee).map((member) => statement(committee, member, view, final, lock));
  return { kind: 'new-view', newView: newViewOf(view, statements, { finalCertificate: final, lockCertificate: lock }) };
}

const a = blockOf(1, 1);
const b = blockOf(2, 1, 1);
const c = blockOf(3, 1, 2);

describe('V1: a NEW-VIEW that hides', () => {
  const lock = prove('prepare', a, 0);
  const honest = quorumOf(committee).map((member) => statement(committee, member, 1, null, lock));

  test.each<[string, NewView]>([
    ['the lock', newViewOf(1, honest)],
    ['the statements with it', newViewOf(1, honest.slice(2))],
    [
      'it behind a lock that is not proven',
      newViewOf(1, [statement(committee, 0, 1, null, null, { lock: { view: 0, blockHash: b.hash } }), ...honest.slice(1)], {
        lockCertificate: lock,
      }),
    ],
    [
      'a final height',
      newViewOf(1, [statement(committee, 0, 1, prove('commit', a, 0), null), ...honest.slice(1)], { lockCertificate: lock }),
    ],
  ])('%s is not entered, and its block not prepared', (_, newView) => {
    const victim = new Victim().offer(a, 0).certify('prepare', a, 0).hear({ kind: 'new-view', newView }).offer(b, 1);
    expect(victim.machine.status.view).toBe(0);
    expect(victim.vote('prepare', 1, 1)).toBeUndefined();
    expect(victim.machine.status.lock?.blockHash).toBe(a.hash);
  });

  test('the block that it locks is prepared, and no other', () => {
    const victim = new Victim().hear(enter(1, lock)).offer(b, 1);
    expect(victim.vote('prepare', 1, 1)).toBeUndefined();
    expect(new Victim().hear(enter(1, lock)).offer(a, 1).vote('prepare', 1, 1)).toBe(a.hash);
  });

  test('a block dated back to escape the clock is not prepared', () => {
    expect(new Victim().hear(enter(1)).offer(a, 1).vote('prepare', 1, 1)).toBeUndefined();
    expect(new Victim().hear(enter(1)).offer(b, 1).vote('prepare', 1, 1)).toBe(b.hash);
  });

  test('below the height that others have, nothing is prepared', () => {
    const victim = new Victim().hear(enter(1, null, prove('commit', a, 0))).offer(b, 1);
    expect(victim.machine.status.view).toBe(1);
    expect(victim.vote('prepare', 1, 1)).toBeUndefined();
  });
});

describe('V2: votes and locks', () => {
  test('after a statement for a view nothing is signed below it, also after a restart', () => {
    const victim = new Victim().owe().offer(a, 0).wait(1_600);
    expect(victim.statements.map(({ statement: said }) => said.newView)).toEqual([1]);
    for (const attacked of [victim, victim.restart()]) {
      attacked.certify('prepare', a, 0).offer(blockOf(9, 1), 0);
      expect(attacked.vote('commit', 1, 0)).toBeUndefined();
      expect(attacked.machine.status.lock).toBeNull();
    }
  });

  test('a certificate of its own view or a higher one is committed to, without a NEW-VIEW', () => {
    const victim = new Victim().owe().wait(1_600).certify('prepare', b, 1);
    expect(victim.vote('commit', 1, 1)).toBe(b.hash);
    victim.certify('prepare', c, 4);
    expect(victim.vote('commit', 1, 4)).toBe(c.hash);
    expect(victim.machine.status.view).toBe(4);
    // And never back.
    expect(victim.certify('prepare', a, 2).vote('commit', 1, 2)).toBeUndefined();
    expect(victim.machine.status.lock?.view).toBe(4);
  });

  test('that certificate permits no PREPARE there', () => {
    const victim = new Victim().certify('prepare', b, 1);
    expect(victim.offer(blockOf(8, 1, 1), 1).vote('prepare', 1, 1)).toBeUndefined();
  });

  test('a NEW-VIEW permits PREPARE against its own lock, and does not clear it', () => {
    const victim = new Victim().certify('prepare', a, 0).hear(enter(1)).offer(b, 1);
    expect(victim.vote('prepare', 1, 1)).toBe(b.hash);
    expect(victim.machine.status.lock?.blockHash).toBe(a.hash);
    victim.owe().wait(3_200);
    expect(victim.statements.at(-1)?.statement.lock).toEqual({ view: 0, blockHash: a.hash });
  });

  test('without a NEW-VIEW nothing is prepared in a view above 0, unless a block became final in it', () => {
    const next = blockOf(5, 2, 1, b.hash);
    expect(new Victim().offer(b, 1).vote('prepare', 1, 1)).toBeUndefined();
    const victim = new Victim().hear({ kind: 'blocks', blocks: [{ block: b, certificate: prove('commit', b, 1) }] });
    expect(victim.final).toBe(1);
    expect(victim.offer(next, 1).vote('prepare', 2, 1)).toBe(next.hash);
    const other = new Victim().hear(enter(2)).hear({ kind: 'blocks', blocks: [{ block: b, certificate: prove('commit', b, 1) }] });
    expect(other.machine.status.view).toBe(2);
  });

  test('having prepared one hash does not forbid to commit to another', () => {
    const victim = new Victim().offer(a, 0).certify('prepare', blockOf(7, 1), 0);
    expect(victim.vote('prepare', 1, 0)).toBe(a.hash);
    expect(victim.vote('commit', 1, 0)).toBe(hashOf(7));
  });

  test('a second proposal for a place is not prepared, before or after a restart', () => {
    const victim = new Victim().offer(a, 0).offer(blockOf(7, 1), 0).restart().offer(blockOf(7, 1), 0);
    expect(victim.vote('prepare', 1, 0)).toBe(a.hash);
  });

  test('a lock survives a restart and is in the next statement', () => {
    const victim = new Victim().certify('prepare', a, 0).restart().owe().wait(1_600);
    expect(victim.statements.at(-1)?.statement.lock).toEqual({ view: 0, blockHash: a.hash });
  });

  test('a block becomes final by a certificate of any view, and clears the lock of its height only', () => {
    const next = blockOf(5, 2, 0, a.hash);
    const victim = new Victim().offer(a, 0).certify('commit', a, 0).offer(next, 0).certify('prepare', next, 0);
    expect(victim.machine.status.final.height).toBe(1);
    expect(victim.machine.status.lock?.blockHash).toBe(next.hash);
    victim.certify('commit', a, 0);
    expect(victim.machine.status.lock?.blockHash).toBe(next.hash);
  });
});

describe('V3: who is followed', () => {
  const leave = (members: readonly number[], view: number): Message[] =>
    members.map((member) => ({ kind: 'statement', proven: statement(committee, member, view, null, null) }));

  test('F groups that left are not, F + 1 are', () => {
    const victim = new Victim().hear(...leave([0, 1, 2], 7));
    expect(victim.machine.status.view).toBe(0);
    victim.hear(...leave([3], 7));
    expect(victim.machine.status.view).toBe(0);
    victim.hear(...leave([4], 9));
    expect(victim.machine.status.view).toBe(7);
    expect(victim.statements.map(({ statement: said }) => said.newView)).toEqual([7]);
  });

  test('alone it leaves for the next view, and no further', () => {
    const victim = new Victim().owe().wait(120_000);
    expect(victim.machine.status.view).toBe(1);
    expect(victim.machine.status.isEntered).toBe(false);
  });

  test('with a quorum it goes on, later each time', () => {
    const victim = new Victim().owe().wait(1_600);
    victim.hear(...leave(quorumOf(committee), 1)).wait(2_900);
    expect(victim.machine.status.view).toBe(1);
    victim.wait(200);
    expect(victim.machine.status.view).toBe(2);
  });

  test('an older statement of a member does not take the place of its highest', () => {
    const victim = new Victim().hear(...leave([0, 1], 5), ...leave([0, 1], 2), ...leave([3, 4], 5));
    expect(victim.machine.status.view).toBe(5);
  });
});

describe('V4: the view timer', () => {
  test('does not run while nothing is owed', () => {
    expect(new Victim().wait(60_000).machine.status.view).toBe(0);
  });

  test.each<[string, (victim: Victim) => Victim]>([
    ['an executable transaction', (victim) => victim.owe()],
    ['a proposal', (victim) => victim.offer(a, 0)],
    ['a lock', (victim) => victim.certify('prepare', a, 0)],
  ])('runs for %s', (_, begin) => {
    const victim = begin(new Victim()).wait(1_450);
    expect(victim.machine.status.view).toBe(0);
    expect(victim.wait(200).machine.status.view).toBe(1);
  });

  test('runs for a NEW-VIEW, twice as long', () => {
    const victim = new Victim().hear(enter(1)).wait(2_900);
    expect(victim.machine.status.view).toBe(1);
    expect(victim.wait(200).machine.status.view).toBe(2);
  });

  test('a final block resets it', () => {
    const victim = new Victim().owe().wait(1_400).offer(a, 0).certify('commit', a, 0).wait(1_400);
    expect(victim.machine.status.view).toBe(0);
    expect(victim.wait(200).machine.status.view).toBe(1);
  });
});

describe('epochs', () => {
  test('after the block that ends the epoch nothing is signed any more', () => {
    const last = { ...a, nextMembers: committee.keys };
    const next = blockOf(5, 2, 0, a.hash);
    const victim = new Victim().offer(last, 0).certify('commit', last, 0);
    expect(victim.machine.status.isOver).toBe(true);
    victim.offer(next, 0).certify('prepare', next, 0).owe().wait(60_000);
    expect([...victim.votes.keys()].filter((key) => key.includes(' 2 '))).toEqual([]);
    expect(victim.statements).toEqual([]);
    expect(victim.restart().machine.status.isOver).toBe(true);
  });
});
