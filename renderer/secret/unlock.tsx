/** A passphrase that exists: the lock's, or a backup's. */
import { useState } from 'react';
import { useTexts } from '../app/texts.ts';
import { TextField } from '../ui/fields.tsx';
import { Frame, useGiving } from './frame.tsx';

/** The question for it. */
export function Unlock({ area, wrong }: { readonly area: 'unlock' | 'backup.open'; readonly wrong: boolean }) {
  const t = useTexts('secret');
  const [text, setText] = useState('');
  const [changed, setChanged] = useState(false);
  const giving = useGiving();
  return (
    <Frame
      title={t(`${area}.title`)}
      lead={t(`${area}.lead`)}
      done={t(`${area}.done`)}
      busy={giving.busy}
      problem={giving.problem ?? (wrong && !changed ? t('unlock.wrong') : null)}
      isDisabled={text === ''}
      onDone={() => giving.give(text)}
    >
      <TextField
        label={t('passphrase')}
        type="password"
        value={text}
        autoFocus
        onChange={(next) => {
          setText(next);
          setChanged(true);
          giving.clear();
        }}
      />
    </Frame>
  );
}
