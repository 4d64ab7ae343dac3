import { QueryClient } from '@tanstack/react-query';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useWaiting } from '../../src/account/entry';
import { isLogin } from '../../src/account/first';
import { isAcceptable, strength } from '../../src/account/password';
import { keepWanted, setSession, takeWanted } from '../../src/account/session';
import SignIn, { isLoopback } from '../../src/account/sign-in';
import { dayAfter, lastInstant } from '../../src/account/tokens';
import { initialOf, Who } from '../../src/account/who';
import { onSignedOut, Problem, problemOf } from '../../src/api/client';
import { Counted } from '../../src/common/counted';
import DataPanel from '../../src/panel/data';
import LayersPanel from '../../src/panel/layers';
import { usePage } from '../../src/view/store';
import { problem, serve, show, somebody } from './page';

describe('a password', () => {
  it.each([
    ['short', '', 'short'],
    ['chief2024!!', 'chief', 'obvious'],
    ['aaaaaaaaaaaa', '', 'obvious'],
    ['twelve chars', '', 'fair'],
    ['correct horse battery', '', 'strong'],
    ['网格地图很好用的密码', '', 'fair'],
  ] as const)('%s of %s is %s', (password, login, want) => {
    expect(strength(password, login)).toBe(want);
    expect(isAcceptable(password, login)).toBe(want === 'fair' || want === 'strong');
  });
});

describe('names', () => {
  it('of a login are those the server takes', () => {
    for (const good of ['a', 'wang.wei', '3rd-shift', 'x@y_z']) expect(isLogin(good), good).toBe(true);
    for (const bad of ['', 'Wang', '-x', '王伟', 'a b', 'x'.repeat(65)])
      expect(isLogin(bad), bad).toBe(false);
  });

  it('give an initial', () => {
    expect(initialOf({ name: '林晓', login: 'lin' })).toBe('晓');
    expect(initialOf({ name: 'Ann', login: 'x' })).toBe('A');
    expect(initialOf({ name: '', login: 'demo-worker' })).toBe('W');
  });

  it('of this machine are told from others', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) expect(isLoopback(host), host).toBe(true);
    for (const host of ['10.0.0.1', 'localhost.example', '127.evil'])
      expect(isLoopback(host), host).toBe(false);
  });
});

describe('days of a key', () => {
  it('count from today and last until their end', () => {
    expect(dayAfter(90, Date.parse('2026-01-01T12:00:00'))).toBe('2026-04-01');
    expect(new Date(lastInstant('2026-04-01')).getTime()).toBe(new Date('2026-04-01T23:59:59').getTime());
  });
});

describe('the address that was wanted', () => {
  beforeEach(() => sessionStorage.clear());

  it('is returned to once, with the place on the map', () => {
    history.replaceState(null, '', '/?unit=12#map=3/4/5');
    keepWanted();
    history.replaceState(null, '', '/?unit=12');
    expect(takeWanted()).toBe('/?unit=12#map=3/4/5');
    expect(takeWanted()).toBeNull();
  });

  it('is returned to from a provider, which sends to the top', () => {
    history.replaceState(null, '', '/account');
    keepWanted();
    history.replaceState(null, '', '/');
    expect(takeWanted()).toBe('/account');
  });

  it('gives way to an address opened since, and is never elsewhere', () => {
    history.replaceState(null, '', '/?unit=12');
    keepWanted();
    history.replaceState(null, '', '/account');
    expect(takeWanted()).toBeNull();
    history.replaceState(null, '', '/');
    sessionStorage.setItem('wangge.wanted', '//evil.example/');
    expect(takeWanted()).toBeNull();
  });
});

describe('a session', () => {
  it('that ends is told from a refusal at the door', () => {
    const tell = vi.fn();
    onSignedOut.add(tell);
    problemOf(401, { code: 'sign_in_refused' });
    problemOf(401, { code: 'totp_wrong' });
    problemOf(403, { code: 'forbidden' });
    expect(tell).not.toHaveBeenCalled();
    problemOf(401, { code: 'signed_out' });
    problemOf(401, null); // a tile says no more
    expect(tell).toHaveBeenCalledTimes(2);
    onSignedOut.delete(tell);
  });

  it('of somebody else finds nothing that was read before', () => {
    const client = new QueryClient();
    setSession(client, somebody());
    client.setQueryData(['household', 3], { address: '康桥路 1 号' });
    usePage.setState({ importing: true });
    setSession(client, somebody(['map']));
    expect(client.getQueryData(['household', 3])).toBeDefined(); // the same person, other posts
    setSession(client, { ...somebody(), account: 13 });
    expect(client.getQueryData(['household', 3])).toBeUndefined();
    expect(usePage.getState().importing).toBe(false);
  });
});

const options = { password: true, demo: false };

function showSignIn(answers: Parameters<typeof serve>[0], ended = false) {
  const asked = serve({ 'GET /sign-in/options': options, ...answers });
  show(<SignIn ended={ended} />, '?lang=en', null);
  return { asked, user: userEvent.setup() };
}

async function fill(user: ReturnType<typeof userEvent.setup>, login: string, password: string) {
  await user.type(screen.getByLabelText('Login'), login);
  await user.type(screen.getByLabelText('Password'), password);
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
}

describe('signing in', () => {
  it('sends what was typed, says when it is wrong, and keeps the login', async () => {
    const { asked, user } = showSignIn({
      'POST /session': problem(401, 'sign_in_refused', 'The login or the password is wrong.'),
    });
    await fill(user, ' chief ', 'wrong');
    expect((await screen.findByRole('alert')).textContent).toContain('The login or the password is wrong');
    expect(asked.find((one) => one.what === 'POST /session')?.body).toEqual({
      login: 'chief',
      password: 'wrong',
    });
    expect((screen.getByLabelText('Login') as HTMLInputElement).value).toBe('chief');
    expect((screen.getByLabelText('Password') as HTMLInputElement).value).toBe('');
  });

  it('asks for nothing while a field is empty', async () => {
    const { asked, user } = showSignIn({});
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(asked.some((one) => one.what === 'POST /session')).toBe(false);
    expect(document.activeElement).toBe(screen.getByLabelText('Login'));
  });

  it('takes the second step, which has no login to change', async () => {
    const { asked, user } = showSignIn({
      'POST /session': problem(401, 'totp_needed', 'Enter the code.'),
    });
    await fill(user, 'chief', 'right');
    await user.type(await screen.findByLabelText('Code'), '123 456');
    expect(screen.queryByLabelText('Login')).toBeNull();
    expect(screen.queryByRole('alert')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Confirm' }));
    await waitFor(() => expect(asked.filter((one) => one.what === 'POST /session')).toHaveLength(2));
    expect(asked.at(-1)?.body).toEqual({ login: 'chief', password: 'right', totp: '123456' });
  });

  it('says that the session has ended, and does not name demo accounts where there are none', async () => {
    showSignIn({}, true);
    expect(await screen.findByText('Your session has ended')).toBeDefined();
    expect(screen.queryByText('Demo accounts')).toBeNull();
  });

  it('offers the provider of the organisation', async () => {
    showSignIn({ 'GET /sign-in/options': { ...options, provider: { name: 'Town SSO', start: '/start' } } });
    const link = await screen.findByRole('link', { name: 'Sign in with Town SSO' });
    expect(link.getAttribute('href')).toBe('/start');
  });
});

function Countdown({ cause }: { cause: Problem }) {
  return <p>{useWaiting(cause)} s</p>;
}

describe('a wait', () => {
  it('counts down to nothing', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      show(<Countdown cause={new Problem({ status: 429, wait: 3 })} />);
      expect(await screen.findByText('3 s')).toBeDefined();
      vi.advanceTimersByTime(2000);
      expect(await screen.findByText(/^[01] s$/)).toBeDefined();
      vi.advanceTimersByTime(2000);
      expect(await screen.findByText('0 s')).toBeDefined();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('who one is', () => {
  it('says posts with their area and whose turn it is', async () => {
    serve({});
    const post = { post: 1, kind: 'worker', title_zh: '网格员', title_en: 'Grid worker', department: '' };
    const session = {
      ...somebody(['map']),
      posts: [
        { ...post, rank: 'B' as const, on_duty: true, unit: '11', unit_name: 'Riverside' },
        { ...post, post: 2, rank: 'B' as const, on_duty: false, unit: '', unit_name: '' },
      ],
    };
    show(<Who />, '?lang=en', session);
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: /林晓/ }));
    expect(screen.getByText('deputy B, on duty')).toBeDefined();
    expect(screen.getByText('Grid worker · everywhere')).toBeDefined();
    expect(screen.getByText('deputy B, A is there')).toBeDefined();
    expect(screen.queryByRole('link', { name: 'Administration' })).toBeNull();
    await user.keyboard('{Escape}');
    expect(screen.queryByText('deputy B, on duty')).toBeNull();
  });
});

describe('what posts do not allow', () => {
  it('is not among the layers', () => {
    serve({ 'GET /levels': { items: [] } });
    show(<LayersPanel />, '?lang=en', somebody(['map']));
    expect(screen.queryByRole('switch', { name: 'Households' })).toBeNull();
    expect(screen.queryByRole('switch', { name: 'H3 cells' })).toBeNull();
    expect(screen.getByRole('switch', { name: 'Service points' })).toBeDefined();
  });

  it('is neither shown nor asked for among the data', async () => {
    const asked = serve({ 'GET /levels': { items: [] } });
    show(<DataPanel />, '?lang=en', somebody(['map', 'count', 'export']));
    expect(await screen.findByRole('heading', { name: 'Export' })).toBeDefined();
    expect(screen.queryByRole('button', { name: 'Import a file' })).toBeNull();
    expect(asked.some((one) => /imports|plans|jobs/.test(one.what))).toBe(false);
  });
});

describe('a count', () => {
  it('that is hidden says so; one that is not known yet is a dash', () => {
    show(
      <>
        <Counted value={null} />
        <Counted value={undefined} />
        <Counted value={1234} />
      </>,
      '?lang=en',
    );
    expect(screen.getByText('hidden')).toBeDefined();
    expect(screen.getByText(/–/)).toBeDefined();
    expect(screen.getByText(/1,234/)).toBeDefined();
  });
});
