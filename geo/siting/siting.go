// Package siting finds where the next points should stand: given how far every
// home is from every candidate site, which few sites serve the homes best.
//
//	siting.go    what is asked, what is answered
//	coverage.go  maximum coverage: the homes covered, and what a site would add
//	median.go    least walk: the way of every home to its nearest site
//	rationed.go  the same two when sites have a capacity
//	anneal.go    the search that the three share
//	bound.go     how good any answer can be at most
//	full.go      least sites for full coverage, and the worst walk
//	answer.go    the order of the chosen sites, and what each of them gains
//
// Four questions are known here (Model). All four are NP-hard, so a search answers
// them, and every answer carries a Bound: no choice of sites can be better than it.
// The bound does not trust the search; it comes from a relaxation, in whole numbers,
// and is rounded away from the value. Gap is how far the two are apart: the best
// possible answer lies somewhere between.
//
// Everything is int64 and takes its randomness from a seed and its length from
// Effort, never from a clock: the same problem and question give the same answer,
// byte for byte, at any number of threads.
package siting

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"wangge/geo/fault"
)

// Model is what "best" means.
type Model string

// The models.
const (
	// Coverage (MCLP): the most weight within the limit of a chosen site.
	// Church, ReVelle 1974: The maximal covering location problem.
	Coverage Model = "mclp"
	// Full (LSCP): the cheapest sites that cover all that any candidate covers.
	// Toregas, Swain, ReVelle, Bergman 1971: The location of emergency service facilities.
	Full Model = "lscp"
	// Median (p-median): the least sum of weight × distance to the nearest site.
	// Hakimi 1964: Optimum locations of switching centers.
	Median Model = "p-median"
	// Center (p-center): the least distance of the one who is worst off.
	Center Model = "p-center"
)

// Models in the order in which a page lists them.
func Models() []Model { return []Model{Coverage, Full, Median, Center} }

// Problem says how far the demand is from the candidates: sparse, for what is
// farther than anybody walks need not be there.
type Problem struct {
	// Weights of the demand: homes, or people. Not negative.
	Weights []int64
	// Candidate j reaches Demand[First[j]:First[j+1]], each at most once, at
	// Distance (mm or seconds, as the caller likes).
	First    []int
	Demand   []int32
	Distance []uint32
	// Costs and Capacities of the candidates; nil: each costs 1, without limit.
	// A capacity below 0 is without limit.
	Costs      []int64
	Capacities []int64
}

// Candidates is how many there are.
func (p *Problem) Candidates() int { return len(p.First) - 1 }

// Pair is one distance of a Problem.
type Pair struct {
	Candidate, Demand int32
	Distance          uint32
}

// New makes a problem of pairs in any order; of equal ones the shortest counts.
func New(candidates int, weights []int64, pairs []Pair) *Problem {
	pairs = slices.Clone(pairs)
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Candidate, b.Candidate), cmp.Compare(a.Demand, b.Demand), cmp.Compare(a.Distance, b.Distance))
	})
	p := &Problem{Weights: weights, First: make([]int, candidates+1)}
	for i, q := range pairs {
		if i > 0 && q.Candidate == pairs[i-1].Candidate && q.Demand == pairs[i-1].Demand {
			continue
		}
		p.Demand, p.Distance = append(p.Demand, q.Demand), append(p.Distance, q.Distance)
		p.First[q.Candidate+1] = len(p.Demand)
	}
	for j := range candidates {
		p.First[j+1] = max(p.First[j+1], p.First[j])
	}
	return p
}

// Question is what is asked of a Problem.
type Question struct {
	Model Model
	// Limit is the distance within which demand counts as covered; for Median and
	// Center it is what a walk counts at most, and what is not reached counts as.
	Limit uint32
	// Fixed sites stand and stay. Of the Movable ones, which stand too, at most
	// Moves may close for a new one each.
	Fixed, Movable []int32
	Moves          int
	// Sites is how many new ones there may be beside those that are moved; Budget
	// is what all new ones may cost together, 0 without limit. One of the two must
	// be given, but for Full, which takes neither.
	Sites  int
	Budget int64
	// Capacitated: a site serves no more weight than its capacity. The nearest
	// come first; the others go on to the next site that has room.
	Capacitated bool

	Seed uint64
	// Effort is how long to search: 1 (also for 0) takes about a second on one
	// core for a town, 10 ten times that.
	Effort int
	// Threads is how many run at once, 1 for 0. It does not change the answer.
	Threads int
	// Progress is told from time to time how much of the search is done, 0…1, from
	// one goroutine at a time.
	Progress func(done float64)
}

// Answer is the sites chosen and how good they are.
type Answer struct {
	Model Model `json:"model"`
	// Sites in the order of their contribution: those that stand first, then each
	// time the one that adds most.
	Sites []Site `json:"sites"`
	// Value is the weight covered (Coverage), the cost of the new sites (Full), the
	// sum of weight × distance (Median), or the longest distance (Center). Bound is
	// what no choice can surpass: from above for Coverage, from below for the others.
	Value int64 `json:"value"`
	Bound int64 `json:"bound"`
	// Gap is |Bound − Value| ÷ the greater of the two, rounded up to 1e-6; 0 proves that
	// nothing better exists.
	Gap float64 `json:"gap"`
	// Curve is the value with the standing sites alone, then with one more of the
	// new ones at a time, in the order of Sites. Of Full it is the weight covered.
	Curve []int64 `json:"curve"`
	// Covered is the weight within the limit of a chosen site, Coverable that of any
	// candidate, Total all.
	Covered   int64 `json:"covered"`
	Coverable int64 `json:"coverable"`
	Total     int64 `json:"total"`
}

// Site is one that was chosen.
type Site struct {
	Candidate int32 `json:"candidate"`
	// Stands says that it is one of the fixed or movable ones.
	Stands bool `json:"stands,omitempty"`
	// Gain is how much better the value became with this site, when those before it
	// in the list were there already.
	Gain int64 `json:"gain"`
	// Within is the weight within the limit of this site, Load that of which it is
	// the nearest, Served what it serves of it within the capacities. Overload is by
	// how much the load exceeds the capacity.
	Within   int64 `json:"within"`
	Load     int64 `json:"load"`
	Served   int64 `json:"served"`
	Overload int64 `json:"overload,omitempty"`
}

// The faults.
var (
	ErrProblem = fault.New(fault.Invalid, "siting_invalid",
		"The sites cannot be searched like this; see what is named and correct it. 选址条件有误，请按提示修改。")
	ErrTooLarge = fault.New(fault.Invalid, "siting_too_large",
		"The sums of this search are too large to be exact; give fewer homes, smaller weights or a shorter distance. 选址规模过大，请减少户数、权重或距离。")
)

// Solve answers a question. It ends early with the context's error when ctx is
// cancelled, and with a fault when the question makes no sense.
func Solve(ctx context.Context, p *Problem, q Question) (*Answer, error) {
	if err := check(p, q); err != nil {
		return nil, err
	}
	q.Effort, q.Threads = max(1, q.Effort), max(1, q.Threads)
	in := prepare(p, q)
	var open []int32
	var value, bound int64
	var err error
	switch q.Model {
	case Full:
		open, value, bound, err = in.full(ctx)
	case Center:
		open, value, bound, err = in.center(ctx)
	default:
		open, value, bound, err = in.best(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("siting %s: %w", q.Model, err)
	}
	return in.answer(open, value, bound), nil
}

// check looks for what would make the search meaningless or its sums inexact.
func check(p *Problem, q Question) error {
	wrong := func(pointer, format string, args ...any) error {
		return ErrProblem.With(fault.Place{Pointer: pointer, Code: "siting_invalid", Detail: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(Models(), q.Model) {
		return wrong("model", "there is no model %q; say mclp, lscp, p-median or p-center", q.Model)
	}
	if len(p.First) == 0 || p.First[0] != 0 || p.First[len(p.First)-1] != len(p.Demand) || len(p.Demand) != len(p.Distance) {
		return wrong("problem", "the distances do not fit together")
	}
	n := p.Candidates()
	if n == 0 {
		return wrong("candidates", "there is no candidate site; import or add some first")
	}
	if p.Costs != nil && len(p.Costs) != n || p.Capacities != nil && len(p.Capacities) != n {
		return wrong("candidates", "costs and capacities are not as many as candidates")
	}
	// Sums of weight × distance × (sites + 1) and of cost must stay within int64
	// with room to spare: bounds are computed with at least 8 bits behind the point.
	var total, cost float64
	for i, w := range p.Weights {
		if w < 0 {
			return wrong(fmt.Sprintf("weights/%d", i), "a weight is not negative")
		}
		total += float64(w)
	}
	for j, c := range p.Costs {
		if c < 0 {
			return wrong(fmt.Sprintf("costs/%d", j), "a cost is not negative")
		}
		cost += float64(c)
	}
	scale := 1.0
	if q.Model == Median {
		scale = float64(q.Limit) + 1
	}
	if total*scale > 1<<52 || cost > 1<<52 {
		return ErrTooLarge
	}
	for j := range n {
		if p.First[j] > p.First[j+1] {
			return wrong("problem", "the distances do not fit together")
		}
		seen := int32(-1)
		for _, i := range p.Demand[p.First[j]:p.First[j+1]] {
			if i <= seen || int(i) >= len(p.Weights) {
				return wrong(fmt.Sprintf("candidates/%d", j), "its demand is not ascending, or not there")
			}
			seen = i
		}
	}
	// A price of Full is as high as a cost, for each demand.
	if q.Model == Full && p.Costs != nil && float64(slices.Max(p.Costs))*float64(len(p.Weights)) > 1<<52 {
		return ErrTooLarge
	}
	stands := make(map[int32]bool)
	for _, j := range slices.Concat(q.Fixed, q.Movable) {
		if j < 0 || int(j) >= n || stands[j] {
			return wrong("fixed", "site %d stands twice, or is not among the candidates", j)
		}
		stands[j] = true
	}
	switch {
	case q.Sites < 0 || q.Budget < 0 || q.Moves < 0 || q.Effort < 0 || q.Effort > 1000:
		return wrong("sites", "sites, budget and moves are not negative, and effort is at most 1000")
	case q.Model == Full && (q.Sites > 0 || q.Budget > 0 || q.Moves > 0 || q.Capacitated):
		return wrong("sites", "least sites for full coverage takes no number of sites, no budget, no moves and no capacities")
	case q.Model == Center && (q.Budget > 0 || q.Capacitated):
		return wrong("budget", "the worst walk takes a number of sites, no budget and no capacities")
	case q.Capacitated && p.Capacities == nil:
		return wrong("capacitated", "the candidates have no capacities")
	case q.Model != Full && q.Sites == 0 && q.Budget == 0 && q.Moves == 0:
		return wrong("sites", "say how many sites, or which budget")
	}
	return nil
}

// instance is a problem made ready: what is farther than the limit left out, equal
// demand taken together, both directions of the pairs at hand.
type instance struct {
	p *Problem
	q Question

	weight []int64 // of the merged demand
	// Candidate j reaches demand reach[first[j]:first[j+1]] at way.
	first []int
	reach []int32
	way   []uint32
	// Demand i is reached by sites[of[i]:of[i+1]], the nearest first (lowest index
	// among equals), at far.
	of    []int
	sites []int32
	far   []uint32

	rule rule
}

// rule says which choices are allowed.
type rule struct {
	fixed   []bool
	movable []bool
	total   int // how many sites beside the fixed ones, math.MaxInt without limit
	fresh   int // how many of them new
	budget  int64
	cost    []int64 // 0 for what stands
}

// prepare makes an instance. Demand that is reached by the same candidates at the
// same distances (for coverage: by the same candidates) is one demand with the sum
// of the weights: the answer is the same, and a house of forty homes costs as one.
func prepare(p *Problem, q Question) *instance {
	n := p.Candidates()
	in := &instance{p: p, q: q}
	r := rule{fixed: make([]bool, n), movable: make([]bool, n), cost: make([]int64, n), total: math.MaxInt, fresh: math.MaxInt, budget: math.MaxInt64}
	for j := range n {
		r.cost[j] = 1
		if p.Costs != nil {
			r.cost[j] = p.Costs[j]
		}
	}
	for _, j := range q.Fixed {
		r.fixed[j], r.cost[j] = true, 0
	}
	for _, j := range q.Movable {
		r.cost[j] = 0
		if q.Moves == 0 || q.Model == Full {
			r.fixed[j] = true
		} else {
			r.movable[j] = true
		}
	}
	standing := 0
	if q.Moves > 0 {
		standing = len(q.Movable)
	}
	switch {
	case q.Model == Full:
	case q.Sites > 0 || q.Moves > 0 || q.Budget == 0:
		r.total, r.fresh = standing+q.Sites, q.Sites+min(q.Moves, standing)
	}
	if q.Budget > 0 {
		r.budget = q.Budget
	}
	in.rule = r
	in.merge()
	return in
}
