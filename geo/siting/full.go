package siting

import (
	"context"
	"math"
	"slices"
)

// full searches the cheapest sites that cover all that can be covered. Each time
// it finds some, it asks the search of Coverage for cheaper ones that cover as much.
func (in *instance) full(ctx context.Context) (open []int32, value, bound int64, err error) {
	s := in.begin(in.q.Seed, 0)
	all := s.reachable()
	s.cover()
	s.prune()
	open, value = sorted(s.chosen), s.cost
	r := in.relax()
	r.start(len(open))
	if err := r.descend(ctx, value, in.steps()); err != nil {
		return nil, 0, 0, err
	}
	bound = r.whole()
	work := in.work()
	for s.work < work && value > bound {
		in.progress(float64(s.work) / float64(work))
		s.in.rule.budget = value - 1
		s.goal = all
		for s.cost >= value && len(s.chosen) > 0 {
			s.shut(s.leastWorthy())
		}
		unit := s.unit()
		if err := s.anneal(ctx, min(work/4, work-s.work), 0.2*unit, 0.02*unit); err != nil {
			return nil, 0, 0, err
		}
		if s.board.value() != all {
			continue
		}
		s.prune()
		if s.cost < value {
			open, value = sorted(s.chosen), s.cost
		}
	}
	in.progress(1)
	return open, value, bound, nil
}

// reachable is the value of a board of Coverage with every site open.
func (s *search) reachable() int64 {
	var sum int64
	for _, w := range s.in.weight {
		sum += w
	}
	return sum
}

// cover opens what adds most for its cost until nothing adds anything.
func (s *search) cover() {
	for {
		best, most := int32(-1), 0.0
		for _, j := range s.pool {
			if s.place[j] < 0 {
				if worth := float64(s.board.worth(j)) / math.Max(0.5, float64(s.in.rule.cost[j])); worth > most {
					best, most = j, worth
				}
			}
		}
		s.work += len(s.pool)
		if best < 0 {
			return
		}
		s.open(best)
	}
}

// prune closes what is not needed, the dearest first.
func (s *search) prune() {
	sites := sorted(s.chosen)
	slices.SortStableFunc(sites, func(a, b int32) int { return int(max(-1, min(1, s.in.rule.cost[b]-s.in.rule.cost[a]))) })
	for _, j := range sites {
		if s.board.worth(j) == 0 && s.in.rule.cost[j] > 0 {
			s.shut(j)
		}
	}
}

// leastWorthy is the open site that adds least, of those that cost anything.
func (s *search) leastWorthy() int32 {
	best := s.chosen[0]
	for _, j := range s.chosen {
		if s.in.rule.cost[j] > 0 && (s.in.rule.cost[best] == 0 || s.board.worth(j) < s.board.worth(best)) {
			best = j
		}
	}
	return best
}

// center searches the least distance T within which the sites cover all that can be
// covered, among the distances that occur. That a T is enough is shown by sites
// that do; that it is not, by the bound of Full: if covering within T takes more new
// sites than there may be, the worst walk is longer than T. Either is sure for each
// T by itself, so halving the rest is only the order of asking.
// Minieka 1970: The m-center problem.
func (in *instance) center(ctx context.Context) (open []int32, value, bound int64, err error) {
	distances := slices.Clone(in.far)
	slices.Sort(distances)
	distances = slices.Compact(distances)
	// What has no site within T makes T too short.
	least := uint32(0)
	for i := range in.weight {
		_, far := in.column(int32(i))
		least = max(least, far[0])
	}
	from, _ := slices.BinarySearch(distances, least)
	distances = distances[from:]

	// Sites that cover as much as they can within the limit, if nothing better is found.
	open, _, err = in.within(ctx, in.q.Limit)
	if err != nil {
		return nil, 0, 0, err
	}
	value = in.worst(open)
	lo, hi := 0, len(distances) // distances[hi] is enough, or the limit is
	for hi > 0 && int64(distances[hi-1]) >= value {
		hi--
	}
	steps := 0.0
	for lo < hi {
		mid := (lo + hi) / 2
		sites, all, err := in.within(ctx, distances[mid])
		if err != nil {
			return nil, 0, 0, err
		}
		if !all {
			lo = mid + 1
			continue
		}
		open, value = sites, min(value, in.worst(sites))
		for hi = mid; hi > 0 && int64(distances[hi-1]) >= value; {
			hi--
		}
		steps++
		in.progress(steps / (steps + 6))
	}
	bound = int64(least)
	if len(distances) == 0 {
		return open, value, min(bound, value), nil
	}
	for lo, hi = 0, len(distances); lo < hi; {
		mid := (lo + hi) / 2
		if int64(distances[mid]) >= value {
			hi = mid
			continue
		}
		short, err := in.tooShort(ctx, distances[mid])
		if err != nil {
			return nil, 0, 0, err
		}
		if !short {
			hi = mid
			continue
		}
		lo = mid + 1
		if lo < len(distances) {
			bound = max(bound, int64(distances[lo]))
		}
	}
	in.progress(1)
	return open, value, min(bound, value), nil
}

// within searches sites that cover all within a distance, and says whether they do.
func (in *instance) within(ctx context.Context, distance uint32) ([]int32, bool, error) {
	q := in.q
	q.Model, q.Limit = Coverage, distance
	at := prepare(in.p, q)
	s := at.begin(q.Seed, 0)
	s.goal = 0
	for _, w := range in.weight {
		s.goal += w
	}
	s.greedy(s.pool)
	unit := s.unit()
	if err := s.anneal(ctx, in.work()/16, 0.1*unit, 0.005*unit); err != nil {
		return nil, false, err
	}
	return sorted(s.bestSites), s.best == s.goal, nil
}

// tooShort says whether it is certain that a distance cannot be enough.
func (in *instance) tooShort(ctx context.Context, distance uint32) (bool, error) {
	p, q := *in.p, in.q
	p.Costs = nil
	q.Model, q.Limit = Full, distance
	at := prepare(&p, q)
	r := at.relax()
	r.start(in.rule.fresh)
	allowed := int64(in.rule.fresh)
	err := r.descend(ctx, allowed+1, 150)
	return r.whole() > allowed, err
}

// worst is the longest distance to the nearest open or fixed site, at most the limit.
func (in *instance) worst(open []int32) int64 {
	nearest := in.nearestWith(open)
	var worst uint32
	for _, d := range nearest.d1 {
		worst = max(worst, d)
	}
	return int64(worst)
}

// nearestWith is the board with the fixed sites and these open.
func (in *instance) nearestWith(open []int32) *nearest {
	b := newNearest(in)
	for j, fixed := range in.rule.fixed {
		if fixed {
			b.open(int32(j))
		}
	}
	for _, j := range open {
		b.open(j)
	}
	return b
}
