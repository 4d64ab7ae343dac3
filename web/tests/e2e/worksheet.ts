// What a workbook holds, without a library: it is a zip file of XML.
import { inflateRawSync } from 'node:zlib';

/** worksheet is the XML of a worksheet of a workbook, the first being 1. */
export const worksheet = (book: Buffer, number = 1) => part(book, `xl/worksheets/sheet${number}.xml`) ?? '';

/** part is the text of a file in a zip file; null when there is none. */
function part(book: Buffer, name: string): string | null {
  const end = book.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = book.readUInt32LE(end + 16);
  for (let n = book.readUInt16LE(end + 10); n > 0; n--) {
    const [size, named, extra, note] = [
      book.readUInt32LE(at + 20),
      book.readUInt16LE(at + 28),
      book.readUInt16LE(at + 30),
      book.readUInt16LE(at + 32),
    ] as const;
    if (book.toString('utf8', at + 46, at + 46 + named) === name) {
      const local = book.readUInt32LE(at + 42);
      const from = local + 30 + book.readUInt16LE(local + 26) + book.readUInt16LE(local + 28);
      return inflateRawSync(book.subarray(from, from + size)).toString('utf8');
    }
    at += 46 + named + extra + note;
  }
  return null;
}

const plain = (xml: string) => xml.replace(/<[^>]*>/g, '');

/** rowsOf are the cells of a worksheet as they are written, row by row; an empty one is ''. */
export function rowsOf(book: Buffer, number = 1): string[][] {
  const shared = [...(part(book, 'xl/sharedStrings.xml') ?? '').matchAll(/<si>(.*?)<\/si>/gs)];
  const textOf = (cell: string, inner: string) =>
    / t="s"/.test(cell) ? plain(shared[Number(plain(inner))]?.[1] ?? '') : plain(inner);
  return [...worksheet(book, number).matchAll(/<row [^>]*?(?:\/>|>(.*?)<\/row>)/gs)].map(([, row = '']) => {
    const cells: string[] = [];
    for (const [cell, column = '', inner = ''] of row.matchAll(
      /<c r="([A-Z]+)\d+"[^>]*?(?:\/>|>(.*?)<\/c>)/gs,
    )) {
      const at = [...column].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
      cells[at] = textOf(cell.slice(0, cell.indexOf('>')), inner);
    }
    return Array.from(cells, (text) => text ?? '');
  });
}
