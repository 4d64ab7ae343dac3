package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// DemoAccount is an account of the demo town, for trying what each post sees.
type DemoAccount struct {
	Login    string
	Password string // of this start; the next makes another
	Kind     staff.Kind
	OnLeave  bool // the deputy has the duty
}

// demoPlace is where in the demo town a post is.
type demoPlace int

const (
	everywhere demoPlace = iota // the whole installation
	inTown                      // the whole town
	inGrid                      // a grid with households
	inBuilding                  // one of the lowest units of that grid
)

// demoPosts is one account for each kind of post. The worker is the deputy of a
// colleague who is on leave, and so has the duty.
var demoPosts = []struct {
	login string
	kind  staff.Kind
	place demoPlace
	rank  string
	leave bool
}{
	{"demo-administrator", staff.Administrator, everywhere, "A", false},
	{"demo-privacy-officer", staff.PrivacyOfficer, everywhere, "A", false},
	{"demo-planner", staff.Planner, everywhere, "A", false},
	{"demo-analyst", staff.Analyst, inTown, "A", false},
	{"demo-dispatcher", staff.Dispatcher, inTown, "A", false},
	{"demo-department-officer", staff.DepartmentOfficer, inTown, "A", false},
	{"demo-leader", staff.Leader, inGrid, "A", false},
	{"demo-worker-on-leave", staff.Worker, inGrid, "A", true},
	{"demo-worker", staff.Worker, inGrid, "B", false},
	{"demo-part-time-worker", staff.PartTimeWorker, inGrid, "A", false},
	{"demo-member", staff.Member, inGrid, "A", false},
	{"demo-building-head", staff.BuildingHead, inBuilding, "A", false},
}

// MakeDemo makes the accounts of the demo town, or gives those that are there new
// passwords and ends their sessions, and returns them. Without a demo town it makes
// none. They sign in from this machine only.
func (g *Guard) MakeDemo(ctx context.Context, db pg.DB) ([]DemoAccount, error) {
	units, err := demoUnits(ctx, db)
	if err != nil || units == nil {
		return nil, err
	}
	list := make([]DemoAccount, len(demoPosts))
	hashes := make([]string, len(demoPosts))
	group, hashing := errgroup.WithContext(ctx)
	for i, p := range demoPosts {
		list[i] = DemoAccount{Login: p.login, Password: Suggest(), Kind: p.kind, OnLeave: p.leave}
		group.Go(func() (err error) {
			hashes[i], err = g.hasher.hash(hashing, list[i].Password)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("demo accounts: %w", err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for i, p := range demoPosts {
			id, err := demoAccount(ctx, tx, p.login, units[inTown], hashes[i])
			if err != nil {
				return err
			}
			if err := demoPost(ctx, tx, id, p.kind, units[p.place], p.rank); err != nil {
				return err
			}
			if !p.leave {
				continue
			}
			_, err = tx.Exec(ctx, `
				INSERT INTO absence (account_id, starts_at, reason, recorded_by)
				SELECT $1, now(), 'leave', 'system' WHERE NOT EXISTS (SELECT FROM absence WHERE account_id = $1)`, id)
			if err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, staff.System, "demo_accounts_made", "account", "", map[string]any{"accounts": len(list)})
	})
	if err != nil {
		return nil, fmt.Errorf("demo accounts: %w", err)
	}
	return list, nil
}

// Suggest is a password that nobody guesses and people can type: 80 bits.
func Suggest() string { return readable(random(10)) }

// demoUnits are the town, the grid (what lies right above the lowest units) with the most
// lowest units that are lived in, and the one of these with the most households; nil when
// the data are not the demo town's.
func demoUnits(ctx context.Context, db pg.DB) (map[demoPlace]int64, error) {
	var town, grid, building int64
	err := db.QueryRow(ctx, `
		WITH busiest AS (
			SELECT o.unit_id FROM household_unit o JOIN unit u ON u.id = o.unit_id WHERE o.valid_to IS NULL
			GROUP BY o.unit_id, u.parent_id ORDER BY count(*) OVER (PARTITION BY u.parent_id) DESC, count(*) DESC, o.unit_id LIMIT 1),
		lowest AS (
			SELECT coalesce((SELECT unit_id FROM busiest),
				(SELECT unit_id FROM unit_ancestor GROUP BY unit_id ORDER BY count(*) DESC, unit_id LIMIT 1)) AS id)
		SELECT (SELECT u.id FROM unit_ancestor a JOIN unit u ON u.id = a.ancestor_id WHERE a.unit_id = b.id AND u.parent_id IS NULL),
		       coalesce(b.parent_id, b.id), b.id
		FROM lowest l JOIN unit b ON b.id = l.id
		WHERE EXISTS (SELECT FROM setting WHERE key = 'demo' AND value #>> '{}' = 'true')`).Scan(&town, &grid, &building)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("units of the demo town: %w", err)
	}
	return map[demoPlace]int64{inTown: town, inGrid: grid, inBuilding: building}, nil
}

// demoAccount makes an account, or ends the sessions of the one there is.
func demoAccount(ctx context.Context, tx pgx.Tx, login string, town int64, hash string) (id int64, err error) {
	err = tx.QueryRow(ctx, `
		INSERT INTO account (login, area_id, demo) VALUES ($1, $2, true)
		ON CONFLICT (login) DO UPDATE SET disabled_on = NULL WHERE account.demo
		RETURNING id`, login, town).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrTaken.Saying("A real account is called " + login + ".")
	}
	if err != nil {
		return 0, err
	}
	return id, setPassword(ctx, tx, id, hash)
}

// demoPost gives an account its post, once; unit 0 is everywhere.
func demoPost(ctx context.Context, tx pgx.Tx, id int64, kind staff.Kind, unit int64, rank string) error {
	var held bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM holder WHERE account_id = $1)`, id).Scan(&held); err != nil || held {
		return err
	}
	var post int64
	err := tx.QueryRow(ctx, `
		SELECT p.id FROM post p
		WHERE p.kind = $1 AND p.unit_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND p.valid_to IS NULL
		  AND NOT EXISTS (SELECT FROM holder h WHERE h.post_id = p.id AND h.rank = $3)
		ORDER BY p.id LIMIT 1`, string(kind), unit, rank).Scan(&post)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, `
			INSERT INTO post (kind, unit_id, ordinal)
			SELECT $1, nullif($2::bigint, 0), 1 + coalesce(max(ordinal), 0) FROM post WHERE kind = $1 AND unit_id IS NOT DISTINCT FROM nullif($2::bigint, 0)
			RETURNING id`, string(kind), unit).Scan(&post)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO holder (post_id, rank, account_id) VALUES ($1, $2, $3)`, post, rank, id)
	return err
}

// RemoveDemo removes the demo accounts, the posts that only they held, and posts
// in units that are gone. Whoever clears the demo town, or loads the first real
// file, calls it in that transaction; a second time it does nothing.
func RemoveDemo(ctx context.Context, db pg.DB) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			DELETE FROM post p
			WHERE p.unit_id IS NOT NULL AND NOT EXISTS (SELECT FROM unit u WHERE u.id = p.unit_id)
			   OR EXISTS (SELECT FROM holder h JOIN account c ON c.id = h.account_id WHERE h.post_id = p.id AND c.demo)
			  AND NOT EXISTS (SELECT FROM holder h JOIN account c ON c.id = h.account_id WHERE h.post_id = p.id AND NOT c.demo)`)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM account WHERE demo`)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, staff.System, "demo_accounts_removed", "account", "", map[string]any{"accounts": tag.RowsAffected()})
	})
	if err != nil {
		return fmt.Errorf("remove the demo accounts: %w", err)
	}
	return nil
}

// HasDemo reports whether there are demo accounts to sign in with.
func HasDemo(ctx context.Context, db pg.DB) (demo bool, err error) {
	if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM account WHERE demo AND disabled_on IS NULL)`).Scan(&demo); err != nil {
		return false, fmt.Errorf("demo accounts: %w", err)
	}
	return demo, nil
}

// notDemo refuses what demo accounts do not do: nothing personal is kept of them.
func notDemo(ctx context.Context, db pg.DB, id int64) error {
	var demo bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM account WHERE id = $1 AND demo)`, id).Scan(&demo)
	if err == nil && demo {
		err = ErrDemo
	}
	return err
}
