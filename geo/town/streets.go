package town

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// path is a footpath that is no edge of the mesh: inside a park, and along
// nothing that anybody's area ends at.
type path struct {
	kind   line
	points []geo.Point
}

// banks gives the edges along water what runs there: a promenade in the town, a
// dike on one side in the country.
func (b *builder) banks() {
	m := b.m
	foot, dikeway, bare := m.add(promenade), m.add(dike), m.add(shore)
	for e, at := range m.line {
		l := m.lines[at]
		if !l.bank {
			continue
		}
		h := int32(2 * e)
		land := m.face[h]
		if m.zone[land].use == water {
			land = m.face[h^1]
		}
		switch z := m.zone[land].use; {
		case z == urban || z == oldTown || z == water:
			m.line[e] = foot
		case slices.Index(b.river, at) == 0 || slices.Index(b.canals, at)%2 == 0:
			m.line[e] = dikeway
		default:
			m.line[e] = bare
		}
	}
}

// bridge reports whether an edge crosses water.
func (b *builder) bridge(e int) bool {
	m := b.m
	return m.zone[m.face[2*e]].use == water && m.zone[m.face[2*e+1]].use == water
}

// walkable drops what cannot be reached: edges with a street that are not joined
// to the great piece of the network become mere borders.
func (b *builder) walkable() {
	m := b.m
	root := make([]int32, len(m.pos))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(v int32) int32 {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	for e := range m.line {
		if m.lines[m.line[e]].class != "" {
			root[find(m.origin[2*e])] = find(m.origin[2*e+1])
		}
	}
	size := map[int32]int{}
	main := int32(-1)
	for e := range m.line {
		if m.lines[m.line[e]].class != "" {
			r := find(m.origin[2*e])
			size[r]++
			if main < 0 || size[r] > size[main] {
				main = r
			}
		}
	}
	for e := range m.line {
		l := m.lines[m.line[e]]
		if l.class != "" && find(m.origin[2*e]) != main {
			l.class = ""
			m.line[e] = m.add(l)
		}
	}
}

// nameStreets names the lines. A street goes on under its name where another of
// its kind continues it nearly straight.
func (b *builder) nameStreets() {
	m := b.m
	b.names = []name{{}}
	kin := b.continuations()
	zoneOf := make([]use, len(m.lines))
	length := make([]float64, len(m.lines))
	for e, l := range m.line {
		length[kin(l)] += m.length(int32(2 * e))
		zoneOf[l] = max(m.zone[m.face[2*e]].use%water, m.zone[m.face[2*e+1]].use%water)
	}
	given := map[int32]int32{}
	order := make([]int32, len(m.lines))
	for i := range order {
		order[i] = int32(i)
	}
	for _, l := range order {
		kind := m.lines[l]
		if !named(kind) || length[kin(l)] < 60 {
			continue
		}
		k := kin(l)
		if given[k] == 0 {
			n := b.streetName(kind.class, zoneOf[l])
			switch l {
			case b.avenue:
				n = b.name.cat("大道", " Avenue")
			case b.cross:
				n = name{"人民路", "Renmin Road"}
			case b.ring:
				n = name{"环城路", "Ring Road"}
			}
			b.names = append(b.names, n)
			given[k] = int32(len(b.names) - 1)
		}
		m.lines[l].name = given[k]
	}
}

func named(l line) bool {
	if l.inner || l.bank {
		return false
	}
	switch l.class {
	case "primary", "secondary", "tertiary", "unclassified", "living_street":
		return true
	case "residential":
		return l.width > villageLane.width
	}
	return false
}

// continuations groups lines of one class that run on into each other at a
// vertex within about fifteen degrees.
func (b *builder) continuations() func(int32) int32 {
	m := b.m
	root := make([]int32, len(m.lines))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(l int32) int32 {
		for root[l] != l {
			l = root[l]
		}
		return l
	}
	type leg struct {
		line int32
		dir  vec
	}
	legs := make([][]leg, len(m.pos))
	for e, l := range m.line {
		if !named(m.lines[l]) {
			continue
		}
		d := m.to(int32(2 * e)).sub(m.from(int32(2 * e))).unit()
		legs[m.origin[2*e]] = append(legs[m.origin[2*e]], leg{l, d})
		legs[m.origin[2*e+1]] = append(legs[m.origin[2*e+1]], leg{l, d.mul(-1)})
	}
	for _, at := range legs {
		for i, p := range at {
			for _, q := range at[i+1:] {
				if p.line != q.line && m.lines[p.line].class == m.lines[q.line].class && p.dir.dot(q.dir) < -0.966 {
					i, j := find(p.line), find(q.line)
					root[max(i, j)] = min(i, j)
				}
			}
		}
	}
	return find
}

// streets chains the edges of each line to ways, bridges apart.
func (b *builder) streets(t *Town, nodes *nodeTable) {
	m := b.m
	byLine := make([][]int32, len(m.lines))
	for e, l := range m.line {
		if m.lines[l].class != "" {
			byLine[l] = append(byLine[l], int32(e))
		}
	}
	for l, edges := range byLine {
		for _, bridged := range []bool{false, true} {
			var part []int32
			for _, e := range edges {
				if b.bridge(int(e)) == bridged {
					part = append(part, e)
				}
			}
			for _, way := range m.chains(part) {
				b.street(t, nodes, m.lines[l], bridged, m.lattice(way))
			}
		}
	}
	for _, p := range b.paths {
		b.street(t, nodes, p.kind, false, p.points)
	}
}

func (b *builder) street(t *Town, nodes *nodeTable, l line, bridged bool, points []geo.Point) {
	s := Street{
		ID: int64(len(t.Streets) + 1), Class: l.class, Bridge: bridged, Width: geo.Meters(l.width),
		Name: b.names[l.name][0], NameEn: b.names[l.name][1], Nodes: make([]int32, len(points)),
	}
	if bridged && l.class == "footway" && l.width == moatBridge.width {
		s.Class = "steps"
	}
	for i, p := range points {
		s.Nodes[i] = nodes.id(t, p)
	}
	t.Streets = append(t.Streets, s)
}

// nodeTable numbers the nodes of the street network.
type nodeTable struct{ at map[geo.Point]int32 }

func (n *nodeTable) id(t *Town, p geo.Point) int32 {
	i, ok := n.at[p]
	if !ok {
		i = int32(len(t.Nodes))
		n.at[p] = i
		t.Nodes = append(t.Nodes, p)
	}
	return i
}

// chains puts edges end to end: paths from end to end, then what is left, which
// is rings.
func (m *mesh) chains(edges []int32) [][]int32 {
	ends := map[int32][]int32{}
	for _, e := range edges {
		for _, v := range [2]int32{m.origin[2*e], m.origin[2*e+1]} {
			ends[v] = append(ends[v], e)
		}
	}
	used := map[int32]bool{}
	var out [][]int32
	follow := func(v int32) {
		way := []int32{v}
		for {
			next := int32(-1)
			for _, e := range ends[v] {
				if !used[e] {
					next = e
					break
				}
			}
			if next < 0 {
				break
			}
			used[next] = true
			v = m.origin[2*next] + m.origin[2*next+1] - v
			way = append(way, v)
			if len(ends[v]) != 2 {
				break
			}
		}
		if len(way) > 1 {
			out = append(out, way)
		}
	}
	for _, e := range edges {
		for _, v := range [2]int32{m.origin[2*e], m.origin[2*e+1]} {
			if len(ends[v]) != 2 && !used[e] {
				follow(v)
			}
		}
	}
	for _, e := range edges {
		if !used[e] {
			follow(m.origin[2*e])
		}
	}
	return out
}

// parks lays out the lake with a path around it, and paths through the parks.
func (b *builder) parks() {
	for i := range b.blockList {
		k := &b.blockList[i]
		switch k.lot {
		case lotLake:
			b.round(k, 0.62, true)
		case lotPark:
			b.round(k, 0.42, k.area > 22_000)
		case lotGreen:
			if k.inside != nil && k.area > 3_000 {
				b.round(k, 0.3, false)
			}
		}
	}
}

// round makes a ring path, about a pond if there is one, joined to the streets
// around.
func (b *builder) round(k *block, size float64, pond bool) {
	if k.inside == nil {
		return
	}
	c := k.inside.center()
	if !k.inside.has(c) {
		return
	}
	reach := math.Inf(1)
	var rim shape
	const n = 64
	p1, p2 := b.d.between(0, 6), b.d.between(0, 6)
	for i := range n {
		a := float64(i) * 2 * math.Pi / n
		d := vec{1, 0}.turn(a)
		t := k.inside.exit(c, d)
		wave := 1 + float64(0.13*sine(float64(2*a)+p1)) + float64(0.08*sine(float64(5*a)+p2))
		rim = append(rim, d.mul(float64(min(t*0.86, float64(t*size*wave)))))
		reach = min(reach, rim[i].norm())
	}
	if reach < 8 {
		return
	}
	rim = even(rim, 4)
	ring, shoreline := make(shape, n), make(shape, n)
	for i, v := range rim {
		ring[i] = c.add(v)
		shoreline[i] = c.along(v.unit(), v.norm()-5)
	}
	b.ponds(shoreline, pond, k)
	walk := b.m.frame.ring(ring)
	b.paths = append(b.paths, path{parkPath, append(slices.Clone(walk), walk[0])})
	b.spokes(k, ring, walk)
}

func (b *builder) ponds(s shape, wanted bool, k *block) {
	if !wanted || s.area() < 300 {
		return
	}
	kind, n := "pond", name{}
	if k.lot == lotLake {
		kind, n = "lake", name{"菱湖", "Ling Lake"}
	}
	b.lakes = append(b.lakes, lake{kind, n, s})
}

type lake struct {
	kind  string
	name  name
	shape shape
}

// even averages a ring of radii with its neighbours.
func even(s shape, rounds int) shape {
	for range rounds {
		out := make(shape, len(s))
		for i, v := range s {
			a, c := s[(i+len(s)-1)%len(s)], s[(i+1)%len(s)]
			out[i] = v.unit().mul(v.norm()/2 + a.norm()/4 + c.norm()/4)
		}
		s = out
	}
	return s
}

// exit is how far it is from p in direction d to the border of the shape.
func (s shape) exit(p, d vec) float64 {
	far := p.along(d, 5000)
	least := math.Inf(1)
	for i, a := range s {
		if t, _, ok := segmentMeet(p, far, a, s[(i+1)%len(s)]); ok {
			least = min(least, float64(t*5000))
		}
	}
	return least
}

// spokes joins a ring path to vertices of the streets around the block, from
// each side of it.
func (b *builder) spokes(k *block, ring shape, walk geo.Ring) {
	m, f := b.m, k.cells[0]
	type spoke struct {
		v, at int
		long  float64
	}
	var found []spoke
	for _, h := range m.loop(f) {
		if m.lineOf(h).class == "" {
			continue
		}
		v := m.origin[h]
		best := spoke{v: int(v), long: math.Inf(1)}
		for i, p := range ring {
			if d := p.dist(m.xy[v]); d < best.long {
				best.at, best.long = i, d
			}
		}
		if best.at < len(walk) && m.inside(f, m.xy[v], ring[best.at], v) {
			found = append(found, best)
		}
	}
	slices.SortFunc(found, func(a, c spoke) int { return cmp.Or(cmp.Compare(a.long, c.long), a.v-c.v) })
	var taken []int
	for _, s := range found {
		near := slices.ContainsFunc(taken, func(at int) bool {
			gap := (s.at - at + len(ring)) % len(ring)
			return min(gap, len(ring)-gap) < len(ring)/6
		})
		if !near && len(taken) < 5 {
			taken = append(taken, s.at)
			b.paths = append(b.paths, path{parkPath, []geo.Point{m.pos[s.v], walk[s.at]}})
		}
	}
}

// inside reports whether the segment from vertex v to p stays in face f.
func (m *mesh) inside(f int32, from, p vec, v int32) bool {
	if _, hit := m.cast(f, from, p, v); hit {
		return false
	}
	return m.shape(f).has(from.to(p, 0.02)) && m.shape(f).has(p)
}
