// The map of the workshop: the ground of the page's map, the draft over it.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLevels, useStatus } from '../api/queries';
import { usePhone } from '../common/media';
import { asBounds, boundsOf, NOWHERE } from '../map/camera';
import { useBaseStyle } from '../map/canvas';
import { PageMap } from '../map/page-map';
import { composeStyle } from '../map/style';
import { usePalette, useTheme } from '../theme/theme';
import { usePage } from '../view/store';
import { boxOf, leaveAtoms, useAtoms } from './atoms';
import { useBench, useDesk } from './bench';
import { Drawing } from './drawing';
import { Hands } from './hands';
import { atomsOf } from './server';
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
  useAtomsOfView();
  const [view] = useWorkshopView();
  const bounds = (rim && boundsOf(rim)) ?? asBounds(plan?.bbox) ?? asBounds(status?.town?.bounds) ?? NOWHERE;
  const draws = sketches[view.tool] !== undefined && view.tool !== 'select' && view.tool !== 'pick';
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

/** useAtomsOfView reads the land that may be picked where the map looks, while the tool for it is in hand. */
function useAtomsOfView(): void {
  const map = usePage((page) => page.map);
  const plan = useDesk((state) => state.plan?.id ?? 0);
  const [{ tool, grain }] = useWorkshopView();
  const picks = tool === 'pick';
  const [box, setBox] = useState<readonly number[] | null>(null);
  useEffect(() => {
    if (!map || !picks) return;
    const look = () => {
      const bounds = map.getBounds();
      const next = boxOf([bounds.getWest(), bounds.getSouth()], [bounds.getEast(), bounds.getNorth()], grain);
      setBox((now) => (now?.join() === next?.join() ? now : next));
    };
    look();
    map.on('moveend', look);
    return () => {
      map.off('moveend', look);
    };
  }, [map, picks, grain]);
  const { data, error, isFetching } = useQuery({
    queryKey: ['workshop', plan, 'atoms', grain, box],
    queryFn: ({ signal }) => atomsOf(plan, grain, box ?? [], signal),
    enabled: picks && box !== null && plan > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!picks) return leaveAtoms();
    if (box === null) useAtoms.setState({ shown: [], phase: 'wide' });
    else if (data) useAtoms.setState({ shown: data, phase: 'ready' });
    else if (error) useAtoms.setState({ shown: [], phase: 'failed', problem: error });
    else if (isFetching) useAtoms.setState({ phase: 'loading' });
  }, [picks, box, data, error, isFetching]);
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
      const judged = now.preview?.judged !== before?.preview?.judged;
      if (judged || now.findings !== before?.findings || now.others !== before?.others || refused !== was) {
        drawn.marks(now.preview?.judged?.findings ?? now.findings, now.others, refused);
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: a map that comes is drawn on, too
  useEffect(() => drawing.current?.target(view.targets), [view.targets, map]);
  const { shown: atoms, picked } = useAtoms();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a map that comes is drawn on, too
  useEffect(() => drawing.current?.atoms(atoms, picked), [atoms, picked, map]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tool lets go of what the last one held
  useEffect(() => hands.current?.change(), [tool]);

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
