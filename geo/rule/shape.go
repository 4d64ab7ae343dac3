package rule

import (
	"math"

	"wangge/geo"
)

// shape is an area ready for many questions: its edges by bands of longitude.
type shape struct {
	area  geo.MultiPolygon
	bound geo.Bound
	left  int64 // western border of the first band
	width int64 // of a band, in steps
	first []int32
	edges []edge // of band i: edges[first[i]:first[i+1]]; one that crosses bands is in each
}

type edge struct{ a, b geo.Point }

const mostBands = 256

func newShape(area geo.MultiPolygon) *shape {
	s := &shape{area: area, bound: area.Bound()}
	if s.bound.Empty() {
		return s
	}
	n := 0
	for _, polygon := range area {
		for _, r := range polygon {
			n += len(r)
		}
	}
	bands := max(1, min(n/2, mostBands))
	s.left = int64(s.bound.Min.X)
	s.width = (int64(s.bound.Max.X)-s.left)/int64(bands) + 1
	s.first = make([]int32, bands+1)
	s.each(func(_ edge, from, to int) {
		for band := from; band <= to; band++ {
			s.first[band+1]++
		}
	})
	for i := range bands {
		s.first[i+1] += s.first[i]
	}
	s.edges = make([]edge, s.first[bands])
	fill := make([]int32, bands)
	s.each(func(e edge, from, to int) {
		for band := from; band <= to; band++ {
			s.edges[s.first[band]+fill[band]] = e
			fill[band]++
		}
	})
	return s
}

// each visits every edge with the bands that it lies in.
func (s *shape) each(visit func(e edge, from, to int)) {
	for _, polygon := range s.area {
		for _, r := range polygon {
			for i, a := range r {
				b := r[(i+1)%len(r)]
				visit(edge{a, b}, s.band(min(a.X, b.X)), s.band(max(a.X, b.X)))
			}
		}
	}
}

// band is the one that holds a longitude within the bound; holes of a damaged area
// may reach out of it.
func (s *shape) band(x int32) int {
	return int(min(max((int64(x)-s.left)/s.width, 0), int64(len(s.first)-2)))
}

// at reports whether p lies inside, or on the border. It is exact.
func (s *shape) at(p geo.Point) (inside, on bool) {
	if s.bound.Empty() || !s.bound.Contains(p) {
		return false, false
	}
	band := s.band(p.X)
	for _, e := range s.edges[s.first[band]:s.first[band+1]] {
		a, b := e.a, e.b
		if eastOfA, eastOfB := a.X <= p.X, b.X <= p.X; eastOfA != eastOfB {
			side := geo.Cross(a, b, p)
			if side == 0 {
				return false, true
			}
			if (side > 0) == eastOfA { // the edge passes below p
				inside = !inside
			}
		} else if a.X == p.X && b.X == p.X && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) || a == p || b == p {
			return false, true
		}
	}
	return inside, false
}

// covers is at for the closed area.
func (s *shape) covers(p geo.Point) bool {
	inside, on := s.at(p)
	return inside || on
}

// squareMeters converts square steps of the shape to m².
func (s *shape) squareMeters(steps float64) float64 {
	var doubled int64
	for _, polygon := range s.area {
		for _, r := range polygon {
			doubled += r.DoubledArea()
		}
	}
	if doubled == 0 {
		return 0
	}
	return steps * 2 * float64(s.area.SquareMeters()) / float64(doubled)
}

// overlap is how many square steps two areas have in common. On a meridian, an area
// is what lies under its upper edges less what lies under its lower ones, so the
// common area is the sum over pairs of edges of what lies under both. Nothing is
// classified, so edges that coincide or nearly do no harm.
func overlap(a, b *shape) float64 {
	if !a.bound.Intersects(b.bound) {
		return 0
	}
	if len(a.edges) > len(b.edges) {
		a, b = b, a
	}
	origin := a.bound.Min
	var sum float64
	for _, polygon := range a.area {
		for _, r := range polygon {
			for i, p := range r {
				q := r[(i+1)%len(r)]
				if p.X != q.X {
					sum += b.under(edge{p, q}, origin)
				}
			}
		}
	}
	return sum
}

// under sums what lies under an edge and each edge of the shape, with signs.
func (s *shape) under(e edge, origin geo.Point) (sum float64) {
	west, east := min(e.a.X, e.b.X), max(e.a.X, e.b.X)
	if west > s.bound.Max.X || east < s.bound.Min.X {
		return 0
	}
	own := line(e, origin)
	for band := s.band(west); band <= s.band(east); band++ {
		from := max(int64(west), s.left+int64(band)*s.width)
		to := min(int64(east), s.left+int64(band+1)*s.width)
		for _, f := range s.edges[s.first[band]:s.first[band+1]] {
			x0 := max(from, int64(min(f.a.X, f.b.X))) - int64(origin.X)
			x1 := min(to, int64(max(f.a.X, f.b.X))) - int64(origin.X)
			if x0 >= x1 {
				continue
			}
			other := line(f, origin)
			sum += own.sign * other.sign * lower(own, other, float64(x0), float64(x1))
		}
	}
	return sum
}

// slope is the line of an edge: y = at + rise·x. The sign is that of an upper edge,
// with the area below it.
type slope struct{ at, rise, sign float64 }

func line(e edge, origin geo.Point) slope {
	ax, ay := float64(int64(e.a.X)-int64(origin.X)), float64(int64(e.a.Y)-int64(origin.Y))
	bx, by := float64(int64(e.b.X)-int64(origin.X)), float64(int64(e.b.Y)-int64(origin.Y))
	l := slope{sign: 1}
	if bx > ax {
		l.sign = -1
	}
	l.rise = (by - ay) / (bx - ax)
	l.at = ay - l.rise*ax
	return l
}

// lower is the integral of the lower one of two lines.
func lower(e, f slope, x0, x1 float64) float64 {
	before, after := e.at+e.rise*x0-f.at-f.rise*x0, e.at+e.rise*x1-f.at-f.rise*x1
	if before > 0 && after < 0 || before < 0 && after > 0 {
		meet := x0 + (x1-x0)*before/(before-after)
		if before > 0 {
			e, f = f, e
		}
		return e.integral(x0, meet) + f.integral(meet, x1)
	}
	if before+after > 0 {
		e = f
	}
	return e.integral(x0, x1)
}

func (l slope) integral(x0, x1 float64) float64 { return (x1 - x0) * (l.at + l.rise*(x0+x1)/2) }

// frame turns steps into metres near a latitude.
type frame struct{ x, y float64 } // metres in a step

func frameAt(latitude int32) frame {
	y := geo.MetersPerDegree / geo.Scale
	return frame{x: y * math.Cos(float64(latitude)/geo.Scale*math.Pi/180), y: y}
}
