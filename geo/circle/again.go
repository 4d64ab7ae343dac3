package circle

import (
	"container/list"
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"wangge/geo/walk"
)

// answers remembers walks, so that a run that differs from an earlier one by a few
// points looks only at what these change. What it gives is what a walk from nothing
// gives, to the last bit. It holds the newest ones, up to a bound.
type answers struct {
	mu     sync.Mutex
	order  *list.List // of *remembered, newest first
	weight int
}

// Bounds of what is remembered: of all walks together, in households and nodes of the
// network, at about 16 bytes each; and how many points may differ.
const (
	maxRemembered = 20_000_000
	maxDifferent  = 8
)

// remembered is a walk that is kept.
type remembered struct {
	key   string // of everything but its sources
	mu    sync.Mutex
	field *walk.Field
	slots []slot // its sources by number, with gaps where one was dropped

	weight int
}

// slot is a number of a field, and whose it is or was.
type slot struct {
	id    int64
	stop  int
	place walk.Place
	empty bool
}

func newAnswers() *answers { return &answers{order: list.New()} }

// nearest is the answer of a walk.
func (a *answers) nearest(ctx context.Context, m *making, w *walked, places *walk.Places) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	if a == nil || places.Len()+m.network.Nodes() > maxRemembered {
		return walkAfresh(m, w, places), nil
	}
	key := answerKey(m, w)
	if r := a.like(key, w); r != nil {
		if got, ok := r.follow(w); ok {
			return got, nil
		}
	}
	r := &remembered{key: key, weight: places.Len() + m.network.Nodes(), field: walk.NewField(m.network, w.mode, w.snapped, places, w.limit, walk.Towards)}
	for i, s := range w.sources {
		r.slots = append(r.slots, slot{id: s.id, stop: s.stop, place: w.snapped[i]})
	}
	got := answer{mm: slices.Clone(r.field.MM()), source: slices.Clone(r.field.Source())}
	a.keep(r)
	return got, nil
}

// walkAfresh is a walk that nobody remembers.
func walkAfresh(m *making, w *walked, places *walk.Places) answer {
	got := answer{mm: make([]uint32, places.Len()), source: make([]int32, places.Len())}
	walker := m.network.Walker(w.mode)
	defer walker.Release()
	walker.Spread(w.snapped, w.limit, walk.Towards)
	walker.Fill(places, got.mm, got.source)
	return got
}

// answerKey names everything that an answer depends on, but for the sources.
func answerKey(m *making, w *walked) string {
	key := m.crowd.key.bytes()
	key = binary.AppendVarint(key, m.version)
	key = binary.AppendVarint(key, int64(m.params.MaxWalk))
	key = append(key, byte(w.mode.Profile), byte(b2i(w.mode.Slope)))
	key = binary.AppendUvarint(key, uint64(w.limit))
	return string(key)
}

// like is the walk remembered whose sources are most like those of w, if few differ.
func (a *answers) like(key string, w *walked) *remembered {
	a.mu.Lock()
	defer a.mu.Unlock()
	var best *list.Element
	least := maxDifferent + 1
	for e := a.order.Front(); e != nil; e = e.Next() {
		r := e.Value.(*remembered)
		if r.key != key {
			continue
		}
		r.mu.Lock()
		plan, ok := r.plan(w)
		r.mu.Unlock()
		if ok && plan.changes < least {
			best, least = e, plan.changes
		}
	}
	if best == nil {
		return nil
	}
	a.order.MoveToFront(best)
	return best.Value.(*remembered)
}

// plan says which number each source of a walk gets, and how many changes that takes.
type plan struct {
	slot    []int
	changes int
}

// plan finds the sources among the slots; ok is false when their order is another one,
// for of two points at the same distance the first is the nearest. So new ones fit
// only behind all that are there.
func (r *remembered) plan(w *walked) (p plan, ok bool) {
	p.slot = make([]int, len(w.sources))
	at, end := 0, len(r.slots)
	for i, s := range w.sources {
		found := slices.IndexFunc(r.slots[min(at, len(r.slots)):], func(l slot) bool { return l.id == s.id && l.stop == s.stop })
		if found < 0 {
			if slices.ContainsFunc(r.slots, func(l slot) bool { return l.id == s.id && l.stop == s.stop }) {
				return p, false
			}
			at = len(r.slots)
			p.slot[i] = end
			end++
			if p.changes++; p.changes > maxDifferent {
				return p, false
			}
			continue
		}
		at += found
		l := &r.slots[at]
		if p.slot[i] = at; l.empty || l.place != w.snapped[i] {
			p.changes++
		}
		at++
	}
	for k := range r.slots {
		if !r.slots[k].empty && !slices.Contains(p.slot, k) {
			p.changes++
		}
	}
	return p, true
}

// follow changes the field until it has the sources of a walk, and gives its answer.
func (r *remembered) follow(w *walked) (answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.plan(w) // again: another run may have changed it
	if !ok {
		return answer{}, false
	}
	number := slices.Repeat([]int32{-1}, len(r.slots)+len(w.sources)) // slot → source of w
	for i, k := range p.slot {
		number[k] = int32(i)
	}
	for k := range r.slots {
		if l := &r.slots[k]; number[k] < 0 && !l.empty {
			r.field.Drop(int32(k), nil)
			l.empty, l.place = true, walk.Place{}
		}
	}
	for i, k := range p.slot {
		s := slot{id: w.sources[i].id, stop: w.sources[i].stop, place: w.snapped[i]}
		switch {
		case k == len(r.slots):
			r.field.Add(s.place, nil)
			r.slots = append(r.slots, s)
		case r.slots[k] != s:
			r.field.Move(int32(k), s.place, nil)
			r.slots[k] = s
		}
	}
	got := answer{mm: slices.Clone(r.field.MM()), source: slices.Clone(r.field.Source())}
	for h, k := range got.source {
		if k >= 0 {
			got.source[h] = number[k]
		}
	}
	return got, true
}

func (a *answers) keep(r *remembered) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.order.PushFront(r)
	for a.weight += r.weight; a.weight > maxRemembered; {
		a.weight -= a.order.Remove(a.order.Back()).(*remembered).weight
	}
}
