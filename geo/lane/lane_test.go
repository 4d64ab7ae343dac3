package lane_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wangge/geo/lane"
)

type ask struct{ n, answer int }

// doubling answers twice what is asked, ten at most in a batch that takes a second.
func doubling(sizes *[]int, mu *sync.Mutex) lane.Work[*ask] {
	return lane.Work[*ask]{
		Fits: func() func(*ask) bool {
			room := 10
			return func(*ask) bool { room--; return room >= 0 }
		},
		Do: func(_ context.Context, batch []*ask) error {
			mu.Lock()
			*sizes = append(*sizes, len(batch))
			mu.Unlock()
			time.Sleep(time.Second)
			for _, a := range batch {
				a.answer = 2 * a.n
			}
			return nil
		},
	}
}

func TestThoseWhoWaitGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lane.Lane[*ask]
		var sizes []int
		var mu sync.Mutex
		began := time.Now()
		var all sync.WaitGroup
		for n := range 25 {
			all.Go(func() {
				time.Sleep(time.Duration(n) * time.Millisecond)
				a := &ask{n: n}
				if err := l.Join(t.Context(), a, doubling(&sizes, &mu)); err != nil || a.answer != 2*n {
					t.Errorf("%d: %d, %v", n, a.answer, err)
				}
			})
		}
		all.Wait()
		// The first two alone, each at once; then ten and ten, then three.
		if want := []int{1, 1, 10, 10, 3}; !slices.Equal(sizes, want) {
			t.Errorf("batches of %v, want %v", sizes, want)
		}
		if took := time.Since(began); took > 3100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestWhoGoesAwayKeepsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lane.Lane[*ask]
		var sizes []int
		var mu sync.Mutex
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := l.Join(ctx, &ask{n: 1}, doubling(&sizes, &mu)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		a := &ask{n: 4}
		if err := l.Join(t.Context(), a, doubling(&sizes, &mu)); err != nil || a.answer != 8 {
			t.Errorf("the next: %d, %v", a.answer, err)
		}
	})
}

func TestAnErrorIsThatOfTheBatchAlone(t *testing.T) {
	var l lane.Lane[*ask]
	broken := errors.New("broken")
	var turn atomic.Int32
	work := lane.Work[*ask]{
		Fits: func() func(*ask) bool { return func(*ask) bool { return false } }, // even so one goes
		Do: func(ctx context.Context, _ []*ask) error {
			if _, limited := ctx.Deadline(); !limited {
				t.Error("a batch may take for ever")
			}
			switch turn.Add(1) {
			case 1:
				return broken
			case 2:
				panic("nothing there")
			}
			return nil
		},
	}
	if err := l.Join(t.Context(), &ask{}, work); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := l.Join(t.Context(), &ask{}, work); err == nil || !strings.Contains(err.Error(), "nothing there") {
		t.Errorf("got %v", err)
	}
	if err := l.Join(t.Context(), &ask{}, work); err != nil {
		t.Errorf("got %v", err)
	}
}
