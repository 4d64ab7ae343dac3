// Package coverage measures who is reached. It is pure and works on slices: how
// far the nearest point of each place is, and which points are within reach of
// it. A place is a household, a building or a cell with people; a point is a
// service point. docs/coverage.md tells people what each measure says and what not.
//
//	reach.go     shares, percentiles, the mean and the worst tenth, the curve by minute
//	choose.go    choices, overlap, whom each point serves
//	access.go    supply and demand: catchments (2SFCA), gravity, cumulative opportunities
//	allocate.go  places to points with capacity, nearest first
//
// Distances are millimetres of walking effort, as in package walk: the caller knows
// the speed and turns them into minutes. Never stands for what no point reaches: it
// is a class of its own, stays in every denominator and enters no mean.
//
// Sums are of whole numbers, or of floats in the order of the places, and no
// function starts a goroutine: the same input gives the same bytes.
package coverage

// Never is the distance of what cannot be reached, as in package walk.
const Never = ^uint32(0)

// Matrix has for each place the points within reach by rising distance, ties by
// the number of the point: row i is First[i] up to First[i+1]. It has the shape of
// walk.Matrix, so that coverage.Matrix(*m) is one.
type Matrix struct {
	First  []int
	Source []int32  // the point
	MM     []uint32 // how far it is
}

// Places is the number of rows.
func (m Matrix) Places() int { return max(0, len(m.First)-1) }

// Row returns the points of a place and how far they are.
func (m Matrix) Row(place int) ([]int32, []uint32) {
	from, to := m.First[place], m.First[place+1]
	return m.Source[from:to], m.MM[from:to]
}

// weigh is the weight of a place: one each when none are given.
func weigh(weight []int64, place int) int64 {
	if weight == nil {
		return 1
	}
	return weight[place]
}
