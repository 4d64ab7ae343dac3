// The ground of the officer's maps.
import type { StyleSpecification } from 'maplibre-gl';
import { useEffect, useMemo, useState } from 'react';
import { answer, api } from '../api/client';
import type { Level, LonLat, Status } from '../api/types';
import { useLanguage } from '../common/format';
import { asBounds } from '../map/camera';
import { composeStyle } from '../map/style';
import { useLook } from './look';
import { usePack } from './offline/pack';
import { groundOf, levelsOf, onPack, readPack } from './offline/packed';

readPack();

type Known = { base: StyleSpecification | null; levels: Level[]; status: Status | null };

/**
 * useGround is the ground with the borders of the lowest units: from the file on the phone
 * where that reaches (centre is where the map looks), or where the server cannot be asked;
 * else as the server draws it.
 */
export function useGround(centre: LonLat | null = null) {
  const language = useLanguage();
  const { theme, palette } = useLook();
  const [known, setKnown] = useState<Known>({ base: null, levels: [], status: null });
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const load = async () => {
      const [base, levels, status] = await Promise.allSettled([
        fetch(`/style.json?theme=${theme}&lang=${language}`, { signal }).then((response) =>
          response.ok ? (response.json() as Promise<StyleSpecification>) : Promise.reject(response.status),
        ),
        answer<{ items: Level[] }>(api.GET('/levels', { signal })),
        answer<Status>(api.GET('/status', { signal })),
      ]);
      if (signal.aborted) return;
      setKnown((before) => ({
        base: base.status === 'fulfilled' ? base.value : before.base,
        levels: levels.status === 'fulfilled' ? levels.value.items : before.levels,
        status: status.status === 'fulfilled' ? status.value : before.status,
      }));
    };
    load();
    window.addEventListener('online', load);
    return () => {
      leaving.abort();
      window.removeEventListener('online', load);
    };
  }, [theme, language]);

  const pack = usePack((state) => state.pack);
  const reaches = known.base === null || centre === null || isWithin(centre, pack?.bounds ?? []);
  const packed = reaches ? pack : null;
  const { status } = known;
  const style = useMemo(() => {
    const base = packed ? groundOf(packed, theme, language) : known.base;
    const levels = packed ? levelsOf(packed) : known.levels;
    const lowest = levels.filter(({ units }) => units > 0).sort((a, b) => b.rank - a.rank)[0];
    const composed = composeStyle(base, {
      origin: location.origin,
      theme,
      palette,
      levels,
      level: lowest?.code ?? null,
      layers: ['background'],
      cells: 'households',
      at: null,
      unit: null,
      place: null,
      item: null,
      draft: null,
      fault: null,
    });
    return packed ? onPack(composed, packed) : composed;
  }, [packed, known.base, known.levels, theme, language, palette]);
  const bounds = useMemo(() => asBounds(pack?.bounds ?? status?.town?.bounds), [pack, status]);
  return {
    style,
    bounds,
    credit: status?.attribution ?? pack?.attribution ?? '',
    review: status?.review_number ?? pack?.wangge.review_number ?? '',
  };
}

const isWithin = ([lon, lat]: LonLat, [west = 0, south = 0, east = 0, north = 0]: readonly number[]) =>
  west <= lon && lon <= east && south <= lat && lat <= north;
