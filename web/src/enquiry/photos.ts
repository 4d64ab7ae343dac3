// The photos of a resident's report on their way: made small on this device, and sent in
// pieces with the code of the report once the server has it.
import { API, asProblem, problemOf } from '../api/client';
import { shrunk } from '../common/photo';
import { sendPieces } from '../common/pieces';
import { newKey } from '../common/uuid';

/** A photo that is ready to be sent; its id is chosen once, so that it arrives once. */
export type Ready = { id: string; picture: Blob };

/** The most photos of a report, and the most bytes of one that the server takes. */
export const MOST = 3;
const BYTES = 2 << 20;

/** How long a piece may take, in milliseconds. */
const PATIENCE = 60_000;

/** canSend is false where the browser counts no SHA-256 for a page: without TLS. */
export const canSend = () => window.isSecureContext;

/** ready is a photo without what its camera wrote; it throws when the file is no picture. */
export async function ready(file: Blob): Promise<Ready> {
  let picture = await shrunk(file, 0);
  if (picture.size > BYTES) picture = await shrunk(file, 0, 0.5);
  return { id: newKey(), picture };
}

/** send sends a photo; one that has arrived, or in part, is gone on with. */
export async function send(code: string, { id, picture }: Ready) {
  const address = `${API}/public/receipts/${encodeURIComponent(code)}/photos/${id}`;
  const refusal = await sendPieces(picture, (init) =>
    fetch(address, { ...init, signal: AbortSignal.timeout(PATIENCE) }),
  ).catch((cause) => {
    throw asProblem(cause);
  });
  if (refusal)
    throw problemOf(
      refusal.status,
      await refusal.json().catch(() => null),
      refusal.headers.get('Retry-After'),
    );
}

// What the page of the report hands to that of its receipt: it lives in memory alone.
const handed = new Map<string, Ready[]>();
export const hand = (code: string, photos: Ready[]) => handed.set(code, photos);

/** taken are the photos that were handed over with a report. */
export const taken = (code: string): Ready[] => handed.get(code) ?? [];

/** settled forgets a photo that has arrived, or never will. */
export const settled = (code: string, id: string) =>
  handed.set(
    code,
    taken(code).filter((photo) => photo.id !== id),
  );
