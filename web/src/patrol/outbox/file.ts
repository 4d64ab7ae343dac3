// The outbox as a file: for a phone whose storage may be cleared, or that is handed in.
import { type Item, KINDS, type Outbox } from './store';

const FORMAT = 'wangge-outbox';

/** FileRefused tells why a file is not taken in. */
export class FileRefused extends Error {
  override name = 'FileRefused';
  readonly reason: 'unreadable' | 'other_account';

  constructor(reason: 'unreadable' | 'other_account') {
    super(reason);
    this.reason = reason;
  }
}

/** save writes everything that the server does not hold yet. */
export async function save(outbox: Outbox): Promise<Blob> {
  await outbox.seal(); // fixes get the names under which this phone sends them
  const items = (await outbox.list()).filter(({ state }) => state !== 'sent');
  const kept = items.map(({ id, kind, at, body }) => ({ id, kind, at, body }));
  const file = { format: FORMAT, account: outbox.account, saved_at: new Date().toISOString(), items: kept };
  return new Blob([JSON.stringify(file)], { type: 'application/json' });
}

/**
 * load takes a saved outbox in, and returns how many items were new. They count as on their
 * way: the phone that saved them may have sent them since.
 */
export async function load(outbox: Outbox, text: string): Promise<number> {
  const file = parse(text);
  if (file.account !== outbox.account) throw new FileRefused('other_account');
  if (!file.items.every(isItem)) throw new FileRefused('unreadable');
  return outbox.take(
    file.items.map(({ id, kind, at, body }) => ({ id, kind, at, body, state: 'sending', refusal: null })),
  );
}

function parse(text: string): { account: unknown; items: Item[] } {
  let file: { format?: unknown; account?: unknown; items?: unknown } | null;
  try {
    file = JSON.parse(text);
  } catch {
    throw new FileRefused('unreadable');
  }
  if (file?.format !== FORMAT || !Array.isArray(file.items)) throw new FileRefused('unreadable');
  return { account: file.account, items: file.items };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isItem(item: Partial<Item> | null): boolean {
  return (
    item !== null &&
    typeof item === 'object' &&
    UUID.test(String(item.id)) &&
    KINDS.some((kind) => kind === item.kind) &&
    !Number.isNaN(Date.parse(String(item.at))) &&
    typeof item.body === 'object' &&
    item.body !== null
  );
}
