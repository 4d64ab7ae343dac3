package propose

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
)

const (
	// workPerAtom is what one effort spends on each atom, in looks at a border.
	workPerAtom = 3000
	// leastWork is for small land, on which more searches cost little.
	leastWork = 200_000
	// groupUnits is how many units are searched together. Larger land is searched
	// in groups of neighbours, several times with other groups.
	groupUnits = 96
	passes     = 3
	// rounds is how often a search begins again, with other numbers of units where
	// they are free, while rules are broken.
	rounds = 4
)

// solver answers one question.
type solver struct {
	land   *Land
	q      Question
	g      *graph
	judge  *judge
	locked []bool  // of each atom: it belongs to a locked unit
	home   []int32 // of each atom: its present unit by its place in names, or Nobody
	names  []int32 // the numbers of present units that are not locked
	pieces []piece // of the free atoms
	proofs []Proof

	slots    chan struct{} // one for each thread
	scratch  sync.Pool     // *[]int32, numbers of atoms, all -1
	dividers sync.Pool     // *divider
	progress
}

// progress tells how much of the work is done.
type progress struct {
	mu          sync.Mutex
	done, total float64
	told        float64
	tell        func(done float64)
}

func (p *progress) add(work int) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += float64(work)
	p.told = max(p.told, min(1, p.done/p.total)) // never back, though another round makes more work
	p.tell(p.told)
}

func newSolver(land *Land, q Question) *solver {
	s := &solver{land: land, q: q, g: newGraph(land), slots: make(chan struct{}, q.Threads)}
	s.scratch.New = func() any {
		numbers := make([]int32, s.g.len())
		for i := range numbers {
			numbers[i] = -1
		}
		return &numbers
	}
	s.lock()
	skip := func(a int32) bool { return s.locked[a] }
	s.g.openUninhabited(skip)
	households, area := int64(0), 0.0
	for _, atoms := range s.g.pieces(skip) {
		p := q.measure(s.g, atoms)
		s.pieces = append(s.pieces, p)
		households += p.divisible
		for _, a := range atoms {
			area += s.g.area[a]
		}
	}
	s.proofs = append(s.proofs, q.prove(s.g, s.pieces)...)
	wish := q.wishAnew(households)
	if s.home != nil {
		wish = s.wishPresent()
	}
	q.allot(s.pieces, wish)
	units := 0
	for _, p := range s.pieces {
		units += p.units
	}
	s.judge = newJudge(&q, households, area, max(1, units))
	s.dividers.New = func() any { return &divider{g: s.g, judge: s.judge} }
	return s
}

// lock finds the atoms of locked units and numbers the others.
func (s *solver) lock() {
	s.locked = make([]bool, s.g.len())
	if s.q.Present == nil {
		return
	}
	byUnit := map[int32][]int32{}
	for a, u := range s.q.Present {
		if slices.Contains(s.q.Locked, u) {
			s.locked[a] = true
			byUnit[u] = append(byUnit[u], int32(a))
		} else if u != Nobody {
			s.names = append(s.names, u)
		}
	}
	slices.Sort(s.names)
	s.names = slices.Compact(s.names)
	s.home = make([]int32, s.g.len())
	for a, u := range s.q.Present {
		s.home[a] = Nobody
		if i, ok := slices.BinarySearch(s.names, u); ok {
			s.home[a] = int32(i)
		}
	}
	for _, u := range s.q.Locked {
		if h := s.g.sum(byUnit[u]); !s.q.within(h) {
			s.proofs = append(s.proofs, Proof{Reason: LockedUnit, Atoms: byUnit[u], Households: h})
		}
	}
}

// found is one division that a search ended with.
type found struct {
	Proposal
	missing int64 // households too few or too many, over all units
	worth   float64
}

func (s *solver) run(ctx context.Context) *Answer {
	starts := s.q.Alternatives * max(1, min(6, 3000/s.g.len()))
	work := max(leastWork, workPerAtom*s.g.len()) * s.q.Effort * s.q.Alternatives / starts
	s.total, s.tell = float64(work*starts), s.q.Progress
	var list []found
	for round := range rounds {
		more := make([]found, starts)
		var running sync.WaitGroup
		turns := make(chan struct{}, s.q.Threads) // no more divisions in memory than threads
		for i := range more {
			running.Add(1)
			turns <- struct{}{}
			go func() {
				defer running.Done()
				more[i] = s.search(ctx, round, uint64(round*starts+i), work)
				<-turns
			}()
		}
		running.Wait()
		list = append(list, more...)
		list = rank(list)
		if len(list[0].Broken) == 0 || s.proofs != nil || ctx.Err() != nil {
			break
		}
		s.progress.total += float64(work * starts)
	}
	a := &Answer{Proofs: s.proofs, Unfinished: ctx.Err() != nil}
	for _, f := range list[:min(len(list), s.q.Alternatives)] {
		a.Alternatives = append(a.Alternatives, f.Proposal)
	}
	return a
}

// rank puts the best first and drops repetitions.
func rank(list []found) []found {
	slices.SortFunc(list, func(f, g found) int {
		return cmp.Or(cmp.Compare(len(f.Broken), len(g.Broken)), cmp.Compare(f.missing, g.missing),
			cmp.Compare(f.worth, g.worth), slices.Compare(f.Unit, g.Unit))
	})
	return slices.CompactFunc(list, func(f, g found) bool { return slices.Equal(f.Unit, g.Unit) })
}

// search makes one division.
func (s *solver) search(ctx context.Context, round int, chain uint64, work int) found {
	rng := rand.New(rand.NewPCG(s.q.Seed, chain))
	unit, units := s.start(round, rng)
	hot := hotAnew
	if s.home != nil {
		hot = hotPresent
	}
	if units <= groupUnits {
		s.improve(ctx, unit, units, [][]int32{numbers(units)}, hot, work, s.q.Seed, chain)
	} else {
		for pass := range uint64(passes) {
			groups := s.groups(unit, units, rng)
			s.improve(ctx, unit, units, groups, hot, work/passes, s.q.Seed+pass+1, chain)
			hot /= 2
		}
	}
	s.mend(ctx, unit, units, work, chain)
	s.mendSmall(unit)
	return s.finish(unit, units)
}

func numbers(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// start is a first division of all free atoms; the locked ones have no unit.
func (s *solver) start(round int, rng *rand.Rand) (unit []int32, units int) {
	pieces := slices.Clone(s.pieces)
	d := &divider{g: s.g, judge: s.judge}
	if s.home != nil {
		unit, units, _ := s.present()
		for i := range pieces {
			units = s.adjust(unit, s.otherNumber(&pieces[i], round), units, d, rng)
		}
		return unit, units
	}
	unit = make([]int32, s.g.len())
	for a := range unit {
		unit[a] = Nobody
	}
	var shares []share
	for i := range pieces {
		p := s.otherNumber(&pieces[i], round)
		shares = d.halve(shares, share{p.atoms, p.units, int32(units), rng.Uint64()})
		units += p.units
	}
	s.each(len(shares), func(i int) {
		d := s.dividers.Get().(*divider)
		d.unit = unit
		d.divide(shares[i])
		s.dividers.Put(d)
	})
	return unit, units
}

// each calls do for all numbers below n, on all threads at once.
func (s *solver) each(n int, do func(i int)) {
	var running sync.WaitGroup
	for i := range n {
		s.slots <- struct{}{}
		running.Add(1)
		go func() {
			defer func() { <-s.slots; running.Done() }()
			do(i)
		}()
	}
	running.Wait()
}

// otherNumber takes one unit more, then one less, and so on, in later rounds, where
// the question leaves the number free.
func (s *solver) otherNumber(p *piece, round int) *piece {
	if s.q.Units == 0 && p.least <= p.most {
		change := (round + 1) / 2
		if round%2 == 0 {
			change = -change
		}
		if k := int64(p.units + change); k >= p.least && k <= p.most {
			p.units = int(k)
		}
	}
	return p
}

// groups puts neighbouring units together, about groupUnits each.
func (s *solver) groups(unit []int32, units int, rng *rand.Rand) [][]int32 {
	near := s.neighbours(unit, units)
	taken := make([]bool, units)
	var out [][]int32
	var group []int32
	for _, first := range rng.Perm(units) {
		if taken[first] {
			continue
		}
		taken[first] = true
		group = append(group, int32(first))
		for i := len(group) - 1; i < len(group) && len(group) < groupUnits; i++ {
			for _, v := range near[group[i]] {
				if !taken[v] && len(group) < groupUnits {
					taken[v] = true
					group = append(group, v)
				}
			}
		}
		// What is left between groups is filled up from elsewhere.
		if len(group) >= groupUnits/2 {
			out, group = append(out, group), nil
		}
	}
	if group != nil {
		out = append(out, group)
	}
	return out
}

// neighbours lists the units beyond open borders of each unit, ascending.
func (s *solver) neighbours(unit []int32, units int) [][]int32 {
	near := make([][]int32, units)
	for a, u := range unit {
		if u == Nobody {
			continue
		}
		for _, b := range s.g.of(int32(a)) {
			if v := unit[b.to]; b.open && v != u && v != Nobody {
				near[u] = append(near[u], v)
			}
		}
	}
	for u := range near {
		slices.Sort(near[u])
		near[u] = slices.Compact(near[u])
	}
	return near
}

// improve searches each group of units by itself, at once on all threads. Groups
// have no unit in common, so the order in which they end does not matter.
func (s *solver) improve(ctx context.Context, unit []int32, units int, groups [][]int32, hot float64, work int, seed, chain uint64) {
	group := make([]int32, units)
	for i, members := range groups {
		for _, u := range members {
			group[u] = int32(i)
		}
	}
	atoms := make([][]int32, len(groups))
	all := 0
	for a, u := range unit {
		if u != Nobody {
			atoms[group[u]] = append(atoms[group[u]], int32(a))
			all++
		}
	}
	s.each(len(groups), func(i int) {
		if len(atoms[i]) > 0 {
			rng := rand.New(rand.NewPCG(seed, chain<<32+uint64(i)))
			s.improveGroup(ctx, unit, atoms[i], hot, int(float64(work)*float64(len(atoms[i]))/float64(all)), rng, s.progress.add)
		}
	})
}

func (s *solver) improveGroup(ctx context.Context, unit, atoms []int32, hot float64, work int, rng *rand.Rand, told func(work int)) {
	scratch := s.scratch.Get().(*[]int32)
	g := s.g.within(atoms, *scratch)
	s.scratch.Put(scratch)
	local := make([]int32, len(atoms))
	var home []int32
	number := map[int32]int32{}
	var units []int32
	for i, a := range atoms {
		u := unit[a]
		if _, ok := number[u]; !ok {
			number[u] = int32(len(units))
			units = append(units, u)
		}
		local[i] = number[u]
	}
	if s.home != nil {
		home = make([]int32, len(atoms))
		for i, a := range atoms {
			home[i] = Nobody
			if h := s.home[a]; h != Nobody {
				home[i] = int32(len(units)) // a unit elsewhere
				if n, ok := number[h]; ok {
					home[i] = n
				}
			}
		}
	}
	state := newState(g, s.judge, len(units), local, home, rng)
	state.anneal(ctx, work, hot, told)
	for i, a := range atoms {
		unit[a] = units[state.unit[i]]
	}
}

// mendings is how often what is around a unit that breaks the rules is searched
// anew, each time twice as many units, from firstMending on.
const (
	mendings     = 5
	firstMending = 6
)

// mend searches around the units that break the rules, with as much work as given.
func (s *solver) mend(ctx context.Context, unit []int32, units, work int, chain uint64) {
	in := make([]bool, units)
	for try := range mendings {
		broken := s.broken(unit, units)
		if broken == nil || ctx.Err() != nil {
			return
		}
		near := s.neighbours(unit, units)
		for i, u := range broken {
			group := []int32{u}
			in[u] = true
			for next := 0; next < len(group) && len(group) < firstMending<<try; next++ {
				for _, v := range near[group[next]] {
					if !in[v] {
						in[v] = true
						group = append(group, v)
					}
				}
			}
			var atoms []int32
			for a, v := range unit {
				if v != Nobody && in[v] {
					atoms = append(atoms, int32(a))
				}
			}
			for _, v := range group {
				in[v] = false
			}
			rng := rand.New(rand.NewPCG(s.q.Seed, ^(chain<<32 + uint64(try<<24+i))))
			effort := max(leastWork/10, workPerAtom*len(atoms))
			if work -= effort; work < 0 {
				return
			}
			s.improveGroup(ctx, unit, atoms, hotAnew, effort, rng, func(int) {})
		}
	}
}

// broken lists the units whose households are too few or too many, but for those
// of which a proof says that nothing helps.
func (s *solver) broken(unit []int32, units int) []int32 {
	households := make([]int64, units)
	has := make([]bool, units)
	for a, u := range unit {
		if u != Nobody {
			households[u] += s.g.households[a]
			has[u] = true
		}
	}
	for _, p := range s.proofs {
		if p.Atoms == nil {
			return nil
		}
		for _, a := range p.Atoms {
			if unit[a] != Nobody {
				has[unit[a]] = false
			}
		}
	}
	var list []int32
	for u, h := range households {
		if has[u] && !s.q.within(h) {
			list = append(list, int32(u))
		}
	}
	return list
}

// mendSmall divides small pieces whose units break the rules as the trial of all
// divisions says.
func (s *solver) mendSmall(unit []int32) {
	for _, p := range s.pieces {
		if len(p.atoms) > tryable || s.q.untried {
			continue
		}
		households := map[int32]int64{}
		var units []int32
		for _, a := range p.atoms {
			if !slices.Contains(units, unit[a]) {
				units = append(units, unit[a])
			}
			households[unit[a]] += s.g.households[a]
		}
		if !slices.ContainsFunc(units, func(u int32) bool { return !s.q.within(households[u]) }) {
			continue
		}
		if better := s.q.tried(s.g, p.atoms, len(units)); better != nil {
			for i, a := range p.atoms {
				unit[a] = units[better[i]]
			}
		}
	}
}

// finish gives units their numbers and judges the whole.
func (s *solver) finish(unit []int32, units int) found {
	f := found{}
	f.Unit = make([]int32, len(unit))
	fresh := int32(0)
	for _, u := range s.q.Present {
		fresh = max(fresh, u+1)
	}
	number := make([]int32, units)
	for u := range number {
		number[u] = Nobody
		if u < len(s.names) {
			number[u] = s.names[u]
		}
	}
	for a, u := range unit {
		switch {
		case u == Nobody:
			f.Unit[a] = s.q.Present[a]
			continue
		case number[u] == Nobody:
			number[u] = fresh
			fresh++
		}
		f.Unit[a] = number[u]
	}
	f.Score = ScoreOf(s.land, s.q.Present, f.Unit)
	f.Broken = check(s.g, &s.q, f.Unit)
	for _, b := range f.Broken {
		f.missing += b.Off
	}
	for _, t := range s.wholes(unit, units) {
		if t.atoms > 0 {
			f.worth += s.judge.count(t.households) + s.judge.shape(t.area, t.around)
		}
	}
	for a, u := range unit {
		for _, b := range s.g.of(int32(a)) {
			if unit[b.to] != u && int32(a) < b.to {
				f.worth += s.judge.border(b.cost)
			}
		}
		if s.home != nil && u != Nobody && s.home[a] != Nobody && s.home[a] != u {
			f.worth += s.judge.moved(s.g.households[a])
		}
	}
	return f
}

// wholes are the totals of the free units.
func (s *solver) wholes(unit []int32, units int) []total {
	totals := make([]total, units)
	for a, u := range unit {
		if u == Nobody {
			continue
		}
		t := &totals[u]
		t.households += s.g.households[a]
		t.area += s.g.area[a]
		t.around += s.g.around[a]
		t.atoms++
		for _, b := range s.g.of(int32(a)) {
			if unit[b.to] == u {
				t.around -= b.length
			}
		}
	}
	return totals
}
