package network

import (
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
)

// The classes of things on the map.
const (
	Street   = "street"
	Building = "building"
	Water    = "water"
	Green    = "green"
	Place    = "place"
	Service  = "service"
	Barrier  = "barrier"
	Entrance = "entrance"
)

// FromTown is the OSMType of what the demo town invented.
const FromTown = "t"

// Feature is a thing on the map.
type Feature struct {
	Class   string
	OSMType string // n, w, r; t for the demo town, f for a file of lines
	OSMID   int64
	Kind    string // the value of the deciding tag: residential, park, river …
	Name    string
	NameEn  string
	Layer   int               // bridges above, tunnels below the ground
	Tags    map[string]string // those that access and addresses need
	Nodes   []int64           // of a street, in order; none for a square
	Shape   orb.Geometry      // of a street a line, of a square an area
}

// sort is a class and kind that tags stand for.
type sort struct{ class, kind string }

// streets are the values of highway that exist on the ground. Those under
// construction, proposed or gone are left out.
var streets = set("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link",
	"secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential",
	"living_street", "service", "pedestrian", "track", "footway", "path", "steps", "cycleway",
	"bridleway", "corridor", "road", "busway", "elevator")

// Kinds of land that are green on the map, by key.
var greens = map[string]map[string]bool{
	"leisure": set("park", "garden", "pitch", "playground", "golf_course", "nature_reserve", "recreation_ground",
		"common", "dog_park", "track", "sports_centre"),
	"landuse": set("grass", "forest", "meadow", "recreation_ground", "village_green", "cemetery", "orchard",
		"vineyard", "farmland", "allotments", "plant_nursery", "greenfield", "flowerbed"),
	"natural": set("wood", "scrub", "grassland", "heath", "wetland", "tree_row"),
}

// Kinds of water; those of waterways may be lines.
var waters = map[string]map[string]bool{
	"natural":  set("water", "bay", "spring"),
	"waterway": set("river", "stream", "canal", "ditch", "drain", "riverbank", "dock"),
	"landuse":  set("reservoir", "basin", "salt_pond"),
}

// places are the values of place that name a part of a county or less. Countries
// and provinces are left out, with their borders.
var places = set("city", "town", "village", "hamlet", "isolated_dwelling", "farm", "suburb", "borough",
	"quarter", "neighbourhood", "city_block", "locality", "square", "islet", "island")

// furniture are amenities that serve nobody by themselves.
var furniture = set("bench", "waste_basket", "waste_disposal", "bicycle_parking", "motorcycle_parking", "parking",
	"parking_space", "parking_entrance", "grit_bin", "hunting_stand", "lounger", "clock", "vending_machine",
	"recycling", "fountain", "feeding_place", "game_feeding", "watering_place", "loading_dock", "table")

// barriers are what may stop somebody on foot: on a way, a line along which
// nobody passes, or a point that lets some through.
var barriers = set("gate", "swing_gate", "lift_gate", "sliding_gate", "kissing_gate", "hampshire_gate", "bollard", "block",
	"cycle_barrier", "stile", "turnstile", "full-height_turnstile", "toll_booth", "border_control", "entrance", "chain",
	"wall", "fence", "hedge", "retaining_wall", "city_wall", "guard_rail", "ditch", "spikes", "jersey_barrier", "kerb")

// railways are the values of railway whose tracks stop people. Those of trams are part
// of the street; what is disused or under construction stops nobody.
var railways = set("rail", "light_rail", "subway", "narrow_gauge")

// railKind is what a line of tracks is. Sidings and yards lie beside one.
func railKind(t osm.Tags) (string, bool) {
	kind, service := t.Find("railway"), t.Find("service")
	return kind, railways[kind] && (service == "" || service == "spur")
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// wanted are the tags that are kept, by class.
var wanted = map[string]map[string]bool{
	Street: set("access", "foot", "bicycle", "motorroad", "footway", "sidewalk", "sidewalk:left", "sidewalk:right",
		"sidewalk:both", "oneway", "oneway:foot", "bridge", "tunnel", "covered", "indoor", "level", "surface", "width",
		"lit", "incline", "wheelchair", "ramp", "ramp:wheelchair", "handrail", "conveying", "service", "crossing",
		"barrier", "area", "junction", "opening_hours", "locked", "ford", "segregated", "informal", "smoothness", "tracktype",
		"path", "cycleway", "sac_scale"),
	Building: set("addr:housenumber", "addr:street", "addr:housename", "addr:place", "addr:unit", "building:levels", "height", "entrance"),
	Service:  set("opening_hours", "wheelchair", "level", "addr:housenumber", "addr:street", "healthcare", "social_facility", "operator:type"),
	Barrier:  set("access", "foot", "locked", "opening_hours", "wheelchair", "entrance", "kerb", "bridge", "tunnel"),
	Entrance: set("access", "foot", "wheelchair", "level", "addr:housenumber", "addr:unit", "ref", "barrier", "locked"),
	Place:    set("population", "landuse"),
	Water:    set("intermittent", "tunnel", "width"),
	Green:    set("access", "sport"),
}

// sortsOfNode are the classes a node with tags belongs to.
func sortsOfNode(t osm.Tags) []sort {
	var list []sort
	if kind := t.Find("place"); places[kind] {
		list = append(list, sort{Place, kind})
	}
	if kind, ok := serviceKind(t); ok {
		list = append(list, sort{Service, kind})
	}
	if kind := t.Find("barrier"); barriers[kind] {
		list = append(list, sort{Barrier, kind})
	} else if is(t, "kerb") {
		list = append(list, sort{Barrier, "kerb"})
	}
	if kind := t.Find("entrance"); kind != "" && kind != "no" {
		list = append(list, sort{Entrance, kind})
	}
	return list
}

// streetKind is what people walk on.
func streetKind(t osm.Tags) (string, bool) {
	if kind := t.Find("highway"); streets[kind] {
		return kind, true
	}
	return "platform", t.Find("railway") == "platform" || t.Find("public_transport") == "platform"
}

// squareKind is what people walk across: an area that is a street, or an open
// place by name.
func squareKind(t osm.Tags) (string, bool) {
	if kind, ok := streetKind(t); ok && (t.Find("area") == "yes" || t.Find("type") == "multipolygon") {
		return kind, true
	}
	return "square", t.Find("place") == "square" && !is(t, "highway") && t.Find("area") != "no"
}

// sortsOfWay are the classes a way belongs to; closed tells whether it may be an
// area.
func sortsOfWay(t osm.Tags, closed bool) []sort {
	var list []sort
	if kind, ok := squareKind(t); ok && closed {
		list = append(list, sort{Street, kind})
	} else if kind, ok := streetKind(t); ok {
		list = append(list, sort{Street, kind})
	}
	if kind := t.Find("barrier"); barriers[kind] {
		list = append(list, sort{Barrier, kind})
	} else if kind, ok := railKind(t); ok {
		list = append(list, sort{Barrier, kind})
	}
	if kind := t.Find("waterway"); waters["waterway"][kind] && !closed {
		list = append(list, sort{Water, kind})
	}
	if closed && t.Find("area") != "no" {
		list = append(list, sortsOfArea(t)...)
	}
	return list
}

// sortsOfRelation are the classes of a multipolygon.
func sortsOfRelation(t osm.Tags) []sort {
	list := sortsOfArea(t)
	if kind, ok := squareKind(t); ok {
		list = append(list, sort{Street, kind})
	}
	return list
}

// sortsOfArea are the classes of a closed way or a multipolygon, streets apart.
func sortsOfArea(t osm.Tags) []sort {
	var list []sort
	if kind := t.Find("building"); kind != "" && kind != "no" {
		list = append(list, sort{Building, kind})
	}
	if kind, ok := among(t, waters); ok {
		list = append(list, sort{Water, waterKind(t, kind)})
	} else if kind, ok := among(t, greens); ok {
		list = append(list, sort{Green, kind})
	}
	switch kind := t.Find("place"); {
	case places[kind]:
		list = append(list, sort{Place, kind})
	case t.Find("landuse") == "residential" && t.Find("name") != "":
		list = append(list, sort{Place, "compound"})
	}
	if kind, ok := serviceKind(t); ok {
		list = append(list, sort{Service, kind})
	}
	return list
}

// waterKind prefers the finer word: a river's area is natural=water, water=river.
func waterKind(t osm.Tags, kind string) string {
	if finer := t.Find("water"); kind == "water" && finer != "" {
		return finer
	}
	return kind
}

// among finds the first key, in a fixed order, whose value is in the table.
func among(t osm.Tags, table map[string]map[string]bool) (string, bool) {
	for _, key := range []string{"leisure", "natural", "waterway", "landuse"} {
		if kind := t.Find(key); kind != "" && table[key][kind] {
			return kind, true
		}
	}
	return "", false
}

// serviceKind is what a place offers to people who go there.
func serviceKind(t osm.Tags) (string, bool) {
	if kind := t.Find("amenity"); kind != "" && !furniture[kind] {
		return kind, true
	}
	for _, key := range []string{"healthcare", "shop", "office", "craft", "emergency", "social_facility"} {
		if kind := t.Find(key); kind != "" && kind != "no" && kind != "vacant" && kind != "fire_hydrant" {
			if key == "shop" && kind == "yes" {
				kind = "shop"
			}
			return kind, true
		}
	}
	switch kind := t.Find("leisure"); kind {
	case "sports_centre", "fitness_centre", "fitness_station", "swimming_pool", "stadium", "sports_hall":
		return kind, true
	}
	switch kind := t.Find("public_transport"); kind {
	case "station", "stop_position":
		return kind, kind == "station"
	}
	return "", false
}

// describe makes the feature of a class from an element's tags.
func describe(s sort, osmType string, id int64, tags osm.Tags, shape orb.Geometry) Feature {
	f := Feature{
		Class: s.class, Kind: s.kind, OSMType: osmType, OSMID: id, Shape: shape,
		Name: tags.Find("name"), NameEn: tags.Find("name:en"), Layer: layerOf(tags),
	}
	for _, t := range tags {
		if wanted[s.class][t.Key] {
			if f.Tags == nil {
				f.Tags = map[string]string{}
			}
			f.Tags[t.Key] = t.Value
		}
	}
	return f
}

// layerOf is the order of things that cross: the tag, or one up for bridges and
// one down for tunnels.
func layerOf(t osm.Tags) int {
	if n, err := strconv.Atoi(t.Find("layer")); err == nil {
		return max(-5, min(5, n))
	}
	switch {
	case is(t, "bridge"):
		return 1
	case is(t, "tunnel") && t.Find("tunnel") != "building_passage":
		return -1
	}
	return 0
}

func is(t osm.Tags, key string) bool {
	v := t.Find(key)
	return v != "" && v != "no"
}
