// Package breakglass gives access beyond one's posts when something urgent wants
// it: an account names a unit, a permission, a reason and a time of at most four
// hours, and has the access at once. It is seen by everyone who reads the log or
// guards privacy there, every act under it carries its number in the audit, it
// ends by itself, and who guards privacy may end it earlier.
//
// What it grants is part of what the database finds for an account (grants_of in
// migration 0015), so both walls know it.
package breakglass

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Longest is how long one access may last.
const Longest = 4 * time.Hour

// Access is one broken glass.
type Access struct {
	ID         int64            `json:"id"`
	Account    int64            `json:"account"`
	Login      string           `json:"login"`
	Unit       int64            `json:"unit"`
	UnitCode   string           `json:"unit_code"`
	Permission staff.Permission `json:"permission" enum:"place,contact"`
	Reason     string           `json:"reason"`
	StartsAt   time.Time        `json:"starts_at"`
	EndsAt     time.Time        `json:"ends_at"`
	EndedBy    string           `json:"ended_by,omitempty" doc:"who ended it before its time"`
}

// Request is what somebody asks for.
type Request struct {
	Unit       int64
	Permission staff.Permission // Place, or Contact, which includes it
	Reason     string
	For        time.Duration
}

// The faults of a request.
var (
	ErrPermission = fault.New(fault.Invalid, "break_glass_permission", "Only precise places and contact details can be asked for.")
	ErrReason     = fault.New(fault.Invalid, "break_glass_reason", "Give the reason in 10 to 500 letters, without phone or identity numbers.")
	ErrDuration   = fault.New(fault.Invalid, "break_glass_duration", "Ask for one minute to four hours.")
	ErrUnit       = fault.New(fault.NotFound, "break_glass_unit", "There is no such unit.")
	ErrHas        = fault.New(fault.Conflict, "break_glass_needless", "Your posts allow this already.")
	ErrNotFound   = fault.New(fault.NotFound, "break_glass_not_found", "There is no such access that you may see.")
	ErrEnded      = fault.New(fault.Conflict, "break_glass_ended", "This access has ended.")
)

func (r Request) check() error {
	if r.Permission != staff.Place && r.Permission != staff.Contact {
		return ErrPermission
	}
	if n := len([]rune(strings.TrimSpace(r.Reason))); n < 10 || n > 500 {
		return ErrReason
	}
	if _, personal := sheet.LooksPersonal(r.Reason); personal {
		return ErrReason
	}
	if r.For < time.Minute || r.For > Longest {
		return ErrDuration
	}
	return nil
}

// Break gives the actor, who has signed in and holds a post, access at once. The
// engine knows whether a unit exists that the actor cannot see.
func Break(ctx context.Context, db, engine pg.DB, actor staff.Actor, r Request) (Access, error) {
	if actor.Account == 0 {
		return Access{}, staff.ErrSignedOut
	}
	if len(actor.Grants) == 0 {
		return Access{}, staff.ErrForbidden
	}
	if err := r.check(); err != nil {
		return Access{}, err
	}
	if err := unitFor(ctx, engine, actor, r); err != nil {
		return Access{}, err
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at)
			VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
			RETURNING id`, actor.Account, r.Unit, string(r.Permission), strings.TrimSpace(r.Reason), r.For.Seconds()).Scan(&id)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "break", "glass", fmt.Sprint(id), map[string]any{
			"unit": r.Unit, "permission": r.Permission, "minutes": int(r.For.Minutes()), "reason": strings.TrimSpace(r.Reason)})
	})
	if err != nil {
		return Access{}, fmt.Errorf("break the glass for unit %d: %w", r.Unit, err)
	}
	return one(ctx, engine, id)
}

// unitFor wants a unit where the actor lacks the permission.
func unitFor(ctx context.Context, engine pg.DB, actor staff.Actor, r Request) error {
	area := actor.Area(r.Permission)
	var exists, has bool
	err := engine.QueryRow(ctx, `SELECT EXISTS (SELECT FROM unit WHERE id = $1), in_area($1, $2, $3)`, r.Unit, area.All, area.Roots).Scan(&exists, &has)
	switch {
	case err != nil:
		return fmt.Errorf("break the glass for unit %d: %w", r.Unit, err)
	case !exists:
		return ErrUnit
	case has:
		return ErrHas
	}
	return nil
}

// End ends an access before its time: one's own, or as somebody who guards
// privacy in its unit.
func End(ctx context.Context, db, engine pg.DB, actor staff.Actor, id int64) (Access, error) {
	if actor.Account == 0 {
		return Access{}, staff.ErrSignedOut
	}
	area := actor.Area(staff.Privacy)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var over bool
		err := tx.QueryRow(ctx, `
			SELECT ends_at <= now() FROM break_glass
			WHERE id = $1 AND (account_id = $2 OR in_area(unit_id, $3, $4))
			FOR UPDATE`, id, actor.Account, area.All, area.Roots).Scan(&over)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if over {
			return ErrEnded
		}
		if _, err := tx.Exec(ctx, `UPDATE break_glass SET ends_at = now(), ended_by = $2 WHERE id = $1`, id, actor.Name); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "end", "glass", fmt.Sprint(id), nil)
	})
	if err != nil {
		return Access{}, fmt.Errorf("end break-glass access %d: %w", id, err)
	}
	return one(ctx, engine, id)
}

const columns = `
	SELECT b.id, b.account_id, c.login, b.unit_id, coalesce(u.code, ''), b.permission, b.reason, b.starts_at, b.ends_at, coalesce(b.ended_by, '')
	FROM break_glass b JOIN account c ON c.id = b.account_id LEFT JOIN unit u ON u.id = b.unit_id`

func one(ctx context.Context, db pg.DB, id int64) (Access, error) {
	rows, _ := db.Query(ctx, columns+` WHERE b.id = $1`, id)
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Access])
	if err != nil {
		return Access{}, fmt.Errorf("break-glass access %d: %w", id, err)
	}
	return a, nil
}

// List returns the newest accesses with an id below before (0 = from the newest)
// that the actor may see: one's own, and those in units where the actor reads the
// log or guards privacy. The engine reads them, for those people need not see the
// accounts and units named in them.
func List(ctx context.Context, engine pg.DB, actor staff.Actor, before int64, limit int) ([]Access, error) {
	if actor.Account == 0 {
		return nil, staff.ErrSignedOut
	}
	log, privacy := actor.Area(staff.Audit), actor.Area(staff.Privacy)
	rows, _ := engine.Query(ctx, columns+`
		WHERE (b.account_id = $1 OR in_area(b.unit_id, $2, $3)) AND ($4 = 0 OR b.id < $4)
		ORDER BY b.id DESC
		LIMIT $5`, actor.Account, log.All || privacy.All, append(log.Roots, privacy.Roots...), before, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Access])
	if err != nil {
		return nil, fmt.Errorf("break-glass accesses: %w", err)
	}
	return list, nil
}
