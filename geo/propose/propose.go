// Package propose divides land into units: atoms that are never cut are put
// together so that every unit hangs together, has as many households as the rules
// ask for, is compact, and ends along streets, water and walls.
//
//	propose.go  what is asked, what is answered
//	graph.go    atoms and their borders as a graph, and its pieces
//	proof.go    why no division can keep the rules
//	exact.go    pieces so small that every division of them can be tried
//	start.go    the first division, by cuts through random spanning trees, or the present one
//	state.go    a division, what it is worth, and what a change would do to it
//	anneal.go   the search: atoms change sides, neighbouring units are cut anew
//	solve.go    several searches at once, and large land in parts
//	score.go    the figures of a division, and the rules that it breaks
//
// The package knows no geometry: geo/atom cuts land into atoms and says what runs
// along their borders. It takes its randomness from a seed and its length from
// Effort, never from a clock: the same land and question give the same answer at
// any number of threads.
package propose

import (
	"context"
	"fmt"
	"slices"

	"wangge/geo"
	"wangge/geo/fault"
)

// Atom is land that no proposal cuts: a street block, a compound, a building.
type Atom struct {
	Households int
	Area       geo.SquareMeters
	// Rim is how much of its border it shares with no other atom.
	Rim geo.Meters
}

// Border is what two atoms have in common. Two of the same atoms count together.
type Border struct {
	A, B   int32
	Length geo.Meters // above 0
	// Along is how much of it follows a line that can be seen: a street, water, a wall.
	Along geo.Meters
	// Cost is what a border of units costs here: its length, weighed by how little
	// it suits; 0 along the best of lines.
	Cost geo.Meters
	// Barrier: no unit may reach across, so atoms do not hang together over it.
	Barrier bool
}

// Land is what is divided.
type Land struct {
	Atoms   []Atom
	Borders []Border
}

// Nobody is the unit of an atom that has none.
const Nobody int32 = -1

// Question is how to divide.
type Question struct {
	// Units is how many there shall be. 0 takes what Min and Max suggest; with
	// Present as many as there are, but for those that must be split or dissolved.
	Units int
	// Min and Max are the households of a unit. A Max of 0 is without limit.
	Min, Max int
	// Present is the unit of every atom now, or Nobody; nil divides anew. Units keep
	// their numbers, new ones follow.
	Present []int32
	// Locked are units of Present that keep their atoms and get no other.
	Locked []int32
	// Weights say what counts; zero takes Usual.
	Weights Weights

	// Alternatives is how many divisions to answer with at most, 1 for 0.
	Alternatives int
	Seed         uint64
	// Effort is how long to search: 1 (also for 0) takes about a second on one core
	// for 10,000 atoms, 10 ten times that.
	Effort int
	// Threads is how many run at once, 1 for 0. It does not change the answer.
	Threads int
	// Progress is told from time to time how much of the search is done, 0…1, from
	// one goroutine at a time.
	Progress func(done float64)

	untried bool // small pieces are searched like large ones; for tests
}

// Weights say how much the aims count against each other. The rules come before
// all of them.
type Weights struct {
	Balance float64 `json:"balance"` // the square of the deviation from the mean, as a share of it
	Border  float64 `json:"border"`  // the cost of borders, in sides of a square unit
	Compact float64 `json:"compact"` // the inverse of Polsby–Popper
	Moved   float64 `json:"moved"`   // households that change units, in units
}

// Usual are the weights that suit most places.
var Usual = Weights{Balance: 20, Border: 2, Compact: 0.5, Moved: 5}

// Answer is the divisions that were found, the best first, or why there is none.
type Answer struct {
	Alternatives []Proposal `json:"alternatives"`
	// Proofs say why no division keeps the rules, if that can be shown. The
	// alternatives then break as little as possible. Without a proof alternatives
	// that break rules are the best that were found in the effort given.
	Proofs []Proof `json:"proofs,omitempty"`
	// Unfinished: the context ended the search, these are the best so far. How far
	// it came depends on the time, so the answer may not repeat.
	Unfinished bool `json:"unfinished,omitempty"`
}

// Proposal is one division.
type Proposal struct {
	Unit   []int32  `json:"unit"` // of each atom
	Score  Score    `json:"score"`
	Broken []Breach `json:"broken,omitempty"`
}

// What Solve refuses.
var (
	ErrQuestion = fault.New(fault.Invalid, "propose_question", "This cannot be proposed.")
	ErrLand     = fault.New(fault.Invalid, "propose_land", "There is nothing to divide.")
)

func (q *Question) check(land *Land) error {
	n := int32(len(land.Atoms))
	if n == 0 {
		return ErrLand
	}
	for i, a := range land.Atoms {
		if a.Households < 0 || a.Area < 0 || a.Rim < 0 {
			return fmt.Errorf("atom %d: %w", i, ErrLand.Saying("A number is below zero."))
		}
	}
	for i, b := range land.Borders {
		if b.A < 0 || b.B < 0 || b.A >= n || b.B >= n || b.A == b.B || b.Length < 0 || b.Cost < 0 || b.Along < 0 {
			return fmt.Errorf("border %d: %w", i, ErrLand.Saying("It is not between two atoms, or a length is below zero."))
		}
	}
	refuse := func(format string, args ...any) error {
		return ErrQuestion.Saying(fmt.Sprintf(format, args...))
	}
	switch {
	case q.Units < 0 || q.Min < 0 || q.Max < 0:
		return refuse("A number is below zero.")
	case q.Max > 0 && q.Min > q.Max:
		return refuse("At least %d and at most %d households contradict each other.", q.Min, q.Max)
	case q.Units == 0 && q.Max == 0 && q.Present == nil:
		return refuse("Give a number of units, or the most households of one.")
	case q.Units > int(n):
		return refuse("There cannot be %d units of %d atoms.", q.Units, n)
	case q.Present != nil && len(q.Present) != int(n):
		return refuse("Present names the units of %d atoms, there are %d.", len(q.Present), n)
	case q.Present == nil && len(q.Locked) > 0:
		return refuse("Only units of the present division can be locked.")
	}
	for i, u := range q.Present {
		if u < Nobody || u >= n+maxUnits {
			return refuse("Atom %d cannot be in unit %d.", i, u)
		}
	}
	for _, u := range q.Locked {
		if !slices.Contains(q.Present, u) {
			return refuse("Unit %d is locked, but there is no such unit.", u)
		}
	}
	return nil
}

// maxUnits is how far the numbers of present units may exceed those of atoms.
const maxUnits = 1 << 24

// Solve answers a question. It fails with ErrQuestion and ErrLand only; when ctx
// ends the answer is the best so far, Unfinished.
func Solve(ctx context.Context, land *Land, q Question) (*Answer, error) {
	if err := q.check(land); err != nil {
		return nil, err
	}
	q.Alternatives, q.Effort, q.Threads = max(1, q.Alternatives), max(1, q.Effort), max(1, q.Threads)
	if q.Weights == (Weights{}) {
		q.Weights = Usual
	}
	return newSolver(land, q).run(ctx), nil
}
