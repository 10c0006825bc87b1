/** A network, two people and a whole trade on the sample, made through the bridge: the ground on which other tests stand. */
import type { Page } from '@playwright/test';
import { ask, until } from './bridge.ts';

const COIN = 10n ** 18n;

/** Who and what the sample made. */
export interface Sample {
  readonly owner: string;
  readonly consumer: string;
}

/** "Try with sample data", with the keychain and no passphrase. */
export async function trySample(window: Page): Promise<Sample> {
  await ask(window, 'lock.begin', { withPassphrase: false });
  return ask(window, 'profile.trySample', {});
}

/** Publishes a requirement as the consumer that the sample meets, as do as many of its rows. */
export async function publishRequirement(window: Page, { consumer }: Sample, minRows = 1000): Promise<string> {
  await ask(window, 'profile.switch', { profileId: consumer });
  return requireValues(window, minRows);
}

/** Publishes as the active profile that the values of the sample are wanted, or as many of them. */
export async function requireValues(window: Page, minRows: number): Promise<string> {
  const { requestId } = await ask(window, 'requirement.publish', {
    document: {
      version: 1,
      width: 32,
      columns: [{ type: 'number', name: 'value', unit: '', scale: 6, between: ['0', '110'] }],
      minRows,
      keywords: ['temperature'],
    },
    price: (5n * COIN).toString(),
    bond: (COIN / 100n).toString(),
    offers: 2,
    days: 7,
    grantHours: 24,
    deliverHours: 24,
    confirmHours: 72,
    pseudonymIndex: 0,
  });
  return requestId;
}

/** Takes the sample, or other data of that kind, from the owner to the consumer, up to the received data. */
export async function tradeSample(
  window: Page,
  sample: Sample,
  minRows?: number,
): Promise<{ requestId: string; datasetId: string; offerId: string }> {
  const requestId = await publishRequirement(window, sample, minRows);
  await ask(window, 'profile.switch', { profileId: sample.owner });
  const [dataset] = await ask(window, 'dataset.list', {});
  const datasetId = dataset?.datasetId ?? '';
  await ask(window, 'dataset.publish', { datasetId });
  await until(
    'the record of the dataset',
    () => ask(window, 'dataset.get', { datasetId }),
    ({ state }) => state === 'ready',
  );
  const { offerId } = await ask(window, 'offer.make', { requestId, datasetId, shortWindows: false });
  await until(
    'verification',
    () => ask(window, 'offer.get', { offerId }),
    ({ chainState }) => chainState === 'verified',
  );
  await ask(window, 'profile.switch', { profileId: sample.consumer });
  await ask(window, 'purchase.accept', { offerId });
  await receive(window, offerId);
  return { requestId, datasetId, offerId };
}

/** Waits until an accepted offer is granted, and has its buyer, whose profile is shown, receive the data. Its owner's vault is open as well, and grants by itself. */
export async function receive(window: Page, offerId: string): Promise<void> {
  await until(
    'the grant',
    () => ask(window, 'offer.get', { offerId }),
    ({ chainState }) => chainState === 'granted' || chainState === 'delivered',
  );
  await ask(window, 'purchase.receive', { offerId });
  await until(
    'the data',
    () => ask(window, 'received.list', {}),
    (received) => received.some((each) => each.offerId === offerId),
  );
}
