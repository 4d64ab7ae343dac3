// What can be said of a unit, and how it is written. A figure that the server has
// rounded says so ("about 45 %"), one that it hides has its reason instead.
import type { Reach, UnitRow } from './types';

export const MEASURES = [
  'share',
  'share_people',
  'uncovered',
  'p50',
  'p90',
  'worst_decile',
  'choices',
  'catchment',
] as const;
export type Measure = (typeof MEASURES)[number];

/** The measures that two runs can be compared by. */
export const COMPARED = ['share', 'share_people', 'p50', 'p90'] as const satisfies readonly Measure[];

/** Fewer than this is no number where it follows from a share in steps of 5 %. */
export const FEW = 10;
export const isFew = (count: number): boolean => count > 0 && count < FEW;

/** roughly is a count that follows from a rounded share, to two digits: the others say nothing. */
export const roughly = (count: number): number => Number(count.toPrecision(2));

type Kind = 'share' | 'minutes' | 'count' | 'number';

type Meaning = {
  kind: Kind;
  /** What figures are rounded to, in classes and in the legend. */
  step: number;
  /** Lack is a measure of which more is worse. */
  ramp: 'coverage' | 'lack';
  of: (row: Reach & Partial<UnitRow>) => number | null;
};

export const MEANING: Record<Measure, Meaning> = {
  share: { kind: 'share', step: 0.001, ramp: 'coverage', of: (row) => row.share },
  share_people: { kind: 'share', step: 0.001, ramp: 'coverage', of: (row) => row.share_people },
  uncovered: {
    kind: 'count',
    step: 1,
    ramp: 'lack',
    of: (row) => (row.rounded ? roughly : Number)(row.households - row.covered),
  },
  p50: { kind: 'minutes', step: 0.1, ramp: 'lack', of: (row) => row.p50 },
  p90: { kind: 'minutes', step: 0.1, ramp: 'lack', of: (row) => row.p90 },
  worst_decile: { kind: 'minutes', step: 0.1, ramp: 'lack', of: (row) => row.worst_decile },
  choices: { kind: 'number', step: 0.1, ramp: 'coverage', of: (row) => row.choices ?? null },
  catchment: { kind: 'number', step: 0.1, ramp: 'coverage', of: (row) => row.catchment ?? null },
};

/** measured is what a row says of a measure; null when it says nothing, or hides it. */
export const measured = (row: Reach & Partial<UnitRow>, measure: Measure): number | null =>
  row.hidden ? null : MEANING[measure].of(row);

/** stepOf is the step of a measure among rows; rounded shares move in 5 %, rounded minutes in whole ones. */
export function stepOf(measure: Measure, rounded: boolean): number {
  const { kind, step } = MEANING[measure];
  if (!rounded) return step;
  return kind === 'share' ? 0.05 : kind === 'minutes' ? 1 : step;
}

/** compare orders rows by a measure; those that say nothing come first. */
export const compare =
  <Row extends Reach>(measure: Measure) =>
  (a: Row, b: Row): number =>
    (measured(a, measure) ?? Number.NEGATIVE_INFINITY) - (measured(b, measure) ?? Number.NEGATIVE_INFINITY);

/** figure writes a value of a measure in a language, with its unit. */
export function figure(value: number, kind: Kind, rounded: boolean, locale: string): string {
  const write = (number: number, digits: number) =>
    number.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  switch (kind) {
    case 'share':
      return `${write(value * 100, rounded ? 0 : 1)} %`;
    case 'minutes':
      return write(value, rounded ? 0 : 1);
    case 'count':
      return write(value, 0);
    case 'number':
      return write(value, 1);
  }
}

/** difference writes after less before with its sign and without its unit: of shares, percentage points. */
export function difference(value: number, kind: Kind, rounded: boolean, locale: string): string {
  const digits = rounded || kind === 'count' ? 0 : 1;
  return (kind === 'share' ? value * 100 : value).toLocaleString(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: 'exceptZero',
  });
}

/** The limits that were typed, in the unit that people read: shares in per cent. */
export const typedScale = (measure: Measure): number => (MEANING[measure].kind === 'share' ? 0.01 : 1);

/** readLimits makes limits of what was typed, such as "50, 80 95"; what is no number is left out. */
export function readLimits(text: string, measure: Measure): number[] {
  return text
    .split(/[\s,;，；、]+/)
    .filter((part) => part !== '')
    .map(Number)
    .filter(Number.isFinite)
    .map((typed) => Number((typed * typedScale(measure)).toPrecision(12)))
    .slice(0, 6);
}

/** writeLimits is what one would have typed. */
export const writeLimits = (limits: readonly number[], measure: Measure): string =>
  limits.map((limit) => String(Number((limit / typedScale(measure)).toPrecision(6)))).join(', ');
