package siting

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
)

// work is how much a question may cost, in steps of a few nanoseconds each. What is
// small is searched through sooner.
func (in *instance) work() int {
	return min(200_000_000, 20_000*(in.candidates()+len(in.sites))) * in.q.Effort
}

// steps is how many the relaxation may take: fewer where there is more to sum.
func (in *instance) steps() int {
	return min(400+100*in.q.Effort, max(60, in.work()/(len(in.sites)+1)))
}

func (in *instance) progress(done float64) {
	if in.q.Progress != nil {
		in.q.Progress(min(1, done))
	}
}

// hot and cold are the temperatures of a search, as parts of what an open site is
// worth on average; measured on street networks with known best values.
func (in *instance) temperatures(unit float64) (hot, cold float64) {
	if in.q.Model == Median {
		return 0.07 * unit, 0.005 * unit
	}
	return 0.04 * unit, 0.006 * unit
}

// best searches sites for Coverage and Median.
//
//  1. A greedy choice, improved a little: a value.
//  2. The relaxation with that value in sight: a bound, and the candidates that
//     cannot be among any better sites, for with them even the bound is no better.
//  3. Chains of exchanges among the others, each with its own random numbers; how
//     many there are depends on the effort and not on the threads.
func (in *instance) best(ctx context.Context) (open []int32, value, bound int64, err error) {
	s := in.begin(in.q.Seed, 0)
	s.greedy(s.pool)
	hot, cold := in.temperatures(s.unit())
	if err := s.anneal(ctx, in.work()/20, hot/3, cold); err != nil {
		return nil, 0, 0, err
	}
	in.progress(0.1)
	open, value = sorted(s.bestSites), s.best

	r := in.relax()
	r.start(len(open))
	if err := r.descend(ctx, in.magnitude(value), in.steps()); err != nil {
		return nil, 0, 0, err
	}
	in.progress(0.3)
	pool, goal := r.promising(s.pool, in.magnitude(value)), r.goal()
	// What is taken at the best prices is often a good choice, nearly always near one.
	s.become(r.choice())
	s.pool = pool
	if !in.q.Capacitated && value < goal {
		if err := s.polish(ctx, in.work()/4); err != nil {
			return nil, 0, 0, err
		}
	}
	if s.best > value {
		open, value = sorted(s.bestSites), s.best
	}
	if value < goal {
		chains := 2
		if in.q.Effort > 1 {
			chains = 4
		}
		found, err := in.chains(ctx, chains, pool, r.core(pool, 5*len(open)), open, goal, hot, cold)
		if err != nil {
			return nil, 0, 0, err
		}
		for _, s := range found {
			if s.best > value {
				open, value = sorted(s.bestSites), s.best
			}
		}
	}
	// Sites that stand and close for nothing stay.
	s.become(open)
	for _, j := range in.q.Movable {
		if s.place[j] < 0 && in.rule.movable[j] && s.fits(j) {
			s.open(j)
		}
	}
	in.progress(1)
	return sorted(s.chosen), in.magnitude(s.board.value()), r.whole(), nil
}

// magnitude turns the value of a board into that of an answer, and back.
func (in *instance) magnitude(v int64) int64 {
	if in.q.Model == Median {
		return -v
	}
	return v
}

// chains runs independent searches and returns them in their order.
func (in *instance) chains(ctx context.Context, n int, pool, core, open []int32, goal int64, hot, cold float64) ([]*search, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, errs := make([]*search, n), make([]error, n)
	var mu sync.Mutex
	var done int
	total := in.work() * 9 / 10
	told := func(work int) {
		mu.Lock()
		defer mu.Unlock()
		done += work
		in.progress(0.3 + 0.7*float64(done)/float64(total))
	}
	turns := make(chan struct{}, in.q.Threads)
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			s := in.begin(in.q.Seed, uint64(k+1))
			s.goal, s.told, s.pool = goal, told, pool
			if k%2 == 1 && len(core) > 0 {
				s.pool = core
			}
			s.become(open)
			found[k] = s
			// Least walks gain from a second fall from half the heat, coverage from a
			// single slow one.
			parts := 1
			if in.q.Model == Median {
				parts = 2
			}
			for part := range parts {
				if errs[k] = s.anneal(ctx, total/n/parts, hot/float64(1+part), cold); errs[k] != nil {
					return
				}
				s.become(s.bestSites)
			}
			if !in.q.Capacitated {
				errs[k] = s.polish(ctx, in.work()/4)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// goal is the value of a board that no choice can surpass.
func (r *relaxation) goal() int64 { return r.in.magnitude(r.whole()) }

// choice is what is taken at the best prices, beside the fixed sites.
func (r *relaxation) choice() []int32 {
	copy(r.price, r.bestPrice)
	r.evaluate()
	var sites []int32
	for _, j := range r.order {
		if r.taken[j] {
			sites = append(sites, j)
		}
	}
	return sites
}

// core are so many of the pool that are worth most at the best prices: nearly all good
// choices are made of them. Half of the chains search there alone.
func (r *relaxation) core(pool []int32, size int) []int32 {
	if len(pool) <= size {
		return pool
	}
	list := slices.Clone(pool)
	slices.SortFunc(list, func(a, b int32) int { return cmp.Or(cmp.Compare(r.bestWorth[b], r.bestWorth[a]), cmp.Compare(a, b)) })
	list = list[:size]
	slices.Sort(list)
	return list
}

// promising leaves out of the pool the candidates without which all better choices
// must do. To take such a one at the best prices, instead of the last that was
// taken, makes the bound worse by the difference of their worths; if that is no
// better than the value, no choice with it is. (Only counted sites can be told by this;
// with a budget, or sites to move, all stay.)
func (r *relaxation) promising(pool []int32, value int64) []int32 {
	in := r.in
	if in.rule.budget != math.MaxInt64 || in.rule.total != in.rule.fresh {
		return pool
	}
	copy(r.price, r.bestPrice)
	b := r.evaluate()
	var left []int32
	for _, j := range pool {
		lost := max(0, r.least-r.worth[j])
		if in.q.Model == Median && -(-(b+lost)>>r.bits) >= value || in.q.Model == Coverage && (b-lost)>>r.bits <= value {
			continue
		}
		left = append(left, j)
	}
	return left
}
