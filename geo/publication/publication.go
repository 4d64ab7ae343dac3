// Package publication makes the counts that are seen by people who may not see
// single places: households and their people, and open incidents, by unit and by H3
// cell. They are published when a plan takes effect and at most once a month
// otherwise, by the rules of package suppress, and stored: tile, JSON, CSV and map
// all read the same rows, so that no two outputs differ.
//
// Cells are counted for each unit at the top by itself, at fixed resolutions, and
// published in bands: units and cells divide the same households in two ways, and
// exact numbers of both would tell the slivers between them.
package publication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/suppress"
)

// The attributes that are counted.
const (
	Households = "households"
	Occupied   = "occupied"
	Incidents  = "incidents"
	// vacant is what is left of the households: it is never published, but must be
	// large enough wherever the occupied ones are, for it is their difference.
	vacant = "vacant"
)

// Ages are the bands of people.
var Ages = []string{"age_0_2", "age_3_6", "age_7_17", "age_18_59", "age_60_79", "age_80"}

// The resolutions of published cells: 5.16, 0.74 and 0.11 km² on average.
const coarsest, finest = 7, 9

// Publication is one making of the published counts.
type Publication struct {
	ID     int64   `json:"id"`
	On     geo.Day `json:"published_on"`
	Reason string  `json:"reason" enum:"first,plan,month"`
	Least  int     `json:"least" doc:"no smaller count is shown"`
}

// Run publishes what is due until ctx ends.
func Run(ctx context.Context, db pg.DB, log *slog.Logger, every time.Duration) error {
	for {
		p, err := IfDue(ctx, db, staff.System, geo.DayOf(time.Now()))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case p.ID != 0:
			log.Info("counts published", "publication", p.ID, "reason", p.Reason)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// IfDue publishes if a plan took effect since the last publication, a month has
// passed, or a unit at the top has enough households for the first time. The zero
// Publication says that nothing was due.
func IfDue(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day) (p Publication, err error) {
	reason, err := due(ctx, db, day)
	if err != nil || reason == "" {
		return Publication{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := hold(ctx, tx); err != nil {
			return err
		}
		if reason, err = due(ctx, tx, day); err != nil || reason == "" {
			return err // somebody else was quicker
		}
		p, err = Make(ctx, tx, actor, day, reason)
		return err
	})
	if err != nil {
		return Publication{}, err
	}
	return p, nil
}

// due is why something is due, or nothing.
func due(ctx context.Context, db pg.DB, day geo.Day) (reason string, err error) {
	k, err := Least(ctx, db)
	if err == nil {
		err = db.QueryRow(ctx, `
			WITH last AS (SELECT * FROM publication ORDER BY published_on DESC, id DESC LIMIT 1)
			SELECT CASE
				WHEN EXISTS (
					SELECT FROM boundary b
					WHERE b.parent_id IS NULL AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
					  AND coalesce((SELECT c.value FROM published_count c JOIN last ON c.publication_id = last.id
					                WHERE c.unit_id = b.unit_id AND c.attribute = 'households'), 0) = 0
					  AND (SELECT count(*) FROM (
							SELECT FROM unit_ancestor a JOIN household_unit o ON o.unit_id = a.unit_id JOIN household h ON h.id = o.household_id
							WHERE a.ancestor_id = b.unit_id AND o.valid_to IS NULL AND o.valid_from <= $1 AND h.closed_on IS NULL LIMIT $2) AS enough) = $2) THEN 'first'
				WHEN NOT EXISTS (SELECT FROM last) THEN ''
				WHEN EXISTS (SELECT FROM plan, last WHERE plan.state = 'published' AND plan.published_at > last.created_at) THEN 'plan'
				WHEN (SELECT published_on FROM last) + interval '1 month' <= $1 THEN 'month'
				ELSE '' END`, day, k).Scan(&reason)
	}
	if err != nil {
		return "", fmt.Errorf("is a publication due: %w", err)
	}
	return reason, nil
}

// hold waits until nobody else publishes counts, and keeps it so until the
// transaction ends.
func hold(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('publication'))`)
	return err
}

// Make counts and publishes now, in one transaction.
func Make(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, reason string) (p Publication, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := hold(ctx, tx); err != nil {
			return err
		}
		p = Publication{On: day, Reason: reason}
		if p.Least, err = Least(ctx, tx); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO publication (published_on, reason, least, published_by, created_at) VALUES ($1, $2, $3, $4, clock_timestamp())
			RETURNING id`, day, reason, p.Least, actor.Name).Scan(&p.ID)
		if err != nil {
			return err
		}
		if err := p.units(ctx, tx); err != nil {
			return err
		}
		if err := p.cells(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT raise_layer('grid', NULL)`); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "publish", "counts", strconv.FormatInt(p.ID, 10), map[string]any{"reason": reason, "least": p.Least})
	})
	if err != nil {
		return Publication{}, fmt.Errorf("publish counts of %s: %w", day, err)
	}
	return p, nil
}

// DefaultLeast is the smallest count that is shown where the setting least_count
// does not ask for more.
const DefaultLeast = 10

// Least is the smallest count that is shown, by the setting least_count.
func Least(ctx context.Context, db pg.DB) (int, error) {
	var text string
	err := db.QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'least_count'), '')`).Scan(&text)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 3 || n > 1000 {
		return DefaultLeast, nil
	}
	return n, nil
}

// counted is what a unit counts by itself.
type counted struct {
	id, parent int64
	households int
	known      int // households with head counts
	by         map[string]int
}

// units publishes the counts of units.
func (p Publication) units(ctx context.Context, tx pgx.Tx) error {
	units, err := count(ctx, tx, p.On)
	if err != nil {
		return err
	}
	shown := map[string]map[int64]int{}
	for _, attribute := range append([]string{Households, Occupied, vacant, Incidents}, Ages...) {
		tree := make([]suppress.Unit, len(units))
		for i, u := range units {
			n := u.by[attribute]
			tree[i] = suppress.Unit{ID: u.id, Parent: u.parent, Own: n, Void: n == 0 && u.void(attribute)}
		}
		if shown[attribute], err = p.edition(ctx, tx, attribute, tree); err != nil {
			return err
		}
	}
	for id := range shown[Occupied] {
		_, whole := shown[Households][id]
		_, rest := shown[vacant][id]
		if !whole || !rest {
			delete(shown[Occupied], id)
		}
	}
	var rows [][]any
	for _, attribute := range append([]string{Households, Occupied, Incidents}, Ages...) {
		for _, id := range append([]int64{0}, ids(units)...) {
			var value *int
			if n, known := shown[attribute][id]; known {
				value = &n
			}
			rows = append(rows, []any{p.ID, id, attribute, value})
		}
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"published_count"}, []string{"publication_id", "unit_id", "attribute", "value"}, pgx.CopyFromRows(rows))
	return err
}

// void reports whether a unit has nothing that could be counted, as its outside shows.
func (u counted) void(attribute string) bool {
	switch attribute {
	case Households, Incidents:
		return true
	case Occupied, vacant:
		return u.households == 0
	}
	return u.known == 0
}

func ids(units []counted) []int64 {
	list := make([]int64, len(units))
	for i, u := range units {
		list[i] = u.id
	}
	return list
}

// count counts what each unit in force is itself responsible for.
func count(ctx context.Context, db pg.DB, day geo.Day) ([]counted, error) {
	rows, _ := db.Query(ctx, `
		SELECT b.unit_id, coalesce(b.parent_id, 0), coalesce(h.all_of, 0), coalesce(h.known, 0), coalesce(h.occupied, 0), coalesce(i.open, 0),
		       coalesce(h.ages, ARRAY[0, 0, 0, 0, 0, 0])
		FROM boundary b
		LEFT JOIN (
			SELECT o.unit_id, count(*)::int AS all_of, (count(*) FILTER (WHERE h.occupied))::int AS occupied,
			       (count(*) FILTER (WHERE coalesce(h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80) IS NOT NULL))::int AS known,
			       ARRAY[coalesce(sum(h.age_0_2), 0), coalesce(sum(h.age_3_6), 0), coalesce(sum(h.age_7_17), 0),
			             coalesce(sum(h.age_18_59), 0), coalesce(sum(h.age_60_79), 0), coalesce(sum(h.age_80), 0)]::int[] AS ages
			FROM household_unit o JOIN household h ON h.id = o.household_id
			WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND (h.closed_on IS NULL OR h.closed_on > $1)
			GROUP BY o.unit_id) h ON h.unit_id = b.unit_id
		LEFT JOIN (
			SELECT o.unit_id, count(*)::int AS open
			FROM incident_unit o JOIN incident i ON i.id = o.incident_id
			WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND i.closed_at IS NULL AND NOT i.private
			GROUP BY o.unit_id) i ON i.unit_id = b.unit_id
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		ORDER BY b.unit_id`, day)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (counted, error) {
		var u counted
		var occupied, open int
		var ages []int
		err := row.Scan(&u.id, &u.parent, &u.households, &u.known, &occupied, &open, &ages)
		u.by = map[string]int{Households: u.households, Occupied: occupied, vacant: u.households - occupied, Incidents: open}
		for i, n := range ages {
			u.by[Ages[i]] = n
		}
		return u, err
	})
}

// edition makes the next edition of one count and keeps it for the one after.
func (p Publication) edition(ctx context.Context, tx pgx.Tx, attribute string, units []suppress.Unit) (map[int64]int, error) {
	before, err := editionOf(ctx, tx, attribute)
	if err != nil {
		return nil, err
	}
	next := suppress.Next(before, units, p.Least)
	_, err = tx.Exec(ctx, `
		INSERT INTO publication_edition (attribute, edition) VALUES ($1, $2)
		ON CONFLICT (attribute) DO UPDATE SET edition = excluded.edition`, attribute, next)
	return next.Shown(p.Least), err
}

func editionOf(ctx context.Context, tx pgx.Tx, attribute string) (e suppress.Edition, err error) {
	var raw []byte
	err = tx.QueryRow(ctx, `SELECT edition FROM publication_edition WHERE attribute = $1`, attribute).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(raw, &e)
}

// cells publishes the counts of H3 cells of each unit at the top.
func (p Publication) cells(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for attribute, sql := range map[string]string{
		Households: `
			SELECT o.unit_id, h.cell, count(*)::int FROM household_unit o JOIN household h ON h.id = o.household_id
			WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND h.cell IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1)
			GROUP BY 1, 2`,
		Incidents: `
			SELECT o.unit_id, i.cell, count(*)::int FROM incident_unit o JOIN incident i ON i.id = o.incident_id
			WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND i.cell IS NOT NULL AND i.closed_at IS NULL AND NOT i.private
			GROUP BY 1, 2`,
	} {
		byTop, err := p.countCells(ctx, tx, sql)
		if err != nil {
			return err
		}
		for top, own := range byTop {
			shown, err := p.cellEdition(ctx, tx, "cell/"+attribute+"/"+strconv.FormatInt(top, 10), own)
			if err != nil {
				return err
			}
			for c, n := range shown {
				if banded := n / p.Least * p.Least; c != 0 && banded > 0 {
					rows = append(rows, []any{p.ID, top, c, attribute, banded})
				}
			}
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"published_cell"}, []string{"publication_id", "top_id", "cell", "attribute", "value"}, pgx.CopyFromRows(rows))
	return err
}

// countCells counts by unit at the top and cell of the finest resolution.
func (p Publication) countCells(ctx context.Context, tx pgx.Tx, sql string) (map[int64]map[cell.Cell]int, error) {
	units, err := count(ctx, tx, p.On)
	if err != nil {
		return nil, err
	}
	parent := map[int64]int64{}
	for _, u := range units {
		parent[u.id] = u.parent
	}
	byTop := map[int64]map[cell.Cell]int{}
	var id int64
	var at cell.Cell
	var n int
	rows, _ := tx.Query(ctx, sql, p.On)
	_, err = pgx.ForEachRow(rows, []any{&id, (*int64)(&at), &n}, func() error {
		top := topOf(parent, id)
		if byTop[top] == nil {
			byTop[top] = map[cell.Cell]int{}
		}
		byTop[top][at.Parent(finest)] += n
		return nil
	})
	return byTop, err
}

// topOf is the highest unit in force above id.
func topOf(parent map[int64]int64, id int64) int64 {
	for range 20 {
		up := parent[id]
		if _, known := parent[up]; !known {
			return id
		}
		id = up
	}
	return id
}

// cellEdition is the edition of the cells of one unit at the top. Cells that were
// counted before stay in the tree when they are empty.
func (p Publication) cellEdition(ctx context.Context, tx pgx.Tx, attribute string, own map[cell.Cell]int) (map[int64]int, error) {
	before, err := editionOf(ctx, tx, attribute)
	if err != nil {
		return nil, err
	}
	for id := range before.Above {
		if c := cell.Cell(id); c.Resolution() == finest {
			own[c] += 0
		}
	}
	tree := map[cell.Cell]suppress.Unit{}
	for c, n := range own {
		tree[c] = suppress.Unit{ID: int64(c), Parent: int64(c.Parent(finest - 1)), Own: n, Void: n == 0}
		for res := finest - 1; res >= coarsest; res-- {
			above := int64(0)
			if res > coarsest {
				above = int64(c.Parent(res - 1))
			}
			tree[c.Parent(res)] = suppress.Unit{ID: int64(c.Parent(res)), Parent: above, Void: true}
		}
	}
	return p.edition(ctx, tx, attribute, slices.Collect(maps.Values(tree)))
}

// Numbers are the published counts of a unit; nil is hidden.
type Numbers struct {
	Households, Occupied, Incidents *int
	Ages                            [6]*int
}

// Of returns the counts of units as they were published by day. A unit without any
// is not in the map: all its counts are hidden.
func Of(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, units []int64) (map[int64]Numbers, error) {
	area := actor.Area(staff.Count)
	rows, _ := db.Query(ctx, `
		SELECT unit_id, attribute, value FROM published_count
		WHERE publication_id = (SELECT id FROM publication WHERE published_on <= $1 ORDER BY published_on DESC, id DESC LIMIT 1)
		  AND unit_id = ANY ($2) AND value IS NOT NULL AND in_area(unit_id, $3, $4)`, day, units, area.All, area.Roots)
	numbers := map[int64]Numbers{}
	var id int64
	var attribute string
	var value int
	_, err := pgx.ForEachRow(rows, []any{&id, &attribute, &value}, func() error {
		n, v := numbers[id], value
		switch i := slices.Index(Ages, attribute); {
		case attribute == Households:
			n.Households = &v
		case attribute == Occupied:
			n.Occupied = &v
		case attribute == Incidents:
			n.Incidents = &v
		case i >= 0:
			n.Ages[i] = &v
		}
		numbers[id] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("published counts: %w", err)
	}
	return numbers, nil
}

// Precise returns those of the units whose single places the actor may see: of them
// counts may be shown as they are now, of all others only what Of returns.
func Precise(ctx context.Context, db pg.DB, actor staff.Actor, units []int64) (map[int64]bool, error) {
	area := actor.Area(staff.Place)
	precise := make(map[int64]bool, len(units))
	switch {
	case area.All:
		for _, id := range units {
			precise[id] = true
		}
		return precise, nil
	case area.Empty():
		return precise, nil
	}
	within, err := staff.Among(ctx, db, area, units)
	if err != nil {
		return nil, fmt.Errorf("units whose places are seen: %w", err)
	}
	for _, id := range within {
		precise[id] = true
	}
	return precise, nil
}
