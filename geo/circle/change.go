package circle

import (
	"context"
	"fmt"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrColumns means that two runs do not ask the same.
var ErrColumns = fault.New(fault.Conflict, "circle_columns", "The two runs have different numbers of columns, or count different units. Compare runs of the same unit with the same columns.")

// Compare puts a run beside an earlier one: every unit that either tells of, by the same
// rule as Units shows it, those of the later run first. Where one of the two is rounded
// or hidden, so is the difference.
//
// Errors: ErrUnknown, ErrNotDone, ErrColumn, ErrColumns.
func Compare(ctx context.Context, db pg.DB, actor staff.Actor, before, after int64, column int, level string) ([]Difference, error) {
	was, err := done(ctx, db, actor, before, column)
	if err != nil {
		return nil, err
	}
	is, err := done(ctx, db, actor, after, column)
	if err != nil {
		return nil, err
	}
	if was.unit != is.unit || len(was.Params.Columns) != len(is.Params.Columns) {
		return nil, fmt.Errorf("compare service circles %d and %d: %w", before, after, ErrColumns)
	}
	old, err := units(ctx, db, actor, was, unitFilter{column: column, level: level})
	if err != nil {
		return nil, err
	}
	list, err := units(ctx, db, actor, is, unitFilter{column: column, level: level})
	if err != nil {
		return nil, err
	}
	type key struct {
		column int
		unit   string
	}
	earlier := make(map[key]*UnitRow, len(old))
	for i := range old {
		earlier[key{old[i].Column, old[i].Unit}] = &old[i]
	}
	out := make([]Difference, 0, len(list))
	for _, row := range list {
		d := Difference{Column: row.Column, Unit: row.Unit, Name: row.Name, Level: row.Level, After: row.Reach, Only: "after"}
		k := key{row.Column, row.Unit}
		if first := earlier[k]; first != nil {
			delete(earlier, k)
			d.Only, d.Before = "", first.Reach
			d.Share, d.People = minus(row.Share, first.Share), minus(row.SharePeople, first.SharePeople)
			d.P50, d.P90 = minus(row.P50, first.P50), minus(row.P90, first.P90)
		}
		out = append(out, d)
	}
	for _, row := range old {
		if earlier[key{row.Column, row.Unit}] != nil {
			out = append(out, Difference{Column: row.Column, Unit: row.Unit, Name: row.Name, Level: row.Level, Before: row.Reach, Only: "before"})
		}
	}
	return out, nil
}

func minus(a, b *float64) *float64 {
	if a == nil || b == nil {
		return nil
	}
	d := *a - *b
	return &d
}
