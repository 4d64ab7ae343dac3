package atom

import (
	"math"
	"slices"

	"wangge/geo"
)

const (
	// sampleStep is how far apart the samples of an outline stand, in metres.
	sampleStep = 4
	// inset is how far inside the outline they stand, in metres, so that the line
	// between two houses with a common wall is that wall.
	inset = 0.3
	// straighten is how far, in metres, a line between buildings may be off the middle.
	straighten = 0.7
)

// plane turns the lattice around a place into decimetres, the same in both
// directions.
type plane struct {
	origin geo.Point
	kx, ky float64 // decimetres of a step
}

func planeAround(b geo.Bound) plane {
	o := geo.Point{X: int32((int64(b.Min.X) + int64(b.Max.X)) / 2), Y: int32((int64(b.Min.Y) + int64(b.Max.Y)) / 2)}
	ky := geo.MetersPerDegree * 10 / geo.Scale
	return plane{o, ky * math.Cos(float64(o.Y)/geo.Scale*math.Pi/180), ky}
}

func (p plane) flat(at geo.Point) (x, y float64) {
	return float64(int64(at.X)-int64(p.origin.X)) * p.kx, float64(int64(at.Y)-int64(p.origin.Y)) * p.ky
}

func (p plane) lattice(x, y float64) geo.Point {
	return geo.Point{X: p.origin.X + int32(math.Round(x/p.kx)), Y: p.origin.Y + int32(math.Round(y/p.ky))}
}

// samples collects places that belong to somebody, each place once.
type samples struct {
	plane plane
	spots []spot
	owner []int32
	taken map[spot]bool
}

func newSamples(b geo.Bound) *samples {
	return &samples{plane: planeAround(b), taken: map[spot]bool{}}
}

func (s *samples) add(x, y float64, owner int32) {
	at := spot{int64(math.Round(x)), int64(math.Round(y))}
	if max(at.x, -at.x, at.y, -at.y) > maxSpot || s.taken[at] {
		return
	}
	s.taken[at] = true
	s.spots = append(s.spots, at)
	s.owner = append(s.owner, owner)
}

// along samples a straight piece of outline with the owner's land on its left.
func (s *samples) along(a, b geo.Point, shift float64, owner int32) {
	ax, ay := s.plane.flat(a)
	bx, by := s.plane.flat(b)
	length := math.Hypot(bx-ax, by-ay)
	if length == 0 {
		return
	}
	nx, ny := -(by-ay)/length*shift*10, (bx-ax)/length*shift*10
	n := math.Ceil(length / (10 * sampleStep))
	for k := 0.5; k < n; k++ {
		s.add(ax+(bx-ax)*k/n+nx, ay+(by-ay)*k/n+ny, owner)
	}
}

// area samples the outer rings of an area.
func (s *samples) area(area geo.MultiPolygon, owner int32) {
	for _, polygon := range area {
		r := polygon[0]
		for i, p := range r {
			s.along(p, r[(i+1)%len(r)], inset, owner)
		}
	}
}

// nearest is the owner of the sample that is nearest to a place.
func (s *samples) nearest(at geo.Point) int32 {
	x, y := s.plane.flat(at)
	best, least := int32(-1), math.Inf(1)
	for i, p := range s.spots {
		if d := math.Hypot(float64(p.x)-x, float64(p.y)-y); d < least {
			best, least = s.owner[i], d
		}
	}
	return best
}

// lines are where two owners are equally near: the medial lines between them, as
// far as the box reaches.
func (s *samples) lines(box geo.Bound) [][]geo.Point {
	m := triangulate(s.spots)
	near := map[int32][]int32{} // triangle → those beyond a side between two owners
	var nodes []int32
	for t := range int32(len(m.triangles)) {
		c := m.triangles[t].corner
		for side, n := range m.triangles[t].next {
			a, b := c[(side+1)%3], c[(side+2)%3]
			if n >= 0 && a >= 3 && b >= 3 && s.owner[a-3] != s.owner[b-3] {
				if near[t] == nil {
					nodes = append(nodes, t)
				}
				near[t] = append(near[t], n)
			}
		}
	}
	lowX, lowY := s.plane.flat(box.Min)
	highX, highY := s.plane.flat(box.Max)
	clip := window{lowX - 10, lowY - 10, highX + 10, highY + 10}
	var out [][]geo.Point
	done := map[[2]int32]bool{}
	follow := func(from, to int32) {
		chain := []int32{from}
		for !done[[2]int32{from, to}] {
			done[[2]int32{from, to}], done[[2]int32{to, from}] = true, true
			chain = append(chain, to)
			if len(near[to]) != 2 {
				break
			}
			next := near[to][0]
			if next == from {
				next = near[to][1]
			}
			from, to = to, next
		}
		if len(chain) > 1 {
			out = append(out, s.drawn(m, chain, clip)...)
		}
	}
	for _, ends := range []bool{true, false} { // what is left after the ends are rings
		for _, t := range nodes {
			if ends && len(near[t]) == 2 {
				continue
			}
			for _, n := range near[t] {
				follow(t, n)
			}
		}
	}
	return out
}

// drawn is a chain of triangles as lines through their centres, cut off at the
// window.
func (s *samples) drawn(m *mesh, chain []int32, clip window) [][]geo.Point {
	var out [][]geo.Point
	var line [][2]float64
	flush := func() {
		var points []geo.Point
		for _, p := range straightened(line, 10*straighten) {
			points = append(points, s.plane.lattice(p[0], p[1]))
		}
		if points = slices.Compact(points); len(points) > 1 {
			out = append(out, points)
		}
		line = nil
	}
	px, py := m.centre(chain[0])
	for _, t := range chain[1:] {
		qx, qy := m.centre(t)
		a, b, ok := clip.cut([2]float64{px, py}, [2]float64{qx, qy})
		px, py = qx, qy
		if !ok {
			flush()
			continue
		}
		if len(line) == 0 || line[len(line)-1] != a {
			flush()
			line = append(line, a)
		}
		line = append(line, b)
	}
	flush()
	return out
}

// window is a box on the plane.
type window struct{ lowX, lowY, highX, highY float64 }

// cut is the part of a segment inside (Liang, Barsky 1984).
func (w window) cut(p, q [2]float64) (a, b [2]float64, ok bool) {
	from, to := 0.0, 1.0
	dx, dy := q[0]-p[0], q[1]-p[1]
	for _, side := range [4][2]float64{{-dx, p[0] - w.lowX}, {dx, w.highX - p[0]}, {-dy, p[1] - w.lowY}, {dy, w.highY - p[1]}} {
		switch r := side[1] / side[0]; {
		case side[0] == 0 && side[1] < 0:
			return a, b, false
		case side[0] < 0:
			from = max(from, r)
		case side[0] > 0:
			to = min(to, r)
		}
	}
	if from > to {
		return a, b, false
	}
	a, b = p, q
	if from > 0 {
		a = [2]float64{p[0] + from*dx, p[1] + from*dy}
	}
	if to < 1 {
		b = [2]float64{p[0] + to*dx, p[1] + to*dy}
	}
	return a, b, true
}

// straightened drops vertices that lie within a distance of the line without them
// (Douglas, Peucker 1973).
func straightened(line [][2]float64, within float64) [][2]float64 {
	if len(line) < 3 {
		return line
	}
	first, last := line[0], line[len(line)-1]
	dx, dy := last[0]-first[0], last[1]-first[1]
	length := math.Hypot(dx, dy)
	most, at := within, -1
	for i, p := range line[1 : len(line)-1] {
		d := math.Hypot(p[0]-first[0], p[1]-first[1])
		if length > 0 {
			d = math.Abs(dx*(p[1]-first[1])-dy*(p[0]-first[0])) / length
		}
		if d > most {
			most, at = d, i+1
		}
	}
	if at < 0 {
		return [][2]float64{first, last}
	}
	left := straightened(line[:at+1], within)
	return append(left[:len(left)-1:len(left)-1], straightened(line[at:], within)...)
}
