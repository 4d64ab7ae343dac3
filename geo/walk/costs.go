package walk

import "slices"

// Distances within a search are below this many mm (2,147 km), so that sums of a
// few of them fit 32 bits.
const (
	horizon    = 1<<31 - 1
	impassable = 1 << 31 // what an edge costs that nobody walks
)

// Direction is which way people walk.
type Direction uint8

// The directions. They differ where slopes count, and on streets that are walked one
// way only.
const (
	From    Direction = iota // from the sources outwards
	Towards                  // from everywhere to the sources
)

// costs are what edges cost in a mode, in mm.
type costs struct {
	ahead, back []uint32 // of the edges, from start to end and from end to start
	// out has, for each direction of a search, head and cost of every arc that leaves
	// a node, in the order of Network.first.
	out     [2][]arc
	longest uint32
}

type arc struct {
	head int32
	cost uint32
}

func (n *Network) costs(m Mode) *costs {
	return n.derived.costs[m.index()].get(func() *costs { return newCosts(n, m) })
}

func newCosts(n *Network, m Mode) *costs {
	c := &costs{ahead: make([]uint32, len(n.from))}
	c.back = c.ahead
	differ := m.Slope || slices.ContainsFunc(n.traits, func(t Traits) bool { return t.OneWay })
	if differ {
		c.back = make([]uint32, len(n.from))
	}
	for e := range n.from {
		c.ahead[e] = passable(n.traits[e].effort(m, n.length[e], false))
		if differ {
			c.back[e] = passable(n.traits[e].effort(m, n.length[e], true))
		}
		for _, cost := range []uint32{c.ahead[e], c.back[e]} {
			if cost < impassable {
				c.longest = max(c.longest, cost)
			}
		}
	}
	arcs := func(dir Direction) []arc {
		out := make([]arc, len(n.arcs))
		for j, a := range n.arcs {
			cost := c.ahead[a>>1]
			if back := a&1 == 1; back != (dir == Towards) {
				cost = c.back[a>>1]
			}
			out[j] = arc{n.heads[j], cost}
		}
		return out
	}
	c.out[From] = arcs(From)
	c.out[Towards] = c.out[From]
	if differ {
		c.out[Towards] = arcs(Towards)
	}
	return c
}

func passable(cost uint32) uint32 {
	if cost > horizon/2 {
		return impassable
	}
	return cost
}

// share of an edge's cost for so many mm of its length, rounded. Nothing costs
// nothing, on an impassable edge too: whoever stands at its end may leave it there.
func share(cost, length, mm uint32) uint64 {
	if cost == length {
		return uint64(mm)
	}
	return (uint64(cost)*uint64(mm) + uint64(length)/2) / uint64(length)
}
