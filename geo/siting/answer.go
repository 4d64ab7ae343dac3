package siting

import (
	"cmp"
	"math"
	"slices"
)

// answer orders the sites and says what each of them gains.
func (in *instance) answer(open []int32, value, bound int64) *Answer {
	a := &Answer{Model: in.q.Model, Sites: []Site{}, Value: value, Bound: bound, Curve: []int64{}}
	for _, w := range in.p.Weights {
		a.Total += w
	}
	for _, w := range in.weight {
		a.Coverable += w
	}
	switch in.q.Model {
	case Median:
		lost := (a.Total - a.Coverable) * int64(in.q.Limit)
		a.Value, a.Bound = a.Value+lost, min(a.Bound, a.Value)+lost
	case Coverage:
		a.Bound = max(a.Value, min(a.Bound, a.Coverable))
	default:
		a.Bound = min(a.Bound, a.Value)
	}
	if a.Value != a.Bound {
		apart := math.Abs(float64(a.Value)-float64(a.Bound)) / math.Max(float64(a.Value), float64(a.Bound))
		a.Gap = math.Ceil(apart*1e6+1e-6) / 1e6
	}
	a.Sites, a.Curve = in.order(open)
	if in.q.Model == Median {
		for k := range a.Curve {
			a.Curve[k] += (a.Total - a.Coverable) * int64(in.q.Limit)
		}
	}
	in.count(a)
	return a
}

// order puts the sites in the order of their contribution, with the gain of each,
// and returns the value after each of the new ones.
func (in *instance) order(open []int32) ([]Site, []int64) {
	rank := in.ranking()
	var sites []Site
	add := func(j int32, stands bool) {
		sites = append(sites, Site{Candidate: j, Stands: stands, Gain: rank.add(j)})
	}
	for j, fixed := range in.rule.fixed {
		if fixed {
			add(int32(j), true)
		}
	}
	var movable, fresh []int32
	for _, j := range sorted(open) {
		if in.rule.movable[j] {
			movable = append(movable, j)
		} else {
			fresh = append(fresh, j)
		}
	}
	for len(movable) > 0 {
		k := rank.next(movable)
		add(movable[k], true)
		movable = slices.Delete(movable, k, k+1)
	}
	curve := []int64{rank.value()}
	for len(fresh) > 0 {
		k := rank.next(fresh)
		add(fresh[k], false)
		fresh = slices.Delete(fresh, k, k+1)
		curve = append(curve, rank.value())
	}
	return sites, curve
}

// ranking is a board that grows by the best site at a time.
type ranking struct {
	in    *instance
	board board
	near  *nearest // of Center
}

func (in *instance) ranking() *ranking {
	if in.q.Model == Center {
		b := newNearest(in)
		return &ranking{in: in, board: b, near: b}
	}
	return &ranking{in: in, board: in.newBoard()}
}

// value as the answer counts it, without what nobody can reach.
func (r *ranking) value() int64 {
	if r.near != nil {
		var worst uint32
		if len(r.near.d1) > 0 {
			worst = slices.Max(r.near.d1)
		}
		return int64(worst)
	}
	return r.in.magnitude(r.board.value())
}

func (r *ranking) add(j int32) int64 {
	before := r.value()
	r.board.open(j)
	if r.in.q.Model == Median || r.in.q.Model == Center {
		return before - r.value()
	}
	return r.value() - before
}

// next is which of the sites adds most: for the worst walk, the one after which it is
// shortest, and of equal ones, which adds most to the sum of walks.
func (r *ranking) next(left []int32) int {
	best, worst := 0, int64(math.MaxInt64)
	for k, j := range left {
		w := int64(0)
		if r.near != nil {
			r.near.open(j)
			w = r.value()
			r.near.shut(j)
		}
		if c := cmp.Compare(w, worst); c < 0 || c == 0 && r.board.worth(j) > r.board.worth(left[best]) {
			best, worst = k, w
		}
	}
	return best
}

// count fills in whom each site reaches.
func (in *instance) count(a *Answer) {
	place := make(map[int32]int, len(a.Sites))
	for k := range a.Sites {
		place[a.Sites[k].Candidate] = k
	}
	const none = math.MaxInt32
	p := in.p
	far, owner := make([]uint32, len(p.Weights)), make([]int32, len(p.Weights))
	for i := range owner {
		owner[i] = none
	}
	for k := range a.Sites {
		j := a.Sites[k].Candidate
		for n := p.First[j]; n < p.First[j+1]; n++ {
			i, d := p.Demand[n], p.Distance[n]
			if d > in.q.Limit {
				continue
			}
			a.Sites[k].Within += p.Weights[i]
			if owner[i] == none || d < far[i] || d == far[i] && j < owner[i] {
				owner[i], far[i] = j, d
			}
		}
	}
	for i, j := range owner {
		if j != none {
			a.Covered += p.Weights[i]
			a.Sites[place[j]].Load += p.Weights[i]
		}
	}
	var board *rationed
	if in.q.Capacitated {
		board = newRationed(in)
		for _, s := range a.Sites {
			board.toggle(s.Candidate)
		}
		board.give()
	}
	for k := range a.Sites {
		s := &a.Sites[k]
		s.Served = s.Load
		if board != nil {
			s.Served = board.served[s.Candidate]
		}
		if p.Capacities != nil && p.Capacities[s.Candidate] >= 0 {
			s.Overload = max(0, s.Load-p.Capacities[s.Candidate])
		}
	}
}
