// Sending the photos of reports: each in pieces, going on where the server says it has
// got to, so that a long photo comes through a net that keeps breaking off.
import { API } from '../../api/client';
import { offsetOf, sendPieces } from '../../common/pieces';
import { asRefusal, isOwn, type Outcome, REVOKED, type Send, SILENT } from './deliver';
import type { Outbox, Photo } from './store';

/** How long a piece may take, in milliseconds. */
const PATIENCE = 60_000;

/**
 * sendPhoto sends the first photo whose report the server holds. tell hears how many bytes
 * the server has of which photo.
 */
export async function sendPhoto(
  outbox: Outbox,
  tell: (photo: Photo, bytes: number) => void,
  send: Send = fetch,
): Promise<Outcome> {
  const [photo] = await outbox.sendable();
  if (!photo) return { did: 'empty' };
  const picture = await outbox.picture(photo.id);
  if (!picture) {
    await outbox.dropPhoto(photo.id); // the browser has lost it
    return { did: 'more' };
  }
  const own = await isOwn(outbox, send, AbortSignal.timeout(PATIENCE));
  if (own !== 'yes') return own === 'no' ? { did: 'signed_out' } : SILENT;
  try {
    return await upload(outbox, photo, picture, tell, send);
  } catch {
    return SILENT;
  }
}

async function upload(
  outbox: Outbox,
  photo: Photo,
  picture: Blob,
  tell: (photo: Photo, bytes: number) => void,
  send: Send,
): Promise<Outcome> {
  const address = `${API}/photos/${photo.id}`;
  const ask = (init: RequestInit) => send(address, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  const from = offsetOf(await ask({ method: 'HEAD' })) ?? 0;
  if (from >= picture.size) return kept(outbox, photo, tell); // only the answer was lost
  const refusal = await sendPieces(picture, ask, { from, tell: (bytes) => tell(photo, bytes) });
  return refusal ? refused(outbox, photo, refusal) : kept(outbox, photo, tell);
}

async function kept(
  outbox: Outbox,
  photo: Photo,
  tell: (photo: Photo, bytes: number) => void,
): Promise<Outcome> {
  tell(photo, photo.bytes);
  await outbox.settlePhoto(photo.id, null);
  return { did: 'more' };
}

/** refused is what an answer means that took nothing. */
async function refused(outbox: Outbox, photo: Photo, response: Response): Promise<Outcome> {
  const problem = asRefusal(await response.json().catch(() => null), response.status);
  if (problem.code === REVOKED) {
    await outbox.wipe();
    return { did: 'revoked' };
  }
  if (response.status === 401) return { did: 'signed_out' };
  if (response.status >= 500 || [408, 423, 425, 429].includes(response.status)) {
    const seconds = Number(response.headers.get('Retry-After')) || 0;
    return { did: 'wait', status: response.status, seconds };
  }
  await outbox.settlePhoto(photo.id, problem);
  return { did: 'more' };
}
