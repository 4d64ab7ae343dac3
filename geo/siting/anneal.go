package siting

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// search is one chain: a board, the sites that are open on it, and its own random
// numbers.
type search struct {
	in    *instance
	board board
	rng   *rand.Rand
	work  int // done so far

	chosen []int32 // open ones that are not fixed
	place  []int32 // where in chosen a site is, -1 if it is closed
	fresh  int     // how many of them are new
	cost   int64

	pool []int32 // candidates that may open

	goal      int64          // with this value the search may end
	told      func(work int) // is told of the work done since the last time
	best      int64
	bestSites []int32
}

func (in *instance) newBoard() board {
	switch {
	case in.q.Capacitated:
		return newRationed(in)
	case in.q.Model == Median:
		return newNearest(in)
	}
	return newCovered(in)
}

// begin makes a chain with the fixed sites open.
func (in *instance) begin(seed, chain uint64) *search {
	s := &search{in: in, board: in.newBoard(), rng: rand.New(rand.NewPCG(seed, chain)), place: make([]int32, in.candidates()), best: math.MinInt64, goal: math.MaxInt64}
	for j := range s.place {
		s.place[j] = -1
		if in.rule.fixed[j] {
			s.board.open(int32(j))
		} else if in.first[j] < in.first[j+1] && in.rule.cost[j] <= in.rule.budget {
			s.pool = append(s.pool, int32(j))
		}
	}
	for _, j := range in.q.Movable {
		if in.rule.movable[j] {
			s.open(j)
		}
	}
	return s
}

func (s *search) open(j int32) {
	s.place[j] = int32(len(s.chosen))
	s.chosen = append(s.chosen, j)
	if !s.in.rule.movable[j] {
		s.fresh++
	}
	s.cost += s.in.rule.cost[j]
	s.work += s.board.open(j)
}

func (s *search) shut(j int32) {
	last := s.chosen[len(s.chosen)-1]
	s.chosen[s.place[j]] = last
	s.place[last] = s.place[j]
	s.place[j] = -1
	s.chosen = s.chosen[:len(s.chosen)-1]
	if !s.in.rule.movable[j] {
		s.fresh--
	}
	s.cost -= s.in.rule.cost[j]
	s.work += s.board.shut(j)
}

// fits says whether one more site is allowed beside those that are open.
func (s *search) fits(j int32) bool {
	r := &s.in.rule
	return len(s.chosen) < r.total && (r.movable[j] || s.fresh < r.fresh) && s.cost <= r.budget-r.cost[j]
}

// swaps says whether in may open when out closes.
func (s *search) swaps(out, in int32) bool {
	r := &s.in.rule
	return (r.movable[in] || !r.movable[out] || s.fresh < r.fresh) && s.cost-r.cost[out] <= r.budget-r.cost[in]
}

// greedy opens what adds most (for its cost, under a budget), as long as anything
// fits.
func (s *search) greedy(among []int32) {
	for {
		best, most := int32(-1), 0.0
		for _, j := range among {
			if s.place[j] >= 0 || s.in.rule.fixed[j] || !s.fits(j) {
				continue
			}
			worth := float64(s.board.worth(j))
			if s.in.rule.budget != math.MaxInt64 {
				worth /= float64(max(1, s.in.rule.cost[j]))
			}
			if best < 0 || worth > most {
				best, most = j, worth
			}
		}
		s.work += len(among)
		if best < 0 {
			break
		}
		s.open(best)
	}
	s.keep()
}

// keep remembers the sites if they are the best so far.
func (s *search) keep() {
	if v := s.board.value(); v > s.best {
		s.best = v
		s.bestSites = append(s.bestSites[:0], s.chosen...)
	}
}

// become makes the open sites those given.
func (s *search) become(sites []int32) {
	want := make(map[int32]bool, len(sites))
	for _, j := range sites {
		want[j] = true
	}
	for k := len(s.chosen) - 1; k >= 0; k-- {
		if j := s.chosen[k]; !want[j] {
			s.shut(j)
			k = min(k, len(s.chosen))
		}
	}
	for _, j := range sites {
		if s.place[j] < 0 && s.fits(j) {
			s.open(j)
		}
	}
	s.keep()
}

// anneal exchanges sites at random for so much work, at a temperature that falls
// from hot to cold, both in units of the value (Kirkpatrick, Gelatt, Vecchi 1983).
// The site that opens is any of the pool; the one that closes is one that shares
// demand with it, or any, in turn.
func (s *search) anneal(ctx context.Context, work int, hot, cold float64) error {
	start, told := s.work, s.work
	temperature := hot
	ratio := math.Log(cold / hot)
	for n := 0; s.work-start < work && len(s.pool) > 0 && s.best < s.goal; n++ {
		if n%256 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			temperature = hot * math.Exp(ratio*float64(s.work-start)/float64(work))
			if s.told != nil {
				s.told(s.work - told)
				told = s.work
			}
		}
		s.work += 8
		in := s.pool[s.rng.IntN(len(s.pool))]
		if s.place[in] >= 0 {
			continue
		}
		if s.fits(in) {
			s.open(in)
			s.keep()
			continue
		}
		if len(s.chosen) == 0 {
			break
		}
		pick := s.rng.Uint32()
		out := int32(-1)
		if pick&3 != 0 {
			out = s.board.near(in, pick>>2)
		}
		if out < 0 || s.place[out] < 0 {
			out = s.chosen[int(pick>>2)%len(s.chosen)]
		}
		if !s.swaps(out, in) {
			continue
		}
		delta, w := s.board.swap(out, in)
		s.work += w
		if delta < 0 && float64(delta) < temperature*math.Log(1-s.rng.Float64()) {
			continue
		}
		s.shut(out)
		s.open(in)
		if delta > 0 {
			s.keep()
		}
	}
	return nil
}

// polish makes the best exchange for each candidate again and again until none
// helps, or so much work is done.
func (s *search) polish(ctx context.Context, work int) error {
	start := s.work
	for improved := true; improved && s.work-start < work; {
		improved = false
		for _, in := range s.pool {
			if s.work-start >= work {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if s.place[in] >= 0 {
				continue
			}
			bestOut, most := int32(-1), int64(0)
			for _, out := range s.chosen {
				if s.board.worth(in) <= most { // a swap gains no more than the opening
					break
				}
				if !s.swaps(out, in) {
					continue
				}
				delta, w := s.board.swap(out, in)
				s.work += w
				if delta > most {
					bestOut, most = out, delta
				}
			}
			if bestOut >= 0 {
				s.shut(bestOut)
				s.open(in)
				improved = true
			}
		}
	}
	s.keep()
	return nil
}

// unit is what an open site is worth on average: the measure of temperatures.
func (s *search) unit() float64 {
	sum := 1.0
	for _, j := range s.chosen {
		sum += float64(s.board.worth(j))
	}
	return sum / float64(max(1, len(s.chosen)))
}

func sorted(sites []int32) []int32 {
	sites = slices.Clone(sites)
	slices.Sort(sites)
	return sites
}
