package account

import "time"

// SetClock turns the clock of the guard.
func (g *Guard) SetClock(now func() time.Time) { g.now = now }
