// The words of single pages, which only they load.
import { type Words, withWords } from './language';

export const analysisWords: Words = {
  zh: () => import('./incidents.zh').then(({ incidents }) => ({ incidents })),
  en: () => import('./incidents.en').then(({ incidents }) => ({ incidents })),
};

export const borderWords: Words = {
  zh: () => import('./borderwalk.zh').then(({ border }) => ({ border })),
  en: () => import('./borderwalk.en').then(({ border }) => ({ border })),
};

export const dutyWords: Words = {
  zh: () => import('./duty.zh').then(({ board, duty }) => ({ board, duty })),
  en: () => import('./duty.en').then(({ board, duty }) => ({ board, duty })),
};

export const residentWords: Words = {
  zh: () => import('./resident.zh').then(({ resident }) => ({ resident })),
  en: () => import('./resident.en').then(({ resident }) => ({ resident })),
};

export const switchesWords: Words = {
  zh: () => import('./switches.zh').then(({ switches }) => ({ switches })),
  en: () => import('./switches.en').then(({ switches }) => ({ switches })),
};

/** written is a page with the words that only it says. */
export async function written<Page>(words: Words | Words[], page: Promise<Page>): Promise<Page> {
  await Promise.all([words].flat().map(withWords));
  return page;
}
