package plan_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// tiled fails the test unless every unit in force that has units below is tiled
// by them, gaps aside.
func tiled(t *testing.T, db *pgxpool.Pool, on string) {
	t.Helper()
	list, err := grid.AllInForce(t.Context(), db, day(t, on))
	if err != nil {
		t.Fatal(err)
	}
	below := map[int64][]topology.Part{}
	for _, b := range list {
		below[b.ParentID] = append(below[b.ParentID], topology.Part{Code: b.Code, Area: b.Area})
	}
	for _, b := range list {
		for _, v := range topology.Check(b.Area, below[b.ID]) {
			if len(below[b.ID]) > 0 && v.Kind != topology.Gap {
				t.Errorf("%s: %s %v at %v", b.Code, v.Kind, v.Codes, v.At)
			}
		}
	}
}

// gridRecord is a grid of a village.
func gridRecord(code, parent string, area geo.MultiPolygon) plan.Record {
	return plan.Record{Code: code, Name: code, Parent: parent, Place: "feature " + code, Area: area}
}

const west, east = "990101001001", "990101001002"

func TestFittingAParentMovesTheBorderWithItsNeighbourAndKeepsTheTownWhole(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02", // one grid of West reaches 20 m into East, which is not in the draft
		gridRecord(west+"001", west, box(0, 0, 5000, 10000)),
		gridRecord(west+"002", west, box(5000, 0, 12000, 6000)))
	if got := kinds(faults(t, db, p)); !slices.Equal(got, []string{"outside", "gap"}) {
		t.Fatalf("faults %v, want what lies outside and the gap above it", got)
	}
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	if got := kinds(faults(t, db, p)); !slices.Equal(got, []string{"gap"}) {
		t.Fatalf("after fitting: faults %v, want the gap alone: land that nobody claims stays", got)
	}
	publish(t, db, p, "2026-01-02")
	tiled(t, db, "2026-01-02")
	if w, e := unit(t, db, "2026-01-02", west), unit(t, db, "2026-01-02", east); w.Bound[2] <= unit(t, db, "2026-01-01", west).Bound[2] ||
		w.Area+e.Area < 0.999999*unit(t, db, "2026-01-01", "990101001000").Area || w.State != "incomplete" {
		t.Errorf("West %+v, East %+v", w, e)
	}
	if got := unit(t, db, "2026-01-02", "990101001000"); got.State != "complete" {
		t.Errorf("the town is %s, want complete", got.State)
	}
}

func TestFittingBeyondTheTownMakesTheTownFollow(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(-3000, 0, 10000, 10000)))
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	if p.Faults.Hard+p.Faults.Soft > 0 {
		t.Fatalf("faults %v", kinds(faults(t, db, p)))
	}
	publish(t, db, p, "2026-01-02")
	tiled(t, db, "2026-01-02")
	for _, code := range []string{west, "990101001000"} {
		if got := unit(t, db, "2026-01-02", code); got.State != "complete" || got.Bound[0] >= unit(t, db, "2026-01-01", code).Bound[0] {
			t.Errorf("%s is %s and reaches west to %f, want complete and farther", code, got.State, got.Bound[0])
		}
	}
}

func TestUnitsInForceThatTheDraftDoesNotTouchKeepTheirLand(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", gridRecord(east+"001", east, box(10000, 0, 20000, 10000))), "2026-01-01")
	p := draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(0, 0, 12000, 10000)))
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	if got := kinds(faults(t, db, p)); !slices.Equal(got, []string{"outside"}) {
		t.Fatalf("faults %v; the land of East's grid cannot be taken", got)
	}
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "clip"})
	publish(t, db, p, "2026-01-02")
	tiled(t, db, "2026-01-02")
}

func TestAUnitAboveOfWhichNothingIsLeftEndsOnlyWhenThatIsAccepted(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(0, 0, 20000, 10000)))
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	list := faults(t, db, p)
	if got := kinds(list); !slices.Equal(got, []string{"swallowed"}) || !list[0].Hard || list[0].Codes[0] != east || list[0].Area < 1 {
		t.Fatalf("faults %+v, want East swallowed", list)
	}
	_, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2026-01-02"), quiet)
	if !errors.Is(err, plan.ErrFaulty) {
		t.Fatalf("publish: %v, want %v", err, plan.ErrFaulty)
	}
	back := mend(t, db, p, plan.Repair{Kind: "swallowed", Repair: "reset"})
	if got := kinds(faults(t, db, back)); !slices.Equal(got, []string{"outside"}) {
		t.Errorf("after the reset: %v, want the fault from before", got)
	}
	p = mend(t, db, back, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	p = mend(t, db, p, plan.Repair{Kind: "swallowed", Repair: "accept"})
	publish(t, db, p, "2026-01-02")
	tiled(t, db, "2026-01-02")
	if _, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-01-02"), east); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("East is still in force: %v", err)
	}
	if got := unit(t, db, "2026-01-02", "990101001000"); got.State != "complete" || got.Children != 1 {
		t.Errorf("the town is %s with %d villages", got.State, got.Children)
	}
}

func TestAGapThatIsFittedIsGivenAway(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02", gridRecord(west+"001", west, box(0, 0, 10000, 7000)))
	p = mend(t, db, p, plan.Repair{Kind: "gap", Repair: "fit_parent"})
	if p.Faults.Hard+p.Faults.Soft > 0 {
		t.Fatalf("faults %v", kinds(faults(t, db, p)))
	}
	publish(t, db, p, "2026-01-02")
	tiled(t, db, "2026-01-02")
	if got := unit(t, db, "2026-01-02", west); got.State != "complete" {
		t.Errorf("West is %s, want complete", got.State)
	}
	if got := unit(t, db, "2026-01-02", "990101001000"); got.State != "incomplete" || got.Uncovered < 1 {
		t.Errorf("the town is %s with %f m² uncovered: land that was given away must be seen", got.State, got.Uncovered)
	}
}

func TestARedrawnParentIsNotPublishedOverANewerBoundary(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02", gridRecord(west+"001", west, box(0, 0, 12000, 10000)))
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "fit_parent"})
	publish(t, db, draftOf(t, db, "village", "2026-01-01", // meanwhile the border between the villages moves
		plan.Record{Code: west, Name: "West", Parent: "990101001000", Area: box(0, 0, 9000, 10000)},
		plan.Record{Code: east, Name: "East", Parent: "990101001000", Area: box(9000, 0, 20000, 10000)}), "2026-01-01")
	_, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2026-01-02"), quiet)
	if f := fault.Of(err); !errors.Is(err, plan.ErrFaulty) || f.Places[0].Code != "stale_parent" {
		t.Fatalf("publish: %v, want stale_parent", err)
	}
	// Any look at the draft now shows it, and the reset makes it whole again.
	if _, err = plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: p.Revision, Kind: "stale_parent", Repair: "reset"}, day(t, "2026-01-02")); err != nil {
		t.Fatal(err)
	}
}

func TestARepairThatWouldLeaveAUnitWithNothingIsNotMade(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(0, 0, 10010, 10000)),     // a sliver outside
		gridRecord(west+"002", west, box(15000, 0, 20000, 10000))) // outside as a whole
	list := faults(t, db, p)
	whole := slices.IndexFunc(list, func(f plan.Fault) bool { return f.Codes[0] == west+"002" })
	if whole < 0 || slices.Contains(list[whole].Repairs, "clip") || list[whole].Repairs[0] != "parent_by_place" || list[whole].Detail == "" {
		t.Fatalf("a unit outside as a whole: %+v; want another parent offered and no clipping", list)
	}
	_, err := plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: p.Revision, FaultID: list[whole].ID, Repair: "clip"}, day(t, "2026-01-02"))
	if !errors.Is(err, plan.ErrRepair) {
		t.Errorf("clipping it: %v, want %v", err, plan.ErrRepair)
	}
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "clip"}) // of all: the sliver goes
	if got := kinds(faults(t, db, p)); !slices.Equal(got, []string{"outside"}) {
		t.Fatalf("faults %v, want the one that clipping cannot mend", got)
	}
	p = mend(t, db, p, plan.Repair{Kind: "outside", Repair: "parent_by_place"})
	if p.Faults.Hard != 0 {
		t.Errorf("faults %v", kinds(faults(t, db, p)))
	}
	publish(t, db, p, "2026-01-02")
	if got := unit(t, db, "2026-01-02", west+"002"); got.Parent != east {
		t.Errorf("its parent is %s, want %s", got.Parent, east)
	}
}

func TestTwoRepairsThatTogetherLeaveNothingAreNotMade(t *testing.T) {
	db := town(t)
	// The grid is split by the border of its village; what is inside is claimed by
	// a grid with a lower code, what is outside may be clipped: one after the other.
	p := draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(0, 0, 10000, 10000)),
		gridRecord(west+"002", west, box(9000, 0, 12000, 10000)))
	p = mend(t, db, p, plan.Repair{Kind: "overlap", Repair: "cut"})
	list := faults(t, db, p)
	if len(list) != 1 || slices.Contains(list[0].Repairs, "clip") {
		t.Fatalf("faults %+v, want one that offers no clipping", list)
	}
	p = draftOf(t, db, "grid", "2026-01-02",
		gridRecord(west+"001", west, box(0, 0, 10000, 10000)),
		gridRecord(west+"002", west, box(2000, 2000, 3000, 3000)))
	_, err := plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: p.Revision, Kind: "overlap", Repair: "cut"}, day(t, "2026-01-02"))
	if !errors.Is(err, plan.ErrEmptied) || fault.Of(err).Detail != west+"002" {
		t.Errorf("cutting a grid that lies in another: %v, want %v with its code", err, plan.ErrEmptied)
	}
}

func TestANumberNeedsTheParentFirst(t *testing.T) {
	db := town(t)
	p := draftOf(t, db, "grid", "2026-01-02", gridRecord("", "", box(0, 0, 10000, 10000)))
	_, err := plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: p.Revision, Kind: "missing_code", Repair: "number"}, day(t, "2026-01-02"))
	if !errors.Is(err, plan.ErrRepair) {
		t.Fatalf("numbered without a parent: %v, want %v", err, plan.ErrRepair)
	}
	p = mend(t, db, p, plan.Repair{Kind: "missing_parent", Repair: "parent_by_place"})
	p = mend(t, db, p, plan.Repair{Kind: "missing_code", Repair: "number"})
	units, err := plan.Units(t.Context(), db, staff.Local, p.ID)
	if err != nil || units[0].Code != west+"001" {
		t.Errorf("code %q, %v; want the first of its parent", units[0].Code, err)
	}
}
