package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/topology"
)

// claim is land that a unit of a level is to have; without an owner it goes to
// nobody.
type claim struct {
	owner string // code
	area  geo.MultiPolygon
}

// fit redraws the units above after the draft's units: the lowest level decides
// and the levels above follow. A unit above gets the land of its units in the
// draft; whoever had that land loses it, except where units in force that the
// draft does not touch stand on it; what nobody claims stays where it was. Then
// the next level follows in the same way, up to the top, so that no level is left
// with gaps or overlaps that were not there before.
//
// fitted are the codes of the units above to redraw, given are gaps that they
// give away.
func (d *draft) fit(ctx context.Context, parts []topology.Part, fitted map[string]bool, given []geo.MultiPolygon) error {
	claims := d.claimsOf(parts, fitted)
	for _, area := range given {
		claims.first = append(claims.first, claim{area: area})
	}
	before := map[string]geo.MultiPolygon{}
	for code, b := range d.above {
		before[code] = d.drawn(b)
	}
	changed, err := d.redistribute(ctx, before, claims)
	for err == nil && len(changed) > 0 {
		changed, err = d.follow(ctx, changed)
	}
	return err
}

// followParts redraws all units above after the units of a branch: whoever edits the
// lowest level draws those above by it.
func (d *draft) followParts(ctx context.Context) error {
	d.units = slices.DeleteFunc(d.units, func(u Unit) bool { return u.Role == Parent && !u.isNew() })
	for i, u := range d.units {
		if u.isNew() {
			d.units[i].Area = nil
		}
	}
	d.addAbove()
	d.learnRim()
	var parts []topology.Part
	fitted := map[string]bool{}
	for _, u := range d.units {
		if _, known := d.above[u.Parent]; known && u.Role == Part && len(u.Area) > 0 {
			parts = append(parts, topology.Part{Code: u.Code, Parent: u.Parent, Area: u.Area})
			fitted[u.Parent] = true
		}
	}
	return d.fit(ctx, parts, fitted, nil)
}

// learnRim finds the vertices that the branch has on the border of its base. All who
// share that border get them before anything is compared: where a new border meets it
// at a sharp angle, the rounding of the vertex would else look like an overlap.
func (d *draft) learnRim() {
	var areas []geo.MultiPolygon
	for _, u := range d.units {
		if u.Role != Parent {
			areas = append(areas, u.Area)
		}
	}
	d.edges = newVertices{}
	d.edges.learn(d.byID[d.base].Area, topology.Union(areas...))
}

// claims are the claims on the land of a level. The first ones cannot be taken
// away by the others.
type claims struct{ first, others []claim }

// claimsOf are the claims of the draft's units: those of a unit above that is
// fitted, and of every other one that they do not reach out of.
func (d *draft) claimsOf(parts []topology.Part, fitted map[string]bool) (c claims) {
	named, outside := map[string]bool{}, map[string]bool{}
	for _, p := range parts {
		named[p.Parent] = true
	}
	for _, f := range d.faults {
		if f.Kind == string(topology.Outside) {
			outside[f.Parent] = true
		}
	}
	for _, p := range parts {
		if fitted[p.Parent] || !outside[p.Parent] {
			c.others = append(c.others, claim{p.Parent, p.Area})
		}
	}
	for _, b := range d.inForce {
		if d.base != 0 && b.Level == d.level && d.under(b, d.base) {
			continue // the branch has it, or it ends
		}
		above := d.byID[b.ParentID]
		if _, ours := d.above[above.Code]; ours && !named[above.Code] {
			c.first = append(c.first, claim{above.Code, d.drawn(b)})
		}
	}
	return c
}

// follow redraws the level above units that changed.
func (d *draft) follow(ctx context.Context, changed []string) ([]string, error) {
	fitted, levels := map[int64]bool{}, map[string]bool{}
	for _, code := range changed {
		if above, ok := d.byID[d.byCode[code].ParentID]; ok {
			fitted[above.ID], levels[above.Level] = true, true
		}
	}
	before := map[string]geo.MultiPolygon{}
	var c claims
	for _, b := range d.inForce {
		if levels[b.Level] {
			before[b.Code] = d.drawn(b)
		}
		above, ok := d.byID[b.ParentID]
		switch {
		case ok && fitted[above.ID]:
			c.others = append(c.others, claim{above.Code, d.drawn(b)})
		case ok && levels[above.Level]:
			c.first = append(c.first, claim{above.Code, d.drawn(b)})
		}
	}
	return d.redistribute(ctx, before, c)
}

// redistribute gives every claim its land and stores the units that change by it
// as rows of the draft. It returns their codes.
func (d *draft) redistribute(ctx context.Context, before map[string]geo.MultiPolygon, c claims) (changed []string, err error) {
	reach := geo.EmptyBound
	for _, one := range c.others {
		reach = reach.Union(one.area.Bound())
	}
	for _, one := range c.first {
		if one.owner == "" {
			reach = reach.Union(one.area.Bound())
		}
	}
	var parts []topology.Part
	var owners []string
	touched := map[string]bool{}
	add := func(owner string, area geo.MultiPolygon) {
		if len(area) > 0 && area.Bound().Intersects(reach) {
			parts = append(parts, topology.Part{Code: fmt.Sprintf("%08d", len(parts)), Area: area})
			owners = append(owners, owner)
			touched[owner] = true
		}
	}
	for _, one := range slices.Concat(c.first, c.others) {
		add(one.owner, one.area)
	}
	for _, code := range slices.Sorted(maps.Keys(before)) {
		add(code, before[code])
	}
	m, err := topology.Build(ctx, nil, parts)
	if err != nil {
		return nil, fmt.Errorf("redraw the units above: %w", err)
	}
	m.RepairAll(topology.SelfTouch, topology.Split, topology.Limit{})
	m.RepairAll(topology.Overlap, topology.Cut, topology.Limit{}) // the lower number, so the earlier claim
	pieces := map[string][]geo.MultiPolygon{}
	for i, p := range m.Parts() {
		if len(p.Area) > 0 {
			pieces[owners[i]] = append(pieces[owners[i]], p.Area)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(before)) {
		if !touched[code] {
			continue
		}
		if area := topology.Union(pieces[code]...); !sameArea(area, before[code]) {
			d.redraw(d.byCode[code], area)
			changed = append(changed, code)
		}
	}
	return changed, nil
}

// drawn is the area of a unit in force, as the draft redraws it, with the vertices
// that the draft puts on its border.
func (d *draft) drawn(b grid.InForce) geo.MultiPolygon {
	area := b.Area
	if i := d.rowOf(b.Code); i >= 0 {
		area = d.units[i].Area
	}
	if noded, ok := d.edges.apply(area); ok {
		return noded
	}
	return area
}

// rowOf is the row that redraws a unit above, or -1.
func (d *draft) rowOf(code string) int {
	return slices.IndexFunc(d.units, func(u Unit) bool { return u.Role == Parent && u.Code == code })
}

// redraw stores the new area of a unit above.
func (d *draft) redraw(b grid.InForce, area geo.MultiPolygon) {
	if i := d.rowOf(b.Code); i >= 0 {
		d.units[i].Area = area
		return
	}
	last := 0
	for _, u := range d.units {
		last = max(last, u.Ordinal)
	}
	d.units = append(d.units, Unit{Ordinal: last + 1, Role: Parent, Code: b.Code, Name: b.Name, Area: area, Before: b.Area})
}
