package tiles

import (
	"cmp"
	"context"
	"slices"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/tiles/mvt"
)

// cellMin and cellMax are the zooms of the cells; clients enlarge the deepest.
const cellMin, cellMax = 5, 14

// cellResolution is the H3 resolution that is drawn at a zoom.
func cellResolution(zoom int) int {
	switch {
	case zoom < 10:
		return 7
	case zoom < 12:
		return 8
	case zoom < 14:
		return 9
	}
	return 10
}

const (
	coarsest = 7
	finest   = 10
)

var (
	cellColumns = []mvt.Column{{Name: "id", Unique: true}, {Name: "households"}, {Name: "incidents"}}
	cellFields  = []field{{"id", "String: H3 index"}, {"households", "Number"}, {"incidents", "Number"}}
)

// hive is the counts of all cells, and their drawing: one mosaic for each
// resolution. Immutable.
type hive [finest + 1]*mosaic

// mosaic is the cells of one resolution that have any household or incident, in
// ascending order; row i of the table is cell i.
type mosaic struct {
	counts []cellCount
	drawn  shapes
}

func readHive(ctx context.Context, db pg.DB, day geo.Day) (*hive, error) {
	var sums [finest + 1]map[cell.Cell]cellCount
	for res := coarsest; res <= finest; res++ {
		sums[res] = map[cell.Cell]cellCount{}
	}
	err := readCells(ctx, db, day, func(c cellCount) {
		for res := coarsest; res <= finest; res++ {
			parent := c.cell.Parent(res)
			sum := sums[res][parent]
			sums[res][parent] = cellCount{parent, sum.households + c.households, sum.incidents + c.incidents}
		}
	})
	if err != nil {
		return nil, err
	}
	var h hive
	for res := coarsest; res <= finest; res++ {
		h[res] = newMosaic(res, sums[res])
	}
	return &h, nil
}

func newMosaic(res int, sums map[cell.Cell]cellCount) *mosaic {
	m := &mosaic{}
	for c, sum := range sums {
		if c != 0 && (sum.households > 0 || sum.incidents > 0) {
			m.counts = append(m.counts, sum)
		}
	}
	slices.SortFunc(m.counts, func(a, b cellCount) int { return cmp.Compare(a.cell, b.cell) })
	m.drawn.table = mvt.NewTable(cellColumns...)
	outlines := make([][]mvt.Mercator, len(m.counts))
	for i, c := range m.counts {
		m.drawn.table.Add(c.values()...)
		for _, p := range c.cell.Boundary() {
			outlines[i] = append(outlines[i], mvt.Project(p))
		}
	}
	for zoom := cellMin; zoom <= cellMax; zoom++ {
		if cellResolution(zoom) == res {
			m.drawn.zooms[zoom] = drawCells(outlines, zoom)
		}
	}
	return m
}

func drawCells(outlines [][]mvt.Mercator, zoom int) *mvt.Shapes {
	var b mvt.ShapesBuilder
	for row, outline := range outlines {
		ring := make(mvt.Ring, len(outline))
		for k, p := range outline {
			ring[k] = p.At(zoom)
		}
		b.Polygon(row, []mvt.Ring{ring})
	}
	return b.Done()
}

func (c cellCount) values() []mvt.Value {
	return []mvt.Value{mvt.String(c.cell.String()), mvt.Int(int64(c.households)), mvt.Int(int64(c.incidents))}
}

// recount returns the hive after some cells at cell.Resolution gained or lost
// households and incidents, and the tiles that show it.
func (h *hive) recount(differences []cellCount) (*hive, *mvt.Touched) {
	next, touched := *h, new(mvt.Touched)
	for res := coarsest; res <= finest; res++ {
		sums := map[cell.Cell]cellCount{}
		for _, d := range differences {
			parent := d.cell.Parent(res)
			sum := sums[parent]
			sums[parent] = cellCount{parent, sum.households + d.households, sum.incidents + d.incidents}
		}
		next[res] = h[res].recount(res, sums, touched)
	}
	return &next, touched
}

func (m *mosaic) recount(res int, differences map[cell.Cell]cellCount, touched *mvt.Touched) *mosaic {
	changed, redrawn := map[int]bool{}, false
	next := &mosaic{counts: slices.Clone(m.counts), drawn: m.drawn}
	for c, d := range differences {
		i, known := slices.BinarySearchFunc(m.counts, c, func(a cellCount, b cell.Cell) int { return cmp.Compare(a.cell, b) })
		switch {
		case d.households == 0 && d.incidents == 0:
			continue
		case !known:
			redrawn = true
			continue
		}
		n := &next.counts[i]
		n.households, n.incidents = n.households+d.households, n.incidents+d.incidents
		changed[i] = true
		redrawn = redrawn || n.households <= 0 && n.incidents <= 0
	}
	if redrawn {
		return m.redraw(res, differences, touched)
	}
	if len(changed) > 0 {
		rows := map[int][]mvt.Value{}
		for i := range changed {
			rows[i] = next.counts[i].values()
		}
		next.drawn.table = m.drawn.table.With(rows)
		m.drawn.rows(changed, touched)
	}
	return next
}

// redraw draws the resolution anew, for a cell came or went.
func (m *mosaic) redraw(res int, differences map[cell.Cell]cellCount, touched *mvt.Touched) *mosaic {
	sums := make(map[cell.Cell]cellCount, len(m.counts)+len(differences))
	for _, c := range m.counts {
		sums[c.cell] = c
	}
	for c, d := range differences {
		sum := sums[c]
		sums[c] = cellCount{c, sum.households + d.households, sum.incidents + d.incidents}
	}
	next := newMosaic(res, sums)
	m.drawn.changed(&next.drawn, touched)
	return next
}

// draw implements content.
func (h *hive) draw(b *mvt.Builder, name string, t mvt.Tile) {
	h[cellResolution(int(t.Z))].drawn.draw(b, name, t)
}

func (h *hive) size() (n int64) {
	for res := coarsest; res <= finest; res++ {
		n += h[res].drawn.size() + int64(len(h[res].counts))*24
	}
	return n
}

func (h *hive) layer(day geo.Day, version int64) *layer {
	return &layer{name: subjectCell, subject: subjectCell, min: cellMin, max: cellMax, day: dayLabel(day), bounds: geo.EmptyBound,
		content: h, version: version, base: version,
		sources: []sourceLayer{{subjectCell, "Households and incidents by H3 cell", cellFields}}}
}
