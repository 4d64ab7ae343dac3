package topology

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"wangge/geo"
)

func TestPiecesOfTwoDivisionsTileWhatTheyDivide(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := 2 + rng.IntN(4)
		one, two := newQuilt(rng, n, rng.IntN(3), 60_000), newQuilt(rng, n, rng.IntN(3), 60_000)
		pieces, err := Overlay(t.Context(), areasOf(one.parts), areasOf(two.parts))
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		parts := make([]Part, len(pieces))
		for i, p := range pieces {
			if p.Before == NoArea || p.After == NoArea {
				t.Errorf("seed %d: land of %d and %d, though both divide the same board", seed, p.Before, p.After)
			}
			sum += doubled(p.Area)
			parts[i] = Part{Code: fmt.Sprintf("%04d", i), Area: p.Area}
		}
		if want := doubled(one.parent); sum != want {
			t.Errorf("seed %d: pieces have %d half steps², the board %d", seed, sum, want)
		}
		if faults := Check(one.parent, parts); len(faults) > 0 {
			t.Errorf("seed %d: the pieces do not tile the board: %+v", seed, faults[0])
		}
	}
}

func TestADivisionCutByItselfIsItself(t *testing.T) {
	q := newQuilt(rand.New(rand.NewPCG(7, 7)), 5, 2, 60_000)
	areas := areasOf(q.parts)
	noded := areasOf(q.parts)
	r := noded[6][0][0]
	middle := geo.Point{X: r[0].X + (r[1].X-r[0].X)/2, Y: r[0].Y + (r[1].Y-r[0].Y)/2} // half a step off the line at most
	noded[6] = geo.MultiPolygon{{append(geo.Ring{r[0], middle}, r[1:]...)}}
	for name, other := range map[string][]geo.MultiPolygon{"itself": areas, "one with another vertex": noded} {
		pieces, err := Overlay(t.Context(), areas, other)
		if err != nil || len(pieces) != len(areas) {
			t.Fatalf("%s: %d pieces, %v; want %d", name, len(pieces), err, len(areas))
		}
		for i, p := range pieces {
			if p.Before != i || p.After != i {
				t.Errorf("%s: piece %d is of %d and %d", name, i, p.Before, p.After)
			}
		}
	}
}

func TestLandOfOneSetAloneHasNoAreaInTheOther(t *testing.T) {
	square := func(x0, x1 int32) geo.MultiPolygon {
		return geo.MultiPolygon{{{{X: x0, Y: 0}, {X: x1, Y: 0}, {X: x1, Y: 10}, {X: x0, Y: 10}}}}
	}
	pieces, err := Overlay(t.Context(), []geo.MultiPolygon{square(0, 10), square(5, 20)}, []geo.MultiPolygon{square(15, 30)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[[2]int]int64{{NoArea, 0}: 200, {0, NoArea}: 200, {1, NoArea}: 100, {1, 0}: 100} // where both lie, the first has it
	for _, p := range pieces {
		if got := doubled(p.Area); got != want[[2]int{p.Before, p.After}] {
			t.Errorf("%d and %d have %d half steps² in common", p.Before, p.After, got)
		}
		delete(want, [2]int{p.Before, p.After})
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if _, err := Overlay(t.Context(), []geo.MultiPolygon{square(0, 10)}, []geo.MultiPolygon{square(geo.MaxExtent, geo.MaxExtent+10)}); !errors.Is(err, ErrExtent) {
		t.Errorf("areas too far apart: %v", err)
	}
}
