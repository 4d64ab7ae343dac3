package topology

import (
	"context"

	"wangge/geo"
)

// Slim takes vertices out of areas that tile some land: those that lie on an edge of
// what was drawn before, to the step, and turn nothing. Whoever cuts land along streets
// leaves one wherever a street meets a border that stays; without them that border is
// byte for byte what it was, and no neighbour gets a vertex for nothing.
//
// A vertex stays where a border of the areas begins that was not drawn, and everywhere
// if taking them out would bring borders together.
func Slim(areas, drawn []geo.MultiPolygon) []geo.MultiPolygon {
	lines := newEdgeTable(drawn)
	// A vertex goes if it goes in every ring that it is in, so that neighbours keep the same.
	stays := map[geo.Point]bool{}
	each := func(do func(r geo.Ring, i int)) {
		for _, area := range areas {
			for _, polygon := range area {
				for _, r := range polygon {
					for i := range r {
						do(r, i)
					}
				}
			}
		}
	}
	each(func(r geo.Ring, i int) {
		before, at, after := r[(i+len(r)-1)%len(r)], r[i], r[(i+1)%len(r)]
		if !stays[at] && (lines.corner[at] || !lines.hold(before, at, after)) {
			stays[at] = true
		}
	})
	out := make([]geo.MultiPolygon, len(areas))
	b, changed := newBorders(0), false
	for i, area := range areas {
		fewer, ok := redrawn(area, func(r geo.Ring, i int) []geo.Point {
			if stays[r[i]] {
				return r[i : i+1]
			}
			return nil
		})
		if out[i] = area; ok {
			changed, out[i] = true, canonical(fewer)
		}
		for _, polygon := range out[i] {
			for k, r := range polygon {
				if len(r) < 3 || turn(r) != 1-2*min(k, 1) {
					return areas
				}
			}
		}
		b.rings(out[i])
	}
	// The background context does not end, so firstHits cannot fail.
	if hits, _ := b.firstHits(context.Background()); !changed || len(hits) > 0 {
		return areas
	}
	return out
}

// edgeTable finds the edges near a place.
type edgeTable struct {
	corner map[geo.Point]bool
	cells  map[[2]int32][][2]geo.Point
}

// tableCell is how wide and high a cell of the table is, in lattice steps: about 200 m.
const tableCell = 20_000

func newEdgeTable(areas []geo.MultiPolygon) *edgeTable {
	t := &edgeTable{corner: map[geo.Point]bool{}, cells: map[[2]int32][][2]geo.Point{}}
	for _, area := range areas {
		for _, polygon := range area {
			for _, r := range polygon {
				for i, a := range r {
					b := r[(i+1)%len(r)]
					t.corner[a] = true
					// One step more on each side: a place beside the edge may lie in the next cell.
					low := cellOf(geo.Point{X: min(a.X, b.X) - 1, Y: min(a.Y, b.Y) - 1})
					high := cellOf(geo.Point{X: max(a.X, b.X) + 1, Y: max(a.Y, b.Y) + 1})
					for x := low[0]; x <= high[0]; x++ {
						for y := low[1]; y <= high[1]; y++ {
							t.cells[[2]int32{x, y}] = append(t.cells[[2]int32{x, y}], [2]geo.Point{a, b})
						}
					}
				}
			}
		}
	}
	return t
}

func cellOf(p geo.Point) [2]int32 {
	floor := func(v int32) int32 {
		if v < 0 {
			return (v+1)/tableCell - 1
		}
		return v / tableCell
	}
	return [2]int32{floor(p.X), floor(p.Y)}
}

// hold reports whether one edge has all these points on it, to the step.
func (t *edgeTable) hold(points ...geo.Point) bool {
	for _, e := range t.cells[cellOf(points[0])] {
		on := true
		for _, p := range points {
			on = on && beside(p, e[0], e[1])
		}
		if on {
			return true
		}
	}
	return false
}

// beside reports whether a place lies within a step of an edge.
func beside(p, a, b geo.Point) bool {
	dx, dy := float64(int64(b.X)-int64(a.X)), float64(int64(b.Y)-int64(a.Y))
	px, py := float64(int64(p.X)-int64(a.X)), float64(int64(p.Y)-int64(a.Y))
	whole := dx*dx + dy*dy
	part := 0.0
	if whole > 0 {
		part = min(1, max(0, (px*dx+py*dy)/whole))
	}
	px, py = px-part*dx, py-part*dy
	return px*px+py*py <= 1
}
