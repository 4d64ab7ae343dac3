package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Below returns the ids of a unit in force and of all units under it; nil for "".
func Below(ctx context.Context, db pg.DB, actor staff.Actor, code string) ([]int64, error) {
	if code == "" {
		return nil, nil
	}
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE down AS (
			SELECT b.unit_id, 0 AS step
			FROM boundary b JOIN unit u ON u.id = b.unit_id
			WHERE u.code = $2 AND in_area(u.id, $3, $4) AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			UNION ALL
			SELECT b.unit_id, down.step + 1
			FROM down JOIN boundary b ON b.parent_id = down.unit_id
			     AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			WHERE down.step < 20)
		SELECT DISTINCT unit_id FROM down`, grid.Today(), code, area.All, area.Roots)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("units below %s: %w", code, err)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("units below %s: %w", code, grid.ErrUnknownUnit)
	}
	return ids, nil
}

// fewUnits is how many units an area may have for a list to begin with them.
const fewUnits = 100

// small reports whether an area has few units.
func small(ctx context.Context, db pg.DB, area staff.Area) (few bool, err error) {
	err = db.QueryRow(ctx, `
		SELECT count(*) <= $2 FROM (SELECT FROM unit_ancestor WHERE ancestor_id = ANY ($1) LIMIT $2 + 1) u`, area.Roots, fewUnits).Scan(&few)
	if err != nil {
		return false, fmt.Errorf("size of an area: %w", err)
	}
	return few, nil
}

// Narrow returns the condition, to be added to a WHERE, that things lie in a unit or
// below it (code; "" = anywhere) and where the actor may see single places. alias
// is that of the things' table, n the number of the condition's parameter. Where
// nothing is to be left out there is neither a condition nor a parameter.
//
// A few units are where such a list begins, so that a worker's costs what the grid
// has and not what the county has; in a large area it begins with the things, so
// that a page costs what a page has.
func (s Subject) Narrow(ctx context.Context, db pg.DB, actor staff.Actor, code, alias string, n int) (where string, args []any, err error) {
	units, err := Below(ctx, db, actor, code)
	if err != nil {
		return "", nil, err
	}
	area := actor.Area(staff.Place)
	if units != nil && !area.All {
		// A unit on the map need not be one whose things are seen.
		if units, err = staff.Among(ctx, db, area, units); err != nil {
			return "", nil, err
		}
	}
	p := "$" + strconv.Itoa(n)
	switch {
	case units != nil:
		return `
	  AND ` + alias + `.id IN (SELECT ` + s.key + ` FROM ` + s.owners + ` WHERE unit_id = ANY (` + p + `) AND valid_to IS NULL)`, []any{units}, nil
	case area.All:
		return "", nil, nil
	}
	few, err := small(ctx, db, area)
	if err != nil {
		return "", nil, err
	}
	if few {
		return `
	  AND ` + alias + `.id IN (
	      SELECT o.` + s.key + ` FROM ` + s.owners + ` o JOIN unit_ancestor a ON a.unit_id = o.unit_id
	      WHERE a.ancestor_id = ANY (` + p + `) AND o.valid_to IS NULL
	      UNION ALL
	      SELECT x.id FROM ` + s.table + ` x JOIN unit_ancestor a ON a.unit_id = x.area_id
	      WHERE a.ancestor_id = ANY (` + p + `) AND NOT EXISTS (SELECT FROM ` + s.owners + ` o WHERE o.` + s.key + ` = x.id AND o.valid_to IS NULL))`, []any{area.Roots}, nil
	}
	// Not EXISTS: that becomes a join, which compares the first of the things with every unit
	// (a page of a town of 200,000 households: 2.8 s instead of 4 ms).
	lies := `SELECT bool_or(a.ancestor_id = ANY (` + p + `)) FROM unit_ancestor a`
	return `
	  AND coalesce((` + lies + ` JOIN ` + s.owners + ` o ON o.unit_id = a.unit_id WHERE o.` + s.key + ` = ` + alias + `.id AND o.valid_to IS NULL),
	      (` + lies + ` WHERE a.unit_id = ` + alias + `.area_id))`, []any{area.Roots}, nil
}

// Containing is a LIKE pattern for values with text in them, or "".
func Containing(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
