package mvt

// Long borders are cut into chunks, so that a tile reads only those near it: a
// chunk that lies wholly on one outer side of the tile's box is replaced by its
// first point. That changes the polygon only outside of the box, where clipping
// takes everything away. The new outline may cross itself out there, but the
// winding number stays as it was wherever the box's sides are, which is all that
// joining the pieces relies on.

const (
	chunkPoints = 32 // of a border to a chunk
	longBorder  = 96 // points from which on a shape is cut into chunks
)

// chunk is a run of points of one ring.
type chunk struct {
	bounds   box // of its points and of the edge that leads on to the next chunk
	start    Point
	commands uint32 // offset of the deltas after start
	more     uint16 // points after start
	last     bool   // of its ring
}

// cutIntoChunks appends the chunks of a polygon whose points are in bag.
func (s *Shapes) cutIntoChunks(sh *shape, bag *rings) {
	sh.chunk = uint32(len(s.chunks))
	at := int(sh.commands)
	skip := func(varints int) {
		for range varints {
			_, at = uvarint(s.commands, at)
		}
	}
	for r := range bag.len() {
		ring := bag.at(r)
		if r > 0 {
			skip(3) // MoveTo and its delta
		}
		skip(1) // LineTo
		for from := 0; from < len(ring); from += chunkPoints {
			to := min(from+chunkPoints, len(ring))
			c := chunk{bounds: emptyBox, start: ring[from], commands: uint32(at), more: uint16(to - from - 1), last: to == len(ring)}
			for _, p := range ring[from:to] {
				c.bounds = c.bounds.add(p)
			}
			c.bounds = c.bounds.add(ring[to%len(ring)])
			s.chunks = append(s.chunks, c)
			skip(2 * (to - from - 1))
			if !c.last {
				skip(2) // the delta to the next chunk's start
			}
		}
		skip(1) // ClosePath
	}
	sh.nChunks = uint32(len(s.chunks)) - sh.chunk
}

// beside reports whether b lies wholly beyond one side of c.
func (b box) beside(c box) bool {
	return b.maxX < c.minX || b.minX > c.maxX || b.maxY < c.minY || b.minY > c.maxY
}

// decodeNear decodes what of a shape matters within a box.
func (s *Shapes) decodeNear(sh *shape, within box, into *rings) {
	if sh.nChunks == 0 {
		s.decode(sh, into)
		return
	}
	into.reset()
	for i := range s.chunks[sh.chunk : sh.chunk+sh.nChunks] {
		c := &s.chunks[int(sh.chunk)+i]
		into.points = append(into.points, c.start)
		if !c.bounds.beside(within) {
			s.decodeChunk(c, into)
		}
		if c.last {
			into.ends = append(into.ends, int32(len(into.points)))
		}
	}
}

func (s *Shapes) decodeChunk(c *chunk, into *rings) {
	at, i := c.start, int(c.commands)
	var dx, dy uint32
	for range c.more {
		dx, i = uvarint(s.commands, i)
		dy, i = uvarint(s.commands, i)
		at.X += unzigzag(dx)
		at.Y += unzigzag(dy)
		into.points = append(into.points, at)
	}
}
