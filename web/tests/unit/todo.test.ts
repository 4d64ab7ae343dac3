import { describe, expect, it } from 'vitest';
import type { Duties } from '../../src/patrol/duties';
import { asFeatures, todoOf } from '../../src/patrol/todo';

const NOW = Date.parse('2026-11-23T02:00:00Z');
const at = [121.5, 31.2];

const duties = {
  incidents: [
    {
      id: 'a',
      point: at,
      category: '0601',
      text: 'late',
      state: 'dispatched',
      due_at: '2026-11-23T01:59:00Z',
    },
    {
      id: 'b',
      point: at,
      category: '0602',
      text: 'in time',
      state: 'dispatched',
      due_at: '2026-11-24T00:00:00Z',
    },
  ],
  around: [{ id: 'c', point: at, category: '0101', text: '', due_at: '2026-11-01T00:00:00Z' }],
  visits: [
    { household: 1, cadence: 'linked', address: 'A', at, overdue: true },
    { household: 2, cadence: 'linked', address: 'nowhere', at: null, overdue: true },
  ],
  checkpoints: [{ id: 7, name: 'gate', at }],
  premises: [
    { id: 1, name: 'today', at, valid_until: '2026-11-23' },
    { id: 2, name: 'yesterday', at, valid_until: '2026-11-22' },
  ],
} as unknown as Duties;

describe('what is to be done on the map', () => {
  it('shows what has a place, and what of it is late', () => {
    const shown = todoOf(duties, {}, NOW).map(({ kind, name, late }) => `${kind} ${name} ${late}`);
    expect(shown).toEqual([
      'around  false', // somebody else's is not ours to be late with
      'checkpoint gate false',
      'premises today false',
      'premises yesterday true',
      'visit A true',
      'incident late true',
      'incident in time false',
    ]);
  });

  it('keeps what is with others apart', () => {
    const signs = { incident: 'I', visit: 'V', checkpoint: 'C', premises: 'P', around: 'A' };
    const list = todoOf(duties, {}, NOW);
    const { features } = asFeatures(list, signs, 'around');
    expect(features.map(({ properties }) => properties)).toEqual([{ n: 0, late: false, sign: 'A' }]);
    expect(asFeatures(list, signs, 'todo').features.length).toBe(list.length - 1);
  });

  it('leaves out what was done on this phone', () => {
    const it = { what: '', at: 1 };
    const done = { 'step/a': it, 'visit/1/linked': it, 'mark/7': it, 'inspection/2': it };
    const left = todoOf(duties, done, NOW);
    expect(left.map(({ name }) => name)).toEqual(['', 'today', 'in time']);
    // A household that wants no visits any more is none for any cadence.
    expect(todoOf(duties, { 'refusal/1': it }, NOW).some(({ kind }) => kind === 'visit')).toBe(false);
  });

  it('reads what an older page kept, and numbers the signs', () => {
    const { around: _, ...older } = duties;
    const list = todoOf(older as Duties, {}, NOW);
    const signs = { incident: 'I', visit: 'V', checkpoint: 'C', premises: 'P', around: 'I' };
    const { features } = asFeatures(list, signs, 'todo');
    expect(asFeatures(list, signs, 'around').features).toEqual([]);
    expect(features.map(({ properties }) => `${properties?.n} ${properties?.sign}`)).toEqual([
      '0 C',
      '1 P',
      '2 P',
      '3 V',
      '4 I',
      '5 I',
    ]);
  });
});
