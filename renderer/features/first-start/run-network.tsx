/** "Run a network here": its name and size, what is being made, and then the first profile on it. */
import { type SubmitEvent, useState } from 'react';
import { useTask } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, Card, ErrorPanel, Notice, NumberField, Stack, TextField } from '../../ui/index.ts';
import styles from './first-start.module.css';
import { ProfileForm } from './profile-form.tsx';
import { networkSteps, TaskSteps } from './task-steps.tsx';

/** The network, and who takes part in it. */
export function RunNetwork({ onDone }: { readonly onDone: () => void }) {
  const t = useTexts('first-start');
  const { networks } = useApp();
  const task = useTask('ownNetwork.create');
  const [name, setName] = useState(t('network.default-name'));
  const [proxies, setProxies] = useState(3);
  const [threshold, setThreshold] = useState(2);
  const [made, setMade] = useState<string | null>(null);
  if (made !== null) {
    return (
      <Stack gap={4}>
        <Notice
          kind="success"
          title={t('network.made', { name: networks.find(({ id }) => id === made)?.name ?? name })}
          action={
            <Button size="small" onPress={onDone}>
              {t('network.operate-only')}
            </Button>
          }
        >
          {t('network.made.text')}
        </Notice>
        <ProfileForm network={{ own: made }} restore={false} onDone={onDone} />
      </Stack>
    );
  }
  if (task.running) return <TaskSteps task={task} title={t('network.making')} expected={networkSteps} />;
  const problem = threshold > proxies ? t('network.threshold.problem') : null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (problem !== null || name.trim() === '') return;
    task.run({ name, proxies, threshold }).then(
      ({ networkId }) => setMade(networkId),
      () => undefined, // The error is in `task.error`, which the panel below shows.
    );
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <Card>
        <Stack gap={5}>
          <TextField label={t('network.name')} value={name} onChange={setName} isRequired autoFocus maxLength={80} />
          <div className={styles.pair}>
            <NumberField
              label={t('network.proxies')}
              value={proxies}
              onChange={setProxies}
              min={1}
              max={32}
              help={t('network.proxies.help')}
            />
            <NumberField
              label={t('network.threshold')}
              value={threshold}
              onChange={setThreshold}
              min={1}
              max={32}
              help={t('network.threshold.help')}
              problem={problem}
            />
          </div>
        </Stack>
      </Card>
      <Notice kind="warning" title={t('network.development')}>
        {t('network.development.text')}
      </Notice>
      <ErrorPanel error={task.error} />
      <div className={styles.end}>
        <Button kind="primary" type="submit">
          {t('network.make')}
        </Button>
      </div>
    </form>
  );
}
