package town

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"wangge/geo"
)

// part is one town of a board, before it is joined with the others.
type part struct {
	Town
	rim map[geo.Point]bool // street nodes on the town's border, shared with neighbours
}

// town builds one town of the board from the ground up.
func (b *builder) town(households int, now time.Time) *part {
	b.ground()
	b.banks()
	b.blocks()
	b.assign()
	b.plots(min(max(households, 9_000), 12_000))
	b.fill(households)
	b.walkable()
	b.nameStreets()
	b.parks()
	tree := b.partition()
	t := &part{Town: Town{Name: b.name[0] + "镇", NameEn: b.name[1] + " Town"}}
	b.compounds(&t.Town)
	b.nameUnits(tree, &t.Town)
	b.units(tree, &t.Town)
	b.network(t)
	b.buildings(&t.Town)
	b.nature(&t.Town)
	b.places(tree, &t.Town)
	b.families(&t.Town)
	b.servicePoints(&t.Town, now)
	b.overlays(&t.Town)
	b.incidents(&t.Town, now)
	b.tracks(&t.Town, now)
	return t
}

func (b *builder) network(t *part) {
	table := &nodeTable{at: map[geo.Point]int32{}}
	b.streets(&t.Town, table)
	b.gates(&t.Town, table)
	t.rim = map[geo.Point]bool{}
	for e, l := range b.m.line {
		if l == lineBorder {
			t.rim[b.m.pos[b.m.origin[2*e]]] = true
		}
	}
}

// compounds makes the compounds, old quarters, natural villages and sites, with
// names and addresses.
func (b *builder) compounds(t *Town) {
	sites := map[lot]int{}
	quarters := map[string]int32{}
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.inside == nil || i == 0 {
			continue
		}
		ground := geo.Polygon{b.m.frame.ring(k.inside)}
		c := Compound{Area: geo.MultiPolygon{ground}}
		var n name
		switch k.lot {
		case lotCompound, lotTowers:
			e := pick(b.d, compoundEnds)
			n = b.compoundNames.next().cat(e[0], e[1])
			c.Kind, c.Wall = "compound", true
		case lotHamlet:
			n, c.Kind = b.hamletName(), "natural-village"
		case lotOld:
			c.Kind = "old-town"
			n = b.names[b.mainStreet(k)]
			if n[0] == "" {
				n = b.oldNames.next().cat("里", " Quarter")
			}
			if g, ok := quarters[n[0]]; ok { // blocks on one street share its numbers
				k.group = g
				t.Compounds[g].Area = append(t.Compounds[g].Area, ground)
				continue
			}
			quarters[n[0]] = int32(len(t.Compounds))
		default:
			if n = b.siteName(k.lot, sites); n[0] == "" {
				continue
			}
			c.Kind = "site"
		}
		c.ID, c.Name, c.NameEn = int64(len(t.Compounds)+1), n[0], n[1]
		c.Address = b.streetAddress(k)
		k.group = int32(len(t.Compounds))
		b.titles = append(b.titles, n)
		t.Compounds = append(t.Compounds, c)
	}
}

// siteName names what a town has one or a few of.
func (b *builder) siteName(l lot, seen map[lot]int) name {
	seen[l]++
	n := seen[l]
	switch l {
	case lotSchool:
		if n == 1 {
			return b.name.cat("中学", " Middle School")
		}
		return b.name.cat("第"+numeral(n-1)+"小学", " Primary School No. "+strconv.Itoa(n-1))
	case lotHospital:
		return b.name.cat("卫生院", " Hospital")
	case lotMarket:
		return b.name.cat("农贸市场", " Food Market")
	case lotMall:
		return b.name.cat("商业广场", " Shopping Plaza")
	case lotCivic:
		return b.name.cat("综合服务中心", " Service Hall")
	case lotStation:
		return b.name.cat("汽车站", " Bus Station")
	case lotOffice:
		e := name{"商务楼", " Business Centre"}
		return b.compoundNames.next().cat(e[0], e[1])
	case lotKindergarten:
		return b.compoundNames.next().cat("幼儿园", " Kindergarten")
	case lotSports:
		if n == 1 {
			return b.name.cat("体育中心", " Sports Centre")
		}
		return b.compoundNames.next().cat("球场", " Sports Ground")
	case lotWorkshop:
		return b.compoundNames.next().cat("创业园", " Start-up Yard")
	case lotWorks:
		return name{"工业园" + strconv.Itoa(n) + "号地块", "Industrial Park Lot " + strconv.Itoa(n)}
	}
	return name{}
}

// mainStreet is the named street with the longest front on a block; 0 for none.
func (b *builder) mainStreet(k *block) int32 {
	inBlock := map[int32]bool{}
	for _, f := range k.cells {
		inBlock[f] = true
	}
	front := map[int32]float64{}
	best := int32(0)
	for _, f := range k.cells {
		for _, h := range b.m.loop(f) {
			n := b.m.lineOf(h).name
			if n == 0 || inBlock[b.m.face[h^1]] {
				continue
			}
			if front[n] += b.m.length(h); best == 0 || front[n] > front[best] {
				best = n
			}
		}
	}
	return best
}

// streetAddress is street and number; numbers grow along the street from its
// western or southern end, one for each four metres.
func (b *builder) streetAddress(k *block) string {
	n := b.mainStreet(k)
	if n == 0 {
		return ""
	}
	return b.names[n][0] + strconv.Itoa(b.number(n, k.center)) + "弄"
}

// number is the house number of a place on a street.
func (b *builder) number(street int32, p vec) int {
	if b.reach == nil {
		b.reach = map[int32]shape{}
		for e, l := range b.m.line {
			if n := b.m.lines[l].name; n != 0 {
				b.reach[n] = append(b.reach[n], b.m.from(int32(2*e)))
			}
		}
	}
	s := b.reach[street]
	u := vec{1, 0}
	l0, h0 := s.span(u)
	if l1, h1 := s.span(vec{0, 1}); h1-l1 > h0-l0 {
		u, l0 = vec{0, 1}, l1
	}
	return 1 + int(max(0, p.dot(u)-l0)/4)
}

// buildings numbers the houses and puts them on the map.
func (b *builder) buildings(t *Town) {
	numbers := b.numbers()
	t.Buildings = make([]Building, len(b.houseList))
	for i, h := range b.houseList {
		k := b.blockList[b.m.zone[h.face].block]
		x := Building{
			ID: int64(i + 1), Kind: h.kind, Compound: k.group, Levels: h.levels, Stairwells: h.stairwells,
			Area: geo.Polygon{b.m.frame.ring(h.shape)}, Unit: b.codeOf[h.face],
		}
		n := strconv.Itoa(numbers[i])
		switch k.lot {
		case lotCompound, lotTowers:
			x.Name, x.NameEn = n+"号楼", "Building "+n
		case lotHamlet, lotOld:
			x.Name, x.NameEn = n+"号", "No. "+n
		default:
			x.Name, x.NameEn = n+"号楼", "Building "+n
		}
		x.Address = t.Name
		if shop, n := b.shopFront(h, k); shop != "" {
			x.Compound, x.Name, x.NameEn, x.Address = -1, pad(n, 1)+"号", "No. "+pad(n, 1), t.Name+shop+pad(n, 1)+"号"
			t.Buildings[i] = x
			continue
		}
		if k.group >= 0 {
			c := t.Compounds[k.group]
			if c.Kind == "natural-village" {
				x.Address += b.villageOf[h.face]
			}
			if c.Kind == "compound" {
				x.Address += c.Address
			}
			x.Address += c.Name
		}
		x.Address += x.Name
		t.Buildings[i] = x
	}
}

// shopFront is the street and number of a shop outside a compound's wall.
func (b *builder) shopFront(h house, k block) (string, int) {
	if h.kind != "retail" || k.lot != lotCompound && k.lot != lotTowers {
		return "", 0
	}
	best, least := int32(0), math.Inf(1)
	for _, e := range b.m.loop(h.face) {
		if n := b.m.lineOf(e).name; n != 0 {
			if d := distToSegment(h.middle(), b.m.from(e), b.m.to(e)); d < least {
				best, least = n, d
			}
		}
	}
	return b.names[best][0], b.number(best, h.middle())
}

// gates are the nodes where a compound's roads leave it.
func (b *builder) gates(t *Town, nodes *nodeTable) {
	m := b.m
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.group < 0 || !t.Compounds[k.group].Wall {
			continue
		}
		seen := map[int32]bool{}
		for _, f := range k.cells {
			for _, h := range m.loop(f) {
				if l := m.lineOf(h); !l.inner || l.class == "" {
					continue
				}
				for _, v := range [2]int32{m.origin[h], m.dest(h)} {
					if !seen[v] && b.outside(v, int32(i)) {
						seen[v] = true
						c := &t.Compounds[k.group]
						c.Gates = append(c.Gates, nodes.id(t, m.pos[v]))
					}
				}
			}
		}
	}
}

// outside reports whether a vertex lies on the rim of a block.
func (b *builder) outside(v, block int32) bool {
	start := b.m.out[v]
	for h := start; ; {
		if b.m.zone[b.m.face[h]].block != block {
			return true
		}
		if h = b.m.prev[h] ^ 1; h == start {
			return false
		}
	}
}

// numbers counts the houses of each block, row by row from the south.
func (b *builder) numbers() []int {
	byBlock := map[int32][]int{}
	var blocks []int32
	for i, h := range b.houseList {
		k := b.m.zone[h.face].block
		if g := b.blockList[k].group; g >= 0 {
			k = g
		} else {
			k += 1 << 20
		}
		if byBlock[k] == nil {
			blocks = append(blocks, k)
		}
		byBlock[k] = append(byBlock[k], i)
	}
	out := make([]int, len(b.houseList))
	for _, k := range blocks {
		list := byBlock[k]
		slices.SortStableFunc(list, func(a, c int) int {
			p, q := b.houseList[a], b.houseList[c]
			n := b.blockList[b.m.zone[p.face].block].row.left()
			if n == (vec{}) {
				n = vec{0, 1}
			}
			rp, rq := math.Floor(p.middle().dot(n)/16), math.Floor(q.middle().dot(n)/16)
			return cmp.Or(cmp.Compare(rp, rq), cmp.Compare(p.middle().x, q.middle().x))
		})
		for n, i := range list {
			out[i] = n + 1
		}
	}
	return out
}

// nature adds water and greenery.
func (b *builder) nature(t *Town) {
	f := b.m.frame
	b.addWater(t)
	for _, l := range b.lakes {
		t.Water = append(t.Water, Water{Kind: l.kind, Name: l.name[0], NameEn: l.name[1], Area: geo.MultiPolygon{{f.ring(l.shape)}}})
	}
	green := func(kind string, n name, s shape) {
		t.Green = append(t.Green, Green{ID: int64(len(t.Green) + 1), Kind: kind, Name: n[0], NameEn: n[1], Area: geo.MultiPolygon{{f.ring(s)}}})
	}
	parks := newDeck(b.d, parkNames)
	for i := range b.blockList {
		k := &b.blockList[i]
		switch k.lot {
		case lotField, lotOrchard, lotVegetables:
			for _, c := range k.cells {
				s := b.m.inset(c)
				if i == 0 || s == nil {
					continue
				}
				kind := map[lot]string{lotField: "farmland", lotOrchard: "orchard", lotVegetables: "vegetables"}[k.lot]
				if b.d.chance(0.1) {
					kind = "vegetables"
				}
				green(kind, name{}, s)
			}
		case lotPonds:
			for _, c := range k.cells {
				if s := b.m.inset(c); s != nil {
					t.Water = append(t.Water, Water{Kind: "pond", Area: geo.MultiPolygon{{f.ring(s)}}})
				}
			}
		case lotWood:
			green("wood", name{}, k.shape)
		case lotVacant:
			if k.inside != nil {
				green("grass", name{}, k.inside)
			}
		case lotPark, lotLake:
			if k.inside != nil {
				n := parks.next()
				if k.lot == lotLake {
					n = name{"菱湖公园", "Ling Lake Park"}
				}
				green("park", n, k.inside)
				k.title = n
			}
		case lotGreen:
			if k.inside != nil {
				green("garden", name{}, k.inside)
			}
		}
	}
	for _, s := range b.pitches {
		green("pitch", name{}, s)
	}
	for i := range t.Water {
		t.Water[i].ID = int64(i + 1)
	}
}

// addWater joins the pools of each river and canal to one area.
func (b *builder) addWater(t *Town) {
	pools := make([][]int32, len(b.waterCourses))
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot != lotWater {
			continue
		}
		best, least := 0, math.Inf(1)
		for c, w := range b.waterCourses {
			for j := 0; j+1 < len(w.at); j++ {
				if d := distToSegment(k.center, w.at[j], w.at[j+1]); d < least {
					best, least = c, d
				}
			}
		}
		pools[best] = append(pools[best], k.cells...)
	}
	mark := make([]int32, len(b.m.first))
	titles := []name{b.name.cat("河", " River"), {"西北浜", "Xibei Creek"}, {"西南浜", "Xinan Creek"}, {"东北浜", "Dongbei Creek"}, {"东南浜", "Dongnan Creek"}, {"老市河", "Old Market Canal"}}
	for c, faces := range pools {
		if len(faces) == 0 {
			continue
		}
		kind := "canal"
		if c == 0 {
			kind = "river"
		}
		slices.Sort(faces)
		t.Water = append(t.Water, Water{Kind: kind, Name: titles[c][0], NameEn: titles[c][1], Area: b.m.outline(faces, mark, int32(c+1))})
	}
}

var parkNames = pairs("滨河公园", "Riverside Park", "市民公园", "Citizens' Park", "体育公园", "Sports Park", "文化公园", "Culture Park", "知音园", "Zhiyin Garden")

// invented marks the name of every town on the map.
var invented = name{"（虚构）", " (invented)"}

// nameUnits numbers and names the units, before their codes are used.
func (b *builder) nameUnits(root *unitTree, t *Town) {
	b.codeOf, b.villageOf = make([]string, len(b.m.first)), make([]string, len(b.m.first))
	nine := b.county + pad(b.number3, 3)
	root.code, root.name = nine+"000", name{t.Name, t.NameEn}.cat(invented[0], invented[1])
	root.center = b.origin
	order(root.children)
	for i, c := range root.children {
		c.code = nine + pad(901+i, 3)
	}
	b.nameClusters(root)
	var villages []*unitTree
	for _, c := range root.children {
		villages = append(villages, c.children...)
		order(c.children)
	}
	order(villages)
	town, country := 1, 200
	for _, v := range villages {
		b.nameVillage(v, t)
		if v.zone == rural {
			v.code, v.kind = nine+pad(country, 3), "village"
			country++
		} else {
			v.code, v.kind = nine+pad(town, 3), "community"
			town++
		}
		b.numberGrids(v)
	}
}

// nameClusters names the clusters after the side of the town they lie on; the
// country beyond the town has names of its own.
func (b *builder) nameClusters(root *unitTree) {
	town := pairs("城东", "East Town", "城北", "North Town", "城西", "West Town", "城南", "South Town")
	country := pairs("东乡", "East Country", "北乡", "North Country", "西乡", "West Country", "南乡", "South Country")
	old := b.faceAt(b.old)
	used := map[string]int{}
	for _, c := range root.children {
		d := c.center.sub(b.old)
		side := 0
		switch {
		case math.Abs(d.x) < math.Abs(d.y) && d.y > 0:
			side = 1
		case math.Abs(d.x) < math.Abs(d.y):
			side = 3
		case d.x < 0:
			side = 2
		}
		n := town[side]
		if c.zone == rural {
			n = country[side]
		}
		if slices.Contains(c.faces, old) {
			n = name{"老街", "Old Street"}
		}
		if used[n[0]]++; used[n[0]] > 1 {
			n = n.cat(numeral(used[n[0]]), " "+strconv.Itoa(used[n[0]]))
		}
		c.name = n.cat("片区", " Cluster")
	}
}

// nameVillage names a village after its largest hamlet and a community after a
// street or compound.
func (b *builder) nameVillage(v *unitTree, t *Town) {
	k := b.blockList[v.block]
	if v.zone == rural {
		n := b.villageNames.next()
		if k.group >= 0 && k.lot == lotHamlet {
			c := t.Compounds[k.group]
			n = name{c.Name, c.NameEn}
		}
		v.name = n.cat("村", " Village")
		return
	}
	v.name = b.communityNames.next().cat("社区", " Community")
}

// numberGrids gives micro-grids and building groups their codes and names.
func (b *builder) numberGrids(v *unitTree) {
	order(v.children)
	for i, g := range v.children {
		n := strconv.Itoa(i + 1)
		g.code = v.code + pad(i+1, 3)
		g.name = v.name.cat("第"+numeral(i+1)+"微网格", ", Micro-grid "+n)
		if g.kind == "dedicated" {
			if title := b.siteTitle(g); title[0] != "" {
				g.name = title.cat("专属网格", " Dedicated Grid")
			}
		}
		order(g.children)
		for j, u := range g.children {
			u.code = g.code + pad(j+1, 3)
			u.name = g.name.cat("第"+numeral(j+1)+"楼组", ", Group "+strconv.Itoa(j+1))
			if u.zone == rural {
				u.name[0] = g.name[0] + "第" + numeral(j+1) + "队组"
			}
			for _, f := range u.faces {
				b.codeOf[f], b.villageOf[f] = u.code, v.name[0]
			}
		}
	}
}

func (b *builder) siteTitle(g *unitTree) name {
	k := b.blockList[g.block]
	if k.lot == lotWorks {
		b.worksGrids++
		return name{"工业园" + numeral(b.worksGrids) + "区", "Industrial Park Section " + strconv.Itoa(b.worksGrids)}
	}
	if k.group < 0 {
		return name{}
	}
	return b.titles[k.group]
}

// units writes the tree as a list, level by level, by code within a level.
func (b *builder) units(root *unitTree, t *Town) {
	mark := make([]int32, len(b.m.first))
	stamp := int32(0)
	row := []*unitTree{root}
	parents := map[*unitTree]string{}
	for _, level := range []string{LevelTown, LevelCluster, LevelVillage, LevelMicroGrid, LevelBuildingGroup} {
		slices.SortStableFunc(row, func(a, c *unitTree) int { return cmp.Compare(a.code, c.code) })
		var below []*unitTree
		for _, u := range row {
			stamp++
			t.Units = append(t.Units, Unit{
				Code: u.code, Parent: parents[u], Level: level, Kind: u.kind, Name: u.name[0], NameEn: u.name[1],
				Area: b.m.outline(u.faces, mark, stamp), Label: b.label(u),
			})
			for _, c := range u.children {
				parents[c] = u.code
				below = append(below, c)
			}
		}
		row = below
	}
}

// label is a place strictly inside a unit: the middle of that of its larger
// faces which is nearest to the middle of the unit.
func (b *builder) label(u *unitTree) geo.Point {
	best, least := vec{}, math.Inf(1)
	for _, f := range u.faces {
		s := b.m.shape(f)
		c := s.center()
		if !s.has(c) || s.nearest(c) < 1 {
			continue
		}
		score := c.dist(u.center) + 3000/math.Sqrt(s.area())
		if b.m.zone[f].use == water {
			score += 500
		}
		if score < least {
			best, least = c, score
		}
	}
	return b.m.frame.lattice(best)
}

// nearest is the distance from p to the outline.
func (s shape) nearest(p vec) float64 {
	least := math.Inf(1)
	for i, a := range s {
		least = min(least, distToSegment(p, a, s[(i+1)%len(s)]))
	}
	return least
}

// places puts the names on the map.
func (b *builder) places(root *unitTree, t *Town) {
	add := func(kind string, n name, at vec) {
		if n[0] != "" {
			t.Places = append(t.Places, Place{Kind: kind, Name: n[0], NameEn: n[1], At: b.m.frame.lattice(at)})
		}
	}
	add("town", root.name, b.old)
	for _, c := range root.children {
		for _, v := range c.children {
			if v.kind == "village" {
				add("village", v.name, b.m.frame.meters(b.label(v)))
			} else {
				add("suburb", v.name, b.m.frame.meters(b.label(v)))
			}
		}
	}
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.group >= 0 {
			kind := map[lot]string{
				lotHamlet: "hamlet", lotCompound: "compound", lotTowers: "compound", lotSchool: "school", lotHospital: "hospital",
				lotMarket: "market", lotMall: "market", lotCivic: "civic", lotStation: "station", lotWorks: "industrial",
				lotOffice: "office", lotKindergarten: "school", lotSports: "sports", lotWorkshop: "industrial",
			}[k.lot]
			if kind != "" {
				add(kind, b.titles[k.group], k.center)
			}
		}
		add("park", k.title, k.center)
	}
	for _, l := range b.lakes {
		add("water", l.name, l.shape.center())
	}
}
