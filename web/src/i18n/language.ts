// The language of the page: from the address, else what this browser remembers,
// else what it prefers. It changes without a reload; the words of a language are
// fetched when it is first shown.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from '../common/format';
import { remember } from '../common/storage';
import type { Dictionary } from './zh';

const LANGUAGES = ['zh', 'en'] as const satisfies readonly Language[];
export type Words = Record<Language, () => Promise<object>>;

const dictionaries: Record<Language, () => Promise<Dictionary>> = {
  zh: () => import('./zh').then(({ zh }) => zh),
  en: () => import('./en').then(({ en }) => en),
};

/** preferred is the language for a reader who has not chosen one. */
export function preferred(remembered: string | null, browser: string): Language {
  if (remembered === 'zh' || remembered === 'en') return remembered;
  return /^zh\b/i.test(browser) || browser === '' ? 'zh' : 'en';
}

/** What single pages say beside the words that all have. */
const more = new Set<Words>();

/** load fetches all words of a language, with those of pages that are first shown meanwhile. */
async function load(language: Language): Promise<object> {
  for (;;) {
    const wanted = [dictionaries, ...more];
    const words = await Promise.all(wanted.map((of) => of[language]()));
    if (wanted.length === more.size + 1) return Object.assign({}, ...words);
  }
}

/** withWords is done when the words of a page are there, in every language that is. */
export async function withWords(words: Words): Promise<void> {
  more.add(words);
  const here = LANGUAGES.filter((language) => i18next.hasResourceBundle(language, 'page'));
  await Promise.all(
    here.map(async (language) => i18next.addResourceBundle(language, 'page', await words[language](), true)),
  );
}

/** startLanguage is done when the page can be written in the language of its reader. */
export async function startLanguage(ofThisPage: Words | null = null): Promise<void> {
  if (ofThisPage) more.add(ofThisPage);
  const asked = new URLSearchParams(location.search).get('lang');
  const language = preferred(asked ?? remember.get('lang'), navigator.language ?? '');
  wanted = language;
  const page = await load(language);
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { page } },
    defaultNS: 'page',
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  showLanguage(language);
}

/** The language that was asked for last. */
let wanted: Language;

/** changeLanguage writes the page in a language, unless another is asked for before its words are here. */
export async function changeLanguage(language: Language): Promise<void> {
  wanted = language;
  if (!i18next.hasResourceBundle(language, 'page')) {
    i18next.addResourceBundle(language, 'page', await load(language));
  }
  if (wanted === language) await i18next.changeLanguage(language);
}

/** showLanguage says in the document which language it is in. */
export function showLanguage(language: string): void {
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN';
  document.title = i18next.t('app.title');
}
