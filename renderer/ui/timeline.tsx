/** What happened, the newest first or as it is given, along a line. */
import type { ReactNode } from 'react';
import type { Tone } from './badge.tsx';
import { classNames } from './class-names.ts';
import styles from './timeline.module.css';
import { Time } from './values.tsx';

export interface TimelineItem {
  readonly id: string;
  readonly title: ReactNode;
  /** Unix seconds. */
  readonly at?: number;
  readonly detail?: ReactNode;
  readonly tone?: Tone;
  readonly icon?: ReactNode;
  readonly action?: ReactNode;
}

/** Items along a line. */
export function Timeline({ label, items }: { readonly label: string; readonly items: readonly TimelineItem[] }) {
  return (
    <ol aria-label={label} className={styles.timeline}>
      {items.map((item) => (
        <li key={item.id} className={styles.item}>
          <span className={classNames(styles.mark, styles[item.tone ?? 'neutral'])}>{item.icon}</span>
          <div className={styles.content}>
            <div className={styles.line}>
              <span className={styles.title}>{item.title}</span>
              {item.at !== undefined && (
                <span className={styles.at}>
                  <Time seconds={item.at} />
                </span>
              )}
            </div>
            {item.detail !== undefined && <div className={styles.detail}>{item.detail}</div>}
            {item.action}
          </div>
        </li>
      ))}
    </ol>
  );
}
