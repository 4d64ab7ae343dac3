// What was read from the server, kept for where there is no signal, with the time of it, and
// with its tag, by which the server says that it holds still and does not send it again. Tag
// and value are one record of the account's own database: neither is there without the other.
import type { Tagged } from '../api/client';
import type { Outbox } from './outbox/store';

/** at is when the server said so, in milliseconds since 1970 by the phone. */
export type Kept<T> = { at: number; value: T; tag?: string | null };

/**
 * How something is asked for: with the tag of what is kept in the headers, when there is one.
 * The answer null says that it holds still.
 */
export type Ask<T> = (by: {
  signal?: AbortSignal;
  headers: Record<string, string>;
}) => Promise<Tagged<T> | null>;

/** keptOf is what the server said last; null when it never did. */
export async function keptOf<T>(outbox: Outbox, name: string): Promise<Kept<T> | null> {
  const kept = (await outbox.kept(`read.${name}`)) as Kept<T> | undefined;
  return kept?.value === undefined ? null : kept;
}

/** readThrough is what the server says now, else what it said last; null when it never did. */
export async function readThrough<T>(
  outbox: Outbox,
  name: string,
  ask: Ask<T>,
  signal?: AbortSignal,
): Promise<Kept<T> | null> {
  let before: Kept<T> | null = null;
  try {
    before = await keptOf<T>(outbox, name);
    const headers: Record<string, string> = before?.tag ? { 'If-None-Match': before.tag } : {};
    const told = (await ask({ signal, headers })) ?? before;
    if (!told) return null;
    const fresh = { at: Date.now(), value: told.value, tag: told.tag ?? null };
    await outbox.keep(`read.${name}`, fresh);
    return fresh;
  } catch {
    return before;
  }
}
