package bench

import (
	"fmt"
	"math/rand/v2"

	"wangge/geo"
	"wangge/geo/locate"
)

// county is a board of grids without seams between them: side × side of them,
// about 400 m wide, with 60 vertices each, and points among them.
type county struct {
	side   int
	rnd    *rand.Rand
	corner []geo.Point   // (side+1)²
	across [][]geo.Point // seams from west to east, without their ends
	down   [][]geo.Point // seams from north to south
}

const (
	gridWidth = 40_000 // lattice steps
	perSeam   = 14     // vertices between two corners
)

// origin is the south-western corner, 120.1° E 30.2° N.
var origin = geo.Point{X: 1_201_000_000, Y: 302_000_000}

// newCounty makes the county of side × side grids; the same side, the same county.
func newCounty(side int) *county {
	c := &county{side: side, rnd: rand.New(rand.NewPCG(1, uint64(side)))}
	for y := range side + 1 {
		for x := range side + 1 {
			c.corner = append(c.corner, c.jitter(geo.Point{
				X: origin.X + int32(x*gridWidth), Y: origin.Y + int32(y*gridWidth)}, gridWidth/8))
		}
	}
	for y := range side + 1 {
		for x := range side {
			c.across = append(c.across, c.seam(c.at(x, y), c.at(x+1, y)))
		}
	}
	for x := range side + 1 {
		for y := range side {
			c.down = append(c.down, c.seam(c.at(x, y), c.at(x, y+1)))
		}
	}
	return c
}

func (c *county) at(x, y int) geo.Point { return c.corner[y*(c.side+1)+x] }

func (c *county) jitter(p geo.Point, by int32) geo.Point {
	return geo.Point{X: p.X + c.rnd.Int32N(2*by) - by, Y: p.Y + c.rnd.Int32N(2*by) - by}
}

// seam is a crooked line between two corners, without these.
func (c *county) seam(from, to geo.Point) []geo.Point {
	line := make([]geo.Point, perSeam)
	for i := range line {
		part := int64(i + 1)
		straight := geo.Point{
			X: from.X + int32(int64(to.X-from.X)*part/(perSeam+1)),
			Y: from.Y + int32(int64(to.Y-from.Y)*part/(perSeam+1)),
		}
		line[i] = c.jitter(straight, gridWidth/(4*perSeam))
	}
	return line
}

// grids are the units, numbered from 1 row by row.
func (c *county) grids() []locate.Unit {
	var units []locate.Unit
	for y := range c.side {
		for x := range c.side {
			id := len(units) + 1
			units = append(units, locate.Unit{ID: int64(id), Code: fmt.Sprintf("%06d", id), Rank: 50,
				Area: geo.MultiPolygon{{c.ring(x, y)}}})
		}
	}
	return units
}

// ring walks a grid's border with the inside on the left.
func (c *county) ring(x, y int) geo.Ring {
	ring := geo.Ring{c.at(x, y)}
	ring = append(ring, c.across[y*c.side+x]...)
	ring = append(ring, c.at(x+1, y))
	ring = append(ring, c.down[(x+1)*c.side+y]...)
	ring = append(ring, c.at(x+1, y+1))
	ring = append(ring, reversed(c.across[(y+1)*c.side+x])...)
	ring = append(ring, c.at(x, y+1))
	return append(ring, reversed(c.down[x*c.side+y])...)
}

func reversed(line []geo.Point) []geo.Point {
	back := make([]geo.Point, len(line))
	for i, p := range line {
		back[len(line)-1-i] = p
	}
	return back
}

// points are n places within the county.
func (c *county) points(n int) []geo.Point {
	list := make([]geo.Point, n)
	width := int32(c.side * gridWidth)
	for i := range list {
		list[i] = geo.Point{X: origin.X + c.rnd.Int32N(width), Y: origin.Y + c.rnd.Int32N(width)}
	}
	return list
}
