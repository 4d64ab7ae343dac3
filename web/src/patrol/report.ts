// The report that is being written. Every change of it is kept at once: the camera's app
// may push the browser out of the phone's memory.
import { create } from 'zustand';
import type { LonLat } from '../api/types';
import type { Item, Outbox } from './outbox/store';
import { shrunk } from './photo';
import { usePlace } from './place';
import { useDuty } from './shift';

export type Draft = {
  /** Becomes the incident's. */
  id: string;
  /** It stands in the outbox already and is being mended. */
  queued: boolean;
  /** When it was seen, in milliseconds since 1970 by the phone. */
  seen: number;
  at: LonLat | null;
  /** In metres; null where the place was put by hand. */
  accuracy: number | null;
  category: string;
  text: string;
  private: boolean;
  photos: string[];
};

/** What an item of the kind incident says. */
export type ReportBody = {
  category: string;
  at: LonLat;
  accuracy?: number;
  text?: string;
  private: boolean;
  photos: string[];
  shift?: string;
};

/** The most photos of a report. */
export const PHOTOS = 4;

/** How many categories count as recent. */
const RECENT = 4;

/** An older place than this is not where the phone is, in milliseconds. */
const STALE = 60_000;

export const useReport = create<{ draft: Draft | null }>(() => ({ draft: null }));

/** learnDraft goes on with what was being written when the page was left. */
export async function learnDraft(outbox: Outbox): Promise<void> {
  useReport.setState({ draft: ((await outbox.kept('draft')) ?? null) as Draft | null });
}

async function keep(outbox: Outbox, draft: Draft | null): Promise<void> {
  useReport.setState({ draft });
  await outbox.keep('draft', draft);
}

/** hereNow is where the phone is, as far as it knows just now. */
function hereNow(): Pick<Draft, 'at' | 'accuracy'> {
  const { fix } = usePlace.getState();
  if (!fix || Date.now() - fix.ms > STALE) return { at: null, accuracy: null };
  return { at: fix.at, accuracy: fix.accuracy };
}

/** begin locks the place and the time of a new report. */
export const begin = (outbox: Outbox): Promise<void> =>
  keep(outbox, {
    id: crypto.randomUUID(),
    queued: false,
    seen: Date.now(),
    ...hereNow(),
    category: '',
    text: '',
    private: false,
    photos: [],
  });

/** mend takes a report out of the outbox's list to be changed; it stays there until it is saved. */
export function mend(outbox: Outbox, item: Item): Promise<void> {
  const body = item.body as ReportBody;
  return keep(outbox, {
    id: item.id,
    queued: true,
    seen: Date.parse(item.at),
    at: body.at,
    accuracy: body.accuracy ?? null,
    category: body.category,
    text: body.text ?? '',
    private: body.private,
    photos: body.photos,
  });
}

export async function change(outbox: Outbox, to: Partial<Draft>): Promise<void> {
  const { draft } = useReport.getState();
  if (draft) await keep(outbox, { ...draft, ...to });
}

/** addPhoto keeps a photo; the first one locks place and time anew, for they are its own. */
export async function addPhoto(outbox: Outbox, file: Blob): Promise<void> {
  const taken = { seen: Date.now(), ...hereNow() };
  const picture = await shrunk(file);
  const { draft } = useReport.getState();
  if (!draft || draft.photos.length >= PHOTOS) return;
  const id = await outbox.addPhoto(draft.id, picture);
  const first = draft.photos.length === 0 && !draft.queued && taken.at !== null && draft.accuracy !== null;
  const now = useReport.getState().draft ?? draft;
  await keep(outbox, { ...now, ...(first ? taken : {}), photos: [...now.photos, id] });
}

/** takeOut leaves a photo out; one of a report in the outbox goes when that is saved. */
export async function takeOut(outbox: Outbox, photo: string): Promise<void> {
  const { draft } = useReport.getState();
  if (!draft) return;
  await change(outbox, { photos: draft.photos.filter((id) => id !== photo) });
  const known = (await outbox.photos()).find(({ id }) => id === photo);
  if (known?.state === 'draft') await outbox.dropPhoto(photo);
}

/** discard leaves a report unwritten; what stands in the outbox stays as it was. */
export async function discard(outbox: Outbox): Promise<void> {
  const { draft } = useReport.getState();
  await keep(outbox, null);
  if (draft) await outbox.dropDrafts(draft.id);
}

/** queue puts the report into the outbox: when it is done, the report is on the disk. */
export async function queue(outbox: Outbox): Promise<void> {
  const { draft } = useReport.getState();
  if (!draft?.at || !draft.category) return;
  const { shift } = useDuty.getState();
  const body: ReportBody = {
    category: draft.category,
    at: draft.at,
    ...(draft.accuracy === null ? {} : { accuracy: Math.min(10_000, Math.round(draft.accuracy)) }),
    ...(draft.text.trim() ? { text: draft.text.trim() } : {}),
    private: draft.private,
    photos: draft.photos,
    ...(shift && draft.seen >= shift.started ? { shift: shift.id } : {}),
  };
  const others = (await recentOf(outbox)).filter((code) => code !== draft.category);
  const keeping = { draft: null, recent: [draft.category, ...others].slice(0, RECENT) };
  if (draft.queued) await outbox.edit(draft.id, body, keeping);
  else await outbox.add('incident', body, { at: new Date(draft.seen), id: draft.id, keeping });
  useReport.setState({ draft: null });
}

/** recentOf are the categories that this officer used last, the last one first. */
export async function recentOf(outbox: Outbox): Promise<string[]> {
  const kept = await outbox.kept('recent');
  return Array.isArray(kept) ? kept : [];
}
