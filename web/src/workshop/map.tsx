// The map of the workshop: the ground of the page's map, the draft over it.
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLevels, useStatus } from '../api/queries';
import { usePhone } from '../common/media';
import { asBounds, boundsOf } from '../map/camera';
import { NOWHERE, useBaseStyle } from '../map/canvas';
import { PageMap } from '../map/page-map';
import { composeStyle } from '../map/style';
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { useBench, useDesk } from './bench';
import { Drawing } from './drawing';
import { Hands } from './hands';
import { grips, drawn as sketches } from './sketch';
import { useWorkshopView } from './view';

const noPick = () => {};

export default function WorkshopMap() {
  const { t } = useTranslation();
  const phone = usePhone();
  const status = useStatus().data;
  const plan = useDesk((state) => state.plan);
  const rim = useDesk((state) => state.rim);
  const style = useGround();
  useDrawing();
  const [view] = useWorkshopView();
  const bounds = (rim && boundsOf(rim)) ?? asBounds(plan?.bbox) ?? asBounds(status?.town?.bounds) ?? NOWHERE;
  const draws = sketches[view.tool] !== undefined && view.tool !== 'select';
  return (
    <PageMap
      label={t('workshop.map')}
      placing={
        draws || grips.includes(view.tool) || view.tool === 'delete' ? t(`workshop.does.${view.tool}`) : null
      }
      style={style}
      bounds={bounds}
      padding={phone ? 24 : { top: 70, bottom: 50, left: 70, right: 40 }}
      onPick={noPick}
      onPoint={noPick}
    />
  );
}

/** useGround is the ground, and the borders in force if they are asked for. */
function useGround() {
  const { theme } = useTheme();
  const palette = usePalette();
  const base = useBaseStyle();
  const levels = useLevels().data;
  const level = useDesk((state) => state.plan?.level);
  const [{ force }] = useWorkshopView();
  return useMemo(
    () =>
      composeStyle(base ?? null, {
        origin: location.origin,
        theme,
        palette,
        levels: levels ?? [],
        level: force ? (level ?? null) : null,
        layers: ['background'],
        cells: 'households',
        at: null,
        unit: null,
        place: null,
        item: null,
        draft: null,
        fault: null,
      }),
    [base, theme, palette, levels, level, force],
  );
}

/** useDrawing draws the desk on the map and gives the planner hands there. */
function useDrawing(): void {
  const { desk, hands } = useBench();
  const map = usePage((page) => page.map);
  const palette = usePalette();
  const dark = useTheme().theme === 'dark';
  const drawing = useRef<Drawing | null>(null);
  const shown = useRef({ palette, dark });
  shown.current = { palette, dark };
  const [view] = useWorkshopView();
  const { sel, tool } = view;
  const chosen = useRef(sel);
  chosen.current = sel;

  useEffect(() => {
    if (!map) return;
    const drawn = new Drawing(map, shown.current);
    drawing.current = drawn;
    const acting = new Hands(map, desk, drawn);
    hands.current = acting;
    drawn.choose(chosen.current);
    const draw = (now = desk.state, before?: typeof now) => {
      if (now.pieces !== before?.pieces || now.rows !== before?.rows) drawn.units(now.pieces, now.rows);
      if (now.preview !== before?.preview) drawn.preview(now.preview?.pieces ?? []);
      const refused = now.preview?.refused?.at ?? now.notice?.at ?? null;
      const was = before?.preview?.refused?.at ?? before?.notice?.at ?? null;
      if (now.findings !== before?.findings || now.others !== before?.others || refused !== was) {
        drawn.marks(now.findings, now.others, refused);
      }
    };
    draw();
    const follow = desk.use.subscribe((now, before) => draw(now, before));
    return () => {
      follow();
      acting.end();
      hands.current = null;
      drawn.end();
      drawing.current = null;
    };
  }, [map, desk, hands]);

  useEffect(() => drawing.current?.paint({ palette, dark }), [palette, dark]);
  useEffect(() => drawing.current?.choose(sel), [sel]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tool lets go of what the last one held
  useEffect(() => hands.current?.cancel(), [tool]);

  const pieces = useDesk((state) => state.pieces);
  const shows = sel.length > 0 && sel.length <= 20;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a map that comes is drawn on, too
  useEffect(() => {
    if (!drawing.current) return;
    const there = shows ? sel.filter((id) => pieces.has(id)) : [];
    let old = false;
    desk
      .ask('points', { units: there })
      .then((rings) => !old && drawing.current?.points(rings))
      .catch(() => {});
    return () => {
      old = true;
    };
  }, [desk, sel, shows, pieces, map]);
}
