/** The files of a home's datasets: imported and received folders, payloads, ciphertexts. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { FileLabel } from '../crypto/file-stream.ts';
import { type Commitment, commitDataset } from '../dataset/commitment.ts';
import type { FieldHash } from '../dataset/field.ts';
import type { DatasetFiles, DatasetWork } from '../sharing/dataset-workflow.ts';
import type { PurchaseWork, ReceivedFiles } from '../sharing/purchase-workflow.ts';
import { clearPartialFiles, flushFolder } from './atomic-file.ts';
import { DatasetFolder } from './dataset-folder.ts';
import { folderPayload, receivePayload } from './dataset-payload.ts';
import { decryptToFile, encryptToFile, fileSource } from './encrypted-file.ts';

/** The dataset folders and ciphertexts under one home. */
export class HomeDatasets implements DatasetFiles, ReceivedFiles {
  readonly #home: string;
  readonly #hash: FieldHash;

  private constructor(home: string, hash: FieldHash) {
    this.#home = home;
    this.#hash = hash;
  }

  /**
   * Opens the folders, which nobody else may use meanwhile, and settles what a crash left: an import whose document was
   * saved is finished, any other is removed, and so are parts of files and decrypted payloads. `datasetIds` are those that
   * have a document.
   */
  static async open(home: string, hash: FieldHash, datasetIds: readonly Hex[]): Promise<HomeDatasets> {
    for (const folder of ['datasets', 'ciphertexts', 'received']) await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
    const files = new HomeDatasets(home, hash);
    for (const datasetId of datasetIds) if (existsSync(files.importPath(datasetId))) await files.finishImport(datasetId);
    // Settled folders have no dot in their name: datasets are named by hexadecimal digits, received ones by decimal ones.
    for (const folder of ['datasets', 'received']) await removeFrom(join(home, folder), (name) => name.includes('.'));
    await clearPartialFiles(join(home, 'ciphertexts'));
    return files;
  }

  /** Folder into which a dataset is imported; {@link finishImport} follows once its document is saved. */
  importPath(datasetId: Hex): string {
    return `${this.folderPath(datasetId)}.import`;
  }

  /** Puts an imported dataset in its place. */
  async finishImport(datasetId: Hex): Promise<void> {
    await rename(this.importPath(datasetId), this.folderPath(datasetId));
    await flushFolder(join(this.#home, 'datasets'));
  }

  /** Folder of an imported dataset. */
  folderPath(datasetId: Hex): string {
    return join(this.#home, 'datasets', datasetId.slice(2));
  }

  /** Folder of a received dataset. */
  receivedPath(offerId: string): string {
    return join(this.#home, 'received', offerId);
  }

  ciphertextPath(datasetId: Hex): string {
    return join(this.#home, 'ciphertexts', datasetId.slice(2));
  }

  async commit(work: DatasetWork, options: { signal?: AbortSignal }): Promise<{ datasetRoot: bigint; payloadBytes: number }> {
    return this.#withFolder(work, async (folder) => ({
      datasetRoot: (await this.commitment(work, folder, options.signal)).datasetRoot,
      payloadBytes: folderPayload(folder, work.seed, work.keywords).length,
    }));
  }

  /** The whole commitment of a dataset, recomputed from its folder. */
  commitment(work: DatasetWork, folder: DatasetFolder, signal?: AbortSignal): Promise<Commitment> {
    const { schema, rows, file } = folder.document;
    const { keywords, owner, datasetId } = work;
    const facts = { schema, totalRows: rows, keywords, fileHash: file.sha256, owner, datasetId };
    return commitDataset(facts, fromHex(work.seed), folder, this.#hash, { signal });
  }

  async encrypt(
    work: DatasetWork,
    key: Uint8Array,
    label: FileLabel,
    options: { signal?: AbortSignal; onProgress?: (bytesDone: number, bytesTotal: number) => void },
  ): Promise<{ sha256: Hex; bytes: number }> {
    return this.#withFolder(work, async (folder) => {
      const payload = folderPayload(folder, work.seed, work.keywords);
      const outputPath = this.ciphertextPath(work.datasetId);
      await rm(outputPath, { force: true });
      const { onProgress, signal } = options;
      const report = await encryptToFile({
        source: payload.bytes(),
        outputPath,
        encapsulatedKey: key,
        label,
        ...(signal ? { signal } : {}),
        onProgress: (done) => onProgress?.(done, payload.length),
      });
      return { sha256: toHex(report.ciphertextSha256), bytes: report.ciphertextBytes };
    });
  }

  async unpack(
    work: PurchaseWork,
    key: Uint8Array,
    label: FileLabel,
    expected: { datasetRoot: bigint; owner: Hex; datasetId: Hex },
    options: { signal?: AbortSignal; onProgress?: (bytesDone: number, bytesTotal: number) => void },
  ): Promise<void> {
    const folder = this.receivedPath(work.offerId);
    // A folder under its own name is whole and was checked before it got there.
    if (existsSync(folder)) return;
    const payloadPath = `${folder}.payload`;
    const { onProgress, signal } = options;
    try {
      await rm(payloadPath, { force: true });
      await decryptToFile({
        inputPath: this.ciphertextPath(work.datasetId),
        outputPath: payloadPath,
        encapsulatedKey: key,
        label,
        ...(signal ? { signal } : {}),
        onProgress: (done) => onProgress?.(done, label.plaintextBytes),
      });
      const verdict = await receivePayload(fileSource(payloadPath), { length: label.plaintextBytes, ...expected }, folder, this.#hash, {
        signal,
      });
      if (!verdict.ok)
        throw new AppError(
          'RECEIVED_DATA_REFUSED',
          {
            what: verdict.detail,
            consequence: 'Nothing was kept and nothing was confirmed: the price stays locked.',
            remedy: 'The owner is at fault. Do not confirm; once disputes are open, raise one with this as the reason.',
          },
          { data: { problem: verdict.problem } },
        );
    } finally {
      await rm(payloadPath, { force: true });
    }
  }

  async #withFolder<Result>(work: DatasetWork, use: (folder: DatasetFolder) => Promise<Result>): Promise<Result> {
    const folder = await DatasetFolder.open(this.folderPath(work.datasetId));
    try {
      return await use(folder);
    } finally {
      await folder.close();
    }
  }
}

async function removeFrom(folder: string, isLeftOver: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder)).filter(isLeftOver)) await rm(join(folder, name), { recursive: true, force: true });
}
