// Boxes drawn on a photo, with a pointer, a finger or keys.
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { type PointerEvent, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Area, between, byKey, MOST_AREAS, movedBy, sizedBy } from './area';

/** What a pointer that is down does: it draws, or moves or sizes a box from where it was. */
type Drag =
  | { does: 'draw'; x: number; y: number; area: Area | null }
  | { does: 'move' | 'size'; x: number; y: number; index: number; from: Area };

export function Marks(props: {
  src: string;
  alt: string;
  areas: readonly Area[];
  onAreas: (areas: readonly Area[]) => void;
}) {
  const { t } = useTranslation();
  const { areas, onAreas } = props;
  const hint = useId();
  const stage = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const focused = useRef(false); // the chosen box is to be focused, for it is new

  useEffect(() => {
    if (!focused.current || chosen === null) return;
    focused.current = false;
    stage.current?.querySelectorAll<HTMLElement>('.photos-area')[chosen]?.focus();
  }, [chosen]);

  const replace = (index: number, area: Area) => onAreas(areas.map((one, i) => (i === index ? area : one)));
  const add = (area: Area) => {
    if (areas.length >= MOST_AREAS) return;
    focused.current = true;
    onAreas([...areas, area]);
    setChosen(areas.length);
  };
  const remove = (index: number) => {
    onAreas(areas.filter((_, i) => i !== index));
    focused.current = areas.length > 1;
    setChosen(areas.length > 1 ? Math.max(0, index - 1) : null);
  };

  /** at is where a pointer is, in fractions of the photo. */
  const at = (event: PointerEvent) => {
    const box = stage.current?.getBoundingClientRect();
    if (!box || box.width === 0 || box.height === 0) return null;
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const down = (event: PointerEvent) => {
    const here = at(event);
    if (!here || drag || event.button !== 0) return;
    const target = event.target as HTMLElement;
    const box = target.closest<HTMLElement>('.photos-area');
    const index = Number(box?.dataset.index);
    const from = box ? areas[index] : undefined;
    stage.current?.setPointerCapture?.(event.pointerId);
    if (!from) {
      event.preventDefault(); // else the browser drags the picture
      setDrag({ does: 'draw', ...here, area: null });
      return;
    }
    setChosen(index);
    setDrag({ does: target.closest('.photos-corner') ? 'size' : 'move', ...here, index, from });
  };
  const move = (event: PointerEvent) => {
    const here = at(event);
    if (!here || !drag) return;
    if (drag.does === 'draw') {
      setDrag({ ...drag, area: between(drag.x, drag.y, here.x, here.y) });
      return;
    }
    const change = drag.does === 'move' ? movedBy : sizedBy;
    replace(drag.index, change(drag.from, here.x - drag.x, here.y - drag.y));
  };
  const up = () => {
    if (drag?.does === 'draw' && drag.area) add(drag.area);
    setDrag(null);
  };

  return (
    <div className="photos-marks">
      <p className="hint" id={hint}>
        {t('photos.markHint')} {t('photos.keysHint')}
      </p>
      <div
        className="photos-stage"
        ref={stage}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setDrag(null)}
      >
        <img src={props.src} alt={props.alt} draggable={false} />
        {areas.map((area, index) => (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: a box is nothing but its place in the list
            key={index}
            type="button"
            data-index={index}
            className={index === chosen ? 'photos-area photos-area-chosen' : 'photos-area'}
            style={placed(area)}
            aria-label={t('photos.area', { number: index + 1, ...inPercent(area) })}
            aria-describedby={hint}
            onFocus={() => setChosen(index)}
            onKeyDown={(event) => {
              const next = byKey(area, event.key, event.shiftKey);
              if (!next) return;
              event.preventDefault();
              if (next === 'gone') remove(index);
              else replace(index, next);
            }}
          >
            <span className="photos-corner" aria-hidden="true" />
          </button>
        ))}
        {drag?.does === 'draw' && drag.area && (
          <span className="photos-area photos-drawn" style={placed(drag.area)} />
        )}
      </div>
      <div className="photos-buttons">
        <Button
          size="small"
          icon={<PlusOutlined aria-hidden="true" />}
          disabled={areas.length >= MOST_AREAS}
          onClick={() => add([0.4, 0.4, 0.2, 0.2])}
        >
          {t('photos.add')}
        </Button>
        <Button
          size="small"
          icon={<DeleteOutlined aria-hidden="true" />}
          disabled={chosen === null || chosen >= areas.length}
          onClick={() => chosen !== null && remove(chosen)}
        >
          {t('photos.remove')}
        </Button>
      </div>
    </div>
  );
}

const percent = (value: number) => `${(value * 100).toFixed(2)}%`;

const placed = ([x, y, w, h]: Area) => ({
  left: percent(x),
  top: percent(y),
  width: percent(w),
  height: percent(h),
});

const inPercent = ([x, y, w, h]: Area) => ({
  x: Math.round(x * 100),
  y: Math.round(y * 100),
  w: Math.round(w * 100),
  h: Math.round(h * 100),
});
