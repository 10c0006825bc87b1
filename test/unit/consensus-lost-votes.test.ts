/** A member whose vote log was cut: what it asks, whom it believes, when it signs again and in which views, and when never. */
import { describe, expect, test } from 'vitest';
import { resendMs, tickMs, viewTimeoutMaxMs } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Action } from '../../core/consensus/rbft/effects.ts';
import { Machine } from '../../core/consensus/rbft/machine.ts';
import { isAuthentic, type Message } from '../../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { neededRecords } from '../../core/consensus/record-compaction.ts';
import {
  blockOf,
  certificate,
  committeeOf,
  genesisHash,
  groupVote,
  memberVote,
  newViewOf,
  proposal,
  quorumOf,
  signerOf,
  statement,
  verify,
} from '../consensus-scene.ts';

const committee = committeeOf(4, 3);
const self = 11;
const epochStart = { height: 0, blockHash: genesisHash };
const trust = { committee, verify, epochStart, isWellFormed: () => true };
type Known = Extract<Message, { kind: 'votes-known' }>;
const place = (block: ProposedBlock, view: number) => ({ height: block.height, view, blockHash: block.hash });
const block = blockOf(1, 1);

/** The member that asks, on the records that are left of its log. */
class Forgetful {
  readonly machine: Machine;
  readonly records: DurableRecord[];
  readonly sent: { readonly to: number; readonly message: Message }[] = [];
  readonly actions: Action['kind'][] = [];
  nonce = -1;

  constructor(left: readonly DurableRecord[] = [], mustAsk = true) {
    this.records = [...left];
    this.machine = new Machine({ committee, self, epochStart, sign: signerOf(self), random: () => 7, restored: left, mustAsk });
    this.wait(tickMs);
  }

  wait(milliseconds: number): this {
    for (let passed = 0; passed < milliseconds; passed += tickMs) {
      this.machine.tick();
      this.#pump();
    }
    return this;
  }

  hear(from: number, ...messages: Message[]): this {
    const authentic = messages.filter((message) => isAuthentic(trust, from, self, message));
    if (authentic.length > 0) this.machine.step({ kind: 'messages', from, messages: authentic });
    return this.#pump();
  }

  /** What a member answers that knows nothing of it. */
  known(of: Partial<Known> = {}): Known {
    return {
      kind: 'votes-known',
      nonce: this.nonce,
      view: 0,
      finalCertificate: null,
      lockCertificate: null,
      votes: [],
      statement: null,
      proposals: [],
      ...of,
    };
  }

  answered(by: readonly number[], of: Partial<Known> = {}): this {
    for (const member of by) this.hear(member, this.known(of));
    return this.wait(tickMs);
  }

  offer(offered: ProposedBlock, view: number): this {
    const primary = committee.primaryOf(view);
    const vote = groupVote(committee, primary, { phase: 'prepare', ...place(offered, view) });
    const signed = proposal(committee, committee.members(primary)[0] ?? 0, offered.height, view, offered.hash);
    return this.hear(0, { kind: 'offer', offer: { proposal: signed, block: offered, groupVote: vote } });
  }

  enter(view: number): this {
    return this.hear(0, {
      kind: 'new-view',
      newView: newViewOf(
        view,
        quorumOf(committee).map((member) => statement(committee, member, view, null, null)),
      ),
    });
  }

  get signed(): string[] {
    return this.records.flatMap((record) => {
      if (record.kind === 'vote') return [`${record.vote.phase} ${record.vote.view}`];
      return record.kind === 'statement' ? [`statement ${record.proven.statement.newView}`] : [];
    });
  }

  #pump(): this {
    for (let ready = this.machine.ready(); ready !== null; ready = this.machine.ready()) {
      this.machine.advance();
      this.records.push(...ready.persist);
      for (const { to, messages } of ready.send)
        for (const message of messages) {
          this.sent.push({ to, message });
          if (message.kind === 'votes-wanted') this.nonce = message.nonce;
        }
      for (const action of ready.apply) {
        this.actions.push(action.kind);
        if (action.kind === 'execute')
          this.machine.step({ kind: 'executed', blockHash: action.block.hash, isFresh: action.isFresh, isValid: true });
      }
    }
    return this;
  }
}

/** A majority of each of the first three groups. */
const quorum = quorumOf(committee);

describe('a member whose log was cut', () => {
  test('asks everybody, again and again, and signs nothing', () => {
    const member = new Forgetful();
    const asked = () => member.sent.filter(({ message }) => message.kind === 'votes-wanted').map(({ to }) => to);
    expect(asked()).toEqual(Array.from({ length: 11 }, (_, to) => to));
    member.wait(resendMs);
    expect(asked()).toHaveLength(22);
    member.machine.step({ kind: 'executable', waits: true });
    member.offer(block, 0).wait(20_000);
    expect(member.signed).toEqual([]);
    expect(member.machine.status.isMute).toBe(true);
  });

  test('needs answers to its own question of a quorum of groups, a majority of members each', () => {
    const member = new Forgetful().answered(quorum.slice(1)).answered([0], { nonce: 8 });
    expect(member.machine.status.isMute).toBe(true);
    expect(member.answered([2]).machine.status.isMute).toBe(false);
  });

  test('signs nothing in a view that it may have been in, and goes on in a later one', () => {
    const member = new Forgetful().answered(quorum, { view: 4 });
    expect(member.machine.status).toMatchObject({ isMute: false, view: 5, isEntered: false });
    expect(member.records.at(-1)).not.toMatchObject({ kind: 'statement' });
    member.enter(4).offer(blockOf(2, 1, 4), 4);
    expect(member.signed).toEqual([]);
    member.enter(8).offer(blockOf(3, 1, 8), 8);
    expect(member.signed).toEqual(['prepare 8']);
  });

  test('leaves for the view after, by itself, if something is owed', () => {
    const member = new Forgetful().answered(quorum, { view: 4 });
    member.wait(60_000);
    expect(member.signed).toEqual([]);
    member.machine.step({ kind: 'executable', waits: true });
    member.wait(60_000);
    expect(member.signed).toEqual(['statement 6']);
  });

  test('stands there after a restart, too', () => {
    const member = new Forgetful().answered(quorum, { view: 4 });
    for (const left of [member.records, neededRecords(member.records, 0)]) {
      const again = new Forgetful(left, false);
      expect(again.machine.status).toMatchObject({ isMute: false, view: 5, isEntered: false });
      again.machine.step({ kind: 'executable', waits: true });
      expect(again.wait(60_000).signed).toEqual(['statement 6']);
    }
  });

  test('does not believe a view that one member claims, once the others have answered', () => {
    const member = new Forgetful().answered([0], { view: 2 ** 40 }).answered([1, 3, 4, 6, 7]);
    expect(member.machine.status.isMute).toBe(true);
    expect(member.answered([2, 5, 8, 9, 10]).machine.status).toMatchObject({ isMute: false, view: 1 });
  });

  test('goes on by what it was told if others do not answer for long', () => {
    const member = new Forgetful().answered([0, 3], { view: 9 }).answered([1, 4, 6, 7]);
    expect(member.machine.status.isMute).toBe(true);
    expect(member.wait(viewTimeoutMaxMs).machine.status).toMatchObject({ isMute: false, view: 10 });
  });

  test('takes over the highest lock before it signs', () => {
    const lock = certificate(committee, 'prepare', place(block, 2));
    const member = new Forgetful()
      .hear(0, new Forgetful().known({ nonce: 7, view: 2, lockCertificate: lock }))
      .answered(quorum, { view: 2 });
    expect(member.machine.status.lock?.blockHash).toBe(block.hash);
    member.machine.step({ kind: 'executable', waits: true });
    member.wait(60_000);
    expect(member.records.findLast(({ kind }) => kind === 'statement')).toMatchObject({
      proven: { statement: { newView: 4, lock: { view: 2, blockHash: block.hash } } },
    });
  });

  test('first becomes as high as whoever answered is', () => {
    const final = certificate(committee, 'commit', place(block, 0));
    const member = new Forgetful().answered(quorum, { finalCertificate: final });
    expect(member.machine.status.isMute).toBe(true);
    member.hear(0, { kind: 'blocks', blocks: [{ block, certificate: final }] }).wait(tickMs);
    expect(member.machine.status).toMatchObject({ isMute: false, final: { height: 1 } });
  });

  test('calls its log whole two blocks later', () => {
    const member = new Forgetful().answered(quorum);
    let parent = genesisHash;
    for (let height = 1; height <= 3; height++) {
      expect(member.actions.includes('votes-asked')).toBe(height > 2);
      const next = blockOf(height, height, 0, parent);
      member.hear(0, { kind: 'blocks', blocks: [{ block: next, certificate: certificate(committee, 'commit', place(next, 0)) }] });
      parent = next.hash;
    }
  });

  test('answers others while it asks itself', () => {
    const member = new Forgetful().hear(3, { kind: 'votes-wanted', nonce: 5 });
    expect(member.sent.findLast(({ to }) => to === 3)?.message).toMatchObject({ kind: 'votes-known', nonce: 5, view: 0 });
  });
});

describe('a vote that others know of', () => {
  const vote = memberVote(committee, self, { phase: 'prepare', ...place(block, 0) });
  const left = statement(committee, self, 3, null, null);

  test.each<[string, Partial<Known>]>([
    ['a vote', { votes: [vote] }],
    ['a statement', { statement: left.statement }],
  ])('and that is not in the log: %s. Then nothing is signed any more', (_, known) => {
    const member = new Forgetful().answered([4], known).answered(quorum);
    expect(member.actions).toContain('votes-lost');
    expect(member.machine.status.isMute).toBe(true);
    member
      .enter(8)
      .offer(blockOf(3, 1, 8), 8)
      .wait(60_000);
    expect(member.signed).toEqual([]);
    expect(neededRecords(member.records, 10).filter(({ kind }) => kind === 'lost')).toHaveLength(1);
  });

  test('and that is in the log, is no reason to stop', () => {
    const log: DurableRecord[] = [
      { kind: 'vote', vote },
      { kind: 'statement', proven: left },
    ];
    const older = statement(committee, self, 2, null, null).statement;
    const member = new Forgetful(log).answered([4], { votes: [vote], statement: older }).answered(quorum, { statement: left.statement });
    expect(member.machine.status.isMute).toBe(false);
    expect(member.actions).not.toContain('votes-lost');
  });

  test('is believed with its signature only', () => {
    const forged = { ...vote, signature: signerOf(4)(new Uint8Array(1)) };
    const others = memberVote(committee, 4, { phase: 'prepare', ...place(block, 0) });
    for (const false_ of [forged, others]) {
      const member = new Forgetful().answered([4], { votes: [false_] });
      expect(member.actions).not.toContain('votes-lost');
      expect(member.answered(quorum.filter((from) => from !== 4)).machine.status.isMute).toBe(true);
    }
  });
});
