/** The thread of {@link DigestThread}: SHA-256 over blocks of shared memory, in the order in which they are named. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { DigestAnswer, DigestRequest } from './digest-thread.ts';

assert(parentPort !== null, 'the digest worker runs in a worker thread');
const port = parentPort;
const slots = (workerData as readonly SharedArrayBuffer[]).map((memory) => new Uint8Array(memory));
const hash = createHash('sha256');

port.on('message', (request: DigestRequest) => {
  if (request === 'finish') {
    port.postMessage({ digest: new Uint8Array(hash.digest()) } satisfies DigestAnswer);
    port.close();
    return;
  }
  const slot = slots[request.slot];
  assert(slot !== undefined, 'the slot exists');
  hash.update(slot.subarray(0, request.length));
  port.postMessage({ freed: request.slot } satisfies DigestAnswer);
});
