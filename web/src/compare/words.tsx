// Kinds and figures in the reader's language.
import { useTranslation } from 'react-i18next';
import { area, count, useLanguage } from '../common/format';
import { Swatch } from '../common/swatch';
import { useTheme } from '../theme/theme';
import { colourOf } from './kinds';
import type { Kind } from './types';

export function KindMark({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  const { theme } = useTheme();
  return (
    <span className="compare-kind">
      <Swatch colour={colourOf(theme, kind)} /> {t(`compare.kind.${kind}`)}
    </span>
  );
}

/** useFigures writes what the tables say; what is hidden or not known is a dash. */
export function useFigures() {
  const language = useLanguage();
  const locale = language === 'en' ? 'en-GB' : 'zh-CN';
  return {
    whole: (value: number | null | undefined) => count(value, language),
    land: (squareMetres: number | null | undefined) =>
      squareMetres === null || squareMetres === undefined ? '–' : area(squareMetres, language),
    part: (value: number | null | undefined, digits = 1) =>
      value === null || value === undefined
        ? '–'
        : value.toLocaleString(locale, { maximumFractionDigits: digits }),
  };
}

/** Pair is a figure before and after. */
export function Pair({ before, after }: { before: string; after: string }) {
  return (
    <span className={before === after ? 'compare-pair compare-same' : 'compare-pair'}>
      {before} → {after}
    </span>
  );
}

/** Codes are units by their codes. */
export const codesOf = (codes: readonly string[]): string => (codes.length === 0 ? '–' : codes.join(' '));
