package circle

import (
	"math"
	"math/rand/v2"
	"testing"

	"wangge/geo/coverage"
)

// What a run says of a stretch of households is what package coverage defines.
func TestATallyMeasuresByTheDefinitions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 7))
	count := newTally(Standard{Minutes: 15, Speed: 4000})
	limits := make([]uint32, minutes)
	for i := range limits {
		limits[i] = uint32(i) * 60
	}
	equal := func(got *float64, second float64) bool {
		return got != nil && math.Abs(*got-second/60) < 1e-9
	}
	for round := range 500 {
		n := rnd.IntN(40)
		seconds, weight := make([]uint32, n), make([]int64, n)
		count.clear()
		var all int64
		for i := range seconds {
			weight[i] = rnd.Int64N(5) // nobody, too
			all += weight[i]
			if rnd.IntN(6) == 0 {
				seconds[i] = coverage.Never
				continue
			}
			seconds[i] = uint32(rnd.IntN(1 + rnd.IntN(3600)))
			count.add(uint16(seconds[i]), weight[i])
		}
		want := coverage.Of(seconds, weight, 900)
		for part, second := range map[float64]uint32{0.5: want.P50, 0.9: want.P90} {
			got := count.quantile(part, all)
			if second == coverage.Never && got != nil || second != coverage.Never && !equal(got, float64(second)) {
				t.Fatalf("round %d: P%v is %s min, want %d s", round, part*100, show(got), second)
			}
		}
		if want.Weight == want.Unreachable {
			if count.mean() != nil || count.worst() != nil {
				t.Fatalf("round %d: a mean of nobody", round)
			}
		} else if !equal(count.mean(), want.Mean) || !equal(count.worst(), want.WorstTenth) {
			t.Fatalf("round %d: mean %s and worst %s min, want %v and %v s", round, show(count.mean()), show(count.worst()), want.Mean, want.WorstTenth)
		}
		curve := count.curve(all)
		for i, reached := range coverage.Curve(seconds, weight, limits) {
			if all > 0 && math.Abs(curve[i]-float64(reached)/float64(all)) > 1e-12 {
				t.Fatalf("round %d, minute %d: %v, want %d of %d", round, i, curve[i], reached, all)
			}
		}
	}
}
