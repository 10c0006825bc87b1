/**
 * One connection to a peer whose key was checked: greeting, frames both ways, signs of life. Both sides first say which version of the
 * protocol and which network they speak for; nothing else is sent or taken before both have said the same.
 * Memory: the queue of what waits to be sent, what the socket was handed, and one frame that is not whole; each is bounded.
 */
import type { TLSSocket } from 'node:tls';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { decodeEnvelope, encodeEnvelope, envelopeBytesMax } from '../consensus/envelope-encoding.ts';
import type { Envelope } from '../consensus/runtime.ts';
import { FrameQueue, FrameReader, frameOf } from './frames.ts';
import type { PeerFaultCode } from './peer-faults.ts';

const greetingTag = 'vouchsafe:peer';
/** The version of the protocol between validators. */
export const peerProtocolVersion = 1;
const greetingBytes = 4 + greetingTag.length + 2 + 32;
/** A sign of life: a frame of nothing. */
const ping = frameOf(new Uint8Array(0));

/** Bytes that may wait for one peer; beyond, the oldest are dropped: the consensus sends again and asks for what it misses. */
export const queueBytesMax = 16_777_216;
/** What a peer may send in the long run, a second, and at once. A message counts as its bytes and what handling it costs. */
export const inboundBytesPerSecond = 33_554_432;
export const inboundBurstBytes = 134_217_728;
export const messageCostBytes = 4_096;
/** The same for a node that is no member: it asks for blocks, and passes on its clients' transactions. Its queue holds the largest message. */
export const observerBytesPerSecond = 1_048_576;
export const observerBurstBytes = 8_388_608;
export const observerQueueBytesMax = 6_291_456;

/** What went over a peer's connections. Envelopes, unless the name says bytes. */
export interface PeerCounters {
  sent: number;
  sentBytes: number;
  received: number;
  receivedBytes: number;
  /** What was to be sent and gave way to newer things, or had no connection. */
  dropped: number;
  /** What was refused: what is no envelope, and messages that are not what they say. */
  refused: number;
}

export interface PeerConnectionOptions {
  readonly socket: TLSSocket;
  readonly genesisHash: Hex;
  readonly counters: PeerCounters;
  readonly queueBytesMax: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly allowance: Allowance;
  readonly onGreeted: () => void;
  readonly onEnvelope: (envelope: Envelope) => void;
  /** Called once, also after {@link PeerConnection.close}; null if this side wanted it. */
  readonly onClosed: (code: PeerFaultCode | null, cause?: unknown) => void;
}

export class PeerConnection {
  readonly #options: PeerConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #queue: FrameQueue;
  #isGreeted = false;
  #isOpen = true;
  #hasSentSinceTick = false;
  #silentTicks = 0;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
    this.#queue = new FrameQueue(options.queueBytesMax);
    const { socket, genesisHash } = options;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#flush());
    socket.on('error', (error) => this.#end(this.#isGreeted ? 'PEER_LOST' : 'PEER_HUNG_UP', error));
    socket.on('close', () => this.#end(this.#isGreeted ? 'PEER_LOST' : 'PEER_HUNG_UP'));
    socket.write(frameOf(encodeGreeting(genesisHash)));
  }

  /** Whether both sides have said that they belong together. */
  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  /** Bytes that wait here to be sent. */
  get queuedBytes(): number {
    return this.#queue.bytes + this.#options.socket.writableLength;
  }

  send(envelope: Envelope): void {
    const { counters } = this.#options;
    for (const encoding of encodeEnvelope(envelope)) counters.dropped += this.#queue.push(frameOf(encoding));
    this.#flush();
  }

  /** Some time has passed: says that this side lives, and ends the connection if the other has been silent for too many ticks. */
  tick(silentTicksMax: number): void {
    this.#silentTicks++;
    if (this.#silentTicks > silentTicksMax) this.#end('PEER_SILENT');
    else if (!this.#hasSentSinceTick && !this.#options.socket.writableNeedDrain) this.#options.socket.write(ping);
    this.#hasSentSinceTick = false;
  }

  /** Ends the connection, with a fault if there is one. */
  close(code: PeerFaultCode | null = null): void {
    this.#end(code);
  }

  #flush(): void {
    const { socket, counters } = this.#options;
    if (!this.#isOpen || !this.#isGreeted || this.#queue.isEmpty || socket.writableNeedDrain) return;
    socket.cork();
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
      counters.sent++;
      counters.sentBytes += frame.length;
      if (!socket.write(frame)) break;
    }
    socket.uncork();
    this.#hasSentSinceTick = true;
  }

  #onData(chunk: Buffer): void {
    const { counters } = this.#options;
    this.#silentTicks = 0;
    counters.receivedBytes += chunk.length;
    if (!this.#isOpen) return;
    try {
      const bytesMax = () => (this.#isGreeted ? envelopeBytesMax : greetingBytes);
      this.#reader.push(chunk, bytesMax, (frame) => {
        this.#onFrame(frame);
        return this.#isOpen;
      });
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.refused++;
      this.#end('PEER_GARBAGE', error);
    }
  }

  #onFrame(frame: Uint8Array): void {
    const { counters, genesisHash, allowance, nowMs, onGreeted, onEnvelope } = this.#options;
    if (!this.#isGreeted) {
      const greeting = decodeGreeting(frame);
      if (greeting.version !== peerProtocolVersion) this.#end('PEER_OTHER_VERSION');
      else if (greeting.genesisHash !== genesisHash) this.#end('PEER_OTHER_NETWORK');
      else {
        this.#isGreeted = true;
        onGreeted();
        this.#flush();
      }
      return;
    }
    if (!allowance.take(frame.length + messageCostBytes, nowMs())) {
      counters.refused++;
      this.#end('PEER_FLOOD');
      return;
    }
    if (frame.length === 0) return;
    const envelope = decodeEnvelope(frame);
    counters.received++;
    if (!allowance.take((envelope.messages.length - 1) * messageCostBytes, nowMs())) {
      counters.refused++;
      this.#end('PEER_FLOOD');
      return;
    }
    onEnvelope(envelope);
  }

  #end(code: PeerFaultCode | null, cause?: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.counters.dropped += this.#queue.clear();
    this.#options.socket.destroy();
    this.#options.onClosed(code, cause);
  }
}

/** A token bucket over what a peer may cost; it outlives connections, so that a new one does not fill it. */
export class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs: number | null = null;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** Takes some of it; false if so much is not left. */
  take(cost: number, nowMs: number): boolean {
    const gained = ((nowMs - (this.#atMs ?? nowMs)) / 1_000) * this.#perSecond;
    this.#atMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + gained);
    if (cost > this.#left) return false;
    this.#left -= cost;
    return true;
  }
}

export function encodeGreeting(genesisHash: Hex, version = peerProtocolVersion): Uint8Array {
  return new Encoder().text(greetingTag).uint(version, 2).fixed(fromHex(genesisHash), 32).finish();
}

/** Reads a greeting. Errors: DecodeError. */
export function decodeGreeting(bytes: Uint8Array): { readonly version: number; readonly genesisHash: Hex } {
  const decoder = new Decoder(bytes);
  if (decoder.text(greetingTag.length) !== greetingTag) throw new DecodeError('no greeting of a validator');
  const greeting = { version: decoder.count(2), genesisHash: toHex(decoder.fixed(32)) };
  decoder.finish();
  return greeting;
}
