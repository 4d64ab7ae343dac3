package household

import (
	"context"
	"fmt"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// Summary says who lives in a unit and all units below it. A number that is null is
// hidden, or not known.
type Summary struct {
	Households *int    `json:"households"`
	Occupied   *int    `json:"occupied" doc:"known to be occupied"`
	People     *People `json:"people" doc:"null when no household has head counts"`
	Published  bool    `json:"published" doc:"the numbers are those of the last publication, small ones hidden: the caller may not see single households here"`
}

// People are sums of the head counts that are known.
type People struct {
	Age0_2   *int `json:"age_0_2"`
	Age3_6   *int `json:"age_3_6"`
	Age7_17  *int `json:"age_7_17"`
	Age18_59 *int `json:"age_18_59"`
	Age60_79 *int `json:"age_60_79"`
	Age80    *int `json:"age_80"`
}

// Summarise says who lives in a unit on day. To who may see single households there
// it counts them; to others it gives the published numbers.
func Summarise(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, unit int64) (Summary, error) {
	precise, err := publication.Precise(ctx, db, actor, []int64{unit})
	if err != nil {
		return Summary{}, err
	}
	if precise[unit] {
		return counted(ctx, db, day, unit)
	}
	numbers, err := publication.Of(ctx, db, actor, day, []int64{unit})
	if err != nil {
		return Summary{}, err
	}
	n := numbers[unit]
	s := Summary{Households: n.Households, Occupied: n.Occupied, Published: true}
	if a := n.Ages; a != [6]*int{} {
		s.People = &People{a[0], a[1], a[2], a[3], a[4], a[5]}
	}
	return s, nil
}

// counted counts the households of a unit on day, with those of all units below
// it, and their people. Attributes are those of now: only who was responsible is
// dated.
func counted(ctx context.Context, db pg.DB, day geo.Day, unit int64) (Summary, error) {
	var households, occupied, known int
	var ages [6]int
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
		Scan(&households, &occupied, &known, &ages[0], &ages[1], &ages[2], &ages[3], &ages[4], &ages[5])
	if err != nil {
		return Summary{}, fmt.Errorf("households of unit %d: %w", unit, err)
	}
	s := Summary{Households: &households, Occupied: &occupied}
	if known > 0 {
		s.People = &People{&ages[0], &ages[1], &ages[2], &ages[3], &ages[4], &ages[5]}
	}
	return s, nil
}
