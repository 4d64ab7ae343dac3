package dossier

import (
	"context"
	"fmt"

	"wangge/geo"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// assignment lists the households below the units that the plan divides or redraws,
// each with the unit that the plan gives it: by its place, as an assignment does it
// (locate); one without a place keeps its unit, if the plan has that. None stays empty.
// It holds numbers and codes, no address and no person.
func (h *held) assignment(ctx context.Context, db pg.DB, actor staff.Actor) vectorfile.Layer {
	return vectorfile.Layer{
		Name: "住户", Title: h.Name, Changed: h.at(),
		Columns: []vectorfile.Column{{Name: "住户编号", Type: vectorfile.Integer}, {Name: "台账来源", Type: vectorfile.Text}, {Name: "台账编号", Type: vectorfile.Text},
			{Name: "单元代码", Type: vectorfile.Text}, {Name: "单元名称", Type: vectorfile.Text}, {Name: "上级代码", Type: vectorfile.Text}, {Name: "现单元代码", Type: vectorfile.Text}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			err := h.eachHousehold(ctx, db, actor, func(row []any) bool { return yield(vectorfile.Row{Values: row}, nil) })
			if err != nil {
				yield(vectorfile.Row{}, fmt.Errorf("households of plan %d: %w", h.ID, err))
			}
		},
	}
}

func (h *held) eachHousehold(ctx context.Context, db pg.DB, actor staff.Actor, yield func(row []any) bool) error {
	parts := h.of(plan.Part)
	units := make([]locate.Unit, len(parts))
	byCode := make(map[string]int, len(parts))
	for i, u := range parts {
		units[i] = locate.Unit{ID: int64(i), Code: u.Code, Area: u.Area}
		byCode[u.Code] = i
	}
	index := locate.Build(units)
	var roots []int64
	if err := db.QueryRow(ctx, `SELECT coalesce(array_agg(id), '{}') FROM unit WHERE code = ANY ($1)`, h.parents()).Scan(&roots); err != nil {
		return err
	}
	see, out := actor.Area(staff.Place), actor.Area(staff.Export)
	rows, err := db.Query(ctx, `
		SELECT h.id, h.source, h.source_id, h.point, u.code
		FROM household h JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL JOIN unit u ON u.id = o.unit_id
		WHERE h.closed_on IS NULL
		  AND `+staff.In("o.unit_id", 1)+` AND `+staff.In("o.unit_id", 3)+`
		  AND ($5 OR `+staff.Below("o.unit_id", 6)+`)
		ORDER BY h.id`, see.All, see.Roots, out.All, out.Roots, len(h.parents()) == 0, roots)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var source, number, now string
		var at *geo.Point
		if err := rows.Scan(&id, &source, &number, &at, &now); err != nil {
			return err
		}
		i, ok := byCode[now]
		if at != nil {
			i, ok = index.Find(*at)
		}
		row := []any{id, source, number, "", "", "", now}
		if ok {
			row[3], row[4], row[5] = parts[i].Code, parts[i].Name, parts[i].Parent
		}
		if !yield(row) {
			return nil
		}
	}
	return rows.Err()
}
