import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { changeLanguage } from '../../src/i18n/language';
import { Photos } from '../../src/photos';
import { type Area, between, byKey, LEAST, movedBy, sizedBy } from '../../src/photos/area';
import { problem, serve, show, somebody } from './page';

const incident = { id: '11110100-0000-4000-8000-00000000000a', private: false };
const photo = (id: string, more: object = {}) => ({
  id,
  arrived: true,
  arrived_at: '2026-11-20T01:00:00Z',
  width: 300,
  height: 400,
  taken_at: '2026-11-20T00:30:15Z',
  place: [121.5, 31.2],
  metres: 12,
  far: false,
  released_at: null,
  released_by: null,
  ...more,
});
const LIST = `GET /incidents/${incident.id}/photos`;
const items = (...list: object[]) => ({ items: list });

describe('a box on a photo', () => {
  const box: Area = [0.4, 0.4, 0.2, 0.2];
  it.each<[string, boolean, Area | 'gone' | null]>([
    ['ArrowLeft', false, [0.39, 0.4, 0.2, 0.2]],
    ['ArrowDown', false, [0.4, 0.41, 0.2, 0.2]],
    ['ArrowRight', true, [0.4, 0.4, 0.21, 0.2]],
    ['ArrowUp', true, [0.4, 0.4, 0.2, 0.19]],
    ['Delete', false, 'gone'],
    ['Backspace', true, 'gone'],
    ['Tab', false, null],
    ['a', false, null],
  ])('%s, with Shift: %s', (key, shift, want) => {
    const got = byKey(box, key, shift);
    if (Array.isArray(want) && Array.isArray(got)) {
      want.forEach((value, i) => {
        expect(got[i]).toBeCloseTo(value, 9);
      });
    } else expect(got).toEqual(want);
  });

  it('stays on the photo, and has a size', () => {
    expect(movedBy(box, -1, 1)).toEqual([0, 0.8, 0.2, 0.2]);
    expect(sizedBy(box, 5, -5)).toEqual([0.4, 0.4, 0.6, LEAST]);
    expect(between(0.9, 0.8, 1.4, 0.2)).toEqual([0.9, 0.2, expect.closeTo(0.1), expect.closeTo(0.6)]);
    expect(between(0.5, 0.5, 0.51, 0.9)).toBeNull();
  });
});

describe('the photos of an incident', () => {
  it('are told to be there, on their way, far from it and released', async () => {
    serve({
      [LIST]: items(
        photo('a', { far: true, metres: 1240 }),
        photo('b', { released_at: '2026-11-21T00:00:00Z', released_by: 'lin' }),
        photo('c', { arrived: false, arrived_at: null, metres: null }),
      ),
    });
    show(<Photos incident={incident} />);
    const small = await screen.findAllByRole('button', { name: /Look at photo/ });
    expect(small).toHaveLength(2);
    expect(small[0]?.textContent).toContain('1,240 m');
    expect(small[1]?.textContent).toContain('Released');
    expect(screen.getByText('Photo 3 is still on its way')).toBeTruthy();
    expect(
      within(small[0] as HTMLElement)
        .getByRole('img')
        .getAttribute('src'),
    ).toBe('/api/v1/photos/a/thumbnail');
  });

  it('are said in Chinese as well, and that there are none', async () => {
    await changeLanguage('zh');
    serve({ [LIST]: items() });
    show(<Photos incident={incident} />);
    expect(await screen.findByText('这次上报没有照片')).toBeTruthy();
    await changeLanguage('en');
  });

  it('say what failed, with a way to try again', async () => {
    serve({ [LIST]: problem(404, 'incident_unknown', 'There is no such incident.') });
    show(<Photos incident={incident} />);
    expect(await screen.findByRole('button', { name: 'Try again' })).toBeTruthy();
  });

  it('are released only with the word that faces and plates are covered', async () => {
    const user = userEvent.setup();
    const asked = serve({
      [LIST]: items(photo('a')),
      'POST /photos/a/release': () => ({}),
    });
    show(<Photos incident={incident} />);
    await user.click(await screen.findByRole('button', { name: 'Look at photo 1' }));
    await user.click(await screen.findByRole('button', { name: 'Cover and release…' }));
    const release = screen.getByRole('button', { name: 'Release this photo' }) as HTMLButtonElement;
    expect(release.disabled).toBe(true);

    await user.click(screen.getByRole('button', { name: 'Add a box' }));
    const box = await screen.findByRole('button', { name: /^Box 1: left 40%, top 40%/ });
    await waitFor(() => expect(document.activeElement).toBe(box));
    await user.keyboard('{ArrowLeft}{ArrowLeft}{Shift>}{ArrowDown}{/Shift}');
    expect(
      screen.getByRole('button', { name: /^Box 1: left 38%, top 40%, width 20%, height 21%/ }),
    ).toBeTruthy();

    const covered = screen.getByRole('checkbox', { name: /no face and no plate/ }) as HTMLInputElement;
    await user.click(covered);
    expect(release.disabled).toBe(false);
    await user.click(screen.getByRole('button', { name: 'Add a box' })); // not what was looked at
    expect(covered.checked).toBe(false);
    await user.keyboard('{Delete}');
    await user.click(covered);
    await user.click(release);
    await waitFor(() => expect(asked.some(({ what }) => what === 'POST /photos/a/release')).toBe(true));
    const { body } = asked.find(({ what }) => what === 'POST /photos/a/release') ?? {};
    expect(body).toEqual({
      areas: [[expect.closeTo(0.38), 0.4, 0.2, expect.closeTo(0.21)]],
      covered: true,
    });
  });

  it('are marked with a pointer: drawn, moved and sized', async () => {
    const user = userEvent.setup();
    serve({ [LIST]: items(photo('a')) });
    show(<Photos incident={incident} />);
    await user.click(await screen.findByRole('button', { name: 'Look at photo 1' }));
    await user.click(await screen.findByRole('button', { name: 'Cover and release…' }));
    const image = screen.getByRole('img', { name: 'Photo 1, as it was taken' });
    const stage = image.parentElement as HTMLElement;
    stage.getBoundingClientRect = () => new DOMRect(0, 0, 400, 200);
    const pointer = (target: Element, what: 'Down' | 'Move' | 'Up', clientX: number, clientY: number) =>
      fireEvent[`pointer${what}`](target, { clientX, clientY, button: 0, pointerId: 1 });
    pointer(image, 'Down', 40, 20);
    pointer(stage, 'Move', 120, 60);
    pointer(stage, 'Up', 120, 60);
    const box = await screen.findByRole('button', {
      name: 'Box 1: left 10%, top 10%, width 20%, height 20%',
    });
    pointer(box, 'Down', 60, 30);
    pointer(stage, 'Move', 100, 30);
    pointer(stage, 'Up', 100, 30);
    expect(box.getAttribute('aria-label')).toBe('Box 1: left 20%, top 10%, width 20%, height 20%');
    pointer(box.querySelector('.photos-corner') as Element, 'Down', 160, 60);
    pointer(stage, 'Move', 200, 100);
    pointer(stage, 'Up', 200, 100);
    expect(box.getAttribute('aria-label')).toBe('Box 1: left 20%, top 10%, width 30%, height 40%');
    pointer(image, 'Down', 300, 150);
    pointer(stage, 'Move', 302, 151); // a tap
    pointer(stage, 'Up', 302, 151);
    expect(screen.getAllByRole('button', { name: /^Box/ })).toHaveLength(1);
  });

  it('are taken back', async () => {
    const user = userEvent.setup();
    const asked = serve({
      [LIST]: items(photo('a', { released_at: '2026-11-21T00:00:00Z', released_by: 'lin' })),
      'DELETE /photos/a/release': () => ({}),
    });
    show(<Photos incident={incident} />);
    await user.click(await screen.findByRole('button', { name: /^Look at photo 1/ }));
    expect(screen.getByText(/Released by lin/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Take it back' }));
    await waitFor(() => expect(asked.some(({ what }) => what === 'DELETE /photos/a/release')).toBe(true));
  });

  it.each([
    ['a private incident', { ...incident, private: true }, somebody()],
    ['somebody who does not dispatch', incident, somebody(['map', 'place', 'record'])],
  ])('are not released: %s', async (_, of, who) => {
    const user = userEvent.setup();
    serve({ [LIST]: items(photo('a')) });
    show(<Photos incident={of} />, '', who);
    await user.click(await screen.findByRole('button', { name: 'Look at photo 1' }));
    expect(await screen.findByRole('img', { name: 'Photo 1, as it was taken' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: /release/ })).toBeNull();
  });
});
