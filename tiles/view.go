package tiles

import (
	"maps"
	"strconv"

	"wangge/geo"
	"wangge/tiles/mvt"
)

// The subjects. Each but the last has changes of its own in layer_change; cells
// follow households and incidents.
const (
	subjectGrid       = "grid"
	subjectHousehold  = "household"
	subjectIncident   = "incident"
	subjectService    = "service-point"
	subjectZone       = "zone"
	subjectBackground = "background"
	subjectCell       = "cell"
)

var stored = []string{subjectGrid, subjectHousehold, subjectIncident, subjectService, subjectZone, subjectBackground}

// content is what a layer draws.
type content interface {
	// draw adds the layers of a tile, which is within the layer's zooms, as far as
	// its reader may see them.
	draw(b *mvt.Builder, name string, t mvt.Tile, r *reach)
	// size is about its memory in bytes.
	size() int64
}

// field is a property of a layer's features.
type field struct{ name, kind string }

// sourceLayer describes one MVT layer for TileJSON.
type sourceLayer struct {
	name        string
	description string
	fields      []field
}

// layer is what one URL serves: contents of one version on one day. Immutable.
type layer struct {
	name    string
	subject string
	min     int // zooms that are drawn
	max     int
	day     string // "" when the contents are the same on every day
	query   string // of a run: what was asked, as in a URL
	units   int64  // of a run: the version of the units that are drawn
	about   string // of a run: the column, for people
	bounds  geo.Bound
	sources []sourceLayer
	content content

	// version is that of the newest change in the contents. Tiles that no change
	// touched since base have the version base, the others their own.
	version int64
	base    int64
	touched map[mvt.Tile]int64
}

// maxTouched bounds the tiles with a version of their own; beyond it all tiles
// of the layer get a new one.
const maxTouched = 100_000

// versionOf is the version of the newest change that one tile shows.
func (l *layer) versionOf(t mvt.Tile) int64 {
	if v, ok := l.touched[t]; ok {
		return v
	}
	return l.base
}

// next is the layer after a change, which touched some tiles or all.
func (l *layer) next(c content, version int64, touched *mvt.Touched) *layer {
	n := *l
	n.content, n.version = c, version
	if touched.All || len(l.touched)+len(touched.Tiles) > maxTouched {
		n.base, n.touched = version, nil
		return &n
	}
	n.touched = make(map[mvt.Tile]int64, len(l.touched)+len(touched.Tiles))
	maps.Copy(n.touched, l.touched)
	for t := range touched.Tiles {
		n.touched[t] = version
	}
	return &n
}

// showing is the layer with other contents that look the same to Everything.
func (l *layer) showing(c content) *layer {
	n := *l
	n.content = c
	return &n
}

// of names what the contents depend on besides the version: the day, or what was
// asked of a run and the version of the units.
func (l *layer) of() string {
	if l.query == "" {
		return l.day
	}
	return l.query + "." + strconv.FormatInt(l.units, 36)
}

// find returns the layer of a name, without contents for those of runs and of duty; nil when
// there is none.
func (v *view) find(name string) *layer {
	if l := v.layers[name]; l != nil {
		return l
	}
	if l := ofDuty[name]; l != nil {
		return l
	}
	return ofRuns[name]
}

// label is what ?v= carries: the version, the day for what depends on it, and the
// scope, so that what a browser keeps for one reader is not what it asks for with
// the next.
func (l *layer) label(r *reach) string {
	label := strconv.FormatInt(l.version, 10)
	switch {
	case l.query != "":
		label += "." + strconv.FormatInt(l.units, 36)
	case l.day != "":
		label += "." + l.day
	}
	if r != nil {
		label += "." + r.key
	}
	return label
}

// view is what the map shows on one day. Immutable.
type view struct {
	day         geo.Day
	seen        map[string]int64 // by subject: the newest change that was read
	layers      map[string]*layer
	names       []string // of the layers, in drawing order
	levels      []level
	attribution attribution
	tree        *tree
}

// with returns the view with some layers replaced or added.
func (v *view) with(layers ...*layer) *view {
	n := *v
	n.layers = maps.Clone(v.layers)
	for _, l := range layers {
		if n.layers[l.name] == nil {
			n.names = append(n.names[:len(n.names):len(n.names)], l.name)
		}
		n.layers[l.name] = l
	}
	return &n
}

// without returns the view without the layers of a subject.
func (v *view) without(subject string) *view {
	n := *v
	n.layers, n.names = make(map[string]*layer, len(v.layers)), nil
	for _, name := range v.names {
		if l := v.layers[name]; l.subject != subject {
			n.layers[name] = l
			n.names = append(n.names, name)
		}
	}
	return &n
}

// bounds is the box of all units, or of the background where there are none.
func (v *view) bounds() geo.Bound {
	b, back := geo.EmptyBound, geo.EmptyBound
	for _, l := range v.layers {
		switch l.subject {
		case subjectGrid:
			b = b.Union(l.bounds)
		case subjectBackground:
			back = back.Union(l.bounds)
		}
	}
	if b.Empty() {
		return back
	}
	return b
}

// shapes are features with a form of their own at each zoom. They are the units of
// a level, or have owners, or are open to all; else they are for Everything alone.
type shapes struct {
	table  *mvt.Table
	zooms  [mvt.MaxZoom + 1]*mvt.Shapes
	level  string
	owners []int64 // by row
	open   bool
}

func (s *shapes) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	if at := s.zooms[t.Z]; at != nil {
		b.Shapes(name, at, s.table, t, s.selection(r))
	}
}

func (s *shapes) selection(r *reach) *mvt.Selection {
	switch {
	case s.open && (r == nil || r.seen.Any()):
		return nil
	case s.level != "":
		return r.grid(s.level)
	}
	return r.owned(s.owners)
}

func (s *shapes) size() int64 {
	n := s.table.Size()
	for _, at := range s.zooms {
		if at != nil {
			n += at.Size()
		}
	}
	return n
}

// rows lists the tiles in which features of these rows are drawn.
func (s *shapes) rows(rows map[int]bool, into *mvt.Touched) {
	for zoom, at := range s.zooms {
		if at != nil {
			at.Rows(rows, zoom, into)
		}
	}
}

// changed lists the tiles in which next looks different.
func (s *shapes) changed(next *shapes, into *mvt.Touched) {
	for zoom := range s.zooms {
		was, now := orNone(s.zooms[zoom]), orNone(next.zooms[zoom])
		was.Changed(s.table, now, next.table, zoom, into)
	}
}

func orNone(s *mvt.Shapes) *mvt.Shapes {
	if s == nil {
		return new(mvt.Shapes)
	}
	return s
}

// points are features at one place each, owned by units.
type points struct {
	*mvt.Points
	min, max int
	single   bool // households and incidents: only for who may see single ones
}

func (p points) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	b.Points(name, p.Points, t, r.owners(p.single))
}

func (p points) size() int64 { return p.Points.Size() }

// owned returns the points with other owners.
func (p points) owned(by func(id int64) int64) points {
	return points{p.Points.Owned(by), p.min, p.max, p.single}
}

func (p points) changed(next points, into *mvt.Touched) {
	p.Points.Changed(next.Points, p.min, p.max, into)
}

// find lists the tiles in which points with these ids are drawn.
func (p points) find(ids map[int64]bool, into *mvt.Touched) {
	p.Points.Find(ids, p.min, p.max, into)
}

// several draws more than one MVT layer into a tile.
type several []struct {
	name string
	content
}

func (s several) draw(b *mvt.Builder, _ string, t mvt.Tile, r *reach) {
	for _, part := range s {
		part.content.draw(b, part.name, t, r)
	}
}

func (s several) size() (n int64) {
	for _, part := range s {
		n += part.content.size()
	}
	return n
}
