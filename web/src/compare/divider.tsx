// The divider of the swipe: dragged with the pointer, moved with the keys.
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';

/** stepOf is where a key leads from a place in per cent; null for a key that does not move it. */
export function stepOf(key: string, at: number): number | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(0, at - 2);
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(100, at + 2);
    case 'PageDown':
      return Math.max(0, at - 10);
    case 'PageUp':
      return Math.min(100, at + 10);
    case 'Home':
      return 0;
    case 'End':
      return 100;
  }
  return null;
}

/** partOf is where a pointer is between two edges, in per cent. */
export const partOf = (x: number, left: number, width: number): number =>
  width > 0 ? Math.round(Math.min(100, Math.max(0, ((x - left) / width) * 100))) : 50;

export function Divider({ at, onMove }: { at: number; onMove: (at: number) => void }) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDivElement>(null);
  const dragged = useRef(false);
  function move(event: PointerEvent) {
    const box = ref.current?.parentElement?.getBoundingClientRect();
    if (dragged.current && box) onMove(partOf(event.clientX, box.left, box.width));
  }
  function onKey(event: KeyboardEvent) {
    const to = stepOf(event.key, at);
    if (to === null) return;
    event.preventDefault();
    onMove(to);
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a divider between two maps that can be moved is no rule
    <div
      ref={ref}
      className="compare-divider"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t('compare.divider')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={at}
      aria-valuetext={t('compare.dividerAt', { percent: at })}
      style={{ left: `${at}%` }}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        dragged.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        dragged.current = false;
      }}
      onPointerCancel={() => {
        dragged.current = false;
      }}
    >
      <span aria-hidden="true" />
    </div>
  );
}
