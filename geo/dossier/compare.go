package dossier

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/plan"
)

// change is what a plan does to a unit.
type change int

// The changes, in the order of the tables.
const (
	fresh   change = iota // there was none with this code
	redrawn               // its shape changes
	moved                 // to another unit above, in the same shape
	renamed
	same
	ended
	changes
)

var changeText = [changes]string{"新设 New", "调整 Redrawn", "改隶 Moved", "更名 Renamed", "不变 Unchanged", "撤销 Ended"}

// unitChange is a unit before and after.
type unitChange struct {
	code, name, parent string
	wasName, wasParent string
	before, after      float64 // m²
	what               change
	shape              geo.MultiPolygon
}

// compared are the units of the plan against those in force the day before it takes
// effect, and those that end with it.
func (h *held) compared(ctx context.Context, db pg.DB) ([]unitChange, error) {
	parts := h.of(plan.Part)
	codes, parents := []string{}, []string{}
	for _, u := range parts {
		codes = append(codes, u.Code)
		if u.Parent != "" {
			parents = append(parents, u.Parent)
		}
	}
	slices.Sort(parents)
	rows, _ := db.Query(ctx, `
		SELECT u.code, b.name, coalesce(p.code, ''), b.geom
		FROM boundary b JOIN unit u ON u.id = b.unit_id LEFT JOIN unit p ON p.id = b.parent_id
		WHERE u.level = $1 AND b.valid_from < $2 AND (b.valid_to IS NULL OR b.valid_to >= $2)
		  AND (u.code = ANY ($3) OR p.code = ANY ($4))
		ORDER BY u.code`, h.Level, h.day(), codes, slices.Compact(parents))
	before := map[string]unitChange{}
	var b unitChange
	_, err := pgx.ForEachRow(rows, []any{&b.code, &b.wasName, &b.wasParent, &b.shape}, func() error {
		before[b.code] = b
		b.shape = nil // the next row has a slice of its own
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("units before plan %d: %w", h.ID, err)
	}
	var list []unitChange
	for _, u := range parts {
		was, existed := before[u.Code]
		delete(before, u.Code)
		c := unitChange{code: u.Code, name: u.Name, parent: u.Parent, wasName: was.wasName, wasParent: was.wasParent,
			before: squareMetres(was.shape), after: squareMetres(u.Area), shape: u.Area}
		switch {
		case !existed:
			c.what = fresh
		case !plan.SameArea(was.shape, u.Area):
			c.what = redrawn
		case was.wasParent != u.Parent:
			c.what = moved
		case was.wasName != u.Name:
			c.what = renamed
		default:
			c.what = same
		}
		list = append(list, c)
	}
	for _, was := range before {
		list = append(list, unitChange{code: was.code, name: was.wasName, parent: was.wasParent, wasName: was.wasName, wasParent: was.wasParent,
			before: squareMetres(was.shape), what: ended, shape: was.shape})
	}
	slices.SortFunc(list, func(a, b unitChange) int { return strings.Compare(a.code, b.code) })
	return list, nil
}

// heir is a unit that became another one, or a part of it.
type heir struct {
	before, beforeName, after, afterName string
	shared                               float64 // m²
}

func (h *held) lineage(ctx context.Context, db pg.DB) ([]heir, error) {
	rows, _ := db.Query(ctx, `
		SELECT o.code, coalesce(ob.name, ''), n.code, coalesce(nb.name, ''), l.area
		FROM lineage l JOIN unit o ON o.id = l.before JOIN unit n ON n.id = l.after
		LEFT JOIN boundary ob ON ob.unit_id = o.id AND ob.valid_from < $2 AND (ob.valid_to IS NULL OR ob.valid_to >= $2)
		LEFT JOIN boundary nb ON nb.unit_id = n.id AND nb.valid_from <= $2 AND (nb.valid_to IS NULL OR nb.valid_to > $2)
		WHERE l.plan_id = $1
		ORDER BY o.code, n.code`, h.ID, h.day())
	var list []heir
	var r heir
	_, err := pgx.ForEachRow(rows, []any{&r.before, &r.beforeName, &r.after, &r.afterName, &r.shared}, func() error {
		r.shared = tenths(r.shared)
		list = append(list, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lineage of plan %d: %w", h.ID, err)
	}
	return list, nil
}

func tenths(v float64) float64 { return math.Round(v*10) / 10 }
