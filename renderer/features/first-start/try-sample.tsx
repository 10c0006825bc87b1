/** "Try with sample data": one press, and a list of what is being set up. */
import { useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, Card, ErrorPanel, Stack, Text } from '../../ui/index.ts';
import styles from './first-start.module.css';
import { networkSteps, ownProfileSteps, TaskSteps } from './task-steps.tsx';

/** The sample. */
export function TrySample({ onDone }: { readonly onDone: () => void }) {
  const t = useTexts('first-start');
  const task = useTask('profile.trySample');
  const begin = () => {
    // The error is in `task.error`, which the panel below shows.
    task.run({}).then(onDone, () => undefined);
  };
  if (task.running) return <TaskSteps task={task} title={t('sample.title')} expected={[...networkSteps, ...ownProfileSteps, 'import']} />;
  return (
    <Stack gap={4}>
      <Card>
        <Stack gap={2}>
          {['network', 'profiles', 'data'].map((part) => (
            <Text key={part}>{t(`sample.${part}`)}</Text>
          ))}
          <Text tone="quiet">{t('sample.note')}</Text>
        </Stack>
      </Card>
      <ErrorPanel error={task.error} />
      <div className={styles.end}>
        <Button kind="primary" onPress={begin} autoFocus>
          {t('sample.begin')}
        </Button>
      </div>
    </Stack>
  );
}
