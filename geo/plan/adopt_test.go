package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/job"
	"wangge/geo/ledger"
	"wangge/geo/plan"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

func newQueue(t *testing.T, db *pgxpool.Pool) *job.Queue {
	t.Helper()
	queue, err := job.NewQueue(db, slog.New(slog.DiscardHandler), map[string]job.Handler{plan.PublishJob: plan.PublishHandler(db)})
	if err != nil {
		t.Fatal(err)
	}
	return queue
}

// arrive makes the day of an adopted plan today, and does its job as the queue would.
func arrive(t *testing.T, db *pgxpool.Pool, p plan.Plan) error {
	t.Helper()
	var args json.RawMessage
	err := db.QueryRow(t.Context(), `
		UPDATE job SET args = args || jsonb_build_object('day', $2::text) WHERE id = (SELECT job_id FROM plan WHERE id = $1) RETURNING args`,
		p.ID, grid.Today().String()).Scan(&args)
	if err != nil {
		t.Fatal(err)
	}
	_, err = plan.PublishHandler(db)(t.Context(), quiet, args)
	if err != nil { // as the queue keeps it
		_, _ = db.Exec(t.Context(), `UPDATE job SET state = 'failed', problem = jsonb_build_object('code', $2::text), finished_at = now() WHERE id = (SELECT job_id FROM plan WHERE id = $1)`, p.ID, err.Error()[:20])
	}
	return err
}

func tomorrow() geo.Day { return geo.DayOf(time.Now().Add(24 * time.Hour)) }

func divided(t *testing.T, db *pgxpool.Pool, on string, at int32, first int) plan.Plan {
	return draftOf(t, db, "grid", on,
		plan.Record{Code: fmt.Sprintf("%s%03d", west, first), Name: "A", Parent: west, Area: box(0, 0, at, 10000)},
		plan.Record{Code: fmt.Sprintf("%s%03d", west, first+1), Name: "B", Parent: west, Area: box(at, 0, 10000, 10000)})
}

func TestAnAdoptedPlanIsSealedUntilItIsWithdrawn(t *testing.T) {
	db := town(t)
	queue := newQueue(t, db)
	p := divided(t, db, grid.Today().String(), 5000, 1)
	adopted, err := plan.Adopt(t.Context(), db, queue, staff.Local, p.ID, p.Revision, tomorrow())
	if err != nil {
		t.Fatal(err)
	}
	if adopted.State != plan.Adopted || adopted.AdoptedBy == nil || *adopted.AdoptedBy != "local" || adopted.AdoptedAt == nil || adopted.Digest == "" || *adopted.EffectiveOn != tomorrow() {
		t.Errorf("%+v", adopted)
	}
	for what, do := range map[string]func() error{
		"mend": func() error {
			_, err := plan.Mend(t.Context(), db, staff.Local, p.ID, plan.Repair{Revision: adopted.Revision, Kind: "gap", Repair: "fill"}, grid.Today())
			return err
		},
		"abandon": func() error { _, err := plan.Abandon(t.Context(), db, staff.Local, p.ID); return err },
		"publish": func() error {
			_, err := plan.Publish(t.Context(), db, staff.Local, p.ID, adopted.Revision, grid.Today(), quiet)
			return err
		},
		"adopt again": func() error {
			_, err := plan.Adopt(t.Context(), db, queue, staff.Local, p.ID, adopted.Revision, tomorrow())
			return err
		},
		"renew": func() error { _, err := plan.Renew(t.Context(), db, staff.Local, p.ID, adopted.Revision); return err },
	} {
		if err := do(); !errors.Is(err, plan.ErrAdopted) {
			t.Errorf("%s: %v, want %v", what, err, plan.ErrAdopted)
		}
	}

	// Another plan of the same unit would stop it, so it is not adopted either.
	other := divided(t, db, grid.Today().String(), 6000, 3)
	if _, err := plan.Adopt(t.Context(), db, queue, staff.Local, other.ID, other.Revision, tomorrow()); !errors.Is(err, plan.ErrReserved) {
		t.Errorf("a second plan of the unit: %v, want %v", err, plan.ErrReserved)
	}

	draft, err := plan.Withdraw(t.Context(), db, queue, staff.Local, p.ID)
	if err != nil || draft.State != plan.Draft || draft.EffectiveOn != nil || draft.AdoptedBy != nil || draft.Digest != "" {
		t.Fatalf("withdrawn: %+v, %v", draft, err)
	}
	jobs, err := job.List(t.Context(), db, staff.Local, job.Cancelled, 0, 10)
	if err != nil || len(jobs) != 1 {
		t.Errorf("%d jobs were cancelled, %v; want 1", len(jobs), err)
	}
	if _, err := plan.Withdraw(t.Context(), db, queue, staff.Local, p.ID); !errors.Is(err, plan.ErrNotAdopted) {
		t.Errorf("withdrawn twice: %v, want %v", err, plan.ErrNotAdopted)
	}
	publish(t, db, draft, grid.Today().String())
}

func TestAnAdoptedPlanTakesEffectOnItsDay(t *testing.T) {
	db := town(t)
	p := divided(t, db, grid.Today().String(), 5000, 1)
	adopted, err := plan.Adopt(t.Context(), db, newQueue(t, db), staff.Local, p.ID, p.Revision, tomorrow())
	if err != nil {
		t.Fatal(err)
	}
	var runs time.Time
	if err := db.QueryRow(t.Context(), `SELECT r.scheduled_at FROM plan p JOIN job j ON j.id = p.job_id JOIN river_job r ON r.id = j.river_id WHERE p.id = $1`, p.ID).Scan(&runs); err != nil || !runs.Equal(tomorrow().Start()) {
		t.Errorf("it runs at %s, %v; want %s", runs, err, tomorrow().Start())
	}
	if err := arrive(t, db, adopted); err != nil {
		t.Fatal(err)
	}
	got, err := plan.Get(t.Context(), db, staff.Local, p.ID)
	if err != nil || got.State != plan.Published || got.Digest != adopted.Digest {
		t.Errorf("%+v, %v", got, err)
	}
	checkTiling(t, db, grid.Today().String())
	if stopped, err := plan.AllStopped(t.Context(), db, staff.Local); err != nil || len(stopped) != 0 {
		t.Errorf("stopped: %+v, %v", stopped, err)
	}
}

func TestAPlanThatCannotTakeEffectStopsAndIsSeen(t *testing.T) {
	db := town(t)
	queue := newQueue(t, db)
	p := divided(t, db, grid.Today().String(), 5000, 1)
	quicker := divided(t, db, grid.Today().String(), 6000, 3)
	adopted, err := plan.Adopt(t.Context(), db, queue, staff.Local, p.ID, p.Revision, tomorrow())
	if err != nil {
		t.Fatal(err)
	}
	publish(t, db, quicker, grid.Today().String())
	if err := arrive(t, db, adopted); !errors.Is(err, plan.ErrStale) {
		t.Fatalf("it takes effect over a newer plan: %v, want %v", err, plan.ErrStale)
	}
	if got := unit(t, db, grid.Today().String(), west+"003"); got.ValidTo != nil {
		t.Errorf("the quicker plan's unit: %+v", got)
	}
	stopped, err := plan.AllStopped(t.Context(), db, staff.Local)
	if err != nil || len(stopped) != 1 || stopped[0].PlanID != p.ID || stopped[0].JobState != "failed" || len(stopped[0].Problem) == 0 {
		t.Errorf("stopped: %+v, %v", stopped, err)
	}
	if stopped, err := plan.AllStopped(t.Context(), db, staff.Actor{Name: "account:9"}); err != nil || len(stopped) != 0 {
		t.Errorf("who plans nowhere sees %+v, %v", stopped, err)
	}
	if _, err := plan.Withdraw(t.Context(), db, queue, staff.Local, p.ID); err != nil {
		t.Fatal(err)
	}
	if stopped, err := plan.AllStopped(t.Context(), db, staff.Local); err != nil || len(stopped) != 0 {
		t.Errorf("after the withdrawal: %+v, %v", stopped, err)
	}
}

// settled puts households, an open and a closed incident, a service point and a held
// leader's post in each third of the western village, whose units are given.
func settled(t *testing.T, db *pgxpool.Pool, units ...string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		var households []int64
		var incidents [][16]byte
		var points []int64
		for i := range 3 {
			at := geo.Point{X: 1_150_000_000 + 1600 + int32(i)*3300, Y: 300_000_000 + 5000}
			for range 2 {
				var id int64
				if err := tx.QueryRow(t.Context(), `INSERT INTO household (source, source_id, point, cell) VALUES ('t', gen_random_uuid()::text, $1, 1) RETURNING id`, at).Scan(&id); err != nil {
					return err
				}
				households = append(households, id)
			}
			for _, state := range []string{"reported", "closed"} {
				var id [16]byte
				if err := tx.QueryRow(t.Context(), `INSERT INTO incident (source, source_id, category, state, reported_at, closed_at, point, cell)
					VALUES ('t', gen_random_uuid()::text, '0102', $2, now() - interval '2 days', CASE WHEN $2 = 'closed' THEN now() END, $1, 1) RETURNING id`, at, state).Scan(&id); err != nil {
					return err
				}
				incidents = append(incidents, id)
			}
			var id int64
			if err := tx.QueryRow(t.Context(), `INSERT INTO service_point (source, source_id, name, tier, point, cell) VALUES ('t', gen_random_uuid()::text, 'x', 'station', $1, 1) RETURNING id`, at).Scan(&id); err != nil {
				return err
			}
			points = append(points, id)
		}
		for _, code := range units {
			_, err := tx.Exec(t.Context(), `
				WITH a AS (INSERT INTO account (login) VALUES ('leader' || $1) RETURNING id),
				p AS (INSERT INTO post (kind, unit_id, valid_from) SELECT 'leader', id, '2026-01-01' FROM unit WHERE code = $1 RETURNING id)
				INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT p.id, 'A', a.id, '2026-01-01' FROM p, a`, code)
			if err != nil {
				return err
			}
		}
		if err := ledger.Households.Assign(t.Context(), tx, households); err != nil {
			return err
		}
		if err := ledger.Incidents.Assign(t.Context(), tx, incidents); err != nil {
			return err
		}
		return ledger.ServicePoints.Assign(t.Context(), tx, points)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// holdings are, for each unit: households, open incidents, closed ones, service points,
// and the leaders by their logins.
func holdings(t *testing.T, db *pgxpool.Pool) map[string]string {
	t.Helper()
	rows, _ := db.Query(t.Context(), `
		SELECT right(u.code, 3),
			(SELECT count(*) FROM household_unit o WHERE o.unit_id = u.id AND o.valid_to IS NULL)::text || ' ' ||
			(SELECT count(*) FROM incident_unit o JOIN incident i ON i.id = o.incident_id WHERE o.unit_id = u.id AND o.valid_to IS NULL AND i.closed_at IS NULL) || ' ' ||
			(SELECT count(*) FROM incident_unit o JOIN incident i ON i.id = o.incident_id WHERE o.unit_id = u.id AND o.valid_to IS NULL AND i.closed_at IS NOT NULL) || ' ' ||
			(SELECT count(*) FROM service_point_unit o WHERE o.unit_id = u.id AND o.valid_to IS NULL) || ' ' ||
			coalesce((SELECT string_agg(right(c.login, 3), ',' ORDER BY c.login) FROM post p JOIN holder h ON h.post_id = p.id JOIN account c ON c.id = h.account_id
				WHERE p.unit_id = u.id AND (p.valid_to IS NULL OR p.valid_to > $1) AND (h.valid_to IS NULL OR h.valid_to > $1)), '-')
		FROM unit u WHERE u.level = 'grid'`, grid.Today())
	out := map[string]string{}
	var code, text string
	if _, err := pgx.ForEachRow(rows, []any{&code, &text}, func() error { out[code] = text; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func strip(n int, from, to int32) plan.Record {
	code := fmt.Sprintf("%s%03d", west, n)
	return plan.Record{Code: code, Name: code, Parent: west, Area: box(from, 0, to, 10000)}
}

func TestEverythingIsCarriedWhenUnitsSplitMergeAndMix(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after []plan.Record
		want          map[string]string // households, open incidents, closed ones, service points, leaders
		lineage       []string
	}{
		{"split", []plan.Record{strip(1, 0, 10000)}, []plan.Record{strip(2, 0, 3300), strip(3, 3300, 10000)},
			map[string]string{"001": "0 0 3 0 -", "002": "2 1 0 1 -", "003": "4 2 0 2 001"}, []string{"001>002", "001>003"}},
		{"merge", []plan.Record{strip(1, 0, 3300), strip(2, 3300, 6600), strip(3, 6600, 10000)}, []plan.Record{strip(4, 0, 6600), strip(3, 6600, 10000)},
			map[string]string{"001": "0 0 1 0 -", "002": "0 0 1 0 -", "003": "2 1 1 1 003", "004": "4 2 0 2 001,002"}, []string{"001>004", "002>004"}},
		{"many to many", []plan.Record{strip(1, 0, 5000), strip(2, 5000, 10000)}, []plan.Record{strip(3, 0, 3300), strip(4, 3300, 6600), strip(5, 6600, 10000)},
			map[string]string{"001": "0 0 2 0 -", "002": "0 0 1 0 -", "003": "2 1 0 1 001", "004": "2 1 0 1 -", "005": "2 1 0 1 002"}, []string{"001>003", "001>004", "002>004", "002>005"}},
		{"one gives land and goes on", []plan.Record{strip(1, 0, 10000)}, []plan.Record{strip(1, 0, 6600), strip(2, 6600, 10000)},
			map[string]string{"001": "4 2 3 2 001", "002": "2 1 0 1 -"}, []string{"001>002"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := town(t)
			publish(t, db, draftOf(t, db, "grid", "2026-01-01", tt.before...), "2026-01-01")
			var codes []string
			for _, r := range tt.before {
				codes = append(codes, r.Code)
			}
			settled(t, db, codes...)
			today := grid.Today().String()
			p := draftOf(t, db, "grid", today, tt.after...)
			list, err := plan.Checklist(t.Context(), db, staff.Local, p.ID, grid.Today())
			if err != nil {
				t.Fatal(err)
			}
			before := holdings(t, db)
			publish(t, db, p, today)
			after := holdings(t, db)
			moved := 0
			for code, want := range tt.want {
				if after[code] != want {
					t.Errorf("unit %s holds %q, want %q (before: %q)", code, after[code], want, before[code])
				}
				var was, is int
				_, _ = fmt.Sscan(before[code], &was)
				_, _ = fmt.Sscan(after[code], &is)
				moved += max(0, is-was)
			}
			i := slices.IndexFunc(list, func(c plan.Check) bool { return c.Code == "households_move" })
			if i < 0 || list[i].Count != moved || list[i].State != plan.Warn {
				t.Errorf("the checklist says %+v of households, %d moved", list[i], moved)
			}
			var lineage []string
			if err := db.QueryRow(t.Context(), `
				SELECT coalesce(array_agg(right(a.code, 3) || '>' || right(b.code, 3) ORDER BY 1), '{}') FROM lineage l JOIN unit a ON a.id = l.before JOIN unit b ON b.id = l.after WHERE l.plan_id = $1`, p.ID).Scan(&lineage); err != nil {
				t.Fatal(err)
			}
			slices.Sort(lineage)
			if !slices.Equal(lineage, tt.lineage) {
				t.Errorf("lineage %v, want %v", lineage, tt.lineage)
			}
			checkTiling(t, db, today)
		})
	}
}

func TestARolledBackDivisionReturnsUnderNewCodes(t *testing.T) {
	db := town(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", strip(1, 0, 5000), strip(2, 5000, 10000)), "2026-01-01")
	merged := publish(t, db, draftOf(t, db, "grid", "2026-02-01", strip(1, 0, 10000)), "2026-02-01")
	draft, err := plan.RollBack(t.Context(), db, staff.Local, merged.ID, "back")
	if err != nil {
		t.Fatal(err)
	}
	if draft.State != plan.Draft || draft.Undoes == nil || *draft.Undoes != merged.ID || draft.Faults.Hard != 0 || draft.Units != 2 || draft.Name != "back" {
		t.Fatalf("%+v", draft)
	}
	publish(t, db, draft, "2026-03-01")
	if got := unit(t, db, "2026-03-01", west+"001"); got.Bound[2] > 115.0005 {
		t.Errorf("the unit that went on: %+v, want its western half", got)
	}
	back := unit(t, db, "2026-03-01", west+"003")
	if was := unit(t, db, "2026-01-15", west+"002"); back.Bound != was.Bound || back.Name != was.Name {
		t.Errorf("came back as %+v, was %+v", back, was)
	}
	if _, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-03-01"), west+"002"); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the ended code is in force again: %v", err)
	}
	checkTiling(t, db, "2026-03-01")

	if _, err := plan.RollBack(t.Context(), db, staff.Local, draft.ID+1, ""); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("an unknown plan: %v", err)
	}
	open := draftOf(t, db, "grid", "2026-03-01", strip(1, 0, 10000))
	if _, err := plan.RollBack(t.Context(), db, staff.Local, open.ID, ""); !errors.Is(err, plan.ErrNotPublished) {
		t.Errorf("a draft: %v, want %v", err, plan.ErrNotPublished)
	}
	var first int64
	if err := db.QueryRow(t.Context(), `SELECT id FROM plan WHERE level = 'grid' ORDER BY id LIMIT 1`).Scan(&first); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.RollBack(t.Context(), db, staff.Local, first, ""); !errors.Is(err, plan.ErrNothingBefore) {
		t.Errorf("the first division: %v, want %v", err, plan.ErrNothingBefore)
	}
}

func TestTheChecklistSaysWhatStopsAPlanAndWhatItMoves(t *testing.T) {
	db := town(t)
	today := grid.Today().String()
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", strip(1, 0, 10000)), "2026-01-01")
	states := func(p plan.Plan) string {
		t.Helper()
		list, err := plan.Checklist(t.Context(), db, staff.Local, p.ID, grid.Today())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range list {
			if c.State != plan.OK {
				out = append(out, fmt.Sprintf("%s %s %d", c.Code, c.State, c.Count))
			}
		}
		return strings.Join(out, ", ")
	}
	good := draftOf(t, db, "grid", today, strip(2, 0, 4321), strip(3, 4321, 10000))
	if got, want := states(good), "units_end warn 1, units_new warn 2, units_outside warn 2, posts_vacant warn 2, rules_soft warn 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	torn := draftOf(t, db, "grid", today, strip(2, 0, 6000), strip(2, 5000, 10000))
	if got, want := states(torn), "faults stop 1, codes stop 1, imperfect warn 1, rules_soft warn 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := db.Exec(t.Context(), `UPDATE setting SET value = '"two-person"' WHERE key = 'plan_procedure'`); err != nil {
		t.Fatal(err)
	}
	if got := states(good); !strings.HasPrefix(got, "stages stop 1, ") {
		t.Errorf("got %s, want a stage that is missing", got)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, good.ID, good.Revision, grid.Today(), quiet); err == nil {
		t.Error("an undecided plan is published")
	}
	if _, err := db.Exec(t.Context(), `UPDATE setting SET value = '"direct"' WHERE key = 'plan_procedure'`); err != nil {
		t.Fatal(err)
	}
	publish(t, db, draftOf(t, db, "grid", today, strip(4, 0, 10000)), today)
	if got := states(good); !strings.Contains(got, "overtaken stop 1") {
		t.Errorf("got %s, want that it was overtaken", got)
	}
}

func TestHardRulesStopABranchUntilTheyAreWaived(t *testing.T) {
	db := town(t)
	today := grid.Today()
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", strip(1, 0, 10000)), "2026-01-01")
	p, err := plan.NewBranch(t.Context(), db, staff.Local, plan.Branch{Name: "b", Base: west, Day: today})
	if err != nil {
		t.Fatal(err)
	}
	var set int64
	err = db.QueryRow(t.Context(), `
		WITH s AS (INSERT INTO rule_set (title_zh, title_en, created_by) VALUES ('t', 't', 't') RETURNING id),
		r AS (INSERT INTO rule (set_id, ordinal, kind, hard, waivable, max_bound) SELECT id, 1, 'area', true, true, 0.0001 FROM s)
		SELECT id FROM s`).Scan(&set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ruleset.Use(t.Context(), db, staff.Local, p.ID, set); err != nil {
		t.Fatal(err)
	}
	hard := func() plan.Check {
		t.Helper()
		list, err := plan.Checklist(t.Context(), db, staff.Local, p.ID, today)
		if err != nil {
			t.Fatal(err)
		}
		return list[slices.IndexFunc(list, func(c plan.Check) bool { return c.Code == "rules_hard" })]
	}
	if got := hard(); got.State != plan.Stop || got.Count == 0 || got.Places[0].At == nil {
		t.Fatalf("the checklist says %+v", got)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, today, quiet); !errors.Is(err, plan.ErrRules) {
		t.Errorf("publish: %v, want %v", err, plan.ErrRules)
	}
	if _, err := plan.Adopt(t.Context(), db, newQueue(t, db), staff.Local, p.ID, p.Revision, tomorrow()); !errors.Is(err, plan.ErrRules) {
		t.Errorf("adopt: %v, want %v", err, plan.ErrRules)
	}
	_, found, err := ruleset.Judge(t.Context(), db, staff.Local, today, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if err := ruleset.Waive(t.Context(), db, staff.Local, p.ID, f.Rule, f.Ordinal, "a mountain"); err != nil {
			t.Fatal(err)
		}
	}
	if got := hard(); got.State != plan.OK {
		t.Errorf("waived: %+v", got)
	}
	publish(t, db, p, today.String())
}
