// What this browser remembers for its user. Storage may be blocked; then nothing
// is remembered and nothing breaks.

type Remembered = 'theme' | 'lang' | 'panel' | 'demo' | 'report' | 'wiped';

export const remember = {
  get(name: Remembered): string | null {
    try {
      return localStorage.getItem(`wangge.${name}`);
    } catch {
      return null;
    }
  },
  set(name: Remembered, value: string): void {
    try {
      localStorage.setItem(`wangge.${name}`, value);
    } catch {
      // Blocked or full: the choice lasts as long as the page.
    }
  },
  forget(name: Remembered): void {
    try {
      localStorage.removeItem(`wangge.${name}`);
    } catch {
      // Blocked: nothing is there.
    }
  },
};
