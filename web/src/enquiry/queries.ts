// What a resident asks. Nothing of it needs an account.
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { LonLat } from '../api/types';
import type { Unit } from './page';

type Schemas = components['schemas'];
export type Side = 'before' | 'after';
export type ShownUnits = {
  type: 'FeatureCollection';
  features: {
    geometry: { coordinates?: unknown } | null;
    properties: { side: Side; code: string; name: string };
  }[];
};
export type Remark = {
  id: string;
  geometry: { coordinates: LonLat };
  properties: { body: string; made_at: string };
};
type Placed = Schemas['PlacedUnit'];
/** The description does not say that these may be null. */
export type Where = {
  found: string;
  point: LonLat;
  before: Placed | null;
  after: (Placed & { new: boolean; serving: Unit | null }) | null;
};
export type Question = { address: string } | { point: LonLat };

/** useOffer is what is open to everybody. */
export const useOffer = () =>
  useQuery({
    queryKey: ['public'],
    queryFn: ({ signal }) => answer<Schemas['Offer']>(api.GET('/public/settings', { signal })),
  });

/** serves asks who serves a place; the question is stored nowhere. */
export const serves = (body: Question) => answer<Schemas['Served']>(api.POST('/public/serves', { body }));

const of = (id: number) => ({ params: { path: { id } } });

export const useConsultations = () =>
  useQuery({
    queryKey: ['public', 'consultations'],
    queryFn: ({ signal }) =>
      answer<List<Schemas['Consultation']>>(api.GET('/public/consultations', { signal })),
    select: (list) => list.items,
  });

export const useShownUnits = (id: number) =>
  useQuery({
    queryKey: ['public', 'consultations', id, 'units'],
    queryFn: ({ signal }) => answer<ShownUnits>(api.GET('/public/consultations/{id}', { signal, ...of(id) })),
  });

export const useRemarks = (id: number) =>
  useQuery({
    queryKey: ['public', 'consultations', id, 'comments'],
    queryFn: ({ signal }) =>
      answer<{ features: Remark[] }>(api.GET('/public/consultations/{id}/comments', { signal, ...of(id) })),
    select: (collection) => collection.features,
  });

export const where = (id: number, body: Question) =>
  answer<Where>(api.POST('/public/consultations/{id}/units', { ...of(id), body }));

export const say = (id: number, point: LonLat, body: string) =>
  answer<Schemas['Kept']>(
    api.POST('/public/consultations/{id}/comments', { ...of(id), body: { point, body } }),
  );
