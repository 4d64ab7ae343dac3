// Package plan is where boundaries change: a draft is made from a file, its
// faults are found and mended one by one, and Publish makes it the plan in force
// from a day on, with everything that depends on it.
//
// A draft belongs to one level and divides one or more units of the level above
// it; at the top level it has no parents. A published plan never changes.
package plan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// State is where a plan stands.
type State string

// The states.
const (
	Draft     State = "draft"
	Adopted   State = "adopted" // sealed; takes effect on its day
	Published State = "published"
	Abandoned State = "abandoned"
)

// Plan is a division of some units into units of one level.
type Plan struct {
	ID          int64       `json:"id"`
	Name        string      `json:"name"`
	Preset      string      `json:"preset"`
	Level       string      `json:"level"`
	State       State       `json:"state" enum:"draft,adopted,published,abandoned"`
	Revision    int         `json:"revision" doc:"raised by every repair; send it back with the next one"`
	Note        string      `json:"note"`
	Base        *Base       `json:"base" doc:"the unit whose division it changes; null when it came from a file"`
	Head        int         `json:"head" doc:"the last step that is done"`
	UploadID    *int64      `json:"upload_id"`
	EffectiveOn *geo.Day    `json:"effective_on"`
	CreatedBy   string      `json:"created_by"`
	CreatedAt   time.Time   `json:"created_at"`
	Undoes      *int64      `json:"undoes" doc:"the plan that it rolls back; null for any other"`
	AdoptedBy   *string     `json:"adopted_by" doc:"as in the audit: account:12"`
	AdoptedAt   *time.Time  `json:"adopted_at" doc:"since then it is sealed"`
	PublishedAt *time.Time  `json:"published_at"`
	Digest      string      `json:"digest" doc:"SHA-256 of the division, sealed when it was adopted; empty before"`
	Units       int         `json:"units"`
	Repairs     int         `json:"repairs" doc:"how many were made"`
	Faults      FaultCounts `json:"faults"`
	Bound       *[4]float64 `json:"bbox" doc:"west, south, east, north; null without any boundary"`
}

// Base is the unit of which a draft is a branch.
type Base struct {
	ID   int64  `json:"id"`
	Code string `json:"code"`
}

// FaultCounts says how many faults a draft has.
type FaultCounts struct {
	Hard   int            `json:"hard" doc:"these stop publishing"`
	Soft   int            `json:"soft"`
	ByKind map[string]int `json:"by_kind"`
}

// Faults of this package.
var (
	ErrUnknown      = fault.New(fault.NotFound, "plan_unknown", "There is no such plan.")
	ErrStale        = fault.New(fault.Conflict, "plan_stale", "Another plan was published, or this draft changed, since you opened it. Look at what changed, then load or renew the draft.")
	ErrNotDraft     = fault.New(fault.Conflict, "plan_not_draft", "Only a draft can be changed; a published plan is followed by a new one.")
	ErrAdopted      = fault.New(fault.Conflict, "plan_adopted", "The plan is adopted and sealed. Withdraw the adoption to change it.")
	ErrNotAdopted   = fault.New(fault.Conflict, "plan_not_adopted", "The plan is not adopted.")
	ErrFaulty       = fault.New(fault.Invalid, "plan_faulty", "The draft has faults that stop publishing. Mend them first.")
	ErrEmpty        = fault.New(fault.Invalid, "plan_empty", "There are no units in it.")
	ErrUnknownFault = fault.New(fault.NotFound, "fault_unknown", "The draft has no such fault (any more).")
	ErrRepair       = fault.New(fault.Invalid, "repair_unfit", "This repair does not fit this fault.")
	ErrEmptied      = fault.New(fault.Invalid, "repair_leaves_nothing", "This repair would leave a unit without any area. Give it another parent, redraw the parent, or drop the unit.")
	ErrReason       = fault.New(fault.Invalid, "reason_missing", "Accepting a gap needs a reason.")
	ErrTooWide      = fault.New(fault.Invalid, "extent_too_large", "The file spans more than 90 degrees: no town does. Check the declared coordinate system.")
	ErrBefore       = fault.New(fault.Conflict, "effective_too_early", "Some of these units have a later version already. Choose a later day.")
)

const columns = `
	p.id, p.name, p.preset, p.level, p.state, p.revision, p.note, p.base_id, p.head, p.upload_id, p.effective_on,
	p.created_by, p.created_at, p.undoes, p.adopted_by, p.adopted_at, p.published_at, coalesce(p.digest, ''),
	(SELECT count(*) FROM plan_unit u WHERE u.plan_id = p.id AND u.role = 'part'),
	(SELECT count(*) FROM plan_repair r WHERE r.plan_id = p.id),
	(SELECT coalesce(jsonb_object_agg(kind || CASE WHEN hard THEN '!' ELSE '' END, n), '{}')
	   FROM (SELECT kind, hard, count(*) AS n FROM plan_fault f WHERE f.plan_id = p.id GROUP BY kind, hard) k),
	(SELECT ARRAY[ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)]
	   FROM (SELECT ST_Extent(geom) AS e FROM plan_unit u WHERE u.plan_id = p.id AND u.role = 'part' AND NOT ST_IsEmpty(geom)) b
	   WHERE e IS NOT NULL),
	(SELECT u.code FROM unit u WHERE u.id = p.base_id)`

func scan(row pgx.CollectableRow) (Plan, error) {
	var p Plan
	var kinds map[string]int
	var bound []float64
	var base *int64
	var code *string
	err := row.Scan(&p.ID, &p.Name, &p.Preset, &p.Level, &p.State, &p.Revision, &p.Note, &base, &p.Head, &p.UploadID, &p.EffectiveOn,
		&p.CreatedBy, &p.CreatedAt, &p.Undoes, &p.AdoptedBy, &p.AdoptedAt, &p.PublishedAt, &p.Digest, &p.Units, &p.Repairs, &kinds, &bound, &code)
	if err != nil {
		return Plan{}, err
	}
	if base != nil && code != nil {
		p.Base = &Base{ID: *base, Code: *code}
	}
	p.Faults.ByKind = make(map[string]int, len(kinds))
	for kind, n := range kinds {
		if hard := kind[len(kind)-1] == '!'; hard {
			p.Faults.Hard += n
			kind = kind[:len(kind)-1]
		} else {
			p.Faults.Soft += n
		}
		p.Faults.ByKind[kind] += n
	}
	if bound != nil {
		p.Bound = (*[4]float64)(bound)
	}
	return p, nil
}

// Get returns one plan, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Plan, error) {
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `SELECT`+columns+` FROM plan p WHERE p.id = $1 AND in_area(p.area_id, $2, $3)`, id, area.All, area.Roots)
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Plan{}, fmt.Errorf("plan %d: %w", id, err)
	}
	return p, nil
}

// List returns plans in a state ("" = any) with an id below before (0 = from the
// newest on), newest first.
func List(ctx context.Context, db pg.DB, actor staff.Actor, state State, before int64, limit int) ([]Plan, error) {
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `SELECT`+columns+`
		FROM plan p
		WHERE ($1 = '' OR p.state = $1) AND ($2 = 0 OR p.id < $2) AND in_area(p.area_id, $3, $4)
		ORDER BY p.id DESC
		LIMIT $5`, string(state), before, area.All, area.Roots, limit)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	return list, nil
}

// Unit is a unit of a draft as it stands now.
type Unit struct {
	Ordinal int
	Role    Role
	Code    string
	Name    string
	Parent  string // code
	Place   string // where in the file
	Area    geo.MultiPolygon
	Before  geo.MultiPolygon // of a unit above: as it was in force when the draft redrew it
	Locked  bool             // the workshop keeps its land as it is
}

// Role says what a row of a draft is.
type Role string

// The roles.
const (
	Part     Role = "part"     // a unit of the draft's level
	Parent   Role = "parent"   // a unit of a level above that the draft redraws, or adds vertices to
	Excluded Role = "excluded" // an accepted gap; Name is the reason
	// Unclaimed is in no row: the workshop tells of land that is nobody's as one.
	Unclaimed Role = "unclaimed"
)

// Units returns the rows of a plan, in file order.
func Units(ctx context.Context, db pg.DB, actor staff.Actor, id int64) ([]Unit, error) {
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `
		SELECT ordinal, role, code, name, coalesce(parent, ''), place, geom, original, locked
		FROM plan_unit
		WHERE plan_id = $1 AND in_area((SELECT area_id FROM plan WHERE id = $1), $2, $3)
		ORDER BY ordinal`, id, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Unit])
	if err != nil {
		return nil, fmt.Errorf("units of plan %d: %w", id, err)
	}
	return list, nil
}

// Fault is one thing wrong with a draft, with its place.
type Fault struct {
	ID        string           `json:"id"`
	Kind      string           `json:"kind"`
	Hard      bool             `json:"hard" doc:"stops publishing"`
	Codes     []string         `json:"codes"`
	Parent    string           `json:"parent"`
	Place     string           `json:"place" doc:"where in the file"`
	Detail    string           `json:"detail"`
	Area      float64          `json:"area" doc:"square metres"`
	Width     float64          `json:"width" doc:"metres, the mean width of a sliver"`
	Neighbour string           `json:"neighbour" doc:"the neighbour with the longest shared border"`
	Repairs   []string         `json:"repairs" doc:"what may be done; the first is recommended"`
	At        *geo.Point       `json:"-"`
	Shape     geo.MultiPolygon `json:"-"`
}

// FaultsOf returns the faults of a draft, hard ones first, then the largest.
func FaultsOf(ctx context.Context, db pg.DB, actor staff.Actor, id int64) ([]Fault, error) {
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `
		SELECT id, kind, hard, codes, coalesce(parent, ''), place, detail, area, width, neighbour, repairs, at, geom
		FROM plan_fault
		WHERE plan_id = $1 AND in_area((SELECT area_id FROM plan WHERE id = $1), $2, $3)
		ORDER BY hard DESC, area DESC, id`, id, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Fault])
	if err != nil {
		return nil, fmt.Errorf("faults of plan %d: %w", id, err)
	}
	return list, nil
}

// Abandon gives a draft up. It stays readable.
func Abandon(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Plan, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Plan{}, err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, 0); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE plan SET state = 'abandoned' WHERE id = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, actor, "abandon", id, nil)
	})
	if err != nil {
		return Plan{}, fmt.Errorf("abandon plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}
