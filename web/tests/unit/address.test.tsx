import { beforeEach, describe, expect, it } from 'vitest';
import {
  DEFAULT_LAYERS,
  isDate,
  readView,
  rereadView,
  setView,
  type View,
  writeView,
} from '../../src/view/url';

describe('the address of the page', () => {
  const full: View = {
    level: 'micro-grid',
    unit: '310 & 1',
    place: [121.5601234, 31.1],
    item: { kind: 'incident', id: '0190a1b2-c3d4' },
    at: '2025-01-01',
    layers: ['background', 'cell'],
    cells: 'incidents',
    panel: 'data',
    plan: 7,
    lang: 'en',
    theme: 'dark',
  };

  it('says everything and is read back the same', () => {
    expect(readView(`?${writeView(full)}`)).toEqual(full);
    expect(writeView(full)).toContain('place=121.5601234,31.1000000');
  });

  it('leaves out what goes without saying', () => {
    expect(writeView(readView(''))).toBe('');
    expect(writeView({ ...readView(''), layers: ['service-point', 'background'] })).toBe('');
    expect(writeView({ ...readView(''), layers: [] })).toBe('layers=');
    expect(readView('?layers=').layers).toEqual([]);
  });

  it.each([
    ['2026-02-28', true],
    ['2026-02-30', false],
    ['2026-13-01', false],
    ['26-1-1', false],
    ['2026-01-01T00:00', false],
    ['', false],
  ])('takes %s as a day: %s', (text, want) => {
    expect(isDate(text)).toBe(want);
    expect(readView(`?at=${text}`).at).toBe(want ? text : null);
  });

  it.each(['', '1', '1,2,3', 'a,b', '181,0', '0,91', 'NaN,0', ','])('refuses %s as a place', (text) =>
    expect(readView(`?place=${text}`).place).toBeNull(),
  );

  it.each(['person:1', 'household:', 'household', ':1'])('refuses %s as a thing', (text) =>
    expect(readView(`?item=${text}`).item).toBeNull(),
  );

  it('drops layers, panels, plans and themes it does not know', () => {
    const view = readView('?layers=household,secrets,cell&theme=pink&panel=admin&plan=-1&cells=x&lang=fr');
    expect(view.layers).toEqual(['household', 'cell']);
    expect([view.theme, view.panel, view.plan, view.lang]).toEqual([null, null, null, null]);
    expect(view.cells).toBe('households');
    expect(readView('?plan=1.5').plan).toBeNull();
  });
});

describe('changing the view', () => {
  beforeEach(() => {
    history.replaceState(null, '', '/?level=village#map=12/31/121');
    rereadView();
  });

  it('writes the address at once and leaves the camera alone', () => {
    setView({ unit: '01' });
    expect(location.search).toBe('?level=village&unit=01');
    expect(location.hash).toBe('#map=12/31/121');
  });

  it('is not lost when the map writes the camera between two changes', () => {
    setView({ unit: '01' });
    history.replaceState(null, '', `${location.search}#map=15/31.5/121.5`);
    setView({ theme: 'dark' });
    expect(location.search).toBe('?level=village&unit=01&theme=dark');
    expect(location.hash).toBe('#map=15/31.5/121.5');
  });

  it('takes parts out again', () => {
    setView({ unit: '01', layers: ['cell'] });
    setView({ unit: null, level: null, layers: DEFAULT_LAYERS });
    expect(location.search).toBe('');
  });
});
