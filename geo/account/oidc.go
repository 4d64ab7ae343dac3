package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of external sign-in.
var (
	ErrStranger = fault.New(fault.Forbidden, "external_unknown", "Your organisation knows you, but no account here was prepared for you. Ask your administrator.")
	ErrExternal = fault.New(fault.Conflict, "external_taken", "This person of the provider has another account here already.")
)

// prepared is how long an account waits for the first external sign-in. It is
// bounded, for until then whoever has the login at the provider gets it.
const prepared = 30 * 24 * time.Hour

// External is who a provider says somebody is.
type External struct {
	Issuer  string
	Subject string   // never given to somebody else, says the standard
	Logins  []string // names that the provider vouches for: the user name, a verified mail
}

// Prepare lets whoever has the account's login at the provider sign in with it,
// once, within 30 days; that links them for good. It undoes a link made before.
func Prepare(ctx context.Context, db pg.DB, who staff.Actor, id int64, issuer string) error {
	return external(ctx, db, who, id, issuer, "external_prepared", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO external_login (account_id, issuer, expires_at) VALUES ($1, $2, now() + $3::interval)`, id, issuer, prepared)
		return err
	})
}

// Link ties an account to a person of the provider whose subject is known.
func Link(ctx context.Context, db pg.DB, who staff.Actor, id int64, issuer, subject string) error {
	return external(ctx, db, who, id, issuer, "external_linked", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO external_login (account_id, issuer, subject) VALUES ($1, $2, $3)`, id, issuer, subject)
		return pg.Faults{"external_login_is_one_account": ErrExternal}.Of(err)
	})
}

// Unlink ends external sign-in for an account; sessions go on.
func Unlink(ctx context.Context, db pg.DB, who staff.Actor, id int64, issuer string) error {
	return external(ctx, db, who, id, issuer, "external_unlinked", func(pgx.Tx) error { return nil })
}

// external replaces what an account has with an issuer.
func external(ctx context.Context, db pg.DB, who staff.Actor, id int64, issuer, action string, then func(pgx.Tx) error) error {
	if err := Keeps(ctx, db, who, id); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := notDemo(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM external_login WHERE account_id = $1 AND issuer = $2`, id, issuer); err != nil {
			return err
		}
		if err := then(tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, action, "account", text(id), nil)
	})
	if err != nil {
		return fmt.Errorf("external sign-in of account %d: %w", id, err)
	}
	return nil
}

// SignInExternal makes a session for whom a provider has vouched. An account gets
// no rights by it, and asks for no code: the second step is the provider's.
func SignInExternal(ctx context.Context, db pg.DB, e External, visit Visit) (Signed, error) {
	for i, l := range e.Logins {
		e.Logins[i] = canonical(l)
	}
	e.Logins = slices.DeleteFunc(e.Logins, func(l string) bool { return !isLogin(l) })
	var signed Signed
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		id, disabled, err := linked(ctx, tx, e)
		switch {
		case err != nil:
			return err
		case disabled:
			return ErrDisabled
		}
		if signed, err = begin(ctx, tx, id, "oidc", visit); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor(id), "sign_in", "account", text(id), map[string]any{"method": "oidc"})
	})
	if f := fault.Of(err); f != nil {
		err = errors.Join(err, refuse(ctx, db, 0, f, false))
	}
	if err != nil {
		return Signed{}, fmt.Errorf("external sign-in: %w", err)
	}
	return signed, nil
}

// linked finds the account of a subject; an account that was prepared for one of
// the logins is linked now. The subject decides: a login that changes hands at
// the provider does not open the account of the one who had it before.
func linked(ctx context.Context, tx pgx.Tx, e External) (id int64, disabled bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT c.id, c.disabled_on IS NOT NULL
		FROM external_login x JOIN account c ON c.id = x.account_id
		WHERE x.issuer = $1 AND x.subject = $2`, e.Issuer, e.Subject).Scan(&id, &disabled)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, disabled, err
	}
	err = tx.QueryRow(ctx, `
		UPDATE external_login x SET subject = $2, expires_at = NULL
		WHERE x.issuer = $1 AND x.account_id = (
			SELECT c.id FROM account c JOIN external_login p ON p.account_id = c.id AND p.issuer = $1
			WHERE c.login = ANY ($3) AND p.subject IS NULL AND p.expires_at > now() AND c.disabled_on IS NULL
			ORDER BY c.id LIMIT 1 FOR UPDATE OF p)
		RETURNING x.account_id`, e.Issuer, e.Subject, e.Logins).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, ErrStranger
	}
	if err != nil {
		return 0, false, pg.Faults{"external_login_is_one_account": ErrExternal}.Of(err)
	}
	return id, false, audit.Write(ctx, tx, actor(id), "external_linked", "account", text(id), nil)
}
