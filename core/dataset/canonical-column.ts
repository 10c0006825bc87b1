/**
 * The canonical integers of a column: stored values one after another, width/8 bytes each, little-endian, so that a pack of the commitment
 * is simply the next 224 bits (192 for 64-bit values) of the column (docs/formats.md, "Data and commitment" and "The payload").
 */
import { assert } from '../base/assert.ts';
import { PACK_BITS, SEGMENT_ROWS } from './constants.ts';
import type { ColumnWidth } from './schema.ts';

/** Where the canonical integers of a dataset are kept. */
export interface ColumnReader {
  /** The bytes of `rows` rows from `firstRow` of the promised column at `position`; exactly that many, or an error. */
  read(position: number, firstRow: number, rows: number): Promise<Uint8Array>;
}

/** Bytes of one stored value. */
export function storedBytes(width: ColumnWidth): number {
  return width / 8;
}

/** Bytes of a whole column. */
export function columnLength(width: ColumnWidth, rows: number): number {
  return rows * storedBytes(width);
}

/** Writes a stored value at an index of a column's bytes. */
export function writeStored(view: DataView, width: ColumnWidth, index: number, stored: bigint): void {
  if (width === 16) view.setUint16(2 * index, Number(stored), true);
  else if (width === 32) view.setUint32(4 * index, Number(stored), true);
  else view.setBigUint64(8 * index, stored, true);
}

/** Reads the stored value at an index of a column's bytes. */
export function readStored(view: DataView, width: ColumnWidth, index: number): bigint {
  if (width === 16) return BigInt(view.getUint16(2 * index, true));
  if (width === 32) return BigInt(view.getUint32(4 * index, true));
  return view.getBigUint64(8 * index, true);
}

/** The stored values in a column's bytes. */
export function storedValues(width: ColumnWidth, bytes: Uint8Array): bigint[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / storedBytes(width) }, (_, index) => readStored(view, width, index));
}

/** Values that one pack holds: 14, 7 or 3. */
export function valuesPerPack(width: ColumnWidth): number {
  return Math.floor(PACK_BITS / width);
}

/**
 * The packs of one segment, absent rows as padding.
 * @param bytes the column's bytes of the segment's rows, at most SEGMENT_ROWS
 */
export function segmentPacks(width: ColumnWidth, bytes: Uint8Array): bigint[] {
  const padded = new Uint8Array(columnLength(width, SEGMENT_ROWS));
  assert(bytes.length <= padded.length && bytes.length % storedBytes(width) === 0, 'a segment holds whole rows, at most SEGMENT_ROWS');
  padded.set(bytes);
  const view = viewOf(padded);
  const packBytes = valuesPerPack(width) * storedBytes(width);
  const packs: bigint[] = [];
  for (let offset = 0; offset < padded.length; offset += packBytes) {
    let pack = packBytes % 8 === 4 ? BigInt(view.getUint32(offset + packBytes - 4, true)) : 0n;
    for (let word = offset + packBytes - (packBytes % 8) - 8; word >= offset; word -= 8)
      pack = (pack << 64n) | view.getBigUint64(word, true);
    packs.push(pack);
  }
  return packs;
}

/** A view on exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
