// Standards, columns and figures in the reader's language.
import { Tooltip } from 'antd';
import type { ParseKeys } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useFunctions, useTiers } from '../api/queries';
import { useLanguage, useTitle } from '../common/format';
import { difference, FEW, figure, isFew, MEANING, type Measure, measured, roughly } from './measures';
import { useStandards } from './queries';
import { useShown } from './shown';
import type { Column, Reach, Standard, UnitRow } from './types';

/** The days of the week, Monday first, as their numbers from 1 go. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** useStandardText names a standard with all that it asks, for maps, tables and charts. */
export function useStandardText(): (standard: Standard) => string {
  const { t } = useTranslation();
  const title = useTitle();
  const numbers = useNumbers();
  const presets = useStandards().data ?? [];
  return (standard) => {
    const preset = presets.find((one) => one.code === standard.code);
    // What a title says after a colon are the numbers that follow here anyway.
    const [name] = standard.code ? title(preset, standard.code).split(/[:：]/) : [t('circle.standard.own')];
    return [
      name,
      t('circle.standard.minutes', { minutes: numbers(standard.minutes, 1) }),
      standard.metres > 0
        ? t('circle.standard.metres', { metres: numbers(standard.metres) })
        : t('circle.standard.noMetres'),
      t('circle.standard.speed', { speed: numbers(standard.speed / 1000, 1) }),
      t(`circle.profile.${standard.profile}` as 'circle.profile.adult'),
      ...(standard.slope ? [t('circle.standard.slope')] : []),
    ].join(' · ');
  };
}

/** useColumnText names a column without its standard: functions, tiers, hours. */
export function useColumnText(): (column: Column) => string {
  const { t } = useTranslation();
  const title = useTitle();
  const functions = useFunctions().data ?? [];
  const tiers = useTiers().data ?? [];
  const named = (list: readonly { code: string; title_zh: string; title_en: string }[], code: string) =>
    title(
      list.find((one) => one.code === code),
      code,
    );
  return (column) =>
    [
      column.function === '' ? t('circle.choose.anyFunction') : named(functions, column.function),
      column.tiers?.length
        ? column.tiers.map((code) => named(tiers, code)).join(t('circle.and'))
        : t('circle.choose.allTiers'),
      column.when
        ? t('circle.choose.at', {
            day: t(`circle.weekday.${WEEKDAYS[column.when.weekday - 1] ?? 'mon'}`),
            time: column.when.time,
          })
        : t(column.sessions ? 'circle.choose.anyHourSessions' : 'circle.choose.anyHour'),
    ].join(' · ');
}

/** useNumbers writes numbers as the reader does. */
export function useNumbers(): (value: number, digits?: number) => string {
  const locale = useLocale();
  return useCallback(
    (value, digits = 0) => value.toLocaleString(locale, { maximumFractionDigits: digits }),
    [locale],
  );
}

/** useAbout writes a count that follows from a rounded share. */
export function useAbout(): (count: number) => string {
  const { t } = useTranslation();
  const numbers = useNumbers();
  return useCallback(
    (count) =>
      isFew(count)
        ? t('circle.shown.few', { few: FEW })
        : t('circle.shown.about', { value: numbers(roughly(count)) }),
    [t, numbers],
  );
}

/** useCounted says what is said otherwise of a run that counted heads instead of households. */
export function useCounted(): (key: ParseKeys, values?: Record<string, string | number>) => string {
  const { t } = useTranslation();
  const { counts } = useShown();
  return (key, values) => t(key as 'circle.measure.share', { ...values, context: counts });
}

export function useMeasureName(): (measure: Measure) => string {
  const counted = useCounted();
  return (measure) => counted(`circle.measure.${measure}`);
}

export const useLocale = (): string => (useLanguage() === 'en' ? 'en-GB' : 'zh-CN');

/** useFigure writes what a row says of a measure; a rounded figure says that it is one. */
export function useFigure(): (row: Reach & Partial<UnitRow>, measure: Measure) => string {
  const { t } = useTranslation();
  const locale = useLocale();
  const about = useAbout();
  return (row, measure) => {
    if (row.hidden) return t('circle.shown.hidden');
    const value = measured(row, measure);
    if (value === null) return t(lacking(row, measure));
    if (row.rounded && MEANING[measure].kind === 'count') return about(value);
    const said = figure(value, MEANING[measure].kind, row.rounded, locale);
    const unit = MEANING[measure].kind === 'minutes' ? t('circle.shown.minutes', { value: said }) : said;
    return row.rounded ? t('circle.shown.about', { value: unit }) : unit;
  };
}

/** useDifference writes after less before; of two shares it says percentage points, for that is what it is. */
export function useDifference(): (value: number, measure: Measure, rounded: boolean) => string {
  const { t } = useTranslation();
  const locale = useLocale();
  return useCallback(
    (value, measure, rounded) => {
      const { kind } = MEANING[measure];
      const said = difference(value, kind, rounded, locale);
      return kind === 'share' ? t('circle.shown.points', { value: said }) : said;
    },
    [t, locale],
  );
}

/** lacking is why there is no value: nobody to count, heads that are not published, nobody who arrives, or not asked for. */
export function lacking(row: Reach & Partial<UnitRow>, measure: Measure) {
  if (measure === 'choices' || measure === 'catchment') return 'circle.shown.notAsked' as const;
  if (row.households === 0) return 'circle.shown.nobody' as const;
  if (measure === 'share_people' && row.rounded) return 'circle.shown.noPeople' as const;
  return MEANING[measure].kind === 'minutes'
    ? ('circle.shown.unreached' as const)
    : ('circle.shown.nobody' as const);
}

/** Figure is a figure in a table: a rounded or hidden one tells its reason when it is pointed at. */
export function Figure({ row, measure }: { row: Reach & Partial<UnitRow>; measure: Measure }) {
  const { t } = useTranslation();
  const write = useFigure();
  const said = write(row, measure);
  if (!row.hidden && !row.rounded) return said;
  return (
    <Tooltip title={t(row.hidden ? 'circle.shown.hiddenWhy' : 'circle.shown.roundedWhy')}>
      {row.hidden ? <span className="suppressed">{said}</span> : <span>{said}</span>}
    </Tooltip>
  );
}
