/** The settings: a list of parts, and the chosen part beside it. */
import { Archive, Fingerprint, Info, LockKeyhole, type LucideIcon, ServerCog, SlidersHorizontal, UserRound } from 'lucide-react';
import type { ComponentType } from 'react';
import { Link, useRoute } from 'wouter';
import { useProfile } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { classNames } from '../../ui/index.ts';
import { AboutSettings } from './about-settings.tsx';
import { BackupSettings } from './backup-settings.tsx';
import { GeneralSettings } from './general-settings.tsx';
import { IdentitySettings } from './identity-settings.tsx';
import { LockSettings } from './lock-settings.tsx';
import { ProfileSettings } from './profile-settings.tsx';
import { ServiceSettings } from './service-settings.tsx';
import styles from './settings.module.css';

interface Part {
  readonly id: string;
  readonly icon: LucideIcon;
  readonly Content: ComponentType;
  /** Only where there is a profile. */
  readonly personal?: boolean;
}
const parts: readonly Part[] = [
  { id: 'general', icon: SlidersHorizontal, Content: GeneralSettings },
  { id: 'profile', icon: UserRound, Content: ProfileSettings, personal: true },
  { id: 'identity', icon: Fingerprint, Content: IdentitySettings, personal: true },
  { id: 'backup', icon: Archive, Content: BackupSettings, personal: true },
  { id: 'lock', icon: LockKeyhole, Content: LockSettings },
  { id: 'services', icon: ServerCog, Content: ServiceSettings },
  { id: 'about', icon: Info, Content: AboutSettings },
];

/** The settings. */
export default function Settings() {
  const t = useTexts('settings');
  const profile = useProfile();
  const [, params] = useRoute('/settings/:part/*?');
  const available = parts.filter(({ personal }) => personal !== true || profile !== null);
  const chosen = available.find(({ id }) => id === params?.part) ?? available[0];
  if (chosen === undefined) return null;
  return (
    <div className={styles.page}>
      <nav aria-label={t('title')} className={styles.parts}>
        <h1 className={styles.title}>{t('title')}</h1>
        <ul>
          {available.map(({ id, icon: Icon }) => (
            <li key={id}>
              <Link
                to={`/settings/${id}`}
                className={classNames(styles.part, id === chosen.id && styles.chosen)}
                {...(id === chosen.id ? { 'aria-current': 'page' as const } : {})}
              >
                <Icon />
                {t(`part.${id}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.content}>
        <div className={styles.column}>
          <h2 className={styles.heading}>{t(`part.${chosen.id}`)}</h2>
          <chosen.Content />
        </div>
      </div>
    </div>
  );
}
