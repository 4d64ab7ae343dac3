package patrol

import (
	"cmp"
	"slices"
)

// run is a row of sequences, from one on and before another.
type run struct{ from, to int32 }

// runs are sequences that are kept: runs in order, of which no two touch.
type runs []run

func runsOf(from, to []int32) runs {
	r := make(runs, len(from))
	for i := range from {
		r[i] = run{from[i], to[i]}
	}
	return r
}

// meets are the runs that overlap or touch another: [i, j).
func (r runs) meets(s run) (i, j int) {
	i, _ = slices.BinarySearchFunc(r, s.from, func(o run, from int32) int { return cmp.Compare(o.to, from) })
	for j = i; j < len(r) && r[j].from <= s.to; j++ {
	}
	return i, j
}

// with is r and s.
func (r runs) with(s run) runs {
	i, j := r.meets(s)
	if i < j {
		s.from, s.to = min(s.from, r[i].from), max(s.to, r[j-1].to)
	}
	return slices.Concat(r[:i], runs{s}, r[j:])
}

// without is what of s is not in r.
func (r runs) without(s run) (left runs) {
	i, j := r.meets(s)
	for _, o := range r[i:j] {
		if s.from < o.from {
			left = append(left, run{s.from, o.from})
		}
		s.from = max(s.from, o.to)
	}
	if s.from < s.to {
		left = append(left, s)
	}
	return left
}

// upto is the last sequence before which, from 1 on, none is missing; 0 = the first is.
func (r runs) upto() int {
	if len(r) == 0 || r[0].from != 1 {
		return 0
	}
	return int(r[0].to) - 1
}
