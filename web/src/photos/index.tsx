// The photos of an incident, for its page at the desk: loaded with their words when they
// are first shown.
import { lazy, Suspense } from 'react';
import { Loading } from '../common/states';
import { type Words, withWords } from '../i18n/language';
import type { Pictured } from './queries';

export const photoWords: Words = {
  zh: () => import('../i18n/photos.zh').then(({ photos }) => ({ photos })),
  en: () => import('../i18n/photos.en').then(({ photos }) => ({ photos })),
};

const Loaded = lazy(async () => {
  const [part] = await Promise.all([import('./photos'), withWords(photoWords)]);
  return part;
});

/** Photos shows the photos of an incident, and releases them with faces and plates covered. */
export function Photos({ incident }: { incident: Pictured }) {
  return (
    <Suspense fallback={<Loading rows={2} />}>
      <Loaded incident={incident} />
    </Suspense>
  );
}
