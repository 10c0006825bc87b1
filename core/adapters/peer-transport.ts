/**
 * The connections between validators: TLS 1.3, both sides showing a certificate whose Ed25519 key the other expects. Of two validators the
 * one with the smaller name calls, so that there is one connection a pair (docs/decisions/one-connection-a-pair.md).
 * Nothing here is promised to arrive: what a peer is too slow for, or not there for, is dropped and counted.
 * Nodes that are no members may call, too: those that only follow, that are to become members, or were some. A few of these observers are
 * admitted, each under the key that it shows, and may say little; what they may ask for is the consensus's matter.
 */
import { constants, type KeyObject } from 'node:crypto';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { connect, createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import type { Envelope } from '../consensus/runtime.ts';
import {
  Allowance,
  inboundBurstBytes,
  inboundBytesPerSecond,
  observerBurstBytes,
  observerBytesPerSecond,
  observerQueueBytesMax,
  PeerConnection,
  type PeerCounters,
  queueBytesMax,
} from './peer-connection.ts';
import { type PeerFault, type PeerFaultCode, peerFault } from './peer-faults.ts';
import { RateLimiter } from './rate-limiter.ts';
import { certifiedKey, publicKeyName, transportIdentity } from './transport-certificate.ts';

/** Another validator. */
export interface PeerAddress {
  /** Its public key in the consensus: how messages name it. */
  readonly name: Hex;
  /** The Ed25519 key that its certificate must show. */
  readonly transportKey: Hex;
  readonly host: string;
  readonly port: number;
}

/** How patient a node is. Times are in milliseconds. */
export interface TransportLimits {
  /** Bytes that may wait for one peer. */
  readonly queueBytesMax: number;
  /** Between two signs of life. */
  readonly tickMs: number;
  /** Ticks without a sign of life after which a connection is given up. */
  readonly silentTicksMax: number;
  /** The first wait before calling again; it doubles up to the last one. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** How long a peer that misbehaves is not listened to. */
  readonly cutOffMs: number;
  /** Callers that have not shown a known key yet; beyond, the oldest is sent away. */
  readonly strangersMax: number;
  /** Observers that are connected at a time; beyond, whoever has been there the longest gives way to the newest, so that none stays shut out. */
  readonly observersMax: number;
  /** After so long without a connection a peer that should call is called: it may have dropped this node from its members. */
  readonly orphanMs: number;
  /** How long a caller may take to show it. */
  readonly handshakeMs: number;
  /** Messages that are not what they say, at once and in the long run a second, before a peer is cut off. */
  readonly lies: { readonly burst: number; readonly perSecond: number };
}

export const transportLimits: TransportLimits = {
  queueBytesMax,
  tickMs: 1_000,
  silentTicksMax: 6,
  retryMs: 100,
  retryMaxMs: 5_000,
  cutOffMs: 30_000,
  strangersMax: 64,
  observersMax: 16,
  orphanMs: 10_000,
  handshakeMs: 5_000,
  lies: { burst: 100, perSecond: 1 },
};

export interface TransportOptions {
  /** The own public key in the consensus. */
  readonly name: Hex;
  /** The own transport key. */
  readonly privateKey: KeyObject;
  readonly genesisHash: Hex;
  /** Where to listen; port 0 takes any that is free. */
  readonly host: string;
  readonly port: number;
  readonly peers: readonly PeerAddress[];
  readonly onEnvelope: (from: Hex, envelope: Envelope) => void;
  /** A number from 0 to 1. */
  readonly random: () => number;
  readonly limits?: Partial<TransportLimits>;
}

export type PeerState = 'waiting' | 'calling' | 'greeting' | 'connected' | 'cut-off';

/** What an operator sees of a peer. */
export interface PeerStatus extends Readonly<PeerCounters> {
  readonly name: Hex;
  readonly address: string;
  readonly state: PeerState;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Connections that came about so far. */
  readonly connections: number;
  /** What went wrong last; null once it is connected. */
  readonly fault: PeerFault | null;
}

/** What an operator sees of callers that are no peers. */
export interface StrangerStatus {
  readonly refused: number;
  readonly fault: PeerFault | null;
}

interface Peer {
  address: PeerAddress;
  readonly counters: PeerCounters;
  readonly allowance: Allowance;
  connection: PeerConnection | null;
  /** A call that has not been answered. */
  calling: TLSSocket | null;
  retry: NodeJS.Timeout | null;
  attempts: number;
  connections: number;
  cutOffUntilMs: number;
  /** Since when there is no connection. */
  aloneSinceMs: number;
  fault: PeerFault | null;
}

export class PeerTransport {
  readonly #options: TransportOptions;
  readonly #limits: TransportLimits;
  readonly #server: Server;
  readonly #security: SecureContextOptions;
  readonly #peers = new Map<Hex, Peer>();
  /** By the keys that they showed, the longest there first. */
  readonly #observers = new Map<Hex, Peer>();
  /** Whether this node is one of those that speak with each other; if not, it calls them all. */
  #isMember = true;
  readonly #lies: RateLimiter;
  readonly #ownKey: Hex;
  /** Callers whose key is not known yet, the oldest first, by their address. */
  readonly #strangers = new Map<string, Socket>();
  #strangersRefused = 0;
  #strangerFault: PeerFault | null = null;
  #ticking: NodeJS.Timeout | null = null;
  #isClosed = false;

  private constructor(options: TransportOptions) {
    this.#options = options;
    this.#ownKey = publicKeyName(options.privateKey);
    this.#limits = { ...transportLimits, ...options.limits };
    this.#lies = new RateLimiter(this.#limits.lies, { nowMs });
    this.#security = {
      ...transportIdentity(options.privateKey),
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      sigalgs: 'ed25519',
      // Every connection shows its certificate: none goes on from an earlier one.
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
    // Nobody signs these certificates. Whose they are is compared with the expected keys after the handshake, which proves possession.
    this.#server = createServer({
      ...this.#security,
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: this.#limits.handshakeMs,
    });
    this.#server.on('connection', (socket) => this.#onCaller(socket));
    this.#server.on('secureConnection', (socket) => this.#onAnswered(socket));
    // Of accepting somebody: listening has errors of its own.
    this.#server.on('error', (error) => this.#refuseStranger('PEER_HANDSHAKE_FAILED', 'unknown', error));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#strangers.delete(remoteOf(socket));
      this.#refuseStranger('PEER_HANDSHAKE_FAILED', remoteOf(socket), error);
    });
  }

  /** Listens and begins to call. Errors: TRANSPORT_PORT_TAKEN, TRANSPORT_NOT_LISTENING. */
  static async start(options: TransportOptions): Promise<PeerTransport> {
    const transport = new PeerTransport(options);
    await listen(transport.#server, options.host, options.port);
    transport.#ticking = setInterval(() => transport.#tick(), transport.#limits.tickMs);
    transport.setPeers(options.peers);
    return transport;
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * The validators to speak with from now on: members of another epoch, or other addresses. A node that is no member itself says so: to them
   * it is an observer, and calls.
   */
  setPeers(addresses: readonly PeerAddress[], isMember = true): void {
    const wasMember = this.#isMember;
    this.#isMember = isMember;
    const kept = new Set(addresses.map(({ name }) => name));
    for (const [name, peer] of this.#peers) if (!kept.has(name)) this.#forget(name, peer);
    for (const address of addresses) {
      if (address.name === this.#options.name) continue;
      const observer = this.#observers.get(address.transportKey);
      if (observer !== undefined) this.#forget(address.transportKey, observer);
      const known = this.#peers.get(address.name);
      if (known !== undefined && known.address.transportKey === address.transportKey) {
        known.address = address;
        if (wasMember && !isMember && isIdle(known)) this.#call(known);
        continue;
      }
      if (known !== undefined) this.#forget(address.name, known);
      const peer = newPeer(address);
      this.#peers.set(address.name, peer);
      if (this.#calls(peer)) this.#call(peer);
    }
  }

  /** Sends to a peer, if it is there and quick enough. */
  send(to: Hex, envelope: Envelope): void {
    const peer = this.#peers.get(to) ?? this.#observers.get(to);
    if (peer === undefined) return; // no longer a member
    if (peer.connection?.isGreeted) peer.connection.send(envelope);
    else peer.counters.dropped++;
  }

  /** A message of a peer was not what it says. One that goes on like this is cut off. */
  refuse(from: Hex): void {
    const peer = this.#peers.get(from) ?? this.#observers.get(from);
    if (peer === undefined) return;
    peer.counters.refused++;
    if (this.#lies.take(from) > 0) peer.connection?.close('PEER_LIES');
  }

  get peers(): PeerStatus[] {
    return [...this.#peers.values()].map(statusOf);
  }

  /** Nodes that are no members and are, or were lately, connected. */
  get observers(): PeerStatus[] {
    return [...this.#observers.values()].map(statusOf);
  }

  get strangers(): StrangerStatus {
    return { refused: this.#strangersRefused, fault: this.#strangerFault };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#ticking !== null) clearInterval(this.#ticking);
    for (const [name, peer] of [...this.#peers, ...this.#observers]) this.#forget(name, peer);
    for (const socket of this.#strangers.values()) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #tick(): void {
    for (const peer of [...this.#peers.values(), ...this.#observers.values()]) peer.connection?.tick(this.#limits.silentTicksMax);
    for (const peer of this.#peers.values())
      if (isIdle(peer) && nowMs() - peer.aloneSinceMs >= this.#limits.orphanMs && nowMs() >= peer.cutOffUntilMs) this.#call(peer);
  }

  /** Whether this side calls that peer. */
  #calls(peer: Peer): boolean {
    if (this.#peers.get(peer.address.name) !== peer) return false; // an observer calls
    return !this.#isMember || this.#options.name < peer.address.name;
  }

  #call(peer: Peer): void {
    peer.retry = null;
    if (peer.connection !== null) return; // a member called this node meanwhile, which is none
    const { host, port } = peer.address;
    const socket = connect({
      host,
      port,
      ...this.#security,
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    peer.calling = socket;
    const onFailed = (error?: Error): void => {
      if (peer.calling !== socket) return;
      peer.calling = null;
      socket.destroy();
      this.#onClosed(peer, error !== undefined && isHandshakeError(error) ? 'PEER_HANDSHAKE_FAILED' : 'PEER_UNREACHABLE', error);
    };
    socket.setTimeout(this.#limits.handshakeMs, () => onFailed(new Error('no answer')));
    socket.on('error', onFailed);
    socket.on('close', () => onFailed());
    socket.once('secureConnect', () => {
      if (peer.calling !== socket) return;
      socket.setTimeout(0);
      peer.calling = null;
      if (certifiedKey(socket.getPeerX509Certificate()) === peer.address.transportKey) this.#connect(peer, socket);
      else {
        socket.destroy();
        this.#onClosed(peer, 'PEER_WRONG_KEY');
      }
    });
  }

  /** Somebody calls: it has a while to show who it is. */
  #onCaller(socket: Socket): void {
    const remote = remoteOf(socket);
    this.#strangers.set(remote, socket);
    socket.once('close', () => this.#strangers.delete(remote));
    if (this.#strangers.size <= this.#limits.strangersMax) return;
    for (const [oldest, other] of this.#strangers) {
      this.#strangers.delete(oldest);
      other.destroy(); // a failed handshake, and counted as one
      return;
    }
  }

  #onAnswered(socket: TLSSocket): void {
    const remote = remoteOf(socket);
    this.#strangers.delete(remote);
    socket.on('error', () => socket.destroy());
    const certificate = socket.getPeerX509Certificate();
    const key = certifiedKey(certificate);
    const known = [...this.#peers.values()].find(({ address }) => address.transportKey === key);
    const peer = known ?? (key === null || this.#isClosed ? null : this.#admit(key, socket));
    if (peer === null || (this.#isMember && this.#calls(peer)) || this.#isClosed) {
      socket.destroy();
      this.#refuseStranger(certificate === undefined ? 'PEER_NO_CERTIFICATE' : 'PEER_WRONG_KEY', remote);
    } else if (nowMs() < peer.cutOffUntilMs) socket.destroy();
    else this.#connect(peer, socket);
  }

  /** Somebody who is no member: an observer, under the key that it proved to have; null if it may not be one. */
  #admit(key: Hex, socket: TLSSocket): Peer | null {
    const known = this.#observers.get(key);
    if (known !== undefined) return known;
    // Under the name of a member, or of this node, there is another key, or none.
    if (this.#limits.observersMax === 0 || this.#peers.has(key) || key === this.#options.name || key === this.#ownKey) return null;
    if (this.#observers.size >= this.#limits.observersMax) {
      const [leaving] = [...this.#observers].sort(
        ([, left], [, right]) => Number(left.connection !== null) - Number(right.connection !== null),
      );
      if (leaving !== undefined) this.#forget(...leaving);
    }
    const address = { name: key, transportKey: key, host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 };
    const peer = newPeer(address, new Allowance(observerBytesPerSecond, observerBurstBytes));
    this.#observers.set(key, peer);
    return peer;
  }

  #connect(peer: Peer, socket: TLSSocket): void {
    // Whoever calls again has given up the connection before.
    peer.connection?.close();
    const connection: PeerConnection = new PeerConnection({
      socket,
      genesisHash: this.#options.genesisHash,
      counters: peer.counters,
      queueBytesMax: this.#observers.has(peer.address.name) ? observerQueueBytesMax : this.#limits.queueBytesMax,
      nowMs,
      allowance: peer.allowance,
      onGreeted: () => {
        peer.attempts = 0;
        peer.connections++;
        peer.fault = null;
      },
      onEnvelope: (envelope) => this.#options.onEnvelope(peer.address.name, envelope),
      onClosed: (code, cause) => {
        if (peer.connection !== connection) return;
        peer.connection = null;
        this.#onClosed(peer, code, cause);
      },
    });
    peer.connection = connection;
  }

  /** A connection ended, or did not come about. */
  #onClosed(peer: Peer, code: PeerFaultCode | null, cause?: unknown): void {
    peer.aloneSinceMs = nowMs();
    if (code !== null) peer.fault = peerFault(code, addressOf(peer.address), cause);
    if (code === 'PEER_GARBAGE' || code === 'PEER_FLOOD' || code === 'PEER_LIES') peer.cutOffUntilMs = nowMs() + this.#limits.cutOffMs;
    if (this.#isClosed || !this.#calls(peer)) return;
    const { retryMs, retryMaxMs } = this.#limits;
    const backOff = Math.min(retryMs * 2 ** Math.min(peer.attempts++, 16), retryMaxMs) * (0.5 + this.#options.random() / 2);
    peer.retry = setTimeout(() => this.#call(peer), Math.max(backOff, peer.cutOffUntilMs - nowMs()));
  }

  #forget(name: Hex, peer: Peer): void {
    if (this.#peers.get(name) === peer) this.#peers.delete(name);
    else this.#observers.delete(name);
    if (peer.retry !== null) clearTimeout(peer.retry);
    const { calling } = peer;
    peer.calling = null;
    calling?.destroy();
    peer.connection?.close();
  }

  #refuseStranger(code: PeerFaultCode, remote: string, cause?: unknown): void {
    this.#strangersRefused++;
    this.#strangerFault = peerFault(code, remote, cause);
  }
}

function statusOf(peer: Peer): PeerStatus {
  return {
    name: peer.address.name,
    address: addressOf(peer.address),
    state: stateOf(peer),
    ...peer.counters,
    queuedBytes: peer.connection?.queuedBytes ?? 0,
    connections: peer.connections,
    fault: peer.fault,
  };
}

/** Whether there is no connection to a peer, and none is tried. */
function isIdle({ connection, calling, retry }: Peer): boolean {
  return connection === null && calling === null && retry === null;
}

function newPeer(address: PeerAddress, allowance = new Allowance(inboundBytesPerSecond, inboundBurstBytes)): Peer {
  return {
    address,
    counters: { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, dropped: 0, refused: 0 },
    allowance,
    connection: null,
    calling: null,
    retry: null,
    attempts: 0,
    connections: 0,
    cutOffUntilMs: 0,
    aloneSinceMs: nowMs(),
    fault: null,
  };
}

function stateOf(peer: Peer): PeerState {
  if (peer.connection !== null) return peer.connection.isGreeted ? 'connected' : 'greeting';
  if (nowMs() < peer.cutOffUntilMs) return 'cut-off';
  return peer.calling === null ? 'waiting' : 'calling';
}

function addressOf({ host, port }: PeerAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}

function isHandshakeError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_SSL_');
}

function nowMs(): number {
  return performance.now();
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const reason = String((cause as NodeJS.ErrnoException).code);
    const isTaken = reason === 'EADDRINUSE';
    throw new AppError(
      isTaken ? 'TRANSPORT_PORT_TAKEN' : 'TRANSPORT_NOT_LISTENING',
      {
        what: isTaken
          ? say`Another program listens on port ${port} of ${host}.`
          : say`It is not possible to listen on port ${port} of ${host} (${reason}).`,
        consequence: 'The validator did not start, and other validators cannot reach it.',
        remedy: isTaken
          ? 'Stop the other program, or give this validator another port.'
          : 'Check the address that this validator listens on.',
      },
      { data: { host, port, reason }, cause },
    );
  }
}
