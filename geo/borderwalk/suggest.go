package borderwalk

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Suggestion is a place that is worth a look.
type Suggestion struct {
	Kind     string    `json:"kind" enum:"junction,off_street" doc:"three borders meet, one of which is new; or a new border runs along no street and no water"`
	At       orb.Point `json:"at" doc:"[lon, lat]"`
	Units    []int     `json:"units" doc:"ids of the draft's units that meet here"`
	Names    []string  `json:"names"`
	Metres   *float64  `json:"metres" doc:"of off_street: how far the nearest street or water is; null when there is none within 200 m"`
	Question string    `json:"question" doc:"in Chinese and English; change it as you like"`
}

// Bounds of suggestions.
const (
	DefaultAway = 15  // metres from a street or water
	farOff      = 200 // metres within which these are looked for
	maxSamples  = 4000
	every       = 30.0 // metres between two samples of a long edge
)

var questions = map[string]string{
	"junction":   "几条边界在此相交,现场是否如此? Borders meet here: is it so on the ground?",
	"off_street": "边界在此不沿道路或水系,现场以什么为界? The border follows no street or water here: what marks it on the ground?",
}

// Suggest finds places of the borders that a draft changes: where several of them meet,
// and where one leaves streets and water by more than so many metres, the farthest
// place of each such stretch. Junctions come first, then the farthest; at most
// MaxPoints in all.
//
// Errors: plan.ErrUnknown, plan.ErrNotDraft.
func Suggest(ctx context.Context, db pg.DB, actor staff.Actor, of int64, away float64) ([]Suggestion, error) {
	if _, err := draft(ctx, db, actor, of); err != nil {
		return nil, fmt.Errorf("suggestions for plan %d: %w", of, err)
	}
	units, err := plan.Units(ctx, db, actor, of)
	if err != nil {
		return nil, err
	}
	inForce, err := grid.AllInForce(ctx, db, grid.Today())
	if err != nil {
		return nil, err
	}
	b := newBorders(units)
	var before []geo.MultiPolygon
	for _, u := range inForce {
		if u.Area.Bound().Intersects(b.bound) {
			before = append(before, u.Area)
		}
	}
	b.forget(before)
	var list []Suggestion
	add := func(kind string, at geo.Point, metres *float64) {
		ordinals, names := meeting(units, at)
		list = append(list, Suggestion{Kind: kind, At: at.Degrees(), Units: ordinals, Names: names, Metres: metres, Question: questions[kind]})
	}
	known := map[geo.Point]bool{}
	for _, at := range b.junctions() {
		known[at] = true
		add("junction", at, nil)
	}
	samples := b.samples()
	distances, err := toStreets(ctx, db, samples)
	if err != nil {
		return nil, fmt.Errorf("suggestions for plan %d: %w", of, err)
	}
	for _, i := range peaks(samples, distances, away, known) {
		var metres *float64
		if distances[i] < math.Inf(1) {
			metres = &distances[i]
		}
		add("off_street", samples[i].at, metres)
	}
	return list[:min(len(list), MaxPoints)], nil
}

// edge is a stretch between two points of borders, the lesser one first.
type edge [2]geo.Point

func edgeOf(a, b geo.Point) edge {
	if a.X > b.X || a.X == b.X && a.Y > b.Y {
		a, b = b, a
	}
	return edge{a, b}
}

// borders are the edges of a division, and how many units each has.
type borders struct {
	bound   geo.Bound
	units   map[edge]int
	changed map[edge]bool
	at      map[geo.Point][]edge // every edge that ends in a point
}

func newBorders(units []plan.Unit) *borders {
	b := &borders{bound: geo.EmptyBound, units: map[edge]int{}, changed: map[edge]bool{}, at: map[geo.Point][]edge{}}
	for _, u := range units {
		if u.Role != plan.Part {
			continue
		}
		b.bound = b.bound.Union(u.Area.Bound())
		eachEdge(u.Area, func(p, q geo.Point) { b.units[edgeOf(p, q)]++ })
	}
	for e := range b.units {
		b.changed[e] = true
		b.at[e[0]], b.at[e[1]] = append(b.at[e[0]], e), append(b.at[e[1]], e)
	}
	return b
}

func eachEdge(area geo.MultiPolygon, visit func(p, q geo.Point)) {
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, p := range ring {
				visit(p, ring[(i+1)%len(ring)])
			}
		}
	}
}

// forget leaves out the borders that are in force: edges of areas, and parts of such
// edges where a new border ends on them.
func (b *borders) forget(areas []geo.MultiPolygon) {
	from := map[geo.Point][]geo.Point{}
	for _, area := range areas {
		eachEdge(area, func(p, q geo.Point) {
			delete(b.changed, edgeOf(p, q))
			from[p], from[q] = append(from[p], q), append(from[q], p)
		})
	}
	for e := range b.changed {
		for k, end := range e {
			if slices.ContainsFunc(from[end], func(far geo.Point) bool { return within(e[1-k], end, far, 1) }) {
				delete(b.changed, e)
				break
			}
		}
	}
}

// within reports whether a point lies within so many lattice steps of a stretch.
func within(p, a, b geo.Point, steps float64) bool {
	dx, dy := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
	px, py := float64(p.X)-float64(a.X), float64(p.Y)-float64(a.Y)
	along := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		along = min(1, max(0, (px*dx+py*dy)/square))
	}
	return math.Hypot(px-along*dx, py-along*dy) <= steps
}

// junctions are the points where three edges or more end, one of them changed, from
// west to east.
func (b *borders) junctions() (list []geo.Point) {
	for p, edges := range b.at {
		if len(edges) > 2 && slices.ContainsFunc(edges, func(e edge) bool { return b.changed[e] }) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, comparePoints)
	return list
}

func comparePoints(p, q geo.Point) int { return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)) }

// sample is a place of a changed border between two units, and the samples next to it.
type sample struct {
	at   geo.Point
	next []int
}

// samples are the points of changed inner borders, and places between them, 30 m apart
// or, of very long borders, farther.
func (b *borders) samples() (list []sample) {
	var edges []edge
	var length float64
	for e := range b.changed {
		if b.units[e] > 1 {
			edges = append(edges, e)
			length += float64(geo.Distance(e[0].Degrees(), e[1].Degrees()))
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(comparePoints(a[0], b[0]), comparePoints(a[1], b[1])) })
	step := max(every, length/(maxSamples/2))
	known := map[geo.Point]int{}
	place := func(p geo.Point) int {
		i, ok := known[p]
		if !ok {
			i = len(list)
			known[p], list = i, append(list, sample{at: p})
		}
		return i
	}
	for _, e := range edges {
		parts := max(1, int(math.Ceil(float64(geo.Distance(e[0].Degrees(), e[1].Degrees()))/step)))
		last := place(e[0])
		for k := 1; k <= parts; k++ {
			part := float64(k) / float64(parts)
			here := place(geo.Point{X: e[0].X + int32(math.Round(part*float64(e[1].X-e[0].X))), Y: e[0].Y + int32(math.Round(part*float64(e[1].Y-e[0].Y)))})
			list[last].next, list[here].next = append(list[last].next, here), append(list[here].next, last)
			last = here
		}
	}
	return list
}

// toStreets is how far, in metres, every sample is from the nearest street or water;
// infinite where there is none within farOff, or no map at all.
func toStreets(ctx context.Context, db pg.DB, samples []sample) ([]float64, error) {
	places := make([]orb.Point, len(samples))
	out := make([]float64, len(samples))
	for i, s := range samples {
		places[i], out[i] = s.at.Degrees(), math.Inf(1)
	}
	if len(samples) == 0 {
		return out, nil
	}
	lon, lat := make([]float64, len(places)), make([]float64, len(places))
	for i, p := range places {
		lon[i], lat[i] = p[0], p[1]
	}
	rows, _ := db.Query(ctx, `
		SELECT s.n, min(ST_Distance(f.geom::geography, s.at::geography))
		FROM (SELECT n, ST_SetSRID(ST_MakePoint(x, y), 4326) AS at, y FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS u (x, y, n)) s
		JOIN map_feature f ON f.geom && ST_Expand(s.at, $3 / 111320.0 / cos(radians(s.y)), $3 / 110570.0)
			AND f.class IN ('street', 'water') AND f.layer >= 0 AND coalesce(f.tags->>'tunnel', 'no') = 'no'
		JOIN network_import i ON i.id = f.import_id AND i.current
		GROUP BY s.n`, lon, lat, float64(farOff))
	var n int
	var metres float64
	_, err := pgx.ForEachRow(rows, []any{&n, &metres}, func() error {
		if metres <= farOff {
			out[n-1] = metres
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("distances to streets: %w", err)
	}
	return out, nil
}

// peaks are, of each stretch of samples farther away than allowed, the farthest one
// whose place is not known already: the farthest stretches first.
func peaks(samples []sample, distances []float64, away float64, known map[geo.Point]bool) (list []int) {
	done := make([]bool, len(samples))
	for i := range samples {
		if done[i] || distances[i] <= away {
			continue
		}
		best, open := -1, []int{i}
		for done[i] = true; len(open) > 0; {
			k := open[len(open)-1]
			open = open[:len(open)-1]
			switch {
			case known[samples[k].at]:
			case best < 0 || distances[k] > distances[best],
				distances[k] == distances[best] && len(samples[k].next) == 2 && len(samples[best].next) != 2:
				best = k // of equally far ones rather one on the way than an end
			}
			for _, next := range samples[k].next {
				if !done[next] && distances[next] > away {
					done[next], open = true, append(open, next)
				}
			}
		}
		if best >= 0 {
			list = append(list, best)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(distances[b], distances[a]) })
	return list
}

// nearest is the place on a border of the draft nearest to p, within reach: a border
// point if there is one within 2 m.
func nearest(units []plan.Unit, p geo.Point) (geo.Point, bool) {
	var lines [][]geo.Point
	for _, u := range around(units, p, onBorder) {
		eachRing(u.Area, func(ring geo.Ring) { lines = append(lines, append(slices.Clone(ring), ring[0])) })
	}
	if at, ok := topology.SnapTo(p, lines, 2); ok {
		return at, true
	}
	return topology.SnapTo(p, lines, onBorder)
}

func eachRing(area geo.MultiPolygon, visit func(geo.Ring)) {
	for _, polygon := range area {
		for _, ring := range polygon {
			visit(ring)
		}
	}
}

// around are the units of a draft that may come within reach of a point.
func around(units []plan.Unit, p geo.Point, reach geo.Meters) (list []plan.Unit) {
	margin := int32(float64(reach) / (geo.MetersPerDegree / geo.Scale) / max(0.01, math.Cos(float64(p.Y)/geo.Scale*math.Pi/180)))
	box := geo.Bound{Min: geo.Point{X: p.X - margin, Y: p.Y - margin}, Max: geo.Point{X: p.X + margin, Y: p.Y + margin}}
	for _, u := range units {
		if u.Role == plan.Part && len(u.Area) > 0 && u.Area.Bound().Intersects(box) {
			list = append(list, u)
		}
	}
	return list
}

// meeting are the units of a draft whose border a place is on, with their names.
func meeting(units []plan.Unit, at geo.Point) (ordinals []int, names []string) {
	ordinals, names = []int{}, []string{}
	for _, u := range around(units, at, 1) {
		found := false
		eachEdge(u.Area, func(p, q geo.Point) { found = found || within(at, p, q, 2) })
		if found {
			ordinals, names = append(ordinals, u.Ordinal), append(names, cmp.Or(u.Name, u.Code))
		}
	}
	return ordinals, names
}
