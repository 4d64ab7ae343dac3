// What is being drawn, and what becomes of it: pure rules of the tools.
import type { LonLat } from '../api/types';
import type { Area, Near, Op } from './engine/types';
import type { Tool } from './view';

export type Sketch = readonly LonLat[];

/** What a tool draws, if it draws at all. */
export const drawn: Partial<Record<Tool, 'line' | 'lasso'>> = {
  select: 'lasso',
  pick: 'lasso',
  reshape: 'line',
  split: 'line',
  transfer: 'lasso',
  draw: 'lasso',
};

/** The tools that take hold of a border and drag it. */
export const grips: readonly Tool[] = ['point', 'add', 'border'];

/** on7 is a place on the lattice of 1e-7 degrees. */
export const on7 = ([lon, lat]: LonLat): LonLat => [Math.round(lon * 1e7) / 1e7, Math.round(lat * 1e7) / 1e7];

/** areaOf closes a lasso; null when it has no three different points. */
export function areaOf(sketch: Sketch): Area | null {
  const points = sketch.map(on7).filter((point, index, all) => {
    const before = all[(index + all.length - 1) % all.length];
    return all.length === 1 || point[0] !== before?.[0] || point[1] !== before?.[1];
  });
  const [first] = points;
  return first && points.length >= 3 ? [[[...points, first]]] : null;
}

/** gripOp is what dragging a hold to a place does. */
export function gripOp(tool: Tool, hold: Near, to: LonLat): Op | null {
  const edge = hold.edge.length === 2 ? (hold.edge as [LonLat, LonLat]) : null;
  if (tool === 'border') return edge ? { kind: 'move_border', edge, at: hold.at, to: on7(to) } : null;
  if (hold.vertex) return { kind: 'move_point', at: hold.at, to: on7(to) };
  return edge ? { kind: 'add_point', edge, to: on7(to) } : null;
}

/** Units that an operation concerns, beside what is drawn. */
export type Meant = {
  /** The unit that is cut, or that gets the land. */
  unit: number | null;
  /** Units that may give land; none: all. */
  from: readonly number[];
  next: number;
  /** Which part of a unit that is split keeps its code. */
  keeps?: Keeps;
};

/** The larger part, or the one on a side of the line as it was drawn. */
export const KEEPS = ['larger', 'left', 'right'] as const;
export type Keeps = (typeof KEEPS)[number];

/** beside is a place close to the middle of a line's longest stretch, on its left or right. */
export function beside(line: Sketch, side: 'left' | 'right'): LonLat {
  const stretches = line.slice(1).map((to, index) => [line[index] ?? to, to] as const);
  const long = ([from, to]: readonly [LonLat, LonLat]) => Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [
    [from, to] = [
      [0, 0],
      [0, 0],
    ] as [LonLat, LonLat],
  ] = [...stretches].sort((a, b) => long(b) - long(a));
  const by = (side === 'left' ? 1e-6 : -1e-6) / (long([from, to]) || 1);
  return on7([
    (from[0] + to[0]) / 2 - (to[1] - from[1]) * by,
    (from[1] + to[1]) / 2 + (to[0] - from[0]) * by,
  ]);
}

/** sketchOp is what a finished sketch does; null while it is not enough. */
export function sketchOp(tool: Tool, sketch: Sketch, meant: Meant): Op | null {
  const line = sketch.map(on7);
  switch (tool) {
    case 'reshape':
      return line.length >= 2 ? { kind: 'reshape', line } : null;
    case 'split':
      return line.length >= 2 && meant.unit !== null
        ? {
            kind: 'split',
            line,
            units: [meant.unit],
            into: meant.next,
            ...(meant.keeps && meant.keeps !== 'larger' ? { at: beside(line, meant.keeps) } : {}),
          }
        : null;
    case 'transfer':
    case 'draw': {
      const area = areaOf(sketch);
      const into = tool === 'draw' ? meant.next : meant.unit;
      if (!area || into === null) return null;
      return { kind: 'transfer', area, into, ...(meant.from.length > 0 ? { units: [...meant.from] } : {}) };
    }
    default:
      return null;
  }
}

/** simplified leaves out points of a drag that lie closer than so many degrees to the last. */
export function farEnough(sketch: Sketch, point: LonLat, degrees: number): boolean {
  const last = sketch.at(-1);
  return !last || Math.hypot(last[0] - point[0], last[1] - point[1]) >= degrees;
}

/** contains reports whether a place lies in a lasso. */
export function contains(lasso: Sketch, [x, y]: LonLat): boolean {
  let inside = false;
  for (const [index, [ax, ay]] of lasso.entries()) {
    const [bx, by] = lasso[(index + lasso.length - 1) % lasso.length] as LonLat;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** middleOf is the middle of the box around an area. */
export function middleOf(area: Area): LonLat {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const polygon of area) {
    for (const [x, y] of polygon[0] ?? []) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  return [(west + east) / 2, (south + north) / 2];
}

/** parseSketch reads places as they are typed, one a line: longitude, latitude. Null when a line is none. */
export function parseSketch(text: string): LonLat[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const places = lines.map((line) =>
    line
      .split(/[,,\s]+/)
      .filter(Boolean)
      .map(Number),
  );
  const good = places.every(
    ([lon, lat, ...rest]) =>
      rest.length === 0 &&
      lon !== undefined &&
      lat !== undefined &&
      Math.abs(lon) <= 180 &&
      Math.abs(lat) <= 90,
  );
  return good ? (places as LonLat[]) : null;
}

export const writeSketch = (sketch: Sketch): string =>
  sketch.map(([lon, lat]) => `${lon.toFixed(7)}, ${lat.toFixed(7)}`).join('\n');
