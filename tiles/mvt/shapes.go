package mvt

import (
	"cmp"
	"slices"
)

// kind is the type of geometry of a feature, as in the tile format.
type kind uint8

const (
	kindPoint   kind = 1
	kindLine    kind = 2
	kindPolygon kind = 3
)

const (
	commandMoveTo    = 1 | 1<<3 // one point
	commandLineTo    = 2
	commandClosePath = 7 | 1<<3
)

// shape is a feature as it looks at one zoom: where its first ring or line
// starts, and in the commands everything after that point. These bytes do not
// depend on the tile.
type shape struct {
	bounds   box
	start    Point
	row      uint32
	commands uint32 // offset
	length   uint32
	chunk    uint32 // the first of nChunks, when the border is long
	nChunks  uint32
	kind     kind
}

// Shapes are features of one zoom, ready to be copied into tiles.
type Shapes struct {
	shapes   []shape
	commands []byte
	chunks   []chunk
	// levels of an implicit R-tree: levels[0][i] bounds shapes 16i to 16i+15,
	// levels[1][i] bounds 16 of those, and so on.
	levels [][]box
}

const fanout = 16

// ShapesBuilder collects the features of one zoom.
type ShapesBuilder struct {
	out  Shapes
	bag  rings
	enc  encoder
	flip []Point
}

// Ring is a closed ring in world units; the last point does not repeat the first.
type Ring []Point

// Polygon adds the polygons of one feature, outer ring first, with the inside on
// the left on the ground (outer rings counter-clockwise, as in geo). Rings that
// vanish at this zoom are left out; it reports whether anything remains.
func (b *ShapesBuilder) Polygon(row int, polygons ...[]Ring) bool {
	b.bag.reset()
	for _, polygon := range polygons {
		for i, ring := range polygon {
			if !b.ring(ring, i == 0) && i == 0 {
				break // its holes are gone with it
			}
		}
	}
	return b.add(row, kindPolygon)
}

// ring appends a ring to the bag, turned for the tile, whose y grows downwards.
// Spikes (there and back on the same edge) are cut off: they enclose nothing.
func (b *ShapesBuilder) ring(ring Ring, outer bool) bool {
	b.flip = b.flip[:0]
	for i := len(ring) - 1; i >= 0; i-- {
		b.flip = appendWithoutSpike(b.flip, ring[i])
	}
	b.flip = closeWithoutSpike(b.flip)
	if len(b.flip) < 3 {
		return false
	}
	// A ring so thin that rounding turned it over is left out like an empty one.
	if area := doubledArea(b.flip); area == 0 || (area > 0) != outer {
		return false
	}
	b.bag.points = append(b.bag.points, b.flip...)
	b.bag.ends = append(b.bag.ends, int32(len(b.bag.points)))
	return true
}

func appendWithoutSpike(ring []Point, p Point) []Point {
	n := len(ring)
	switch {
	case n > 0 && ring[n-1] == p:
		return ring
	case n > 1 && ring[n-2] == p:
		return ring[:n-1]
	}
	return append(ring, p)
}

func closeWithoutSpike(ring []Point) []Point {
	for len(ring) > 2 {
		n := len(ring)
		switch {
		case ring[0] == ring[n-1]:
			ring = ring[:n-1]
		case ring[0] == ring[n-2]:
			ring = ring[:n-2]
		case ring[1] == ring[n-1]:
			ring = ring[1 : n-1]
		default:
			return ring
		}
	}
	return ring
}

// Line adds the lines of one feature. Lines that shrink to a point are left out.
func (b *ShapesBuilder) Line(row int, lines ...[]Point) bool {
	b.bag.reset()
	for _, line := range lines {
		for _, p := range line {
			b.bag.push(p)
		}
		b.bag.close(2, false)
	}
	return b.add(row, kindLine)
}

// Point adds a feature at one place.
func (b *ShapesBuilder) Point(row int, p Point) {
	b.out.shapes = append(b.out.shapes, shape{bounds: box{p.X, p.Y, p.X, p.Y}, start: p, row: uint32(row), kind: kindPoint})
}

func (b *ShapesBuilder) add(row int, k kind) bool {
	if b.bag.len() == 0 {
		return false
	}
	s := shape{bounds: emptyBox, start: b.bag.points[0], row: uint32(row), kind: k, commands: uint32(len(b.out.commands))}
	for _, p := range b.bag.points {
		s.bounds = s.bounds.add(p)
	}
	b.enc.out = b.out.commands
	b.enc.rest(&b.bag, k)
	b.out.commands = b.enc.out
	s.length = uint32(len(b.out.commands)) - s.commands
	if k == kindPolygon && len(b.bag.points) >= longBorder {
		b.out.cutIntoChunks(&s, &b.bag)
	}
	b.out.shapes = append(b.out.shapes, s)
	return true
}

// Done sorts the shapes along a Z-order curve and builds the tree over them. The
// builder must not be used afterwards.
func (b *ShapesBuilder) Done() *Shapes {
	s := b.out
	s.commands = slices.Clip(s.commands)
	s.shapes = slices.Clip(s.shapes)
	s.chunks = slices.Clip(s.chunks)
	slices.SortStableFunc(s.shapes, func(a, b shape) int {
		return cmp.Compare(a.bounds.middle(), b.bounds.middle())
	})
	s.levels = tree(s.shapes)
	return &s
}

// middle is the place of the box's centre on the Z-order curve.
func (b box) middle() uint64 {
	return interleave(uint32((int64(b.minX)+int64(b.maxX))/2), uint32((int64(b.minY)+int64(b.maxY))/2))
}

func tree(shapes []shape) [][]box {
	var level []box
	for i := range shapes {
		if i%fanout == 0 {
			level = append(level, emptyBox)
		}
		level[len(level)-1] = level[len(level)-1].join(shapes[i].bounds)
	}
	levels := [][]box{level}
	for len(level) > 1 {
		var up []box
		for i := range level {
			if i%fanout == 0 {
				up = append(up, emptyBox)
			}
			up[len(up)-1] = up[len(up)-1].join(level[i])
		}
		levels = append(levels, up)
		level = up
	}
	return levels
}

// find appends the numbers of the shapes whose bounds meet the box, in order.
func (s *Shapes) find(within box, into []uint32) []uint32 {
	if len(s.shapes) == 0 {
		return into
	}
	return s.descend(len(s.levels)-1, 0, within, into)
}

func (s *Shapes) descend(level, node int, within box, into []uint32) []uint32 {
	if !s.levels[level][node].meets(within) {
		return into
	}
	first, below := node*fanout, len(s.shapes)
	if level > 0 {
		below = len(s.levels[level-1])
	}
	for i := first; i < min(first+fanout, below); i++ {
		switch {
		case level > 0:
			into = s.descend(level-1, i, within, into)
		case s.shapes[i].bounds.meets(within):
			into = append(into, uint32(i))
		}
	}
	return into
}

// Len is the number of features that are visible at this zoom.
func (s *Shapes) Len() int { return len(s.shapes) }

// Size is about the memory of the shapes in bytes.
func (s *Shapes) Size() int64 {
	n := int64(cap(s.shapes))*52 + int64(cap(s.commands)) + int64(cap(s.chunks))*36
	for _, level := range s.levels {
		n += int64(cap(level)) * 16
	}
	return n
}

// decode turns a shape's commands back into rings or lines in world units.
func (s *Shapes) decode(sh *shape, into *rings) {
	into.reset()
	into.points = append(into.points, sh.start)
	b := s.commands[sh.commands : sh.commands+sh.length]
	at := sh.start
	for i := 0; i < len(b); {
		var command, dx, dy uint32
		command, i = uvarint(b, i)
		switch command & 7 {
		case 7:
			continue
		case 1:
			into.ends = append(into.ends, int32(len(into.points)))
		}
		for range command >> 3 {
			dx, i = uvarint(b, i)
			dy, i = uvarint(b, i)
			at.X += unzigzag(dx)
			at.Y += unzigzag(dy)
			into.points = append(into.points, at)
		}
	}
	into.ends = append(into.ends, int32(len(into.points)))
}

func uvarint(b []byte, i int) (uint32, int) {
	v := uint32(b[i] & 0x7f)
	for shift := 7; b[i] >= 0x80; shift += 7 {
		i++
		v |= uint32(b[i]&0x7f) << shift
	}
	return v, i + 1
}

func zigzag(d int32) uint32   { return uint32(d<<1) ^ uint32(d>>31) }
func unzigzag(v uint32) int32 { return int32(v>>1) ^ -int32(v&1) }

func appendUvarint(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func sizeUvarint(v uint32) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// encoder writes geometry commands.
type encoder struct {
	out    []byte
	cursor Point
}

func (e *encoder) to(p Point) {
	e.out = appendUvarint(e.out, zigzag(p.X-e.cursor.X))
	e.out = appendUvarint(e.out, zigzag(p.Y-e.cursor.Y))
	e.cursor = p
}

// rest writes everything after the first MoveTo.
func (e *encoder) rest(r *rings, k kind) {
	e.cursor = r.points[0]
	for i := range r.len() {
		if i > 0 {
			e.moveTo(r.at(i)[0])
		}
		e.lineTo(r.at(i)[1:])
		if k == kindPolygon {
			e.out = append(e.out, commandClosePath)
		}
	}
}

// ring writes a whole ring.
func (e *encoder) ring(points []Point) {
	e.moveTo(points[0])
	e.lineTo(points[1:])
	e.out = append(e.out, commandClosePath)
}

// lines writes whole lines.
func (e *encoder) lines(r *rings) {
	for i := range r.len() {
		e.moveTo(r.at(i)[0])
		e.lineTo(r.at(i)[1:])
	}
}

func (e *encoder) moveTo(p Point) {
	e.out = append(e.out, commandMoveTo)
	e.to(p)
}

func (e *encoder) lineTo(points []Point) {
	e.out = appendUvarint(e.out, commandLineTo|uint32(len(points))<<3)
	for _, p := range points {
		e.to(p)
	}
}

// With returns the shapes without those of some rows, and with others of the same
// zoom. s stays as it is; the commands of what went are kept until the shapes are
// made anew.
func (s *Shapes) With(without map[int]bool, add *Shapes) *Shapes {
	next := &Shapes{
		commands: slices.Concat(s.commands, add.commands), chunks: slices.Concat(s.chunks, add.chunks),
		shapes: make([]shape, 0, len(s.shapes)+len(add.shapes)),
	}
	for i := range next.chunks[len(s.chunks):] {
		next.chunks[len(s.chunks)+i].commands += uint32(len(s.commands))
	}
	more := slices.Clone(add.shapes)
	for i := range more {
		more[i].commands += uint32(len(s.commands))
		more[i].chunk += uint32(len(s.chunks))
	}
	for _, sh := range s.shapes {
		for len(more) > 0 && more[0].bounds.middle() < sh.bounds.middle() {
			next.shapes, more = append(next.shapes, more[0]), more[1:]
		}
		if !without[int(sh.row)] {
			next.shapes = append(next.shapes, sh)
		}
	}
	next.shapes = append(next.shapes, more...)
	next.levels = tree(next.shapes)
	return next
}

// Join returns the features of several sets of one zoom as one set; rows of the i-th
// are counted from first[i] on.
func Join(sets []*Shapes, first []int) *Shapes {
	next := &Shapes{}
	for i, s := range sets {
		for _, sh := range s.shapes {
			sh.row += uint32(first[i])
			sh.commands += uint32(len(next.commands))
			sh.chunk += uint32(len(next.chunks))
			next.shapes = append(next.shapes, sh)
		}
		for _, c := range s.chunks {
			c.commands += uint32(len(next.commands))
			next.chunks = append(next.chunks, c)
		}
		next.commands = append(next.commands, s.commands...)
	}
	slices.SortStableFunc(next.shapes, func(a, b shape) int { return cmp.Compare(a.bounds.middle(), b.bounds.middle()) })
	next.levels = tree(next.shapes)
	return next
}
