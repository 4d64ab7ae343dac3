// What the workshop draws on the map, in sources of its own that change by features: a
// division of thousands of units is never sent to the map as a whole again. The style
// of the page may be replaced under it (another theme); then it draws everything anew.
import type { Feature, FeatureCollection } from 'geojson';
import type {
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
} from 'maplibre-gl';
import type { LonLat } from '../api/types';
import type { Palette } from '../theme/palette';
import { keyOf } from './atoms';
import type { BorderPoint, Piece } from './engine/types';
import { UNCLAIMED } from './engine/types';
import type { Rows } from './rows';
import { middleOf } from './sketch';
import type { Atom, Finding, Other } from './types';

/** From this zoom on border points are shown, of the chosen units. */
export const POINTS_FROM = 14;

export const LAYERS = {
  fill: 'desk-fill',
  line: 'desk-line',
  point: 'desk-point',
  middle: 'desk-middle',
  atom: 'desk-atom',
} as const;

/** What lines snap to on the ground: layers of the background. */
export const GROUND = ['street', 'water', 'building'];

const SOURCES = [
  'desk',
  'desk-names',
  'desk-shadow',
  'desk-atoms',
  'desk-points',
  'desk-sketch',
  'desk-marks',
] as const;
type Source = (typeof SOURCES)[number];

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
const all = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features });
const stated = (name: string): ExpressionSpecification => ['boolean', ['feature-state', name], false];

export type Shown = {
  palette: Palette;
  dark: boolean;
};

export class Drawing {
  private map: MapLibreMap;
  private shown: Shown;
  private held: Record<Source, FeatureCollection> = Object.fromEntries(
    SOURCES.map((name) => [name, nothing]),
  ) as Record<Source, FeatureCollection>;
  private pieces: ReadonlyMap<number, Piece> = new Map();
  private rows: Rows = new Map();
  private chosen = new Set<number>();
  private hidden = new Set<number>();
  private hovered: number | null = null;
  /** What lines snap to is shown. */
  private targets = false;
  private readonly ensure = () => this.draw();

  constructor(map: MapLibreMap, shown: Shown) {
    this.map = map;
    this.shown = shown;
    map.on('styledata', this.ensure);
    this.draw();
  }

  end(): void {
    this.map.off('styledata', this.ensure);
    for (const layer of this.layers()) if (this.map.getLayer(layer.id)) this.map.removeLayer(layer.id);
    for (const name of SOURCES) if (this.map.getSource(name)) this.map.removeSource(name);
  }

  /** paint changes the colours. */
  paint(shown: Shown): void {
    this.shown = shown;
    for (const layer of this.layers()) if (this.map.getLayer(layer.id)) this.map.removeLayer(layer.id);
    this.draw();
  }

  /** draw adds what the style does not have. */
  private draw(): void {
    if (!this.map.style || !this.map.isStyleLoaded?.()) {
      if (!this.map.getStyle()) return;
    }
    let anew = false;
    for (const name of SOURCES) {
      if (this.map.getSource(name)) continue;
      anew = true;
      const data =
        name === 'desk'
          ? all([...this.pieces.values()].map((piece) => this.feature(piece)))
          : this.held[name];
      this.map.addSource(name, { type: 'geojson', data, tolerance: 0.2 });
    }
    for (const layer of this.layers()) {
      const { source } = layer as { source?: string };
      if (!this.map.getLayer(layer.id) && source && this.map.getSource(source)) this.map.addLayer(layer);
    }
    if (anew) this.restate();
  }

  private restate(): void {
    for (const id of this.chosen) this.state(id, { chosen: true });
    for (const id of this.hidden) this.state(id, { hidden: true });
  }

  private state(id: number, state: Record<string, boolean>): void {
    if (this.map.getSource('desk')) this.map.setFeatureState({ source: 'desk', id }, state);
  }

  private source(name: Source): GeoJSONSource | undefined {
    return this.map.getSource(name) as GeoJSONSource | undefined;
  }

  private put(name: Source, features: Feature[]): void {
    this.held[name] = all(features);
    this.source(name)?.setData(this.held[name]);
  }

  private feature(piece: Piece): Feature {
    const row = this.rows.get(piece.id);
    return {
      type: 'Feature',
      id: piece.id,
      properties: {
        id: piece.id,
        tint: piece.id % this.shown.palette.tints.length,
        locked: row?.locked ?? false,
        free: piece.id === UNCLAIMED,
      },
      geometry: { type: 'MultiPolygon', coordinates: piece.area ?? [] },
    };
  }

  /** units draws the pieces that have changed, and the names of all. */
  units(pieces: ReadonlyMap<number, Piece>, rows: Rows): void {
    const before = { pieces: this.pieces, rows: this.rows };
    this.pieces = pieces;
    this.rows = rows;
    const remove = [...before.pieces.keys()].filter((id) => !pieces.has(id));
    const changed = [...pieces.values()].filter(
      (piece) =>
        before.pieces.get(piece.id) !== piece ||
        before.rows.get(piece.id)?.locked !== rows.get(piece.id)?.locked,
    );
    if (remove.length > 0 || changed.length > 0) {
      this.source('desk')?.updateData({ remove, add: changed.map((piece) => this.feature(piece)) });
    }
    if (before.pieces !== pieces || before.rows !== rows) this.put('desk-names', this.names());
  }

  private names(): Feature[] {
    return [...this.pieces.values()].flatMap((piece) => {
      const row = this.rows.get(piece.id);
      if (!piece.area || !row) return [];
      const text = `${row.name || row.code || `#${row.id}`}${row.locked ? ' 🔒' : ''}`;
      return [point(middleOf(piece.area), { text })];
    });
  }

  /** choose draws units as chosen. */
  choose(ids: readonly number[]): void {
    for (const id of this.chosen) if (!ids.includes(id)) this.state(id, { chosen: false });
    for (const id of ids) if (!this.chosen.has(id)) this.state(id, { chosen: true });
    this.chosen = new Set(ids);
  }

  hover(id: number | null): void {
    if (id === this.hovered) return;
    if (this.hovered !== null) this.state(this.hovered, { hover: false });
    if (id !== null) this.state(id, { hover: true });
    this.hovered = id;
  }

  /** preview draws some units as they would be, instead of as they are. */
  preview(pieces: readonly Piece[]): void {
    const ids = new Set(pieces.map((piece) => piece.id));
    for (const id of this.hidden) if (!ids.has(id)) this.state(id, { hidden: false });
    for (const id of ids) if (!this.hidden.has(id)) this.state(id, { hidden: true });
    this.hidden = ids;
    this.put(
      'desk-shadow',
      pieces.filter((piece) => piece.area).map((piece) => this.feature(piece)),
    );
  }

  /** atoms draws land that is picked as a whole. */
  atoms(shown: readonly Atom[], picked: ReadonlyMap<string, Atom>): void {
    const all = new Map([...shown.map((atom) => [keyOf(atom), atom] as const), ...picked]);
    this.put(
      'desk-atoms',
      [...all].map(([key, atom]) => ({
        type: 'Feature',
        properties: { key, kind: atom.kind, picked: picked.has(key) },
        geometry: { type: 'MultiPolygon', coordinates: atom.area },
      })),
    );
  }

  /** target shows what lines snap to, or hides it. */
  target(on: boolean): void {
    if (this.targets === on) return;
    this.targets = on;
    this.paint(this.shown);
  }

  /** points draws border points, and between them the places where one may be added. */
  points(rings: readonly (readonly BorderPoint[])[]): void {
    const features: Feature[] = [];
    const seen = new Set<string>();
    for (const ring of rings) {
      for (const [index, vertex] of ring.entries()) {
        const next = ring[(index + 1) % ring.length] as BorderPoint;
        const at = vertex.at.join();
        if (!seen.has(at)) {
          features.push(
            point(vertex.at, { kind: vertex.rim ? 'rim' : vertex.junction ? 'junction' : 'point' }),
          );
        }
        seen.add(at);
        if (vertex.rim && next.rim) continue;
        features.push(
          point([(vertex.at[0] + next.at[0]) / 2, (vertex.at[1] + next.at[1]) / 2], { kind: 'middle' }),
        );
      }
    }
    this.put('desk-points', features);
  }

  /** sketch draws what is being drawn, and the place that the pointer would take. */
  sketch(line: readonly LonLat[], closed: boolean, cursor: { at: LonLat; snapped: boolean } | null): void {
    const features: Feature[] = [];
    const path = cursor && line.length > 0 ? [...line, cursor.at] : [...line];
    if (path.length > 1) {
      const coordinates = closed && path.length > 2 ? [...path, path[0] as LonLat] : path;
      features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } });
    }
    if (!closed) for (const at of line) features.push(point(at, { kind: 'sketch' }));
    if (cursor?.snapped) features.push(point(cursor.at, { kind: 'snap' }));
    this.put('desk-sketch', features);
  }

  /** marks draws findings, others at work, and where something was refused. */
  marks(findings: readonly Finding[], others: readonly Other[], refused: LonLat | null): void {
    const features = findings.map((finding) =>
      point(finding.at, { kind: finding.waiver ? 'waived' : finding.hard ? 'hard' : 'soft' }),
    );
    for (const other of others)
      if (other.at) features.push(point(other.at, { kind: 'other', text: other.name }));
    if (refused) features.push(point(refused, { kind: 'refused' }));
    this.put('desk-marks', features);
  }

  private layers(): LayerSpecification[] {
    const p = this.shown.palette;
    const [first = '', ...rest] = p.tints;
    const tint = [
      'match',
      ['get', 'tint'],
      ...rest.flatMap((colour, index) => [index + 1, colour]),
      first,
    ] as unknown as ExpressionSpecification;
    const colour: ExpressionSpecification = ['case', ['get', 'free'], p.inkFaint, tint];
    const width = (thin: number, wide: number): ExpressionSpecification => [
      'interpolate',
      ['linear'],
      ['zoom'],
      10,
      thin / 2,
      14,
      thin,
      18,
      wide,
    ];
    const kind = (values: Record<string, string | number>, otherwise: string | number) =>
      [
        'match',
        ['get', 'kind'],
        ...Object.entries(values).flat(),
        otherwise,
      ] as unknown as ExpressionSpecification;
    const is = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'kind'], ['literal', kinds]];
    const base = this.shown.dark ? 0.24 : 0.3;
    return [
      {
        id: LAYERS.fill,
        type: 'fill',
        source: 'desk',
        paint: {
          'fill-color': ['case', stated('chosen'), p.seal, colour],
          'fill-opacity': ['case', stated('hidden'), 0, stated('hover'), 0.45, stated('chosen'), 0.24, base],
        },
      },
      ...GROUND.map(
        (ground): LayerSpecification => ({
          id: `desk-target-${ground}`,
          type: 'line',
          source: 'background',
          'source-layer': ground,
          layout: { visibility: this.targets ? 'visible' : 'none' },
          paint: { 'line-color': p.accent, 'line-width': 1.2, 'line-opacity': 0.85 },
        }),
      ),
      {
        id: LAYERS.atom,
        type: 'fill',
        source: 'desk-atoms',
        paint: {
          'fill-color': ['case', ['get', 'picked'], p.seal, p.accent],
          'fill-opacity': ['case', ['get', 'picked'], 0.45, 0.08],
        },
      },
      {
        id: 'desk-atom-line',
        type: 'line',
        source: 'desk-atoms',
        paint: {
          'line-color': ['case', ['get', 'picked'], p.seal, p.accent],
          'line-width': ['case', ['get', 'picked'], 2.4, 1],
        },
      },
      {
        id: 'desk-casing',
        type: 'line',
        source: 'desk',
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': p.casing,
          'line-width': width(3.2, 7),
          'line-opacity': ['case', stated('hidden'), 0, 0.7],
        },
      },
      {
        id: LAYERS.line,
        type: 'line',
        source: 'desk',
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': ['case', stated('chosen'), p.seal, p.draft],
          'line-width': width(1.5, 2.8),
          'line-opacity': ['case', stated('hidden'), 0, 1],
        },
      },
      {
        id: 'desk-shadow-fill',
        type: 'fill',
        source: 'desk-shadow',
        paint: { 'fill-color': colour, 'fill-opacity': 0.5 },
      },
      {
        id: 'desk-shadow-line',
        type: 'line',
        source: 'desk-shadow',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': p.seal, 'line-width': width(2, 3), 'line-dasharray': [2, 1] },
      },
      {
        id: 'desk-name',
        type: 'symbol',
        source: 'desk-names',
        minzoom: 12,
        layout: { 'text-field': ['get', 'text'], 'text-size': 12, 'text-max-width': 8, 'text-padding': 8 },
        paint: { 'text-color': p.label, 'text-halo-color': p.casing, 'text-halo-width': 1.6 },
      },
      {
        id: LAYERS.middle,
        type: 'circle',
        source: 'desk-points',
        minzoom: POINTS_FROM,
        filter: is('middle'),
        paint: {
          'circle-radius': 3,
          'circle-color': p.casing,
          'circle-stroke-color': p.draft,
          'circle-stroke-width': 1,
          'circle-opacity': 0.8,
        },
      },
      {
        id: LAYERS.point,
        type: 'circle',
        source: 'desk-points',
        minzoom: POINTS_FROM,
        filter: ['!', is('middle')],
        paint: {
          'circle-radius': kind({ junction: 6, rim: 3.5 }, 5),
          'circle-color': kind({ junction: p.seal, rim: p.inkFaint }, p.casing),
          'circle-stroke-color': kind({ junction: p.casing, rim: p.casing }, p.seal),
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'desk-sketch-line',
        type: 'line',
        source: 'desk-sketch',
        filter: ['==', ['geometry-type'], 'LineString'],
        paint: { 'line-color': p.seal, 'line-width': 2.2, 'line-dasharray': [2, 1.2] },
      },
      {
        id: 'desk-sketch-point',
        type: 'circle',
        source: 'desk-sketch',
        filter: ['==', ['geometry-type'], 'Point'],
        paint: {
          'circle-radius': kind({ snap: 8 }, 3.5),
          'circle-color': p.seal,
          'circle-opacity': kind({ snap: 0.15 }, 1),
          'circle-stroke-color': p.seal,
          'circle-stroke-width': kind({ snap: 2 }, 0),
        },
      },
      {
        id: 'desk-mark',
        type: 'circle',
        source: 'desk-marks',
        paint: {
          'circle-radius': kind({ other: 6, refused: 11 }, 7),
          'circle-color': kind(
            { hard: p.faultHard, soft: p.faultSoft, other: p.accent, refused: p.bad },
            p.inkFaint,
          ),
          'circle-opacity': kind({ other: 0.9, refused: 0.25 }, 0.5),
          'circle-stroke-color': kind(
            { hard: p.faultHard, soft: p.faultSoft, other: p.casing, refused: p.bad },
            p.inkFaint,
          ),
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'desk-mark-name',
        type: 'symbol',
        source: 'desk-marks',
        filter: is('other'),
        layout: {
          'text-field': ['get', 'text'],
          'text-size': 12,
          'text-anchor': 'left',
          'text-offset': [0.8, 0],
          'text-allow-overlap': true,
        },
        paint: { 'text-color': p.accent, 'text-halo-color': p.casing, 'text-halo-width': 1.6 },
      },
    ];
  }
}

const point = (coordinates: LonLat, properties: Record<string, unknown>): Feature => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates },
});
