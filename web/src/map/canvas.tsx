// MapLibre as every map of the page has it: its worker and its style sheet, characters
// drawn with the fonts of the reader's machine, never tilted, and every tile asked of
// the server that sent the page.
import 'maplibre-gl/dist/maplibre-gl.css';
import { useQuery } from '@tanstack/react-query';
import { Map as MapBox } from '@vis.gl/react-maplibre';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../api/client';
import { MAP_FONT, useTheme } from '../theme/theme';
import type { Bounds } from './camera';
import { ownAddress } from './style';

maplibregl.setWorkerUrl(workerUrl);

/** All of China, where nobody has said where the town is. */
export const NOWHERE: Bounds = [88, 20, 122, 46];

const request = (url: string) => ({
  url: /^(data|blob):/.test(url) ? url : ownAddress(url, location.origin),
});

type Props = Omit<ComponentProps<typeof MapBox>, 'mapLib' | 'mapStyle'> & {
  mapStyle: maplibregl.StyleSpecification;
};

/** MapCanvas is a map without controls; who made its data is said by the page around it. */
export function MapCanvas({ mapStyle, ...more }: Props) {
  return (
    <MapBox
      mapLib={maplibregl}
      mapStyle={mapStyle as never}
      attributionControl={false}
      transformRequest={request}
      localIdeographFontFamily={MAP_FONT}
      maxPitch={0}
      touchPitch={false}
      fadeDuration={0}
      {...more}
    />
  );
}

/** useBaseStyle is the ground as the server draws it in the reader's language and theme. */
export function useBaseStyle() {
  const { i18n } = useTranslation();
  const { theme } = useTheme();
  const lang = i18n.language === 'en' ? 'en' : 'zh';
  return useQuery({
    queryKey: ['style', theme, lang],
    queryFn: async ({ signal }) => {
      const response = await fetch(`/style.json?theme=${theme}&lang=${lang}`, { signal });
      if (!response.ok) throw problemOf(response.status, null);
      return (await response.json()) as maplibregl.StyleSpecification;
    },
    staleTime: 300_000,
  }).data;
}
