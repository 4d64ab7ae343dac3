package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// What rolling back refuses.
var (
	ErrNotPublished  = fault.New(fault.Conflict, "plan_not_published", "Only a plan that took effect can be rolled back.")
	ErrNothingBefore = fault.New(fault.Conflict, "plan_nothing_before", "Before this plan its units were not divided: there is nothing to go back to.")
)

// RollBack makes a draft of the division that was in force on the day before a plan
// took effect, where that plan decided. What other plans have decided there since is
// undone with it. It is a draft like any other: nothing changes until it is published.
//
// Codes are kept for life. A unit that is still in force gets its land back under its
// own code. One that ended stays ended: who comes back with the same land and name is a
// new unit with a new code, and the lineage says what it was made of.
func RollBack(ctx context.Context, db pg.DB, actor staff.Actor, id int64, name string) (Plan, error) {
	p, err := Get(ctx, db, actor, id)
	if err != nil {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, err)
	}
	if p.State != Published {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, ErrNotPublished)
	}
	d := &draft{preset: p.Preset, level: p.Level, day: geo.DayOf(time.Now()), unread: map[int]string{}}
	before, err := divisionBefore(ctx, db, p)
	if err != nil {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, err)
	}
	if len(before) == 0 {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, ErrNothingBefore)
	}
	for _, b := range before {
		d.units = append(d.units, Unit{Ordinal: len(d.units) + 1, Role: Part, Code: b.Code, Name: b.Name, Area: b.Area})
	}
	if err := d.load(ctx, db, actor); err != nil {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, err)
	}
	if err := d.comeBack(ctx, db, before); err != nil {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, err)
	}
	var base *int64
	if p.Base != nil {
		base, d.base = &p.Base.ID, p.Base.ID
	}
	made, err := d.create(ctx, db, actor, cmp.Or(strings.TrimSpace(name), p.Name), "", base)
	if err != nil {
		return Plan{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE plan SET undoes = $2 WHERE id = $1`, made.ID, id); err != nil {
			return err
		}
		return record(ctx, tx, actor, "roll-back", id, map[string]any{"draft": made.ID})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("roll back plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, made.ID)
}

// divisionBefore are the units of a plan's level that were in force on the day before
// it, where it decided: below the units of its scope, or themselves ended by it.
func divisionBefore(ctx context.Context, db pg.DB, p Plan) ([]grid.InForce, error) {
	rows, _ := db.Query(ctx, `
		SELECT unnest(coalesce(scope, '{}')) FROM plan WHERE id = $1
		UNION SELECT parent_id FROM boundary WHERE plan_id = $1 AND parent_id IS NOT NULL AND (SELECT scope FROM plan WHERE id = $1) IS NULL
		UNION SELECT before FROM lineage WHERE plan_id = $1`, p.ID)
	decided, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("scope of plan %d: %w", p.ID, err)
	}
	then, err := grid.AllInForce(ctx, db, geo.DayOf(p.EffectiveOn.Start().Add(-time.Hour)))
	if err != nil {
		return nil, err
	}
	byID := map[int64]grid.InForce{}
	for _, b := range then {
		byID[b.ID] = b
	}
	return slices.DeleteFunc(then, func(b grid.InForce) bool {
		if b.Level != p.Level {
			return true
		}
		for up := b; up.ID != 0; up = byID[up.ParentID] {
			if slices.Contains(decided, up.ID) {
				return false
			}
		}
		return true
	}), nil
}

// comeBack gives the units of a former division their parents of now, and new codes to
// those that ended meanwhile.
func (d *draft) comeBack(ctx context.Context, db pg.DB, before []grid.InForce) error {
	ended := map[string][]int{} // parent → rows
	for i := range d.units {
		u := &d.units[i]
		if above, ok := d.byID[before[i].ParentID]; ok && d.above[above.Code].ID == above.ID {
			u.Parent = above.Code
		} else if code, ok := d.covering(u.Area); ok {
			u.Parent = code
		}
		if now, ok := d.byCode[u.Code]; !ok || now.Level != d.level {
			ended[u.Parent] = append(ended[u.Parent], i)
		}
	}
	scheme, err := SchemeOf(ctx, db, d.preset, d.level)
	if err != nil {
		return err
	}
	for parent, list := range ended {
		taken, err := Taken(ctx, db, parent)
		if err != nil {
			return err
		}
		areas := make([]geo.MultiPolygon, len(list))
		for i, row := range list {
			areas[i] = d.units[row].Area
		}
		codes, err := NextCodes(taken, parent, scheme, areas)
		if err != nil {
			return err
		}
		for i, row := range list {
			d.units[row].Code = codes[i]
		}
	}
	d.taken, err = d.loadTaken(ctx, db)
	return err
}
