package coverage

import "slices"

// Unlimited is the capacity of a point that takes everybody, or of which none is known.
const Unlimited = -1

// Allocation is who goes where when points are full at some time.
type Allocation struct {
	// Point of each place, and how far it is: -1 and Never when nobody takes it in.
	// When places may be parted it is where the first part went.
	Point []int32
	MM    []uint32

	Load []int64 // people of each point
	// Wanted are the people whose nearest point within the limit it is. What goes
	// beyond the capacity is its overload.
	Wanted []int64
	// Sent are those of Wanted whom it did not take in.
	Sent []int64

	Served      int64 // people who were taken in
	Turned      int64 // people with points within the limit, all full
	Unreachable int64 // people without any point within the limit
}

// Allocate sends places to points within the limit, nearest first: pairs of a place
// and a point are taken by rising distance, then by the number of the place, then
// of the point; a place goes to the first point with room for it. It is a rule that
// anybody can follow with a list in hand; it is not the least total walk.
//
// People are the heads of each place (nil: one each); capacity is in heads, or
// Unlimited. A household goes whole or not at all; with parted, as for cells, the
// heads that find no room go on to the next point.
func Allocate(m Matrix, people []int64, capacity []int64, limit uint32, parted bool) Allocation {
	n, points := m.Places(), len(capacity)
	a := Allocation{
		Point: make([]int32, n), MM: make([]uint32, n),
		Load: make([]int64, points), Wanted: make([]int64, points), Sent: make([]int64, points),
	}
	left := make([]int64, n) // heads that have no point yet
	var near []uint32        // the distances of all pairs within the limit,
	var pair []int           // where they lie in the matrix,
	var of []int32           // and whose they are
	for i := range n {
		a.Point[i], a.MM[i] = -1, Never
		left[i] = weigh(people, i)
		from, to := m.First[i], m.First[i+1]
		for k := from; k < to && m.MM[k] <= limit; k++ {
			near, pair, of = append(near, m.MM[k]), append(pair, k), append(of, int32(i))
		}
		if from < to && m.MM[from] <= limit {
			a.Wanted[m.Source[from]] += left[i]
		} else {
			a.Unreachable += left[i]
		}
	}
	room := slices.Clone(capacity)
	for _, o := range Order(near) { // stable: by place, then by point
		i, j, d := of[o], m.Source[pair[o]], near[o]
		take := left[i]
		if room[j] != Unlimited {
			if parted {
				take = min(take, room[j])
			} else if take > room[j] {
				take = 0
			}
		}
		if take == 0 {
			continue
		}
		if room[j] != Unlimited {
			room[j] -= take
		}
		left[i] -= take
		a.Load[j] += take
		a.Served += take
		if a.Point[i] < 0 {
			a.Point[i], a.MM[i] = j, d
		}
		if pair[o] == m.First[i] {
			a.Sent[j] -= take
		}
	}
	for j := range a.Sent {
		a.Sent[j] += a.Wanted[j]
	}
	for i := range n {
		if from := m.First[i]; from < m.First[i+1] && m.MM[from] <= limit {
			a.Turned += left[i]
		}
	}
	return a
}
