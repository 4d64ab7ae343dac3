package town

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"wangge/geo"
)

// invented marks the name of every town on the map.
var invented = name{"（虚构）", " (invented)"}

// nameUnits numbers and names the units, before their codes are used.
func (b *builder) nameUnits(root *unitTree, t *Town) {
	b.codeOf, b.villageOf = make([]string, len(b.m.first)), make([]string, len(b.m.first))
	nine := b.county + pad(b.seat, 3)
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
