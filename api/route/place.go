package route

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
)

// ErrPlace is a place that is none.
var ErrPlace = fault.New(fault.Invalid, "place_impossible", "A place is [longitude, latitude] in degrees of WGS 84.")

// Place rounds a place of a request to the lattice. Degrees beyond the Earth are
// refused before, for rounding would wrap them around to somewhere else.
func Place(p orb.Point) (geo.Point, error) {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) { // NaN is refused too
		return geo.Point{}, ErrPlace
	}
	return geo.Snap(p), nil
}
