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
type hive struct {
	mosaics   [finest + 1]*mosaic
	parts     []cellCount // of each owner in each cell of the finest resolution, in order
	published []cellCount // for who may not see single households
}

// mosaic is the cells of one resolution that have any household or incident, in
// ascending order.
type mosaic struct {
	res    int
	counts []cellCount
	rows   []int32 // of the table, for each of counts
	drawn  shapes
}

func readHive(ctx context.Context, db pg.DB, day geo.Day) (*hive, error) {
	sums := map[cellKey]cellCount{}
	err := readCells(ctx, db, day, func(c cellCount) {
		c.cell = c.cell.Parent(finest)
		sums[c.key()] = sums[c.key()].plus(c)
	})
	if err != nil {
		return nil, err
	}
	h := newHive(inOrder(sums))
	h.published, err = readPublishedCells(ctx, db, day)
	return h, err
}

// newHive draws the parts.
func newHive(parts []cellCount) *hive {
	h := &hive{parts: parts}
	for res := coarsest; res <= finest; res++ {
		sums := map[cell.Cell]cellCount{}
		for _, c := range parts {
			c.cell = c.cell.Parent(res)
			sums[c.cell] = sums[c.cell].plus(c)
		}
		h.mosaics[res] = newMosaic(res, sums)
	}
	return h
}

// only is the hive of some owners.
func (h *hive) only(owners *mvt.Members) *hive {
	var parts []cellCount
	for _, c := range h.parts {
		if owners.Has(c.owner) {
			parts = append(parts, c)
		}
	}
	return newHive(parts)
}

// publishedTo is what was published of the units at the top among some owners.
func (h *hive) publishedTo(owners *mvt.Members) *hive {
	next := &hive{}
	for res := coarsest; res <= finest; res++ {
		sums := map[cell.Cell]cellCount{}
		for _, c := range h.published {
			if owners.Has(c.owner) && c.cell.Resolution() == res {
				sums[c.cell] = sums[c.cell].plus(c)
			}
		}
		next.mosaics[res] = newMosaic(res, sums)
	}
	return next
}

// cellKey orders the parts of a hive.
type cellKey struct {
	cell  cell.Cell
	owner int64
}

func (c cellCount) key() cellKey { return cellKey{c.cell, c.owner} }

func (k cellKey) compare(other cellKey) int {
	return cmp.Or(cmp.Compare(k.cell, other.cell), cmp.Compare(k.owner, other.owner))
}

func inOrder(sums map[cellKey]cellCount) []cellCount {
	list := make([]cellCount, 0, len(sums))
	for _, c := range sums {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b cellCount) int { return a.key().compare(b.key()) })
	return list
}

// partsAfter are the parts after some gained or lost households and incidents.
func (h *hive) partsAfter(differences []cellCount) []cellCount {
	sums := map[cellKey]cellCount{}
	for _, d := range differences {
		d.cell = d.cell.Parent(finest)
		sums[d.key()] = sums[d.key()].plus(d)
	}
	more := inOrder(sums)
	parts := make([]cellCount, 0, len(h.parts)+len(more))
	keep := func(c cellCount) {
		if c.any() {
			parts = append(parts, c)
		}
	}
	for _, c := range h.parts {
		for len(more) > 0 && more[0].key().compare(c.key()) < 0 {
			keep(more[0])
			more = more[1:]
		}
		if len(more) > 0 && more[0].key() == c.key() {
			c, more = c.plus(more[0]), more[1:]
		}
		keep(c)
	}
	for _, c := range more {
		keep(c)
	}
	return parts
}

func newMosaic(res int, sums map[cell.Cell]cellCount) *mosaic {
	m := &mosaic{res: res}
	for c, sum := range sums {
		if c != 0 && sum.any() {
			m.counts = append(m.counts, sum)
		}
	}
	slices.SortFunc(m.counts, func(a, b cellCount) int { return cmp.Compare(a.cell, b.cell) })
	m.drawn.table = mvt.NewTable(cellColumns...)
	for _, c := range m.counts {
		m.rows = append(m.rows, int32(m.drawn.table.Add(c.values()...)))
	}
	m.drawn.zooms = drawCells(res, m.counts, m.rows)
	return m
}

func (c cellCount) any() bool { return c.households > 0 || c.incidents > 0 }

// plus is the count after a difference.
func (c cellCount) plus(d cellCount) cellCount {
	return cellCount{d.cell, d.owner, c.households + d.households, c.incidents + d.incidents}
}

// drawCells draws cells at the zooms of their resolution.
func drawCells(res int, cells []cellCount, rows []int32) (zooms [mvt.MaxZoom + 1]*mvt.Shapes) {
	outlines := make([][]mvt.Mercator, len(cells))
	for i, c := range cells {
		for _, p := range c.cell.Boundary() {
			outlines[i] = append(outlines[i], mvt.Project(p))
		}
	}
	for zoom := cellMin; zoom <= cellMax; zoom++ {
		if cellResolution(zoom) == res {
			zooms[zoom] = drawOutlines(outlines, rows, zoom)
		}
	}
	return zooms
}

func drawOutlines(outlines [][]mvt.Mercator, rows []int32, zoom int) *mvt.Shapes {
	var b mvt.ShapesBuilder
	for i, outline := range outlines {
		ring := make(mvt.Ring, len(outline))
		for k, p := range outline {
			ring[k] = p.At(zoom)
		}
		b.Polygon(int(rows[i]), []mvt.Ring{ring})
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
	next.parts = h.partsAfter(differences)
	for res := coarsest; res <= finest; res++ {
		sums := map[cell.Cell]cellCount{}
		for _, d := range differences {
			d.cell = d.cell.Parent(res)
			sums[d.cell] = sums[d.cell].plus(d)
		}
		next.mosaics[res] = h.mosaics[res].recount(sums, touched)
	}
	return &next, touched
}

// recount changes the counts of cells; some appear with that, others go.
func (m *mosaic) recount(differences map[cell.Cell]cellCount, touched *mvt.Touched) *mosaic {
	next := &mosaic{res: m.res, counts: slices.Clone(m.counts), rows: slices.Clone(m.rows), drawn: m.drawn}
	changed, gone := map[int][]mvt.Value{}, map[int]bool{}
	var fresh []cellCount
	for _, d := range differences {
		i, known := next.find(d.cell)
		switch {
		case d.households == 0 && d.incidents == 0:
		case !known && d.any():
			fresh = append(fresh, d)
		case !known:
		case next.counts[i].plus(d).any():
			next.counts[i] = next.counts[i].plus(d)
			changed[int(next.rows[i])] = next.counts[i].values()
		default:
			gone[int(next.rows[i])] = true
			next.counts, next.rows = slices.Delete(next.counts, i, i+1), slices.Delete(next.rows, i, i+1)
		}
	}
	m.drawn.rows(keys(changed), touched)
	m.drawn.rows(gone, touched)
	if len(changed)+len(fresh) > 0 {
		next.drawn.table = m.drawn.table.With(changed)
	}
	if len(fresh)+len(gone) > 0 {
		next.insert(fresh, gone, touched)
	}
	return next
}

func (m *mosaic) find(c cell.Cell) (int, bool) {
	return slices.BinarySearchFunc(m.counts, c, func(a cellCount, b cell.Cell) int { return cmp.Compare(a.cell, b) })
}

// insert draws new cells and takes the rows of empty ones off the drawing.
func (m *mosaic) insert(fresh []cellCount, gone map[int]bool, touched *mvt.Touched) {
	rows := make([]int32, len(fresh))
	for k, c := range fresh {
		rows[k] = int32(m.drawn.table.Add(c.values()...))
		i, _ := m.find(c.cell)
		m.counts, m.rows = slices.Insert(m.counts, i, c), slices.Insert(m.rows, i, rows[k])
	}
	added := drawCells(m.res, fresh, rows)
	more := shapes{table: m.drawn.table, zooms: added}
	for zoom, at := range added {
		if at != nil {
			m.drawn.zooms[zoom] = m.drawn.zooms[zoom].With(gone, at)
		}
	}
	all := map[int]bool{}
	for _, row := range rows {
		all[int(row)] = true
	}
	more.rows(all, touched)
}

// draw implements content.
func (h *hive) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	r.hive(h).mosaics[cellResolution(int(t.Z))].drawn.draw(b, name, t, nil)
}

func (h *hive) size() int64 {
	n := int64(len(h.parts)+len(h.published)) * 32
	for _, m := range h.mosaics[coarsest:] {
		n += m.drawn.size() + int64(len(m.counts))*36
	}
	return n
}

func (h *hive) layer(day geo.Day, version int64) *layer {
	return &layer{name: subjectCell, subject: subjectCell, min: cellMin, max: cellMax, day: dayLabel(day), bounds: geo.EmptyBound,
		content: h, version: version, base: version,
		sources: []sourceLayer{{subjectCell, "Households and incidents by H3 cell", cellFields}}}
}
