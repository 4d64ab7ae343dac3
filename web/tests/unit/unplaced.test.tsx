import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { Banners } from '../../src/page/banners';
import { exportAddress } from '../../src/panel/data';
import { filterUnits } from '../../src/panel/units';
import UnplacedPanel from '../../src/panel/unplaced';
import { usePage } from '../../src/view/store';
import { problem, serve, show } from './page';

const household = (id: number, address: string) => ({
  id,
  source: 'ledger',
  source_id: `H${id}`,
  compound: '',
  building: '',
  stairwell: '',
  doorplate: '',
  address,
  kind: 'owner',
  occupied: null,
  ages: {},
  point: null,
  cell: '',
  placed_by: 'file',
  confidence: null,
  unit: '',
  closed_on: null,
  merged_into: null,
  updated_at: '',
});
const status = { version: '1', layers: {}, counts: {}, today: '2026-01-01', demo: false, town: null };

describe('unplaced households', () => {
  beforeEach(() => usePage.setState({ placing: null, map: null }));

  it('are read to the end, filtered here, and never by a URL', async () => {
    const pages = [
      { items: [household(1, 'River Court 1'), household(2, 'Hill Road 2')], next: 'b', total: 3 },
      { items: [household(3, 'River Court 3')], total: 3 },
    ];
    const asked = serve({
      'GET /households': (request: Request) =>
        pages[new URL(request.url).searchParams.get('cursor') === 'b' ? 1 : 0],
    });
    show(<UnplacedPanel />);
    await screen.findByText('River Court 3');
    await userEvent.type(screen.getByLabelText('Filter by address'), 'court river');
    await waitFor(() => expect(screen.queryByText('Hill Road 2')).toBeNull());
    expect(screen.getByText('River Court 1')).toBeTruthy();
    for (const one of asked) expect(one.query).not.toContain('ourt');
  });

  it('wait for the map once chosen, with the likely place offered and taken', async () => {
    const asked = serve({
      'GET /status': status,
      'GET /households': { items: [household(1, 'River Court 1')], total: 1 },
      'GET /households/1/suggestion': { point: [121, 31], confidence: 0.8 },
      'POST /households/1/actions': { ...household(1, 'River Court 1'), point: [121, 31], unit: '0101' },
    });
    show(
      <>
        <Banners />
        <UnplacedPanel />
      </>,
    );
    await userEvent.click(await screen.findByRole('button', { name: 'Place' }));
    await screen.findByText('Place “River Court 1”');
    await userEvent.click(await screen.findByRole('button', { name: 'Take the likely place (80%)' }));
    await waitFor(() =>
      expect(asked.find((one) => one.what === 'POST /households/1/actions')?.body).toEqual({
        do: 'place',
        point: [121, 31],
      }),
    );
    await waitFor(() => expect(usePage.getState().placing).toBeNull());
  });

  it('keep waiting when placing is refused, and Escape gives up', async () => {
    serve({
      'GET /status': status,
      'GET /households': { items: [household(1, 'River Court 1')], total: 1 },
      'GET /households/1/suggestion': { point: [121, 31], confidence: 0.5 },
      'POST /households/1/actions': problem(422, 'far_outside', 'The place is far outside.'),
    });
    show(
      <>
        <Banners />
        <UnplacedPanel />
      </>,
    );
    await userEvent.click(await screen.findByRole('button', { name: 'Place' }));
    await userEvent.click(await screen.findByRole('button', { name: /likely place/ }));
    await screen.findByText(/The place is far outside/);
    expect(usePage.getState().placing?.household.id).toBe(1);
    (document.activeElement as HTMLElement).blur();
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(usePage.getState().placing).toBeNull());
  });

  it('are none when all have their place', async () => {
    serve({ 'GET /households': { items: [], total: 0 } });
    show(<UnplacedPanel />);
    await screen.findByText('Every household has its place');
    expect(screen.queryByRole('button', { name: 'Match all by doorplate' })).toBeNull();
  });
});

describe('banners', () => {
  it('say when the server does not answer', async () => {
    serve({
      'GET /status': () => {
        throw new TypeError('Failed to fetch');
      },
    });
    show(<Banners />);
    await screen.findByText('The server does not answer; trying again');
  });

  it('say nothing when all is well', async () => {
    serve({ 'GET /status': status });
    const { container } = show(<Banners />);
    await new Promise((rest) => setTimeout(rest, 100));
    expect(container.querySelectorAll('[role=alert]').length).toBeLessThanOrEqual(
      window.isSecureContext ? 0 : 1,
    );
  });
});

describe('exports and lists', () => {
  it('name kind, level and day', () => {
    expect(exportAddress('units', 'geojson', 'village', '2025-01-01')).toBe(
      '/api/v1/exports/units?format=geojson&level=village&at=2025-01-01',
    );
    expect(exportAddress('households', 'csv', null, null)).toBe('/api/v1/exports/households?format=csv');
  });

  it('filter units by name, code and state', () => {
    const unit = (code: string, name: string, state: string) =>
      ({ code, name, state }) as Parameters<typeof filterUnits>[0][number];
    const units = [unit('01', 'North', 'complete'), unit('02', 'South', 'incomplete')];
    expect(filterUnits(units, 'north', null)).toHaveLength(1);
    expect(filterUnits(units, '0', 'incomplete').map((one) => one.code)).toEqual(['02']);
    expect(filterUnits(units, 'x', null)).toEqual([]);
  });
});
