// What classes of incidents are called, as far as the phone knows.
import { useTitle } from '../common/format';
import { useDuties } from './duties';

/** useCategories returns the title of a class by its code, or the code. */
export function useCategories(): (code: string) => string {
  const title = useTitle();
  const known = useDuties(({ lists }) => lists.categories?.value);
  return (code) =>
    title(
      known?.find((one) => one.code === code),
      code,
    );
}
