package upload

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"wangge/geo/account"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// JobKind is the kind of the jobs that Start enqueues.
const JobKind = "import"

// jobArgs is what an import job needs.
type jobArgs struct {
	UploadID int64   `json:"upload_id"`
	Actor    string  `json:"actor"`
	Account  int64   `json:"account"`
	Request  Request `json:"request"`
	File     File    `json:"file"`
}

// Start records a file that is in the spool and enqueues its import.
func Start(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, req Request, file File) (j job.Job, err error) {
	if _, known := importers[req.Kind]; !known {
		return job.Job{}, ErrKind
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		id, err := store(ctx, tx, actor, req, file)
		if err != nil {
			return err
		}
		j, err = queue.Enqueue(ctx, tx, actor, job.New{
			Kind: JobKind, May: staff.Import, Title: string(req.Kind) + ": " + req.FileName,
			Args: jobArgs{UploadID: id, Actor: actor.Name, Account: actor.Account, Request: req, File: file},
		})
		return err
	})
	return j, err
}

// Handler does import jobs.
func Handler(db pg.DB, spool Spool) job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args jobArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		result, err := run(ctx, db, actor, args.UploadID, args.Request, args.File, Step(step))
		if err == nil || args.Request.Kind.mayBePersonal() && over(ctx, db, args.UploadID) {
			spool.Remove(args.File) // other failed ones wait for a retry
		}
		if err == nil {
			err = real(ctx, db, actor, args.Request)
		}
		return result, err
	}
}

// mayBePersonal reports whether files of a kind may hold personal columns: they
// are not kept a moment longer than their job.
func (k Kind) mayBePersonal() bool {
	return k == Households || k == Incidents || k == ServicePoints || k == Demand || k == Candidates
}

// over reports whether a job that has failed is over: it is not when this program
// is being stopped, for then it begins again at the next start.
func over(ctx context.Context, db pg.DB, upload int64) bool {
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return true
	}
	var cancelled bool
	err := db.QueryRow(context.WithoutCancel(ctx), `
		SELECT EXISTS (SELECT FROM job WHERE kind = $1 AND cancel AND (args->>'upload_id')::bigint = $2)`, JobKind, upload).Scan(&cancelled)
	return err == nil && cancelled
}

// Now imports a file at once, without the queue: for the command line and the
// demo town.
func Now(ctx context.Context, db pg.DB, actor staff.Actor, req Request, file File, step Step) (Result, error) {
	if _, known := importers[req.Kind]; !known {
		return Result{}, ErrKind
	}
	id, err := store(ctx, db, actor, req, file)
	if err != nil {
		return Result{}, err
	}
	result, err := run(ctx, db, actor, id, req, file, step)
	if err != nil {
		return result, err
	}
	return result, real(ctx, db, actor, req)
}

// real ends the demo's accounts with the first real file: one that somebody loads
// who is none of them. Their passwords were printed, and must not open real data.
func real(ctx context.Context, db pg.DB, actor staff.Actor, req Request) error {
	if req.DryRun || actor.Name == staff.System.Name {
		return nil
	}
	var demo bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM account WHERE id = $1 AND demo)`, actor.Account).Scan(&demo)
	if err != nil || demo {
		return err
	}
	return account.RemoveDemo(ctx, db)
}

func run(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, file File, step Step) (Result, error) {
	importer, known := importers[req.Kind]
	if !known {
		return Result{}, ErrKind
	}
	f, err := file.open()
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	return importer(ctx, db, actor, id, req, f, file.Size, step)
}
