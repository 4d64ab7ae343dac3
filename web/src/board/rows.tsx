// A list that draws only what is on the screen, so that ten thousand rows move as one
// does. The arrow keys go from row to row; one row of the list is in the order of Tab.
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Rows above and below the screen that are drawn too, for quick hands. */
const SPARE = 4;

export type Window = { from: number; to: number };

/** windowOf are the rows to draw of so many, where the list is scrolled to. */
export function windowOf(count: number, row: number, top: number, height: number): Window {
  const from = Math.max(0, Math.floor(top / row) - SPARE);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((top + height) / row) + SPARE) };
}

export function Rows<T>(props: {
  label: string;
  items: readonly T[];
  /** How high a row is, in pixels. */
  row: number;
  itemKey: (item: T) => string;
  /** A row is a button, and has to take these. */
  children: (item: T, button: { tabIndex: number; onFocus: () => void; 'data-row': number }) => ReactNode;
  /** The end of what is there has come near. */
  onEnd?: () => void;
  /** Left and right lead out of the list. */
  onAside?: (step: 1 | -1) => void;
  after?: ReactNode;
}) {
  const { items, row } = props;
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null);
  const current = Math.min(active, Math.max(0, items.length - 1));

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setAt({ top: element.scrollTop, height: element.clientHeight || 600 });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const shown = windowOf(items.length, row, at.top, at.height);
  const nearEnd = items.length > 0 && shown.to >= items.length;
  const { onEnd } = props;
  useEffect(() => {
    if (nearEnd) onEnd?.();
  }, [nearEnd, onEnd]);

  // A row that is wanted by the keyboard may have to be drawn first.
  useEffect(() => {
    if (wanted === null) return;
    const button = box.current?.querySelector<HTMLElement>(`[data-row="${wanted}"]`);
    if (!button) return;
    button.focus();
    setWanted(null);
  });

  function go(index: number) {
    const element = box.current;
    if (!element || index < 0 || index >= items.length) return;
    const top = index * row;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + row > element.scrollTop + element.clientHeight)
      element.scrollTop = top + row - element.clientHeight;
    setActive(index);
    setWanted(index);
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key] as 1 | -1 | undefined;
    if (step) go(Math.min(items.length - 1, Math.max(0, current + step)));
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(items.length - 1);
    else if (aside && props.onAside) props.onAside(aside);
    else return;
    event.preventDefault();
  }

  const indexes = [];
  for (let i = shown.from; i < shown.to; i++) indexes.push(i);
  if (items.length > 0 && !indexes.includes(current)) indexes.push(current); // the focus stays somewhere
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the buttons in it
    <div
      className="rows"
      ref={box}
      onScroll={(event) =>
        setAt({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
      onKeyDown={onKeyDown}
    >
      <ul aria-label={props.label} style={{ height: items.length * row }}>
        {indexes.map((index) => {
          const item = items[index] as T;
          return (
            <li
              key={props.itemKey(item)}
              style={{ height: row, transform: `translateY(${index * row}px)` }}
              aria-setsize={items.length}
              aria-posinset={index + 1}
            >
              {props.children(item, {
                tabIndex: index === current ? 0 : -1,
                onFocus: () => setActive(index),
                'data-row': index,
              })}
            </li>
          );
        })}
      </ul>
      {props.after}
    </div>
  );
}
