// Which theme holds.
import { remember } from '../common/storage';
import { useView } from '../view/url';
import { useSystemDark } from './page';
import { type Palette, palettes, type Theme, type ThemeChoice } from './palette';

/** useTheme is the theme in force, the choice behind it, and how to change it. */
export function useTheme(): { theme: Theme; choice: ThemeChoice; choose: (choice: ThemeChoice) => void } {
  const [view, setView] = useView();
  const systemDark = useSystemDark();
  const choice = view.theme ?? (remember.get('theme') as ThemeChoice | null) ?? 'system';
  const theme = choice === 'system' ? (systemDark ? 'dark' : 'light') : choice;
  const choose = (next: ThemeChoice) => {
    remember.set('theme', next);
    setView({ theme: next });
  };
  return { theme, choice, choose };
}

export const usePalette = (): Palette => palettes[useTheme().theme];
