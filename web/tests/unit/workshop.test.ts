// The desk of the workshop over the real engine and a server made up per test: what is
// done is there at once, what the server says is the truth, nothing unsent is lost.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../src/api/client';
import type { LonLat } from '../../src/api/types';
import { newKey } from '../../src/common/uuid';
import { boxOf, give, keyOf, pick, pickIn, unpick, useAtoms } from '../../src/workshop/atoms';
import { Desk } from '../../src/workshop/desk';
import { type Engine, startEngine, type Thread } from '../../src/workshop/engine/engine';
import { start } from '../../src/workshop/engine/start';
import type { Area, Piece } from '../../src/workshop/engine/types';
import { type Kept, type Outbox, outbox } from '../../src/workshop/outbox';
import { nextId, pending, renumbered } from '../../src/workshop/rows';
import type { Asked, Server } from '../../src/workshop/server';
import {
  areaOf,
  beside,
  contains,
  farEnough,
  gripOp,
  parseSketch,
  sketchOp,
  writeSketch,
} from '../../src/workshop/sketch';
import type { Atom, Division, Edited, Fact, Row, RuleSet } from '../../src/workshop/types';
import { readWorkshop, writeWorkshop } from '../../src/workshop/view';

let ask: (what: string, body: string) => string;
beforeAll(async () => {
  execFileSync('node', ['scripts/engine.mjs']);
  const folder = join(process.cwd(), 'src/workshop/engine');
  new Function(readFileSync(join(folder, 'wasm_exec.js'), 'utf8'))();
  const program = readFileSync(join(folder, 'engine.wasm'));
  ask = await start((imports) => WebAssembly.instantiate(program, imports));
}, 300_000);

/** engine is the real one, without a worker. */
function engine(): Engine {
  const thread: Thread = {
    onmessage: null,
    onerror: null,
    terminate: () => {},
    postMessage([number, what, body]: [number, string, string]) {
      const text = ask(what, body);
      queueMicrotask(() => thread.onmessage?.({ data: [number, text] } as MessageEvent<[number, string]>));
    },
  } as Thread;
  return startEngine(thread);
}

const STEP = 0.001;
const place = (x: number, y: number): LonLat => [
  Math.round((120 + x * STEP) * 1e7) / 1e7,
  Math.round((30 + y * STEP) * 1e7) / 1e7,
];
const square = (x: number, y: number, size = 1): Area => [
  [[place(x, y), place(x + size, y), place(x + size, y + size), place(x, y + size), place(x, y)]],
];
const row = (id: number, area: Area | null, more: Partial<Row> = {}): Row => ({
  id,
  role: 'part',
  code: `33-${id}`,
  name: `unit ${id}`,
  parent: '33',
  locked: false,
  area,
  ...more,
});

/** Two by two squares; 1 is at the south-west, 2 north of it, 3 and 4 to the east. */
const division = (): Division => ({
  plan: { id: 7, name: 'draft', revision: 3, head: 0, state: 'draft', level: 'grid' } as Division['plan'],
  rim: square(0, 0, 2),
  next: 5,
  units: [row(1, square(0, 0)), row(2, square(0, 1)), row(3, square(1, 0)), row(4, square(1, 1))],
  parents: [],
  tops: [],
});

const RULES = { id: 1, title_zh: '', title_en: '', rules: [] as unknown[] } as RuleSet;

type Said = { what: 'edit' | 'undo' | 'redo'; asked: Partial<Asked> };

/** serve answers edits with `answer`; what it leaves out is done as the engine would do it. */
function serve(answer: (asked: Asked, count: number) => Partial<Edited> | Problem) {
  const said: Said[] = [];
  let loaded = 0;
  let revision = 3;
  const edited = (more: Partial<Edited>): Edited => ({
    revision: ++revision,
    head: 1,
    step: null,
    rebased: false,
    changed: [],
    missed: [],
    facts: [],
    findings: [],
    ...more,
  });
  const server: Server = {
    plan: async () => ({ ...division().plan, revision }),
    division: async () => {
      loaded++;
      return division();
    },
    edit: async (_, asked) => {
      said.push({ what: 'edit', asked });
      const given = answer(asked, said.length);
      if (given instanceof Problem) throw given;
      return edited(given);
    },
    turn: async (_, what, at) => {
      said.push({ what, asked: { revision: at } });
      return edited({ head: 0 });
    },
    facts: async () => ({ facts: [], in_force: [], findings: [], rule_set: RULES }),
    steps: async () => ({ items: [] }),
    presence: async () => [],
    duplicate: async (_, name) => ({ ...division().plan, id: 8, name, revision: 1 }),
  };
  return { server, said, loaded: () => loaded };
}

function keep(first: Kept | null = null) {
  const kept = new Map<number, Kept>(first ? [[7, first]] : []);
  const box: Outbox = {
    get: (plan) => kept.get(plan) ?? null,
    put: (plan, what) => {
      kept.set(plan, structuredClone(what));
      return true;
    },
  };
  return { box, kept };
}

/** The engine's own answer to an operation, as the server would tell it. */
async function asServer(desk: Desk, op: Parameters<Desk['do']>[0]) {
  const pieces: Piece[] = await desk.ask('try', op as never);
  const rows = desk.state.rows;
  return pieces.map((piece) => {
    const before = rows.get(piece.id) ?? null;
    const land = desk.state.pieces.get(piece.id)?.area ?? null;
    return {
      id: piece.id,
      before: before && { ...before, area: land },
      after: piece.area ? { ...(before ?? row(piece.id, null)), area: piece.area } : null,
    };
  });
}

const junction = { kind: 'move_point', at: place(1, 1), to: place(1.2, 1) } as const;
const flush = async (desk: Desk) => {
  for (let i = 0; i < 5; i++) {
    await desk.send();
    await new Promise((done) => setTimeout(done, 0));
  }
};
const west = (desk: Desk, id: number) => desk.state.pieces.get(id)?.area_m2 ?? 0;

describe('the desk', () => {
  it('moves a junction of four units at once, and the server is told with the revision that was seen', async () => {
    let changed: Edited['changed'] = [];
    const { server, said } = serve(() => ({ changed }));
    const { box, kept } = keep();
    const desk = new Desk(7, { engine: engine(), server, outbox: box });
    await desk.open();
    changed = await asServer(desk, junction);
    const before = [1, 2, 3, 4].map((id) => west(desk, id));
    expect(await desk.do(junction)).toBe(true);
    const after = [1, 2, 3, 4].map((id) => west(desk, id));
    for (const [index, size] of after.entries()) expect(size).not.toBe(before[index]);
    expect(desk.state.touched).toEqual([1, 2, 3, 4]);
    await flush(desk);
    expect(said).toMatchObject([{ what: 'edit', asked: { revision: 3, edit: junction } }]);
    expect(desk.state.saving.state).toBe('saved');
    expect(desk.state.revision).toBe(4);
    expect(kept.get(7)?.queue).toEqual([]);
    expect([1, 2, 3, 4].map((id) => west(desk, id))).toEqual(after);
  });

  it('refuses what the engine refuses, at the place, and tells nobody', async () => {
    const { server, said } = serve(() => ({}));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    expect(await desk.do({ ...junction, to: place(5, 5) })).toBe(false);
    expect(desk.state.notice).toMatchObject({ code: 'operation_crosses' });
    expect(desk.state.notice?.at).not.toBeNull();
    expect(said).toEqual([]);
  });

  it('shows the last place where a drag fits, with the reason', async () => {
    const { server } = serve(() => ({}));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    expect(await desk.tryOut(junction, junction.to)).toBe(true);
    const legal = desk.state.preview?.pieces;
    expect(await desk.tryOut({ ...junction, to: place(5, 5) }, place(5, 5))).toBe(false);
    expect(desk.state.preview?.pieces).toEqual(legal);
    expect(desk.state.preview?.refused?.code).toBe('operation_crosses');
  });

  it('takes back what the server refuses, and says why', async () => {
    const { server } = serve(() => new Problem({ status: 422, code: 'operation_locked', title: 'locked' }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    const before = west(desk, 1);
    await desk.do(junction);
    expect(west(desk, 1)).not.toBe(before);
    await flush(desk);
    expect(west(desk, 1)).toBe(before);
    expect(desk.state.notice?.code).toBe('operation_locked');
    expect(desk.state.waiting).toBe(0);
  });

  it('keeps what cannot be sent, and sends it when the server is there again', async () => {
    let there = false;
    let changed: Edited['changed'] = [];
    const { server, said } = serve(() => (there ? { changed } : new Problem({ status: 0 })));
    const { box, kept } = keep();
    const desk = new Desk(7, { engine: engine(), server, outbox: box, later: () => () => {} });
    await desk.open();
    changed = await asServer(desk, junction);
    await desk.do(junction);
    await desk.send();
    expect(desk.state.saving).toEqual({ state: 'offline', kept: true });
    expect(kept.get(7)?.queue).toHaveLength(1);
    // A reload in between loses nothing.
    there = true;
    const again = new Desk(7, { engine: engine(), server, outbox: box });
    await again.open();
    await flush(again);
    const keys = said.map(({ asked }) => asked.key);
    expect(new Set(keys).size).toBe(1); // the same key: it is not done twice
    expect(again.state.saving.state).toBe('saved');
    expect(west(again, 1)).toBe(west(desk, 1));
  });

  it('takes an unsent step back by itself, and a sent one at the server', async () => {
    const { server, said } = serve(() => new Problem({ status: 503 }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box, later: () => () => {} });
    await desk.open();
    const before = west(desk, 1);
    await desk.do(junction);
    await desk.send();
    await desk.undo();
    expect(west(desk, 1)).toBe(before);
    expect(said.some(({ what }) => what === 'undo')).toBe(false);
    await desk.undo();
    await flush(desk);
    expect(said.at(-1)?.what).toBe('undo');
  });

  const conflict = () => new Problem({ status: 409, code: 'plan_conflict', title: 'conflict' });

  it('asks in a conflict; mine is sent again on the newest revision', async () => {
    let changed: Edited['changed'] = [];
    const { server, said, loaded } = serve((_, count) => (count === 1 ? conflict() : { changed }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    changed = await asServer(desk, junction);
    await desk.do(junction);
    await flush(desk);
    expect(desk.state.saving).toMatchObject({ state: 'conflict', asking: true });
    expect(said).toHaveLength(1); // and goes on only when it is told to
    await desk.mine();
    expect(said).toHaveLength(2);
    expect(said[1]?.asked.key).not.toBe(said[0]?.asked.key);
    expect(loaded()).toBeGreaterThan(1);
    expect(desk.state.saving.state).toBe('saved');
  });

  it('gives mine up for theirs, or keeps it for later', async () => {
    const { server } = serve(conflict);
    const { box, kept } = keep();
    const desk = new Desk(7, { engine: engine(), server, outbox: box });
    await desk.open();
    const before = west(desk, 1);
    await desk.do(junction);
    await flush(desk);
    desk.choose(false);
    expect(desk.state.saving).toMatchObject({ state: 'conflict', asking: false });
    expect(kept.get(7)?.queue).toHaveLength(1);
    await desk.theirs();
    expect(west(desk, 1)).toBe(before);
    expect(kept.get(7)?.queue).toEqual([]);
  });

  it('keeps both: mine goes to a copy of the draft as I saw it', async () => {
    const { server } = serve(conflict);
    const { box, kept } = keep();
    const desk = new Desk(7, { engine: engine(), server, outbox: box });
    await desk.open();
    await desk.do(junction);
    await flush(desk);
    expect(await desk.both('copy')).toBe(8);
    expect(kept.get(8)).toMatchObject({ revision: 1, queue: [{ edit: junction }] });
    expect(kept.get(7)?.queue).toEqual([]);
  });

  it('loads again when the server changed another division than this one', async () => {
    const { server, loaded } = serve(() => ({
      changed: [{ id: 1, before: row(1, square(0, 0, 0.5)), after: row(1, square(0, 0, 0.6)) }],
    }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    await desk.do(junction);
    await flush(desk);
    expect(loaded()).toBe(2);
  });

  it('renames and locks here at once', async () => {
    const { server } = serve(() => new Problem({ status: 0 }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box, later: () => () => {} });
    await desk.open();
    await desk.do({ kind: 'name', units: [2], name: 'east gate' });
    await desk.do({ kind: 'lock', units: [1] });
    expect(desk.state.rows.get(2)?.name).toBe('east gate');
    expect(await desk.do(junction)).toBe(false);
    expect(desk.state.notice?.code).toBe('operation_locked');
  });

  it('says what is wrong with a draft that cannot be opened', async () => {
    const { server } = serve(() => ({}));
    server.division = async () => {
      throw new Problem({ status: 404, code: 'not_found', title: 'gone' });
    };
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    expect(desk.state).toMatchObject({ phase: 'failed', problem: { code: 'not_found' } });
  });
});

describe('the outbox', () => {
  beforeEach(() => localStorage.clear());
  it('keeps what is unsent, and nothing else', () => {
    expect(outbox.get(7)).toBeNull();
    const kept: Kept = { revision: 2, queue: [{ key: newKey(), edit: junction }] };
    expect(outbox.put(7, kept)).toBe(true);
    expect(outbox.get(7)).toEqual(kept);
    outbox.put(7, { revision: 3, queue: [] });
    expect(localStorage.length).toBe(0);
    localStorage.setItem('wangge.workshop.7', '{');
    expect(outbox.get(7)).toBeNull();
  });
  it('makes keys that are UUIDs', () => {
    expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newKey()).not.toBe(newKey());
  });
});

describe('rows', () => {
  const rows = new Map(division().units.map((one) => [one.id, one]));
  it('show what is pending, and number what is new as the server will', () => {
    const line = [place(0, 0), place(2, 2)];
    const next = pending(rows, [
      { key: 'a', edit: { kind: 'merge', units: [1, 2], into: 1 } },
      { key: 'b', edit: { kind: 'split', units: [3], into: 5, line } },
      { key: 'c', turn: 'undo' },
    ]);
    expect([...next.keys()].sort()).toEqual([1, 3, 4, 5]);
    expect(next.get(5)).toMatchObject({ name: '', parent: '33' });
    expect(nextId(next)).toBe(6);
    expect(rows.size).toBe(4);
    expect(renumbered({ kind: 'split', units: [3], into: 4, line }, rows, true)).toMatchObject({ into: 5 });
    expect(renumbered({ kind: 'merge', units: [1, 2], into: 1 }, rows, true)).toMatchObject({ into: 1 });
  });
});

describe('a sketch', () => {
  const meant = { unit: 3, from: [], next: 9 };
  const line: LonLat[] = [place(0, 0), place(1, 1), place(1, 0)];
  it('becomes what its tool does, or nothing yet', () => {
    expect(sketchOp('reshape', line.slice(0, 1), meant)).toBeNull();
    expect(sketchOp('reshape', line, meant)).toEqual({ kind: 'reshape', line });
    expect(sketchOp('split', line, meant)).toMatchObject({ units: [3], into: 9 });
    expect(sketchOp('split', line, { ...meant, unit: null })).toBeNull();
    expect(sketchOp('transfer', line, meant)).toMatchObject({ into: 3, area: [[[...line, line[0]]]] });
    expect(sketchOp('draw', line, { ...meant, from: [1, 2] })).toMatchObject({ into: 9, units: [1, 2] });
    expect(areaOf([place(0, 0), place(0, 0), place(1, 1)])).toBeNull();
  });
  it('takes hold of points and edges', () => {
    const near = { at: place(1, 1), vertex: true, edge: [], junction: true, rim: false, units: [1], away: 0 };
    const edge = [place(1, 1), place(1, 2)];
    expect(gripOp('point', near, place(2, 2))).toMatchObject({ kind: 'move_point' });
    expect(gripOp('point', { ...near, vertex: false, edge }, place(2, 2))).toMatchObject({
      kind: 'add_point',
    });
    expect(gripOp('border', { ...near, vertex: false, edge }, place(2, 2))).toMatchObject({
      kind: 'move_border',
    });
    expect(gripOp('border', near, place(2, 2))).toBeNull();
  });
  it('is read and written as text', () => {
    expect(parseSketch(writeSketch(line))).toEqual(line);
    expect(parseSketch('120,30\n\n 121, 31 ')).toEqual([
      [120, 30],
      [121, 31],
    ]);
    for (const bad of ['120', '120, 30, 4', 'x, y', '200, 30']) expect(parseSketch(bad)).toBeNull();
  });
  it('knows what lies in a lasso', () => {
    const lasso = [place(0, 0), place(2, 0), place(2, 2), place(0, 2)];
    expect(contains(lasso, place(1, 1))).toBe(true);
    expect(contains(lasso, place(3, 1))).toBe(false);
    expect(farEnough(lasso, place(0, 2), 1e-6)).toBe(false);
    expect(farEnough(lasso, place(1, 2), 1e-6)).toBe(true);
  });
});

describe('what the server says while something is dragged', () => {
  const fact = (households: number) => ({ ordinal: 1, households }) as Fact;

  it('is shown with the preview, one question at a time, and never put on', async () => {
    let release: () => void = () => {};
    const { server, said } = serve(() => ({ facts: [fact(40 + said.length)] }));
    const { edit } = server;
    server.edit = async (plan, asked) => {
      await new Promise<void>((done) => {
        release = done;
      });
      return edit(plan, asked);
    };
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box });
    await desk.open();
    for (const x of [1.1, 1.15, 1.2]) await desk.tryOut({ ...junction, to: place(x, 1) }, null);
    expect(desk.state.preview?.judged).toBeNull();
    const turn = async () => {
      release();
      await new Promise((done) => setTimeout(done, 5));
    };
    await turn();
    expect(desk.state.preview?.judged?.facts.get(1)?.households).toBe(41);
    await turn();
    expect(said.map(({ asked }) => asked.edit)).toEqual([
      { ...junction, to: place(1.1, 1) },
      { ...junction, to: place(1.2, 1) },
    ]);
    expect(said.every(({ asked }) => asked.try)).toBe(true);
    expect(desk.state.facts.size).toBe(0);
    desk.drop();
    expect(desk.state.preview).toBeNull();
  });

  it('is not shown once the drag has ended, and not asked while something is unsent', async () => {
    const { server, said } = serve(() => new Problem({ status: 503, code: 'down', title: 'down' }));
    const desk = new Desk(7, { engine: engine(), server, outbox: keep().box, later: () => () => {} });
    await desk.open();
    await desk.do(junction);
    await flush(desk);
    const before = said.length;
    await desk.tryOut({ kind: 'move_point', at: place(1.2, 1), to: place(1, 1) }, null);
    await new Promise((done) => setTimeout(done, 5));
    expect(said.length).toBe(before);
    expect(desk.state.preview?.pieces.length).toBeGreaterThan(0);
  });
});

describe('land that is picked as a whole', () => {
  const atom = (x: number): Atom => ({ kind: 'block', area_m2: 10, area: square(x, 0) });

  it('is picked one by one or by a lasso, and given away in one edit', () => {
    unpick();
    useAtoms.setState({ shown: [atom(0), atom(1), atom(2)] });
    expect(give(useAtoms.getState().picked.values(), 4)).toBeNull();
    pick(atom(0), false);
    pick(atom(2), true);
    pick(atom(0), true);
    expect([...useAtoms.getState().picked.keys()]).toEqual([keyOf(atom(2))]);
    pickIn([place(0.9, -1), place(1.9, -1), place(1.9, 2), place(0.9, 2)]);
    expect(give(useAtoms.getState().picked.values(), 4)).toEqual({
      kind: 'transfer',
      into: 4,
      area: [...square(2, 0), ...square(1, 0)],
    });
    pick(undefined, false);
    expect(useAtoms.getState().picked.size).toBe(0);
  });

  it('is asked for in boxes that hold while the map moves a little, and not for a whole county', () => {
    const box = boxOf([120.0011, 30.0011], [120.0031, 30.0031], 'block');
    expect(boxOf([120.0013, 30.0012], [120.0033, 30.0035], 'block')).toEqual(box);
    expect(box?.[0]).toBeLessThan(120.0011 - 0.003);
    expect(boxOf([120, 30], [120.2, 30.01], 'block')).toBeNull();
    expect(boxOf([120, 30], [120.02, 30.01], 'building')).toBeNull();
  });

  it('leaves the code to the side of a line that is asked for', () => {
    const line = [place(0, 0), place(2, 0)];
    expect(beside(line, 'left')[1]).toBeGreaterThan(place(0, 0)[1]);
    expect(beside(line, 'right')[1]).toBeLessThan(place(0, 0)[1]);
    expect(sketchOp('split', line, { unit: 1, from: [], next: 5, keeps: 'left' })).toMatchObject({
      at: beside(line, 'left'),
    });
    expect(sketchOp('split', line, { unit: 1, from: [], next: 5, keeps: 'larger' })).not.toHaveProperty('at');
  });
});

describe('the address of the workshop', () => {
  it('holds the tool, the units and what is open', () => {
    const view = {
      tool: 'split',
      sel: [3, 1],
      snap: false,
      targets: true,
      force: true,
      grain: 'building',
      tab: 'journal',
    } as const;
    expect(readWorkshop(`?${writeWorkshop(view)}`)).toEqual(view);
    expect(writeWorkshop(readWorkshop(''))).toBe('');
    expect(readWorkshop('?tool=fly&sel=1,x,-2,1&tab=no')).toMatchObject({
      tool: 'select',
      sel: [1],
      tab: 'units',
    });
  });
});
