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

// Counts returns how many households the units in force on day and all units
// below each of them were responsible for, by unit id. Units with none are left
// out; codes narrow the answer, none gives all.
func Counts(ctx context.Context, db pg.DB, _ staff.Actor, day geo.Day, codes ...string) (map[int64]int, error) {
	rows, err := db.Query(ctx, `
		WITH RECURSIVE own AS (
			SELECT unit_id, count(*) AS n
			FROM household_unit
			WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)
			GROUP BY unit_id
		), up AS (
			SELECT unit_id AS ancestor, unit_id, 0 AS step FROM own
			UNION ALL
			SELECT b.parent_id, up.unit_id, up.step + 1
			FROM up JOIN boundary b ON b.unit_id = up.ancestor AND b.parent_id IS NOT NULL
			     AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			WHERE up.step < 20)
		SELECT up.ancestor, sum(own.n)::bigint
		FROM up JOIN own USING (unit_id)
		WHERE cardinality($2::text[]) = 0 OR up.ancestor IN (SELECT id FROM unit WHERE code = ANY($2))
		GROUP BY up.ancestor`, day, codes)
	if err != nil {
		return nil, fmt.Errorf("count households by unit: %w", err)
	}
	counts := map[int64]int{}
	var id int64
	var n int
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		counts[id] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count households by unit: %w", err)
	}
	return counts, nil
}

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

// Totals are the figures of the front page.
type Totals struct {
	Households int // open
	Unplaced   int // of them, without a place
}

// Total counts the open households.
func Total(ctx context.Context, db pg.DB, _ staff.Actor) (t Totals, err error) {
	err = db.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM household WHERE closed_on IS NULL),
		       (SELECT count(*) FROM household WHERE point IS NULL AND closed_on IS NULL)`).Scan(&t.Households, &t.Unplaced)
	if err != nil {
		return Totals{}, fmt.Errorf("count households: %w", err)
	}
	return t, nil
}
