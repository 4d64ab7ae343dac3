// Package atom cuts the land of a unit into atoms, which no proposal cuts: street
// blocks between the lines that can be seen on the ground, compounds, natural
// villages and zones that are kept whole, and in blocks with too many households
// the land around each building.
//
//	atom.go      what is given, what comes out
//	class.go     what runs along a border, and how well that suits
//	cut.go       from lines to atoms, step by step
//	around.go    lines that would cut a building go around it
//	medial.go    the lines half-way between buildings
//	delaunay.go  the triangulation behind them
//
// Atoms tile the unit exactly: they are unions of the faces of one planar
// subdivision on the lattice (topology.Pieces). The package is pure; propose puts
// the atoms together to units.
package atom

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
	"wangge/geo/propose"
	"wangge/geo/topology"
)

// Ground is what is known about the land of a unit. What lies outside of it does
// not matter.
type Ground struct {
	Unit  geo.MultiPolygon
	Lines []Line
	// Waters are shared out among their banks when they are rivers or lakes, so
	// that borders run in the middle.
	Waters    []Water
	Wholes    []Whole
	Buildings []geo.MultiPolygon // outlines, cut by nothing
	// Within are areas beyond which no atom reaches: the units above, or those of
	// the present division. They do not overlap.
	Within []geo.MultiPolygon
	Homes  []Home
	// Limit is the households above which land is cut between its buildings; 0
	// never cuts.
	Limit int
	// Barriers are the classes that no unit may reach across.
	Barriers []Class
}

// Line is a line on the ground.
type Line struct {
	Class  Class
	Points []geo.Point
}

// Water is an area of water; its class is Stream or River.
type Water struct {
	Class Class
	Area  geo.MultiPolygon
}

// Whole is an area that is kept whole: a compound, a natural village, a zone.
// Those that overlap stay together.
type Whole struct {
	Class Class // of its limit: Wall or Edge
	Area  geo.MultiPolygon
	// Divisible areas are cut after all if they have more households than the limit.
	Divisible bool
}

// Home is a place with households.
type Home struct {
	At         geo.Point
	Households int
}

// Atoms are the atoms of a unit, from west to east.
type Atoms struct {
	List    []Atom
	Borders []Border
	// Unit is the land that the atoms tile: that of the Ground, with the vertices
	// that they put on its border.
	Unit geo.MultiPolygon
	// Outside is how many households lie outside of the unit; they count nowhere.
	Outside int

	pieces *topology.Pieces
	of     []int32 // the atom of each piece
}

// Atom is land that stays together.
type Atom struct {
	Area         geo.MultiPolygon
	SquareMeters geo.SquareMeters
	Households   int
	Rim          geo.Meters // of its border, along that of the unit
	Within       int32      // which of Ground.Within holds it, -1 for none
	pieces       []int32
}

// Border is what two atoms share.
type Border struct {
	A, B int32 // A < B
	// Lengths are those along each class.
	Lengths [Classes]geo.Meters
	// Barrier: nowhere between the two can one pass.
	Barrier bool
}

// Length is that of the whole border.
func (b Border) Length() geo.Meters {
	sum := geo.Meters(0)
	for _, l := range b.Lengths {
		sum += l
	}
	return sum
}

// Land is the atoms as propose wants them. Land without households that touches no
// other atom, such as an island, counts as joined to the nearest. above says which
// unit above each of Ground.Within belongs to: atoms of different ones have nothing
// to do with each other. nil is one for all.
func (a *Atoms) Land(costs Costs, above []int32) *propose.Land {
	land := &propose.Land{}
	for _, t := range a.List {
		land.Atoms = append(land.Atoms, propose.Atom{Households: t.Households, Area: t.SquareMeters, Rim: t.Rim})
	}
	for _, b := range a.Borders {
		if a.aboveOf(b.A, above) != a.aboveOf(b.B, above) {
			land.Atoms[b.A].Rim += b.Length()
			land.Atoms[b.B].Rim += b.Length()
			continue
		}
		p := propose.Border{A: b.A, B: b.B, Length: b.Length(), Barrier: b.Barrier}
		for class, length := range b.Lengths {
			p.Cost += length * geo.Meters(costs[class])
		}
		p.Along = p.Length - b.Lengths[Open]
		land.Borders = append(land.Borders, p)
	}
	land.Borders = append(land.Borders, a.ferries(land, above)...)
	return land
}

func (a *Atoms) aboveOf(atom int32, above []int32) int32 {
	if w := a.List[atom].Within; above != nil && w >= 0 {
		return above[w]
	}
	return -1
}

// ferries join land apart from all other, on which nobody lives, to the nearest atom
// of the same unit above.
func (a *Atoms) ferries(land *propose.Land, above []int32) []propose.Border {
	joined := group.New(len(a.List))
	for _, b := range land.Borders {
		joined.Join(b.A, b.B)
	}
	households := map[int32]int{}
	for i, t := range a.List {
		households[joined.Of(int32(i))] += t.Households
	}
	var out []propose.Border
	for i := range a.List {
		own := joined.Of(int32(i))
		if households[own] > 0 || own != int32(i) || len(households) < 2 {
			continue
		}
		best, least := int32(-1), math.Inf(1)
		at := a.List[i].Area[0][0][0].Degrees()
		for j := range a.List {
			if joined.Of(int32(j)) != own && a.aboveOf(int32(i), above) == a.aboveOf(int32(j), above) {
				if d := float64(geo.Distance(at, a.List[j].Area[0][0][0].Degrees())); d < least {
					best, least = int32(j), d
				}
			}
		}
		if best >= 0 {
			out = append(out, propose.Border{A: int32(i), B: best})
		}
	}
	return out
}

// Area is the land of some atoms together.
func (a *Atoms) Area(atoms ...int32) geo.MultiPolygon {
	var pieces []int32
	for _, i := range atoms {
		pieces = append(pieces, a.List[i].pieces...)
	}
	return a.pieces.Area(pieces...)
}

// Part is a unit of a division with its land.
type Part struct {
	Unit int32
	Area geo.MultiPolygon
}

// Parts are the units of a division, given as the unit of each atom, by number.
// They tile Unit.
func (a *Atoms) Parts(unit []int32) []Part {
	byUnit := map[int32][]int32{}
	var out []Part
	for i, u := range unit {
		if byUnit[u] == nil {
			out = append(out, Part{Unit: u})
		}
		byUnit[u] = append(byUnit[u], int32(i))
	}
	slices.SortFunc(out, func(p, q Part) int { return cmp.Compare(p.Unit, q.Unit) })
	for i := range out {
		out[i].Area = a.Area(byUnit[out[i].Unit]...)
	}
	return out
}

// At is the atom that holds a place, -1 outside. A place on a border belongs to
// the atom north or east of it.
func (a *Atoms) At(p geo.Point) int32 {
	if piece := a.pieces.At(p); piece != topology.NoPiece {
		return a.of[piece]
	}
	return -1
}
