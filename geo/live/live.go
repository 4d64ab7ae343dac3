// Package live tells those who watch what happens while they watch: which posts are on
// duty and roughly where, incidents at each step, and those that become overdue.
//
// One reader asks the ledgers once a second and keeps what it found; a watcher is a
// place in that. So the questions to the database do not grow with the watchers, and
// nothing is kept for one of them: who falls too far behind is told to begin anew.
// Notifications would come sooner by half a second on average, and not at all of what
// time alone brings about, such as a deadline that passes.
//
// The reader sees every row. What a watcher is shown follows the rules of the walls: an
// incident whoever sees the places of its unit, and a private one who dispatches there; a
// post on duty whoever supervises its unit. Every few seconds all sessions are looked up
// again, in one question.
//
//	live.go  the reader and its watchers
//	read.go  what it asks
package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/account"
	"wangge/geo/fault"
	"wangge/geo/staff"
)

// Faults of watching.
var (
	ErrFull   = fault.New(fault.TooMany, "live_full", "Too many pages are being watched, here or by this account. Close one, or use the other tab of the browser.")
	ErrBehind = fault.New(fault.Unavailable, "live_behind", "The server does not know just now what is happening. Try again in a moment.")
)

// Limits of watchers.
const (
	MaxOfAccount = 8
	MaxWatchers  = 2000
)

const (
	every     = time.Second      // the ledgers are read
	lookUp    = 20 * time.Second // sessions are looked up again
	stale     = 30 * time.Second // nothing was read: watchers had better know
	maxEvents = 4096             // kept for who is slow, or comes back
)

// Event is something to tell. Data is JSON.
type Event struct {
	ID   int64
	Name string // duty, incident or reset
	Data []byte
}

// Post is whether a post is on duty. It names no account, and a place only roughly.
type Post struct {
	Post   int64      `json:"post"`
	Kind   string     `json:"kind"`
	Unit   string     `json:"unit"`
	OnDuty bool       `json:"on_duty"`
	Since  *time.Time `json:"since"`
	Cell   *string    `json:"cell"`
	unit   int64
}

// Duty is posts. When whole, those that it does not name are not on duty.
type Duty struct {
	Whole bool   `json:"whole"`
	Posts []Post `json:"posts"`
}

// Incident is how an incident stands.
type Incident struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Category string     `json:"category"`
	Unit     string     `json:"unit"`
	UnitName string     `json:"unit_name"`
	Deadline *time.Time `json:"deadline"`
	Overdue  bool       `json:"overdue"`
	AtCell   *string    `json:"at_cell"`
	unit     int64
	private  bool
}

// entry is an event before it is known who sees it.
type entry struct {
	id       int64
	posts    []Post
	incident Incident
	data     []byte // of the incident
	all      bool   // whatever was known may be wrong: begin anew
}

// tree is what lies above each unit, itself included.
type tree map[int64][]int64

func (t tree) holds(area staff.Area, unit int64) bool {
	return area.All || slices.ContainsFunc(t[unit], func(above int64) bool { return slices.Contains(area.Roots, above) })
}

// shows reports whether an actor is told of an incident. Of a private one its reporter and
// the post that answers for it may read; only dispatchers are told.
func (t tree) shows(actor staff.Actor, i Incident) bool {
	return t.holds(actor.Area(staff.Place), i.unit) && (!i.private || t.holds(actor.Area(staff.Dispatch), i.unit))
}

// Hub is the reader and those who watch. A process has one.
type Hub struct {
	db    *pgxpool.Pool
	log   *slog.Logger
	every time.Duration

	mu       sync.Mutex
	stopped  bool
	watchers map[*Watcher]bool
	news     chan struct{} // closed when there is something new
	entries  []entry       // the newest; their ids have no gaps
	last     int64         // id of the newest event; those before the oldest entry are forgotten
	readAt   time.Time
	units    tree
	posts    map[int64]Post // on duty

	reading // of the reader alone
}

// NewHub returns a hub that knows nothing yet. db is the engine's.
func NewHub(db *pgxpool.Pool, log *slog.Logger) *Hub {
	return &Hub{db: db, log: log, every: every, watchers: map[*Watcher]bool{}, news: make(chan struct{}), posts: map[int64]Post{},
		// Ids grow when the server is started again, too.
		last: time.Now().UnixMilli() * 1000}
}

// Run reads until ctx ends, when all watchers end as well.
func (h *Hub) Run(ctx context.Context) error {
	defer h.stop()
	tick := time.NewTicker(h.every)
	defer tick.Stop()
	var looked time.Time
	failed := false
	for {
		err := h.read(ctx)
		if err == nil && time.Since(looked) >= lookUp {
			if err = h.lookUp(ctx); err == nil {
				looked = time.Now()
			}
		}
		if err != nil && ctx.Err() == nil && !failed {
			h.log.Error("what happens is not known; trying again", "err", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// stop ends all watchers.
func (h *Hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	h.wake()
}

// wake tells watchers that there is something new. The hub is locked.
func (h *Hub) wake() {
	close(h.news)
	h.news = make(chan struct{})
}

// publish adds what was read. The hub is locked.
func (h *Hub) publish(list []entry) {
	for _, e := range list {
		h.last++
		e.id = h.last
		h.entries = append(h.entries, e)
	}
	if over := len(h.entries) - maxEvents; over > 0 {
		h.entries = slices.Clone(h.entries[over:]) // readers may still hold the old ones
	}
}

// lookUp ends the watchers whose sessions ended, and gives the others the grants of now.
func (h *Hub) lookUp(ctx context.Context) error {
	h.mu.Lock()
	var proofs []account.Proof
	for w := range h.watchers {
		proofs = append(proofs, w.proof)
	}
	h.mu.Unlock()
	if len(proofs) == 0 {
		return nil
	}
	still, err := account.Still(ctx, h.db, proofs)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := map[account.Proof]bool{}
	for _, p := range proofs {
		asked[p] = true
	}
	for w := range h.watchers {
		actor, holds := still[w.proof]
		switch {
		case !asked[w.proof]: // began while we asked
		case !holds || !actor.May(staff.Place):
			w.ended = true
		case !slices.EqualFunc(actor.Grants, w.actor.Grants, same):
			w.actor, w.anew = actor, true
		}
	}
	h.wake()
	return nil
}

func same(a, b staff.Grant) bool {
	return a.Post == b.Post && a.Unit == b.Unit && slices.Equal(a.May, b.May)
}

// Watcher is a place in what happened. One goroutine uses it.
type Watcher struct {
	hub   *Hub
	proof account.Proof
	actor staff.Actor
	at    int64 // id of the last event it has
	// ended is that it may not watch any more; anew, that it begins with the whole
	// picture; lost, that it misses some of what happened.
	ended, anew, lost bool
}

// Watch begins to watch. last is the id of the last event that the watcher has from
// before, 0 for none. Close ends it.
//
// Errors: staff.ErrForbidden, ErrFull, ErrBehind.
func (h *Hub) Watch(actor staff.Actor, proof account.Proof, last int64) (*Watcher, error) {
	if err := actor.Must(staff.Place); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped || time.Since(h.readAt) > stale {
		return nil, ErrBehind
	}
	own := 0
	for w := range h.watchers {
		if w.actor.Name == actor.Name {
			own++
		}
	}
	if own >= MaxOfAccount || len(h.watchers) >= MaxWatchers {
		return nil, ErrFull
	}
	w := &Watcher{hub: h, proof: proof, actor: actor, at: h.last, anew: true}
	if last != 0 {
		w.at, w.lost = last, last > h.last || last < h.oldest()
		if w.lost {
			w.at = h.last
		}
	}
	h.watchers[w] = true
	return w, nil
}

// oldest is the id after which everything is still known. The hub is locked.
func (h *Hub) oldest() int64 {
	if len(h.entries) == 0 {
		return h.last
	}
	return h.entries[0].id - 1
}

// Close ends watching.
func (w *Watcher) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	delete(w.hub.watchers, w)
}

// Next returns what happened since it was called last, and waits for something to
// happen, but no longer than so long. It returns false when the watcher has to end: it
// may not watch any more, the server stops or does not know what happens.
func (w *Watcher) Next(ctx context.Context, longest time.Duration) ([]Event, bool) {
	over := time.NewTimer(longest)
	defer over.Stop()
	for {
		list, news, more := w.take()
		if len(list) > 0 || !more {
			return list, more
		}
		select {
		case <-news:
		case <-over.C:
			return nil, true
		case <-ctx.Done():
			return nil, false
		}
	}
}

// take returns what is new for the watcher, and what tells it that there is more.
func (w *Watcher) take() ([]Event, <-chan struct{}, bool) {
	h := w.hub
	h.mu.Lock()
	if h.stopped || w.ended || time.Since(h.readAt) > stale {
		h.mu.Unlock()
		return nil, nil, false
	}
	if w.at < h.oldest() {
		w.at, w.lost = h.last, true
	}
	fresh := h.entries[len(h.entries)-int(h.last-w.at):] // never changed, only replaced
	lost := w.lost || slices.ContainsFunc(fresh, func(e entry) bool { return e.all })
	anew := w.anew || lost
	actor, units, last, news := w.actor, h.units, h.last, h.news
	var posts []Post
	if anew {
		posts = slices.Collect(maps.Values(h.posts))
	}
	w.at, w.anew, w.lost = last, false, false
	h.mu.Unlock()

	var list []Event
	if lost { // of which whatever else is new is a part
		list, fresh = []Event{{last, "reset", []byte("{}")}}, nil
	}
	supervised := actor.Area(staff.Supervise)
	for _, e := range fresh {
		switch {
		case e.data == nil && !anew:
			list = append(list, duty(e.id, e.posts, units, supervised, false)...)
		case e.data != nil && units.shows(actor, e.incident):
			list = append(list, Event{e.id, "incident", e.data})
		}
	}
	if anew {
		list = append(list, duty(last, posts, units, supervised, true)...)
	}
	return list, news, true
}

// duty is an event with those of the posts that lie in an area; none without one.
func duty(id int64, posts []Post, units tree, area staff.Area, whole bool) []Event {
	d := Duty{Whole: whole, Posts: []Post{}}
	for _, p := range posts {
		if units.holds(area, p.unit) {
			d.Posts = append(d.Posts, p)
		}
	}
	if !whole && len(d.Posts) == 0 {
		return nil
	}
	slices.SortFunc(d.Posts, func(a, b Post) int { return int(a.Post - b.Post) })
	data, _ := json.Marshal(d) // of our own types
	return []Event{{id, "duty", data}}
}
