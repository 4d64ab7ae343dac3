// The clock of a request: how many days are left, and which stands first.
import type { components } from '../api/schema';
import { today } from './common';

export type ResidentRequest = components['schemas']['PrivacyRequest'];

const DAY = 86_400_000;

/** daysLeft counts from a day to the day something is due; negative when that has passed. */
export const daysLeft = (due: string, from = today()): number =>
  Math.round((Date.parse(`${due}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);

/** byUrgency puts what is not answered first, the longest overdue at the top; then what is done, newest first. */
export function byUrgency(a: ResidentRequest, b: ResidentRequest): number {
  const [openA, openB] = [a.state !== 'done', b.state !== 'done'];
  if (openA !== openB) return openA ? -1 : 1;
  if (openA) return a.due_on.localeCompare(b.due_on) || a.id - b.id;
  return b.id - a.id;
}

/** What can be done with a request in each state. */
export const ACTIONS: Record<ResidentRequest['state'], ('review' | 'grant' | 'refuse' | 'finish')[]> = {
  received: ['review', 'grant', 'refuse'],
  in_review: ['grant', 'refuse'],
  granted: ['finish'],
  refused: ['finish'],
  done: [],
};
