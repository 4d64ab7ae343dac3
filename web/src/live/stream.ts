// Server-sent events by fetch. EventSource cannot be told an id to resume from, cannot
// say why it was refused, and gives up for good on some answers.

export type ServerEvent = { id: string; name: string; data: string };

/** How long nothing may come, in milliseconds: the server sends a comment every 15 seconds. */
const SILENCE = 45_000;
/** Between two tries: a second, then twice as long each time, but no longer than this. */
const LONGEST = 30_000;

export type Status =
  | { state: 'connecting' }
  | { state: 'live'; since: number }
  | { state: 'reconnecting'; since: number; attempt: number }
  | { state: 'refused'; code: string }
  | { state: 'signed-out' };

/** reader takes text as it comes, in pieces of any size, and tells whole events. */
export function reader(tell: (event: ServerEvent) => void): (text: string) => void {
  let rest = '';
  let id = '';
  let name = '';
  let data: string[] = [];
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) tell({ id, name: name || 'message', data: data.join('\n') });
      name = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return; // a comment
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  };
  return (text) => {
    // A carriage return at the end may be half of a line's end.
    const all = rest + text;
    const lines = all.split(/\r\n|\n|\r(?=[^\n])/);
    rest = lines.pop() ?? '';
    for (const one of lines) line(one);
  };
}

/** waitBefore is how long to wait before a try, in milliseconds; chance spreads those who lost the server at once. */
export const waitBefore = (attempt: number, chance = Math.random()): number =>
  Math.min(LONGEST, 1000 * 2 ** Math.min(10, attempt - 1)) * (0.5 + chance / 2);

type Parts = {
  address: string;
  onEvent: (event: ServerEvent) => void;
  onStatus: (status: Status) => void;
  /** The id to resume from. */
  last?: string;
  fetch?: typeof fetch;
};

/** Connection keeps one stream open until it is closed, refused, or the session ends. */
export class Connection {
  private readonly stop = new AbortController();
  private poke: () => void = () => undefined;
  private last: string;
  /** How often the server was asked. */
  opened = 0;

  constructor(private readonly parts: Parts) {
    this.last = parts.last ?? '';
    this.run();
  }

  close(): void {
    this.stop.abort();
    this.poke();
  }

  /** again tries now instead of waiting. */
  again(): void {
    this.poke();
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let lost = 0;
    this.parts.onStatus({ state: 'connecting' });
    for (let attempt = 0; !signal.aborted; ) {
      const end = await this.once(() => {
        attempt = 0;
        lost = 0;
      });
      if (signal.aborted) return;
      if (end) return this.parts.onStatus(end);
      attempt++;
      lost ||= Date.now();
      this.parts.onStatus({ state: 'reconnecting', since: lost, attempt });
      await this.pause(waitBefore(attempt));
    }
  }

  /** once reads one stream to its end; it returns a status when there is no use in another. */
  private async once(onOpen: () => void): Promise<Status | null> {
    const watch = new AbortController();
    const abort = () => watch.abort();
    this.stop.signal.addEventListener('abort', abort);
    let timer = setTimeout(abort, SILENCE);
    this.opened++;
    try {
      const response = await (this.parts.fetch ?? fetch)(this.parts.address, {
        headers: { Accept: 'text/event-stream', ...(this.last ? { 'Last-Event-ID': this.last } : {}) },
        cache: 'no-store',
        credentials: 'same-origin',
        signal: watch.signal,
      });
      if (response.status === 401) return { state: 'signed-out' };
      if (response.status === 403) return { state: 'refused', code: await codeOf(response) };
      if (!response.ok || !response.body) return null;
      this.parts.onStatus({ state: 'live', since: Date.now() });
      onOpen();
      const read = reader((event) => {
        if (event.id) this.last = event.id;
        this.parts.onEvent(event);
      });
      const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await chunks.read();
        if (done) return null;
        clearTimeout(timer);
        timer = setTimeout(abort, SILENCE);
        read(value);
      }
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      this.stop.signal.removeEventListener('abort', abort);
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.poke = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function codeOf(response: Response): Promise<string> {
  try {
    return String((await response.json()).code ?? 'http');
  } catch {
    return 'http';
  }
}
