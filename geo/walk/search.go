package walk

import (
	"cmp"
	"slices"
)

// A label is the distance of a node in mm, shifted, and below it the number of the
// source it is from. Labels are compared as numbers, so that among sources at the
// same distance the lowest wins.
const unreached = uint64(1) << 63

// Buckets of the queue are 8.192 m wide.
const bucketShift = 13

// start is where a source meets an edge.
type start struct {
	edge         int32
	source       int32
	offset, walk uint32
}

// search finds the lowest label of every node within a limit. It corrects labels:
// a node may be looked at more than once, which costs less than keeping the queue
// in order, and the labels at the end are the lowest in any case.
type search struct {
	n     *Network
	costs *costs
	out   []arc
	// What it costs to walk an edge away from its start, and back to it, for whoever
	// goes from a source (or, in the direction Towards, comes to it).
	up, down []uint32
	top      uint64 // no label may be higher
	label    []uint64
	reached  []int32 // nodes whose label was set, each once
	scanned  *[]int32
	starts   []start // by edge, then by source
	buckets  [][]uint64
	waiting  int
	lowest   uint32 // bucket to begin with
}

// aim prepares for a mode, a direction and a limit in mm.
func (s *search) aim(m Mode, dir Direction, limit uint32) {
	s.costs = s.n.costs(m)
	s.out = s.costs.out[dir]
	s.up, s.down = s.costs.ahead, s.costs.back
	if dir == Towards {
		s.up, s.down = s.costs.back, s.costs.ahead
	}
	limit = min(limit, horizon)
	s.top = uint64(limit)<<32 | 1<<32 - 1
	// The queue is a ring: it holds what lies between the node looked at and the
	// farthest that can be pushed from it, or from the places where it all begins.
	widest := min(max(s.costs.longest, 2*MostWalk)+s.costs.longest, limit)>>bucketShift + 2
	size := 1
	for size < int(widest) {
		size <<= 1
	}
	if len(s.buckets) < size {
		s.buckets = append(s.buckets, make([][]uint64, size-len(s.buckets))...)
	}
	s.lowest = horizon >> bucketShift
}

// begin adds the starts of sources.
func (s *search) begin(sources []Place) {
	s.starts = s.starts[:0]
	for i := range sources {
		for _, a := range sources[i].Access[:sources[i].Count] {
			if s.walked(a.Edge) {
				s.starts = append(s.starts, start{a.Edge, int32(i), a.Offset, a.Walk})
			}
		}
	}
	if len(s.starts) > 1 {
		slices.SortFunc(s.starts, byEdge)
	}
	for i := range s.starts {
		s.enter(&s.starts[i])
	}
}

func byEdge(a, b start) int {
	return cmp.Or(cmp.Compare(a.edge, b.edge), cmp.Compare(a.source, b.source), cmp.Compare(a.offset, b.offset), cmp.Compare(a.walk, b.walk))
}

// walked reports whether anybody of the mode walks an edge, one way or the other.
func (s *search) walked(edge int32) bool {
	return s.up[edge] < impassable || s.down[edge] < impassable
}

// enter offers the ends of an edge to a source that starts on it.
func (s *search) enter(t *start) {
	up, down, length := s.up[t.edge], s.down[t.edge], s.n.length[t.edge]
	if down < impassable || t.offset == 0 {
		s.offer(s.n.from[t.edge], label(uint64(t.walk)+share(down, length, t.offset), t.source))
	}
	if up < impassable || t.offset == length {
		s.offer(s.n.to[t.edge], label(uint64(t.walk)+share(up, length, length-t.offset), t.source))
	}
}

// label of a distance, which may be beyond the horizon.
func label(mm uint64, source int32) uint64 {
	if mm > horizon {
		return unreached
	}
	return mm<<32 | uint64(uint32(source))
}

// split a label into distance and source; Never and -1 for unreached.
func split(label uint64) (mm uint32, source int32) {
	if label >= unreached {
		return Never, -1
	}
	return uint32(label >> 32), int32(uint32(label))
}

// offer lowers the label of a node, if it is lower.
func (s *search) offer(v int32, l uint64) {
	if l >= s.label[v] || l > s.top {
		return
	}
	if s.label[v] == unreached {
		s.reached = append(s.reached, v)
	}
	s.label[v] = l
	bucket := uint32(l>>32) >> bucketShift
	s.lowest = min(s.lowest, bucket)
	i := bucket & uint32(len(s.buckets)-1)
	s.buckets[i] = append(s.buckets[i], l&^(1<<32-1)|uint64(uint32(v)))
	s.waiting++
}

// run looks at nodes until no label can be lowered.
func (s *search) run() {
	mask := uint32(len(s.buckets) - 1)
	first, out, labels, top := s.n.first, s.out, s.label, s.top
	for b := s.lowest; s.waiting > 0; b++ {
		bucket := &s.buckets[b&mask]
		for i := 0; i < len(*bucket); i++ {
			entry := (*bucket)[i]
			v := int32(uint32(entry))
			l := labels[v]
			if l>>32 != entry>>32 {
				continue // lowered since
			}
			if s.scanned != nil {
				*s.scanned = append(*s.scanned, v)
			}
			for _, a := range out[first[v]:first[v+1]] {
				next := l + uint64(a.cost)<<32
				old := labels[a.head]
				if next >= old || next > top {
					continue
				}
				if old == unreached {
					s.reached = append(s.reached, a.head)
				}
				labels[a.head] = next
				to := &s.buckets[uint32(next>>32)>>bucketShift&mask]
				*to = append(*to, next&^(1<<32-1)|uint64(uint32(a.head)))
				s.waiting++
			}
		}
		s.waiting -= len(*bucket)
		*bucket = (*bucket)[:0]
	}
	s.lowest = horizon >> bucketShift
}

// forget everything, for the next search.
func (s *search) forget() {
	if len(s.reached) > len(s.label)/4 {
		for v := range s.label {
			s.label[v] = unreached
		}
	} else {
		for _, v := range s.reached {
			s.label[v] = unreached
		}
	}
	s.reached = s.reached[:0]
	s.starts = s.starts[:0]
}

// on returns the starts on an edge.
func (s *search) on(edge int32) []start {
	if len(s.starts) == 0 {
		return nil
	}
	low, found := slices.BinarySearchFunc(s.starts, edge, func(t start, e int32) int { return cmp.Compare(t.edge, e) })
	if !found {
		return nil
	}
	high := low + 1
	for high < len(s.starts) && s.starts[high].edge == edge {
		high++
	}
	return s.starts[low:high]
}

// at is the label of a place on an edge, so far along it, and a walk away from it;
// starts are those on the edge. It is above the limit, or unreached or more, where
// the place is not reached.
func (s *search) at(edge int32, offset, walk uint32, starts []start) uint64 {
	up, down, length := s.up[edge], s.down[edge], s.n.length[edge]
	if up >= impassable && down >= impassable {
		return unreached
	}
	best := unreached
	if up < impassable || offset == 0 {
		best = s.label[s.n.from[edge]] + share(up, length, offset)<<32
	}
	if down < impassable || offset == length {
		best = min(best, s.label[s.n.to[edge]]+share(down, length, length-offset)<<32)
	}
	if len(starts) > 0 {
		best = min(best, s.straight(edge, offset, starts))
	}
	return best + uint64(walk)<<32
}

// straight is the label of a place on an edge for those who come along this edge
// alone, from where they start on it.
func (s *search) straight(edge int32, offset uint32, starts []start) uint64 {
	up, down, length := s.up[edge], s.down[edge], s.n.length[edge]
	best := unreached
	for i := range starts {
		t := &starts[i]
		switch {
		case offset == t.offset:
			best = min(best, label(uint64(t.walk), t.source))
		case offset > t.offset && up < impassable:
			best = min(best, label(uint64(t.walk)+share(up, length, offset-t.offset), t.source))
		case offset < t.offset && down < impassable:
			best = min(best, label(uint64(t.walk)+share(down, length, t.offset-offset), t.source))
		}
	}
	return best
}

// of is the label of a place, unreached where it is not within the limit.
func (s *search) of(p *Place) uint64 {
	if best := s.beyond(p); best <= s.top {
		return best
	}
	return unreached
}

// beyond is the label of a place, which may be above the limit.
func (s *search) beyond(p *Place) uint64 {
	best := unreached
	for _, a := range p.Access[:p.Count] {
		best = min(best, s.at(a.Edge, a.Offset, a.Walk, s.on(a.Edge)))
	}
	return best
}
