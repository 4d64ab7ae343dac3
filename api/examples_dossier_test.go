package api_test

import (
	"strconv"

	"wangge/geo/grid"
	"wangge/geo/plan"
)

// adoptedIn is a plan of a town that took effect, made by its planner.
func (w *table) adoptedIn(town string) string {
	if w.things[town]["adopted"] == "" {
		p := w.draftOf(town, false)
		if _, err := plan.Publish(w.t.Context(), w.pool, w.actor(w.other[town]), p.ID, p.Revision, grid.Today(), quiet); err != nil {
			w.t.Fatal(err)
		}
		w.things[town]["adopted"] = strconv.FormatInt(p.ID, 10)
	}
	return w.things[town]["adopted"]
}

// dossierExamples are those of the files of a plan.
func dossierExamples() []example {
	const v1 = "/api/v1"
	return []example{
		{"export-plan", "units", thing, of(v1+"/plans/{}/export?format=csv", "plan"), nil},
		{"export-plan", "households", thing, of(v1+"/plans/{}/export?what=households&format=csv", "plan"), nil},
		{"plan-dossier", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/plans/" + w.adoptedIn(town) + "/dossier?format=zip"}
		}, nil},
	}
}
