/** A phrase to write down; a new one is asked back by three of its words. */
import { useState } from 'react';
import { useTexts } from '../app/texts.ts';
import { TextField } from '../ui/fields.tsx';
import { give } from './bridge.ts';
import { Frame, useGiving } from './frame.tsx';
import styles from './secret.module.css';

function Words({ phrase }: { readonly phrase: string }) {
  const t = useTexts('secret');
  return (
    <>
      <ol className={styles.words} aria-label={t('phrase')}>
        {phrase.split(' ').map((word, place) => (
          // A phrase may hold a word twice; its place is what tells them apart.
          // biome-ignore lint/suspicious/noArrayIndexKey: the words never change places.
          <li key={place} className={styles.word}>
            <span className={styles.place}>{place + 1}</span>
            {word}
          </li>
        ))}
      </ol>
      <p className={styles.note}>{t('phrase.note')}</p>
    </>
  );
}

/** Shows the phrase, and no more. */
export function ShowPhrase({ phrase }: { readonly phrase: string }) {
  const t = useTexts('secret');
  return (
    <Frame title={t('show.title')} lead={t('show.lead')} done={t('show.done')} onlyDone onDone={() => void give('')}>
      <Words phrase={phrase} />
    </Frame>
  );
}

/** Shows a new phrase, then asks for three of its words. */
export function NewPhrase({ phrase, confirm }: { readonly phrase: string; readonly confirm: readonly number[] }) {
  const t = useTexts('secret');
  const [asking, setAsking] = useState(false);
  const [words, setWords] = useState<readonly string[]>(() => confirm.map(() => ''));
  const giving = useGiving();
  if (!asking) {
    return (
      <Frame title={t('new.title')} lead={t('new.lead')} done={t('new.written')} onDone={() => setAsking(true)}>
        <Words phrase={phrase} />
      </Frame>
    );
  }
  return (
    <Frame
      title={t('confirm.title')}
      lead={t('confirm.lead')}
      done={t('confirm.done')}
      busy={giving.busy}
      problem={giving.problem}
      isDisabled={words.some((word) => word.trim() === '')}
      onDone={() => giving.give(words.map((word) => word.trim().toLowerCase()).join(' '))}
      back={{ label: t('confirm.back'), onPress: () => setAsking(false) }}
    >
      {confirm.map((place, index) => (
        <TextField
          key={place}
          label={t('confirm.word', { place: place + 1 })}
          value={words[index] ?? ''}
          onChange={(word) => {
            giving.clear();
            setWords((before) => before.map((each, at) => (at === index ? word : each)));
          }}
          autoFocus={index === 0}
          mono
        />
      ))}
    </Frame>
  );
}
