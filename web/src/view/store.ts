// What lasts only as long as the page: the map itself, what the pointer does,
// the fault under inspection, open dialogs.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { create } from 'zustand';
import type { Household, LonLat } from '../api/types';

type PageState = {
  map: MapLibreMap | null;
  /** Where the pointer is on the map. */
  pointer: LonLat | null;
  /** The household that the next click on the map gives a place to. */
  placing: { household: Household; action: 'place' | 'move' } | null;
  /** The fault that the map shows strongly. */
  fault: string | null;
  importing: boolean;
  helping: boolean;
  /** The panel on a phone, which is closed at first. */
  drawer: boolean;
};

export const usePage = create<PageState>(() => ({
  map: null,
  pointer: null,
  placing: null,
  fault: null,
  importing: false,
  helping: false,
  drawer: false,
}));
