package mvt

// Builder writes one tile at a time. It keeps its buffers, so that a warm one
// allocates nothing; it is not for use by two goroutines at once.
type Builder struct {
	out   []byte // finished layers
	layer []byte // body of the layer being written
	tags  []byte
	found []uint32
	cut   clipper
	enc   encoder
	outer [][]Point
	marks marks
}

// marks number the keys and values that the layer being written uses. A mark
// counts only when its stamp is that of this layer, so nothing is ever cleared.
type marks struct {
	stamp  uint32
	keys   []mark
	values []mark
	nKeys  uint32
	nValue uint32
	key    []byte // encoded keys in order of first use
	value  []byte // encoded values in order of first use
	counts map[uint32]uint32
	count  uint32 // number of the key "count", plus one
}

type mark struct{ stamp, number uint32 }

func (m *marks) begin(columns, shared int) {
	m.stamp++
	if m.stamp == 0 { // after 2^32 layers old stamps would look new
		clear(m.keys)
		clear(m.values)
		m.stamp = 1
	}
	m.keys = grown(m.keys, columns)
	m.values = grown(m.values, shared)
	m.nKeys, m.nValue, m.count = 0, 0, 0
	m.key, m.value = m.key[:0], m.value[:0]
	clear(m.counts)
}

func grown(marks []mark, n int) []mark {
	if n <= len(marks) {
		return marks
	}
	return append(marks, make([]mark, n-len(marks))...)
}

// Reset starts a new tile.
func (b *Builder) Reset() { b.out = b.out[:0] }

// Bytes is the tile so far, valid until the next Reset. It is empty when nothing
// lies in the tile.
func (b *Builder) Bytes() []byte { return b.out }

func (b *Builder) begin(name string, t *Table) {
	b.layer = append(b.layer[:0], 0x0a)
	b.layer = appendUvarint(b.layer, uint32(len(name)))
	b.layer = append(b.layer, name...)
	b.marks.begin(len(t.columns), len(t.shared))
}

// end writes keys, values, extent and version behind the features, and the layer
// into the tile, unless it has no features.
func (b *Builder) end(features int) {
	if features == 0 {
		return
	}
	b.layer = append(b.layer, b.marks.key...)
	b.layer = append(b.layer, b.marks.value...)
	b.layer = append(b.layer, 0x28, 0x80, 0x20, 0x78, 0x02)
	b.out = append(b.out, 0x1a)
	b.out = appendUvarint(b.out, uint32(len(b.layer)))
	b.out = append(b.out, b.layer...)
}

// row collects the tags of a row as its face shows them.
func (b *Builder) row(t *Table, row uint32, face Face, s *Selection) {
	b.tags = b.tags[:0]
	n := len(t.columns)
	for c, cell := range t.cells[int(row)*n : int(row)*n+n] {
		if s != nil && s.Cells != nil && c == s.Column {
			cell = s.Cells[row]
		}
		if only := t.columns[c].Face; cell == 0 || only != Every && only != face {
			continue
		}
		b.tags = appendUvarint(b.tags, b.marks.keyOf(t, c))
		if t.columns[c].Unique {
			b.tags = appendUvarint(b.tags, b.marks.newValue(t.uniqueAt(cell)))
		} else {
			b.tags = appendUvarint(b.tags, b.marks.valueOf(t, cell-1))
		}
	}
}

func (m *marks) keyOf(t *Table, column int) uint32 {
	column = t.keys[column]
	k := &m.keys[column]
	if k.stamp != m.stamp {
		*k = mark{m.stamp, m.nKeys}
		m.nKeys++
		m.key = append(m.key, t.encoded[column]...)
	}
	return k.number
}

func (m *marks) valueOf(t *Table, shared uint32) uint32 {
	v := &m.values[shared]
	if v.stamp != m.stamp {
		*v = mark{m.stamp, m.nValue}
		m.nValue++
		m.value = append(m.value, t.shared[shared]...)
	}
	return v.number
}

func (m *marks) newValue(encoded []byte) uint32 {
	m.value = append(m.value, encoded...)
	m.nValue++
	return m.nValue - 1
}

// addCount appends the tag "count" to a row.
func (b *Builder) addCount(n uint32) {
	m := &b.marks
	if m.count == 0 {
		m.nKeys++
		m.count = m.nKeys
		m.key = append(m.key, "\x1a\x05count"...)
	}
	number, known := m.counts[n]
	if !known {
		if m.counts == nil {
			m.counts = map[uint32]uint32{}
		}
		m.value = append(m.value, 0x22, byte(1+sizeUvarint(n)), 0x28)
		m.value = appendUvarint(m.value, n)
		number = m.nValue
		m.nValue++
		m.counts[n] = number
	}
	b.tags = appendUvarint(b.tags, m.count-1)
	b.tags = appendUvarint(b.tags, number)
}

// feature writes what comes before a geometry of the given length.
func (b *Builder) feature(k kind, geometry int) {
	size := 2 + 1 + sizeUvarint(uint32(geometry)) + geometry
	if len(b.tags) > 0 {
		size += 1 + sizeUvarint(uint32(len(b.tags))) + len(b.tags)
	}
	b.layer = append(b.layer, 0x12)
	b.layer = appendUvarint(b.layer, uint32(size))
	if len(b.tags) > 0 {
		b.layer = append(b.layer, 0x12)
		b.layer = appendUvarint(b.layer, uint32(len(b.tags)))
		b.layer = append(b.layer, b.tags...)
	}
	b.layer = append(b.layer, 0x18, byte(k), 0x22)
	b.layer = appendUvarint(b.layer, uint32(geometry))
}

// moveTo writes the first command of a geometry.
func (b *Builder) moveTo(x, y uint32) {
	b.layer = append(b.layer, commandMoveTo)
	b.layer = appendUvarint(b.layer, x)
	b.layer = appendUvarint(b.layer, y)
}

// Shapes writes a layer with the selected shapes that meet the tile, which must be
// of the zoom of the shapes. It writes nothing when there are none.
func (b *Builder) Shapes(name string, s *Shapes, table *Table, t Tile, only *Selection) {
	within, origin := t.buffered(), t.origin()
	b.found = s.find(within, b.found[:0])
	if len(b.found) == 0 {
		return
	}
	b.begin(name, table)
	features := 0
	for _, i := range b.found {
		sh := &s.shapes[i]
		face := only.face(sh.row)
		switch {
		case face == Every:
			continue
		case sh.kind == kindPoint && !owns(origin, sh.start):
			continue // a point belongs to one tile
		case within.holds(sh.bounds):
			b.row(table, sh.row, face, only)
			b.copy(s, sh, origin)
		case !b.clip(s, sh, table, within, origin, only):
			continue
		}
		features++
	}
	b.end(features)
}

// owns reports whether p lies in the tile with this origin, without its buffer.
func owns(origin, p Point) bool {
	return origin.X <= p.X && p.X < origin.X+Extent && origin.Y <= p.Y && p.Y < origin.Y+Extent
}

func (b *Builder) copy(s *Shapes, sh *shape, origin Point) {
	x, y := zigzag(sh.start.X-origin.X), zigzag(sh.start.Y-origin.Y)
	b.feature(sh.kind, 1+sizeUvarint(x)+sizeUvarint(y)+int(sh.length))
	b.moveTo(x, y)
	b.layer = append(b.layer, s.commands[sh.commands:sh.commands+sh.length]...)
}

// clip writes what lies in the box and reports whether anything does.
func (b *Builder) clip(s *Shapes, sh *shape, table *Table, within box, origin Point, only *Selection) bool {
	b.enc.out, b.enc.cursor = b.enc.out[:0], origin
	s.decodeNear(sh, within, &b.cut.from)
	if sh.kind == kindLine {
		b.cut.lines(within, sh.bounds)
		b.enc.lines(&b.cut.from)
	} else {
		b.clipPolygons(within, sh.bounds)
	}
	if len(b.enc.out) == 0 {
		return false
	}
	b.row(table, sh.row, only.face(sh.row), only)
	b.feature(sh.kind, len(b.enc.out))
	b.layer = append(b.layer, b.enc.out...)
	return true
}

// clipPolygons cuts the rings in b.cut.from and encodes them, each outer ring
// followed by its holes.
func (b *Builder) clipPolygons(within, bounds box) {
	b.cut.polygon(within, bounds)
	bag := &b.cut.from
	b.outer = b.outer[:0]
	holes := 0
	for i := range bag.len() {
		switch area := doubledArea(bag.at(i)); {
		case area > 0:
			b.outer = append(b.outer, bag.at(i))
		case area < 0:
			holes++
		}
	}
	for i, outer := range b.outer {
		b.enc.ring(outer)
		if holes > 0 {
			b.holes(i, bag)
		}
	}
}

// holes encodes the holes that lie in the i-th outer ring and in none before it.
func (b *Builder) holes(i int, bag *rings) {
	for k := range bag.len() {
		if hole := bag.at(k); doubledArea(hole) < 0 && b.owner(hole) == i {
			b.enc.ring(hole)
		}
	}
}

// owner is the number of the outer ring around a hole: the first that holds all
// its points.
func (b *Builder) owner(hole []Point) int {
	if len(b.outer) == 1 {
		return 0
	}
	for i, outer := range b.outer {
		if holdsAll(outer, hole) {
			return i
		}
	}
	return -1
}

func holdsAll(outer, hole []Point) bool {
	for _, p := range hole {
		if !contains(outer, p) {
			return false
		}
	}
	return true
}

// Points writes a layer with the points that lie in the tile and belong to a member
// of only, thinned by the rule. It writes nothing when there are none.
func (b *Builder) Points(name string, p *Points, t Tile, only *Members) {
	switch {
	case only != nil:
		b.somePoints(name, p, t, only)
		return
	case p.rule[t.Z] > 0:
		b.thinnedPoints(name, p, t)
		return
	}
	from, to := p.within(t)
	if from == to {
		return
	}
	b.begin(name, p.table)
	for i := from; i < to; i++ {
		b.row(p.table, p.rows[i], Exact, nil)
		b.point(p.codes[i], t)
	}
	b.end(to - from)
}

func (b *Builder) thinnedPoints(name string, p *Points, t Tile) {
	thin := p.thin[t.Z]
	from, to := p.drawn(thin, t)
	if from == to {
		return
	}
	b.begin(name, p.table)
	for k := from; k < to; k++ {
		b.counted(p, int(thin[k]), thin.standsFor(k, len(p.codes)), t)
	}
	b.end(to - from)
}

// somePoints thins the points of only as if there were no others: neither which is
// drawn nor its count depends on them.
func (b *Builder) somePoints(name string, p *Points, t Tile, only *Members) {
	from, to := p.within(t)
	if from == to {
		return
	}
	b.begin(name, p.table)
	features, first, stands := 0, 0, uint32(0)
	for i := from; i < to; i++ {
		if !only.Has(p.owners[i]) {
			continue
		}
		if stands > 0 && p.sameSquare(first, i, int(t.Z)) {
			stands++
			continue
		}
		if stands > 0 {
			b.counted(p, first, stands, t)
			features++
		}
		first, stands = i, 1
	}
	if stands > 0 {
		b.counted(p, first, stands, t)
		features++
	}
	b.end(features)
}

// counted writes a point that stands for n.
func (b *Builder) counted(p *Points, i int, n uint32, t Tile) {
	b.row(p.table, p.rows[i], Exact, nil)
	if n > 1 {
		b.addCount(n)
	}
	b.point(p.codes[i], t)
}

// point writes the feature of a place on the Z-order curve.
func (b *Builder) point(code uint64, t Tile) {
	x, y := deinterleave(code)
	shift := MaxZoom - t.Z
	x, y = x>>shift&(Extent-1)<<1, y>>shift&(Extent-1)<<1 // zigzag of what is never negative
	b.feature(kindPoint, 1+sizeUvarint(x)+sizeUvarint(y))
	b.moveTo(x, y)
}
