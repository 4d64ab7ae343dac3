package patrol

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRunsAreASetOfSequences(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var r runs
		have := map[int32]bool{}
		for range 40 {
			from := 1 + random.Int32N(60)
			s := run{from, from + 1 + random.Int32N(8)}
			var want []int32
			for n := s.from; n < s.to; n++ {
				if !have[n] {
					want = append(want, n)
				}
			}
			var got []int32
			for _, left := range r.without(s) {
				for n := left.from; n < left.to; n++ {
					got = append(got, n)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%v without %v is %v, want %v", r, s, got, want)
			}
			r = r.with(s)
			for n := s.from; n < s.to; n++ {
				have[n] = true
			}
			upto := 0
			for have[int32(upto)+1] {
				upto++
			}
			if r.upto() != upto {
				t.Fatalf("%v up to %d, want %d", r, r.upto(), upto)
			}
			held := 0
			for i, o := range r {
				held += int(o.to - o.from)
				if o.from >= o.to || i > 0 && r[i-1].to >= o.from {
					t.Fatalf("%v: no order, or two that touch", r)
				}
			}
			if held != len(have) {
				t.Fatalf("%v holds %d, want %d", r, held, len(have))
			}
		}
	}
}
