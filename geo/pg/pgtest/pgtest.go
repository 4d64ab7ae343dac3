// Package pgtest gives tests a real PostGIS: a database of their own, cloned from
// one that was migrated once, or a transaction that is rolled back.
//
// The cluster is the one WANGGE_TEST_DATABASE names (make test starts one for the
// whole run) or a private throw-away one per test process.
package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/pg"
	"wangge/geo/pg/pgembed"
	"wangge/migrations"
)

// Database returns a pool on a migrated, empty database that is dropped when the
// test ends.
func Database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), DSN(t), pg.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	t.Cleanup(func() { nothingPersonalInTheLog(t, pool) })
	return pool
}

// As returns a pool on the database of a DSN that acts as a role of the database,
// as the program does; "" is the owner, whom no wall of the database stops.
func As(t testing.TB, dsn, role string) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 6, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// nothingPersonalInTheLog fails when somebody gave the audit a phone or identity
// number. It was not kept, but it should not have come so far.
func nothingPersonalInTheLog(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	var rows []string
	err := pool.QueryRow(context.WithoutCancel(t.Context()), `
		SELECT coalesce(array_agg(DISTINCT action || ' ' || subject), '{}') FROM audit
		WHERE strpos(subject_id || detail::text, '[removed]') > 0`).Scan(&rows)
	if err == nil && len(rows) > 0 {
		t.Errorf("the audit was given personal texts by: %s", strings.Join(rows, ", "))
	}
}

// DSN returns the address of a migrated, empty database that is dropped when the
// test ends.
func DSN(t testing.TB) string {
	t.Helper()
	server := cluster(t)
	template := migrated(t, server)
	name := fmt.Sprintf("t%d_%d", os.Getpid(), counter.Add(1))
	// The creator of a clone must be alone with its template: one at a time.
	execute(t, server, `SELECT pg_advisory_lock(7711)`,
		fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY`, name, template))
	t.Cleanup(func() { execute(t, server, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)) })
	return server + " dbname=" + name
}

// Serial is a number that no other test of this server uses, for names of roles and
// databases.
func Serial() int64 { return int64(os.Getpid())*10_000 + counter.Add(1) }

// Tx returns a transaction that is rolled back when the test ends, on a database
// shared by the tests of the process: nothing may commit to it.
func Tx(t testing.TB) pgx.Tx {
	t.Helper()
	pool := sharedPool(t)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	return tx
}

var (
	counter atomic.Int64

	startOnce sync.Once
	server    string
	startErr  error

	templateOnce sync.Once
	templateName string
	templateErr  error

	poolOnce sync.Once
	pool     *pgxpool.Pool
	poolErr  error
)

// Main runs a package's tests and stops the private cluster, if one was started.
// Packages that use this one call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if pool != nil {
		name := pool.Config().ConnConfig.Database
		pool.Close()
		drop(name)
	}
	if stop != nil {
		stop()
	}
	os.Exit(code)
}

var stop func()

// drop removes the shared database; the cluster may outlive this process.
func drop(name string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server+" dbname=postgres")
	if err != nil {
		return // it has gone, and the database with it
	}
	defer conn.Close(ctx)
	_, _ = conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
}

// cluster is the address of a server without a database name.
func cluster(t testing.TB) string {
	t.Helper()
	startOnce.Do(func() {
		if dsn := os.Getenv("WANGGE_TEST_DATABASE"); dsn != "" {
			server = withoutDatabase(dsn)
			return
		}
		server, stop, startErr = pgembed.Throwaway(context.Background())
	})
	if startErr != nil {
		t.Fatalf("no PostGIS for the tests: %v", startErr)
	}
	return server
}

func withoutDatabase(dsn string) string {
	var kept []string
	for _, field := range strings.Fields(dsn) {
		if !strings.HasPrefix(field, "dbname=") {
			kept = append(kept, field)
		}
	}
	return strings.Join(kept, " ")
}

// migrated is the name of the template for this schema, made by whichever
// process comes first. Its name carries a digest of the migrations, so that a
// changed file is a new template.
func migrated(t testing.TB, server string) string {
	t.Helper()
	templateOnce.Do(func() { templateName, templateErr = makeTemplate(t.Context(), server) })
	if templateErr != nil {
		t.Fatalf("migrate the test template: %v", templateErr)
	}
	return templateName
}

func makeTemplate(ctx context.Context, server string) (string, error) {
	name := "template_" + digest()
	conn, err := pgx.Connect(ctx, server+" dbname=postgres")
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(7711)`); err != nil {
		return "", err
	}
	var ready bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`, name).Scan(&ready)
	if ready || err != nil {
		return name, err
	}
	for _, sql := range []string{`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`, `CREATE DATABASE ` + name} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	if _, err := migrations.Up(ctx, server+" dbname="+name); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, `ALTER DATABASE `+name+` IS_TEMPLATE true`)
	return name, err
}

func digest() string {
	sum := sha256.New()
	_ = fs.WalkDir(migrations.Files(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := fs.ReadFile(migrations.Files(), path)
			sum.Write(text)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

func sharedPool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	poolOnce.Do(func() {
		server := cluster(t)
		template := migrated(t, server)
		name := fmt.Sprintf("s%d_%d", os.Getpid(), time.Now().UnixNano())
		execute(t, server, `SELECT pg_advisory_lock(7711)`,
			fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY`, name, template))
		pool, poolErr = pg.Open(context.Background(), server+" dbname="+name, pg.Options{MaxConns: 8})
	})
	if poolErr != nil {
		t.Fatal(poolErr)
	}
	return pool
}

// execute runs statements one after the other on one connection.
func execute(t testing.TB, server string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, server+" dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}
