package demand_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/demand"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var at = ledgertest.LonLat

func table(t testing.TB, lines ...string) ledger.Rows {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	s, err := sheet.OpenWith("test.csv", strings.NewReader(text), int64(len(text)), sheet.Options{HeaderLine: 1})
	if err != nil {
		t.Fatal(err)
	}
	return ledger.FromSheet(s)
}

func options() demand.Options {
	return demand.Options{Name: "2020 census", FileName: "test.csv", Confirm: "test town"}
}

func load(t testing.TB, db pg.DB, lines ...string) demand.Report {
	t.Helper()
	report, err := demand.Import(t.Context(), db, staff.Local, table(t, lines...), options())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// hexagon is the cell of the test town at x and y.
func hexagon(x, y float64, resolution int) string {
	return cell.In(ledgertest.At(x, y), resolution).String()
}

func TestACensusByCellsBecomesASet(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	a, b := hexagon(0.5, 0.5, 9), hexagon(1.5, 1.5, 9)
	lines := []string{"H3编号,户数,0-2岁,3-6岁,7-17岁,18-59岁,60-79岁,80岁以上",
		a + ",10,1,2,3,15,6,2", strings.ToUpper(b) + ",4,0,0,1,5,3,1", hexagon(9, 9, 9) + ",,,,,,,"}
	report := load(t, tx, lines...)
	set := report.Set
	if set == nil || set.Version != 1 || set.Kind != demand.Cells || *set.Resolution != 9 || set.Rows != 3 || set.Outside != 1 ||
		set.Households != 14 || set.People != 39 || !slices.Equal(set.Ages, []int64{1, 2, 4, 20, 9, 3}) || report.Empty != 1 || report.Unchanged {
		t.Fatalf("report = %+v, set = %+v", report, set)
	}
	rows, digest, err := demand.Load(t.Context(), tx, staff.Local, set.ID)
	if err != nil || digest != set.Digest || len(rows) != 2 {
		t.Fatalf("rows = %+v, %v", rows, err)
	}
	first := rows[0]
	if first.Cell.String() != a || first.At != first.Cell.Center() || first.Households != 10 || first.People != 29 || first.Ages != [6]int{1, 2, 3, 15, 6, 2} {
		t.Errorf("first = %+v", first)
	}

	// The same file again changes nothing, another one is the next version.
	again := load(t, tx, lines...)
	if !again.Unchanged || again.Set.ID != set.ID {
		t.Errorf("again = %+v", again)
	}
	lines[1] = a + ",11,1,2,3,15,6,2"
	next := load(t, tx, lines...)
	if next.Unchanged || next.Set.Version != 2 || next.Set.Digest == set.Digest {
		t.Errorf("next = %+v", next.Set)
	}
	list, err := demand.List(t.Context(), tx, staff.Local)
	if err != nil || len(list) != 2 || list[0].Version != 2 {
		t.Errorf("list = %+v, %v", list, err)
	}
	if err := demand.Remove(t.Context(), tx, staff.Local, set.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := demand.Load(t.Context(), tx, staff.Local, set.ID); !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("removed: %v", err)
	}
	if err := demand.Remove(t.Context(), tx, staff.Local, set.ID); !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("removed again: %v", err)
	}
}

func TestPeopleOfBuildings(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	report := load(t, tx, "楼栋编号,经度,纬度,常住人口,联系电话", "A1,"+at(0.25, 0.25)+",42,13800000000", "A2,"+at(0.26, 0.25)+",17.6,13800000001")
	if report.Kind != demand.Places || report.People != 60 || len(report.Dropped) != 1 || report.Rounding != 0.4 || report.Set.Resolution != nil || len(report.Set.Ages) != 0 {
		t.Errorf("report = %+v", report)
	}
	rows, _, err := demand.Load(t.Context(), tx, staff.Local, report.Set.ID)
	if err != nil || len(rows) != 2 || rows[1].People != 18 || rows[1].At != ledgertest.At(0.26, 0.25) || rows[1].Cell != cell.At(rows[1].At) {
		t.Errorf("rows = %+v, %v", rows, err)
	}
	var unit string
	if err := tx.QueryRow(t.Context(), `SELECT u.code FROM demand_set s JOIN unit u ON u.id = s.area_id`).Scan(&unit); err != nil || unit != "310115001001001" {
		t.Errorf("the set is of %q, %v: want the micro-grid that holds both", unit, err)
	}
}

func TestTheHexagonsOfPortoAlegreLoadAsTheyAre(t *testing.T) {
	tx := pgtest.Tx(t)
	f := ledgertest.RealFile(t, "porto-alegre/poa_hexgrid.csv")
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sheet.Open("poa_hexgrid.csv", f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Confirm = ""
	report, err := demand.Import(t.Context(), tx, staff.Local, ledger.FromSheet(s), o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Rows != 1227 || report.People != 812_935 || report.Kind != demand.Cells || *report.Set.Resolution != 9 || !slices.Equal(report.Unknown, []string{"schools", "jobs", "healthcare"}) {
		t.Errorf("report = %+v", report)
	}
}

func TestWhatCannotBeCountedIsRefusedWhole(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	a, b := hexagon(0.5, 0.5, 9), hexagon(1.5, 1.5, 9)
	for _, tt := range []struct {
		name  string
		lines []string
		want  error
		where string // of the first place
		code  string
	}{
		{"no counts", []string{"h3,name", a + ",x"}, demand.ErrCounts, "", ""},
		{"no place", []string{"id,population", "x,5"}, demand.ErrPlaces, "", ""},
		{"half a place", []string{"lon,population", "121.5,5"}, demand.ErrPlaces, "", ""},
		{"nothing", []string{"h3,population"}, ledger.ErrEmpty, "", ""},
		{"no cell", []string{"h3,population", a + ",1", "89zz,5"}, demand.ErrRows, "row 3, column 1 (h3)", "cell_name"},
		{"another resolution", []string{"h3,population", a + ",1", hexagon(1, 1, 8) + ",5"}, demand.ErrRows, "row 3, column 1 (h3)", "cell_resolution"},
		{"a cell twice", []string{"h3,population", a + ",1", b + ",1", a + ",5"}, demand.ErrRows, "row 4, column 1 (h3)", "repeated_id"},
		{"a cell elsewhere", []string{"h3,lon,lat,population", a + "," + at(9, 9) + ",1"}, demand.ErrRows, "row 2, column 2 (lon)", "cell_elsewhere"},
		{"no number", []string{"h3,population", a + ",many"}, demand.ErrRows, "row 2, column 2 (population)", "not_a_number"},
		{"fewer than nobody", []string{"h3,population", a + ",-1"}, demand.ErrRows, "row 2, column 2 (population)", "bad_count"},
		{"too many", []string{"h3,population", a + ",1000001"}, demand.ErrRows, "row 2, column 2 (population)", "bad_count"},
		{"more in the bands than in all", []string{"h3,population,0-2岁,80岁以上", a + ",5,3,3"}, demand.ErrRows, "row 2, column 2 (population)", "ages_exceed_people"},
		{"no position", []string{"lon,lat,population", at(0.5, 0.5) + ",1", ",,5"}, demand.ErrRows, "row 3, column 1 (lon)", "no_place"},
		{"zero, zero", []string{"lon,lat,population", at(0.5, 0.5) + ",1", "0,0,5"}, demand.ErrRows, "row 3, column 1 (lon)", "zero_place"},
		{"swapped", []string{"lat,lon,population", at(0.5, 0.5) + ",1"}, ledger.ErrWrongCRS, "/crs", "crs_mismatch"},
	} {
		_, err := demand.Import(t.Context(), tx, staff.Local, table(t, tt.lines...), options())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			continue
		}
		if tt.where == "" {
			continue
		}
		if places := fault.Of(err).Places; len(places) != 1 || places[0].Pointer != tt.where || places[0].Code != tt.code {
			t.Errorf("%s: places %+v, want %s at %s", tt.name, places, tt.code, tt.where)
		}
	}
	o := options()
	o.Name = " "
	if _, err := demand.Import(t.Context(), tx, staff.Local, table(t, "h3,population", a+",1"), o); !errors.Is(err, demand.ErrName) {
		t.Errorf("no name: %v", err)
	}
	o = options()
	o.Confirm = ""
	if _, err := demand.Import(t.Context(), tx, staff.Local, table(t, "lon,lat,population", at(0.5, 0.5)+",1"), o); !errors.Is(err, ledger.ErrUncheckedCRS) {
		t.Errorf("a reference system that cannot be checked: %v", err)
	}
	o = options()
	o.DryRun = true
	if r, err := demand.Import(t.Context(), tx, staff.Local, table(t, "h3,population", a+",1"), o); err != nil || r.Set != nil || r.People != 1 {
		t.Errorf("dry run: %+v, %v", r, err)
	}
	var sets, rows int
	if err := tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM demand_set), (SELECT count(*) FROM demand)`).Scan(&sets, &rows); err != nil || sets != 0 || rows != 0 {
		t.Errorf("%d sets and %d rows were stored, %v", sets, rows, err)
	}
}

// town is a database with units, its owner's pool and the one of requests.
func town(t *testing.T) (owner *pgxpool.Pool, app pg.DB, units []int64) {
	t.Helper()
	dsn := pgtest.DSN(t)
	owner = pgtest.As(t, dsn, "")
	return owner, pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), ledgertest.Town(t, owner, 2)
}

func TestASetIsSeenInItsAreaOnly(t *testing.T) {
	owner, app, units := town(t)
	_, planner := stafftest.Hold(t, owner, staff.Planner, units[0])
	o := options()
	report, err := demand.Import(t.Context(), owner, planner, table(t, "h3,population", hexagon(0.5, 0.5, 9)+",30"), o)
	if err != nil {
		t.Fatal(err)
	}
	id := report.Set.ID
	look := func(ctx context.Context, db pg.DB, actor staff.Actor) (list, rows int, err error) {
		sets, err := demand.List(ctx, db, actor)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := demand.Load(ctx, db, actor, id)
		return len(sets), len(got), err
	}
	inside, analyst := stafftest.Hold(t, owner, staff.Analyst, units[0])
	if sets, rows, err := look(inside, app, analyst); sets != 1 || rows != 1 || err != nil {
		t.Errorf("its analyst sees %d sets, %d rows, %v", sets, rows, err)
	}
	outside, stranger := stafftest.Hold(t, owner, staff.Analyst, units[1])
	if sets, _, err := look(outside, app, stranger); sets != 0 || !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("another grid's analyst sees %d sets, %v", sets, err)
	}
	// Either wall holds alone: the stranger in the program with every right in the
	// database, and the other way round.
	if sets, _, err := look(t.Context(), owner, stranger); sets != 0 || !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("without the wall of the database: %d sets, %v", sets, err)
	}
	if sets, _, err := look(outside, app, staff.Local); sets != 0 || !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("without the wall of the program: %d sets, %v", sets, err)
	}
	if sets, rows, err := look(t.Context(), app, staff.Local); sets != 0 || rows != 0 || !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("without an account: %d sets, %d rows, %v", sets, rows, err)
	}

	if err := demand.Remove(inside, app, analyst, id); !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("an analyst removes a set: %v", err)
	}
	if err := demand.Remove(inside, app, staff.Local, id); !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("an analyst removes a set, without the wall of the program: %v", err)
	}
	if _, err := demand.Import(t.Context(), owner, analyst, table(t, "h3,population", hexagon(0.5, 0.5, 9)+",30"), o); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("an analyst imports a set: %v", err)
	}
	own, also := stafftest.Hold(t, owner, staff.Planner, units[0])
	if err := demand.Remove(own, app, also, id); err != nil {
		t.Errorf("its planner: %v", err)
	}
	var rows int
	if err := owner.QueryRow(t.Context(), `SELECT count(*) FROM demand`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}

func TestASetElsewhereBelongsToItsImporter(t *testing.T) {
	owner, _, units := town(t)
	_, planner := stafftest.Hold(t, owner, staff.Planner, units[0])
	report, err := demand.Import(t.Context(), owner, planner, table(t, "h3,population", hexagon(1.5, 1.5, 9)+",30"), options())
	if err != nil {
		t.Fatal(err)
	}
	var area int64
	if err := owner.QueryRow(t.Context(), `SELECT area_id FROM demand_set WHERE id = $1`, report.Set.ID).Scan(&area); err != nil || area != units[0] {
		t.Errorf("area %d, %v; want %d", area, err, units[0])
	}
}

func TestSpread(t *testing.T) {
	c, other := cell.In(ledgertest.At(0.5, 0.5), 9), cell.In(ledgertest.At(1.8, 1.8), 9)
	middle := c.Center()
	house := func(id int64, size float64) demand.House {
		return demand.House{ID: id, At: geo.Point{X: middle.X + int32(id)*100, Y: middle.Y}, Size: size}
	}
	rows := []demand.Row{
		{At: c.Center(), Cell: c, Households: 4, People: 10, Ages: [6]int{0, 0, 0, 10, 0, 0}},
		{At: other.Center(), Cell: other, People: 7},                                     // no building
		{At: ledgertest.At(0.5, 0.5), Cell: cell.At(ledgertest.At(0.5, 0.5)), People: 3}, // a place
	}
	got := demand.Spread(rows, []demand.House{house(1, 200), house(2, 100), house(3, 100), house(4, 0)})
	// 10 people by 200:100:100:1 are 4.99, 2.49, 2.49, 0.02: 4, 2, 2, 0 and the two
	// left to the largest remainders, houses 1 and 2.
	var people, households []int
	for _, r := range got {
		people, households = append(people, r.People), append(households, r.Households)
	}
	if !slices.Equal(people, []int{5, 3, 2, 7, 3}) || !slices.Equal(households, []int{2, 1, 1, 0, 0}) {
		t.Errorf("people %v, households %v", people, households)
	}
	if got[0].Ages != [6]int{0, 0, 0, 5, 0, 0} || got[0].At != house(1, 0).At || got[3].At != other.Center() || got[4] != rows[2] {
		t.Errorf("rows %+v", got)
	}
	if all := demand.Spread(rows, nil); !slices.Equal(all, rows) {
		t.Errorf("without buildings: %+v", all)
	}
}

func TestPeopleAreSpreadOverTheBuildingsOfTheMap(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	c := cell.In(ledgertest.At(0.5, 0.5), 9)
	middle := c.Center().Degrees()
	square := func(dx, side float64) orb.Polygon {
		x, y := middle[0]+dx, middle[1]
		return orb.Polygon{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}
	}
	_, err := network.Store(t.Context(), tx, staff.Local, network.Source{FileName: "test"}, slices.Values([]network.Feature{
		{Class: network.Building, OSMType: "w", OSMID: 1, Kind: "yes", Shape: square(0.0002, 0.0002)},
		{Class: network.Building, OSMType: "w", OSMID: 2, Kind: "yes", Shape: square(-0.0002, 0.0001)},
		{Class: network.Street, OSMType: "w", OSMID: 9, Kind: "residential", Nodes: []int64{1, 2}, Shape: orb.LineString{ledgertest.Degrees(0.4, 0.4), ledgertest.Degrees(0.6, 0.6)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Spread = true
	lines := []string{"h3,population,60-79岁", c.String() + ",50,10", hexagon(1.5, 1.5, 9) + ",7,0"}
	report, err := demand.Import(t.Context(), tx, staff.Local, table(t, lines...), o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Buildings != 2 || report.Unspread != 1 || report.People != 57 || report.Set.Buildings != 2 || report.Set.Rows != 3 {
		t.Errorf("report = %+v, set = %+v", report, report.Set)
	}
	rows, _, err := demand.Load(t.Context(), tx, staff.Local, report.Set.ID)
	if err != nil || len(rows) != 3 || rows[0].People != 40 || rows[1].People != 10 || rows[0].Ages[4] != 8 || rows[0].At == c.Center() || rows[0].Cell != c || rows[2].People != 7 {
		t.Errorf("rows = %+v, %v", rows, err)
	}
	// Not spread it is another version: its rows are others.
	if report = load(t, tx, lines...); report.Unchanged || report.Set.Version != 2 || report.Set.Buildings != 0 {
		t.Errorf("not spread: %+v", report)
	}
}

func TestBuildingsOfTheMap(t *testing.T) {
	tx := pgtest.Tx(t)
	square := func(x, y float64) orb.Polygon {
		p := ledgertest.Degrees(x, y)
		return orb.Polygon{{p, {p[0] + 0.0001, p[1]}, {p[0] + 0.0001, p[1] + 0.0001}, {p[0], p[1] + 0.0001}, p}}
	}
	_, err := network.Store(t.Context(), tx, staff.Local, network.Source{FileName: "test"}, slices.Values([]network.Feature{
		{Class: network.Building, OSMType: "w", OSMID: 7, Kind: "yes", Shape: square(0.5, 0.5)},
		{Class: network.Building, OSMType: "w", OSMID: 8, Kind: "yes", Shape: square(8, 8)},
		{Class: network.Street, OSMType: "w", OSMID: 9, Kind: "residential", Nodes: []int64{1, 2}, Shape: orb.LineString{ledgertest.Degrees(0.4, 0.4), ledgertest.Degrees(0.6, 0.6)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	list, err := demand.Buildings(t.Context(), tx, geo.Bound{Min: ledgertest.At(0, 0), Max: ledgertest.At(1, 1)})
	if err != nil || len(list) != 1 || list[0].ID != 7 || list[0].Size < 90 || list[0].Size > 120 {
		t.Errorf("buildings %+v, %v", list, err)
	}
}

func BenchmarkImport(b *testing.B) {
	lines := make([]string, 0, 100_001)
	lines = append(lines, "lon,lat,population")
	for i := range 100_000 {
		lines = append(lines, fmt.Sprintf("%s,%d", at(float64(i%300)/150, float64(i/300)/170), i%90))
	}
	pool := pgtest.Database(b)
	for i := 0; b.Loop(); i++ {
		o := options()
		o.Name = fmt.Sprint("set ", i)
		if _, err := demand.Import(b.Context(), pool, staff.Local, table(b, lines...), o); err != nil {
			b.Fatal(err)
		}
	}
}
