package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/topology"
)

// gridded is the town with two grids in each village: a row of four.
func gridded(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		gridRecord("990101001001001", "990101001001", box(0, 0, 5000, 10000)),
		gridRecord("990101001001002", "990101001001", box(5000, 0, 10000, 10000)),
		gridRecord("990101001002001", "990101001002", box(10000, 0, 15000, 10000)),
		gridRecord("990101001002002", "990101001002", box(15000, 0, 20000, 10000))), "2026-01-01")
	return db
}

// desk is a draft in a workshop.
type desk struct {
	*testing.T
	db       *pgxpool.Pool
	shop     *plan.Workshop
	actor    staff.Actor
	id       int64
	revision int
}

// branch opens a draft of what is below a unit.
func branch(t *testing.T, db *pgxpool.Pool, base string) *desk {
	t.Helper()
	p, err := plan.NewBranch(t.Context(), db, staff.Local, plan.Branch{Name: "branch of " + base, Base: base, Day: day(t, "2026-02-01")})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, p.ID, p.Revision}
}

func (d *desk) try(e plan.Edit) (plan.Edited, error) {
	d.Helper()
	return d.shop.Do(d.Context(), d.actor, d.id, plan.Request{Revision: d.revision, Key: uuid.NewString(), Edit: e})
}

func (d *desk) do(e plan.Edit) plan.Edited {
	d.Helper()
	out, err := d.try(e)
	if err != nil {
		d.Fatalf("%s: %v", e.Kind, err)
	}
	d.revision = out.Revision
	return out
}

func (d *desk) refused(want error, e plan.Edit) *fault.Fault {
	d.Helper()
	before := d.areas()
	_, err := d.try(e)
	if !errors.Is(err, want) {
		d.Fatalf("%s: %v, want %v", e.Kind, err, want)
	}
	if after := d.areas(); after != before {
		d.Fatalf("a refused %s changed the draft: %s → %s", e.Kind, before, after)
	}
	return fault.Of(err)
}

// areas are the units of the draft with their areas in hectares, as a new workshop
// reads them.
func (d *desk) areas() string {
	d.Helper()
	out, err := plan.NewWorkshop(d.db, nil).Division(d.Context(), d.actor, d.id)
	if err != nil {
		d.Fatal(err)
	}
	var list []string
	for _, r := range out.Rows {
		if r.Role == plan.Part {
			list = append(list, fmt.Sprintf("%s:%.0f", r.Code[len(r.Code)-4:], float64(geo.MultiPolygon(r.Area).SquareMeters())))
		}
	}
	return fmt.Sprint(list)
}

func (d *desk) publish(on string) {
	d.Helper()
	p, err := plan.Get(d.Context(), d.db, staff.Local, d.id)
	if err != nil {
		d.Fatal(err)
	}
	publish(d.T, d.db, p, on)
	tiled(d.T, d.db, on)
}

// at is a place of the board that box draws on.
func at(x, y int32) geo.Point { return box(x, y, x+1, y+1)[0][0][0] }

func line(xy ...int32) (out []geo.Point) {
	for i := 0; i < len(xy); i += 2 {
		out = append(out, at(xy[i], xy[i+1]))
	}
	return out
}

func op(o topology.Op) plan.Edit { return plan.Edit{Op: o} }

func TestABranchIsThePlanInForceAndPublishingItUnchangedChangesNothing(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	out, err := d.shop.Division(t.Context(), staff.Local, d.id)
	if err != nil || len(out.Rows) != 4 || out.Next != 5 || len(out.Parents) != 2 || out.Plan.Base.Code != "990101001000" || out.Plan.Level != "grid" {
		t.Fatalf("%+v, %v", out, err)
	}
	versions := func() (n int) {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM boundary`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := versions()
	d.publish("2026-02-01")
	if after := versions(); after != before {
		t.Errorf("%d versions of boundaries became %d", before, after)
	}
}

func TestABorderBetweenVillagesMovesBothAndTheirGrids(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	d.do(op(topology.Op{Kind: topology.Reshape, Line: line(9000, 4000, 11000, 4000, 11000, 6000, 9000, 6000)}))
	d.publish("2026-02-01")
	west, east := unit(t, db, "2026-02-01", "990101001001"), unit(t, db, "2026-02-01", "990101001002")
	if west.Area <= east.Area || west.State != "complete" || east.State != "complete" {
		t.Errorf("west %.0f m² %s, east %.0f m² %s", west.Area, west.State, east.Area, east.State)
	}
	if was := unit(t, db, "2026-01-31", "990101001001"); was.Area >= west.Area {
		t.Error("the day before it was as large")
	}
}

func TestALineThatEndsOnAVillageOutsideThePlanGivesItTheVertexAndNothingElse(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001001")
	d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{2}, Into: 3, Line: line(4900, 5000, 10100, 5000)}))
	out, err := d.shop.Division(t.Context(), staff.Local, d.id)
	if err != nil || out.Rows[2].Code != "990101001001003" || out.Rows[2].Parent != "990101001001" {
		t.Fatalf("%+v, %v", out.Rows[2], err)
	}
	d.publish("2026-02-01")
	east := unit(t, db, "2026-02-01", "990101001002001")
	if was := unit(t, db, "2026-01-01", "990101001002001"); east.ValidFrom.String() != "2026-02-01" || east.Area != was.Area {
		t.Errorf("the neighbour: %+v", east)
	}
	if far := unit(t, db, "2026-02-01", "990101001002002"); far.ValidFrom.String() != "2026-01-01" {
		t.Errorf("a unit that has no border there got a new version: %+v", far)
	}
	// The border itself stays where it is.
	d = branch(t, db, "990101001001")
	f := d.refused(topology.ErrRim, op(topology.Op{Kind: topology.MovePoint, At: at(10000, 5000), To: at(10100, 5000)}))
	if len(f.Places) != 1 || f.Places[0].At == nil {
		t.Errorf("no place: %+v", f)
	}
}

// The new border meets that of the village at four degrees: the vertex lies a third of
// a step off the village's border, and what is right and left of it would cross.
func TestABorderThatMeetsTheRimAtASharpAngleIsPublished(t *testing.T) {
	db := pgtest.Database(t)
	publish(t, db, draftOf(t, db, "town", "2026-01-01",
		plan.Record{Code: "990101001000", Name: "Town", Place: "feature 1", Area: box(0, 0, 20000, 10000)}), "2026-01-01")
	rim := line(0, 7170, 8271, 5376, 10000, 5000, 12919, 4436, 20000, 4436)
	back := slices.Clone(rim)
	slices.Reverse(back)
	south := geo.MultiPolygon{{append(geo.Ring(line(0, 0, 20000, 0)), back...)}}
	north := geo.MultiPolygon{{append(geo.Ring(slices.Clone(rim)), line(20000, 10000, 0, 10000)...)}}
	publish(t, db, draftOf(t, db, "village", "2026-01-01",
		plan.Record{Code: "990101001001", Name: "South", Parent: "990101001000", Place: "feature 1", Area: south},
		plan.Record{Code: "990101001002", Name: "North", Parent: "990101001000", Place: "feature 2", Area: north}), "2026-01-01")
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		gridRecord("990101001001001", "990101001001", south), gridRecord("990101001002001", "990101001002", north)), "2026-01-01")
	d := branch(t, db, "990101001001")
	d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 2, Line: line(-2626, 6417, 10043, 4992, 10143, 4981)}))
	d.shop = plan.NewWorkshop(db, nil) // it opens again
	d.do(op(topology.Op{Kind: plan.Lock, Units: []int{1}}))
	d.publish("2026-02-01")
	if u := unit(t, db, "2026-02-01", "990101001002001"); u.ValidFrom.String() != "2026-02-01" {
		t.Error("the neighbour did not get the vertex")
	}
}

func TestMergingCarriesEverythingAndEndsTheCode(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	d.do(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}))
	d.publish("2026-02-01")
	if _, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-02-01"), "990101001001002"); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the merged grid: %v", err)
	}
	var into string
	err := db.QueryRow(t.Context(), `
		SELECT a.code FROM lineage l JOIN unit b ON b.id = l.before JOIN unit a ON a.id = l.after WHERE b.code = '990101001001002'`).Scan(&into)
	if err != nil || into != "990101001001001" {
		t.Errorf("lineage: %s, %v", into, err)
	}
	// The code is never used again.
	d = branch(t, db, "990101001001")
	out := d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 2, Line: line(5000, -10, 5000, 10010)}))
	if code := out.Changed[len(out.Changed)-1].After.Code; code != "990101001001003" {
		t.Errorf("the new part has the code %s", code)
	}
}

func TestAllGridsOfAVillageGoToTheOther(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	d.do(plan.Edit{Op: topology.Op{Kind: plan.ChangeOver, Units: []int{3}}, Parent: "990101001001"})
	d.publish("2026-02-01")
	if g := unit(t, db, "2026-02-01", "990101001002001"); g.Parent != "990101001001" {
		t.Errorf("the grid is below %s", g.Parent)
	}
	if west := unit(t, db, "2026-02-01", "990101001001"); west.Children != 3 || west.State != "complete" {
		t.Errorf("%+v", west)
	}
	d = branch(t, db, "990101001000")
	d.refused(plan.ErrNoParent, plan.Edit{Op: topology.Op{Kind: plan.ChangeOver, Units: []int{3}}, Parent: "990101001000"})
}

func TestACommitteeIsSplitByMakingAnotherAndMovingGridsThere(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	out := d.do(plan.Edit{Op: topology.Op{Kind: plan.AddAbove}, Name: "Middle", Code: "990101001003"})
	if row := out.Changed[0].After; row.ID != 5 || row.Role != plan.Parent || row.Parent != "990101001000" {
		t.Fatalf("%+v", row)
	}
	// Nobody belongs to it yet: it cannot be published, and may be dropped.
	p, err := plan.Get(t.Context(), db, staff.Local, d.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, "2026-02-01"), quiet); !errors.Is(err, plan.ErrFaulty) {
		t.Errorf("published with an empty committee: %v", err)
	}
	d.do(plan.Edit{Op: topology.Op{Kind: plan.DropAbove, Units: []int{5}}})
	d.do(plan.Edit{Op: topology.Op{Kind: plan.AddAbove}, Name: "Middle", Code: "990101001003"})
	d.do(plan.Edit{Op: topology.Op{Kind: plan.ChangeOver, Units: []int{2, 3}}, Parent: "990101001003"})
	d.refused(topology.ErrOp, plan.Edit{Op: topology.Op{Kind: plan.DropAbove, Units: []int{5}}})
	d.refused(topology.ErrOp, plan.Edit{Op: topology.Op{Kind: plan.AddAbove}, Code: "990101001001"})
	d.refused(plan.ErrNoParent, plan.Edit{Op: topology.Op{Kind: plan.AddAbove}, Parent: "990101001002"})
	d.shop = plan.NewWorkshop(db, nil) // it lasts
	d.publish("2026-02-01")
	for code, children := range map[string]int{"990101001001": 1, "990101001002": 1, "990101001003": 2} {
		if u := unit(t, db, "2026-02-01", code); u.Children != children || u.State != "complete" || u.Parent != "990101001000" || u.Level != "village" {
			t.Errorf("%+v", u)
		}
	}
	if u := unit(t, db, "2026-02-01", "990101001000"); u.Children != 3 || u.State != "complete" {
		t.Errorf("%+v", u)
	}
	var lineage string
	err = db.QueryRow(t.Context(), `
		SELECT string_agg(b.code || '→' || a.code, ' ' ORDER BY b.code, a.code)
		FROM lineage l JOIN unit b ON b.id = l.before JOIN unit a ON a.id = l.after WHERE l.plan_id = $1`, d.id).Scan(&lineage)
	if want := "990101001001→990101001003 990101001002→990101001003"; err != nil || lineage != want {
		t.Errorf("lineage %s, %v; want %s", lineage, err, want)
	}
}

func TestABranchTwoLevelsBelowItsBaseLeavesWhatIsElsewhereAlone(t *testing.T) {
	db := gridded(t)
	var records []plan.Record
	for i := range int32(4) {
		grid := fmt.Sprintf("99010100100%d00%d", i/2+1, i%2+1)
		for k := range int32(2) {
			records = append(records, gridRecord(fmt.Sprintf("%s00%d", grid, k+1), grid, box(5000*i, 5000*k, 5000*i+5000, 5000*k+5000)))
		}
	}
	publish(t, db, draftOf(t, db, "micro-grid", "2026-01-01", records...), "2026-01-01")
	d := branch(t, db, "990101001001")
	p, err := plan.Get(t.Context(), db, staff.Local, d.id)
	if err != nil || p.Units != 4 || p.Faults.Hard != 0 || p.Level != "micro-grid" {
		t.Fatalf("%+v, %v", p, err)
	}
	// From one grid to another: both grids follow, the village stays.
	d.do(op(topology.Op{Kind: topology.Reshape, Line: line(4000, 2000, 6000, 2000, 6000, 3000, 4000, 3000)}))
	d.publish("2026-02-01")
	if w, e := unit(t, db, "2026-02-01", "990101001001001"), unit(t, db, "2026-02-01", "990101001001002"); w.Area <= e.Area || w.State != "complete" || e.State != "complete" {
		t.Errorf("%+v, %+v", w, e)
	}
	for _, code := range []string{"990101001001", "990101001002", "990101001002001"} {
		if u := unit(t, db, "2026-02-01", code); u.ValidFrom.String() != "2026-01-01" {
			t.Errorf("%s got a new version", code)
		}
	}
}

func TestStepsAreTakenBackAndDoneAgainAfterARestart(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	states := []string{d.areas()}
	for _, e := range []plan.Edit{
		op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 5, Line: line(2000, -10, 2000, 10010)}),
		op(topology.Op{Kind: topology.Reshape, Line: line(9000, 4000, 11000, 4000, 11000, 6000, 9000, 6000)}),
		op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 2}),
		op(topology.Op{Kind: topology.Transfer, Area: box(12000, 2000, 13000, 3000), Into: topology.Unclaimed}),
		{Op: topology.Op{Kind: plan.NameUnit, Units: []int{4}}, Name: "East of East"},
	} {
		d.do(e)
		states = append(states, d.areas())
	}
	restart := func() { d.shop = plan.NewWorkshop(db, nil) }
	turn := func(f func(*plan.Workshop) (plan.Edited, error)) {
		t.Helper()
		restart()
		out, err := f(d.shop)
		if err != nil {
			t.Fatal(err)
		}
		d.revision = out.Revision
	}
	undo := func(w *plan.Workshop) (plan.Edited, error) { return w.Undo(t.Context(), d.actor, d.id, d.revision) }
	redo := func(w *plan.Workshop) (plan.Edited, error) { return w.Redo(t.Context(), d.actor, d.id, d.revision) }
	for i := len(states) - 2; i >= 0; i-- {
		turn(undo)
		if got := d.areas(); got != states[i] {
			t.Fatalf("after taking back to %d: %s, want %s", i, got, states[i])
		}
	}
	if _, err := undo(d.shop); !errors.Is(err, plan.ErrNoStep) {
		t.Errorf("nothing to take back: %v", err)
	}
	for i := 1; i < len(states); i++ {
		turn(redo)
		if got := d.areas(); got != states[i] {
			t.Fatalf("after doing again to %d: %s, want %s", i, got, states[i])
		}
	}
	if _, err := redo(d.shop); !errors.Is(err, plan.ErrNoStep) {
		t.Errorf("nothing to do again: %v", err)
	}
	// A new step leaves what was taken back behind.
	turn(undo)
	turn(undo)
	d.do(op(topology.Op{Kind: topology.AddPoint, Edge: [2]geo.Point{at(15000, 0), at(15000, 10000)}, To: at(15100, 5000)}))
	if _, err := redo(d.shop); !errors.Is(err, plan.ErrNoStep) {
		t.Errorf("what was left behind was done again: %v", err)
	}
	steps, err := plan.Steps(t.Context(), db, d.actor, d.id, 0, 100)
	if err != nil || len(steps) != 4 || steps[0].Seq != 6 || steps[0].Edit.Kind != topology.AddPoint || steps[3].State != "done" {
		t.Errorf("%+v, %v", steps, err)
	}
}

func TestAnEditIsMadeOnceHoweverOftenItIsSent(t *testing.T) {
	db := gridded(t)
	d := branch(t, db, "990101001000")
	r := plan.Request{Revision: d.revision, Key: uuid.NewString(), Edit: op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1})}
	first, err := d.shop.Do(t.Context(), d.actor, d.id, r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := plan.NewWorkshop(db, nil).Do(t.Context(), d.actor, d.id, r)
	if err != nil || again.Step == nil || again.Step.Seq != first.Step.Seq || again.Revision != first.Revision {
		t.Errorf("%+v, %v", again, err)
	}
	r.Key = "7"
	if _, err := d.shop.Do(t.Context(), d.actor, d.id, r); !errors.Is(err, plan.ErrKey) {
		t.Error(err)
	}
}

func TestNewUnitsAreNumberedWestToEastAndThoseInForceKeepTheirCodes(t *testing.T) {
	d := branch(t, gridded(t), "990101001001")
	d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{2}, Into: 3, At: at(5001, 5000), Line: line(9000, -10, 9000, 10010)})) // the eastern part is new
	d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 4, At: at(4999, 5000), Line: line(1000, -10, 1000, 10010)})) // the western part is new
	code := func(id int) string {
		t.Helper()
		out, err := d.shop.Division(t.Context(), d.actor, d.id)
		if err != nil {
			t.Fatal(err)
		}
		return out.Rows[id-1].Code[12:] + " " + out.Rows[id-1].Name
	}
	if code(3)[:3] != "003" || code(4)[:3] != "004" {
		t.Fatalf("%s, %s", code(3), code(4))
	}
	d.do(op(topology.Op{Kind: plan.Number, Units: []int{4, 3}}))
	if code(3)[:3] != "004" || code(4)[:3] != "003" {
		t.Errorf("%s, %s", code(3), code(4))
	}
	d.refused(topology.ErrOp, op(topology.Op{Kind: plan.Number, Units: []int{1}}))
}

func TestADivisionThatWasWorkedOutBecomesADraft(t *testing.T) {
	db := gridded(t)
	b := plan.Branch{Name: "three", Base: "990101001001", Level: "grid", Day: day(t, "2026-02-01")}
	units := []plan.Unit{
		{Parent: "990101001001", Area: box(6000, 0, 10000, 10000)},
		{Parent: "990101001001", Code: "990101001001001", Name: "stays", Area: box(0, 0, 3000, 10000)},
		{Parent: "990101001001", Area: box(3000, 0, 6000, 10000)},
	}
	p, err := plan.Redivide(t.Context(), db, staff.Local, b, units)
	if err != nil || p.Faults.Hard != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	d := &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, p.ID, p.Revision}
	out, err := d.shop.Division(t.Context(), d.actor, d.id)
	if err != nil || out.Rows[0].Code[12:] != "004" || out.Rows[1].Name != "stays" || out.Rows[2].Code[12:] != "003" || out.Rows[2].Name == "" {
		t.Errorf("%+v, %v", out.Rows, err)
	}
	d.publish("2026-02-01")
	units[0].Parent = "990101001000"
	if _, err := plan.Redivide(t.Context(), db, staff.Local, b, units); !errors.Is(err, plan.ErrNoParent) {
		t.Error(err)
	}
}

func TestTryingChangesNothing(t *testing.T) {
	d := branch(t, gridded(t), "990101001000")
	before := d.areas()
	out, err := d.shop.Do(t.Context(), d.actor, d.id, plan.Request{Revision: d.revision, Key: uuid.NewString(), Try: true,
		Edit: op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1})})
	if err != nil || out.Step != nil || len(out.Changed) != 2 || out.Revision != d.revision || d.areas() != before {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestTwoPlannersEditApartAndHearOfEachOther(t *testing.T) {
	db := gridded(t)
	mine := branch(t, db, "990101001000")
	theirs := &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, mine.id, mine.revision}
	split := func(unit, into int, x int32) plan.Edit {
		return op(topology.Op{Kind: topology.SplitBy, Units: []int{unit}, Into: into, Line: line(x, -10, x, 10010)})
	}
	theirs.do(split(1, 5, 2500))
	// Elsewhere: it is made, and tells what was missed.
	out := mine.do(op(topology.Op{Kind: topology.Reshape, Line: line(14000, 4000, 16000, 4000, 16000, 6000, 14000, 6000)}))
	if !out.Rebased || len(out.Missed) != 2 {
		t.Errorf("%+v", out)
	}
	// The same unit: a choice.
	f := theirs.refused(plan.ErrConflict, split(3, 6, 12500))
	if len(f.Places) == 0 || f.Places[0].At == nil || f.Places[0].Code != string(topology.Reshape) {
		t.Errorf("%+v", f)
	}
	// Both: as it stood when they had it, in a draft of its own.
	both, err := theirs.shop.Duplicate(t.Context(), theirs.actor, theirs.id, "theirs", theirs.revision)
	if err != nil {
		t.Fatal(err)
	}
	copied := &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, both.ID, both.Revision}
	copied.do(split(3, 6, 12500))
	// Mine after all: on what stands now.
	theirs.revision = mine.revision
	theirs.do(split(3, 6, 12500))
	if copied.areas() == theirs.areas() {
		t.Errorf("both are %s", copied.areas())
	}
	if _, err := mine.shop.Undo(t.Context(), mine.actor, mine.id, mine.revision); !errors.Is(err, plan.ErrStale) {
		t.Errorf("taking back what one has not seen: %v", err)
	}
}

func TestAPointThatSomebodyMovedIsAConflict(t *testing.T) {
	db := gridded(t)
	mine := branch(t, db, "990101001000")
	mine.do(op(topology.Op{Kind: topology.AddPoint, Edge: [2]geo.Point{at(5000, 0), at(5000, 10000)}, To: at(5100, 5000)}))
	theirs := &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, mine.id, mine.revision}
	theirs.do(op(topology.Op{Kind: topology.MovePoint, At: at(5100, 5000), To: at(5200, 5000)}))
	mine.refused(plan.ErrConflict, op(topology.Op{Kind: topology.MovePoint, At: at(5100, 5000), To: at(4900, 5000)}))
	// Another point of the same border is nobody's business.
	if out := mine.do(op(topology.Op{Kind: topology.AddPoint, Edge: [2]geo.Point{at(15000, 0), at(15000, 10000)}, To: at(15100, 5000)})); !out.Rebased {
		t.Errorf("%+v", out)
	}
}

func TestWhatAnEditMayNotDo(t *testing.T) {
	d := branch(t, gridded(t), "990101001000")
	d.refused(topology.ErrOp, op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 77, Line: line(2500, -10, 2500, 10010)}))
	d.refused(topology.ErrOp, op(topology.Op{Kind: topology.Transfer, Area: box(0, 0, 100, 100), Into: 77}))
	d.refused(topology.ErrOp, op(topology.Op{Kind: plan.NameUnit}))
	d.refused(topology.ErrOp, plan.Edit{Op: topology.Op{Kind: plan.NameUnit, Units: []int{1}}, Code: "990101001001002"})
	d.refused(topology.ErrOp, plan.Edit{Op: topology.Op{Kind: plan.NameUnit, Units: []int{1}}, Code: "9901010010010029901010010010029901010010010"})
	d.refused(topology.ErrOp, op(topology.Op{Kind: plan.Lock, Units: []int{9}}))
	d.do(op(topology.Op{Kind: plan.Lock, Units: []int{1}}))
	f := d.refused(topology.ErrLocked, op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}))
	if f.Places[0].Pointer != "code=990101001001001" {
		t.Errorf("%+v", f.Places)
	}
	// The lock lasts.
	d.shop = plan.NewWorkshop(d.db, nil)
	d.refused(topology.ErrLocked, op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}))
	d.do(op(topology.Op{Kind: plan.Unlock, Units: []int{1}}))
	d.do(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}))
}

func TestAVillageThatIsNotDividedYetBeginsWithOneGrid(t *testing.T) {
	db := town(t)
	d := branch(t, db, "990101001002")
	if got := d.areas(); got[:6] != "[2001:" {
		t.Fatalf("%s", got)
	}
	d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 2, Line: line(15000, -10, 15000, 10010)}))
	d.publish("2026-02-01")
	if east := unit(t, db, "2026-02-01", "990101001002"); east.State != "complete" || east.Children != 2 {
		t.Errorf("%+v", east)
	}
}

func TestOnlyWhoPlansForAUnitBranchesAndEditsIt(t *testing.T) {
	db := gridded(t)
	west, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-01-01"), "990101001001")
	if err != nil {
		t.Fatal(err)
	}
	ctx, planner := stafftest.Hold(t, db, staff.Planner, west.ID)
	if _, err := plan.NewBranch(ctx, db, planner, plan.Branch{Name: "east", Base: "990101001002", Day: day(t, "2026-02-01")}); err == nil {
		t.Error("a planner of the west branched the east")
	}
	if _, err := plan.NewBranch(ctx, db, planner, plan.Branch{Name: " ", Base: "990101001001", Day: day(t, "2026-02-01")}); !errors.Is(err, plan.ErrName) {
		t.Error(err)
	}
	own, err := plan.NewBranch(ctx, db, planner, plan.Branch{Name: "west", Base: "990101001001", Day: day(t, "2026-02-01")})
	if err != nil || own.Units != 2 {
		t.Fatalf("%+v, %v", own, err)
	}
	d := branch(t, db, "990101001002")
	d.actor = planner
	if _, err := d.try(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1})); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("a planner of the west edited the east: %v", err)
	}
	if _, err := plan.Steps(ctx, db, planner, d.id, 0, 10); !errors.Is(err, plan.ErrUnknown) {
		t.Error(err)
	}
}

func TestADraftIsGivenUpTakenUpAgainAndNamed(t *testing.T) {
	d := branch(t, gridded(t), "990101001000")
	if _, err := plan.Restore(t.Context(), d.db, d.actor, d.id); !errors.Is(err, plan.ErrKept) {
		t.Error(err)
	}
	if _, err := plan.Abandon(t.Context(), d.db, d.actor, d.id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1})); !errors.Is(err, plan.ErrNotDraft) {
		t.Error(err)
	}
	if p, err := plan.Restore(t.Context(), d.db, d.actor, d.id); err != nil || p.State != plan.Draft {
		t.Errorf("%+v, %v", p, err)
	}
	name, note := "second", "after the meeting"
	if p, err := plan.Describe(t.Context(), d.db, d.actor, d.id, &name, &note); err != nil || p.Name != name || p.Note != note {
		t.Errorf("%+v, %v", p, err)
	}
	d.do(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}))
}

// settle puts n homes in a row along the middle of the board, from west to east.
func settle(t *testing.T, db *pgxpool.Pool, n int32) {
	t.Helper()
	for i := range n {
		_, err := db.Exec(t.Context(), `
			WITH h AS (INSERT INTO household (source, source_id, point, cell) VALUES ('t', $1, $2, 1) RETURNING id)
			INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, unit_at($2, '2026-01-01'), '2026-01-01' FROM h`,
			fmt.Sprint(i), at(20000*i/n+1, 5000))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFactsFollowEveryStepAndTakingItBack(t *testing.T) {
	db := gridded(t)
	settle(t, db, 40)
	d := branch(t, db, "990101001000")
	homes := func(facts []rule.Fact) string {
		out := map[string]int{}
		for _, f := range facts {
			if f.Level != "grid" {
				continue
			}
			if f.Households == nil {
				t.Fatalf("%+v", f)
			}
			out[f.Code[len(f.Code)-4:]] = *f.Households
		}
		return fmt.Sprint(out)
	}
	all := func() plan.Standing {
		t.Helper()
		out, err := d.shop.Facts(t.Context(), d.actor, d.id)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := all(); homes(got.Facts) != "map[1001:10 1002:10 2001:10 2002:10]" || homes(got.InForce) != homes(got.Facts) || got.InForce[3].Ordinal != 4 || got.RuleSet.Code != "shatang" {
		t.Fatalf("%s, %s, %+v", homes(got.Facts), homes(got.InForce), got.RuleSet)
	}
	out := d.do(op(topology.Op{Kind: topology.Reshape, Line: line(4000, 2000, 7000, 2000, 7000, 8000, 4000, 8000)}))
	if got := homes(out.Facts); got != "map[1001:14 1002:6]" {
		t.Errorf("after the border moved: %s", got)
	}
	tried, err := d.shop.Do(t.Context(), d.actor, d.id, plan.Request{Revision: d.revision, Key: uuid.NewString(), Try: true,
		Edit: op(topology.Op{Kind: topology.SplitBy, Units: []int{4}, Into: 5, Line: line(17500, -10, 17500, 10010)})})
	if err != nil || homes(tried.Facts) != "map[2002:5 2003:5]" {
		t.Errorf("%s, %v", homes(tried.Facts), err)
	}
	undone, err := d.shop.Undo(t.Context(), d.actor, d.id, d.revision)
	if err != nil || homes(undone.Facts) != "map[1001:10 1002:10]" {
		t.Errorf("%s, %v", homes(undone.Facts), err)
	}
	if got := all(); homes(got.Facts) != "map[1001:10 1002:10 2001:10 2002:10]" {
		t.Error(homes(got.Facts))
	}
}

// What is in force is read with the draft, and anew when somebody published since.
func TestFactsTellWhatIsInForceNow(t *testing.T) {
	db := gridded(t)
	d, other := branch(t, db, "990101001000"), branch(t, db, "990101001000")
	names := func() (list []string) {
		t.Helper()
		out, err := d.shop.Facts(t.Context(), d.actor, d.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range out.InForce {
			list = append(list, f.Name)
		}
		return list
	}
	was := names()
	if again := names(); len(was) != 4 || !slices.Equal(again, was) {
		t.Fatalf("in force are %v, then %v", was, again)
	}
	other.do(plan.Edit{Op: topology.Op{Kind: plan.NameUnit, Units: []int{4}}, Name: "East of East"})
	if got := names(); !slices.Equal(got, was) {
		t.Errorf("another draft changed what is in force: %v", got)
	}
	other.publish("2026-02-01")
	if got := names(); got[3] != "East of East" {
		t.Errorf("after another plan was published: %v", got)
	}
}

func TestAWaiverExcusesAFindingOfTheDraft(t *testing.T) {
	db := gridded(t)
	settle(t, db, 8)
	d := branch(t, db, "990101001000")
	of := func() (out []rule.Finding) {
		got, err := d.shop.Facts(t.Context(), d.actor, d.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range got.Findings {
			if f.Ordinal == 1 {
				out = append(out, f)
			}
		}
		return out
	}
	found := of()
	i := slices.IndexFunc(found, func(f rule.Finding) bool { return f.Waivable })
	if i < 0 {
		t.Fatalf("no rule is broken: %+v", found)
	}
	if err := ruleset.Waive(t.Context(), db, d.actor, d.id, found[i].Rule, 1, "会议决定"); err != nil {
		t.Fatal(err)
	}
	after := of()
	if w := after[slices.IndexFunc(after, func(f rule.Finding) bool { return f.Rule == found[i].Rule })].Waiver; w == nil || w.Reason != "会议决定" {
		t.Errorf("%+v", after)
	}
}

func TestEditsTravelAsJSON(t *testing.T) {
	for _, e := range []plan.Edit{
		{Op: topology.Op{Kind: plan.NameUnit, Units: []int{4}}, Name: "东一网格", Code: "12"},
		op(topology.Op{Kind: topology.Merge, Units: []int{1, 2}, Into: 1}),
		op(topology.Op{Kind: topology.Transfer, Area: box(0, 0, 100, 100), Into: 3}),
	} {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back plan.Edit
		if err := json.Unmarshal(raw, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(e) {
			t.Errorf("%s → %+v, %v", raw, back, err)
		}
	}
	land := plan.Land(box(1, 2, 3, 4))
	raw, err := json.Marshal(land)
	var back plan.Land
	if err == nil {
		err = json.Unmarshal(raw, &back)
	}
	if err != nil || !slices.EqualFunc(back, land, func(a, b geo.Polygon) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("%s, %v", raw, err)
	}
}
