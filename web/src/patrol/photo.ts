// A photo as it leaves the phone: small enough to go out where the net is thin, with the
// EXIF that the camera wrote.
import { draw } from '../common/photo';
import { exifOf, upright, withExif } from './jpeg';

/** The most pixels of the longer side. */
const LONGEST = 2560;

/** The most bytes that the server takes, without what the EXIF needs (at most 64 KiB). */
const BYTES = 5_000_000 - 65_536;

/** How good the picture is at first, and what is tried while it is too large. */
const QUALITIES = [0.85, 0.7, 0.5];

/** NoPhoto says that a file is no picture that this browser can read. */
export class NoPhoto extends Error {
  override name = 'NoPhoto';
}

/** shrunk is a photo as an upright JPEG of at most 5 MB, with the EXIF of the file it was made of. */
export async function shrunk(file: Blob): Promise<Blob> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const exif = exifOf(bytes);
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    throw new NoPhoto();
  }
  try {
    for (const [step, quality] of QUALITIES.entries()) {
      const drawn = await draw(picture, LONGEST / 2 ** Math.max(0, step - 1), quality);
      if (!drawn) break;
      if (drawn.size <= BYTES) return exif ? dress(drawn, exif) : drawn;
    }
  } finally {
    picture.close();
  }
  throw new NoPhoto();
}

async function dress(drawn: Blob, exif: Uint8Array): Promise<Blob> {
  const bytes = new Uint8Array(await drawn.arrayBuffer());
  return new Blob([withExif(bytes, upright(exif))], { type: 'image/jpeg' });
}
