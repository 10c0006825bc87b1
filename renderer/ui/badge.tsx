/** Small labels: a property, or the state of a thing in the words of the catalogue. */
import type { ReactNode } from 'react';
import { hasText, useTexts } from '../app/texts.ts';
import styles from './badge.module.css';
import { classNames } from './class-names.ts';

export type Tone = 'neutral' | 'accent' | 'success' | 'warning' | 'danger';

/** A small label. */
export function Badge({
  children,
  tone = 'neutral',
  icon,
}: {
  readonly children: ReactNode;
  readonly tone?: Tone;
  readonly icon?: ReactNode;
}) {
  return (
    <span className={classNames(styles.badge, styles[tone])}>
      {icon}
      {children}
    </span>
  );
}

const tones: Readonly<Record<string, Tone>> = {
  ready: 'success',
  verified: 'success',
  paid: 'success',
  approved: 'success',
  enrolled: 'success',
  running: 'success',
  reachable: 'success',
  online: 'success',
  open: 'accent',
  delivered: 'accent',
  granted: 'accent',
  accepted: 'accent',
  recorded: 'accent',
  uploaded: 'accent',
  encrypted: 'accent',
  proving: 'accent',
  starting: 'accent',
  restarting: 'warning',
  pending: 'warning',
  'partly-running': 'warning',
  'waiting-for-network': 'warning',
  waiting: 'warning',
  offline: 'warning',
  disputed: 'danger',
  revoked: 'danger',
  refused: 'danger',
  failing: 'danger',
  failed: 'danger',
  unreachable: 'danger',
  behind: 'warning',
  alone: 'danger',
  mute: 'danger',
};

/** The state of a dataset, an offer, a service or anything else that has one. */
export function StateBadge({ state, tone }: { readonly state: string; readonly tone?: Tone }) {
  const t = useTexts('states');
  return (
    <span className={classNames(styles.badge, styles[tone ?? tones[state] ?? 'neutral'])}>
      <span className={styles.dot} />
      {hasText('states', state) ? t(state) : state}
    </span>
  );
}
