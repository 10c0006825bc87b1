/**
 * Payloads from and to dataset folders. A received payload becomes a folder only when every cell is canonical, the original file has the hash that
 * the manifest names, the root recomputed from the cells is the one on the chain, and the original file, imported again, gives these very cells.
 */
import { rm } from 'node:fs/promises';
import { AppError } from '../base/app-error.ts';
import { equalBytes, fromHex, type Hex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { type ColumnReader, columnLength } from '../dataset/canonical-column.ts';
import { type CommitProgress, commitDataset } from '../dataset/commitment.ts';
import type { FieldHash } from '../dataset/field.ts';
import {
  type PayloadManifest,
  type PayloadRefusal,
  payloadBytes,
  payloadLength,
  payloadManifest,
  readPayload,
} from '../dataset/payload.ts';
import { promisedColumns } from '../dataset/schema.ts';
import { importCsv } from './csv-import.ts';
import { type DatasetDocument, DatasetFolder, DatasetFolderWriter } from './dataset-folder.ts';

/** Rows of a column that are compared at once. */
const COMPARED_ROWS = 8192;
/** Why an import fails that lies in the file, not in this machine. */
const fileRefusals = [
  'DATASET_NOT_TEXT',
  'DATASET_CSV_MALFORMED',
  'DATASET_EMPTY',
  'DATASET_TOO_LARGE',
  'DATASET_SCHEMA_INVALID',
  'DATASET_CELL_REFUSED',
];

/** A payload that may be read several times, each time the same bytes. */
export interface FolderPayload {
  readonly manifest: PayloadManifest;
  readonly length: number;
  /** @throws AppError `DATASET_FOLDER_DAMAGED` if the folder was changed since it was written */
  bytes(): AsyncIterable<Uint8Array>;
}

/** The payload of an imported dataset. */
export function folderPayload(folder: DatasetFolder, seed: Hex, keywords: readonly string[]): FolderPayload {
  const manifest = payloadManifest(folder.document, seed, keywords);
  return { manifest, length: payloadLength(manifest), bytes: () => payloadBytes(manifest, folder) };
}

/** What the chain says about the dataset that a payload must hold. */
export interface ExpectedDataset {
  /** Bytes of the payload. */
  readonly length: number;
  readonly owner: Hex;
  readonly datasetId: Hex;
  readonly datasetRoot: bigint;
}

/** The received dataset, or why it is not the expected one. */
export type ReceivedPayload =
  | { readonly ok: true; readonly datasetRoot: bigint; readonly fileHash: Hex; readonly document: DatasetDocument }
  | PayloadRefusal;

/**
 * Writes a payload into a new dataset folder. A refused payload leaves nothing.
 * @throws AppError those of the folder; what `bytes` throws; the signal's reason
 */
export async function receivePayload(
  bytes: AsyncIterable<Uint8Array>,
  expected: ExpectedDataset,
  folder: string,
  hash: FieldHash,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((progress: CommitProgress) => void) | undefined } = {},
): Promise<ReceivedPayload> {
  let writer: DatasetFolderWriter | undefined;
  const begun = (): DatasetFolderWriter => writer as DatasetFolderWriter;
  let finished = false;
  try {
    const reading = await readPayload(bytes, expected.length, {
      begin: async (manifest) => {
        writer = await DatasetFolderWriter.create(folder, promisedColumns(manifest.schema).length);
      },
      column: (position, chunk) => begun().writeColumn(position, chunk),
      file: (chunk) => begun().writeSource(chunk),
    });
    if (!reading.ok) return reading;
    const { manifest, statistics } = reading;
    const { sha256 } = begun().sealSource();
    if (sha256 !== manifest.file.sha256) return refusal('file-differs', say`the original file is not the one that its manifest names`);
    const facts = { ...manifest, totalRows: manifest.rows, fileHash: sha256, owner: expected.owner, datasetId: expected.datasetId };
    const { datasetRoot } = await commitDataset(facts, fromHex(manifest.seed), writtenColumns(begun(), manifest), hash, options);
    if (datasetRoot !== expected.datasetRoot)
      return refusal('root-differs', say`its cells are not those that the owner committed to on the chain`);
    const contradiction = await contradictionOfFile(begun(), manifest, `${folder}.imported`, options.signal);
    if (contradiction !== null)
      return {
        ok: false,
        problem: 'file-contradicts-cells',
        detail: say`The payload is refused: its original file does not give the promised cells: ${contradiction}`,
      };
    const { schema, reading: fileReading, rows, file, seed, keywords } = manifest;
    const document = await begun().finish({
      schema,
      reading: fileReading,
      rows,
      file,
      statistics: statistics.map(({ missing, minimum, maximum }) => ({
        missing,
        minimum: minimum?.toString() ?? null,
        maximum: maximum?.toString() ?? null,
      })),
      rounding: null,
      received: { seed, keywords },
    });
    finished = true;
    return { ok: true, datasetRoot, fileHash: sha256, document };
  } finally {
    if (!finished) await writer?.abandon();
  }
}

/**
 * What the original file, imported again as its manifest says, gives otherwise than the cells that were committed to; null if nothing. The proofs
 * speak of the cells alone, and a receiver uses the file.
 */
async function contradictionOfFile(
  writer: DatasetFolderWriter,
  manifest: PayloadManifest,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Sentence | null> {
  const { schema, reading, rows } = manifest;
  await rm(folder, { recursive: true, force: true });
  try {
    const document = await importCsv(writer.sourcePath, schema, reading, folder, { signal, rowsMax: rows });
    if (document.rows !== rows) return say`it has ${document.rows} rows instead of ${rows}.`;
    const imported = await DatasetFolder.open(folder);
    try {
      return await firstDifference(imported, writtenColumns(writer, manifest), manifest, signal);
    } finally {
      await imported.close();
    }
  } catch (error) {
    if (error instanceof AppError && fileRefusals.includes(error.code)) return error.sentences.what;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstDifference(
  imported: ColumnReader,
  received: ColumnReader,
  { schema, rows }: PayloadManifest,
  signal: AbortSignal | undefined,
): Promise<Sentence | null> {
  for (const [position, column] of promisedColumns(schema).entries()) {
    for (let row = 0; row < rows; row += COMPARED_ROWS) {
      signal?.throwIfAborted();
      const count = Math.min(rows - row, COMPARED_ROWS);
      if (!equalBytes(await imported.read(position, row, count), await received.read(position, row, count)))
        return say`rows ${row + 1} to ${row + count} of the column "${column.name}" differ.`;
    }
  }
  return null;
}

function writtenColumns(writer: DatasetFolderWriter, manifest: PayloadManifest): ColumnReader {
  const columns = promisedColumns(manifest.schema);
  return {
    read: (position, firstRow, rows) => {
      const width = columns[position]?.width ?? 64;
      return writer.readColumn(position, columnLength(width, firstRow), columnLength(width, rows));
    },
  };
}

function refusal(problem: PayloadRefusal['problem'], reason: Sentence): PayloadRefusal {
  return { ok: false, problem, detail: say`The payload is refused: ${reason}.` };
}
