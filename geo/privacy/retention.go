package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Rule is how long a kind of data is kept (article 19).
type Rule struct {
	Kind    string `json:"kind"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
	SinceZh string `json:"since_zh" doc:"the event from which the time counts"`
	SinceEn string `json:"since_en"`
	Days    int    `json:"days"`
	AtLeast int    `json:"at_least" doc:"days; the law or the purpose asks for that much"`
	AtMost  int    `json:"at_most"`
	BasisZh string `json:"basis_zh"`
	BasisEn string `json:"basis_en"`
}

func (r Rule) String() string {
	return fmt.Sprintf("%d days since %s", r.Days, r.SinceEn)
}

// Faults of retention.
var (
	ErrRuleUnknown = fault.New(fault.NotFound, "retention_unknown", "There is no such kind of data.")
	ErrRuleDays    = fault.New(fault.Invalid, "retention_days", "So many days are not allowed for this kind of data.")
)

// Rules returns the rules in their order.
func Rules(ctx context.Context, db pg.DB, _ staff.Actor) ([]Rule, error) {
	rows, _ := db.Query(ctx, `
		SELECT kind, title_zh, title_en, since_zh, since_en, days, at_least, at_most, basis_zh, basis_en
		FROM retention_rule ORDER BY ordinal`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Rule])
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	return list, nil
}

// Keep changes how many days a kind of data is kept, within its limits.
func Keep(ctx context.Context, db pg.DB, actor staff.Actor, kind string, days int) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := everywhere(actor, staff.Privacy); err != nil {
			return err
		}
		var before, least, most int
		err := tx.QueryRow(ctx, `SELECT days, at_least, at_most FROM retention_rule WHERE kind = $1 FOR UPDATE`, kind).Scan(&before, &least, &most)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrRuleUnknown
		case err != nil:
			return err
		case days < least || days > most:
			return ErrRuleDays.Saying(fmt.Sprintf("Choose %d to %d.", least, most))
		}
		if _, err := tx.Exec(ctx, `UPDATE retention_rule SET days = $2 WHERE kind = $1`, kind, days); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "keep", "retention", kind, map[string]any{"days": days, "before": before})
	})
	if err != nil {
		return fmt.Errorf("retention of %s: %w", kind, err)
	}
	return nil
}

// Proof is that something was deleted, without what it was.
type Proof struct {
	ID     int64      `json:"id"`
	Kind   string     `json:"kind"`
	Count  int64      `json:"count"`
	Rule   string     `json:"rule" doc:"why: days since an event, or the request that asked for it"`
	Before *time.Time `json:"before" doc:"what the rule's event had to precede"`
	Digest string     `json:"digest" doc:"SHA-256, in hex, of the sorted ids, one per line"`
	JobID  *int64     `json:"job_id"`
	MadeBy string     `json:"made_by"`
	MadeAt time.Time  `json:"made_at"`
}

// Proofs returns proofs with an id below before (0 = from the newest on), newest
// first.
func Proofs(ctx context.Context, db pg.DB, actor staff.Actor, before int64, limit int) ([]Proof, error) {
	if err := everywhere(actor, staff.Privacy); err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `
		SELECT id, kind, count, rule, before, digest, job_id, made_by, made_at
		FROM deletion_proof WHERE $1 = 0 OR id < $1
		ORDER BY id DESC LIMIT $2`, before, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Proof])
	if err != nil {
		return nil, fmt.Errorf("proofs of deletion: %w", err)
	}
	return list, nil
}

// prove writes the proof for ids that are deleted in the same transaction.
func prove(ctx context.Context, tx pgx.Tx, p Proof, ids []string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO deletion_proof (kind, count, rule, before, digest, job_id, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		p.Kind, len(ids), p.Rule, p.Before, digestOf(ids), p.JobID, p.MadeBy)
	if err != nil {
		return fmt.Errorf("proof of deletion: %w", err)
	}
	return nil
}

func digestOf(ids []string) string {
	sorted := slices.Sorted(slices.Values(ids))
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// Sweep deletes at most limit things of one kind whose event came before a time,
// and returns their ids. It is called again until it returns none.
type Sweep func(ctx context.Context, tx pgx.Tx, ring *vault.Ring, before time.Time, limit int) (ids []string, err error)

// Swept is what a run deleted of a kind.
type Swept struct {
	Kind    string `json:"kind"`
	Deleted int64  `json:"deleted"`
}

// Swept kinds that have a rule and no function yet: the rule binds whoever brings
// the first such data.
type Result struct {
	Swept   []Swept  `json:"swept"`
	Without []string `json:"without" doc:"kinds of which this program keeps nothing yet"`
}

// batch is how much is deleted in one transaction.
const batch = 1000

// Retain deletes everything that its rule does not let be kept any longer, in
// batches, each with its proof. What was deleted when it is cancelled stays so;
// the next run does the rest. jobID is 0 for a run from the command line.
func Retain(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, sweeps map[string]Sweep, now time.Time, jobID int64, step job.Step) (Result, error) {
	result := Result{Swept: []Swept{}, Without: []string{}}
	rules, err := Rules(ctx, db, actor)
	if err != nil {
		return result, err
	}
	for i, rule := range rules {
		step(rule.Kind, int64(i), int64(len(rules)))
		sweep, ok := sweeps[rule.Kind]
		if !ok {
			result.Without = append(result.Without, rule.Kind)
			continue
		}
		done := Swept{Kind: rule.Kind}
		for {
			n, err := sweepOnce(ctx, db, ring, actor, rule, sweep, now, jobID)
			if err != nil {
				return result, fmt.Errorf("retention of %s: %w", rule.Kind, err)
			}
			done.Deleted += int64(n)
			if n == 0 {
				break
			}
		}
		result.Swept = append(result.Swept, done)
	}
	return result, nil
}

func sweepOnce(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, rule Rule, sweep Sweep, now time.Time, jobID int64) (n int, err error) {
	before := now.AddDate(0, 0, -rule.Days)
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		ids, err := sweep(ctx, tx, ring, before, batch)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		p := Proof{Kind: rule.Kind, Rule: rule.String(), Before: &before, MadeBy: actor.Name}
		if jobID != 0 {
			p.JobID = &jobID
		}
		if err := prove(ctx, tx, p, ids); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "retain", "retention", rule.Kind, map[string]any{"deleted": n, "days": rule.Days})
	})
	return n, err
}

// RetentionJob is the kind of the job that runs Retain.
const RetentionJob = "retention"

// RetentionHandler does retention jobs.
func RetentionHandler(db pg.DB, ring *vault.Ring, sweeps map[string]Sweep) job.Handler {
	return func(ctx context.Context, step job.Step, _ json.RawMessage) (any, error) {
		var id int64 // one runs at a time, or does no harm
		err := db.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM job WHERE kind = $1 AND state = 'running'`, RetentionJob).Scan(&id)
		if err != nil {
			return nil, err
		}
		return Retain(ctx, db, ring, staff.System, sweeps, time.Now(), id, step)
	}
}

// StartRetention enqueues a run now.
func StartRetention(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor) (j job.Job, err error) {
	if err := everywhere(actor, staff.Privacy); err != nil {
		return job.Job{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		j, err = queue.Enqueue(ctx, tx, actor, job.New{Kind: RetentionJob, Title: RetentionJob, May: staff.Privacy})
		return err
	})
	return j, err
}

// Nightly enqueues a run every night at 03:30, half an hour after the backup.
type Nightly struct {
	DB    pg.DB // as the engine
	Queue *job.Queue
	Log   *slog.Logger
}

// Run works until ctx ends. Several programs on one database enqueue one job; a
// night that was missed is made up for at the next start.
func (n Nightly) Run(ctx context.Context) error {
	for {
		now := time.Now().Round(0) // wall clock: the machine may sleep
		if err := n.enqueue(ctx, now); err != nil && ctx.Err() == nil {
			n.Log.Error("retention could not be enqueued", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(time.Until(lastNight(now).AddDate(0, 0, 1)), time.Minute)):
		}
	}
}

// lastNight is the newest 03:30 in now's time zone that is not after now.
func lastNight(now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), 3, 30, 0, 0, now.Location())
	if at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()-1, 3, 30, 0, 0, now.Location())
	}
	return at
}

// enqueue adds the job of this night, unless somebody has. A database on which
// none has ever run waits for its first night.
func (n Nightly) enqueue(ctx context.Context, now time.Time) error {
	return pgx.BeginFunc(ctx, n.DB, func(tx pgx.Tx) error {
		var wanted bool
		err := tx.QueryRow(ctx, `
			SELECT coalesce((SELECT max(created_at) FROM job WHERE kind = $1), (SELECT min(tstamp) FROM goose_db_version)) < $2
			FROM (SELECT pg_advisory_xact_lock($3, 1)) l`, RetentionJob, lastNight(now), lockSpace).Scan(&wanted)
		if err != nil || !wanted {
			return err
		}
		_, err = n.Queue.Enqueue(ctx, tx, staff.System, job.New{Kind: RetentionJob, Title: RetentionJob, May: staff.Privacy})
		return err
	})
}

// lockSpace keeps the advisory locks of this package apart from all others.
const lockSpace = 77_014
