// Keyboard shortcuts of the page. None acts while a text field has the focus or
// a Chinese input method is composing.
import { useEffect, useRef } from 'react';

export type Shortcut = {
  key: string;
  ctrl?: boolean;
  /** With Shift, or without; either when it is not said, for Shift makes some characters. */
  shift?: boolean;
  run: () => void;
};

/** isTyping reports whether a key event belongs to a text field or an input method. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.isComposing || event.key === 'Process') return true;
  const target = event.target as HTMLElement | null;
  if (!target?.matches) return false;
  return target.matches(
    'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]',
  );
}

/** matches reports whether an event is a shortcut; those with Ctrl also work while typing. */
export function matches(event: KeyboardEvent, shortcut: Shortcut): boolean {
  if (event.isComposing || event.altKey) return false;
  const ctrl = event.ctrlKey || event.metaKey;
  if (ctrl !== Boolean(shortcut.ctrl)) return false;
  if (shortcut.shift !== undefined && shortcut.shift !== event.shiftKey) return false;
  if (event.key.toLowerCase() !== shortcut.key.toLowerCase()) return false;
  return ctrl || !isTyping(event);
}

export function useShortcuts(shortcuts: Shortcut[]): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const hit = current.current.find((shortcut) => matches(event, shortcut));
      if (!hit || event.defaultPrevented) return;
      event.preventDefault();
      hit.run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
