import { create } from 'zustand';

/** Whose parts the table of units lists; null for all units of the level in view. */
export const useUnitTable = create<{ parent: string | null; setParent: (code: string | null) => void }>(
  (set) => ({
    parent: null,
    setParent: (parent) => set({ parent }),
  }),
);
