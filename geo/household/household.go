// Package household keeps the household ledger: dwellings with their place, kind
// and head counts. Never people: columns with names, phones or identity numbers
// are dropped before anything is stored (package sheet).
//
// Rows come from files (Import) or by hand. Chinese ledgers often carry doorplates
// instead of coordinates; those rows are placed where the same compound,
// building and stairwell is known already, with a stated confidence, or wait in
// the unplaced list to be put on the map.
//
// Who is responsible for a household is a matter of package ledger.
package household

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Kind is how a household lives in its dwelling.
type Kind string

// The kinds.
const (
	Owner      Kind = "owner"      // 自住
	Rental     Kind = "rental"     // 出租
	SelfBuilt  Kind = "self-built" // 自建房
	Collective Kind = "collective" // 集体宿舍
	Unknown    Kind = "unknown"
)

// PlacedBy says where a place comes from. A place set by hand is never replaced
// by a file.
type PlacedBy string

// The origins of a place.
const (
	ByFile  PlacedBy = "file"
	ByMatch PlacedBy = "address match"
	ByHand  PlacedBy = "hand"
)

// Ages are head counts by age band; nil is not known.
type Ages struct {
	Age0_2   *int `json:"age_0_2" minimum:"0" maximum:"999"`
	Age3_6   *int `json:"age_3_6" minimum:"0" maximum:"999"`
	Age7_17  *int `json:"age_7_17" minimum:"0" maximum:"999"`
	Age18_59 *int `json:"age_18_59" minimum:"0" maximum:"999"`
	Age60_79 *int `json:"age_60_79" minimum:"0" maximum:"999"`
	Age80    *int `json:"age_80" minimum:"0" maximum:"999"`
}

// Dwelling is what may be said of a household by hand.
type Dwelling struct {
	Compound  string `json:"compound" maxLength:"200"`
	Building  string `json:"building" maxLength:"200"`
	Stairwell string `json:"stairwell" maxLength:"200"`
	Doorplate string `json:"doorplate" maxLength:"200"`
	Address   string `json:"address" maxLength:"200"`
	Kind      Kind   `json:"kind" enum:"owner,rental,self-built,collective,unknown"`
	Occupied  *bool  `json:"occupied" doc:"null = not known"`
	Ages      Ages   `json:"ages"`
}

// Household is a dwelling of the ledger.
type Household struct {
	ID       int64  `json:"id"`
	Source   string `json:"source"`
	SourceID string `json:"source_id"`
	Dwelling
	Point      *geo.Point `json:"-"`
	Cell       *cell.Cell `json:"-"`
	PlacedBy   PlacedBy   `json:"placed_by" enum:"file,address match,hand"`
	Confidence *float32   `json:"confidence" doc:"of an address match, 0 to 1"`
	Unit       string     `json:"unit" doc:"code of the unit responsible today, empty outside all"`
	ClosedOn   *geo.Day   `json:"closed_on"`
	MergedInto *int64     `json:"merged_into"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// Faults of this package.
var (
	ErrUnknown    = fault.New(fault.NotFound, "household_unknown", "There is no such household.")
	ErrClosed     = fault.New(fault.Conflict, "household_closed", "The household is closed. Reopen it first.")
	ErrOpen       = fault.New(fault.Conflict, "household_open", "The household is not closed.")
	ErrMerged     = fault.New(fault.Conflict, "household_merged", "The household was merged into another one and cannot be reopened.")
	ErrMergeSelf  = fault.New(fault.Invalid, "household_merge_self", "A household cannot be merged into itself.")
	ErrExists     = fault.New(fault.Conflict, "household_exists", "A household with this source and id exists already.")
	ErrNoAddress  = fault.New(fault.Invalid, "household_no_address", "Say where the household is: an address, or compound, building and doorplate.")
	ErrPersonal   = fault.New(fault.Invalid, "household_personal", "A value looks like a phone or identity number, which is not kept.")
	ErrKind       = fault.New(fault.Invalid, "household_kind", "The kind is one of owner, rental, self-built, collective and unknown.")
	ErrImpossible = fault.New(fault.Invalid, "household_place", "This is no possible place.")
)

var faults = pg.Faults{"household_source_is_unique": ErrExists}

const columns = `
	h.id, h.source, h.source_id, h.compound, h.building, h.stairwell, h.doorplate, h.address, h.kind, h.occupied,
	h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80,
	h.point, h.cell, h.placed_by, h.confidence, coalesce(u.code, ''), h.closed_on, h.merged_into, h.updated_at`

const tables = `
	FROM household h
	LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
	LEFT JOIN unit u ON u.id = o.unit_id`

func scan(row pgx.CollectableRow) (Household, error) {
	var h Household
	err := row.Scan(&h.ID, &h.Source, &h.SourceID, &h.Compound, &h.Building, &h.Stairwell, &h.Doorplate, &h.Address,
		&h.Kind, &h.Occupied, &h.Ages.Age0_2, &h.Ages.Age3_6, &h.Ages.Age7_17, &h.Ages.Age18_59, &h.Ages.Age60_79, &h.Ages.Age80,
		&h.Point, &h.Cell, &h.PlacedBy, &h.Confidence, &h.Unit, &h.ClosedOn, &h.MergedInto, &h.UpdatedAt)
	return h, err
}

// Get returns one household, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Household, error) {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+` WHERE h.id = $1 AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2), id, area.All, area.Roots)
	h, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Household{}, fmt.Errorf("household %d: %w", id, err)
	}
	return h, nil
}

// Filter narrows a list; zero values do not.
type Filter struct {
	Unit   string // code: households of the unit and of all units below it
	Text   string // part of the address, compound, building or doorplate
	Placed *bool
	Closed bool  // closed ones instead of open ones
	After  int64 // id of the last household of the page before
	Limit  int
}

const matching = `
	WHERE h.id > $1
	  AND (h.closed_on IS NOT NULL) = $2
	  AND ($3::boolean IS NULL OR (h.point IS NOT NULL) = $3)
	  AND ($4 = '' OR h.address ILIKE $4 OR h.compound ILIKE $4 OR concat(h.compound, h.building, h.stairwell, h.doorplate) ILIKE $4
	       OR h.source_id ILIKE $4)`

// where is the condition of a filter with its parameters; the fifth is the limit.
func (f Filter) where(ctx context.Context, db pg.DB, actor staff.Actor) (where string, args []any, err error) {
	narrowed, more, err := ledger.Households.Narrow(ctx, db, actor, f.Unit, "h", 6)
	if err != nil {
		return "", nil, err
	}
	args = []any{f.After, f.Closed, f.Placed, ledger.Containing(f.Text), f.Limit}
	return matching + narrowed, append(args, more...), nil
}

// List returns households by id.
func List(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) ([]Household, error) {
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `SELECT`+columns+tables+where+` ORDER BY h.id LIMIT $5`, args...)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("households: %w", err)
	}
	return list, nil
}

// Count is how many households match, pages aside.
func Count(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) (n int, err error) {
	f.After, f.Limit = 0, 1
	where, args, err := f.where(ctx, db, actor)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow(ctx, `SELECT count(*) FROM household h`+where+` LIMIT $5`, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count households: %w", err)
	}
	return n, nil
}
