// The photos of a resident's report on their way: made small on this device, and sent in
// pieces with the code of the report once the server has it.
import { API, asProblem, problemOf } from '../api/client';
import { shrunk } from '../common/photo';
import { newKey } from '../common/uuid';

/** A photo that is ready to be sent; its id is chosen once, so that it arrives once. */
export type Ready = { id: string; picture: Blob };

/** The most photos of a report, and the most bytes of one that the server takes. */
export const MOST = 3;
const BYTES = 2 << 20;

/** The most bytes of a piece. */
const PIECE = 512 << 10;

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
  const digest = await sha256(picture);
  for (let at = 0; at < picture.size; ) {
    const to = Math.min(picture.size, at + PIECE);
    const response = await fetch(address, {
      method: 'PUT',
      headers: {
        'Content-Type': 'application/octet-stream',
        'Upload-Offset': String(at),
        'Upload-Length': String(picture.size),
        ...(to === picture.size ? { 'Upload-Digest': `sha-256=${digest}` } : {}),
      },
      body: picture.slice(at, to),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch((cause) => {
      throw asProblem(cause);
    });
    const held = Number(response.headers.get('Upload-Offset'));
    if (!response.ok && !(response.status === 409 && held > at))
      throw problemOf(
        response.status,
        await response.json().catch(() => null),
        response.headers.get('Retry-After'),
      );
    at = Math.max(held, response.ok ? to : 0);
  }
}

async function sha256(picture: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await picture.arrayBuffer()));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
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
