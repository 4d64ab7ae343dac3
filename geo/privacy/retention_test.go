package privacy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/vault"
)

func quiet(string, int64, int64) {}

func (o *office) seal(t *testing.T, kind string, id any, fields map[string]string) {
	t.Helper()
	if err := vault.Seal(t.Context(), o.owner, o.ring, vault.Subject{Kind: kind, ID: fmt.Sprint(id)}, fields); err != nil {
		t.Fatal(err)
	}
}

// deletedBy is how much of each kind a sweep deleted.
func deletedBy(result privacy.Result) map[string]int64 {
	deleted := map[string]int64{}
	for _, s := range result.Swept {
		if s.Deleted > 0 {
			deleted[s.Kind] = s.Deleted
		}
	}
	return deleted
}

func TestRetentionDeletesWhatIsOldAndNothingElse(t *testing.T) {
	o := newOffice(t)
	_, old := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	_, young := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	_, active := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	for _, a := range []staff.Actor{old, young, active} {
		o.seal(t, "account", a.Account, map[string]string{"name": "某人", "phone": "13700000000"})
		o.exec(t, `INSERT INTO session (account_id, digest, method, seen_at) VALUES ($1, decode(md5($2), 'hex'), 'password', now() - make_interval(days => $3))`,
			a.Account, a.Name, map[string]int{old.Name: 31, young.Name: 29, active.Name: 0}[a.Name])
	}
	o.exec(t, `UPDATE account SET disabled_on = now() - interval '31 days' WHERE id = $1`, old.Account)
	o.exec(t, `UPDATE account SET disabled_on = now() - interval '29 days' WHERE id = $1`, young.Account)
	o.exec(t, `INSERT INTO sign_in_try (key, failed, last_at) VALUES ('\x01', 1, now() - interval '25 hours'), ('\x02', 1, now() - interval '23 hours')`)
	o.exec(t, `INSERT INTO household (source, source_id, closed_on) VALUES ('t', '1', NULL), ('t', '2', CURRENT_DATE - 2)`)
	o.seal(t, "household", 1, map[string]string{"phone": "13700000001"})
	o.seal(t, "household", 2, map[string]string{"phone": "13700000002"})
	o.seal(t, "household", 99, map[string]string{"phone": "13700000099"}) // gone with the demo town
	o.exec(t, `INSERT INTO consent (kind, subject_id, notice, version, how, recorded_by) VALUES ('household', 1, 'household-contact', 1, 'paper', 'x'), ('household', 2, 'household-contact', 1, 'paper', 'x')`)
	o.exec(t, `INSERT INTO request (kind, state, received_on, due_on, notice, reason, recorded_by, done_at)
		VALUES ('object', 'done', '2020-01-01', '2020-01-22', 1, 'entitled', 'x', now() - interval '31 days'),
		       ('object', 'done', '2020-01-01', '2020-01-22', 1, 'entitled', 'x', now() - interval '1096 days'),
		       ('object', 'received', '2020-01-01', '2020-01-22', 1, '', 'x', NULL)`)
	for _, id := range []int{1, 2, 3} {
		o.seal(t, "request", id, map[string]string{"phone": "13711111111"})
	}
	o.exec(t, `INSERT INTO upload (kind, file_name, size, sha256, crs, created_by, created_at, report)
		VALUES ('households', 'a', 1, 'x', 'EPSG:4326', 'x', now() - interval '366 days', '{}'), ('households', 'b', 1, 'x', 'EPSG:4326', 'x', now(), '{}')`)

	result, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, privacy.Sweeps(), time.Now(), 0, quiet)
	if err != nil {
		t.Fatal(err)
	}
	deleted := deletedBy(result)
	want := map[string]int64{"session": 1, "sign-in-try": 1, "account-contact": 1, "household-contact": 2, "request-contact": 2, "request": 1, "upload-report": 1}
	if fmt.Sprint(deleted) != fmt.Sprint(want) || fmt.Sprint(result.Without) != "[spool track shift delivery device]" {
		t.Errorf("deleted %v, without %v; want %v", deleted, result.Without, want)
	}
	rows, _ := o.owner.Query(t.Context(), `SELECT kind || ' ' || id FROM sealed_key ORDER BY kind, id`)
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || strings.Join(left, ", ") != fmt.Sprintf("account %d, account %d, household 1, request 3", young.Account, active.Account) {
		t.Errorf("sealed are still %v, %v", left, err)
	}
	if n := o.count1(t, `SELECT count(*) FROM consent WHERE withdrawn_at IS NULL`); n != 1 {
		t.Errorf("%d consents in force, want that of the open household", n)
	}
	o.wantProofs(t, want)

	again, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, privacy.Sweeps(), time.Now(), 0, quiet)
	for _, s := range again.Swept {
		if s.Deleted > 0 {
			t.Errorf("again %d of %s", s.Deleted, s.Kind)
		}
	}
	if err != nil {
		t.Error(err)
	}
	o.wantProofs(t, want) // nothing deleted, nothing to prove
}

// wantProofs checks that each kind has one proof, that its digest is that of the
// ids, and that no proof holds content.
func (o *office) wantProofs(t *testing.T, want map[string]int64) {
	t.Helper()
	_, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	proofs, err := privacy.Proofs(t.Context(), o.owner, officer, 0, 100)
	if err != nil || len(proofs) != len(want) {
		t.Fatalf("%d proofs, %v; want %d", len(proofs), err, len(want))
	}
	for _, p := range proofs {
		if p.Count != want[p.Kind] || len(p.Digest) != 64 || p.Before == nil || !strings.Contains(p.Rule, "days since") || p.MadeBy != "system" {
			t.Errorf("proof %+v", p)
		}
		if p.Kind == "household-contact" {
			sum := sha256.Sum256([]byte("2\n99\n"))
			if p.Digest != hex.EncodeToString(sum[:]) {
				t.Errorf("the digest is not that of the ids")
			}
		}
	}
	var dump string
	if err := o.owner.QueryRow(t.Context(), `SELECT string_agg(p::text, ' ') FROM deletion_proof p`).Scan(&dump); err != nil || strings.Contains(dump, "1370000") {
		t.Errorf("a proof holds content: %v", err)
	}
	if _, err := privacy.Proofs(t.Context(), o.owner, staff.Public, 0, 1); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("the public reads proofs: %v", err)
	}
}

func TestRunsAndSearchesGoWhenTheyAreOldOrWereGivenUp(t *testing.T) {
	o := newOffice(t)
	ago := func(days int) time.Time { return time.Now().AddDate(0, 0, -days) }
	ended := func(kind, state string, at any) (id int64) {
		t.Helper()
		err := o.owner.QueryRow(t.Context(), `
			INSERT INTO job (kind, title, state, args, created_by, may, created_at, finished_at) VALUES ($1, $1, $2, '{}', 'x', 'count', $3, $4) RETURNING id`,
			kind, state, ago(400), at).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	run := func(name string, job, created, finished any) {
		t.Helper()
		o.exec(t, `INSERT INTO circle (unit_id, on_day, params, created_by, job_id, created_at, finished_at) VALUES (0, '2024-01-01', '{}', $1, $2, $3, $4)`, name, job, created, finished)
		o.exec(t, `INSERT INTO circle_household (circle_id, unit_id, walk_no, body) SELECT id, 1, 0, '\x00' FROM circle WHERE created_by = $1`, name)
	}
	search := func(name, run string, job, created, finished any) {
		t.Helper()
		o.exec(t, `INSERT INTO siting (circle_id, unit_id, params, created_by, job_id, created_at, finished_at) SELECT id, 0, '{}', $1, $2, $3, $4 FROM circle WHERE created_by = $5`, name, job, created, finished, run)
	}
	run("old", nil, ago(370), ago(366))
	run("young", nil, ago(370), ago(364))
	run("searched", nil, ago(370), ago(366))
	run("failed", ended("circle", "failed", ago(31)), ago(40), nil)
	run("failed again", ended("circle", "failed", ago(29)), ago(40), nil)
	run("cancelled", ended("circle", "cancelled", ago(31)), ago(31), nil)
	run("running", ended("circle", "running", nil), ago(40), nil)
	run("without a job", nil, ago(31), nil)
	search("old search", "young", nil, ago(366), ago(366))
	search("young search", "searched", nil, ago(2), ago(2))
	search("search of the old", "old", nil, ago(370), ago(370))
	search("failed search", "young", ended("siting", "failed", ago(31)), ago(31), nil)
	search("waiting search", "young", ended("siting", "waiting", nil), ago(31), nil)

	sweeps := map[string]privacy.Sweep{} // the log itself does not believe another clock
	for _, kind := range []string{"circle", "circle-unfinished", "siting", "siting-unfinished"} {
		sweeps[kind] = privacy.Sweeps()[kind]
	}
	sweep := func(now time.Time) map[string]int64 {
		t.Helper()
		result, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, sweeps, now, 0, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return deletedBy(result)
	}
	left := func() string {
		t.Helper()
		rows, _ := o.owner.Query(t.Context(), `SELECT created_by FROM circle UNION ALL SELECT created_by FROM siting ORDER BY 1`)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(names, ", ")
	}
	want := map[string]int64{"circle": 1, "circle-unfinished": 3, "siting": 1, "siting-unfinished": 1}
	if got := sweep(time.Now()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("deleted %v, want %v", got, want)
	}
	if got := left(); got != "failed again, running, searched, waiting search, young, young search" {
		t.Errorf("left are %s", got)
	}
	if n := o.count1(t, `SELECT count(*) FROM circle_household`); n != 4 {
		t.Errorf("results of %d runs are left, want 4", n)
	}
	o.wantProofs(t, want)
	if n := o.count1(t, `SELECT count(*) FROM audit WHERE action = 'retain' AND subject_id IN ('circle', 'circle-unfinished', 'siting', 'siting-unfinished')`); n != 4 {
		t.Errorf("the log has %d lines of it, want 4", n)
	}
	sweep(time.Now().AddDate(0, 0, 400)) // the clock goes on
	if got := left(); got != "running" {
		t.Errorf("after another 400 days %s are left", got)
	}
}

// Photos go a year after their incident is closed, with what names them and what was shown of
// them; those that were never whole, or that no report names, two weeks after they were begun.
func TestPhotosGoWhenNothingNeedsThem(t *testing.T) {
	o := newOffice(t)
	incident := func(name, closed string) {
		o.exec(t, `INSERT INTO incident (source, source_id, category, reported_at, state, closed_at) VALUES ('t', $1, '0102', now() - interval '500 days',
			CASE WHEN $2 = '' THEN 'reported' ELSE 'closed' END, now() - nullif($2, '')::interval)`, name, closed)
	}
	picture := func(name, begun, of string, whole bool) {
		o.exec(t, `INSERT INTO photo (id, account_id, length, held, begun_at, arrived_at, digest, body, thumbnail, width, height)
			SELECT md5($1)::uuid, 1, 9, CASE WHEN w THEN 9 ELSE 4 END, now() - $2::interval, CASE WHEN w THEN now() END,
			       CASE WHEN w THEN '\x01'::bytea END, CASE WHEN w THEN '\x02'::bytea END, CASE WHEN w THEN '\x03'::bytea END, CASE WHEN w THEN 1 END, CASE WHEN w THEN 1 END
			FROM (VALUES ($3::boolean)) AS v(w)`, name, begun, whole)
		o.exec(t, `INSERT INTO photo_piece (photo_id, start, body) SELECT md5($1)::uuid, 0, '\x0102' WHERE NOT $2`, name, whole)
		o.exec(t, `INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id)
			SELECT id, (SELECT count(*) + 1 FROM incident_photo l WHERE l.incident_id = incident.id), 1, md5($1)::uuid FROM incident WHERE source_id = $2`, name, of)
		o.exec(t, `INSERT INTO photo_release (photo_id, body, areas, released_by) SELECT md5($1)::uuid, '\x04', '[]', 'x' WHERE $2 <> '' AND $3`, name, of, whole)
	}
	incident("open", "")
	incident("lately", "364 days")
	incident("long ago", "366 days")
	picture("of an open one", "400 days", "open", true)
	picture("of one closed lately", "400 days", "lately", true)
	picture("of one closed long ago", "400 days", "long ago", true)
	picture("another of it", "400 days", "long ago", true)
	picture("of none, old", "15 days", "", true)
	picture("of none, young", "13 days", "", true)
	picture("not whole, old", "15 days", "open", false)
	picture("not whole, young", "13 days", "open", false)

	result, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, privacy.Sweeps(), time.Now(), 0, quiet)
	if err != nil {
		t.Fatal(err)
	}
	deleted := deletedBy(result)
	if deleted["incident-photo"] != 2 || deleted["photo-loose"] != 2 {
		t.Errorf("deleted %v", deleted)
	}
	left := map[string]bool{}
	for _, name := range []string{"of an open one", "of one closed lately", "of one closed long ago", "another of it", "of none, old", "of none, young", "not whole, old", "not whole, young"} {
		if o.count1(t, `SELECT count(*) FROM photo WHERE id = md5($1)::uuid`, name) == 1 {
			left[name] = true
		}
	}
	want := map[string]bool{"of an open one": true, "of one closed lately": true, "of none, young": true, "not whole, young": true}
	if !maps.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	for table, want := range map[string]int{"photo_release": 2, "photo_piece": 1, "incident_photo": 4, "incident": 3} {
		if n := o.count1(t, `SELECT count(*) FROM `+table); n != want {
			t.Errorf("%d rows of %s, want %d", n, table, want)
		}
	}
	if n := o.count1(t, `SELECT count(*) FROM deletion_proof WHERE kind IN ('incident-photo', 'photo-loose')`); n != 2 {
		t.Errorf("%d proofs, want 2", n)
	}
}

func TestProposalsGoWhenTheyAreOldOrWereGivenUp(t *testing.T) {
	o := newOffice(t)
	ago := func(days int) time.Time { return time.Now().AddDate(0, 0, -days) }
	propose := func(name string, job any, created time.Time, finished any) {
		t.Helper()
		o.exec(t, `INSERT INTO proposal (unit_id, params, created_by, job_id, created_at, finished_at, found)
			VALUES (0, '{}', $1, $2, $3, $4, CASE WHEN $4::timestamptz IS NOT NULL THEN '{}'::jsonb END)`, name, job, created, finished)
		o.exec(t, `INSERT INTO proposal_part (proposal_id, alternative, ordinal, unit_id, parent, households, geom)
			SELECT id, 1, 1, 0, '', 0, ST_Multi(ST_MakeEnvelope(0, 0, 1, 1, 4326)) FROM proposal WHERE created_by = $1`, name)
	}
	job := func(state string, ended any) (id int64) {
		t.Helper()
		err := o.owner.QueryRow(t.Context(), `INSERT INTO job (kind, title, state, args, created_by, may, created_at, finished_at)
			VALUES ('proposal', '', $1, '{}', 'x', 'plan', $2, $3) RETURNING id`, state, ago(40), ended).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	propose("old", nil, ago(370), ago(366))
	propose("young", nil, ago(370), ago(364))
	propose("failed", job("failed", ago(31)), ago(40), nil)
	propose("failed again", job("failed", ago(29)), ago(40), nil)
	propose("running", job("running", nil), ago(40), nil)
	sweeps := map[string]privacy.Sweep{}
	for _, kind := range []string{"proposal", "proposal-unfinished"} {
		sweeps[kind] = privacy.Sweeps()[kind]
	}
	result, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, sweeps, time.Now(), 0, quiet)
	want := map[string]int64{"proposal": 1, "proposal-unfinished": 1}
	if err != nil || fmt.Sprint(deletedBy(result)) != fmt.Sprint(want) {
		t.Errorf("deleted %v, %v, want %v", deletedBy(result), err, want)
	}
	rows, _ := o.owner.Query(t.Context(), `SELECT p.created_by FROM proposal p JOIN proposal_part q ON q.proposal_id = p.id ORDER BY 1`)
	if left, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || strings.Join(left, ", ") != "failed again, running, young" {
		t.Errorf("left are %v, %v", left, err)
	}
	if n := o.count1(t, `SELECT count(*) FROM proposal_part`); n != 3 {
		t.Errorf("%d parts are left, want those of three proposals", n)
	}
	o.wantProofs(t, want)
}

func TestRetentionWorksInBatchesAndCanBeCancelled(t *testing.T) {
	o := newOffice(t)
	o.exec(t, `INSERT INTO sign_in_try (key, failed, last_at) SELECT int4send(i), 1, now() - interval '2 days' FROM generate_series(1, 2500) i`)
	ctx, cancel := context.WithCancel(t.Context())
	sweeps := privacy.Sweeps()
	tries, calls := sweeps["sign-in-try"], 0
	sweeps["sign-in-try"] = func(c context.Context, tx pgx.Tx, ring *vault.Ring, before time.Time, limit int) ([]string, error) {
		if calls++; calls == 2 {
			cancel()
		}
		return tries(c, tx, ring, before, limit)
	}
	_, err := privacy.Retain(ctx, o.owner, o.ring, staff.System, sweeps, time.Now(), 0, quiet)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if n := o.count1(t, `SELECT count(*) FROM sign_in_try`); n != 1500 {
		t.Errorf("%d are left after one batch of 1,000, want 1,500", n)
	}
	if n := o.count1(t, `SELECT coalesce(sum(count), 0) FROM deletion_proof`); n != 1000 {
		t.Errorf("%d are proven, want 1,000", n)
	}
	if _, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, privacy.Sweeps(), time.Now(), 0, quiet); err != nil {
		t.Fatal(err)
	}
	if n, proven := o.count1(t, `SELECT count(*) FROM sign_in_try`), o.count1(t, `SELECT sum(count) FROM deletion_proof`); n != 0 || proven != 2500 {
		t.Errorf("%d are left and %d proven after the next run", n, proven)
	}
}

func TestHowLongIsKeptHasLimits(t *testing.T) {
	o := newOffice(t)
	office, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	tests := []struct {
		name  string
		ctx   context.Context
		actor staff.Actor
		kind  string
		days  int
		err   error
	}{
		{"shorter", office, officer, "session", 7, nil},
		{"too long", office, officer, "session", 91, privacy.ErrRuleDays},
		{"the audit for a year", office, officer, "audit", 365, privacy.ErrRuleDays},
		{"tracks for a year", office, officer, "track", 365, privacy.ErrRuleDays},
		{"less than nothing", office, officer, "session", -1, privacy.ErrRuleDays},
		{"an unknown kind", office, officer, "gossip", 1, privacy.ErrRuleUnknown},
		{"by a worker", desk, worker, "session", 7, staff.ErrForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := privacy.Keep(tt.ctx, o.app, tt.actor, tt.kind, tt.days); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
	rules, err := privacy.Rules(desk, o.app, worker)
	if err != nil || len(rules) != o.count1(t, `SELECT count(*) FROM retention_rule`) || rules[0].Kind != "session" || rules[0].Days != 7 {
		t.Errorf("%d rules, %+v, %v", len(rules), rules[0], err)
	}
	if n := o.count1(t, `SELECT count(*) FROM audit WHERE subject = 'retention' AND action = 'keep'`); n != 1 {
		t.Errorf("%d changes in the audit, want 1", n)
	}
}

// The audit is cut in whole segments only, never before three years are over.
func TestTheAuditIsSweptThroughItsOwnFunction(t *testing.T) {
	o := newOffice(t)
	o.exec(t, `INSERT INTO audit_segment (id, first_seq, last_seq, before, hash, from_at, to_at, closed_at, key, signature)
		VALUES (1, 1, 10, '\x00', '\x01', now() - interval '1200 days', now() - interval '1199 days', now() - interval '1198 days', 'k', '\x02'),
		       (2, 11, 20, '\x01', '\x03', now() - interval '900 days', now() - interval '899 days', now() - interval '898 days', 'k', '\x02')`)
	if _, err := privacy.Retain(t.Context(), o.owner, o.ring, staff.System, privacy.Sweeps(), time.Now(), 0, quiet); err != nil {
		t.Fatal(err)
	}
	if dropped, proven := o.count1(t, `SELECT sum(id) FROM audit_segment WHERE dropped_at IS NOT NULL`), o.count1(t, `SELECT count(*) FROM deletion_proof WHERE kind = 'audit' AND count = 1`); dropped != 1 || proven != 1 {
		t.Errorf("segment %d is dropped with %d proofs, want segment 1 with one", dropped, proven)
	}
}

func TestRetentionRunsAsAJobOncePerNight(t *testing.T) {
	o := newOffice(t)
	log := slog.New(slog.DiscardHandler)
	queue, err := job.NewQueue(o.owner, log, map[string]job.Handler{privacy.RetentionJob: privacy.RetentionHandler(o.owner, o.ring, privacy.Sweeps())})
	if err != nil {
		t.Fatal(err)
	}
	o.exec(t, `INSERT INTO sign_in_try (key, failed, last_at) VALUES ('\x01', 1, now() - interval '2 days')`)
	jobs := func() int { return o.count1(t, `SELECT count(*) FROM job WHERE kind = 'retention'`) }
	night := func() { // as two programs on one database
		t.Helper()
		for range 2 {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- privacy.Nightly{DB: o.owner, Queue: queue, Log: log}.Run(ctx) }()
			time.AfterFunc(200*time.Millisecond, cancel)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	o.exec(t, `UPDATE goose_db_version SET tstamp = now()`)
	if night(); jobs() != 0 {
		t.Errorf("%d jobs on the day the database was made", jobs())
	}
	o.exec(t, `UPDATE goose_db_version SET tstamp = now() - interval '2 days'`)
	if night(); jobs() != 1 {
		t.Errorf("%d jobs after a night was missed, want 1", jobs())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- queue.Run(ctx) }()
	deadline := time.After(20 * time.Second)
	for done := false; !done; {
		select {
		case <-deadline:
			t.Fatal("the job did not end")
		case <-time.After(20 * time.Millisecond):
			done = o.count1(t, `SELECT count(*) FROM job WHERE kind = 'retention' AND state = 'done'`) == 1
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var result privacy.Result
	var raw []byte
	var jobID, proven int64
	if err := o.owner.QueryRow(t.Context(), `SELECT j.id, j.result, p.job_id FROM job j, deletion_proof p WHERE p.kind = 'sign-in-try'`).Scan(&jobID, &raw, &proven); err != nil || json.Unmarshal(raw, &result) != nil || jobID != proven {
		t.Errorf("job %d, proof of job %d, result %s, %v", jobID, proven, raw, err)
	}
	_, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	_, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	if _, err := privacy.StartRetention(t.Context(), o.owner, queue, worker); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("started by a worker: %v", err)
	}
	if j, err := privacy.StartRetention(t.Context(), o.owner, queue, officer); err != nil || j.Kind != privacy.RetentionJob {
		t.Errorf("%+v, %v", j, err)
	}
}

// A backup brings back what was deleted after it: contact, consent, everything.
func TestDeletionsAreAppliedAgainAfterARestore(t *testing.T) {
	o := newOffice(t)
	for _, id := range []int{1, 2} {
		o.exec(t, `INSERT INTO household (source, source_id) VALUES ('t', $1)`, fmt.Sprint(id))
		o.seal(t, "household", id, map[string]string{"phone": "13700000001"})
		o.exec(t, `INSERT INTO consent (kind, subject_id, notice, version, how, recorded_by) VALUES ('household', $1, 'household-contact', 1, 'paper', 'x')`, id)
	}
	tables := []string{"sealed_key", "sealed", "consent", "deletion"}
	for _, table := range tables {
		o.exec(t, `CREATE TABLE backup_`+table+` AS TABLE `+table)
	}
	err := pgx.BeginFunc(t.Context(), o.owner, func(tx pgx.Tx) error {
		_, err := privacy.Forget(t.Context(), tx, o.ring, staff.Local, 1, "request 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o.exec(t, `TRUNCATE sealed_key, sealed, consent, deletion`)
	for _, table := range tables {
		o.exec(t, `INSERT INTO `+table+` OVERRIDING SYSTEM VALUE TABLE backup_`+table)
	}
	list := vault.DeletionsBeside(o.ring.Path())
	again, err := privacy.DeleteAgain(t.Context(), o.owner, list)
	if err != nil || again.Listed != 1 || again.Deleted != 1 || len(again.Unreadable) != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	if keys, consents := o.count1(t, `SELECT sum(id::int) FROM sealed_key`), o.count1(t, `SELECT sum(subject_id) FROM consent WHERE withdrawn_at IS NULL`); keys != 2 || consents != 2 {
		t.Errorf("keys of household %d and consents of household %d are left, want those of 2", keys, consents)
	}
	if again, err = privacy.DeleteAgain(t.Context(), o.owner, list); err != nil || again.Deleted != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := o.count1(t, `SELECT count(*) FROM deletion_proof WHERE rule = 'deletion list after a restore'`); n != 1 {
		t.Errorf("%d proofs, want 1", n)
	}
	var db pg.DB = o.owner
	if none, err := privacy.DeleteAgain(t.Context(), db, vault.DeletionsBeside(t.TempDir()+"/x/keys.json")); err != nil || none.Listed != 0 {
		t.Errorf("without a list: %+v, %v", none, err)
	}
}
