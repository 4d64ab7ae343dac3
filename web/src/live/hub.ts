// The one connection of a browser, and the tabs that hear what comes over it.
import { apply, nothing, type Picture } from './picture';
import { Connection, type ServerEvent, type Status } from './stream';

/** What a tab hears. */
export type Said =
  | { kind: 'picture'; picture: Picture; status: Status }
  | { kind: 'event'; event: ServerEvent; at: number }
  | { kind: 'status'; status: Status }
  /** How many tabs hear it, and how often the server was asked for it. */
  | { kind: 'shared'; tabs: number; opened: number };

/** What a tab says. */
export type Asked = { kind: 'hello' | 'bye' | 'again' };

export class Hub<Tab> {
  private picture: Picture;
  private status: Status = { state: 'connecting' };
  private connection: Connection | null = null;
  private readonly tabs = new Set<Tab>();

  constructor(
    private readonly address: string,
    private readonly say: (tab: Tab, said: Said) => void,
    from: Picture = nothing,
  ) {
    this.picture = from;
  }

  hear(tab: Tab, { kind }: Asked): void {
    if (kind === 'again') {
      if (this.ended()) this.open();
      else this.connection?.again();
      return;
    }
    if (kind === 'hello') this.tabs.add(tab);
    else this.tabs.delete(tab);
    if (this.tabs.size === 0) {
      this.close();
      return;
    }
    if (!this.connection || this.ended()) this.open();
    if (kind === 'hello') this.say(tab, { kind: 'picture', picture: this.picture, status: this.status });
    this.shared();
  }

  close(): void {
    this.connection?.close();
    this.connection = null;
  }

  private ended(): boolean {
    return this.status.state === 'refused' || this.status.state === 'signed-out';
  }

  private open(): void {
    this.close();
    this.connection = new Connection({
      address: this.address,
      last: this.picture.last,
      onEvent: (event) => {
        const at = Date.now();
        this.picture = apply(this.picture, event, at);
        this.all({ kind: 'event', event, at });
      },
      onStatus: (status) => {
        this.status = status;
        this.all({ kind: 'status', status });
        this.shared();
      },
    });
  }

  private shared(): void {
    this.all({ kind: 'shared', tabs: this.tabs.size, opened: this.connection?.opened ?? 0 });
  }

  private all(said: Said): void {
    for (const tab of this.tabs) this.say(tab, said);
  }
}
