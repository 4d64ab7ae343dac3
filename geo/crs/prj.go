package crs

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// maxWKT bounds the text of a .prj file, in bytes; real ones have 150 to 2,000.
const maxWKT = 64 << 10

// FromPRJ reads the text of a .prj file (well-known text, version 1 as written by
// ArcGIS, QGIS, SuperMap and MapGIS, or version 2). It answers only when the text
// describes exactly one of our systems; anything else, such as another datum, a
// moved meridian or a local false easting, is false.
//
// No .prj can say GCJ-02 or BD-09: such files say WGS 84, and Guard must find out.
func FromPRJ(wkt string) (CRS, bool) {
	root, err := parseWKT(wkt)
	if err != nil {
		return "", false
	}
	if root.is("COMPD_CS", "COMPOUNDCRS") {
		if root = root.child("PROJCS", "PROJCRS", "GEOGCS", "GEOGCRS", "GEODCRS"); root == nil {
			return "", false
		}
	}
	switch {
	case root.is("GEOGCS", "GEOGCRS", "GEODCRS", "GEODETICCRS", "GEOGRAPHICCRS"):
		return geographic(root)
	case root.is("PROJCS", "PROJCRS", "PROJECTEDCRS"):
		return projected(root)
	}
	return "", false
}

// geographic knows the datum by its name and checks the ellipsoid and the unit.
func geographic(n *node) (CRS, bool) {
	datum := n.child("DATUM", "GEODETICDATUM", "ENSEMBLE", "TRF")
	if datum == nil || !greenwich(n) || !unitIs(n, degree, "degree") {
		return "", false
	}
	ellipsoid := datum.child("SPHEROID", "ELLIPSOID")
	switch plain(strings.TrimPrefix(strings.ToUpper(datum.name()), "D_")) {
	case "wgs1984", "wgs84", "worldgeodeticsystem1984", "worldgeodeticsystem1984ensemble":
		return WGS84, ellipsoid.number(0) == 6378137
	case "china2000", "cgcs2000", "chinageodeticcoordinatesystem2000", "china2000datum", "cgcs2000datum":
		return CGCS2000, ellipsoid.number(0) == 6378137
	}
	return "", false
}

// projected knows a zone by its parameters, not by its name, which is often
// edited by hand. The name only tells the two widths apart where they coincide.
func projected(n *node) (CRS, bool) {
	base := n.child("GEOGCS", "BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS")
	if base == nil {
		return "", false
	}
	if base.unit() == nil { // WKT 2 may leave it out: degrees
		base.children = append(base.children, &node{keyword: "UNIT", texts: []string{"degree"}, numbers: []float64{degree}})
	}
	datum, ok := geographic(base)
	if !ok || datum != CGCS2000 || !unitIs(n, 1, "metre") {
		return "", false
	}
	method := n.child("PROJECTION")
	where := n
	if conversion := n.child("CONVERSION"); conversion != nil {
		method, where = conversion.child("METHOD", "PROJECTION"), conversion
	}
	if method == nil {
		return "", false
	}
	switch plain(method.name()) {
	case "transversemercator", "gausskruger":
	default:
		return "", false
	}
	return zoneWith(where.parameters(), plain(n.name()))
}

func zoneWith(parameter map[string]float64, name string) (CRS, bool) {
	meridian := first(parameter, "centralmeridian", "longitudeofnaturalorigin", "longitudeoforigin")
	easting := first(parameter, "falseeasting")
	for _, key := range []string{"falsenorthing", "latitudeoforigin", "latitudeofnaturalorigin"} {
		if parameter[key] != 0 {
			return "", false
		}
	}
	for _, key := range []string{"scalefactor", "scalefactoratnaturalorigin"} {
		if scale, said := parameter[key]; said && scale != 1 {
			return "", false
		}
	}
	widths := []int{3, 6}
	if strings.Contains(name, "6degree") || strings.Contains(name, "6度") || strings.Contains(name, "六度") {
		widths = []int{6, 3}
	}
	for _, width := range widths {
		for _, numbered := range []bool{false, true} {
			if z, ok := zoneLike(width, meridian, numbered); ok && z.origin() == easting {
				return z.crs(), true
			}
		}
	}
	return "", false
}

func first(parameter map[string]float64, keys ...string) float64 {
	for _, key := range keys {
		if v, ok := parameter[key]; ok {
			return v
		}
	}
	return math.NaN()
}

func greenwich(n *node) bool {
	meridian := n.child("PRIMEM", "PRIMEMERIDIAN")
	return meridian == nil || meridian.number(0) == 0
}

func unitIs(n *node, factor float64, wkt2Default string) bool {
	unit := n.unit()
	if unit == nil {
		return n.is("GEOGCRS", "GEODCRS", "PROJCRS", "PROJECTEDCRS") && n.child("CS") != nil && axisUnit(n, factor, wkt2Default)
	}
	return math.Abs(unit.number(0)-factor) < 1e-9
}

// axisUnit looks for the unit inside the axes, where WKT 2 may put it.
func axisUnit(n *node, factor float64, wkt2Default string) bool {
	found := false
	for _, axis := range n.children {
		if !axis.is("AXIS") {
			continue
		}
		unit := axis.unit()
		if unit == nil || math.Abs(unit.number(0)-factor) >= 1e-9 && plain(unit.name()) != wkt2Default {
			return false
		}
		found = true
	}
	return found
}

// A node is KEYWORD["text", 1.5, CHILD[…]].
type node struct {
	keyword  string
	texts    []string
	numbers  []float64
	children []*node
}

func (n *node) is(keywords ...string) bool {
	for _, keyword := range keywords {
		if strings.EqualFold(n.keyword, keyword) {
			return true
		}
	}
	return false
}

func (n *node) child(keywords ...string) *node {
	for _, c := range n.children {
		if c.is(keywords...) {
			return c
		}
	}
	return nil
}

func (n *node) unit() *node { return n.child("UNIT", "ANGLEUNIT", "LENGTHUNIT") }

func (n *node) name() string {
	if n == nil || len(n.texts) == 0 {
		return ""
	}
	return n.texts[0]
}

// number returns the i-th number, or NaN.
func (n *node) number(i int) float64 {
	if n == nil || len(n.numbers) <= i {
		return math.NaN()
	}
	return n.numbers[i]
}

func (n *node) parameters() map[string]float64 {
	all := map[string]float64{}
	for _, c := range n.children {
		if c.is("PARAMETER") {
			all[plain(c.name())] = c.number(0)
		}
	}
	return all
}

var errWKT = errors.New("not well-known text")

// parseWKT reads one bracketed expression, at most 24 levels deep.
func parseWKT(s string) (*node, error) {
	if len(s) > maxWKT {
		return nil, errWKT
	}
	p := wktParser{rest: strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))}
	root, err := p.node(24)
	if err != nil || strings.TrimSpace(p.rest) != "" {
		return nil, errWKT
	}
	return root, nil
}

type wktParser struct{ rest string }

func (p *wktParser) node(depth int) (*node, error) {
	at := strings.IndexAny(p.rest, "[(")
	if at <= 0 || depth == 0 || strings.ContainsAny(p.rest[:at], "\",])") {
		return nil, errWKT
	}
	n := &node{keyword: strings.TrimSpace(p.rest[:at])}
	p.rest = p.rest[at+1:]
	for {
		if err := p.item(n, depth); err != nil {
			return nil, err
		}
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if p.rest == "" {
			return nil, errWKT
		}
		separator := p.rest[0]
		p.rest = p.rest[1:]
		switch separator {
		case ',':
		case ']', ')':
			return n, nil
		default:
			return nil, errWKT
		}
	}
}

// item reads a text, a number, a bare word (an axis direction) or a node.
func (p *wktParser) item(n *node, depth int) error {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if strings.HasPrefix(p.rest, `"`) {
		end := strings.IndexByte(p.rest[1:], '"')
		if end < 0 {
			return errWKT
		}
		n.texts = append(n.texts, p.rest[1:1+end])
		p.rest = p.rest[end+2:]
		return nil
	}
	end := strings.IndexAny(p.rest, "[](),")
	if end < 0 {
		return errWKT
	}
	if p.rest[end] == '[' || p.rest[end] == '(' {
		child, err := p.node(depth - 1)
		if err != nil {
			return err
		}
		n.children = append(n.children, child)
		return nil
	}
	word := strings.TrimSpace(p.rest[:end])
	p.rest = p.rest[end:]
	if number, err := strconv.ParseFloat(word, 64); err == nil {
		n.numbers = append(n.numbers, number)
	}
	return nil
}
