// What a report's text may not hold: the same rule as at the server (geo/sheet), so that
// the phone says so at once, also without signal. The server decides.

/** The most characters of a report's text. */
export const LONGEST_TEXT = 200;

const MOBILE =
  /(?:^|[^0-9.])(?:(?:\+|00)?86[- ]?)?1[3-9][0-9](?:[0-9]{8}|[- ][0-9]{4}[- ][0-9]{4})(?:$|[^0-9.])/;
const LANDLINE =
  /(?:^|[^0-9.])(?:\(0[1-9][0-9]{1,2}\) ?|0[1-9][0-9]{1,2}-)[1-9][0-9]{6,7}(?:-[0-9]{1,5})?(?:$|[^0-9.-])/;
const IDENTITY = /(?:^|[^0-9A-Za-z])([1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{14})(?:$|[^0-9A-Za-z])/g;

/** looksPersonal tells whether a text holds a phone number or an identity number. */
export function looksPersonal(text: string): boolean {
  const plain = text.normalize('NFKC');
  for (const [, number = ''] of plain.matchAll(IDENTITY)) if (isIdentity(number)) return true;
  return MOBILE.test(plain) || LANDLINE.test(plain);
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** isIdentity checks province, date of birth and, in the long form, the check digit (GB 11643-1999). */
function isIdentity(id: string): boolean {
  if (id.slice(0, 2) < '11' || id.slice(0, 2) > '82') return false;
  if (id.length === 15) return id.slice(6, 8) >= '40' && isDate(`19${id.slice(6, 12)}`);
  const year = Number(id.slice(6, 10));
  if (year < 1850 || year > 2100 || !isDate(id.slice(6, 14))) return false;
  const sum = WEIGHTS.reduce((all, weight, at) => all + Number(id[at]) * weight, 0);
  return id[17]?.toUpperCase() === '10X98765432'[sum % 11];
}

function isDate(text: string): boolean {
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}
