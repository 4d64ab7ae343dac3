package topology_test

import (
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/topology"
)

func ringOf(xy ...int32) geo.MultiPolygon {
	var r geo.Ring
	for i := 0; i < len(xy); i += 2 {
		r = append(r, geo.Point{X: xy[i], Y: xy[i+1]})
	}
	return geo.MultiPolygon{{r}}
}

func TestVerticesThatTurnNothingOnDrawnBordersGo(t *testing.T) {
	drawn := []geo.MultiPolygon{ringOf(0, 0, 100_000, 30_000, 100_000, 90_000, 0, 90_000), ringOf(100_000, 30_000, 200_000, 30_000, 200_000, 90_000, 100_000, 90_000)}
	// A street at x = 40,000 cuts the first, and others left vertices on its borders: on
	// the sloping south rounded to the lattice, and on the border of the two.
	west := ringOf(0, 0, 20_001, 6_000, 40_000, 12_000, 40_000, 90_000, 0, 90_000)
	middle := ringOf(40_000, 12_000, 70_001, 21_000, 100_000, 30_000, 100_000, 55_555, 100_000, 90_000, 40_000, 90_000)
	east := ringOf(100_000, 30_000, 200_000, 30_000, 200_000, 90_000, 100_000, 90_000, 100_000, 55_555)
	got := topology.Slim([]geo.MultiPolygon{west, middle, east}, drawn)
	want := []geo.MultiPolygon{
		ringOf(0, 0, 40_000, 12_000, 40_000, 90_000, 0, 90_000),
		ringOf(40_000, 12_000, 100_000, 30_000, 100_000, 90_000, 40_000, 90_000),
		drawn[1],
	}
	for i := range want {
		has := func(p geo.Point) bool { return slices.Contains(want[i][0][0], p) }
		if r := got[i][0][0]; len(r) != len(want[i][0][0]) || slices.ContainsFunc(r, func(p geo.Point) bool { return !has(p) }) {
			t.Errorf("area %d: %v, want %v", i, r, want[i])
		}
	}
	if v := topology.Check(topology.Union(drawn...), []topology.Part{{Code: "w", Area: got[0]}, {Code: "m", Area: got[1]}, {Code: "e", Area: got[2]}}); v != nil {
		t.Errorf("%+v", v)
	}
}

func TestVerticesOfNewBordersAndOfTurnsStay(t *testing.T) {
	drawn := []geo.MultiPolygon{ringOf(0, 0, 100_000, 0, 100_000, 100_000, 0, 100_000)}
	// A new border that bends, and one point on it that turns nothing: nobody drew it before.
	west := ringOf(0, 0, 50_000, 0, 50_000, 30_000, 60_000, 50_000, 60_000, 75_000, 60_000, 100_000, 0, 100_000)
	east := ringOf(50_000, 0, 100_000, 0, 100_000, 100_000, 60_000, 100_000, 60_000, 75_000, 60_000, 50_000, 50_000, 30_000)
	got := topology.Slim([]geo.MultiPolygon{west, east}, drawn)
	if len(got[0][0][0]) != 7 || len(got[1][0][0]) != 7 {
		t.Errorf("%v", got)
	}
	if got := topology.Slim(nil, drawn); len(got) != 0 {
		t.Errorf("nothing became %v", got)
	}
}
