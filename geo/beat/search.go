package beat

import (
	"context"
	"math/rand/v2"
	"slices"
)

const (
	// usualRounds is how often a part of the walk is sought anew.
	usualRounds = 60
	// width is how many walks of about one length are followed, and narrow how many where
	// a part is sought anew; perCorner is how many of them may stand at one corner.
	width, narrow, perCorner = 600, 120, 2
	// buckets is how many lengths are told apart on a walk.
	buckets = 240
)

// search finds a walk by following many at once (beam search): they grow street by
// street, and of those about as long the ones go on that have seen most. Then parts of
// the best walk are taken out and sought anew in the time that they took (large
// neighbourhood search), which finds what a walk that only looks ahead leaves behind.
type search struct {
	q    Question
	w    *ways
	r    *rand.Rand
	best []Leg
}

func newSearch(q Question, w *ways) *search {
	return &search{q: q, w: w, r: rand.New(rand.NewPCG(q.Seed, 0x62656174))}
}

func (s *search) run(ctx context.Context, rounds int) error {
	first, err := s.beam(ctx, s.q.Start, s.q.End, uint64(s.q.Budget), newSet(len(s.q.Streets)), width)
	if err != nil {
		return err
	}
	s.best = first
	value, length := s.worth(s.best)
	for range rounds {
		if len(s.best) == 0 {
			return ctx.Err()
		}
		from := s.r.IntN(len(s.best))
		to := min(len(s.best), from+2+s.r.IntN(len(s.best)/2+1))
		part, err := s.again(ctx, from, to, uint64(s.q.Budget)-length)
		if err != nil {
			return err
		}
		walk := slices.Concat(s.best[:from], part, s.best[to:])
		if v, l := s.worth(walk); v > value || v == value && l < length {
			s.best, value, length = walk, v, l
		}
	}
	return ctx.Err()
}

// again seeks the part of the best walk from one leg to another anew, within its length
// and what the walk may still be longer.
func (s *search) again(ctx context.Context, from, to int, spare uint64) ([]Leg, error) {
	seen := newSet(len(s.q.Streets))
	for _, l := range s.best[:from] {
		seen.add(l.Street)
	}
	for _, l := range s.best[to:] {
		seen.add(l.Street)
	}
	start, _ := s.ends(s.best[from])
	_, end := s.ends(s.best[to-1])
	_, length := s.worth(s.best[from:to])
	return s.beam(ctx, start, end, length+spare, seen, narrow)
}

// ends of a leg: where it begins and where it leads.
func (s *search) ends(l Leg) (from, to int32) {
	st := s.q.Streets[l.Street]
	if l.Back {
		return st.B, st.A
	}
	return st.A, st.B
}

// worth is the value of all that a walk sees, and its length.
func (s *search) worth(walk []Leg) (value float64, length uint64) {
	seen := newSet(len(s.q.Streets))
	for _, l := range walk {
		if !seen.has(l.Street) {
			seen.add(l.Street)
			value += s.q.Streets[l.Street].Value
		}
		length += uint64(s.q.Streets[l.Street].Length)
	}
	return value, length
}

// state is a walk so far.
type state struct {
	before *state // the walk without its last leg
	leg    Leg
	corner int32
	length uint64
	value  float64
	seen   set
}

// beam is the best walk that it finds from a corner to another within a length, where
// the streets in seen count for nothing.
func (s *search) beam(ctx context.Context, from, to int32, budget uint64, seen set, width int) ([]Leg, error) {
	home := s.w.from(to)
	step := budget/buckets + 1
	waits := make([][]*state, buckets+1)
	waits[0] = []*state{{corner: from, seen: seen}}
	var best *state
	most := -1.0
	at := make(map[int32]int)
	for b, followed := 0, 0; b < len(waits); {
		list := waits[b]
		waits[b] = nil
		if len(list) == 0 { // a short street leads on within the bucket
			clear(at)
			b, followed = b+1, 0
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		slices.SortStableFunc(list, func(x, y *state) int {
			switch {
			case x.value > y.value:
				return -1
			case x.value < y.value:
				return 1
			}
			return int(int64(x.length) - int64(y.length))
		})
		for _, x := range list {
			if at[x.corner]++; at[x.corner] > perCorner {
				continue
			}
			if followed++; followed > width {
				break
			}
			if v := x.value + s.passed(x, to); v > most || v == most && x.length+uint64(home[x.corner]) < best.length+uint64(home[best.corner]) {
				best, most = x, v
			}
			for _, street := range s.w.out[s.w.first[x.corner]:s.w.first[x.corner+1]] {
				st := s.q.Streets[street]
				y := &state{before: x, leg: Leg{int(street), x.corner != st.A}, corner: s.w.other(street, x.corner), length: x.length + uint64(st.Length), value: x.value, seen: x.seen}
				if home[y.corner] == never || y.length+uint64(home[y.corner]) > budget {
					continue
				}
				if !x.seen.has(int(street)) {
					y.value += st.Value
					y.seen = x.seen.with(int(street))
				}
				waits[y.length/step] = append(waits[y.length/step], y)
			}
			x.seen = nil // the walks that go on have their own
		}
	}
	if best == nil {
		return nil, ctx.Err()
	}
	var walk []Leg
	for x := best; x.before != nil; x = x.before {
		walk = append(walk, x.leg)
	}
	slices.Reverse(walk)
	return s.w.course(best.corner, to, walk), nil
}

// passed is the value of what the shortest way on to a corner sees.
func (s *search) passed(x *state, to int32) (value float64) {
	for _, l := range s.w.course(x.corner, to, nil) {
		if !x.seen.has(l.Street) {
			value += s.q.Streets[l.Street].Value
		}
	}
	return value
}

// beat is the best walk that was found.
func (s *search) beat() Beat {
	b := Beat{Legs: s.best}
	b.Value, b.Length = s.worth(s.best)
	return b
}

// set is a set of streets.
type set []uint64

func newSet(n int) set       { return make(set, (n+63)/64) }
func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }
func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) with(i int) set { t := slices.Clone(s); t.add(i); return t }
