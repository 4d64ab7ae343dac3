package ruleset

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/staff"
)

// Judge tells what the units of a plan come to as it is stored, and which rules of
// its set they break, with its waivers. db is the engine's, as for Load. A draft that
// is being worked on is judged in memory, with rule.Ground.Live.
func Judge(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, plan int64) ([]rule.Fact, []rule.Finding, error) {
	set, err := Of(ctx, db, actor, plan)
	if err != nil {
		return nil, nil, err
	}
	waivers, err := Waivers(ctx, db, actor, plan)
	if err != nil {
		return nil, nil, err
	}
	units, err := unitsOf(ctx, db, plan)
	if err != nil {
		return nil, nil, err
	}
	above, err := aboveOf(ctx, db, plan, day)
	if err != nil {
		return nil, nil, err
	}
	units, _ = rule.Above(units, above, nil)
	below, err := Below(ctx, db, plan, day)
	if err != nil {
		return nil, nil, err
	}
	ground := rule.NewGround(rule.Source{Blind: true}) // of land where nothing is in force yet
	if len(below) > 0 {
		if ground, err = Load(ctx, db, actor, day, below); err != nil {
			return nil, nil, err
		}
	}
	facts, found := ground.Live(set.Rule(), units, nil)
	rule.Excuse(found, waivers)
	return facts, found, nil
}

// Below are the codes of the units in force on a day whose land a plan divides: its
// base, or the units above its own; at the top those that it redraws.
func Below(ctx context.Context, db pg.DB, plan int64, day geo.Day) ([]string, error) {
	rows, _ := db.Query(ctx, `
		WITH named AS (
			SELECT 1 AS choice, u.code FROM plan p JOIN unit u ON u.id = p.base_id WHERE p.id = $1
			UNION SELECT 2, x.parent FROM plan_unit x WHERE x.plan_id = $1 AND x.role = 'part' AND x.parent IS NOT NULL
			UNION SELECT 3, x.code FROM plan_unit x WHERE x.plan_id = $1 AND x.role = 'part'),
		there AS (
			SELECT n.choice, n.code FROM named n JOIN unit u ON u.code = n.code JOIN boundary b ON b.unit_id = u.id
			WHERE b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2))
		SELECT code FROM there WHERE choice = (SELECT min(choice) FROM there) ORDER BY code`, plan, day)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("land of plan %d: %w", plan, err)
	}
	return list, nil
}

// unitsOf are the units of a plan, without those above.
func unitsOf(ctx context.Context, db pg.DB, plan int64) ([]rule.Unit, error) {
	rows, _ := db.Query(ctx, `
		SELECT x.ordinal, x.code, x.name, p.level, coalesce(x.parent, ''), x.geom
		FROM plan_unit x JOIN plan p ON p.id = x.plan_id WHERE x.plan_id = $1 AND x.role = 'part' ORDER BY x.ordinal`, plan)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u rule.Unit, err error) {
		err = row.Scan(&u.Ordinal, &u.Code, &u.Name, &u.Level, &u.Parent, &u.Area)
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("units of plan %d: %w", plan, err)
	}
	return list, nil
}

// aboveOf are the units above those of a plan: its rows, where it redraws or makes
// them (a new one stands on the level above the plan's), and those in force that its
// units name, which have their id as a negative ordinal.
func aboveOf(ctx context.Context, db pg.DB, plan int64, day geo.Day) ([]rule.Unit, error) {
	rows, _ := db.Query(ctx, `
		SELECT x.ordinal, x.code, x.name, coalesce(u.level, above.level, ''), coalesce(x.parent, p.code, '')
		FROM plan_unit x JOIN plan d ON d.id = x.plan_id
		LEFT JOIN unit u ON u.code = x.code
		LEFT JOIN unit p ON p.id = u.parent_id
		LEFT JOIN preset_level own ON own.preset = d.preset AND own.level = d.level
		LEFT JOIN preset_level above ON above.preset = d.preset AND above.depth = own.depth - 1
		WHERE x.plan_id = $1 AND x.role = 'parent'
		UNION ALL
		SELECT -u.id, u.code, b.name, u.level, coalesce(p.code, '')
		FROM unit u JOIN boundary b ON b.unit_id = u.id LEFT JOIN unit p ON p.id = b.parent_id
		WHERE b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		  AND u.code IN (SELECT x.parent FROM plan_unit x WHERE x.plan_id = $1 AND x.role = 'part')
		  AND NOT EXISTS (SELECT FROM plan_unit x WHERE x.plan_id = $1 AND x.role = 'parent' AND x.code = u.code)
		ORDER BY 1`, plan, day)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u rule.Unit, err error) {
		err = row.Scan(&u.Ordinal, &u.Code, &u.Name, &u.Level, &u.Parent)
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("units above plan %d: %w", plan, err)
	}
	return list, nil
}

// Carry gives a duplicate of a plan its rules and waivers, in the transaction that
// makes it: units keep their ordinals there.
func Carry(ctx context.Context, tx pgx.Tx, from, to int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE plan SET rule_set_id = (SELECT o.rule_set_id FROM plan o WHERE o.id = $1) WHERE id = $2`, from, to)
	batch.Queue(`
		INSERT INTO waiver (plan_id, rule_id, ordinal, reason, waived_by, waived_at)
		SELECT $2, w.rule_id, w.ordinal, w.reason, w.waived_by, w.waived_at
		FROM waiver w WHERE w.plan_id = $1
		  AND (w.ordinal < 0 OR EXISTS (SELECT FROM plan_unit u WHERE u.plan_id = $2 AND u.ordinal = w.ordinal))`, from, to)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("rules of plan %d for plan %d: %w", from, to, err)
	}
	return nil
}
