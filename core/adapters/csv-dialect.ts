/**
 * Recognizes how a CSV file is written from its beginning: delimiter, header, decimal mark. A user may override each; a wrong guess shows in
 * the preview and never changes what a cell means silently, since cells that do not fit are refused.
 */
import { parse } from 'csv-parse/sync';
import { parseDecimal } from '../dataset/decimal.ts';
import type { FileReading } from '../dataset/description.ts';
import { parseTimestamp } from '../dataset/timestamp.ts';

/** Bytes of a file that are looked at. */
export const DIALECT_SAMPLE_BYTES = 256 * 1024;
const SAMPLE_ROWS = 200;
/** The comma last: it also stands inside numbers and sentences, the others hardly do. */
const delimiters = ['\t', ';', '|', ','] as const;

const calendar = { format: 'calendar', zoneOffsetMinutes: 0 } as const;

/**
 * How the file is read unless the user says otherwise.
 * @param sample text of the beginning of the file, as `csvText` gives it
 */
export function detectReading(sample: string, forced: Partial<FileReading> = {}): FileReading {
  const delimiter = forced.delimiter ?? detectDelimiter(sample);
  const rows = sampleRows(sample, delimiter);
  const decimalMark = forced.decimalMark ?? detectDecimalMark(rows, delimiter);
  const header = forced.header ?? detectHeader(rows[0] ?? []);
  return { delimiter, header, decimalMark, time: forced.time ?? calendar };
}

/** The delimiter under which most rows have the length of the first, which has at least two cells. */
function detectDelimiter(sample: string): string {
  let best: { delimiter: string; agreement: number } = { delimiter: ',', agreement: 0 };
  for (const delimiter of delimiters) {
    const rows = sampleRows(sample, delimiter);
    const width = rows[0]?.length ?? 0;
    const agreement = width < 2 ? 0 : rows.filter((row) => row.length === width).length / rows.length;
    if (agreement > best.agreement) best = { delimiter, agreement };
  }
  return best.delimiter;
}

/** Rows of the sample, however malformed; a row that the sample cuts off is left out. */
function sampleRows(sample: string, delimiter: string): string[][] {
  const rows = parse(sample, {
    delimiter,
    record_delimiter: '\n',
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_records_with_error: true,
    to: SAMPLE_ROWS,
  });
  return rows.length > 1 && rows.length < SAMPLE_ROWS && !sample.endsWith('\n') ? rows.slice(0, -1) : rows;
}

/** A comma if some cells are numbers only with it and none only with a point. In a file of commas it has to be chosen: `1,234` may mean thousands. */
function detectDecimalMark(rows: readonly (readonly string[])[], delimiter: string): '.' | ',' {
  if (delimiter === ',') return '.';
  const cells = rows.flat().map((cell) => cell.trim());
  const only = (mark: '.' | ',', other: '.' | ',') =>
    cells.some((cell) => parseDecimal(cell, mark) !== null && parseDecimal(cell, other) === null);
  return only(',', '.') && !only('.', ',') ? ',' : '.';
}

/** Names are neither empty nor repeated, and no number or time is one. */
function detectHeader(first: readonly string[]): boolean {
  const cells = first.map((cell) => cell.trim());
  return (
    new Set(cells).size === cells.length &&
    cells.every(
      (cell) =>
        cell !== '' && parseDecimal(cell, '.') === null && parseDecimal(cell, ',') === null && parseTimestamp(cell, calendar, '.') === null,
    )
  );
}
