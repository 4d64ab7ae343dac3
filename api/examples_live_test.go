package api_test

import (
	"strconv"

	"github.com/google/uuid"

	"wangge/geo/staff"
)

// dutyOf is the number of a shift in a town.
func (w *table) dutyOf(town string) string {
	return strconv.FormatInt(w.one(`
		INSERT INTO shift (id, account_id, post_id, kind, unit_id, started_at) SELECT $1, $2, 1, $3, id, now() - interval '1 minute' FROM unit WHERE code = $4 RETURNING no`,
		uuid.NewString(), w.accounts[town][staff.Worker], town, codeOf[town]+"001001"), 10)
}

// liveExamples are what happens, and the shifts of others.
func liveExamples() []example {
	return []example{
		{"watch", "", general, at("/api/v1/live?once=true"), nil},
		{"list-duties", "", list, func(w *table, town string) request {
			for _, t := range []string{ours, theirs} {
				w.dutyOf(t)
			}
			return request{path: "/api/v1/patrols/shifts", shows: marks}
		}, nil},
		{"get-late-duties", "", thing, func(w *table, town string) request {
			return request{path: "/api/v1/patrols/late?unit=" + w.things[town]["unit"]}
		}, nil},
		{"replay-shift", "", thing, func(w *table, town string) request {
			return request{path: "/api/v1/shifts/" + w.dutyOf(town) + "/replay", body: object{"reason": "asked"}}
		}, nil},
	}
}
