package staff

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
)

// NameOf is how an account stands in the audit.
func NameOf(account int64) string { return "account:" + strconv.FormatInt(account, 10) }

// Load returns an account as an actor with the grants of the posts it holds now.
// An account that is disabled or unknown has none.
func Load(ctx context.Context, db pg.DB, account int64) (Actor, error) {
	rows, _ := db.Query(ctx, `SELECT post_id, kind, coalesce(unit_id, 0), may FROM grants_of($1) ORDER BY post_id`, account)
	grants, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Grant])
	if err != nil {
		return Actor{}, fmt.Errorf("grants of account %d: %w", account, err)
	}
	return Actor{Name: NameOf(account), Account: account, Grants: grants}, nil
}

// Again returns who a job was enqueued for, with the grants of now: a post that
// was lost meanwhile no longer counts. Programs of ours keep theirs.
func Again(ctx context.Context, db pg.DB, name string, account int64) (Actor, error) {
	switch {
	case account != 0:
		return Load(ctx, db, account)
	case name == System.Name:
		return System, nil
	case name == Local.Name:
		return Local, nil
	}
	return Actor{Name: name}, nil
}

// Among returns those of the units that lie in an area other than everything; never
// nil.
func Among(ctx context.Context, db pg.DB, area Area, units []int64) ([]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT DISTINCT unit_id FROM unit_ancestor WHERE ancestor_id = ANY ($1) AND unit_id = ANY ($2)`, area.Roots, units)
	within, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("units of an area: %w", err)
	}
	if within == nil {
		within = []int64{}
	}
	return within, nil
}

// Within returns ErrOutside unless every one of the units lies in the actor's
// area for p. The answer names no unit: outside their area people learn nothing.
func Within(ctx context.Context, db pg.DB, actor Actor, p Permission, units ...int64) error {
	area := actor.Area(p)
	if area.All {
		return nil
	}
	var outside bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM unnest($1::bigint[]) u WHERE NOT in_area(u, false, $2))`, units, area.Roots).Scan(&outside)
	if err != nil {
		return fmt.Errorf("area of %s: %w", actor.Name, err)
	}
	if outside {
		return ErrOutside
	}
	return nil
}
