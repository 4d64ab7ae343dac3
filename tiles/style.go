package tiles

import (
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"wangge/geo/fault"
	"wangge/tiles/mvt"
)

// ErrTheme says that the style has no such light.
var ErrTheme = fault.New(fault.Malformed, "style_choice", "theme is light, dark or print; lang is zh or en; with is duty.")

type (
	object = map[string]any
	array  = []any
)

func (s *Server) serveStyle(c *fiber.Ctx, scope Scope) error {
	v := s.current.Load()
	if v == nil {
		return ErrLoading
	}
	p, known := palettes[c.Query("theme", "light")]
	lang := c.Query("lang", "zh")
	if !known || lang != "zh" && lang != "en" {
		return ErrTheme
	}
	at := c.Query("at")
	if _, err := parseDay(v, at); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, scope.keep(ask))
	with := c.Query("with")
	if with != "" && with != "duty" {
		return ErrTheme
	}
	return c.JSON(styleOf(v, scope, p, lang, c.BaseURL(), at, with == "duty" && !scope.Public))
}

// styleOf is the whole map as a MapLibre style. It names no glyphs: clients draw
// all letters with local fonts. Every layer carries in its metadata the group it
// is switched with ("wangge:group": "background", or the name of its source) and
// the title of that group; of the units one level is filled and labelled at each
// zoom, the lowest whose units are wide enough to be read. What the reader may not
// see is not in it.
func styleOf(v *view, scope Scope, p palette, lang, base, at string, duty bool) object {
	r := v.tree.reach(scope)
	d := drawing{palette: p, lang: lang}
	bands := v.bands(r)
	d.soil()
	d.unitFills(bands)
	d.ground()
	d.cells()
	d.zones()
	d.borders(bands)
	d.groundNames()
	if duty {
		d.duty()
	}
	d.ledgers()
	d.unitNames(bands)

	d.layers = slices.DeleteFunc(d.layers, func(l object) bool {
		from := v.find(fmt.Sprint(l["source"]))
		return from != nil && !r.shows(from.subject)
	})
	sources := object{}
	for _, l := range d.layers {
		if name, ok := l["source"].(string); ok && sources[name] == nil && v.find(name) != nil {
			sources[name] = source(v, v.find(name), scope, base, at)
		}
	}
	return object{
		"version": 8, "name": "Wangge", "sources": sources, "layers": d.layers,
		"metadata": object{"wangge:day": v.day.String()},
	}
}

func source(v *view, l *layer, scope Scope, base, at string) object {
	address := base + "/tiles/" + l.name + ".json"
	if at != "" {
		address += "?at=" + url.QueryEscape(at)
	}
	o := object{"type": "vector", "url": address}
	if l.subject == subjectBackground {
		o["attribution"] = html.EscapeString(v.attribution.in(scope))
	} else if l.subject != subjectFreshness { // of which many are alike
		o["promoteId"] = l.sources[0].fields[0].name
	}
	return o
}

// drawing collects the layers of a style from the ground upwards.
type drawing struct {
	palette
	lang   string
	layers []object
}

// add appends a layer of a source; options are merged into it.
func (d *drawing) add(group, title, id, kind, from, part string, options object) {
	l := object{"id": id, "type": kind, "source": from, "source-layer": part,
		"metadata": object{"wangge:group": group, "wangge:title": title}}
	for key, value := range options {
		l[key] = value
	}
	d.layers = append(d.layers, l)
}

func (d *drawing) say(zh, en string) string {
	if d.lang == "en" {
		return en
	}
	return zh
}

// name is the name of a place in the reader's language, else in the other one.
func (d *drawing) name() array {
	if d.lang == "en" {
		return array{"coalesce", array{"get", "name_en"}, array{"get", "name"}}
	}
	return array{"coalesce", array{"get", "name"}, array{"get", "name_en"}}
}

// zoomed interpolates between pairs of a zoom and a value.
func zoomed(stops ...any) array {
	return append(array{"interpolate", array{"exponential", 1.4}, array{"zoom"}}, stops...)
}

// byClass chooses a value by a street's class.
func byClass(motorway, primary, secondary, street, small any) array {
	return array{"match", array{"get", "class"},
		array{"motorway", "trunk"}, motorway, "primary", primary, array{"secondary", "tertiary"}, secondary,
		array{"residential", "pedestrian"}, street, small}
}

func (d *drawing) backdrop(id, kind, part string, options object) {
	d.add(subjectBackground, d.say("底图", "Background"), id, kind, subjectBackground, part, options)
}

// soil is what lies under the tints of the units.
func (d *drawing) soil() {
	d.layers = append(d.layers, object{"id": "land", "type": "background", "paint": object{"background-color": d.land},
		"metadata": object{"wangge:group": subjectBackground, "wangge:title": d.say("底图", "Background")}})
	d.backdrop("green", "fill", "green", object{"paint": object{
		"fill-color": array{"match", array{"get", "kind"},
			array{"forest", "wood", "scrub", "tree_row", "nature_reserve"}, d.wood,
			array{"farmland", "orchard", "vineyard", "meadow", "vegetables", "allotments", "plant_nursery", "grassland", "heath", "wetland"}, d.field,
			array{"pitch", "track", "playground", "sports_centre", "golf_course"}, d.pitch,
			"cemetery", d.grave, d.park},
		"fill-antialias": false}})
}

// ground is water, buildings and streets.
func (d *drawing) ground() {
	d.backdrop("water", "fill", "water", object{"filter": array{"==", array{"geometry-type"}, "Polygon"},
		"paint": object{"fill-color": d.water}})
	d.backdrop("water-shore", "line", "water", object{"filter": array{"==", array{"geometry-type"}, "Polygon"}, "minzoom": 13,
		"paint": object{"line-color": d.waterLine, "line-width": zoomed(13, 0.4, 18, 1.4)}})
	d.backdrop("waterway", "line", "water", object{"filter": array{"==", array{"geometry-type"}, "LineString"},
		"layout": round, "paint": object{"line-color": d.waterLine, "line-width": array{"interpolate", array{"exponential", 1.4}, array{"zoom"},
			8, array{"match", array{"get", "kind"}, "river", 0.8, 0.3},
			14, array{"match", array{"get", "kind"}, "river", 3, "canal", 2.4, 1},
			18, array{"match", array{"get", "kind"}, "river", 12, "canal", 9, 4}}}})
	d.backdrop("building", "fill", "building", object{"minzoom": 13, "paint": object{
		"fill-color": d.building, "fill-outline-color": d.buildingEdge, "fill-opacity": zoomed(13, 0, 14.2, 0.6, 15.5, 1)}})
	d.streets()
}

var round = object{"line-cap": "round", "line-join": "round"}

// ordered draws large streets over small ones.
func ordered() object {
	return object{"line-cap": "round", "line-join": "round",
		"line-sort-key": array{"+", array{"*", 10, array{"coalesce", array{"get", "layer"}, 0}}, byClass(6, 5, 4, 2, 1)}}
}

// streetWidth is the width of the carriageway, or with more of its casing.
func streetWidth(more float64) array {
	at := func(zoom float64, motorway, primary, secondary, street, small float64) array {
		m := more * min(1, max(0, (zoom-9)/5))
		return array{zoom, byClass(motorway+m, primary+m, secondary+m, street+m, small+m)}
	}
	stops := slices.Concat(at(5, 0.6, 0.3, 0, 0, 0), at(10, 1.5, 1.1, 0.8, 0.3, 0.2), at(13, 3.4, 2.8, 2.1, 1.1, 0.6),
		at(15, 7, 6, 5, 3.6, 1.6), at(18, 26, 24, 20, 15, 7), at(20, 70, 64, 54, 42, 22))
	return zoomed(stops...)
}

func (d *drawing) streets() {
	colour := array{"match", array{"get", "class"}, "motorway", d.motorway, "trunk", d.trunk, "primary", d.primary,
		array{"secondary", "tertiary"}, d.secondary, d.street}
	casing := array{"match", array{"get", "class"}, array{"motorway", "trunk", "primary"}, d.majorCasing, d.casing}
	is := func(name string) array { return array{"==", array{"get", name}, true} }
	carriage := array{"!", array{"in", array{"get", "class"}, array{"literal", array{"path", "track", "rail", "construction"}}}}
	onGround := array{"all", carriage, array{"!", is("bridge")}, array{"!", is("tunnel")}}
	line := func(id string, filter array, minzoom float64, paint, layout object) {
		d.backdrop(id, "line", "street", object{"filter": filter, "minzoom": minzoom, "layout": layout, "paint": paint})
	}
	line("street-tunnel", array{"all", carriage, is("tunnel")}, 12,
		object{"line-color": d.casing, "line-width": streetWidth(0), "line-opacity": 0.5, "line-dasharray": array{0.8, 0.6}}, object{"line-join": "round"})
	line("street-path", array{"in", array{"get", "class"}, array{"literal", array{"path", "track"}}}, 14,
		object{"line-color": d.pathway, "line-width": zoomed(14, 0.5, 18, 2), "line-dasharray": array{2, 1.5}}, object{"line-join": "round"})
	line("street-casing", onGround, 11, object{"line-color": casing, "line-width": streetWidth(1.6)}, ordered())
	line("street", onGround, 5, object{"line-color": colour, "line-width": streetWidth(0)}, ordered())
	line("rail", array{"==", array{"get", "class"}, "rail"}, 9,
		object{"line-color": d.rail, "line-width": zoomed(9, 0.5, 18, 3)}, object{"line-join": "round"})
	line("bridge-casing", array{"all", carriage, is("bridge")}, 12, object{"line-color": casing, "line-width": streetWidth(2.4)},
		object{"line-cap": "butt", "line-join": "round"})
	line("bridge", array{"all", carriage, is("bridge")}, 5, object{"line-color": colour, "line-width": streetWidth(0)}, ordered())
}

// groundNames are the names of streets, water and places, over the borders.
func (d *drawing) groundNames() {
	text := func(colour string, width float64) object {
		return object{"text-color": colour, "text-halo-color": d.halo, "text-halo-width": width}
	}
	d.backdrop("water-name", "symbol", "water", object{"minzoom": 13,
		"filter": array{"all", array{"has", "name"}, array{"==", array{"geometry-type"}, "LineString"}},
		"layout": object{"text-field": array{"get", "name"}, "text-size": 12, "symbol-placement": "line", "symbol-spacing": 400, "text-letter-spacing": 0.2},
		"paint":  text(d.waterText, 1.2)})
	d.backdrop("street-name", "symbol", "street", object{"minzoom": 13, "filter": array{"any", array{"has", "name"}, array{"has", "name_en"}},
		"layout": object{"text-field": d.name(), "text-size": zoomed(13, 10.5, 17, 13), "symbol-placement": "line", "symbol-spacing": 320,
			"text-padding": 8, "symbol-sort-key": byClass(1, 2, 3, 4, 5)},
		"paint": text(d.softText, 1.6)})
	d.backdrop("service-name", "symbol", "service", object{"minzoom": 16, "filter": array{"has", "name"},
		"layout": object{"text-field": array{"get", "name"}, "text-size": 11, "text-max-width": 8, "text-padding": 10},
		"paint":  text(d.softText, 1.3)})
	d.backdrop("place-name", "symbol", "place", object{
		"layout": object{"text-field": d.name(), "text-max-width": 7, "text-padding": 6, "text-letter-spacing": 0.04,
			"text-size": array{"interpolate", array{"linear"}, array{"zoom"},
				8, array{"match", array{"get", "kind"}, array{"city", "county"}, 14, 11},
				15, array{"match", array{"get", "kind"}, array{"city", "county"}, 20, array{"town", "suburb"}, 16, 12.5}},
			"symbol-sort-key": array{"match", array{"get", "kind"}, array{"city", "county"}, 1, "town", 2, array{"suburb", "village"}, 3, 4}},
		"paint": text(d.text, 1.6)})
}

func (d *drawing) cells() {
	colour := array{"step", array{"zoom"}}
	for i, step := range []struct {
		zoom  int
		upper [4]int // of the four lower classes; a cell holds a seventh of the next coarser
	}{{0, [4]int{1700, 5100, 14000, 34000}}, {10, [4]int{250, 750, 2000, 4900}}, {12, [4]int{35, 100, 280, 700}}, {14, [4]int{5, 15, 40, 100}}} {
		classes := array{"step", array{"get", "households"}, d.palette.cells[0]}
		for k, upper := range step.upper {
			classes = append(classes, upper+1, d.palette.cells[k+1])
		}
		if i > 0 {
			colour = append(colour, step.zoom)
		}
		colour = append(colour, classes)
	}
	d.add(subjectCell, d.say("六边形统计", "Hexagon counts"), "cell", "fill", subjectCell, subjectCell, object{
		"layout": hidden, "filter": array{">", array{"get", "households"}, 0},
		"paint": object{"fill-color": colour, "fill-opacity": 0.75, "fill-outline-color": d.halo}})
}

var hidden = object{"visibility": "none"}

func (d *drawing) zones() {
	title := d.say("叠加区", "Zones")
	d.add(subjectZone, title, "zone-fill", "fill", subjectZone, subjectZone, object{"layout": hidden,
		"paint": object{"fill-color": d.zone, "fill-opacity": 0.12}})
	d.add(subjectZone, title, "zone-line", "line", subjectZone, subjectZone, object{"layout": hidden,
		"paint": object{"line-color": d.zone, "line-width": 1.6, "line-dasharray": array{2, 1.5}}})
}

// band is a level that has units, and the zooms at which it is the one to look at.
type band struct {
	level
	from, to float64
	wide     float64 // how much wider its border is than that of the lowest level
}

// legible is how wide a unit is, in pixels, when its level takes over.
const legible = 84

// bands are the levels with units on the day, from top to bottom. A level begins
// where its units are legible on average, and ends where the next begins.
func (v *view) bands(r *reach) (list []band) {
	for _, l := range v.levels {
		grid := v.layers["grid-"+l.Code]
		if grid == nil {
			continue
		}
		n, bounds := r.unitsOn(grid)
		if n == 0 || bounds.Empty() {
			continue
		}
		low, high := mvt.Project(bounds.Min), mvt.Project(bounds.Max)
		width := math.Sqrt((high.X - low.X) * (low.Y - high.Y) / float64(n)) // of the world
		from := math.Round(4*math.Log2(legible/(512*math.Max(width, 1e-9)))) / 4
		if len(list) > 0 {
			from = max(from, list[len(list)-1].from+0.25)
			list[len(list)-1].to = from
		} else {
			from = 0
		}
		list = append(list, band{level: l, from: min(from, 20), to: 24})
	}
	for i := range list {
		list[i].wide = float64(len(list)-1-i) * 0.45
	}
	return list
}

func (d *drawing) unitFills(bands []band) {
	for _, b := range bands {
		fill := array{"match", array{"%", array{"get", "tint"}, len(d.tints)}}
		for k, tint := range d.tints[1:] {
			fill = append(fill, k+1, tint)
		}
		d.unit(b, "-fill", "fill", object{"minzoom": b.from, "maxzoom": b.to,
			"paint": object{"fill-color": append(fill, d.tints[0]), "fill-opacity": d.tintWeight}})
	}
}

// unit adds a layer of a level's units.
func (d *drawing) unit(b band, suffix, kind string, options object) {
	group := "grid-" + b.Code
	d.add(group, d.say(b.TitleZh, b.TitleEn), group+suffix, kind, group, group, options)
}

// borders draws thin lines over a halo, those of higher levels wider, each from a
// little before its level begins.
func (d *drawing) borders(bands []band) {
	for i, b := range slices.Backward(bands) {
		from := max(0, b.from-0.5)
		opacity := 0.9
		if i == len(bands)-1 {
			opacity = 0.6
		}
		if i < len(bands)-1 {
			d.unit(b, "-halo", "line", object{"minzoom": from, "layout": round, "paint": object{
				"line-color": d.borderHalo, "line-width": zoomed(9, 1.2+b.wide, 13, 2.2+1.6*b.wide, 17, 3.5+2.4*b.wide), "line-opacity": 0.6}})
		}
		d.unit(b, "-line", "line", object{"minzoom": from, "layout": object{"line-join": "round"}, "paint": object{
			"line-color": d.border, "line-width": zoomed(9, 0.4+b.wide/2, 13, 0.7+b.wide, 17, 1.2+1.4*b.wide), "line-opacity": opacity}})
	}
}

// unitNames names the units of each level in its band, and a little beyond.
func (d *drawing) unitNames(bands []band) {
	for i, b := range slices.Backward(bands) {
		group := "label-" + b.Code
		big := 1.5 * float64(len(bands)-1-i)
		d.add("grid-"+b.Code, d.say(b.TitleZh, b.TitleEn), group, "symbol", group, group, object{
			"minzoom": b.from, "maxzoom": min(24, b.to+0.5),
			"layout": object{"text-field": array{"get", "name"}, "text-size": zoomed(10, 11+big/2, 17, 13+big), "text-max-width": 7, "text-padding": 4},
			"paint":  object{"text-color": d.border, "text-halo-color": d.halo, "text-halo-width": 1.8}})
	}
}

// standsFor is a radius that grows with what a thinned point stands for.
func standsFor(radius float64) array {
	return array{"*", radius, array{"min", 2.2, array{"^", array{"coalesce", array{"get", "count"}, 1}, 0.18}}}
}

func (d *drawing) ledgers() {
	d.add(subjectHousehold, d.say("住户", "Households"), "household", "circle", subjectHousehold, subjectHousehold, object{"layout": hidden,
		"paint": object{"circle-radius": zoomed(13, standsFor(1.4), 15, standsFor(2.2), 18, standsFor(4.5)),
			"circle-color":        array{"case", array{"==", array{"get", "occupied"}, false}, d.vacant, d.household},
			"circle-stroke-color": d.halo, "circle-stroke-width": zoomed(13, 0.3, 17, 1)}})
	closed := array{"==", array{"get", "state"}, "closed"}
	d.add(subjectIncident, d.say("事件", "Incidents"), "incident", "circle", subjectIncident, subjectIncident, object{"layout": hidden,
		"paint": object{"circle-radius": zoomed(10, standsFor(1.6), 14, standsFor(3.2), 18, standsFor(6)),
			"circle-color": array{"case", closed, d.incidentClosed, d.incident}, "circle-opacity": array{"case", closed, 0.55, 0.9},
			"circle-stroke-color": d.halo, "circle-stroke-width": 0.8}})
	d.servicePoints()
}

func (d *drawing) servicePoints() {
	byTier := func(center, station, point, other any) array {
		return array{"match", array{"get", "tier"}, "center", center, "station", station, "point", point, other}
	}
	title := d.say("服务点", "Service points")
	d.add(subjectService, title, "service-point", "circle", subjectService, subjectService, object{
		// The many points of the lowest tiers wait for the scale at which they stand apart.
		"filter": array{"step", array{"zoom"}, array{"in", array{"get", "tier"}, array{"literal", array{"center", "station"}}}, 13, true},
		"layout": object{"circle-sort-key": byTier(3, 2, 1, 0)},
		"paint": object{"circle-radius": zoomed(9, byTier(4, 2.6, 1.6, 1.4), 14, byTier(8, 6.2, 4.8, 4), 18, byTier(11, 9, 7, 6)),
			"circle-color":        byTier(d.tiers[0], d.tiers[1], d.tiers[2], d.tiers[3]),
			"circle-opacity":      array{"match", array{"get", "state"}, array{"active", "pilot"}, 1, 0.5},
			"circle-stroke-color": d.halo, "circle-stroke-width": 1.5}})
	d.add(subjectService, title, "service-point-name", "symbol", subjectService, subjectService, object{"minzoom": 15,
		"layout": object{"text-field": array{"get", "name"}, "text-size": 12, "text-anchor": "top", "text-offset": array{0, 0.8},
			"text-max-width": 9, "text-optional": true, "symbol-sort-key": byTier(0, 1, 2, 3)},
		"paint": object{"text-color": d.tiers[0], "text-halo-color": d.halo, "text-halo-width": 1.4}})
}
