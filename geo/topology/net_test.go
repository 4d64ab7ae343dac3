package topology

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

var tolerances = []float64{0, 1, 10, 100, 1000, 10_000, 1e6, 1e12}

func TestSimplifiedQuiltsTileAtEveryTolerance(t *testing.T) {
	for seed := range uint64(8) {
		q := varied(seed)
		net := NewNet(append(areasOf(q.parts), q.parent))
		last := math.MaxInt
		for _, tolerance := range tolerances {
			drawn := net.Simplify(tolerance)
			parts := slices.Clone(q.parts)
			vertices := 0
			for i := range parts {
				parts[i].Area = drawn[i]
				vertices += countVertices(drawn[i])
			}
			if v := Check(drawn[len(parts)], parts); v != nil {
				t.Fatalf("quilt %d at tolerance %v: %+v", seed, tolerance, v[0])
			}
			if vertices > last {
				t.Errorf("quilt %d: tolerance %v keeps %d vertices, more than the %d of a smaller one", seed, tolerance, vertices, last)
			}
			last = vertices
		}
		if want := 8 * len(q.parts); last > want { // corners stay, bends go
			t.Errorf("quilt %d: %d vertices are left at any tolerance, want at most %d", seed, last, want)
		}
	}
}

func TestSimplifyKeepsThreeLevelsOnTheSameBorders(t *testing.T) {
	q := newQuilt(rand.New(rand.NewPCG(15, 15)), 9, 6, 5000)
	grids := map[string][]Part{} // by town, of three by three fields
	for _, p := range q.parts {
		town := fmt.Sprintf("%c%c", 'A'+(p.Code[2]-'0')/3, 'A'+(p.Code[5]-'0')/3)
		grids[town] = append(grids[town], p)
	}
	codes := slices.Sorted(maps.Keys(grids))
	areas := []geo.MultiPolygon{q.parent}
	for _, town := range codes {
		areas = append(areas, Union(areasOf(grids[town])...))
	}
	for _, town := range codes {
		areas = append(areas, areasOf(grids[town])...)
	}
	net := NewNet(areas)
	for _, tolerance := range tolerances {
		drawn := net.Simplify(tolerance)
		county, towns, rest := drawn[0], drawn[1:1+len(codes)], drawn[1+len(codes):]
		var division []Part
		for i, town := range codes {
			division = append(division, Part{Code: town, Area: towns[i]})
			family := slices.Clone(grids[town])
			for k := range family {
				family[k].Area = rest[k]
			}
			rest = rest[len(family):]
			if v := Check(towns[i], family); v != nil {
				t.Fatalf("at tolerance %v grids do not tile town %s: %+v", tolerance, town, v[0])
			}
		}
		if v := Check(county, division); v != nil {
			t.Fatalf("at tolerance %v towns do not tile the county: %+v", tolerance, v[0])
		}
	}
}

func TestSimplifyKeepsEveryVertexAtToleranceZero(t *testing.T) {
	q := varied(1)
	areas := append(areasOf(q.parts), q.parent)
	for i, a := range NewNet(areas).Simplify(0) {
		if countVertices(a) != countVertices(areas[i]) {
			t.Errorf("area %d has %d vertices, want %d", i, countVertices(a), countVertices(areas[i]))
		}
	}
}

func TestSimplifiedBordersStayWithinTheTolerance(t *testing.T) {
	q := newQuilt(rand.New(rand.NewPCG(13, 13)), 6, 30, 20_000)
	areas := areasOf(q.parts)
	net := NewNet(areas)
	scale := stretch(float64(quiltOrigin.Y))
	for _, tolerance := range []float64{10, 100, 1000} {
		for i, a := range net.Simplify(tolerance) {
			for _, p := range areas[i][0][0] {
				nearest := math.Inf(1)
				r := a[0][0]
				for k, v := range r {
					w := r[(k+1)%len(r)]
					nearest = math.Min(nearest, squaredDistance(float64(p.X), float64(p.Y)*scale,
						float64(v.X), float64(v.Y)*scale, float64(w.X), float64(w.Y)*scale))
				}
				if d := math.Sqrt(nearest); d > tolerance*1.01 {
					t.Fatalf("a vertex of area %d lies %.1f steps from the border drawn at tolerance %v", i, d, tolerance)
				}
			}
		}
	}
}

func TestSimplifyKeepsIslandsOnTheirSide(t *testing.T) {
	// A border makes a long bend around an enclave that it does not touch: cutting
	// the bend off would move the enclave into the neighbour.
	bend := geo.Ring{{X: 0, Y: 0}, {X: 4000, Y: 0}, {X: 4000, Y: 400}, {X: 4500, Y: 500}, {X: 4000, Y: 600}, {X: 4000, Y: 1000}, {X: 0, Y: 1000}}
	enclave := square(4100, 480, 40)
	left := geo.MultiPolygon{{bend, enclave.Reversed()}}
	right := geo.MultiPolygon{{{{X: 4000, Y: 0}, {X: 8000, Y: 0}, {X: 8000, Y: 1000}, {X: 4000, Y: 1000}, {X: 4000, Y: 600}, {X: 4500, Y: 500}, {X: 4000, Y: 400}}}}
	island := geo.MultiPolygon{{enclave}}
	parent := Union(left, right, island)
	net := NewNet([]geo.MultiPolygon{left, right, island, parent})
	for _, tolerance := range tolerances {
		drawn := net.Simplify(tolerance)
		parts := []Part{{Code: "left", Area: drawn[0]}, {Code: "right", Area: drawn[1]}, {Code: "island", Area: drawn[2]}}
		if v := Check(drawn[3], parts); v != nil {
			t.Fatalf("at tolerance %v: %+v", tolerance, v[0])
		}
	}
}

func TestSimplifyKeepsTwoBordersBetweenTheSameJunctionsApart(t *testing.T) {
	// A lens between two junctions: drawn as two straight borders it would vanish.
	a, b := geo.Point{X: 0, Y: 0}, geo.Point{X: 10_000, Y: 0}
	upper := geo.Ring{{X: 7500, Y: 60}, {X: 5000, Y: 90}, {X: 2500, Y: 70}}
	lower := geo.Ring{{X: 2500, Y: -50}, {X: 5000, Y: -95}, {X: 7500, Y: -40}}
	lens := geo.MultiPolygon{{slices.Concat(geo.Ring{a}, lower, geo.Ring{b}, upper)}}
	north := geo.MultiPolygon{{slices.Concat(geo.Ring{a}, upper.Reversed(), geo.Ring{b, {X: 10_000, Y: 5000}, {X: 0, Y: 5000}})}}
	south := geo.MultiPolygon{{slices.Concat(geo.Ring{b}, lower.Reversed(), geo.Ring{a, {X: 0, Y: -5000}, {X: 10_000, Y: -5000}})}}
	parent := Union(lens, north, south)
	for _, tolerance := range tolerances {
		drawn := NewNet([]geo.MultiPolygon{lens, north, south, parent}).Simplify(tolerance)
		parts := []Part{{Code: "lens", Area: drawn[0]}, {Code: "north", Area: drawn[1]}, {Code: "south", Area: drawn[2]}}
		if v := Check(drawn[3], parts); v != nil {
			t.Fatalf("at tolerance %v: %+v", tolerance, v[0])
		}
	}
}

func TestSimplifyDrawsTheSameTwice(t *testing.T) {
	q := varied(4)
	areas := append(areasOf(q.parts), q.parent)
	one, two := NewNet(areas).Simplify(700), NewNet(areas).Simplify(700)
	for i := range one {
		if compareAreas(one[i], two[i]) != 0 {
			t.Fatalf("area %d is drawn in two ways", i)
		}
	}
}

func TestSimplifyKeepsRepairedRandomPolygonsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 14))
	for range 200 {
		parents, parts := polygonsFrom(randomBytes(rng, 40+rng.IntN(300)), 2)
		m := build(t, disjoint(t, parents), parts)
		repairEverything(t, m)
		parents, parts = m.Parents(), m.Parts()
		var excluded []geo.MultiPolygon
		for i := range parents {
			excluded = append(excluded, m.excludedFrom(int32(i)))
		}
		net := NewNet(slices.Concat(areasOf(parents), areasOf(parts), excluded))
		for _, tolerance := range tolerances {
			drawn := net.Simplify(tolerance)
			for i, parent := range parents {
				var family []Part
				for k, p := range parts {
					if p.Parent == parent.Code && len(p.Area) > 0 {
						p.Area = drawn[len(parents)+k]
						family = append(family, p)
					}
				}
				if len(family) == 0 {
					continue
				}
				if v := Check(drawn[i], family, drawn[len(parents)+len(parts)+i]); v != nil {
					t.Fatalf("at tolerance %v the parts of %s do not tile it: %+v", tolerance, parent.Code, v[0])
				}
			}
		}
	}
}

func TestNetTakesNonsenseWithoutPanic(t *testing.T) {
	far := geo.MultiPolygon{{square(-1_700_000_000, 0, 9)}}
	near := geo.MultiPolygon{{square(1_200_000_000, 0, 9)}}
	for _, areas := range [][]geo.MultiPolygon{
		nil, {nil}, {{}}, {{{}}}, {{{{}}}}, {{{{{X: 1, Y: 1}}}}}, {{{{{X: 1, Y: 1}, {X: 2, Y: 2}}}}}, {near, far},
	} {
		for _, tolerance := range []float64{-1, 0, 1, math.Inf(1), math.NaN()} {
			if got := NewNet(areas).Simplify(tolerance); len(got) != len(areas) {
				t.Errorf("%d areas come back as %d", len(areas), len(got))
			}
		}
	}
	if got := NewNet([]geo.MultiPolygon{near, far}).Simplify(1e6); countVertices(got[0]) != 4 || countVertices(got[1]) != 4 {
		t.Errorf("areas too far apart come back as %v", got)
	}
}
