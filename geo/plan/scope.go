package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// The scope of a plan are the units whose division or shape it decides: those that
// its units divide (or, at the top, its units themselves), the one that it branches
// from, and those above that it reshapes. A unit that only gets a vertex where a new
// border meets its own is not among them.
//
// A draft remembers the version of the boundaries that it was drawn from (its
// basis). A plan that took effect since with a scope that meets its own, above, below
// or the same, has overtaken it: what the draft would put in force was decided
// without knowing that plan.

// scopeCodes are the codes of the units in the scope, with those that are only
// named as parents apart.
func (d *draft) scopeCodes() (decided, parents []string) {
	own, above := map[string]bool{}, map[string]bool{}
	for _, u := range d.units {
		switch u.Role {
		case Part:
			if len(d.above) == 0 {
				own[u.Code] = true
			} else {
				above[u.Parent] = true
			}
		case Parent:
			if before, known := d.byCode[u.Code]; known && !sameArea(before.Area, u.Area) && !onlyVertices(before.Area, u.Area) {
				own[u.Code] = true
			}
		}
	}
	return slices.Collect(maps.Keys(own)), slices.Collect(maps.Keys(above))
}

// notOvertaken returns ErrStale, with every plan that has overtaken the draft, if
// there is one.
//
// An import may bring the levels of a town at once: where the unit above came into
// force only after the draft was made, plans of the levels above do not count.
func (d *draft) notOvertaken(ctx context.Context, db pg.DB) error {
	list, err := d.meeting(ctx, db, `q.version > me.basis`)
	if err != nil || len(list) == 0 {
		return err
	}
	return ErrStale.With(list...)
}

// notReserved returns ErrReserved when a plan that is adopted but not yet in force
// decides the same units.
func (d *draft) notReserved(ctx context.Context, db pg.DB) error {
	list, err := d.meeting(ctx, db, `q.state = 'adopted'`)
	if err != nil || len(list) == 0 {
		return err
	}
	return ErrReserved.With(list...)
}

// ErrReserved means that an adopted plan will decide the same units.
var ErrReserved = fault.New(fault.Conflict, "plan_reserved", "Another plan of these units is adopted and will take effect. Withdraw that one, or draw this one after it.")

// meeting are the plans that a condition on q chooses and whose scope meets the
// draft's: which, by whom, when and which units they decide. The condition is a
// constant of this file.
func (d *draft) meeting(ctx context.Context, db pg.DB, condition string) ([]fault.Place, error) {
	decided, parents := d.scopeCodes()
	rows, _ := db.Query(ctx, `
		WITH me AS (SELECT p.id, p.basis, l.rank, p.base_id FROM plan p JOIN level l ON l.code = p.level WHERE p.id = $1),
		mine AS (
			SELECT u.id, u.code = ANY ($3) AND NOT u.code = ANY ($2) AND NOT EXISTS (
				SELECT FROM boundary b JOIN plan p ON p.id = b.plan_id
				WHERE b.unit_id = u.id AND coalesce(p.version, 0) <= (SELECT basis FROM me)) AS fresh
			FROM unit u WHERE u.code = ANY ($2 || $3) OR u.id = (SELECT base_id FROM me))
		SELECT q.id, q.name, q.state, coalesce(q.published_by, q.adopted_by), coalesce(q.published_at, q.adopted_at), q.effective_on,
			(SELECT array_agg(u.code ORDER BY u.code) FROM unit u WHERE u.id = ANY (q.scope))
		FROM plan q JOIN level l ON l.code = q.level, me
		WHERE `+condition+` AND q.id <> me.id AND EXISTS (
			SELECT FROM mine m, unnest(q.scope) s
			WHERE NOT (m.fresh AND l.rank < me.rank) AND EXISTS (
				SELECT FROM unit_ancestor a
				WHERE a.unit_id = s AND a.ancestor_id = m.id OR a.unit_id = m.id AND a.ancestor_id = s))
		ORDER BY q.version, q.id
		LIMIT 10`, d.id, decided, parents)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (fault.Place, error) {
		var id int64
		var name, state, by string
		var at time.Time
		var day geo.Day
		var units []string
		err := row.Scan(&id, &name, &state, &by, &at, &day, &units)
		return fault.Place{Pointer: fmt.Sprintf("plan %d", id), Code: "plan_" + state,
			Detail: fmt.Sprintf("%s, %s by %s at %s, in force from %s, decides %s", name, state, by,
				at.UTC().Format(time.RFC3339), day, strings.Join(units, ", "))}, err
	})
	if err != nil {
		return nil, fmt.Errorf("plans that meet draft %d: %w", d.id, err)
	}
	return list, nil
}

// sign turns the draft into the plan in force and says what it decided and where.
// The version comes last: from it to their commit publishers wait for each other.
func (d *draft) sign(ctx context.Context, tx pgx.Tx, actor staff.Actor, n next) error {
	decided, parents := d.scopeCodes()
	for _, b := range n.redrawn {
		if n.reshaped[b.ID] {
			decided = append(decided, b.Code)
		}
	}
	for _, b := range n.retired {
		decided = append(decided, b.Code)
	}
	box := geo.EmptyBound
	for _, b := range n.places {
		box = box.Union(b)
	}
	_, err := tx.Exec(ctx, `
		UPDATE plan SET state = 'published', effective_on = $2, published_by = $3, published_at = now(),
			adopted_by = coalesce(adopted_by, $3), adopted_at = coalesce(adopted_at, now()), touched = $4,
			scope = (SELECT coalesce(array_agg(u.id ORDER BY u.id), '{}') FROM unit u WHERE u.code = ANY ($5) OR u.id = plan.base_id),
			version = raise_layer('grid', NULL)
		WHERE id = $1`, d.id, d.day, actor.Name, []int32{box.Min.X, box.Min.Y, box.Max.X, box.Max.Y}, append(decided, parents...))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	return nil
}

// movedSince reports whether boundaries in these boxes changed after a version.
func movedSince(ctx context.Context, db pg.DB, version int64, boxes []geo.Bound) (bool, error) {
	rows, _ := db.Query(ctx, `SELECT touched FROM plan WHERE version > $1`, version)
	list, err := pgx.CollectRows(rows, pgx.RowTo[[]int32])
	if err != nil {
		return false, fmt.Errorf("changes since version %d: %w", version, err)
	}
	for _, t := range list {
		changed := geo.Bound{Min: geo.Point{X: t[0], Y: t[1]}, Max: geo.Point{X: t[2], Y: t[3]}}
		if slices.ContainsFunc(boxes, changed.Intersects) {
			return true, nil
		}
	}
	return false, nil
}

// Renew says that a person has seen what overtook a draft and keeps it: from now on
// it counts as drawn from the boundaries in force. Its faults are those against them.
func Renew(ctx context.Context, db pg.DB, actor staff.Actor, id int64, revision int) (Plan, error) {
	d, err := open(ctx, db, actor, id, revision, geo.DayOf(time.Now()))
	if err != nil {
		return Plan{}, fmt.Errorf("renew plan %d: %w", id, err)
	}
	if _, err := d.examine(ctx); err != nil {
		return Plan{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, revision); err != nil {
			return err
		}
		if err := d.saveFaults(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE plan SET basis = $2, revision = revision + 1 WHERE id = $1`, id, d.basis); err != nil {
			return err
		}
		return record(ctx, tx, actor, "renew", id, nil)
	})
	if err != nil {
		return Plan{}, fmt.Errorf("renew plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}
