/** How a screen says that it waits, that something failed, that there is nothing yet, or how far it has come. */
import type { UseQueryResult } from '@tanstack/react-query';
import { Check, CircleAlert, CircleCheck, Copy, Info, LoaderCircle, TriangleAlert, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { ProgressBar as AriaProgressBar, Label } from 'react-aria-components';
import type { ChannelName } from '../../electron/ipc-contract.ts';
import { english } from '../../electron/language.ts';
import type { ErrorView } from '../../electron/views.ts';
import { call, errorViewOf, type Task, useRunning } from '../api/client.ts';
import { hasText, useSaid, useTexts } from '../app/texts.ts';
import { Button, IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import styles from './feedback.module.css';

export interface ErrorPanelProps {
  readonly error: Error | ErrorView | null | undefined;
  readonly onRetry?: () => void;
  readonly compact?: boolean;
}

/** What happened, what it means for the data, what to do; and the code for whoever helps. Nothing when there is no error. */
export function ErrorPanel({ error, onRetry, compact = false }: ErrorPanelProps) {
  const t = useTexts('ui');
  const inWords = useSaid();
  if (error === null || error === undefined) return null;
  const view = error instanceof Error ? errorViewOf(error) : error;
  const { code, what, consequence, remedy, data } = view;
  // For whoever helps, who may speak another language.
  const report = { code, what: english(what), consequence: english(consequence), remedy: english(remedy), data };
  const copy = () => call('app.copy', { text: JSON.stringify(report, null, 2).slice(0, 4096) });
  return (
    <div role="alert" className={classNames(styles.panel, styles.danger, compact && styles.compact)}>
      <CircleAlert />
      <div className={styles.panelText}>
        <p className={styles.panelTitle}>{inWords(what)}</p>
        <p>{inWords(consequence)}</p>
        <p>{inWords(remedy)}</p>
        <p className={styles.code}>
          <code>{code}</code>
          <IconButton label={t('error.copy')} icon={<Copy />} size="small" onPress={() => void copy()} />
        </p>
      </div>
      {onRetry !== undefined && (
        <Button size="small" onPress={onRetry}>
          {t('error.retry')}
        </Button>
      )}
    </div>
  );
}

export interface NoticeProps {
  readonly kind?: 'info' | 'warning' | 'danger' | 'success';
  readonly title?: string;
  readonly action?: ReactNode;
  readonly children?: ReactNode;
}
const noticeIcons = { info: <Info />, warning: <TriangleAlert />, danger: <CircleAlert />, success: <CircleCheck /> };

/** A remark within a screen. */
export function Notice({ kind = 'info', title, action, children }: NoticeProps) {
  return (
    <div className={classNames(styles.panel, styles[kind])}>
      {noticeIcons[kind]}
      <div className={styles.panelText}>
        {title !== undefined && <p className={styles.panelTitle}>{title}</p>}
        {children !== undefined && <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}

export interface EmptyStateProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: ReactNode;
  readonly action?: ReactNode;
}

/** What a list shows before there is anything in it, with the one next step. */
export function EmptyState({ icon, title, text, action }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <div className={styles.emptyIcon}>{icon}</div>
      <h2 className={styles.emptyTitle}>{title}</h2>
      <p className={styles.emptyText}>{text}</p>
      {action !== undefined && <div className={styles.emptyAction}>{action}</div>}
    </div>
  );
}

/** Grey lines where text is about to be. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  const t = useTexts('ui');
  return (
    <div role="status" aria-busy="true" aria-label={t('loading')} className={styles.skeleton}>
      {Array.from({ length: lines }, (_, line) => `line${line}`).map((line) => (
        <span key={line} className={styles.skeletonLine} />
      ))}
    </div>
  );
}

export interface QueryProps<T> {
  readonly result: UseQueryResult<T, Error>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** The content of an answer, or that it is awaited, or why there is none. */
export function Query<T>({ result, skeleton, children }: QueryProps<T>) {
  if (result.data !== undefined) return <>{children(result.data)}</>;
  if (result.error !== null) {
    return (
      <div className={styles.padded}>
        <ErrorPanel error={result.error} onRetry={() => void result.refetch()} />
      </div>
    );
  }
  return <>{skeleton ?? <Skeleton lines={4} />}</>;
}

export interface ProgressBarProps {
  readonly label: string;
  /** 0 to 1, or null when nobody can say. */
  readonly value: number | null;
  readonly detail?: string | undefined;
  readonly hideLabel?: boolean;
}

/** How far something has come. */
export function ProgressBar({ label, value, detail, hideLabel = false }: ProgressBarProps) {
  return (
    <AriaProgressBar
      className={styles.progress ?? ''}
      isIndeterminate={value === null}
      value={(value ?? 0) * 100}
      {...(hideLabel ? { 'aria-label': label } : {})}
    >
      {({ percentage, valueText }) => (
        <>
          {!hideLabel && (
            <span className={styles.progressLine}>
              <Label className={styles.progressLabel ?? ''}>{label}</Label>
              <span className={styles.progressDetail}>
                {detail}
                {value !== null && <span className={styles.percent}>{valueText}</span>}
              </span>
            </span>
          )}
          <span className={styles.bar}>
            <span
              className={classNames(styles.fill, value === null && styles.endless)}
              style={value === null ? {} : { translate: `${(percentage ?? 0) - 100}% 0` }}
            />
          </span>
        </>
      )}
    </AriaProgressBar>
  );
}

export interface ProgressStep {
  readonly id: string;
  readonly label: string;
  readonly state: 'done' | 'running' | 'waiting' | 'failed';
  readonly detail?: ReactNode;
}

/** Several steps, with where it stands. */
export function ProgressList({ label, steps }: { readonly label: string; readonly steps: readonly ProgressStep[] }) {
  const t = useTexts('ui');
  return (
    <ol aria-label={label} className={styles.steps}>
      {steps.map((step) => (
        <li key={step.id} className={classNames(styles.step, styles[`step-${step.state}`])}>
          <span role="img" aria-label={t(`step.${step.state}`)} className={styles.mark}>
            {step.state === 'done' && <Check />}
            {step.state === 'running' && <LoaderCircle className={styles.turning} />}
            {step.state === 'failed' && <X />}
          </span>
          <span className={styles.stepLabel}>{step.label}</span>
          {step.detail !== undefined && <span className={styles.stepDetail}>{step.detail}</span>}
        </li>
      ))}
    </ol>
  );
}

/** The parts of a form that goes over several pages. */
export function Stepper({
  label,
  steps,
  current,
}: {
  readonly label: string;
  readonly steps: readonly { readonly id: string; readonly label: string }[];
  readonly current: string;
}) {
  const at = steps.findIndex(({ id }) => id === current);
  return (
    <ol aria-label={label} className={styles.stepper}>
      {steps.map((step, index) => (
        <li
          key={step.id}
          className={classNames(styles.stepperItem, index < at && styles.stepperDone, index === at && styles.stepperCurrent)}
          {...(index === at ? { 'aria-current': 'step' } : {})}
        >
          <span className={styles.stepperMark}>{index < at ? <Check /> : index + 1}</span>
          {step.label}
        </li>
      ))}
    </ol>
  );
}

/** The words for a step of a task; a step without words is shown as it is called. */
export function useStepText(): (step: string) => string {
  const t = useTexts('steps');
  return (step) => (hasText('steps', step) ? t(step) : step);
}

/** All that there is to see of a running task: stage, progress, the way to end it, and its error. */
export function TaskProgress<Name extends ChannelName>({ task, title }: { readonly task: Task<Name>; readonly title?: string }) {
  const t = useTexts('ui');
  const stepText = useStepText();
  const inWords = useSaid();
  const running = useRunning(task);
  if (!task.running) return <ErrorPanel error={task.error} />;
  const { progress } = running;
  const step = progress === null ? t('task.starting') : stepText(progress.step);
  return (
    <div className={styles.task}>
      <div className={styles.taskBar}>
        <ProgressBar
          label={title === undefined ? step : `${title}: ${step}`}
          value={progress?.fraction ?? null}
          detail={progress?.detail === undefined ? undefined : inWords(progress.detail)}
        />
      </div>
      {running.task?.cancellable === true && (
        <Button size="small" onPress={running.cancel}>
          {t('dialog.cancel')}
        </Button>
      )}
    </div>
  );
}
