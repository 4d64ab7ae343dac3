package servicepoint

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Hand is the source of points that were added by hand.
const Hand = "hand"

// Add adds a point that is in a state from a day on.
func Add(ctx context.Context, db pg.DB, actor staff.Actor, d Details, at geo.Point, state State, from geo.Day) (Point, error) {
	if err := errors.Join(d.check(), checkPlace(at.Degrees())); err != nil {
		return Point{}, fmt.Errorf("add service point: %w", err)
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO service_point (source, source_id, name, tier, address, capacity, ground_floor, step_free, mobile, point, cell, area_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
			Hand, uuid.NewString(), d.Name, d.Tier, d.Address, d.Capacity, d.GroundFloor, d.StepFree, d.Mobile,
			at, ledger.CellOf(&at), actor.Area(staff.Plan).Home()).Scan(&id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO service_point_state (service_point_id, state, valid_from) VALUES ($1, $2, $3)`, id, state, from); err != nil {
			return err
		}
		if err := writeParts(ctx, tx, id, d); err != nil {
			return err
		}
		return settle(ctx, tx, actor, "add", id, map[string]any{"state": state, "from": from})
	})
	if err != nil {
		return Point{}, fmt.Errorf("add service point: %w", faults.Of(err))
	}
	return Get(ctx, db, actor, grid.Today(), id)
}

// Edit changes what is said of a point, and its place.
func Edit(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, id int64, d Details, at geo.Point) (Point, error) {
	if err := errors.Join(d.check(), checkPlace(at.Degrees())); err != nil {
		return Point{}, fmt.Errorf("edit service point %d: %w", id, err)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := ledger.ServicePoints.Within(ctx, tx, actor, staff.Plan, []int64{id}); err != nil {
			return ErrUnknown.Because(err)
		}
		tag, err := tx.Exec(ctx, `
			UPDATE service_point SET name = $2, tier = $3, address = $4, capacity = $5, ground_floor = $6, step_free = $7,
				mobile = $8, point = $9, cell = $10, updated_at = now()
			WHERE id = $1`, id, d.Name, d.Tier, d.Address, d.Capacity, d.GroundFloor, d.StepFree, d.Mobile, at, ledger.CellOf(&at))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrUnknown
		}
		if err := writeParts(ctx, tx, id, d); err != nil {
			return err
		}
		return settle(ctx, tx, actor, "edit", id, nil)
	})
	if err != nil {
		return Point{}, fmt.Errorf("edit service point %d: %w", id, faults.Of(err))
	}
	return Get(ctx, db, actor, day, id)
}

// writeParts replaces the functions and stops of a point.
func writeParts(ctx context.Context, tx pgx.Tx, id int64, d Details) error {
	for _, sql := range []string{
		`DELETE FROM service_point_function WHERE service_point_id = $1`,
		`DELETE FROM service_point_stop WHERE service_point_id = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	for _, f := range d.Functions {
		items := f.Items
		if items == nil {
			items = []string{}
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO service_point_function (service_point_id, function, hours, sessions, items)
			VALUES ($1, $2, $3, $4, $5)`, id, f.Function, f.Hours, f.Sessions, items); err != nil {
			return err
		}
	}
	for i, s := range d.Stops {
		if _, err := tx.Exec(ctx, `
			INSERT INTO service_point_stop (service_point_id, ordinal, name, hours, point)
			VALUES ($1, $2, $3, $4, $5)`, id, i, s.Name, s.Hours, geo.Snap(s.Point)); err != nil {
			return err
		}
	}
	return nil
}

// SetState puts a point into a state from a day on. The day may lie ahead, and it
// may be the day on which the present state began, which is replaced then.
func SetState(ctx context.Context, db pg.DB, actor staff.Actor, id int64, state State, from geo.Day) (Point, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := ledger.ServicePoints.Within(ctx, tx, actor, staff.Plan, []int64{id}); err != nil {
			return ErrUnknown.Because(err)
		}
		if err := turn(ctx, tx, id, state, from); err != nil {
			return err
		}
		return settle(ctx, tx, actor, "state", id, map[string]any{"state": state, "from": from})
	})
	if err != nil {
		return Point{}, fmt.Errorf("state of service point %d: %w", id, err)
	}
	return Get(ctx, db, actor, grid.Today(), id)
}

// turn ends the last state and begins the next one. The lock on the point lets
// publishing refer to it: that waits for nobody who waits for publishing.
func turn(ctx context.Context, tx pgx.Tx, id int64, state State, from geo.Day) error {
	var there bool
	err := tx.QueryRow(ctx, `SELECT true FROM service_point WHERE id = $1 FOR NO KEY UPDATE`, id).Scan(&there)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnknown
	}
	if err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, `
		SELECT state, valid_from, valid_to FROM service_point_state
		WHERE service_point_id = $1 ORDER BY valid_from DESC LIMIT 2`, id)
	last, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Span])
	if err != nil {
		return err
	}
	before := 0 // the span that state follows
	switch {
	case len(last) > 0 && from.Before(last[0].ValidFrom):
		return ErrOrder
	case len(last) > 0 && from == last[0].ValidFrom:
		before = 1 // the last one is replaced
	}
	if before < len(last) && !slices.Contains(next[last[before].State], state) {
		return ErrTransition.Saying(fmt.Sprintf("It is %s.", last[before].State))
	}
	if _, known := next[state]; !known {
		return ErrTransition
	}
	for _, sql := range []string{
		`DELETE FROM service_point_state WHERE service_point_id = $1 AND valid_from = $2`,
		`UPDATE service_point_state SET valid_to = $2 WHERE service_point_id = $1 AND (valid_to IS NULL OR valid_to > $2)`,
	} {
		if _, err := tx.Exec(ctx, sql, id, from); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO service_point_state (service_point_id, state, valid_from) VALUES ($1, $2, $3)`, id, state, from)
	return err
}

// settle is what follows every change: who is responsible, the audit, the tiles.
func settle(ctx context.Context, tx pgx.Tx, actor staff.Actor, action string, id int64, detail map[string]any) error {
	if err := ledger.ServicePoints.Assign(ctx, tx, []int64{id}); err != nil {
		return err
	}
	if err := ledger.ServicePoints.Within(ctx, tx, actor, staff.Plan, []int64{id}); err != nil {
		return err
	}
	name := strconv.FormatInt(id, 10)
	if err := audit.Write(ctx, tx, actor, action, "service-point", name, detail); err != nil {
		return err
	}
	return ledger.ServicePoints.Raise(ctx, tx, []string{name})
}

// check cleans the texts and refuses what makes no sense.
func (d *Details) check() error {
	for _, text := range []*string{&d.Name, &d.Address} {
		*text = ledger.Clean(*text)
	}
	if d.Tier == "" {
		d.Tier = "other"
	}
	if d.Name == "" {
		return ErrName
	}
	if len(d.Stops) > 0 && !d.Mobile {
		return ErrStops
	}
	for _, s := range d.Stops {
		if err := checkPlace(s.Point); err != nil {
			return err
		}
	}
	return nil
}

// checkPlace refuses placeholders and what is not on the Earth.
func checkPlace(p orb.Point) error {
	if p[0] == math.Trunc(p[0]) && p[1] == math.Trunc(p[1]) || !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return ErrPlace
	}
	return nil
}
