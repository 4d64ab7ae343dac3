// What is known of what happens: the posts on duty and the incidents that changed lately.
import type { ServerEvent } from './stream';

export type Post = {
  post: number;
  kind: string;
  unit: string;
  on_duty: boolean;
  since: string | null;
  /** H3 at resolution 8, null when it is not known. */
  cell: string | null;
};

export type Happened = {
  id: string;
  state: string;
  category: string;
  unit: string;
  unit_name: string;
  deadline: string | null;
  overdue: boolean;
  at_cell: string | null;
  /** When it came here, in milliseconds. */
  at: number;
};

export type Picture = {
  /** Of the last event, to resume from. */
  last: string;
  posts: readonly Post[];
  /** The newest first. */
  news: readonly Happened[];
  /** When something came last, in milliseconds; 0: nothing yet. */
  at: number;
  /** How often whatever is shown had to be read anew. */
  resets: number;
};

export const nothing: Picture = { last: '', posts: [], news: [], at: 0, resets: 0 };

const MOST_NEWS = 200;

/** apply is the picture after an event; of one that it does not understand nothing but the id is kept. */
export function apply(picture: Picture, event: ServerEvent, at: number): Picture {
  const next = { ...picture, last: event.id || picture.last, at };
  const data = parsed(event.data);
  if (event.name === 'reset') return { ...next, resets: picture.resets + 1 };
  if (event.name === 'duty' && Array.isArray(data.posts)) {
    const changed = new Map((data.posts as Post[]).map((one) => [one.post, one]));
    const kept = data.whole ? [] : picture.posts.filter((one) => !changed.has(one.post));
    return { ...next, posts: [...kept, ...[...changed.values()].filter((one) => one.on_duty)] };
  }
  if (event.name === 'incident' && typeof data.id === 'string') {
    const news = [{ ...(data as Happened), at }, ...picture.news];
    return { ...next, news: news.slice(0, MOST_NEWS) };
  }
  return next;
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
