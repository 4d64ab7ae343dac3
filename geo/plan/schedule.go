package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrFuture means that a plan cannot take effect before its day has come.
var ErrFuture = fault.New(fault.Invalid, "effective_in_future", "The day has not come yet: the plan has to be scheduled.")

// PublishJob is the kind of the jobs that Schedule enqueues.
const PublishJob = "publish"

// publishArgs are what a scheduled publishing needs.
type publishArgs struct {
	PlanID   int64   `json:"plan_id"`
	Revision int     `json:"revision"`
	Day      geo.Day `json:"day"`
	Actor    string  `json:"actor"`
	Account  int64   `json:"account"`
}

// Schedule has a draft published at the beginning of a later day, China time, by
// a durable job. It checks the draft now, so that a person hears of faults, and
// the job checks it again then: it carries what exists that day, or fails
// visibly when the draft was changed meanwhile.
func Schedule(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, id int64, revision int, day geo.Day) (Plan, error) {
	d, err := open(ctx, db, actor, id, revision, geo.DayOf(time.Now()))
	if err != nil {
		return Plan{}, fmt.Errorf("schedule plan %d: %w", id, err)
	}
	if _, err := d.examine(ctx); err != nil {
		return Plan{}, err
	}
	if d.hard() > 0 {
		return Plan{}, fmt.Errorf("schedule plan %d: %w", id, ErrFaulty.With(d.places()...))
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, revision); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE plan SET effective_on = $2 WHERE id = $1`, id, day); err != nil {
			return err
		}
		_, err := queue.Enqueue(ctx, tx, actor, job.New{
			Kind: PublishJob, May: staff.Plan, Title: fmt.Sprintf("publish plan %d on %s", id, day), At: day.Start(),
			Args: publishArgs{PlanID: id, Revision: revision, Day: day, Actor: actor.Name, Account: actor.Account},
		})
		if err != nil {
			return err
		}
		return record(ctx, tx, actor, "schedule", id, map[string]any{"effective_on": day.String()})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("schedule plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// PublishHandler does scheduled publishings.
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
		p, err := Publish(ctx, db, actor, args.PlanID, args.Revision, args.Day, Step(step))
		if err != nil {
			return nil, err
		}
		return map[string]any{"plan_id": p.ID}, nil
	}
}
