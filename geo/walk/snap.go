package walk

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"wangge/geo"
)

// Lengths in mm.
const (
	// MaxWalk is how far homes and service points may lie from a street, usually.
	MaxWalk = 200_000
	// MostWalk is the highest limit that makes sense: whoever lives farther from any
	// street is not reached by walking along streets.
	MostWalk = 500_000
	// small is how long a piece of the network is at most so that a place on it looks
	// for a larger one besides.
	small = 10_000_000
	// nowhere is how long a piece of the network is at most whose streets lead nowhere.
	nowhere = 1_000_000
	// lookout is how far the nearest street is looked for when only the distance is told.
	lookout = 10_000_000
)

// Reason says how a place meets the network, or why it does not.
type Reason uint8

// The reasons.
const (
	Reached     Reason = iota // there is a way to the street
	TooFar                    // the nearest street is farther than allowed: Access[0] is the way there
	BehindWater               // every way to a street crosses water: Access[0] is the nearest
	BehindWall                // every way crosses a wall or fence: the nearest is taken, and marked
	NoNetwork                 // no street within 10 km that this walker may use
)

var reasons = [...]string{"reached", "too_far", "behind_water", "behind_wall", "no_network"}

func (r Reason) String() string { return reasons[min(int(r), len(reasons)-1)] }

// Place is a place joined to the network: up to two ways to a street, of which a
// walker takes the better. The second is there where the first is on a small piece
// of the network, and is on a larger one; it crosses a wall only if the first leads nowhere. A Place with Count 0 is not joined and is never reached.
type Place struct {
	Access [2]Access
	Count  uint8
	Reason Reason
}

// Access is a straight way between a place and a street.
type Access struct {
	Edge    int32
	Offset  uint32 // where it meets the edge, in mm from its start
	Walk    uint32 // its length in mm, part of every distance
	Crosses bool   // a wall or fence
}

// Snap joins a place to the network: the nearest place on an edge that the profile
// may use, at most maxWalk mm away (MostWalk if it is more). A way that crosses water
// is never taken; one that crosses a wall or fence only if there is no other within
// maxWalk. In a building whose entrances are known the way leads through one of
// them. Ties go to the lowest edge.
func (n *Network) Snap(at geo.Point, profile Profile, maxWalk uint32) Place {
	return n.index(profile).join(n.fences(), at, float64(min(maxWalk, MostWalk)), nil)
}

// join is Snap; guess, which may be nil, is a segment that may be near, and becomes
// the nearest.
func (x *index) join(f *fences, at geo.Point, within float64, guess *int32) Place {
	q := eyeAt(at)
	if !x.sees(&q) {
		return Place{Reason: NoNetwork}
	}
	if doors := f.entrances(at); doors != nil {
		if p, ok := x.through(f, &q, doors, within); ok {
			return p
		}
	}
	return x.snap(f, &q, within, guess)
}

// sees reports whether streets may be in sight of a place.
func (x *index) sees(q *eye) bool {
	if x.box.Empty() {
		return false
	}
	beyond := func(v, low, high int32, scale float64) bool {
		return float64(int64(low)-int64(v))*scale > lookout || float64(int64(v)-int64(high))*scale > lookout
	}
	return !beyond(q.at.X, x.box.Min.X, x.box.Max.X, q.east) && !beyond(q.at.Y, x.box.Min.Y, x.box.Max.Y, q.north)
}

// snap joins a place that lies in the open.
func (x *index) snap(f *fences, q *eye, within float64, guess *int32) Place {
	near := int32(-1)
	if guess != nil {
		near = *guess
	}
	best := x.nearest(q, within, near)
	if best.segment < 0 {
		if best = x.nearest(q, lookout, near); best.segment < 0 {
			return Place{Reason: NoNetwork}
		}
		return Place{Access: [2]Access{x.access(best)}, Reason: TooFar}
	}
	if guess != nil {
		*guess = best.segment
	}
	first := x.access(best)
	if x.large(x.part(first.Edge)) && (len(f.ends) == 0 || f.link(q, x.point(best)) == nothing) {
		return Place{Access: [2]Access{first}, Count: 1}
	}
	return x.choose(f, q, within)
}

// part of the network that an edge belongs to.
func (x *index) part(edge int32) int32 { return x.piece[x.n.from[edge]] }

// large reports whether a piece of the network is the main one, or not small.
func (x *index) large(part int32) bool { return part == 0 || x.lengths[part] > small }

// choose weighs all streets around a place whose nearest one is on a small piece of
// the network, or behind something.
func (x *index) choose(f *fences, q *eye, within float64) Place {
	type choice struct {
		Access
		part int32
	}
	list := x.all(q, within)
	var open []choice
	for _, s := range list {
		worst := f.link(q, x.point(s))
		if worst == hardWall {
			continue
		}
		a := x.access(s)
		a.Crosses = worst == softWall
		open = append(open, choice{a, x.part(a.Edge)})
	}
	if len(open) == 0 {
		return Place{Access: [2]Access{x.access(list[0])}, Reason: BehindWater}
	}
	wall := func(c choice) int { return b2i(c.Crosses) }
	// The list is by distance, and the first of the least is taken.
	first := slices.MinFunc(open, func(a, b choice) int { return wall(a) - wall(b) })
	p := Place{Access: [2]Access{first.Access}, Count: 1}
	if first.Crosses {
		p.Reason = BehindWall
	}
	if x.large(first.part) {
		return p
	}
	open = slices.DeleteFunc(open, func(c choice) bool {
		return c.part >= first.part || c.Crosses && x.lengths[first.part] >= nowhere
	})
	if len(open) == 0 {
		return p
	}
	larger := slices.MinFunc(open, func(a, b choice) int {
		return cmp.Or(wall(a)-wall(b), cmp.Compare(a.part, b.part))
	})
	p.Access[1], p.Count = larger.Access, 2
	return p
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// through joins a place in a building by the entrance that makes its way to the
// street the shortest. The way inside the building counts, straight to the entrance.
func (x *index) through(f *fences, q *eye, doors []geo.Point, within float64) (best Place, ok bool) {
	for _, door := range doors {
		indoors := math.Hypot(float64(int64(door.X)-int64(q.at.X))*q.east, float64(int64(door.Y)-int64(q.at.Y))*q.north)
		if indoors > within {
			continue
		}
		out := eyeAt(door)
		p := x.snap(f, &out, within-indoors, nil)
		if p.Count == 0 {
			continue
		}
		for i := range p.Count {
			p.Access[i].Walk += uint32(math.Round(indoors))
		}
		better := func(a, b Access) bool {
			return cmp.Or(cmp.Compare(b2i(a.Crosses), b2i(b.Crosses)), cmp.Compare(a.Walk, b.Walk), cmp.Compare(a.Edge, b.Edge)) < 0
		}
		if !ok || better(p.Access[0], best.Access[0]) {
			best, ok = p, true
		}
	}
	return best, ok
}

// Places are many places joined to one network, in the order of the edges, so that
// whoever knows the distances of an edge's ends fills in all places on it at once.
// They are never changed.
type Places struct {
	first  []int32 // spots[first[e]:first[e+1]] lie on edge e
	spots  []placed
	where  []int32 // of a place's first access among the spots, -1 where it is not joined
	second map[int32]int32
	lost   map[int32]Place // places that are not joined, with what was found
	reason []Reason
}

// placed is one access of a place.
type placed struct {
	offset uint32
	walk   uint32 // the highest bit says that it crosses a wall
	place  int32  // below zero: ^place, which has two accesses
}

const wallBit = 1 << 31

func (s placed) who() int32 {
	if s.place < 0 {
		return ^s.place
	}
	return s.place
}

// Len is how many places there are.
func (p *Places) Len() int { return len(p.where) }

// Place returns place i.
func (p *Places) Place(i int) Place {
	if p.where[i] < 0 {
		return p.lost[int32(i)]
	}
	out := Place{Access: [2]Access{p.access(p.where[i])}, Count: 1, Reason: p.reason[i]}
	if second, ok := p.second[int32(i)]; ok {
		out.Access[1], out.Count = p.access(second), 2
	}
	return out
}

func (p *Places) access(k int32) Access {
	edge, _ := slices.BinarySearch(p.first, k+1) // the first edge that ends behind k
	s := p.spots[k]
	return Access{Edge: int32(edge - 1), Offset: s.offset, Walk: s.walk &^ wallBit, Crosses: s.walk&wallBit != 0}
}

// Reason says how place i meets the network.
func (p *Places) Reason(i int) Reason { return p.reason[i] }

// SnapAll joins many places to the network as Snap does, on so many threads (at
// least one). The result does not depend on their number.
func (n *Network) SnapAll(ctx context.Context, at []geo.Point, profile Profile, maxWalk uint32, threads int) (*Places, error) {
	x := n.index(profile)
	f, within := n.fences(), float64(min(maxWalk, MostWalk))
	order := x.order(at)
	snapped := make([]Place, len(at))
	const chunk = 4096
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			from := int(next.Add(chunk)) - chunk
			if from >= len(order) {
				return
			}
			for _, i := range order[from:min(from+chunk, len(order))] {
				snapped[i] = x.join(f, at[i], within, nil)
			}
		}
	}
	var wait sync.WaitGroup
	for range threads - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return n.Arrange(snapped), nil
}

// order of places by the cell they lie in, so that neighbours are joined one after
// the other while their streets are at hand.
func (x *index) order(at []geo.Point) []int32 {
	order := make([]int32, len(at))
	if len(x.first) == 0 {
		for i := range order {
			order[i] = int32(i)
		}
		return order
	}
	cell := func(p geo.Point) int64 { return x.row(p.Y)*x.width + x.column(p.X) }
	first := make([]int32, x.width*x.height+1)
	for _, p := range at {
		first[cell(p)+1]++
	}
	for c := range len(first) - 1 {
		first[c+1] += first[c]
	}
	for i, p := range at {
		c := cell(p)
		order[first[c]] = int32(i)
		first[c]++
	}
	return order
}

// Arrange puts places that were joined one by one into the order of the edges.
func (n *Network) Arrange(list []Place) *Places {
	p := &Places{
		first:  make([]int32, n.Edges()+1),
		where:  make([]int32, len(list)),
		second: map[int32]int32{},
		lost:   map[int32]Place{},
		reason: make([]Reason, len(list)),
	}
	for i := range list {
		for k := range list[i].Count {
			p.first[list[i].Access[k].Edge+1]++
		}
	}
	for e := range n.Edges() {
		p.first[e+1] += p.first[e]
	}
	p.spots = make([]placed, p.first[n.Edges()])
	next := slices.Clone(p.first)
	for i := range list {
		place := &list[i]
		p.reason[i] = place.Reason
		if place.Count == 0 {
			p.where[i] = -1
			p.lost[int32(i)] = *place
			continue
		}
		for k := range place.Count {
			a := place.Access[k]
			s := placed{offset: a.Offset, walk: a.Walk, place: int32(i)}
			if a.Crosses {
				s.walk |= wallBit
			}
			if place.Count == 2 {
				s.place = ^s.place
			}
			at := next[a.Edge]
			p.spots[at] = s
			next[a.Edge]++
			if k == 0 {
				p.where[i] = at
			} else {
				p.second[int32(i)] = at
			}
		}
	}
	return p
}
