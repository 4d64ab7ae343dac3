// Package walk is the walking network: which streets people may walk, where homes
// and service points meet them, and how far everything is from everything.
//
//	walk.go      the Network and who walks on it
//	street.go    what a street's tags say about feet and wheels
//	build.go     streets → Network: nodes, edges, pieces
//	square.go    squares are crossed, not walked round
//	snap.go      a place → the place on the edge where its way begins
//	index.go     the grid that finds streets, walls and doors near a place
//	costs.go     what every edge costs in a mode
//	search.go    shortest paths by buckets
//	reach.go     from places to everywhere, and from everywhere to the nearest place
//	pairs.go     every place with all sources within the limit
//	field.go     nearest sources that follow when one is added, dropped or moved
//	outline.go   the area within so many minutes, as polygons
//	raster.go    its raster: where each point of it meets the streets
//	route.go     one way, with its course
//	pieces.go    street pieces by minute
//	encode.go    a Network as bytes, for the next start
//
// Distances are whole millimetres in uint32 (up to 4,294 km). A Network knows no
// speed: an edge has a length and, for each Mode, an effort, which is its length
// made longer where walking is slower (steps, slopes). Minutes are effort divided by
// the speed of a standard; so one network serves every speed, and a limit of minutes
// is a limit of millimetres.
//
// Everything here is pure and its results depend on nothing but the input: ties go
// to the lowest index, and no result depends on how many run at once. A Network is
// immutable and shared by all requests; a Walker holds the scratch space of one.
package walk

import (
	"math"
	"slices"

	"wangge/geo"
)

// Never is the effort of what cannot be walked, and the distance to what cannot be
// reached.
const Never = math.MaxUint32

// Profile is who walks.
type Profile uint8

// The profiles.
const (
	Adult  Profile = iota
	Elder          // steps cost twice their length
	Wheels         // with a pram or a wheelchair: no steps, nothing marked as unfit
)

// Mode is who walks, and whether slopes count.
type Mode struct {
	Profile Profile
	Slope   bool
}

const modes = 6

func (m Mode) index() int {
	if m.Slope {
		return int(m.Profile) + modes/2
	}
	return int(m.Profile)
}

// Kind is what sort of street an edge is.
type Kind uint8

// The kinds, as the page colours and counts them.
const (
	Road     Kind = iota // with cars beside, or on a sidewalk
	Path                 // for people on foot
	Steps                //
	Crossing             // of a road
	Square               // across an open place
	Link                 // made by us: from an entrance to a square's corner
)

// Traits are what walking needs to know of an edge.
type Traits struct {
	Kind Kind
	// Incline is the rise per 1,000 from the edge's start to its end, 0 where unknown.
	Incline int16
	// Unfit says that nobody passes with wheels.
	Unfit bool
	// OneWay edges are walked from their start to their end only (escalators,
	// oneway:foot). Their effort backwards is Never.
	OneWay bool
	// Layer is above (bridges) or below (tunnels) the ground.
	Layer int8
}

// effort is what a length costs in a mode, in millimetres of level street; back is
// against the direction of the edge. At least 1, so that distances grow.
//
// Slopes follow Tobler's hiking function: speed ~ exp(-3.5 |s + 0.05|), related to
// level ground (Tobler 1993, Three Presentations on Geographical Analysis and
// Modeling, NCGIA 93-1).
func (t Traits) effort(m Mode, length uint32, back bool) uint32 {
	cost := float64(length)
	switch {
	case m.Profile == Wheels && (t.Unfit || t.Kind == Steps), back && t.OneWay:
		return Never
	case m.Profile == Elder && t.Kind == Steps:
		cost *= 2
	}
	if m.Slope && t.Incline != 0 {
		s := float64(t.Incline) / 1000
		if back {
			s = -s
		}
		cost *= math.Exp(3.5 * (math.Abs(s+0.05) - 0.05))
	}
	return uint32(max(1, min(math.Round(cost), Never-1)))
}

// Network is the walking network of one import. It is never changed.
type Network struct {
	// Nodes lie along a space-filling curve, so that neighbours are near each other
	// in memory too.
	nodes []geo.Point
	// Edge e runs from from[e] to to[e] along shape[bend[e]:bend[e+1]], both ends
	// included.
	from, to []int32
	length   []uint32 // mm on the ellipsoid
	traits   []Traits
	street   []int64 // number of the street in the source (OSM way), 0 where we made it
	bend     []int32
	shape    []geo.Point
	// arcs[first[v]:first[v+1]] leave node v: twice the edge, plus one where it is
	// walked backwards.
	first []int32
	arcs  []uint32
	// heads are the nodes where arcs end.
	heads []int32
	// piece is the connected part of the network that a node belongs to, numbered by
	// falling length: 0 is the main one.
	piece []int32

	walls   []Wall
	doors   []Door
	derived derived
}

// Wall is what a way to the street may not cross: water (hard), or a wall or fence,
// which is only crossed where nothing better is near (soft).
type Wall struct {
	Hard bool
	Line []geo.Point
}

// Door is a building with its known entrances: the way of a place in the building
// begins at one of them.
type Door struct {
	Building  geo.MultiPolygon
	Entrances []geo.Point
}

// Nodes is how many nodes there are.
func (n *Network) Nodes() int { return len(n.nodes) }

// Edges is how many edges there are.
func (n *Network) Edges() int { return len(n.from) }

// Line is the course of an edge, from its start to its end. It must not be changed.
func (n *Network) Line(edge int32) []geo.Point { return n.shape[n.bend[edge]:n.bend[edge+1]] }

// Ends are the nodes that an edge runs between.
func (n *Network) Ends(edge int32) (from, to int32) { return n.from[edge], n.to[edge] }

// Length is that of an edge, in mm.
func (n *Network) Length(edge int32) uint32 { return n.length[edge] }

// Traits are those of an edge.
func (n *Network) Traits(edge int32) Traits { return n.traits[edge] }

// Street is the number of the street in the source (OSM way), 0 where we made the
// edge.
func (n *Network) Street(edge int32) int64 { return n.street[edge] }

// Piece is the connected part that an edge belongs to: 0 is the main one.
func (n *Network) Piece(edge int32) int32 { return n.piece[n.from[edge]] }

// draft is an edge before it is put in its place: between two nodes of any
// numbering from 0 on.
type draft struct {
	from, to int32
	line     []geo.Point
	traits   Traits
	street   int64
}

// assemble makes a network of edges: nodes in the order of a curve, edges by their
// nodes, arcs in both directions. Nodes without an edge are left out, edges without
// a length too.
func assemble(nodes []geo.Point, drafts []draft) *Network {
	used := make([]bool, len(nodes))
	bound := geo.EmptyBound
	for _, d := range drafts {
		used[d.from], used[d.to] = true, true
	}
	order := make([]int32, 0, len(nodes))
	for v, p := range nodes {
		if used[v] {
			order = append(order, int32(v))
			bound = bound.Extend(p)
		}
	}
	key := make([]uint64, len(nodes))
	for _, v := range order {
		key[v] = hilbert(uint32(nodes[v].X-bound.Min.X), uint32(nodes[v].Y-bound.Min.Y))
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case key[a] < key[b]:
			return -1
		case key[a] > key[b]:
			return 1
		}
		return int(a - b)
	})
	place := make([]int32, len(nodes)) // old → new
	n := &Network{nodes: make([]geo.Point, len(order))}
	for i, v := range order {
		place[v] = int32(i)
		n.nodes[i] = nodes[v]
	}

	sorted := make([]int32, 0, len(drafts))
	for i := range drafts {
		sorted = append(sorted, int32(i))
	}
	slices.SortStableFunc(sorted, func(a, b int32) int {
		if c := place[drafts[a].from] - place[drafts[b].from]; c != 0 {
			return int(c)
		}
		if c := place[drafts[a].to] - place[drafts[b].to]; c != 0 {
			return int(c)
		}
		return int(a - b)
	})
	n.bend = append(n.bend, 0)
	for _, i := range sorted {
		d := drafts[i]
		length := lengthOf(d.line)
		if length == 0 {
			continue
		}
		n.from, n.to = append(n.from, place[d.from]), append(n.to, place[d.to])
		n.length = append(n.length, length)
		n.traits = append(n.traits, d.traits)
		n.street = append(n.street, d.street)
		n.shape = append(n.shape, d.line...)
		n.bend = append(n.bend, int32(len(n.shape)))
	}
	n.connect()
	return n
}

// connect derives arcs and pieces from the edges.
func (n *Network) connect() {
	n.first = make([]int32, len(n.nodes)+1)
	for e := range n.from {
		n.first[n.from[e]+1]++
		n.first[n.to[e]+1]++
	}
	for v := range n.nodes {
		n.first[v+1] += n.first[v]
	}
	next := slices.Clone(n.first)
	n.arcs, n.heads = make([]uint32, 2*len(n.from)), make([]int32, 2*len(n.from))
	put := func(v, head int32, arc uint32) {
		n.arcs[next[v]], n.heads[next[v]] = arc, head
		next[v]++
	}
	for e := range n.from {
		put(n.from[e], n.to[e], uint32(e)<<1)
		put(n.to[e], n.from[e], uint32(e)<<1|1)
	}

	n.piece = make([]int32, len(n.nodes))
	for v := range n.piece {
		n.piece[v] = -1
	}
	var sizes []uint64
	var stack []int32
	for v := range n.nodes {
		if n.piece[v] >= 0 {
			continue
		}
		id := int32(len(sizes))
		sizes = append(sizes, 0)
		n.piece[v] = id
		stack = append(stack[:0], int32(v))
		for len(stack) > 0 {
			u := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for j := n.first[u]; j < n.first[u+1]; j++ {
				if n.arcs[j]&1 == 0 {
					sizes[id] += uint64(n.length[n.arcs[j]>>1])
				}
				if head := n.heads[j]; n.piece[head] < 0 {
					n.piece[head] = id
					stack = append(stack, head)
				}
			}
		}
	}
	order := make([]int32, len(sizes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case sizes[a] > sizes[b]:
			return -1
		case sizes[a] < sizes[b]:
			return 1
		}
		return int(a - b)
	})
	rank := make([]int32, len(sizes))
	for i, id := range order {
		rank[id] = int32(i)
	}
	for v := range n.piece {
		n.piece[v] = rank[n.piece[v]]
	}
}

// hilbert is the position of a place on a Hilbert curve over 32 bits in both
// directions.
func hilbert(x, y uint32) uint64 {
	var d uint64
	for s := uint32(1) << 31; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += uint64(s) * uint64(s) * uint64((3*rx)^ry)
		if ry == 0 {
			if rx == 1 {
				x, y = ^x, ^y
			}
			x, y = y, x
		}
	}
	return d
}
