// A phone that was reported as lost: asked for at every contact with the server, for every
// account that keeps something here, whoever has signed in and whether or not a sign-in
// still holds. What it keeps of a revoked account is deleted; the page itself stays, for it
// holds nothing of anybody.
import { API } from '../../api/client';
import { remember } from '../../common/storage';
import { usePost } from '../outbox/outbox';
import { deviceOf, wipeOutbox } from '../outbox/store';
import { forget, useWho } from '../who';
import { wipePack } from './pack';

/** How often a page that stays open asks, in milliseconds. */
const ASK = 5 * 60_000;

/** How long an answer may take, in milliseconds, before it counts as no contact. */
const PATIENCE = 20_000;

/** watchDevices asks whenever the phone has contact, until it is stopped. */
export function watchDevices(signal: AbortSignal): void {
  const seen = () => document.visibilityState === 'visible' && askAll();
  const clock = setInterval(askAll, ASK);
  window.addEventListener('online', askAll);
  document.addEventListener('visibilitychange', seen);
  const signedIn = useWho.subscribe((who, before) => {
    if (who.sign_in === 'holds' && before.sign_in !== 'holds') askAll();
  });
  const opened = usePost.subscribe((post, before) => {
    if (post.outbox && post.outbox !== before.outbox) askAll(); // the phone has its name now
  });
  signal.addEventListener('abort', () => {
    clearInterval(clock);
    signedIn();
    opened();
    window.removeEventListener('online', askAll);
    document.removeEventListener('visibilitychange', seen);
  });
  askAll();
}

/** askAll asks for all accounts at once, so that none waits for another's answer. */
async function askAll(): Promise<void> {
  await Promise.allSettled([...wiped().map(tell), ...(await accounts()).map(ask)]); // no contact: next time
}

/** accounts are those of which this browser keeps something. */
async function accounts(): Promise<number[]> {
  const { officer } = useWho.getState();
  const known = (await indexedDB.databases?.().catch(() => [])) ?? [];
  const found = known.map(({ name }) => Number(/^wangge\.patrol\.(\d+)$/.exec(name ?? '')?.[1]));
  return [...new Set([...found, officer?.account ?? Number.NaN])].filter(Number.isSafeInteger);
}

async function ask(account: number): Promise<void> {
  const { officer, sign_in } = useWho.getState();
  const device = await deviceOf(account);
  if (!device) return;
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(`${API}/devices/${device}/state?account=${account}`, { signal });
  if (response.ok && ((await response.json()) as { revoked: boolean }).revoked) {
    await wipe(account, device);
  } else if (officer?.account === account && sign_in === 'holds') {
    await fetch(`${API}/devices/${device}`, { method: 'PUT', signal });
  }
}

/**
 * wipe deletes everything that this browser keeps of an account, says so, and tells the
 * server, again at each contact until it has heard.
 */
export async function wipe(account: number, device: string): Promise<void> {
  const isHere = useWho.getState().officer?.account === account;
  if (isHere) {
    forget(); // closes what the screens have open
    usePost.setState({ outbox: null, revoked: true });
  }
  await Promise.all([wipeOutbox(account), wipePack(account)]);
  const address = `${API}/devices/${device}/wiped?account=${account}`;
  setWiped([...wiped(), address]);
  await tell(address);
}

/** wiped are the addresses at which the server is still to be told that a phone was wiped. */
const wiped = (): string[] => JSON.parse(remember.get('wiped') ?? '[]');

const setWiped = (addresses: string[]) =>
  addresses.length > 0 ? remember.set('wiped', JSON.stringify(addresses)) : remember.forget('wiped');

async function tell(address: string): Promise<void> {
  const { status } = await fetch(address, { method: 'POST', signal: AbortSignal.timeout(PATIENCE) });
  if (status < 500 && status !== 429) setWiped(wiped().filter((other) => other !== address));
}
