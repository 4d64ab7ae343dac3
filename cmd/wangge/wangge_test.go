package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/cmd/wangge/internal/backup"
	"wangge/geo/pg/pgembed"
	"wangge/geo/pg/pgtest"
)

// asProgram makes the test program behave as wangge itself.
const asProgram = "WANGGE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	pgtest.Main(m)
}

// folder is a data folder that PostgreSQL's user may reach, in memory.
func folder(t *testing.T) string {
	t.Helper()
	shelf, err := os.MkdirTemp("/dev/shm", "wangge-cmd-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shelf, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(shelf) })
	return filepath.Join(shelf, "data")
}

// wangge runs one command to its end, in this process.
func wangge(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = run(t.Context(), args, func(string) string { return "" }, &out, io.Discard)
	return out.String(), err
}

func mustWangge(t *testing.T, args ...string) string {
	t.Helper()
	said, err := wangge(t, args...)
	if err != nil {
		t.Fatalf("wangge %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return said
}

// service is a running wangge of its own process.
type service struct {
	cmd     *exec.Cmd
	address string
	log     *bytes.Buffer
}

// up starts wangge up without a demo town.
func up(t *testing.T, args ...string) *service {
	t.Helper()
	return upWithTown(t, append(args, "--no-demo")...)
}

func upWithTown(t *testing.T, args ...string) *service {
	t.Helper()
	return background(t, append([]string{"up", "--listen", "127.0.0.1:0"}, args...)...)
}

func background(t *testing.T, args ...string) *service {
	t.Helper()
	s := &service{cmd: exec.Command(os.Args[0], args...), log: &bytes.Buffer{}}
	s.cmd.Env = append(os.Environ(), asProgram+"=1", "DATABASE_URL=")
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(syscall.SIGTERM) })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "ready: open "); ok {
			s.address, _, _ = strings.Cut(rest, " ")
			go io.Copy(io.Discard, out)
			return s
		}
	}
	s.cmd.Wait()
	t.Fatalf("wangge %s ended before it was ready:\n%s", strings.Join(args, " "), s.log)
	return nil
}

// stop sends a signal and waits.
func (s *service) stop(signal os.Signal) error {
	if s.cmd.ProcessState != nil {
		return nil
	}
	s.cmd.Process.Signal(signal)
	return s.cmd.Wait()
}

func (s *service) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r, err := http.Get(s.address + path)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// value asks a database for one text.
func value(t *testing.T, dsn, sql string) (s string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, sql).Scan(&s)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func private(t *testing.T, data string) string {
	t.Helper()
	running, err := pgembed.Attach(data)
	if err != nil {
		t.Fatal(err)
	}
	return running.DSN()
}

func TestUpServesAndStopsCleanlyOnSIGTERM(t *testing.T) {
	t.Parallel()
	data := folder(t)
	began := time.Now()
	s := upWithTown(t, "--data", data, "--households", "1000")
	t.Logf("first start in %v", time.Since(began).Round(10*time.Millisecond))
	town := `SELECT count(*)::text FROM household`
	households := value(t, private(t, data), town)
	if n, err := strconv.Atoi(households); err != nil || n < 900 {
		t.Errorf("%s households in the demo town, want about 1,000", households)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := s.get(t, path); status != http.StatusOK {
			t.Errorf("%s: %d %s, want 200", path, status, body)
		}
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v, want a clean end\n%s", err, s.log)
	}
	control, err := exec.Command(pgembed.Installed()[0].Program("pg_controldata"), filepath.Join(data, "pg")).Output()
	if err != nil || !strings.Contains(string(control), "shut down\n") {
		t.Errorf("the database was not shut down: %v", err)
	}
	began = time.Now()
	upWithTown(t, "--data", data)
	t.Logf("later start in %v", time.Since(began).Round(10*time.Millisecond))
	if got := value(t, private(t, data), town); got != households {
		t.Errorf("after a later start there are %s households, want the %s of the first", got, households)
	}
}

func TestUpKeepsEverythingThroughKills(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := up(t, "--data", data)
	value(t, private(t, data), `INSERT INTO audit (actor, action, subject) VALUES ('test', 'keep', 'this') RETURNING subject`)
	s.stop(syscall.SIGKILL)

	s = up(t, "--data", data)
	kept := func() string { return value(t, private(t, data), `SELECT subject FROM audit WHERE actor = 'test'`) }
	if got := kept(); got != "this" {
		t.Errorf("after kill -9 of wangge: %q, want %q", got, "this")
	}

	killed := killPostgres(t, data)
	deadline := time.Now().Add(30 * time.Second)
	// A connection of the killed server may live on for a moment and answer.
	for status := 0; status != http.StatusOK || !isReady(data, killed); status, _ = s.get(t, "/readyz") {
		if time.Now().After(deadline) {
			t.Fatalf("not ready within 30 s after kill -9 of PostgreSQL\n%s", s.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := kept(); got != "this" {
		t.Errorf("after kill -9 of PostgreSQL: %q, want %q", got, "this")
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("after the kills: %v, want a clean end", err)
	}
	if !strings.Contains(s.log.String(), "started again") {
		t.Errorf("the log does not tell of the kill:\n%s", s.log)
	}
}

// killPostgres kills the server of a data folder and returns its process.
func killPostgres(t *testing.T, data string) string {
	t.Helper()
	first := postmaster(data)[0]
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return first
}

// isReady tells whether another server than before takes connections.
func isReady(data, before string) bool {
	lines := postmaster(data)
	return len(lines) > 7 && lines[0] != before && strings.TrimSpace(lines[7]) == "ready"
}

// postmaster are the lines of postmaster.pid: its process first, its state as the eighth.
func postmaster(data string) []string {
	text, _ := os.ReadFile(filepath.Join(data, "pg", "postmaster.pid"))
	return strings.Split(string(text), "\n")
}

func TestSecondUpIsRefused(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := up(t, "--data", data)
	_, err := wangge(t, "up", "--data", data, "--listen", "127.0.0.1:0")
	wantError(t, err, "used by another wangge", data, fmt.Sprintf("process %d", s.cmd.Process.Pid))

	port := s.address[strings.LastIndex(s.address, ":")+1:]
	_, err = wangge(t, "up", "--data", folder(t), "--listen", "127.0.0.1:"+port)
	wantError(t, err, "used by another program", "--listen")
}

func TestUpWithADatabaseURLMakesNoCluster(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := up(t, "--data", data, "--database-url", pgtest.DSN(t))
	if status, _ := s.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d, want 200", status)
	}
	if _, err := os.Stat(filepath.Join(data, "pg")); !os.IsNotExist(err) {
		t.Errorf("a cluster was made although a database was given: %v", err)
	}
}

func TestServeWantsAMigratedDatabase(t *testing.T) {
	t.Parallel()
	_, err := wangge(t, "serve", "--listen", "127.0.0.1:0")
	wantError(t, err, "--database-url")
	_, err = wangge(t, "serve", "--listen", "127.0.0.1:0", "--database-url", emptyDatabase(t))
	wantError(t, err, "wangge migrate")
}

// emptyDatabase is one without a schema beside a migrated one.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	dsn := pgtest.DSN(t)
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("empty_%d", time.Now().UnixNano())
	execute(t, dsn, `CREATE DATABASE `+name+` TEMPLATE template0`)
	t.Cleanup(func() { execute(t, dsn, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	return strings.Replace(dsn, "dbname="+config.Database, "dbname="+name, 1)
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

func TestMigrateTwiceDoesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	if said := mustWangge(t, "migrate", "--database-url", dsn); !strings.Contains(said, "applied") {
		t.Errorf("first: %s", said)
	}
	said := mustWangge(t, "migrate", "--database-url", dsn)
	if strings.Contains(said, "applied") || !strings.Contains(said, "up to date") {
		t.Errorf("second: %s", said)
	}
}

func TestDatabaseOfALaterReleaseIsRefused(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	execute(t, dsn, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	_, err := wangge(t, "up", "--data", folder(t), "--listen", "127.0.0.1:0", "--database-url", dsn)
	wantError(t, err, "99999", "later")
}

func TestBackupOfARunningTownIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := upWithTown(t, "--data", data)
	town := `SELECT md5(string_agg(concat(source_id, ST_AsEWKT(point), cell, unit_id), ',' ORDER BY source_id))
		FROM household LEFT JOIN household_unit ON household_id = id`
	want := value(t, private(t, data), town)

	mustWangge(t, "backup", "--data", data)
	found, _ := filepath.Glob(filepath.Join(data, "backups", "manual-*.dump"))
	if len(found) != 1 {
		t.Fatalf("backups = %v, want one", found)
	}
	info, err := os.Stat(found[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup's mode = %v, %v; want 0600: it may be personal", info.Mode(), err)
	}
	// The town burns down.
	s.stop(syscall.SIGKILL)

	elsewhere := folder(t)
	began := time.Now()
	mustWangge(t, "restore", found[0], "--data", elsewhere)
	t.Logf("restore in %v", time.Since(began).Round(10*time.Millisecond))
	up(t, "--data", elsewhere)
	if got := value(t, private(t, elsewhere), town); got != want {
		t.Errorf("households, places and units after the restore differ: %s, want %s", got, want)
	}
}

func TestRestoreNeverOverwritesAFolder(t *testing.T) {
	t.Parallel()
	data := folder(t)
	mustWangge(t, "migrate", "--data", data)
	file := filepath.Join(filepath.Dir(data), "b.dump")
	mustWangge(t, "backup", file, "--data", data)

	_, err := wangge(t, "restore", file, "--data", data)
	if !errors.Is(err, backup.ErrNotEmpty) {
		t.Fatalf("restore over a database: %v, want %v", err, backup.ErrNotEmpty)
	}
	wantError(t, err, "--force", "--data")

	// A restore that fails leaves the old database where it was.
	broken := filepath.Join(filepath.Dir(data), "broken.dump")
	if err := os.WriteFile(broken, []byte("PGDMP nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wangge(t, "restore", broken, "--data", data, "--force"); err == nil {
		t.Error("nonsense was restored")
	}
	mustWangge(t, "migrate", "--data", data)

	said := mustWangge(t, "restore", file, "--data", data, "--force")
	aside, _ := filepath.Glob(filepath.Join(data, "pg.before-*"))
	if len(aside) != 1 || !strings.Contains(said, aside[0]) {
		t.Errorf("kept = %v, want one that the output names:\n%s", aside, said)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "new")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	mustWangge(t, "migrate", "--data", data)
}

func TestRestoreIntoADatabaseURL(t *testing.T) {
	t.Parallel()
	source := pgtest.DSN(t)
	execute(t, source, `UPDATE setting SET value = '"this"' WHERE key = 'attribution'`)
	file := filepath.Join(t.TempDir(), "b.dump")
	mustWangge(t, "backup", file, "--database-url", source)

	target := emptyDatabase(t)
	mustWangge(t, "restore", file, "--database-url", target)
	kept := `SELECT value #>> '{}' FROM setting WHERE key = 'attribution'`
	if got := value(t, target, kept); got != "this" {
		t.Errorf("after the restore: %q, want %q", got, "this")
	}
	_, err := wangge(t, "restore", file, "--database-url", target)
	wantError(t, err, "not empty", "--force")

	execute(t, target, `UPDATE setting SET value = '"changed since"' WHERE key = 'attribution'`)
	said := mustWangge(t, "restore", file, "--database-url", target, "--force")
	if got := value(t, target, kept); got != "this" {
		t.Errorf("after the second restore: %q, want %q", got, "this")
	}
	_, rest, _ := strings.Cut(said, "kept as ")
	aside, _, _ := strings.Cut(rest, ";")
	config, err := pgx.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(target, "dbname="+config.Database, "dbname="+aside, 1)
	if got := value(t, old, kept); got != "changed since" {
		t.Errorf("the old database says %q, want %q", got, "changed since")
	}
	execute(t, target, `DROP DATABASE `+aside+` WITH (FORCE)`)
}

func TestRestoreThatFailsBringsTheOldDatabaseBack(t *testing.T) {
	t.Parallel()
	target := pgtest.DSN(t)
	execute(t, target, `INSERT INTO audit (actor, action, subject) VALUES ('test', 'keep', 'this')`)
	broken := filepath.Join(t.TempDir(), "broken.dump")
	if err := os.WriteFile(broken, []byte("PGDMP nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wangge(t, "restore", broken, "--database-url", target, "--force"); err == nil {
		t.Error("nonsense was restored")
	}
	if got := value(t, target, `SELECT subject FROM audit WHERE actor = 'test'`); got != "this" {
		t.Errorf("after a failed restore: %q, want %q", got, "this")
	}
}

func TestWrongUseIsExplained(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"upp"}, "upp"},
		{"unknown flag", []string{"up", "--dta", "x"}, "--dta"},
		{"no such backup", []string{"restore", "/nonexistent.dump"}, "/nonexistent.dump"},
		{"backup over a file", []string{"backup", os.Args[0], "--database-url", "postgres://nobody@localhost:1/none"}, "already a file"},
		{"no backups to keep", []string{"up", "--keep-backups", "0"}, "--no-daily-backup"},
		{"log level", []string{"--log-level", "loud", "version"}, "loud"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := wangge(t, tt.args...)
			wantError(t, err, tt.want)
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--help"}} {
		said := mustWangge(t, args...)
		for _, name := range []string{"up", "serve", "migrate", "import", "export", "backup", "restore", "town", "bench", "version"} {
			if !strings.Contains(said, "\n  "+name) {
				t.Errorf("wangge %v does not name %s:\n%s", args, name, said)
			}
		}
	}
}

func TestFlagsCanBeSetByTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{"WANGGE_LISTEN": "0.0.0.0:80", "WANGGE_FOLDER": folder(t)}
	err := run(t.Context(), []string{"up"}, func(k string) string { return env[k] }, io.Discard, io.Discard)
	wantError(t, err, "0.0.0.0:80")
	err = run(t.Context(), []string{"up", "--listen", "0.0.0.0:81"}, func(k string) string { return env[k] }, io.Discard, io.Discard)
	wantError(t, err, "0.0.0.0:81")
}

func TestDefaultFolder(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HOME": "/home/li", "XDG_DATA_HOME": "/srv/li"}
	get := func(k string) string { return env[k] }
	want := []string{"/srv/li/wangge", "/home/li/.local/share/wangge"}
	if os.Geteuid() == 0 {
		want = []string{"/var/lib/wangge", "/var/lib/wangge"}
	}
	if got := defaultFolder(get); got != want[0] {
		t.Errorf("with XDG_DATA_HOME: %s, want %s", got, want[0])
	}
	delete(env, "XDG_DATA_HOME")
	if got := defaultFolder(get); got != want[1] {
		t.Errorf("without: %s, want %s", got, want[1])
	}
}

func TestTestdbGivesItsCommandADatabase(t *testing.T) {
	t.Parallel()
	said := mustWangge(t, "testdb", "--", "sh", "-c", "echo $WANGGE_TEST_DATABASE")
	if !strings.Contains(said, "host=") || !strings.Contains(said, "dbname=postgres") {
		t.Errorf("WANGGE_TEST_DATABASE = %q", said)
	}
	_, err := wangge(t, "testdb", "--", "sh", "-c", "exit 3")
	wantError(t, err, "exit status 3")
}

func TestTownWritesFilesToTryTheImportsWith(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "town")
	mustWangge(t, "town", to, "--households", "500", "--now", "2026-05-04")
	for _, name := range []string{"households.csv", "incidents.csv", "service-points.csv", "boundaries-micro-grid.geojson"} {
		if info, err := os.Stat(filepath.Join(to, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a file", name, err)
		}
	}
	_, err := wangge(t, "town", to)
	wantError(t, err, to, "not empty")
	_, err = wangge(t, "town", to+"2", "--now", "yesterday")
	wantError(t, err, "yesterday", "2026-05-04")
}
