/** The operating system's randomness behind the {@link Random} port. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../base/ports.ts';

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
