/** A trade of few rows: its proofs are as small as proofs are, for tests of what happens around them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { newFolder, type RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';
import { receive, requireValues } from './sample-trade.ts';
import { chooseFile } from './system-dialogs.ts';

const sample = fileURLToPath(new URL('../../resources/sample/machine-temperature.csv', import.meta.url));

/** Writes the first rows of the sample to a file of its own. */
export function fewRows(rows = 40): string {
  const path = join(newFolder(), 'few-rows.csv');
  writeFileSync(
    path,
    `${readFileSync(sample, 'utf8')
      .split('\n', rows + 1)
      .join('\n')}\n`,
  );
  return path;
}

/** Imports few rows for the active profile. */
export async function importFewRows({ app, window }: RunningApp, name: string, rows = 40): Promise<string> {
  const { token } = await chooseFile(app, window, 'data', fewRows(rows));
  const { columns, reading } = await ask(window, 'file.inspect', { file: token, reading: {} });
  const { datasetId } = await ask(window, 'dataset.import', {
    file: token,
    name,
    columns,
    reading,
    keywords: ['temperature'],
    pseudonymIndex: 0,
  });
  return datasetId;
}

/** Publishes a requirement that the few rows meet, as the active profile. */
export function requireFewRows(window: Page): Promise<string> {
  return requireValues(window, 10);
}

/** Takes a dataset of the active profile to where it can be offered. */
export async function record(window: Page, datasetId: string): Promise<void> {
  await ask(window, 'dataset.publish', { datasetId });
  await recorded(window, datasetId);
}

/** Waits until a dataset of the active profile can be offered. */
export async function recorded(window: Page, datasetId: string): Promise<void> {
  await until(
    'the record of the dataset',
    () => ask(window, 'dataset.get', { datasetId }),
    ({ state }) => state === 'ready',
  );
}

/** Waits until the contract has verified the proofs of an offer. */
export async function verified(window: Page, offerId: string): Promise<void> {
  await until(
    'the verification of the proofs',
    () => ask(window, 'offer.get', { offerId }),
    ({ chainState }) => chainState === 'verified',
  );
}

/** Buys a verified offer as `consumer`, up to the payment. */
export async function buy(window: Page, consumer: string, offerId: string): Promise<void> {
  await ask(window, 'profile.switch', { profileId: consumer });
  await ask(window, 'purchase.accept', { offerId });
  await receive(window, offerId);
  await ask(window, 'purchase.confirm', { offerId });
  await until(
    'the payment',
    () => ask(window, 'offer.get', { offerId }),
    ({ chainState }) => chainState === 'paid',
  );
}
