package walk

// Walker is the scratch space of one request. It is for one goroutine, and goes
// back with Release.
type Walker struct {
	search
	mode    Mode
	drawing drawing
}

// Walker of a mode; Spread makes it walk.
func (n *Network) Walker(m Mode) *Walker {
	w, ok := n.derived.walkers.Get().(*Walker)
	if !ok {
		w = &Walker{search: search{n: n, label: make([]uint64, len(n.nodes))}}
		for v := range w.label {
			w.label[v] = unreached
		}
	}
	w.mode = m
	w.aim(m, From, 0)
	return w
}

// Release gives the walker back. It must not be used any more.
func (w *Walker) Release() {
	w.forget()
	w.n.derived.walkers.Put(w)
}

// Spread walks from the sources outwards, or towards them, as far as limit mm, and
// forgets what was before. Afterwards the walker knows, for everything within the
// limit, the nearest source and the distance; of sources at the same distance it is
// the first. The ways between sources and streets count. A source that is not
// joined to the network is walked from nowhere.
func (w *Walker) Spread(sources []Place, limit uint32, dir Direction) {
	w.forget()
	w.aim(w.mode, dir, limit)
	w.begin(sources)
	w.run()
}

// At is the distance to a place in mm and the number of its nearest source; Never
// and -1 where it is not within the limit.
func (w *Walker) At(p Place) (mm uint32, source int32) {
	return split(w.of(&p))
}

// Fill writes for each of the places how far its nearest source is and which it is,
// Never and -1 where none is within the limit. Both lists are as long as the places;
// either may be nil.
func (w *Walker) Fill(p *Places, mm []uint32, source []int32) {
	for i := range mm {
		mm[i] = Never
	}
	for i := range source {
		source[i] = -1
	}
	if len(w.reached) < len(w.label)/8 {
		w.edges(func(e int32, starts []start) { w.fill(p, e, starts, mm, source) })
		return
	}
	// In the order of the edges memory is read from one end to the other.
	starts := w.starts
	for e := range int32(len(w.n.from)) {
		on := 0
		for on < len(starts) && starts[on].edge == e {
			on++
		}
		if p.first[e] < p.first[e+1] {
			w.fill(p, e, starts[:on], mm, source)
		}
		starts = starts[on:]
	}
}

// fill writes what is known of the places on an edge.
func (w *Walker) fill(p *Places, e int32, starts []start, mm []uint32, source []int32) {
	from, to, length := w.label[w.n.from[e]], w.label[w.n.to[e]], w.n.length[e]
	level := w.up[e] == length && w.down[e] == length && len(starts) == 0
	if level && from == unreached && to == unreached {
		return
	}
	for _, s := range p.spots[p.first[e]:p.first[e+1]] {
		i, walk := s.place, uint64(s.walk&^wallBit)<<32
		var l uint64
		switch {
		case i < 0:
			// It is on another edge too: whichever is looked at, it is seen whole.
			i = ^i
			place := p.Place(int(i))
			l = w.of(&place)
		case level:
			l = min(from+uint64(s.offset)<<32, to+uint64(length-s.offset)<<32) + walk
		default:
			l = w.at(e, s.offset, 0, starts) + walk
		}
		if l > w.top {
			continue
		}
		if mm != nil {
			mm[i] = uint32(l >> 32)
		}
		if source != nil {
			source[i] = int32(uint32(l))
		}
	}
}

// Reached yields the places within the limit, each once, with the distance to the
// nearest source, in an order that depends on the search. It takes as long as the
// search reached, however many places there are.
func (w *Walker) Reached(p *Places, yield func(i int32, mm uint32)) {
	w.edges(func(e int32, starts []start) {
		for k := p.first[e]; k < p.first[e+1]; k++ {
			s := &p.spots[k]
			label := w.at(e, s.offset, s.walk&^wallBit, starts)
			if label > w.top {
				continue
			}
			if s.place >= 0 {
				yield(s.place, uint32(label>>32))
				continue
			}
			// It has two accesses: the better one tells of it, the first if they are equal.
			other := p.where[^s.place]
			if other == k {
				other = p.second[^s.place]
			}
			a := p.access(other)
			if there := w.at(a.Edge, a.Offset, a.Walk, w.on(a.Edge)); label < there || label == there && k == p.where[^s.place] {
				yield(^s.place, uint32(label>>32))
			}
		}
	})
}

// edges yields every edge of which a part may be within the limit, once, with the
// starts on it.
func (w *Walker) edges(yield func(edge int32, starts []start)) {
	n := w.n
	for _, v := range w.reached {
		for j := n.first[v]; j < n.first[v+1]; j++ {
			e := int32(n.arcs[j] >> 1)
			if n.arcs[j]&1 == 1 && w.label[n.from[e]] != unreached || !w.walked(e) {
				continue // it is met at its start, or by nobody
			}
			yield(e, w.on(e))
		}
	}
	// Edges neither of whose ends is reached, though somebody starts on them.
	for i := 0; i < len(w.starts); {
		e, from := w.starts[i].edge, i
		for i < len(w.starts) && w.starts[i].edge == e {
			i++
		}
		if w.label[n.from[e]] == unreached && w.label[n.to[e]] == unreached {
			yield(e, w.starts[from:i])
		}
	}
}
