package beat

import (
	"container/heap"
	"math"
)

// never is the length of a way that does not exist, or is longer than the walk may be.
const never = math.MaxUint32

// ways are the shortest ways between corners, one row for each corner that was asked for.
type ways struct {
	q     Question
	first []int32    // first[c]:first[c+1] of out leave corner c
	out   []int32    // streets
	rows  [][]uint32 // by corner; nil where nobody asked
}

func newWays(q Question) *ways {
	w := &ways{q: q, first: make([]int32, q.Corners+1), rows: make([][]uint32, q.Corners)}
	for _, s := range q.Streets {
		w.first[s.A+1]++
		w.first[s.B+1]++
	}
	for c := range q.Corners {
		w.first[c+1] += w.first[c]
	}
	w.out = make([]int32, w.first[q.Corners])
	next := append([]int32(nil), w.first...)
	for i, s := range q.Streets {
		for _, c := range [2]int32{s.A, s.B} {
			w.out[next[c]] = int32(i)
			next[c]++
		}
	}
	return w
}

// other end of a street.
func (w *ways) other(street, corner int32) int32 {
	s := w.q.Streets[street]
	return s.A + s.B - corner
}

// from is the length of the shortest way from a corner to every other within the budget;
// streets run both ways, so it is the way back too.
func (w *ways) from(corner int32) []uint32 {
	if row := w.rows[corner]; row != nil {
		return row
	}
	row := make([]uint32, w.q.Corners)
	for i := range row {
		row[i] = never
	}
	row[corner] = 0
	queue := waiting{{0, corner}}
	for len(queue) > 0 {
		at := heap.Pop(&queue).(near)
		if at.mm > row[at.corner] {
			continue
		}
		for _, street := range w.out[w.first[at.corner]:w.first[at.corner+1]] {
			mm := uint64(at.mm) + uint64(w.q.Streets[street].Length)
			if to := w.other(street, at.corner); mm <= uint64(w.q.Budget) && mm < uint64(row[to]) {
				row[to] = uint32(mm)
				heap.Push(&queue, near{uint32(mm), to})
			}
		}
	}
	w.rows[corner] = row
	return row
}

// course appends the streets of the shortest way between two corners.
func (w *ways) course(from, to int32, legs []Leg) []Leg {
	row := w.from(to)
	for at := from; at != to; {
		for _, street := range w.out[w.first[at]:w.first[at+1]] {
			s := w.q.Streets[street]
			next := w.other(street, at)
			if row[next] != never && uint64(row[next])+uint64(s.Length) == uint64(row[at]) {
				legs = append(legs, Leg{int(street), at != s.A})
				at = next
				break
			}
		}
	}
	return legs
}

type near struct {
	mm     uint32
	corner int32
}

// waiting is a queue of corners by distance.
type waiting []near

func (q waiting) Len() int { return len(q) }
func (q waiting) Less(i, j int) bool {
	return q[i].mm < q[j].mm || q[i].mm == q[j].mm && q[i].corner < q[j].corner
}
func (q waiting) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *waiting) Push(x any)   { *q = append(*q, x.(near)) }
func (q *waiting) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
