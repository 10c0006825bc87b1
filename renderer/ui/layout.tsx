/** How screens are laid out: pages, headers, cards, a list with its detail beside it, and text in its few sizes. */
import { ArrowLeft, X } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { Link } from 'wouter';
import { useTexts } from '../app/texts.ts';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import styles from './layout.module.css';

/** A screen that scrolls as a whole. */
export function Page({
  children,
  width = 'normal',
}: {
  readonly children: ReactNode;
  readonly width?: 'narrow' | 'normal' | 'wide' | 'full';
}) {
  return (
    <div className={styles.page}>
      <div className={classNames(styles.column, styles[`column-${width}`])}>{children}</div>
    </div>
  );
}

export interface PageHeaderProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly badge?: ReactNode;
  readonly actions?: ReactNode;
  readonly back?: { readonly to: string; readonly label: string };
}

/** The title of a screen, what it is for, and what can be done there. */
export function PageHeader({ title, lead, badge, actions, back }: PageHeaderProps) {
  return (
    <header className={styles.pageHeader}>
      {back !== undefined && (
        <Link to={back.to} className={styles.back}>
          <ArrowLeft /> {back.label}
        </Link>
      )}
      <div className={styles.pageHeaderRow}>
        <div className={styles.pageHeaderText}>
          <div className={styles.titleRow}>
            <h1 className={styles.pageTitle}>{title}</h1>
            {badge}
          </div>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
    </header>
  );
}

export interface CardProps {
  readonly children: ReactNode;
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly padded?: boolean;
}

/** A group on a surface of its own. */
export function Card({ children, title, actions, padded = true }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {(title !== undefined || actions !== undefined) && (
        <header className={styles.cardHeader}>
          {title !== undefined && (
            <h2 id={id} className={styles.cardTitle}>
              {title}
            </h2>
          )}
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      <div className={classNames(padded && styles.cardBody)}>{children}</div>
    </section>
  );
}

export interface SectionProps {
  readonly children: ReactNode;
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
}

/** A part of a screen under a heading. */
export function Section({ children, title, lead, actions }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.section}>
      <header className={styles.sectionHeader}>
        <div>
          <h2 id={id} className={styles.sectionTitle}>
            {title}
          </h2>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export interface SplitViewProps {
  readonly list: ReactNode;
  readonly detail: ReactNode | null;
  /** What the detail is, for a screen reader. */
  readonly detailLabel: string;
  /** Called when Escape is pressed within the detail. */
  readonly onClose: () => void;
}

/** A list, and beside it what was opened from it; where there is no room for both, the detail alone. */
export function SplitView({ list, detail, detailLabel, onClose }: SplitViewProps) {
  const open = detail !== null && detail !== undefined && detail !== false;
  return (
    <div className={styles.splitFrame}>
      <div className={classNames(styles.split, open && styles.splitOpen)}>
        <div className={styles.splitList}>{list}</div>
        {open && (
          <section
            aria-label={detailLabel}
            className={styles.splitDetail}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && !event.defaultPrevented) onClose();
            }}
          >
            {detail}
          </section>
        )}
      </div>
    </div>
  );
}

/** The left side of a SplitView: a header that stays, and a list below it. */
export function ListPane({ header, children }: { readonly header: ReactNode; readonly children: ReactNode }) {
  return (
    <div className={styles.pane}>
      <div className={styles.paneHeader}>{header}</div>
      <div className={styles.paneBody}>{children}</div>
    </div>
  );
}

export interface DetailPaneProps {
  readonly title: string;
  readonly badge?: ReactNode;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** True when the content scrolls by itself, such as a table. */
  readonly fills?: boolean;
}

/** The right side of a SplitView. */
export function DetailPane({ title, badge, lead, actions, onClose, children, fills = false }: DetailPaneProps) {
  const t = useTexts('ui');
  return (
    <div className={styles.pane}>
      <div className={classNames(styles.paneHeader, styles.detailHeader)}>
        <div className={styles.pageHeaderText}>
          <div className={styles.titleRow}>
            <h2 className={styles.detailTitle}>{title}</h2>
            {badge}
          </div>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        <div className={styles.actions}>
          {actions}
          <IconButton label={t('detail.close')} icon={<X />} onPress={onClose} />
        </div>
      </div>
      <div className={classNames(styles.paneBody, !fills && styles.detailBody)}>{children}</div>
    </div>
  );
}

type Gap = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 8;

/** Things below each other. */
export function Stack({ children, gap = 4 }: { readonly children: ReactNode; readonly gap?: Gap }) {
  return <div className={classNames(styles.stack, styles[`gap${gap}`])}>{children}</div>;
}

export interface RowProps {
  readonly children: ReactNode;
  readonly gap?: Gap;
  readonly align?: 'start' | 'center' | 'end' | 'baseline';
  readonly justify?: 'start' | 'between' | 'end';
  readonly wrap?: boolean;
}

/** Things beside each other. */
export function Row({ children, gap = 2, align = 'center', justify = 'start', wrap = false }: RowProps) {
  return (
    <div
      className={classNames(styles.row, styles[`gap${gap}`], styles[`align-${align}`], styles[`justify-${justify}`], wrap && styles.wrap)}
    >
      {children}
    </div>
  );
}

export interface TextProps {
  readonly children: ReactNode;
  readonly size?: 'small' | 'body' | 'large' | 'title';
  readonly tone?: 'normal' | 'quiet' | 'danger' | 'success' | 'warning';
  readonly strong?: boolean;
  readonly mono?: boolean;
  readonly as?: 'p' | 'span' | 'h2' | 'h3' | 'div';
}

/** Text in one of its sizes. */
export function Text({ children, size = 'body', tone = 'normal', strong = false, mono = false, as: Element = 'p' }: TextProps) {
  return (
    <Element className={classNames(styles[`text-${size}`], styles[`tone-${tone}`], strong && styles.strong, mono && styles.mono)}>
      {children}
    </Element>
  );
}

export interface KeyValue {
  readonly label: string;
  readonly value: ReactNode;
  readonly help?: string;
}

/** Properties with their values. */
export function KeyValueList({ items, columns = 1 }: { readonly items: readonly KeyValue[]; readonly columns?: 1 | 2 }) {
  return (
    <dl className={classNames(styles.keyValues, columns === 2 && styles.twoColumns)}>
      {items.map((item) => (
        <div key={item.label} className={styles.keyValue}>
          <dt className={styles.key}>{item.label}</dt>
          <dd className={styles.value}>
            {item.value}
            {item.help !== undefined && <span className={styles.valueHelp}>{item.help}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A sentence that reads as a whole while its parts change. */
export function Sentence({ children }: { readonly children: ReactNode }) {
  return <p className={styles.sentence}>{children}</p>;
}

/** A changing part of a Sentence. */
export function Slot({ children }: { readonly children: ReactNode }) {
  return <strong className={styles.slot}>{children}</strong>;
}
