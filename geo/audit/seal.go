package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
)

// The rhythm of the sealer.
const (
	Interval    = 2 * time.Second // between a row's commit and its link, at most, while the program runs
	SegmentRows = 10_000          // of a full segment
	batch       = 5_000           // links of one transaction
	closeEvery  = time.Minute     // between two looks whether a segment is due
	headEvery   = time.Hour       // between two exported heads, when there are new links
)

// Sealer links committed rows, closes segments and exports heads. Several may run
// on one database; they take turns.
type Sealer struct {
	DB    pg.DB // as wangge_engine
	Key   Key
	Heads Heads
	Log   *slog.Logger
	Now   func() time.Time
	Rows  int64 // of a full segment
}

// Run seals until ctx ends. Call Finish when nobody writes any more.
func (s Sealer) Run(ctx context.Context) error {
	exported, err := s.Heads.last()
	if err != nil {
		return err
	}
	var closed time.Time
	for {
		if err := s.link(ctx); err != nil {
			return quietly(ctx, err)
		}
		if now := s.Now(); now.Sub(closed) >= closeEvery {
			closed = now
			if err := s.close(ctx); err != nil {
				return quietly(ctx, err)
			}
		}
		if exported, err = s.export(ctx, exported); err != nil {
			return quietly(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(Interval):
		}
	}
}

// quietly drops an error that only says that ctx has ended.
func quietly(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Finish links what was written last and exports the head.
func (s Sealer) Finish(ctx context.Context) error {
	if err := s.All(ctx); err != nil {
		return err
	}
	exported, err := s.Heads.last()
	if err != nil {
		return err
	}
	h, err := Now(ctx, s.DB, s.Key)
	if err != nil || h.Seq == exported.Seq {
		return err
	}
	return s.Heads.Append(h)
}

// export writes the head when an hour or a day has passed since the last one and
// there are new links. It returns the newest exported head.
func (s Sealer) export(ctx context.Context, last Head) (Head, error) {
	if now := s.Now(); now.Sub(last.At) < headEvery && geo.DayOf(now) == geo.DayOf(last.At) {
		return last, nil
	}
	h, err := Now(ctx, s.DB, s.Key)
	if err != nil || h.Seq == last.Seq {
		return last, err
	}
	return h, s.Heads.Append(h)
}

// All links every committed row that waits, and closes the segments that are due.
func (s Sealer) All(ctx context.Context) error {
	if err := s.link(ctx); err != nil {
		return err
	}
	return s.close(ctx)
}

// link links what waits, batch after batch. Rows are taken in the order of their
// ids. One that commits late is linked late: it has a lower id and a higher number.
func (s Sealer) link(ctx context.Context) error {
	for {
		linked := 0
		err := s.alone(ctx, func(tx pgx.Tx) error {
			last, err := lastLink(ctx, tx)
			if err != nil {
				return err
			}
			linked, err = extend(ctx, tx, last)
			return err
		})
		if err != nil {
			return fmt.Errorf("link the audit: %w", err)
		}
		if linked < batch {
			return nil
		}
	}
}

// alone does work in a transaction, or nothing while another sealer is at work.
func (s Sealer) alone(ctx context.Context, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		var alone bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtext('audit_link'))`).Scan(&alone); err != nil || !alone {
			return err
		}
		return work(tx)
	})
}

// end is a link that others follow.
type end struct {
	seq  int64
	hash Hash
}

// lastLink is the end of the chain, also when retention removed the link itself.
func lastLink(ctx context.Context, db pg.DB) (end, error) {
	var e end
	var hash []byte
	err := db.QueryRow(ctx, `
		SELECT seq, hash FROM (
			(SELECT seq, hash FROM audit_link ORDER BY seq DESC LIMIT 1)
			UNION ALL
			(SELECT last_seq, hash FROM audit_segment ORDER BY last_seq DESC LIMIT 1)) e
		ORDER BY seq DESC LIMIT 1`).Scan(&e.seq, &hash)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return end{}, err
	}
	copy(e.hash[:], hash)
	return e, nil
}

// extend links a batch of rows after last and returns how many there were.
func extend(ctx context.Context, tx pgx.Tx, last end) (int, error) {
	rows, _ := tx.Query(ctx, `
		SELECT a.id, a.at, a.actor, a.action, a.subject, a.subject_id, a.detail
		FROM audit_pending p JOIN audit a ON a.id = p.audit_id
		ORDER BY p.audit_id
		LIMIT $1`, batch)
	waiting, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	seqs, ids, hashes := make([]int64, len(waiting)), make([]int64, len(waiting)), make([][]byte, len(waiting))
	for i, row := range waiting {
		encoded, err := row.encode()
		if err != nil {
			return 0, err
		}
		last = end{last.seq + 1, link(last.hash, last.seq+1, encoded)}
		seqs[i], ids[i], hashes[i] = last.seq, row.ID, bytes.Clone(last.hash[:])
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_link (seq, audit_id, hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`, seqs, ids, hashes)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM audit_pending WHERE audit_id = ANY ($1)`, ids)
	return len(ids), err
}

// segment is a closed, signed part of the chain.
type segment struct {
	ID                   int64
	First, Last          int64
	Before, Hash         []byte
	FromAt, ToAt, Closed time.Time
	Key                  string
	Signature            []byte
	Dropped              *time.Time
	Present              int64 // rows that are there
}

// message is what is signed.
func (s segment) message() []byte {
	b := []byte("wangge audit segment 1\n")
	for _, n := range []int64{s.ID, s.First, s.Last, s.FromAt.UnixMicro(), s.ToAt.UnixMicro(), s.Closed.UnixMicro()} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return appendField(appendField(b, s.Before), s.Hash)
}

// close closes the segments that are due: the full ones, and one that was begun
// before today.
func (s Sealer) close(ctx context.Context) error {
	for {
		closed := false
		err := s.alone(ctx, func(tx pgx.Tx) error {
			next, err := open(ctx, tx, s.Rows)
			if err != nil || !s.due(next) {
				return err
			}
			if next.Present != next.Last-next.First+1 {
				s.Log.Error("an audit segment lacks rows and is not signed: run wangge audit verify", "segment", next.ID, "first", next.First, "last", next.Last)
				return nil
			}
			closed = true
			return s.sign(ctx, tx, next)
		})
		if err != nil {
			return fmt.Errorf("close audit segments: %w", err)
		}
		if !closed {
			return nil
		}
	}
}

// open is the segment that is not closed yet, as far as it is full.
func open(ctx context.Context, tx pgx.Tx, rows int64) (segment, error) {
	next := segment{ID: 1, First: 1, Before: make([]byte, len(Hash{}))}
	err := tx.QueryRow(ctx, `SELECT id + 1, last_seq + 1, hash FROM audit_segment ORDER BY id DESC LIMIT 1`).Scan(&next.ID, &next.First, &next.Before)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return next, err
	}
	err = tx.QueryRow(ctx, `
		SELECT coalesce(max(l.seq), 0), count(a.id), coalesce(min(a.at), now()), coalesce(max(a.at), now()),
		       (SELECT hash FROM audit_link WHERE seq = max(l.seq))
		FROM audit_link l LEFT JOIN audit a ON a.id = l.audit_id
		WHERE l.seq BETWEEN $1 AND $2`, next.First, next.First+rows-1).
		Scan(&next.Last, &next.Present, &next.FromAt, &next.ToAt, &next.Hash)
	return next, err
}

func (s Sealer) due(next segment) bool {
	if next.Last < next.First {
		return false
	}
	return next.Last-next.First+1 >= s.Rows || geo.DayOf(next.FromAt).Before(geo.DayOf(s.Now()))
}

func (s Sealer) sign(ctx context.Context, tx pgx.Tx, next segment) error {
	next.Closed = s.Now().UTC().Truncate(time.Microsecond)
	next.Key = s.Key.Public().ID()
	next.Signature = s.Key.sign(next.message())
	_, err := tx.Exec(ctx, `
		INSERT INTO audit_segment (id, first_seq, last_seq, before, hash, from_at, to_at, closed_at, key, signature)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		next.ID, next.First, next.Last, next.Before, next.Hash, next.FromAt, next.ToAt, next.Closed, next.Key, next.Signature)
	if err != nil {
		return fmt.Errorf("segment %d: %w", next.ID, err)
	}
	s.Log.Info("audit segment closed", "segment", next.ID, "rows", next.Present)
	return nil
}

// ErrTooYoung protects rows that the law wants kept.
var ErrTooYoung = fault.New(fault.Invalid, "audit_too_young", "The log is kept for at least three years. Choose an earlier day.")

// Dropped is what retention removed.
type Dropped struct {
	Segments int64 `json:"segments"`
	Rows     int64 `json:"rows"`
}

// DropBefore removes the rows of segments that were closed before a day, and keeps
// their signed headers: the rest still verifies. A day less than three years ago
// is ErrTooYoung.
func DropBefore(ctx context.Context, db pg.DB, day geo.Day) (Dropped, error) {
	var d Dropped
	err := db.QueryRow(ctx, `SELECT segments, rows FROM audit_drop($1)`, day.Start()).Scan(&d.Segments, &d.Rows)
	if err != nil {
		return Dropped{}, fmt.Errorf("drop the audit before %s: %w", day, pg.Faults{"audit_is_kept_three_years": ErrTooYoung}.Of(err))
	}
	return d, nil
}
