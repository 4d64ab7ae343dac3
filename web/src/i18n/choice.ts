// The language in the address of the page.
import i18next from 'i18next';
import { useEffect } from 'react';
import type { Language } from '../common/format';
import { remember } from '../common/storage';
import { useView } from '../view/url';
import { changeLanguage, showLanguage } from './language';

/** useLanguageOfAddress follows ?lang= when the address changes. */
export function useLanguageOfAddress(): void {
  const [view] = useView();
  const { lang } = view;
  useEffect(() => {
    if (lang) changeLanguage(lang);
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
    changeLanguage(language);
  };
}
