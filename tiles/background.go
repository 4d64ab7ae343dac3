package tiles

import (
	"context"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/tiles/mvt"
)

const (
	backgroundMin = 5
	zoneMin       = 8
)

// streetClass groups the highway values of OpenStreetMap, and says from which
// zoom on a class is drawn.
var streetClass = map[string]struct {
	class string
	from  int
}{
	"motorway": {"motorway", 5}, "motorway_link": {"motorway", 10},
	"trunk": {"trunk", 6}, "trunk_link": {"trunk", 11},
	"primary": {"primary", 8}, "primary_link": {"primary", 12},
	"secondary": {"secondary", 10}, "secondary_link": {"secondary", 12},
	"tertiary": {"tertiary", 11}, "tertiary_link": {"tertiary", 13},
	"residential": {"residential", 12}, "unclassified": {"residential", 12}, "living_street": {"residential", 13}, "road": {"residential", 13},
	"service": {"service", 14}, "track": {"track", 14},
	"pedestrian": {"pedestrian", 13}, "square": {"pedestrian", 14}, "platform": {"pedestrian", 15}, "footway": {"path", 15}, "path": {"path", 14}, "cycleway": {"path", 14},
	"steps": {"path", 15}, "bridleway": {"path", 15}, "corridor": {"path", 16},
	"construction": {"construction", 14}, "rail": {"rail", 9}, "narrow_gauge": {"rail", 11}, "light_rail": {"rail", 12}, "subway": {"rail", 13}, "tram": {"rail", 13},
}

// placeFrom is the zoom from which on the name of a place is drawn.
var placeFrom = map[string]int{
	"city": 6, "town": 8, "county": 8, "suburb": 11, "borough": 11, "village": 11, "quarter": 12,
	"neighbourhood": 13, "hamlet": 13, "locality": 14, "isolated_dwelling": 15, "farm": 15,
}

// drawnFrom is the first zoom at which a feature is drawn.
func (f feature) drawnFrom() int {
	switch f.class {
	case "street":
		if c, known := streetClass[f.kind]; known {
			return c.from
		}
		return 14
	case "building":
		return 13
	case "service":
		return 15
	case "place":
		if zoom, known := placeFrom[f.kind]; known {
			return zoom
		}
		return 14
	case "water":
		return waterFrom(f.kind, f.shape)
	}
	return 8
}

// waterFrom keeps brooks and ditches off the small scales; surfaces are left out
// when they are small, whatever their kind.
func waterFrom(kind string, shape orb.Geometry) int {
	if shape.Dimensions() == 2 {
		return backgroundMin
	}
	switch kind {
	case "river":
		return 8
	case "canal":
		return 11
	}
	return 13
}

// partOf is one MVT layer of the background while it is drawn.
type partOf struct {
	columns []mvt.Column
	fields  []field
	values  func(feature) []mvt.Value
	name    string
	about   string
}

func named(f feature) []mvt.Value { return []mvt.Value{mvt.String(f.kind), optional(f.name)} }

// optional leaves an empty text out of the tile.
func optional(s string) mvt.Value {
	if s == "" {
		return mvt.Value{}
	}
	return mvt.String(s)
}

func truth(b bool) mvt.Value {
	if !b {
		return mvt.Value{}
	}
	return mvt.Bool(true)
}

func columns(names ...string) (list []mvt.Column) {
	for _, name := range names {
		list = append(list, mvt.Column{Name: name})
	}
	return list
}

// backgroundParts are in drawing order.
func backgroundParts() []partOf {
	kindAndName := []field{{"kind", "String: the deciding value of OpenStreetMap"}, {"name", "String"}}
	return []partOf{
		{columns("kind", "name"), kindAndName, named, "green", "Parks, woods, fields"},
		{columns("kind", "name"), kindAndName, named, "water", "Rivers, lakes, canals"},
		{columns("class", "name", "name_en", "layer", "bridge", "tunnel"),
			[]field{{"class", "String: motorway to path, rail"}, {"name", "String"}, {"name_en", "String"},
				{"layer", "Number: absent = on the ground"}, {"bridge", "Boolean: absent = no"}, {"tunnel", "Boolean: absent = no"}},
			streetValues, "street", "Streets and ways"},
		{columns("kind", "name"), kindAndName, named, "building", "Buildings"},
		{columns("kind", "name"), kindAndName, named, "service", "Schools, clinics, shops and other places"},
		{columns("kind", "name", "name_en"),
			append(kindAndName[:2:2], field{"name_en", "String"}),
			func(f feature) []mvt.Value { return append(named(f), optional(f.nameEn)) }, "place", "Names of places"},
	}
}

func streetValues(f feature) []mvt.Value {
	class := "residential"
	if c, known := streetClass[f.kind]; known {
		class = c.class
	}
	layer := mvt.Value{}
	if f.layer != 0 {
		layer = mvt.Int(int64(f.layer))
	}
	return []mvt.Value{mvt.String(class), optional(f.name), optional(f.nameEn), layer, truth(f.bridge), truth(f.tunnel)}
}

// painter draws features that share no borders into the shapes of all zooms.
type painter struct {
	table  *mvt.Table
	zooms  [mvt.MaxZoom + 1]mvt.ShapesBuilder
	bounds geo.Bound
	owners []int64 // by row, of features that belong to units
	open   bool    // they belong to everybody
}

func (p *painter) add(values []mvt.Value, from int, shape orb.Geometry) {
	row := p.table.Add(values...)
	b := shape.Bound()
	p.bounds = p.bounds.Extend(geo.Snap(b.Min)).Extend(geo.Snap(b.Max))
	for zoom := from; zoom <= mvt.MaxZoom; zoom++ {
		p.draw(row, zoom, shape)
	}
}

func (p *painter) draw(row, zoom int, shape orb.Geometry) {
	b := &p.zooms[zoom]
	switch s := shape.(type) {
	case orb.Point:
		b.Point(row, mvt.Project(geo.Snap(s)).At(zoom))
	case orb.LineString:
		b.Line(row, thinLine(s, zoom))
	case orb.MultiLineString:
		lines := make([][]mvt.Point, len(s))
		for i, line := range s {
			lines[i] = thinLine(line, zoom)
		}
		b.Line(row, lines...)
	case orb.Polygon:
		b.Polygon(row, thinArea(orb.MultiPolygon{s}, zoom)...)
	case orb.MultiPolygon:
		b.Polygon(row, thinArea(s, zoom)...)
	}
}

// smallest is the area of a ring in square units below which it is left out: a
// square of 6 units, less than a pixel of a tile of 512.
const smallest = 36

func thinArea(area orb.MultiPolygon, zoom int) [][]mvt.Ring {
	polygons := worldRings(geo.FromOrb(area), zoom)
	for i, polygon := range polygons {
		kept := polygon[:0]
		for k, ring := range polygon {
			ring = thinRing(ring, zoom)
			if large := math.Abs(ringArea(ring)) >= smallest; !large && k == 0 {
				break
			} else if large {
				kept = append(kept, ring)
			}
		}
		polygons[i] = kept
	}
	return polygons
}

func ringArea(r mvt.Ring) float64 {
	var sum float64
	for i, a := range r {
		b := r[(i+1)%len(r)]
		sum += float64(a.X-r[0].X)*float64(b.Y-r[0].Y) - float64(b.X-r[0].X)*float64(a.Y-r[0].Y)
	}
	return sum / 2
}

func thinLine(line orb.LineString, zoom int) []mvt.Point {
	points := make([]mvt.Point, len(line))
	for i, p := range line {
		points[i] = mvt.Project(geo.Snap(p)).At(zoom)
	}
	return thinPoints(points, zoom)
}

// thinRing thins the two halves of a ring between its first point and the one
// farthest from it.
func thinRing(ring mvt.Ring, zoom int) mvt.Ring {
	if len(ring) < 4 {
		return ring
	}
	far, best := 0, -1.0
	for i, p := range ring {
		if d := math.Hypot(float64(p.X-ring[0].X), float64(p.Y-ring[0].Y)); d > best {
			far, best = i, d
		}
	}
	first := thinPoints(ring[:far+1], zoom)
	second := thinPoints(append(append([]mvt.Point(nil), ring[far:]...), ring[0]), zoom)
	return append(first[:len(first):len(first)], second[1:len(second)-1]...)
}

// thinPoints leaves out points that lie within half the tolerance of a line
// (Douglas and Peucker). At MaxZoom all are kept.
func thinPoints(points []mvt.Point, zoom int) []mvt.Point {
	if zoom == mvt.MaxZoom || len(points) < 3 {
		return points
	}
	keep := make([]bool, len(points))
	keep[0], keep[len(points)-1] = true, true
	mark(points, keep, 0, len(points)-1)
	var out []mvt.Point
	for i, p := range points {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

func mark(points []mvt.Point, keep []bool, from, to int) {
	for to-from > 1 {
		farthest, most := 0, tolerance/2.0
		for i := from + 1; i < to; i++ {
			if d := away(points[i], points[from], points[to]); d > most {
				farthest, most = i, d
			}
		}
		if farthest == 0 {
			return
		}
		keep[farthest] = true
		mark(points, keep, from, farthest)
		from = farthest
	}
}

// away is the distance of p from the segment a–b, in units.
func away(p, a, b mvt.Point) float64 {
	px, py := float64(p.X-a.X), float64(p.Y-a.Y)
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	if length := dx*dx + dy*dy; length > 0 {
		t := math.Max(0, math.Min(1, (px*dx+py*dy)/length))
		px, py = px-t*dx, py-t*dy
	}
	return math.Hypot(px, py)
}

func (p *painter) shapes() *shapes {
	s := &shapes{table: p.table, owners: p.owners, open: p.open}
	for zoom := range p.zooms {
		s.zooms[zoom] = p.zooms[zoom].Done()
	}
	return s
}

// loadBackground draws the current network import.
func loadBackground(ctx context.Context, db pg.DB, version int64) (*layer, error) {
	parts := backgroundParts()
	painters := map[string]*painter{}
	values := map[string]func(feature) []mvt.Value{}
	for _, part := range parts {
		painters[part.name] = &painter{table: mvt.NewTable(part.columns...), bounds: geo.EmptyBound, open: true}
		values[part.name] = part.values
	}
	err := readBackground(ctx, db, func(f feature) {
		painters[f.class].add(values[f.class](f), f.drawnFrom(), f.shape)
	})
	if err != nil {
		return nil, err
	}
	l := &layer{name: subjectBackground, subject: subjectBackground, min: backgroundMin, max: mvt.MaxZoom,
		bounds: geo.EmptyBound, version: version, base: version}
	var all several
	for _, part := range parts {
		p := painters[part.name]
		all = append(all, struct {
			name string
			content
		}{part.name, p.shapes()})
		l.bounds = l.bounds.Union(p.bounds)
		l.sources = append(l.sources, sourceLayer{part.name, part.about, part.fields})
	}
	l.content = all
	return l, nil
}

var zoneFields = []field{{"id", "String: code"}, {"name", "String"}, {"kind", "String: shop-block, enterprise, street, compound, natural-village or other"}}

// loadZones draws the overlay zones of a day. They may overlap, and share no borders.
func loadZones(ctx context.Context, db pg.DB, day geo.Day, version int64) (*layer, error) {
	zones, err := readZones(ctx, db, day)
	if err != nil {
		return nil, err
	}
	p := painter{table: mvt.NewTable(mvt.Column{Name: "id", Unique: true}, mvt.Column{Name: "name"}, mvt.Column{Name: "kind"}), bounds: geo.EmptyBound}
	for _, z := range zones {
		p.add([]mvt.Value{mvt.String(z.Code), mvt.String(z.Name), mvt.String(z.Kind)}, zoneMin, z.Area.Orb())
		p.owners = append(p.owners, z.Owner)
	}
	return &layer{name: subjectZone, subject: subjectZone, min: zoneMin, max: mvt.MaxZoom, day: dayLabel(day),
		bounds: p.bounds, content: p.shapes(), version: version, base: version,
		sources: []sourceLayer{{subjectZone, "Overlay zones", zoneFields}}}, nil
}

// dayLabel is the day in the version of a layer that depends on it.
func dayLabel(day geo.Day) string { return strings.ReplaceAll(day.String(), "-", "") }
