import { createExpression } from '@maplibre/maplibre-gl-style-spec';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { StyleSpecification } from 'maplibre-gl';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Choice, choiceOf, differing, FIRST, paramsOf, useChoice } from '../../src/circle/choice';
import {
  classesOf,
  classOf,
  divergingLimits,
  figureOf,
  inSteps,
  limitsOf,
  METHODS,
} from '../../src/circle/classes';
import CoveragePanel from '../../src/circle/coverage';
import { exportAddress, formatsOf } from '../../src/circle/exports';
import { difference, measured, readLimits, stepOf, writeLimits } from '../../src/circle/measures';
import { colours, luminance } from '../../src/circle/ramp';
import { colourUnits, ShownProvider, useShownState } from '../../src/circle/shown';
import { changed, metresReached, minutesOf } from '../../src/circle/standard';
import { type CircleChoice, resolutionOf, uncoveredLimits, withCircle } from '../../src/circle/style';
import type { Difference, Params, Preset, Reach, Run, UnitRow } from '../../src/circle/types';
import {
  CIRCLE_LAYERS,
  type CircleView,
  readCircle,
  rereadCircle,
  setCircle,
  toggled,
  writeCircle,
} from '../../src/circle/view';
import { Figure } from '../../src/circle/words';
import { palettes } from '../../src/theme/palette';
import { setView } from '../../src/view/url';
import { problem, serve, show } from './page';

const reach = (more: Partial<Reach> = {}): Reach => ({
  households: 100,
  people: 250,
  covered: 45,
  covered_people: 100,
  share: 0.45,
  share_people: 0.4,
  p50: 9.25,
  p90: 22.4,
  mean: 11,
  worst_decile: 31,
  rounded: false,
  hidden: false,
  ...more,
});

const row = (unit: string, more: Partial<UnitRow> = {}): UnitRow => ({
  ...reach(),
  column: 0,
  unit,
  name: unit,
  level: 'village',
  points: 2,
  hours_unknown: 0,
  unreachable: {},
  choices: null,
  overlap: null,
  catchment: null,
  enhanced: null,
  gravity: null,
  cumulative: null,
  ...more,
});

describe('classes', () => {
  const nine = [1, 2, 3, 10, 11, 12, 50, 51, 52];

  it.each([
    ['quantile', [10, 50]],
    ['equal', [18, 35]],
    ['natural', [10, 50]],
  ] as const)('by %s of known figures', (method, want) => {
    expect(limitsOf(nine, method, 3, 1)).toEqual(want);
  });

  it('by natural breaks follow gaps, where quantiles follow numbers', () => {
    const uneven = [1, 1, 2, 2, 3, 3, 30, 60, 61];
    expect(limitsOf(uneven, 'natural', 3, 1)).toEqual([30, 60]);
    expect(limitsOf(uneven, 'quantile', 3, 1)).toEqual([2, 30]);
  });

  it('by natural breaks have the least spread of all there are', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed;
    };
    const spread = (part: number[]) => {
      const mean = part.reduce((sum, one) => sum + one, 0) / part.length;
      return part.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    };
    for (let round = 0; round < 40; round++) {
      const figures = Array.from({ length: 11 }, () => random() % 40).sort((a, b) => a - b);
      const cost = (limits: readonly number[]) =>
        Array.from({ length: limits.length + 1 }).reduce<number>((sum, _, index) => {
          const part = figures.filter((one) => classOf(one, limits, 1) === index);
          return sum + (part.length > 0 ? spread(part) : 0);
        }, 0);
      let least = Number.POSITIVE_INFINITY;
      for (const a of figures)
        for (const b of figures) least = Math.min(least, cost([a, b].sort((x, y) => x - y)));
      expect(cost(limitsOf(figures, 'natural', 3, 1)), figures.join()).toBeCloseTo(least, 8);
    }
  });

  it('by hand are the ones that were typed, sorted and once each', () => {
    expect(limitsOf(nine, 'manual', 5, 1, [40, 5, 5, Number.NaN])).toEqual([5, 40]);
  });

  it.each(METHODS)('by %s are fewer where figures are alike, and none without figures', (method) => {
    expect(limitsOf([], method, 5, 1)).toEqual([]);
    expect(limitsOf([4, 4, 4], method, 5, 1)).toEqual([]);
    expect(limitsOf([4, 4, 9], method, 5, 1).length).toBeLessThanOrEqual(5);
  });

  it.each(['quantile', 'equal', 'natural'] as const)(
    'by %s hold every figure once, without a gap',
    (method) => {
      const figures = Array.from({ length: 200 }, (_, index) => ((index * 37) % 101) / 100);
      for (let count = 3; count <= 7; count++) {
        const limits = limitsOf(figures, method, count, 0.001);
        const classes = classesOf(figures, limits, 0.001);
        expect(classes).toHaveLength(limits.length + 1);
        expect(limits.length).toBe(count - 1);
        expect(classes.reduce((sum, one) => sum + one.units, 0)).toBe(200);
        for (const [index, one] of classes.entries()) {
          if (index > 0)
            expect(inSteps(one.from ?? 0, 0.001) - inSteps(classes[index - 1]?.to ?? 0, 0.001)).toBe(1);
        }
      }
    },
  );

  it('put a figure on a limit into the class that begins there, also where floats are dusty', () => {
    expect(classOf(0.3, [0.3], 0.001)).toBe(1);
    expect(classOf(0.1 + 0.2, [0.3], 0.001)).toBe(1);
    expect(classOf(0.2999, [0.3], 0.001)).toBe(1); // 30.0 % as it is written
    expect(classOf(0.2994, [0.3], 0.001)).toBe(0);
    expect(figureOf(3, 0.1)).toBe(0.3);
  });

  it('of differences are the same on both sides of zero', () => {
    const limits = divergingLimits([-10, -4, 0, 4, 10], 'quantile', 5, 1);
    const count = limits.length;
    for (const size of [1, 4, 7, 10]) {
      expect(classOf(size, limits, 1) + classOf(-size, limits, 1)).toBe(count);
    }
    expect(classOf(0, limits, 1)).toBe(count / 2);
    expect(divergingLimits([0, 0], 'natural', 5, 1)).toEqual([0, 1]);
  });
});

describe('the ramps', () => {
  it.each(['light', 'dark'] as const)('go from one end of lightness to the other on a %s map', (theme) => {
    for (const ramp of ['coverage', 'lack', 'reach'] as const) {
      for (let count = 3; count <= 7; count++) {
        const light = colours(ramp, count, theme).map(luminance);
        const sorted = [...light].sort((a, b) => (theme === 'light' ? b - a : a - b));
        expect(light).toEqual(sorted);
        expect(new Set(light).size).toBe(count);
      }
    }
  });

  it('give one class the middle, and differences a middle that stands back', () => {
    expect(colours('coverage', 1, 'light')).toEqual(['#41b6c4']);
    const light = colours('difference', 5, 'light').map(luminance);
    expect(Math.max(...light)).toBe(light[2]);
    const dark = colours('difference', 5, 'dark').map(luminance);
    expect(Math.min(...dark)).toBe(dark[2]);
  });
});

describe('units in classes', () => {
  const view = { by: 'share', side: 'after', method: 'equal', classes: 3, limits: [] } as const;

  it('leave hidden ones and those without a figure without a class', () => {
    const { units } = colourUnits(
      view,
      [row('a'), row('b', { hidden: true, share: null }), row('c', { share: null, households: 0 })],
      [],
    );
    expect(units.map((unit) => unit.class)).toEqual([0, null, null]);
    expect(measured(row('b', { hidden: true, share: 0.4 }), 'share')).toBeNull();
  });

  it('share their classes before and after, so that one colour means one thing', () => {
    const change = (unit: string, before: number, after: number): Difference => ({
      column: 0,
      unit,
      name: unit,
      level: 'village',
      only: '',
      before: reach({ share: before }),
      after: reach({ share: after }),
      share: after - before,
      share_people: null,
      p50: null,
      p90: null,
    });
    const changes = [change('a', 0.1, 0.5), change('b', 0.4, 0.4), change('c', 0.9, 0.6)];
    const before = colourUnits({ ...view, side: 'before' }, [], changes);
    const after = colourUnits(
      { ...view, side: 'after' },
      changes.map((one) => row(one.unit, one.after)),
      changes,
    );
    expect(before.limits).toEqual(after.limits);
    expect(before.units.map((unit) => unit.class)).not.toEqual(after.units.map((unit) => unit.class));
    const difference = colourUnits({ ...view, side: 'difference' }, [], changes);
    expect(
      difference.units.map((unit) => Math.sign((unit.class ?? 0) - difference.limits.length / 2)),
    ).toEqual([1, 0, -1]);
  });

  it('are of equal steps where quantiles fall together, unless the reader chose', () => {
    const alike = [0.4, 1, 1, 1, 1, 1, 1, 1].map((share, index) => row(String(index), { share }));
    const spread = alike.map((one, index) => ({ ...one, share: index / 10 }));
    const method = (chosen: CircleView['method'], rows: UnitRow[]) =>
      colourUnits({ ...view, method: chosen }, rows, []).method;
    expect(method(null, alike)).toBe('equal');
    expect(method('quantile', alike)).toBe('quantile');
    expect(method(null, spread)).toBe('quantile');
    expect(method(null, [])).toBe('quantile');
  });

  it('move in the steps that rounded figures have', () => {
    expect(stepOf('share', true)).toBe(0.05);
    expect(stepOf('share', false)).toBe(0.001);
    expect(stepOf('p90', true)).toBe(1);
    expect(stepOf('uncovered', true)).toBe(1);
  });

  it('take typed limits as people write them', () => {
    expect(readLimits('50，80 95; x', 'share')).toEqual([0.5, 0.8, 0.95]);
    expect(readLimits('10, 15', 'p90')).toEqual([10, 15]);
    expect(writeLimits([0.5, 0.805], 'share')).toBe('50, 80.5');
    expect(readLimits('1 2 3 4 5 6 7 8', 'p50')).toHaveLength(6);
  });
});

describe('the address of the circle', () => {
  const full: CircleView = {
    run: 12,
    column: 3,
    before: 9,
    side: 'difference',
    by: 'p90',
    method: 'natural',
    classes: 7,
    limits: [0.5, 0.8],
    show: ['units', 'reach'],
    tab: 'sites',
    dock: 'charts',
    siting: 4,
  };

  it('holds everything, and nothing that goes without saying', () => {
    expect(readCircle(`?${writeCircle(full)}`)).toEqual(full);
    expect(writeCircle(readCircle(''))).toBe('');
    expect(readCircle(`?${writeCircle({ ...full, dock: null })}`).dock).toBeNull();
    expect(readCircle(`?${writeCircle({ ...full, show: [] })}`).show).toEqual([]);
  });

  it('leaves out what it does not understand', () => {
    const view = readCircle(
      '?run=-1&column=x&classes=99&method=magic&by=none&limits=1,x&show=units,gold&before=1.5',
    );
    expect(view).toMatchObject({ run: null, column: 0, classes: 5, method: null, by: 'share' });
    expect([view.limits, view.show, view.before]).toEqual([[], ['units'], null]);
  });

  it('leaves alone what belongs to the page, and the page leaves it alone', () => {
    history.replaceState(null, '', '/circle?lang=en&run=5#map=12/31/121');
    rereadCircle();
    setCircle({ column: 2 });
    setView({ unit: '01' });
    const query = new URLSearchParams(location.search);
    expect([query.get('run'), query.get('column'), query.get('unit')]).toEqual(['5', '2', '01']);
    expect(location.hash).toBe('#map=12/31/121');
    setCircle({ run: null, column: 0 });
    expect(new URLSearchParams(location.search).has('run')).toBe(false);
    setView({ unit: null });
  });

  it('turns layers on and off', () => {
    expect(toggled(['units'], 'reach')).toEqual(['units', 'reach']);
    expect(toggled(['units', 'reach'], 'units')).toEqual(['reach']);
  });
});

const preset: Preset = {
  code: 'gb50180',
  minutes: 15,
  metres: 1000,
  speed: 4000,
  profile: 'adult',
  slope: false,
  title_zh: '国标',
  title_en: 'GB 50180',
  source: 'GB 50180-2018 https://www.mohurd.gov.cn/',
};

describe('a standard', () => {
  it('bears the name of a preset only while it is that preset', () => {
    const { title_zh: _, title_en: __, source: ___, ...standard } = preset;
    const other = changed(standard, { minutes: 20 }, [preset]);
    expect(other.code).toBeUndefined();
    expect(changed(other, { minutes: 15 }, [preset]).code).toBe('gb50180');
  });

  it.each([
    ['15', 15],
    [' 7.4 ', 7.5],
    [0, 1],
    [999, 60],
    ['', null],
    ['x', null],
    [null, null],
  ])('takes %s as minutes: %s', (typed, want) => expect(minutesOf(typed)).toBe(want));

  it('reaches as far as its minutes and its metres allow', () => {
    expect(metresReached({ minutes: 15, speed: 4000, metres: 0 })).toBe(1000);
    expect(metresReached({ minutes: 15, speed: 4000, metres: 800 })).toBe(800);
    expect(metresReached({ minutes: 15, speed: 3200, metres: 1000 })).toBe(800);
  });
});

describe('what is asked', () => {
  const choice: Choice = {
    ...FIRST,
    functions: ['elderly-care', 'medical'],
    tiers: ['station'],
    when: { weekday: 2, time: '09:30' },
    ages: ['age_80', 'age_60_79'],
    on: '2026-11-01',
  };

  it('is a column for each function, and comes back from the run', () => {
    const params = paramsOf(choice, 4);
    expect(params.columns.map((one) => one.function)).toEqual(['elderly-care', 'medical']);
    expect(params).toMatchObject({ before: 4, on: '2026-11-01' });
    expect(choiceOf(params, 1)).toEqual({ ...choice, sessions: false });
    expect(differing(choice, params, 0)).toEqual([]);
  });

  it('is any function where none is chosen, at any hour where none is said', () => {
    const params = paramsOf(FIRST, null);
    expect(params.columns).toHaveLength(1);
    expect(params.columns[0]).not.toHaveProperty('when');
    expect(choiceOf(params, 0).functions).toEqual([]);
    expect(differing(FIRST, params, 0)).toEqual([]);
  });

  it('names what differs from the run on the map', () => {
    const params = paramsOf(choice, null);
    const other: Choice = {
      ...choice,
      standard: { ...choice.standard, minutes: 10 },
      when: null,
      functions: ['medical'],
      ages: [],
    };
    expect(differing(other, params, 0)).toEqual(['functions', 'standard', 'when', 'people']);
  });
});

describe('figures', () => {
  beforeEach(() => serve({}));

  it('say when they are rounded, and why', async () => {
    show(<Figure row={row('a', { rounded: true, share: 0.45 })} measure="share" />, '?lang=en');
    const said = await screen.findByText('about 45 %');
    await userEvent.hover(said);
    await screen.findByText(/shares in steps of 5 %/);
  });

  it('are hidden with their reason', async () => {
    show(<Figure row={row('a', { hidden: true, share: null })} measure="share" />, '?lang=en');
    await screen.findByText('too few to show');
  });

  it.each([
    [row('a'), 'share', '45.0 %'],
    [row('a'), 'p90', '22.4 min'],
    [row('a', { rounded: true, p90: 22 }), 'p90', 'about 22 min'],
    [row('a'), 'uncovered', '55'],
    [row('a', { rounded: true, households: 90_000, covered: 6_198 }), 'uncovered', 'about 84,000'],
    [row('a', { rounded: true, households: 11, covered: 10 }), 'uncovered', 'fewer than 10'],
    [row('a', { rounded: true, covered: 100 }), 'uncovered', 'about 0'],
    [row('a', { p90: null }), 'p90', 'not reached'],
    [row('a', { share: null, households: 0 }), 'share', 'nobody'],
    [row('a', { people: 0, share_people: null }), 'share_people', 'nobody'],
    [row('a', { rounded: true, people: 0, share_people: null }), 'share_people', 'not published'],
    [row('a', { rounded: true, households: 0, share_people: null }), 'share_people', 'nobody'],
    [row('a'), 'choices', 'not computed'],
  ] as const)('write themselves (%#)', async (given, measure, want) => {
    show(<Figure row={given} measure={measure} />, '?lang=en');
    await screen.findByText(want);
  });
});

describe('differences', () => {
  it.each([
    [-0.8, 'share', true, '-80'],
    [0.0125, 'share', false, '+1.3'],
    [0, 'share', true, '0'],
    [-0.04, 'minutes', false, '0.0'],
    [-3.21, 'minutes', false, '-3.2'],
    [1200, 'count', false, '+1,200'],
  ] as const)('of %s (%s, rounded: %s) are %s', (value, kind, rounded, want) => {
    expect(difference(value, kind, rounded, 'en-GB')).toBe(want);
  });
});

describe('the map of the circle', () => {
  const plain: StyleSpecification = {
    version: 8,
    sources: { 'grid-village': { type: 'vector', url: '/tiles/grid-village.json' } },
    layers: [
      { id: 'land', type: 'background' },
      { id: 'unit-fill', type: 'fill', source: 'grid-village', 'source-layer': 'grid-village', paint: {} },
      { id: 'unit-casing', type: 'line', source: 'grid-village', 'source-layer': 'grid-village' },
    ],
  };
  const choice: CircleChoice = {
    origin: 'http://here',
    palette: palettes.light,
    theme: 'light',
    show: CIRCLE_LAYERS,
    run: 7,
    plan: null,
    column: 2,
    level: 'village',
    tints: [{ units: ['01'], colour: '#112233' }],
    change: null,
    points: [],
    siting: null,
    overlays: [],
    locale: 'en-GB',
  };

  it('draws the units of a plan beside those in force, and none of a plan without them', () => {
    const ids = (style: StyleSpecification) => style.layers.map((layer) => layer.id);
    const geometry: GeoJSON.MultiPolygon = { type: 'MultiPolygon', coordinates: [] };
    const plan: GeoJSON.FeatureCollection = {
      type: 'FeatureCollection',
      features: [{ type: 'Feature', properties: { code: '01' }, geometry }],
    };
    const withPlan = withCircle(plain, { ...choice, plan });
    expect(ids(withPlan)).toEqual(expect.arrayContaining(['coverage-fill', 'plan-fill', 'plan-line']));
    // Tiles know nothing of a plan, and its own unit is coloured once.
    expect(withPlan.sources.coverage).toBeUndefined();
    expect(ids(withPlan)).not.toContain('uncovered-fill');
    const fill = (id: string) => JSON.stringify(withPlan.layers.find((layer) => layer.id === id));
    expect(fill('plan-fill')).toContain('#112233');
    expect(fill('coverage-fill')).not.toContain('#112233');
    const without = withCircle(plain, choice);
    expect(ids(without)).not.toContain('plan-fill');
    expect(without.sources['plan-units']).toBeUndefined();
  });

  it('draws single households only near by', () => {
    const dots = {
      id: 'household',
      type: 'circle',
      source: 'household',
      'source-layer': 'household',
    } as const;
    const style = withCircle({ ...plain, layers: [...plain.layers, dots] }, choice);
    expect(style.layers.find((layer) => layer.id === 'household')).toEqual({ ...dots, minzoom: 15 });
  });

  it('asks for the tiles of the run and its column', () => {
    const style = withCircle(plain, choice);
    for (const layer of ['coverage', 'uncovered', 'reach', 'reach-streets']) {
      expect(style.sources[layer]).toMatchObject({ url: `http://here/tiles/${layer}.json?run=7&column=2` });
    }
    expect(JSON.stringify(style.layers)).toContain('["01"],"#112233"');
  });

  it('lays colours under borders, and names every source that it uses and no other', () => {
    for (const one of [
      choice,
      { ...choice, siting: 3 },
      { ...choice, change: { before: 5, limits: [-0.1, 0.1], colours: ['#a', '#b', '#c'] } },
      { ...choice, show: [] },
      { ...choice, run: null },
    ]) {
      const style = withCircle(plain, one);
      const ids = style.layers.map((layer) => layer.id);
      expect(new Set(ids).size).toBe(ids.length);
      const used = new Set(style.layers.flatMap((layer) => ('source' in layer ? [layer.source] : [])));
      expect([...used].sort()).toEqual(Object.keys(style.sources).sort());
      if (ids.includes('coverage-fill')) {
        expect(ids.indexOf('coverage-fill')).toBeLessThan(ids.indexOf('unit-casing'));
      }
    }
    expect(withCircle(plain, { ...choice, run: null }).layers).toHaveLength(3);
    expect(withCircle(plain, { ...choice, siting: 3 }).sources.candidates).toMatchObject({
      url: 'http://here/tiles/candidates.json?siting=3',
    });
  });

  it.each([
    [{ uncovered: 6770 }, '6,770'],
    [{ uncovered: 6770, rounded: true }, '~6,800'],
    [{ uncovered: 10, rounded: true }, '~10'],
    [{ uncovered: 1, rounded: true }, '<10'],
    [{ uncovered: 1 }, '1'],
  ])('writes the count of a cell %o as %s', (properties, want) => {
    const layer = withCircle(plain, choice).layers.find((one) => one.id === 'uncovered-count');
    const field = (layer as { layout: Record<string, unknown> }).layout['text-field'];
    const made = createExpression(field);
    if (made.result === 'error') throw new Error(made.value.map((one) => one.message).join());
    expect(made.value.evaluate({ zoom: 12 }, { type: 3, properties } as never)).toBe(want);
  });

  it('knows the resolution of a cell by its name, and larger classes for larger cells', () => {
    expect(resolutionOf('8928308280fffff')).toBe(9);
    expect(resolutionOf('8a2830828767fff')).toBe(10);
    expect(uncoveredLimits(10)).toEqual([5, 15, 40, 100]);
    expect(uncoveredLimits(9)).toEqual([35, 100, 300, 700]);
  });
});

describe('an export', () => {
  it('asks for the level where there is one, and for the other run of a difference', () => {
    const shown = { run: { id: 3 }, column: 1, level: 'village', before: 2 };
    expect(exportAddress(shown, 'units', 'csv')).toBe(
      '/api/v1/circles/3/export?what=units&format=csv&column=1&level=village',
    );
    expect(exportAddress(shown, 'cells', 'gpkg')).not.toContain('level');
    expect(exportAddress(shown, 'change', 'xlsx')).toContain('before=2');
  });

  it('draws no list of households as a map', () => {
    expect(formatsOf('units')).toContain('pdf');
    expect(formatsOf('uncovered')).toEqual(['csv', 'xlsx', 'geojson', 'gpkg', 'parquet']);
  });
});

function Panel() {
  return (
    <ShownProvider value={useShownState()}>
      <CoveragePanel />
    </ShownProvider>
  );
}

describe('the panel', () => {
  const run = (params: Params): Run => ({
    id: 7,
    unit: '',
    unit_name: '',
    params,
    state: 'done',
    job: 1,
    digest: 'ab',
    stale: true,
    stale_because: ['network', 'points'],
    created_by: 'account:1',
    created_at: '2026-11-22T01:00:00Z',
    finished_at: '2026-11-22T01:01:00Z',
    totals: [],
  });
  const done = run({ ...paramsOf({ ...FIRST, functions: ['medical'] }, null), on: '2026-11-22' });
  const words = (codes: string[]) => ({
    items: codes.map((code) => ({ code, title_zh: code, title_en: `The ${code}` })),
  });
  const answers = {
    'GET /standards': { items: [preset] },
    'GET /service-functions': words(['medical', 'elderly-care']),
    'GET /service-tiers': words(['center', 'station', 'point', 'other']),
    'GET /levels': { items: [] },
    'GET /demand-sets': { items: [] },
    'GET /circles': { items: [done] },
    'GET /circles/7': done,
  };
  beforeEach(() => {
    useChoice.setState(FIRST);
    history.replaceState(null, '', '/');
    rereadCircle();
  });

  it('computes what is chosen, at the minutes that were typed', async () => {
    const asked = serve({ ...answers, 'POST /circles': { ...done, id: 8, state: 'waiting' } });
    show(<Panel />, '?lang=en');
    const minutes = await screen.findByRole('spinbutton', { name: 'Within minutes on foot' });
    await userEvent.clear(minutes);
    await userEvent.type(minutes, '10{Tab}');
    await userEvent.click(screen.getByText('Elder'));
    await userEvent.click(screen.getByRole('button', { name: /Compute/ }));
    await waitFor(() => expect(asked.some((one) => one.what === 'POST /circles')).toBe(true));
    const body = asked.find((one) => one.what === 'POST /circles')?.body as Params;
    expect(body.columns[0]?.standard).toMatchObject({ minutes: 10, profile: 'elder', speed: 4000 });
    expect(body.columns[0]?.standard).not.toHaveProperty('code');
    await waitFor(() => expect(new URLSearchParams(location.search).get('run')).toBe('8'));
  });

  it('starts from the run on show, says that it is stale and why, and computes it again', async () => {
    const asked = serve({ ...answers, 'POST /circles': { ...done, id: 9, state: 'waiting' } });
    history.replaceState(null, '', '/?run=7');
    rereadCircle();
    setCircle({ run: 7 });
    show(<Panel />, '?lang=en&run=7');
    await screen.findByText(/Changed since it was computed: walking network, service points/);
    expect(useChoice.getState().functions).toEqual(['medical']);
    await userEvent.click(screen.getByRole('button', { name: /Compute again/ }));
    await waitFor(() =>
      expect(asked.find((one) => one.what === 'POST /circles')?.body).toMatchObject({ before: 7 }),
    );
  });

  it('says why something cannot be computed', async () => {
    serve({ ...answers, 'POST /circles': problem(422, 'circle_unit', 'Your posts cover several units.') });
    show(<Panel />, '?lang=en');
    await userEvent.click(await screen.findByRole('button', { name: /Compute/ }));
    await screen.findByText('Your posts cover several units; choose one of them');
  });
});
