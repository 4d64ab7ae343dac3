// Package locate answers which unit is responsible for a place.
//
// The rule, the same in Go, in SQL (unit_at) and in tiles: among the units whose
// closed polygon covers the point the lowest level wins, then the lowest code in
// byte order, then the lowest id. A point exactly on a border therefore belongs
// to every unit that touches it, and the rule picks one of them. All tests are
// exact: coordinates are whole lattice steps and products are int64.
//
// An Index is a table of square cells over longitude and latitude. A cell holds
// the answer when it is the same for every point in it, and otherwise the few
// edges near it, grouped by unit in the order of the rule. Crowded cells are
// tables again. Memory grows with the number of edges, not with the area.
package locate

import (
	"cmp"
	"slices"

	"wangge/geo"
)

// Unit is an area somebody is responsible for.
type Unit struct {
	ID   int64
	Code string
	// Rank orders levels: the larger the rank, the lower the level (grid.Level).
	Rank int
	// Area is a valid multipolygon on the lattice. Its edges must be shorter
	// than 45 degrees, which keeps products within int64.
	Area geo.MultiPolygon
}

// None is the answer for a point that no unit covers.
const None int32 = -1

// Index finds the responsible unit. It never changes after Build and may be
// used by any number of goroutines.
type Index struct {
	units   []Unit
	bounds  []geo.Bound
	order   []int32 // units in the order of the rule
	bound   geo.Bound
	tables  []table // the first is the whole, the others lie inside one cell
	cells   []cell
	entries []entry
	points  []geo.Point
}

// Build prepares the units for Find. It keeps the slices of the areas, which
// must not change afterwards.
func Build(units []Unit) *Index {
	x := &Index{
		units:  slices.Clone(units),
		bounds: make([]geo.Bound, len(units)),
		order:  make([]int32, len(units)),
		bound:  geo.EmptyBound,
	}
	for i, u := range x.units {
		x.order[i] = int32(i)
		x.bounds[i] = u.Area.Bound()
		x.bound = x.bound.Union(x.bounds[i])
	}
	slices.SortFunc(x.order, func(a, b int32) int { return compare(&x.units[a], &x.units[b]) })
	(&builder{Index: x}).build()
	return x
}

// compare is the order of the rule: lowest level, lowest code in byte order,
// lowest id.
func compare(a, b *Unit) int {
	return cmp.Or(
		cmp.Compare(b.Rank, a.Rank),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.ID, b.ID),
	)
}

// Len is the number of units.
func (x *Index) Len() int { return len(x.units) }

// Unit returns a unit by its position in the slice given to Build.
func (x *Index) Unit(i int) Unit { return x.units[i] }

// Bytes is the memory of the tables, without the areas themselves.
func (x *Index) Bytes() int {
	return len(x.tables)*tableBytes + len(x.cells)*cellBytes +
		len(x.entries)*entryBytes + len(x.points)*pointBytes
}

// Find returns the responsible unit at p as its position in the slice given to
// Build, or false when no unit covers p.
func (x *Index) Find(p geo.Point) (unit int, ok bool) {
	i := x.find(p)
	return int(i), i != None
}

// FindAll writes the responsible unit of every point to out, which must be at
// least as long as pts; None where there is none. It allocates nothing.
func (x *Index) FindAll(pts []geo.Point, out []int32) {
	out = out[:len(pts)]
	for i, p := range pts {
		out[i] = x.find(p)
	}
}

func (x *Index) find(p geo.Point) int32 {
	if !x.bound.Contains(p) {
		return None
	}
	for t := &x.tables[0]; ; {
		c := x.cells[t.cellOf(p)]
		if c >= cell(None) {
			return int32(c)
		}
		child, isTable := c.table()
		if !isTable {
			return x.decide(c.entry(), p)
		}
		t = &x.tables[child]
	}
}

// decide walks the candidates of one cell in the order of the rule.
func (x *Index) decide(at int32, p geo.Point) int32 {
	inside := false
	for {
		e := &x.entries[at]
		odd, on := crossings(x.points[e.first:e.first+e.size], p)
		if on {
			return e.unit
		}
		inside = inside != (odd != e.has(seedInside))
		switch {
		case e.has(sameUnit):
			// The next entry belongs to the same unit.
		case inside:
			return e.unit
		case e.has(lastEntry):
			return None
		}
		at++
	}
}

// crossings walks a line and counts the edges that a ray from p towards the west
// meets: odd is the parity of that number. The ray runs infinitely little above
// p, so that a vertex at its height counts once. on reports that p lies on the
// line itself, except on its first point.
func crossings(line []geo.Point, p geo.Point) (odd, on bool) {
	if len(line) == 0 {
		return false, false
	}
	a := line[0]
	aBelow := a.Y <= p.Y
	for _, b := range line[1:] {
		bBelow := b.Y <= p.Y
		if aBelow != bBelow {
			side := geo.Cross(a, b, p) // positive: p is left of a→b
			if side == 0 {
				on = true
			}
			// Upwards with p on the right, or downwards with p on the left,
			// the edge is west of p.
			if (side < 0) == aBelow && side != 0 {
				odd = !odd
			}
		} else if b.Y == p.Y && (b.X == p.X || a.Y == p.Y && (a.X < p.X) != (b.X < p.X)) {
			on = true
		}
		a, aBelow = b, bBelow
	}
	return odd, on
}
