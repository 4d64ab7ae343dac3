package topology

import (
	"math/bits"

	"wangge/geo"
)

// crosses reports whether the open segments ab and cd meet in one point that is
// an end of neither. Touching and overlapping segments do not cross.
func crosses(a, b, c, d geo.Point) bool {
	return opposite(geo.Cross(a, b, c), geo.Cross(a, b, d)) &&
		opposite(geo.Cross(c, d, a), geo.Cross(c, d, b))
}

func opposite(s, t int64) bool { return s > 0 && t < 0 || s < 0 && t > 0 }

// crossing is the place where the crossing segments ab and cd meet, rounded to
// the lattice, halves upwards: the centre of the half-open pixel that holds the
// exact point. Products reach 92 bits, hence the 128-bit arithmetic.
func crossing(a, b, c, d geo.Point) geo.Point {
	// The point is a + (b-a)*num/den with 0 < num < den.
	num, den := geo.Cross(a, c, d), geo.Cross(a, c, d)-geo.Cross(b, c, d)
	if den < 0 {
		num, den = -num, -den
	}
	return geo.Point{
		X: a.X + roundRatio(int64(b.X)-int64(a.X), uint64(num), uint64(den)),
		Y: a.Y + roundRatio(int64(b.Y)-int64(a.Y), uint64(num), uint64(den)),
	}
}

// roundRatio is floor(d*num/den + 1/2) for 0 <= num <= den < 2^62.
func roundRatio(d int64, num, den uint64) int32 {
	if d >= 0 { // (2*d*num + den) / (2*den), rounded down
		return int32(mulAddDiv(2*uint64(d), num, den, 2*den))
	}
	// Rounding -x down is rounding x up.
	return -int32(mulAddDiv(2*uint64(-d), num, den-1, 2*den))
}

// mulAddDiv is (x*y + z) / w in 128 bits, rounded down; the quotient fits 64.
func mulAddDiv(x, y, z, w uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	lo, carry := bits.Add64(lo, z, 0)
	quo, _ := bits.Div64(hi+carry, lo, w)
	return quo
}

// throughPixel reports whether the segment ab passes through the half-open unit
// pixel around v, x-1/2 <= x' < x+1/2 and the same in y. A point belongs to
// exactly one pixel, the one that crossing rounds it to.
func throughPixel(a, b, v geo.Point) bool {
	if a.X > b.X {
		a, b = b, a
	}
	// All in half steps from a; the pixel is [left, left+2) by [low, low+2).
	dx, dy := int64(b.X)-int64(a.X), int64(b.Y)-int64(a.Y)
	left, low := 2*(int64(v.X)-int64(a.X))-1, 2*(int64(v.Y)-int64(a.Y))-1
	if left+2 <= 0 || 2*dx < left || low+2 <= min(0, 2*dy) || max(0, 2*dy) < low {
		return false
	}
	if dx == 0 || dy == 0 {
		return true
	}
	side := func(x, y int64) int64 { return dx*y - dy*x } // > 0: the corner lies left of ab

	upperLeft := side(left, low+2)
	if upperLeft == 0 {
		return dy < 0 // a rising line only touches this open corner
	}
	upperRight := side(left+2, low+2)
	if upperRight == 0 {
		return dy > 0
	}
	if (upperLeft > 0) != (upperRight > 0) {
		return true
	}
	lowerLeft := side(left, low)
	if lowerLeft == 0 || (lowerLeft > 0) != (upperLeft > 0) {
		return true // the only corner that belongs to the pixel
	}
	lowerRight := side(left+2, low)
	if lowerRight == 0 {
		return dy < 0
	}
	return (lowerRight > 0) != (lowerLeft > 0)
}

// between reports whether v lies on the segment ab and is not an end of it.
func between(a, b, v geo.Point) bool {
	if v == a || v == b || geo.Cross(a, b, v) != 0 {
		return false
	}
	return min(a.X, b.X) <= v.X && v.X <= max(a.X, b.X) &&
		min(a.Y, b.Y) <= v.Y && v.Y <= max(a.Y, b.Y)
}

// insideTriangle reports whether p lies in the triangle abc or on its border.
func insideTriangle(a, b, c, p geo.Point) bool {
	s, t, u := geo.Cross(a, b, p), geo.Cross(b, c, p), geo.Cross(c, a, p)
	return s >= 0 && t >= 0 && u >= 0 || s <= 0 && t <= 0 && u <= 0
}

// ccw compares the directions from o to a and from o to b, counter-clockwise from
// due east: negative when a comes first, 0 for the same direction.
func ccw(o, a, b geo.Point) int {
	if ha, hb := lowerHalf(o, a), lowerHalf(o, b); ha != hb {
		return ha - hb
	}
	switch c := geo.Cross(o, a, b); {
	case c > 0:
		return -1
	case c < 0:
		return 1
	}
	return 0
}

func lowerHalf(o, a geo.Point) int {
	if a.Y < o.Y || a.Y == o.Y && a.X < o.X {
		return 1
	}
	return 0
}

// less orders points from west to east, then from south to north.
func less(a, b geo.Point) bool { return a.X < b.X || a.X == b.X && a.Y < b.Y }

// segmentBound is the box of the segment ab, grown by pad steps on every side.
func segmentBound(a, b geo.Point, pad int32) geo.Bound {
	return geo.Bound{
		Min: geo.Point{X: min(a.X, b.X) - pad, Y: min(a.Y, b.Y) - pad},
		Max: geo.Point{X: max(a.X, b.X) + pad, Y: max(a.Y, b.Y) + pad},
	}
}
