package tiles

import (
	"context"
	"math"
	"slices"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/tiles/mvt"
)

// plot is the making of one layer of a run.
type plot struct {
	*Server
	v     *view
	q     question
	h     head
	actor staff.Actor // who may see what the scope shows
	into  *layer
}

// ground is the units of all levels of one day, with their borders at every zoom,
// shared by all layers that draw units of that day.
type ground struct {
	rows   map[string]int // by code
	limits []geo.Bound    // by row
	zooms  [mvt.MaxZoom + 1]*mvt.Shapes
}

type groundKey struct {
	day     geo.Day
	version int64 // of the units
}

func (g *ground) size() int64 {
	n := int64(len(g.limits)) * 80
	for _, at := range g.zooms {
		if at != nil {
			n += at.Size()
		}
	}
	return n
}

// ground returns the units in force on day.
func (s *Server) ground(ctx context.Context, v *view, day geo.Day) (*ground, error) {
	return s.grounds.Get(ctx, groundKey{day, v.seen[subjectGrid]}, func() (*ground, error) {
		g := &ground{rows: map[string]int{}}
		var sets [mvt.MaxZoom + 1][]*mvt.Shapes
		var first [mvt.MaxZoom + 1][]int
		for _, level := range v.levels {
			l, then, err := s.on(ctx, v, v.layers["grid-"+level.Code], day)
			if fault.Of(err) == ErrLayer {
				continue // a level that there was not on that day
			}
			if err != nil {
				return nil, err
			}
			start, drawn := len(g.limits), l.content.(*shapes)
			g.limits = append(g.limits, make([]geo.Bound, drawn.table.Len())...)
			for i := range then.units {
				if u := &then.units[i]; u.Level == level.Code {
					row := start + int(then.row[i])
					g.rows[u.Code], g.limits[row] = row, then.limits[i]
				}
			}
			for zoom, at := range drawn.zooms {
				if at != nil {
					sets[zoom], first[zoom] = append(sets[zoom], at), append(first[zoom], start)
				}
			}
		}
		for zoom := range sets {
			g.zooms[zoom] = mvt.Join(sets[zoom], first[zoom])
		}
		return g, nil
	})
}

// patch draws some rows of the ground, with properties of its own.
type patch struct {
	ground *ground
	table  *mvt.Table
	only   *mvt.Selection
}

// patch gives units their properties; those without any are not drawn.
func (g *ground) patch(columns []mvt.Column, values map[string][]mvt.Value, bounds *geo.Bound) patch {
	byRow := make([][]mvt.Value, len(g.limits))
	for code, list := range values {
		if row, known := g.rows[code]; known {
			byRow[row] = list
		}
	}
	p := patch{g, mvt.NewTable(columns...), &mvt.Selection{Faces: make([]mvt.Face, len(byRow))}}
	for row, list := range byRow {
		p.table.Add(list...)
		if list != nil {
			p.only.Faces[row] = mvt.Exact
			*bounds = bounds.Union(g.limits[row])
		}
	}
	return p
}

func (p patch) draw(b *mvt.Builder, name string, t mvt.Tile, _ *reach) {
	b.Shapes(name, p.ground.zooms[t.Z], p.table, t, p.only)
}

// size leaves the ground out, which is kept for itself.
func (p patch) size() int64 { return p.table.Size() + int64(len(p.only.Faces)) }

// number is a value that may be missing.
func number(v *float64) mvt.Value {
	if v == nil {
		return mvt.Value{}
	}
	return mvt.Float(*v)
}

func unitColumns(names ...string) []mvt.Column {
	list := []mvt.Column{{Name: "code", Unique: true}, {Name: "name"}, {Name: "level"}}
	return append(list, columns(names...)...)
}

func (m plot) coverage(ctx context.Context) error {
	g, err := m.ground(ctx, m.v, m.h.run.Params.On)
	if err != nil {
		return err
	}
	rows, err := circle.Units(ctx, m.Pool, m.actor, m.q.run, m.q.column, "")
	if err != nil {
		return err
	}
	values := make(map[string][]mvt.Value, len(rows))
	for _, u := range rows {
		list := []mvt.Value{mvt.String(u.Unit), mvt.String(u.Name), mvt.String(u.Level), truth(u.Rounded), truth(u.Hidden)}
		if !u.Hidden {
			list = append(list, mvt.Int(u.Households), mvt.Int(u.Covered), number(u.Share), number(u.SharePeople), number(u.P50), number(u.P90))
		}
		values[u.Unit] = list
	}
	m.into.content = g.patch(unitColumns("rounded", "hidden", "households", "covered", "share", "share_people", "p50", "p90"), values, &m.into.bounds)
	return nil
}

func (m plot) change(ctx context.Context) error {
	g, err := m.ground(ctx, m.v, m.h.run.Params.On)
	if err != nil {
		return err
	}
	rows, err := circle.Compare(ctx, m.Pool, m.actor, m.q.before, m.q.run, m.q.column, "")
	if err != nil {
		return err
	}
	values := make(map[string][]mvt.Value, len(rows))
	for _, u := range rows {
		if u.Only != "" { // there is nothing to compare it with
			continue
		}
		hidden := u.Before.Hidden || u.After.Hidden
		list := []mvt.Value{mvt.String(u.Unit), mvt.String(u.Name), mvt.String(u.Level), truth(u.Before.Rounded || u.After.Rounded), truth(hidden)}
		if !hidden {
			list = append(list, number(u.Before.Share), number(u.After.Share), number(u.Share))
		}
		values[u.Unit] = list
	}
	units := g.patch(unitColumns("rounded", "hidden", "before", "after", "difference"), values, &m.into.bounds)
	cells, err := m.changedCells(ctx)
	if err != nil {
		return err
	}
	m.into.content = several{{subjectChange, units}, {changeCells, cells}}
	return nil
}

// Cells are drawn at resolution 8 from afar, 9 and 10 near by.
const (
	combMin    = 8
	combCoarse = 8
)

// comb is cells of several resolutions.
type comb [finest + 1]*shapes

// draw draws the cells of the zoom's resolution; where a reader is shown none of it,
// those of the next coarser one.
func (c *comb) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	for res := max(combCoarse, cellResolution(int(t.Z))); res >= combCoarse; res-- {
		if at := c[res]; at != nil {
			at.draw(b, name, t, r)
			return
		}
	}
}

func (c *comb) size() (n int64) {
	for _, at := range c {
		if at != nil {
			n += at.size()
		}
	}
	return n
}

// add gives a resolution its cells.
func (c *comb) add(res int, names []string, cells []cell.Cell, values func(i int) []mvt.Value, bounds *geo.Bound) {
	if len(cells) == 0 {
		return
	}
	s := &shapes{table: mvt.NewTable(append([]mvt.Column{{Name: "cell", Unique: true}}, columns(names...)...)...), open: true}
	outlines, rows := make([][]mvt.Mercator, len(cells)), make([]int32, len(cells))
	for i, at := range cells {
		ring := at.Boundary()
		*bounds = bounds.Union(ring.Bound())
		for _, p := range ring {
			outlines[i] = append(outlines[i], mvt.Project(p))
		}
		rows[i] = int32(s.table.Add(append([]mvt.Value{mvt.String(at.String())}, values(i)...)...))
	}
	for zoom := combMin; zoom <= mvt.MaxZoom; zoom++ {
		if r := max(combCoarse, cellResolution(zoom)); r >= res { // also for who is shown no finer ones
			s.zooms[zoom] = drawOutlines(outlines, rows, zoom)
		}
	}
	c[res] = s
}

// part is a share of the households of a cell, in steps of 5 % where the row is rounded.
func part(row circle.CellRow, n int64) float64 {
	share := float64(n) / float64(row.Households)
	if row.Rounded {
		return math.Round(share*20) / 20
	}
	return share
}

func (m plot) uncovered(ctx context.Context) error {
	var c comb
	for res := combCoarse; res <= finest; res++ {
		rows, err := circle.Cells(ctx, m.Pool, m.actor, m.q.run, m.q.column, res)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(row circle.CellRow) bool { return row.Hidden || row.Households == 0 })
		cells := make([]cell.Cell, len(rows))
		for i, row := range rows {
			cells[i] = row.Cell
		}
		c.add(res, []string{"households", "uncovered", "share", "minutes", "rounded"}, cells, func(i int) []mvt.Value {
			row := rows[i]
			return []mvt.Value{mvt.Int(row.Households), mvt.Int(row.Households - row.Covered), mvt.Float(part(row, row.Households-row.Covered)), number(row.Minutes), truth(row.Rounded)}
		}, &m.into.bounds)
	}
	m.into.content = &c
	return nil
}

// changedCells are the cells that both runs show.
func (m plot) changedCells(ctx context.Context) (*comb, error) {
	var c comb
	for res := combCoarse; res <= finest; res++ {
		before, err := circle.Cells(ctx, m.Pool, m.actor, m.q.before, m.q.column, res)
		if err != nil {
			return nil, err
		}
		after, err := circle.Cells(ctx, m.Pool, m.actor, m.q.run, m.q.column, res)
		if err != nil {
			return nil, err
		}
		was := make(map[cell.Cell]circle.CellRow, len(before))
		for _, row := range before {
			was[row.Cell] = row
		}
		shown := func(row circle.CellRow) bool { return !row.Hidden && row.Households > 0 }
		after = slices.DeleteFunc(after, func(row circle.CellRow) bool { return !shown(row) || !shown(was[row.Cell]) })
		cells := make([]cell.Cell, len(after))
		for i, row := range after {
			cells[i] = row.Cell
		}
		c.add(res, []string{"before", "after", "difference", "rounded"}, cells, func(i int) []mvt.Value {
			row, old := after[i], was[after[i].Cell]
			before, after := part(old, old.Covered), part(row, row.Covered)
			return []mvt.Value{mvt.Float(before), mvt.Float(after), mvt.Float(after - before), truth(row.Rounded || old.Rounded)}
		}, &m.into.bounds)
	}
	return &c, nil
}
