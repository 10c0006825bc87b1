/** Argon2id of hash-wasm behind the {@link PassphraseHash} port. 64 MiB and three passes take about half a second. */
import { argon2id } from 'hash-wasm';
import type { SealingPorts } from '../crypto/sealed-document.ts';
import { nodeAead } from './node-aead.ts';
import { systemRandom } from './system-random.ts';

export const wasmPassphraseHash: SealingPorts['passphraseHash'] = {
  argon2id: (password, salt, cost) =>
    argon2id({
      password,
      salt,
      memorySize: cost.memoryKibibytes,
      iterations: cost.passes,
      parallelism: cost.lanes,
      hashLength: 32,
      outputType: 'binary',
    }),
};

/** Everything that sealing takes, from this machine. */
export const systemSealing: SealingPorts = { aead: nodeAead, passphraseHash: wasmPassphraseHash, random: systemRandom };
