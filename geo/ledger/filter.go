package ledger

import (
	"context"
	"fmt"
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

// Among returns those of the units that lie in an area; never nil.
func Among(ctx context.Context, db pg.DB, area staff.Area, units []int64) ([]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT DISTINCT unit_id FROM unit_ancestor WHERE ancestor_id = ANY ($1) AND unit_id = ANY ($2)`, area.Roots, units)
	within, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("units of an area: %w", err)
	}
	if within == nil {
		within = []int64{}
	}
	return within, nil
}

// fewUnits is how many units an area may have for a list to begin with them.
const fewUnits = 100

// Small reports whether an area has few units.
func Small(ctx context.Context, db pg.DB, area staff.Area) (small bool, err error) {
	err = db.QueryRow(ctx, `
		SELECT count(*) <= $2 FROM (SELECT FROM unit_ancestor WHERE ancestor_id = ANY ($1) LIMIT $2 + 1) u`, area.Roots, fewUnits).Scan(&small)
	if err != nil {
		return false, fmt.Errorf("size of an area: %w", err)
	}
	return small, nil
}

// Containing is a LIKE pattern for values with text in them, or "".
func Containing(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
