package town

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

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
