/** Something that is one click away: closed at first, opened by its title. */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './disclosure.module.css';

/** A title that opens and closes what it names. */
export function Disclosure({
  title,
  children,
  isOpen = false,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly isOpen?: boolean;
}) {
  return (
    <details open={isOpen}>
      <summary className={styles.title}>
        <ChevronRight aria-hidden />
        {title}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
