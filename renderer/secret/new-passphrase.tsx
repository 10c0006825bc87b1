/** A new passphrase, typed twice, with a word on how long it would last against guessing. */
import { useState } from 'react';
import { useTexts } from '../app/texts.ts';
import { classNames } from '../ui/class-names.ts';
import { TextField } from '../ui/fields.tsx';
import { Frame, useGiving } from './frame.tsx';
import styles from './secret.module.css';
import { strengthOf } from './strength.ts';

/** The question for it. */
export function NewPassphrase({ area }: { readonly area: 'passphrase.needed' | 'passphrase.wanted' | 'backup.new' }) {
  const t = useTexts('secret');
  const [text, setText] = useState('');
  const [again, setAgain] = useState('');
  const giving = useGiving();
  const strength = strengthOf(text);
  const differs = again !== '' && !text.startsWith(again) && again !== text;
  return (
    <Frame
      title={t(`${area}.title`)}
      lead={t(`${area}.lead`)}
      done={t('passphrase.done')}
      busy={giving.busy}
      problem={giving.problem}
      isDisabled={text === '' || text !== again}
      onDone={() => giving.give(text)}
    >
      <TextField
        label={t('passphrase')}
        type="password"
        value={text}
        autoFocus
        onChange={(next) => {
          setText(next);
          giving.clear();
        }}
      />
      <div className={styles.strength}>
        <span aria-hidden="true" className={styles.strengthBars}>
          {[1, 2, 3, 4].map((step) => (
            <span key={step} className={classNames(styles.strengthBar, text !== '' && step <= strength && styles[`strength${strength}`])} />
          ))}
        </span>
        <span aria-live="polite">{text === '' ? t('strength.hint') : t(`strength.${strength}`)}</span>
      </div>
      <TextField
        label={t('passphrase.again')}
        type="password"
        value={again}
        problem={differs ? t('passphrase.differs') : null}
        onChange={(next) => {
          setAgain(next);
          giving.clear();
        }}
      />
    </Frame>
  );
}
