// Package pg opens the database, teaches the driver geometry and turns broken
// constraints into faults. It knows no table.
package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/fault"
)

// DB is what a query function needs: a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Pool is a DB that also begins transactions of a stated isolation.
type Pool interface {
	DB
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Options are what an operator may turn.
type Options struct {
	MaxConns         int32         // 0 = the driver's default
	StatementTimeout time.Duration // 0 = none; bounds every statement on the server too
	Role             string        // taken on by every connection; "" = the one that signs in
}

// Open connects, registers the geometry type on every connection and proves that
// the database answers. The schema must be there: the migrator connects plainly.
func Open(ctx context.Context, dsn string, opts Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if opts.MaxConns > 0 {
		config.MaxConns = opts.MaxConns
	}
	if opts.StatementTimeout > 0 {
		config.ConnConfig.RuntimeParams["statement_timeout"] = fmt.Sprint(opts.StatementTimeout.Milliseconds())
	}
	if opts.Role != "" {
		config.ConnConfig.RuntimeParams["role"] = opts.Role
	}
	config.ConnConfig.RuntimeParams["application_name"] = "wangge"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off" // compiling takes longer than our statements do: 5 s for one of 0.5 s
	config.AfterConnect = register

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return pool, nil
}

// Violated returns the name of the constraint that err broke, or "".
func Violated(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.ConstraintName
	}
	return ""
}

// Faults maps names of constraints to what a caller should hear.
type Faults map[string]*fault.Fault

// Of returns the fault for a broken constraint, or err itself.
func (f Faults) Of(err error) error {
	if known, ok := f[Violated(err)]; ok {
		return known.Because(err)
	}
	return err
}

// ErrCode reports whether err carries the SQLSTATE code.
func ErrCode(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// Unstorable reports whether err says that a text or JSON value holds a character
// the database has no room for: NUL, or bytes that are no UTF-8.
func Unstorable(err error) bool { return ErrCode(err, "22021") || ErrCode(err, "22P05") }
