// A photo as a camera writes it.
import type { Page } from '@playwright/test';

/** What the camera writes beside the picture, and nobody may find. */
export const CAMERA = 'SecretCamera';

/** shot is a photo of upright stripes, with a segment that names the camera. */
export async function shot(page: Page): Promise<Buffer> {
  const plain = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [800, 600];
    const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    for (let x = 0; x < canvas.width; x += 10) {
      pen.fillStyle = (x / 10) % 2 === 0 ? '#102040' : '#f0e0c0';
      pen.fillRect(x, 0, 10, canvas.height);
    }
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1] ?? '';
  });
  const jpeg = Buffer.from(plain, 'base64');
  // A TIFF header and one entry: who made the camera (0x010f), text, at offset 26.
  const count = Buffer.alloc(4);
  count.writeUInt32LE(CAMERA.length + 1);
  const tiff = Buffer.concat([
    Buffer.from('49492a0008000000' + '0100' + '0f010200', 'hex'),
    count,
    Buffer.from('1a000000' + '00000000', 'hex'),
    Buffer.from(`${CAMERA}\0`),
  ]);
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
}
