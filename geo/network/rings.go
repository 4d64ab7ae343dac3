package network

import (
	"fmt"
	"slices"

	"wangge/geo"
)

// member is a way of a relation: the ids and places of its nodes.
type member struct {
	inner bool
	ids   []int64
	at    []geo.Point
}

// closedRing is a ring with the ids of its nodes.
type closedRing struct {
	ids []int64
	at  geo.Ring
}

// assemble joins the member ways of a multipolygon at their ends to rings and
// puts each inner ring into the outer one around it. What cannot be closed is
// said in problems; rings that could are returned nevertheless.
func assemble(members []member) (area geo.MultiPolygon, problems []string) {
	var outer, inner []geo.Ring
	for _, hole := range []bool{false, true} {
		rings, open := join(members, hole)
		if open > 0 {
			problems = append(problems, fmt.Sprintf("%d ends of %s ways meet no other", open, role(hole)))
		}
		for _, r := range rings {
			if r.DoubledArea() == 0 {
				problems = append(problems, "a ring without an area")
				continue
			}
			if hole {
				inner = append(inner, turned(r, false))
				continue
			}
			outer = append(outer, turned(r, true))
		}
	}
	for _, r := range outer {
		area = append(area, geo.Polygon{r})
	}
	for _, hole := range inner {
		i := around(outer, hole)
		if i < 0 {
			problems = append(problems, "an inner ring lies in no outer one")
			continue
		}
		area[i] = append(area[i], hole)
	}
	return area, problems
}

func role(inner bool) string {
	if inner {
		return "inner"
	}
	return "outer"
}

func turned(r geo.Ring, counterClockwise bool) geo.Ring {
	if (r.DoubledArea() > 0) != counterClockwise {
		return r.Reversed()
	}
	return r
}

// join walks from way to way over shared end nodes. open counts the ends where
// it could not go on.
func join(members []member, inner bool) (rings []geo.Ring, open int) {
	ends := map[int64][]int{} // node → unused members that end there
	var ways []member
	for _, m := range members {
		if m.inner == inner && len(m.ids) > 1 {
			ways = append(ways, m)
		}
	}
	for i, w := range ways {
		ends[w.ids[0]] = append(ends[w.ids[0]], i)
		if last := w.ids[len(w.ids)-1]; last != w.ids[0] {
			ends[last] = append(ends[last], i)
		}
	}
	used := make([]bool, len(ways))
	for i := range ways {
		if used[i] {
			continue
		}
		ring, closed := follow(ways, ends, used, i)
		if !closed {
			open += 2
			continue
		}
		rings = append(rings, cut(ring)...)
	}
	return rings, open
}

// follow goes over unused ways from one to the next until it is back.
func follow(ways []member, ends map[int64][]int, used []bool, first int) (closedRing, bool) {
	used[first] = true
	ring := closedRing{ids: slices.Clone(ways[first].ids), at: slices.Clone(ways[first].at)}
	for ring.ids[0] != ring.ids[len(ring.ids)-1] {
		end := ring.ids[len(ring.ids)-1]
		next := -1
		for _, i := range ends[end] {
			if !used[i] {
				next = i
				break
			}
		}
		if next < 0 {
			return ring, false
		}
		used[next] = true
		ids, at := ways[next].ids, ways[next].at
		if ids[0] != end {
			ids, at = slices.Clone(ids), slices.Clone(at)
			slices.Reverse(ids)
			slices.Reverse(at)
		}
		ring.ids, ring.at = append(ring.ids, ids[1:]...), append(ring.at, at[1:]...)
	}
	return ring, true
}

// cut takes a closed walk apart where it passes a node again: two rings that
// touch there. The repeated last point goes.
func cut(walk closedRing) []geo.Ring {
	var rings []geo.Ring
	var ids []int64
	var at geo.Ring
	seen := map[int64]int{}
	for i, node := range walk.ids {
		if from, again := seen[node]; again {
			ring := slices.Clone(at[from:])
			for _, gone := range ids[from+1:] {
				delete(seen, gone)
			}
			ids, at = ids[:from+1], at[:from+1]
			if ring = distinct(ring); len(ring) > 2 {
				rings = append(rings, ring)
			}
			continue
		}
		seen[node] = len(ids)
		ids, at = append(ids, node), append(at, walk.at[i])
	}
	return rings
}

// distinct drops points that repeat the one before, which two nodes at one place
// leave behind.
func distinct(r geo.Ring) geo.Ring {
	r = slices.Compact(r)
	for len(r) > 1 && r[0] == r[len(r)-1] {
		r = r[:len(r)-1]
	}
	return r
}

// around finds the smallest ring with the hole in it, -1 if there is none.
func around(outer []geo.Ring, hole geo.Ring) int {
	best, bestArea := -1, int64(0)
	for i, r := range outer {
		if !covers(r, hole) {
			continue
		}
		if area := r.DoubledArea(); best < 0 || area < bestArea {
			best, bestArea = i, area
		}
	}
	return best
}

// covers decides by the first point of the hole that is not on the ring; a hole
// with all its points on the ring is in it.
func covers(r, hole geo.Ring) bool {
	for _, p := range hole {
		if inside, on := (geo.Polygon{r}).At(p); !on {
			return inside
		}
	}
	return true
}
