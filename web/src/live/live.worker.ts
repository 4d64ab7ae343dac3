// The shared worker of a browser: one connection for all of its tabs, per account.
import { type Asked, Hub } from './hub';

const hub = new Hub<MessagePort>(`${location.origin}/api/v1/live`, (tab, said) => tab.postMessage(said));

type Scope = { onconnect: ((event: MessageEvent) => void) | null };

(globalThis as unknown as Scope).onconnect = ({ ports: [tab] }) => {
  if (!tab) return;
  tab.onmessage = ({ data }: MessageEvent<Asked>) => hub.hear(tab, data);
};
