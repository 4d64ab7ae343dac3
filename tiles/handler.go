package tiles

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/geo"
	"wangge/geo/etag"
	"wangge/geo/fault"
	"wangge/tiles/mvt"
)

// Faults of the tile routes.
var (
	ErrLayer = fault.New(fault.NotFound, "layer_unknown", "The map has no such layer.")
	ErrZoom  = fault.New(fault.NotFound, "tile_zoom", "The layer is not drawn at this zoom. Its TileJSON says which; enlarge the deepest.")
	ErrTile  = fault.New(fault.Malformed, "tile_nonsense", "There is no such tile: z is 0 to 22, x and y are 0 to 2^z-1.")
	ErrDay   = fault.New(fault.Malformed, "day_nonsense", "at is a date, YYYY-MM-DD.")
)

const (
	// MediaType is that of a vector tile.
	MediaType = "application/vnd.mapbox-vector-tile"

	forever = "max-age=31536000, immutable"
	ask     = "no-cache"
	private = "private, " // what a session opened is nobody else's
)

// tileKey names a drawn tile. Nothing is kept under a name without its version.
type tileKey struct {
	layer   string
	tile    mvt.Tile
	version int64
	of      string // what else the contents depend on, see layer.of
	// scope names what the reader may see; empty for Everything.
	scope    string
	encoding encoding
}

// tile is a compressed tile; body is nil where there is nothing.
type tile struct{ body []byte }

func (t *tile) size() int64 { return int64(cap(t.body)) }

// Mount serves the tiles of every layer, their TileJSON and the style. scopeOf says
// what a request may see, or returns the fault with which it is refused.
func (s *Server) Mount(app fiber.Router, scopeOf func(*fiber.Ctx) (Scope, error)) {
	told := func(handle func(*fiber.Ctx, Scope) error) fiber.Handler {
		return s.told(func(c *fiber.Ctx) error {
			scope, err := scopeOf(c)
			if err != nil {
				return err
			}
			return handle(c, scope)
		})
	}
	app.Get("/tiles/:layer/:z/:x/:y.mvt", told(s.serveTile))
	app.Get("/tiles/:layer.json", told(s.serveTileJSON))
	app.Get("/style.json", told(s.serveStyle))
}

// told counts a request and answers its fault.
func (s *Server) told(handle func(*fiber.Ctx) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := handle(c)
		f := fault.Of(err)
		switch {
		case err == nil:
			s.metrics.count(c.Response().StatusCode())
			return nil
		case f == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
			f = errTimeout
		case f == nil:
			return err // not the caller's: the application logs it and answers
		}
		s.metrics.count(statusOf[f.Kind])
		return problem(c, f)
	}
}

var errTimeout = fault.New(fault.Unavailable, "timeout", "The server took too long. Try again.")

var statusOf = map[fault.Kind]int{
	fault.Malformed: http.StatusBadRequest, fault.NotFound: http.StatusNotFound, fault.Unavailable: http.StatusServiceUnavailable,
	fault.Invalid: http.StatusUnprocessableEntity, fault.Unauthenticated: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.TooMany: http.StatusTooManyRequests, fault.Conflict: http.StatusConflict,
}

// problem answers a fault as RFC 9457 says. It is never kept by a cache.
func problem(c *fiber.Ctx, f *fault.Fault) error {
	status := statusOf[f.Kind]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	c.Response().Header.Del(fiber.HeaderETag)
	c.Set(fiber.HeaderCacheControl, "no-store")
	if status == http.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "1")
	}
	err := c.Status(status).JSON(fiber.Map{
		"type": "about:blank", "title": f.Msg, "status": status, "detail": f.Detail, "code": f.Code,
	})
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return err
}

func (s *Server) serveTile(c *fiber.Ctx, scope Scope) error {
	v := s.current.Load()
	if v == nil {
		return ErrLoading
	}
	t, ok := parseTile(c.Params("z"), c.Params("x"), c.Params("y"))
	l := v.find(c.Params("layer"))
	switch {
	case l == nil:
		return ErrLayer
	case !ok:
		return ErrTile
	case int(t.Z) < l.min || int(t.Z) > l.max:
		return ErrZoom
	}
	ctx := c.UserContext()
	l, r, err := s.asked(c, v, l, scope)
	if err != nil {
		return err
	}
	version := l.versionOf(t)
	tag := tagOf(l, version, r.name())
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderVary, "Accept-Encoding, Cookie, Authorization")
	c.Set(fiber.HeaderCacheControl, scope.keep(ask))
	if c.Query("v") == l.label(r) {
		c.Set(fiber.HeaderCacheControl, scope.keep(forever))
	}
	if etag.Matches(c.Get(fiber.HeaderIfNoneMatch), tag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	key := tileKey{layer: l.name, tile: t, version: version, of: l.of(), scope: r.name(), encoding: accepted(c.Get(fiber.HeaderAcceptEncoding))}
	drawn, err := s.tiles.Get(ctx, key, func() (*tile, error) { return s.drawTile(l, t, r, key.encoding), nil })
	if err != nil {
		return err
	}
	return answer(c, drawn, key.encoding)
}

// keep is a Cache-Control for this scope: only the public map may lie in a cache
// that several people share.
func (s Scope) keep(control string) string {
	if s.Public {
		return control
	}
	return private + control
}

func answer(c *fiber.Ctx, t *tile, e encoding) error {
	if len(t.body) == 0 {
		c.Status(http.StatusNoContent)
		return nil
	}
	c.Set(fiber.HeaderContentType, MediaType)
	if e != identity {
		c.Set(fiber.HeaderContentEncoding, e.name())
	}
	c.Response().SetBodyRaw(t.body) // nobody writes to a tile that was kept
	return nil
}

// drawTile draws and compresses a tile.
func (s *Server) drawTile(l *layer, t mvt.Tile, r *reach, e encoding) *tile {
	start := time.Now()
	b := s.drawers.Get().(*mvt.Builder)
	defer s.drawers.Put(b)
	b.Reset()
	l.content.draw(b, l.name, t, r)
	drawn := &tile{}
	if raw := b.Bytes(); len(raw) > 0 {
		drawn.body = compress(raw, e)
	}
	s.metrics.drawing.Observe(time.Since(start).Seconds())
	return drawn
}

// asked returns the layer as the query wants it: on a day, or of a run.
func (s *Server) asked(c *fiber.Ctx, v *view, l *layer, scope Scope) (*layer, *reach, error) {
	if l.content != nil {
		return s.asOf(c.UserContext(), v, l, c.Query("at"), scope)
	}
	if ofDuty[l.name] != nil {
		return s.ofDuty(c.UserContext(), v, l, c.Query("at"), scope)
	}
	q, err := parseQuestion(l.name, func(name string) string { return c.Query(name) })
	if err != nil {
		return nil, nil, err
	}
	return s.ofRun(c.UserContext(), v, l, q, scope)
}

// asOf returns the layer on the day that ?at= asks for, "" being today, and the
// scope resolved against the units of that day.
func (s *Server) asOf(ctx context.Context, v *view, l *layer, at string, scope Scope) (*layer, *reach, error) {
	day, err := parseDay(v, at)
	if err != nil {
		return nil, nil, err
	}
	l, units, err := s.on(ctx, v, l, day)
	if err != nil {
		return nil, nil, err
	}
	r := units.reach(scope)
	if l.subject == subjectBackground && r != nil && r.seen.Any() {
		return l, nil, nil // open data, the same for everybody who sees the map
	}
	return l, r, nil
}

func parseDay(v *view, at string) (geo.Day, error) {
	if at == "" {
		return v.day, nil
	}
	day, err := geo.ParseDay(at)
	if err != nil {
		return geo.Day{}, ErrDay
	}
	return day, nil
}

// parseTile reads z, x and y.
func parseTile(z, x, y string) (mvt.Tile, bool) {
	var n [3]uint64
	for i, text := range []string{z, x, y} {
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return mvt.Tile{}, false
		}
		n[i] = v
	}
	if n[0] > 22 {
		return mvt.Tile{}, false
	}
	t := mvt.Tile{Z: uint8(n[0]), X: uint32(n[1]), Y: uint32(n[2])}
	return t, t.Valid()
}

// tagOf names the contents of a tile: layer, version of the tile, day or run, scope. It
// is weak, for the codings of one tile differ in their bytes.
func tagOf(l *layer, version int64, scope string) string {
	b := make([]byte, 0, 64)
	b = append(b, `W/"`...)
	b = append(b, l.name...)
	b = append(b, '.')
	b = strconv.AppendInt(b, version, 10)
	b = append(b, '.')
	b = append(b, l.of()...)
	b = append(b, '.')
	b = append(b, scope...)
	return string(append(b, '"'))
}

func (m *metrics) count(status int) { m.requests.WithLabelValues(strconv.Itoa(status)).Inc() }

// Draw adds layers to a tile as a scope shows them, in the order of their names,
// without a cache. It reports whether the map has all of them and the tile lies
// within their zooms; those for which it does not are left out.
func (s *Server) Draw(b *mvt.Builder, t mvt.Tile, scope Scope, names ...string) bool {
	v := s.current.Load()
	if v == nil {
		return false
	}
	r, all := v.tree.reach(scope), true
	for _, name := range names {
		l := v.layers[name]
		if l == nil || int(t.Z) < l.min || int(t.Z) > l.max {
			all = false
			continue
		}
		l.content.draw(b, name, t, r)
	}
	return all
}
