// Short names for the shapes of the API; the shapes themselves are generated.
import type { components } from './schema';

type Schemas = components['schemas'];
export type Status = Schemas['Status'];
export type Level = Schemas['Level'];
export type Preset = Schemas['Preset'];
export type Unit = Schemas['Unit'];
export type UnitDetail = Schemas['UnitDetail'];
export type Ancestor = Schemas['Ancestor'];
export type AgeBands = Schemas['AgeBands'];
export type Place = Schemas['Place'];
export type SearchHit = Schemas['SearchHit'];
export type Household = Schemas['Household'];
export type Incident = Schemas['Incident'];
export type ServicePoint = Schemas['ServicePoint'];
export type Upload = Schemas['Upload'];
export type Report = Schemas['Report'];
export type Plan = Schemas['Plan'];
export type Fault = Schemas['FaultProperties'];
export type FaultFeature = Schemas['FaultCollection']['features'][number];
export type Job = Schemas['Job'];
export type Inspection = Schemas['Inspection'];

/** A place on the ground in degrees: longitude, latitude. */
export type LonLat = [number, number];
