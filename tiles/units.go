package tiles

import (
	"context"
	"maps"
	"math/bits"
	"slices"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/topology"
	"wangge/tiles/mvt"
)

// tolerance is how far a simplified border may lie from the true one, in units
// of the tile: half of the 8 that make a pixel of a tile of 512. At MaxZoom every
// vertex is drawn.
const tolerance = 4

// register is what the map keeps of the units of a day beside the drawing: who
// is whose parent and how many households each has. Immutable.
type register struct {
	*tree
	byID      map[int64]int32
	own       []int32       // households the unit is directly responsible for
	total     []int32       // with those of all units below it
	published map[int64]int // households of units whose published count is not hidden
	bounds    geo.Bound
	grids     map[string]*shapes
	names     map[string]points
}

// gridZooms are the zooms at which units of a rank are drawn: towns from afar,
// micro-grids from where they can be told apart.
func gridZooms(rank int) (min, max int) {
	switch {
	case rank <= 20:
		return 4, mvt.MaxZoom
	case rank <= 40:
		return 7, mvt.MaxZoom
	}
	return 9, mvt.MaxZoom
}

// newRegister prepares the units of all levels together, so that a town's border
// and those of its grids are the same line at every zoom.
func newRegister(ctx context.Context, levels []level, units []unit, own, published map[int64]int) (*register, error) {
	r := &register{tree: newTree(units), byID: make(map[int64]int32, len(units)), published: published,
		own: make([]int32, len(units)), bounds: geo.EmptyBound, grids: map[string]*shapes{}, names: map[string]points{}}
	areas := make([]geo.MultiPolygon, len(units))
	for i := range units {
		r.byID[units[i].ID] = int32(i)
		r.own[i] = int32(own[units[i].ID])
		areas[i], units[i].Area = units[i].Area, nil
		r.limits[i] = areas[i].Bound()
		r.bounds = r.bounds.Union(r.limits[i])
	}
	r.total = r.sums(r.own)
	zoomsOf := make(map[string][2]int, len(levels))
	for _, l := range levels {
		min, max := gridZooms(l.Rank)
		zoomsOf[l.Code] = [2]int{min, max}
		r.grids[l.Code] = &shapes{table: mvt.NewTable(gridColumns...), level: l.Code}
		for tint := range maxTints {
			r.tints[l.Code] = append(r.tints[l.Code], r.grids[l.Code].table.Intern(mvt.Int(int64(tint))))
		}
	}
	r.findNeighbours(areas)
	for i, tint := range r.tint() {
		r.row[i] = int32(r.grids[units[i].Level].table.Add(r.values(i, mvt.Int(int64(tint)))...))
	}
	if err := r.drawAll(ctx, areas, zoomsOf); err != nil {
		return nil, err
	}
	for _, l := range levels {
		r.names[l.Code] = r.labels(l)
	}
	return r, nil
}

var gridColumns = []mvt.Column{
	{Name: "id", Unique: true}, {Name: "name"}, {Name: "state"}, {Name: "households", Face: mvt.Exact}, {Name: "tint"},
	{Name: "households", Face: mvt.Coarse},
}

const (
	tintColumn = 4
	maxTints   = 64
)

// newTree is the tree of units that are about to be drawn.
func newTree(units []unit) *tree {
	t := &tree{parent: make(map[int64]int64, len(units)), units: units, row: make([]int32, len(units)),
		limits: make([]geo.Bound, len(units)), neighbours: make([][]int32, len(units)), tints: map[string][]uint32{}}
	for i := range units {
		t.parent[units[i].ID] = 0
		if up := units[i].Parent; up != nil {
			t.parent[units[i].ID] = *up
		}
	}
	return t
}

var gridFields = []field{
	{"id", "String: code"}, {"name", "String"}, {"state", "String: undivided, complete, incomplete or invalid"},
	{"households", "Number: placed households, with those of all units below; for who may not see single ones the published number, absent when hidden"},
	{"tint", "Number: 0 and up, differs from that of every neighbour of the level"},
}

// values are the properties of a unit.
func (r *register) values(i int, tint mvt.Value) []mvt.Value {
	u, published := &r.units[i], mvt.Value{}
	if n, shown := r.published[u.ID]; shown {
		published = mvt.Int(int64(n))
	}
	return []mvt.Value{mvt.String(u.Code), mvt.String(u.Name), mvt.String(u.State), mvt.Int(int64(r.total[i])), tint, published}
}

// sums adds to each unit's own count those of all units below it.
func (r *register) sums(own []int32) []int32 {
	total := make([]int32, len(own))
	for i, n := range own {
		r.climb(int32(i), func(at int32) { total[at] += n })
	}
	return total
}

// climb visits a unit and those above it. Parents that are not in force end the
// climb, and so does a loop, which the store cannot rule out.
func (r *register) climb(i int32, visit func(int32)) {
	for range 100 {
		visit(i)
		parent := r.units[i].Parent
		if parent == nil {
			return
		}
		up, known := r.byID[*parent]
		if !known {
			return
		}
		i = up
	}
}

// drawAll simplifies all areas together once per zoom, and quantises after that:
// arcs that areas share stay shared, so that neighbours never part.
func (r *register) drawAll(ctx context.Context, areas []geo.MultiPolygon, zoomsOf map[string][2]int) error {
	net := topology.NewNet(areas)
	for zoom := range mvt.MaxZoom + 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !drawnAt(zoom, zoomsOf) {
			continue
		}
		within := 0.0
		if zoom < mvt.MaxZoom {
			within = tolerance * stepsPerUnit(zoom)
		}
		r.drawZoom(zoom, net.Simplify(within), zoomsOf)
	}
	return nil
}

func drawnAt(zoom int, zoomsOf map[string][2]int) bool {
	for _, zooms := range zoomsOf {
		if zooms[0] <= zoom && zoom <= zooms[1] {
			return true
		}
	}
	return false
}

func (r *register) drawZoom(zoom int, areas []geo.MultiPolygon, zoomsOf map[string][2]int) {
	builders := map[string]*mvt.ShapesBuilder{}
	for i, area := range areas {
		code := r.units[i].Level
		if zooms := zoomsOf[code]; zoom < zooms[0] || zoom > zooms[1] {
			continue
		}
		if builders[code] == nil {
			builders[code] = new(mvt.ShapesBuilder)
		}
		builders[code].Polygon(int(r.row[i]), worldRings(area, zoom)...)
	}
	for code, b := range builders {
		r.grids[code].zooms[zoom] = b.Done()
	}
}

// worldRings quantises an area to the units of a zoom, vertex by vertex.
func worldRings(area geo.MultiPolygon, zoom int) [][]mvt.Ring {
	out := make([][]mvt.Ring, len(area))
	for i, polygon := range area {
		for _, ring := range polygon {
			r := make(mvt.Ring, len(ring))
			for k, p := range ring {
				r[k] = mvt.Project(p).At(zoom)
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}

// stepsPerUnit is the width of a tile unit of a zoom in lattice steps of longitude.
func stepsPerUnit(zoom int) float64 {
	return 360 * geo.Scale / float64(int64(mvt.Extent)<<zoom)
}

// labels are the names of the units of a level: one point each, whatever the tile.
func (r *register) labels(l level) points {
	min, max := gridZooms(l.Rank)
	table := mvt.NewTable(mvt.Column{Name: "code", Unique: true}, mvt.Column{Name: "name"})
	var places []mvt.Place
	for i := range r.units {
		if u := &r.units[i]; u.Level == l.Code {
			places = append(places, mvt.Place{ID: u.ID, Owner: u.ID, At: mvt.Project(u.Label),
				Values: []mvt.Value{mvt.String(u.Code), mvt.String(u.Name)}})
		}
	}
	return points{Points: mvt.NewPoints(table, mvt.Thinning{}, places), min: min, max: max}
}

var labelFields = []field{{"code", "String"}, {"name", "String"}}

// recount returns the register after households went from unit to unit: moved is
// the difference for each unit id. touched are the tiles, by level, that show a
// count which changed.
func (r *register) recount(moved map[int64]int) (next *register, touched map[string]*mvt.Touched) {
	n := *r
	n.own, n.total = append([]int32(nil), r.own...), append([]int32(nil), r.total...)
	for id, difference := range moved {
		i, known := r.byID[id]
		if !known {
			continue
		}
		n.own[i] += int32(difference)
		r.climb(i, func(at int32) { n.total[at] += int32(difference) })
	}
	return &n, n.redraw(r)
}

// recountAll is recount for a new count of everything.
func (r *register) recountAll(own map[int64]int) (next *register, touched map[string]*mvt.Touched) {
	n := *r
	n.own = make([]int32, len(r.own))
	for id, count := range own {
		if i, known := r.byID[id]; known {
			n.own[i] = int32(count)
		}
	}
	n.total = n.sums(n.own)
	return &n, n.redraw(r)
}

// redraw gives the rows whose total differs from that of old new values.
func (r *register) redraw(old *register) map[string]*mvt.Touched {
	rows := map[string]map[int][]mvt.Value{}
	for i := range r.units {
		if r.total[i] == old.total[i] {
			continue
		}
		level := r.units[i].Level
		if rows[level] == nil {
			rows[level] = map[int][]mvt.Value{}
		}
		row := int(r.row[i])
		rows[level][row] = r.values(i, old.grids[level].table.Value(row, tintColumn))
	}
	touched := map[string]*mvt.Touched{}
	r.grids = maps.Clone(old.grids)
	for level, changed := range rows {
		s := *old.grids[level]
		s.table = s.table.With(changed)
		r.grids[level] = &s
		touched[level] = new(mvt.Touched)
		s.rows(keys(changed), touched[level])
	}
	return touched
}

func keys(rows map[int][]mvt.Value) map[int]bool {
	set := make(map[int]bool, len(rows))
	for row := range rows {
		set[row] = true
	}
	return set
}

// findNeighbours lists the units of the same level, with lower codes, that share an
// edge with each. Neighbours walk a shared edge in opposite directions.
func (r *register) findNeighbours(areas []geo.MultiPolygon) {
	type edge struct {
		level    string
		from, to geo.Point
	}
	owner := map[edge]int32{}
	eachEdge := func(i int, visit func(from, to geo.Point)) {
		for _, polygon := range areas[i] {
			for _, ring := range polygon {
				for k, p := range ring {
					visit(p, ring[(k+1)%len(ring)])
				}
			}
		}
	}
	for i := range areas {
		eachEdge(i, func(from, to geo.Point) { owner[edge{r.units[i].Level, from, to}] = int32(i) })
	}
	for i := range areas {
		eachEdge(i, func(from, to geo.Point) {
			other, shared := owner[edge{r.units[i].Level, to, from}]
			if shared && int(other) < i && !slices.Contains(r.neighbours[i], other) {
				r.neighbours[i] = append(r.neighbours[i], other)
			}
		})
	}
}

// tint gives each unit the lowest number that no neighbour of its level has, in the
// order of codes.
func (r *register) tint() []int {
	tints := make([]int, len(r.units))
	for i := range tints {
		var taken uint64
		for _, n := range r.neighbours[i] {
			taken |= 1 << tints[n]
		}
		tints[i] = lowestFree(taken)
	}
	return tints
}

// lowestFree is the lowest tint that is not taken.
func lowestFree(taken uint64) int { return min(bits.TrailingZeros64(^taken), maxTints-1) }

// readRegister loads the units of a day with their counts of households.
func readRegister(ctx context.Context, db pg.DB, day geo.Day, levels []level) (*register, error) {
	units, err := readUnits(ctx, db, day)
	if err != nil {
		return nil, err
	}
	own, err := readHouseholdsByUnit(ctx, db, day)
	if err != nil {
		return nil, err
	}
	published, err := readPublishedCounts(ctx, db, day)
	if err != nil {
		return nil, err
	}
	return newRegister(ctx, levels, units, own, published)
}

// layers are grid-{level} and label-{level} of every level, also of those without units.
func (r *register) layers(levels []level, day geo.Day, version int64) []*layer {
	var list []*layer
	for _, l := range levels {
		min, max := gridZooms(l.Rank)
		add := func(name, description string, fields []field, c content) {
			list = append(list, &layer{name: name, subject: subjectGrid, min: min, max: max, day: dayLabel(day),
				bounds: r.bounds, content: c, version: version, base: version,
				sources: []sourceLayer{{name, description, fields}}})
		}
		add("grid-"+l.Code, l.TitleEn, gridFields, r.grids[l.Code])
		add("label-"+l.Code, l.TitleEn+", one point per unit", labelFields, r.names[l.Code])
	}
	return list
}
