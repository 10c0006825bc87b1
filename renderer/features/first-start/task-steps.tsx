/** The steps of a task as they come: done ones, the running one, and those that are known to follow. */
import { useEffect, useState } from 'react';
import type { ChannelName } from '../../../electron/ipc-contract.ts';
import { type Task, useRunning } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, Card, ProgressBar, ProgressList, Row, Stack, useStepText } from '../../ui/index.ts';

export interface TaskStepsProps<Name extends ChannelName> {
  readonly task: Task<Name>;
  readonly title: string;
  /** Steps in their order, as far as they are known before. */
  readonly expected: readonly string[];
}

/** The list, while the task runs. */
export function TaskSteps<Name extends ChannelName>({ task, title, expected }: TaskStepsProps<Name>) {
  const t = useTexts('first-start');
  const stepText = useStepText();
  const [seen, setSeen] = useState<readonly string[]>([]);
  const running = useRunning(task);
  const step = running.progress?.step;
  useEffect(() => {
    if (step !== undefined) setSeen((before) => (before.includes(step) ? before : [...before, step]));
  }, [step]);
  const all = [...expected, ...seen.filter((name) => !expected.includes(name))];
  const at = step === undefined ? -1 : all.indexOf(step);
  return (
    <Card>
      <Stack gap={5}>
        <ProgressBar label={title} value={running.progress?.fraction ?? null} />
        <ProgressList
          label={title}
          steps={all.map((name, index) => ({
            id: name,
            label: stepText(name),
            state: index < at ? 'done' : index === at ? 'running' : 'waiting',
          }))}
        />
        {running.task?.cancellable === true && (
          <Row justify="end">
            <Button onPress={running.cancel}>{t('cancel')}</Button>
          </Row>
        )}
      </Stack>
    </Card>
  );
}

/** Steps of making a network and starting its services. */
export const networkSteps = [
  'network-keys',
  'network-circuits',
  'network-chain',
  'network-contracts',
  'network-file',
  'start-validator',
  'start-pkg',
  'start-proxy',
] as const;
/** Steps of setting up a profile. */
export const profileSteps = ['join', 'phrase', 'apply'] as const;
/** The same on a network of this machine, whose operator approves at once. */
export const ownProfileSteps = [...profileSteps, 'approve', 'enrol', 'fund'] as const;
