package deliberation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	twoPersons = deliberation.Procedure{Code: "two-person", Stages: []deliberation.Stage{
		{Code: "proposal", May: staff.Plan, Binding: true}, {Code: "decision", May: staff.Plan, Binding: true, OtherThan: []string{"proposal"}}}}
	fourSteps = deliberation.Procedure{Code: "four-steps", Stages: []deliberation.Stage{
		{Code: "proposal"}, {Code: "deliberation"}, {Code: "review", Binding: true, OtherThan: []string{"proposal"}}, {Code: "decision", Binding: true, OtherThan: []string{"proposal"}}}}
)

// log reads "proposal:1:anna" as: anna passed the proposal at revision 1; with a minus
// before it, returned it.
func log(entries string) (out []deliberation.Entry) {
	for _, text := range strings.Fields(entries) {
		e := deliberation.Entry{Outcome: deliberation.Passed}
		if rest, returned := strings.CutPrefix(text, "-"); returned {
			e.Outcome, text = deliberation.Returned, rest
		}
		parts := strings.Split(text, ":")
		e.Stage, e.By = parts[0], parts[2]
		e.Revision, _ = strconv.Atoi(parts[1])
		out = append(out, e)
	}
	return out
}

func TestStagesArePassedInOrderByDifferentPeopleForThePlanAsItIs(t *testing.T) {
	for _, tt := range []struct {
		name      string
		procedure deliberation.Procedure
		log       string
		revision  int
		next      string
	}{
		{"without stages", deliberation.Procedure{}, "", 1, ""},
		{"nothing was done", twoPersons, "", 1, "proposal"},
		{"proposed", twoPersons, "proposal:1:anna", 1, "decision"},
		{"proposed and decided", twoPersons, "proposal:1:anna decision:1:bo", 1, ""},
		{"decided by who proposed", twoPersons, "proposal:1:anna decision:1:anna", 1, "decision"},
		{"edited after the decision", twoPersons, "proposal:1:anna decision:1:bo", 2, "proposal"},
		{"proposed anew after the decision", twoPersons, "proposal:1:anna decision:1:bo proposal:1:anna", 1, "decision"},
		{"decided before it was proposed", twoPersons, "decision:1:bo proposal:1:anna", 1, "decision"},
		{"edited while it is talked about", fourSteps, "proposal:1:anna deliberation:2:anna review:5:bo", 5, "decision"},
		{"edited after the review", fourSteps, "proposal:1:anna deliberation:2:anna review:5:bo", 6, "review"},
		{"returned by the review", fourSteps, "proposal:1:anna deliberation:2:anna -review:5:bo", 5, "proposal"},
		{"once more after it was returned", fourSteps, "proposal:1:anna -deliberation:1:bo proposal:2:anna deliberation:2:cy review:2:bo decision:2:cy", 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries := log(tt.log)
			got := deliberation.Stand(tt.procedure, entries, tt.revision)
			if got.Next != tt.next || got.Decided() != (tt.next == "") || len(got.Log) != len(entries) {
				t.Errorf("next is %q with %d of %d in the log, want %q", got.Next, len(got.Log), len(entries), tt.next)
			}
		})
	}
}

// hall is two villages with a draft each, and planners of the western one.
type hall struct {
	owner, app, reader *pgxpool.Pool
	db                 pg.DB
	plan, foreign      int64
}

func newHall(t *testing.T, procedure string) *hall {
	t.Helper()
	dsn := pgtest.DSN(t)
	h := &hall{owner: pgtest.As(t, dsn, ""), app: pgtest.As(t, dsn, pg.RoleApp), reader: pgtest.As(t, dsn, pg.RoleReader)}
	h.db = pg.NewActing(h.app)
	err := h.owner.QueryRow(t.Context(), `
		WITH u AS (INSERT INTO unit (code, preset, level) VALUES ('w', 'urban', 'village'), ('e', 'urban', 'village') RETURNING id, code),
		a AS (INSERT INTO unit_ancestor SELECT id, id FROM u),
		c AS (INSERT INTO account (login) VALUES ('anna'), ('bo'), ('far') RETURNING id, login),
		p AS (INSERT INTO post (kind, unit_id, ordinal) SELECT 'planner', u.id, n FROM u, generate_series(1, 2) n RETURNING id, unit_id, ordinal)
		SELECT 1`).Scan(new(int))
	if err != nil {
		t.Fatal(err)
	}
	h.exec(t, `INSERT INTO holder (post_id, rank, account_id)
		SELECT p.id, 'A', c.id FROM account c JOIN (VALUES ('anna', 'w', 1), ('bo', 'w', 2), ('far', 'e', 1)) v (login, code, n) USING (login)
		JOIN unit u ON u.code = v.code JOIN post p ON p.unit_id = u.id AND p.ordinal = v.n`)
	for code, id := range map[string]*int64{"w": &h.plan, "e": &h.foreign} {
		if err := h.owner.QueryRow(t.Context(), `INSERT INTO plan (name, preset, level, created_by, area_id) SELECT code, 'urban', 'grid', 't', id FROM unit WHERE code = $1 RETURNING id`, code).Scan(id); err != nil {
			t.Fatal(err)
		}
		h.exec(t, `INSERT INTO plan_unit (plan_id, ordinal, code, name, parent, geom) VALUES ($1, 1, $2 || '1', '一', $2, ST_Multi(ST_MakeEnvelope(115, 30, 115.01, 30.01, 4326)))`, *id, code)
	}
	h.exec(t, `UPDATE setting SET value = to_jsonb($1::text) WHERE key = 'plan_procedure'`, procedure)
	return h
}

func (h *hall) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := h.owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// as is somebody behind both walls.
func (h *hall) as(t *testing.T, login string) (context.Context, staff.Actor) {
	t.Helper()
	var id int64
	if err := h.owner.QueryRow(t.Context(), `SELECT id FROM account WHERE login = $1`, login).Scan(&id); err != nil {
		t.Fatal(err)
	}
	actor, err := staff.Load(t.Context(), h.owner, id)
	if err != nil {
		t.Fatal(err)
	}
	return pg.WithAccount(t.Context(), fmt.Sprint(id)), actor
}

func TestWhoProposedDoesNotDecide(t *testing.T) {
	h := newHall(t, "two-person")
	take := func(who, stage string, outcome deliberation.Outcome, revision int, note string) (string, error) {
		t.Helper()
		ctx, actor := h.as(t, who)
		s, err := deliberation.Take(ctx, h.db, actor, h.plan, deliberation.Step{Stage: stage, Outcome: outcome, Revision: revision, Note: note})
		return s.Next, err
	}
	refused := func(want error, who, stage string, outcome deliberation.Outcome, revision int, note string) {
		t.Helper()
		if _, err := take(who, stage, outcome, revision, note); !errors.Is(err, want) {
			t.Errorf("%s %s %s: %v, want %v", who, outcome, stage, err, want)
		}
	}
	refused(deliberation.ErrStage, "anna", "decision", deliberation.Passed, 1, "")
	refused(deliberation.ErrStage, "anna", "proposal", deliberation.Returned, 1, "why")
	refused(deliberation.ErrStage, "anna", "nothing", deliberation.Passed, 1, "")
	refused(deliberation.ErrMoved, "anna", "proposal", deliberation.Passed, 2, "")
	refused(deliberation.ErrPlan, "far", "proposal", deliberation.Passed, 1, "")
	if next, err := take("anna", "proposal", deliberation.Passed, 1, ""); err != nil || next != "decision" {
		t.Fatalf("next %q, %v", next, err)
	}
	refused(deliberation.ErrSamePerson, "anna", "decision", deliberation.Passed, 1, "")
	refused(deliberation.ErrReturn, "bo", "decision", deliberation.Returned, 1, " ")
	if err := deliberation.Undecided(t.Context(), h.owner, h.plan, 1); !errors.Is(err, deliberation.ErrUndecided) {
		t.Errorf("undecided: %v", err)
	}
	if next, err := take("bo", "decision", deliberation.Returned, 1, "too few households"); err != nil || next != "proposal" {
		t.Fatalf("returned: next %q, %v", next, err)
	}
	for who, stage := range map[string]string{"bo": "proposal"} {
		if _, err := take(who, stage, deliberation.Passed, 1, ""); err != nil {
			t.Fatal(err)
		}
	}
	if next, err := take("anna", "decision", deliberation.Passed, 1, ""); err != nil || next != "" {
		t.Fatalf("decided: next %q, %v", next, err)
	}
	if err := deliberation.Undecided(t.Context(), h.owner, h.plan, 1); err != nil {
		t.Errorf("decided: %v", err)
	}
	h.exec(t, `UPDATE plan SET state = 'adopted', effective_on = '2030-01-01', adopted_at = now(), adopted_by = 't' WHERE id = $1`, h.plan)
	refused(deliberation.ErrMoved, "bo", "proposal", deliberation.Passed, 1, "")
	var n int
	if err := h.owner.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE subject = 'plan' AND action IN ('pass', 'return')`).Scan(&n); err != nil || n != 4 {
		t.Errorf("%d steps in the log, %v; want 4", n, err)
	}
}

func TestWhichProcedureIsFollowedIsForTheInstallation(t *testing.T) {
	h := newHall(t, "direct")
	ctx, anna := h.as(t, "anna")
	list, err := deliberation.Procedures(ctx, h.db, anna)
	if err != nil || len(list) != 3 || !list[0].InUse || list[0].Code != "direct" || len(list[1].Stages) != 4 || !slices.Equal(list[2].Stages[1].OtherThan, []string{"proposal"}) {
		t.Errorf("%+v, %v", list, err)
	}
	if err := deliberation.Follow(ctx, h.db, anna, "four-steps"); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("a planner: %v, want %v", err, staff.ErrForbidden)
	}
	if err := deliberation.Follow(t.Context(), h.owner, staff.Local, "none"); !errors.Is(err, deliberation.ErrProcedure) {
		t.Errorf("an unknown one: %v", err)
	}
	if err := deliberation.Follow(t.Context(), h.owner, staff.Local, "four-steps"); err != nil {
		t.Fatal(err)
	}
	if s, err := deliberation.Of(ctx, h.db, anna, h.plan); err != nil || s.Procedure.Code != "four-steps" || s.Next != "proposal" {
		t.Errorf("%+v, %v", s, err)
	}
}

var place = geo.Point{X: 1_150_050_000, Y: 300_050_000}

func TestCommentsArePinnedByWhoPlansThere(t *testing.T) {
	h := newHall(t, "direct")
	ctx, anna := h.as(t, "anna")
	c, err := deliberation.Say(ctx, h.db, anna, h.plan, place, " 此处应沿河 ")
	if err != nil || c.Body != "此处应沿河" || c.Point != place || c.State != deliberation.Shown || c.By != anna.Name {
		t.Fatalf("%+v, %v", c, err)
	}
	for body, want := range map[string]error{"  ": deliberation.ErrBody, strings.Repeat("字", 1001): deliberation.ErrBody, "请打13912345678": deliberation.ErrPersonal} {
		if _, err := deliberation.Say(ctx, h.db, anna, h.plan, place, body); !errors.Is(err, want) {
			t.Errorf("%.20s: %v, want %v", body, err, want)
		}
	}
	if _, err := deliberation.Say(ctx, h.db, anna, h.foreign, place, "x"); !errors.Is(err, deliberation.ErrPlan) {
		t.Errorf("on another village's plan: %v, want %v", err, deliberation.ErrPlan)
	}
	if s, err := deliberation.Of(ctx, h.db, anna, h.plan); err != nil || s.People[anna.Name] != "anna" {
		t.Errorf("who had to do with it: %v, %v", s.People, err)
	}
	yes, hide := true, deliberation.Hidden
	if c, err = deliberation.Judge(ctx, h.db, anna, h.plan, c.ID, deliberation.Verdict{Resolved: &yes, State: &hide}); err != nil || c.ResolvedBy == nil || c.State != deliberation.Shown {
		t.Errorf("resolved: %+v, %v; staff's own is not hidden", c, err)
	}
	if _, err := deliberation.Judge(ctx, h.db, anna, h.plan, 999, deliberation.Verdict{}); !errors.Is(err, deliberation.ErrComment) {
		t.Errorf("an unknown comment: %v", err)
	}
	farCtx, far := h.as(t, "far")
	if _, err := deliberation.Comments(farCtx, h.db, far, h.plan, "", 0, 10); !errors.Is(err, deliberation.ErrPlan) {
		t.Errorf("read from another village: %v", err)
	}
	// The second wall alone: the first is told that everything is allowed.
	if list, err := deliberation.Comments(farCtx, h.db, staff.Local, h.plan, "", 0, 10); !errors.Is(err, deliberation.ErrPlan) {
		t.Errorf("behind the wall of the database: %+v, %v", list, err)
	}
	var n int
	if err := h.db.QueryRow(farCtx, `SELECT count(*) FROM plan_comment`).Scan(&n); err != nil || n != 0 {
		t.Errorf("another village's planner selects %d comments, %v", n, err)
	}
}

func TestResidentsSeeBordersAndTheirCommentsWaitToBeRead(t *testing.T) {
	h := newHall(t, "direct")
	ctx, anna := h.as(t, "anna")
	today := geo.DayOf(time.Now())
	after := func(days int) geo.Day { return geo.DayOf(today.Start().AddDate(0, 0, days)) }
	for name, c := range map[string]deliberation.Consultation{
		"yesterday":           {Title: "x", OpensOn: after(-1), ClosesOn: after(3)},
		"for no day":          {Title: "x", OpensOn: today, ClosesOn: today},
		"for years":           {Title: "x", OpensOn: today, ClosesOn: after(400)},
		"without a title":     {OpensOn: today, ClosesOn: after(3)},
		"with a phone number": {Title: "x", Note: "13912345678", OpensOn: today, ClosesOn: after(3)},
	} {
		c.PlanID = h.plan
		if _, err := deliberation.Open(ctx, h.db, anna, c); !errors.Is(err, deliberation.ErrDates) && !errors.Is(err, deliberation.ErrTitle) {
			t.Errorf("a consultation %s: %v", name, err)
		}
	}
	if _, err := deliberation.Open(ctx, h.db, anna, deliberation.Consultation{PlanID: h.foreign, Title: "x", OpensOn: today, ClosesOn: after(3)}); !errors.Is(err, deliberation.ErrPlan) {
		t.Errorf("on another village's plan: %v", err)
	}
	if err := deliberation.SayAsResident(t.Context(), h.owner, h.plan, place, "x"); !errors.Is(err, deliberation.ErrConsultation) {
		t.Errorf("before it opens: %v", err)
	}
	if _, err := deliberation.Open(ctx, h.db, anna, deliberation.Consultation{PlanID: h.plan, Title: "征求意见", OpensOn: today, ClosesOn: after(3)}); err != nil {
		t.Fatal(err)
	}
	// What is drawn after that is not shown.
	h.exec(t, `UPDATE plan_unit SET name = '二' WHERE plan_id = $1`, h.plan)
	c, units, remarks, err := deliberation.Look(t.Context(), h.reader, h.plan)
	if err != nil || c.Title != "征求意见" || len(units) != 1 || units[0].Name != "一" || units[0].Side != deliberation.After || len(units[0].Area) != 1 || len(remarks) != 0 {
		t.Errorf("%+v %+v %+v, %v", c, units, remarks, err)
	}
	for body, want := range map[string]error{"": deliberation.ErrBody, "身份证110101199003074530": deliberation.ErrPersonal} {
		if err := deliberation.SayAsResident(t.Context(), h.owner, h.plan, place, body); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
	}
	if err := deliberation.SayAsResident(t.Context(), h.owner, h.plan, geo.Point{X: 1, Y: 1}, "x"); !errors.Is(err, deliberation.ErrElsewhere) {
		t.Errorf("elsewhere: %v", err)
	}
	if now, then, err := deliberation.At(t.Context(), h.reader, h.plan, place); err != nil || now != nil || then == nil || then.Name != "一" {
		t.Errorf("a place in the plan is in %+v now and in %+v then, %v", now, then, err)
	}
	if _, _, err := deliberation.At(t.Context(), h.reader, h.plan, geo.Point{X: 1, Y: 1}); !errors.Is(err, deliberation.ErrElsewhere) {
		t.Errorf("a place elsewhere: %v", err)
	}
	if err := deliberation.SayAsResident(t.Context(), h.owner, h.plan, place, "路太远"); err != nil {
		t.Fatal(err)
	}
	seen := func() int {
		t.Helper()
		_, _, remarks, err := deliberation.Look(t.Context(), h.reader, h.plan)
		if err != nil {
			t.Fatal(err)
		}
		return len(remarks)
	}
	if seen() != 0 {
		t.Error("it is shown before anybody has read it")
	}
	waiting, err := deliberation.Comments(ctx, h.db, anna, h.plan, deliberation.Waiting, 0, 10)
	if err != nil || len(waiting) != 1 || waiting[0].By != "public" {
		t.Fatalf("%+v, %v", waiting, err)
	}
	show, hide := deliberation.Shown, deliberation.Hidden
	if _, err := deliberation.Judge(ctx, h.db, anna, h.plan, waiting[0].ID, deliberation.Verdict{State: &show}); err != nil || seen() != 1 {
		t.Errorf("let through, %d are shown, %v", seen(), err)
	}
	if _, err := deliberation.Judge(ctx, h.db, anna, h.plan, waiting[0].ID, deliberation.Verdict{State: &hide}); err != nil || seen() != 0 {
		t.Errorf("hidden, %d are shown, %v", seen(), err)
	}
	// The reader's role reads nothing else of plans: no author, no draft, no closed one.
	for _, sql := range []string{`SELECT made_by FROM plan_comment`, `SELECT opened_by FROM consultation`, `SELECT name FROM plan`} {
		if _, err := h.reader.Exec(t.Context(), sql); !pg.ErrCode(err, "42501") {
			t.Errorf("the map's reader: %s: %v", sql, err)
		}
	}
	if err := deliberation.Close(ctx, h.db, anna, h.plan); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := deliberation.Look(t.Context(), h.reader, h.plan); !errors.Is(err, deliberation.ErrConsultation) {
		t.Errorf("after it closed: %v", err)
	}
	if _, _, err := deliberation.At(t.Context(), h.reader, h.plan, place); !errors.Is(err, deliberation.ErrConsultation) {
		t.Errorf("a place after it closed: %v", err)
	}
	var left int
	if err := h.reader.QueryRow(t.Context(), `SELECT count(*) FROM consultation_unit`).Scan(&left); err != nil || left != 0 {
		t.Errorf("the reader finds %d units of a closed consultation, %v", left, err)
	}
	if err := deliberation.Close(ctx, h.db, anna, h.plan); !errors.Is(err, deliberation.ErrConsultation) {
		t.Errorf("closed twice: %v", err)
	}
	if list, err := deliberation.Consultations(t.Context(), h.reader); err != nil || len(list) != 0 {
		t.Errorf("open: %+v, %v", list, err)
	}
}
