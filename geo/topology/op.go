package topology

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
)

// OpKind names an operation on a Fabric.
type OpKind string

// The operations.
const (
	MovePoint   OpKind = "move_point"   // the border point At goes To; all borders that meet there follow
	AddPoint    OpKind = "add_point"    // Edge gets a point To
	DeletePoint OpKind = "delete_point" // the border point At goes, where no other border meets
	MoveBorder  OpKind = "move_border"  // the border with Edge, from junction to junction, moves by At → To
	Reshape     OpKind = "reshape"      // the unit where Line begins follows Line between the places where it crosses the unit's border
	SplitBy     OpKind = "split"        // Line cuts Units[0]; the part with At, or else the larger, keeps the id, the other gets Into
	Merge       OpKind = "merge"        // the land of Units goes Into one of them
	Transfer    OpKind = "transfer"     // what Units (none: all) have in Area goes Into a piece, a new one or none: Unclaimed
)

// MaxOpPoints is how many points the line or area of one operation may have.
const MaxOpPoints = 100_000

// Op is an operation. It names places by their coordinates, so that it means the
// same to everybody who has the same fabric, and says which ids it makes.
type Op struct {
	Kind  OpKind
	At    geo.Point
	To    geo.Point
	Edge  [2]geo.Point // two points that follow each other on a border, in either order
	Line  []geo.Point
	Area  geo.MultiPolygon
	Units []int
	Into  int
}

// wire is how an operation travels: places as [longitude, latitude] in degrees.
type wire struct {
	Kind  OpKind           `json:"kind"`
	At    *orb.Point       `json:"at,omitempty"`
	To    *orb.Point       `json:"to,omitempty"`
	Edge  []orb.Point      `json:"edge,omitempty"`
	Line  []orb.Point      `json:"line,omitempty"`
	Area  orb.MultiPolygon `json:"area,omitempty"`
	Units []int            `json:"units,omitempty"`
	Into  int              `json:"into,omitempty"`
}

// MarshalJSON writes the places in degrees, as UnmarshalJSON reads them.
func (o Op) MarshalJSON() ([]byte, error) {
	w := wire{Kind: o.Kind, Units: o.Units, Into: o.Into}
	degrees := func(p geo.Point) *orb.Point {
		if p == (geo.Point{}) {
			return nil
		}
		d := p.Degrees()
		return &d
	}
	w.At, w.To = degrees(o.At), degrees(o.To)
	if o.Edge != [2]geo.Point{} {
		w.Edge = []orb.Point{o.Edge[0].Degrees(), o.Edge[1].Degrees()}
	}
	for _, p := range o.Line {
		w.Line = append(w.Line, p.Degrees())
	}
	if len(o.Area) > 0 {
		w.Area = o.Area.Orb()
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads places in degrees and puts them on the lattice. Places off
// the globe, and more points than MaxOpPoints, are refused by ErrOp.
func (o *Op) UnmarshalJSON(raw []byte) error {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return ErrOp.Saying(err.Error())
	}
	points := append([]orb.Point{}, w.Line...)
	for _, p := range []*orb.Point{w.At, w.To} {
		if p != nil {
			points = append(points, *p)
		}
	}
	for _, polygon := range w.Area {
		for _, r := range polygon {
			points = append(points, r...)
		}
	}
	points = append(points, w.Edge...)
	if len(points) > MaxOpPoints {
		return ErrOp.Saying(fmt.Sprintf("%d points; at most %d", len(points), MaxOpPoints))
	}
	for _, p := range points {
		if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
			return ErrOp.Saying(fmt.Sprintf("no place on the globe: %v", p))
		}
	}
	if len(w.Edge) != 0 && len(w.Edge) != 2 {
		return ErrOp.Saying("an edge has two ends")
	}
	*o = Op{Kind: w.Kind, Units: w.Units, Into: w.Into}
	if w.At != nil {
		o.At = geo.Snap(*w.At)
	}
	if w.To != nil {
		o.To = geo.Snap(*w.To)
	}
	if len(w.Edge) == 2 {
		o.Edge = [2]geo.Point{geo.Snap(w.Edge[0]), geo.Snap(w.Edge[1])}
	}
	for _, p := range w.Line {
		o.Line = append(o.Line, geo.Snap(p))
	}
	o.Area = geo.FromOrb(w.Area)
	return nil
}

// Try says what an operation would do, and does nothing. It refuses what would
// leave the pieces crossing, touching along a line, or without land, and says where.
// An operation that changes nothing has an empty patch.
func (f *Fabric) Try(op Op) (Patch, error) {
	for _, id := range op.Units {
		if _, ok := f.pieces[id]; !ok || id == Unclaimed && op.Kind != Transfer {
			return nil, ErrOp.Saying(fmt.Sprintf("there is no unit %d", id))
		}
	}
	var p Patch
	var err error
	switch op.Kind {
	case MovePoint:
		p, err = f.movePoints(map[geo.Point]geo.Point{op.At: op.To})
	case AddPoint:
		p, err = f.addPoint(op.Edge, op.To)
	case DeletePoint:
		p, err = f.deletePoint(op.At)
	case MoveBorder:
		p, err = f.moveBorder(op.Edge, op.At, op.To)
	case Reshape:
		p, err = f.reshape(op.Line)
	case SplitBy:
		p, err = f.split(op)
	case Merge:
		p, err = f.merge(op.Units, op.Into)
	case Transfer:
		p, err = f.transfer(op)
	default:
		err = ErrOp.Saying(fmt.Sprintf("there is no operation %q", op.Kind))
	}
	if err != nil {
		return nil, err
	}
	for _, c := range p {
		if f.locked[c.ID] && !keepsLand(c.Before, c.After) {
			return nil, ErrLocked.With(placeAt(c.Before[0][0][0], fmt.Sprintf("unit %d", c.ID), ErrLocked.Code))
		}
	}
	return p, nil
}

func placeAt(at geo.Point, pointer, code string) fault.Place {
	degrees := [2]float64(at.Degrees())
	return fault.Place{Pointer: pointer, Code: code, Detail: "Here.", At: &degrees}
}

// movePoints moves border points, in all pieces that have them.
func (f *Fabric) movePoints(moves map[geo.Point]geo.Point) (Patch, error) {
	box := geo.EmptyBound
	for p := range moves {
		box = box.Extend(p)
	}
	found := map[geo.Point]bool{}
	areas := f.redraw(box, func(ring geo.Ring, i int) []geo.Point {
		to, ok := moves[ring[i]]
		if !ok {
			return ring[i : i+1]
		}
		found[ring[i]] = true
		return []geo.Point{to}
	})
	for p := range moves {
		if !found[p] {
			return nil, ErrPlace.With(placeAt(p, "at", ErrPlace.Code))
		}
		if f.onRim(p) {
			return nil, ErrRim.With(placeAt(p, "at", ErrRim.Code))
		}
	}
	return f.sound(areas)
}

// addPoint puts a point between the two of an edge.
func (f *Fabric) addPoint(edge [2]geo.Point, to geo.Point) (Patch, error) {
	if err := f.inner(edge); err != nil {
		return nil, err
	}
	return f.sound(f.redraw(segmentBound(edge[0], edge[1], 0), func(ring geo.Ring, i int) []geo.Point {
		p, q := ring[i], ring[(i+1)%len(ring)]
		if [2]geo.Point{p, q} == edge || [2]geo.Point{q, p} == edge {
			return []geo.Point{p, to}
		}
		return ring[i : i+1]
	}))
}

// deletePoint takes a point off the border of two neighbours.
func (f *Fabric) deletePoint(at geo.Point) (Patch, error) {
	switch ends := f.after(at); {
	case len(ends) == 0:
		return nil, ErrPlace.With(placeAt(at, "at", ErrPlace.Code))
	case f.onRim(at):
		return nil, ErrRim.With(placeAt(at, "at", ErrRim.Code))
	case len(ends) > 2:
		return nil, ErrOp.Saying("other borders meet at this point").With(placeAt(at, "at", ErrOp.Code))
	}
	return f.sound(f.redraw(geo.Bound{Min: at, Max: at}, func(ring geo.Ring, i int) []geo.Point {
		if ring[i] == at {
			return nil
		}
		return ring[i : i+1]
	}))
}

// redraw makes new areas of the pieces that meet a box by replacing every vertex by
// points, and returns those that differ.
func (f *Fabric) redraw(box geo.Bound, points func(ring geo.Ring, i int) []geo.Point) map[int]geo.MultiPolygon {
	areas := map[int]geo.MultiPolygon{}
	for _, id := range f.owners(box) {
		if area, ok := redrawn(f.pieces[id], points); ok {
			areas[id] = area
		}
	}
	return areas
}

// moveBorder moves all points between the two junctions at the ends of the border
// that edge lies on; a border without junctions, around an enclave, moves as a
// whole.
func (f *Fabric) moveBorder(edge [2]geo.Point, from, to geo.Point) (Patch, error) {
	if err := f.inner(edge); err != nil {
		return nil, err
	}
	moves := map[geo.Point]geo.Point{}
	for _, p := range f.Border(edge) {
		x, y := int64(p.X)+int64(to.X)-int64(from.X), int64(p.Y)+int64(to.Y)-int64(from.Y)
		if max(x, -x) > 180*geo.Scale || max(y, -y) > 90*geo.Scale {
			return nil, ErrOp.Saying("no place on the globe")
		}
		moves[p] = geo.Point{X: int32(x), Y: int32(y)}
	}
	if len(moves) == 0 {
		return nil, ErrOp.Saying("the border has no point of its own between its ends; add one first")
	}
	return f.movePoints(moves)
}

// Border are the points of the border that an edge lies on, between the junctions
// at its ends and without them, in order.
func (f *Fabric) Border(edge [2]geo.Point) []geo.Point {
	ahead := f.follow(edge[0], edge[1])
	if n := len(ahead); n > 0 && ahead[n-1] == edge[0] { // all around
		return ahead
	}
	behind := f.follow(edge[1], edge[0])
	slices.Reverse(behind)
	return append(behind, ahead...)
}

// follow lists the points after p on the border that runs from p to q, up to a
// junction, or up to and with p.
func (f *Fabric) follow(p, q geo.Point) (out []geo.Point) {
	start := p
	for {
		next := f.after(q)
		if len(next) != 2 || f.onRim(q) {
			return out
		}
		out = append(out, q)
		if q == start {
			return out
		}
		if next[0] == p {
			p, q = q, next[1]
		} else {
			p, q = q, next[0]
		}
	}
}

// after are the points that follow p on any border, in order of place.
func (f *Fabric) after(p geo.Point) []geo.Point {
	var out []geo.Point
	f.passes(p, func(_, next geo.Point) {
		if !slices.Contains(out, next) {
			out = append(out, next)
		}
	})
	slices.SortFunc(out, comparePoints)
	return out
}

// passes calls visit with the points before and after p on every ring that has it.
func (f *Fabric) passes(p geo.Point, visit func(before, after geo.Point)) {
	for id, bound := range f.bounds {
		if !bound.Contains(p) {
			continue
		}
		for _, polygon := range f.pieces[id] {
			for _, r := range polygon {
				for i, at := range r {
					if at == p {
						visit(r[(i+len(r)-1)%len(r)], r[(i+1)%len(r)])
					}
				}
			}
		}
	}
}

// onRim reports whether a border that ends in p has land of the fabric on one side
// only.
func (f *Fabric) onRim(p geo.Point) bool {
	in, out := map[geo.Point]int{}, map[geo.Point]int{}
	f.passes(p, func(before, after geo.Point) {
		in[before]++
		out[after]++
	})
	for q := range out {
		if in[q] == 0 {
			return true
		}
	}
	return false
}

// inner returns an error unless the edge is one between two pieces.
func (f *Fabric) inner(edge [2]geo.Point) error {
	there, back := false, false
	f.passes(edge[0], func(before, after geo.Point) {
		there = there || after == edge[1]
		back = back || before == edge[1]
	})
	switch {
	case !there && !back:
		return ErrPlace.With(placeAt(edge[0], "edge", ErrPlace.Code))
	case !there || !back:
		return ErrRim.With(placeAt(edge[0], "edge", ErrRim.Code))
	}
	return nil
}

// redrawn makes a copy of an area in which every vertex is replaced by points,
// without repeated ones; ok is false when nothing differs.
func redrawn(area geo.MultiPolygon, points func(ring geo.Ring, i int) []geo.Point) (out geo.MultiPolygon, ok bool) {
	for _, polygon := range area {
		var rings geo.Polygon
		for _, r := range polygon {
			ring := make(geo.Ring, 0, len(r)+1)
			for i := range r {
				for _, p := range points(r, i) {
					if len(ring) == 0 || ring[len(ring)-1] != p {
						ring = append(ring, p)
					}
				}
			}
			for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
				ring = ring[:len(ring)-1]
			}
			ok = ok || !slices.Equal(ring, r)
			rings = append(rings, ring)
		}
		out = append(out, rings)
	}
	return out, ok
}

// sound makes a patch of areas in which points moved, unless one of them is no
// valid area any more or a border comes within half a step of another. Borders
// that move keep the land of all pieces together as it was, so nothing else can go
// wrong: whatever a piece gains another one loses, and none can lose what it does
// not have and stay valid.
func (f *Fabric) sound(areas map[int]geo.MultiPolygon) (Patch, error) {
	b := newBorders(64 * len(areas))
	for id, area := range areas {
		for _, polygon := range area {
			for i, r := range polygon {
				if len(r) < 3 || turn(r) != 1-2*min(i, 1) {
					return nil, ErrCrosses.With(placeAt(f.pieces[id][0][0][0], fmt.Sprintf("unit %d", id), string(SelfCross)))
				}
			}
		}
		if flaws := ownFlaws(area); flaws != nil {
			return nil, ErrCrosses.With(placeAt(flaws[0].at, fmt.Sprintf("unit %d", id), string(flaws[0].kind)))
		}
		b.rings(area)
		areas[id] = canonical(area)
	}
	// The background context does not end, so firstHits cannot fail.
	if hits, _ := b.firstHits(context.Background()); len(hits) > 0 {
		return nil, ErrCrosses.With(placeAt(b.points[hits[0].vertex], "border", string(SelfTouch)))
	}
	return f.changes(areas), nil
}
