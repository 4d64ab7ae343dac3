package walk

import (
	"cmp"
	"container/list"
	"math"
	"slices"
	"sync"

	"wangge/geo"
)

// blockSide is how many points of the raster a block has in a row.
const (
	blockSide = 1 << blockBits
	blockBits = 6
)

// rasterBytes is how much memory the blocks of a network may take, about 5,000 blocks
// of a town: 2,000 km² at 10 m.
const rasterBytes = 128 << 20

// raster is points at equal distances over a network, each joined to the streets as
// a home would be. Blocks of them are joined when they are first needed.
type raster struct {
	n            *Network
	profile      Profile
	min          geo.Point // point 0, 0
	stride, step int64     // between points to the east and to the north, in lattice steps
	mm           uint32    // between points
	waters       []water
}

// water is a ring of hard walls, and its box.
type water struct {
	ring []geo.Point
	box  geo.Bound
}

// block is a square of the raster: its points by the edge they meet, like Places.
type block struct {
	runs []run
	dots []dot

	sync.Mutex
	flips map[uint16]*flip // by the point west or south of them, twice, plus one if upright
	kept  *kept
}

// run is the dots of one edge: those up to end, behind the run before.
type run struct{ edge, end int32 }

// dot is one way from a point of the raster to the streets. walk has the length
// in mm in its upper 20 bits, and below it the number of the point in the block.
type dot struct{ offset, walk uint32 }

const cellBits = 12

// blockKey names a block.
type blockKey struct {
	wheels bool
	metres int32
	x, y   int32
}

// rasters keeps the rasters of a network, and of their blocks those used last.
type rasters struct {
	sync.Mutex
	of     map[blockKey]*raster // x and y are 0
	blocks map[blockKey]*list.Element
	used   list.List // of *kept, latest first
	bytes  int
}

type kept struct {
	key   blockKey
	bytes int
	once[*block]
}

// raster of a profile with so many metres between points.
func (n *Network) raster(p Profile, metres int) *raster {
	r := &n.derived.rasters
	key := blockKey{wheels: p == Wheels, metres: int32(metres)}
	r.Lock()
	defer r.Unlock()
	if r.of == nil {
		r.of, r.blocks = map[blockKey]*raster{}, map[blockKey]*list.Element{}
	}
	if r.of[key] == nil {
		r.of[key] = newRaster(n, p, metres)
	}
	return r.of[key]
}

func newRaster(n *Network, p Profile, metres int) *raster {
	box := n.index(p).box
	east, north := scaleAt(int32((int64(box.Min.Y) + int64(box.Max.Y)) / 2))
	mm := float64(metres) * 1000
	r := &raster{
		n: n, profile: p, mm: uint32(metres) * 1000, min: box.Min,
		stride: max(16, int64(math.Round(mm/east))), step: max(16, int64(math.Round(mm/north))),
	}
	for _, w := range n.walls {
		if last := len(w.Line) - 1; w.Hard && last > 2 && w.Line[0] == w.Line[last] {
			ring := w.Line[:last]
			r.waters = append(r.waters, water{ring, geo.Ring(ring).Bound()})
		}
	}
	return r
}

// point of the raster; ok is false beyond the edge of the world.
func (r *raster) point(i, j int64) (p geo.Point, ok bool) {
	x, y := int64(r.min.X)+i*r.stride, int64(r.min.Y)+j*r.step
	if x < -180*geo.Scale || x > 180*geo.Scale || y < -90*geo.Scale || y > 90*geo.Scale {
		return geo.Point{}, false
	}
	return geo.Point{X: int32(x), Y: int32(y)}, true
}

// blocksOf a box that is widened by so many mm, which may be one row too many.
func (r *raster) blocksOf(box geo.Bound, mm float64) window {
	wide, tall := 1/float64(blockSide*r.stride), 1/float64(blockSide*r.step)
	more := (mm/float64(r.mm) + 1) / blockSide
	return window{
		left:  int64(math.Floor(float64(int64(box.Min.X)-int64(r.min.X))*wide - more)),
		low:   int64(math.Floor(float64(int64(box.Min.Y)-int64(r.min.Y))*tall - more)),
		right: int64(math.Floor(float64(int64(box.Max.X)-int64(r.min.X))*wide + more)),
		high:  int64(math.Floor(float64(int64(box.Max.Y)-int64(r.min.Y))*tall + more)),
	}
}

// floor of a quotient.
func floor(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// block at a place in the table of blocks; whoever asks first makes it.
func (r *raster) block(x, y int64) *block {
	all := &r.n.derived.rasters
	key := blockKey{wheels: r.profile == Wheels, metres: int32(r.mm / 1000), x: int32(x), y: int32(y)}
	all.Lock()
	e := all.blocks[key]
	if e == nil {
		e = all.used.PushFront(&kept{key: key})
		all.blocks[key] = e
	} else {
		all.used.MoveToFront(e)
	}
	all.Unlock()
	k := e.Value.(*kept)
	made := false
	b := k.get(func() *block {
		made = true
		b := r.join(x, y)
		b.kept = k
		return b
	})
	if made {
		all.Lock()
		if all.blocks[key] == e { // not dropped meanwhile
			k.bytes = blockBytes + 8*(len(b.runs)+len(b.dots))
			all.bytes += k.bytes
		}
		for last := all.used.Back(); all.bytes > rasterBytes && last != nil && last != e; last = all.used.Back() {
			old := last.Value.(*kept)
			all.bytes -= old.bytes // none yet for one that is being made
			all.used.Remove(last)
			delete(all.blocks, old.key)
		}
		all.Unlock()
	}
	return b
}

// join the points of a block to the streets. Points in water are left out, and those
// that no street is in reach of.
func (r *raster) join(x, y int64) *block {
	type joined struct {
		edge int32
		dot
	}
	var found []joined
	wet := r.wet(x, y)
	streets, fences, guess := r.n.index(r.profile), r.n.fences(), int32(-1)
	for j := range int64(blockSide) {
		for i := range int64(blockSide) {
			at, ok := r.point(x*blockSide+i, y*blockSide+j)
			if !ok || wet[j]>>i&1 == 1 {
				continue
			}
			p := streets.join(fences, at, MaxWalk, &guess)
			if p.Count == 0 && p.Reason == TooFar {
				guess = -1
			}
			for _, a := range p.Access[:p.Count] {
				found = append(found, joined{a.Edge, dot{a.Offset, a.Walk<<cellBits | uint32(j*blockSide+i)}})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b joined) int { return cmp.Compare(a.edge, b.edge) })
	b := &block{dots: make([]dot, len(found))}
	for k, f := range found {
		b.dots[k] = f.dot
		if last := len(b.runs) - 1; last >= 0 && b.runs[last].edge == f.edge {
			b.runs[last].end++
		} else {
			b.runs = append(b.runs, run{f.edge, int32(k + 1)})
		}
	}
	b.runs = slices.Clip(b.runs)
	return b
}

// What blocks and flips take beside their lists, in bytes, about.
const (
	blockBytes = 300
	flipBytes  = 160
)

// flip is where, between two neighbouring points of the raster, the way to the
// streets changes from one street to another, so that distances jump: at this part
// of the way from the point west or south to the other, and how one joins the streets
// just before and just behind it.
type flip struct {
	part          float64
	before, after Place
}

// flip between a point of a block and its neighbour to the east, or to the north if
// upright. It is looked for once.
func (r *raster) flip(b *block, i, j int64, upright bool) *flip {
	key := uint16(j%blockSide*blockSide+i%blockSide) << 1
	to := [2]int64{i + 1, j}
	if upright {
		key, to = key|1, [2]int64{i, j + 1}
	}
	b.Lock()
	f := b.flips[key]
	b.Unlock()
	if f != nil {
		return f
	}
	streets, fences, guess := r.n.index(r.profile), r.n.fences(), int32(-1)
	from, _ := r.point(i, j)
	end, _ := r.point(to[0], to[1])
	join := func(part float64) Place {
		return streets.join(fences, between(from, end, part), MaxWalk, &guess)
	}
	begin := join(0)
	f = &flip{part: 1, before: begin, after: join(1)}
	const steps = 5 // halvings: a thirty-second of the way
	low := 0.0
	for range steps {
		middle := (low + f.part) / 2
		if p := join(middle); r.near(&p, &begin) {
			low, f.before = middle, p
		} else {
			f.part, f.after = middle, p
		}
	}
	f.part = (low + f.part) / 2
	b.Lock()
	if b.flips == nil {
		b.flips = map[uint16]*flip{}
	}
	b.flips[key] = f
	b.Unlock()
	all := &r.n.derived.rasters
	all.Lock()
	if e := all.blocks[b.kept.key]; e != nil && e.Value == b.kept {
		b.kept.bytes += flipBytes
		all.bytes += flipBytes
	}
	all.Unlock()
	return f
}

// near reports whether two places join the same streets, one beside the other.
func (r *raster) near(p, q *Place) bool {
	for k := range p.Count {
		a, b := &p.Access[k], &q.Access[k]
		if a.Edge != b.Edge || max(a.Offset, b.Offset)-min(a.Offset, b.Offset) > 3*r.mm {
			return false
		}
	}
	return p.Count == q.Count
}

// wet tells which points of a block lie in water: those in an odd number of its
// rings, so that islands are dry. A bit for each point, a word for each row.
func (r *raster) wet(x, y int64) (rows [blockSide]uint64) {
	left, low := int64(r.min.X)+x*blockSide*r.stride, int64(r.min.Y)+y*blockSide*r.step
	right, high := left+(blockSide-1)*r.stride, low+(blockSide-1)*r.step
	for _, w := range r.waters {
		if int64(w.box.Min.X) > right || int64(w.box.Max.X) < left || int64(w.box.Min.Y) > high || int64(w.box.Max.Y) < low {
			continue
		}
		for i, b := range w.ring {
			a := w.ring[(i+len(w.ring)-1)%len(w.ring)]
			if a.Y > b.Y {
				a, b = b, a
			}
			// Rows at or above a, and below b: of two lines that meet, one counts.
			from := max(-floor(low-int64(a.Y), r.step), 0)
			for j := from; j < blockSide && low+j*r.step < int64(b.Y); j++ {
				line := float64(a.X) + float64(int64(b.X)-int64(a.X))*float64(low+j*r.step-int64(a.Y))/float64(int64(b.Y)-int64(a.Y))
				// The ray to the west of every point east of the line crosses it.
				switch first := int64(math.Floor((line-float64(left))/float64(r.stride))) + 1; {
				case first <= 0:
					rows[j] = ^rows[j]
				case first < blockSide:
					rows[j] ^= ^uint64(0) << first
				}
			}
		}
	}
	return rows
}
