package circle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wangge/geo"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/publication"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

// crowded is a hamlet whose south-western grid has 24 households and whose
// south-eastern one has 3: too few to be published, so that it is hidden together with
// the 12 of the north-western one.
func crowded(t testing.TB) *hamlet {
	h := newHamlet(t)
	h.point("clinic", 0.1, 0.5, medical(""))
	for i := range 24 {
		h.home(fmt.Sprint("w", i), 0.2+0.03*float64(i), 0.5)
	}
	for i := range 12 {
		h.home(fmt.Sprint("n", i), 0.2+0.03*float64(i), 1.5)
	}
	for i := range 3 {
		h.home(fmt.Sprint("e", i), 1.5, 0.5+float64(i)*0.01)
	}
	if _, err := publication.Make(t.Context(), h.db, staff.System, geo.DayOf(newYear.Start().AddDate(0, 6, 0)), "first"); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWhoMayNotSeePlacesSeesRoundedNumbers(t *testing.T) {
	h := crowded(t)
	p := ask(func(p *Params) {
		p.Columns[0].Standard = Standard{Minutes: 7, Speed: 4000}
		p.Measures = []string{Choices}
	})
	r := h.run(p)
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	var top int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&top); err != nil {
		t.Fatal(err)
	}
	exact, err := Units(t.Context(), h.db, staff.Local, r.ID, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, analyst := stafftest.Hold(t, h.db, staff.Analyst, top)
	rows, err := Units(ctx, app, analyst, r.ID, 0, "")
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	west, east := rows[1], rows[2]
	if !west.Rounded || west.Hidden || west.Households != 24 || west.P50 == nil || *west.P50 != float64(int(*west.P50)) {
		t.Errorf("west %+v", west)
	}
	if got, want := *west.Share, *exact[1].Share; got != 0.55 || want != 13.0/24 { // 54.2 % in steps of 5
		t.Errorf("share %v of %v", got, want)
	}
	if west.Covered != 13 { // 55 % of 24
		t.Errorf("covered %d", west.Covered)
	}
	if !east.Hidden || east.Households != 0 || east.Share != nil || east.P50 != nil || len(east.Unreachable) != 0 || east.Choices != nil {
		t.Errorf("the grid with three households shows %+v", east)
	}
	if total, err := Get(ctx, app, analyst, r.ID); err != nil || !total.Totals[0].Rounded || total.Digest != "" || r.Digest == "" {
		t.Errorf("totals %+v, digest %q of exact numbers, %v", total.Totals, total.Digest, err)
	}
	if curve, rounded, err := Curve(ctx, app, analyst, r.ID, 0); err != nil || !rounded {
		t.Errorf("curve %v, %v", curve, err)
	} else {
		for _, m := range curve {
			if steps := *m.Share * 20; steps != float64(int(steps+0.5)) {
				t.Errorf("minute %d: %v is not in steps of 5 %%", m.Minute, *m.Share)
			}
		}
	}
	for res := 7; res <= 10; res++ {
		cells, err := Cells(ctx, app, analyst, r.ID, 0, res)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			if !c.Rounded || c.Households%10 != 0 || c.Households == 0 || res == 10 {
				t.Errorf("resolution %d: %+v", res, c)
			}
		}
	}
	points, err := Points(ctx, app, analyst, r.ID, 0)
	if err != nil || len(points) != 1 || points[0].Households != 10 || *points[0].Within != 10 || !points[0].Rounded {
		t.Errorf("points %+v, %v; want 13 households as 10", points, err)
	}
	for name, call := range map[string]func() error{
		"the list":    func() error { _, err := Uncovered(ctx, app, analyst, r.ID, Look{Limit: 10}); return err },
		"a household": func() error { _, err := HouseholdOf(ctx, app, analyst, r.ID, h.homes["w1"]); return err },
		"its file": func() error {
			_, err := NewExport(ctx, app, analyst, r.ID, Export{What: "uncovered", Format: "csv"})
			return err
		},
	} {
		if err := call(); !errors.Is(err, staff.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}

	if _, err := h.maker.Table(ctx, analyst, p); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("an exact table for who may not see places: %v", err)
	}
	if table, err := h.maker.Table(t.Context(), staff.Local, p); err != nil || len(table) != 5 || table[1].Covered != exact[1].Covered || *table[1].P90 != *exact[1].P90 {
		t.Errorf("the table that is not stored says %+v, %v", table, err)
	}

	// What is told of a unit is what it is in a file.
	file, err := NewExport(ctx, app, analyst, r.ID, Export{What: "units", Format: "csv", Column: -1})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := file.Write(ctx, &text); err != nil || !strings.Contains(text.String(), ",24,13,0.55,") || strings.Contains(text.String(), "0.54") {
		t.Errorf("the file says %v\n%s", err, text.String())
	}
}

// Whoever may ask chooses the day, the standard and new points. None of them may make
// a rounded row that of a single household.
func TestNoQuestionMakesARoundedRowThatOfAHousehold(t *testing.T) {
	h := crowded(t)
	// On this day all of the south but one household were not there yet.
	early := day("2023-06-01")
	if _, err := h.db.Exec(t.Context(), `UPDATE boundary SET valid_from = '2023-01-01' WHERE valid_from > '2023-01-01'`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Exec(t.Context(), `UPDATE household_unit SET valid_from = '2023-01-01' WHERE household_id = $1`, h.homes["w5"]); err != nil {
		t.Fatal(err)
	}
	at := ledgertest.Degrees(0.2, 0.5)
	seats := 100_000
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	var top int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&top); err != nil {
		t.Fatal(err)
	}
	ctx, analyst := stafftest.Hold(t, h.db, staff.Analyst, top)
	row := func(change func(*Params)) UnitRow {
		t.Helper()
		r := h.run(ask(func(p *Params) {
			p.Measures = []string{Choices, Catchment, Gravity, Cumulative}
			change(p)
		}))
		rows, err := Units(ctx, app, analyst, r.ID, 0, "")
		if err != nil || len(rows) < 2 || !rows[1].Rounded {
			t.Fatalf("%+v, %v", rows, err)
		}
		return rows[1]
	}
	if west := row(func(p *Params) { p.On = early }); !west.Hidden || west.P50 != nil || west.Share != nil {
		t.Errorf("one household on the day, 24 published: %+v", west)
	}
	// 500 m in an hour: of 24 households two are within it of the clinic.
	slow := Standard{Minutes: 15, Speed: 500}
	if west := row(func(p *Params) { p.Columns[0].Standard = Standard{Minutes: 12, Speed: 500} }); west.Hidden || west.Mean == nil && west.P50 != nil {
		t.Errorf("slowly: %+v", west)
	}
	lonely := row(func(p *Params) {
		p.Columns[0].Standard, p.Columns[0].Tiers = slow, []string{"other"}
		far := ledgertest.Degrees(0.2+0.03*23+0.5, 0.5)
		p.Changes = []Change{{Do: "add", At: &far, Name: "bait", Tier: "other", Functions: []string{"medical"}}}
	})
	if lonely.Mean != nil || lonely.WorstDecile != nil {
		t.Errorf("the mean of the few who reach a point: %s, %s", show(lonely.Mean), show(lonely.WorstDecile))
	}
	baited := row(func(p *Params) {
		p.Columns[0].Standard = Standard{Minutes: 1, Metres: 10, Speed: 4000}
		for range 20 {
			p.Changes = append(p.Changes, Change{Do: "add", At: &at, Name: "bait", Tier: "point", Functions: []string{"medical"}, Capacity: &seats})
		}
	})
	if baited.Catchment != nil || baited.Enhanced != nil || baited.Gravity != nil || baited.Cumulative != nil || *baited.Choices != 0 && *baited.Choices != 1 {
		t.Errorf("new points in front of one door tell of it: %+v, choices %s", baited, show(baited.Choices))
	}
	if few := row(func(p *Params) { p.Columns[0].Standard = Standard{Minutes: 1, Metres: 110, Speed: 4000} }); few.Cumulative != nil || few.Gravity != nil || few.Catchment != nil {
		t.Errorf("supply of the one or two within the standard: %+v", few)
	}
	if many := row(func(*Params) {}); many.Cumulative == nil || many.Gravity == nil || many.Mean == nil {
		t.Errorf("24 households: %+v", many)
	}
}

// leadingAnalyst is an analyst of the village who leads the eastern grid as well.
func leadingAnalyst(t *testing.T, h *hamlet) (context.Context, staff.Actor) {
	t.Helper()
	var top int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&top); err != nil {
		t.Fatal(err)
	}
	ctx, analyst := stafftest.Hold(t, h.db, staff.Analyst, top)
	_, err := h.db.Exec(ctx, `
		WITH p AS (INSERT INTO post (kind, unit_id) VALUES ('leader', $1) RETURNING id)
		INSERT INTO holder (post_id, rank, account_id) SELECT id, 'A', $2 FROM p`, h.grids[1], analyst.Account)
	if err != nil {
		t.Fatal(err)
	}
	if analyst, err = staff.Load(ctx, h.db, analyst.Account); err != nil {
		t.Fatal(err)
	}
	return ctx, analyst
}

func TestAPlaceIsSeenExactlyWhereThePostIsAndNowhereElse(t *testing.T) {
	h := crowded(t)
	r := h.run(ask())
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	ctx, analyst := leadingAnalyst(t, h)
	rows, err := Units(ctx, app, analyst, r.ID, 0, "micro-grid")
	if err != nil || len(rows) != 4 || !rows[0].Rounded || rows[1].Rounded || rows[1].Households != 3 || rows[1].Covered != 0 {
		t.Fatalf("%+v, %v", rows, err)
	}
	list, err := Uncovered(ctx, app, analyst, r.ID, Look{Limit: 100})
	if err != nil || len(list) != 3 || slices.ContainsFunc(list, func(u Household) bool { return u.Unit != "310115001001002" }) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := HouseholdOf(ctx, app, analyst, r.ID, h.homes["e1"]); err != nil {
		t.Errorf("a household of one's own: %v", err)
	}
	if _, err := HouseholdOf(ctx, app, analyst, r.ID, h.homes["w1"]); !errors.Is(err, ErrHousehold) {
		t.Errorf("a household of the other grid: %v", err)
	}

	// A leader of one grid may not count in the whole village: there is no such run.
	own, leader := stafftest.Hold(t, h.db, staff.Leader, h.grids[1])
	for name, call := range map[string]func(context.Context, pg.Pool, staff.Actor) error{
		"get": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
			_, err := Get(ctx, db, a, r.ID)
			return err
		},
		"units": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
			_, err := Units(ctx, db, a, r.ID, 0, "")
			return err
		},
		"points": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
			_, err := Points(ctx, db, a, r.ID, 0)
			return err
		},
		"list": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
			_, err := Uncovered(ctx, db, a, r.ID, Look{Limit: 1})
			return err
		},
		"change": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
			_, err := Compare(ctx, db, a, r.ID, r.ID, 0, "")
			return err
		},
		"delete": func(ctx context.Context, db pg.Pool, a staff.Actor) error { return Delete(ctx, db, a, r.ID) },
	} {
		if err := call(own, app, leader); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		if err := call(own, h.db, leader); !errors.Is(err, ErrUnknown) { // the program's wall alone
			t.Errorf("%s without the database's wall: %v", name, err)
		}
	}
	if _, err := Units(own, app, staff.Local, r.ID, 0, ""); !errors.Is(err, ErrUnknown) { // the database's alone
		t.Errorf("without the program's wall: %v", err)
	}
	for _, table := range []string{"circle", "circle_unit", "circle_cell", "circle_point", "circle_household"} {
		var n int
		if err := app.QueryRow(own, `SELECT count(*) FROM `+table+` WHERE $1 <> 'circle_household' OR true`, table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"circle_unit": 2, "circle_household": 1}[table]; n != want { // of the leader's own grid
			t.Errorf("the database shows %d rows of %s, want %d", n, table, want)
		}
	}
	if _, err := h.maker.Run(own, leader, ask(), quiet); !errors.Is(err, staff.ErrOutside) && err == nil {
		t.Errorf("the leader counted the village: %v", err)
	}
}

// A household that moved to another grid after the run is not told of to who sees the
// places of its old grid alone. Either wall says so.
func TestAHouseholdThatMovedAwayIsNotListed(t *testing.T) {
	h := crowded(t)
	r := h.run(ask())
	ctx, analyst := leadingAnalyst(t, h)
	listed := func(db pg.Pool, actor staff.Actor) string {
		t.Helper()
		list, err := Uncovered(ctx, db, actor, r.ID, Look{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, u := range list {
			names = append(names, strings.Fields(u.Address)[0])
		}
		return strings.Join(names, " ")
	}
	if got := listed(h.db, analyst); got != "e0 e1 e2" {
		t.Fatalf("before: %q", got)
	}
	if _, err := h.db.Exec(ctx, `UPDATE household_unit SET unit_id = $1 WHERE household_id = $2`, h.grids[0], h.homes["e1"]); err != nil {
		t.Fatal(err)
	}
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	for name, got := range map[string]string{
		"both walls": listed(app, analyst), "the program's alone": listed(h.db, analyst), "the database's alone": listed(app, staff.Local),
	} {
		if got != "e0 e2" {
			t.Errorf("%s: %q, want the two that stayed", name, got)
		}
	}
}

// A point of the next town serves our households, and nobody here learns its name.
func TestAPointOfANeighbourIsCountedAndNotNamed(t *testing.T) {
	h := newHamlet(t)
	h.home("a", 0.9, 0.5)
	foreign := h.point("theirs", 1.1, 0.5, medical(""), func(d *servicepoint.Details) {})
	r := h.run(ask(func(p *Params) { p.Unit = "310115001001001" }))
	if r.Totals[0].Covered != 1 || r.Totals[0].Points != 0 {
		t.Errorf("total %+v", r.Totals[0])
	}
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	ctx, leader := stafftest.Hold(t, h.db, staff.Leader, h.grids[0])
	points, err := Points(ctx, app, leader, r.ID, -1)
	if err != nil || len(points) != 0 {
		t.Errorf("points %+v, %v", points, err)
	}
	a, err := HouseholdOf(ctx, app, leader, r.ID, h.homes["a"])
	if err != nil || len(a.Columns) != 1 || len(a.Columns[0].Nearest) != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if n := a.Columns[0].Nearest[0]; n.Point == foreign || n.Point != 0 || n.Name != "" || n.Minutes == 0 {
		t.Errorf("nearest %+v", n)
	}
}

// A run is deleted by who made it or by a planner of its unit, and by nobody else who
// may read it.
func TestARunOfSomebodyElseIsNotDeletedByWhoOnlyCounts(t *testing.T) {
	h := crowded(t)
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	var top int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&top); err != nil {
		t.Fatal(err)
	}
	r := h.run(ask())
	ctx, analyst := stafftest.Hold(t, h.db, staff.Analyst, top)
	if err := Delete(ctx, app, analyst, r.ID); !errors.Is(err, ErrOthers) {
		t.Errorf("the analyst deletes a run of somebody else: %v", err)
	}
	own, err := h.maker.Run(ctx, analyst, ask(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := Delete(ctx, app, analyst, own.ID); err != nil {
		t.Errorf("the analyst's own: %v", err)
	}
	planning, planner := stafftest.Hold(t, h.db, staff.Planner, top)
	if err := Delete(planning, app, planner, r.ID); err != nil {
		t.Errorf("the planner of the unit: %v", err)
	}
	if _, err := Get(ctx, app, analyst, r.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("what was deleted is found: %v", err)
	}
}
