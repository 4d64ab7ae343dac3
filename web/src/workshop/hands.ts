// The planner's hands on the map: what a press, a drag and a key do with the tool that is
// chosen. A press of the keyboard acts at the centre of the map, as a click does at the
// pointer, so that every tool works with either.
import type { MapGeoJSONFeature, Map as MapLibreMap, MapMouseEvent, MapTouchEvent } from 'maplibre-gl';
import { create } from 'zustand';
import type { LonLat } from '../api/types';
import { keyOf, pick, pickIn, useAtoms } from './atoms';
import type { Desk } from './desk';
import { type Drawing, GROUND, LAYERS } from './drawing';
import type { Near, Op } from './engine/types';
import { Latest } from './latest';
import {
  areaOf,
  contains,
  drawn,
  farEnough,
  gripOp,
  grips,
  type Keeps,
  type Meant,
  middleOf,
  on7,
  type Sketch,
  sketchOp,
} from './sketch';
import { setWorkshop, type Tool, workshopView } from './view';

/** How far from the pointer, in pixels, something may be and still be meant. */
const REACH = { mouse: 9, touch: 20 } as const;
/** How far apart the points of a lasso are, in pixels. */
const STRIDE = 6;

type Pixel = { x: number; y: number };
type Press = MapMouseEvent | MapTouchEvent;

/** How long a finger rests to open the menu, in milliseconds. */
const REST = 550;

/** Where the menu is open, and what is there. */
export type Menu = { point: Pixel; at: LonLat; unit: number | null; near: Near | null };

type Held = {
  sketch: Sketch;
  hold: Near | null;
  /** Who gets land, and who may give it; none: all. */
  target: number | null;
  from: readonly number[];
  keeps: Keeps;
  menu: Menu | null;
};

/** What the hands hold: a sketch, or a border; and for whom. */
export const useHands = create<Held>(() => ({
  sketch: [],
  hold: null,
  target: null,
  from: [],
  keeps: 'larger',
  menu: null,
}));

export class Hands {
  private readonly map: MapLibreMap;
  private readonly desk: Desk;
  private readonly drawing: Drawing;
  private readonly latest = new Latest();
  private readonly off: (() => void)[] = [];
  /** Where a drag began. */
  private start: Pixel | null = null;
  private lasso: LonLat[] | null = null;
  private moved = false;
  private legal: Op | null = null;
  private byKeys = false;
  private taking: Promise<void> | null = null;
  /** What the next tool is to hold when it is taken up. */
  private handed: Near | null = null;
  /** A finger that rests. */
  private resting: { at: Pixel; timer: ReturnType<typeof setTimeout> } | null = null;
  private rested = false;

  constructor(map: MapLibreMap, desk: Desk, drawing: Drawing) {
    this.map = map;
    this.desk = desk;
    this.drawing = drawing;
    map.boxZoom.disable();
    map.doubleClickZoom.disable();
    const canvas = map.getCanvas();
    const on = <E extends keyof HTMLElementEventMap>(
      name: E,
      run: (event: HTMLElementEventMap[E]) => void,
    ) => {
      canvas.addEventListener(name, run);
      this.off.push(() => canvas.removeEventListener(name, run));
    };
    const onMap = (name: string, run: (event: never) => void) => {
      map.on(name as 'click', run as never);
      this.off.push(() => map.off(name as 'click', run as never));
    };
    onMap(
      'mousedown',
      (event: MapMouseEvent) => event.originalEvent.button === 0 && this.down(event, 'mouse'),
    );
    onMap('touchstart', (event: MapTouchEvent) => {
      this.rested = false;
      this.lift();
      if (event.points.length !== 1) return;
      this.rest(event);
      this.down(event, 'touch');
    });
    onMap('contextmenu', (event: MapMouseEvent) => {
      event.preventDefault();
      void this.menu(event.point, place(event), 'mouse');
    });
    onMap('mousemove', (event: MapMouseEvent) => this.move(event));
    onMap('touchmove', (event: MapTouchEvent) => {
      const { resting } = this;
      const far =
        resting && Math.hypot(event.point.x - resting.at.x, event.point.y - resting.at.y) > REACH.touch / 2;
      if (far || event.points.length !== 1) this.lift();
      if (event.points.length === 1 && !this.rested) this.move(event);
    });
    onMap('mouseup', () => void this.up());
    onMap('touchend', (event: MapTouchEvent) => {
      this.lift();
      if (this.rested)
        event.originalEvent.preventDefault(); // no click follows, which would close the menu
      else void this.up();
    });
    onMap('click', (event: MapMouseEvent) => {
      this.byKeys = false;
      if (this.rested) return; // it was a long press
      void this.press(event.point, place(event), event.originalEvent.shiftKey, event.originalEvent.altKey);
    });
    onMap('dblclick', () => void this.finish());
    onMap('move', () => this.byKeys && this.centred());
    on('keydown', (event) => this.key(event));
    on('mouseleave', () => this.drawing.hover(null));
  }

  end(): void {
    for (const off of this.off) off();
    this.lift();
    useHands.setState({ menu: null });
    this.cancel();
  }

  private get tool(): Tool {
    return workshopView.getState().tool;
  }

  /** metres is how long so many pixels are on the ground. */
  private metres(pixels: number): number {
    const lat = (this.map.getCenter().lat * Math.PI) / 180;
    return (pixels * 40_075_016.686 * Math.cos(lat)) / (512 * 2 ** this.map.getZoom());
  }

  private around({ x, y }: Pixel, by: number, layers: string[]): MapGeoJSONFeature[] {
    const there = layers.filter((id) => this.map.getLayer(id));
    return this.map.queryRenderedFeatures(
      [
        [x - by, y - by],
        [x + by, y + by],
      ],
      { layers: there },
    );
  }

  /** unitAt is the unit under a point of the screen. */
  private unitAt(point: Pixel): number | null {
    const [found] = this.around(point, 0, [LAYERS.fill]);
    const id = Number(found?.id ?? 0);
    return id > 0 ? id : null;
  }

  /** rest opens the menu where a finger stays. */
  private rest(event: MapTouchEvent): void {
    const at = event.point;
    const there = place(event);
    const timer = setTimeout(() => {
      this.rested = true;
      void this.menu(at, there, 'touch');
    }, REST);
    this.resting = { at, timer };
  }

  private lift(): void {
    if (this.resting) clearTimeout(this.resting.timer);
    this.resting = null;
  }

  /** menu opens what can be done with the point, the border and the unit at a place. */
  private async menu(point: Pixel, at: LonLat, kind: keyof typeof REACH): Promise<void> {
    this.cancel();
    const near = await this.desk.ask('near', { at, reach: this.metres(REACH[kind]) });
    useHands.setState({ menu: { point: { x: point.x, y: point.y }, at, unit: this.unitAt(point), near } });
  }

  /** hand gives a border to a tool, to go where the pointer is pressed next. */
  hand(tool: Tool, near: Near): void {
    if (this.tool === tool) {
      this.cancel();
      useHands.setState({ hold: near });
      return;
    }
    this.handed = near;
    setWorkshop({ tool });
  }

  /** change takes another tool up. */
  change(): void {
    this.cancel();
    if (this.handed) useHands.setState({ hold: this.handed });
    this.handed = null;
  }

  private down(event: Press, kind: keyof typeof REACH): void {
    const { tool } = this;
    this.moved = false;
    if (grips.includes(tool)) {
      const layers = tool === 'point' ? [LAYERS.point, LAYERS.middle] : [LAYERS.line];
      if (useHands.getState().hold || this.around(event.point, REACH[kind], layers).length === 0) return;
      event.preventDefault(); // the map stays where it is
      this.start = event.point;
      this.taking = this.take(place(event), REACH[kind]);
    } else if (drawn[tool] === 'lasso' && (!chooses(tool) || event.originalEvent.shiftKey)) {
      event.preventDefault();
      this.start = event.point;
      this.lasso = [place(event)];
    }
  }

  /** take takes hold of the border near a place. */
  private async take(at: LonLat, reach: number): Promise<void> {
    let near = await this.desk.ask('near', { at, reach: this.metres(reach) });
    if (near?.vertex && this.tool !== 'point') {
      near = await this.desk.ask('near', { at, reach: this.metres(2) });
    }
    if (!near || (near.vertex && this.tool !== 'point')) return;
    if (near.rim) {
      this.desk.refuse('operation_rim', near.at);
      return;
    }
    this.legal = null;
    useHands.setState({ hold: near });
  }

  private move(event: Press): void {
    this.byKeys = false;
    const far = this.start && Math.hypot(event.point.x - this.start.x, event.point.y - this.start.y) > 3;
    if (far) this.moved = true;
    const at = place(event);
    const alt = 'altKey' in event.originalEvent && event.originalEvent.altKey;
    if (this.lasso) {
      if (farEnough(this.lasso, at, this.degrees(STRIDE))) this.lasso.push(at);
      this.drawing.sketch(this.lasso, true, null);
    } else if (this.start || useHands.getState().hold) {
      if (this.moved || !this.start) this.drag(event.point, at, alt);
    } else {
      this.over(event.point, at, alt);
    }
  }

  private degrees(pixels: number): number {
    return this.metres(pixels) / 111_195;
  }

  /** drag shows what moving the hold to a place does. */
  private drag(point: Pixel, at: LonLat, alt: boolean): void {
    this.latest.run(async () => {
      await this.taking;
      const { hold } = useHands.getState();
      if (!hold) return;
      const to = await this.snapped(point, at, alt, false);
      const op = gripOp(this.tool, hold, to.at);
      if (op && (await this.desk.tryOut(op, to.at))) this.legal = op;
      this.drawing.sketch([], false, to);
    });
  }

  /** over is the pointer on the map with nothing in hand. */
  private over(point: Pixel, at: LonLat, alt: boolean): void {
    const { tool } = this;
    const { sketch } = useHands.getState();
    this.drawing.hover(tool === 'select' || tool === 'split' ? this.unitAt(point) : null);
    if (!drawn[tool] || chooses(tool)) return;
    this.latest.run(async () => {
      const to = await this.snapped(point, at, alt, true);
      this.drawing.sketch(useHands.getState().sketch, drawn[tool] === 'lasso', to);
      if (sketch.length > 0) await this.show([...useHands.getState().sketch, to.at]);
    });
  }

  /** show tries what a sketch would do. */
  private async show(sketch: Sketch): Promise<void> {
    const op = sketchOp(this.tool, sketch, this.meant(sketch));
    if (op && (op.kind !== 'transfer' || sketch.length >= 3)) await this.desk.tryOut(op, null);
  }

  /** meant are the units that a sketch is about: chosen ones, or where it runs. */
  private meant(sketch: Sketch): Meant {
    const { sel } = workshopView.getState();
    const { target, from, keeps } = useHands.getState();
    const next = this.desk.nextId;
    if (this.tool === 'transfer') return { unit: target ?? sel[0] ?? null, from, next };
    if (this.tool === 'draw') return { unit: null, from: sel, next };
    return { unit: this.crossed(sketch, sel), from: [], next, keeps };
  }

  /** crossed is the unit that a line runs through: the chosen one, if it does, else that at its middle. */
  private crossed(line: Sketch, sel: readonly number[]): number | null {
    const under = line.slice(1).flatMap((to, index) => {
      const from = line[index] ?? to;
      return this.unitAt(this.map.project([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2])) ?? [];
    });
    const [chosen] = sel;
    if (chosen !== undefined && (under.includes(chosen) || under.length === 0)) return chosen;
    return under[Math.floor(under.length / 2)] ?? null;
  }

  private async up(): Promise<void> {
    const { lasso, moved } = this;
    const held = this.start !== null && this.lasso === null;
    this.start = null;
    this.lasso = null;
    if (lasso && moved) await this.close(lasso);
    if (held) {
      await this.taking;
      if (moved) await this.drop();
      else if (this.tool !== 'point') this.cancel();
    }
  }

  /** drop lets the hold go at the last place where it fits. */
  private async drop(): Promise<void> {
    await this.latest.idle();
    const refused = this.desk.state.preview?.refused ?? null;
    const { legal } = this;
    this.cancel();
    if (legal) await this.desk.do(legal);
    if (refused) this.desk.refuse(refused);
  }

  /** close ends a lasso: it chooses units, or moves land. */
  private async close(lasso: Sketch): Promise<void> {
    await this.latest.idle();
    if (this.tool === 'pick') {
      pickIn(lasso);
      this.cancel();
      return;
    }
    if (this.tool === 'select') {
      const inside = [...this.desk.state.pieces.values()]
        .filter((piece) => piece.id > 0 && piece.area && contains(lasso, middleOf(piece.area)))
        .map((piece) => piece.id);
      const { sel } = workshopView.getState();
      setWorkshop({ sel: [...new Set([...sel, ...inside])] });
      this.cancel();
      return;
    }
    if (areaOf(lasso)) await this.complete(lasso);
  }

  private async complete(sketch: Sketch): Promise<void> {
    const { tool } = this;
    const op = sketchOp(tool, sketch, this.meant(sketch));
    this.cancel();
    if (!op) {
      this.desk.refuse(
        tool === 'transfer' || tool === 'split' ? 'unit_first' : 'operation_line',
        sketch[0] ?? null,
      );
      return;
    }
    if ((await this.desk.do(op)) && 'into' in op && op.into > 0 && tool !== 'transfer') {
      setWorkshop({ sel: [op.into] });
    }
  }

  /** press is a click, or Enter at the centre of the map. */
  private async press(point: Pixel, at: LonLat, shift: boolean, alt: boolean): Promise<void> {
    const { tool } = this;
    if (tool === 'select') return this.choose(this.unitAt(point), shift);
    if (tool === 'pick') return this.pickAt(point, shift);
    if (tool === 'delete') return this.deleteAt(at);
    if (grips.includes(tool)) {
      if (this.moved && !this.byKeys) return; // the end of a drag
      const { hold } = useHands.getState();
      if (!hold) {
        await this.take(at, REACH.touch);
        return;
      }
      this.drag(point, at, alt);
      return this.drop();
    }
    if (this.moved && !this.byKeys && drawn[tool] === 'lasso') return;
    const to = await this.snapped(point, at, alt, true);
    const { sketch } = useHands.getState();
    const last = sketch.at(-1);
    if (last && last[0] === to.at[0] && last[1] === to.at[1]) return;
    useHands.setState({ sketch: [...sketch, to.at] });
    this.drawing.sketch([...sketch, to.at], drawn[tool] === 'lasso', null);
  }

  private choose(unit: number | null, more: boolean): void {
    const { sel } = workshopView.getState();
    if (!more) setWorkshop({ sel: unit === null ? [] : [unit] });
    else if (unit !== null) setWorkshop({ sel: toggled(sel, unit) });
  }

  /** pickAt picks the atom under a point; a finger, which has no Shift, adds to what is picked. */
  private pickAt(point: Pixel, shift: boolean): void {
    const [found] = this.around(point, 0, [LAYERS.atom]);
    const atom = useAtoms.getState().shown.find((one) => keyOf(one) === found?.properties.key);
    pick(atom, shift || matchMedia('(pointer: coarse)').matches);
  }

  private async deleteAt(at: LonLat): Promise<void> {
    const near = await this.desk.ask('near', { at, reach: this.metres(REACH.touch) });
    if (near?.vertex) await this.desk.do({ kind: 'delete_point', at: near.at });
    else this.desk.refuse('operation_place', at);
  }

  /** finish makes what is drawn. */
  async finish(): Promise<void> {
    const { sketch } = useHands.getState();
    if (sketch.length > 0) await this.complete(sketch);
  }

  /** back takes the last point of the sketch away. */
  back(): void {
    const sketch = useHands.getState().sketch.slice(0, -1);
    useHands.setState({ sketch });
    this.drawing.sketch(sketch, drawn[this.tool] === 'lasso', null);
    this.desk.drop();
  }

  /** cancel lets everything go. */
  cancel(): void {
    this.start = null;
    this.lasso = null;
    this.legal = null;
    this.taking = null;
    useHands.setState({ sketch: [], hold: null });
    this.drawing.sketch([], false, null);
    this.desk.drop();
  }

  private key(event: KeyboardEvent): void {
    if (event.key.startsWith('Arrow') || event.key === '+' || event.key === '-') this.byKeys = true;
    if (event.key !== 'Enter') return;
    const { sketch } = useHands.getState();
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || (!this.byKeys && sketch.length > 0)) {
      void this.finish();
      return;
    }
    this.byKeys = true;
    const centre = this.map.getCenter();
    void this.press(this.map.project(centre), [centre.lng, centre.lat], event.shiftKey, event.altKey);
  }

  /** centred follows the centre of the map, as the pointer of the keyboard. */
  private centred(): void {
    const centre = this.map.getCenter();
    const at: LonLat = [centre.lng, centre.lat];
    const point = this.map.project(centre);
    if (useHands.getState().hold) this.drag(point, at, false);
    else if (useHands.getState().sketch.length > 0) this.over(point, at, false);
  }

  /** snapped is the place that is meant: on a border where lines begin and end, or on the ground. */
  private async snapped(point: Pixel, at: LonLat, alt: boolean, toBorders: boolean) {
    const plain = { at: on7(at), snapped: false };
    if (!workshopView.getState().snap || alt) return plain;
    const reach = this.metres(REACH.mouse);
    if (toBorders) {
      const near = await this.desk.ask('near', { at, reach });
      if (near) return { at: near.at, snapped: true };
    }
    const lines = this.ground(point);
    const to = lines.length > 0 ? await this.desk.ask('snap', { at, reach, lines }) : null;
    return to ? { at: to, snapped: true } : plain;
  }

  /** ground are the lines of streets, waters and buildings near a point of the screen. */
  private ground(point: Pixel): LonLat[][] {
    const layers = this.map
      .getStyle()
      .layers.filter(
        (layer) =>
          'source' in layer &&
          layer.source === 'background' &&
          GROUND.includes(layer['source-layer'] ?? '') &&
          layer.type !== 'symbol',
      )
      .map((layer) => layer.id);
    return this.around(point, REACH.mouse, layers).flatMap(({ geometry }) => {
      switch (geometry.type) {
        case 'LineString':
          return [geometry.coordinates];
        case 'MultiLineString':
        case 'Polygon':
          return geometry.coordinates;
        case 'MultiPolygon':
          return geometry.coordinates.flat();
        default:
          return [];
      }
    }) as LonLat[][];
  }
}

/** chooses are the tools that draw a lasso with Shift only: without, they choose. */
const chooses = (tool: Tool): boolean => tool === 'select' || tool === 'pick';

/** toggled adds a unit, or takes it away. */
export const toggled = (ids: readonly number[], id: number): readonly number[] =>
  ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];

const place = (event: Press): LonLat => [event.lngLat.lng, event.lngLat.lat];
