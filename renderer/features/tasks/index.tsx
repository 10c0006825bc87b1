/** The tasks drawer: everything that runs, waits or ran lately, with its stage and the way to end it. */
import { ListTodo, X } from 'lucide-react';
import { Link } from 'wouter';
import type { TaskView } from '../../../electron/views.ts';
import { useAction, useCall } from '../../api/client.ts';
import { hasText, useSaid, useTexts } from '../../app/texts.ts';
import { Button, EmptyState, ErrorPanel, IconButton, ProgressBar, Query, StateBadge, shortHex, Time, useStepText } from '../../ui/index.ts';
import styles from './tasks.module.css';

/** The name of a kind of work. */
export function useTaskTitle(): (kind: string) => string {
  const t = useTexts('tasks');
  return (kind) => (hasText('tasks', `kind.${kind}`) ? t(`kind.${kind}`) : kind);
}

/** What a task is about, by the name that its user knows it by; the ends of its id where it has none. */
function useSubject({ subject }: TaskView): string {
  const isId = /^(0x[0-9a-f]{16,}|[0-9]{16,})$/.test(subject);
  const datasets = useCall('dataset.list', {}, { enabled: isId });
  const offers = useCall('offer.list', {}, { enabled: isId });
  if (!isId) return subject;
  const name =
    datasets.data?.find(({ datasetId }) => datasetId === subject)?.name ??
    offers.data?.find(({ offerId }) => offerId === subject)?.datasetName;
  return name ?? shortHex(subject);
}

/** One task. */
export function TaskRow({ task, onFollow }: { readonly task: TaskView; readonly onFollow?: () => void }) {
  const t = useTexts('tasks');
  const title = useTaskTitle();
  const stepText = useStepText();
  const cancel = useAction('app.cancelTask');
  const inWords = useSaid();
  const running = task.state === 'running';
  const waiting = task.state === 'waiting-for-network';
  const subject = useSubject(task);
  return (
    <li className={styles.task}>
      <div className={styles.head}>
        <div className={styles.words}>
          <p className={styles.title}>{title(task.kind)}</p>
          {subject !== '' && <p className={styles.subject}>{subject}</p>}
        </div>
        {running ? (
          task.cancellable && (
            <Button
              size="small"
              busy={cancel.running}
              label={t('cancel.of', { title: title(task.kind) })}
              onPress={() => cancel.start({ id: task.id })}
            >
              {t('cancel')}
            </Button>
          )
        ) : (
          <StateBadge state={task.state} tone={task.state === 'done' ? 'success' : task.state === 'failed' ? 'danger' : 'neutral'} />
        )}
      </div>
      {running && (
        <ProgressBar
          label={task.progress === null ? t('starting') : stepText(task.progress.step)}
          value={task.progress?.fraction ?? null}
          detail={task.progress?.detail === undefined ? undefined : inWords(task.progress.detail)}
        />
      )}
      {waiting && task.error !== null && (
        <p className={styles.subject}>{`${inWords(task.error.what)} ${inWords(task.error.consequence)}`}</p>
      )}
      <ErrorPanel error={cancel.error ?? (waiting ? null : task.error)} compact />
      <div className={styles.foot}>
        <Time ms={task.endedAtMs ?? task.startedAtMs} relative />
        {task.route !== null && (
          <Link to={task.route} {...(onFollow === undefined ? {} : { onClick: onFollow })}>
            {t('show')}
          </Link>
        )}
      </div>
    </li>
  );
}

/** The drawer at the side of the window. */
export function TasksDrawer({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts('tasks');
  const tasks = useCall('app.tasks', {});
  return (
    <aside
      aria-label={t('title')}
      className={styles.drawer}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header className={styles.header}>
        <h2 className={styles.heading}>{t('title')}</h2>
        <IconButton label={t('close')} icon={<X />} onPress={onClose} />
      </header>
      <div className={styles.list}>
        <Query result={tasks}>
          {(all) =>
            all.length === 0 ? (
              <EmptyState icon={<ListTodo />} title={t('empty.title')} text={t('empty.text')} />
            ) : (
              <ul>
                {all
                  .toSorted((first, second) => order(first) - order(second) || second.startedAtMs - first.startedAtMs)
                  .map((task) => (
                    <TaskRow key={task.id} task={task} onFollow={onClose} />
                  ))}
              </ul>
            )
          }
        </Query>
      </div>
    </aside>
  );
}

const order = ({ state }: TaskView) => (state === 'running' ? 0 : state === 'waiting-for-network' ? 1 : 2);
