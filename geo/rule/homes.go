package rule

import (
	"wangge/geo"
)

// places finds points in a box: they lie sorted by the cells of a grid.
type places struct {
	at    []geo.Point // sorted
	item  []int32     // the caller's number of each
	first []int32     // of each cell, row by row
	bound geo.Bound
	side  int64 // of a cell, in steps
	cols  int64
	rows  int64
}

// perCell is how many points a cell holds, if they lie evenly.
const perCell = 8

func newPlaces(points []geo.Point) *places {
	p := &places{bound: geo.EmptyBound}
	for _, at := range points {
		p.bound = p.bound.Extend(at)
	}
	if p.bound.Empty() {
		return p
	}
	width, height := int64(p.bound.Max.X)-int64(p.bound.Min.X)+1, int64(p.bound.Max.Y)-int64(p.bound.Min.Y)+1
	for p.side = 64; ; p.side *= 2 {
		p.cols, p.rows = (width+p.side-1)/p.side, (height+p.side-1)/p.side
		if p.cols*p.rows <= int64(len(points)/perCell)+1 {
			break
		}
	}
	p.first = make([]int32, p.cols*p.rows+1)
	for _, at := range points {
		p.first[p.cell(at)+1]++
	}
	for i := range p.cols * p.rows {
		p.first[i+1] += p.first[i]
	}
	p.at, p.item = make([]geo.Point, len(points)), make([]int32, len(points))
	fill := make([]int32, p.cols*p.rows)
	for i, at := range points {
		c := p.cell(at)
		p.at[p.first[c]+fill[c]], p.item[p.first[c]+fill[c]] = at, int32(i)
		fill[c]++
	}
	return p
}

func (p *places) cell(at geo.Point) int64 {
	return (int64(at.Y)-int64(p.bound.Min.Y))/p.side*p.cols + (int64(at.X)-int64(p.bound.Min.X))/p.side
}

// in visits the points of a box.
func (p *places) in(b geo.Bound, visit func(item int32, at geo.Point)) {
	if b.Empty() || !b.Intersects(p.bound) {
		return
	}
	west, south := max(b.Min.X, p.bound.Min.X), max(b.Min.Y, p.bound.Min.Y)
	east, north := min(b.Max.X, p.bound.Max.X), min(b.Max.Y, p.bound.Max.Y)
	from, to := p.cell(geo.Point{X: west, Y: south}), p.cell(geo.Point{X: east, Y: south})
	for top := p.cell(geo.Point{X: west, Y: north}); from <= top; from, to = from+p.cols, to+p.cols {
		for i := p.first[from]; i < p.first[to+1]; i++ {
			if b.Contains(p.at[i]) {
				visit(p.item[i], p.at[i])
			}
		}
	}
}

// division is the units of a draft, to be asked who has a place on a border. What is
// needed for that is made when it is first asked: few drafts have a home on a border.
type division struct {
	units  []Unit
	bounds []geo.Bound
	shapes map[int]*shape
	codes  map[string]bool // level and code
	loose  map[string]int  // units above by code
}

func (d *division) shape(i int) *shape {
	s := d.shapes[i]
	if s == nil {
		s = newShape(d.units[i].Area)
		d.shapes[i] = s
	}
	return s
}

// around are the units that decide with unit i about places on its borders: those of
// its level near it, itself included; for one that is made of those below, they.
func (d *division) around(i int) []int {
	if d.bounds == nil {
		d.bounds = make([]geo.Bound, len(d.units))
		for k, u := range d.units {
			d.bounds[k] = u.Area.Bound()
		}
	}
	var list []int
	for k, b := range d.bounds {
		if u := &d.units[k]; b.Intersects(d.bounds[i]) && !u.Loose && (u.Level == d.units[i].Level || d.units[i].Loose) {
			list = append(list, k)
		}
	}
	return list
}

// touching are those of the units whose closed area holds p.
func (d *division) touching(among []int, p geo.Point) []int {
	var list []int
	for _, i := range among {
		if d.bounds[i].Contains(p) && d.shape(i).covers(p) {
			list = append(list, i)
		}
	}
	return list
}

// owner is the one of them that has the place: the lowest code in byte order, then
// the lowest number; -1 for none.
func (d *division) owner(among []int) int {
	best := -1
	for _, i := range among {
		if u := d.units[i]; best < 0 || u.Code < d.units[best].Code || u.Code == d.units[best].Code && u.Ordinal < d.units[best].Ordinal {
			best = i
		}
	}
	return best
}

// above is the unit of this code that is made of those below, or -1.
func (d *division) above(code string) int {
	if d.loose == nil {
		d.loose = map[string]int{}
		for i, u := range d.units {
			if u.Loose {
				d.loose[u.Code] = i
			}
		}
	}
	if i, found := d.loose[code]; found {
		return i
	}
	return -1
}

// below are the units that one above is made of.
func (d *division) below(i int) (list []int) {
	for k, u := range d.units {
		if !u.Loose && u.Parent == d.units[i].Code {
			list = append(list, k)
		}
	}
	return list
}

// has reports whether the draft has a unit of this code on this level.
func (d *division) has(level, code string) bool {
	if d.codes == nil {
		d.codes = make(map[string]bool, len(d.units))
		for _, u := range d.units {
			d.codes[u.Level+"\x00"+u.Code] = true
		}
	}
	return d.codes[level+"\x00"+code]
}
