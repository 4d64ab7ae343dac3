package circle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// published are the counts that may be seen by who may not see single places, as they
// stood when a run was made. Every rounded row of a run is made from them, by the
// functions of this file and no others, and stored beside the exact one: tiles, JSON
// and files show the same.
type published struct {
	least int // no smaller count is shown; 0 = nothing is published
	units map[int64]publication.Numbers
	cells map[cell.Cell]int64
	// demand says that a demand set was counted, of which nothing is published: its own
	// numbers are shown in bands as wide as the least count.
	demand bool
	// changes are points that the run thinks to be different: who asks sets them where,
	// and as large, as they like.
	changes []Change
}

// steps of what is shown: shares in 5 %, minutes in one.
const shareStep = 0.05

func loadPublished(ctx context.Context, db pg.DB, c *crowd) (p published, err error) {
	areas := c.areas
	if p.demand = c.key.demand != 0; p.demand {
		if p.least, err = publication.Least(ctx, db); err != nil {
			return p, fmt.Errorf("least count: %w", err)
		}
		return p, nil
	}
	var id int64
	err = db.QueryRow(ctx, `SELECT id, least FROM publication ORDER BY published_on DESC, id DESC LIMIT 1`).Scan(&id, &p.least)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("published counts: %w", err)
	}
	var ids []int64
	for _, a := range areas {
		if !a.drawn {
			ids = append(ids, a.id)
		}
	}
	if p.units, err = publication.Of(ctx, db, staff.System, lastDay, ids); err != nil {
		return p, err
	}
	// Cells are published for each unit at the top by itself: a run of a part of one
	// has no cells to show.
	rows, _ := db.Query(ctx, `
		SELECT cell, sum(value) FROM published_cell
		WHERE publication_id = $1 AND attribute = 'households' AND ($2 = 0 OR top_id = $2) GROUP BY cell`, id, areas[0].id)
	p.cells = map[cell.Cell]int64{}
	var at, n int64
	if _, err = pgx.ForEachRow(rows, []any{&at, &n}, func() error { p.cells[cell.Cell(at)] = n; return nil }); err != nil {
		return p, fmt.Errorf("published cells: %w", err)
	}
	return p, nil
}

// lastDay is later than every publication.
var lastDay = func() geo.Day { d, _ := geo.ParseDay("9999-01-01"); return d }()

// unit is the row of a unit as it is shown rounded: the published households with
// their share, hidden where their number is, or where too few of them were there on
// the day of the run. People are shown where those of every age band of the column
// are published.
//
// The numbers behind a mean must not be too few either, or it is that of one household:
// a mean of minutes is shown of at least the least count of households, the worst tenth
// where that many are in it, and measures of supply to one digit where that many are
// within the standard. Of a run with changes no measure of supply is shown: a new point
// of 100,000 seats and a reach of a few metres would tell whether somebody lives there.
//
// Of what a plan draws nothing is shown.
func (p published) unit(a *area, row UnitRow, ages []string) UnitRow {
	shown := UnitRow{Column: row.Column, Unit: row.Unit, Level: row.Level, Points: row.Points, HoursUnknown: row.HoursUnknown, Unreachable: map[string]int64{}}
	shown.Rounded = true
	numbers := p.units[a.id]
	if p.demand {
		numbers = p.banded(row.Reach)
	}
	if a.drawn || numbers.Households == nil || *numbers.Households == 0 || p.few(row.Households) {
		shown.Hidden = true
		return shown
	}
	shown.Households = int64(*numbers.Households)
	shown.Share = stepped(row.Share, shareStep)
	shown.Covered = part(shown.Share, shown.Households)
	people, ok := publishedPeople(numbers, ages)
	if p.demand {
		people = p.band(row.People)
		ok = people > 0
	}
	if ok && !p.few(row.People) {
		shown.People = people
		shown.SharePeople = stepped(row.SharePeople, shareStep)
		shown.CoveredPeople = part(shown.SharePeople, people)
	}
	shown.P50, shown.P90 = stepped(row.P50, 1), stepped(row.P90, 1)
	reach := row.Households // those who reach a point
	for reason, n := range row.Unreachable {
		reach -= n
		if n = p.band(n); n > 0 {
			shown.Unreachable[reason] = n
		}
	}
	if !p.few(reach) {
		shown.Mean = stepped(row.Mean, 1)
	}
	if !p.few(reach / 10) {
		shown.WorstDecile = stepped(row.WorstDecile, 1)
	}
	// As many new points as one likes can stand at one place: the mean moves with each.
	shown.Choices, shown.Overlap = stepped(row.Choices, max(0.5, shareStep*float64(len(p.changes)))), stepped(row.Overlap, shareStep)
	if len(p.changes) == 0 && !p.few(row.Covered) {
		shown.Catchment, shown.Enhanced = digit(row.Catchment), digit(row.Enhanced)
		shown.Gravity, shown.Cumulative = digit(row.Gravity), digit(row.Cumulative)
	}
	return shown
}

// few says that so many are too few to tell of them.
func (p published) few(n int64) bool { return n < int64(p.least) }

// banded are the numbers of a demand set in bands, none where they are too small.
func (p published) banded(r Reach) (n publication.Numbers) {
	if households := int(p.band(r.Households)); households > 0 {
		n.Households = &households
	}
	return n
}

func publishedPeople(n publication.Numbers, ages []string) (sum int64, ok bool) {
	for i, band := range bands {
		if len(ages) > 0 && !slices.Contains(ages, band) {
			continue
		}
		if n.Ages[i] == nil {
			return 0, false
		}
		sum += int64(*n.Ages[i])
	}
	return sum, true
}

// curve is rounded as shares are.
func curve(exact []float64) []float64 {
	list := make([]float64, len(exact))
	for i, v := range exact {
		list[i] = *stepped(&v, shareStep)
	}
	return list
}

// cellRows are the cells that are published, with their published number; all others
// are left out, as they are there.
func (p published) cellRows(exact []CellRow) []CellRow {
	list := []CellRow{}
	for _, row := range exact {
		households := p.cells[row.Cell]
		if p.demand {
			households = p.band(row.Households)
		}
		if households == 0 || row.Resolution == finest || p.few(row.Households) {
			continue
		}
		covered := part(stepped(share(row.Covered, row.Households), shareStep), households)
		list = append(list, CellRow{Column: row.Column, Cell: row.Cell, Resolution: row.Resolution, Households: households, Covered: covered,
			Minutes: stepped(row.Minutes, 1), Rounded: true})
	}
	return list
}

// point is a point as it is shown rounded: numbers in bands as wide as the least count
// that is shown, by their lower end.
func (p published) point(row PointRow) PointRow {
	row.Rounded, row.Hidden = true, p.band(row.Households) == 0
	row.Households, row.People = p.band(row.Households), p.band(row.People)
	for _, n := range []**int64{&row.Within, &row.Load, &row.Overflow} {
		if *n != nil {
			banded := p.band(**n)
			*n = &banded
		}
	}
	return row
}

// band is the lower end of the band a number lies in.
func (p published) band(n int64) int64 {
	if p.least == 0 {
		return 0
	}
	return n / int64(p.least) * int64(p.least)
}

// stepped is a number in whole steps.
func stepped(v *float64, step float64) *float64 {
	if v == nil {
		return nil
	}
	if step < 1 { // so that 0.05 × 3 is 0.15 and nothing beside it
		per := math.Round(1 / step)
		return value(math.Round(*v*per) / per)
	}
	return value(math.Round(*v/step) * step)
}

// digit keeps one digit of a number.
func digit(v *float64) *float64 {
	if v == nil || *v == 0 {
		return v
	}
	size := math.Pow(10, math.Floor(math.Log10(math.Abs(*v))))
	return value(math.Round(*v/size) * size)
}

func part(share *float64, whole int64) int64 {
	if share == nil {
		return 0
	}
	return int64(math.Round(*share * float64(whole)))
}
