// The pages of the administration and whom each is shown to, in the order of their menu.
import { type Permission, useMay } from '../account/session';

const SECTIONS = [
  { name: 'posts', may: 'post' },
  { name: 'accounts', may: 'post' },
  { name: 'scope', may: 'post' },
  { name: 'register', may: 'privacy' },
  { name: 'requests', may: 'privacy' },
  { name: 'audit', may: 'audit' },
  { name: 'public', may: 'setting' },
  { name: 'incidents', may: 'setting' },
] as const satisfies readonly { name: string; may: Permission }[];

export type SectionName = (typeof SECTIONS)[number]['name'];

/** sectionsFor are the pages that somebody may use. */
export const sectionsFor = (may: (permission: Permission) => boolean): SectionName[] =>
  SECTIONS.filter((section) => may(section.may)).map((section) => section.name);

export const useSections = (): SectionName[] => sectionsFor(useMay());
