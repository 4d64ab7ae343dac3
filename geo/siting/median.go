package siting

import "slices"

// nearest is the board of Median: of each demand the two nearest open sites.
//
// The worth of a closed site is what walks would get shorter by it, that of an open
// one what they would get longer without it. A swap needs one correction: demand
// that goes to out now and finds in sooner than its second site (Resende, Werneck
// 2007: A fast swap-based local search procedure for location problems).
type nearest struct {
	in     *instance
	beyond uint32
	isOpen []bool
	a1, a2 []int32  // the sites, -1 for none
	d1, d2 []uint32 // how far they are, beyond for none
	gain   []int64
	sum    int64  // of weight × d1
	reach  uint32 // at least every d2
	moves  int    // since reach was measured
}

func newNearest(in *instance) *nearest {
	n := len(in.weight)
	b := &nearest{in: in, beyond: in.q.Limit, isOpen: make([]bool, in.candidates()), reach: in.q.Limit,
		a1: make([]int32, n), a2: make([]int32, n), d1: make([]uint32, n), d2: make([]uint32, n), gain: make([]int64, in.candidates())}
	for i, w := range in.weight {
		b.a1[i], b.a2[i], b.d1[i], b.d2[i] = -1, -1, b.beyond, b.beyond
		b.sum += w * int64(b.beyond)
	}
	for j := range b.gain {
		demand, way := in.row(int32(j))
		for k, i := range demand {
			b.gain[j] += in.weight[i] * int64(b.beyond-way[k])
		}
	}
	return b
}

func (b *nearest) value() int64        { return -b.sum }
func (b *nearest) worth(j int32) int64 { return b.gain[j] }

func (b *nearest) swap(out, in int32) (int64, int) {
	delta := b.gain[in] - b.gain[out]
	demand, way := b.in.row(in)
	work := len(demand)
	for k, i := range demand {
		if way[k] >= b.reach {
			work = k
			break
		}
		if b.a1[i] == out {
			if d := max(way[k], b.d1[i]); d < b.d2[i] {
				delta += b.in.weight[i] * int64(b.d2[i]-d)
			}
		}
	}
	return delta, work
}

func (b *nearest) near(in int32, pick uint32) int32 {
	demand, way := b.in.row(in)
	if len(demand) == 0 {
		return -1
	}
	// Rows are sorted by distance: look among what may really go there.
	end := len(demand)
	for end > 1 && way[end-1] > b.reach {
		end /= 2
	}
	i := demand[int(pick>>1)%end]
	if pick&1 == 0 {
		return b.a1[i]
	}
	return b.a2[i]
}

func (b *nearest) open(s int32) int {
	b.sum -= b.gain[s]
	b.isOpen[s] = true
	demand, way := b.in.row(s)
	work := 0
	if b.moves++; b.moves == 64 && len(b.d2) > 0 {
		b.moves, b.reach = 0, slices.Max(b.d2)
		work = len(b.d2)
	}
	for k, i := range demand {
		d, w := way[k], b.in.weight[i]
		if d >= b.reach {
			break
		}
		work++
		d1, d2 := b.d1[i], b.d2[i]
		switch {
		case d < d1:
			sites, far := b.in.column(i)
			for n, j := range sites {
				if far[n] >= d1 {
					work += n
					break
				}
				b.gain[j] -= w * int64(d1-max(d, far[n]))
			}
			b.gain[s] += w * int64(d1-d)
			if b.a1[i] >= 0 {
				b.gain[b.a1[i]] -= w * int64(d2-d1)
			}
			b.a2[i], b.d2[i] = b.a1[i], d1
			b.a1[i], b.d1[i] = s, d
		case d < d2:
			if b.a1[i] >= 0 {
				b.gain[b.a1[i]] -= w * int64(d2-d)
			}
			b.a2[i], b.d2[i] = s, d
		}
	}
	return work
}

func (b *nearest) shut(s int32) int {
	b.sum += b.gain[s]
	b.isOpen[s] = false
	demand, way := b.in.row(s)
	work := 0
	for k, i := range demand {
		if way[k] > b.reach {
			break
		}
		work++
		if b.a1[i] != s && b.a2[i] != s {
			continue
		}
		w, d1, d2 := b.in.weight[i], b.d1[i], b.d2[i]
		first := b.a1[i]
		if first == s {
			first = b.a2[i]
		}
		// The nearest open site beside first.
		second, d3 := int32(-1), b.beyond
		sites, far := b.in.column(i)
		if first >= 0 {
			for n, j := range sites {
				if b.isOpen[j] && j != first {
					second, d3 = j, far[n]
					work += n
					break
				}
			}
		}
		if b.a1[i] == s {
			for n, j := range sites {
				if far[n] >= d2 {
					work += n
					break
				}
				b.gain[j] += w * int64(d2-max(d1, far[n]))
			}
			b.gain[s] -= w * int64(d2-d1)
			b.d1[i] = d2
		}
		if first >= 0 {
			b.gain[first] += w * int64(d3-d2)
		}
		b.a1[i], b.a2[i], b.d2[i] = first, second, d3
		b.reach = max(b.reach, d3)
	}
	return work
}
