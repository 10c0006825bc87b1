/** A phrase to type from paper, word by word; pasting all of it fills the grid. */
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from 'react';
import { useTexts } from '../app/texts.ts';
import { classNames } from '../ui/class-names.ts';
import { Frame, useGiving } from './frame.tsx';
import styles from './secret.module.css';

const count = 24;
const wordsIn = (text: string) =>
  text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');

/** The grid; `area` says whether it is to restore, or a rehearsal. */
export function EnterPhrase({ area }: { readonly area: 'enter' | 'rehearse' }) {
  const t = useTexts('secret');
  const giving = useGiving();
  const [words, setWords] = useState<readonly string[]>(() => Array.from({ length: count }, () => ''));
  const grid = useRef<HTMLOListElement>(null);
  const filled = words.filter((word) => word !== '').length;
  const focus = (place: number) => grid.current?.querySelectorAll('input')[place]?.focus();
  const put = (place: number, given: readonly string[]) => {
    giving.clear();
    setWords((before) => before.map((word, at) => given[at - place] ?? word));
  };
  const onPaste = (place: number, event: ClipboardEvent) => {
    const given = wordsIn(event.clipboardData.getData('text'));
    if (given.length < 2) return;
    event.preventDefault();
    put(place, given.slice(0, count - place));
    focus(Math.min(count - 1, place + given.length));
  };
  const onKeyDown = (place: number, event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === ' ') {
      event.preventDefault();
      if (words[place] !== '') focus(place + 1);
    } else if (event.key === 'Enter' && place < count - 1 && filled < count) {
      event.preventDefault();
      focus(place + 1);
    } else if (event.key === 'Backspace' && words[place] === '' && place > 0) {
      event.preventDefault();
      focus(place - 1);
    }
  };
  return (
    <Frame
      title={t(`${area}.title`)}
      lead={t(`${area}.lead`)}
      done={t(`${area}.done`)}
      busy={giving.busy}
      problem={giving.problem}
      isDisabled={filled < count}
      onDone={() => giving.give(words.join(' '))}
    >
      <ol ref={grid} className={styles.words}>
        {words.map((word, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a field is its place.
          <li key={place} className={classNames(styles.word, styles.entry)}>
            <span aria-hidden="true" className={styles.place}>
              {place + 1}
            </span>
            <input
              aria-label={t('confirm.word', { place: place + 1 })}
              className={styles.input}
              value={word}
              // biome-ignore lint/a11y/noAutofocus: the window is open for nothing but this.
              autoFocus={place === 0}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              onChange={(event) => put(place, [wordsIn(event.target.value)[0] ?? ''])}
              onPaste={(event) => onPaste(place, event)}
              onKeyDown={(event) => onKeyDown(place, event)}
            />
          </li>
        ))}
      </ol>
      <p className={styles.note}>{t('enter.count', { filled, count })}</p>
    </Frame>
  );
}
