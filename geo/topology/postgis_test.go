package topology

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
)

// postgis is a connection to a database of its own with PostGIS in it. Without
// WANGGE_TEST_DATABASE the test is skipped, in CI it fails.
func postgis(t *testing.T) *pgx.Conn {
	t.Helper()
	dsn := os.Getenv("WANGGE_TEST_DATABASE")
	if dsn == "" {
		const why = "WANGGE_TEST_DATABASE is not set: nothing is compared with PostGIS"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip("SKIPPED, " + why)
	}
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("topology_test_%d", os.Getpid())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	config := admin.Config().Copy()
	config.Database = name
	db, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = db.Close(ctx)
		if _, err := admin.Exec(ctx, "DROP DATABASE "+name); err != nil {
			t.Error(err)
		}
		_ = admin.Close(ctx)
	})
	if _, err := db.Exec(ctx, "CREATE EXTENSION postgis"); err != nil {
		t.Fatal(err)
	}
	return db
}

// wkt writes an area in whole lattice steps, on which PostGIS computes exactly
// what it can.
func wkt(area geo.MultiPolygon) string {
	if len(area) == 0 {
		return "MULTIPOLYGON EMPTY"
	}
	var polygons []string
	for _, polygon := range area {
		var rings []string
		for _, r := range polygon {
			var points []string
			for i := range len(r) + 1 {
				p := r[i%len(r)]
				points = append(points, fmt.Sprintf("%d %d", p.X, p.Y))
			}
			rings = append(rings, "("+strings.Join(points, ",")+")")
		}
		polygons = append(polygons, "("+strings.Join(rings, ",")+")")
	}
	return "MULTIPOLYGON(" + strings.Join(polygons, ",") + ")"
}

func doubled(area geo.MultiPolygon) int64 {
	var sum int64
	for _, polygon := range area {
		for _, r := range polygon {
			sum += r.DoubledArea()
		}
	}
	return sum
}

// question is one comparison: two areas, and what we say about them.
type question struct {
	a, b    geo.MultiPolygon
	valid   bool // a
	common  int64
	union   int64
	outside int64
}

// ask compares our answers with those of PostGIS, many in one query. tolerance
// is how many doubled square steps snap rounding may move per pair.
func ask(t *testing.T, db *pgx.Conn, questions []question, tolerance float64) {
	t.Helper()
	var as, bs []string
	for _, q := range questions {
		as, bs = append(as, wkt(q.a)), append(bs, wkt(q.b))
	}
	rows, err := db.Query(context.Background(), `
		SELECT ST_IsValid(a), ST_IsValidReason(a),
			CASE WHEN ST_IsValid(a) AND ST_IsValid(b) THEN ST_Area(ST_Intersection(a, b)) * 2 ELSE -1 END,
			CASE WHEN ST_IsValid(a) AND ST_IsValid(b) THEN ST_Area(ST_Union(a, b)) * 2 ELSE -1 END,
			CASE WHEN ST_IsValid(a) AND ST_IsValid(b) THEN ST_Area(ST_Difference(a, b)) * 2 ELSE -1 END
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(at, bt, i),
			LATERAL (SELECT ST_GeomFromText(at) AS a, ST_GeomFromText(bt) AS b) AS g
		ORDER BY i`, as, bs)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		var valid bool
		var reason string
		var common, union, outside float64
		if err := rows.Scan(&valid, &reason, &common, &union, &outside); err != nil {
			t.Fatal(err)
		}
		q := questions[i]
		if valid != q.valid {
			t.Errorf("PostGIS says valid = %v (%s), we say %v: %s", valid, reason, q.valid, as[i])
		}
		if common < 0 {
			continue
		}
		for _, c := range []struct {
			name      string
			got, want float64
		}{{"intersection", float64(q.common), common}, {"union", float64(q.union), union}, {"difference", float64(q.outside), outside}} {
			if math.Abs(c.got-c.want) > tolerance {
				t.Errorf("%s of %s and %s: %v doubled square steps, PostGIS says %v", c.name, as[i], bs[i], c.got, c.want)
			}
		}
		if t.Failed() {
			return
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// answer asks us: a and b are two parts, and b is also their parent.
func answer(t *testing.T, a, b geo.MultiPolygon) question {
	t.Helper()
	q := question{a: a, b: b, valid: ownFlaws(a) == nil}
	for _, v := range build(t, nil, []Part{{Code: "a", Area: a}, {Code: "b", Area: b}}).Violations() {
		if v.Kind == Overlap {
			q.common += doubled(v.Area)
		}
	}
	for _, v := range build(t, []Part{{Code: "b", Area: b}}, []Part{{Code: "a", Area: a}}).Violations() {
		if v.Kind == Outside {
			q.outside += doubled(v.Area)
		}
	}
	q.union = doubled(Union(a, b))
	return q
}

// star is a simple ring around a middle, of random radii.
func star(rng *rand.Rand, middle geo.Point, radius float64, corners int) geo.Ring {
	r := make(geo.Ring, corners)
	for i := range r {
		angle := (float64(i) + 0.8*rng.Float64()) / float64(corners) * 2 * math.Pi
		far := radius * (0.4 + 0.6*rng.Float64())
		r[i] = geo.Point{X: middle.X + int32(far*math.Cos(angle)), Y: middle.Y + int32(far*math.Sin(angle))}
	}
	return r
}

func TestOverlapsAndUnionsAgreeWithPostGIS(t *testing.T) {
	db := postgis(t)
	rng := rand.New(rand.NewPCG(7, 7))
	const radius = 100_000 // about a kilometre
	var questions []question
	for range 500 {
		one := geo.MultiPolygon{{star(rng, geo.Point{}, radius, 4+rng.IntN(12))}}
		if rng.IntN(2) == 0 {
			one[0] = append(one[0], star(rng, geo.Point{}, radius/4, 4+rng.IntN(4)).Reversed())
		}
		two := geo.MultiPolygon{{star(rng, geo.Point{X: jitter(rng, radius), Y: jitter(rng, radius)}, radius, 4+rng.IntN(12))}}
		questions = append(questions, answer(t, one, two))
	}
	// Every vertex of the result may move by half a step along edges of a radius.
	ask(t, db, questions, 40*radius)
}

func TestDirtyPolygonsAreJudgedAsPostGISJudgesThem(t *testing.T) {
	db := postgis(t)
	rng := rand.New(rand.NewPCG(8, 8))
	valid := 0
	var questions []question
	for len(questions) < 3000 {
		var area geo.MultiPolygon
		size := 4 + rng.Int32N(6)
		for range 1 + rng.IntN(2) {
			var polygon geo.Polygon
			for range 1 + rng.IntN(3) {
				var r geo.Ring
				for range 3 + rng.IntN(3) {
					r = append(r, geo.Point{X: rng.Int32N(size), Y: rng.Int32N(size)})
				}
				if r = slices.Compact(r); len(r) > 2 && r[0] != r[len(r)-1] {
					polygon = append(polygon, r)
				}
			}
			if len(polygon) > 0 {
				area = append(area, polygon)
			}
		}
		if len(area) == 0 {
			continue
		}
		q := question{a: area, valid: ownFlaws(area) == nil}
		if q.valid {
			valid++
		}
		questions = append(questions, q)
	}
	t.Logf("%d of %d areas are valid", valid, len(questions))
	ask(t, db, questions, math.Inf(1))
}

func TestRepairedPartsAreValidForPostGIS(t *testing.T) {
	db := postgis(t)
	rng := rand.New(rand.NewPCG(9, 9))
	var questions []question
	for range 120 {
		parents, parts := polygonsFrom(randomBytes(rng, 20+rng.IntN(300)), 2)
		m := build(t, disjoint(t, parents), parts)
		for _, v := range m.Violations() {
			if v.Area != nil {
				questions = append(questions, question{a: v.Area, valid: true})
			}
		}
		repairEverything(t, m)
		for _, p := range slices.Concat(m.Parts(), m.Parents()) {
			questions = append(questions, question{a: p.Area, valid: true})
		}
	}
	t.Logf("%d areas", len(questions))
	ask(t, db, questions, math.Inf(1))
}
