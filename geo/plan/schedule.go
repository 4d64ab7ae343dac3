package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrFuture means that a plan cannot take effect before its day has come.
var ErrFuture = fault.New(fault.Invalid, "effective_in_future", "The day has not come yet: the plan has to be scheduled.")

// PublishJob is the kind of the jobs that Adopt enqueues.
const PublishJob = "publish"

// publishArgs are what a scheduled publishing needs.
type publishArgs struct {
	PlanID   int64   `json:"plan_id"`
	Revision int     `json:"revision"`
	Day      geo.Day `json:"day"`
	Actor    string  `json:"actor"`
	Account  int64   `json:"account"`
}

// Adopt seals a draft and has it take effect at the beginning of a later day, China
// time, by a durable job. It checks the draft now, so that a person hears of faults,
// and the job checks it again then, against what is in force that day: it carries
// what exists that day, or stops, and Stopped tells planners and administrators.
func Adopt(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, id int64, revision int, day geo.Day) (Plan, error) {
	d, n, err := prepare(ctx, db, actor, Draft, id, revision, geo.DayOf(time.Now()), func(string, int64, int64) {})
	if err != nil {
		return Plan{}, fmt.Errorf("adopt plan %d: %w", id, err)
	}
	d.day = day
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, revision); err != nil {
			return err
		}
		if err := deliberation.Undecided(ctx, tx, id, revision); err != nil {
			return err
		}
		if err := d.mayTakeEffect(ctx, tx, actor, n); err != nil {
			return err
		}
		if err := d.notReserved(ctx, tx); err != nil {
			return err
		}
		if err := d.refuseLaterVersions(ctx, tx, n); err != nil {
			return err
		}
		j, err := queue.Enqueue(ctx, tx, actor, job.New{
			Kind: PublishJob, May: staff.Plan, Title: fmt.Sprintf("publish plan %d on %s", id, day), At: day.Start(),
			Args: publishArgs{PlanID: id, Revision: revision, Day: day, Actor: actor.Name, Account: actor.Account},
		})
		if err != nil {
			return err
		}
		if _, err := Seal(ctx, tx, id); err != nil {
			return err
		}
		decided, parents := d.scopeCodes()
		_, err = tx.Exec(ctx, `
			UPDATE plan SET state = 'adopted', effective_on = $2, adopted_by = $3, adopted_at = now(), job_id = $4,
				scope = (SELECT coalesce(array_agg(u.id ORDER BY u.id), '{}') FROM unit u WHERE u.code = ANY ($5) OR u.id = plan.base_id)
			WHERE id = $1`, id, day, actor.Name, j.ID, append(decided, parents...))
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, "adopt", id, map[string]any{"effective_on": day.String()})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("adopt plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// Withdraw takes the adoption back before the plan took effect: it is a draft again.
func Withdraw(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, id int64) (Plan, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Plan{}, err
	}
	var running *int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockIn(ctx, tx, Adopted, id, 0); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT job_id FROM plan WHERE id = $1`, id).Scan(&running)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE plan SET state = 'draft', effective_on = NULL, adopted_by = NULL, adopted_at = NULL, job_id = NULL, scope = NULL, digest = NULL
			WHERE id = $1`, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, "withdraw-adoption", id, nil)
	})
	if err != nil {
		return Plan{}, fmt.Errorf("withdraw plan %d: %w", id, err)
	}
	if running != nil { // one that begins before it is cancelled finds a draft, and ends
		_, err := queue.Cancel(ctx, db, actor, *running)
		if err != nil && !errors.Is(err, job.ErrFinished) && !errors.Is(err, job.ErrUnknown) {
			return Plan{}, fmt.Errorf("withdraw plan %d: %w", id, err)
		}
	}
	return Get(ctx, db, actor, id)
}

// PublishHandler puts adopted plans in force.
func PublishHandler(db pg.DB) job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args publishArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		p, err := takeEffect(ctx, db, actor, Adopted, args.PlanID, args.Revision, args.Day, Step(step))
		if err != nil {
			return nil, err
		}
		return map[string]any{"plan_id": p.ID}, nil
	}
}

// Stopped is an adopted plan that did not take effect and will not by itself.
type Stopped struct {
	PlanID      int64           `json:"plan_id"`
	Name        string          `json:"name"`
	Level       string          `json:"level"`
	EffectiveOn geo.Day         `json:"effective_on"`
	JobID       *int64          `json:"job_id" doc:"run it again when the reason is gone, or withdraw the adoption"`
	JobState    string          `json:"job_state" doc:"failed, cancelled, or empty when there is none"`
	Problem     json.RawMessage `json:"problem" doc:"RFC 9457, with places"`
	At          time.Time       `json:"stopped_at"`
}

// AllStopped returns the adopted plans that stopped, of the actor's area for plans and
// for posts: both planners and administrators have to hear of it. The oldest first.
func AllStopped(ctx context.Context, db pg.DB, actor staff.Actor) ([]Stopped, error) {
	plans, posts := actor.Area(staff.Plan), actor.Area(staff.Post)
	rows, _ := db.Query(ctx, `
		SELECT s.plan_id, s.name, s.level, s.effective_on, s.job_id, s.job_state, s.problem, s.stopped_at
		FROM stopped_plans() s
		WHERE in_area(s.area_id, $1, $2) OR in_area(s.area_id, $3, $4)
		ORDER BY s.stopped_at, s.plan_id
		LIMIT 100`, plans.All, plans.Roots, posts.All, posts.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Stopped])
	if err != nil {
		return nil, fmt.Errorf("plans that stopped: %w", err)
	}
	return list, nil
}
