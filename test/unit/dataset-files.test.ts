/** What a crash leaves in a home's dataset folders is settled when they are opened: finished where it was acknowledged, else removed. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HomeDatasets } from '../../core/adapters/dataset-files.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { openParticipant } from '../../core/services/participant.ts';

const datasetId = (digit: string): Hex => `0x00${digit.repeat(62)}`;
const lock = { passphrase: 'a passphrase for tests' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vouchsafe-dataset-files-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function leave(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(home, name), { recursive: true });
    writeFileSync(join(home, name, 'content'), 'x');
  }
}

describe('opening the dataset folders of a home', () => {
  it('finishes an import whose document was saved, and removes any other', async () => {
    const [saved, unsaved, whole] = [datasetId('1'), datasetId('2'), datasetId('3')];
    const name = (id: Hex) => id.slice(2);
    leave(`datasets/${name(saved)}.import`, `datasets/${name(unsaved)}.import`, `datasets/${name(unsaved)}.import.partial`);
    leave(`datasets/${name(whole)}`);
    await HomeDatasets.open(home, await loadPoseidon(), [saved, whole]);
    expect(readdirSync(join(home, 'datasets')).sort()).toEqual([name(saved), name(whole)]);
    expect(readdirSync(join(home, 'datasets', name(saved)))).toEqual(['content']);
  });

  it('never removes a whole dataset, even one that no document names', async () => {
    const whole = datasetId('4').slice(2);
    leave(`datasets/${whole}`);
    await HomeDatasets.open(home, await loadPoseidon(), []);
    expect(readdirSync(join(home, 'datasets'))).toEqual([whole]);
  });

  it('removes decrypted payloads and parts of files, but not a download that can go on', async () => {
    leave('received/7', 'received/8.partial');
    writeFileSync(join(home, 'received', '7.payload'), 'plaintext');
    mkdirSync(join(home, 'ciphertexts'));
    writeFileSync(join(home, 'ciphertexts', '.abc.0011.partial'), 'x');
    writeFileSync(join(home, 'ciphertexts', 'abc.download'), 'x');
    await HomeDatasets.open(home, await loadPoseidon(), []);
    expect(readdirSync(join(home, 'received'))).toEqual(['7']);
    expect(readdirSync(join(home, 'ciphertexts'))).toEqual(['abc.download']);
  });
});

it('a home whose joining was interrupted says so', async () => {
  await (await HomeStore.create(home, lock)).close();
  await expect(openParticipant({ home, lock })).rejects.toMatchObject({ code: 'HOME_NOT_A_PARTICIPANT' });
});

it('a home whose network file is gone says so', async () => {
  const store = await HomeStore.create(home, lock);
  const identity = {
    version: 1,
    phrase: 'of no account',
    networkSigner: `0x${'11'.repeat(32)}`,
    applicationId: null,
    roles: 0,
    pseudonyms: [],
  };
  await store.write('identity', identity);
  await store.close();
  await expect(openParticipant({ home, lock })).rejects.toMatchObject({ code: 'FILE_NOT_READABLE' });
});
