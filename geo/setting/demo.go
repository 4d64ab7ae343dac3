package setting

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/account"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrNotDemo protects real data from being cleared.
var ErrNotDemo = fault.New(fault.Conflict, "not_demo", "The data here are not the demo town's; they are not cleared.")

// Empty reports whether there is nothing yet, so that the demo town may be
// loaded. A demo that was cut short is cleared first.
func Empty(ctx context.Context, db pg.DB) (bool, error) {
	var begun, finished bool
	err := db.QueryRow(ctx, `
		SELECT (SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'demo'),
		       EXISTS (SELECT FROM setting WHERE key = 'demo_finished')`).Scan(&begun, &finished)
	if err != nil {
		return false, fmt.Errorf("is the database empty: %w", err)
	}
	if begun && !finished {
		if err := ClearDemo(ctx, db, staff.System); err != nil {
			return false, err
		}
	}
	var used bool
	err = db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM unit) OR EXISTS (SELECT FROM upload) OR EXISTS (SELECT FROM plan)
		    OR EXISTS (SELECT FROM network_import) OR EXISTS (SELECT FROM setting WHERE key = 'demo_cleared')`).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("is the database empty: %w", err)
	}
	return !used, nil
}

// FinishDemo records that the whole demo town was loaded.
func FinishDemo(ctx context.Context, db pg.DB) error { return put(ctx, db, "demo_finished", true) }

// ClearDemo removes the demo town, so that a planner can begin with real files.
// It removes nothing else: once the data are not marked as invented it refuses.
func ClearDemo(ctx context.Context, db pg.DB, actor staff.Actor) error {
	if !actor.Area(staff.Setting).All {
		return staff.ErrForbidden
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var demo bool
		err := tx.QueryRow(ctx, `SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'demo' FOR UPDATE`).Scan(&demo)
		if err != nil {
			return fmt.Errorf("clear the demo town: %w", err)
		}
		if !demo {
			return ErrNotDemo
		}
		if _, err := tx.Exec(ctx, `
			TRUNCATE household, household_unit, incident, incident_unit, incident_step, incident_duty, incident_photo, incident_receipt, photo, photo_piece, photo_release, charge, webhook, webhook_delivery, service_point, service_point_unit,
				service_point_state, service_point_function, service_point_stop, map_feature, walking_network, network_import, demand, demand_set,
				candidate, siting, siting_result, proposal, proposal_part, circle, circle_unit, circle_cell, circle_point, circle_household,
				zone, lineage, excluded_area, boundary, unit, unit_ancestor, plan_fault, plan_repair, plan_unit, waiver, plan_step, plan_revision, plan_presence, plan_stage, plan_comment, consultation, consultation_unit, border_walk, border_point, border_answer, border_photo, shift, shift_step, replay, shift_day, fix, seen_cell, seen_part, seen_zone, delivered, device_clock, device, plan, upload,
				visit, visit_link, premises, block, checkpoint, checkpoint_code, checkpoint_mark, beat, beat_stop,
				publication, published_count, published_cell, publication_edition, unit_office`); err != nil {
			return fmt.Errorf("clear the demo town: %w", err)
		}
		// Rules that somebody made for the whole installation may be for real drafts.
		if _, err := tx.Exec(ctx, `DELETE FROM rule_set WHERE area_id IS NOT NULL`); err != nil {
			return fmt.Errorf("clear the demo town: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM setting WHERE key = 'demo_finished'`); err != nil {
			return fmt.Errorf("clear the demo town: %w", err)
		}
		if err := account.RemoveDemo(ctx, tx); err != nil {
			return err
		}
		if err := MarkDemo(ctx, tx, false); err != nil {
			return err
		}
		for _, layer := range []string{"grid", "household", "incident", "service-point", "zone", "background"} {
			if _, err := tx.Exec(ctx, `SELECT raise_layer($1, NULL)`, layer); err != nil {
				return fmt.Errorf("clear the demo town: %w", err)
			}
		}
		return audit.Write(ctx, tx, actor, "clear", "demo", "", nil)
	})
}

// KeepEmpty records that somebody cleared the demo town on purpose: it is not
// loaded again at the next start.
func KeepEmpty(ctx context.Context, db pg.DB) error { return put(ctx, db, "demo_cleared", true) }
