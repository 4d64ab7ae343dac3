// What the page knows of rules before the server is asked.
import { describe, expect, it } from 'vitest';
import { BOUNDS, fresh, KINDS, sent, wrong } from '../../src/rules/kinds';
import type { Rule } from '../../src/rules/queries';

describe('rules', () => {
  it('are right when they are new, whatever their kind', () => {
    for (const kind of KINDS) {
      expect(wrong(fresh(kind)), kind).toBeNull();
      for (const which of ['min', 'max'] as const) {
        if (!BOUNDS[kind][which]) expect(fresh(kind), kind).not.toHaveProperty(which);
      }
    }
  });

  it.each<[string, Partial<Rule>]>([
    ['bound', { min: undefined, max: undefined }],
    ['range', { max: -1 }],
    ['whole', { min: 30.5 }],
    ['order', { min: 60 }],
    ['texts', { text_zh: '每格三十户', text_en: ' ' }],
    ['needs', { needs: [{ kinds: [], min: 1, title_zh: '长', title_en: 'leader' }] }],
  ])('with a wrong %s are told', (why, change) => {
    expect(wrong({ ...fresh('households'), ...change })).toBe(why);
  });

  it('are sent without what the server makes of them and what their kind does not have', () => {
    const rule: Rule = {
      ...fresh('contiguous'),
      id: 4,
      max: 3,
      occupied: true,
      zh: '连成一片',
      en: 'one piece',
    };
    expect(sent(rule)).toEqual({ id: 4, kind: 'contiguous', hard: false, waivable: true });
    expect(rule.max).toBe(3);
  });
});
