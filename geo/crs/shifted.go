package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// Inside these bounds, in degrees of WGS 84, web maps shift to GCJ-02; outside
// the two systems are the same. The rectangle is that of the published code and
// includes neighbours and sea.
const (
	gcjWest, gcjEast   = 72.004, 137.8347
	gcjSouth, gcjNorth = 0.8293, 55.8271
)

func inGCJBounds(p orb.Point) bool {
	return gcjWest <= p[0] && p[0] <= gcjEast && gcjSouth <= p[1] && p[1] <= gcjNorth
}

// gcj is the published formula from WGS 84 to GCJ-02.
func gcj(p orb.Point) orb.Point {
	if !inGCJBounds(p) {
		return p
	}
	const (
		a  = 6378245.0
		e2 = 0.00669342162296594323
	)
	x, y := p[0]-105, p[1]-35
	root := math.Sqrt(math.Abs(x))
	both := (20*math.Sin(6*math.Pi*x) + 20*math.Sin(2*math.Pi*x)) * 2 / 3
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + both +
		(20*math.Sin(math.Pi*y)+40*math.Sin(math.Pi*y/3))*2/3 +
		(160*math.Sin(math.Pi*y/12)+320*math.Sin(math.Pi*y/30))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + both +
		(20*math.Sin(math.Pi*x)+40*math.Sin(math.Pi*x/3))*2/3 +
		(150*math.Sin(math.Pi*x/12)+300*math.Sin(math.Pi*x/30))*2/3
	sin, cos := math.Sincos(p[1] * degree)
	m := 1 - e2*sin*sin
	return orb.Point{
		p[0] + east/(a/math.Sqrt(m)*cos*degree),
		p[1] + north/(a*(1-e2)/(m*math.Sqrt(m))*degree),
	}
}

// bd is the formula from WGS 84 to Baidu's BD-09.
func bd(p orb.Point) orb.Point {
	const k = math.Pi * 3000 / 180
	g := gcj(p)
	z := math.Hypot(g[0], g[1]) + 0.00002*math.Sin(g[1]*k)
	sin, cos := math.Sincos(math.Atan2(g[1], g[0]) + 0.000003*math.Cos(g[0]*k))
	return orb.Point{z*cos + 0.0065, z*sin + 0.006}
}

// invert finds the place that a shift moves to p. The shift changes so little
// from place to place that each step gains a factor of about 150; the last ones
// only settle the rounding, below a nanometre and a half.
func invert(shift func(orb.Point) orb.Point, p orb.Point) orb.Point {
	guess := p
	best, least := guess, math.Inf(1)
	for range 12 {
		at := shift(guess)
		dx, dy := p[0]-at[0], p[1]-at[1]
		off := math.Abs(dx) + math.Abs(dy)
		if off >= least {
			break
		}
		best, least = guess, off
		if off < 2e-14 {
			break // a unit in the last place
		}
		guess = orb.Point{guess[0] + dx, guess[1] + dy}
	}
	if least > 1e-9 {
		return p // in the seam along the bounds, where no place is moved to p
	}
	return best
}
