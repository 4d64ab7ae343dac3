package town

import (
	"math"

	"wangge/geo"
)

// mesh is the ground divided into faces that meet in shared edges: half-edges on
// lattice points, h and h^1 being the two directions of one edge, each with its
// face on the left. Whatever is built from faces tiles exactly, for neighbours
// walk the very same edges.
//
// Everything is made from one face, the town, by two moves: splitEdge adds a
// vertex to an edge (and so to both its neighbours), splitFace draws a path
// through one face.
type mesh struct {
	frame frame
	pos   []geo.Point // by vertex
	xy    []vec       // the same in metres
	out   []int32     // by vertex: one half-edge that leaves it

	origin, next, prev, face []int32 // by half-edge
	line                     []int32 // by edge (h>>1): index in lines, what runs along it

	first []int32 // by face: one of its half-edges; face 0 is what lies outside
	zone  []zone  // by face, inherited when a face is split
	lines []line
}

// newMesh makes a mesh of one face, 1, inside a counter-clockwise ring whose
// edges carry the given line.
func newMesh(f frame, ring shape, border line) *mesh {
	m := &mesh{frame: f, first: []int32{-1, -1}, zone: make([]zone, 2), lines: []line{{}, border}}
	for _, v := range ring {
		m.vertex(v)
	}
	n := int32(len(ring))
	for i := range n {
		m.edge(i, (i+1)%n, 1, 0, lineBorder)
	}
	for i := range n {
		m.link(2*i, 2*((i+1)%n))
		m.link(2*((i+1)%n)+1, 2*i+1)
	}
	m.first[0], m.first[1] = 1, 0
	return m
}

// Indexes in mesh.lines that every mesh has.
const (
	linePlain  = 0 // nothing runs there: a hedge, the edge of a field
	lineBorder = 1
)

func (m *mesh) vertex(v vec) int32 {
	p := m.frame.lattice(v)
	m.pos = append(m.pos, p)
	m.xy = append(m.xy, m.frame.meters(p))
	m.out = append(m.out, -1)
	return int32(len(m.pos) - 1)
}

// edge appends the half-edges a→b with face left and b→a with face right.
func (m *mesh) edge(a, b, left, right, line int32) int32 {
	h := int32(len(m.origin))
	m.origin = append(m.origin, a, b)
	m.next = append(m.next, -1, -1)
	m.prev = append(m.prev, -1, -1)
	m.face = append(m.face, left, right)
	m.line = append(m.line, line)
	m.out[a], m.out[b] = h, h+1
	return h
}

func (m *mesh) link(h, next int32) { m.next[h], m.prev[next] = next, h }

func (m *mesh) dest(h int32) int32 { return m.origin[h^1] }

func (m *mesh) from(h int32) vec { return m.xy[m.origin[h]] }
func (m *mesh) to(h int32) vec   { return m.xy[m.origin[h^1]] }

func (m *mesh) lineOf(h int32) *line { return &m.lines[m.line[h>>1]] }

func (m *mesh) frozen(h int32) bool { return m.line[h>>1] == lineBorder }

func (m *mesh) length(h int32) float64 { return m.from(h).dist(m.to(h)) }

// loop lists the half-edges of a face, counter-clockwise.
func (m *mesh) loop(f int32) []int32 {
	var out []int32
	for h := m.first[f]; ; h = m.next[h] {
		out = append(out, h)
		if m.next[h] == m.first[f] {
			return out
		}
	}
}

// shape is the outline of a face in metres.
func (m *mesh) shape(f int32) shape {
	var out shape
	for h := m.first[f]; ; h = m.next[h] {
		out = append(out, m.from(h))
		if m.next[h] == m.first[f] {
			return out
		}
	}
}

// splitEdge adds a vertex at v to the edge of h, which becomes its first part.
func (m *mesh) splitEdge(h int32, v vec) int32 {
	mid, b := m.vertex(v), m.dest(h)
	t := h ^ 1
	afterH, beforeT := m.next[h], m.prev[t]
	// The new edge runs in the direction of h, so that even half-edges keep
	// running along their line.
	var n int32
	if h&1 == 0 {
		n = m.edge(mid, b, m.face[h], m.face[t], m.line[h>>1])
	} else {
		n = m.edge(b, mid, m.face[t], m.face[h], m.line[h>>1]) ^ 1
	}
	m.origin[t] = mid
	m.out[mid] = n
	m.out[b] = n ^ 1
	if afterH == t { // h led to a dead end; not in a mesh of faces
		afterH = n ^ 1
	}
	m.link(h, n)
	m.link(n, afterH)
	m.link(beforeT, n^1)
	m.link(n^1, t)
	return mid
}

// splitFace draws a path from the origin of ha through mids to the origin of hb,
// both half-edges of face f. What lies right of the path becomes a new face,
// which is returned. along gives the line of each of the len(mids)+1 edges.
func (m *mesh) splitFace(f, ha, hb int32, mids []vec, along func(i int) int32) int32 {
	created := int32(len(m.first))
	beforeA, beforeB := m.prev[ha], m.prev[hb]
	at, last := m.origin[ha], m.origin[hb]
	fore, back := beforeA, ha // ends of the two chains so far
	for i := 0; i <= len(mids); i++ {
		to := last
		if i < len(mids) {
			to = m.vertex(mids[i])
		}
		h := m.edge(at, to, f, created, along(i))
		m.link(fore, h)
		m.link(h^1, back)
		fore, back, at = h, h^1, to
	}
	m.link(fore, hb)
	m.link(beforeB, back)
	m.first[f] = fore
	m.first = append(m.first, back)
	m.zone = append(m.zone, m.zone[f])
	for h := m.next[back]; h != back; h = m.next[h] {
		m.face[h] = created
	}
	return created
}

// wedge is the half-edge leaving v whose face lies in direction d.
func (m *mesh) wedge(v int32, d vec) int32 {
	start := m.out[v]
	for h := start; ; {
		left := m.prev[h] ^ 1 // the next half-edge around v, counter-clockwise
		a, b := m.to(h).sub(m.xy[v]), m.to(left).sub(m.xy[v])
		if left == h || between(a, d, b) {
			return h
		}
		if h = left; h == start {
			return start // d runs exactly along an edge
		}
	}
}

// between reports whether d lies counter-clockwise after a and before b.
func between(a, d, b vec) bool {
	if a.cross(b) > 0 || (a.cross(b) == 0 && a.dot(b) < 0) {
		return a.cross(d) > 0 && d.cross(b) > 0
	}
	return a.cross(d) > 0 || d.cross(b) > 0
}

// hit is where a segment first meets the border of a face.
type hit struct {
	h int32   // half-edge of the face
	t float64 // part of the segment
	u float64 // part of the edge
}

// cast finds the first place where p→q meets the border of f, leaving out edges
// at the vertex skip (-1 for none).
func (m *mesh) cast(f int32, p, q vec, skip int32) (hit, bool) {
	best, found := hit{t: math.Inf(1)}, false
	for h := m.first[f]; ; {
		if m.origin[h] != skip && m.dest(h) != skip {
			if t, u, ok := segmentMeet(p, q, m.from(h), m.to(h)); ok && t < best.t {
				best, found = hit{h, t, u}, true
			}
		}
		if h = m.next[h]; h == m.first[f] {
			return best, found
		}
	}
}

// at returns the vertex for a hit: an end of the edge when it is within snap
// metres or the edge may not be split, else a new one.
func (m *mesh) at(x hit, snap float64) int32 {
	l := m.length(x.h)
	near, far := float64(x.u*l), float64((1-x.u)*l)
	if m.frozen(x.h) {
		snap = math.Inf(1)
	}
	switch {
	case near <= far && near <= snap:
		return m.origin[x.h]
	case far < near && far <= snap:
		return m.dest(x.h)
	}
	return m.splitEdge(x.h, m.from(x.h).to(m.to(x.h), x.u))
}

// leaving is the half-edge of face f that leaves vertex v, -1 for none.
func (m *mesh) leaving(f, v int32) int32 {
	for h := m.first[f]; ; {
		if m.origin[h] == v {
			return h
		}
		if h = m.next[h]; h == m.first[f] {
			return -1
		}
	}
}

// thread draws a line from vertex v along course, through every face in its way,
// joined to each edge it crosses. It ends at the end of course, which should lie
// on or beyond an edge, or on the first edge for which stop holds.
func (m *mesh) thread(v int32, course []vec, along int32, stop func(h int32) bool) {
	const snap = 7.0
	var mids []vec
	here := m.xy[v]
	f := m.face[m.wedge(v, course[0].sub(here))]
	for i := 0; i < len(course); {
		skip := int32(-1)
		if len(mids) == 0 {
			skip = v
		}
		x, ok := m.cast(f, here, course[i], skip)
		if !ok {
			mids, here = append(mids, course[i]), course[i]
			i++
			continue
		}
		end := stop(x.h)
		u := m.at(x, snap)
		if f = m.connect(f, v, u, mids, along); f < 0 || end {
			return
		}
		for i < len(course)-1 && m.xy[u].dist(course[i]) < snap {
			i++ // a bend right behind the crossing would make a sliver
		}
		v, mids, here = u, nil, m.xy[u]
		f = m.face[m.wedge(v, course[i].sub(here))]
	}
}

// connect draws the path v, mids, u in face f. Without room for it nothing is
// drawn. It returns -1 when the line cannot go on.
func (m *mesh) connect(f, v, u int32, mids []vec, along int32) int32 {
	ha, hb := m.leaving(f, v), m.leaving(f, u)
	if ha < 0 || hb < 0 {
		return -1
	}
	for len(mids) > 0 && mids[len(mids)-1].dist(m.xy[u]) < 10 {
		mids = mids[:len(mids)-1]
	}
	if v == u {
		return f
	}
	if len(mids) == 0 && (m.dest(ha) == u || m.dest(hb) == v) {
		return f // the path is an edge already
	}
	m.splitFace(f, ha, hb, mids, func(int) int32 { return along })
	return f
}

// on adds a vertex at the place of line nearest to p.
func (m *mesh) on(along int32, p vec) int32 {
	best, least := int32(-1), math.Inf(1)
	for e, l := range m.line {
		if l == along {
			if d := distToSegment(p, m.from(int32(2*e)), m.to(int32(2*e))); d < least {
				best, least = int32(2*e), d
			}
		}
	}
	a, b := m.from(best), m.to(best)
	d := b.sub(a)
	u := min(1, max(0, p.sub(a).dot(d)/d.dot(d)))
	return m.at(hit{h: best, u: u}, 8)
}
