package dossier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// JobKind is the kind of jobs that make dossiers.
const JobKind = "dossier"

// ErrGone means that a dossier was not made, or is not kept any more.
var ErrGone = fault.New(fault.NotFound, "dossier_gone", "The dossier is not kept any more. Make it again.")

// Made is a dossier that was asked for.
type Made struct {
	Job        int64      `json:"job" doc:"progress, cancel and retry are there"`
	State      job.State  `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Format     string     `json:"format" enum:"pdf,zip"`
	By         string     `json:"by" doc:"who asked for it"`
	At         time.Time  `json:"at"`
	FinishedAt *time.Time `json:"finished_at"`
	File       *Kept      `json:"file" doc:"null until it is made"`
	KeptUntil  *time.Time `json:"kept_until" doc:"null when the file is not there"`
}

// Kept is the file of a dossier. The same plan gives the same bytes as long as what it
// tells stays the same, so its SHA-256 tells whether anything became different.
type Kept struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Digest string `json:"digest" doc:"of the plan"`
}

// spooled is the name of such a file in the spool.
func (k Kept) spooled() string { return "dossier-" + k.SHA256 }

type jobArgs struct {
	Plan    int64  `json:"plan"`
	Format  string `json:"format"`
	Actor   string `json:"actor"`
	Account int64  `json:"account"`
}

// Ask has a dossier made by a job.
//
// Errors: plan.ErrUnknown, ErrDraft, ErrExport, staff.ErrForbidden, staff.ErrOutside.
func Ask(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, id int64, as string) (j job.Job, err error) {
	if _, err := adopted(ctx, db, actor, id, as); err != nil {
		return job.Job{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		j, err = queue.Enqueue(ctx, tx, actor, job.New{Kind: JobKind, Title: fmt.Sprintf("dossier of plan %d as %s", id, as), May: staff.Plan,
			Args: jobArgs{Plan: id, Format: as, Actor: actor.Name, Account: actor.Account}})
		return err
	})
	return j, err
}

// Handler makes dossiers and keeps them in the spool. Done twice, it is the same file.
func (m Maker) Handler(db pg.DB, spool upload.Spool) job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args jobArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		step("reading the plan", 0, 0)
		file, h, err := m.prepare(ctx, db, actor, args.Plan, args.Format, step)
		if err != nil {
			return nil, err
		}
		put, err := spool.Fill(func(w io.Writer) error { return file.Write(ctx, w) })
		if err != nil {
			return nil, err
		}
		kept := Kept{Name: file.Name, Size: put.Size, SHA256: put.SHA256, Digest: h.digest}
		return kept, spool.Name(put, kept.spooled())
	}
}

// maxListed is how many dossiers of a plan are listed.
const maxListed = 20

// List returns the dossiers that were asked for of a plan, newest first, for who may
// export it.
func List(ctx context.Context, db pg.DB, spool upload.Spool, actor staff.Actor, id int64) ([]Made, error) {
	if _, err := exported(ctx, db, actor, id); err != nil {
		return nil, err
	}
	return made(ctx, db, spool, id, 0)
}

// made are the dossiers of a plan, or the one that a job made (of; 0 = all).
func made(ctx context.Context, db pg.DB, spool upload.Spool, id, of int64) ([]Made, error) {
	rows, _ := db.Query(ctx, `
		SELECT id, state, args->>'format', created_by, created_at, finished_at, CASE WHEN state = 'done' THEN result END
		FROM job WHERE kind = $1 AND (args->>'plan')::bigint = $2 AND ($3 = 0 OR id = $3)
		ORDER BY id DESC LIMIT $4`, JobKind, id, of, maxListed)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Made, err error) {
		err = row.Scan(&m.Job, &m.State, &m.Format, &m.By, &m.At, &m.FinishedAt, &m.File)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("dossiers of plan %d: %w", id, err)
	}
	for i, m := range list {
		if m.File == nil {
			continue
		}
		_, until, err := spool.Find(m.File.spooled())
		if errors.Is(err, upload.ErrGone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("dossier %d: %w", m.Job, err)
		}
		list[i].KeptUntil = &until
	}
	return list, nil
}

// Take is the file of a dossier that was made. That it was taken is recorded.
//
// Errors: plan.ErrUnknown, ErrGone, staff.ErrForbidden, staff.ErrOutside.
func Take(ctx context.Context, db pg.DB, spool upload.Spool, actor staff.Actor, id, of int64) (File, error) {
	if _, err := exported(ctx, db, actor, id); err != nil {
		return File{}, err
	}
	list, err := made(ctx, db, spool, id, of)
	if err != nil {
		return File{}, err
	}
	if len(list) != 1 || list[0].KeptUntil == nil {
		return File{}, fmt.Errorf("dossier %d of plan %d: %w", of, id, ErrGone)
	}
	m := list[0]
	file := File{Name: m.File.Name, MediaType: mediaTypes[m.Format], Write: func(_ context.Context, w io.Writer) error {
		path, _, err := spool.Find(m.File.spooled())
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}}
	return file, note(ctx, db, actor, id, "dossier", m.Format, m.File.Digest)
}
