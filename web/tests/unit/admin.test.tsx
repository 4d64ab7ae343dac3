import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { stateOf } from '../../src/admin/absences';
import { detailText, given } from '../../src/admin/audit';
import { isOpen } from '../../src/admin/break-glass';
import { byUrgency, daysLeft, type ResidentRequest } from '../../src/admin/clock';
import { today } from '../../src/admin/common';
import { brokenIn, type Holder, type KindOfPost, onDuty, type Post } from '../../src/admin/duties';
import { holdsDuty } from '../../src/admin/posts-of';
import PublicServicePage from '../../src/admin/public-service';
import { areaOf, reachOf } from '../../src/admin/scope';
import { sectionsFor } from '../../src/admin/sections';
import { marked, tinted } from '../../src/admin/unit-map';
import { classOf } from '../../src/admin/vacancy-map';
import EnquiryPage from '../../src/enquiry/page';
import { adminWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { palettes } from '../../src/theme/palette';
import { problem, serve, show } from './page';

const holder = (login: string, away = false): Holder => ({
  account: 1,
  login,
  name: '',
  valid_from: '2026-01-01',
  valid_to: null,
  away,
  away_until: null,
});
const post = (change: Partial<Post>) =>
  ({ id: 1, kind: 'worker', unit: '01', unit_name: 'One', a: null, b: null, ...change }) as Post;

describe('the clock of a request', () => {
  it('counts days, not hours, also past the end of a month', () => {
    expect(daysLeft('2026-12-02', '2026-11-30')).toBe(2);
    expect(daysLeft('2026-11-30', '2026-11-30')).toBe(0);
    expect(daysLeft('2026-11-29', '2026-11-30')).toBe(-1);
  });

  it('puts the longest overdue first and what is done last', () => {
    const request = (id: number, due_on: string, state = 'received') =>
      ({ id, due_on, state }) as ResidentRequest;
    const list = [
      request(1, '2026-12-03'),
      request(2, '2026-01-01', 'done'),
      request(3, '2026-11-01'),
      request(4, '2026-11-01'),
      request(5, '2026-01-02', 'done'),
    ];
    expect(list.sort(byUrgency).map((one) => one.id)).toEqual([3, 4, 1, 5, 2]);
  });

  it('takes the day from China, wherever the reader is', () => {
    expect(today(new Date('2026-11-22T15:59:00Z'))).toBe('2026-11-22');
    expect(today(new Date('2026-11-22T16:00:00Z'))).toBe('2026-11-23');
  });
});

describe('duty', () => {
  it.each([
    ['A is there', post({ a: holder('an'), b: holder('bo') }), 'A'],
    ['A is away', post({ a: holder('an', true), b: holder('bo') }), 'B'],
    ['there is no A', post({ b: holder('bo') }), 'B'],
    ['both are away', post({ a: holder('an', true), b: holder('bo', true) }), null],
    ['nobody holds it', post({}), null],
  ])('%s', (_, given, want) => {
    expect(onDuty(given)).toBe(want);
  });

  it('is not a deputy’s while A is there', () => {
    const one = post({ a: holder('an'), b: holder('bo') });
    expect(holdsDuty(one, 'an')).toBe(true);
    expect(holdsDuty(one, 'bo')).toBe(false);
  });

  it('counts what is broken in a unit and below', () => {
    expect(brokenIn({ own: { vacant: 1 }, below: { missing: 2, excess: 3 } })).toBe(6);
    expect(brokenIn({ own: {}, below: {} })).toBe(0);
  });
});

describe('scope', () => {
  const kinds = [
    { kind: 'worker', may: ['map', 'place'] },
    { kind: 'analyst', may: ['count', 'map'] },
  ] as KindOfPost[];

  it('says for every permission which posts give it, and leaves out the others', () => {
    const reach = reachOf([post({}), post({ id: 2, kind: 'analyst', unit: '' })], kinds);
    expect(reach.map((one) => [one.permission, one.posts.map((giving) => giving.id)])).toEqual([
      ['map', [1, 2]],
      ['count', [2]],
      ['place', [1]],
    ]);
    expect(reachOf([post({ kind: 'unheard-of' as Post['kind'] })], kinds)).toEqual([]);
  });

  it('is everywhere with a post for everywhere, and nowhere without any', () => {
    expect(areaOf([{ unit: '01' }, { unit: '02' }, { unit: '01' }])).toEqual(['01', '02']);
    expect(areaOf([{ unit: '01' }, { unit: '' }])).toBeNull();
    expect(areaOf([])).toEqual([]);
  });

  it('opens no page without its permission', () => {
    expect(sectionsFor(() => false)).toEqual([]);
    expect(sectionsFor((permission) => permission === 'privacy')).toEqual(['register', 'requests']);
  });
});

describe('the map of the administration', () => {
  const plain = {
    version: 8,
    sources: {},
    layers: [{ id: 'unit-fill', type: 'fill', source: 'grid-village', paint: {} }],
  } as StyleSpecification;

  it('has classes without a gap', () => {
    expect([0, 1, 2, 3, 5, 6, 10, 11, 20, 21, 999].map(classOf)).toEqual([-1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('tints units of a class and leaves a style without any alone', () => {
    expect(tinted(plain, [{ units: [], colour: '#111' }])).toBe(plain);
    const [fill] = tinted(plain, [
      { units: [], colour: '#111' },
      { units: ['01'], colour: '#222' },
    ]).layers;
    expect(JSON.stringify(fill)).toContain('["01"],"#222"');
    expect(JSON.stringify(fill)).not.toContain('#111');
  });

  it('marks areas, or everything', () => {
    expect(marked(plain, [], palettes.light)).toBe(plain);
    expect(marked(plain, ['01'], palettes.light).layers).toHaveLength(3);
    expect(JSON.stringify(marked(plain, null, palettes.light).layers)).toContain(palettes.light.accent);
  });
});

describe('the log', () => {
  it('asks only for what was filled in', () => {
    expect(given({ actor: ' ', action: 'grant', subject: undefined })).toEqual({ action: 'grant' });
  });

  it('writes details flat', () => {
    expect(detailText({ rank: 'A', account: 3, units: ['x'] })).toBe('rank=A account=3 units=["x"]');
    expect(detailText(null)).toBe('');
  });

  it('knows whether an access or an absence still holds', () => {
    const now = Date.parse('2026-11-22T08:00:00Z');
    expect(isOpen({ ends_at: '2026-11-22T09:00:00Z' }, now)).toBe(true);
    expect(isOpen({ ends_at: '2026-11-22T09:00:00Z', ended_by: 'account:2' }, now)).toBe(false);
    expect(isOpen({ ends_at: '2026-11-22T08:00:00Z' }, now)).toBe(false);
    expect(stateOf({ from: '2026-11-22T09:00:00Z', to: null }, now)).toBe('coming');
    expect(stateOf({ from: '2026-11-22T07:00:00Z', to: null }, now)).toBe('now');
    expect(stateOf({ from: '2026-11-21T07:00:00Z', to: '2026-11-22T08:00:00Z' }, now)).toBe('over');
  });
});

describe('what is public', () => {
  const off = { service: false, map: false, review_number: '' };

  it('says why the map cannot be opened', async () => {
    const asked = serve({
      'GET /public/settings': off,
      'PUT /public/settings': problem(409, 'review_number_missing', 'A public map needs its review number.'),
      'GET /levels': { items: [] },
    });
    await withWords(adminWords);
    show(<PublicServicePage />);
    await userEvent.click(await screen.findByRole('switch', { name: 'Public map' }));
    await screen.findByText('A public map needs its review number first');
    expect(asked.find((one) => one.what === 'PUT /public/settings')?.body).toMatchObject({ map: true });
  });

  it('says that it is closed, and asks nothing', async () => {
    serve({ 'GET /public/settings': off });
    show(<EnquiryPage />);
    await screen.findByText('The public enquiry is not open');
    expect(screen.queryByRole('textbox')).toBeNull();
  });

  it('answers an address, and keeps it out of the address of the request', async () => {
    const asked = serve({
      'GET /public/settings': { ...off, service: true },
      'POST /public/serves': {
        found: 'Willow Road',
        units: [
          {
            code: '01',
            name: 'Willow',
            level: 'village',
            level_zh: '村',
            level_en: 'Village',
            parents: [{ code: '0', name: 'Town' }],
            post_zh: '网格长',
            post_en: 'Grid leader',
            office: null,
          },
        ],
        nearest: [],
      },
    });
    show(<EnquiryPage />);
    await userEvent.type(await screen.findByRole('textbox', { name: 'Address' }), 'Willow Road{Enter}');
    await screen.findByRole('heading', { name: 'Willow' });
    expect(screen.getByText('not registered')).toBeDefined();
    await waitFor(() => expect(asked.at(-1)?.body).toEqual({ address: 'Willow Road' }));
    expect(asked.map((one) => one.query).join('')).not.toContain('Willow');
  });
});
