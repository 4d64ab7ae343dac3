package compare

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
	"wangge/geo/topology"
)

// Unit is a unit of a division.
type Unit struct {
	ID           int64 // 0 for one that is only drafted
	Code, Name   string
	Parent       string // code
	Area         geo.MultiPolygon
	squareMeters float64
}

// Kind says what became of some units.
type Kind string

// The kinds. Units that are the same on both sides in code, name, parent and land
// are unchanged and in no Group.
const (
	Renamed    Kind = "renamed"    // one unit: same land, same unit above, another name
	Reparented Kind = "reparented" // one unit: same land below another unit
	Recoded    Kind = "recoded"    // one unit goes on under another code, with or without other borders
	Redrawn    Kind = "redrawn"    // the same units with other borders
	Split      Kind = "split"      // one unit becomes several
	Merge      Kind = "merge"      // several become one
	Mixed      Kind = "mixed"      // several become several others
	New        Kind = "new"        // on land that no unit had
	Ended      Kind = "ended"      // on land that no unit has any more
)

// Kinds are all there are, in the order in which they are counted.
var Kinds = []Kind{Split, Merge, Mixed, Redrawn, Recoded, Renamed, Reparented, New, Ended}

// Sliver is the land in common, in m², up to which two units are not related, as in
// the lineage of units: what a vertex put into a border moves by rounding. It still
// stands among the pairs, so that areas add up.
const Sliver = 1.0

// Pair is the land that a unit had before and one has after. Land that changes hands
// is a pair of two codes.
type Pair struct {
	Before, After int // positions in the divisions, or topology.NoArea
	Area          geo.MultiPolygon
	SquareMeters  float64
}

// Sliver reports whether the pair makes no relation.
func (p Pair) Sliver() bool { return p.SquareMeters <= Sliver }

// Group is some units that became another group: a connected component of the
// graph in which two units are joined by the land that they have in common.
type Group struct {
	Kind          Kind
	Before, After []int // positions in the divisions, ascending
}

// Relation says what became of each unit of one division in another one.
type Relation struct {
	Before, After []Unit
	Pairs         []Pair // by Before and After; all land that either division has
	Groups        []Group
	Unchanged     int // units that are the same on both sides
}

// Relate compares two divisions of the same land. Units that overlap in a division
// with faults have their common land once: the one with the lower code has it.
//
// Errors: topology.ErrExtent, and the context's.
func Relate(ctx context.Context, before, after []Unit) (Relation, error) {
	r := Relation{Before: sorted(before), After: sorted(after)}
	if err := r.pair(ctx); err != nil {
		return Relation{}, fmt.Errorf("compare %d with %d units: %w", len(before), len(after), err)
	}
	r.group()
	return r, nil
}

// sorted are the units by code, with their areas measured.
func sorted(units []Unit) []Unit {
	units = slices.Clone(units)
	slices.SortFunc(units, func(a, b Unit) int { return cmp.Compare(a.Code, b.Code) })
	for i := range units {
		units[i].squareMeters = float64(units[i].Area.SquareMeters())
	}
	return units
}

// pair finds the pairs. Units with the same borders on both sides are not cut, unless
// one whose borders differ comes near.
func (r *Relation) pair(ctx context.Context) error {
	twin := r.twins()
	near := r.nearChanged(twin)
	var of [2][]int
	var areas [2][]geo.MultiPolygon
	for b, u := range r.Before {
		if a := twin[b]; a >= 0 && !near(u.Area) {
			r.Pairs = append(r.Pairs, Pair{b, a, u.Area, u.squareMeters})
			continue
		}
		of[0], areas[0] = append(of[0], b), append(areas[0], u.Area)
	}
	whole := map[int]bool{}
	for _, p := range r.Pairs {
		whole[p.After] = true
	}
	for a, u := range r.After {
		if !whole[a] {
			of[1], areas[1] = append(of[1], a), append(areas[1], u.Area)
		}
	}
	pieces, err := topology.Overlay(ctx, areas[0], areas[1])
	if err != nil {
		return err
	}
	at := func(of []int, i int) int {
		if i == topology.NoArea {
			return i
		}
		return of[i]
	}
	for _, p := range pieces {
		r.Pairs = append(r.Pairs, Pair{at(of[0], p.Before), at(of[1], p.After), p.Area, float64(p.Area.SquareMeters())})
	}
	slices.SortFunc(r.Pairs, func(p, q Pair) int {
		return cmp.Or(cmp.Compare(p.Before, q.Before), cmp.Compare(p.After, q.After))
	})
	return nil
}

// twins gives for each unit before the one after with the same code and the same
// borders, or -1.
func (r *Relation) twins() []int {
	byCode := make(map[string]int, len(r.After))
	for a, u := range r.After {
		byCode[u.Code] = a
	}
	twin := make([]int, len(r.Before))
	for b, u := range r.Before {
		a, ok := byCode[u.Code]
		if !ok || !sameBorders(u.Area, r.After[a].Area) {
			a = -1
		}
		twin[b] = a
	}
	return twin
}

// sameBorders reports whether two areas have the same rings in the same order: those
// that were stored once do.
func sameBorders(a, b geo.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q geo.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s geo.Ring) bool { return slices.Equal(r, s) })
	})
}

// nearChanged tells whether an area comes near a unit whose borders differ.
func (r *Relation) nearChanged(twin []int) func(geo.MultiPolygon) bool {
	var bounds []geo.Bound
	same := map[int]bool{}
	for b, a := range twin {
		if a < 0 {
			bounds = append(bounds, r.Before[b].Area.Bound())
		} else {
			same[a] = true
		}
	}
	for a, u := range r.After {
		if !same[a] {
			bounds = append(bounds, u.Area.Bound())
		}
	}
	return func(area geo.MultiPolygon) bool {
		box := area.Bound()
		return slices.ContainsFunc(bounds, box.Intersects)
	}
}

// group finds the changes.
func (r *Relation) group() {
	n := len(r.Before)
	joined := group.New(n + len(r.After)) // units before, then units after
	lost := map[int]bool{}                // by the numbers of joined: gives land to nobody, or takes it from nobody
	for _, p := range r.Pairs {
		switch {
		case p.Sliver():
		case p.After == topology.NoArea:
			lost[p.Before] = true
		case p.Before == topology.NoArea:
			lost[n+p.After] = true
		default:
			joined.Join(int32(p.Before), int32(n+p.After))
		}
	}
	groups := map[int32]*Group{}
	var order []*Group
	for i := range joined {
		at := joined.Of(int32(i))
		g := groups[at]
		if g == nil {
			g = &Group{}
			groups[at], order = g, append(order, g)
		}
		if i < n {
			g.Before = append(g.Before, i)
		} else {
			g.After = append(g.After, i-n)
		}
	}
	for _, g := range order {
		if g.Kind = r.kind(*g, func(before, after int) bool { return lost[before] || lost[n+after] }); g.Kind == "" {
			r.Unchanged++
		} else {
			r.Groups = append(r.Groups, *g)
		}
	}
}

// kind is what became of a group; "" for a unit that is unchanged. lost tells whether
// a unit gave land to nobody or took some from nobody.
func (r *Relation) kind(c Group, lost func(before, after int) bool) Kind {
	switch b, a := len(c.Before), len(c.After); {
	case b == 0:
		return New
	case a == 0:
		return Ended
	case b == 1 && a == 1:
		was, is := r.Before[c.Before[0]], r.After[c.After[0]]
		switch {
		case was.Code != is.Code:
			return Recoded
		case lost(c.Before[0], c.After[0]):
			return Redrawn
		case was.Parent != is.Parent:
			return Reparented
		case was.Name != is.Name:
			return Renamed
		}
		return ""
	case r.sameCodes(c):
		return Redrawn
	case b == 1:
		return Split
	case a == 1:
		return Merge
	}
	return Mixed
}

func (r *Relation) sameCodes(c Group) bool {
	return slices.EqualFunc(c.Before, c.After, func(b, a int) bool { return r.Before[b].Code == r.After[a].Code })
}

// Moves reports whether land of the pair goes from one code to another, to or from
// nobody included.
func (r *Relation) Moves(p Pair) bool {
	return p.Before == topology.NoArea || p.After == topology.NoArea || r.Before[p.Before].Code != r.After[p.After].Code
}

// Successor is the unit after that has most of the land of a unit before, by its
// lower code among equals, or topology.NoArea: where its posts go on (post.Carry).
func (r *Relation) Successor(before int) int {
	best, most := topology.NoArea, Sliver
	for _, p := range r.Pairs {
		if p.Before == before && p.After != topology.NoArea && p.SquareMeters > most {
			best, most = p.After, p.SquareMeters
		}
	}
	return best
}

// compactness is that of Polsby and Popper: 4π times the area by the square of the
// perimeter, 1 for a disc.
func compactness(area geo.MultiPolygon, squareMeters float64) float64 {
	var perimeter float64
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, p := range ring {
				perimeter += float64(geo.Distance(p.Degrees(), ring[(i+1)%len(ring)].Degrees()))
			}
		}
	}
	if perimeter == 0 {
		return 0
	}
	return 4 * math.Pi * squareMeters / (perimeter * perimeter)
}
