package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"wangge/geo/fault"
)

// Handler does one kind of job. It reports its steps, returns what people see as
// the result, and changes things in one transaction, so that a cancelled or
// repeated job leaves nothing behind.
type Handler func(ctx context.Context, step Step, args json.RawMessage) (result any, err error)

// Step reports progress: the stage in words, and done of total (0 = not known).
// It may be called as often as it pleases; at most four a second are stored.
type Step func(stage string, done, total int64)

// Timeout is how long one job may run.
const Timeout = 2 * time.Hour

// Queue hands jobs to their handlers.
type Queue struct {
	pool     *pgxpool.Pool
	client   *river.Client[pgx.Tx]
	handlers map[string]Handler
	log      *slog.Logger
}

// NewQueue prepares a queue; Run works it.
func NewQueue(pool *pgxpool.Pool, log *slog.Logger, handlers map[string]Handler) (*Queue, error) {
	q := &Queue{pool: pool, handlers: handlers, log: log}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Workers:    workers,
		JobTimeout: Timeout,
		// A dead process is noticed by its lock (see recover), not by the clock.
		RescueStuckJobsAfter: Timeout + time.Hour,
		Logger:               slog.New(quiet{log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	q.client = client
	return q, nil
}

// Run works until ctx ends; what runs then is stopped and begins again at the
// next start.
func (q *Queue) Run(ctx context.Context) error {
	if err := q.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it began
		}
		return err
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := q.client.StopAndCancel(stop); err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}

func (q *Queue) start(ctx context.Context) error {
	if err := q.recover(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// lockSpace keeps the advisory locks of running jobs apart from all others.
const lockSpace = 77_002

// recover gives back the jobs of processes that died: a running job holds an
// advisory lock, so whoever can take it knows that nobody runs it. A waiting job
// that River gave up, after errors of the database, is handed to it again.
func (q *Queue) recover(ctx context.Context) error {
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH orphan AS (
				SELECT id, river_id FROM job
				WHERE state = 'running' AND pg_try_advisory_xact_lock($1, id::integer)
				FOR UPDATE),
			back AS (
				UPDATE river_job r SET state = 'available', scheduled_at = now()
				FROM orphan o WHERE r.id = o.river_id AND r.state = 'running')
			UPDATE job j SET state = 'waiting', stage = '' FROM orphan o WHERE j.id = o.id`, lockSpace)
		if err != nil {
			return fmt.Errorf("recover jobs: %w", err)
		}
		rows, _ := tx.Query(ctx, `
			SELECT j.id FROM job j LEFT JOIN river_job r ON r.id = j.river_id
			WHERE j.state = 'waiting' AND (r.id IS NULL OR r.finalized_at IS NOT NULL)
			FOR UPDATE OF j`)
		lost, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return fmt.Errorf("recover jobs: %w", err)
		}
		for _, id := range lost {
			if err := q.hand(ctx, tx, id, time.Time{}); err != nil {
				return fmt.Errorf("recover jobs: %w", err)
			}
		}
		return nil
	})
}

// hand gives the job to River in the same transaction.
func (q *Queue) hand(ctx context.Context, tx pgx.Tx, id int64, at time.Time) error {
	inserted, err := q.client.InsertTx(ctx, tx, riverArgs{JobID: id}, &river.InsertOpts{MaxAttempts: 3, ScheduledAt: at})
	if err != nil {
		return fmt.Errorf("queue job %d: %w", id, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE job SET river_id = $2 WHERE id = $1`, id, inserted.Job.ID); err != nil {
		return fmt.Errorf("queue job %d: %w", id, err)
	}
	return nil
}

// riverArgs is all that River knows of a job.
type riverArgs struct {
	JobID int64 `json:"job_id"`
}

func (riverArgs) Kind() string { return "job" }

type worker struct {
	river.WorkerDefaults[riverArgs]
	queue *Queue
}

// snooze keeps a job that is interrupted by a stop from beginning again before
// the stop is over.
const snooze = time.Second

// Work runs one job. A fault is the job's result and ends it; so does a cancel.
// Only a stop of this process makes River run it again.
func (w *worker) Work(ctx context.Context, rj *river.Job[riverArgs]) error {
	if stopping(ctx) { // River stops the work before it stops handing it out
		return river.JobSnooze(snooze)
	}
	q, id := w.queue, rj.Args.JobID
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("job %d: %w", id, err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1, $2::integer)`, lockSpace, id); err != nil {
		return fmt.Errorf("job %d: %w", id, err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1, $2::integer)`, lockSpace, id)
	}()

	var kind string
	var args json.RawMessage
	err = conn.QueryRow(ctx, `
		UPDATE job SET state = 'running', started_at = coalesce(started_at, now())
		WHERE id = $1 AND state IN ('waiting', 'running') AND NOT cancel
		RETURNING kind, args`, id).Scan(&kind, &args)
	if errors.Is(err, pgx.ErrNoRows) {
		return river.JobCancel(errors.New("cancelled before it began"))
	}
	if err != nil {
		return fmt.Errorf("job %d: %w", id, err)
	}

	result, err := q.handle(ctx, id, kind, args)
	return q.finish(context.WithoutCancel(ctx), ctx, id, kind, result, err)
}

// handle calls the handler. A panic ends the job, not the process.
func (q *Queue) handle(ctx context.Context, id int64, kind string, args json.RawMessage) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	handler, ok := q.handlers[kind]
	if !ok {
		return nil, fmt.Errorf("no handler for jobs of kind %q", kind)
	}
	step, stop := q.reporting(ctx, id)
	defer stop()
	return handler(ctx, step, args)
}

// reporting is the Step of a job. What it is told is written beside the job, the newest
// only: a handler may call it within a transaction, and would wait for ever for a
// second connection if all others did the same. stop waits for the last writing.
func (q *Queue) reporting(ctx context.Context, id int64) (step Step, stop func()) {
	type progress struct {
		stage       string
		done, total int64
	}
	newest, ended := make(chan progress, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for p := range newest {
			_, _ = q.pool.Exec(ctx, `UPDATE job SET stage = $2, done = $3, total = $4 WHERE id = $1`, id, p.stage, p.done, p.total)
		}
	}()
	var last time.Time
	var lastStage string
	step = func(stage string, done, total int64) {
		now := time.Now()
		if stage == lastStage && now.Sub(last) <= 250*time.Millisecond {
			return
		}
		last, lastStage = now, stage
		select {
		case <-newest: // nobody has written it yet
		default:
		}
		newest <- progress{stage, done, total}
	}
	return step, func() {
		close(newest)
		<-ended
	}
}

// finish stores how a job ended. live is the context the job ran under.
func (q *Queue) finish(ctx, live context.Context, id int64, kind string, result any, err error) error {
	var stored []byte
	if err == nil {
		stored, err = json.Marshal(result)
	}
	if err == nil {
		_, err = q.pool.Exec(ctx, `
			UPDATE job SET state = 'done', result = $2, finished_at = now(),
				done = greatest(done, total), stage = '' WHERE id = $1`, id, stored)
		return err
	}
	var cancelled bool
	if scanErr := q.pool.QueryRow(ctx, `SELECT cancel FROM job WHERE id = $1`, id).Scan(&cancelled); scanErr != nil {
		return scanErr
	}
	switch {
	case cancelled:
		_, _ = q.pool.Exec(ctx, `UPDATE job SET state = 'cancelled', finished_at = now() WHERE id = $1`, id)
		return river.JobCancel(err)
	case stopping(live):
		_, _ = q.pool.Exec(ctx, `UPDATE job SET state = 'waiting', stage = '' WHERE id = $1`, id)
		return river.JobSnooze(snooze) // the next process begins again
	}
	if fault.Of(err) == nil {
		q.log.Error("job failed", "job", id, "kind", kind, "err", err)
	}
	_, storeErr := q.pool.Exec(ctx, `
		UPDATE job SET state = 'failed', problem = $2, finished_at = now() WHERE id = $1`, id, problemOf(err))
	if storeErr != nil {
		return storeErr
	}
	return river.JobCancel(err)
}

// stopping reports whether this process is told to stop, as far as a job's
// context can tell that from a cancel and from the job's own time running out.
func stopping(live context.Context) bool {
	return live.Err() != nil && !errors.Is(live.Err(), context.DeadlineExceeded)
}

// problemOf is what people may see of an error, in the shape of RFC 9457.
func problemOf(err error) map[string]any {
	f := fault.Of(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return map[string]any{"code": "timeout", "title": "The job took too long and was stopped."}
	case f == nil:
		return map[string]any{"code": "internal", "title": "Something went wrong on the server; the log says what."}
	}
	problem := map[string]any{"code": f.Code, "title": f.Msg, "detail": f.Detail}
	if len(f.Places) > 0 {
		problem["errors"] = f.Places
	}
	return problem
}

// quiet lets only River's warnings and errors into our log.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
