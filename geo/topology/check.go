package topology

import (
	"cmp"
	"context"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
)

// Check reports every place where parts fail to tile parent, in a stable order.
// Areas of the parent that are accepted as gaps are given as excluded. A nil
// result means an exact tiling.
//
// It walks each boundary with the inside on the left. In an exact tiling every
// inner edge is walked once in each direction and cancels; what remains is the
// parent's own boundary. Conversely, if the boundaries sum to the parent's then
// the areas do too, so no violations means an exact tiling, provided that each
// area is a valid polygon by itself, which is looked at first. Edges count as
// point sets: a vertex that only one of two neighbours has on their straight
// border is no fault.
//
// Only when the sum does not vanish a Mosaic is built to describe the faults.
// What Parts say about their parents is ignored.
func Check(parent geo.MultiPolygon, parts []Part, excluded ...geo.MultiPolygon) []Violation {
	if far := tooFar(parent, parts, excluded); far != nil {
		return far
	}
	var own []Violation
	for _, f := range ownFlaws(parent) {
		own = append(own, Violation{Kind: f.kind, At: f.at})
	}
	for _, p := range parts {
		own = append(own, checkPart(parent, p)...)
	}
	if own == nil && len(residue(parent, parts, excluded)) == 0 {
		return nil
	}
	return describe(parent, parts, excluded, own)
}

// checkPart judges one part by itself.
func checkPart(parent geo.MultiPolygon, p Part) []Violation {
	if isEmpty(p.Area) {
		return []Violation{{Kind: Empty, Codes: []string{p.Code}, At: placeOf(p.Area, parent)}}
	}
	var out []Violation
	for _, f := range ownFlaws(p.Area) {
		out = append(out, Violation{Kind: f.kind, Codes: []string{p.Code}, At: f.at})
	}
	return out
}

// placeOf is where an empty area is shown: at its first point, or in its parent if
// it has none.
func placeOf(area, parent geo.MultiPolygon) geo.Point {
	for _, polygon := range area {
		for _, r := range polygon {
			if len(r) > 0 {
				return r[0]
			}
		}
	}
	return LabelPoint(parent)
}

func isEmpty(area geo.MultiPolygon) bool {
	for _, polygon := range area {
		if len(polygon) > 0 && polygon[0].DoubledArea() != 0 {
			return false
		}
	}
	return true
}

// tooFar reports the areas that lie too far apart to be compared exactly.
func tooFar(parent geo.MultiPolygon, parts []Part, excluded []geo.MultiPolygon) []Violation {
	all := boundOf(parent)
	for _, p := range parts {
		all = all.Union(boundOf(p.Area))
	}
	for _, area := range excluded {
		all = all.Union(boundOf(area))
	}
	if !tooWide(all) {
		return nil
	}
	out := []Violation{}
	home := boundOf(parent)
	for _, p := range parts {
		if b := boundOf(p.Area); !b.Empty() && tooWide(home.Union(b)) {
			out = append(out, Violation{Kind: Extent, Codes: []string{p.Code}, At: b.Min})
		}
	}
	if len(out) == 0 {
		out = append(out, Violation{Kind: Extent, At: all.Min})
	}
	return identified(out)
}

// side is an edge, its lower end first, and how often more it is walked upwards
// than downwards.
type side struct {
	low, high geo.Point
	turns     int32
}

// residue is what remains of the sides of all parts and excluded areas after the
// parent's are taken away: nothing for an exact tiling.
func residue(parent geo.MultiPolygon, parts []Part, excluded []geo.MultiPolygon) []side {
	n := countVertices(parent)
	for _, p := range parts {
		n += countVertices(p.Area)
	}
	sum := make(map[[2]geo.Point]int32, n/2)
	addSides(sum, parent, -1)
	for _, p := range parts {
		addSides(sum, p.Area, 1)
	}
	for _, area := range excluded {
		addSides(sum, area, 1)
	}
	var left []side
	for ends, turns := range sum {
		if turns != 0 {
			left = append(left, side{ends[0], ends[1], turns})
		}
	}
	return cancelCollinear(left)
}

// addSides walks all rings with the inside on the left, however they are drawn.
func addSides(sum map[[2]geo.Point]int32, area geo.MultiPolygon, times int32) {
	for _, polygon := range area {
		for i, r := range polygon {
			if len(r) == 0 {
				continue
			}
			sign := times
			if (i == 0) != (r.DoubledArea() > 0) {
				sign = -times
			}
			p := r[len(r)-1]
			for _, q := range r {
				if less(p, q) {
					sum[[2]geo.Point{p, q}] += sign
				} else if p != q {
					sum[[2]geo.Point{q, p}] -= sign
				}
				p = q
			}
		}
	}
}

// line is the straight line that an edge lies on: its direction without common
// factors, and the cross product of that direction with any point on it.
type line struct {
	dx, dy int64
	offset int64
}

// cancelCollinear cancels sides that lie upon each other although their ends
// differ, and returns what is left of them, in order.
func cancelCollinear(sides []side) []side {
	if len(sides) == 0 {
		return nil
	}
	base := sides[0].low
	on := map[line][]side{}
	for _, s := range sides {
		l := lineOf(base, s)
		on[l] = append(on[l], s)
	}
	var left []side
	for _, sides := range on {
		left = append(left, cancelOnLine(sides)...)
	}
	slices.SortFunc(left, func(a, b side) int {
		return cmp.Or(comparePoints(a.low, b.low), comparePoints(a.high, b.high))
	})
	return left
}

func lineOf(base geo.Point, s side) line {
	dx, dy := int64(s.high.X)-int64(s.low.X), int64(s.high.Y)-int64(s.low.Y)
	d := gcd(max(dx, -dx), max(dy, -dy))
	dx, dy = dx/d, dy/d
	return line{dx, dy, dx*(int64(s.low.Y)-int64(base.Y)) - dy*(int64(s.low.X)-int64(base.X))}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// cancelOnLine sums up sides of one line.
func cancelOnLine(sides []side) []side {
	change := map[geo.Point]int32{}
	for _, s := range sides {
		change[s.low] += s.turns
		change[s.high] -= s.turns
	}
	stops := make([]geo.Point, 0, len(change))
	for p := range change {
		stops = append(stops, p)
	}
	slices.SortFunc(stops, comparePoints)
	var left []side
	turns := int32(0)
	for i, p := range stops {
		turns += change[p]
		if turns != 0 {
			left = append(left, side{p, stops[i+1], turns})
		}
	}
	return left
}

// describe tells what is wrong with a division that is known to be wrong.
func describe(parent geo.MultiPolygon, parts []Part, excluded []geo.MultiPolygon, own []Violation) []Violation {
	const code = "" // the parent's own code is not known here
	family := make([]Part, len(parts))
	for i, p := range parts {
		family[i] = Part{Code: p.Code, Parent: code, Area: p.Area}
	}
	// The extent is checked and the background context does not end, so Build
	// cannot fail.
	m, _ := Build(context.Background(), []Part{{Code: code, Area: parent}}, family, excluded...)
	m.units[0].used = true // even if there is no part at all
	out := own
	for _, v := range m.Violations() {
		if v.Kind == Gap || v.Kind == Overlap || v.Kind == Outside {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		out = slivers(residue(parent, parts, excluded), parts)
	}
	return identified(out)
}

// slivers describes what snap rounding would close: strips thinner than a step.
func slivers(left []side, parts []Part) []Violation {
	var out []Violation
	for _, chain := range chains(left) {
		v := Violation{Kind: Overlap, At: chain[0].low, Codes: walkedBy(chain, parts)}
		var doubled int64
		for _, s := range chain {
			doubled += int64(s.turns) * geo.Cross(v.At, s.low, s.high)
		}
		if doubled < 0 {
			v.Kind = Gap
			doubled = -doubled
		}
		const step = geo.MetersPerDegree / geo.Scale
		v.SquareMeters = geo.SquareMeters(float64(doubled) / 2 * step * step / stretch(float64(v.At.Y)))
		out = append(out, v)
	}
	return out
}

// chains groups sides that hang together, in order.
func chains(sides []side) [][]side {
	number := map[geo.Point]int32{}
	for _, s := range sides {
		for _, p := range [2]geo.Point{s.low, s.high} {
			if _, ok := number[p]; !ok {
				number[p] = int32(len(number))
			}
		}
	}
	joined := group.New(len(number))
	for _, s := range sides {
		joined.Join(number[s.low], number[s.high])
	}
	at := map[int32]int{}
	var out [][]side
	for _, s := range sides {
		g := joined.Of(number[s.low])
		i, ok := at[g]
		if !ok {
			i = len(out)
			at[g] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], s)
	}
	return out
}

// walkedBy lists the codes of the parts that have a vertex at both ends of one
// of the sides.
func walkedBy(chain []side, parts []Part) []string {
	ends := map[geo.Point]bool{}
	for _, s := range chain {
		ends[s.low], ends[s.high] = true, true
	}
	var out []string
	for _, p := range parts {
		shared := 0
		for _, polygon := range p.Area {
			for _, r := range polygon {
				for _, v := range r {
					if ends[v] {
						shared++
					}
				}
			}
		}
		if shared > 1 {
			out = append(out, p.Code)
		}
	}
	slices.Sort(out)
	return out
}

// identified gives violations their order and IDs.
func identified(list []Violation) []Violation {
	m := Mosaic{looked: true}
	for _, v := range list {
		m.found = append(m.found, &found{Violation: v, parent: none})
	}
	m.sortFound()
	return m.Violations()
}
