// A suggested beat: the walk through what was seen least lately, asked of the server, and
// asked again from where the officer is when the way was left for a while.
import { create } from 'zustand';
import { answer, api, asProblem, type Problem } from '../api/client';
import type { components } from '../api/schema';
import type { LonLat } from '../api/types';
import { type Fix, onFix } from './place';

type Suggestion = components['schemas']['PremisesSuggestion'];

export type Asked = { unit: string; minutes: number; to: LonLat; since: number };

/**
 * left: the way was left, and the server could not be asked for another yet. anew: it is
 * another than was asked for, from where the officer had strayed to.
 */
type Beat = {
  asked: Asked | null;
  walk: Suggestion | null;
  left: boolean;
  anew: boolean;
  problem: Problem | null;
  busy: boolean;
};

const NONE: Beat = { asked: null, walk: null, left: false, anew: false, problem: null, busy: false };
export const useSuggested = create<Beat>(() => NONE);

/** Farther from the way than this the officer has left it, in metres. */
export const FAR = 60;

/** How long before another way is asked for, in milliseconds. */
export const PATIENCE = 60_000;

let away: number | null = null;

/** suggest asks for a walk from a place to another within so many minutes. */
export async function suggest(
  unit: string,
  from: LonLat,
  to: LonLat,
  minutes: number,
  anew = false,
): Promise<void> {
  away = null;
  useSuggested.setState({
    asked: { unit, minutes, to, since: Date.now() },
    busy: true,
    problem: null,
  });
  try {
    const walk = await answer<Suggestion>(
      api.POST('/beats/suggestion', { body: { unit, from, to, minutes, km_h: 4 } }),
    );
    useSuggested.setState({ walk, anew, left: false, busy: false });
  } catch (cause) {
    useSuggested.setState({ problem: asProblem(cause), busy: false });
  }
}

export function forgetBeat(): void {
  useSuggested.setState(NONE);
}

/** stray follows the officer along the way; it asks for another after PATIENCE away from it. */
export function stray(fix: Fix): void {
  const { asked, walk, busy } = useSuggested.getState();
  if (!asked || !walk || busy) return;
  if (distance(fix.at, (walk.line ?? []) as LonLat[]) <= FAR + (fix.accuracy ?? 0)) {
    away = null;
    useSuggested.setState({ left: false });
    return;
  }
  away ??= fix.ms;
  if (fix.ms - away < PATIENCE) return;
  const spent = (Date.now() - asked.since) / 60_000;
  useSuggested.setState({ left: true });
  if (!navigator.onLine) return;
  suggest(asked.unit, fix.at, asked.to, Math.max(5, Math.round(asked.minutes - spent)), true);
}

onFix.add(stray);

/** distance is how far a place is from a line, in metres, on a plane around the place. */
export function distance([lon, lat]: LonLat, line: readonly LonLat[]): number {
  const degree = 111_195; // metres, on the sphere of the Earth's mean radius
  const [kx, ky] = [degree * Math.cos((lat * Math.PI) / 180), degree];
  const flat = line.map(([x, y]) => [(x - lon) * kx, (y - lat) * ky] as const);
  let least = Number.POSITIVE_INFINITY;
  flat.forEach(([x, y], n) => {
    const [px, py] = flat[Math.max(0, n - 1)] ?? [x, y];
    const [dx, dy] = [x - px, y - py];
    const along = dx * dx + dy * dy;
    const share = along === 0 ? 0 : Math.min(1, Math.max(0, -(px * dx + py * dy) / along));
    least = Math.min(least, Math.hypot(px + share * dx, py + share * dy));
  });
  return least;
}
