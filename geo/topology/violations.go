package topology

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"wangge/geo"
)

// found is a violation and what a repair needs to know about it.
type found struct {
	Violation
	faces  []int32
	units  []int32 // the parts concerned
	parent int32   // the parent concerned, or none
	into   int32   // for a gap: the part that Fill gives it to, or none
	self   int     // for self faults: its number in Mosaic.self
}

// Violations lists every fault that stands, in a stable order: by parent, kind,
// codes and place. It is nil when every parent that has parts is tiled by them
// and every part is valid.
//
// Land of one parent that only a part of another parent covers is reported as
// outside that part's own parent, and becomes a gap when it is clipped.
func (m *Mosaic) Violations() []Violation {
	m.look()
	if len(m.found) == 0 {
		return nil
	}
	out := make([]Violation, 0, len(m.found))
	for _, f := range m.found {
		v := f.Violation
		v.Codes, v.Repairs = slices.Clone(v.Codes), slices.Clone(v.Repairs)
		out = append(out, v)
	}
	return out
}

// look finds the violations if a repair has been made since the last look.
func (m *Mosaic) look() {
	if m.looked {
		return
	}
	m.found = nil
	m.findRegions()
	m.findEnclosed()
	m.findOpenSelfFaults()
	m.findEmpty()
	m.sortFound()
	m.byID = make(map[string]*found, len(m.found))
	for _, v := range m.found {
		m.byID[v.ID] = v
	}
	m.touched = map[int32]bool{}
	m.looked = true
}

// subject is what a face is wrong about; faces that hang together and have it in
// common make one violation.
type subject struct {
	kind   Kind
	parent int32
	units  string // numbers of parts, two bytes at a time
}

// findRegions finds gaps, overlaps and what lies outside.
func (m *Mosaic) findRegions() {
	wrong := map[subject][]int32{}
	for f := range int32(len(m.cover)) {
		for _, s := range m.subjects(f) {
			wrong[s] = append(wrong[s], f)
		}
	}
	for s, faces := range wrong {
		for _, piece := range m.plane.connected(faces) {
			m.addRegion(s, piece)
		}
	}
}

// subjects lists what is wrong about one face.
func (m *Mosaic) subjects(f int32) []subject {
	var out []subject
	cover := m.cover[f]
	if len(cover) == 0 {
		return nil
	}
	covered := map[int32][]int32{} // by level: parts, and on level 0 the parents that have parts
	for _, u := range cover {
		p := &m.units[u]
		if p.role == partRole || p.role == parentRole && p.used {
			covered[p.level] = append(covered[p.level], u)
		}
		if p.parent != none && !m.covers(p.parent, f) {
			out = append(out, subject{Outside, p.parent, encode(u)})
		}
	}
	for _, parts := range covered {
		if len(parts) > 1 {
			out = append(out, subject{Overlap, m.commonParent(parts), encode(parts...)})
		}
	}
	for _, u := range cover {
		if m.isGap(u, f, covered) {
			out = append(out, subject{Gap, u, ""})
		}
	}
	return out
}

// isGap reports whether face f lies in parent u but in none of its parts. A part
// of another parent that is outside there is a fault of its own already.
func (m *Mosaic) isGap(u, f int32, covered map[int32][]int32) bool {
	parent := &m.units[u]
	if !parent.used || m.excluded(f) {
		return false
	}
	return !slices.ContainsFunc(covered[parent.level+1], func(part int32) bool {
		p := m.units[part].parent
		return p == u || p == none || !m.covers(p, f)
	})
}

func (m *Mosaic) commonParent(parts []int32) int32 {
	parent := m.units[parts[0]].parent
	for _, u := range parts {
		if m.units[u].parent != parent {
			return none
		}
	}
	return parent
}

// encode makes a map key of unit numbers, decode undoes it.
func encode(units ...int32) string {
	var b strings.Builder
	for _, u := range units {
		b.WriteRune(rune(u&0x3ff) + 1)
		b.WriteRune(rune(u>>10&0x3ff) + 1)
		b.WriteRune(rune(u>>20) + 1)
	}
	return b.String()
}

func decode(s string) []int32 {
	r := []rune(s)
	units := make([]int32, 0, len(r)/3)
	for ; len(r) > 0; r = r[3:] {
		units = append(units, int32(r[0]-1)|int32(r[1]-1)<<10|int32(r[2]-1)<<20)
	}
	return units
}

// findEnclosed finds the holes between parts whose parent is not known.
func (m *Mosaic) findEnclosed() {
	bare := m.facesBy(func(f int32) bool { return len(m.cover[f]) == 0 })
	for _, piece := range bare {
		if slices.Contains(piece, 0) {
			continue
		}
		orphans := 0
		for u := range m.neighbours(piece) {
			if m.units[u].role == partRole && m.units[u].parent == none {
				orphans++
			}
		}
		if orphans > 1 {
			m.addRegion(subject{Gap, none, ""}, piece)
		}
	}
}

func (m *Mosaic) addRegion(s subject, faces []int32) {
	v := &found{faces: faces, parent: s.parent, units: decode(s.units), into: none}
	v.Kind = s.kind
	v.Area = m.plane.area(faces)
	v.SquareMeters = v.Area.SquareMeters()
	v.Width = width(v.Area)
	v.At = pointIn(v.Area)
	if s.parent != none {
		v.Parent = m.units[s.parent].Code
	}
	if s.kind == Gap {
		v.into = m.longestNeighbour(s.parent, faces)
		if v.into != none {
			v.Into = m.units[v.into].Code
		}
	}
	v.Repairs = offers(v)
	m.found = append(m.found, v)
}

// offers lists the repairs of a region, the recommended one first.
func offers(v *found) []RepairKind {
	var out []RepairKind
	switch v.Kind {
	case Overlap:
		return []RepairKind{Cut}
	case Outside:
		return []RepairKind{Clip, FitParent}
	case Gap:
		if v.into != none {
			out = append(out, Fill)
		}
		out = append(out, Exclude)
		if v.Width > SliverWidth {
			slices.Reverse(out)
		}
		if v.parent != none {
			out = append(out, FitParent)
		}
	}
	return out
}

// neighbours measures the border that each unit has in common with the faces,
// in metres.
func (m *Mosaic) neighbours(faces []int32) map[int32]geo.Meters {
	m.plane.stamp++
	for _, f := range faces {
		m.plane.mark[f] = m.plane.stamp
	}
	length := map[int32]geo.Meters{}
	for _, f := range faces {
		for _, h := range m.plane.edges[f] {
			g := m.plane.face[h^1]
			if m.plane.mark[g] == m.plane.stamp {
				continue
			}
			p, q := m.plane.segment(h >> 1)
			for _, u := range m.cover[g] {
				length[u] += distance(p, q)
			}
		}
	}
	return length
}

// longestNeighbour is the part of parent with the longest border with the faces,
// or none; of equals the one with the lowest code.
func (m *Mosaic) longestNeighbour(parent int32, faces []int32) int32 {
	best := int32(none)
	length := m.neighbours(faces)
	for u, meters := range length {
		if m.units[u].role != partRole || m.units[u].parent != parent {
			continue
		}
		if best == none || meters > length[best] || meters == length[best] && m.compareCodes(u, best) < 0 {
			best = u
		}
	}
	return best
}

func (m *Mosaic) findOpenSelfFaults() {
	for i, s := range m.self {
		if s.mended {
			continue
		}
		v := &found{units: []int32{s.unit}, parent: m.units[s.unit].parent, into: none, self: i}
		v.Kind, v.At = s.kind, m.plane.points[s.vertex]
		if v.parent != none {
			v.Parent = m.units[v.parent].Code
		}
		v.Repairs = []RepairKind{Split}
		m.found = append(m.found, v)
	}
}

func (m *Mosaic) findEmpty() {
	faces := m.facesOfUnits()
	for i := range m.units {
		u := &m.units[i]
		if u.role != partRole || len(faces[i]) > 0 {
			continue
		}
		v := &found{units: []int32{int32(i)}, parent: u.parent, into: none}
		v.Kind = Empty
		if u.parent != none {
			v.Parent = m.units[u.parent].Code
			v.At = placeOf(u.Area, m.units[u.parent].Area)
		} else {
			v.At = placeOf(u.Area, nil)
		}
		m.found = append(m.found, v)
	}
}

// sortFound puts the violations in order and gives them their IDs.
func (m *Mosaic) sortFound() {
	for _, v := range m.found {
		slices.SortFunc(v.units, m.compareCodes)
		for _, u := range v.units {
			v.Codes = append(v.Codes, m.units[u].Code)
		}
	}
	slices.SortStableFunc(m.found, func(a, b *found) int {
		return cmp.Or(
			cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Codes, b.Codes),
			comparePoints(a.At, b.At), compareAreas(a.Area, b.Area), slices.Compare(a.units, b.units), cmp.Compare(a.parent, b.parent),
		)
	})
	times := map[string]int{}
	for _, v := range m.found {
		v.ID = identify(&v.Violation)
		times[v.ID]++
		if n := times[v.ID]; n > 1 { // the same codes twice, or two faults thinner than a step at one vertex
			v.ID = fmt.Sprintf("%s-%d", v.ID, n)
		}
	}
}

func compareAreas(a, b geo.MultiPolygon) int {
	return slices.CompareFunc(a, b, func(p, q geo.Polygon) int { return slices.CompareFunc(p, q, compareRings) })
}

// identify makes an ID of kind, codes and place that is safe in a URL.
func identify(v *Violation) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %q %d %d", v.Parent, v.Codes, v.At.X, v.At.Y)
	return fmt.Sprintf("%s-%016x", v.Kind, h.Sum64())
}

// width is the area divided by half the perimeter.
func width(area geo.MultiPolygon) geo.Meters {
	var perimeter geo.Meters
	for _, polygon := range area {
		for _, r := range polygon {
			for i, p := range r {
				perimeter += distance(p, r[(i+1)%len(r)])
			}
		}
	}
	if perimeter == 0 {
		return 0
	}
	return geo.Meters(float64(area.SquareMeters()) / float64(perimeter/2))
}

func distance(p, q geo.Point) geo.Meters { return geo.Distance(p.Degrees(), q.Degrees()) }
