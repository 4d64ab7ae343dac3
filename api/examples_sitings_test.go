package api_test

import (
	"strconv"
	"testing"

	"wangge/geo/candidate"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/siting"
	"wangge/geo/staff"
)

// newCandidate is an idle house in the grid of a town.
func (w *towns) newCandidate(t testing.TB, town string, x int32) string {
	t.Helper()
	c, err := candidate.Add(t.Context(), w.pool, staff.Local, candidate.Details{Kind: candidate.IdleHouse, Name: town + "闲置房"}, place(x+2000, 5000))
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(c.ID, 10)
}

// sitingOf searches one site for the service circle of a town.
func (w *towns) sitingOf(t testing.TB, town string) string {
	t.Helper()
	run, err := strconv.ParseInt(w.things[town]["circle"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	s, err := candidate.NewFinder(w.pool, circle.NewMaker(w.pool, network.NewFootpaths(w.pool))).Find(t.Context(), staff.Local,
		candidate.Params{Circle: run, Model: siting.Coverage, Sites: 1}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(s.ID, 10)
}

// sitingExamples are those of candidates and of searches among them.
func sitingExamples() []example {
	const v1 = "/api/v1"
	body := func(w *table, town string) object {
		return object{"kind": "place", "name": town + "广场", "point": place(w.x(town)+3000, 5000)}
	}
	return []example{
		{"list-candidates", "", list, showing(v1+"/candidates?limit=1000", marks), nil},
		{"get-candidate", "", thing, of(v1+"/candidates/{}", "candidate"), nil},
		{"add-candidate", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/candidates", body: body(w, town)}
		}, nil},
		{"edit-candidate", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/candidates/" + w.newCandidate(w.t, town, w.x(town)), body: body(w, town)}
		}, nil},
		{"close-candidate", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/candidates/" + w.newCandidate(w.t, town, w.x(town)) + "/close", body: object{}}
		}, nil},
		{"search-sites", "job siting", thing, func(w *table, town string) request {
			run, _ := strconv.Atoi(w.things[town]["circle"])
			return request{path: v1 + "/sitings", body: object{"circle": run, "model": "mclp", "sites": 1}}
		}, nil},
		{"list-sitings", "", list, showing(v1+"/sitings?limit=1000", codes), nil},
		{"get-siting", "", thing, of(v1+"/sitings/{}", "siting"), nil},
		{"remove-siting", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/sitings/" + w.sitingOf(w.t, town)}
		}, nil},
	}
}
