package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg/pgembed"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var now = time.Date(2026, 5, 4, 3, 0, 0, 0, time.Local)

// database is a migrated one with a table that has something of everything.
func database(t *testing.T) Database {
	t.Helper()
	db := Database{DSN: pgtest.DSN(t), Bin: tool(t)}
	execute(t, db.DSN, `
		CREATE TABLE sample AS SELECT n, '网格 ' || n AS name, ST_SetSRID(ST_MakePoint(120 + n * 1e-7, 30), 4326) AS point
		FROM generate_series(1, 1000) n`)
	return db
}

func tool(t *testing.T) func(string) string {
	t.Helper()
	found := pgembed.Installed()
	if len(found) == 0 {
		t.Fatal("no PostgreSQL with PostGIS is installed")
	}
	return found[0].Program
}

// empty is a database with nothing in it, on the same server.
func empty(t *testing.T, beside Database) Database {
	t.Helper()
	name := fmt.Sprintf("restore_%d", time.Now().UnixNano())
	execute(t, beside.DSN, `CREATE DATABASE `+name+` TEMPLATE template0`)
	t.Cleanup(func() { execute(t, beside.DSN, `DROP DATABASE `+name+` WITH (FORCE)`) })
	fields := strings.Fields(beside.DSN)
	for i, f := range fields {
		if strings.HasPrefix(f, "dbname=") {
			fields[i] = "dbname=" + name
		}
	}
	return Database{DSN: strings.Join(fields, " "), Bin: beside.Bin}
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func text(t *testing.T, dsn, sql string) (s string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func written(t *testing.T, db Database) string {
	t.Helper()
	file := ManualFile(t.TempDir(), now)
	if _, err := Write(t.Context(), db, file, "1.0", now); err != nil {
		t.Fatal(err)
	}
	return file
}

const fingerprint = `SELECT md5(string_agg(name || ST_AsEWKT(point), ',' ORDER BY n)) FROM sample`

func TestRestoredDatabaseIsTheOneThatWasWritten(t *testing.T) {
	db := database(t)
	file := written(t, db)
	m, err := Inspect(file)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows["sample"] != 1000 || m.Schema == 0 || m.PostGIS == "" || m.Program != "1.0" {
		t.Errorf("manifest = %+v; want 1000 rows in sample, a schema version, PostGIS and program 1.0", m)
	}
	target := empty(t, db)
	if err := Restore(t.Context(), target, file, m); err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, target.DSN, fingerprint), text(t, db.DSN, fingerprint); got != want {
		t.Errorf("contents after the restore differ: %s, want %s", got, want)
	}
	schema := `SELECT string_agg(c.table_name || '.' || c.column_name || ' ' || c.data_type, ',' ORDER BY c.table_name, c.ordinal_position)
		FROM information_schema.columns c WHERE c.table_schema = 'public'`
	if got, want := text(t, target.DSN, schema), text(t, db.DSN, schema); got != want {
		t.Errorf("columns after the restore:\n%s\nwant\n%s", got, want)
	}
}

// A newer PostGIS is there when the extension exists before the restore, in
// the version that the server offers; the dump names none.
func TestRestoreIntoADatabaseThatAlreadyHasPostGIS(t *testing.T) {
	db := database(t)
	file := written(t, db)
	m, err := Inspect(file)
	if err != nil {
		t.Fatal(err)
	}
	target := empty(t, db)
	execute(t, target.DSN, `CREATE EXTENSION postgis`)
	if err := Restore(t.Context(), target, file, m); err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, target.DSN, fingerprint), text(t, db.DSN, fingerprint); got != want {
		t.Errorf("contents after the restore differ: %s, want %s", got, want)
	}
}

func TestBackupShowsOneMomentOfABusyDatabase(t *testing.T) {
	db := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		conn, err := pgx.Connect(ctx, db.DSN)
		if err != nil {
			done <- err
			return
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for ctx.Err() == nil {
			_, err = conn.Exec(ctx, `INSERT INTO sample SELECT n, 'more', NULL FROM generate_series(1, 100) n`)
		}
		done <- err
	}()
	file := written(t, db)
	cancel()
	<-done
	m, err := Inspect(file)
	if err != nil {
		t.Fatal(err)
	}
	// Restore compares the rows with the manifest, which was counted apart.
	if err := Restore(t.Context(), empty(t, db), file, m); err != nil {
		t.Error(err)
	}
}

func TestRestoreNeverOverwrites(t *testing.T) {
	db := database(t)
	file := written(t, db)
	err := Restore(t.Context(), db, file, Manifest{})
	if !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restore into a full database: %v, want %v", err, ErrNotEmpty)
	}
	if _, err := Write(t.Context(), db, file, "1.0", now); err == nil {
		t.Error("a second backup overwrote the first")
	}
}

func TestDamagedBackupIsRefused(t *testing.T) {
	db := database(t)
	whole, err := os.ReadFile(written(t, db))
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string]func([]byte) []byte{
		"cut short":        func(b []byte) []byte { return b[:len(b)/2] },
		"one bit flipped":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"something longer": func(b []byte) []byte { return append(b, 0) },
		"empty":            func([]byte) []byte { return nil },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			file := written(t, db)
			if err := os.WriteFile(file, spoil(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Inspect(file); !errors.Is(err, ErrDamaged) {
				t.Errorf("inspect: %v, want %v", err, ErrDamaged)
			}
		})
	}
	t.Run("without a manifest", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cut.dump")
		if err := os.WriteFile(file, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		target := empty(t, db)
		if err := Restore(t.Context(), target, file, Manifest{}); err == nil {
			t.Error("half a backup was restored")
		}
		if err := checkEmpty(t.Context(), target.DSN); err != nil {
			t.Errorf("a restore that failed left something: %v", err)
		}
	})
	t.Run("rows are missing", func(t *testing.T) {
		file := written(t, db)
		m, err := Inspect(file)
		if err != nil {
			t.Fatal(err)
		}
		m.Rows["sample"]++
		err = Restore(t.Context(), empty(t, db), file, m)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "sample has 1000 rows") {
			t.Errorf("restore = %v, want %v naming the table", err, ErrDamaged)
		}
	})
	t.Run("manifest", func(t *testing.T) {
		file := written(t, db)
		if err := os.WriteFile(manifestOf(file), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Inspect(file); !errors.Is(err, ErrDamaged) {
			t.Errorf("inspect: %v, want %v", err, ErrDamaged)
		}
	})
}

func TestFailedBackupLeavesNoFile(t *testing.T) {
	db := database(t)
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, db, ManualFile(folder, now), "1.0", now); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled backup: %v, want %v", err, context.Canceled)
	}
	db.Bin = func(string) string { return "/nonexistent/pg_dump" }
	_, err := Write(t.Context(), db, ManualFile(folder, now), "1.0", now)
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y postgresql-client") {
		t.Errorf("without pg_dump: %v, want the command that installs it", err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestDailyKeepsTheNewestAndLeavesOtherFilesAlone(t *testing.T) {
	db := database(t)
	folder := t.TempDir()
	mine := ManualFile(folder, now)
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := Daily{DB: db, Folder: folder, Keep: 2, Log: slog.New(slog.DiscardHandler)}
	for day := range 4 {
		if _, err := d.Once(t.Context(), now.AddDate(0, 0, day)); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := "daily-20260506-030000.dump daily-20260506-030000.json daily-20260507-030000.dump daily-20260507-030000.json manual-20260504-030000.dump"
	if strings.Join(got, " ") != want {
		t.Errorf("files = %v, want %s", got, want)
	}
	if got, want := d.newest(), now.AddDate(0, 0, 3); !got.Equal(want) {
		t.Errorf("newest = %v, want %v", got, want)
	}
}

func TestNextBackup(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.ParseInLocation(time.DateTime, s, time.FixedZone("CST", 8*3600))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := []struct {
		name            string
		now, last, want time.Time
	}{
		{"never made", at("2026-05-04 10:00:00"), time.Time{}, at("2026-05-05 03:00:00")},
		{"never made, after midnight", at("2026-05-04 01:00:00"), time.Time{}, at("2026-05-04 03:00:00")},
		{"made this night", at("2026-05-04 10:00:00"), at("2026-05-04 03:00:00"), at("2026-05-05 03:00:00")},
		{"off at night", at("2026-05-04 10:00:00"), at("2026-05-03 10:05:00"), at("2026-05-04 10:05:00")},
		{"off for a week", at("2026-05-04 10:00:00"), at("2026-04-27 03:00:00"), at("2026-05-04 10:05:00")},
		{"last of the month", at("2026-05-31 04:00:00"), at("2026-05-31 03:00:01"), at("2026-06-01 03:00:00")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Next(tt.now, tt.last); !got.Equal(tt.want) {
				t.Errorf("Next(%v, %v) = %v, want %v", tt.now, tt.last, got, tt.want)
			}
		})
	}
}

func TestDailyStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Daily{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)}.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v after cancel, want nil", err)
	}
}

func TestAddressForLibpq(t *testing.T) {
	tests := []struct{ dsn, address, password string }{
		{"postgres://u:p%40ss@h:5433/d?sslmode=require", "postgres://u@h:5433/d?sslmode=require", "p@ss"},
		{"postgres://u@h/d?password=x&pool_max_conns=5", "postgres://u@h/d", "x"},
		{"postgresql://u:p@h1:1,h2:2/d?pool_max_conns=5&target_session_attrs=read-write&default_query_exec_mode=exec",
			"postgresql://u@h1:1,h2:2/d?target_session_attrs=read-write", "p"},
		{"postgres://h/d", "postgres://h/d", ""},
		{"host=/run/x user=u dbname=d", "host=/run/x user=u dbname=d", ""},
		{`host=h password='a \'b' pool_max_conns=4 dbname=d`, `host=h dbname=d`, "a 'b"},
		{"password=secret host=h", "host=h", "secret"},
	}
	for _, tt := range tests {
		address, password := forLibpq(tt.dsn)
		if address != tt.address || password != tt.password {
			t.Errorf("forLibpq(%q) = %q, %q; want %q, %q", tt.dsn, address, password, tt.address, tt.password)
		}
	}
}
