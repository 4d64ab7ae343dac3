package plan

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Source is what a draft is made from.
type Source struct {
	Name          string
	Preset, Level string
	UploadID      int64   // 0 = none
	Day           geo.Day // what is in force on this day is what it is checked against
	Records       []Record
}

// RoleColumn is the property in which files of plans keep the role of a row, so that a
// plan that was written out comes in again with its gaps and the units above.
const RoleColumn = "plan_role"

// Record is one unit as it came: on the lattice, otherwise untouched.
type Record struct {
	Role               Role   // "" = Part; of an accepted gap Name is the reason
	Code, Name, Parent string // Parent is a code
	Place              string // where in the file: "feature 4"
	Area               geo.MultiPolygon
	Fault              *fault.Place // why the geometry could not be read
}

// Step reports progress: the stage, and done of total.
type Step func(stage string, done, total int64)

// New makes a draft and finds its faults. Nothing in force changes.
func New(ctx context.Context, db pg.DB, actor staff.Actor, src Source, step Step) (Plan, error) {
	if len(src.Records) == 0 {
		return Plan{}, ErrEmpty
	}
	d := draft{preset: src.Preset, level: src.Level, day: src.Day, unread: map[int]string{}}
	bound := geo.EmptyBound
	for i, r := range src.Records {
		d.units = append(d.units, Unit{Ordinal: i + 1, Role: cmp.Or(r.Role, Part), Code: r.Code, Name: r.Name, Parent: r.Parent, Place: r.Place, Area: r.Area})
		if r.Fault != nil {
			d.unread[i+1] = r.Fault.Detail
		}
		bound = bound.Union(r.Area.Bound())
	}
	if !bound.Empty() && (int64(bound.Max.X)-int64(bound.Min.X) > geo.MaxExtent || int64(bound.Max.Y)-int64(bound.Min.Y) > geo.MaxExtent) {
		return Plan{}, ErrTooWide
	}

	step("reading what is in force", 0, 0)
	if err := d.load(ctx, db, actor); err != nil {
		return Plan{}, fmt.Errorf("draft %s: %w", src.Name, err)
	}
	d.settleRoles()
	step("looking for faults", 0, int64(len(d.units)))
	if _, err := d.examine(ctx); err != nil {
		return Plan{}, err
	}

	step("saving the draft", 0, 0)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var upload *int64
		if src.UploadID != 0 {
			upload = &src.UploadID
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO plan (name, preset, level, upload_id, created_by, area_id, basis, revision)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0) RETURNING id`,
			src.Name, src.Preset, src.Level, upload, actor.Name, actor.Area(staff.Plan).Home(), d.basis).Scan(&d.id)
		if err != nil {
			return err
		}
		if err := d.save(ctx, tx); err != nil {
			return err
		}
		return record(ctx, tx, actor, "draft", d.id, map[string]any{"units": len(d.units), "faults": len(d.faults)})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("draft %s: %w", src.Name, err)
	}
	return Get(ctx, db, actor, d.id)
}

// settleRoles looks at the rows that a file of ours calls no units of the level: a
// unit above is in force, or new below one that is; an accepted gap has a reason and
// lies in one. Others are rows like all, with their faults.
func (d *draft) settleRoles() {
	for i, u := range d.units {
		b, inForce := d.byCode[u.Code]
		_, below := d.byCode[u.Parent]
		switch {
		case u.Role != Parent:
		case inForce && b.Level != d.level:
			d.units[i].Before = b.Area
		case inForce || !below:
			d.units[i].Role = Part
		}
	}
	d.addAbove()
	for i, u := range d.units {
		_, below := d.above[u.Parent]
		if u.Role == Excluded && (!below || u.Name == "" || len(u.Area) == 0) || u.Role != Parent && u.Role != Excluded {
			d.units[i].Role = Part
		}
	}
}

// open reads a draft and all it is checked against.
func open(ctx context.Context, db pg.DB, actor staff.Actor, id int64, revision int, day geo.Day) (*draft, error) {
	return openIn(ctx, db, actor, Draft, id, revision, day)
}

// openIn is open for a plan in another state.
func openIn(ctx context.Context, db pg.DB, actor staff.Actor, want State, id int64, revision int, day geo.Day) (*draft, error) {
	p, err := Get(ctx, db, actor, id)
	if err != nil {
		return nil, err
	}
	if p.State != want {
		return nil, wrongState(p.State, want)
	}
	if revision != p.Revision {
		return nil, ErrStale
	}
	d := &draft{id: id, revision: p.Revision, preset: p.Preset, level: p.Level, day: day, unread: map[int]string{}}
	if d.units, err = Units(ctx, db, actor, id); err != nil {
		return nil, err
	}
	faults, err := FaultsOf(ctx, db, actor, id)
	if err != nil {
		return nil, err
	}
	for _, f := range faults {
		if f.Kind == unreadable { // the reason came with the file
			d.unread[ordinalOf(f.ID)] = f.Detail
		}
	}
	if err := d.load(ctx, db, actor); err != nil {
		return nil, err
	}
	d.addAbove()
	if p.Base != nil {
		d.base = p.Base.ID
		if err := d.followParts(ctx); err != nil {
			return nil, err
		}
	}
	return d, nil
}
