/** The frame of every question: why it is asked, the content, and the two ways out. */
import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Said } from '../../electron/language.ts';
import { Mark } from '../app/mark.tsx';
import { useSaid, useTexts } from '../app/texts.ts';
import { Button } from '../ui/button.tsx';
import { give } from './bridge.ts';
import styles from './secret.module.css';

/** What a question does with what was typed. */
export interface Giving {
  readonly busy: boolean;
  readonly problem: string | null;
  readonly give: (text: string) => void;
  readonly clear: () => void;
}

/** Hands over what was typed, and says what was wrong with it. */
export function useGiving(): Giving {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Said | null>(null);
  const inWords = useSaid();
  return {
    busy,
    problem: problem === null ? null : inWords(problem),
    clear: () => setProblem(null),
    give: (text) => {
      setBusy(true);
      setProblem(null);
      give(text)
        .then(setProblem, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
        .finally(() => setBusy(false));
    },
  };
}

export interface FrameProps {
  readonly title: string;
  readonly lead: string;
  readonly done: string;
  readonly busy?: boolean;
  readonly isDisabled?: boolean;
  readonly problem?: string | null;
  readonly onDone: () => void;
  /** A step back instead of closing. */
  readonly back?: { readonly label: string; readonly onPress: () => void } | undefined;
  /** True when there is nothing to cancel. */
  readonly onlyDone?: boolean;
  readonly children: ReactNode;
}

/** The frame. */
export function Frame({
  title,
  lead,
  done,
  busy = false,
  isDisabled = false,
  problem = null,
  onDone,
  back,
  onlyDone = false,
  children,
}: FrameProps) {
  const t = useTexts('secret');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!busy && !isDisabled) onDone();
  };
  return (
    <main className={styles.window}>
      <form className={styles.frame} onSubmit={submit}>
        <header className={styles.header}>
          <Mark className={styles.mark} />
          <h1 className={styles.title}>{title}</h1>
          <p className={styles.lead}>{lead}</p>
        </header>
        <div className={styles.content}>{children}</div>
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
        <footer className={styles.footer}>
          {!onlyDone && (
            <Button onPress={back?.onPress ?? (() => void give(null))} isDisabled={busy}>
              {back?.label ?? t('cancel')}
            </Button>
          )}
          <Button kind="primary" type="submit" busy={busy} isDisabled={isDisabled} autoFocus={onlyDone}>
            {done}
          </Button>
        </footer>
      </form>
    </main>
  );
}
