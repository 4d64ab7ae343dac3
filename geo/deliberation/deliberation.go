// Package deliberation is what people say about a plan before it takes effect: the
// stages it goes through (提议, 商议, 审议, 决议), comments pinned on the map, and the
// consultation in which residents see it.
//
// Which stages there are, and who passes them, is a procedure: rows of the tables
// procedure and stage. The installation follows one of them. A plan may be adopted
// once every stage of it is passed: in order, by different people where the procedure
// says so, and, of a binding stage, for the plan exactly as it is. An edit after a
// binding stage undoes it; a stage that is returned undoes all before it.
package deliberation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of the stages.
var (
	ErrPlan       = fault.New(fault.NotFound, "plan_unknown", "There is no such plan.")
	ErrProcedure  = fault.New(fault.NotFound, "procedure_unknown", "There is no such procedure.")
	ErrUndecided  = fault.New(fault.Conflict, "plan_undecided", "The plan has not passed all stages of the procedure.")
	ErrStage      = fault.New(fault.Conflict, "stage_not_next", "This stage is not the next one. Load the plan again.")
	ErrSamePerson = fault.New(fault.Forbidden, "stage_same_person", "Somebody else has to pass this stage: you have passed one before it.")
	ErrMoved      = fault.New(fault.Conflict, "stage_plan_changed", "The plan changed since you opened it, or is no draft any more. Load it again.")
	ErrReturn     = fault.New(fault.Invalid, "stage_return_reason", "Say why the plan is returned.")
)

// Procedure is a series of stages.
type Procedure struct {
	Code    string  `json:"code"`
	TitleZH string  `json:"title_zh"`
	TitleEN string  `json:"title_en"`
	InUse   bool    `json:"in_use" doc:"the installation follows it"`
	Stages  []Stage `json:"stages"`
}

// Stage is a step that somebody passes.
type Stage struct {
	Code      string           `json:"code"`
	TitleZH   string           `json:"title_zh"`
	TitleEN   string           `json:"title_en"`
	May       staff.Permission `json:"may" doc:"the permission that passes it, in the area of the plan"`
	Binding   bool             `json:"binding" doc:"about the plan exactly as it is: an edit undoes it"`
	OtherThan []string         `json:"other_than" doc:"stages that somebody else must have passed"`
}

// Outcome is how a stage ended.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "passed"
	Returned Outcome = "returned" // back to the first stage
)

// Entry is one thing that somebody did.
type Entry struct {
	Stage    string    `json:"stage"`
	Outcome  Outcome   `json:"outcome" enum:"passed,returned"`
	Revision int       `json:"revision" doc:"of the plan"`
	Note     string    `json:"note"`
	By       string    `json:"done_by" doc:"as in the audit: account:12"`
	At       time.Time `json:"done_at"`
}

// Standing is where a plan stands in its procedure.
type Standing struct {
	Procedure Procedure `json:"procedure"`
	Passed    []Entry   `json:"passed" doc:"the stages that count, in order"`
	Next      string    `json:"next" doc:"the stage to be passed next; empty when all are"`
	Log       []Entry   `json:"log" doc:"all that was done, oldest first"`
	// Revision is the plan's, to be sent back with the next step.
	Revision int `json:"revision"`
	// People are the sign-in names of those who made, passed and commented on the plan.
	People map[string]string `json:"people" doc:"sign-in names by account:12; without those who are gone"`
}

// Decided reports whether every stage is passed.
func (s Standing) Decided() bool { return s.Next == "" }

// Stand works out where a plan at a revision stands from what was done.
func Stand(p Procedure, log []Entry, revision int) Standing {
	s := Standing{Procedure: p, Passed: []Entry{}, Log: log, Revision: revision}
	for i, e := range log {
		if e.Outcome == Returned {
			log = log[i+1:]
			return Stand(p, log, revision).with(s.Log)
		}
	}
	from := 0 // a stage counts when it was passed after the one before it
	for _, stage := range p.Stages {
		at := -1
		for i := from; i < len(log); i++ {
			if log[i].Stage == stage.Code && (!stage.Binding || log[i].Revision == revision) {
				at = i
			}
		}
		if at < 0 || slices.ContainsFunc(s.Passed, func(e Entry) bool { return slices.Contains(stage.OtherThan, e.Stage) && e.By == log[at].By }) {
			s.Next = stage.Code
			return s
		}
		s.Passed, from = append(s.Passed, log[at]), at+1
	}
	return s
}

func (s Standing) with(log []Entry) Standing {
	s.Log = log
	return s
}

// Procedures returns all there are, by code.
func Procedures(ctx context.Context, db pg.DB, _ staff.Actor) ([]Procedure, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.code, p.title_zh, p.title_en, p.code = coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'plan_procedure'), 'direct')
		FROM procedure p ORDER BY p.code`)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Procedure, err error) {
		err = row.Scan(&p.Code, &p.TitleZH, &p.TitleEN, &p.InUse)
		p.Stages = []Stage{}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("procedures: %w", err)
	}
	rows, _ = db.Query(ctx, `SELECT procedure, code, title_zh, title_en, may, binding, other_than FROM stage ORDER BY procedure, ordinal`)
	var of string
	var s Stage
	_, err = pgx.ForEachRow(rows, []any{&of, &s.Code, &s.TitleZH, &s.TitleEN, &s.May, &s.Binding, &s.OtherThan}, func() error {
		if i := slices.IndexFunc(list, func(p Procedure) bool { return p.Code == of }); i >= 0 {
			list[i].Stages = append(list[i].Stages, s)
		}
		s.OtherThan = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	return list, nil
}

// Follow has the installation follow a procedure. Plans in deliberation stand in it
// from now on: a stage of the same name counts.
func Follow(ctx context.Context, db pg.DB, actor staff.Actor, code string) error {
	if !actor.Area(staff.Setting).All {
		return staff.ErrForbidden
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var known bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM procedure WHERE code = $1)`, code).Scan(&known); err != nil {
			return err
		}
		if !known {
			return ErrProcedure
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO setting (key, value) VALUES ('plan_procedure', to_jsonb($1::text))
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, code)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "follow", "procedure", code, nil)
	})
	if err != nil {
		return fmt.Errorf("follow procedure %s: %w", code, err)
	}
	return nil
}

// Of returns where a plan stands.
func Of(ctx context.Context, db pg.DB, actor staff.Actor, plan int64) (Standing, error) {
	area := actor.Area(staff.Plan)
	var revision int
	err := db.QueryRow(ctx, `SELECT revision FROM plan WHERE id = $1 AND in_area(area_id, $2, $3)`, plan, area.All, area.Roots).Scan(&revision)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrPlan
	}
	if err != nil {
		return Standing{}, fmt.Errorf("stages of plan %d: %w", plan, err)
	}
	s, err := standing(ctx, db, plan, revision)
	if err == nil {
		s.People, err = people(ctx, db, plan)
	}
	return s, err
}

// people are the sign-in names of those who had to do with a plan.
func people(ctx context.Context, db pg.DB, plan int64) (map[string]string, error) {
	rows, _ := db.Query(ctx, `
		SELECT w.who, a.login FROM account a JOIN (
			SELECT unnest(ARRAY[created_by, adopted_by, published_by]) AS who FROM plan WHERE id = $1
			UNION SELECT done_by FROM plan_stage WHERE plan_id = $1
			UNION SELECT unnest(ARRAY[made_by, resolved_by]) FROM plan_comment WHERE plan_id = $1) w ON w.who = 'account:' || a.id`, plan)
	names := map[string]string{}
	var who, login string
	_, err := pgx.ForEachRow(rows, []any{&who, &login}, func() error { names[who] = login; return nil })
	if err != nil {
		return nil, fmt.Errorf("people of plan %d: %w", plan, err)
	}
	return names, nil
}

func standing(ctx context.Context, db pg.DB, plan int64, revision int) (Standing, error) {
	list, err := Procedures(ctx, db, staff.System)
	if err != nil {
		return Standing{}, err
	}
	i := slices.IndexFunc(list, func(p Procedure) bool { return p.InUse })
	if i < 0 {
		return Standing{}, ErrProcedure
	}
	rows, _ := db.Query(ctx, `SELECT stage, outcome, revision, note, done_by, done_at FROM plan_stage WHERE plan_id = $1 ORDER BY id`, plan)
	log, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return Standing{}, fmt.Errorf("stages of plan %d: %w", plan, err)
	}
	return Stand(list[i], log, revision), nil
}

// Undecided returns ErrUndecided, with the stage that is next, unless a plan at a
// revision has passed all of them. Who adopts a plan asks in its transaction.
func Undecided(ctx context.Context, db pg.DB, plan int64, revision int) error {
	s, err := standing(ctx, db, plan, revision)
	if err != nil || s.Decided() {
		return err
	}
	return ErrUndecided.With(fault.Place{Pointer: "stage " + s.Next, Code: "stage_missing", Detail: "the next stage is " + s.Next})
}

// Step is what somebody does about the next stage.
type Step struct {
	Stage    string  `json:"stage" maxLength:"40"`
	Outcome  Outcome `json:"outcome" enum:"passed,returned"`
	Revision int     `json:"revision" doc:"the plan's, as you saw it"`
	Note     string  `json:"note,omitempty" maxLength:"1000" doc:"needed to return a plan"`
}

// Take passes the next stage of a draft, or returns the draft to the first one.
func Take(ctx context.Context, db pg.DB, actor staff.Actor, plan int64, step Step) (Standing, error) {
	step.Note = strings.TrimSpace(step.Note)
	if step.Outcome == Returned && step.Note == "" {
		return Standing{}, ErrReturn
	}
	var after Standing
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		before, err := Of(ctx, tx, actor, plan)
		if err != nil {
			return err
		}
		var state string
		var revision int
		if err := tx.QueryRow(ctx, `SELECT state, revision FROM plan WHERE id = $1 FOR UPDATE`, plan).Scan(&state, &revision); err != nil {
			return err
		}
		if state != "draft" || revision != step.Revision {
			return ErrMoved
		}
		if before, err = standing(ctx, tx, plan, revision); err != nil { // under the lock
			return err
		}
		if err := before.admits(ctx, tx, actor, plan, step); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO plan_stage (plan_id, stage, outcome, revision, note, done_by) VALUES ($1, $2, $3, $4, $5, $6)`,
			plan, step.Stage, step.Outcome, revision, step.Note, actor.Name)
		if err != nil {
			return err
		}
		if after, err = Of(ctx, tx, actor, plan); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, map[Outcome]string{Passed: "pass", Returned: "return"}[step.Outcome], "plan", fmt.Sprint(plan),
			map[string]any{"stage": step.Stage, "revision": revision})
	})
	if err != nil {
		return Standing{}, fmt.Errorf("stage %s of plan %d: %w", step.Stage, plan, err)
	}
	return after, nil
}

// admits returns why somebody may not take a step.
func (s Standing) admits(ctx context.Context, db pg.DB, actor staff.Actor, plan int64, step Step) error {
	i := slices.IndexFunc(s.Procedure.Stages, func(stage Stage) bool { return stage.Code == step.Stage })
	if i < 0 || s.Next != step.Stage || step.Outcome == Returned && i == 0 {
		return ErrStage
	}
	stage := s.Procedure.Stages[i]
	if err := actor.Must(stage.May); err != nil {
		return err
	}
	area := actor.Area(stage.May)
	var within bool
	if err := db.QueryRow(ctx, `SELECT in_area(area_id, $2, $3) FROM plan WHERE id = $1`, plan, area.All, area.Roots).Scan(&within); err != nil {
		return err
	}
	if !within {
		return staff.ErrOutside
	}
	if step.Outcome == Passed && slices.ContainsFunc(s.Passed, func(e Entry) bool { return slices.Contains(stage.OtherThan, e.Stage) && e.By == actor.Name }) {
		return ErrSamePerson
	}
	return nil
}
