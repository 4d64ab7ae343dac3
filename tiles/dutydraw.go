package tiles

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/locate"
	"wangge/geo/track"
	"wangge/geo/visit"
	"wangge/geo/walk"
	"wangge/tiles/mvt"
)

// streetPart is a part of a street that is seen as a whole.
type streetPart struct {
	key    cell.Cell
	owner  int64 // the unit of its middle; 0 = none
	metres float64
	line   []geo.Point
}

// cutStreets cuts the streets that people walk along; the ways over a square and the
// links to what lies beside a street are none.
func cutStreets(n *walk.Network, units *locate.Index) (list []streetPart) {
	for edge := range int32(n.Edges()) {
		if kind := n.Traits(edge).Kind; kind == walk.Square || kind == walk.Link {
			continue
		}
		for nth := range track.Parts(n, edge) {
			part := track.Part{Edge: edge, Nth: nth}
			s := part.Stretch(n)
			p := streetPart{key: part.Key(n), metres: float64(s.Length()) / 1000, line: n.Course(s)}
			middle := n.Where(walk.Access{Edge: edge, Offset: (s.From + s.To) / 2})
			if at, ok := units.Find(middle); ok {
				p.owner = units.Unit(at).ID
			}
			list = append(list, p)
		}
	}
	return list
}

// never stands for the days of a street that was not seen.
const never = -1

// seenDays are how many days ago parts of streets were seen last. It leaps from part to part
// along their index: what was counted on each day is kept for years, and is not read.
func (r *reading) seenDays() (map[cell.Cell]int, error) {
	rows, _ := r.Pool.Query(r.ctx, `
		WITH RECURSIVE seen AS (
			(SELECT part FROM seen_part ORDER BY part LIMIT 1)
			UNION ALL
			SELECT (SELECT n.part FROM seen_part n WHERE n.part > s.part ORDER BY n.part LIMIT 1) FROM seen s WHERE s.part IS NOT NULL)
		SELECT s.part, $1::date - last.day
		FROM seen s CROSS JOIN LATERAL (SELECT day FROM seen_part l WHERE l.part = s.part AND l.day <= $1 ORDER BY l.day DESC LIMIT 1) last
		ORDER BY s.part`, r.day)
	days := map[cell.Cell]int{}
	var part int64
	var ago int
	_, err := pgx.ForEachRow(rows, []any{&part, &ago}, func() error {
		days[cell.Cell(part)] = ago
		r.note(part, ago)
		return nil
	})
	return days, err
}

// freshnessClass names how long ago something was seen.
func freshnessClass(days int) string {
	switch {
	case days == never:
		return "never"
	case days <= 1:
		return "day"
	case days <= 7:
		return "week"
	case days <= 14:
		return "fortnight"
	case days <= 30:
		return "month"
	}
	return "older"
}

// ago is the days since a part was seen; beyond a year all are alike.
func (p streetPart) ago(seen map[cell.Cell]int) int {
	if days, ok := seen[p.key]; ok {
		return min(days, 366)
	}
	return never
}

func (r *reading) freshness(d *duty) (func() content, error) {
	streets, err := r.streets(d)
	if err != nil {
		return nil, err
	}
	seen, err := r.seenDays()
	r.note(streets.network)
	return func() content {
		type kind struct {
			owner int64
			days  int
		}
		p := painter{table: mvt.NewTable(columns("class", "days")...), bounds: geo.EmptyBound}
		rows := map[kind]int{}
		for i := 0; i < len(streets.list); {
			of := streets.list[i]
			k := kind{of.owner, of.ago(seen)}
			row, known := rows[k]
			if !known {
				values := []mvt.Value{mvt.String(freshnessClass(k.days)), {}}
				if k.days != never {
					values[1] = mvt.Int(int64(k.days))
				}
				row = p.table.Add(values...)
				rows[k], p.owners = row, append(p.owners, k.owner)
			}
			line := slices.Clone(of.line)
			for i++; i < len(streets.list); i++ { // what goes on as it was is one line
				next := streets.list[i]
				if next.owner != k.owner || next.ago(seen) != k.days || next.line[0] != line[len(line)-1] {
					break
				}
				line = append(line, next.line[1:]...)
			}
			for zoom := partMin; zoom <= 16; zoom++ {
				points := make([]mvt.Point, len(line))
				for i, at := range line {
					points[i] = mvt.Project(at).At(zoom)
				}
				p.zooms[zoom].Line(row, thinPoints(points, zoom))
			}
		}
		return kept{p.shapes(), counted}
	}, err
}

func (r *reading) freshnessCells(d *duty) (func() content, error) {
	streets, err := r.streets(d)
	if err != nil {
		return nil, err
	}
	seen, err := r.seenDays()
	r.note(streets.network)
	return func() content {
		h := &heap{min: 5, max: cellMax, who: counted, columns: []string{"metres", "week", "month", "never"}, resolution: cellResolution, values: func(s sums) []mvt.Value {
			share := func(part float64) mvt.Value { return mvt.Float(math.Round(100*part/s[0]) / 100) }
			return []mvt.Value{mvt.Int(int64(math.Round(s[0]))), share(s[1]), share(s[2]), share(s[3])}
		}}
		for _, p := range streets.list {
			s := sums{p.metres}
			days := p.ago(seen)
			if days == never {
				s[3] = p.metres
			}
			if days != never && days <= 7 {
				s[1] = p.metres
			}
			if days != never && days <= 30 {
				s[2] = p.metres
			}
			h.add(p.key.Parent(finest), p.owner, s)
		}
		return h.done()
	}, err
}

func (r *reading) beats(*duty) (func() content, error) {
	rows, _ := r.Pool.Query(r.ctx, `
		SELECT b.id, b.name, array_to_string(b.weekdays, ','), b.starts, b.ends, b.unit_id, c.point
		FROM beat b JOIN beat_stop s ON s.beat_id = b.id JOIN checkpoint c ON c.id = s.checkpoint_id AND c.closed_on IS NULL
		ORDER BY b.id, s.ordinal`)
	type beat struct {
		ID             int64
		Name, Weekdays string
		Starts, Ends   int64
		Unit           int64
		At             geo.Point
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[beat])
	for _, b := range list {
		r.note(b)
	}
	return func() content {
		p := painter{table: mvt.NewTable(append([]mvt.Column{{Name: "id", Unique: true}}, columns("name", "weekdays", "starts", "ends")...)...), bounds: geo.EmptyBound}
		for len(list) > 0 {
			first, line := list[0], orb.LineString{}
			for len(list) > 0 && list[0].ID == first.ID {
				line, list = append(line, list[0].At.Degrees()), list[1:]
			}
			if len(line) < 2 {
				continue // a beat of one checkpoint is that
			}
			p.add([]mvt.Value{mvt.Int(first.ID), mvt.String(first.Name), mvt.String(first.Weekdays), mvt.Int(first.Starts), mvt.Int(first.Ends)}, 10, line)
			p.owners = append(p.owners, first.Unit)
		}
		return kept{p.shapes(), onMap}
	}, err
}

// places are points at which something of one unit stands.
func (r *reading) places(from int, single bool, names []string, list []mvt.Place) points {
	table := mvt.NewTable(append([]mvt.Column{{Name: "id", Unique: true}}, columns(names...)...)...)
	return points{mvt.NewPoints(table, thinning(from), list), from, mvt.MaxZoom, single}
}

func (r *reading) checkpoints(*duty) (func() content, error) {
	rows, _ := r.Pool.Query(r.ctx, `SELECT id, name, radius, coalesce(unit_id, 0), point FROM checkpoint WHERE closed_on IS NULL ORDER BY id`)
	var list []mvt.Place
	var id, radius, unit int64
	var name string
	var at geo.Point
	_, err := pgx.ForEachRow(rows, []any{&id, &name, &radius, &unit, &at}, func() error {
		r.note(id, name, radius, unit, at)
		list = append(list, mvt.Place{ID: id, Owner: unit, At: mvt.Project(at), Values: []mvt.Value{mvt.Int(id), mvt.String(name), mvt.Int(radius)}})
		return nil
	})
	return func() content { return r.places(11, false, []string{"name", "radius"}, list) }, err
}

func (r *reading) premises(*duty) (func() content, error) {
	rows, _ := r.Pool.Query(r.ctx, `
		SELECT id, name, grade, valid_until < $1, coalesce(unit_id, 0), point FROM premises WHERE closed_on IS NULL ORDER BY id`, r.day)
	var list []mvt.Place
	var id, unit int64
	var name, grade string
	var due bool
	var at geo.Point
	_, err := pgx.ForEachRow(rows, []any{&id, &name, &grade, &due, &unit, &at}, func() error {
		r.note(id, name, grade, due, unit, at)
		list = append(list, mvt.Place{ID: id, Owner: unit, At: mvt.Project(at), Values: []mvt.Value{mvt.Int(id), mvt.String(name), mvt.String(grade), mvt.Bool(due)}})
		return nil
	})
	return func() content { return r.places(11, true, []string{"name", "grade", "due"}, list) }, err
}

// dueClass says how soon something is due.
func dueClass(due *time.Time, now time.Time) string {
	switch {
	case due == nil:
		return "none"
	case due.Before(now):
		return "overdue"
	case due.Sub(now) < time.Hour:
		return "hour"
	case due.Sub(now) < 24*time.Hour:
		return "day"
	}
	return "later"
}

// live are open incidents. Private ones are on no map: the map knows who sees places,
// and not who works on what.
func (r *reading) live(*duty) (func() content, error) {
	rows, _ := r.Pool.Query(r.ctx, `
		SELECT i.id, i.category, i.state, i.due_at, i.point, i.cell, coalesce(o.unit_id, i.area_id, 0)
		FROM incident i LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
		WHERE i.closed_at IS NULL AND NOT i.private AND i.point IS NOT NULL ORDER BY i.id`)
	var late, others []mvt.Place
	h := &heap{min: 4, max: livePoint - 1, who: placed, columns: []string{"open", "overdue"}, resolution: func(zoom int) int { return coarsest }, values: func(s sums) []mvt.Value {
		return []mvt.Value{mvt.Int(int64(s[0])), mvt.Int(int64(s[1]))}
	}}
	var id uuid.UUID
	var category, state string
	var due *time.Time
	var at geo.Point
	var in, unit int64
	_, err := pgx.ForEachRow(rows, []any{&id, &category, &state, &due, &at, &in, &unit}, func() error {
		class := dueClass(due, r.now)
		r.note(id, category, state, class, at, unit)
		p := mvt.Place{ID: fold(id), Owner: unit, At: mvt.Project(at),
			Values: []mvt.Value{mvt.String(id.String()), mvt.String(category), mvt.String(state), mvt.String(class)}}
		if class == "overdue" {
			late = append(late, p)
			h.add(cell.Cell(in).Parent(finest), unit, sums{1, 1})
		} else {
			others = append(others, p)
			h.add(cell.Cell(in).Parent(finest), unit, sums{1})
		}
		return nil
	})
	return func() content {
		names := []string{"category", "state", "due"}
		return several{
			{subjectLive, near{r.places(livePoint, true, names, others)}},
			{liveOverdue, near{r.places(livePoint, true, names, late)}},
			{liveCells, h.done()},
		}
	}, err
}

func (r *reading) due(*duty) (func() content, error) {
	rows, _ := r.Pool.Query(r.ctx, `
		SELECT z.code, z.name, b.days, $1::date - b.seen_on, coalesce(b.unit_id, 0), z.geom
		FROM block b JOIN zone z ON z.id = b.zone_id
		WHERE z.valid_from <= $1 AND (z.valid_to IS NULL OR z.valid_to > $1) ORDER BY z.code`, r.day)
	p := painter{table: mvt.NewTable(append([]mvt.Column{{Name: "id", Unique: true}}, columns("name", "every", "days", "due")...)...), bounds: geo.EmptyBound}
	var code, name string
	var every int64
	var ago *int64
	var unit int64
	var area geo.MultiPolygon
	_, err := pgx.ForEachRow(rows, []any{&code, &name, &every, &ago, &unit, &area}, func() error {
		values := []mvt.Value{mvt.String(code), mvt.String(name), mvt.Int(every), {}, mvt.Bool(ago == nil || *ago > every)}
		since := int64(never)
		if ago != nil {
			values[3], since = mvt.Int(*ago), *ago
		}
		r.note(code, name, every, since, unit, area)
		p.add(values, zoneMin, area.Orb())
		p.owners = append(p.owners, unit)
		return nil
	})
	if err != nil {
		return nil, err
	}
	h := &heap{min: 8, max: mvt.MaxZoom, who: placed, columns: []string{"due", "overdue"}, resolution: func(zoom int) int { return min(max(cellResolution(zoom), 8), finest) },
		values: func(s sums) []mvt.Value { return []mvt.Value{mvt.Int(int64(s[0])), mvt.Int(int64(s[1]))} }}
	if r.Engine != nil {
		visits, err := visit.DueByCell(r.ctx, r.Engine, r.day)
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			r.note(v)
			h.add(v.Cell.Parent(finest), v.Unit, sums{float64(v.Due), float64(v.Overdue)})
		}
	}
	return func() content {
		return several{{subjectDue, kept{p.shapes(), onMap}}, {dueVisits, h.done()}}
	}, nil
}

// sums are what a cell adds up.
type sums [4]float64

func (s sums) plus(t sums) sums {
	for i := range s {
		s[i] += t[i]
	}
	return s
}

// heap adds up what lies in H3 cells, for each reader what of it they see: a cell may
// lie in several units.
type heap struct {
	min, max   int // zooms
	who        func(*reach) *mvt.Members
	columns    []string
	resolution func(zoom int) int
	values     func(sums) []mvt.Value
	parts      map[heapKey]sums

	mu    sync.Mutex
	drawn map[string]*shapes // by reach
}

type heapKey struct {
	cell  cell.Cell
	owner int64
}

func (h *heap) add(at cell.Cell, owner int64, s sums) {
	if h.parts == nil {
		h.parts = map[heapKey]sums{}
	}
	k := heapKey{at, owner}
	h.parts[k] = h.parts[k].plus(s)
}

func (h *heap) done() *heap {
	h.drawn = map[string]*shapes{}
	return h
}

// maxDrawn bounds the readers for whom cells are kept as they are drawn.
const maxDrawn = 64

func (h *heap) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	h.mu.Lock()
	s := h.drawn[r.name()]
	if s == nil {
		if len(h.drawn) >= maxDrawn {
			clear(h.drawn)
		}
		s = h.of(r)
		h.drawn[r.name()] = s
	}
	h.mu.Unlock()
	if at := s.zooms[t.Z]; at != nil {
		b.Shapes(name, at, s.table, t, nil)
	}
}

// of draws the cells of a reader.
func (h *heap) of(r *reach) *shapes {
	s := &shapes{table: mvt.NewTable(append([]mvt.Column{{Name: "cell", Unique: true}}, columns(h.columns...)...)...)}
	byRes := map[int]map[cell.Cell]sums{}
	for zoom := h.min; zoom <= h.max; zoom++ {
		byRes[h.resolution(zoom)] = map[cell.Cell]sums{}
	}
	for k, part := range h.parts {
		if r != nil && !h.who(r).Has(k.owner) {
			continue
		}
		for res, cells := range byRes {
			at := k.cell.Parent(res)
			cells[at] = cells[at].plus(part)
		}
	}
	type drawn struct {
		outlines [][]mvt.Mercator
		rows     []int32
	}
	lines := map[int]drawn{}
	for res, cells := range byRes {
		var d drawn
		list := make([]cell.Cell, 0, len(cells))
		for c := range cells {
			list = append(list, c)
		}
		slices.SortFunc(list, func(a, b cell.Cell) int { return cmp.Compare(a, b) })
		for _, c := range list {
			if c == 0 {
				continue
			}
			var outline []mvt.Mercator
			for _, p := range c.Boundary() {
				outline = append(outline, mvt.Project(p))
			}
			d.outlines = append(d.outlines, outline)
			d.rows = append(d.rows, int32(s.table.Add(append([]mvt.Value{mvt.String(c.String())}, h.values(cells[c])...)...)))
		}
		lines[res] = d
	}
	for zoom := h.min; zoom <= h.max; zoom++ {
		d := lines[h.resolution(zoom)]
		s.zooms[zoom] = drawOutlines(d.outlines, d.rows, zoom)
	}
	return s
}

func (h *heap) size() int64 { return int64(len(h.parts)) * 64 }
