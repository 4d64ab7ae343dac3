package bench

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"wangge/geo"
	"wangge/geo/propose"
)

// A chain of ours to set beside propose, for no public program of the kind can be had
// here: ReCom as DeFord, Duchin and Solomon describe it (Recombination: A Family of
// Markov Chains for Redistricting, 2021). A step puts two neighbouring units together,
// draws a random spanning tree of them (least tree of random weights), and cuts it at a
// random edge that leaves both sides within the bounds. What the chain is worth is the
// best division it meets in short bursts (Cannon and others 2020): from the best so far
// ten steps, again and again. It shares no code with propose.
type recom struct {
	land     *propose.Land
	q        propose.Question
	rng      *rand.Rand
	around   [][]edge // of each atom
	unit     []int32
	counts   []int // households of each unit
	cut      geo.Meters
	in       []int32 // of each atom: its place in the tree being cut, -1 outside
	heap     []edge
	order    []int32
	parent   []int32
	below    []int
	possible []int
}

// edge leads from an atom to a neighbour.
type edge struct {
	to     int32
	length geo.Meters
	lot    uint32
	from   int32
}

// burst is how many steps a short burst has.
const burst = 10

var errNoStart = errors.New("the chain found no division to begin with")

func newRecom(land *propose.Land, q propose.Question, seed uint64) *recom {
	c := &recom{land: land, q: q, rng: rand.New(rand.NewPCG(seed, 31)), around: make([][]edge, len(land.Atoms)),
		unit: make([]int32, len(land.Atoms)), in: make([]int32, len(land.Atoms))}
	for _, b := range land.Borders {
		if !b.Barrier {
			c.around[b.A] = append(c.around[b.A], edge{to: b.B, length: b.Length, from: b.A})
			c.around[b.B] = append(c.around[b.B], edge{to: b.A, length: b.Length, from: b.B})
		}
	}
	for a := range c.in {
		c.in[a] = -1
	}
	return c
}

// begin halves the land until it has as many units as are asked for.
func (c *recom) begin() error {
	atoms := make([]int32, len(c.unit))
	for a := range atoms {
		atoms[a] = int32(a)
	}
	trees := 100_000
	if !c.halve(atoms, 0, int32(c.q.Units), &trees) {
		return errNoStart
	}
	c.count()
	return nil
}

// count counts the households of each unit.
func (c *recom) count() {
	c.counts = make([]int, slices.Max(c.unit)+1)
	for a, u := range c.unit {
		c.counts[u] += c.land.Atoms[a].Households
	}
}

// halve makes units of atoms, numbered from first on. It draws no more than so many
// trees; where none of a piece fits, the piece before is cut elsewhere.
func (c *recom) halve(atoms []int32, first, units int32, trees *int) bool {
	if units == 1 {
		for _, a := range atoms {
			c.unit[a] = first
		}
		return true
	}
	left := units / 2
	for tries := 0; tries < 1000 && *trees > 0; tries++ {
		*trees--
		one, other := c.bisect(atoms, int(left), int(units-left))
		if one != nil && c.halve(one, first, left, trees) && c.halve(other, first+left, units-left, trees) {
			return true
		}
		left = units - left
	}
	return false
}

// bisect draws a tree of atoms and cuts it so that one side suits left units and the
// other right ones; nil where the tree has no such edge. Sides of several units are kept
// near the mean, so that later cuts have something to choose from.
func (c *recom) bisect(atoms []int32, left, right int) (one, other []int32) {
	c.tree(atoms)
	all := float64(c.below[0])
	mean := all / float64(left+right)
	room := min(float64(c.q.Max)-mean, mean-float64(c.q.Min))
	suits := func(households, units int) bool {
		if units == 1 {
			return households >= c.q.Min && households <= c.q.Max
		}
		return math.Abs(float64(households)-mean*float64(units)) <= max(1, room/4*math.Sqrt(float64(units)))
	}
	c.possible = c.possible[:0]
	for i := 1; i < len(c.order); i++ {
		if suits(c.below[i], left) && suits(c.below[0]-c.below[i], right) {
			c.possible = append(c.possible, i)
		}
	}
	if len(c.possible) == 0 {
		return nil, nil
	}
	at := c.possible[c.rng.IntN(len(c.possible))]
	side := make([]bool, len(c.order))
	for i, a := range c.order { // parents stand before what is below them
		if side[i] = i == at || i > 0 && side[c.parent[i]]; side[i] {
			one = append(one, a)
		} else {
			other = append(other, a)
		}
	}
	return one, other
}

// tree draws the least spanning tree of random weights from the first atom on (Prim)
// and sums households up.
func (c *recom) tree(atoms []int32) {
	const outside, waiting = -1, -2
	for _, a := range atoms {
		c.in[a] = waiting
	}
	c.order, c.parent, c.heap = c.order[:0], c.parent[:0], c.heap[:0]
	reach := func(a, parent int32) {
		c.in[a] = int32(len(c.order))
		c.order, c.parent = append(c.order, a), append(c.parent, parent)
		for _, e := range c.around[a] {
			if c.in[e.to] == waiting {
				e.lot = c.rng.Uint32()
				c.push(e)
			}
		}
	}
	reach(atoms[c.rng.IntN(len(atoms))], 0)
	for len(c.heap) > 0 {
		if e := c.pop(); c.in[e.to] == waiting {
			reach(e.to, c.in[e.from])
		}
	}
	c.below = c.below[:0]
	for _, a := range c.order {
		c.below = append(c.below, c.land.Atoms[a].Households)
	}
	for i := len(c.order) - 1; i > 0; i-- {
		c.below[c.parent[i]] += c.below[i]
	}
	for _, a := range atoms {
		c.in[a] = outside
	}
}

func (c *recom) push(e edge) {
	c.heap = append(c.heap, e)
	for i := len(c.heap) - 1; i > 0 && c.heap[i].lot < c.heap[(i-1)/2].lot; i = (i - 1) / 2 {
		c.heap[i], c.heap[(i-1)/2] = c.heap[(i-1)/2], c.heap[i]
	}
}

func (c *recom) pop() edge {
	top, last := c.heap[0], len(c.heap)-1
	c.heap[0] = c.heap[last]
	c.heap = c.heap[:last]
	for i := 0; 2*i+1 < last; {
		least := 2*i + 1
		if least+1 < last && c.heap[least+1].lot < c.heap[least].lot {
			least++
		}
		if c.heap[i].lot <= c.heap[least].lot {
			break
		}
		c.heap[i], c.heap[least] = c.heap[least], c.heap[i]
		i = least
	}
	return top
}

// chain walks from a division until enough is true, and leaves the best one that it met:
// the one whose units are out of their bounds least and, among those, that with the
// shortest borders.
func (c *recom) chain(enough func() bool) {
	c.cut = 0
	for _, b := range c.land.Borders {
		if c.unit[b.A] != c.unit[b.B] {
			c.cut += b.Length
		}
	}
	members := make([][]int32, len(c.counts))
	for a, u := range c.unit {
		members[u] = append(members[u], int32(a))
	}
	type undone struct {
		units   [2]int32
		members [2][]int32
	}
	off := 0
	for u := range c.counts {
		off += c.off(c.counts[u])
	}
	put := func(u int32, atoms []int32) {
		off -= c.off(c.counts[u])
		c.counts[u], members[u] = 0, atoms
		for _, a := range atoms {
			c.unit[a] = u
			c.counts[u] += c.land.Atoms[a].Households
		}
		off += c.off(c.counts[u])
	}
	for !enough() {
		bestOff, bestCut := off, c.cut
		var back []undone
		for range burst {
			b := c.land.Borders[c.rng.IntN(len(c.land.Borders))]
			u, v := c.unit[b.A], c.unit[b.B]
			if u == v || b.Barrier {
				continue
			}
			both := slices.Concat(members[u], members[v])
			before := c.within(both)
			one, other := c.bisect(both, 1, 1)
			if one == nil {
				continue
			}
			back = append(back, undone{[2]int32{u, v}, [2][]int32{members[u], members[v]}})
			put(u, one)
			put(v, other)
			c.cut += c.within(both) - before
			if off < bestOff || off == bestOff && c.cut < bestCut {
				bestOff, bestCut, back = off, c.cut, back[:0]
			}
		}
		for _, step := range slices.Backward(back) { // to the best of the burst
			for i, u := range step.units {
				put(u, step.members[i])
			}
		}
		c.cut = bestCut
	}
}

// off is how many households a unit is out of its bounds.
func (c *recom) off(households int) int {
	return max(0, c.q.Min-households, households-c.q.Max)
}

// within is the length of the borders of units that run between atoms, and around them.
func (c *recom) within(atoms []int32) (sum geo.Meters) {
	for _, a := range atoms {
		c.in[a] = 0
	}
	for _, a := range atoms {
		for _, e := range c.around[a] {
			if c.unit[a] != c.unit[e.to] && (c.in[e.to] < 0 || a < e.to) {
				sum += e.length
			}
		}
	}
	for _, a := range atoms {
		c.in[a] = -1
	}
	return sum
}
