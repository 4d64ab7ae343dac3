// Whose phone this is now. The account that signed in last is remembered without any
// permission, so that its officer goes on where there is no signal; whether the sign-in
// still holds, only the server knows.
import { create } from 'zustand';
import { answer, api, asProblem, done, onSignedOut } from '../api/client';
import type { components } from '../api/schema';

type Session = components['schemas']['Self'];

export type Officer = { account: number; login: string; name: string };

/** holds: the server knows the sign-in; ended: it does not; unasked: no answer so far. */
type Who = { officer: Officer | null; sign_in: 'unasked' | 'holds' | 'ended' };

const KEPT = 'wangge.patrol.officer';

export const useWho = create<Who>(() => ({ officer: kept(), sign_in: 'unasked' }));

onSignedOut.add(() => useWho.setState({ sign_in: 'ended' }));

function kept(): Officer | null {
  try {
    const known = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Officer | null;
    return known && Number.isSafeInteger(known.account) ? known : null;
  } catch {
    return null;
  }
}

function keep(officer: Officer | null): void {
  try {
    if (officer) localStorage.setItem(KEPT, JSON.stringify(officer));
    else localStorage.removeItem(KEPT);
  } catch {
    // Blocked: the officer signs in again after a reload.
  }
}

function hold({ account, login, name }: Session): void {
  const officer = { account, login, name };
  keep(officer);
  useWho.setState({ officer, sign_in: 'holds' });
}

/** ask asks the server who has signed in; without an answer everything stays as it was. */
export async function ask(): Promise<void> {
  try {
    hold(await answer<Session>(api.GET('/session')));
  } catch (cause) {
    if (asProblem(cause).status === 401) useWho.setState({ sign_in: 'ended' });
  }
}

export async function signIn(attempt: { login: string; password: string; totp?: string }): Promise<void> {
  hold(await answer<Session>(api.POST('/session', { body: attempt })));
}

/** signOut ends the sign-in, at the server too when it can be reached. */
export async function signOut(): Promise<void> {
  await done(api.DELETE('/session'));
  forget();
}

/** forget leaves the page to the next officer; what the last one has not sent stays in the outbox. */
export function forget(): void {
  keep(null);
  useWho.setState({ officer: null, sign_in: 'ended' });
}
