/** What the window shows while the lock is closed: nothing of anybody's data; and the way on where the key to it is lost. */
import { useState } from 'react';
import { CallError, useAction } from '../api/client.ts';
import { Button, ConfirmDialog, ErrorPanel, toast } from '../ui/index.ts';
import { Mark } from './mark.tsx';
import styles from './shell.module.css';
import { useTexts } from './texts.ts';

/** Errors of an unlock after which no repetition helps unless the system's keychain comes back. */
const lost = ['KEYCHAIN_RESET', 'KEYCHAIN_UNAVAILABLE'];

/** The closed lock. */
export function LockedScreen() {
  const t = useTexts('app');
  const unlock = useAction('lock.unlock');
  const over = useAction('lock.startOver');
  const [isAsking, setAsking] = useState(false);
  const isLost = unlock.error instanceof CallError && lost.includes(unlock.error.view.code);
  const startOver = async () => {
    const { keptAs } = await over.run({});
    toast({ text: t('locked.over.kept', { path: keptAs }), kind: 'success', stays: true });
  };
  return (
    <main className={styles.locked}>
      <Mark className={styles.bigMark} />
      <h1 className={styles.lockedTitle}>{t('locked.title')}</h1>
      <p className={styles.lockedText}>{t('locked.text')}</p>
      <Button kind="primary" busy={unlock.running} autoFocus onPress={() => unlock.start({})}>
        {t('locked.unlock')}
      </Button>
      <div className={styles.lockedError}>
        <ErrorPanel error={unlock.error} />
      </div>
      {isLost && <Button onPress={() => setAsking(true)}>{t('locked.lost')}</Button>}
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t('locked.over.title')}
        confirmLabel={t('locked.over.confirm')}
        onConfirm={startOver}
      >
        <p>{t('locked.over.text')}</p>
      </ConfirmDialog>
    </main>
  );
}
