// What the reach tool asks the server, and how its answers are drawn.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { create } from 'zustand';
import { answer, api } from '../../api/client';
import type { components } from '../../api/schema';
import type { LonLat } from '../../api/types';
import type { Theme } from '../../theme/palette';
import { colours } from '../ramp';
import type { Overlay } from '../style';
import type { Standard } from '../types';

type Schemas = components['schemas'];
export type Reached = Schemas['ReachAnswer'];
export type Way = Schemas['RouteAnswer'];

type Choice = { direction: 'from' | 'towards'; streets: boolean };

/** How the tool asks; it lasts as long as the page. */
export const useReachChoice = create<Choice>(() => ({ direction: 'from', streets: false }));

/** asked is a standard as the server takes it: without a preset's code its figures, with it both. */
const asked = (standard: Standard) => standard as unknown as Schemas['Standard'];

/**
 * useReach is what lies within the minutes of a standard. The place may follow a hand:
 * while an answer is on its way newer places wait, and of those only the newest is asked.
 */
export function useReach(at: LonLat | null, standard: Standard) {
  const { direction, streets } = useReachChoice();
  const [place, setPlace] = useState(at);
  const query = useQuery({
    queryKey: ['reach', place, standard, direction, streets],
    queryFn: ({ signal }) =>
      answer<Reached>(
        api.POST('/walks/reach', {
          signal,
          body: {
            at: place ?? [0, 0],
            standard: asked(standard),
            direction,
            outlines: true,
            streets,
            households: true,
          },
        }),
      ),
    enabled: place !== null,
    placeholderData: (before) => before,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
  const busy = query.isFetching;
  useEffect(() => {
    if (at === null || !busy) setPlace(at);
  }, [at, busy]);
  return query;
}

/** useWay is the way from a household to a point; looking is recorded, so it is asked for once. */
export const useWay = (household: number, point: number, standard: Standard, wanted: boolean) =>
  useQuery({
    queryKey: ['way', household, point, standard],
    queryFn: ({ signal }) =>
      answer<Way>(
        api.POST('/walks/route', { signal, body: { household, point, standard: asked(standard) } }),
      ),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** overlayOfReach draws contours, the farthest below, and streets above them. */
export function overlayOfReach(reached: Reached, theme: Theme): Overlay {
  const contours = reached.contours ?? [];
  const steps = colours('reach', Math.max(contours.length, 1), theme);
  // More minutes are darker, as in the layer of a run.
  const features = contours
    .map((contour, index) => ({ contour, colour: steps[index] ?? '' }))
    .filter(({ contour }) => contour.geometry)
    .reverse()
    .map(({ contour, colour }) => ({
      type: 'Feature' as const,
      properties: { minutes: contour.minutes, colour },
      geometry: contour.geometry as never,
    }));
  const overlay: Overlay = {
    sources: {
      'reach-here': { type: 'geojson', data: { type: 'FeatureCollection', features } },
    },
    layers: [
      {
        id: 'reach-here-area',
        type: 'fill',
        source: 'reach-here',
        paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': 0.42 },
      },
      {
        id: 'reach-here-edge',
        type: 'line',
        source: 'reach-here',
        paint: { 'line-color': ['get', 'colour'], 'line-width': 1.6 },
      },
    ],
  };
  const pieces = reached.streets?.features;
  if (pieces) {
    const colour = ['match', ['get', 'minutes']] as unknown[];
    for (const [index, contour] of contours.entries()) colour.push(contour.minutes, steps[index] ?? '');
    overlay.sources['reach-here-streets'] = {
      type: 'geojson',
      data: { type: 'FeatureCollection', features: pieces as never },
    };
    overlay.layers.push({
      id: 'reach-here-streets',
      type: 'line',
      source: 'reach-here-streets',
      layout: { 'line-cap': 'round' },
      paint: {
        'line-color': (contours.length > 0 ? [...colour, '#888888'] : '#888888') as never,
        'line-width': ['interpolate', ['linear'], ['zoom'], 12, 1.4, 17, 4.5],
      },
    });
  }
  return overlay;
}

/** overlayOfWay draws a way over everything else. */
export const overlayOfWay = (way: Way, colour: string, casing: string): Overlay => ({
  sources: {
    way: {
      type: 'geojson',
      data: { type: 'Feature', properties: {}, geometry: way.geometry as never },
    },
  },
  layers: [
    {
      id: 'way-casing',
      type: 'line',
      source: 'way',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': casing, 'line-width': 8 },
    },
    {
      id: 'way',
      type: 'line',
      source: 'way',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': colour, 'line-width': 4 },
    },
  ],
});
