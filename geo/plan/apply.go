package plan

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/topology"
)

// apply writes the new state of the boundaries in one transaction.
func (d *draft) apply(ctx context.Context, tx pgx.Tx, n next) error {
	if err := d.refuseLaterVersions(ctx, tx, n); err != nil {
		return err
	}
	raised, err := d.raise(ctx, tx, n.above)
	if err != nil {
		return err
	}
	ids, err := d.identities(ctx, tx, n.parts)
	if err != nil {
		return err
	}
	for _, b := range n.retired {
		if err := d.end(ctx, tx, b.ID); err != nil {
			return err
		}
	}
	var fresh []version
	for _, u := range n.parts {
		v := version{unit: ids[u.Code], parent: d.above[u.Parent].ID, name: u.Name, area: u.Area}
		before, existed := d.byCode[u.Code]
		if existed && before.Name == u.Name && before.ParentID == v.parent && sameArea(before.Area, u.Area) {
			continue
		}
		if existed {
			if err := d.end(ctx, tx, before.ID); err != nil {
				return err
			}
		}
		fresh = append(fresh, v)
	}
	for _, b := range n.redrawn {
		if err := d.end(ctx, tx, b.ID); err != nil {
			return err
		}
		fresh = append(fresh, version{unit: b.ID, parent: b.ParentID, name: b.Name, area: b.Area, state: b.State, uncovered: b.Uncovered})
	}
	if err := d.begin(ctx, tx, fresh); err != nil {
		return err
	}
	if err := d.writeExcluded(ctx, tx, n.excluded); err != nil {
		return err
	}
	if err := d.adopt(ctx, tx); err != nil {
		return err
	}
	if err := d.states(ctx, tx, n, ids); err != nil {
		return err
	}
	return d.writeLineage(ctx, tx, n, ids, raised)
}

// version is a boundary that begins on the plan's day.
type version struct {
	unit, parent int64 // parent 0 = none
	name, state  string
	uncovered    float64 // m²
	area         geo.MultiPolygon
}

func (d *draft) refuseLaterVersions(ctx context.Context, tx pgx.Tx, n next) error {
	codes := make([]string, 0, len(n.parts)+len(n.redrawn))
	for _, u := range n.parts {
		codes = append(codes, u.Code)
	}
	for _, b := range append(n.redrawn, n.retired...) {
		codes = append(codes, b.Code)
	}
	var later bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (
			SELECT FROM boundary b JOIN unit u ON u.id = b.unit_id
			WHERE u.code = ANY ($1) AND b.valid_from > $2)`, codes, d.day).Scan(&later)
	if err != nil {
		return fmt.Errorf("later versions: %w", err)
	}
	if later {
		return ErrBefore
	}
	return nil
}

// identities returns the unit of every code, making those that are new.
func (d *draft) identities(ctx context.Context, tx pgx.Tx, parts []Unit) (map[string]int64, error) {
	codes := make([]string, len(parts))
	for i, u := range parts {
		codes[i] = u.Code
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO unit (code, preset, level)
		SELECT c, $2, $3 FROM unnest($1::text[]) c
		ON CONFLICT (code) DO NOTHING`, codes, d.preset, d.level)
	if err != nil {
		return nil, fmt.Errorf("new units: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT code, id FROM unit WHERE code = ANY ($1) AND level = $2`, codes, d.level)
	if err != nil {
		return nil, fmt.Errorf("units: %w", err)
	}
	defer rows.Close()
	ids := make(map[string]int64, len(parts))
	for rows.Next() {
		var code string
		var id int64
		if err := rows.Scan(&code, &id); err != nil {
			return nil, fmt.Errorf("units: %w", err)
		}
		ids[code] = id
	}
	return ids, rows.Err()
}

// end closes a unit's version in force on the plan's day. One that began on that
// very day never was in force, and goes.
func (d *draft) end(ctx context.Context, tx pgx.Tx, unit int64) error {
	_, err := tx.Exec(ctx, `
		WITH gone AS (DELETE FROM boundary WHERE unit_id = $1 AND valid_from = $2)
		UPDATE boundary SET valid_to = $2
		WHERE unit_id = $1 AND valid_from < $2 AND (valid_to IS NULL OR valid_to > $2)`, unit, d.day)
	if err != nil {
		return fmt.Errorf("end version of unit %d: %w", unit, err)
	}
	return nil
}

func (d *draft) begin(ctx context.Context, tx pgx.Tx, list []version) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"boundary"},
		[]string{"unit_id", "parent_id", "plan_id", "name", "valid_from", "state", "uncovered", "area", "label", "geom"},
		pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
			v := list[i]
			var parent *int64
			if v.parent != 0 {
				parent = &v.parent
			}
			state := v.state
			if state == "" {
				state = "undivided"
			}
			return []any{v.unit, parent, d.id, v.name, d.day, state, v.uncovered,
				float64(v.area.SquareMeters()), topology.LabelPoint(v.area), v.area}, nil
		}))
	if err != nil {
		return fmt.Errorf("new versions: %w", err)
	}
	return nil
}

func (d *draft) writeExcluded(ctx context.Context, tx pgx.Tx, list []Unit) error {
	for _, u := range list {
		_, err := tx.Exec(ctx, `
			INSERT INTO excluded_area (parent_id, plan_id, reason, valid_from, geom)
			VALUES ($1, $2, $3, $4, $5)`, d.above[u.Parent].ID, d.id, u.Name, d.day, u.Area)
		if err != nil {
			return fmt.Errorf("accepted gap: %w", err)
		}
	}
	return nil
}

// adopt gives every unit of a lower level whose parent is not in force (any
// more), or that has none, the unit of the draft's level that covers its label:
// a new version from the plan's day on, for the past keeps its parent.
func (d *draft) adopt(ctx context.Context, tx pgx.Tx) error {
	now, err := grid.AllInForce(ctx, tx, d.day)
	if err != nil {
		return err
	}
	alive := map[int64]bool{}
	rank := 0
	var own []grid.InForce
	for _, b := range now {
		alive[b.ID] = true
		if b.Level == d.level {
			rank, own = b.Rank, append(own, b)
		}
	}
	index := grid.NewIndex(own)
	var adopted []version
	for _, b := range now {
		if b.Rank <= rank || alive[b.ParentID] {
			continue
		}
		i, ok := index.Find(b.Label)
		if !ok && b.ParentID == 0 {
			continue
		}
		v := version{unit: b.ID, name: b.Name, state: b.State, uncovered: b.Uncovered, area: b.Area}
		if ok {
			v.parent = own[i].ID
		}
		if err := d.end(ctx, tx, b.ID); err != nil {
			return err
		}
		adopted = append(adopted, v)
	}
	return d.begin(ctx, tx, adopted)
}

// states says of every parent of the draft's units, and of every unit of the
// draft that is itself divided, whether the units below tile it.
func (d *draft) states(ctx context.Context, tx pgx.Tx, n next, ids map[string]int64) error {
	now, err := grid.AllInForce(ctx, tx, d.day)
	if err != nil {
		return err
	}
	below := map[int64][]topology.Part{}
	for _, b := range now {
		below[b.ParentID] = append(below[b.ParentID], topology.Part{Code: b.Code, Area: b.Area})
	}
	touched := map[int64]bool{}
	for _, id := range ids {
		touched[id] = true
	}
	for _, u := range n.above { // and what stands above it
		b := d.above[u.Code]
		touched[b.ID], touched[b.ParentID] = true, true
	}
	for _, b := range n.redrawn { // and the unit above: a reshaped unit may leave it
		if n.reshaped[b.ID] {
			touched[b.ID], touched[b.ParentID] = true, true
		}
	}
	divided := map[int64]string{}
	for _, u := range n.parts {
		divided[d.above[u.Parent].ID] = u.Parent
	}
	for _, b := range now {
		code, isParent := divided[b.ID]
		if !isParent && !touched[b.ID] {
			continue
		}
		state, uncovered := stateOf(b, below[b.ID])
		if isParent && state != "invalid" {
			uncovered = n.gaps[code] // accepted gaps are not counted
			state = "complete"
			if uncovered > 0 {
				state = "incomplete"
			}
		}
		_, err := tx.Exec(ctx, `
			UPDATE boundary SET state = $3, uncovered = $4
			WHERE unit_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
			  AND (state, uncovered) IS DISTINCT FROM ($3, $4)`, b.ID, d.day, state, uncovered)
		if err != nil {
			return fmt.Errorf("state of unit %s: %w", b.Code, err)
		}
	}
	return nil
}

// stateOf checks a unit against the units below it.
func stateOf(b grid.InForce, below []topology.Part) (state string, uncovered float64) {
	if len(below) == 0 {
		return "undivided", 0
	}
	state = "complete"
	for _, v := range topology.Check(b.Area, below) {
		if v.Kind != topology.Gap {
			return "invalid", 0
		}
		state = "incomplete"
		uncovered += float64(v.SquareMeters)
	}
	return state, uncovered
}

// writeLineage records which unit became which, with the area they have in common:
// of every unit that ends, and of every one that goes on and gave land to others of
// its level. raised are the new units above.
func (d *draft) writeLineage(ctx context.Context, tx pgx.Tx, n next, ids map[string]int64, raised []int64) error {
	var before []int64
	for _, b := range n.retired {
		before = append(before, b.ID)
	}
	after := append(make([]int64, 0, len(ids)+len(raised)), raised...)
	for _, b := range n.redrawn {
		if n.reshaped[b.ID] {
			before, after = append(before, b.ID), append(after, b.ID)
		}
	}
	for _, u := range n.parts {
		after = append(after, ids[u.Code])
		if was, existed := d.byCode[u.Code]; existed && !sameArea(was.Area, u.Area) && !onlyVertices(was.Area, u.Area) {
			before = append(before, was.ID)
		}
	}
	if len(before) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO lineage (plan_id, before, after, area)
		SELECT $1, o.unit_id, b.unit_id, ST_Area(ST_Intersection(o.geom, b.geom)::geography)
		FROM boundary o JOIN unit ou ON ou.id = o.unit_id
		JOIN boundary b ON b.geom && o.geom AND b.unit_id <> o.unit_id
		JOIN unit bu ON bu.id = b.unit_id AND bu.level = ou.level
		WHERE o.unit_id = ANY ($2) AND o.valid_to = $4
		  AND b.unit_id = ANY ($3) AND b.valid_from <= $4 AND (b.valid_to IS NULL OR b.valid_to > $4)
		  AND ST_Area(ST_Intersection(o.geom, b.geom)::geography) > 1
		ON CONFLICT DO NOTHING`, d.id, before, after, d.day)
	if err != nil {
		return fmt.Errorf("lineage: %w", err)
	}
	return nil
}
