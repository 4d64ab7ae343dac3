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
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext('2d');
  if (!pen) return file;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((made) => canvas.toBlob((blob) => made(blob ?? file), 'image/jpeg', quality));
}
