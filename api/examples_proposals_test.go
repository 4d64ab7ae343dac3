package api_test

import (
	"fmt"

	"wangge/geo/grid"
	"wangge/geo/proposal"
)

// proposed is a proposal for the village of a town.
func (w *table) proposed(town string) int64 {
	w.t.Helper()
	p, err := proposal.Make(w.t.Context(), w.pool, w.actor(w.other[town]), proposal.Params{Base: w.things[town]["village"], Day: grid.Today(), Level: "grid", Units: 1, Alternatives: 1}, quiet)
	if err != nil {
		w.t.Fatal(err)
	}
	if p.Found == nil || len(p.Found.Alternatives) == 0 {
		w.t.Fatalf("%+v", p.Found)
	}
	return p.ID
}

// proposalExamples are those of proposals.
func proposalExamples() []example {
	const v1 = "/api/v1"
	path := func(id int64, more string) string { return fmt.Sprintf("%s/proposals/%d%s", v1, id, more) }
	return []example{
		{"list-proposals", "", list, func(w *table, town string) request {
			shows := map[string]string{}
			for _, of := range []string{ours, theirs} {
				w.proposed(of)
				shows[of] = `"unit":"` + w.things[of]["village"] + `"`
			}
			return request{path: v1 + "/proposals?limit=1000", shows: shows}
		}, nil},
		{"propose", "job " + proposal.JobKind, thing, func(w *table, town string) request {
			return request{path: v1 + "/proposals", body: object{"base": w.things[town]["village"], "day": grid.Today().String(), "units": 2}}
		}, nil},
		{"get-proposal", "", thing, func(w *table, town string) request { return request{path: path(w.proposed(town), "")} }, nil},
		{"proposal-parts", "", thing, func(w *table, town string) request {
			return request{path: path(w.proposed(town), "/alternatives/1")}
		}, nil},
		{"adopt-proposal", "", thing, func(w *table, town string) request {
			return request{path: path(w.proposed(town), "/alternatives/1/draft"), body: object{"name": town + "建议"}}
		}, nil},
		{"remove-proposal", "", thing, func(w *table, town string) request { return request{path: path(w.proposed(town), "")} }, nil},
	}
}
