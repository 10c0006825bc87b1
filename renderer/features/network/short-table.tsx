/** A table of few rows, as high as they are. */
import type { CSSProperties } from 'react';
import { DataTable, type DataTableProps } from '../../ui/index.ts';
import styles from './network.module.css';

/** The table. */
export function ShortTable<Row>(props: DataTableProps<Row>) {
  return (
    <div className={styles.table} style={{ '--rows': props.rows.length } as CSSProperties}>
      <DataTable {...props} density="compact" />
    </div>
  );
}
