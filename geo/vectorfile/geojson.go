package vectorfile

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
	"wangge/geo/vectorfile/charset"
)

// geojson reads RFC 7946 GeoJSON and its older form with a "crs" member: one
// FeatureCollection, Feature or geometry, or several of them one after another
// (GeoJSON text sequences). Members come in any order, so the coordinates are
// read before their type may be known.
type geojson struct {
	*reader
	l      *lexer
	points []orb.Point // stack of positions whose array is not finished
	height bool        // a third coordinate was dropped
}

func (rd *reader) readGeoJSON(r io.ReaderAt, size int64) error {
	rd.file.Format = "GeoJSON"
	text, err := rd.text(r, size)
	if err != nil {
		return err
	}
	g := &geojson{reader: rd, l: newLexer(text, rd.lim.Depth)}
	for n := 0; ; n++ {
		switch g.l.peek() {
		case 0:
			if g.l.err != nil && g.l.err != io.EOF {
				return g.l.err
			}
			if n == 0 {
				return g.l.bad("the text ends too early")
			}
			g.noteHeight()
			return nil
		case '\x1e': // RFC 8142 puts a record separator before each text
			g.l.take()
			n--
			continue
		}
		if err := g.document(); err != nil {
			return err
		}
	}
}

// text decodes a text file to UTF-8 without byte order mark.
func (rd *reader) text(r io.ReaderAt, size int64) (io.Reader, error) {
	cs, mark, err := charset.Detect(&patient{rd.ctx, io.NewSectionReader(r, 0, size)})
	if err == charset.ErrUnknown {
		return nil, ErrDamaged.Saying("Its text is neither UTF-8 nor GB18030; save it as UTF-8.")
	}
	if err != nil {
		return nil, err
	}
	if cs != charset.UTF8 {
		rd.note("file", CodeCharset, fmt.Sprintf("The text was read as %s.", cs))
	}
	return cs.NewReader(&patient{rd.ctx, io.NewSectionReader(r, int64(mark), size-int64(mark))}), nil
}

// patient reads until its context ends.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

func (rd *reader) noteHeightDropped() {
	rd.note("file", CodeHeight, "Positions have a height; it was dropped.")
}

func (g *geojson) noteHeight() {
	if g.height {
		g.noteHeightDropped()
	}
}

// object is any GeoJSON object, with what was found of each member.
type object struct {
	kind       string
	id         string
	properties map[string]string
	coords     *nest
	geometries []*object
	hasMembers bool    // "geometries" was there
	geometry   *object // of a Feature; nil when null
	hasGeom    bool
	features   bool // "features" was there
	wrong      *fault.Place
}

// document reads one whole text: a collection, a feature or a geometry.
func (g *geojson) document() error {
	if g.l.peek() != '{' {
		return g.l.bad("a GeoJSON object is missing")
	}
	first := len(g.file.Features)
	o, err := g.object(true)
	if err != nil {
		return err
	}
	switch o.kind {
	case "FeatureCollection":
		if !o.features {
			return ErrDamaged.Saying(`The FeatureCollection has no "features".`)
		}
		return nil
	case "Topology":
		return ErrFormat.Saying("This is TopoJSON; export it as GeoJSON.")
	case "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection":
		if len(g.file.Features) > first {
			return ErrDamaged.Saying(fmt.Sprintf(`It has "features", but its type is %q.`, o.kind))
		}
		return g.feature(o)
	}
	return ErrFormat.Saying(fmt.Sprintf("The type %.60q is none of GeoJSON's.", o.kind))
}

// feature adds a Feature, or a bare geometry, to the file.
func (g *geojson) feature(o *object) error {
	f := Feature{Place: fmt.Sprintf("feature %d", len(g.file.Features)+1), Properties: o.properties}
	shape := o
	if o.kind == "Feature" {
		shape = o.geometry
		if err := g.identify(&f, o.id); err != nil {
			return err
		}
	}
	switch {
	case o.wrong != nil:
		f.Fault = &fault.Place{Pointer: f.Place, Code: o.wrong.Code, Detail: o.wrong.Detail}
	case o.kind == "Feature" && !o.hasGeom:
		f.Fault = &fault.Place{Pointer: f.Place, Code: CodeMalformed, Detail: `The feature has no member "geometry"; export it again.`}
	case shape != nil: // else null: no geometry, which is no fault of the format
		g.shape(&f, shape)
	}
	return g.add(f)
}

// identify keeps the id of a Feature as a property, unless there is one.
func (g *geojson) identify(f *Feature, id string) error {
	if _, taken := f.Properties["id"]; taken || id == "" {
		return nil
	}
	if f.Properties == nil {
		f.Properties = map[string]string{}
	}
	f.Properties["id"] = id
	return g.field("id")
}

func (g *geojson) shape(f *Feature, o *object) {
	raw, bad := f.assemble(o, f.Place)
	if bad != nil {
		f.Fault, f.Notes = bad, nil
		return
	}
	settle(f, raw)
}

// heights is how deep the coordinates of each kind of geometry are nested.
var heights = map[string]int{"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}

// assemble makes a geometry of type and coordinates.
func (f *Feature) assemble(o *object, place string) (orb.Geometry, *fault.Place) {
	bad := func(format string, args ...any) (orb.Geometry, *fault.Place) {
		return nil, &fault.Place{Pointer: place, Code: CodeMalformed, Detail: fmt.Sprintf(format, args...)}
	}
	if o.wrong != nil {
		return bad("%s", o.wrong.Detail)
	}
	if o.kind == "GeometryCollection" {
		if !o.hasMembers {
			return bad(`The GeometryCollection has no "geometries"; export it again.`)
		}
		all := make(orb.Collection, 0, len(o.geometries))
		for i, member := range o.geometries {
			raw, wrong := f.assemble(member, fmt.Sprintf("%s, member %d", place, i+1))
			if wrong != nil {
				return nil, wrong
			}
			all = append(all, raw)
		}
		return all, nil
	}
	height, known := heights[o.kind]
	switch {
	case !known:
		return nil, &fault.Place{Pointer: place, Code: CodeKind, Detail: fmt.Sprintf("%.60q is not a kind of geometry that is read.", o.kind)}
	case o.coords == nil:
		return bad(`The geometry has no "coordinates"; export it again.`)
	case o.coords.height == heightEmpty:
		return nil, nil
	case o.coords.gap:
		return bad("A ring or part of the geometry has no positions; delete it or draw it.")
	case o.coords.height == height:
		return o.coords.geometry(o.kind), nil
	}
	kind, ok := o.coords.meant(o.kind)
	if !ok {
		return bad("The coordinates are nested %d deep, a %s has %d; export it again.", o.coords.height+1, o.kind, height+1)
	}
	f.Notes = append(f.Notes, fault.Place{Pointer: place, Code: CodeType,
		Detail: fmt.Sprintf("The type says %s, the coordinates are those of a %s; the coordinates were followed.", o.kind, kind)})
	return o.coords.geometry(kind), nil
}

// meant is the only kind that coordinates can be when a single one is written as
// a list, or a list as a single one. A MultiPolygon written as a list of several
// rings is none: they could be holes.
func (n *nest) meant(kind string) (string, bool) {
	switch {
	case kind == "MultiPolygon" && n.height == 2 && len(n.areas) == 1 && len(n.areas[0]) == 1:
		return "Polygon", true
	case kind == "Polygon" && n.height == 3:
		return "MultiPolygon", true
	case kind == "MultiLineString" && n.height == 1:
		return "LineString", true
	case kind == "LineString" && n.height == 2:
		return "MultiLineString", true
	}
	return "", false
}

// object reads an object. Only at the top do "features" and "crs" mean anything.
func (g *geojson) object(top bool) (*object, error) {
	o := &object{}
	err := g.l.members(func(key string) (err error) {
		switch key {
		case "type":
			if g.l.peek() != '"' {
				o.wrong = malformed(`The "type" is not a text; export it again.`)
				return g.l.skip()
			}
			o.kind, err = g.l.string(g.lim.Value)
		case "coordinates":
			o.coords, err = g.coordinates(o)
		case "geometries":
			err = g.geometries(o)
		case "geometry":
			err = g.geometry(o)
		case "properties":
			err = g.properties(o)
		case "id":
			o.id, err = g.value()
		case "features":
			if !top {
				return g.l.skip()
			}
			o.features = true
			err = g.features()
		case "crs":
			if !top {
				return g.l.skip()
			}
			err = g.crs()
		case "name":
			if !top || g.l.peek() != '"' {
				return g.l.skip()
			}
			g.file.Layer, err = g.l.string(g.lim.Value)
		default:
			err = g.l.skip()
		}
		return err
	})
	return o, err
}

func malformed(detail string) *fault.Place {
	return &fault.Place{Code: CodeMalformed, Detail: detail}
}

func (g *geojson) features() error {
	if g.l.peek() != '[' {
		return g.l.bad(`"features" is not a list`)
	}
	return g.l.elements(func() error {
		if g.l.peek() != '{' {
			if err := g.l.skip(); err != nil {
				return err
			}
			return g.feature(&object{wrong: malformed("The entry is not a feature; delete it.")})
		}
		o, err := g.object(false)
		if err != nil {
			return err
		}
		if o.kind != "Feature" && o.wrong == nil {
			o.wrong = malformed(fmt.Sprintf(`The entry is of type %.60q, not "Feature"; export it again.`, o.kind))
		}
		return g.feature(o)
	})
}

func (g *geojson) geometry(o *object) (err error) {
	o.hasGeom = true
	o.geometry = nil
	switch c := g.l.peek(); c {
	case '{':
		o.geometry, err = g.object(false)
		return err
	case 'n':
		return g.l.skip()
	default:
		o.wrong = malformed("The geometry is not an object; export it again.")
		return g.l.skip()
	}
}

func (g *geojson) geometries(o *object) error {
	o.hasMembers = true
	o.geometries = nil
	if g.l.peek() != '[' {
		o.wrong = malformed(`"geometries" is not a list; export it again.`)
		return g.l.skip()
	}
	return g.l.elements(func() error {
		if g.l.peek() != '{' {
			o.wrong = malformed("A member of the collection is not a geometry; delete it.")
			return g.l.skip()
		}
		if err := g.spend(1); err != nil { // an empty member costs memory too
			return err
		}
		member, err := g.object(false)
		o.geometries = append(o.geometries, member)
		return err
	})
}

func (g *geojson) properties(o *object) error {
	if g.l.peek() != '{' {
		return g.l.skip() // null, or what is no list of properties
	}
	o.properties = make(map[string]string, len(g.file.Fields))
	return g.l.members(func(key string) error {
		value, err := g.value()
		if err != nil {
			return err
		}
		o.properties[key] = value
		return g.field(key)
	})
}

// value reads any value as text: strings decoded, numbers in the digits of the
// file, null and NaN as "", nested values as JSON.
func (g *geojson) value() (string, error) {
	if g.l.peek() == '"' {
		return g.l.string(g.lim.Value)
	}
	g.l.scratch = g.l.scratch[:0]
	if err := g.l.raw(g.lim.Value); err != nil {
		return "", err
	}
	switch string(g.l.scratch) {
	case "null", "NaN":
		return "", nil
	case "true":
		return "true", nil
	case "false":
		return "false", nil
	}
	return string(g.l.scratch), nil
}

// crs reads the "crs" member of GeoJSON before RFC 7946.
func (g *geojson) crs() error {
	if g.l.peek() != '{' {
		return g.l.skip()
	}
	return g.l.members(func(key string) error {
		if key != "properties" || g.l.peek() != '{' {
			return g.l.skip()
		}
		return g.l.members(func(key string) error {
			value, err := g.value()
			switch key {
			case "name":
				g.file.CRSHint = plainCRS(value)
			case "code":
				g.file.CRSHint = plainCRS("EPSG:" + value)
			}
			return err
		})
	})
}

// plainCRS writes urn:ogc:def:crs:EPSG::4490 as EPSG:4490, and CRS84, which is
// WGS 84 with the longitude first as all GeoJSON, as EPSG:4326.
func plainCRS(name string) string {
	upper := strings.ToUpper(strings.TrimSpace(name))
	if strings.HasSuffix(upper, "CRS84") || strings.HasSuffix(upper, "CRS84H") {
		return "EPSG:4326"
	}
	for _, prefix := range []string{"URN:OGC:DEF:CRS:EPSG:", "URN:X-OGC:DEF:CRS:EPSG:", "HTTP://WWW.OPENGIS.NET/DEF/CRS/EPSG/"} {
		if rest, ok := strings.CutPrefix(upper, prefix); ok {
			code := rest[strings.LastIndexAny(rest, ":/")+1:]
			return "EPSG:" + code
		}
	}
	if strings.HasPrefix(upper, "EPSG:") {
		return upper
	}
	return name
}

// nest is a nest of coordinate arrays of any of GeoJSON's heights.
type nest struct {
	height int  // 0 a position … 3 a list of polygons
	gap    bool // a part without positions
	point  orb.Point
	line   []orb.Point
	lines  [][]orb.Point
	areas  [][][]orb.Point
}

const (
	heightEmpty = -1 // an array without any position
	heightWrong = -2
)

// coordinates reads nested arrays of positions. What does not fit is passed over
// and marked in o, so that the features after it can still be read.
func (g *geojson) coordinates(o *object) (*nest, error) {
	g.points = g.points[:0]
	n := &nest{}
	if c := g.l.peek(); c != '[' {
		if c != 'n' {
			o.wrong = malformed("The coordinates are not a list; export it again.")
		}
		n.height = heightEmpty
		return n, g.l.skip()
	}
	wrong, err := g.nest(n, 0)
	if wrong != "" {
		o.wrong = malformed(wrong)
	}
	return n, err
}

// nest reads one array into n and sets its height. It returns what is wrong with
// it, or a fault of syntax.
func (g *geojson) nest(n *nest, level int) (wrong string, err error) {
	if level > 3 {
		n.height = heightWrong
		return "The coordinates are nested too deeply; export it again.", g.l.skip()
	}
	from, fromLine := len(g.points), len(n.lines)
	height, count := heightEmpty, 0
	var position orb.Point
	err = g.l.elements(func() error {
		c := g.l.peek()
		switch {
		case startsNumber(c):
			if height != heightEmpty && height != 0 {
				wrong = uneven
			}
			v, err := g.l.number()
			if count < 2 {
				position[count] = v
			}
			height, count = 0, count+1
			return err
		case c == '[':
			child, err := g.nest(n, level+1)
			if wrong == "" {
				wrong = child
			}
			switch {
			case n.height == heightEmpty:
				n.gap = true
			case height == heightEmpty:
				height = n.height + 1
			case height != n.height+1:
				wrong = uneven
			}
			return err
		}
		wrong = "A coordinate is not a number; correct it and export again."
		return g.l.skip()
	})
	n.height = height
	if err != nil || wrong != "" {
		g.points = g.points[:from]
		return wrong, err
	}
	if height == 0 && count < 2 {
		return "A position has one coordinate; it needs longitude and latitude.", nil
	}
	g.height = g.height || count > 2 && height == 0
	return "", g.finish(n, position, from, fromLine)
}

// finish puts an array that has ended into n: the positions from from on become
// a line, the lines from fromLine on an area.
func (g *geojson) finish(n *nest, position orb.Point, from, fromLine int) error {
	switch n.height {
	case heightEmpty:
		return g.spend(1) // an empty array costs memory too
	case 0:
		n.point = position
		g.points = append(g.points, position)
		return g.spend(1)
	case 1:
		n.line = append([]orb.Point(nil), g.points[from:]...)
		g.points = g.points[:from]
		n.lines = append(n.lines, n.line)
	case 2:
		n.areas = append(n.areas, append([][]orb.Point(nil), n.lines[fromLine:]...))
		n.lines = n.lines[:fromLine]
	}
	return nil
}

const uneven = "The coordinates are nested unevenly; export it again."

// geometry makes the geometry of a kind that has n's height.
func (n *nest) geometry(kind string) orb.Geometry {
	switch kind {
	case "Point":
		return n.point
	case "MultiPoint":
		return orb.MultiPoint(n.line)
	case "LineString":
		return orb.LineString(n.line)
	case "MultiLineString":
		return lineStrings(n.areas[len(n.areas)-1])
	case "Polygon":
		return polygon(n.areas[len(n.areas)-1])
	}
	all := make(orb.MultiPolygon, 0, len(n.areas))
	for _, rings := range n.areas {
		all = append(all, polygon(rings))
	}
	return all
}

func polygon(rings [][]orb.Point) orb.Polygon {
	p := make(orb.Polygon, 0, len(rings))
	for _, ring := range rings {
		p = append(p, orb.Ring(ring))
	}
	return p
}

func lineStrings(lines [][]orb.Point) orb.MultiLineString {
	all := make(orb.MultiLineString, 0, len(lines))
	for _, line := range lines {
		all = append(all, orb.LineString(line))
	}
	return all
}
