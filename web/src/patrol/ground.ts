// The ground of the officer's maps.
import type { StyleSpecification } from 'maplibre-gl';
import { useEffect, useMemo, useState } from 'react';
import { answer, api } from '../api/client';
import type { Level, Status } from '../api/types';
import { useLanguage } from '../common/format';
import { asBounds } from '../map/camera';
import { composeStyle } from '../map/style';
import { useLook } from './look';

type Known = { base: StyleSpecification | null; levels: Level[]; status: Status | null };

/** useGround is the ground as the server draws it, with the borders of the lowest units; plain without signal. */
export function useGround() {
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

  const { base, levels, status } = known;
  const style = useMemo(() => {
    const lowest = levels.filter(({ units }) => units > 0).sort((a, b) => b.rank - a.rank)[0];
    return composeStyle(base, {
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
  }, [base, levels, theme, palette]);
  const bounds = useMemo(() => asBounds(status?.town?.bounds), [status]);
  return { style, bounds, credit: status?.attribution ?? '', review: status?.review_number ?? '' };
}
