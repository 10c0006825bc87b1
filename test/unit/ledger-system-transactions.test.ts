/** Transactions that mean something to validators: which ones a ledger takes and puts into blocks, which blocks it refuses, and what follows. */
import { Interface } from 'ethers';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadContractArtifact } from '../../core/adapters/contract-artifacts.ts';
import { createEthereumjsEvm } from '../../core/adapters/ethereumjs-evm.ts';
import { loadLedgerCrypto } from '../../core/adapters/ledger-crypto.ts';
import { loadMclBn254 } from '../../core/adapters/mcl-bn254.ts';
import { MisbehaviourReporter } from '../../core/adapters/misbehaviour-reporter.ts';
import { ProposedBlocks, proposedBlockOf } from '../../core/adapters/proposed-blocks.ts';
import { fromHex, type Hex, toHex } from '../../core/base/bytes.ts';
import { Committee } from '../../core/consensus/committee.ts';
import type { Evidence } from '../../core/consensus/evidence.ts';
import { createGenesisDocument, type GenesisDocument } from '../../core/ledger/genesis.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import type { LedgerStore } from '../../core/ledger/ledger-store.ts';
import { encodeRecordCall, misbehaviourAddress, recordGasMin } from '../../core/ledger/misbehaviour.ts';
import {
  decodeMembershipOrder,
  encodeMembershipOrder,
  type MembershipOrder,
  membershipAddress,
} from '../../core/ledger/system-transactions.ts';
import { ledgerCommon, transactionDecoder } from '../../core/ledger/transaction.ts';
import { type ListedValidator, membersOf, type ValidatorList } from '../../core/ledger/validators.ts';
import { certificate as certificateOf, hashOf, memberVote, proposal, statement, verify } from '../consensus-scene.ts';
import { compileContract, memoryStore, testWallet } from '../integration/ledger-network.ts';
import { ed25519Keys } from '../simulator/keys.ts';

const chainId = 7331;
const place = { view: 0 };
const certificate = { kind: 'local', votes: new Uint8Array(0) };
const operator = testWallet(0);

const listed = (number: number): ListedValidator => ({
  key: toHex(ed25519Keys.publicKey(number)),
  transportKey: `0x${(number + 1).toString(16).padStart(64, '0')}`,
  host: 'validator.example',
  port: 1 + number,
});
const validators: ValidatorList = [0, 3, 6, 9].map((first) => [first, first + 1, first + 2].map(listed));
const replaced = (position: number, by: ListedValidator): ValidatorList =>
  validators.map((group, index) => group.map((one, member) => (3 * index + member === position ? by : one)));

let genesis: GenesisDocument;
let keccak256: (bytes: Uint8Array) => Uint8Array;

beforeAll(async () => {
  genesis = createGenesisDocument({
    chainId,
    timestampSeconds: 1_700_000_000,
    development: true,
    alloc: Object.fromEntries([0, 1, 2].map((index) => [testWallet(index).address, 10n ** 20n])),
    contracts: { [misbehaviourAddress]: loadContractArtifact('misbehaviourRecords').deployedBytecode as Hex },
    operator: operator.address.toLowerCase() as Hex,
    validators,
  });
  ({ keccak256 } = await loadLedgerCrypto());
});

async function openLedger({ store = memoryStore(), dropped = [] }: { store?: LedgerStore; dropped?: string[] } = {}): Promise<Ledger> {
  const crypto = await loadLedgerCrypto();
  const bn254 = await loadMclBn254();
  const common = ledgerCommon(chainId, crypto);
  return Ledger.open({
    genesis,
    store,
    clock: { nowMs: () => 1_800_000_000_000 },
    keccak256: crypto.keccak256,
    decodeTransaction: transactionDecoder(common),
    verify,
    createEvm: (stateRoot) => createEthereumjsEvm({ common, store, stateRoot, bn254 }),
    onDropped: (_hash, reason) => dropped.push(reason),
  });
}

interface Call {
  readonly to?: Hex | null;
  readonly data?: Uint8Array;
  readonly value?: bigint;
  readonly gasLimit?: bigint;
  readonly nonce?: number;
}

async function signed(wallet: number, { to = null, data = new Uint8Array(0), value = 0n, gasLimit = 1_000_000n, nonce = 0 }: Call) {
  return fromHex(
    await testWallet(wallet).signTransaction({ type: 0, chainId, gasPrice: 0n, gasLimit, to, nonce, value, data: toHex(data) }),
  );
}

/** Makes the next block final. */
async function next(ledger: Ledger) {
  const executed = await ledger.propose(place);
  await ledger.commit(executed, certificate);
  return executed;
}

/** Why a block of these transactions is refused. */
async function refusal(ledger: Ledger, ...transactions: Uint8Array[]): Promise<string> {
  const { block } = await ledger.propose(place);
  const verdict = await ledger.verify({ ...block, transactions }, { checkClock: true });
  return verdict.ok ? 'taken' : verdict.reason;
}

describe('an order that changes the members', () => {
  const orderOf = (ledger: Ledger, order: Partial<MembershipOrder> = {}): Uint8Array =>
    encodeMembershipOrder({ genesisHash: ledger.genesisHash, epoch: 0, validators: replaced(4, listed(20)), ...order });
  const send = (ledger: Ledger, order: Partial<MembershipOrder> = {}, call: Call = {}, wallet = 0) =>
    signed(wallet, { to: membershipAddress, data: orderOf(ledger, order), ...call });

  test('ends its block and its epoch, and is in the ledger after a restart', async () => {
    const store = memoryStore();
    const ledger = await openLedger({ store });
    expect(ledger.epoch).toEqual({ number: 0, startHeight: 0, validators });
    await ledger.submit(await signed(1, { to: `0x${'77'.repeat(20)}`, value: 1n, gasLimit: 21_000n }));
    await ledger.submit(await send(ledger));
    await ledger.submit(await signed(0, { to: `0x${'77'.repeat(20)}`, value: 1n, gasLimit: 21_000n, nonce: 1 }));
    const { block, hash, transactions } = await next(ledger);
    expect(transactions.map(({ to }) => to)).toEqual([`0x${'77'.repeat(20)}`, membershipAddress]);
    const proposed = proposedBlockOf(block, hash);
    expect(proposed.nextMembers).toEqual(membersOf(replaced(4, listed(20))));
    const begun = { number: 1, startHeight: 1, validators: replaced(4, listed(20)) };
    for (const open of [ledger, await openLedger({ store })]) {
      expect(open.epoch).toEqual(begun);
      expect(open.epochAt(0)?.validators).toEqual(validators);
      expect(open.head().header.epoch).toBe(0);
    }
    const after = await next(ledger);
    expect([after.block.header.epoch, after.transactions.length]).toEqual([1, 1]);
    expect((await openLedger({ store })).epoch).toEqual(begun);
  });

  test('says the same to the consensus as to the ledger, and nothing else is believed', async () => {
    const ledger = await openLedger();
    await ledger.submit(await send(ledger));
    const { block, hash } = await ledger.propose(place);
    const proposed = proposedBlockOf(block, hash);
    expect(new ProposedBlocks(keccak256).read(proposed)).not.toBeNull();
    for (const nextMembers of [null, membersOf(validators), membersOf(replaced(4, listed(21)))])
      expect(new ProposedBlocks(keccak256).read({ ...proposed, nextMembers })).toBeNull();
    const plain = proposedBlockOf((await (await openLedger()).propose(place)).block, hash);
    expect(plain.nextMembers).toBeNull();
  });

  test('in all types of transactions is read alike by whoever looks at its bytes only', async () => {
    const ledger = await openLedger();
    const data = toHex(orderOf(ledger));
    const fees = [
      { type: 0, gasPrice: 0n },
      { type: 1, gasPrice: 0n },
      { type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
    ];
    for (const fee of fees) {
      const raw = await operator.signTransaction({ ...fee, chainId, gasLimit: 1_000_000n, to: membershipAddress, nonce: 0, data });
      const ledgerOf = await openLedger();
      expect(await ledgerOf.submit(fromHex(raw as Hex))).toMatchObject({ ok: true });
      const { block, hash } = await next(ledgerOf);
      expect([proposedBlockOf(block, hash).nextMembers === null, ledgerOf.epoch.number]).toEqual([false, 1]);
    }
  });

  test('for an epoch that is over is given up', async () => {
    const dropped: string[] = [];
    const ledger = await openLedger({ dropped });
    await ledger.submit(await send(ledger));
    const late = await send(ledger, { validators: replaced(5, listed(21)) }, { nonce: 1 });
    expect(await ledger.submit(late)).toMatchObject({ ok: true });
    expect((await next(ledger)).transactions).toHaveLength(1);
    expect(dropped).toEqual(['it changes no members: it is for epoch 0, and this is epoch 1']);
    expect([ledger.hasExecutable(), ledger.isWaiting(late), ledger.take(late)]).toEqual([false, false, false]);
  });

  test('is refused, by whoever is asked and in every block, unless all of it is right', async () => {
    const ledger = await openLedger();
    const cases: [string, Uint8Array][] = [
      ['is not the one that the genesis document lets change them', await send(ledger, {}, {}, 1)],
      ['its data are no list of members', await send(ledger, {}, { data: Uint8Array.of(1, 2) })],
      ['its data are no list of members', await send(ledger, {}, { data: Uint8Array.from([...orderOf(ledger), 0]) })],
      ['its data are no list of members', await send(ledger, {}, { data: orderOf(ledger).fill(2, 1, 2) })],
      ['it sends coins', await send(ledger, {}, { value: 1n })],
      ['it is for another network', await send(ledger, { genesisHash: hashOf(5) })],
      ['it is for epoch 3', await send(ledger, { epoch: 3 })],
      ['it changes nothing', await send(ledger, { validators })],
      [
        'one member is changed at a time',
        await send(ledger, {
          validators: replaced(4, listed(20)).map((group, index) => (index === 3 ? [listed(21), ...group.slice(1)] : group)),
        }),
      ],
      [
        'one validator is changed at a time',
        await send(ledger, {
          validators: replaced(4, { ...listed(20) }).map((group) => group.map((one) => (one.port === 1 ? { ...one, port: 99 } : one))),
        }),
      ],
      [
        'a group has 3 to 64 members',
        await send(ledger, { validators: validators.map((group, index) => (index === 0 ? group.slice(1) : group)) }),
      ],
      ['a network has 4 to 64 groups', await send(ledger, { validators: validators.slice(1) })],
      ['every key is named once', await send(ledger, { validators: replaced(4, listed(0)) })],
      [
        'every transport key is named once',
        await send(ledger, { validators: replaced(4, { ...listed(20), transportKey: listed(0).transportKey }) }),
      ],
      ['whoever stays keeps its group and place', await send(ledger, { validators: [...validators].reverse() })],
    ];
    for (const [why, raw] of cases) {
      expect(await ledger.submit(raw)).toMatchObject({ ok: false, quota: false, reason: expect.stringContaining(why) });
      expect(ledger.take(raw)).toBe(false);
      expect(await refusal(ledger, raw)).toContain(why);
    }
    const order = await send(ledger);
    expect(await refusal(ledger, order, await signed(1, { to: `0x${'77'.repeat(20)}`, gasLimit: 21_000n }))).toBe(
      'transactions after a change of the members',
    );
  });

  test('may give a member other connections, add one, and remove it again', async () => {
    const ledger = await openLedger();
    const steps: ValidatorList[] = [
      replaced(2, { ...listed(2), host: '::1', transportKey: listed(30).transportKey }),
      [...validators.slice(0, 3), [...(validators[3] ?? []), listed(12)]].map((group, index) =>
        index === 0 ? [listed(0), listed(1), { ...listed(2), host: '::1', transportKey: listed(30).transportKey }] : group,
      ),
      replaced(2, { ...listed(2), host: '::1', transportKey: listed(30).transportKey }),
    ];
    for (const [epoch, step] of steps.entries()) {
      expect(await ledger.submit(await send(ledger, { epoch, validators: step }, { nonce: epoch }))).toMatchObject({ ok: true });
      await next(ledger);
      expect(ledger.epoch).toMatchObject({ number: epoch + 1, validators: step });
    }
  });

  test('that a contract calls is none', async () => {
    const ledger = await openLedger();
    const { abi, bytecode } = compileContract(
      'contract Caller { constructor(address to, bytes memory data) { (bool done,) = to.call(data); require(done); } }',
      'Caller',
    );
    const creation = new Interface(abi as never).encodeDeploy([membershipAddress, toHex(orderOf(ledger))]);
    await ledger.submit(await signed(0, { data: fromHex(`${bytecode}${creation.slice(2)}` as Hex) }));
    const { receipts, block, hash } = await next(ledger);
    expect([receipts[0]?.succeeded, ledger.epoch.number, proposedBlockOf(block, hash).nextMembers]).toEqual([true, 0, null]);
  });

  test('in a block of another epoch is refused', async () => {
    const ledger = await openLedger();
    const { block } = await ledger.propose(place);
    const header = { ...block.header, epoch: 1 };
    expect(await ledger.verify({ ...block, header }, { checkClock: true })).toEqual({ ok: false, reason: 'block is of another epoch' });
  });

  test('has the documented encoding', () => {
    const order: MembershipOrder = { genesisHash: hashOf(7), epoch: 2, validators: [[listed(0)]] };
    const encoded = encodeMembershipOrder(order);
    expect(toHex(encoded)).toBe(
      `0x0001${hashOf(7).slice(2)}000000000000000200010001${listed(0).key.slice(2)}${listed(0).transportKey.slice(2)}0000001176616c696461746f722e6578616d706c650001`,
    );
    expect(decodeMembershipOrder(encoded)).toEqual(order);
    for (let length = 0; length < encoded.length; length++) expect(decodeMembershipOrder(encoded.slice(0, length))).toBeNull();
    const noName = encodeMembershipOrder({ ...order, validators: [[{ ...listed(0), host: 'a b' }]] });
    expect(decodeMembershipOrder(noName)).toBeNull();
  });
});

describe('misbehaviour', () => {
  const committeeFor = (ledger: Ledger, epoch = 0, genesisHash = ledger.genesisHash): Committee =>
    new Committee(genesisHash, epoch, membersOf(validators));
  const ballot = (phase: 'prepare' | 'commit', number: number) => ({ phase, height: 2, view: 1, blockHash: hashOf(number) });
  const twoVotes = (committee: Committee, phase: 'prepare' | 'commit' = 'commit', member = 4): Evidence => ({
    kind: 'two-votes',
    first: memberVote(committee, member, ballot(phase, 1)),
    second: memberVote(committee, member, ballot(phase, 2)),
  });
  const twoProposals = (committee: Committee): Evidence => ({
    kind: 'two-proposals',
    first: proposal(committee, 3, 2, 1, hashOf(1)),
    second: proposal(committee, 3, 2, 1, hashOf(2)),
  });
  const amnesia = (committee: Committee): Evidence => ({
    kind: 'amnesia',
    commit: memberVote(committee, 7, ballot('commit', 1)),
    statement: statement(committee, 7, 5, certificateOf(committee, 'commit', { height: 1, view: 0, blockHash: hashOf(9) }), null).statement,
  });
  const record = (committee: Committee, evidence: Evidence, call: Call = {}, wallet = 11, epoch = 0) =>
    signed(wallet, { to: misbehaviourAddress, data: encodeRecordCall(committee, { epoch, evidence }), ...call });

  const abi = (): Interface => loadContractArtifact('misbehaviourRecords').abi;
  async function recordsOf(ledger: Ledger) {
    const data = fromHex(abi().encodeFunctionData('records', [0, 100]) as Hex);
    const outcome = await ledger.call({
      from: `0x${'00'.repeat(20)}`,
      to: misbehaviourAddress,
      value: 0n,
      data,
      gasLimit: 10_000_000n,
      accessList: [],
    });
    if (outcome.kind !== 'returned') throw new Error(outcome.kind);
    const [records] = abi().decodeFunctionResult('records', outcome.data) as unknown as [Record<string, unknown>[]];
    return records.map(({ accused, kind, epoch, height, view_ }) => [accused, kind, epoch, height, view_]);
  }

  test('of every kind is recorded once, from an account without coins', async () => {
    const dropped: string[] = [];
    const ledger = await openLedger({ dropped });
    const committee = committeeFor(ledger);
    const kinds: [Evidence, number, bigint][] = [
      [twoVotes(committee, 'prepare'), 4, 0n],
      [twoVotes(committee, 'commit'), 4, 1n],
      [twoProposals(committee), 3, 2n],
      [amnesia(committee), 7, 3n],
    ];
    for (const [index, [evidence]] of kinds.entries())
      for (const wallet of [20, 30])
        expect(await ledger.submit(await record(committee, evidence, {}, wallet + index))).toMatchObject({ ok: true });
    const { receipts, block } = await next(ledger);
    expect(receipts.map(({ succeeded, logs }) => [succeeded, logs.length])).toEqual(kinds.map(() => [true, 1]));
    expect(await recordsOf(ledger)).toEqual(kinds.map(([, accused, kind]) => [listed(accused).key, kind, 0n, 2n, 1n]));
    // The same ones by others are impossible now, here and elsewhere.
    expect(dropped).toEqual(kinds.map(() => 'it records no misbehaviour: it is recorded already'));
    expect(ledger.hasExecutable()).toBe(false);
    expect(await refusal(ledger, await record(committee, twoProposals(committee), {}, 40))).toContain('it is recorded already');
    const other = await openLedger();
    expect(await other.verify(block, { checkClock: true })).toMatchObject({ ok: true });
    expect(
      await refusal(other, await record(committee, amnesia(committee), {}, 40), await record(committee, amnesia(committee), {}, 41)),
    ).toBe('the same misbehaviour twice');
  });

  test('is about the members of its epoch, also when that is over', async () => {
    const ledger = await openLedger();
    const before = committeeFor(ledger);
    const list = replaced(4, listed(20));
    const order = encodeMembershipOrder({ genesisHash: ledger.genesisHash, epoch: 0, validators: list });
    await ledger.submit(await signed(0, { to: membershipAddress, data: order }));
    const now = new Committee(ledger.genesisHash, 1, membersOf(list));
    // The signer of member 4 is another one by now: what it signed for epoch 1 counts for nothing.
    const later: Evidence = twoVotes(now, 'commit', 3);
    expect(await ledger.submit(await record(now, later, {}, 20, 1))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('prove none'),
    });
    await next(ledger);
    expect(await ledger.submit(await record(now, twoVotes(now), {}, 20, 1))).toMatchObject({ ok: false });
    expect(await ledger.submit(await record(before, twoVotes(before), {}, 21))).toMatchObject({ ok: true });
    expect(await ledger.submit(await record(now, later, {}, 22, 1))).toMatchObject({ ok: true });
    await next(ledger);
    expect(await recordsOf(ledger)).toEqual([
      [listed(4).key, 1n, 0n, 2n, 1n],
      [listed(3).key, 1n, 1n, 2n, 1n],
    ]);
  });

  test('that nobody committed is in no block: an honest member is not framed', async () => {
    const ledger = await openLedger();
    const committee = committeeFor(ledger);
    const honest = memberVote(committee, 4, ballot('commit', 1));
    const forged: Evidence[] = [
      { kind: 'two-votes', first: honest, second: { ...honest, blockHash: hashOf(2) } },
      { kind: 'two-votes', first: honest, second: { ...memberVote(committee, 5, ballot('commit', 2)), member: 4 } },
      { kind: 'two-votes', first: honest, second: memberVote(committee, 4, ballot('prepare', 2)) },
      { kind: 'two-votes', first: honest, second: honest },
      twoVotes(committeeFor(ledger, 1)),
      twoVotes(committeeFor(ledger, 0, hashOf(3))),
      { kind: 'two-proposals', first: proposal(committee, 0, 2, 1, hashOf(1)), second: proposal(committee, 0, 2, 1, hashOf(2)) },
      {
        kind: 'amnesia',
        commit: honest,
        statement: statement(committee, 4, 5, null, certificateOf(committee, 'prepare', { height: 2, view: 1, blockHash: hashOf(1) }), {
          finalHeight: 1,
        }).statement,
      },
    ];
    for (const evidence of forged) {
      const raw = await record(committee, evidence);
      expect(await ledger.submit(raw)).toMatchObject({ ok: false, reason: 'it records no misbehaviour: its data prove none' });
      expect(await refusal(ledger, raw)).toContain('its data prove none');
    }
    // A proof that holds, with another name, kind or place beside it, or anything behind it.
    const call = encodeRecordCall(committee, { epoch: 0, evidence: twoVotes(committee) });
    const iface = abi();
    const parts = iface.decodeFunctionData('record', call).toArray() as unknown[];
    const slanders: unknown[][] = [
      [listed(5).key, ...parts.slice(1)],
      [parts[0], 0, ...parts.slice(2)],
      ...[2, 3, 4].map((at) => parts.map((part, index) => (index === at ? 8n : part))),
    ];
    const encoded = slanders.map((values) => fromHex(iface.encodeFunctionData('record', values) as Hex));
    for (const data of [...encoded, Uint8Array.from([...call, 0]), call.slice(0, -1), call.slice(0, 4), new Uint8Array(0)])
      expect(await ledger.submit(await signed(11, { to: misbehaviourAddress, data }))).toMatchObject({ ok: false });
    const withView = fromHex(iface.encodeFunctionData('count', []) as Hex);
    expect(await refusal(ledger, await signed(11, { to: misbehaviourAddress, data: withView }))).toContain('its data prove none');
    expect(await ledger.submit(await record(committee, twoVotes(committee), { gasLimit: recordGasMin - 1n }))).toMatchObject({ ok: false });
    expect(await ledger.submit(await record(committee, twoVotes(committee), { value: 1n }, 1))).toMatchObject({ ok: false });
    expect(await recordsOf(ledger)).toEqual([]);
  });

  test('is not recorded by a contract, though the proof holds', async () => {
    const ledger = await openLedger();
    const committee = committeeFor(ledger);
    const data = encodeRecordCall(committee, { epoch: 0, evidence: twoVotes(committee) });
    const { abi: callerAbi, bytecode } = compileContract(
      `contract Caller {
        event Done(bool called, bool delegated);
        constructor(address to, bytes memory data) { forward(to, data); }
        function forward(address to, bytes memory data) public {
          (bool called,) = to.call(data);
          (bool delegated,) = to.delegatecall(data);
          emit Done(called, delegated);
        }
      }`,
      'Caller',
    );
    const caller = new Interface(callerAbi as never);
    const creation = caller.encodeDeploy([misbehaviourAddress, toHex(data)]);
    await ledger.submit(await signed(0, { data: fromHex(`${bytecode}${creation.slice(2)}` as Hex), gasLimit: 5_000_000n }));
    const { receipts } = await next(ledger);
    const address = receipts[0]?.contractAddress as Hex;
    const forward = fromHex(caller.encodeFunctionData('forward', [misbehaviourAddress, toHex(data)]) as Hex);
    await ledger.submit(await signed(0, { to: address, data: forward, nonce: 1, gasLimit: 5_000_000n }));
    const again = await next(ledger);
    const said = [receipts[0]?.logs.at(-1), again.receipts[0]?.logs.at(-1)].map((log) => toHex(log?.data ?? new Uint8Array(0)));
    // Delegated from an account's own transaction the code runs in that contract's state, and writes nothing here.
    expect(said.map((text) => text.slice(0, 66))).toEqual([`0x${'00'.repeat(32)}`, `0x${'00'.repeat(32)}`]);
    expect(await recordsOf(ledger)).toEqual([]);
  });

  test('that a validator finds is reported by itself, one after the other', async () => {
    const ledger = await openLedger();
    const committee = committeeFor(ledger);
    const failures: unknown[] = [];
    const reporter = new MisbehaviourReporter({ ledger, key: keccak256(Uint8Array.of(1)), onFailure: (error) => failures.push(error) });
    const found = [twoVotes(committee), twoProposals(committee), twoVotes(committee), amnesia(committee)];
    for (const evidence of found) reporter.report({ epoch: 0, evidence });
    const recorded: number[] = [];
    while ((await recordsOf(ledger)).length < 3) {
      while (!ledger.hasExecutable()) await new Promise((resolve) => setImmediate(resolve));
      recorded.push((await next(ledger)).transactions.length);
      reporter.advance();
    }
    expect([recorded, failures]).toEqual([[1, 1, 1], []]);
  });
});
