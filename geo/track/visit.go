package track

import (
	"math"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/walk"
)

// Resolutions of cells that are seen: 307 m² and 9 m from centre to corner for what lies
// beside a walk, 44 m² for the middle of a part of a street.
const (
	SeenResolution = 12
	PartResolution = 13
)

// partLength is the length in mm that parts of streets do not exceed.
const partLength = 50_000

// Part is a stretch of a street of at most 50 m, which is seen or not seen as a whole.
// The parts of an edge are equally long.
type Part struct {
	Edge int32
	Nth  int32 // from the edge's start, from 0
}

// Parts is how many parts an edge has.
func Parts(n *walk.Network, edge int32) int32 {
	return int32(max(1, (n.Length(edge)+partLength-1)/partLength))
}

// Stretch of a part, in the direction of its edge.
func (p Part) Stretch(n *walk.Network) walk.Stretch {
	length, all := uint64(n.Length(p.Edge)), uint64(Parts(n, p.Edge))
	return walk.Stretch{Edge: p.Edge, From: uint32(length * uint64(p.Nth) / all), To: uint32(length * uint64(p.Nth+1) / all)}
}

// Key names a part by the cell of its middle. It stays the same when the map is imported
// anew and the street is still there, though edges are numbered anew then.
func (p Part) Key(n *walk.Network) cell.Cell {
	s := p.Stretch(n)
	middle := walk.Access{Edge: s.Edge, Offset: (s.From + s.To) / 2}
	return cell.In(n.Where(middle), PartResolution)
}

// Walked returns the parts of which at least half was walked, in ascending order.
func Walked(n *walk.Network, pieces []Piece) []Part {
	type span struct{ from, to uint32 }
	spans := map[int32][]span{}
	for _, p := range pieces {
		for _, s := range p.Way {
			spans[s.Edge] = append(spans[s.Edge], span{min(s.From, s.To), max(s.From, s.To)})
		}
	}
	var out []Part
	for edge, list := range spans {
		slices.SortFunc(list, func(a, b span) int { return int(int64(a.from) - int64(b.from)) })
		for nth := range Parts(n, edge) {
			part := Part{edge, nth}
			s := part.Stretch(n)
			covered, at := uint32(0), s.From
			for _, w := range list { // what was walked twice counts once
				from, to := max(w.from, at), min(w.to, s.To)
				if to > from {
					covered += to - from
					at = to
				}
			}
			if 2*covered >= s.Length() {
				out = append(out, part)
			}
		}
	}
	slices.SortFunc(out, func(a, b Part) int {
		if a.Edge != b.Edge {
			return int(a.Edge - b.Edge)
		}
		return int(a.Nth - b.Nth)
	})
	return out
}

// Seen is a cell that somebody came near to.
type Seen struct {
	Cell        cell.Cell
	First, Last time.Time
}

// Swath returns the cells at SeenResolution whose centre lies within so many metres of
// the straight lines between neighbouring fixes of a segment, with when they were first
// and last passed, in ascending order of the cells. A fix alone sees what lies around it.
func Swath(segment []Fix, metres float64) []Seen {
	seen := map[cell.Cell]*Seen{}
	look := func(at geo.Point, moment time.Time, near func(geo.Point) bool) {
		steps := int(math.Ceil(metres/cellStep)) + 1
		for _, c := range cell.In(at, SeenResolution).Around(steps) {
			if !near(c.Center()) {
				continue
			}
			if s := seen[c]; s == nil {
				seen[c] = &Seen{c, moment, moment}
			} else {
				s.Last = moment
			}
		}
	}
	for i, b := range segment {
		if i == 0 {
			look(b.Point, b.At, func(p geo.Point) bool { return walk.Distance(p, b.Point) <= metres*1000 })
			continue
		}
		a := segment[i-1]
		length := walk.Distance(a.Point, b.Point) / 1000
		pieces := int(math.Ceil(length/cellStep)) + 1
		for k := 1; k <= pieces; k++ {
			part := float64(k) / float64(pieces)
			at := toward(a.Point, b.Point, part)
			moment := a.At.Add(time.Duration(part * float64(b.At.Sub(a.At))))
			look(at, moment, func(p geo.Point) bool { return walk.Distance(p, at) <= metres*1000 })
		}
	}
	out := make([]Seen, 0, len(seen))
	for _, s := range seen {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Seen) int {
		if a.Cell < b.Cell {
			return -1
		}
		return 1
	})
	return out
}

// cellStep is about how far the centres of neighbouring cells are apart, in metres.
const cellStep = 18.8
