// Where rules cannot be met, or are broken, in words.
import { useTranslation } from 'react-i18next';
import { count, useLanguage } from '../common/format';
import type { Breach, Proof, Proposal } from './types';

export type Spot = {
  /** From 1, in the order of the list. */
  number: number;
  proven: boolean;
  /** What is said in the list. */
  text: string;
  /** A few words for the map. */
  short: string;
  /** null: it concerns all of the land. */
  at: [number, number] | null;
};

/** same tells whether two places are one: an atom that is too large is the unit that has too many. */
const same = (a: readonly number[] | undefined, b: readonly number[]) => a?.[0] === b[0] && a?.[1] === b[1];

/** useSpots are the proofs, then the rules that the alternative breaks elsewhere. */
export function useSpots(proposal: Proposal | undefined, alternative: number): Spot[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const found = proposal?.found;
  if (!proposal || !found) return [];
  const { min = 0, max = 0, units = 0 } = proposal.params;
  const figures = { min: count(min, language), max: count(max, language), units: count(units, language) };
  const proof = (one: Proof) => {
    const said = {
      ...figures,
      households: count(one.households, language),
      least: count(one.least, language),
      most: count(one.most, language),
    };
    // A number of units was asked for, or the bounds contradict each other.
    const counts = units > 0 && one.least <= one.most ? 'counts' : 'bounds';
    const text =
      one.reason === 'counts'
        ? t(`proposals.proof.${counts}`, said)
        : one.reason === 'cut_off'
          ? t(`proposals.proof.cut_off.${one.most === 0 ? 'few' : 'bounds'}`, said)
          : t(`proposals.proof.${one.reason}`, said);
    return { text, short: t(`proposals.short.${one.reason}`, said) };
  };
  const breach = (one: Breach) => {
    const said = { ...figures, households: count(one.households, language), off: count(one.off, language) };
    return { text: t(`proposals.broken.${one.rule}`, said), short: t(`proposals.short.${one.rule}`, said) };
  };
  const broken = (found.alternatives[alternative - 1]?.broken ?? []).filter(
    (one) => !found.proofs.some((known) => same(known.at, one.at)),
  );
  return [
    ...found.proofs.map((one) => ({ ...proof(one), proven: true, at: placeOf(one.at) })),
    ...broken.map((one) => ({ ...breach(one), proven: false, at: placeOf(one.at) })),
  ].map((spot, index) => ({ ...spot, number: index + 1 }));
}

const placeOf = (at: readonly number[] | undefined): [number, number] | null =>
  at && at.length === 2 ? [at[0] ?? 0, at[1] ?? 0] : null;
