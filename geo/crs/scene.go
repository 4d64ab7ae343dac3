package crs

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/locate"
)

// Evidence is what is known of a place, in WGS 84. What lies farther than a few
// kilometres from the sample is not looked at, so a caller may pass all it has.
type Evidence struct {
	Lines []orb.LineString   // streets, borders
	Areas []orb.MultiPolygon // units in force, buildings
}

// A scene is the evidence near the sample, prepared for many questions. It
// measures in metres on a plane, good to a few per cent over a province: enough,
// since only few metres are ever measured.
type scene struct {
	origin orb.Point
	scale  orb.Point // metres per degree, east and north
	kinds  []*kind
}

// A kind is evidence of one sort. They are kept apart because a sample fits one
// and has nothing to do with the others: doors stand inside buildings, borders
// follow streets.
type kind struct {
	name, nameZh   string           // of its lines
	areas, areasZh string           // of its areas
	most           geo.SquareMeters // areas up to this size, and not in an earlier kind
	segments       segments
	inside         *locate.Index // nil for lines
}

// reaches are the distances, in metres, within which a point counts as lying on
// a line: the same border from the same source, another drawing of it, a street
// that a border follows, the houses along a street.
var reaches = [...]float64{2, 6, 15, 30}

// The features of one kind are a share for every reach, then these.
const (
	besideLine = len(reaches) + iota // beside a line but not on it, as houses are
	insideArea
	features
)

// A fit is, for every kind and feature, the share of the sample that has it.
type fit []float64

// newScene prepares what lies within the box.
func newScene(ev Evidence, near orb.Bound) *scene {
	center := near.Center()
	s := &scene{
		origin: center,
		scale:  orb.Point{geo.MetersPerDegree * math.Max(0.05, math.Cos(center[1]*degree)), geo.MetersPerDegree},
	}
	lines := &kind{name: "streets and borders", nameZh: "道路和界线"}
	for _, line := range ev.Lines {
		if line.Bound().Intersects(near) {
			lines.segments.add(s, line)
		}
	}
	areas := []*kind{
		{name: "building outlines", nameZh: "建筑轮廓", areas: "known buildings", areasZh: "已知建筑", most: 5_000},
		{name: "borders of small units", nameZh: "小单元边界", areas: "known small units", areasZh: "已知小单元", most: 100_000},
		{name: "borders of units", nameZh: "单元边界", areas: "known units", areasZh: "已知单元", most: geo.SquareMeters(math.Inf(1))},
	}
	units := make([][]locate.Unit, len(areas))
	for _, area := range ev.Areas {
		if !area.Bound().Intersects(near) {
			continue
		}
		exact := geo.FromOrb(area)
		size := exact.SquareMeters()
		for i, k := range areas {
			if size <= k.most {
				units[i] = append(units[i], locate.Unit{Area: exact})
				for _, polygon := range area {
					for _, ring := range polygon {
						k.segments.add(s, orb.LineString(ring))
					}
				}
				break
			}
		}
	}
	for i, k := range areas {
		k.inside = locate.Build(units[i])
	}
	for _, k := range append([]*kind{lines}, areas...) {
		if len(k.segments.list) > 0 {
			k.segments.sort()
			s.kinds = append(s.kinds, k)
		}
	}
	return s
}

func (s *scene) meters(p orb.Point) orb.Point {
	return orb.Point{(p[0] - s.origin[0]) * s.scale[0], (p[1] - s.origin[1]) * s.scale[1]}
}

func (s *scene) degrees(p orb.Point) orb.Point {
	return orb.Point{s.origin[0] + p[0]/s.scale[0], s.origin[1] + p[1]/s.scale[1]}
}

// fit measures a sample, in metres of the plane, moved by an offset.
func (s *scene) fit(sample []orb.Point, offset orb.Point) fit {
	f := make(fit, len(s.kinds)*features)
	for _, p := range sample {
		p = orb.Point{p[0] + offset[0], p[1] + offset[1]}
		lattice := geo.Snap(s.degrees(p))
		for i, k := range s.kinds {
			share := f[i*features : (i+1)*features]
			d := k.segments.nearest(p)
			for j, reach := range reaches {
				if d <= reach {
					share[j]++
				}
			}
			if k.inside == nil {
				if reaches[1] < d && d <= reaches[3] {
					share[besideLine]++
				}
			} else if _, ok := k.inside.Find(lattice); ok {
				share[insideArea]++
			}
		}
	}
	for i := range f {
		f[i] /= float64(len(sample))
	}
	return f
}

// segments answers how far the nearest one is, up to the longest reach: a table
// of square cells of that size or more, each with the segments that may touch it.
type segments struct {
	list   [][4]float64
	min    orb.Point
	size   float64 // of a cell, metres
	cols   int
	rows   int
	starts []int32 // by cell, into order
	order  []int32
}

func (g *segments) add(s *scene, line orb.LineString) {
	for i := 1; i < len(line); i++ {
		if !finite(line[i-1]) || !finite(line[i]) {
			continue
		}
		a, b := s.meters(line[i-1]), s.meters(line[i])
		g.list = append(g.list, [4]float64{a[0], a[1], b[0], b[1]})
	}
}

func (g *segments) sort() {
	lo, hi := orb.Point{math.Inf(1), math.Inf(1)}, orb.Point{math.Inf(-1), math.Inf(-1)}
	for _, e := range g.list {
		for axis := range 2 {
			lo[axis] = min(lo[axis], e[axis], e[axis+2])
			hi[axis] = max(hi[axis], e[axis], e[axis+2])
		}
	}
	const most = 1 << 20 // cells
	g.min = lo
	g.size = max(2*reaches[len(reaches)-1], math.Sqrt((hi[0]-lo[0])*(hi[1]-lo[1])/most), (hi[0]-lo[0])/most, (hi[1]-lo[1])/most)
	g.cols, g.rows = int((hi[0]-lo[0])/g.size)+1, int((hi[1]-lo[1])/g.size)+1
	g.starts = make([]int32, g.cols*g.rows+2)
	g.cells(func(cell int, _ int32) { g.starts[cell+2]++ })
	for i := 2; i < len(g.starts); i++ {
		g.starts[i] += g.starts[i-1]
	}
	g.order = make([]int32, g.starts[len(g.starts)-1])
	g.cells(func(cell int, segment int32) {
		g.order[g.starts[cell+1]] = segment
		g.starts[cell+1]++
	})
}

// cells calls f for every cell that comes within the longest reach of a segment,
// so that a question looks into one cell only.
func (g *segments) cells(f func(cell int, segment int32)) {
	margin := reaches[len(reaches)-1]
	for i, e := range g.list {
		row0 := g.clamp(min(e[1], e[3])-margin-g.min[1], g.rows)
		row1 := g.clamp(max(e[1], e[3])+margin-g.min[1], g.rows)
		for row := row0; row <= row1; row++ {
			bottom := g.min[1] + float64(row)*g.size - margin
			west, east := reachOf(e, bottom, bottom+g.size+2*margin)
			for col := g.clamp(west-margin-g.min[0], g.cols); col <= g.clamp(east+margin-g.min[0], g.cols); col++ {
				f(row*g.cols+col, int32(i))
			}
		}
	}
}

func (g *segments) clamp(d float64, n int) int { return max(0, min(int(d/g.size), n-1)) }

// reachOf is how far west and east a segment comes between two heights.
func reachOf(e [4]float64, bottom, top float64) (west, east float64) {
	x0, x1 := e[0], e[2]
	if e[1] != e[3] {
		at := func(y float64) float64 {
			t := max(0, min(1, (y-e[1])/(e[3]-e[1])))
			return e[0] + t*(e[2]-e[0])
		}
		x0, x1 = at(bottom), at(top)
	}
	return min(x0, x1), max(x0, x1)
}

// nearest is the distance to the nearest segment, +Inf beyond the longest reach.
func (g *segments) nearest(p orb.Point) float64 {
	col, row := int(math.Floor((p[0]-g.min[0])/g.size)), int(math.Floor((p[1]-g.min[1])/g.size))
	if col < -1 || col > g.cols || row < -1 || row > g.rows {
		return math.Inf(1)
	}
	col, row = max(0, min(col, g.cols-1)), max(0, min(row, g.rows-1))
	best := reaches[len(reaches)-1] * reaches[len(reaches)-1]
	found := false
	for _, i := range g.order[g.starts[row*g.cols+col]:g.starts[row*g.cols+col+1]] {
		e := &g.list[i]
		dx, dy := e[2]-e[0], e[3]-e[1]
		px, py := p[0]-e[0], p[1]-e[1]
		if length := dx*dx + dy*dy; length > 0 {
			t := max(0, min(1, (px*dx+py*dy)/length))
			px, py = px-t*dx, py-t*dy
		}
		if d := px*px + py*py; d <= best {
			best, found = d, true
		}
	}
	if !found {
		return math.Inf(1)
	}
	return math.Sqrt(best)
}
