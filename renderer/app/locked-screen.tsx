/** What the window shows while the lock is closed: nothing of anybody's data. */
import { useAction } from '../api/client.ts';
import { Button, ErrorPanel } from '../ui/index.ts';
import { Mark } from './mark.tsx';
import styles from './shell.module.css';
import { useTexts } from './texts.ts';

/** The closed lock. */
export function LockedScreen() {
  const t = useTexts('app');
  const unlock = useAction('lock.unlock');
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
    </main>
  );
}
