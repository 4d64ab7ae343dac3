package propose

import (
	"context"
	"math/rand/v2"
	"testing"
)

// small makes land of at most 10 atoms with some barriers, and bounds that are now
// and then too tight.
func small(rng *rand.Rand) (*Land, Question) {
	wide, high := 2+rng.IntN(2), 2+rng.IntN(3)
	n := min(10, wide*high)
	land := &Land{}
	total := 0
	for range n {
		h := rng.IntN(25)
		if rng.IntN(5) == 0 {
			h = 0
		}
		total += h
		land.Atoms = append(land.Atoms, Atom{Households: h, Area: 100, Rim: 5})
	}
	for i := range n {
		if x := i % wide; x > 0 && rng.IntN(8) > 0 {
			land.Borders = append(land.Borders, Border{A: int32(i - 1), B: int32(i), Length: 10, Cost: 10, Barrier: rng.IntN(6) == 0})
		}
		if i >= wide && rng.IntN(8) > 0 {
			land.Borders = append(land.Borders, Border{A: int32(i - wide), B: int32(i), Length: 10, Cost: 10, Barrier: rng.IntN(6) == 0})
		}
	}
	units := 1 + rng.IntN(4)
	mean := max(1, total/units)
	slack := 1 + rng.IntN(mean/2+1)
	q := Question{Min: max(0, mean-slack), Max: mean + slack, Seed: rng.Uint64()}
	if rng.IntN(2) == 0 {
		q.Units = units
	}
	return land, q
}

// possible tries every division, atom by atom.
func possible(land *Land, q Question) bool {
	g := newGraph(land)
	g.openUninhabited(func(int32) bool { return false })
	unit := make([]int32, len(land.Atoms))
	var next func(a int, used int32) bool
	next = func(a int, used int32) bool {
		if a == len(unit) {
			for u := range used {
				households := 0
				for b, of := range unit {
					if of == u {
						households += land.Atoms[b].Households
					}
				}
				if households < q.Min {
					return false
				}
			}
			return (q.Units == 0 || int(used) == q.Units) && len(check(g, &q, unit)) == 0
		}
		for u := range used + 1 {
			if q.Units > 0 && int(u) == q.Units {
				break
			}
			unit[a] = u
			households := 0
			for b := range a + 1 {
				if unit[b] == u {
					households += land.Atoms[b].Households
				}
			}
			if households <= q.Max && next(a+1, max(used, u+1)) {
				return true
			}
		}
		return false
	}
	return next(0, 0)
}

// Proofs are true, and what can be divided is divided: always where small pieces
// are tried out, nearly always by search alone.
func TestEveryDivisionOfSmallLandAgrees(t *testing.T) {
	cases := 300
	if testing.Short() {
		cases = 60
	}
	proofs, solvable, searched, missed := 0, 0, 0, 0
	for i := range cases {
		rng := rand.New(rand.NewPCG(5, uint64(i)))
		land, q := small(rng)
		want := possible(land, q)
		if want {
			solvable++
		}
		for _, q.untried = range []bool{false, true} {
			a, err := Solve(context.Background(), land, q)
			if err != nil {
				t.Fatal(err)
			}
			got := len(a.Alternatives[0].Broken) == 0
			if q.Units > 0 && a.Alternatives[0].Score.Units != q.Units {
				got = false
			}
			if a.Proofs != nil && want {
				t.Errorf("case %d: a proof of what is possible: %+v\n%+v %+v", i, a.Proofs, q, land)
			}
			if got && !want {
				t.Errorf("case %d: a division that keeps the rules where there is none: %+v", i, a.Alternatives[0])
			}
			switch {
			case !q.untried && !want && a.Proofs != nil:
				proofs++
			case q.untried && want && got:
				searched++
			case !q.untried && want && !got:
				missed++
				t.Logf("case %d: not found: %+v", i, q)
			}
		}
	}
	t.Logf("%d cases: %d can be divided, of which search alone finds %d and trial misses %d; of %d others %d have a proof",
		cases, solvable, searched, missed, cases-solvable, proofs)
	if 100*searched < 95*solvable {
		t.Errorf("search finds %d of %d", searched, solvable)
	}
	if 100*missed > solvable {
		t.Errorf("trial misses %d of %d", missed, solvable)
	}
}
