// A draft on the desk: what the planner does is put into the engine at once, kept in the
// outbox, and told to the server one after the other; what the server answers is the
// truth. It knows no map and no React.
import { create, type StoreApi, type UseBoundStore } from 'zustand';
import { asProblem, Problem } from '../api/client';
import type { LonLat } from '../api/types';
import { newKey } from '../common/uuid';
import type { Engine } from './engine/engine';
import { type Area, type Change, type Op, type Piece, type Refusal, Refused } from './engine/types';
import { Latest } from './latest';
import type { Command, Outbox } from './outbox';
import { changed, nextId, pending, type Rows, renumbered, withPieces } from './rows';
import type { Server } from './server';
import {
  type Division,
  type DraftPlan,
  type Edit,
  type Edited,
  type Fact,
  type Finding,
  isOp,
  type Other,
  type RowChange,
  type RuleSet,
  type Turn,
} from './types';

/** How the planner's work is kept. */
export type Saving =
  | { state: 'saved'; at: number | null }
  | { state: 'saving' }
  | { state: 'offline'; kept: boolean }
  | { state: 'failed'; problem: Problem }
  | { state: 'conflict'; problem: Problem; asking: boolean };

/** What would be, while something is drawn. */
export type Preview = {
  pieces: readonly Piece[];
  refused: Refusal | null;
  at: LonLat | null;
  /** What the server says of it, or of a place of it just before; null until it has. */
  judged: Pick<DeskState, 'facts' | 'findings'> | null;
};

export type DeskState = {
  phase: 'loading' | 'ready' | 'failed';
  problem: Problem | null;
  plan: DraftPlan | null;
  rim: Area | null;
  parents: { code: string; name: string }[];
  /** Codes of the units that new units above may lie in. */
  tops: readonly string[];
  revision: number;
  head: number;
  /** How often something changed here; the journal is read again then. */
  changes: number;
  rows: Rows;
  pieces: ReadonlyMap<number, Piece>;
  /** What the server has not been told. */
  waiting: number;
  saving: Saving;
  preview: Preview | null;
  /** Why the last thing was not done. */
  notice: Refusal | null;
  /** The units that were touched last. */
  touched: readonly number[];
  facts: ReadonlyMap<number, Fact>;
  /** The same units as they are in force. */
  inForce: ReadonlyMap<number, Fact>;
  findings: readonly Finding[];
  /** The rules that it is judged by. */
  ruleSet: RuleSet | null;
  others: readonly Other[];
};

const empty: DeskState = {
  phase: 'loading',
  problem: null,
  plan: null,
  rim: null,
  parents: [],
  tops: [],
  revision: 0,
  head: 0,
  changes: 0,
  rows: new Map(),
  pieces: new Map(),
  waiting: 0,
  saving: { state: 'saved', at: null },
  preview: null,
  notice: null,
  touched: [],
  facts: new Map(),
  inForce: new Map(),
  findings: [],
  ruleSet: null,
  others: [],
};

/** How long to wait before the server is asked again, in milliseconds. */
const AGAIN = [1_000, 3_000, 10_000, 30_000] as const;
/** Answers that say nothing about what was asked: it may be asked again. */
const PASSING = [0, 429, 502, 503, 504];

export type Parts = {
  engine: Engine;
  server: Server;
  outbox: Outbox;
  now?: () => number;
  /** later runs something after some milliseconds and returns how to call it off. */
  later?: (run: () => void, wait: number) => () => void;
};

const inTime = (run: () => void, wait: number) => {
  const timer = setTimeout(run, wait);
  return () => clearTimeout(timer);
};

export class Desk {
  readonly use: UseBoundStore<StoreApi<DeskState>>;
  private readonly parts: Required<Parts>;
  private readonly id: number;
  /** The rows as the server has them. */
  private sure: Rows = new Map();
  private queue: Command[] = [];
  private sending: Promise<void> | null = null;
  private failures = 0;
  private callOff: (() => void) | null = null;
  private ended = false;
  /** What the server is asked about previews: one at a time, the last of those that wait. */
  private readonly trials = new Latest();
  /** Counts the previews, so that an answer about one that has ended is not shown. */
  private previews = 0;

  constructor(id: number, parts: Parts) {
    this.id = id;
    this.parts = { now: Date.now, later: inTime, ...parts };
    this.use = create<DeskState>(() => empty);
  }

  get state(): DeskState {
    return this.use.getState();
  }

  private set(change: Partial<DeskState>): void {
    if (!this.ended) this.use.setState(change);
  }

  /** open loads the draft, and what is kept here of an earlier visit. */
  async open(): Promise<void> {
    try {
      const kept = this.parts.outbox.get(this.id);
      if (kept) this.queue = kept.queue;
      await this.load(kept?.revision);
      void this.judge();
      if (this.queue.length > 0) void this.send();
    } catch (cause) {
      this.set({ phase: 'failed', problem: problemOfAny(cause) });
    }
  }

  /** end stops everything; what is unsent stays in the outbox. */
  end(): void {
    this.ended = true;
    this.callOff?.();
    this.parts.engine.end();
  }

  /** load takes the division of the server and makes on it what is pending. */
  private async load(since?: number): Promise<void> {
    const division: Division = await this.parts.server.division(this.id);
    const parts = division.units.filter((row) => row.role === 'part' && row.area && row.area.length > 0);
    const woven = await this.parts.engine.ask('weave', {
      rim: division.rim,
      units: parts.map((row) => ({ id: row.id, area: row.area as Area, locked: row.locked })),
    });
    this.sure = new Map(division.units.map((row) => [row.id, row]));
    let pieces = withPieces(new Map(), woven);
    for (const command of this.queue) {
      if (!('edit' in command) || !isOp(command.edit)) continue;
      try {
        pieces = withPieces(
          pieces,
          await this.parts.engine.ask('do', { key: command.key, op: command.edit }),
        );
      } catch {
        // The server says what becomes of it.
      }
    }
    this.set({
      phase: 'ready',
      problem: null,
      plan: division.plan,
      rim: division.rim,
      parents: division.parents ?? [],
      tops: division.tops ?? [],
      revision: since ?? division.plan.revision,
      head: division.plan.head ?? 0,
      pieces,
      preview: null,
      changes: this.state.changes + 1,
    });
    this.shown();
  }

  /** shown brings rows and counts up to what is pending. */
  private shown(): void {
    this.set({ rows: pending(this.sure, this.queue), waiting: this.queue.length });
  }

  /** judge asks for the figures of all units, and the rules that they break. */
  async judge(): Promise<void> {
    try {
      const { facts, in_force, findings, rule_set } = await this.parts.server.facts(this.id);
      const byUnit = (list: readonly Fact[]) => new Map(list.map((fact) => [fact.ordinal, fact]));
      this.set({ facts: byUnit(facts), inForce: byUnit(in_force), findings, ruleSet: rule_set });
    } catch {
      // They come with the next edit.
    }
  }

  /** tryOut shows what an operation would do; the last place where it fits stays shown. */
  async tryOut(op: Op, at: LonLat | null): Promise<boolean> {
    const judged = this.state.preview?.judged ?? null;
    try {
      const pieces = await this.parts.engine.ask('try', op);
      this.set({ preview: { pieces, refused: null, at, judged } });
      this.figure(op);
      return true;
    } catch (cause) {
      const refused = reasonOf(cause);
      this.set({
        preview: {
          pieces: this.state.preview?.pieces ?? [],
          refused: { ...refused, at: refused.at ?? at },
          at,
          judged,
        },
      });
      return false;
    }
  }

  /** figure asks the server what a preview comes to. While something is unsent it knows another draft. */
  private figure(op: Op): void {
    const preview = this.previews;
    this.trials.run(async () => {
      if (this.queue.length > 0 || this.ended || preview !== this.previews) return;
      const { revision } = this.state;
      const edited = await this.parts.server.edit(this.id, { revision, key: newKey(), edit: op, try: true });
      const { preview: shown } = this.state;
      if (!shown || preview !== this.previews) return;
      this.set({ preview: { ...shown, judged: judged(this.state, edited) } });
    });
  }

  /** drop ends a preview. */
  drop(): void {
    this.previews++;
    this.trials.forget();
    if (this.state.preview) this.set({ preview: null });
  }

  /** do makes an edit: at once here, and at the server in its turn. */
  async do(edit: Edit): Promise<boolean> {
    const key = newKey();
    this.previews++;
    let pieces: readonly Piece[] = [];
    try {
      if (isOp(edit)) pieces = await this.parts.engine.ask('do', { key, op: edit });
      else if (edit.kind === 'lock' || edit.kind === 'unlock') {
        await this.parts.engine.ask('lock', { units: edit.units, locked: edit.kind === 'lock' });
      }
    } catch (cause) {
      this.set({ notice: reasonOf(cause), preview: null });
      return false;
    }
    if (isOp(edit) && pieces.length === 0) {
      this.set({ preview: null });
      return true; // it changed nothing
    }
    const touched = isOp(edit)
      ? pieces.filter((piece) => piece.area).map((piece) => piece.id)
      : 'units' in edit
        ? edit.units
        : [];
    this.queue.push({ key, edit });
    this.set({ pieces: withPieces(this.state.pieces, pieces), preview: null, notice: null, touched });
    this.changed();
    return true;
  }

  /** undo takes the last step back: one that is unsent here, else that of the server. */
  undo(): Promise<void> {
    const last = this.queue.at(-1);
    const sent = this.sending !== null && this.queue.length === 1;
    if (last && 'edit' in last && !sent) return this.forget(last.key);
    return this.turn('undo');
  }

  redo(): Promise<void> {
    return this.turn('redo');
  }

  private async turn(turn: Turn): Promise<void> {
    this.queue.push({ key: newKey(), turn });
    this.changed();
    await this.sending;
  }

  /** forget takes a pending edit out of the queue and back here. */
  private async forget(key: string): Promise<void> {
    const command = this.queue.find((one) => one.key === key);
    this.queue = this.queue.filter((one) => one.key !== key);
    await this.relock(command);
    await this.settle(key, []);
    this.changed();
  }

  /** relock gives units back the locks of their rows, after a pending change of them. */
  private async relock(command: Command | undefined): Promise<void> {
    if (!command || !('edit' in command)) return;
    const { edit } = command;
    if (edit.kind !== 'lock' && edit.kind !== 'unlock') return;
    for (const id of edit.units) {
      await this.parts.engine.ask('lock', { units: [id], locked: this.sure.get(id)?.locked ?? false });
    }
  }

  /** changed keeps the queue and sends it. */
  private changed(): void {
    const kept = this.keep();
    this.shown();
    const { saving } = this.state;
    if (saving.state === 'offline') this.set({ saving: { state: 'offline', kept } });
    void this.send();
  }

  private keep(): boolean {
    return this.parts.outbox.put(this.id, { revision: this.state.revision, queue: this.queue });
  }

  /** send tells the server what is in the queue, one after the other; one at a time. */
  send(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    if (this.state.saving.state === 'conflict') return; // it waits for the planner
    this.callOff?.();
    this.callOff = null;
    for (let command = this.queue[0]; command && !this.ended; command = this.queue[0]) {
      if (this.state.saving.state !== 'offline') this.set({ saving: { state: 'saving' } });
      try {
        await this.confirmed(command, await this.tell(command));
        this.failures = 0;
      } catch (cause) {
        if (!(await this.failed(command, problemOfAny(cause)))) return;
      }
    }
    this.set({ saving: { state: 'saved', at: this.parts.now() } });
  }

  private tell(command: Command): Promise<Edited> {
    const { revision } = this.state;
    return 'edit' in command
      ? this.parts.server.edit(this.id, { revision, key: command.key, edit: command.edit })
      : this.parts.server.turn(this.id, command.turn, revision);
  }

  /** confirmed takes the server's answer to the first command of the queue. */
  private async confirmed(command: Command, edited: Edited): Promise<void> {
    this.queue = this.queue.filter((one) => one.key !== command.key);
    this.sure = changed(changed(this.sure, edited.missed), edited.changed);
    this.set({
      revision: edited.revision,
      head: edited.head,
      changes: this.state.changes + 1,
      touched: edited.changed.filter(({ after }) => after?.role === 'part').map(({ id }) => id),
      ...judged(this.state, edited),
    });
    this.keep();
    await this.locks([...edited.missed, ...edited.changed]);
    await this.settle(command.key, [edited.missed, edited.changed]);
    this.shown();
  }

  /** locks follows what the server locked or unlocked. */
  private async locks(changes: readonly RowChange[]): Promise<void> {
    for (const { id, before, after } of changes) {
      if (after && after.locked !== (before?.locked ?? false)) {
        await this.parts.engine.ask('lock', { units: [id], locked: after.locked });
      }
    }
  }

  /** settle gives the engine the server's word; it loads again where they do not agree. */
  private async settle(key: string, lists: readonly (readonly RowChange[])[]): Promise<void> {
    try {
      const settled = await this.parts.engine.ask('settle', { key, changes: lists.map(landOf) });
      if (settled.pieces.length > 0) this.set({ pieces: withPieces(this.state.pieces, settled.pieces) });
      for (const { key: dropped, reason } of settled.dropped) {
        this.queue = this.queue.filter((one) => one.key !== dropped);
        this.set({ notice: reason });
      }
      if (settled.dropped.length > 0) this.keep();
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause;
      await this.load();
    }
  }

  /** failed says whether the next command may be sent. */
  private async failed(command: Command, problem: Problem): Promise<boolean> {
    if (PASSING.includes(problem.status)) {
      this.set({ saving: { state: 'offline', kept: this.keep() } });
      const wait = AGAIN[Math.min(this.failures++, AGAIN.length - 1)] ?? 30_000;
      this.callOff = this.parts.later(() => void this.send(), wait);
      return false;
    }
    if (problem.status === 409 && problem.code === 'plan_conflict') {
      this.set({ saving: { state: 'conflict', problem, asking: true } });
      return false;
    }
    if (problem.status === 422 || problem.status === 409) {
      this.queue = this.queue.filter((one) => one.key !== command.key);
      this.keep();
      this.set({ notice: refusalOf(problem) });
      await this.relock(command);
      if (problem.status === 409) await this.load();
      else await this.settle(command.key, []);
      this.shown();
      return true;
    }
    this.set({ saving: { state: 'failed', problem } });
    return false;
  }

  /** again tries what failed once more, now. */
  again(): void {
    if (this.queue.length === 0 || this.state.saving.state === 'conflict') return;
    this.failures = 0;
    this.set({ saving: { state: 'saving' } });
    void this.send();
  }

  /** ask opens the choice of a conflict, or puts it off. */
  choose(asking: boolean): void {
    const { saving } = this.state;
    if (saving.state === 'conflict') this.set({ saving: { ...saving, asking } });
  }

  /** mine makes the edit again on what the others did. */
  async mine(): Promise<void> {
    const [first, ...rest] = this.queue;
    if (!first) return;
    const { into } = 'edit' in first && 'into' in first.edit ? first.edit : { into: 0 };
    const made = into !== 0 && !this.sure.has(into);
    this.queue = [];
    await this.load();
    const again: Command =
      'edit' in first && made && this.sure.has(into)
        ? { key: newKey(), edit: renumbered(first.edit, this.sure, made) }
        : { ...first, key: newKey() };
    this.queue = [again, ...rest];
    this.set({ saving: { state: 'saving' } });
    await this.load();
    this.keep();
    await this.send();
  }

  /** theirs gives the edit up. */
  async theirs(): Promise<void> {
    this.queue = this.queue.slice(1);
    this.set({ saving: { state: 'saving' } });
    await this.load();
    this.keep();
    await this.send();
  }

  /** both makes a draft of what was here before the others changed it, and moves the edits there. */
  async both(name: string): Promise<number> {
    const copy = await this.parts.server.duplicate(this.id, name, this.state.revision);
    this.parts.outbox.put(copy.id, { revision: copy.revision, queue: this.queue });
    this.queue = [];
    this.keep();
    return copy.id;
  }

  /** look tells the others where one is, and takes in what they have changed. */
  async look(at: LonLat | null, unit: number | null): Promise<void> {
    try {
      const others = await this.parts.server.presence(this.id, at, unit);
      this.set({ others });
      if (others.length > 0 && this.queue.length === 0 && !this.state.preview) await this.catchUp();
    } catch {
      // Nobody is told, and nothing is lost.
    }
  }

  private async catchUp(): Promise<void> {
    const { revision } = await this.parts.server.plan(this.id);
    if (revision === this.state.revision || this.queue.length > 0 || this.sending !== null) return;
    await this.load();
    void this.judge();
  }

  /** near, snap and points ask the engine about places. */
  ask: Engine['ask'] = (what, body) => this.parts.engine.ask(what, body);

  /** refuse says why something is not done, by its code where the page itself refuses. */
  refuse(why: Refusal | string, at: LonLat | null = null): void {
    this.set({ notice: typeof why === 'string' ? { code: why, title: '', detail: '', at } : why });
  }

  /** clear takes the reason of a refusal away. */
  clear(): void {
    this.set({ notice: null });
  }

  get nextId(): number {
    return nextId(this.state.rows);
  }
}

/** landOf is what changed about the land that is divided: accepted gaps are nobody's to the engine. */
function landOf(changes: readonly RowChange[]): Change[] {
  return changes
    .filter(
      ({ before, after }) => (after ?? before)?.role !== 'excluded' && (before ?? after)?.role !== 'excluded',
    )
    .map(({ id, before, after }) => ({ id, before: before?.area ?? null, after: after?.area ?? null }));
}

/** judged are the figures and findings with those of the units that an edit concerned. */
function judged(
  state: DeskState,
  { changed, facts, findings }: Edited,
): Pick<DeskState, 'facts' | 'findings'> {
  const next = new Map(state.facts);
  const concerned = new Set(facts?.map((fact) => fact.ordinal));
  for (const { id, after } of changed) {
    if (after) continue;
    next.delete(id);
    concerned.add(id);
  }
  for (const fact of facts ?? []) next.set(fact.ordinal, fact);
  const rest = state.findings.filter((finding) => !concerned.has(finding.ordinal));
  return {
    facts: next,
    findings: [...rest, ...(findings ?? [])].sort((a, b) => Number(b.hard) - Number(a.hard)),
  };
}

const problemOfAny = (cause: unknown): Problem =>
  cause instanceof Refused
    ? new Problem({
        status: 422,
        code: cause.reason.code,
        title: cause.reason.title,
        detail: cause.reason.detail,
      })
    : asProblem(cause);

function reasonOf(cause: unknown): Refusal {
  if (cause instanceof Refused) return cause.reason;
  return refusalOf(asProblem(cause));
}

const refusalOf = (problem: Problem): Refusal => ({
  code: problem.code,
  title: problem.message,
  detail: problem.detail,
  at: (problem.errors[0] as { at?: LonLat } | undefined)?.at ?? null,
});
