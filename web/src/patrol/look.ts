// Language and theme of the officer's page, which has no address of views: what this
// browser remembers, or its own preference.
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { type Language, useLanguage } from '../common/format';
import { remember } from '../common/storage';
import { changeLanguage } from '../i18n/language';
import { useSystemDark, useThemeOnPage } from '../theme/page';
import { type Palette, palettes, type Theme, type ThemeChoice } from '../theme/palette';

const CHOICES: readonly ThemeChoice[] = ['light', 'dark', 'system'];

/** chosenTheme is the theme asked for in the address, else the one remembered. */
function chosenTheme(): ThemeChoice {
  const asked = new URLSearchParams(location.search).get('theme') ?? remember.get('theme');
  return CHOICES.find((choice) => choice === asked) ?? 'system';
}

const useChoice = create<{ theme: ThemeChoice }>(() => ({ theme: chosenTheme() }));

export function chooseTheme(theme: ThemeChoice): void {
  remember.set('theme', theme);
  useChoice.setState({ theme });
}

export function chooseLanguage(language: Language): void {
  remember.set('lang', language);
  changeLanguage(language);
}

/** useLook is the theme in force with its colours, and the choice behind it. */
export function useLook(): { choice: ThemeChoice; theme: Theme; palette: Palette } {
  const choice = useChoice(({ theme }) => theme);
  const dark = useSystemDark();
  const theme = choice === 'system' ? (dark ? 'dark' : 'light') : choice;
  return { choice, theme, palette: palettes[theme] };
}

/** useLookOnPage writes theme, language and title into the document. */
export function useLookOnPage(): void {
  const { t } = useTranslation();
  const language = useLanguage();
  useThemeOnPage(useLook().theme);
  useEffect(() => {
    document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN';
    document.title = t('patrol.title');
  }, [language, t]);
}
