package siting

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
)

// relaxation is the Lagrangian relaxation of Coverage, Median and Full, in which each
// demand has a price and the sites are chosen by prices alone. For any prices it is
// a bound, so whatever the subgradient does in floating point, the bound is
// computed from whole prices in whole numbers and holds.
//
// Coverage. With a price 0 ≤ u[i] ≤ w[i], a set S of sites covers
//
//	Σ w[i]·z[i] ≤ Σ (w[i] − u[i]) + Σ u[i]·z[i] ≤ Σ (w[i] − u[i]) + Σ_{j∈S} ρ[j],
//	ρ[j] = Σ_{i reached by j} u[i]
//
// since z[i] ≤ 1 and a covered i is reached by at least one of S. With capacities i
// is served in parts that sum to z[i]·w[i], and what j serves is worth no more than
// min(ρ[j], capacity[j]): its part of i is worth u[i]/w[i] ≤ 1 each.
//
// Median. With a price 0 ≤ u[i] ≤ w[i]·beyond, S lets demand i walk w[i]·d, where d
// is to one site of S or beyond, so
//
//	Σ w[i]·d ≥ Σ u[i] − Σ max(0, u[i] − w[i]·d) ≥ Σ u[i] − Σ_{j∈S} ρ[j],
//	ρ[j] = Σ_{i reached by j} max(0, u[i] − w[i]·distance[i,j])
//
// since u[i] − w[i]·beyond ≤ 0. Capacities only make walks longer (each part of i
// obeys the same), so the bound stays.
//
// Full. With a price 0 ≤ u[i], a set S that reaches every demand costs
//
//	Σ_{j∈S} c[j] ≥ Σ u[i] − Σ_{j∈S} (ρ[j] − c[j]) ≥ Σ u[i] − Σ_j max(0, ρ[j] − c[j]),
//	ρ[j] = Σ_{i reached by j} u[i]
//
// since every i is reached at least once. Demand that a fixed site reaches is done
// with and has the price 0.
//
// In Coverage and Median the greatest Σ ρ[j] over all allowed sets is taken (most), or more.
// Cornuejols, Fisher, Nemhauser 1977: Location of bank accounts to optimize float.
type relaxation struct {
	in     *instance
	bits   int // behind the point of prices
	price  []int64
	top    []int64 // the highest price of each demand: what it counts if nobody reaches it
	worth  []int64 // ρ
	taken  []bool  // the set that attains the greatest sum, or nearly
	order  []int32 // free candidates
	served []int32 // by how many taken sites each demand is
	keys   []int64

	// The best prices so far: their bound, with the fraction, and their worths.
	bound     int64
	bestPrice []int64
	bestWorth []int64
	// least is the worth of the last site taken at the best prices.
	least int64
}

const unbounded = math.MaxInt64 / 4

func (in *instance) relax() *relaxation {
	n, m := in.candidates(), len(in.weight)
	r := &relaxation{in: in, price: make([]int64, m), served: make([]int32, m), worth: make([]int64, n), taken: make([]bool, n), bestPrice: make([]int64, m), bestWorth: make([]int64, n)}
	r.top = make([]int64, m)
	for i := range in.weight {
		r.top[i] = in.weight[i]
		switch in.q.Model {
		case Median:
			r.top[i] *= int64(in.q.Limit)
		case Full:
			r.top[i] = math.MaxInt64
			sites, _ := in.column(int32(i))
			for _, j := range sites {
				if in.rule.fixed[j] {
					r.top[i] = 0
				} else {
					r.top[i] = min(r.top[i], in.rule.cost[j])
				}
			}
		}
	}
	total := int64(1)
	for _, t := range r.top {
		total = min(1<<52, total+min(t, 1<<52))
	}
	r.bits = 60 - bits.Len64(uint64(total))
	r.bits = min(r.bits, 20)
	r.bound = r.worst()
	for j := range n {
		if !in.rule.fixed[j] && in.first[j] < in.first[j+1] {
			r.order = append(r.order, int32(j))
		}
	}
	return r
}

// worst is a bound that says nothing.
func (r *relaxation) worst() int64 {
	if r.below() {
		return 0
	}
	return unbounded
}

// below says whether the bound is one from below.
func (r *relaxation) below() bool { return r.in.q.Model != Coverage }

// start sets prices that are not far off, for about so many sites. Coverage: the
// weight is shared among those who reach it. Median: the way to one of the nearest
// candidates. Full: demand by demand, the fewest sites first, as much as the sites
// that reach it still have of their costs (dual ascent), which needs no profit.
func (r *relaxation) start(sites int) {
	in := r.in
	sites = max(1, sites)
	one := float64(int64(1) << r.bits)
	if in.q.Model == Full {
		left := make([]int64, in.candidates())
		for j, c := range in.rule.cost {
			left[j] = min(c, unbounded>>r.bits) << r.bits
		}
		order := make([]int32, len(in.weight))
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(in.of[a+1]-in.of[a], in.of[b+1]-in.of[b]) })
		for _, i := range order {
			reached, _ := in.column(i)
			u := r.top[i] << r.bits
			for _, j := range reached {
				u = min(u, left[j])
			}
			r.price[i] = u
			for _, j := range reached {
				left[j] -= u
			}
		}
		return
	}
	for i := range in.weight {
		_, far := in.column(int32(i))
		u := float64(r.top[i])
		if in.q.Model == Median {
			u = min(u, float64(in.weight[i])*float64(far[min(len(far)-1, 1+len(far)/(2*sites))]))
		} else {
			u *= min(1, 2*float64(in.candidates())/(float64(sites)*float64(len(far))))
		}
		r.price[i] = int64(u * one)
	}
}

// evaluate computes the bound of the prices, and the set taken at them.
func (r *relaxation) evaluate() int64 {
	in := r.in
	clear(r.worth)
	var sum int64
	for i, w := range in.weight {
		u := r.price[i]
		sites, far := in.column(int32(i))
		if in.q.Model == Median {
			sum += u
			for k, j := range sites {
				rest := u - (w*int64(far[k]))<<r.bits
				if rest <= 0 {
					break
				}
				r.worth[j] += rest
			}
			continue
		}
		if in.q.Model == Full {
			sum = add(sum, u)
		} else {
			sum += w<<r.bits - u
		}
		for _, j := range sites {
			r.worth[j] += u
		}
	}
	if in.q.Capacitated && in.q.Model == Coverage {
		for j, c := range in.p.Capacities {
			if c >= 0 && c < 1<<(60-r.bits) {
				r.worth[j] = min(r.worth[j], c<<r.bits)
			}
		}
	}
	most := r.most()
	if r.below() {
		return max(0, sum-most)
	}
	return min(unbounded, sum+most)
}

// profit takes what is worth more than it costs, and returns how much more.
func (r *relaxation) profit() int64 {
	clear(r.taken)
	var sum int64
	for _, j := range r.order {
		c := r.in.rule.cost[j]
		if p := r.worth[j] - c<<r.bits; c < unbounded>>r.bits && p > 0 {
			r.taken[j] = true
			sum = add(sum, p)
		}
	}
	return sum
}

// most is the greatest sum of worths over all sets that are allowed, or a little
// more; taken is such a set. Without a budget the allowed sets are those of a
// laminar matroid, for which taking the greatest first is exact; a budget is relaxed
// to parts of sites (Dantzig 1957).
func (r *relaxation) most() int64 {
	if r.in.q.Model == Full {
		return r.profit()
	}
	rule := &r.in.rule
	clear(r.taken)
	var base int64
	for j, fixed := range rule.fixed {
		if fixed {
			r.taken[j] = true
			base = add(base, r.worth[j])
		}
	}
	limited := rule.budget != math.MaxInt64
	if !limited && len(r.in.q.Movable) == 0 {
		return r.greatest(base)
	}
	slices.SortFunc(r.order, func(a, b int32) int { return cmp.Or(cmp.Compare(r.worth[b], r.worth[a]), cmp.Compare(a, b)) })
	sum, fresh, count := base, 0, 0
	r.least = 0
	for _, j := range r.order {
		if count == rule.total {
			break
		}
		if !rule.movable[j] {
			if fresh == rule.fresh {
				continue
			}
			fresh++
		}
		count++
		sum = add(sum, r.worth[j])
		r.least = r.worth[j]
		if !limited {
			r.taken[j] = true
		}
	}
	if !limited {
		return sum
	}
	slices.SortFunc(r.order, func(a, b int32) int {
		x, y := rule.cost[a], rule.cost[b]
		// worth/cost descending, by cross products of 128 bits
		xh, xl := bits.Mul64(uint64(r.worth[a]), uint64(y))
		yh, yl := bits.Mul64(uint64(r.worth[b]), uint64(x))
		return cmp.Or(cmp.Compare(yh, xh), cmp.Compare(yl, xl), cmp.Compare(x, y), cmp.Compare(a, b))
	})
	part, left := base, rule.budget
	for _, j := range r.order {
		if c := rule.cost[j]; c > left {
			hi, lo := bits.Mul64(uint64(r.worth[j]), uint64(left))
			q, _ := bits.Div64(hi, lo, uint64(c)) // left < c, so the quotient fits
			part = add(part, int64(q)+1)
			break
		}
		left -= rule.cost[j]
		r.taken[j] = true
		part = add(part, r.worth[j])
	}
	return min(sum, part)
}

// greatest takes the sites of greatest worth, as many as there may be, and adds
// them to the base. Which of equal ones are taken does not change the sum.
func (r *relaxation) greatest(base int64) int64 {
	count := min(r.in.rule.total, r.in.rule.fresh, len(r.order))
	r.least = 0
	if count == 0 {
		return base
	}
	r.keys = r.keys[:0]
	for _, j := range r.order {
		r.keys = append(r.keys, r.worth[j])
	}
	slices.Sort(r.keys)
	r.least = r.keys[len(r.keys)-count]
	sum, equal := base, count
	for _, w := range r.keys[len(r.keys)-count:] {
		sum = add(sum, w)
		if w > r.least {
			equal--
		}
	}
	for _, j := range r.order {
		if r.worth[j] > r.least {
			r.taken[j] = true
		} else if r.worth[j] == r.least && equal > 0 {
			r.taken[j] = true
			equal--
		}
	}
	return sum
}

// add without overflow: beyond unbounded all sums are equal.
func add(a, b int64) int64 { return min(unbounded, a+b) }

// better says whether bound a is closer to the value than b.
func (r *relaxation) better(a, b int64) bool {
	if r.below() {
		return a > b
	}
	return a < b
}

// descend improves the prices for so many steps by the subgradient, towards a known
// value (Held, Wolfe, Crowder 1974: Validation of subgradient optimization), with
// the direction smoothed by the ones before.
func (r *relaxation) descend(ctx context.Context, value int64, steps int) error {
	in := r.in
	direction := make([]float64, len(in.weight))
	theta, since := 1.5, 0
	one := float64(int64(1) << r.bits)
	for n := range steps {
		if n%16 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		b := r.evaluate()
		if r.better(b, r.bound) {
			if math.Abs(float64(b-r.bound)) < 1e-5*math.Abs(float64(b)) {
				since++
			} else {
				since = 0
			}
			r.bound = b
			copy(r.bestPrice, r.price)
			copy(r.bestWorth, r.worth)
		} else {
			since++
		}
		if since >= 10 {
			theta *= 0.7
			since = 0
			copy(r.price, r.bestPrice)
			r.evaluate()
			clear(direction)
		}
		if r.whole() == value || theta < 1e-4 {
			return nil
		}
		r.serve()
		var norm float64
		for i := range in.weight {
			g := float64(1 - r.served[i])
			direction[i] = g + float64(0.8*direction[i])
			norm += float64(g * g)
		}
		if norm == 0 {
			return nil
		}
		gap := math.Abs(float64(b)/one - float64(value))
		step := theta * (gap + 1e-3*math.Abs(float64(value))) / norm * one
		for i := range r.price {
			if direction[i] != 0 {
				r.price[i] = min(max(0, r.price[i]+int64(step*direction[i])), r.top[i]<<r.bits)
			}
		}
	}
	return nil
}

// serve counts the taken sites that serve each demand at its price. One served by
// none should be dearer, by several cheaper: 1 − served is the subgradient.
func (r *relaxation) serve() {
	in := r.in
	clear(r.served)
	if in.q.Model != Median {
		for j, taken := range r.taken {
			if taken {
				demand, _ := in.row(int32(j))
				for _, i := range demand {
					r.served[i]++
				}
			}
		}
		return
	}
	for i, w := range in.weight {
		sites, far := in.column(int32(i))
		for k, j := range sites {
			if (w*int64(far[k]))<<r.bits >= r.price[i] {
				break
			}
			if r.taken[j] {
				r.served[i]++
			}
		}
	}
}

// whole is the best bound as a value: every value is a whole number, so the bound
// may be rounded to the last one that it allows.
func (r *relaxation) whole() int64 {
	if r.below() {
		return -(-r.bound >> r.bits)
	}
	return r.bound >> r.bits
}
