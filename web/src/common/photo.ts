// A photo on its way out: what is larger than the server keeps is made smaller here, so
// that it goes through where the net is thin.

/** Pixels of the longer side that the server keeps, and bytes that are sent as they are. */
const LONGEST = 2048;
const SMALL = 1_500_000;

/**
 * shrunk is a photo as JPEG, upright. A JPEG of at most so many bytes stays as it came, the
 * server turns it; with 0 none does, and nothing that the camera wrote leaves this device.
 */
export async function shrunk(file: Blob, small = SMALL, quality = 0.85): Promise<Blob> {
  if (file.type === 'image/jpeg' && file.size <= small) return file;
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const drawn = await draw(picture, LONGEST, quality);
    if (!drawn && small === 0) throw new Error('no memory to draw the picture');
    return drawn ?? file;
  } finally {
    picture.close();
  }
}

/** draw is a picture as JPEG whose longer side has at most so many pixels; null where there is no memory for it. */
export async function draw(picture: ImageBitmap, longest: number, quality: number): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = scaled(picture.width, picture.height, longest);
  const pen = canvas.getContext('2d');
  if (!pen) return null;
  pen.fillStyle = '#fff'; // a JPEG has no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const drawn = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality));
  canvas.width = 0; // gives the memory back at once
  return drawn;
}

/** scaled are the sides of a picture whose longer one is at most so many pixels; never larger than it was. */
export function scaled(width: number, height: number, longest: number): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}
