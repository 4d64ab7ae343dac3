package ruleset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/staff"
)

// Faults of the rules of a draft.
var (
	ErrPlan   = fault.New(fault.NotFound, "plan_unknown", "There is no such plan.")
	ErrDraft  = fault.New(fault.Conflict, "plan_not_draft", "Only a draft can be changed; a published plan is followed by a new one.")
	ErrRule   = fault.New(fault.NotFound, "rule_unknown", "The draft's set has no such rule.")
	ErrUnit   = fault.New(fault.NotFound, "draft_unit_unknown", "The draft has no such unit.")
	ErrStrict = fault.New(fault.Conflict, "rule_not_waivable", "This rule may not be waived. Change the draft, or the rule.")
	ErrReason = fault.New(fault.Invalid, "waiver_reason", "A waiver needs a reason of at most 500 characters.")
)

// setOf is the set of a plan p: its own, or that of its hierarchy, or the basic one.
const setOf = `coalesce(p.rule_set_id, (SELECT s.id FROM rule_set s WHERE s.builtin AND p.preset = ANY (s.presets)), (SELECT s.id FROM rule_set s WHERE s.code = 'basic'))`

// Of returns the set that a plan uses.
func Of(ctx context.Context, db pg.DB, actor staff.Actor, plan int64) (Set, error) {
	area := actor.Area(staff.Plan)
	var set int64
	err := db.QueryRow(ctx, `
		SELECT `+setOf+`
		FROM plan p WHERE p.id = $3 AND in_area(p.area_id, $1, $2)`, area.All, area.Roots, plan).Scan(&set)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrPlan
	}
	if err != nil {
		return Set{}, fmt.Errorf("rules of plan %d: %w", plan, err)
	}
	return Get(ctx, db, actor, set)
}

// Use makes a draft use a set; 0 = that of its hierarchy. Waivers of the rules of
// another set stay with it.
func Use(ctx context.Context, db pg.DB, actor staff.Actor, plan, set int64) (Set, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := lockDraft(ctx, tx, actor, plan); err != nil {
			return err
		}
		var id *int64
		if set != 0 {
			if _, err := Get(ctx, tx, actor, set); err != nil {
				return err
			}
			id = &set
		}
		if _, err := tx.Exec(ctx, `UPDATE plan SET rule_set_id = $2 WHERE id = $1`, plan, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "use-rules", "plan", strconv.FormatInt(plan, 10), map[string]any{"rule_set": set})
	})
	if err != nil {
		return Set{}, fmt.Errorf("rules of plan %d: %w", plan, err)
	}
	return Of(ctx, db, actor, plan)
}

// lockDraft locks a draft of the actor's area for a change of its rules.
func lockDraft(ctx context.Context, tx pgx.Tx, actor staff.Actor, plan int64) error {
	area := actor.Area(staff.Plan)
	var state string
	err := tx.QueryRow(ctx, `SELECT p.state FROM plan p WHERE p.id = $3 AND in_area(p.area_id, $1, $2) FOR UPDATE`, area.All, area.Roots, plan).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrPlan
	case err == nil && state != "draft":
		return ErrDraft
	}
	return err
}

// Waivers returns those of a plan for rules of the set that it uses, by rule and
// unit.
func Waivers(ctx context.Context, db pg.DB, actor staff.Actor, plan int64) ([]rule.Waiver, error) {
	set, err := Of(ctx, db, actor, plan)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `
		SELECT w.rule_id, w.ordinal, w.reason, w.waived_by, w.waived_at
		FROM waiver w JOIN rule r ON r.id = w.rule_id
		WHERE w.plan_id = $1 AND r.set_id = $2 ORDER BY r.ordinal, w.ordinal`, plan, set.ID)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[rule.Waiver])
	if err != nil {
		return nil, fmt.Errorf("waivers of plan %d: %w", plan, err)
	}
	return list, nil
}

// Waive excuses a unit of a draft from a rule of its set. A second time the reason
// is the new one.
func Waive(ctx context.Context, db pg.DB, actor staff.Actor, plan, of int64, ordinal int, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || len([]rune(reason)) > 500 {
		return fmt.Errorf("waive rule %d: %w", of, ErrReason)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := lockDraft(ctx, tx, actor, plan); err != nil {
			return err
		}
		if err := waivable(ctx, tx, actor, plan, of, ordinal); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO waiver (plan_id, rule_id, ordinal, reason, waived_by) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (plan_id, rule_id, ordinal) DO UPDATE SET reason = excluded.reason, waived_by = excluded.waived_by, waived_at = now()`,
			plan, of, ordinal, reason, actor.Name)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "waive", "plan", strconv.FormatInt(plan, 10), map[string]any{"rule": of, "unit": ordinal})
	})
	if err != nil {
		return fmt.Errorf("waive rule %d for unit %d of plan %d: %w", of, ordinal, plan, faults.Of(err))
	}
	return nil
}

func waivable(ctx context.Context, tx pgx.Tx, actor staff.Actor, plan, of int64, ordinal int) error {
	set, err := Of(ctx, tx, actor, plan)
	if err != nil {
		return err
	}
	found := false
	for _, r := range set.Rules {
		if r.ID == of && !r.May() {
			return ErrStrict
		}
		found = found || r.ID == of
	}
	if !found {
		return ErrRule
	}
	var unit bool
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM plan_unit x WHERE x.plan_id = $1 AND x.ordinal = $2 AND x.role <> 'excluded')
		    OR EXISTS (SELECT FROM plan_unit x JOIN unit u ON u.code = x.parent WHERE x.plan_id = $1 AND x.role = 'part' AND -u.id = $2::bigint)`, plan, ordinal).Scan(&unit)
	if err == nil && !unit {
		err = ErrUnit
	}
	return err
}

// Unwaive takes a waiver back. One that is not there is taken back already.
func Unwaive(ctx context.Context, db pg.DB, actor staff.Actor, plan, of int64, ordinal int) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := lockDraft(ctx, tx, actor, plan); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM waiver WHERE plan_id = $1 AND rule_id = $2 AND ordinal = $3`, plan, of, ordinal)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, actor, "unwaive", "plan", strconv.FormatInt(plan, 10), map[string]any{"rule": of, "unit": ordinal})
	})
	if err != nil {
		return fmt.Errorf("unwaive rule %d for unit %d of plan %d: %w", of, ordinal, plan, err)
	}
	return nil
}
