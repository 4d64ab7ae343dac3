package audit

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
)

// Head is the newest link at a time, signed. Kept outside the database it shows
// later that everything up to it is still the same.
type Head struct {
	Kind      string    `json:"kind"` // "head", or "restored": the chain goes on from here, what stood after it was given up
	Seq       int64     `json:"seq"`  // 0 = nothing was linked yet
	Hash      Hash      `json:"hash"`
	At        time.Time `json:"at"`
	Key       string    `json:"key"` // name of the key that signed
	Signature []byte    `json:"signature"`
}

// The kinds of heads.
const (
	atHead   = "head"
	restored = "restored"
)

// message is what is signed.
func (h Head) message() []byte {
	b := []byte("wangge audit head 1\n")
	b = appendField(b, []byte(h.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(h.Seq))
	b = append(b, h.Hash[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(h.At.UnixMicro()))
}

func (h Head) signed(key Key) Head {
	h.At = h.At.UTC().Truncate(time.Microsecond)
	h.Key = key.Public().ID()
	h.Signature = key.sign(h.message())
	return h
}

// Now returns the head of the chain at this moment, signed.
func Now(ctx context.Context, db pg.DB, key Key) (Head, error) {
	h := Head{Kind: atHead}
	var hash []byte
	err := db.QueryRow(ctx, `SELECT seq, hash, now() FROM audit_link ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &hash, &h.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return emptyHead(ctx, db, key)
	}
	if err != nil {
		return Head{}, fmt.Errorf("head of the audit: %w", err)
	}
	copy(h.Hash[:], hash)
	return h.signed(key), nil
}

// emptyHead is the head when there is no link: nothing was linked yet, or
// retention removed all of it.
func emptyHead(ctx context.Context, db pg.DB, key Key) (Head, error) {
	h := Head{Kind: atHead}
	var hash []byte
	err := db.QueryRow(ctx, `
		SELECT coalesce(max(last_seq), 0), (SELECT hash FROM audit_segment ORDER BY id DESC LIMIT 1), now()
		FROM audit_segment`).Scan(&h.Seq, &hash, &h.At)
	if err != nil {
		return Head{}, fmt.Errorf("head of the audit: %w", err)
	}
	copy(h.Hash[:], hash)
	return h.signed(key), nil
}

// Heads is a file of heads, one JSON object a line, oldest first. It lies outside
// the database, best on another machine as well.
type Heads string

// Append adds a head and does not return before it is on the disk.
func (file Heads) Append(h Head) error {
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	folder := filepath.Dir(string(file))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	f, err := os.OpenFile(string(file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), syncFolder(folder)); err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	return nil
}

// maxHead is the longest line of a file of heads, in bytes.
const maxHead = 4096

// read calls yield with every head of the file and the number of its line. A line
// cut short at the end, by a crash, is no head; a missing file has none.
func (file Heads) read(yield func(line int, h Head) error) error {
	f, err := os.Open(string(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxHead)
	var damaged error
	for n := 1; lines.Scan(); n++ {
		if damaged != nil {
			return damaged
		}
		var h Head
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			damaged = fmt.Errorf("audit heads %s, line %d: %w", file, n, err)
			continue
		}
		if err := yield(n, h); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("audit heads %s: %w", file, err)
	}
	return nil
}

// last returns the newest head of the file, the zero Head when it has none.
func (file Heads) last() (newest Head, err error) {
	err = file.read(func(_ int, h Head) error { newest = h; return nil })
	return newest, err
}

const undefinedTable = "42P01"

// Restored records in the file that the database was replaced by an older one: the
// chain goes on from its head, and what stood after it was given up. Without this
// line Verify reports the rows that are missing.
func Restored(ctx context.Context, db pg.DB, key Key, file Heads) error {
	h, err := Now(ctx, db, key)
	if pg.ErrCode(err, undefinedTable) { // a backup of a release that had no chain
		h, err = Head{At: time.Now()}, nil
	}
	if err != nil {
		return err
	}
	h.Kind = restored
	return file.Append(h.signed(key))
}
