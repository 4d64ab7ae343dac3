// Package visit keeps what visits are due and that they were made: which households are
// called on, by whom and how often (cadences), which post keeps in touch with which
// households (links), and whether somebody was met.
//
//	visit.go    cadences
//	table.go    cadences as a table
//	link.go     households and the post that keeps in touch with them
//	log.go      visits made
//	due.go      visits due, and how a unit stands
//
// Nothing is written down about persons: a visit is a household, a time and an outcome.
// That a household wants no visits is a fact of package privacy, and is honoured here:
// it is never due, and no later visit to it is stored.
package visit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Homes are the households that a cadence is for.
type Homes string

// Which households. An empty dwelling is none of them.
const (
	All      Homes = "all"
	Linked   Homes = "linked"   // those that a post keeps in touch with
	Aged     Homes = "aged"     // with somebody of 80 or more
	Children Homes = "children" // with somebody below 7
	Rental   Homes = "rental"
)

// Cadence is how often which households are visited, and by whom.
type Cadence struct {
	Code string `json:"code"`
	Terms
}

// Terms are what is said of a cadence.
type Terms struct {
	Ordinal int    `json:"ordinal" minimum:"1" maximum:"999" doc:"its place in the list"`
	TitleZh string `json:"title_zh" minLength:"1" maxLength:"60"`
	TitleEn string `json:"title_en" minLength:"1" maxLength:"100"`
	Level   string `json:"level" maxLength:"40" doc:"of the units whose posts visit by it, such as village; empty: posts of any"`
	Homes   Homes  `json:"homes" enum:"all,linked,aged,children,rental"`
	Days    int    `json:"days" minimum:"1" maximum:"366" doc:"a household is visited at least once in so many"`
	PerPost *int   `json:"per_post" minimum:"1" maximum:"500" doc:"of linked: the most households that one post has; else null"`
	Used    bool   `json:"used" doc:"visits are due by it"`
}

// Faults of this package.
var (
	ErrCadence   = fault.New(fault.NotFound, "cadence_unknown", "There is no such visit cadence. GET /api/v1/cadences lists them.")
	ErrTerms     = fault.New(fault.Invalid, "cadence_terms", "A cadence has a title in both languages, households, 1 to 366 days, and a most of households per post if it is for linked ones, and only then.")
	ErrOrdinal   = fault.New(fault.Conflict, "cadence_ordinal", "Another cadence stands at this place of the list.")
	ErrHousehold = fault.New(fault.NotFound, "visit_household", "There is no such household where you may record.")
	ErrOutcome   = fault.New(fault.Invalid, "visit_outcome", "Say how the visit ended: met, nobody or declined.")
	ErrTime      = fault.New(fault.Invalid, "visit_time", "A visit was made within the last 60 days, and not in the future.")
	ErrTaken     = fault.New(fault.Conflict, "visit_taken", "Another visit has this id already. Choose a new one.")
	ErrUnwanted  = fault.New(fault.Conflict, "visit_unwanted", "This household wants no visits, so none is recorded. 该户不接受走访，不予登记。")
	ErrPost      = fault.New(fault.NotFound, "visit_post", "There is no such post where you may record.")
	ErrMany      = fault.New(fault.Conflict, "visit_links_too_many", "A post has no more linked households than the cadence allows. Link some to another post.")
)

var faults = pg.Faults{
	"cadence_code_is_a_slug": ErrTerms, "cadence_has_titles": ErrTerms, "cadence_homes_are_known": ErrTerms, "cadence_is_at_most_a_year": ErrTerms,
	"cadence_of_linked_homes_has_a_most": ErrTerms, "cadence_ordinal_key": ErrOrdinal, "visit_cadence_fkey": ErrCadence, "visit_outcome_is_known": ErrOutcome,
}

// Cadences returns all, in their order.
func Cadences(ctx context.Context, db pg.DB, _ staff.Actor) ([]Cadence, error) {
	rows, _ := db.Query(ctx, `SELECT code, ordinal, title_zh, title_en, level, homes, days, per_post, used FROM cadence ORDER BY ordinal`)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Cadence, err error) {
		err = row.Scan(&c.Code, &c.Ordinal, &c.TitleZh, &c.TitleEn, &c.Level, &c.Homes, &c.Days, &c.PerPost, &c.Used)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("cadences: %w", err)
	}
	return list, nil
}

// Set makes a cadence or changes it. One that is not used any more stays, for the visits
// made by it. Who may change settings everywhere may do it.
//
// Errors: staff.ErrForbidden, ErrTerms, ErrOrdinal.
func Set(ctx context.Context, db pg.DB, actor staff.Actor, code string, t Terms) (Cadence, error) {
	if !actor.Area(staff.Setting).All {
		return Cadence{}, fmt.Errorf("cadence %s: %w", code, staff.ErrForbidden)
	}
	t.TitleZh, t.TitleEn = strings.TrimSpace(t.TitleZh), strings.TrimSpace(t.TitleEn)
	if _, personal := sheet.LooksPersonal(t.TitleZh + " " + t.TitleEn); personal {
		return Cadence{}, fmt.Errorf("cadence %s: %w", code, ErrTerms)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := put(ctx, tx, Cadence{code, t}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "set", "cadence", code, map[string]any{"homes": string(t.Homes), "days": t.Days, "used": t.Used})
	})
	if err != nil {
		return Cadence{}, fmt.Errorf("cadence %s: %w", code, err)
	}
	return Cadence{code, t}, nil
}

// put writes a cadence.
func put(ctx context.Context, tx pgx.Tx, c Cadence) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO cadence (code, ordinal, title_zh, title_en, level, homes, days, per_post, used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (code) DO UPDATE SET ordinal = excluded.ordinal, title_zh = excluded.title_zh, title_en = excluded.title_en,
			level = excluded.level, homes = excluded.homes, days = excluded.days, per_post = excluded.per_post, used = excluded.used`,
		c.Code, c.Ordinal, c.TitleZh, c.TitleEn, c.Level, c.Homes, c.Days, c.PerPost, c.Used)
	return faults.Of(err)
}

// unitOf is the id of a unit that lies within the area, or 0 for "".
func unitOf(ctx context.Context, db pg.DB, area staff.Area, code string) (id int64, err error) {
	if code == "" {
		return 0, nil
	}
	err = db.QueryRow(ctx, `SELECT id FROM unit u WHERE code = $1 AND `+staff.In("u.id", 2), code, area.All, area.Roots).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = staff.ErrOutside
	}
	return id, err
}
