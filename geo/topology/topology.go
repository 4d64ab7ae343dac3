package topology

import (
	"wangge/geo"
	"wangge/geo/fault"
)

// Part is one area of a division: a unit with the code of the unit it lies in.
type Part struct {
	Code   string
	Parent string
	// Area may cross itself, touch itself or be empty on the way in.
	Area geo.MultiPolygon
}

// Kind says what is wrong.
type Kind string

// The kinds of violation.
const (
	Gap       Kind = "gap"        // inside the parent, in no part
	Overlap   Kind = "overlap"    // in two or more parts of the same level, or in two parents
	Outside   Kind = "outside"    // in a part, but not in its own parent
	SelfTouch Kind = "self_touch" // a border that comes back to itself without crossing: pinched ring, spike, cut-off interior
	SelfCross Kind = "self_cross" // a border that crosses or covers itself: bow tie, hole outside its ring, polygon upon polygon
	Empty     Kind = "empty"      // no area at all
	Extent    Kind = "extent"     // farther away from the rest than geo.MaxExtent; only Check reports it, Build refuses
)

// RepairKind names a way to mend a violation.
type RepairKind string

// The repairs.
const (
	Fill      RepairKind = "fill"       // give the gap to the neighbour with the longest shared border
	Cut       RepairKind = "cut"        // leave an overlap to one part: among those whose parent covers it the lowest code
	Clip      RepairKind = "clip"       // take away what lies outside the parent
	Split     RepairKind = "split"      // draw the same area with simple rings
	Exclude   RepairKind = "exclude"    // accept the gap as an excluded area; the caller records the reason
	FitParent RepairKind = "fit_parent" // redraw the whole parent as the union of its parts
)

// Violation is one place where a division is wrong.
type Violation struct {
	// ID is made of the kind, the codes and the place. It stays the same from
	// one Build to the next while the fault does.
	ID     string
	Kind   Kind
	Parent string   // the parent concerned; empty when the parts have several or none
	Codes  []string // the parts concerned, in byte order; none for a gap; for land that two parents claim those parents
	// At is a point inside the fault, or on it where it is thinner than a step.
	At           geo.Point
	Area         geo.MultiPolygon // nil for faults that are points or lines
	SquareMeters geo.SquareMeters
	// Width is the area divided by half the perimeter: that of a sliver, or half
	// the side of a square.
	Width   geo.Meters
	Into    string       // for a gap: the neighbour with the longest shared border, if there is one
	Repairs []RepairKind // what is offered, the recommended one first
}

// SliverWidth is the greatest width, in metres, of a gap for which Fill is
// recommended: wider than the errors of drawing by hand on a map of 1:10,000
// (0.5 mm, 5 m, on either side), narrower than a street with its pavements. A
// wider gap is more likely land left out on purpose, so Exclude comes first.
const SliverWidth geo.Meters = 10

// What Build and Repair refuse.
var (
	ErrExtent      = fault.New(fault.Invalid, "extent_too_large", "The areas lie more than 90 degrees apart. Check the coordinates of the places listed.")
	ErrNoViolation = fault.New(fault.NotFound, "violation_not_found", "This fault does not exist any more. Load the list of faults again.")
	ErrRepair      = fault.New(fault.Invalid, "repair_not_offered", "This repair does not mend this fault. Choose one of those offered.")
)
