package crs_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo/crs"
)

// Every Gauss–Krüger zone against PROJ, which PostGIS asks.
func TestZonesAgreeWithPROJ(t *testing.T) {
	dsn := os.Getenv("WANGGE_TEST_DATABASE")
	if dsn == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("WANGGE_TEST_DATABASE is not set; in CI the comparison with PROJ must run")
		}
		t.Skip("SKIPPED: the comparison of all Gauss–Krüger zones with PROJ needs WANGGE_TEST_DATABASE")
	}
	ctx := context.Background()
	db, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS postgis"); err != nil {
		t.Fatal(err)
	}

	rnd := rand.New(rand.NewPCG(2, 2))
	worst, compared := 0.0, 0
	for code := 4491; code <= 4554; code++ {
		c, err := crs.Parse(strconv.Itoa(code))
		if err != nil {
			t.Fatal(err)
		}
		var lons, lats []float64
		var ours []orb.Point
		for len(ours) < 100 {
			p := orb.Point{60 + 90*rnd.Float64(), 1 + 55*rnd.Float64()}
			q, err := c.FromWGS84(p)
			if err != nil {
				continue
			}
			lons, lats, ours = append(lons, p[0]), append(lats, p[1]), append(ours, q)
		}
		// ST_Transform gives easting first, whatever the code says.
		rows, _ := db.Query(ctx, `
			SELECT ST_X(g), ST_Y(g)
			FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS p(lon, lat, n),
			     LATERAL ST_Transform(ST_SetSRID(ST_Point(lon, lat), 4490), $3::int) AS g
			ORDER BY n`, lons, lats, code)
		theirs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p orb.Point, err error) {
			err = row.Scan(&p[0], &p[1])
			return p, err
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range ours {
			off := math.Hypot(ours[i][0]-theirs[i][0], ours[i][1]-theirs[i][1])
			worst, compared = math.Max(worst, off), compared+1
			if off > 1e-5 {
				t.Fatalf("EPSG:%d at (%v, %v): ours %v, PROJ %v", code, lons[i], lats[i], ours[i], theirs[i])
			}
		}
	}
	t.Logf("%d points in 64 zones, at most %.2g m apart", compared, worst)
}
