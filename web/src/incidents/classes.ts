// Classes of a map: at most five, of about as many places each, with limits that
// are values that occur. Equal values are never in two classes.

export type Class = { from: number; to: number };

/** classesOf divides values into quantiles; few values make fewer classes. */
export function classesOf(values: readonly number[], most = 5): Class[] {
  const sorted = [...values].sort((a, b) => a - b);
  const starts = new Set<number>();
  for (let i = 0; i < most; i++) {
    const value = sorted[Math.floor((i * sorted.length) / most)];
    if (value !== undefined) starts.add(value);
  }
  const limits = [...starts].sort((a, b) => a - b);
  return limits.map((from, i) => {
    const next = limits[i + 1];
    const to = next === undefined ? sorted.at(-1) : sorted.findLast((value) => value < next);
    return { from, to: to ?? from };
  });
}

/** classOf is the class of a value, from 0; -1 when it has none. */
export const classOf = (classes: readonly Class[], value: number | null | undefined): number =>
  value === null || value === undefined ? -1 : classes.findLastIndex((one) => value >= one.from);

/** colourOf spreads few classes over the whole ramp. */
export function colourOf(ramp: readonly string[], index: number, classes: number): string {
  const at = classes <= 1 ? ramp.length - 1 : Math.round((index * (ramp.length - 1)) / (classes - 1));
  return ramp[at] ?? 'transparent';
}
