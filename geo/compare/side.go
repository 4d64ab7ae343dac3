package compare

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// Side names one of the two divisions: what is in force on a day, or a plan. A
// published plan is what was in force on its day.
type Side struct {
	Day  geo.Day
	Plan int64 // 0 = the day
}

// ParseSide reads "date:2026-01-01" or "plan:12".
func ParseSide(text string) (Side, error) {
	kind, value, _ := strings.Cut(text, ":")
	switch kind {
	case "date":
		day, err := geo.ParseDay(value)
		if err != nil {
			return Side{}, ErrSide.Because(err)
		}
		return Side{Day: day}, nil
	case "plan":
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || id < 1 {
			return Side{}, ErrSide
		}
		return Side{Plan: id}, nil
	}
	return Side{}, ErrSide
}

func (s Side) String() string {
	if s.Plan != 0 {
		return "plan:" + strconv.FormatInt(s.Plan, 10)
	}
	return "date:" + s.Day.String()
}

// About says what a side is.
type About struct {
	Side  string  `json:"side" doc:"date:YYYY-MM-DD or plan:ID"`
	Plan  int64   `json:"plan" doc:"0 for a day"`
	Name  string  `json:"name" doc:"of the plan"`
	State string  `json:"state" doc:"in_force for a day, else the state of the plan"`
	On    geo.Day `json:"on" doc:"the day on which it is, or was, in force; of a draft today: the units that it leaves as they are, posts and service points are those of this day"`
	Units int     `json:"units" doc:"of the level below the base"`
}

// drafted reports whether the side is not, and never was, in force.
func (a About) drafted() bool { return a.Plan != 0 && a.State != string(plan.Published) }

// standing is a unit in force below the base.
type standing struct {
	ID         int64
	Parent     string // code
	Code, Name string
	Level      string
	Area       geo.MultiPolygon // of units of the level that was asked for, else nil
}

// inForce reads what is in force on a day in the base, all levels, that the actor may
// see on the map.
func (q *question) inForce(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day) ([]standing, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE force AS MATERIALIZED (
			SELECT b.id, b.unit_id, b.parent_id FROM boundary b
			WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1) AND `+staff.In("b.unit_id", 4)+`),
		down AS (
			SELECT f.*, 0 AS step FROM force f WHERE f.unit_id = $2
			UNION ALL
			SELECT f.*, down.step + 1 FROM down JOIN force f ON f.parent_id = down.unit_id WHERE down.step < 20)
		SELECT u.id, coalesce(p.code, ''), u.code, b.name, u.level, CASE WHEN u.level = $3 THEN b.geom END
		FROM down JOIN boundary b ON b.id = down.id JOIN unit u ON u.id = down.unit_id LEFT JOIN unit p ON p.id = down.parent_id`,
		day, q.base.id, q.Level, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s standing, err error) {
		err = row.Scan(&s.ID, &s.Parent, &s.Code, &s.Name, &s.Level, &s.Area)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("units of %s on %s: %w", q.Base, day, err)
	}
	return list, nil
}

// load reads the units of one side, of the level asked for, in the base.
func (q *question) load(ctx context.Context, db pg.DB, actor staff.Actor, s Side) (About, []Unit, error) {
	about := About{Side: s.String(), Plan: s.Plan, State: "in_force", On: s.Day}
	var p plan.Plan
	if s.Plan != 0 {
		var err error
		if p, err = plan.Get(ctx, db, actor, s.Plan); err != nil {
			return about, nil, err
		}
		about.Name, about.State, about.On = p.Name, string(p.State), q.today
		if p.State == plan.Published && p.EffectiveOn != nil {
			about.On = *p.EffectiveOn
		}
	}
	list, err := q.inForce(ctx, db, actor, about.On)
	if err != nil {
		return about, nil, err
	}
	if about.drafted() {
		rows, err := plan.Units(ctx, db, actor, s.Plan)
		if err != nil {
			return about, nil, err
		}
		if list, err = q.redrawn(ctx, db, actor, list, p, rows); err != nil {
			return about, nil, err
		}
	}
	var units []Unit
	for _, u := range list {
		if u.Level == q.Level && u.Code != q.Base {
			units = append(units, Unit{ID: u.ID, Code: u.Code, Name: u.Name, Parent: u.Parent, Area: u.Area})
		}
	}
	if about.Units = len(units); about.Units > MaxUnits {
		return about, nil, ErrTooLarge
	}
	return about, units, nil
}

// redrawn are the units of the base as a draft would leave them: those in force, with
// the rows of the draft in their place.
func (q *question) redrawn(ctx context.Context, db pg.DB, actor staff.Actor, list []standing, p plan.Plan, rows []plan.Unit) ([]standing, error) {
	above, err := q.levelAbove(ctx, db, actor, p)
	if err != nil {
		return nil, err
	}
	byCode := map[string]int{}
	parent := map[string]string{} // of every unit, as the draft leaves it
	for i, u := range list {
		byCode[u.Code], parent[u.Code] = i, u.Parent
	}
	divided, coming := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		switch r.Role {
		case plan.Part:
			divided[r.Parent], coming[r.Code] = true, true
		case plan.Parent:
			if _, known := byCode[r.Code]; !known || r.Parent != "" {
				parent[r.Code] = r.Parent
			}
		}
	}
	gone := map[int]bool{}
	for i, u := range list {
		// What the draft divides has its own units and no others.
		gone[i] = u.Level == p.Level && (coming[u.Code] || divided[u.Parent])
	}
	var drafted []standing
	for _, r := range rows {
		row := standing{Code: r.Code, Name: r.Name, Parent: r.Parent, Level: p.Level, Area: r.Area}
		if i, known := byCode[r.Code]; known {
			row.ID = list[i].ID
		}
		switch i, known := byCode[r.Code]; {
		case r.Role == plan.Part:
			if row.Code == "" { // not numbered yet
				row.Code = "#" + strconv.Itoa(r.Ordinal)
			}
		case r.Role == plan.Parent && known:
			gone[i] = true
			row.Level, row.Parent = list[i].Level, parent[r.Code]
		case r.Role == plan.Parent:
			row.Level = above
		default:
			continue
		}
		if len(row.Area) > 0 && q.below(parent, row.Parent) {
			drafted = append(drafted, row)
		}
	}
	for i, u := range list {
		if !gone[i] {
			drafted = append(drafted, u)
		}
	}
	return drafted, nil
}

// below reports whether a unit is the base or lies in it.
func (q *question) below(parent map[string]string, code string) bool {
	for range 20 {
		if code == q.Base {
			return true
		}
		code = parent[code]
	}
	return false
}

// levelAbove is the level over that of a plan, where its new units above belong.
func (q *question) levelAbove(ctx context.Context, db pg.DB, actor staff.Actor, p plan.Plan) (string, error) {
	preset, err := grid.PresetByCode(ctx, db, actor, p.Preset)
	if err != nil {
		return "", err
	}
	depth, err := preset.Depth(p.Level)
	if err != nil || depth == 0 {
		return "", err
	}
	return preset.Levels[depth-1].Level, nil
}
