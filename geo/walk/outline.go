package walk

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"wangge/geo"
)

// drawing is the scratch space of outlines: the part of a raster that a search
// reached, in squares of one block each.
type drawing struct {
	raster        *raster
	left, low     int64   // the first block
	width, height int64   // in blocks
	square        []int32 // of each block, counted from 1; 0 where nothing is reached
	place         []int64 // block of each square
	ranges        []window
	blocks        []*block
	values        []uint32
	inside        []uint64 // for each square and limit, 64 rows of 64 points
	limits        []uint32
	// Crossings not yet drawn of the limit at work, by the point west or south of them.
	level, upright []uint64
	gates          []gate
	ring           []geo.Point
}

const (
	inSquare = blockSide * blockSide
	// slack is how far the search goes on beyond the limit, so that points of the
	// raster outside the outline have distances too.
	slack = 32_000
	// tolerance is how far the drawn line may leave the computed one where it crosses
	// the raster, in parts of the distance of two points.
	tolerance = 0.1
	// margin is how near a line may come to a point of the raster, in the same parts.
	margin = 1.0 / 32
)

// Outlines are the areas within the limits, which rise, after a Spread that went at
// least as far. The raster has so many metres between its points (10 or 20).
//
// Every point of the raster is joined to the streets as a home is, and its distance
// is exact; between points the line is interpolated. The area is that of all places
// whose distance is within the limit, so it holds no water and nothing that is not
// reached. Rings are simple and do not touch each other; outer rings run
// counter-clockwise, holes clockwise; the area of a limit holds those of the lower
// ones. Whatever source is within a limit has an area around it, be it small.
func (w *Walker) Outlines(limits []uint32, metres int) []geo.MultiPolygon {
	out := make([]geo.MultiPolygon, len(limits))
	if len(limits) == 0 || len(w.reached)+len(w.starts) == 0 {
		return out
	}
	d := &w.drawing
	d.limits = append(d.limits[:0], limits...)
	d.raster = w.n.raster(w.mode.Profile, metres)
	w.goOn(slack)
	if !d.lay(w) {
		return out
	}
	d.fill(w)
	d.mark(w)
	for k := range limits {
		out[k] = d.draw(w, k)
	}
	d.end()
	return out
}

// goOn goes on with a search, farther than its limit by so many mm. What is told of
// places keeps to the limit.
func (w *Walker) goOn(mm uint32) {
	limit := w.top
	w.top = min(uint64(horizon)<<32, w.top+uint64(mm)<<32)
	for i := range w.starts {
		w.enter(&w.starts[i])
	}
	for i, count := 0, len(w.reached); i < count; i++ {
		v := w.reached[i]
		if w.label[v]+uint64(w.costs.longest)<<32 <= limit {
			continue
		}
		for _, a := range w.out[w.n.first[v]:w.n.first[v+1]] {
			w.offer(a.head, w.label[v]+uint64(a.cost)<<32)
		}
	}
	w.run()
	w.top = limit
}

// lay finds the blocks that the search reaches into; ok is false where there are none.
func (d *drawing) lay(w *Walker) (ok bool) {
	limit := uint64(d.limits[len(d.limits)-1])
	d.ranges = d.ranges[:0]
	d.left, d.low = math.MaxInt64, math.MaxInt64
	right, high := int64(math.MinInt64), int64(math.MinInt64)
	var last window
	w.edges(func(e int32, starts []start) {
		nearest := min(w.label[w.n.from[e]], w.label[w.n.to[e]]) >> 32
		for i := range starts {
			nearest = min(nearest, uint64(starts[i].walk))
		}
		if nearest > limit {
			return
		}
		box := geo.EmptyBound
		for _, p := range w.n.Line(e) {
			box = box.Extend(p)
		}
		b := d.raster.blocksOf(box, float64(min(limit-nearest, MaxWalk)))
		if b == last && len(d.ranges) > 0 {
			return // as often: edges come in the order of a walk
		}
		last = b
		d.ranges = append(d.ranges, b)
		d.left, d.low, right, high = min(d.left, b.left), min(d.low, b.low), max(right, b.right), max(high, b.high)
	})
	if len(d.ranges) == 0 {
		return false
	}
	d.width, d.height = right-d.left+1, high-d.low+1
	d.square = append(d.square[:0], make([]int32, d.width*d.height)...)
	d.place = d.place[:0]
	for _, b := range d.ranges {
		for y := b.low; y <= b.high; y++ {
			for x := b.left; x <= b.right; x++ {
				if at := (y-d.low)*d.width + x - d.left; d.square[at] == 0 {
					d.place = append(d.place, at)
					d.square[at] = int32(len(d.place))
				}
			}
		}
	}
	return true
}

// fill gives every point its distance, and tells which are inside.
func (d *drawing) fill(w *Walker) {
	d.values = slices.Grow(d.values[:0], len(d.place)*inSquare)[:len(d.place)*inSquare]
	for i := range d.values {
		d.values[i] = Never
	}
	words := len(d.place) * len(d.limits) * blockSide
	d.inside = slices.Grow(d.inside[:0], words)[:words]
	clear(d.inside)
	highest := d.limits[len(d.limits)-1]
	for s, at := range d.place {
		block := d.raster.block(d.left+at%d.width, d.low+at/d.width)
		d.blocks = append(d.blocks, block)
		values := (*[inSquare]uint32)(d.values[s*inSquare:])
		inside := d.inside[s*len(d.limits)*blockSide:][:len(d.limits)*blockSide]
		put := func(cell, mm uint32) {
			if mm >= values[cell] {
				return // it has a better way to the streets
			}
			values[cell] = mm
			if mm > highest {
				return
			}
			for k := len(d.limits) - 1; k >= 0 && mm <= d.limits[k]; k-- {
				inside[uint32(k)<<blockBits+cell>>blockBits] |= 1 << (cell & (blockSide - 1))
			}
		}
		first := int32(0)
		for _, r := range block.runs {
			dots := block.dots[first:r.end]
			first = r.end
			from, to := w.label[w.n.from[r.edge]], w.label[w.n.to[r.edge]]
			starts := w.on(r.edge)
			if from == unreached && to == unreached && len(starts) == 0 {
				continue
			}
			length := w.n.length[r.edge]
			if len(starts) == 0 && w.up[r.edge] == length && w.down[r.edge] == length {
				from, to := uint32(from>>32), uint32(to>>32)
				for _, p := range dots {
					put(p.walk%inSquare, min(from+p.offset, to+length-p.offset)+p.walk>>cellBits)
				}
				continue
			}
			for _, p := range dots {
				if mm := w.at(r.edge, p.offset, p.walk>>cellBits, starts) >> 32; mm < unreached>>32 {
					put(p.walk%inSquare, uint32(mm))
				}
			}
		}
	}
}

// value of a point, in points from the first block's first.
func (d *drawing) value(i, j int64) uint32 {
	if s := d.squareAt(i, j); s > 0 {
		return d.values[int64(s-1)*inSquare+(j&(blockSide-1))<<blockBits+i&(blockSide-1)]
	}
	return Never
}

func (d *drawing) squareAt(i, j int64) int32 {
	x, y := i>>blockBits, j>>blockBits
	if x < 0 || y < 0 || x >= d.width || y >= d.height {
		return 0
	}
	return d.square[y*d.width+x]
}

// within reports whether a point is inside the limit k.
func (d *drawing) within(i, j int64, k int) bool {
	s := d.squareAt(i, j)
	return s > 0 && d.inside[(int(s-1)*len(d.limits)+k)*blockSide+int(j&(blockSide-1))]>>(i&(blockSide-1))&1 == 1
}

// mark gives every source that is within a limit a point of the raster beside it, so
// that it has an area even if the limit is shorter than the raster is wide.
func (d *drawing) mark(w *Walker) {
	r := d.raster
	for _, t := range w.starts {
		k, _ := slices.BinarySearch(d.limits, t.walk) // the first limit that reaches the street
		if k == len(d.limits) {
			continue
		}
		at := w.n.part(t.edge, t.offset, t.offset)[0]
		i0, j0 := floor(int64(at.X)-int64(r.min.X), r.stride)-d.left*blockSide, floor(int64(at.Y)-int64(r.min.Y), r.step)-d.low*blockSide
		best, bestI, bestJ := uint32(Never), i0, j0
		for corner := range int64(4) {
			if i, j := i0+corner&1, j0+corner>>1; d.value(i, j) < best {
				best, bestI, bestJ = d.value(i, j), i, j
			}
		}
		s := d.squareAt(bestI, bestJ)
		if s == 0 || best <= d.limits[k] {
			continue
		}
		d.values[int64(s-1)*inSquare+bestJ%blockSide*blockSide+bestI%blockSide] = d.limits[k]
		for ; k < len(d.limits); k++ {
			d.inside[(int(s-1)*len(d.limits)+k)*blockSide+int(bestJ%blockSide)] |= 1 << (bestI % blockSide)
		}
	}
}

// draw makes the area of limit k out of the points that are inside.
func (d *drawing) draw(w *Walker, k int) geo.MultiPolygon {
	d.cross(k)
	var rings []geo.Ring
	for s, at := range d.place {
		x, y := at%d.width*blockSide, at/d.width*blockSide
		for row := range blockSide {
			for word := &d.level[s*blockSide+row]; *word != 0; {
				i := int64(bits.TrailingZeros64(*word))
				d.trace(w, k, crossing{x + i, y + int64(row), false})
				rings = append(rings, d.simplify())
			}
		}
	}
	return assign(rings)
}

// crossing is where the line between a point and its neighbour to the east (or, if
// upright, to the north) leaves or enters the area.
type crossing struct {
	i, j    int64
	upright bool
}

// cross finds all crossings of limit k. Crossings beyond the blocks at the edge are
// found too: the lines from points west and south of a block belong to its
// neighbours, which are there where the search reached; points that are not there
// are outside, and blocks are laid with a row to spare.
func (d *drawing) cross(k int) {
	words := len(d.place) * blockSide
	d.level = slices.Grow(d.level[:0], words)[:words]
	d.upright = slices.Grow(d.upright[:0], words)[:words]
	rows := func(s int32) []uint64 {
		if s == 0 {
			return nil
		}
		return d.inside[(int(s-1)*len(d.limits)+k)*blockSide:][:blockSide]
	}
	for s, at := range d.place {
		own := rows(int32(s + 1))
		var east, north []uint64
		if at%d.width+1 < d.width {
			east = rows(d.square[at+1])
		}
		if at/d.width+1 < d.height {
			north = rows(d.square[at+d.width])
		}
		for j, row := range own {
			next := row >> 1
			if east != nil {
				next |= east[j] << 63
			}
			d.level[s*blockSide+j] = row ^ next
			above := uint64(0)
			if j+1 < blockSide {
				above = own[j+1]
			} else if north != nil {
				above = north[0]
			}
			d.upright[s*blockSide+j] = row ^ above
		}
	}
}

// take takes a crossing off the list.
func (d *drawing) take(c crossing) {
	s := d.squareAt(c.i, c.j)
	if s == 0 {
		return
	}
	list := d.level
	if c.upright {
		list = d.upright
	}
	list[int(s-1)*blockSide+int(c.j&(blockSide-1))] &^= 1 << (c.i & (blockSide - 1))
}

// gate is where a ring passes between two points of the raster: at a place, which
// may be moved between left and right of it, seen along the ring.
type gate struct{ at, left, right geo.Point }

// The directions of a ring: to the east, north, west, south. Turning left adds one.
var step = [4][2]int64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}

// trace follows the ring of limit k through a crossing, with the inside on its left,
// and leaves its gates. Where two corners of a square of points are inside and lie
// across from each other, they are kept apart.
func (d *drawing) trace(w *Walker, k int, c crossing) {
	d.gates = d.gates[:0]
	// The points left (inside) and right of the ring, and its direction.
	li, lj, ri, rj := c.i, c.j, c.i+1, c.j
	to := 1
	if !d.within(li, lj, k) {
		li, ri, to = ri, li, 3
	}
	beginI, beginJ, beginTo := li, lj, to
	for {
		d.gates = append(d.gates, d.gate(w, k, li, lj, ri, rj))
		d.take(crossing{min(li, ri), min(lj, rj), li == ri})
		fli, flj, fri, frj := li+step[to][0], lj+step[to][1], ri+step[to][0], rj+step[to][1]
		switch {
		case !d.within(fli, flj, k): // turn left, around the inside
			ri, rj, to = fli, flj, (to+1)&3
		case d.within(fri, frj, k): // turn right, around the outside
			li, lj, to = fri, frj, (to+3)&3
		default:
			li, lj, ri, rj = fli, flj, fri, frj
		}
		if li == beginI && lj == beginJ && to == beginTo {
			return
		}
	}
}

// gate of limit k between a point inside and one outside.
func (d *drawing) gate(w *Walker, k int, li, lj, ri, rj int64) gate {
	b := d.border(w, li, lj, ri, rj)
	part := b.part(d.limits[k])
	from, to := part-tolerance, part+tolerance
	// Other limits pass the same two points: each keeps to its half of the space.
	if k > 0 && b.in <= d.limits[k-1] {
		from = max(from, (part+b.part(d.limits[k-1]))/2)
	}
	if k+1 < len(d.limits) && b.out > d.limits[k+1] {
		to = min(to, (part+b.part(d.limits[k+1]))/2)
	}
	from, to = max(from, margin), min(to, 1-margin)
	r := d.raster
	x, y := int64(r.min.X)+(d.left*blockSide+li)*r.stride, int64(r.min.Y)+(d.low*blockSide+lj)*r.step
	dx, dy := float64((ri-li)*r.stride), float64((rj-lj)*r.step)
	at := func(part float64) geo.Point {
		return geo.Point{X: int32(x + int64(math.Round(dx*part))), Y: int32(y + int64(math.Round(dy*part)))}
	}
	return gate{at(part), at(from), at(to)}
}

// border is the distances along the line from a point inside to one outside: they
// grow evenly from in to near, jump there to far, and go on evenly to out. Without a
// jump, flip is 1 and near is out.
type border struct {
	in, near, far, out uint32
	flip               float64
}

// border between two neighbouring points, of which the first is inside.
func (d *drawing) border(w *Walker, li, lj, ri, rj int64) border {
	in, out := d.value(li, lj), d.value(ri, rj)
	b := border{in: in, near: out, far: out, out: out, flip: 1}
	if out-in <= 3*d.raster.mm/2 {
		return b
	}
	// No sum of small steps: the two belong to different streets.
	i, j := min(li, ri), min(lj, rj)
	s := d.squareAt(i, j)
	if s == 0 {
		b.flip, b.near = 0.5, in
		return b
	}
	f := d.raster.flip(d.blocks[s-1], d.left*blockSide+i, d.low*blockSide+j, li == ri)
	before, _ := split(w.beyond(&f.before))
	after, _ := split(w.beyond(&f.after))
	b.near, b.far, b.flip = before, after, f.part
	if li != i || lj != j {
		b.near, b.far, b.flip = after, before, 1-f.part
	}
	return b
}

// part of the way at which a limit is met that lies between in and out.
func (b *border) part(limit uint32) float64 {
	even := func(from, to, begin, end float64) float64 {
		return begin + (end-begin)*(float64(limit)-from)/(to-from)
	}
	part := b.flip
	switch {
	case b.near > limit:
		part = even(float64(b.in), float64(b.near), 0, b.flip)
	case b.far <= limit:
		part = even(float64(b.far), float64(b.out), b.flip, 1)
	}
	return min(max(part, margin), 1-margin)
}

// simplify makes a ring of the gates with as few corners as it easily can: from each
// corner the line goes straight on while it passes all gates on its way, within
// their width, and ends in a gate's own place. So it takes the same way between the
// points of the raster as before, and meets neither itself nor another ring.
func (d *drawing) simplify() geo.Ring {
	gates := d.gates
	count := len(gates)
	d.ring = d.ring[:0]
	for begin := 0; begin < count; {
		a := gates[begin].at
		d.ring = append(d.ring, a)
		left, right := gates[(begin+1)%count].left, gates[(begin+1)%count].right
		end := begin + 1
		for i := begin + 2; i <= count && i < begin+128; i++ {
			g := &gates[i%count]
			if geo.Cross(a, left, g.at) <= 0 && geo.Cross(a, right, g.at) >= 0 && ahead(a, left, g.at) {
				end = i
			}
			if geo.Cross(a, left, g.left) <= 0 {
				left = g.left
			}
			if geo.Cross(a, right, g.right) >= 0 {
				right = g.right
			}
			if geo.Cross(a, left, right) > 0 || !ahead(a, left, right) || !ahead(a, left, g.left) && !ahead(a, left, g.right) {
				break
			}
		}
		begin = end
	}
	return slices.Clone(d.ring)
}

// ahead reports whether q lies on the same side of o as p.
func ahead(o, p, q geo.Point) bool {
	return (int64(p.X)-int64(o.X))*(int64(q.X)-int64(o.X))+(int64(p.Y)-int64(o.Y))*(int64(q.Y)-int64(o.Y)) > 0
}

// assign puts holes into the outer rings that they lie in.
func assign(rings []geo.Ring) geo.MultiPolygon {
	type outer struct {
		box   geo.Bound
		area  int64
		index int
	}
	var area geo.MultiPolygon
	var outers []outer
	var holes []geo.Ring
	for _, r := range rings {
		if a := r.DoubledArea(); a > 0 {
			outers = append(outers, outer{r.Bound(), a, len(area)})
			area = append(area, geo.Polygon{r})
		} else if a < 0 {
			holes = append(holes, r)
		}
	}
	// A hole lies in the smallest ring around it.
	slices.SortStableFunc(outers, func(a, b outer) int { return cmp.Compare(a.area, b.area) })
	for _, hole := range holes {
		for _, o := range outers {
			if o.box.Contains(hole[0]) && ringContains(area[o.index][0], hole[0]) {
				area[o.index] = append(area[o.index], hole)
				break
			}
		}
	}
	return area
}

// end lets go of the blocks, and of the space of a drawing of a whole county.
func (d *drawing) end() {
	clear(d.blocks)
	d.blocks = d.blocks[:0]
	if cap(d.values) > 4<<20 {
		d.values, d.inside, d.level, d.upright = nil, nil, nil, nil
	}
}
