package town

import (
	"slices"

	"wangge/geo"
	"wangge/geo/group"
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
	joined := group.New(len(m.pos))
	for e := range m.line {
		if m.lines[m.line[e]].class != "" {
			joined.Join(m.origin[2*e], m.origin[2*e+1])
		}
	}
	size := map[int32]int{}
	main := int32(-1)
	for e := range m.line {
		if m.lines[m.line[e]].class != "" {
			r := joined.Of(m.origin[2*e])
			size[r]++
			if main < 0 || size[r] > size[main] {
				main = r
			}
		}
	}
	for e := range m.line {
		l := m.lines[m.line[e]]
		if l.class != "" && joined.Of(m.origin[2*e]) != main {
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
		zoneOf[l] = max(m.zone[m.face[2*e]].use.land(), m.zone[m.face[2*e+1]].use.land())
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
	joined := group.New(len(m.lines))
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
					joined.Join(p.line, q.line)
				}
			}
		}
	}
	return joined.Of
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
	for i, p := range points {
		s.Nodes[i] = nodes.id(t, p)
	}
	t.Streets = append(t.Streets, s)
}

// gates are the nodes where a compound's roads leave it.
func (b *builder) gates(t *Town, nodes *nodeTable) {
	m := b.m
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.group < 0 || !t.Compounds[k.group].Wall {
			continue
		}
		c := &t.Compounds[k.group]
		seen := map[int32]bool{}
		for _, f := range k.cells {
			for _, h := range m.loop(f) {
				if l := m.lineOf(h); !l.inner || l.class == "" {
					continue
				}
				for _, v := range [2]int32{m.origin[h], m.dest(h)} {
					if !seen[v] && b.outside(v, int32(i)) {
						seen[v] = true
						c.Gates = append(c.Gates, nodes.id(t, m.pos[v]))
					}
				}
			}
		}
		if v := b.frontGate(k); len(c.Gates) == 0 && v >= 0 {
			c.Gates = append(c.Gates, nodes.id(t, m.pos[v]))
		}
	}
}

// frontGate is the vertex where the longest street along a small compound, which
// has no road of its own, begins.
func (b *builder) frontGate(k *block) int32 {
	inside := map[int32]bool{}
	for _, f := range k.cells {
		inside[f] = true
	}
	best, long := int32(-1), 0.0
	for _, f := range k.cells {
		for _, h := range b.m.loop(f) {
			if !inside[b.m.face[h^1]] && b.m.lineOf(h).class != "" && b.m.length(h) > long {
				best, long = b.m.origin[h], b.m.length(h)
			}
		}
	}
	return best
}

// outside reports whether a vertex lies on the rim of a block.
func (b *builder) outside(v, block int32) bool {
	start := b.m.out[v]
	for h := start; ; {
		if b.m.zone[b.m.face[h]].block != block {
			return true
		}
		if h = b.m.prev[h] ^ 1; h == start {
			return false
		}
	}
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
