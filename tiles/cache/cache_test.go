package cache

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

func text(limit int64) *Cache[string, string] {
	return New[string, string](limit, 1, func(s string) int64 { return int64(len(s)) })
}

func TestAThousandEqualMissesCostOneBuild(t *testing.T) {
	c := text(1 << 20)
	started, release := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	ask := func() {
		defer wait.Done()
		got, err := c.Get(t.Context(), "a", func() (string, error) {
			close(started)
			<-release
			return "A", nil
		})
		if got != "A" || err != nil {
			t.Errorf("got %q, %v; want A", got, err)
		}
	}
	wait.Add(1)
	go ask()
	<-started
	wait.Add(999)
	for range 999 {
		go ask()
	}
	close(release)
	wait.Wait()
	if s := c.Stats(); s.Builds != 1 || s.Hits+s.Misses != 1000 {
		t.Errorf("%d builds for %d questions, want 1 for 1000", s.Builds, s.Hits+s.Misses)
	}
}

func TestTheLeastRecentlyUsedIsPushedOut(t *testing.T) {
	c := text(3 * (overhead + 10))
	ten := func() (string, error) { return strings.Repeat("x", 10), nil }
	for _, key := range []string{"a", "b", "c", "a", "d"} {
		_, _ = c.Get(t.Context(), key, ten)
	}
	for _, key := range []string{"a", "c", "d", "b"} { // b last: asking for it pushes another out
		want := int64(strings.Count("b", key))
		before := c.Stats().Builds
		_, _ = c.Get(t.Context(), key, func() (string, error) { return "", nil })
		if got := c.Stats().Builds - before; got != want {
			t.Errorf("%s: %d builds, want %d", key, got, want)
		}
	}
	if s := c.Stats(); s.Bytes > 3*(overhead+10) {
		t.Errorf("%d bytes are kept, more than the limit", s.Bytes)
	}
}

func TestWhatIsLargerThanTheLimitIsNotKept(t *testing.T) {
	c := text(overhead + 5)
	_, _ = c.Get(t.Context(), "a", func() (string, error) { return "123456", nil })
	if s := c.Stats(); s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("%d entries of %d bytes are kept, want none", s.Entries, s.Bytes)
	}
}

func TestAnErrorIsNotKept(t *testing.T) {
	c := text(1 << 10)
	broken := errors.New("broken")
	if _, err := c.Get(t.Context(), "a", func() (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
	if got, err := c.Get(t.Context(), "a", func() (string, error) { return "A", nil }); got != "A" || err != nil {
		t.Errorf("got %q, %v after an error; want A", got, err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	c := text(1 << 10)
	started, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Get(context.Background(), "a", func() (string, error) { close(started); <-release; return "A", nil })
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, "a", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	close(release)
	<-done
}

func TestAPanicReleasesThoseWhoWait(t *testing.T) {
	c := text(1 << 10)
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Get(t.Context(), "a", func() (string, error) { panic("no") })
	}()
	if got, err := c.Get(t.Context(), "a", func() (string, error) { return "A", nil }); got != "A" || err != nil {
		t.Errorf("got %q, %v after a panic; want A", got, err)
	}
}
