// The report of a ledger as figures and as a CSV file for Excel.
import type { Refusal, Report } from '../api/types';
import type { Language } from '../common/format';

/** tallies are the counts of a report in the order they are read. */
export const tallies = [
  'rows',
  'new',
  'added',
  'changed',
  'unchanged',
  'outside',
  'unplaced',
  'matched',
  'kept_place',
  'refused',
  'absent',
  'closed',
  'removed',
] as const;
export type Tally = (typeof tallies)[number];

/** Tallied is the report of a ledger, or of a register, which has some of its counts. */
export type Tallied = Partial<Report> & {
  rows: number;
  added?: number;
  removed?: number;
  dropped?: { header: string; reason: string }[] | null;
};

/** isTallied tells the report of a table from that of a boundary file. */
export function isTallied(report: unknown): report is Tallied {
  return (
    typeof report === 'object' &&
    report !== null &&
    'rows' in report &&
    ('refused' in report || 'added' in report)
  );
}

export const reasonOf = (refusal: Refusal, language: Language) =>
  (language === 'zh' && refusal.reason_zh) || refusal.reason;

/**
 * refusalsCSV is the table of refused rows. It begins with a byte order mark, so
 * that Excel reads UTF-8, and no cell can start a formula.
 */
export function refusalsCSV(refusals: readonly Refusal[], header: string[], language: Language): string {
  const rows = refusals.map((refusal) => [
    String(refusal.line),
    refusal.column || refusal.field,
    refusal.value ?? '',
    refusal.reason_code,
    reasonOf(refusal, language),
  ]);
  return `\ufeff${[header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isNumber = (text: string) => /^-?\d+(\.\d+)?$/.test(text);

/** download hands a text to the browser as a file. */
export function download(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
