/**
 * The first start, and every later profile: try it with sample data, run a network here, join one, or come back with a
 * backup or a phrase. The keys get their keeper first, because everything after it is sealed.
 */
import { ArchiveRestore, ArrowLeft, FlaskConical, type LucideIcon, Network, Waypoints } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useLocation } from 'wouter';
import { useInvitation } from '../../app/links.tsx';
import { Mark } from '../../app/mark.tsx';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, Notice } from '../../ui/index.ts';
import styles from './first-start.module.css';
import { JoinNetwork } from './join-network.tsx';
import { KeepKeys } from './keep-keys.tsx';
import { RestoreProfile } from './restore-profile.tsx';
import { RunNetwork } from './run-network.tsx';
import { TrySample } from './try-sample.tsx';

type Way = 'sample' | 'run' | 'join' | 'restore';
const ways: readonly { readonly id: Way; readonly icon: LucideIcon }[] = [
  { id: 'sample', icon: FlaskConical },
  { id: 'run', icon: Network },
  { id: 'join', icon: Waypoints },
  { id: 'restore', icon: ArchiveRestore },
];

/** The choice of a way in, and the way itself. `onWay` hears when one is taken, and when it is left or at its end. */
export default function FirstStart({ onWay }: { readonly onWay?: (isTaken: boolean) => void }) {
  const t = useTexts('first-start');
  const app = useApp();
  const [, navigate] = useLocation();
  const invitation = useInvitation();
  const [way, setWay] = useState<Way | null>(null);
  useEffect(() => {
    if (invitation !== null) setWay('join');
  }, [invitation]);
  const isTaken = way !== null;
  useEffect(() => onWay?.(isTaken), [onWay, isTaken]);
  const back = () => setWay(null);
  const finish = () => {
    navigate('/');
    onWay?.(false);
  };
  const isFirst = app.profiles.length === 0 && app.networks.length === 0;
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        {way === null ? (
          <>
            <header className={styles.hero}>
              <Mark className={styles.mark} />
              <h1 className={styles.title}>{t(isFirst ? 'welcome' : 'another')}</h1>
              <p className={styles.lead}>{t(isFirst ? 'welcome.lead' : 'another.lead')}</p>
            </header>
            {app.setAside !== null && (
              <Notice kind="warning" title={t('set-aside')}>
                {t('set-aside.text', { file: app.setAside })}
              </Notice>
            )}
            <ul className={styles.ways}>
              {ways.map(({ id, icon: Icon }) => (
                <li key={id}>
                  <AriaButton className={styles.way ?? ''} onPress={() => setWay(id)} autoFocus={id === 'sample'}>
                    <span className={styles.wayIcon}>
                      <Icon />
                    </span>
                    <span className={styles.wayTitle}>{t(`way.${id}`)}</span>
                    <span className={styles.wayText}>{t(`way.${id}.text`)}</span>
                  </AriaButton>
                </li>
              ))}
            </ul>
            {!isFirst && (
              <div className={styles.center}>
                <Button kind="quiet" onPress={finish}>
                  {t('not-now')}
                </Button>
              </div>
            )}
          </>
        ) : (
          <>
            <div className={styles.back}>
              <Button kind="quiet" icon={<ArrowLeft />} onPress={back}>
                {t('back')}
              </Button>
            </div>
            <header className={styles.head}>
              <h1 className={styles.title}>{t(`way.${way}`)}</h1>
              <p className={styles.lead}>{t(`way.${way}.lead`)}</p>
            </header>
            {app.lock === 'first-start' ? (
              <KeepKeys />
            ) : (
              <>
                {way === 'sample' && <TrySample onDone={finish} />}
                {way === 'run' && <RunNetwork onDone={finish} />}
                {way === 'join' && <JoinNetwork onDone={finish} />}
                {way === 'restore' && <RestoreProfile onDone={finish} />}
              </>
            )}
          </>
        )}
      </div>
    </div>
  );
}
