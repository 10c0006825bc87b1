/** The validators of a network change while it runs: twelve of them, and one more that joins, over real sockets. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { readGenesisFile } from '../../core/adapters/genesis-file.ts';
import { homeDocuments } from '../../core/adapters/home-documents.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { recordedMisbehaviour } from '../../core/adapters/misbehaviour-client.ts';
import { signerOf } from '../../core/adapters/node-ed25519.ts';
import { PeerTransport } from '../../core/adapters/peer-transport.ts';
import { fromHex, type Hex, toHex } from '../../core/base/bytes.ts';
import { Committee } from '../../core/consensus/committee.ts';
import { voteBytes } from '../../core/consensus/vote.ts';
import { encodeMembershipOrder, membershipAddress } from '../../core/ledger/system-transactions.ts';
import { type ListedValidator, membersOf, type ValidatorList } from '../../core/ledger/validators.ts';
import { type CertifiedBytes, committeesOf, verifyBlock } from '../../core/services/block-verification.ts';
import { createNetwork } from '../../core/services/network-creation.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { type NetworkOperator, openNetworkOperator, openOperatorKeys } from '../../core/services/network-operator.ts';
import { type Running, startService } from '../../core/services/service-home.ts';
import { createValidator } from '../../core/services/validator-creation.ts';
import { openValidatorKeys } from '../../core/services/validator-state.ts';
import type { Network } from '../../core/sharing/network-file.ts';
import { freePortsInARow } from '../story/story-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-members-'));
const shape = { proxies: 1, groups: [3, 3, 3, 3] };
const lock = { passphrase: 'a passphrase of a test' };
const chainId = 76_403;
const account: Hex = `0x${'ab'.repeat(20)}`;

/** PKG, proxy, and two of each validator. */
const networkPorts = 26;

let network: Network;
let nextPort: number;
let operator: NetworkOperator;
let treasury: Wallet;
const running = new Map<string, Running>();
const failures: unknown[] = [];

const homes = networkFolders(folder, shape).validators;
const homeOf = (group: number, member: number): string => homes[group]?.[member] as string;

async function start(...those: readonly string[]): Promise<void> {
  const started = await Promise.all(
    those.map((home) =>
      startService(
        home,
        lock,
        () => undefined,
        (error) => failures.push(error),
      ),
    ),
  );
  for (const [index, home] of those.entries()) running.set(home, started[index] as Running);
}

async function stop(...those: readonly string[]): Promise<void> {
  await Promise.all(those.map((home) => running.get(home)?.stop()));
  for (const home of those) running.delete(home);
}

/** A question to the validator in a home. */
async function ask<Answer>(home: string, method: string, ...params: unknown[]): Promise<Answer> {
  const provider = new ChainProvider([running.get(home)?.url as string], chainId);
  try {
    return (await provider.send(method, params)) as Answer;
  } finally {
    provider.destroy();
  }
}

const heightOf = async (home: string): Promise<number> => Number(await ask<Hex>(home, 'eth_blockNumber'));

async function reached(home: string, height: number): Promise<void> {
  while ((await heightOf(home)) < height) await delay(50);
}

/** A transfer that is final, by way of one validator; gives its height. */
async function transfer(home: string): Promise<number> {
  const nonce = Number(await ask<Hex>(home, 'eth_getTransactionCount', treasury.address, 'pending'));
  const raw = await treasury.signTransaction({ type: 0, chainId, gasPrice: 0n, gasLimit: 21_000n, to: account, nonce, value: 1n });
  const hash = await ask<Hex>(home, 'eth_sendRawTransaction', raw);
  for (;;) {
    const receipt = await ask<{ blockNumber: Hex } | null>(home, 'eth_getTransactionReceipt', hash);
    if (receipt !== null) return Number(receipt.blockNumber);
    await delay(50);
  }
}

async function makeValidator(name: string): Promise<{ home: string; listed: ListedValidator }> {
  const home = join(folder, name);
  const listed = await createValidator({
    home,
    lock,
    network: join(folder, 'network.json'),
    host: '127.0.0.1',
    port: nextPort++,
    rpcPort: 0,
  });
  expect(JSON.parse(readFileSync(join(home, 'validator.json'), 'utf8'))).toEqual(listed);
  return { home, listed };
}

beforeAll(async () => {
  // None that the system gives to others while a validator is stopped.
  nextPort = (await freePortsInARow(networkPorts + 2)) + networkPorts;
  network = await createNetwork({
    home: folder,
    lock,
    name: 'Network whose members change',
    chainId,
    groups: shape.groups,
    proxies: 1,
    threshold: 1,
    templates: ['range-1x32'],
    firstPort: nextPort - networkPorts,
  });
  await start(...homes.flat());
  const store = await HomeStore.open(networkFolders(folder, shape).operator, lock);
  treasury = new Wallet((await openOperatorKeys(store)).treasuryKey);
  await store.close();
  operator = await openNetworkOperator(folder, network, lock);
});

afterAll(async () => {
  await operator.close();
  await stop(...running.keys());
  rmSync(folder, { recursive: true });
  expect(failures).toEqual([]);
});

describe('an order that changes nobody', () => {
  const order = (validators: ValidatorList, changes: object = {}): Hex =>
    toHex(encodeMembershipOrder({ genesisHash: network.chain.genesisHash as Hex, epoch: 0, validators, ...changes }));
  const send = async (data: Hex, wallet = treasury, value = 0n): Promise<string> => {
    const home = homeOf(0, 0);
    const nonce = Number(await ask<Hex>(home, 'eth_getTransactionCount', wallet.address, 'pending'));
    const raw = await wallet.signTransaction({
      type: 0,
      chainId,
      gasPrice: 0n,
      gasLimit: 1_000_000n,
      to: membershipAddress,
      nonce,
      value,
      data,
    });
    return ask<string>(home, 'eth_sendRawTransaction', raw).catch((error: Error) => error.message);
  };

  test('is refused at its submission, with why', async () => {
    const { validators } = await operator.validators();
    const comer: ListedValidator = { key: `0x${'01'.repeat(32)}`, transportKey: `0x${'02'.repeat(32)}`, host: '127.0.0.1', port: 9 };
    const [[first, ...others], ...rest] = validators as [ListedValidator[], ...ListedValidator[][]];
    const replaced = [[comer, ...others], ...rest];
    expect(await send(order(replaced), Wallet.createRandom() as unknown as Wallet)).toContain(
      'is not the one that the genesis document lets change them',
    );
    expect(await send('0x1234')).toContain('its data are no list of members');
    expect(await send(order(replaced), treasury, 1n)).toContain('it sends coins');
    expect(await send(order(replaced, { epoch: 1 }))).toContain('it is for epoch 1, and this is epoch 0');
    expect(await send(order(replaced, { genesisHash: `0x${'03'.repeat(32)}` }))).toContain('it is for another network');
    expect(await send(order(validators))).toContain('it changes nothing');
    expect(await send(order([others, ...rest]))).toContain('a group has 3 to 64 members');
    expect(await send(order(rest))).toContain('a network has 4 to 64 groups');
    expect(await send(order([[comer, comer, ...others], ...rest]))).toContain('every key is named once');
    expect(await send(order([[...others, comer], ...rest]))).toContain('whoever stays keeps its group and place');
    expect(await send(order([[comer, { ...(others[0] as ListedValidator), port: 1 }, ...others.slice(1)], ...rest]))).toContain(
      'one validator is changed at a time',
    );
    expect(
      await send(
        order([[first as ListedValidator, ...others, { ...comer, transportKey: (first as ListedValidator).transportKey }], ...rest]),
      ),
    ).toContain('every transport key is named once');
    expect((await operator.validators()).number).toBe(0);
  });

  test("is refused by the operator's own program before it is signed", async () => {
    const { validators } = await operator.validators();
    const key = validators[0]?.[0]?.key as Hex;
    await expect(operator.changeValidators({ kind: 'remove', key })).rejects.toMatchObject({
      code: 'MEMBERSHIP_CHANGE_REFUSED',
      message: expect.stringContaining('a group has 3 to 64 members'),
    });
    await expect(operator.changeValidators({ kind: 'remove', key: `0x${'09'.repeat(32)}` })).rejects.toMatchObject({
      code: 'MEMBERSHIP_CHANGE_REFUSED',
    });
  });
});

describe('a member that is replaced', () => {
  let joined: string;

  test('gives its place to one that followed the chain before', async () => {
    const { home, listed } = await makeValidator('joining');
    await start(home);
    joined = home;
    await reached(home, await transfer(homeOf(0, 0)));
    const { validators } = await operator.validators();
    const leaving = validators[1]?.[0]?.key as Hex;
    const epoch = await operator.changeValidators({ kind: 'replace', key: leaving, by: listed });
    expect(epoch.number).toBe(1);
    expect(epoch.validators[1]?.[0]).toEqual(listed);
    await reached(home, await transfer(homeOf(0, 0)));
    expect(await ask(home, 'vouchsafe_validators')).toEqual(epoch);
    const certified = async (height: number): Promise<CertifiedBytes> => {
      const answer = await ask<{ block: Hex; certificate: { kind: string; votes: Hex } }>(home, 'vouchsafe_certifiedBlock', height);
      return { block: fromHex(answer.block), certificate: { ...answer.certificate, votes: fromHex(answer.certificate.votes) } };
    };
    const document = await readGenesisFile(join(folder, 'genesis.json'));
    const [last, first] = [await certified(epoch.startHeight), await certified(epoch.startHeight + 1)];
    expect(verifyBlock(document, epoch.startHeight + 1, first, committeesOf(document, [last])).block.header.epoch).toBe(1);
    expect(() => verifyBlock(document, epoch.startHeight + 1, first)).toThrow('whose members are not known');
    expect(() => committeesOf(document, [first])).toThrow('whose members are not known');
    expect(() => committeesOf(document, [last, last])).toThrow('it is not the last one of epoch 1');
  });

  test('follows the chain and answers, but its vote is not needed', async () => {
    const removed = homeOf(1, 0);
    await reached(removed, await transfer(homeOf(0, 0)));
    // Through it, too, transactions get to those who order.
    const height = await transfer(removed);
    await stop(removed);
    expect(await transfer(homeOf(2, 0))).toBeGreaterThan(height);
  });

  test('is not missed, and the one in its place votes: without it nothing would be final', async () => {
    // One whole group, and of the group of the new member one of the other two: what is left needs its votes.
    await stop(...(homes[3] as string[]), homeOf(1, 1));
    const height = await transfer(homeOf(0, 0));
    await reached(joined, height);
  });

  test('stays replaced when all have been started again', async () => {
    const known = await heightOf(homeOf(0, 0));
    const all = [...homes.flat(), joined];
    await stop(...running.keys());
    await start(...all);
    await reached(homeOf(3, 2), known);
    const epoch = await ask<{ number: number }>(homeOf(3, 2), 'vouchsafe_validators');
    const height = await transfer(homeOf(3, 2));
    expect(height).toBeGreaterThan(known);
    for (const home of all) await reached(home, height);
    expect(epoch.number).toBe(1);
    expect(await ask(homeOf(1, 0), 'vouchsafe_validators')).toEqual(await ask(joined, 'vouchsafe_validators'));
  });

  test('can come back, and one more be added and removed', async () => {
    const { home, listed } = await makeValidator('fourth of its group');
    await start(home);
    expect((await operator.changeValidators({ kind: 'add', group: 0, validator: listed })).number).toBe(2);
    expect((await operator.changeValidators({ kind: 'remove', key: listed.key as Hex })).number).toBe(3);
    const document = await readGenesisFile(join(folder, 'genesis.json'));
    const [place] = (await operator.validators()).validators[1] as [ListedValidator];
    const first = document.validators[1]?.[0] as ListedValidator;
    expect((await operator.changeValidators({ kind: 'replace', key: place.key as Hex, by: first })).validators).toEqual(
      document.validators,
    );
    await stop(...(homes[2] as string[]), homeOf(1, 2)); // so that its vote is needed
    const height = await transfer(homeOf(0, 0));
    await reached(home, height);
    await reached(joined, height);
    await start(...(homes[2] as string[]), homeOf(1, 2));
  });
});

describe('a member that signs what it must not', () => {
  test('is found out by the others, who have the proof recorded once, each from an account without coins', async () => {
    const home = homeOf(3, 0);
    await stop(home);
    const store = await HomeStore.open(home, lock);
    const keys = await openValidatorKeys(homeDocuments(store), home);
    await store.close();
    const { number: epoch, validators } = await operator.validators();
    const genesisHash = network.chain.genesisHash as Hex;
    const committee = new Committee(genesisHash, epoch, membersOf(validators));
    const self = validators[3]?.[0] as ListedValidator;
    const member = committee.memberWith(self.key as Hex) as number;
    const transport = await PeerTransport.start({
      name: self.key as Hex,
      privateKey: keys.transport,
      genesisHash,
      host: self.host,
      port: self.port,
      peers: validators.flat().map((peer) => ({ ...peer, name: peer.key as Hex, transportKey: peer.transportKey as Hex })),
      onEnvelope: () => undefined,
      random: Math.random,
    });
    const provider = new ChainProvider(network.chain.rpcUrls, chainId);
    try {
      const sign = signerOf(keys.consensus);
      while ((await recordedMisbehaviour(provider)).length === 0) {
        const { height: final, view } = await ask<{ height: number; view: number }>(homeOf(3, 1), 'vouchsafe_status');
        const votes = ['01', '02'].map((name) => {
          const ballot = { phase: 'prepare' as const, height: final + 1, view, blockHash: `0x${name.repeat(32)}` as Hex };
          return { kind: 'vote' as const, vote: { ...ballot, member, signature: sign(voteBytes(committee, 3, ballot)) } };
        });
        for (const { key } of validators.flat()) transport.send(key as Hex, { epoch, messages: votes });
        await delay(200);
      }
      const [record, ...more] = await recordedMisbehaviour(provider);
      expect(record).toMatchObject({ accused: self.key, kind: 'two-prepares', epoch: BigInt(epoch) });
      await transfer(homeOf(0, 0));
      expect(more.filter(({ height }) => height === record?.height)).toEqual([]);
    } finally {
      provider.destroy();
      await transport.close();
    }
  });
});
