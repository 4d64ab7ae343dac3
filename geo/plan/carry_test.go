package plan_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/incident"
	"wangge/geo/staff"
)

// TestWhatPatrolsGoByIsCarriedWhenAGridIsDividedAnew publishes a division of a grid into a
// small and a large part and asks of everything that was tied to the grid where it is now.
func TestWhatPatrolsGoByIsCarriedWhenAGridIsDividedAnew(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", strip(1, 0, 10000)), "2026-01-01")
	settled(t, db, west+"001")
	at := func(x int32) geo.Point { return geo.Point{X: 1_150_000_000 + x, Y: 300_000_000 + 5000} }
	east, far := at(8000), at(500) // in the large part, in the small one
	one := func(sql string, args ...any) (got int64) {
		t.Helper()
		if err := db.QueryRow(t.Context(), sql, args...).Scan(&got); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return got
	}
	old := one(`SELECT id FROM unit WHERE code = $1`, west+"001")
	leader := one(`SELECT id FROM post WHERE unit_id = $1`, old)
	house := one(`SELECT household_id FROM household_unit WHERE unit_id = $1 LIMIT 1`, old)
	homeless := one(`INSERT INTO household (source, source_id, area_id) VALUES ('t', 'unplaced', $1) RETURNING id`, old)
	zone := one(`INSERT INTO zone (kind, code, name, valid_from, geom) VALUES ('block', 'Z1', 'Z', '2026-01-01', ST_Multi(ST_Expand($1::geometry, 0.00001))) RETURNING id`, far)
	beat := one(`INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by) VALUES ('早巡', $1, '{1}', 480, 600, 'test') RETURNING id`, old)
	do := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	do(`INSERT INTO visit_link (household_id, post_id) VALUES ($1, $2)`, house, leader)
	do(`INSERT INTO block (zone_id, unit_id, days) VALUES ($1, $2, 15)`, zone, old)
	do(`INSERT INTO premises (source, source_id, name, point, unit_id, grade, reason, inspected_on, valid_until, post_id) VALUES ('t', '1', 'P', $1, $2, 'green', '', '2026-01-01', '2026-12-31', $3)`, far, old, leader)
	do(`INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) VALUES ('t', '1', 'C', 50, $1, $2)`, far, old)
	do(`INSERT INTO charge (kind, name, shape, reach, post_id, unit_id, created_by) VALUES ('asset', '路灯', $1, 10, $2, $3, 'test')`, far, leader, old)
	given := map[string]uuid.UUID{} // incidents, all of them the leader's now
	for name, where := range map[string]geo.Point{"in the large part": east, "in the small part": at(3000), "at the lamp": far, "dispatched": at(7000)} {
		got, _, err := incident.Report(t.Context(), db, db, staff.Local, incident.New{ID: uuid.New(), Category: "0102", ReportedAt: time.Now(), Point: where}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		given[name] = got.ID
	}
	for _, act := range []incident.Doing{{Act: incident.ToAccept}, {Act: incident.ToDispatch, Post: leader}} {
		act.ID = uuid.New()
		if _, err := incident.Do(t.Context(), db, db, staff.Local, given["dispatched"], act, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	closed := given["in the small part"]
	before := one(`SELECT count(*) FROM incident_duty`)
	settler := incident.Settler{DB: db, Log: slog.New(slog.DiscardHandler)}
	if n, err := settler.Settle(t.Context(), time.Now()); n != 0 || err != nil {
		t.Fatalf("%d settled before anything changed, %v", n, err)
	}

	today := grid.Today().String()
	publish(t, db, draftOf(t, db, "grid", today, strip(2, 0, 3300), strip(3, 3300, 10000)), today)
	small, large := one(`SELECT id FROM unit WHERE code = $1`, west+"002"), one(`SELECT id FROM unit WHERE code = $1`, west+"003")
	now := one(`SELECT id FROM post WHERE carried_from = $1 AND unit_id = $2`, leader, large)
	for name, tt := range map[string]struct {
		sql  string
		want int64
	}{
		"the linked household's post":       {`SELECT post_id FROM visit_link`, now},
		"who inspects the premises":         {`SELECT post_id FROM premises`, now},
		"who is in charge of the lamp":      {`SELECT post_id FROM charge`, now},
		"the premises' unit":                {`SELECT unit_id FROM premises`, small},
		"the checkpoint's unit":             {`SELECT unit_id FROM checkpoint`, small},
		"the block's unit":                  {`SELECT unit_id FROM block`, small},
		"the beat's unit":                   {`SELECT unit_id FROM beat WHERE id = ` + fmt.Sprint(beat), large},
		"the charge's unit":                 {`SELECT unit_id FROM charge`, large},
		"where an unplaced dwelling's kept": {`SELECT area_id FROM household WHERE id = ` + fmt.Sprint(homeless), large},
	} {
		if got := one(tt.sql); got != tt.want {
			t.Errorf("%s: %d, want %d (of the grid: %d, posts %d → %d)", name, got, tt.want, old, leader, now)
		}
	}

	// Open incidents follow: what is given to the post that goes on is its, what lies in the
	// small part is nobody's there and goes up to the village, the lamp's stays with the lamp.
	do(`UPDATE incident SET closed_at = now(), state = 'closed' WHERE id = $1`, closed)
	if n, err := settler.Settle(t.Context(), time.Now()); n != 3 || err != nil {
		t.Errorf("%d settled, %v; want the three that are open", n, err)
	}
	for name, want := range map[string]struct {
		post  int64
		unit  string
		basis incident.Basis
	}{
		"in the large part": {now, west + "003", incident.ByGrid}, "at the lamp": {now, west + "002", incident.ByAsset},
		"dispatched": {now, west + "003", incident.ByDispatch}, "in the small part": {leader, west + "001", incident.ByGrid},
	} {
		r, err := incident.ResponsibleFor(t.Context(), db, db, staff.Local, given[name], time.Now())
		if err != nil || r.Duty.Post != want.post || r.Unit != want.unit || r.Basis != want.basis {
			got, _ := json.Marshal(r)
			t.Errorf("%s: %s, %v; want %+v", name, got, err, want)
		}
	}
	if n, err := settler.Settle(t.Context(), time.Now()); n != 0 || err != nil {
		t.Errorf("%d settled again, %v", n, err)
	}
	if after := one(`SELECT count(*) FROM incident_duty`); after != before+3 {
		t.Errorf("%d decisions, want %d: what was decided stays", after, before+3)
	}
}
