// MapLibre in React: characters drawn with the fonts of the reader's machine, never
// tilted, and every tile asked of the server that sent the page.
import { useQuery } from '@tanstack/react-query';
import { Map as MapBox } from '@vis.gl/react-maplibre';
import type { StyleSpecification } from 'maplibre-gl';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../api/client';
import { MAP_FONT } from '../theme/fonts';
import { useTheme } from '../theme/theme';
import { maplibregl, ownRequest } from './maplibre';

type Props = Omit<ComponentProps<typeof MapBox>, 'mapLib' | 'mapStyle'> & {
  mapStyle: StyleSpecification;
};

/** MapCanvas is a map without controls; who made its data is said by the page around it. */
export function MapCanvas({ mapStyle, ...more }: Props) {
  return (
    <MapBox
      mapLib={maplibregl}
      mapStyle={mapStyle as never}
      attributionControl={false}
      transformRequest={ownRequest}
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
      return (await response.json()) as StyleSpecification;
    },
    staleTime: 300_000,
  }).data;
}
