/**
 * The services behind the app's windows, joined by links as main joins them: two profiles trade a file in a real network through nothing but the
 * channels of the contract, and what is cancelled, restarted or asked for in vain behaves as windows promise.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { english } from '../../core/base/sentence.ts';
import { type ChannelName, contract, type RequestOf, type ResponseOf } from '../../electron/ipc-contract.ts';
import { type Handlers, Link, type Port } from '../../electron/link.ts';
import { startData } from '../../electron/services/data-service.ts';
import { startProver } from '../../electron/services/prover-service.ts';
import type { StartedService } from '../../electron/services/service-process.ts';
import { startVault } from '../../electron/services/vault-service.ts';
import { createStoryNetwork, storyServices, writeSampleRows } from '../story/story-network.ts';
import { type Service, serve, vouchsafe } from './command-line.ts';

const ROWS = 300;
const passphrase = 'the operator of the network';
const ether = 10n ** 18n;

/** Two ends of a connection, the second answering with `handlers`. */
function connected(handlers: Handlers = {}): { readonly here: Link; readonly there: Link } {
  const { port1, port2 } = new MessageChannel();
  return { here: new Link(port1 as unknown as Port), there: new Link(port2 as unknown as Port, handlers) };
}

/** A request as main passes it on: with paths where windows have none. */
type Sent<Name extends ChannelName> = (string extends keyof RequestOf<Name> ? unknown : Omit<RequestOf<Name>, 'file'>) & {
  readonly path?: string;
  readonly home?: string;
};
interface Told {
  readonly event: string;
  readonly value: unknown;
}

/** A service as main sees it: every answer is held to the contract. */
class Asked {
  readonly link: Link;
  readonly told: Told[] = [];
  readonly service: StartedService;

  constructor(link: Link, service: StartedService) {
    this.link = link;
    this.service = service;
    for (const event of ['changed', 'work', 'notice', 'log']) link.listen(event, (value) => this.told.push({ event, value }));
  }

  async ask<Name extends ChannelName>(
    name: Name,
    request: Sent<Name>,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: unknown) => void } = {},
  ): Promise<ResponseOf<Name>> {
    const answer = await this.link.call(name, request, options);
    return contract[name].response.parse(answer) as ResponseOf<Name>;
  }
}

describe('two profiles of the app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'app-services-'));
  const at = (...names: string[]) => join(folder, ...names);
  const key = new Uint8Array(32).fill(7);
  let network: Service | undefined;
  let prover: StartedService;
  let data: Asked;
  let owner: Asked;
  let consumer: Asked;

  async function openData(): Promise<Asked> {
    prover = await startProver();
    const service = await startData({}, { peer: async () => connected(prover.peerHandlers).here });
    return new Asked(connected(service.handlers).here, service);
  }

  async function openVault(name: string, create?: { readonly networkFile: string }): Promise<Asked> {
    const main = connected();
    const surroundings = {
      main: main.there,
      peer: async (kind: string) => connected(kind === 'data' ? data.service.peerHandlers : prover.peerHandlers).here,
      log: (line: string) => main.there.tell('log', line),
    };
    const config = { home: at(name), key, artifactFolder: at('artifacts'), ...(create === undefined ? {} : { create }) };
    const service = await startVault(config, surroundings);
    main.there.answer(service.handlers);
    return new Asked(main.here, service);
  }

  async function enrolled(name: string, role: 'owner' | 'consumer', networkFile: string): Promise<Asked> {
    const vault = await openVault(name, { networkFile });
    expect(await vault.ask('identity.get', {})).toMatchObject({ state: 'not-applied', pseudonyms: [] });
    const applied = await vault.ask('identity.apply', { realName: name, contact: `${name}@example.org`, roles: [role] });
    expect(applied.state).toBe('pending');
    const { output } = await vouchsafe(['pkg', 'list', '--network-home', at('network')], { passphrase });
    const application = new RegExp(`^(0x[0-9a-f]{32})  pending .*${name}`, 'm').exec(output)?.[1] as string;
    await vouchsafe(['pkg', 'approve', application, '--network-home', at('network')], { passphrase });
    const { pseudonyms, state } = await vault.ask('identity.enrol', { count: 1 });
    expect(state).toBe('enrolled');
    await vouchsafe(['network', 'fund', pseudonyms[0]?.address as string, '20', '--home', at('network')], { passphrase });
    return vault;
  }

  beforeAll(async () => {
    await createStoryNetwork(folder, passphrase);
    network = await serve(['network', 'start', '--home', at('network')], storyServices, { passphrase });
    data = await openData();
    const networkFile = readFileSync(at('network', 'network.json'), 'utf8');
    owner = await enrolled('Ada', 'owner', networkFile);
    consumer = await enrolled('Carl', 'consumer', networkFile);
    await writeSampleRows(at('data.csv'), ROWS);
  });
  afterAll(async () => {
    for (const asked of [owner, consumer, data]) await asked?.service.stop();
    await prover?.stop();
    await network?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('trade a file through the channels alone, with a cancelled proof on the way', async () => {
    const { phrase } = await owner.link.call<{ phrase: string }>('phrase', {});
    expect(phrase.split(' ')).toHaveLength(24);
    expect(await owner.link.call('summary', {})).toMatchObject({ enrolled: true, roles: ['owner'] });
    expect(await owner.ask('network.status', {})).toMatchObject({ online: true, pkg: 'reachable', threshold: 2 });

    // The file, before anything is made of it.
    const inspection = await data.link.call<Omit<ResponseOf<'file.inspect'>, 'file'>>('file.inspect', {
      path: at('data.csv'),
      reading: {},
    });
    expect(inspection.rows).toBe(ROWS);
    const { columns, reading } = inspection;
    const number = columns.find(({ type }) => type === 'number');
    if (number === undefined) throw new TypeError('the sample has a column of numbers');
    const chosen = columns.map((column) => (column === number ? { ...column, unit: 'F', scale: 2 } : column));
    const preview = await data.ask('file.preview', { path: at('data.csv'), columns: chosen, reading });
    expect(preview.report.find(({ source }) => source === number.source)?.rounded).toBeGreaterThan(0);

    // A requirement.
    const document = {
      version: 1 as const,
      width: number.width,
      columns: [{ type: 'number' as const, name: number.name, unit: 'F', scale: 2, between: ['0', '110'] as [string, string] }],
      minRows: ROWS,
      keywords: ['temperature'],
    };
    const impossible = { ...document, columns: [{ ...document.columns[0], between: ['5', '4'] as [string, string] }] };
    const { problem } = await consumer.ask('requirement.check', { document: impossible as never });
    expect(english(problem ?? '')).toMatch(/no value of/);
    expect(await consumer.ask('requirement.check', { document })).toEqual({ problem: null });
    const terms = {
      price: String(5n * ether),
      bond: String(ether / 100n),
      offers: 1,
      days: 7,
      grantHours: 24,
      deliverHours: 24,
      confirmHours: 72,
    };
    const requirement = await consumer.ask('requirement.publish', { document, ...terms, pseudonymIndex: 0 });
    expect(requirement).toMatchObject({ state: 'open', mine: true, escrow: terms.price, document });
    expect(await consumer.ask('requirement.mine', {})).toHaveLength(1);

    // A dataset.
    const imported = await owner.ask('dataset.import', {
      path: at('data.csv'),
      name: 'Machine',
      columns: chosen,
      reading,
      keywords: ['temperature'],
      pseudonymIndex: 0,
    });
    expect(imported).toMatchObject({ state: 'imported', name: 'Machine', rows: ROWS, publishing: false, columns: chosen });
    const { datasetId } = imported;
    const place = { kind: 'own', datasetId } as const;
    const page = await data.ask('table.rows', { home: at('Ada'), place, offset: 290, count: 100 });
    expect(page.rows).toHaveLength(10);
    expect(page.totalRows).toBe(ROWS);
    const series = await data.ask('table.series', { home: at('Ada'), place, source: number.source, from: null, to: null, buckets: 10 });
    expect(series.axis).toBe('time');
    expect(series.at.length).toBeLessThanOrEqual(10);
    const steps: unknown[] = [];
    const ready = await owner.ask('dataset.publish', { datasetId }, { onProgress: (progress) => steps.push(progress) });
    expect(ready).toMatchObject({ state: 'ready', publishing: false, obstacle: null });
    expect(steps).toContainEqual({ step: 'encrypted', fraction: null });
    await expect(owner.ask('dataset.remove', { datasetId })).rejects.toMatchObject({ code: 'DATASET_ON_CHAIN' });

    // What of it the requirement finds, and the dry run.
    const [open] = await owner.ask('requirement.open', {});
    expect(open?.requirement).toMatchObject({ requestId: requirement.requestId, mine: false });
    expect(open?.matches).toEqual([{ datasetId, datasetName: 'Machine', columns: 'all', enoughRows: true, keywords: true, ready: true }]);
    const { requestId } = requirement;
    const trial = await owner.ask('offer.dryRun', { requestId, datasetId });
    expect(trial.holds).toBe(true);
    expect(trial.predicates.find(({ kind }) => kind === 'range')).toMatchObject({ column: number.name, holds: true });
    expect(trial.becomesPublic).toContainEqual({ what: 'rows', value: String(ROWS) });

    // The offer, whose proof is cancelled and taken up again.
    const stop = new AbortController();
    const cancelled = owner.ask(
      'offer.make',
      { requestId, datasetId, shortWindows: false },
      { signal: stop.signal, onProgress: (progress) => (progress as { step: string }).step === 'made' && stop.abort() },
    );
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    const [begun] = await owner.ask('offer.list', {});
    expect(begun).toMatchObject({ side: 'owner', workState: 'made', chainState: 'proving', waitsFor: 'me', possibleSteps: ['revoke'] });
    const { offerId } = begun as NonNullable<typeof begun>;
    expect(await owner.ask('offer.continue', { offerId })).toMatchObject({
      workState: 'verified',
      chainState: 'verified',
      waitsFor: 'consumer',
      provedRows: ROWS,
    });

    // The consumer hears of it, fetches, and accepts; the owner grants by itself; the data arrives by itself.
    await vi.waitFor(() => expect(notices(consumer)).toContain('consumer-verified'), { timeout: 30_000, interval: 200 });
    expect(await consumer.ask('requirement.offers', { requestId })).toMatchObject([
      { offerId, side: 'consumer', waitsFor: 'me', workState: null },
    ]);
    expect(await consumer.ask('purchase.fetch', { offerId })).toMatchObject({ workState: 'keyed', chainState: 'verified', waitsFor: 'me' });
    expect((await consumer.ask('purchase.accept', { offerId })).chainState).toMatch(/accepted|granted/);
    await vi.waitFor(async () => expect(await consumer.ask('received.list', {})).toHaveLength(1), { timeout: 60_000, interval: 500 });
    expect(await consumer.ask('offer.get', { offerId })).toMatchObject({ received: true, chainState: 'granted', waitsFor: 'me' });
    const { checks } = await consumer.ask('received.check', { offerId });
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks.map(({ what }) => what)).toContain('dataset-root');
    expect(await consumer.ask('received.save', { offerId, path: at('copy.csv') })).toEqual({ path: at('copy.csv') });
    expect(readFileSync(at('copy.csv'))).toEqual(readFileSync(at('data.csv')));
    const copy = await data.ask('table.rows', { home: at('Carl'), place: { kind: 'received', offerId }, offset: 290, count: 100 });
    expect(copy.rows).toEqual(page.rows);

    expect(await consumer.ask('purchase.confirm', { offerId })).toMatchObject({ workState: 'ended', chainState: 'paid', outcome: 'paid' });
    await vi.waitFor(async () => expect((await owner.ask('offer.get', { offerId })).workState).toBe('ended'), {
      timeout: 60_000,
      interval: 500,
    });
    await vi.waitFor(() => expect(notices(owner)).toEqual(expect.arrayContaining(['owner-accepted', 'owner-paid'])), {
      timeout: 30_000,
      interval: 200,
    });
    const identity = await owner.ask('identity.get', {});
    expect(identity.pseudonyms[0]?.credit).toBe(String(5n * ether + ether / 100n));
    await owner.ask('identity.withdraw', { pseudonymIndex: 0, to: identity.pseudonyms[0]?.address as string });
    expect((await owner.ask('identity.get', {})).pseudonyms[0]?.credit).toBe('0');

    // What is left to read.
    const events = (await owner.ask('activity.list', {})).map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['DataRecorded', 'OfferMade', 'OfferVerified', 'OfferGranted', 'OfferConfirmed']));
    expect((await owner.ask('dataset.activity', { datasetId })).length).toBeGreaterThan(3);
    await consumer.ask('activity.export', { path: at('activity.csv') });
    expect(readFileSync(at('activity.csv'), 'utf8').split('\r\n').length).toBeGreaterThan(4);
    const [person] = (await consumer.ask('person.list', {})).filter(({ mine }) => !mine);
    expect(person).toMatchObject({ trades: 1, roles: ['owner'], name: null });
    await consumer.ask('person.name', { address: person?.address as string, name: 'Ada of the mill' });
    expect(await consumer.ask('person.list', {})).toContainEqual({ ...person, name: 'Ada of the mill' });
    expect(await owner.ask('outbox.list', {})).toEqual([]);
    expect([...owner.told, ...consumer.told].filter(({ event }) => event === 'log')).toEqual([]);
  });

  test('go on after a restart with what waited for the network', async () => {
    writeFileSync(at('other.csv'), readFileSync(at('data.csv')));
    const { columns, reading } = await data.link.call<ResponseOf<'file.inspect'>>('file.inspect', { path: at('other.csv'), reading: {} });
    const choice = { path: at('other.csv'), columns, reading, keywords: [], pseudonymIndex: 0 };
    const spare = await owner.ask('dataset.import', { ...choice, name: 'Spare' });
    await owner.ask('dataset.remove', { datasetId: spare.datasetId });
    await network?.stop();
    const { datasetId } = await owner.ask('dataset.import', { ...choice, name: 'Offline' });
    const waiting = await owner.ask('dataset.publish', { datasetId });
    expect(waiting).toMatchObject({ state: 'encrypted', publishing: true, obstacle: { code: 'SERVICE_UNREACHABLE' } });
    expect(await owner.ask('outbox.list', {})).toContainEqual(expect.objectContaining({ kind: 'dataset', state: 'waiting' }));
    expect(await owner.ask('network.status', {})).toMatchObject({ online: false, pkg: 'unreachable' });
    expect((await owner.ask('dataset.list', {})).map(({ name }) => name)).toEqual(['Offline', 'Machine']);

    await owner.service.stop();
    owner = await openVault('Ada');
    network = await serve(['network', 'start', '--home', at('network')], storyServices, { passphrase });
    await vi.waitFor(async () => expect((await owner.ask('dataset.get', { datasetId })).state).toBe('ready'), {
      timeout: 120_000,
      interval: 500,
    });
  });

  function notices(asked: Asked): unknown[] {
    return asked.told.filter(({ event }) => event === 'notice').map(({ value }) => (value as { kind: string }).kind);
  }
});
