// A resident's report that is being written. It outlives the page, and its id is chosen
// once: however often it is sent, the server takes it once.
import type { LonLat } from '../api/types';
import { remember } from '../common/storage';
import { newKey } from '../common/uuid';

/** Where something is: a point, or an address as it was typed where none can be looked up. */
export type Where =
  | { by: 'map'; point: LonLat }
  | { by: 'here'; point: LonLat; accuracy: number }
  | { by: 'address'; point: LonLat; found: string }
  | { by: 'typed'; address: string };

export type Draft = {
  id: string;
  where: Where | null;
  category: string;
  text: string;
  private: boolean;
  /** It went out and no answer came: it may have arrived, so nothing of it may change. */
  sent: boolean;
};

/** The most characters of the words. */
export const LONGEST = 200;

export const blank = (): Draft => ({
  id: newKey(),
  where: null,
  category: '',
  text: '',
  private: false,
  sent: false,
});

/** pointOf is the point of a place, when it has one. */
export const pointOf = (where: Where | null): LonLat | null =>
  where && 'point' in where ? where.point : null;

/** bodyOf is what the server is told. */
export const bodyOf = ({ id, category, text, private: hidden, where }: Draft) => ({
  id,
  category,
  ...(text.trim() ? { text: text.trim() } : {}),
  ...(hidden ? { private: true } : {}),
  ...(where && 'point' in where ? { point: where.point } : { address: where?.address ?? '' }),
});

/** remembered goes on with what was being written. */
export function remembered(): Draft {
  try {
    const kept = JSON.parse(remember.get('report') ?? '') as Partial<Draft>;
    if (typeof kept.id === 'string') return { ...blank(), ...kept };
  } catch {
    // Nothing was kept, or nothing that can be read.
  }
  return blank();
}

export const keep = (draft: Draft) => remember.set('report', JSON.stringify(draft));
export const forget = () => remember.forget('report');
