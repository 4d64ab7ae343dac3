// What the address of the planner's page holds: the part that is open, and the answer
// that is looked at.
import { inAddress, oneOf, useOfHistory } from '../view/url';

export const TABS = ['points', 'walks', 'answers'] as const;
export type Tab = (typeof TABS)[number];
export type BorderView = { tab: Tab; answer: string | null };

export const readBorder = (search: string): BorderView => {
  const query = new URLSearchParams(search);
  return { tab: oneOf(TABS, query.get('tab')) ?? 'points', answer: query.get('answer') };
};

export function writeBorder({ tab, answer }: BorderView): string {
  const query = new URLSearchParams();
  if (tab !== 'points') query.set('tab', tab);
  if (answer) query.set('answer', answer);
  return query.toString();
}

const { useStore, set, reread } = inAddress(['tab', 'answer'], readBorder, writeBorder);

export const useBorderView = (): [BorderView, typeof set] => [useStore(), set];
export const useBorderOfHistory = (): void => useOfHistory(reread);
