package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Branch is what a draft of the plan in force is made of.
type Branch struct {
	Name  string  `json:"name" minLength:"1" maxLength:"200"`
	Note  string  `json:"note,omitempty" maxLength:"2000"`
	Base  string  `json:"base" minLength:"1" maxLength:"64" doc:"code of the unit whose division is to change"`
	Level string  `json:"level,omitempty" maxLength:"40" doc:"which level; the lowest with units below the base when absent"`
	Day   geo.Day `json:"-"` // what is in force then
}

// What branching refuses.
var (
	ErrUndivided = fault.New(fault.Invalid, "base_undivided", "There are no units below this one, nor a level for them. Choose another unit or level.")
	ErrNoLevel   = fault.New(fault.Invalid, "level_not_below", "Units of this level do not lie below the unit. Choose a level below it.")
	ErrName      = fault.New(fault.Invalid, "plan_name_missing", "A plan needs a name.")
	ErrKept      = fault.New(fault.Conflict, "plan_not_abandoned", "Only a plan that was given up can be taken up again.")
)

// base is the unit whose division is to change, which must lie in the actor's area. It
// trims the name.
func (b *Branch) base(ctx context.Context, db pg.DB, actor staff.Actor) (grid.Unit, error) {
	if b.Name = strings.TrimSpace(b.Name); b.Name == "" {
		return grid.Unit{}, ErrName
	}
	base, err := grid.ByCode(ctx, db, actor, b.Day, b.Base)
	if err == nil {
		err = staff.Within(ctx, db, actor, staff.Plan, base.ID)
	}
	if err != nil {
		return grid.Unit{}, fmt.Errorf("branch of %s: %w", b.Base, err)
	}
	return base, nil
}

// NewBranch makes a draft of the division in force below a unit, which must lie in
// the actor's area. Nothing in force changes.
func NewBranch(ctx context.Context, db pg.DB, actor staff.Actor, b Branch) (Plan, error) {
	base, err := b.base(ctx, db, actor)
	if err != nil {
		return Plan{}, err
	}
	d := draft{preset: base.Preset, level: b.Level, day: b.Day, unread: map[int]string{}}
	if d.inForce, err = grid.AllInForce(ctx, db, b.Day); err != nil {
		return Plan{}, err
	}
	below := d.below(base.ID)
	if d.level == "" {
		d.level = lowest(below)
	}
	if d.level == "" {
		if d.level, err = levelBelow(ctx, db, actor, base); err != nil {
			return Plan{}, err
		}
	}
	if err := d.load(ctx, db, actor); err != nil {
		return Plan{}, fmt.Errorf("branch of %s: %w", b.Base, err)
	}
	for _, u := range below {
		if u.Level == d.level {
			parent := d.byID[u.ParentID].Code
			d.units = append(d.units, Unit{Ordinal: len(d.units) + 1, Role: Part, Code: u.Code, Name: u.Name, Parent: parent, Area: u.Area})
		}
	}
	if len(d.units) == 0 {
		for _, a := range d.above {
			if !d.under(a, base.ID) && a.ID != base.ID {
				continue
			}
			// Nothing stands there yet: the first draft of a level begins with one unit for each above.
			d.units = append(d.units, Unit{Ordinal: len(d.units) + 1, Role: Part, Code: "", Name: a.Name, Parent: a.Code, Area: a.Area})
		}
		slices.SortFunc(d.units, func(a, b Unit) int { return cmp.Compare(a.Parent, b.Parent) })
		rows := make([]int, len(d.units))
		for i := range d.units {
			d.units[i].Ordinal, rows[i] = i+1, i
		}
		if err := d.number(rows); err != nil {
			return Plan{}, err
		}
	}
	if len(d.units) == 0 {
		return Plan{}, ErrNoLevel
	}
	d.base = base.ID
	return d.create(ctx, db, actor, b.Name, b.Note, &base.ID)
}

// Redivide makes a draft of a base with other units than those in force, as somebody
// or something has worked them out: they lie in units above and do not overlap. Those
// with the code of a unit in force are that unit, those without one get codes and,
// where they have none, names. Nothing in force changes.
func Redivide(ctx context.Context, db pg.DB, actor staff.Actor, b Branch, units []Unit) (Plan, error) {
	base, err := b.base(ctx, db, actor)
	if err != nil {
		return Plan{}, err
	}
	d := draft{preset: base.Preset, level: b.Level, base: base.ID, day: b.Day, unread: map[int]string{}}
	for i, u := range units {
		u.Ordinal, u.Role = i+1, Part
		d.units = append(d.units, u)
	}
	if err := d.load(ctx, db, actor); err != nil {
		return Plan{}, fmt.Errorf("draft of %s: %w", b.Base, err)
	}
	scheme, err := SchemeOf(ctx, db, d.preset, d.level)
	if err != nil {
		return Plan{}, err
	}
	var rows []int
	for i, u := range d.units {
		if _, known := d.above[u.Parent]; !known {
			return Plan{}, ErrNoParent.Saying(u.Parent)
		}
		if u.Code == "" {
			rows = append(rows, i)
		}
	}
	ever, err := Taken(ctx, db, "")
	if err == nil {
		err = d.numberWith(ever, rows)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("draft of %s: %w", b.Base, err)
	}
	for _, i := range rows {
		if u := d.units[i]; u.Name == "" {
			d.units[i].Name = scheme.Name(u.Code, u.Parent, d.above[u.Parent].Name)
		}
	}
	return d.create(ctx, db, actor, b.Name, b.Note, &base.ID)
}

// create saves a new draft.
func (d *draft) create(ctx context.Context, db pg.DB, actor staff.Actor, name, note string, base *int64) (Plan, error) {
	if d.base != 0 {
		if err := d.followParts(ctx); err != nil {
			return Plan{}, err
		}
	}
	if _, err := d.examine(ctx); err != nil {
		return Plan{}, err
	}
	area := actor.Area(staff.Plan).Home()
	if base != nil { // who plans for the base sees the draft
		area = base
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO plan (name, note, preset, level, created_by, area_id, base_id, basis, revision)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) RETURNING id`,
			name, note, d.preset, d.level, actor.Name, area, base, d.basis).Scan(&d.id)
		if err != nil {
			return err
		}
		if err := d.save(ctx, tx); err != nil {
			return err
		}
		if d.origin != 0 {
			if err := ruleset.Carry(ctx, tx, d.origin, d.id); err != nil {
				return err
			}
		}
		return record(ctx, tx, actor, "draft", d.id, map[string]any{"units": len(d.units), "faults": len(d.faults)})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("draft %s: %w", name, err)
	}
	return Get(ctx, db, actor, d.id)
}

// below are the units in force below one.
func (d *draft) below(id int64) (out []grid.InForce) {
	d.byID = map[int64]grid.InForce{}
	for _, u := range d.inForce {
		d.byID[u.ID] = u
	}
	for _, u := range d.inForce {
		if d.under(u, id) {
			out = append(out, u)
		}
	}
	return out
}

// under reports whether a unit lies below the one with an id.
func (d *draft) under(u grid.InForce, id int64) bool {
	for up := u.ParentID; up != 0; up = d.byID[up].ParentID {
		if up == id {
			return true
		}
	}
	return false
}

// lowest is the lowest level among units.
func lowest(units []grid.InForce) (level string) {
	rank := -1
	for _, u := range units {
		if u.Rank > rank {
			level, rank = u.Level, u.Rank
		}
	}
	return level
}

// levelBelow is the level of the preset below a unit that is not divided yet.
func levelBelow(ctx context.Context, db pg.DB, actor staff.Actor, base grid.Unit) (string, error) {
	preset, err := grid.PresetByCode(ctx, db, actor, base.Preset)
	if err != nil {
		return "", err
	}
	depth, err := preset.Depth(base.Level)
	if err != nil {
		return "", err
	}
	if depth+1 >= len(preset.Levels) {
		return "", ErrUndivided
	}
	return preset.Levels[depth+1].Level, nil
}

// rim is the land that a draft divides: its base's, or that of all units above.
func (d *draft) rim(base *Base) geo.MultiPolygon {
	if base != nil {
		return d.byID[base.ID].Area
	}
	var areas []geo.MultiPolygon
	for _, p := range d.parents() {
		areas = append(areas, p.Area)
	}
	return topology.Union(areas...)
}

// Describe changes the name and the note of a draft.
func Describe(ctx context.Context, db pg.DB, actor staff.Actor, id int64, name, note *string) (Plan, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Get(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := lockDraft(ctx, tx, id, 0); err != nil {
			return err
		}
		if name != nil && strings.TrimSpace(*name) == "" {
			return ErrName
		}
		_, err := tx.Exec(ctx, `UPDATE plan SET name = coalesce(btrim($2), name), note = coalesce($3, note) WHERE id = $1`, id, name, note)
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, "describe", id, map[string]any{})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("describe plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// Restore takes up again a draft that was abandoned.
func Restore(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Plan, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Get(ctx, tx, actor, id); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE plan SET state = 'draft' WHERE id = $1 AND state = 'abandoned'`, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrKept
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, "restore", id, map[string]any{})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("restore plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}
