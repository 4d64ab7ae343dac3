// Written by hand in the shape openapi-typescript writes, until openapi.json
// comes from the server; then `npm run types` replaces this file.

type Json<T> = { headers: Record<string, unknown>; content: { 'application/json': T } };
type Fails = {
  headers: Record<string, unknown>;
  content: { 'application/problem+json': components['schemas']['Problem'] };
};
type In<Path> = [Path] extends [never] ? { path?: never } : { path: Path };
type Read<Query, Path, Ok> = {
  parameters: { query?: Query; header?: never; cookie?: never } & In<Path>;
  requestBody?: never;
  responses: { 200: Json<Ok>; default: Fails };
};
type Write<Path, Body, Ok> = {
  parameters: { query?: never; header?: never; path: Path; cookie?: never };
  requestBody: { content: { 'application/json': Body } };
  responses: { 200: Json<Ok>; default: Fails };
};
type Bare<Path, Ok> = {
  parameters: { query?: never; header?: never; path: Path; cookie?: never };
  requestBody?: never;
  responses: { 200: Json<Ok>; default: Fails };
};
type List<T> = { items: T[]; next?: string; total?: number };
type S = components['schemas'];
type Paging = { limit?: number; cursor?: string };

export interface paths {
  '/api/v1/status': { get: Read<never, never, S['Status']> };
  '/api/v1/levels': { get: Read<{ at?: string }, never, List<S['Level']>> };
  '/api/v1/presets': { get: Read<never, never, List<S['Preset']>> };
  '/api/v1/units': {
    get: Read<
      Paging & { level?: string; parent?: string; q?: string; state?: string; at?: string },
      never,
      List<S['Unit']>
    >;
  };
  '/api/v1/units/{code}': { get: Read<{ at?: string }, { code: string }, S['UnitDetail']> };
  '/api/v1/places': { get: Read<{ lon: number; lat: number; at?: string }, never, S['Place']> };
  '/api/v1/search': { get: Read<{ q: string; at?: string; limit?: number }, never, List<S['SearchHit']>> };
  '/api/v1/households': {
    get: Read<
      Paging & { unit?: string; q?: string; placed?: boolean; closed?: boolean },
      never,
      List<S['Household']>
    >;
  };
  '/api/v1/households/{id}': { get: Read<never, { id: number }, S['Household']> };
  '/api/v1/households/{id}/actions': { post: Write<{ id: number }, S['HouseholdAction'], S['Household']> };
  '/api/v1/incidents/{id}': { get: Read<never, { id: string }, S['Incident']> };
  '/api/v1/incident-categories': { get: Read<never, never, List<S['Category']>> };
  '/api/v1/service-points/{id}': { get: Read<never, { id: number }, S['ServicePoint']> };
  '/api/v1/service-tiers': { get: Read<never, never, List<S['Tier']>> };
  '/api/v1/service-functions': { get: Read<never, never, List<S['ServiceFunction']>> };
  '/api/v1/coordinate-systems': { get: Read<never, never, List<S['CoordinateSystem']>> };
  '/api/v1/imports': { get: Read<Paging, never, List<S['Upload']>> };
  '/api/v1/imports/{id}': { get: Read<never, { id: number }, S['Upload']> };
  '/api/v1/plans': { get: Read<Paging & { state?: string }, never, List<S['Plan']>> };
  '/api/v1/plans/{id}': {
    get: Read<never, { id: number }, S['Plan']>;
    delete: Bare<{ id: number }, S['Plan']>;
  };
  '/api/v1/plans/{id}/faults': { get: Read<never, { id: number }, S['FaultCollection']> };
  '/api/v1/plans/{id}/repairs': { post: Write<{ id: number }, S['RepairRequest'], S['Plan']> };
  '/api/v1/plans/{id}/publish': { post: Write<{ id: number }, S['PublishRequest'], S['Plan']> };
  '/api/v1/jobs': { get: Read<Paging & { state?: string }, never, List<S['Job']>> };
  '/api/v1/jobs/{id}': { get: Read<never, { id: number }, S['Job']> };
  '/api/v1/jobs/{id}/cancel': { post: Bare<{ id: number }, S['Job']> };
  '/api/v1/jobs/{id}/retry': { post: Bare<{ id: number }, S['Job']> };
}

export interface components {
  schemas: {
    Problem: {
      type?: string;
      title: string;
      status: number;
      detail?: string;
      code: string;
      errors?: { pointer: string; code: string; detail: string; at?: number[] }[] | null;
    };
    Status: {
      version: string;
      demo: boolean;
      town: { name: string; bounds: number[] } | null;
      attribution: string;
      review_number: string;
      counts: {
        units: number;
        households: number;
        unplaced: number;
        incidents: number;
        service_points: number;
        streets: number;
        buildings: number;
      };
      layers: Record<string, number>;
      today: string;
      insecure: boolean;
    };
    Level: {
      code: string;
      rank: number;
      title_zh: string;
      title_en: string;
      post_zh: string;
      post_en: string;
      units: number;
    };
    Preset: {
      code: string;
      title_zh: string;
      title_en: string;
      builtin: boolean;
      levels: { level: string; depth: number; digits: number }[];
    };
    Unit: {
      code: string;
      name: string;
      level: string;
      preset: string;
      parent: string | null;
      state: string;
      area: number;
      uncovered: number;
      valid_from: string;
      valid_to: string | null;
      label: number[];
      children: number;
      households: number;
      outside?: number;
    };
    Ancestor: { code: string; name: string; level: string };
    AgeBands: {
      age_0_2?: number | null;
      age_3_6?: number | null;
      age_7_17?: number | null;
      age_18_59?: number | null;
      age_60_79?: number | null;
      age_80?: number | null;
    };
    UnitDetail: S['Unit'] & {
      ancestors: S['Ancestor'][];
      bbox: number[];
      post_zh: string;
      post_en: string;
      occupied: number;
      people: S['AgeBands'] | null;
      incidents_open: number;
      service_points: number;
      versions: { valid_from: string; valid_to: string | null; name: string; plan_id: number }[];
    };
    Place: {
      place: number[];
      cell: string;
      unit: S['Unit'] | null;
      ancestors: S['Ancestor'][];
      households: number;
      border: { distance_m: number; unit: { code: string; name: string } } | null;
      street: string;
    };
    SearchHit: {
      kind: string;
      id: string;
      title: string;
      subtitle: string;
      point: number[] | null;
      bbox?: number[] | null;
    };
    Household: {
      id: number;
      source: string;
      source_id: string;
      compound: string;
      building: string;
      stairwell: string;
      doorplate: string;
      address: string;
      kind: string;
      occupied: boolean | null;
      ages: S['AgeBands'] | null;
      point: number[] | null;
      cell: string | null;
      placed_by: string;
      confidence: number | null;
      unit: string | null;
      closed_on: string | null;
    };
    HouseholdAction: { do: string; point?: number[]; into?: number; reason?: string };
    Incident: {
      id: string;
      category: string;
      state: string;
      address: string;
      department: string;
      reported_at: string;
      due_at: string | null;
      closed_at: string | null;
      point: number[] | null;
      unit: string | null;
    };
    Category: { code: string; title_zh: string; title_en: string };
    ServicePoint: {
      id: number;
      name: string;
      tier: string;
      state: string;
      address: string;
      capacity: number | null;
      ground_floor: boolean | null;
      step_free: boolean | null;
      mobile: boolean;
      point: number[];
      unit: string | null;
      functions: { function: string; hours: string; sessions: string; items: string[] }[];
    };
    Tier: { code: string; rank: number; title_zh: string; title_en: string };
    ServiceFunction: { code: string; title_zh: string; title_en: string };
    Upload: {
      id: number;
      kind: string;
      file_name: string;
      size: number;
      sha256: string;
      crs: string;
      guard: { result: string; looks_like?: string; why: string; why_zh: string } | null;
      confirmed: string | null;
      created_at: string;
      report: S['Report'] | null;
      plan_id?: number | null;
    };
    Report: {
      rows: number;
      new: number;
      changed: number;
      unchanged: number;
      outside: number;
      unplaced: number;
      refused: number;
      absent: number;
      dropped_columns: { column: string; reason: string }[] | null;
      refusals:
        | {
            line: number;
            column: string;
            field: string;
            value?: string;
            reason_code: string;
            reason: string;
            reason_zh: string;
          }[]
        | null;
      unknown_columns?: string[] | null;
      notes?: { field: string; code: string; detail: string; count: number }[] | null;
      matched?: number;
      kept_place?: number;
      closed?: number;
      dry_run?: boolean;
      absent_ids: string[] | null;
    };
    Plan: {
      id: number;
      name: string;
      preset: string;
      level: string;
      state: string;
      revision: number;
      effective_on: string | null;
      created_at: string;
      published_at: string | null;
      upload_id: number | null;
      units: number;
      faults: { hard: number; soft: number; by_kind: Record<string, number> };
      repairs: number;
      bbox: number[] | null;
    };
    FaultProperties: {
      id: string;
      kind: string;
      hard: boolean;
      codes: string[] | null;
      parent: string | null;
      place: string;
      detail: string;
      area: number;
      width: number;
      neighbour: string;
      repairs: string[] | null;
    };
    FaultCollection: {
      type: 'FeatureCollection';
      features: {
        type: 'Feature';
        geometry: { type: string; coordinates: unknown } | null;
        properties: S['FaultProperties'];
      }[];
    };
    RepairRequest: {
      revision: number;
      fault_id?: string;
      kind?: string;
      repair: string;
      reason?: string;
      max_area?: number;
      max_width?: number;
      args?: { code?: string; name?: string; parent?: string };
    };
    PublishRequest: { revision: number; effective_on?: string };
    Job: {
      id: number;
      kind: string;
      title: string;
      state: string;
      stage: string;
      done: number;
      total: number;
      result: { upload_id?: number; plan_id?: number; report?: S['Report'] } | null;
      problem: S['Problem'] | null;
      created_at: string;
      started_at: string | null;
      finished_at: string | null;
    };
    Inspection: {
      format: string;
      layer: string;
      layers: string[] | null;
      columns: string[] | null;
      rows: number;
      crs_hint: string;
      sample: Record<string, string>[] | null;
      personal: string[] | null;
      suggested: {
        kind: string;
        fields: Record<string, string> | null;
        preset: string;
        level: string;
        crs: string;
      };
      notes: { pointer: string; code: string; detail: string }[] | null;
    };
    CoordinateSystem: { code: string; title: string; title_zh: string };
  };
}
