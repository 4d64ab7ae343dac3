package mvt

import (
	"cmp"
	"math/bits"
	"slices"
)

// Points are many single places for all zooms, sorted along a Z-order curve of
// units at MaxZoom. The points of any tile of any zoom are one run of them.
//
// A point belongs to exactly one tile of a zoom (no buffer): its coordinates are
// rounded down, so that a change of one point concerns one tile of each zoom.
type Points struct {
	codes  []uint64 // place on the curve
	ids    []int64
	owners []int64  // to whom a point belongs; 0 = to nobody
	rows   []uint32 // row of the table
	table  *Table
	rule   Thinning
	thin   [MaxZoom + 1]thinned
}

// Thinning says, for each zoom, how wide the squares are, in bits of units, in
// which at most one point is drawn; 0 draws all. The point that is drawn comes
// first on the Z-order curve, then by id, and carries the number of points it
// stands for as the property "count". Squares lie inside tiles, so that every
// tile, and every later drawing of the same points, chooses alike.
type Thinning [MaxZoom + 1]uint8

// thinned are the points that are drawn at a zoom: each stands for itself and all
// up to the next one.
type thinned []uint32

// standsFor is the number of points that the k-th stands for, of n in all.
func (t thinned) standsFor(k, n int) uint32 {
	if k+1 < len(t) {
		return t[k+1] - t[k]
	}
	return uint32(n) - t[k]
}

// Place is a point to be added.
type Place struct {
	ID int64
	At Mercator
	// Values are the row of the table.
	Values []Value
	Owner  int64 // to whom the point belongs; 0 = to nobody
}

// NewPoints sorts the places. The table must be empty and gets their rows.
func NewPoints(table *Table, rule Thinning, places []Place) *Points {
	p := &Points{table: table, rule: rule}
	return p.Edit(nil, places)
}

// Edit returns the points without those whose id is in without, and with the
// places added. p stays as it is, and only the newest result may be edited again.
func (p *Points) Edit(without map[int64]bool, add []Place) *Points {
	table := *p.table
	added := newRun(&table, add)
	next := &Points{table: &table, rule: p.rule}
	n := len(p.codes) + len(added)
	next.codes, next.rows = make([]uint64, 0, n), make([]uint32, 0, n)
	next.ids, next.owners = make([]int64, 0, n), make([]int64, 0, n)
	gone := newMembers(without)
	for i, code := range p.codes {
		if gone.has(p.ids[i]) {
			continue
		}
		for len(added) > 0 && added[0].before(code, p.ids[i]) {
			next.append(added[0])
			added = added[1:]
		}
		next.append(located{code, p.ids[i], p.owners[i], p.rows[i]})
	}
	for _, a := range added {
		next.append(a)
	}
	next.choose(p)
	return next
}

// members is a set of ids that is quick to ask when there are few.
type members struct {
	few  []int64
	many map[int64]bool
}

func newMembers(ids map[int64]bool) members {
	if len(ids) > 4 {
		return members{many: ids}
	}
	var m members
	for id, in := range ids {
		if in {
			m.few = append(m.few, id)
		}
	}
	return m
}

func (m members) has(id int64) bool {
	if m.many != nil {
		return m.many[id]
	}
	return slices.Contains(m.few, id)
}

type located struct {
	code  uint64
	id    int64
	owner int64
	row   uint32
}

func (l located) before(code uint64, id int64) bool {
	return l.code < code || l.code == code && l.id < id
}

// newRun sorts places along the curve, and adds their rows in that order: what a
// tile draws lies together in memory.
func newRun(table *Table, places []Place) []located {
	run := make([]located, len(places))
	for i, place := range places {
		run[i] = located{place.At.code(), place.ID, place.Owner, uint32(i)}
	}
	slices.SortFunc(run, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.id, b.id))
	})
	for i := range run {
		run[i].row = uint32(table.Add(places[run[i].row].Values...))
	}
	return run
}

func (p *Points) append(l located) {
	p.codes, p.rows = append(p.codes, l.code), append(p.rows, l.row)
	p.ids, p.owners = append(p.ids, l.id), append(p.owners, l.owner)
}

// Owned returns the same points with other owners.
func (p *Points) Owned(by func(id int64) int64) *Points {
	next := *p
	next.owners = make([]int64, len(p.ids))
	for i, id := range p.ids {
		next.owners[i] = by(id)
	}
	return &next
}

// sameSquare reports whether at most one of two points is drawn at a zoom.
func (p *Points) sameSquare(i, k, zoom int) bool {
	return p.rule[zoom] > 0 && (p.codes[i]^p.codes[k])>>(2*(MaxZoom-zoom+int(p.rule[zoom]))) == 0
}

// choose lists the points that are drawn at each zoom: the first of every run that
// agrees above the bits which the zoom's squares leave out. like is a set of about
// the same points.
func (p *Points) choose(like *Points) {
	type square struct{ zoom, bits int }
	var squares []square
	for zoom := MaxZoom; zoom >= 0; zoom-- { // small squares first
		if p.rule[zoom] > 0 {
			squares = append(squares, square{zoom, 2 * (MaxZoom - zoom + int(p.rule[zoom]))})
			p.thin[zoom] = make(thinned, 0, len(like.thin[zoom])+64)
		}
	}
	slices.SortFunc(squares, func(a, b square) int { return a.bits - b.bits })
	for i, code := range p.codes {
		differs := 64
		if i > 0 {
			differs = bits.Len64(code ^ p.codes[i-1])
		}
		for _, s := range squares {
			if differs <= s.bits {
				break
			}
			p.thin[s.zoom] = append(p.thin[s.zoom], uint32(i))
		}
	}
}

// Len is the number of points.
func (p *Points) Len() int { return len(p.codes) }

// Find lists the tiles of the zooms from min to max in which points with one of
// the ids lie.
func (p *Points) Find(ids map[int64]bool, min, max int, into *Touched) {
	wanted := newMembers(ids)
	for i, id := range p.ids {
		if !wanted.has(id) {
			continue
		}
		x, y := deinterleave(p.codes[i])
		for zoom := min; zoom <= max; zoom++ {
			shift := extentBits + MaxZoom - zoom
			into.Add(Tile{uint8(zoom), x >> shift, y >> shift})
		}
	}
}

// run is the range of codes of a tile.
func (t Tile) run() (from, to uint64) {
	bits := 2 * (extentBits + MaxZoom - int(t.Z))
	code := interleave(t.X, t.Y)
	return code << bits, (code + 1) << bits
}

// within is the range of the points of the tile.
func (p *Points) within(t Tile) (from, to int) {
	low, high := t.run()
	from, _ = slices.BinarySearch(p.codes, low)
	to, _ = slices.BinarySearch(p.codes[from:], high)
	return from, from + to
}

// drawn is the range in thin of the points of the tile.
func (p *Points) drawn(thin thinned, t Tile) (from, to int) {
	first, last := p.within(t)
	from, _ = slices.BinarySearch(thin, uint32(first))
	to, _ = slices.BinarySearch(thin, uint32(last))
	return from, to
}

// Size is about the memory of the points in bytes.
func (p *Points) Size() int64 {
	n := p.table.Size() + int64(cap(p.codes))*28
	for _, t := range p.thin {
		n += int64(cap(t)) * 4
	}
	return n
}

// code is the place on the Z-order curve of units at MaxZoom, rounded down.
func (m Mercator) code() uint64 {
	const size = Extent << MaxZoom
	floor := func(v float64) uint32 { return uint32(max(0, min(size-1, int64(v*size)))) }
	return interleave(floor(m.X), floor(m.Y))
}

// interleave merges the bits of x (even places) and y (odd places).
func interleave(x, y uint32) uint64 { return spread(x) | spread(y)<<1 }

func deinterleave(code uint64) (x, y uint32) { return gather(code), gather(code >> 1) }

func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

func gather(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}
