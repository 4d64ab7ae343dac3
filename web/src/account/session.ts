// Who has signed in, and what that allows. What the page shows follows from it;
// what may be seen and done, the server decides by itself.
import { type QueryClient, useQuery } from '@tanstack/react-query';
import { answer, api, asProblem } from '../api/client';
import type { components } from '../api/schema';
import { usePage } from '../view/store';

type Schemas = components['schemas'];
export type Holding = Schemas['Holding'];
export type Session = Schemas['Self'];
export type Listed = Schemas['Listed'];

/** The permissions of package staff, in its order. */
export const PERMISSIONS = [
  'map',
  'count',
  'place',
  'contact',
  'record',
  'plan',
  'load',
  'export',
  'dispatch',
  'supervise',
  'post',
  'setting',
  'audit',
  'privacy',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const SESSION = ['session'];
/** How often the page asks whether posts have changed: a deputy takes over at once, not tomorrow. */
const SESSION_EVERY = 60_000;

/** useSession is who has signed in; null when nobody has. */
export const useSession = () =>
  useQuery({
    queryKey: SESSION,
    queryFn: async ({ client, signal }) => {
      const now = await whoAmI(signal);
      forgetOthers(client, now);
      return now;
    },
    staleTime: SESSION_EVERY / 2,
    refetchInterval: (query) => (query.state.data ? SESSION_EVERY : false),
    refetchOnWindowFocus: true,
  });

async function whoAmI(signal: AbortSignal): Promise<Session | null> {
  try {
    return await answer<Session>(api.GET('/session', { signal }));
  } catch (cause) {
    if (asProblem(cause).status === 401) return null;
    throw cause;
  }
}

/** setSession is for a sign-in just made, and for one that has just ended. */
export function setSession(client: QueryClient, session: Session | null): void {
  forgetOthers(client, session);
  client.setQueryData(SESSION, session);
}

/** forgetOthers forgets what was read for somebody else. */
function forgetOthers(client: QueryClient, session: Session | null): void {
  const before = client.getQueryData<Session | null>(SESSION);
  if (!before || before.account === session?.account) return;
  if (!session) keepWanted(); // with the place on the map, which goes away with it
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
  usePage.setState(usePage.getInitialState(), true);
}

/** useMay tells whether some post of this session allows something, somewhere. */
export function useMay(): (permission: Permission) => boolean {
  const permissions: readonly string[] = useSession().data?.permissions ?? [];
  return (permission) => permissions.includes(permission);
}

/** The address to return to after a session has ended, or from an organisation's provider. */
const WANTED = 'wangge.wanted';

export function keepWanted(): void {
  const here = `${location.pathname}${location.search}${location.hash}`;
  if (location.pathname !== '/sign-in') sessionStorage.setItem(WANTED, here);
}

/** takeWanted is the address that was kept, once; null when another one has been opened since. */
export function takeWanted(): string | null {
  const wanted = sessionStorage.getItem(WANTED);
  sessionStorage.removeItem(WANTED);
  if (!wanted?.startsWith('/') || wanted.startsWith('//')) return null;
  const here = `${location.pathname}${location.search}`;
  return here === '/' || here === '/sign-in' || wanted.split('#')[0] === here ? wanted : null;
}
