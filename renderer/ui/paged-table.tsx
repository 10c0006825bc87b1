/**
 * A table of any number of rows that come in pages. A browser's scroll area ends at some tens of millions of pixels, so
 * beyond that the scroll position stands for a share of the rows; a wheel or a key still moves by rows.
 */
import { type KeyboardEvent, type UIEvent, useEffect, useMemo, useRef, useState, type WheelEvent } from 'react';
import { useLanguage, useTexts } from '../app/texts.ts';
import { classNames } from './class-names.ts';
import styles from './data-table.module.css';
import { ErrorPanel } from './feedback.tsx';
import { formatCount } from './format.ts';

export interface PagedHeader {
  readonly label: string;
  readonly detail?: string;
  readonly align?: 'start' | 'end';
}
export interface PagedTableProps {
  readonly label: string;
  readonly headers: readonly PagedHeader[];
  readonly totalRows: number;
  readonly loadPage: (offset: number, count: number) => Promise<readonly (readonly string[])[]>;
  /** Which table it is; another key forgets the pages. */
  readonly tableKey: string;
  readonly rowNumbers?: boolean;
}

const rowHeight = 32;
const pageRows = 200;
const pagesKept = 40;
const areaMax = 8_000_000;
/** Bounds of a column's width, in characters. */
const charactersMin = 6;
const charactersMax = 40;

/** The table; it fills its parent. */
export function PagedTable(props: PagedTableProps) {
  return <Pages key={props.tableKey} {...props} />;
}

function Pages({ label, headers, totalRows, loadPage, rowNumbers = true }: PagedTableProps) {
  const t = useTexts('ui');
  const language = useLanguage();
  const scroller = useRef<HTMLDivElement>(null);
  const pages = useRef(new Map<number, readonly (readonly string[])[]>());
  const asked = useRef(new Set<number>());
  const [, redraw] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [viewHeight, setViewHeight] = useState(480);
  const [first, setFirst] = useState(0);
  /** Characters of each column's longest value in the page that came first; later pages do not move the columns. */
  const [longest, setLongest] = useState<readonly number[] | null>(null);
  const setByHand = useRef(false);
  const visible = Math.max(1, Math.floor((viewHeight - rowHeight) / rowHeight));
  const lastFirst = Math.max(0, totalRows - visible);
  const area = Math.min(totalRows * rowHeight, areaMax) + rowHeight;
  const travel = Math.max(1, area - viewHeight);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const drawnFirst = Math.max(0, first - 8);
  const drawnEnd = Math.min(totalRows, first + visible + 9);
  const wanted = useMemo(() => {
    const numbers: number[] = [];
    for (let page = Math.floor(drawnFirst / pageRows); page * pageRows < drawnEnd; page += 1) numbers.push(page);
    return numbers;
  }, [drawnFirst, drawnEnd]);
  useEffect(() => {
    // A short rest, so that dragging the scroll bar through a million rows asks for the pages at which it stops.
    const timer = setTimeout(() => {
      for (const page of wanted) {
        if (pages.current.has(page) || asked.current.has(page)) continue;
        asked.current.add(page);
        loadPage(page * pageRows, Math.min(pageRows, totalRows - page * pageRows)).then(
          (rows) => {
            asked.current.delete(page);
            pages.current.set(page, rows);
            setLongest((known) => known ?? longestOf(rows));
            const oldest = pages.current.keys().next().value;
            if (pages.current.size > pagesKept && oldest !== undefined) pages.current.delete(oldest);
            setError(null);
            redraw((count) => count + 1);
          },
          (caught: unknown) => {
            asked.current.delete(page);
            setError(caught instanceof Error ? caught : new Error(String(caught)));
          },
        );
      }
    }, 40);
    return () => clearTimeout(timer);
  }, [wanted, loadPage, totalRows]);

  const go = (row: number) => {
    const next = Math.max(0, Math.min(lastFirst, Math.round(row)));
    setFirst(next);
    const element = scroller.current;
    if (element === null) return;
    const position = lastFirst === 0 ? 0 : (next / lastFirst) * travel;
    if (Math.abs(element.scrollTop - position) < 1) return;
    setByHand.current = true;
    element.scrollTop = position;
  };
  const onScroll = (event: UIEvent<HTMLDivElement>) => {
    if (setByHand.current) {
      setByHand.current = false;
      return;
    }
    const share = Math.min(1, event.currentTarget.scrollTop / travel);
    const next = Math.round(share * lastFirst);
    if (next !== first) setFirst(next);
  };
  const onWheel = (event: WheelEvent) => {
    // Where a pixel of the scroll area is more than one of the table, the browser's own step would skip rows.
    if (area < areaMax || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    go(first + Math.sign(event.deltaY) * Math.max(1, Math.round(Math.abs(event.deltaY) / rowHeight)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const targets: Record<string, number> = {
      ArrowDown: first + 1,
      ArrowUp: first - 1,
      PageDown: first + visible - 1,
      PageUp: first - visible + 1,
      Home: 0,
      End: lastFirst,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    go(target);
  };

  const rowAt = (index: number) => pages.current.get(Math.floor(index / pageRows))?.[index % pageRows];
  const characters = headers.map(({ label: name, detail = '' }, column) =>
    Math.min(charactersMax, Math.max(charactersMin, name.length + detail.length + 1, longest?.[column] ?? 0)),
  );
  const ofNumbers = rowNumbers ? [Math.max(t('table.row').length, formatCount(totalRows, language).length)] : [];
  const width = (count: number) => `calc(${count} * var(--character))`;
  const template = {
    gridTemplateColumns: [...ofNumbers.map(width), ...characters.map((count) => `minmax(${width(count)}, ${count}fr)`)].join(' '),
  };
  const all = [...ofNumbers, ...characters];
  // Every row is a grid of its own: of one width, all have the same columns.
  const atLeast = `calc(${all.reduce((sum, count) => sum + count, 0)} * var(--character) + ${all.length - 1} * var(--column-gap) + 2 * var(--row-padding))`;
  // The drawn rows hang at the place of the first visible one, wherever the scroll position stands.
  const hang = (lastFirst === 0 ? 0 : (first / lastFirst) * travel) - (first - drawnFirst) * rowHeight;
  return (
    <div className={styles.paged}>
      <ErrorPanel error={error} compact onRetry={() => setFirst((row) => Math.max(0, row - 1))} />
      {/* biome-ignore lint/a11y/useSemanticElements: rows that are drawn when they are visible have no place in a <table>. */}
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={totalRows + 1}
        aria-readonly="true"
        tabIndex={0}
        className={styles.grid}
        ref={scroller}
        onScroll={onScroll}
        onWheel={onWheel}
        onKeyDown={onKeyDown}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: see the grid. */}
        <div role="rowgroup" className={styles.head} style={{ minWidth: atLeast }}>
          {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid. */}
          <div role="row" aria-rowindex={1} className={styles.headRow} style={template}>
            {rowNumbers && (
              // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid.
              <div role="columnheader" className={classNames(styles.cell, styles.end)}>
                {t('table.row')}
              </div>
            )}
            {headers.map((header) => (
              // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid.
              <div key={header.label} role="columnheader" className={classNames(styles.cell, header.align === 'end' && styles.end)}>
                {header.label}
                {header.detail !== undefined && header.detail !== '' && <span className={styles.detail}> {header.detail}</span>}
              </div>
            ))}
          </div>
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: see the grid. */}
        <div role="rowgroup" className={styles.body} style={{ height: area - rowHeight }}>
          {Array.from({ length: Math.max(0, drawnEnd - drawnFirst) }, (_, offset) => drawnFirst + offset).map((index) => {
            const row = rowAt(index);
            return (
              // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid, which takes the focus.
              <div
                key={index}
                role="row"
                aria-rowindex={index + 2}
                className={styles.row}
                style={{ ...template, minWidth: atLeast, top: hang + (index - drawnFirst) * rowHeight, height: rowHeight }}
              >
                {rowNumbers && (
                  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid.
                  <div role="rowheader" className={classNames(styles.cell, styles.end, styles.rowNumber)}>
                    {formatCount(index + 1, language)}
                  </div>
                )}
                {headers.map((header, column) => (
                  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: see the grid.
                  <div
                    key={header.label}
                    role="gridcell"
                    className={classNames(styles.cell, styles.figure, header.align === 'end' && styles.end)}
                  >
                    {row === undefined ? <span className={styles.waiting} /> : row[column]}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Characters of the longest value of each column. */
function longestOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
