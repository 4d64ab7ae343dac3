package town

import (
	"math"
	"slices"
)

// rule says how the faces of a zone are divided into blocks.
type rule struct {
	target float64 // area at which a face is left alone, m²
	snap   float64
	bend   float64
	skew   float64 // radians
	street func(area float64) line
}

var (
	urbanRule = rule{target: 27_000, snap: 26, bend: 0.02, skew: 0.03, street: func(area float64) line {
		if area > 170_000 {
			return secondary
		}
		return residential
	}}
	oldRule   = rule{target: 9_500, snap: 7, bend: 0.05, skew: 0.16, street: func(area float64) line { return oldStreet }}
	laneRule  = rule{target: 1_350, snap: 4, skew: 0.13, street: func(area float64) line { return oldLane }}
	worksRule = rule{target: 34_000, snap: 26, bend: 0.01, skew: 0.02, street: func(area float64) line {
		if area > 230_000 {
			return secondary
		}
		return tertiary
	}}
	ruralRule = rule{target: 62_000, snap: 22, bend: 0.05, skew: 0.12, street: func(area float64) line {
		switch {
		case area > 700_000:
			return tertiary
		case area > 220_000:
			return villageRoad
		}
		return track
	}}
	fieldRule = rule{target: 9_500, snap: 7, skew: 0.05, street: func(float64) line { return furrow }}
)

// divide cuts a face into parts of about the target area, by streets that run
// across its longer side.
func (b *builder) divide(f int32, r rule) []int32 {
	area := b.m.shape(f).area()
	if area < float64(r.target*b.d.between(1.25, 1.75)) {
		return []int32{f}
	}
	g, ok := b.halve(f, area, r)
	if !ok {
		return []int32{f}
	}
	return append(b.divide(f, r), b.divide(g, r)...)
}

func (b *builder) halve(f int32, area float64, r rule) (int32, bool) {
	s := b.m.shape(f)
	u := s.axis()
	lo, hi := s.span(u)
	lo1, hi1 := s.span(u.left())
	if hi1-lo1 < 18 || hi-lo < 40 {
		return 0, false
	}
	c := chord{snap: r.snap, turn: 0.55, least: area * 0.22, line: -1}
	if r.bend > 0 {
		c.bend = b.d.between(-r.bend, r.bend)
	}
	o := s.center()
	mid := float64((lo + hi) / 2)
	o = o.along(u, mid-o.dot(u))
	for _, shift := range []float64{b.d.between(-0.07, 0.07), 0, 0.12, -0.12, 0.2, -0.2} {
		at := o.along(u, float64(shift*(hi-lo)))
		d := u.left().turn(b.d.between(-r.skew, r.skew))
		for _, turn := range []float64{0, 0.2, -0.2} {
			if _, _, ok := b.m.stretch(f, at, d); !ok {
				continue
			}
			if g, ok := b.cutNew(f, at, d.turn(turn), c, r.street(area)); ok {
				return g, true
			}
		}
	}
	return 0, false
}

// cutNew cuts with a line that is only made when the cut succeeds.
func (b *builder) cutNew(f int32, o, d vec, c chord, kind line) (int32, bool) {
	c.line = int32(len(b.m.lines))
	g, ok := b.m.cut(f, o, d, c)
	if ok {
		b.m.add(kind)
	}
	return g, ok
}

// block is a piece of ground between streets, with one use.
type block struct {
	lot    lot
	cells  []int32 // faces; one until it is built on
	shape  shape   // as it was before
	inside shape   // what remains after streets, setbacks and banks; nil when nothing does
	center vec
	area   float64
	zone   use
	row    vec   // direction of its rows of houses
	group  int32 // compound, -1 for none
	title  name  // of a park
}

// lot is what a block is used for.
type lot uint8

const (
	lotField lot = iota
	lotOrchard
	lotVegetables
	lotWood
	lotPonds
	lotHamlet
	lotCompound
	lotTowers
	lotOld
	lotMarket
	lotMall
	lotSchool
	lotHospital
	lotCivic
	lotStation
	lotOffice
	lotKindergarten
	lotSports
	lotWorkshop
	lotVacant
	lotPark
	lotLake
	lotGreen
	lotWorks
	lotWater
)

// blocks divides the ground into blocks.
func (b *builder) blocks() {
	m := b.m
	b.blockList = []block{{group: -1}} // block 0 is none
	lake := b.reserve()
	for f := int32(1); f < int32(len(m.first)); f++ {
		if m.zone[f].block != 0 || m.zone[f].use == water {
			continue
		}
		if f == lake {
			b.block(f, lotLake)
			continue
		}
		r := map[use]rule{rural: ruralRule, urban: urbanRule, oldTown: oldRule, works: worksRule}[m.zone[f].use]
		for _, g := range b.divide(f, r) {
			b.block(g, lotField)
		}
	}
	b.pools()
	for i := range b.blockList[1:] {
		k := &b.blockList[i+1]
		k.shape = m.shape(k.cells[0])
		k.inside = m.inset(k.cells[0])
		k.center, k.area = k.shape.center(), k.shape.area()
	}
}

func (b *builder) block(f int32, l lot) int32 {
	id := int32(len(b.blockList))
	b.m.zone[f].block = id
	b.blockList = append(b.blockList, block{lot: l, cells: []int32{f}, zone: b.m.zone[f].use, group: -1})
	return id
}

// reserve cuts the urban ground by its main streets and keeps one of the large
// blocks in the north-east for the lake.
func (b *builder) reserve() int32 {
	m := b.m
	main := urbanRule
	main.target = 105_000
	best, least := int32(0), math.Inf(1)
	for f, n := int32(1), int32(len(m.first)); f < n; f++ {
		if m.zone[f].use != urban {
			continue
		}
		for _, g := range b.divide(f, main) {
			s := m.shape(g)
			if d := s.center().dist(b.old.add(vec{760, 560})); d < least && s.area() > 80_000 {
				best, least = g, d
			}
		}
	}
	return best
}

// pools cuts rivers and canals across, by footbridges in the town and by mere
// borders outside it, and makes each pool a block.
func (b *builder) pools() {
	m := b.m
	for f, n := int32(1), int32(len(m.first)); f < n; f++ {
		if m.zone[f].use != water {
			continue
		}
		near := m.shape(f).center().dist(b.old) < 620
		r := rule{target: 15_000, snap: 3, street: func(float64) line { return furrow }}
		if s := m.shape(f); near && s.area() < 12*s.halfway() { // narrow: the moat
			r = rule{target: 1_700, snap: 3, street: func(float64) line { return moatBridge }}
		} else if near {
			r = rule{target: 5_200, snap: 3, street: func(float64) line { return parkPath }}
		}
		for _, g := range b.divideLong(f, r) {
			b.block(g, lotWater)
		}
	}
}

// divideLong is divide for bent strips: it cuts at the middle of the longest
// way around, straight across.
func (b *builder) divideLong(f int32, r rule) []int32 {
	s := b.m.shape(f)
	if s.area() < float64(r.target*1.5) {
		return []int32{f}
	}
	for try := range 8 {
		h := b.m.loop(f)[(len(s)/4+try*3)%len(s)]
		d := b.m.to(h).sub(b.m.from(h)).unit().left()
		o := b.m.from(h).to(b.m.to(h), 0.5).along(d, 2)
		if g, ok := b.cutNew(f, o, d, chord{snap: r.snap, turn: 0.8, least: float64(s.area() * 0.2)}, r.street(0)); ok {
			return append(b.divideLong(f, r), b.divideLong(g, r)...)
		}
	}
	return []int32{f}
}

// inset is the outline of a face moved inwards by what its lines keep free, nil
// when nothing is left.
func (m *mesh) inset(f int32) shape {
	hs := m.loop(f)
	type side struct {
		at, dir vec
	}
	sides := make([]side, 0, len(hs))
	for _, h := range hs {
		a, b := m.from(h), m.to(h)
		u := b.sub(a).unit()
		sides = append(sides, side{a.along(u.left(), m.lineOf(h).free), u})
	}
	for len(sides) >= 3 {
		n := len(sides)
		out := make(shape, n)
		for i, s := range sides {
			p := sides[(i+n-1)%n]
			den := p.dir.cross(s.dir)
			if math.Abs(den) < 0.08 {
				out[i] = s.at // nearly straight: the later side decides
				if q := p.at.along(p.dir, s.at.sub(p.at).dot(p.dir)); s.dir.left().dot(q.sub(s.at)) > 0 {
					out[i] = q
				}
				continue
			}
			out[i] = p.at.along(p.dir, s.at.sub(p.at).cross(s.dir)/den)
		}
		worst, back := -1, 0.1
		for i, s := range sides {
			if l := out[(i+1)%n].sub(out[i]).dot(s.dir); l < back {
				worst, back = i, l
			}
		}
		if worst < 0 {
			if m.keeps(f, out) {
				return out
			}
			return nil
		}
		sides = slices.Delete(sides, worst, worst+1)
	}
	return nil
}

// keeps reports whether an inset is simple, has an area and really keeps away
// from the edges of the face.
func (m *mesh) keeps(f int32, s shape) bool {
	if s.area() < 30 {
		return false
	}
	face := m.shape(f)
	for i, p := range s {
		q := s[(i+1)%len(s)]
		if !face.has(p) {
			return false
		}
		for j := i + 2; j < len(s); j++ {
			if i == 0 && j == len(s)-1 {
				continue
			}
			if _, _, ok := segmentMeet(p, q, s[j], s[(j+1)%len(s)]); ok {
				return false
			}
		}
	}
	hs := m.loop(f)
	for _, h := range hs {
		need := float64(m.lineOf(h).free * 0.9)
		a, b := m.from(h), m.to(h)
		for i, p := range s {
			if distToSegment(p, a, b) < need || distToSegment(a, p, s[(i+1)%len(s)]) < need {
				return false
			}
		}
	}
	return true
}
