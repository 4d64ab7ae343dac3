package atom

import (
	"cmp"
	"math"
	"math/big"
	"slices"
)

// spot is a place on a plane, in decimetres from some origin.
type spot struct{ x, y int64 }

// maxSpot is how far from the origin spots may lie: 100 km.
const maxSpot = 1_000_000

// triangle has its corners counter-clockwise; next[i] is the triangle beyond the
// side that is opposite of corner i, -1 outside.
type triangle struct {
	corner [3]int32
	next   [3]int32
	gone   bool
}

// mesh is a Delaunay triangulation, made by adding one spot after the other (Bowyer
// 1981, Watson 1981). The first three spots are far away, around all others.
type mesh struct {
	spots     []spot
	triangles []triangle
	last      int32 // where the last spot was added
	bad       []int32
	mark      []bool
	rim       []rimSide
}

// rimSide is a side around the hole that a new spot tears.
type rimSide struct {
	a, b, beyond int32
}

const far = 30 * maxSpot

// triangulate makes the mesh of spots, which differ. Spot i of the list is number
// i+3 of the mesh.
func triangulate(spots []spot) *mesh {
	m := &mesh{spots: append([]spot{{-far, -far}, {far, -far}, {0, far}}, spots...)}
	m.triangles = []triangle{{corner: [3]int32{0, 1, 2}, next: [3]int32{-1, -1, -1}}}
	m.mark = []bool{false}
	if len(spots) == 0 {
		return m
	}
	order := make([]int32, len(spots))
	for i := range order {
		order[i] = int32(i + 3)
	}
	// Along a snake of stripes, so that the next spot is never far.
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range spots {
		low, high = min(low, s.y), max(high, s.y)
	}
	stripe := max(1, (high-low)/max(1, int64(math.Sqrt(float64(len(spots))/2))))
	slices.SortFunc(order, func(i, j int32) int {
		p, q := m.spots[i], m.spots[j]
		row := (p.y - low) / stripe
		if c := cmp.Compare(row, (q.y-low)/stripe); c != 0 {
			return c
		}
		if row%2 == 0 {
			return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(i, j))
		}
		return cmp.Or(cmp.Compare(q.x, p.x), cmp.Compare(i, j))
	})
	for _, i := range order {
		m.add(i)
	}
	return m
}

// turn is positive when a, b, c turn left. It is exact.
func (m *mesh) turn(a, b, c int32) int64 {
	p, q, r := m.spots[a], m.spots[b], m.spots[c]
	return (q.x-p.x)*(r.y-p.y) - (q.y-p.y)*(r.x-p.x)
}

// within reports whether d lies inside the circle around a triangle. It is exact.
func (m *mesh) within(t int32, d int32) bool {
	c := m.triangles[t].corner
	o := m.spots[d]
	var x, y, sq [3]int64
	for i, n := range c {
		x[i], y[i] = m.spots[n].x-o.x, m.spots[n].y-o.y
		sq[i] = x[i]*x[i] + y[i]*y[i]
	}
	minor := [3]int64{x[1]*y[2] - y[1]*x[2], x[2]*y[0] - y[2]*x[0], x[0]*y[1] - y[0]*x[1]}
	sum, size := 0.0, 0.0
	for i := range 3 {
		term := float64(sq[i]) * float64(minor[i])
		sum += term
		size += math.Abs(term)
	}
	if math.Abs(sum) > 1e-14*size {
		return sum > 0
	}
	exact := new(big.Int)
	for i := range 3 {
		exact.Add(exact, new(big.Int).Mul(big.NewInt(sq[i]), big.NewInt(minor[i])))
	}
	return exact.Sign() > 0
}

// find is the triangle with the spot in it.
func (m *mesh) find(i int32) int32 {
	t := m.last
walking:
	for {
		c := m.triangles[t].corner
		for k := range 3 {
			if m.turn(c[(k+1)%3], c[(k+2)%3], i) < 0 {
				t = m.triangles[t].next[k]
				continue walking
			}
		}
		return t
	}
}

// add tears out the triangles whose circles hold the spot, and fills the hole with
// triangles around it.
func (m *mesh) add(i int32) {
	first := m.find(i)
	m.bad, m.rim = append(m.bad[:0], first), m.rim[:0]
	m.mark[first] = true
	for k := 0; k < len(m.bad); k++ {
		t := m.triangles[m.bad[k]]
		for side, n := range t.next {
			switch {
			case n >= 0 && m.mark[n]:
			case n >= 0 && m.within(n, i):
				m.mark[n] = true
				m.bad = append(m.bad, n)
			default:
				m.rim = append(m.rim, rimSide{t.corner[(side+1)%3], t.corner[(side+2)%3], n})
			}
		}
	}
	// A triangle may have been looked at before its neighbour was torn out.
	m.rim = slices.DeleteFunc(m.rim, func(s rimSide) bool { return s.beyond >= 0 && m.mark[s.beyond] })
	from := map[int32]int32{} // by its first corner: the new triangle on a rim side
	for k, s := range m.rim {
		n := int32(len(m.triangles))
		if k < len(m.bad) {
			n = m.bad[k]
			m.mark[n] = false
		} else {
			m.triangles = append(m.triangles, triangle{})
			m.mark = append(m.mark, false)
		}
		m.triangles[n] = triangle{corner: [3]int32{s.a, s.b, i}, next: [3]int32{-1, -1, s.beyond}}
		if s.beyond >= 0 {
			b := &m.triangles[s.beyond]
			for side := range 3 {
				if b.corner[(side+1)%3] == s.b && b.corner[(side+2)%3] == s.a {
					b.next[side] = n
				}
			}
		}
		from[s.a] = n
		m.last = n
	}
	for _, s := range m.rim {
		n := from[s.a]
		after := from[s.b] // shares the side from s.b to the spot
		m.triangles[n].next[0] = after
		m.triangles[after].next[1] = n
	}
}

// centre is that of the circle around a triangle.
func (m *mesh) centre(t int32) (x, y float64) {
	c := m.triangles[t].corner
	o := m.spots[c[0]]
	bx, by := float64(m.spots[c[1]].x-o.x), float64(m.spots[c[1]].y-o.y)
	cx, cy := float64(m.spots[c[2]].x-o.x), float64(m.spots[c[2]].y-o.y)
	d := 2 * (bx*cy - by*cx)
	b2, c2 := bx*bx+by*by, cx*cx+cy*cy
	return float64(o.x) + (cy*b2-by*c2)/d, float64(o.y) + (bx*c2-cx*b2)/d
}
