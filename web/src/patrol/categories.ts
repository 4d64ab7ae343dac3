// What classes of incidents are called, as far as the phone knows.
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { useTitle } from '../common/format';
import { useKept } from './cache';

type Category = components['schemas']['Category'];

/** useCategories returns the title of a class by its code, or the code. */
export function useCategories(): (code: string) => string {
  const title = useTitle();
  const known = useKept('categories', () => answer<{ items: Category[] }>(api.GET('/incident-categories')));
  return (code) =>
    title(
      known?.value.items.find((one) => one.code === code),
      code,
    );
}
