// The segments at the beginning of a JPEG file, as far as a photo's EXIF is concerned:
// redrawing a photo smaller loses where and when it was taken, which the server reads.

const [SOI, APP0, APP1, SOS, EOI] = [0xd8, 0xe0, 0xe1, 0xda, 0xd9];
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif", and two zeros
const ORIENTATION = 0x0112;

type Segment = { marker: number; from: number; to: number };

/** segmentsOf are the segments before the picture itself, markers included; none of what is no JPEG. */
function segmentsOf(file: Uint8Array): Segment[] {
  const found: Segment[] = [];
  if (file[0] !== 0xff || file[1] !== SOI) return found;
  let from = 2;
  while (from + 4 <= file.length && file[from] === 0xff) {
    const marker = file[from + 1] ?? 0;
    if (marker === 0xff) {
      from++; // a byte that fills
      continue;
    }
    if (marker === SOS || marker === EOI) break;
    const to = from + 2 + (((file[from + 2] ?? 0) << 8) | (file[from + 3] ?? 0));
    if (to < from + 4 || to > file.length) break;
    found.push({ marker, from, to });
    from = to;
  }
  return found;
}

const isExif = (file: Uint8Array, { marker, from, to }: Segment) =>
  marker === APP1 && to - from >= 10 && EXIF.every((byte, at) => file[from + 4 + at] === byte);

/** exifOf is the EXIF segment of a JPEG, its marker and length included; null where there is none. */
export function exifOf(file: Uint8Array): Uint8Array | null {
  const segment = segmentsOf(file).find((one) => isExif(file, one));
  return segment ? file.slice(segment.from, segment.to) : null;
}

/** withExif is a JPEG with another EXIF segment in the place of its own. */
export function withExif(file: Uint8Array, exif: Uint8Array): Uint8Array<ArrayBuffer> {
  const segments = segmentsOf(file);
  if (segments.length === 0) throw new TypeError('this is no JPEG');
  const own = segments.filter((one) => isExif(file, one));
  // After the JFIF header, where there is one: readers look for that first.
  const first = segments[0]?.marker === APP0 ? (segments[0]?.to ?? 2) : 2;
  const parts = [file.subarray(0, first), exif];
  let from = first;
  for (const segment of own) {
    parts.push(file.subarray(from, segment.from));
    from = segment.to;
  }
  parts.push(file.subarray(from));
  const made = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/**
 * upright is an EXIF segment that says its picture is not turned, for one that was drawn
 * the right way up. What cannot be read stays as it is.
 */
export function upright(exif: Uint8Array): Uint8Array {
  const made = exif.slice();
  const tiff = 10; // after the marker, the length and the name
  if (made.length < tiff + 8) return made;
  const view = new DataView(made.buffer, made.byteOffset, made.byteLength);
  const little = view.getUint16(tiff) === 0x4949;
  if (!little && view.getUint16(tiff) !== 0x4d4d) return made;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > made.length) return made;
  const entries = view.getUint16(directory, little);
  for (let n = 0; n < entries; n++) {
    const entry = directory + 2 + 12 * n;
    if (entry + 12 > made.length) break;
    if (view.getUint16(entry, little) === ORIENTATION) view.setUint16(entry + 8, 1, little);
  }
  return made;
}
