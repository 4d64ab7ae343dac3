// The classes of the H3 layer. A cell of the next finer resolution covers a
// seventh of the area, so the class limits follow by the same factor and a class
// means about the same density at every zoom.
import type { CellMeasure } from '../view/url';

/** Resolution of the cells on the tiles from each zoom on, coarse first. */
export const cellResolutions = [
  { zoom: 0, resolution: 7, squareKilometres: 5.16 },
  { zoom: 10, resolution: 8, squareKilometres: 0.737 },
  { zoom: 12, resolution: 9, squareKilometres: 0.105 },
  { zoom: 14, resolution: 10, squareKilometres: 0.015 },
] as const;

/** Upper class limits at resolution 10; the fifth class has none. */
const finest: Record<CellMeasure, [number, number, number, number]> = {
  households: [5, 15, 40, 100],
  incidents: [1, 2, 4, 8],
};

export type CellClass = { from: number; to: number | null };

export function resolutionAt(zoom: number) {
  return [...cellResolutions].reverse().find((step) => zoom >= step.zoom) ?? cellResolutions[0];
}

/** cellLimits are the four limits between five classes at a resolution. */
export function cellLimits(measure: CellMeasure, resolution: number): [number, number, number, number] {
  const factor = 7 ** (10 - resolution);
  return finest[measure].map((limit) => tidy(limit * factor)) as [number, number, number, number];
}

export function cellClasses(measure: CellMeasure, resolution: number): CellClass[] {
  const limits = cellLimits(measure, resolution);
  return [...limits, null].map((to, index) => ({ from: index === 0 ? 1 : (limits[index - 1] ?? 0) + 1, to }));
}

/** tidy rounds to halves of the second figure, so that a legend reads 250 and not 245. */
function tidy(value: number): number {
  if (value < 10) return Math.round(value);
  const step = 5 * 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.round(value / step) * step;
}
