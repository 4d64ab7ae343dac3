package plan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

// box is a rectangle in metres-like lattice steps (100 steps ≈ 1.1 m) east and
// north of an invented place.
func box(x0, y0, x1, y1 int32) geo.MultiPolygon {
	const lon, lat = 1_150_000_000, 300_000_000
	return geo.MultiPolygon{{{{X: lon + x0, Y: lat + y0}, {X: lon + x1, Y: lat + y0}, {X: lon + x1, Y: lat + y1}, {X: lon + x0, Y: lat + y1}}}}
}

func day(t *testing.T, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func draftOf(t *testing.T, db *pgxpool.Pool, level, on string, records ...plan.Record) plan.Plan {
	t.Helper()
	p, err := plan.New(t.Context(), db, staff.Local, plan.Source{
		Name: "test", Preset: "town-grid", Level: level, Day: day(t, on), Records: records}, quiet)
	if err != nil {
		t.Fatalf("draft: %v", err)
	}
	return p
}

func publish(t *testing.T, db *pgxpool.Pool, p plan.Plan, on string) plan.Plan {
	t.Helper()
	p, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, on), quiet)
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return p
}

// town puts a town with two villages in force on 1 January 2026.
func town(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := pgtest.Database(t)
	publish(t, db, draftOf(t, db, "town", "2026-01-01",
		plan.Record{Code: "990101001000", Name: "Town", Place: "feature 1", Area: box(0, 0, 20000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "village", "2026-01-01",
		plan.Record{Code: "990101001001", Name: "West", Parent: "990101001000", Place: "feature 1", Area: box(0, 0, 10000, 10000)},
		plan.Record{Code: "990101001002", Name: "East", Parent: "990101001000", Place: "feature 2", Area: box(10000, 0, 20000, 10000)}), "2026-01-01")
	return db
}

func faults(t *testing.T, db *pgxpool.Pool, p plan.Plan) []plan.Fault {
	t.Helper()
	list, err := plan.FaultsOf(t.Context(), db, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func kinds(list []plan.Fault) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Kind)
	}
	return out
}

func mend(t *testing.T, db *pgxpool.Pool, p plan.Plan, r plan.Repair) plan.Plan {
	t.Helper()
	r.Revision = p.Revision
	p, err := plan.Mend(t.Context(), db, staff.Local, p.ID, r, day(t, "2026-01-01"))
	if err != nil {
		t.Fatalf("repair %s: %v", r.Repair, err)
	}
	return p
}

func unit(t *testing.T, db *pgxpool.Pool, on, code string) grid.Unit {
	t.Helper()
	u, err := grid.ByCode(t.Context(), db, staff.Local, day(t, on), code)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAnExactDivisionIsPublishedAndItsParentIsComplete(t *testing.T) {
	db := town(t)
	if got := unit(t, db, "2026-01-01", "990101001000"); got.State != "complete" || got.Children != 2 {
		t.Errorf("town is %s with %d villages, want complete with 2", got.State, got.Children)
	}
	if got := unit(t, db, "2026-01-01", "990101001001"); got.State != "undivided" || got.Parent != "990101001000" {
		t.Errorf("village is %s below %q, want undivided below the town", got.State, got.Parent)
	}
	_, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2025-12-31"), "990101001001")
	if !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the village on the day before: %v, want %v", err, grid.ErrUnknownUnit)
	}
}

func TestAGapIsHeardOfAndFilledOnRequest(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Place: "feature 1", Area: box(0, 0, 4998, 10000)}, // 2 steps ≈ 2 cm
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Place: "feature 2", Area: box(5000, 0, 10000, 10000)})
	list := faults(t, db, p)
	if got := kinds(list); !slices.Equal(got, []string{"gap"}) || p.Faults.Soft != 1 || p.Faults.Hard != 0 {
		t.Fatalf("faults %v (%+v), want one soft gap", got, p.Faults)
	}
	p = mend(t, db, p, plan.Repair{FaultID: list[0].ID, Repair: "fill"})
	if got := kinds(faults(t, db, p)); len(got) != 0 {
		t.Fatalf("after the repair: %v, want none", got)
	}
	publish(t, db, p, "2026-01-01")
	if got := unit(t, db, "2026-01-01", "990101001001"); got.State != "complete" {
		t.Errorf("village is %s, want complete", got.State)
	}
	checkTiling(t, db, "2026-01-01")
}

func TestAnIncompleteDivisionIsUsedAndItsRestIsCounted(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 4000, 10000)})
	publish(t, db, p, "2026-01-01")
	got := unit(t, db, "2026-01-01", "990101001001")
	if want := float64(box(4000, 0, 10000, 10000).SquareMeters()); got.State != "incomplete" || got.Uncovered < want*0.999 || got.Uncovered > want*1.001 {
		t.Errorf("village is %s with %.0f m² uncovered, want incomplete with %.0f", got.State, got.Uncovered, want)
	}
}

func TestAnAcceptedGapKeepsItsReasonAndIsNotCounted(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 9000, 10000)})
	gap := faults(t, db, p)[0]
	_, err := plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: p.Revision, FaultID: gap.ID, Repair: "exclude"}, day(t, "2026-01-01"))
	if !errors.Is(err, plan.ErrReason) {
		t.Fatalf("without a reason: %v, want %v", err, plan.ErrReason)
	}
	p = mend(t, db, p, plan.Repair{FaultID: gap.ID, Repair: "exclude", Reason: "a reservoir"})
	publish(t, db, p, "2026-01-01")
	if got := unit(t, db, "2026-01-01", "990101001001"); got.State != "complete" || got.Uncovered != 0 {
		t.Errorf("village is %s with %.0f m² uncovered, want complete with 0", got.State, got.Uncovered)
	}
}

func TestAnOverlapStopsPublishingUntilItIsCut(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Place: "feature 1", Area: box(0, 0, 5002, 10000)},
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Place: "feature 2", Area: box(5000, 0, 10000, 10000)})
	_, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2026-01-01"), quiet)
	if !errors.Is(err, plan.ErrFaulty) {
		t.Fatalf("publish with an overlap: %v, want %v", err, plan.ErrFaulty)
	}
	if f := fault.Of(err); len(f.Places) != 1 || f.Places[0].At == nil || f.Places[0].Pointer != "feature 1, feature 2" {
		t.Errorf("places %+v, want one with coordinates that names both features", f.Places)
	}
	p = mend(t, db, p, plan.Repair{Kind: "overlap", Repair: "cut"})
	publish(t, db, p, "2026-01-01")
	checkTiling(t, db, "2026-01-01")
}

func TestARingWithTwoFaultsIsSplitEverywhereAtOnce(t *testing.T) {
	db := town(t)
	// It crosses itself in the west and touches itself in the east.
	x, y := int32(1_150_000_000), int32(300_000_000)
	ring := geo.Ring{{X: x, Y: y}, {X: x + 2000, Y: y + 2000}, {X: x + 2000, Y: y}, {X: x, Y: y + 2000}, {X: x, Y: y + 10000},
		{X: x + 5000, Y: y + 5000}, {X: x + 6000, Y: y + 10000}, {X: x + 10000, Y: y + 10000}, {X: x + 10000, Y: y + 4000}, {X: x + 5000, Y: y + 5000}, {X: x + 4000, Y: y + 100}}
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: geo.MultiPolygon{{ring}}})
	before := kinds(faults(t, db, p))
	if !slices.Contains(before, "self_cross") || !slices.Contains(before, "self_touch") {
		t.Fatalf("faults %v, want a crossing and a touch", before)
	}
	p = mend(t, db, p, plan.Repair{Kind: "self_touch", Repair: "split"})
	for _, kind := range kinds(faults(t, db, p)) {
		if kind == "self_cross" || kind == "self_touch" {
			t.Errorf("%s is left after the split", kind)
		}
	}
}

func TestRecordsAtFaultAreNamedAndMended(t *testing.T) {
	db := town(t)
	unreadable := fault.Place{Pointer: "feature 6", Code: "ring_open", Detail: "the ring is not closed"}
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Place: "feature 1", Area: box(0, 0, 3000, 10000)},
		plan.Record{Code: "990101001001001", Name: "B", Parent: "990101001001", Place: "feature 2", Area: box(3000, 0, 6000, 10000)},
		plan.Record{Code: "", Name: "C", Parent: "990101001001", Place: "feature 3", Area: box(6000, 0, 10000, 10000)},
		plan.Record{Code: "990101001002001", Name: "D", Parent: "nowhere", Place: "feature 4", Area: box(10000, 0, 20000, 10000)},
		plan.Record{Code: "990101001002009", Name: "E", Parent: "990101001002", Place: "feature 5"},
		plan.Record{Code: "990101001002008", Name: "F", Parent: "990101001002", Place: "feature 6", Fault: &unreadable},
		plan.Record{Code: "990101001001", Name: "G", Parent: "990101001002", Place: "feature 7"})
	for _, want := range []string{"duplicate_code", "missing_code", "unknown_parent", "empty", "unreadable", "taken_code"} {
		if !slices.Contains(kinds(faults(t, db, p)), want) {
			t.Errorf("no fault %q among %v", want, kinds(faults(t, db, p)))
		}
	}
	p = mend(t, db, p, plan.Repair{Kind: "unknown_parent", Repair: "parent_by_place"})
	p = mend(t, db, p, plan.Repair{Kind: "duplicate_code", Repair: "number"})
	p = mend(t, db, p, plan.Repair{Kind: "missing_code", Repair: "number"})
	p = mend(t, db, p, plan.Repair{Kind: "taken_code", Repair: "drop"})
	p = mend(t, db, p, plan.Repair{Kind: "unreadable", Repair: "drop"})
	p = mend(t, db, p, plan.Repair{Kind: "empty", Repair: "drop"})
	if got := kinds(faults(t, db, p)); len(got) != 0 {
		t.Fatalf("after the repairs: %v, want none", got)
	}
	publish(t, db, p, "2026-01-01")
	list, err := grid.Units(t.Context(), db, staff.Local, day(t, "2026-01-01"), grid.Filter{Level: "grid", Limit: 10})
	if err != nil || len(list) != 4 {
		t.Fatalf("%d grids (%v), want 4", len(list), err)
	}
	checkTiling(t, db, "2026-01-01")
}

func TestABorderThatMeetsAnotherVillageGivesBothTheVertex(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001002001", Name: "E", Parent: "990101001002", Area: box(10000, 0, 20000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 10000, 4321)},
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Area: box(0, 4321, 10000, 10000)}), "2026-01-01")
	junction := geo.Point{X: 1_150_000_000 + 10000, Y: 300_000_000 + 4321}
	for _, code := range []string{"990101001001", "990101001002", "990101001002001"} {
		area, err := grid.Boundary(t.Context(), db, staff.Local, day(t, "2026-01-01"), code)
		if err != nil || !slices.Contains(area[0][0], junction) {
			t.Errorf("unit %s has no vertex at the junction (%v)", code, err)
		}
	}
	checkTiling(t, db, "2026-01-01")
}

func TestANewDivisionClosesTheOldOneAndKeepsItsHistory(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Area: box(5000, 0, 10000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "grid", "2026-03-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 10000, 10000)}), "2026-03-01")

	if got := unit(t, db, "2026-02-28", "990101001001002"); got.ValidTo == nil || got.ValidTo.String() != "2026-03-01" {
		t.Errorf("the retired grid ends on %v, want 2026-03-01", got.ValidTo)
	}
	_, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-03-01"), "990101001001002")
	if !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the retired grid on its last day: %v, want %v", err, grid.ErrUnknownUnit)
	}
	versions, err := grid.Versions(t.Context(), db, staff.Local, "990101001001001")
	if err != nil || len(versions) != 2 {
		t.Errorf("%d versions (%v), want 2", len(versions), err)
	}
	p := draftOf(t, db, "grid", "2026-03-01",
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Area: box(0, 0, 10000, 10000)})
	if got := kinds(faults(t, db, p)); !slices.Contains(got, "taken_code") {
		t.Errorf("a retired code used again: %v, want taken_code", got)
	}
	checkTiling(t, db, "2026-02-28")
	checkTiling(t, db, "2026-03-01")
}

func TestARetiredUnitOnAnEdgeThatGetsAVertexStaysRetired(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 10000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "grid", "2026-03-01",
		plan.Record{Code: "990101001001002", Name: "B", Parent: "990101001001", Area: box(0, 0, 10000, 4321)},
		plan.Record{Code: "990101001001003", Name: "C", Parent: "990101001001", Area: box(0, 4321, 10000, 10000)}), "2026-03-01")
	_, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-03-01"), "990101001001001")
	if !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the retired grid is back: %v, want %v", err, grid.ErrUnknownUnit)
	}
	checkTiling(t, db, "2026-03-01")
}

func TestAPublishedPlanAndAnOldRevisionAreRefused(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001001001", Name: "A", Parent: "990101001001", Area: box(0, 0, 9000, 10000)})
	mended := mend(t, db, p, plan.Repair{Kind: "gap", Repair: "fill"})
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2026-01-01"), quiet); !errors.Is(err, plan.ErrStale) {
		t.Errorf("publish at an old revision: %v, want %v", err, plan.ErrStale)
	}
	publish(t, db, mended, "2026-01-01")
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, mended.Revision, day(t, "2026-01-01"), quiet); !errors.Is(err, plan.ErrNotDraft) {
		t.Errorf("publish twice: %v, want %v", err, plan.ErrNotDraft)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, 999, 1, day(t, "2026-01-01"), quiet); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("publish nothing: %v, want %v", err, plan.ErrUnknown)
	}
}

func TestAnEarlierDayThanAPublishedOneIsRefused(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "village", "2025-06-01",
		plan.Record{Code: "990101001001", Name: "West", Area: box(0, 0, 10000, 10000)})
	_, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2025-06-01"), quiet)
	if !errors.Is(err, plan.ErrBefore) {
		t.Errorf("publish before a later version: %v, want %v", err, plan.ErrBefore)
	}
}

func TestUnitsBelowARetiredOneGetTheParentThatCoversThem(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: "990101001002001", Name: "E", Parent: "990101001002", Area: box(10000, 0, 20000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "village", "2026-03-01",
		plan.Record{Code: "990101001003", Name: "Both", Parent: "990101001000", Area: box(0, 0, 20000, 10000)}), "2026-03-01")
	for on, want := range map[string]string{"2026-02-28": "990101001002", "2026-03-01": "990101001003"} {
		if got := unit(t, db, on, "990101001002001").Parent; got != want {
			t.Errorf("on %s the grid's parent is %s, want %s", on, got, want)
		}
	}
	if got := unit(t, db, "2026-03-01", "990101001003"); got.State != "incomplete" || got.Children != 1 {
		t.Errorf("the merged village is %s with %d grids, want incomplete with 1", got.State, got.Children)
	}
}

func TestAVillageDrawnBeforeItsTownJoinsIt(t *testing.T) {
	db := pgtest.Database(t)
	publish(t, db, draftOf(t, db, "village", "2026-01-01",
		plan.Record{Code: "990101001001", Name: "West", Area: box(0, 0, 10000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "town", "2026-01-01",
		plan.Record{Code: "990101001000", Name: "Town", Area: box(0, 0, 20000, 10000)}), "2026-01-01")
	if got := unit(t, db, "2026-01-01", "990101001001").Parent; got != "990101001000" {
		t.Errorf("the village's parent is %q, want the town", got)
	}
	if got := unit(t, db, "2026-01-01", "990101001000").State; got != "incomplete" {
		t.Errorf("the town is %s, want incomplete", got)
	}
}

// checkTiling proves that every complete unit is tiled exactly by those below it.
func checkTiling(t *testing.T, db *pgxpool.Pool, on string) {
	t.Helper()
	list, err := grid.AllInForce(context.Background(), db, day(t, on))
	if err != nil {
		t.Fatal(err)
	}
	below := map[int64][]topology.Part{}
	for _, b := range list {
		below[b.ParentID] = append(below[b.ParentID], topology.Part{Code: b.Code, Area: b.Area})
	}
	for _, b := range list {
		if b.State != "complete" {
			continue
		}
		if vs := topology.Check(b.Area, below[b.ID]); len(vs) > 0 {
			t.Errorf("%s on %s is called complete but: %s", b.Code, on, fmt.Sprint(vs))
		}
	}
}
