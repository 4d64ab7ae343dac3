package plan

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// within returns staff.ErrOutside unless everything that the plan puts in force,
// ends or redraws lies in the actor's area. A unit outside of it that only gets a
// vertex where a new border meets its own keeps its shape, and is let through.
func (d *draft) within(ctx context.Context, db pg.DB, actor staff.Actor, n next) error {
	if actor.Area(staff.Plan).All {
		return nil
	}
	var units []int64
	for _, u := range n.parts {
		parent, ok := d.above[u.Parent]
		if !ok {
			return staff.ErrOutside // the top level is nobody's but everybody's
		}
		if parent.ID < 0 { // the plan makes it
			parent.ID = parent.ParentID
		}
		units = append(units, parent.ID)
	}
	codes := make([]string, len(n.parts))
	for i, u := range n.parts {
		codes[i] = u.Code
	}
	rows, _ := db.Query(ctx, `SELECT id FROM unit WHERE code = ANY ($1)`, codes) // also those that ended
	known, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("units of a plan: %w", err)
	}
	units = append(units, known...)
	for _, b := range n.retired {
		units = append(units, b.ID)
	}
	for _, b := range n.redrawn {
		if !keepsVertices(d.before(b), b.Area) {
			units = append(units, b.ID)
		}
	}
	return staff.Within(ctx, db, actor, staff.Plan, units...)
}

// before is the boundary in force of a unit that is redrawn.
func (d *draft) before(b grid.InForce) geo.MultiPolygon {
	if was, ok := d.byCode[b.Code]; ok {
		return was.Area
	}
	return d.above[b.Code].Area
}

// keepsVertices reports whether every vertex of one area is one of the other.
func keepsVertices(of, in geo.MultiPolygon) bool {
	have := map[geo.Point]bool{}
	for _, polygon := range in {
		for _, ring := range polygon {
			for _, p := range ring {
				have[p] = true
			}
		}
	}
	for _, polygon := range of {
		for _, ring := range polygon {
			for _, p := range ring {
				if !have[p] {
					return false
				}
			}
		}
	}
	return true
}
