// The service worker of the officer's page: keeps the page itself, so that it opens without
// a network. It answers for the document at /patrol and the files that this build of it is
// made of, and for nothing else: not the API, not tiles, not a page of the desk. It is
// written by hand, for that is all it does.
//
// The kept document has the nonce and the policy with which the server sent it: they go
// together. A build is kept as a whole or not at all, and takes over when the officer says
// so; its predecessor's files stay for a page that is still open.

/** What this build is made of; the build writes it in (vite.config.ts). */
const shell = JSON.parse('__PATROL_SHELL__') as { version: string; files: string[] };

type Lasting = Event & { waitUntil(work: Promise<unknown>): void };
type Fetching = Lasting & { request: Request; respondWith(answer: Promise<Response>): void };
type Told = Lasting & { data: unknown };
type Shelf = {
  addEventListener(kind: 'install' | 'activate', listen: (event: Lasting) => void): void;
  addEventListener(kind: 'fetch', listen: (event: Fetching) => void): void;
  addEventListener(kind: 'message', listen: (event: Told) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};
const worker = self as unknown as Shelf;

const PREFIX = 'wangge.patrol.shell.';
const OURS = PREFIX + shell.version;
const DOCUMENT = '/patrol';
/** Marks a build that took over; another was replaced while it waited, and no page is of it. */
const USED = '/patrol/used';
const files = new Set(shell.files);

worker.addEventListener('install', (event) => event.waitUntil(keep()));

async function keep(): Promise<void> {
  try {
    const cache = await caches.open(OURS);
    await Promise.all(shell.files.map((path) => fetchInto(cache, path)));
    const page = await sound(DOCUMENT, { cache: 'no-store', credentials: 'omit' });
    const text = await page.clone().text();
    for (const [, path] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      // The server has another build by now: the browser will find its worker next time.
      if (path && !files.has(path)) throw new Error(`${DOCUMENT} is of another build`);
    }
    await cache.put(DOCUMENT, page);
  } catch (cause) {
    await caches.delete(OURS);
    throw cause;
  }
}

async function fetchInto(cache: Cache, path: string): Promise<void> {
  await cache.put(path, await sound(path, { cache: isNamedByContent(path) ? 'default' : 'no-cache' }));
}

/** What the browser has of such a file is right: its name contains its content. */
const isNamedByContent = (path: string) => path.startsWith('/assets/') || path.startsWith(`${DOCUMENT}/`);

async function sound(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(path, init);
  if (!answer.ok || answer.redirected) throw new Error(`${path} answered ${answer.status}`);
  return answer;
}

worker.addEventListener('activate', (event) => event.waitUntil(takeOver()));

async function takeOver(): Promise<void> {
  const kept = (await caches.keys()).filter((name) => name.startsWith(PREFIX)); // oldest first
  const older = kept.slice(0, kept.indexOf(OURS)); // a newer one is being kept by its own worker
  const used = await Promise.all(older.map((name) => caches.match(USED, { cacheName: name })));
  const last = older[used.findLastIndex(Boolean)] ?? older.at(-1);
  await Promise.all(older.filter((name) => name !== last).map((name) => caches.delete(name)));
  await (await caches.open(OURS)).put(USED, new Response());
  await worker.clients.claim();
}

worker.addEventListener('message', (event) => {
  if (event.data === 'take over') event.waitUntil(worker.skipWaiting());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  const isPage = pathname === DOCUMENT || pathname.startsWith(`${DOCUMENT}/`);
  if (request.mode === 'navigate' && isPage) event.respondWith(kept(DOCUMENT, request));
  else if (files.has(pathname)) event.respondWith(kept(pathname, request));
  else if (isNamedByContent(pathname)) event.respondWith(before(pathname, request));
});

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(OURS);
  return (await cache.match(path)) ?? fetch(request);
}

/** before answers a page of the build before this one, which is still open. */
async function before(path: string, request: Request): Promise<Response> {
  return (await caches.match(path)) ?? fetch(request);
}

export {}; // a module to the compiler; as a worker it exports nothing
