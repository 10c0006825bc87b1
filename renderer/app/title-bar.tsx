/** The bar at the top: whose window it is, on which network, what runs, and the lock. */
import { ChevronsUpDown, ListTodo, Lock, Plus, Search, UserRound } from 'lucide-react';
import { Button as AriaButton } from 'react-aria-components';
import { useLocation } from 'wouter';
import { useAction, useCall } from '../api/client.ts';
import { classNames, IconButton, Identicon, Menu, Tooltip, toast } from '../ui/index.ts';
import styles from './shell.module.css';
import { useApp, useProfile } from './state.tsx';
import { useTexts } from './texts.ts';

export interface TitleBarProps {
  readonly onPalette: () => void;
  readonly onTasks: () => void;
  readonly tasksOpen: boolean;
}

/** The title bar. */
export function TitleBar({ onPalette, onTasks, tasksOpen }: TitleBarProps) {
  const t = useTexts('app');
  const { platform } = useApp();
  const profile = useProfile();
  const lock = useAction('lock.lock');
  return (
    <header className={styles.titleBar}>
      <ProfileSwitcher />
      <AriaButton className={styles.paletteButton ?? ''} onPress={onPalette}>
        <Search />
        <span>{t('palette.open')}</span>
        <kbd className={styles.kbd}>{platform === 'darwin' ? '⌘K' : 'Ctrl K'}</kbd>
      </AriaButton>
      <div className={styles.titleBarEnd}>
        {profile !== null && <NetworkState />}
        <TasksButton pressed={tasksOpen} onPress={onTasks} />
        <IconButton
          label={t('lock')}
          icon={<Lock />}
          onPress={() => void lock.run({}).catch((error: Error) => toast({ text: error.message, kind: 'danger' }))}
        />
      </div>
    </header>
  );
}

function TasksButton({ pressed, onPress }: { readonly pressed: boolean; readonly onPress: () => void }) {
  const t = useTexts('app');
  const tasks = useCall('app.tasks', {});
  const running = tasks.data?.filter(({ state }) => state === 'running').length ?? 0;
  return (
    <span className={styles.tasksButton}>
      <IconButton
        label={running === 0 ? t('tasks.open') : t('tasks.running', { count: running })}
        icon={<ListTodo />}
        pressed={pressed}
        onPress={onPress}
      />
      {running > 0 && <span className={styles.running}>{running}</span>}
    </span>
  );
}

function ProfileSwitcher() {
  const t = useTexts('app');
  const { profiles } = useApp();
  const profile = useProfile();
  const [, navigate] = useLocation();
  const switching = useAction('profile.switch');
  const change = async (profileId: string) => {
    try {
      await switching.run({ profileId });
      navigate('/');
    } catch (error) {
      toast({ text: error instanceof Error ? error.message : String(error), kind: 'danger' });
    }
  };
  return (
    <Menu
      label={t('profiles')}
      trigger={
        <AriaButton
          className={styles.profile ?? ''}
          aria-label={t('profiles.switch', { name: profile?.name ?? t('profiles.none') })}
          isPending={switching.running}
        >
          {profile === null ? <UserRound /> : <Identicon value={profile.id} />}
          <span className={styles.profileName}>{profile?.name ?? t('profiles.none')}</span>
          <ChevronsUpDown className={styles.faint} />
        </AriaButton>
      }
      items={[
        ...profiles.map((candidate) => ({
          id: candidate.id,
          label: candidate.name,
          detail: candidate.networkName,
          icon: <Identicon value={candidate.id} />,
          isDisabled: candidate.id === profile?.id,
          onAction: () => void change(candidate.id),
        })),
        { id: 'add', label: t('profiles.add'), icon: <Plus />, onAction: () => navigate('/welcome') },
      ]}
    />
  );
}

function NetworkState() {
  const t = useTexts('app');
  const profile = useProfile();
  const [, navigate] = useLocation();
  const status = useCall('network.status', {});
  const online = status.data?.online ?? null;
  const words =
    online === null
      ? t(status.error === null ? 'network.asking' : 'network.unknown')
      : online
        ? t('network.online', { block: status.data?.blockNumber ?? 0 })
        : t('network.offline');
  return (
    <Tooltip text={words}>
      <AriaButton
        className={styles.network ?? ''}
        aria-label={`${profile?.networkName ?? ''}: ${words}`}
        onPress={() => navigate('/network')}
      >
        <span className={classNames(styles.light, online === true && styles.lightOn, online === false && styles.lightOff)} />
        <span className={styles.networkName}>{profile?.networkName}</span>
        {online === false && <span className={styles.faint}>{t('network.offline-short')}</span>}
      </AriaButton>
    </Tooltip>
  );
}
