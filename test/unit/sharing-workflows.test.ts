/**
 * The owner's and the consumer's machines against others who do not play along: whoever brings the owner's transactions first, proxies that
 * lie or refuse, and a price that was claimed before the data was collected. The chain is a stand-in of a few
 * fields; the cryptography is real.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { toHex } from '../../core/base/bytes.ts';
import { encodeGrantContext, encodeSourceContext, type GrantContext, type SourceContext } from '../../core/crypto/context.ts';
import { ciphertextLength } from '../../core/crypto/file-stream.ts';
import { encodeFragment, encodeGrant, encodeHeader, encodeIdentityKey, encodeProxyShare } from '../../core/crypto/scheme-encodings.ts';
import { grantHash, grantPreimage, headerHash, headerPreimage } from '../../core/crypto/scheme-hashes.ts';
import type { ContractCall, TransactionSender } from '../../core/sharing/chain.ts';
import type { ChainDataRecord, OfferState } from '../../core/sharing/chain-reader.ts';
import { type DatasetFiles, datasetMachine, type ReadyDataset } from '../../core/sharing/dataset-workflow.ts';
import type { MarketReader, PostedDelivery } from '../../core/sharing/market.ts';
import type { Network } from '../../core/sharing/network-file.ts';
import { type OfferWork, offerMachine, requireTimeToAnswer } from '../../core/sharing/offer-workflow.ts';
import { Outbox } from '../../core/sharing/outbox.ts';
import { type PurchaseWork, purchaseMachine, purchaseWorkSchema } from '../../core/sharing/purchase-workflow.ts';
import type { ProxyPort } from '../../core/sharing/services.ts';
import { advance } from '../../core/sharing/workflow.ts';
import { mcl as engine } from '../pairing-engines.ts';
import { seededRandom } from '../seeded-random.ts';
import { chainId, consumer, fragmentsOf, grantOf, market, network, owner, receivingIdentityOf, records } from '../sharing-scene.ts';
import { freshPseudonym, MemoryDocuments } from './services/world.ts';

const OFFER = 1n;
const HOUR = 3600n;
const START = 1_000_000n;
const requestId = `0x${'77'.repeat(32)}` as const;
const net = network(engine, 'workflows');
const dataset = net.dataset(1);
const { grantContext, ownerKey, grant, shares } = grantOf(net, dataset, OFFER, 2, 3);
const fragments = fragmentsOf(net, grantContext, grant, shares, dataset.header);
const recordedGrant = toHex(grantHash(engine, grantContext, grant));
const keys = freshPseudonym();
const signature = `0x${'00'.repeat(64)}` as const;

const networkFile = {
  chain: { chainId: Number(chainId) },
  contracts: { sharingMarket: market, dataRecords: records },
  proxies: shares.map((_, position) => ({
    index: position + 1,
    signingKey: toHex(new Uint8Array(32).fill(position + 1)),
    messageKey: toHex(freshPseudonym().messageKey.publicKey),
  })),
  threshold: 2,
} as unknown as Network;

/** What the contract holds of the one offer, and what the tests let it say. */
interface Chain {
  state: OfferState;
  dueAt: bigint;
  consumerBond: bigint;
  posted: PostedDelivery[];
  /** The t of n of the recorded grant. */
  recordedSize: { threshold: number; proxies: number };
  /** Seconds by which deadlines are judged. */
  now: bigint;
  readonly terms: { grantWindow: bigint; deliverWindow: bigint };
  readonly sent: ContractCall[];
  /** Called when a transaction is simulated. */
  onSend: (call: ContractCall) => void;
}
let chain: Chain;
let documents: MemoryDocuments;

const refused = (reason: string) => new AppError('CHAIN_TRANSACTION_REJECTED', { what: reason, consequence: '', remedy: '' });
const serviceError = (code: string) => new AppError(code, { what: code, consequence: '', remedy: '' });

function outbox(): Outbox {
  const sender: TransactionSender = {
    nextNonce: async () => chain.sent.length,
    prepare: async (call, _, nonce) => {
      chain.onSend(call);
      chain.sent.push(call);
      return { raw: '0x00', hash: `0x${'01'.repeat(32)}`, from: keys.account.address, nonce };
    },
    carries: () => true,
    deliver: async () => ({ kind: 'final', transaction: { hash: `0x${'01'.repeat(32)}`, blockNumber: 1, gasUsed: 1n } }),
  };
  return new Outbox(documents, sender);
}

function offerOnChain() {
  const { state, dueAt, consumerBond } = chain;
  return { offerId: OFFER, state, requestId, datasetId: dataset.sourceContext.datasetId, owner, consumer, dueAt, consumerBond };
}

const reader = {
  marketOffer: async () => offerOnChain(),
  requirement: async () => ({ terms: chain.terms }),
  recordHash: async () => `0x${'00'.repeat(32)}`,
  timeSeconds: async () => chain.now,
  provedSegments: async () => new Set<number>(),
  postedDeliveries: async () => chain.posted,
} as unknown as MarketReader;

beforeEach(() => {
  documents = new MemoryDocuments();
  chain = {
    state: 'accepted',
    dueAt: START + HOUR,
    consumerBond: 0n,
    posted: [],
    recordedSize: { threshold: 2, proxies: 3 },
    now: START,
    terms: { grantWindow: HOUR, deliverWindow: 24n * HOUR },
    sent: [],
    onSend: () => {},
  };
});

const proxyPort = (change: Partial<ProxyPort>) => change as ProxyPort;

describe('the owner', () => {
  const facts = {
    version: 1,
    offerId: `${OFFER}`,
    requestId,
    datasetId: dataset.sourceContext.datasetId,
    pseudonymIndex: 0,
    salt: `0x${'01'.repeat(32)}`,
    template: 'range-1x32',
    deadline: Number(START),
    segmentCount: 1,
    bond: '1',
  } as const;
  const granted = {
    ...facts,
    context: toHex(encodeGrantContext(grantContext)),
    grant: toHex(encodeGrant(engine, grant)),
    grantHash: recordedGrant,
    liveUntil: Number(START + 90n * 24n * HOUR),
    shareBoxes: shares.map(() => '0x00' as const),
    shares: shares.map((share) => toHex(encodeProxyShare(engine, share))),
  };
  const ready = {
    owner,
    datasetId: dataset.sourceContext.datasetId,
    headerHash: toHex(dataset.headerHash),
    header: toHex(encodeHeader(engine, dataset.header)),
    context: toHex(encodeSourceContext(dataset.sourceContext)),
    identityKey: toHex(encodeIdentityKey(engine, ownerKey)),
  } as ReadyDataset;

  const run = (work: OfferWork, ports: readonly ProxyPort[] = []) =>
    advance(
      offerMachine({
        documents,
        network: networkFile,
        engine,
        parameters: net.publicParameters,
        market: reader,
        outbox: outbox(),
        proxies: () => ports,
        prover: { segment: () => Promise.reject(new Error('proved')), aggregate: () => Promise.reject(new Error('proved')) },
        dataset: ready,
        keysOf: () => keys,
        random: seededRandom('owner'),
      }),
      work,
    );

  /** A proxy that has the header of the dataset. */
  const holding = (putGrant: ProxyPort['putGrant']) =>
    proxyPort({ getHeader: async () => ({ header: new Uint8Array(), context: new Uint8Array() }), putGrant });
  const good = () => shares.map(() => holding(async () => {}));

  test('does not put its bond where a moment’s absence would cost it', () => {
    expect(() => requireTimeToAnswer({ grantWindow: 3600n, deliverWindow: 3600n })).not.toThrow();
    for (const change of [{ grantWindow: 60n }, { deliverWindow: 60n }])
      expect(() => requireTimeToAnswer({ grantWindow: 3600n, deliverWindow: 3600n, ...change })).toThrow(
        expect.objectContaining({ code: 'OFFER_WINDOWS_SHORT' }),
      );
  });

  test('ends wherever it stands when the offer is over', async () => {
    chain.state = 'revoked';
    for (const state of ['made', 'proved', 'submitted', 'verified', 'accepted'] as const)
      expect(await run({ ...facts, state })).toMatchObject({ state: 'ended', outcome: 'revoked' });
    for (const state of ['grant-recorded', 'granted'] as const)
      expect(await run({ ...granted, state })).toMatchObject({ state: 'ended', outcome: 'revoked' });
    expect(chain.sent).toEqual([]);
    chain.onSend = () => {
      throw refused('WrongState');
    };
    expect(await run({ ...granted, state: 'grant-made' })).toMatchObject({ state: 'ended', outcome: 'revoked' });
  });

  test('makes a grant that the contract takes up to the last second, however long the windows', async () => {
    chain.terms.deliverWindow = 30n * 24n * HOUR;
    const limits: bigint[] = [];
    chain.onSend = ({ method, arguments: values }) => {
      if (method === 'grant') limits.push(BigInt(values[4] as number));
    };
    await run({ ...facts, state: 'accepted' }, good());
    expect(limits).toHaveLength(1);
    expect(limits[0]).toBeGreaterThanOrEqual(chain.dueAt + 2n * chain.terms.deliverWindow);
  });

  test('goes on when another brought its grant first', async () => {
    let delivered = 0;
    chain.onSend = ({ method }) => {
      if (method !== 'grant') return;
      chain.state = 'granted';
      chain.dueAt = START + 24n * HOUR;
      throw refused('WrongState');
    };
    const ports = shares.map(() => holding(async () => void delivered++));
    expect((await run({ ...granted, state: 'grant-made' }, ports)).state).toBe('granted');
    expect(delivered).toBe(3);
  });

  test('goes on when another brought its proofs first', async () => {
    chain.state = 'proving';
    const statement = {
      publicSignals: new Array(11).fill('1'),
      proof: {
        a: ['1', '2'],
        b: [
          ['1', '2'],
          ['3', '4'],
        ],
        c: ['1', '2'],
      },
    };
    await documents.save(`proof-${OFFER}-aggregate`, statement);
    chain.onSend = ({ method }) => {
      if (method !== 'submitAggregate') return;
      chain.state = 'verified';
      throw refused('WrongState');
    };
    expect((await run({ ...facts, state: 'submitted' })).state).toBe('verified');
  });

  test('does not take a refusal of its own grant for its success', async () => {
    chain.onSend = () => {
      throw refused('GrantInvalid');
    };
    await expect(run({ ...granted, state: 'grant-made' })).rejects.toMatchObject({ code: 'CHAIN_TRANSACTION_REJECTED' });
  });

  test('gives the other proxies their shares when one refuses', async () => {
    chain.state = 'granted';
    chain.dueAt = START + 24n * HOUR;
    const taken: number[] = [];
    const ports = shares.map(({ index }) =>
      holding(async () => {
        if (index === 1) throw serviceError('PROXY_GRANT_REFUSED');
        taken.push(index);
      }),
    );
    expect((await run({ ...granted, state: 'grant-recorded' }, ports)).state).toBe('granted');
    expect(taken).toEqual([2, 3]);
  });

  test('posts the delivery when too few proxies take their shares and time runs out', async () => {
    chain.state = 'granted';
    chain.dueAt = START + 24n * HOUR;
    const ports = shares.map(() => proxyPort({ getHeader: () => Promise.reject(serviceError('SERVICE_UNREACHABLE')) }));
    await expect(run({ ...granted, state: 'grant-recorded' }, ports)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(chain.sent).toEqual([]);
    chain.consumerBond = 1n;
    expect((await run({ ...granted, state: 'grant-recorded' }, ports)).state).toBe('granted');
    expect(chain.sent.map(({ method }) => method)).toEqual(['post']);
  });

  test('posts the delivery when half of the time for it is over and the consumer says nothing', async () => {
    chain.state = 'granted';
    chain.dueAt = START + 24n * HOUR;
    chain.now = START + 11n * HOUR;
    await run({ ...granted, state: 'granted' });
    expect(chain.sent).toEqual([]);
    chain.now = START + 13n * HOUR;
    await run({ ...granted, state: 'granted' });
    expect(chain.sent.map(({ method }) => method)).toEqual(['post']);
  });
});

describe('the owner of a dataset', () => {
  const work = {
    version: 1,
    state: 'uploaded',
    datasetId: dataset.sourceContext.datasetId,
    salt: `0x${'06'.repeat(32)}`,
    name: 'readings',
    pseudonymIndex: 0,
    owner,
    seed: `0x${'05'.repeat(32)}`,
    keywords: [],
    createdAtMs: 0,
    datasetRoot: BigInt(dataset.sourceContext.datasetRoot).toString(),
    payloadBytes: 1000,
    context: '0x00',
    header: '0x00',
    headerHash: toHex(dataset.headerHash),
    ciphertextHash: `0x${'cc'.repeat(32)}`,
    ciphertextBytes: 1,
    recordedAt: 1,
  } as const;
  const record = {
    datasetId: work.datasetId,
    owner,
    datasetRoot: BigInt(work.datasetRoot),
    headerHash: work.headerHash,
    ciphertextHash: work.ciphertextHash,
    ciphertextSize: 1n,
  };

  const run = (held: ChainDataRecord) =>
    advance(
      datasetMachine({
        documents,
        files: {} as DatasetFiles,
        network: networkFile,
        engine,
        parameters: net.publicParameters,
        chain: { dataRecord: async () => held },
        outbox: outbox(),
        pkg: { identityKey: async () => ownerKey },
        proxies: () => [],
        keysOf: () => keys,
        clock: { nowMs: () => 0 },
        random: seededRandom('dataset'),
        transfer: {},
      }),
      { ...work, keywords: [] },
    );

  test('goes on when another brought its record first, but not with a record that is not its own', async () => {
    chain.onSend = () => {
      throw refused('DatasetAlreadyRecorded');
    };
    expect(await run(record)).toMatchObject({ state: 'ready', recordedInBlock: null });
    for (const change of [
      { owner: consumer },
      { headerHash: record.ciphertextHash },
      { ciphertextHash: record.headerHash },
      { datasetRoot: 1n },
    ])
      await expect(run({ ...record, ...change })).rejects.toMatchObject({ code: 'CHAIN_TRANSACTION_REJECTED' });
  });
});

describe('the consumer', () => {
  const record = {
    datasetId: dataset.sourceContext.datasetId,
    owner,
    datasetRoot: BigInt(dataset.sourceContext.datasetRoot),
    headerHash: toHex(dataset.headerHash),
    ciphertextHash: `0x${'cc'.repeat(32)}` as const,
    ciphertextSize: BigInt(ciphertextLength(Number(dataset.sourceContext.plaintextLength), dataset.sourceContext.chunkSize)),
  };
  const facts = { version: 1, offerId: `${OFFER}`, requestId, datasetId: record.datasetId, pseudonymIndex: 0 } as const;
  let accepted: Extract<PurchaseWork, { state: 'accepted' }>;
  let unpacked: string[];

  beforeAll(() => {
    accepted = {
      ...facts,
      state: 'accepted',
      header: toHex(encodeHeader(engine, dataset.header)),
      context: toHex(encodeSourceContext(dataset.sourceContext)),
      faultyProxies: [],
      identityKey: toHex(encodeIdentityKey(engine, net.keyOf(receivingIdentityOf(OFFER)))),
    };
  });
  beforeEach(() => {
    chain.state = 'granted';
    unpacked = [];
  });

  const served = (
    position: number,
    change: {
      grant?: typeof grant;
      context?: GrantContext;
      fragment?: (typeof fragments)[number];
      statement?: { grantHash?: `0x${string}`; headerHash?: `0x${string}` };
    } = {},
  ) =>
    proxyPort({
      getGrant: async () => ({
        grant: encodeGrant(engine, change.grant ?? grant),
        context: encodeGrantContext(change.context ?? grantContext),
      }),
      fragment: async () => ({
        version: 1 as const,
        grantHash: recordedGrant,
        headerHash: record.headerHash,
        ...change.statement,
        fragment: toHex(encodeFragment(engine, change.fragment ?? (fragments[position] as (typeof fragments)[number]))),
        proxyKey: `0x${'00'.repeat(32)}`,
        signature,
      }),
    });
  const silent = proxyPort({ fragment: () => Promise.reject(serviceError('SERVICE_UNREACHABLE')) });

  const run = (
    work: PurchaseWork,
    ports: readonly ProxyPort[],
    decided: { accept: boolean; confirm: boolean } = { accept: true, confirm: false },
    held: typeof record = record,
  ) =>
    advance(
      purchaseMachine({
        documents,
        files: {
          ciphertextPath: () => '',
          unpack: async (_, key) => void unpacked.push(toHex(key)),
        },
        network: networkFile,
        engine,
        parameters: net.publicParameters,
        chain: {
          dataRecord: async () => held,
          grant: async () => ({ grantHash: recordedGrant, ...chain.recordedSize, liveUntil: START, revoked: false, live: true }),
          entity: async () => null,
          offer: async () => offerOnChain(),
          parametersHash: async () => `0x${'00'.repeat(32)}`,
        },
        market: reader,
        outbox: outbox(),
        pkg: { identityKey: () => Promise.reject(new Error('asked')) },
        proxies: () => ports,
        keysOf: () => keys,
        transfer: {},
        decided,
      }),
      work,
    );

  const opens = (work: PurchaseWork, faultyProxies: readonly number[]) => {
    expect(work).toMatchObject({ state: 'received', key: toHex(dataset.key), faultyProxies });
    expect(unpacked).toEqual([toHex(dataset.key)]);
  };
  const posted = (list: readonly string[]): PostedDelivery => ({
    header: toHex(headerPreimage(engine, dataset.sourceContext, dataset.header)),
    grant: toHex(grantPreimage(engine, grantContext, grant)),
    fragments: list as `0x${string}`[],
  });
  const encoded = () => fragments.map((fragment) => toHex(encodeFragment(engine, fragment)));

  test('opens in spite of a proxy that passes off another grant', async () => {
    const receiverIdentity = receivingIdentityOf(OFFER).replace(consumer, owner);
    for (const [lie, culprits] of [
      // Each would end the collecting at the first answer, were it believed: a threshold of one, and another receiver's name.
      [{ grant: { ...grant, threshold: 1 }, context: { ...grantContext, receiverIdentity } }, [1]],
      [{ grant: { ...grant, threshold: 1 } }, [1]],
      [{ context: { ...grantContext, headerHash: `0x${'00'.repeat(32)}` as const } }, [1]],
    ] as const) {
      unpacked = [];
      opens(await run(accepted, [served(0, lie), served(1), served(2)]), culprits);
    }
  });

  test('opens with what was posted when the proxies are silent', async () => {
    chain.posted = [posted(encoded().slice(0, 2))];
    opens(await run(accepted, [silent, silent, silent]), []);
  });

  test('opens with good fragments among bad ones, and with an earlier posting that a later one would hide', async () => {
    const [first, second, third] = encoded() as [string, string, string];
    chain.posted = [posted(['0x00', first, first]), posted([second.slice(0, -2), third]), posted(['0x', '0x01'])];
    opens(await run(accepted, [silent, silent, silent]), []);
  });

  test('adds what was posted to what too few proxies gave', async () => {
    chain.posted = [posted(encoded().slice(2))];
    opens(await run(accepted, [served(0), silent, silent]), []);
  });

  test('blames the owner for a record that says another t or n than the grant, and does not wait for more fragments', async () => {
    for (const recordedSize of [
      { threshold: 1, proxies: 3 },
      { threshold: 3, proxies: 3 },
      { threshold: 2, proxies: 4 },
    ]) {
      chain.recordedSize = recordedSize;
      // The contract counts the posted fragments by its own t.
      chain.posted = [posted(encoded().slice(0, 1))];
      for (const ports of [[silent, silent, silent], [served(0), silent, silent], shares.map((_, position) => served(position))])
        await expect(run(accepted, ports)).rejects.toMatchObject({ code: 'DELIVERY_GRANT_CONTEXT', data: { party: 'owner' } });
    }
    expect(unpacked).toEqual([]);
  });

  test('blames no proxy for what somebody posted', async () => {
    const [first, second] = fragments as [(typeof fragments)[number], (typeof fragments)[number]];
    chain.posted = [posted([{ ...first, f: second.f }, second].map((fragment) => toHex(encodeFragment(engine, fragment))))];
    opens(await run(accepted, [silent, silent, served(2)]), []);
  });

  test('still collects what it has paid for, when the price was claimed before', async () => {
    chain.state = 'paid';
    const work = await run(
      accepted,
      shares.map((_, position) => served(position)),
    );
    expect(work).toMatchObject({ state: 'ended', outcome: 'paid' });
    expect(unpacked).toEqual([toHex(dataset.key)]);
  });

  test('says that the escrow is used up when the contract does not lock another price', async () => {
    chain.state = 'verified';
    chain.onSend = () => {
      const text = { what: 'refused', consequence: '', remedy: '' };
      throw new AppError('CHAIN_TRANSACTION_REJECTED', text, { data: { reason: 'EscrowTooSmall(0, 5)' } });
    };
    await expect(run({ ...accepted, state: 'keyed' }, [])).rejects.toMatchObject({ code: 'PURCHASE_ESCROW_USED_UP' });
    expect(chain.sent).toEqual([]);
  });

  test('does not call a trade paid that was refunded', async () => {
    const received = { ...accepted, state: 'received', key: toHex(dataset.key) } as const;
    for (const outcome of ['refunded', 'revoked'] as const) {
      chain.state = outcome;
      expect(await run(received, [], { accept: true, confirm: true })).toMatchObject({ state: 'ended', outcome });
    }
    expect(chain.sent).toEqual([]);
  });

  test('refuses, before the price is locked, a context whose file cannot be the recorded one', async () => {
    const downloads: string[] = [];
    const leaving = (context: SourceContext) => {
      const header = net.dataset(1).header;
      const held = { ...record, headerHash: toHex(headerHash(engine, context, header)) };
      const proxy = proxyPort({
        getHeader: async () => ({ header: encodeHeader(engine, header), context: encodeSourceContext(context) }),
        downloadCiphertext: async ({ sha256 }) => void downloads.push(sha256),
      });
      return run({ ...facts, state: 'found' }, [proxy], { accept: true, confirm: false }, held);
    };
    for (const change of [{ plaintextLength: 999n }, { plaintextLength: 2n ** 63n }, { chunkSize: 7 }, { chunkSize: 0 }])
      await expect(leaving({ ...dataset.sourceContext, ...change })).rejects.toMatchObject({ code: 'HEADER_MISLEADING' });
    expect(downloads).toEqual([]);
  });

  test('names the proxy that changed a fragment and opens with the others, or waits for nobody else and pays nothing', async () => {
    const [first, second] = fragments as [(typeof fragments)[number], (typeof fragments)[number]];
    const changed = { ...first, f: second.f };
    opens(await run(accepted, [served(0, { fragment: changed }), served(1), served(2)]), [1]);
    await expect(
      run(accepted, [served(0, { fragment: changed }), served(1), silent], { accept: true, confirm: true }),
    ).rejects.toMatchObject({ code: 'DELIVERY_FRAGMENTS', data: { party: 'proxies', proxies: '1' } });
    expect(chain.sent).toEqual([]);
  });

  test.each(['grantHash', 'headerHash'] as const)(
    'takes no fragment that its proxy signed for another %s, and names the proxy',
    async (field) => {
      const statement = { [field]: `0x${'77'.repeat(32)}` };
      opens(await run(accepted, [served(0, { statement }), served(1), served(2)]), [1]);
    },
  );

  describe('before it pays', () => {
    const header = encodeHeader(engine, dataset.header);
    const context = encodeSourceContext(dataset.sourceContext);
    const holding = (change: { header?: Uint8Array; context?: Uint8Array; download?: string } = {}) =>
      proxyPort({
        getHeader: async () => ({ header: change.header ?? header, context: change.context ?? context }),
        downloadCiphertext: () => (change.download === undefined ? Promise.resolve() : Promise.reject(serviceError(change.download))),
      });
    const gone = proxyPort({ getHeader: () => Promise.reject(serviceError('SERVICE_UNREACHABLE')) });
    const fetched = async (ports: readonly ProxyPort[]) => {
      chain.state = 'verified';
      // The PKG of this scene does not answer, so the purchase stops once it is fetched.
      await run({ ...facts, state: 'found' }, ports).catch((error: Error) => {
        if (error.message !== 'asked') throw error;
      });
      return documents.load(`purchase-${OFFER}`, purchaseWorkSchema);
    };
    const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const otherHeader = encodeHeader(engine, net.dataset(1).header);

    test('names the proxy that changed the header or its context, and uses another', async () => {
      for (const lie of [{ header: otherHeader }, { header: flipped(header, 100) }, { context: flipped(context, context.length - 1) }])
        expect(await fetched([holding(lie), holding()])).toMatchObject({ state: 'fetched', header: toHex(header), faultyProxies: [1] });
    });

    test('names the proxy that changed a chunk of the ciphertext, and uses another', async () => {
      const ports = [gone, holding({ download: 'DOWNLOAD_HASH_MISMATCH' }), holding()];
      expect(await fetched(ports)).toMatchObject({ state: 'fetched', faultyProxies: [2] });
    });

    test('tells of a lie rather than of a silence when no proxy is left, and can be repeated', async () => {
      await expect(fetched([holding({ header: otherHeader }), gone])).rejects.toMatchObject({
        code: 'HEADER_NOT_RECORDED',
        data: { proxy: 1 },
      });
      await expect(fetched([gone, gone])).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
      expect(await fetched([gone, holding()])).toMatchObject({ state: 'fetched', faultyProxies: [] });
    });
  });
});
