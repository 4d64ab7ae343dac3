package circle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/demand"
	"wangge/geo/fault"
	"wangge/geo/household"
	"wangge/geo/job"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg/pgtest"
	"wangge/geo/servicepoint"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

var newYear = day("2024-01-01")

func day(text string) geo.Day {
	d, err := geo.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// hamlet is a town of four micro-grids with one street from west to east through the
// southern two, 1 side = 953 m, and another one north of it that nothing joins.
type hamlet struct {
	testing.TB
	db     *pgxpool.Pool
	dsn    string
	grids  []int64
	maker  *Maker
	points map[string]int64
	homes  map[string]int64
}

// side is the length of a step of 1 along the street, in metres (ellipsoid, 31.135° N).
const side = 953.66

func newHamlet(t testing.TB) *hamlet {
	t.Helper()
	dsn := pgtest.DSN(t)
	db := pgtest.As(t, dsn, "")
	h := &hamlet{TB: t, db: db, dsn: dsn, grids: ledgertest.Town(t, db, 2), points: map[string]int64{}, homes: map[string]int64{}}
	_, err := network.Store(t.Context(), db, staff.System, network.Source{FileName: "hamlet.osm.pbf", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		for i, y := range []float64{0.5, 1.5} {
			var line orb.LineString
			var nodes []int64
			for k := range 21 {
				line, nodes = append(line, ledgertest.Degrees(float64(k)*0.1, y)), append(nodes, int64(i*100+k+1))
			}
			if !yield(network.Feature{Class: network.Street, OSMType: "w", OSMID: int64(i + 1), Kind: "residential", Nodes: nodes, Shape: line}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	h.maker = NewMaker(db, network.NewFootpaths(db))
	return h
}

// home adds a household of two adults and one elder at a place.
func (h *hamlet) home(name string, x, y float64) int64 {
	h.Helper()
	at := ledgertest.At(x, y)
	two, one := 2, 1
	made, err := household.Add(h.Context(), h.db, staff.Local, name, household.Dwelling{Building: name, Doorplate: "1", Kind: "owner",
		Ages: household.Ages{Age18_59: &two, Age60_79: &one}}, &at)
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.db.Exec(h.Context(), `UPDATE household_unit SET valid_from = '2024-01-01' WHERE household_id = $1`, made.ID); err != nil {
		h.Fatal(err)
	}
	h.homes[name] = made.ID
	return made.ID
}

// point adds an active point that offers a function.
func (h *hamlet) point(name string, x, y float64, f servicepoint.Function, change ...func(*servicepoint.Details)) int64 {
	h.Helper()
	d := servicepoint.Details{Name: name, Tier: "station", Functions: []servicepoint.Function{f}}
	for _, c := range change {
		c(&d)
	}
	p, err := servicepoint.Add(h.Context(), h.db, staff.Local, d, ledgertest.At(x, y), servicepoint.Active, newYear)
	if err != nil {
		h.Fatal(err)
	}
	h.points[name] = p.ID
	return p.ID
}

func (h *hamlet) run(p Params) Run {
	h.Helper()
	r, err := h.maker.Run(h.Context(), staff.Local, p, quiet)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

var gb = Standard{Code: "gb50180"}

func medical(hours string) servicepoint.Function {
	return servicepoint.Function{Function: "medical", Hours: hours}
}

// at asks for standing medical care by the standard of 15 minutes at 4 km/h.
func ask(change ...func(*Params)) Params {
	p := Params{Unit: "310115001001", On: day("2024-06-03"), Columns: []Column{{Function: "medical", Standard: gb}}}
	for _, c := range change {
		c(&p)
	}
	return p
}

// minutes of a walk along the street at 4 km/h.
func walkOf(x float64) float64 { return x * side / 4000 * 60 }

func near(t testing.TB, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 0.02 {
		t.Errorf("%s: %v minutes, want %.3f", what, show(got), want)
	}
}

func show(v *float64) string {
	if v == nil {
		return "no"
	}
	return fmt.Sprintf("%.3f", *v)
}

// village is a hamlet with one medical point at the western end and households along
// the street, one on the other street, one far from any.
func village(t testing.TB) *hamlet {
	h := newHamlet(t)
	h.point("clinic", 0.1, 0.5, medical("Mo-Fr 08:00-17:00"))
	for i, x := range []float64{0.1, 0.3, 0.5, 0.8, 1.0, 1.2, 1.6, 1.9} {
		h.home(fmt.Sprint("s", i), x, 0.5)
	}
	h.home("island", 0.5, 1.5)
	h.home("field", 1.5, 0.95) // 499 m from the street
	return h
}

func TestMinutesAreThoseOfTheStreetAndTheTableAddsUp(t *testing.T) {
	h := village(t)
	r := h.run(ask(func(p *Params) { p.K, p.Measures = 3, []string{Choices, Catchment, Gravity, Cumulative, Load} }))
	if r.State != job.Done || r.Stale || len(r.Digest) != 64 || r.Inputs == nil || r.Inputs.NetworkFile != "hamlet.osm.pbf" {
		t.Fatalf("run %+v", r)
	}
	total := r.Totals[0]
	// 1,000 m reach 1.0486 sides: up to x = 1.1486.
	if total.Unit != "310115001001" || total.Households != 10 || total.Covered != 5 || total.People != 30 || total.CoveredPeople != 15 || total.Rounded {
		t.Errorf("total %+v", total)
	}
	if *total.Share != 0.5 || total.Unreachable["island"] != 1 || total.Unreachable["too_far_from_street"] != 1 || len(total.Unreachable) != 2 {
		t.Errorf("share %v, unreachable %v", *total.Share, total.Unreachable)
	}
	near(t, "median", total.P50, walkOf(0.9)) // the fifth of ten
	if total.P90 != nil {
		t.Errorf("p90 = %v; the ninth of ten reaches nothing", *total.P90)
	}
	near(t, "worst tenth", total.WorstDecile, walkOf(1.8))
	near(t, "mean", total.Mean, walkOf((0+0.2+0.4+0.7+0.9+1.1+1.5+1.8)/8))
	if total.Points != 1 || *total.Choices != 0.5 || *total.Overlap != 0 || *total.Cumulative != 0.5 {
		t.Errorf("points %d, choices %v, overlap %v, cumulative %v", total.Points, *total.Choices, *total.Overlap, *total.Cumulative)
	}
	if want := 1000.0 / 15 / 2; math.Abs(*total.Catchment-want) > 1e-9 { // one point for the 15 it reaches, half of the people
		t.Errorf("catchment %v, want %v", *total.Catchment, want)
	}
	rows, err := Units(t.Context(), h.db, staff.Local, r.ID, 0, "micro-grid")
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	west, east := rows[0], rows[1]
	if west.Unit != "310115001001001" || west.Households != 5 || west.Covered != 5 || east.Households != 4 || east.Covered != 0 || rows[2].Households != 1 || rows[3].Share != nil {
		t.Errorf("west %+v, east %+v, north %+v %+v", west, east, rows[2], rows[3])
	}
	near(t, "median of the west", west.P50, walkOf(0.4))

	for name, want := range map[string]float64{"s0": 0, "s3": walkOf(0.7), "s7": walkOf(1.8)} {
		a, err := HouseholdOf(t.Context(), h.db, staff.Local, r.ID, h.homes[name])
		if err != nil {
			t.Fatal(err)
		}
		got := a.Columns[0]
		near(t, name, got.Minutes, want)
		if got.Covered != (want < 15) || len(got.Nearest) != 1 || got.Nearest[0].Point != h.points["clinic"] || got.Nearest[0].Name != "clinic" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	points, err := Points(t.Context(), h.db, staff.Local, r.ID, -1)
	if err != nil || len(points) != 1 || points[0].Households != 5 || points[0].People != 15 || *points[0].Within != 5 || *points[0].Load != 15 || !points[0].Snapped {
		t.Errorf("points %+v, %v", points, err)
	}
	curve, rounded, err := Curve(t.Context(), h.db, staff.Local, r.ID, 0)
	if err != nil || rounded || len(curve) != 61 || *curve[0].Share != 0.1 || *curve[15].Share != 0.5 || *curve[60].Share != 0.8 {
		t.Errorf("curve %v %v %v", curve, rounded, err)
	}
	var sum int64
	cells, err := Cells(t.Context(), h.db, staff.Local, r.ID, 0, 10)
	for _, c := range cells {
		sum += c.Households
	}
	if err != nil || sum != 10 || cells[0].Name == "" {
		t.Errorf("cells hold %d households, %v", sum, err)
	}
}

func TestTheListOfUncoveredHouseholdsHasThemAllByPages(t *testing.T) {
	h := village(t)
	r := h.run(ask())
	var got []string
	for after := ""; ; {
		page, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			got = append(got, u.Address+" "+u.Reason)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].Cursor()
	}
	want := []string{"s5 1 beyond", "s6 1 beyond", "s7 1 beyond", "field 1 too_far_from_street", "island 1 island"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	north, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{Unit: "310115001001003", Limit: 10})
	if err != nil || len(north) != 1 || north[0].Reason != "island" || north[0].People != 3 || north[0].At[0] == 0 {
		t.Errorf("of the northern grid: %+v, %v", north, err)
	}
	if _, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{After: "x", Limit: 1}); !errors.Is(err, errCursor) {
		t.Errorf("a cursor of nobody: %v", err)
	}
	var recorded int
	if err := h.db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'list' AND subject = 'circle'`).Scan(&recorded); err != nil || recorded != 4 {
		t.Errorf("%d looks are recorded, %v; want 4", recorded, err)
	}
}

// Households that left the ledger after a run are left out of its lists, and no others.
func TestAPageGoesOnBehindHouseholdsThatAreGone(t *testing.T) {
	h := village(t)
	r := h.run(ask())
	all, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{Limit: 100})
	if err != nil || len(all) < 5 {
		t.Fatalf("%d households, %v", len(all), err)
	}
	if _, err := h.db.Exec(t.Context(), `DELETE FROM household WHERE id = $1`, all[0].ID); err != nil {
		t.Fatal(err)
	}
	want := all[1:]
	var got []Household
	for after := ""; ; after = got[len(got)-1].Cursor() {
		page, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{Limit: 1, After: after})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if len(got) != len(want) {
		t.Errorf("%d households by pages of one, want %d", len(got), len(want))
	}
}

func TestWhatCountsInAColumn(t *testing.T) {
	h := newHamlet(t)
	h.home("a", 0.1, 0.5)
	workdays := medical("Mo-Fr 08:00-17:00")
	h.point("open", 0.1, 0.5, workdays)
	h.point("no hours", 0.2, 0.5, medical(""))
	h.point("monthly", 0.3, 0.5, servicepoint.Function{Function: "medical", Hours: "09:00-12:00", Sessions: "FREQ=MONTHLY;BYDAY=1MO"})
	h.point("other", 0.4, 0.5, servicepoint.Function{Function: "culture", Hours: "24/7"})
	h.point("centre", 0.5, 0.5, workdays, func(d *servicepoint.Details) { d.Tier = "center" })
	bus := h.point("bus", 0.6, 0.5, medical(""), func(d *servicepoint.Details) {
		d.Mobile = true
		d.Stops = []servicepoint.Stop{
			{Name: "market", Hours: "Mo 09:00-10:00", Point: ledgertest.Degrees(0.7, 0.5)},
			{Name: "school", Hours: "Tu 09:00-10:00", Point: ledgertest.Degrees(0.8, 0.5)}}
	})
	closed := h.point("closed", 0.9, 0.5, workdays)
	if _, err := servicepoint.SetState(t.Context(), h.db, staff.Local, closed, servicepoint.Closed, day("2024-03-01")); err != nil {
		t.Fatal(err)
	}
	monday := func(clock string) *When { return &When{Weekday: 1, Time: clock} }
	for _, tt := range []struct {
		name string
		col  Column
		on   string
		want []string
	}{
		{"standing", Column{Function: "medical"}, "2024-06-03", []string{"open", "no hours", "centre"}},
		{"before one was closed", Column{Function: "medical"}, "2024-02-01", []string{"open", "no hours", "centre", "closed"}},
		{"sessions and stops too", Column{Function: "medical", Sessions: true}, "2024-06-03", []string{"open", "no hours", "monthly", "centre", "bus · market", "bus · school"}},
		{"any function", Column{}, "2024-06-03", []string{"open", "no hours", "other", "centre"}},
		{"of a tier", Column{Function: "medical", Tiers: []string{"center"}}, "2024-06-03", []string{"centre"}},
		{"on the first Monday", Column{Function: "medical", When: monday("09:30")}, "2024-06-03", []string{"open", "no hours", "monthly", "centre", "bus · market"}},
		{"on the second Monday", Column{Function: "medical", When: monday("09:30")}, "2024-06-10", []string{"open", "no hours", "centre", "bus · market"}},
		{"the Monday after a Tuesday", Column{Function: "medical", When: monday("09:30")}, "2024-06-25", []string{"open", "no hours", "monthly", "centre", "bus · market"}},
		{"at night", Column{Function: "medical", When: monday("22:00")}, "2024-06-03", []string{"no hours"}},
		{"only with known hours", Column{Function: "medical", When: monday("09:30"), HoursKnown: true}, "2024-06-03", []string{"open", "monthly", "centre"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.col.Standard = gb
			r := h.run(ask(func(p *Params) { p.On, p.Columns = day(tt.on), []Column{tt.col} }))
			points, err := Points(t.Context(), h.db, staff.Local, r.ID, 0)
			var got []string
			for _, p := range points {
				got = append(got, p.Name)
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
			if unknown := r.Totals[0].HoursUnknown; tt.col.When == nil && unknown != 0 || tt.name == "on the second Monday" && unknown != 2 {
				t.Errorf("%d points with unknown hours", unknown)
			}
		})
	}
	r := h.run(ask(func(p *Params) {
		at := ledgertest.Degrees(1.9, 0.5)
		p.Changes = []Change{{Do: "close", Point: h.points["open"]}, {Do: "move", Point: bus, At: &at},
			{Do: "add", At: &at, Name: "new", Tier: "point", Functions: []string{"medical"}}, {Do: "hours", Point: h.points["centre"], Hours: "Sa 10:00-12:00"}}
		p.Columns = []Column{{Function: "medical", Standard: gb}, {Function: "medical", Standard: gb, When: &When{6, "11:00"}, HoursKnown: true}}
	}))
	points, err := Points(t.Context(), h.db, staff.Local, r.ID, -1)
	var got []string
	for _, p := range points {
		got = append(got, fmt.Sprint(p.Column, p.Name, p.Point < 0))
	}
	if want := []string{"0no hoursfalse", "0centrefalse", "0busfalse", "0newtrue", "1centrefalse"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("with changes %q, %v; want %q", got, err, want)
	}
}

func TestTheSameInputsGiveTheSameBytes(t *testing.T) {
	h := village(t)
	h.point("second", 1.6, 0.5, medical(""))
	p := ask(func(p *Params) {
		p.K, p.Measures = 2, []string{Choices, Catchment}
		p.Columns = append(p.Columns, Column{Standard: Standard{Code: "strict"}}, Column{Function: "medical", Standard: Standard{Code: "elder"}, Ages: []string{"age_60_79"}},
			Column{Function: "culture", Standard: gb})
	})
	first := h.run(p)
	if again := h.run(p); again.Digest != first.Digest || again.ID == first.ID {
		t.Errorf("again: %s, first %s", again.Digest, first.Digest)
	}
	before := runtime.GOMAXPROCS(1)
	h.maker = NewMaker(h.db, network.NewFootpaths(h.db))
	alone := h.run(p)
	runtime.GOMAXPROCS(before)
	if alone.Digest != first.Digest {
		t.Errorf("on one thread: %s, on %d: %s", alone.Digest, before, first.Digest)
	}
	for column, reason := range map[int]string{3: "no_point"} {
		if r := first.Totals[column]; r.Unreachable[reason] != 10 || r.Covered != 0 || *r.Share != 0 {
			t.Errorf("column %d: %+v", column, r)
		}
	}
	if r := first.Totals[2]; r.People != 10 || r.Households != 10 {
		t.Errorf("elders: %+v", r)
	}
}

func TestARunThatDiffersByAFewPointsIsWhatAFullRunIs(t *testing.T) {
	h := village(t)
	for i, x := range []float64{0.7, 1.3, 1.8, 0.4, 1.1} {
		h.point(fmt.Sprint("p", i), x, 0.5, medical(""))
	}
	at := func(x float64) *orb.Point { d := ledgertest.Degrees(x, 0.5); return &d }
	add := func(x float64) Change {
		return Change{Do: "add", At: at(x), Name: "new", Tier: "point", Functions: []string{"medical"}}
	}
	h.run(ask())
	for i, changes := range [][]Change{
		{add(1.9)}, {add(0.2), add(1.0)}, {{Do: "close", Point: h.points["p1"]}}, nil,
		{{Do: "move", Point: h.points["clinic"], At: at(1.5)}, add(0.6)}, {{Do: "close", Point: h.points["p0"]}, {Do: "close", Point: h.points["p4"]}}, {add(1.9)},
	} {
		p := ask(func(p *Params) { p.Changes, p.K = changes, 2 })
		got := h.run(p)
		fresh := *h
		fresh.maker = &Maker{db: h.db, paths: h.maker.paths} // remembers no walk
		if want := fresh.run(p); got.Digest != want.Digest {
			t.Errorf("%d: %s, in full %s", i, got.Digest, want.Digest)
		}
	}
	if n := h.maker.answers.order.Len(); n != 1 {
		t.Errorf("%d walks were begun from nothing, want 1: the others differ by a few points", n)
	}
}

// Of two points at one place the first serves all: also where an earlier walk knew the
// second alone.
func TestAPointThatComesBetweenOthersIsNotTakenForTheLast(t *testing.T) {
	h := village(t)
	tier := func(name string) func(*servicepoint.Details) {
		return func(d *servicepoint.Details) { d.Tier = name }
	}
	h.point("first", 1.6, 0.5, medical(""), tier("center"))
	h.point("second", 1.6, 0.5, medical(""))
	column := func(tiers ...string) Params {
		return ask(func(p *Params) { p.Columns[0].Tiers = tiers })
	}
	h.run(column("station"))
	got := h.run(column())
	fresh := *h
	fresh.maker = &Maker{db: h.db, paths: h.maker.paths} // remembers no walk
	if want := fresh.run(column()); got.Digest != want.Digest {
		t.Errorf("after a run without it %s, in full %s", got.Digest, want.Digest)
	}
}

func TestARunKnowsWhenItIsStale(t *testing.T) {
	h := village(t)
	r := h.run(ask())
	because := func(want ...string) {
		t.Helper()
		got, err := Get(t.Context(), h.db, staff.Local, r.ID)
		if err != nil || got.Stale != (len(want) > 0) || !slices.Equal(got.StaleBecause, want) {
			t.Errorf("stale because %v, %v; want %v", got.StaleBecause, err, want)
		}
	}
	because([]string{}...)
	h.point("later", 1.0, 0.5, medical(""))
	because("points")
	h.home("later", 1.0, 0.5)
	because("households", "points")
	if _, err := h.db.Exec(t.Context(), `UPDATE network_import SET current = false`); err != nil {
		t.Fatal(err)
	}
	because("network", "households", "points")
	if _, err := h.db.Exec(t.Context(), `UPDATE boundary SET valid_to = '2024-02-01' WHERE unit_id = $1`, h.grids[3]); err != nil {
		t.Fatal(err)
	}
	because("network", "households", "points", "units")
	list, err := List(t.Context(), h.db, staff.Local, "310115001001", 0, 10)
	if err != nil || len(list) != 1 || !list[0].Stale {
		t.Errorf("list %+v, %v", list, err)
	}
}

func TestTwoRunsSideBySide(t *testing.T) {
	h := village(t)
	before := h.run(ask())
	at := ledgertest.Degrees(1.6, 0.5)
	after := h.run(ask(func(p *Params) {
		p.Before = before.ID
		p.Changes = []Change{{Do: "add", At: &at, Name: "new", Tier: "station", Functions: []string{"medical"}}}
	}))
	rows, err := Compare(t.Context(), h.db, staff.Local, before.ID, after.ID, 0, "")
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows[0]; r.Level != "village" || math.Abs(*r.Share-0.3) > 1e-12 || r.Before.Covered != 5 || r.After.Covered != 8 {
		t.Errorf("village %+v", r)
	}
	if r := rows[4]; r.Share != nil {
		t.Errorf("a unit without households: %+v", r)
	}
	other := h.run(ask(func(p *Params) { p.Unit = "310115001001001" }))
	if _, err := Compare(t.Context(), h.db, staff.Local, before.ID, other.ID, 0, ""); !errors.Is(err, ErrColumns) {
		t.Errorf("runs of two units: %v", err)
	}
}

func TestParametersThatCannotBeComputed(t *testing.T) {
	h := village(t)
	at := ledgertest.Degrees(1, 1)
	for _, tt := range []struct {
		pointer string
		change  func(*Params)
	}{
		{"columns", func(p *Params) { p.Columns = nil }},
		{"columns/0/function", func(p *Params) { p.Columns[0].Function = "x" }},
		{"columns/0/tiers", func(p *Params) { p.Columns[0].Tiers = []string{"x"} }},
		{"columns/0/ages", func(p *Params) { p.Columns[0].Ages = []string{"x"} }},
		{"columns/0/standard", func(p *Params) { p.Columns[0].Standard = Standard{Code: "x"} }},
		{"columns/0/standard", func(p *Params) { p.Columns[0].Standard = Standard{Minutes: 15} }},
		{"columns/0/standard", func(p *Params) { p.Columns[0].Standard = Standard{Minutes: math.NaN(), Speed: 4000} }},
		{"columns/0/when/weekday", func(p *Params) { p.Columns[0].When = &When{8, "09:00"} }},
		{"columns/0/when/time", func(p *Params) { p.Columns[0].When = &When{1, "25:00"} }},
		{"k", func(p *Params) { p.K = 11 }},
		{"max_walk", func(p *Params) { p.MaxWalk = 501 }},
		{"measures", func(p *Params) { p.Measures = []string{"x"} }},
		{"changes/0/do", func(p *Params) { p.Changes = []Change{{Do: "x", Point: 1}} }},
		{"changes/0/point", func(p *Params) { p.Changes = []Change{{Do: "close", Point: 999}} }},
		{"changes/0/point", func(p *Params) { p.Changes = []Change{{Do: "close"}} }},
		{"changes/0/at", func(p *Params) { p.Changes = []Change{{Do: "add", Tier: "point", Functions: []string{"medical"}}} }},
		{"changes/0/tier", func(p *Params) { p.Changes = []Change{{Do: "add", At: &at, Functions: []string{"medical"}}} }},
		{"changes/0/functions", func(p *Params) { p.Changes = []Change{{Do: "add", At: &at, Tier: "point"}} }},
		{"changes/0/hours", func(p *Params) { p.Changes = []Change{{Do: "hours", Point: h.points["clinic"], Hours: "sometimes"}} }},
	} {
		_, err := h.maker.Run(t.Context(), staff.Local, ask(tt.change), quiet)
		f := fault.Of(err)
		if !errors.Is(err, ErrParams) || len(f.Places) == 0 || f.Places[0].Pointer != tt.pointer || f.Places[0].Detail == "" {
			t.Errorf("%s: %v %+v", tt.pointer, err, f)
		}
	}
	if _, err := h.maker.Run(t.Context(), staff.Local, ask(func(p *Params) { p.Unit = "404" }), quiet); err == nil {
		t.Error("a unit that does not exist was computed")
	}
	var runs int
	if err := h.db.QueryRow(t.Context(), `SELECT count(*) FROM circle`).Scan(&runs); err != nil || runs != 0 {
		t.Errorf("%d runs are left, %v", runs, err)
	}
}

// work runs the queue with these handlers until the test ends.
func (h *hamlet) work(handlers map[string]job.Handler) *job.Queue {
	h.Helper()
	q, err := job.NewQueue(h.db, slog.New(slog.DiscardHandler), handlers)
	if err != nil {
		h.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(h.Context()))
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	h.Cleanup(func() { stop(); <-ended })
	return q
}

func (h *hamlet) until(id int64, state job.State) Run {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		r, err := Get(h.Context(), h.db, staff.Local, id)
		if err != nil {
			h.Fatal(err)
		}
		if r.State == state {
			return r
		}
		if time.Now().After(deadline) {
			h.Fatalf("run %d is %s, want %s", id, r.State, state)
		}
	}
}

func TestARunIsMadeByAJob(t *testing.T) {
	h := village(t)
	q := h.work(map[string]job.Handler{JobKind: h.maker.Handler()})
	r, err := Create(t.Context(), h.db, q, staff.Local, ask())
	if err != nil || r.Job == 0 || r.Digest != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if r = h.until(r.ID, job.Done); r.Digest == "" || len(r.Totals) != 1 || r.FinishedAt == nil {
		t.Errorf("%+v", r)
	}
	if again := h.run(ask()); again.Digest != r.Digest {
		t.Errorf("at the terminal %s, by the job %s", again.Digest, r.Digest)
	}
	if err := Delete(t.Context(), h.db, staff.Local, r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := Get(t.Context(), h.db, staff.Local, r.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("deleted: %v", err)
	}
	if _, err := h.db.Exec(t.Context(), `DELETE FROM network_import`); err != nil {
		t.Fatal(err)
	}
	without, err := Create(t.Context(), h.db, q, staff.Local, ask())
	if err != nil {
		t.Fatal(err)
	}
	h.until(without.ID, job.Failed)
	if _, err := Units(t.Context(), h.db, staff.Local, without.ID, 0, ""); !errors.Is(err, ErrNotDone) {
		t.Errorf("units of a failed run: %v", err)
	}
}

func TestACancelledRunLeavesNothing(t *testing.T) {
	h := village(t)
	stored := make(chan struct{})
	q := h.work(map[string]job.Handler{JobKind: func(ctx context.Context, step job.Step, args json.RawMessage) (any, error) {
		return h.maker.Handler()(ctx, func(stage string, done, total int64) {
			if step(stage, done, total); stage == "storing" { // every row is written
				close(stored)
				<-ctx.Done()
			}
		}, args)
	}})
	r, err := Create(t.Context(), h.db, q, staff.Local, ask())
	if err != nil {
		t.Fatal(err)
	}
	<-stored
	if err := Delete(t.Context(), h.db, staff.Local, r.ID); !errors.Is(err, errRunning) {
		t.Errorf("deleted while it runs: %v", err)
	}
	if _, err := q.Cancel(t.Context(), h.db, staff.Local, r.Job); err != nil {
		t.Fatal(err)
	}
	h.until(r.ID, job.Cancelled)
	var rows int
	err = h.db.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM circle_unit) + (SELECT count(*) FROM circle_cell) + (SELECT count(*) FROM circle_point) + (SELECT count(*) FROM circle_household)`).Scan(&rows)
	if err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}

func TestADemandSetIsCountedInPlaceOfHouseholds(t *testing.T) {
	h := village(t)
	text := strings.Join([]string{"编号,经度,纬度,户数,60-79岁,18-59岁",
		"a," + ledgertest.LonLat(0.3, 0.5) + ",20,5,100000", "b," + ledgertest.LonLat(1.9, 0.5) + ",60,50,70", "c," + ledgertest.LonLat(0.5, 1.5) + ",20,0,30", "d," + ledgertest.LonLat(9, 9) + ",5,5,5"}, "\n") + "\n"
	table, err := sheet.OpenWith("census.csv", strings.NewReader(text), int64(len(text)), sheet.Options{HeaderLine: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := demand.Import(t.Context(), h.db, staff.Local, ledger.FromSheet(table), demand.Options{Name: "census", FileName: "census.csv", Confirm: "test"})
	if err != nil {
		t.Fatal(err)
	}
	r := h.run(ask(func(p *Params) {
		p.Demand, p.Measures = report.Set.ID, []string{Choices, Catchment}
		p.Columns = append(p.Columns, Column{Function: "medical", Standard: gb, Ages: []string{"age_60_79"}}, Column{Function: "medical", Standard: gb, Ages: []string{"age_18_59"}})
	}))
	total, elders, grown := r.Totals[0], r.Totals[1], r.Totals[2]
	if total.Households != 100 || total.Covered != 20 || total.People != 100155 || total.CoveredPeople != 100005 || total.Unreachable["island"] != 20 || *total.Choices != 0.2 {
		t.Errorf("total %+v", total)
	}
	if elders.People != 55 || elders.CoveredPeople != 5 {
		t.Errorf("elders %+v", elders)
	}
	if grown.People != 100100 || grown.CoveredPeople != 100000 { // a cell of 5 km² has that many
		t.Errorf("grown up %+v", grown)
	}
	near(t, "median", total.P50, walkOf(1.8)) // the second place has most households
	if _, err := Uncovered(t.Context(), h.db, staff.Local, r.ID, Look{Limit: 1}); !errors.Is(err, ErrLedger) {
		t.Errorf("households of a demand set: %v", err)
	}
	if err := demand.Remove(t.Context(), h.db, staff.Local, report.Set.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := Get(t.Context(), h.db, staff.Local, r.ID); err != nil || !slices.Equal(got.StaleBecause, []string{"demand"}) || got.Totals[0].Households != 100 {
		t.Errorf("without the set: %+v, %v", got, err)
	}
	if _, err := h.maker.Run(t.Context(), staff.Local, ask(func(p *Params) { p.Demand = report.Set.ID }), quiet); !errors.Is(err, demand.ErrUnknown) {
		t.Errorf("a set that is gone: %v", err)
	}
}
