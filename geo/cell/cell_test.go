package cell_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
)

func square(at orb.Point, side float64) geo.MultiPolygon {
	a := geo.Snap(at)
	d := int32(side * geo.Scale)
	return geo.MultiPolygon{{{a, {X: a.X + d, Y: a.Y}, {X: a.X + d, Y: a.Y + d}, {X: a.X, Y: a.Y + d}}}}
}

// The names are from H3's own documentation and command-line tools.
func TestKnownCells(t *testing.T) {
	tests := []struct {
		place string
		at    orb.Point
		res   int
		want  string
	}{
		{"San Francisco, in H3's README", orb.Point{-122.41898, 37.775938728915946}, 8, "8828308281fffff"},
		{"Statue of Liberty, in H3's docs", orb.Point{-74.044444, 40.689167}, 10, "8a2a1072b59ffff"},
	}
	for _, tt := range tests {
		t.Run(tt.place, func(t *testing.T) {
			got := cell.At(geo.Snap(tt.at)).Parent(tt.res)
			if got.String() != tt.want {
				t.Errorf("cell at resolution %d = %s, want %s", tt.res, got, tt.want)
			}
		})
	}
}

func TestACellHoldsItsPlaceAndItsParentHasTheRightResolution(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	places := make([]geo.Point, 2000)
	for i := range places {
		places[i] = geo.Snap(orb.Point{74 + 60*rnd.Float64(), 18 + 35*rnd.Float64()})
	}
	for i, place := range places {
		c := cell.At(place)
		if c.Resolution() != cell.Resolution {
			t.Fatalf("%s at %v has resolution %d", c, place, c.Resolution())
		}
		if d := geo.Distance(places[i].Degrees(), c.Center().Degrees()); d > 45 {
			t.Fatalf("%v is %.0f m from the centre of its cell", places[i], d)
		}
		if ring := c.Boundary(); len(ring) < 5 || len(ring) > 10 || ring.DoubledArea() <= 0 {
			t.Fatalf("%s has boundary %v", c, ring)
		}
		for res := 0; res <= cell.Resolution; res++ {
			if got := c.Parent(res).Resolution(); got != res {
				t.Fatalf("parent of %s at %d has resolution %d", c, res, got)
			}
		}
		if back, err := cell.Parse(c.String()); back != c || err != nil {
			t.Fatalf("Parse(%s) = %s, %v", c, back, err)
		}
	}
}

func TestFillLosesNothingSmall(t *testing.T) {
	doorstep := orb.Point{120.1, 30.25}
	tests := []struct {
		name  string
		area  geo.MultiPolygon
		least int
		most  int
	}{
		{"a doorstep", square(doorstep, 0.00001), 1, 1},
		{"one lattice step", square(doorstep, 1.0/geo.Scale), 1, 1},
		{"two doorsteps far apart", append(square(doorstep, 0.00001), square(orb.Point{120.2, 30.25}, 0.00001)...), 2, 2},
		{"about 1 km²", square(doorstep, 0.01), 500, 750},
		{"nothing", nil, 0, 0},
		{"an empty polygon", geo.MultiPolygon{{}}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cell.Fill(tt.area, cell.Resolution)
			if err != nil || len(got) < tt.least || len(got) > tt.most {
				t.Errorf("Fill = %d cells, %v; want %d to %d", len(got), err, tt.least, tt.most)
			}
			if !slices.IsSorted(got) || slices.Contains(got, 0) {
				t.Errorf("Fill = %v, want real cells in order", got)
			}
		})
	}
}

func TestFillLeavesHolesEmpty(t *testing.T) {
	outer := square(orb.Point{120.1, 30.25}, 0.02)
	hole := square(orb.Point{120.105, 30.255}, 0.01)
	full, err := cell.Fill(outer, cell.Resolution)
	if err != nil {
		t.Fatal(err)
	}
	in, err := cell.Fill(hole, cell.Resolution)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := cell.Fill(geo.MultiPolygon{{outer[0][0], hole[0][0].Reversed()}}, cell.Resolution)
	if err != nil || len(ring) != len(full)-len(in) {
		t.Errorf("with a hole: %d cells (%v), want %d - %d", len(ring), err, len(full), len(in))
	}
}

func TestFillRefusesTheWholeCountry(t *testing.T) {
	if _, err := cell.Fill(square(orb.Point{100, 25}, 15), cell.Resolution); !errors.Is(err, cell.ErrTooMany) {
		t.Errorf("Fill of 2 million km² = %v, want ErrTooMany", err)
	}
	if _, err := cell.Fill(square(orb.Point{100, 25}, 0.01), 16); err == nil {
		t.Error("Fill at resolution 16 is no fault")
	}
}

func TestOddInputIsNoCell(t *testing.T) {
	for _, p := range []geo.Point{{X: math.MaxInt32, Y: 0}, {X: 0, Y: math.MinInt32}, {X: 0, Y: 900_000_001}} {
		if c := cell.At(p); c != 0 || c.String() != "" {
			t.Errorf("At(%v) = %s, want no cell", p, c)
		}
	}
	for _, c := range []cell.Cell{0, -1, 1, math.MaxInt64, math.MinInt64} {
		if c.Valid() || c.Parent(5) != 0 || c.Boundary() != nil || c.Resolution() != -1 || c.Center() != (geo.Point{}) {
			t.Errorf("%d passes for a cell", int64(c))
		}
	}
	good := cell.At(geo.Snap(orb.Point{120.1, 30.2}))
	for _, res := range []int{-1, 12, 99} {
		if got := good.Parent(res); got != 0 {
			t.Errorf("Parent(%d) = %s, want no cell", res, got)
		}
	}
}

func TestParseRefusesWhatIsNoCell(t *testing.T) {
	for _, s := range []string{"", "0", "xyz", "8828308281ffff", "8828308281fffff0", "0x8828308281fffff", "8828308281FFFFF", " 8828308281fffff", "ffffffffffffffffffff"} {
		if c, err := cell.Parse(s); !errors.Is(err, cell.ErrName) {
			t.Errorf("Parse(%q) = %s, %v; want ErrName", s, c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("8828308281fffff")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := cell.Parse(s); err == nil && (c.String() != s || c.Boundary() == nil) {
			t.Errorf("Parse(%q) = %s", s, c)
		}
	})
}

func BenchmarkAt(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 1))
	places := make([]geo.Point, 100_000)
	for i := range places {
		places[i] = geo.Snap(orb.Point{120 + rnd.Float64(), 30 + rnd.Float64()})
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, place := range places {
			cell.At(place)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(places)), "ns/place")
}

func BenchmarkFill(b *testing.B) {
	area := square(orb.Point{120.1, 30.25}, 0.0044) // about 0.2 km²
	for b.Loop() {
		if _, err := cell.Fill(area, cell.Resolution); err != nil {
			b.Fatal(err)
		}
	}
}

func TestACellHasSixNeighboursAroundItAndAPentagonFive(t *testing.T) {
	c := cell.At(geo.Point{X: 1_215_600_000, Y: 311_300_000}).Parent(9)
	for k, want := range []int{1, 7, 19, 37} {
		around := c.Around(k)
		if len(around) != want || !slices.IsSorted(around) || !slices.Contains(around, c) {
			t.Errorf("%d within %d steps, want %d with itself, in order", len(around), k, want)
		}
		for _, d := range around {
			if d.Resolution() != 9 || !slices.Contains(d.Around(k), c) {
				t.Errorf("%s lies near %s, but not the reverse", d, c)
			}
		}
	}
	pentagon, err := cell.Parse("8009fffffffffff")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(pentagon.Around(1)); n != 6 {
		t.Errorf("%d around a pentagon, want 6", n)
	}
	if cell.Cell(0).Around(1) != nil || cell.Cell(7).Around(1) != nil || c.Around(-1) != nil {
		t.Error("something lies around no cell")
	}
}
