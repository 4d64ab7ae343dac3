package town

import (
	"math"
	"math/rand/v2"

	"wangge/geo"
)

// Products are rounded by a conversion before they are added: Go may otherwise
// fuse the two operations, on some machines only, and the town would differ in
// its last digits from one machine to another. For the same reason sines come
// from here and not from math.

// vec is a place or a direction on the ground in metres, x east and y north.
type vec struct{ x, y float64 }

func (a vec) add(b vec) vec           { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec           { return vec{a.x - b.x, a.y - b.y} }
func (a vec) mul(k float64) vec       { return vec{float64(a.x * k), float64(a.y * k)} }
func (a vec) dot(b vec) float64       { return float64(a.x*b.x) + float64(a.y*b.y) }
func (a vec) cross(b vec) float64     { return float64(a.x*b.y) - float64(a.y*b.x) }
func (a vec) norm() float64           { return math.Sqrt(a.dot(a)) }
func (a vec) dist(b vec) float64      { return a.sub(b).norm() }
func (a vec) left() vec               { return vec{-a.y, a.x} }
func (a vec) to(b vec, t float64) vec { return a.add(b.sub(a).mul(t)) }

// unit is the direction of a; that of a zero vector is east.
func (a vec) unit() vec {
	n := a.norm()
	if n == 0 {
		return vec{1, 0}
	}
	return vec{a.x / n, a.y / n}
}

// along is a·k added to a: a + u·k, the place k metres from a in direction u.
func (a vec) along(u vec, k float64) vec { return a.add(u.mul(k)) }

// turn rotates a by an angle in radians, counter-clockwise.
func (a vec) turn(angle float64) vec {
	s, c := sine(angle), sine(angle+math.Pi/2)
	return vec{float64(a.x*c) - float64(a.y*s), float64(a.x*s) + float64(a.y*c)}
}

// sine is the sine of an angle in radians, to about 1e-9.
func sine(a float64) float64 {
	a -= float64(math.Round(a/(2*math.Pi)) * 2 * math.Pi)
	if a > math.Pi/2 {
		a = math.Pi - a
	} else if a < -math.Pi/2 {
		a = -math.Pi - a
	}
	sq := float64(a * a)
	sum, term := a, a
	for n := 2.0; n <= 14; n += 2 {
		term = float64(term*sq) / float64(-n*(n+1))
		sum += term
	}
	return sum
}

// segmentMeet returns where p→q crosses a→b as parts t and u of the two; ok is
// false for parallel lines or a crossing outside of either.
func segmentMeet(p, q, a, b vec) (t, u float64, ok bool) {
	r, s := q.sub(p), b.sub(a)
	d := r.cross(s)
	if d == 0 {
		return 0, 0, false
	}
	w := a.sub(p)
	t, u = w.cross(s)/d, w.cross(r)/d
	return t, u, t >= 0 && t <= 1 && u >= 0 && u <= 1
}

// distToSegment is the distance from p to the segment a→b.
func distToSegment(p, a, b vec) float64 {
	d := b.sub(a)
	n := d.dot(d)
	if n == 0 {
		return p.dist(a)
	}
	t := min(1, max(0, p.sub(a).dot(d)/n))
	return p.dist(a.add(d.mul(t)))
}

// shape is a ring on the ground, counter-clockwise.
type shape []vec

// area in square metres.
func (s shape) area() float64 {
	var sum float64
	for i := 1; i+1 < len(s); i++ {
		sum += s[i].sub(s[0]).cross(s[i+1].sub(s[0]))
	}
	return sum / 2
}

// center is the centre of gravity.
func (s shape) center() vec {
	var sum vec
	var whole float64
	for i := 1; i+1 < len(s); i++ {
		a, b := s[i].sub(s[0]), s[i+1].sub(s[0])
		w := a.cross(b)
		sum = sum.add(a.add(b).mul(w / 3))
		whole += w
	}
	if whole == 0 {
		return s[0]
	}
	return s[0].add(sum.mul(1 / whole))
}

// has reports whether p lies inside.
func (s shape) has(p vec) bool {
	in := false
	for i, a := range s {
		b := s[(i+1)%len(s)]
		if (a.y > p.y) != (b.y > p.y) && (b.sub(a).cross(p.sub(a)) > 0) == (b.y > a.y) {
			in = !in
		}
	}
	return in
}

// halfway is half the length of the outline: the length of a narrow strip.
func (s shape) halfway() float64 {
	var sum float64
	for i, p := range s {
		sum += p.dist(s[(i+1)%len(s)])
	}
	return sum / 2
}

// span is the extent of the shape along a direction.
func (s shape) span(u vec) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range s {
		k := p.dot(u)
		lo, hi = min(lo, k), max(hi, k)
	}
	return lo, hi
}

// axis is the direction of the longer side of the smallest rectangle around the
// shape.
func (s shape) axis() vec {
	best, least := vec{1, 0}, math.Inf(1)
	for i, a := range s {
		u := s[(i+1)%len(s)].sub(a).unit()
		l0, h0 := s.span(u)
		l1, h1 := s.span(u.left())
		if box := float64((h0 - l0) * (h1 - l1)); box < least {
			least, best = box, u
			if h1-l1 > h0-l0 {
				best = u.left()
			}
		}
	}
	return best
}

// frame places metres on the lattice: an equirectangular plane around a centre,
// for both the town and a county of towns.
type frame struct {
	center geo.Point
	mx, my float64 // metres in a lattice step
}

func newFrame(center geo.Point) frame {
	const step = geo.MetersPerDegree / geo.Scale
	lat := float64(float64(center.Y) / geo.Scale * (math.Pi / 180))
	return frame{center: center, mx: float64(step * sine(lat+math.Pi/2)), my: step}
}

func (f frame) lattice(v vec) geo.Point {
	return geo.Point{
		X: f.center.X + int32(math.Round(v.x/f.mx)),
		Y: f.center.Y + int32(math.Round(v.y/f.my)),
	}
}

func (f frame) meters(p geo.Point) vec {
	return vec{float64(float64(p.X-f.center.X) * f.mx), float64(float64(p.Y-f.center.Y) * f.my)}
}

func (f frame) ring(s shape) geo.Ring {
	out := make(geo.Ring, 0, len(s))
	for _, v := range s {
		if p := f.lattice(v); len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

// dice is a seeded source of chance.
type dice struct{ *rand.Rand }

func newDice(seed uint64, stream ...uint64) dice {
	h := uint64(0x9e3779b97f4a7c15)
	for _, s := range stream {
		h = (h ^ s) * 0xbf58476d1ce4e5b9
		h ^= h >> 29
	}
	return dice{rand.New(rand.NewPCG(seed, h))}
}

func (d dice) between(lo, hi float64) float64 { return lo + float64(d.Float64()*(hi-lo)) }
func (d dice) chance(p float64) bool          { return d.Float64() < p }

// bell is roughly normal with mean 0 and deviation 1, within ±3.5.
func (d dice) bell() float64 {
	var sum float64
	for range 4 {
		sum += d.Float64()
	}
	return float64((sum - 2) * 1.7320508)
}

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// weighted picks an index with chances in proportion to weights.
func weighted(d dice, weights ...float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := float64(d.Float64() * sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
