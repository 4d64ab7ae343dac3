package topology

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"wangge/geo"
	"wangge/geo/fault"
)

// Unclaimed is the id under which a Fabric keeps the land of its rim that no piece has.
const Unclaimed = 0

// Fabric is a division that can be edited: pieces of land that tile their rim
// exactly before and after every operation. Neighbours keep the same vertices on
// the border they share. What an operation would break it refuses.
//
// Several goroutines may call Try, Area, Pieces and FindVertex at once; Put and
// Lock want it for themselves.
type Fabric struct {
	rim    geo.MultiPolygon
	pieces map[int]geo.MultiPolygon // canonical; the unclaimed land may be empty
	bounds map[int]geo.Bound
	locked map[int]bool
}

// Change is what an operation does to one piece. A piece that comes had no area
// Before, one that goes has none After.
type Change struct {
	ID            int
	Before, After geo.MultiPolygon
}

// Patch is what an operation does: a change for every piece whose area or vertices
// differ afterwards, by id.
type Patch []Change

// Inverse takes the patch back.
func (p Patch) Inverse() Patch {
	out := slices.Clone(p)
	for i, c := range out {
		out[i].Before, out[i].After = c.After, c.Before
	}
	return out
}

// What a Fabric refuses.
var (
	ErrWoven   = fault.New(fault.Invalid, "division_faulty", "The division overlaps itself or leaves its unit, so that no border can be moved. Mend the faults first.")
	ErrMoved   = fault.New(fault.Conflict, "division_moved", "What this change was made from does not stand any more.")
	ErrOp      = fault.New(fault.Invalid, "operation_unfit", "This operation does not fit.")
	ErrPlace   = fault.New(fault.Invalid, "operation_place", "There is no border of this plan at the place. Load the plan again.")
	ErrRim     = fault.New(fault.Invalid, "operation_rim", "This border is shared with units outside the plan. Make a plan of the unit above to move it.")
	ErrCrosses = fault.New(fault.Invalid, "operation_crosses", "The border would cross or touch another one. It stays where it was.")
	ErrLine    = fault.New(fault.Invalid, "operation_line", "The line does not cut anything off.")
	ErrNothing = fault.New(fault.Invalid, "operation_leaves_nothing", "A unit would be left without any land. Merge it with another one instead.")
	ErrLocked  = fault.New(fault.Invalid, "operation_locked", "The unit is locked: its border stays where it is.")
)

// Weave makes a fabric of pieces, by ids above 0, that lie within rim. Land of the
// rim in no piece is unclaimed. Borders are noded; pieces that overlap or leave the
// rim are refused by ErrWoven with the places, those too far apart by ErrExtent.
func Weave(ctx context.Context, rim geo.MultiPolygon, pieces map[int]geo.MultiPolygon) (*Fabric, error) {
	ids := slices.Sorted(maps.Keys(pieces))
	parts := make([]Part, len(ids))
	for i, id := range ids {
		if id <= Unclaimed {
			return nil, ErrOp.Saying(fmt.Sprintf("id %d", id))
		}
		parts[i] = Part{Code: fmt.Sprint(id), Area: pieces[id]}
	}
	m, err := Build(ctx, []Part{{Code: "rim", Area: rim}}, parts)
	if err != nil {
		return nil, err
	}
	var places []fault.Place
	for _, v := range m.Violations() {
		thin := v.Kind == Outside && v.Width < thinnest
		if v.Kind != Gap && !thin && len(places) < 100 {
			at := [2]float64(v.At.Degrees())
			places = append(places, fault.Place{Pointer: fmt.Sprint(v.Codes), Code: string(v.Kind), Detail: "The division is wrong here.", At: &at})
		}
	}
	if places != nil {
		return nil, ErrWoven.With(places...)
	}
	f := &Fabric{pieces: map[int]geo.MultiPolygon{}, bounds: map[int]geo.Bound{}, locked: map[int]bool{}}
	for i, p := range m.Parts() {
		f.set(ids[i], p.Area)
	}
	f.set(Unclaimed, m.rest())
	f.rim = m.rim()
	return f, nil
}

// thinnest is the width, in metres, of two lattice steps: less is how a border that
// got a vertex was rounded.
const thinnest geo.Meters = 0.022

// rest is the land of the first unit that no other has.
func (m *Mosaic) rest() geo.MultiPolygon {
	var faces []int32
	for _, piece := range m.facesBy(func(f int32) bool { return len(m.cover[f]) == 1 && m.cover[f][0] == 0 }) {
		if width(m.plane.area(piece)) >= thinnest {
			faces = append(faces, piece...)
		}
	}
	return m.plane.area(faces)
}

// rim is the land of all units but the first, and the rest.
func (m *Mosaic) rim() geo.MultiPolygon {
	var faces []int32
	for f, cover := range m.cover {
		if len(cover) > 1 || len(cover) == 1 && cover[0] != 0 {
			faces = append(faces, int32(f))
		}
	}
	return Union(m.plane.area(faces), m.rest())
}

func (f *Fabric) set(id int, area geo.MultiPolygon) {
	if len(area) == 0 {
		delete(f.pieces, id)
		delete(f.bounds, id)
		return
	}
	f.pieces[id], f.bounds[id] = area, area.Bound()
}

// Rim is the land that the pieces tile: what was given to Weave, but for the vertices
// that pieces have on it.
func (f *Fabric) Rim() geo.MultiPolygon { return f.rim }

// Area is the land of a piece, nil when there is none. Rings start at their
// westernmost, then southernmost vertex, outer rings counter-clockwise, and stand
// in a fixed order, so that equal land with equal vertices is equal.
func (f *Fabric) Area(id int) geo.MultiPolygon { return f.pieces[id] }

// Pieces are the ids of all pieces that have land, ascending; Unclaimed may be the
// first.
func (f *Fabric) Pieces() []int { return slices.Sorted(maps.Keys(f.pieces)) }

// Lock keeps the land of a piece as it is: operations that would change it are
// refused. Vertices may still be put on its border.
func (f *Fabric) Lock(id int, locked bool) {
	if locked {
		f.locked[id] = true
	} else {
		delete(f.locked, id)
	}
}

// Put makes the changes of a patch, all or none: ErrMoved when a piece is not what
// the patch was made from. Unclaimed land is what the pieces leave over; it may have
// other vertices than it had then.
func (f *Fabric) Put(p Patch) error {
	leftOver := false
	for _, c := range p {
		switch {
		case equal(f.pieces[c.ID], c.Before):
		case c.ID == Unclaimed:
			leftOver = true
		default:
			return ErrMoved.Saying(fmt.Sprintf("unit %d", c.ID))
		}
	}
	for _, c := range p {
		f.set(c.ID, c.After)
	}
	if leftOver {
		f.set(Unclaimed, f.leftOver())
	}
	return nil
}

// leftOver is the land of the rim that no piece has.
func (f *Fabric) leftOver() geo.MultiPolygon {
	m := &Mosaic{units: []unit{{Part: Part{Area: f.rim}, role: partRole, parent: none}}}
	for _, id := range f.Pieces() {
		if id != Unclaimed {
			m.units = append(m.units, unit{Part: Part{Area: f.pieces[id]}, role: partRole, parent: none})
		}
	}
	// The background context does not end, so subdivide cannot fail.
	_ = m.subdivide(context.Background())
	return m.rest()
}

// Apply is Try and Put.
func (f *Fabric) Apply(op Op) (Patch, error) {
	p, err := f.Try(op)
	if err == nil {
		err = f.Put(p)
	}
	return p, err
}

// changes are the pieces that differ from areas, which are canonical.
func (f *Fabric) changes(areas map[int]geo.MultiPolygon) Patch {
	var p Patch
	for _, id := range slices.Sorted(maps.Keys(areas)) {
		if !equal(f.pieces[id], areas[id]) {
			p = append(p, Change{ID: id, Before: f.pieces[id], After: areas[id]})
		}
	}
	return p
}

// owners are the pieces that may have land in a box, ascending.
func (f *Fabric) owners(box geo.Bound) []int {
	var ids []int
	for id, b := range f.bounds {
		if b.Intersects(box) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// equal compares canonical areas.
func equal(a, b geo.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q geo.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s geo.Ring) bool { return slices.Equal(r, s) })
	})
}

// canonical puts the rings of a valid area in the order of Area.
func canonical(area geo.MultiPolygon) geo.MultiPolygon {
	for _, polygon := range area {
		for i, r := range polygon {
			polygon[i] = fromCorner(r)
		}
		slices.SortFunc(polygon[1:], func(a, b geo.Ring) int { return compareRings(a, b) })
	}
	slices.SortFunc(area, func(a, b geo.Polygon) int { return compareRings(a[0], b[0]) })
	return area
}

// keepsLand reports whether an area changes by nothing but vertices that lie on its
// border, to the step.
func keepsLand(before, after geo.MultiPolygon) bool {
	var edges [][2]geo.Point
	have := map[geo.Point]bool{}
	for _, polygon := range before {
		for _, r := range polygon {
			for i, p := range r {
				have[p] = true
				edges = append(edges, [2]geo.Point{p, r[(i+1)%len(r)]})
			}
		}
	}
	var old geo.MultiPolygon
	for _, polygon := range after {
		var kept geo.Polygon
		for _, r := range polygon {
			var ring geo.Ring
			for _, p := range r {
				if have[p] {
					ring = append(ring, p)
				} else if !slices.ContainsFunc(edges, func(e [2]geo.Point) bool { return throughPixel(e[0], e[1], p) }) {
					return false
				}
			}
			kept = append(kept, ring)
		}
		old = append(old, kept)
	}
	for _, polygon := range old {
		for _, r := range polygon {
			if len(r) < 3 {
				return false
			}
		}
	}
	return equal(before, canonical(old))
}
