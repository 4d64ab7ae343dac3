package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Meters is a length on the ground.
type Meters float64

// SquareMeters is an area on the ground.
type SquareMeters float64

// EarthRadius is the mean radius of the Earth, in metres (IUGG R1).
// PostGIS geography uses the WGS 84 ellipsoid instead; over 1 km the two differ
// by a few metres at most, less than the accuracy of a phone's fix.
const EarthRadius Meters = 6_371_008.8

// MetersPerDegree is the length of one degree of a great circle.
const MetersPerDegree = math.Pi / 180 * float64(EarthRadius)

// Distance is the great-circle distance between two places in degrees
// (haversine formula, exact to rounding on the sphere of EarthRadius).
func Distance(a, b orb.Point) Meters {
	const rad = math.Pi / 180
	sinLat := math.Sin((b[1] - a[1]) * rad / 2)
	sinLon := math.Sin((b[0] - a[0]) * rad / 2)
	h := sinLat*sinLat + math.Cos(a[1]*rad)*math.Cos(b[1]*rad)*sinLon*sinLon
	return Meters(2 * float64(EarthRadius) * math.Asin(math.Min(1, math.Sqrt(h))))
}

// SquareMeters is the area on the sphere of EarthRadius, by the line integral
// of the sine of the latitude (Chamberlain and Duquette, JPL 07-3, eq. 2):
// exact for edges that are straight in longitude and sine of latitude, within
// 1e-6 of the geodesic area for areas of the size of a county.
func (m MultiPolygon) SquareMeters() SquareMeters {
	var sum float64
	for _, polygon := range m {
		for _, ring := range polygon {
			sum += ring.sphereArea()
		}
	}
	return SquareMeters(sum)
}

func (r Ring) sphereArea() float64 {
	if len(r) < 3 {
		return 0
	}
	const rad = math.Pi / 180 / Scale
	// Sines are taken relative to the first point, so that a small ring far from
	// the equator does not lose its digits in the sum.
	base := math.Sin(float64(r[0].Y) * rad)
	var sum float64
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += float64(int64(q.X)-int64(p.X)) * rad *
			(2*base - math.Sin(float64(p.Y)*rad) - math.Sin(float64(q.Y)*rad))
	}
	return sum / 2 * float64(EarthRadius) * float64(EarthRadius)
}
