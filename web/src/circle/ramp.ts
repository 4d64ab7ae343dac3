// The colours of classes. The ramps are ColorBrewer's that colour-blind readers can
// tell apart (YlGnBu, OrRd, Purples; RdBu for differences), by Cynthia Brewer. On a
// dark map they run from dark to light, so that more always stands out more.
import type { Theme } from '../theme/palette';

export type Ramp = 'coverage' | 'lack' | 'reach' | 'difference';

const STOPS: Record<Theme, Record<Ramp, readonly string[]>> = {
  light: {
    coverage: ['#fdfbd0', '#a8dcb5', '#41b6c4', '#2c7fb8', '#253494'],
    lack: ['#fde7c8', '#fdbb84', '#f0814f', '#d7301f', '#7f0000'],
    reach: ['#e6e2f1', '#bcb3da', '#9183c0', '#6a51a3', '#3f007d'],
    difference: ['#a50f26', '#e8836a', '#f4f1ea', '#6aaed4', '#1c5a9c'],
  },
  dark: {
    coverage: ['#24305f', '#23628c', '#2f97a6', '#7ecba4', '#f4f3b4'],
    lack: ['#4a2013', '#8a3419', '#c9572c', '#f0915a', '#fcd9b0'],
    reach: ['#30264d', '#51408a', '#7d68bb', '#aa9cd8', '#dcd5f0'],
    difference: ['#ff8a75', '#a34a3c', '#39464c', '#3f7fae', '#8cc8f2'],
  },
};

type RGB = [number, number, number];

const parse = (hex: string): RGB => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as RGB;
const write = (rgb: RGB) =>
  `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;

/** colours are the colours of so many classes, from least to most. */
export function colours(ramp: Ramp, count: number, theme: Theme): string[] {
  const stops = STOPS[theme][ramp].map(parse);
  return Array.from({ length: count }, (_, index) => {
    const at = count === 1 ? (stops.length - 1) / 2 : (index * (stops.length - 1)) / (count - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const [from, to] = [stops[low], stops[low + 1]] as [RGB, RGB];
    return write(from.map((value, part) => value + ((to[part] ?? 0) - value) * (at - low)) as RGB);
  });
}

/** luminance is the relative luminance of a colour, 0 to 1 (WCAG 2.2). */
export function luminance(hex: string): number {
  const [r, g, b] = parse(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
