package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"wangge/geo/cell"
	"wangge/geo/live"
)

// Those who watch in the duty room are told in which cell a post is. So some officers are
// in another cell with every report, and how long that takes to reach each watcher is
// what is measured.
const (
	movers = 20
	// step is how far they go from report to report, in degrees: some two kilometres.
	step = 0.02
	// seenAt is the resolution at which watchers see places.
	seenAt = 8
	// patience is how long after the last report watchers wait for it.
	patience = 15 * time.Second
)

// watchers are streams of /api/v1/live, and what came over them.
type watchers struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex
	said  map[sighting]report
	told  []map[sighting]time.Time // of each watcher
	begun int
	errs  []error
}

// sighting is that a post is in a cell.
type sighting struct {
	post int64
	cell string
}

// report is which of a mover's it is, and when it was due.
type report struct {
	seq int
	due time.Time
}

// watch has so many streams begin, of several accounts that supervise everything, and
// returns when all have the whole picture.
func (h *hall) watch(ctx context.Context, n int) (*watchers, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watchers{cancel: cancel, said: map[sighting]report{}, told: make([]map[sighting]time.Time, n)}
	moves := map[int64]bool{} // posts of those whose reports are waited for
	for _, p := range h.phones {
		moves[p.post] = p.moves
	}
	ready := make(chan struct{}, n)
	for i := range n {
		w.told[i] = map[sighting]time.Time{}
		w.running.Go(func() {
			err := h.follow(ctx, h.desks[i/live.MaxOfAccount], func(p live.Post, at time.Time) {
				if p.Cell != nil && moves[p.Post] {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.told[i][sighting{p.Post, *p.Cell}] = at
				}
			}, func() { ready <- struct{}{} })
			if ctx.Err() == nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.errs = append(w.errs, fmt.Errorf("watcher %d: %w", i, err))
				ready <- struct{}{}
			}
		})
	}
	for range n {
		<-ready
	}
	return w, errors.Join(w.errs...)
}

// follow reads a stream until it ends. begun is called after the whole picture.
func (h *hall) follow(ctx context.Context, session string, see func(live.Post, time.Time), begun func()) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/live", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Cookie", "wangge_session="+session)
	res, err := (&http.Client{Transport: h.client.Transport}).Do(req) // without the deadline of a delivery
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	lines := bufio.NewReaderSize(res.Body, 64<<10)
	event := ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		at := time.Now()
		if name, is := strings.CutPrefix(line, "event: "); is {
			event = strings.TrimSpace(name)
		}
		data, is := strings.CutPrefix(line, "data: ")
		switch {
		case !is:
		case event == "reset":
			return errors.New("it was told to begin anew")
		case event == "duty":
			var d live.Duty
			if err := json.Unmarshal([]byte(data), &d); err != nil {
				return err
			}
			if d.Whole {
				begun()
				continue
			}
			for _, p := range d.Posts {
				see(p, at)
			}
		}
	}
}

// says notes what a mover reports, before it does.
func (w *watchers) says(p phone, seq int, due time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said[sighting{p.post, cell.In(p.at(seq), seenAt).String()}] = report{seq, due}
}

// end waits until every watcher was told of the last report of each mover, and returns how
// long it took to be told of each, and how many were never told. A report that another one
// overtook, so that both were read in the same second, is told with the later.
func (w *watchers) end(ctx context.Context) (delays *waits, missed int, err error) {
	for until := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		w.mu.Lock()
		delays, missed = w.delays()
		w.mu.Unlock()
		if missed == 0 || time.Now().After(until) || ctx.Err() != nil {
			break
		}
	}
	w.mu.Lock()
	err = errors.Join(w.errs...) // ended before they were to
	w.mu.Unlock()
	w.cancel()
	w.running.Wait()
	return delays, missed, err
}

// delays of what was said. It is locked.
func (w *watchers) delays() (delays *waits, missed int) {
	of := map[int64]map[int]sighting{} // of each post, by sequence
	last := 0
	for s, r := range w.said {
		if of[s.post] == nil {
			of[s.post] = map[int]sighting{}
		}
		of[s.post][r.seq] = s
		last = max(last, r.seq)
	}
	delays = &waits{}
	for _, told := range w.told {
		for _, list := range of {
			var at time.Time // when it was told of this or a later one
			for seq := last; seq > 0; seq-- {
				s, said := list[seq]
				if !said {
					continue
				}
				if t, was := told[s]; was && (at.IsZero() || t.Before(at)) {
					at = t
				}
				if at.IsZero() {
					missed++
					continue
				}
				delays.list = append(delays.list, at.Sub(w.said[s].due))
			}
		}
	}
	return delays, missed
}
