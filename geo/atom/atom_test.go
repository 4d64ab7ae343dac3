package atom_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/atom"
	"wangge/geo/propose"
	"wangge/geo/topology"
)

// The ground of these tests is given in metres from a place in Hangzhou, near
// enough: 90 steps are a metre from south to north, 105 from west to east.
func at(x, y float64) geo.Point {
	return geo.Point{X: 1_201_500_000 + int32(x*104.5), Y: 302_500_000 + int32(y*89.9)}
}

func box(west, south, east, north float64) geo.MultiPolygon {
	return geo.MultiPolygon{{{at(west, south), at(east, south), at(east, north), at(west, north)}}}
}

func line(class atom.Class, xy ...float64) atom.Line {
	l := atom.Line{Class: class}
	for i := 0; i < len(xy); i += 2 {
		l.Points = append(l.Points, at(xy[i], xy[i+1]))
	}
	return l
}

func home(x, y float64, households int) atom.Home {
	return atom.Home{At: at(x, y), Households: households}
}

func cut(t testing.TB, g atom.Ground) *atom.Atoms {
	t.Helper()
	atoms, err := atom.Cut(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	tiles(t, atoms)
	notThroughBuildings(t, g, atoms)
	return atoms
}

// tiles fails unless atoms tile their unit, which is the ground's but for vertices
// on its border.
func tiles(t testing.TB, atoms *atom.Atoms) {
	t.Helper()
	var parts []topology.Part
	for i, a := range atoms.List {
		parts = append(parts, topology.Part{Code: string(rune(i)), Area: a.Area})
	}
	if v := topology.Check(atoms.Unit, parts); v != nil {
		t.Errorf("%d atoms do not tile: %+v", len(parts), v[0])
	}
}

// notThroughBuildings fails if places under one building lie in two atoms. Those
// that overlap another one, as some do in every map, are left out.
func notThroughBuildings(t testing.TB, g atom.Ground, atoms *atom.Atoms) {
	t.Helper()
	for i, b := range g.Buildings {
		if overlapped(g.Buildings, i) {
			continue
		}
		label := topology.LabelPoint(b)
		own := atoms.At(label)
		for _, p := range b[0][0] {
			for k := int32(1); k < 8; k++ {
				inner := geo.Point{X: p.X + (label.X-p.X)/8*k, Y: p.Y + (label.Y-p.Y)/8*k}
				if other := atoms.At(inner); own >= 0 && other >= 0 && other != own && inside(b[0][0], inner) {
					t.Errorf("building %d lies in atoms %d and %d", i, own, other)
					return
				}
			}
		}
	}
}

func overlapped(buildings []geo.MultiPolygon, i int) bool {
	own := buildings[i][0][0]
	for j, b := range buildings {
		if j == i || !b.Bound().Intersects(own.Bound()) {
			continue
		}
		r := b[0][0]
		for k, p := range r {
			if atom.PassesThrough(buildings[i], p, r[(k+1)%len(r)]) {
				return true
			}
		}
	}
	return false
}

// inside leaves out a step along the outline, where vertices were rounded.
func inside(r geo.Ring, p geo.Point) bool {
	in := false
	a := r[len(r)-1]
	for _, b := range r {
		if d := geo.Cross(a, b, p); d*d < 9*((int64(b.X)-int64(a.X))*(int64(b.X)-int64(a.X))+(int64(b.Y)-int64(a.Y))*(int64(b.Y)-int64(a.Y))) {
			return false
		}
		if (a.Y <= p.Y) != (b.Y <= p.Y) && (geo.Cross(a, b, p) > 0) == (b.Y > a.Y) {
			in = !in
		}
		a = b
	}
	return in
}

// households are those of the atoms, from west to east.
func households(atoms *atom.Atoms) []int {
	var out []int
	for _, a := range atoms.List {
		out = append(out, a.Households)
	}
	return out
}

func TestBlocksLieBetweenStreets(t *testing.T) {
	atoms := cut(t, atom.Ground{
		Unit: box(0, 0, 300, 200),
		Lines: []atom.Line{
			line(atom.Street, 100, -50, 100, 250),
			line(atom.MainRoad, 200, -50, 200, 250),
			line(atom.Path, 200, 100, 250, 100), // a dead end
		},
		Homes: []atom.Home{home(50, 50, 10), home(150, 50, 20), home(250, 50, 30), home(400, 50, 99)},
	})
	if got := households(atoms); !slices.Equal(got, []int{10, 20, 30}) || atoms.Outside != 99 {
		t.Fatalf("households %v, outside %d", got, atoms.Outside)
	}
	if len(atoms.Borders) != 2 {
		t.Fatalf("borders %+v", atoms.Borders)
	}
	for i, class := range []atom.Class{atom.Street, atom.MainRoad} {
		b := atoms.Borders[i]
		if b.A != int32(i) || b.B != int32(i+1) || b.Lengths[class] < 199 || b.Lengths[class] > 201 || b.Length() != b.Lengths[class] {
			t.Errorf("border %+v, want 200 m of %s", b, class)
		}
	}
	if rim := atoms.List[1].Rim; rim < 199 || rim > 201 {
		t.Errorf("the middle has %v m of the unit's border", rim)
	}
}

func TestBarriersAreHard(t *testing.T) {
	g := atom.Ground{Unit: box(0, 0, 200, 200), Barriers: []atom.Class{atom.River, atom.MainRoad}, Lines: []atom.Line{
		line(atom.River, 100, -10, 100, 80), line(atom.Street, 100, 80, 100, 210),
		line(atom.MainRoad, -10, 100, 100, 100), line(atom.Path, 100, 100, 210, 100),
	}}
	atoms := cut(t, g)
	hard := 0
	for _, b := range atoms.Borders {
		if b.Barrier {
			hard++
		}
	}
	if len(atoms.List) != 4 || len(atoms.Borders) != 4 || hard != 1 {
		t.Errorf("%d atoms, %d borders, of which %d barriers: a border that can be passed somewhere is none", len(atoms.List), len(atoms.Borders), hard)
	}
}

func TestCompoundsStayWhole(t *testing.T) {
	g := atom.Ground{
		Unit: box(0, 0, 300, 200), Limit: 40,
		Lines:  []atom.Line{line(atom.Street, 150, -10, 150, 210)},
		Wholes: []atom.Whole{{Class: atom.Wall, Area: box(100, 50, 200, 150)}},
		Homes:  []atom.Home{home(20, 20, 1), home(120, 100, 50), home(180, 100, 60), home(280, 20, 2)},
	}
	if got := households(cut(t, g)); !slices.Equal(got, []int{1, 110, 2}) {
		t.Errorf("households %v, want the compound whole in spite of the street", got)
	}
	g.Wholes[0].Divisible = true
	if got := households(cut(t, g)); !slices.Equal(got, []int{1, 50, 2, 60}) {
		t.Errorf("households %v, want the compound divided along the street", got)
	}
	g.Limit = 200
	if got := households(cut(t, g)); !slices.Equal(got, []int{1, 110, 2}) {
		t.Errorf("households %v, want the compound whole below the limit", got)
	}
}

func TestLargeBlocksAreCutBetweenBuildings(t *testing.T) {
	g := atom.Ground{Unit: box(0, 0, 200, 100), Limit: 40}
	for i := range 4 {
		x := float64(20 + 45*i)
		g.Buildings = append(g.Buildings, box(x, 30, x+25, 70))
		g.Homes = append(g.Homes, home(x+10, 50, 20+i))
	}
	atoms := cut(t, g)
	if got := households(atoms); !slices.Equal(got, []int{20, 21, 22, 23}) {
		t.Fatalf("households %v", got)
	}
	for _, b := range atoms.Borders {
		if b.Lengths[atom.Open] < 95 || b.Length() != b.Lengths[atom.Open] {
			t.Errorf("border %+v, want 100 m between buildings", b)
		}
	}
	g.Limit = 100
	if got := len(cut(t, g).List); got != 1 {
		t.Errorf("%d atoms of a block below the limit", got)
	}
}

func TestTerracesAreCutAtTheirCommonWalls(t *testing.T) {
	g := atom.Ground{Unit: box(0, 0, 100, 60), Limit: 3}
	for i := range 5 {
		x := float64(10 + 16*i)
		g.Buildings = append(g.Buildings, box(x, 20, x+16, 40))
		g.Homes = append(g.Homes, home(x+8, 30, 2))
	}
	if got := households(cut(t, g)); !slices.Equal(got, []int{2, 2, 2, 2, 2}) {
		t.Errorf("households %v", got)
	}
}

func TestLinesGoAroundBuildings(t *testing.T) {
	atoms := cut(t, atom.Ground{
		Unit:      box(0, 0, 200, 100),
		Lines:     []atom.Line{line(atom.Street, 103, -10, 103, 110)},
		Buildings: []geo.MultiPolygon{box(90, 40, 110, 60)},
		Homes:     []atom.Home{home(95, 50, 7), home(108, 50, 5)},
	})
	if got := households(atoms); !slices.Equal(got, []int{12, 0}) {
		t.Errorf("households %v, want all of the house on its larger side", got)
	}
}

func TestRiversAreSharedByTheirBanks(t *testing.T) {
	g := atom.Ground{
		Unit: box(0, 0, 400, 300), Barriers: []atom.Class{atom.River},
		Waters: []atom.Water{{Class: atom.River, Area: box(-50, 120, 450, 180)}},
		Lines:  []atom.Line{line(atom.Street, 200, -10, 200, 120), line(atom.Street, 150, 180, 150, 310)},
		Homes:  []atom.Home{home(100, 50, 1), home(300, 50, 2), home(80, 250, 3), home(300, 250, 4)},
	}
	atoms := cut(t, g)
	if len(atoms.List) != 4 {
		t.Fatalf("households %v: the river is no atom", households(atoms))
	}
	sum := geo.SquareMeters(0)
	for _, a := range atoms.List {
		sum += a.SquareMeters
		if !inBand(float64(a.SquareMeters), 20_000, 40_000) {
			t.Errorf("an atom of %.0f m²", a.SquareMeters)
		}
	}
	across := 0
	for _, b := range atoms.Borders {
		south, north := atoms.List[b.A].Area.Bound().Min.Y == at(0, 0).Y, atoms.List[b.B].Area.Bound().Min.Y == at(0, 0).Y
		if south != north {
			across++
			if !b.Barrier || b.Lengths[atom.River] == 0 {
				t.Errorf("one can walk through the river: %+v", b)
			}
		} else if b.Barrier || b.Lengths[atom.River] > 0.1 || b.Lengths[atom.Street] == 0 {
			t.Errorf("neighbours on one bank: %+v", b)
		}
	}
	if across < 3 {
		t.Errorf("%d borders in mid-river, want 3", across)
	}
}

// A street that is drawn along a river, on a bridge or over the water, is no way from
// one bank to the other.
func TestStreetsInRiversLeadNowhere(t *testing.T) {
	atoms := cut(t, atom.Ground{
		Unit: box(0, 0, 400, 300), Barriers: []atom.Class{atom.River},
		Waters: []atom.Water{{Class: atom.River, Area: box(-50, 120, 450, 180)}},
		Lines:  []atom.Line{line(atom.Street, -10, 125, 410, 170)},
		Homes:  []atom.Home{home(100, 50, 1), home(100, 250, 3)},
	})
	if got := households(atoms); !slices.Equal(got, []int{1, 3}) {
		t.Fatalf("households %v", got)
	}
	if b := atoms.Borders[0]; !b.Barrier || b.Lengths[atom.Street] > 0 {
		t.Errorf("%+v", b)
	}
}

func inBand(v, low, high float64) bool { return low <= v && v <= high }

func TestStripsWithoutPeopleJoinANeighbour(t *testing.T) {
	g := atom.Ground{
		Unit: box(0, 0, 300, 200), Barriers: []atom.Class{atom.MainRoad},
		Lines: []atom.Line{ // two carriageways, and a street along a compound
			line(atom.MainRoad, 100, -10, 100, 210), line(atom.MainRoad, 108, -10, 108, 210),
			line(atom.Street, 200, -10, 200, 210),
		},
		Wholes: []atom.Whole{{Class: atom.Wall, Area: box(204, 0, 300, 200)}},
		Homes:  []atom.Home{home(50, 50, 1), home(150, 50, 2), home(250, 50, 3)},
	}
	if got := households(cut(t, g)); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("households %v", got)
	}
	g.Homes = append(g.Homes, home(104, 50, 9))
	if got := households(cut(t, g)); !slices.Equal(got, []int{1, 9, 2, 3}) {
		t.Errorf("households %v: where people live is no strip", got)
	}
}

// Present units, or those above, keep their limits to the centimetre although they
// run beside the streets and through compounds and houses.
func TestNoAtomReachesBeyondItsUnit(t *testing.T) {
	g := atom.Ground{
		Unit:      box(0, 0, 200, 200),
		Lines:     []atom.Line{line(atom.Street, 104, -10, 104, 210), line(atom.Street, -10, 100, 210, 100)},
		Wholes:    []atom.Whole{{Class: atom.Wall, Area: box(80, 20, 130, 60)}},
		Buildings: []geo.MultiPolygon{box(95, 140, 115, 160)},
		Within:    []geo.MultiPolygon{box(0, 0, 100, 200), box(100, 0, 200, 200)},
		Homes:     []atom.Home{home(50, 50, 5), home(150, 50, 6), home(50, 150, 7), home(150, 150, 8)},
	}
	atoms, err := atom.Cut(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	tiles(t, atoms)
	byUnit := make([]int32, len(atoms.List))
	for i, a := range atoms.List {
		byUnit[i] = a.Within
	}
	for i, p := range atoms.Parts(byUnit) {
		if got, want := p.Area.SquareMeters(), g.Within[i].SquareMeters(); p.Unit != int32(i) || got-want > 0.1 || want-got > 0.1 {
			t.Errorf("unit %d has %.2f m², want %.2f", p.Unit, got, want)
		}
	}
	land := atoms.Land(atom.UsualCosts, []int32{0, 1})
	for _, b := range land.Borders {
		if byUnit[b.A] != byUnit[b.B] {
			t.Errorf("a border between units above: %+v", b)
		}
	}
	if joined := atoms.Land(atom.UsualCosts, []int32{0, 0}); len(joined.Borders) <= len(land.Borders) {
		t.Errorf("%d borders within one unit above, %d within two", len(joined.Borders), len(land.Borders))
	}
}

func TestUnitsOfAtomsTile(t *testing.T) {
	g := town(rand.New(rand.NewPCG(3, 3)), 6, 5)
	atoms, err := atom.Cut(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	land := atoms.Land(atom.UsualCosts, nil)
	q := propose.Question{Min: 60, Max: 140, Seed: 3}
	a, err := propose.Solve(context.Background(), land, q)
	if err != nil {
		t.Fatal(err)
	}
	p := a.Alternatives[0]
	if a.Proofs == nil && p.Broken != nil {
		t.Errorf("rules broken: %+v", p.Broken)
	}
	var parts []topology.Part
	for _, part := range atoms.Parts(p.Unit) {
		parts = append(parts, topology.Part{Code: string(rune(part.Unit)), Area: part.Area})
	}
	if len(parts) != p.Score.Units {
		t.Errorf("%d parts, %d units", len(parts), p.Score.Units)
	}
	if v := topology.Check(atoms.Unit, parts); v != nil {
		t.Errorf("the units do not tile: %+v", v[0])
	}
}

func TestIslandsWithoutPeopleAreNoPieceCutOff(t *testing.T) {
	unit := box(0, 0, 100, 100)
	unit = append(unit, box(200, 0, 260, 60)[0])
	atoms := cut(t, atom.Ground{Unit: unit, Homes: []atom.Home{home(50, 50, 40)}})
	a, err := propose.Solve(context.Background(), atoms.Land(atom.UsualCosts, nil), propose.Question{Min: 30, Max: 50})
	if err != nil || a.Proofs != nil || a.Alternatives[0].Broken != nil {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestCutRefuses(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := atom.Cut(ctx, atom.Ground{Unit: box(0, 0, 10, 10)}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if atoms, err := atom.Cut(context.Background(), atom.Ground{}); err != nil || len(atoms.List) != 0 {
		t.Errorf("no land: %v, %v", atoms, err)
	}
}

func TestClasses(t *testing.T) {
	for kind, want := range map[string]atom.Class{"primary": atom.MainRoad, "residential": atom.Street, "footway": atom.Path, "rail": atom.Rail, "": atom.Path} {
		if got := atom.OfStreet(kind); got != want {
			t.Errorf("street %q is %s, want %s", kind, got, want)
		}
	}
	if atom.OfWater("canal") != atom.River || atom.OfWater("ditch") != atom.Stream {
		t.Error("waters")
	}
	if _, ok := atom.OfBarrier("bollard"); ok {
		t.Error("a bollard stops nobody")
	}
	if c, ok := atom.OfBarrier("wall"); !ok || c != atom.Wall {
		t.Error("a wall does")
	}
	if c, ok := atom.OfBarrier("rail"); !ok || c != atom.Rail {
		t.Error("a railway does")
	}
	if _, ok := atom.OfBarrier("tram"); ok {
		t.Error("a tram runs in the street")
	}
}

// town is a ground with everything, in blocks of about 100 m, crooked and careless
// as maps are: streets cross buildings, compounds overlap.
func town(rng *rand.Rand, wide, high int) atom.Ground {
	w, h := float64(wide)*100, float64(high)*100
	j := func(by float64) float64 { return (rng.Float64() - 0.5) * 2 * by }
	g := atom.Ground{Unit: box(0, 0, w, h), Limit: 20 + rng.IntN(60), Barriers: []atom.Class{atom.River}}
	for x := 1; x < wide; x++ {
		class := []atom.Class{atom.Street, atom.Street, atom.Path, atom.MainRoad}[rng.IntN(4)]
		g.Lines = append(g.Lines, line(class, float64(x)*100+j(20), -20, float64(x)*100+j(20), h/2, float64(x)*100+j(20), h+20))
	}
	for y := 1; y < high; y++ {
		g.Lines = append(g.Lines, line(atom.Street, -20, float64(y)*100+j(20), w/2, float64(y)*100+j(20), w+20, float64(y)*100+j(20)))
	}
	for range wide {
		x, y := rng.Float64()*w, rng.Float64()*h
		g.Lines = append(g.Lines, line(atom.Class(1+rng.IntN(atom.Classes-1)), x, y, x+j(80), y+j(80)))
		if rng.IntN(2) == 0 {
			g.Wholes = append(g.Wholes, atom.Whole{Class: atom.Edge, Area: box(x, y, x+20+rng.Float64()*120, y+20+rng.Float64()*120), Divisible: rng.IntN(2) == 0})
		}
	}
	if rng.IntN(2) == 0 {
		y := rng.Float64() * h
		g.Waters = append(g.Waters, atom.Water{Class: atom.River, Area: box(-50, y, w+50, y+40)})
	}
	if rng.IntN(2) == 0 {
		g.Waters = append(g.Waters, atom.Water{Class: atom.Stream, Area: box(w/3, h/3, w/3+30, h/3+25)})
	}
	for range wide * high * 8 {
		x, y := rng.Float64()*w, rng.Float64()*h
		g.Buildings = append(g.Buildings, box(x, y, x+6+rng.Float64()*20, y+6+rng.Float64()*14))
		g.Homes = append(g.Homes, home(x+3, y+3, rng.IntN(12)))
	}
	return g
}

// Whatever the map, atoms tile the unit, lose no household, and come out the same
// again. Buildings that overlap each other may be parted where another stands.
func checkTown(t *testing.T, g atom.Ground) {
	t.Helper()
	atoms, err := atom.Cut(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	tiles(t, atoms)
	sum, want := atoms.Outside, 0
	rim, around := map[int32]geo.Meters{}, geo.Meters(0)
	for i, a := range atoms.List {
		sum += a.Households
		if len(a.Area) == 0 || a.SquareMeters <= 0 {
			t.Errorf("atom %d has no area", i)
		}
		rim[int32(i)] = a.Rim
		around += a.Rim
	}
	for _, h := range g.Homes {
		want += h.Households
	}
	if sum != want {
		t.Errorf("%d households, want %d", sum, want)
	}
	for _, b := range atoms.Borders {
		if b.A >= b.B || b.Length() <= 0 {
			t.Errorf("border %+v", b)
		}
	}
	again, err := atom.Cut(context.Background(), g)
	if err != nil || !reflect.DeepEqual(atoms.List, again.List) || !reflect.DeepEqual(atoms.Borders, again.Borders) {
		t.Errorf("other atoms the second time, %v", err)
	}
}

func TestAnyTownIsTiled(t *testing.T) {
	for seed := range uint64(25) {
		rng := rand.New(rand.NewPCG(seed, 21))
		checkTown(t, town(rng, 2+rng.IntN(5), 2+rng.IntN(4)))
	}
}

func FuzzCut(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, wide, high uint8) {
		checkTown(t, town(rand.New(rand.NewPCG(seed, 5)), 1+int(wide%5), 1+int(high%5)))
	})
}

func BenchmarkCut(b *testing.B) {
	g := town(rand.New(rand.NewPCG(1, 1)), 20, 20)
	for b.Loop() {
		if _, err := atom.Cut(context.Background(), g); err != nil {
			b.Fatal(err)
		}
	}
}
