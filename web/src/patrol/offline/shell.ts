// The page on the phone without a network: the service worker that keeps it (worker.ts), and
// the new version that waits until the officer wants it.
import { create } from 'zustand';

/**
 * none: the browser keeps nothing (no HTTPS, or no service workers). keeping: on its way.
 * kept: the page opens without a network. failed: it could not be kept; it is tried again.
 */
export type Keeping = 'none' | 'keeping' | 'kept' | 'failed';

type Shell = { keeping: Keeping; next: ServiceWorker | null };

export const useShell = create<Shell>(() => ({ keeping: 'none', next: null }));

/** How often a page that stays open asks for a new version of what it keeps, in milliseconds. */
export const ASK = 60 * 60_000;

/** keepShell lets the browser keep the page; the server that develops it has no worker. */
export async function keepShell(): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  useShell.setState({ keeping: 'keeping' });
  try {
    const kept = await navigator.serviceWorker.register('/patrol-sw.js', {
      scope: '/patrol',
      updateViaCache: 'none',
    });
    watch(kept);
    const ask = () => kept.update().catch(() => {}); // no signal: next time
    setInterval(ask, ASK);
    window.addEventListener('online', ask);
  } catch {
    const known = await navigator.serviceWorker.getRegistration('/patrol').catch(() => undefined);
    useShell.setState({ keeping: known?.active ? 'kept' : 'failed' });
    if (known) watch(known);
    else window.addEventListener('online', keepShell, { once: true });
  }
}

function watch(kept: ServiceWorkerRegistration): void {
  const look = () => {
    if (kept.active) useShell.setState({ keeping: 'kept' });
    // A first version waits for nobody; later ones wait for the officer.
    useShell.setState({ next: kept.active ? kept.waiting : null });
  };
  const follow = (coming: ServiceWorker | null) =>
    coming?.addEventListener('statechange', () => {
      if (coming.state === 'redundant' && !kept.active) useShell.setState({ keeping: 'failed' });
      look();
    });
  follow(kept.installing);
  kept.addEventListener('updatefound', () => follow(kept.installing));
  look();
}

/**
 * takeNext opens the page anew, in the version that waits if there is one; what is on the
 * phone stays.
 */
export function takeNext(): void {
  const { next } = useShell.getState();
  if (!next) {
    location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  next.postMessage('take over');
}
