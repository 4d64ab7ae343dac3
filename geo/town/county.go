package town

import (
	"cmp"
	"slices"

	"wangge/geo"
)

// levels of a town; a county has one more above.
var levels = []Level{
	{LevelCounty, 10, "县", "County"},
	{LevelTown, 20, "镇", "Town"},
	{LevelCluster, 30, "片区", "Cluster"},
	{LevelVillage, 40, "居村", "Community or village"},
	{LevelMicroGrid, 70, "微网格", "Micro-grid"},
	{LevelBuildingGroup, 80, "楼组（队组）", "Building group"},
}

// county puts the towns together; more than one get a county above them.
func county(parts []*part) *Town {
	if len(parts) == 1 {
		t := &parts[0].Town
		t.Levels = slices.Clone(levels[1:])
		return t
	}
	t := &Town{Name: "示例县", NameEn: "Demo County", Levels: slices.Clone(levels)}
	rim := map[geo.Point]int32{}
	t.grow(parts)
	for k, p := range parts {
		t.append(p, rim)
		parts[k] = nil
	}
	top := Unit{Code: countyCode + "000000", Level: LevelCounty, Name: t.Name + invented[0], NameEn: t.NameEn + invented[1]}
	var towns []geo.MultiPolygon
	for i := range t.Units {
		if u := &t.Units[i]; u.Level == LevelTown {
			u.Parent = top.Code
			towns = append(towns, u.Area)
			if len(towns) == (len(parts)+1)/2 {
				top.Label = u.Label
			}
		}
	}
	top.Area = dissolve(towns)
	t.Units = append(t.Units, top)
	rank := map[string]int{}
	for _, l := range levels {
		rank[l.Code] = l.Rank
	}
	slices.SortFunc(t.Units, func(a, c Unit) int {
		return cmp.Or(cmp.Compare(rank[a.Level], rank[c.Level]), cmp.Compare(a.Code, c.Code))
	})
	t.Places = append(t.Places, Place{Kind: "county", Name: top.Name, NameEn: top.NameEn, At: top.Label})
	return t
}

// grow makes room for the longest lists of all towns.
func (t *Town) grow(parts []*part) {
	var nodes, buildings, households, units int
	for _, p := range parts {
		nodes += len(p.Nodes)
		buildings += len(p.Buildings)
		households += len(p.Households)
		units += len(p.Units)
	}
	t.Nodes = make([]geo.Point, 0, nodes)
	t.Buildings = make([]Building, 0, buildings)
	t.Households = make([]Household, 0, households)
	t.Units = make([]Unit, 0, units+1)
}

// append adds a town: indexes and numbers move on, nodes on its border are
// joined to those of its neighbours.
func (t *Town) append(p *part, rim map[geo.Point]int32) {
	nodes := make([]int32, len(p.Nodes))
	for i, at := range p.Nodes {
		n, ok := rim[at]
		if !ok {
			n = int32(len(t.Nodes))
			t.Nodes = append(t.Nodes, at)
			if p.rim[at] {
				rim[at] = n
			}
		}
		nodes[i] = n
	}
	for _, s := range p.Streets {
		s.ID = int64(len(t.Streets) + 1)
		for i, n := range s.Nodes {
			s.Nodes[i] = nodes[n]
		}
		t.Streets = append(t.Streets, s)
	}
	compounds, buildings := int32(len(t.Compounds)), int32(len(t.Buildings))
	for _, c := range p.Compounds {
		c.ID = int64(len(t.Compounds) + 1)
		for i, n := range c.Gates {
			c.Gates[i] = nodes[n]
		}
		t.Compounds = append(t.Compounds, c)
	}
	for _, x := range p.Buildings {
		x.ID = int64(len(t.Buildings) + 1)
		if x.Compound >= 0 {
			x.Compound += compounds
		}
		t.Buildings = append(t.Buildings, x)
	}
	for _, h := range p.Households {
		h.In += buildings
		t.Households = append(t.Households, h)
	}
	for _, w := range p.Water {
		w.ID = int64(len(t.Water) + 1)
		t.Water = append(t.Water, w)
	}
	for _, g := range p.Green {
		g.ID = int64(len(t.Green) + 1)
		t.Green = append(t.Green, g)
	}
	t.Units = append(t.Units, p.Units...)
	t.Places = append(t.Places, p.Places...)
	t.ServicePoints = append(t.ServicePoints, p.ServicePoints...)
	t.Candidates = append(t.Candidates, p.Candidates...)
	t.Incidents = append(t.Incidents, p.Incidents...)
	t.Tracks = append(t.Tracks, p.Tracks...)
	t.Zones = append(t.Zones, p.Zones...)
}

// dissolve is the union of areas that meet in equal edges: what is walked once
// in each direction goes.
func dissolve(areas []geo.MultiPolygon) geo.MultiPolygon {
	next := map[geo.Point]geo.Point{}
	type edge struct{ a, b geo.Point }
	edges := map[edge]bool{}
	for _, m := range areas {
		for _, polygon := range m {
			for _, r := range polygon {
				for i, a := range r {
					e := edge{a, r[(i+1)%len(r)]}
					if edges[edge{e.b, e.a}] {
						delete(edges, edge{e.b, e.a})
						continue
					}
					edges[e] = true
				}
			}
		}
	}
	starts := make([]geo.Point, 0, len(edges))
	for e := range edges {
		next[e.a] = e.b
		starts = append(starts, e.a)
	}
	slices.SortFunc(starts, comparePoints)
	var rings []geo.Ring
	for _, s := range starts {
		var r geo.Ring
		for p, ok := next[s]; ok; p, ok = next[p] {
			delete(next, s)
			r = append(r, s)
			s = p
		}
		if len(r) > 2 {
			rings = append(rings, r)
		}
	}
	return nest(rings)
}
