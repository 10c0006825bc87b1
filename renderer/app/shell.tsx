/** The frame around every screen: title bar, rail, tasks drawer, palette, and what the keyboard and the menu ask for. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { useEvent } from '../api/client.ts';
import { TasksDrawer } from '../features/tasks/index.tsx';
import { classNames, Skeleton } from '../ui/index.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { FailingServices } from './failing-services.tsx';
import { Palette } from './palette.tsx';
import { railGroups, type Screen, screenOf, screensFor } from './routes.tsx';
import styles from './shell.module.css';
import { useApp } from './state.tsx';
import { useTexts } from './texts.ts';
import { TitleBar } from './title-bar.tsx';

const FirstStart = lazy(() => import('../features/first-start/index.tsx'));

/** The frame and the screen in it. */
export function Shell() {
  const t = useTexts('app');
  const app = useApp();
  const [path, navigate] = useLocation();
  const [palette, setPalette] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const main = useRef<HTMLElement>(null);
  const available = screensFor(app);

  useEvent('app.command', ({ command }) => {
    if (command === 'palette') setPalette(true);
    if (command === 'settings') navigate('/settings');
    if (command === 'tasks') setDrawer((open) => !open);
    if (command === 'import') navigate('/datasets/import');
  });
  useShortcuts({
    palette: () => setPalette((open) => !open),
    tasks: () => setDrawer((open) => !open),
    settings: () => navigate('/settings'),
    screen: (index) => {
      const target = available.filter(({ group }) => group !== 'bottom')[index];
      if (target !== undefined) navigate(target.path);
    },
  });
  const current = screenOf(path);
  useEffect(() => {
    document.title = current === undefined ? 'Vouchsafe' : `${t(`screen.${current.name}`)} · Vouchsafe`;
  }, [current, t]);

  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        {t('skip')}
      </button>
      <TitleBar onPalette={() => setPalette(true)} onTasks={() => setDrawer(!drawer)} tasksOpen={drawer} />
      <nav aria-label={t('rail')} className={styles.rail}>
        {railGroups.map((group) => (
          <RailGroup
            key={group}
            title={group === 'top' ? null : t(`group.${group}`)}
            screens={available.filter((candidate) => candidate.group === group)}
            current={current}
          />
        ))}
        <div className={styles.railSpace} />
        <RailGroup title={null} screens={available.filter(({ group }) => group === 'bottom')} current={current} />
      </nav>
      <main ref={main} tabIndex={-1} className={styles.main}>
        <FailingServices />
        <div className={styles.screen}>
          <ErrorBoundary key={current?.name ?? path}>
            <Suspense fallback={<Skeleton lines={5} />}>
              <Switch>
                <Route path="/welcome">
                  <FirstStart />
                </Route>
                {available.map(({ name, path: base, Content }) => (
                  <Route key={name} path={base === '/' ? '/' : `${base}/*?`}>
                    <Content />
                  </Route>
                ))}
                <Route>
                  <Redirect to="/" replace />
                </Route>
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </div>
      </main>
      {drawer && <TasksDrawer onClose={() => setDrawer(false)} />}
      <Palette isOpen={palette} onClose={() => setPalette(false)} onTasks={() => setDrawer(true)} />
    </div>
  );
}

function RailGroup({
  title,
  screens,
  current,
}: {
  readonly title: string | null;
  readonly screens: readonly Screen[];
  readonly current: Screen | undefined;
}) {
  const t = useTexts('app');
  if (screens.length === 0) return null;
  return (
    <div className={styles.group}>
      {title !== null && <h2 className={styles.groupTitle}>{title}</h2>}
      <ul>
        {screens.map(({ name, path, icon: Icon }) => (
          <li key={name}>
            <Link
              to={path}
              className={classNames(styles.item, current?.name === name && styles.current)}
              title={t(`screen.${name}`)}
              {...(current?.name === name ? { 'aria-current': 'page' as const } : {})}
            >
              <Icon />
              <span className={styles.itemText}>{t(`screen.${name}`)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Shortcuts {
  readonly palette: () => void;
  readonly tasks: () => void;
  readonly settings: () => void;
  readonly screen: (index: number) => void;
}

/** Ctrl or Command with K, J, a comma or a digit. */
function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      const { palette, tasks, settings, screen } = latest.current;
      if (event.key === 'k') palette();
      else if (event.key === 'j') tasks();
      else if (event.key === ',') settings();
      else if (/^[1-9]$/.test(event.key)) screen(Number(event.key) - 1);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}
