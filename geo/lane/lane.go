// Package lane does together what many ask for at once: a question to the database costs
// about as much for one as for a hundred, so those who ask while one is under way go
// together into the next. Nobody waits for others to come: who asks alone is served alone.
package lane

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// runs is how many batches of a lane are under way at once.
const runs = 2

// budget is how long a batch may take.
const budget = time.Minute

// Work is how a lane serves those who wait.
type Work[T any] struct {
	// Fits begins a batch: what it returns is asked of each who waits, in the order in which
	// they came, whether they still go into it. Who is first goes in any case.
	Fits func() func(one T) bool
	// Do serves a batch, and leaves in each what became of it. An error is that of all.
	Do func(ctx context.Context, batch []T) error
}

// Lane joins those who ask for the same kind of thing. Its zero value is ready; it must
// not be copied once it is in use.
type Lane[T any] struct {
	mu      sync.Mutex
	waiting []*waiter[T]
	running int
}

type waiter[T any] struct {
	one  T
	done chan struct{}
	err  error
}

// Join waits until one was served. All who join a lane bring the same work. When ctx ends
// before, Join returns its error, and one may be served all the same: the work has a context
// of its own, without the values of any request, for it may outlive them all.
func (l *Lane[T]) Join(ctx context.Context, one T, work Work[T]) error {
	w := &waiter[T]{one: one, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	if l.running < runs {
		l.running++
		go l.run(work)
	}
	l.mu.Unlock()
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run serves those who wait until nobody does.
func (l *Lane[T]) run(work Work[T]) {
	for {
		batch := l.next(work)
		if batch == nil {
			return
		}
		err := serve(batch, work)
		for _, w := range batch {
			w.err = err
			close(w.done)
		}
	}
}

// next takes those who go together.
func (l *Lane[T]) next(work Work[T]) (batch []*waiter[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fits, rest := work.Fits(), l.waiting[:0]
	for _, w := range l.waiting {
		if !fits(w.one) && batch != nil {
			rest = append(rest, w)
			continue
		}
		batch = append(batch, w)
	}
	clear(l.waiting[len(rest):])
	if l.waiting = rest; batch == nil {
		l.running--
	}
	return batch
}

// serve does the work. A panic is an error of the batch: it is in nobody's request, where
// it would be caught.
func serve[T any](batch []*waiter[T], work Work[T]) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	all := make([]T, len(batch))
	for i, w := range batch {
		all[i] = w.one
	}
	return work.Do(ctx, all)
}
