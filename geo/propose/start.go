package propose

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// allot decides into how many units each piece is divided. wish is what its
// households suggest, or what it has now. With Units the sum is kept, as far as
// the rules allow.
func (q *Question) allot(pieces []piece, wish func(p *piece) int) {
	sum := 0
	for i := range pieces {
		p := &pieces[i]
		p.units = max(1, min(wish(p), len(p.atoms)))
		if p.least <= p.most {
			p.units = max(int(p.least), min(p.units, int(p.most)))
		}
		sum += p.units
	}
	if q.Units == 0 {
		return
	}
	for goal := q.unitsLeft(); sum != goal; {
		best, by := -1, 0.0
		step := 1
		if sum > goal {
			step = -1
		}
		for i := range pieces {
			p := &pieces[i]
			k := p.units + step
			if k < 1 || k > len(p.atoms) {
				continue
			}
			// The more households for each unit the sooner one is added, and the
			// other way round; outside of what the counts allow only at the end.
			need := float64(p.divisible) / float64(p.units+max(0, step))
			if step < 0 {
				need = -float64(p.divisible) / float64(k)
			}
			if int64(k) < p.least || int64(k) > p.most {
				need -= 1e12
			}
			if best < 0 || need > by {
				best, by = i, need
			}
		}
		if best < 0 {
			return
		}
		pieces[best].units += step
		sum += step
	}
}

func (q *Question) unitsLeft() int { return q.Units - len(q.Locked) }

// divider makes first divisions of a piece by cuts through random spanning trees.
type divider struct {
	g     *graph
	judge *judge
	tree  treeCutter
	unit  []int32 // of each atom of g
}

// share is land that gets some units, numbered from first on.
type share struct {
	atoms []int32
	units int
	first int32
	seed  uint64
}

// smallShare is how many units make a share that is divided at a stroke, beside
// others.
const smallShare = 512

// halve cuts a share again and again, and returns the small ones. Each cut parts
// households in proportion to the units that either side gets.
func (d *divider) halve(list []share, s share) []share {
	if s.units <= smallShare {
		return append(list, s)
	}
	near, far := d.parts(s)
	return d.halve(d.halve(list, near), far)
}

// divide numbers the units of a share.
func (d *divider) divide(s share) {
	if s.units == 1 {
		for _, a := range s.atoms {
			d.unit[a] = s.first
		}
		return
	}
	near, far := d.parts(s)
	d.divide(near)
	d.divide(far)
}

func (d *divider) parts(s share) (near, far share) {
	rng := rand.New(rand.NewPCG(s.seed, uint64(s.first)))
	atoms, rest, k := d.cut(s.atoms, s.units, rng)
	return share{atoms, k, s.first, rng.Uint64()}, share{rest, s.units - k, s.first + int32(k), rng.Uint64()}
}

// cut parts atoms in two that hang together, each with room for its units.
func (d *divider) cut(atoms []int32, units int, rng *rand.Rand) (near, far []int32, nearUnits int) {
	households := d.g.sum(atoms)
	least := math.Inf(1)
	for range max(1, min(10, 20_000/len(atoms))) {
		d.tree.draw(d.g, atoms, rng)
		at, k, worth := d.where(len(atoms), units, households)
		end := at + int(d.tree.end[d.tree.order[at]])
		worth += d.judge.border(d.cost(atoms, at, end))
		if worth >= least {
			continue
		}
		least, nearUnits = worth, k
		near, far = near[:0], far[:0]
		for i, n := range d.tree.order {
			if i >= at && i < end {
				near = append(near, atoms[n])
			} else {
				far = append(far, atoms[n])
			}
		}
	}
	return near, far, nearUnits
}

// where finds the fairest edge of the tree to cut, as a position in its order, and
// how many units lie below.
func (d *divider) where(atoms, units int, households int64) (at, nearUnits int, worth float64) {
	mean := float64(households) / float64(units)
	worth = math.Inf(1)
	for i, n := range d.tree.order {
		if i == 0 {
			continue
		}
		below, count := d.tree.below[n], int(d.tree.end[n])
		k := 0
		if mean > 0 {
			k = int(math.Round(float64(below) / mean))
		} else {
			k = units * count / atoms
		}
		k = max(1, k, units-(atoms-count))
		k = min(k, units-1, count)
		if units-k > atoms-count {
			continue
		}
		value := d.fair(below, k) + d.fair(households-below, units-k)
		if lesser := min(k, units-k); 3*lesser < units-1 {
			value++ // near the middle, so that few cuts follow each other
		}
		if value < worth {
			at, nearUnits, worth = i, k, value
		}
	}
	return at, nearUnits, worth
}

// fair judges what units would have on the average.
func (d *divider) fair(households int64, units int) float64 {
	j := *d.judge
	each := float64(households) / float64(units)
	off := (each - j.mean) / j.mean
	worth := 4 * off * off
	if each < j.least {
		worth += ruleBroken * (j.least - each) / j.mean
	} else if each > j.most {
		worth += ruleBroken * (each - j.most) / j.mean
	}
	return worth
}

// cost is that of the border between the atoms of an interval of the tree's order
// and the others.
func (d *divider) cost(atoms []int32, at, end int) float64 {
	for i, n := range d.tree.order {
		if i >= at && i < end {
			d.tree.number[atoms[n]] = 1
		} else {
			d.tree.number[atoms[n]] = 0
		}
	}
	sum := 0.0
	for _, n := range d.tree.order[at:end] {
		for _, s := range d.g.of(atoms[n]) {
			if d.tree.number[s.to] == 0 {
				sum += s.cost
			}
		}
	}
	for _, a := range atoms {
		d.tree.number[a] = -1
	}
	return sum
}

// wishAnew is how many units the households of a piece suggest.
func (q *Question) wishAnew(households int64) func(p *piece) int {
	mean := float64(q.Min+q.Max) / 2
	if left := q.unitsLeft(); q.Units > 0 && left > 0 {
		mean = float64(households) / float64(left)
	}
	return func(p *piece) int {
		if mean <= 0 {
			return 1
		}
		return int(math.Round(float64(p.divisible) / mean))
	}
}

// wishPresent is how many units each piece has now.
func (s *solver) wishPresent() func(p *piece) int {
	_, _, now := s.present()
	next := -1
	return func(*piece) int {
		next++
		return now[next]
	}
}

// present takes over the present division of the free atoms: of a unit that does
// not hang together the part with the most households, and what is left over goes
// to the neighbour with the longest border. It returns how many units each piece
// has, at least one.
func (s *solver) present() (unit []int32, units int, inPiece []int) {
	unit = make([]int32, s.g.len())
	for a := range unit {
		unit[a] = Nobody
	}
	for _, part := range s.mainParts() {
		for _, a := range part {
			unit[a] = s.home[a]
		}
	}
	units = len(s.names)
	inPiece = make([]int, len(s.pieces))
	for i, p := range s.pieces {
		if !slices.ContainsFunc(p.atoms, func(a int32) bool { return unit[a] != Nobody }) {
			for _, a := range p.atoms {
				unit[a] = int32(units)
			}
			units++
		}
		s.grow(unit, p.atoms)
		has := map[int32]bool{}
		for _, a := range p.atoms {
			has[unit[a]] = true
		}
		inPiece[i] = len(has)
	}
	return unit, units, inPiece
}

// mainParts is, of each present unit, the part that hangs together and has the most
// households.
func (s *solver) mainParts() map[int32][]int32 {
	parts := map[int32][]int32{}
	seen := make([]bool, s.g.len())
	for a := range int32(s.g.len()) {
		u := s.home[a]
		if seen[a] || s.locked[a] || u == Nobody {
			continue
		}
		seen[a] = true
		part := []int32{a}
		for i := 0; i < len(part); i++ {
			for _, b := range s.g.of(part[i]) {
				if b.open && !seen[b.to] && s.home[b.to] == u && !s.locked[b.to] {
					seen[b.to] = true
					part = append(part, b.to)
				}
			}
		}
		if best, ok := parts[u]; !ok || cmp.Or(cmp.Compare(s.g.sum(part), s.g.sum(best)), cmp.Compare(len(part), len(best))) > 0 {
			parts[u] = part
		}
	}
	return parts
}

// grow gives atoms without a unit to the neighbour with the longest open border,
// from the units outwards.
func (s *solver) grow(unit, atoms []int32) {
	for {
		type gift struct{ atom, unit int32 }
		var gifts []gift
		for _, a := range atoms {
			if unit[a] != Nobody {
				continue
			}
			shared := map[int32]float64{}
			to := Nobody
			for _, b := range s.g.of(a) {
				if u := unit[b.to]; b.open && u != Nobody && !s.locked[b.to] {
					shared[u] += b.length
					if to == Nobody || shared[u] > shared[to] || shared[u] == shared[to] && u < to {
						to = u
					}
				}
			}
			if to != Nobody {
				gifts = append(gifts, gift{a, to})
			}
		}
		if gifts == nil {
			return
		}
		for _, g := range gifts {
			unit[g.atom] = g.unit
		}
	}
}

// adjust splits and dissolves units of a piece: where units are so far out of their
// bounds that their neighbours cannot make up for it, and then the largest and the
// smallest, until there are as many as there shall be. It returns the number after the
// last unit.
func (s *solver) adjust(unit []int32, p *piece, units int, d *divider, rng *rand.Rand) int {
	d.unit = unit
	b := &balance{solver: s, unit: unit, next: int32(units), members: map[int32][]int32{}, households: map[int32]int64{}, divider: d, rng: rng}
	for _, a := range p.atoms {
		b.members[unit[a]] = append(b.members[unit[a]], a)
		b.households[unit[a]] += s.g.households[a]
	}
	b.relieve()
	goal := p.units
	if s.q.Units == 0 && p.least <= p.most {
		goal = max(int(p.least), min(len(b.members), int(p.most)))
	}
	for len(b.members) < goal {
		u := extreme(b.households, func(u int32) bool { return len(b.members[u]) > 1 }, 1)
		if u == Nobody {
			break
		}
		b.split(u)
	}
	for len(b.members) > goal {
		b.dissolve(extreme(b.households, func(int32) bool { return true }, -1))
	}
	return int(b.next)
}

// balance is the units of a piece while they are split and dissolved.
type balance struct {
	*solver
	unit       []int32
	next       int32 // the number of the next new unit
	members    map[int32][]int32
	households map[int32]int64
	divider    *divider
	rng        *rand.Rand
}

// relieve splits units that have more beyond the bound than half of what their
// neighbours have room for, and dissolves those that lack more than half of what their
// neighbours can spare.
func (b *balance) relieve() {
	least, most := int64(b.q.Min), int64(b.q.Max)
	if most == 0 {
		return
	}
	order := slices.Sorted(maps.Keys(b.members))
	for i := 0; i < len(order) && i < 4*len(b.unit); i++ {
		u := order[i]
		h, ok := b.households[u]
		if !ok || b.q.within(h) {
			continue
		}
		room, spare := int64(0), int64(0)
		near := b.near(u)
		for _, v := range near {
			room += max(0, most-v)
			spare += max(0, v-least)
		}
		switch {
		case h > most && h >= 2*least && 2*(h-most) > room && len(b.members[u]) > 1:
			order = append(order, u, b.split(u))
		case h < least && 2*(least-h) > spare && len(near) > 0 && h+near[extreme(near, func(int32) bool { return true }, -1)] <= most:
			order = append(order, b.dissolve(u))
		}
	}
}

// near is the households of the units beyond open borders of a unit.
func (b *balance) near(u int32) map[int32]int64 {
	near := map[int32]int64{}
	for _, a := range b.members[u] {
		for _, s := range b.g.of(a) {
			if v := b.unit[s.to]; s.open && v != u && v != Nobody && !b.locked[s.to] {
				near[v] = b.households[v]
			}
		}
	}
	return near
}

// split cuts a unit in two; the part with fewer households is the new one.
func (b *balance) split(u int32) (fresh int32) {
	stays, goes, _ := b.divider.cut(b.members[u], 2, b.rng)
	if b.g.sum(goes) > b.g.sum(stays) {
		stays, goes = goes, stays
	}
	fresh = b.next
	b.next++
	for _, a := range goes {
		b.unit[a] = fresh
	}
	b.members[u], b.members[fresh] = stays, goes
	b.households[u], b.households[fresh] = b.g.sum(stays), b.g.sum(goes)
	return fresh
}

// dissolve gives a unit to the smallest of its neighbours.
func (b *balance) dissolve(u int32) (into int32) {
	into = extreme(b.near(u), func(int32) bool { return true }, -1)
	for _, a := range b.members[u] {
		b.unit[a] = into
	}
	b.members[into] = append(b.members[into], b.members[u]...)
	b.households[into] += b.households[u]
	delete(b.members, u)
	delete(b.households, u)
	return into
}

// extreme is the unit with the most (sign 1) or fewest (-1) households among those
// that are fit, of equals the one with the lowest number; Nobody if there is none.
func extreme(households map[int32]int64, fit func(u int32) bool, sign int64) int32 {
	best := Nobody
	for u, h := range households {
		if !fit(u) {
			continue
		}
		if best == Nobody || sign*h > sign*households[best] || h == households[best] && u < best {
			best = u
		}
	}
	return best
}
