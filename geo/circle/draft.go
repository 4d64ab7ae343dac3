package circle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// A run may count by the units of a plan, in place of those of its level that are in
// force in the land it divides. Households, and points, then belong to the unit of the
// plan that they stand in. Whoever has no place stays with the code that it had, and
// what stands in no unit of the plan with the unit above. How far anybody walks does
// not depend on borders, so results of single households are kept by the units in
// force, as those of every run.
//
// Units of a plan can be drawn around one house. Their rows, and those of the units
// above them, are exact for who may see single places in the run's whole unit, and
// hidden from everybody else; the run itself is for who may plan there.

// Faults of runs on a plan.
var (
	ErrPlan     = fault.New(fault.NotFound, "plan_unknown", "There is no such plan.")
	ErrPlanUnit = fault.New(fault.Invalid, "circle_plan_unit", "The plan divides land outside this unit. Choose the unit that the plan is of, or one above it. 方案涉及该单元之外的土地,请选择方案所属单元或其上级单元。")
)

// drawing is a plan as a run counts by it.
type drawing struct {
	revision int
	level    string
	base     int64  // 0: it came from a file
	above    string // the level of units above that it makes; "" at the top
	units    []drawn
}

type drawn struct {
	Part               bool // or a unit above
	Code, Name, Parent string
	Area               geo.MultiPolygon
}

// maySeePlan returns ErrPlan unless the actor may see a plan, and staff.ErrOutside unless
// they plan in the whole unit of the run.
func maySeePlan(ctx context.Context, db pg.DB, actor staff.Actor, plan, unit int64) error {
	area := actor.Area(staff.Plan)
	var known bool
	err := db.QueryRow(ctx, `SELECT plan_in_area($1, $2, $3)`, plan, area.All, area.Roots).Scan(&known)
	switch {
	case err != nil:
		return fmt.Errorf("plan %d: %w", plan, err)
	case !known:
		return ErrPlan
	case unit == 0 && !area.All:
		return staff.ErrOutside
	case unit == 0:
		return nil
	}
	return staff.Within(ctx, db, actor, staff.Plan, unit)
}

// loadDrawing reads a plan.
func loadDrawing(ctx context.Context, db pg.DB, plan int64) (*drawing, error) {
	d := &drawing{}
	err := db.QueryRow(ctx, `
		SELECT p.revision, p.level, coalesce(p.base_id, 0),
		       coalesce((SELECT up.level FROM preset_level own JOIN preset_level up ON up.preset = own.preset AND up.depth = own.depth - 1
		                 WHERE own.preset = p.preset AND own.level = p.level), '')
		FROM plan p WHERE p.id = $1`, plan).Scan(&d.revision, &d.level, &d.base, &d.above)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrPlan
	}
	if err != nil {
		return nil, fmt.Errorf("plan %d: %w", plan, err)
	}
	rows, _ := db.Query(ctx, `
		SELECT role = 'part', code, name, coalesce(parent, ''), geom FROM plan_unit
		WHERE plan_id = $1 AND role IN ('part', 'parent') ORDER BY code COLLATE "C", ordinal`, plan)
	if d.units, err = pgx.CollectRows(rows, pgx.RowToStructByPos[drawn]); err != nil {
		return nil, fmt.Errorf("units of plan %d: %w", plan, err)
	}
	return d, nil
}

// draw puts the units of a plan into the crowd's, which are those in force.
func (c *crowd) draw(d *drawing) error {
	inForce := c.areas
	byCode := make(map[string]int, len(inForce))
	for i, a := range inForce {
		byCode[a.code] = i
	}
	parents := map[string]bool{}
	for _, u := range d.units {
		if u.Part {
			parents[u.Parent] = true
		}
	}
	top := d.base == 0 && len(parents) == 1 && parents[""]

	// goes are the units in force that the plan divides anew, with all below them.
	goes := make([]bool, len(inForce))
	inBase := make([]bool, len(inForce))
	for i, a := range inForce {
		inBase[i] = a.id == d.base && d.base != 0 || a.above >= 0 && inBase[a.above]
		ours := inBase[i] || top || a.above >= 0 && parents[inForce[a.above].code]
		goes[i] = i > 0 && (ours && a.level == d.level || goes[a.above])
	}
	if d.base != 0 && !slices.Contains(inBase, true) {
		return ErrPlanUnit
	}

	// New units: first those above, then the parts, each below its parent.
	above := map[string]drawn{}
	for _, u := range d.units {
		if _, known := byCode[u.Code]; !u.Part && !known {
			above[u.Code] = u
		}
	}
	below := map[string][]area{}
	var parts []locate.Unit
	for code := range parents {
		if u, made := above[code]; made {
			code = u.Parent
			below[code] = append(below[code], area{code: u.Code, name: u.Name, level: d.above, drawn: true})
		}
		if at, known := byCode[code]; !known || goes[at] || top != (code == "") {
			return ErrPlanUnit
		}
	}
	for _, u := range d.units {
		if u.Part {
			below[u.Parent] = append(below[u.Parent], area{code: u.Code, name: u.Name, level: d.level, drawn: true, part: true, shape: len(parts)})
			parts = append(parts, locate.Unit{ID: int64(len(parts)), Code: u.Code, Area: u.Area})
		}
	}
	for i, a := range inForce {
		if i > 0 && !goes[i] {
			up := inForce[a.above].code
			below[up] = append(below[up], area{id: a.id, code: a.code, name: a.name, level: a.level})
		}
	}

	c.areas = c.areas[:0:0]
	c.where = make(map[int64]int32, len(inForce))
	partOf := make([]int32, len(parts))
	byPart := map[string]int32{}
	var add func(a area, above int32)
	add = func(a area, above int32) {
		at := int32(len(c.areas))
		a.above = above
		c.areas = append(c.areas, a)
		if a.part {
			partOf[a.shape], byPart[a.code] = at, at
			return
		}
		if !a.drawn {
			c.where[a.id] = at
		}
		list := below[a.code]
		slices.SortStableFunc(list, func(a, b area) int { return cmp.Compare(a.code, b.code) })
		for _, child := range list {
			add(child, at)
		}
	}
	own := inForce[0]
	add(area{id: own.id, code: own.code, level: own.level}, -1)
	for i, a := range inForce {
		if !goes[i] {
			continue
		}
		at, stays := byPart[a.code]
		if !stays {
			at = c.where[inForce[a.above].id] // the unit above was settled before
			c.areas[at].drawn = at > 0
		}
		c.where[a.id] = at
	}
	for i := len(c.areas) - 1; i > 0; i-- {
		if above := c.areas[i].above; c.areas[i].drawn && above > 0 {
			c.areas[above].drawn = true
		}
	}
	index := locate.Build(parts)
	c.find = func(p geo.Point) (int32, bool) {
		i, ok := index.Find(p)
		if !ok {
			return 0, false
		}
		return partOf[i], true
	}
	return nil
}

// unitOf is the area that what stands at a place, and is held by a unit in force,
// belongs to.
func (c *crowd) unitOf(held int64, at geo.Point) (int32, bool) {
	if c.find == nil || at == nowhere {
		place, ok := c.where[held]
		return place, ok
	}
	if place, ok := c.find(at); ok {
		return place, true
	}
	place, ok := c.where[held]
	if ok && c.areas[place].part {
		place = c.areas[place].above
	}
	return place, ok
}
