// Classes of a choropleth: where one colour ends and the next begins. Figures are
// taken in whole steps of what the legend writes (a tenth of a per cent, a tenth of
// a minute, one household), so that map, legend and table never disagree on a border.

export const METHODS = ['quantile', 'equal', 'natural', 'manual'] as const;
export type Method = (typeof METHODS)[number];

export const FEWEST = 3;
export const MOST = 7;

/** A class holds figures from `from` up to and including `to`; null is open. */
export type Class = { from: number | null; to: number | null; units: number };

const ascending = (a: number, b: number) => a - b;

/** inSteps turns figures into whole steps. */
export const inSteps = (figure: number, step: number): number => Math.round(figure / step);

/** figureOf turns steps back into a figure, without the dust of floating point. */
export const figureOf = (steps: number, step: number): number => Number((steps * step).toPrecision(12));

/**
 * limitsOf are the limits between classes, ascending: a figure belongs to the class
 * whose number is how many limits are not above it. There are at most count − 1; fewer
 * where figures are too alike, for no class is empty at the borders and none twice.
 */
export function limitsOf(
  figures: readonly number[],
  method: Method,
  count: number,
  step: number,
  manual: readonly number[] = [],
): number[] {
  if (method === 'manual')
    return tidy(
      manual.map((limit) => inSteps(limit, step)),
      null,
    ).map(back(step));
  const steps = figures.map((figure) => inSteps(figure, step)).sort(ascending);
  if (steps.length === 0) return [];
  const wanted = Math.min(MOST, Math.max(FEWEST, Math.round(count)));
  const found = { quantile, equal, natural }[method](steps, wanted);
  return tidy(found, steps).map(back(step));
}

const back = (step: number) => (steps: number) => figureOf(steps, step);

/** tidy sorts limits and leaves out repeated ones, and those that would leave the first class empty. */
function tidy(limits: readonly number[], steps: readonly number[] | null): number[] {
  const lowest = steps?.[0] ?? Number.NEGATIVE_INFINITY;
  return [...new Set(limits)].filter((limit) => Number.isFinite(limit) && limit > lowest).sort(ascending);
}

/** quantile puts the same number of units into each class, as far as equal figures allow. */
function quantile(steps: readonly number[], count: number): number[] {
  return between(count, (part) => steps[Math.ceil((part * steps.length) / count)] ?? Number.NaN);
}

/** equal cuts the range into classes of one width. */
function equal(steps: readonly number[], count: number): number[] {
  const lowest = steps[0] ?? 0;
  const width = ((steps.at(-1) ?? 0) - lowest) / count;
  return width === 0 ? [] : between(count, (part) => Math.round(lowest + part * width));
}

const between = (count: number, limit: (part: number) => number): number[] =>
  Array.from({ length: count - 1 }, (_, index) => limit(index + 1));

/**
 * natural finds the classes with the least sum of squared distances to their means
 * (natural breaks of Jenks), exactly, by the dynamic programme of W. D. Fisher, "On
 * grouping for maximum homogeneity", JASA 53 (1958). Equal figures count together:
 * with m different ones it takes count × m² steps.
 */
function natural(steps: readonly number[], count: number): number[] {
  const values: number[] = [];
  const weights: number[] = [];
  for (const value of steps) {
    if (values.at(-1) === value) weights[weights.length - 1] = (weights.at(-1) ?? 0) + 1;
    else {
      values.push(value);
      weights.push(1);
    }
  }
  const classes = Math.min(count, values.length);
  const spread = spreads(values, weights);
  // best[last] is the least cost of the first last + 1 values in the classes so far.
  let best = values.map((_, last) => spread(0, last));
  const starts: number[][] = [values.map(() => 0)];
  for (let number = 1; number < classes; number++) {
    const start = values.map(() => number);
    const next = values.map((_, last) => {
      let least = Number.POSITIVE_INFINITY;
      for (let first = number; first <= last; first++) {
        const cost = (best[first - 1] ?? 0) + spread(first, last);
        if (cost < least) {
          least = cost;
          start[last] = first;
        }
      }
      return least;
    });
    best = next;
    starts.push(start);
  }
  const limits: number[] = [];
  let last = values.length - 1;
  for (let number = classes - 1; number > 0; number--) {
    const first = starts[number]?.[last] ?? 0;
    limits.push(values[first] ?? Number.NaN);
    last = first - 1;
  }
  return limits;
}

/** spreads gives the sum of squared distances to their mean of the values from one to another, both included. */
function spreads(values: readonly number[], weights: readonly number[]) {
  const sums = [{ n: 0, x: 0, xx: 0 }];
  values.forEach((value, index) => {
    const weight = weights[index] ?? 0;
    const so = sums[index] ?? { n: 0, x: 0, xx: 0 };
    sums.push({ n: so.n + weight, x: so.x + weight * value, xx: so.xx + weight * value * value });
  });
  return (first: number, last: number): number => {
    const [a, b] = [sums[first], sums[last + 1]];
    if (!a || !b) return Number.POSITIVE_INFINITY;
    return b.xx - a.xx - (b.x - a.x) ** 2 / (b.n - a.n);
  };
}

/** classOf is the number of the class of a figure, from 0. */
export function classOf(figure: number, limits: readonly number[], step: number): number {
  const steps = inSteps(figure, step);
  return limits.filter((limit) => inSteps(limit, step) <= steps).length;
}

/** classesOf are the rows of the legend, with how many units each holds. */
export function classesOf(figures: readonly number[], limits: readonly number[], step: number): Class[] {
  const units = [...limits, null].map(() => 0);
  for (const figure of figures) {
    const index = classOf(figure, limits, step);
    units[index] = (units[index] ?? 0) + 1;
  }
  return units.map((count, index) => {
    const [from, next] = [limits[index - 1] ?? null, limits[index] ?? null];
    return { from, to: next === null ? null : figureOf(inSteps(next, step) - 1, step), units: count };
  });
}

/**
 * divergingLimits are limits for differences: the same below zero as above, with a
 * class around zero in the middle. The limits above zero are those of the sizes.
 */
export function divergingLimits(
  differences: readonly number[],
  method: Method,
  count: number,
  step: number,
  manual: readonly number[] = [],
): number[] {
  const sizes = differences.map(Math.abs).filter((size) => inSteps(size, step) > 0);
  const sides = Math.max(1, Math.floor(count / 2));
  const found =
    method === 'manual'
      ? tidy(
          manual.map((limit) => inSteps(Math.abs(limit), step)),
          [0],
        )
      : sizeLimits(sizes.map((size) => inSteps(size, step)).sort(ascending), method, sides);
  // A figure belongs to a class from its lower limit on; one step more below zero makes −5 and +5 alike.
  return [...found.map((limit) => 1 - limit).reverse(), ...found].map(back(step));
}

function sizeLimits(sizes: readonly number[], method: Exclude<Method, 'manual'>, sides: number): number[] {
  const smallest = sizes[0];
  if (smallest === undefined) return [1];
  const rest = sides > 1 ? { quantile, equal, natural }[method](sizes, sides) : [];
  return tidy([smallest, ...rest], [0]);
}
