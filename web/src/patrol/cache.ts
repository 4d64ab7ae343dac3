// What was read from the server, kept for where there is no signal, with the time of it.
import { useEffect, useState } from 'react';
import { usePost } from './outbox/outbox';
import type { Outbox } from './outbox/store';
import { useWho } from './who';

/** at is when the server said so, in milliseconds since 1970 by the phone. */
export type Kept<T> = { at: number; value: T };

/** readThrough is what the server says now, else what it said last; null when it never did. */
export async function readThrough<T>(
  outbox: Outbox,
  name: string,
  ask: () => Promise<T>,
): Promise<Kept<T> | null> {
  try {
    const fresh = { at: Date.now(), value: await ask() };
    await outbox.keep(`read.${name}`, fresh);
    return fresh;
  } catch {
    return ((await outbox.kept(`read.${name}`)) as Kept<T> | undefined) ?? null;
  }
}

/** useKept is readThrough for a screen: what is kept at once, then what the server says. */
export function useKept<T>(name: string, ask: () => Promise<T>): Kept<T> | null {
  const outbox = usePost((post) => post.outbox);
  const signedIn = useWho(({ sign_in }) => sign_in === 'holds');
  const [known, setKnown] = useState<Kept<T> | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked goes by its name
  useEffect(() => {
    if (!outbox) return;
    let left = false;
    const show = (read: Kept<T> | null) => !left && read && setKnown(read);
    outbox.kept(`read.${name}`).then((kept) => show((kept as Kept<T> | undefined) ?? null));
    if (signedIn) readThrough(outbox, name, ask).then(show);
    return () => {
      left = true;
    };
  }, [outbox, name, signedIn]);
  return known;
}
