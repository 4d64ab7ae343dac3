// The words of single pages, which only they load.
import type { Words } from './language';

export const analysisWords: Words = {
  zh: () => import('./incidents.zh').then(({ incidents }) => ({ incidents })),
  en: () => import('./incidents.en').then(({ incidents }) => ({ incidents })),
};

export const dutyWords: Words = {
  zh: () => import('./duty.zh').then(({ board, duty }) => ({ board, duty })),
  en: () => import('./duty.en').then(({ board, duty }) => ({ board, duty })),
};

export const residentWords: Words = {
  zh: () => import('./resident.zh').then(({ resident }) => ({ resident })),
  en: () => import('./resident.en').then(({ resident }) => ({ resident })),
};
