package town

import (
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
	b.candidates(&t.Town)
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
