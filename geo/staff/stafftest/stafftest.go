// Package stafftest makes people with posts for the tests of what they may see.
package stafftest

import (
	"context"
	"fmt"
	"testing"

	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Hold makes an account that holds a post of its own in a unit (0 = everywhere), and
// returns it as it acts, with the context in which the database knows it. owner
// passes the walls of the database.
func Hold(t testing.TB, owner pg.DB, kind staff.Kind, unit int64) (context.Context, staff.Actor) {
	t.Helper()
	var account int64
	err := owner.QueryRow(t.Context(), `
		WITH n AS (SELECT count(*) + 1 AS n FROM account),
		a AS (INSERT INTO account (login) SELECT 'p' || n FROM n RETURNING id),
		p AS (INSERT INTO post (kind, unit_id, ordinal) SELECT $1, nullif($2::bigint, 0), n FROM n RETURNING id)
		INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', a.id FROM a, p RETURNING account_id`,
		string(kind), unit).Scan(&account)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := staff.Load(t.Context(), owner, account)
	if err != nil || len(actor.Grants) != 1 {
		t.Fatalf("%+v, %v", actor, err)
	}
	return pg.WithAccount(t.Context(), fmt.Sprint(account)), actor
}
