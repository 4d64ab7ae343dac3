// What the parts of the page share: the draft on the desk, and the hands on the map.
import { createContext, useContext } from 'react';
import { useTranslation } from 'react-i18next';
import { useWords } from '../common/format';
import type { Desk, DeskState } from './desk';
import type { Refusal } from './engine/types';
import type { Hands } from './hands';
import type { Row } from './types';

type Bench = { desk: Desk; hands: { current: Hands | null } };
const Context = createContext<Bench | null>(null);

export const BenchProvider = Context.Provider;

export function useBench(): Bench {
  const bench = useContext(Context);
  if (!bench) throw new Error('there is no desk');
  return bench;
}

/** useDesk is a part of the draft's state. */
export const useDesk = <T,>(part: (state: DeskState) => T): T => useBench().desk.use(part);

/** useUnitName names a unit: by its name, else its code, else as a new one. */
export function useUnitName(): (row: Row | undefined, id: number) => string {
  const { t } = useTranslation();
  return (row, id) => row?.name || row?.code || t('workshop.newUnit', { id });
}

/** useReason says why something was refused. */
export function useReason(): (refusal: Refusal) => string {
  const word = useWords();
  return ({ code, title }) => {
    const known = word('problem', code);
    return known === code ? title || code : known;
  };
}
