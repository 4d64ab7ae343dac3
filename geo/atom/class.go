package atom

import "wangge/geo"

// Class is what runs along a border. Where several things do, the greatest counts.
type Class uint8

// The classes, in the order of their strength.
const (
	Open     Class = iota // between buildings: there is no line to be seen
	Edge                  // the limit of a compound without a wall, of a village, of a zone
	Path                  // footpaths, service roads, tracks
	Stream                // ditches, brooks, the shores of ponds
	Street                // streets of a neighbourhood
	Wall                  // walls and fences, those of compounds among them
	Rail                  // railways
	MainRoad              // motorways, trunk and primary roads
	River                 // rivers and canals, and the shores of large water
	Classes  int   = iota
)

var classNames = [Classes]string{"open", "edge", "path", "stream", "street", "wall", "rail", "main_road", "river"}

// String is the name of the class in JSON and in the interface.
func (c Class) String() string { return classNames[c] }

// MarshalText implements encoding.TextMarshaler.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Costs say what a metre of border costs along each class, 0…1.
type Costs [Classes]float64

// UsualCosts prefer what everybody can see and few have to cross.
var UsualCosts = Costs{Open: 1, Edge: 0.3, Path: 0.5, Stream: 0.2, Street: 0.15, Wall: 0.1}

// streetClass is the class of OpenStreetMap's values of highway; others are paths.
var streetClass = map[string]Class{
	"motorway": MainRoad, "trunk": MainRoad, "primary": MainRoad,
	"secondary": Street, "motorway_link": Street, "trunk_link": Street, "primary_link": Street, "secondary_link": Street, "tertiary_link": Street,
	"rail":     Rail, // in files of lines
	"tertiary": Street, "unclassified": Street, "residential": Street, "living_street": Street, "road": Street, "pedestrian": Street, "busway": Street,
}

// OfStreet is the class of a kind of street, a value of highway.
func OfStreet(kind string) Class {
	if c, ok := streetClass[kind]; ok {
		return c
	}
	return Path
}

// OfWater is the class of a kind of water, a value of waterway or water.
func OfWater(kind string) Class {
	switch kind {
	case "river", "canal", "riverbank", "lake", "reservoir", "bay":
		return River
	}
	return Stream
}

// OfBarrier is the class of a kind of barrier or railway, if it is a line that stops people.
func OfBarrier(kind string) (Class, bool) {
	switch kind {
	case "wall", "fence", "city_wall", "retaining_wall", "hedge", "guard_rail":
		return Wall, true
	case "rail", "light_rail", "subway", "narrow_gauge":
		return Rail, true
	}
	return Open, false
}

// outlines are the rings of an area as closed lines.
func outlines(area geo.MultiPolygon) [][]geo.Point {
	var out [][]geo.Point
	for _, polygon := range area {
		for _, r := range polygon {
			if len(r) > 2 {
				out = append(out, append([]geo.Point(r[:len(r):len(r)]), r[0]))
			}
		}
	}
	return out
}

// covers reports whether a place lies in an area, by the even-odd rule; on the
// border either may be said.
func covers(area geo.MultiPolygon, p geo.Point) bool {
	inside := false
	for _, polygon := range area {
		for _, r := range polygon {
			a := r[len(r)-1]
			for _, b := range r {
				if (a.Y <= p.Y) != (b.Y <= p.Y) && (geo.Cross(a, b, p) > 0) == (b.Y > a.Y) {
					inside = !inside
				}
				a = b
			}
		}
	}
	return inside
}
