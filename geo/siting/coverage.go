package siting

// board is a set of open sites and what a search needs to know of it. Values are
// such that more is better; the board of Median counts distances below zero.
type board interface {
	// worth of a site: what the value would lose without it if it is open, and what
	// it would gain with it if not.
	worth(j int32) int64
	// swap is how the value would change if out closed and in opened; it reports
	// the work it took.
	swap(out, in int32) (int64, int)
	// near is an open site that shares demand with the closed one, -1 if it found
	// none; pick is any number.
	near(in int32, pick uint32) int32
	// open and shut change the set, and report the work it took.
	open(j int32) int
	shut(j int32) int
	value() int64
}

// covered is the board of Coverage: how often each demand is covered.
type covered struct {
	in    *instance
	count []int32 // open sites that cover the demand
	sum   []int32 // of their numbers: with a count of 1 it is the one
	gain  []int64 // worth
	total int64
}

func newCovered(in *instance) *covered {
	b := &covered{in: in, count: make([]int32, len(in.weight)), sum: make([]int32, len(in.weight)), gain: make([]int64, in.candidates())}
	for j := range b.gain {
		demand, _ := in.row(int32(j))
		for _, i := range demand {
			b.gain[j] += in.weight[i]
		}
	}
	return b
}

func (b *covered) value() int64        { return b.total }
func (b *covered) worth(j int32) int64 { return b.gain[j] }

func (b *covered) swap(out, in int32) (int64, int) {
	demand, _ := b.in.row(in)
	delta := b.gain[in] - b.gain[out]
	for _, i := range demand {
		if b.sum[i] == out && b.count[i] == 1 {
			delta += b.in.weight[i]
		}
	}
	return delta, len(demand)
}

func (b *covered) near(in int32, pick uint32) int32 {
	demand, _ := b.in.row(in)
	if len(demand) == 0 {
		return -1
	}
	if i := demand[int(pick)%len(demand)]; b.count[i] == 1 {
		return b.sum[i]
	}
	return -1
}

func (b *covered) open(s int32) int {
	b.total += b.gain[s]
	demand, _ := b.in.row(s)
	work := len(demand)
	for _, i := range demand {
		w := b.in.weight[i]
		switch b.count[i] {
		case 0:
			sites, _ := b.in.column(i)
			for _, j := range sites {
				b.gain[j] -= w
			}
			b.gain[s] += w
			work += len(sites)
		case 1:
			b.gain[b.sum[i]] -= w
		}
		b.count[i]++
		b.sum[i] += s
	}
	return work
}

func (b *covered) shut(s int32) int {
	b.total -= b.gain[s]
	demand, _ := b.in.row(s)
	work := len(demand)
	for _, i := range demand {
		w := b.in.weight[i]
		b.count[i]--
		b.sum[i] -= s
		switch b.count[i] {
		case 0:
			sites, _ := b.in.column(i)
			for _, j := range sites {
				b.gain[j] += w
			}
			b.gain[s] -= w
			work += len(sites)
		case 1:
			b.gain[b.sum[i]] += w
		}
	}
	return work
}
