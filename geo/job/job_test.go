package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var planner = staff.Actor{Name: "planner"}

// handler of a test's one kind of job.
func queue(t *testing.T, db *pgxpool.Pool, handler job.Handler) *job.Queue {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	q, err := job.NewQueue(db, log, map[string]job.Handler{"test": handler})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// work runs the queue until the test ends, or until the returned function is called.
func work(t *testing.T, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	var stopped atomic.Bool
	stop = func() {
		if stopped.Swap(true) {
			return
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, db *pgxpool.Pool, q *job.Queue, n job.New) job.Job {
	t.Helper()
	n.Kind, n.Title = "test", "a test"
	var j job.Job
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) (err error) {
		j, err = q.Enqueue(t.Context(), tx, planner, n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// until waits for a job to satisfy a condition; ten seconds are far too long.
func until(t *testing.T, db pg.DB, id int64, what string, condition func(job.Job) bool) job.Job {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		j, err := job.Get(t.Context(), db, planner, id)
		if err != nil {
			t.Fatal(err)
		}
		if condition(j) {
			tick.Stop()
			return j
		}
		select {
		case <-deadline:
			t.Fatalf("job %d never %s: %+v", id, what, j)
		case <-tick.C:
		}
	}
}

func ended(t *testing.T, db pg.DB, id int64) job.Job {
	t.Helper()
	return until(t, db, id, "ended", func(j job.Job) bool { return j.FinishedAt != nil })
}

// problem is what people see of a failed job.
func problem(t *testing.T, j job.Job) (p struct {
	Code, Title, Detail string
	Errors              []fault.Place
}) {
	t.Helper()
	if err := json.Unmarshal(j.Problem, &p); err != nil {
		t.Fatalf("problem %s: %v", j.Problem, err)
	}
	return p
}

func TestAJobShowsItsProgressAndItsResult(t *testing.T) {
	db := pgtest.Database(t)
	halfway, goOn := make(chan struct{}), make(chan struct{})
	q := queue(t, db, func(_ context.Context, step job.Step, args json.RawMessage) (any, error) {
		step("reading", 0, 0)
		step("writing", 3, 7)
		close(halfway)
		<-goOn
		return map[string]any{"echo": args}, nil
	})
	j := enqueue(t, db, q, job.New{Args: map[string]string{"grid": "网格"}})
	if j.State != job.Waiting || j.CreatedBy != "planner" || j.StartedAt != nil {
		t.Errorf("before it runs: %+v", j)
	}
	work(t, q)
	<-halfway
	j = until(t, db, j.ID, "showed its progress", func(j job.Job) bool { return j.Stage == "writing" })
	if j.State != job.Running || j.Done != 3 || j.Total != 7 || j.StartedAt == nil || j.FinishedAt != nil {
		t.Errorf("while it runs: %+v", j)
	}
	close(goOn)
	j = ended(t, db, j.ID)
	if j.State != job.Done || j.Done != 7 || j.Stage != "" || j.Problem != nil {
		t.Errorf("at the end: %+v", j)
	}
	var result struct{ Echo struct{ Grid string } }
	if err := json.Unmarshal(j.Result, &result); err != nil || result.Echo.Grid != "网格" {
		t.Errorf("result %s, %v", j.Result, err)
	}
}

func TestATransactionThatIsRolledBackEnqueuesNothing(t *testing.T) {
	db := pgtest.Database(t)
	var ran atomic.Int32
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { ran.Add(1); return nil, nil })
	changed := errors.New("changed my mind")
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		if _, err := q.Enqueue(t.Context(), tx, planner, job.New{Kind: "test", Title: "x"}); err != nil {
			return err
		}
		return changed
	})
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	work(t, q)
	after := enqueue(t, db, q, job.New{})
	ended(t, db, after.ID)
	list, err := job.List(t.Context(), db, planner, "", 0, 10)
	if err != nil || len(list) != 1 || list[0].ID != after.ID || ran.Load() != 1 {
		t.Errorf("%d jobs ran, list %+v, %v", ran.Load(), list, err)
	}
	var river int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM river_job`).Scan(&river); err != nil || river != 1 {
		t.Errorf("%d jobs in the queue, %v; want 1", river, err)
	}
}

func TestAFaultIsTheJobsProblemAndEverythingElseStaysInTheLog(t *testing.T) {
	secret := errors.New(`relation "household" of 张三 at 10.0.0.1`)
	bad := fault.New(fault.Invalid, "crs_mismatch", "It looks like another reference system.")
	tests := []struct {
		name   string
		do     func() error
		code   string
		places int
	}{
		{"a fault", func() error { return fmt.Errorf("upload 7: %w", bad.Saying("GCJ-02.").Because(secret)) }, "crs_mismatch", 0},
		{"a fault with places", func() error { return bad.With(fault.Place{Pointer: "row 3", Code: "x", Detail: "y"}) }, "crs_mismatch", 1},
		{"an internal error", func() error { return secret }, "internal", 0},
		{"a panic", func() error { panic(secret) }, "internal", 0},
		{"a result that is no JSON", func() error { return nil }, "internal", 0},
		{"too slow", func() error { return fmt.Errorf("x: %w", context.DeadlineExceeded) }, "timeout", 0},
	}
	db := pgtest.Database(t)
	var now func() error
	var runs atomic.Int32
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { runs.Add(1); return func() {}, now() })
	work(t, q)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now = tt.do
			runs.Store(0)
			j := ended(t, db, enqueue(t, db, q, job.New{}).ID)
			p := problem(t, j)
			if j.State != job.Failed || p.Code != tt.code || p.Title == "" || len(p.Errors) != tt.places {
				t.Errorf("%s with %s, want failed with %s and %d places", j.State, j.Problem, tt.code, tt.places)
			}
			if strings.Contains(string(j.Problem), "household") {
				t.Errorf("people see the inside: %s", j.Problem)
			}
			if runs.Load() != 1 {
				t.Errorf("it ran %d times, want once: a person decides on a retry", runs.Load())
			}
		})
	}
}

func TestAJobOfAnUnknownKindFails(t *testing.T) {
	db := pgtest.Database(t)
	q := queue(t, db, nil)
	work(t, q)
	var j job.Job
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) (err error) {
		j, err = q.Enqueue(t.Context(), tx, planner, job.New{Kind: "of a later release", Title: "x"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if j = ended(t, db, j.ID); j.State != job.Failed {
		t.Errorf("%+v", j)
	}
}

func TestAWaitingJobIsCancelledAtOnceAndNeverRuns(t *testing.T) {
	db := pgtest.Database(t)
	var ran atomic.Int32
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { ran.Add(1); return nil, nil })
	j := enqueue(t, db, q, job.New{})
	j, err := q.Cancel(t.Context(), db, planner, j.ID)
	if err != nil || j.State != job.Cancelled || j.FinishedAt == nil {
		t.Fatalf("%+v, %v", j, err)
	}
	work(t, q)
	ended(t, db, enqueue(t, db, q, job.New{}).ID)
	if ran.Load() != 1 {
		t.Errorf("%d jobs ran, want the other one only", ran.Load())
	}
	if _, err := q.Cancel(t.Context(), db, planner, j.ID); !errors.Is(err, job.ErrFinished) {
		t.Errorf("cancelled again: %v, want %v", err, job.ErrFinished)
	}
	rows, err := audit.Search(t.Context(), db, staff.Local, audit.Filter{Subject: "job"}, 0, 10)
	if err != nil || len(rows) != 1 || rows[0].Action != "cancel" || rows[0].Actor != "planner" {
		t.Errorf("audit %+v, %v", rows, err)
	}
}

func TestARunningJobIsToldToStop(t *testing.T) {
	db := pgtest.Database(t)
	running := make(chan struct{})
	q := queue(t, db, func(ctx context.Context, _ job.Step, _ json.RawMessage) (any, error) {
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	work(t, q)
	j := enqueue(t, db, q, job.New{})
	<-running
	if _, err := q.Retry(t.Context(), db, planner, j.ID); !errors.Is(err, job.ErrRunning) {
		t.Errorf("retry of a running job: %v, want %v", err, job.ErrRunning)
	}
	if _, err := q.Cancel(t.Context(), db, planner, j.ID); err != nil {
		t.Fatal(err)
	}
	if j = ended(t, db, j.ID); j.State != job.Cancelled || j.Problem != nil {
		t.Errorf("%+v", j)
	}
}

func TestAFailedJobRunsAgainOnRequestWithTheSameArguments(t *testing.T) {
	db := pgtest.Database(t)
	var runs atomic.Int32
	q := queue(t, db, func(_ context.Context, step job.Step, args json.RawMessage) (any, error) {
		step("half", 5, 10)
		if runs.Add(1) == 1 {
			return nil, fault.New(fault.Unavailable, "later", "Try later.")
		}
		return args, nil
	})
	work(t, q)
	j := ended(t, db, enqueue(t, db, q, job.New{Args: []int{7}}).ID)
	if j.State != job.Failed {
		t.Fatalf("%+v", j)
	}
	j, err := q.Retry(t.Context(), db, planner, j.ID)
	if err != nil || j.Problem != nil || j.FinishedAt != nil {
		t.Fatalf("%+v, %v", j, err)
	}
	j = ended(t, db, j.ID)
	if j.State != job.Done || string(j.Result) != "[7]" || j.Done != 10 {
		t.Errorf("%+v with result %s", j, j.Result)
	}
	if _, err := q.Retry(t.Context(), db, planner, j.ID); !errors.Is(err, job.ErrFinished) {
		t.Errorf("retry of a finished job: %v, want %v", err, job.ErrFinished)
	}
}

func TestACancelledJobMayRunAgain(t *testing.T) {
	db := pgtest.Database(t)
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { return "ok", nil })
	j := enqueue(t, db, q, job.New{})
	if _, err := q.Cancel(t.Context(), db, planner, j.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Retry(t.Context(), db, planner, j.ID); err != nil {
		t.Fatal(err)
	}
	work(t, q)
	if j = ended(t, db, j.ID); j.State != job.Done {
		t.Errorf("%+v", j)
	}
}

func TestAJobThatIsInterruptedByAStopBeginsAgainAtTheNextStart(t *testing.T) {
	db := pgtest.Database(t)
	running := make(chan struct{})
	var runs atomic.Int32
	handler := func(ctx context.Context, _ job.Step, _ json.RawMessage) (any, error) {
		if runs.Add(1) > 1 {
			return "second", nil
		}
		close(running)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	q := queue(t, db, handler)
	stop := work(t, q)
	j := enqueue(t, db, q, job.New{})
	<-running
	stop()
	if j, err := job.Get(t.Context(), db, planner, j.ID); err != nil || j.State != job.Waiting {
		t.Errorf("after the stop: %+v, %v; want waiting", j, err)
	}
	work(t, queue(t, db, handler))
	if j = ended(t, db, j.ID); j.State != job.Done || runs.Load() != 2 {
		t.Errorf("after the next start: %+v, %d runs; want done by the second", j, runs.Load())
	}
}

func TestAJobOfAKilledProcessIsTakenUpByTheNext(t *testing.T) {
	db := pgtest.Database(t)
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { return "ok", nil })
	j := enqueue(t, db, q, job.New{})
	// What a killed process leaves: both rows say running, and nobody holds the lock.
	_, err := db.Exec(t.Context(), `UPDATE job SET state = 'running', stage = 'half', started_at = now() WHERE id = $1`, j.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(t.Context(), `
		UPDATE river_job SET state = 'running', attempt = 3, attempted_at = now(), attempted_by = '{dead}'`)
	if err != nil {
		t.Fatal(err)
	}
	work(t, q)
	if j = ended(t, db, j.ID); j.State != job.Done {
		t.Errorf("%+v", j)
	}
}

func TestAWaitingJobThatTheQueueGaveUpIsHandedOutAgain(t *testing.T) {
	db := pgtest.Database(t)
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { return "ok", nil })
	for name, sql := range map[string]string{
		"given up after errors": `UPDATE river_job SET state = 'discarded', attempt = 3, finalized_at = now() WHERE state = 'available'`,
		"swept away":            `DELETE FROM river_job WHERE state = 'available'`,
	} {
		t.Run(name, func(t *testing.T) {
			j := enqueue(t, db, q, job.New{})
			if _, err := db.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			stop := work(t, queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { return "ok", nil }))
			if j = ended(t, db, j.ID); j.State != job.Done {
				t.Errorf("%+v", j)
			}
			stop()
		})
	}
}

func TestAJobThatAnotherProcessRunsIsLeftToIt(t *testing.T) {
	db := pgtest.Database(t)
	var runs atomic.Int32
	running, goOn := make(chan struct{}), make(chan struct{})
	handler := func(context.Context, job.Step, json.RawMessage) (any, error) {
		if runs.Add(1) == 1 {
			close(running)
		}
		<-goOn
		return "ok", nil
	}
	first := queue(t, db, handler)
	work(t, first)
	j := enqueue(t, db, first, job.New{})
	<-running
	stop := work(t, queue(t, db, handler))
	other := enqueue(t, db, first, job.New{}) // whoever takes it, the second process has started by then
	until(t, db, other.ID, "began", func(j job.Job) bool { return j.State == job.Running })
	close(goOn)
	if j = ended(t, db, j.ID); j.State != job.Done {
		t.Errorf("%+v", j)
	}
	ended(t, db, other.ID)
	stop()
	if runs.Load() != 2 {
		t.Errorf("two jobs ran %d times", runs.Load())
	}
}

func TestAJobForLaterWaits(t *testing.T) {
	db := pgtest.Database(t)
	var ran atomic.Int32
	q := queue(t, db, func(context.Context, job.Step, json.RawMessage) (any, error) { ran.Add(1); return nil, nil })
	later := enqueue(t, db, q, job.New{At: time.Now().Add(time.Hour)})
	work(t, q)
	ended(t, db, enqueue(t, db, q, job.New{}).ID)
	if j, err := job.Get(t.Context(), db, planner, later.ID); err != nil || j.State != job.Waiting || ran.Load() != 1 {
		t.Errorf("%+v, %v, %d ran", j, err, ran.Load())
	}
	if j, err := q.Cancel(t.Context(), db, planner, later.ID); err != nil || j.State != job.Cancelled {
		t.Errorf("cancel: %+v, %v", j, err)
	}
}

func TestJobsThatDoNotExistAreUnknown(t *testing.T) {
	db := pgtest.Database(t)
	q := queue(t, db, nil)
	_, getErr := job.Get(t.Context(), db, planner, 7)
	_, cancelErr := q.Cancel(t.Context(), db, planner, 7)
	_, retryErr := q.Retry(t.Context(), db, planner, 7)
	for _, err := range []error{getErr, cancelErr, retryErr} {
		if !errors.Is(err, job.ErrUnknown) {
			t.Errorf("got %v, want %v", err, job.ErrUnknown)
		}
	}
	list, err := job.List(t.Context(), db, planner, job.Running, 0, 10)
	if err != nil || len(list) != 0 {
		t.Errorf("running jobs %v, %v", list, err)
	}
}

// Handlers call step within their transactions. Were each call to wait for another
// connection, jobs that hold all of them would wait for each other for ever.
func TestStepsDoNotWaitForAConnection(t *testing.T) {
	db := pgtest.Database(t)
	told := make(chan struct{})
	handler := func(ctx context.Context, step job.Step, _ json.RawMessage) (any, error) {
		var held []*pgxpool.Conn
		defer func() {
			for _, c := range held {
				c.Release()
			}
		}()
		for {
			soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			c, err := db.Acquire(soon)
			cancel()
			if err != nil {
				break // there is none left
			}
			held = append(held, c)
		}
		for i := range int64(5) {
			step(fmt.Sprint("stage ", i), i, 5)
		}
		close(told)
		return "done", nil
	}
	q := queue(t, db, handler)
	j := enqueue(t, db, q, job.New{})
	work(t, q)
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Fatal("step waits for a connection, and all are held by the job itself")
	}
	if j = ended(t, db, j.ID); j.State != job.Done {
		t.Errorf("job %+v", j)
	}
}
