// Package servicepoint keeps the service points: where they are, what they offer
// and when, and their life cycle. A point is proposed, tried as a pilot, active,
// paused and closed, each from a day on, so that coverage can be asked for any
// date.
//
// A point offers several functions, each with its hours (OSM opening_hours), its
// sessions when it is only offered now and then (RFC 5545 RRULE), and its items.
// A mobile point has stops.
package servicepoint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// State is where a point stands in its life.
type State string

// The states.
const (
	Proposed State = "proposed"
	Pilot    State = "pilot"
	Active   State = "active"
	Paused   State = "paused"
	Closed   State = "closed"
)

// next are the states that may follow; a closed point may be opened again.
var next = map[State][]State{
	Proposed: {Pilot, Active, Closed},
	Pilot:    {Active, Paused, Closed},
	Active:   {Paused, Closed},
	Paused:   {Active, Closed},
	Closed:   {Active},
}

// Span is a state and the days on which it holds.
type Span struct {
	State     State    `json:"state" enum:"proposed,pilot,active,paused,closed"`
	ValidFrom geo.Day  `json:"valid_from"`
	ValidTo   *geo.Day `json:"valid_to" doc:"first day no longer valid"`
}

// Function is one thing a point offers.
type Function struct {
	Function string   `json:"function" doc:"a code of the function list"`
	Hours    string   `json:"hours" maxLength:"200" doc:"OSM opening_hours, empty = not known"`
	Sessions string   `json:"sessions" maxLength:"200" doc:"RFC 5545 RRULE when it is offered now and then"`
	Items    []string `json:"items" maxItems:"100" doc:"what can be had"`
}

// Stop is where a mobile point stops, and when.
type Stop struct {
	Name  string    `json:"name" maxLength:"200"`
	Hours string    `json:"hours" maxLength:"200"`
	Point orb.Point `json:"point" doc:"[lon, lat]"`
}

// Details are what may be said of a point by hand.
type Details struct {
	Name        string     `json:"name" minLength:"1" maxLength:"200"`
	Tier        string     `json:"tier" doc:"a code of the tier list"`
	Address     string     `json:"address" maxLength:"200"`
	Capacity    *int       `json:"capacity" minimum:"0" maximum:"100000" doc:"people served at once"`
	GroundFloor *bool      `json:"ground_floor"`
	StepFree    *bool      `json:"step_free"`
	Mobile      bool       `json:"mobile"`
	Functions   []Function `json:"functions" maxItems:"50"`
	Stops       []Stop     `json:"stops" maxItems:"200"`
}

// Point is a service point as it stands on a date.
type Point struct {
	ID       int64  `json:"id"`
	Source   string `json:"source"`
	SourceID string `json:"source_id"`
	Details
	Place     geo.Point `json:"-"`
	Cell      cell.Cell `json:"-"`
	State     State     `json:"state" doc:"on the date asked for; empty before its first"`
	States    []Span    `json:"states" doc:"its whole life"`
	Unit      string    `json:"unit" doc:"code of the unit responsible on the date asked for"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Word is an entry of the lists of tiers and functions.
type Word struct {
	Code    string `json:"code"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
}

// Faults of this package.
var (
	ErrUnknown    = fault.New(fault.NotFound, "service_point_unknown", "There is no such service point.")
	ErrTier       = fault.New(fault.Invalid, "service_tier_unknown", "The tier is not in the list. GET /api/v1/service-tiers shows it.")
	ErrFunction   = fault.New(fault.Invalid, "service_function_unknown", "The function is not in the list. GET /api/v1/service-functions shows it.")
	ErrTwice      = fault.New(fault.Invalid, "service_function_twice", "A function stands in the list twice.")
	ErrName       = fault.New(fault.Invalid, "service_point_name", "A service point needs a name.")
	ErrPlace      = fault.New(fault.Invalid, "service_point_place", "This is no possible place.")
	ErrTransition = fault.New(fault.Conflict, "service_point_state", "The point cannot go from its present state to this one.")
	ErrOrder      = fault.New(fault.Conflict, "service_point_state_order", "The point has a later state already. Choose a later day.")
	ErrExists     = fault.New(fault.Conflict, "service_point_exists", "A service point with this source and id exists already.")
	ErrStops      = fault.New(fault.Invalid, "service_point_stops", "Only a mobile point has stops.")
)

var faults = pg.Faults{
	"service_point_tier_fkey":              ErrTier,
	"service_point_function_function_fkey": ErrFunction,
	"service_point_function_pkey":          ErrTwice,
	"service_point_has_a_name":             ErrName,
	"service_point_source_is_unique":       ErrExists,
}

const columns = `
	p.id, p.source, p.source_id, p.name, p.tier, p.address, p.capacity, p.ground_floor, p.step_free, p.mobile,
	p.point, p.cell, coalesce(s.state, ''), coalesce(u.code, ''), p.updated_at,
	coalesce((SELECT jsonb_agg(jsonb_build_object('function', f.function, 'hours', f.hours, 'sessions', f.sessions, 'items', f.items)
	            ORDER BY f.function) FROM service_point_function f WHERE f.service_point_id = p.id), '[]'),
	coalesce((SELECT jsonb_agg(jsonb_build_object('name', t.name, 'hours', t.hours, 'point', jsonb_build_array(ST_X(t.point), ST_Y(t.point)))
	            ORDER BY t.ordinal) FROM service_point_stop t WHERE t.service_point_id = p.id), '[]'),
	coalesce((SELECT jsonb_agg(jsonb_build_object('state', l.state, 'valid_from', l.valid_from, 'valid_to', l.valid_to)
	            ORDER BY l.valid_from) FROM service_point_state l WHERE l.service_point_id = p.id), '[]')`

const tables = `
	FROM service_point p
	LEFT JOIN service_point_state s ON s.service_point_id = p.id
	     AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $1)
	LEFT JOIN service_point_unit o ON o.service_point_id = p.id
	     AND o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1)
	LEFT JOIN unit u ON u.id = o.unit_id`

func scan(row pgx.CollectableRow) (Point, error) {
	var p Point
	err := row.Scan(&p.ID, &p.Source, &p.SourceID, &p.Name, &p.Tier, &p.Address, &p.Capacity, &p.GroundFloor, &p.StepFree,
		&p.Mobile, &p.Place, &p.Cell, &p.State, &p.Unit, &p.UpdatedAt, &p.Functions, &p.Stops, &p.States)
	return p, err
}

// Get returns one point as it stands on day, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, id int64) (Point, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+` WHERE p.id = $2 AND `+staff.In("coalesce(o.unit_id, p.area_id)", 3), day, id, area.All, area.Roots)
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Point{}, fmt.Errorf("service point %d: %w", id, err)
	}
	return p, nil
}

// Filter narrows a list; zero values do not.
type Filter struct {
	Unit     string // code: points of the unit and of all units below it, today
	Function string
	Tier     string
	State    State
	Text     string // part of the name or address
	After    int64  // id of the last point of the page before
	Limit    int
}

var matching = `
	WHERE p.id > $2
	  AND ($3::bigint[] IS NULL OR o.unit_id = ANY($3))
	  AND ($4 = '' OR EXISTS (SELECT FROM service_point_function f WHERE f.service_point_id = p.id AND f.function = $4))
	  AND ($5 = '' OR p.tier = $5)
	  AND ($6 = '' OR s.state = $6)
	  AND ($7 = '' OR p.name ILIKE $7 OR p.address ILIKE $7)
	  AND ` + staff.In("coalesce(o.unit_id, p.area_id)", 8)

// List returns points as they stand on day, by id.
func List(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, f Filter) ([]Point, error) {
	area := actor.Area(staff.Map)
	units, err := ledger.Below(ctx, db, actor, f.Unit)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+matching+` ORDER BY p.id LIMIT $10`,
		day, f.After, units, f.Function, f.Tier, string(f.State), ledger.Containing(f.Text), area.All, area.Roots, f.Limit)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("service points: %w", err)
	}
	return list, nil
}

// Count is how many points match, pages aside.
func Count(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, f Filter) (n int, err error) {
	area := actor.Area(staff.Map)
	units, err := ledger.Below(ctx, db, actor, f.Unit)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow(ctx, `SELECT count(*)`+tables+matching,
		day, 0, units, f.Function, f.Tier, string(f.State), ledger.Containing(f.Text), area.All, area.Roots).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count service points: %w", err)
	}
	return n, nil
}

// Tiers returns the classes of points, the highest first.
func Tiers(ctx context.Context, db pg.DB, _ staff.Actor) ([]Word, error) {
	return words(ctx, db, `SELECT code, title_zh, title_en FROM service_tier ORDER BY rank`)
}

// Functions returns what a point may offer.
func Functions(ctx context.Context, db pg.DB, _ staff.Actor) ([]Word, error) {
	return words(ctx, db, `SELECT code, title_zh, title_en FROM service_function ORDER BY code = 'other', code`)
}

func words(ctx context.Context, db pg.DB, sql string) ([]Word, error) {
	rows, _ := db.Query(ctx, sql)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Word])
	if err != nil {
		return nil, fmt.Errorf("service lists: %w", err)
	}
	return list, nil
}
