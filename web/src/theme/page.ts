// A theme on the page, whichever kit draws it.
import { useEffect, useSyncExternalStore } from 'react';
import { cssVariables, palettes, type Theme } from './palette';

const darkQuery = () => window.matchMedia('(prefers-color-scheme: dark)');

/** useSystemDark follows what the machine prefers. */
export function useSystemDark(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = darkQuery();
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => darkQuery().matches,
  );
}

/** useThemeOnPage writes the palette where style sheets read it. */
export function useThemeOnPage(theme: Theme): void {
  useEffect(() => {
    const root = document.documentElement;
    root.setAttribute('data-theme', theme);
    for (const [name, value] of Object.entries(cssVariables(palettes[theme]))) {
      root.style.setProperty(name, value);
    }
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', palettes[theme].paper);
  }, [theme]);
}
