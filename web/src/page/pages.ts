// The pages beside the map: where each is, and whom it is shown to.
import type { Permission } from '../account/session';

export type PageName =
  | 'circle'
  | 'workshop'
  | 'proposals'
  | 'compare'
  | 'incidents'
  | 'duty'
  | 'patrol'
  | 'walks'
  | 'account'
  | 'admin';

/** The pages in the order of the menu; a page without permissions is for everybody who has signed in. */
export const PAGES: readonly { name: PageName; path: string; anyOf?: readonly Permission[] }[] = [
  { name: 'circle', path: '/circle', anyOf: ['count'] },
  { name: 'workshop', path: '/workshop', anyOf: ['plan'] },
  { name: 'proposals', path: '/proposals', anyOf: ['plan'] },
  { name: 'compare', path: '/compare', anyOf: ['plan', 'count'] },
  { name: 'incidents', path: '/incidents', anyOf: ['place', 'count'] },
  { name: 'duty', path: '/duty', anyOf: ['place'] },
  { name: 'patrol', path: '/patrol', anyOf: ['record'] },
  { name: 'walks', path: '/border-walks', anyOf: ['record'] },
  { name: 'account', path: '/account' },
  { name: 'admin', path: '/admin', anyOf: ['post', 'privacy', 'audit', 'setting'] },
];
