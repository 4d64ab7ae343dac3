package hotspot

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// tails are the two-sided p values of all places.
func (o Options) tails(ctx context.Context, x []float64, near Near, z []float64) ([]float64, error) {
	p := make([]float64, len(x))
	groups := map[group][]int{} // places whose sums come from the same draws
	for i := range p {
		switch {
		case math.IsNaN(z[i]) || o.Null == Normal:
			p[i] = Tail(z[i])
		case o.Null == Conditional:
			g := group{size: len(near.Of(i)), kept: true, value: x[i]}
			groups[g] = append(groups[g], i)
		default:
			g := group{size: len(near.Of(i))}
			groups[g] = append(groups[g], i)
		}
	}
	for g, places := range groups {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		drawn := o.draw(x, g, places[0])
		for _, i := range places {
			p[i] = twoSided(drawn, around(x, near.Of(i)))
		}
	}
	return p, nil
}

// group is what decides how a neighbourhood is drawn.
type group struct {
	size  int     // of the neighbourhood
	kept  bool    // the place's own value stays
	value float64 // the value that stays
}

// draw returns sums of random neighbourhoods, ascending. The stream of a group
// depends on the seed and the group alone, so that groups may come in any order.
func (o Options) draw(x []float64, g group, own int) []float64 {
	random := rand.New(rand.NewPCG(o.Seed, uint64(g.size)<<1^math.Float64bits(g.value)))
	sums := make([]float64, o.Draws)
	chosen := make([]int, 0, g.size)
	for d := range sums {
		chosen = chosen[:0]
		sum := 0.0
		if g.kept {
			chosen = append(chosen, own)
			sum = x[own]
		}
		for len(chosen) < g.size {
			j := random.IntN(len(x))
			if slices.Contains(chosen, j) { // without replacement
				continue
			}
			chosen = append(chosen, j)
			sum += x[j]
		}
		sums[d] = sum
	}
	slices.Sort(sums)
	return sums
}

// twoSided is twice the smaller tail, the observed sum counted as one of the draws
// (Phipson and Smyth 2010), so that it is never zero.
func twoSided(drawn []float64, observed float64) float64 {
	// Sums of rates differ in their last bits with the order of their terms.
	slack := 1e-9 * max(1, math.Abs(observed))
	below, _ := slices.BinarySearch(drawn, observed-slack) // strictly below
	above := len(drawn) - upper(drawn, observed+slack)     // strictly above
	tail := 1 + min(len(drawn)-below, len(drawn)-above)
	return min(1, 2*float64(tail)/float64(len(drawn)+1))
}

// upper is how many values are at most v.
func upper(sorted []float64, v float64) int {
	n, _ := slices.BinarySearchFunc(sorted, v, func(have, want float64) int {
		if have <= want {
			return -1
		}
		return 1
	})
	return n
}
