package ledger

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/layer"
	"wangge/geo/pg"
)

// Count is how many open things lie in a unit and all units below it.
type Count struct {
	Households, Incidents, ServicePoints int
}

// Counts are those of every unit in force, by its id.
type Counts map[int64]Count

// Live returns what is in a unit, as publication.Shown asks for it.
func (c Counts) Live(unit int64) (households, incidents int) {
	return c[unit].Households, c[unit].Incidents
}

// Totals are how much there is in all.
type Totals struct {
	Units         int `json:"units"`
	Households    int `json:"households" doc:"not closed"`
	Unplaced      int `json:"unplaced" doc:"households without a position"`
	Outside       int `json:"outside" doc:"placed households that no unit covers"`
	Incidents     int `json:"incidents" doc:"not closed"`
	ServicePoints int `json:"service_points"`
}

// Tally counts by unit and in all. Counting reads every dated row once, so the
// last answer is kept until a layer or the day changes. It is kept for everybody:
// callers choose the units that their actor may see.
type Tally struct {
	db       pg.DB // the map's reader, who sees every unit
	mu       sync.Mutex
	day      geo.Day
	versions map[string]int64
	counts   Counts
	totals   Totals
}

// NewTally returns a tally that counts with db.
func NewTally(db pg.DB) *Tally { return &Tally{db: db} }

// ByUnit returns the counts of every unit in force on day, by the unit's id. The
// map must not be changed.
func (t *Tally) ByUnit(ctx context.Context, day geo.Day) (Counts, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.refresh(ctx, day)
	return t.counts, err
}

// Totals returns how much there is in all on day.
func (t *Tally) Totals(ctx context.Context, day geo.Day) (Totals, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.refresh(ctx, day)
	return t.totals, err
}

func (t *Tally) refresh(ctx context.Context, day geo.Day) error {
	versions, err := layer.Versions(ctx, t.db)
	if err != nil {
		return err
	}
	if t.counts != nil && t.day == day && sameVersions(t.versions, versions) {
		return nil
	}
	counts, err := count(ctx, t.db, day)
	if err != nil {
		return err
	}
	totals := Totals{Units: len(counts)}
	err = t.db.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM household WHERE closed_on IS NULL),
		       (SELECT count(*) FROM household WHERE closed_on IS NULL AND point IS NULL),
		       (SELECT count(*) FROM household h WHERE closed_on IS NULL AND point IS NOT NULL AND NOT EXISTS (
		           SELECT FROM household_unit o WHERE o.household_id = h.id
		           AND o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1))),
		       (SELECT count(*) FROM incident WHERE closed_at IS NULL AND NOT private),
		       (SELECT count(*) FROM service_point)`, day).
		Scan(&totals.Households, &totals.Unplaced, &totals.Outside, &totals.Incidents, &totals.ServicePoints)
	if err != nil {
		return fmt.Errorf("count the ledgers: %w", err)
	}
	t.day, t.versions, t.counts, t.totals = day, versions, counts, totals
	return nil
}

func sameVersions(a, b map[string]int64) bool {
	for _, name := range []string{"grid", Households.Name, Incidents.Name, ServicePoints.Name} {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// count adds up the things of each unit and passes them on to the units above.
func count(ctx context.Context, db pg.DB, day geo.Day) (Counts, error) {
	above, err := parents(ctx, db, day)
	if err != nil {
		return nil, err
	}
	counts := make(Counts, len(above))
	for unit := range above {
		counts[unit] = Count{}
	}
	for _, s := range []struct {
		subject Subject
		add     func(*Count, int)
	}{
		{Households, func(c *Count, n int) { c.Households += n }},
		{Incidents, func(c *Count, n int) { c.Incidents += n }},
		{ServicePoints, func(c *Count, n int) { c.ServicePoints += n }},
	} {
		own, err := s.subject.owned(ctx, db, day)
		if err != nil {
			return nil, err
		}
		for unit, n := range own {
			for step := 0; unit != 0 && step < 20; step++ {
				c := counts[unit]
				s.add(&c, n)
				counts[unit] = c
				unit = above[unit]
			}
		}
	}
	return counts, nil
}

// parents maps every unit in force to the one above it, 0 at the top.
func parents(ctx context.Context, db pg.DB, day geo.Day) (map[int64]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT unit_id, coalesce(parent_id, 0) FROM boundary
		WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)`, day)
	return collectMap[int64](rows, "parents of units")
}

// owned is how many things each unit itself is responsible for.
func (s Subject) owned(ctx context.Context, db pg.DB, day geo.Day) (map[int64]int, error) {
	rows, _ := db.Query(ctx, `
		SELECT o.unit_id, count(*)
		FROM `+s.owners+` o JOIN `+s.table+` t ON t.id = o.`+s.key+`
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND `+s.open+s.counted+`
		GROUP BY o.unit_id`, day)
	return collectMap[int](rows, "count "+s.Name)
}

func collectMap[V any](rows pgx.Rows, what string) (map[int64]V, error) {
	out := map[int64]V{}
	var key int64
	var value V
	_, err := pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		out[key] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}
