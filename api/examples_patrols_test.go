package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
	"wangge/geo/staff"
)

// shiftOf is a shift of an account, or of a guest.
func (w *table) shiftOf(town string) string {
	who, id := w.who, uuid.NewString()
	if who == 0 {
		who = w.other[town]
	}
	w.one(`INSERT INTO shift (id, account_id, post_id, kind) VALUES ($1, $2, 1, 'worker') RETURNING no`, id, who)
	return id
}

// patrolExamples are those of what phones send on patrol, and of one's own tracks.
func patrolExamples() []example {
	const v1 = "/api/v1"
	ofShift := func(more string) func(*table, string) request {
		return func(w *table, town string) request {
			return request{path: v1 + "/shifts/" + w.shiftOf(town) + more, personal: true}
		}
	}
	return []example{
		{"deliver", "", self, func(*table, string) request {
			now := time.Now().UTC().Format(time.RFC3339)
			return request{path: v1 + "/deliveries", body: object{"device": uuid.NewString(), "sent_at": now, "items": []object{
				{"id": uuid.NewString(), "kind": "shift", "at": now, "body": object{"shift": uuid.NewString(), "do": "start"}}}}}
		}, nil},
		{"list-shifts", "", self, at(v1 + "/shifts"), nil},
		{"get-shift", "", self, ofShift(""), nil},
		{"get-track", "", self, ofShift("/track"), nil},
		{"import-track", "", self, func(w *table, town string) request {
			return request{path: v1 + "/shifts/" + w.shiftOf(town) + "/track", personal: true, header: []string{"Content-Type", "application/gpx+xml"},
				body: []byte(`<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="watch"></gpx>`)}
		}, nil},
		{"export-track", "", self, ofShift("/gpx"), nil},
		{"export-patrol-coverage", "", thing, func(w *table, town string) request {
			today := time.Now()
			return request{path: v1 + "/patrols/coverage/export?format=csv&unit=" + w.things[town]["unit"] + "&from=" + geo.DayOf(today.AddDate(0, 0, -20)).String() + "&to=" + geo.DayOf(today).String()}
		}, nil},
		{"get-patrol-coverage", "", thing, func(w *table, town string) request {
			today := time.Now()
			return request{path: v1 + "/patrols/coverage?unit=" + w.things[town]["unit"] + "&from=" + geo.DayOf(today.AddDate(0, 0, -20)).String() + "&to=" + geo.DayOf(today).String()}
		}, nil},
	}
}

// patrolled is what a patrol of a town leaves behind, its kind named after the town.
func (w *towns) patrolled(t testing.TB, town string) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), `
		WITH s AS (
			INSERT INTO shift (id, account_id, post_id, kind, unit_id) SELECT gen_random_uuid(), $1, 1, $2, id FROM unit WHERE code = $3 RETURNING *),
		d AS (
			INSERT INTO delivered (account_id, id, kind, digest, device, device_at, at)
			SELECT account_id, id, kind, '', id, now(), now() FROM s),
		c AS (INSERT INTO seen_cell (day, unit_id, cell, kind, teams) SELECT now()::date, unit_id, 1, kind, 1 FROM s),
		p AS (INSERT INTO seen_part (day, unit_id, part, kind, teams) SELECT now()::date, unit_id, 1, kind, 1 FROM s),
		z AS (INSERT INTO seen_zone (day, unit_id, kind, zone_id, teams, visits, seconds) SELECT now()::date, unit_id, kind, 1, 1, 1, 60 FROM s)
		INSERT INTO shift_day (shift_no, day, team, unit_id, kind, cells, parts, blocks, zones, entered, parted)
		SELECT no, now()::date, no, unit_id, kind, '{}', '{}', '{}', '{}', '{}', '{}' FROM s`,
		w.accounts[town][staff.Worker], town, codeOf[town]+"001001")
	if err != nil {
		t.Fatal(err)
	}
}
