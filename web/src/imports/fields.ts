// Our fields per kind of file, so that a reader can say which column is which.
// The server suggests columns by their names and may know more fields than these.

export const KINDS = ['boundaries', 'zones', 'households', 'incidents', 'service-points', 'osm'] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (text: string): text is Kind => KINDS.some((kind) => kind === text);
export const isLedger = (kind: Kind) =>
  kind === 'households' || kind === 'incidents' || kind === 'service-points';

const ages = ['age_0_2', 'age_3_6', 'age_7_17', 'age_18_59', 'age_60_79', 'age_80'];

export const fieldsOf: Record<Kind, string[]> = {
  boundaries: ['code', 'name', 'parent'],
  zones: ['code', 'name'],
  households: [
    'source_id',
    'lon',
    'lat',
    'compound',
    'building',
    'stairwell',
    'doorplate',
    'address',
    'kind',
    'occupied',
    ...ages,
  ],
  incidents: [
    'source_id',
    'lon',
    'lat',
    'category',
    'state',
    'address',
    'department',
    'reported_at',
    'due_at',
    'closed_at',
  ],
  'service-points': [
    'source_id',
    'name',
    'lon',
    'lat',
    'tier',
    'functions',
    'address',
    'hours',
    'capacity',
    'ground_floor',
    'step_free',
  ],
  osm: [],
};

/** Fields without which a file of this kind says too little; one of a group will do. */
const needed: Partial<Record<Kind, string[][]>> = {
  boundaries: [['code', 'name']],
  zones: [['code', 'name']],
  households: [['source_id', 'doorplate', 'address']],
  'service-points': [['name'], ['lon'], ['lat']],
};

/** missingFields are the groups of which no field has a column. A GeoJSON file has its own places. */
export function missingFields(kind: Kind, mapping: Record<string, string>, hasPlaces: boolean): string[][] {
  const groups = needed[kind] ?? [];
  return groups.filter(
    (group) => !group.some((field) => mapping[field] || (hasPlaces && (field === 'lon' || field === 'lat'))),
  );
}

/** cleanMapping leaves out fields without a column and columns the file does not have. */
export function cleanMapping(
  mapping: Record<string, string>,
  columns: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(mapping).filter(([, column]) => columns.includes(column)));
}
