package topology

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"wangge/geo"
)

// Pieces is an area cut up by lines, made by Polygonize. Pieces are numbered from
// 0; NoPiece stands for everything that is not in the area. It is not safe for
// concurrent use.
type Pieces struct {
	plane *subdivision
	piece []int32 // of each face: its number, or NoPiece
	face  []int32 // of each piece
	lines []int32 // those along each edge e at lines[first[e]:first[e+1]], ascending
	first []int32
	below *index // whole edges, made by the first At
}

// NoPiece is the number of the land around the area that was cut.
const NoPiece = none

// Side is a straight part of the border between two pieces, or of a piece with
// the outside.
type Side struct {
	From, To    geo.Point
	Left, Right int32 // pieces; one of them may be NoPiece
	// Lines are those that run along the side, ascending; none where the border of
	// the area runs alone. They must not be changed.
	Lines []int32
}

// Polygonize cuts the area within by lines. Everything is noded by snap rounding
// first, like the borders of a Mosaic, so that the pieces match exactly. Ends that
// dangle in a piece cut nothing, and what lies outside of the area is left out.
//
// Lines that cross the border of the area put a vertex on it, which Within shows.
// The order of the pieces depends on the input alone.
//
// Polygonize fails with ErrExtent and with the context's error.
func Polygonize(ctx context.Context, within geo.MultiPolygon, lines [][]geo.Point) (*Pieces, error) {
	all, vertices := boundOf(within), countVertices(within)
	for _, l := range lines {
		all = all.Union(geo.Ring(l).Bound())
		vertices += len(l)
	}
	if tooWide(all) {
		return nil, ErrExtent
	}
	m := &Mosaic{units: []unit{{Part: Part{Area: within}, role: partRole, parent: none}}}
	b := newBorders(vertices)
	rings := b.rings(within)
	walks := make([][]int32, len(lines))
	for i, l := range lines {
		walks[i] = b.line(l)
	}
	_, err := b.node(ctx)
	if err == nil {
		for i := range rings {
			rings[i].walk = b.noded(rings[i].walk)
		}
		m.units[0].rings = rings
		m.plane, err = newSubdivision(ctx, b)
	}
	if err != nil {
		return nil, fmt.Errorf("pieces between %d lines: %w", len(lines), err)
	}
	m.findCover()
	p := &Pieces{plane: m.plane, piece: make([]int32, len(m.cover))}
	for f, cover := range m.cover {
		p.piece[f] = NoPiece
		if len(cover) > 0 {
			p.piece[f] = int32(len(p.face))
			p.face = append(p.face, int32(f))
		}
	}
	p.label(walks)
	return p, nil
}

// line adds a line and returns the half-edges it walks.
func (b *borders) line(l []geo.Point) []int32 {
	var walk []int32
	for i := 1; i < len(l); i++ {
		if l[i-1] != l[i] {
			walk = append(walk, b.halfEdge(b.point(l[i-1]), b.point(l[i])))
		}
	}
	return walk
}

// label notes which lines run along each edge.
func (p *Pieces) label(walks [][]int32) {
	type use struct{ edge, line int32 }
	var uses []use
	for i, walk := range walks {
		for _, h := range p.plane.noded(walk) {
			uses = append(uses, use{h >> 1, int32(i)})
		}
	}
	slices.SortFunc(uses, func(a, b use) int {
		return cmp.Or(cmp.Compare(a.edge, b.edge), cmp.Compare(a.line, b.line))
	})
	uses = slices.Compact(uses)
	p.first = make([]int32, len(p.plane.ends)+1)
	p.lines = make([]int32, len(uses))
	for i, u := range uses {
		p.first[u.edge+1]++
		p.lines[i] = u.line
	}
	for e := range p.plane.ends {
		p.first[e+1] += p.first[e]
	}
}

// Count is the number of pieces.
func (p *Pieces) Count() int { return len(p.face) }

// Area is the land of pieces together, whose common borders vanish.
func (p *Pieces) Area(pieces ...int32) geo.MultiPolygon {
	faces := make([]int32, len(pieces))
	for i, n := range pieces {
		faces[i] = p.face[n]
	}
	return p.plane.area(faces)
}

// Within is the area that was cut, with the vertices that the lines put on its
// border: what the pieces tile.
func (p *Pieces) Within() geo.MultiPolygon { return p.plane.area(p.face) }

// Sides are all borders of pieces, each once, in a fixed order.
func (p *Pieces) Sides() iter.Seq[Side] {
	return func(yield func(Side) bool) {
		for e := range int32(len(p.plane.ends)) {
			if !p.plane.whole(e) {
				continue
			}
			s := Side{Left: p.piece[p.plane.face[2*e]], Right: p.piece[p.plane.face[2*e+1]]}
			if s.Left == s.Right {
				continue
			}
			s.From, s.To = p.plane.segment(e)
			s.Lines = p.lines[p.first[e]:p.first[e+1]]
			if !yield(s) {
				return
			}
		}
	}
}

// At is the piece that holds the place. One on a border belongs to the piece
// north of it, on a meridian to the one in the east.
func (p *Pieces) At(at geo.Point) int32 {
	if p.below == nil {
		p.below = p.plane.wholeEdgeIndex()
	}
	s := p.plane
	best := int32(none) // the half-edge just below, walked from west to east
	p.below.search(geo.Bound{Min: geo.Point{X: at.X, Y: -1 << 31}, Max: at}, func(e int32) bool {
		h := 2 * e
		if s.points[s.origin(h)].X > s.points[s.target(h)].X {
			h ^= 1
		}
		west, east := s.points[s.origin(h)], s.points[s.target(h)]
		if at.X != east.X && geo.Cross(west, east, at) >= 0 && (best == none || s.above(h, best)) {
			best = h
		}
		return true
	})
	if best == none {
		return NoPiece
	}
	return p.piece[s.face[best]]
}
