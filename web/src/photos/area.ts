// Boxes on a photo, in fractions of its width and height.

/** x and y of the upper left corner, width, height. */
export type Area = readonly [x: number, y: number, w: number, h: number];

/** The least width and height of a box, and how far a key moves it. */
export const LEAST = 0.02;
const STEP = 0.01;

/** The most boxes that the server takes. */
export const MOST_AREAS = 100;

const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** movedBy is a box moved, as far as the photo goes. */
export const movedBy = ([x, y, w, h]: Area, dx: number, dy: number): Area => [
  within(x + dx, 0, 1 - w),
  within(y + dy, 0, 1 - h),
  w,
  h,
];

/** sizedBy is a box with its lower right corner moved. */
export const sizedBy = ([x, y, w, h]: Area, dx: number, dy: number): Area => [
  x,
  y,
  within(w + dx, LEAST, 1 - x),
  within(h + dy, LEAST, 1 - y),
];

/** between is the box that two corners span, wherever they lie; null while it is too small to be meant. */
export function between(ax: number, ay: number, bx: number, by: number): Area | null {
  const [x0, x1] = [within(Math.min(ax, bx), 0, 1), within(Math.max(ax, bx), 0, 1)];
  const [y0, y1] = [within(Math.min(ay, by), 0, 1), within(Math.max(ay, by), 0, 1)];
  if (x1 - x0 < LEAST || y1 - y0 < LEAST) return null;
  return [x0, y0, x1 - x0, y1 - y0];
}

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** byKey is what a key makes of a box: another one, none ('gone'), or nothing (null). */
export function byKey(area: Area, key: string, sizes: boolean): Area | 'gone' | null {
  if (key === 'Delete' || key === 'Backspace') return 'gone';
  const arrow = ARROWS[key];
  if (!arrow) return null;
  return sizes ? sizedBy(area, ...arrow) : movedBy(area, ...arrow);
}
