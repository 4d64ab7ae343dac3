package api

import (
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/serves"
	"wangge/geo/staff"
	"wangge/tiles"
)

// mapScope says what a request may see on the map: what its actor's posts cover, or
// for who has not signed in the public map, if it is open.
type mapScope struct {
	db pg.DB

	mu    sync.Mutex
	asked time.Time
	open  bool
}

// openFor is how long an answer of whether the public map is open holds.
const openFor = 2 * time.Second

func (m *mapScope) of(c *fiber.Ctx) (tiles.Scope, error) {
	ctx := c.UserContext()
	if actor := route.Actor(ctx); actor.Name != staff.Public.Name {
		return tiles.ScopeOf(actor), nil
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
