package topology

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// Near is the place on the borders of a Fabric that lies nearest to a point.
type Near struct {
	At     geo.Point    // a border point, or a place of the lattice beside Edge
	Vertex bool         // At is a border point
	Edge   [2]geo.Point // the edge that At lies on; without one when it is a border point
	Ends   int          // of a border point: how many edges end in it, more than 2 at a junction
	Rim    bool         // shared with land outside the fabric, so that it cannot be moved
	Units  []int        // the pieces that have it, ascending
	Away   geo.Meters
}

// Near finds what is nearest to p on any border: a border point within reach, however
// close an edge may be, else an edge within reach. Of equally near ones it is the
// westernmost, then the southernmost.
func (f *Fabric) Near(p geo.Point, reach geo.Meters) (Near, bool) {
	s := newSearch(p, reach)
	owners := f.owners(s.box())
	for _, id := range owners {
		for _, polygon := range f.pieces[id] {
			for _, r := range polygon {
				s.line(r, true)
			}
		}
	}
	at, edge, ok := s.found()
	if !ok {
		return Near{}, false
	}
	n := Near{At: at, Vertex: edge == nil, Away: s.away}
	if n.Vertex {
		n.Ends, n.Rim = f.ends(at), f.onRim(at)
	} else {
		n.Edge = *edge
		n.Rim = f.inner(*edge) != nil
	}
	for _, id := range owners {
		if n.borders(f.pieces[id]) {
			n.Units = append(n.Units, id)
		}
	}
	return n, true
}

// ends counts the edges that end in a border point.
func (f *Fabric) ends(p geo.Point) int {
	others := map[geo.Point]bool{}
	f.passes(p, func(before, after geo.Point) { others[before], others[after] = true, true })
	return len(others)
}

// borders reports whether an area has the border point or the edge.
func (n Near) borders(area geo.MultiPolygon) bool {
	for _, polygon := range area {
		for _, r := range polygon {
			for i, p := range r {
				q := r[(i+1)%len(r)]
				if n.Vertex && p == n.At || !n.Vertex && (n.Edge == [2]geo.Point{p, q} || n.Edge == [2]geo.Point{q, p}) {
					return true
				}
			}
		}
	}
	return false
}

// SnapTo is the place nearest to p on lines, on the lattice: a point of a line within
// reach, however close a stretch between two may be, else a place on a stretch.
func SnapTo(p geo.Point, lines [][]geo.Point, reach geo.Meters) (geo.Point, bool) {
	s := newSearch(p, reach)
	for _, l := range lines {
		s.line(l, false)
	}
	at, _, ok := s.found()
	return at, ok
}

// BorderPoint is a vertex of a piece.
type BorderPoint struct {
	At   geo.Point
	Ends int  // how many edges end in it, more than 2 at a junction
	Rim  bool // shared with land outside the fabric
}

// BorderPoints are the rings of a piece with what meets at their points.
func (f *Fabric) BorderPoints(id int) [][]BorderPoint {
	in, out := map[geo.Point][]geo.Point{}, map[geo.Point][]geo.Point{}
	eachRing(f.pieces[id], func(r geo.Ring) {
		for _, p := range r {
			out[p] = nil
		}
	})
	for _, other := range f.owners(f.bounds[id]) {
		eachRing(f.pieces[other], func(r geo.Ring) {
			for i, p := range r {
				if _, own := out[p]; own {
					in[p] = append(in[p], r[(i+len(r)-1)%len(r)])
					out[p] = append(out[p], r[(i+1)%len(r)])
				}
			}
		})
	}
	var rings [][]BorderPoint
	eachRing(f.pieces[id], func(r geo.Ring) {
		points := make([]BorderPoint, len(r))
		for i, p := range r {
			points[i] = BorderPoint{At: p, Ends: len(out[p])}
			for _, q := range out[p] {
				points[i].Rim = points[i].Rim || !slices.Contains(in[p], q)
			}
			for _, q := range in[p] {
				if !slices.Contains(out[p], q) {
					points[i].Rim = true
					points[i].Ends++ // walked once, towards p
				}
			}
		}
		rings = append(rings, points)
	})
	return rings
}

func eachRing(area geo.MultiPolygon, visit func(geo.Ring)) {
	for _, polygon := range area {
		for _, r := range polygon {
			visit(r)
		}
	}
}

// search keeps the nearest point and the nearest stretch of the lines it is shown. It
// measures on the plane that touches the globe at p.
type search struct {
	p      geo.Point
	reach  float64
	across float64 // metres in a step of longitude, at the latitude of p
	away   geo.Meters

	vertex, place geo.Point
	edge          [2]geo.Point
	toVertex      float64
	toEdge        float64
}

const metersPerStep = geo.MetersPerDegree / geo.Scale

func newSearch(p geo.Point, reach geo.Meters) *search {
	across := metersPerStep * math.Cos(float64(p.Y)/geo.Scale*math.Pi/180)
	return &search{p: p, reach: float64(reach), across: across, toVertex: math.Inf(1), toEdge: math.Inf(1)}
}

// box has everything within reach.
func (s *search) box() geo.Bound {
	clamp := func(v float64) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, v))) }
	x, y := math.Ceil(s.reach/max(s.across, 1e-9))+1, math.Ceil(s.reach/metersPerStep)+1
	return geo.Bound{
		Min: geo.Point{X: clamp(float64(s.p.X) - x), Y: clamp(float64(s.p.Y) - y)},
		Max: geo.Point{X: clamp(float64(s.p.X) + x), Y: clamp(float64(s.p.Y) + y)},
	}
}

// local is a point in metres east and north of p.
func (s *search) local(q geo.Point) (x, y float64) {
	return float64(int64(q.X)-int64(s.p.X)) * s.across, float64(int64(q.Y)-int64(s.p.Y)) * metersPerStep
}

func (s *search) line(points []geo.Point, closed bool) {
	for i, q := range points {
		x, y := s.local(q)
		if d := math.Hypot(x, y); d <= s.reach && nearer(d, q, s.toVertex, s.vertex) {
			s.toVertex, s.vertex = d, q
		}
		if i+1 < len(points) {
			s.stretch(q, points[i+1])
		} else if closed {
			s.stretch(q, points[0])
		}
	}
}

func (s *search) stretch(a, b geo.Point) {
	ax, ay := s.local(a)
	bx, by := s.local(b)
	if min(ax, bx) > s.reach || max(ax, bx) < -s.reach || min(ay, by) > s.reach || max(ay, by) < -s.reach {
		return
	}
	dx, dy := bx-ax, by-ay
	share := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		share = max(0, min(1, -(ax*dx+ay*dy)/length))
	}
	d := math.Hypot(ax+share*dx, ay+share*dy)
	place := geo.Point{
		X: a.X + int32(math.Round(share*float64(int64(b.X)-int64(a.X)))),
		Y: a.Y + int32(math.Round(share*float64(int64(b.Y)-int64(a.Y)))),
	}
	if comparePoints(a, b) > 0 {
		a, b = b, a // the same for whoever walks along it
	}
	if d <= s.reach && nearer(d, a, s.toEdge, s.edge[0]) {
		s.toEdge, s.edge, s.place = d, [2]geo.Point{a, b}, place
	}
}

func nearer(d float64, p geo.Point, than float64, q geo.Point) bool {
	return cmp.Or(cmp.Compare(d, than), comparePoints(p, q)) < 0
}

func (s *search) found() (at geo.Point, edge *[2]geo.Point, ok bool) {
	switch {
	case !math.IsInf(s.toVertex, 1):
		s.away = geo.Meters(s.toVertex)
		return s.vertex, nil, true
	case !math.IsInf(s.toEdge, 1):
		s.away = geo.Meters(s.toEdge)
		return s.place, &s.edge, true
	}
	return geo.Point{}, nil, false
}
