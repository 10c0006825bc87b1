/** What every screen knows: the installation as main sees it, and the active profile. */
import { createContext, type ReactNode, useContext } from 'react';
import type { AppView, ProfileView } from '../../electron/views.ts';

const AppState = createContext<AppView | null>(null);

/** Gives `value` to everything inside. */
export function AppStateProvider({ value, children }: { readonly value: AppView; readonly children: ReactNode }) {
  return <AppState value={value}>{children}</AppState>;
}

/** The installation. */
export function useApp(): AppView {
  const app = useContext(AppState);
  if (app === null) throw new Error('A screen was drawn before the application answered.');
  return app;
}

/** The active profile, or null when there is none. */
export function useProfile(): ProfileView | null {
  const { profiles, activeProfile } = useApp();
  return profiles.find(({ id }) => id === activeProfile) ?? null;
}
