// What antd makes of a theme.
import { theme as antd, type ThemeConfig } from 'antd';
import { FONT } from './fonts';
import { palettes, type Theme } from './palette';

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
      controlHeight: touch ? 44 : 32,
      controlHeightSM: touch ? 36 : 24,
      motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    },
    components: {
      Steps: { iconSizeSM: 22 },
      Segmented: { itemSelectedBg: p.surface, trackBg: p.raised },
      Tooltip: { colorBgSpotlight: p.ink, colorTextLightSolid: p.surface },
    },
  };
}
