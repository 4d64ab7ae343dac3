package patrol

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"
)

// duty is a shift, as far as it says who walked together.
type duty struct {
	no      int64
	id      uuid.UUID
	account int64
	home    home
	members []int64
	started time.Time
	spans   []Span
}

// teams finds out who walked together on a day: for each shift the one that its team is
// named after, and whose post the team counts for. It is the one that began first.
//
// Two shifts are of one team if they are the same officer's for the same unit and kind of
// post, or if one names the other's officer as a member while both are on duty.
func teams(list []duty) map[int64]duty {
	above := make([]int, len(list))
	for i := range above {
		above[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		if above[i] != i {
			above[i] = root(above[i])
		}
		return above[i]
	}
	join := func(i, j int) {
		i, j = root(i), root(j)
		if list[j].before(list[i]) {
			i, j = j, i
		}
		above[j] = i
	}
	of := map[int64][]int{}
	for i, d := range list {
		for _, j := range of[d.account] {
			if list[j].home == d.home {
				join(i, j)
			}
		}
		of[d.account] = append(of[d.account], i)
	}
	for i, d := range list {
		for _, m := range d.members {
			for _, j := range of[m] {
				if overlap(d.spans, list[j].spans) {
					join(i, j)
				}
			}
		}
	}
	out := make(map[int64]duty, len(list))
	for i, d := range list {
		out[d.no] = list[root(i)]
	}
	return out
}

// before is an order that does not depend on the one in which shifts came to us.
func (d duty) before(e duty) bool {
	if !d.started.Equal(e.started) {
		return d.started.Before(e.started)
	}
	if c := bytes.Compare(d.id[:], e.id[:]); c != 0 {
		return c < 0
	}
	return d.account < e.account
}

func overlap(a, b []Span) bool {
	return slices.ContainsFunc(a, func(x Span) bool {
		return slices.ContainsFunc(b, func(y Span) bool { return x.From.Before(y.To) && y.From.Before(x.To) })
	})
}
