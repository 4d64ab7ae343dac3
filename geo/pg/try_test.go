package pg_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

func TestWhatIsOnlyTriedIsUndone(t *testing.T) {
	db := pgtest.As(t, pgtest.DSN(t), "")
	wrong := errors.New("wrong")
	for i, tt := range []struct {
		dry   bool
		fails error
		kept  bool
	}{{false, nil, true}, {true, nil, false}, {false, wrong, false}, {true, wrong, false}} {
		login := fmt.Sprintf("a%d", i)
		err := pg.Try(t.Context(), db, tt.dry, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `INSERT INTO account (login) VALUES ($1)`, login); err != nil {
				t.Fatal(err)
			}
			return tt.fails
		})
		if !errors.Is(err, tt.fails) {
			t.Errorf("dry %t, fails %v: %v", tt.dry, tt.fails, err)
		}
		var kept bool
		if err := db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM account WHERE login = $1)`, login).Scan(&kept); err != nil || kept != tt.kept {
			t.Errorf("dry %t, fails %v: kept %t, %v", tt.dry, tt.fails, kept, err)
		}
	}
}
