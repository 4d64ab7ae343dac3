// Package demand keeps counts of people that were made elsewhere: a census, a grid
// of the population, a list of buildings with their residents. A service circle can
// count them instead of the households of the ledger.
//
// A demand set has a name and a version and is never changed: another file under
// the same name is its next version, the same file again is no version at all.
// Rows are people at a place. Those of a cell stand at the cell's centre, or, where
// the import was asked for it, in the buildings that the map had there (Spread).
//
//	demand.go   sets: listed, read, removed
//	import.go   a table of counts becomes a set
//	spread.go   people of a cell over its buildings
package demand

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrUnknown means that there is no such set, or that it is another area's.
var ErrUnknown = fault.New(fault.NotFound, "demand_unknown", "There is no such demand set.")

// Kind is what the rows of a set are.
type Kind string

// The kinds.
const (
	Cells  Kind = "cell"  // H3 cells of one resolution
	Places Kind = "place" // buildings or other places
)

// Bands are the age bands, by the names they have in the household ledger.
var Bands = [6]string{"age_0_2", "age_3_6", "age_7_17", "age_18_59", "age_60_79", "age_80"}

// Set is a demand set.
type Set struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Version    int       `json:"version"`
	Digest     string    `json:"digest" doc:"SHA-256 of the rows"`
	Kind       Kind      `json:"kind" enum:"cell,place"`
	Resolution *int      `json:"resolution" doc:"of H3 cells"`
	Rows       int       `json:"rows"`
	Outside    int       `json:"outside" doc:"rows that lay in no unit on the day of the import"`
	Buildings  int       `json:"buildings" doc:"over which the people of cells were spread; 0 = they stand at the centre of their cell"`
	Households int64     `json:"households" doc:"0 when the file had none"`
	People     int64     `json:"people"`
	Ages       []int64   `json:"ages" doc:"people of the age bands 0–2, 3–6, 7–17, 18–59, 60–79, 80 and over; empty when the file had none"`
	FileName   string    `json:"file_name"`
	CreatedBy  string    `json:"created_by"`
	CreatedAt  time.Time `json:"created_at"`
}

const columns = `
	s.id, s.name, s.version, s.digest, s.kind, s.resolution, s.rows, s.outside, s.buildings, s.households, s.people, s.ages,
	s.file_name, s.created_by, s.created_at
	FROM demand_set s`

// Row is people at a place.
type Row struct {
	At         geo.Point
	Cell       cell.Cell // of a set of cells that one; otherwise at resolution 11
	Households int
	People     int
	Ages       [6]int // 0 when not known
}

// List returns the sets, by name, the newest version first.
func List(ctx context.Context, db pg.DB, actor staff.Actor) ([]Set, error) {
	count, load := actor.Area(staff.Count), actor.Area(staff.Import)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE in_area(s.area_id, $1, $2) OR in_area(s.area_id, $3, $4)
		ORDER BY s.name, s.version DESC, s.id`, count.All, count.Roots, load.All, load.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Set])
	if err != nil {
		return nil, fmt.Errorf("demand sets: %w", err)
	}
	return list, nil
}

// Get returns one set, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Set, error) {
	count, load := actor.Area(staff.Count), actor.Area(staff.Import)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE s.id = $1 AND (in_area(s.area_id, $2, $3) OR in_area(s.area_id, $4, $5))`,
		id, count.All, count.Roots, load.All, load.Roots)
	set, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Set])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Set{}, fmt.Errorf("demand set %d: %w", id, err)
	}
	return set, nil
}

// Remove removes one version of a set. Runs that counted it keep their results.
func Remove(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	area := actor.Area(staff.Import)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var name string
		var version int
		err := tx.QueryRow(ctx, `DELETE FROM demand_set s WHERE s.id = $1 AND in_area(s.area_id, $2, $3) RETURNING s.name, s.version`,
			id, area.All, area.Roots).Scan(&name, &version)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnknown
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "remove", "demand-set", strconv.FormatInt(id, 10), map[string]any{"name": name, "version": version})
	})
	if err != nil {
		return fmt.Errorf("remove demand set %d: %w", id, err)
	}
	return nil
}

// Load returns the rows of a set that have people or households, in the order of
// the file, and the set's digest.
func Load(ctx context.Context, db pg.DB, actor staff.Actor, id int64) ([]Row, string, error) {
	set, err := Get(ctx, db, actor, id)
	if err != nil {
		return nil, "", err
	}
	list := make([]Row, 0, set.Rows)
	rows, err := db.Query(ctx, `
		SELECT point, cell, households, people, age_0_2, age_3_6, age_7_17, age_18_59, age_60_79, age_80
		FROM demand WHERE set_id = $1 AND (people > 0 OR households > 0) ORDER BY ordinal`, id)
	if err != nil {
		return nil, "", fmt.Errorf("rows of demand set %d: %w", id, err)
	}
	var r Row
	a := &r.Ages
	_, err = pgx.ForEachRow(rows, []any{&r.At, &r.Cell, &r.Households, &r.People, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]}, func() error {
		list = append(list, r)
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("rows of demand set %d: %w", id, err)
	}
	return list, set.Digest, nil
}
