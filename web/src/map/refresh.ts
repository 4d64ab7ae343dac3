// Keeping the map as new as the server: when the status names a newer version of
// a layer, its tiles and what was read about it are asked for again.
import { useQueryClient } from '@tanstack/react-query';
import type { VectorTileSource } from 'maplibre-gl';
import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import { problemOf } from '../api/client';
import { usePage } from '../view/store';

export type Versions = Record<string, number>;

/** What was read about each layer, by the first part of the query key. */
const subjects: Record<string, string[]> = {
  grid: ['levels', 'units', 'unit', 'place', 'plans', 'imports'],
  household: ['households', 'household', 'unit', 'units', 'place'],
  incident: ['incident', 'unit'],
  'service-point': ['service-point', 'unit'],
  background: ['style'],
  zone: [],
};

/** changedLayers names the layers whose version differs. */
export function changedLayers(before: Versions, after: Versions): string[] {
  return Object.keys(after).filter((layer) => before[layer] !== after[layer]);
}

/** sourceIsOf reports whether tiles of a source show a layer. */
export function sourceIsOf(source: string, layer: string): boolean {
  if (layer === 'grid') return source.startsWith('grid-') || source.startsWith('label-');
  if (source === 'cell') return layer === 'household' || layer === 'incident';
  return source === layer;
}

/** useTileRefresh follows the versions in the status. */
export function useTileRefresh(versions: Versions | undefined): void {
  const client = useQueryClient();
  const known = useRef<Versions | null>(null);
  useEffect(() => {
    if (!versions) return;
    const changed = known.current ? changedLayers(known.current, versions) : [];
    known.current = versions;
    for (const layer of changed) {
      for (const subject of subjects[layer] ?? []) client.invalidateQueries({ queryKey: [subject] });
    }
    if (changed.length > 0) reloadSources(changed);
  }, [versions, client]);
}

/** reloadSources asks for the tiles of layers again; the old ones stay until then. */
export function reloadSources(layers: string[]): void {
  const { map } = usePage.getState();
  if (!map) return;
  for (const id of Object.keys(map.getStyle().sources)) {
    if (!layers.some((layer) => sourceIsOf(id, layer))) continue;
    const source = map.getSource(id) as VectorTileSource | undefined;
    if (source?.type === 'vector' && source.url) source.setUrl(source.url);
  }
}

/** useMapFailure is the last reason why tiles did not come, if they still do not. */
export const useMapFailure = create<{ message: string | null }>(() => ({ message: null }));

/** reportFailure takes an error event of the map. What the page itself asks for is reported there. */
export function reportFailure(event: {
  error?: Error & { status?: number; url?: string };
  sourceId?: string;
}) {
  if (event.sourceId?.startsWith('selected-') || event.error?.name === 'AbortError') return;
  if (event.error?.status === 401) {
    problemOf(401, null); // the session has ended
    return;
  }
  useMapFailure.setState({ message: event.error?.message ?? 'unknown' });
}

/** retryTiles loads everything that the map shows once more. */
export function retryTiles(): void {
  useMapFailure.setState({ message: null });
  reloadSources(['grid', 'household', 'incident', 'service-point', 'background', 'zone']);
}
