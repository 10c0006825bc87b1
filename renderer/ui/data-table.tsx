/** A list in columns of which only the visible rows are drawn. Arrow keys go through it, Enter opens. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { classNames } from './class-names.ts';
import styles from './data-table.module.css';

export interface DataColumn<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** A track of a CSS grid: `2fr`, `8rem`. */
  readonly width?: string;
  readonly align?: 'start' | 'end';
  /** Left out where the list is narrow: beside a detail, or at twice the size of text. */
  readonly secondary?: boolean;
}
export interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly DataColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | null;
  /** What is shown instead when there are no rows. */
  readonly empty?: ReactNode;
  readonly density?: 'normal' | 'compact';
  /** False for a list of which the columns explain themselves; a screen reader hears the headers all the same. */
  readonly showHeader?: boolean;
}

const rowHeights = { normal: 44, compact: 32 };
const track = (width: string | undefined) => (width === undefined || width.endsWith('fr') ? `minmax(0, ${width ?? '1fr'})` : width);

/** The list; it fills its parent. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  onOpen,
  selected = null,
  empty,
  density = 'normal',
  showHeader = true,
}: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const focusNext = useRef(false);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeights[density],
    overscan: 12,
    useFlushSync: false,
  });
  const current = Math.min(active, Math.max(0, rows.length - 1));
  useEffect(() => {
    if (!focusNext.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[aria-rowindex="${current + 2}"]`);
    if (row) {
      focusNext.current = false;
      row.focus();
    }
  });
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const go = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    focusNext.current = true;
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeights[density]) - 1);
    const targets: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = targets[event.key];
    if ((event.target as HTMLElement).role !== 'row') return;
    if (target !== undefined) {
      event.preventDefault();
      go(target);
    } else if (event.key === 'Enter' || event.key === ' ') {
      const row = rows[current];
      if (row !== undefined && onOpen !== undefined) {
        event.preventDefault();
        onOpen(row);
      }
    }
  };
  const tracks = (shown: readonly DataColumn<Row>[]) => shown.map(({ width }) => track(width)).join(' ');
  const template = { '--tracks': tracks(columns), '--tracks-narrow': tracks(columns.filter(({ secondary }) => secondary !== true)) };
  const cellClass = ({ align, secondary }: DataColumn<Row>) =>
    classNames(styles.cell, align === 'end' && styles.end, secondary === true && styles.secondary);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that are drawn when they are visible have no place in a <table>.
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      className={styles.grid}
      style={template as CSSProperties}
      onKeyDown={onKeyDown}
      ref={scroller}
      tabIndex={-1}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see the grid. */}
      <div role="rowgroup" className={classNames(styles.head, !showHeader && styles.hidden)}>
        {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid; a header row is not interactive. */}
        <div role="row" aria-rowindex={1} className={classNames(styles.headRow, styles.tracks)}>
          {columns.map((column) => (
            // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid.
            <div key={column.id} role="columnheader" className={cellClass(column)}>
              {column.header}
            </div>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: see the grid. */}
      <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const key = rowKey(row);
          return (
            // biome-ignore lint/a11y/useSemanticElements lint/a11y/useKeyWithClickEvents: see the grid, which hears the keys of all rows.
            <div
              key={key}
              role="row"
              aria-rowindex={item.index + 2}
              {...(onOpen === undefined ? {} : { 'aria-selected': key === selected })}
              tabIndex={item.index === current ? 0 : -1}
              className={classNames(styles.row, styles.tracks, onOpen !== undefined && styles.opens, key === selected && styles.selected)}
              style={{ top: item.start, height: item.size }}
              onFocus={(event) => {
                if (event.target === event.currentTarget) setActive(item.index);
              }}
              onClick={(event) => {
                setActive(item.index);
                if (!(event.target as HTMLElement).closest('button, a, input, label')) onOpen?.(row);
              }}
            >
              {columns.map((column) => (
                // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid; the row takes the focus.
                <div key={column.id} role="gridcell" className={cellClass(column)}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
