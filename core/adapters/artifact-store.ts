/**
 * Circuits and proving keys of networks, kept by SHA-256 in one folder for all profiles of a user. What a network
 * file names is fetched from its proxies and kept only when its hash is right.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import type { Network } from '../sharing/network-file.ts';
import type { TransferOptions } from '../sharing/services.ts';
import { writing } from './atomic-file.ts';
import type { ProxyClient } from './proxy-client.ts';
import type { ProvingFiles } from './snarkjs-prover.ts';

/** Where artifacts are kept: `$XDG_CACHE_HOME` or `~/.cache`, then `vouchsafe/artifacts`. */
export function defaultArtifactFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vouchsafe', 'artifacts');
}

/** SHA-256 of a file, in constant memory. */
export async function sha256OfFile(path: string): Promise<Hex> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return toHex(hash.digest());
}

/** Finds the files of a network's circuits, fetching what is missing from the first proxy that has it. */
export class ArtifactStore {
  readonly #folder: string;
  readonly #network: Network;
  readonly #proxies: readonly ProxyClient[];

  constructor(folder: string, network: Network, proxies: readonly ProxyClient[]) {
    this.#folder = folder;
    this.#network = network;
    this.#proxies = proxies;
  }

  /** @throws AppError `NETWORK_CIRCUIT_UNKNOWN`, `DISK_FULL`, `DISK_NOT_WRITABLE`, and those of the download */
  async filesOf(circuit: string, transfer: TransferOptions): Promise<ProvingFiles> {
    const entry = this.#network.circuits[circuit];
    if (entry === undefined)
      throw new AppError(
        'NETWORK_CIRCUIT_UNKNOWN',
        {
          what: say`The network "${this.#network.name}" has no keys for the circuit ${circuit}.`,
          consequence: 'Statements of this kind cannot be proved there.',
          remedy: 'Choose another form of requirement, or ask the operator for a network with this template.',
        },
        { data: { circuit } },
      );
    const witnessCalculator = await this.#file(entry.witnessCalculator, transfer);
    return { witnessCalculator, provingKey: await this.#file(entry.provingKey, transfer) };
  }

  async #file(artifact: { readonly sha256: Hex; readonly bytes: number }, transfer: TransferOptions): Promise<string> {
    const path = join(this.#folder, artifact.sha256.slice(2));
    // Files arrive here whole and checked, under their hash; the length guards against a disk that lost the end.
    if (existsSync(path) && (await stat(path)).size === artifact.bytes) return path;
    await writing(this.#folder, () => mkdir(this.#folder, { recursive: true }));
    let failure: unknown;
    for (const proxy of this.#proxies) {
      try {
        await proxy.downloadArtifact({ ...transfer, ...artifact, destination: path });
        return path;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}
