// Package group puts numbers into groups that only grow together (union–find): pieces
// that hang together, atoms that stay together, units joined by land in common.
package group

// Groups are those of the numbers 0 to len-1. The least number of a group stands for it,
// whatever the order in which its members were joined.
type Groups []int32

// New makes n groups of one number each.
func New(n int) Groups {
	g := make(Groups, n)
	g.Part()
	return g
}

// Part makes each number a group of its own again.
func (g Groups) Part() {
	for i := range g {
		g[i] = int32(i)
	}
}

// Of is the number that stands for the group of i.
func (g Groups) Of(i int32) int32 {
	for g[i] != i {
		g[i] = g[g[i]]
		i = g[i]
	}
	return i
}

// Join makes the groups of i and j one and reports whether they were two.
func (g Groups) Join(i, j int32) bool {
	i, j = g.Of(i), g.Of(j)
	g[max(i, j)] = min(i, j)
	return i != j
}
