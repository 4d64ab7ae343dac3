package town

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// nature adds water and greenery.
func (b *builder) nature(t *Town) {
	f := b.m.frame
	b.addWater(t)
	for _, l := range b.lakes {
		t.Water = append(t.Water, Water{Kind: l.kind, Name: l.name[0], NameEn: l.name[1], Area: geo.MultiPolygon{{f.ring(l.shape)}}})
	}
	green := func(kind string, n name, s shape) {
		t.Green = append(t.Green, Green{ID: int64(len(t.Green) + 1), Kind: kind, Name: n[0], NameEn: n[1], Area: geo.MultiPolygon{{f.ring(s)}}})
	}
	parks := newDeck(b.d, parkNames)
	for i := range b.blockList {
		k := &b.blockList[i]
		switch k.lot {
		case lotField, lotOrchard, lotVegetables:
			for _, c := range k.cells {
				s := b.m.inset(c)
				if i == 0 || s == nil {
					continue
				}
				kind := map[lot]string{lotField: "farmland", lotOrchard: "orchard", lotVegetables: "vegetables"}[k.lot]
				if b.d.chance(0.1) {
					kind = "vegetables"
				}
				green(kind, name{}, s)
			}
		case lotPonds:
			for _, c := range k.cells {
				if s := b.m.inset(c); s != nil {
					t.Water = append(t.Water, Water{Kind: "pond", Area: geo.MultiPolygon{{f.ring(s)}}})
				}
			}
		case lotWood:
			green("wood", name{}, k.shape)
		case lotVacant:
			if k.inside != nil {
				green("grass", name{}, k.inside)
			}
		case lotPark, lotLake:
			if k.inside != nil {
				n := parks.next()
				if k.lot == lotLake {
					n = name{"菱湖公园", "Ling Lake Park"}
				}
				green("park", n, k.inside)
				k.title = n
			}
		case lotGreen:
			if k.inside != nil {
				green("garden", name{}, k.inside)
			}
		}
	}
	for _, s := range b.pitches {
		green("pitch", name{}, s)
	}
	for i := range t.Water {
		t.Water[i].ID = int64(i + 1)
	}
}

// addWater joins the pools of each river and canal to one area.
func (b *builder) addWater(t *Town) {
	pools := make([][]int32, len(b.waterCourses))
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot != lotWater {
			continue
		}
		best, least := 0, math.Inf(1)
		for c, w := range b.waterCourses {
			for j := 0; j+1 < len(w); j++ {
				if d := distToSegment(k.center, w[j], w[j+1]); d < least {
					best, least = c, d
				}
			}
		}
		pools[best] = append(pools[best], k.cells...)
	}
	mark := make([]int32, len(b.m.first))
	titles := []name{b.name.cat("河", " River"), {"西北浜", "Xibei Creek"}, {"西南浜", "Xinan Creek"}, {"东北浜", "Dongbei Creek"}, {"东南浜", "Dongnan Creek"}, {"老市河", "Old Market Canal"}}
	for c, faces := range pools {
		if len(faces) == 0 {
			continue
		}
		kind := "canal"
		if c == 0 {
			kind = "river"
		}
		slices.Sort(faces)
		t.Water = append(t.Water, Water{Kind: kind, Name: titles[c][0], NameEn: titles[c][1], Area: b.m.outline(faces, mark, int32(c+1))})
	}
}

var parkNames = pairs("滨河公园", "Riverside Park", "市民公园", "Citizens' Park", "体育公园", "Sports Park", "文化公园", "Culture Park", "知音园", "Zhiyin Garden")

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
