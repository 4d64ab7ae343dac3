// The colours of the page and of the map, once for both: ink on paper, one deep
// teal for what can be done, one vermilion for what is selected. Categories use
// colours that stay apart for colour-blind readers (Okabe and Ito), and every
// colour stands beside a word or a number.

export type Theme = 'light' | 'dark';
export type ThemeChoice = Theme | 'system';

export type Palette = {
  paper: string;
  surface: string;
  raised: string;
  line: string;
  lineStrong: string;
  ink: string;
  inkSoft: string;
  inkFaint: string;
  accent: string;
  accentInk: string;
  accentWash: string;
  seal: string;
  sealWash: string;
  good: string;
  warn: string;
  bad: string;
  goodWash: string;
  warnWash: string;
  badWash: string;
  shadow: string;
  /** The map: casing under lines, halo of labels. */
  casing: string;
  grid: string;
  gridParent: string;
  /** Washes that tell neighbouring units apart; the tiles say which is whose. */
  tints: string[];
  label: string;
  household: string;
  vacant: string;
  incident: string;
  incidentClosed: string;
  tiers: Record<string, string>;
  zone: string;
  /** Five classes from few to many. */
  cells: [string, string, string, string, string];
  faultHard: string;
  faultSoft: string;
  draft: string;
};

export const palettes: Record<Theme, Palette> = {
  light: {
    paper: '#f7f6f2',
    surface: '#ffffff',
    raised: '#fbfaf8',
    line: '#e4e1d9',
    lineStrong: '#cfcbc0',
    ink: '#16262d',
    inkSoft: '#475961',
    inkFaint: '#5d6d75',
    accent: '#0f5561',
    accentInk: '#ffffff',
    accentWash: '#e3eeef',
    seal: '#b3301c',
    sealWash: '#fbeeea',
    good: '#1f6b45',
    warn: '#8a5300',
    bad: '#b3261e',
    goodWash: '#eaf3ec',
    warnWash: '#fbf3e2',
    badWash: '#fbecea',
    shadow: '0 1px 2px rgba(22,38,45,.06), 0 8px 28px rgba(22,38,45,.12)',
    casing: '#ffffff',
    grid: '#0f5561',
    gridParent: '#3b4a51',
    tints: ['#e8b7a0', '#a9cbb7', '#b9bfe0', '#ecd9a0', '#d9b3cc', '#a6d0d8'],
    label: '#16323a',
    household: '#2f6f9f',
    vacant: '#8a979d',
    incident: '#c2560c',
    incidentClosed: '#9a8f86',
    tiers: { center: '#7b2d6b', station: '#9c4f8d', point: '#b97bad', other: '#8f8a94' },
    zone: '#8a6d00',
    cells: ['#e3eef0', '#b6d5da', '#7fb3bd', '#438a98', '#12606f'],
    faultHard: '#c8281a',
    faultSoft: '#b07400',
    draft: '#5b3fa0',
  },
  dark: {
    paper: '#10181c',
    surface: '#172126',
    raised: '#1c282e',
    line: '#2a383f',
    lineStrong: '#3c4d55',
    ink: '#e6edef',
    inkSoft: '#b3c0c5',
    inkFaint: '#93a3aa',
    accent: '#62bcc8',
    accentInk: '#06181c',
    accentWash: '#17333a',
    seal: '#ff8f77',
    sealWash: '#3a201a',
    good: '#6fcf97',
    warn: '#e7b04f',
    bad: '#ff8a80',
    goodWash: '#16291f',
    warnWash: '#2e2615',
    badWash: '#33201e',
    shadow: '0 1px 2px rgba(0,0,0,.4), 0 10px 32px rgba(0,0,0,.45)',
    casing: '#0d1417',
    grid: '#62bcc8',
    gridParent: '#c3d0d4',
    tints: ['#b5623f', '#3f8f6a', '#6671c4', '#a98a2e', '#9d5587', '#3f93a3'],
    label: '#e6edef',
    household: '#7fb8e6',
    vacant: '#75838a',
    incident: '#f0955a',
    incidentClosed: '#7d7670',
    tiers: { center: '#e29ad0', station: '#c983b8', point: '#a66c98', other: '#8b8790' },
    zone: '#d9bb4a',
    cells: ['#1d3238', '#23505a', '#2f7683', '#4fa3b0', '#95d5de'],
    faultHard: '#ff6b5c',
    faultSoft: '#f0b94f',
    draft: '#b49cf0',
  },
};

/** cssVariables are the names under which style sheets know a palette. */
export function cssVariables(palette: Palette): Record<string, string> {
  const entries = Object.entries(palette).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return Object.fromEntries(entries.map(([name, value]) => [`--${kebab(name)}`, value]));
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
