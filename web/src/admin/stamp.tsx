import type { ReactNode } from 'react';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** Stamp is a short state in words; its colour only repeats what they say. */
export function Stamp({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`stamp stamp-${tone}`}>{children}</span>;
}
