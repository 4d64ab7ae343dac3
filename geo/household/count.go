package household

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Summary says who lives in a unit and all units below it.
type Summary struct {
	Households int     `json:"households"`
	Occupied   int     `json:"occupied" doc:"known to be occupied"`
	People     *People `json:"people" doc:"null when no household has head counts"`
}

// People are sums of the head counts that are known.
type People struct {
	Age0_2   int `json:"age_0_2"`
	Age3_6   int `json:"age_3_6"`
	Age7_17  int `json:"age_7_17"`
	Age18_59 int `json:"age_18_59"`
	Age60_79 int `json:"age_60_79"`
	Age80    int `json:"age_80"`
}

// Summarise counts the households of a unit on day, with those of all units
// below it, and their people. Attributes are those of now: only who was
// responsible is dated.
func Summarise(ctx context.Context, db pg.DB, _ staff.Actor, day geo.Day, unit int64) (Summary, error) {
	var s Summary
	var p People
	var counted int
	err := db.QueryRow(ctx, `
		WITH RECURSIVE down AS (
			SELECT $2::bigint AS unit_id, 0 AS step
			UNION ALL
			SELECT b.unit_id, down.step + 1
			FROM down JOIN boundary b ON b.parent_id = down.unit_id
			     AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			WHERE down.step < 20)
		SELECT count(*), count(*) FILTER (WHERE h.occupied),
		       count(*) FILTER (WHERE coalesce(h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80) IS NOT NULL),
		       coalesce(sum(h.age_0_2), 0), coalesce(sum(h.age_3_6), 0), coalesce(sum(h.age_7_17), 0),
		       coalesce(sum(h.age_18_59), 0), coalesce(sum(h.age_60_79), 0), coalesce(sum(h.age_80), 0)
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.unit_id IN (SELECT unit_id FROM down)
		  AND o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1)`, day, unit).
		Scan(&s.Households, &s.Occupied, &counted, &p.Age0_2, &p.Age3_6, &p.Age7_17, &p.Age18_59, &p.Age60_79, &p.Age80)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Summary{}, fmt.Errorf("households of unit %d: %w", unit, err)
	}
	if counted > 0 {
		s.People = &p
	}
	return s, nil
}
