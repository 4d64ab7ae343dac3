package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"wangge/geo/borderwalk"
	"wangge/geo/candidate"
	"wangge/geo/circle"
	"wangge/geo/deliberation"
	"wangge/geo/export"
	"wangge/geo/grid"
	households "wangge/geo/household"
	incidents "wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/post"
	"wangge/geo/premises"
	"wangge/geo/ruleset"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/upload"
	"wangge/geo/visit"
)

// readAll calls the stored functions that read, with ids of a town's things, and
// returns all they tell as text. A refusal tells nothing.
func readAll(t testing.TB, ctx context.Context, db pg.Pool, actor staff.Actor, th things) string {
	t.Helper()
	var out bytes.Buffer
	tell := func(v any, _ error) { _ = json.NewEncoder(&out).Encode(v) }
	number := func(name string) int64 {
		n, err := strconv.ParseInt(th[name], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	day := grid.Today()
	tell(grid.Units(ctx, db, actor, day, grid.Filter{Limit: 100}))
	tell(grid.ByCode(ctx, db, actor, day, th["unit"]))
	tell(grid.Boundary(ctx, db, actor, day, th["unit"]))
	tell(grid.Versions(ctx, db, actor, th["unit"]))
	tell(grid.Zones(ctx, db, actor, day))
	tell(grid.Tops(ctx, db, actor, day))
	tell(households.List(ctx, db, actor, households.Filter{Limit: 100}))
	tell(households.List(ctx, db, actor, households.Filter{Unit: th["unit"], Limit: 100}))
	tell(households.Get(ctx, db, actor, number("household")))
	id, err := uuid.Parse(th["incident"])
	if err != nil {
		t.Fatal(err)
	}
	tell(incidents.List(ctx, db, actor, incidents.Filter{Limit: 100}))
	tell(incidents.Get(ctx, db, actor, id))
	tell(servicepoint.List(ctx, db, actor, day, servicepoint.Filter{Limit: 100}))
	tell(servicepoint.Get(ctx, db, actor, day, number("service-point")))
	tell(plan.List(ctx, db, actor, "", 0, 100))
	tell(plan.Get(ctx, db, actor, number("plan")))
	tell(plan.Units(ctx, db, actor, number("plan")))
	tell(plan.AllStopped(ctx, db, actor))
	tell(deliberation.Of(ctx, db, actor, number("plan")))
	tell(deliberation.Comments(ctx, db, actor, number("plan"), "", 0, 100))
	tell(deliberation.OnPlan(ctx, db, actor, number("plan")))
	tell(upload.List(ctx, db, actor, 0, 100))
	tell(post.List(ctx, db, actor, day, post.Filter{Limit: 100}))
	tell(post.List(ctx, db, actor, day, post.Filter{Unit: th["town"], Limit: 100}))
	tell(post.Get(ctx, db, actor, day, number("post")))
	tell(post.HistoryOf(ctx, db, actor, number("post")))
	tell(post.Absences(ctx, db, actor, post.AbsenceFilter{Limit: 100}))
	tell(post.Absences(ctx, db, actor, post.AbsenceFilter{ID: number("absence")}))
	tell(post.Vacancies(ctx, db, actor, post.VacancyFilter{Limit: 100}))
	tell(post.Counts(ctx, db, actor, post.VacancyFilter{Unit: th["town"]}))
	tell(circle.List(ctx, db, actor, "", 0, 100))
	tell(circle.Get(ctx, db, actor, number("circle")))
	tell(circle.Units(ctx, db, actor, number("circle"), -1, ""))
	tell(circle.Points(ctx, db, actor, number("circle"), -1))
	tell(circle.Cells(ctx, db, actor, number("circle"), 0, 10))
	tell(circle.Uncovered(ctx, db, actor, number("circle"), circle.Look{Limit: 100}))
	tell(candidate.List(ctx, db, actor, candidate.Filter{Limit: 100}))
	tell(candidate.Get(ctx, db, actor, number("candidate")))
	tell(borderwalk.List(ctx, db, actor, number("plan")))
	tell(borderwalk.Get(ctx, db, actor, number("border-walk")))
	tell(borderwalk.Points(ctx, db, actor, number("border-walk")))
	tell(borderwalk.Tasks(ctx, db, actor, true, 0, 100))
	tell(borderwalk.FoundOn(ctx, db, actor, number("plan")))
	tell(visit.DueIn(ctx, db, actor, visit.DueFilter{Until: grid.Today(), Limit: 1000}, grid.Today()))
	tell(visit.List(ctx, db, actor, visit.Filter{Limit: 100}))
	tell(visit.Links(ctx, db, actor, number("post")))
	tell(premises.List(ctx, db, actor, premises.Filter{Limit: 100}, day))
	tell(premises.Get(ctx, db, actor, number("premises"), day))
	tell(premises.Blocks(ctx, db, actor, "", false, day, 100))
	tell(premises.Checkpoints(ctx, db, actor, "", 0, 100))
	tell(premises.CodeOf(ctx, db, actor, number("checkpoint")))
	tell(premises.Marks(ctx, db, actor, number("checkpoint"), 100))
	tell(premises.Beats(ctx, db, actor, "", 0, 100))
	tell(premises.GetBeat(ctx, db, actor, number("beat")))
	tell(ruleset.List(ctx, db, actor))
	tell(ruleset.Get(ctx, db, actor, number("ruleset")))
	tell(ruleset.Of(ctx, db, actor, number("plan")))
	tell(ruleset.Waivers(ctx, db, actor, number("plan")))
	tell(candidate.Sitings(ctx, db, actor, 0, 0, 100))
	tell(candidate.GetSiting(ctx, db, actor, number("siting")))
	household := number("household")
	tell(circle.HouseholdOf(ctx, db, actor, number("circle"), household))
	for _, kind := range []string{"units", "households", "incidents", "service-points", "zones"} {
		for _, format := range []export.Format{export.GeoJSON, export.CSV} {
			_ = export.Write(ctx, db, actor, &out, kind, format, export.Options{Day: day})
		}
	}
	return out.String()
}
