package api_test

import (
	"strconv"
	"time"

	"wangge/geo/dossier"
	"wangge/geo/grid"
	"wangge/geo/job"
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

// dossierOf is the job that made a dossier of that plan.
func (w *table) dossierOf(town string) string {
	if w.things[town]["dossier"] == "" {
		who := w.actor(w.other[town])
		id, err := strconv.ParseInt(w.adoptedIn(town), 10, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		j, err := dossier.Ask(w.t.Context(), w.pool, w.queue, who, id, dossier.ZIP)
		for err == nil && j.FinishedAt == nil {
			time.Sleep(10 * time.Millisecond)
			j, err = job.Get(w.t.Context(), w.pool, who, j.ID)
		}
		if err != nil || j.State != job.Done {
			w.t.Fatalf("%+v, %v", j, err)
		}
		w.things[town]["dossier"] = strconv.FormatInt(j.ID, 10)
	}
	return w.things[town]["dossier"]
}

// dossierExamples are those of the files of a plan.
func dossierExamples() []example {
	const v1 = "/api/v1"
	return []example{
		{"export-plan", "units", thing, of(v1+"/plans/{}/export?format=csv", "plan"), nil},
		{"export-plan", "households", thing, of(v1+"/plans/{}/export?what=households&format=csv", "plan"), nil},
		{"make-dossier", "job " + dossier.JobKind, thing, func(w *table, town string) request {
			return request{path: v1 + "/plans/" + w.adoptedIn(town) + "/dossiers", body: object{"format": "zip"}}
		}, nil},
		{"list-dossiers", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/plans/" + w.adoptedIn(town) + "/dossiers"}
		}, nil},
		{"get-dossier", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/plans/" + w.adoptedIn(town) + "/dossiers/" + w.dossierOf(town)}
		}, nil},
	}
}
