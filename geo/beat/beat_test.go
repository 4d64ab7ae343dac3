package beat

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

// blocks is a mesh of streets of about 100 m, with random values.
func blocks(wide, high int, r *rand.Rand) Question {
	q := Question{Corners: wide * high}
	for y := range high {
		for x := range wide {
			c := int32(y*wide + x)
			add := func(to int32) {
				q.Streets = append(q.Streets, Street{c, to, 60_000 + uint32(r.IntN(80_000)), float64(r.IntN(10))})
			}
			if x+1 < wide {
				add(c + 1)
			}
			if y+1 < high {
				add(c + int32(wide))
			}
		}
	}
	return q
}

// walked checks that a beat is a walk from start to end, and what it says of itself.
func walked(t *testing.T, q Question, b Beat) {
	t.Helper()
	at, length, value := q.Start, uint64(0), 0.0
	seen := map[int]bool{}
	for _, l := range b.Legs {
		s := q.Streets[l.Street]
		from, to := s.A, s.B
		if l.Back {
			from, to = to, from
		}
		if from != at {
			t.Fatalf("the walk is at %d, the next street begins at %d", at, from)
		}
		at = to
		length += uint64(s.Length)
		if !seen[l.Street] {
			seen[l.Street] = true
			value += s.Value
		}
	}
	if at != q.End {
		t.Errorf("it ends at %d, not %d", at, q.End)
	}
	if length != b.Length || length > uint64(q.Budget) {
		t.Errorf("it is %d mm long, says %d, may be %d", length, b.Length, q.Budget)
	}
	if d := value - b.Value; d > 1e-9 || d < -1e-9 || b.Value > b.Bound+1e-9 {
		t.Errorf("it is worth %g, says %g, at most %g", value, b.Value, b.Bound)
	}
}

// exact is the best value of any walk, by trying all.
func exact(q Question) float64 {
	w := newWays(q)
	home := w.from(q.End)
	best := -1.0
	var go_ func(at int32, left uint64, seen uint64, value float64, since uint64)
	go_ = func(at int32, left, seen uint64, value float64, since uint64) {
		if uint64(home[at]) > left {
			return
		}
		if at == q.End {
			best = max(best, value)
		}
		if since>>uint(at)&1 == 1 { // round without anything new
			return
		}
		since |= 1 << uint(at)
		for _, street := range w.out[w.first[at]:w.first[at+1]] {
			s := q.Streets[street]
			if uint64(s.Length) > left {
				continue
			}
			bit := uint64(1) << uint(street)
			if seen&bit == 0 {
				go_(w.other(street, at), left-uint64(s.Length), seen|bit, value+s.Value, 0)
			} else {
				go_(w.other(street, at), left-uint64(s.Length), seen, value, since)
			}
		}
	}
	go_(q.Start, uint64(q.Budget), 0, 0, 0)
	return best
}

func TestSmallBeatsAreNearlyTheBestThereAre(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var share float64
	const rounds = 60
	for i := range rounds {
		q := blocks(3, 3, r)
		q.Start, q.End = int32(r.IntN(9)), int32(r.IntN(9))
		q.Budget = 500_000 + uint32(r.IntN(500_000))
		q.Seed = uint64(i)
		b, err := Propose(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		walked(t, q, b)
		best := exact(q)
		if b.Value > best+1e-9 {
			t.Fatalf("%g is more than the best walk's %g", b.Value, best)
		}
		if best > 0 {
			share += b.Value / best / rounds
		} else {
			share += 1.0 / rounds
		}
	}
	t.Logf("%.3f of the best on average", share)
	if share < 0.97 {
		t.Errorf("%.3f of the best on average", share)
	}
}

func TestLargeBeatsKeepTheirBudgetAndTheSameQuestionHasTheSameAnswer(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	q := blocks(20, 20, r)
	q.Start, q.End, q.Budget = 0, 210, 8_000_000
	b, err := Propose(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	walked(t, q, b)
	plain := nearestNext(q)
	t.Logf("%.0f, at most %.0f are possible; whoever goes on to the street worth most beside him sees %.0f", b.Value, b.Bound, plain)
	if b.Value < 1.15*plain {
		t.Errorf("%.0f, and %.0f without any thought", b.Value, plain)
	}
	again, err := Propose(t.Context(), q)
	if err != nil || !reflect.DeepEqual(again, b) {
		t.Errorf("another walk the second time, %v", err)
	}
}

// nearestNext is what somebody sees who always takes the unseen street that is worth most
// for the way to it and along it, as long as there is time to come back.
func nearestNext(q Question) (value float64) {
	w := newWays(q)
	home := w.from(q.End)
	seen := map[int]bool{}
	at, left := q.Start, int64(q.Budget)
	for {
		row := w.from(at)
		best, gain := Leg{Street: -1}, 0.0
		var to int32
		for i, s := range q.Streets {
			for _, back := range [2]bool{false, true} {
				a, b := s.A, s.B
				if back {
					a, b = b, a
				}
				if seen[i] || row[a] == never || home[b] == never || int64(row[a])+int64(s.Length)+int64(home[b]) > left {
					continue
				}
				if g := s.Value / float64(row[a]+s.Length); g > gain {
					best, gain, to = Leg{i, back}, g, b
				}
			}
		}
		if best.Street < 0 {
			return value
		}
		from, _ := (&search{q: q}).ends(best)
		for _, l := range append(w.course(at, from, nil), best) {
			left -= int64(q.Streets[l.Street].Length)
			if !seen[l.Street] {
				seen[l.Street] = true
				value += q.Streets[l.Street].Value
			}
		}
		at = to
	}
}

func TestABeatPrefersWhatWasNotSeenAndNeverLeavesItsTime(t *testing.T) {
	// A star of dead ends of 100 m: with 450 m two of them can be seen, there and back.
	q := Question{Corners: 5, Budget: 450_000}
	for i := range 4 {
		q.Streets = append(q.Streets, Street{0, int32(i + 1), 100_000, float64(i)})
	}
	b, err := Propose(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	walked(t, q, b)
	if b.Value != 5 || b.Length != 400_000 {
		t.Errorf("worth %g, %d mm long", b.Value, b.Length)
	}
}

func TestBadQuestionsAreRefused(t *testing.T) {
	good := Question{Corners: 3, Streets: []Street{{0, 1, 100_000, 1}}, Start: 0, End: 1, Budget: 100_000}
	if _, err := Propose(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Question)
		want   error
	}{
		"start beyond":  {func(q *Question) { q.Start = 3 }, ErrQuestion},
		"end below":     {func(q *Question) { q.End = -1 }, ErrQuestion},
		"street to 9":   {func(q *Question) { q.Streets[0].B = 9 }, ErrQuestion},
		"no length":     {func(q *Question) { q.Streets[0].Length = 0 }, ErrQuestion},
		"negative":      {func(q *Question) { q.Streets[0].Value = -1 }, ErrQuestion},
		"too short":     {func(q *Question) { q.Budget = 99_999 }, ErrTooShort},
		"not connected": {func(q *Question) { q.End = 2 }, ErrTooShort},
		"too many":      {func(q *Question) { q.Streets = make([]Street, MaxStreets+1) }, ErrTooMany},
	} {
		q := good
		q.Streets = append([]Street(nil), good.Streets...)
		c.change(&q)
		if _, err := Propose(t.Context(), q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Propose(ended, good); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkPropose(b *testing.B) {
	q := blocks(20, 20, rand.New(rand.NewPCG(7, 8)))
	q.Start, q.End, q.Budget = 0, 210, 8_000_000
	for b.Loop() {
		if _, err := Propose(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
