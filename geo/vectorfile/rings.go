package vectorfile

import (
	"context"
	"math"
	"sort"

	"github.com/paulmach/orb"
)

// group makes polygons of the rings of one Shapefile record. Outer rings run
// clockwise there and holes counter-clockwise, but many programs get it wrong;
// disorder tells that the directions made no sense and containment alone was
// followed: a ring in an even number of others is an outer one.
//
// Rings are compared by a position of one that is not on the other, so that a
// hole may touch its outer ring.
func group(ctx context.Context, parts [][]orb.Point) (polygons orb.MultiPolygon, disorder bool, err error) {
	if len(parts) == 1 {
		return orb.MultiPolygon{{parts[0]}}, false, nil
	}
	rings := make([]*boxed, 0, len(parts))
	for _, part := range parts {
		rings = append(rings, &boxed{ring: part, box: orb.Ring(part).Bound(), area: doubledArea(part)})
	}
	order := append([]*boxed(nil), rings...)
	sort.SliceStable(order, func(i, j int) bool { return math.Abs(order[i].area) < math.Abs(order[j].area) })
	for i, r := range order {
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		r.parent = r.smallestAround(order[i+1:])
	}
	for _, r := range rings {
		r.outer = r.area <= 0
	}
	for _, r := range rings {
		disorder = disorder || !r.outer && r.owner() == nil
	}
	if disorder {
		byDepth(order)
	}
	return assemblePolygons(rings), disorder, nil
}

// byDepth makes every other ring an outer one, from the outside inwards. The
// rings are sorted by size, the smallest first.
func byDepth(order []*boxed) {
	for i := len(order) - 1; i >= 0; i-- {
		r := order[i]
		r.outer = r.parent == nil || !r.parent.outer
	}
}

// assemblePolygons gives each hole to its outer ring, in the order of the file.
func assemblePolygons(rings []*boxed) orb.MultiPolygon {
	var polygons orb.MultiPolygon
	index := map[*boxed]int{}
	for _, r := range rings {
		if r.outer {
			index[r] = len(polygons)
			polygons = append(polygons, orb.Polygon{r.ring})
		}
	}
	for _, r := range rings {
		if !r.outer {
			i := index[r.owner()]
			polygons[i] = append(polygons[i], r.ring)
		}
	}
	return polygons
}

// boxed is a ring with what is asked of it again and again.
type boxed struct {
	ring   orb.Ring
	box    orb.Bound
	area   float64 // signed, clockwise negative
	parent *boxed  // the smallest ring around it, or nil
	outer  bool
}

// doubledArea is twice the signed area of a ring, clockwise negative.
func doubledArea(ring orb.Ring) (area float64) {
	for i := 1; i+1 < len(ring); i++ {
		p, q := ring[i], ring[i+1]
		area += (p[0]-ring[0][0])*(q[1]-ring[0][1]) - (q[0]-ring[0][0])*(p[1]-ring[0][1])
	}
	return area
}

// smallestAround is the first of rings that b lies in, or nil.
func (b *boxed) smallestAround(rings []*boxed) *boxed {
	for _, around := range rings {
		if around.contains(b) {
			return around
		}
	}
	return nil
}

// owner is the smallest outer ring around b, or nil.
func (b *boxed) owner() *boxed {
	around := b.parent
	for around != nil && !around.outer {
		around = around.parent
	}
	return around
}

// contains reports whether the other ring lies in b, borders included.
func (b *boxed) contains(other *boxed) bool {
	if !boundIn(b.box, other.box) {
		return false
	}
	for _, p := range other.ring {
		if side := b.side(p); side != 0 {
			return side > 0
		}
	}
	for i := 1; i < len(other.ring); i++ { // every position lies on the border
		p, q := other.ring[i-1], other.ring[i]
		if side := b.side(orb.Point{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2}); side != 0 {
			return side > 0
		}
	}
	return false
}

func boundIn(outer, inner orb.Bound) bool {
	return outer.Min[0] <= inner.Min[0] && outer.Min[1] <= inner.Min[1] &&
		outer.Max[0] >= inner.Max[0] && outer.Max[1] >= inner.Max[1]
}

// side is 1 for a position inside the ring, 0 on its border, -1 outside.
func (b *boxed) side(p orb.Point) int {
	inside := false
	for i, q := range b.ring {
		o := b.ring[(i+len(b.ring)-1)%len(b.ring)]
		cross := (q[0]-o[0])*(p[1]-o[1]) - (q[1]-o[1])*(p[0]-o[0])
		if cross == 0 && between(o[0], q[0], p[0]) && between(o[1], q[1], p[1]) {
			return 0
		}
		if (o[1] > p[1]) != (q[1] > p[1]) && (cross > 0) == (q[1] > o[1]) {
			inside = !inside
		}
	}
	if inside {
		return 1
	}
	return -1
}

func between(a, b, v float64) bool { return min(a, b) <= v && v <= max(a, b) }
