import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { piecesOf, placeAt, withCourse } from '../../src/duty/course';
import { endings } from '../../src/duty/coverage-chart';
import { byBeat } from '../../src/duty/late';
import DutyPage from '../../src/duty/page';
import { byUnit } from '../../src/duty/posts';
import { byCell, withDuty, withFreshCells, withFreshness } from '../../src/duty/style';
import { readDuty, rereadDuty, writeDuty } from '../../src/duty/view';
import { dutyWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { palettes } from '../../src/theme/palette';
import { problem, serve, show, somebody } from './page';

vi.mock('../../src/admin/unit-map', () => ({ default: () => null }));
const told = vi.hoisted(() => ({ hear: (_: unknown): void => undefined, asked: [] as string[] }));
vi.mock('../../src/live/share', () => ({
  watch: (_: number, hear: (said: unknown) => void) => {
    told.hear = hear;
    return {
      say: ({ kind }: { kind: string }) => told.asked.push(kind),
      stop: () => told.asked.push('stop'),
    };
  },
}));

const post = (n: number, unit: string, cell: string | null = null) => ({
  post: n,
  kind: 'worker',
  unit,
  on_duty: true,
  since: '2026-11-22T01:00:00Z',
  cell,
});
const CELL = '88309daca1fffff';

beforeEach(() => withWords(dutyWords));

describe('the address', () => {
  it.each(['', 'wall=true', 'wall=true&show=freshness_cells'])('keeps %s', (query) => {
    expect(writeDuty(readDuty(query))).toBe(query);
  });
  it('leaves out what it does not understand', () => {
    expect(writeDuty(readDuty('wall=1&show=everything'))).toBe('');
  });
});

describe('what is shown', () => {
  it('are posts by unit and by cell, those without a place in none', () => {
    const posts = [post(1, '2', CELL), post(2, '1'), post(3, '2', CELL)];
    expect(byUnit(posts).map(([unit, list]) => [unit, list.length])).toEqual([
      ['1', 1],
      ['2', 2],
    ]);
    expect([...byCell(posts)]).toEqual([[CELL, 2]]);
    const style = withDuty({ version: 8, sources: {}, layers: [] }, posts, palettes.light);
    const { data } = style.sources.duty as unknown as { data: { features: { properties: object }[] } };
    expect(data.features.map((one) => one.properties)).toEqual([{ n: '2' }]);
  });

  it('is freshness over the units, under their borders', () => {
    const layers = ['land', 'unit-fill', 'unit-line'].map((id) => ({ id, type: 'background' as const }));
    const plain = { version: 8 as const, sources: {}, layers };
    for (const [draw, id] of [
      [withFreshness, 'freshness'],
      [withFreshCells, 'freshness-cells'],
    ] as const)
      expect(draw(plain, palettes.dark, '1').layers.map((layer) => layer.id)).toEqual([
        'land',
        'unit-fill',
        id,
        'unit-line',
      ]);
  });

  it('names each missed checkpoint, in the order of its beat', () => {
    const missed = (beat: number, ordinal: number) => ({
      unit: '310',
      unit_name: '第一网格',
      beat,
      beat_name: `B${beat}`,
      ordinal,
      checkpoint: ordinal,
      checkpoint_name: `C${ordinal}`,
    });
    expect(byBeat([missed(1, 2), missed(2, 1), missed(1, 1)])).toMatchObject([
      { name: 'B1', unit: '第一网格', stops: [{ checkpoint_name: 'C1' }, { checkpoint_name: 'C2' }] },
      { name: 'B2', stops: [{ checkpoint_name: 'C1' }] },
    ]);
  });
});

describe('the course of a shift', () => {
  const fix = (second: number, lon: number, segment: number) => ({
    at: new Date(1_000_000 + second * 1000).toISOString(),
    place: [lon, 31],
    accuracy: null,
    segment,
  });
  const fixes = [fix(0, 1, 0), fix(10, 2, 0), fix(100, 3, 1), fix(110, 4, 1)];
  const at = (second: number) => 1_000_000 + second * 1000;

  it('is never joined over a gap, in which nobody knows where the officer was', () => {
    expect(piecesOf(fixes)).toEqual([
      [
        [1, 31],
        [2, 31],
      ],
      [
        [3, 31],
        [4, 31],
      ],
    ]);
    expect(piecesOf(fixes, at(50))).toHaveLength(1);
    expect(placeAt(fixes, at(5))).toEqual([1.5, 31]);
    expect(placeAt(fixes, at(50))).toBeNull();
    expect(placeAt(fixes, at(-1))).toBeNull();
    expect(placeAt(fixes, at(111))).toBeNull();
  });

  it('shows what was done where it was done, and nothing where no place is known', () => {
    const act = (second: number) => ({ what: 'visit' as const, at: fix(second, 0, 0).at, name: '' });
    const style = withCourse(
      { version: 8, sources: {}, layers: [] },
      { fixes, acts: [act(5), act(50)] },
      at(5),
      palettes.light,
    );
    const of = (name: string) =>
      (style.sources[name] as unknown as { data: { features: { geometry: { coordinates: unknown } }[] } })
        .data.features;
    expect(of('course-acts').map(({ geometry }) => geometry.coordinates)).toEqual([[1.5, 31]]);
    expect(of('course')).toHaveLength(2);
    expect(of('course-until')).toHaveLength(1);
  });
});

describe('the duty room', () => {
  const answers = {
    'GET /incident-tallies': { items: [{ state: 'reported', count: 4, overdue: 2 }] },
    'GET /incidents': { items: [], total: 0 },
    'GET /incident-categories': { items: [] },
    'GET /staffing': { kinds: [{ kind: 'worker', title_zh: '网格员', title_en: 'Grid worker' }] },
    'GET /patrols/late': {
      missed: [
        {
          unit: '310',
          beat: 1,
          beat_name: 'Evening round',
          ordinal: 1,
          checkpoint: 9,
          checkpoint_name: 'School gate',
        },
      ],
      visits: [
        {
          unit: '310',
          name: 'Grid 3',
          post: 7,
          kind: 'worker',
          cadence: 'elders',
          homes: 9,
          overdue: 4,
        },
      ],
    },
    'GET /cadences': { items: [{ code: 'elders', title_zh: '老人', title_en: 'Elders' }] },
    'GET /patrols/shifts': {
      items: [
        {
          no: 5,
          post: 7,
          kind: 'worker',
          unit: '310',
          transport: 'foot',
          members: 0,
          started_at: '2026-11-22T01:00:00Z',
          ended_at: null,
          spans: [],
          fixes: 3,
          incidents: 1,
          visits: 0,
          marks: 0,
          replays: 0,
        },
      ],
    },
    'GET /blocks': { items: [] },
    'GET /premises': problem(500, 'internal', 'It broke'),
  };
  const event = (name: string, data: object) => ({
    kind: 'event',
    at: Date.now(),
    event: { id: '1', name, data: JSON.stringify(data) },
  });

  it('says who is on duty, what is late and what fails, and when it is not live', async () => {
    serve(answers);
    show(<DutyPage />, '', somebody());
    rereadDuty();
    await screen.findByText(/Connecting/);
    told.hear({ kind: 'status', status: { state: 'live', since: Date.now() } });
    told.hear(event('duty', { whole: true, posts: [post(1, '310')] }));
    const onDuty = screen.getByRole('region', { name: 'On duty' });
    expect(await within(onDuty).findByText(/Grid worker/)).toBeTruthy();
    told.hear(
      event('incident', { id: 'x', state: 'reported', category: '0102', unit: '310', overdue: false }),
    );
    const news = screen.getByRole('region', { name: 'What happens' });
    expect(await within(news).findByText('New')).toBeTruthy();
    expect(await screen.findByText(/School gate/)).toBeTruthy();
    const visits = screen.getByRole('region', { name: 'Visits due' });
    expect(within(visits).getByText(/Grid 3/).textContent).toMatch(/Grid worker · Elders 4 of 9/);
    expect(
      await within(screen.getByRole('region', { name: /Premises/ })).findByText(/internal/),
    ).toBeTruthy();

    told.hear({ kind: 'status', status: { state: 'reconnecting', since: Date.now(), attempt: 3 } });
    expect(await screen.findByText(/attempt 3 to reconnect/)).toBeTruthy();
    expect(screen.getByText(/may be out of date/)).toBeTruthy();
    screen.getByRole('button', { name: 'Reconnect now' }).click();
    expect(told.asked).toContain('again');
  });

  it('wants a reason before a track is replayed, and says that its officer reads it', async () => {
    serve({
      ...answers,
      'POST /shifts/5/replay': { fixes: [], acts: [] },
    });
    show(<DutyPage />, '', somebody());
    const shifts = screen.getByRole('region', { name: 'Shifts' });
    (await within(shifts).findByRole('button', { name: /Replay the shift of Grid worker 310/ })).click();
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText(/officer reads who looked/)).toBeTruthy();
    within(dialog).getByRole('button', { name: 'Record the reason and replay' }).click();
    expect(await within(dialog).findByText('Choose a reason')).toBeTruthy();
    expect(within(dialog).queryByText(/no track to replay/)).toBeNull();
  });

  it('does not show who is on duty to whose posts do not say so', async () => {
    serve(answers);
    show(<DutyPage />, '', somebody(['map', 'place']));
    expect(await screen.findByText(/do not show who is on duty/)).toBeTruthy();
  });
});

it('labels units that begin alike by where they differ', () => {
  expect(endings(['听雨社区第一微网格第一楼组', '听雨社区第一微网格第二楼组'])).toEqual([
    '…第一楼组',
    '…第二楼组',
  ]);
  expect(endings(['张家浜村', '周家浜村'])).toEqual(['张家浜村', '周家浜村']);
  expect(endings(['听雨社区第一微网格'])).toEqual(['听雨社区第一微网格']);
});
