package api_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"wangge/geo/grid"
	"wangge/geo/staff"
)

// newRegisters gives a town premises, a block, a checkpoint with a mark, a beat, and a
// household that was visited and that its leader keeps in touch with. All lies in its
// western grid.
func (w *towns) newRegisters(t testing.TB, town string, x int32) {
	t.Helper()
	at := func(dx, dy int32) string {
		p := place(x+dx, dy)
		return fmt.Sprintf("ST_SetSRID(ST_MakePoint(%.7f, %.7f), 4326)", p[0], p[1])
	}
	th := w.things[town]
	var premises, checkpoint, beat int64
	err := w.pool.QueryRow(t.Context(), `
		WITH g AS (SELECT id FROM unit WHERE code = $1),
		p AS (INSERT INTO premises (source, source_id, name, grade, reason, inspected_on, valid_until, point, unit_id)
			SELECT 'test', $1, $2 || '楼', 'red', $2 || '通道', '2026-01-01', '2026-01-31', `+at(3000, 3000)+`, id FROM g RETURNING id),
		c AS (INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) SELECT 'test', $1, $2 || '门', 50, `+at(3000, 4500)+`, id FROM g RETURNING id),
		b AS (INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by, updated_at) SELECT $2 || '巡', id, '{1,2,3,4,5,6,7}', 0, 1440, 'test', '2025-01-01' FROM g RETURNING id),
		s AS (INSERT INTO beat_stop SELECT b.id, 1, c.id FROM b, c),
		m AS (INSERT INTO checkpoint_mark (id, checkpoint_id, unit_id, account_id, by, flags, marked_at, device_at) SELECT gen_random_uuid(), c.id, g.id, $4, 'gps', '{}', now(), now() FROM c, g),
		k AS (INSERT INTO block (zone_id, unit_id, days) SELECT z.id, g.id, 15 FROM zone z, g WHERE z.code = $5),
		v AS (INSERT INTO visit (id, household_id, cadence, outcome, unit_id, account_id, visited_at, device_at) SELECT gen_random_uuid(), $3, 'grid', 'met', id, $4, now(), now() FROM g),
		l AS (INSERT INTO visit_link (household_id, post_id) VALUES ($3, $6))
		SELECT p.id, c.id, b.id FROM p, c, b`,
		th["unit"], town, number(th["household"]), w.accounts[town][staff.Worker], th["zone"], number(th["post"])).Scan(&premises, &checkpoint, &beat)
	if err != nil {
		t.Fatal(err)
	}
	th["premises"], th["checkpoint"], th["beat"] = strconv.FormatInt(premises, 10), strconv.FormatInt(checkpoint, 10), strconv.FormatInt(beat, 10)
}

// visitExamples are those of visits.
func visitExamples() []example {
	const v1 = "/api/v1"
	later := "2150-01-01"
	return []example{
		{"list-cadences", "", general, at(v1 + "/cadences"), nil},
		{"set-cadence", "", general, sending(v1+"/cadences/night", object{"ordinal": 900, "title_zh": "夜访", "title_en": "Night visits", "level": "", "homes": "rental", "days": 90, "per_post": nil, "used": false}), nil},
		{"list-due-visits", "", list, func(*table, string) request {
			return request{path: v1 + "/visits/due?limit=1000&until=" + later, shows: marks}
		}, nil},
		{"visit-standing", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/visits/standing?unit=" + w.things[town]["unit"]}
		}, nil},
		{"list-visits", "", list, func(w *table, _ string) request {
			shows := map[string]string{}
			for _, town := range []string{ours, theirs} {
				shows[town] = `"unit":"` + w.things[town]["unit"] + `"`
			}
			return request{path: v1 + "/visits?limit=1000", shows: shows}
		}, nil},
		{"log-visit", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/visits/" + uuid.NewString(), body: object{"household": number(w.newHousehold(town)), "cadence": "grid", "outcome": "met"}}
		}, nil},
		{"list-links", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/posts/" + w.things[town]["post"] + "/links"}
		}, nil},
		{"get-link", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.things[town]["household"] + "/link"}
		}, nil},
		{"set-link", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town) + "/link", body: object{"post": number(w.things[town]["post"])}}
		}, nil},
		{"set-links", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/posts/" + w.things[town]["post"] + "/links", body: object{"households": []int64{number(w.newHousehold(town))}}}
		}, nil},
	}
}

// beatExamples are those of premises, blocks, checkpoints and beats.
func beatExamples() []example {
	const v1 = "/api/v1"
	of := func(path, thing, more string, body any) func(*table, string) request {
		return func(w *table, town string) request {
			return request{path: v1 + path + w.things[town][thing] + more, body: body}
		}
	}
	round := func(w *table, town string) object {
		return object{"name": town + "巡", "unit": w.things[town]["unit"], "weekdays": []int{1, 5}, "starts": 480, "ends": 600, "checkpoints": []int64{number(w.things[town]["checkpoint"])}}
	}
	beat := func(w *table, town string) int64 {
		return w.one(`INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by) SELECT 'x', id, '{1}', 0, 60, 'test' FROM unit WHERE code = $1 RETURNING id`, w.things[town]["unit"])
	}
	shown := func(path string) func(*table, string) request {
		return func(*table, string) request { return request{path: v1 + path, shows: marks} }
	}
	return []example{
		{"list-premises", "", list, shown("/premises?limit=1000"), nil},
		{"get-premises", "", thing, of("/premises/", "premises", "", nil), nil},
		{"inspect-premises", "", thing, of("/premises/", "premises", "/inspections", object{"grade": "yellow", "reason": "通道已清理", "inspected_on": "2026-02-01", "valid_until": "2026-08-01", "post": nil}), nil},
		{"list-blocks", "", list, shown("/blocks"), nil},
		{"see-block", "", thing, of("/blocks/", "zone", "/sightings", object{"on": "2026-02-01"}), nil},
		{"list-checkpoints", "", list, shown("/checkpoints?limit=1000"), nil},
		{"get-checkpoint-code", "", thing, of("/checkpoints/", "checkpoint", "/code", nil), nil},
		{"get-checkpoint-plates", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/checkpoints/plates?unit=" + w.things[town]["unit"]}
		}, nil},
		{"list-marks", "", thing, of("/checkpoints/", "checkpoint", "/marks", nil), nil},
		{"list-missed-checkpoints", "", list, shown("/missed-checkpoints?at=" + grid.Today().AddDays(-1).String()), nil},
		{"list-beats", "", list, shown("/beats?limit=1000"), nil},
		{"get-beat", "", thing, of("/beats/", "beat", "", nil), nil},
		{"make-beat", "", thing, func(w *table, town string) request { return request{path: v1 + "/beats", body: round(w, town)} }, nil},
		{"change-beat", "", thing, func(w *table, town string) request {
			return request{path: fmt.Sprintf("%s/beats/%d", v1, beat(w, town)), body: round(w, town)}
		}, nil},
		{"remove-beat", "", thing, func(w *table, town string) request {
			return request{path: fmt.Sprintf("%s/beats/%d", v1, beat(w, town))}
		}, nil},
		{"suggest-beat", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/beats/suggestion", body: object{"unit": w.things[town]["unit"], "from": place(w.x(town)+3000, 4510), "minutes": 10}}
		}, nil},
	}
}

// registers gives the town of the reading tests one of each.
func (s *service) registers(t testing.TB) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), `
		WITH g AS (SELECT u.id, b.label FROM unit u JOIN boundary b ON b.unit_id = u.id ORDER BY u.code LIMIT 1),
		p AS (INSERT INTO premises (source, source_id, name, grade, inspected_on, valid_until, point, unit_id)
			SELECT 'test', '1', '楼', 'green', '2026-01-01', '2026-01-31', label, id FROM g),
		c AS (INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) SELECT 'test', '1', '门', 50, label, id FROM g RETURNING id),
		b AS (INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by, updated_at) SELECT '巡', id, '{1,2,3,4,5,6,7}', 0, 1440, 'test', '2025-01-01' FROM g RETURNING id)
		INSERT INTO beat_stop SELECT b.id, 1, c.id FROM b, c`)
	if err != nil {
		t.Fatal(err)
	}
}
