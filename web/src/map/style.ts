// The whole map as one MapLibre style, made from the server's background style
// and what the reader has chosen. It is a pure function: MapLibre works out what
// changed. No glyphs and no sprite: labels are drawn with local fonts.
import type { Feature, GeoJSON } from 'geojson';
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import type { Level, LonLat } from '../api/types';
import type { Palette, Theme } from '../theme/palette';
import type { CellMeasure, Layer } from '../view/url';
import { cellLimits, cellResolutions } from './cells';

export type MapChoice = {
  origin: string;
  theme: Theme;
  palette: Palette;
  levels: Level[];
  level: string | null;
  layers: readonly Layer[];
  cells: CellMeasure;
  at: string | null;
  /** Layers the server has tiles for, as in the status: absent ones are left out. */
  unit: string | null;
  place: LonLat | null;
  item: LonLat | null;
  /** The draft on show, with its revision. */
  draft: { id: number; revision: number } | null;
  fault: string | null;
};

/** From this rank on units bear the names of the places they cover, which then stand once. */
const VILLAGE_RANK = 40;

type Layers = LayerSpecification[];
type Sources = Record<string, SourceSpecification>;

/** composeStyle is the map of a choice over the server's background. */
export function composeStyle(base: StyleSpecification | null, choice: MapChoice): StyleSpecification {
  const ground = background(base, choice);
  const shown = new Set(choice.layers);
  const parts = [
    ground.below,
    shown.has('cell') ? cellLayers(choice) : [],
    shown.has('zone') ? zoneLayers(choice) : [],
    unitLayers(choice),
    ground.labels,
    shown.has('household') ? householdLayers(choice) : [],
    shown.has('incident') ? incidentLayers(choice) : [],
    shown.has('service-point') ? servicePointLayers(choice) : [],
    unitLabels(choice),
    draftLayers(choice),
    selectionLayers(choice),
  ];
  const layers = parts.flat();
  const used = new Set(layers.map((layer) => ('source' in layer ? layer.source : '')));
  const sources = Object.fromEntries(
    Object.entries({ ...ground.sources, ...dataSources(choice) }).filter(([id]) => used.has(id)),
  );
  return { version: 8, name: 'wangge', sources, layers };
}

/**
 * ownAddress keeps every request at the server that sent the page: tiles are
 * asked for here even when a proxy made the server name itself otherwise.
 */
export function ownAddress(url: string, origin: string): string {
  const asked = new URL(url, origin);
  return origin + asked.pathname + asked.search;
}

/**
 * background keeps only what shows the ground: plain colour and the background
 * tiles. Everything else on the map is ours to switch.
 */
function background(base: StyleSpecification | null, choice: MapChoice) {
  const land: LayerSpecification = {
    id: 'land',
    type: 'background',
    paint: { 'background-color': choice.theme === 'dark' ? '#12191d' : '#f4f2ec' },
  };
  if (base === null) return { sources: {}, below: [land], labels: [] };
  const plain = base.layers.filter((layer) => layer.type === 'background');
  const named = (shownLevels(choice).at(-1)?.rank ?? 0) >= VILLAGE_RANK;
  const drawn = choice.layers.includes('background')
    ? base.layers.filter(
        (layer) =>
          'source' in layer &&
          layer.source === 'background' &&
          !(named && layer['source-layer'] === 'place' && layer.type === 'symbol'),
      )
    : [];
  return {
    sources: base.sources.background ? { background: absolute(base.sources.background, choice.origin) } : {},
    below: [...(plain.length > 0 ? plain : [land]), ...drawn.filter((layer) => layer.type !== 'symbol')],
    labels: drawn.filter((layer) => layer.type === 'symbol'),
  };
}

function absolute(source: SourceSpecification, origin: string): SourceSpecification {
  if (source.type !== 'vector') return source;
  const fix = (url: string) => (url.startsWith('/') ? origin + url : url);
  return {
    ...source,
    ...(source.url ? { url: fix(source.url) } : {}),
    ...(source.tiles ? { tiles: source.tiles.map(fix) } : {}),
  };
}

const asOf = (at: string | null) => (at ? `?at=${at}` : '');

function dataSources(choice: MapChoice): Sources {
  const tiles = (layer: string, promoteId?: string): SourceSpecification => ({
    type: 'vector',
    url: `${choice.origin}/tiles/${layer}.json${asOf(choice.at)}`,
    ...(promoteId ? { promoteId } : {}),
  });
  const geojson = (data: string | GeoJSON): SourceSpecification => ({ type: 'geojson', data });
  const sources: Sources = {};
  for (const level of shownLevels(choice)) {
    sources[`grid-${level.code}`] = tiles(`grid-${level.code}`, 'id');
    sources[`label-${level.code}`] = tiles(`label-${level.code}`);
  }
  for (const layer of ['cell', 'zone', 'household', 'incident', 'service-point'])
    sources[layer] = tiles(layer);
  if (choice.unit) {
    sources['selected-unit'] = geojson(
      `${choice.origin}/api/v1/units/${encodeURIComponent(choice.unit)}/boundary${asOf(choice.at)}`,
    );
  }
  const marks = [choice.place && mark('place', choice.place), choice.item && mark('item', choice.item)];
  const features = marks.filter((feature) => feature !== null);
  sources['selected-point'] = geojson({ type: 'FeatureCollection', features });
  if (choice.draft) {
    const { id, revision } = choice.draft;
    // The part after # is not sent; it makes the address new after each repair.
    sources['draft-units'] = geojson(`${choice.origin}/api/v1/plans/${id}/units#${revision}`);
    sources['draft-faults'] = geojson(`${choice.origin}/api/v1/plans/${id}/faults#${revision}`);
  }
  return sources;
}

const mark = (kind: string, place: LonLat): Feature => ({
  type: 'Feature',
  properties: { kind },
  geometry: { type: 'Point', coordinates: place },
});

/** shownLevels are the chosen level and those above it, top first. */
export function shownLevels(choice: Pick<MapChoice, 'levels' | 'level'>): Level[] {
  const chosen = choice.levels.find((level) => level.code === choice.level);
  if (!chosen) return [];
  return choice.levels
    .filter((level) => level.units > 0 && level.rank <= chosen.rank)
    .sort((a, b) => a.rank - b.rank);
}

/** byZoom interpolates between [zoom, value] stops. */
function byZoom(...stops: [number, number | ExpressionSpecification][]): ExpressionSpecification {
  return ['interpolate', ['linear'], ['zoom'], ...stops.flat()] as ExpressionSpecification;
}

/** tintOf colours a unit unlike its neighbours: the tiles number the tints so. */
function tintOf(tints: string[]): ExpressionSpecification {
  const [first = '', ...rest] = tints;
  const number: ExpressionSpecification = ['%', ['coalesce', ['get', 'tint'], 0], tints.length];
  return [
    'match',
    number,
    ...rest.flatMap((tint, index) => [index + 1, tint]),
    first,
  ] as ExpressionSpecification;
}

/** standsFor is a radius that grows where one dot stands for several. */
function standsFor(radius: number): ExpressionSpecification {
  return ['*', radius, ['min', 2.2, ['^', ['coalesce', ['get', 'count'], 1], 0.18]]];
}

function unitLayers(choice: MapChoice): Layers {
  const levels = shownLevels(choice);
  const chosen = levels.at(-1);
  if (!chosen) return [];
  const p = choice.palette;
  const id = `grid-${chosen.code}`;
  const faded = choice.draft ? 0.35 : 1;
  const counted = choice.layers.includes('cell'); // two colours on one place would read as a third
  const tint = counted ? 0 : (choice.theme === 'dark' ? 0.2 : 0.28) * faded;
  const parents: Layers = levels.slice(0, -1).map((level) => ({
    id: `parent-${level.code}`,
    type: 'line',
    source: `grid-${level.code}`,
    'source-layer': `grid-${level.code}`,
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': p.gridParent,
      'line-width': byZoom([9, 0.6], [14, 1.1], [17, 1.6]),
      'line-dasharray': [5, 2.5],
      'line-opacity': 0.75 * faded,
    },
  }));
  return [
    {
      id: 'unit-fill',
      type: 'fill',
      source: id,
      'source-layer': id,
      paint: {
        'fill-color': tintOf(p.tints),
        'fill-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 0.5, tint],
      },
    },
    {
      id: 'unit-casing',
      type: 'line',
      source: id,
      'source-layer': id,
      layout: { 'line-join': 'round' },
      paint: {
        'line-color': p.casing,
        'line-width': byZoom([9, 1.6], [13, 3.4], [17, 6.5]),
        'line-opacity': 0.75 * faded,
      },
    },
    {
      id: 'unit-line',
      type: 'line',
      source: id,
      'source-layer': id,
      layout: { 'line-join': 'round' },
      paint: {
        'line-color': p.grid,
        'line-width': byZoom([9, 0.7], [13, 1.5], [17, 3]),
        'line-opacity': faded,
      },
    },
    ...parents,
  ];
}

function unitLabels(choice: MapChoice): Layers {
  const chosen = shownLevels(choice).at(-1);
  if (!chosen || choice.draft) return [];
  const p = choice.palette;
  return [
    {
      id: 'unit-label',
      type: 'symbol',
      source: `label-${chosen.code}`,
      'source-layer': `label-${chosen.code}`,
      layout: {
        'text-field': ['get', 'name'],
        'text-size': byZoom([10, 11], [14, 13], [17, 15]),
        'text-max-width': 8,
        'text-padding': 14,
        'text-letter-spacing': 0.02,
      },
      paint: { 'text-color': p.label, 'text-halo-color': p.casing, 'text-halo-width': 1.6 },
    },
  ];
}

function cellColour(choice: MapChoice, resolution: number): ExpressionSpecification {
  const [a, b, c, d] = cellLimits(choice.cells, resolution);
  const [one, two, three, four, five] = choice.palette.cells;
  const count: ExpressionSpecification = ['coalesce', ['get', choice.cells], 0];
  return ['step', count, one, a + 1, two, b + 1, three, c + 1, four, d + 1, five] as ExpressionSpecification;
}

function cellLayers(choice: MapChoice): Layers {
  const [first, ...rest] = cellResolutions;
  const colour = [
    'step',
    ['zoom'],
    cellColour(choice, first.resolution),
    ...rest.flatMap((step) => [step.zoom, cellColour(choice, step.resolution)]),
  ] as ExpressionSpecification;
  const some: ExpressionSpecification = ['>', ['coalesce', ['get', choice.cells], 0], 0];
  return [
    {
      id: 'cell-fill',
      type: 'fill',
      source: 'cell',
      'source-layer': 'cell',
      filter: some,
      paint: { 'fill-color': colour, 'fill-opacity': 0.78, 'fill-outline-color': choice.palette.casing },
    },
  ];
}

function zoneLayers(choice: MapChoice): Layers {
  const colour = choice.palette.zone;
  return [
    {
      id: 'zone-fill',
      type: 'fill',
      source: 'zone',
      'source-layer': 'zone',
      paint: { 'fill-color': colour, 'fill-opacity': 0.12 },
    },
    {
      id: 'zone-line',
      type: 'line',
      source: 'zone',
      'source-layer': 'zone',
      paint: { 'line-color': colour, 'line-width': 1.6, 'line-dasharray': [2, 1.5] },
    },
  ];
}

function householdLayers(choice: MapChoice): Layers {
  const p = choice.palette;
  const empty: ExpressionSpecification = ['==', ['get', 'occupied'], false];
  return [
    {
      id: 'household',
      type: 'circle',
      source: 'household',
      'source-layer': 'household',
      paint: {
        'circle-radius': byZoom([11, standsFor(0.8)], [14, standsFor(1.7)], [17, standsFor(4)]),
        'circle-color': ['case', empty, p.casing, p.household],
        'circle-stroke-color': ['case', empty, p.vacant, p.casing],
        'circle-stroke-width': byZoom([13, 0.2], [16, 1.2]),
      },
    },
  ];
}

function incidentLayers(choice: MapChoice): Layers {
  const p = choice.palette;
  return [
    {
      id: 'incident',
      type: 'circle',
      source: 'incident',
      'source-layer': 'incident',
      paint: {
        'circle-radius': byZoom([10, standsFor(1.8)], [14, standsFor(3.6)], [17, standsFor(6)]),
        'circle-color': ['match', ['get', 'state'], 'closed', p.incidentClosed, p.incident],
        'circle-opacity': ['match', ['get', 'state'], 'closed', 0.55, 0.92],
        'circle-stroke-color': p.casing,
        'circle-stroke-width': 1,
      },
    },
  ];
}

/** tierRadius makes a higher tier larger as well as darker. */
export const tierRadius: Record<string, number> = { center: 8, station: 6.2, point: 4.8, other: 4 };

function servicePointLayers(choice: MapChoice): Layers {
  const p = choice.palette;
  const byTier = (of: (tier: string) => string | number, otherwise: string | number) =>
    [
      'match',
      ['get', 'tier'],
      ...['center', 'station', 'point'].flatMap((tier) => [tier, of(tier)]),
      otherwise,
    ] as unknown as ExpressionSpecification;
  const radius = (factor: number) => byTier((tier) => (tierRadius[tier] ?? 4) * factor, 4 * factor);
  return [
    {
      id: 'service-point',
      type: 'circle',
      source: 'service-point',
      'source-layer': 'service-point',
      layout: { 'circle-sort-key': byTier((tier) => tierRadius[tier] ?? 4, 0) },
      paint: {
        'circle-radius': [
          'interpolate',
          ['linear'],
          ['zoom'],
          10,
          radius(0.45),
          14,
          radius(1),
          17,
          radius(1.3),
        ],
        'circle-color': byTier((tier) => p.tiers[tier] ?? '', p.tiers.other ?? ''),
        'circle-stroke-color': p.casing,
        'circle-stroke-width': 1.5,
        'circle-opacity': ['match', ['get', 'state'], ['active', 'pilot'], 1, 0.5],
      },
    },
    {
      id: 'service-point-label',
      type: 'symbol',
      source: 'service-point',
      'source-layer': 'service-point',
      minzoom: 15,
      layout: {
        'text-field': ['get', 'name'],
        'text-size': 12,
        'text-anchor': 'top',
        'text-offset': [0, 0.8],
        'text-optional': true,
        'text-max-width': 9,
      },
      paint: { 'text-color': p.tiers.center ?? p.ink, 'text-halo-color': p.casing, 'text-halo-width': 1.4 },
    },
  ];
}

function draftLayers(choice: MapChoice): Layers {
  if (!choice.draft) return [];
  const p = choice.palette;
  const chosen: ExpressionSpecification = ['==', ['get', 'id'], choice.fault ?? ''];
  const colour: ExpressionSpecification = [
    'case',
    ['boolean', ['get', 'hard'], true],
    p.faultHard,
    p.faultSoft,
  ];
  const isPoint: ExpressionSpecification = ['==', ['geometry-type'], 'Point'];
  const isArea: ExpressionSpecification = ['!', isPoint];
  return [
    {
      id: 'draft-fill',
      type: 'fill',
      source: 'draft-units',
      paint: { 'fill-color': p.draft, 'fill-opacity': 0.05 },
    },
    {
      id: 'draft-line',
      type: 'line',
      source: 'draft-units',
      layout: { 'line-join': 'round' },
      paint: { 'line-color': p.draft, 'line-width': byZoom([9, 0.8], [14, 1.6], [18, 2.4]) },
    },
    {
      id: 'draft-label',
      type: 'symbol',
      source: 'draft-units',
      minzoom: 13,
      layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-max-width': 8 },
      paint: { 'text-color': p.draft, 'text-halo-color': p.casing, 'text-halo-width': 1.5 },
    },
    {
      id: 'fault-fill',
      type: 'fill',
      source: 'draft-faults',
      filter: isArea,
      paint: { 'fill-color': colour, 'fill-opacity': ['case', chosen, 0.6, 0.35] },
    },
    {
      id: 'fault-line',
      type: 'line',
      source: 'draft-faults',
      filter: isArea,
      paint: { 'line-color': colour, 'line-width': ['case', chosen, 4, 2] },
    },
    {
      id: 'fault-point',
      type: 'circle',
      source: 'draft-faults',
      filter: isPoint,
      paint: {
        'circle-radius': ['case', chosen, 10, 6],
        'circle-color': colour,
        'circle-opacity': 0.45,
        'circle-stroke-color': colour,
        'circle-stroke-width': 2,
      },
    },
  ];
}

function selectionLayers(choice: MapChoice): Layers {
  const p = choice.palette;
  const layers: Layers = [];
  if (choice.unit) {
    const common = { source: 'selected-unit', layout: { 'line-join': 'round' } } as const;
    layers.push(
      {
        id: 'selected-fill',
        type: 'fill',
        source: 'selected-unit',
        paint: { 'fill-color': p.seal, 'fill-opacity': 0.07 },
      },
      {
        id: 'selected-casing',
        type: 'line',
        ...common,
        paint: { 'line-color': p.casing, 'line-width': byZoom([9, 4], [16, 8]), 'line-opacity': 0.85 },
      },
      {
        id: 'selected-line',
        type: 'line',
        ...common,
        paint: { 'line-color': p.seal, 'line-width': byZoom([9, 2], [16, 3.6]) },
      },
    );
  }
  if (choice.place || choice.item) {
    layers.push(
      {
        id: 'selected-halo',
        type: 'circle',
        source: 'selected-point',
        paint: {
          'circle-radius': 13,
          'circle-color': p.seal,
          'circle-opacity': 0.14,
          'circle-stroke-color': p.seal,
          'circle-stroke-width': 1.5,
        },
      },
      {
        id: 'selected-dot',
        type: 'circle',
        source: 'selected-point',
        filter: ['==', ['get', 'kind'], 'place'],
        paint: {
          'circle-radius': 4.5,
          'circle-color': p.seal,
          'circle-stroke-color': p.casing,
          'circle-stroke-width': 1.5,
        },
      },
    );
  }
  return layers;
}
