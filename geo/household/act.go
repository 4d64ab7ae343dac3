package household

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Hand is the source of households that were added by hand.
const Hand = "hand"

// Add adds a household by hand, placed or not. sourceID may be empty; given
// twice it is ErrExists.
func Add(ctx context.Context, db pg.DB, actor staff.Actor, sourceID string, d Dwelling, at *geo.Point) (Household, error) {
	if err := errors.Join(d.check(), checkPlace(at)); err != nil {
		return Household{}, fmt.Errorf("add household: %w", err)
	}
	if d.Address == "" && (d.Compound == "" && d.Building == "" || d.Doorplate == "") && at == nil {
		return Household{}, fmt.Errorf("add household: %w", ErrNoAddress)
	}
	if sourceID == "" {
		sourceID = uuid.NewString()
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO household (source, source_id, compound, building, stairwell, doorplate, address, kind, occupied,
				age_0_2, age_3_6, age_7_17, age_18_59, age_60_79, age_80, point, cell, area_id, placed_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'hand')
			RETURNING id`, Hand, sourceID, d.Compound, d.Building, d.Stairwell, d.Doorplate, d.Address, d.Kind, d.Occupied,
			d.Ages.Age0_2, d.Ages.Age3_6, d.Ages.Age7_17, d.Ages.Age18_59, d.Ages.Age60_79, d.Ages.Age80,
			at, ledger.CellOf(at), actor.Area(staff.Record).Home()).Scan(&id)
		if err != nil {
			return faults.Of(err)
		}
		return settle(ctx, tx, actor, "add", nil, id)
	})
	if err != nil {
		return Household{}, fmt.Errorf("add household: %w", err)
	}
	return Get(ctx, db, actor, id)
}

// Edit changes what is said of an open household; its place stays.
func Edit(ctx context.Context, db pg.DB, actor staff.Actor, id int64, d Dwelling) (Household, error) {
	if err := d.check(); err != nil {
		return Household{}, fmt.Errorf("edit household %d: %w", id, err)
	}
	return change(ctx, db, actor, "edit", id, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE household SET compound = $2, building = $3, stairwell = $4, doorplate = $5, address = $6, kind = $7,
				occupied = $8, age_0_2 = $9, age_3_6 = $10, age_7_17 = $11, age_18_59 = $12, age_60_79 = $13, age_80 = $14,
				updated_at = now()
			WHERE id = $1`, id, d.Compound, d.Building, d.Stairwell, d.Doorplate, d.Address, d.Kind, d.Occupied,
			d.Ages.Age0_2, d.Ages.Age3_6, d.Ages.Age7_17, d.Ages.Age18_59, d.Ages.Age60_79, d.Ages.Age80)
		return err
	})
}

// Move puts an open household at a place, whether it had one or not.
func Move(ctx context.Context, db pg.DB, actor staff.Actor, id int64, at geo.Point) (Household, error) {
	if err := checkPlace(&at); err != nil {
		return Household{}, fmt.Errorf("move household %d: %w", id, err)
	}
	return change(ctx, db, actor, "move", id, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE household SET point = $2, cell = $3, placed_by = 'hand', confidence = NULL, updated_at = now()
			WHERE id = $1`, id, at, ledger.CellOf(&at))
		return err
	})
}

// Merge closes a household as a duplicate of another, open one, which keeps its
// own values and takes those it lacks.
func Merge(ctx context.Context, db pg.DB, actor staff.Actor, id, into int64) (Household, error) {
	if id == into {
		return Household{}, fmt.Errorf("merge household %d: %w", id, ErrMergeSelf)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for _, one := range []int64{min(id, into), max(id, into)} { // always in one order
			h, err := lock(ctx, tx, actor, one)
			if err != nil {
				return err
			}
			if h.closed {
				return ErrClosed
			}
		}
		if _, err := tx.Exec(ctx, mergeSQL, id, into); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE household SET closed_on = $3, merged_into = $2, area_id = `+lastUnit+`, updated_at = now() WHERE id = $1`,
			id, into, grid.Today()); err != nil {
			return err
		}
		return settle(ctx, tx, actor, "merge", map[string]any{"into": into}, id, into)
	})
	if err != nil {
		return Household{}, fmt.Errorf("merge household %d into %d: %w", id, into, err)
	}
	return Get(ctx, db, actor, into)
}

const mergeSQL = `
	UPDATE household k SET
		compound  = coalesce(nullif(k.compound, ''), d.compound),
		building  = coalesce(nullif(k.building, ''), d.building),
		stairwell = coalesce(nullif(k.stairwell, ''), d.stairwell),
		doorplate = coalesce(nullif(k.doorplate, ''), d.doorplate),
		address   = coalesce(nullif(k.address, ''), d.address),
		kind      = CASE WHEN k.kind = 'unknown' THEN d.kind ELSE k.kind END,
		occupied  = coalesce(k.occupied, d.occupied),
		age_0_2   = coalesce(k.age_0_2, d.age_0_2),     age_3_6   = coalesce(k.age_3_6, d.age_3_6),
		age_7_17  = coalesce(k.age_7_17, d.age_7_17),   age_18_59 = coalesce(k.age_18_59, d.age_18_59),
		age_60_79 = coalesce(k.age_60_79, d.age_60_79), age_80    = coalesce(k.age_80, d.age_80),
		point      = coalesce(k.point, d.point),
		cell       = coalesce(k.cell, d.cell),
		placed_by  = CASE WHEN k.point IS NULL THEN d.placed_by ELSE k.placed_by END,
		confidence = CASE WHEN k.point IS NULL THEN d.confidence ELSE k.confidence END,
		updated_at = now()
	FROM household d
	WHERE d.id = $1 AND k.id = $2`

// Close closes an open household: it is gone, pulled down or was never there.
func Close(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Household, error) {
	return change(ctx, db, actor, "close", id, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE household SET closed_on = $2, area_id = `+lastUnit+`, updated_at = now() WHERE id = $1`, id, grid.Today())
		return err
	})
}

// lastUnit is the area of a household that is closed: the unit that held it, whose
// people go on seeing it and may reopen it.
const lastUnit = `coalesce((SELECT o.unit_id FROM household_unit o WHERE o.household_id = household.id AND o.valid_to IS NULL), area_id)`

// Reopen opens a closed household again; one that was merged stays closed.
func Reopen(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Household, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		h, err := lock(ctx, tx, actor, id)
		switch {
		case err != nil:
			return err
		case !h.closed:
			return ErrOpen
		case h.merged:
			return ErrMerged
		}
		if _, err := tx.Exec(ctx, `UPDATE household SET closed_on = NULL, updated_at = now() WHERE id = $1`, id); err != nil {
			return err
		}
		return settle(ctx, tx, actor, "reopen", nil, id)
	})
	if err != nil {
		return Household{}, fmt.Errorf("reopen household %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// locked is what decides whether a household may be changed.
type locked struct{ closed, merged bool }

// lock keeps a household that the actor may change as it is; others are unknown.
func lock(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64) (locked, error) {
	var h locked
	area := actor.Area(staff.Record)
	err := tx.QueryRow(ctx, `
		SELECT h.closed_on IS NOT NULL, h.merged_into IS NOT NULL FROM household h
		WHERE h.id = $1 AND ($2 OR in_area(coalesce((SELECT o.unit_id FROM household_unit o WHERE o.household_id = h.id AND o.valid_to IS NULL), h.area_id), false, $3))
		FOR NO KEY UPDATE`, id, area.All, area.Roots).Scan(&h.closed, &h.merged)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	return h, err
}

// change is one transaction around a change of one open household.
func change(ctx context.Context, db pg.DB, actor staff.Actor, action string, id int64, do func(pgx.Tx) error) (Household, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		h, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if h.closed {
			return ErrClosed
		}
		if err := do(tx); err != nil {
			return err
		}
		return settle(ctx, tx, actor, action, nil, id)
	})
	if err != nil {
		return Household{}, fmt.Errorf("%s household %d: %w", action, id, err)
	}
	return Get(ctx, db, actor, id)
}

// settle is what follows every change: who is responsible, the audit, the tiles.
func settle(ctx context.Context, tx pgx.Tx, actor staff.Actor, action string, detail map[string]any, ids ...int64) error {
	if err := ledger.Households.Assign(ctx, tx, ids); err != nil {
		return err
	}
	if err := ledger.Households.Within(ctx, tx, actor, staff.Record, ids); err != nil {
		return err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = strconv.FormatInt(id, 10)
	}
	if err := audit.Write(ctx, tx, actor, action, "household", names[0], detail); err != nil {
		return err
	}
	return ledger.Households.Raise(ctx, tx, names)
}

// check cleans the texts and refuses what may not be kept.
func (d *Dwelling) check() error {
	switch d.Kind {
	case "":
		d.Kind = Unknown
	case Owner, Rental, SelfBuilt, Collective, Unknown:
	default:
		return ErrKind.Saying(fmt.Sprintf("%.40q was given.", string(d.Kind)))
	}
	for _, text := range []*string{&d.Compound, &d.Building, &d.Stairwell, &d.Doorplate, &d.Address} {
		*text = ledger.Clean(*text)
		if _, personal := sheet.LooksPersonal(*text); personal {
			return ErrPersonal
		}
	}
	return nil
}

// checkPlace refuses placeholders and what is not on the Earth.
func checkPlace(at *geo.Point) error {
	if at == nil {
		return nil
	}
	d := at.Degrees()
	if d[0] == math.Trunc(d[0]) && d[1] == math.Trunc(d[1]) || math.Abs(d[0]) > 180 || math.Abs(d[1]) > 90 {
		return ErrImpossible
	}
	return nil
}
