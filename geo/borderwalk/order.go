package borderwalk

import (
	"slices"

	"wangge/geo"
)

// Order is a short order of places and its length in straight lines. From the
// westernmost it goes on to the nearest place that is left; then stretches are turned
// around as long as that makes it shorter (2-opt). It is not always the shortest; the
// same places, in whatever order they come, give the same walk.
func Order(places []geo.Point) (order []int, length geo.Meters) {
	n := len(places)
	if n == 0 {
		return nil, 0
	}
	away := func(a, b int) geo.Meters { return geo.Distance(places[a].Degrees(), places[b].Degrees()) }
	left := make([]int, n)
	for i := range left {
		left[i] = i
	}
	slices.SortStableFunc(left, func(a, b int) int {
		p, q := places[a], places[b]
		if p.X != q.X {
			return int(p.X) - int(q.X)
		}
		return int(p.Y) - int(q.Y)
	})
	order, left = append(order, left[0]), left[1:]
	for len(left) > 0 {
		last, next := order[len(order)-1], 0
		for i := range left {
			if away(last, left[i]) < away(last, left[next]) {
				next = i
			}
		}
		order, left = append(order, left[next]), slices.Delete(left, next, next+1)
	}
	for shorter := true; shorter; {
		shorter = false
		for i := range n {
			for j := i + 1; j < n; j++ {
				var before, after geo.Meters // of the ways into and out of the stretch i … j
				if i > 0 {
					before, after = away(order[i-1], order[i]), away(order[i-1], order[j])
				}
				if j+1 < n {
					before, after = before+away(order[j], order[j+1]), after+away(order[i], order[j+1])
				}
				if after < before-0.001 {
					slices.Reverse(order[i : j+1])
					shorter = true
				}
			}
		}
	}
	for i := 1; i < n; i++ {
		length += away(order[i-1], order[i])
	}
	return order, length
}
