package walk

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"wangge/geo"
)

// Streets without nodes are joined by their geometry. JoinWithin is how near, in
// mm, two places must be to be one: surveys and hand-drawn lines miss each other by
// centimetres, and no two streets run within half a metre.
//
//   - Corners that lie so near are one place: ends of streets with whatever is
//     there (a bridge begins where its street ends), other corners on one layer.
//   - A street that ends so near to the course of another meets it there, and so
//     does any corner on the same layer.
//   - Courses that cross on one layer meet; on different layers they do not.
//
// Ends that miss another street by more than that, up to nearMiss, are reported.
const (
	JoinWithin = 500.0
	nearMiss   = 2000.0
)

// joint is a node of joined streets.
type joint struct {
	end   bool // some street ends here
	layer int8
	uses  int32
}

// segment is the part of a way between two of its corners.
type segment struct{ way, corner int32 }

// mark is a node that lies on a segment, at a part of its length.
type mark struct {
	segment int32
	part    float64
	node    int32
}

// joiner joins ways by their geometry.
type joiner struct {
	b        *builder
	ways     []int // those to be joined, in builder.ways
	joints   map[int32]*joint
	near     map[[2]int32][]int32 // cell → nodes
	segments []segment
	crossing map[[2]int32][]int32 // cell → segments
	marks    []mark
}

// Cells are 0.0001 and 0.001 degrees wide: 11 m and 110 m of latitude.
const (
	nodeCell    = 1_000
	segmentCell = 10_000
)

func cellOf(p geo.Point, size int32) [2]int32 {
	return [2]int32{floorOf(p.X, size), floorOf(p.Y, size)}
}

func floorOf(v, size int32) int32 {
	if v < 0 {
		return (v+1)/size - 1
	}
	return v / size
}

// join gives nodes to ways that have none, and puts those barriers on them that
// stand at no node.
func (b *builder) join(barriers []Barrier) {
	var ways []int
	for i := range b.ways {
		if b.ways[i].joined {
			ways = append(ways, i)
		}
	}
	if len(ways) == 0 {
		return
	}
	j := &joiner{b: b, ways: ways, joints: map[int32]*joint{}, near: map[[2]int32][]int32{}, crossing: map[[2]int32][]int32{}}
	j.corners()
	j.index()
	j.meet()
	j.cross()
	for i := range barriers {
		j.barrier(&barriers[i])
	}
	j.insert()
}

// corners numbers the corners of all ways, ends first.
func (j *joiner) corners() {
	for _, i := range j.ways {
		w := &j.b.ways[i]
		w.line = slices.Clone(w.line)
		w.nodes = make([]int32, len(w.line))
		last := len(w.line) - 1
		for _, c := range []int{0, last} {
			w.nodes[c] = j.node(w.line[c], w.traits.Layer, true)
		}
	}
	for _, i := range j.ways {
		w := &j.b.ways[i]
		for c := 1; c < len(w.line)-1; c++ {
			w.nodes[c] = j.node(w.line[c], w.traits.Layer, false)
		}
		// Corners that became one place are one corner.
		kept := w.nodes[:1]
		for _, v := range w.nodes[1:] {
			if v != kept[len(kept)-1] {
				kept = append(kept, v)
			}
		}
		if len(kept) == 1 {
			kept = append(kept, kept[0])
		}
		w.nodes, w.line = kept, w.line[:len(kept)]
		for c, v := range kept {
			w.line[c] = j.b.nodes[v]
		}
	}
}

// node finds the nearest that a corner becomes one with, or makes one.
func (j *joiner) node(at geo.Point, layer int8, end bool) int32 {
	v := j.found(at, func(v int32) bool { return end || j.joints[v].end || j.joints[v].layer == layer })
	if v < 0 {
		v = j.b.node(at)
		j.joints[v] = &joint{layer: layer}
		cell := cellOf(at, nodeCell)
		j.near[cell] = append(j.near[cell], v)
	}
	joint := j.joints[v]
	joint.uses++
	joint.end = joint.end || end
	return v
}

// found is the nearest node within JoinWithin that fits, or -1.
func (j *joiner) found(at geo.Point, fits func(int32) bool) int32 {
	best, bestFar := int32(-1), JoinWithin
	cell := cellOf(at, nodeCell)
	for x := cell[0] - 1; x <= cell[0]+1; x++ {
		for y := cell[1] - 1; y <= cell[1]+1; y++ {
			for _, v := range j.near[[2]int32{x, y}] {
				far := Distance(at, j.b.nodes[v])
				if (far < bestFar || far == bestFar && v < best) && fits(v) {
					best, bestFar = v, far
				}
			}
		}
	}
	return best
}

// index puts all segments into the cells that they pass.
func (j *joiner) index() {
	for _, i := range j.ways {
		w := &j.b.ways[i]
		for c := 1; c < len(w.line); c++ {
			s := int32(len(j.segments))
			j.segments = append(j.segments, segment{int32(i), int32(c - 1)})
			for _, cell := range cellsOf(w.line[c-1], w.line[c]) {
				j.crossing[cell] = append(j.crossing[cell], s)
			}
		}
	}
}

// cellsOf are the cells that a segment, and what lies within nearMiss of it, may
// touch: row by row, so that a long one does not fill the box around it.
func cellsOf(a, b geo.Point) (cells [][2]int32) {
	east, north := scaleAt(a.Y)
	dx, dy := int32(nearMiss/max(east, 1e-3))+1, int32(nearMiss/north)+1
	if a.Y > b.Y {
		a, b = b, a
	}
	from, to := cellOf(geo.Point{X: min(a.X, b.X) - dx, Y: a.Y - dy}, segmentCell), cellOf(geo.Point{X: max(a.X, b.X) + dx, Y: b.Y + dy}, segmentCell)
	for y := from[1]; y <= to[1]; y++ {
		first, last := from[0], to[0]
		if b.Y > a.Y && to[0]-from[0] > 2 {
			// Where the segment passes this row of cells.
			at := func(row int32) float64 {
				part := (float64(row)*segmentCell - float64(a.Y)) / (float64(b.Y) - float64(a.Y))
				return float64(a.X) + max(0, min(1, part))*(float64(b.X)-float64(a.X))
			}
			margin := float64(dx) + float64(dy)*math.Abs(float64(b.X)-float64(a.X))/(float64(b.Y)-float64(a.Y))
			p, q := at(y), at(y+1)
			first = max(first, floorOf(int32(min(p, q)-min(margin, 1e9)), segmentCell))
			last = min(last, floorOf(int32(max(p, q)+min(margin, 1e9)), segmentCell))
		}
		for x := first; x <= last; x++ {
			cells = append(cells, [2]int32{x, y})
		}
	}
	return cells
}

// ends of a segment.
func (j *joiner) ends(s int32) (w *way, u, v int32) {
	w = &j.b.ways[j.segments[s].way]
	c := j.segments[s].corner
	return w, w.nodes[c], w.nodes[c+1]
}

// foot is the place of a segment nearest to a point, as a part of its length, and
// how far it is in mm.
func (j *joiner) foot(s int32, at geo.Point) (part, far float64) {
	_, u, v := j.ends(s)
	a, b := j.b.nodes[u], j.b.nodes[v]
	east, north := scaleAt(at.Y)
	bx, by := float64(int64(b.X)-int64(a.X))*east, float64(int64(b.Y)-int64(a.Y))*north
	px, py := float64(int64(at.X)-int64(a.X))*east, float64(int64(at.Y)-int64(a.Y))*north
	if square := bx*bx + by*by; square > 0 {
		part = max(0, min(1, (px*bx+py*by)/square))
	}
	return part, math.Hypot(px-part*bx, py-part*by)
}

// meet joins corners of streets to the courses they touch: ends on any layer,
// others on their own. It reports ends that nearly touch one.
func (j *joiner) meet() {
	for _, i := range j.ways {
		w := &j.b.ways[i]
		for c, v := range w.nodes {
			end := c == 0 || c == len(w.nodes)-1
			at, gap, joined := j.b.nodes[v], nearMiss, false
			for _, s := range j.crossing[cellOf(at, segmentCell)] {
				x, a, b := j.ends(s)
				if a == v || b == v || !end && x.traits.Layer != w.traits.Layer {
					continue
				}
				part, far := j.foot(s, at)
				if far <= JoinWithin {
					j.marks = append(j.marks, mark{s, part, v})
					joined = true
				} else if int(j.segments[s].way) != i {
					gap = min(gap, far)
				}
			}
			if end && !joined && j.joints[v].uses == 1 && gap < nearMiss {
				j.b.report.problem(w.street, "street_gap",
					fmt.Sprintf("this street ends %.1f m from another and does not meet it; draw them to one place if people can pass", gap/1000), &at)
			}
		}
	}
}

// cross joins courses that cross on one layer.
func (j *joiner) cross() {
	cells := make([][2]int32, 0, len(j.crossing))
	for cell := range j.crossing {
		cells = append(cells, cell)
	}
	slices.SortFunc(cells, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, cell := range cells {
		list := j.crossing[cell]
		for k, s := range list {
			for _, t := range list[k+1:] {
				j.crossed(cell, s, t)
			}
		}
	}
}

// crossed joins two segments if they cross in a cell.
func (j *joiner) crossed(cell [2]int32, s, t int32) {
	w, a, b := j.ends(s)
	x, c, d := j.ends(t)
	if w.traits.Layer != x.traits.Layer || a == c || a == d || b == c || b == d {
		return
	}
	p, q, r, o := j.b.nodes[a], j.b.nodes[b], j.b.nodes[c], j.b.nodes[d]
	u, v := geo.Cross(r, o, p), geo.Cross(r, o, q)
	if !opposite(u, v) || !opposite(geo.Cross(p, q, r), geo.Cross(p, q, o)) {
		return
	}
	at := partway(p, q, float64(u)/(float64(u)-float64(v)))
	if cellOf(at, segmentCell) != cell {
		return // it is found there
	}
	node := j.node(at, w.traits.Layer, false)
	for _, on := range []int32{s, t} {
		if _, a, b := j.ends(on); node != a && node != b {
			part, _ := j.foot(on, j.b.nodes[node])
			j.marks = append(j.marks, mark{on, part, node})
		}
	}
}

func opposite(a, b int64) bool { return a < 0 && b > 0 || a > 0 && b < 0 }

// barrier puts one on the node, or else on the course, that it stands at.
func (j *joiner) barrier(barrier *Barrier) {
	p := through(barrier.Kind, barrier.Tags)
	if p == open {
		return
	}
	v := j.found(barrier.At, func(int32) bool { return true })
	if v < 0 {
		best, bestFar, bestPart := int32(-1), JoinWithin, 0.0
		for _, s := range j.crossing[cellOf(barrier.At, segmentCell)] {
			if part, far := j.foot(s, barrier.At); far <= bestFar && (best < 0 || far < bestFar) {
				best, bestFar, bestPart = s, far, part
			}
		}
		if best < 0 {
			return
		}
		w, _, _ := j.ends(best)
		v = j.node(barrier.At, w.traits.Layer, false)
		j.marks = append(j.marks, mark{best, bestPart, v})
	}
	j.b.pass[v] = max(j.b.pass[v], p)
}

// insert gives the ways the corners at which they meet others.
func (j *joiner) insert() {
	slices.SortFunc(j.marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.part, b.part), cmp.Compare(a.node, b.node))
	})
	next, s := 0, 0
	for _, i := range j.ways {
		w := &j.b.ways[i]
		nodes := w.nodes[:1:1]
		for c := 1; c < len(w.nodes); c++ {
			for ; next < len(j.marks) && int(j.marks[next].segment) == s; next++ {
				if v := j.marks[next].node; v != nodes[len(nodes)-1] && v != w.nodes[c] {
					nodes = append(nodes, v)
				}
			}
			nodes = append(nodes, w.nodes[c])
			s++
		}
		w.nodes = nodes
		w.line = make([]geo.Point, len(nodes))
		for c, v := range nodes {
			w.line[c] = j.b.nodes[v]
		}
	}
}
