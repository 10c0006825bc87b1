/**
 * A lost home and its 24 words: the owner and the consumer of running trades come back on an empty machine, from the chain, the proxies and the
 * PKG alone, and go on. And the same home saved to a file and restored through the command line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HomeStore } from '../../core/adapters/home-store.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { asOperator } from '../../core/cli/service-commands.ts';
import { advancePurchase, draft, publish, purchases, requirements, saveReceivedFile } from '../../core/services/consumer.ts';
import {
  advanceDataset,
  advanceOffer,
  datasets,
  draftOffer,
  importDataset,
  inspectFile,
  offers,
  tryRequirement,
} from '../../core/services/owner.ts';
import { createParticipant, openParticipant, type Participant } from '../../core/services/participant.ts';
import { type RestoreReport, restoreHome } from '../../core/services/restore.ts';
import { entityRoles } from '../../core/sharing/chain-reader.ts';
import { createStoryNetwork, storyServices, writeSampleRows } from '../story/story-network.ts';
import { type Service, serve } from './command-line.ts';

const ETHER = 10n ** 18n;
const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));

describe('a home that was lost', () => {
  const passphrase = 'a passphrase of everybody';
  const lock = { key: new Uint8Array(32).fill(5) };
  const folder = mkdtempSync(join(tmpdir(), 'restore-'));
  const at = (...names: string[]) => join(folder, ...names);
  let services: Service;
  let networkFile: string;
  let [adasWords, carlsWords] = ['', ''];
  let datasetId: Hex;
  let requestId: Hex;
  /** One that is granted and received, one that is accepted, one that is proved in part. */
  let [granted, accepted, proving] = ['', '', ''];

  const open = (name: string) => openParticipant({ home: at(name), lock });

  async function joined(name: string, roles: number, pseudonyms: number): Promise<{ participant: Participant; phrase: string }> {
    const made = await createParticipant({ home: at(name), lock, networkFile });
    const { participant } = made;
    await asOperator({ networkHome: at('network'), lock: { passphrase } }, async (operator) => {
      await operator.fund(participant.keysOf(0).account.address, 30n * ETHER);
      const { applicationId } = await participant.apply({ name, contact: 'none', roles });
      await operator.decide(applicationId, 'approve', '');
    });
    await participant.enrol(pseudonyms);
    return made;
  }

  beforeAll(async () => {
    await createStoryNetwork(folder, passphrase);
    networkFile = readFileSync(at('network', 'network.json'), 'utf8');
    services = await serve(['network', 'start', '--home', at('network')], storyServices, { passphrase });
    await writeSampleRows(at('data.csv'), 60);
    const ada = await joined('ada', entityRoles.owner, 3);
    const carl = await joined('carl', entityRoles.consumer, 1);
    [adasWords, carlsWords] = [ada.phrase, carl.phrase];
    const [owner, consumer] = [ada.participant, carl.participant];
    const { schema, reading } = await inspectFile(at('data.csv'));
    const column = schema.columns.find(({ type }) => type === 'number') as {
      name: string;
      unit: string;
      scale: number;
      width: 16 | 32 | 64;
    };
    const document = {
      version: 1 as const,
      width: column.width,
      columns: [
        { type: 'number' as const, name: column.name, unit: column.unit, scale: column.scale, between: ['-5', '110'] as [string, string] },
      ],
      minRows: 60,
      keywords: ['temperature'],
    };
    const now = Number(await consumer.market.timeSeconds());
    const terms = {
      price: ETHER.toString(),
      bond: (ETHER / 100n).toString(),
      deadline: now + 7 * 24 * 3600,
      grantWindow: 24 * 3600,
      deliverWindow: 24 * 3600,
      confirmWindow: 24 * 3600,
    };
    ({ requestId } = await draft(consumer, document, terms, 3n * ETHER, 0));
    await publish(consumer, requestId);
    const choice = { schema, reading, name: 'What Ada calls it', keywords: ['temperature'], pseudonymIndex: 0 };
    ({ datasetId } = await importDataset(owner, at('data.csv'), choice));
    await advanceDataset(owner, datasetId);
    const made = async (): Promise<string> => (await draftOffer(owner, requestId, datasetId)).offerId;
    [granted, accepted, proving] = [await made(), await made(), await made()];
    for (const offerId of [granted, accepted]) {
      await advanceOffer(owner, offerId);
      await advancePurchase(consumer, BigInt(offerId), { accept: true, confirm: false });
    }
    await advanceOffer(owner, granted);
    expect((await advancePurchase(consumer, BigInt(granted), { accept: true, confirm: false })).state).toBe('received');
    const stop = new AbortController();
    const onState = (state: string) => {
      if (state === 'made') stop.abort(new Error('gone'));
    };
    await expect(advanceOffer(owner, proving, { signal: stop.signal, onState })).rejects.toThrow('gone');
    await owner.close();
    await consumer.close();
  });
  afterAll(async () => {
    await services?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An empty machine: the network file and the words. */
  async function fromWords(name: string, phrase: string): Promise<void> {
    await (await createParticipant({ home: at(name), lock, networkFile, phrase })).participant.close();
  }
  /** Restores, cut off in each of the steps in turn, until nothing cuts it off any more. */
  async function restored(name: string, steps: readonly string[]): Promise<{ participant: Participant; report: RestoreReport }> {
    for (const step of steps) {
      const stop = new AbortController();
      const onProgress = (progress: { step: string; done: number }) => {
        if (progress.step === step) stop.abort(new Error('cut off'));
      };
      await expect(restoreHome({ home: at(name), lock }, { signal: stop.signal, onProgress })).rejects.toThrow('cut off');
    }
    return restoreHome({ home: at(name), lock });
  }
  const linesOf = (report: RestoreReport) => report.restored.map(({ kind, id, state }) => `${kind} ${id} ${state}`).sort();

  test('of the owner comes back with its data, grants what was accepted, and proves what was begun', async () => {
    await fromWords('ada-again', adasWords);
    spoilCiphertext(at('network', 'proxy-1'));
    const { participant, report } = await restored('ada-again', ['pseudonyms', 'requirements', 'datasets', 'offers']);
    try {
      expect(participant.pseudonyms.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(linesOf(report)).toEqual(
        [
          ...participant.pseudonyms.map(({ address }) => `pseudonym ${address} enrolled`),
          `dataset ${datasetId} ready`,
          `offer ${granted} granted-without-shares`,
          `offer ${accepted} accepted`,
          `offer ${proving} made`,
        ].sort(),
      );
      expect(report.missing).toMatchObject([{ kind: 'offer', id: granted, what: `The shares of the grant of offer ${granted}` }]);
      const [dataset] = await datasets(participant);
      const [before] = await (async () => {
        const lost = await open('ada');
        try {
          return await datasets(lost);
        } finally {
          await lost.close();
        }
      })();
      // Keys of one identity differ and open the same; the name was nowhere but in the lost home.
      const ignored = { identityKey: '', name: '', createdAtMs: 0, recordedInBlock: 0 };
      expect({ ...dataset, ...ignored }).toEqual({ ...before, ...ignored });
      expect(dataset?.name).toBe('data.csv');
      expect(readFileSync(at('ada-again', 'datasets', datasetId.slice(2), 'original'), 'utf8')).toBe(readFileSync(at('data.csv'), 'utf8'));
      expect(readdirSync(at('ada-again', 'received'))).toEqual([]);
      expect((await tryRequirement(participant, requestId, datasetId)).holds).toBe(true);
      expect((await advanceOffer(participant, accepted)).state).toBe('granted');
      expect((await advanceOffer(participant, proving)).state).toBe('verified');
      expect((await advanceOffer(participant, granted)).state).toBe('granted-without-shares');
    } finally {
      await participant.close();
    }
    const folders = {
      received: at('ada-again', 'received', BigInt(datasetId).toString()),
      own: at('ada-again', 'datasets', datasetId.slice(2)),
    };
    for (const place of ['received', 'own'] as const) {
      // Killed before the unpacked data was moved to its place, and before its document was saved: nothing is fetched again.
      const opened = await open('ada-again');
      await opened.removeDocument(`dataset-${datasetId.slice(2)}`);
      await opened.close();
      rmSync(at('ada-again', 'ciphertexts', datasetId.slice(2)), { force: true });
      renameSync(folders.own, folders[place]);
      const repeated = await restoreHome({ home: at('ada-again'), lock });
      await repeated.participant.close();
      expect(repeated.report.restored.filter(({ known }) => !known)).toMatchObject([{ kind: 'dataset', id: datasetId, state: 'ready' }]);
      expect(existsSync(join(folders.own, 'original'))).toBe(true);
      expect(existsSync(at('ada-again', 'ciphertexts', datasetId.slice(2)))).toBe(false);
    }
    const again = await restoreHome({ home: at('ada-again'), lock });
    await again.participant.close();
    expect(again.report.restored.every(({ known }) => known)).toBe(true);
    expect((await offersIn('ada-again')).find(({ offerId }) => offerId === accepted)?.state).toBe('granted');
  });

  async function offersIn(name: string) {
    const participant = await open(name);
    try {
      return await offers(participant);
    } finally {
      await participant.close();
    }
  }

  test('of the consumer comes back with its requirement and what it bought, without paying twice', async () => {
    await fromWords('carl-again', carlsWords);
    const { participant, report } = await restored('carl-again', ['requirements', 'purchases']);
    try {
      const lines = linesOf(report);
      for (const line of [`requirement ${requestId} published`, `purchase ${granted} received`, `purchase ${accepted} received`])
        expect(lines).toContain(line);
      expect(report.missing).toEqual([]);
      const [requirement] = await requirements(participant);
      expect(requirement).toMatchObject({ requestId, salt: null, statement: null, escrow: (3n * ETHER).toString() });
      expect((await publish(participant, requestId)).state).toBe('published');
      await saveReceivedFile(participant, granted, at('received.csv'));
      expect(readFileSync(at('received.csv'), 'utf8')).toBe(readFileSync(at('data.csv'), 'utf8'));
      for (const offerId of [granted, accepted])
        expect(await advancePurchase(participant, BigInt(offerId), { accept: false, confirm: true })).toMatchObject({ outcome: 'paid' });
      expect(await purchases(participant)).toHaveLength(2);
    } finally {
      await participant.close();
    }
    // What is paid can still be received by another home of the same words while the grant lives.
    await fromWords('carl-once-more', carlsWords);
    const later = await restoreHome({ home: at('carl-once-more'), lock });
    await later.participant.close();
    expect(linesOf(later.report)).toContain(`purchase ${granted} ended`);
    expect(existsSync(at('carl-once-more', 'received', granted, 'original'))).toBe(true);
  });

  test('of words that nobody used comes back empty, and one whose ciphertext no proxy has says so', async () => {
    const unused = await createParticipant({ home: at('nobody'), lock, networkFile });
    await unused.participant.close();
    const empty = await restoreHome({ home: at('nobody'), lock });
    await empty.participant.close();
    expect(empty.report).toEqual({ restored: [], missing: [] });

    for (const proxy of [1, 2, 3]) spoilCiphertext(at('network', `proxy-${proxy}`));
    await fromWords('ada-late', adasWords);
    const late = await restoreHome({ home: at('ada-late'), lock });
    await late.participant.close();
    expect(late.report.missing.find(({ kind }) => kind === 'dataset')).toMatchObject({ id: datasetId });
    expect(late.report.missing.find(({ kind }) => kind === 'dataset')?.why).toMatch(/No proxy has it: proxy 1: .*SHA-256 differs.*proxy 3/);
    expect(late.report.missing).toContainEqual(
      expect.objectContaining({ what: `The way on with offer ${proving}`, why: 'Its dataset could not be restored.' }),
    );
    await services.stop();
    await expect(restoreHome({ home: at('ada-late'), lock })).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  test('that was saved to a file comes back through the command line, under a passphrase of its own', async () => {
    const store = await HomeStore.open(at('ada'), lock);
    await store.changeLock(lock, { passphrase });
    await store.close();
    const backup = at('ada.backup');
    const saved = await command(['backup', 'save', backup, '--home', at('ada')], passphrase, 'another passphrase');
    expect(saved).toMatchObject({ code: 0, errors: '' });
    expect(saved.output).toMatch(/datasets +1\n/);
    expect((await command(['backup', 'check', backup], undefined, 'another passphrase')).output).toContain('The backup is whole');
    expect((await command(['backup', 'check', backup], undefined, passphrase)).errors).toContain('BACKUP_WRONG_PASSPHRASE');
    const target = ['backup', 'restore', backup, '--home', at('ada-elsewhere')];
    expect((await command(target, 'a new passphrase', 'another passphrase')).code).toBe(0);
    expect((await command(target, 'a new passphrase', 'another passphrase')).errors).toContain('HOME_FOLDER_OCCUPIED');
    const participant = await openParticipant({ home: at('ada-elsewhere'), lock: { passphrase: 'a new passphrase' } });
    expect(participant.phrase).toBe(adasWords);
    expect((await datasets(participant)).map(({ name }) => name)).toEqual(['What Ada calls it']);
    await participant.close();
  });

  /** Runs a command with the passphrases of the home and of the backup on descriptors 3 and 4. */
  async function command(words: readonly string[], home: string | undefined, backup: string) {
    const secrets = [...(home === undefined ? [] : ['--passphrase-fd', '3']), '--backup-passphrase-fd', '4'];
    const child = spawn(process.execPath, [main, ...words, ...secrets], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    let [output, errors] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    for (const [fd, text] of [
      [3, home ?? ''],
      [4, backup],
    ] as const) {
      const pipe = child.stdio[fd] as NodeJS.WritableStream;
      // A command that ends before it has read leaves a broken pipe; its exit says so.
      pipe.on('error', () => undefined);
      pipe.end(`${text}\n`);
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, errors };
  }

  /** A proxy whose disk has gone bad: it hands out other bytes than it was given. */
  function spoilCiphertext(home: string): void {
    const ciphertexts = join(home, 'ciphertexts');
    for (const name of readdirSync(ciphertexts).filter((entry) => /^[0-9a-f]{64}$/.test(entry))) {
      const bytes = readFileSync(join(ciphertexts, name));
      bytes[0] = 0;
      rmSync(join(ciphertexts, name));
      writeFileSync(join(ciphertexts, name), bytes);
    }
  }
});
