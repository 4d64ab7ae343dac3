package propose

import (
	"cmp"
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

// adjust splits the largest and dissolves the smallest units of a piece until it
// has as many as it shall have. It returns the number after the last unit.
func (s *solver) adjust(unit []int32, p *piece, units int, d *divider, rng *rand.Rand) int {
	d.unit = unit
	for {
		byUnit := map[int32][]int32{}
		for _, a := range p.atoms {
			byUnit[unit[a]] = append(byUnit[unit[a]], a)
		}
		numbers := make([]int32, 0, len(byUnit))
		for u := range byUnit {
			numbers = append(numbers, u)
		}
		slices.SortFunc(numbers, func(u, v int32) int {
			return cmp.Or(cmp.Compare(s.g.sum(byUnit[u]), s.g.sum(byUnit[v])), cmp.Compare(u, v))
		})
		switch {
		case len(numbers) < p.units:
			if !s.split(byUnit, numbers, int32(units), d, rng) {
				return units
			}
			units++
		case len(numbers) > p.units:
			s.dissolve(unit, byUnit[numbers[0]])
		default:
			return units
		}
	}
}

// split cuts the largest unit that can be cut; the part with fewer households is
// the new one.
func (s *solver) split(byUnit map[int32][]int32, numbers []int32, fresh int32, d *divider, rng *rand.Rand) bool {
	for _, u := range slices.Backward(numbers) {
		if len(byUnit[u]) < 2 {
			continue
		}
		near, far, _ := d.cut(byUnit[u], 2, rng)
		if s.g.sum(near) > s.g.sum(far) {
			near = far
		}
		for _, a := range near {
			d.unit[a] = fresh
		}
		return true
	}
	return false
}

// dissolve gives a unit to its neighbour with the fewest households.
func (s *solver) dissolve(unit, atoms []int32) {
	own := unit[atoms[0]]
	into, fewest := Nobody, int64(math.MaxInt64)
	households := map[int32]int64{}
	for a, u := range unit {
		households[u] += s.g.households[a]
	}
	for _, a := range atoms {
		for _, b := range s.g.of(a) {
			u := unit[b.to]
			if b.open && u != own && u != Nobody && !s.locked[b.to] && (households[u] < fewest || households[u] == fewest && u < into) {
				into, fewest = u, households[u]
			}
		}
	}
	for _, a := range atoms {
		unit[a] = into
	}
}
