/**
 * An own network as the app makes and runs it: the operator's and the network's services, joined by links as main joins
 * them, from the creation to the revocation of a person.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createParticipant, type Participant } from '../../core/services/participant.ts';
import { entityRoles } from '../../core/sharing/chain-reader.ts';
import { type ChannelName, contract, type RequestOf, type ResponseOf } from '../../electron/ipc-contract.ts';
import { Link, type Port } from '../../electron/link.ts';
import { startNetworkService } from '../../electron/services/network-service.ts';
import { startOperator } from '../../electron/services/operator-service.ts';
import type { StartedService, Surroundings } from '../../electron/services/service-process.ts';
import { progressView } from '../../electron/views.ts';

const networkId = 'abcdefgh';
const key = new Uint8Array(32).fill(7);
const proxyCount = 3;

/** A service as main sees it. */
class Supervised {
  readonly link: Link;
  readonly told: { readonly event: string; readonly value: unknown }[] = [];
  #service: StartedService | undefined;
  readonly #inside: Link;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.link = new Link(port1 as unknown as Port);
    this.#inside = new Link(port2 as unknown as Port);
    for (const event of ['data.changed', 'failed']) this.link.listen(event, (value) => this.told.push({ event, value }));
  }

  async start(start: (surroundings: Surroundings) => Promise<StartedService>, peers: ReadonlyMap<string, Supervised> = new Map()) {
    this.#service = await start({
      main: this.#inside,
      // One that does not run is never connected.
      peer: (kind) => (peers.has(kind) ? Promise.resolve((peers.get(kind) as Supervised).link) : new Promise(() => undefined)),
      log: () => undefined,
    });
    this.#inside.answer(this.#service.handlers);
    return this;
  }

  /** Asks as a window does; the answer is held to the contract. */
  async ask<Name extends ChannelName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    return contract[name].response.parse(await this.link.call(name, request)) as ResponseOf<Name>;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

describe('an own network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-network-'));
  const home = join(folder, 'network');
  const services: Supervised[] = [];
  const proxies = new Map<string, Supervised>();
  const operator = new Supervised();
  let pkg: Supervised;
  let person: Participant;

  const serve = async (kind: 'validator' | 'pkg' | 'proxy', ...names: string[]) => {
    const config = { homes: names.map((name) => join(home, name)), key };
    const service = await new Supervised().start((surroundings) => startNetworkService(kind, config, surroundings));
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    await operator.start((surroundings) => startOperator({ home, key }, surroundings), proxies);
  });

  afterAll(async () => {
    await person?.close();
    await operator.stop();
    for (const service of services.reverse()) await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is not there before it was made', async () => {
    await expect(operator.ask('ownNetwork.blocks', { networkId, before: null })).rejects.toMatchObject({ code: 'NETWORK_NOT_MADE' });
  });

  test('leaves nothing that counts when its creation is cancelled, and is made when it is asked for again', async () => {
    const plan = { name: 'Ours', proxies: proxyCount, threshold: 2 };
    const cancelling = new AbortController();
    const cancelled = operator.link.call('create', plan, {
      signal: cancelling.signal,
      onProgress: (value) => {
        if (progressView.parse(value).step === 'network-contracts') cancelling.abort(new Error('thought better of it'));
      },
    });
    await expect(cancelled).rejects.toThrow('thought better of it');
    await expect(operator.ask('ownNetwork.applications', { networkId })).rejects.toMatchObject({ code: 'NETWORK_NOT_MADE' });

    const steps: string[] = [];
    let fraction = 0;
    const made = await operator.link.call('create', plan, {
      onProgress: (value) => {
        const progress = progressView.parse(value);
        if (!steps.includes(progress.step)) steps.push(progress.step);
        expect(progress.fraction).toBeGreaterThanOrEqual(fraction);
        fraction = progress.fraction as number;
      },
    });
    expect(made).toEqual({ name: 'Ours', development: true, groups: [3, 3, 3, 3], proxies: proxyCount, threshold: 2 });
    expect(steps).toEqual(['network-keys', 'network-circuits', 'network-chain', 'network-contracts', 'network-file']);
    await expect(operator.link.call('create', plan)).rejects.toMatchObject({ code: 'NETWORK_EXISTS' });
  });

  test('runs its services from their homes, each only as what it is', async () => {
    for (const group of [1, 2, 3, 4]) await serve('validator', ...[1, 2, 3].map((member) => `validator-${group}-${member}`));
    pkg = await serve('pkg', 'pkg');
    // The third one stays off.
    for (const index of [1, 2]) proxies.set(`proxy-${index}`, await serve('proxy', `proxy-${index}`));
    for (const service of services) expect(await service.link.call('status', {})).toMatchObject({ url: expect.stringMatching(/^http:/) });
    await expect(serve('validator', 'pkg')).rejects.toMatchObject({ code: 'HOME_NOT_A_SERVICE' });
    await expect(serve('proxy', 'proxy-1')).rejects.toMatchObject({ code: 'HOME_IN_USE' });
  });

  test('shows its blocks page by page, the newest first', async () => {
    const newest = await operator.ask('ownNetwork.blocks', { networkId, before: null });
    const numbers = newest.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((left, right) => right - left));
    expect(numbers.at(-1)).toBe(0);
    const before = await operator.ask('ownNetwork.blocks', { networkId, before: 2 });
    expect(before.map(({ number }) => number)).toEqual([1, 0]);
    expect(await operator.ask('ownNetwork.blocks', { networkId, before: 0 })).toEqual([]);
  });

  test('shows its validators by group, and what it can bear', async () => {
    const { groups, resilience, epoch, height } = await vi.waitFor(
      async () => {
        const seen = await operator.ask('ownNetwork.validators', { networkId });
        for (const member of seen.groups.flat()) expect(member).toMatchObject({ state: 'running', role: expect.any(String) });
        return seen;
      },
      { timeout: 60_000, interval: 250 },
    );
    expect(groups.map((group) => group.map(({ role }) => role).toSorted())).toEqual(groups.map(() => ['follower', 'leader', 'supervisor']));
    expect(epoch).toBe(0);
    expect(height).toBeGreaterThan(0);
    expect(resilience).toMatchObject({ makesBlocks: true, groupsToSpare: 1, membersToSpare: 3, lyingGroupsMax: 1, liarsThatFork: 2 });
  });

  test('shows what is in a block, and why it is final with nothing but the genesis document', async () => {
    const [newest] = await operator.ask('ownNetwork.blocks', { networkId, before: null });
    const calls: (string | null)[] = [];
    for (let number = newest!.number; number > 0; number--) {
      const block = await operator.ask('ownNetwork.block', { networkId, number });
      expect(block.number).toBe(number);
      for (const { succeeded, gasUsed, kind, contract, method } of block.transactions) {
        expect({ succeeded, hasGas: gasUsed > 0 }).toEqual({ succeeded: true, hasGas: true });
        calls.push(kind === 'call' ? `${contract}.${method}` : kind);
      }
    }
    // The network's making: its contracts, and the keys that proofs are checked with.
    expect(calls).toEqual(expect.arrayContaining(['creation', 'groth16Verifier.register', 'groth16Verifier.seal']));
    const proof = await operator.ask('ownNetwork.checkBlock', { networkId, number: newest!.number });
    expect(proof).toMatchObject({ hash: newest!.hash, epoch: 0, groups: 4 });
    expect(proof.signers.map(({ members, keys }) => [members, keys.length])).toEqual(proof.signers.map(() => [3, 2]));
    expect(proof.signers).toHaveLength(3);
    expect(await operator.ask('ownNetwork.block', { networkId, number: 0 })).toMatchObject({ number: 0, transactions: [] });
    const beyond = { networkId, number: newest!.number + 1_000 };
    await expect(operator.ask('ownNetwork.block', beyond)).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
    await expect(operator.ask('ownNetwork.checkBlock', beyond)).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' });
  });

  test('shows what lies at each proxy, and which one does not answer', async () => {
    const views = await operator.ask('ownNetwork.proxies', { networkId });
    expect(views.map(({ index, reachable }) => [index, reachable])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(views[0]).toMatchObject({ ciphertexts: 0, uploads: 0, headers: 0, grants: [], freeBytes: expect.any(Number) });
  });

  test('takes a person in: application, approval, coins, enrolment', async () => {
    const opened = await createParticipant({
      home: join(folder, 'person'),
      lock: { key },
      networkFile: readFileSync(join(home, 'network.json'), 'utf8'),
      artifactFolder: join(folder, 'artifacts'),
    });
    person = opened.participant;
    await person.apply({ name: 'Ada Beispiel', contact: 'ada@example.org', roles: entityRoles.owner });
    await vi.waitFor(() => expect(pkg.told).toContainEqual({ event: 'data.changed', value: { topics: ['operator'] } }));
    const [application] = await operator.ask('ownNetwork.applications', { networkId });
    expect(application).toMatchObject({ state: 'pending', roles: ['owner'], name: 'Ada Beispiel', pseudonyms: 0 });
    const { applicationId } = application!;
    const approved = await operator.ask('ownNetwork.decide', { networkId, applicationId, outcome: 'approve', reason: '' });
    expect(approved).toMatchObject({ state: 'approved', roles: ['owner'] });
    const { address } = person.keysOf(0).account;
    const amount = 10n ** 18n;
    // Two at once: the treasury sends one after the other.
    await Promise.all([1, 2].map(() => operator.ask('ownNetwork.fund', { networkId, address, amount: amount.toString() })));
    expect(await person.market.balance(address)).toBe(2n * amount);
    await person.enrol(1);
    expect(await person.chain.entity(address)).toMatchObject({ revoked: false });
  });

  test('lets a revocation count on the chain, and a repeated one change nothing', async () => {
    const [application] = await operator.ask('ownNetwork.applications', { networkId });
    const request = { networkId, applicationId: application!.applicationId, outcome: 'revoke', reason: 'left the company' } as const;
    expect(await operator.ask('ownNetwork.decide', request)).toMatchObject({ state: 'revoked', pseudonyms: 1 });
    expect(await person.chain.entity(person.keysOf(0).account.address)).toMatchObject({ revoked: true });
    expect(await operator.ask('ownNetwork.decide', request)).toMatchObject({ state: 'revoked' });
  });

  test('shows how fast blocks became final', async () => {
    const pace = await operator.ask('ownNetwork.pace', { networkId, minutes: 60 });
    // Coins, enrolment, revocation: each was handed in at a validator that is asked.
    expect(pace).toMatchObject({ blocks: expect.any(Number), at: expect.any(Array) });
    expect(pace!.transactions).toBeGreaterThanOrEqual(4);
    expect(pace!.waits?.count).toBe(pace!.transactions);
    expect(pace!.perSecond.some((rate) => rate !== null && rate > 0)).toBe(true);
    expect(pace!.perSecond[0]).toBeNull();
    expect(pace!.greatestMs.some((wait) => wait !== null && wait > 0)).toBe(true);
  });

  test('goes on without one group, says so, and not without two', async () => {
    const [first, second] = services;
    await first!.stop();
    const without = await operator.ask('ownNetwork.validators', { networkId });
    expect(without.groups[0]?.map(({ state, fault }) => [state, fault?.code])).toEqual(
      Array.from({ length: 3 }, () => ['unreachable', 'SERVICE_UNREACHABLE']),
    );
    expect(without.resilience).toMatchObject({ makesBlocks: true, groupsThatVote: 3, groupsToSpare: 0, membersToSpare: 1 });
    const { address } = person.keysOf(0).account;
    await operator.ask('ownNetwork.fund', { networkId, address, amount: '1' });
    await second!.stop();
    const { resilience } = await operator.ask('ownNetwork.validators', { networkId });
    expect(resilience).toMatchObject({ makesBlocks: false, groupsThatVote: 2, quorum: 3 });
  });

  test('refuses an application that does not exist', async () => {
    const request = { networkId, applicationId: `0x${'12'.repeat(16)}`, outcome: 'approve', reason: '' } as const;
    await expect(operator.ask('ownNetwork.decide', request)).rejects.toMatchObject({ code: 'PKG_APPLICATION_UNKNOWN' });
  });
});
