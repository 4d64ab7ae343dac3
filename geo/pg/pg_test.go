package pg_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

func TestABrokenConstraintIsAFaultByItsName(t *testing.T) {
	tx := pgtest.Tx(t)
	exists := fault.New(fault.Conflict, "level_exists", "It exists.")
	faults := pg.Faults{"level_pkey": exists}
	insert := func(code string) error {
		sub, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sub.Rollback(t.Context()) }()
		_, err = sub.Exec(t.Context(), `INSERT INTO level (code, rank, title_zh, title_en) VALUES ($1, 7, 'x', 'x')`, code)
		return err
	}
	tests := []struct{ name, code, violated string }{
		{"a code that exists", "county", "level_pkey"},
		{"a code that is no slug", "No Slug", "level_code_is_a_slug"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := insert(tt.code)
			if got := pg.Violated(fmt.Errorf("wrapped: %w", err)); got != tt.violated {
				t.Errorf("Violated(%v) = %q, want %q", err, got, tt.violated)
			}
			known := tt.violated == "level_pkey"
			if got := faults.Of(err); errors.Is(got, exists) != known || !errors.Is(got, err) {
				t.Errorf("Of(%v) = %v", err, got)
			}
		})
	}
	for _, err := range []error{nil, errors.New("x"), context.Canceled} {
		if pg.Violated(err) != "" || faults.Of(err) != err {
			t.Errorf("%v is taken for a broken constraint", err)
		}
	}
}

func TestEveryNamedConstraintSaysWhatItMeans(t *testing.T) {
	rows, _ := pgtest.Tx(t).Query(t.Context(), `
		SELECT conrelid::regclass || ': ' || conname FROM pg_constraint
		WHERE contype IN ('c', 'x') AND connamespace = 'public'::regnamespace
		  AND conrelid <> 0 AND conrelid::regclass::text !~ '^(river|goose|spatial)'`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if !slices.ContainsFunc([]string{"_is_", "_are_", "_has_", "_ends_"}, func(verb string) bool { return strings.Contains(name, verb) }) {
			t.Errorf("%s does not say what it means", name)
		}
	}
}

func TestTextThatCannotBeStoredIsTold(t *testing.T) {
	db := pgtest.Database(t)
	for name, value := range map[string]any{
		"NUL":          "a\x00b",
		"no UTF-8":     "a\xff\xfeb",
		"NUL in JSON":  map[string]string{"a": "\x00"},
		"plain text":   "网格 💥",
		"JSON of text": map[string]string{"a": "网格"},
	} {
		column := "$1::text"
		if _, isText := value.(string); !isText {
			column = "$1::jsonb"
		}
		_, err := db.Exec(t.Context(), `SELECT `+column, value)
		if fine := name == "plain text" || name == "JSON of text"; (err == nil) != fine || pg.Unstorable(err) == fine {
			t.Errorf("%s: %v, told %v", name, err, pg.Unstorable(err))
		}
	}
}

func TestStatementsAreBoundInTime(t *testing.T) {
	db, err := pg.Open(t.Context(), pgtest.DSN(t), pg.Options{MaxConns: 2, StatementTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(t.Context(), `SELECT pg_sleep(20)`); !pg.ErrCode(err, "57014") {
		t.Errorf("a statement of 20 s ended with %v, want a timeout of the server", err)
	}
	if got := db.Config().MaxConns; got != 2 {
		t.Errorf("at most %d connections, want 2", got)
	}
	var zone, name string
	if err := db.QueryRow(t.Context(), `SELECT current_setting('timezone'), current_setting('application_name')`).Scan(&zone, &name); err != nil || zone != "UTC" || name != "wangge" {
		t.Errorf("zone %s, application %s, %v", zone, name, err)
	}
}

func TestADatabaseThatCannotBeOpenedSaysWhy(t *testing.T) {
	migrated := pgtest.DSN(t)
	server := migrated[:strings.LastIndex(migrated, " dbname=")]
	tests := []struct{ name, dsn, want string }{
		{"no address", "host=/dev/shm port=abc", "database address"},
		{"nobody there", "host=/nonexistent dbname=x", "open database"},
		{"no such database", server + " dbname=no_such_database", "open database"},
		{"no PostGIS yet", server + " dbname=template1", "run wangge migrate first"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := pg.Open(t.Context(), tt.dsn, pg.Options{})
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if f := fault.Of(err); f != nil {
				t.Errorf("a caller would see %v", f)
			}
		})
	}
}
