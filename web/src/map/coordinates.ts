// Coordinates as people write and paste them. WGS 84 and CGCS2000 differ by less
// than what these figures show, so one pair serves both.
import type { LonLat } from '../api/types';

/** formatPlace writes longitude and latitude with six decimals, about 10 cm. */
export const formatPlace = ([lon, lat]: LonLat): string => `${lon.toFixed(6)}, ${lat.toFixed(6)}`;

const number = '(-?\\d{1,3}(?:\\.\\d+)?)';
const separator = '\\s*[,,;;、\\s]\\s*';
const decimalPair = new RegExp(`^\\(?\\[?\\s*${number}\\s*°?${separator}${number}\\s*°?\\s*\\]?\\)?$`);
const sexagesimal =
  /(\d{1,3})\s*[°度]\s*(\d{1,2})\s*[′'分]\s*(\d{1,2}(?:\.\d+)?)\s*[″"秒]\s*([NSEW北南东西])?/g;

/**
 * parsePlace reads "121.56, 31.14", "31.14 121.56" or degrees with minutes and
 * seconds. The order is lon, lat; where only the other order can be meant (the
 * second figure beyond 90) it is swapped. Null for anything else.
 */
export function parsePlace(text: string): LonLat | null {
  const match = decimalPair.exec(text.trim());
  if (match) return inOrder(Number(match[1]), Number(match[2]));
  return parseSexagesimal(text);
}

function parseSexagesimal(text: string): LonLat | null {
  const parts = [...text.matchAll(sexagesimal)];
  if (parts.length !== 2) return null;
  const values = parts.map(([, degrees, minutes, seconds, side]) => {
    const size = Number(degrees) + Number(minutes) / 60 + Number(seconds) / 3600;
    return { value: /[SW南西]/.test(side ?? '') ? -size : size, side: side ?? '' };
  });
  const [first, second] = values;
  if (!first || !second) return null;
  return /[NS北南]/.test(first.side)
    ? inRange(second.value, first.value)
    : /[EW东西]/.test(first.side)
      ? inRange(first.value, second.value)
      : inOrder(first.value, second.value);
}

function inOrder(first: number, second: number): LonLat | null {
  return Math.abs(second) > 90 ? inRange(second, first) : inRange(first, second);
}

const inRange = (lon: number, lat: number): LonLat | null =>
  Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
