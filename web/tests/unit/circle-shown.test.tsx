import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { FIRST, paramsOf } from '../../src/circle/choice';
import { Legend } from '../../src/circle/legend';
import { ShownProvider, useShownState } from '../../src/circle/shown';
import { Searches } from '../../src/circle/siting/searches';
import UnitTable from '../../src/circle/table';
import type { Run, UnitRow } from '../../src/circle/types';
import Uncovered from '../../src/circle/uncovered';
import { rereadCircle } from '../../src/circle/view';
import { type Answers, serve, show } from './page';

const row = (unit: string, more: Partial<UnitRow> = {}): UnitRow => ({
  column: 0,
  unit,
  name: `Unit ${unit}`,
  level: 'village',
  households: 1000,
  people: 1000,
  covered: 450,
  covered_people: 450,
  share: 0.45,
  share_people: 0.45,
  p50: 9,
  p90: 22,
  mean: 11,
  worst_decile: 31,
  rounded: false,
  hidden: false,
  points: 2,
  hours_unknown: 0,
  unreachable: {},
  choices: null,
  overlap: null,
  catchment: null,
  enhanced: null,
  gravity: null,
  cumulative: null,
  ...more,
});

const hidden = (unit: string) =>
  row(unit, {
    households: 0,
    people: 0,
    covered: 0,
    share: null,
    share_people: null,
    rounded: true,
    hidden: true,
  });

/** answers are those of run 7, of the ledger or of the demand set 3. */
function answers(units: UnitRow[], demand = 0): Answers {
  const run = {
    id: 7,
    unit: '',
    unit_name: '',
    params: { ...paramsOf({ ...FIRST, demand, measures: [] }, null), on: '2026-11-22' },
    state: 'done',
    job: 1,
    digest: 'ab',
    stale: false,
    stale_because: [],
    created_by: 'account:1',
    created_at: '2026-11-22T01:00:00Z',
    finished_at: '2026-11-22T01:01:00Z',
    totals: [row('', { rounded: units.some((one) => one.rounded) })],
  } as unknown as Run;
  return {
    'GET /circles/7': run,
    'GET /circles/7/units': { items: units },
    'GET /circles/7/cells': { items: [] },
    'GET /circles/7/points': { items: [] },
    'GET /demand-sets': { items: [{ id: 3, name: 'Grid', version: 1, households: 0 }] },
    'GET /levels': { items: [{ code: 'village', title_zh: '村', title_en: 'Village', rank: 1, units: 9 }] },
    'GET /standards': { items: [] },
    'GET /service-functions': { items: [] },
    'GET /service-tiers': { items: [] },
  };
}

function Part({ of: Of }: { of: () => React.ReactNode }) {
  return (
    <ShownProvider value={useShownState()}>
      <Of />
    </ShownProvider>
  );
}

function open(part: () => React.ReactNode, more = '&run=7') {
  const search = `?lang=en${more}`;
  history.replaceState(null, '', `/${search}`);
  rereadCircle();
  show(<Part of={part} />, search);
}

const headings = async () => {
  const table = await screen.findByRole('table');
  return within(table)
    .getAllByRole('columnheader')
    .map((one) => one.textContent);
};

describe('the table of units', () => {
  it('stands by code, until a heading is pressed', async () => {
    serve(answers([row('10', { share: 0.2 }), row('9', { share: 0.9 }), row('1', { share: 0.5 })]));
    open(UnitTable);
    await screen.findByText('Unit 10');
    const units = () => screen.getAllByText(/^Unit \d/).map((one) => one.textContent);
    expect(units()).toEqual(['Unit 1', 'Unit 9', 'Unit 10']);
    await userEvent.click(screen.getByRole('button', { name: 'Households covered' }));
    expect(units()).toEqual(['Unit 10', 'Unit 1', 'Unit 9']);
  });

  it('has households and people of the ledger', async () => {
    serve(answers([row('1')]));
    open(UnitTable);
    expect(await headings()).toEqual(
      expect.arrayContaining(['Households', 'People', 'Households covered', 'People covered']),
    );
  });

  it('has people once, and no households, of a demand set without any', async () => {
    serve(answers([row('1')], 3));
    open(UnitTable);
    await waitFor(async () => expect(await headings()).not.toContain('Households'));
    const all = await headings();
    expect(all.filter((one) => one === 'People')).toHaveLength(1);
    expect(all.filter((one) => one === 'People covered')).toHaveLength(1);
    expect(all.join()).not.toMatch(/household/i);
  });
});

describe('the legend', () => {
  it('says why nothing may be shown, and names no denominator', async () => {
    serve(answers([hidden('1'), hidden('2')]));
    open(Legend);
    await screen.findByText(/Too few households, or not published/);
    expect(screen.queryByText(/Of 0/)).toBeNull();
    expect(screen.queryByText('all')).toBeNull();
    screen.getByText('2 units');
  });

  it('counts one unit as one, and has nothing below 0 % or above 100 %', async () => {
    serve(
      answers([0, 0.05, 0.1, 0.95, 1].map((share, index) => row(String(index), { share, rounded: true }))),
    );
    open(Legend);
    await screen.findByText('0 %');
    screen.getByText('100 %');
    expect(screen.getAllByText('1 unit')).toHaveLength(5);
    expect(screen.queryByText(/^[≤≥]/)).toBeNull();
  });

  it('names people as the denominator of a demand set without households', async () => {
    serve(answers([row('1')], 3));
    open(Legend);
    await screen.findByText(/Of 1,000 people/);
  });

  it('offers the points before the first run', async () => {
    serve(answers([]));
    open(Legend, '');
    const points = await screen.findByRole('button', { name: 'Points' });
    expect(points.getAttribute('aria-pressed')).toBe('true');
    await userEvent.click(points);
    expect(points.getAttribute('aria-pressed')).toBe('false');
  });

  it('says that streets wait for a nearer view', async () => {
    serve(answers([row('1')]));
    open(Legend, '&run=7&show=streets');
    await screen.findByText('Streets are shown when zoomed in.');
  });
});

describe('the cells that are not covered', () => {
  it('are none only where every cell may be shown', async () => {
    serve(answers([row('1')]));
    open(Uncovered);
    await screen.findByText('Every household is covered');
  });

  it('may be there where published counts are too few', async () => {
    serve(answers([hidden('1')]));
    open(Uncovered);
    await screen.findByText('No cell that is not covered may be shown');
    expect(screen.queryByText('Every household is covered')).toBeNull();
  });
});

describe('a search that ends', () => {
  const run = { id: 7, params: { unit: '', columns: [] } } as unknown as Run;
  const siting = (state: string, found: unknown) => ({
    id: 4,
    job: 2,
    state,
    params: { circle: 7, column: 0, model: 'mclp', sites: 1 },
    found,
  });
  let state = 'running';
  beforeEach(() => {
    state = 'running';
  });
  const open4 = () => {
    serve({
      ...answers([row('1')]),
      'GET /candidates': { items: [] },
      'GET /sitings': () => ({ items: [siting(state, null)] }),
      'GET /sitings/4': () => siting(state, state === 'done' ? { hidden: true } : null),
    });
    open(() => <Searches run={run} />, '&run=7&siting=4');
  };

  it('brings its answer into view', async () => {
    open4();
    await screen.findByText(/#4/);
    await waitFor(() => expect(screen.queryByRole('heading', { name: 'What was found' })).toBeNull());
    state = 'done';
    const heading = await screen.findByRole('heading', { name: 'What was found' });
    await waitFor(() => expect(document.activeElement).toBe(heading));
  });

  it('takes no focus when it had ended before', async () => {
    state = 'done';
    open4();
    const heading = await screen.findByRole('heading', { name: 'What was found' });
    expect(document.activeElement).not.toBe(heading);
  });
});
