package walk

import (
	"slices"

	"wangge/geo"
)

// Route is one way on foot.
type Route struct {
	Effort uint32 // mm, as distances are counted in the mode: longer on slopes and steps for whom they cost more
	Length uint32 // mm on the ground, the ways to the streets included
	// Line is the course from street to street; the straight ways to the places
	// themselves are left to whoever draws them.
	Line []geo.Point
	Legs []Leg
}

// Leg is a part of a route along one street.
type Leg struct {
	Kind   Kind
	Length uint32 // mm
	Street int64  // number of the street in the source, 0 where we made it
}

// Route is the shortest way between two places; ok is false when there is none.
// Among equal ways it is always the same one.
func (n *Network) Route(mode Mode, from, to Place) (r Route, ok bool) {
	w := n.Walker(mode)
	defer w.Release()
	// The search ends where the way ends, but nobody knows how far that is: it is
	// tried in growing circles.
	sources := [1]Place{from}
	best := unreached
	for limit := uint64(2_000_000); best == unreached; limit *= 4 {
		w.Spread(sources[:], uint32(min(limit, horizon)), From)
		if best = w.of(&to); best == unreached && limit >= horizon {
			return r, false
		}
	}
	for _, a := range to.Access[:to.Count] {
		if w.at(a.Edge, a.Offset, a.Walk, w.on(a.Edge)) == best {
			w.trace(&r, a)
			break
		}
	}
	r.Effort = uint32(best >> 32)
	return r, true
}

// Stretch is a part of an edge that is walked from one offset to another, in mm from
// the edge's start.
type Stretch struct {
	Edge     int32
	From, To uint32
}

// Length of a stretch in mm.
func (s Stretch) Length() uint32 { return max(s.From, s.To) - min(s.From, s.To) }

// Way is the course by which the last Spread comes to an access, from its source on;
// nil where it does not. It is appended to way.
func (w *Walker) Way(to Access, way []Stretch) []Stretch {
	if w.at(to.Edge, to.Offset, to.Walk, w.on(to.Edge)) >= unreached {
		return way
	}
	first := len(way)
	way, _ = w.course(to, way)
	slices.Reverse(way[first:])
	return way
}

// trace writes the course of the way that ends with an access.
func (w *Walker) trace(r *Route, end Access) {
	back, first := w.course(end, nil)
	r.Length = first + end.Walk
	for i := len(back) - 1; i >= 0; i-- {
		r.walk(w.n, back[i])
	}
}

// course appends the stretches of the way that ends with an access, the last first,
// and says how long the way to the first street was. It is followed from its end: each
// step goes to where the label says it came from.
func (w *Walker) course(end Access, back []Stretch) (_ []Stretch, first uint32) {
	n := w.n
	begin := func(s Stretch, t *start) {
		back = append(back, s)
		first = t.walk
	}
	up, down, length := w.up[end.Edge], w.down[end.Edge], n.length[end.Edge]
	target := w.at(end.Edge, end.Offset, 0, w.on(end.Edge))
	v := int32(-1)
	switch {
	case (up < impassable || end.Offset == 0) && w.label[n.from[end.Edge]]+share(up, length, end.Offset)<<32 == target:
		v = n.from[end.Edge]
		back = append(back, Stretch{end.Edge, 0, end.Offset})
	case (down < impassable || end.Offset == length) && w.label[n.to[end.Edge]]+share(down, length, length-end.Offset)<<32 == target:
		v = n.to[end.Edge]
		back = append(back, Stretch{end.Edge, length, end.Offset})
	default:
		for _, t := range w.on(end.Edge) {
			only := [1]start{t}
			if w.straight(end.Edge, end.Offset, only[:]) == target {
				begin(Stretch{end.Edge, t.offset, end.Offset}, &t)
				break
			}
		}
	}
	for v >= 0 {
		v = w.before(v, &back, begin)
	}
	return back, first
}

// before finds where the label of a node came from: a neighbour, or -1 for a source
// on one of its edges.
func (w *Walker) before(v int32, back *[]Stretch, begin func(Stretch, *start)) int32 {
	n := w.n
	for j := n.first[v]; j < n.first[v+1]; j++ {
		e := int32(n.arcs[j] >> 1)
		here, there := uint32(0), n.length[e] // offsets of v and of its neighbour
		cost := w.down[e]
		if n.arcs[j]&1 == 1 {
			here, there, cost = there, here, w.up[e]
		}
		if u := n.heads[j]; cost < impassable && w.label[u]+uint64(cost)<<32 == w.label[v] {
			*back = append(*back, Stretch{e, there, here})
			return u
		}
		for _, t := range w.on(e) {
			walked := uint32(max(t.offset, here) - min(t.offset, here))
			if (cost < impassable || walked == 0) && label(uint64(t.walk)+share(cost, n.length[e], walked), t.source) == w.label[v] {
				begin(Stretch{e, t.offset, here}, &t)
				return -1
			}
		}
	}
	return -1 // not met: every label has its reason
}

// walk goes along a part of an edge.
func (r *Route) walk(n *Network, s Stretch) {
	if s.From == s.To && len(r.Line) > 0 {
		return
	}
	for _, p := range n.Course(s) {
		if len(r.Line) == 0 || r.Line[len(r.Line)-1] != p {
			r.Line = append(r.Line, p)
		}
	}
	length := s.Length()
	r.Length += length
	kind, street := n.traits[s.Edge].Kind, n.street[s.Edge]
	if last := len(r.Legs) - 1; last >= 0 && r.Legs[last].Kind == kind && r.Legs[last].Street == street {
		r.Legs[last].Length += length
	} else {
		r.Legs = append(r.Legs, Leg{kind, length, street})
	}
}

// Course is the line of a stretch, in the direction in which it is walked.
func (n *Network) Course(s Stretch) []geo.Point {
	line := n.part(s.Edge, min(s.From, s.To), max(s.From, s.To))
	if s.From > s.To {
		slices.Reverse(line)
	}
	return line
}

// part of an edge's course between two offsets in mm, as a new line. The ends are
// rounded to the lattice.
func (n *Network) part(edge int32, from, to uint32) []geo.Point {
	along, shape := n.along()[n.bend[edge]:n.bend[edge+1]], n.Line(edge)
	at := func(i int, offset uint32) geo.Point { // between points i and i+1
		whole := along[i+1] - along[i]
		if whole == 0 {
			return shape[i]
		}
		return between(shape[i], shape[i+1], float64(offset-along[i])/float64(whole))
	}
	var line []geo.Point
	add := func(p geo.Point) {
		if len(line) == 0 || line[len(line)-1] != p {
			line = append(line, p)
		}
	}
	for i := range len(along) - 1 {
		if along[i+1] < from {
			continue
		}
		if len(line) == 0 {
			add(at(i, from))
		}
		if along[i+1] >= to {
			add(at(i, to))
			break
		}
		add(shape[i+1])
	}
	return line
}
