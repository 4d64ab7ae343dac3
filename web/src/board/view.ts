// What the address holds of the incident ledger: how it is shown, the filters, and the
// incident that is open. The unit is that of the whole page (view/url.ts).
import { inAddress, isDate, oneOf, useOfHistory } from '../view/url';

export const VIEWS = ['board', 'map', 'table'] as const;
export type Shown = (typeof VIEWS)[number];

/** The states in the order in which an incident comes through them. */
export const STATES = [
  'reported',
  'accepted',
  'dispatched',
  'held',
  'handled',
  'verified',
  'closed',
] as const;
export type State = (typeof STATES)[number];

/** Beside single states: all that are not closed, which goes without saying, and all. */
const SCOPES = [...STATES, 'all'] as const;

export type Filter = {
  /** null: all that are not closed. */
  state: State | 'all' | null;
  category: string | null;
  overdue: boolean;
  mine: boolean;
  /** Days in China, both counted in. */
  from: string | null;
  to: string | null;
};
export type LedgerView = Filter & { view: Shown; incident: string | null };

const PARTS = [
  'view',
  'state',
  'category',
  'overdue',
  'mine',
  'from',
  'to',
  'incident',
] as const satisfies readonly (keyof LedgerView)[];

const day = (text: string | null) => (text !== null && isDate(text) ? text : null);

/** readLedger makes a view of the query of an address; what it does not understand it leaves out. */
export function readLedger(search: string): LedgerView {
  const query = new URLSearchParams(search);
  return {
    view: oneOf(VIEWS, query.get('view')) ?? 'board',
    state: oneOf(SCOPES, query.get('state')),
    category: query.get('category') || null,
    overdue: query.get('overdue') === 'true',
    mine: query.get('mine') === 'true',
    from: day(query.get('from')),
    to: day(query.get('to')),
    incident: query.get('incident') || null,
  };
}

/** writeLedger is the query of a view, without what goes without saying. */
export function writeLedger(view: LedgerView): string {
  const query = new URLSearchParams();
  for (const name of PARTS) {
    const value = view[name];
    if (value !== null && value !== false && !(name === 'view' && value === 'board'))
      query.set(name, String(value));
  }
  return query.toString();
}

export const noFilter: Filter = {
  state: null,
  category: null,
  overdue: false,
  mine: false,
  from: null,
  to: null,
};

/** columnsOf are the columns of the board: one for a state, else all that are open, or all. */
export function columnsOf(state: Filter['state']): readonly State[] {
  if (state === 'all') return STATES;
  return state === null ? STATES.filter((one) => one !== 'closed') : [state];
}

const DAY = 86_400_000;

/** asked is a filter as the server takes it. */
export function asked({ state, category, overdue, mine, from, to }: Filter, unit: string | null) {
  return {
    unit: unit ?? undefined,
    state: state === 'all' || state === null ? undefined : state,
    open: state === null || undefined,
    category: category ?? undefined,
    overdue: overdue || undefined,
    mine: mine || undefined,
    from: from ? `${from}T00:00:00+08:00` : undefined,
    to: to ? new Date(Date.parse(`${to}T00:00:00+08:00`) + DAY).toISOString() : undefined,
  };
}
export type Asked = ReturnType<typeof asked>;

const { useStore, set, reread } = inAddress(PARTS, readLedger, writeLedger);

export { reread as rereadLedger, set as setLedger };

/** useLedgerView is the view and how to change it. */
export const useLedgerView = (): [LedgerView, typeof set] => [useStore(), set];
export const useLedgerOfHistory = (): void => useOfHistory(reread);
