// Periods as the calendar divides them: weeks from Monday, months, quarters, years.
// Days are YYYY-MM-DD in China and count in UTC here, which has no summer time.

export const SPANS = ['week', 'month', 'quarter', 'year'] as const;
export type Span = (typeof SPANS)[number];
/** A period: from the first day to the day after its last. */
export type Period = { span: Span; from: string; to: string };

/** How many periods the slider goes back. */
const BACK: Record<Span, number> = { week: 156, month: 120, quarter: 48, year: 20 };

const DAY = 86_400_000;
const date = (day: string) => new Date(`${day}T00:00:00Z`);
const text = (time: Date) => time.toISOString().slice(0, 10);

/** begin is the first day of the period that holds a day. */
export function begin(span: Span, day: string): string {
  const at = date(day);
  const month = at.getUTCMonth();
  if (span === 'week') return text(new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY));
  if (span === 'month') at.setUTCDate(1);
  else at.setUTCMonth(span === 'year' ? 0 : month - (month % 3), 1);
  return text(at);
}

/** moved is the first day of the period that comes so many later. */
export function moved(span: Span, from: string, by: number): string {
  const at = date(from);
  if (span === 'week') return text(new Date(at.getTime() + by * 7 * DAY));
  at.setUTCMonth(at.getUTCMonth() + by * { month: 1, quarter: 3, year: 12 }[span]);
  return text(at);
}

/** periodOf is the period that begins on a day. */
export const periodOf = (span: Span, from: string): Period => ({ span, from, to: moved(span, from, 1) });

/** ended are the periods of a span that are over on a day, the oldest first. */
export function ended(span: Span, today: string): Period[] {
  const current = begin(span, today);
  return Array.from({ length: BACK[span] }, (_, i) => periodOf(span, moved(span, current, i - BACK[span])));
}

/** near is the ended period of another span that holds the last day of a period, or the last that is over. */
export function near(span: Span, period: Period, today: string): Period {
  const all = ended(span, today);
  const last = text(new Date(date(period.to).getTime() - DAY));
  return all.find(({ from, to }) => from <= last && last < to) ?? (all.at(-1) as Period);
}

/** Of the trend beside a period: how many steps it has, and how many of them come after the period. */
const TREND = { week: { steps: 26, after: 8 }, month: { steps: 24, after: 6 } };

/** trendOf is the time around a period: by weeks for short ones, by months for long ones; whole ones that are over. */
export function trendOf(period: Period, today: string): { from: string; to: string; by: 'week' | 'month' } {
  const by = period.span === 'week' || period.span === 'month' ? 'week' : 'month';
  const { steps, after } = TREND[by];
  const to = [moved(by, begin(by, period.to), after), begin(by, today)].sort()[0] as string;
  return { from: moved(by, to, -steps), to, by };
}

/** lastDay is the last day of a period, for people, who do not count up to the day after. */
export const lastDay = (to: string): string => text(new Date(date(to).getTime() - DAY));
