/** The rows of a dataset and a chart of one of its columns. Both load only what is looked at. */
import { useCallback, useMemo, useState } from 'react';
import type { DatasetView, TablePlace } from '../../../electron/views.ts';
import { call, useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Chart, formatCount, PagedTable, Query, Select, Stack } from '../../ui/index.ts';
import styles from './dataset-data.module.css';

const buckets = 600;

/** The tab. */
export function DatasetData({ dataset }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  const { datasetId, columns, rows } = dataset;
  const place = useMemo((): TablePlace => ({ kind: 'own', datasetId }), [datasetId]);
  const loadPage = useCallback(async (offset: number, count: number) => (await call('table.rows', { place, offset, count })).rows, [place]);
  return (
    <Stack gap={5}>
      <Series place={place} columns={columns} />
      <div className={styles.table}>
        <PagedTable
          tableKey={datasetId}
          label={t('data.table')}
          headers={columns.map(({ name, unit, type }) => ({
            label: name,
            align: type === 'number' ? ('end' as const) : ('start' as const),
            ...(type === 'number' && unit !== '' ? { detail: unit } : {}),
          }))}
          totalRows={rows}
          loadPage={loadPage}
          rowNumbers
        />
      </div>
    </Stack>
  );
}

function Series({ place, columns }: { readonly place: TablePlace; readonly columns: DatasetView['columns'] }) {
  const t = useTexts('datasets');
  const language = useLanguage();
  const numbers = columns.filter(({ type }) => type === 'number');
  const [source, setSource] = useState(String(numbers[0]?.source ?? ''));
  const [range, setRange] = useState<readonly [number | null, number | null]>([null, null]);
  const [from, to] = range;
  const series = useCall(
    'table.series',
    { place, source: Number(source), from, to, buckets },
    { enabled: numbers.length > 0, keepPrevious: true },
  );
  if (numbers.length === 0) return null;
  return (
    <Stack gap={3}>
      <div className={styles.choice}>
        <Select
          label={t('data.column')}
          value={source}
          onChange={(chosen) => {
            setSource(chosen);
            setRange([null, null]);
          }}
          options={numbers.map((column) => ({
            id: String(column.source),
            label: column.unit === '' ? column.name : `${column.name} (${column.unit})`,
          }))}
        />
      </div>
      <Query result={series}>
        {({ column, axis, at, minimum, maximum }) => (
          <Chart
            label={column.name}
            description={t('data.chart', { column: column.name, points: formatCount(at.length, language) })}
            axis={axis}
            at={at}
            minimum={minimum}
            maximum={maximum}
            unit={column.unit}
            onRange={(start, end) => setRange([start, end])}
          />
        )}
      </Query>
    </Stack>
  );
}
