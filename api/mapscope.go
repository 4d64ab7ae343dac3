package api

import (
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/serves"
	"wangge/geo/staff"
	"wangge/tiles"
)

// mapScope says what a request may see on the map: what its actor's posts cover, or
// for who has not signed in the public map, if it is open.
type mapScope struct {
	db       pg.DB // of the map's reader
	requests pg.DB // as the actor, for the log

	mu     sync.Mutex
	asked  time.Time
	open   bool
	looked map[string]time.Time // when somebody's look at a layer was recorded
}

// precise are the layers with single households and incidents.
var precise = map[string]bool{"household": true, "incident": true, "incidents_live": true}

// lookFor is how long one row of the log stands for somebody's looks at a layer:
// a map asks for hundreds of tiles.
const lookFor = time.Hour

// look records that somebody whose posts show single places looks at a layer of
// them.
func (m *mapScope) look(ctx context.Context, actor staff.Actor, layer string) error {
	if !precise[layer] || !actor.May(staff.Place) {
		return nil
	}
	now, key := time.Now(), actor.Name+" "+layer
	m.mu.Lock()
	recorded := now.Sub(m.looked[key]) < lookFor
	if !recorded {
		if m.looked == nil || len(m.looked) > 100_000 {
			m.looked = map[string]time.Time{}
		}
		m.looked[key] = now
	}
	m.mu.Unlock()
	if recorded {
		return nil
	}
	return audit.Write(ctx, m.requests, actor, "look", "map", layer, nil)
}

// openFor is how long an answer of whether the public map is open holds.
const openFor = 2 * time.Second

func (m *mapScope) of(c *fiber.Ctx) (tiles.Scope, error) {
	ctx := c.UserContext()
	if actor := route.Actor(ctx); actor.Name != staff.Public.Name {
		return tiles.ScopeOf(actor), m.look(ctx, actor, c.Params("layer"))
	}
	open, err := m.isOpen(ctx)
	switch {
	case err != nil:
		return tiles.Scope{}, err
	case !open:
		return tiles.Scope{}, staff.ErrSignedOut
	}
	return tiles.PublicMap, nil
}

func (m *mapScope) isOpen(ctx context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.asked) < openFor {
		return m.open, nil
	}
	offer, err := serves.Offered(ctx, m.db)
	if err != nil {
		return false, err
	}
	m.open, m.asked = offer.Map, time.Now()
	return m.open, nil
}
