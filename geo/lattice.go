package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Scale is the number of lattice steps in one degree. One step is 1.1 cm of
// latitude; it is also the step of OpenStreetMap's own coordinates.
const Scale = 10_000_000

// SRID is the only spatial reference in which anything is stored: WGS 84.
const SRID = 4326

// Point is a place in whole lattice steps of 1e-7 degrees: X is the longitude,
// Y the latitude. Differences of two points within MaxExtent fit 30 bits, so
// that cross products are exact in int64.
type Point struct{ X, Y int32 }

// MaxExtent is the largest width and height, in lattice steps (90 degrees), of a
// set of areas that may be compared with each other. Cross products of
// differences below it are exact in 64 bits.
const MaxExtent = 90 * Scale

// Ring is a closed ring whose last point is not repeated. Outer rings run
// counter-clockwise (inside on the left), holes clockwise, as in RFC 7946.
type Ring []Point

// Polygon is an outer ring and its holes.
type Polygon []Ring

// MultiPolygon is a set of polygons that meet in points at most.
type MultiPolygon []Polygon

// Snap rounds degrees to the lattice, halves away from zero. The place must be
// one on the globe: what a caller sent is checked before.
func Snap(p orb.Point) Point {
	return Point{X: int32(math.Round(p[0] * Scale)), Y: int32(math.Round(p[1] * Scale))}
}

// Degrees is the place in degrees, longitude first. It is the float64 nearest to
// the decimal value, so that Snap(p.Degrees()) == p and text output is short.
func (p Point) Degrees() orb.Point {
	return orb.Point{float64(p.X) / Scale, float64(p.Y) / Scale}
}

// Cross is twice the signed area of the triangle o, a, b: positive when it turns
// left. It is exact within MaxExtent.
func Cross(o, a, b Point) int64 {
	return (int64(a.X)-int64(o.X))*(int64(b.Y)-int64(o.Y)) -
		(int64(a.Y)-int64(o.Y))*(int64(b.X)-int64(o.X))
}

// DoubledArea is twice the signed area of the ring in square lattice steps,
// positive for a counter-clockwise ring. Exact while the ring lies within
// MaxExtent and has an area below 2^62 square steps (all of China is 2^57).
func (r Ring) DoubledArea() int64 {
	if len(r) < 3 {
		return 0
	}
	var sum int64
	for i := 1; i+1 < len(r); i++ {
		sum += Cross(r[0], r[i], r[i+1])
	}
	return sum
}

// Reversed returns the ring walked the other way.
func (r Ring) Reversed() Ring {
	out := make(Ring, len(r))
	for i, p := range r {
		out[len(r)-1-i] = p
	}
	return out
}

// Bound is a box on the lattice, borders included.
type Bound struct{ Min, Max Point }

// EmptyBound contains nothing and is the start of every union.
var EmptyBound = Bound{
	Min: Point{math.MaxInt32, math.MaxInt32},
	Max: Point{math.MinInt32, math.MinInt32},
}

// Extend returns the smallest box with both b and p in it.
func (b Bound) Extend(p Point) Bound {
	return Bound{
		Min: Point{min(b.Min.X, p.X), min(b.Min.Y, p.Y)},
		Max: Point{max(b.Max.X, p.X), max(b.Max.Y, p.Y)},
	}
}

// Union returns the smallest box with both in it.
func (b Bound) Union(c Bound) Bound {
	return Bound{
		Min: Point{min(b.Min.X, c.Min.X), min(b.Min.Y, c.Min.Y)},
		Max: Point{max(b.Max.X, c.Max.X), max(b.Max.Y, c.Max.Y)},
	}
}

// Empty reports whether nothing lies in the box.
func (b Bound) Empty() bool { return b.Min.X > b.Max.X || b.Min.Y > b.Max.Y }

// Contains reports whether p lies in the box or on its border.
func (b Bound) Contains(p Point) bool {
	return b.Min.X <= p.X && p.X <= b.Max.X && b.Min.Y <= p.Y && p.Y <= b.Max.Y
}

// Intersects reports whether the boxes share a point.
func (b Bound) Intersects(c Bound) bool {
	return b.Min.X <= c.Max.X && c.Min.X <= b.Max.X && b.Min.Y <= c.Max.Y && c.Min.Y <= b.Max.Y
}

// Bound is the box of the ring.
func (r Ring) Bound() Bound {
	b := EmptyBound
	for _, p := range r {
		b = b.Extend(p)
	}
	return b
}

// Bound is the box of all outer rings.
func (m MultiPolygon) Bound() Bound {
	b := EmptyBound
	for _, polygon := range m {
		if len(polygon) > 0 {
			b = b.Union(polygon[0].Bound())
		}
	}
	return b
}

// At reports whether p lies inside the polygon, holes aside, or on its border. It is exact.
func (g Polygon) At(p Point) (inside, on bool) {
	for _, r := range g {
		if len(r) == 0 {
			continue
		}
		a := r[len(r)-1]
		for _, b := range r {
			aBelow, bBelow := a.Y <= p.Y, b.Y <= p.Y
			if aBelow != bBelow {
				side := Cross(a, b, p) // above 0: p is left of a→b
				if side == 0 {
					return false, true
				}
				if (side > 0) == aBelow { // the edge is east of p
					inside = !inside
				}
			} else if a.Y == p.Y && b.Y == p.Y && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) || b == p {
				return false, true
			}
			a = b
		}
	}
	return inside, false
}

// At reports whether p lies inside the area, or on the border of one of its polygons.
func (m MultiPolygon) At(p Point) (inside, on bool) {
	for _, g := range m {
		in, border := g.At(p)
		if border {
			return false, true
		}
		inside = inside != in
	}
	return inside, false
}

// Orb returns the area in degrees with closed rings, for output.
func (m MultiPolygon) Orb() orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(m))
	for _, polygon := range m {
		p := make(orb.Polygon, 0, len(polygon))
		for _, ring := range polygon {
			r := make(orb.Ring, 0, len(ring)+1)
			for _, at := range ring {
				r = append(r, at.Degrees())
			}
			if len(r) > 0 {
				r = append(r, r[0])
			}
			p = append(p, r)
		}
		out = append(out, p)
	}
	return out
}

// FromOrb rounds an area in degrees to the lattice: repeated points are dropped,
// rings with fewer than three points left vanish, and rings are turned (outer
// counter-clockwise, holes clockwise). It mends nothing else: an area that
// crosses itself still does.
func FromOrb(m orb.MultiPolygon) MultiPolygon {
	out := make(MultiPolygon, 0, len(m))
	for _, polygon := range m {
		p := make(Polygon, 0, len(polygon))
		for i, ring := range polygon {
			r := ringFromOrb(ring)
			if len(r) < 3 {
				if i == 0 {
					p = nil
					break // an area without an outer ring has no holes either
				}
				continue
			}
			if outer := i == 0; outer != (r.DoubledArea() > 0) {
				r = r.Reversed()
			}
			p = append(p, r)
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func ringFromOrb(ring orb.Ring) Ring {
	r := make(Ring, 0, len(ring))
	for _, p := range ring {
		if at := Snap(p); len(r) == 0 || r[len(r)-1] != at {
			r = append(r, at)
		}
	}
	for len(r) > 1 && r[0] == r[len(r)-1] {
		r = r[:len(r)-1]
	}
	return r
}
