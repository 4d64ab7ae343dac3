package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrLink is a one-time link that is wrong, ended, or used before.
var ErrLink = fault.New(fault.NotFound, "link_unknown", "This link has been used or has ended. Ask for a new one.")

// How long one-time links may be used.
const (
	firstLink  = 24 * time.Hour
	inviteLink = 3 * 24 * time.Hour
)

// FirstLink returns the token of a link with which the first administrator may be
// made, in place of the one made before; "" when there is an administrator. The
// demo's does not count.
func FirstLink(ctx context.Context, db pg.DB) (token string, err error) {
	token, digest := newSecret("")
	tag, err := db.Exec(ctx, `
		INSERT INTO one_time_link (digest, purpose, expires_at)
		SELECT $1, 'first', now() + $2::interval WHERE NOT has_administrator()
		ON CONFLICT (coalesce(account_id, 0)) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at`, digest, firstLink)
	if err != nil {
		return "", fmt.Errorf("link for the first administrator: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return "", nil
	}
	return token, nil
}

// First makes the first administrator, who has signed in with that.
func (g *Guard) First(ctx context.Context, db pg.DB, token, as, password string, visit Visit) (Signed, error) {
	digest, ok := parse("", token)
	if !ok {
		return Signed{}, ErrLink
	}
	as = canonical(as)
	if err := check(as, password); err != nil {
		return Signed{}, err
	}
	// Before the work of hashing, and again when it is used.
	var open bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM one_time_link WHERE digest = $1 AND purpose = 'first' AND expires_at > now())
		   AND NOT has_administrator()`, digest).Scan(&open)
	if err != nil {
		return Signed{}, fmt.Errorf("first administrator: %w", err)
	}
	if !open {
		return Signed{}, ErrLink
	}
	hash, err := g.hasher.hash(ctx, password)
	if err != nil {
		return Signed{}, err
	}
	var signed Signed
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			DELETE FROM one_time_link WHERE digest = $1 AND purpose = 'first' AND expires_at > now() AND NOT has_administrator()`, digest)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrLink
		}
		id, err := administrator(ctx, tx, as, hash)
		if err != nil {
			return err
		}
		if signed, err = begin(ctx, tx, id, "password", visit); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor(id), "administrator_made", "account", text(id), map[string]any{"by": "link"})
	})
	if err != nil {
		return Signed{}, fmt.Errorf("first administrator: %w", err)
	}
	return signed, nil
}

func check(login, password string) error {
	if !isLogin(login) {
		return ErrLogin
	}
	return CheckPassword(login, password)
}

// MakeWithPassword makes an account that may sign in at once; as administrator of
// everything if it is to be one. It is for the command line.
func (g *Guard) MakeWithPassword(ctx context.Context, db pg.DB, who staff.Actor, as, password string, everything bool) (id int64, err error) {
	if !who.Area(staff.Post).All {
		return 0, ErrArea
	}
	as = canonical(as)
	if err := check(as, password); err != nil {
		return 0, err
	}
	hash, err := g.hasher.hash(ctx, password)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		action, insert := "account_made", withPassword
		if everything {
			action, insert = "administrator_made", administrator
		}
		if id, err = insert(ctx, tx, as, hash); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, action, "account", text(id), nil)
	})
	if err != nil {
		return 0, fmt.Errorf("make an account: %w", err)
	}
	return id, nil
}

// withPassword makes an account of the whole installation.
func withPassword(ctx context.Context, tx pgx.Tx, login, hash string) (id int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO account (login) VALUES ($1) RETURNING id`, login).Scan(&id)
	if err != nil {
		return 0, faults.Of(err)
	}
	return id, setPassword(ctx, tx, id, hash)
}

// administrator makes an account that holds the first vacant post of an
// administrator of everything, or a new one.
func administrator(ctx context.Context, tx pgx.Tx, login, hash string) (id int64, err error) {
	id, err = withPassword(ctx, tx, login, hash)
	if err != nil {
		return 0, err
	}
	var post int64
	err = tx.QueryRow(ctx, `
		SELECT p.id FROM post p
		WHERE p.kind = 'administrator' AND p.unit_id IS NULL AND p.valid_to IS NULL
		  AND p.valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
		  AND NOT EXISTS (SELECT FROM holder h WHERE h.post_id = p.id AND h.rank = 'A'
		                  AND (h.valid_to IS NULL OR h.valid_to > (now() AT TIME ZONE 'Asia/Shanghai')::date))
		ORDER BY p.id LIMIT 1 FOR UPDATE`).Scan(&post)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, `
			INSERT INTO post (kind, ordinal)
			SELECT 'administrator', 1 + coalesce(max(ordinal), 0) FROM post WHERE kind = 'administrator' AND unit_id IS NULL
			RETURNING id`).Scan(&post)
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO holder (post_id, rank, account_id) VALUES ($1, 'A', $2)`, post, id)
	return id, err
}

// Invite returns the token of a link with which the person of an account sets a
// password, new or in place of one they forgot. It takes the place of one made
// before. Until it is used nothing changes.
func Invite(ctx context.Context, db pg.DB, who staff.Actor, id int64) (token string, until time.Time, err error) {
	if err := Keeps(ctx, db, who, id); err != nil {
		return "", time.Time{}, err
	}
	token, digest := newSecret("")
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := notDemo(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT now() + $1::interval`, inviteLink).Scan(&until); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM one_time_link WHERE account_id = $1`, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO one_time_link (digest, account_id, purpose, expires_at) VALUES ($1, $2, 'password', $3)`, digest, id, until)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "link_made", "account", text(id), nil)
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("link for account %d: %w", id, err)
	}
	return token, until, nil
}

// SetByLink sets a password with a link from Invite and returns the login. It ends
// all sessions and tokens: whoever else had the account has it no longer. The
// browser becomes known, so that nobody's guesses keep its person out.
func (g *Guard) SetByLink(ctx context.Context, db pg.DB, token, password string, visit Visit) (login, device string, err error) {
	digest, ok := parse("", token)
	if !ok {
		return "", "", ErrLink
	}
	var id int64
	err = db.QueryRow(ctx, `
		SELECT c.id, c.login FROM one_time_link l JOIN account c ON c.id = l.account_id
		WHERE l.digest = $1 AND l.expires_at > now() AND c.disabled_on IS NULL`, digest).Scan(&id, &login)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", ErrLink
	}
	if err != nil {
		return "", "", fmt.Errorf("use a link: %w", err)
	}
	if err := CheckPassword(login, password); err != nil {
		return "", "", err
	}
	hash, err := g.hasher.hash(ctx, password)
	if err != nil {
		return "", "", err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM one_time_link WHERE digest = $1 AND expires_at > now()`, digest)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrLink
		}
		if err := setPassword(ctx, tx, id, hash); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM api_token WHERE account_id = $1`, id); err != nil {
			return err
		}
		if device, err = know(ctx, tx, id, visit.Device); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor(id), "password_set", "account", text(id), map[string]any{"by": "link"})
	})
	if err != nil {
		return "", "", fmt.Errorf("use a link: %w", err)
	}
	return login, device, nil
}
