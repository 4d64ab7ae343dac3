// Package suppress decides which counts may be seen by people who may not see
// single places, and which value those counts have. Every output (tile, JSON, CSV,
// map) takes its counts from here, so that none says more than another.
//
// Units form a tree, and a count of a unit is that of everything below it. What a
// unit counts by itself is its cell. Cells are put into blocks: a cell of at least
// k alone, smaller ones together with their nearest relatives until the block
// counts k. A number is published for a unit only if whole blocks make it up. So
//
//   - every number that can be had from outputs, by whatever sums and differences,
//     is a sum of totals of blocks, and each total is k or more;
//   - of a hidden unit at least one block lies partly inside, so that every value
//     from what surely lies inside up to that plus the block's total is possible:
//     more than k values (complementary suppression, without solving for it).
//
// Editions follow each other (Next). Blocks never fall apart while their units
// last, and a total moves only by k or more, all of one edition in the same
// direction: no difference of two editions is a count below k. The price is that a
// total may lag behind the truth by k-1 for each block.
//
// Zero is a small count like others, for "no child lives here" says something
// about everybody who does live here. Only where nothing can be counted at all (a
// park without dwellings) zero is shown: such a unit is Void.
package suppress

import (
	"cmp"
	"maps"
	"slices"
)

// Unit is a node of the tree and what it counts by itself.
type Unit struct {
	ID     int64
	Parent int64 // 0 = none
	Own    int   // counted in the unit and in no unit below it
	Void   bool  // there is nothing that could be counted, as everybody may know
}

// Block is a set of cells of which only the total may be known.
type Block struct {
	Members []int64 `json:"members"` // units, ascending
	Total   int     `json:"total"`   // as published; it may lag behind
}

// Edition is what is published at one time. The zero Edition comes before the first.
type Edition struct {
	Above  map[int64]int64 `json:"above"` // unit → parent, 0 at the top
	Blocks []Block         `json:"blocks"`
	Fell   bool            `json:"fell"` // totals went down in this edition, not up
}

// Shown returns the published number of each unit that has one. The virtual unit 0
// is the sum of all.
func (e Edition) Shown(least int) map[int64]int {
	touched := map[int64]int{} // blocks of which some member lies in the unit
	whole := map[int64]int{}   // those of which all do
	total := map[int64]int{}
	for _, b := range e.Blocks {
		inside := map[int64]int{}
		for _, id := range b.Members {
			climb(e.Above, id, func(at int64) { inside[at]++ })
		}
		for at, n := range inside {
			touched[at]++
			if n == len(b.Members) && b.Total >= least {
				whole[at]++
				total[at] += b.Total
			}
		}
	}
	shown := map[int64]int{}
	for id := range e.Above {
		if touched[id] == whole[id] {
			shown[id] = total[id]
		}
	}
	if touched[0] == whole[0] {
		shown[0] = total[0]
	}
	return shown
}

// climb visits a unit, all above it and the virtual unit 0.
func climb(above map[int64]int64, id int64, visit func(int64)) {
	for range 100 {
		visit(id)
		if id == 0 {
			return
		}
		id = above[id]
	}
}

// Next is the edition after before, for what is counted now; least is k. The order
// of units does not matter.
func Next(before Edition, units []Unit, least int) Edition {
	w := newWork(before, units, least)
	w.takeBlocks()
	w.takeLoose()
	w.chooseDirection()
	w.form()
	return Edition{Above: w.above, Blocks: w.settle(), Fell: w.fell}
}

// work is the making of an edition.
type work struct {
	before Edition
	least  int
	above  map[int64]int64
	units  map[int64]Unit
	order  []int64 // units, those below before those above, then 0
	first  bool
	fell   bool
	groups []*group
	pools  map[int64]*group // by home
	inside map[int64]bool   // units that are in an item
	items  map[int64][]*item
	done   []*item
}

// item is a block in the making.
type item struct {
	members []int64
	now     int
	group   *group
	was     int  // published total of a block that stays; -1 for what is new
	alone   bool // was hidden with others and must not come to light by itself
}

// group is what must change together: the blocks in it had the total before.
type group struct {
	into   *group // merged into this one
	before int
}

func (g *group) root() *group {
	for g.into != nil {
		g = g.into
	}
	return g
}

func newWork(before Edition, units []Unit, least int) *work {
	w := &work{before: before, least: max(1, least), above: map[int64]int64{}, units: map[int64]Unit{}, first: len(before.Above) == 0,
		pools: map[int64]*group{}, inside: map[int64]bool{}, items: map[int64][]*item{}}
	for _, u := range units {
		w.units[u.ID] = u
	}
	for _, u := range units {
		if _, known := w.units[u.Parent]; !known || w.loops(u) {
			u.Parent = 0
		}
		w.above[u.ID] = u.Parent
	}
	depth := map[int64]int{}
	for id := range w.above {
		climb(w.above, id, func(int64) { depth[id]++ })
	}
	w.order = slices.SortedFunc(maps.Keys(w.above), func(a, b int64) int {
		return cmp.Or(cmp.Compare(depth[b], depth[a]), cmp.Compare(a, b))
	})
	w.order = append(w.order, 0)
	return w
}

// loops reports whether a unit is above itself, which the store cannot rule out.
func (w *work) loops(u Unit) bool {
	at := u.Parent
	for range 100 {
		if at == u.ID {
			return true
		}
		next, known := w.units[at]
		if !known {
			return false
		}
		at = next.Parent
	}
	return true
}

// takeBlocks keeps the blocks whose units all last, and loosens the others.
func (w *work) takeBlocks() {
	for _, b := range w.before.Blocks {
		lasting := slices.DeleteFunc(slices.Clone(b.Members), func(id int64) bool { _, lasts := w.above[id]; return !lasts })
		if len(lasting) == len(b.Members) {
			w.add(&item{members: b.Members, now: w.count(b.Members), group: w.newGroup(b.Total), was: b.Total})
			continue
		}
		pool := w.poolOfEnded(b.Members)
		pool.before += b.Total
		for _, id := range lasting {
			w.add(&item{members: []int64{id}, now: w.units[id].Own, group: pool, was: -1, alone: true})
		}
	}
}

// takeLoose makes items of the cells that are in none.
func (w *work) takeLoose() {
	for _, id := range w.order {
		u := w.units[id]
		if id == 0 || w.inside[id] || u.Void && u.Own == 0 {
			continue
		}
		w.add(&item{members: []int64{id}, now: u.Own, group: w.pool(w.home(id)), was: -1})
	}
}

func (w *work) add(i *item) {
	for _, id := range i.members {
		w.inside[id] = true
	}
	at := w.join(i.members)
	w.items[at] = append(w.items[at], i)
}

func (w *work) newGroup(before int) *group {
	g := &group{before: before}
	w.groups = append(w.groups, g)
	return g
}

// pool is the group of everything that comes and goes right below a unit.
func (w *work) pool(home int64) *group {
	if w.pools[home] == nil {
		w.pools[home] = w.newGroup(0)
	}
	return w.pools[home]
}

// home is the lowest unit above id that was there before and is there now.
func (w *work) home(id int64) (found int64) {
	return w.lasting(w.above, w.above[id])
}

// poolOfEnded is the pool of the units that ended; what several homes lost together
// they must find together.
func (w *work) poolOfEnded(members []int64) (pool *group) {
	for _, id := range members {
		if _, lasts := w.above[id]; !lasts {
			pool = union(pool, w.pool(w.lasting(w.before.Above, id)))
		}
	}
	return pool
}

// union makes one group of two; a may be nil.
func union(a, b *group) *group {
	b = b.root()
	if a == nil || a.root() == b {
		return b
	}
	a = a.root()
	a.before += b.before
	b.into = a
	return a
}

func (w *work) lasting(above map[int64]int64, id int64) int64 {
	for range 100 {
		_, was := w.before.Above[id]
		_, is := w.above[id]
		if id == 0 || was && is {
			return id
		}
		id = above[id]
	}
	return 0
}

// join is the lowest unit that holds all members.
func (w *work) join(members []int64) (lowest int64) {
	if len(members) == 1 {
		return members[0]
	}
	holds := map[int64]int{}
	for _, id := range members {
		climb(w.above, id, func(at int64) { holds[at]++ })
	}
	found := false
	climb(w.above, members[0], func(at int64) {
		if !found && holds[at] == len(members) {
			lowest, found = at, true
		}
	})
	return lowest
}

func (w *work) count(members []int64) (n int) {
	for _, id := range members {
		n += w.units[id].Own
	}
	return n
}

// chooseDirection lets totals go either up or down. What comes anew can only go
// up; otherwise the two take turns, if there is anything to do.
func (w *work) chooseDirection() {
	moves := map[*group]int{}
	for _, list := range w.items {
		for _, i := range list {
			moves[i.group.root()] += i.now
		}
	}
	var up, down, anew bool
	isPool := map[*group]bool{}
	for _, g := range w.pools {
		isPool[g.root()] = true
	}
	for _, g := range w.groups {
		if g.into != nil {
			continue
		}
		change := moves[g] - g.before
		up, down = up || change >= w.least, down || change <= -w.least
		anew = anew || isPool[g] && change >= w.least
	}
	w.fell = !anew && down && !(up && w.before.Fell)
}

// small reports whether an item cannot be a block by itself.
func (w *work) small(i *item) bool {
	switch {
	case i.alone:
		return true
	case i.was >= w.least: // it stays as it was, unless it is about to fall below k
		return w.fell && i.now < w.least
	}
	return i.now < w.least
}

// form joins small items with the nearest ones, from the lowest units upwards.
func (w *work) form() {
	type bag struct{ small, blocks []*item }
	bags := map[int64]*bag{}
	at := func(id int64) *bag {
		if bags[id] == nil {
			bags[id] = &bag{}
		}
		return bags[id]
	}
	for _, id := range w.order {
		b := at(id)
		for _, i := range w.items[id] {
			if w.small(i) {
				b.small = append(b.small, i)
			} else {
				b.blocks = append(b.blocks, i)
			}
		}
		slices.SortFunc(b.small, bySize)
		var open *item
		for _, i := range b.small {
			if open = merged(open, i); !w.small(open) {
				b.blocks, open = append(b.blocks, open), nil
			}
		}
		if open != nil && len(b.blocks) > 0 {
			k := slices.Index(b.blocks, slices.MinFunc(b.blocks, bySize))
			b.blocks[k], open = merged(b.blocks[k], open), nil
		}
		if id == 0 {
			w.done = b.blocks
			if open != nil {
				w.done = append(w.done, open)
			}
			return
		}
		up := at(w.above[id])
		up.blocks = append(up.blocks, b.blocks...)
		if open != nil {
			up.small = append(up.small, open)
		}
		delete(bags, id)
	}
}

func bySize(a, b *item) int {
	return cmp.Or(cmp.Compare(a.now, b.now), cmp.Compare(a.members[0], b.members[0]))
}

// merged is two items as one; a may be nil.
func merged(a, b *item) *item {
	if a == nil {
		return b
	}
	members := slices.Concat(a.members, b.members)
	slices.Sort(members)
	m := &item{members: members, now: a.now + b.now, group: union(a.group, b.group), was: -1}
	if a.was >= 0 && b.was >= 0 {
		m.was = a.was + b.was
	}
	return m
}

// settle gives the blocks of each group their totals: those of now if the group
// changed by k or more in the direction of this edition, else the group keeps its
// sum, and the largest block carries the difference.
func (w *work) settle() []Block {
	byGroup := map[*group][]*item{}
	for _, i := range w.done {
		byGroup[i.group.root()] = append(byGroup[i.group.root()], i)
	}
	var blocks []Block
	for _, g := range w.groups {
		items := byGroup[g]
		if len(items) == 0 {
			continue
		}
		now := 0
		for _, i := range items {
			now += i.now
		}
		change := now - g.before
		taken := w.first || change == 0 || change >= w.least && !w.fell || change <= -w.least && w.fell
		if !taken {
			largest := slices.MaxFunc(items, bySize)
			if largest.now -= change; largest.now < w.least {
				items = []*item{fused(items, g.before)}
			}
		}
		for _, i := range items {
			blocks = append(blocks, Block{i.members, i.now})
		}
	}
	slices.SortFunc(blocks, func(a, b Block) int { return cmp.Compare(a.Members[0], b.Members[0]) })
	return blocks
}

func fused(items []*item, total int) *item {
	var all *item
	for _, i := range items {
		all = merged(all, i)
	}
	all.now = total
	return all
}
