import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import ComparePage, { formatsOf } from '../../src/compare/compare';
import { Divider, partOf, stepOf } from '../../src/compare/divider';
import { exportAddress } from '../../src/compare/queries';
import { linesOf, usualPeriod } from '../../src/compare/reports';
import { withDifference, withUnits } from '../../src/compare/style';
import type { Difference, Units } from '../../src/compare/types';
import { readCompare, readSide, rereadCompare, writeCompare } from '../../src/compare/view';
import { PAGES } from '../../src/page/pages';
import { palettes } from '../../src/theme/palette';
import { problem, serve, show, somebody } from './page';

vi.mock('../../src/compare/map', () => ({ default: () => null }));

describe('the address of a comparison', () => {
  const usual = readCompare('');

  it('says nothing of what goes without saying, and reads everything back', () => {
    expect(writeCompare(usual)).toBe('');
    const view = {
      base: '310115001',
      below: 'grid',
      before: 'date:2026-01-01',
      after: 'plan:12',
      mode: 'difference',
      divider: 30,
      dock: 'impact',
      change: 3,
      from: '2025-01-01',
      to: '2026-01-01',
    } as const;
    expect(writeCompare(view)).toContain('before=date:2026-01-01&after=plan:12');
    expect(readCompare(`?${writeCompare(view)}`)).toEqual(view);
  });

  it.each([
    '?before=2026-01-01',
    '?before=date:2026-02-30',
    '?after=plan:0',
    '?after=plan:1x',
    '?mode=magic',
    '?divider=101',
    '?divider=',
    '?dock=secrets',
    '?change=0',
    '?change=1.5',
    '?from=soon',
    '?base=',
  ])('leaves out what it does not understand: %s', (search) => {
    expect(readCompare(search)).toEqual(usual);
  });

  it('knows days and plans', () => {
    expect(readSide('date:2026-11-22')).toBe('date:2026-11-22');
    expect(readSide('plan:7')).toBe('plan:7');
    for (const wrong of [null, '', 'plan', 'plan:', 'plan:07', 'day:2026-11-22', 'date:'])
      expect(readSide(wrong)).toBeNull();
  });
});

describe('the divider', () => {
  it.each([
    ['ArrowLeft', 50, 48],
    ['ArrowRight', 99, 100],
    ['PageUp', 50, 60],
    ['PageDown', 5, 0],
    ['Home', 50, 0],
    ['End', 50, 100],
    ['Tab', 50, null],
  ] as const)('%s from %d leads to %s', (key, at, to) => expect(stepOf(key, at)).toBe(to));

  it('stays between the edges', () => {
    expect(partOf(150, 100, 200)).toBe(25);
    expect(partOf(50, 100, 200)).toBe(0);
    expect(partOf(500, 100, 200)).toBe(100);
    expect(partOf(50, 0, 0)).toBe(50);
  });

  it('moves with the keys, and says where it is', async () => {
    const moved = vi.fn();
    show(<Divider at={40} onMove={moved} />);
    const divider = screen.getByRole('separator');
    expect(divider.getAttribute('aria-valuenow')).toBe('40');
    divider.focus();
    await userEvent.keyboard('{ArrowRight}{Home}x');
    expect(moved.mock.calls).toEqual([[42], [0]]);
  });
});

const feature = (properties: object) => ({ type: 'Feature', id: 'x', geometry: null, properties });
const units = {
  type: 'FeatureCollection',
  features: [feature({ code: 'a', name: 'A', change: 1, kind: 'split' })],
};
const difference = {
  type: 'FeatureCollection',
  features: [feature({ before: 'a', after: '', change: 2, area: 5 })],
};
const ground = { version: 8 as const, sources: {}, layers: [] };
const choice = { theme: 'light' as const, palette: palettes.light, change: null };

describe('the map', () => {
  it('stays plain without an answer', () => {
    expect(withUnits(ground, undefined, choice)).toBe(ground);
  });

  it('colours units by what became of them, in both themes', () => {
    const light = withUnits(ground, units as unknown as Units, choice);
    const dark = withUnits(ground, units as unknown as Units, {
      ...choice,
      theme: 'dark',
      palette: palettes.dark,
    });
    const fill = (style: typeof light) =>
      JSON.stringify(style.layers.find((layer) => layer.id === 'units-fill')?.paint);
    expect(fill(light)).toContain('#0072b2');
    expect(fill(dark)).not.toEqual(fill(light));
  });

  it('draws land that changes hands with its kind and where it goes', () => {
    const style = withDifference(
      ground,
      units as unknown as Units,
      difference as unknown as Difference,
      ['split', 'ended'],
      choice,
    );
    const source = style.sources.difference as unknown as { data: typeof difference };
    expect(source.data.features[0]?.properties).toMatchObject({ kind: 'ended', text: 'a → –' });
    const ids = style.layers.map((layer) => layer.id);
    expect(ids).not.toContain('units-fill');
    expect(ids.indexOf('difference-fill')).toBeLessThan(ids.indexOf('difference-label'));
  });
});

describe('restated statistics', () => {
  it('stand side by side by code, nobody’s last', () => {
    const row = (unit: string, incidents: number) => ({
      unit,
      name: unit,
      households: 1,
      incidents,
      estimated: 0,
    });
    const lines = linesOf([row('b', 1), row('', 2)], [row('a', 3), row('b', 4), row('', 0)]);
    expect(lines.map((line) => line.unit)).toEqual(['a', 'b', '']);
    expect(lines[0]?.before).toBeNull();
    expect(lines[1]?.after?.incidents).toBe(4);
  });

  it('are of the last twelve months that are over', () => {
    expect(usualPeriod(new Date('2026-11-22T04:00:00Z'))).toEqual({ from: '2025-11-01', to: '2026-11-01' });
  });
});

describe('files', () => {
  const asked = { base: '31', level: 'grid', before: 'date:2026-01-01', after: 'plan:2' };

  it('have an address, with a period where they need one', () => {
    const address = new URL(
      exportAddress(asked, 'statistics', 'csv', '2025-01-01', '2026-01-01'),
      'http://x',
    );
    expect(Object.fromEntries(address.searchParams)).toEqual({
      ...asked,
      what: 'statistics',
      format: 'csv',
      from: '2025-01-01',
      to: '2026-01-01',
    });
    expect(exportAddress(asked, 'units', 'xlsx', '2025-01-01', '2026-01-01')).not.toContain('from');
  });

  it('have places only where there are any', () => {
    expect(formatsOf('units')).toEqual(['csv', 'xlsx']);
    expect(formatsOf('difference')).toContain('geojson');
  });
});

const about = (side: string, name: string) => ({
  side,
  plan: 0,
  name,
  state: 'in_force',
  on: '2026-11-22',
  units: 3,
});
const figures = (households: number | null) => ({
  name: '三里',
  parent: '31',
  area: 1000,
  compactness: 0.7,
  households,
  people: null,
  incidents: 1,
  posts: 2,
  filled: 1,
  workers: 1,
});
const pair = (before: string, after: string, households: number | null) => ({
  before,
  after,
  change: 1,
  area: 500,
  sliver: false,
  households,
  people: null,
  leaders: { before: ['lin'], after: [], other: true },
});
const comparison = {
  base: '31',
  base_name: '镇',
  level: 'grid',
  before: about('date:2026-11-22', ''),
  after: about('plan:2', '合并'),
  on: '2026-11-22',
  exact: true,
  sliver_m2: 1,
  kinds: [{ kind: 'split', changes: 1 }],
  unchanged: 7,
  area: 500,
  households: { all: 40, moved: 12, other_leader: 12, nobody_before: 0, nobody_after: 0 },
  totals: { before: figures(40), after: figures(40) },
  changes: [
    {
      number: 1,
      kind: 'split',
      before: ['3101'],
      after: ['3101', '3109'],
      pairs: [pair('3101', '3101', 28), pair('3101', '3109', 12)],
    },
  ],
  units: [
    { code: '3101', kind: 'split', change: 1, before: figures(40), after: figures(28) },
    { code: '3109', kind: 'split', change: 1, before: null, after: figures(12) },
  ],
  duties: [
    {
      hand: 'stays',
      kind: 'leader',
      title_zh: '网格长',
      title_en: 'Grid leader',
      ordinal: 1,
      before: { unit: '3101', name: '三里', holder: 'lin', deputy: '' },
      after: { unit: '3101', name: '三里', holder: 'lin', deputy: '' },
      gives: 12,
      takes: 0,
    },
  ],
};
const query = '?lang=en&base=31&below=grid&before=date:2026-11-22&after=plan:2';
const unit = { code: '31', name: '镇', level: 'town', children: 3, bbox: [0, 0, 1, 1] };
const answers = {
  'GET /comparisons': comparison,
  'GET /units': { items: [unit] },
  'GET /units/31': unit,
  'GET /levels': {
    items: [
      { code: 'town', rank: 20, units: 1, title_zh: '镇', title_en: 'Town' },
      { code: 'grid', rank: 50, units: 9, title_zh: '网格', title_en: 'Grid' },
    ],
  },
  'GET /plans': { items: [{ id: 2, name: '合并', level: 'grid', state: 'draft' }] },
};

function open(search = query, session = somebody()) {
  const shown = show(<ComparePage />, search, session);
  rereadCompare();
  return shown;
}

const tabs = () => screen.getByRole('navigation', { name: 'What is different' });

describe('the page', () => {
  it('is in the menu of planners and of who counts', () => {
    expect(PAGES.find((page) => page.name === 'compare')?.anyOf).toEqual(['plan', 'count']);
  });

  it('says what is different, and links a change with its pairs', async () => {
    serve(answers);
    open();
    const table = await screen.findByRole('region', { name: 'Changes' });
    expect(await within(table).findByText('3101 3109')).toBeTruthy();
    expect(screen.getByText('12 households change grid')).toBeTruthy();
    await userEvent.click(await screen.findByRole('button', { name: '#1' }));
    expect(new URL(location.href).searchParams.get('change')).toBe('1');
    expect(await screen.findByRole('heading', { name: 'In common #1' })).toBeTruthy();
    expect(screen.getAllByText(/lin → vacant/)).toHaveLength(2);
  });

  it('shows before and after, posts, and households with a recorded list', async () => {
    const asked = serve({
      ...answers,
      'GET /comparisons/households': {
        items: [
          {
            id: 5,
            compound: '苑',
            building: '3',
            stairwell: '',
            doorplate: '201',
            address: '',
            from: '3101',
            to: '3109',
          },
        ],
      },
    });
    open();
    await userEvent.click(await screen.findByRole('button', { name: 'Before and after' }));
    expect(await screen.findByText('40 → 28')).toBeTruthy();
    expect(screen.getByText('– → 12')).toBeTruthy();
    await userEvent.click(within(tabs()).getByRole('button', { name: 'Posts' }));
    expect(await screen.findByText('same people, other households')).toBeTruthy();
    await userEvent.click(within(tabs()).getByRole('button', { name: 'Households' }));
    expect(
      await screen.findByText('Of 40 households 12 change grid, and 12 get another leader.'),
    ).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(await screen.findByText('苑 3 201')).toBeTruthy();
    const look = asked.find(({ what }) => what === 'GET /comparisons/households');
    expect(new URLSearchParams(look?.query).get('to')).toBe('3109');
  });

  it('hides what may not be seen, and offers no list', async () => {
    serve({
      ...answers,
      'GET /comparisons': {
        ...comparison,
        exact: false,
        households: { all: null, moved: null, other_leader: null, nobody_before: null, nobody_after: null },
        changes: [{ ...comparison.changes[0], pairs: [pair('3101', '3109', null)] }],
      },
    });
    open(`${query}&dock=households`, somebody(['map', 'count']));
    expect(await screen.findByText(/their numbers are hidden/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Show' })).toBeNull();
    expect(screen.queryByRole('button', { name: /Export/ })).toBeNull();
  });

  it('says when both sides are the same, and when the server refuses', async () => {
    serve({
      ...answers,
      'GET /comparisons': { ...comparison, changes: [], kinds: [], units: [], duties: [] },
    });
    const { unmount } = open();
    expect((await screen.findAllByText('Both sides are the same: nothing changes')).length).toBeGreaterThan(
      0,
    );
    unmount();
    serve({ ...answers, 'GET /comparisons': problem(422, 'comparison_level', 'wrong') });
    open();
    expect(await screen.findByText('Choose a level below that of the area')).toBeTruthy();
  });

  it('asks for sides when there are none', async () => {
    serve(answers);
    open('?lang=en&base=31&below=grid');
    expect(await screen.findByText('Choose the two sides to compare')).toBeTruthy();
  });

  it('reports what a merger means, and says why nobody walked', async () => {
    const burden = (units: number, load: number) => ({
      units,
      area: 1000,
      households: 20,
      workers: 1,
      filled: 1,
      load,
      walk: null,
    });
    serve({
      ...answers,
      'GET /comparisons/impact': {
        before: about('date:2026-11-22', ''),
        after: about('plan:2', ''),
        on: '2026-11-22',
        network: null,
        reason: 'network_missing',
        changes: [{ number: 1, kind: 'split', before: burden(1, 40), after: burden(2, 20), units: [] }],
      },
    });
    open(`${query}&dock=impact`);
    expect(await screen.findByText('40 → 20')).toBeTruthy();
    expect(screen.getByText(/There is no walking network/)).toBeTruthy();
  });
});
