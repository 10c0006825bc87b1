/**
 * Orders the blocks of a ledger by RBFT, as one validator among others: the consensus (core/consensus) on a vote log in a folder,
 * connections to the other validators, and the machine's clock. Everything that decides is in the consensus; this only connects it.
 */
import { type KeyObject, randomInt } from 'node:crypto';
import type { Hex } from '../base/bytes.ts';
import { accusedBy, type Evidence } from '../consensus/evidence.ts';
import { tickMs } from '../consensus/limits.ts';
import { Runtime } from '../consensus/runtime.ts';
import type { Verify } from '../consensus/signing.ts';
import type { Keccak256 } from '../ledger/merkle-patricia-trie.ts';
import type { OrderedLedger, Ordering } from '../ledger/ordering.ts';
import { membersOf, type ValidatorList } from '../ledger/validators.ts';
import { OrderedConsensusLedger } from './consensus-ledger.ts';
import { filesIn } from './log-files.ts';
import { MisbehaviourReporter } from './misbehaviour-reporter.ts';
import { signerOf } from './node-ed25519.ts';
import { type PeerStatus, PeerTransport, type StrangerStatus } from './peer-transport.ts';
import type { ProposedBlocks } from './proposed-blocks.ts';
import { systemClock } from './system-clock.ts';
import { publicKeyName } from './transport-certificate.ts';
import { FileVoteLog } from './vote-log.ts';

/** A validator's secrets, and the log of what was signed with them. */
export interface ValidatorKeys {
  /** Signs votes. */
  readonly consensus: KeyObject;
  /** Shown to the other validators in TLS. */
  readonly transport: KeyObject;
  /** Names the vote log that belongs to the consensus key. */
  readonly logId: Uint8Array;
  /** secp256k1: sends what is to be recorded of others. */
  readonly account: Uint8Array;
}

export interface RbftOptions {
  readonly ledger: OrderedLedger;
  /** Folder of the vote log. */
  readonly folder: string;
  readonly keys: ValidatorKeys;
  /** Those of the genesis document. */
  readonly validators: ValidatorList;
  /** Where to listen for the others. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly keccak256: Keccak256;
  /** Reads blocks; validators that share a process share one that remembers. */
  readonly blocks: ProposedBlocks;
  /** Checks signatures; validators that share a process share one that remembers. */
  readonly verify: Verify;
  /** Told of what an operator should know. */
  readonly onEvent: (event: OrderingEvent) => void;
  /** Told once of the error after which this validator does nothing more. */
  readonly onFailure: (error: unknown) => void;
}

export type OrderingEvent =
  | { readonly kind: 'invalid-block'; readonly height: number; readonly hash: Hex; readonly reason: string }
  | { readonly kind: 'refused-message'; readonly from: Hex; readonly message: string }
  /** The others hold votes of this validator that its log does not: it votes no more, and its key must be replaced. */
  | { readonly kind: 'votes-lost' }
  | { readonly kind: 'misbehaviour'; readonly evidence: Evidence; readonly accused: Hex; readonly epoch: number };

/** Where a validator stands, for whoever shows it. */
export interface OrderingStatus {
  readonly key: Hex;
  readonly epoch: number;
  readonly groups: readonly (readonly Hex[])[];
  readonly height: number;
  readonly view: number;
  readonly isViewEntered: boolean;
  /** Whether it signs nothing, because it may have signed, or has, what its log does not hold. */
  readonly isMute: boolean;
  readonly term: number;
  /** The leader of the own group, as far as it is known. */
  readonly leader: Hex | null;
  /** The follower whose duty is to report. */
  readonly supervisor: Hex | null;
  readonly peers: readonly PeerStatus[];
  readonly strangers: StrangerStatus;
  /** Its clock, in Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * Begins, or goes on after a stop. Errors: VOTE_LOG_MISSING, VOTE_LOG_OTHER, VOTE_LOG_VERSION, VOTE_LOG_DAMAGED, VOTE_LOG_UNUSABLE,
 * TRANSPORT_PORT_TAKEN, TRANSPORT_NOT_LISTENING.
 */
export async function startRbftOrdering(options: RbftOptions): Promise<Ordering> {
  const { ledger, keys, validators, keccak256, blocks, verify, onEvent } = options;
  const key = publicKeyName(keys.consensus);
  let isOver = false;
  const fail = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    options.onFailure(error);
  };
  const { log, records, isCut } = await FileVoteLog.open({
    files: filesIn(options.folder),
    logId: keys.logId,
    settledHeight: () => ledger.head().header.height,
    onFailure: fail,
  });
  const reporter = new MisbehaviourReporter({ ledger, key: keys.account, onFailure: fail });
  const port = new OrderedConsensusLedger({
    ledger,
    blocks,
    keccak256,
    onCommitted: () => {
      meet();
      reporter.advance();
    },
    onInvalid: ({ height, hash }, reason) => onEvent({ kind: 'invalid-block', height, hash, reason }),
    onFailure: fail,
  });
  let transport: PeerTransport;
  let met: string | null = null;
  /** Speaks with those whom the ledger names now. */
  const meet = (): void => {
    const { number, validators: present } = ledger.epoch;
    // Those who were removed serve until the new epoch has a final block: whoever missed its beginning may know nobody else.
    const leaving = ledger.head().header.epoch < number ? ledger.epochAt(number - 1) : undefined;
    const name = `${number} ${leaving === undefined}`;
    if (name === met) return;
    met = name;
    const connections = new Set(present.flat().map(({ transportKey }) => transportKey));
    const peers = new Map(
      (leaving?.validators ?? []).flat().flatMap((peer) => (connections.has(peer.transportKey) ? [] : [[peer.key, peer]])),
    );
    for (const peer of present.flat()) peers.set(peer.key, peer);
    transport.setPeers(
      [...peers.values()].map((peer) => ({ ...peer, name: peer.key as Hex, transportKey: peer.transportKey as Hex })),
      peers.has(key),
    );
  };
  try {
    transport = await PeerTransport.start({
      name: key,
      privateKey: keys.transport,
      genesisHash: ledger.genesisHash,
      ...options.listen,
      peers: [],
      onEnvelope: (from, envelope) => {
        if (!isOver) runtime.receive(from, envelope);
      },
      random: () => randomInt(2 ** 32) / 2 ** 32,
    });
  } catch (error) {
    await log.close();
    throw error;
  }
  const runtime = new Runtime({
    genesisHash: ledger.genesisHash,
    members: membersOf(validators),
    key,
    sign: signerOf(keys.consensus),
    verify,
    isWellFormed: (block) => blocks.read(block) !== null,
    random: (bound) => randomInt(bound),
    restored: records,
    mustAsk: isCut,
    onAsked: () => void log.confirmCut().catch(fail),
    onVotesLost: () => onEvent({ kind: 'votes-lost' }),
    log,
    ledger: port,
    send: (to, envelope) => transport.send(to, envelope),
    onRefused: (from, message) => {
      transport.refuse(from);
      onEvent({ kind: 'refused-message', from, message });
    },
    onEvidence: (evidence, epoch) => {
      // The epoch may be over, and its numbers be others' now.
      const listed = ledger.epochAt(epoch)?.validators.flat()[accusedBy(evidence)];
      onEvent({ kind: 'misbehaviour', evidence, accused: listed?.key as Hex, epoch });
      reporter.report({ epoch, evidence });
    },
  });
  meet();
  ledger.onSubmitted((transaction) => runtime.spread(transaction));
  ledger.onExecutable(() => runtime.tellExecutable());
  ledger.onLeftOut(() => runtime.tellLeftOut());
  // What clients handed in before the last stop may have got to nobody.
  for (const transaction of ledger.waitingTransactions()) runtime.spread(transaction);
  runtime.tellExecutable();
  let view = 0;
  const tick = (): void => {
    if (isOver) return;
    runtime.tick();
    const present = runtime.machine?.status.view ?? 0;
    // Whoever waits for a transaction that cannot be executed would leave one view after the other.
    if (present > view) port.sift();
    view = present;
  };
  // After a stall, what arrived meanwhile comes before the tick.
  const ticking = setInterval(() => setImmediate(tick), tickMs);
  return {
    status: () => statusOf(key, runtime, transport),
    stop: async () => {
      isOver = true;
      reporter.stop();
      clearInterval(ticking);
      await transport.close();
      await port.stop();
      await log.close();
    },
  };
}

function statusOf(key: Hex, runtime: Runtime, transport: PeerTransport): OrderingStatus {
  const { committee, machine, final } = runtime;
  const nameOf = (member: number | null | undefined): Hex | null =>
    member === null || member === undefined ? null : committee.nameOf(member);
  return {
    key,
    epoch: committee.epoch,
    groups: Array.from({ length: committee.groups }, (_, group) => committee.members(group).map((member) => committee.nameOf(member))),
    height: final.height,
    view: machine?.status.view ?? 0,
    isViewEntered: machine?.status.isEntered ?? false,
    isMute: runtime.isMute,
    term: machine?.status.term ?? 0,
    leader: nameOf(machine?.status.leader),
    supervisor: nameOf(machine?.supervisor),
    peers: transport.peers,
    strangers: transport.strangers,
    nowMs: systemClock.nowMs(),
  };
}
