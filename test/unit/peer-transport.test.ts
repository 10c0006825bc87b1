/** Connections between validators over real sockets on loopback: who gets in, what is cut off, and what a slow or lying peer costs. */
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FrameQueue, FrameReader, frameOf } from '../../core/adapters/frames.ts';
import {
  decodeGreeting,
  encodeGreeting,
  inboundBurstBytes,
  messageCostBytes,
  observerBurstBytes,
  peerProtocolVersion,
} from '../../core/adapters/peer-connection.ts';
import { type PeerStatus, PeerTransport, type TransportLimits } from '../../core/adapters/peer-transport.ts';
import { certifiedKey, publicKeyName, transportIdentity } from '../../core/adapters/transport-certificate.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { concatBytes, type Hex } from '../../core/base/bytes.ts';
import { DecodeError } from '../../core/base/codec.ts';
import { decodeEnvelope, encodeEnvelope, envelopeBytesMax } from '../../core/consensus/envelope-encoding.ts';
import type { Message } from '../../core/consensus/rbft/message.ts';
import type { Envelope } from '../../core/consensus/runtime.ts';
import { fuzz } from '../mutation.ts';
import { Seeded } from '../simulator/seeded.ts';

const genesisHash: Hex = `0x${'11'.repeat(32)}`;
const host = '127.0.0.1';
const ping = frameOf(new Uint8Array(0));
/** Impatient, so that nothing takes long; what a test is about it sets itself. */
const quick: Partial<TransportLimits> = {
  tickMs: 200,
  silentTicksMax: 1_000,
  retryMs: 5,
  retryMaxMs: 20,
  cutOffMs: 600_000,
  observersMax: 0,
};

const transports: PeerTransport[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
});

interface Node {
  readonly key: KeyObject;
  readonly name: Hex;
  transport: PeerTransport;
  readonly received: { readonly from: Hex; readonly envelope: Envelope }[];
}

/** Keys in the order of their names: each calls those after it. */
function keys(count: number): KeyObject[] {
  const pairs = Array.from({ length: count }, () => generateKeyPairSync('ed25519').privateKey);
  return pairs.sort((left, right) => (publicKeyName(left) < publicKeyName(right) ? -1 : 1));
}

async function start(key: KeyObject, options: { limits?: Partial<TransportLimits>; genesis?: Hex; port?: number } = {}): Promise<Node> {
  const name = publicKeyName(key);
  const received: Node['received'] = [];
  const random = new Seeded(1);
  const transport = await PeerTransport.start({
    name,
    privateKey: key,
    genesisHash: options.genesis ?? genesisHash,
    host,
    port: options.port ?? 0,
    peers: [],
    onEnvelope: (from, envelope) => received.push({ from, envelope }),
    random: () => random.below(1_000) / 1_000,
    limits: { ...quick, ...options.limits },
  });
  transports.push(transport);
  return { key, name, transport, received };
}

const addressOf = (node: Node) => ({ name: node.name, transportKey: node.name, host, port: node.transport.port });

/** Somebody at an address that nobody listens on: it calls. */
const callerOf = (key: KeyObject) => ({ name: publicKeyName(key), transportKey: publicKeyName(key), host, port: 9 });

function meet(...nodes: readonly Node[]): void {
  for (const node of nodes) node.transport.setPeers(nodes.map(addressOf));
}

function statusOf(node: Node, of: Hex): PeerStatus {
  const status = node.transport.peers.find(({ name }) => name === of);
  if (status === undefined) throw new Error('no such peer');
  return status;
}

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 30_000, interval: 5 });

async function connected(...nodes: readonly Node[]): Promise<void> {
  await until(() => {
    for (const node of nodes) expect(node.transport.peers.map(({ state }) => state)).toEqual(nodes.slice(1).map(() => 'connected'));
  });
}

const poll = (finalHeight: number): Envelope => ({ epoch: 0, messages: [{ kind: 'poll', finalHeight, view: 0, isEntered: true }] });

/** A client of our own making, with a certificate of a key, or none. */
function call(node: Node, key: KeyObject | null, options: ConnectionOptions = {}): TLSSocket {
  const identity = key === null ? {} : transportIdentity(key);
  const socket = connect({ host, port: node.transport.port, ...identity, sigalgs: 'ed25519', rejectUnauthorized: false, ...options });
  socket.on('error', () => socket.destroy());
  sockets.push(socket);
  return socket;
}

/** When a connection is over, well or not. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** A member that greets properly and then does what a test has it do. */
async function member(node: Node, key: KeyObject): Promise<TLSSocket> {
  const socket = call(node, key);
  await once(socket, 'secureConnect');
  socket.write(frameOf(encodeGreeting(genesisHash)));
  await until(() => expect(statusOf(node, publicKeyName(key)).state).toBe('connected'));
  return socket;
}

/** A node, and the key of a member that calls it. */
async function nodeWithCaller(limits: Partial<TransportLimits> = {}): Promise<{ node: Node; caller: KeyObject; name: Hex }> {
  const [caller, own] = keys(2) as [KeyObject, KeyObject];
  const node = await start(own, { limits });
  node.transport.setPeers([callerOf(caller)]);
  return { node, caller, name: publicKeyName(caller) };
}

describe('the certificate', () => {
  it('is one that the system reads, signed by its own key', () => {
    const [key] = keys(1) as [KeyObject];
    const certificate = new X509Certificate(transportIdentity(key).cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certifiedKey(certificate)).toBe(publicKeyName(key));
    expect(certifiedKey(undefined)).toBeNull();
    expect(() => transportIdentity(generateKeyPairSync('x25519').privateKey)).toThrow('Ed25519');
  });
});

describe('peers', () => {
  it('speak both ways over one connection, and what they say is counted', async () => {
    const [first, second] = (await Promise.all(keys(2).map((key) => start(key)))) as [Node, Node];
    meet(first, second);
    await connected(first, second);
    for (let height = 0; height < 100; height++) {
      first.transport.send(second.name, poll(height));
      second.transport.send(first.name, poll(1_000 + height));
    }
    await until(() => expect([first.received.length, second.received.length]).toEqual([100, 100]));
    expect(second.received).toEqual(Array.from({ length: 100 }, (_, height) => ({ from: first.name, envelope: poll(height) })));
    for (const [node, other] of [[first, second] as const, [second, first] as const]) {
      expect(statusOf(node, other.name)).toMatchObject({ sent: 100, received: 100, dropped: 0, refused: 0, connections: 1, fault: null });
      await until(() => expect(statusOf(node, other.name).queuedBytes).toBe(0));
    }
    first.transport.send(`0x${'99'.repeat(32)}`, poll(1)); // nobody
  });

  it('carry the largest envelopes, cut into frames', async () => {
    const [first, second] = (await Promise.all(keys(2).map((key) => start(key)))) as [Node, Node];
    meet(first, second);
    await connected(first, second);
    const messages: Message[] = [{ kind: 'transactions', transactions: Array.from({ length: 60 }, () => new Uint8Array(131_072).fill(7)) }];
    first.transport.send(second.name, { epoch: 5, messages });
    const transactions = () =>
      second.received.flatMap(({ envelope }) =>
        envelope.messages.flatMap((message) => (message.kind === 'transactions' ? message.transactions : [])),
      );
    await until(() => expect(transactions()).toHaveLength(60));
    expect(second.received.length).toBeGreaterThan(1);
    expect(transactions().every((bytes) => bytes.length === 131_072 && bytes.every((byte) => byte === 7))).toBe(true);
  });

  it('twelve of them all reach each other, with one connection a pair', async () => {
    const nodes = await Promise.all(keys(12).map((key) => start(key)));
    meet(...nodes);
    await connected(...nodes);
    for (const [index, node] of nodes.entries())
      for (const other of nodes) if (other !== node) node.transport.send(other.name, poll(index));
    await until(() => expect(nodes.map(({ received }) => received.length)).toEqual(nodes.map(() => 11)));
    for (const node of nodes) {
      expect(new Set(node.received.map(({ from }) => from)).size).toBe(11);
      for (const { from, envelope } of node.received) expect(envelope).toEqual(poll(nodes.findIndex(({ name }) => name === from)));
      expect(node.transport.peers.map(({ connections }) => connections)).toEqual(Array.from({ length: 11 }, () => 1));
      expect(node.transport.strangers.refused).toBe(0);
    }
  });

  it('find each other again when one restarts, whoever of the two calls', async () => {
    const pair = keys(2) as [KeyObject, KeyObject];
    for (const restarted of [0, 1] as const) {
      const nodes = (await Promise.all(pair.map((key) => start(key)))) as [Node, Node];
      const [first, second] = nodes;
      meet(first, second);
      await connected(first, second);
      const gone = nodes[restarted];
      const left = nodes[1 - restarted] as Node;
      const { port } = gone.transport;
      await gone.transport.close();
      await until(() => expect(statusOf(left, gone.name).state).not.toBe('connected'));
      left.transport.send(gone.name, poll(1));
      expect(statusOf(left, gone.name).dropped).toBe(1);
      expect(statusOf(left, gone.name).fault?.text.consequence).toMatch('goes on with the others');
      const back = await start(gone.key, { port });
      back.transport.setPeers([addressOf(left), addressOf(back)]);
      await connected(left, back);
      left.transport.send(back.name, poll(2));
      await until(() => expect(back.received).toEqual([{ from: left.name, envelope: poll(2) }]));
      expect(statusOf(left, gone.name)).toMatchObject({ connections: 2, fault: null });
    }
  });

  it('come and go with the membership', async () => {
    const [first, second, third] = (await Promise.all(keys(3).map((key) => start(key)))) as [Node, Node, Node];
    meet(first, second);
    await connected(first, second);
    for (const node of [first, third]) node.transport.setPeers([first, third].map(addressOf));
    await connected(first, third);
    await until(() => expect(second.transport.peers.map(({ state }) => state)).not.toEqual(['connected']));
    second.transport.send(first.name, poll(1));
    expect(first.received).toEqual([]);
    // Under its name another key: the old one is no longer let in.
    const [other] = keys(1) as [KeyObject];
    third.transport.setPeers([{ ...addressOf(first), transportKey: publicKeyName(other) }]);
    await until(() => expect(third.transport.strangers.fault?.code).toBe('PEER_WRONG_KEY'));
    expect(third.transport.peers.map(({ state }) => state)).toEqual(['waiting']);
  });

  it('are told apart from programs that have the port', async () => {
    const [first, second] = keys(2) as [KeyObject, KeyObject];
    const { transport } = await start(first);
    const taken = start(second, { port: transport.port });
    await expect(taken).rejects.toMatchObject({ code: 'TRANSPORT_PORT_TAKEN' });
    await expect(taken).rejects.toSatisfy((error) => isAppError(error));
  });
});

describe('strangers', () => {
  it('with another key than the expected one are left alone, at either end', async () => {
    const [first, second, impostor] = keys(3) as [KeyObject, KeyObject, KeyObject];
    const caller = await start(first);
    const wrong = await start(impostor);
    caller.transport.setPeers([{ ...addressOf(wrong), name: publicKeyName(second), transportKey: publicKeyName(second) }]);
    wrong.transport.setPeers([callerOf(second)]);
    await until(() => expect(statusOf(caller, publicKeyName(second)).fault?.code).toBe('PEER_WRONG_KEY'));
    await until(() => expect(wrong.transport.strangers.refused).toBeGreaterThan(0));
    caller.transport.send(publicKeyName(second), poll(1));
    expect(wrong.received).toEqual([]);
    expect(statusOf(caller, publicKeyName(second))).toMatchObject({ sent: 0, connections: 0 });
  });

  it('without a certificate, with an unknown key, with TLS 1.2, with a key of another kind or without TLS get nowhere', async () => {
    const { node, caller } = await nodeWithCaller();
    const attempts: [() => Socket, string][] = [
      [() => call(node, null), 'PEER_NO_CERTIFICATE'],
      [() => call(node, keys(1)[0]!), 'PEER_WRONG_KEY'],
      [() => call(node, caller, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), 'PEER_HANDSHAKE_FAILED'],
      [() => call(node, caller, { sigalgs: 'ecdsa_secp256r1_sha256' }), 'PEER_HANDSHAKE_FAILED'],
      [() => plain(node, 'GET / HTTP/1.1\r\n\r\n'), 'PEER_HANDSHAKE_FAILED'],
    ];
    for (const [index, [attempt, code]] of attempts.entries()) {
      const socket = attempt();
      socket.on('secureConnect', () =>
        socket.write(concatBytes(frameOf(encodeGreeting(genesisHash)), frameOf(encodeEnvelope(poll(1))[0]!))),
      );
      socket.resume();
      await closed(socket);
      await until(() => expect(node.transport.strangers).toMatchObject({ refused: index + 1, fault: { code } }));
    }
    expect(node.received).toEqual([]);
    expect(node.transport.peers.map(({ state, connections }) => [state, connections])).toEqual([['waiting', 0]]);
    await member(node, caller);
  });

  it('who only hold connections open are sent away, the oldest first, and keep nobody out', async () => {
    const { node, caller } = await nodeWithCaller({ strangersMax: 3 });
    const idle: Socket[] = [];
    for (let index = 0; index < 10; index++) {
      const socket = plain(node, '');
      idle.push(socket);
      await once(socket, 'connect');
    }
    await until(() => expect(idle.map(({ destroyed }) => destroyed)).toEqual(idle.map((_, index) => index < 7)));
    await until(() => expect(node.transport.strangers.refused).toBe(7));
    await member(node, caller);
  });

  it('who are peers but should be called, and not call, are not let in', async () => {
    const [own, other] = keys(2) as [KeyObject, KeyObject];
    const node = await start(own);
    node.transport.setPeers([callerOf(other)]);
    const socket = call(node, other);
    socket.resume();
    await closed(socket);
    await until(() => expect(node.transport.strangers.refused).toBe(1));
  });
});

describe('observers', () => {
  const observe = (node: Node, ...members: readonly Node[]) => node.transport.setPeers(members.map(addressOf), false);
  const states = (node: Node) => node.transport.observers.map(({ state }) => state);

  it('call every member, whoever has the smaller key, and are spoken with under the key that they show', async () => {
    const pairs = keys(3);
    for (const which of [0, 1, 2]) {
      const nodes = await Promise.all(pairs.map((key) => start(key, { limits: { observersMax: 2 } })));
      const observer = nodes[which] as Node;
      const members = nodes.filter((node) => node !== observer) as [Node, Node];
      meet(...members);
      observe(observer, ...members);
      await connected(...members);
      await until(() => expect(members.map(states)).toEqual([['connected'], ['connected']]));
      expect(members.map(({ transport }) => transport.peers.length)).toEqual([1, 1]);
      observer.transport.send(members[0].name, poll(4));
      await until(() => expect(members[0].received).toEqual([{ from: observer.name, envelope: poll(4) }]));
      members[0].transport.send(observer.name, poll(5));
      await until(() => expect(observer.received).toEqual([{ from: members[0].name, envelope: poll(5) }]));
    }
  });

  it('who become members are called by those that should call, and members that are removed become observers', async () => {
    const pairs = keys(3);
    for (const which of [0, 1, 2]) {
      const nodes = await Promise.all(pairs.map((key) => start(key, { limits: { observersMax: 2, orphanMs: 100 } })));
      const joining = nodes[which] as Node;
      const members = nodes.filter((node) => node !== joining) as [Node, Node];
      meet(...members);
      observe(joining, ...members);
      await until(() => expect(members.map(states)).toEqual([['connected'], ['connected']]));
      // The members know first: what it needs to learn of it must still reach it.
      for (const node of members) node.transport.setPeers(nodes.map(addressOf));
      for (const node of members) {
        await until(() => {
          node.transport.send(joining.name, poll(1));
          expect(joining.received.some(({ from }) => from === node.name)).toBe(true);
        });
        expect(node.transport.observers).toEqual([]);
      }
      joining.transport.setPeers(nodes.map(addressOf));
      for (const node of nodes)
        await until(() => expect(node.transport.peers.map(({ state }) => state)).toEqual(['connected', 'connected']));
      // And it goes again, without knowing it.
      meet(...members);
      await until(() => expect(members.map(states)).toEqual([['connected'], ['connected']]));
    }
  });

  it('give way to the newest, the longest there first, and keep no member out', async () => {
    const [caller, own] = keys(2) as [KeyObject, KeyObject];
    const node = await start(own, { limits: { observersMax: 2 } });
    node.transport.setPeers([callerOf(caller)]);
    const others = keys(5).filter((key) => publicKeyName(key) !== publicKeyName(own));
    const sockets_: TLSSocket[] = [];
    for (const key of others) {
      const socket = call(node, key);
      sockets_.push(socket);
      await once(socket, 'secureConnect');
      socket.write(frameOf(encodeGreeting(genesisHash)));
      socket.resume();
      await until(() => expect(node.transport.observers.at(-1)).toMatchObject({ name: publicKeyName(key), state: 'connected' }));
    }
    expect(node.transport.observers.map(({ name }) => name)).toEqual(others.slice(-2).map(publicKeyName));
    await Promise.all(sockets_.slice(0, -2).map(closed));
    await member(node, caller);
    expect(states(node)).toEqual(['connected', 'connected']);
  });

  it('may say less than a member, and are cut off like one', async () => {
    const [own, other] = keys(2) as [KeyObject, KeyObject];
    const node = await start(own, { limits: { observersMax: 2 } });
    const socket = call(node, other);
    await once(socket, 'secureConnect');
    const bytes = frameOf(encodeEnvelope({ epoch: 0, messages: [{ kind: 'transactions', transactions: [new Uint8Array(131_072)] }] })[0]!);
    socket.write(frameOf(encodeGreeting(genesisHash)));
    socket.resume();
    for (let sent = 0; sent <= observerBurstBytes + 10 * bytes.length; sent += bytes.length) socket.write(bytes);
    await closed(socket);
    await until(() => expect(node.transport.observers).toMatchObject([{ state: 'cut-off', fault: { code: 'PEER_FLOOD' } }]));
    expect(node.received.length * bytes.length).toBeLessThan(2 * observerBurstBytes);
    const again = call(node, other);
    again.resume();
    await closed(again);
    expect(states(node)).toEqual(['cut-off']);
  });

  it('with the key of the node itself, or of a member that shows another one, are none', async () => {
    const [own, first, second] = keys(3) as [KeyObject, KeyObject, KeyObject];
    const node = await start(own, { limits: { observersMax: 2 } });
    node.transport.setPeers([{ ...callerOf(first), transportKey: publicKeyName(second) }]);
    for (const key of [own, first]) {
      const socket = call(node, key);
      socket.resume();
      await closed(socket);
    }
    await until(() => expect(node.transport.strangers.refused).toBe(2));
    expect(node.transport.observers).toEqual([]);
  });
});

function plain(node: Node, text: string): Socket {
  const socket = connectPlain(node.transport.port, host);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => socket.destroy());
  socket.resume();
  if (text !== '') socket.write(text);
  sockets.push(socket);
  return socket;
}

describe('the greeting', () => {
  it.each([
    ['of another network', frameOf(encodeGreeting(`0x${'22'.repeat(32)}`)), 'PEER_OTHER_NETWORK'],
    ['of another version', frameOf(encodeGreeting(genesisHash, peerProtocolVersion + 1)), 'PEER_OTHER_VERSION'],
    ['that is an envelope', frameOf(encodeEnvelope(poll(1))[0]!), 'PEER_GARBAGE'],
    ['that is too long', frameOf(new Uint8Array(100)), 'PEER_GARBAGE'],
    ['that is empty', ping, 'PEER_GARBAGE'],
  ])('%s ends the connection', async (_name, greeting, code) => {
    const { node, caller, name } = await nodeWithCaller();
    const socket = call(node, caller);
    socket.on('secureConnect', () => socket.write(concatBytes(greeting, frameOf(encodeEnvelope(poll(2))[0]!))));
    socket.resume();
    await closed(socket);
    await until(() => expect(statusOf(node, name).fault?.code).toBe(code));
    expect(statusOf(node, name)).toMatchObject({ received: 0, sent: 0, connections: 0 });
    expect(node.received).toEqual([]);
  });

  it('tells both sides that their networks differ, and nothing goes between them', async () => {
    const [first, second] = keys(2) as [KeyObject, KeyObject];
    const nodes = [await start(first), await start(second, { genesis: `0x${'22'.repeat(32)}` })] as const;
    meet(...nodes);
    await until(() => {
      expect(statusOf(nodes[0], nodes[1].name).fault?.code).toBe('PEER_OTHER_NETWORK');
      expect(statusOf(nodes[1], nodes[0].name).fault?.code).toBe('PEER_OTHER_NETWORK');
    });
    nodes[0].transport.send(nodes[1].name, poll(1));
    expect(nodes.map(({ received }) => received)).toEqual([[], []]);
  });

  it('any input is one, or a DecodeError', () => {
    const { taken, refused } = fuzz({
      seed: 3,
      count: 100_000,
      samples: [encodeGreeting(genesisHash), encodeGreeting(`0x${'ff'.repeat(32)}`, 7)],
      decode: decodeGreeting,
      encode: (greeting) => encodeGreeting(greeting.genesisHash, greeting.version),
    });
    expect(taken + refused).toBe(100_000);
    expect(Math.min(taken, refused)).toBeGreaterThan(1_000);
  });
});

describe('a peer that misbehaves', () => {
  it.each([
    ['a frame that is too long', Uint8Array.of(...lengthOf(envelopeBytesMax + 1))],
    ['the longest length there is', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ['what is no envelope', frameOf(Uint8Array.of(1, 2, 3))],
    ['an envelope of nothing', frameOf(new Uint8Array(10))],
  ])('and sends %s is cut off for a while, and let in again afterwards', async (_name, garbage) => {
    const { node, caller, name } = await nodeWithCaller({ cutOffMs: 300 });
    const socket = await member(node, caller);
    socket.write(concatBytes(frameOf(encodeEnvelope(poll(1))[0]!), garbage, frameOf(encodeEnvelope(poll(2))[0]!)));
    socket.resume();
    await closed(socket);
    expect(statusOf(node, name)).toMatchObject({ received: 1, refused: 1, fault: { code: 'PEER_GARBAGE' } });
    expect(node.received).toEqual([{ from: name, envelope: poll(1) }]);
    await until(() => expect(statusOf(node, name).state).toBe('waiting'));
    await member(node, caller);
  });

  it('is not let in while it is cut off', async () => {
    const { node, caller, name } = await nodeWithCaller();
    const socket = await member(node, caller);
    socket.resume().write(frameOf(Uint8Array.of(1)));
    await closed(socket);
    const again = call(node, caller).resume();
    await closed(again);
    expect(statusOf(node, name)).toMatchObject({ state: 'cut-off', connections: 1 });
  });

  it('and stops in the middle of a frame has said nothing, and may call again', async () => {
    const { node, caller, name } = await nodeWithCaller();
    for (const kept of [1, 4, 5, 20]) {
      const socket = await member(node, caller);
      socket.end(frameOf(encodeEnvelope(poll(1))[0]!).subarray(0, kept));
      socket.resume();
      await closed(socket);
      await until(() => expect(statusOf(node, name)).toMatchObject({ state: 'waiting', fault: { code: 'PEER_LOST' } }));
    }
    expect(node.received).toEqual([]);
    expect(statusOf(node, name)).toMatchObject({ received: 0, connections: 4 });
  });

  it('and sends more than anybody may is cut off', async () => {
    const { node, caller, name } = await nodeWithCaller();
    const socket = await member(node, caller);
    const pings = concatBytes(...Array.from({ length: 1_000 }, () => ping));
    const enough = 4 * (inboundBurstBytes / messageCostBytes / 1_000);
    socket.resume();
    const closing = closed(socket);
    for (let burst = 0; burst < enough && !socket.destroyed; burst++)
      if (!socket.write(pings)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closing]);
    await closing;
    expect(statusOf(node, name)).toMatchObject({ state: 'cut-off', fault: { code: 'PEER_FLOOD' } });
  });

  it('and goes on with messages that are not what they say is cut off', async () => {
    const { node, caller, name } = await nodeWithCaller({ lies: { burst: 5, perSecond: 0.000_1 } });
    const socket = await member(node, caller);
    socket.resume();
    for (let lie = 0; lie < 5; lie++) node.transport.refuse(name);
    expect(statusOf(node, name)).toMatchObject({ state: 'connected', refused: 5 });
    node.transport.refuse(name);
    node.transport.refuse(`0x${'99'.repeat(32)}`); // nobody
    await closed(socket);
    expect(statusOf(node, name)).toMatchObject({ state: 'cut-off', refused: 6, fault: { code: 'PEER_LIES' } });
  });

  it('and falls silent is given up', async () => {
    const { node, caller, name } = await nodeWithCaller({ tickMs: 10, silentTicksMax: 3 });
    const socket = await member(node, caller);
    socket.resume();
    await closed(socket);
    expect(statusOf(node, name).fault?.code).toBe('PEER_SILENT');
  });

  it('is kept while it gives signs of life, and gets some', async () => {
    const [first, second] = keys(2) as [KeyObject, KeyObject];
    const limits = { tickMs: 20, silentTicksMax: 50 };
    const nodes = [await start(first, { limits }), await start(second, { limits })] as const;
    meet(...nodes);
    await connected(...nodes);
    await until(() => expect(statusOf(nodes[1], nodes[0].name).receivedBytes).toBeGreaterThan(200));
    expect(statusOf(nodes[1], nodes[0].name)).toMatchObject({ connections: 1, received: 0, state: 'connected' });
  });
});

function lengthOf(length: number): number[] {
  return [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
}

describe('a slow peer', () => {
  it('costs no more than its queue: the oldest is dropped, and the newest arrives in order', async () => {
    const queueMax = 8_388_608;
    const { node, caller, name } = await nodeWithCaller({ queueBytesMax: queueMax });
    const socket = await member(node, caller);
    socket.pause();
    const big = (height: number): Envelope => ({
      epoch: height,
      messages: [{ kind: 'transactions', transactions: Array.from({ length: 8 }, () => new Uint8Array(131_072)) }],
    });
    const count = 100;
    let highest = 0;
    for (let height = 1; height <= count; height++) {
      node.transport.send(name, big(height));
      await new Promise(setImmediate);
      highest = Math.max(highest, statusOf(node, name).queuedBytes);
    }
    const { dropped, sent, queuedBytes } = statusOf(node, name);
    expect(highest).toBeLessThanOrEqual(queueMax + 2 * envelopeBytesMax);
    expect(dropped).toBeGreaterThan(count / 2);
    expect(queuedBytes).toBeGreaterThan(queueMax / 2);
    expect(sent + dropped).toBeLessThan(count);
    const epochs: number[] = [];
    const reader = new FrameReader();
    let isGreeted = false;
    socket.on('data', (chunk: Buffer) => {
      reader.push(
        chunk,
        () => envelopeBytesMax,
        (frame) => {
          if (isGreeted && frame.length > 0) epochs.push(decodeEnvelope(frame).epoch);
          isGreeted = true;
          return true;
        },
      );
    });
    socket.resume();
    await until(() => expect(epochs.at(-1)).toBe(count));
    expect(epochs).toHaveLength(count - statusOf(node, name).dropped);
    expect([...epochs].sort((left, right) => left - right)).toEqual(epochs);
    await until(() => expect(statusOf(node, name).queuedBytes).toBe(0));
  });
});

describe('frames', () => {
  it('come out as they went in, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), fc.nat(), (payloads, seed) => {
        const random = new Seeded(seed);
        const stream = concatBytes(...payloads.map(frameOf));
        const reader = new FrameReader();
        const frames: Uint8Array[] = [];
        for (let offset = 0; offset < stream.length; ) {
          const length = 1 + random.below(40);
          reader.push(
            stream.slice(offset, offset + length),
            () => 300,
            (frame) => frames.push(frame) > 0,
          );
          offset += length;
        }
        expect(frames).toEqual(payloads);
      }),
    );
  });

  it('that are too long are refused at their length', () => {
    const reader = new FrameReader();
    const frames: Uint8Array[] = [];
    const push = () =>
      reader.push(
        concatBytes(frameOf(new Uint8Array(5)), frameOf(new Uint8Array(6))),
        () => 5,
        (frame) => frames.push(frame) > 0,
      );
    expect(push).toThrow(DecodeError);
    expect(frames).toEqual([new Uint8Array(5)]);
  });

  it('of any input are whole, or it is refused', () => {
    const random = new Seeded(5);
    let frames = 0;
    let refused = 0;
    for (let input = 0; input < 100_000; input++) {
      const reader = new FrameReader();
      const stream = Uint8Array.from({ length: 1 + random.below(40) }, () => (random.chance(0.8) ? 0 : random.below(12)));
      const whole: Uint8Array[] = [];
      try {
        reader.push(
          stream,
          () => 10,
          (frame) => whole.push(frame) > 0,
        );
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        refused++;
      }
      frames += whole.length;
      const again = concatBytes(...whole.map(frameOf));
      expect(Buffer.compare(again, stream.subarray(0, again.length))).toBe(0);
    }
    expect(Math.min(frames, refused)).toBeGreaterThan(10_000);
  });

  it('wait within a bound, against a plain queue', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({ max: 400 }), { freq: 2 })), (acts) => {
        const queue = new FrameQueue(1_000);
        const model: Uint8Array[] = [];
        for (const act of acts) {
          if (act === null) expect(queue.shift()).toBe(model.shift());
          else {
            const frame = new Uint8Array(act);
            model.push(frame);
            for (let dropped = queue.push(frame); dropped > 0; dropped--) model.shift();
          }
          expect(queue.bytes).toBe(model.reduce((sum, { length }) => sum + length + 128, 0));
          expect(queue.bytes).toBeLessThanOrEqual(1_000);
          expect(queue.isEmpty).toBe(model.length === 0);
        }
        expect(queue.clear()).toBe(model.length);
      }),
    );
  });
});
