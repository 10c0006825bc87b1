/** What validators say of themselves, joined to what an operator sees. */
import { describe, expect, test } from 'vitest';
import type { ToldFault, ValidatorStatus } from '../../core/adapters/validator-client.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { type AskedValidator, lagMax, surveyOf } from '../../core/services/network-survey.ts';

const keyOf = (group: number, member: number): Hex => `0x${`${group}${member}`.repeat(32)}`;
const groups = [0, 1, 2, 3].map((group) => [0, 1, 2].map((member) => keyOf(group, member)));
const nowMs = 1_800_000_000_000;
const gone: ToldFault = { code: 'SERVICE_UNREACHABLE', what: 'It does not answer.', consequence: '', remedy: '', data: {} };

function peerOf(name: Hex, change: Partial<ValidatorStatus['peers'][number]> = {}): ValidatorStatus['peers'][number] {
  const counters = { sent: 1, received: 1, dropped: 0, refused: 0, queuedBytes: 0, connections: 1 };
  return { name, address: '127.0.0.1:1', state: 'connected', fault: null, ...counters, ...change };
}

function statusOf(key: Hex, change: Partial<ValidatorStatus> = {}): ValidatorStatus {
  const own = groups.find((group) => group.includes(key)) as Hex[];
  return {
    ...{ key, epoch: 0, groups, height: 100, view: 1, isViewEntered: true, isMute: false, term: 3, leader: own[1]!, supervisor: own[2]! },
    peers: groups.flat().flatMap((name) => (name === key ? [] : [peerOf(name)])),
    strangers: { refused: 0, fault: null },
    nowMs,
    ...change,
  };
}

/** Everybody answers, but as `changes` says; null for who does not. */
function survey(changes: Readonly<Record<Hex, Partial<ValidatorStatus> | null>> = {}) {
  const asked = groups.flat().map((key): AskedValidator => {
    const change = changes[key];
    return { key, url: `http://${key}`, answer: change === null ? { fault: gone } : { status: statusOf(key, change) } };
  });
  const found = surveyOf(groups, asked, nowMs);
  return { ...found, of: (group: number, member: number) => found.groups[group]?.[member] };
}

describe('a survey', () => {
  test('of a whole network names its leaders and supervisors, and what it can bear', () => {
    const { epoch, view, height, primary, of, resilience, groups: found } = survey();
    expect({ epoch, view, height, primary }).toEqual({ epoch: 0, view: 1, height: 100, primary: 1 });
    expect(found.map((group) => group.map(({ role }) => role))).toEqual(groups.map(() => ['follower', 'leader', 'supervisor']));
    expect(of(2, 0)).toMatchObject({ key: keyOf(2, 0), state: 'running', height: 100, lag: 0, term: 3, fault: null });
    expect(of(2, 0)?.peers.filter(({ isConnected }) => isConnected)).toHaveLength(11);
    expect(resilience).toMatchObject({ makesBlocks: true, groupsToSpare: 1, membersToSpare: 3 });
  });

  test('without a group says who does not answer and why, and that it goes on', () => {
    const { of, resilience } = survey({ [keyOf(1, 0)]: null, [keyOf(1, 1)]: null, [keyOf(1, 2)]: null });
    expect(of(1, 0)).toMatchObject({ state: 'unreachable', role: null, height: null, url: `http://${keyOf(1, 0)}`, fault: gone });
    expect(resilience).toMatchObject({ makesBlocks: true, groupsToSpare: 0, membersToSpare: 1 });
  });

  test('does not count on who is behind, alone or mute', () => {
    const cut = statusOf(keyOf(2, 0)).peers.map((peer) => ({ ...peer, state: 'waiting' as const }));
    const { of, resilience } = survey({
      [keyOf(0, 0)]: { height: 100 - lagMax - 1 },
      [keyOf(1, 0)]: { height: 100 - lagMax },
      [keyOf(2, 0)]: { peers: cut },
      [keyOf(3, 0)]: { isMute: true },
    });
    expect([of(0, 0), of(1, 0), of(2, 0), of(3, 0)].map((member) => member?.state)).toEqual(['behind', 'running', 'alone', 'mute']);
    expect(of(0, 0)?.lag).toBe(lagMax + 1);
    expect(resilience).toMatchObject({ makesBlocks: true, groupsToSpare: 1, membersToSpare: 1 });
    expect(resilience.groups.map(({ membersToSpare }) => membersToSpare)).toEqual([0, 1, 0, 0]);
  });

  test('does not take those for alone whose others have stopped', () => {
    const stopped = groups.slice(1).flat();
    const changes = Object.fromEntries(stopped.map((key) => [key, null]));
    for (const key of groups[0]!)
      changes[key] = {
        peers: statusOf(key).peers.map((peer) => ({ ...peer, state: stopped.includes(peer.name) ? 'waiting' : 'connected' })),
      } as never;
    const { of, resilience } = survey(changes);
    expect(of(0, 0)?.state).toBe('running');
    expect(resilience).toMatchObject({ makesBlocks: false, groupsThatVote: 1 });
  });

  test('believes the newest term, the newest epoch and the view of most', () => {
    const others = [...groups.slice(0, 3), [keyOf(3, 0), keyOf(3, 1), keyOf(4, 0)]];
    const { of, view, epoch } = survey({
      [keyOf(0, 0)]: { term: 9, leader: keyOf(0, 0), supervisor: keyOf(0, 1), view: 7 },
      [keyOf(1, 1)]: { epoch: 1, groups: others, view: 2 },
    });
    expect([of(0, 0)?.role, of(0, 1)?.role, of(0, 2)?.role]).toEqual(['leader', 'supervisor', 'follower']);
    expect({ view, epoch }).toEqual({ view: 2, epoch: 1 });
    // A member of the new epoch whom nobody has an address of.
    expect(of(3, 2)).toMatchObject({ key: keyOf(4, 0), state: 'unreachable', url: null, fault: null });
  });

  test('tells of a clock that is off, and of what is wrong with a connection to somebody who is there', () => {
    const wrong = {
      code: 'PEER_OTHER_NETWORK',
      sentences: { what: 'Another genesis.', consequence: 'None.', remedy: 'Compare.' },
      data: {},
    };
    const lost = { ...wrong, code: 'PEER_LOST' };
    const peers = statusOf(keyOf(0, 0)).peers.map((peer) =>
      peer.name === keyOf(1, 0) ? { ...peer, fault: lost } : peer.name === keyOf(3, 2) ? { ...peer, fault: wrong } : peer,
    );
    const { of } = survey({
      [keyOf(0, 0)]: { peers, nowMs: nowMs - 60_000 },
      [keyOf(1, 0)]: null,
      [keyOf(2, 0)]: { nowMs: nowMs + 5_000 },
    });
    expect(of(0, 0)).toMatchObject({ clockAheadSeconds: -60, fault: { code: 'PEER_OTHER_NETWORK', what: 'Another genesis.' } });
    expect(of(2, 0)?.clockAheadSeconds).toBeNull();
  });

  test('of a network where nobody answers shows the members of its genesis document', () => {
    const { epoch, height, groups: found, resilience } = survey(Object.fromEntries(groups.flat().map((key) => [key, null])));
    expect({ epoch, height }).toEqual({ epoch: 0, height: 0 });
    expect(found.map((group) => group.map(({ key }) => key))).toEqual(groups);
    expect(resilience.makesBlocks).toBe(false);
  });
});
