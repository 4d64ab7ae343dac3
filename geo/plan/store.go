package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// lockDraft locks a draft for a change and returns it. A revision other than 0
// must be the draft's own.
func lockDraft(ctx context.Context, tx pgx.Tx, id int64, revision int) (draft, error) {
	return lockIn(ctx, tx, Draft, id, revision)
}

// lockIn is lockDraft for a plan in another state.
func lockIn(ctx context.Context, tx pgx.Tx, want State, id int64, revision int) (draft, error) {
	d := draft{id: id}
	var state State
	err := tx.QueryRow(ctx, `
		SELECT p.state, p.revision, p.preset, p.level
		FROM plan p WHERE p.id = $1 FOR UPDATE`, id).Scan(&state, &d.revision, &d.preset, &d.level)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return d, ErrUnknown
	case err != nil:
		return d, err
	case state != want:
		return d, wrongState(state, want)
	case revision != 0 && revision != d.revision:
		return d, ErrStale
	}
	return d, nil
}

// wrongState says why nothing can be done to a plan in a state.
func wrongState(state, want State) error {
	switch {
	case state == Adopted:
		return ErrAdopted
	case want == Adopted:
		return ErrNotAdopted
	}
	return ErrNotDraft
}

func record(ctx context.Context, db pg.DB, actor staff.Actor, action string, id int64, detail map[string]any) error {
	return audit.Write(ctx, db, actor, action, "plan", fmt.Sprint(id), detail)
}

// save stores the draft's rows and faults in place of the ones before and raises
// its revision.
func (d *draft) save(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM plan_unit WHERE plan_id = $1`, d.id); err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	units := d.units
	if d.base != 0 { // a branch draws the units above anew whenever it is opened
		units = slices.DeleteFunc(slices.Clone(units), func(u Unit) bool { return u.Role == Parent && !u.isNew() })
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"plan_unit"},
		[]string{"plan_id", "ordinal", "role", "code", "name", "parent", "place", "geom", "original", "locked"},
		pgx.CopyFromSlice(len(units), func(i int) ([]any, error) {
			u := units[i]
			var parent *string
			if u.Parent != "" {
				parent = &u.Parent
			}
			area := u.Area
			if area == nil { // a nil slice would be NULL; no area is an empty one
				area = geo.MultiPolygon{}
			}
			return []any{d.id, u.Ordinal, string(u.Role), u.Code, u.Name, parent, u.Place, area, shapeOrNil(u.Before), u.Locked}, nil
		}))
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	if err := d.saveFaults(ctx, tx); err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `UPDATE plan SET revision = revision + 1 WHERE id = $1 RETURNING revision`, d.id).Scan(&d.revision)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	return nil
}

func (d *draft) saveFaults(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM plan_fault WHERE plan_id = $1`, d.id); err != nil {
		return fmt.Errorf("save faults: %w", err)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"plan_fault"},
		[]string{"plan_id", "id", "kind", "hard", "codes", "parent", "place", "detail", "area", "width", "neighbour", "repairs", "at", "geom"},
		pgx.CopyFromSlice(len(d.faults), func(i int) ([]any, error) {
			f := d.faults[i]
			return []any{d.id, f.ID, f.Kind, f.Hard, orEmpty(f.Codes), f.Parent, f.Place, f.Detail,
				f.Area, f.Width, f.Neighbour, orEmpty(f.Repairs), f.At, shapeOrNil(f.Shape)}, nil
		}))
	if err != nil {
		return fmt.Errorf("save faults: %w", err)
	}
	return nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func shapeOrNil(shape geo.MultiPolygon) any {
	if len(shape) == 0 {
		return nil
	}
	return shape
}
