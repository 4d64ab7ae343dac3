package propose

import (
	"cmp"
	"math"
	"slices"
)

// graph is the land with its borders at hand from either side.
type graph struct {
	households []int64
	area       []float64
	around     []float64 // the length of the whole border of each atom
	first      []int32   // the sides of atom a are sides[first[a]:first[a+1]], by neighbour
	sides      []side
}

// side is a border seen from one of its atoms.
type side struct {
	to           int32
	open         bool // units may reach across
	length, cost float64
}

func (g *graph) len() int             { return len(g.households) }
func (g *graph) of(atom int32) []side { return g.sides[g.first[atom]:g.first[atom+1]] }

func newGraph(land *Land) *graph {
	n := len(land.Atoms)
	g := &graph{households: make([]int64, n), area: make([]float64, n), around: make([]float64, n), first: make([]int32, n+1)}
	for i, a := range land.Atoms {
		g.households[i], g.area[i], g.around[i] = int64(a.Households), float64(a.Area), float64(a.Rim)
	}
	for _, b := range land.Borders {
		g.first[b.A+1]++
		g.first[b.B+1]++
	}
	for i := range n {
		g.first[i+1] += g.first[i]
	}
	g.sides = make([]side, 2*len(land.Borders))
	fill := slices.Clone(g.first)
	for _, b := range land.Borders {
		s := side{to: b.B, open: !b.Barrier, length: float64(b.Length), cost: float64(b.Cost)}
		g.around[b.A] += s.length
		g.around[b.B] += s.length
		g.sides[fill[b.A]] = s
		s.to = b.A
		g.sides[fill[b.B]] = s
		fill[b.A]++
		fill[b.B]++
	}
	g.joinDoubles()
	return g
}

// joinDoubles makes one side of several with the same neighbour. It is open if any
// of them is.
func (g *graph) joinDoubles() {
	kept := int32(0)
	for a := range int32(g.len()) {
		own := g.of(a)
		slices.SortFunc(own, func(s, t side) int {
			return cmp.Or(cmp.Compare(s.to, t.to), cmp.Compare(s.length, t.length), cmp.Compare(s.cost, t.cost))
		})
		begin := kept
		for _, s := range own {
			if last := kept - 1; last >= begin && g.sides[last].to == s.to {
				g.sides[last].length += s.length
				g.sides[last].cost += s.cost
				g.sides[last].open = g.sides[last].open || s.open
				continue
			}
			g.sides[kept] = s
			kept++
		}
		g.first[a] = begin
	}
	g.first[g.len()] = kept
	g.sides = g.sides[:kept]
}

// within is the graph of some atoms, numbered in the order given. The borders with
// all others still count for the length around them.
func (g *graph) within(atoms []int32, number []int32) *graph {
	sub := &graph{first: make([]int32, 1, len(atoms)+1)}
	for i, a := range atoms {
		number[a] = int32(i)
	}
	for _, a := range atoms {
		sub.households = append(sub.households, g.households[a])
		sub.area = append(sub.area, g.area[a])
		sub.around = append(sub.around, g.around[a])
		for _, s := range g.of(a) {
			if number[s.to] >= 0 {
				s.to = number[s.to]
				sub.sides = append(sub.sides, s)
			}
		}
		sub.first = append(sub.first, int32(len(sub.sides)))
	}
	for _, a := range atoms {
		number[a] = -1
	}
	return sub
}

// pieces groups atoms that hang together over open borders, leaving out those that
// skip says; each piece and the list are in order of the lowest atom.
func (g *graph) pieces(skip func(atom int32) bool) [][]int32 {
	seen := make([]bool, g.len())
	var out [][]int32
	for a := range int32(g.len()) {
		if seen[a] || skip(a) {
			continue
		}
		seen[a] = true
		piece := []int32{a}
		for i := 0; i < len(piece); i++ {
			for _, s := range g.of(piece[i]) {
				if s.open && !seen[s.to] && !skip(s.to) {
					seen[s.to] = true
					piece = append(piece, s.to)
				}
			}
		}
		slices.Sort(piece)
		out = append(out, piece)
	}
	return out
}

// openUninhabited lifts barriers around land on which nobody lives: what a barrier
// keeps apart is people. Of a piece without households the longest border with the
// land beyond is opened, again and again until no such piece is left that has one.
func (g *graph) openUninhabited(skip func(atom int32) bool) {
	for {
		opened := false
		piece := g.pieceNumbers(skip)
		for _, atoms := range g.pieces(skip) {
			if g.sum(atoms) > 0 {
				continue
			}
			own, from, best := piece[atoms[0]], int32(-1), side{to: -1, length: math.Inf(-1)}
			for _, a := range atoms {
				for _, s := range g.of(a) {
					if !skip(s.to) && piece[s.to] != own && s.length > best.length {
						from, best = a, s
					}
				}
			}
			if best.to < 0 {
				continue
			}
			g.open(from, best.to)
			opened = true
		}
		if !opened {
			return
		}
	}
}

func (g *graph) pieceNumbers(skip func(atom int32) bool) []int32 {
	number := make([]int32, g.len())
	for i := range number {
		number[i] = -1
	}
	for i, atoms := range g.pieces(skip) {
		for _, a := range atoms {
			number[a] = int32(i)
		}
	}
	return number
}

func (g *graph) open(a, b int32) {
	for _, ends := range [2][2]int32{{a, b}, {b, a}} {
		own := g.of(ends[0])
		for i := range own {
			if own[i].to == ends[1] {
				own[i].open = true
			}
		}
	}
}

func (g *graph) sum(atoms []int32) int64 {
	total := int64(0)
	for _, a := range atoms {
		total += g.households[a]
	}
	return total
}
