package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
)

// A code is the parent's code and a number of a fixed width: 310115001001 and 007
// make 310115001001007. It belongs to one unit for life: one that keeps its identity
// keeps it, and one that ended leaves it for good, also when a later unit has the very
// same land.
//
// New units are numbered west to east, then north to south, as a page is read: the
// northernmost unit begins a row, to which belongs every unit whose middle lies less
// than half the median height of the units south of its middle; a row is numbered from
// west to east, then the rest begins the next row. The middle is that of the box
// around the unit. Equal places are ordered as they came.

// Scheme says how the units of a level are numbered and named: it is data, of the
// preset and the level.
type Scheme struct {
	Level  string
	Digits int    // of the number
	Naming string // {n} is the number, {parent} the name of the unit above: "第{n}网格", "{parent}{n}片"
}

// Faults of numbering.
var (
	ErrNoScheme  = fault.New(fault.Invalid, "scheme_missing", "This level is not one of the preset's, so nothing says how its units are numbered.")
	ErrCodesGone = fault.New(fault.Invalid, "codes_used_up", "All numbers of this unit have been used. Give the level more digits.")
)

// SchemeOf is the scheme of a level of a preset.
func SchemeOf(ctx context.Context, db pg.DB, preset, level string) (Scheme, error) {
	s := Scheme{Level: level}
	err := db.QueryRow(ctx, `
		SELECT CASE WHEN l.digits = 0 THEN 3 ELSE l.digits END, v.naming
		FROM preset_level l JOIN level v ON v.code = l.level
		WHERE l.preset = $1 AND l.level = $2`, preset, level).Scan(&s.Digits, &s.Naming)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoScheme
	}
	if err != nil {
		return Scheme{}, fmt.Errorf("numbering of level %s in %s: %w", level, preset, err)
	}
	return s, nil
}

// Taken are the codes below a parent that may not be given again: those of all units
// there ever were, and those that adopted plans are about to give.
func Taken(ctx context.Context, db pg.DB, parent string) (map[string]bool, error) {
	rows, _ := db.Query(ctx, `
		SELECT code FROM unit WHERE starts_with(code, $1)
		UNION
		SELECT u.code FROM plan p JOIN plan_unit u ON u.plan_id = p.id WHERE p.state = 'adopted' AND u.role <> 'excluded' AND starts_with(u.code, $1)`, parent)
	taken := map[string]bool{}
	var code string
	_, err := pgx.ForEachRow(rows, []any{&code}, func() error {
		taken[code] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("codes below %s: %w", parent, err)
	}
	return taken, nil
}

// NextCodes gives every one of the units, all new and below one parent, a code, in the
// order of the units. Numbers go on after the highest one taken; when those are used
// up, gaps are filled that no unit ever had.
func NextCodes(taken map[string]bool, parent string, s Scheme, units []geo.MultiPolygon) ([]string, error) {
	limit := 1
	for range s.Digits {
		limit *= 10
	}
	used := make([]bool, limit)
	highest := 0
	for code := range taken {
		rest, below := strings.CutPrefix(code, parent)
		if n, err := strconv.Atoi(rest); below && len(rest) == s.Digits && err == nil && n > 0 {
			used[n], highest = true, max(highest, n)
		}
	}
	free := make([]int, 0, len(units))
	for n := highest + 1; n < limit && len(free) < len(units); n++ {
		free = append(free, n)
	}
	for n := 1; n < highest && len(free) < len(units); n++ {
		if !used[n] {
			free = append(free, n)
		}
	}
	if len(free) < len(units) {
		return nil, ErrCodesGone.Saying(fmt.Sprintf("%s has %d numbers of %d digits left, %d are needed.", parent, len(free), s.Digits, len(units)))
	}
	codes := make([]string, len(units))
	for i, unit := range ReadingOrder(units) {
		codes[unit] = fmt.Sprintf("%s%0*d", parent, s.Digits, free[i])
	}
	return codes, nil
}

// Name is what a new unit with a code is called, below a parent with a code and a name.
func (s Scheme) Name(code, parent, parentName string) string {
	n := strings.TrimLeft(strings.TrimPrefix(code, parent), "0")
	return strings.NewReplacer("{n}", n, "{parent}", parentName).Replace(s.Naming)
}

// ReadingOrder are the numbers of the units in the order in which they are numbered.
func ReadingOrder(units []geo.MultiPolygon) []int {
	boxes := make([]geo.Bound, len(units))
	heights := make([]int64, len(units))
	order := make([]int, len(units))
	for i, unit := range units {
		boxes[i], order[i] = unit.Bound(), i
		if boxes[i].Empty() { // a unit without land comes last
			boxes[i] = geo.Bound{Min: geo.Point{Y: -2_000_000_000}, Max: geo.Point{Y: -2_000_000_000}}
		}
		heights[i] = int64(boxes[i].Max.Y) - int64(boxes[i].Min.Y)
	}
	if len(units) == 0 {
		return order
	}
	x := func(i int) int64 { return int64(boxes[i].Min.X) + int64(boxes[i].Max.X) } // doubled
	y := func(i int) int64 { return int64(boxes[i].Min.Y) + int64(boxes[i].Max.Y) }
	slices.Sort(heights)
	median := heights[len(heights)/2]
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(y(b), y(a)) })
	for begin := 0; begin < len(order); {
		end := begin
		for end < len(order) && (end == begin || y(order[begin])-y(order[end]) < median) {
			end++
		}
		slices.SortStableFunc(order[begin:end], func(a, b int) int { return cmp.Or(cmp.Compare(x(a), x(b)), cmp.Compare(y(b), y(a)), cmp.Compare(a, b)) })
		begin = end
	}
	return order
}
