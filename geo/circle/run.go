package circle

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"wangge/geo/cell"
	"wangge/geo/walk"
)

// making is one run while it is made: everything that its results depend on.
type making struct {
	params  Params
	crowd   *crowd
	network *walk.Network
	version int64   // of the network
	points  []point // with the changes applied
	threads int
	// places joins the households to the network for a profile; near are answers of
	// other runs about the same households and the same network, if there are any.
	places func(ctx context.Context, profile walk.Profile) (*walk.Places, error)
	near   *answers
	step   func(done, total int64)

	unitsOnly bool // no cells
}

// walked is one walk, from every household to the nearest of some sources, and the
// columns that it answers.
type walked struct {
	no      int
	mode    walk.Mode
	sources []source
	snapped []walk.Place
	limit   uint32 // the farthest horizon of its columns
	columns []int

	answer
	reason []reason     // of each household; told where it does not reach a source
	pairs  *walk.Matrix // nil unless all points within reach are asked for
}

// answer is how far the nearest source of every household is, in mm, and which.
type answer struct {
	mm     []uint32
	source []int32
}

// reason is why a household reaches nothing.
type reason uint8

// The reasons, as they are told.
const (
	reached  reason = iota
	noPoint         // no point counts in the column
	noPlace         // the household is not placed
	tooFar          // its street is farther than allowed
	water           // between it and every street
	noStreet        // in 10 km
	island          // no point on its piece of the network
	far             // no point within an hour
	reasons
)

var reasonNames = [reasons]string{"", "no_point", "no_place", "too_far_from_street", "behind_water", "no_network", "island", "far"}

func (r reason) String() string { return reasonNames[r] }

// reasonOf a place that is not joined to the network.
func reasonOf(p walk.Place) reason {
	switch p.Reason {
	case walk.TooFar:
		return tooFar
	case walk.BehindWater:
		return water
	}
	return noStreet
}

// walks are the walks that the columns need: those which differ only in how far they
// look share one.
func (m *making) walks() []*walked {
	var list []*walked
	known := map[string]*walked{}
	for i, col := range m.params.Columns {
		sources := col.sources(m.points, m.params.On)
		key := []byte{byte(profiles[col.Standard.Profile]), 0}
		if col.Standard.Slope {
			key[1] = 1
		}
		for _, s := range sources {
			key = binary.AppendVarint(key, s.id)
			key = binary.AppendVarint(key, int64(s.stop))
			key = append(key, byte(b2i(s.unknown)))
		}
		w := known[string(key)]
		if w == nil {
			w = &walked{no: len(list), mode: col.Standard.Mode(), sources: sources}
			known[string(key)], list = w, append(list, w)
		}
		w.columns, w.limit = append(w.columns, i), max(w.limit, col.Standard.Horizon())
	}
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// each makes the walks, on as many threads as there are, and hands them over in their
// order with what their columns say.
func (m *making) each(ctx context.Context, hand func(*walked, []*told) error) error {
	list := m.walks()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		told []*told
		err  error
	}
	made := make([]chan outcome, len(list))
	for i := range made {
		made[i] = make(chan outcome, 1)
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	slots := make(chan struct{}, max(1, m.threads)) // a walk holds one until it is handed over
	running.Go(func() {
		for i, w := range list {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				made[i] <- outcome{err: ctx.Err()}
				continue
			}
			running.Go(func() {
				var o outcome
				if o.err = m.walk(ctx, w); o.err == nil {
					o.told, o.err = m.tell(ctx, w)
				}
				made[i] <- o
			})
		}
	})
	for i, w := range list {
		o := <-made[i]
		if o.err == nil {
			o.err = hand(w, o.told)
		}
		if o.err != nil {
			return o.err
		}
		list[i] = nil
		<-slots
		m.step(int64(i+1), int64(len(list)))
	}
	return nil
}

// walk finds the nearest source of every household.
func (m *making) walk(ctx context.Context, w *walked) error {
	places, err := m.places(ctx, w.mode.Profile)
	if err != nil {
		return err
	}
	w.snapped = make([]walk.Place, len(w.sources))
	for i, s := range w.sources {
		w.snapped[i] = m.network.Snap(s.at, w.mode.Profile, uint32(m.params.MaxWalk)*1000)
	}
	if w.answer, err = m.near.nearest(ctx, m, w, places); err != nil {
		return err
	}
	m.explain(w, places)
	if m.params.K > 1 || len(m.params.Measures) > 0 {
		var limit uint32
		for _, i := range w.columns {
			limit = max(limit, m.params.Columns[i].Standard.Limit())
		}
		w.pairs, err = walk.Pairs(ctx, m.network, w.mode, w.snapped, places, limit, walk.Towards, 1)
	}
	return err
}

// explain notes why households reach nothing.
func (m *making) explain(w *walked, places *walk.Places) {
	w.reason = make([]reason, len(w.mm))
	pieces := map[int32]bool{}
	for _, p := range w.snapped {
		for _, a := range p.Access[:p.Count] {
			pieces[m.network.Piece(a.Edge)] = true
		}
	}
	for i, mm := range w.mm {
		if mm != walk.Never {
			continue
		}
		w.reason[i] = m.lost(places, i, len(w.sources) == 0, pieces)
	}
}

func (m *making) lost(places *walk.Places, i int, none bool, pieces map[int32]bool) reason {
	if m.crowd.at[i] == nowhere {
		return noPlace
	}
	if none {
		return noPoint
	}
	p := places.Place(i)
	if p.Count == 0 {
		return reasonOf(p)
	}
	for _, a := range p.Access[:p.Count] {
		if pieces[m.network.Piece(a.Edge)] {
			return far
		}
	}
	return island
}

// told is what a column says.
type told struct {
	column int
	units  []UnitRow // of the areas of the crowd, in their order; exact
	curve  []float64 // share of households within each minute; nil when there are none
	people []float64
	cells  [4][]CellRow // of resolutions 7 to 10; exact
	points []PointRow   // of the sources, in their order; exact
	heldBy []int64
}

const coarsest, finest = 7, 10

// minutes of the curve.
const minutes = 61

// tell computes what the columns of a walk say.
func (m *making) tell(ctx context.Context, w *walked) ([]*told, error) {
	list := make([]*told, 0, len(w.columns))
	for _, i := range w.columns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t := &told{column: i}
		col := m.params.Columns[i]
		seconds, people := m.seconds(w, col.Standard), m.crowd.people(col.Ages)
		limit := col.Standard.Limit()
		m.tellUnits(t, w, seconds, people, limit)
		if !m.unitsOnly {
			m.tellCells(t, w, seconds, limit)
		}
		m.tellPoints(t, w, people, limit)
		if err := m.measure(ctx, t, w, col, people); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// out stands for households that reach nothing within the horizon.
const out = math.MaxUint16

// seconds of every household to its nearest source, rounded up as Standard.Seconds
// does: a division for each household of each column would be most of the work.
func (m *making) seconds(w *walked, s Standard) []uint16 {
	list := make([]uint16, len(w.mm))
	per, horizon := uint64(s.Speed)*1000, s.Horizon()
	factor := 1 / float64(per)
	for i, mm := range w.mm {
		if mm > horizon {
			list[i] = out
			continue
		}
		n := uint64(mm) * 3600
		q := uint64(float64(n) * factor)
		for q*per < n {
			q++
		}
		for q > 0 && (q-1)*per >= n {
			q--
		}
		list[i] = uint16(q)
	}
	return list
}

// people of every household in some age bands, all if none are named.
func (c *crowd) people(ages []string) []uint32 {
	if len(ages) == 0 {
		return c.all
	}
	var bit [6]uint32
	for i, band := range bands {
		if slices.Contains(ages, band) {
			bit[i] = 1
		}
	}
	list := make([]uint32, len(c.heads))
	for i := range c.heads {
		h := &c.heads[i]
		list[i] = h[0]*bit[0] + h[1]*bit[1] + h[2]*bit[2] + h[3]*bit[3] + h[4]*bit[4] + h[5]*bit[5]
	}
	return list
}

// tally counts seconds: how many households need so many. It measures a stretch of
// households as coverage.ByGroup does, in a fraction of the time.
type tally struct {
	count   []int64
	least   int // of the seconds counted
	most    int
	reached int64
	sum     int64 // of seconds
}

func newTally(s Standard) *tally {
	return &tally{count: make([]int64, int(max(s.Minutes, horizon)*60)+2), least: math.MaxInt}
}

func (t *tally) add(second uint16, weight int64) {
	s := int(second)
	t.count[s] += weight
	t.least, t.most = min(t.least, s), max(t.most, s)
	t.reached += weight
	t.sum += weight * int64(s)
}

// clear forgets what was counted.
func (t *tally) clear() {
	if t.least <= t.most {
		clear(t.count[t.least : t.most+1])
	}
	t.least, t.most, t.reached, t.sum = math.MaxInt, 0, 0, 0
}

// quantile is the least minutes within which at least this part of n households
// reach a point (nearest rank); nil when so many do not.
func (t *tally) quantile(part float64, n int64) *float64 {
	rank := max(1, int64(math.Ceil(part*float64(n))))
	if n == 0 || rank > t.reached {
		return nil
	}
	for s := t.least; s <= t.most; s++ {
		if rank -= t.count[s]; rank <= 0 {
			return value(float64(s) / 60)
		}
	}
	return nil
}

// worst is the mean of that tenth of those who reach a point which walks farthest. A
// household on the edge of the tenth counts with the part that completes it.
func (t *tally) worst() *float64 {
	if t.reached == 0 {
		return nil
	}
	left, sum := t.reached, int64(0) // in tenths of a household
	for s := t.most; s >= t.least && left > 0; s-- {
		k := min(left, 10*t.count[s])
		sum += k * int64(s)
		left -= k
	}
	return value(float64(sum) / float64(t.reached) / 60)
}

func (t *tally) mean() *float64 {
	if t.reached == 0 {
		return nil
	}
	return value(float64(t.sum) / float64(t.reached) / 60)
}

func value(v float64) *float64 { return &v }

func share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	return value(float64(part) / float64(whole))
}

// tellUnits counts the households of every unit.
func (m *making) tellUnits(t *told, w *walked, seconds []uint16, people []uint32, limit uint32) {
	c, count := m.crowd, newTally(m.params.Columns[t.column].Standard)
	t.units = make([]UnitRow, len(c.areas))
	standing, unknown := m.standing(w)
	for i, a := range c.areas {
		count.clear()
		row := &t.units[i]
		*row = UnitRow{Column: t.column, Unit: a.code, Level: a.level, Points: standing[i], HoursUnknown: unknown[i], Unreachable: map[string]int64{}}
		var why [reasons]int64
		var households, heads, covered, coveredHeads int64 // in registers: this loop is most of a table's work
		second, mm, people := seconds[a.from:a.to], w.mm[a.from:a.to], people[a.from:a.to]
		for k, s := range second {
			h := a.from + int32(k)
			weight := c.weight(h)
			households += weight
			heads += int64(people[k])
			if s == out {
				r := w.reason[h]
				if r == reached {
					r = far // within the horizon of another column only
				}
				why[r] += weight
				continue
			}
			count.add(s, weight)
			if mm[k] <= limit {
				covered += weight
				coveredHeads += int64(people[k])
			}
		}
		row.Households, row.People, row.Covered, row.CoveredPeople = households, heads, covered, coveredHeads
		row.Share, row.SharePeople = share(row.Covered, row.Households), share(row.CoveredPeople, row.People)
		row.P50, row.P90 = count.quantile(0.5, row.Households), count.quantile(0.9, row.Households)
		row.Mean, row.WorstDecile = count.mean(), count.worst()
		for r, n := range why {
			if n > 0 {
				row.Unreachable[reason(r).String()] = n
			}
		}
		if i == 0 {
			t.curve = count.curve(row.Households)
		}
	}
	count.clear()
	for h, s := range seconds {
		if s != out {
			count.add(s, int64(people[h]))
		}
	}
	t.people = count.curve(t.units[0].People)
}

// curve is the share of n within each minute; nil of nobody.
func (t *tally) curve(n int64) []float64 {
	if n == 0 {
		return nil
	}
	list := make([]float64, minutes)
	var sum int64
	s := 0
	for minute := range list {
		for ; s <= minute*60 && s < len(t.count); s++ {
			sum += t.count[s]
		}
		list[minute] = float64(sum) / float64(n)
	}
	return list
}

// standing counts the sources that stand in each unit, by the unit that holds them.
func (m *making) standing(w *walked) (points, unknown []int) {
	c := m.crowd
	points, unknown = make([]int, len(c.areas)), make([]int, len(c.areas))
	for _, s := range w.sources {
		at, ok := c.unitOf(s.heldBy, s.point.at)
		for ; ok && at >= 0; at = c.areas[at].above {
			points[at]++
			unknown[at] += b2i(s.unknown)
		}
	}
	return points, unknown
}

// tellCells counts the households of every cell.
func (m *making) tellCells(t *told, w *walked, seconds []uint16, limit uint32) {
	c, count := m.crowd, newTally(m.params.Columns[t.column].Standard)
	for res := coarsest; res <= finest; res++ {
		for _, g := range c.group(res) {
			count.clear()
			row := CellRow{Column: t.column, Cell: g.cell, Resolution: res}
			for _, h := range c.byCell[g.from:g.to] {
				weight := c.weight(h)
				row.Households += weight
				if seconds[h] == out {
					continue
				}
				count.add(seconds[h], weight)
				if w.mm[h] <= limit {
					row.Covered += weight
				}
			}
			row.Minutes = count.quantile(0.5, row.Households)
			t.cells[res-coarsest] = append(t.cells[res-coarsest], row)
		}
	}
}

// cellGroup are the households of one cell among byCell.
type cellGroup struct {
	cell     cell.Cell
	from, to int32
}

// group puts the households into cells of a resolution, by cell.
func (c *crowd) group(res int) []cellGroup {
	c.grouping.Do(func() {
		var last cell.Cell
		for k, at := range c.cells {
			if k > 0 && at == last {
				continue
			}
			last = at
			for r := range c.groups {
				list, parent := &c.groups[r], at.Parent(r+coarsest)
				if n := len(*list); n == 0 || (*list)[n-1].cell != parent {
					*list = append(*list, cellGroup{cell: parent, from: int32(k)})
				}
			}
		}
		for r := range c.groups {
			for i := range c.groups[r] {
				c.groups[r][i].to = int32(len(c.cells))
				if i+1 < len(c.groups[r]) {
					c.groups[r][i].to = c.groups[r][i+1].from
				}
			}
		}
	})
	return c.groups[res-coarsest]
}

// tellPoints counts whom each source serves.
func (m *making) tellPoints(t *told, w *walked, people []uint32, limit uint32) {
	t.points, t.heldBy = make([]PointRow, len(w.sources)), make([]int64, len(w.sources))
	for i, s := range w.sources {
		t.points[i] = PointRow{Column: t.column, Point: s.id, Stop: s.stop, Name: s.name, Tier: s.tier, At: s.at.Degrees(),
			Candidate: s.candidate, Snapped: w.snapped[i].Count > 0, Capacity: s.capacity}
		if t.heldBy[i] = s.heldBy; w.snapped[i].Count == 0 {
			t.points[i].Reason = reasonOf(w.snapped[i]).String()
		}
		if s.stop > 0 {
			t.points[i].Name += " · " + s.stops[s.stop-1].Name
		}
	}
	for h, s := range w.source {
		if s >= 0 && w.mm[h] <= limit {
			t.points[s].Households += m.crowd.weight(int32(h))
			t.points[s].People += int64(people[h])
		}
	}
}

// placesOf joins the households to the network.
func (c *crowd) placesOf(ctx context.Context, n *walk.Network, profile walk.Profile, maxWalk int, threads int) (*walk.Places, error) {
	places, err := n.SnapAll(ctx, c.at, profile, uint32(maxWalk)*1000, threads)
	if err != nil {
		return nil, fmt.Errorf("join households to the walking network: %w", err)
	}
	return places, nil
}
