package town

import (
	"math"
	"slices"
)

// chord says how a face is cut in two by a line from border to border.
type chord struct {
	snap    float64 // join a vertex this near to the end, metres
	bend    float64 // rise of the arc as a part of its length
	turn    float64 // smallest sine of the angle to what it meets
	least   float64 // smallest area of either part, m²
	line    int32   // what runs along it
	setback float64 // how far it stops short of a street outside, 0 for none
	gap     int32   // the line of that last stretch
}

// end is where a chord meets the border of its face: at vertex v, or by a split
// of edge h when v is -1.
type end struct {
	h, v int32
	at   vec
}

// cut divides face f along the line through o in direction d, in the longest
// stretch of that line inside f. The new face is returned; without a good place
// nothing is done.
func (m *mesh) cut(f int32, o, d vec, c chord) (int32, bool) {
	x0, x1, ok := m.stretch(f, o, d)
	if !ok {
		return 0, false
	}
	a, b := m.end(x0, c.snap), m.end(x1, c.snap)
	mids := c.arc(a.at, b.at)
	short, late := c.setback > 0 && !m.lineOf(a.h).inner, c.setback > 0 && !m.lineOf(b.h).inner
	if c.setback > 0 {
		mids = c.stops(a.at, b.at, short, late)
	}
	if !m.sound(f, a, b, mids, c) {
		if mids = nil; c.bend == 0 || !m.sound(f, a, b, mids, c) {
			return 0, false
		}
	}
	va, vb := m.settle(a), m.settle(b)
	return m.splitFace(f, m.leaving(f, va), m.leaving(f, vb), mids, func(i int) int32 {
		if short && i == 0 || late && i == len(mids) {
			return c.gap
		}
		return c.line
	}), true
}

// stretch is the longest part of a line that lies inside f, as hits on edges.
func (m *mesh) stretch(f int32, o, d vec) (from, to hit, ok bool) {
	var hits []hit
	for h := m.first[f]; ; {
		a, b := m.from(h).sub(o), m.to(h).sub(o)
		if sa, sb := d.cross(a), d.cross(b); (sa > 0) != (sb > 0) {
			u := sa / (sa - sb)
			hits = append(hits, hit{h: h, u: u, t: a.to(b, u).dot(d)})
		}
		if h = m.next[h]; h == m.first[f] {
			break
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return int(a.h - b.h)
	})
	longest := 0.0
	for i := 0; i+1 < len(hits); i += 2 {
		if l := hits[i+1].t - hits[i].t; l > longest {
			longest, from, to = l, hits[i], hits[i+1]
		}
	}
	return from, to, longest > 0
}

func (m *mesh) end(x hit, snap float64) end {
	l := m.length(x.h)
	near, far := float64(x.u*l), float64((1-x.u)*l)
	if m.frozen(x.h) {
		snap = math.Inf(1)
	}
	switch {
	case near <= far && near <= snap:
		return end{h: x.h, v: m.origin[x.h], at: m.from(x.h)}
	case far < near && far <= snap:
		return end{h: x.h, v: m.dest(x.h), at: m.to(x.h)}
	}
	return end{h: x.h, v: -1, at: m.from(x.h).to(m.to(x.h), x.u)}
}

func (m *mesh) settle(e end) int32 {
	if e.v >= 0 {
		return e.v
	}
	return m.splitEdge(e.h, e.at)
}

// arc is the inner vertices of a bent chord.
func (c chord) arc(a, b vec) []vec {
	n := int(a.dist(b) / 45)
	if c.bend == 0 || n < 2 {
		return nil
	}
	rise := b.sub(a).left().mul(c.bend)
	mids := make([]vec, 0, n-1)
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		mids = append(mids, a.to(b, t).add(rise.mul(float64(4*t*(1-t)))))
	}
	return mids
}

// stops is the inner vertices of a chord that stops short of one or both ends.
func (c chord) stops(a, b vec, short, late bool) []vec {
	u := b.sub(a).unit()
	var mids []vec
	if a.dist(b) < 2*c.setback+4 {
		return nil
	}
	if short {
		mids = append(mids, a.along(u, c.setback))
	}
	if late {
		mids = append(mids, b.along(u, -c.setback))
	}
	return mids
}

// sound reports whether the path a, mids, b leaves two decent parts of f: it
// crosses nothing, meets the border at a fair angle and keeps its distance.
func (m *mesh) sound(f int32, a, b end, mids []vec, c chord) bool {
	if a.v >= 0 && a.v == b.v || a.v < 0 && b.v < 0 && a.h == b.h {
		return false
	}
	path := append(append([]vec{a.at}, mids...), b.at)
	if path[0].dist(path[len(path)-1]) < 6 {
		return false
	}
	if !m.fair(f, a, path[1], c.turn) || !m.fair(f, b, path[len(path)-2], c.turn) {
		return false
	}
	return m.clear(f, a, b, path) && m.halves(f, a, b, mids, c.least)
}

// fair reports whether a path towards p leaves the border at an angle whose sine
// is at least turn on both sides, into the face.
func (m *mesh) fair(f int32, e end, p vec, turn float64) bool {
	fore, back := m.to(e.h), m.from(e.h)
	if e.v >= 0 {
		h := m.leaving(f, e.v)
		fore, back = m.to(h), m.from(m.prev[h])
	}
	u, v, w := fore.sub(e.at).unit(), back.sub(e.at).unit(), p.sub(e.at).unit()
	if !between(u, w, v) {
		return false
	}
	return (u.cross(w) >= turn || u.dot(w) < 0) && (w.cross(v) >= turn || w.dot(v) < 0)
}

// clear reports whether a path meets no edge of f but those at its ends, and
// comes near no other vertex.
func (m *mesh) clear(f int32, a, b end, path []vec) bool {
	const gap = 3.0
	for h := m.first[f]; ; {
		p, q := m.from(h), m.to(h)
		atA, atB := m.touches(a, h), m.touches(b, h)
		for i := 0; i+1 < len(path); i++ {
			first, last := i == 0, i+2 == len(path)
			if atA && first || atB && last {
				continue
			}
			if _, _, ok := segmentMeet(path[i], path[i+1], p, q); ok {
				return false
			}
		}
		if o := m.origin[h]; o != a.v && o != b.v {
			for i := 0; i+1 < len(path); i++ {
				if d := distToSegment(p, path[i], path[i+1]); d < gap {
					return false
				}
			}
		}
		if h = m.next[h]; h == m.first[f] {
			return true
		}
	}
}

// touches reports whether an end lies on edge h.
func (m *mesh) touches(e end, h int32) bool {
	if e.v >= 0 {
		return m.origin[h] == e.v || m.dest(h) == e.v
	}
	return e.h == h
}

// halves reports whether both parts have at least the least area.
func (m *mesh) halves(f int32, a, b end, mids []vec, least float64) bool {
	left := shape{a.at}
	left = append(left, mids...)
	left = append(left, b.at)
	h := b.h
	if b.v >= 0 {
		h = m.prev[m.leaving(f, b.v)]
	}
	stop := a.h
	if a.v >= 0 {
		stop = m.prev[m.leaving(f, a.v)]
	}
	for h != stop {
		left = append(left, m.to(h))
		h = m.next[h]
	}
	part := left.area()
	return part >= least && m.shape(f).area()-part >= least
}
