// Package premises keeps what a patrol looks at again and again: three-colour premises
// with the day until which their grade may be relied on, blocks that are to be seen every
// so many days, checkpoints with the marks that were set there, and beats, which are
// checkpoints in an order with their days.
//
//	premises.go    premises, and their inspection
//	block.go       zones with a freshness contract
//	checkpoint.go  checkpoints and marks
//	beat.go        beats, and the checkpoints that were missed
//	suggest.go     a walk along the streets that were not seen for longest
//	import.go      registers from files
//	beat_import.go beats from files
package premises

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Grade is how dangerous premises are.
type Grade string

// The grades.
const (
	Red    Grade = "red"
	Yellow Grade = "yellow"
	Green  Grade = "green"
)

// Premises are a building with its grade.
type Premises struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"`
	Unit   string    `json:"unit" doc:"code of the unit it lies in; empty in none"`
	Point  geo.Point `json:"-"`
	Due    bool      `json:"due" doc:"to be inspected again: the grade may be relied on until before today"`
	Source string    `json:"source"`
	Number string    `json:"number" doc:"in the source's register"`
	Finding
}

// Finding is what an inspection found.
type Finding struct {
	Grade       Grade   `json:"grade" enum:"red,yellow,green"`
	Reason      string  `json:"reason" maxLength:"200" doc:"why it is red or yellow; nothing about persons"`
	InspectedOn geo.Day `json:"inspected_on" format:"date"`
	ValidUntil  geo.Day `json:"valid_until" format:"date" doc:"the last day on which the grade may be relied on"`
	Post        *int64  `json:"post" doc:"that inspects it"`
}

// Faults of premises.
var (
	ErrUnknown = fault.New(fault.NotFound, "premises_unknown", "There are no such premises where you may see places.")
	ErrFinding = fault.New(fault.Invalid, "premises_finding", "An inspection finds red, yellow or green, says why unless it is green, without personal data, and holds from its day, which is not in the future, to a later one within ten years.")
	ErrPost    = fault.New(fault.NotFound, "premises_post", "There is no such post.")
)

func (f *Finding) check(today geo.Day) error {
	f.Reason = strings.TrimSpace(f.Reason)
	_, personal := sheet.LooksPersonal(f.Reason)
	switch {
	case f.Grade != Red && f.Grade != Yellow && f.Grade != Green, f.Grade != Green && f.Reason == "", len([]rune(f.Reason)) > 200, personal,
		f.InspectedOn.IsZero(), today.Before(f.InspectedOn), f.ValidUntil.Before(f.InspectedOn),
		f.ValidUntil.Start().After(f.InspectedOn.Start().AddDate(10, 0, 0)):
		return ErrFinding
	}
	return nil
}

// Filter narrows a list; zero values do not.
type Filter struct {
	Unit  string // code: the unit's and all units' below it
	Grade Grade
	Due   bool  // to be inspected again
	After int64 // id of the last of the page before
	Limit int
}

const premisesColumns = ` p.id, p.name, coalesce(u.code, ''), p.point, p.valid_until < $3, p.source, p.source_id, p.grade, p.reason, p.inspected_on, p.valid_until, p.post_id
	FROM premises p LEFT JOIN unit u ON u.id = p.unit_id`

func scanPremises(row pgx.CollectableRow) (p Premises, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.Unit, &p.Point, &p.Due, &p.Source, &p.Number, &p.Grade, &p.Reason, &p.InspectedOn, &p.ValidUntil, &p.Post)
	return p, err
}

// List returns premises that are not closed, by id.
func List(ctx context.Context, db pg.DB, actor staff.Actor, f Filter, today geo.Day) ([]Premises, error) {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+premisesColumns+`
		WHERE `+staff.In("p.unit_id", 1)+` AND p.closed_on IS NULL AND `+below("p.unit_id", 4)+`
		  AND ($5 = '' OR p.grade = $5) AND (NOT $6 OR p.valid_until < $3) AND p.id > $7
		ORDER BY p.id LIMIT $8`, area.All, area.Roots, today, f.Unit, f.Grade, f.Due, f.After, f.Limit)
	list, err := pgx.CollectRows(rows, scanPremises)
	if err != nil {
		return nil, fmt.Errorf("premises: %w", err)
	}
	return list, nil
}

// Get returns one, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64, today geo.Day) (Premises, error) {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+premisesColumns+` WHERE p.id = $4 AND `+staff.In("p.unit_id", 1), area.All, area.Roots, today, id)
	p, err := pgx.CollectExactlyOneRow(rows, scanPremises)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Premises{}, fmt.Errorf("premises %d: %w", id, err)
	}
	return p, nil
}

// Inspect says what was found. Twice the same changes nothing the second time; one of a
// day before the last one is refused, so that late news of a phone undoes nothing.
//
// Errors: ErrUnknown, ErrFinding, ErrPost.
func Inspect(ctx context.Context, db pg.DB, actor staff.Actor, id int64, f Finding, today geo.Day) (Premises, error) {
	if err := f.check(today); err != nil {
		return Premises{}, fmt.Errorf("premises %d: %w", id, err)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Record)
		var before Grade
		var last geo.Day
		var post bool
		err := tx.QueryRow(ctx, `
			SELECT p.grade, p.inspected_on, $4::bigint IS NULL OR EXISTS (SELECT FROM post o WHERE o.id = $4)
			FROM premises p WHERE p.id = $3 AND p.closed_on IS NULL AND `+staff.In("p.unit_id", 1)+` FOR UPDATE OF p`,
			area.All, area.Roots, id, f.Post).Scan(&before, &last, &post)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrUnknown
		case err != nil:
			return err
		case !post:
			return ErrPost
		case f.InspectedOn.Before(last):
			return ErrFinding.Saying(fmt.Sprintf("It was inspected on %s, which is later.", last))
		}
		tag, err := tx.Exec(ctx, `
			UPDATE premises SET grade = $2, reason = $3, inspected_on = $4, valid_until = $5, post_id = $6, updated_at = now()
			WHERE id = $1 AND (grade, reason, inspected_on, valid_until, post_id) IS DISTINCT FROM ($2, $3, $4::date, $5::date, $6::bigint)`,
			id, f.Grade, f.Reason, f.InspectedOn, f.ValidUntil, f.Post)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, actor, "inspect", "premises", fmt.Sprint(id), map[string]any{"from": string(before), "to": string(f.Grade)})
	})
	if err != nil {
		return Premises{}, fmt.Errorf("premises %d: %w", id, err)
	}
	return Get(ctx, db, actor, id, today)
}

// below is the condition that a unit is the one with the code $n or lies below it; every
// unit is below "".
func below(unit string, n int) string {
	return fmt.Sprintf(`($%d = '' OR %s IN (SELECT units_below(t.id) FROM unit t WHERE t.code = $%d))`, n, unit, n)
}

// plain reports whether a text has a length and tells nothing of who somebody is.
func plain(text string, least, most int) bool {
	n := len([]rune(text))
	_, personal := sheet.LooksPersonal(text)
	return n >= least && n <= most && !personal
}

// believable reports whether something can have been noted then: not in the future, and
// not longer ago than a phone is away.
func believable(at, now time.Time) bool {
	return !at.After(now.Add(time.Minute)) && !at.Before(now.Add(-60*24*time.Hour))
}
