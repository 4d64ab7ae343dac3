package rule

import (
	"math"
	"math/rand/v2"
	"testing"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

// star is a ring around a place, with spikes.
func star(random *rand.Rand, x, y int32, points int) geo.Ring {
	ring := make(geo.Ring, points)
	for i := range ring {
		angle, radius := 2*math.Pi*float64(i)/float64(points), 3000+17_000*random.Float64()
		ring[i] = geo.Point{X: lon + x + int32(radius*math.Cos(angle)), Y: lat + y + int32(radius*math.Sin(angle))}
	}
	return ring
}

func TestCommonLandIsThatOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	random := rand.New(rand.NewPCG(1, 9))
	for i := range 300 {
		a := area(star(random, 0, 0, 5+random.IntN(80)))
		b := area(star(random, random.Int32N(40_000)-20_000, random.Int32N(40_000)-20_000, 5+random.IntN(80)))
		if i%3 == 0 { // a hole of b is an enclave of a
			hole := star(random, 0, 0, 6)
			for j, p := range hole {
				hole[j] = geo.Point{X: lon + (p.X-lon)/20, Y: lat + (p.Y-lat)/20}
			}
			a = append(a[:0:0], geo.Polygon{a[0][0], hole.Reversed()})
		}
		if i%5 == 0 { // borders in common
			b = append(b, geo.Polygon{box(50_000, 0, 60_000, 9000)})
			a = append(a, geo.Polygon{box(55_000, 0, 60_000, 9000)})
		}
		var want float64 // in square steps
		if err := db.QueryRow(t.Context(), `SELECT ST_Area(ST_Intersection(to_lattice($1), to_lattice($2)))`, a, b).Scan(&want); err != nil {
			t.Fatal(err)
		}
		got := overlap(newShape(a), newShape(b))
		if math.Abs(got-want) > 1e-9*want+20 {
			t.Fatalf("pair %d: %.2f square steps, PostGIS says %.2f", i, got, want)
		}
		if back := overlap(newShape(b), newShape(a)); math.Abs(back-got) > 1e-9*want+1 {
			t.Fatalf("pair %d: %.2f one way and %.2f the other", i, got, back)
		}
	}
}

func TestInsideAndOnTheBorderAreThoseOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	random := rand.New(rand.NewPCG(2, 9))
	for range 40 {
		a := geo.MultiPolygon{{star(random, 0, 0, 40), box(-700, -700, 700, 700).Reversed()}, {box(30_000, 0, 40_000, 10_000)}}
		s := newShape(a)
		var points []geo.Point
		for range 100 {
			points = append(points, geo.Point{X: lon + random.Int32N(60_000) - 20_000, Y: lat + random.Int32N(40_000) - 20_000})
		}
		for _, r := range []geo.Ring{a[0][0], a[0][1], a[1][0]} {
			for _, p := range r {
				points = append(points, p, geo.Point{X: p.X + 1, Y: p.Y}, geo.Point{X: p.X, Y: p.Y - 1})
			}
		}
		points = append(points, geo.Point{X: lon + 30_000, Y: lat + 5000}, geo.Point{X: lon + 35_000, Y: lat}, geo.Point{X: lon + 35_000, Y: lat + 10_000})
		for _, p := range points {
			var contains, touches bool
			if err := db.QueryRow(t.Context(), `SELECT ST_Contains(to_lattice($1), to_lattice($2)), ST_Touches(to_lattice($1), to_lattice($2))`, a, p).Scan(&contains, &touches); err != nil {
				t.Fatal(err)
			}
			if inside, on := s.at(p); inside != contains || on != touches {
				t.Fatalf("%v: inside %v, on %v; PostGIS says %v, %v", p, inside, on, contains, touches)
			}
		}
	}
}

// The length of a road more than 30 m from the border is what PostGIS finds within
// the unit drawn in by that much, but for a pace at each crossing and for corners,
// where a border is near without being beside the road.
func TestLengthOnBothSidesIsNearThatOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	q := newQuilt(6, 6, 11)
	line := []geo.Point{{X: lon - 500, Y: lat + 33_000}, {X: lon + 41_000, Y: lat + 47_000}, {X: lon + 77_000, Y: lat + 44_000}, {X: lon + 130_000, Y: lat + 90_000}}
	g := NewGround(Source{Base: area(q.bound()), Barriers: []Barrier{{Kind: "primary", Name: "路", Line: line}}})
	var sum, all float64
	for _, x := range g.Facts(q.units(), nil) {
		var inside, least float64
		err := db.QueryRow(t.Context(), `
			WITH road AS (SELECT ST_SetSRID(ST_MakeLine(ARRAY[$2::geometry, $3, $4, $5]), 4326) AS way)
			SELECT ST_Length(ST_Intersection($1::geometry, way)::geography), ST_Length(ST_Intersection(ST_Buffer($1::geometry::geography, -30)::geometry, way)::geography) FROM road`,
			x.shape, line[0], line[1], line[2], line[3]).Scan(&inside, &least)
		if err != nil {
			t.Fatal(err)
		}
		got := 0.0
		for _, c := range x.Crossed {
			got += c.Metres
		}
		if got > inside+2*pace || got < least-2*pace {
			t.Errorf("unit %d: %.0f m, PostGIS says %.0f m of %.0f m", x.Ordinal, got, least, inside)
		}
		sum, all = sum+got, all+inside
	}
	if sum < all/2 || sum > all {
		t.Errorf("%.0f m in all of %.0f m", sum, all)
	}
}
