package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of signing in.
var (
	ErrRefused    = fault.New(fault.Unauthenticated, "sign_in_refused", "The login or the password is wrong.")
	ErrCodeNeeded = fault.New(fault.Unauthenticated, "totp_needed", "Enter the code that your phone shows, or one of your recovery codes.")
	ErrCode       = fault.New(fault.Unauthenticated, "totp_wrong", "The code is wrong, or was used before. Wait for the next one.")
	ErrDisabled   = fault.New(fault.Forbidden, "account_disabled", "This account is disabled. Ask your administrator.")
)

// Visit is what a request tells about where it comes from.
type Visit struct {
	From    netip.Addr // of the person's network, not of a proxy of ours
	Local   bool       // from this machine, and through no proxy
	Agent   string     // Agent(header)
	Session string     // the session the browser had, which a new one replaces
	Device  string     // the device the browser is known as
}

// Attempt is a try at signing in.
type Attempt struct {
	Login    string
	Password string
	Code     string // from the phone, or a recovery code
	Visit
}

// Signed is a session just made, with the secrets for the browser to keep.
type Signed struct {
	Account   int64
	Session   string
	Device    string
	ExpiresAt time.Time // of the session, whatever happens
}

// candidate is what is known of a login before its password is.
type candidate struct {
	ID       int64
	Demo     bool
	Disabled bool
	Hash     string
	TOTP     bool
	Known    bool // in this browser
}

// SignIn makes a session for whoever knows the password, and the code where the
// account asks for one. All else is ErrRefused, in the same time whether or not
// there is such a login; too many tries are a Wait.
func (g *Guard) SignIn(ctx context.Context, db pg.DB, a Attempt) (Signed, error) {
	a.Login = canonical(a.Login)
	device, _ := parse("", a.Device)
	c, err := find(ctx, db, a.Login, device)
	if err != nil {
		return Signed{}, err
	}
	if !c.Known {
		device = nil
	}
	tries := g.counters(a.Login, a.From, device)
	locked, err := g.charge(ctx, db, tries)
	if err != nil {
		return Signed{}, err
	}
	stale, err := g.prove(ctx, db, c, a)
	if errors.Is(err, ErrCodeNeeded) { // the password was right, and nothing more was tried
		return Signed{}, errors.Join(err, g.refund(ctx, db, tries))
	}
	if fault.Of(err) != nil && !errors.Is(err, errBusy) {
		return Signed{}, errors.Join(err, refuse(ctx, db, c.ID, err, locked))
	}
	if err != nil {
		return Signed{}, errors.Join(err, g.refund(context.WithoutCancel(ctx), db, tries))
	}

	var renewed string
	if stale {
		if renewed, err = g.hasher.hash(ctx, a.Password); err != nil {
			return Signed{}, err
		}
	}
	var signed Signed
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := g.forgive(ctx, tx, tries); err != nil {
			return err
		}
		if renewed != "" {
			if _, err := tx.Exec(ctx, `UPDATE password SET hash = $2 WHERE account_id = $1 AND hash = $3`, c.ID, renewed, c.Hash); err != nil {
				return err
			}
		}
		if signed, err = begin(ctx, tx, c.ID, "password", a.Visit); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor(c.ID), "sign_in", "account", text(c.ID), map[string]any{"method": "password", "totp": c.TOTP})
	})
	if err != nil {
		return Signed{}, fmt.Errorf("sign in: %w", err)
	}
	return signed, nil
}

// find returns the account of a login; the zero candidate when there is none.
func find(ctx context.Context, db pg.DB, login string, device []byte) (c candidate, err error) {
	err = db.QueryRow(ctx, `
		SELECT c.id, c.demo, c.disabled_on IS NOT NULL, coalesce(p.hash, ''), coalesce(t.confirmed_at IS NOT NULL, false),
		       EXISTS (SELECT FROM known_device d WHERE d.digest = $2 AND d.account_id = c.id AND d.used_at > now() - $3::interval)
		FROM account c
		LEFT JOIN password p ON p.account_id = c.id
		LEFT JOIN totp t ON t.account_id = c.id
		WHERE c.login = $1`, login, device, Remembered).Scan(&c.ID, &c.Demo, &c.Disabled, &c.Hash, &c.TOTP, &c.Known)
	if errors.Is(err, pgx.ErrNoRows) {
		return candidate{}, nil
	}
	if err != nil {
		return candidate{}, fmt.Errorf("find a login: %w", err)
	}
	return c, nil
}

// prove checks the password, and the code where there is one.
func (g *Guard) prove(ctx context.Context, db pg.DB, c candidate, a Attempt) (stale bool, err error) {
	hash := c.Hash
	if c.Demo && !a.Local {
		hash = "" // its password was shown on this machine's terminal
	}
	match, stale, err := g.hasher.check(ctx, a.Password, hash)
	switch {
	case err != nil:
		return false, err
	case !match:
		return false, ErrRefused
	case c.Disabled:
		return false, ErrDisabled
	case c.TOTP && a.Code == "":
		return false, ErrCodeNeeded
	case c.TOTP:
		return stale, g.useCode(ctx, db, c.ID, a.Code)
	}
	return stale, nil
}

// refuse records a failed try. An unknown login is not written down: it may be a
// password in the wrong field.
func refuse(ctx context.Context, db pg.DB, id int64, because error, locked bool) error {
	subject := ""
	if id != 0 {
		subject = text(id)
	}
	detail := map[string]any{"code": fault.Of(because).Code}
	if locked {
		detail["locked"] = true
	}
	return audit.Write(ctx, db, staff.Public, "sign_in_refused", "account", subject, detail)
}

// Remembered is how long a browser stays known without a sign-in.
const Remembered = 180 * 24 * time.Hour

// devices is how many browsers of an account are known; the oldest are forgotten.
const devices = 20

// begin makes a session in place of the one the browser had, and makes the
// browser known. Sessions that have ended are deleted along the way.
func begin(ctx context.Context, tx pgx.Tx, id int64, method string, v Visit) (Signed, error) {
	token, digest := newSecret("")
	signed := Signed{Account: id, Session: token}
	old, _ := parse("", v.Session)
	_, err := tx.Exec(ctx, `
		DELETE FROM session WHERE digest = $1 OR id IN (
			SELECT id FROM session WHERE account_id = $2 AND (seen_at <= now() - $3::interval OR made_at <= now() - $4::interval))`,
		old, id, Idle, Longest)
	if err != nil {
		return Signed{}, fmt.Errorf("end old sessions: %w", err)
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO session (account_id, digest, method, agent) VALUES ($1, $2, $3, $4)
		RETURNING made_at + $5::interval`, id, digest, method, v.Agent, Longest).Scan(&signed.ExpiresAt)
	if err != nil {
		return Signed{}, fmt.Errorf("begin a session: %w", err)
	}
	signed.Device, err = know(ctx, tx, id, v.Device)
	return signed, err
}

// know remembers a browser by the cookie it has, or gives it one.
func know(ctx context.Context, tx pgx.Tx, id int64, had string) (device string, err error) {
	device = had
	digest, ok := parse("", had)
	if !ok {
		device, digest = newSecret("")
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO known_device (account_id, digest) VALUES ($1, $2)
		ON CONFLICT (account_id, digest) DO UPDATE SET used_at = now()`, id, digest)
	if err != nil {
		return "", fmt.Errorf("know a browser: %w", err)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM known_device WHERE account_id = $1 AND digest NOT IN (
			SELECT digest FROM known_device WHERE account_id = $1 AND used_at > now() - $3::interval ORDER BY used_at DESC LIMIT $2)`,
		id, devices, Remembered)
	if err != nil {
		return "", fmt.Errorf("forget browsers: %w", err)
	}
	return device, nil
}

// ChangePassword sets a new password for whoever knows the present one, ends all
// other sessions and forgets other browsers. The session goes on under a new
// token.
func (g *Guard) ChangePassword(ctx context.Context, db pg.DB, who staff.Actor, visit Visit, present, chosen string) (Signed, error) {
	session, err := Current(ctx, db, who, visit.Session)
	if err != nil {
		return Signed{}, err
	}
	login, err := g.confirm(ctx, db, who, present)
	if err != nil {
		return Signed{}, err
	}
	if err := CheckPassword(login, chosen); err != nil {
		return Signed{}, err
	}
	hash, err := g.hasher.hash(ctx, chosen)
	if err != nil {
		return Signed{}, err
	}
	var signed Signed
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := setPassword(ctx, tx, who.Account, hash); err != nil {
			return err
		}
		if signed, err = begin(ctx, tx, who.Account, session.Method, visit); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "password_changed", "account", text(who.Account), nil)
	})
	if err != nil {
		return Signed{}, fmt.Errorf("change the password of account %d: %w", who.Account, err)
	}
	return signed, nil
}

// confirm checks the password of somebody who has signed in, before something
// that a stolen session must not do. It returns the login.
func (g *Guard) confirm(ctx context.Context, db pg.DB, who staff.Actor, password string) (login string, err error) {
	var hash string
	err = db.QueryRow(ctx, `
		SELECT c.login, p.hash FROM account c JOIN password p ON p.account_id = c.id WHERE c.id = $1`, who.Account).Scan(&login, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNoPassword
	}
	if err != nil {
		return "", fmt.Errorf("account %d: %w", who.Account, err)
	}
	tries := []try{{g.keyed("account", text(who.Account)), perLogin}}
	locked, err := g.charge(ctx, db, tries)
	if err != nil {
		return "", err
	}
	match, _, err := g.hasher.check(ctx, password, hash)
	if err != nil {
		return "", errors.Join(err, g.refund(context.WithoutCancel(ctx), db, tries))
	}
	if !match {
		return "", errors.Join(ErrPresent, refuse(ctx, db, who.Account, ErrPresent, locked))
	}
	return login, g.forgive(ctx, db, tries)
}

// Faults of confirming.
var (
	ErrPresent    = fault.New(fault.Invalid, "password_wrong", "Your present password is another one.")
	ErrNoPassword = fault.New(fault.Conflict, "password_missing", "This account has no password; it signs in with your organisation's provider.")
)

// setPassword stores a hash, ends every session and forgets every browser.
func setPassword(ctx context.Context, tx pgx.Tx, id int64, hash string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO password (account_id, hash) VALUES ($1, $2)
		ON CONFLICT (account_id) DO UPDATE SET hash = excluded.hash, set_at = now()`, id, hash)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		`DELETE FROM session WHERE account_id = $1`,
		`DELETE FROM known_device WHERE account_id = $1`,
		`DELETE FROM one_time_link WHERE account_id = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	return nil
}

// SetPassword sets the password of an account from the command line.
func (g *Guard) SetPassword(ctx context.Context, db pg.DB, who staff.Actor, id int64, chosen string) error {
	if err := Keeps(ctx, db, who, id); err != nil {
		return err
	}
	var login string
	if err := db.QueryRow(ctx, `SELECT login FROM account WHERE id = $1`, id).Scan(&login); err != nil {
		return fmt.Errorf("account %d: %w", id, err)
	}
	if err := CheckPassword(login, chosen); err != nil {
		return err
	}
	hash, err := g.hasher.hash(ctx, chosen)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := setPassword(ctx, tx, id, hash); err != nil {
			return fmt.Errorf("set the password of account %d: %w", id, err)
		}
		return audit.Write(ctx, tx, who, "password_set", "account", text(id), nil)
	})
}

// Unlock forgets the failed tries at an account.
func (g *Guard) Unlock(ctx context.Context, db pg.DB, who staff.Actor, id int64) error {
	if err := Keeps(ctx, db, who, id); err != nil {
		return err
	}
	var login string
	if err := db.QueryRow(ctx, `SELECT login FROM account WHERE id = $1`, id).Scan(&login); err != nil {
		return fmt.Errorf("account %d: %w", id, err)
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := g.forgive(ctx, tx, []try{{g.keyed("login", login), perLogin}, {g.keyed("account", text(id)), perLogin}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "account_unlocked", "account", text(id), nil)
	})
}
