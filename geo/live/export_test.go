package live

import (
	"fmt"
	"time"
)

// SetPace makes the hub read more often, before Run.
func (h *Hub) SetPace(every time.Duration) { h.every = every }

// Watching is how many watch.
func (h *Hub) Watching() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers)
}

// LookUp looks up all sessions now.
var LookUp = (*Hub).lookUp

// MaxEvents is how many events are kept.
const MaxEvents = maxEvents

func (e Event) String() string { return fmt.Sprintf("%d %s %s", e.ID, e.Name, e.Data) }
