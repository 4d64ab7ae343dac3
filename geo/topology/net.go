package topology

import (
	"cmp"
	"context"
	"math"

	"wangge/geo"
)

// Net is a set of areas with the borders they have in common kept once, ready to
// be drawn with fewer vertices. Areas of several levels may stand together: then
// the border of a town stays on the borders of its grids.
//
// A Net is safe for concurrent use once it is made.
type Net struct {
	points []geo.Point
	areas  [][]ringRef
	rings  [][][]int32 // of each area, each ring: its vertices
	weight []float64   // of each vertex: the tolerance at which it goes, +Inf for junctions
}

// NewNet prepares areas for Simplify. They should be clean, as Mosaic returns
// them; borders that are not yet noded are noded like those of a Mosaic. All must
// lie within geo.MaxExtent of each other, else Simplify returns them unchanged.
//
// The work of all zooms is done here, once. Vertices are taken away one at a time,
// those first whose loss moves the border least, each only if the triangle it
// makes with its two neighbours holds no other vertex. That keeps the net a
// planar drawing of the same graph at every step: no border ever crosses or
// touches another, no area vanishes and none changes sides, whether or not the
// borders are connected.
func NewNet(areas []geo.MultiPolygon) *Net {
	n := &Net{}
	all, vertices := geo.EmptyBound, 0
	for _, a := range areas {
		all = all.Union(boundOf(a))
		vertices += countVertices(a)
	}
	b := newBorders(vertices)
	for _, a := range areas {
		n.areas = append(n.areas, b.rings(a))
	}
	if !tooWide(all) {
		// The background context does not end, so node cannot fail.
		_, _ = b.node(context.Background())
	}
	n.points = b.points
	walked := make([]bool, len(b.ends))
	for _, rings := range n.areas {
		var loops [][]int32
		for i := range rings {
			walk := b.noded(rings[i].walk)
			rings[i].walk = nil
			vertices := make([]int32, len(walk))
			for k, h := range walk {
				vertices[k] = b.origin(h)
				walked[h>>1] = true
			}
			loops = append(loops, vertices)
		}
		n.rings = append(n.rings, loops)
	}
	n.weight = make([]float64, len(n.points))
	if tooWide(all) {
		for v := range n.weight {
			n.weight[v] = math.Inf(1)
		}
		return n
	}
	newThinner(b, walked, n.weight, stretch((float64(all.Min.Y)+float64(all.Max.Y))/2)).run()
	return n
}

// Simplify returns the areas, in the order given to NewNet, without the vertices
// that can go while no border moves by more than tolerance, which is given in
// lattice steps of longitude; latitudes count as stretched by the Mercator
// projection, so that one tolerance is the same in both directions on the screen.
// At a tolerance of 0 every vertex stays.
//
// Neighbours keep the same vertices on a shared border and so do areas of
// different levels; points where three borders meet stay in place. Areas that
// tile their parent still do, exactly.
func (n *Net) Simplify(tolerance float64) []geo.MultiPolygon {
	out := make([]geo.MultiPolygon, len(n.areas))
	for i, rings := range n.areas {
		last := none
		for k, r := range rings {
			if r.polygon != last {
				out[i] = append(out[i], nil)
				last = r.polygon
			}
			p := len(out[i]) - 1
			out[i][p] = append(out[i][p], n.thinned(n.rings[i][k], tolerance))
		}
	}
	return out
}

func (n *Net) thinned(vertices []int32, tolerance float64) geo.Ring {
	r := make(geo.Ring, 0, len(vertices))
	for _, v := range vertices {
		if tolerance <= 0 || n.weight[v] > tolerance {
			r = append(r, n.points[v])
		}
	}
	return r
}

// thinner takes vertices away from a net of borders.
type thinner struct {
	points  []geo.Point
	stretch float64
	weight  []float64  // the result
	first   [][2]int32 // of each vertex with two edges: its neighbours in the full net
	now     [][2]int32 // and at present; those of junctions are none
	version []int32    // of each vertex: how often its neighbours changed, gone when it is
	direct  map[[2]int32]bool
	alive   *index
	waiting map[int32][]candidate // by the vertex that lies in the way
	heap    []candidate
	level   float64 // the greatest weight so far
}

const gone = -1

// candidate is a vertex and how far the border would move without it.
type candidate struct {
	cost    float64
	vertex  int32
	version int32
}

// before orders candidates by cost. Equals are taken in a scattered order, for
// along a straight line the nearest-first order would look at all vertices taken
// before, again and again.
func (c candidate) before(d candidate) bool {
	if c.cost != d.cost {
		return c.cost < d.cost
	}
	return cmp.Less(scatter(c.vertex), scatter(d.vertex))
}

// scatter is a one-to-one mixing of bits (the finaliser of MurmurHash3).
func scatter(v int32) uint32 {
	h := uint32(v)
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func newThinner(b *borders, walked []bool, weight []float64, stretch float64) *thinner {
	t := &thinner{
		points: b.points, stretch: stretch, weight: weight,
		first:   make([][2]int32, len(b.points)),
		version: make([]int32, len(b.points)),
		direct:  map[[2]int32]bool{},
		alive:   pointIndex(b.points),
		waiting: map[int32][]candidate{},
	}
	degree := make([]int32, len(b.points))
	for e, ends := range b.ends {
		if walked[e] {
			for i, v := range ends {
				if degree[v] < 2 {
					t.first[v][degree[v]] = ends[1-i]
				}
				degree[v]++
			}
		}
	}
	for v := range t.first {
		if degree[v] != 2 {
			t.first[v] = [2]int32{none, none}
		}
	}
	t.now = append(t.now, t.first...)
	for e, ends := range b.ends {
		if walked[e] && t.fixed(ends[0]) && t.fixed(ends[1]) {
			t.direct[ends] = true
		}
	}
	return t
}

// fixed reports whether the vertex is a junction.
func (t *thinner) fixed(v int32) bool { return t.first[v][0] == none }

func (t *thinner) run() {
	for v := range int32(len(t.points)) {
		if t.fixed(v) {
			t.weight[v] = math.Inf(1)
		} else {
			t.offer(v)
		}
	}
	for len(t.heap) > 0 {
		c := t.pop()
		if c.version == t.version[c.vertex] && !t.closes(c.vertex) && !t.blocked(c) {
			t.level = math.Max(t.level, c.cost)
			t.drop(c.vertex)
		}
	}
	for v, version := range t.version {
		if version != gone {
			t.weight[v] = math.Inf(1)
		}
	}
}

// offer puts a vertex on the heap at its present cost.
func (t *thinner) offer(v int32) {
	t.push(candidate{t.cost(v), v, t.version[v]})
}

// cost is how far the border moves if v goes: the greatest distance of v, and of
// the vertices already gone on either side of it, from the edge that remains.
func (t *thinner) cost(v int32) float64 {
	a, b := t.points[t.now[v][0]], t.points[t.now[v][1]]
	worst := t.distance(v, a, b)
	for side := range 2 {
		from, at := v, t.first[v][side]
		for at != t.now[v][side] {
			worst = math.Max(worst, t.distance(at, a, b))
			next := t.first[at][0]
			if next == from {
				next = t.first[at][1]
			}
			from, at = at, next
		}
	}
	return math.Sqrt(worst)
}

func (t *thinner) distance(v int32, a, b geo.Point) float64 {
	o := t.points[v]
	dx, dy := float64(a.X)-float64(o.X), (float64(a.Y)-float64(o.Y))*t.stretch
	ex, ey := float64(b.X)-float64(o.X), (float64(b.Y)-float64(o.Y))*t.stretch
	return squaredDistance(0, 0, dx, dy, ex, ey)
}

// closes reports whether the edge that would replace v is there already: then v
// is the third corner of a ring, or holds two borders apart.
func (t *thinner) closes(v int32) bool {
	a, b := t.now[v][0], t.now[v][1]
	switch {
	case a == b:
		return true
	case !t.fixed(a):
		return t.now[a][0] == b || t.now[a][1] == b
	case !t.fixed(b):
		return t.now[b][0] == a || t.now[b][1] == a
	}
	return t.direct[[2]int32{min(a, b), max(a, b)}]
}

// blocked reports whether another vertex lies in the triangle of c and its
// neighbours; c then waits for it to go.
func (t *thinner) blocked(c candidate) bool {
	ends := t.now[c.vertex]
	a, v, b := t.points[ends[0]], t.points[c.vertex], t.points[ends[1]]
	box := segmentBound(a, b, 0).Extend(v)
	found := false
	t.alive.search(box, func(other int32) bool {
		found = other != c.vertex && other != ends[0] && other != ends[1] && insideTriangle(a, v, b, t.points[other])
		if found && !t.fixed(other) {
			t.waiting[other] = append(t.waiting[other], c)
		}
		return !found
	})
	return found
}

// drop takes v away and looks at its neighbours again.
func (t *thinner) drop(v int32) {
	a, b := t.now[v][0], t.now[v][1]
	t.weight[v] = t.level
	t.version[v] = gone
	t.alive.remove(v)
	t.relink(a, v, b)
	t.relink(b, v, a)
	if t.fixed(a) && t.fixed(b) {
		t.direct[[2]int32{min(a, b), max(a, b)}] = true
	}
	for _, c := range t.waiting[v] {
		if c.version == t.version[c.vertex] {
			t.push(c)
		}
	}
	delete(t.waiting, v)
}

// relink makes b the neighbour of a in place of v.
func (t *thinner) relink(a, v, b int32) {
	if t.fixed(a) {
		return
	}
	if t.now[a][0] == v {
		t.now[a][0] = b
	} else {
		t.now[a][1] = b
	}
	t.version[a]++
	t.offer(a)
}

func (t *thinner) push(c candidate) {
	t.heap = append(t.heap, c)
	for i := len(t.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !t.heap[i].before(t.heap[parent]) {
			break
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *thinner) pop() candidate {
	top, last := t.heap[0], len(t.heap)-1
	t.heap[0] = t.heap[last]
	t.heap = t.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < last && t.heap[child+1].before(t.heap[child]) {
			child++
		}
		if child >= last || !t.heap[child].before(t.heap[i]) {
			return top
		}
		t.heap[child], t.heap[i] = t.heap[i], t.heap[child]
		i = child
	}
}
