package topology

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wangge/geo"
)

// outside is the owner of faces beyond the pieces of a cutting.
const outside = -1

// cutting is the neighbourhood of a line or an area as a subdivision, whose faces
// can be given to others.
type cutting struct {
	m     *Mosaic
	ids   []int   // the pieces of the neighbourhood; unit i of the mosaic is ids[i]
	owner []int   // of each face, as it was
	to    []int   // of each face, as it is to be
	drawn []bool  // of each edge: the line runs along it
	walk  []int32 // the line as half-edges
	area  int32   // the unit of the mosaic that stands for an area, or none
}

// cut draws a line or an area into the pieces around it, and into that with an id.
// Those that the box of it meets are touched; their neighbours are there because a
// border that gets a vertex moves by up to half a step.
func (f *Fabric) cut(line []geo.Point, area geo.MultiPolygon, into int) (*cutting, error) {
	box := boundOf(area)
	for _, p := range line {
		box = box.Extend(p)
	}
	if box.Empty() {
		return nil, ErrLine.Saying("it has no points")
	}
	near := geo.Bound{Min: geo.Point{X: box.Min.X - 1, Y: box.Min.Y - 1}, Max: geo.Point{X: box.Max.X + 1, Y: box.Max.Y + 1}}
	reach := near
	for _, id := range f.owners(near) {
		if id != Unclaimed { // whose land may be all around
			reach = reach.Union(f.bounds[id])
		}
	}
	c := &cutting{m: &Mosaic{}, ids: f.owners(reach), area: none}
	if f.pieces[into] != nil && !slices.Contains(c.ids, into) {
		c.ids = append(c.ids, into)
	}
	for _, id := range c.ids {
		c.m.units = append(c.m.units, unit{Part: Part{Area: f.pieces[id]}, role: partRole, parent: none})
	}
	if len(area) > 0 {
		c.area = int32(len(c.ids))
		c.m.units = append(c.m.units, unit{Part: Part{Area: area}, role: excludedRole, parent: none})
	}
	all := box
	for _, id := range c.ids {
		all = all.Union(f.bounds[id])
	}
	if tooWide(all) {
		return nil, ErrExtent
	}
	c.m.strokes = []stroke{{points: line}}
	// The background context does not end, so subdivide cannot fail.
	_ = c.m.subdivide(context.Background())
	c.walk = c.m.strokes[0].walk
	c.drawn = make([]bool, len(c.m.plane.ends))
	for _, h := range c.walk {
		c.drawn[h>>1] = true
	}
	c.owner = make([]int, len(c.m.cover))
	for face, cover := range c.m.cover {
		c.owner[face] = outside
		if len(cover) > 0 && cover[0] != c.area {
			c.owner[face] = c.ids[cover[0]]
		}
	}
	c.to = slices.Clone(c.owner)
	return c, nil
}

// pieces groups the faces that in accepts into those that hang together, the ones
// with the lowest numbers first; with apart the line keeps faces apart.
func (c *cutting) pieces(in func(face int32) bool, apart bool) [][]int32 {
	seen := make([]bool, len(c.owner))
	var out [][]int32
	for f := range int32(len(c.owner)) {
		if seen[f] || !in(f) {
			continue
		}
		seen[f] = true
		piece := []int32{f}
		for i := 0; i < len(piece); i++ {
			for _, h := range c.m.plane.edges[piece[i]] {
				g := c.m.plane.face[h^1]
				if !seen[g] && in(g) && !(apart && c.drawn[h>>1]) {
					seen[g] = true
					piece = append(piece, g)
				}
			}
		}
		out = append(out, piece)
	}
	return out
}

// size is twice the area of faces in square steps.
func (c *cutting) size(faces []int32) (sum int64) {
	for _, polygon := range c.m.plane.area(faces) {
		for _, r := range polygon {
			sum += r.DoubledArea()
		}
	}
	return sum
}

// largest is the number of the largest piece, the first among equals.
func (c *cutting) largest(pieces [][]int32) int {
	best, most := 0, int64(-1)
	for i, p := range pieces {
		if s := c.size(p); s > most {
			best, most = i, s
		}
	}
	return best
}

// give gives faces to another piece.
func (c *cutting) give(faces []int32, to int) {
	for _, f := range faces {
		c.to[f] = to
	}
}

// patch is what the faces given away and the vertices of the line change. made is
// the id of a piece that may be new.
func (c *cutting) patch(f *Fabric, made int) (Patch, error) {
	faces := map[int][]int32{}
	for face, id := range c.to {
		if id != outside {
			faces[id] = append(faces[id], int32(face))
		}
	}
	areas := map[int]geo.MultiPolygon{}
	for _, id := range c.ids {
		areas[id] = c.m.plane.area(faces[id])
		if len(areas[id]) == 0 && id != Unclaimed {
			return nil, ErrNothing.With(placeAt(f.pieces[id][0][0][0], fmt.Sprintf("unit %d", id), ErrNothing.Code))
		}
	}
	if len(faces[made]) > 0 {
		areas[made] = c.m.plane.area(faces[made])
	}
	return f.changes(c.pruned(f, areas)), nil
}

// pruned takes the vertices out of areas that the line left where it crosses borders
// without moving them: whoever cuts a unit need not draw exactly to its border.
func (c *cutting) pruned(f *Fabric, areas map[int]geo.MultiPolygon) map[int]geo.MultiPolygon {
	keep := map[geo.Point]bool{}
	for _, id := range c.ids {
		for _, polygon := range f.pieces[id] {
			for _, r := range polygon {
				for _, p := range r {
					keep[p] = true
				}
			}
		}
	}
	for e := range int32(len(c.m.plane.ends)) {
		left, right := c.m.plane.face[2*e], c.m.plane.face[2*e+1]
		if left != none && c.owner[left] == c.owner[right] && c.to[left] != c.to[right] { // a new border
			p, q := c.m.plane.segment(e)
			keep[p], keep[q] = true, true
		}
	}
	out := map[int]geo.MultiPolygon{}
	b, changed := newBorders(0), false
	for id, area := range areas {
		fewer, ok := redrawn(area, func(ring geo.Ring, i int) []geo.Point {
			if keep[ring[i]] {
				return ring[i : i+1]
			}
			return nil
		})
		out[id] = fewer
		if changed = changed || ok; ok {
			out[id] = canonical(fewer)
		}
		b.rings(out[id])
	}
	// The background context does not end, so firstHits cannot fail.
	if hits, _ := b.firstHits(context.Background()); !changed || len(hits) > 0 {
		return areas
	}
	return out
}

// reshape lets the border of the unit where the line begins follow the line: land
// of others that the unit and the line enclose comes to it, land of its own that
// the line cuts off goes to the neighbour along it. What lies before the first and
// behind the last crossing has no effect.
func (f *Fabric) reshape(line []geo.Point) (Patch, error) {
	c, err := f.cut(line, nil, Unclaimed)
	if err != nil {
		return nil, err
	}
	id := c.begins()
	if id == outside {
		return nil, ErrLine.Saying("it begins outside of the plan").With(placeAt(line[0], "line", ErrLine.Code))
	}
	own := func(face int32) bool { return c.owner[face] == id }
	others := func(face int32) bool { return !own(face) && c.owner[face] != outside }
	for _, whole := range c.pieces(others, false) {
		parts := c.cutUp(whole)
		stays := c.stays(parts)
		for i, part := range parts {
			if i != stays && c.beside(part, id) {
				c.give(part, id)
			}
		}
	}
	for _, whole := range c.pieces(own, false) {
		parts := c.cutUp(whole)
		stays := c.largest(parts)
		for i, part := range parts {
			if to := c.neighbour(part, id); i != stays && to != outside {
				c.give(part, to)
			}
		}
	}
	if slices.Equal(c.to, c.owner) {
		return nil, ErrLine.Saying("it has to cross the border of the unit where it begins, and come back").With(placeAt(line[0], "line", ErrLine.Code))
	}
	return c.patch(f, id)
}

// begins is who owns the land where the line begins; on a border, the land that it
// runs into first.
func (c *cutting) begins() int {
	for _, h := range c.walk {
		left, right := c.owner[c.m.plane.face[h]], c.owner[c.m.plane.face[h^1]]
		if left == right {
			return left
		}
	}
	return outside
}

// cutUp are the parts into which the line cuts faces that hang together.
func (c *cutting) cutUp(whole []int32) [][]int32 {
	in := make(map[int32]bool, len(whole))
	for _, f := range whole {
		in[f] = true
	}
	return c.pieces(func(f int32) bool { return in[f] }, true)
}

// stays is the part that is no pocket: of those that lie at the outside the
// largest, else the largest of all.
func (c *cutting) stays(parts [][]int32) int {
	var open [][]int32
	var number []int
	for i, part := range parts {
		if c.beside(part, outside) {
			open, number = append(open, part), append(number, i)
		}
	}
	if len(open) == 0 {
		return c.largest(parts)
	}
	return number[c.largest(open)]
}

// beside reports whether a part has a border with an owner's land.
func (c *cutting) beside(part []int32, owner int) bool {
	for _, f := range part {
		for _, h := range c.m.plane.edges[f] {
			if c.owner[c.m.plane.face[h^1]] == owner {
				return true
			}
		}
	}
	return false
}

// neighbour is the piece with the longest border along a part of id's land, of
// equals the lowest; outside when there is none.
func (c *cutting) neighbour(part []int32, id int) int {
	length := map[int]geo.Meters{}
	for _, f := range part {
		for _, h := range c.m.plane.edges[f] {
			if o := c.owner[c.m.plane.face[h^1]]; o != id && o != outside {
				p, q := c.m.plane.segment(h >> 1)
				length[o] += distance(p, q)
			}
		}
	}
	best := outside
	for o, l := range length {
		if best == outside || cmp.Or(cmp.Compare(l, length[best]), cmp.Compare(best, o)) > 0 {
			best = o
		}
	}
	return best
}

// split cuts one unit by a line. Parts that the line does not touch stay with the
// one that keeps the id.
func (f *Fabric) split(op Op) (Patch, error) {
	if len(op.Units) != 1 || op.Into <= Unclaimed || f.pieces[op.Into] != nil {
		return nil, ErrOp.Saying("a line splits one unit, and the other part needs an id of its own")
	}
	c, err := f.cut(op.Line, nil, Unclaimed)
	if err != nil {
		return nil, err
	}
	id := op.Units[0]
	side := map[int32]int{} // of each face of the unit beside the line: more to its left or to its right
	for _, h := range c.walk {
		if l, r := c.m.plane.face[h], c.m.plane.face[h^1]; l != r {
			side[l]++
			side[r]--
		}
	}
	var sides [2][]int32 // left, right
	var rest []int32
	for _, part := range c.pieces(func(face int32) bool { return c.owner[face] == id }, true) {
		sum := 0
		for _, face := range part {
			sum += side[face]
		}
		switch {
		case sum > 0:
			sides[0] = append(sides[0], part...)
		case sum < 0:
			sides[1] = append(sides[1], part...)
		default:
			rest = append(rest, part...)
		}
	}
	if len(sides[0]) == 0 || len(sides[1]) == 0 {
		return nil, ErrLine.Saying("it has to cross the unit from border to border").With(placeAt(op.Line[0], "line", ErrLine.Code))
	}
	keeps := c.largest([][]int32{append(slices.Clone(sides[0]), rest...), sides[1]})
	if op.At != (geo.Point{}) {
		for i, faces := range sides {
			if in, on := c.m.plane.area(faces).At(op.At); in || on {
				keeps = i
			}
		}
	}
	c.give(sides[1-keeps], op.Into)
	return c.patch(f, op.Into)
}

// merge gives all land of units to one of them.
func (f *Fabric) merge(units []int, into int) (Patch, error) {
	if !slices.Contains(units, into) || len(units) < 2 {
		return nil, ErrOp.Saying("two or more units become one of them")
	}
	areas := map[int]geo.MultiPolygon{}
	var land []geo.MultiPolygon
	for _, id := range units {
		if _, twice := areas[id]; !twice {
			land = append(land, f.pieces[id])
		}
		areas[id] = nil
	}
	areas[into] = Union(land...)
	return f.changes(areas), nil
}

// transfer gives what units have within an area to a piece.
func (f *Fabric) transfer(op Op) (Patch, error) {
	if op.Into < Unclaimed {
		return nil, ErrOp.Saying("land goes to a unit or to nobody")
	}
	if len(op.Area) == 0 {
		return nil, ErrOp.Saying("there is no area")
	}
	c, err := f.cut(nil, op.Area, op.Into)
	if err != nil {
		return nil, err
	}
	for face := range c.owner {
		from := c.owner[face]
		if from != outside && c.m.covers(c.area, int32(face)) && (len(op.Units) == 0 || slices.Contains(op.Units, from)) {
			c.to[face] = op.Into
		}
	}
	return c.patch(f, op.Into)
}
