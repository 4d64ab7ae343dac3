package coverage

import (
	"cmp"
	"math"
	"slices"
)

// Gini is how unevenly a measure is spread between units, weighted with their
// people: 0 when all have the same, towards 1 the more is with the fewer.
//
//	G = Σ_i Σ_j w_i·w_j·|x_i − x_j| / (2·W²·mean)
//
// (Gini 1912; for access to services as Delbosc and Currie 2011, Using Lorenz
// curves to assess public transport equity, Journal of Transport Geography 19(6).)
// Units are compared, never residents. Values are not negative; units without a
// value (NaN) or without people are left out. False if nothing is left or the mean is 0.
func Gini(value []float64, people []int64) (float64, bool) {
	var units []int
	for i, x := range value {
		if !math.IsNaN(x) && weigh(people, i) > 0 {
			units = append(units, i)
		}
	}
	slices.SortFunc(units, func(a, b int) int { return cmp.Or(cmp.Compare(value[a], value[b]), cmp.Compare(a, b)) })
	// In rising order the double sum is Σ_i w_i·x_i·(weight before − weight after).
	var all, before int64
	var sum, apart float64
	for _, i := range units {
		all += weigh(people, i)
		sum += float64(weigh(people, i)) * value[i]
	}
	if sum <= 0 {
		return 0, false
	}
	for _, i := range units {
		w := weigh(people, i)
		apart += float64(w) * value[i] * float64(2*before+w-all)
		before += w
	}
	return max(0, apart/(float64(all)*sum)), true
}
