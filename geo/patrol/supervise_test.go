package patrol_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/ledger/ledgertest"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestATrackIsReplayedWithAReasonThatItsOfficerReads(t *testing.T) {
	s := open(t)
	o := s.officer()
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	o.want(o.fixes(now.Add(-2*time.Hour), 1, 1), patrol.Stored, nil) // before the shift
	o.want(o.fixes(now.Add(-time.Hour), 2, 3), patrol.Stored, nil)
	o.want(o.fixes(now.Add(-30*time.Minute), 5, 2), patrol.Stored, nil) // after a gap
	if _, err := s.owner.Exec(t.Context(), `INSERT INTO incident (source, source_id, category, reported_at, point, cell, shift_id, reporter_id, private)
		SELECT 'hand', p::text, '0102', $1, $2, 1, $3, $4, p FROM unnest(ARRAY[true, false]) p`, now.Add(-29*time.Minute), ledgertest.At(0.5, 0.5), o.shift, o.actor.Account); err != nil {
		t.Fatal(err)
	}
	leader, chief := stafftest.Hold(t, s.owner, staff.Leader, s.units[0])
	from, to := now.AddDate(0, 0, -1), now.Add(time.Hour)
	list, err := patrol.Duties(leader, s.desk.DB, chief, "", from, to, nil, 10)
	if err != nil || len(list) != 1 || list[0].Post != o.actor.Grants[0].Post || list[0].UnitName == "" || list[0].Fixes != 6 || list[0].Replays != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	if more, err := patrol.Duties(leader, s.desk.DB, chief, "", from, to, &list[0], 10); err != nil || len(more) != 0 {
		t.Errorf("the next page has %v, %v", more, err)
	}
	no, why := list[0].No, patrol.Why{Reason: "complaint", Note: "路口无人"}
	for name, bad := range map[string]patrol.Why{"no reason": {}, "an unknown one": {Reason: "curious"}, "a phone": {Reason: "safety", Note: "13812345678"}} {
		if _, err := patrol.Replay(leader, s.desk.DB, chief, no, bad); !errors.Is(err, patrol.ErrWhy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var n int
	if err := s.desk.DB.QueryRow(leader, `SELECT count(*) FROM replayed($1, 10)`, no).Scan(&n); err != nil || n != 0 {
		t.Errorf("without having said why %d fixes are shown, %v", n, err)
	}
	track, err := patrol.Replay(leader, s.desk.DB, chief, no, why)
	if err != nil || len(track.Fixes) != 5 {
		t.Fatalf("%v, %v; want the five that count", track, err)
	}
	if a, b := track.Fixes[2], track.Fixes[3]; a.Segment != 0 || b.Segment != 1 || track.Fixes[4].Segment != 1 {
		t.Errorf("segments %v: the gap is joined", track.Fixes)
	}
	at := now.Add(-29 * time.Minute)
	if len(track.Acts) != 2 || track.Acts[0].What != "incident" || !track.Acts[0].At.Equal(at) || track.Acts[0].Name+track.Acts[1].Name != "0102" { // of the private one not what it is
		t.Errorf("acts %+v", track.Acts)
	}
	if n := s.count(`SELECT count(*) FROM audit WHERE action = 'replay' AND actor = $1 AND detail->>'reason' = 'complaint'`, chief.Name); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
	own, err := patrol.Get(o.ctx, s.desk.DB, o.actor, uuid.MustParse(o.shift))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := patrol.Replays(o.ctx, s.desk.DB, o.actor, own)
	if err != nil || len(seen) != 1 || seen[0].Account != chief.Account || seen[0].Reason != why.Reason || seen[0].Note != why.Note || seen[0].Kind != "leader" {
		t.Errorf("the officer reads %+v, %v", seen, err)
	}
	if _, err := s.desk.DB.Exec(leader, `DELETE FROM replay`); err == nil {
		t.Error("that somebody looked can be taken back")
	}
	above, dispatcher := stafftest.Hold(t, s.owner, staff.Dispatcher, 0) // whose post the officer does not see
	if _, err := patrol.Replay(above, s.desk.DB, dispatcher, no, why); err != nil {
		t.Fatal(err)
	}
	if seen, err := patrol.Replays(o.ctx, s.desk.DB, o.actor, own); err != nil || len(seen) != 2 || seen[1].Kind != "dispatcher" {
		t.Errorf("the officer reads %+v, %v", seen, err)
	}
	// Not of another grid, and not without the right; neither in the program nor in the database.
	for _, of := range []struct {
		kind staff.Kind
		unit int64
	}{{staff.Leader, s.units[1]}, {staff.Worker, s.units[0]}, {staff.Administrator, 0}, {staff.PrivacyOfficer, 0}} {
		ctx, other := stafftest.Hold(t, s.owner, of.kind, of.unit)
		if _, err := patrol.Replay(ctx, s.desk.DB, other, no, why); !errors.Is(err, patrol.ErrShift) && !errors.Is(err, staff.ErrForbidden) {
			t.Errorf("%s replays: %v", of.kind, err)
		}
		if list, err := patrol.Duties(ctx, s.desk.DB, other, "", from, to, nil, 10); len(list) != 0 || err != nil && !errors.Is(err, staff.ErrForbidden) {
			t.Errorf("%s sees the shifts %v, %v", of.kind, list, err)
		}
		if _, err := s.desk.DB.Exec(ctx, `INSERT INTO replay (shift_no, account_id, reason) VALUES ($1, $2, 'asked')`, no, other.Account); !pg.ErrCode(err, "42501") {
			t.Errorf("%s says why: %v", of.kind, err)
		}
		for _, sql := range []string{`SELECT count(*) FROM replayed($1, 10)`, `SELECT count(*) FROM replayed_acts($1, 10)`, `SELECT count(*) FROM replay WHERE shift_no = $1`,
			`SELECT count(*) FROM supervised_shifts(NULL, '2000-01-01', '2100-01-01', NULL, 0, 10) WHERE no = $1`} {
			if err := s.desk.DB.QueryRow(ctx, sql, no).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s: %s = %d, %v", of.kind, sql, n, err)
			}
		}
	}
}
