package propose

import (
	"math"
	"math/rand/v2"
)

// judge says what a unit is worth; less is better. Products are converted
// explicitly, which keeps compilers from fusing them: the same on every machine.
type judge struct {
	least, most float64 // households of a unit; most is +Inf without a limit
	mean        float64
	side        float64 // of a square unit of the mean area, in metres
	weights     Weights
}

// ruleBroken is what a household too few or too many costs, as a share of the mean:
// more than all aims together could make up for.
const ruleBroken = 40

func newJudge(q *Question, households int64, area float64, units int) *judge {
	j := &judge{least: float64(q.Min), most: math.Inf(1), mean: 1, side: 1, weights: q.Weights}
	if q.Max > 0 {
		j.most = float64(q.Max)
	}
	if households > 0 {
		j.mean = float64(households) / float64(units)
	}
	if area > 0 {
		j.side = math.Sqrt(area / float64(units))
	}
	return j
}

// count judges the households of a unit.
func (j *judge) count(households int64) float64 {
	h := float64(households)
	off := (h - j.mean) / j.mean
	worth := float64(j.weights.Balance * off * off)
	if h < j.least {
		worth += float64(ruleBroken * (j.least - h) / j.mean)
	} else if h > j.most {
		worth += float64(ruleBroken * (h - j.most) / j.mean)
	}
	return worth
}

// shape judges how compact a unit is: around²/4πA is 1 for a circle.
func (j *judge) shape(area, around float64) float64 {
	if area <= 0 {
		return 0
	}
	return float64(j.weights.Compact * around * around / (4 * math.Pi * area))
}

func (j *judge) border(cost float64) float64 { return float64(j.weights.Border * cost / j.side) }

func (j *judge) moved(households int64) float64 {
	return float64(j.weights.Moved * float64(households) / j.mean)
}

// state is a division of a graph into units and its worth. Units never become
// empty, and never fall into more parts than they had.
type state struct {
	g      *graph
	judge  *judge
	rng    *rand.Rand
	unit   []int32
	home   []int32 // the present unit of each atom, or Nobody; nil when that does not count
	totals []total
	worth  float64

	stamp []int32 // of each atom: the last search that came by
	now   int32
	queue []int32
	tree  treeCutter
}

// total is what a unit has together.
type total struct {
	households   int64
	area, around float64
	atoms        int32
}

func newState(g *graph, j *judge, units int, unit, home []int32, rng *rand.Rand) *state {
	s := &state{g: g, judge: j, rng: rng, unit: unit, home: home, totals: make([]total, units), stamp: make([]int32, g.len())}
	s.sumUp()
	return s
}

// sumUp computes the totals and the worth from the units of all atoms.
func (s *state) sumUp() {
	clear(s.totals)
	s.worth = 0
	for a, u := range s.unit {
		t := &s.totals[u]
		t.households += s.g.households[a]
		t.area += s.g.area[a]
		t.around += s.g.around[a]
		t.atoms++
		for _, b := range s.g.of(int32(a)) {
			switch {
			case s.unit[b.to] == u:
				t.around -= b.length
			case int32(a) < b.to:
				s.worth += s.judge.border(b.cost)
			}
		}
		if s.home != nil && s.home[a] != Nobody && s.home[a] != u {
			s.worth += s.judge.moved(s.g.households[a])
		}
	}
	for _, t := range s.totals {
		s.worth += s.judge.count(t.households) + s.judge.shape(t.area, t.around)
	}
}

// without and with are a total when an atom goes or comes that shares so much
// border with the others.
func (t total) without(g *graph, a int32, shared float64) total {
	return total{t.households - g.households[a], t.area - g.area[a], t.around - g.around[a] + 2*shared, t.atoms - 1}
}

func (t total) with(g *graph, a int32, shared float64) total {
	return total{t.households + g.households[a], t.area + g.area[a], t.around + g.around[a] - 2*shared, t.atoms + 1}
}

func (s *state) unitWorth(t total) float64 {
	return s.judge.count(t.households) + s.judge.shape(t.area, t.around)
}

// flip is an atom that may go to another unit, and what that would change.
type flip struct {
	atom, to    int32
	left, right total // of the unit it leaves and the one it joins
	gain        float64
}

// try works out what it would change if an atom went to a unit.
func (s *state) try(a, to int32) flip {
	from := s.unit[a]
	var inFrom, inTo, cost float64
	for _, b := range s.g.of(a) {
		switch s.unit[b.to] {
		case from:
			inFrom += b.length
			cost += b.cost
		case to:
			inTo += b.length
			cost -= b.cost
		}
	}
	f := flip{atom: a, to: to, left: s.totals[from].without(s.g, a, inFrom), right: s.totals[to].with(s.g, a, inTo)}
	change := s.unitWorth(f.left) + s.unitWorth(f.right) - s.unitWorth(s.totals[from]) - s.unitWorth(s.totals[to]) + s.judge.border(cost)
	if s.home != nil && s.home[a] != Nobody {
		switch s.home[a] {
		case from:
			change += s.judge.moved(s.g.households[a])
		case to:
			change -= s.judge.moved(s.g.households[a])
		}
	}
	f.gain = -change
	return f
}

func (s *state) do(f flip) {
	s.totals[s.unit[f.atom]], s.totals[f.to] = f.left, f.right
	s.unit[f.atom] = f.to
	s.worth -= f.gain
}

// mayLeave reports whether the unit of an atom stays in one piece without it: its
// neighbours of the same unit must reach each other. The search ends as soon as
// they have, which is soon, for they are close to each other.
func (s *state) mayLeave(a int32) bool {
	u := s.unit[a]
	if s.totals[u].atoms < 2 {
		return false
	}
	s.now += 2
	wanted, seen := s.now-1, s.now
	missing := 0
	start := int32(-1)
	for _, b := range s.g.of(a) {
		if b.open && s.unit[b.to] == u {
			if start < 0 {
				start = b.to
				continue
			}
			s.stamp[b.to] = wanted
			missing++
		}
	}
	if missing == 0 {
		return true
	}
	s.stamp[a], s.stamp[start] = seen, seen
	s.queue = append(s.queue[:0], start)
	for i := 0; i < len(s.queue); i++ {
		for _, b := range s.g.of(s.queue[i]) {
			if !b.open || s.unit[b.to] != u || s.stamp[b.to] == seen {
				continue
			}
			if s.stamp[b.to] == wanted {
				if missing--; missing == 0 {
					return true
				}
			}
			s.stamp[b.to] = seen
			s.queue = append(s.queue, b.to)
		}
	}
	return false
}
