// Package hotspot finds where values lie higher or lower together than chance
// would put them: the local statistic Gi* of Getis and Ord over places and their
// neighbours, p values by the normal curve or by random draws, and the correction
// of Benjamini and Hochberg for asking at many places at once.
//
// A hot spot is a neighbourhood, not a place: the place and those around it
// together hold more than a random choice of as many places from the whole map.
// It says nothing about why.
//
// Sources:
//
//   - A. Getis, J. K. Ord: The Analysis of Spatial Association by Use of Distance
//     Statistics. Geographical Analysis 24 (1992) 189–206.
//   - J. K. Ord, A. Getis: Local Spatial Autocorrelation Statistics: Distributional
//     Issues and an Application. Geographical Analysis 27 (1995) 286–306.
//   - Y. Benjamini, Y. Hochberg: Controlling the False Discovery Rate. Journal of
//     the Royal Statistical Society B 57 (1995) 289–300.
//   - B. Phipson, G. K. Smyth: Permutation P-values Should Never Be Zero.
//     Statistical Applications in Genetics and Molecular Biology 9 (2010), 39.
package hotspot

import (
	"context"
	"math"
	"slices"

	"wangge/geo/cell"
)

// Near has the neighbours of every place, itself among them, by their positions.
type Near struct {
	start []int32 // of place i: list[start[i]:start[i+1]]
	list  []int32
}

// Rings are the neighbourhoods of cells within k steps, among the cells given.
// They must be of one resolution, ascending, each once.
func Rings(cells []cell.Cell, k int) Near {
	n := Near{start: make([]int32, 1, len(cells)+1)}
	for _, c := range cells {
		for _, d := range c.Around(k) {
			if i, found := slices.BinarySearch(cells, d); found {
				n.list = append(n.list, int32(i))
			}
		}
		n.start = append(n.start, int32(len(n.list)))
	}
	return n
}

// Len is the number of places.
func (n Near) Len() int { return max(0, len(n.start)-1) }

// Of are the neighbours of place i, itself among them.
func (n Near) Of(i int) []int32 { return n.list[n.start[i]:n.start[i+1]] }

// Scores are the z scores of Gi* with weights of 1 (Ord and Getis 1995, p. 289):
//
//	            Σj wij·xj − x̄·Wi                            n        number of places
//	Gi* = ─────────────────────────────      s² = Σx²/n − x̄²    Wi = Σj wij = Σj wij²
//	       s·√((n·Wi − Wi²) / (n − 1))
//
// The mean and the deviation are those of a sum of Wi values that are drawn from
// all without replacement. A place without a score has NaN: all values are the
// same, or everything is its neighbour.
func Scores(x []float64, near Near) []float64 {
	n := float64(len(x))
	var sum, squares float64
	for _, v := range x {
		sum += v
	}
	mean := sum / n
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	s := math.Sqrt(squares / n)
	z := make([]float64, len(x))
	for i := range z {
		w := float64(len(near.Of(i)))
		spread := s * math.Sqrt(w*(n-w)/(n-1))
		if !(spread > 0) {
			z[i] = math.NaN()
			continue
		}
		z[i] = (around(x, near.Of(i)) - mean*w) / spread
	}
	return z
}

// around is the sum of the values of some places.
func around(x []float64, places []int32) (sum float64) {
	for _, j := range places {
		sum += x[j]
	}
	return sum
}

// Tail is the two-sided p value of a z score under the normal curve, 1 for NaN.
// Counts of rare things are skewed: there the curve promises too small values, and
// Options.Null should be drawn.
func Tail(z float64) float64 {
	if math.IsNaN(z) {
		return 1
	}
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// Adjust returns the q value of every p value: the smallest rate of false
// discoveries at which it counts as one (Benjamini and Hochberg 1995). With p(1) ≤ …
// ≤ p(m), q(i) is the least of p(j)·m/j over j ≥ i. It holds for independent tests
// and for those that lean on each other as neighbours do.
func Adjust(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return a - b
	})
	q := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank >= 1; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(len(p))/float64(rank))
		q[i] = least
	}
	return q
}

// Class is what a place is, by its q value and the sign of its score.
type Class string

// The classes: at a rate of false discoveries of 1 % and of 5 %.
const (
	Hot01  Class = "hot-01"
	Hot05  Class = "hot-05"
	None   Class = "none"
	Cold05 Class = "cold-05"
	Cold01 Class = "cold-01"
)

func classOf(z, q float64) Class {
	switch {
	case !(q <= 0.05):
		return None
	case z > 0 && q <= 0.01:
		return Hot01
	case z > 0:
		return Hot05
	case q <= 0.01:
		return Cold01
	}
	return Cold05
}

// Null is what values are held against.
type Null string

const (
	// Normal is the normal curve.
	Normal Null = "normal"
	// Drawn is random neighbourhoods: as many places as this one has, from the
	// whole map. It needs no curve and is what the formula's mean and deviation are of.
	Drawn Null = "drawn"
	// Conditional keeps the place's own value and draws the others, as other
	// programs do. It asks whether the surroundings are unusual for such a place.
	Conditional Null = "conditional"
)

// Enough is what must be there before anything is said.
type Enough struct {
	Count float64 // incidents in all
	Cells int     // places with values
}

// DefaultEnough: with fewer than 30 incidents one report more or less moves a
// place from one class to another; with fewer than 30 cells a neighbourhood of
// seven is a quarter of the map.
var DefaultEnough = Enough{Count: 30, Cells: 30}

// Options are how Find works; the zero Options stand for the usual.
type Options struct {
	Enough Enough
	Null   Null   // "" = Drawn
	Draws  int    // 0 = 199,999; Conditional: 9,999. A p value is never below 2/(Draws+1)
	Seed   uint64 // the same seed gives the same draws
}

// Place is the answer for one place.
type Place struct {
	Z     float64 // NaN where there is no score
	P, Q  float64
	Class Class
}

// Answer is what Find says. When there is too little, Places is nil.
type Answer struct {
	Enough bool
	Count  float64
	Cells  int
	Places []Place
}

// Find classes every place. The values x are counts, or rates with their counts in
// count (nil when x are the counts themselves). It stops with the context.
func Find(ctx context.Context, x, count []float64, near Near, o Options) (Answer, error) {
	if count == nil {
		count = x
	}
	a := Answer{Cells: len(x)}
	for _, c := range count {
		a.Count += c
	}
	o = o.withDefaults()
	if a.Enough = a.Count >= o.Enough.Count && a.Cells >= o.Enough.Cells; !a.Enough {
		return a, nil
	}
	z := Scores(x, near)
	p, err := o.tails(ctx, x, near, z)
	if err != nil {
		return Answer{}, err
	}
	a.Places = make([]Place, len(x))
	for i, q := range Adjust(p) {
		a.Places[i] = Place{Z: z[i], P: p[i], Q: q, Class: classOf(z[i], q)}
	}
	return a, nil
}

func (o Options) withDefaults() Options {
	if o.Enough == (Enough{}) {
		o.Enough = DefaultEnough
	}
	if o.Null == "" {
		o.Null = Drawn
	}
	switch {
	case o.Draws > 0:
	case o.Null == Conditional:
		o.Draws = 9_999
	default:
		o.Draws = 199_999
	}
	return o
}
