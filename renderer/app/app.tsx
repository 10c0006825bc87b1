/** The window: what it shows follows from the lock, the profiles and the route. */
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { I18nProvider, RouterProvider } from 'react-aria-components';
import { useLocation } from 'wouter';
import { chosenLanguage } from '../../electron/language.ts';
import type { AppView } from '../../electron/views.ts';
import { useCall } from '../api/client.ts';
import { ErrorPanel, ToastRegion } from '../ui/index.ts';
import { Links } from './links.tsx';
import { LockedScreen } from './locked-screen.tsx';
import styles from './shell.module.css';
import { Shell } from './shell.tsx';
import { Starting } from './starting.tsx';
import { AppStateProvider } from './state.tsx';
import { changeLanguage, useLanguage } from './texts.ts';
import { useTheme } from './theme.ts';

const FirstStart = lazy(() => import('../features/first-start/index.tsx'));

/** Everything in the window. */
export function App() {
  const app = useCall('app.get', {});
  const language = useLanguage();
  const [, navigate] = useLocation();
  const settings = app.data?.settings;
  useTheme(settings?.theme ?? 'system');
  useEffect(() => {
    if (app.data === undefined) return;
    void changeLanguage(chosenLanguage(app.data.settings.language, app.data.systemLanguage));
  }, [app.data]);
  useForgetting(app.data);
  return (
    <I18nProvider locale={language === 'de' ? 'de-DE' : 'en-GB'}>
      <RouterProvider navigate={(path) => navigate(path)}>
        <Links isLocked={app.data?.lock === 'locked'}>
          {app.data === undefined ? (
            <NoApp error={app.error} onRetry={() => void app.refetch()} />
          ) : (
            <AppStateProvider value={app.data}>
              <Content app={app.data} />
            </AppStateProvider>
          )}
        </Links>
        <ToastRegion />
      </RouterProvider>
    </I18nProvider>
  );
}

function NoApp({ error, onRetry }: { readonly error: Error | null; readonly onRetry: () => void }) {
  if (error === null) return <Starting />;
  return (
    <div className={styles.broken}>
      <ErrorPanel error={error} onRetry={onRetry} />
    </div>
  );
}

function Content({ app }: { readonly app: AppView }) {
  const isEmpty = app.lock === 'first-start' || (app.profiles.length === 0 && app.networks.length === 0);
  // The first start goes on to its end: what it makes is there before all of it is.
  const [isBeginning, setBeginning] = useState(false);
  if (app.lock === 'locked') return <LockedScreen />;
  if (isEmpty || isBeginning) {
    return (
      <Suspense fallback={<Starting />}>
        <main className={styles.alone}>
          <FirstStart onWay={setBeginning} />
        </main>
      </Suspense>
    );
  }
  return <Shell />;
}

/** Forgets what the window knows of a profile when another one is active, or the lock is closed. */
function useForgetting(app: AppView | undefined): void {
  const queries = useQueryClient();
  const whose = app === undefined ? null : app.lock === 'unlocked' ? app.activeProfile : app.lock;
  const before = useRef(whose);
  useEffect(() => {
    if (before.current === whose) return;
    const wasKnown = before.current !== null;
    before.current = whose;
    const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => !String(queryKey[0]).startsWith('app.') };
    if (whose === 'locked') queries.removeQueries(others);
    else if (wasKnown) void queries.resetQueries(others);
  }, [whose, queries]);
}
