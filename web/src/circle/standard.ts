// Standards: who counts as reached. Minutes, metres, speed and profile belong together;
// the speed decides more than anything else, so all of them are said wherever a figure is.
import type { Standard } from './types';

export const PROFILES = ['adult', 'elder', 'wheels'] as const;
export type Profile = (typeof PROFILES)[number];

export const SHORTEST = 1;
export const LONGEST = 60;

/** minutesOf keeps what was typed within what can be computed; null for what is no number. */
export function minutesOf(typed: number | string | null): number | null {
  const minutes = typeof typed === 'string' ? Number(typed.trim() || Number.NaN) : typed;
  if (minutes === null || !Number.isFinite(minutes)) return null;
  return Math.min(LONGEST, Math.max(SHORTEST, Math.round(minutes * 2) / 2));
}

/** metresReached is how far one walks within a standard: its minutes at its speed, or its metres if those are less. */
export function metresReached(standard: Pick<Standard, 'minutes' | 'metres' | 'speed'>): number {
  const walked = (standard.minutes * standard.speed) / 60;
  return standard.metres > 0 ? Math.min(walked, standard.metres) : walked;
}

type Figures = Omit<Standard, 'code'>;

const same = (a: Figures, b: Figures) =>
  a.minutes === b.minutes &&
  a.metres === b.metres &&
  a.speed === b.speed &&
  a.profile === b.profile &&
  a.slope === b.slope;

/**
 * changed is a standard with some figures changed. It bears a preset's code only as long
 * as it is that preset: GB 50180 with 20 minutes is not GB 50180.
 */
export function changed(
  standard: Standard,
  change: Partial<Figures>,
  presets: readonly Standard[] = [],
): Standard {
  const { code: _, ...figures } = { ...standard, ...change };
  const preset = presets.find((one) => same(one, figures));
  return preset?.code ? { ...figures, code: preset.code } : figures;
}

/** sameStandard compares what two standards ask, whatever they are called. */
export const sameStandard = same;
