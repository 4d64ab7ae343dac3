package topology

import (
	"cmp"
	"context"
	"slices"

	"wangge/geo"
)

// checkEvery is how many steps of a long loop pass between looks at the context.
const checkEvery = 1 << 14

// borders holds edges between numbered points. An edge is kept once, whoever
// walks it and in whichever direction; half-edge 2e walks edge e as stored,
// 2e+1 walks it back.
type borders struct {
	points []geo.Point
	id     map[geo.Point]int32
	ends   [][2]int32
	edge   map[[2]int32]int32
	// pieces are the half-edges, in order, that replaced edge e (walked as
	// stored) when vertices were put on it; nil for an edge that is whole.
	pieces map[int32][]int32
}

func newBorders(vertices int) *borders {
	return &borders{
		id:     make(map[geo.Point]int32, vertices/2),
		edge:   make(map[[2]int32]int32, vertices/2),
		pieces: map[int32][]int32{},
	}
}

func (b *borders) point(p geo.Point) int32 {
	id, ok := b.id[p]
	if !ok {
		id = int32(len(b.points))
		b.id[p] = id
		b.points = append(b.points, p)
	}
	return id
}

// halfEdge is the half-edge from u to v, which differ; it is added when new.
func (b *borders) halfEdge(u, v int32) int32 {
	key, back := [2]int32{u, v}, int32(0)
	if u > v {
		key, back = [2]int32{v, u}, 1
	}
	e, ok := b.edge[key]
	if !ok {
		e = int32(len(b.ends))
		b.edge[key] = e
		b.ends = append(b.ends, key)
	}
	return 2*e + back
}

func (b *borders) origin(h int32) int32 { return b.ends[h>>1][h&1] }
func (b *borders) target(h int32) int32 { return b.ends[h>>1][h&1^1] }

func (b *borders) segment(e int32) (geo.Point, geo.Point) {
	return b.points[b.ends[e][0]], b.points[b.ends[e][1]]
}

// ring adds a ring and returns the half-edges it walks. Repeated points are
// dropped; a ring of one point has no edges and adds nothing.
func (b *borders) ring(r geo.Ring) []int32 {
	if !slices.ContainsFunc(r, func(p geo.Point) bool { return p != r[0] }) {
		return nil
	}
	walk := make([]int32, 0, len(r))
	u := b.point(r[len(r)-1])
	for _, p := range r {
		v := b.point(p)
		if u != v {
			walk = append(walk, b.halfEdge(u, v))
		}
		u = v
	}
	return walk
}

// path adds a line and returns the half-edges it walks.
func (b *borders) path(points []geo.Point) []int32 {
	var walk []int32
	for i, p := range points {
		if i > 0 && p != points[i-1] {
			walk = append(walk, b.halfEdge(b.point(points[i-1]), b.point(p)))
		}
	}
	return walk
}

// noded returns walk with every edge replaced by its pieces.
func (b *borders) noded(walk []int32) []int32 {
	out := make([]int32, 0, len(walk))
	for _, h := range walk {
		out = b.appendPieces(out, h)
	}
	return out
}

func (b *borders) appendPieces(out []int32, h int32) []int32 {
	pieces, split := b.pieces[h>>1]
	switch {
	case !split:
		return append(out, h)
	case h&1 == 0:
		for _, p := range pieces {
			out = b.appendPieces(out, p)
		}
	default:
		for _, p := range slices.Backward(pieces) {
			out = b.appendPieces(out, p^1)
		}
	}
	return out
}

// hit says that edge passes through the pixel of vertex.
type hit struct{ edge, vertex int32 }

// node makes the edges meet in common vertices only: it finds all crossings,
// rounds them to the lattice, and puts every vertex on every edge that passes
// through its pixel (Hobby, "Practical segment intersection with finite precision
// output", 1999). Moving an edge to a vertex can bring it into another pixel, so
// the moved edges are looked at again until nothing changes (Halperin and Packer,
// "Iterated snap rounding", 2002). By Hobby's theorem no edges cross after the
// first round, so later rounds need no new vertices, and every piece is shorter
// than what it replaces, so there is an end.
//
// It returns the number of edges that received a vertex.
func (b *borders) node(ctx context.Context) (int, error) {
	hits, err := b.firstHits(ctx)
	if err != nil {
		return 0, err
	}
	given := len(b.ends)
	var vertices *index
	for len(hits) > 0 {
		moved := b.split(hits)
		if vertices == nil {
			vertices = pointIndex(b.points)
		}
		hits = hits[:0]
		for _, e := range moved {
			hits = b.verticesNear(vertices, e, hits)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	count := 0
	for e := range b.pieces {
		if int(e) < given {
			count++
		}
	}
	return count, nil
}

// firstHits compares all edges with each other.
func (b *borders) firstHits(ctx context.Context) ([]hit, error) {
	edges := b.edgeIndex()
	old := len(b.points)
	var hits []hit
	for e := range int32(len(b.ends)) {
		if e%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p, q := b.segment(e)
		edges.searchAlong(p, q, func(f int32) bool {
			if f > e {
				hits = b.compare(e, f, hits)
			}
			return true
		})
	}
	for v := int32(old); int(v) < len(b.points); v++ {
		at := b.points[v]
		edges.search(segmentBound(at, at, 1), func(e int32) bool {
			hits = b.appendHit(hits, e, v)
			return true
		})
	}
	return hits, nil
}

func (b *borders) edgeIndex() *index {
	boxes := make([]geo.Bound, len(b.ends))
	for e := range boxes {
		p, q := b.segment(int32(e))
		boxes[e] = segmentBound(p, q, 0)
	}
	return newIndex(boxes)
}

// compare adds the point where e and f cross, if they do, and appends the ends of
// either whose pixel the other passes through.
func (b *borders) compare(e, f int32, hits []hit) []hit {
	for i := range 2 {
		hits = b.appendHit(hits, e, b.ends[f][i])
		hits = b.appendHit(hits, f, b.ends[e][i])
	}
	p, q := b.segment(e)
	r, s := b.segment(f)
	if segmentBound(p, q, 0).Intersects(segmentBound(r, s, 0)) && crosses(p, q, r, s) {
		b.point(crossing(p, q, r, s))
	}
	return hits
}

func (b *borders) appendHit(hits []hit, e, v int32) []hit {
	ends := b.ends[e]
	if v == ends[0] || v == ends[1] || !throughPixel(b.points[ends[0]], b.points[ends[1]], b.points[v]) {
		return hits
	}
	return append(hits, hit{e, v})
}

func (b *borders) verticesNear(vertices *index, e int32, hits []hit) []hit {
	p, q := b.segment(e)
	vertices.searchAlong(p, q, func(v int32) bool {
		hits = b.appendHit(hits, e, v)
		return true
	})
	return hits
}

// split puts the vertices on the edges they were found on and returns the edges
// that are new.
func (b *borders) split(hits []hit) []int32 {
	slices.SortFunc(hits, func(x, y hit) int {
		return cmp.Or(cmp.Compare(x.edge, y.edge),
			cmp.Compare(b.along(x), b.along(y)), cmp.Compare(x.vertex, y.vertex))
	})
	hits = slices.Compact(hits)
	first := int32(len(b.ends))
	for len(hits) > 0 {
		e, n := hits[0].edge, 0
		for n < len(hits) && hits[n].edge == e {
			n++
		}
		b.splitEdge(e, hits[:n])
		hits = hits[n:]
	}
	moved := make([]int32, 0, int32(len(b.ends))-first)
	for e := first; int(e) < len(b.ends); e++ {
		moved = append(moved, e)
	}
	return moved
}

func (b *borders) splitEdge(e int32, hits []hit) {
	pieces := make([]int32, 0, len(hits)+1)
	u := b.ends[e][0]
	for _, h := range hits {
		pieces = append(pieces, b.halfEdge(u, h.vertex))
		u = h.vertex
	}
	b.pieces[e] = append(pieces, b.halfEdge(u, b.ends[e][1]))
}

// along orders the pixels that an edge passes through from its first end: the
// projection on its direction grows strictly, for an edge leaves each row and
// column of pixels once.
func (b *borders) along(h hit) int64 {
	p, q := b.segment(h.edge)
	v := b.points[h.vertex]
	return (int64(q.X)-int64(p.X))*(int64(v.X)-int64(p.X)) +
		(int64(q.Y)-int64(p.Y))*(int64(v.Y)-int64(p.Y))
}

func pointIndex(points []geo.Point) *index {
	boxes := make([]geo.Bound, len(points))
	for i, p := range points {
		boxes[i] = geo.Bound{Min: p, Max: p}
	}
	return newIndex(boxes)
}
