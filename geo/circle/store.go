package circle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/demand"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

// JobKind is the kind of the jobs that make runs.
const JobKind = "circle"

// jobArgs are what such a job needs.
type jobArgs struct {
	Circle  int64  `json:"circle"`
	Actor   string `json:"actor"`
	Account int64  `json:"account"`
}

// Create has a run made by a job.
//
// Errors: ErrParams with every wrong field, ErrUnit, grid.ErrUnknownUnit,
// staff.ErrOutside.
func Create(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, p Params) (Run, error) {
	p, unit, err := prepare(ctx, db, actor, p)
	if err != nil {
		return Run{}, fmt.Errorf("service circle: %w", err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if id, err = insert(ctx, tx, actor, p, unit); err != nil {
			return err
		}
		j, err := queue.Enqueue(ctx, tx, actor, job.New{Kind: JobKind, Title: title(p), May: staff.Count,
			Args: jobArgs{Circle: id, Actor: actor.Name, Account: actor.Account}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE circle SET job_id = $2 WHERE id = $1`, id, j.ID)
		return err
	})
	if err != nil {
		return Run{}, fmt.Errorf("service circle: %w", err)
	}
	return Get(ctx, db, actor, id)
}

// title is what the job is called.
func title(p Params) string {
	if p.Title != "" {
		return "service circle: " + p.Title
	}
	return fmt.Sprintf("service circle of %d columns on %s", len(p.Columns), p.On)
}

// insert stores a run that is not made yet.
func insert(ctx context.Context, tx pgx.Tx, actor staff.Actor, p Params, unit int64) (id int64, err error) {
	err = tx.QueryRow(ctx, `
		INSERT INTO circle (unit_id, on_day, params, plan_id, created_by) VALUES ($1, $2, $3, nullif($4, 0), $5) RETURNING id`,
		unit, p.On, p, p.Plan, actor.Name).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, audit.Write(ctx, tx, actor, "run", "circle", strconv.FormatInt(id, 10),
		map[string]any{"unit": p.Unit, "columns": len(p.Columns), "on": p.On.String()})
}

// prepare checks parameters and finds the unit, 0 for the whole installation.
func prepare(ctx context.Context, db pg.DB, actor staff.Actor, p Params) (Params, int64, error) {
	if err := actor.Must(staff.Count); err != nil {
		return p, 0, err
	}
	words, err := words(ctx, db, actor)
	if err != nil {
		return p, 0, err
	}
	if p, err = p.filled(words, grid.Today()); err != nil {
		return p, 0, err
	}
	unit, err := unitOf(ctx, db, actor, &p)
	if err != nil {
		return p, 0, err
	}
	if p.Before != 0 {
		if _, err := Get(ctx, db, actor, p.Before); err != nil {
			return p, 0, err
		}
	}
	if p.Demand != 0 {
		if _, err := demand.Get(ctx, db, actor, p.Demand); err != nil {
			return p, 0, err
		}
	}
	if p.Plan != 0 {
		if err := maySeePlan(ctx, db, actor, p.Plan, unit); err != nil {
			return p, 0, err
		}
	}
	return p, unit, pointsExist(ctx, db, actor, p.Changes)
}

func words(ctx context.Context, db pg.DB, actor staff.Actor) (v vocabulary, err error) {
	if v.presets, err = presets(ctx, db); err != nil {
		return v, err
	}
	functions, err := servicepoint.Functions(ctx, db, actor)
	if err != nil {
		return v, err
	}
	tiers, err := servicepoint.Tiers(ctx, db, actor)
	for _, w := range functions {
		v.functions = append(v.functions, w.Code)
	}
	for _, w := range tiers {
		v.tiers = append(v.tiers, w.Code)
	}
	return v, err
}

// unitOf is the unit whose households are counted: the one named, or the one that
// the actor's posts are for. It writes the code into the parameters.
func unitOf(ctx context.Context, db pg.DB, actor staff.Actor, p *Params) (int64, error) {
	area := actor.Area(staff.Count)
	if p.Unit == "" {
		switch {
		case area.All:
			return 0, nil
		case len(area.Roots) != 1:
			return 0, ErrUnit
		}
		err := db.QueryRow(ctx, `SELECT code FROM unit WHERE id = $1`, area.Roots[0]).Scan(&p.Unit)
		if err != nil {
			return 0, fmt.Errorf("unit %d: %w", area.Roots[0], err)
		}
	}
	unit, err := grid.ByCode(ctx, db, actor, p.On, p.Unit)
	if err != nil {
		return 0, err
	}
	return unit.ID, staff.Within(ctx, db, actor, staff.Count, unit.ID)
}

// pointsExist refuses changes of points that the actor does not see.
func pointsExist(ctx context.Context, db pg.DB, actor staff.Actor, changes []Change) error {
	var ids []int64
	for _, ch := range changes {
		if ch.Point != 0 {
			ids = append(ids, ch.Point)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT p.id FROM service_point p LEFT JOIN service_point_unit o ON o.service_point_id = p.id AND o.valid_to IS NULL
		WHERE p.id = ANY ($1) AND `+staff.In("coalesce(o.unit_id, p.area_id)", 2), ids, area.All, area.Roots)
	known, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("points of changes: %w", err)
	}
	var c checker
	for i, ch := range changes {
		c.must(ch.Point == 0 || slices.Contains(known, ch.Point), fmt.Sprintf("changes/%d/point", i), "the id of a service point in your area")
	}
	return c.fault()
}

// seen is the condition that one may count in a run's unit and, where it counts by a
// plan, plan there and see the plan: with the arguments of staff.Count from n on, and
// those of staff.Plan behind them.
func seen(n int) string {
	plan := "$" + strconv.Itoa(n+2) + ", $" + strconv.Itoa(n+3)
	return staff.In("c.unit_id", n) + ` AND (c.plan_id IS NULL OR ` + staff.In("c.unit_id", n+2) + ` AND plan_in_area(c.plan_id, ` + plan + `))`
}

// runColumns are read with the two arguments of staff.Place from n on. The digest is
// that of exact results, which could be guessed until it fits: it is for who sees them.
func runColumns(n int) string {
	return `
	c.id, c.unit_id, coalesce(u.code, ''), coalesce(b.name, ''), c.params, coalesce(c.job_id, 0), c.inputs,
	CASE WHEN ` + staff.In("c.unit_id", n) + ` THEN c.digest ELSE '' END, c.walks, c.created_by, c.created_at, c.finished_at,
	CASE WHEN c.finished_at IS NOT NULL THEN 'done' ELSE coalesce(circle_job_state(c.job_id), 'failed') END,
	(c.params->>'demand')::bigint <> 0 AND NOT circle_demand_is_there((c.params->>'demand')::bigint)`
}

const runTables = `
	FROM circle c
	LEFT JOIN unit u ON u.id = c.unit_id
	LEFT JOIN boundary b ON b.unit_id = c.unit_id AND b.valid_from <= c.on_day AND (b.valid_to IS NULL OR b.valid_to > c.on_day)`

// stored is a run as it lies in the database.
type stored struct {
	Run
	unit  int64 // 0 = the whole installation
	walks []int // of each column, once it is done
	gone  bool  // the demand set that it counted
}

func scanRun(row pgx.CollectableRow) (s stored, err error) {
	err = row.Scan(&s.ID, &s.unit, &s.Unit, &s.UnitName, &s.Params, &s.Job, &s.Inputs, &s.Digest, &s.walks, &s.CreatedBy, &s.CreatedAt, &s.FinishedAt, &s.State, &s.gone)
	s.StaleBecause, s.Totals = []string{}, []UnitRow{}
	return s, err
}

// Get returns one run with its totals, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Run, error) {
	s, err := get(ctx, db, actor, id)
	if err != nil {
		return Run{}, err
	}
	list := []stored{s}
	if err := judge(ctx, db, list); err != nil {
		return Run{}, err
	}
	if s.FinishedAt != nil {
		if list[0].Totals, err = units(ctx, db, actor, s, unitFilter{column: -1, only: &s.unit}); err != nil {
			return Run{}, err
		}
	}
	return list[0].Run, nil
}

// get is Get without what has to be computed.
func get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (stored, error) {
	area, plan, place := actor.Area(staff.Count), actor.Area(staff.Plan), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+runColumns(6)+runTables+` WHERE c.id = $1 AND `+seen(2), id, area.All, area.Roots, plan.All, plan.Roots, place.All, place.Roots)
	s, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return stored{}, fmt.Errorf("service circle %d: %w", id, err)
	}
	return s, nil
}

// done is get of a run that has results, and of a column that it has; -1 is every
// column.
func done(ctx context.Context, db pg.DB, actor staff.Actor, id int64, column int) (stored, error) {
	s, err := get(ctx, db, actor, id)
	switch {
	case err != nil:
		return s, err
	case s.FinishedAt == nil:
		return s, fmt.Errorf("service circle %d: %w", id, ErrNotDone)
	case column >= len(s.Params.Columns) || column < -1:
		return s, fmt.Errorf("service circle %d, column %d: %w", id, column, ErrColumn)
	}
	return s, nil
}

// List returns runs of a unit ("" = all that one may see) with an id below before
// (0 = from the newest on), newest first, without totals.
func List(ctx context.Context, db pg.DB, actor staff.Actor, unit string, before int64, limit int) ([]Run, error) {
	area, plan, place := actor.Area(staff.Count), actor.Area(staff.Plan), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+runColumns(8)+runTables+`
		WHERE `+seen(1)+` AND ($5 = '' OR u.code = $5) AND ($6 = 0 OR c.id < $6)
		ORDER BY c.id DESC LIMIT $7`, area.All, area.Roots, plan.All, plan.Roots, unit, before, limit, place.All, place.Roots)
	list, err := pgx.CollectRows(rows, scanRun)
	if err != nil {
		return nil, fmt.Errorf("service circles: %w", err)
	}
	if err := judge(ctx, db, list); err != nil {
		return nil, err
	}
	runs := make([]Run, len(list))
	for i, s := range list {
		runs[i] = s.Run
	}
	return runs, nil
}

var errRunning = fault.New(fault.Conflict, "circle_running", "The run is being made. Cancel its job first.")

// ErrOthers refuses to delete what somebody else made.
var ErrOthers = fault.New(fault.Forbidden, "circle_of_others", "Somebody else made this. They may delete it, and whoever plans in its unit. 只有计算者本人或所在单位的规划员可以删除。")

// MayDelete returns ErrOthers unless the actor made it (by) or plans in its unit.
func MayDelete(ctx context.Context, db pg.DB, actor staff.Actor, by string, unit int64) error {
	if by == actor.Name {
		return nil
	}
	err := staff.Within(ctx, db, actor, staff.Plan, unit)
	if errors.Is(err, staff.ErrOutside) {
		return ErrOthers
	}
	return err
}

// Delete removes a run, its results, and the searches for sites that were made on it:
// for who made it, and for planners of its unit.
func Delete(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	s, err := get(ctx, db, actor, id)
	if err != nil {
		return err
	}
	if s.State == job.Waiting || s.State == job.Running {
		return fmt.Errorf("delete service circle %d: %w", id, errRunning)
	}
	if err := MayDelete(ctx, db, actor, s.CreatedBy, s.unit); err != nil {
		return fmt.Errorf("delete service circle %d: %w", id, err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM circle WHERE id = $1`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "delete", "circle", strconv.FormatInt(id, 10), nil)
	})
	if err != nil {
		return fmt.Errorf("delete service circle %d: %w", id, err)
	}
	return nil
}

// unitFilter narrows rows of units; level "" and only nil do not.
type unitFilter struct {
	column int // -1 = all
	level  string
	only   *int64
}

// Units returns what a column (-1 = every one) says of the units of a level ("" = of
// all), from the top down, by code. Where the actor may see single places the
// numbers are exact, elsewhere rounded.
//
// Errors: ErrUnknown, ErrNotDone, ErrColumn.
func Units(ctx context.Context, db pg.DB, actor staff.Actor, id int64, column int, level string) ([]UnitRow, error) {
	s, err := done(ctx, db, actor, id, column)
	if err != nil {
		return nil, err
	}
	return units(ctx, db, actor, s, unitFilter{column: column, level: level})
}

func units(ctx context.Context, db pg.DB, actor staff.Actor, s stored, f unitFilter) ([]UnitRow, error) {
	count, place := actor.Area(staff.Count), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `
		SELECT c.column_no, coalesce(c.code, u.code, ''), coalesce(c.name, b.name, ''), coalesce(c.level, u.level, ''), c.rounded, c.hidden, c.households, c.people, c.covered,
		       c.covered_people, c.share, c.share_people, c.p50, c.p90, c.mean, c.worst_decile, c.points, c.hours_unknown, c.unreachable,
		       c.choices, c.overlap, c.catchment, c.enhanced, c.gravity, c.cumulative
		FROM circle_unit c
		LEFT JOIN unit u ON u.id = c.unit_id
		LEFT JOIN level l ON l.code = coalesce(c.level, u.level)
		LEFT JOIN boundary b ON b.unit_id = c.unit_id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		WHERE c.circle_id = $1 AND ($3 < 0 OR c.column_no = $3) AND ($4 = '' OR l.code = $4)
		  AND CASE WHEN $5::bigint IS NULL THEN c.unit_id <> 0 OR c.place <> 0 ELSE c.unit_id = $5 AND c.place = 0 END
		  AND `+staff.In("c.unit_id", 6)+` AND c.rounded = NOT `+staff.In("c.unit_id", 8)+`
		ORDER BY l.rank, coalesce(c.code, u.code), c.column_no, c.place`,
		s.ID, s.Params.On, f.column, f.level, f.only, count.All, count.Roots, place.All, place.Roots)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r UnitRow, err error) {
		var reasons []byte
		err = row.Scan(&r.Column, &r.Unit, &r.Name, &r.Level, &r.Rounded, &r.Hidden, &r.Households, &r.People, &r.Covered,
			&r.CoveredPeople, &r.Share, &r.SharePeople, &r.P50, &r.P90, &r.Mean, &r.WorstDecile, &r.Points, &r.HoursUnknown, &reasons,
			&r.Choices, &r.Overlap, &r.Catchment, &r.Enhanced, &r.Gravity, &r.Cumulative)
		if err == nil {
			err = json.Unmarshal(reasons, &r.Unreachable)
		}
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("units of service circle %d: %w", s.ID, err)
	}
	return list, nil
}

// Curve returns the share of the run's unit that reaches a point within each of the
// minutes 0 to 60, and whether the shares are rounded.
func Curve(ctx context.Context, db pg.DB, actor staff.Actor, id int64, column int) (curve []Minute, rounded bool, err error) {
	s, err := done(ctx, db, actor, id, max(column, 0))
	if err != nil {
		return nil, false, err
	}
	place := actor.Area(staff.Place)
	var households, people []*float64
	err = db.QueryRow(ctx, `
		SELECT rounded, curve, curve_people FROM circle_unit
		WHERE circle_id = $1 AND column_no = $2 AND unit_id = $3 AND place = 0 AND rounded = NOT `+staff.In("unit_id", 4),
		id, max(column, 0), s.unit, place.All, place.Roots).Scan(&rounded, &households, &people)
	if err != nil {
		return nil, false, fmt.Errorf("curve of service circle %d: %w", id, err)
	}
	curve = make([]Minute, len(households))
	for i := range curve {
		if curve[i] = (Minute{Minute: i, Share: households[i]}); i < len(people) { // hidden, or nobody
			curve[i].SharePeople = people[i]
		}
	}
	return curve, rounded, nil
}

// Cells returns what a column says of the H3 cells of a resolution from 7 to 10, by
// cell. They are exact for who may see single places in the whole unit of the run.
func Cells(ctx context.Context, db pg.DB, actor staff.Actor, id int64, column, resolution int) ([]CellRow, error) {
	s, err := done(ctx, db, actor, id, max(column, 0))
	if err != nil {
		return nil, err
	}
	place := actor.Area(staff.Place)
	var body []byte
	var rounded bool
	err = db.QueryRow(ctx, `
		SELECT body, rounded FROM circle_cell
		WHERE circle_id = $1 AND column_no = $2 AND resolution = $3 AND rounded = NOT `+staff.In("unit_id", 4),
		s.ID, max(column, 0), resolution, place.All, place.Roots).Scan(&body, &rounded)
	if errors.Is(err, pgx.ErrNoRows) {
		return []CellRow{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cells of service circle %d: %w", id, err)
	}
	return decodeCells(body, max(column, 0), resolution, rounded)
}

// Points returns what a column (-1 = every one) says of the points that count in it,
// as far as the actor may see them: a point of a neighbour serves our households,
// and is not told of.
func Points(ctx context.Context, db pg.DB, actor staff.Actor, id int64, column int) ([]PointRow, error) {
	s, err := done(ctx, db, actor, id, column)
	if err != nil {
		return nil, err
	}
	see, place := actor.Area(staff.Map), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `
		SELECT row FROM circle_point
		WHERE circle_id = $1 AND ($2 < 0 OR column_no = $2)
		  AND `+staff.In("held_by", 3)+` AND rounded = NOT `+staff.In("unit_id", 5)+`
		ORDER BY column_no, ordinal`, id, column, see.All, see.Roots, place.All, place.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowTo[PointRow])
	if err != nil {
		return nil, fmt.Errorf("points of service circle %d: %w", s.ID, err)
	}
	return list, nil
}

// judge says of runs whether they are stale, and why.
func judge(ctx context.Context, db pg.DB, list []stored) error {
	type question struct {
		unit int64
		day  geo.Day
	}
	units := map[question]string{}
	now, err := versions(ctx, db)
	if err != nil {
		return err
	}
	revisions, err := revisionsOf(ctx, db, list)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		if s.Inputs == nil {
			continue
		}
		q := question{s.unit, s.Params.On}
		if _, known := units[q]; !known {
			if units[q], err = unitsVersion(ctx, db, s.unit, s.Params.On); err != nil {
				return err
			}
		}
		because := func(what string, changed bool) {
			if changed {
				s.Stale, s.StaleBecause = true, append(s.StaleBecause, what)
			}
		}
		because("network", s.Inputs.Network != now.network)
		because("households", s.Params.Demand == 0 && s.Inputs.Households != now.households)
		because("demand", s.gone)
		because("points", s.Inputs.Points != now.points)
		because("units", s.Inputs.Units != units[q])
		because("plan", s.Inputs.PlanRevision != revisions[s.Params.Plan])
	}
	return nil
}

// revisionsOf are the revisions of the plans that runs count by, by id.
func revisionsOf(ctx context.Context, db pg.DB, list []stored) (map[int64]int, error) {
	var ids []int64
	for _, s := range list {
		if s.Params.Plan != 0 {
			ids = append(ids, s.Params.Plan)
		}
	}
	revisions := map[int64]int{}
	if ids == nil {
		return revisions, nil
	}
	rows, _ := db.Query(ctx, `SELECT id, revision FROM plan WHERE id = ANY ($1)`, ids)
	var id int64
	var revision int
	if _, err := pgx.ForEachRow(rows, []any{&id, &revision}, func() error { revisions[id] = revision; return nil }); err != nil {
		return nil, fmt.Errorf("revisions of plans: %w", err)
	}
	return revisions, nil
}

// current are the versions of what runs are made from, as they are now.
type current struct{ network, households, points int64 }

func versions(ctx context.Context, db pg.DB) (v current, err error) {
	err = db.QueryRow(ctx, `
		SELECT coalesce((SELECT id FROM network_import WHERE current), 0),
		       coalesce((SELECT max(version) FROM layer_change WHERE layer = 'household'), 0),
		       coalesce((SELECT max(version) FROM layer_change WHERE layer = 'service-point'), 0)`).Scan(&v.network, &v.households, &v.points)
	if err != nil {
		return v, fmt.Errorf("versions of the inputs of service circles: %w", err)
	}
	return v, nil
}

// unitsVersion says which units are in force on a day in a unit (0 = everywhere):
// how many, and the newest plan that drew one.
func unitsVersion(ctx context.Context, db pg.DB, unit int64, day geo.Day) (v string, err error) {
	err = db.QueryRow(ctx, `
		WITH RECURSIVE force AS (
			SELECT unit_id, parent_id, plan_id FROM boundary WHERE valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)),
		down AS (
			SELECT unit_id, plan_id, 0 AS step FROM force WHERE unit_id = $1 OR $1 = 0 AND parent_id IS NULL
			UNION ALL
			SELECT f.unit_id, f.plan_id, down.step + 1 FROM down JOIN force f ON f.parent_id = down.unit_id WHERE down.step < 20)
		SELECT concat_ws('/', count(*), max(plan_id)) FROM down`, unit, day).Scan(&v)
	if err != nil {
		return "", fmt.Errorf("units in force on %s: %w", day, err)
	}
	return v, nil
}
