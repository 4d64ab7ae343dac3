// What the circle adds to the map: units by class, uncovered cells, reach by minute,
// the points of the column, candidates. A pure function over the style of map/style.ts.
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import { cellResolutions } from '../map/cells';
import { tierRadius } from '../map/style';
import type { Palette, Theme } from '../theme/palette';
import { FEW } from './measures';
import { colours } from './ramp';
import type { PointRow } from './types';
import type { CircleLayer } from './view';

/** Units of one colour. */
export type Tint = { units: readonly string[]; colour: string };

/** What another part of the page draws on top: the search for sites, a dragged marker. */
export type Overlay = { sources: Record<string, SourceSpecification>; layers: LayerSpecification[] };

export type CircleChoice = {
  origin: string;
  palette: Palette;
  theme: Theme;
  show: readonly CircleLayer[];
  /** The run that is drawn, when it is done. */
  run: number | null;
  /** The units of the plan that it counts by. There are no tiles of such a run: they tell of what is in force. */
  plan: GeoJSON.FeatureCollection | null;
  column: number;
  level: string | null;
  tints: readonly Tint[];
  /** The difference that is shown: the other run, and the colours of shares from these limits on. */
  change: { before: number; limits: readonly number[]; colours: readonly string[] } | null;
  points: readonly PointRow[];
  siting: number | null;
  overlays: readonly Overlay[];
  /** In which numbers are written. */
  locale: string;
};

type Layers = LayerSpecification[];

/** The limits between classes of uncovered households at resolution 10; a cell one resolution coarser has seven times the area. */
const FINEST = [5, 15, 40, 100] as const;

/** uncoveredLimits are the least counts of the second class on, at a resolution. */
export const uncoveredLimits = (resolution: number): number[] =>
  FINEST.map((limit) => {
    const scaled = limit * 7 ** (10 - resolution);
    if (scaled < 10) return scaled;
    const step = 5 * 10 ** (Math.floor(Math.log10(scaled)) - 1);
    return Math.round(scaled / step) * step;
  });

/** From this zoom on single households are drawn: streets, where each can be pointed at. */
export const HOUSEHOLDS_FROM = 15;

/** From this zoom on there are streets by minute. */
export const STREETS_FROM = 12;

/** The minutes at which the colour of reach changes. */
export const REACH_MINUTES = [5, 10, 15, 20, 30] as const;

/** withCircle lays the circle over a map: colours under its borders, marks above them. */
export function withCircle(style: StyleSpecification, choice: CircleChoice): StyleSpecification {
  const has = (layer: CircleLayer) => choice.run !== null && choice.show.includes(layer);
  const tiled = [
    has('units') ? unitLayers(choice) : [],
    has('uncovered') ? (choice.change ? changeLayers(choice, choice.change) : uncoveredLayers(choice)) : [],
    has('reach') ? reachLayers(choice) : [],
    has('streets') ? streetLayers(choice) : [],
  ].flat();
  const below = choice.plan ? (has('units') ? planLayers(choice, choice.plan) : []) : tiled;
  const above = [
    choice.siting !== null && choice.show.includes('candidates') ? candidateLayers(choice) : [],
    has('points') ? pointLayers(choice) : [],
    choice.overlays.flatMap((overlay) => overlay.layers),
  ].flat();
  const border = style.layers.findIndex((layer) => layer.id === 'unit-casing');
  const at = border < 0 ? style.layers.length : border;
  const plain = style.layers.map((layer): LayerSpecification => {
    if (layer.id === 'household') return { ...layer, minzoom: HOUSEHOLDS_FROM };
    return layer.id === 'unit-fill' && layer.type === 'fill' && below.length > 0
      ? { ...layer, paint: { ...layer.paint, 'fill-opacity': ['case', HOVERED, 0.18, 0] as never } }
      : layer;
  });
  const layers = [...plain.slice(0, at), ...below, ...plain.slice(at), ...above];
  const used = new Set(layers.map((layer) => ('source' in layer ? layer.source : '')));
  const sources = Object.fromEntries(Object.entries(sourcesOf(choice)).filter(([id]) => used.has(id)));
  return { ...style, sources: { ...style.sources, ...sources }, layers };
}

const HOVERED: ExpressionSpecification = ['boolean', ['feature-state', 'hover'], false];

function sourcesOf(choice: CircleChoice): Record<string, SourceSpecification> {
  const { origin, run, column, siting } = choice;
  const tiles = (layer: string, query: Record<string, number | null>, promoteId?: string) => {
    const said = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`));
    return {
      type: 'vector' as const,
      url: `${origin}/tiles/${layer}.json${said.length > 0 ? `?${said.join('&')}` : ''}`,
      ...(promoteId ? { promoteId } : {}),
    };
  };
  const of = { run, column };
  return {
    coverage: tiles('coverage', of, 'code'),
    ...(choice.plan && { 'plan-units': { type: 'geojson' as const, data: choice.plan, promoteId: 'code' } }),
    uncovered: tiles('uncovered', of),
    change: tiles('change', { ...of, before: choice.change?.before ?? null }),
    reach: tiles('reach', of),
    'reach-streets': tiles('reach-streets', of),
    candidates: tiles('candidates', { siting }),
    'circle-points': { type: 'geojson', data: pointFeatures(choice.points) },
    ...Object.assign({}, ...choice.overlays.map((overlay) => overlay.sources)),
  };
}

/** pointFeatures are the points of a column as the map draws them. */
export const pointFeatures = (points: readonly PointRow[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features: points.map((point) => ({
    type: 'Feature',
    properties: {
      id: point.point,
      stop: point.stop,
      name: point.name,
      tier: point.tier,
      new: point.point < 0,
    },
    geometry: { type: 'Point', coordinates: point.at },
  })),
});

function unitLayers(choice: CircleChoice): Layers {
  return [
    {
      id: 'coverage-fill',
      type: 'fill',
      source: 'coverage',
      'source-layer': 'coverage',
      filter: ['==', ['get', 'level'], choice.level ?? ''],
      paint: tinted(choice.tints, choice.palette.raised),
    },
  ];
}

/** planLayers are the units of a plan, and around them those in force of the same level. */
function planLayers({ palette, level, tints }: CircleChoice, plan: GeoJSON.FeatureCollection): Layers {
  const drawn = new Set(plan.features.map((unit) => String(unit.properties?.code)));
  const around = tints.map(({ units, colour }) => ({
    colour,
    units: units.filter((unit) => !drawn.has(unit)),
  }));
  return [
    {
      id: 'coverage-fill',
      type: 'fill',
      source: `grid-${level}`,
      'source-layer': `grid-${level}`,
      paint: tinted(around, 'transparent'),
    },
    { id: 'plan-fill', type: 'fill', source: 'plan-units', paint: tinted(tints, palette.raised) },
    {
      id: 'plan-line',
      type: 'line',
      source: 'plan-units',
      layout: { 'line-join': 'round' },
      paint: {
        'line-color': palette.draft,
        'line-width': ['interpolate', ['linear'], ['zoom'], 10, 1, 16, 2.4],
      },
    },
  ];
}

/** tinted colours units by their codes. */
function tinted(tints: readonly Tint[], otherwise: string) {
  const used = tints.filter((tint) => tint.units.length > 0);
  const colour = [
    'match',
    ['to-string', ['get', 'code']],
    ...used.flatMap((tint) => [tint.units, tint.colour]),
  ];
  return {
    'fill-color':
      used.length === 0 ? otherwise : ([...colour, otherwise] as unknown as ExpressionSpecification),
    'fill-opacity': ['case', HOVERED, 0.92, 0.72] as ExpressionSpecification,
  };
}

/** resolutionOf is the resolution of a cell, the second letter of its name: 8928308280fffff is of 9. */
export const resolutionOf = (cell: string): number => Number.parseInt(cell[1] ?? '', 16);

/** byResolution gives each cell the classes of its resolution: readers may be shown coarser ones than others. */
function byResolution(of: (resolution: number) => ExpressionSpecification): ExpressionSpecification {
  const [first, ...rest] = cellResolutions;
  return [
    'match',
    ['slice', ['get', 'cell'], 1, 2],
    ...rest.flatMap(({ resolution }) => [resolution.toString(16), of(resolution)]),
    of(first.resolution),
  ] as unknown as ExpressionSpecification;
}

const count: ExpressionSpecification = ['coalesce', ['get', 'uncovered'], 0];

/** The count to two digits, as measures.ts says it in tables. */
const ROUGHLY: ExpressionSpecification = [
  'let',
  'unit',
  ['^', 10, ['-', ['floor', ['log10', count]], 1]],
  ['*', ['round', ['/', count, ['var', 'unit']]], ['var', 'unit']],
];

const written = (value: ExpressionSpecification, locale: string): ExpressionSpecification => [
  'number-format',
  value,
  { locale, 'max-fraction-digits': 1 },
];

function uncoveredLayers(choice: CircleChoice): Layers {
  const ramp = colours('lack', FINEST.length + 1, choice.theme);
  const colour = byResolution(
    (resolution) =>
      [
        'step',
        count,
        ramp[0],
        ...uncoveredLimits(resolution).flatMap((limit, index) => [limit, ramp[index + 1]]),
      ] as ExpressionSpecification,
  );
  const some: ExpressionSpecification = ['>', count, 0];
  return [
    {
      id: 'uncovered-fill',
      type: 'fill',
      source: 'uncovered',
      'source-layer': 'uncovered',
      filter: some,
      paint: { 'fill-color': colour, 'fill-opacity': 0.8, 'fill-outline-color': choice.palette.casing },
    },
    {
      id: 'uncovered-count',
      type: 'symbol',
      source: 'uncovered',
      'source-layer': 'uncovered',
      filter: some,
      layout: {
        // A part of a published count that follows from a share in steps of 5 % is no count.
        'text-field': [
          'case',
          ['!', ['to-boolean', ['get', 'rounded']]],
          written(count, choice.locale),
          ['<', count, FEW],
          `<${FEW}`,
          ['concat', '~', written(ROUGHLY, choice.locale)],
        ],
        'text-size': 11,
        'text-padding': 1,
      },
      paint: {
        'text-color': choice.palette.ink,
        'text-halo-color': choice.palette.casing,
        'text-halo-width': 1.4,
      },
    },
  ];
}

/** changeLayers are the cells whose share has changed, in the colours of the difference. */
function changeLayers(choice: CircleChoice, change: NonNullable<CircleChoice['change']>): Layers {
  const difference: ExpressionSpecification = ['coalesce', ['get', 'difference'], 0];
  return [
    {
      id: 'change-cells',
      type: 'fill',
      source: 'change',
      'source-layer': 'change-cells',
      filter: ['!=', difference, 0],
      paint: {
        'fill-color':
          change.limits.length === 0
            ? (change.colours[0] ?? choice.palette.raised)
            : ([
                'step',
                difference,
                change.colours[0],
                ...change.limits.flatMap((limit, index) => [limit, change.colours[index + 1]]),
              ] as ExpressionSpecification),
        'fill-opacity': 0.85,
        'fill-outline-color': choice.palette.casing,
      },
    },
  ];
}

/** minuteColour is dark where one is soon, light where it takes long. */
function minuteColour(choice: CircleChoice): ExpressionSpecification {
  const ramp = colours('reach', REACH_MINUTES.length + 1, choice.theme).reverse();
  return [
    'step',
    ['coalesce', ['get', 'minutes'], 0],
    ramp[0],
    // Up to and with five minutes is the first class.
    ...REACH_MINUTES.flatMap((minute, index) => [minute + 1e-6, ramp[index + 1]]),
  ] as ExpressionSpecification;
}

/** reachColours are the colours of reach for the legend: up to each of the minutes. */
export const reachColours = (theme: Theme): string[] =>
  colours('reach', REACH_MINUTES.length + 1, theme)
    .reverse()
    .slice(0, REACH_MINUTES.length);

function reachLayers(choice: CircleChoice): Layers {
  const sort: ExpressionSpecification = ['-', 0, ['coalesce', ['get', 'minutes'], 0]];
  return [
    {
      id: 'reach-fill',
      type: 'fill',
      source: 'reach',
      'source-layer': 'reach',
      layout: { 'fill-sort-key': sort },
      paint: { 'fill-color': minuteColour(choice), 'fill-opacity': 0.34 },
    },
    {
      id: 'reach-line',
      type: 'line',
      source: 'reach',
      'source-layer': 'reach',
      paint: { 'line-color': minuteColour(choice), 'line-width': 1.6 },
    },
  ];
}

function streetLayers(choice: CircleChoice): Layers {
  return [
    {
      id: 'street-minutes',
      type: 'line',
      source: 'reach-streets',
      'source-layer': 'reach-streets',
      minzoom: STREETS_FROM,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': minuteColour(choice),
        'line-width': ['interpolate', ['linear'], ['zoom'], 11, 0.8, 14, 2, 17, 5],
      },
    },
  ];
}

function candidateLayers(choice: CircleChoice): Layers {
  const p = choice.palette;
  const chosen: ExpressionSpecification = ['boolean', ['get', 'chosen'], false];
  return [
    {
      id: 'candidate',
      type: 'circle',
      source: 'candidates',
      'source-layer': 'candidates',
      paint: {
        'circle-radius': ['case', chosen, 9, 6],
        'circle-color': ['case', chosen, p.warn, p.surface],
        'circle-stroke-color': p.warn,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'candidate-label',
      type: 'symbol',
      source: 'candidates',
      'source-layer': 'candidates',
      minzoom: 13,
      layout: {
        'text-field': ['case', ['has', 'gain'], ['concat', '+', written(['get', 'gain'], choice.locale)], ''],
        'text-size': 12,
        'text-anchor': 'top',
        'text-offset': [0, 0.8],
        'text-optional': true,
      },
      paint: { 'text-color': p.ink, 'text-halo-color': p.casing, 'text-halo-width': 1.4 },
    },
  ];
}

function pointLayers(choice: CircleChoice): Layers {
  const p = choice.palette;
  const tiers = ['center', 'station', 'point'];
  const byTier = (of: (tier: string) => string | number): ExpressionSpecification =>
    ['match', ['get', 'tier'], ...tiers.flatMap((tier) => [tier, of(tier)]), of('other')] as never;
  const radius = (factor: number) => byTier((tier) => (tierRadius[tier] ?? 4) * factor);
  return [
    {
      id: 'service-point',
      type: 'circle',
      source: 'circle-points',
      layout: { 'circle-sort-key': byTier((tier) => tierRadius[tier] ?? 4) },
      paint: {
        'circle-radius': [
          'interpolate',
          ['linear'],
          ['zoom'],
          10,
          radius(0.5),
          14,
          radius(1),
          17,
          radius(1.3),
        ],
        'circle-color': byTier((tier) => p.tiers[tier] ?? p.inkFaint),
        'circle-stroke-color': ['case', ['boolean', ['get', 'new'], false], p.seal, p.casing],
        'circle-stroke-width': ['case', ['boolean', ['get', 'new'], false], 3, 1.5],
      },
    },
    {
      id: 'service-point-label',
      type: 'symbol',
      source: 'circle-points',
      minzoom: 14.5,
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
