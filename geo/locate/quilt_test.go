package locate_test

import (
	"fmt"
	"math/rand/v2"

	"wangge/geo"
	"wangge/geo/locate"
)

// A quilt is a board of patches with jittered corners and crooked seams, valid by
// construction: neighbours share every vertex of their seam. With size 1000 steps
// or more per patch no seam touches another.
type quilt struct {
	origin     geo.Point
	cols, rows int
	size       int32 // of a patch, lattice steps
	perSeam    int   // vertices inside each seam
	seed       uint64
}

func (q quilt) corner(c, r int) geo.Point {
	rnd := rand.New(rand.NewPCG(q.seed, uint64(c)<<32|uint64(r)))
	jitter := q.size / 4
	return geo.Point{
		X: q.origin.X + int32(c)*q.size + rnd.Int32N(jitter),
		Y: q.origin.Y + int32(r)*q.size + rnd.Int32N(jitter),
	}
}

// seam returns the vertices from corner a to corner b without b.
func (q quilt) seam(c0, r0, c1, r1 int) []geo.Point {
	if c0 > c1 || r0 > r1 {
		back := append(q.seam(c1, r1, c0, r0), q.corner(c0, r0))
		line := geo.Ring(back).Reversed()
		return line[:len(line)-1]
	}
	rnd := rand.New(rand.NewPCG(q.seed+1, uint64(c0*1000003+r0)<<8|uint64(c1-c0)))
	a, b := q.corner(c0, r0), q.corner(c1, r1)
	line := []geo.Point{a}
	for i := 1; i <= q.perSeam; i++ {
		t := float64(i) / float64(q.perSeam+1)
		wave := q.size / 20
		line = append(line, geo.Point{
			X: a.X + int32(t*float64(b.X-a.X)) + int32(r1-r0)*(rnd.Int32N(wave)-wave/2),
			Y: a.Y + int32(t*float64(b.Y-a.Y)) + int32(c1-c0)*(rnd.Int32N(wave)-wave/2),
		})
	}
	return line
}

func (q quilt) ring(c, r int) geo.Ring { return q.block(c, r, 1) }

// block is the outline of n by n patches.
func (q quilt) block(c, r, n int) geo.Ring {
	var ring geo.Ring
	for i := range n {
		ring = append(ring, q.seam(c+i, r, c+i+1, r)...)
	}
	for i := range n {
		ring = append(ring, q.seam(c+n, r+i, c+n, r+i+1)...)
	}
	for i := range n {
		ring = append(ring, q.seam(c+n-i, r+n, c+n-i-1, r+n)...)
	}
	for i := range n {
		ring = append(ring, q.seam(c, r+n-i, c, r+n-i-1)...)
	}
	return ring
}

// units returns one unit per patch at rank; codes run against the ids.
func (q quilt) units(rank int) []locate.Unit {
	var units []locate.Unit
	for r := range q.rows {
		for c := range q.cols {
			n := int64(len(units))
			units = append(units, locate.Unit{
				ID:   n + 1,
				Code: fmt.Sprintf("%05d", (n*7919)%100_000),
				Rank: rank,
				Area: geo.MultiPolygon{{q.ring(c, r)}},
			})
		}
	}
	return units
}

func square(x0, y0, x1, y1 int32) geo.Ring {
	return geo.Ring{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// town is a quilt of grids under villages, with what is hard about real ones: an
// enclave in another unit's hole, a unit in two parts, a hole nobody covers,
// parts that touch in one point, and two upper levels where no grid is.
func town(seed uint64) []locate.Unit {
	board := quilt{origin: geo.Point{X: 1_201_000_000, Y: 302_000_000}, cols: 12, rows: 9, size: 60_000, perSeam: 6, seed: seed}
	units := board.units(50)
	units = append(units[:20], units[23:]...) // three patches nobody has divided

	// An enclave, and a lake that is nobody's, in the middle of two patches.
	for i, ring := range []geo.Ring{
		square(1_201_030_000, 302_035_000, 1_201_038_000, 302_041_000),
		square(1_201_094_000, 302_036_000, 1_201_099_000, 302_042_000),
	} {
		units[i].Area = geo.MultiPolygon{{units[i].Area[0][0], ring.Reversed()}}
		if i == 0 {
			units = append(units, locate.Unit{ID: 900, Code: "00000", Rank: 50, Area: geo.MultiPolygon{{ring}}})
		}
	}
	// One unit of two parts that meet in a point, apart from everything.
	units = append(units, locate.Unit{ID: 901, Code: "两块", Rank: 50, Area: geo.MultiPolygon{
		{square(1_200_900_000, 301_900_000, 1_200_930_000, 301_930_000)},
		{square(1_200_930_000, 301_930_000, 1_200_960_000, 301_960_000)},
	}})
	// Clusters of nine patches, whose borders are those of their grids.
	for i := range 9 {
		units = append(units, locate.Unit{ID: int64(500 + i), Code: fmt.Sprintf("C%d", i), Rank: 45, Area: geo.MultiPolygon{
			{board.block(3*(i%3), 3*(i/3), 3)},
		}})
	}
	// Villages: bands over the whole board, sharing seams with nothing below.
	for i := range int32(5) {
		units = append(units, locate.Unit{ID: int64(1000 + i), Code: fmt.Sprintf("V%d", 5-i), Rank: 40, Area: geo.MultiPolygon{
			{square(1_200_990_000, 301_990_000+i*120_000, 1_201_800_000, 301_990_000+(i+1)*120_000)},
		}})
	}
	// The same area twice: the lower id wins when the codes are the same.
	twin := geo.MultiPolygon{{square(1_201_900_000, 302_000_000, 1_201_950_000, 302_050_000)}}
	return append(units,
		locate.Unit{ID: 7001, Code: "twin", Rank: 60, Area: twin},
		locate.Unit{ID: 7000, Code: "twin", Rank: 60, Area: twin},
	)
}

// probes are random places in and around the units, vertices, and points exactly
// on borders.
func probes(units []locate.Unit, n int, rnd *rand.Rand) []geo.Point {
	bound := geo.EmptyBound
	var rings []geo.Ring
	for _, u := range units {
		bound = bound.Union(u.Area.Bound())
		for _, polygon := range u.Area {
			rings = append(rings, polygon...)
		}
	}
	pts := make([]geo.Point, 0, n)
	for len(pts) < n {
		ring := rings[rnd.IntN(len(rings))]
		i := rnd.IntN(len(ring))
		a, b := ring[i], ring[(i+1)%len(ring)]
		switch len(pts) % 4 {
		case 0:
			pts = append(pts, a)
		case 1:
			pts = append(pts, onEdge(a, b, rnd))
		case 2: // a step or two beside a border
			p := onEdge(a, b, rnd)
			pts = append(pts, geo.Point{X: p.X + rnd.Int32N(5) - 2, Y: p.Y + rnd.Int32N(5) - 2})
		default:
			pts = append(pts, geo.Point{
				X: bound.Min.X - 20_000 + rnd.Int32N(bound.Max.X-bound.Min.X+40_000),
				Y: bound.Min.Y - 20_000 + rnd.Int32N(bound.Max.Y-bound.Min.Y+40_000),
			})
		}
	}
	return pts
}

// onEdge returns a lattice point exactly on the edge: one of those that divide it
// by the greatest common divisor of its sides.
func onEdge(a, b geo.Point, rnd *rand.Rand) geo.Point {
	dx, dy := int64(b.X)-int64(a.X), int64(b.Y)-int64(a.Y)
	parts := gcd(abs(dx), abs(dy))
	if parts == 0 {
		return a
	}
	k := rnd.Int64N(parts + 1)
	return geo.Point{X: a.X + int32(dx/parts*k), Y: a.Y + int32(dy/parts*k)}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func abs(a int64) int64 { return max(a, -a) }
