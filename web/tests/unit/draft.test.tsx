import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import DraftPanel from '../../src/drafts/draft';
import { problem, serve, show } from './page';

const plan = (hard: number, more: object = {}) => ({
  id: 7,
  name: 'Grids 2026',
  preset: 'urban',
  level: 'grid',
  state: 'draft',
  revision: 1,
  effective_on: null,
  created_at: '2026-01-01T00:00:00Z',
  published_at: null,
  upload_id: 1,
  units: 2,
  faults: { hard, soft: 0, by_kind: { gap: hard } },
  repairs: 0,
  bbox: [121, 31, 122, 32],
  ...more,
});
const gap = (id: string) => ({
  type: 'Feature',
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [121, 31],
        [121.001, 31],
        [121.001, 31.001],
        [121, 31],
      ],
    ],
  },
  properties: {
    id,
    kind: 'gap',
    hard: true,
    codes: ['01', '02'],
    parent: '0',
    place: '',
    detail: '',
    area: 12,
    width: 2,
    neighbour: '01',
    repairs: ['fill', 'exclude'],
  },
});
const faults = (...ids: string[]) => ({ type: 'FeatureCollection', features: ids.map(gap) });
const common = { 'GET /levels': { items: [] }, 'GET /status': { today: '2026-01-05', layers: {} } };

describe('a draft', () => {
  it('cannot be published while it has hard faults', async () => {
    serve({ ...common, 'GET /plans/7': plan(1), 'GET /plans/7/faults': faults('g1') });
    show(<DraftPanel id={7} />);
    await screen.findByText('1 faults must be mended before it can be published.');
    expect((screen.getByRole('button', { name: 'Publish' }) as HTMLButtonElement).disabled).toBe(true);
  });

  it('is mended by the offered repair, with the revision that was seen, and then published', async () => {
    let mended = false;
    let published = false;
    const asked = serve({
      ...common,
      'GET /plans/7': () =>
        plan(mended ? 0 : 1, { revision: mended ? 2 : 1, state: published ? 'published' : 'draft' }),
      'GET /plans/7/faults': () => faults(...(mended ? [] : ['g1'])),
      'POST /plans/7/repairs': () => {
        mended = true;
        return plan(0, { revision: 2, repairs: 1 });
      },
      'POST /plans/7/publish': () => {
        published = true;
        return plan(0, { revision: 3, state: 'published', effective_on: '2026-01-05' });
      },
    });
    show(<DraftPanel id={7} />);
    await userEvent.click(await screen.findByRole('button', { name: 'Fill into neighbour' }));
    await screen.findByText('No faults found. It can be published.');
    await userEvent.click(screen.getByRole('button', { name: 'Publish' }));
    await screen.findByText(
      'The new grids are on the map. A published plan never changes; a new draft follows it.',
    );
    const posts = asked.filter((one) => one.what.startsWith('POST'));
    expect(posts.map((one) => one.body)).toEqual([
      { revision: 1, fault_id: 'g1', repair: 'fill' },
      { revision: 2, effective_on: '2026-01-05' },
    ]);
  });

  it('does not accept a gap without a reason', async () => {
    const asked = serve({
      ...common,
      'GET /plans/7': plan(1),
      'GET /plans/7/faults': faults('g1'),
      'POST /plans/7/repairs': plan(0, { revision: 2 }),
    });
    show(<DraftPanel id={7} />);
    await userEvent.click(await screen.findByRole('button', { name: 'Accept as excluded area' }));
    const dialog = await screen.findByRole('dialog');
    const repair = within(dialog).getByRole('button', { name: 'Repair' }) as HTMLButtonElement;
    expect(repair.disabled).toBe(true);
    await userEvent.type(within(dialog).getByLabelText('Why it is accepted'), '  a lake ');
    expect(repair.disabled).toBe(false);
    await userEvent.click(repair);
    await waitFor(() =>
      expect(asked.find((one) => one.what.startsWith('POST'))?.body).toEqual({
        revision: 1,
        fault_id: 'g1',
        repair: 'exclude',
        reason: 'a lake',
      }),
    );
  });

  it('mends all small ones of a kind at once', async () => {
    const asked = serve({
      ...common,
      'GET /plans/7': plan(2),
      'GET /plans/7/faults': faults('g1', 'g2'),
      'POST /plans/7/repairs': plan(0, { revision: 2 }),
    });
    show(<DraftPanel id={7} />);
    await userEvent.click(await screen.findByRole('button', { name: /^Gap/ }));
    await userEvent.click(await screen.findByRole('button', { name: 'Mend 2 (24 m²)' }));
    await waitFor(() =>
      expect(asked.find((one) => one.what.startsWith('POST'))?.body).toEqual({
        revision: 1,
        kind: 'gap',
        repair: 'fill',
        max_area: 50,
      }),
    );
  });

  it('says when another plan came first, and loads the draft again', async () => {
    const asked = serve({
      ...common,
      'GET /plans/7': plan(1),
      'GET /plans/7/faults': faults('g1'),
      'POST /plans/7/repairs': problem(409, 'plan_stale', 'Another plan was published.'),
    });
    show(<DraftPanel id={7} />);
    await userEvent.click(await screen.findByRole('button', { name: 'Fill into neighbour' }));
    await screen.findByText(/The draft changed, or another plan was published/);
    await waitFor(() => expect(asked.filter((one) => one.what === 'GET /plans/7').length).toBeGreaterThan(1));
  });
});
