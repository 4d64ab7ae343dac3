package post

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// mayGive returns nil when actor may make, hand over, retitle or end a post of
// this kind in a unit (0 = the whole installation), in favour of account (0 =
// nobody in particular). Who keeps posts there appoints to every kind of post. But
// nobody gives themselves a post that may more than they already hold there,
// unless they keep the whole installation: somebody has to be able to.
func mayGive(ctx context.Context, db pg.DB, actor staff.Actor, kind staff.Kind, unit, account int64) error {
	var gives []staff.Permission
	var above []int64
	err := db.QueryRow(ctx, `
		SELECT k.may, ARRAY(SELECT a.ancestor_id FROM unit_ancestor a WHERE a.unit_id = $2)
		FROM post_kind k WHERE k.code = $1`, kind, unit).Scan(&gives, &above)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnknownKind
	}
	if err != nil {
		return fmt.Errorf("what a %s may do: %w", kind, err)
	}
	keeps := actor.Area(staff.Post)
	switch {
	case !actor.May(staff.Post):
		return actor.Must(staff.Post)
	case !covers(keeps, above):
		return staff.ErrOutside
	case account == 0 || account != actor.Account || keeps.All:
		return nil
	}
	var missing []fault.Place
	for _, p := range gives {
		if !covers(lasting(actor).Area(p), above) {
			missing = append(missing, fault.Place{Pointer: string(p), Code: "permission_missing", Detail: "permission " + string(p)})
		}
	}
	if len(missing) > 0 {
		return ErrBeyond.With(missing...)
	}
	return nil
}

// lasting is an actor with the grants of its posts alone: access for a few hours
// is no ground for a post.
func lasting(actor staff.Actor) staff.Actor {
	actor.Grants = slices.DeleteFunc(slices.Clone(actor.Grants), func(g staff.Grant) bool { return g.Kind == staff.BreakGlass })
	return actor
}

// covers reports whether a unit lies in an area: above are the unit and all units
// it lies below, none for the whole installation.
func covers(area staff.Area, above []int64) bool {
	return area.All || slices.ContainsFunc(above, func(id int64) bool { return slices.Contains(area.Roots, id) })
}

// keepAdministrator does a change of a post; if the post keeps the whole
// installation, as KeepAdministrator.
func keepAdministrator(ctx context.Context, tx pgx.Tx, p Post, change func() error) error {
	if p.Kind != staff.Administrator || p.unit != 0 {
		return change()
	}
	return KeepAdministrator(ctx, tx, change)
}

// KeepAdministrator does a change after which somebody must still keep the whole
// installation, today and on every later day: an enabled account, not one of the
// demo, that holds a post of administrator everywhere. Otherwise it returns
// ErrLast, and the transaction is to be rolled back. Such changes take turns, so
// that the last two cannot leave at once. Where there was nobody before, there is
// nothing to keep.
func KeepAdministrator(ctx context.Context, tx pgx.Tx, change func() error) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, administratorLock); err != nil {
		return fmt.Errorf("keep an administrator: %w", err)
	}
	before, err := hasAdministrator(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if after, err := hasAdministrator(ctx, tx); err != nil || before && !after {
		return errors.Join(err, ErrLast)
	}
	return nil
}

func hasAdministrator(ctx context.Context, tx pgx.Tx) (has bool, err error) {
	err = tx.QueryRow(ctx, `
		WITH today AS (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day),
		term AS (
			SELECT greatest(p.valid_from, h.valid_from) AS begins, coalesce(least(p.valid_to, h.valid_to), 'infinity') AS ends
			FROM post p JOIN holder h ON h.post_id = p.id JOIN account c ON c.id = h.account_id
			WHERE p.kind = 'administrator' AND p.unit_id IS NULL AND c.disabled_on IS NULL AND NOT c.demo)
		SELECT NOT EXISTS (
			SELECT FROM (SELECT day FROM today UNION SELECT ends FROM term, today WHERE ends > day AND ends < 'infinity') d
			WHERE NOT EXISTS (SELECT FROM term t WHERE t.begins <= d.day AND t.ends > d.day))`).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("administrators: %w", err)
	}
	return has, nil
}
