/**
 * Consensus alone: nodes of one committee in this process, each with a runtime, TLS connections to all others on loopback and keys of its
 * own, over a log in memory and a ledger that does nothing with its transactions. The same machine is RBFT (groups of several), flat PBFT
 * (groups of one) and, but for its signatures, flat Raft (one group).
 */
import { createHash, generateKeyPairSync, type KeyObject, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { rememberingVerifier, signerOf } from '../../core/adapters/node-ed25519.ts';
import { PeerTransport } from '../../core/adapters/peer-transport.ts';
import { publicKeyName } from '../../core/adapters/transport-certificate.ts';
import { concatBytes, fromHex, type Hex, toBigEndian, toHex } from '../../core/base/bytes.ts';
import { decodeEnvelope, encodeEnvelope } from '../../core/consensus/envelope-encoding.ts';
import { tickMs } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Message } from '../../core/consensus/rbft/message.ts';
import { type ConsensusLedger, type Envelope, Runtime } from '../../core/consensus/runtime.ts';
import type { Verify } from '../../core/consensus/signing.ts';
import { Seeded } from '../simulator/seeded.ts';

const host = '127.0.0.1';
const transactionsPerBlock = 200;
/** About a transfer. */
const transactionBytes = 110;
const startMsMax = 120_000;
/** Where time is counted in hops: a hop is a millisecond. */
const hopsPerTick = tickMs;
const hopsMax = 100_000;
const warmBlocks = 5;

/** What one block cost, all nodes together. */
export interface BlockCost {
  /** Messages that carry a proposal, a vote or a certificate. */
  readonly messages: number;
  /** All others: heartbeats, acknowledgements of the Raft log, polls. */
  readonly otherMessages: number;
  /** Of the encoded messages, without what TLS adds. */
  readonly bytes: number;
  readonly signatures: number;
  /** Checks of signatures, of one node each: what it met before is not checked again. */
  readonly verifications: number;
}

/** What a cluster did with nothing but time in between: the same on every machine. */
export interface CountedFigures extends BlockCost {
  /** Times that something had to get from one node to another before the next block could begin. */
  readonly hops: number;
}

/** How quick a cluster was. */
export interface MeasuredFigures {
  readonly blocks: number;
  readonly blocksPerSecond: number;
  /** Milliseconds from building a block to its finality where it was built: half of the blocks, 99 of 100. */
  readonly latencyMs: readonly [number, number];
  /** Views left while it was measured. */
  readonly viewChanges: number;
}

interface Counts {
  messages: number;
  otherMessages: number;
  bytes: number;
  signatures: number;
  verifications: number;
}

interface Identity {
  readonly name: Hex;
  readonly consensus: KeyObject;
  readonly transport: KeyObject;
}

/** What all nodes of a cluster have in common. */
class Cluster {
  readonly genesisHash: Hex;
  readonly identities: readonly Identity[];
  readonly counts: Counts = { messages: 0, otherMessages: 0, bytes: 0, signatures: 0, verifications: 0 };
  readonly latencies: number[] = [];
  /** Whether there is something to order. */
  isOn = false;
  readonly #members: readonly (readonly Uint8Array[])[];
  readonly #builtMs = new Map<Hex, number>();
  readonly #random = new Seeded(1);

  constructor(groups: readonly number[]) {
    this.genesisHash = toHex(createHash('sha256').update(`bench ${groups.join()}`).digest());
    const identities = groups.map((members) => Array.from({ length: members }, () => newIdentity()));
    this.identities = identities.flat();
    this.#members = identities.map((group) => group.map(({ name }) => fromHex(name)));
  }

  /** A node, given how it sends. */
  runtime({ name, consensus }: Identity, send: (to: Hex, envelope: Envelope) => void): Runtime {
    const { counts } = this;
    const sign = signerOf(consensus);
    const ledger = new NoOpLedger(
      this.genesisHash,
      () => this.isOn,
      (hash) => this.#builtMs.set(hash, performance.now()),
      (hash) => {
        const begun = this.#builtMs.get(hash);
        if (begun === undefined) return;
        this.#builtMs.delete(hash);
        this.latencies.push(performance.now() - begun);
      },
    );
    return new Runtime({
      genesisHash: this.genesisHash,
      members: this.#members,
      key: name,
      sign: (message) => {
        counts.signatures++;
        return sign(message);
      },
      verify: countingVerifier(counts),
      isWellFormed: ({ hash, bytes }) => hash === hashOf(bytes),
      random: (bound) => this.#random.below(bound),
      restored: [],
      mustAsk: false,
      onAsked: () => undefined,
      onVotesLost: () => undefined,
      log: { append: (_records, done) => done() },
      ledger,
      send: (to, envelope) => {
        for (const message of envelope.messages)
          if (isOfBlock(message)) counts.messages++;
          else counts.otherMessages++;
        send(to, envelope);
      },
      onRefused: (_from, kind) => {
        throw new Error(`a message of the kind ${kind} was refused`);
      },
      onEvidence: () => {
        throw new Error('a node is accused');
      },
    });
  }
}

/** Counts what blocks cost where all messages take equally long and nothing else takes any time. */
export function countCluster(groups: readonly number[], blocks: number): CountedFigures {
  const cluster = new Cluster(groups);
  const { counts } = cluster;
  const runtimes = new Map<Hex, Runtime>();
  let flying: (() => void)[] = [];
  for (const identity of cluster.identities) {
    const runtime = cluster.runtime(identity, (to, envelope) => {
      for (const encoding of encodeEnvelope(envelope)) {
        counts.bytes += encoding.length;
        flying.push(() => runtimes.get(to)?.receive(identity.name, decodeEnvelope(encoding)));
      }
    });
    runtimes.set(identity.name, runtime);
  }
  const all = [...runtimes.values()];
  let hops = 0;
  const hop = (): void => {
    const arriving = flying;
    flying = [];
    for (const deliver of arriving) deliver();
    hops++;
    if (hops % hopsPerTick === 0) for (const runtime of all) runtime.tick();
  };
  const height = () => Math.min(...all.map(({ final }) => final.height));
  const until = (isReached: () => boolean): void => {
    for (const limit = hops + hopsMax; !isReached(); hop()) if (hops > limit) throw new Error('the cluster does not get on');
  };
  until(() => all.every(({ machine }) => machine?.status.leader !== null));
  cluster.isOn = true;
  for (const runtime of all) runtime.tellExecutable();
  until(() => height() >= warmBlocks);
  const before = { ...counts, height: height(), hops };
  until(() => height() >= before.height + blocks);
  const each = (now: number, then: number) => (now - then) / (height() - before.height);
  return {
    messages: each(counts.messages, before.messages),
    otherMessages: each(counts.otherMessages, before.otherMessages),
    bytes: each(counts.bytes, before.bytes),
    signatures: each(counts.signatures, before.signatures),
    verifications: each(counts.verifications, before.verifications),
    hops: each(hops, before.hops),
  };
}

/** Measures how quick a cluster is over TLS on loopback, under full load, for a while. */
export async function measureCluster(
  groups: readonly number[],
  { warmMs, measureMs }: { warmMs: number; measureMs: number },
): Promise<MeasuredFigures> {
  const cluster = new Cluster(groups);
  const nodes: { readonly runtime: Runtime; readonly transport: PeerTransport; readonly ticking: NodeJS.Timeout }[] = [];
  const addresses: { name: Hex; transportKey: Hex; host: string; port: number }[] = [];
  try {
    for (const identity of cluster.identities) {
      const transport: PeerTransport = await PeerTransport.start({
        name: identity.name,
        privateKey: identity.transport,
        genesisHash: cluster.genesisHash,
        host,
        port: 0,
        peers: [],
        onEnvelope: (from, envelope) => runtime.receive(from, envelope),
        random: () => randomInt(2 ** 32) / 2 ** 32,
      });
      addresses.push({ name: identity.name, transportKey: publicKeyName(identity.transport), host, port: transport.port });
      const runtime = cluster.runtime(identity, (to, envelope) => transport.send(to, envelope));
      nodes.push({ runtime, transport, ticking: setInterval(() => setImmediate(() => runtime.tick()), tickMs) });
    }
    for (const { transport } of nodes) transport.setPeers(addresses);
    const isConnected = ({ runtime, transport }: (typeof nodes)[number]) =>
      transport.peers.every(({ state }) => state === 'connected') && runtime.machine?.status.leader !== null;
    const begunMs = performance.now();
    while (!nodes.every(isConnected)) {
      if (performance.now() - begunMs > startMsMax) throw new Error('the nodes did not all find each other');
      await delay(tickMs);
    }
    cluster.isOn = true;
    for (const { runtime } of nodes) runtime.tellExecutable();
    const first = nodes[0]?.runtime as Runtime;
    const view = () => first.machine?.status.view ?? 0;
    await delay(warmMs);
    const before = { height: first.final.height, view: view(), ms: performance.now() };
    cluster.latencies.length = 0;
    await delay(measureMs);
    const blocks = first.final.height - before.height;
    const latencies = cluster.latencies.sort((left, right) => left - right);
    const at = (share: number) => latencies[Math.floor(share * latencies.length)] ?? Number.NaN;
    return {
      blocks,
      blocksPerSecond: (1_000 * blocks) / (performance.now() - before.ms),
      latencyMs: [at(0.5), at(0.99)],
      viewChanges: view() - before.view,
    };
  } finally {
    for (const { ticking } of nodes) clearInterval(ticking);
    await Promise.all(nodes.map(({ transport }) => transport.close()));
  }
}

function newIdentity(): Identity {
  const [consensus, transport] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey];
  return { name: publicKeyName(consensus), consensus, transport };
}

/** A verifier of one node that counts what it really had to check. */
function countingVerifier(counts: Counts): Verify {
  const verify = rememberingVerifier();
  const met = new Set<string>();
  return (publicKey, message, signature) => {
    const place = Buffer.from(signature).toString('latin1');
    if (!met.has(place)) {
      met.add(place);
      counts.verifications++;
    }
    return verify(publicKey, message, signature);
  };
}

function isOfBlock(message: Message): boolean {
  switch (message.kind) {
    case 'offer':
    case 'vote':
    case 'group-vote':
    case 'certificate':
    case 'statement':
    case 'new-view':
      return true;
    case 'raft':
      return message.message.kind === 'append' && message.message.entries.length > 0;
    default:
      return false;
  }
}

function hashOf(bytes: Uint8Array): Hex {
  return toHex(createHash('sha256').update(bytes).digest());
}

/** Has always enough for a full block, once it is told to, and does nothing with it. */
class NoOpLedger implements ConsensusLedger {
  height = 0;
  #headHash: Hex;
  readonly #isOn: () => boolean;
  readonly #onBuilt: (hash: Hex) => void;
  readonly #onFinal: (hash: Hex) => void;
  readonly #filling = new Uint8Array(transactionsPerBlock * transactionBytes).fill(7);

  constructor(genesisHash: Hex, isOn: () => boolean, onBuilt: (hash: Hex) => void, onFinal: (hash: Hex) => void) {
    this.#headHash = genesisHash;
    this.#isOn = isOn;
    this.#onBuilt = onBuilt;
    this.#onFinal = onFinal;
  }

  get hasExecutable(): boolean {
    return this.#isOn();
  }

  execute(_block: ProposedBlock, _isFresh: boolean, done: (isValid: boolean) => void): void {
    done(true);
  }

  build({ height, view, parentHash }: Parameters<ConsensusLedger['build']>[0], done: (block: ProposedBlock | null) => void): void {
    if (parentHash !== this.#headHash || !this.#isOn()) {
      done(null);
      return;
    }
    const bytes = concatBytes(toBigEndian(BigInt(height), 8), fromHex(parentHash), this.#filling);
    const hash = hashOf(bytes);
    this.#onBuilt(hash);
    done({ hash, height, parentHash, view, nextMembers: null, bytes });
  }

  commit(block: ProposedBlock, _certificate: unknown, done: () => void): void {
    this.height = block.height;
    this.#headHash = block.hash;
    this.#onFinal(block.hash);
    done();
  }

  read(_fromHeight: number, done: (blocks: readonly never[], epoch: number) => void): void {
    done([], 0);
  }

  accept(): boolean {
    return false;
  }

  isPending(): boolean {
    return false;
  }
}
