package geo_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
)

func TestSnapOfDegreesIsTheSamePointEverywhereOnTheLattice(t *testing.T) {
	corners := []geo.Point{
		{X: 0, Y: 0}, {X: 1, Y: -1}, {X: -1, Y: 1},
		{X: 180 * geo.Scale, Y: 90 * geo.Scale}, {X: -180 * geo.Scale, Y: -90 * geo.Scale},
		{X: 1_201_234_567, Y: 302_345_679}, {X: 1_799_999_999, Y: -899_999_999},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		corners = append(corners, geo.Point{
			X: int32(random.Int64N(360*geo.Scale+1) - 180*geo.Scale),
			Y: int32(random.Int64N(180*geo.Scale+1) - 90*geo.Scale)})
	}
	for _, p := range corners {
		if got := geo.Snap(p.Degrees()); got != p {
			t.Fatalf("Snap(Degrees(%v)) = %v", p, got)
		}
	}
}

func TestSnapRoundsHalvesAwayFromZero(t *testing.T) {
	tests := []struct {
		name string
		in   orb.Point
		want geo.Point
	}{
		{"just below a half stays", orb.Point{120.00000004, 30}, geo.Point{X: 1_200_000_000, Y: 300_000_000}},
		{"above a half goes up", orb.Point{120.00000006, 30}, geo.Point{X: 1_200_000_001, Y: 300_000_000}},
		{"a half goes away from zero", orb.Point{0.5e-7, -0.5e-7}, geo.Point{X: 1, Y: -1}},
		{"less than a half goes to zero", orb.Point{0.4e-7, -0.4e-7}, geo.Point{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := geo.Snap(tt.in); got != tt.want {
				t.Errorf("Snap(%v) = %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}

func TestCrossIsExactUpToTheLargestExtent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	within := func() int32 { return int32(random.Int64N(geo.MaxExtent + 1)) }
	for range 20_000 {
		o, a, b := geo.Point{X: within(), Y: within()}, geo.Point{X: within(), Y: within()}, geo.Point{X: within(), Y: within()}
		diff := func(p, q int32) *big.Int { return big.NewInt(int64(p) - int64(q)) }
		want := new(big.Int).Sub(
			new(big.Int).Mul(diff(a.X, o.X), diff(b.Y, o.Y)),
			new(big.Int).Mul(diff(a.Y, o.Y), diff(b.X, o.X)))
		if got := geo.Cross(o, a, b); !want.IsInt64() || got != want.Int64() {
			t.Fatalf("Cross(%v, %v, %v) = %d, want %s", o, a, b, got, want)
		}
	}
	extreme := geo.Cross(geo.Point{}, geo.Point{X: geo.MaxExtent}, geo.Point{Y: geo.MaxExtent})
	if want := int64(geo.MaxExtent) * geo.MaxExtent; extreme != want {
		t.Errorf("Cross at the largest extent = %d, want %d", extreme, want)
	}
}

func TestCrossTellsSidesApartByOneStepOnALongLine(t *testing.T) {
	o, a := geo.Point{X: 1_150_000_000, Y: 250_000_000}, geo.Point{X: 1_250_000_001, Y: 350_000_007}
	on := geo.Point{X: o.X + (a.X-o.X)/2, Y: o.Y + (a.Y-o.Y)/2}
	left, right := geo.Point{X: on.X, Y: on.Y + 4}, geo.Point{X: on.X, Y: on.Y - 4}
	if geo.Cross(o, a, left) <= 0 || geo.Cross(o, a, right) >= 0 {
		t.Errorf("a point 4 cm left of a 1,400 km line turns %d, one right of it %d", geo.Cross(o, a, left), geo.Cross(o, a, right))
	}
}

func TestFromOrbTurnsRingsClosesThemAndDropsWhatVanishes(t *testing.T) {
	clockwise := orb.Ring{{120, 30}, {120, 30.001}, {120.001, 30.001}, {120.001, 30.001}, {120.001, 30}, {120, 30}}
	hole := orb.Ring{{120.0002, 30.0002}, {120.0004, 30.0002}, {120.0004, 30.0004}, {120.0002, 30.0002}} // counter-clockwise, as a hole must not be
	vanishing := orb.Ring{{120.0005, 30.0005}, {120.00050000001, 30.0005}, {120.0005, 30.00050000001}, {120.0005, 30.0005}}
	got := geo.FromOrb(orb.MultiPolygon{{clockwise, hole, vanishing}, {vanishing, hole}})
	if len(got) != 1 || len(got[0]) != 2 {
		t.Fatalf("%d polygons, want 1 with one hole: %v", len(got), got)
	}
	if n := len(got[0][0]); n != 4 {
		t.Errorf("the outer ring has %d points, want 4 (closing and repeated ones dropped)", n)
	}
	if got[0][0].DoubledArea() <= 0 || got[0][1].DoubledArea() >= 0 {
		t.Errorf("outer ring turns %d, hole %d; want counter-clockwise and clockwise", got[0][0].DoubledArea(), got[0][1].DoubledArea())
	}
}

func TestOrbAndBackIsTheSameArea(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		area := geo.MultiPolygon{geo.Polygon{star(random, 3+random.IntN(40))}}
		back := geo.FromOrb(area.Orb())
		if !slices.Equal(back[0][0], area[0][0]) {
			t.Fatalf("%v came back as %v", area, back)
		}
		closed := area.Orb()[0][0]
		if closed[0] != closed[len(closed)-1] {
			t.Fatalf("the ring in degrees is open: %v", closed)
		}
	}
}

// star is a simple counter-clockwise ring of n corners around a place in China.
func star(random *rand.Rand, n int) geo.Ring {
	lon, lat := 800_000_000+random.Int32N(500_000_000), 180_000_000+random.Int32N(350_000_000)
	ring := make(geo.Ring, n)
	for i := range ring {
		angle := (float64(i) + 0.8*random.Float64()) / float64(n) * 2 * math.Pi
		radius := 20_000 + 80_000*random.Float64()
		ring[i] = geo.Point{X: lon + int32(radius*math.Cos(angle)), Y: lat + int32(radius*math.Sin(angle))}
	}
	return ring
}

func TestDoubledAreaIsExactForARegionAsLargeAsTheCountry(t *testing.T) {
	ring := geo.Ring{{X: 730_000_000, Y: 180_000_000}, {X: 1_350_000_000, Y: 180_000_000}, {X: 1_350_000_000, Y: 540_000_000}, {X: 730_000_000, Y: 540_000_000}}
	if got, want := ring.DoubledArea(), int64(2)*620_000_000*360_000_000; got != want {
		t.Errorf("DoubledArea = %d, want %d", got, want)
	}
	if got, want := ring.Reversed().DoubledArea(), int64(-2)*620_000_000*360_000_000; got != want {
		t.Errorf("DoubledArea of the ring walked backwards = %d, want %d", got, want)
	}
	if got := (geo.Ring{{X: 1}, {X: 2}}).DoubledArea(); got != 0 {
		t.Errorf("DoubledArea of two points = %d, want 0", got)
	}
}

func TestBoundsTouchContainAndUnite(t *testing.T) {
	a := geo.Bound{Min: geo.Point{X: 0, Y: 0}, Max: geo.Point{X: 10, Y: 10}}
	tests := []struct {
		name string
		b    geo.Bound
		want bool
	}{
		{"touching at a side", geo.Bound{Min: geo.Point{X: 10, Y: 3}, Max: geo.Point{X: 20, Y: 5}}, true},
		{"touching at a corner", geo.Bound{Min: geo.Point{X: 10, Y: 10}, Max: geo.Point{X: 20, Y: 20}}, true},
		{"one step apart", geo.Bound{Min: geo.Point{X: 11, Y: 0}, Max: geo.Point{X: 20, Y: 10}}, false},
		{"empty", geo.EmptyBound, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := a.Intersects(tt.b); got != tt.want {
				t.Errorf("Intersects = %v, want %v", got, tt.want)
			}
			if got := tt.b.Intersects(a); got != tt.want {
				t.Errorf("Intersects the other way = %v, want %v", got, tt.want)
			}
		})
	}
	if !geo.EmptyBound.Empty() || a.Empty() || a.Union(geo.EmptyBound) != a || geo.EmptyBound.Extend(a.Min).Extend(a.Max) != a {
		t.Error("the empty box is not the neutral start of every union")
	}
	if !a.Contains(geo.Point{X: 10, Y: 0}) || a.Contains(geo.Point{X: 10, Y: 11}) {
		t.Error("a box contains its border and nothing beyond")
	}
	far := geo.MultiPolygon{{{{X: 1, Y: 2}, {X: 3, Y: 2}, {X: 3, Y: 9}}}, {}, {{{X: -5, Y: 0}, {X: -4, Y: 0}, {X: -4, Y: 1}}}}
	if got, want := far.Bound(), (geo.Bound{Min: geo.Point{X: -5, Y: 0}, Max: geo.Point{X: 3, Y: 9}}); got != want {
		t.Errorf("Bound of two parts = %v, want %v", got, want)
	}
}

// A square with a hole in which stands another square, and one that touches it from
// outside: inside, on the border and outside, along rows that run through vertices and
// level edges too.
func TestAtTellsInsideFromBorder(t *testing.T) {
	square := func(x, y, side int32) geo.Ring {
		return geo.Ring{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}}
	}
	area := geo.MultiPolygon{{square(0, 0, 10), square(2, 2, 6).Reversed()}, {square(4, 4, 2)}, {square(10, 10, 3)}, {}}
	in := func(v, low, high int32) bool { return low < v && v < high }
	within := func(v, low, high int32) bool { return low <= v && v <= high }
	for x := int32(-1); x <= 14; x++ {
		for y := int32(-1); y <= 14; y++ {
			var inside, on bool
			for _, s := range [][2]int32{{0, 10}, {2, 8}, {4, 6}, {10, 13}} {
				if in(x, s[0], s[1]) && in(y, s[0], s[1]) {
					inside = !inside
				} else if within(x, s[0], s[1]) && within(y, s[0], s[1]) {
					on = true
				}
			}
			if gotInside, gotOn := area.At(geo.Point{X: x, Y: y}); gotOn != on || gotInside != (inside && !on) {
				t.Errorf("(%d, %d): inside %v, on the border %v; want %v, %v", x, y, gotInside, gotOn, inside && !on, on)
			}
		}
	}
	slope := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 4, Y: 2}, {X: 0, Y: 4}}}}
	for p, want := range map[geo.Point][2]bool{{X: 2, Y: 1}: {false, true}, {X: 4, Y: 2}: {false, true}, {X: 3, Y: 2}: {true, false}, {X: 2, Y: 0}: {false, false}, {X: 5, Y: 2}: {false, false}, {X: -1, Y: 2}: {false, false}} {
		if inside, on := slope.At(p); inside != want[0] || on != want[1] {
			t.Errorf("%v: inside %v, on the border %v; want %v", p, inside, on, want)
		}
	}
}
