// A photo as it leaves the phone: small enough to go out where the net is thin, with the
// EXIF that the camera wrote.
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

/** scaled are the sides of a picture whose longer one is at most so many pixels; never larger than it was. */
export function scaled(width: number, height: number, longest: number): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
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

async function draw(picture: ImageBitmap, longest: number, quality: number): Promise<Blob> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = scaled(picture.width, picture.height, longest);
  const pen = canvas.getContext('2d');
  if (!pen) throw new NoPhoto();
  pen.fillStyle = '#fff'; // a JPEG has no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality));
  canvas.width = 0; // gives the memory back at once
  if (!made) throw new NoPhoto();
  return made;
}
