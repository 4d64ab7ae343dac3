// Package backup writes a database into one file and makes a database from such
// a file, with PostgreSQL's own pg_dump and pg_restore.
//
// A backup is two files: NAME.dump in PostgreSQL's custom format, which every
// later PostgreSQL can read, and NAME.json, its manifest: what made it, a
// checksum, and the number of rows of every table in the same snapshot. Restore
// checks all three. Both appear complete or not at all.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/migrations"
)

// What callers tell apart.
var (
	ErrDamaged  = errors.New("backup damaged")
	ErrNotEmpty = errors.New("database not empty")
	ErrFull     = errors.New("no room for the backup")
)

// Database is a database and the programs that fit its server.
type Database struct {
	DSN string
	Bin func(program string) string // path of pg_dump, pg_restore
}

// Manifest describes a backup.
type Manifest struct {
	Format     int              `json:"format"` // 1
	File       string           `json:"file"`
	MadeAt     time.Time        `json:"made_at"`
	Program    string           `json:"program"`    // version of wangge
	PostgreSQL string           `json:"postgresql"` // version of the server
	PostGIS    string           `json:"postgis"`
	Schema     int64            `json:"schema"` // last migration
	Bytes      int64            `json:"bytes"`
	SHA256     string           `json:"sha256"`
	Rows       map[string]int64 `json:"rows"` // by table, in the dump's own snapshot
}

const (
	format    = 1
	extension = ".dump"
	unfinish  = ".tmp" // what a file is called until it is complete
)

// manifestOf is the manifest's path for a backup's: town.json for town.dump,
// and for other names one with .json at the end.
func manifestOf(file string) string { return strings.TrimSuffix(file, extension) + ".json" }

// Write makes a backup of db at file, which must not exist. The database stays
// in use meanwhile; the backup shows one moment of it.
func Write(ctx context.Context, db Database, file, program string, now time.Time) (Manifest, error) {
	m, err := write(ctx, db, file, program, now)
	if err != nil {
		os.Remove(file + unfinish)
		os.Remove(manifestOf(file) + unfinish)
		return m, fmt.Errorf("backup %s: %w", file, err)
	}
	return m, nil
}

func write(ctx context.Context, db Database, file, program string, now time.Time) (Manifest, error) {
	m := Manifest{Format: format, File: filepath.Base(file), MadeAt: now.UTC(), Program: program}
	if _, err := os.Stat(file); err == nil {
		return m, errors.New("there is already a file of this name")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return m, err
	}
	if err := dump(ctx, db, file+unfinish, &m); err != nil {
		return m, err
	}
	var err error
	if m.Bytes, m.SHA256, err = digest(file + unfinish); err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := writeSynced(manifestOf(file)+unfinish, append(text, '\n')); err != nil {
		return m, explain(err, "")
	}
	// The dump comes last: where it is, its manifest is.
	if err := os.Rename(manifestOf(file)+unfinish, manifestOf(file)); err != nil {
		return m, err
	}
	if err := os.Rename(file+unfinish, file); err != nil {
		return m, err
	}
	return m, syncFolder(filepath.Dir(file))
}

// dump holds one snapshot open, counts in it and has pg_dump read the same one.
func dump(ctx context.Context, db Database, to string, m *Manifest) error {
	conn, err := pgx.Connect(ctx, db.DSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	var snapshot string
	if err := tx.QueryRow(ctx, `SELECT pg_export_snapshot()`).Scan(&snapshot); err != nil {
		return err
	}
	if err := describe(ctx, tx, m); err != nil {
		return err
	}
	if err := os.WriteFile(to, nil, 0o600); err != nil { // pg_dump keeps the mode
		return explain(err, "")
	}
	return runTool(ctx, db, "pg_dump", "--format=custom", "--no-owner",
		"--snapshot="+snapshot, "--file="+to)
}

func describe(ctx context.Context, tx pgx.Tx, m *Manifest) error {
	err := tx.QueryRow(ctx, `
		SELECT current_setting('server_version'),
		       coalesce((SELECT extversion FROM pg_extension WHERE extname = 'postgis'), '')`).Scan(&m.PostgreSQL, &m.PostGIS)
	if err != nil {
		return err
	}
	if m.Schema, err = schemaVersion(ctx, tx); err != nil {
		return err
	}
	m.Rows, err = countRows(ctx, tx)
	return err
}

// schemaVersion is the last migration of a database, 0 if it has none.
func schemaVersion(ctx context.Context, tx pgx.Tx) (version int64, err error) {
	var there bool
	err = tx.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there)
	if err != nil || !there {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// countRows counts every table that is not PostgreSQL's or an extension's.
func countRows(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	tables, err := tablesOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]int64, len(tables))
	for _, t := range tables {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+t.Sanitize()).Scan(&n); err != nil {
			return nil, fmt.Errorf("count %s: %w", t.Sanitize(), err)
		}
		rows[strings.TrimPrefix(strings.Join(t, "."), "public.")] = n
	}
	return rows, nil
}

func tablesOf(ctx context.Context, tx pgx.Tx) ([]pgx.Identifier, error) {
	rows, _ := tx.Query(ctx, `
		SELECT n.nspname, c.relname
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
		  AND NOT EXISTS (SELECT FROM pg_depend d
		                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY 1, 2`)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (pgx.Identifier, error) {
		var schema, table string
		err := row.Scan(&schema, &table)
		return pgx.Identifier{schema, table}, err
	})
}

// Inspect reads a backup's manifest and checks the file against it. A file that
// has none (made by pg_dump itself) gives an empty manifest: nothing is known.
func Inspect(file string) (Manifest, error) {
	var m Manifest
	if _, err := os.Stat(file); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	text, err := os.ReadFile(manifestOf(file))
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("backup %s: %w", file, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%w: manifest %s: %v", ErrDamaged, manifestOf(file), err)
	}
	if m.Format > format {
		return m, fmt.Errorf("backup %s has format %d, made by wangge %s: restore it with that version or a later one", file, m.Format, m.Program)
	}
	bytes, sum, err := digest(file)
	if err != nil {
		return m, fmt.Errorf("backup %s: %w", file, err)
	}
	if bytes != m.Bytes || sum != m.SHA256 {
		return m, fmt.Errorf("%w: %s has %d bytes and SHA-256 %s, its manifest says %d and %s. Use another backup",
			ErrDamaged, file, bytes, short(sum), m.Bytes, short(m.SHA256))
	}
	return m, nil
}

// Restore fills an empty database from a backup that Inspect has passed, in one
// transaction, and compares the rows of every table with the manifest.
func Restore(ctx context.Context, db Database, file string, m Manifest) error {
	if err := checkEmpty(ctx, db.DSN); err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	if err := migrations.Roles(ctx, db.DSN); err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	err := runTool(ctx, db, "pg_restore", "--single-transaction", "--exit-on-error",
		"--no-owner", "--no-comments", file)
	if err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	if err := compare(ctx, db.DSN, m); err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	if err := migrations.Own(ctx, db.DSN); err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	return nil
}

func checkEmpty(ctx context.Context, dsn string) error {
	return readOnly(ctx, dsn, func(tx pgx.Tx) error {
		tables, err := tablesOf(ctx, tx)
		if err == nil && len(tables) > 0 {
			err = fmt.Errorf("%w: it has %d tables (%s, …)", ErrNotEmpty, len(tables), tables[0].Sanitize())
		}
		return err
	})
}

func compare(ctx context.Context, dsn string, m Manifest) error {
	return readOnly(ctx, dsn, func(tx pgx.Tx) error {
		got, err := countRows(ctx, tx)
		if err != nil {
			return err
		}
		for table, want := range m.Rows {
			if got[table] != want {
				return fmt.Errorf("%w: table %s has %d rows after the restore, the manifest says %d", ErrDamaged, table, got[table], want)
			}
		}
		return nil
	})
}

func readOnly(ctx context.Context, dsn string, do func(pgx.Tx) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, do)
}

func digest(file string) (size int64, sum string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

func short(sum string) string { return sum[:min(12, len(sum))] + "…" }

func writeSynced(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
