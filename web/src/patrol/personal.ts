// What a text may not hold: the same rule as at the server (geo/redact, which says what it
// finds and why), so that the phone says so at once, also without signal. The server
// decides; both are tested with one table (geo/redact/testdata/numbers.json).

/** The most characters of a report's text. */
export const LONGEST_TEXT = 200;

/** How many digits the shortest number has. */
const LEAST = 7;

/** In how many groups a number is written, unless each digit stands alone. */
const MOST_GROUPS = 6;

const UUIDS = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
/** Digits with at most three other signs between two of them. */
const RUNS = /[0-9]+(?:-{1,3}[0-9]+)*(?:-{0,3}x)?/g;
/** What stands before a number that is a phone's though it has no area code. */
const NAMES =
  /(?:电话|電話|座机|座機|致电|拨打|phone|tel|call)[^0-9\p{Script=Han}]{0,4}(?:[是为為号號码碼][^0-9\p{Script=Han}]{0,3}){0,3}$/iu;

/** looksPersonal tells whether a text holds a phone number or an identity number. */
export function looksPersonal(text: string): boolean {
  const letters = [...text];
  const folded = letters
    .map(sign)
    .join('')
    .replace(UUIDS, (uuid) => '#'.repeat(uuid.length));
  for (const run of folded.matchAll(RUNS)) {
    if (run[0].replace(/[^0-9]/g, '').length < LEAST) continue;
    const named = NAMES.test(letters.slice(Math.max(0, run.index - 24), run.index).join(''));
    const groups = cut(folded, run.index, run.index + run[0].length);
    if (groups.some((_, first) => begins(groups.slice(first), named && first === 0))) return true;
  }
  return false;
}

/** sign is one ASCII sign for a letter: '-' for what may stand between digits, '#' for all else. */
function sign(letter: string): string {
  if (/^[0-9.a-z]$/.test(letter)) return letter;
  if (/^[A-Z]$/.test(letter)) return letter.toLowerCase();
  if (letter === '\n') return '#';
  if (/^[-_()+·•~−\p{Pd}\s\p{Cf}]$/u.test(letter)) return '-';
  if (letter < '\u0080') return '#';
  const wide = letter.normalize('NFKC'); // Ｘ, ３, （
  return wide.length === 1 && wide < '\u0080' ? sign(wide) : '#';
}

/** Digits that stand together. */
type Group = {
  digits: string;
  /** A letter right before or after: a code, perhaps. */
  lettered: boolean;
  /** A part of a number with a decimal point. */
  pointed: boolean;
};

/** cut takes a run apart. */
function cut(folded: string, from: number, to: number): Group[] {
  const at = (i: number) => folded[i] ?? '#';
  const isDigit = (i: number) => /[0-9]/.test(at(i));
  const isLetter = (i: number) => /[a-z]/.test(at(i));
  return [...folded.slice(from, to).matchAll(/[^-]+/g)].map(({ 0: digits, index }) => {
    const [first, after] = [from + index, from + index + digits.length];
    return {
      digits,
      lettered: (isLetter(first - 1) && at(first) !== 'x') || isLetter(after),
      pointed: (at(first - 1) === '.' && isDigit(first - 2)) || (at(after) === '.' && isDigit(after + 1)),
    };
  });
}

/** begins tells whether a number begins with the first of the groups. */
function begins(groups: readonly Group[], named: boolean): boolean {
  let joined = '';
  let alone = true;
  for (const [n, { digits }] of groups.entries()) {
    joined += digits;
    alone &&= digits.length === 1;
    if (joined.length > 18 || (!alone && n >= MOST_GROUPS)) return false;
    if (isNumber(groups.slice(0, n + 1), joined, alone, named)) return true;
  }
  return false;
}

function isNumber(groups: readonly Group[], joined: string, alone: boolean, named: boolean): boolean {
  const [first, last] = [groups[0], groups.at(-1)];
  if (!first || !last || first.pointed || last.pointed) return false;
  return (
    (isIdentity(joined) && !first.lettered && !last.lettered) ||
    isMobile(groups, joined, alone) ||
    isLandline(groups, joined) ||
    (named && /^[2-8][0-9]{6,7}$/.test(joined))
  );
}

/** isMobile wants the first group to have three digits of the number, unless each digit stands alone. */
function isMobile(groups: readonly Group[], joined: string, alone: boolean): boolean {
  const country = /^(0086|86|0|)1[3-9][0-9]{9}$/.exec(joined)?.[1];
  if (country === undefined || alone) return country !== undefined;
  const own = (groups[0]?.digits.length ?? 0) - country.length;
  return (own === 0 && groups[1] ? groups[1].digits.length : own) >= 3;
}

/** isLandline wants the area code by itself, or the whole number in one piece. */
function isLandline(groups: readonly Group[], joined: string): boolean {
  if (groups.length === 1)
    return /^0(?:(?:10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7})$/.test(joined);
  const abroad = /^(?:00)?86$/.test(groups[0]?.digits ?? '');
  const [area = '', ...rest] = groups.slice(abroad ? 1 : 0).map(({ digits }) => digits);
  if (!/^0?(?:10|2[0-9]|[3-9][0-9]{2})$/.test(area) || (!abroad && area[0] !== '0')) return false;
  if (rest.length === 0 || rest[0]?.startsWith('0') || rest.some((part) => part.length < 3)) return false;
  return [7, 8].includes(rest.join('').length);
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** isIdentity checks province, date of birth and, in the long form, the check digit (GB 11643-1999). */
function isIdentity(id: string): boolean {
  if (!/^(?:[0-9]{15}|[0-9]{17}[0-9x])$/.test(id) || id.slice(0, 2) < '11' || id.slice(0, 2) > '82')
    return false;
  if (id.length === 15) return id.slice(6, 8) >= '40' && isDate(`19${id.slice(6, 12)}`);
  const year = Number(id.slice(6, 10));
  if (year < 1850 || year > 2100 || !isDate(id.slice(6, 14))) return false;
  const sum = WEIGHTS.reduce((all, weight, at) => all + Number(id[at]) * weight, 0);
  return id[17] === '10x98765432'[sum % 11];
}

function isDate(text: string): boolean {
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}
