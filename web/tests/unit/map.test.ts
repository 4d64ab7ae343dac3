import type { StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import type { Level } from '../../src/api/types';
import { asBounds, boundsOf } from '../../src/map/camera';
import { cellClasses, cellLimits, resolutionAt } from '../../src/map/cells';
import { formatPlace, parsePlace } from '../../src/map/coordinates';
import { chooseLevel } from '../../src/map/level';
import { changedLayers, sourceIsOf } from '../../src/map/refresh';
import { composeStyle, type MapChoice, ownAddress } from '../../src/map/style';
import { palettes } from '../../src/theme/palette';

const level = (code: string, rank: number, units: number): Level => ({
  code,
  rank,
  units,
  title_zh: code,
  title_en: code,
  post_zh: '',
  post_en: '',
  builtin: true,
});
const levels = [
  level('town', 20, 1),
  level('village', 40, 30),
  level('grid', 50, 0),
  level('micro-grid', 70, 251),
];

const base: StyleSpecification = {
  version: 8,
  sources: {
    background: { type: 'vector', url: 'http://elsewhere:8080/tiles/background.json' },
    'grid-town': { type: 'vector', url: '/tiles/grid-town.json' },
  },
  layers: [
    { id: 'land', type: 'background', paint: { 'background-color': '#fff' } },
    { id: 'street', type: 'line', source: 'background', 'source-layer': 'street' },
    { id: 'street-name', type: 'symbol', source: 'background', 'source-layer': 'street' },
    { id: 'theirs', type: 'line', source: 'grid-town', 'source-layer': 'grid-town' },
  ],
};
const choice: MapChoice = {
  origin: 'http://here',
  theme: 'light',
  palette: palettes.light,
  levels,
  level: 'village',
  layers: ['background', 'service-point'],
  cells: 'households',
  at: null,
  unit: null,
  place: null,
  item: null,
  draft: null,
  fault: null,
};
const ids = (style: StyleSpecification) => style.layers.map((layer) => layer.id);

describe('the style of the map', () => {
  it('draws the chosen level strongly, those above thinner, none below', () => {
    const style = composeStyle(base, choice);
    expect(ids(style)).toContain('unit-line');
    expect(ids(style)).toContain('parent-town');
    expect(Object.keys(style.sources)).toContain('grid-village');
    expect(Object.keys(style.sources)).not.toContain('grid-micro-grid');
    expect(ids(style).some((id) => id.startsWith('parent-grid'))).toBe(false);
  });

  it('takes only the ground from the server and puts names above borders', () => {
    const order = ids(composeStyle(base, choice));
    expect(order).not.toContain('theirs');
    expect(order.indexOf('street')).toBeLessThan(order.indexOf('unit-line'));
    expect(order.indexOf('unit-line')).toBeLessThan(order.indexOf('street-name'));
  });

  it('works without a background: borders on plain colour', () => {
    for (const ground of [null, base]) {
      const style = composeStyle(ground, { ...choice, layers: [] });
      expect(ids(style)).toContain('unit-line');
      expect(ids(style)).not.toContain('street');
      expect(style.sources.background).toBeUndefined();
    }
  });

  it('never names a source without using it, nor uses one without naming it', () => {
    const full: MapChoice = {
      ...choice,
      layers: ['background', 'cell', 'zone', 'household', 'incident', 'service-point'],
      unit: 'a/b',
      place: [1, 2],
      draft: { id: 7, revision: 3 },
    };
    const style = composeStyle(base, full);
    const used = new Set(style.layers.flatMap((layer) => ('source' in layer ? [layer.source] : [])));
    expect([...used].sort()).toEqual(Object.keys(style.sources).sort());
    expect(new Set(ids(style)).size).toBe(style.layers.length);
    expect(JSON.stringify(style)).toContain('/api/v1/units/a%2Fb/boundary');
    expect(JSON.stringify(style)).toContain('/plans/7/faults#3');
  });

  it('asks for tiles of the day, and names no glyphs and no sprite', () => {
    const style = composeStyle(base, { ...choice, at: '2025-01-01' });
    expect(style.sources['grid-village']).toMatchObject({
      url: 'http://here/tiles/grid-village.json?at=2025-01-01',
    });
    expect(style).not.toHaveProperty('glyphs');
    expect(style).not.toHaveProperty('sprite');
    expect(JSON.stringify(style)).not.toContain('text-font');
  });

  it('keeps every request at its own server', () => {
    expect(ownAddress('http://other:1/tiles/grid/1/2/3.mvt?v=4', 'https://here')).toBe(
      'https://here/tiles/grid/1/2/3.mvt?v=4',
    );
    expect(ownAddress('/style.json', 'https://here')).toBe('https://here/style.json');
  });
});

describe('the level in view', () => {
  it.each([
    ['village', 'village'],
    ['micro-grid', 'micro-grid'],
    ['grid', 'village'], // it has no units
    ['nonsense', 'village'],
    [null, 'village'], // the lowest that is calm to look at
  ])('asked for %s: %s', (asked, want) => expect(chooseLevel(levels, asked)).toBe(want));

  it('is the top one when all have many units, and none without units', () => {
    expect(chooseLevel([level('grid', 50, 900), level('micro-grid', 70, 5000)], null)).toBe('grid');
    expect(chooseLevel([level('grid', 50, 0)], 'grid')).toBeNull();
  });
});

describe('coordinates', () => {
  it.each([
    ['121.56, 31.14', [121.56, 31.14]],
    ['121.56,31.14', [121.56, 31.14]],
    [' (121.56 31.14) ', [121.56, 31.14]],
    ['31.14, 121.56', [121.56, 31.14]],
    ['-70.5 -33.1', [-70.5, -33.1]],
    ['31°08′24″N 121°33′36″E', [121.56, 31.14]],
    ['东经', null],
    ['121.56', null],
    ['1, 2, 3', null],
    ['200, 100', null],
    ['310104001', null],
  ])('%s', (text, want) => {
    const got = parsePlace(text);
    if (want === null) expect(got).toBeNull();
    else expect(got?.map((degrees) => Number(degrees.toFixed(6)))).toEqual(want);
  });

  it('reads back what it writes', () => {
    expect(parsePlace(formatPlace([121.123456, 31.654321]))).toEqual([121.123456, 31.654321]);
  });
});

describe('boxes', () => {
  it('refuses what is no box', () => {
    expect(asBounds([1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
    for (const box of [null, undefined, [], [1, 2, 3], [3, 2, 1, 4], [1, Number.NaN, 3, 4]]) {
      expect(asBounds(box)).toBeNull();
    }
  });

  it('surround coordinates at any depth', () => {
    expect(
      boundsOf([
        [
          [
            [1, 5],
            [3, 2],
          ],
        ],
        [[[0, 4]]],
      ]),
    ).toEqual([0, 2, 3, 5]);
    expect(boundsOf([])).toBeNull();
    expect(boundsOf(undefined)).toBeNull();
  });
});

describe('classes of cells', () => {
  it.each([7, 8, 9, 10])('at resolution %i follow each other without gap or overlap', (resolution) => {
    for (const measure of ['households', 'incidents'] as const) {
      const classes = cellClasses(measure, resolution);
      expect(classes[0]?.from).toBe(1);
      expect(classes.at(-1)?.to).toBeNull();
      classes.slice(1).forEach((one, index) => {
        expect(one.from).toBe((classes[index]?.to ?? 0) + 1);
      });
    }
  });

  it('grow sevenfold, rounded, from one resolution to the next', () => {
    expect(cellLimits('households', 10)).toEqual([5, 15, 40, 100]);
    expect(cellLimits('households', 9)).toEqual([35, 100, 300, 700]);
  });

  it('change with the zoom where the tiles do', () => {
    expect([9.9, 10, 11.9, 12, 13.9, 14, 20].map((zoom) => resolutionAt(zoom).resolution)).toEqual([
      7, 8, 8, 9, 9, 10, 10,
    ]);
  });
});

describe('a new version of a layer', () => {
  it('is any change, also of a layer that was not there', () => {
    expect(changedLayers({ grid: 1, zone: 2 }, { grid: 2, zone: 2, household: 1 })).toEqual([
      'grid',
      'household',
    ]);
    expect(changedLayers({ grid: 1 }, { grid: 1 })).toEqual([]);
  });

  it('concerns the sources that show it', () => {
    expect(sourceIsOf('grid-village', 'grid')).toBe(true);
    expect(sourceIsOf('label-village', 'grid')).toBe(true);
    expect(sourceIsOf('cell', 'household')).toBe(true);
    expect(sourceIsOf('cell', 'grid')).toBe(false);
    expect(sourceIsOf('household', 'incident')).toBe(false);
  });
});
