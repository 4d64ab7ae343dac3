// Package job runs long work in the background: visible progress, cancel, retry,
// and it survives a restart. River keeps the queue in PostgreSQL; the table job
// is what people see of it.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// State is where a job stands.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Job is long work as people see it.
type Job struct {
	ID         int64           `json:"id"`
	Kind       string          `json:"kind"`
	Title      string          `json:"title"`
	State      State           `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Stage      string          `json:"stage" doc:"what it is doing now"`
	Done       int64           `json:"done"`
	Total      int64           `json:"total" doc:"0 when not known"`
	Result     json.RawMessage `json:"result"`
	Problem    json.RawMessage `json:"problem" doc:"RFC 9457, when it failed"`
	CreatedBy  string          `json:"created_by"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  *time.Time      `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
}

// Faults of this package.
var (
	ErrUnknown  = fault.New(fault.NotFound, "job_unknown", "There is no such job.")
	ErrFinished = fault.New(fault.Conflict, "job_finished", "The job has ended already.")
	ErrRunning  = fault.New(fault.Conflict, "job_running", "The job has not ended yet.")
)

const columns = `id, kind, title, state, stage, done, total, result, problem,
	created_by, created_at, started_at, finished_at`

// seen is the first wall: $1 is the name of who asks, $2 and $3 what its grants
// allow and in which unit (0 = everywhere). People see their own jobs, and those of
// an area where they may do what the job does.
const seen = `(created_by = $1 OR EXISTS (
	SELECT FROM unnest($2::text[], $3::bigint[]) g (may, unit_id)
	WHERE g.may = job.may AND in_area(job.area_id, g.unit_id = 0, ARRAY[g.unit_id])))`

func seenArgs(actor staff.Actor) []any {
	may, units := []string{}, []int64{}
	for _, g := range actor.Grants {
		for _, p := range g.May {
			may, units = append(may, string(p)), append(units, g.Unit)
		}
	}
	return []any{actor.Name, may, units}
}

// Get returns one job that actor may see, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Job, error) {
	rows, _ := db.Query(ctx, `SELECT `+columns+` FROM job WHERE `+seen+` AND id = $4`, append(seenArgs(actor), id)...)
	j, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Job])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %d: %w", id, err)
	}
	return j, nil
}

// List returns jobs of one state or of all ("") with an id below before (0 = from
// the newest on), newest first.
func List(ctx context.Context, db pg.DB, actor staff.Actor, state State, before int64, limit int) ([]Job, error) {
	rows, _ := db.Query(ctx, `
		SELECT `+columns+` FROM job
		WHERE `+seen+` AND ($4 = '' OR state = $4) AND ($5 = 0 OR id < $5)
		ORDER BY id DESC
		LIMIT $6`, append(seenArgs(actor), string(state), before, limit)...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Job])
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return list, nil
}

// New is a job to be done.
type New struct {
	Kind, Title string
	May         staff.Permission // whoever has it in the area of the job sees, stops and repeats it
	Args        any              // what the handler reads, as JSON
	At          time.Time        // not before; zero = at once
}

// Enqueue adds a job in the caller's transaction: it runs if that commits.
func (q *Queue) Enqueue(ctx context.Context, tx pgx.Tx, actor staff.Actor, n New) (Job, error) {
	args, err := json.Marshal(n.Args)
	if err != nil {
		return Job{}, fmt.Errorf("enqueue %s: %w", n.Kind, err)
	}
	var id int64
	err = tx.QueryRow(ctx, `
		INSERT INTO job (kind, title, args, created_by, may, area_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		n.Kind, n.Title, args, actor.Name, string(n.May), actor.Area(n.May).Home()).Scan(&id)
	if err != nil {
		return Job{}, fmt.Errorf("enqueue %s: %w", n.Kind, err)
	}
	if err := q.hand(ctx, tx, id, n.At); err != nil {
		return Job{}, err
	}
	return Get(ctx, tx, actor, id)
}

// Cancel stops a job: at once when it waits, at its next step when it runs. What
// it did so far is undone, for a job changes things in one transaction.
func (q *Queue) Cancel(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Job, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Job{}, err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var river int64
		var state State
		err := tx.QueryRow(ctx, `SELECT coalesce(river_id, 0), state FROM job WHERE id = $1 FOR UPDATE`, id).Scan(&river, &state)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrUnknown
		case err != nil:
			return err
		case state == Done || state == Failed || state == Cancelled:
			return ErrFinished
		}
		if _, err := tx.Exec(ctx, `
			UPDATE job SET cancel = true,
				state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
				finished_at = CASE WHEN state = 'waiting' THEN now() END
			WHERE id = $1`, id); err != nil {
			return err
		}
		if _, err := q.client.JobCancelTx(ctx, tx, river); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "cancel", "job", fmt.Sprint(id), nil)
	})
	if err != nil {
		return Job{}, fmt.Errorf("cancel job %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// Retry runs a job again that failed or was cancelled.
func (q *Queue) Retry(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Job, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Job{}, err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var state State
		err := tx.QueryRow(ctx, `SELECT state FROM job WHERE id = $1 FOR UPDATE`, id).Scan(&state)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrUnknown
		case err != nil:
			return err
		case state == Waiting || state == Running:
			return ErrRunning
		case state == Done:
			return ErrFinished
		}
		if _, err := tx.Exec(ctx, `
			UPDATE job SET state = 'waiting', cancel = false, stage = '', done = 0, total = 0,
				problem = NULL, started_at = NULL, finished_at = NULL
			WHERE id = $1`, id); err != nil {
			return err
		}
		if err := q.hand(ctx, tx, id, time.Time{}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "retry", "job", fmt.Sprint(id), nil)
	})
	if err != nil {
		return Job{}, fmt.Errorf("retry job %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}
