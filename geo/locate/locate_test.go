package locate_test

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/locate"
)

// responsible is the rule by itself, slowly: every unit, every edge, rational
// numbers of any length, and the angle around p instead of a ray.
func responsible(units []locate.Unit, p geo.Point) int32 {
	best := locate.None
	for i := range units {
		if !coversSlowly(units[i].Area, p) {
			continue
		}
		if best < 0 || slices.IsSortedFunc([]locate.Unit{units[i], units[best]}, func(a, b locate.Unit) int {
			return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Code, b.Code), cmp.Compare(a.ID, b.ID))
		}) {
			best = int32(i)
		}
	}
	return best
}

func coversSlowly(area geo.MultiPolygon, p geo.Point) bool {
	for _, polygon := range area {
		for h, ring := range polygon {
			switch in, on := ringSlowly(ring, p); {
			case on:
				return true
			case h == 0 && in:
				if !inAHole(polygon[1:], p) {
					return true
				}
			}
		}
	}
	return false
}

func inAHole(holes []geo.Ring, p geo.Point) bool {
	for _, hole := range holes {
		if in, on := ringSlowly(hole, p); in && !on {
			return true
		}
	}
	return false
}

// ringSlowly counts edges that cross the line north of p, with exact fractions.
func ringSlowly(ring geo.Ring, p geo.Point) (in, on bool) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if a.X == b.X {
			if p.X == a.X && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) {
				return false, true
			}
			continue
		}
		if p.X < min(a.X, b.X) || p.X > max(a.X, b.X) {
			continue
		}
		y := new(big.Rat).SetFrac64(int64(b.Y)-int64(a.Y), 1)
		y.Mul(y, big.NewRat(int64(p.X)-int64(a.X), 1)).Quo(y, big.NewRat(int64(b.X)-int64(a.X), 1))
		y.Add(y, big.NewRat(int64(a.Y), 1))
		switch y.Cmp(big.NewRat(int64(p.Y), 1)) {
		case 0:
			return false, true
		case 1:
			if (a.X <= p.X) != (b.X <= p.X) {
				in = !in
			}
		}
	}
	return in, false
}

func TestFindAgreesWithTheRule(t *testing.T) {
	for seed := range uint64(4) {
		units := town(seed)
		rnd := rand.New(rand.NewPCG(seed, 1))
		rnd.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		index := locate.Build(units)
		pts := probes(units, 3_000, rnd)
		got := make([]int32, len(pts))
		index.FindAll(pts, got)
		owned := 0
		for i, p := range pts {
			want := responsible(units, p)
			if got[i] != want {
				t.Fatalf("seed %d: FindAll at %v = %d, want %d", seed, p, got[i], want)
			}
			if unit, ok := index.Find(p); ok != (want >= 0) || int32(unit) != want {
				t.Fatalf("seed %d: Find(%v) = %d, %v, want %d", seed, p, unit, ok, want)
			}
			if covering := index.Covering(p); len(covering) > 0 != (want >= 0) || want >= 0 && covering[0] != want {
				t.Fatalf("seed %d: Covering(%v) = %v, want %d first", seed, p, covering, want)
			}
			if want >= 0 {
				owned++
			}
		}
		if owned < len(pts)/2 || owned == len(pts) {
			t.Errorf("seed %d: %d of %d points are covered; the test does not test", seed, owned, len(pts))
		}
	}
}

// Small boards force every cell to hold several borders, vertices on the cells'
// own corners and edges along their sides.
func TestFindIsExactOnTinyShapes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for round := range 300 {
		var units []locate.Unit
		for i := range 1 + rnd.IntN(12) {
			units = append(units, locate.Unit{ID: int64(i), Code: string(rune('a' + rnd.IntN(4))), Rank: rnd.IntN(2), Area: star(rnd, int32(4+rnd.IntN(200)))})
		}
		index := locate.Build(units)
		for range 100 {
			p := geo.Point{X: rnd.Int32N(260) - 130, Y: rnd.Int32N(260) - 130}
			want := responsible(units, p)
			unit, _ := index.Find(p)
			if int32(unit) != want {
				t.Fatalf("round %d: Find(%v) = %d, want %d among %v", round, p, unit, want, units)
			}
		}
	}
}

// star is a random polygon around a centre: simple, often with horizontal and
// vertical edges.
func star(rnd *rand.Rand, size int32) geo.MultiPolygon {
	cx, cy := rnd.Int32N(100)-50, rnd.Int32N(100)-50
	n := 3 + rnd.IntN(30)
	var ring geo.Ring
	for i := range n {
		radius := float64(size) / 2 * (0.3 + 0.7*rnd.Float64())
		angle := 2 * math.Pi * float64(i) / float64(n)
		p := geo.Point{X: cx + int32(radius*math.Cos(angle)), Y: cy + int32(radius*math.Sin(angle))}
		if len(ring) == 0 || ring[len(ring)-1] != p {
			ring = append(ring, p)
		}
	}
	if len(ring) < 3 || ring.DoubledArea() <= 0 || !simple(ring) {
		return geo.MultiPolygon{{square(cx, cy, cx+size/4+1, cy+size/4+1)}}
	}
	return geo.MultiPolygon{{ring}}
}

func simple(ring geo.Ring) bool {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		for j := i + 1; j < len(ring); j++ {
			c, d := ring[j], ring[(j+1)%len(ring)]
			if b == c || d == a {
				continue
			}
			if sign(geo.Cross(a, b, c))*sign(geo.Cross(a, b, d)) <= 0 && sign(geo.Cross(c, d, a))*sign(geo.Cross(c, d, b)) <= 0 {
				return false
			}
		}
	}
	return true
}

func sign(v int64) int { return cmp.Compare(v, 0) }

func TestFindWithoutUnits(t *testing.T) {
	for name, units := range map[string][]locate.Unit{
		"none":           nil,
		"without area":   {{ID: 1, Code: "a"}},
		"empty polygon":  {{ID: 1, Code: "a", Area: geo.MultiPolygon{{}}}},
		"two-point ring": {{ID: 1, Code: "a", Area: geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 5, Y: 5}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			index := locate.Build(units)
			for _, p := range []geo.Point{{}, {X: 2, Y: 2}, {X: math.MaxInt32, Y: math.MinInt32}} {
				if unit, ok := index.Find(p); ok {
					t.Errorf("Find(%v) = %d, want nobody", p, unit)
				}
			}
		})
	}
}

func TestTheLowestLevelDecidesAndUpperLevelsFillIn(t *testing.T) {
	whole := geo.MultiPolygon{{square(0, 0, 1000, 1000)}}
	west := geo.MultiPolygon{{square(0, 0, 500, 1000)}}
	index := locate.Build([]locate.Unit{
		{ID: 1, Code: "0", Rank: 40, Area: whole},
		{ID: 2, Code: "9", Rank: 50, Area: west},
	})
	tests := []struct {
		name string
		at   geo.Point
		want int
		ok   bool
	}{
		{"where a grid covers it, the grid", geo.Point{X: 10, Y: 10}, 1, true},
		{"on the grid's border, the grid", geo.Point{X: 500, Y: 10}, 1, true},
		{"where no grid covers it, the village", geo.Point{X: 501, Y: 10}, 0, true},
		{"outside both, nobody", geo.Point{X: 1001, Y: 10}, -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := index.Find(tt.at); got != tt.want || ok != tt.ok {
				t.Errorf("Find(%v) = %d, %v; want %d, %v", tt.at, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// Towns far apart leave most of the first table empty; the crowded cells must be
// divided again rather than searched from end to end.
func TestFindStaysQuickWhenTownsAreFarApart(t *testing.T) {
	var units []locate.Unit
	for i := range 3 {
		board := quilt{origin: geo.Point{X: 800_000_000 + int32(i)*200_000_000, Y: 200_000_000 + int32(i)*100_000_000}, cols: 20, rows: 20, size: 40_000, perSeam: 4, seed: uint64(i)}
		units = append(units, board.units(50)...)
	}
	index := locate.Build(units)
	rnd := rand.New(rand.NewPCG(3, 3))
	pts := probes(units, 500, rnd)
	for _, p := range pts {
		if unit, _ := index.Find(p); int32(unit) != responsible(units, p) {
			t.Fatalf("Find(%v) = %d, want %d", p, unit, responsible(units, p))
		}
	}
	edges := 1200 * 20
	if got, most := index.Bytes(), edges*64; got > most {
		t.Errorf("the index takes %d bytes for %d edges, want at most %d", got, edges, most)
	}
}

func TestStackedUnitsDoNotExplode(t *testing.T) {
	var units []locate.Unit
	for i := range 2000 {
		units = append(units, locate.Unit{ID: int64(i), Code: "same", Area: geo.MultiPolygon{{square(0, 0, 1_000_000, 1_000_000)}}})
	}
	index := locate.Build(units)
	if got := index.Bytes(); got > 4<<20 {
		t.Errorf("2,000 copies of one square take %d bytes, want at most 4 MB", got)
	}
	for _, p := range []geo.Point{{X: 0, Y: 0}, {X: 500_000, Y: 0}, {X: 500_000, Y: 500_000}, {X: 1_000_000, Y: 17}} {
		if unit, ok := index.Find(p); unit != 0 || !ok {
			t.Errorf("Find(%v) = %d, %v; want 0, the lowest id", p, unit, ok)
		}
	}
}

func TestBordersAreNearestFirst(t *testing.T) {
	// At the equator a lattice step is 1.11 cm in both directions.
	index := locate.Build([]locate.Unit{
		{ID: 1, Code: "west", Area: geo.MultiPolygon{{square(0, 0, 10_000, 10_000)}}},
		{ID: 2, Code: "east", Area: geo.MultiPolygon{{square(10_000, 0, 20_000, 10_000)}}},
		{ID: 3, Code: "far", Area: geo.MultiPolygon{{square(50_000, 0, 60_000, 10_000)}}},
	})
	got := index.Borders(geo.Point{X: 9_000, Y: 5_000}, 20)
	if len(got) != 2 || got[0].Unit != 1 || got[1].Unit != 0 || got[0].Inside || !got[1].Inside {
		t.Fatalf("Borders = %+v, want east, the lower code on the same border, then west, which holds the point", got)
	}
	if want := geo.Meters(11.12); math.Abs(float64(got[0].Distance-want)) > 0.01 {
		t.Errorf("the eastern border is %.3f m away, want %.2f", got[0].Distance, want)
	}
	if got := index.Borders(geo.Point{X: 35_000, Y: 5_000}, 20); len(got) != 0 {
		t.Errorf("Borders far from all = %+v, want none", got)
	}
}

func TestFindAllAllocatesNothing(t *testing.T) {
	units := town(1)
	index := locate.Build(units)
	pts := probes(units, 1000, rand.New(rand.NewPCG(1, 1)))
	out := make([]int32, len(pts))
	if n := testing.AllocsPerRun(10, func() { index.FindAll(pts, out) }); n != 0 {
		t.Errorf("FindAll allocates %v times, want 0", n)
	}
}

func FuzzFind(f *testing.F) {
	f.Add(uint64(1), int32(3), int32(4), uint8(20))
	f.Add(uint64(99), int32(-40), int32(0), uint8(200))
	f.Fuzz(func(t *testing.T, seed uint64, x, y int32, size uint8) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var units []locate.Unit
		for i := range 1 + rnd.IntN(6) {
			units = append(units, locate.Unit{ID: int64(i), Code: string(rune('a' + rnd.IntN(3))), Rank: rnd.IntN(2), Area: star(rnd, int32(size)+4)})
		}
		p := geo.Point{X: x % 300, Y: y % 300}
		want := responsible(units, p)
		if unit, _ := locate.Build(units).Find(p); int32(unit) != want {
			t.Errorf("Find(%v) = %d, want %d", p, unit, want)
		}
	})
}
