// Which theme holds, and what antd makes of it.
import { theme as antd, type ThemeConfig } from 'antd';
import { useEffect, useSyncExternalStore } from 'react';
import { remember } from '../common/storage';
import { useView } from '../view/url';
import { cssVariables, type Palette, palettes, type Theme, type ThemeChoice } from './palette';

export const FONT =
  '"Inter", system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
/** The fonts MapLibre draws Chinese with; names of common systems. */
export const MAP_FONT = '"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';

const darkQuery = () => window.matchMedia('(prefers-color-scheme: dark)');

function useSystemDark(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = darkQuery();
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => darkQuery().matches,
  );
}

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

/** antdTheme gives antd the same colours; controls grow on touch screens. */
export function antdTheme(theme: Theme, touch: boolean): ThemeConfig {
  const p = palettes[theme];
  return {
    algorithm: theme === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: p.accent,
      colorInfo: p.accent,
      colorLink: p.accent,
      colorSuccess: p.good,
      colorWarning: p.warn,
      colorError: p.bad,
      colorInfoBg: p.accentWash,
      colorInfoBorder: p.line,
      colorSuccessBg: p.goodWash,
      colorSuccessBorder: p.line,
      colorWarningBg: p.warnWash,
      colorWarningBorder: p.line,
      colorErrorBg: p.badWash,
      colorErrorBorder: p.line,
      colorText: p.ink,
      colorTextSecondary: p.inkSoft,
      colorTextTertiary: p.inkFaint,
      colorTextDescription: p.inkSoft,
      colorTextPlaceholder: p.inkFaint,
      colorBgBase: p.surface,
      colorBgContainer: p.surface,
      colorBgElevated: p.surface,
      colorBgLayout: p.paper,
      colorBorder: p.lineStrong,
      colorBorderSecondary: p.line,
      colorTextLightSolid: p.accentInk,
      borderRadius: 6,
      fontFamily: FONT,
      fontSize: 14,
      controlHeight: touch ? 40 : 32,
      motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    },
    components: {
      Steps: { iconSizeSM: 22 },
      Segmented: { itemSelectedBg: p.surface, trackBg: p.raised },
      Tooltip: { colorBgSpotlight: p.ink, colorTextLightSolid: p.surface },
    },
  };
}
