/** Columns between the forms that windows see and those that core knows. */
import type { ColumnReport } from '../../core/adapters/csv-import.ts';
import { type Column, normalizeLabel, parseSchema, type Schema } from '../../core/dataset/schema.ts';
import type { ColumnView, InspectionView } from '../views.ts';

/** Characters of a cell, a bound or an error that a window gets. */
const CELL_LENGTH_MAX = 200;
const BOUND_LENGTH_MAX = 100;

/** Any text, no longer than a window takes it. */
export function clipped(text: string, lengthMax = CELL_LENGTH_MAX): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

/** A column as windows see it. A text column has no width; windows get one that means nothing. */
export function columnView(column: Column): ColumnView {
  const { source, name, type } = column;
  return type === 'text'
    ? { source, name, unit: '', type, scale: 0, width: 64 }
    : { source, name, unit: column.unit, type, scale: column.scale, width: column.width };
}

/**
 * The schema behind columns that were chosen in a window, where only numbers leave a choice of unit, scale and width.
 * @throws AppError `DATASET_SCHEMA_INVALID`
 */
export function schemaOf(columns: readonly ColumnView[]): Schema {
  const ordered = [...columns].sort((left, right) => left.source - right.source);
  return parseSchema({
    columns: ordered.map(({ source, name, unit, type, scale, width }) => {
      if (type === 'time') return { source, name: 'time', unit: 'ms', type, scale: 0, width: 64 };
      const label = normalizeLabel(name);
      if (type === 'text') return { source, name: label, type };
      if (type === 'category') return { source, name: label, unit: '', type, scale: 0, width: 64 };
      return { source, name: label, unit: normalizeLabel(unit), type, scale, width };
    }),
  });
}

/** What the fixed-point form does to the columns. */
export function reportView(report: readonly ColumnReport[]): InspectionView['report'] {
  const bound = (text: string | null) => (text === null ? null : clipped(text, BOUND_LENGTH_MAX));
  return report.map(({ column, missing, minimum, maximum, rounded, largestError }) => ({
    source: column.source,
    missing,
    minimum: bound(minimum),
    maximum: bound(maximum),
    rounded,
    largestError: clipped(largestError, BOUND_LENGTH_MAX),
  }));
}
