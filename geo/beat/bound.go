package beat

import "slices"

// bound is a value that no walk exceeds: who sees a street walks its length at least, so
// a walk's value is at most that of the streets that are worth most for their length, as
// many as the budget holds, the last in part (the fractional knapsack). Streets that
// cannot lie on any walk from start to end within the budget are left out, and the
// length that every walk must go beyond the streets of value is not known, so it is 0.
func (q Question) bound(w *ways) float64 {
	start, end := w.from(q.Start), w.from(q.End)
	var list []Street
	for _, s := range q.Streets {
		if s.Value > 0 && q.fits(s, start, end) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Street) int {
		switch x, y := a.Value*float64(b.Length), b.Value*float64(a.Length); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	left, value := float64(q.Budget), 0.0
	for _, s := range list {
		if float64(s.Length) > left {
			return value + s.Value*left/float64(s.Length)
		}
		left -= float64(s.Length)
		value += s.Value
	}
	return value
}

// fits reports whether a street may lie on a walk within the budget.
func (q Question) fits(s Street, start, end []uint32) bool {
	reach := func(a, b int32) bool {
		return start[a] != never && end[b] != never && uint64(start[a])+uint64(s.Length)+uint64(end[b]) <= uint64(q.Budget)
	}
	return reach(s.A, s.B) || reach(s.B, s.A)
}
