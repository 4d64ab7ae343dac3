// What became of units, in colours that stay apart for colour-blind readers (Okabe and
// Ito); each stands beside its word.
import type { Theme } from '../theme/palette';
import type { Kind } from './types';

const COLOURS: Record<Theme, Record<Kind, string>> = {
  light: {
    split: '#0072b2',
    merge: '#d55e00',
    mixed: '#cc79a7',
    redrawn: '#e69f00',
    recoded: '#56b4e9',
    renamed: '#8c8c8c',
    reparented: '#6a51a3',
    new: '#009e73',
    ended: '#4d4d4d',
  },
  dark: {
    split: '#4da3d9',
    merge: '#ee8a3c',
    mixed: '#dd9cc0',
    redrawn: '#f0b840',
    recoded: '#7cc6f2',
    renamed: '#a8a8a8',
    reparented: '#a794d6',
    new: '#35c49a',
    ended: '#8f8f8f',
  },
};

export const colourOf = (theme: Theme, kind: Kind): string => COLOURS[theme][kind];
