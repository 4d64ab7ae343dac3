package circle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wangge/geo"
	"wangge/geo/demand"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/publication"
	"wangge/geo/servicepoint"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

const base = "310115001001"

// drawnUnit is a unit of a draft: a rectangle from west to east over some rows.
type drawnUnit struct {
	code                     string
	west, south, east, north float64
}

func (u drawnUnit) area() geo.MultiPolygon {
	a, b := ledgertest.At(u.west, u.south), ledgertest.At(u.east, u.north)
	return geo.MultiPolygon{{{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}}}
}

// inForce are the hamlet's grids.
func inForce() []drawnUnit {
	return []drawnUnit{{base + "001", 0, 0, 1, 1}, {base + "002", 1, 0, 2, 1}, {base + "003", 0, 1, 1, 2}, {base + "004", 1, 1, 2, 2}}
}

// draft stores a branch of the village as a planner's.
func (h *hamlet) draft(units []drawnUnit) (id int64) {
	h.Helper()
	err := h.db.QueryRow(h.Context(), `
		INSERT INTO plan (name, preset, level, created_by, revision, base_id, area_id)
		SELECT 'draft', 'town-cluster', 'micro-grid', 'test', 7, id, id FROM unit WHERE code = $1 RETURNING id`, base).Scan(&id)
	if err != nil {
		h.Fatal(err)
	}
	for i, u := range units {
		if _, err := h.db.Exec(h.Context(), `
			INSERT INTO plan_unit (plan_id, ordinal, role, code, name, parent, place, geom) VALUES ($1, $2, 'part', $3, 'drawn ' || $3, $4, '', $5)`,
			id, i+1, u.code, base, u.area()); err != nil {
			h.Fatal(err)
		}
	}
	return id
}

func (h *hamlet) unit(code string) (id int64) {
	h.Helper()
	if err := h.db.QueryRow(h.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(&id); err != nil {
		h.Fatal(err)
	}
	return id
}

// rows are those of the first column, by code.
func (h *hamlet) rows(ctx context.Context, db pg.DB, actor staff.Actor, run int64) map[string]UnitRow {
	h.Helper()
	list, err := Units(ctx, db, actor, run, 0, "")
	if err != nil {
		h.Fatal(err)
	}
	out := map[string]UnitRow{}
	for _, r := range list {
		out[r.Unit] = r
	}
	if len(out) != len(list) {
		h.Fatalf("%d rows of %d units", len(list), len(out))
	}
	return out
}

// spread is a hamlet with homes everywhere, one of them on a corner of four grids and
// one without a place.
func spread(t *testing.T) *hamlet {
	h := newHamlet(t)
	h.point("clinic", 0.1, 0.5, medical(""))
	h.point("far clinic", 1.6, 1.5, medical(""))
	for i := range 37 {
		h.home(fmt.Sprint("s", i), 0.05*float64(i)+0.01, 0.48)
		h.home(fmt.Sprint("n", i), 0.05*float64(i)+0.01, 1.52)
	}
	h.home("corner", 1, 1)
	lost := h.home("no place", 0.5, 0.5)
	if _, err := h.db.Exec(t.Context(), `UPDATE household SET point = NULL, cell = NULL WHERE id = $1`, lost); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestADraftOfWhatIsInForceSaysWhatItSays(t *testing.T) {
	h := spread(t)
	was := h.run(ask())
	is := h.run(ask(func(p *Params) { p.Plan = h.draft(inForce()) }))
	if is.Params.Plan == 0 || is.Inputs.PlanRevision != 7 || is.Stale {
		t.Errorf("%+v", is)
	}
	before, after := h.rows(t.Context(), h.db, staff.Local, was.ID), h.rows(t.Context(), h.db, staff.Local, is.ID)
	if len(before) != 5 || len(after) != 5 {
		t.Fatalf("%d and %d rows", len(before), len(after))
	}
	for code, b := range before {
		a := after[code]
		if fmt.Sprint(a.Households, a.People, a.Covered, *a.Share, *a.P90, a.Points, a.Unreachable) != fmt.Sprint(b.Households, b.People, b.Covered, *b.Share, *b.P90, b.Points, b.Unreachable) {
			t.Errorf("%s: %+v, in force %+v", code, a, b)
		}
	}
	changes, err := Compare(t.Context(), h.db, staff.Local, was.ID, is.ID, 0, "")
	if err != nil || len(changes) != 5 {
		t.Fatalf("%d differences, %v", len(changes), err)
	}
	for _, d := range changes {
		if *d.Share != 0 || *d.P90 != 0 || d.Before.Covered != d.After.Covered {
			t.Errorf("%+v", d)
		}
	}
	for res := 7; res <= 10; res++ {
		a, err1 := Cells(t.Context(), h.db, staff.Local, was.ID, 0, res)
		b, err2 := Cells(t.Context(), h.db, staff.Local, is.ID, 0, res)
		if err1 != nil || err2 != nil || fmt.Sprint(a) == "[]" || fmt.Sprintf("%+v", shallow(a)) != fmt.Sprintf("%+v", shallow(b)) {
			t.Errorf("cells of resolution %d differ: %v, %v", res, err1, err2)
		}
	}
	one, err := HouseholdOf(t.Context(), h.db, staff.Local, is.ID, h.homes["s30"])
	other, err2 := HouseholdOf(t.Context(), h.db, staff.Local, was.ID, h.homes["s30"])
	if err != nil || err2 != nil || one.Unit != other.Unit || *one.Columns[0].Minutes != *other.Columns[0].Minutes {
		t.Errorf("a household: %+v, %v; %+v, %v", one, err, other, err2)
	}
}

func shallow(list []CellRow) (out []string) {
	for _, c := range list {
		out = append(out, fmt.Sprint(c.Name, c.Households, c.Covered, c.Minutes == nil))
	}
	return out
}

// The western border moves east, the south-eastern grid is split and one of the halves
// has a new code, the north-eastern grid is merged into the north-western one.
func moved() []drawnUnit {
	return []drawnUnit{{base + "001", 0, 0, 1.23, 1}, {base + "002", 1.23, 0, 1.6, 1}, {base + "005", 1.6, 0, 2, 1}, {base + "003", 0, 1, 2, 2}}
}

func TestADraftMovesTheHomesThatPostGISCounts(t *testing.T) {
	h := spread(t)
	plan := h.draft(moved())
	was := h.run(ask())
	is := h.run(ask(func(p *Params) { p.Plan = plan }))
	before, after := h.rows(t.Context(), h.db, staff.Local, was.ID), h.rows(t.Context(), h.db, staff.Local, is.ID)
	rows, _ := h.db.Query(t.Context(), `
		SELECT p.code, count(DISTINCT h.id), (SELECT count(*) FROM service_point s WHERE ST_Covers(p.geom, s.point))
		FROM plan_unit p LEFT JOIN household h ON ST_Covers(p.geom, h.point)
			AND NOT EXISTS (SELECT FROM plan_unit q WHERE q.plan_id = p.plan_id AND q.code < p.code AND ST_Covers(q.geom, h.point))
		WHERE p.plan_id = $1 GROUP BY p.code, p.geom ORDER BY p.code`, plan)
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var code string
		var homes int64
		var points int
		if err := rows.Scan(&code, &homes, &points); err != nil {
			t.Fatal(err)
		}
		if code == base+"001" {
			homes++ // the one without a place stays with its code
		}
		if got := after[code]; got.Households != homes || got.Points != points || got.Name != "drawn "+code {
			t.Errorf("%s: %d homes, %d points, %q; PostGIS %d and %d", code, got.Households, got.Points, got.Name, homes, points)
		}
		seen++
	}
	if seen != 4 || len(after) != 5 {
		t.Errorf("%d units, %d rows", seen, len(after))
	}
	if before[base+"001"].Households == after[base+"001"].Households {
		t.Error("the border moved no home")
	}
	a, b := after[base], before[base]
	if a.Households != b.Households || a.Covered != b.Covered || *a.P50 != *b.P50 || a.Points != b.Points {
		t.Errorf("the village: %+v, was %+v", a, b)
	}
	changes, err := Compare(t.Context(), h.db, staff.Local, was.ID, is.ID, 0, "micro-grid")
	if err != nil {
		t.Fatal(err)
	}
	alone := map[string]string{}
	for _, d := range changes {
		alone[d.Unit] = d.Only
		gone := d.Only == "before" && (d.Before.Households == 0 || d.After.Households != 0)
		drawn := d.Only == "after" && (d.After.Households == 0 || d.Before.Households != 0)
		if gone || drawn || (d.Only == "") == (d.Share == nil) {
			t.Errorf("%s: %+v", d.Unit, d)
		}
	}
	if len(changes) != 5 || alone[base+"004"] != "before" || alone[base+"005"] != "after" || alone[base+"001"] != "" {
		t.Errorf("differences: %v", alone)
	}
	table, err := h.maker.Table(t.Context(), staff.Local, ask(func(p *Params) { p.Plan = plan }))
	if err != nil || len(table) != 5 || table[4].Unit != base+"005" || table[4].Households != after[base+"005"].Households {
		t.Errorf("the table: %+v, %v", table, err)
	}
	// A point that is moved in the same run counts where the plan puts it.
	both := h.run(ask(func(p *Params) {
		at := ledgertest.Degrees(1.7, 0.5)
		p.Plan, p.Changes = plan, []Change{{Point: h.points["clinic"], Do: "move", At: &at}}
	}))
	if got := h.rows(t.Context(), h.db, staff.Local, both.ID); got[base+"005"].Points != 1 || got[base+"001"].Points != 0 || got[base+"001"].Covered >= after[base+"001"].Covered {
		t.Errorf("with the point moved: %+v", got)
	}
}

func TestARunOnADraftIsStaleWhenTheDraftMoves(t *testing.T) {
	h := spread(t)
	plan := h.draft(inForce())
	is := h.run(ask(func(p *Params) { p.Plan = plan }))
	if _, err := h.db.Exec(t.Context(), `UPDATE plan SET revision = 8 WHERE id = $1`, plan); err != nil {
		t.Fatal(err)
	}
	got, err := Get(t.Context(), h.db, staff.Local, is.ID)
	if err != nil || !got.Stale || !slices.Equal(got.StaleBecause, []string{"plan"}) {
		t.Errorf("%v %v, %v", got.Stale, got.StaleBecause, err)
	}
	// Counted again, it is the draft as it stands now, and not what was kept.
	if _, err := h.db.Exec(t.Context(), `UPDATE plan_unit SET geom = $2 WHERE plan_id = $1 AND ordinal = 1`, plan, drawnUnit{"", 0, 0, 0.5, 1}.area()); err != nil {
		t.Fatal(err)
	}
	again := h.run(ask(func(p *Params) { p.Plan = plan }))
	a, b := h.rows(t.Context(), h.db, staff.Local, is.ID), h.rows(t.Context(), h.db, staff.Local, again.ID)
	if b[base+"001"].Households >= a[base+"001"].Households || b[base].Households != a[base].Households {
		t.Errorf("%+v, was %+v", b[base+"001"], a[base+"001"])
	}
}

func TestARunOnADraftIsForWhoPlansThere(t *testing.T) {
	h := spread(t)
	if _, err := publication.Make(t.Context(), h.db, staff.System, geo.DayOf(newYear.Start().AddDate(0, 6, 0)), "first"); err != nil {
		t.Fatal(err)
	}
	plan := h.draft(moved())
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	on := func(p *Params) { p.Plan = plan }
	planning, planner := stafftest.Hold(t, h.db, staff.Planner, h.unit(base))
	run, err := h.maker.Run(planning, planner, ask(on), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.rows(planning, app, planner, run.ID); len(got) != 5 || got[base+"005"].Rounded || got[base+"005"].Households == 0 {
		t.Errorf("the planner sees %+v", got)
	}
	// Either wall alone keeps it from who counts there and does not plan.
	for _, kind := range []staff.Kind{staff.Analyst, staff.Dispatcher, staff.Leader} {
		ctx, other := stafftest.Hold(t, h.db, kind, h.unit(base))
		if _, err := Get(ctx, h.db, other, run.ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s, the program: %v", kind, err)
		}
		if _, err := Get(ctx, app, staff.Local, run.ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s, the database: %v", kind, err)
		}
		if list, err := List(ctx, app, other, "", 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%s lists %d, %v", kind, len(list), err)
		}
		var n int
		if err := app.QueryRow(ctx, `SELECT count(*) FROM circle_unit WHERE place > 0`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s reads %d rows of the draft, %v", kind, n, err)
		}
		if _, err := h.maker.Run(ctx, other, ask(on), quiet); !errors.Is(err, ErrPlan) {
			t.Errorf("%s runs it: %v", kind, err)
		}
	}
	// Who plans there and may not see places is shown no unit of the draft.
	if _, err := h.db.Exec(t.Context(), `UPDATE post_kind SET may = '{map,count,plan,export}' WHERE code = 'analyst'`); err != nil {
		t.Fatal(err)
	}
	ctx, blind := stafftest.Hold(t, h.db, staff.Analyst, h.unit(base))
	for code, row := range h.rows(ctx, app, blind, run.ID) {
		if row.Hidden != (code != base) || !row.Rounded || row.Hidden && (row.Households != 0 || row.Share != nil) {
			t.Errorf("%s shows %+v", code, row)
		}
	}
	// The planner of one grid may not count by the draft of the village, and no reader
	// of the map has it.
	small, own := stafftest.Hold(t, h.db, staff.Planner, h.grids[0])
	if _, err := h.maker.Run(small, own, ask(on, func(p *Params) { p.Unit = base + "001" }), quiet); !errors.Is(err, ErrPlan) {
		t.Errorf("a neighbour's draft: %v", err)
	}
	reader := pgtest.As(t, h.dsn, pg.RoleReader)
	if _, err := Get(t.Context(), reader, planner, run.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("the map: %v", err)
	}
	if list, err := List(t.Context(), reader, planner, "", 0, 10); err != nil || len(list) != 0 {
		t.Errorf("the map lists %d, %v", len(list), err)
	}
}

func TestAPlanThatDoesNotLieInTheUnitIsRefused(t *testing.T) {
	h := spread(t)
	plan := h.draft(inForce())
	for name, tt := range map[string]struct {
		change func(*Params)
		want   error
	}{
		"there is none":              {func(p *Params) { p.Plan = plan + 100 }, ErrPlan},
		"less than nothing":          {func(p *Params) { p.Plan = -1 }, ErrParams},
		"a grid that the plan draws": {func(p *Params) { p.Plan, p.Unit = plan, base+"001" }, ErrPlanUnit},
	} {
		if _, err := h.maker.Run(t.Context(), staff.Local, ask(tt.change), quiet); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Of a file, which has no base, the units say what they divide.
	if _, err := h.db.Exec(t.Context(), `UPDATE plan SET base_id = NULL WHERE id = $1`, plan); err != nil {
		t.Fatal(err)
	}
	if is := h.run(ask(func(p *Params) { p.Plan = plan })); len(h.rows(t.Context(), h.db, staff.Local, is.ID)) != 5 {
		t.Error("a draft from a file")
	}
	if is := h.run(ask(func(p *Params) { p.Plan, p.Unit = plan, "" })); len(h.rows(t.Context(), h.db, staff.Local, is.ID)) != 5 { // the whole installation has no row of a unit
		t.Error("the whole installation")
	}
	// A gap: who stands in it is counted above.
	if _, err := h.db.Exec(t.Context(), `WITH p AS (UPDATE plan SET revision = revision + 1 WHERE id = $1) DELETE FROM plan_unit WHERE plan_id = $1 AND code = $2`, plan, base+"004"); err != nil {
		t.Fatal(err)
	}
	gap := h.rows(t.Context(), h.db, staff.Local, h.run(ask(func(p *Params) { p.Plan = plan })).ID)
	var parts int64
	for code, r := range gap {
		if code != base {
			parts += r.Households
		}
	}
	if total := gap[base].Households; total != 76 || parts != 76-17 {
		t.Errorf("%d in the village, %d in units of the plan", total, parts)
	}
	// A new unit above, to which a grid is moved.
	if _, err := h.db.Exec(t.Context(), `WITH p AS (UPDATE plan SET revision = revision + 1 WHERE id = $1) UPDATE plan_unit SET parent = 'X' WHERE plan_id = $1 AND code = $2`, plan, base+"003"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.maker.Run(t.Context(), staff.Local, ask(func(p *Params) { p.Plan = plan }), quiet); !errors.Is(err, ErrPlanUnit) {
		t.Errorf("a parent that nobody knows: %v", err)
	}
	if _, err := h.db.Exec(t.Context(), `
		WITH p AS (UPDATE plan SET revision = revision + 1 WHERE id = $1)
		INSERT INTO plan_unit (plan_id, ordinal, role, code, name, parent, place, geom) VALUES ($1, 9, 'parent', 'X', 'new above', $2, '', 'MULTIPOLYGON EMPTY')`, plan, base); err != nil {
		t.Fatal(err)
	}
	above := h.rows(t.Context(), h.db, staff.Local, h.run(ask(func(p *Params) { p.Plan = plan })).ID)
	if x, grid := above["X"], above[base+"003"]; x.Level != "village" || x.Households != grid.Households || x.Households == 0 || above[base].Households != 76 {
		t.Errorf("the new unit above %+v, its grid %+v", x, grid)
	}
}

func TestADemandSetIsCountedByTheDraftToo(t *testing.T) {
	h := newHamlet(t)
	h.point("clinic", 0.1, 0.5, servicepoint.Function{Function: "medical"})
	text := "lon,lat,households\n" + ledgertest.LonLat(0.3, 0.5) + ",20\n" + ledgertest.LonLat(1.1, 0.5) + ",60\n"
	table, err := sheet.OpenWith("census.csv", strings.NewReader(text), int64(len(text)), sheet.Options{HeaderLine: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := demand.Import(t.Context(), h.db, staff.Local, ledger.FromSheet(table), demand.Options{Name: "census", FileName: "census.csv", Confirm: "test"})
	if err != nil {
		t.Fatal(err)
	}
	set := report.Set.ID
	was := h.rows(t.Context(), h.db, staff.Local, h.run(ask(func(p *Params) { p.Demand = set })).ID)
	is := h.rows(t.Context(), h.db, staff.Local, h.run(ask(func(p *Params) { p.Demand, p.Plan = set, h.draft(moved()) })).ID)
	if a, b := is[base], was[base]; a.Households != b.Households || a.Households == 0 || is[base+"001"].Households <= was[base+"001"].Households {
		t.Errorf("%+v, was %+v", is, was)
	}
}
