package grid

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Day is a calendar day in China.
type Day = geo.Day

// Today is the day it is in China now.
func Today() Day { return geo.DayOf(time.Now()) }

// Unit is a unit of responsibility as it stands on a date.
type Unit struct {
	ID        int64      `json:"-"`
	Code      string     `json:"code"`
	Name      string     `json:"name"`
	Level     string     `json:"level"`
	Preset    string     `json:"preset"`
	Parent    string     `json:"parent" doc:"code of the unit above, empty at the top"`
	State     string     `json:"state" enum:"undivided,complete,incomplete,invalid" doc:"do the units below tile it?"`
	Area      float64    `json:"area" doc:"square metres"`
	Uncovered float64    `json:"uncovered" doc:"square metres that no unit below covers, accepted gaps left out"`
	Children  int        `json:"children"`
	ValidFrom Day        `json:"valid_from"`
	ValidTo   *Day       `json:"valid_to" doc:"first day no longer valid"`
	Label     orb.Point  `json:"label" doc:"a place inside, [lon, lat]"`
	Bound     [4]float64 `json:"bbox" doc:"west, south, east, north"`
}

// Filter narrows a list of units; zero values do not.
type Filter struct {
	Level, Parent, State, Text string
	After                      string // code of the last unit of the page before
	Limit                      int
}

const unitColumns = `
	u.id, u.code, b.name, u.level, u.preset, coalesce(p.code, ''), b.state, b.area, b.uncovered,
	(SELECT count(*) FROM boundary c WHERE c.parent_id = u.id
	   AND c.valid_from <= $1 AND (c.valid_to IS NULL OR c.valid_to > $1)),
	b.valid_from, b.valid_to, b.label,
	ARRAY[ST_XMin(b.geom), ST_YMin(b.geom), ST_XMax(b.geom), ST_YMax(b.geom)]`

const unitTables = `
	FROM unit u
	JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
	LEFT JOIN unit p ON p.id = b.parent_id`

// NameOf is the SQL expression for what a unit, an expression for its id, is called today;
// empty for one that ended.
func NameOf(unit string) string {
	return `coalesce((SELECT called.name FROM boundary called CROSS JOIN (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day) today
		WHERE called.unit_id = ` + unit + ` AND called.valid_from <= today.day AND (called.valid_to IS NULL OR called.valid_to > today.day)), '')`
}

// Units returns the units in force on day, by code.
func Units(ctx context.Context, db pg.DB, actor staff.Actor, day Day, f Filter) ([]Unit, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `SELECT`+unitColumns+unitTables+`
		WHERE ($2 = '' OR u.level = $2)
		  AND ($3 = '' OR p.code = $3)
		  AND ($4 = '' OR b.state = $4)
		  AND ($5 = '' OR u.code LIKE $5 OR b.name ILIKE '%' || $5)
		  AND `+staff.In("u.id", 6)+`
		  AND u.code > $8
		ORDER BY u.code
		LIMIT $9`, day, f.Level, f.Parent, f.State, prefix(f.Text), area.All, area.Roots, f.After, f.Limit)
	list, err := pgx.CollectRows(rows, scanUnit)
	if err != nil {
		return nil, fmt.Errorf("units: %w", err)
	}
	return list, nil
}

// prefix is a LIKE pattern for values that begin with text, or "".
func prefix(text string) string {
	if text == "" {
		return ""
	}
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// Count is how many units match, pages aside.
func Count(ctx context.Context, db pg.DB, actor staff.Actor, day Day, f Filter) (n int, err error) {
	area := actor.Area(staff.Map)
	err = db.QueryRow(ctx, `SELECT count(*)`+unitTables+`
		WHERE ($2 = '' OR u.level = $2)
		  AND ($3 = '' OR p.code = $3)
		  AND ($4 = '' OR b.state = $4)
		  AND ($5 = '' OR u.code LIKE $5 OR b.name ILIKE '%' || $5)
		  AND `+staff.In("u.id", 6),
		day, f.Level, f.Parent, f.State, prefix(f.Text), area.All, area.Roots).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count units: %w", err)
	}
	return n, nil
}

func scanUnit(row pgx.CollectableRow) (Unit, error) {
	var u Unit
	var bound []float64
	err := row.Scan(&u.ID, &u.Code, &u.Name, &u.Level, &u.Preset, &u.Parent, &u.State, &u.Area, &u.Uncovered,
		&u.Children, &u.ValidFrom, &u.ValidTo, &u.Label, &bound)
	if err == nil {
		copy(u.Bound[:], bound)
	}
	return u, err
}

// ByCode returns one unit as it stands on day, or ErrUnknownUnit.
func ByCode(ctx context.Context, db pg.DB, actor staff.Actor, day Day, code string) (Unit, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `SELECT`+unitColumns+unitTables+` WHERE u.code = $2 AND `+staff.In("u.id", 3), day, code, area.All, area.Roots)
	u, err := pgx.CollectExactlyOneRow(rows, scanUnit)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownUnit
	}
	if err != nil {
		return Unit{}, fmt.Errorf("unit %s on %s: %w", code, day, err)
	}
	return u, nil
}

// Ancestor is a unit above another one.
type Ancestor struct {
	ID    int64  `json:"-"`
	Code  string `json:"code"`
	Name  string `json:"name"`
	Level string `json:"level"`
}

// Chain returns the unit with this id and all above it, from the top down.
func Chain(ctx context.Context, db pg.DB, actor staff.Actor, day Day, id int64) ([]Ancestor, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE up AS (
			SELECT b.unit_id, b.parent_id, b.name, 0 AS step
			FROM boundary b
			WHERE b.unit_id = $2 AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			UNION ALL
			SELECT b.unit_id, b.parent_id, b.name, up.step + 1
			FROM up JOIN boundary b ON b.unit_id = up.parent_id
			     AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			WHERE up.step < 20)
		SELECT u.id, u.code, up.name, u.level
		FROM up JOIN unit u ON u.id = up.unit_id
		WHERE in_chain(u.id, $3, $4)
		ORDER BY up.step DESC`, day, id, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Ancestor])
	if err != nil {
		return nil, fmt.Errorf("units above %d: %w", id, err)
	}
	return list, nil
}

// Boundary returns the area of a unit on day.
func Boundary(ctx context.Context, db pg.DB, actor staff.Actor, day Day, code string) (shape geo.MultiPolygon, err error) {
	area := actor.Area(staff.Map)
	err = db.QueryRow(ctx, `SELECT b.geom`+unitTables+` WHERE u.code = $2 AND `+staff.In("u.id", 3), day, code, area.All, area.Roots).Scan(&shape)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownUnit
	}
	if err != nil {
		return nil, fmt.Errorf("boundary of %s on %s: %w", code, day, err)
	}
	return shape, nil
}

// Version is a stretch of time in which a unit did not change.
type Version struct {
	ValidFrom Day    `json:"valid_from"`
	ValidTo   *Day   `json:"valid_to"`
	Name      string `json:"name"`
	PlanID    int64  `json:"plan_id"`
}

// Versions returns the history of a unit, oldest first.
func Versions(ctx context.Context, db pg.DB, actor staff.Actor, code string) ([]Version, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT b.valid_from, b.valid_to, b.name, b.plan_id
		FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE u.code = $1 AND `+staff.In("u.id", 2)+`
		ORDER BY b.valid_from`, code, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Version])
	if err != nil {
		return nil, fmt.Errorf("versions of %s: %w", code, err)
	}
	return list, nil
}

// InForce is a boundary in force: what assignment and tiles are built from.
type InForce struct {
	ID, ParentID      int64 // ParentID 0 at the top
	Code, Name, Level string
	Rank              int
	State             string
	Uncovered         float64 // m²
	Label             geo.Point
	Area              geo.MultiPolygon
}

// AllInForce returns every boundary in force on day, from the top level down, by
// code. It is the one reader that fills memory with boundaries.
func AllInForce(ctx context.Context, db pg.DB, day Day) ([]InForce, error) {
	rows, _ := db.Query(ctx, `
		SELECT u.id, coalesce(b.parent_id, 0), u.code, b.name, u.level, l.rank, b.state, b.uncovered, b.label, b.geom
		FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		ORDER BY l.rank, u.code`, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[InForce])
	if err != nil {
		return nil, fmt.Errorf("boundaries in force on %s: %w", day, err)
	}
	return list, nil
}

// Index is the table that says which unit is responsible for a place on day.
// Unit i of the index is unit i of the list returned with it.
func Index(ctx context.Context, db pg.DB, day Day) (*locate.Index, []InForce, error) {
	list, err := AllInForce(ctx, db, day)
	if err != nil {
		return nil, nil, err
	}
	return NewIndex(list), list, nil
}

// NewIndex builds the table from boundaries that are already at hand.
func NewIndex(list []InForce) *locate.Index {
	units := make([]locate.Unit, len(list))
	for i, b := range list {
		units[i] = locate.Unit{ID: b.ID, Code: b.Code, Rank: b.Rank, Area: b.Area}
	}
	return locate.Build(units)
}

// At returns the unit responsible for a place on day, by the rule of unit_at;
// ok is false when no unit of the actor's area covers it.
func At(ctx context.Context, db pg.DB, actor staff.Actor, day Day, place geo.Point) (u Unit, ok bool, err error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `SELECT`+unitColumns+unitTables+` WHERE u.id = unit_at($2, $1) AND `+staff.In("u.id", 3), day, place, area.All, area.Roots)
	u, err = pgx.CollectExactlyOneRow(rows, scanUnit)
	if errors.Is(err, pgx.ErrNoRows) {
		return Unit{}, false, nil
	}
	if err != nil {
		return Unit{}, false, fmt.Errorf("unit at a place on %s: %w", day, err)
	}
	return u, true, nil
}

// HoldBoundaries keeps the boundaries in force as they are until the transaction
// ends. Whoever assigns households, incidents or service points takes it first;
// many may hold it at once.
func HoldBoundaries(ctx context.Context, tx pg.DB) error {
	if _, err := tx.Exec(ctx, `LOCK TABLE boundary_turn IN ROW EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("hold the boundaries: %w", err)
	}
	return nil
}

// ChangeBoundaries waits until nobody assigns and nobody else changes boundaries
// in these boxes (none: anywhere), and keeps them out until the transaction ends.
// Changes of other places go on side by side.
func ChangeBoundaries(ctx context.Context, tx pg.DB, boxes ...geo.Bound) error {
	// Many may hold this lock at once as well, but not while somebody has that of HoldBoundaries.
	if _, err := tx.Exec(ctx, `LOCK TABLE boundary_turn IN SHARE MODE`); err != nil {
		return fmt.Errorf("change the boundaries: %w", err)
	}
	tiles := tilesOf(boxes)
	everywhere := `SELECT pg_advisory_xact_lock_shared($1, $2)`
	if len(tiles) == 0 {
		everywhere = `SELECT pg_advisory_xact_lock($1, $2)`
	}
	if _, err := tx.Exec(ctx, everywhere, turnKey, -1); err != nil {
		return fmt.Errorf("change the boundaries: %w", err)
	}
	// All take tiles in the same order, so that no two wait for each other.
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, t) FROM unnest($2::int[]) t`, turnKey, tiles)
	if err != nil {
		return fmt.Errorf("change the boundaries: %w", err)
	}
	return nil
}

const (
	turnKey  = 770_001 // the advisory locks of places
	tileBits = 17      // a tile is 2^17 lattice steps wide, some 1.3 km
	maxTiles = 256     // more than these are everywhere: the server has room for some thousand locks
)

// tilesOf are the tiles that the boxes meet, ascending; none stands for everywhere.
func tilesOf(boxes []geo.Bound) []int32 {
	tiles := []int32{}
	for _, b := range boxes {
		if b.Empty() {
			continue
		}
		for x := b.Min.X >> tileBits; x <= b.Max.X>>tileBits; x++ {
			for y := b.Min.Y >> tileBits; y <= b.Max.Y>>tileBits; y++ {
				if tiles = append(tiles, (x&0x7fff)<<14|y&0x3fff); len(tiles) > 16*maxTiles {
					return []int32{}
				}
			}
		}
	}
	slices.Sort(tiles)
	if tiles = slices.Compact(tiles); len(tiles) > maxTiles {
		return []int32{}
	}
	return tiles
}

// Hint is another unit close to a place: near a border people ask.
type Hint struct {
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	Distance float64 `json:"distance" doc:"metres to its border"`
}

// MaxHint is how near, in metres, a border must be to be worth telling.
const MaxHint = 30

// NearBorder returns the nearest other unit of the same level within MaxHint of a
// place, or nil.
func NearBorder(ctx context.Context, db pg.DB, actor staff.Actor, day Day, place geo.Point, of Unit) (*Hint, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT u.code, b.name, ST_Distance(b.geom::geography, $2::geometry::geography)
		FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE b.geom && ST_Expand($2::geometry, 0.001) AND u.level = $3 AND u.id <> $4
		  AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		  AND ST_DWithin(b.geom::geography, $2::geometry::geography, $5)
		  AND `+staff.In("u.id", 6)+`
		ORDER BY 3, u.code
		LIMIT 1`, day, place, of.Level, of.ID, float64(MaxHint), area.All, area.Roots)
	hint, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Hint])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("units near a place: %w", err)
	}
	return &hint, nil
}

// Tops returns the highest units in force of the actor's area, by code: those
// without a unit above, or the roots of the area.
func Tops(ctx context.Context, db pg.DB, actor staff.Actor, day Day) ([]Unit, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `SELECT`+unitColumns+unitTables+`
		WHERE $2 AND b.parent_id IS NULL OR NOT $2 AND u.id = ANY ($3) AND NOT `+staff.Below("b.parent_id", 3)+`
		ORDER BY u.code`, day, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, scanUnit)
	if err != nil {
		return nil, fmt.Errorf("units at the top: %w", err)
	}
	return list, nil
}
