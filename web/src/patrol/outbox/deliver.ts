// Sending the outbox: in the order in which things were done, each as often as it takes
// until the server says that it holds it.
import { API } from '../../api/client';
import type { Item, Outbox, Refusal } from './store';

/** The most that goes out at once; the server takes 200 items and 2 MB. */
const ITEMS = 200;
const BYTES = 1_800_000;

/** How long a delivery may take, in milliseconds. */
const PATIENCE = 60_000;

type Problem = { status?: number; code?: string; title?: string; detail?: string };
type Verdict = { id: string; state: 'stored' | 'known' | 'refused'; problem: Problem | null };

/**
 * empty: nothing waits. more: something went out, and more waits. wait: no answer that
 * settles anything; seconds is what the server asks for. signed_out: the sign-in has ended.
 * revoked: the phone was wiped.
 */
export type Outcome =
  | { did: 'empty' | 'more' | 'signed_out' | 'revoked' }
  | { did: 'wait'; status: number; seconds: number };

export type Send = (path: string, init: RequestInit) => Promise<Response>;

/** The code with which the server answers a phone that was reported as lost. */
export const REVOKED = 'device_revoked';

/** makeDeliverer remembers how much a delivery may hold, which shrinks where one is refused as a whole. */
export function makeDeliverer(outbox: Outbox, send: Send = fetch) {
  let most = ITEMS;

  return async function deliver(): Promise<Outcome> {
    await outbox.seal();
    const next = fitting(await outbox.waiting(), most);
    if (next.length === 0) return { did: 'empty' };
    const signal = AbortSignal.timeout(PATIENCE);
    const own = await isOwn(outbox, send, signal);
    if (own !== 'yes') return own === 'no' ? { did: 'signed_out' } : SILENT;
    const device = await outbox.device();
    const items = await outbox.leaving(next);
    if (items.length === 0) return { did: 'more' };

    let response: Response;
    let answer: unknown;
    try {
      response = await send(`${API}/deliveries`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          device,
          sent_at: new Date().toISOString(),
          items: items.map(({ id, kind, at, body }) => ({ id, kind, at, body })),
        }),
        signal,
      });
      answer = await response.json();
    } catch {
      return SILENT;
    }

    if (response.ok) {
      const verdicts = verdictsOf(answer, items);
      if (verdicts.length === 0) return { did: 'wait', status: response.status, seconds: 0 };
      await outbox.settle(verdicts);
      most = ITEMS;
      return { did: (await outbox.waiting()).length > 0 ? 'more' : 'empty' };
    }
    const problem = asRefusal(answer, response.status);
    if (problem.code === REVOKED) {
      await outbox.wipe();
      return { did: 'revoked' };
    }
    if (response.status === 401) return { did: 'signed_out' };
    if (![400, 413, 422].includes(response.status)) {
      return {
        did: 'wait',
        status: response.status,
        seconds: Number(response.headers.get('Retry-After')) || 0,
      };
    }
    // The delivery as a whole is not taken: smaller ones show which item is to blame.
    if (items.length > 1) most = Math.ceil(items.length / 2);
    else {
      most = ITEMS;
      await outbox.settle(items.map(({ id }) => ({ id, refusal: problem })));
    }
    return { did: 'more' };
  };
}

/** fitting is the beginning of a queue that goes into one delivery; never nothing of something. */
export function fitting(items: readonly Item[], most: number): Item[] {
  const taken: Item[] = [];
  let bytes = 0;
  for (const item of items.slice(0, most)) {
    bytes += new TextEncoder().encode(JSON.stringify(item.body)).length + 200;
    if (taken.length > 0 && bytes > BYTES) break;
    taken.push(item);
  }
  return taken;
}

/** There was no answer: what waits has not left the phone, and can still be changed. */
export const SILENT: Outcome = { did: 'wait', status: 0, seconds: 0 };

/** isOwn asks whose sign-in this browser has now: another tab may have changed it. */
export async function isOwn(
  outbox: Outbox,
  send: Send,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'silent'> {
  try {
    const response = await send(`${API}/session`, { signal });
    if (!response.ok) return response.status === 401 ? 'no' : 'silent';
    return ((await response.json()) as { account?: number }).account === outbox.account ? 'yes' : 'no';
  } catch {
    return 'silent';
  }
}

/** verdictsOf is what an answer settles of the items that were sent; anything else in it is ignored. */
function verdictsOf(answer: unknown, items: readonly Item[]) {
  const said = (answer as { items?: unknown } | null)?.items;
  const verdicts: { id: string; refusal: Refusal | null }[] = [];
  if (!Array.isArray(said)) return verdicts;
  const asked = new Set(items.map(({ id }) => id));
  for (const verdict of said as (Verdict | null)[]) {
    if (!verdict || !asked.has(verdict.id)) continue;
    const { id, state, problem } = verdict;
    if (state === 'stored' || state === 'known') verdicts.push({ id, refusal: null });
    if (state === 'refused') verdicts.push({ id, refusal: asRefusal(problem, 422) });
  }
  return verdicts;
}

export function asRefusal(problem: unknown, status: number): Refusal {
  const said = (problem ?? {}) as Problem;
  return {
    status: said.status ?? status,
    code: said.code ?? `http_${status}`,
    message: said.title ?? `HTTP ${status}`,
    detail: said.detail ?? '',
  };
}

/** The waits between tries that settle nothing, in seconds: longer each time, at most five minutes. */
export function pause(tries: number, asked: number): number {
  return Math.max(asked, Math.min(300, 5 * 2 ** Math.min(tries, 10)));
}
