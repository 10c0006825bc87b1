/** A column of received data over time or rows. What is drawn over is asked for again in finer buckets, so that every zoom is exact. */
import { LineChart } from 'lucide-react';
import { useState } from 'react';
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import type { ColumnView, TablePlace } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Chart, EmptyState, formatTime, Query, Select, Stack, Text } from '../../ui/index.ts';
import { seriesFacts } from './series-facts.ts';

/** Enough for one bucket a pixel on common screens. */
const BUCKETS = 1200;

/** The chart with the choice of its column. */
export function ReceivedChart({ columns, place }: { readonly columns: readonly ColumnView[]; readonly place: TablePlace }) {
  const t = useTexts('received');
  const numbers = columns.filter(({ type }) => type === 'number');
  const [source, setSource] = useState(numbers[0]?.source ?? -1);
  const [range, setRange] = useState<readonly [number, number] | null>(null);
  const [from, to] = range ?? [null, null];
  const series = useCall('table.series', { place, source, from, to, buckets: BUCKETS }, { enabled: source >= 0, keepPrevious: true });
  const column = numbers.find((candidate) => candidate.source === source);
  if (column === undefined) return <EmptyState icon={<LineChart />} title={t('noNumbersTitle')} text={t('noNumbersText')} />;
  return (
    <Stack gap={4}>
      <Select
        label={t('column')}
        value={String(source)}
        onChange={(chosen) => {
          setSource(Number(chosen));
          setRange(null);
        }}
        options={numbers.map(({ source: id, name, unit }) => ({ id: String(id), label: unit === '' ? name : `${name} (${unit})` }))}
      />
      <Query result={series}>
        {(shown) => (
          <Drawn
            series={shown}
            zoomed={range !== null}
            onRange={(first, last) => setRange(first === null || last === null ? null : [first, last])}
          />
        )}
      </Query>
    </Stack>
  );
}

function Drawn({
  series,
  zoomed,
  onRange,
}: {
  readonly series: ResponseOf<'table.series'>;
  readonly zoomed: boolean;
  readonly onRange: (from: number | null, to: number | null) => void;
}) {
  const t = useTexts('received');
  const language = useLanguage();
  const facts = seriesFacts(series);
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: series.column.scale });
  const along = (place: number) => (series.axis === 'time' ? formatTime(place, language) : number.format(place));
  const { least, greatest, from, to } = facts;
  const unit = series.column.unit === '' ? '' : ` ${series.column.unit}`;
  const description =
    least === null || greatest === null || from === null || to === null
      ? t('nothingHere')
      : t('description', {
          name: series.column.name,
          least: `${number.format(least)}${unit}`,
          greatest: `${number.format(greatest)}${unit}`,
          from: along(from),
          to: along(to),
        });
  return (
    <Stack gap={2}>
      <Chart
        label={series.column.name}
        description={description}
        axis={series.axis}
        at={series.at}
        minimum={series.minimum}
        maximum={series.maximum}
        unit={series.column.unit}
        zoomed={zoomed}
        onRange={onRange}
      />
      <div aria-live="polite">
        <Text size="small" tone="quiet">
          {description} {t('zoomHint')}
        </Text>
      </div>
    </Stack>
  );
}
