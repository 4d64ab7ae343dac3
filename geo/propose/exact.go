package propose

import "math/bits"

// tryable is how many atoms a piece may have at most for all its divisions to be
// tried: 3^12 pairs of a set and a part of it.
const tryable = 12

// fits lists how many units a small piece can be divided into within the bounds,
// ascending; nil if there is no division at all.
func (q *Question) fits(g *graph, atoms []int32) []int {
	can := q.divisions(g, atoms)
	var list []int
	for k := range len(atoms) + 1 {
		if can[len(can)-1]>>k&1 == 1 {
			list = append(list, k)
		}
	}
	return list
}

// divisions says of every set of atoms, as bits, into how many units it can be
// divided within the bounds: bit k of the answer for k units.
func (q *Question) divisions(g *graph, atoms []int32) []uint16 {
	unit := q.unitSets(g, atoms)
	can := make([]uint16, 1<<len(atoms))
	can[0] = 1
	for set := uint(1); set < uint(len(can)); set++ {
		lowest := set & -set
		// The unit of the lowest atom is it with any part of the others.
		for rest := set ^ lowest; ; rest = (rest - 1) & (set ^ lowest) {
			if unit[rest|lowest] {
				can[set] |= can[set^(rest|lowest)] << 1
			}
			if rest == 0 {
				break
			}
		}
	}
	return can
}

// unitSets says of every set of atoms whether it may be a unit.
func (q *Question) unitSets(g *graph, atoms []int32) []bool {
	number := map[int32]int{}
	for i, a := range atoms {
		number[a] = i
	}
	near := make([]uint, len(atoms))
	for i, a := range atoms {
		for _, s := range g.of(a) {
			if n, ok := number[s.to]; ok && s.open {
				near[i] |= 1 << n
			}
		}
	}
	unit := make([]bool, 1<<len(atoms))
	for set := uint(1); set < uint(len(unit)); set++ {
		households := int64(0)
		for left := set; left != 0; left &= left - 1 {
			households += g.households[atoms[bits.TrailingZeros(left)]]
		}
		unit[set] = q.within(households) && connected(set, near)
	}
	return unit
}

func connected(set uint, near []uint) bool {
	reached, edge := set&-set, set&-set
	for edge != 0 {
		i := bits.TrailingZeros(edge)
		edge &^= 1 << i
		edge |= near[i] & set &^ reached
		reached |= near[i] & set
	}
	return reached == set
}

func (q *Question) within(households int64) bool {
	return households >= int64(q.Min) && (q.Max == 0 || households <= int64(q.Max))
}

// tried is a division of a small piece into units, as a number from 0 for each
// atom; nil if there is none.
func (q *Question) tried(g *graph, atoms []int32, units int) []int32 {
	can, unit := q.divisions(g, atoms), q.unitSets(g, atoms)
	out := make([]int32, len(atoms))
	set := uint(len(can) - 1)
	if can[set]>>units&1 == 0 {
		return nil
	}
	for k := units; k > 0; k-- {
		lowest := set & -set
		rest := set ^ lowest
		for !unit[rest|lowest] || can[set^(rest|lowest)]>>(k-1)&1 == 0 {
			rest = (rest - 1) & (set ^ lowest)
		}
		for left := rest | lowest; left != 0; left &= left - 1 {
			out[bits.TrailingZeros(left)] = int32(k - 1)
		}
		set ^= rest | lowest
	}
	return out
}
