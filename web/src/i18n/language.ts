// The language of the page: from the address, else what this browser remembers,
// else what it prefers. It changes without a reload.
import i18next from 'i18next';
import { useEffect } from 'react';
import { initReactI18next } from 'react-i18next';
import type { Language } from '../common/format';
import { remember } from '../common/storage';
import { useView } from '../view/url';
import { en } from './en';
import { zh } from './zh';

/** preferred is the language for a reader who has not chosen one. */
export function preferred(remembered: string | null, browser: string): Language {
  if (remembered === 'zh' || remembered === 'en') return remembered;
  return /^zh\b/i.test(browser) || browser === '' ? 'zh' : 'en';
}

export function startLanguage(): void {
  const asked = new URLSearchParams(location.search).get('lang');
  i18next.use(initReactI18next).init({
    lng: preferred(asked ?? remember.get('lang'), navigator.language ?? ''),
    resources: { zh: { page: zh }, en: { page: en } },
    defaultNS: 'page',
    fallbackLng: 'zh',
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  showLanguage(i18next.language);
}

function showLanguage(language: string): void {
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN';
  document.title = i18next.t('app.title');
}

/** useLanguageOfAddress follows ?lang= when the address changes. */
export function useLanguageOfAddress(): void {
  const [view] = useView();
  const { lang } = view;
  useEffect(() => {
    if (lang && lang !== i18next.language) i18next.changeLanguage(lang);
  }, [lang]);
  useEffect(() => {
    i18next.on('languageChanged', showLanguage);
    return () => i18next.off('languageChanged', showLanguage);
  }, []);
}

export function useSetLanguage(): (language: Language) => void {
  const [, setView] = useView();
  return (language) => {
    remember.set('lang', language);
    setView({ lang: language });
    i18next.changeLanguage(language);
  };
}
