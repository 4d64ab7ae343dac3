// The map without units: what a page lays its own borders over.
import type { StyleSpecification } from 'maplibre-gl';
import { useMemo } from 'react';
import { usePalette, useTheme } from '../theme/theme';
import { useBaseStyle } from './canvas';
import { composeStyle } from './style';

export function useGround(): StyleSpecification {
  const { theme } = useTheme();
  const palette = usePalette();
  const base = useBaseStyle();
  return useMemo(
    () =>
      composeStyle(base ?? null, {
        origin: location.origin,
        theme,
        palette,
        levels: [],
        level: null,
        layers: ['background'],
        cells: 'households',
        at: null,
        unit: null,
        place: null,
        item: null,
        draft: null,
        fault: null,
      }),
    [base, theme, palette],
  );
}
