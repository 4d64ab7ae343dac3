// Package crs brings coordinates of the systems used in China to WGS 84 and
// back: CGCS2000 geographic and its Gauss–Krüger zones, the GCJ-02 of Chinese
// web maps and the BD-09 of Baidu. Everything is stored in WGS 84 only.
//
// Files rarely say truly what they are in, so an upload declares its system and
// Guard tests the declaration against what is already known of the place.
//
// A CRS is plain text that can be stored and declared again: "EPSG:4326",
// "EPSG:4549", "GCJ-02", "BD-09". Coordinates are read as they stand in files,
// x before y: longitude, latitude or easting, northing. (The EPSG codes
// themselves say northing first, which few programs follow.) Files with y first
// are declared with the suffix ";ne", north before east: "EPSG:4549;ne".
package crs

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// CRS is a coordinate reference system in its canonical spelling (see Parse).
type CRS string

// The geographic systems. Coordinates are degrees.
const (
	WGS84 CRS = "EPSG:4326"
	// CGCS2000 is China's geodetic datum. Its ellipsoid differs from that of
	// WGS 84 by 0.1 mm at the poles, its realisation by centimetres to
	// decimetres: coordinates are taken over unchanged.
	CGCS2000 CRS = "EPSG:4490"
	// GCJ02 is the encrypted datum of Chinese web maps ("Mars coordinates"), by
	// the published formula; the official algorithm is secret and may differ by
	// metres.
	GCJ02 CRS = "GCJ-02"
	// BD09 is Baidu's system, GCJ-02 shifted once more.
	BD09 CRS = "BD-09"
)

// northFirst marks files that write y before x.
const northFirst = ";ne"

// The faults of this package.
var (
	ErrUnknown = fault.New(fault.Invalid, "crs_unknown",
		"This coordinate system is not known. Declare WGS 84, CGCS2000 or one of its Gauss–Krüger zones (EPSG:4490 to EPSG:4554), GCJ-02 or BD-09.")
	ErrLocal = fault.New(fault.Invalid, "crs_local",
		"This is a local or older system whose parameters are not public, so it is not guessed. Have the file converted to CGCS2000 by whoever keeps the parameters.")
	ErrRange = fault.New(fault.Invalid, "crs_range",
		"The coordinates cannot be of the declared coordinate system.")
)

// Info describes a system for people who choose one.
type Info struct {
	Code    CRS    `json:"code"`
	Title   string `json:"title"`
	TitleZh string `json:"title_zh"`
}

// All lists the systems that Parse knows, the usual ones first.
func All() []Info {
	list := []Info{
		{WGS84, "WGS 84 longitude and latitude", "WGS 84 经纬度"},
		{CGCS2000, "CGCS2000 longitude and latitude", "CGCS2000（国家2000）经纬度"},
		{GCJ02, "GCJ-02 longitude and latitude (Amap, Tencent)", "GCJ-02（火星坐标，高德、腾讯）经纬度"},
		{BD09, "BD-09 longitude and latitude (Baidu)", "BD-09（百度）经纬度"},
	}
	for _, first := range []int{4534, 4513, 4502, 4491} { // without zone number first, 3 degrees first
		for code := first; code <= 4554; code++ {
			z, ok := zoneOf(code)
			if !ok || z.first != first {
				break
			}
			list = append(list, z.info())
		}
	}
	return list
}

// Title is the English and the Chinese name of the system.
func (c CRS) Title() (en, zh string) {
	base, swapped := c.cut()
	for _, info := range All() {
		if info.Code == base {
			en, zh = info.Title, info.TitleZh
		}
	}
	if swapped {
		en, zh = en+", y before x", zh+"，先 y 后 x"
	}
	return en, zh
}

// Swapped is the same system with the coordinates in the other order.
func (c CRS) Swapped() CRS {
	base, swapped := c.cut()
	if swapped {
		return base
	}
	return base + northFirst
}

// Projected reports whether coordinates are metres, not degrees.
func (c CRS) Projected() bool {
	_, ok := c.zone()
	return ok
}

func (c CRS) cut() (base CRS, swapped bool) {
	s, swapped := strings.CutSuffix(string(c), northFirst)
	return CRS(s), swapped
}

func (c CRS) zone() (zone, bool) {
	base, _ := c.cut()
	code, found := strings.CutPrefix(string(base), "EPSG:")
	if !found {
		return zone{}, false
	}
	n, err := strconv.Atoi(code)
	if err != nil {
		return zone{}, false
	}
	return zoneOf(n)
}

// ToWGS84 converts coordinates as they stand in a file to degrees of longitude
// and latitude. The fault is ErrRange when the declared system cannot have such
// coordinates, with the reason, and ErrUnknown when c was not made by Parse.
func (c CRS) ToWGS84(p orb.Point) (orb.Point, error) {
	t, err := c.transform()
	if err != nil {
		return orb.Point{}, err
	}
	return t.toWGS84(p)
}

// FromWGS84 converts degrees of longitude and latitude to coordinates as they
// stand in a file of the system. The faults are those of ToWGS84.
func (c CRS) FromWGS84(p orb.Point) (orb.Point, error) {
	t, err := c.transform()
	if err != nil {
		return orb.Point{}, err
	}
	return t.fromWGS84(p)
}

// MultiPolygon converts an area with all its rings to WGS 84.
func (c CRS) MultiPolygon(area orb.MultiPolygon) (orb.MultiPolygon, error) {
	t, err := c.transform()
	if err != nil {
		return nil, err
	}
	out := make(orb.MultiPolygon, len(area))
	for i, polygon := range area {
		out[i] = make(orb.Polygon, len(polygon))
		for j, ring := range polygon {
			out[i][j] = make(orb.Ring, len(ring))
			for k, p := range ring {
				if out[i][j][k], err = t.toWGS84(p); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// A transform is a CRS taken apart once, for many points.
type transform struct {
	base    CRS
	swapped bool
	zone    zone // if projected
	meters  bool
}

func (c CRS) transform() (transform, error) {
	base, swapped := c.cut()
	t := transform{base: base, swapped: swapped}
	switch base {
	case WGS84, CGCS2000, GCJ02, BD09:
		return t, nil
	}
	if t.zone, t.meters = base.zone(); !t.meters {
		return t, ErrUnknown.Saying(fmt.Sprintf("It says %.80q.", string(c)))
	}
	return t, nil
}

func (t transform) toWGS84(p orb.Point) (orb.Point, error) {
	if t.swapped {
		p[0], p[1] = p[1], p[0]
	}
	if t.meters {
		return t.zone.toDegrees(p)
	}
	if err := checkDegrees(p); err != nil {
		return orb.Point{}, err
	}
	switch t.base {
	case GCJ02:
		return invert(gcj, p), nil
	case BD09:
		return invert(bd, p), nil
	}
	return p, nil
}

func (t transform) fromWGS84(p orb.Point) (out orb.Point, err error) {
	if err := checkDegrees(p); err != nil {
		return orb.Point{}, err
	}
	switch {
	case t.meters:
		if out, err = t.zone.fromDegrees(p); err != nil {
			return orb.Point{}, err
		}
	case t.base == GCJ02:
		out = gcj(p)
	case t.base == BD09:
		out = bd(p)
	default:
		out = p
	}
	if t.swapped {
		out[0], out[1] = out[1], out[0]
	}
	return out, nil
}

func checkDegrees(p orb.Point) error {
	switch {
	case !finite(p):
		return ErrRange.Saying("A coordinate is not a number.")
	case math.Abs(p[0]) > 360 || math.Abs(p[1]) > 360:
		return ErrRange.Saying(fmt.Sprintf("(%.10g, %.10g) are not degrees; they may be metres of a Gauss–Krüger zone.", p[0], p[1]))
	case math.Abs(p[1]) > 90 && math.Abs(p[0]) <= 90:
		return ErrRange.Saying(fmt.Sprintf("(%.10g, %.10g) has a latitude beyond 90°: longitude and latitude may be swapped.", p[0], p[1]))
	case math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90:
		return ErrRange.Saying(fmt.Sprintf("(%.10g, %.10g) is not on the Earth.", p[0], p[1]))
	}
	return nil
}

func finite(p orb.Point) bool {
	return !math.IsNaN(p[0]) && !math.IsNaN(p[1]) && !math.IsInf(p[0], 0) && !math.IsInf(p[1], 0)
}
