// What map, chart and table share while the pointer moves: the unit it is on. The unit
// that is chosen is in the address (view/url.ts).
import type { MapGeoJSONFeature } from 'maplibre-gl';
import { create } from 'zustand';
import type { LonLat } from '../api/types';
import type { Overlay } from './style';

export const useLinked = create<{ unit: string | null }>(() => ({ unit: null }));

/** pointAt tells the others which unit the pointer is on. */
export function pointAt(unit: string | null): void {
  if (useLinked.getState().unit !== unit) useLinked.setState({ unit });
}

/** What other parts of the page add to the map, by their name, and who hears of a click first. */
type Extras = {
  overlays: Readonly<Record<string, Overlay>>;
  /** Takes a click on the map; true when it was meant for it. */
  pick: ((at: LonLat, features: MapGeoJSONFeature[]) => boolean) | null;
  /** The next press on the map is waited for: what lies over the map makes room until then. */
  awaited: boolean;
};

export const useExtras = create<Extras>(() => ({ overlays: {}, pick: null, awaited: false }));

/** awaitPress asks for a press on the map, or asks no more. */
export const awaitPress = (awaited: boolean): void => useExtras.setState({ awaited });

/** setOverlay draws something on top of the map under a name; null takes it away. */
export function setOverlay(name: string, overlay: Overlay | null): void {
  const { [name]: _, ...others } = useExtras.getState().overlays;
  useExtras.setState({ overlays: overlay ? { ...others, [name]: overlay } : others });
}
