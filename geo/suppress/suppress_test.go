package suppress

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

const k = 10

func unit(id, parent int64, own int) Unit { return Unit{ID: id, Parent: parent, Own: own} }

func TestSmallCountsAreHiddenWithAnother(t *testing.T) {
	tests := []struct {
		name  string
		units []Unit
		want  map[int64]int
	}{
		{"all large", []Unit{{ID: 1, Void: true}, unit(11, 1, 30), unit(12, 1, 12)}, map[int64]int{0: 42, 1: 42, 11: 30, 12: 12}},
		{"a small one takes the smallest sibling with it",
			[]Unit{{ID: 1, Void: true}, unit(11, 1, 3), unit(12, 1, 12), unit(13, 1, 40)}, map[int64]int{0: 55, 1: 55, 13: 40}},
		{"small ones protect each other",
			[]Unit{{ID: 1, Void: true}, unit(11, 1, 6), unit(12, 1, 6), unit(13, 1, 40)}, map[int64]int{0: 52, 1: 52, 13: 40}},
		{"zero is small", []Unit{{ID: 1, Void: true}, unit(11, 1, 0), unit(12, 1, 12), unit(13, 1, 40)}, map[int64]int{0: 52, 1: 52, 13: 40}},
		{"nothing to count is shown as such",
			[]Unit{{ID: 1, Void: true}, {ID: 11, Parent: 1, Void: true}, unit(12, 1, 12), unit(13, 1, 40)}, map[int64]int{0: 52, 1: 52, 11: 0, 12: 12, 13: 40}},
		{"a small rest of a unit hides with a child",
			[]Unit{unit(1, 0, 2), unit(11, 1, 15), unit(12, 1, 40)}, map[int64]int{0: 57, 1: 57, 12: 40}},
		{"one village helps another",
			[]Unit{{ID: 1, Void: true}, {ID: 2, Parent: 1, Void: true}, {ID: 3, Parent: 1, Void: true}, unit(21, 2, 4), unit(31, 3, 30), unit(32, 3, 20)},
			map[int64]int{0: 54, 1: 54, 31: 30}},
		{"too little of everything", []Unit{{ID: 1, Void: true}, unit(11, 1, 4), unit(12, 1, 5)}, map[int64]int{}},
		{"nothing at all", nil, map[int64]int{0: 0}},
		{"a loop of parents is no reason to hang", []Unit{unit(1, 2, 20), unit(2, 1, 30)}, map[int64]int{0: 50, 1: 20, 2: 30}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Next(Edition{}, tt.units, k).Shown(k); !maps.Equal(got, tt.want) {
				t.Errorf("shown are %v, want %v", got, tt.want)
			}
		})
	}
}

func TestASmallChangeIsNotPublished(t *testing.T) {
	first := Next(Edition{}, []Unit{{ID: 1, Void: true}, unit(11, 1, 30), unit(12, 1, 50)}, k)
	tests := []struct {
		name     string
		a, b     int
		fell     bool
		shown    map[int64]int
		thenDown map[int64]int // an edition later
	}{
		{"by one", 31, 50, false, map[int64]int{0: 80, 1: 80, 11: 30, 12: 50}, map[int64]int{0: 80, 1: 80, 11: 30, 12: 50}},
		{"by k", 40, 50, false, map[int64]int{0: 90, 1: 90, 11: 40, 12: 50}, map[int64]int{0: 90, 1: 90, 11: 40, 12: 50}},
		{"by k in both directions, one after the other", 42, 39, true, map[int64]int{0: 69, 1: 69, 11: 30, 12: 39}, map[int64]int{0: 81, 1: 81, 11: 42, 12: 39}},
		{"below k", 3, 50, true, map[int64]int{0: 53, 1: 53}, map[int64]int{0: 53, 1: 53}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := []Unit{{ID: 1, Void: true}, unit(11, 1, tt.a), unit(12, 1, tt.b)}
			second := Next(first, now, k)
			if got := second.Shown(k); !maps.Equal(got, tt.shown) {
				t.Errorf("shown are %v, want %v", got, tt.shown)
			}
			if got := Next(second, now, k).Shown(k); !maps.Equal(got, tt.thenDown) {
				t.Errorf("then shown are %v, want %v", got, tt.thenDown)
			}
		})
	}
}

// A cell that was hidden with another never comes to light by itself: the other
// would be known from the edition before.
func TestHiddenCellsStayHidden(t *testing.T) {
	first := Next(Edition{}, []Unit{{ID: 1, Void: true}, unit(11, 1, 3), unit(12, 1, 12), unit(13, 1, 40)}, k)
	grown := Next(first, []Unit{{ID: 1, Void: true}, unit(11, 1, 33), unit(12, 1, 12), unit(13, 1, 40)}, k)
	if got, want := grown.Shown(k), (map[int64]int{0: 85, 1: 85, 13: 40}); !maps.Equal(got, want) {
		t.Errorf("after growing: %v, want %v", got, want)
	}
	ended := Next(first, []Unit{{ID: 1, Void: true}, unit(12, 1, 12), unit(13, 1, 40), unit(14, 1, 20)}, k)
	if _, shown := ended.Shown(k)[12]; shown {
		t.Errorf("after its partner has ended: %v, want 12 hidden", ended.Shown(k))
	}
}

// A unit that is divided anew does not say how its households changed since they
// were last published.
func TestANewPlanKeepsTheSumWhereItChangedLittle(t *testing.T) {
	first := Next(Edition{}, []Unit{{ID: 1, Void: true}, unit(11, 1, 40), unit(12, 1, 50)}, k)
	second := Next(first, []Unit{{ID: 1, Void: true}, unit(13, 1, 25), unit(14, 1, 19), unit(12, 1, 50)}, k)
	if got, want := second.Shown(k), (map[int64]int{0: 90, 1: 90, 12: 50, 13: 21, 14: 19}); !maps.Equal(got, want) {
		t.Errorf("shown are %v, want %v", got, want)
	}
	far := Next(first, []Unit{{ID: 1, Void: true}, unit(13, 1, 45), unit(14, 1, 19), unit(12, 1, 50)}, k)
	if got, want := far.Shown(k), (map[int64]int{0: 114, 1: 114, 12: 50, 13: 45, 14: 19}); !maps.Equal(got, want) {
		t.Errorf("with 24 more: %v, want %v", got, want)
	}
}

// forest is a random tree of up to four levels, most of whose cells are at the bottom.
func forest(r *rand.Rand) (units []Unit) {
	next := int64(1)
	typical := []int{3, 12, 40}[r.IntN(3)]
	var grow func(parent int64, depth int)
	grow = func(parent int64, depth int) {
		for range 1 + r.IntN(5) {
			u := Unit{ID: next, Parent: parent}
			next++
			leaf := depth == 3 || r.IntN(6) == 0
			switch {
			case leaf && r.IntN(8) == 0:
				u.Void = true
			case leaf || r.IntN(10) == 0:
				u.Own = r.IntN(2 * typical)
			default:
				u.Void = true
			}
			units = append(units, u)
			if !leaf {
				grow(u.ID, depth+1)
			}
		}
	}
	grow(0, 0)
	return units
}

// span is what somebody can work out about a count.
type span struct{ low, high float64 }

// audit works out, from the published numbers alone, between which bounds each
// unit's count must lie: counts are not negative, a unit's is the sum of its
// children's and of its own cell, and which cells are void is known, and that a
// unit with children has no cell of its own, if it has none. Bounds go up and down
// the tree until nothing changes; on a tree that finds the tightest.
func audit(units []Unit, shown map[int64]int) map[int64]*span {
	below := map[int64][]int64{}
	cells := map[int64]*span{}
	spans := map[int64]*span{0: {0, math.Inf(1)}}
	for _, u := range units {
		below[u.Parent] = append(below[u.Parent], u.ID)
		spans[u.ID], cells[u.ID] = &span{0, math.Inf(1)}, &span{0, math.Inf(1)}
		if u.Void {
			cells[u.ID].high = 0
		}
	}
	cells[0] = &span{}
	for id, n := range shown {
		*spans[id] = span{float64(n), float64(n)}
	}
	for changed := true; changed; {
		changed = false
		tighten := func(s *span, low, high float64) {
			if low > s.low {
				s.low, changed = low, true
			}
			if high < s.high {
				s.high, changed = high, true
			}
		}
		for id, whole := range spans {
			parts := []*span{cells[id]}
			for _, child := range below[id] {
				parts = append(parts, spans[child])
			}
			var low, high float64
			for _, p := range parts {
				low, high = low+p.low, high+p.high
			}
			tighten(whole, low, high)
			for _, p := range parts {
				others := 0.0 // the upper bounds of the others, which may be without end
				for _, q := range parts {
					if q != p {
						others += q.high
					}
				}
				tighten(p, whole.low-others, whole.high-(low-p.low))
			}
		}
	}
	return spans
}

func TestHiddenCountsCannotBeWorkedOut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	hidden, seen := 0, 0
	for range 3000 {
		units := forest(r)
		shown := Next(Edition{}, units, k).Shown(k)
		for id, s := range audit(units, shown) {
			n, known := shown[id]
			if known {
				seen++
				if n > 0 && n < k {
					t.Fatalf("unit %d is shown with %d", id, n)
				}
				continue
			}
			hidden++
			if values := s.high - s.low + 1; values < k {
				t.Fatalf("unit %d must lie between %v and %v: %v values\n%v\nshown %v", id, s.low, s.high, values, units, shown)
			}
		}
	}
	if hidden < 1000 || seen < 1000 {
		t.Errorf("only %d hidden and %d shown counts were tried", hidden, seen)
	}
}

// The audit must be able to find something.
func TestTheAuditFindsWhatIsNotProtected(t *testing.T) {
	units := []Unit{{ID: 1, Void: true}, unit(11, 1, 3), unit(12, 1, 12)}
	s := audit(units, map[int64]int{1: 15, 12: 12})[11]
	if s.low != 3 || s.high != 3 {
		t.Errorf("a lone hidden cell lies between %v and %v, want 3", s.low, s.high)
	}
}

func TestWhatIsShownIsTheTruthAtFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		units := forest(r)
		above, truth := map[int64]int64{}, map[int64]int{}
		for _, u := range units {
			above[u.ID] = u.Parent
		}
		for _, u := range units {
			climb(above, u.ID, func(at int64) { truth[at] += u.Own })
		}
		for id, n := range Next(Edition{}, units, k).Shown(k) {
			if n != truth[id] {
				t.Fatalf("unit %d is shown with %d, it has %d", id, n, truth[id])
			}
		}
	}
}

// Editions after many small and some large changes: every number stays or moves by
// k or more, a total is never more than k-1 per block from the truth for long, and
// nothing hidden can be worked out of any edition.
func TestDifferencesOfEditionsRevealNoSmallCount(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	moved := 0
	for range 300 {
		units := forest(r)
		before := Next(Edition{}, units, k)
		for range 12 {
			for i := range units {
				u := &units[i]
				switch {
				case u.Void:
				case r.IntN(3) == 0:
					u.Own = max(0, u.Own+r.IntN(7)-3)
				case r.IntN(40) == 0:
					u.Own = max(0, u.Own+r.IntN(80)-40)
				}
			}
			after := Next(before, units, k)
			was, is := before.Shown(k), after.Shown(k)
			for id, n := range is {
				m, known := was[id]
				_, any := was[0]
				switch {
				case !known && !any: // there were fewer than k in all
				case !known:
					t.Fatalf("unit %d comes to light", id)
				case n != m && abs(n-m) < k:
					t.Fatalf("unit %d goes from %d to %d", id, m, n)
				case n != m:
					moved++
					if (n < m) != after.Fell {
						t.Fatalf("unit %d goes from %d to %d against the others", id, m, n)
					}
				}
			}
			groupsMoveByK(t, was, is, units)
			for id, s := range audit(units, is) {
				if _, known := is[id]; !known && s.high-s.low+1 < k {
					t.Fatalf("unit %d must lie between %v and %v", id, s.low, s.high)
				}
			}
			before = after
		}
		// Left alone, two more editions bring everything up to date.
		for range 2 {
			before = Next(before, units, k)
		}
		for _, b := range before.Blocks {
			sum := 0
			for _, u := range units {
				if slices.Contains(b.Members, u.ID) {
					sum += u.Own
				}
			}
			if b.Total >= k && abs(sum-b.Total) >= k && sum >= k {
				t.Fatalf("block %v is published as %d, it counts %d", b.Members, b.Total, sum)
			}
		}
	}
	if moved < 200 {
		t.Errorf("only %d numbers moved", moved)
	}
}

// groupsMoveByK checks what is left of a unit when its shown children are taken
// away: that is a number too.
func groupsMoveByK(t *testing.T, was, is map[int64]int, units []Unit) {
	t.Helper()
	restOf := func(shown map[int64]int, only map[int64]int) map[int64]int {
		rest := maps.Clone(only)
		for id := range only {
			rest[id] = shown[id]
		}
		for _, u := range units {
			if _, both := only[u.ID]; both {
				rest[u.Parent] -= shown[u.ID]
			}
		}
		return rest
	}
	before, after := restOf(was, is), restOf(is, is)
	for id := range is {
		if d := abs(after[id] - before[id]); d != 0 && d < k {
			t.Fatalf("what unit %d does not show goes from %d to %d", id, before[id], after[id])
		}
	}
}

// Plans come and go: units end, others begin. What lasts moves by k or more or is
// made of units that came or went, each with k or more; and blocks hold.
func TestPlansComeAndGo(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 400 {
		units := forest(r)
		before := Next(Edition{}, units, k)
		for step := range 5 {
			next := int64(10_000 * (step + 1))
			var kept []Unit
			parents := map[int64]bool{}
			for _, u := range units {
				parents[u.Parent] = true
			}
			for _, u := range units {
				switch {
				case parents[u.ID] || r.IntN(4) > 0:
					kept = append(kept, u)
				default: // divided in two
					half := r.IntN(u.Own + 1)
					kept = append(kept, Unit{next, u.Parent, half, u.Void}, Unit{next + 1, u.Parent, u.Own - half, u.Void})
					next += 2
				}
			}
			units = kept
			after := Next(before, units, k)
			for _, b := range after.Blocks {
				if b.Total > 0 && b.Total < k && len(after.Blocks) > 1 {
					t.Fatalf("round %d: block %v has %d", round, b.Members, b.Total)
				}
			}
			is := after.Shown(k)
			for id, s := range audit(units, is) {
				if _, known := is[id]; !known && s.high-s.low+1 < k {
					t.Fatalf("round %d: unit %d must lie between %v and %v", round, id, s.low, s.high)
				}
			}
			// Nobody came or left: the sum of a unit that lasts is what it was.
			for id, n := range before.Shown(k) {
				if m, known := is[id]; known && n != m {
					t.Fatalf("round %d: unit %d goes from %d to %d though nobody moved", round, id, n, m)
				}
			}
			before = after
		}
	}
}

func TestTheOrderOfUnitsDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		units := forest(r)
		shuffled := slices.Clone(units)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := Next(Edition{}, units, k), Next(Edition{}, shuffled, k)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
		if again := Next(a, shuffled, k); !maps.Equal(again.Shown(k), a.Shown(k)) {
			t.Fatalf("the same counts again: %v, want %v", again.Shown(k), a.Shown(k))
		}
	}
}

func BenchmarkNext(b *testing.B) {
	var units []Unit
	for i := range int64(10_000) {
		units = append(units, Unit{ID: i + 1, Parent: (i + 1) / 20, Own: int(i % 25), Void: i < 500})
	}
	for b.Loop() {
		Next(Edition{}, units, k).Shown(k)
	}
}

func abs(n int) int { return max(n, -n) }

func ExampleEdition_Shown() {
	village := []Unit{{ID: 1, Void: true}, {ID: 11, Parent: 1, Own: 4}, {ID: 12, Parent: 1, Own: 23}, {ID: 13, Parent: 1, Own: 41}}
	fmt.Println(Next(Edition{}, village, 10).Shown(10))
	// Output: map[0:68 1:68 13:41]
}
