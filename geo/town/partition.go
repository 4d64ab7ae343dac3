package town

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// patch is a set of faces on its way to becoming a unit.
type patch struct {
	faces  []int32
	weight float64
	kind   uint8 // patches of different kinds are slow to join
	locked bool  // joined to nothing
	bonds  map[int]float64
	gone   bool
}

// bonds measures how strongly patches hold together: the length of the border
// between them, less where it runs along a street, a wall or water.
func (m *mesh) bonds(list []patch) {
	owner := make(map[int32]int)
	for i := range list {
		list[i].bonds = map[int]float64{}
		for _, f := range list[i].faces {
			owner[f] = i
		}
	}
	for i := range list {
		for _, f := range list[i].faces {
			for h := m.first[f]; ; {
				if j, ok := owner[m.face[h^1]]; ok && j != i {
					list[i].bonds[j] += float64(m.length(h) * (1.05 - m.lineOf(h).border))
				}
				if h = m.next[h]; h == m.first[f] {
					break
				}
			}
		}
	}
}

// merge joins patches until count are left, or until done says that the lightest
// is heavy enough: again and again the lightest goes to the neighbour it has the
// strongest bond with, light neighbours first. Pieces that touch nothing they
// could join are joined last, with what is lightest.
func merge(list []patch, count int, done func(least float64, left int) bool) []patch {
	left := len(list)
	stuck := make([]bool, len(list))
	for left > count {
		i := lightest(list, stuck, -1)
		apart := i < 0
		if apart {
			i = lightest(list, nil, -1)
		}
		if i < 0 || done != nil && (apart || done(list[i].weight, left)) {
			break
		}
		j := strongest(list, i)
		if j < 0 && !apart {
			stuck[i] = true
			continue
		}
		if j < 0 {
			j = lightest(list, nil, i)
		}
		if j < 0 {
			break
		}
		join(list, i, j)
		left--
	}
	return slices.DeleteFunc(list, func(p patch) bool { return p.gone })
}

// lightest is the patch of the least weight that may be joined, but for those
// that are stuck and one other; -1 for none.
func lightest(list []patch, stuck []bool, but int) int {
	i := -1
	for k := range list {
		p := &list[k]
		if p.gone || p.locked || k == but || stuck != nil && stuck[k] {
			continue
		}
		if i < 0 || p.weight < list[i].weight {
			i = k
		}
	}
	return i
}

func strongest(list []patch, i int) int {
	best, most := -1, 0.0
	for j, bond := range list[i].bonds {
		if list[j].locked {
			continue
		}
		score := bond / (list[i].weight + list[j].weight + 0.05)
		if list[i].kind != list[j].kind {
			score *= 0.08
		}
		if score > most || score == most && best >= 0 && j < best {
			best, most = j, score
		}
	}
	return best
}

// join moves patch i into patch j.
func join(list []patch, i, j int) {
	a, b := &list[i], &list[j]
	if len(a.faces) > len(b.faces) {
		b.kind = a.kind
	}
	b.faces = append(b.faces, a.faces...)
	b.weight += a.weight
	for k, bond := range a.bonds {
		delete(list[k].bonds, i)
		if k == j {
			continue
		}
		b.bonds[k] += bond
		list[k].bonds[j] += bond
	}
	*a = patch{gone: true}
}

// outline is the area of a set of faces: their edges, less those they share.
func (m *mesh) outline(faces []int32, mark []int32, stamp int32) geo.MultiPolygon {
	for _, f := range faces {
		mark[f] = stamp
	}
	edge := func(h int32) bool { return mark[m.face[h^1]] != stamp }
	seen := map[int32]bool{}
	var rings []geo.Ring
	for _, f := range faces {
		for h := m.first[f]; ; {
			if edge(h) && !seen[h] {
				rings = append(rings, m.walk(h, edge, seen)...)
			}
			if h = m.next[h]; h == m.first[f] {
				break
			}
		}
	}
	return nest(rings)
}

// walk follows the border of a set of faces with the set on the left, and parts
// the ring where it comes back to a vertex.
func (m *mesh) walk(start int32, edge func(int32) bool, seen map[int32]bool) []geo.Ring {
	var rings []geo.Ring
	var path []int32 // vertices
	at := map[int32]int{}
	for h := start; ; {
		v := m.origin[h]
		if k, ok := at[v]; ok {
			rings = append(rings, m.lattice(path[k:]))
			for _, w := range path[k:] {
				delete(at, w)
			}
			path = path[:k]
		}
		if seen[h] {
			break
		}
		seen[h] = true
		at[v] = len(path)
		path = append(path, v)
		for h = m.next[h]; !edge(h); {
			h = m.next[h^1]
		}
	}
	return rings
}

func (m *mesh) lattice(vertices []int32) geo.Ring {
	r := make(geo.Ring, len(vertices))
	for i, v := range vertices {
		r[i] = m.pos[v]
	}
	return r
}

// nest puts holes into the outer rings around them. The parts come largest
// first, each ring from its lowest point, so that the bytes do not depend on the
// order of faces.
func nest(rings []geo.Ring) geo.MultiPolygon {
	var out geo.MultiPolygon
	for i := range rings {
		rings[i] = fromLowest(rings[i])
	}
	slices.SortFunc(rings, func(a, b geo.Ring) int {
		return cmp.Or(-cmp.Compare(a.DoubledArea(), b.DoubledArea()), comparePoints(a[0], b[0]))
	})
	for _, r := range rings {
		if r.DoubledArea() > 0 {
			out = append(out, geo.Polygon{r})
		}
	}
	for _, r := range rings {
		if r.DoubledArea() > 0 {
			continue
		}
		for i := len(out) - 1; i >= 0; i-- { // the smallest that contains it
			if ringHas(out[i][0], r) {
				out[i] = append(out[i], r)
				break
			}
		}
	}
	return out
}

func comparePoints(a, b geo.Point) int {
	return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X))
}

func fromLowest(r geo.Ring) geo.Ring {
	least := 0
	for i := range r {
		if comparePoints(r[i], r[least]) < 0 {
			least = i
		}
	}
	return append(slices.Clone(r[least:]), r[:least]...)
}

// ringHas reports whether a hole lies in an outer ring that it touches in
// vertices at most: by its first point that is no vertex of the ring.
func ringHas(outer, hole geo.Ring) bool {
	for _, p := range hole {
		if !slices.Contains(outer, p) {
			return covers(outer, p)
		}
	}
	return false
}

// covers reports whether p lies strictly inside, or on the border, by crossings
// of exact integers.
func covers(r geo.Ring, p geo.Point) bool {
	in := false
	for i, a := range r {
		b := r[(i+1)%len(r)]
		if (a.Y > p.Y) != (b.Y > p.Y) && (geo.Cross(a, b, p) > 0) == (b.Y > a.Y) {
			in = !in
		}
	}
	return in
}

// unitTree is the division of a town: face sets by level, each within its parent.
type unitTree struct {
	faces    []int32
	children []*unitTree
	homes    int
	size     float64 // m²
	center   vec
	label    geo.Point
	area     geo.MultiPolygon
	kind     string
	zone     use
	block    int32 // for names: the block with most homes
	code     string
	name     name
}

const (
	clusterCount = 6
	villageCount = 40
	microCount   = 251
)

// partition divides the town into clusters, villages, micro-grids and building
// groups.
func (b *builder) partition() *unitTree {
	b.count()
	villages := b.villages()
	root := &unitTree{}
	for _, c := range b.clusters(villages) {
		root.children = append(root.children, c)
		root.faces = append(root.faces, c.faces...)
	}
	b.enclave(root)
	b.micro(root)
	return root
}

// count adds up the dwellings planned, by face and block: a town that is only
// partly inhabited is divided like a full one.
func (b *builder) count() {
	b.homesIn = make([]int, len(b.m.first))
	b.blockHomes = make([]int, len(b.blockList))
	for _, h := range b.houseList {
		b.homesIn[h.face] += h.plan
		b.blockHomes[b.m.zone[h.face].block] += h.plan
	}
}

func (b *builder) villages() []*unitTree {
	list := make([]patch, 0, len(b.blockList))
	for i := range b.blockList[1:] {
		k := &b.blockList[i+1]
		w := float64(b.blockHomes[i+1])/250 + k.area/780_000
		kind := uint8(0)
		if k.zone == urban || k.zone == oldTown || k.zone == works {
			kind = 1
		}
		if k.lot == lotWater {
			w, kind = 0.001, 2
		}
		list = append(list, patch{faces: slices.Clone(k.cells), weight: w, kind: kind})
	}
	b.m.bonds(list)
	list = merge(list, villageCount, nil)
	out := make([]*unitTree, len(list))
	for i, p := range list {
		out[i] = b.unit(p.faces)
	}
	return out
}

// unit measures a set of faces.
func (b *builder) unit(faces []int32) *unitTree {
	slices.Sort(faces)
	u := &unitTree{faces: faces}
	var area float64
	homes := map[int32]int{}
	zones := [5]float64{}
	for _, f := range faces {
		s := b.m.shape(f)
		a := s.area()
		u.center = u.center.add(s.center().mul(a))
		area += a
		u.homes += b.homesIn[f]
		homes[b.m.zone[f].block] += b.homesIn[f] + 1
		zones[b.m.zone[f].use] += a
	}
	u.center, u.size = u.center.mul(1/area), area
	for k, n := range homes {
		if u.block == 0 || n > homes[u.block] || n == homes[u.block] && k < u.block {
			u.block = k
		}
	}
	u.zone = urban
	if zones[rural] > zones[urban]+zones[oldTown]+zones[works] {
		u.zone = rural
	}
	return u
}

func (b *builder) clusters(villages []*unitTree) []*unitTree {
	list := make([]patch, len(villages))
	for i, v := range villages {
		list[i] = patch{faces: slices.Clone(v.faces), weight: float64(float64(v.homes)/1700*0.5) + float64(v.size/2_600_000*0.5)}
	}
	b.m.bonds(list)
	list = merge(list, clusterCount, nil)
	out := make([]*unitTree, len(list))
	for i, p := range list {
		out[i] = b.unit(p.faces)
		for _, v := range villages {
			if slices.Contains(out[i].faces, v.faces[0]) {
				out[i].children = append(out[i].children, v)
			}
		}
	}
	return out
}

// enclave hands a block in the middle of one village to another of the same
// cluster that does not touch it, as happens where land was exchanged: the one
// gets a hole, the other a second part (飞地).
// A block with houses is taken for choice.
func (b *builder) enclave(root *unitTree) {
	for _, least := range []int{20, 0} {
		for _, c := range root.children {
			for _, host := range c.children {
				k := b.innerBlock(host, least)
				if owner := c.nearestLike(host); k > 0 && owner != nil {
					b.handOver(host, owner, k)
					return
				}
			}
		}
	}
}

// nearestLike is the other village of a cluster that is nearest to one and as
// urban or rural; nil for none.
func (u *unitTree) nearestLike(host *unitTree) *unitTree {
	var best *unitTree
	for _, v := range u.children {
		if v != host && v.zone == host.zone && (best == nil || v.center.dist(host.center) < best.center.dist(host.center)) {
			best = v
		}
	}
	return best
}

// innerBlock finds a block of host, with at least so many dwellings, that only
// host surrounds; 0 for none.
func (b *builder) innerBlock(host *unitTree, least int) int32 {
	inHost := map[int32]bool{}
	for _, f := range host.faces {
		inHost[f] = true
	}
	for i := range b.blockList {
		k := &b.blockList[i]
		if i == 0 || b.blockHomes[i] < least || b.blockHomes[i]*2 > host.homes || k.lot == lotWater {
			continue
		}
		inner := true
		for _, f := range k.cells {
			for _, h := range b.m.loop(f) {
				if !inHost[f] || !inHost[b.m.face[h^1]] || b.onRim(b.m.origin[h], inHost) {
					inner = false
				}
			}
		}
		if inner {
			return int32(i)
		}
	}
	return 0
}

// onRim reports whether a vertex has a face around it that is not in the set.
func (b *builder) onRim(v int32, set map[int32]bool) bool {
	start := b.m.out[v]
	for h := start; ; {
		if !set[b.m.face[h]] {
			return true
		}
		if h = b.m.prev[h] ^ 1; h == start {
			return false
		}
	}
}

func (b *builder) handOver(host, owner *unitTree, k int32) {
	moved := b.blockList[k].cells
	host.faces = slices.DeleteFunc(host.faces, func(f int32) bool { return slices.Contains(moved, f) })
	owner.faces = append(owner.faces, moved...)
	*host, *owner = *b.unit(host.faces), *b.unit(owner.faces)
}

// micro divides the villages into micro-grids and these into building groups.
func (b *builder) micro(root *unitTree) {
	var villages []*unitTree
	for _, c := range root.children {
		villages = append(villages, c.children...)
	}
	lists := make([][]patch, len(villages))
	left := microCount
	fixed, free := make([]int, len(villages)), make([]int, len(villages))
	for i, v := range villages {
		lists[i] = b.cellPatches(v)
		for _, p := range lists[i] {
			if p.locked {
				fixed[i]++
				left--
				continue
			}
			free[i]++
		}
	}
	for i, n := range shares(left, villages, free) {
		for _, p := range merge(lists[i], n+fixed[i], nil) {
			u := b.unit(p.faces)
			if p.locked {
				u.kind = "dedicated"
			}
			u.children = b.groups(u)
			villages[i].children = append(villages[i].children, u)
		}
	}
}

// shares divides a number of micro-grids among villages by their dwellings: at
// least one each and at most as many as it has cells, each time to the village
// with most dwellings for a micro-grid.
func shares(total int, villages []*unitTree, most []int) []int {
	out := make([]int, len(villages))
	for i := range out {
		out[i] = min(1, most[i])
		total -= out[i]
	}
	for ; total > 0; total-- {
		k := -1
		load := func(i int) float64 { return float64(villages[i].homes+1) / float64(out[i]) }
		for i := range out {
			if out[i] > 0 && out[i] < most[i] && (k < 0 || load(i) > load(k)) {
				k = i
			}
		}
		if k < 0 {
			break
		}
		out[k]++
	}
	return out
}

// cellPatches are the cells of a village; a school, a hospital, a market or
// works is one locked patch, for it will be a dedicated grid.
func (b *builder) cellPatches(v *unitTree) []patch {
	var list []patch
	site := -1
	for _, f := range v.faces {
		k := b.m.zone[f].block
		switch l := b.blockList[k].lot; l {
		case lotSchool, lotHospital, lotMarket, lotMall, lotCivic, lotSports:
			list = append(list, patch{faces: []int32{f}, locked: true})
			continue
		case lotWorks:
			if site >= 0 {
				list[site].faces = append(list[site].faces, f)
				continue
			}
			site = len(list)
			list = append(list, patch{faces: []int32{f}, locked: true})
			continue
		}
		w := float64(b.homesIn[f])/40 + b.m.shape(f).area()/900_000
		list = append(list, patch{faces: []int32{f}, weight: w})
	}
	b.m.bonds(list)
	b.prefer(list)
	return list
}

// prefer strengthens the bonds between cells of one block, for a compound or a
// natural village is divided by itself before any of it goes to a neighbour.
func (b *builder) prefer(list []patch) {
	for i := range list {
		for j := range list[i].bonds {
			if b.m.zone[list[i].faces[0]].block == b.m.zone[list[j].faces[0]].block {
				list[i].bonds[j] *= 4
			}
		}
	}
}

// groups divides a micro-grid into building groups of four dwellings or more, at
// most six groups.
func (b *builder) groups(u *unitTree) []*unitTree {
	list := make([]patch, len(u.faces))
	for i, f := range u.faces {
		list[i] = patch{faces: []int32{f}, weight: float64(b.homesIn[f])}
	}
	b.m.bonds(list)
	b.prefer(list)
	list = merge(list, 1, func(least float64, left int) bool { return least >= 4 && left <= 6 })
	list = joinEmpty(list)
	out := make([]*unitTree, len(list))
	for i, p := range list {
		out[i] = b.unit(p.faces)
	}
	return out
}

// joinEmpty adds detached pieces without dwellings to the heaviest patch.
func joinEmpty(list []patch) []patch {
	heavy := 0
	for i := range list {
		if list[i].weight > list[heavy].weight {
			heavy = i
		}
	}
	var out []patch
	for i, p := range list {
		if i != heavy && p.weight == 0 {
			list[heavy].faces = append(list[heavy].faces, p.faces...)
		}
	}
	for i, p := range list {
		if i == heavy || p.weight > 0 {
			out = append(out, p)
		}
	}
	return out
}

// order sorts units as grids are numbered: in bands from north to south, and
// from west to east within a band.
func order(list []*unitTree) {
	if len(list) < 2 {
		return
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, u := range list {
		lo, hi = min(lo, u.center.y), max(hi, u.center.y)
	}
	bands := math.Max(1, math.Round(math.Sqrt(float64(len(list))*0.8)))
	band := func(u *unitTree) int {
		return int(min(bands-1, math.Floor((hi-u.center.y)/(hi-lo+1e-6)*bands)))
	}
	slices.SortStableFunc(list, func(a, c *unitTree) int {
		return cmp.Or(cmp.Compare(band(a), band(c)), cmp.Compare(a.center.x, c.center.x), cmp.Compare(a.faces[0], c.faces[0]))
	})
}
