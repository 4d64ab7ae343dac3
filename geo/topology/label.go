package topology

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// LabelPoint is a point strictly inside the largest polygon of the area, near the
// one farthest from its border (Agafonkin, polylabel, 2016), with distances as on
// a Mercator map. An area too thin to have a lattice point inside gets one of its
// vertices, an empty one the zero point.
func LabelPoint(a geo.MultiPolygon) geo.Point {
	var largest geo.Polygon
	for _, polygon := range a {
		if len(polygon) > 0 && len(polygon[0]) > 0 && (largest == nil || doubledArea(polygon) > doubledArea(largest)) {
			largest = polygon
		}
	}
	if largest == nil {
		return geo.Point{}
	}
	largest = slices.DeleteFunc(slices.Clone(largest), func(r geo.Ring) bool { return len(r) == 0 })
	if p, ok := pole(largest); ok {
		return p
	}
	return onWidestRow(largest)
}

// pointIn is a point strictly inside the largest polygon of a valid area, or one
// of its vertices where it is too thin. It costs less than LabelPoint.
func pointIn(a geo.MultiPolygon) geo.Point {
	return onWidestRow(slices.MaxFunc(a, func(p, q geo.Polygon) int {
		return cmp.Compare(doubledArea(p), doubledArea(q))
	}))
}

func doubledArea(p geo.Polygon) int64 {
	var sum int64
	for i, r := range p {
		if a := r.DoubledArea(); i == 0 {
			sum += max(a, -a)
		} else {
			sum -= max(a, -a)
		}
	}
	return sum
}

// stretch is by how much a Mercator map stretches a step of latitude more than a
// step of longitude, at latitude y. It is limited to that of 85 degrees.
func stretch(y float64) float64 {
	return 1 / math.Max(math.Cos(y/geo.Scale*math.Pi/180), 0.087)
}

// probe is a square in which the pole is sought.
type probe struct {
	x, y, half float64 // y is stretched
	clear      float64 // distance of the centre from the border, negative outside
	hope       float64 // the greatest distance that any point of the square can have
}

// maxProbes ends the search in shapes that are all border.
const maxProbes = 400

// pole searches squares, the most promising first, until none can be better than
// the best by more than a fortieth of the polygon's size or an eighth of what the
// best has.
func pole(polygon geo.Polygon) (geo.Point, bool) {
	b := polygon[0].Bound()
	scale := stretch((float64(b.Min.Y) + float64(b.Max.Y)) / 2)
	low, high := float64(b.Min.Y)*scale, float64(b.Max.Y)*scale
	w, h := float64(b.Max.X)-float64(b.Min.X), high-low
	if w == 0 || h == 0 {
		return geo.Point{}, false
	}
	size := math.Max(math.Min(w, h), math.Max(w, h)/32)

	var queue []probe
	best := probe{clear: math.Inf(-1)}
	try := func(x, y, half float64) {
		p := probe{x: x, y: y, half: half}
		p.clear = clearance(polygon, scale, x, y)
		p.hope = p.clear + half*math.Sqrt2
		if p.clear > best.clear {
			best = p
		}
		queue = push(queue, p)
	}
	for x := float64(b.Min.X) + size/2; x < float64(b.Max.X)+size/2; x += size {
		for y := low + size/2; y < high+size/2; y += size {
			try(x, y, size/2)
		}
	}
	for probes := 0; len(queue) > 0 && probes < maxProbes; probes++ {
		var p probe
		p, queue = pop(queue)
		if p.hope-best.clear <= math.Max(size/40, best.clear/8) {
			break
		}
		for _, d := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
			try(p.x+d[0]*p.half/2, p.y+d[1]*p.half/2, p.half/2)
		}
	}
	at := geo.Point{X: int32(math.Round(best.x)), Y: int32(math.Round(best.y / scale))}
	return at, strictlyInside(polygon, at)
}

// push and pop keep a heap of probes, the greatest hope first.
func push(q []probe, p probe) []probe {
	q = append(q, p)
	for i := len(q) - 1; i > 0; {
		parent := (i - 1) / 2
		if q[parent].hope >= q[i].hope {
			break
		}
		q[parent], q[i] = q[i], q[parent]
		i = parent
	}
	return q
}

func pop(q []probe) (probe, []probe) {
	top, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < len(q) && q[child+1].hope > q[child].hope {
			child++
		}
		if child >= len(q) || q[i].hope >= q[child].hope {
			return top, q
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
}

// clearance is the distance of a place from the border, negative outside.
func clearance(polygon geo.Polygon, scale, x, y float64) float64 {
	inside, nearest := false, math.Inf(1)
	for _, r := range polygon {
		px, py := float64(r[len(r)-1].X), float64(r[len(r)-1].Y)*scale
		for _, q := range r {
			qx, qy := float64(q.X), float64(q.Y)*scale
			if (py > y) != (qy > y) && x < (qx-px)*(y-py)/(qy-py)+px {
				inside = !inside
			}
			nearest = math.Min(nearest, squaredDistance(x, y, px, py, qx, qy))
			px, py = qx, qy
		}
	}
	if inside {
		return math.Sqrt(nearest)
	}
	return -math.Sqrt(nearest)
}

// squaredDistance is that of the point x, y from the segment p q.
func squaredDistance(x, y, px, py, qx, qy float64) float64 {
	dx, dy := qx-px, qy-py
	if length := dx*dx + dy*dy; length > 0 {
		t := math.Max(0, math.Min(1, ((x-px)*dx+(y-py)*dy)/length))
		px, py = px+t*dx, py+t*dy
	}
	return (x-px)*(x-px) + (y-py)*(y-py)
}

// maxRows is how many rows of the lattice onWidestRow looks at.
const maxRows = 64

// onWidestRow looks along rows of the lattice, those of the vertices and those
// halfway between them, and returns the middle of the widest stretch inside. If
// no lattice point lies inside it is the westernmost vertex.
func onWidestRow(polygon geo.Polygon) geo.Point {
	var rows []int32
	for _, r := range polygon {
		for _, p := range r {
			rows = append(rows, p.Y)
		}
	}
	slices.Sort(rows)
	rows = slices.Compact(rows)
	for i := len(rows) - 1; i > 0; i-- {
		rows = append(rows, int32((int64(rows[i])+int64(rows[i-1]))/2))
	}
	step := (len(rows) + maxRows - 1) / maxRows
	best := slices.MinFunc(polygon[0], comparePoints)
	widest := -1.0
	for i := 0; i < len(rows); i += step {
		xs := crossedAt(polygon, rows[i])
		for j := 0; j+1 < len(xs); j += 2 {
			at := geo.Point{X: int32(math.Round((xs[j] + xs[j+1]) / 2)), Y: rows[i]}
			if w := xs[j+1] - xs[j]; w > widest && strictlyInside(polygon, at) {
				best, widest = at, w
			}
		}
	}
	return best
}

// crossedAt lists where the border crosses the row y, from west to east.
func crossedAt(polygon geo.Polygon, y int32) []float64 {
	var xs []float64
	for _, r := range polygon {
		p := r[len(r)-1]
		for _, q := range r {
			if (p.Y > y) != (q.Y > y) {
				t := (float64(y) - float64(p.Y)) / (float64(q.Y) - float64(p.Y))
				xs = append(xs, float64(p.X)+t*(float64(q.X)-float64(p.X)))
			}
			p = q
		}
	}
	slices.SortFunc(xs, cmp.Compare)
	return xs
}

// strictlyInside reports whether p lies in the polygon and not on its border.
func strictlyInside(polygon geo.Polygon, p geo.Point) bool {
	inside, _ := polygon.At(p)
	return inside
}
