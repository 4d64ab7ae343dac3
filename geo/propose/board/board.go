// Package board generates land to try proposals on: a town of blocks between
// streets, with main roads, a river and open land, as large as one likes.
package board

import (
	"math/rand/v2"

	"wangge/geo/propose"
)

// Town says what to generate.
type Town struct {
	Seed          uint64
	Width, Height int // atoms
	// Households is the mean of an atom; about a tenth of all atoms have none.
	Households float64
	// Block is how many atoms lie between two streets; 4 for 0. Every eighth
	// street is a main road.
	Block int
	// River cuts the town in two, with a bridge at every main road.
	River bool
	// Barriers: main roads may not be crossed.
	Barriers bool
}

// Side is that of an atom, in metres.
const Side = 30

// Land is the town as atoms and borders, row by row from the south-west.
func (t Town) Land() *propose.Land {
	rng := rand.New(rand.NewPCG(t.Seed, 9))
	if t.Block == 0 {
		t.Block = 4
	}
	land := &propose.Land{Atoms: make([]propose.Atom, t.Width*t.Height), Borders: make([]propose.Border, 0, 2*t.Width*t.Height)}
	for i := range land.Atoms {
		a := &land.Atoms[i]
		a.Area = Side * Side
		if rng.IntN(10) > 0 {
			a.Households = rng.IntN(int(2*t.Households*10/9) + 1)
		}
		x, y := i%t.Width, i/t.Width
		for _, rim := range []bool{x == 0, x == t.Width-1, y == 0, y == t.Height-1} {
			if rim {
				a.Rim += Side
			}
		}
		if x > 0 {
			land.Borders = append(land.Borders, t.border(i-1, i, x, false))
		}
		if y > 0 {
			land.Borders = append(land.Borders, t.border(i-t.Width, i, y, t.River && y == t.Height/2 && x%(8*t.Block) != 0))
		}
	}
	return land
}

// border is that on line number at of the board.
func (t Town) border(a, b, at int, river bool) propose.Border {
	border := propose.Border{A: int32(a), B: int32(b), Length: Side, Cost: Side}
	switch {
	case river:
		border.Along, border.Cost, border.Barrier = Side, 0, true
	case at%(8*t.Block) == 0:
		border.Along, border.Cost, border.Barrier = Side, 0, t.Barriers
	case at%t.Block == 0:
		border.Along, border.Cost = Side, 0.2*Side
	}
	return border
}
