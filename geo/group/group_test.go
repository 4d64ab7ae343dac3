package group_test

import (
	"math/rand/v2"
	"testing"

	"wangge/geo/group"
)

// Whatever is joined, in whatever order, a number stands with those that can be reached
// from it, and the least of them stands for all.
func TestGroupsAreWhatHangsTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + rng.IntN(40)
		g := group.New(n)
		least := make([]int32, n) // the slow way: the least number of each group
		for i := range least {
			least[i] = int32(i)
		}
		for range rng.IntN(2 * n) {
			i, j := rng.Int32N(int32(n)), rng.Int32N(int32(n))
			a, b := least[i], least[j]
			if got := g.Join(i, j); got != (a != b) {
				t.Fatalf("Join(%d, %d) = %v, want %v", i, j, got, a != b)
			}
			for k, l := range least {
				if l == a || l == b {
					least[k] = min(a, b)
				}
			}
		}
		for i, want := range least {
			if got := g.Of(int32(i)); got != want {
				t.Fatalf("Of(%d) = %d, want %d", i, got, want)
			}
		}
		g.Part()
		for i := range least {
			if got := g.Of(int32(i)); got != int32(i) {
				t.Fatalf("after Part Of(%d) = %d", i, got)
			}
		}
	}
}
