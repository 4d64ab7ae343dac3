package topology

import (
	"context"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
)

// loop is one ring of an area as numbers of vertices.
type loop struct {
	polygon  int
	hole     bool
	vertices []int32
}

// judge finds what keeps areas with noded rings from being valid polygons as OGC
// Simple Features 1.2.1 (6.1.11) defines them: simple rings, holes inside their
// outer ring, rings that meet in points only, a connected interior, and polygons
// of one area that meet in points only.
type judge struct {
	points []geo.Point
	seen   []int32 // of each vertex: the last stamp
	stamp  int32
}

func newJudge(points []geo.Point) *judge {
	return &judge{points: points, seen: make([]int32, len(points))}
}

// flaw is a vertex at which an area is not valid.
type flaw struct {
	kind   Kind
	vertex int32
}

// flaws are the faults of one area, in order of place; nil when it is valid.
func (j *judge) flaws(rings []loop) []flaw {
	if len(rings) == 0 {
		return nil
	}
	if j.repeats(rings) {
		k := newKnots(j.points, rings)
		if flaws := k.flaws(); len(flaws) > 0 {
			return flaws
		}
		if v, cut := k.cutsInterior(); cut {
			return []flaw{{SelfTouch, v}}
		}
	}
	if len(rings) == 1 {
		return nil
	}
	return j.misplaced(rings)
}

// repeats reports whether any vertex is passed more than once, or a ring is but
// an edge walked to and fro.
func (j *judge) repeats(rings []loop) bool {
	j.stamp++
	for _, r := range rings {
		if len(r.vertices) < 3 {
			return true
		}
		for _, v := range r.vertices {
			if j.seen[v] == j.stamp {
				return true
			}
			j.seen[v] = j.stamp
		}
	}
	return false
}

// pass is one visit of a ring to a vertex.
type pass struct {
	ring     int
	from, to int32
}

// knots are the vertices and edges of an area that its rings use repeatedly.
type knots struct {
	points []geo.Point
	rings  []loop
	passes map[int32][]pass
	walked map[[2]int32][2]int // of each edge, lower vertex first: times along and back
}

func newKnots(points []geo.Point, rings []loop) *knots {
	k := &knots{points: points, rings: rings, passes: map[int32][]pass{}, walked: map[[2]int32][2]int{}}
	for i, r := range rings {
		n := len(r.vertices)
		for at, v := range r.vertices {
			next := r.vertices[(at+1)%n]
			k.passes[v] = append(k.passes[v], pass{i, r.vertices[(at+n-1)%n], next})
			key, direction := [2]int32{v, next}, 0
			if v > next {
				key, direction = [2]int32{next, v}, 1
			}
			times := k.walked[key]
			times[direction]++
			k.walked[key] = times
		}
	}
	return k
}

func (k *knots) flaws() []flaw {
	out, onShared := k.sharedEdges()
	for v, passes := range k.passes {
		if len(passes) < 2 || onShared[v] {
			continue
		}
		if kind, bad := k.meeting(v, passes); bad {
			out = append(out, flaw{kind, v})
		}
	}
	slices.SortFunc(out, func(a, b flaw) int {
		return comparePoints(k.points[a.vertex], k.points[b.vertex])
	})
	return out
}

// sharedEdges finds the edges walked more than once, one flaw for each chain of
// them, and the vertices on such chains. An edge walked to and fro is a spike or
// a border within the area; one walked twice the same way lies on another ring.
func (k *knots) sharedEdges() ([]flaw, map[int32]bool) {
	chain := group.New(len(k.points)) // by vertex
	on, crossed := map[int32]bool{}, map[int32]bool{}
	for e, times := range k.walked {
		if times[0]+times[1] < 2 {
			continue
		}
		on[e[0]], on[e[1]] = true, true
		if times[0] != times[1] {
			crossed[e[0]] = true
		}
		chain.Join(e[0], e[1])
	}
	first, kinds := map[int32]int32{}, map[int32]Kind{}
	for v := range on {
		r := chain.Of(v)
		if f, ok := first[r]; !ok || less(k.points[v], k.points[f]) {
			first[r] = v
		}
		if crossed[v] {
			kinds[r] = SelfCross
		}
	}
	var out []flaw
	for r, v := range first {
		kind := SelfTouch
		if kinds[r] == SelfCross {
			kind = SelfCross
		}
		out = append(out, flaw{kind, v})
	}
	return out, on
}

// meeting judges several passes through one vertex, none of which share an edge.
func (k *knots) meeting(v int32, passes []pass) (Kind, bool) {
	touches := false
	for i, p := range passes {
		for _, q := range passes[:i] {
			if k.through(v, p, q) {
				return SelfCross, true
			}
			touches = touches || p.ring == q.ring
		}
	}
	return SelfTouch, touches
}

// through reports whether two passes of vertex v cross.
func (k *knots) through(v int32, p, q pass) bool {
	o, a, b := k.points[v], k.points[p.from], k.points[p.to]
	return sweeps(o, a, b, k.points[q.from]) != sweeps(o, a, b, k.points[q.to])
}

// sweeps reports whether turning counter-clockwise around o from a to b passes p.
func sweeps(o, a, b, p geo.Point) bool {
	if ccw(o, a, b) < 0 {
		return ccw(o, a, p) < 0 && ccw(o, p, b) < 0
	}
	return !(ccw(o, b, p) < 0 && ccw(o, p, a) < 0)
}

// cutsInterior reports whether the rings of a polygon, touching one after the
// other, cut a piece off its interior, and at which vertex that is seen.
func (k *knots) cutsInterior() (int32, bool) {
	var touched []int32
	for v, passes := range k.passes {
		if len(passes) > 1 {
			touched = append(touched, v)
		}
	}
	slices.SortFunc(touched, func(a, b int32) int { return comparePoints(k.points[a], k.points[b]) })
	joined := group.New(len(k.rings))
	for _, v := range touched {
		meeting := map[int]int32{} // a node for each polygon that meets at v
		for _, p := range k.passes[v] {
			polygon := k.rings[p.ring].polygon
			node, ok := meeting[polygon]
			if !ok {
				node = int32(len(joined))
				meeting[polygon] = node
				joined = append(joined, node)
			}
			if !joined.Join(int32(p.ring), node) {
				return v, true
			}
		}
	}
	return 0, false
}

// misplaced finds rings that lie wrongly within each other although they do not
// cross: holes outside their outer ring or within another hole, polygons upon
// polygons.
func (j *judge) misplaced(rings []loop) []flaw {
	var out []flaw
	for i, r := range rings {
		for k, other := range rings {
			if i != k && j.wrong(r, other, rings) {
				out = append(out, flaw{SelfCross, j.corner(r)})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b flaw) int { return comparePoints(j.points[a.vertex], j.points[b.vertex]) })
	return out
}

func (j *judge) wrong(r, other loop, rings []loop) bool {
	samePolygon := r.polygon == other.polygon
	switch {
	case samePolygon && r.hole && !other.hole:
		return !j.within(r, other)
	case samePolygon && r.hole && other.hole:
		return j.within(r, other)
	case !samePolygon && !r.hole && !other.hole:
		return j.within(r, other) && !j.inHole(r, other.polygon, rings)
	}
	return false
}

// inHole reports whether ring r lies in a hole of the polygon.
func (j *judge) inHole(r loop, polygon int, rings []loop) bool {
	return slices.ContainsFunc(rings, func(h loop) bool {
		return h.hole && h.polygon == polygon && j.within(r, h)
	})
}

// within reports whether r lies in other; they do not cross or share an edge, so
// that the middle of an edge of r decides.
func (j *judge) within(r, other loop) bool {
	a, b := j.points[r.vertices[0]], j.points[r.vertices[1]]
	x, y := int64(a.X)+int64(b.X), int64(a.Y)+int64(b.Y) // in half steps
	inside := false
	p := j.points[other.vertices[len(other.vertices)-1]]
	for _, v := range other.vertices {
		q := j.points[v]
		low, high := p, q
		if low.Y > high.Y {
			low, high = high, low
		}
		if 2*int64(low.Y) <= y && y < 2*int64(high.Y) &&
			(int64(high.X)-int64(low.X))*(y-2*int64(low.Y)) > (int64(high.Y)-int64(low.Y))*(x-2*int64(low.X)) {
			inside = !inside
		}
		p = q
	}
	return inside
}

func (j *judge) corner(r loop) int32 {
	return slices.MinFunc(r.vertices, func(a, b int32) int { return comparePoints(j.points[a], j.points[b]) })
}

// findSelfFaults judges the parts as they came.
func (m *Mosaic) findSelfFaults() {
	j := newJudge(m.plane.points)
	for i := range m.units {
		if m.units[i].role != partRole {
			continue
		}
		loops := make([]loop, 0, len(m.units[i].rings))
		for _, r := range m.units[i].rings {
			loops = append(loops, m.plane.loop(r))
		}
		for _, f := range j.flaws(loops) {
			m.self = append(m.self, selfFault{unit: int32(i), kind: f.kind, vertex: f.vertex})
		}
	}
}

func (b *borders) loop(r ringRef) loop {
	l := loop{polygon: r.polygon, hole: r.hole, vertices: make([]int32, len(r.walk))}
	for i, h := range r.walk {
		l.vertices[i] = b.origin(h)
	}
	return l
}

// placed is a flaw on the lattice.
type placed struct {
	kind Kind
	at   geo.Point
}

// ownFlaws judges one area by itself, exactly. Only an area that is known to be
// wrong, for its edges cross, is snap-rounded, to find all the places.
func ownFlaws(area geo.MultiPolygon) []placed {
	b := newBorders(countVertices(area))
	rings := b.rings(area)
	touches, crossed, at := b.contacts()
	switch {
	case crossed:
		// The background context does not end, so node cannot fail.
		_, _ = b.node(context.Background())
	case len(touches) > 0:
		b.split(touches)
	}
	loops := make([]loop, 0, len(rings))
	for _, r := range rings {
		r.walk = b.noded(r.walk)
		loops = append(loops, b.loop(r))
	}
	var out []placed
	for _, f := range newJudge(b.points).flaws(loops) {
		out = append(out, placed{f.kind, b.points[f.vertex]})
	}
	if crossed && out == nil { // by less than a step
		out = append(out, placed{SelfCross, at})
	}
	return out
}

// contacts finds the vertices that lie exactly on an edge, and whether and where
// edges cross.
func (b *borders) contacts() (touches []hit, crossed bool, at geo.Point) {
	edges := b.edgeIndex()
	for e := range int32(len(b.ends)) {
		p, q := b.segment(e)
		edges.searchAlong(p, q, func(f int32) bool {
			r, s := b.segment(f)
			if f > e && crosses(p, q, r, s) {
				crossed, at = true, crossing(p, q, r, s)
			}
			for i, v := range [2]geo.Point{r, s} {
				if between(p, q, v) {
					touches = append(touches, hit{e, b.ends[f][i]})
				}
			}
			return !crossed
		})
		if crossed {
			break
		}
	}
	return touches, crossed, at
}
