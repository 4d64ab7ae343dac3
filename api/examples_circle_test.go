package api_test

import (
	"strconv"
	"testing"

	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
)

// circleOf makes a service circle of the grid of a town.
func (w *towns) circleOf(t testing.TB, town string) string {
	t.Helper()
	run, err := circle.NewMaker(w.pool, network.NewFootpaths(w.pool)).Run(t.Context(), staff.Local, circle.Params{Title: town + "圈", Unit: w.things[town]["unit"], K: 2,
		Columns: []circle.Column{{Function: "medical", Standard: circle.Standard{Code: "gb50180"}}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(run.ID, 10)
}

// circleExamples are those of the service circle.
func circleExamples() []example {
	const v1 = "/api/v1"
	medical := object{"function": "medical", "standard": object{"code": "gb50180"}}
	circle := func(path string) func(*table, string) request { return of(v1+"/circles/{}"+path, "circle") }
	return []example{
		{"list-standards", "", general, at(v1 + "/standards"), nil},
		{"run-circle", "job circle", thing, func(w *table, town string) request {
			return request{path: v1 + "/circles", body: object{"title": town + "圈", "unit": w.things[town]["unit"], "columns": []object{medical}}}
		}, nil},
		{"run-circle", "by the units of a draft", thing, func(w *table, town string) request {
			return request{path: v1 + "/circles", body: object{"title": town + "圈", "unit": w.things[town]["town"], "plan": w.draftOf(town, false).ID, "columns": []object{medical}}, hidden: "plan_unknown"}
		}, nil},
		{"list-circles", "", list, showing(v1+"/circles?limit=1000", marks), nil},
		{"get-circle", "", thing, circle(""), nil},
		{"delete-circle", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/circles/" + w.circleOf(w.t, town)}
		}, nil},
		{"list-circle-units", "", thing, circle("/units"), nil},
		{"list-circle-cells", "", thing, circle("/cells"), nil},
		{"list-circle-points", "", thing, circle("/points"), nil},
		{"get-circle-curve", "", thing, circle("/curve"), nil},
		{"list-uncovered", "", thing, circle("/uncovered"), nil},
		{"get-circle-household", "", thing, func(w *table, town string) request {
			th := w.things[town]
			return request{path: v1 + "/circles/" + th["circle"] + "/households/" + th["household"]}
		}, nil},
		{"get-circle-change", "", thing, func(w *table, town string) request {
			run := w.things[town]["circle"]
			return request{path: v1 + "/circles/" + run + "/change?before=" + run}
		}, nil},
		{"export-circle", "units", thing, circle("/export?what=units"), nil},
		{"export-circle", "uncovered households", thing, circle("/export?what=uncovered&format=xlsx"), nil},
	}
}
