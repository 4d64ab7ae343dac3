// Whether the browser has promised not to clear what is kept here.
import { create } from 'zustand';

/** null: not known yet. */
export const useStorage = create<{ persisted: boolean | null }>(() => ({ persisted: null }));

/**
 * askToKeep asks for the promise. It is asked for when something worth keeping begins or has
 * come, a shift or a map: browsers judge by what the page is used for, and some ask the officer.
 */
export async function askToKeep(): Promise<void> {
  try {
    const { storage } = navigator;
    useStorage.setState({ persisted: (await storage.persisted()) || (await storage.persist()) });
  } catch {
    useStorage.setState({ persisted: false });
  }
}

/** lookAtStorage says what holds, without asking for it. */
export async function lookAtStorage(): Promise<void> {
  const persisted = await navigator.storage?.persisted().catch(() => false);
  useStorage.setState({ persisted: persisted ?? false });
}
