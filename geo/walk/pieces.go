package walk

import (
	"cmp"
	"slices"

	"wangge/geo"
)

// Pieces yields the street pieces within the limits, which rise, after a Spread:
// each with the first limit that it is within (its band), cut exactly where a limit
// is met. Pieces run as their edges do; those of an edge come by band, then along
// the edge, and none has a length of zero. What the Spread's own limit left out is
// in no band. The line is new and may be kept.
func (w *Walker) Pieces(limits []uint32, yield func(band int, line []geo.Point)) {
	var before, within, rest []span
	w.edges(func(e int32, starts []start) {
		before = before[:0]
		for band, limit := range limits {
			within = w.within(e, starts, min(limit, uint32(w.top>>32)), within[:0])
			rest = without(within, before, rest[:0])
			for _, s := range rest {
				if line := w.n.part(e, s.from, s.to); len(line) > 1 {
					yield(band, line)
				}
			}
			before, within = within, before
		}
	})
}

// span is a part of an edge, between two offsets in mm.
type span struct{ from, to uint32 }

// within appends the parts of an edge that lie within a limit, apart from each other
// and in order.
func (w *Walker) within(e int32, starts []start, limit uint32, list []span) []span {
	up, down, length := w.up[e], w.down[e], w.n.length[e]
	begin := len(list)
	if rest, ok := left(w.label[w.n.from[e]], limit); ok && up < impassable {
		list = append(list, span{0, afford(up, length, rest, length)})
	}
	if rest, ok := left(w.label[w.n.to[e]], limit); ok && down < impassable {
		list = append(list, span{length - afford(down, length, rest, length), length})
	}
	for _, t := range starts {
		if t.walk > limit {
			continue
		}
		s, rest := span{t.offset, t.offset}, limit-t.walk
		if up < impassable {
			s.to += afford(up, length, rest, length-t.offset)
		}
		if down < impassable {
			s.from -= afford(down, length, rest, t.offset)
		}
		list = append(list, s)
	}
	return union(list, begin)
}

// left is what is left of a limit behind a label.
func left(label uint64, limit uint32) (mm uint32, ok bool) {
	if label >= unreached || uint32(label>>32) > limit {
		return 0, false
	}
	return limit - uint32(label>>32), true
}

// afford is how far one gets along an edge for so many mm of effort, at most as far
// as most.
func afford(cost, length, effort, most uint32) uint32 {
	if share(cost, length, most) <= uint64(effort) {
		return most
	}
	if cost == length {
		return effort
	}
	mm := uint32(min(uint64(most), (uint64(effort)*uint64(length)+uint64(length)/2)/uint64(cost)+1))
	for mm > 0 && share(cost, length, mm) > uint64(effort) {
		mm-- // at most a few times: shares are rounded
	}
	return mm
}

// union sorts the spans from begin on and joins those that meet.
func union(list []span, begin int) []span {
	part := list[begin:]
	slices.SortFunc(part, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	out := list[:begin]
	for _, s := range part {
		if last := len(out) - 1; last >= begin && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// without appends what the spans have beyond others; both lists are in order.
func without(spans, others []span, list []span) []span {
	for _, s := range spans {
		from := s.from
		for _, o := range others {
			if o.to <= from || o.from >= s.to {
				continue
			}
			if o.from > from {
				list = append(list, span{from, o.from})
			}
			from = max(from, o.to)
		}
		if from < s.to {
			list = append(list, span{from, s.to})
		}
	}
	return list
}
