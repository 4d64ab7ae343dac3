package circle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/demand"
	"wangge/geo/grid"
	"wangge/geo/hours"
	"wangge/geo/pg"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

// area is a unit in force on the day of a run, or at number 0 the whole installation.
type area struct {
	id    int64
	code  string
	level string
	above int32 // its place in the list, -1 for the run's own unit
	// from, to are its households, with those of all units below it: units stand in
	// the order of a walk through the tree, and households in the order of units.
	from, to int32

	// Of a run on a plan: drawn is a unit of the plan (part), or one above such a unit
	// other than the run's own.
	name        string
	drawn, part bool
	shape       int // of a part: its place among the plan's
}

// crowd are the units of a run and the households in them, as they are on its day. It
// is never changed, and shared by runs.
type crowd struct {
	key   crowdKey
	areas []area // areas[0] is the run's own unit
	// where a unit in force stands among the areas: of one that a plan replaces, what
	// has its code, else what is above it. find is where a place does, by the plan.
	where map[int64]int32
	find  func(geo.Point) (int32, bool)

	id    []int64
	held  []int64     // the unit in force that holds it, of a run on a plan; nil of others
	at    []geo.Point // far away from everything for a household without a place
	heads [][6]uint32 // people by age band; 0 where not known
	// Of a demand set: how many households stand at a place (nil: one), or people if it
	// has no households.
	count []uint32
	all   []uint32 // people of any age; of households the sum of the bands
	// byCell is every household with a place by its cell at resolution 11, which puts
	// together those of the coarser cells too.
	byCell []int32
	cells  []cell.Cell // of households in the order of byCell

	grouping sync.Once
	groups   [finest - coarsest + 1][]cellGroup
	sorting  sync.Once
	lists    []held
}

// held are the households of a unit in force, by id.
type held struct {
	unit int64
	rows []int32
}

// crowdKey is what a crowd was read from: the same key is the same crowd.
type crowdKey struct {
	unit       int64
	day        geo.Day
	households int64 // version of the layer
	units      string
	demand     int64
	digest     string // of the demand set
	plan       int64
	revision   int // of the plan
}

func (k crowdKey) bytes() []byte {
	return fmt.Appendf(nil, "%d %s %d %s %d %s %d %d|", k.unit, k.day, k.households, k.units, k.demand, k.digest, k.plan, k.revision)
}

// nowhere is where a household without a place stands: no street is near it.
var nowhere = geo.Point{X: math.MinInt32, Y: math.MinInt32}

// loadUnits reads the units in force on a day in a unit (0 = everywhere), in the
// order of a walk through the tree, by code.
func loadUnits(ctx context.Context, db pg.DB, unit int64, day geo.Day) ([]area, error) {
	type row struct {
		ID, Above         int64
		Code, Name, Level string
	}
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE force AS (
			SELECT b.unit_id, b.parent_id, u.code, b.name, u.level FROM boundary b JOIN unit u ON u.id = b.unit_id
			WHERE b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)),
		down AS (
			SELECT f.*, 0 AS step FROM force f WHERE f.unit_id = $1 OR $1 = 0 AND f.parent_id IS NULL
			UNION ALL
			SELECT f.*, down.step + 1 FROM down JOIN force f ON f.parent_id = down.unit_id WHERE down.step < 20)
		SELECT unit_id, CASE WHEN step = 0 THEN 0 ELSE parent_id END, code, name, level FROM down ORDER BY code COLLATE "C"`, unit, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("units in force on %s: %w", day, err)
	}
	below := map[int64][]row{}
	for _, r := range list {
		below[r.Above] = append(below[r.Above], r)
	}
	var areas []area
	var add func(r row, above int32)
	add = func(r row, above int32) {
		at := int32(len(areas))
		areas = append(areas, area{id: r.ID, code: r.Code, name: r.Name, level: r.Level, above: above})
		for _, child := range below[r.ID] {
			add(child, at)
		}
	}
	if unit == 0 {
		areas = append(areas, area{above: -1})
		for _, top := range below[0] {
			add(top, 0)
		}
		return areas, nil
	}
	if len(below[0]) == 0 {
		return nil, ErrMissing.Saying("The unit is not in force on " + day.String() + ".")
	}
	add(below[0][0], -1)
	return areas, nil
}

// loadHouseholds reads the households that are open on the day and that one of the
// units is responsible for.
func (c *crowd) loadHouseholds(ctx context.Context, db pg.DB, step func(done, total int64)) error {
	ids := slices.Collect(maps.Keys(c.where))
	var list []entry
	rows, err := db.Query(ctx, `
		SELECT h.id, o.unit_id, h.point, coalesce(h.cell, 0),
		       coalesce(h.age_0_2, 0), coalesce(h.age_3_6, 0), coalesce(h.age_7_17, 0), coalesce(h.age_18_59, 0), coalesce(h.age_60_79, 0), coalesce(h.age_80, 0)
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND (h.closed_on IS NULL OR h.closed_on > $1)
		  AND ($2 OR o.unit_id = ANY ($3))`, c.key.day, c.key.unit == 0, ids)
	if err != nil {
		return fmt.Errorf("households on %s: %w", c.key.day, err)
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		var at *geo.Point
		h := &e.heads
		if err := rows.Scan(&e.id, &e.held, &at, (*int64)(&e.cell), &h[0], &h[1], &h[2], &h[3], &h[4], &h[5]); err != nil {
			return fmt.Errorf("households on %s: %w", c.key.day, err)
		}
		if e.at = nowhere; at != nil {
			e.at = *at
		}
		var known bool
		if e.unit, known = c.unitOf(e.held, e.at); !known {
			continue // of a unit that is not in force on the day
		}
		if list = append(list, e); len(list)%50_000 == 0 {
			step(int64(len(list)), 0)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("households on %s: %w", c.key.day, err)
	}
	c.fill(list)
	return nil
}

// entry is a household, or a row of a demand set, while it is read.
type entry struct {
	id         int64
	unit       int32
	held       int64 // by this unit in force
	at         geo.Point
	cell       cell.Cell
	heads      [6]uint32
	count, all uint32
}

// fill takes entries in, by unit and id.
func (c *crowd) fill(list []entry) {
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(int(a.unit)-int(b.unit), cmp.Compare(a.id, b.id))
	})
	n := len(list)
	c.id, c.at, c.heads = make([]int64, n), make([]geo.Point, n), make([][6]uint32, n)
	own := make([]int32, len(c.areas))
	cells := make([]cell.Cell, n)
	for i, e := range list {
		c.id[i], c.at[i], c.heads[i], cells[i] = e.id, e.at, e.heads, e.cell
		own[e.unit]++
	}
	if c.key.plan != 0 {
		c.held = make([]int64, n)
		for i, e := range list {
			c.held[i] = e.held
		}
	}
	if c.key.demand == 0 {
		c.all = c.people(bands[:])
	} else {
		c.count, c.all = make([]uint32, n), make([]uint32, n)
		for i, e := range list {
			c.count[i], c.all[i] = e.count, e.all
		}
	}
	c.arrange(own, cells)
}

// loadDemand reads the rows of a demand set that lie in the units, in place of
// households. A row stands at its place, that of a cell at its centre.
func (c *crowd) loadDemand(ctx context.Context, db pg.DB) error {
	set, err := demand.Get(ctx, db, staff.System, c.key.demand)
	if err != nil {
		return err
	}
	rows, _, err := demand.Load(ctx, db, staff.System, c.key.demand)
	if err != nil {
		return err
	}
	index, _, err := grid.Index(ctx, db, c.key.day)
	if err != nil {
		return err
	}
	var list []entry
	for i, r := range rows {
		at, ok := index.Find(r.At)
		if !ok {
			continue
		}
		unit, ok := c.unitOf(index.Unit(at).ID, r.At)
		if !ok {
			continue
		}
		e := entry{id: int64(i + 1), unit: unit, at: r.At, cell: cell.At(r.At), count: uint32(r.Households), all: uint32(r.People)}
		if set.Households == 0 {
			e.count = e.all
		}
		for band, n := range r.Ages {
			e.heads[band] = uint32(n)
		}
		list = append(list, e)
	}
	c.fill(list)
	return nil
}

// index notes where the units in force stand.
func (c *crowd) index() {
	c.where = make(map[int64]int32, len(c.areas))
	for i, a := range c.areas {
		c.where[a.id] = int32(i)
	}
}

// weight of a household or row.
func (c *crowd) weight(h int32) int64 {
	if c.count == nil {
		return 1
	}
	return int64(c.count[h])
}

// arrange notes which households each unit has, given how many are its own, and puts
// them in the order of their cells.
func (c *crowd) arrange(own []int32, cells []cell.Cell) {
	var sum int32
	for i := range c.areas {
		c.areas[i].from = sum
		sum += own[i]
		c.areas[i].to = sum
	}
	for i := len(c.areas) - 1; i > 0; i-- { // a unit stands before those below it
		above := &c.areas[c.areas[i].above]
		above.to = max(above.to, c.areas[i].to)
	}
	c.byCell = make([]int32, 0, len(cells))
	for i, at := range cells {
		if at != 0 {
			c.byCell = append(c.byCell, int32(i))
		}
	}
	slices.SortFunc(c.byCell, func(a, b int32) int {
		if x := cmp.Compare(cells[a], cells[b]); x != 0 {
			return x
		}
		return int(a - b)
	})
	c.cells = make([]cell.Cell, len(c.byCell))
	for k, i := range c.byCell {
		c.cells[k] = cells[i]
	}
}

// lowest are the units in force with households of their own, and which these are, as
// results of single ones are stored: by id.
func (c *crowd) lowest() []held {
	c.sorting.Do(func() {
		rows := make([]int32, len(c.id))
		for i := range rows {
			rows[i] = int32(i)
		}
		if c.held != nil {
			slices.SortFunc(rows, func(a, b int32) int {
				return cmp.Or(cmp.Compare(c.held[a], c.held[b]), cmp.Compare(c.id[a], c.id[b]))
			})
			for len(rows) > 0 {
				unit, n := c.held[rows[0]], 1
				for n < len(rows) && c.held[rows[n]] == unit {
					n++
				}
				c.lists, rows = append(c.lists, held{unit, rows[:n]}), rows[n:]
			}
			return
		}
		for i, a := range c.areas {
			own := a.to
			if i+1 < len(c.areas) && c.areas[i+1].above == int32(i) {
				own = c.areas[i+1].from
			}
			if own > a.from {
				c.lists = append(c.lists, held{a.id, rows[a.from:own]})
			}
		}
	})
	return c.lists
}

// point is a service point that is active on the day of a run.
type point struct {
	id        int64 // below 0: of a change
	name      string
	tier      string
	capacity  *int
	mobile    bool
	at        geo.Point
	heldBy    int64 // the unit it stands in, 0 = none
	candidate int64
	functions []servicepoint.Function
	stops     []servicepoint.Stop
	off       map[geo.Day]bool // the holidays that PH in hours stands for
}

// holidays are those of the calendar, for the hours of a point.
func (p *point) holidays() hours.Holidays { return hours.Holidays{Public: p.off} }

// loadPoints reads the points that are active on a day, by id: all there are, for a
// neighbour's point serves our households too.
func loadPoints(ctx context.Context, db pg.DB, day geo.Day) ([]point, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.id, p.name, p.tier, p.capacity, p.mobile, p.point, coalesce(o.unit_id, p.area_id, 0),
		       coalesce((SELECT jsonb_agg(jsonb_build_object('function', f.function, 'hours', f.hours, 'sessions', f.sessions)
		                  ORDER BY f.function) FROM service_point_function f WHERE f.service_point_id = p.id), '[]'),
		       coalesce((SELECT jsonb_agg(jsonb_build_object('name', t.name, 'hours', t.hours, 'point', jsonb_build_array(ST_X(t.point), ST_Y(t.point)))
		                  ORDER BY t.ordinal) FROM service_point_stop t WHERE t.service_point_id = p.id), '[]')
		FROM service_point p
		JOIN service_point_state s ON s.service_point_id = p.id AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $1)
		LEFT JOIN LATERAL ( -- the unit of that day; where none was responsible yet, that of now
			SELECT unit_id FROM service_point_unit u WHERE u.service_point_id = p.id AND (u.valid_to IS NULL OR u.valid_from <= $1 AND u.valid_to > $1)
			ORDER BY u.valid_from LIMIT 1) o ON true
		WHERE s.state = 'active'
		ORDER BY p.id`, day)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p point, err error) {
		err = row.Scan(&p.id, &p.name, &p.tier, &p.capacity, &p.mobile, &p.at, &p.heldBy, &p.functions, &p.stops)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("service points on %s: %w", day, err)
	}
	return list, nil
}

// place finds the units that points of changes stand in: home where that is none of
// the run's.
func (c *crowd) place(ctx context.Context, db pg.DB, points []point, changes []Change, home int64) error {
	for i := range points {
		p := &points[i]
		if p.id > 0 && !slices.ContainsFunc(changes, func(ch Change) bool { return ch.Do == "move" && ch.Point == p.id }) {
			continue
		}
		if err := db.QueryRow(ctx, `SELECT coalesce(unit_at($1, $2), 0)`, p.at, c.key.day).Scan(&p.heldBy); err != nil {
			return fmt.Errorf("unit of a changed point: %w", err)
		}
		if _, known := c.where[p.heldBy]; !known {
			p.heldBy = home
		}
	}
	return nil
}
