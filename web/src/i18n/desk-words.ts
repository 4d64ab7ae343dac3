// The words of single pages, which only they load.
import { type Words, withWords } from './language';

export const adminWords: Words = {
  zh: () => import('./admin.zh'),
  en: () => import('./admin.en'),
};

export const analysisWords: Words = {
  zh: () => import('./incidents.zh'),
  en: () => import('./incidents.en'),
};

export const borderWords: Words = {
  zh: () => import('./borderwalk.zh'),
  en: () => import('./borderwalk.en'),
};

export const dutyWords: Words = {
  zh: () => import('./duty.zh'),
  en: () => import('./duty.en'),
};

export const residentWords: Words = {
  zh: () => import('./resident.zh'),
  en: () => import('./resident.en'),
};

/** written is a page with the words that only it says. */
export async function written<Page>(words: Words | Words[], page: Promise<Page>): Promise<Page> {
  await Promise.all([words].flat().map(withWords));
  return page;
}
