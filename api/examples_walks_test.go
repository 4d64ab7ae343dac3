package api_test

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb/maptile"

	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/tiles"
)

// run is a service circle of the grid of a town: its id, made when it is first asked for.
func (w *table) run(town string) string {
	w.t.Helper()
	th := w.things[town]
	if th["run"] == "" {
		maker := circle.NewMaker(w.pool, network.NewFootpaths(w.pool))
		run, err := maker.Run(w.t.Context(), staff.Local, circle.Params{Unit: th["unit"], Columns: []circle.Column{{Standard: circle.Standard{Code: "gb50180"}}}}, quiet)
		if err != nil {
			w.t.Fatal(err)
		}
		th["run"] = strconv.FormatInt(run.ID, 10)
	}
	return th["run"]
}

// siting is a search for that run: its id, made when it is first asked for.
func (w *table) siting(town string) string {
	w.t.Helper()
	th := w.things[town]
	if th["siting-drawn"] == "" {
		id := w.one(`
			WITH made AS (INSERT INTO siting (circle_id, unit_id, params, created_by, finished_at) SELECT id, unit_id, '{}', 'test', now() FROM circle WHERE id = $1 RETURNING id, unit_id)
			INSERT INTO siting_result (siting_id, unit_id, rounded, body) SELECT id, unit_id, rounded, '{"sites": []}' FROM made, unnest(ARRAY[false, true]) AS rounded RETURNING siting_id`, number(w.run(town)))
		th["siting-drawn"] = strconv.FormatInt(id, 10)
	}
	return th["siting-drawn"]
}

// runShows asks for the tile of a layer of a run of a town's grid.
func runShows(layer string) func(*table, string) request {
	return func(w *table, town string) request {
		run, hidden := w.run(town), "circle_unknown"
		question := "run=" + run + "&before=" + run
		if layer == "candidates" {
			question, hidden = "siting="+w.siting(town), "siting_unknown"
		}
		tile := maptile.At(place(w.x(town)+3000, 4000), 13)
		return request{path: fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt?%s", layer, tile.Z, tile.X, tile.Y, question), hidden: hidden}
	}
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// walkExamples are those of walking, and of the layers of runs.
func walkExamples() []example {
	const v1 = "/api/v1"
	rows := []example{
		{"get-walking-network", "", general, at(v1 + "/walks/network"), nil},
		{"walk-reach", "of a place", general, func(w *table, town string) request {
			return request{path: v1 + "/walks/reach", body: gb(object{"at": place(w.x(town)+3000, 4600), "outlines": true})}
		}, nil},
		{"walk-reach", "of a service point", thing, func(w *table, town string) request {
			return request{path: v1 + "/walks/reach", body: gb(object{"point": number(w.things[town]["service-point"])})}
		}, nil},
		{"walk-reach", "with numbers of households", general, func(w *table, town string) request {
			return request{path: v1 + "/walks/reach", body: gb(object{"at": place(w.x(town)+3000, 4600), "minutes": []float64{60}, "households": true}), shows: map[string]string{town: `"counted":true`}}
		}, nil},
		{"walk-route", "between two places", general, func(w *table, town string) request {
			return request{path: v1 + "/walks/route", body: gb(object{"from": place(w.x(town)+3000, 4600), "to": place(w.x(town)+9000, 4600)})}
		}, nil},
		{"walk-route", "from a household", thing, func(w *table, town string) request {
			return request{path: v1 + "/walks/route", body: gb(object{"household": number(w.things[town]["household"]), "to": place(w.x(town)+9000, 4600)})}
		}, nil},
		{"/tiles/:layer.json", "of a run", thing, func(w *table, town string) request {
			return request{path: "/tiles/coverage.json?run=" + w.run(town), hidden: "circle_unknown"}
		}, nil},
	}
	for _, layer := range tiles.RunLayers() {
		rows = append(rows, example{"/tiles/:layer/:z/:x/:y.mvt", "layer " + layer, thing, runShows(layer), nil})
	}
	return rows
}
