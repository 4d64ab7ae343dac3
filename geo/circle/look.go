package circle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// errCursor is a cursor that no list gave.
var errCursor = fault.New(fault.Invalid, "cursor_malformed", "This cursor was not given by this list.")

// Look narrows a list of uncovered households.
type Look struct {
	Column int
	Unit   string // code: the unit's and all units' below it; "" = all of the run
	After  string // Cursor of the last household of the page before
	Limit  int
}

// Cursor names the household's place in a list.
func (h Household) Cursor() string { return fmt.Sprintf("%d-%d", h.unit, h.ID) }

func readCursor(text string) (unit, id int64, err error) {
	if text == "" {
		return 0, 0, nil
	}
	before, after, _ := strings.Cut(text, "-")
	unit, err1 := strconv.ParseInt(before, 10, 64)
	id, err2 := strconv.ParseInt(after, 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, errCursor
	}
	return unit, id, nil
}

// Answers are what a run says of one household, by column.
type Answers struct {
	Household int64    `json:"household"`
	Unit      string   `json:"unit" doc:"code of the lowest unit, on the day of the run"`
	Columns   []Answer `json:"columns"`
}

// Uncovered lists the households that a column does not cover, with what it says of
// them, by unit and id: those in units where the actor may see single places, and no
// others. The look is recorded.
//
// Errors: ErrUnknown, ErrNotDone, ErrColumn, ErrLedger.
func Uncovered(ctx context.Context, db pg.DB, actor staff.Actor, id int64, l Look) ([]Household, error) {
	s, err := done(ctx, db, actor, id, l.Column)
	if err != nil {
		return nil, err
	}
	var list []Household
	err = s.uncovered(ctx, db, actor, l, func(h Household) { list = append(list, h) })
	if err != nil {
		return nil, err
	}
	return list, audit.Write(ctx, db, actor, "list", "circle", strconv.FormatInt(id, 10),
		map[string]any{"column": l.Column, "unit": l.Unit, "shown": len(list)})
}

// uncovered yields them; a limit of 0 is none.
func (s stored) uncovered(ctx context.Context, db pg.DB, actor staff.Actor, l Look, yield func(Household)) error {
	if err := actor.Must(staff.Place); err != nil {
		return err
	}
	if s.Params.Demand != 0 {
		return ErrLedger
	}
	after, last, err := readCursor(l.After)
	if err != nil {
		return err
	}
	below, err := ledger.Below(ctx, db, actor, l.Unit)
	if err != nil {
		return err
	}
	names, err := s.sourceNames(ctx, db, actor, l.Column)
	if err != nil {
		return err
	}
	number := s.walks[l.Column]
	place := actor.Area(staff.Place)
	left := l.Limit
	for {
		var unit int64
		var code string
		var body []byte
		err := db.QueryRow(ctx, `
			SELECT c.unit_id, u.code, c.body FROM circle_household c JOIN unit u ON u.id = c.unit_id
			WHERE c.circle_id = $1 AND c.walk_no = $2 AND c.unit_id >= $3 AND ($4::bigint[] IS NULL OR c.unit_id = ANY ($4)) AND `+staff.In("c.unit_id", 5)+`
			ORDER BY c.unit_id LIMIT 1`, s.ID, number, after, below, place.All, place.Roots).Scan(&unit, &code, &body)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("uncovered households: %w", err)
		}
		if unit > after {
			last = 0
		}
		page, cut, err := s.uncoveredOf(ctx, db, actor, l.Column, unit, code, body, last, left, names)
		if err != nil {
			return err
		}
		for _, h := range page {
			yield(h)
		}
		if left -= len(page); l.Limit > 0 && left <= 0 {
			return nil
		}
		if after, last = unit+1, 0; cut != 0 { // some of the page are not in the ledger any more
			after, last = unit, cut
		}
	}
}

// uncoveredOf are those of one unit, behind the household last, at most so many (none
// stated: 0 or less). Where that many were looked at, cut is the last of them.
func (s stored) uncoveredOf(ctx context.Context, db pg.DB, actor staff.Actor, column int, unit int64, code string, body []byte, last int64, limit int, names sourceNames) (page []Household, cut int64, err error) {
	list, err := decodeHouseholds(body, s.Params.K > 1)
	if err != nil {
		return nil, 0, err
	}
	var out []Household
	var ids []int64
	for _, p := range list {
		a := s.answer(column, p, names)
		if a.Covered || p.id <= last {
			continue
		}
		out, ids = append(out, Household{ID: p.id, Unit: code, unit: unit, Answer: a}), append(ids, p.id)
		if limit > 0 && len(out) == limit {
			cut = p.id
			break
		}
	}
	page, err = s.describe(ctx, db, actor, column, out, ids)
	return page, cut, err
}

// describe adds where the households are; those that are not in the ledger any more,
// or by now in a unit where the reader may not see places, are left out.
func (s stored) describe(ctx context.Context, db pg.DB, actor staff.Actor, column int, list []Household, ids []int64) ([]Household, error) {
	place := actor.Area(staff.Place)
	ages := s.Params.Columns[column].Ages
	rows, _ := db.Query(ctx, `
		SELECT h.id, h.compound, h.building, h.stairwell, h.doorplate, h.address, h.point,
		       ARRAY[coalesce(h.age_0_2, 0), coalesce(h.age_3_6, 0), coalesce(h.age_7_17, 0), coalesce(h.age_18_59, 0), coalesce(h.age_60_79, 0), coalesce(h.age_80, 0)]
		FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE h.id = ANY ($1) AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2), ids, place.All, place.Roots)
	type about struct {
		address string
		at      orb.Point
		people  int
	}
	known := map[int64]about{}
	var id int64
	var compound, building, stairwell, doorplate, address string
	var at *geo.Point
	var heads []int
	_, err := pgx.ForEachRow(rows, []any{&id, &compound, &building, &stairwell, &doorplate, &address, &at, &heads}, func() error {
		a := about{address: strings.Join(strings.Fields(strings.Join([]string{compound, building, stairwell, doorplate}, " ")), " ")}
		if a.address == "" {
			a.address = address
		}
		if at != nil {
			a.at = at.Degrees()
		}
		for i, band := range bands {
			if len(ages) == 0 || slices.Contains(ages, band) {
				a.people += heads[i]
			}
		}
		known[id] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("uncovered households: %w", err)
	}
	out := list[:0]
	for _, h := range list {
		if a, ok := known[h.ID]; ok {
			h.Address, h.At, h.People = a.address, a.at, a.people
			out = append(out, h)
		}
	}
	return out, nil
}

// HouseholdOf is what every column of a run says of one household, for who may see it.
// The look is recorded.
//
// Errors: ErrUnknown, ErrNotDone, ErrHousehold, ErrLedger.
func HouseholdOf(ctx context.Context, db pg.DB, actor staff.Actor, id, household int64) (Answers, error) {
	s, err := done(ctx, db, actor, id, -1)
	if err != nil {
		return Answers{}, err
	}
	if err := actor.Must(staff.Place); err != nil {
		return Answers{}, err
	}
	if s.Params.Demand != 0 {
		return Answers{}, ErrLedger
	}
	place := actor.Area(staff.Place)
	out := Answers{Household: household}
	var unit int64
	err = db.QueryRow(ctx, `
		SELECT o.unit_id, u.code FROM household_unit o JOIN unit u ON u.id = o.unit_id
		WHERE o.household_id = $1 AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2) AND `+staff.In("o.unit_id", 3),
		household, s.Params.On, place.All, place.Roots).Scan(&unit, &out.Unit)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrHousehold
	}
	if err != nil {
		return Answers{}, fmt.Errorf("household of service circle %d: %w", id, err)
	}
	found := map[int]packed{}
	for column := range s.Params.Columns {
		number := s.walks[column]
		p, ok := found[number]
		if !ok {
			if p, err = s.packed(ctx, db, unit, number, household); err != nil {
				return Answers{}, err
			}
			found[number] = p
		}
		names, err := s.sourceNames(ctx, db, actor, column)
		if err != nil {
			return Answers{}, err
		}
		out.Columns = append(out.Columns, s.answer(column, p, names))
	}
	return out, audit.Write(ctx, db, actor, "look", "circle", strconv.FormatInt(id, 10), map[string]any{"household": household})
}

// packed is the result of one household of a unit in a walk.
func (s stored) packed(ctx context.Context, db pg.DB, unit int64, walk int, household int64) (packed, error) {
	var body []byte
	err := db.QueryRow(ctx, `SELECT body FROM circle_household WHERE circle_id = $1 AND unit_id = $2 AND walk_no = $3`, s.ID, unit, walk).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return packed{}, ErrHousehold
	}
	if err != nil {
		return packed{}, fmt.Errorf("household of service circle %d: %w", s.ID, err)
	}
	list, err := decodeHouseholds(body, s.Params.K > 1)
	if err != nil {
		return packed{}, err
	}
	for _, p := range list {
		if p.id == household {
			return p, nil
		}
	}
	return packed{}, ErrHousehold
}

// answer is what a column says of a household.
func (s stored) answer(column int, p packed, names sourceNames) Answer {
	standard := s.Params.Columns[column].Standard
	a := Answer{Column: column, Nearest: []Near{}}
	if p.reason != reached {
		a.Reason = p.reason.String()
		return a
	}
	nearest := p.near[0].mm
	if nearest > standard.Horizon() { // within that of another column
		a.Reason = far.String()
		return a
	}
	a.Minutes = value(standard.minutes(nearest))
	if a.Covered = nearest <= standard.Limit(); !a.Covered {
		a.Reason = "beyond"
	}
	for i, n := range p.near {
		if i > 0 && n.mm > standard.Horizon() {
			break
		}
		near := names[n.source]
		near.Minutes = standard.minutes(n.mm)
		a.Nearest = append(a.Nearest, near)
	}
	return a
}

// sourceNames are the points of a column by their number, as far as one may see them.
type sourceNames map[int]Near

func (s stored) sourceNames(ctx context.Context, db pg.DB, actor staff.Actor, column int) (sourceNames, error) {
	see := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT ordinal, (row->>'point')::bigint, (row->>'stop')::int, row->>'name' FROM circle_point
		WHERE circle_id = $1 AND column_no = $2 AND rounded AND `+staff.In("held_by", 3), s.ID, column, see.All, see.Roots)
	names := sourceNames{}
	var ordinal int
	var n Near
	_, err := pgx.ForEachRow(rows, []any{&ordinal, &n.Point, &n.Stop, &n.Name}, func() error { names[ordinal] = n; return nil })
	if err != nil {
		return nil, fmt.Errorf("points of service circle %d: %w", s.ID, err)
	}
	return names, nil
}
