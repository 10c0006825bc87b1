/** How fast blocks of an own network became final: transactions a second, and how long they took, over time. */
import { Gauge } from 'lucide-react';
import { useState } from 'react';
import type { PaceView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Chart, EmptyState, formatCount, KeyValueList, Notice, Query, Row, Select, Stack, Text } from '../../ui/index.ts';

const spans = [10, 60, 1440] as const;

/** The view. */
export function Pace({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const [minutes, setMinutes] = useState<number>(spans[0]);
  const pace = useCall('ownNetwork.pace', { networkId, minutes }, { keepPrevious: true, everyMs: 10_000 });
  return (
    <Stack gap={5}>
      <Row gap={3} wrap>
        <Select
          label={t('paceSpan')}
          value={String(minutes)}
          onChange={(chosen) => setMinutes(Number(chosen))}
          options={spans.map((span) => ({ id: String(span), label: t(`paceSpan.${span}`) }))}
        />
      </Row>
      <Query result={pace}>
        {(seen) =>
          seen === null ? (
            <Notice kind="warning" title={t('paceSilent')}>
              {t('paceSilentText')}
            </Notice>
          ) : (
            <Figures pace={seen} />
          )
        }
      </Query>
      <Text size="small" tone="quiet">
        {t('paceHelp')}
      </Text>
    </Stack>
  );
}

function Figures({ pace }: { readonly pace: NonNullable<PaceView> }) {
  const t = useTexts('network');
  const language = useLanguage();
  if (pace.blocks === 0) return <EmptyState icon={<Gauge />} title={t('paceNone')} text={t('paceNoneText')} />;
  const { waits } = pace;
  const number = (value: number, digits: number) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  const ms = (value: number) =>
    new Intl.NumberFormat(language, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 }).format(value);
  const fastest = Math.max(...pace.perSecond.map((rate) => rate ?? 0));
  return (
    <Stack gap={6}>
      <KeyValueList
        columns={2}
        items={[
          { label: t('blocks'), value: formatCount(pace.blocks, language) },
          { label: t('transactions'), value: formatCount(pace.transactions, language) },
          { label: t('gas'), value: formatCount(pace.gasUsed, language) },
          { label: t('paceFastest'), value: t('perSecond', { rate: number(fastest, 2) }) },
          { label: t('waitMean'), value: waits === null ? t('waitsUnknown') : ms(waits.totalMs / waits.count) },
          { label: t('waitGreatest'), value: waits === null ? t('waitsUnknown') : ms(waits.greatestMs) },
        ]}
      />
      <Chart
        label={t('throughput')}
        description={t('throughputChart', { count: pace.transactions, rate: number(fastest, 2) })}
        axis="time"
        at={pace.at}
        maximum={pace.perSecond}
        unit={t('throughputUnit')}
      />
      {waits !== null && (
        <Chart
          label={t('latency')}
          description={t('latencyChart', { count: waits.count, least: ms(waits.leastMs), greatest: ms(waits.greatestMs) })}
          axis="time"
          at={pace.at}
          minimum={pace.leastMs}
          maximum={pace.greatestMs}
          unit="ms"
        />
      )}
    </Stack>
  );
}
