import { describe, expect, it } from 'vitest';
import type { FaultFeature, Refusal } from '../../src/api/types';
import { isInForce } from '../../src/card/card';
import { groupOffers } from '../../src/card/item-card';
import { area, away, count, day, elapsed, fileSize, length, moment } from '../../src/common/format';
import { isTyping, matches } from '../../src/common/keys';
import { type Column, nextOrder, type Order, sortRows } from '../../src/common/table';
import { commonRepairs, filterFaults, within } from '../../src/drafts/faults';
import { cleanMapping, missingFields } from '../../src/imports/fields';
import { isTallied, refusalsCSV } from '../../src/imports/report';
import { looksLike, whyOf } from '../../src/imports/wizard';
import { share } from '../../src/jobs/progress';
import { endedJobs } from '../../src/jobs/watch';

describe('figures', () => {
  it('tell nothing from zero', () => {
    expect(count(null, 'en')).toBe('–');
    expect(count(0, 'en')).toBe('0');
    expect(count(12345, 'zh')).toBe('12,345');
  });

  it('choose a unit that can be read', () => {
    expect(area(0, 'en')).toBe('0 m²');
    expect(area(0.003, 'en')).toBe('< 0.01 m²');
    expect(area(3.456, 'en')).toBe('3.46 m²');
    expect(area(456_789, 'en')).toBe('45.7 ha');
    expect(area(456_789, 'zh')).toBe('45.7 公顷');
    expect(area(4_567_890, 'zh')).toBe('4.57 km²');
    expect(length(0.02, 'en')).toBe('0.02 m');
    expect(length(12.34, 'en')).toBe('12 m');
    expect([away(1.07, 'zh'), away(0.2, 'en'), away(1234, 'en')]).toEqual(['1 m', '0 m', '1.2 km']);
    expect(fileSize(0, 'en')).toBe('0 B');
    expect(fileSize(1536, 'en')).toBe('1.5 KB');
    expect(elapsed(7.9)).toBe('0:07');
    expect(elapsed(3725)).toBe('1:02:05');
    expect(elapsed(-3)).toBe('0:00');
    expect(moment('nonsense', 'en')).toBe('nonsense');
    expect(moment(null, 'en')).toBe('–');
    expect([day('2026-11-23', 'zh'), day('2026-11-23', 'en')]).toEqual(['2026年11月23日', '23 Nov 2026']);
    expect([day(null, 'en'), day('nonsense', 'en')]).toEqual(['–', 'nonsense']);
  });
});

describe('refused rows as CSV', () => {
  const row: Refusal = {
    line: 17,
    column: '经度',
    field: 'lon',
    value: '=HYPERLINK("x")',
    reason_code: 'not_a_number',
    reason: 'The coordinate is not a number.',
    reason_zh: '坐标不是数字。',
  };
  const header = ['line', 'column', 'value', 'code', 'reason'];

  it('open in Excel: byte order mark, quotes, no formula', () => {
    const text = refusalsCSV([row], header, 'zh');
    expect(text.startsWith('\ufeffline,column')).toBe(true);
    expect(text).toContain(`17,经度,"'=HYPERLINK(""x"")",not_a_number,坐标不是数字。\r\n`);
  });

  it('keep negative numbers as they are, and use our field where the file had no column', () => {
    const text = refusalsCSV([{ ...row, column: '', value: '-121.5' }], header, 'en');
    expect(text).toContain('17,lon,-121.5,');
    expect(text).toContain('The coordinate is not a number.');
  });

  it('belong to a table only', () => {
    expect(isTallied({ rows: 1, refused: 0 })).toBe(true);
    expect(isTallied({ rows: 1, added: 1 })).toBe(true);
    expect(isTallied({ format: 'GeoJSON', features: 3 })).toBe(false);
    expect(isTallied(null)).toBe(false);
  });
});

describe('the mapping of columns', () => {
  it('names what is missing, and leaves ledgers to the server', () => {
    expect(missingFields('boundaries', {})).toEqual(['code', 'name']);
    expect(missingFields('boundaries', { code: '' })).toEqual(['code', 'name']);
    expect(missingFields('boundaries', { name: 'Name' })).toEqual([]);
    expect(missingFields('households', {})).toEqual([]);
    expect(missingFields('osm', {})).toEqual([]);
  });

  it('forgets columns that the file does not have', () => {
    expect(cleanMapping({ code: 'areaCode', name: 'gone', parent: '' }, ['areaCode'])).toEqual({
      code: 'areaCode',
    });
  });
});

describe('what the guard says', () => {
  const errors = [
    { pointer: '/crs', code: 'looks_like', detail: 'GCJ-02' },
    { pointer: '/crs', code: 'why_zh', detail: '道路相差 480 米' },
  ];
  it('is read in the language of the page', () => {
    expect(whyOf({ detail: 'Streets are 480 m off.', errors }, 'zh')).toBe('道路相差 480 米');
    expect(whyOf({ detail: 'Streets are 480 m off.', errors }, 'en')).toBe('Streets are 480 m off.');
    expect(whyOf({ detail: 'only English', errors: [] }, 'zh')).toBe('only English');
  });
  it('names the likely system in either form, or none', () => {
    expect(looksLike({ errors })).toBe('GCJ-02');
    expect(
      looksLike({ errors: [{ pointer: '/crs', code: 'crs_mismatch', detail: 'looks like BD-09' }] }),
    ).toBe('BD-09');
    expect(looksLike({ errors: [] })).toBe('');
  });
});

const fault = (id: string, kind: string, size: number, repairs: string[], hard = true): FaultFeature => ({
  type: 'Feature',
  geometry: null,
  properties: {
    id,
    kind,
    hard,
    codes: [],
    parent: '',
    place: '',
    detail: '',
    area: size,
    width: size / 10,
    neighbour: '',
    repairs,
  },
});

describe('the list of faults', () => {
  const list = [
    fault('c', 'duplicate_name', 0, ['accept'], false),
    fault('a', 'gap', 3, ['fill', 'exclude']),
    fault('b', 'gap', 300, ['exclude', 'fill']),
    fault('d', 'gap', 5, ['fill', 'exclude']),
  ];

  it('shows hard ones first, then the largest', () => {
    expect(filterFaults(list, null).map((f) => f.properties.id)).toEqual(['b', 'd', 'a', 'c']);
    expect(filterFaults(list, 'duplicate_name')).toHaveLength(1);
    expect(filterFaults(list, 'overlap')).toEqual([]);
  });

  it('mends together only what is small enough and offers the repair', () => {
    const hit = within(list, 'gap', 'fill', { area: 50, width: null });
    expect(hit.map((f) => f.properties.id)).toEqual(['a', 'd']);
    expect(within(list, 'gap', 'cut', { area: null, width: null })).toEqual([]);
    expect(within(list, 'gap', 'fill', { area: null, width: 0.4 }).map((f) => f.properties.id)).toEqual([
      'a',
    ]);
  });

  it('offers first what most faults recommend, and nothing that needs a code each', () => {
    expect(commonRepairs(list, 'gap')).toEqual(['fill', 'exclude']);
    expect(commonRepairs([fault('x', 'taken_code', 0, ['rename', 'drop'])], 'taken_code')).toEqual(['drop']);
  });
});

describe('jobs', () => {
  it('have no share while their end is not known', () => {
    expect(share({ done: 5, total: 0 })).toBeNull();
    expect(share({ done: 1, total: 3 })).toBe(33);
    expect(share({ done: 9, total: 3 })).toBe(100);
  });

  it('are told of once, when they end, and not when they were never seen', () => {
    const job = (id: number, state: 'running' | 'done') =>
      ({ id, state }) as Parameters<typeof endedJobs>[1][number];
    const before = new Map([
      [1, 'running'],
      [2, 'done'],
      [3, 'waiting'],
    ]);
    const ended = endedJobs(before, [job(1, 'done'), job(2, 'done'), job(3, 'running'), job(4, 'done')]);
    expect(ended.map((one) => one.id)).toEqual([1]);
  });
});

describe('keys', () => {
  const press = (key: string, target: Element, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, ...more });
    Object.defineProperty(event, 'target', { value: target });
    return event;
  };
  const input = document.createElement('input');
  const body = document.body;

  it('do nothing alone in a text field or while composing', () => {
    const slash = { key: '/', run: () => {} };
    expect(matches(press('/', body), slash)).toBe(true);
    expect(matches(press('/', input), slash)).toBe(false);
    expect(matches(press('/', body, { isComposing: true }), slash)).toBe(false);
    expect(matches(press('/', body, { ctrlKey: true }), slash)).toBe(false);
    expect(isTyping(press('Process', body))).toBe(true);
  });

  it('with Ctrl work everywhere but while composing', () => {
    const find = { key: 'k', ctrl: true, run: () => {} };
    expect(matches(press('k', input, { ctrlKey: true }), find)).toBe(true);
    expect(matches(press('K', body, { metaKey: true }), find)).toBe(true);
    expect(matches(press('k', body), find)).toBe(false);
    expect(matches(press('k', input, { ctrlKey: true, isComposing: true }), find)).toBe(false);
  });

  it('tell Shift apart where it is said', () => {
    const undo = { key: 'z', ctrl: true, shift: false, run: () => {} };
    const redo = { key: 'z', ctrl: true, shift: true, run: () => {} };
    const plain = press('z', body, { ctrlKey: true });
    const shifted = press('Z', body, { ctrlKey: true, shiftKey: true });
    expect([undo, redo].map((one) => matches(plain, one))).toEqual([true, false]);
    expect([undo, redo].map((one) => matches(shifted, one))).toEqual([false, true]);
    expect(matches(press('?', body, { shiftKey: true }), { key: '?', run: () => {} })).toBe(true);
  });

  it('on a radio button still count as shortcuts', () => {
    const radio = document.createElement('input');
    radio.type = 'radio';
    expect(isTyping(press('u', radio))).toBe(false);
  });
});

describe('what a service point offers', () => {
  it('says once what several functions have in common', () => {
    const offer = (code: string, hours: string) => ({ function: code, hours, sessions: '', items: ['x'] });
    const groups = groupOffers([offer('a', 'Mo'), offer('b', 'Tu'), offer('c', 'Mo')]);
    expect(groups.map((group) => group.functions)).toEqual([['a', 'c'], ['b']]);
    expect(groupOffers([])).toEqual([]);
  });
});

describe('a table', () => {
  const columns: Column<{ n: number; s: string }>[] = [
    { key: 'n', title: 'n', cell: () => null, compare: (a, b) => a.n - b.n },
    { key: 's', title: 's', cell: () => null },
  ];
  const rows = [
    { n: 2, s: 'a' },
    { n: 1, s: 'b' },
    { n: 2, s: 'c' },
  ];
  const names = (order: Order) => sortRows(rows, columns, order).map((row) => row.s);

  it('sorts up, down, and back to how it came; equal rows stay in order', () => {
    expect(names(null)).toEqual(['a', 'b', 'c']);
    expect(names({ key: 'n', down: false })).toEqual(['b', 'a', 'c']);
    expect(names({ key: 'n', down: true })).toEqual(['a', 'c', 'b']);
    expect(names({ key: 's', down: true })).toEqual(['a', 'b', 'c']); // does not sort
  });

  it('turns with each press on the same heading', () => {
    expect(nextOrder(null, 'n')).toEqual({ key: 'n', down: false });
    expect(nextOrder({ key: 'n', down: false }, 'n')).toEqual({ key: 'n', down: true });
    expect(nextOrder({ key: 'n', down: true }, 'n')).toBeNull();
    expect(nextOrder({ key: 'n', down: true }, 's')).toEqual({ key: 's', down: false });
  });
});

describe('a version of a boundary', () => {
  const old = { valid_from: '2024-01-01', valid_to: '2025-01-01' };
  const now = { valid_from: '2025-01-01', valid_to: null };
  it('ends the day before the next begins', () => {
    expect(isInForce(old, '2024-12-31')).toBe(true);
    expect(isInForce(old, '2025-01-01')).toBe(false);
    expect(isInForce(now, '2025-01-01')).toBe(true);
    expect(isInForce(now, '2024-12-31')).toBe(false);
    expect(isInForce(now, null)).toBe(true);
    expect(isInForce(old, null)).toBe(false);
  });
});
