// Package vault keeps the few personal fields there are, encrypted.
//
// A record (a Subject: an account, a household, a request) has a random key of
// its own. Its fields are encrypted with that key (AES-256-GCM) and bound to
// record and field, so that none can be moved elsewhere. The key stands beside
// them, wrapped by a key of the Ring, a file outside the database. Destroy removes
// the record's key and with it every copy of the fields that is left somewhere:
// a dead row, the write-ahead log, a backup from before, once the wrapping key of
// that time is retired too (see docs/privacy.md).
//
// Plain text never reaches SQL, so it is in no log, cache, dump or export. What
// may be sealed is what the purpose register names (table purpose_field); the
// database refuses all else.
package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
)

// Subject is a record that has personal fields: the account 12.
type Subject struct {
	Kind string // as in the purpose register: "account", "household", "request"
	ID   string // letters, digits and hyphens
}

func (s Subject) String() string { return s.Kind + " " + s.ID }

// Fields are personal values by field. They never print: neither in a log, nor in
// an error, nor as JSON; whoever may show one takes it out by its name.
type Fields map[string]string

const hidden = "[sealed]"

// String implements fmt.Stringer.
func (Fields) String() string { return hidden }

// Format implements fmt.Formatter: no verb shows the values.
func (Fields) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue implements slog.LogValuer.
func (Fields) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON implements json.Marshaler.
func (Fields) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Faults of this package. None carries a value.
var (
	ErrUnregistered = fault.New(fault.Invalid, "field_unregistered", "This personal field is not in the purpose register, so it cannot be kept.")
	ErrSubject      = fault.New(fault.Invalid, "sealed_subject", "A sealed record is named by letters, digits and hyphens.")
	ErrDamaged      = fault.New(fault.Unavailable, "sealed_damaged", "A sealed record is damaged and cannot be read. Enter it again, or restore a backup.")
	ErrRingLost     = fault.New(fault.Unavailable, "ring_lost", "The wrapping key of a sealed record is not in the key file. Put the file back from its safe copy.")
)

var (
	faults = pg.Faults{"sealed_field_is_registered": ErrUnregistered, "sealed_key_id_is_plain": ErrSubject}
	plain  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// Seal sets fields of a record, in the caller's transaction if db is one. Other
// fields of the record stay; an empty value removes its field. Where a value is
// replaced or removed the record gets a new key, so that nothing present opens the
// old value any more.
func Seal(ctx context.Context, db pg.DB, ring *Ring, s Subject, fields map[string]string) error {
	if !plain.MatchString(s.ID) {
		return fmt.Errorf("seal %s: %w", s.Kind, ErrSubject)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		key, err := keyFor(ctx, tx, ring, s)
		if err != nil {
			return err
		}
		if key, err = renew(ctx, tx, ring, s, key, fields); err != nil {
			return err
		}
		var names, gone []string
		var values [][]byte
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if fields[name] == "" {
				gone = append(gone, name)
				continue
			}
			names = append(names, name)
			values = append(values, key.encrypt([]byte(fields[name]), s.bind(name)))
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO sealed (kind, id, field, value)
			SELECT $1, $2, f.field, f.value FROM unnest($3::text[], $4::bytea[]) f(field, value)
			ON CONFLICT (kind, id, field) DO UPDATE SET value = excluded.value`, s.Kind, s.ID, names, values)
		if err != nil {
			return faults.Of(err)
		}
		_, err = tx.Exec(ctx, `DELETE FROM sealed WHERE kind = $1 AND id = $2 AND field = ANY($3)`, s.Kind, s.ID, gone)
		return err
	})
	if err != nil {
		return fmt.Errorf("seal %s: %w", s, err)
	}
	return nil
}

// renew gives a record a new key when some of its values are about to go, and seals
// those that stay with it.
func renew(ctx context.Context, tx pgx.Tx, ring *Ring, s Subject, key secret, fields map[string]string) (secret, error) {
	rows, _ := tx.Query(ctx, `SELECT field, value FROM sealed WHERE kind = $1 AND id = $2`, s.Kind, s.ID)
	kept, changes := map[string][]byte{}, false
	var field string
	var value []byte
	_, err := pgx.ForEachRow(rows, []any{&field, &value}, func() error {
		if _, changed := fields[field]; changed {
			changes = true
			return nil
		}
		plain, err := key.decrypt(value, s.bind(field))
		kept[field] = plain
		return err
	})
	if err != nil || !changes {
		return key, err
	}
	next := newSecret()
	by, wrapped, err := ring.wrap(s, next)
	if err != nil {
		return next, err
	}
	if _, err := tx.Exec(ctx, `UPDATE sealed_key SET wrapped = $3, ring_key = $4 WHERE kind = $1 AND id = $2`, s.Kind, s.ID, wrapped, by); err != nil {
		return next, err
	}
	for field, plain := range kept {
		_, err := tx.Exec(ctx, `UPDATE sealed SET value = $4 WHERE kind = $1 AND id = $2 AND field = $3`, s.Kind, s.ID, field, next.encrypt(plain, s.bind(field)))
		if err != nil {
			return next, err
		}
	}
	return next, nil
}

// keyFor is the key of a record, made when it has none. The row stays locked
// until the transaction ends, and so do the wrapping keys against Retire.
func keyFor(ctx context.Context, tx pgx.Tx, ring *Ring, s Subject) (secret, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock_shared($1, 0)`, lockSpace); err != nil {
		return secret{}, err
	}
	for range 2 {
		var wrapped []byte
		var by string
		err := tx.QueryRow(ctx, `SELECT wrapped, ring_key FROM sealed_key WHERE kind = $1 AND id = $2 FOR UPDATE`, s.Kind, s.ID).Scan(&wrapped, &by)
		if err == nil {
			return ring.unwrap(s, by, wrapped)
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return secret{}, err
		}
		key := newSecret()
		by, wrapped, err = ring.wrap(s, key)
		if err != nil {
			return secret{}, err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO sealed_key (kind, id, key, wrapped, ring_key) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (kind, id) DO NOTHING`, s.Kind, s.ID, uuid.New(), wrapped, by)
		if err != nil {
			return secret{}, faults.Of(err)
		}
		if tag.RowsAffected() == 1 {
			return key, nil
		} // somebody else has just made it
	}
	return secret{}, errors.New("its key is there and cannot be seen")
}

// lockSpace keeps the advisory locks of this package apart from all others:
// whoever seals holds it shared, whoever declares a wrapping key unused alone.
const lockSpace = 77_003

// Open returns the fields of a record; none if nothing is sealed, or if row-level
// security hides it.
func Open(ctx context.Context, db pg.DB, ring *Ring, s Subject) (Fields, error) {
	all, err := OpenMany(ctx, db, ring, s.Kind, []string{s.ID})
	return all[s.ID], err
}

// OpenMany returns the fields of many records of a kind by id, in one statement.
// Records that cannot be read are left out and named in the error.
func OpenMany(ctx context.Context, db pg.DB, ring *Ring, kind string, ids []string) (map[string]Fields, error) {
	type row struct {
		ID      string
		Field   string
		Value   []byte
		Wrapped []byte
		RingKey string
	}
	rows, _ := db.Query(ctx, `
		SELECT s.id, s.field, s.value, k.wrapped, k.ring_key
		FROM sealed s JOIN sealed_key k ON k.kind = s.kind AND k.id = s.id
		WHERE s.kind = $1 AND s.id = ANY($2)
		ORDER BY s.id, s.field`, kind, ids)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", kind, err)
	}
	all := make(map[string]Fields, len(ids))
	broken := map[string]error{}
	var key secret
	for i, r := range list {
		s := Subject{kind, r.ID}
		if broken[r.ID] != nil {
			continue
		}
		if i == 0 || list[i-1].ID != r.ID {
			if key, err = ring.unwrap(s, r.RingKey, r.Wrapped); err != nil {
				broken[r.ID] = err
				continue
			}
			all[r.ID] = Fields{}
		}
		value, err := key.decrypt(r.Value, s.bind(r.Field))
		if err != nil {
			delete(all, r.ID)
			broken[r.ID] = ErrDamaged
			continue
		}
		all[r.ID][r.Field] = string(value)
	}
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(broken)) {
		errs = append(errs, fmt.Errorf("open %s: %w", Subject{kind, id}, broken[id]))
	}
	return all, errors.Join(errs...)
}

// Destroy destroys the key of a record and its fields, and writes that down in the
// deletion list beside the key file before it returns. Call it last in a
// transaction: should that not commit, the line stands all the same, and the next
// restore deletes what somebody asked to be deleted.
func Destroy(ctx context.Context, db pg.DB, ring *Ring, s Subject) error {
	_, err := DestroyMany(ctx, db, ring, s.Kind, []string{s.ID})
	return err
}

// DestroyMany destroys the keys of many records of a kind and returns how many
// there were.
func DestroyMany(ctx context.Context, db pg.DB, ring *Ring, kind string, ids []string) (n int, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			DELETE FROM sealed_key WHERE kind = $1 AND id = ANY($2) RETURNING key, kind, id, now()`, kind, ids)
		gone, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Deletion])
		if n = len(gone); err != nil || n == 0 {
			return err
		}
		if err := record(ctx, tx, gone, false); err != nil {
			return err
		}
		return DeletionsBeside(ring.path).append(gone)
	})
	if err != nil {
		return 0, fmt.Errorf("destroy %s: %w", kind, err)
	}
	return n, nil
}

// OpenFor opens the ring of a database. It makes the key file only when nothing is
// sealed yet: a new file beside old records would hide that theirs is lost.
func OpenFor(ctx context.Context, db pg.DB, path string) (*Ring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		var sealed bool
		if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sealed_key)`).Scan(&sealed); err != nil {
			return nil, fmt.Errorf("key file: %w", err)
		}
		if sealed {
			return nil, ErrRingLost.Saying("The database has sealed records, and " + path + " is not there.")
		}
	}
	return OpenRing(path)
}
