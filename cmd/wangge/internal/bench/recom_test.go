package bench

import (
	"math"
	"testing"

	"wangge/geo/propose"
	"wangge/geo/propose/board"
)

// The chain keeps the rules that it is set beside propose with, and what it says of its
// borders is true.
func TestTheChainKeepsItsBounds(t *testing.T) {
	land := board.Town{Seed: 3, Width: 40, Height: 30, Households: 4}.Land()
	households := 0
	for _, a := range land.Atoms {
		households += a.Households
	}
	for _, size := range []int{40, 400} {
		q := propose.Question{Units: households / size, Min: size * 3 / 4, Max: size * 5 / 4}
		c := newRecom(land, q, 1)
		if err := c.begin(); err != nil {
			t.Fatal(err)
		}
		first := propose.ScoreOf(land, nil, c.unit)
		bursts := 0
		c.chain(func() bool { bursts++; return bursts > 300 })
		last := propose.ScoreOf(land, nil, c.unit)
		if broken := propose.Check(land, q, c.unit); len(broken) > 0 {
			t.Errorf("units of %d: %d rules are broken, the first %+v", size, len(broken), broken[0])
		}
		if math.Abs(float64(last.Border-c.cut)) > 1e-6 {
			t.Errorf("units of %d: borders of %.0f m, the chain says %.0f", size, last.Border, c.cut)
		}
		if last.Border >= first.Border || last.Units != q.Units {
			t.Errorf("units of %d: borders of %.0f m, %.0f at the beginning, %d units of %d", size, last.Border, first.Border, last.Units, q.Units)
		}
	}
}

func TestNoDivisionToBeginWith(t *testing.T) {
	land := board.Town{Seed: 3, Width: 6, Height: 6, Households: 4}.Land()
	land.Atoms[0].Households = 10_000
	if err := newRecom(land, propose.Question{Units: 4, Min: 20, Max: 50}, 1).begin(); err != errNoStart {
		t.Errorf("begin() = %v, want %v", err, errNoStart)
	}
}

func TestUnitsGetTheNumbersOfThoseTheyAreMostLike(t *testing.T) {
	land := &propose.Land{Atoms: []propose.Atom{{Households: 5}, {Households: 3}, {Households: 4}, {Households: 1}}}
	present := []int32{0, 0, 1, 1}
	got := renumbered(land, present, []int32{7, 9, 9, 9})
	if moved := propose.ScoreOf(land, present, got).Moved; moved != 3 {
		t.Errorf("%d households move with the numbers %v, want 3", moved, got)
	}
}
