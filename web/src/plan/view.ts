// What the address holds of a plan's page: which part is open, which comments are
// listed, and which one is chosen.
import { inAddress, oneOf, useOfHistory } from '../view/url';

export const TABS = ['course', 'checks', 'comments', 'consultation', 'files'] as const;
export type Tab = (typeof TABS)[number];

/** Which comments are listed: those that nobody has closed, residents' that nobody has read, all. */
export const SHOWS = ['open', 'waiting', 'all'] as const;
export type Show = (typeof SHOWS)[number];

export type PlanView = { tab: Tab; show: Show; comment: number | null };

const PARTS = ['tab', 'show', 'comment'] as const satisfies readonly (keyof PlanView)[];

/** readPlanView makes a view of the query of an address; what it does not understand it leaves out. */
export function readPlanView(search: string): PlanView {
  const query = new URLSearchParams(search);
  const comment = query.get('comment') ?? '';
  return {
    tab: oneOf(TABS, query.get('tab')) ?? 'course',
    show: oneOf(SHOWS, query.get('show')) ?? 'open',
    comment: /^[1-9]\d{0,15}$/.test(comment) ? Number(comment) : null,
  };
}

/** writePlanView is the query of a view, without what goes without saying. */
export function writePlanView({ tab, show, comment }: PlanView): string {
  return [
    tab === 'course' ? '' : `tab=${tab}`,
    show === 'open' ? '' : `show=${show}`,
    comment === null ? '' : `comment=${comment}`,
  ]
    .filter(Boolean)
    .join('&');
}

const { useStore, set, reread } = inAddress(PARTS, readPlanView, writePlanView);

export { reread as rereadPlanView };

/** usePlanView is the view and how to change it. */
export const usePlanView = (): [PlanView, typeof set] => [useStore(), set];
export const usePlanOfHistory = (): void => useOfHistory(reread);
