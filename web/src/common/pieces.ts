// A file on its way to the server in pieces: it goes on where the server says it has got to,
// so that a long one comes through a net that keeps breaking off.

/** The most bytes of a piece. */
export const PIECE = 512 * 1024;

/** How often the server may say that it has got elsewhere. */
const TURNS = 20;

/** How a file is sent: from where on, and who hears how many bytes the server has. */
type Way = { from?: number; tell?: (bytes: number) => void };

/**
 * sendPieces sends a file with ask. It returns null once the server has all of it, or the
 * answer of a piece that it did not take. Fails as ask does, and when the server never
 * stays with what it says.
 */
export async function sendPieces(
  file: Blob,
  ask: (init: RequestInit) => Promise<Response>,
  { from = 0, tell = () => {} }: Way = {},
): Promise<Response | null> {
  let at = from;
  for (let turns = 0; turns < TURNS + file.size / PIECE; turns++) {
    tell(at);
    const to = Math.min(file.size, at + PIECE);
    const headers: Record<string, string> = {
      'Content-Type': 'application/octet-stream',
      'Upload-Offset': String(at),
      'Upload-Length': String(file.size),
    };
    if (to === file.size) headers['Upload-Digest'] = `sha-256=${await sha256(file)}`;
    const response = await ask({ method: 'PUT', headers, body: file.slice(at, to) });
    if (response.ok && to === file.size) return null;
    const told = offsetOf(response);
    if (!response.ok && (response.status !== 409 || told === null || told === at)) return response;
    at = told ?? to;
  }
  throw new Error('the server says again and again that it has got elsewhere');
}

/** offsetOf is how many bytes the server says it has; null where it says nothing. */
export function offsetOf(response: Response): number | null {
  const said = response.headers.get('Upload-Offset');
  return said !== null && /^\d{1,9}$/.test(said) ? Number(said) : null;
}

/** sha256 is the digest of a file, in hexadecimal digits. */
export async function sha256(file: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
