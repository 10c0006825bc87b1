/**
 * What TypeScript and Solidity must agree on (docs/formats.md, "Contracts" and "Requirement and statements"): identifiers, bindings,
 * EIP-712 structs as ethers signs them, the order of public signals, the comparison of partials. One offer goes from enrolment to
 * payment through the deployed bytecode with the real verifier, every value computed by core or ethers.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { TypedDataEncoder, Wallet } from 'ethers';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Hex, toHex, utf8 } from '../../core/base/bytes.ts';
import { FIELD_ORDER, KEYWORDS_MAX, SLOTS_MAX } from '../../core/dataset/constants.ts';
import {
  circuitId,
  datasetIdOf,
  evaluatePartials,
  offerBinding,
  offerIdOf,
  partialsChallenge,
  requestIdOf,
  requirementBinding,
  templateId,
} from '../../core/proofs/identifiers.ts';
import { proofTemplates } from '../../core/proofs/templates.ts';
import { entityRoles, entityRolesAll, offerStates } from '../../core/sharing/chain-reader.ts';
import { type LocalContract, LocalEvm } from './local-evm.ts';
import { trapdoorKey, trapdoorProof } from './trapdoor-proofs.ts';

const wallet = (digit: string): Wallet => new Wallet(`0x${digit.repeat(64)}`);
const pkg = wallet('1');
const owner = wallet('2');
const consumer = wallet('3');
const address = (of: Wallet): Hex => of.address.toLowerCase() as Hex;
const word = (digit: string): Hex => `0x${digit.repeat(64)}`;

const enrolmentType = {
  Enrolment: [
    { name: 'pseudonym', type: 'address' },
    { name: 'requestKey', type: 'bytes32' },
    { name: 'messageKey', type: 'bytes32' },
    { name: 'roles', type: 'uint32' },
    { name: 'expiry', type: 'uint64' },
    { name: 'secretCommitment', type: 'uint256' },
  ],
};
const dataRecordType = {
  DataRecord: [
    { name: 'datasetId', type: 'bytes32' },
    { name: 'owner', type: 'address' },
    { name: 'datasetRoot', type: 'uint256' },
    { name: 'headerHash', type: 'bytes32' },
    { name: 'ciphertextHash', type: 'bytes32' },
    { name: 'ciphertextSize', type: 'uint64' },
    { name: 'recordedAt', type: 'uint64' },
  ],
};
const segmentType = {
  SegmentStatement: [
    { name: 'publicSignals', type: 'uint256[9]' },
    { name: 'deadline', type: 'uint256' },
  ],
};
const aggregateType = {
  AggregateStatement: [
    { name: 'publicSignals', type: 'uint256[11]' },
    { name: 'deadline', type: 'uint256' },
  ],
};
const grantType = {
  Grant: [
    { name: 'offerId', type: 'uint256' },
    { name: 'grantHash', type: 'bytes32' },
    { name: 'threshold', type: 'uint8' },
    { name: 'proxies', type: 'uint8' },
    { name: 'liveUntil', type: 'uint64' },
  ],
};

let evm: LocalEvm;
let registry: LocalContract;
let records: LocalContract;
let verifier: LocalContract;
let market: LocalContract;

const domain = (contract: LocalContract) => ({
  name: 'Vouchsafe',
  version: '1',
  chainId: evm.chainId,
  verifyingContract: contract.address,
});

async function enrolment(of: Wallet, roles: number) {
  const value = {
    pseudonym: address(of),
    requestKey: word('a'),
    messageKey: word('b'),
    roles,
    expiry: evm.timeSeconds + 86_400n,
    secretCommitment: 0n,
  };
  return [value, await pkg.signTypedData(domain(registry), enrolmentType, value)] as const;
}

beforeAll(async () => {
  evm = await LocalEvm.create();
  for (const account of [pkg, owner, consumer]) await evm.fund(account.address, 10n ** 21n);
  registry = await evm.deploy(pkg.address, 'entityRegistry', pkg.address, word('c'), true);
  records = await evm.deploy(pkg.address, 'dataRecords', registry.address);
  verifier = await evm.deploy(pkg.address, 'groth16Verifier');
  for (const [circuit, signals] of [
    ['requirement', 34],
    ['segment-range-1x32', 9],
    ['aggregate-range-1x32', 11],
  ] as const) {
    await evm.call(pkg.address, verifier, 'register', [circuitId(circuit), trapdoorKey(signals)]);
  }
  await evm.call(pkg.address, verifier, 'seal', []);
  market = await evm.deploy(pkg.address, 'sharingMarket', registry.address, records.address, verifier.address);
});

describe('constants', () => {
  test('roles are the same bits', async () => {
    await expect(
      enrolment(wallet('4'), entityRolesAll + 1).then((values) => evm.call(pkg.address, registry, 'enrol', values)),
    ).rejects.toThrow('EnrolmentInvalid()');
    await evm.call(pkg.address, registry, 'enrol', await enrolment(wallet('4'), entityRolesAll));
    for (const role of Object.values(entityRoles)) expect(await evm.read(registry, 'isLive', wallet('4').address, role)).toBe(true);
  });

  test('requirements have the same number of slots and keywords', () => {
    const fields = market.abi.getFunction('publish')!.inputs.find(({ name }) => name === 'fields')!;
    const lengthOf = (name: string) => fields.components!.find((component) => component.name === name)!.arrayLength;
    expect([lengthOf('slots'), lengthOf('meanHi'), lengthOf('keywords')]).toEqual([SLOTS_MAX, SLOTS_MAX, KEYWORDS_MAX]);
  });

  test('the states of an offer are named in the same order', () => {
    expect(offerStates).toEqual([
      'none',
      'proving',
      'verified',
      'accepted',
      'granted',
      'delivered',
      'disputed',
      'paid',
      'refunded',
      'expired',
      'revoked',
    ]);
  });

  test('templates are named after their shape, with the capacities that the contract knows', () => {
    for (const { name, slots, width, capacity, segment, aggregate } of proofTemplates) {
      const long = capacity === 512;
      expect([64, 512]).toContain(capacity);
      expect(name).toBe(`range-${slots}x${width}${long ? '-long' : ''}`);
      expect(segment).toBe(`segment-range-${slots}x${width}`);
      expect(aggregate).toBe(`aggregate-${name}`);
    }
  });
});

describe('one offer, from enrolment to payment', () => {
  const price = 10n ** 18n;
  const bond = 10n ** 16n;
  const datasetSalt = word('d');
  const datasetId = datasetIdOf(address(owner), datasetSalt);
  const datasetRoot = FIELD_ORDER - 1n;
  const header = utf8('ctx, C1, C2, C4');
  const grantBytes = utf8('grantCtx, t, n, proxies, K1, W, R');
  const requirementHash = 4n;
  const salt = word('5');
  const template = 'range-1x32';
  const record = {
    datasetId,
    owner: address(owner),
    datasetRoot,
    headerHash: toHex(sha256(header)),
    ciphertextHash: word('e'),
    ciphertextSize: 4096n,
    recordedAt: 1_800_000_000n,
  };
  const empty = { colHash: 0n, lo: 0n, hi: 0n, meanLo: 0n };
  const fields = {
    slotCount: 1,
    minRows: 1000n,
    timeUsed: true,
    timeFrom: 10n,
    timeTo: 20n,
    minSpan: 3n,
    width: 32,
    keywords: [5n, 6n, 0n, 0n],
    meanHi: [90n, 0n, 0n, 0n],
    slots: [{ colHash: 7n, lo: 2n, hi: 100n, meanLo: 10n }, empty, empty, empty],
  };
  const partials = [77n, FIELD_ORDER - 2n, 99n];
  let requestId: Hex;
  let offerId: bigint;
  let deadline: bigint;
  let binding: bigint;

  /** Enrols by the PKG's signature. */
  async function enrol(): Promise<void> {
    await evm.call(consumer.address, registry, 'enrol', await enrolment(owner, entityRoles.owner));
    await evm.call(consumer.address, registry, 'enrol', await enrolment(consumer, entityRoles.consumer));
    expect((await evm.read(registry, 'entity', owner.address)).requestKey).toBe(word('a'));
  }

  /** Records by the owner's signature, under the struct hash of EIP-712. */
  async function recordDataset(): Promise<void> {
    const signature = await owner.signTypedData(domain(records), dataRecordType, record);
    const { datasetId: _, ...fields } = record;
    await evm.call(consumer.address, records, 'record', [datasetSalt, ...Object.values(fields), signature]);
    expect(await evm.read(records, 'recordHash', datasetId)).toBe(TypedDataEncoder.hashStruct('DataRecord', dataRecordType, record));
    const beyond = { ...fields, datasetRoot: FIELD_ORDER };
    const otherId = datasetIdOf(address(owner), word('e'));
    const signed = await owner.signTypedData(domain(records), dataRecordType, { datasetId: otherId, ...beyond });
    await expect(evm.call(owner.address, records, 'record', [word('e'), ...Object.values(beyond), signed])).rejects.toThrow(
      'DatasetRootInvalid',
    );
  }

  /** Publishes a requirement with the public signals in the order of the formats. */
  async function publish(): Promise<void> {
    const place = { chainId: evm.chainId, market: market.address as Hex, publisher: address(consumer) };
    requestId = requestIdOf(address(consumer), salt);
    deadline = evm.timeSeconds + 80_000n;
    const signals = [
      ...[1n, requirementHash, 1n, 1000n, 1n, 10n, 20n, 3n, 32n],
      ...[5n, 6n, 0n, 0n],
      ...[90n, 0n, 0n, 0n],
      ...[7n, 2n, 100n, 10n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n],
      requirementBinding({ ...place, requestId, deadline }),
    ];
    expect(signals).toHaveLength(34);
    const terms = {
      price,
      bond,
      deadline,
      grantWindow: 600,
      deliverWindow: 600,
      confirmWindow: 600,
      currency: `0x${'0'.repeat(40)}`,
      exclusiveUntil: 0n,
      arbitersHash: word('0'),
    };
    const wrong = signals.with(9, 6n).with(10, 5n);
    await expect(
      evm.call(consumer.address, market, 'publish', [salt, requirementHash, fields, terms, trapdoorProof(wrong), 'words'], price),
    ).rejects.toThrow('ProofInvalid()');
    const done = await evm.call(
      consumer.address,
      market,
      'publish',
      [salt, requirementHash, fields, terms, trapdoorProof(signals), 'words'],
      price,
    );
    expect(done.values[0]).toBe(requestId);
    expect(done.events.map(({ name }) => name)).toEqual(['RequirementPublished']);
    expect(done.events[0]!.args.fields.keywords).toEqual([5n, 6n, 0n, 0n]);
  }

  /** Offers under the identifier and binding that core computes. */
  async function offer(): Promise<void> {
    offerId = offerIdOf(requestId, datasetId, address(owner), salt);
    const place = { chainId: evm.chainId, market: market.address as Hex, offerId, requestId, datasetId, datasetRoot };
    binding = offerBinding({ ...place, owner: address(owner), template, deadline });
    const made = await evm.call(owner.address, market, 'offer', [requestId, datasetId, salt, templateId(template), deadline], bond);
    expect(made.values[0]).toBe(offerId);
    const offer = await evm.read(market, 'offerOf', offerId);
    expect(offer.binding).toBe(binding);
    expect(offerStates[Number(offer.state)]).toBe('proving');
  }

  const common = () => [1n, requirementHash, datasetRoot, binding, BigInt(owner.address), BigInt(datasetId)];

  /** Proves segments and the whole with ethers' signatures and core's evaluation. */
  async function prove(): Promise<void> {
    const submissions = await Promise.all(
      partials.map(async (partial, index) => {
        const publicSignals = [...common(), BigInt(index), 1008n, partial];
        const signature = await owner.signTypedData(domain(market), segmentType, { publicSignals, deadline });
        return { publicSignals, proof: trapdoorProof(publicSignals), signature };
      }),
    );
    const proved = await evm.call(consumer.address, market, 'submitSegments', [offerId, submissions]);
    expect(proved.events.map(({ name }) => name)).toEqual(['SegmentProved', 'SegmentProved', 'SegmentProved']);
    const digest = 1234n;
    const challenge = partialsChallenge(binding, digest, partials);
    const publicSignals = [...common(), 3n, 3024n, digest, challenge, evaluatePartials(partials, challenge)];
    const signature = await owner.signTypedData(domain(market), aggregateType, { publicSignals, deadline });
    await evm.call(consumer.address, market, 'submitAggregate', [offerId, publicSignals, trapdoorProof(publicSignals), signature]);
    expect(offerStates[Number((await evm.read(market, 'offerOf', offerId)).state)]).toBe('verified');
  }

  /** Accepts, grants, posts the bytes behind the hashes, confirms and pays out. */
  async function trade(): Promise<void> {
    const recordHash = TypedDataEncoder.hashStruct('DataRecord', dataRecordType, record);
    const { headerHash, ciphertextHash } = record;
    await evm.call(consumer.address, market, 'accept', [
      offerId,
      { recordHash, headerHash, ciphertextHash, price, arbitersHash: word('0') },
    ]);
    const grant = { offerId, grantHash: toHex(sha256(grantBytes)), threshold: 1, proxies: 1, liveUntil: evm.timeSeconds + 700n };
    const signature = await owner.signTypedData(domain(market), grantType, grant);
    await evm.call(consumer.address, market, 'grant', [...Object.values(grant), signature]);
    expect(await evm.read(market, 'isGrantLive', offerId)).toBe(true);
    await evm.call(owner.address, market, 'post', [offerId, { header, grant: grantBytes, fragments: ['0x01'] }]);
    await evm.call(consumer.address, market, 'confirm', [offerId]);
    expect(await evm.read(market, 'creditOf', owner.address)).toBe(price + bond);
    const elsewhere = wallet('9').address;
    await evm.call(owner.address, market, 'withdraw', [elsewhere]);
    expect(await evm.balance(elsewhere)).toBe(price + bond);
    expect(await evm.balance(market.address)).toBe(0n);
  }

  test("every value computed by core or ethers is the contracts' own", async () => {
    await enrol();
    await recordDataset();
    await publish();
    await offer();
    await prove();
    await trade();
  });
});
