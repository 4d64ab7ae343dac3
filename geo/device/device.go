// Package device knows the browsers on which officers use their page, so that a lost one
// can be revoked: at its next contact it deletes everything that it keeps of the account.
//
// A device is named by a UUID that the browser makes for one account and tells the server
// alone. What is known of it is on which days it was first and last used; never where.
package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Faults of this package.
var (
	ErrUnknown = fault.New(fault.NotFound, "device_unknown", "The account has no such device.")
	ErrRevoked = fault.New(fault.Forbidden, "device_revoked", "This device was reported as lost. What it keeps of the account is deleted.")
)

// Device is a browser of an account.
type Device struct {
	ID        string     `json:"id" format:"uuid"`
	Agent     string     `json:"agent" doc:"families of browser and system; empty when not known"`
	FirstOn   geo.Day    `json:"first_on"`
	LastOn    geo.Day    `json:"last_on"`
	RevokedAt *time.Time `json:"revoked_at"`
	WipedAt   *time.Time `json:"wiped_at" doc:"when it said that it had deleted everything"`
}

// Seen notes that a device of actor is in use today; agent and session (0) may be unknown.
// It writes once a day, and when the sign-in is another. Revoked ones are ErrRevoked.
func Seen(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID, agent string, session int64, now time.Time) error {
	var revoked bool
	err := db.QueryRow(ctx, `
		WITH seen AS (
			INSERT INTO device (account_id, id, agent, first_on, last_on, session_id) VALUES ($1, $2, $3, $5, $5, nullif($4, 0))
			ON CONFLICT (account_id, id) DO UPDATE SET last_on = excluded.last_on,
				agent = coalesce(nullif(excluded.agent, ''), device.agent), session_id = coalesce(excluded.session_id, device.session_id)
			WHERE device.revoked_at IS NULL AND (device.last_on < excluded.last_on OR excluded.session_id IS DISTINCT FROM device.session_id AND $4 <> 0))
		SELECT EXISTS (SELECT FROM device WHERE account_id = $1 AND id = $2 AND revoked_at IS NOT NULL)`,
		actor.Account, id, agent, session, geo.DayOf(now)).Scan(&revoked)
	if err != nil {
		return fmt.Errorf("device of account %d: %w", actor.Account, err)
	}
	if revoked {
		return ErrRevoked
	}
	return nil
}

// Admit is Seen for a device that sends something: it reads, and writes on the first time
// of a day only.
func Admit(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID, now time.Time) error {
	var known, revoked bool
	err := db.QueryRow(ctx, `
		SELECT coalesce(bool_or(last_on >= $3), false), coalesce(bool_or(revoked_at IS NOT NULL), false)
		FROM device WHERE account_id = $1 AND id = $2`, actor.Account, id, geo.DayOf(now)).Scan(&known, &revoked)
	switch {
	case err != nil:
		return fmt.Errorf("device of account %d: %w", actor.Account, err)
	case revoked:
		return ErrRevoked
	case known:
		return nil
	}
	return Seen(ctx, db, actor, id, "", 0, now)
}

// Use is that a device of an actor sends something.
type Use struct {
	Actor staff.Actor
	ID    uuid.UUID
	At    time.Time
}

// AdmitAll is Admit for many accounts at once: it reports of each whether the device is
// revoked. db is the engine's.
func AdmitAll(ctx context.Context, db pg.DB, uses []Use) (revoked []bool, err error) {
	accounts, ids, days := make([]int64, len(uses)), make([]uuid.UUID, len(uses)), make([]geo.Day, len(uses))
	for i, u := range uses {
		accounts[i], ids[i], days[i] = u.Actor.Account, u.ID, geo.DayOf(u.At)
	}
	rows, _ := db.Query(ctx, `
		SELECT u.n, d.revoked_at IS NOT NULL
		FROM unnest($1::bigint[], $2::uuid[], $3::date[]) WITH ORDINALITY u (account, id, day, n)
		JOIN device d ON d.account_id = u.account AND d.id = u.id
		WHERE d.last_on >= u.day OR d.revoked_at IS NOT NULL`, accounts, ids, days)
	known := make([]bool, len(uses))
	revoked = make([]bool, len(uses))
	var n int64
	var lost bool
	if _, err := pgx.ForEachRow(rows, []any{&n, &lost}, func() error { known[n-1], revoked[n-1] = true, lost; return nil }); err != nil {
		return nil, fmt.Errorf("devices of %d accounts: %w", len(uses), err)
	}
	// Those of the first time today are written in the order of accounts, as all do, so
	// that nobody waits for one who waits.
	order := make([]int, len(uses))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(accounts[i], accounts[j]) })
	for _, i := range order {
		u := uses[i]
		if known[i] {
			continue
		}
		err := Seen(ctx, db, u.Actor, u.ID, "", 0, u.At)
		if revoked[i] = errors.Is(err, ErrRevoked); err != nil && !revoked[i] {
			return nil, err
		}
	}
	return revoked, nil
}

// Of returns the devices of an account, the last used first.
func Of(ctx context.Context, db pg.DB, account int64) ([]Device, error) {
	rows, _ := db.Query(ctx, `
		SELECT id::text, agent, first_on, last_on, revoked_at, wiped_at FROM device
		WHERE account_id = $1 ORDER BY last_on DESC, first_on DESC, id LIMIT 200`, account)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Device])
	if err != nil {
		return nil, fmt.Errorf("devices of account %d: %w", account, err)
	}
	return list, nil
}

// Revoke reports a device of an account as lost, and ends its sign-in. Twice is once. The
// caller has made sure that actor keeps the account, or is it; db is the engine's.
func Revoke(ctx context.Context, db pg.DB, actor staff.Actor, account int64, id uuid.UUID) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var before *time.Time
		var session *int64
		err := tx.QueryRow(ctx, `SELECT revoked_at, session_id FROM device WHERE account_id = $1 AND id = $2 FOR UPDATE`, account, id).Scan(&before, &session)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("device %s of account %d: %w", id, account, ErrUnknown)
		case err != nil || before != nil:
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device SET revoked_at = now() WHERE account_id = $1 AND id = $2`, account, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM session WHERE id = $1 AND account_id = $2`, session, account); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "device_revoked", "account", strconv.FormatInt(account, 10), nil)
	})
}

// Revoked reports whether a device was reported as lost. Anybody who knows its id may ask,
// for its sign-in may have ended; of unknown ones it says no. db is the engine's.
func Revoked(ctx context.Context, db pg.DB, account int64, id uuid.UUID) (bool, error) {
	var revoked bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM device WHERE account_id = $1 AND id = $2 AND revoked_at IS NOT NULL)`, account, id).Scan(&revoked)
	if err != nil {
		return false, fmt.Errorf("state of a device: %w", err)
	}
	return revoked, nil
}

// Wiped notes that a revoked device says that it has deleted everything; of others nothing
// is noted. db is the engine's.
func Wiped(ctx context.Context, db pg.DB, account int64, id uuid.UUID) error {
	_, err := db.Exec(ctx, `
		UPDATE device SET wiped_at = now() WHERE account_id = $1 AND id = $2 AND revoked_at IS NOT NULL AND wiped_at IS NULL`, account, id)
	if err != nil {
		return fmt.Errorf("wiped device: %w", err)
	}
	return nil
}

// Sweeps are what is deleted of devices. A lost one that has not been wiped stays.
func Sweeps() map[string]privacy.Sweep {
	return map[string]privacy.Sweep{"device": func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		rows, _ := tx.Query(ctx, `
			DELETE FROM device WHERE ctid IN (
				SELECT ctid FROM device WHERE last_on < $1 AND (revoked_at IS NULL OR wiped_at IS NOT NULL) LIMIT $2)
			RETURNING id::text`, geo.DayOf(before), limit)
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}}
}
