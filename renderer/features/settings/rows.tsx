/** The lines that settings are made of: what it is, a sentence about it, and its control. */
import type { ReactNode } from 'react';
import { Card } from '../../ui/index.ts';
import styles from './settings.module.css';

/** Lines on one surface. */
export function Rows({ children }: { readonly children: ReactNode }) {
  return (
    <Card padded={false}>
      <div className={styles.rows}>{children}</div>
    </Card>
  );
}

/** One line. */
export function SettingRow({
  title,
  help,
  children,
}: {
  readonly title: string;
  readonly help?: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <div className={styles.row}>
      <div className={styles.rowText}>
        <p className={styles.rowTitle}>{title}</p>
        {help !== undefined && <div className={styles.rowHelp}>{help}</div>}
      </div>
      {children !== undefined && <div className={styles.rowControl}>{children}</div>}
    </div>
  );
}
