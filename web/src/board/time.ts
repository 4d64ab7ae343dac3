// How much time is left: at a glance by the clock, and in the drawer as the limit counts.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { components } from '../api/schema';

export type Left = components['schemas']['Left'];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Span = { late: boolean; unit: 'minutes' | 'hours' | 'days'; n: number };

/** untilDue is the time to a deadline in one figure; overdue is never "0 left". */
export function untilDue(due: string, now: number): Span {
  const away = Date.parse(due) - now;
  const size = Math.abs(away);
  const [unit, of] =
    size < 2 * HOUR
      ? (['minutes', MINUTE] as const)
      : size < 2 * DAY
        ? (['hours', HOUR] as const)
        : (['days', DAY] as const);
  const n = away < 0 ? Math.max(1, Math.floor(size / of)) : Math.floor(size / of);
  return { late: away < 0, unit, n };
}

/** useMinute is the time, which goes on every minute. */
export function useMinute(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE / 2);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** useTimeLeft says how long there is until an instant. */
export function useTimeLeft(): (due: string | null | undefined, now: number) => string {
  const { t } = useTranslation();
  return (due, now) => {
    if (!due) return t('board.noDue');
    const { late, unit, n } = untilDue(due, now);
    return t(`board.${late ? 'late' : 'left'}.${unit}`, { n });
  };
}

/** useLeftCounted says it as the limit counts: in minutes, working hours or working days. */
export function useLeftCounted(): (left: Left) => string {
  const { t } = useTranslation();
  return ({ amount, unit }) =>
    t(amount < 0 ? 'board.lateCounted' : 'board.leftCounted', {
      n: Math.round(Math.abs(amount) * 10) / 10,
      unit: t(`board.counted.${unit}`),
    });
}
