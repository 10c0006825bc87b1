/**
 * What a dataset is besides its cells: the columns, how the file was read, how many rows, and the original file. The same document lies in a
 * dataset's folder on disk and travels in the encrypted payload; whoever reads it from elsewhere validates it with {@link descriptionMembers}.
 */
import { z } from 'zod';
import { isHex } from '../base/bytes.ts';
import type { CellReading } from './cell.ts';
import { ROWS_MAX } from './constants.ts';
import { type Schema, schemaShape } from './schema.ts';

/** How the text of a file becomes rows and cells. */
export interface FileReading extends CellReading {
  /** The character between two cells. */
  readonly delimiter: string;
  /** Whether the first row holds the columns' names. */
  readonly header: boolean;
}

/** The original file as it was imported. */
export interface OriginalFile {
  /** The name alone, without folders. */
  readonly name: string;
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly sha256: `0x${string}`;
}

/** A dataset without its cells. */
export interface DatasetDescription {
  readonly schema: Schema;
  readonly reading: FileReading;
  readonly rows: number;
  readonly file: OriginalFile;
}

const FILE_NAME_BYTES_MAX = 255;
// A name that another system would take for a folder, a device, a drive or a hidden instruction is refused, not repaired.
const forbiddenInNames = /[/\\:*?"<>|\p{Cc}\p{Cf}]/u;
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether a text can be a file's name on every system and nothing but a name: no folder, device or control character. */
export function isPlainFileName(name: string): boolean {
  const length = new TextEncoder().encode(name).length;
  return (
    name.isWellFormed() &&
    length >= 1 &&
    length <= FILE_NAME_BYTES_MAX &&
    !forbiddenInNames.test(name) &&
    !deviceName.test(name) &&
    !/^\.+$|[. ]$/.test(name)
  );
}

/** Bytes in hexadecimal of a fixed length. */
export const hexOf = (length: number) =>
  z.custom<`0x${string}`>(
    (value) => isHex(value) && value.length === 2 + 2 * length,
    `is not ${length} bytes in lower-case hexadecimal with 0x`,
  );

/** Whether a character can separate cells. */
export function isDelimiter(text: string): boolean {
  return /^[\t\x20-\x7e]$/.test(text) && !/["\w.+-]/.test(text);
}

/** Shape of {@link FileReading}. */
export const readingShape = z.strictObject({
  delimiter: z.string().refine(isDelimiter, 'cannot separate cells'),
  header: z.boolean(),
  decimalMark: z.literal(['.', ',']),
  time: z.strictObject({
    format: z.literal(['calendar', 'epoch-seconds', 'epoch-milliseconds']),
    zoneOffsetMinutes: z
      .int()
      .min(-12 * 60)
      .max(14 * 60),
  }),
});

/** Members of {@link DatasetDescription}, for documents that hold more. */
export const descriptionMembers = {
  schema: schemaShape,
  reading: readingShape,
  rows: z.int().min(1).max(ROWS_MAX),
  file: z.strictObject({
    name: z.string().refine(isPlainFileName, 'is not a plain file name'),
    size: z.int().min(0),
    sha256: hexOf(32),
  }),
};
