package walk

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"wangge/geo"
	"wangge/geo/fault"
)

// Street is a line or an area that people may walk on, as a map has it.
type Street struct {
	ID    int64
	Kind  string // value of highway: residential, footway, steps …
	Layer int    // above (bridges) or below (tunnels) the ground
	Tags  map[string]string
	// Nodes number the corners of Line, and streets meet where they share one. Nil
	// for streets that are joined by their geometry.
	Nodes []int64
	Line  []geo.Point
	// Area is that of a square, which is crossed; Line and Nodes are then not used.
	Area geo.MultiPolygon
}

// Barrier stands on a node of streets, or for streets without nodes at a place on
// them.
type Barrier struct {
	Node int64
	At   geo.Point
	Kind string // value of barrier: gate, stile, kerb …
	Tags map[string]string
}

// Entrance leads into a building.
type Entrance struct {
	Node int64
	At   geo.Point
	Kind string // value of entrance: main, yes, emergency …
	Tags map[string]string
}

// Building is where people live or work.
type Building struct {
	ID   int64
	Area geo.MultiPolygon
}

// Source is a map, as far as walking is concerned.
type Source struct {
	Streets   []Street
	Barriers  []Barrier
	Walls     []Wall
	Entrances []Entrance
	Buildings []Building
}

// Report says what became of a Source.
type Report struct {
	Edges    int            `json:"edges"`
	Pieces   int            `json:"pieces"` // connected parts
	Squares  int            `json:"squares"`
	LeftOut  int            `json:"left_out"` // streets
	Km       float64        `json:"km"`
	Reasons  map[string]int `json:"reasons"` // why streets were left out
	Problems []fault.Place  `json:"problems"`
}

// maxProblems is how many problems a report lists.
const maxProblems = 200

func (r *Report) leave(reason string) {
	r.LeftOut++
	r.Reasons[reason]++
}

func (r *Report) problem(street int64, code, detail string, at *geo.Point) {
	if len(r.Problems) >= maxProblems {
		return
	}
	place := fault.Place{Pointer: fmt.Sprintf("street %d", street), Code: code, Detail: detail}
	if at != nil {
		degrees := [2]float64(at.Degrees())
		place.At = &degrees
	}
	r.Problems = append(r.Problems, place)
}

// way is a street that is walked, between nodes numbered from 0 on.
type way struct {
	street int64
	nodes  []int32
	line   []geo.Point
	traits Traits
	joined bool // by its geometry
}

// builder turns streets into nodes and edges.
type builder struct {
	report Report
	ways   []way
	nodes  []geo.Point
	areas  []square
	rims   map[int32]int     // how many squares have a node on their rim
	pass   map[int32]passage // of nodes with a barrier that stops somebody
	edges  []draft
}

// Build makes the network of a map. Streets are cut where they share a node, where
// they meet themselves and at barriers; squares are crossed. The same source gives
// the same network, in whatever order its streets stand.
func Build(ctx context.Context, s Source) (*Network, Report, error) {
	b := &builder{rims: map[int32]int{}, report: Report{Reasons: map[string]int{}, Problems: []fault.Place{}}}
	b.admit(s)
	b.squares(b.areas, s.Entrances)
	if err := ctx.Err(); err != nil {
		return nil, b.report, err
	}
	b.split()
	if err := ctx.Err(); err != nil {
		return nil, b.report, err
	}
	n := assemble(b.nodes, b.edges)
	n.walls = s.Walls
	n.doors = doors(s.Buildings, s.Entrances)
	b.count(n)
	return n, b.report, nil
}

func (b *builder) count(n *Network) {
	b.report.Edges = n.Edges()
	for _, piece := range n.piece {
		b.report.Pieces = max(b.report.Pieces, int(piece)+1)
	}
	var sum uint64
	for _, length := range n.length {
		sum += uint64(length)
	}
	b.report.Km = float64(sum) / 1e6
}

// admit takes the streets that people may walk on and numbers their nodes.
func (b *builder) admit(s Source) {
	order := make([]int32, len(s.Streets))
	corners := 0
	for i := range order {
		order[i] = int32(i)
		corners += len(s.Streets[i].Nodes)
	}
	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(s.Streets[i].ID, s.Streets[j].ID) })
	number := make(map[int64]int32, corners)
	flat := make([]int32, 0, corners)
	for _, i := range order {
		street := &s.Streets[i]
		traits, left := footing(street.Kind, street.Tags)
		if left != "" {
			b.report.leave(left)
			continue
		}
		traits.Layer = int8(max(-128, min(127, street.Layer)))
		if street.Area != nil {
			b.area(street, traits)
			continue
		}
		if street.Nodes == nil && len(street.Line) > 1 {
			w := way{street: street.ID, line: street.Line, traits: traits, joined: true}
			if oneWay(street.Tags) < 0 {
				w.turn()
			}
			b.ways = append(b.ways, w)
			continue
		}
		if len(street.Line) < 2 || len(street.Nodes) != len(street.Line) {
			b.report.leave(LeftBroken)
			b.report.problem(street.ID, "street_course", "its nodes and the corners of its course do not match", nil)
			continue
		}
		w := way{street: street.ID, line: street.Line, traits: traits}
		start := len(flat)
		for j, id := range street.Nodes {
			v, ok := number[id]
			if !ok {
				v = int32(len(b.nodes))
				number[id] = v
				b.nodes = append(b.nodes, street.Line[j])
			}
			flat = append(flat, v)
		}
		w.nodes = flat[start:len(flat):len(flat)]
		if oneWay(street.Tags) < 0 {
			w.turn()
		}
		b.ways = append(b.ways, w)
	}
	b.pass = map[int32]passage{}
	var elsewhere []Barrier // on no numbered node
	for _, barrier := range s.Barriers {
		v, ok := number[barrier.Node]
		if !ok {
			elsewhere = append(elsewhere, barrier)
			continue
		}
		if p := through(barrier.Kind, barrier.Tags); p != open {
			b.pass[v] = max(b.pass[v], p)
		}
	}
	b.join(elsewhere)
}

// area takes a square. Each of its polygons is one.
func (b *builder) area(street *Street, traits Traits) {
	traits.Kind, traits.Incline, traits.OneWay = Square, 0, false
	parts := polygons(street.Area)
	if len(parts) == 0 {
		b.report.leave(LeftBroken)
		b.report.problem(street.ID, "street_area", "this square has no area", nil)
	}
	for _, rings := range parts {
		b.areas = append(b.areas, square{street: street, traits: traits, rings: rings})
	}
}

// turn makes a way run against the course of its street.
func (w *way) turn() {
	w.line = slices.Clone(w.line)
	slices.Reverse(w.line)
	slices.Reverse(w.nodes)
	w.traits.Incline = -w.traits.Incline
}

// split cuts ways where they meet and at barriers.
func (b *builder) split() {
	uses := make([]uint8, len(b.nodes))
	use := func(v int32) { uses[v] = min(uses[v], 253) + 1 }
	for i := range b.ways {
		nodes := b.ways[i].nodes
		for j, v := range nodes {
			if j == 0 || v != nodes[j-1] {
				use(v)
			}
		}
	}
	for v := range b.pass {
		use(v)
		use(v)
	}
	for i := range b.ways {
		w := &b.ways[i]
		start := 0
		for j := 1; j < len(w.nodes); j++ {
			if j == len(w.nodes)-1 || uses[w.nodes[j]] > 1 {
				b.edge(w, start, j)
				start = j
			}
		}
	}
	b.merge()
}

// edge adds the part of a way between two of its corners. At a barrier that nobody
// passes, each edge ends for itself; at one that wheels do not pass, the last metre
// before it is unfit.
func (b *builder) edge(w *way, start, end int) {
	e := draft{from: w.nodes[start], to: w.nodes[end], line: w.line[start : end+1], traits: w.traits, street: w.street}
	if len(b.pass) == 0 {
		b.edges = append(b.edges, e)
		return
	}
	first, last := b.pass[e.from], b.pass[e.to]
	if first == nobody {
		e.from = b.node(e.line[0])
	}
	if last == nobody {
		e.to = b.node(e.line[len(e.line)-1])
	}
	for _, atStart := range []bool{true, false} {
		if e.traits.Unfit || atStart && first != feetOnly || !atStart && last != feetOnly {
			continue
		}
		depth := barrierDepth
		if !atStart {
			depth = float64(lengthOf(e.line)) - barrierDepth
		}
		before, after, ok := b.cut(e, depth)
		switch {
		case !ok:
			e.traits.Unfit = true
		case atStart:
			before.traits.Unfit = true
			b.edges = append(b.edges, before)
			e = after
		default:
			after.traits.Unfit = true
			b.edges = append(b.edges, after)
			e = before
		}
	}
	b.edges = append(b.edges, e)
}

// barrierDepth is how far before a barrier wheels stop, in mm.
const barrierDepth = 1000.0

// node adds one.
func (b *builder) node(at geo.Point) int32 {
	b.nodes = append(b.nodes, at)
	return int32(len(b.nodes) - 1)
}

// cut cuts an edge at so many mm from its start; ok is false when that is not
// between its ends.
func (b *builder) cut(e draft, at float64) (before, after draft, ok bool) {
	for i, walked := 1, 0.0; i < len(e.line) && at > 0; i++ {
		step := Distance(e.line[i-1], e.line[i])
		if walked += step; walked <= at {
			continue
		}
		p := partway(e.line[i-1], e.line[i], 1-(walked-at)/step)
		if p == e.line[0] || p == e.line[len(e.line)-1] {
			break
		}
		v := b.node(p)
		before, after = e, e
		before.to, after.from = v, v
		before.line = append(slices.Clone(e.line[:i]), p)
		after.line = append([]geo.Point{p}, e.line[i:]...)
		return before, after, true
	}
	return e, e, false
}

// partway is the place at a part of the way from a to b.
func partway(a, b geo.Point, part float64) geo.Point {
	return geo.Point{
		X: a.X + int32(math.Round(float64(int64(b.X)-int64(a.X))*part)),
		Y: a.Y + int32(math.Round(float64(int64(b.Y)-int64(a.Y))*part)),
	}
}

// merge makes one node of those that an edge without a length joins: two nodes of
// a map at one place.
func (b *builder) merge() {
	var into map[int32]int32
	find := func(v int32) int32 {
		for {
			next, ok := into[v]
			if !ok {
				return v
			}
			v = next
		}
	}
	for _, e := range b.edges {
		if e.from == e.to || slices.ContainsFunc(e.line, func(p geo.Point) bool { return p != e.line[0] }) {
			continue
		}
		if from, to := find(e.from), find(e.to); from != to {
			if into == nil {
				into = map[int32]int32{}
			}
			into[max(from, to)] = min(from, to)
		}
	}
	if into == nil {
		return
	}
	for i := range b.edges {
		b.edges[i].from, b.edges[i].to = find(b.edges[i].from), find(b.edges[i].to)
	}
}

// doors are the buildings whose entrances are known: those that stand on their
// outline.
func doors(buildings []Building, entrances []Entrance) []Door {
	if len(entrances) == 0 {
		return nil
	}
	at := make(map[geo.Point]bool, len(entrances))
	for _, e := range entrances {
		if wayOut(e.Kind) {
			at[e.At] = true
		}
	}
	var list []Door
	order := make([]int, len(buildings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(buildings[i].ID, buildings[j].ID) })
	for _, i := range order {
		door := Door{Building: buildings[i].Area}
		for _, polygon := range buildings[i].Area {
			for _, ring := range polygon {
				for _, p := range ring {
					if at[p] && !slices.Contains(door.Entrances, p) {
						door.Entrances = append(door.Entrances, p)
					}
				}
			}
		}
		if len(door.Entrances) > 0 {
			list = append(list, door)
		}
	}
	return list
}
