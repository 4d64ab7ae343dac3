// What is asked of photos, and what is done with them.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { API, answer, api, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { Area } from './area';

/** What of an incident its photos need. */
export type Pictured = { id: string; private: boolean };

export type Photo = components['schemas']['IncidentPhoto'];

const key = (incident: string) => ['incident', incident, 'photos'];

/** The photos that a report names, in its order. Each look is recorded, so nothing asks by itself. */
export const usePhotos = (incident: string) =>
  useQuery({
    queryKey: key(incident),
    queryFn: ({ signal }) =>
      answer<List<Photo>>(api.GET('/incidents/{id}/photos', { signal, params: { path: { id: incident } } })),
    select: (list) => list.items,
  });

const of = (photo: string) => ({ params: { path: { photo } } });

/** useRelease shows a photo to everybody, or takes it back with null. */
export function useRelease(incident: string, photo: string, then: (areas: readonly Area[] | null) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (areas: readonly Area[] | null) =>
      areas
        ? done(
            api.POST('/photos/{photo}/release', {
              ...of(photo),
              body: { areas: areas.map((area) => [...area]), covered: true },
            }),
          )
        : done(api.DELETE('/photos/{photo}/release', of(photo))),
    onSuccess: async (_, areas) => {
      await client.invalidateQueries({ queryKey: key(incident) });
      then(areas);
    },
  });
}

export const thumbnailAddress = (photo: string) => `${API}/photos/${photo}/thumbnail`;
export const imageAddress = (photo: string) => `${API}/photos/${photo}/image`;

/** publicAddress is where everybody sees a photo; another release of it is another picture. */
export const publicAddress = (photo: string, released: string) =>
  `${API}/public/photos/${photo}#${encodeURIComponent(released)}`;
