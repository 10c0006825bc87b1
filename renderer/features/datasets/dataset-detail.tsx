/** One dataset: where it stands, the next action, and what is known of it in four tabs. */
import { Lock, Pause, Play, Search, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { DatasetView } from '../../../electron/views.ts';
import { useAction, useCall, useTask } from '../../api/client.ts';
import { useLanguage, useSaid, useTexts } from '../../app/texts.ts';
import {
  Button,
  ConfirmDialog,
  DetailPane,
  ErrorPanel,
  formatCount,
  Menu,
  Notice,
  ProgressList,
  Query,
  Stack,
  StateBadge,
  Tabs,
  TaskProgress,
  toast,
} from '../../ui/index.ts';
import { DatasetData } from './dataset-data.tsx';
import { DatasetOverview } from './dataset-overview.tsx';
import { datasetSteps, goesOnByItself, isRemovable, nextAction } from './dataset-progress.ts';
import { DatasetSharing } from './dataset-sharing.tsx';
import { DatasetTimeline } from './dataset-timeline.tsx';

/** The detail beside the list. */
export function DatasetDetail({ datasetId }: { readonly datasetId: string }) {
  const t = useTexts('datasets');
  const [, navigate] = useLocation();
  const dataset = useCall('dataset.get', { datasetId });
  const close = () => navigate('/datasets');
  if (dataset.data === undefined) {
    return (
      <DetailPane title={t('detail')} onClose={close}>
        <Query result={dataset}>{() => null}</Query>
      </DetailPane>
    );
  }
  return <Dataset dataset={dataset.data} onClose={close} />;
}

function Dataset({ dataset, onClose }: { readonly dataset: DatasetView; readonly onClose: () => void }) {
  const t = useTexts('datasets');
  const [, navigate] = useLocation();
  const { datasetId, name, state, publishing } = dataset;
  const publish = useTask('dataset.publish');
  const pause = useAction('dataset.pause');
  const remove = useAction('dataset.remove');
  const [removing, setRemoving] = useState(false);
  const [tab, setTab] = useState('overview');
  const next = nextAction(dataset);
  return (
    <DetailPane
      title={name}
      badge={<StateBadge state={state} />}
      onClose={onClose}
      actions={
        <>
          {next === 'offer' ? (
            <Button kind="primary" icon={<Search />} onPress={() => navigate('/open-requirements')}>
              {t('action.offer')}
            </Button>
          ) : null}
          {next === 'publish' || next === 'continue' ? (
            <Button
              kind="primary"
              icon={next === 'publish' ? <Lock /> : <Play />}
              busy={publish.running}
              onPress={() => publish.start({ datasetId })}
            >
              {t(`action.${next}`)}
            </Button>
          ) : null}
          {publishing && state !== 'ready' ? (
            <Button kind="secondary" icon={<Pause />} busy={pause.running} onPress={() => pause.start({ datasetId })}>
              {t('action.pause')}
            </Button>
          ) : null}
          {isRemovable(dataset) ? (
            <Menu
              label={t('action.more')}
              items={[{ id: 'remove', label: t('action.remove'), icon: <Trash2 />, danger: true, onAction: () => setRemoving(true) }]}
            />
          ) : null}
        </>
      }
    >
      <Stack gap={5}>
        {state === 'ready' ? <ErrorPanel error={dataset.obstacle} compact /> : <Progress dataset={dataset} publish={publish} />}
        <ErrorPanel error={pause.error} />
        <Tabs
          label={t('detail')}
          selected={tab}
          onSelect={setTab}
          tabs={[
            { id: 'overview', label: t('tab.overview'), content: <DatasetOverview dataset={dataset} /> },
            { id: 'data', label: t('tab.data'), content: <DatasetData dataset={dataset} /> },
            { id: 'sharing', label: t('tab.sharing'), count: dataset.offers, content: <DatasetSharing dataset={dataset} /> },
            { id: 'timeline', label: t('tab.timeline'), content: <DatasetTimeline dataset={dataset} /> },
          ]}
        />
      </Stack>
      <ConfirmDialog
        isOpen={removing}
        onClose={() => setRemoving(false)}
        title={t('remove.title', { name })}
        confirmLabel={t('remove.confirm')}
        danger
        onConfirm={async () => {
          await remove.run({ datasetId });
          toast({ text: t('remove.done', { name }) });
          navigate('/datasets');
        }}
      >
        {t('remove.local')}
      </ConfirmDialog>
    </DetailPane>
  );
}

/** What holds the dataset up: calmly where it passes by itself. */
function Obstacle({
  error,
  obstacle,
  passes,
}: {
  readonly error: Error | null;
  readonly obstacle: DatasetView['obstacle'];
  readonly passes: boolean;
}) {
  const inWords = useSaid();
  if (obstacle === null || !passes) return <ErrorPanel error={error ?? obstacle} compact />;
  return (
    <Notice kind="warning" title={inWords(obstacle.what)}>
      {inWords(obstacle.consequence)} {inWords(obstacle.remedy)}
    </Notice>
  );
}

/** The way to the chain. A step is done only when it is final there. */
function Progress({
  dataset,
  publish,
}: {
  readonly dataset: DatasetView;
  readonly publish: ReturnType<typeof useTask<'dataset.publish'>>;
}) {
  const t = useTexts('datasets');
  const language = useLanguage();
  const network = useCall('network.status', {});
  const { obstacle, publishing, recordedInBlock } = dataset;
  const offline = network.data !== undefined && !network.data.online;
  const detail = (id: DatasetView['state'], state: string, waitsFor: string): string | undefined => {
    if (state === 'done') {
      return id === 'recorded' && recordedInBlock !== null ? t('step.final', { block: formatCount(recordedInBlock, language) }) : undefined;
    }
    if (state === 'waiting' && obstacle !== null && goesOnByItself(dataset)) return t('step.held', { waitsFor: t(`waits.${waitsFor}`) });
    return state === 'running' || state === 'failed' ? t(`waits.${waitsFor}`) : undefined;
  };
  const steps = datasetSteps(dataset);
  const current = steps.find(({ state }) => state !== 'done')?.id;
  return (
    <Stack gap={3}>
      <ProgressList
        label={t('progress')}
        steps={steps.map(({ id, state, waitsFor }) => {
          // What lies further on says nothing yet; only the step at hand tells who is waited for.
          const text = id === current || state === 'done' ? detail(id, state, waitsFor) : undefined;
          return { id, state, label: t(`step.${id}`), ...(text === undefined ? {} : { detail: text }) };
        })}
      />
      {publish.running ? <TaskProgress task={publish} title={t('progress.running')} /> : null}
      {publish.running ? null : <Obstacle error={publish.error} obstacle={obstacle} passes={goesOnByItself(dataset)} />}
      {offline ? <Notice kind="info">{t(publishing ? 'offline.publishing' : 'offline.idle')}</Notice> : null}
    </Stack>
  );
}
