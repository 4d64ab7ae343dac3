package topology

import (
	"context"
	"slices"

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
	lines := newBorders(0)
	for _, area := range drawn {
		lines.rings(area)
	}
	edges := lines.edgeIndex()
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
		if _, corner := lines.id[at]; corner || !stays[at] && !lines.holds(edges, at, before, after) {
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

// holds reports whether one edge has all these places on it, to the step; edges are those of b.
func (b *borders) holds(edges *index, places ...geo.Point) (found bool) {
	edges.search(segmentBound(places[0], places[0], 1), func(e int32) bool {
		p, q := b.segment(e)
		found = !slices.ContainsFunc(places, func(at geo.Point) bool {
			x, y := float64(int64(at.X)-int64(p.X)), float64(int64(at.Y)-int64(p.Y))
			return squaredDistance(x, y, 0, 0, float64(int64(q.X)-int64(p.X)), float64(int64(q.Y)-int64(p.Y))) > 1
		})
		return !found
	})
	return found
}
