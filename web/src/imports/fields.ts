// Our fields per kind of file, so that a reader can say which column is which.
// The server suggests columns by their names and may know more fields than these.

export const KINDS = [
  'boundaries',
  'zones',
  'households',
  'incidents',
  'service-points',
  'demand',
  'candidates',
  'premises',
  'checkpoints',
  'blocks',
  'beats',
  'links',
  'osm',
  'streets',
] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (text: string): text is Kind => KINDS.some((kind) => kind === text);
export const isLedger = (kind: Kind) =>
  kind === 'households' || kind === 'incidents' || kind === 'service-points';

/** isTable: the server recognises the columns. */
export const isTable = (kind: Kind) =>
  isLedger(kind) || kind === 'demand' || kind === 'candidates' || kind === 'links' || isRegister(kind);

/** isNamed: the server needs a name for what comes. */
export const isNamed = (kind: Kind) => isTable(kind) && kind !== 'links';

const isRegister = (kind: Kind) =>
  kind === 'premises' || kind === 'checkpoints' || kind === 'blocks' || kind === 'beats';

/** isPlaced: the file has coordinates whose system must be said. A map extract says its own. */
export const isPlaced = (kind: Kind) =>
  kind !== 'osm' && kind !== 'blocks' && kind !== 'beats' && kind !== 'links';

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
  demand: ['cell', 'ref', 'lon', 'lat', 'households', 'people', ...ages],
  candidates: ['id', 'name', 'kind', 'lon', 'lat', 'cost', 'capacity', 'ground_floor', 'step_free', 'note'],
  premises: ['id', 'name', 'grade', 'reason', 'inspected_on', 'valid_until', 'post', 'lon', 'lat'],
  checkpoints: ['id', 'name', 'radius', 'lon', 'lat'],
  blocks: ['zone', 'days', 'seen_on'],
  beats: ['id', 'name', 'unit', 'weekdays', 'starts', 'ends', 'checkpoints'],
  links: ['household', 'source', 'unit', 'post', 'ordinal'],
  osm: [],
  streets: [],
};

/**
 * Fields of which a file needs at least one. Columns of ledgers are recognised by
 * the server, which says what it did not find.
 */
const needed: Partial<Record<Kind, string[]>> = {
  boundaries: ['code', 'name'],
  zones: ['code', 'name'],
};

/** missingFields are those of which at least one still needs a column; none when all is well. */
export function missingFields(kind: Kind, mapping: Record<string, string>): string[] {
  const fields = needed[kind] ?? [];
  return fields.some((field) => mapping[field]) ? [] : fields;
}

/** cleanMapping leaves out fields without a column and columns the file does not have. */
export function cleanMapping(
  mapping: Record<string, string>,
  columns: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(mapping).filter(([, column]) => columns.includes(column)));
}
