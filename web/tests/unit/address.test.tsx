import { describe, expect, it } from 'vitest';
import { isDate, viewParsers } from '../../src/view/url';

describe('the address of the page', () => {
  it.each([
    ['2026-02-28', true],
    ['2026-02-30', false],
    ['2026-13-01', false],
    ['26-1-1', false],
    ['2026-01-01T00:00', false],
    ['', false],
  ])('takes %s as a day: %s', (text, want) => expect(isDate(text)).toBe(want));

  it('keeps a place to the lattice and reads it back', () => {
    const text = viewParsers.place.serialize([121.56012344, 31.1]);
    expect(text).toBe('121.5601234,31.1000000');
    expect(viewParsers.place.parse(text)).toEqual([121.5601234, 31.1]);
  });

  it.each(['', '1', '1,2,3', 'a,b', '181,0', '0,91', 'NaN,0'])('refuses %s as a place', (text) =>
    expect(viewParsers.place.parse(text)).toBeNull(),
  );

  it('names a thing by kind and id, and only kinds it knows', () => {
    const id = '0190a1b2-c3d4';
    expect(viewParsers.item.parse(`incident:${id}`)).toEqual({ kind: 'incident', id });
    expect(viewParsers.item.serialize({ kind: 'household', id: '12' })).toBe('household:12');
    for (const text of ['person:1', 'household:', 'household'])
      expect(viewParsers.item.parse(text)).toBeNull();
  });

  it('drops layers and themes it does not know', () => {
    expect(viewParsers.layers.parse('household,secrets,cell')).toEqual(['household', 'cell']);
    expect(viewParsers.theme.parse('pink')).toBeNull();
    expect(viewParsers.panel.parse('admin')).toBeNull();
  });
});
