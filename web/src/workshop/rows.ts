// The rows of a draft as the planner sees them: as the server has them, with what is
// still pending on top.
import type { Piece } from './engine/types';
import type { Command } from './outbox';
import { type Edit, isOp, type Row, type RowChange } from './types';

export type Rows = ReadonlyMap<number, Row>;

/** changed are the rows after changes of the server. What nobody has is not a row of the draft. */
export function changed(rows: Rows, changes: readonly RowChange[]): Map<number, Row> {
  const next = new Map(rows);
  for (const { id, after } of changes) {
    if (after && after.role !== 'unclaimed') next.set(id, after);
    else next.delete(id);
  }
  return next;
}

/** nextId is the id of the next unit, as the server numbers it. */
export const nextId = (rows: Rows): number => Math.max(0, ...rows.keys()) + 1;

/** pending are the rows with edits that the server has not confirmed. */
export function pending(rows: Rows, queue: readonly Command[]): Map<number, Row> {
  const next = new Map(rows);
  for (const command of queue) {
    if ('edit' in command) apply(next, command.edit);
  }
  return next;
}

function apply(rows: Map<number, Row>, edit: Edit): void {
  const change = (ids: readonly number[], with_: Partial<Row>) => {
    for (const id of ids) {
      const row = rows.get(id);
      if (row) rows.set(id, { ...row, ...with_ });
    }
  };
  switch (edit.kind) {
    case 'name':
      change(edit.units, {
        ...(edit.code === undefined ? {} : { code: edit.code }),
        ...(edit.name === undefined ? {} : { name: edit.name }),
      });
      break;
    case 'parent':
      change(edit.units, { parent: edit.parent });
      break;
    case 'lock':
    case 'unlock':
      change(edit.units, { locked: edit.kind === 'lock' });
      break;
    case 'drop':
      for (const id of edit.units) rows.delete(id);
      break;
    case 'merge':
      for (const id of edit.units) if (id !== edit.into) rows.delete(id);
      break;
    case 'split':
      begin(rows, edit.into, rows.get(edit.units[0])?.parent ?? '');
      break;
    case 'transfer':
      begin(rows, edit.into, '');
  }
}

/** begin adds a unit that comes into being; the server gives it its code. */
function begin(rows: Map<number, Row>, id: number, parent: string): void {
  if (id === 0 || rows.has(id)) return;
  rows.set(id, { id, role: 'part', code: '', name: '', parent, locked: false, area: null });
}

/** withPieces are the pieces after some of them have changed; one without land is gone. */
export function withPieces(
  pieces: ReadonlyMap<number, Piece>,
  changes: readonly Piece[],
): Map<number, Piece> {
  const next = new Map(pieces);
  for (const piece of changes) {
    if (piece.area) next.set(piece.id, piece);
    else next.delete(piece.id);
  }
  return next;
}

/** renumbered gives an edit that makes a unit the next free id, where another has taken its own. */
export function renumbered(edit: Edit, rows: Rows, made: boolean): Edit {
  if (!made || !isOp(edit) || !('into' in edit) || edit.kind === 'merge') return edit;
  return { ...edit, into: nextId(rows) };
}
