/** How the space of a proxy is divided, as shares of what is used and free together. */
import type { ProxyStorageView } from '../../../electron/views.ts';

/** One part of the bar. */
export interface StorageShare {
  readonly part: 'ciphertexts' | 'uploads' | 'free';
  readonly bytes: number;
  /** 0 to 1; the three add up to 1. */
  readonly share: number;
}

/** The parts in the order in which the bar shows them. */
export function storageShares({ ciphertextBytes, uploadBytes, freeBytes }: ProxyStorageView): StorageShare[] {
  const whole = ciphertextBytes + uploadBytes + freeBytes;
  const share = (bytes: number) => (whole === 0 ? 0 : bytes / whole);
  return [
    { part: 'ciphertexts', bytes: ciphertextBytes, share: share(ciphertextBytes) },
    { part: 'uploads', bytes: uploadBytes, share: share(uploadBytes) },
    { part: 'free', bytes: freeBytes, share: whole === 0 ? 1 : share(freeBytes) },
  ];
}

/** Whether so little is left that uploads may soon be refused. */
export function isNearlyFull(storage: ProxyStorageView): boolean {
  return storage.reachable && storage.freeBytes < 1_000_000_000;
}
