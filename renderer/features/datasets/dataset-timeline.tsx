/** What happened to a dataset on chain. */
import { History } from 'lucide-react';
import type { DatasetView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { EmptyState, Query } from '../../ui/index.ts';
import { ActivityTimeline } from '../grants/activity-timeline.tsx';

/** The tab. */
export function DatasetTimeline({ dataset: { datasetId } }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  const activity = useCall('dataset.activity', { datasetId });
  return (
    <Query result={activity}>
      {(entries) =>
        entries.length === 0 ? (
          <EmptyState icon={<History />} title={t('timeline.none')} text={t('timeline.none-text')} />
        ) : (
          <ActivityTimeline label={t('tab.timeline')} entries={entries} />
        )
      }
    </Query>
  );
}
