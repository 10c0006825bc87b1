/** The files of a home's datasets: imported and received folders, payloads, ciphertexts. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import type { FileLabel } from '../crypto/file-stream.ts';
import { type Commitment, commitDataset } from '../dataset/commitment.ts';
import type { FileReading } from '../dataset/description.ts';
import type { FieldHash } from '../dataset/field.ts';
import type { Schema } from '../dataset/schema.ts';
import { type DryRun, dryRun } from '../proofs/dry-run.ts';
import type { Prover } from '../proofs/proof.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import type { TransferOptions } from '../sharing/services.ts';
import { sha256OfFile } from './artifact-store.ts';
import { clearPartialFiles, flushFolder } from './atomic-file.ts';
import { importCsv } from './csv-import.ts';
import { type DatasetDocument, DatasetFolder } from './dataset-folder.ts';
import { folderPayload, receivePayload } from './dataset-payload.ts';
import type { DatasetFacts, DatasetPlace, DatasetWorkshop, ProofPlace, Recomputed, SavedFile, StatementProver } from './dataset-work.ts';
import { decryptToFile, encryptToFile, fileSource } from './encrypted-file.ts';
import { createOfferProver } from './offer-prover.ts';

/** Commitments that are kept for the next proof: each took a hash over every cell. */
const COMMITMENTS_MAX = 4;

/** The dataset folders and ciphertexts under one home. */
export class HomeDatasets implements DatasetWorkshop {
  readonly #home: string;
  readonly #hash: FieldHash;
  readonly #commitments = new Map<Hex, Promise<Commitment>>();
  readonly #proving: { readonly network: ProofPlace; readonly prover: Prover } | undefined;

  /** The folders as they are. {@link HomeDatasets.open} comes first. */
  constructor(home: string, hash: FieldHash, proving?: { readonly network: ProofPlace; readonly prover: Prover }) {
    this.#home = home;
    this.#hash = hash;
    this.#proving = proving;
  }

  /**
   * Opens the folders, which nobody else may use meanwhile, and settles what a crash left: an import whose document was
   * saved is finished, any other is removed, and so are parts of files and decrypted payloads. `datasetIds` are those that
   * have a document.
   */
  static async open(
    home: string,
    hash: FieldHash,
    datasetIds: readonly Hex[],
    proving?: { readonly network: ProofPlace; readonly prover: Prover },
  ): Promise<HomeDatasets> {
    for (const folder of ['datasets', 'ciphertexts', 'received']) await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
    const files = new HomeDatasets(home, hash, proving);
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

  async importFile(
    source: string,
    datasetId: Hex,
    choice: { readonly schema: Schema; readonly reading: FileReading },
    { signal, onProgress }: TransferOptions,
  ): Promise<DatasetDocument> {
    return importCsv(source, choice.schema, choice.reading, this.importPath(datasetId), {
      signal,
      onProgress: ({ bytesRead, bytesTotal }) => onProgress?.(bytesRead, bytesTotal),
    });
  }

  async description(place: DatasetPlace): Promise<DatasetDocument | undefined> {
    const path = place.kind === 'own' ? this.folderPath(place.datasetId) : this.receivedPath(place.offerId);
    if (!existsSync(path)) return undefined;
    const folder = await DatasetFolder.open(path);
    await folder.close();
    return folder.document;
  }

  async commit(dataset: DatasetFacts, options: TransferOptions): Promise<{ datasetRoot: bigint; payloadBytes: number }> {
    return this.#withFolder(dataset, async (folder) => ({
      datasetRoot: (await this.#commitment(dataset, folder, options)).datasetRoot,
      payloadBytes: folderPayload(folder, dataset.seed, dataset.keywords).length,
    }));
  }

  async dryRun(dataset: DatasetFacts, fields: RequirementFields, { signal, onProgress }: TransferOptions): Promise<DryRun> {
    return this.#withFolder(dataset, async (folder) => {
      const commitment = await this.#commitment(dataset, folder, signal ? { signal } : {});
      return dryRun(fields, { ...commitment, schema: folder.document.schema }, folder, {
        signal,
        onProgress: (done) => onProgress?.(done, commitment.segmentCount),
      });
    });
  }

  offerProver(dataset: DatasetFacts, fields: RequirementFields): StatementProver {
    const proving = this.#proving;
    assert(proving !== undefined, 'offers are proved where there is a prover');
    const prove = <Result>(signal: AbortSignal | undefined, work: (prover: StatementProver) => Promise<Result>) =>
      this.#withFolder(dataset, async (folder) => {
        const commitment = await this.#commitment(dataset, folder, signal ? { signal } : {});
        return work(createOfferProver({ ...proving, dataset, folder, commitment, fields, hash: this.#hash }));
      });
    return {
      segment: (offer, index, signal) => prove(signal, (prover) => prover.segment(offer, index, signal)),
      aggregate: (offer, summaries, signal) => prove(signal, (prover) => prover.aggregate(offer, summaries, signal)),
    };
  }

  /** The whole commitment of a dataset, recomputed from its folder unless it was before. */
  async #commitment(dataset: DatasetFacts, folder: DatasetFolder, options: TransferOptions): Promise<Commitment> {
    const { datasetId } = dataset;
    const known = this.#commitments.get(datasetId) ?? this.#commit(dataset, folder, options);
    this.#commitments.delete(datasetId);
    this.#commitments.set(datasetId, known);
    for (const oldest of [...this.#commitments.keys()].slice(0, -COMMITMENTS_MAX)) this.#commitments.delete(oldest);
    try {
      const commitment = await known;
      assert((dataset.datasetRoot ?? commitment.datasetRoot.toString()) === commitment.datasetRoot.toString(), 'a dataset does not change');
      return commitment;
    } catch (error) {
      this.#commitments.delete(datasetId);
      throw error;
    }
  }

  #commit({ keywords, owner, datasetId, seed }: DatasetFacts, folder: DatasetFolder, { signal, onProgress }: TransferOptions) {
    const { schema, rows, file } = folder.document;
    const facts = { schema, totalRows: rows, keywords, fileHash: file.sha256, owner, datasetId };
    const onSegment = ({ segmentsDone, segmentCount }: { segmentsDone: number; segmentCount: number }) =>
      onProgress?.(segmentsDone, segmentCount);
    return commitDataset(facts, fromHex(seed), folder, this.#hash, { signal, onProgress: onSegment });
  }

  async encrypt(work: DatasetFacts, key: Uint8Array, label: FileLabel, options: TransferOptions): Promise<{ sha256: Hex; bytes: number }> {
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
    work: { readonly offerId: string; readonly datasetId: Hex },
    key: Uint8Array,
    label: FileLabel,
    expected: { datasetRoot: bigint; owner: Hex; datasetId: Hex },
    options: TransferOptions,
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

  async saveReceived(offerId: string, path: string, options: TransferOptions): Promise<SavedFile> {
    const folder = await this.#received(offerId);
    try {
      const { sha256, size, name } = folder.document.file;
      const copied = await copyWithDigest(folder.sourcePath, path, size, options);
      if (copied !== sha256) {
        await rm(path, { force: true });
        throw new AppError('RECEIVED_DATA_DAMAGED', {
          what: say`The received file in ${folder.path} was changed since it was checked: its SHA-256 differs.`,
          consequence: 'The copy was thrown away.',
          remedy: 'Restore the home from a backup, or check the disk.',
        });
      }
      return { sha256, bytes: size, name };
    } finally {
      await folder.close();
    }
  }

  async recompute(work: { offerId: string; datasetId: Hex; owner: Hex }, options: TransferOptions): Promise<Recomputed> {
    const folder = await this.#received(work.offerId);
    try {
      const { document } = folder;
      assert(document.received !== null, 'a received folder holds the seed and keywords of its manifest');
      const { datasetId, owner } = work;
      const commitment = await this.#commit(
        { datasetId, owner, ...document.received, keywords: [...document.received.keywords] },
        folder,
        options,
      );
      const ciphertext = this.ciphertextPath(datasetId);
      return {
        fileSha256: await sha256OfFile(folder.sourcePath),
        datasetRoot: commitment.datasetRoot,
        ciphertextSha256: existsSync(ciphertext) ? await sha256OfFile(ciphertext) : null,
        document,
      };
    } finally {
      await folder.close();
    }
  }

  async remove(datasetId: Hex): Promise<void> {
    this.#commitments.delete(datasetId);
    await rm(this.folderPath(datasetId), { recursive: true, force: true });
    await rm(this.ciphertextPath(datasetId), { force: true });
  }

  async #received(offerId: string): Promise<DatasetFolder> {
    const place = this.receivedPath(offerId);
    if (existsSync(place)) return DatasetFolder.open(place);
    throw new AppError('PURCHASE_NOT_RECEIVED', {
      what: say`The data of offer ${offerId} has not been received here.`,
      consequence: 'Nothing was copied or changed.',
      remedy: 'Receive it first; a received file can be copied as often as you like.',
    });
  }

  async #withFolder<Result>(work: DatasetFacts, use: (folder: DatasetFolder) => Promise<Result>): Promise<Result> {
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

/** Copies a file to a new one, flushed to disk, and gives the SHA-256 of what was copied; what is not whole is removed. */
async function copyWithDigest(source: string, target: string, size: number, { signal, onProgress }: TransferOptions): Promise<Hex> {
  const hash = createHash('sha256');
  const output = createWriteStream(target, { flags: 'wx', flush: true });
  let opened = false;
  let copied = 0;
  output.once('open', () => {
    opened = true;
  });
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      copied += chunk.length;
      onProgress?.(copied, size);
      yield chunk;
    }
  };
  try {
    await pipeline(createReadStream(source), hashed, output, { signal });
  } catch (cause) {
    if (opened) await rm(target, { force: true });
    signal?.throwIfAborted();
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const exists = reason === 'EEXIST';
    throw new AppError(
      exists ? 'FILE_EXISTS' : 'FILE_NOT_WRITABLE',
      {
        what: exists ? say`There is a file ${target} already.` : say`${target} cannot be written (${reason}).`,
        consequence: exists ? 'It was not changed, and nothing was copied.' : 'No copy was made; what was received is kept.',
        remedy: exists ? 'Name another file, or move that one away.' : 'Check that the folder exists, may be written and has room.',
      },
      { data: { path: target, reason }, cause },
    );
  }
  return toHex(hash.digest());
}
