import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { PhoneParts } from '../../src/circle/circle';
import { awaitPress } from '../../src/circle/linked';
import { ShownProvider, useShownState } from '../../src/circle/shown';
import { type Asked, existingOf, FIRST, leastSites, searchOf } from '../../src/circle/siting/asked';
import { Form } from '../../src/circle/siting/form';
import { MODELS } from '../../src/circle/siting/queries';
import type { Run } from '../../src/circle/types';
import { serve, show } from './page';

const everything: Asked = {
  ...FIRST,
  kinds: ['place'],
  only: [{ value: 7, label: 'Old school' }],
  stepFree: true,
  sites: 2,
  budget: 500_000,
  capacities: true,
  existing: 'move',
  moves: 4,
  weights: 'people',
  ages: ['age_60_79', 'age_80'],
  effort: 3,
  seed: 11,
};

describe('what a search asks', () => {
  it('is all that is chosen, of a run and a column', () => {
    expect(searchOf(everything, 5, 1)).toEqual({
      circle: 5,
      column: 1,
      model: 'mclp',
      anywhere: false,
      kinds: ['place'],
      candidates: [7],
      step_free: true,
      sites: 2,
      budget: 500_000,
      capacities: true,
      existing: 'move',
      moves: 4,
      weights: 'people',
      ages: ['age_60_79', 'age_80'],
      effort: 3,
      seed: 11,
    });
  });

  it('leaves out what a model does not take', () => {
    const of = (model: Asked['model']) => searchOf({ ...everything, model }, 5, 0);
    expect(of('lscp')).toMatchObject({ sites: 0, budget: 0, moves: 0, existing: 'keep', capacities: false });
    expect(of('p-center')).toMatchObject({ sites: 2, budget: 0, moves: 4, capacities: false });
    expect(of('p-median')).toMatchObject({ sites: 2, budget: 500_000, moves: 4, capacities: true });
    expect(existingOf('lscp')).not.toContain('move');
    expect(searchOf({ ...everything, model: 'lscp', existing: 'ignore' }, 5, 0).existing).toBe('ignore');
  });

  it('names neither candidates nor money where any place may be chosen', () => {
    const anywhere = searchOf({ ...everything, anywhere: true }, 5, 0);
    expect(anywhere).toMatchObject({ anywhere: true, budget: 0, capacities: true });
    for (const part of ['kinds', 'candidates', 'step_free']) expect(anywhere).not.toHaveProperty(part);
  });

  it('moves nothing and asks for no ages unless it was said', () => {
    const keep = searchOf({ ...everything, existing: 'keep', weights: 'households' }, 5, 0);
    expect(keep).toMatchObject({ moves: 0, ages: [] });
  });

  it('asks for a new point, unless a budget or moves decide how many', () => {
    expect(leastSites(FIRST)).toBe(1);
    expect(leastSites({ ...FIRST, budget: 1 })).toBe(0);
    expect(leastSites({ ...FIRST, existing: 'move' })).toBe(0);
    expect(leastSites({ ...FIRST, model: 'p-center', budget: 1 })).toBe(1);
    expect(leastSites({ ...FIRST, anywhere: true, budget: 1 })).toBe(1);
    for (const model of MODELS.filter((one) => one !== 'lscp')) {
      expect(searchOf({ ...FIRST, model, sites: 0 }, 5, 0).sites, model).toBe(1);
    }
  });
});

function Sites({ run }: { run: Run }) {
  return (
    <ShownProvider value={useShownState()}>
      <Form run={run} onStarted={() => {}} />
    </ShownProvider>
  );
}

describe('the form of a search', () => {
  const run = { id: 5, params: { unit: '4602', columns: [] } } as unknown as Run;
  const answers = {
    'GET /candidates': { items: [{ id: 7, name: 'Old school' }] },
    'POST /sitings': { id: 1, state: 'waiting' },
  };

  it('offers capacities, step-free and single candidates, and sends them', async () => {
    const asked = serve(answers);
    show(<Sites run={run} />);
    await screen.findByText('1 candidates');
    await userEvent.click(screen.getByRole('checkbox', { name: /capacities/ }));
    await userEvent.click(screen.getByRole('checkbox', { name: 'Only step-free candidates' }));
    await userEvent.click(screen.getByRole('combobox', { name: 'Only among these candidates' }));
    await userEvent.click(await screen.findByTitle('Old school'));
    await userEvent.click(screen.getByText('May move'));
    const moves = screen.getByRole('spinbutton', { name: 'May move at most' });
    await userEvent.clear(moves);
    await userEvent.type(moves, '2{Tab}');
    await userEvent.click(screen.getByRole('button', { name: /Search/ }));
    await waitFor(() => expect(asked.some((one) => one.what === 'POST /sitings')).toBe(true));
    expect(asked.find((one) => one.what === 'POST /sitings')?.body).toMatchObject({
      circle: 5,
      candidates: [7],
      capacities: true,
      step_free: true,
      existing: 'move',
      moves: 2,
    });
  });

  it('asks nothing of a candidate where any place may be chosen', async () => {
    serve(answers);
    show(<Sites run={run} />);
    await screen.findByText('1 candidates');
    await userEvent.click(screen.getByText('Anywhere'));
    expect(screen.queryByRole('checkbox', { name: 'Only step-free candidates' })).toBeNull();
    expect(screen.queryByRole('spinbutton', { name: /Budget/ })).toBeNull();
    expect(screen.getByRole('checkbox', { name: /capacities/ })).toBeTruthy();
  });
});

function Phone() {
  return (
    <ShownProvider value={useShownState()}>
      <PhoneParts />
    </ShownProvider>
  );
}

describe('the drawer on a phone', () => {
  it('makes room while a press on the map is waited for, and comes back with the answer', async () => {
    serve({});
    show(<Phone />);
    const choose = screen.getByRole('button', { name: 'Question' });
    const isOpen = () => choose.getAttribute('aria-current') === 'page';
    await userEvent.click(choose);
    expect(isOpen()).toBe(true);
    act(() => awaitPress(true));
    expect(isOpen()).toBe(false);
    act(() => awaitPress(false));
    expect(isOpen()).toBe(true);
    await userEvent.click(choose);
    expect(isOpen()).toBe(false);
  });
});
