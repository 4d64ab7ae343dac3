package patrol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// Part is how much of something was seen.
type Part struct {
	All   float64  `json:"all"`
	Seen  float64  `json:"seen"`
	Share *float64 `json:"share" doc:"null where there is nothing to see"`
}

func (p Part) shared() Part {
	p.All, p.Seen = tenth(p.All), tenth(p.Seen)
	if p.All > 0 {
		share := math.Round(p.Seen/p.All*1000) / 1000
		p.Share = &share
	}
	return p
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

// Covered is what was seen of a unit in a period, by whomever.
type Covered struct {
	Streets Part `json:"streets" doc:"metres of streets"`
	Cells   Part `json:"cells" doc:"H3 cells of resolution 12 whose middle lies in the unit"`
	Blocks  Part `json:"blocks" doc:"zones that are to be seen every so many days, of which the middle lies in the unit"`
	Since   Days `json:"since" doc:"how long ago its streets were seen last, at the end of the period"`
}

// Days is how long ago streets were seen.
type Days struct {
	Oldest *int    `json:"oldest" doc:"days, of the part of a street that was seen but not for longest; null: none ever was"`
	Median *int    `json:"median" doc:"days, of half of the metres of streets that were ever seen"`
	Never  float64 `json:"never_m" doc:"metres of streets that were never seen"`
}

// Coverage is what patrols saw of a unit and of the units right below it.
type Coverage struct {
	Unit string  `json:"unit"`
	From geo.Day `json:"from" format:"date"`
	To   geo.Day `json:"to" format:"date"`
	Covered
	Effort   *Effort  `json:"effort" doc:"what it took; null without a whole week, Monday to Sunday, that is over"`
	Missed   []Missed `json:"missed" doc:"each checkpoint that a beat had and nobody marked in its hours, the newest first; at most 1,000"`
	Children []Child  `json:"children" doc:"units right below it"`
}

// Child is a unit right below the one that was asked about.
type Child struct {
	Unit string `json:"unit"`
	Name string `json:"name"`
	Covered
}

// Effort is what patrols did in a unit in whole weeks.
type Effort struct {
	From  geo.Day  `json:"from" format:"date" doc:"a Monday"`
	To    geo.Day  `json:"to" format:"date" doc:"a Sunday"`
	Swath Swath    `json:"swath"`
	Kinds []ByKind `json:"kinds" doc:"by the kind of post that teams count for"`
	Zones []InZone `json:"zones" doc:"those that somebody came to, by their code; at most 1,000"`
}

// Swath is the area within 25 m of walks, in square metres.
type Swath struct {
	Merged   float64 `json:"merged_m2" doc:"what was seen, once"`
	Unmerged float64 `json:"unmerged_m2" doc:"once for each team and day"`
}

// ByKind is what posts of one kind saw.
type ByKind struct {
	Kind    string `json:"kind"`
	Streets Part   `json:"streets"`
	Cells   Part   `json:"cells"`
	Swath   Swath  `json:"swath"`
}

// InZone is how often patrols were in a zone, and how long.
type InZone struct {
	Zone    string  `json:"zone" doc:"code"`
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Visits  int     `json:"visits" doc:"that began in these weeks"`
	Minutes float64 `json:"minutes"`
}

// Missed is a checkpoint that was missed on a day.
type Missed struct {
	Day geo.Day `json:"day" format:"date"`
	premises.Missed
}

// Faults of coverage.
var (
	ErrPeriod = fault.New(fault.Invalid, "coverage_period", "Coverage is told of 7 to 92 days that are not yet to come.")
	ErrLarge  = fault.New(fault.TooLarge, "coverage_unit", "The unit is larger than 300 km². Ask for the units below it. 单元超过 300 平方公里，请查看其下级单元。")
)

const (
	leastPeriod, mostPeriod = 7, 92 // days
	mostArea                = 300e6 // m²
	mostMissed, mostZones   = 1000, 1000
)

// Ask is a question for coverage: a unit, and the first and the last day.
type Ask struct {
	Unit     string
	From, To geo.Day
}

// Coverer tells coverage. What was seen is read by the engine: a street that a team of
// the village saw was seen, also for who may not know of that team.
type Coverer struct {
	DB, Engine pg.DB
	Paths      func(context.Context) (*walk.Network, error)
}

// Coverage tells what was seen of a unit in force on the last day, to who may count
// there.
//
// Nothing of it is told by person, and nothing of a period so short that it would be a
// walk: whoever looks often has seen a place, and what was done (areas walked, visits,
// minutes) comes in whole weeks that are over, of which no two questions make a day.
//
// Errors: ErrPeriod, ErrLarge, grid.ErrUnknownUnit, staff.ErrOutside.
func (c Coverer) Coverage(ctx context.Context, actor staff.Actor, ask Ask, now time.Time) (Coverage, error) {
	out, err := c.coverage(ctx, actor, ask, now)
	if err != nil {
		return Coverage{}, fmt.Errorf("coverage of %s: %w", ask.Unit, err)
	}
	return out, nil
}

func (c Coverer) coverage(ctx context.Context, actor staff.Actor, ask Ask, now time.Time) (Coverage, error) {
	if days := ask.To.Since(ask.From) + 1; days < leastPeriod || days > mostPeriod || geo.DayOf(now).Before(ask.To) {
		return Coverage{}, ErrPeriod
	}
	unit, err := grid.ByCode(ctx, c.DB, actor, ask.To, ask.Unit)
	if err != nil {
		return Coverage{}, err
	}
	if err := staff.Within(ctx, c.DB, actor, staff.Count, unit.ID); err != nil {
		return Coverage{}, err
	}
	g, err := c.ground(ctx, unit.ID, ask.To)
	if err != nil {
		return Coverage{}, err
	}
	out := Coverage{Unit: ask.Unit, From: ask.From, To: ask.To, Missed: []Missed{}, Children: []Child{}}
	found, err := c.covered(ctx, g, ask.From, ask.To)
	if err != nil {
		return Coverage{}, err
	}
	out.Covered = found[0]
	for i, child := range g.units[1:] {
		out.Children = append(out.Children, Child{child.code, child.name, found[i+1]})
	}
	if from, to, ok := weeks(ask.From, ask.To, geo.DayOf(now)); ok {
		if out.Effort, err = c.effort(ctx, g, from, to); err != nil {
			return Coverage{}, err
		}
	}
	for day := ask.To; !day.Before(ask.From) && len(out.Missed) < mostMissed; day = day.AddDays(-1) {
		list, err := premises.MissedOn(ctx, c.Engine, staff.System, staff.Record, ask.Unit, day, now)
		if err != nil {
			return Coverage{}, err
		}
		for _, m := range list[:min(len(list), mostMissed-len(out.Missed))] {
			out.Missed = append(out.Missed, Missed{day, m})
		}
	}
	return out, nil
}

// weeks are the whole weeks within a period that were over before today.
func weeks(from, to, today geo.Day) (geo.Day, geo.Day, bool) {
	for from.Start().Weekday() != time.Monday {
		from = from.AddDays(1)
	}
	for to.Start().Weekday() != time.Sunday || !to.Before(today) {
		to = to.AddDays(-1)
	}
	return from, to, from.Before(to)
}

// ground is what there is to see in a unit and in those right below it.
type ground struct {
	units  []area // the first is the unit itself
	index  *locate.Index
	parts  map[int64]length // parts of streets of the unit
	cells  map[int64]int    // cells of the unit: the unit below it that each lies in, 0 for none
	m2     float64          // area of a cell there
	blocks map[int64][]int  // blocks of the unit, and which of the units they lie in
}

// area is a unit.
type area struct {
	id         int64
	code, name string
	shape      geo.MultiPolygon
}

// length of a part of a street, and the unit below the one asked about that it lies in.
type length struct {
	metres float64
	child  int
}

// ground finds what there is in a unit on a day.
func (c Coverer) ground(ctx context.Context, unit int64, day geo.Day) (*ground, error) {
	rows, _ := c.Engine.Query(ctx, `
		SELECT u.id, u.code, b.name, b.geom FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE (b.unit_id = $1 OR b.parent_id = $1) AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		ORDER BY u.id <> $1, u.code COLLATE "C"`, unit, day)
	units, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a area, err error) {
		err = row.Scan(&a.id, &a.code, &a.name, &a.shape)
		return a, err
	})
	if err != nil {
		return nil, err
	}
	if units[0].shape.SquareMeters() > mostArea {
		return nil, ErrLarge
	}
	g := &ground{units: units, parts: map[int64]length{}, cells: map[int64]int{}, blocks: map[int64][]int{}}
	list := make([]locate.Unit, len(units))
	for i, u := range units {
		list[i] = locate.Unit{ID: u.id, Code: u.code, Rank: min(i, 1), Area: u.shape}
	}
	g.index = locate.Build(list)
	all, err := cell.Fill(units[0].shape, track.SeenResolution)
	if err != nil {
		return nil, err
	}
	for _, at := range all {
		child, _ := g.index.Find(at.Center())
		g.cells[int64(at)] = max(child, 0) // the cell of a very small unit has its middle outside
	}
	g.m2 = float64(geo.MultiPolygon{{all[len(all)/2].Boundary()}}.SquareMeters())
	n, err := c.Paths(ctx)
	if err != nil && !errors.Is(err, network.ErrNoNetwork) {
		return nil, err
	}
	if n != nil {
		g.streets(n)
	}
	return g, g.findBlocks(ctx, c.Engine, day)
}

// streets finds the parts of streets whose middle lies in the unit. Lines that the
// network made by itself, across squares, are no streets.
func (g *ground) streets(n *walk.Network) {
	box := g.units[0].shape.Bound()
	for e := range int32(n.Edges()) {
		if n.Street(e) == 0 {
			continue
		}
		around := geo.EmptyBound
		for _, p := range n.Line(e) {
			around = around.Extend(p)
		}
		if !box.Intersects(around) {
			continue
		}
		for nth := range track.Parts(n, e) {
			part := track.Part{Edge: e, Nth: nth}
			s := part.Stretch(n)
			if child, ok := g.index.Find(n.Where(walk.Access{Edge: e, Offset: (s.From + s.To) / 2})); ok {
				key := int64(part.Key(n))
				g.parts[key] = length{g.parts[key].metres + float64(s.Length())/1000, child}
			}
		}
	}
}

func (g *ground) findBlocks(ctx context.Context, db pg.DB, day geo.Day) error {
	ids := make([]int64, len(g.units))
	for i, u := range g.units {
		ids[i] = u.id
	}
	rows, _ := db.Query(ctx, `
		SELECT b.zone_id, u.id FROM unnest($1::bigint[]) u (id), block b JOIN zone z ON z.id = b.zone_id
		WHERE b.unit_id IN (SELECT units_below(u.id)) AND z.valid_from <= $2 AND (z.valid_to IS NULL OR z.valid_to > $2)`, ids, day)
	var zone, unit int64
	_, err := pgx.ForEachRow(rows, []any{&zone, &unit}, func() error {
		g.blocks[zone] = append(g.blocks[zone], slices.Index(ids, unit))
		return nil
	})
	return err
}

// within calls visit with the unit itself, and with the one below it that a place lies in.
func within(child int, visit func(unit int)) {
	visit(0)
	if child > 0 {
		visit(child)
	}
}

// covered is what was seen of each unit.
func (c Coverer) covered(ctx context.Context, g *ground, from, to geo.Day) ([]Covered, error) {
	out, ages := make([]Covered, len(g.units)), make([][]aged, len(g.units))
	// The last day of each is asked for by itself: counts are kept for good, and grow.
	seen, err := days(ctx, c.Engine, `
		SELECT p, s.day FROM unnest($1::bigint[]) p
		CROSS JOIN LATERAL (SELECT day FROM seen_part WHERE part = p AND day <= $2 ORDER BY day DESC LIMIT 1) s`, slices.Collect(maps.Keys(g.parts)), to)
	if err != nil {
		return nil, err
	}
	for key, part := range g.parts {
		day, ever := seen[key]
		within(part.child, func(u int) {
			out[u].Streets.All += part.metres
			switch {
			case !ever:
				out[u].Since.Never += part.metres
			default:
				ages[u] = append(ages[u], aged{to.Since(day), part.metres})
				if !day.Before(from) {
					out[u].Streets.Seen += part.metres
				}
			}
		})
	}
	if seen, err = days(ctx, c.Engine, `SELECT cell, max(day) FROM seen_cell WHERE cell = ANY ($1) AND day BETWEEN $3 AND $2 GROUP BY cell`, slices.Collect(maps.Keys(g.cells)), to, from); err != nil {
		return nil, err
	}
	for key, child := range g.cells {
		_, was := seen[key]
		within(child, func(u int) { out[u].Cells.count(was) })
	}
	if seen, err = days(ctx, c.Engine, `
		SELECT zone_id, max(day) FROM (
			SELECT zone_id, day FROM seen_zone WHERE teams > 0 UNION ALL SELECT zone_id, told_on FROM block) s
		WHERE zone_id = ANY ($1) AND day BETWEEN $3 AND $2 GROUP BY zone_id`, slices.Collect(maps.Keys(g.blocks)), to, from); err != nil {
		return nil, err
	}
	for id, units := range g.blocks {
		_, was := seen[id]
		for _, u := range units {
			out[u].Blocks.count(was)
		}
	}
	for u := range out {
		o := &out[u]
		o.Since.Oldest, o.Since.Median = oldest(ages[u])
		o.Streets, o.Cells, o.Blocks, o.Since.Never = o.Streets.shared(), o.Cells.shared(), o.Blocks.shared(), tenth(o.Since.Never)
	}
	return out, nil
}

func (p *Part) count(seen bool) {
	p.All++
	if seen {
		p.Seen++
	}
}

// aged is a length of street with the days since it was seen.
type aged struct {
	days   int
	metres float64
}

// oldest is the most days, and the days of half of the metres.
func oldest(list []aged) (most, median *int) {
	if len(list) == 0 {
		return nil, nil
	}
	slices.SortFunc(list, func(a, b aged) int { return cmp.Compare(a.days, b.days) })
	whole, so := 0.0, 0.0
	for _, a := range list {
		whole += a.metres
	}
	for i := range list {
		if so += list[i].metres; 2*so >= whole {
			return &list[len(list)-1].days, &list[i].days
		}
	}
	return &list[len(list)-1].days, &list[len(list)-1].days
}

// days reads for each id the last day.
func days(ctx context.Context, db pg.DB, sql string, args ...any) (map[int64]geo.Day, error) {
	rows, _ := db.Query(ctx, sql, args...)
	out := map[int64]geo.Day{}
	var id int64
	var day geo.Day
	_, err := pgx.ForEachRow(rows, []any{&id, &day}, func() error {
		out[id] = day
		return nil
	})
	return out, err
}

// effort is what was done in the unit.
func (c Coverer) effort(ctx context.Context, g *ground, from, to geo.Day) (*Effort, error) {
	e := &Effort{From: from, To: to, Kinds: []ByKind{}, Zones: []InZone{}}
	var whole Part
	for _, p := range g.parts {
		whole.All += p.metres
	}
	kinds := map[string]*ByKind{}
	of := func(kind string) *ByKind {
		if kinds[kind] == nil {
			kinds[kind] = &ByKind{Kind: kind, Streets: whole, Cells: Part{All: float64(len(g.cells))}}
		}
		return kinds[kind]
	}
	var kind string
	var id, teams int64
	once := map[int64]bool{}
	rows, _ := c.Engine.Query(ctx, `SELECT kind, cell, sum(teams) FROM seen_cell WHERE cell = ANY ($1) AND day BETWEEN $2 AND $3 GROUP BY kind, cell`,
		slices.Collect(maps.Keys(g.cells)), from, to)
	if _, err := pgx.ForEachRow(rows, []any{&kind, &id, &teams}, func() error {
		k := of(kind)
		k.Cells.Seen++
		k.Swath.Merged += g.m2
		k.Swath.Unmerged += g.m2 * float64(teams)
		e.Swath.Unmerged += g.m2 * float64(teams)
		once[id] = true
		return nil
	}); err != nil {
		return nil, err
	}
	e.Swath.Merged = g.m2 * float64(len(once))
	rows, _ = c.Engine.Query(ctx, `SELECT DISTINCT kind, part FROM seen_part WHERE part = ANY ($1) AND day BETWEEN $2 AND $3`,
		slices.Collect(maps.Keys(g.parts)), from, to)
	if _, err := pgx.ForEachRow(rows, []any{&kind, &id}, func() error {
		of(kind).Streets.Seen += g.parts[id].metres
		return nil
	}); err != nil {
		return nil, err
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		b := *kinds[k]
		b.Streets, b.Cells, b.Swath = b.Streets.shared(), b.Cells.shared(), b.Swath.whole()
		e.Kinds = append(e.Kinds, b)
	}
	e.Swath = e.Swath.whole()
	rows, _ = c.Engine.Query(ctx, `
		SELECT z.code, z.name, z.kind, sum(s.visits)::integer, round(sum(s.seconds) / 60.0, 1)::float8
		FROM seen_zone s JOIN zone z ON z.id = s.zone_id
		WHERE s.day BETWEEN $2 AND $3 AND (s.visits > 0 OR s.seconds > 0) AND EXISTS (
			SELECT FROM boundary b WHERE b.unit_id = $1 AND b.valid_from <= $3 AND (b.valid_to IS NULL OR b.valid_to > $3)
			  AND ST_Covers(b.geom, ST_PointOnSurface(z.geom)))
		GROUP BY z.id ORDER BY z.code LIMIT $4`, g.units[0].id, from, to, mostZones)
	var err error
	e.Zones, err = pgx.CollectRows(rows, pgx.RowToStructByPos[InZone])
	return e, err
}

// whole is in whole square metres.
func (s Swath) whole() Swath { return Swath{math.Round(s.Merged), math.Round(s.Unmerged)} }
