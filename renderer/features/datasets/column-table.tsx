/** The columns of a file: what each is called and kept as, what it holds, and what is lost by keeping it so. */
import { memo, startTransition, useEffect, useState } from 'react';
import type { ColumnView, InspectionView } from '../../../electron/views.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localDecimal, utcTime } from '../../model/figures.ts';
import { Button, formatCount, NumberField, Select, Skeleton, TextField } from '../../ui/index.ts';
import { type ColumnProblem, type ColumnReport, type ColumnType, withType } from './column-plan.ts';
import styles from './column-table.module.css';

const types = ['number', 'time', 'category', 'text'] as const satisfies readonly ColumnType[];
const widths = [16, 32, 64] as const;
/** Columns drawn at first: a file may have a thousand, each with fields of its own. */
const shownAtFirst = 40;
const previewCells = 4;
/** Columns that are drawn at a time, so that the window stays at hand meanwhile. */
const drawnAtOnce = 3;
const noProblems: readonly ColumnProblem[] = [];

/** The table. It is drawn anew only when what it gets is another object, since its fields are many. */
export const ColumnTable = memo(function ColumnTable({
  columns,
  inspection,
  problems,
  reportOf,
  measuring,
  onChange,
}: {
  readonly columns: readonly ColumnView[];
  readonly inspection: InspectionView;
  readonly problems: readonly ColumnProblem[];
  readonly reportOf: (column: ColumnView) => ColumnReport | undefined;
  readonly measuring: boolean;
  readonly onChange: (column: ColumnView) => void;
}) {
  const t = useTexts('datasets');
  const [shown, setShown] = useState(shownAtFirst);
  const [drawn, setDrawn] = useState(drawnAtOnce);
  const wanted = Math.min(shown, columns.length);
  useEffect(() => {
    if (drawn < wanted) startTransition(() => setDrawn(drawn + drawnAtOnce));
  }, [drawn, wanted]);
  const problemsOf = (source: number) =>
    problems.some((problem) => problem.source === source) ? problems.filter((problem) => problem.source === source) : noProblems;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <section className={styles.scroll} aria-label={t('columns.table')} tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              {['name', 'type', 'unit', 'scale', 'width', 'values', 'range', 'missing', 'rounded'].map((heading) => (
                <th key={heading} scope="col" className={heading === 'missing' || heading === 'rounded' ? styles.end : undefined}>
                  {t(`columns.${heading}`)}
                </th>
              ))}
            </tr>
          </thead>
          {columns.slice(0, Math.min(drawn, shown)).map((column) => (
            <ColumnRow
              key={column.source}
              column={column}
              inspection={inspection}
              problems={problemsOf(column.source)}
              report={reportOf(column)}
              measuring={measuring}
              onChange={onChange}
            />
          ))}
        </table>
      </section>
      {columns.length > shown ? (
        <Button kind="secondary" onPress={() => setShown(shown + 100)}>
          {t('columns.more', { count: columns.length - shown })}
        </Button>
      ) : null}
    </>
  );
});

const ColumnRow = memo(function ColumnRow({
  column,
  inspection,
  problems,
  report,
  measuring,
  onChange,
}: {
  readonly column: ColumnView;
  readonly inspection: InspectionView;
  readonly problems: readonly ColumnProblem[];
  readonly report: ColumnReport | undefined;
  readonly measuring: boolean;
  readonly onChange: (column: ColumnView) => void;
}) {
  const t = useTexts('datasets');
  const { source, type, name, unit, scale, width } = column;
  const problem = (...fields: ColumnProblem['field'][]) => {
    const found = problems.find(({ field }) => fields.includes(field));
    return found === undefined ? {} : { problem: t(`problem.${found.key}`, found.values) };
  };
  const suggested = inspection.columns.find((candidate) => candidate.source === source);
  const header = suggested?.type === 'time' ? '' : (suggested?.name ?? '');
  const reason = useReason(column, inspection);
  const cells = inspection.firstRows.slice(0, previewCells).map((row) => row[source] ?? '');
  const about = name === '' ? t('columns.nth', { number: source + 1 }) : name;
  return (
    <tbody className={styles.column} data-promised={type !== 'text'}>
      <tr>
        <th scope="row">
          <TextField
            label={t('columns.name-of', { number: source + 1 })}
            hideLabel
            value={name}
            isDisabled={type === 'time' || type === 'text'}
            onChange={(text) => onChange({ ...column, name: text.slice(0, 64) })}
            {...problem('name')}
          />
        </th>
        <td>
          <Select
            label={t('columns.type-of', { column: about })}
            hideLabel
            value={type}
            onChange={(chosen) => {
              const next = types.find((known) => known === chosen);
              if (next !== undefined) onChange(withType(column, next, header));
            }}
            options={types.map((id) => ({ id, label: t(`type.${id}`) }))}
            {...problem('type')}
          />
        </td>
        <td>
          {type === 'number' ? (
            <TextField
              label={t('columns.unit-of', { column: about })}
              hideLabel
              value={unit}
              onChange={(text) => onChange({ ...column, unit: text.slice(0, 32) })}
            />
          ) : (
            <span className={styles.fixed}>{type === 'time' ? 'ms' : '—'}</span>
          )}
        </td>
        <td>
          {type === 'number' ? (
            <NumberField
              label={t('columns.scale-of', { column: about })}
              hideLabel
              value={scale}
              min={0}
              max={18}
              onChange={(places) => {
                if (Number.isInteger(places)) onChange({ ...column, scale: places });
              }}
              {...problem('scale')}
            />
          ) : (
            <span className={styles.fixed}>—</span>
          )}
        </td>
        <td>
          {type === 'number' ? (
            <Select
              label={t('columns.width-of', { column: about })}
              hideLabel
              value={String(width)}
              onChange={(chosen) => {
                const bits = widths.find((known) => String(known) === chosen);
                if (bits !== undefined) onChange({ ...column, width: bits });
              }}
              options={widths.map((bits) => ({ id: String(bits), label: t('columns.bits', { count: bits }) }))}
            />
          ) : (
            <span className={styles.fixed}>{type === 'text' ? '—' : t('columns.bits', { count: width })}</span>
          )}
        </td>
        <td className={styles.cells} title={cells.join('\n')}>
          {cells.map((cell, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: cells of a file keep their place, and equal ones have no other name
            <span key={index}>{cell === '' ? '∅' : cell}</span>
          ))}
        </td>
        <Measured column={column} report={report} measuring={measuring} />
      </tr>
      {reason === null && problems.every(({ field }) => field !== 'width') ? null : (
        <tr>
          <td colSpan={9} className={styles.notes}>
            {reason === null ? null : <span>{reason}</span>}
            {problems
              .filter(({ field }) => field === 'width')
              .map(({ key, values }) => (
                <strong key={key} className={styles.problem} role="alert">
                  {t(`problem.${key}`, values)}
                </strong>
              ))}
          </td>
        </tr>
      )}
    </tbody>
  );
});

/** Why a column is not what it looks like, or what its type means for it. */
function useReason({ source, type }: ColumnView, { obstacles }: InspectionView): string | null {
  const t = useTexts('datasets');
  const obstacle = obstacles[source];
  if (type !== 'text' && type !== 'category') return null;
  if (obstacle?.notTime) return t('reason.not-time', { ...obstacle.notTime });
  if (obstacle?.notNumber) return t('reason.not-number', { ...obstacle.notNumber });
  return type === 'text' ? t('reason.text') : null;
}

function Measured({
  column: { type },
  report,
  measuring,
}: {
  readonly column: ColumnView;
  readonly report: ColumnReport | undefined;
  readonly measuring: boolean;
}) {
  const t = useTexts('datasets');
  const language = useLanguage();
  if (type === 'text') {
    return (
      <td colSpan={3}>
        <span className={styles.fixed}>{t('columns.not-promised')}</span>
      </td>
    );
  }
  if (report === undefined) return <td colSpan={3}>{measuring ? <Skeleton lines={1} /> : <span className={styles.fixed}>—</span>}</td>;
  const show = (value: string) => (type === 'time' ? utcTime(value, language) : localDecimal(value, language));
  const { minimum, maximum, missing, rounded, largestError } = report;
  return (
    <>
      <td className={styles.range}>
        {type === 'category' || minimum === null || maximum === null ? (
          <span className={styles.fixed}>—</span>
        ) : (
          <>
            <span>{show(minimum)}</span>
            <span>{show(maximum)}</span>
          </>
        )}
      </td>
      <td className={styles.end}>{missing === 0 ? <span className={styles.fixed}>0</span> : formatCount(missing, language)}</td>
      <td className={styles.end}>
        {rounded === 0 ? (
          <span className={styles.fixed}>0</span>
        ) : (
          <span className={styles.rounded}>
            {formatCount(rounded, language)}
            <small>{t('columns.by-at-most', { error: localDecimal(largestError, language) })}</small>
          </span>
        )}
      </td>
    </>
  );
}
