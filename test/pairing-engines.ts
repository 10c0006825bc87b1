/** The two pairing engines, for tests that run on each. */
import { createMclEngine } from '../core/crypto/mcl-engine.ts';
import { createNobleEngine } from '../core/crypto/noble-engine.ts';

export const noble = createNobleEngine();
export const mcl = await createMclEngine();
export const engines = [noble, mcl];
