package mvt

import "slices"

// rings is a bag of rings or lines in one flat slice.
type rings struct {
	points []Point
	ends   []int32 // end of each ring in points
}

func (r *rings) reset() { r.points, r.ends = r.points[:0], r.ends[:0] }

func (r *rings) len() int { return len(r.ends) }

func (r *rings) at(i int) []Point {
	start := int32(0)
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.points[start:r.ends[i]]
}

// start is where the ring being written begins.
func (r *rings) start() int {
	if len(r.ends) == 0 {
		return 0
	}
	return int(r.ends[len(r.ends)-1])
}

// push adds a point to the ring being written, unless it repeats the last one.
func (r *rings) push(p Point) {
	if n := len(r.points); n > r.start() && r.points[n-1] == p {
		return
	}
	r.points = append(r.points, p)
}

// close ends the ring being written, or forgets it when it has too few points.
func (r *rings) close(least int, ring bool) {
	start := r.start()
	for ring && len(r.points)-start > 1 && r.points[len(r.points)-1] == r.points[start] {
		r.points = r.points[:len(r.points)-1]
	}
	if len(r.points)-start < least {
		r.points = r.points[:start]
		return
	}
	r.ends = append(r.ends, int32(len(r.points)))
}

// side is a half-plane with its border: the side of a box.
type side struct {
	vertical bool // the border is x = limit, else y = limit
	least    bool // the inside is ≥ limit, else ≤ limit
	limit    int32
}

func (s side) inside(p Point) bool {
	v := p.Y
	if s.vertical {
		v = p.X
	}
	if s.least {
		return v >= s.limit
	}
	return v <= s.limit
}

// along is the place of a point on the border.
func (s side) along(p Point) int32 {
	if s.vertical {
		return p.Y
	}
	return p.X
}

// crossing is where the edge between a point inside and one outside meets the
// border, rounded to whole units. It is the same in both directions, so that
// neighbours that share the edge are cut at the same place.
func (s side) crossing(a, b Point) Point {
	if s.vertical {
		return Point{s.limit, interpolate(a.X, a.Y, b.X, b.Y, s.limit)}
	}
	return Point{interpolate(a.Y, a.X, b.Y, b.X, s.limit), s.limit}
}

// interpolate is v at u on the line (u0,v0)–(u1,v1), halves rounded up.
func interpolate(u0, v0, u1, v1, u int32) int32 {
	if u0 > u1 {
		u0, v0, u1, v1 = u1, v1, u0, v0
	}
	du, dv := int64(u1)-int64(u0), int64(v1)-int64(v0)
	n := 2*dv*(int64(u)-int64(u0)) + du
	q := n / (2 * du)
	if n%(2*du) < 0 {
		q--
	}
	return v0 + int32(q)
}

// sides are the four half-planes of a box that cut a shape with the bounds b.
func (c box) sides(b box, into []side) []side {
	if b.minX < c.minX {
		into = append(into, side{vertical: true, least: true, limit: c.minX})
	}
	if b.maxX > c.maxX {
		into = append(into, side{vertical: true, limit: c.maxX})
	}
	if b.minY < c.minY {
		into = append(into, side{least: true, limit: c.minY})
	}
	if b.maxY > c.maxY {
		into = append(into, side{limit: c.maxY})
	}
	return into
}

// clipper cuts shapes by boxes. It keeps its buffers.
type clipper struct {
	from, to rings
	sides    []side
	chains   []chain
	links    rings // the points of the chains
	enter    []int32
	leave    []int32
	next     []int32
}

// chain is a run of a ring inside a half-plane, from where it enters to where
// it leaves.
type chain struct {
	enter, leave int32 // places on the border
	used         bool
}

// polygon cuts one polygon (its outer ring and holes, in c.from) to the box; the
// result is in c.from again: outer rings and holes, each turned as before.
//
// An exact cut, not that of Sutherland and Hodgman: a polygon that falls into
// several pieces becomes several rings, without seams along the border. Seen
// along the border, the places where the boundary leaves and where it enters
// take turns, and between a pair lies the inside: so the k-th place where it
// leaves is joined to the k-th where it enters. Rounding is monotonic and keeps
// that order.
func (c *clipper) polygon(to, bounds box) {
	c.sides = to.sides(bounds, c.sides[:0])
	for _, s := range c.sides {
		c.to.reset()
		c.links.reset()
		c.chains = c.chains[:0]
		for i := range c.from.len() {
			c.cutRing(c.from.at(i), s)
		}
		c.join()
		c.from, c.to = c.to, c.from
	}
}

// cutRing sorts a ring into the result when it lies inside, or into chains.
func (c *clipper) cutRing(ring []Point, s side) {
	outside := slices.IndexFunc(ring, func(p Point) bool { return !s.inside(p) })
	if outside < 0 {
		c.to.points = append(c.to.points, ring...)
		c.to.ends = append(c.to.ends, int32(len(c.to.points)))
		return
	}
	last, in := ring[outside], false
	for i := range ring {
		p := ring[(outside+1+i)%len(ring)]
		now := s.inside(p)
		switch {
		case now && !in:
			at := s.crossing(last, p)
			c.chains = append(c.chains, chain{enter: s.along(at)})
			c.links.push(at)
			c.links.push(p)
		case now:
			c.links.push(p)
		case in:
			at := s.crossing(last, p)
			c.chains[len(c.chains)-1].leave = s.along(at)
			c.links.push(at)
			c.links.ends = append(c.links.ends, int32(len(c.links.points)))
		}
		last, in = p, now
	}
}

// join connects the chains along the border into rings.
func (c *clipper) join() {
	n := len(c.chains)
	if n == 0 {
		return
	}
	c.enter, c.leave, c.next = c.enter[:0], c.leave[:0], c.next[:0]
	for i := range n {
		c.enter, c.leave, c.next = append(c.enter, int32(i)), append(c.leave, int32(i)), append(c.next, 0)
	}
	if n > 1 {
		chains := c.chains
		slices.SortStableFunc(c.enter, func(a, b int32) int { return int(chains[a].enter) - int(chains[b].enter) })
		slices.SortStableFunc(c.leave, func(a, b int32) int { return int(chains[a].leave) - int(chains[b].leave) })
	}
	for k := range n {
		c.next[c.leave[k]] = c.enter[k]
	}
	for i := range c.chains {
		for at := int32(i); !c.chains[at].used; at = c.next[at] {
			c.chains[at].used = true
			for _, p := range c.links.at(int(at)) {
				c.to.push(p)
			}
		}
		if len(c.to.points) > c.to.start() {
			c.to.close(3, true)
		}
	}
}

// lines cuts the lines in c.from to the box; the result is in c.from again.
func (c *clipper) lines(to, bounds box) {
	c.sides = to.sides(bounds, c.sides[:0])
	for _, s := range c.sides {
		c.to.reset()
		for i := range c.from.len() {
			c.cutLine(c.from.at(i), s)
		}
		c.from, c.to = c.to, c.from
	}
}

func (c *clipper) cutLine(line []Point, s side) {
	in := false
	for i, p := range line {
		now := s.inside(p)
		if i > 0 && now != in {
			c.to.push(s.crossing(line[i-1], p))
		}
		if now {
			c.to.push(p)
		} else if in {
			c.to.close(2, false)
		}
		in = now
	}
	if len(c.to.points) > c.to.start() {
		c.to.close(2, false)
	}
}

// doubledArea is twice the signed area, positive for an outer ring of a tile
// (clockwise on the screen, since y grows downwards).
func doubledArea(ring []Point) int64 {
	var sum int64
	for i := 1; i+1 < len(ring); i++ {
		o, a, b := ring[0], ring[i], ring[i+1]
		sum += (int64(a.X)-int64(o.X))*(int64(b.Y)-int64(o.Y)) - (int64(a.Y)-int64(o.Y))*(int64(b.X)-int64(o.X))
	}
	return sum
}

// contains reports whether the ring holds the point or has it on its border.
func contains(ring []Point, p Point) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		side := (int64(b.X)-int64(a.X))*(int64(p.Y)-int64(a.Y)) - (int64(b.Y)-int64(a.Y))*(int64(p.X)-int64(a.X))
		if side == 0 && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) {
			return true
		}
		if (a.Y > p.Y) != (b.Y > p.Y) && (side > 0) == (b.Y > a.Y) {
			in = !in
		}
	}
	return in
}
