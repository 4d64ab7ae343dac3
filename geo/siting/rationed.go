package siting

import (
	"cmp"
	"math"
)

// rationed is the board of Coverage and Median when sites have capacities: the
// demand is given out in the order of distance, and what finds its site full goes
// on to its next one. That order is how people would come; it need not be the best
// one for all, so values here are those of a rule, and bounds those of any rule.
type rationed struct {
	in     *instance
	open_  []int32 // the open sites, in any order
	place  []int32
	total  int64
	served []int64 // by site
	rest   []int64 // of the demand, not served
	heap   []turn
	left   []int64 // of the capacities, while giving out
}

// turn is the next pair of a site.
type turn struct {
	way    uint32
	demand int32
	site   int32
	at     int
}

func (a turn) before(b turn) bool {
	return cmp.Or(cmp.Compare(a.way, b.way), cmp.Compare(a.demand, b.demand), cmp.Compare(a.site, b.site)) < 0
}

func newRationed(in *instance) *rationed {
	b := &rationed{in: in, place: make([]int32, in.candidates()), served: make([]int64, in.candidates()), rest: make([]int64, len(in.weight)), left: make([]int64, in.candidates())}
	for j := range b.place {
		b.place[j] = -1
	}
	b.total, _ = b.give()
	return b
}

// give gives the demand out to the open sites and returns the value.
func (b *rationed) give() (value int64, work int) {
	in := b.in
	copy(b.rest, in.weight)
	b.heap = b.heap[:0]
	for _, j := range b.open_ {
		b.served[j] = 0
		if b.left[j] = in.p.Capacities[j]; b.left[j] < 0 {
			b.left[j] = math.MaxInt64
		}
		if demand, way := in.row(j); len(demand) > 0 {
			b.push(turn{way[0], demand[0], j, 0})
		}
	}
	if in.q.Model == Median {
		for _, w := range in.weight {
			value -= w * int64(in.q.Limit)
		}
	}
	for len(b.heap) > 0 {
		work += 4
		t := b.heap[0]
		part := min(b.rest[t.demand], b.left[t.site])
		b.rest[t.demand] -= part
		b.left[t.site] -= part
		b.served[t.site] += part
		if in.q.Model == Median {
			value += part * int64(in.q.Limit-t.way)
		} else {
			value += part
		}
		demand, way := in.row(t.site)
		if t.at++; t.at < len(demand) && b.left[t.site] > 0 {
			t.demand, t.way = demand[t.at], way[t.at]
			b.heap[0] = t
		} else {
			last := len(b.heap) - 1
			b.heap[0] = b.heap[last]
			b.heap = b.heap[:last]
		}
		b.sink()
	}
	return value, work
}

func (b *rationed) push(t turn) {
	b.heap = append(b.heap, t)
	for k := len(b.heap) - 1; k > 0 && b.heap[k].before(b.heap[(k-1)/2]); k = (k - 1) / 2 {
		b.heap[k], b.heap[(k-1)/2] = b.heap[(k-1)/2], b.heap[k]
	}
}

func (b *rationed) sink() {
	for k := 0; ; {
		c := 2*k + 1
		if c >= len(b.heap) {
			return
		}
		if c+1 < len(b.heap) && b.heap[c+1].before(b.heap[c]) {
			c++
		}
		if !b.heap[c].before(b.heap[k]) {
			return
		}
		b.heap[k], b.heap[c] = b.heap[c], b.heap[k]
		k = c
	}
}

func (b *rationed) value() int64 { return b.total }

// worth of a closed site is what it would serve of what nobody serves now; the
// nearest first.
func (b *rationed) worth(j int32) int64 {
	left := b.in.p.Capacities[j]
	if left < 0 {
		left = math.MaxInt64
	}
	var sum int64
	demand, way := b.in.row(j)
	for k, i := range demand {
		part := min(left, b.rest[i])
		left -= part
		if b.in.q.Model == Median {
			part *= int64(b.in.q.Limit - way[k])
		}
		sum += part
		if left == 0 {
			break
		}
	}
	return sum
}

func (b *rationed) swap(out, in int32) (int64, int) {
	before := b.total
	w1 := b.toggle(out)
	w2 := b.toggle(in)
	v, w := b.give()
	w1 += b.toggle(in) + w2
	b.toggle(out)
	return v - before, w + w1
}

// toggle changes the set, not yet the value.
func (b *rationed) toggle(j int32) int {
	if k := b.place[j]; k >= 0 {
		last := b.open_[len(b.open_)-1]
		b.open_[k], b.place[last] = last, k
		b.open_, b.place[j] = b.open_[:len(b.open_)-1], -1
		return 1
	}
	b.place[j] = int32(len(b.open_))
	b.open_ = append(b.open_, j)
	return 1
}

func (b *rationed) near(in int32, pick uint32) int32 {
	demand, _ := b.in.row(in)
	if len(demand) == 0 {
		return -1
	}
	sites, _ := b.in.column(demand[int(pick)%len(demand)])
	for _, j := range sites {
		if b.place[j] >= 0 {
			return j
		}
	}
	return -1
}

func (b *rationed) open(j int32) (work int) {
	b.toggle(j)
	b.total, work = b.give()
	return work
}

func (b *rationed) shut(j int32) int { return b.open(j) }
