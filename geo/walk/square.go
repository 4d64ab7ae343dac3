package walk

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// A square is crossed straight, from where a street meets its rim to where another
// does, and not walked round. Its rim becomes edges, so that homes along it find
// it; and its places (nodes of streets on the rim, entrances on it, ends of streets
// within it, and the corners that stand in the way) are joined where they see each
// other. Shortest ways through an area with obstacles run along such lines only
// (the visibility graph: Lozano-Pérez and Wesley 1979).
//
// The number of lines grows with the square of that of places, so it is bounded:
//   - up to sightAll places, all that see each other are joined;
//   - above, each is joined to the nearest and the farthest that it sees in each of
//     sightCones equal directions, which lengthens ways by 3 % at most in trials;
//   - above sightMost places, or sightCorners corners of the rim, or maxSquare in
//     width, only the rim is walked, and the report says so.
const (
	sightAll     = 64
	sightCones   = 48
	sightMost    = 1000
	sightCorners = 5000
	maxSquare    = geo.Scale / 50 // 0.02 degrees, about 2 km
)

// square is one polygon of a Street with an Area.
type square struct {
	street *Street
	traits Traits
	rings  []geo.Ring
	nodes  [][]int32 // of the rings' corners
}

// squares turns areas into ways: their rims, and lines across.
func (b *builder) squares(areas []square, entrances []Entrance) {
	if len(areas) == 0 {
		return
	}
	corners := map[geo.Point]int32{} // on rims → node, -1 when only rims have it
	for _, a := range areas {
		for _, ring := range a.rings {
			for _, p := range ring {
				corners[p] = -1
			}
		}
	}
	streets := map[int32]bool{} // nodes where streets, or two squares, meet a rim
	for v, p := range b.nodes {
		if known, on := corners[p]; on {
			streets[int32(v)] = true
			if known < 0 {
				corners[p] = int32(v)
			}
		}
	}
	ends := b.ends()
	for i := range areas {
		b.rim(&areas[i], corners, streets)
	}
	for _, e := range entrances {
		if v, on := corners[e.At]; on && wayOut(e.Kind) {
			streets[v] = true
		}
	}
	for i := range areas {
		b.cross(&areas[i], streets, ends)
		b.report.Squares++
	}
}

// end is where a street ends.
type end struct {
	node  int32
	layer int8
}

// ends are those of all streets, from west to east.
func (b *builder) ends() []end {
	var list []end
	for _, w := range b.ways {
		list = append(list, end{w.nodes[0], w.traits.Layer}, end{w.nodes[len(w.nodes)-1], w.traits.Layer})
	}
	slices.SortFunc(list, func(p, q end) int {
		return cmp.Or(cmp.Compare(b.nodes[p.node].X, b.nodes[q.node].X), cmp.Compare(p.node, q.node), cmp.Compare(p.layer, q.layer))
	})
	return slices.Compact(list)
}

// rim makes ways of a square's rings, on the nodes of the streets that they meet.
func (b *builder) rim(a *square, corners map[geo.Point]int32, streets map[int32]bool) {
	for _, ring := range a.rings {
		closed := append(slices.Clone(ring), ring[0])
		w := way{street: a.street.ID, traits: a.traits, line: closed}
		for _, p := range closed {
			v := corners[p]
			if v < 0 {
				v = b.node(p)
				corners[p] = v
			}
			w.nodes = append(w.nodes, v)
		}
		// Two squares are walked into each other where they share a corner.
		for _, v := range w.nodes[:len(ring)] {
			if b.rims[v]++; b.rims[v] > 1 {
				streets[v] = true
			}
		}
		a.nodes = append(a.nodes, w.nodes[:len(ring)])
		b.ways = append(b.ways, w)
	}
}

// place is where lines across a square begin and end.
type place struct {
	node         int32
	at           geo.Point // in half lattice steps from the square's first corner
	before, next geo.Point // its neighbours on the rim
	corner       bool      // only a corner: lines go on along it, and do not begin
}

// cross adds the lines across a square.
func (b *builder) cross(a *square, streets map[int32]bool, ends []end) {
	box := geo.EmptyBound
	total := 0
	for _, ring := range a.rings {
		total += len(ring)
		for _, p := range ring {
			box = box.Extend(p)
		}
	}
	if int64(box.Max.X)-int64(box.Min.X) > maxSquare || int64(box.Max.Y)-int64(box.Min.Y) > maxSquare || total > sightCorners {
		b.report.problem(a.street.ID, "square_too_large", "this square is too large to be crossed straight; its rim is walked", &a.rings[0][0])
		return
	}
	rings := make([]geo.Ring, len(a.rings))
	for i, ring := range a.rings {
		rings[i] = make(geo.Ring, len(ring))
		for j, p := range ring {
			rings[i][j] = halves(p, box.Min)
		}
	}
	places := b.placesOf(a, rings, box, streets, ends)
	if len(places) > sightMost {
		b.report.problem(a.street.ID, "square_too_large", "too many ways lead to this square to cross it straight; its rim is walked", &a.rings[0][0])
		return
	}
	sight := rim(rings)
	join := func(p, q *place) {
		b.ways = append(b.ways, way{street: a.street.ID, traits: a.traits,
			nodes: []int32{p.node, q.node}, line: []geo.Point{b.nodes[p.node], b.nodes[q.node]}})
	}
	if len(places) <= sightAll {
		for i := range places {
			for j := i + 1; j < len(places); j++ {
				if worth(&places[i], &places[j]) && sight.clear(places[i].at, places[j].at) {
					join(&places[i], &places[j])
				}
			}
		}
		return
	}
	joined := map[[2]int]bool{}
	for i := range places {
		for _, j := range sight.seen(places, i) {
			if pair := [2]int{min(i, j), max(i, j)}; !joined[pair] {
				joined[pair] = true
				join(&places[pair[0]], &places[pair[1]])
			}
		}
	}
}

// halves is a place in half lattice steps from another, so that the middle of two
// such places has whole coordinates too.
func halves(p, from geo.Point) geo.Point {
	return geo.Point{X: 2 * (p.X - from.X), Y: 2 * (p.Y - from.Y)}
}

// placesOf a square: corners of its rim that matter, and ends of streets within.
func (b *builder) placesOf(a *square, rings []geo.Ring, box geo.Bound, streets map[int32]bool, ends []end) []place {
	var places []place
	seen := map[int32]bool{}
	for i, ring := range rings {
		for j, p := range ring {
			before, next := ring[(j+len(ring)-1)%len(ring)], ring[(j+1)%len(ring)]
			v := a.nodes[i][j]
			// The inside is on the left, of holes too: a right turn stands in the way.
			inTheWay := geo.Cross(before, p, next) < 0
			if seen[v] || !streets[v] && !inTheWay {
				continue
			}
			seen[v] = true
			places = append(places, place{node: v, at: p, before: before, next: next, corner: !streets[v]})
		}
	}
	first, _ := slices.BinarySearchFunc(ends, box.Min.X, func(e end, x int32) int { return cmp.Compare(b.nodes[e.node].X, x) })
	for _, e := range ends[first:] {
		p := b.nodes[e.node]
		if p.X > box.Max.X {
			break
		}
		if seen[e.node] || e.layer != a.traits.Layer || !box.Contains(p) {
			continue
		}
		if at := halves(p, box.Min); inside(rings, at) > 0 {
			seen[e.node] = true
			places = append(places, place{node: e.node, at: at, before: at, next: at})
		}
	}
	return places
}

// worth tells whether a shortest way may run along the line between two places: at
// a mere corner it must touch the rim and go on, or the way would not bend there.
// Neighbours are joined by the rim already.
func worth(p, q *place) bool {
	return p.before != q.at && p.next != q.at && p.touches(q.at) && q.touches(p.at)
}

func (p *place) touches(from geo.Point) bool {
	if !p.corner {
		return true
	}
	a, b := geo.Cross(from, p.at, p.before), geo.Cross(from, p.at, p.next)
	return a >= 0 && b >= 0 || a <= 0 && b <= 0
}

// rim is what stands around a square: its outer ring and its holes.
type rim []geo.Ring

// clear tells whether the line between two places of a square stays within it, rim
// included. It is exact: coordinates are whole and even.
func (s rim) clear(p, q geo.Point) bool {
	box := geo.EmptyBound.Extend(p).Extend(q)
	touching := []geo.Point{p, q} // where the line touches corners of the rim
	for _, ring := range s {
		a := ring[len(ring)-1]
		for _, c := range ring {
			if max(a.X, c.X) >= box.Min.X && min(a.X, c.X) <= box.Max.X && max(a.Y, c.Y) >= box.Min.Y && min(a.Y, c.Y) <= box.Max.Y {
				sa, sc := geo.Cross(p, q, a), geo.Cross(p, q, c)
				if (sa > 0) != (sc > 0) && sa != 0 && sc != 0 {
					sp, sq := geo.Cross(a, c, p), geo.Cross(a, c, q)
					if (sp > 0) != (sq > 0) && sp != 0 && sq != 0 {
						return false
					}
				}
				if sc == 0 && box.Contains(c) {
					touching = append(touching, c)
				}
			}
			a = c
		}
	}
	// Between two corners that it touches the line crosses no rim, so each such part
	// is within or without as a whole, and its middle tells.
	slices.SortFunc(touching, func(a, c geo.Point) int { return cmp.Or(cmp.Compare(a.X, c.X), cmp.Compare(a.Y, c.Y)) })
	touching = slices.Compact(touching)
	for i := 1; i < len(touching); i++ {
		a, c := touching[i-1], touching[i]
		if inside(s, geo.Point{X: (a.X + c.X) / 2, Y: (a.Y + c.Y) / 2}) < 0 {
			return false
		}
	}
	return true
}

// inside is 1 within the rings (an outer one and its holes), 0 on one of them and
// -1 without.
func inside(rings []geo.Ring, p geo.Point) int {
	in := false
	for _, ring := range rings {
		a := ring[len(ring)-1]
		for _, c := range ring {
			if side := geo.Cross(a, c, p); side == 0 {
				if geo.EmptyBound.Extend(a).Extend(c).Contains(p) {
					return 0
				}
			} else if (a.Y <= p.Y) != (c.Y <= p.Y) && (side > 0) == (a.Y <= p.Y) {
				in = !in
			}
			a = c
		}
	}
	if in {
		return 1
	}
	return -1
}

// seen are, of the places that a place sees, the nearest and the farthest in each
// direction.
func (s rim) seen(places []place, from int) []int {
	others := make([]int, 0, len(places)-1)
	far := make([]float64, len(places))
	o := places[from].at
	for i := range places {
		if i != from && worth(&places[from], &places[i]) {
			others = append(others, i)
			far[i] = math.Hypot(float64(places[i].at.X-o.X), float64(places[i].at.Y-o.Y))
		}
	}
	slices.SortFunc(others, func(i, j int) int { return cmp.Or(cmp.Compare(far[i], far[j]), cmp.Compare(i, j)) })
	direction := func(i int) int {
		turn := math.Atan2(float64(places[i].at.Y-o.Y), float64(places[i].at.X-o.X))/(2*math.Pi) + 1
		return int(turn*sightCones) % sightCones
	}
	var list []int
	for range 2 {
		var taken [sightCones]bool
		for _, i := range others {
			if d := direction(i); !taken[d] && s.clear(o, places[i].at) {
				taken[d] = true
				list = append(list, i)
			}
		}
		slices.Reverse(others)
	}
	return list
}

// polygons are the areas of a square, each with its outer ring counter-clockwise
// and its holes clockwise, without repeated corners; what has no area is left out.
func polygons(area geo.MultiPolygon) (list [][]geo.Ring) {
	for _, polygon := range area {
		var rings []geo.Ring
		for i, ring := range polygon {
			ring = slices.Compact(slices.Clone(ring))
			for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
				ring = ring[:len(ring)-1]
			}
			doubled := ring.DoubledArea()
			if len(ring) < 3 || doubled == 0 {
				if i == 0 {
					break // holes of nothing
				}
				continue
			}
			if (doubled > 0) != (i == 0) {
				ring = ring.Reversed()
			}
			rings = append(rings, ring)
		}
		if len(rings) > 0 {
			list = append(list, rings)
		}
	}
	return list
}
