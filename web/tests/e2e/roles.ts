// Who walks through the page: the demo accounts, with the passwords that
// `wangge up` printed at this start. WANGGE_UP names the file with what it printed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Role =
  | 'administrator'
  | 'planner'
  | 'analyst'
  | 'dispatcher'
  | 'privacy-officer'
  | 'worker'
  | 'worker-on-leave';
export const ROLES: readonly Role[] = [
  'administrator',
  'planner',
  'analyst',
  'dispatcher',
  'privacy-officer',
  'worker',
  'worker-on-leave',
];

const printed = process.env.WANGGE_UP ? readFileSync(process.env.WANGGE_UP, 'utf8') : '';
const passwords = new Map(
  [...printed.matchAll(/demo account +(\S+) +(\S+)/g)].map((match) => [match[1], match[2] ?? '']),
);

export const loginOf = (role: Role) => `demo-${role}`;

export function passwordOf(role: Role): string {
  const password = passwords.get(loginOf(role));
  if (!password) throw new Error(`WANGGE_UP names no file with the password of ${loginOf(role)}`);
  return password;
}

/** What a run leaves behind. */
export const RESULTS = join(import.meta.dirname, '../../test-results', process.env.SCREEN ?? 'all');

/** Where the session of a role is kept while the tests run. */
export const stateOf = (role: Role) => join(RESULTS, `sessions/${role}.json`);

/** Nobody has signed in. */
export const NOBODY = { cookies: [], origins: [] };

/** The link for the first administrator, as it was printed; null when there was one already. */
export const firstLink = /(\/first#\S+)/.exec(printed)?.[1] ?? null;
