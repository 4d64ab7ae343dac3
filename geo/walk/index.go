package walk

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"wangge/geo"
	"wangge/geo/group"
)

// derived is what a Network works out when it is first asked for.
type derived struct {
	streets  [2]once[*index] // for feet, for wheels
	fences   once[*fences]
	measured once[[]uint32]
	costs    [modes]once[*costs]
	walkers  sync.Pool
	rasters  rasters
}

// once holds a value that is made by whoever asks first.
type once[T any] struct {
	sync.Once
	value T
}

func (o *once[T]) get(make func() T) T {
	o.Do(func() { o.value = make() })
	return o.value
}

// along is how far each point of the shapes lies from the start of its edge, in mm;
// the last point of an edge lies at its length.
func (n *Network) along() []uint32 {
	return n.derived.measured.get(func() []uint32 {
		out := make([]uint32, len(n.shape))
		for e := range n.from {
			var sum float64
			for i := n.bend[e] + 1; i < n.bend[e+1]; i++ {
				sum += Distance(n.shape[i-1], n.shape[i])
				out[i] = uint32(min(math.Round(sum), float64(n.length[e])))
			}
			out[n.bend[e+1]-1] = n.length[e]
		}
		return out
	})
}

// grid is a table of cells over a box; each cell lists the things that touch it.
type grid struct {
	min           geo.Point
	step          int64 // height of a cell in lattice steps
	stride        int64 // width of a cell
	width, height int64
	first         []int32 // first[c]:first[c+1] of items lie in cell c
	items         []int32
}

// newGrid lays a table over a box with about as many cells as it has things. A cell
// is about square on the ground, and not below 16 m.
func newGrid(box geo.Bound, things int) grid {
	east, north := scaleAt(int32((int64(box.Min.Y) + int64(box.Max.Y)) / 2))
	width, height := int64(box.Max.X)-int64(box.Min.X)+1, int64(box.Max.Y)-int64(box.Min.Y)+1
	side := math.Sqrt(float64(width) * east * float64(height) * north / float64(max(1, things)))
	side = max(side, 16_000)
	g := grid{min: box.Min, stride: max(1, int64(side/east)), step: max(1, int64(side/north))}
	// A box without height has one row; it must not have millions of columns.
	g.stride = max(g.stride, width/int64(4*things+4))
	g.step = max(g.step, height/int64(4*things+4))
	g.width, g.height = (width+g.stride-1)/g.stride, (height+g.step-1)/g.step
	return g
}

func (g *grid) column(x int32) int64 {
	return min(max((int64(x)-int64(g.min.X))/g.stride, 0), g.width-1)
}

func (g *grid) row(y int32) int64 {
	return min(max((int64(y)-int64(g.min.Y))/g.step, 0), g.height-1)
}

// cells yields every cell that the line from a to b touches, and sometimes one
// beside it. It stops when yield says so.
func (g *grid) cells(a, b geo.Point, yield func(cell int64) bool) bool {
	if a.X > b.X {
		a, b = b, a
	}
	left, right := g.column(a.X), g.column(b.X)
	low, high := g.row(min(a.Y, b.Y)), g.row(max(a.Y, b.Y))
	if left == right || low == high {
		for r := low; r <= high; r++ {
			for c := left; c <= right; c++ {
				if !yield(r*g.width + c) {
					return false
				}
			}
		}
		return true
	}
	slope := float64(int64(b.Y)-int64(a.Y)) / float64(int64(b.X)-int64(a.X))
	at := func(x int64) int32 { // the line's height at x, kept between its ends
		x = min(max(x, int64(a.X)), int64(b.X))
		return int32(int64(a.Y) + int64(math.Round(slope*float64(x-int64(a.X)))))
	}
	for c := left; c <= right; c++ {
		x := int64(g.min.X) + c*g.stride
		y1, y2 := at(x), at(x+g.stride)
		// One step more on either side is for rounding.
		for r := g.row(max(min(y1, y2), math.MinInt32+1) - 1); r <= g.row(min(max(y1, y2), math.MaxInt32-1)+1); r++ {
			if !yield(r*g.width + c) {
				return false
			}
		}
	}
	return true
}

// fill puts things into the cells. touch calls put for every thing and each of its
// cells, in the order of the things, and is called twice.
func (g *grid) fill(touch func(put func(thing int32, cell int64))) {
	g.first = make([]int32, g.width*g.height+1)
	touch(func(_ int32, cell int64) { g.first[cell+1]++ })
	for c := range len(g.first) - 1 {
		g.first[c+1] += g.first[c]
	}
	g.items = make([]int32, g.first[len(g.first)-1])
	next := slices.Clone(g.first)
	touch(func(thing int32, cell int64) {
		g.items[next[cell]] = thing
		next[cell]++
	})
}

func (g *grid) in(cell int64) []int32 { return g.items[g.first[cell]:g.first[cell+1]] }

// index finds the streets near a place. It holds the edges that a kind of walkers
// may use.
type index struct {
	grid
	n       *Network
	box     geo.Bound
	along   []uint32
	edges   []int32  // of every edgeStep-th point of the shapes
	piece   []int32  // the connected part of each node, for these walkers
	lengths []uint64 // of the connected parts, in mm
}

// index of a profile's streets.
func (n *Network) index(p Profile) *index {
	which := 0
	if p == Wheels {
		which = 1
	}
	return n.derived.streets[which].get(func() *index { return newIndex(n, p) })
}

func newIndex(n *Network, p Profile) *index {
	x := &index{n: n, box: geo.EmptyBound, along: n.along(), piece: n.piece}
	fit := make([]bool, len(n.from))
	segments := 0
	for e := range n.from {
		cost := n.traits[e].effort(Mode{Profile: p}, n.length[e], false)
		if fit[e] = cost < impassable; !fit[e] {
			continue
		}
		for _, at := range n.Line(int32(e)) {
			x.box = x.box.Extend(at)
		}
		segments += int(n.bend[e+1]-n.bend[e]) - 1
	}
	if segments == 0 {
		return x
	}
	x.edges = make([]int32, 0, len(n.shape)/edgeStep+1)
	for e := range n.from {
		for len(x.edges)*edgeStep < int(n.bend[e+1]) {
			x.edges = append(x.edges, int32(e))
		}
	}
	if p == Wheels {
		x.piece = n.pieces(fit)
	}
	for e := range n.from {
		if fit[e] {
			p := int(x.piece[n.from[e]])
			if p >= len(x.lengths) {
				x.lengths = append(x.lengths, make([]uint64, p+1-len(x.lengths))...)
			}
			x.lengths[p] += uint64(n.length[e])
		}
	}
	x.grid = newGrid(x.box, segments)
	x.fill(func(put func(int32, int64)) {
		for e := range n.from {
			if !fit[e] {
				continue
			}
			for s := n.bend[e]; s < n.bend[e+1]-1; s++ {
				x.cells(n.shape[s], n.shape[s+1], func(cell int64) bool {
					put(s, cell)
					return true
				})
			}
		}
	})
	return x
}

// spot is a place on a segment of the shapes.
type spot struct {
	segment int32   // between this point of the shapes and the next; -1 for none
	square  float64 // of the straight distance, mm²
	part    float64 // of the segment, from 0 to 1
}

// eye is a place that looks for streets: lattice steps there, in mm.
type eye struct {
	at          geo.Point
	east, north float64
}

func eyeAt(at geo.Point) eye {
	east, north := scaleAt(at.Y)
	return eye{at, east, north}
}

// square of the distance to a segment in mm², and which part of the segment the
// nearest place is. Where that is an end it is the same number for all segments
// that share the end.
func (q *eye) square(a, b geo.Point) (square, part float64) {
	ax, ay := float64(a.X-q.at.X)*q.east, float64(a.Y-q.at.Y)*q.north
	bx, by := float64(b.X-q.at.X)*q.east, float64(b.Y-q.at.Y)*q.north
	dx, dy := bx-ax, by-ay
	whole := dx*dx + dy*dy
	t := -(ax*dx + ay*dy)
	switch {
	case t <= 0:
		return ax*ax + ay*ay, 0
	case t >= whole:
		return bx*bx + by*by, 1
	}
	c := ax*dy - ay*dx
	return c * c / whole, t / whole
}

// window is a range of cells, ends included.
type window struct{ left, low, right, high int64 }

// around a place: the cells within so many mm.
func (x *index) around(q *eye, mm float64) window {
	wide, high := int64(mm/q.east)+1, int64(mm/q.north)+1
	column := func(at int64) int64 { return min(max(floor(at-int64(x.min.X), x.stride), 0), x.width-1) }
	row := func(at int64) int64 { return min(max(floor(at-int64(x.min.Y), x.step), 0), x.height-1) }
	return window{
		column(int64(q.at.X) - wide), row(int64(q.at.Y) - high),
		column(int64(q.at.X) + wide), row(int64(q.at.Y) + high),
	}
}

// nearest place on a street within so many mm; ties go to the lowest segment, which
// is on the lowest edge. The segment is -1 where there is none. A guess is a segment
// that may be near, or -1: it makes no difference but to the time.
func (x *index) nearest(q *eye, within float64, guess int32) spot {
	best := spot{segment: -1, square: within * within}
	if len(x.first) == 0 {
		return best
	}
	look := func(items []int32) {
		for _, s := range items {
			square, part := q.square(x.n.shape[s], x.n.shape[s+1])
			if square < best.square || square == best.square && (best.segment < 0 || s < best.segment) {
				best = spot{s, square, part}
			}
		}
	}
	if guess >= 0 {
		look([]int32{guess})
	}
	cx, cy := x.column(q.at.X), x.row(q.at.Y)
	look(x.in(cy*x.width + cx))
	// Rings of cells around the first, as far as something nearer may lie in them.
	for r := int64(1); ; r++ {
		w := x.around(q, math.Sqrt(best.square))
		if w.left > cx-r && w.right < cx+r && w.low > cy-r && w.high < cy+r {
			return best
		}
		for row := max(cy-r, w.low); row <= min(cy+r, w.high); row++ {
			if row == cy-r || row == cy+r {
				for c := max(cx-r, w.left); c <= min(cx+r, w.right); c++ {
					look(x.in(row*x.width + c))
				}
				continue
			}
			if w.left <= cx-r {
				look(x.in(row*x.width + cx - r))
			}
			if w.right >= cx+r {
				look(x.in(row*x.width + cx + r))
			}
		}
	}
}

// all returns the nearest place on every street within so many mm, by rising
// distance, then by segment.
func (x *index) all(q *eye, within float64) []spot {
	if len(x.first) == 0 {
		return nil
	}
	var list []spot
	w := x.around(q, within)
	for row := w.low; row <= w.high; row++ {
		for c := w.left; c <= w.right; c++ {
			for _, s := range x.in(row*x.width + c) {
				if square, part := q.square(x.n.shape[s], x.n.shape[s+1]); square <= within*within {
					list = append(list, spot{s, square, part})
				}
			}
		}
	}
	// Segments are in the order of the edges: of each edge the nearest place is kept.
	slices.SortFunc(list, func(a, b spot) int { return int(a.segment - b.segment) })
	kept, last := list[:0], int32(-1)
	for _, s := range list {
		e := x.edge(s.segment)
		if e != last {
			kept, last = append(kept, s), e
		} else if s.square < kept[len(kept)-1].square {
			kept[len(kept)-1] = s
		}
	}
	slices.SortFunc(kept, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.square, b.square), cmp.Compare(a.segment, b.segment))
	})
	return kept
}

// edge that a segment of the shapes belongs to.
func (x *index) edge(segment int32) int32 {
	e := x.edges[segment/edgeStep]
	for x.n.bend[e+1] <= segment {
		e++
	}
	return e
}

// edgeStep is of how many points of the shapes one knows its edge.
const edgeStep = 8

// access to the street at a spot.
func (x *index) access(s spot) Access {
	from, to := x.along[s.segment], x.along[s.segment+1]
	return Access{
		Edge:   x.edge(s.segment),
		Offset: from + uint32(math.Round(s.part*float64(to-from))),
		Walk:   uint32(math.Round(math.Sqrt(s.square))),
	}
}

// point of a spot, on the lattice.
func (x *index) point(s spot) geo.Point {
	return between(x.n.shape[s.segment], x.n.shape[s.segment+1], s.part)
}

// between is the place that is part of the way from a to b, on the lattice.
func between(a, b geo.Point, part float64) geo.Point {
	return geo.Point{
		X: int32(int64(a.X) + int64(math.Round(part*float64(int64(b.X)-int64(a.X))))),
		Y: int32(int64(a.Y) + int64(math.Round(part*float64(int64(b.Y)-int64(a.Y))))),
	}
}

// pieces are the connected parts of the network with the edges that are fit alone,
// for each node, numbered by falling length.
func (n *Network) pieces(fit []bool) []int32 {
	joined := group.New(len(n.nodes))
	for e := range n.from {
		if fit[e] {
			joined.Join(n.from[e], n.to[e])
		}
	}
	size := make([]uint64, len(joined))
	for e := range n.from {
		if fit[e] {
			size[joined.Of(n.from[e])] += uint64(n.length[e])
		}
	}
	var roots []int32
	for v := range joined {
		if joined.Of(int32(v)) == int32(v) {
			roots = append(roots, int32(v))
		}
	}
	slices.SortStableFunc(roots, func(a, b int32) int {
		switch {
		case size[a] > size[b]:
			return -1
		case size[a] < size[b]:
			return 1
		}
		return 0
	})
	rank := make([]int32, len(joined))
	for i, r := range roots {
		rank[r] = int32(i)
	}
	piece := make([]int32, len(joined))
	for v := range piece {
		piece[v] = rank[joined.Of(int32(v))]
	}
	return piece
}

// fences are the walls by place, and the buildings with doors.
type fences struct {
	walls  grid
	ends   [][2]geo.Point // of the walls' segments
	hard   []bool
	houses grid
	doors  []Door
}

func (n *Network) fences() *fences {
	return n.derived.fences.get(func() *fences {
		f := &fences{doors: n.doors}
		box := geo.EmptyBound
		for _, w := range n.walls {
			for i := 1; i < len(w.Line); i++ {
				f.ends = append(f.ends, [2]geo.Point{w.Line[i-1], w.Line[i]})
				f.hard = append(f.hard, w.Hard)
				box = box.Extend(w.Line[i-1]).Extend(w.Line[i])
			}
		}
		if len(f.ends) > 0 {
			f.walls = newGrid(box, len(f.ends))
			f.walls.fill(func(put func(int32, int64)) {
				for i, s := range f.ends {
					f.walls.cells(s[0], s[1], func(cell int64) bool {
						put(int32(i), cell)
						return true
					})
				}
			})
		}
		box = geo.EmptyBound
		for _, d := range f.doors {
			box = box.Union(d.Building.Bound())
		}
		if !box.Empty() {
			f.houses = newGrid(box, len(f.doors))
			f.houses.fill(func(put func(int32, int64)) {
				for i, d := range f.doors {
					b := d.Building.Bound()
					if b.Empty() {
						continue
					}
					for r := f.houses.row(b.Min.Y); r <= f.houses.row(b.Max.Y); r++ {
						for c := f.houses.column(b.Min.X); c <= f.houses.column(b.Max.X); c++ {
							put(int32(i), r*f.houses.width+c)
						}
					}
				}
			})
		}
		return f
	})
}

// crossed is what a straight link crosses.
type crossed uint8

const (
	nothing crossed = iota
	softWall
	hardWall
)

// link says what the way from a place to the street crosses. Walls that it only
// touches with an end do not count, nor does the last 5 cm: a wall may stand on the
// street's line.
func (f *fences) link(q *eye, to geo.Point) crossed {
	if len(f.ends) == 0 || q.at == to {
		return nothing
	}
	length := math.Hypot(float64(to.X-q.at.X)*q.east, float64(to.Y-q.at.Y)*q.north)
	if length <= 50 {
		return nothing
	}
	to = between(q.at, to, 1-50/length)
	worst := nothing
	f.walls.cells(q.at, to, func(cell int64) bool {
		for _, i := range f.walls.in(cell) {
			if (f.hard[i] || worst == nothing) && crosses(q.at, to, f.ends[i][0], f.ends[i][1]) {
				if f.hard[i] {
					worst = hardWall
					return false
				}
				worst = softWall
			}
		}
		return true
	})
	return worst
}

// crosses reports whether a way from p to q crosses the wall from a to b. A way
// through the common end of two walls crosses one of them, if it gets to the other
// side. It is exact.
func crosses(p, q, a, b geo.Point) bool {
	if max(a.X, b.X) < min(p.X, q.X) || max(p.X, q.X) < min(a.X, b.X) ||
		max(a.Y, b.Y) < min(p.Y, q.Y) || max(p.Y, q.Y) < min(a.Y, b.Y) {
		return false
	}
	if (geo.Cross(p, q, a) > 0) == (geo.Cross(p, q, b) > 0) {
		return false
	}
	sp, sq := geo.Cross(a, b, p), geo.Cross(a, b, q)
	return sp > 0 && sq < 0 || sp < 0 && sq > 0
}

// entrances of the building that a place lies in, where they are known.
func (f *fences) entrances(at geo.Point) []geo.Point {
	if len(f.houses.first) == 0 {
		return nil
	}
	for _, i := range f.houses.in(f.houses.row(at.Y)*f.houses.width + f.houses.column(at.X)) {
		if d := &f.doors[i]; len(d.Entrances) > 0 && contains(d.Building, at) {
			return d.Entrances
		}
	}
	return nil
}

// contains reports whether a place lies in an area; on its border it may be either.
func contains(area geo.MultiPolygon, at geo.Point) bool {
	odd := false
	for _, polygon := range area {
		for _, ring := range polygon {
			if ring.Bound().Contains(at) && ringContains(ring, at) {
				odd = !odd
			}
		}
	}
	return odd
}

// ringContains counts the ring's crossings of the ray to the east, exactly.
func ringContains(ring []geo.Point, at geo.Point) bool {
	odd := false
	for i, b := range ring {
		a := ring[(i+len(ring)-1)%len(ring)]
		if (a.Y > at.Y) != (b.Y > at.Y) && (geo.Cross(a, b, at) > 0) == (b.Y > a.Y) {
			odd = !odd
		}
	}
	return odd
}
