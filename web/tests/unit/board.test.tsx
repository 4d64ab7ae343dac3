import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Acts } from '../../src/board/acts';
import { withPins } from '../../src/board/map';
import LedgerPage from '../../src/board/page';
import type { Steps } from '../../src/board/queries';
import { Rows, windowOf } from '../../src/board/rows';
import { untilDue } from '../../src/board/time';
import { asked, columnsOf, noFilter, readLedger, rereadLedger, writeLedger } from '../../src/board/view';
import { dutyWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { palettes } from '../../src/theme/palette';
import { problem, serve, show, somebody } from './page';

vi.mock('../../src/admin/unit-map', () => ({ default: () => null }));

vi.mock('../../src/live/share', () => ({ watch: () => ({ say: () => undefined, stop: () => undefined }) }));

const NOW = Date.parse('2026-11-22T08:00:00Z');

beforeEach(() => withWords(dutyWords));

describe('the address', () => {
  it.each([
    '',
    'view=map&state=dispatched&overdue=true&incident=7',
    'state=all&category=0102&mine=true&from=2026-11-01&to=2026-11-02',
  ])('keeps %s', (query) => {
    expect(writeLedger(readLedger(query))).toBe(query);
  });

  it('leaves out what it does not understand', () => {
    expect(writeLedger(readLedger('view=list&state=lost&overdue=1&from=2026-02-30'))).toBe('');
  });

  it('asks for whole days in China', () => {
    const query = asked({ ...noFilter, from: '2026-11-01', to: '2026-11-02' }, '310');
    expect(query).toMatchObject({ unit: '310', open: true, from: '2026-11-01T00:00:00+08:00' });
    expect(query.to).toBe('2026-11-02T16:00:00.000Z');
    expect(asked({ ...noFilter, state: 'closed' }, null)).toMatchObject({ state: 'closed', open: undefined });
    expect(asked({ ...noFilter, state: 'all' }, null)).toMatchObject({ state: undefined, open: undefined });
  });

  it('has a column for every state that is asked for', () => {
    expect(columnsOf(null)).not.toContain('closed');
    expect(columnsOf('all')).toContain('closed');
    expect(columnsOf('held')).toEqual(['held']);
  });
});

describe('the time left', () => {
  it.each([
    ['2026-11-22T08:30:00Z', { late: false, unit: 'minutes', n: 30 }],
    ['2026-11-22T11:30:00Z', { late: false, unit: 'hours', n: 3 }],
    ['2026-11-25T08:00:00Z', { late: false, unit: 'days', n: 3 }],
    ['2026-11-22T07:59:30Z', { late: true, unit: 'minutes', n: 1 }],
    ['2026-11-20T07:00:00Z', { late: true, unit: 'days', n: 2 }],
  ])('until %s is %o', (due, want) => {
    expect(untilDue(due, NOW)).toEqual(want);
  });
});

describe('a long list', () => {
  it('draws what is on the screen, wherever it is scrolled to', () => {
    expect(windowOf(10_000, 80, 0, 800)).toEqual({ from: 0, to: 14 });
    expect(windowOf(10_000, 80, 400_000, 800)).toEqual({ from: 4996, to: 5014 });
    expect(windowOf(3, 80, 0, 800)).toEqual({ from: 0, to: 3 });
    expect(windowOf(3, 80, 99_999, 800)).toEqual({ from: 3, to: 3 });
  });

  it('has few rows in the page, and the keys go through all of them', async () => {
    const items = Array.from({ length: 10_000 }, (_, i) => String(i));
    show(
      <Rows label="many" items={items} row={80} itemKey={(one) => one}>
        {(one, button) => (
          <button type="button" {...button}>
            {one}
          </button>
        )}
      </Rows>,
    );
    expect(screen.getAllByRole('listitem').length).toBeLessThan(40);
    const user = userEvent.setup();
    await user.tab();
    expect(document.activeElement?.textContent).toBe('0');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(document.activeElement?.textContent).toBe('2');
    await user.keyboard('{End}');
    expect(document.activeElement?.textContent).toBe('9999');
    expect(screen.getAllByRole('listitem').length).toBeLessThan(40);
  });
});

describe('pins', () => {
  it('say which are overdue, and leave out what has no place', () => {
    const one = { id: 'a', point: [121.5, 31.2], due_at: '2026-11-22T07:00:00Z', closed_at: null };
    const list = [one, { ...one, id: 'b', due_at: null }, { ...one, id: 'c', point: null }] as never;
    const style = withPins({ version: 8, sources: {}, layers: [] }, list, 'b', palettes.light, NOW);
    const { data } = style.sources.pins as unknown as { data: { features: { properties: object }[] } };
    expect(data.features.map((feature) => feature.properties)).toEqual([
      { id: 'a', kind: 'overdue', chosen: false },
      { id: 'b', kind: 'open', chosen: true },
    ]);
  });
});

const steps = (may: Steps['may'], acts = may): Steps => ({
  state: 'accepted',
  due_at: null,
  left: null as never,
  acts,
  may,
  items: [],
  posts: [],
});

describe('what can be done', () => {
  const answers = {
    'GET /incident-reasons': {
      items: [{ code: 'wrong-post', acts: ['return'], title_zh: '不', title_en: 'not a duty of this post' }],
    },
    'GET /incidents/7/choices': {
      items: [
        {
          post: 3,
          kind: 'worker',
          title_zh: '网格员',
          title_en: 'Grid worker',
          unit: '310',
          unit_name: 'North',
          present: true,
          backstop: false,
          holds: false,
          basis: 'asset',
          name: 'Lamp 7',
          metres: 4.2,
          steps: [],
        },
      ],
    },
  };

  it('is what one may do, and dispatching names the post and why', async () => {
    const asked = serve({ ...answers, 'POST /incidents/7/steps': { id: '7' } });
    show(<Acts incident="7" steps={steps(['dispatch', 'return'])} />);
    const user = userEvent.setup();
    expect(screen.queryByRole('button', { name: 'Close' })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Dispatch' }));
    await user.click(await screen.findByRole('combobox', { name: /To which post/ }));
    await user.click(await screen.findByText(/Lamp 7 \(4 m\)/));
    await user.click(screen.getByRole('button', { name: 'Confirm: Dispatch' }));
    await screen.findByText('Done: Dispatch');
    const sent = asked.find(({ what }) => what.startsWith('POST'))?.body;
    expect(sent).toMatchObject({ act: 'dispatch', from: 'accepted', post: 3 });
  });

  it('wants a reason, and says at the place what the server refuses', async () => {
    const asked = serve({
      ...answers,
      'POST /incidents/7/steps': problem(409, 'incident_stale', 'Somebody else has changed the incident'),
    });
    show(<Acts incident="7" steps={steps(['return'])} />);
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'Return' }));
    await user.click(screen.getByRole('button', { name: 'Confirm: Return' }));
    await screen.findByText('required');
    expect(asked.some(({ what }) => what.startsWith('POST'))).toBe(false);
    await user.click(screen.getByRole('combobox', { name: 'Reason' }));
    await user.click(await screen.findByText('not a duty of this post'));
    await user.click(screen.getByRole('button', { name: 'Confirm: Return' }));
    expect(await screen.findByText(/Somebody else has just done something/)).toBeTruthy();
  });

  it('tells who handled it that another verifies', () => {
    serve({});
    show(<Acts incident="7" steps={steps([], ['verify', 'reject'])} />);
    expect(screen.getByText(/another person does/)).toBeTruthy();
  });
});

describe('the ledger', () => {
  const incident = {
    id: 'a1',
    category: '0102',
    state: 'reported',
    unit: '310',
    unit_name: 'North',
    text: 'Bags at the corner',
    address: '',
    department: '',
    reported_at: '2026-11-22T07:00:00Z',
    due_at: '2020-01-01T00:00:00Z',
    closed_at: null,
    point: null,
    private: false,
  };

  it('shows each state with its number, and what is overdue', async () => {
    serve({
      'GET /incident-tallies': { items: [{ state: 'reported', count: 1, overdue: 1 }] },
      'GET /incidents': (request: Request) =>
        new URL(request.url).searchParams.get('state') === 'reported'
          ? { items: [incident], total: 1 }
          : { items: [], total: 0 },
      'GET /incident-categories': {
        items: [{ code: '0102', parent: '01', title_zh: '垃圾', title_en: 'Rubbish', hazard: false }],
      },
    });
    show(<LedgerPage />);
    rereadLedger();
    const column = await screen.findByRole('region', { name: 'reported, 1' });
    expect(await within(column).findByRole('button', { name: /Rubbish, North, .* overdue/ })).toBeTruthy();
    expect(within(column).getByText('1 overdue')).toBeTruthy();
    expect(screen.getByRole('region', { name: 'handled, 0' })).toBeTruthy();
  });

  it('says that nothing could be read, with the way to try again', async () => {
    serve({ 'GET /incident-tallies': problem(500, 'internal', 'It broke') });
    show(<LedgerPage />, '', somebody(['map', 'place']));
    expect((await screen.findAllByRole('alert')).length).toBeGreaterThan(0);
  });
});
