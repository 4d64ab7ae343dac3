// Package account knows who somebody is: accounts, how their people prove it, and
// for how long that proof holds.
//
// An account is a sign-in, not a person and not a duty: what it may do comes from
// the posts it holds (package staff). A person proves to be the one of an account
// with a password and, if they like, a code from their phone (password.go,
// totp.go), or at an OpenID Connect provider (package provider, oidc.go). Either
// makes a session (session.go); programs have tokens (token.go). Whoever guesses
// has to wait longer and longer (tries.go).
//
// Identify turns a session or a token into a staff.Actor. It and all that reads a
// hash runs as the engine; lists and revocations also run as the request itself,
// behind row-level security (migration 0012, decision 13).
package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Faults of this package.
var (
	ErrLogin      = fault.New(fault.Invalid, "login_malformed", "A login has up to 64 of the characters a-z 0-9 . _ @ - and begins with a letter or digit.")
	ErrTaken      = fault.New(fault.Conflict, "login_taken", "Another account has this login. Choose another.")
	ErrNotFound   = fault.New(fault.NotFound, "account_unknown", "There is no such account in your area.")
	ErrOutOfReach = fault.New(fault.Forbidden, "account_out_of_reach", "This account holds a post outside your area. Ask the administrator of that area.")
	ErrArea       = fault.New(fault.Forbidden, "area_out_of_reach", "You may make accounts in your own area only.")
	ErrDemo       = fault.New(fault.Conflict, "account_demo", "Demo accounts are for trying the pages; this is for real ones.")
)

var faults = pg.Faults{"account_login_is_unique": ErrTaken, "account_login_is_a_name": ErrLogin}

var loginPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

func isLogin(s string) bool { return loginPattern.MatchString(s) }

// canonical is how a login is stored: lower case, without spaces around it.
func canonical(written string) string { return strings.ToLower(strings.TrimSpace(written)) }

func text(id int64) string { return strconv.FormatInt(id, 10) }

// actor is an account that acts upon itself, before or without its grants.
func actor(id int64) staff.Actor { return staff.Actor{Name: staff.NameOf(id), Account: id} }

func subject(id int64) vault.Subject { return vault.Subject{Kind: "account", ID: text(id)} }

// State is what stands in the way of signing in.
type State string

// The states.
const (
	Active   State = "active"
	Invited  State = "invited" // nobody has set a password yet, and no provider knows the account
	Disabled State = "disabled"
)

// Account is a sign-in, as whoever keeps accounts sees it.
type Account struct {
	ID        int64      `json:"id"`
	Login     string     `json:"login"`
	Name      string     `json:"name" doc:"the person's; empty when none was given"`
	Phone     string     `json:"phone"`
	Area      string     `json:"area" doc:"code of the unit whose administrator made it; empty = everywhere"`
	Demo      bool       `json:"demo"`
	State     State      `json:"state" enum:"active,invited,disabled"`
	TOTP      bool       `json:"totp" doc:"asks for a code as well"`
	External  bool       `json:"external" doc:"signs in with the organisation's provider"`
	LinkUntil *time.Time `json:"link_until,omitempty" doc:"until when the one-time link for a password may be used"`
	LastSeen  *time.Time `json:"last_seen,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
}

// Filter chooses accounts. The zero Filter means all.
type Filter struct {
	ID    int64  // one account
	Text  string // part of a login
	After int64  // accounts after this one
	Limit int    // 0 = no limit
}

// List returns the accounts whose keeper actor is, by id.
func List(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, f Filter) ([]Account, error) {
	if err := actor.Must(staff.Post); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Post)
	rows, _ := db.Query(ctx, `
		SELECT c.id, c.login, '' AS name, '' AS phone, coalesce(u.code, '') AS area, c.demo,
		       CASE WHEN c.disabled_on IS NOT NULL THEN 'disabled' WHEN l.account_id IS NOT NULL AND s.seen_at IS NULL THEN 'invited' ELSE 'active' END AS state,
		       coalesce(t.confirmed_at IS NOT NULL, false) AS totp,
		       EXISTS (SELECT FROM external_login x WHERE x.account_id = c.id AND (x.expires_at IS NULL OR x.expires_at > now())) AS external,
		       l.expires_at, s.seen_at, c.created_at
		FROM account c
		LEFT JOIN unit u ON u.id = c.area_id
		LEFT JOIN totp t ON t.account_id = c.id
		LEFT JOIN one_time_link l ON l.account_id = c.id AND l.expires_at > now()
		LEFT JOIN LATERAL (SELECT max(s.seen_at) AS seen_at FROM session s WHERE s.account_id = c.id) s ON true
		WHERE in_area(c.area_id, $1, $2)
		  AND ($3 = 0 OR c.id = $3) AND c.id > $4 AND strpos(c.login, $5) > 0
		ORDER BY c.id
		LIMIT nullif($6, 0)`, area.All, area.Roots, f.ID, f.After, canonical(f.Text), f.Limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Account])
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return list, addPersons(ctx, db, ring, list)
}

// addPersons opens what is known of the persons.
func addPersons(ctx context.Context, db pg.DB, ring *vault.Ring, list []Account) error {
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = text(a.ID)
	}
	persons, err := vault.OpenMany(ctx, db, ring, "account", ids)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	for i := range list {
		person := persons[ids[i]]
		list[i].Name, list[i].Phone = person["name"], person["phone"]
	}
	return nil
}

// Get returns one account, as its keeper sees it.
func Get(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64) (Account, error) {
	list, err := List(ctx, db, ring, actor, Filter{ID: id})
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Account{}, fmt.Errorf("account %d: %w", id, err)
	}
	return list[0], nil
}

// Person is what is known of the person of an account.
type Person struct {
	Name  string
	Phone string
}

// Make makes an account in the unit with this code ("" = everywhere). Nobody can
// sign in with it before it has a password (Invite) or a provider (Prepare).
func Make(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, as, unit string, person Person) (id int64, err error) {
	as = canonical(as)
	if !isLogin(as) {
		return 0, ErrLogin
	}
	area, err := areaFor(ctx, db, actor, unit)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO account (login, area_id) VALUES ($1, $2) RETURNING id`, as, area).Scan(&id)
		if err != nil {
			return faults.Of(err)
		}
		if person != (Person{}) {
			if err := vault.Seal(ctx, tx, ring, subject(id), person.fields()); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "account_made", "account", text(id), nil)
	})
	if err != nil {
		return 0, fmt.Errorf("make an account: %w", err)
	}
	return id, nil
}

func (p Person) fields() map[string]string {
	return map[string]string{"name": p.Name, "phone": p.Phone}
}

// areaFor is the unit in which actor may make an account. Without a code it is
// the actor's own area, if that is one.
func areaFor(ctx context.Context, db pg.DB, actor staff.Actor, unit string) (*int64, error) {
	if err := actor.Must(staff.Post); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Post)
	if unit == "" {
		switch {
		case area.All:
			return nil, nil
		case len(area.Roots) == 1:
			return &area.Roots[0], nil
		}
		return nil, ErrArea.Saying("Name the unit: your area has several.")
	}
	var id int64
	err := db.QueryRow(ctx, `SELECT id FROM unit WHERE code = $1 AND in_area(id, $2, $3)`, unit, area.All, area.Roots).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrArea
	}
	if err != nil {
		return nil, fmt.Errorf("area of an account: %w", err)
	}
	return &id, nil
}

// Keeps returns ErrNotFound or ErrOutOfReach unless actor keeps this account:
// nobody takes over an account that may do more than they, or elsewhere.
func Keeps(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	if err := actor.Must(staff.Post); err != nil {
		return err
	}
	area := actor.Area(staff.Post)
	var seen, kept bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM account WHERE id = $1 AND in_area(area_id, $2, $3)), kept_within($1, $2, $3)`,
		id, area.All, area.Roots).Scan(&seen, &kept)
	switch {
	case err != nil:
		return fmt.Errorf("account %d: %w", id, err)
	case kept:
		return nil
	case seen:
		return fmt.Errorf("account %d: %w", id, ErrOutOfReach)
	}
	return fmt.Errorf("account %d: %w", id, ErrNotFound)
}

// Describe sets what is known of the person.
func Describe(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64, person Person) error {
	if err := Keeps(ctx, db, actor, id); err != nil {
		return err
	}
	return describe(ctx, db, ring, actor, id, person)
}

// DescribeSelf lets somebody correct what is known of them.
func DescribeSelf(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, person Person) error {
	return describe(ctx, db, ring, actor, actor.Account, person)
}

func describe(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64, person Person) error {
	if err := notDemo(ctx, db, id); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := vault.Seal(ctx, tx, ring, subject(id), person.fields()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "account_described", "account", text(id), nil)
	})
}

// Disable ends an account's sessions and tokens and keeps it from signing in. The
// duties of its posts pass to their deputies at once. The last one that keeps the
// whole installation stays (post.ErrLast).
func Disable(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	if err := Keeps(ctx, db, actor, id); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		return post.KeepAdministrator(ctx, tx, func() error { return disable(ctx, tx, actor, id) })
	})
	if err != nil {
		return fmt.Errorf("disable account %d: %w", id, err)
	}
	return nil
}

func disable(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64) error {
	for _, sql := range []string{
		`UPDATE account SET disabled_on = now() WHERE id = $1 AND disabled_on IS NULL`,
		`DELETE FROM session WHERE account_id = $1`,
		`DELETE FROM api_token WHERE account_id = $1`,
		`DELETE FROM one_time_link WHERE account_id = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, actor, "account_disabled", "account", text(id), nil)
}

// Enable lets a disabled account sign in again, with the password it had.
func Enable(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	if err := Keeps(ctx, db, actor, id); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE account SET disabled_on = NULL WHERE id = $1`, id); err != nil {
			return fmt.Errorf("enable account %d: %w", id, err)
		}
		return audit.Write(ctx, tx, actor, "account_enabled", "account", text(id), nil)
	})
}

// ByLogin finds an account for the command line.
func ByLogin(ctx context.Context, db pg.DB, actor staff.Actor, written string) (int64, error) {
	area := actor.Area(staff.Post)
	var id int64
	err := db.QueryRow(ctx, `SELECT id FROM account WHERE login = $1 AND in_area(area_id, $2, $3)`,
		canonical(written), area.All, area.Roots).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return id, err
}
