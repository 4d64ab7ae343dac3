// Package candidate keeps the sites where a service point could stand, and the
// searches among them.
//
//	candidate.go  candidates: listed, added, changed, closed
//	import.go     a table of sites becomes candidates
//	siting.go     searches: asked, listed, read, removed
//	search.go     the job: from a run of a service circle to the best sites
//	shown.go      what is seen by who may not see single places
//
// A candidate says nothing of persons: who owns a house is known to whoever keeps the
// list. Closed candidates stay, for old searches name them.
package candidate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of candidates.
var (
	ErrUnknown = fault.New(fault.NotFound, "candidate_unknown", "There is no such candidate.")
	ErrDetails = fault.New(fault.Invalid, "candidate_details",
		"A candidate has a name of at most 200 characters, a known kind, a note of at most 500 and no negative numbers. 候选点名称不超过 200 字，类型须为已知类型，备注不超过 500 字，数值不为负。")
	ErrPlace = fault.New(fault.Invalid, "candidate_place", "Give longitude and latitude in degrees, in this order. 请按经度、纬度给出坐标（度）。")
)

var faults = pg.Faults{
	"candidate_kind_is_known":            ErrDetails,
	"candidate_has_a_name":               ErrDetails,
	"candidate_cost_is_not_negative":     ErrDetails,
	"candidate_capacity_is_not_negative": ErrDetails,
	"candidate_note_is_short":            ErrDetails,
}

// Kind is what stands on the site now.
type Kind string

// The kinds.
const (
	IdleHouse      Kind = "idle-house"      // 闲置房屋
	VacantPremises Kind = "vacant-premises" // 空置商铺
	Place          Kind = "place"           // 空地、广场等场所
	Existing       Kind = "existing"        // 现有服务点
	Other          Kind = "other"           // 其他
)

// Kinds in the order in which a page lists them.
func Kinds() []Kind { return []Kind{IdleHouse, VacantPremises, Place, Existing, Other} }

// Hand is the source of candidates that were added by hand.
const Hand = "hand"

// Details are what is said of a candidate.
type Details struct {
	Kind        Kind   `json:"kind" enum:"idle-house,vacant-premises,place,existing,other"`
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	Cost        *int64 `json:"cost,omitempty" minimum:"0" maximum:"1000000000000" doc:"to open it, in yuan; absent = not known"`
	Capacity    *int   `json:"capacity,omitempty" minimum:"0" maximum:"1000000" doc:"people served at once; absent = not known"`
	GroundFloor *bool  `json:"ground_floor,omitempty" doc:"absent = not known"`
	StepFree    *bool  `json:"step_free,omitempty" doc:"absent = not known"`
	Note        string `json:"note,omitempty" maxLength:"500" doc:"nothing about persons"`
}

func (d Details) check() error {
	if !slices.Contains(Kinds(), d.Kind) || ledger.Clean(d.Name) == "" || len([]rune(d.Name)) > 200 || len([]rune(d.Note)) > 500 || d.Cost != nil && (*d.Cost < 0 || *d.Cost > maxCost) || d.Capacity != nil && (*d.Capacity < 0 || *d.Capacity > maxCapacity) {
		return ErrDetails
	}
	return nil
}

// Candidate is a site where a point could stand.
type Candidate struct {
	ID       int64  `json:"id"`
	Source   string `json:"source" doc:"who keeps the list; hand = added here"`
	SourceID string `json:"source_id"`
	Details
	At        orb.Point `json:"point" doc:"[lon, lat]"`
	Unit      string    `json:"unit" doc:"code of the lowest unit it lay in when it came; empty = in none"`
	ClosedOn  *geo.Day  `json:"closed_on,omitempty" doc:"from this day on it cannot be had"`
	UpdatedAt time.Time `json:"updated_at"`

	Point geo.Point `json:"-"`
}

const columns = `
	c.id, c.source, c.source_id, c.kind, c.name, c.cost, c.capacity, c.ground_floor, c.step_free, c.note,
	c.point, coalesce(u.code, ''), c.closed_on, c.updated_at
	FROM candidate c LEFT JOIN unit u ON u.id = c.unit_id`

func scan(row pgx.CollectableRow) (c Candidate, err error) {
	err = row.Scan(&c.ID, &c.Source, &c.SourceID, &c.Kind, &c.Name, &c.Cost, &c.Capacity, &c.GroundFloor, &c.StepFree, &c.Note,
		&c.Point, &c.Unit, &c.ClosedOn, &c.UpdatedAt)
	c.At = c.Point.Degrees()
	return c, err
}

// readable is the condition that the actor may know of a candidate: who counts, loads
// or plans there. It takes six arguments from n on, those of readers.
func readable(n int) string {
	return "(" + staff.In("c.unit_id", n) + " OR " + staff.In("c.unit_id", n+2) + " OR " + staff.In("c.unit_id", n+4) + ")"
}

func readers(actor staff.Actor) []any {
	var list []any
	for _, p := range []staff.Permission{staff.Count, staff.Import, staff.Plan} {
		area := actor.Area(p)
		list = append(list, area.All, area.Roots)
	}
	return list
}

// changeable is the condition that the actor may change it: who loads or plans there.
func changeable(n int) string {
	return "(" + staff.In("c.unit_id", n) + " OR " + staff.In("c.unit_id", n+2) + ")"
}

// Filter narrows a list; zero fields do not.
type Filter struct {
	Unit  string // code: the unit's and all units' below it
	Kind  Kind
	Text  string // part of the name
	All   bool   // closed ones too
	After int64
	Limit int
}

// List returns candidates by id.
func List(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) ([]Candidate, error) {
	rows, _ := db.Query(ctx, `SELECT`+columns+`
		WHERE `+readable(1)+` AND c.id > $7 AND ($8 = '' OR c.kind = $8) AND ($9 = '' OR strpos(lower(c.name), lower($9)) > 0)
		  AND ($10 OR c.closed_on IS NULL OR c.closed_on > $11)
		  AND ($12 = '' OR c.unit_id IN (SELECT units_below(t.id) FROM unit t WHERE t.code = $12))
		ORDER BY c.id LIMIT $13`,
		append(readers(actor), f.After, f.Kind, f.Text, f.All, grid.Today(), f.Unit, f.Limit)...)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	return list, nil
}

// Get returns one candidate, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Candidate, error) {
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE `+readable(1)+` AND c.id = $7`, append(readers(actor), id)...)
	c, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Candidate{}, fmt.Errorf("candidate %d: %w", id, err)
	}
	return c, nil
}

// Add adds a candidate by hand.
func Add(ctx context.Context, db pg.DB, actor staff.Actor, d Details, at orb.Point) (Candidate, error) {
	if err := errors.Join(d.check(), checkPlace(at)); err != nil {
		return Candidate{}, fmt.Errorf("add candidate: %w", err)
	}
	place := geo.Snap(at)
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		unit, err := home(ctx, tx, actor, place)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO candidate (source, source_id, kind, name, point, unit_id, cost, capacity, ground_floor, step_free, note, created_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
			Hand, uuid.NewString(), d.Kind, ledger.Clean(d.Name), place, unit, d.Cost, d.Capacity, d.GroundFloor, d.StepFree, d.Note, actor.Name).Scan(&id)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "add", "candidate", strconv.FormatInt(id, 10), map[string]any{"kind": d.Kind})
	})
	if err != nil {
		return Candidate{}, fmt.Errorf("add candidate: %w", faults.Of(err))
	}
	return Get(ctx, db, actor, id)
}

// Edit changes what is said of a candidate, and its place. A closed one opens again.
func Edit(ctx context.Context, db pg.DB, actor staff.Actor, id int64, d Details, at orb.Point) (Candidate, error) {
	if err := errors.Join(d.check(), checkPlace(at)); err != nil {
		return Candidate{}, fmt.Errorf("edit candidate %d: %w", id, err)
	}
	place := geo.Snap(at)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		unit, err := home(ctx, tx, actor, place)
		if err != nil {
			return err
		}
		return change(ctx, tx, actor, "edit", id, `kind = $6, name = $7, point = $8, unit_id = $9, cost = $10, capacity = $11, ground_floor = $12, step_free = $13, note = $14, closed_on = NULL`,
			d.Kind, ledger.Clean(d.Name), place, unit, d.Cost, d.Capacity, d.GroundFloor, d.StepFree, d.Note)
	})
	if err != nil {
		return Candidate{}, fmt.Errorf("edit candidate %d: %w", id, faults.Of(err))
	}
	return Get(ctx, db, actor, id)
}

// Close says that a candidate cannot be had from a day on. Searches of that day and
// later leave it out.
func Close(ctx context.Context, db pg.DB, actor staff.Actor, id int64, from geo.Day) (Candidate, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		return change(ctx, tx, actor, "close", id, `closed_on = $6`, from)
	})
	if err != nil {
		return Candidate{}, fmt.Errorf("close candidate %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// change sets columns of a candidate that the actor may change; args are from $6 on.
func change(ctx context.Context, tx pgx.Tx, actor staff.Actor, action string, id int64, set string, args ...any) error {
	load, plan := actor.Area(staff.Import), actor.Area(staff.Plan)
	tag, err := tx.Exec(ctx, `UPDATE candidate c SET updated_at = now(), `+set+` WHERE c.id = $1 AND `+changeable(2),
		append([]any{id, load.All, load.Roots, plan.All, plan.Roots}, args...)...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return ErrUnknown
	}
	return audit.Write(ctx, tx, actor, action, "candidate", strconv.FormatInt(id, 10), nil)
}

// home is the unit that a candidate at a place is kept under: the lowest one there,
// which the actor must plan or load in; none where there is none.
func home(ctx context.Context, tx pgx.Tx, actor staff.Actor, at geo.Point) (*int64, error) {
	var unit *int64
	if err := tx.QueryRow(ctx, `SELECT unit_at($1, $2)`, at, grid.Today()).Scan(&unit); err != nil {
		return nil, fmt.Errorf("unit of a candidate: %w", err)
	}
	plan := actor.Area(staff.Plan)
	if plan.Empty() {
		plan = actor.Area(staff.Import)
	}
	if unit == nil {
		// In no unit, or in one that the actor may not know.
		if !plan.All {
			return nil, staff.ErrOutside
		}
		return nil, nil
	}
	if err := staff.Within(ctx, tx, actor, staff.Plan, *unit); err == nil {
		return unit, nil
	}
	return unit, staff.Within(ctx, tx, actor, staff.Import, *unit)
}

func checkPlace(p orb.Point) error {
	if p[0] == math.Trunc(p[0]) && p[1] == math.Trunc(p[1]) || !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return ErrPlace
	}
	return nil
}
