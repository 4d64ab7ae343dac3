package topology

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"wangge/geo"
)

// quilt is a division that is valid by construction: a board of fields whose
// inner corners are jittered. The parent has the outer border of the board with
// every vertex on it.
type quilt struct {
	parent geo.MultiPolygon
	parts  []Part
}

// places of the board on the lattice, near Hangzhou.
var quiltOrigin = geo.Point{X: 1_200_000_000, Y: 302_000_000}

// newQuilt makes n by n fields of 2*half steps. Every border between two corners
// has bends more vertices, jittered too.
func newQuilt(rng *rand.Rand, n, bends int, half int32) quilt {
	q := quilt{}
	corner := make([][]geo.Point, n+1)
	for i := range corner {
		corner[i] = make([]geo.Point, n+1)
		for j := range corner[i] {
			p := geo.Point{X: quiltOrigin.X + int32(i)*2*half, Y: quiltOrigin.Y + int32(j)*2*half}
			if i > 0 && i < n && j > 0 && j < n {
				p.X += jitter(rng, half/3)
				p.Y += jitter(rng, half/3)
			}
			corner[i][j] = p
		}
	}
	bent := map[[2]geo.Point]geo.Ring{}
	side := func(a, b geo.Point, straight bool) geo.Ring {
		if r, ok := bent[[2]geo.Point{b, a}]; ok {
			return r.Reversed()
		}
		r := geo.Ring{}
		for k := 1; k <= bends; k++ {
			p := geo.Point{
				X: a.X + int32(int64(b.X-a.X)*int64(k)/int64(bends+1)),
				Y: a.Y + int32(int64(b.Y-a.Y)*int64(k)/int64(bends+1)),
			}
			if !straight {
				// An eighth of the way to the next vertex cannot make sides meet
				// that leave a corner at 50 degrees or more.
				p.X += jitter(rng, half/int32(bends+1)/4)
				p.Y += jitter(rng, half/int32(bends+1)/4)
			}
			r = append(r, p)
		}
		bent[[2]geo.Point{a, b}] = r
		return r
	}
	for i := range n {
		for j := range n {
			corners := []geo.Point{corner[i][j], corner[i+1][j], corner[i+1][j+1], corner[i][j+1]}
			rim := []bool{j == 0, i == n-1, j == n-1, i == 0}
			var r geo.Ring
			for k, a := range corners {
				r = append(r, a)
				r = append(r, side(a, corners[(k+1)%4], rim[k])...)
			}
			q.parts = append(q.parts, Part{Code: fmt.Sprintf("%03d%03d", i, j), Parent: "P", Area: geo.MultiPolygon{{r}}})
		}
	}
	q.parent = geo.MultiPolygon{{outerRing(q.parts)}}
	return q
}

// outerRing joins the sides that are walked once.
func outerRing(parts []Part) geo.Ring {
	next := map[geo.Point]geo.Point{}
	back := map[[2]geo.Point]bool{}
	for _, p := range parts {
		for _, r := range p.Area[0] {
			for i, a := range r {
				back[[2]geo.Point{r[(i+1)%len(r)], a}] = true
			}
		}
	}
	var start geo.Point
	for _, p := range parts {
		r := p.Area[0][0]
		for i, a := range r {
			if b := r[(i+1)%len(r)]; !back[[2]geo.Point{a, b}] {
				next[a] = b
				start = a
			}
		}
	}
	ring := geo.Ring{start}
	for p := next[start]; p != start; p = next[p] {
		ring = append(ring, p)
	}
	return ring
}

func jitter(rng *rand.Rand, by int32) int32 { return rng.Int32N(2*by+1) - by }

// clone copies a division deeply enough to break it.
func (q quilt) clone() quilt {
	c := quilt{parent: cloneArea(q.parent)}
	for _, p := range q.parts {
		p.Area = cloneArea(p.Area)
		c.parts = append(c.parts, p)
	}
	return c
}

func cloneArea(a geo.MultiPolygon) geo.MultiPolygon {
	out := make(geo.MultiPolygon, len(a))
	for i, polygon := range a {
		out[i] = make(geo.Polygon, len(polygon))
		for k, r := range polygon {
			out[i][k] = slices.Clone(r)
		}
	}
	return out
}

// at returns the part of a field.
func (q quilt) at(code string) *Part {
	for i := range q.parts {
		if q.parts[i].Code == code {
			return &q.parts[i]
		}
	}
	panic("no field " + code)
}

// merge makes one part of several, which need not be neighbours: a hole, an
// enclave or a part of several pieces.
func (q *quilt) merge(into string, codes ...string) {
	areas := []geo.MultiPolygon{q.at(into).Area}
	for _, c := range codes {
		areas = append(areas, q.at(c).Area)
	}
	q.at(into).Area = Union(areas...)
	q.parts = slices.DeleteFunc(q.parts, func(p Part) bool { return slices.Contains(codes, p.Code) })
}

func (q quilt) parents() []Part { return []Part{{Code: "P", Area: q.parent}} }

func square(x, y, size int32) geo.Ring {
	return geo.Ring{{X: x, Y: y}, {X: x + size, Y: y}, {X: x + size, Y: y + size}, {X: x, Y: y + size}}
}

func areasOf(parts []Part) []geo.MultiPolygon {
	areas := make([]geo.MultiPolygon, len(parts))
	for i, p := range parts {
		areas[i] = p.Area
	}
	return areas
}
