package town

import "strings"

// fill makes the houses hold exactly so many dwellings: storeys are taken off or
// put on, then single dwellings.
func (b *builder) fill(target int) {
	sum := b.total()
	for i := range b.houseList {
		b.houseList[i].plan = b.houseList[i].homes
	}
	for sum != target {
		before := sum
		for _, i := range b.d.Perm(len(b.houseList)) {
			if sum == target {
				return
			}
			sum += b.houseList[i].adjust(target - sum)
		}
		if sum == before {
			sum += b.squeeze(target - sum)
		}
	}
}

// adjust changes an apartment house by one storey when that comes nearer to what
// is wanted, and says by how many dwellings.
func (h *house) adjust(want int) int {
	floor := h.stairwells * h.perFloor
	least, most := 3, 6
	if h.kind == "apartments" && h.perFloor > 2 {
		least, most = 9, 18
	}
	switch {
	case floor == 0:
		return 0
	case want <= -floor && h.levels > least:
		h.levels--
		h.homes -= floor
		return -floor
	case want >= floor && h.levels < most:
		h.levels++
		h.homes += floor
		return floor
	}
	return 0
}

// squeeze adds or drops single dwellings where storeys will not do, one in each
// house with room for it.
func (b *builder) squeeze(want int) int {
	done := 0
	for _, i := range b.d.Perm(len(b.houseList)) {
		h := &b.houseList[i]
		switch {
		case done == want:
			return done
		case want < 0 && h.homes > 0:
			h.homes--
			done--
		case want > 0 && h.homes > 0 && h.perFloor == 0:
			h.homes++
			done++
		}
	}
	return done
}

// families moves people in: the dwellings of all houses, in the order of
// buildings.
func (b *builder) families(t *Town) {
	d := newDice(b.board.seed, streamPeople, uint64(b.i), uint64(b.j))
	t.Households = make([]Household, 0, b.total())
	for i, h := range b.houseList {
		if h.homes == 0 {
			continue
		}
		b.family(t, d, h, int32(i))
	}
}

func (b *builder) total() int {
	sum := 0
	for _, h := range b.houseList {
		sum += h.homes
	}
	return sum
}

func (b *builder) family(t *Town, d dice, h house, at int32) {
	building := &t.Buildings[at]
	lot := b.blockList[b.m.zone[h.face].block].lot
	compound := ""
	if building.Compound >= 0 {
		compound = t.Compounds[building.Compound].Name
	}
	u, n := h.shape[1].sub(h.shape[0]), h.shape[3].sub(h.shape[0])
	stairs := max(1, h.stairwells)
	prefix := "H" + pad(b.seat, 3) + "-"
	for k := range h.homes {
		s, level, room := k%stairs, k/stairs, 0
		if h.perFloor > 0 {
			level, room = k/(stairs*h.perFloor), k/stairs%h.perFloor
		}
		across := (float64(s) + (float64(room)+0.5)/float64(max(1, h.perFloor))) / float64(stairs)
		if h.perFloor == 0 {
			across = (float64(k) + 0.5) / float64(h.homes)
		}
		deep := 0.3 + float64(0.4*float64(level%7)/7)
		home := Household{
			SourceID: prefix + pad(len(t.Households)+1, 6),
			Compound: compound, Building: building.Name,
			At:   b.m.frame.lattice(h.shape[0].add(u.mul(0.06 + float64(0.88*across))).add(n.mul(deep))),
			Kind: tenure(d, lot), In: at, Unit: building.Unit,
		}
		home.Stairwell, home.Doorplate = doorplate(h, building.Name, s, level, room, k)
		home.Address = building.Address + home.Stairwell + home.Doorplate
		if h.perFloor == 0 { // the doorplate says the number of the house again
			home.Address = strings.TrimSuffix(building.Address, building.Name) + home.Doorplate
		}
		if home.Occupied = d.chance(0.91); home.Occupied {
			home.People = people(d, lot)
		}
		t.Households = append(t.Households, home)
	}
}

// doorplate is the stairwell and the number of a dwelling.
func doorplate(h house, number string, stair, level, room, k int) (stairwell, plate string) {
	if h.perFloor == 0 {
		if h.homes == 1 {
			return "", number
		}
		return "", number + "-" + pad(k+1, 1)
	}
	if h.stairwells > 1 {
		stairwell = pad(stair+1, 1) + "单元"
	}
	return stairwell, pad(level+1, 1) + pad(room+1, 2) + "室"
}

// pad writes a number with at least so many digits.
func pad(n, digits int) string {
	var buf [20]byte
	i := len(buf)
	for ; n > 0 || digits > 0; n, digits = n/10, digits-1 {
		i--
		buf[i] = byte('0' + n%10)
	}
	return string(buf[i:])
}

func tenure(d dice, l lot) string {
	switch l {
	case lotHamlet:
		return [...]string{"self-built", "rental"}[weighted(d, 0.9, 0.1)]
	case lotOld:
		return [...]string{"owner", "rental", "self-built"}[weighted(d, 0.5, 0.4, 0.1)]
	case lotWorks:
		return "collective"
	}
	return [...]string{"owner", "rental"}[weighted(d, 0.78, 0.22)]
}

// people makes a household of a usual kind: the shares follow no real place, only
// the rule of thumb that villages and old quarters are older than new compounds.
func people(d dice, l lot) Ages {
	weights := []float64{0.12, 0.20, 0.34, 0.14, 0.12, 0.08} // single, couple, with children, three generations, old couple, old alone
	switch l {
	case lotHamlet, lotOld:
		weights = []float64{0.09, 0.13, 0.17, 0.15, 0.30, 0.16}
	case lotTowers:
		weights = []float64{0.14, 0.24, 0.44, 0.10, 0.06, 0.02}
	case lotWorks:
		return Ages{To59: uint8(2 + d.IntN(4))}
	}
	var a Ages
	switch weighted(d, weights...) {
	case 0:
		a.To59 = 1
	case 1:
		a.To59 = 2
	case 2:
		a.To59 = 2
		a.children(d, 1+weighted(d, 0.7, 0.3))
	case 3:
		a.To59 = 2
		a.old(d, 1+weighted(d, 0.4, 0.6))
		a.children(d, 1+weighted(d, 0.75, 0.25))
	case 4:
		a.old(d, 2)
	case 5:
		a.old(d, 1)
	}
	return a
}

func (a *Ages) children(d dice, n int) {
	for range n {
		switch weighted(d, 0.17, 0.25, 0.58) {
		case 0:
			a.To2++
		case 1:
			a.To6++
		default:
			a.To17++
		}
	}
}

func (a *Ages) old(d dice, n int) {
	if d.chance(0.82) {
		a.To79 += uint8(n)
		return
	}
	a.From80 += uint8(n)
}

// middle is the middle of a house.
func (h *house) middle() vec { return h.shape[0].to(h.shape[2], 0.5) }
