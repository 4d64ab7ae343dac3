// Package ledgertest makes units, files and positions for the tests of ledgers.
package ledgertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/sheet"

	"wangge/geo/ledger"
)

// Corner is the south-west corner of the test town, in lattice steps.
var Corner = geo.Point{X: 1_215_600_000, Y: 311_300_000}

// Side is the side of one unit of the test town, in lattice steps: about 1 km.
const Side = 100_000

// Town puts a town of n × n micro-grids in force since 2024-01-01: a village
// "310115001001" over all of them and units "310115001001" + three digits, from
// west to east and south to north. It returns the ids of the micro-grids.
func Town(t testing.TB, db pg.DB, n int) []int64 {
	t.Helper()
	var plan int64
	must(t, db.QueryRow(t.Context(), `
		INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_by, published_at)
		VALUES ('test', 'town-cluster', 'micro-grid', 'published', '2024-01-01', 'test', 'test', now())
		RETURNING id`).Scan(&plan))
	village := unit(t, db, plan, "310115001001", "village", nil, square(0, 0, n))
	ids := make([]int64, 0, n*n)
	for i := range n * n {
		ids = append(ids, unit(t, db, plan, fmt.Sprintf("310115001001%03d", i+1), "micro-grid", &village, square(i%n, i/n, 1)))
	}
	return ids
}

// square is n units wide and high, with its corner at column x and row y.
func square(x, y, n int) geo.MultiPolygon {
	west, south := Corner.X+int32(x)*Side, Corner.Y+int32(y)*Side
	east, north := west+int32(n)*Side, south+int32(n)*Side
	return geo.MultiPolygon{{{{X: west, Y: south}, {X: east, Y: south}, {X: east, Y: north}, {X: west, Y: north}}}}
}

func unit(t testing.TB, db pg.DB, plan int64, code, level string, parent *int64, area geo.MultiPolygon) (id int64) {
	t.Helper()
	must(t, db.QueryRow(t.Context(), `
		INSERT INTO unit (code, preset, level) VALUES ($1, 'town-cluster', $2) RETURNING id`, code, level).Scan(&id))
	_, err := db.Exec(t.Context(), `
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		VALUES ($1, $2, $3, $4, '2024-01-01', $5, $6, $7)`,
		id, parent, plan, "unit "+code, float64(area.SquareMeters()), At(0.5, 0.5), area)
	must(t, err)
	return id
}

// At is the place x and y sides east and north of the town's corner.
func At(x, y float64) geo.Point {
	return geo.Point{X: Corner.X + int32(x*Side), Y: Corner.Y + int32(y*Side)}
}

// LonLat is At as a file writes it: "121.5650000,31.1350000".
func LonLat(x, y float64) string {
	d := At(x, y).Degrees()
	return fmt.Sprintf("%.7f,%.7f", d[0], d[1])
}

// Degrees is At in degrees.
func Degrees(x, y float64) orb.Point { return At(x, y).Degrees() }

// CSV are the rows of a table given as lines.
func CSV(t testing.TB, lines ...string) ledger.Rows {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	s, err := sheet.OpenWith("test.csv", strings.NewReader(text), int64(len(text)), sheet.Options{HeaderLine: 1})
	must(t, err)
	return ledger.FromSheet(s)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
