import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { Card } from '../../src/card/card';
import { problem, serve, show } from './page';

const levels = {
  items: [
    { code: 'town', rank: 20, title_zh: '乡镇', title_en: 'Town', post_zh: '', post_en: '', units: 1 },
    {
      code: 'micro-grid',
      rank: 70,
      title_zh: '微网格',
      title_en: 'Micro-grid',
      post_zh: '',
      post_en: '',
      units: 9,
    },
  ],
};
const chain = [
  { code: '31', name: 'Some Town', level: 'town' },
  { code: '31001', name: 'First micro-grid', level: 'micro-grid' },
];
const unit = {
  code: '31001',
  name: 'First micro-grid',
  level: 'micro-grid',
  preset: 'town-cluster',
  parent: '31',
  state: 'incomplete',
  area: 20_000,
  uncovered: 12.5,
  valid_from: '2025-01-01',
  valid_to: null,
  label: [121, 31],
  children: 0,
  households: 42,
  ancestors: chain,
  bbox: [121, 31, 121.1, 31.1],
  post_zh: '微网格长',
  post_en: 'Micro-grid leader',
  residents: { households: 42, occupied: 40, people: { age_0_2: 3, age_80: 5 } },
  incidents_open: 3,
  service_points: 1,
  versions: [{ valid_from: '2025-01-01', valid_to: null, name: 'First micro-grid', plan_id: 1 }],
};
const place = {
  place: [121.05, 31.05],
  cell: '8b309a5b5b1cfff',
  unit,
  ancestors: chain,
  households: 42,
  border: { code: '31002', name: 'Second micro-grid', distance: 4.2 },
  street: 'River Road',
};

describe('the card', () => {
  it('is not there when nothing is chosen', () => {
    serve({});
    const { container } = show(<Card />);
    expect(container.querySelector('.card')).toBeNull();
  });

  it('answers which grid a place is in, and who is above it', async () => {
    serve({ 'GET /places': place, 'GET /units/31001': unit, 'GET /levels': levels });
    show(<Card />, '?place=121.05,31.05');
    await screen.findByRole('heading', { name: 'First micro-grid' });
    expect(screen.getByText('Micro-grid leader')).toBeTruthy();
    expect(screen.getByText('42')).toBeTruthy();
    expect(screen.getByText('incomplete')).toBeTruthy();
    expect(screen.getByText('13 m²').closest('div')?.className).toContain('figure-warn');
    expect(screen.getByText('4.2 m from the border of Second micro-grid')).toBeTruthy();
    expect(screen.getByRole('button', { name: /Some Town/ })).toBeTruthy();
    expect(screen.getByRole('button', { name: /First micro-grid/ }).getAttribute('aria-current')).toBe(
      'true',
    );
  });

  it('says so when a place belongs to nobody', async () => {
    serve({ 'GET /places': { ...place, unit: null, ancestors: [], border: null }, 'GET /levels': levels });
    show(<Card />, '?place=1,2');
    await screen.findByRole('heading', { name: 'No grid' });
    expect(screen.queryByText('Responsible post')).toBeNull();
  });

  it('explains a unit that is not there, and tries again', async () => {
    let there = false;
    serve({
      'GET /units/31001': () =>
        there ? unit : problem(404, 'unit_unknown', 'No unit has this code on this date.'),
      'GET /levels': levels,
    });
    show(<Card />, '?unit=31001');
    await screen.findByText('No grid has this code on this date');
    expect(screen.getByText(/unit_unknown · HTTP 404/)).toBeTruthy();
    there = true;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByRole('heading', { name: 'First micro-grid' });
  });

  it('closes', async () => {
    serve({ 'GET /units/31001': unit, 'GET /levels': levels });
    const { container } = show(<Card />, '?unit=31001');
    await screen.findByRole('heading', { name: 'First micro-grid' });
    await userEvent.click(screen.getByRole('button', { name: 'Close details' }));
    await waitFor(() => expect(container.querySelector('.card')).toBeNull());
  });
});

describe('adding a household by hand', () => {
  it('wants an address or a doorplate, keeps no person, and sends the place', async () => {
    const asked = serve({
      'GET /places': place,
      'GET /units/31001': unit,
      'GET /levels': levels,
      'POST /households': { id: 9, unit: '31001' },
      'GET /households/9': {},
    });
    show(<Card />, '?place=121.05,31.05');
    await userEvent.click(await screen.findByRole('button', { name: 'Add household' }));
    const dialog = await screen.findByRole('dialog');
    const add = within(dialog).getByRole('button', { name: 'Add household' }) as HTMLButtonElement;
    expect(add.disabled).toBe(true);
    await userEvent.type(within(dialog).getByLabelText('Doorplate'), '12');
    await userEvent.click(add);
    await waitFor(() =>
      expect(asked.find((one) => one.what === 'POST /households')?.body).toMatchObject({
        doorplate: '12',
        kind: 'unknown',
        occupied: null,
        point: [121.05, 31.05],
      }),
    );
  });
});
