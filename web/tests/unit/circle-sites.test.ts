import { describe, expect, it } from 'vitest';
import { overlayOfReach, overlayOfWay, type Reached } from '../../src/circle/reach/questions';
import { newPoint, offerOf, ofSites, supposing, withChanges } from '../../src/circle/siting/changes';
import type { FoundSite } from '../../src/circle/siting/queries';

const site = (rank: number, candidate: number, at?: number[]): FoundSite => ({
  rank,
  candidate,
  point: 0,
  name: `site ${candidate}`,
  at,
  gain: 10,
  within: 0,
  load: 0,
  served: 0,
  overload: 0,
});

const OFFER = { functions: ['elderly-care'], tier: 'point' };

describe('a run with other suppositions', () => {
  const point = newPoint([121, 31], 'a', OFFER);
  const column = {
    function: 'elderly-care',
    standard: { minutes: 15, metres: 0, speed: 3200, profile: 'elder', slope: false },
  };
  const run = (id: number, changes: (typeof point)[], before: number): Parameters<typeof supposing>[0] => ({
    id,
    params: {
      columns: [column, { ...column, function: '' }],
      unit: '4602',
      on: '2026-01-01',
      changes,
      before,
    },
  });

  it('asks the same of the same, and is compared with it', () => {
    const asked = run(7, [], 3);
    expect(supposing(asked, [point])).toEqual({ ...asked.params, changes: [point], before: 7 });
  });

  it('is compared with things as they are, however often one supposes', () => {
    expect(supposing(run(8, [point], 7), []).before).toBe(7);
    // A run with suppositions that was compared with nothing.
    expect(supposing(run(8, [point], 0), []).before).toBe(8);
  });

  it('offers what the run asks for, of a tier that it counts', () => {
    const known = [{ code: 'elderly-care' }, { code: 'medical' }];
    const tiers = (...codes: string[]) => ({ ...column, tiers: codes });
    expect(offerOf(run(7, [], 0).params.columns, known)).toEqual(OFFER);
    expect(offerOf([tiers('center', 'station')], known)).toEqual({ ...OFFER, tier: 'center' });
    expect(offerOf([tiers('center', 'point')], known)).toEqual(OFFER);
    expect(offerOf([tiers('center'), column], known)).toEqual(OFFER);
    // A column of any function takes every one.
    expect(offerOf([{ ...column, function: '' }], known).functions).toEqual(['elderly-care', 'medical']);
  });
});

describe('what is supposed of points', () => {
  it('takes the new sites of a search over, and neither standing ones nor those without a place', () => {
    const changes = ofSites([site(0, 1, [121, 31]), site(1, 2, [121.5, 31.1]), site(2, 3)], OFFER);
    expect(changes).toEqual([newPoint([121.5, 31.1], 'site 2', OFFER, 2)]);
  });

  it('holds nothing twice, and of a point that stands only the newest', () => {
    const added = newPoint([121.5, 31.1], 'A', OFFER);
    const closed = { do: 'close' as const, point: 7, name: 'B' };
    const moved = { do: 'move' as const, point: 7, name: 'B', at: [121.6, 31.2] };
    const once = withChanges(withChanges([], [added, closed]), [added]);
    expect(once).toEqual([closed, added]);
    expect(withChanges(once, [moved])).toEqual([added, moved]);
  });
});

describe('how reach is drawn', () => {
  const square = (size: number) => ({
    type: 'MultiPolygon' as const,
    coordinates: [
      [
        [
          [0, 0],
          [size, 0],
          [size, size],
          [0, 0],
        ],
      ],
    ],
  });
  const reached = {
    reason: 'reached',
    counted: false,
    contours: [
      { minutes: 5, metres: 333, geometry: square(1), area_ha: 1 },
      { minutes: 10, metres: 667, geometry: square(2), area_ha: 4 },
    ],
  } as unknown as Reached;

  it('has the farthest contour at the bottom, each in a colour of its own', () => {
    const overlay = overlayOfReach(reached, 'light');
    const source = overlay.sources['reach-here'] as unknown as {
      data: { features: { properties: { minutes: number; colour: string } }[] };
    };
    const features = source.data.features;
    expect(features.map((feature) => feature.properties.minutes)).toEqual([10, 5]);
    expect(new Set(features.map((feature) => feature.properties.colour)).size).toBe(2);
    expect(overlay.layers.map((layer) => layer.id)).toEqual(['reach-here-area', 'reach-here-edge']);
  });

  it('draws streets only when they were asked for, and nothing for a place without a street', () => {
    const streets = { type: 'FeatureCollection', features: [] };
    const with_ = overlayOfReach({ ...reached, streets } as unknown as Reached, 'dark');
    expect(with_.layers.map((layer) => layer.id)).toContain('reach-here-streets');
    const nowhere = overlayOfReach({ reason: 'too_far', contours: [] } as unknown as Reached, 'light');
    const source = nowhere.sources['reach-here'] as unknown as { data: { features: unknown[] } };
    expect(source.data.features).toEqual([]);
  });

  it('draws a way over its casing', () => {
    const way = { geometry: { type: 'LineString', coordinates: [] } } as never;
    expect(overlayOfWay(way, '#111111', '#ffffff').layers.map((layer) => layer.id)).toEqual([
      'way-casing',
      'way',
    ]);
  });
});
