// One connection per browser: kept by a shared worker; where there is none, by the tab
// that holds a lock, which tells the others over a channel; and where there are no locks
// either (plain HTTP without shared workers), by each tab for itself.
import { API } from '../api/client';
import { type Asked, Hub, type Said } from './hub';
import { apply, nothing, type Picture } from './picture';

export type Watching = { say: (asked: Asked) => void; stop: () => void };

type Hear = (said: Said) => void;

/** watch hears what happens for an account until it is stopped. */
export function watch(account: number, hear: Hear): Watching {
  const name = `wangge.live.${account}`;
  if (typeof SharedWorker !== 'undefined') return byWorker(name, hear);
  if (navigator.locks && typeof BroadcastChannel !== 'undefined') return byLeader(name, hear);
  return alone(hear);
}

/** Says bye when the tab goes, also into the cache of the browser; and hello when it comes back from there. */
function whileShown(say: (asked: Asked) => void): () => void {
  const hide = () => say({ kind: 'bye' });
  const show = ({ persisted }: PageTransitionEvent) => persisted && say({ kind: 'hello' });
  const online = () => say({ kind: 'again' });
  addEventListener('pagehide', hide);
  addEventListener('pageshow', show);
  addEventListener('online', online);
  return () => {
    removeEventListener('pagehide', hide);
    removeEventListener('pageshow', show);
    removeEventListener('online', online);
  };
}

function byWorker(name: string, hear: Hear): Watching {
  const worker = new SharedWorker(new URL('./live.worker.ts', import.meta.url), { type: 'module', name });
  const { port } = worker;
  port.onmessage = ({ data }: MessageEvent<Said>) => hear(data);
  const say = (asked: Asked) => port.postMessage(asked);
  const forget = whileShown(say);
  say({ kind: 'hello' });
  return {
    say,
    stop: () => {
      forget();
      say({ kind: 'bye' });
      port.onmessage = null;
    },
  };
}

type Sent = { tab: string; asked: Asked } | { to: string; said: Said };

/** byLeader: whoever holds the lock keeps the connection. When its tab goes, the next goes on from what it heard last. */
function byLeader(name: string, hear: Hear): Watching {
  const channel = new BroadcastChannel(name);
  const own = String(Math.random());
  const over = new AbortController();
  let heard: Picture = nothing;
  let hub: Hub<string> | null = null;
  const told = (said: Said) => {
    if (said.kind === 'picture') heard = said.picture;
    if (said.kind === 'event') heard = apply(heard, said.event, said.at);
    hear(said);
  };
  const say = (asked: Asked) => {
    if (hub) hub.hear(own, asked);
    else channel.postMessage({ tab: own, asked } satisfies Sent);
  };
  channel.onmessage = ({ data }: MessageEvent<Sent>) => {
    if ('asked' in data) {
      if (hub) hub.hear(data.tab, data.asked);
      else if (data.asked.kind === 'again' && data.tab === 'leader') say({ kind: 'hello' });
    } else if (data.to === own) told(data.said);
  };
  navigator.locks
    .request(name, { signal: over.signal }, () => {
      hub = new Hub<string>(
        `${location.origin}${API}/live`,
        (tab, said) => (tab === own ? told(said) : channel.postMessage({ to: tab, said } satisfies Sent)),
        heard,
      );
      hub.hear(own, { kind: 'hello' });
      // The others have to say hello to who leads now.
      channel.postMessage({ tab: 'leader', asked: { kind: 'again' } } satisfies Sent);
      return new Promise<void>((done) => over.signal.addEventListener('abort', () => done()));
    })
    .catch(() => undefined); // stopped before it had its turn
  const forget = whileShown(say);
  say({ kind: 'hello' });
  return {
    say,
    stop: () => {
      forget();
      say({ kind: 'bye' });
      hub?.close();
      over.abort();
      channel.close();
    },
  };
}

function alone(hear: Hear): Watching {
  const hub = new Hub<'own'>(`${location.origin}${API}/live`, (_, said) => hear(said));
  const say = (asked: Asked) => hub.hear('own', asked);
  const forget = whileShown(say);
  say({ kind: 'hello' });
  return {
    say,
    stop: () => {
      forget();
      hub.close();
    },
  };
}
