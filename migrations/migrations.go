// Package migrations holds the schema as numbered SQL files and brings a
// database up to it. Migrations only go forward: a mistake is mended by the next
// one, for undoing a change of data is rarely safe.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// Step is one migration that was applied.
type Step struct {
	Version int64
	Name    string
}

// Up applies what is missing, under a lock that lets one process at a time do
// it, and returns what it did. The job queue's own tables come last.
func Up(ctx context.Context, dsn string) ([]Step, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()

	if err := Roles(ctx, dsn); err != nil {
		return nil, err
	}
	steps, err := schema(ctx, db)
	if err != nil {
		return steps, err
	}
	if err := queue(ctx, dsn); err != nil {
		return steps, err
	}
	return steps, Own(ctx, dsn)
}

// Roles makes the roles of the server that the schema refers to, where they are
// missing, and makes the role that signs in a member: it takes them on (SET ROLE).
// That needs CREATEROLE, not a superuser; without it the error says what an
// administrator of the server runs once.
func Roles(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, roles); err != nil {
		var e *pgconn.PgError
		if errors.As(err, &e) && e.Hint != "" {
			return fmt.Errorf("%s. %s", e.Message, e.Hint)
		}
		return fmt.Errorf("roles: %w", err)
	}
	return nil
}

const roles = `
	DO $$
	DECLARE wanted text;
	BEGIN
	    FOREACH wanted IN ARRAY ARRAY['wangge_app', 'wangge_engine', 'wangge_reader'] LOOP
	        BEGIN
	            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
	                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
	            END IF;
	            -- Since 16 who makes a role is its member, but may not take it on.
	            IF NOT pg_has_role(current_user, wanted, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
	                EXECUTE format('GRANT %I TO %I', wanted, current_user);
	            END IF;
	        EXCEPTION
	            WHEN duplicate_object OR unique_violation THEN
	                NULL; -- another database of this server is being migrated as well
	            WHEN insufficient_privilege THEN
	                RAISE EXCEPTION 'the role % is missing and % may not make it', wanted, current_user
	                    USING HINT = format('Ask an administrator of the server to run: CREATE ROLE %I NOLOGIN NOINHERIT; GRANT %I TO %I;', wanted, wanted, current_user);
	        END;
	    END LOOP;
	END $$`

func schema(ctx context.Context, db *sql.DB) ([]Step, error) {
	provider, err := newProvider(db)
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	steps := make([]Step, 0, len(results))
	for _, r := range results {
		steps = append(steps, Step{Version: r.Source.Version, Name: r.Source.Path})
	}
	if err != nil {
		return steps, fmt.Errorf("migrate: %w", err)
	}
	return steps, nil
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}

// ErrNewer means that the database was migrated by a later release.
var ErrNewer = errors.New("the database is newer than this program: install the release that made it, or a later one")

// Check returns nil when the database is at exactly this program's schema,
// ErrNewer when a later release made it, and another error when steps are missing.
func Check(ctx context.Context, dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	current, latest, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("schema version: %w", err)
	case current > latest:
		return fmt.Errorf("schema version %d, this program knows %d: %w", current, latest, ErrNewer)
	case current < latest:
		return fmt.Errorf("schema version %d of %d: run wangge migrate", current, latest)
	}
	return nil
}

func queue(ctx context.Context, dsn string) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	defer pool.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// Own gives the tables to their roles: all but those of the audit are the
// engine's, since only an owner can COPY into a table behind row-level security
// and rebuild an index. The queue's tables hold numbers of jobs only: requests
// enqueue, the engine works. A restored database needs it as well.
func Own(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("give the tables to their roles: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, `
		GRANT CREATE ON SCHEMA public TO wangge_engine;
		DO $$
		DECLARE t text;
		BEGIN
			FOR t IN
				SELECT tablename FROM pg_tables
				WHERE schemaname = 'public' AND tableowner <> 'wangge_engine'
				  AND tablename NOT LIKE 'audit%' AND tablename NOT IN ('spatial_ref_sys', 'goose_db_version')
			LOOP
				EXECUTE format('ALTER TABLE %I OWNER TO wangge_engine', t);
			END LOOP;
		END $$;
		GRANT SELECT, INSERT, UPDATE ON river_job TO wangge_app;
		GRANT SELECT ON goose_db_version TO wangge_engine;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO wangge_app, wangge_engine`)
	if err != nil {
		return fmt.Errorf("give the tables to their roles: %w", err)
	}
	return nil
}

// Files are the migrations, for tools and tests.
func Files() embed.FS { return files }
