package walk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFieldEqualsAFreshSearch(t *testing.T) {
	changes, moved := 0, 0
	situations(t, 200, func(t *testing.T, r *rand.Rand, s situation) {
		places := s.n.Arrange(s.places)
		f := NewField(s.n, s.mode, s.sources, places, s.limit, s.dir)
		w := s.n.Walker(s.mode)
		defer w.Release()
		mm, source := make([]uint32, places.Len()), make([]int32, places.Len())
		for range 30 {
			old, oldSource := slices.Clone(f.MM()), slices.Clone(f.Source())
			told := map[int32]bool{}
			yield := func(c Change) {
				if told[c.Place] || c.OldMM != old[c.Place] || c.Old != oldSource[c.Place] || c.MM == c.OldMM && c.Source == c.Old {
					t.Fatalf("told of %+v; before it was %d from %d", c, old[c.Place], oldSource[c.Place])
				}
				told[c.Place] = true
				old[c.Place], oldSource[c.Place] = c.MM, c.Source
				moved++
			}
			switch {
			case len(f.Sources()) == 0 || r.IntN(3) == 0:
				if at := f.Add(someone(r, s.n), yield); int(at) != len(f.Sources())-1 {
					t.Fatalf("the new source is %d of %d", at, len(f.Sources()))
				}
			case r.IntN(2) == 0:
				f.Drop(r.Int32N(int32(len(f.Sources()))), yield)
			default:
				f.Move(r.Int32N(int32(len(f.Sources()))), someone(r, s.n), yield)
			}
			changes++
			w.Spread(f.Sources(), s.limit, s.dir)
			w.Fill(places, mm, source)
			if !slices.Equal(mm, f.MM()) || !slices.Equal(source, f.Source()) {
				t.Fatalf("after a change: %v from %v\nafresh:         %v from %v", f.MM(), f.Source(), mm, source)
			}
			if !slices.Equal(old, mm) || !slices.Equal(oldSource, source) {
				t.Fatal("a place changed and nobody was told")
			}
			if !slices.Equal(w.label, f.label) {
				t.Fatal("the nodes' labels differ from those found afresh")
			}
		}
	})
	if changes < 5000 || moved < 10_000 {
		t.Errorf("%d changes, %d places changed; want enough to mean something", changes, moved)
	}
}

func TestPairsAreAllWithinTheLimit(t *testing.T) {
	sum := 0
	situations(t, 100, func(t *testing.T, r *rand.Rand, s situation) {
		places := s.n.Arrange(s.places)
		var first *Matrix
		for _, threads := range []int{1, 2, 5} {
			m, err := Pairs(context.Background(), s.n, s.mode, s.sources, places, s.limit, s.dir, threads)
			if all := len(m.MM); all > 0 {
				if _, err := pairs(context.Background(), s.n, s.mode, s.sources, places, s.limit, s.dir, threads, all-1); !errors.Is(err, ErrPairs) {
					t.Fatalf("%d pairs where one less is allowed: %v", all, err)
				}
				if _, err := pairs(context.Background(), s.n, s.mode, s.sources, places, s.limit, s.dir, threads, all); err != nil {
					t.Fatalf("%d pairs where as many are allowed: %v", all, err)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = m
			} else if !slices.Equal(m.First, first.First) || !slices.Equal(m.MM, first.MM) || !slices.Equal(m.Source, first.Source) {
				t.Fatalf("%d threads find something else than one", threads)
			}
		}
		var want [][]uint64
		for range s.places {
			want = append(want, nil)
		}
		for k, from := range s.sources {
			mm, _ := s.nearest([]Place{from}, s.places, min(s.limit, horizon))
			for i, d := range mm {
				if d != Never {
					want[i] = append(want[i], uint64(d)<<32|uint64(k))
				}
			}
		}
		for i := range s.places {
			slices.Sort(want[i])
			source, mm := first.Row(i)
			var got []uint64
			for k := range mm {
				got = append(got, uint64(mm[k])<<32|uint64(source[k]))
			}
			sum += len(got)
			if !slices.Equal(got, want[i]) {
				t.Fatalf("place %d: %v, want %v", i, got, want[i])
			}
		}
	})
	if sum < 1000 {
		t.Errorf("%d pairs; want enough to mean something", sum)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	n := town(rand.New(rand.NewPCG(1, 1)), 4)
	if _, err := Pairs(ctx, n, Mode{}, nil, n.Arrange(nil), 1, From, 1); err == nil {
		t.Error("Pairs went on after it was told to stop")
	}
}
