package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestAreaIsThatOfPostGISGeography(t *testing.T) {
	db := pgtest.Tx(t)
	random := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		area := geo.MultiPolygon{geo.Polygon{star(random, 3+random.IntN(60))}}
		var want float64
		if err := db.QueryRow(t.Context(), `SELECT ST_Area($1::geometry::geography)`, area).Scan(&want); err != nil {
			t.Fatal(err)
		}
		if got := float64(area.SquareMeters()); math.Abs(got-want) > 3e-4*want {
			t.Errorf("area at latitude %d = %.1f m², PostGIS says %.1f m²", area[0][0][0].Y/geo.Scale, got, want)
		}
	}
}

func TestAreaOfSliversAndOfWholeProvincesIsThatOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	rectangle := func(lon, lat, width, height int32) geo.MultiPolygon {
		return geo.MultiPolygon{{{{X: lon, Y: lat}, {X: lon + width, Y: lat}, {X: lon + width, Y: lat + height}, {X: lon, Y: lat + height}}}}
	}
	tests := []struct {
		name string
		area geo.MultiPolygon
	}{
		{"2 cm by 50 m", rectangle(1_201_234_567, 302_345_678, 2, 4500)},
		{"one lattice square far in the north", rectangle(1_234_567_891, 531_234_567, 1, 1)},
		{"a house", rectangle(1_201_234_567, 302_345_678, 1000, 1200)},
		{"a town on the equator", rectangle(1_000_000_000, -300_000, 700_000, 600_000)},
		{"south of the equator", rectangle(-512_000_000, -301_000_000, 90_000, 80_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want float64
			if err := db.QueryRow(t.Context(), `SELECT ST_Area($1::geometry::geography)`, tt.area).Scan(&want); err != nil {
				t.Fatal(err)
			}
			// PostGIS gives less than a hundredth of a square metre no digits.
			if got := float64(tt.area.SquareMeters()); math.Abs(got-want) > 1e-4*want+1e-3 {
				t.Errorf("area = %f m², PostGIS says %f m²", got, want)
			}
		})
	}
}

func TestAreaOfAPartWithAHoleIsTheDifference(t *testing.T) {
	square := func(from, to int32) geo.Ring {
		const lon, lat = 1_200_000_000, 300_000_000
		return geo.Ring{{X: lon + from, Y: lat + from}, {X: lon + to, Y: lat + from}, {X: lon + to, Y: lat + to}, {X: lon + from, Y: lat + to}}
	}
	whole, hole := geo.MultiPolygon{{square(0, 9000)}}, geo.MultiPolygon{{square(3000, 6000)}}
	pierced := geo.MultiPolygon{{square(0, 9000), square(3000, 6000).Reversed()}}
	got, want := float64(pierced.SquareMeters()), float64(whole.SquareMeters()-hole.SquareMeters())
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("area with a hole = %f m², want %f m²", got, want)
	}
	if got := (geo.MultiPolygon{}).SquareMeters(); got != 0 {
		t.Errorf("area of nothing = %f m²", got)
	}
}

func TestAreaOfParcelsAddsUpToTheWhole(t *testing.T) {
	const lon, lat, side, n = 1_201_000_000, 302_000_000, 4000, 20
	square := func(x, y, side int32) geo.MultiPolygon {
		return geo.MultiPolygon{{{{X: lon + x, Y: lat + y}, {X: lon + x + side, Y: lat + y}, {X: lon + x + side, Y: lat + y + side}, {X: lon + x, Y: lat + y + side}}}}
	}
	var sum geo.SquareMeters
	for i := range int32(n * n) {
		sum += square(i%n*side, i/n*side, side).SquareMeters()
	}
	if whole := square(0, 0, n*side).SquareMeters(); math.Abs(float64(sum-whole)) > 1e-4 {
		t.Errorf("400 parcels have %f m² together, the whole has %f m²", sum, whole)
	}
}

func TestPerimeterAndCompactnessAreThoseOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	random := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		outer := star(random, 3+random.IntN(60))
		hole := make(geo.Ring, len(outer))
		for i, p := range outer { // drawn in around a place inside
			hole[i] = geo.Point{X: outer[0].X + (p.X-outer[0].X)/50, Y: outer[0].Y + (p.Y-outer[0].Y)/50}
		}
		area := geo.MultiPolygon{geo.Polygon{outer, hole.Reversed()}}
		var rings, want float64
		err := db.QueryRow(t.Context(), `SELECT ST_Perimeter($1::geometry::geography), 4 * pi() * ST_Area($2::geometry::geography) / ST_Perimeter($2::geometry::geography) ^ 2`,
			area, geo.MultiPolygon{{outer}}).Scan(&rings, &want)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(area.Perimeter()); math.Abs(got-rings) > 1e-6*rings {
			t.Errorf("perimeter = %.4f m, PostGIS says %.4f m", got, rings)
		}
		if got := (geo.MultiPolygon{{outer}}).Compactness(); math.Abs(got-want) > 3e-4*want {
			t.Errorf("compactness = %.6f, PostGIS says %.6f", got, want)
		}
	}
	square := geo.MultiPolygon{{{{X: 0, Y: -5000}, {X: 10_000, Y: -5000}, {X: 10_000, Y: 5000}, {X: 0, Y: 5000}}}}
	if got := square.Compactness(); math.Abs(got-math.Pi/4) > 1e-4 {
		t.Errorf("compactness of a square = %f", got)
	}
	if got := (geo.MultiPolygon{}).Compactness(); got != 0 {
		t.Errorf("compactness of nothing = %f", got)
	}
}

func TestDistanceIsThatOfPostGIS(t *testing.T) {
	db := pgtest.Tx(t)
	random := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		a := orb.Point{75 + 60*random.Float64(), 18 + 35*random.Float64()}
		b := orb.Point{a[0] + 0.02*(random.Float64()-0.5), a[1] + 0.02*(random.Float64()-0.5)}
		var sphere, ellipsoid float64
		err := db.QueryRow(t.Context(), `SELECT ST_DistanceSphere($1, $2), ST_Distance($1::geometry::geography, $2::geometry::geography)`, a, b).Scan(&sphere, &ellipsoid)
		if err != nil {
			t.Fatal(err)
		}
		got := float64(geo.Distance(a, b))
		if math.Abs(got-sphere) > 1e-3+1e-6*sphere {
			t.Errorf("Distance(%v, %v) = %f m, PostGIS on the sphere says %f m", a, b, got, sphere)
		}
		if math.Abs(got-ellipsoid) > 5e-3*ellipsoid+0.01 {
			t.Errorf("Distance(%v, %v) = %f m, PostGIS says %f m", a, b, got, ellipsoid)
		}
	}
}

func TestDistanceOfExtremePlaces(t *testing.T) {
	half := geo.Meters(math.Pi) * geo.EarthRadius
	tests := []struct {
		name string
		a, b orb.Point
		want geo.Meters
	}{
		{"the same place", orb.Point{120, 30}, orb.Point{120, 30}, 0},
		{"the other side of the Earth", orb.Point{0, 0}, orb.Point{180, 0}, half},
		{"from pole to pole", orb.Point{17, 90}, orb.Point{-42, -90}, half},
		{"across the date line", orb.Point{179.9995, 0}, orb.Point{-179.9995, 0}, geo.Meters(geo.MetersPerDegree * 0.001)},
		{"one lattice step of latitude", orb.Point{120, 30}, orb.Point{120, 30.0000001}, geo.Meters(geo.MetersPerDegree * 1e-7)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := geo.Distance(tt.a, tt.b); math.Abs(float64(got-tt.want)) > 1e-6*float64(tt.want)+1e-5 {
				t.Errorf("Distance = %f m, want %f m", got, tt.want)
			}
		})
	}
}
