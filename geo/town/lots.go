package town

import (
	"cmp"
	"math"
	"slices"
)

// assign gives every block its use.
func (b *builder) assign() {
	b.assignTown()
	b.assignWorks()
	b.hamlets()
	b.fields()
}

func (b *builder) assignTown() {
	for i := range b.blockList {
		k := &b.blockList[i]
		switch {
		case k.lot != lotField || k.zone != urban && k.zone != oldTown:
		case k.zone == oldTown:
			k.lot = lotOld
		case k.inside == nil || k.inside.area() < 2_500 || k.width() < 45:
			k.lot = lotGreen
		default:
			k.lot = lotCompound
		}
	}
	o := b.old
	b.take(lotCivic, o.add(vec{330, 330}), 9_000, 40_000)
	b.take(lotMall, o.add(vec{480, 180}), 9_000, 40_000)
	b.take(lotMarket, o.add(vec{-220, 200}), 8_000, 40_000)
	b.take(lotPark, o.add(vec{300, -20}), 8_000, 60_000)
	b.take(lotHospital, o.add(vec{120, -420}), 9_000, 40_000)
	b.take(lotSchool, o.add(vec{-420, 420}), 14_000, 50_000)
	b.take(lotSchool, o.add(vec{620, -260}), 12_000, 50_000)
	b.take(lotSchool, o.add(vec{1000, 300}), 12_000, 50_000)
	b.take(lotStation, o.add(vec{-640, 330}), 6_000, 30_000)
	b.take(lotPark, o.add(vec{-470, -30}), 8_000, 60_000)
	b.take(lotPark, o.add(vec{60, 640}), 8_000, 40_000)
	// Towers are newer and stand farther out than rows.
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot == lotCompound && k.center.dist(o) > 560 && b.d.chance(0.14) {
			k.lot = lotTowers
		}
	}
}

// compoundsByTaste lists the blocks for compounds: the quiet ones first, those
// along the ring and the avenues last.
func (b *builder) compoundsByTaste() []int {
	var list []int
	score := make([]float64, len(b.blockList))
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot != lotCompound && k.lot != lotTowers {
			continue
		}
		list = append(list, i)
		score[i] = b.d.between(0, 1.4)
		for _, h := range b.m.loop(k.cells[0]) {
			if b.m.lineOf(h).class == "primary" {
				score[i] += b.m.length(h) / 200
			}
		}
	}
	slices.SortStableFunc(list, func(a, c int) int { return cmp.Compare(score[a], score[c]) })
	return list
}

// width is the shorter side of the smallest rectangle around a block.
func (k *block) width() float64 {
	lo, hi := k.shape.span(k.shape.axis().left())
	return hi - lo
}

// take gives the compound's block of the right size nearest to a place another
// use.
func (b *builder) take(l lot, near vec, least, most float64) *block {
	var best *block
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot != lotCompound || k.area < least || k.area > most {
			continue
		}
		if best == nil || k.center.dist(near) < best.center.dist(near) {
			best = k
		}
	}
	if best != nil {
		best.lot = l
	}
	return best
}

// assignWorks makes lots of the industrial park; blocks too narrow to build on
// stay fields.
func (b *builder) assignWorks() {
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.zone == works && k.lot == lotField && k.inside != nil && k.width() > 50 {
			k.lot = lotWorks
		}
	}
}

// hamlets spreads the natural villages over the open country: near water and
// roads, some way from each other and from the town.
func (b *builder) hamlets() {
	type site struct {
		block int
		score float64
	}
	var sites []site
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.zone != rural || k.lot != lotField || k.inside == nil || k.area > 120_000 || k.width() < 110 {
			continue
		}
		score := b.d.between(0, 0.8)
		for _, h := range b.m.loop(k.cells[0]) {
			switch l := b.m.lineOf(h); {
			case l.bank:
				score += b.m.length(h) / 400
			case l.class == "tertiary":
				score += b.m.length(h) / 500
			case l.class == "primary":
				score -= b.m.length(h) / 300
			case b.m.frozen(h):
				score -= b.m.length(h) / 200
			}
		}
		sites = append(sites, site{i, score})
	}
	slices.SortStableFunc(sites, func(a, c site) int { return cmp.Compare(c.score, a.score) })
	var area float64
	for _, apart := range []float64{430, 330, 260} {
		for _, s := range sites {
			k := &b.blockList[s.block]
			if area > 2_000_000 || k.lot == lotHamlet {
				continue
			}
			if b.nearestHamlet(k.center) > apart {
				k.lot = lotHamlet
				area += k.area
			}
		}
	}
}

func (b *builder) nearestHamlet(p vec) float64 {
	least := math.Inf(1)
	for i := range b.blockList {
		if k := &b.blockList[i]; k.lot == lotHamlet {
			least = min(least, k.center.dist(p))
		}
	}
	return least
}

// fields gives the open country its crops.
func (b *builder) fields() {
	for i := range b.blockList {
		k := &b.blockList[i]
		if k.lot != lotField || i == 0 {
			continue
		}
		switch weighted(b.d, 0.68, 0.08, 0.14, 0.05, 0.05) {
		case 1:
			k.lot = lotOrchard
		case 2:
			k.lot = lotVegetables
		case 3:
			k.lot = lotWood
		case 4:
			if k.inside != nil {
				k.lot = lotPonds
			}
		}
	}
}

// rowDirection is the direction of a block's rows of houses: along one of its
// sides, so that the houses face as nearly south as the streets allow.
func (k *block) rowDirection() vec {
	u := k.shape.axis()
	if math.Abs(u.x) < math.Abs(u.y) {
		u = u.left()
	}
	if u.x < 0 {
		u = u.mul(-1)
	}
	if math.Abs(u.y) > 0.5 { // more than thirty degrees: half way to due south
		u = u.add(vec{1, 0}).unit()
	}
	return u
}

// plots divides the ground of the blocks into cells, each of which will carry a
// building or a few, and builds on them. Compounds come last, as many as goal
// dwellings need; the blocks that remain go to offices, sports, workshops and
// land that waits to be built on.
func (b *builder) plots(goal int) {
	for i := range b.blockList {
		b.blockList[i].row = vec{1, 0}
		if i > 0 {
			b.blockList[i].row = b.blockList[i].rowDirection()
			b.plot(&b.blockList[i])
		}
	}
	others := []lot{lotOffice, lotWorkshop, lotVacant, lotKindergarten, lotSports, lotGreen}
	spare := 0
	for _, i := range b.compoundsByTaste() {
		k := &b.blockList[i]
		if b.total() < goal {
			b.compound(k)
			continue
		}
		k.lot = others[spare%len(others)]
		spare++
		b.plot(k)
	}
	for i := range b.blockList {
		for _, f := range b.blockList[i].cells {
			b.m.zone[f].block = int32(i)
		}
	}
}

// plot builds on a block that is no compound.
func (b *builder) plot(k *block) {
	switch k.lot {
	case lotHamlet:
		b.hamlet(k)
	case lotOld:
		k.cells = b.divide(k.cells[0], laneRule)
		for _, f := range k.cells {
			b.perimeter(f)
		}
	case lotField, lotOrchard, lotVegetables, lotPonds:
		k.cells = b.divide(k.cells[0], fieldRule)
	case lotMarket, lotMall, lotSchool, lotHospital, lotCivic, lotStation, lotWorks, lotOffice, lotKindergarten, lotSports, lotWorkshop:
		b.site(k)
	}
}

// compound lays out a walled compound: a spine between two gates, lanes along the
// rows, a cell for each building.
func (b *builder) compound(k *block) {
	if k.inside == nil {
		return
	}
	u, n := k.row, k.row.left()
	pitch, wide := b.d.between(32, 37), b.d.between(31, 42)
	if k.lot == lotTowers {
		pitch, wide = b.d.between(50, 58), b.d.between(44, 52)
	}
	halves := []int32{k.cells[0]}
	lo, hi := k.inside.span(u)
	if hi-lo > 95 {
		at := k.center.along(u, float64((lo+hi)/2)+b.d.between(-12, 12)-k.center.dot(u))
		if g, ok := b.cutNew(k.cells[0], at, n, chord{snap: 6, turn: 0.5, least: 1200}, compoundRoad); ok {
			halves = append(halves, g)
		}
	}
	spine := len(halves) > 1
	lo, hi = k.inside.span(n)
	rows := max(1, int(math.Round((hi-lo)/pitch)))
	strips := halves
	for r := 1; r < rows; r++ {
		at := k.center.along(n, lo+float64((hi-lo)*float64(r)/float64(rows))-k.center.dot(n))
		lane := compoundLane
		if !spine && r != (rows+1)/2 {
			lane = hedge // without a spine one lane leads in from both sides
		}
		strips = b.slice(strips, at, u, b.setback(k, spine), lane)
	}
	k.cells = nil
	for _, f := range strips {
		k.cells = append(k.cells, b.along(f, u, wide)...)
	}
	for _, f := range k.cells {
		if k.lot == lotTowers {
			b.tower(f, u)
			continue
		}
		b.slab(f, u)
	}
	for _, f := range k.cells {
		b.shops(f)
	}
}

// setback is the chord of a compound's lane; lanes off the spine end at the wall.
func (b *builder) setback(k *block, spine bool) chord {
	c := chord{snap: 3.5, turn: 0.45, least: 260}
	if spine {
		c.setback, c.gap = 13, b.m.add(verge)
	}
	return c
}

// slice cuts every face in the list that the line crosses.
func (b *builder) slice(faces []int32, o, d vec, c chord, kind line) []int32 {
	c.line = b.m.add(kind)
	out := faces[:len(faces):len(faces)]
	for _, f := range faces {
		if g, ok := b.m.cut(f, o, d, c); ok {
			out = append(out, g)
		}
	}
	return out
}

// along cuts a strip across into cells about so wide.
func (b *builder) along(f int32, u vec, wide float64) []int32 {
	in := b.m.inset(f)
	if in == nil {
		return []int32{f}
	}
	lo, hi := in.span(u)
	n := int(math.Round((hi - lo) / wide))
	cells := []int32{f}
	for i := 1; i < n; i++ {
		o := in.center()
		o = o.along(u, lo+float64((hi-lo)*float64(i)/float64(n))-o.dot(u))
		cells = b.slice(cells, o, u.left(), chord{snap: 2.5, turn: 0.6, least: 200}, hedge)
	}
	return cells
}

// hamlet lays out a natural village: lanes along rows of houses.
func (b *builder) hamlet(k *block) {
	if k.inside == nil {
		return
	}
	u, n := k.row, k.row.left()
	strips := []int32{k.cells[0]}
	lo, hi := k.inside.span(n)
	rows := max(1, int(math.Round((hi-lo)/b.d.between(38, 44))))
	for r := 1; r < rows; r++ {
		at := k.center.along(n, lo+float64((hi-lo)*(float64(r)+b.d.between(-0.08, 0.08))/float64(rows))-k.center.dot(n))
		strips = b.slice(strips, at, u.turn(b.d.between(-0.03, 0.03)), chord{snap: 5, turn: 0.4, least: 700}, villageLane)
	}
	k.cells = nil
	for _, f := range strips {
		k.cells = append(k.cells, b.along(f, u, 54)...)
	}
	ragged := b.d.between(0, 6)
	for _, f := range k.cells {
		if b.d.chance(0.06) {
			continue // a vegetable plot, or the village's threshing ground
		}
		b.houses(f, u, k.rim(ragged))
	}
}

// rim tells whether a place lies within the built part of a village, which is
// rounder than its ground and frayed at the edge.
func (k *block) rim(phase float64) func(vec) bool {
	u, n := k.row, k.row.left()
	l0, h0 := k.inside.span(u)
	l1, h1 := k.inside.span(n)
	return func(p vec) bool {
		x, y := float64(2*(p.dot(u)-l0)/(h0-l0))-1, float64(2*(p.dot(n)-l1)/(h1-l1))-1
		wave := float64(0.16*sine(float64(5*x)+phase)) + float64(0.16*sine(float64(6*y)-phase))
		return float64(x*x)+float64(y*y) < 1.28+wave
	}
}
