package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// box is a rectangle in lattice steps east and north of an invented place.
func box(x0, y0, x1, y1 int32) geo.MultiPolygon {
	const lon, lat = 1_150_000_000, 300_000_000
	return geo.MultiPolygon{{{{X: lon + x0, Y: lat + y0}, {X: lon + x1, Y: lat + y0}, {X: lon + x1, Y: lat + y1}, {X: lon + x0, Y: lat + y1}}}}
}

// place is a point of the same plane, in degrees.
func place(x, y int32) orb.Point {
	return geo.Point{X: 1_150_000_000 + x, Y: 300_000_000 + y}.Degrees()
}

const village = "990101001001"

func (s *service) draft(t testing.TB, level string, records ...plan.Record) plan.Plan {
	t.Helper()
	p, err := plan.New(t.Context(), s.pool, staff.Local, plan.Source{
		Name: level, Preset: "community", Level: level, Day: grid.Today(), Records: records}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// twoGrids is a village of two grids, in force since the first of January.
func twoGrids(t *testing.T) *service {
	s := newService(t)
	for _, p := range []plan.Plan{
		s.draft(t, "village", plan.Record{Code: village, Name: "康桥", Area: box(0, 0, 20000, 10000)}),
	} {
		s.publishOn(t, p, newYear().String())
	}
	s.publishOn(t, s.draft(t, "grid",
		plan.Record{Code: village + "001", Name: "West", Parent: village, Area: box(0, 0, 10000, 10000)},
		plan.Record{Code: village + "002", Name: "East", Parent: village, Area: box(10000, 0, 20000, 10000)}), newYear().String())
	return s
}

func (s *service) publishOn(t testing.TB, p plan.Plan, day string) plan.Plan {
	t.Helper()
	var out plan.Plan
	s.want(t, http.StatusOK, http.MethodPost, fmt.Sprintf("/api/v1/plans/%d/publish", p.ID), map[string]any{"revision": p.Revision, "effective_on": day}, &out)
	return out
}

// redrawn moves the border between the grids 500 m west.
func (s *service) redrawn(t testing.TB) plan.Plan {
	t.Helper()
	return s.draft(t, "grid",
		plan.Record{Code: village + "001", Name: "West", Parent: village, Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: village + "002", Name: "East", Parent: village, Area: box(5000, 0, 20000, 10000)})
}

type household struct {
	ID   int64
	Cell string
	Unit string
}

func (s *service) household(t testing.TB, at orb.Point, name string) (h household) {
	t.Helper()
	s.want(t, http.StatusCreated, http.MethodPost, "/api/v1/households", map[string]any{
		"compound": "康桥", "building": name, "stairwell": "", "doorplate": "101", "address": "", "kind": "owner", "occupied": true,
		"ages": map[string]any{"age_0_2": nil, "age_3_6": nil, "age_7_17": nil, "age_18_59": 2, "age_60_79": nil, "age_80": nil}, "point": at}, &h)
	return h
}

type incident struct {
	ID    uuid.UUID
	Cell  string
	Unit  string
	State string
}

func (s *service) incident(t testing.TB, at orb.Point) (i incident) {
	t.Helper()
	s.want(t, http.StatusCreated, http.MethodPost, "/api/v1/incidents", map[string]any{
		"id": uuid.New(), "category": "0102", "reported_at": time.Now().Add(-time.Hour), "point": at}, &i)
	return i
}

func TestHouseholdsAndIncidentsHaveTheirUnitAndCell(t *testing.T) {
	s := twoGrids(t)
	for _, tt := range []struct {
		name string
		at   orb.Point
		unit string
	}{
		{"in the west", place(3000, 5000), village + "001"},
		{"in the east", place(15000, 5000), village + "002"},
		{"on the shared border: the lowest code", place(10000, 5000), village + "001"},
		{"on a corner of the village", place(20000, 10000), village + "002"},
		{"one step outside", place(20001, 10000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := cell.At(geo.Snap(tt.at)).String()
			if h := s.household(t, tt.at, tt.name); h.Unit != tt.unit || h.Cell != want {
				t.Errorf("household in %q, cell %s; want %q, %s", h.Unit, h.Cell, tt.unit, want)
			}
			if i := s.incident(t, tt.at); i.Unit != tt.unit || i.Cell != want {
				t.Errorf("incident in %q, cell %s; want %q, %s", i.Unit, i.Cell, tt.unit, want)
			}
		})
	}
}

func TestPublishingMovesHouseholdsAndOpenIncidentsAndLeavesClosedOnes(t *testing.T) {
	s := twoGrids(t)
	between, far := place(7000, 5000), place(2000, 5000) // the first changes hands
	moved, stays := s.household(t, between, "1"), s.household(t, far, "2")
	open, closed := s.incident(t, between), s.incident(t, between)
	for _, change := range []string{
		`UPDATE household_unit SET valid_from = $1`, `UPDATE incident_unit SET valid_from = $1`, // as if they had been there since the first of January
	} {
		if _, err := s.pool.Exec(t.Context(), change, newYear()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.pool.Exec(t.Context(), `UPDATE incident SET state = 'closed', closed_at = now() WHERE id = $1`, closed.ID); err != nil {
		t.Fatal(err)
	}
	today := grid.Today().String()
	s.publishOn(t, s.redrawn(t), today)

	unitOf := func(at string) (got struct{ Unit string }) {
		s.get(t, at, &got)
		return got
	}
	for at, want := range map[string]string{
		fmt.Sprintf("/api/v1/households/%d", moved.ID): village + "002",
		fmt.Sprintf("/api/v1/households/%d", stays.ID): village + "001",
		"/api/v1/incidents/" + open.ID.String():        village + "002",
		"/api/v1/incidents/" + closed.ID.String():      village + "001",
	} {
		if got := unitOf(at).Unit; got != want {
			t.Errorf("%s belongs to %s, want %s", at, got, want)
		}
	}
	for _, tt := range []struct {
		table, key string
		id         any
		rows       int
	}{
		{"household_unit", "household_id", moved.ID, 2}, {"household_unit", "household_id", stays.ID, 1},
		{"incident_unit", "incident_id", open.ID, 2}, {"incident_unit", "incident_id", closed.ID, 1},
	} {
		var rows, inForce int
		err := s.pool.QueryRow(t.Context(), fmt.Sprintf(`
			SELECT count(*), count(*) FILTER (WHERE valid_to IS NULL) FROM %s WHERE %s = $1`, tt.table, tt.key), tt.id).Scan(&rows, &inForce)
		if err != nil || rows != tt.rows || inForce != 1 {
			t.Errorf("%s of %v: %d dated rows, %d in force, %v; want %d and 1", tt.table, tt.id, rows, inForce, err, tt.rows)
		}
	}
	var counts page[unitRow]
	s.get(t, "/api/v1/units?level=grid", &counts)
	if counts.Items[0].Households != 1 || counts.Items[1].Households != 1 {
		t.Errorf("counts of households after publishing: %+v", counts.Items)
	}
}

func TestOfManyWhoPublishTheSameDraftExactlyOneWins(t *testing.T) {
	s := twoGrids(t)
	p := s.redrawn(t)
	answers := make([]answer, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = s.call(t, http.MethodPost, fmt.Sprintf("/api/v1/plans/%d/publish", p.ID), map[string]any{"revision": p.Revision})
		})
	}
	all.Wait()
	won := 0
	for _, a := range answers {
		switch a.status {
		case http.StatusOK:
			won++
		case http.StatusConflict:
			if got := problemIn(t, "publish", a); got.Code != "plan_not_draft" && got.Code != "plan_stale" {
				t.Errorf("a loser hears %s", got.Code)
			}
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if won != 1 {
		t.Errorf("%d won, want 1", won)
	}
	var versions int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'publish' AND subject_id = $1::text`, fmt.Sprint(p.ID)).Scan(&versions); err != nil || versions != 1 {
		t.Errorf("%d records of publishing, %v; want 1", versions, err)
	}
}

func TestOfTwoDraftsOfTheSameUnitsPublishedAtOnceOneWinsAndTheOtherHearsWhich(t *testing.T) {
	s := twoGrids(t)
	drafts := []plan.Plan{s.redrawn(t), s.redrawn(t)}
	answers := make([]answer, len(drafts))
	var all sync.WaitGroup
	for i, p := range drafts {
		all.Go(func() {
			answers[i] = s.call(t, http.MethodPost, fmt.Sprintf("/api/v1/plans/%d/publish", p.ID), map[string]any{"revision": p.Revision})
		})
	}
	all.Wait()
	slices.SortFunc(answers, func(a, b answer) int { return a.status - b.status })
	if answers[0].status != http.StatusOK || answers[1].status != http.StatusConflict {
		t.Fatalf("%d %s, %d %s", answers[0].status, answers[0].body, answers[1].status, answers[1].body)
	}
	if got := problemIn(t, "publish", answers[1]); got.Code != "plan_stale" || len(got.Errors) == 0 {
		t.Errorf("the loser hears %+v", got)
	}
	var overlapping int
	err := s.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM boundary a JOIN boundary b ON a.unit_id = b.unit_id AND a.id < b.id
		WHERE daterange(a.valid_from, a.valid_to) && daterange(b.valid_from, b.valid_to)`).Scan(&overlapping)
	if err != nil || overlapping != 0 {
		t.Errorf("%d versions overlap, %v", overlapping, err)
	}
}

func TestADraftIsRepairedAndPublishedOverHTTP(t *testing.T) {
	s := twoGrids(t)
	p := s.draft(t, "grid",
		plan.Record{Code: village + "001", Name: "West", Parent: village, Place: "feature 1", Area: box(0, 0, 4998, 10000)}, // 2 cm
		plan.Record{Code: village + "002", Name: "East", Parent: village, Place: "feature 2", Area: box(5000, 0, 20000, 10000)})
	var faults struct {
		Type     string
		Features []struct {
			ID         string
			Geometry   struct{ Type string }
			Properties plan.Fault
		}
	}
	at := fmt.Sprintf("/api/v1/plans/%d", p.ID)
	s.get(t, at+"/faults", &faults)
	if len(faults.Features) != 1 || faults.Features[0].Geometry.Type != "MultiPolygon" || faults.Features[0].Properties.Kind != "gap" {
		t.Fatalf("%+v", faults)
	}
	repair := map[string]any{"revision": p.Revision, "fault_id": faults.Features[0].ID, "repair": "fill"}
	s.refused(t, http.StatusUnprocessableEntity, "repair_unfit", http.MethodPost, at+"/repairs", map[string]any{"revision": p.Revision, "fault_id": faults.Features[0].ID, "repair": "split"})
	s.refused(t, http.StatusNotFound, "fault_unknown", http.MethodPost, at+"/repairs", map[string]any{"revision": p.Revision, "kind": "gap", "repair": "split"})
	s.refused(t, http.StatusNotFound, "fault_unknown", http.MethodPost, at+"/repairs", map[string]any{"revision": p.Revision, "fault_id": "gap:none", "repair": "fill"})
	var mended plan.Plan
	s.want(t, http.StatusOK, http.MethodPost, at+"/repairs", repair, &mended)
	if mended.Faults.Hard+mended.Faults.Soft != 0 || mended.Repairs != 1 || mended.Revision <= p.Revision {
		t.Errorf("after the repair: %+v", mended)
	}
	s.refused(t, http.StatusConflict, "plan_stale", http.MethodPost, at+"/repairs", repair)
	s.refused(t, http.StatusConflict, "plan_stale", http.MethodPost, at+"/publish", map[string]any{"revision": p.Revision})
	s.refused(t, http.StatusUnprocessableEntity, "", http.MethodPost, at+"/publish", map[string]any{"revision": mended.Revision, "effective_on": "soon"})
	if got := s.publishOn(t, mended, grid.Today().String()); got.State != plan.Published {
		t.Errorf("%+v", got)
	}
	s.refused(t, http.StatusConflict, "plan_not_draft", http.MethodDelete, at, nil)
	var list page[plan.Plan]
	s.get(t, "/api/v1/plans?state=published", &list)
	if len(list.Items) != 3 || list.Items[0].ID != p.ID {
		t.Errorf("%d plans published, newest %d", len(list.Items), list.Items[0].ID)
	}
	for _, day := range []string{newYear().String(), grid.Today().String()} {
		var f struct {
			Type     string
			Geometry json.RawMessage
		}
		s.get(t, "/api/v1/units/"+village+"001/boundary?at="+day, &f)
		if f.Type != "Feature" || len(f.Geometry) < 20 {
			t.Errorf("boundary on %s: %+v", day, f)
		}
	}
}

func TestADraftForALaterDayWaitsForIt(t *testing.T) {
	s := twoGrids(t)
	p := s.redrawn(t)
	later := geo.DayOf(time.Now().Add(72 * time.Hour)).String()
	got := s.publishOn(t, p, later)
	if got.State != plan.Adopted || got.EffectiveOn == nil || got.EffectiveOn.String() != later {
		t.Errorf("%+v, want an adopted plan that waits for %s", got, later)
	}
	var jobs page[struct{ Kind, State string }]
	s.get(t, "/api/v1/jobs?state=waiting", &jobs)
	if len(jobs.Items) != 1 || jobs.Items[0].Kind != plan.PublishJob {
		t.Errorf("jobs %+v", jobs.Items)
	}
}
