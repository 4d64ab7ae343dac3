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

// The ellipsoid of WGS 84: its equatorial radius in metres and the square of its
// eccentricity. CGCS2000 has the same to nine digits.
const (
	equatorialRadius = 6_378_137.0
	eccentricity2    = 6.694379990141e-3
)

// SquareMeters is the area on the ellipsoid of WGS 84, as surveyors and PostGIS
// give it: the line integral of the area between each edge and the equator,
// exact for edges that are straight in longitude and area. From geodesic edges
// that differs by the arc's bulge, 1 or 2 cm on an edge of 1 km: areas are within
// 3e-4 of PostGIS geography even when all edges are that long.
func (m MultiPolygon) SquareMeters() SquareMeters {
	var sum float64
	for _, polygon := range m {
		for _, ring := range polygon {
			sum += ring.ellipsoidArea()
		}
	}
	return SquareMeters(sum)
}

func (r Ring) ellipsoidArea() float64 {
	if len(r) < 3 {
		return 0
	}
	// Belts are taken relative to the first point's, so that a small ring far from
	// the equator does not lose its digits in the sum.
	base := belt(r[0].Y)
	var sum float64
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += float64(int64(q.X)-int64(p.X)) * radiansPerStep * (2*base - belt(p.Y) - belt(q.Y))
	}
	return sum / 2 * equatorialRadius * equatorialRadius * (1 - eccentricity2)
}

// Perimeter is the length of all rings on the ellipsoid of WGS 84, each edge taken
// with the radii of curvature at its middle: exact to a millimetre on an edge of
// 10 km.
func (m MultiPolygon) Perimeter() Meters {
	var sum float64
	for _, polygon := range m {
		for _, ring := range polygon {
			for i, p := range ring {
				q := ring[(i+1)%len(ring)]
				sin, cos := math.Sincos((float64(p.Y) + float64(q.Y)) / 2 * radiansPerStep)
				flat := 1 - eccentricity2*sin*sin
				across := equatorialRadius / math.Sqrt(flat)
				along := across * (1 - eccentricity2) / flat
				sum += radiansPerStep * math.Hypot(
					float64(int64(q.X)-int64(p.X))*cos*across, float64(int64(q.Y)-int64(p.Y))*along)
			}
		}
	}
	return Meters(sum)
}

// Compactness is the Polsby–Popper measure 4π·area/perimeter²: 1 for a disc, π/4 for
// a square, near 0 for a strip; 0 for nothing.
func (m MultiPolygon) Compactness() float64 {
	p := float64(m.Perimeter())
	if p == 0 {
		return 0
	}
	return 4 * math.Pi * float64(m.SquareMeters()) / (p * p)
}

const radiansPerStep = math.Pi / 180 / Scale

// belt is the area between the equator and a latitude for one radian of
// longitude, in units of a²(1−e²): the integral of ds/(1−e²s²)² over the sine s
// of the latitude, as a series in e². The first term left out is below 1e-11.
func belt(latitude int32) float64 {
	s := math.Sin(float64(latitude) * radiansPerStep)
	x := eccentricity2 * s * s
	return s * (1 + x*(2.0/3+x*(3.0/5+x*(4.0/7+x*5.0/9))))
}
