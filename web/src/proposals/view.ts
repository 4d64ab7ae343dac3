// What the address holds of a proposal: which alternative is shown, what lies behind the
// divider, where that stands, which place is looked at; of a new one the unit. The
// proposal is in the path, the place on the map in the hash.
import { inAddress, useOfHistory } from '../view/url';

export type ProposalsView = {
  /** Of a new proposal: code of the unit. */
  base: string | null;
  /** The alternative that is shown, from 1. */
  alt: number;
  /** What lies left of the divider: 0 = the present division, else an alternative. */
  beside: number | null;
  /** Where the divider stands, in per cent from the left. */
  divider: number;
  /** Which of the places is looked at, from 1. */
  at: number | null;
};

const PARTS = ['base', 'alt', 'beside', 'divider', 'at'] as const satisfies readonly (keyof ProposalsView)[];

const whole = (text: string | null, least: number, most: number): number | null => {
  const number = text !== null && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : null;
};

/** readProposals makes a view of the query of an address; what it does not understand it leaves out. */
export function readProposals(search: string): ProposalsView {
  const query = new URLSearchParams(search);
  return {
    base: query.get('base') || null,
    alt: whole(query.get('alt'), 1, 10) ?? 1,
    beside: whole(query.get('beside'), 0, 10),
    divider: whole(query.get('divider'), 0, 100) ?? 50,
    at: whole(query.get('at'), 1, 1e6),
  };
}

/** writeProposals is the query of a view, without what goes without saying. */
export function writeProposals(view: ProposalsView): string {
  const parts: [string, string | number | null][] = [
    ['base', view.base],
    ['alt', view.alt === 1 ? null : view.alt],
    ['beside', view.beside],
    ['divider', view.divider === 50 ? null : view.divider],
    ['at', view.at],
  ];
  return parts
    .flatMap(([name, value]) => (value === null ? [] : `${name}=${encodeURIComponent(value)}`))
    .join('&');
}

const { useStore, set, reread } = inAddress(PARTS, readProposals, writeProposals);

export { reread as rereadProposals, set as setProposals };

/** useProposalsView is the view and how to change it. */
export const useProposalsView = (): [ProposalsView, typeof set] => [useStore(), set];
export const useProposalsOfHistory = (): void => useOfHistory(reread);
