package pg_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

// acting is a pool of requests on a database where each of n accounts may see the
// unit of its own number, and nothing else.
func acting(t *testing.T, n int) *pg.Acting {
	t.Helper()
	dsn := pgtest.DSN(t)
	owner, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), `
		INSERT INTO account (login) SELECT 'a' || n FROM generate_series(1, `+strconv.Itoa(n)+`) n;
		INSERT INTO unit (code, preset, level) SELECT 'u' || n, 'urban', 'town' FROM generate_series(1, `+strconv.Itoa(n)+`) n;
		INSERT INTO unit_ancestor SELECT id, id FROM unit;
		INSERT INTO post (kind, unit_id) SELECT 'planner', id FROM unit;
		INSERT INTO holder (post_id, rank, account_id) SELECT id, 'A', unit_id FROM post`)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 3, Role: pg.RoleApp})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pg.NewActing(pool)
}

func TestEachStatementActsForTheAccountOfItsContext(t *testing.T) {
	const n = 20
	db := acting(t, n)
	var work sync.WaitGroup
	for i := 1; i <= n; i++ { // few connections, many accounts at once
		work.Go(func() {
			ctx := pg.WithAccount(t.Context(), strconv.Itoa(i))
			want := fmt.Sprintf("u%d", i)
			for range 10 {
				var code string
				if err := db.QueryRow(ctx, `SELECT code FROM unit`).Scan(&code); err != nil || code != want {
					t.Errorf("account %d, one row: %q, %v", i, code, err)
				}
				rows, _ := db.Query(ctx, `SELECT code FROM unit`)
				if codes, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(codes) != 1 || codes[0] != want {
					t.Errorf("account %d, rows: %v, %v", i, codes, err)
				}
				err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
					return tx.QueryRow(ctx, `SELECT code FROM unit`).Scan(&code)
				})
				if err != nil || code != want {
					t.Errorf("account %d, transaction: %q, %v", i, code, err)
				}
				// A context without an account comes over the same connections.
				if err := db.QueryRow(t.Context(), `SELECT code FROM unit`).Scan(&code); !errors.Is(err, pgx.ErrNoRows) {
					t.Errorf("nobody sees %q, %v", code, err)
				}
			}
		})
	}
	work.Wait()
}

func TestAnAccountThatIsNoNumberSeesNothing(t *testing.T) {
	db := acting(t, 1)
	for _, account := range []string{"", "nobody", "1 OR true", "'; SET ROLE NONE; --", "-1", "0", "2", "999999999999999999999999"} {
		var n int
		if err := db.QueryRow(pg.WithAccount(t.Context(), account), `SELECT count(*) FROM unit`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%q sees %d units, %v", account, n, err)
		}
		err := pgx.BeginFunc(pg.WithAccount(t.Context(), account), db, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM unit`).Scan(&n)
		})
		if err != nil || n != 0 {
			t.Errorf("%q sees %d units in a transaction, %v", account, n, err)
		}
	}
}

func TestAConnectionComesBackAfterAMistake(t *testing.T) {
	db := acting(t, 1)
	ctx := pg.WithAccount(t.Context(), "1")
	for range 20 { // more often than there are connections
		if _, err := db.Exec(ctx, `SELECT 1 / 0`); !pg.ErrCode(err, "22012") {
			t.Fatalf("Exec: %v", err)
		}
		rows, _ := db.Query(ctx, `SELECT nonsense FROM unit`)
		if _, err := pgx.CollectRows(rows, pgx.RowTo[string]); !pg.ErrCode(err, "42703") {
			t.Fatalf("Query: %v", err)
		}
		if err := db.QueryRow(ctx, `SELECT code FROM unit WHERE false`).Scan(new(string)); !errors.Is(err, pgx.ErrNoRows) {
			t.Fatalf("QueryRow: %v", err)
		}
		if err := db.QueryRow(ctx, `SELECT code FROM unit`).Scan(new(int)); err == nil {
			t.Fatal("a text was read as a number")
		}
		rows, _ = db.Query(ctx, `SELECT generate_series(1, 10)`)
		rows.Next()
		rows.Close() // not read to the end
	}
	tag, err := db.Exec(ctx, `UPDATE zone SET name = name`)
	if err != nil || tag.RowsAffected() != 0 {
		t.Errorf("%v, %v", tag, err)
	}
}

func TestRequestsOwnNothingAndReadNoSecret(t *testing.T) {
	db := acting(t, 1)
	ctx := pg.WithAccount(t.Context(), "1")
	for _, sql := range []string{
		`ALTER TABLE household ADD COLUMN x int`, `DROP TABLE household`, `TRUNCATE household`, `CREATE TABLE mine (x int)`,
		`ALTER TABLE household DISABLE ROW LEVEL SECURITY`, `CREATE POLICY mine ON household USING (true)`,
		`UPDATE unit SET code = 'x'`, `DELETE FROM boundary`, `UPDATE audit SET actor = 'x'`, `DELETE FROM audit`,
		`SELECT set_ancestors('{1}')`, `UPDATE unit_ancestor SET ancestor_id = 1`, `INSERT INTO unit_ancestor VALUES (1, 99)`,
		`COPY household TO PROGRAM 'cat'`, `SELECT pg_read_file('/etc/passwd')`,
	} {
		if _, err := db.Exec(ctx, sql); !pg.ErrCode(err, "42501") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
