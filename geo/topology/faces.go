package topology

import (
	"cmp"
	"context"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
)

// subdivision is the plane cut up by noded borders. Face 0 is the unbounded one;
// the face of a half-edge lies on its left.
type subdivision struct {
	*borders
	next  []int32   // the half-edge that follows on the same face; -1 for edges that are not whole
	face  []int32   // of each half-edge
	edges [][]int32 // half-edges around each face, all its borders together

	mark  []int32 // of each face: the last stamp it was marked with
	walk  []int32 // of each half-edge, likewise
	place []int32 // of each vertex: its position on the walk being split
	stamp int32
}

// none marks a half-edge of an edge that was replaced by its pieces.
const none = -1

func newSubdivision(ctx context.Context, b *borders) (*subdivision, error) {
	s := &subdivision{borders: b}
	s.link()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.findFaces()
	s.mark = make([]int32, len(s.edges))
	s.walk = make([]int32, len(s.next))
	s.place = make([]int32, len(s.points))
	for v := range s.place {
		s.place[v] = none
	}
	return s, ctx.Err()
}

func (s *subdivision) whole(e int32) bool {
	_, split := s.pieces[e]
	return !split
}

// link sorts the half-edges around every vertex and sets next: arriving at a
// vertex, a face's border goes on with the first half-edge clockwise from the
// one just walked.
func (s *subdivision) link() {
	s.next = make([]int32, 2*len(s.ends))
	start := make([]int32, len(s.points)+1)
	for h := range int32(len(s.next)) {
		s.next[h] = none
		if s.whole(h >> 1) {
			start[s.origin(h)+1]++
		}
	}
	for v := range s.points {
		start[v+1] += start[v]
	}
	around := make([]int32, start[len(s.points)])
	fill := slices.Clone(start)
	for h := range int32(len(s.next)) {
		if s.whole(h >> 1) {
			v := s.origin(h)
			around[fill[v]] = h
			fill[v]++
		}
	}
	for v, at := range s.points {
		out := around[start[v]:start[v+1]]
		slices.SortFunc(out, func(g, h int32) int {
			return ccw(at, s.points[s.target(g)], s.points[s.target(h)])
		})
		for i, h := range out {
			s.next[h^1] = out[(i+len(out)-1)%len(out)]
		}
	}
}

// cycle is one closed walk of half-edges along next.
type cycle struct {
	doubledArea int64 // positive for the outside of a bounded face, else the rim of a connected piece
	corner      int32 // its westernmost, then southernmost vertex
}

// findFaces groups cycles into faces: the rim of every connected piece of border
// belongs to the face that the piece lies in.
func (s *subdivision) findFaces() {
	cycleOf, cycles := s.findCycles()
	owner := group.New(len(cycles) + 1) // cycle c is c+1; 0 stands for the unbounded face
	var below *index
	for c := range cycles {
		if cycles[c].doubledArea > 0 {
			continue
		}
		if below == nil {
			below = s.wholeEdgeIndex()
		}
		owner.Join(int32(c+1), s.cycleBelow(below, cycles[c].corner, cycleOf)+1)
	}
	number := map[int32]int32{owner.Of(0): 0}
	s.edges = make([][]int32, 1)
	s.face = make([]int32, len(s.next))
	for h := range int32(len(s.next)) {
		s.face[h] = none
		if cycleOf[h] == none {
			continue
		}
		group := owner.Of(cycleOf[h] + 1)
		f, ok := number[group]
		if !ok {
			f = int32(len(s.edges))
			number[group] = f
			s.edges = append(s.edges, nil)
		}
		s.face[h] = f
		s.edges[f] = append(s.edges[f], h)
	}
}

func (s *subdivision) findCycles() (cycleOf []int32, cycles []cycle) {
	cycleOf = make([]int32, len(s.next))
	for h := range cycleOf {
		cycleOf[h] = none
	}
	for h := range int32(len(s.next)) {
		if s.next[h] == none || cycleOf[h] != none {
			continue
		}
		c := cycle{corner: s.origin(h)}
		for g := h; cycleOf[g] == none; g = s.next[g] {
			cycleOf[g] = int32(len(cycles))
			from, to := s.points[s.origin(g)], s.points[s.target(g)]
			c.doubledArea += geo.Cross(s.points[s.origin(h)], from, to)
			if less(from, s.points[c.corner]) {
				c.corner = s.origin(g)
			}
		}
		cycles = append(cycles, c)
	}
	return cycleOf, cycles
}

func (s *subdivision) wholeEdgeIndex() *index {
	boxes := make([]geo.Bound, 0, len(s.ends))
	for e := range int32(len(s.ends)) {
		p, q := s.segment(e)
		box := segmentBound(p, q, 0)
		if !s.whole(e) || p.X == q.X {
			box = geo.EmptyBound // never found
		}
		boxes = append(boxes, box)
	}
	return newIndex(boxes)
}

// cycleBelow is the cycle that a ray meets that starts at vertex v, just east of
// it, and goes south; none if it meets nothing. v is the western corner of its
// own piece, so the ray starts outside of that piece.
func (s *subdivision) cycleBelow(edges *index, v int32, cycleOf []int32) int32 {
	at := s.points[v]
	ray := geo.Bound{Min: geo.Point{X: at.X, Y: -1 << 31}, Max: at}
	best := int32(none) // the half-edge just below, walked from west to east
	edges.search(ray, func(e int32) bool {
		h := 2 * e
		if s.points[s.origin(h)].X > s.points[s.target(h)].X {
			h ^= 1
		}
		west, east := s.points[s.origin(h)], s.points[s.target(h)]
		if at.X == east.X || geo.Cross(west, east, at) <= 0 {
			return true // ends before the ray, or lies above it
		}
		if best == none || s.above(h, best) {
			best = h
		}
		return true
	})
	if best == none {
		return none
	}
	return cycleOf[best]
}

// above reports whether g lies above h; both run east, do not cross, and have a
// meridian in common.
func (s *subdivision) above(g, h int32) bool {
	gw, ge := s.points[s.origin(g)], s.points[s.target(g)]
	hw, he := s.points[s.origin(h)], s.points[s.target(h)]
	if gw.X >= hw.X { // g's western end lies over or under h
		if c := geo.Cross(hw, he, gw); c != 0 {
			return c > 0
		}
		return geo.Cross(hw, he, ge) > 0
	}
	if c := geo.Cross(gw, ge, hw); c != 0 {
		return c < 0
	}
	return geo.Cross(gw, ge, he) < 0
}

// area is the union of faces as a valid multipolygon: parts of it that meet in
// points only are polygons of their own, rings that touch themselves are split.
// Rings start at their westernmost vertex and stand in a fixed order.
func (s *subdivision) area(faces []int32) geo.MultiPolygon {
	s.stamp += 2
	inside, grouped := s.stamp-1, s.stamp
	for _, f := range faces {
		s.mark[f] = inside
	}
	var out geo.MultiPolygon
	for _, f := range faces {
		if s.mark[f] == inside {
			out = append(out, s.polygon(f, inside, grouped))
		}
	}
	slices.SortFunc(out, func(a, b geo.Polygon) int { return compareRings(a[0], b[0]) })
	return out
}

// polygon is the part of the marked area that hangs together with face f. Its
// faces go from inside to grouped.
func (s *subdivision) polygon(f, inside, grouped int32) geo.Polygon {
	var rim []int32
	s.mark[f] = grouped
	for queue := []int32{f}; len(queue) > 0; {
		f = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, h := range s.edges[f] {
			switch g := s.face[h^1]; s.mark[g] {
			case grouped:
			case inside:
				s.mark[g] = grouped
				queue = append(queue, g)
			default:
				rim = append(rim, h)
			}
		}
	}
	var polygon geo.Polygon
	for _, h := range rim {
		if s.walk[h] != grouped {
			polygon = append(polygon, s.simpleRings(s.rimFrom(h, grouped))...)
		}
	}
	// The faces hang together by edges, so exactly one ring is the outer one.
	slices.SortFunc(polygon, func(a, b geo.Ring) int {
		return cmp.Or(cmp.Compare(turn(b), turn(a)), compareRings(a, b))
	})
	return polygon
}

// rimFrom walks the border of the marked area from half-edge h and returns its
// vertices, each the origin of an edge.
func (s *subdivision) rimFrom(h, grouped int32) []int32 {
	var vertices []int32
	for s.walk[h] != grouped {
		s.walk[h] = grouped
		vertices = append(vertices, s.origin(h))
		h = s.next[h]
		for s.mark[s.face[h^1]] == grouped { // an edge within the area: turn on around the vertex
			h = s.next[h^1]
		}
	}
	return vertices
}

// simpleRings cuts a closed walk at every vertex it comes back to.
func (s *subdivision) simpleRings(walk []int32) []geo.Ring {
	var rings []geo.Ring
	var open []int32
	for _, v := range walk {
		if start := s.place[v]; start != none {
			rings = append(rings, s.cut(open[start:]))
			open = open[:start]
		}
		s.place[v] = int32(len(open))
		open = append(open, v)
	}
	return append(rings, s.cut(open))
}

// cut makes a ring of vertices, which are no longer on the walk.
func (s *subdivision) cut(vertices []int32) geo.Ring {
	r := make(geo.Ring, len(vertices))
	for i, v := range vertices {
		r[i] = s.points[v]
		s.place[v] = none
	}
	return fromCorner(r)
}

// fromCorner turns the ring so that it starts at its westernmost, then
// southernmost point.
func fromCorner(r geo.Ring) geo.Ring {
	first := 0
	for i, p := range r {
		if less(p, r[first]) {
			first = i
		}
	}
	return slices.Concat(r[first:], r[:first])
}

func turn(r geo.Ring) int { return cmp.Compare(r.DoubledArea(), 0) }

func compareRings(a, b geo.Ring) int {
	return slices.CompareFunc(a, b, comparePoints)
}

func comparePoints(p, q geo.Point) int {
	return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y))
}
