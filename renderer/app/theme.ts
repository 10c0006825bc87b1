/** The theme: the user's, or the system's while the user has no wish. */
import { useEffect } from 'react';

/** Sets the theme of the page. */
export function useTheme(wish: 'system' | 'light' | 'dark'): void {
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const apply = () => {
      document.documentElement.dataset.theme = wish === 'system' ? (system.matches ? 'dark' : 'light') : wish;
    };
    apply();
    system.addEventListener('change', apply);
    return () => system.removeEventListener('change', apply);
  }, [wish]);
}
