package atom

import (
	"maps"
	"slices"

	"wangge/geo"
)

// areaCell and lineCell are the sides of cells in which areas and lines are looked
// up, in lattice steps: about 200 m and 50 m.
const (
	areaCell = 20_000
	lineCell = 5_000
)

// buckets find boxes near a place within some bound.
type buckets struct {
	side  int32
	bound geo.Bound
	cells map[[2]int32][]int32
	boxes map[int32]geo.Bound
}

func newBuckets(side int32, bound geo.Bound) *buckets {
	return &buckets{side: side, bound: bound, cells: map[[2]int32][]int32{}, boxes: map[int32]geo.Bound{}}
}

func (b *buckets) cell(p geo.Point) [2]int32 {
	floor := func(v int32) int32 {
		if v < 0 {
			return (v+1)/b.side - 1
		}
		return v / b.side
	}
	return [2]int32{floor(p.X), floor(p.Y)}
}

func (b *buckets) add(item int32, box geo.Bound) {
	box.Min = geo.Point{X: max(box.Min.X, b.bound.Min.X), Y: max(box.Min.Y, b.bound.Min.Y)}
	box.Max = geo.Point{X: min(box.Max.X, b.bound.Max.X), Y: min(box.Max.Y, b.bound.Max.Y)}
	if box.Empty() {
		return
	}
	b.boxes[item] = box
	b.each(box, func(c [2]int32) { b.cells[c] = append(b.cells[c], item) })
}

func (b *buckets) each(box geo.Bound, visit func(c [2]int32)) {
	low, high := b.cell(box.Min), b.cell(box.Max)
	for x := low[0]; x <= high[0]; x++ {
		for y := low[1]; y <= high[1]; y++ {
			visit([2]int32{x, y})
		}
	}
}

// at lists the boxes that hold a place.
func (b *buckets) at(p geo.Point) []int32 { return b.in(geo.Bound{Min: p, Max: p}) }

// in lists the boxes that meet a box, ascending.
func (b *buckets) in(box geo.Bound) []int32 {
	var out []int32
	b.each(box, func(c [2]int32) {
		for _, item := range b.cells[c] {
			if b.boxes[item].Intersects(box) {
				out = append(out, item)
			}
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// goAround finds the buildings that a line passes through and adds their outlines,
// and those of the buildings between which a block was cut: the land under such a
// building becomes pieces of its own, which stay together.
func (c *cutter) goAround() {
	type segment struct{ a, b geo.Point }
	var segments []segment
	near := newBuckets(lineCell, c.bound)
	for _, l := range c.lines {
		for i := 1; i < len(l); i++ {
			if box := geo.EmptyBound.Extend(l[i-1]).Extend(l[i]); box.Intersects(c.bound) {
				near.add(int32(len(segments)), box)
				segments = append(segments, segment{l[i-1], l[i]})
			}
		}
	}
	for i, building := range c.Buildings {
		box := building.Bound()
		if !box.Intersects(c.bound) {
			continue
		}
		if !c.around[int32(i)] && slices.ContainsFunc(near.in(box), func(n int32) bool {
			return passesThrough(building, segments[n].a, segments[n].b)
		}) {
			c.around[int32(i)] = false
		}
	}
	for _, i := range slices.Sorted(maps.Keys(c.around)) {
		c.add(lineKind{class: Open}, outlines(c.Buildings[i])...)
	}
}

// passesThrough reports whether a segment crosses the outline of an area or has an
// end inside. One that only runs along the outline does not pass.
func passesThrough(area geo.MultiPolygon, a, b geo.Point) bool {
	touches := false
	for _, polygon := range area {
		for _, r := range polygon {
			p := r[len(r)-1]
			for _, q := range r {
				s, t := sign(geo.Cross(p, q, a)), sign(geo.Cross(p, q, b))
				u, v := sign(geo.Cross(a, b, p)), sign(geo.Cross(a, b, q))
				if s*t < 0 && u*v < 0 {
					return true
				}
				touches = touches || s*t <= 0 && u*v <= 0
				p = q
			}
		}
	}
	if touches { // from corner to corner, perhaps: its middle tells
		middle := geo.Point{X: int32((int64(a.X) + int64(b.X)) / 2), Y: int32((int64(a.Y) + int64(b.Y)) / 2)}
		return strictlyInside(area, middle) || strictlyInside(area, a) || strictlyInside(area, b)
	}
	return covers(area, a)
}

func strictlyInside(area geo.MultiPolygon, p geo.Point) bool {
	inside, _ := area.At(p)
	return inside
}

func sign(v int64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
