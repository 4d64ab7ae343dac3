package propose

import (
	"context"
	"math"
	"slices"
)

// The temperatures of a search, in the measure of a unit's worth: a new division
// may get worse for a while, the present one is only mended.
const (
	hotAnew, hotPresent = 0.5, 0.05
	cold                = 0.002
)

// steps is how often the temperature falls during a search.
const steps = 60

// recutShare is how much of the work goes into cutting two units anew.
const recutShare = 0.5

// anneal searches for a better division with as much work as given, counted in
// looks at a border, and leaves the best that it met. The work done is told.
func (s *state) anneal(ctx context.Context, work int, hot float64, told func(work int)) {
	if len(s.totals) < 2 {
		told(work)
		return
	}
	best, bestUnit := s.worth, slices.Clone(s.unit)
	for step := range steps {
		if ctx.Err() != nil {
			break
		}
		temperature := hot * math.Pow(cold/hot, float64(step)/(steps-1))
		flips, recuts := 0, 0
		for flips+recuts < work/steps {
			if float64(recuts) < recutShare*float64(flips+recuts) {
				recuts += s.recutSomewhere(temperature)
			} else {
				flips += s.flipSomewhere(temperature)
			}
		}
		told(work / steps)
		if s.worth < best-1e-9 {
			best = s.worth
			copy(bestUnit, s.unit)
		}
	}
	if s.worth > best {
		copy(s.unit, bestUnit)
	}
	s.sumUp() // without what rounding has added up
	s.descend()
}

// somewhere picks an atom and a unit beyond one of its open borders.
func (s *state) somewhere() (a, to int32, ok bool) {
	a = int32(s.rng.IntN(s.g.len()))
	sides := s.g.of(a)
	if len(sides) == 0 {
		return 0, 0, false
	}
	b := sides[s.rng.IntN(len(sides))]
	return a, s.unit[b.to], b.open && s.unit[b.to] != s.unit[a]
}

// accepts is Metropolis's rule.
func (s *state) accepts(gain, temperature float64) bool {
	return gain >= 0 || gain > -30*temperature && s.rng.Float64() < math.Exp(gain/temperature)
}

func (s *state) flipSomewhere(temperature float64) (work int) {
	a, to, ok := s.somewhere()
	if !ok {
		return 1
	}
	if f := s.try(a, to); s.accepts(f.gain, temperature) && s.mayLeave(a) {
		s.do(f)
	}
	return 4
}

// descend takes every change of a single atom that helps until none does.
func (s *state) descend() {
	for helped := true; helped; {
		helped = false
		for a := range int32(s.g.len()) {
			var best flip
			for _, b := range s.g.of(a) {
				if u := s.unit[b.to]; b.open && u != s.unit[a] && (best.gain == 0 || u != best.to) {
					if f := s.try(a, u); f.gain > max(best.gain, 1e-9) {
						best = f
					}
				}
			}
			if best.gain > 0 && s.mayLeave(a) {
				s.do(best)
				helped = true
			}
		}
	}
}

// recutSomewhere puts two neighbouring units together and cuts them apart along an
// edge of a random spanning tree, as a ReCom chain does (DeFord, Duchin, Solomon,
// "Recombination", 2021).
func (s *state) recutSomewhere(temperature float64) (work int) {
	a, v, ok := s.somewhere()
	if !ok {
		return 1
	}
	u := s.unit[a]
	atoms := s.gather(a, u, v)
	if len(atoms) < int(s.totals[u].atoms+s.totals[v].atoms) {
		return len(atoms) // one of them lies in parts
	}
	s.tree.draw(s.g, atoms, s.rng)
	cut := s.bestCut(s.totals[u].households+s.totals[v].households, temperature)
	s.exchange(atoms, cut, u, v, temperature)
	return 12 * len(atoms)
}

// gather lists the atoms of two units from one of them outwards.
func (s *state) gather(a, u, v int32) []int32 {
	s.now++
	s.stamp[a] = s.now
	s.queue = append(s.queue[:0], a)
	for i := 0; i < len(s.queue); i++ {
		for _, b := range s.g.of(s.queue[i]) {
			if w := s.unit[b.to]; b.open && (w == u || w == v) && s.stamp[b.to] != s.now {
				s.stamp[b.to] = s.now
				s.queue = append(s.queue, b.to)
			}
		}
	}
	return s.queue
}

// bestCut picks where to cut the tree, as a position in its order: the fairest
// place, or by chance one that is nearly as fair.
func (s *state) bestCut(households int64, temperature float64) int {
	best, least := 1, math.Inf(1)
	for i, a := range s.tree.order {
		if i == 0 {
			continue
		}
		below := s.tree.below[a]
		worth := s.judge.count(below) + s.judge.count(households-below)
		if worth-least > 20*temperature {
			continue
		}
		// The least of worths with such noise is drawn by Boltzmann's odds.
		worth += temperature * math.Log(-math.Log(1-s.rng.Float64()))
		if worth < least {
			best, least = i, worth
		}
	}
	return best
}

// exchange divides the atoms of u and v at a cut of the tree, if that is accepted.
func (s *state) exchange(atoms []int32, cut int, u, v int32, temperature float64) {
	s.now++
	last := cut + int(s.tree.end[s.tree.order[cut]])
	for _, i := range s.tree.order[cut:last] {
		s.stamp[atoms[i]] = s.now
	}
	var inside, outside total
	var before, after float64 // cost of the border between the two
	stay, swap := 0.0, 0.0    // households, or atoms, that keep their unit if inside becomes v, or u
	for _, a := range atoms {
		in := s.stamp[a] == s.now
		t := &outside
		if in {
			t = &inside
		}
		t.households += s.g.households[a]
		t.area += s.g.area[a]
		t.around += s.g.around[a]
		t.atoms++
		for _, b := range s.g.of(a) {
			if w := s.unit[b.to]; w != u && w != v {
				continue
			}
			if (s.stamp[b.to] == s.now) == in {
				t.around -= b.length
			} else {
				after += b.cost / 2
			}
			if s.unit[b.to] != s.unit[a] {
				before += b.cost / 2
			}
		}
		own, weight := s.unit[a], 1.0
		if s.home != nil {
			own, weight = s.home[a], float64(s.g.households[a])
		}
		if own == v && in || own == u && !in {
			stay += weight
		} else if own == u && in || own == v && !in {
			swap += weight
		}
	}
	in, out := v, u
	if swap > stay {
		in, out = u, v
	}
	gain := s.unitWorth(s.totals[u]) + s.unitWorth(s.totals[v]) - s.unitWorth(inside) - s.unitWorth(outside) + s.judge.border(before-after)
	if s.home != nil {
		for _, a := range atoms {
			if h := s.home[a]; h != Nobody {
				to := out
				if s.stamp[a] == s.now {
					to = in
				}
				if s.unit[a] != h {
					gain += s.judge.moved(s.g.households[a])
				}
				if to != h {
					gain -= s.judge.moved(s.g.households[a])
				}
			}
		}
	}
	if !s.accepts(gain, temperature) {
		return
	}
	for _, a := range atoms {
		if s.stamp[a] == s.now {
			s.unit[a] = in
		} else {
			s.unit[a] = out
		}
	}
	s.totals[in], s.totals[out] = inside, outside
	s.worth -= gain
}
