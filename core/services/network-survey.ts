/** What the validators of a network say of themselves, joined: who leads, who lags, who is not there, and what the network can still bear. */
import { type ToldFault, toldFault, type ValidatorStatus } from '../adapters/validator-client.ts';
import type { Hex } from '../base/bytes.ts';
import { type Resilience, resilienceOf } from '../consensus/resilience.ts';
import { clockDriftSecondsMax } from '../ledger/limits.ts';

/** Blocks that a validator may be behind the highest: they are asked one after another, and blocks go on meanwhile. */
export const lagMax = 5;

/** A validator that was asked: by the key that the genesis document gives it, if it is one of there. */
export interface AskedValidator {
  readonly key: Hex | null;
  /** Where it was asked. */
  readonly url: string;
  /** What it said, or why it did not. */
  readonly answer: { readonly status: ValidatorStatus } | { readonly fault: ToldFault };
}

/**
 * `alone`: it answers, but most of the others that do are not connected with it. `mute`: it signs nothing, since others hold votes of
 * it that its log does not, or may.
 */
export type MemberState = 'running' | 'behind' | 'alone' | 'mute' | 'unreachable';

/** A connection of a member, as the member sees it. */
export interface MemberPeer {
  readonly key: Hex;
  readonly address: string;
  readonly isConnected: boolean;
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
  readonly refused: number;
  readonly fault: ToldFault | null;
}

/** A member of a group. */
export interface MemberStanding {
  readonly key: Hex;
  /** Where it answers clients; null for one that nobody knows an address of. */
  readonly url: string | null;
  /** Null where it does not answer, or its group has no leader. */
  readonly role: 'leader' | 'supervisor' | 'follower' | null;
  readonly state: MemberState;
  /** What it said; null where it did not answer. */
  readonly height: number | null;
  /** Blocks behind the highest. */
  readonly lag: number | null;
  readonly epoch: number | null;
  readonly view: number | null;
  readonly term: number | null;
  /** Its clock beside that of whoever asked, where that is more than blocks allow. */
  readonly clockAheadSeconds: number | null;
  readonly peers: readonly MemberPeer[];
  /** Callers that were no validators of this network, and what was wrong with the last. */
  readonly strangersRefused: number;
  /** Why it does not answer, or what is wrong with its connections: first with those that do answer. */
  readonly fault: ToldFault | null;
}

/** The network. */
export interface NetworkSurvey {
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  /** The group that proposes. */
  readonly primary: number;
  readonly groups: readonly (readonly MemberStanding[])[];
  readonly resilience: Resilience;
}

/** Joins the answers. `members` are those of the genesis document by group, for as long as nobody says who they are now. */
export function surveyOf(members: readonly (readonly Hex[])[], asked: readonly AskedValidator[], nowMs: number): NetworkSurvey {
  const statuses = asked.flatMap(({ answer }) => ('status' in answer ? [answer.status] : []));
  const newest = statuses.toSorted((left, right) => right.epoch - left.epoch || right.height - left.height)[0];
  const epoch = newest?.epoch ?? 0;
  const height = Math.max(0, ...statuses.map((status) => status.height));
  // The view that most are in: one alone may have gone ahead, or stand still.
  const view = commonest(statuses.filter((status) => status.epoch === epoch).map((status) => status.view));
  const answering = new Set(statuses.map(({ key }) => key));
  const groups = (newest?.groups ?? members).map((group) => {
    const leads = statuses
      .filter(({ key, leader }) => leader !== null && group.includes(key))
      .toSorted((left, right) => right.term - left.term)[0];
    return group.map((key) => standingOf(key, asked, { leads, height, answering, nowMs }));
  });
  const strengths = groups.map((group) => ({
    members: group.length,
    able: group.filter(({ state }) => state === 'running').length,
  }));
  return { epoch, view, height, primary: view % groups.length, groups, resilience: resilienceOf(strengths) };
}

interface Surroundings {
  /** Who of the group knows the leader of its newest term. */
  readonly leads: ValidatorStatus | undefined;
  readonly height: number;
  readonly answering: ReadonlySet<Hex>;
  readonly nowMs: number;
}

function standingOf(key: Hex, asked: readonly AskedValidator[], { leads, height, answering, nowMs }: Surroundings): MemberStanding {
  const found =
    asked.find(({ answer }) => 'status' in answer && answer.status.key === key) ??
    asked.find((validator) => validator.key === key && 'fault' in validator.answer);
  if (found === undefined || !('status' in found.answer))
    return { ...silent, key, url: found?.url ?? null, fault: found !== undefined && 'fault' in found.answer ? found.answer.fault : null };
  const { status } = found.answer;
  const lag = height - status.height;
  const peers = status.peers.map(({ name, state, fault, ...peer }) => ({
    key: name,
    address: peer.address,
    isConnected: state === 'connected',
    sent: peer.sent,
    received: peer.received,
    dropped: peer.dropped,
    refused: peer.refused,
    fault: fault === null ? null : toldFault(fault),
  }));
  const others = peers.filter((peer) => answering.has(peer.key));
  const isAlone = 2 * others.filter(({ isConnected }) => isConnected).length < others.length;
  const ahead = Math.round((status.nowMs - nowMs) / 1000);
  return {
    key,
    url: found.url,
    role: leads === undefined ? null : leads.leader === key ? 'leader' : leads.supervisor === key ? 'supervisor' : 'follower',
    state: status.isMute ? 'mute' : isAlone ? 'alone' : lag > lagMax ? 'behind' : 'running',
    height: status.height,
    lag,
    epoch: status.epoch,
    view: status.view,
    term: status.term,
    clockAheadSeconds: Math.abs(ahead) > clockDriftSecondsMax ? ahead : null,
    peers,
    strangersRefused: status.strangers.refused,
    fault:
      (others.find(({ fault }) => fault !== null) ?? peers.find(({ fault }) => fault !== null))?.fault ??
      (status.strangers.fault === null ? null : toldFault(status.strangers.fault)),
  };
}

const silent = {
  role: null,
  state: 'unreachable',
  height: null,
  lag: null,
  epoch: null,
  view: null,
  term: null,
  clockAheadSeconds: null,
  peers: [],
  strangersRefused: 0,
} as const;

function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([left, leftCount], [right, rightCount]) => rightCount - leftCount || right - left)[0]?.[0] ?? 0;
}
