package vault

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
)

// Deletion says that the key of a record was destroyed. It is the key that counts:
// after a restore an id may come again and mean somebody else.
type Deletion struct {
	Key  uuid.UUID `json:"key"`
	Kind string    `json:"kind"`
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
}

// Deletions is the deletion list, a file beside the key file: one JSON object per
// line, only ever appended to, ids and no content. The database has the same rows,
// but a backup of the database does not know what was deleted after it.
type Deletions string

// DeletionsBeside is the list that belongs to the key file at a path.
func DeletionsBeside(ring string) Deletions {
	return Deletions(filepath.Join(filepath.Dir(ring), "deletions.jsonl"))
}

// append adds lines and waits for the disk. A line that a crash cut short before
// stays one of its own.
func (d Deletions) append(list []Deletion) error {
	var text []byte
	for _, one := range list {
		one.At = one.At.UTC()
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	f, err := os.OpenFile(string(d), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("deletion list: %w", err)
	}
	if cut(f) {
		text = append([]byte{'\n'}, text...)
	}
	_, err = f.Write(text) // one write: lines of several processes do not mix
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = syncFolder(filepath.Dir(string(d))) // the file may be new
	}
	if err != nil {
		return fmt.Errorf("deletion list: %w", err)
	}
	return nil
}

// cut reports whether a file ends within a line.
func cut(f *os.File) bool {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, size-1)
	return err == nil && last[0] != '\n'
}

// Read returns the list, and the numbers of lines that are none: what a crash cut
// short was never promised to anybody, all else is damage that a person must know.
func (d Deletions) Read() (list []Deletion, unreadable []int, err error) {
	f, err := os.Open(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("deletion list: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var one Deletion
		if json.Unmarshal(lines.Bytes(), &one) != nil || one.Key == uuid.Nil {
			unreadable = append(unreadable, n)
			continue
		}
		list = append(list, one)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("deletion list: %w", err)
	}
	return list, unreadable, nil
}

// Apply destroys again what the list says, and returns the records whose keys were
// there. It is called after a restore, and may be repeated.
func Apply(ctx context.Context, db pg.DB, list []Deletion) (again []Deletion, err error) {
	keys := make([]uuid.UUID, len(list))
	when := make(map[uuid.UUID]time.Time, len(list))
	for i, one := range list {
		keys[i], when[one.Key] = one.Key, one.At
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `DELETE FROM sealed_key WHERE key = ANY($1) RETURNING key, kind, id, now()`, keys)
		again, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Deletion])
		if err != nil {
			return err
		}
		for i := range again {
			again[i].At = when[again[i].Key]
		}
		return record(ctx, tx, list, true)
	})
	if err != nil {
		return nil, fmt.Errorf("apply the deletion list: %w", err)
	}
	return again, nil
}

// record keeps deletions in the database too. Whoever deletes may not read the
// list, so a row that is there already is passed over only when again is true.
func record(ctx context.Context, tx pgx.Tx, list []Deletion, again bool) error {
	var keys []uuid.UUID
	var kinds, ids []string
	var at []time.Time
	for _, one := range list {
		keys, kinds, ids, at = append(keys, one.Key), append(kinds, one.Kind), append(ids, one.ID), append(at, one.At)
	}
	sql := `
		INSERT INTO deletion (key, kind, id, deleted_at)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])`
	if again {
		sql += ` ON CONFLICT (key) DO NOTHING`
	}
	_, err := tx.Exec(ctx, sql, keys, kinds, ids, at)
	return err
}
