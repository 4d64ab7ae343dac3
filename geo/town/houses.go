package town

import "math"

// house is a building before it has a number.
type house struct {
	kind       string
	shape      shape
	face       int32
	levels     int
	stairwells int
	front      vec // direction of its long side
	homes      int // dwellings in it
	plan       int // dwellings it was built for; units are drawn by these
	perFloor   int // dwellings on a floor of a stairwell
}

// box is a rectangle with one corner at a, so long along u and so deep to its
// left.
func box(a, u vec, long, deep float64) shape {
	n := u.left().mul(deep)
	v := a.along(u, long)
	return shape{a, v, v.add(n), a.add(n)}
}

// holds reports whether shape s contains the convex shape r.
func (s shape) holds(r shape) bool {
	for _, p := range r {
		if !s.has(p) {
			return false
		}
	}
	for _, p := range s {
		if r.has(p) {
			return false
		}
	}
	for i, p := range r {
		for j, a := range s {
			if _, _, ok := segmentMeet(p, r[(i+1)%len(r)], a, s[(j+1)%len(s)]); ok {
				return false
			}
		}
	}
	return true
}

// apart reports whether two convex shapes are at least gap metres apart, by a
// separating side of either.
func apart(a, b shape, gap float64) bool {
	for _, s := range [2][2]shape{{a, b}, {b, a}} {
		for i, p := range s[0] {
			out := s[0][(i+1)%len(s[0])].sub(p).unit().left().mul(-1)
			near := math.Inf(1)
			for _, q := range s[1] {
				near = min(near, q.sub(p).dot(out))
			}
			if near >= gap {
				return true
			}
		}
	}
	return false
}

// room is the stretch along u that a shape offers to a band across it, from n0
// down to n0-deep.
func (s shape) room(u vec, n0, deep float64) (lo, hi float64) {
	lo, hi = math.Inf(-1), math.Inf(1)
	n := u.left()
	for i, a := range s {
		b := s[(i+1)%len(s)]
		na, nb := a.dot(n), b.dot(n)
		if max(na, nb) < n0-deep || min(na, nb) > n0 || na == nb {
			continue
		}
		// The part of this side within the band bounds the room: a side that
		// goes up has the inside on its left, that is to the west.
		for _, at := range [2]float64{min(max(na, n0-deep), n0), min(max(nb, n0-deep), n0)} {
			x := a.to(b, (at-na)/(nb-na)).dot(u)
			if nb > na {
				hi = min(hi, x)
			} else {
				lo = max(lo, x)
			}
		}
	}
	return lo, hi
}

// place finds room for a box with its long side along u in a face, as far north
// as it goes; it is made shorter down to least.
func (b *builder) place(f int32, u vec, long, least, deep float64) (shape, bool) {
	in := b.m.inset(f)
	if in == nil {
		return nil, false
	}
	n := u.left()
	lo, hi := in.span(n)
	for n0 := hi - 0.2; n0-deep > lo; n0 -= 1.5 {
		l, r := in.room(u, n0, deep)
		size := min(long, r-l-0.4)
		if size < least {
			continue
		}
		at := float64((l+r)/2) - size/2
		s := box(u.mul(at).add(n.mul(n0-deep)), u, size, deep)
		if in.holds(s) {
			return s, true
		}
	}
	return nil, false
}

func (b *builder) build(h house) {
	b.houseList = append(b.houseList, h)
}

// slab builds a walk-up of several stairwells side by side.
func (b *builder) slab(f int32, u vec) {
	deep := b.d.between(10.5, 12.5)
	s, ok := b.place(f, u, b.d.between(25, 36), 14, deep)
	if !ok {
		return
	}
	long := s[0].dist(s[1])
	stairs := max(1, int(long/15.5))
	levels := 4 + weighted(b.d, 0.3, 0.45, 0.25)
	b.build(house{kind: "apartments", shape: s, face: f, levels: levels, stairwells: stairs, perFloor: 2, front: u, homes: levels * stairs * 2})
}

// tower builds a point tower.
func (b *builder) tower(f int32, u vec) {
	s, ok := b.place(f, u, b.d.between(21, 25), 18, b.d.between(17, 20))
	if !ok {
		b.slab(f, u)
		return
	}
	levels := 11 + b.d.IntN(8)
	b.build(house{kind: "apartments", shape: s, face: f, levels: levels, stairwells: 1, perFloor: 4, front: u, homes: levels * 4})
}

// houses builds a row of farmhouses along the lane in the north of a strip, where
// the village reaches.
func (b *builder) houses(f int32, u vec, reaches func(vec) bool) {
	in := b.m.inset(f)
	if in == nil {
		return
	}
	n := u.left()
	lo, hi := in.span(u)
	_, top := in.span(n)
	var row []shape
	for at := lo + b.d.between(0, 3); at < hi-7; {
		long, deep := b.d.between(8.5, 12.5), b.d.between(8, 10.5)
		n0 := top - b.d.between(1, 5)
		for try := 0; try < 6; try, n0 = try+1, n0-3 {
			s := box(u.mul(at).add(n.mul(n0-deep)), u.turn(b.d.between(-0.03, 0.03)), long, deep)
			if !reaches(s[2]) || !in.holds(s) || len(row) > 0 && !apart(s, row[len(row)-1], 0.6) {
				continue
			}
			row = append(row, s)
			b.build(house{kind: "house", shape: s, face: f, levels: 2 + weighted(b.d, 0.7, 0.3), front: u, homes: 1})
			break
		}
		at += long + b.d.between(1.5, 4.5)
		if b.d.chance(0.07) {
			at += 9
		}
	}
}

// perimeter builds the houses of an old block: close together along its lanes,
// around a yard.
func (b *builder) perimeter(f int32) {
	in := b.m.inset(f)
	if in == nil {
		return
	}
	var done []shape
	for i, a := range in {
		c := in[(i+1)%len(in)]
		u := c.sub(a).unit()
		for at := 0.3; at < a.dist(c)-5; {
			long, deep := min(b.d.between(6, 11.5), a.dist(c)-at-0.3), b.d.between(7, 10)
			s := box(a.along(u, at).along(u.left(), b.d.between(0.1, 0.5)), u, long, deep)
			if long < 5 || !b.fitsAmong(in, s, done, 0.5) {
				at += 1.5
				continue
			}
			done = append(done, s)
			h := house{kind: "house", shape: s, face: f, levels: 2 + weighted(b.d, 0.75, 0.25), front: u, homes: 1 + weighted(b.d, 0.5, 0.35, 0.15)}
			if b.d.chance(0.12) {
				h.kind = "retail"
			}
			b.build(h)
			at += long + b.d.between(0.4, 1.2)
			if b.d.chance(0.08) {
				at += 4
			}
		}
	}
}

// shops builds a row of shops along the main streets of a compound's cell, before
// whatever stands there.
func (b *builder) shops(f int32) {
	in := b.m.inset(f)
	if in == nil {
		return
	}
	done := b.standing(f)
	homes := len(done)
	for _, h := range b.m.loop(f) {
		l := b.m.lineOf(h)
		if l.class != "secondary" && (l.class != "primary" || l.width < primary.width) && l.class != "residential" {
			continue
		}
		if l.class == "residential" && !b.d.chance(0.25) {
			continue
		}
		u := b.m.to(h).sub(b.m.from(h)).unit()
		for at := 2.0; at < b.m.length(h)-8; {
			long, deep := b.d.between(8, 15), b.d.between(6.5, 8)
			s := box(b.m.from(h).along(u, at).along(u.left(), l.free+0.3), u, long, deep)
			if !in.holds(s) || !farFrom(s, done, homes) {
				at += 2
				continue
			}
			done = append(done, s)
			b.build(house{kind: "retail", shape: s, face: f, levels: 1 + b.d.IntN(2), front: u})
			at += long + 0.6
		}
	}
}

// standing lists the houses that stand on a face, the latest first.
func (b *builder) standing(f int32) []shape {
	var out []shape
	for i := len(b.houseList) - 1; i >= 0 && b.m.zone[b.houseList[i].face].block == b.m.zone[f].block; i-- {
		if b.houseList[i].face == f {
			out = append(out, b.houseList[i].shape)
		}
	}
	return out
}

// farFrom reports whether a shop keeps its distance: six metres from the first
// so many, which are homes, half a metre from other shops.
func farFrom(s shape, done []shape, homes int) bool {
	for i, o := range done {
		gap := 0.5
		if i < homes {
			gap = 6
		}
		if !apart(s, o, gap) {
			return false
		}
	}
	return true
}

func (b *builder) fitsAmong(in, s shape, done []shape, gap float64) bool {
	if !in.holds(s) {
		return false
	}
	for _, o := range done {
		if !apart(s, o, gap) {
			return false
		}
	}
	return true
}

// site builds a school, a hospital, a market or works: a few large buildings in
// rows.
func (b *builder) site(k *block) {
	if k.inside == nil {
		return
	}
	f := k.cells[0]
	switch k.lot {
	case lotSchool:
		b.campus(k, f, "school", 46, 14, 4, 26)
	case lotHospital:
		b.campus(k, f, "hospital", 52, 18, 6, 24)
	case lotCivic:
		b.campus(k, f, "public", 44, 16, 5, 26)
	case lotMarket:
		b.campus(k, f, "retail", 62, 28, 2, 14)
	case lotMall:
		b.campus(k, f, "commercial", 70, 40, 4, 18)
	case lotStation:
		b.campus(k, f, "public", 40, 16, 2, 30)
	case lotOffice:
		b.campus(k, f, "office", b.d.between(30, 44), b.d.between(18, 24), 8, 26)
	case lotKindergarten:
		b.campus(k, f, "school", 34, 13, 3, 20)
	case lotSports:
		b.campus(k, f, "public", 60, 40, 2, 40)
		b.pitch(k, k.rowDirection())
	case lotWorkshop:
		b.campus(k, f, "industrial", b.d.between(38, 52), b.d.between(18, 24), 2, 14)
	case lotWorks:
		b.dormitory(k, f)
		if b.d.chance(0.5) {
			b.campus(k, f, "industrial", b.d.between(70, 100), b.d.between(30, 44), 1, 15)
			return
		}
		b.campus(k, f, "warehouse", b.d.between(44, 66), b.d.between(22, 30), 1, 12)
	}
}

// campus builds rows of boxes from the north of a block; a school leaves its
// south for the sports field.
func (b *builder) campus(k *block, f int32, kind string, long, deep float64, levels int, gap float64) {
	u := k.shape.axis()
	if math.Abs(u.x) < math.Abs(u.y) {
		u = u.left()
	}
	if u.x < 0 {
		u = u.mul(-1)
	}
	n := u.left()
	lo, hi := k.inside.span(n)
	end := lo
	if kind == "school" {
		end = lo + float64((hi-lo)*0.45)
	}
	if kind == "public" {
		end = lo + float64((hi-lo)*0.4)
	}
	done := b.standing(f)
	for n0 := hi - 1; n0-deep > end; {
		l, r := k.inside.room(u, n0, deep)
		placed := false
		count := max(1, int((r-l+gap)/(long+gap)))
		if r-l < long*0.5 {
			n0 -= 4
			continue
		}
		size := min(float64(long*1.3), float64(r-l-float64(float64(count-1)*gap))/float64(count)-0.6)
		for i := range count {
			at := l + 0.3 + float64(float64(i)*(size+gap))
			s := box(u.mul(at).add(n.mul(n0-deep)), u, size, deep)
			if size > 12 && b.fitsAmong(k.inside, s, done, 4) {
				done, placed = append(done, s), true
				b.build(house{kind: kind, shape: s, face: f, levels: max(1, levels-b.d.IntN(2)), front: u})
			}
		}
		if placed {
			n0 -= deep + gap
			continue
		}
		n0 -= 4
	}
	if kind == "school" {
		b.pitch(k, u)
	}
}

// dormitory builds a workers' house in the north of some lots of the works.
func (b *builder) dormitory(k *block, f int32) {
	if !b.d.chance(0.3) {
		return
	}
	s, ok := b.place(f, k.rowDirection(), b.d.between(30, 38), 20, 13)
	if !ok {
		return
	}
	levels := 4 + b.d.IntN(2)
	b.build(house{kind: "dormitory", shape: s, face: f, levels: levels, stairwells: 1, perFloor: 4, front: k.rowDirection(), homes: levels * 4})
}

// pitch lays out a sports field beside the houses of a block.
func (b *builder) pitch(k *block, u vec) {
	done := b.standing(k.cells[0])
	lo, hi := k.inside.span(u.left())
	for _, size := range []vec{{98, 62}, {84, 50}, {60, 36}, {40, 24}} {
		for n0 := lo + size.y + 1; n0 < hi; n0 += 4 {
			l, r := k.inside.room(u, n0, size.y)
			if r-l < size.x {
				continue
			}
			at := float64((l+r)/2) - size.x/2
			s := box(u.mul(at).add(u.left().mul(n0-size.y)), u, size.x, size.y)
			if b.fitsAmong(k.inside, s, done, 4) {
				b.pitches = append(b.pitches, s)
				return
			}
		}
	}
}
