package visit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Due is a visit that is to be made.
type Due struct {
	Household int64      `json:"household"`
	Cadence   string     `json:"cadence"`
	Unit      string     `json:"unit" doc:"code of the unit responsible; empty outside all"`
	Address   string     `json:"address"`
	Point     *geo.Point `json:"-"`
	Post      *int64     `json:"post" doc:"that keeps in touch with the household"`
	LastAt    *time.Time `json:"last_at" doc:"when somebody was met or declined last; null: never"`
	TriedAt   *time.Time `json:"tried_at" doc:"when nobody was at home since; null: not tried since"`
	DueOn     geo.Day    `json:"due_on" doc:"the last day within the cadence; of a household that was never visited, counted from when it came into the ledger or was linked"`
	Overdue   bool       `json:"overdue" doc:"due before today"`
}

// DueFilter narrows the list; zero values do not.
type DueFilter struct {
	Unit    string // code: the unit's and all units' below it
	Cadence string
	Mine    bool    // linked to a post of the actor's, or by a cadence of the level of its posts
	Until   geo.Day // due on that day or before; zero is today
	// After is the last of the page before.
	After *Due
	Limit int
}

// everywhere and ofUnits are the households that a question is about, with their units:
// all of them, or those of the units below the roots ($1), who are found by their units so
// that what it costs grows with them and not with the town. With $2 those in no unit that
// were left to one of these areas are among them.
const (
	everywhere = `
	WITH here AS (
		SELECT h.id, o.unit_id FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE $1::bigint[] IS NOT NULL AND $2::boolean),`
	ofUnits = `
	WITH below AS (SELECT ARRAY(SELECT units_below(r.id) FROM unnest($1::bigint[]) r (id)) AS units),
	here AS (
		SELECT o.household_id AS id, o.unit_id FROM household_unit o
		WHERE o.valid_to IS NULL AND o.unit_id = ANY ((SELECT units FROM below)::bigint[])
		UNION
		SELECT h.id, NULL FROM household h
		WHERE $2::boolean AND h.area_id = ANY ((SELECT units FROM below)::bigint[])
		  AND NOT EXISTS (SELECT FROM household_unit o WHERE o.household_id = h.id AND o.valid_to IS NULL)),`
)

// due is every household that visits are wanted for, with each cadence that it is in. An
// empty dwelling is not visited. Days are those in China; $3 is today.
const due = `
	home AS (
		SELECT h.id, e.unit_id, h.kind = 'rental' AS rental, coalesce(h.age_80, 0) > 0 AS aged, coalesce(h.age_0_2, 0) + coalesce(h.age_3_6, 0) > 0 AS children,
			(h.created_at AT TIME ZONE 'Asia/Shanghai')::date AS since, l.post_id, l.since AS linked_on
		FROM here e JOIN household h ON h.id = e.id
		LEFT JOIN visit_link l ON l.household_id = h.id
		WHERE h.closed_on IS NULL AND h.merged_into IS NULL AND h.occupied IS DISTINCT FROM false),
	wanted AS (
		SELECT h.id, h.unit_id, h.post_id, c.code AS cadence, c.level, c.days, CASE WHEN c.homes = 'linked' THEN h.linked_on ELSE h.since END AS begun,
			EXISTS (SELECT FROM visit_refusal r WHERE r.household_id = h.id) AS refused
		FROM home h JOIN cadence c ON c.used AND CASE c.homes
			WHEN 'linked' THEN h.post_id IS NOT NULL
			WHEN 'aged' THEN h.aged
			WHEN 'children' THEN h.children
			WHEN 'rental' THEN h.rental
			ELSE true END),
	made AS (
		SELECT v.household_id, v.cadence, max(v.visited_at) FILTER (WHERE v.outcome <> 'nobody') AS last_at,
			max(v.visited_at) FILTER (WHERE v.outcome = 'nobody') AS tried_at
		FROM visit v WHERE v.household_id IN (SELECT id FROM home) GROUP BY 1, 2),
	standing AS (
		SELECT w.*, m.last_at, CASE WHEN m.tried_at > coalesce(m.last_at, '-infinity') THEN m.tried_at END AS tried_at,
			coalesce((m.last_at AT TIME ZONE 'Asia/Shanghai')::date, w.begun) + w.days AS due_on
		FROM wanted w LEFT JOIN made m ON m.household_id = w.id AND m.cadence = w.cadence)`

// standingIn is the beginning of a question about an area, or a unit of it (0 = none), with
// its parameters $1 to $3.
func standingIn(area staff.Area, unit int64, today geo.Day) (sql string, args []any) {
	switch {
	case unit != 0:
		return ofUnits + due, []any{[]int64{unit}, false, today}
	case area.All:
		return everywhere + due, []any{[]int64{}, true, today}
	}
	return ofUnits + due, []any{area.Roots, true, today}
}

// DueIn returns the visits that are due, the longest overdue first. Households that
// want no visits are not among them.
func DueIn(ctx context.Context, db pg.DB, actor staff.Actor, f DueFilter, today geo.Day) ([]Due, error) {
	area := actor.Area(staff.Record)
	unit, err := unitOf(ctx, db, area, f.Unit)
	if err != nil {
		return nil, fmt.Errorf("visits due in %s: %w", f.Unit, err)
	}
	until := f.Until
	if until.IsZero() {
		until = today
	}
	posts := []int64{}
	for _, g := range actor.Grants {
		if g.Post > 0 {
			posts = append(posts, g.Post)
		}
	}
	var afterDay *geo.Day
	var after Due
	if f.After != nil {
		after = *f.After
		afterDay = &after.DueOn
	}
	sql, args := standingIn(area, unit, today)
	rows, _ := db.Query(ctx, sql+`,
	page AS (
		SELECT s.* FROM standing s
		WHERE NOT s.refused AND s.due_on <= $4 AND ($5 = '' OR s.cadence = $5)
		  AND (NOT $6 OR s.post_id = ANY ($7)
			OR s.level <> '' AND s.level IN (SELECT n.level FROM post p JOIN unit n ON n.id = p.unit_id WHERE p.id = ANY ($7)))
		  AND ($8::date IS NULL OR (s.due_on, s.id, s.cadence) > ($8, $9, $10))
		ORDER BY s.due_on, s.id, s.cadence LIMIT $11)
		SELECT s.id, s.cadence, coalesce(u.code, ''),
			CASE WHEN h.address <> '' THEN h.address ELSE concat_ws(' ', nullif(h.compound, ''), nullif(h.building, ''), nullif(h.stairwell, ''), nullif(h.doorplate, '')) END,
			h.point, s.post_id, s.last_at, s.tried_at, s.due_on, s.due_on < $3
		FROM page s JOIN household h ON h.id = s.id LEFT JOIN unit u ON u.id = s.unit_id
		ORDER BY s.due_on, s.id, s.cadence`,
		append(args, until, f.Cadence, f.Mine, posts, afterDay, after.Household, after.Cadence, f.Limit)...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Due])
	if err != nil {
		return nil, fmt.Errorf("visits due: %w", err)
	}
	return list, nil
}

// CellDue is how many visits are due in a cell, of households of a unit.
type CellDue struct {
	Cell    cell.Cell
	Unit    int64 // whoever sees its households sees the counts; 0 = everywhere
	Due     int   // today or before
	Overdue int   // of these, before today
}

// DueByCell counts the visits that are due everywhere, for the map, which shows of them
// what a reader may see. db is the engine's.
func DueByCell(ctx context.Context, db pg.DB, today geo.Day) ([]CellDue, error) {
	sql, args := standingIn(staff.Area{All: true}, 0, today)
	rows, _ := db.Query(ctx, sql+`
		SELECT h.cell, coalesce(s.unit_id, h.area_id, 0), count(*), count(*) FILTER (WHERE s.due_on < $3)
		FROM standing s JOIN household h ON h.id = s.id
		WHERE NOT s.refused AND s.due_on <= $3 AND h.point IS NOT NULL
		GROUP BY 1, 2 ORDER BY 1, 2`, args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[CellDue])
	if err != nil {
		return nil, fmt.Errorf("visits due by cell: %w", err)
	}
	return list, nil
}

// Standing is how a cadence stands in a unit.
type Standing struct {
	Cadence string `json:"cadence"`
	Homes   int    `json:"homes" doc:"households that it is for, without those that want no visits"`
	InTime  int    `json:"in_time" doc:"not overdue"`
	Overdue int    `json:"overdue"`
	Never   int    `json:"never" doc:"nobody was met there yet"`
	Refused int    `json:"refused" doc:"households that want no visits"`
}

// Stand tells for each cadence how the unit ("" = all of the actor's area) stands: by
// unit, never by person.
func Stand(ctx context.Context, db pg.DB, actor staff.Actor, unit string, today geo.Day) ([]Standing, error) {
	area := actor.Area(staff.Record)
	id, err := unitOf(ctx, db, area, unit)
	if err != nil {
		return nil, fmt.Errorf("visits in %s: %w", unit, err)
	}
	sql, args := standingIn(area, id, today)
	rows, _ := db.Query(ctx, sql+`
		SELECT c.code, count(s.id) FILTER (WHERE NOT s.refused), count(s.id) FILTER (WHERE NOT s.refused AND s.due_on >= $3),
			count(s.id) FILTER (WHERE NOT s.refused AND s.due_on < $3), count(s.id) FILTER (WHERE NOT s.refused AND s.last_at IS NULL),
			count(s.id) FILTER (WHERE s.refused)
		FROM cadence c LEFT JOIN standing s ON s.cadence = c.code
		WHERE c.used GROUP BY c.code, c.ordinal ORDER BY c.ordinal`, args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Standing])
	if err != nil {
		return nil, fmt.Errorf("visits in %s: %w", unit, err)
	}
	return list, nil
}

// Behind is how visits are late in a unit: those of a post that keeps in touch with the
// households, or those that are the unit's.
type Behind struct {
	Unit    string     `json:"unit" doc:"code of the unit responsible; empty outside all"`
	Name    string     `json:"name" doc:"of the unit"`
	Post    *int64     `json:"post" doc:"that keeps in touch with the households; null: the unit's own"`
	Kind    staff.Kind `json:"kind" doc:"of the post; empty without one"`
	Cadence string     `json:"cadence"`
	Homes   int        `json:"homes" doc:"households that it is for, without those that want no visits"`
	Overdue int        `json:"overdue" doc:"of them"`
}

// mostBehind is how many lines of late visits are told.
const mostBehind = 1000

// LateIn tells who supervises where visits are late, by unit and post, the most first: how
// many, and nothing of a household. In a unit (code; "" = wherever the actor supervises)
// and below it. engine reads the visits, which are for who records.
func LateIn(ctx context.Context, engine pg.DB, actor staff.Actor, unit string, today geo.Day) ([]Behind, error) {
	if err := actor.Must(staff.Supervise); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Supervise)
	id, err := unitOf(ctx, engine, area, unit)
	if err != nil {
		return nil, fmt.Errorf("late visits in %s: %w", unit, err)
	}
	sql, args := standingIn(area, id, today)
	rows, _ := engine.Query(ctx, sql+`,
	behind AS (
		SELECT unit_id, post_id, cadence, count(*) AS homes, count(*) FILTER (WHERE due_on < $3) AS overdue
		FROM standing WHERE NOT refused GROUP BY 1, 2, 3)
		SELECT coalesce(u.code, ''), coalesce(n.name, ''), b.post_id, coalesce(p.kind, ''), b.cadence, b.homes, b.overdue
		FROM behind b LEFT JOIN unit u ON u.id = b.unit_id LEFT JOIN post p ON p.id = b.post_id
		LEFT JOIN boundary n ON n.unit_id = b.unit_id AND n.valid_from <= $3 AND (n.valid_to IS NULL OR n.valid_to > $3)
		WHERE b.overdue > 0 ORDER BY b.overdue DESC, 1, b.post_id, b.cadence LIMIT $4`, append(args, mostBehind)...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Behind])
	if err != nil {
		return nil, fmt.Errorf("late visits in %s: %w", unit, err)
	}
	return slices.Clip(list), nil
}
