/** The command palette: every screen and the actions that need no place, by typing a part of their name. */
import { CornerDownLeft, Database, FileSearch, ListTodo, Lock, Moon, Search, Sun, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
  useFilter,
} from 'react-aria-components';
import { useLocation } from 'wouter';
import { call } from '../api/client.ts';
import { toast } from '../ui/index.ts';
import styles from './palette.module.css';
import { screensFor } from './routes.tsx';
import { useApp, useProfile } from './state.tsx';
import { useTexts } from './texts.ts';

interface Command {
  readonly id: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly run: () => void;
}

export interface PaletteProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onTasks: () => void;
}

/** The palette over the screen. */
export function Palette({ isOpen, onClose, onTasks }: PaletteProps) {
  const t = useTexts('app');
  const app = useApp();
  const profile = useProfile();
  const [, navigate] = useLocation();
  const { contains } = useFilter({ sensitivity: 'base' });
  const ask = (answer: Promise<unknown>) => void answer.catch((error: Error) => toast({ text: error.message, kind: 'danger' }));
  const screens: Command[] = screensFor(app).map(({ name, path, icon: Icon }) => ({
    id: name,
    label: t(`screen.${name}`),
    icon: <Icon />,
    run: () => navigate(path),
  }));
  const actions: Command[] = [
    ...(profile?.roles.includes('owner')
      ? [{ id: 'import', label: t('action.import'), icon: <Database />, run: () => navigate('/datasets/import') }]
      : []),
    ...(profile?.roles.includes('consumer')
      ? [{ id: 'require', label: t('action.require'), icon: <FileSearch />, run: () => navigate('/requirements/new') }]
      : []),
    { id: 'tasks', label: t('tasks.open'), icon: <ListTodo />, run: onTasks },
    { id: 'light', label: t('action.light'), icon: <Sun />, run: () => ask(call('app.settings', { theme: 'light' })) },
    { id: 'dark', label: t('action.dark'), icon: <Moon />, run: () => ask(call('app.settings', { theme: 'dark' })) },
    ...app.profiles
      .filter(({ id }) => id !== profile?.id)
      .map(({ id, name }) => ({
        id: `profile-${id}`,
        label: t('action.profile', { name }),
        icon: <UserRound />,
        run: () => ask(call('profile.switch', { profileId: id }).then(() => navigate('/'))),
      })),
    { id: 'lock', label: t('lock'), icon: <Lock />, run: () => ask(call('lock.lock', {})) },
  ];
  const section = (title: string, commands: readonly Command[]) => (
    <MenuSection className={styles.section ?? ''}>
      <Header className={styles.header ?? ''}>{title}</Header>
      {commands.map((command) => (
        <MenuItem
          key={command.id}
          id={command.id}
          textValue={command.label}
          className={styles.item ?? ''}
          onAction={() => {
            onClose();
            command.run();
          }}
        >
          {command.icon}
          <span className={styles.label}>{command.label}</span>
          <CornerDownLeft className={styles.enter} />
        </MenuItem>
      ))}
    </MenuSection>
  );
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable
    >
      <Modal className={styles.modal ?? ''}>
        <Dialog aria-label={t('palette')} className={styles.dialog ?? ''}>
          <Autocomplete filter={contains}>
            <SearchField aria-label={t('palette')} autoFocus className={styles.search ?? ''}>
              <Search />
              <Input placeholder={t('palette.placeholder')} className={styles.input ?? ''} />
            </SearchField>
            <Menu
              aria-label={t('palette')}
              className={styles.menu ?? ''}
              renderEmptyState={() => <p className={styles.none}>{t('palette.none')}</p>}
            >
              {section(t('palette.actions'), actions)}
              {section(t('palette.screens'), screens)}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
