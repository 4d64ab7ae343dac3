package walk

import "slices"

// Field is the nearest source of every place, kept while sources are added, dropped
// and moved one by one. It always equals what Spread and Fill give afresh for the
// same sources, and looks only at what changes. It is for one goroutine.
//
// Sources keep their numbers: a dropped one leaves a gap, which is a Place that is
// not joined to the network.
type Field struct {
	search
	sources []Place
	places  *Places
	mm      []uint32
	source  []int32

	queue   []int32  // nodes whose label may have changed
	touched []int32  // edges on which a place may have changed
	stamp   []uint32 // of the edges: the change that touched them last; one more where sources start
	change  uint32   // even
	lost    []int32
}

// NewField finds the nearest source of every place within limit mm. places may be
// nil; then only Nearest is of use.
func NewField(n *Network, mode Mode, sources []Place, p *Places, limit uint32, dir Direction) *Field {
	if p == nil {
		p = n.Arrange(nil)
	}
	f := &Field{
		search: search{n: n, label: slices.Repeat([]uint64{unreached}, len(n.nodes))},
		places: p, mm: make([]uint32, p.Len()), source: make([]int32, p.Len()),
		stamp: make([]uint32, len(n.from)),
	}
	w := n.Walker(mode)
	defer w.Release()
	w.Spread(sources, limit, dir)
	w.Fill(p, f.mm, f.source)
	copy(f.label, w.label)
	f.aim(mode, dir, limit)
	f.starts = slices.Clone(w.starts)
	f.sources = slices.Clone(sources)
	f.scanned = &f.queue
	return f
}

// MM is the distance of every place to its nearest source, Never where there is none
// within the limit. It changes with the field and must not be written to.
func (f *Field) MM() []uint32 { return f.mm }

// Source is the nearest source of every place, -1 where there is none.
func (f *Field) Source() []int32 { return f.source }

// Sources are the sources, with gaps where they were dropped.
func (f *Field) Sources() []Place { return f.sources }

// At is the distance from any place to its nearest source.
func (f *Field) At(p Place) (mm uint32, source int32) { return split(f.of(&p)) }

// Change is what became of a place: what was, and what is.
type Change struct {
	Place       int32
	OldMM, MM   uint32
	Old, Source int32 // numbers of the sources
}

// Add adds a source, which gets the next number, and yields the places that changed,
// each once.
func (f *Field) Add(source Place, yield func(Change)) (number int32) {
	number = int32(len(f.sources))
	f.sources = append(f.sources, Place{})
	f.begins()
	f.put(number, source)
	f.ends(yield)
	return number
}

// Drop takes source i away.
func (f *Field) Drop(i int32, yield func(Change)) {
	f.begins()
	f.remove(i)
	f.ends(yield)
}

// Move puts source i elsewhere.
func (f *Field) Move(i int32, to Place, yield func(Change)) {
	f.begins()
	f.remove(i)
	f.put(i, to)
	f.ends(yield)
}

func (f *Field) begins() {
	f.queue, f.touched, f.reached = f.queue[:0], f.touched[:0], f.reached[:0]
	if f.change += 2; f.change == 0 { // after two thousand million changes
		clear(f.stamp)
		f.change = 2
	}
}

// put joins a source to the search.
func (f *Field) put(i int32, source Place) {
	f.sources[i] = source
	for _, a := range source.Access[:source.Count] {
		if !f.walked(a.Edge) {
			continue
		}
		t := start{a.Edge, i, a.Offset, a.Walk}
		at, _ := slices.BinarySearchFunc(f.starts, t, byEdge)
		f.starts = slices.Insert(f.starts, at, t)
		f.touch(a.Edge)
		f.enter(&t)
	}
	f.run()
}

// remove takes a source out: all nodes that it is nearest to are forgotten, and found
// again from those around them and from the sources that start among them. The nodes
// hang together, for whoever goes to one of them by the shortest way passes nodes of
// the same source only.
func (f *Field) remove(i int32) {
	gone := f.sources[i]
	f.sources[i] = Place{}
	f.lost = f.lost[:0]
	lose := func(v int32) {
		if l := f.label[v]; l != unreached && int32(uint32(l)) == i {
			f.label[v] = unreached
			f.lost = append(f.lost, v)
			f.queue = append(f.queue, v)
		}
	}
	for _, a := range gone.Access[:gone.Count] {
		f.starts = slices.DeleteFunc(f.starts, func(t start) bool { return t.source == i && t.edge == a.Edge })
		f.touch(a.Edge)
		lose(f.n.from[a.Edge])
		lose(f.n.to[a.Edge])
	}
	for k := 0; k < len(f.lost); k++ {
		for _, a := range f.out[f.n.first[f.lost[k]]:f.n.first[f.lost[k]+1]] {
			lose(a.head)
		}
	}
	for _, v := range f.lost {
		for j := f.n.first[v]; j < f.n.first[v+1]; j++ {
			e, u := int32(f.n.arcs[j]>>1), f.n.heads[j]
			// The way from the neighbour to here: back along the arc.
			cost := f.down[e]
			if f.n.arcs[j]&1 == 1 {
				cost = f.up[e]
			}
			if f.label[u] < unreached && cost < impassable {
				f.offer(v, f.label[u]+uint64(cost)<<32)
			}
			for on := f.on(e); len(on) > 0; on = on[1:] {
				f.enter(&on[0])
			}
		}
	}
	f.run()
}

// touch notes that places on an edge may have changed.
func (f *Field) touch(edge int32) {
	if f.stamp[edge] != f.change {
		f.stamp[edge] = f.change
		f.touched = append(f.touched, edge)
	}
}

// ends brings the places up to date.
func (f *Field) ends(yield func(Change)) {
	for _, v := range f.queue {
		for j := f.n.first[v]; j < f.n.first[v+1]; j++ {
			f.touch(int32(f.n.arcs[j] >> 1))
		}
	}
	for i := range f.starts {
		if e := f.starts[i].edge; f.stamp[e] == f.change {
			f.stamp[e]++
		}
	}
	p := f.places
	for _, e := range f.touched {
		if p.first[e] == p.first[e+1] {
			continue
		}
		var starts []start
		if f.stamp[e] != f.change {
			starts = f.on(e)
		}
		from, to, length := f.label[f.n.from[e]], f.label[f.n.to[e]], f.n.length[e]
		level := len(starts) == 0 && f.up[e] == length && f.down[e] == length
		for k := p.first[e]; k < p.first[e+1]; k++ {
			s := &p.spots[k]
			var l uint64
			switch {
			case s.place < 0:
				place := p.Place(int(^s.place))
				l = f.beyond(&place)
			case level:
				l = min(from+uint64(s.offset)<<32, to+uint64(length-s.offset)<<32) + uint64(s.walk&^wallBit)<<32
			default:
				l = f.at(e, s.offset, s.walk&^wallBit, starts)
			}
			if l > f.top {
				l = unreached
			}
			i := s.who()
			mm, source := split(l)
			if mm == f.mm[i] && source == f.source[i] {
				continue
			}
			if yield != nil {
				yield(Change{Place: i, OldMM: f.mm[i], MM: mm, Old: f.source[i], Source: source})
			}
			f.mm[i], f.source[i] = mm, source
		}
	}
}
