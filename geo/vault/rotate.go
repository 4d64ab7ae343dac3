package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
)

// Faults of keeping keys.
var (
	ErrKeyUnknown = fault.New(fault.NotFound, "ring_key_unknown", "The key file holds no such key. List them with: wangge keys list.")
	ErrKeyCurrent = fault.New(fault.Conflict, "ring_key_current", "This key wraps what is sealed now. Rotate first.")
	ErrKeyUsed    = fault.New(fault.Conflict, "ring_key_used", "Records are still wrapped by this key. Finish the rotation with: wangge keys rotate --resume.")
	ErrKeyBackup  = fault.New(fault.Conflict, "ring_key_backup", "A backup is kept from the time of this key; without the key its personal fields could never be read again.")
)

// Progress reports steps: the stage, and done of total.
type Progress func(stage string, done, total int64)

// Rotation is what was done.
type Rotation struct {
	Key     string // the current key
	Wrapped int64  // records whose key was wrapped anew
}

// batch is how many record keys are wrapped in one transaction.
const batch = 500

// Rotate makes a new wrapping key and wraps every record's key with it. The
// records' own keys, and so their fields, stay as they are. It may be interrupted
// anywhere: each record is under the old key or the new one, and both are in the
// file; Rewrap does the rest. Others may seal and open meanwhile.
func Rotate(ctx context.Context, db pg.DB, ring *Ring, step Progress) (Rotation, error) {
	err := ring.update(func(f *keyFile) error { f.add(time.Now()); return nil })
	if err != nil {
		return Rotation{}, fmt.Errorf("rotate: %w", err)
	}
	return Rewrap(ctx, db, ring, step)
}

// Rewrap wraps with the current key what is wrapped by older ones, and writes into
// the file which keys no record uses any more. Records that cannot be read stay as
// they are and are named in the error.
func Rewrap(ctx context.Context, db pg.DB, ring *Ring, step Progress) (Rotation, error) {
	current, err := ring.current()
	if err != nil {
		return Rotation{}, fmt.Errorf("rotate: %w", err)
	}
	done := Rotation{Key: current}
	var total int64
	err = db.QueryRow(ctx, `SELECT count(*) FROM sealed_key WHERE ring_key <> $1`, current).Scan(&total)
	if err != nil {
		return done, fmt.Errorf("rotate: %w", err)
	}
	var broken []error
	for after := (Subject{}); ; {
		last, n, left, err := rewrapBatch(ctx, db, ring, current, after)
		if err != nil {
			return done, fmt.Errorf("rotate: %w", err)
		}
		if n == 0 {
			break
		}
		done.Wrapped += int64(n - len(left))
		broken = append(broken, left...)
		step("keys", done.Wrapped, max(total, done.Wrapped))
		after = last
	}
	if err := markUnused(ctx, db, ring); err != nil {
		return done, fmt.Errorf("rotate: %w", err)
	}
	if len(broken) > 0 {
		return done, fmt.Errorf("rotate: %w", errors.Join(broken...))
	}
	return done, nil
}

// rewrapBatch wraps the next records after one, in order, and returns the last of
// them, how many there were, and what was wrong with those that it had to leave.
func rewrapBatch(ctx context.Context, db pg.DB, ring *Ring, current string, after Subject) (last Subject, n int, left []error, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		type row struct {
			Kind, ID string
			Key      uuid.UUID
			Wrapped  []byte
			RingKey  string
		}
		rows, _ := tx.Query(ctx, `
			SELECT kind, id, key, wrapped, ring_key FROM sealed_key
			WHERE ring_key <> $1 AND (kind, id) > ($2, $3)
			ORDER BY kind, id
			LIMIT $4
			FOR UPDATE`, current, after.Kind, after.ID, batch)
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if n = len(list); err != nil || n == 0 {
			return err
		}
		last = Subject{list[n-1].Kind, list[n-1].ID}
		wrapping, err := ring.find(current)
		if err != nil {
			return err
		}
		var keys []uuid.UUID
		var wrapped [][]byte
		for _, r := range list {
			s := Subject{r.Kind, r.ID}
			key, err := ring.unwrap(s, r.RingKey, r.Wrapped)
			if err != nil {
				left = append(left, fmt.Errorf("%s: %w", s, err))
				continue
			}
			keys, wrapped = append(keys, r.Key), append(wrapped, wrapping.encrypt(key[:], s.bindKey()))
		}
		_, err = tx.Exec(ctx, `
			UPDATE sealed_key k SET wrapped = n.wrapped, ring_key = $1
			FROM unnest($2::uuid[], $3::bytea[]) n(key, wrapped) WHERE k.key = n.key`, current, keys, wrapped)
		return err
	})
	return last, n, left, err
}

// markUnused waits for everybody who is sealing, and writes down which keys wrap
// nothing. Whoever seals after that reads the file first and takes the current key.
func markUnused(ctx context.Context, db pg.DB, ring *Ring) error {
	return alone(ctx, db, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `SELECT DISTINCT ring_key FROM sealed_key`)
		used, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		now := time.Now().UTC() // a backup that begins after it holds nothing of an unused key
		return ring.update(func(f *keyFile) error {
			for i, k := range f.Keys {
				switch {
				case k.ID == f.Current || slices.Contains(used, k.ID):
					f.Keys[i].UnusedSince = nil // a restored backup may use a key again
				case k.UnusedSince == nil:
					f.Keys[i].UnusedSince = &now
				}
			}
			return nil
		})
	})
}

// alone keeps everybody from sealing while do runs.
func alone(ctx context.Context, db pg.DB, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, 0)`, lockSpace); err != nil {
			return err
		}
		return do(tx)
	})
}

// Retire removes a wrapping key from the file. No record may use it, and no backup
// that is kept may be older than that: oldest is when the oldest one was made, zero
// if there is none. Once the key is gone, the personal fields in copies of its time
// can never be read again, neither those of records that live nor those of records
// that were deleted since; that is how a deletion reaches old copies.
func Retire(ctx context.Context, db pg.DB, ring *Ring, id string, oldest time.Time) error {
	err := alone(ctx, db, func(tx pgx.Tx) error {
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sealed_key WHERE ring_key = $1)`, id).Scan(&used); err != nil {
			return err
		}
		return ring.update(func(f *keyFile) error {
			i := slices.IndexFunc(f.Keys, func(k storedKey) bool { return k.ID == id })
			switch {
			case i < 0:
				return ErrKeyUnknown
			case f.Current == id:
				return ErrKeyCurrent
			case used || f.Keys[i].UnusedSince == nil:
				return ErrKeyUsed
			case !oldest.IsZero() && oldest.Before(*f.Keys[i].UnusedSince):
				return ErrKeyBackup.Saying("The oldest one was made at " + oldest.UTC().Format(time.RFC3339) + ".")
			}
			f.Keys = slices.Delete(f.Keys, i, i+1)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("retire key %s: %w", id, err)
	}
	return nil
}
