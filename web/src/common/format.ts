// Figures as people of a language read them.
import { useTranslation } from 'react-i18next';

export type Language = 'zh' | 'en';
const locale = (language: Language) => (language === 'en' ? 'en-GB' : 'zh-CN');

/** count writes a whole number with separators; null is a dash, never 0. */
export function count(value: number | null | undefined, language: Language): string {
  return value === null || value === undefined ? '–' : value.toLocaleString(locale(language));
}

/** area writes square metres in the unit that keeps the figure readable. */
export function area(squareMetres: number, language: Language): string {
  const write = (value: number, digits: number) =>
    value.toLocaleString(locale(language), { maximumFractionDigits: digits });
  if (squareMetres >= 1e6) return `${write(squareMetres / 1e6, 2)} km²`;
  if (squareMetres >= 1e5) return `${write(squareMetres / 1e4, 1)} ${language === 'zh' ? '公顷' : 'ha'}`;
  if (squareMetres >= 10) return `${write(squareMetres, 0)} m²`;
  if (squareMetres >= 0.01) return `${write(squareMetres, 2)} m²`;
  return squareMetres > 0 ? '< 0.01 m²' : '0 m²';
}

/** length writes metres; borders meet within centimetres, so small ones keep them. */
export function length(metres: number, language: Language): string {
  const digits = metres >= 10 ? 0 : metres >= 0.1 ? 2 : 3;
  return `${metres.toLocaleString(locale(language), { maximumFractionDigits: digits })} m`;
}

/** away writes how far something is from a phone, which knows its place to some metres. */
export function away(metres: number, language: Language): string {
  const [value, digits, unit] = metres < 1000 ? [metres, 0, 'm'] : [metres / 1000, 1, 'km'];
  return `${value.toLocaleString(locale(language), { maximumFractionDigits: digits })} ${unit}`;
}

export function fileSize(bytes: number, language: Language): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  return `${value.toLocaleString(locale(language), { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step]}`;
}

/** moment writes a time in the reader's own zone. */
export function moment(time: string | null | undefined, language: Language): string {
  if (!time) return '–';
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  return date.toLocaleString(locale(language), { dateStyle: 'medium', timeStyle: 'short' });
}

/** day writes a date without a time; null is until further notice. */
export function day(date: string | null | undefined, language: Language): string {
  if (!date) return '–';
  const parsed = new Date(`${date}T00:00:00`);
  if (Number.isNaN(parsed.getTime())) return date;
  return parsed.toLocaleDateString(locale(language), { dateStyle: 'medium' });
}

/** elapsed writes seconds as 0:07 or 1:02:03. */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return i18n.language === 'en' ? 'en' : 'zh';
}

/** useDay writes dates in the language of the page. */
export function useDay(): (date: string | null | undefined) => string {
  const language = useLanguage();
  return (date) => day(date, language);
}

type Bilingual = { title_zh: string; title_en: string };

/** useTitle picks the title in the reader's language, or the other where it is missing. */
export function useTitle(): (thing: Bilingual | undefined, otherwise?: string) => string {
  const language = useLanguage();
  return (thing, otherwise = '') => {
    if (!thing) return otherwise;
    const [first, second] =
      language === 'en' ? [thing.title_en, thing.title_zh] : [thing.title_zh, thing.title_en];
    return first || second || otherwise;
  };
}

/** useWords translates a code of the API; an unknown one is shown as it is. */
export function useWords(): (group: string, code: string) => string {
  const { t } = useTranslation();
  return (group, code) => String(t(`${group}.${code}` as never, { defaultValue: code } as never));
}
