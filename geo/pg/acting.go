package pg

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The database roles a pool may take on (migration 0011).
const (
	RoleApp    = "wangge_app"    // requests: row-level security by the acting account; it owns nothing
	RoleEngine = "wangge_engine" // jobs, publishing, imports: every row; it owns the tables
	RoleReader = "wangge_reader" // the map: no personal column
)

type accountKey struct{}

// WithAccount says for which account (its id, in digits) the statements of ctx
// act. It is for the database's own check; what the program itself allows is the
// matter of staff.Actor.
func WithAccount(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, accountKey{}, account)
}

// account is never empty: the database knows nobody of this name.
func account(ctx context.Context) string {
	if a, ok := ctx.Value(accountKey{}).(string); ok && a != "" {
		return a
	}
	return "nobody"
}

// Acting is a pool whose every transaction acts for the account of its context:
// the database finds that account's grants and shows and changes only what they
// cover. Without an account nothing is shown. The account is set in the same
// round trip as the statement or the BEGIN, and ends with the transaction, so
// that it cannot reach another request over a shared connection.
type Acting struct{ pool *pgxpool.Pool }

// NewActing wraps a pool that was opened with RoleApp.
func NewActing(pool *pgxpool.Pool) *Acting { return &Acting{pool} }

const actAs = `SELECT act_as($1)`

// Exec runs a statement in a transaction of its own.
func (a *Acting) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	results := a.send(ctx, sql, args)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := results.Exec(); err != nil {
		return tag, err
	}
	return results.Exec()
}

// Query runs a query in a transaction of its own, which ends with the rows.
func (a *Acting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results := a.send(ctx, sql, args)
	_, _ = results.Exec() // when this fails, so does the query
	rows, err := results.Query()
	return &actingRows{rows, results}, err
}

// QueryRow is Query for one row.
func (a *Acting) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := a.Query(ctx, sql, args...)
	return actingRow{rows}
}

func (a *Acting) send(ctx context.Context, sql string, args []any) pgx.BatchResults {
	batch := &pgx.Batch{}
	batch.Queue(actAs, account(ctx))
	batch.Queue(sql, args...)
	return a.pool.SendBatch(ctx, batch)
}

// CopyFrom copies rows in a transaction of its own.
func (a *Acting) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (n int64, err error) {
	err = pgx.BeginFunc(ctx, a, func(tx pgx.Tx) error {
		n, err = tx.CopyFrom(ctx, table, columns, rows)
		return err
	})
	return n, err
}

// Begin begins a transaction.
func (a *Acting) Begin(ctx context.Context) (pgx.Tx, error) { return a.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx begins a transaction with options.
func (a *Acting) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	if options.BeginQuery != "" {
		return nil, fmt.Errorf("a transaction that acts for an account begins by itself, not by %q", options.BeginQuery)
	}
	begin := []string{"BEGIN"}
	if options.IsoLevel != "" {
		begin = append(begin, "ISOLATION LEVEL", string(options.IsoLevel))
	}
	begin = append(begin, string(options.AccessMode), string(options.DeferrableMode))
	options.BeginQuery = strings.Join(begin, " ") + "; SELECT act_as('" + strings.ReplaceAll(account(ctx), "'", "") + "')"
	return a.pool.BeginTx(ctx, options)
}

// actingRows gives the connection back with the rows.
type actingRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r *actingRows) Close() {
	r.Rows.Close()
	_ = r.results.Close()
}

func (r *actingRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

type actingRow struct{ rows pgx.Rows }

// Scan reads the first row, as a pool's QueryRow does.
func (r actingRow) Scan(dest ...any) error {
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
