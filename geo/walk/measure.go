package walk

import (
	"math"

	"wangge/geo"
)

// The ellipsoid WGS 84: half its larger axis in metres, and the square of its
// eccentricity.
const (
	axis         = 6378137.0
	eccentricity = 6.69437999014e-3
)

// scaleAt is how many millimetres one lattice step is, to the east and to the
// north, at a latitude in lattice steps: the radii of curvature of the ellipsoid.
// Over the length of a street the error is below a millionth.
func scaleAt(y int32) (east, north float64) {
	const step = math.Pi / 180 / geo.Scale
	sin, cos := math.Sincos(float64(y) * step)
	w := 1 - eccentricity*sin*sin
	across := axis / math.Sqrt(w)                           // prime vertical
	along := axis * (1 - eccentricity) / (w * math.Sqrt(w)) // meridian
	return across * cos * step * 1000, along * step * 1000
}

// Distance between two places near each other, in mm on the ellipsoid.
func Distance(a, b geo.Point) float64 {
	east, north := scaleAt(int32((int64(a.Y) + int64(b.Y)) / 2))
	return math.Hypot(float64(int64(b.X)-int64(a.X))*east, float64(int64(b.Y)-int64(a.Y))*north)
}

// lengthOf a line in mm, rounded.
func lengthOf(line []geo.Point) uint32 {
	var sum float64
	for i := 1; i < len(line); i++ {
		sum += Distance(line[i-1], line[i])
	}
	return uint32(min(math.Round(sum), Never-1))
}
