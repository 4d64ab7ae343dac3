package locate

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// Covering returns every unit whose closed polygon covers p, of all levels, in
// the order of the rule: the first one is the unit that Find returns. It looks
// at the bounds of all units, about a microsecond per thousand.
func (x *Index) Covering(p geo.Point) []int32 {
	var found []int32
	for _, unit := range x.order {
		if x.bounds[unit].Contains(p) && covers(x.units[unit].Area, p) {
			found = append(found, unit)
		}
	}
	return found
}

func covers(area geo.MultiPolygon, p geo.Point) bool {
	inside := false
	for _, polygon := range area {
		for _, ring := range polygon {
			if len(ring) < 3 {
				continue
			}
			odd, on := crossings(ring, p)
			if on {
				return true
			}
			lastOdd, on := crossings([]geo.Point{ring[len(ring)-1], ring[0]}, p)
			if on {
				return true
			}
			inside = inside != (odd != lastOdd)
		}
	}
	return inside
}

// A Neighbor is a unit whose border passes near a point.
type Neighbor struct {
	Unit     int32
	Distance geo.Meters // from the point to the nearest place on the border
	Inside   bool       // the unit covers the point
}

// Borders returns the units whose border comes within reach of p, nearest first,
// then in the order of the rule: what a hint like "12 m from grid 03" is made of.
func (x *Index) Borders(p geo.Point, reach geo.Meters) []Neighbor {
	plane := planeAt(p)
	margin := int64(math.Ceil(float64(reach) / plane.east))
	near := geo.Bound{
		Min: geo.Point{X: clampInt32(int64(p.X) - margin), Y: clampInt32(int64(p.Y) - margin)},
		Max: geo.Point{X: clampInt32(int64(p.X) + margin), Y: clampInt32(int64(p.Y) + margin)},
	}
	var found []Neighbor
	for _, unit := range x.order {
		if !x.bounds[unit].Intersects(near) {
			continue
		}
		area := x.units[unit].Area
		if d := plane.distance(area); d <= reach {
			found = append(found, Neighbor{Unit: unit, Distance: d, Inside: covers(area, p)})
		}
	}
	slices.SortStableFunc(found, func(a, b Neighbor) int { return cmp.Compare(a.Distance, b.Distance) })
	return found
}

func clampInt32(v int64) int32 { return int32(max(math.MinInt32, min(v, math.MaxInt32))) }

// A plane measures metres around a point as if the Earth were flat there: good
// to a millimetre in a kilometre, away from the poles.
type plane struct {
	center      geo.Point
	east, north float64 // metres in one lattice step
}

func planeAt(p geo.Point) plane {
	const step = geo.MetersPerDegree / geo.Scale
	lat := float64(p.Y) / geo.Scale * math.Pi / 180
	return plane{center: p, east: step * math.Max(0.01, math.Cos(lat)), north: step}
}

// distance is from the centre to the nearest place on the border of the area.
func (pl plane) distance(area geo.MultiPolygon) geo.Meters {
	best := math.Inf(1)
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, a := range ring {
				best = min(best, pl.squared(a, ring[(i+1)%len(ring)]))
			}
		}
	}
	return geo.Meters(math.Sqrt(best))
}

// squared is the square of the distance from the centre to an edge.
func (pl plane) squared(a, b geo.Point) float64 {
	ax, ay := pl.meters(a)
	bx, by := pl.meters(b)
	dx, dy := bx-ax, by-ay
	if length := dx*dx + dy*dy; length > 0 {
		along := max(0, min(1, -(ax*dx+ay*dy)/length))
		ax, ay = ax+along*dx, ay+along*dy
	}
	return ax*ax + ay*ay
}

func (pl plane) meters(p geo.Point) (east, north float64) {
	return (float64(p.X) - float64(pl.center.X)) * pl.east, (float64(p.Y) - float64(pl.center.Y)) * pl.north
}
