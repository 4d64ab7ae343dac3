// The outbox of the officer who has signed in: open while the page is, and sent whenever
// there is something to send, signal and a sign-in.
import { create } from 'zustand';
import { wipe } from '../offline/device';
import { useWho } from '../who';
import { makeDeliverer, pause } from './deliver';
import { sendPhoto } from './photos';
import { type Outbox, openOutbox, useOutboxVersion } from './store';

/**
 * idle: nothing waits. sending: a delivery is out. waiting: the next try comes at a time.
 * signed_out: the officer signs in first. busy: another tab of this browser sends.
 */
export type Sending =
  | { is: 'idle' | 'sending' | 'signed_out' | 'busy' }
  | { is: 'waiting'; until: number; status: number };

type Post = {
  outbox: Outbox | null;
  sending: Sending;
  /** How many bytes of a photo the server has, of those that went out since the page was opened. */
  sent: Record<string, number>;
  /** The phone was reported as lost, and what it held is gone. */
  revoked: boolean;
};

export const usePost = create<Post>(() => ({
  outbox: null,
  sending: { is: 'idle' },
  sent: {},
  revoked: false,
}));

/** runOutbox opens the outbox of an account and sends it until it is stopped. */
export async function runOutbox(account: number, signal: AbortSignal): Promise<void> {
  const outbox = await openOutbox(account);
  if (signal.aborted) {
    outbox.close();
    return;
  }
  const device = await outbox.device();
  const deliver = makeDeliverer(outbox);
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const later = (seconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(run, seconds * 1000);
  };

  async function run(): Promise<void> {
    if (running || signal.aborted) return;
    running = true;
    clearTimeout(timer);
    try {
      // One tab at a time: two would send everything twice, which harms nobody but the battery.
      await navigator.locks.request(`wangge.patrol.${account}`, { ifAvailable: true }, async (lock) => {
        if (lock) await sendAll();
        else show({ is: 'busy' });
      });
      if (usePost.getState().sending.is === 'busy') later(30);
    } catch {
      later(30); // the database was closed under it, say; what waits stays
    } finally {
      running = false;
    }
  }

  async function sendAll(): Promise<void> {
    while (!signal.aborted) {
      if ((await outbox.waiting()).length > 0) show({ is: 'sending' });
      let outcome = await deliver();
      if (outcome.did === 'empty' && (await outbox.sendable()).length > 0) {
        show({ is: 'sending' });
        outcome = await sendPhoto(outbox, (photo, bytes) =>
          usePost.setState(({ sent }) => ({ sent: { ...sent, [photo.id]: bytes } })),
        );
        if (outcome.did === 'empty') continue; // its report was taken back meanwhile
      }
      if (outcome.did === 'more') {
        tries = 0;
        continue;
      }
      if (outcome.did === 'wait') {
        const seconds = pause(tries++, outcome.seconds);
        show({ is: 'waiting', until: Date.now() + seconds * 1000, status: outcome.status });
        later(seconds);
        return;
      }
      tries = 0;
      if (outcome.did === 'revoked') {
        await wipe(account, device);
        return;
      }
      if (outcome.did === 'signed_out') useWho.setState({ sign_in: 'ended' });
      show({ is: outcome.did === 'signed_out' ? 'signed_out' : 'idle' });
      return;
    }
  }

  const show = (sending: Sending) => {
    if (!signal.aborted) usePost.setState({ sending });
  };

  const now = () => {
    tries = 0;
    run();
  };
  // Something was added, edited or tried again; fixes are gathered for a minute first.
  const quiet = useOutboxVersion.subscribe(async () => {
    if (running || signal.aborted || usePost.getState().sending.is === 'waiting') return;
    const queued = (await outbox.list()).some(({ state }) => state === 'queued');
    if (queued || (await outbox.sendable()).length > 0) run();
  });
  const gather = setInterval(() => usePost.getState().sending.is !== 'waiting' && run(), 60_000);
  const signedIn = useWho.subscribe((who, before) => {
    if (who.sign_in === 'holds' && before.sign_in !== 'holds') now();
  });
  const seen = () => document.visibilityState === 'visible' && now();
  window.addEventListener('online', now);
  document.addEventListener('visibilitychange', seen);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    clearInterval(gather);
    quiet();
    signedIn();
    window.removeEventListener('online', now);
    document.removeEventListener('visibilitychange', seen);
    outbox.close();
    usePost.setState({ outbox: null, sending: { is: 'idle' }, sent: {} });
  });
  usePost.setState({ outbox, revoked: false });
  run();
}
