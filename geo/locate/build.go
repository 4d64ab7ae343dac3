package locate

import (
	"math"
	"slices"
	"unsafe"

	"wangge/geo"
)

// A table divides a square (the first one: a rectangle) into cells of
// 1<<shift lattice steps.
type table struct {
	bound      geo.Bound
	cols, rows int32
	first      int32 // of its cells in Index.cells, row by row from the south-west
	shift      uint8
}

func (t *table) cellOf(p geo.Point) int32 {
	col := int32(uint32(p.X-t.bound.Min.X) >> t.shift)
	row := int32(uint32(p.Y-t.bound.Min.Y) >> t.shift)
	return t.first + row*t.cols + col
}

// box holds the lattice points of a cell.
func (t *table) box(col, row int32) geo.Bound {
	corner := geo.Point{X: t.bound.Min.X + col<<t.shift, Y: t.bound.Min.Y + row<<t.shift}
	last := int64(1)<<t.shift - 1
	return geo.Bound{Min: corner, Max: geo.Point{
		X: int32(min(int64(corner.X)+last, int64(t.bound.Max.X))),
		Y: int32(min(int64(corner.Y)+last, int64(t.bound.Max.Y))),
	}}
}

// A cell is a unit, None, or where to look further.
type cell int32

func entryCell(i int) cell { return cell(-2 - 2*i) }
func tableCell(i int) cell { return cell(-3 - 2*i) }

func (c cell) entry() int32         { return int32(-2-c) / 2 }
func (c cell) table() (int32, bool) { return int32(-2-c) / 2, (-2-c)&1 == 1 }

// An entry is one line of the border of a candidate near a cell.
type entry struct {
	unit  int32
	first int32 // of its points in Index.points
	size  int32
	flags uint32
}

const (
	seedInside uint32 = 1 << iota // the border that is not listed here is crossed an odd number of times
	sameUnit                      // another line of the same unit follows
	lastEntry                     // of the cell
)

func (e *entry) has(flag uint32) bool { return e.flags&flag != 0 }

const (
	tableBytes = int(unsafe.Sizeof(table{}))
	cellBytes  = int(unsafe.Sizeof(cell(0)))
	entryBytes = int(unsafe.Sizeof(entry{}))
	pointBytes = int(unsafe.Sizeof(geo.Point{}))
)

const (
	edgesPerCell = 2       // aimed at when a table is laid out
	crowded      = 40      // edges in a cell that make it a table of its own
	finest       = 6       // cells are not divided below 64 steps (70 cm)
	maxCells     = 1 << 22 // of one table: 16 MB
)

// A piece is what one table needs to know of one unit: lines of its border and,
// when inside is true, an odd number of crossings that are not among the lines.
type piece struct {
	unit   int32
	inside bool
	lines  [][]geo.Point
	bound  geo.Bound // outside of it the unit has no point
}

// A fragment is a stretch of a piece's line that may touch a cell. One without
// edges says that the unit covers the cell entirely.
type fragment struct {
	cell       int32
	piece      int32
	line       int32 // of the piece
	begin, end int32 // edge i joins points i and i+1 of the line; end is not included
	inside     bool  // parity at the cell's corner; on the first fragment of a piece in a cell
}

func (f *fragment) edges() int { return int(f.end - f.begin) }

// A builder fills an index.
type builder struct {
	*Index
	open []edge // kept from cell to cell for its memory
}

func (x *builder) build() {
	if x.bound.Empty() {
		return
	}
	pieces := make([]piece, 0, len(x.units))
	edges := 0
	for _, unit := range x.order {
		p := piece{unit: unit, bound: x.bounds[unit], lines: closedLines(x.units[unit].Area)}
		for _, line := range p.lines {
			edges += len(line) - 1
		}
		if len(p.lines) > 0 {
			pieces = append(pieces, p)
		}
	}
	var t table
	var fragments []fragment
	for target := min(edges/edgesPerCell+1, maxCells); ; target /= 4 {
		t = layOut(x.bound, target)
		fragments = spread(&t, pieces)
		// Long borders of many units over each other would be listed in every
		// cell they pass; fewer cells bound the memory then.
		if count(fragments) <= 4*edges+1024 || target < 4 {
			break
		}
	}
	x.add(t, pieces, fragments)
}

// closedLines returns the rings with the first point repeated at the end.
func closedLines(area geo.MultiPolygon) [][]geo.Point {
	var lines [][]geo.Point
	for _, polygon := range area {
		for _, ring := range polygon {
			if len(ring) < 3 {
				continue
			}
			line := make([]geo.Point, 0, len(ring)+1)
			lines = append(lines, append(append(line, ring...), ring[0]))
		}
	}
	return lines
}

// layOut chooses the smallest cells such that there are at most target of them.
func layOut(b geo.Bound, target int) table {
	width, height := int64(b.Max.X)-int64(b.Min.X), int64(b.Max.Y)-int64(b.Min.Y)
	shift := uint8(0)
	for shift < 30 && (width>>shift+1)*(height>>shift+1) > int64(target) {
		shift++
	}
	return table{
		bound: b,
		cols:  int32(width>>shift + 1),
		rows:  int32(height>>shift + 1),
		shift: shift,
	}
}

// add appends a table with its cells and returns its number.
func (x *builder) add(t table, pieces []piece, fragments []fragment) int {
	number := len(x.tables)
	t.first = int32(len(x.cells))
	x.tables = append(x.tables, t)
	size := int(t.cols) * int(t.rows)
	x.cells = append(x.cells, make([]cell, size)...)
	sorted, starts := byCell(fragments, size)
	for i := range size {
		x.cells[int(t.first)+i] = x.addCell(&t, i, pieces, sorted[starts[i]:starts[i+1]])
	}
	return number
}

func (x *builder) addCell(t *table, at int, pieces []piece, fragments []fragment) cell {
	switch {
	case len(fragments) == 0:
		return cell(None)
	case fragments[0].edges() == 0:
		return cell(pieces[fragments[0].piece].unit)
	}
	box := t.box(int32(at)%t.cols, int32(at)/t.cols)
	local := localPieces(box, pieces, fragments)
	x.leaveOutLast(box, &local, pieces, fragments)
	if edges := edgesOf(local); edges > crowded && t.shift > finest {
		child := layOut(box, max(4, edges/edgesPerCell))
		if finer := spread(&child, local); count(finer) <= 3*edges {
			return tableCell(x.add(child, local, finer))
		}
	}
	return entryCell(x.addEntries(local))
}

// leaveOutLast saves the work for the last of several units that tile a box: who
// is in none of the others is in the last one. Where borders within a box cancel
// (every edge is walked once in each direction) each of its points is covered
// equally often; at the corner that must be once.
func (x *builder) leaveOutLast(box geo.Bound, local *[]piece, pieces []piece, fragments []fragment) {
	open := x.open[:0]
	defer func() { x.open = open }()
	covers, at := 0, 0
	for n := range *local {
		p := fragments[at].piece
		for ; at < len(fragments) && fragments[at].piece == p; at++ {
			f := &fragments[at]
			if f.inside {
				covers++
			}
			if f.edges() == 0 {
				return // the last one covers the box by itself
			}
			line := pieces[p].lines[f.line][f.begin : f.end+1]
			for i := range line[1:] {
				if e := (edge{line[i], line[i+1]}); e.touches(box) {
					open = append(open, e)
				}
			}
		}
		lastOfLevel := n+1 == len(*local) || x.units[(*local)[n+1].unit].Rank != x.units[(*local)[n].unit].Rank
		if lastOfLevel && covers == 1 && cancel(open) {
			*local = append((*local)[:n], piece{unit: (*local)[n].unit, inside: true, bound: box})
			return
		}
	}
}

// An edge is walked from a to b.
type edge struct{ a, b geo.Point }

// touches reports whether the edge has a point in the box or on its border.
func (e edge) touches(box geo.Bound) bool {
	if !(geo.Bound{Min: e.a, Max: e.a}).Extend(e.b).Intersects(box) {
		return false
	}
	left, right := false, false
	for _, corner := range [4]geo.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}} {
		side := geo.Cross(e.a, e.b, corner)
		left = left || side >= 0
		right = right || side <= 0
	}
	return left && right
}

// cancel reports whether every edge comes once in each direction. It changes
// their order. Long lists are not looked through: such cells are divided.
func cancel(edges []edge) bool {
	if len(edges) > 2*crowded {
		return false
	}
	for len(edges) > 0 {
		first, rest := edges[0], edges[1:]
		back := slices.Index(rest, edge{first.b, first.a})
		if back < 0 {
			return false
		}
		last := len(rest) - 1
		rest[back], rest[last] = rest[last], rest[back]
		edges = rest[:last]
	}
	return true
}

func edgesOf(pieces []piece) int {
	edges := 0
	for _, p := range pieces {
		for _, line := range p.lines {
			edges += len(line) - 1
		}
	}
	return edges
}

func (x *builder) addEntries(pieces []piece) int {
	first := len(x.entries)
	for _, p := range pieces {
		lines := p.lines
		if len(lines) == 0 {
			lines = [][]geo.Point{nil} // covers the cell entirely
		}
		for i, line := range lines {
			e := entry{unit: p.unit, first: int32(len(x.points)), size: int32(len(line))}
			if i == 0 && p.inside {
				e.flags |= seedInside
			}
			if i+1 < len(lines) {
				e.flags |= sameUnit
			}
			x.points = append(x.points, line...)
			x.entries = append(x.entries, e)
		}
	}
	x.entries[len(x.entries)-1].flags |= lastEntry
	return first
}

// localPieces cuts the pieces down to the fragments near a box.
//
// What is left out of a border are chains that do not touch the box, and it must
// be shown that they do not matter. Prolong each end of such a chain by a
// vertical ray that avoids the box. The chain with its rays is closed (at
// infinity) and does not touch the box, so its parity is the same for every
// point of the box: one bit, found by comparing at the corner. The rays must then
// be taken away again, that is, added to the lines; but only those west of the
// box that start at its height are met by some westward rays and missed by
// others. The rest changes nothing or only the bit.
func localPieces(box geo.Bound, pieces []piece, fragments []fragment) []piece {
	var local []piece
	for i, f := range fragments {
		if i == 0 || fragments[i-1].piece != f.piece {
			local = append(local, piece{unit: pieces[f.piece].unit, inside: f.inside, bound: box})
		}
		p := &local[len(local)-1]
		if f.edges() == 0 {
			continue
		}
		line := withRays(box, pieces[f.piece].lines[f.line][f.begin:f.end+1])
		if odd, _ := crossings(line, box.Min); odd {
			p.inside = !p.inside
		}
		p.lines = append(p.lines, line)
	}
	return local
}

// withRays adds to both ends the vertical rays that localPieces speaks of.
func withRays(box geo.Bound, points []geo.Point) []geo.Point {
	first, atFirst := rayOf(box, points[0])
	last, atLast := rayOf(box, points[len(points)-1])
	if !atFirst && !atLast {
		return points
	}
	line := make([]geo.Point, 0, len(points)+2)
	if atFirst {
		line = append(line, first)
	}
	line = append(line, points...)
	if atLast {
		line = append(line, last)
	}
	return line
}

func rayOf(box geo.Bound, end geo.Point) (geo.Point, bool) {
	needed := end.X < box.Min.X && box.Min.Y < end.Y && end.Y <= box.Max.Y
	return geo.Point{X: end.X, Y: box.Max.Y + 1}, needed
}

// count returns the number of edges in fragments.
func count(fragments []fragment) int {
	edges := 0
	for i := range fragments {
		edges += fragments[i].edges()
	}
	return edges
}

// byCell sorts fragments by cell and keeps their order within a cell.
func byCell(fragments []fragment, cells int) (sorted []fragment, starts []int32) {
	starts = make([]int32, cells+2)
	for i := range fragments {
		starts[fragments[i].cell+2]++
	}
	for i := 2; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	sorted = make([]fragment, len(fragments))
	for i := range fragments {
		next := &starts[fragments[i].cell+1]
		sorted[*next] = fragments[i]
		*next++
	}
	return sorted, starts[:cells+1]
}

// spread deals the borders of pieces, given in the order of the rule, to the
// cells of a table. A cell that a unit covers entirely takes no further ones.
func spread(t *table, pieces []piece) []fragment {
	s := spreader{table: t, closed: make([]bool, int(t.cols)*int(t.rows))}
	for i := range pieces {
		s.add(int32(i), &pieces[i])
	}
	return s.fragments
}

type spreader struct {
	table     *table
	fragments []fragment
	closed    []bool // by cell: covered entirely

	// Of the piece being added, for the cells of its window:
	window struct{ col0, row0, col1, row1 int32 } // last ones included
	toggle []bool                                 // inside changes here, along a row
	first  []int32                                // its first fragment, plus one
	latest []int32                                // its latest fragment, plus one
}

func (s *spreader) add(number int32, p *piece) {
	s.openWindow(p.bound)
	for l, line := range p.lines {
		for i := range line[1:] {
			s.toggleRows(line[i], line[i+1])
			s.addEdge(fragment{piece: number, line: int32(l), begin: int32(i), end: int32(i + 1)}, line[i], line[i+1])
		}
	}
	s.closeWindow(number, p.inside)
}

func (s *spreader) openWindow(b geo.Bound) {
	t := s.table
	s.window.col0 = s.clampCol(s.col(int64(b.Min.X)))
	s.window.col1 = s.clampCol(s.col(int64(b.Max.X)))
	s.window.row0 = clamp(s.row(int64(b.Min.Y)), 0, int64(t.rows)-1)
	s.window.row1 = clamp(s.row(int64(b.Max.Y)), 0, int64(t.rows)-1)
	size := int(s.window.col1-s.window.col0+1) * int(s.window.row1-s.window.row0+1)
	s.toggle = cleared(s.toggle, size)
	s.first = cleared(s.first, size)
	s.latest = cleared(s.latest, size)
}

func cleared[T any](s []T, size int) []T {
	if cap(s) < size {
		return make([]T, size)
	}
	s = s[:size]
	clear(s)
	return s
}

func (s *spreader) col(x int64) int64 { return (x - int64(s.table.bound.Min.X)) >> s.table.shift }
func (s *spreader) row(y int64) int64 { return (y - int64(s.table.bound.Min.Y)) >> s.table.shift }

func (s *spreader) clampCol(col int64) int32 { return clamp(col, 0, int64(s.table.cols)-1) }

func clamp(v, low, high int64) int32 { return int32(max(low, min(v, high))) }

// at is the position of a cell in the window.
func (s *spreader) at(col, row int32) int32 {
	return (row-s.window.row0)*(s.window.col1-s.window.col0+1) + col - s.window.col0
}

// toggleRows notes for every row of corners that the edge crosses from which
// column on a westward ray meets it: the same count as in crossings, exactly.
func (s *spreader) toggleRows(a, b geo.Point) {
	low, high := int64(min(a.Y, b.Y)), int64(max(a.Y, b.Y))
	// Rows whose corners have low <= y < high.
	first := max(s.row(low-1)+1, int64(s.window.row0))
	last := min(s.row(high-1), int64(s.window.row1))
	for row := first; row <= last; row++ {
		y := int64(s.table.bound.Min.Y) + row<<s.table.shift
		west := int64(a.X) + floorDiv((y-int64(a.Y))*(int64(b.X)-int64(a.X)), int64(b.Y)-int64(a.Y))
		col := max(s.col(west)+1, int64(s.window.col0)) // corners with x > west
		if col <= int64(s.window.col1) {
			cell := &s.toggle[s.at(int32(col), int32(row))]
			*cell = !*cell
		}
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// addEdge lists an edge from a to b in every cell it may touch; a few cells too
// many do no harm.
func (s *spreader) addEdge(edge fragment, a, b geo.Point) {
	w := &s.window
	first := max(s.row(int64(min(a.Y, b.Y))), int64(w.row0))
	last := min(s.row(int64(max(a.Y, b.Y))), int64(w.row1))
	for row := first; row <= last; row++ {
		west, east := s.reach(a, b, row)
		col0, col1 := max(s.col(west), int64(w.col0)), min(s.col(east), int64(w.col1))
		for col := col0; col <= col1; col++ {
			s.list(edge, int32(col), int32(row))
		}
	}
}

// reach is how far west and east the edge comes within a row, or a step more.
func (s *spreader) reach(a, b geo.Point, row int64) (west, east int64) {
	low := int64(s.table.bound.Min.Y) + row<<s.table.shift
	high := low + 1<<s.table.shift
	if min(int64(a.Y), int64(b.Y)) >= low && max(int64(a.Y), int64(b.Y)) < high || a.X == b.X {
		return int64(min(a.X, b.X)), int64(max(a.X, b.X))
	}
	slope := (float64(b.X) - float64(a.X)) / (float64(b.Y) - float64(a.Y))
	at := func(y int64) float64 {
		y = max(y, int64(min(a.Y, b.Y)))
		y = min(y, int64(max(a.Y, b.Y)))
		return float64(a.X) + (float64(y)-float64(a.Y))*slope
	}
	x0, x1 := at(low), at(high)
	return int64(math.Floor(min(x0, x1))) - 1, int64(math.Ceil(max(x0, x1))) + 1
}

// list prolongs the fragment that the previous edges left in the cell, or
// starts a new one. One missing edge is included rather than starting anew.
func (s *spreader) list(edge fragment, col, row int32) {
	edge.cell = row*s.table.cols + col
	if s.closed[edge.cell] {
		return
	}
	at := s.at(col, row)
	if n := s.latest[at]; n > 0 {
		if f := &s.fragments[n-1]; f.line == edge.line && edge.begin <= f.end+1 {
			f.end = edge.end
			return
		}
	}
	s.fragments = append(s.fragments, edge)
	s.latest[at] = int32(len(s.fragments))
	if s.first[at] == 0 {
		s.first[at] = s.latest[at]
	}
}

// closeWindow gives every cell of the window its parity.
func (s *spreader) closeWindow(number int32, seed bool) {
	w := &s.window
	for row := w.row0; row <= w.row1; row++ {
		inside := seed
		for col := w.col0; col <= w.col1; col++ {
			at := s.at(col, row)
			inside = inside != s.toggle[at]
			cell := row*s.table.cols + col
			switch n := s.first[at]; {
			case n > 0:
				s.fragments[n-1].inside = inside
			case inside && !s.closed[cell]:
				s.closed[cell] = true
				s.fragments = append(s.fragments, fragment{cell: cell, piece: number, inside: true})
			}
		}
	}
}
