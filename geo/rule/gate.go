package rule

import (
	"math"

	"wangge/geo"
)

// Barrier is a river, a canal, a railway or a main road: a line, or the area of the water.
type Barrier struct {
	Kind string
	Name string
	Line []geo.Point
	Area geo.MultiPolygon
}

const (
	// pace is how far apart, in metres, a barrier is looked at.
	pace = 10
	// beyond is how far, in metres, a unit must reach past a barrier on either side
	// to lie on both. Borders run along a road's middle, its kerb or the houses; the
	// widest road is 60 m from house to house.
	beyond = 30
	// widest is the widest water, in metres, that has two sides here: beyond it lies
	// another town.
	widest = 1500
)

// gate is a stretch of a barrier with a place on either side of it.
type gate struct {
	near, far geo.Point
	at        geo.Point
	barrier   int32
	metres    float32
}

// gates looks at a barrier every few metres, as far as it lies in the bound.
func gates(b Barrier, number int32, bound geo.Bound) []gate {
	var list []gate
	for i := 1; i < len(b.Line); i++ {
		list = alongLine(list, b.Line[i-1], b.Line[i], number, bound)
	}
	if len(b.Area) > 0 {
		list = alongBanks(list, b.Area, number, bound)
	}
	return list
}

func alongLine(list []gate, p, q geo.Point, number int32, bound geo.Bound) []gate {
	walk(p, q, bound, func(at geo.Point, f frame, dx, dy, metres float64) {
		list = append(list, gate{near: aside(at, f, dy, -dx, beyond), far: aside(at, f, -dy, dx, beyond), at: at, barrier: number, metres: float32(metres)})
	})
	return list
}

// alongBanks looks across the water from every bank: where water is left of an edge,
// land is right of it, and the other bank is the next edge ahead. A crossing is so
// met from both banks and counts half from each.
func alongBanks(list []gate, area geo.MultiPolygon, number int32, bound geo.Bound) []gate {
	banks := nearBanks(area, bound)
	for _, e := range banks {
		walk(e.a, e.b, bound, func(at geo.Point, f frame, dx, dy, metres float64) {
			wide := math.Inf(1)
			for _, other := range banks {
				if other != e {
					wide = min(wide, meets(at, f, -dy, dx, other))
				}
			}
			if wide > widest {
				return
			}
			list = append(list, gate{near: aside(at, f, dy, -dx, beyond), far: aside(at, f, -dy, dx, wide+beyond), at: at, barrier: number, metres: float32(metres / 2)})
		})
	}
	return list
}

// nearBanks are the edges that may be a bank of water in the bound.
func nearBanks(area geo.MultiPolygon, bound geo.Bound) []edge {
	var list []edge
	f := frameAt(bound.Min.Y)
	wide := grown(bound, int64(widest/f.x))
	for _, polygon := range area {
		for _, r := range polygon {
			for i, p := range r {
				q := r[(i+1)%len(r)]
				if p != q && geo.EmptyBound.Extend(p).Extend(q).Intersects(wide) {
					list = append(list, edge{p, q})
				}
			}
		}
	}
	return list
}

// walk visits the middles of the paces from p to q that lie in the bound, with the
// direction (of length 1, in metres) and the length of a pace.
func walk(p, q geo.Point, bound geo.Bound, visit func(at geo.Point, f frame, dx, dy, metres float64)) {
	if !geo.EmptyBound.Extend(p).Extend(q).Intersects(bound) {
		return
	}
	f := frameAt(int32((int64(p.Y) + int64(q.Y)) / 2))
	dx, dy := float64(int64(q.X)-int64(p.X))*f.x, float64(int64(q.Y)-int64(p.Y))*f.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	n := max(1, int(math.Round(length/pace)))
	for i := range n {
		part := (float64(i) + 0.5) / float64(n)
		at := geo.Point{
			X: p.X + int32(math.Round(float64(int64(q.X)-int64(p.X))*part)),
			Y: p.Y + int32(math.Round(float64(int64(q.Y)-int64(p.Y))*part)),
		}
		if bound.Contains(at) {
			visit(at, f, dx/length, dy/length, length/float64(n))
		}
	}
}

// aside is the place so many metres from p in a direction.
func aside(p geo.Point, f frame, dx, dy, metres float64) geo.Point {
	return geo.Point{X: p.X + int32(math.Round(dx*metres/f.x)), Y: p.Y + int32(math.Round(dy*metres/f.y))}
}

// meets is how far ahead of p in a direction an edge lies; infinite when it does not.
func meets(p geo.Point, f frame, dx, dy float64, e edge) float64 {
	ax, ay := float64(int64(e.a.X)-int64(p.X))*f.x, float64(int64(e.a.Y)-int64(p.Y))*f.y
	bx, by := float64(int64(e.b.X)-int64(p.X))*f.x, float64(int64(e.b.Y)-int64(p.Y))*f.y
	left, right := dx*ay-dy*ax, dx*by-dy*bx // of the ray
	if left > 0 == (right > 0) {
		return math.Inf(1)
	}
	part := left / (left - right)
	ahead := (ax+(bx-ax)*part)*dx + (ay+(by-ay)*part)*dy
	if ahead <= 0 {
		return math.Inf(1)
	}
	return ahead
}

func grown(b geo.Bound, by int64) geo.Bound {
	if b.Empty() {
		return b
	}
	limit := func(v int64) int32 { return int32(min(max(v, math.MinInt32), math.MaxInt32)) }
	return geo.Bound{
		Min: geo.Point{X: limit(int64(b.Min.X) - by), Y: limit(int64(b.Min.Y) - by)},
		Max: geo.Point{X: limit(int64(b.Max.X) + by), Y: limit(int64(b.Max.Y) + by)},
	}
}
