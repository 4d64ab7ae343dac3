package topology

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wangge/geo"
	"wangge/geo/fault"
)

// Mosaic is the planar subdivision made of the borders of parents and parts.
// It is not safe for concurrent use.
type Mosaic struct {
	plane   *subdivision
	units   []unit    // parents, then parts, then excluded areas
	strokes []stroke  // lines drawn into it; they cover nothing
	cover   [][]int32 // of each face: the units that cover it, ascending
	self    []selfFault
	noded   int
	found   []*found          // the violations at the last look
	byID    map[string]*found // the same
	looked  bool              // there was a look, and no repair since
	touched map[int32]bool    // faces that repairs have changed since the last look
}

type role uint8

const (
	parentRole role = iota
	partRole
	excludedRole
)

// unit is a parent, a part or an excluded area.
type unit struct {
	Part
	role    role
	parent  int32     // its parent's number, or none
	level   int32     // 0 for parents, 1 for their parts, 2 for parts of parts …
	rings   []ringRef // shells and holes as they came, noded
	redrawn bool      // a repair changed its faces
	used    bool      // some part names it as its parent
}

// ringRef is one ring of a unit, as half-edges.
type ringRef struct {
	polygon int
	hole    bool
	walk    []int32
}

// stroke is a line that cuts faces and covers none.
type stroke struct {
	points []geo.Point
	walk   []int32 // as half-edges, noded
}

// selfFault is a place where the rings of a unit touch or cross themselves.
type selfFault struct {
	unit   int32
	kind   Kind
	vertex int32
	mended bool
}

// Build makes the mosaic of parts and the parents they lie in. A part names its
// parent by code, or leaves it empty when there is only one. The parent may be
// another part, so that several levels can be built at once. Excluded areas were
// accepted as gaps earlier.
//
// A parent that no part names is not expected to be filled, and what is wrong
// with parents by themselves is not reported, except where two that have parts
// claim the same land: their parts could never content both. Parts whose parent is
// unknown are compared with the parts of the first level; a hole enclosed by two
// or more of them is a gap.
//
// Build fails with ErrExtent when the areas are too far apart, and with the
// context's error.
func Build(ctx context.Context, parents, parts []Part, excluded ...geo.MultiPolygon) (*Mosaic, error) {
	m := &Mosaic{}
	for _, p := range parents {
		m.units = append(m.units, unit{Part: p, role: parentRole, parent: none})
	}
	for _, p := range parts {
		m.units = append(m.units, unit{Part: p, role: partRole, parent: none})
	}
	for _, area := range excluded {
		m.units = append(m.units, unit{Part: Part{Area: area}, role: excludedRole, parent: none})
	}
	if err := m.checkExtent(); err != nil {
		return nil, err
	}
	m.linkParents()
	if err := m.subdivide(ctx); err != nil {
		return nil, fmt.Errorf("mosaic of %d parts: %w", len(parts), err)
	}
	m.findSelfFaults()
	return m, nil
}

// checkExtent refuses sets whose cross products could overflow and names what
// lies apart from the first part.
func (m *Mosaic) checkExtent() error {
	all := geo.EmptyBound
	for i := range m.units {
		all = all.Union(boundOf(m.units[i].Area))
	}
	if !tooWide(all) {
		return nil
	}
	var places []fault.Place
	middle := m.middle()
	for i := range m.units {
		p, ok := farFrom(middle, m.units[i].Area)
		if !ok {
			continue
		}
		at := [2]float64(p.Degrees())
		places = append(places, fault.Place{
			Pointer: "code=" + m.units[i].Code, Code: "extent_too_large",
			Detail: "This area reaches too far away from the others.", At: &at,
		})
	}
	return ErrExtent.With(places...)
}

// farFrom returns the first vertex that is farther from middle than half of
// geo.MaxExtent in either direction. A set without such a vertex fits.
func farFrom(middle geo.Point, area geo.MultiPolygon) (geo.Point, bool) {
	for _, polygon := range area {
		for _, r := range polygon {
			for _, p := range r {
				dx, dy := int64(p.X)-int64(middle.X), int64(p.Y)-int64(middle.Y)
				if max(dx, -dx, dy, -dy) > geo.MaxExtent/2 {
					return p, true
				}
			}
		}
	}
	return geo.Point{}, false
}

// middle is the median of the corners of all units: a few strays do not move it.
func (m *Mosaic) middle() geo.Point {
	var xs, ys []int32
	for i := range m.units {
		if b := boundOf(m.units[i].Area); !b.Empty() {
			xs = append(xs, b.Min.X, b.Max.X)
			ys = append(ys, b.Min.Y, b.Max.Y)
		}
	}
	slices.Sort(xs)
	slices.Sort(ys)
	return geo.Point{X: xs[len(xs)/2], Y: ys[len(ys)/2]}
}

// linkParents finds each part's parent and level.
func (m *Mosaic) linkParents() {
	parents, parts := map[string]int32{}, map[string]int32{}
	for i := range m.units {
		byCode := parts
		if m.units[i].role == parentRole {
			byCode = parents
		}
		if _, taken := byCode[m.units[i].Code]; !taken && m.units[i].role != excludedRole {
			byCode[m.units[i].Code] = int32(i)
		}
	}
	for i := range m.units {
		u := &m.units[i]
		if u.role != partRole {
			continue
		}
		if u.Parent == "" {
			if len(parents) == 1 {
				u.parent = 0
			}
		} else if p, ok := parents[u.Parent]; ok {
			u.parent = p
		} else if p, ok := parts[u.Parent]; ok && p != int32(i) {
			u.parent = p
		}
	}
	m.setLevels()
	for i := range m.units {
		if p := m.units[i].parent; p != none {
			m.units[p].used = true
		}
	}
}

// maxLevels is more than any hierarchy has; longer chains of parents are loops.
const maxLevels = 64

// setLevels makes orphans of parts that are their own ancestors and counts the
// levels below the parents.
func (m *Mosaic) setLevels() {
	for i := range m.units {
		steps, top := 0, int32(i)
		for m.units[top].parent != none && steps <= maxLevels {
			top = m.units[top].parent
			steps++
		}
		if steps > maxLevels {
			m.units[i].parent, top, steps = none, int32(i), 0
		}
		if m.units[top].role == partRole {
			steps++ // an orphan stands on the first level
		}
		m.units[i].level = int32(steps)
	}
}

// subdivide nodes all borders and finds out what covers each face.
func (m *Mosaic) subdivide(ctx context.Context) error {
	vertices := 0
	for i := range m.units {
		vertices += countVertices(m.units[i].Area)
	}
	b := newBorders(vertices)
	for i := range m.units {
		m.units[i].rings = b.rings(m.units[i].Area)
	}
	for i := range m.strokes {
		m.strokes[i].walk = b.path(m.strokes[i].points)
	}
	var err error
	if m.noded, err = b.node(ctx); err != nil {
		return err
	}
	for i := range m.units {
		for j := range m.units[i].rings {
			r := &m.units[i].rings[j]
			r.walk = b.noded(r.walk)
		}
	}
	for i := range m.strokes {
		m.strokes[i].walk = b.noded(m.strokes[i].walk)
	}
	if m.plane, err = newSubdivision(ctx, b); err != nil {
		return err
	}
	m.findCover()
	return ctx.Err()
}

func (b *borders) rings(area geo.MultiPolygon) []ringRef {
	var rings []ringRef
	for p, polygon := range area {
		for i, r := range polygon {
			if walk := b.ring(r); len(walk) > 0 {
				rings = append(rings, ringRef{polygon: p, hole: i > 0, walk: walk})
			}
		}
	}
	return rings
}

// winding says how often a ring runs around a face, counter-clockwise counted up.
type winding struct{ ring, turns int32 }

// findCover walks from the unbounded face across all edges and keeps count of
// the rings around each face.
func (m *Mosaic) findCover() {
	var owners []ringOwner
	for i := range m.units {
		for _, r := range m.units[i].rings {
			owners = append(owners, ringOwner{int32(i), r.polygon, r.hole})
		}
	}
	uses, start := m.ringUses()
	state := make([][]winding, len(m.plane.edges))
	m.cover = make([][]int32, len(m.plane.edges))
	seen := make([]bool, len(m.plane.edges))
	seen[0] = true
	for queue := []int32{0}; len(queue) > 0; {
		f := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, h := range m.plane.edges[f] {
			g := m.plane.face[h^1]
			if seen[g] {
				continue
			}
			seen[g] = true
			// g lies to the right of h: a ring that walks along h does not enclose it.
			sign := int32(-1)
			if h&1 == 1 {
				sign = 1
			}
			state[g] = combine(state[f], uses[start[h>>1]:start[h>>1+1]], sign)
			m.cover[g] = covering(state[g], owners)
			queue = append(queue, g)
		}
	}
}

// ringUses lists, for each edge e at uses[start[e]:start[e+1]], the rings that
// walk it, with the sum of directions, in order of ring number.
func (m *Mosaic) ringUses() (uses []winding, start []int32) {
	start = make([]int32, len(m.plane.ends)+1)
	m.eachStep(func(_, h int32) { start[h>>1+1]++ })
	for e := 1; e < len(start); e++ {
		start[e] += start[e-1]
	}
	uses = make([]winding, start[len(start)-1])
	fill := slices.Clone(start)
	m.eachStep(func(ring, h int32) {
		uses[fill[h>>1]] = winding{ring, 1 - 2*(h&1)}
		fill[h>>1]++
	})
	return uses, start
}

func (m *Mosaic) eachStep(visit func(ring, h int32)) {
	ring := int32(0)
	for i := range m.units {
		for _, r := range m.units[i].rings {
			for _, h := range r.walk {
				visit(ring, h)
			}
			ring++
		}
	}
}

// combine adds sign times the uses of an edge to the windings of a face. Both
// are in order of ring number; a ring may appear in uses more than once.
func combine(state, uses []winding, sign int32) []winding {
	out := make([]winding, 0, len(state)+len(uses))
	for len(state) > 0 || len(uses) > 0 {
		var w winding
		if len(uses) == 0 || len(state) > 0 && state[0].ring <= uses[0].ring {
			w, state = state[0], state[1:]
		} else {
			w, uses = winding{uses[0].ring, sign * uses[0].turns}, uses[1:]
		}
		if last := len(out) - 1; last >= 0 && out[last].ring == w.ring {
			out[last].turns += w.turns
		} else {
			out = append(out, w)
		}
	}
	return slices.DeleteFunc(out, func(w winding) bool { return w.turns == 0 })
}

type ringOwner struct {
	unit    int32
	polygon int
	hole    bool
}

// covering lists the units that cover a face: those with a polygon whose outer
// ring runs around it and none of whose holes does, whatever the direction.
func covering(state []winding, owners []ringOwner) []int32 {
	var out []int32
	for i := 0; i < len(state); {
		o := owners[state[i].ring]
		in := !o.hole
		for ; i < len(state); i++ {
			same := owners[state[i].ring]
			if same.unit != o.unit || same.polygon != o.polygon {
				break
			}
			in = in && !(same.hole && state[i].turns != 0)
		}
		if in && (len(out) == 0 || out[len(out)-1] != o.unit) {
			out = append(out, o.unit)
		}
	}
	return out
}

// Noded is the number of edges that received a vertex because another border
// meets or crosses them.
func (m *Mosaic) Noded() int { return m.noded }

// Parts returns the parts as they stand, in the order given to Build. Areas are
// rebuilt from faces: valid, and exactly matching their neighbours. Only a part
// with an open self_touch or self_cross whose faces no repair has changed keeps
// its rings as they came, so that nothing is mended silently.
func (m *Mosaic) Parts() []Part { return m.drawn(partRole) }

// Parents returns the parents, with the vertices their parts put on their
// borders and with the repairs made to them.
func (m *Mosaic) Parents() []Part { return m.drawn(parentRole) }

// Excluded returns the areas inside parents that were accepted as gaps, apart
// from each other.
func (m *Mosaic) Excluded() []geo.MultiPolygon {
	out := m.facesBy(func(f int32) bool { return m.excluded(f) })
	areas := make([]geo.MultiPolygon, 0, len(out))
	for _, faces := range out {
		areas = append(areas, m.plane.area(faces))
	}
	slices.SortFunc(areas, func(a, b geo.MultiPolygon) int { return compareRings(a[0][0], b[0][0]) })
	return areas
}

func (m *Mosaic) drawn(role role) []Part {
	faces := m.facesOfUnits()
	open := m.openSelfFaults()
	var out []Part
	for i := range m.units {
		u := &m.units[i]
		if u.role != role {
			continue
		}
		p := u.Part
		if open[int32(i)] && !u.redrawn {
			p.Area = m.asItCame(u)
		} else {
			p.Area = m.plane.area(faces[i])
		}
		out = append(out, p)
	}
	return out
}

func (m *Mosaic) openSelfFaults() map[int32]bool {
	open := map[int32]bool{}
	for _, f := range m.self {
		if !f.mended {
			open[f.unit] = true
		}
	}
	return open
}

// asItCame is the area of a unit with its own rings, noded.
func (m *Mosaic) asItCame(u *unit) geo.MultiPolygon {
	var out geo.MultiPolygon
	last := -1
	for _, r := range u.rings {
		if r.polygon != last {
			out = append(out, nil)
			last = r.polygon
		}
		ring := make(geo.Ring, len(r.walk))
		for i, h := range r.walk {
			ring[i] = m.plane.points[m.plane.origin(h)]
		}
		out[len(out)-1] = append(out[len(out)-1], ring)
	}
	return out
}

func (m *Mosaic) facesOfUnits() [][]int32 {
	faces := make([][]int32, len(m.units))
	for f, cover := range m.cover {
		for _, u := range cover {
			faces[u] = append(faces[u], int32(f))
		}
	}
	return faces
}

// facesBy groups the faces that in accepts into pieces that hang together.
func (m *Mosaic) facesBy(in func(f int32) bool) [][]int32 {
	var faces []int32
	for f := range int32(len(m.cover)) {
		if in(f) {
			faces = append(faces, f)
		}
	}
	return m.plane.connected(faces)
}

// connected groups faces into pieces that hang together by edges.
func (s *subdivision) connected(faces []int32) [][]int32 {
	s.stamp += 2
	inside, grouped := s.stamp-1, s.stamp
	for _, f := range faces {
		s.mark[f] = inside
	}
	var out [][]int32
	for _, f := range faces {
		if s.mark[f] != inside {
			continue
		}
		s.mark[f] = grouped
		piece := []int32{f}
		for i := 0; i < len(piece); i++ {
			for _, h := range s.edges[piece[i]] {
				if g := s.face[h^1]; s.mark[g] == inside {
					s.mark[g] = grouped
					piece = append(piece, g)
				}
			}
		}
		out = append(out, piece)
	}
	return out
}

// excluded reports whether the face is an accepted gap.
func (m *Mosaic) excluded(f int32) bool {
	out := false
	for _, u := range m.cover[f] {
		switch m.units[u].role {
		case partRole:
			return false
		case excludedRole:
			out = true
		}
	}
	return out
}

func (m *Mosaic) covers(u, f int32) bool {
	_, ok := slices.BinarySearch(m.cover[f], u)
	return ok
}

// give adds unit u to the cover of faces, take removes it.
func (m *Mosaic) give(u int32, faces []int32) {
	for _, f := range faces {
		if i, ok := slices.BinarySearch(m.cover[f], u); !ok {
			m.cover[f] = slices.Insert(slices.Clone(m.cover[f]), i, u)
			m.touched[f] = true
		}
	}
	m.units[u].redrawn = true
}

func (m *Mosaic) take(u int32, faces []int32) {
	for _, f := range faces {
		if i, ok := slices.BinarySearch(m.cover[f], u); ok {
			m.cover[f] = slices.Delete(slices.Clone(m.cover[f]), i, i+1)
			m.touched[f] = true
		}
	}
	m.units[u].redrawn = true
}

// boundOf is the box of all rings: a hole of a dirty area may lie outside.
func boundOf(area geo.MultiPolygon) geo.Bound {
	b := geo.EmptyBound
	for _, polygon := range area {
		for _, r := range polygon {
			b = b.Union(r.Bound())
		}
	}
	return b
}

func tooWide(b geo.Bound) bool {
	return !b.Empty() && (int64(b.Max.X)-int64(b.Min.X) > geo.MaxExtent || int64(b.Max.Y)-int64(b.Min.Y) > geo.MaxExtent)
}

func countVertices(area geo.MultiPolygon) int {
	n := 0
	for _, polygon := range area {
		for _, r := range polygon {
			n += len(r)
		}
	}
	return n
}

// compareCodes orders units by code in byte order, then by number.
func (m *Mosaic) compareCodes(a, b int32) int {
	return cmp.Or(cmp.Compare(m.units[a].Code, m.units[b].Code), cmp.Compare(a, b))
}
