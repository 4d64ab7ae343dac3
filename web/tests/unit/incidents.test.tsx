import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Style } from '../../src/admin/unit-map';
import { analysisWords, dutyWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { classesOf, classOf, colourOf } from '../../src/incidents/classes';
import { unwashed, withCells } from '../../src/incidents/overlay';
import IncidentsPage from '../../src/incidents/page';
import { begin, ended, lastDay, moved, near, periodOf, trendOf } from '../../src/incidents/period';
import { exportAddress } from '../../src/incidents/queries';
import {
  type IncidentView,
  readIncidents,
  rereadIncidents,
  setIncidents,
  shownPeriod,
  shownResolution,
  writeIncidents,
} from '../../src/incidents/view';
import { problem, serve, show, somebody } from './page';

beforeEach(async () => {
  await withWords(analysisWords);
  await withWords(dutyWords);
});

vi.mock('../../src/admin/unit-map', () => ({ default: () => null }));
vi.mock('../../src/common/chart', () => ({
  default: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
  plainChart: () => ({ axis: {}, tooltip: {} }),
}));

describe('periods', () => {
  it.each([
    ['week', '2026-11-22', '2026-11-16', '2026-11-23'],
    ['week', '2026-11-23', '2026-11-23', '2026-11-30'],
    ['week', '2026-01-01', '2025-12-29', '2026-01-05'],
    ['month', '2026-12-31', '2026-12-01', '2027-01-01'],
    ['quarter', '2026-11-22', '2026-10-01', '2027-01-01'],
    ['year', '2024-02-29', '2024-01-01', '2025-01-01'],
  ] as const)('the %s of %s is %s to %s', (span, day, from, to) => {
    expect(begin(span, day)).toBe(from);
    expect(periodOf(span, from)).toEqual({ span, from, to });
  });

  it('are over: the server answers no others to who may only count', () => {
    expect(ended('month', '2026-11-22').at(-1)).toEqual({
      span: 'month',
      from: '2026-10-01',
      to: '2026-11-01',
    });
    expect(ended('week', '2026-11-23').at(-1)?.to).toBe('2026-11-23');
    for (const span of ['week', 'month', 'quarter', 'year'] as const) {
      const all = ended(span, '2026-11-22');
      expect(
        all.every(({ to }, i) => to <= '2026-11-22' && (i === 0 || all[i - 1]?.to === all[i]?.from)),
      ).toBe(true);
    }
  });

  it('keep the time when their length changes', () => {
    const october = periodOf('month', '2026-10-01');
    expect(near('week', october, '2026-11-22').from).toBe('2026-10-26');
    expect(near('quarter', october, '2026-11-22').from).toBe('2026-07-01'); // its own is not over
    expect(near('year', october, '2026-11-22').from).toBe('2025-01-01');
  });

  it('have a trend of whole weeks or months beside them', () => {
    expect(trendOf(periodOf('month', '2026-10-01'), '2026-11-22')).toEqual({
      from: '2026-05-18',
      to: '2026-11-16',
      by: 'week',
    });
    expect(trendOf(periodOf('year', '2025-01-01'), '2026-11-22')).toEqual({
      from: '2024-07-01',
      to: '2026-07-01',
      by: 'month',
    });
    expect(trendOf(periodOf('week', '2026-03-02'), '2026-11-22').to).toBe('2026-05-04'); // around it, not up to now
    expect(lastDay('2026-03-01')).toBe('2026-02-28');
    expect(moved('quarter', '2026-01-01', -1)).toBe('2025-10-01');
  });
});

describe('the address of the page', () => {
  const usual = readIncidents('');

  it('says nothing of what goes without saying, and reads everything back', () => {
    expect(writeIncidents(usual)).toBe('');
    const chosen: IncidentView = {
      span: 'week',
      from: '2026-10-26',
      category: 'noise/pets',
      shown: 'spots',
      measure: 'count',
      resolution: 8,
    };
    expect(readIncidents(`?${writeIncidents(chosen)}`)).toEqual(chosen);
  });

  it.each([
    '?span=decade',
    '?shown=everything',
    '?measure=sum',
    '?resolution=11',
    '?resolution=8.5',
    '?resolution=',
    '?category=',
  ])('leaves out what it does not understand: %s', (search) => {
    expect(readIncidents(search)).toEqual(usual);
  });

  it.each([
    ['month', '2026-09-01', '2026-09-01'],
    ['month', null, '2026-10-01'],
    ['month', '2026-11-01', '2026-10-01'], // not over
    ['month', '2026-09-02', '2026-10-01'], // no month begins there
    ['week', '2026-09-02', '2026-11-09'],
    ['year', '2026-02-31', '2025-01-01'],
    ['year', 'nonsense', '2025-01-01'],
  ] as const)('%s from %s is the period from %s', (span, from, want) => {
    expect(shownPeriod({ span, from }, '2026-11-22').from).toBe(want);
  });

  it('shows nobody finer cells than the server gives', () => {
    expect(shownResolution(10, true)).toBe(10);
    expect(shownResolution(10, false)).toBe(9);
    expect(shownResolution(7, false)).toBe(7);
  });

  it('changes with every choice, and the page follows it back', () => {
    history.replaceState(null, '', '/incidents?lang=en#map=12/31/121');
    rereadIncidents();
    setIncidents({ shown: 'cells', measure: 'count' });
    expect(location.search).toBe('?shown=cells&measure=count&lang=en');
    expect(location.hash).toBe('#map=12/31/121');
    setIncidents({ shown: 'units' });
    expect(location.search).toBe('?measure=count&lang=en');
    history.replaceState(null, '', '/incidents?span=year');
    rereadIncidents();
    expect(readIncidents(location.search)).toEqual({ ...usual, span: 'year' });
  });
});

describe('classes', () => {
  it('hold about as many places each, and equal ones together', () => {
    expect(classesOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([
      { from: 1, to: 2 },
      { from: 3, to: 4 },
      { from: 5, to: 6 },
      { from: 7, to: 8 },
      { from: 9, to: 10 },
    ]);
    expect(classesOf([10, 10, 10, 10, 20])).toEqual([
      { from: 10, to: 10 },
      { from: 20, to: 20 },
    ]);
    expect(classesOf([7])).toEqual([{ from: 7, to: 7 }]);
    expect(classesOf([])).toEqual([]);
  });

  it('leave out what has no figure', () => {
    const classes = classesOf([10, 20, 30]);
    expect([null, undefined, 5, 10, 25, 99].map((v) => classOf(classes, v))).toEqual([-1, -1, -1, 0, 1, 2]);
    const ramp = ['a', 'b', 'c', 'd', 'e'];
    expect([0, 1, 2].map((i) => colourOf(ramp, i, 3))).toEqual(['a', 'c', 'e']);
    expect(colourOf(ramp, 0, 1)).toBe('e');
  });
});

describe('the map', () => {
  const style = {
    version: 8,
    sources: {},
    layers: [
      { id: 'water', type: 'background' },
      { id: 'unit-fill', type: 'fill', source: 'u', paint: { 'fill-color': 'red' } },
      { id: 'unit-line', type: 'line', source: 'u' },
    ],
  } as Style;

  it('draws cells over the wash of units and under their borders, closed', () => {
    const outline = [
      [1, 1],
      [2, 1],
      [2, 2],
    ];
    const drawn = withCells(unwashed(style), [{ outline, colour: '#123' }], '#000');
    expect(drawn.layers.map(({ id }) => id)).toEqual([
      'water',
      'unit-fill',
      'incident-cells',
      'incident-cell-lines',
      'unit-line',
    ]);
    expect(drawn.layers[1]).toMatchObject({ paint: { 'fill-opacity': 0 } });
    expect(JSON.stringify(drawn.sources['incident-cells'])).toContain('[[[1,1],[2,1],[2,2],[1,1]]]');
    expect(style.layers).toHaveLength(3);
  });
});

it('an export asks what the page shows', () => {
  const asked = { period: periodOf('month', '2026-10-01'), category: '04', date: null };
  expect(exportAddress('cells', asked, { resolution: 9 })).toBe(
    '/api/v1/incidents/analysis/export?what=cells&from=2026-10-01&to=2026-11-01&category=04&resolution=9',
  );
});

const scope = {
  from: '2026-10-01',
  to: '2026-11-01',
  date: '2026-11-22',
  unit: '',
  category: '',
  exact: false,
  step: 10,
  sample: 30,
  incidents: 200,
  enough: true,
};
const row = (unit: string, incidents: number | null, rate: number | null) => ({
  unit,
  name: `Village ${unit}`,
  level: 'village',
  parent: '',
  incidents,
  households: 500,
  rate: rate === null ? null : { value: rate, low: rate - 1, high: rate + 1 },
  rank: rate === null ? null : 1,
  median_days: null,
  exact: false,
});
const answers = {
  'GET /levels': { items: [{ code: 'village', rank: 20, title_zh: '村', title_en: 'Village', units: 2 }] },
  'GET /incident-categories': {
    items: [
      { code: '04', parent: '', title_zh: '街面秩序', title_en: 'Street order', hazard: false },
      { code: '0402', parent: '04', title_zh: '占道经营', title_en: 'Trade on the pavement', hazard: false },
    ],
  },
  'GET /incidents/analysis/units': {
    ...scope,
    level: 'village',
    elsewhere: null,
    items: [row('a', 80, 16), row('b', null, null)],
  },
  'GET /incidents/analysis/trend': {
    ...scope,
    by: 'week',
    median_days: null,
    items: [{ from: '2026-10-05', to: '2026-10-12', incidents: 40 }],
    categories: [
      { category: '04', title_zh: '街面秩序', title_en: 'Street order', incidents: 80, median_days: null },
    ],
  },
  'GET /incidents/analysis/matrix': {
    ...scope,
    hours: 4,
    enough: false,
    items: [{ weekday: 1, hour: 8, incidents: null }],
  },
  'GET /incidents/analysis/hotspots': {
    ...scope,
    enough: false,
    incidents: 20,
    resolution: 9,
    measure: 'rate',
    rings: 1,
    cells: 12,
    least_cells: 30,
    items: [],
  },
};

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

describe('the page', () => {
  it('says how numbers are rounded, what is hidden, and ranks nothing below the sample', async () => {
    serve(answers);
    show(<IncidentsPage />, '?lang=en', somebody(['map', 'count']));
    await screen.findByText(/rounded at random to multiples of 10 and off by 9 at most/);
    const hidden = (await screen.findByRole('button', { name: 'Village b' })).closest('tr');
    expect(hidden?.textContent).toBe('Village b––500––');
    expect(screen.getByText('Too few incidents')).toBeTruthy();
    expect(screen.queryByRole('button', { name: /Export/ })).toBeNull();
  });

  it('asks about the unit that was chosen, and about all again', async () => {
    const asked = serve(answers);
    show(<IncidentsPage />, '?lang=en');
    await userEvent.click(await screen.findByRole('button', { name: 'Village a' }));
    await waitFor(() =>
      expect(asked.some(({ what, query }) => what.endsWith('/matrix') && query.includes('unit=a'))).toBe(
        true,
      ),
    );
    expect(screen.getByRole('heading', { level: 2 }).textContent).toContain('Village a');
    await userEvent.click(screen.getByRole('button', { name: 'Show everywhere' }));
    expect(screen.getByRole('heading', { level: 2 }).textContent).toContain('Everywhere');
  });

  it('shows what a link says, and says in the address what is chosen', async () => {
    const asked = serve(answers);
    show(<IncidentsPage />, '?lang=en&unit=a&span=year&from=2024-01-01&shown=spots');
    await screen.findByText(/it takes 30 incidents/);
    await screen.findByRole('heading', { level: 2, name: /Village a/ });
    const spots = asked.filter(({ what }) => what.endsWith('/hotspots'));
    expect(spots.every(({ query }) => query.includes('from=2024-01-01&to=2025-01-01'))).toBe(true);
    await userEvent.click(screen.getByText('Month'));
    await userEvent.click(screen.getByRole('button', { name: 'Show everywhere' }));
    const query = new URLSearchParams(location.search);
    expect(Object.fromEntries(query)).toEqual({ lang: 'en', from: '2024-12-01', shown: 'spots' });
  });

  it('takes the period where the slider rests, also while the page is drawn anew', async () => {
    serve(answers);
    const { rerender } = show(<IncidentsPage />, '?lang=en&span=year&from=2024-01-01');
    const slider = await screen.findByRole('slider');
    const from = () => new URLSearchParams(location.search).get('from');
    const year = ended('year', new Date().toISOString().slice(0, 10)).findIndex(
      (one) => one.from === '2021-01-01',
    );
    fireEvent.change(slider, { target: { value: String(year) } });
    expect(from()).toBe('2024-01-01');
    for (let n = 0; n < 8; n++) {
      await pause(50);
      rerender(<IncidentsPage />);
    }
    expect(from()).toBe('2021-01-01');
  });

  it('forgets where the slider was going when something else is chosen meanwhile', async () => {
    serve(answers);
    show(<IncidentsPage />, '?lang=en&span=year&from=2024-01-01');
    fireEvent.change(await screen.findByRole('slider'), { target: { value: '0' } });
    fireEvent.click(screen.getByRole('button', { name: 'Previous' }));
    await pause(300);
    expect(new URLSearchParams(location.search).get('from')).toBe('2023-01-01');
  });

  it('shows no hot spots when there is too little, and says what it takes', async () => {
    serve(answers);
    show(<IncidentsPage />, '?lang=en');
    await userEvent.click(await screen.findByText('Hot spots'));
    await screen.findByText(/it takes 30 incidents \(there are 20\) and 30 cells \(there are 12\)/);
  });

  it('says what the server refuses', async () => {
    serve({
      ...answers,
      'GET /incidents/analysis/units': problem(422, 'analysis_coarse', 'Choose one whole week.'),
    });
    show(<IncidentsPage />, '?lang=en');
    const alerts = await screen.findAllByText(/choose one whole week, month, quarter or year/);
    expect(alerts.length).toBeGreaterThan(0);
  });

  it('offers small classes only to who may see places', async () => {
    serve(answers);
    show(<IncidentsPage />, '?lang=en', somebody(['map', 'count']));
    const choice = await screen.findByRole('combobox', { name: 'Category' });
    await userEvent.click(choice);
    await screen.findAllByText('Street order');
    expect(screen.queryByText(/Trade on the pavement/)).toBeNull();
  });
});
