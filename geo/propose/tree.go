package propose

import (
	"math/rand/v2"
	"slices"

	"wangge/geo/group"
)

// treeCutter draws random spanning trees of some atoms of a graph. Edges along
// real lines come late into a tree, so that most of its cuts run along them. It
// keeps its memory from one tree to the next.
type treeCutter struct {
	number []int32 // of each atom of the graph: its number in the tree, -1 outside
	edges  [][2]int32
	byLot  []uint64 // numbers of edges in the order of their lots, which stand in the upper half
	kept   [][2]int32
	joined group.Groups
	first  []int32
	next   []int32 // neighbours in the tree
	open   []int32 // a stack of those to walk on from
	order  []int32 // from the root outwards
	parent []int32
	below  []int64 // households of each atom and of all farther from the root
	end    []int32 // atoms below, itself included, as a count
}

// followLines is how much later a real line comes into a tree than the gap between
// two buildings, where 1 is the spread of chance.
const followLines = 0.7

// draw makes a tree of atoms, which must hang together, numbered as given.
func (t *treeCutter) draw(g *graph, atoms []int32, rng *rand.Rand) {
	if len(t.number) < g.len() {
		t.number = make([]int32, g.len())
		for i := range t.number {
			t.number[i] = -1
		}
	}
	for i, a := range atoms {
		t.number[a] = int32(i)
	}
	t.edges, t.byLot = t.edges[:0], t.byLot[:0]
	for i, a := range atoms {
		for _, s := range g.of(a) {
			if n := t.number[s.to]; s.open && n > int32(i) {
				lot := rng.Float64() + followLines
				if s.length > 0 {
					lot -= float64(followLines * min(1, s.cost/s.length))
				}
				t.byLot = append(t.byLot, uint64(lot*(1<<31))<<32|uint64(len(t.edges)))
				t.edges = append(t.edges, [2]int32{int32(i), n})
			}
		}
	}
	for _, a := range atoms {
		t.number[a] = -1
	}
	slices.Sort(t.byLot)
	t.span(len(atoms))
	t.walk(g, atoms)
}

func resized(list []int32, n int) []int32 {
	if cap(list) < n {
		return make([]int32, n)
	}
	return list[:n]
}

// span keeps the edges that join (Kruskal).
func (t *treeCutter) span(n int) {
	t.joined = resized(t.joined, n)
	t.joined.Part()
	t.first = resized(t.first, n+1)
	clear(t.first)
	t.kept = t.kept[:0]
	for _, lot := range t.byLot {
		e := t.edges[uint32(lot)]
		if !t.joined.Join(e[0], e[1]) {
			continue
		}
		t.kept = append(t.kept, e)
		t.first[e[0]+1]++
		t.first[e[1]+1]++
		if len(t.kept) == n-1 {
			break
		}
	}
	for i := range n {
		t.first[i+1] += t.first[i]
	}
	t.next = resized(t.next, 2*len(t.kept))
	t.parent = append(t.parent[:0], t.first[:n]...) // where to fill, for now
	for _, e := range t.kept {
		t.next[t.parent[e[0]]], t.next[t.parent[e[1]]] = e[1], e[0]
		t.parent[e[0]]++
		t.parent[e[1]]++
	}
}

// walk orders the tree from atom 0 outwards, deep first, so that all below an atom
// follow it, and sums up.
func (t *treeCutter) walk(g *graph, atoms []int32) {
	n := len(atoms)
	t.order = append(t.order[:0], 0)
	t.parent = resized(t.parent, n)
	t.parent[0] = -1
	t.open = append(t.open[:0], 0)
	t.order = t.order[:0]
	for len(t.open) > 0 {
		a := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.order = append(t.order, a)
		for _, b := range t.next[t.first[a]:t.first[a+1]] {
			if b != t.parent[a] {
				t.parent[b] = a
				t.open = append(t.open, b)
			}
		}
	}
	if cap(t.below) < n {
		t.below = make([]int64, n)
	}
	t.below = t.below[:n]
	t.end = resized(t.end, n)
	for _, a := range t.order {
		t.below[a], t.end[a] = g.households[atoms[a]], 1
	}
	for _, a := range slices.Backward(t.order) {
		if p := t.parent[a]; p >= 0 {
			t.below[p] += t.below[a]
			t.end[p] += t.end[a]
		}
	}
}
