// The course of a shift as a supervisor sees it: pieces of the way, never joined over what
// nobody knows, and where the officer was at a time. Nothing of speed or rest.
import type { Feature, LineString, Point } from 'geojson';
import type { Style } from '../admin/unit-map';
import type { components } from '../api/schema';
import { type Bounds, boundsOf } from '../map/camera';
import type { Palette } from '../theme/palette';

export type Course = components['schemas']['Course'];
type Fix = Course['fixes'][number];
export type Act = Course['acts'][number];

const time = (one: { at: string }) => Date.parse(one.at);

/** piecesOf are the ways of the segments, up to a time; a segment of one fix is a point of its own. */
export function piecesOf(fixes: readonly Fix[], until = Number.POSITIVE_INFINITY): number[][][] {
  const pieces = new Map<number, number[][]>();
  for (const fix of fixes) {
    if (time(fix) > until) break;
    const piece = pieces.get(fix.segment) ?? [];
    piece.push(fix.place);
    pieces.set(fix.segment, piece);
  }
  return [...pieces.values()];
}

/** placeAt is where the officer was at a time, half way between two fixes of a segment; null in a gap. */
export function placeAt(fixes: readonly Fix[], at: number): number[] | null {
  const next = fixes.findIndex((fix) => time(fix) >= at);
  const [before, after] = [fixes[next - 1], fixes[next]];
  if (!after) return null;
  if (time(after) === at) return after.place;
  if (!before || before.segment !== after.segment) return null;
  const share = (at - time(before)) / (time(after) - time(before));
  return before.place.map((value, i) => value + ((after.place[i] ?? value) - value) * share);
}

/** aroundOf is the box around a course. */
export const aroundOf = (fixes: readonly Fix[]): Bounds | null => boundsOf(fixes.map(({ place }) => place));

const line = (coordinates: number[][]): Feature<LineString | Point> => ({
  type: 'Feature',
  properties: {},
  geometry:
    coordinates.length > 1
      ? { type: 'LineString', coordinates }
      : { type: 'Point', coordinates: coordinates[0] ?? [] },
});
const source = (features: Feature[]) => ({
  type: 'geojson' as const,
  data: { type: 'FeatureCollection' as const, features },
});

/** withCourse draws a course over the map: the whole of it faintly, what was walked until a time, and what was done. */
export function withCourse(style: Style, course: Course, at: number, p: Palette): Style {
  const { fixes, acts } = course;
  const done = acts.flatMap((act): Feature[] => {
    const place = placeAt(fixes, time(act));
    return place
      ? [{ type: 'Feature', properties: { what: act.what }, geometry: { type: 'Point', coordinates: place } }]
      : [];
  });
  const here = placeAt(fixes, at);
  const way = (id: string, width: number, opacity: number): Style['layers'] => [
    {
      id,
      type: 'line',
      source: id,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': p.seal, 'line-width': width, 'line-opacity': opacity },
    },
    {
      id: `${id}-alone`,
      type: 'circle',
      source: id,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: { 'circle-color': p.seal, 'circle-radius': width / 2 + 1, 'circle-opacity': opacity },
    },
  ];
  return {
    ...style,
    sources: {
      ...style.sources,
      course: source(piecesOf(fixes).map(line)),
      'course-until': source(piecesOf(fixes, at).map(line)),
      'course-acts': source(done),
      'course-here': source(here ? [line([here])] : []),
    },
    layers: [
      ...style.layers,
      ...way('course', 3, 0.35),
      ...way('course-until', 4, 1),
      {
        id: 'course-acts',
        type: 'circle',
        source: 'course-acts',
        paint: {
          'circle-color': [
            'match',
            ['get', 'what'],
            ...(['incident', 'visit', 'mark'] as const).flatMap((what) => [what, actColour(what, p)]),
            p.ink,
          ] as never,
          'circle-radius': 6,
          'circle-stroke-color': p.casing,
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'course-here',
        type: 'circle',
        source: 'course-here',
        paint: {
          'circle-color': p.casing,
          'circle-radius': 7,
          'circle-stroke-color': p.seal,
          'circle-stroke-width': 4,
        },
      },
    ],
  };
}

/** actColour is in what colour the kinds of acts are told apart. */
export const actColour = (what: Act['what'], p: Palette): string =>
  ({ incident: p.ink, visit: p.good, mark: p.warn })[what];
