package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/demand"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/topology"
	"wangge/geo/town"
)

// The whole cases of docs/cases.md: from a map and lists to the table that a service
// circle run gives. The figures of that page are what these tests log (go test -v).

// place is an installation of one case.
type place struct {
	*testing.T
	dsn  string
	pool *pgxpool.Pool
}

func newPlace(t *testing.T) place {
	t.Helper()
	dsn := pgtest.DSN(t)
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return place{t, dsn, pool}
}

// do runs a command of wangge on the place's database.
func (p place) do(args ...string) {
	p.Helper()
	mustWangge(p.T, append(args, "--database-url="+p.dsn)...)
}

// run makes a run as a program that has just been started does: nothing is remembered
// of the runs before.
func (p place) run(params circle.Params) circle.Run {
	p.Helper()
	r, err := circle.NewMaker(p.pool, network.NewFootpaths(p.pool)).Run(p.Context(), staff.Local, params, func(string, int64, int64) {})
	if err != nil {
		p.Fatal(explained(err))
	}
	return r
}

// units are what a column says of the units of a level, by name, and logs it.
func (p place) units(r circle.Run, column int, level string) map[string]circle.UnitRow {
	p.Helper()
	rows, err := circle.Units(p.Context(), p.pool, staff.Local, r.ID, column, level)
	if err != nil {
		p.Fatal(err)
	}
	named := map[string]circle.UnitRow{}
	for _, row := range rows {
		p.Log(told(row))
		if _, twice := named[row.Name]; twice {
			p.Fatalf("two units are called %s", row.Name)
		}
		named[row.Name] = row
	}
	return named
}

// told is a row as a line of the log.
func told(r circle.UnitRow) string {
	share := "–"
	if r.Share != nil {
		share = fmt.Sprintf("%.1f %%", *r.Share*100)
	}
	return fmt.Sprintf("%2d %-12s %6d of %6d households, %7d of %7d people, %s, mean %s, P50 %s, P90 %s, points %d, no way %v",
		r.Column, cmp.Or(r.Name, "all"), r.Covered, r.Households, r.CoveredPeople, r.People, share, minutesText(r.Mean), minutesText(r.P50), minutesText(r.P90), r.Points, r.Unreachable)
}

// addsUp checks that the rows of units without overlap are the whole, and that no row
// counts more covered than there are.
func addsUp(t testing.TB, whole circle.UnitRow, parts map[string]circle.UnitRow) {
	t.Helper()
	var households, covered, people, coveredPeople int64
	for name, r := range parts {
		if r.Covered > r.Households || r.CoveredPeople > r.People || r.Rounded || r.Hidden {
			t.Errorf("%s: %+v", name, r.Reach)
		}
		households, covered, people, coveredPeople = households+r.Households, covered+r.Covered, people+r.People, coveredPeople+r.CoveredPeople
	}
	if households != whole.Households || covered != whole.Covered || people != whole.People || coveredPeople != whole.CoveredPeople {
		t.Errorf("column %d: the units have %d households, %d of them covered, %d people, %d of them covered; the whole says %+v",
			whole.Column, households, covered, people, coveredPeople, whole.Reach)
	}
}

// inventedHouseholds puts one household into every building of the map, with heads by
// the building's number: real buildings, invented people.
const inventedHouseholds = `
	SELECT f.osm_type || f.osm_id AS id, ST_X(at) AS lon, ST_Y(at) AS lat,
	       (f.osm_id % 8 = 0)::int AS "0-2岁", 2 AS "18-59岁", (f.osm_id % 3 = 0)::int AS "60-79岁", (f.osm_id % 10 = 0)::int AS "80岁以上"
	FROM map_feature f, ST_PointOnSurface(f.geom) at WHERE f.class = 'building' ORDER BY f.osm_type, f.osm_id`

func TestCaseLiechtenstein(t *testing.T) {
	extract := ledgertest.RealFile(t, "liechtenstein/liechtenstein.osm.pbf").Name()
	p := newPlace(t)
	p.do("import", "osm", extract)
	p.do("import", "boundaries", extract, "--preset", "urban", "--level", "town", "--layer", "8", "--repair", "unreadable=drop", "--publish")
	p.do("import", "map-points")
	households := filepath.Join(t.TempDir(), "households.csv")
	p.copyOut(inventedHouseholds, households)
	p.do("import", "households", households)

	standards := []string{"strict", "gb50180", "router", "elder"}
	var params circle.Params
	for _, function := range []string{"medical", "child-care", "one-stop"} {
		for _, standard := range standards {
			params.Columns = append(params.Columns, circle.Column{Function: function, Standard: circle.Standard{Code: standard}})
		}
	}
	first := p.run(params)
	if again := p.run(params); again.Digest != first.Digest || again.ID == first.ID {
		t.Errorf("run %d has digest %s, run %d of the same %s", first.ID, first.Digest, again.ID, again.Digest)
	}
	for i, whole := range first.Totals {
		t.Logf("column %d: %s, %s", i, params.Columns[i].Function, params.Columns[i].Standard.Code)
		t.Log(told(whole))
		municipalities := p.units(first, i, "town")
		if len(municipalities) != 11 {
			t.Errorf("column %d tells of %d municipalities, want 11", i, len(municipalities))
		}
		addsUp(t, whole, municipalities)
		// Of 8,994 buildings 33 stand beyond the border.
		if whole.Households != 8961 || whole.Covered == 0 || whole.Covered == whole.Households {
			t.Errorf("column %d: %d of %d households are covered, want some of 8,961", i, whole.Covered, whole.Households)
		}
		if params.Columns[i].Function == "medical" {
			for _, name := range []string{"Schaan", "Vaduz"} {
				if served, far := municipalities[name], municipalities["Planken"]; far.Households == 0 || *served.Share <= *far.Share {
					t.Errorf("column %d: %s %s, Planken %s; want the town better served", i, name, told(served), told(far))
				}
			}
		}
	}
	// 800 m, 1,000 m and 1,250 m: who is within the shorter one is within the longer.
	for at := 0; at < len(first.Totals); at += len(standards) {
		strict, gb, router := p.covered(first, at), p.covered(first, at+1), p.covered(first, at+2)
		for name := range gb {
			if strict[name] > gb[name] || gb[name] > router[name] {
				t.Errorf("%s, %s: %d by strict, %d by gb50180, %d by router", params.Columns[at].Function, name, strict[name], gb[name], router[name])
			}
		}
	}
}

// covered are the covered households of every unit in a column.
func (p place) covered(r circle.Run, column int) map[string]int64 {
	p.Helper()
	rows, err := circle.Units(p.Context(), p.pool, staff.Local, r.ID, column, "")
	if err != nil {
		p.Fatal(err)
	}
	covered := map[string]int64{}
	for _, row := range rows {
		covered[row.Unit] = row.Covered
	}
	return covered
}

// copyOut writes the rows of a query into a CSV file.
func (p place) copyOut(query, name string) {
	p.Helper()
	conn, err := p.pool.Acquire(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	defer conn.Release()
	f, err := os.Create(name)
	if err != nil {
		p.Fatal(err)
	}
	if _, err := conn.Conn().PgConn().CopyTo(p.Context(), f, "COPY ("+query+") TO STDOUT (FORMAT csv, HEADER)"); err != nil {
		p.Fatal(err)
	}
	if err := f.Close(); err != nil {
		p.Fatal(err)
	}
}

// quarters are four boxes around Porto Alegre's cells: the city has no units of its own
// in the data.
func quarters() string {
	var features []string
	west, middle, east := "-51.27", "-51.20", "-51.12"
	south, half, north := "-30.13", "-30.05", "-29.98"
	for _, q := range [][6]string{
		{"NW", "Northwest", west, half, middle, north}, {"NE", "Northeast", middle, half, east, north},
		{"SW", "Southwest", west, south, middle, half}, {"SE", "Southeast", middle, south, east, half},
	} {
		features = append(features, fmt.Sprintf(
			`{"type":"Feature","properties":{"code":"%s","name":"%s"},"geometry":{"type":"Polygon","coordinates":[[[%[3]s,%[4]s],[%[5]s,%[4]s],[%[5]s,%[6]s],[%[3]s,%[6]s],[%[3]s,%[4]s]]]}}`,
			q[0], q[1], q[2], q[3], q[4], q[5]))
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + `]}`
}

// cellServices makes service points of the cells that have health care or schools: as
// many places as the cell has stand at its centre as one point of that capacity.
func cellServices(t testing.TB, grid io.Reader) string {
	t.Helper()
	rows, err := csv.NewReader(grid).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var out strings.Builder
	out.WriteString("id,name,functions,capacity,lon,lat\n")
	for _, row := range rows[1:] {
		for _, kind := range []struct{ column, function string }{{"healthcare", "medical"}, {"schools", "study"}} {
			if n, _ := strconv.Atoi(row[column[kind.column]]); n > 0 {
				fmt.Fprintf(&out, "%s-%s,%s %s,%s,%d,%s,%s\n", row[0], kind.function, kind.column, row[0], kind.function, n, row[column["lon"]], row[column["lat"]])
			}
		}
	}
	return out.String()
}

func TestCasePortoAlegre(t *testing.T) {
	extract := ledgertest.RealFile(t, "porto-alegre/poa.osm.pbf").Name()
	hexagons := ledgertest.RealFile(t, "porto-alegre/poa_hexgrid.csv")
	p := newPlace(t)
	folder := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	p.do("import", "osm", extract)
	boxes := []string{"import", "boundaries", file("quarters.geojson", quarters()), "--preset", "urban", "--level", "town", "--publish", "--database-url=" + p.dsn}
	if _, err := wangge(t, boxes...); err == nil {
		t.Error("boxes that fit any reference system came in unconfirmed")
	}
	mustWangge(t, append(boxes, "--confirm", "boxes drawn for this case")...)
	p.do("import", "service-points", file("services.csv", cellServices(t, hexagons)), "--confirm", "centres of H3 cells")
	p.do("import", "demand", hexagons.Name(), "--name", "cells")
	p.do("import", "demand", hexagons.Name(), "--name", "spread", "--spread")
	sets, err := demand.List(t.Context(), p.pool, staff.Local)
	if err != nil || len(sets) != 2 || sets[0].Buildings != 0 || sets[1].Buildings != 8 {
		t.Fatalf("demand sets %+v, %v; want the cells, and the cells in the 8 buildings that the map has in them", sets, err)
	}

	standard := func(minutes float64) circle.Standard {
		return circle.Standard{Minutes: minutes, Speed: 4000, Profile: "adult"}
	}
	var whole []circle.UnitRow
	for _, set := range sets {
		r := p.run(circle.Params{Demand: set.ID, Measures: []string{circle.Catchment}, Columns: []circle.Column{
			{Function: "medical", Standard: standard(10)}, {Function: "medical", Standard: standard(15)},
			{Function: "study", Standard: standard(10)}, {Function: "study", Standard: standard(15)},
		}})
		if r.Inputs.Demand != set.Digest {
			t.Errorf("inputs name the demand %q, want %s", r.Inputs.Demand, set.Digest)
		}
		for i, total := range r.Totals {
			t.Log(set.Name, told(total))
			parts := p.units(r, i, "town")
			if len(parts) != 4 {
				t.Errorf("%d quarters, want 4", len(parts))
			}
			addsUp(t, total, parts)
			if total.People != 812_935 {
				t.Errorf("column %d counts %d people, want 812,935", i, total.People)
			}
			if total.CoveredPeople == 0 || total.CoveredPeople == total.People {
				t.Errorf("column %d: %d of %d people are covered", i, total.CoveredPeople, total.People)
			}
			// 2SFCA shares out what there is: over all people it is the supply again.
			var shared float64
			for name, row := range parts {
				if row.Catchment == nil || row.Enhanced == nil || *row.Catchment <= 0 || *row.Enhanced <= 0 {
					t.Fatalf("column %d, %s: 2SFCA %v, E2SFCA %v", i, name, row.Catchment, row.Enhanced)
				}
				t.Logf("%d %s: 2SFCA %.3f, E2SFCA %.3f", i, name, *row.Catchment, *row.Enhanced)
				shared += *row.Catchment / 1000 * float64(row.People)
			}
			if supply := []float64{141, 141, 194, 194}[i]; math.Abs(shared-supply) > 0.01*supply {
				t.Errorf("column %d: 2SFCA shares out %.2f places of %.0f", i, shared, supply)
			}
		}
		for _, ten := range []int{0, 2} {
			shorter, longer := p.covered(r, ten), p.covered(r, ten+1)
			for unit := range longer {
				if shorter[unit] > longer[unit] {
					t.Errorf("column %d, %s: %d within 10 minutes, %d within 15", ten, unit, shorter[unit], longer[unit])
				}
			}
		}
		whole = append(whole, r.Totals...)
	}
	// With 8 buildings there is next to nothing to spread people over.
	for i := range 4 {
		if a, b := *whole[i].SharePeople, *whole[i+4].SharePeople; math.Abs(a-b) > 0.001 {
			t.Errorf("column %d covers %.4f of the people, spread %.4f", i, a, b)
		}
	}
}

var gb50180 = circle.Standard{Code: "gb50180"}

func TestCaseKangqiao(t *testing.T) {
	p := newPlace(t)
	if err := loadDemo(t.Context(), p.pool, town.Options{Households: 10_000, Seed: 1, Now: time.Now()}, progress{w: io.Discard, began: time.Now()}); err != nil {
		t.Fatal(err)
	}
	tiers := []string{"center", "station", "point", "other"}
	var params circle.Params
	for _, tier := range tiers {
		params.Columns = append(params.Columns, circle.Column{Tiers: []string{tier}, Standard: gb50180})
	}
	params.Columns = append(params.Columns, circle.Column{Standard: gb50180})
	r := p.run(params)
	all := r.Totals[len(tiers)]
	var sum int64
	points := 0
	for i, total := range r.Totals {
		t.Log(told(total))
		villages := p.units(r, i, "village")
		if len(villages) != 40 {
			t.Errorf("column %d lists %d villages, want all 40", i, len(villages))
		}
		addsUp(t, total, villages)
		if i == len(tiers) {
			break
		}
		if total.Covered == 0 || total.Covered > all.Covered {
			t.Errorf("%s covers %d households, all tiers together %d", tiers[i], total.Covered, all.Covered)
		}
		sum, points = sum+total.Covered, points+total.Points
	}
	if all.Covered > sum || all.Points != points || all.Households < 9_900 {
		t.Errorf("all tiers: %+v; the tiers one by one cover %d and are %d points", all, sum, points)
	}
	if c, s := r.Totals[0], r.Totals[1]; c.Points != 1 || s.Points != 6 || r.Totals[2].Points > 62 || r.Totals[2].Points < 45 {
		t.Errorf("%d center, %d stations, %d points; want 1 + 6 + those of 62 that are open", c.Points, s.Points, r.Totals[2].Points)
	}
}

// twelveVillages are twelve neighbouring villages of the invented town, with all its
// streets, their own households and no service points yet.
func twelveVillages(t testing.TB) *town.Town {
	t.Helper()
	made, err := town.Generate(t.Context(), town.Options{Households: 10_000, Seed: 1, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var top, cluster town.Unit
	var villages []town.Unit
	for _, u := range made.Units {
		switch {
		case u.Level == town.LevelTown:
			top = u
		case u.Level == town.LevelCluster && cluster.Code == "":
			cluster = u
		case u.Level == town.LevelVillage:
			villages = append(villages, u)
		}
	}
	first := villages[slices.IndexFunc(villages, func(u town.Unit) bool { return u.Kind == "village" })].Label
	away := func(u town.Unit) float64 {
		return math.Hypot(float64(u.Label.X-first.X), float64(u.Label.Y-first.Y))
	}
	slices.SortFunc(villages, func(a, b town.Unit) int { return cmp.Compare(away(a), away(b)) })
	villages = villages[:12]
	var areas []geo.MultiPolygon
	kept := map[string]bool{}
	for i := range villages {
		villages[i].Parent = cluster.Code
		areas, kept[villages[i].Code] = append(areas, villages[i].Area), true
	}
	top.Area = topology.Union(areas...)
	cluster.Area, cluster.Parent = top.Area, top.Code
	made.Units = append([]town.Unit{top, cluster}, villages...)
	made.Levels = slices.DeleteFunc(made.Levels, func(l town.Level) bool {
		return l.Code != town.LevelTown && l.Code != town.LevelCluster && l.Code != town.LevelVillage
	})
	made.Households = slices.DeleteFunc(made.Households, func(h town.Household) bool {
		return !kept[h.Unit[:12]]
	})
	made.ServicePoints, made.Tracks, made.Zones = nil, nil, nil
	return made
}

// homes are the households of a village.
func homes(t *town.Town, village town.Unit) (list []town.Household) {
	for _, h := range t.Households {
		if h.Unit[:12] == village.Code {
			list = append(list, h)
		}
	}
	return list
}

// openPoint adds a point that has been open for years, in the building of a household of the
// village.
func openPoint(t *town.Town, dice *rand.Rand, village town.Unit, tier, name string, functions ...string) {
	among := homes(t, village)
	home := among[dice.IntN(len(among))]
	point := town.ServicePoint{
		ID: fmt.Sprintf("P%03d", len(t.ServicePoints)+1), Tier: tier, Name: village.Name + name, Address: home.Address, Capacity: 20,
		At: home.At, Life: []town.Stage{{State: town.Active, From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}
	for _, f := range functions {
		point.Functions = append(point.Functions, town.Function{Code: f, Hours: "Mo-Su 08:00-18:00"})
	}
	t.ServicePoints = append(t.ServicePoints, point)
}

// settle brings a town into an installation as the demo town comes in: the map, units
// in force, and the lists as files.
func (p place) settle(made *town.Town) {
	p.Helper()
	if _, err := network.Store(p.Context(), p.pool, staff.System, network.Source{FileName: "twelve villages", Attribution: made.Notice}, demoFeatures(made)); err != nil {
		p.Fatal(err)
	}
	if err := publishDemo(p.Context(), p.pool, made, progress{w: io.Discard, began: time.Now()}); err != nil {
		p.Fatal(err)
	}
	folder := p.TempDir()
	if err := made.Files(p.Context(), folder); err != nil {
		p.Fatal(err)
	}
	p.do("import", "households", filepath.Join(folder, "households.csv"), "--confirm", "invented")
	p.do("import", "service-points", filepath.Join(folder, "service-points.csv"), "--confirm", "invented")
}

// sevenInOne are the functions of a point of Lüxiang: 七点合一.
var sevenInOne = []string{"study", "one-stop", "deliberation", "opinion", "deputy", "volunteer", "mediation"}

// lacking are the villages of a run without a point, by column.
func (p place) lacking(r circle.Run) (list []string) {
	p.Helper()
	rows, err := circle.Units(p.Context(), p.pool, staff.Local, r.ID, -1, "village")
	if err != nil {
		p.Fatal(err)
	}
	for _, row := range rows {
		if row.Points == 0 {
			list = append(list, row.Unit+" "+r.Params.Columns[row.Column].Function)
		}
	}
	return list
}

func TestCaseLüxiang(t *testing.T) {
	made := twelveVillages(t)
	dice := rand.New(rand.NewPCG(81, 12))
	// Every village has a point with all seven functions; the other 69 stand anywhere in
	// it and offer three to seven of them.
	villages := made.Units[2:]
	for i := range 81 {
		v := villages[i%12]
		if i >= 12 {
			v = villages[dice.IntN(12)]
		}
		offered := slices.Clone(sevenInOne)
		if i >= 12 {
			dice.Shuffle(7, func(a, b int) { offered[a], offered[b] = offered[b], offered[a] })
			offered = offered[:3+dice.IntN(5)]
		}
		openPoint(made, dice, v, "point", fmt.Sprintf("巷邻坊%d", i+1), offered...)
	}
	p := newPlace(t)
	p.settle(made)

	params := circle.Params{Columns: []circle.Column{{Standard: gb50180}}}
	for _, f := range sevenInOne {
		params.Columns = append(params.Columns, circle.Column{Function: f, Standard: gb50180})
	}
	r := p.run(params)
	if lacking := p.lacking(r); len(lacking) > 0 {
		t.Errorf("villages without a point: %v", lacking)
	}
	fewest, most, sum := math.MaxInt, 0, 0
	for i, total := range r.Totals {
		t.Log(cmp.Or(params.Columns[i].Function, "any"), told(total))
		rows := p.units(r, i, "village")
		addsUp(t, total, rows)
		if len(rows) != 12 {
			t.Errorf("%d villages, want 12", len(rows))
		}
		if i > 0 {
			continue
		}
		for _, row := range rows {
			fewest, most, sum = min(fewest, row.Points), max(most, row.Points), sum+row.Points
		}
	}
	t.Logf("points in a village: %d to %d, %d in all", fewest, most, sum)
	if mean := float64(sum) / 12; mean != 6.75 || r.Totals[0].Points != 81 {
		t.Errorf("%.2f points in a village on average and %d in all, want 6.75 and 81", mean, r.Totals[0].Points)
	}

	// The check finds what is missing: close all points of one village that offer one.
	list, err := servicepoint.List(t.Context(), p.pool, staff.Local, grid.Today(), servicepoint.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	changed := params
	for _, point := range list {
		if point.Unit == villages[0].Code && slices.ContainsFunc(point.Functions, func(f servicepoint.Function) bool { return f.Function == "mediation" }) {
			changed.Changes = append(changed.Changes, circle.Change{Point: point.ID, Do: "close"})
		}
	}
	want := villages[0].Code + " mediation"
	without := p.run(changed)
	t.Logf("%d points closed:", len(changed.Changes))
	rows := p.units(without, len(sevenInOne), "village")
	if lacking := p.lacking(without); len(changed.Changes) == 0 || !slices.Equal(lacking, []string{want}) {
		t.Errorf("with %d points closed, lacking are %v, want %s", len(changed.Changes), lacking, want)
	}
	// Who lives there walks farther, to the next village.
	if was, is := p.units(r, len(sevenInOne), "village")[villages[0].Name], rows[villages[0].Name]; *is.Mean <= *was.Mean {
		t.Errorf("before %s, without %s", told(was), told(is))
	}
}

func TestCaseQingshen(t *testing.T) {
	made := twelveVillages(t)
	dice := rand.New(rand.NewPCG(3, 13))
	villages := made.Units[2:]
	// Three comprehensive points in villages apart from each other, thirteen of groups:
	// one in every village and another in one.
	for i, v := range []int{0, 5, 10} {
		openPoint(made, dice, villages[v], []string{"center", "station", "station"}[i], "综合服务点", "one-stop", "medical", "elderly-care", "child-care")
	}
	for i := range 13 {
		openPoint(made, dice, villages[i%12], "point", fmt.Sprintf("组级服务点%d", i+1), "one-stop", "elderly-care")
	}
	p := newPlace(t)
	p.settle(made)

	params := circle.Params{Columns: []circle.Column{
		{Tiers: []string{"center", "station"}, Standard: gb50180},
		{Tiers: []string{"point"}, Standard: gb50180},
		{Standard: gb50180},
	}}
	before := p.run(params)
	for i, want := range []int{3, 13, 16} {
		total := before.Totals[i]
		t.Log(told(total))
		addsUp(t, total, p.units(before, i, "village"))
		if total.Points != want || total.Covered == 0 || total.Covered > before.Totals[2].Covered {
			t.Errorf("column %d: %+v, want %d points", i, total, want)
		}
	}

	// Villages are merged and five of the group points close: 服务半径增大.
	list, err := servicepoint.List(t.Context(), p.pool, staff.Local, grid.Today(), servicepoint.Filter{Tier: "point", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	closing := params
	closing.Before = before.ID
	for _, point := range list {
		if n, _ := strconv.Atoi(strings.TrimLeft(point.SourceID, "P0")); n > 3 && n <= 8 {
			t.Log("closed:", point.Name)
			closing.Changes = append(closing.Changes, circle.Change{Point: point.ID, Do: "close"})
		}
	}
	after := p.run(closing)
	if after.Totals[1].Points != 8 {
		t.Errorf("%d group points are left of 13, want 8", after.Totals[1].Points)
	}
	difference, err := circle.Compare(t.Context(), p.pool, staff.Local, before.ID, after.ID, 2, "village")
	if err != nil || len(difference) != 12 {
		t.Fatalf("%d villages compared, %v", len(difference), err)
	}
	longer := 0
	for _, d := range difference {
		t.Logf("%s: mean %s → %s, P90 %s → %s, covered %d → %d of %d", d.Name, minutesText(d.Before.Mean), minutesText(d.After.Mean),
			minutesText(d.Before.P90), minutesText(d.After.P90), d.Before.Covered, d.After.Covered, d.After.Households)
		if d.Before.Mean == nil || d.After.Mean == nil || d.Before.P90 == nil || d.After.P90 == nil {
			t.Errorf("%s: a village without a mean or a 90th percentile", d.Name)
			continue
		}
		if *d.After.Mean < *d.Before.Mean || *d.After.P90 < *d.Before.P90 || d.After.Covered > d.Before.Covered {
			t.Errorf("%s is nearer with fewer points", d.Name)
		}
		if *d.After.Mean > *d.Before.Mean && *d.After.P90 > *d.Before.P90 {
			longer++
		}
	}
	if longer == 0 {
		t.Error("no village walks farther without five of its points")
	}
	t.Log("after:", told(after.Totals[2]))
}
