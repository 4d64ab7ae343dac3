package circle

import (
	"context"
	"slices"

	"wangge/geo/coverage"
)

// measure adds what needs all points within reach, if it was asked for.
func (m *making) measure(ctx context.Context, t *told, w *walked, col Column, heads []uint32) error {
	if len(m.params.Measures) == 0 {
		return nil
	}
	asked := func(what string) bool { return slices.Contains(m.params.Measures, what) }
	matrix, limit := coverage.Matrix(*w.pairs), col.Standard.Limit()
	people := m.crowd.heads64(heads)
	supply := supplies(w.sources)
	minute := uint32(float64(col.Standard.Speed) * 1000 / 60) // mm walked in one

	if asked(Choices) {
		choices := coverage.Choices(matrix, limit)
		for i, a := range m.crowd.areas {
			var sum, several int64
			for h := a.from; h < a.to; h++ {
				sum += int64(choices[h]) * m.crowd.weight(h)
				several += int64(b2i(choices[h] > 1)) * m.crowd.weight(h)
			}
			t.units[i].Choices, t.units[i].Overlap = share(sum, t.units[i].Households), share(several, t.units[i].Households)
		}
		for i, s := range coverage.Whom(matrix, m.crowd.weights(), len(w.sources), limit) {
			t.points[i].Within = &s.Within
		}
	}
	if asked(Catchment) {
		m.means(t, people, 1000, coverage.Catchment(matrix, people, supply, coverage.Whole(limit)), func(r *UnitRow) **float64 { return &r.Catchment })
		m.means(t, people, 1000, coverage.Catchment(matrix, people, supply, coverage.Thirds(limit, coverage.Slow)), func(r *UnitRow) **float64 { return &r.Enhanced })
	}
	if asked(Gravity) {
		m.means(t, people, 1, coverage.Gravity(matrix, supply, coverage.Within(limit, coverage.Power(minute, 1))), func(r *UnitRow) **float64 { return &r.Gravity })
	}
	if asked(Cumulative) {
		m.means(t, people, 1, coverage.Cumulative(matrix, supply, limit), func(r *UnitRow) **float64 { return &r.Cumulative })
	}
	if asked(Load) {
		capacity := make([]int64, len(w.sources))
		for i, s := range w.sources {
			if capacity[i] = coverage.Unlimited; s.capacity != nil {
				capacity[i] = int64(*s.capacity)
			}
		}
		a := coverage.Allocate(matrix, people, capacity, limit, m.params.Demand != 0) // a household goes whole
		for i := range t.points {
			t.points[i].Load, t.points[i].Overflow = &a.Load[i], &a.Sent[i]
		}
	}
	return ctx.Err()
}

// weights are the households at each place, nil for one each.
func (c *crowd) weights() []int64 {
	if c.count == nil {
		return nil
	}
	list := make([]int64, len(c.count))
	for i, n := range c.count {
		list[i] = int64(n)
	}
	return list
}

// heads64 are people, or households where no head count is known at all.
func (c *crowd) heads64(heads []uint32) []int64 {
	people := make([]int64, len(heads))
	var sum int64
	for i, n := range heads {
		people[i] = int64(n)
		sum += int64(n)
	}
	if sum == 0 {
		for i := range people {
			people[i] = c.weight(int32(i))
		}
	}
	return people
}

// supplies are the capacities of sources. Where none is known each has 1, and
// measures are points for so many people; beside known ones an unknown one is 0.
func supplies(sources []source) []float64 {
	list := make([]float64, len(sources))
	known := slices.ContainsFunc(sources, func(s source) bool { return s.capacity != nil })
	for i, s := range sources {
		switch {
		case s.capacity != nil:
			list[i] = float64(*s.capacity)
		case !known:
			list[i] = 1
		}
	}
	return list
}

// means writes the mean of a measure over the people of every unit, times a factor.
func (m *making) means(t *told, people []int64, factor float64, values []float64, field func(*UnitRow) **float64) {
	for i, a := range m.crowd.areas {
		var sum float64
		var heads int64
		for h := a.from; h < a.to; h++ {
			sum += values[h] * float64(people[h])
			heads += people[h]
		}
		if heads > 0 {
			*field(&t.units[i]) = value(factor * sum / float64(heads))
		}
	}
}
