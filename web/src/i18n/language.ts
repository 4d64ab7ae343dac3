// The language of the page: from the address, else what this browser remembers,
// else what it prefers. It changes without a reload; the words of a language are
// fetched when it is first shown.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from '../common/format';
import { remember } from '../common/storage';
import type { Dictionary } from './zh';

type Words = Record<Language, () => Promise<object>>;

const dictionaries: Record<Language, () => Promise<Dictionary>> = {
  zh: () => import('./zh').then(({ zh }) => zh),
  en: () => import('./en').then(({ en }) => en),
};

/** preferred is the language for a reader who has not chosen one. */
export function preferred(remembered: string | null, browser: string): Language {
  if (remembered === 'zh' || remembered === 'en') return remembered;
  return /^zh\b/i.test(browser) || browser === '' ? 'zh' : 'en';
}

/** What one page alone says, beside the words that all have. */
let more: Words | null = null;

const wordsOf = async (language: Language) => ({
  ...(await dictionaries[language]()),
  ...(await more?.[language]()),
});

/** startLanguage is done when the page can be written in the language of its reader. */
export async function startLanguage(ofThisPage: Words | null = null): Promise<void> {
  more = ofThisPage;
  const asked = new URLSearchParams(location.search).get('lang');
  const language = preferred(asked ?? remember.get('lang'), navigator.language ?? '');
  wanted = language;
  const page = await wordsOf(language);
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
    i18next.addResourceBundle(language, 'page', await wordsOf(language));
  }
  if (wanted === language) await i18next.changeLanguage(language);
}

/** showLanguage says in the document which language it is in. */
export function showLanguage(language: string): void {
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN';
  document.title = i18next.t('app.title');
}
