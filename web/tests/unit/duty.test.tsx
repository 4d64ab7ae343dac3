import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
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
      expect(draw(plain, palettes.dark).layers.map((layer) => layer.id)).toEqual([
        'land',
        'unit-fill',
        id,
        'unit-line',
      ]);
  });

  it('names each missed checkpoint, in the order of its beat', () => {
    const missed = (beat: number, ordinal: number) => ({
      beat,
      beat_name: `B${beat}`,
      ordinal,
      checkpoint: ordinal,
      checkpoint_name: `C${ordinal}`,
    });
    expect(byBeat([missed(1, 2), missed(2, 1), missed(1, 1)])).toMatchObject([
      { name: 'B1', stops: [{ checkpoint_name: 'C1' }, { checkpoint_name: 'C2' }] },
      { name: 'B2', stops: [{ checkpoint_name: 'C1' }] },
    ]);
  });
});

describe('the duty room', () => {
  const answers = {
    'GET /incident-tallies': { items: [{ state: 'reported', count: 4, overdue: 2 }] },
    'GET /incidents': { items: [], total: 0 },
    'GET /incident-categories': { items: [] },
    'GET /staffing': { kinds: [{ kind: 'worker', title_zh: '网格员', title_en: 'Grid worker' }] },
    'GET /missed-checkpoints': {
      items: [
        { beat: 1, beat_name: 'Evening round', ordinal: 1, checkpoint: 9, checkpoint_name: 'School gate' },
      ],
    },
    'GET /blocks': { items: [] },
    'GET /visits/standing': { items: [] },
    'GET /premises': problem(500, 'internal', 'It broke'),
  };
  const event = (name: string, data: object) => ({
    kind: 'event',
    at: Date.now(),
    event: { id: '1', name, data: JSON.stringify(data) },
  });

  it('says who is on duty, what is late and what fails, and when it is not live', async () => {
    serve(answers);
    const session = somebody();
    show(<DutyPage />, '', { ...session, permissions: [...session.permissions, 'supervise'] as never });
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
    expect(
      await within(screen.getByRole('region', { name: /Premises/ })).findByText(/internal/),
    ).toBeTruthy();

    told.hear({ kind: 'status', status: { state: 'reconnecting', since: Date.now(), attempt: 3 } });
    expect(await screen.findByText(/attempt 3 to reconnect/)).toBeTruthy();
    expect(screen.getByText(/may be out of date/)).toBeTruthy();
    screen.getByRole('button', { name: 'Reconnect now' }).click();
    expect(told.asked).toContain('again');
  });

  it('does not show who is on duty to whose posts do not say so', async () => {
    serve(answers);
    show(<DutyPage />, '', somebody(['map', 'place']));
    expect(await screen.findByText(/do not show who is on duty/)).toBeTruthy();
  });
});
