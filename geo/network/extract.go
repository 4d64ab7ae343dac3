package network

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/topology"
)

// Progress hears of bytes done, of all passes together, and of the stage.
type Progress func(done, total int64, stage string)

// The stages of reading an extract, in order.
const (
	StageRelations = "relations"
	StageWays      = "ways"
	StageNodes     = "nodes"
	StageShapes    = "shapes"
)

var stages = []string{StageRelations, StageWays, StageNodes, StageShapes}

// extract reads an .osm.pbf in several passes, so that memory holds only the
// places of the nodes that are needed (16 bytes each) and the members of
// multipolygons, never the file.
type extract struct {
	ctx      context.Context
	r        io.ReaderAt
	size     int64
	progress Progress
	// accept says which relations are wanted as areas.
	accept func(*osm.Relation) bool
	// emit takes each feature as it is ready; nil when only areas are wanted.
	emit func(Feature) error

	relations []*osm.Relation
	members   map[int64]*member // ways that wanted relations are made of
	needed    []int64           // ids of nodes, sorted
	places    []geo.Point       // of needed
	Problems  []fault.Place
	Partial   int // ways of which nodes are missing
	Damaged   int // relations that make no area
}

var missing = geo.Point{X: math.MinInt32, Y: math.MinInt32}

const maxProblems = 200

func newExtract(ctx context.Context, r io.ReaderAt, size int64, progress Progress) *extract {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	return &extract{ctx: ctx, r: r, size: size, progress: progress, members: map[int64]*member{}}
}

// run does all passes up to the shapes of ways; areas of relations follow with
// area.
func (x *extract) run() error {
	for _, pass := range []func() error{x.readRelations, x.readWays, x.readNodes, x.readShapes} {
		if err := pass(); err != nil {
			return err
		}
	}
	return nil
}

// cancelled ends a read when its context does.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// scan is one pass over the file.
func (x *extract) scan(stage string, visit elements) error {
	before := int64(slices.Index(stages, stage)) * x.size
	total := x.size * int64(len(stages))
	x.progress(before, total, stage)
	file := bufio.NewReaderSize(io.NewSectionReader(x.r, 0, x.size), int(min(x.size, 1<<20)))
	return decode(x.ctx, file, visit, func(done int64) { x.progress(before+done, total, stage) })
}

func (x *extract) readRelations() error {
	return x.scan(StageRelations, elements{relation: func(r *osm.Relation) error {
		if !x.accept(r) {
			return nil
		}
		x.relations = append(x.relations, r)
		for _, m := range r.Members {
			if m.Type == osm.TypeWay {
				x.members[m.Ref] = nil
			}
		}
		return nil
	}})
}

// wantsWay tells whether a way becomes features, of which sorts, or part of one.
func (x *extract) wantsWay(w *osm.Way) (sorts []sort, wanted bool) {
	if len(w.Nodes) < 2 {
		return nil, false
	}
	if x.emit != nil && len(w.Tags) > 0 {
		sorts = sortsOfWay(w.Tags, closed(w))
	}
	_, isMember := x.members[int64(w.ID)]
	return sorts, isMember || len(sorts) > 0
}

func closed(w *osm.Way) bool {
	return len(w.Nodes) > 3 && w.Nodes[0].ID == w.Nodes[len(w.Nodes)-1].ID
}

func (x *extract) readWays() error {
	err := x.scan(StageWays, elements{way: func(w *osm.Way) error {
		if _, wanted := x.wantsWay(w); !wanted {
			return nil
		}
		for _, n := range w.Nodes {
			x.needed = append(x.needed, int64(n.ID))
		}
		return nil
	}})
	slices.Sort(x.needed)
	x.needed = slices.Clip(slices.Compact(x.needed))
	x.places = make([]geo.Point, len(x.needed))
	for i := range x.places {
		x.places[i] = missing
	}
	return err
}

func (x *extract) readNodes() error {
	return x.scan(StageNodes, elements{node: func(n *osm.Node) error {
		if !onEarth(n) {
			return nil
		}
		at := orb.Point{n.Lon, n.Lat}
		if i, ok := slices.BinarySearch(x.needed, int64(n.ID)); ok {
			x.places[i] = geo.Snap(at)
		}
		if x.emit == nil || len(n.Tags) == 0 {
			return nil
		}
		for _, s := range sortsOfNode(n.Tags) {
			if err := x.emit(describe(s, "n", int64(n.ID), n.Tags, geo.Snap(at).Degrees())); err != nil {
				return err
			}
		}
		return nil
	}})
}

func onEarth(n *osm.Node) bool { return math.Abs(n.Lon) <= 180 && math.Abs(n.Lat) <= 90 }

func (x *extract) placeOf(node osm.NodeID) geo.Point {
	if i, ok := slices.BinarySearch(x.needed, int64(node)); ok {
		return x.places[i]
	}
	return missing
}

// course is the longest run of a way's nodes that are in the extract.
func (x *extract) course(w *osm.Way) (ids []int64, at []geo.Point, whole bool) {
	all, places := make([]int64, len(w.Nodes)), make([]geo.Point, len(w.Nodes))
	start, first, last := 0, 0, 0 // of the run at hand, and of the longest
	for i, n := range w.Nodes {
		all[i], places[i] = int64(n.ID), x.placeOf(n.ID)
		if places[i] == missing {
			start = i + 1
		} else if i+1-start > last-first {
			first, last = start, i+1
		}
	}
	return all[first:last], places[first:last], last-first == len(all)
}

func (x *extract) readShapes() error {
	return x.scan(StageShapes, elements{way: func(w *osm.Way) error {
		sorts, wanted := x.wantsWay(w)
		if !wanted {
			return nil
		}
		ids, at, whole := x.course(w)
		if _, isMember := x.members[int64(w.ID)]; isMember && whole {
			x.members[int64(w.ID)] = &member{ids: ids, at: at}
		}
		if x.emit == nil {
			return nil
		}
		if !whole {
			x.Partial++
		}
		return x.emitWay(w, sorts, ids, at, whole)
	}})
}

func (x *extract) emitWay(w *osm.Way, sorts []sort, ids []int64, at []geo.Point, whole bool) error {
	for _, s := range sorts {
		f := describe(s, "w", int64(w.ID), w.Tags, nil)
		_, square := squareKind(w.Tags)
		square = square && closed(w)
		switch {
		case s.class == Street && square && !whole:
			continue
		case s.class == Street && square:
			f.Shape = shapeOf(s.class, areaOf(at))
		case s.class == Street || s.class == Barrier || s.class == Water && !closed(w):
			if len(at) < 2 || allSame(at) {
				continue
			}
			f.Shape = lineOf(at)
			if s.class == Street {
				f.Nodes = ids
			}
		case !whole:
			continue
		default:
			f.Shape = shapeOf(s.class, areaOf(at))
		}
		if f.Shape == nil {
			continue
		}
		if err := x.emit(f); err != nil {
			return err
		}
	}
	return nil
}

func allSame(at []geo.Point) bool {
	return !slices.ContainsFunc(at, func(p geo.Point) bool { return p != at[0] })
}

func lineOf(at []geo.Point) orb.LineString {
	line := make(orb.LineString, len(at))
	for i, p := range at {
		line[i] = p.Degrees()
	}
	return line
}

// areaOf is the area inside a closed way; empty when it has none.
func areaOf(at []geo.Point) geo.MultiPolygon {
	ring := distinct(slices.Clone(geo.Ring(at)))
	if len(ring) < 3 || ring.DoubledArea() == 0 {
		return nil
	}
	return geo.MultiPolygon{{turned(ring, true)}}
}

// shapeOf is what is stored of an area: itself, or a point in it for what is
// shown as a name or sign.
func shapeOf(class string, area geo.MultiPolygon) orb.Geometry {
	switch {
	case len(area) == 0:
		return nil
	case class == Service || class == Place:
		return topology.LabelPoint(area).Degrees()
	}
	return area.Orb()
}

// emitAreas makes features of the wanted multipolygons.
func (x *extract) emitAreas() error {
	for _, r := range x.relations {
		area := x.area(r)
		for _, s := range sortsOfRelation(r.Tags) {
			f := describe(s, "r", int64(r.ID), r.Tags, shapeOf(s.class, area))
			if f.Shape == nil {
				continue
			}
			if err := x.emit(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// area assembles a relation. One that is damaged is reported and has no area:
// half of a lake or of a township is worse than none.
func (x *extract) area(r *osm.Relation) geo.MultiPolygon {
	var ways []member
	var problems []string
	absent := 0
	for _, m := range r.Members {
		if m.Type != osm.TypeWay || !(m.Role == "" || m.Role == "outer" || m.Role == "inner" || m.Role == "enclave" || m.Role == "exclave") {
			continue
		}
		way := x.members[m.Ref]
		if way == nil {
			absent++
			continue
		}
		ways = append(ways, member{inner: m.Role == "inner" || m.Role == "enclave", ids: way.ids, at: way.at})
	}
	if absent > 0 {
		problems = append(problems, fmt.Sprintf("%d of its ways are not in the extract", absent))
	}
	area, more := assemble(ways)
	if problems = append(problems, more...); len(problems) == 0 && len(area) > 0 {
		return area
	}
	if len(problems) == 0 {
		problems = append(problems, "it has no ways")
	}
	x.Damaged++
	if len(x.Problems) < maxProblems {
		x.Problems = append(x.Problems, problemOf(r, problems))
	}
	return nil
}

func problemOf(r *osm.Relation, problems []string) fault.Place {
	detail := problems[0]
	for _, p := range problems[1:] {
		detail += "; " + p
	}
	return fault.Place{Pointer: fmt.Sprintf("relation %d", r.ID), Code: "osm_relation", Detail: detail}
}

// isArea tells multipolygons that belong on the map; borders never do.
func isArea(r *osm.Relation) bool {
	return r.Tags.Find("type") == "multipolygon" && r.Tags.Find("boundary") != "administrative" && len(sortsOfRelation(r.Tags)) > 0
}
