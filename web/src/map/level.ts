// Which level the map shows strongly.
import { useLevels } from '../api/queries';
import type { Level } from '../api/types';
import { useView } from '../view/url';

/** At most this many units are shown at first; more would be noise at town size. */
const CALM = 60;

/** usedLevels are the levels that have units, top first. */
export const usedLevels = (levels: readonly Level[]): Level[] =>
  levels.filter((level) => level.units > 0).sort((a, b) => a.rank - b.rank);

/**
 * chooseLevel is the level asked for, if it has units; otherwise the lowest one
 * that is still calm to look at.
 */
export function chooseLevel(levels: readonly Level[], asked: string | null): string | null {
  const used = usedLevels(levels);
  if (used.some((level) => level.code === asked)) return asked;
  return (used.findLast((level) => level.units <= CALM) ?? used[0])?.code ?? null;
}

export function useChosenLevel(): string | null {
  const [view] = useView();
  const levels = useLevels(view.at).data;
  return levels ? chooseLevel(levels, view.level) : null;
}
