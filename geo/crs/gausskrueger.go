package crs

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A zone is one Gauss–Krüger strip of CGCS2000: a transverse Mercator projection
// on its central meridian, scale 1, false easting 500 km.
type zone struct {
	code     int
	first    int     // the first code of its family
	width    int     // degrees: 3 or 6
	number   int     // written before the easting as millions of metres; 0 if not
	meridian float64 // degrees
}

// zoneOf reads the four families of EPSG: 6-degree zones with and without number,
// 3-degree zones with and without number.
func zoneOf(code int) (zone, bool) {
	switch {
	case 4491 <= code && code <= 4501:
		n := code - 4491 + 13
		return zone{code, 4491, 6, n, float64(6*n - 3)}, true
	case 4502 <= code && code <= 4512:
		return zone{code, 4502, 6, 0, float64(75 + 6*(code-4502))}, true
	case 4513 <= code && code <= 4533:
		n := code - 4513 + 25
		return zone{code, 4513, 3, n, float64(3 * n)}, true
	case 4534 <= code && code <= 4554:
		return zone{code, 4534, 3, 0, float64(75 + 3*(code-4534))}, true
	}
	return zone{}, false
}

// zoneLike finds the zone of a width on a meridian, with or without its number.
func zoneLike(width int, meridian float64, numbered bool) (zone, bool) {
	for code := 4491; code <= 4554; code++ {
		if z, _ := zoneOf(code); z.width == width && z.meridian == meridian && (z.number > 0) == numbered {
			return z, true
		}
	}
	return zone{}, false
}

func (z zone) crs() CRS { return CRS(fmt.Sprintf("EPSG:%d", z.code)) }

func (z zone) info() Info {
	if z.number > 0 {
		return Info{z.crs(),
			fmt.Sprintf("CGCS2000 %d-degree Gauss–Krüger zone %d (meridian %g°E, easting begins with %d)", z.width, z.number, z.meridian, z.number),
			fmt.Sprintf("CGCS2000 %d度带 %d 带（中央经线 %g°，东坐标带带号）", z.width, z.number, z.meridian)}
	}
	return Info{z.crs(),
		fmt.Sprintf("CGCS2000 %d-degree Gauss–Krüger, meridian %g°E", z.width, z.meridian),
		fmt.Sprintf("CGCS2000 %d度带 中央经线 %g°（东坐标不带带号）", z.width, z.meridian)}
}

const (
	falseEasting = 500_000.0
	perZone      = 1_000_000.0 // metres of easting that each zone number stands for
	// maxOffset is how far from the central meridian, in metres, a file may
	// reach: a 6-degree zone is 334 km to each side at the equator, and towns
	// overlap into the next one.
	maxOffset = 450_000.0
	// maxNorthing, in metres, is 60° N; China ends at 53.6°.
	maxNorthing = 6_655_000.0
)

func (z zone) origin() float64 { return float64(z.number)*perZone + falseEasting }

func (z zone) toDegrees(p orb.Point) (orb.Point, error) {
	if err := z.check(p); err != nil {
		return orb.Point{}, err
	}
	lon, lat := cgcs2000.inverse(p[0]-z.origin(), p[1])
	return orb.Point{z.meridian + lon, lat}, nil
}

func (z zone) fromDegrees(p orb.Point) (orb.Point, error) {
	if off := math.Abs(p[0] - z.meridian); off > 9 || p[1] < 0 || p[1] > 60 {
		return orb.Point{}, ErrRange.Saying(fmt.Sprintf("(%.6f, %.6f) is outside the zone of meridian %g°E.", p[0], p[1], z.meridian))
	}
	x, y := cgcs2000.forward(p[0]-z.meridian, p[1])
	return orb.Point{z.origin() + x, y}, nil
}

// check says why coordinates cannot belong to the zone, in terms of what the
// file probably is.
func (z zone) check(p orb.Point) error {
	east, north := p[0], p[1]
	prefix := int(math.Floor(east / perZone))
	switch {
	case !finite(p):
		return ErrRange.Saying("A coordinate is not a number.")
	case math.Abs(east) <= 180 && math.Abs(north) <= 90:
		return ErrRange.Saying(fmt.Sprintf("(%.10g, %.10g) look like degrees, not metres.", east, north))
	case z.number == 0 && 13 <= prefix && prefix <= 45:
		return ErrRange.Saying(fmt.Sprintf("The easting %.0f begins with zone number %d; the declared system has none.", east, prefix))
	case z.number > 0 && 0 <= east && east < perZone:
		return ErrRange.Saying(fmt.Sprintf("The easting %.0f has no zone number; the declared system begins with %d.", east, z.number))
	case z.number > 0 && prefix != z.number && 13 <= prefix && prefix <= 45:
		return ErrRange.Saying(fmt.Sprintf("The easting %.0f begins with zone number %d, not %d.", east, prefix, z.number))
	case math.Abs(east-z.origin()) > maxOffset && math.Abs(north-z.origin()) < maxOffset:
		return ErrRange.Saying(fmt.Sprintf("(%.0f, %.0f): easting and northing may be swapped.", east, north))
	case math.Abs(east-z.origin()) > maxOffset:
		return ErrRange.Saying(fmt.Sprintf("The easting %.0f is too far from the central meridian.", east))
	case north < 0 || north > maxNorthing:
		return ErrRange.Saying(fmt.Sprintf("The northing %.0f is not between the equator and 60° N.", north))
	}
	return nil
}

// cgcs2000 is the ellipsoid of the datum (GB 22021-2008).
var cgcs2000 = newMercator(6_378_137, 1/298.257222101)

// A mercator is a transverse Mercator projection of an ellipsoid, scale 1, by
// Krüger's series in the third flattening n up to n⁶ (C. F. F. Karney,
// "Transverse Mercator with an accuracy of a few nanometers", 2011, eq. 35 and
// 36): a few nanometres within 3,900 km of the meridian.
type mercator struct {
	radius      float64 // of the rectifying sphere, metres
	e           float64 // eccentricity
	alpha, beta [6]float64
}

func newMercator(a, f float64) mercator {
	n := f / (2 - f)
	n2, n3, n4, n5, n6 := n*n, n*n*n, n*n*n*n, n*n*n*n*n, n*n*n*n*n*n
	return mercator{
		radius: a / (1 + n) * (1 + n2/4 + n4/64 + n6/256),
		e:      math.Sqrt(f * (2 - f)),
		alpha: [6]float64{
			n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180 - 127*n5/288 + 7891*n6/37800,
			13*n2/48 - 3*n3/5 + 557*n4/1440 + 281*n5/630 - 1983433*n6/1935360,
			61*n3/240 - 103*n4/140 + 15061*n5/26880 + 167603*n6/181440,
			49561*n4/161280 - 179*n5/168 + 6601661*n6/7257600,
			34729*n5/80640 - 3418889*n6/1995840,
			212378941 * n6 / 319334400,
		},
		beta: [6]float64{
			n/2 - 2*n2/3 + 37*n3/96 - n4/360 - 81*n5/512 + 96199*n6/604800,
			n2/48 + n3/15 - 437*n4/1440 + 46*n5/105 - 1118711*n6/3870720,
			17*n3/480 - 37*n4/840 - 209*n5/4480 + 5569*n6/90720,
			4397*n4/161280 - 11*n5/504 - 830251*n6/7257600,
			4583*n5/161280 - 108847*n6/3991680,
			20648693 * n6 / 638668800,
		},
	}
}

const degree = math.Pi / 180

// forward projects degrees east of the central meridian and degrees of latitude
// to metres.
func (m *mercator) forward(lon, lat float64) (x, y float64) {
	sinLon, cosLon := math.Sincos(lon * degree)
	tau := m.conformal(math.Tan(lat * degree))
	xi := math.Atan2(tau, cosLon)
	eta := math.Asinh(sinLon / math.Hypot(tau, cosLon))
	sum := series(&m.alpha, xi, eta)
	return m.radius * (eta + imag(sum)), m.radius * (xi + real(sum))
}

// inverse is the way back, to degrees.
func (m *mercator) inverse(x, y float64) (lon, lat float64) {
	xi, eta := y/m.radius, x/m.radius
	sum := series(&m.beta, xi, eta)
	sinXi, cosXi := math.Sincos(xi - real(sum))
	sinhEta := math.Sinh(eta - imag(sum))
	tau := m.geographic(sinXi / math.Hypot(sinhEta, cosXi))
	return math.Atan2(sinhEta, cosXi) / degree, math.Atan(tau) / degree
}

// series is the sum of c[j-1]·sin(2jζ) with ζ = xi + i·eta, by Clenshaw's
// recurrence.
func series(c *[6]float64, xi, eta float64) complex128 {
	sin, cos := math.Sincos(2 * xi)
	sinh, cosh := math.Sinh(2*eta), math.Cosh(2*eta)
	twoCos := complex(2*cos*cosh, -2*sin*sinh)
	var b, next complex128
	for j := len(c) - 1; j >= 0; j-- {
		b, next = complex(c[j], 0)+twoCos*b-next, b
	}
	return b * complex(sin*cosh, cos*sinh)
}

// conformal turns the tangent of the latitude into that of the conformal latitude.
func (m *mercator) conformal(tau float64) float64 {
	secant := math.Sqrt(1 + tau*tau)
	sigma := math.Sinh(m.e * math.Atanh(m.e*tau/secant))
	return tau*math.Sqrt(1+sigma*sigma) - sigma*secant
}

// geographic is the inverse of conformal by Newton's method, which is exact to
// rounding after two or three steps.
func (m *mercator) geographic(conformal float64) float64 {
	e2 := m.e * m.e
	tau := conformal
	for range 5 {
		now := m.conformal(tau)
		step := (conformal - now) / math.Sqrt(1+now*now) * (1 + (1-e2)*tau*tau) / ((1 - e2) * math.Sqrt(1+tau*tau))
		tau += step
		if math.Abs(step) < 1e-9*(1+math.Abs(tau)) {
			break // the error is squared in every step
		}
	}
	return tau
}
