package tiles

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/geo"
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
)

// tileKey names a drawn tile. Nothing is kept under a name without its version.
type tileKey struct {
	layer   string
	tile    mvt.Tile
	version int64
	day     string
	// scope is what the reader may see; empty while everybody sees everything.
	scope    string
	encoding encoding
}

// tile is a compressed tile; body is nil where there is nothing.
type tile struct{ body []byte }

func (t *tile) size() int64 { return int64(cap(t.body)) }

// Mount serves the tiles of every layer, their TileJSON and the style.
func (s *Server) Mount(app fiber.Router) {
	app.Get("/tiles/:layer/:z/:x/:y.mvt", s.told(s.serveTile))
	app.Get("/tiles/:layer.json", s.told(s.serveTileJSON))
	app.Get("/style.json", s.told(s.serveStyle))
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
	fault.Invalid: http.StatusUnprocessableEntity,
}

// problem answers a fault as RFC 9457 says. It is never kept by a cache.
func problem(c *fiber.Ctx, f *fault.Fault) error {
	status := statusOf[f.Kind]
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

func (s *Server) serveTile(c *fiber.Ctx) error {
	v := s.current.Load()
	if v == nil {
		return ErrLoading
	}
	t, ok := parseTile(c.Params("z"), c.Params("x"), c.Params("y"))
	l := v.layers[c.Params("layer")]
	switch {
	case l == nil:
		return ErrLayer
	case !ok:
		return ErrTile
	case int(t.Z) < l.min || int(t.Z) > l.max:
		return ErrZoom
	}
	ctx := c.UserContext()
	l, err := s.asOf(ctx, v, l, c.Query("at"))
	if err != nil {
		return err
	}
	version := l.versionOf(t)
	tag := etag(l, version, "")
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, ask)
	if c.Query("v") == l.label() {
		c.Set(fiber.HeaderCacheControl, forever)
	}
	if matches(c.Get(fiber.HeaderIfNoneMatch), tag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	key := tileKey{layer: l.name, tile: t, version: version, day: l.day, encoding: accepted(c.Get(fiber.HeaderAcceptEncoding))}
	drawn, err := s.tiles.Get(ctx, key, func() (*tile, error) { return s.drawTile(l, t, key.encoding), nil })
	if err != nil {
		return err
	}
	return answer(c, drawn, key.encoding)
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
func (s *Server) drawTile(l *layer, t mvt.Tile, e encoding) *tile {
	start := time.Now()
	b := s.drawers.Get().(*mvt.Builder)
	defer s.drawers.Put(b)
	b.Reset()
	l.content.draw(b, l.name, t)
	drawn := &tile{}
	if raw := b.Bytes(); len(raw) > 0 {
		drawn.body = compress(raw, e)
	}
	s.metrics.drawing.Observe(time.Since(start).Seconds())
	return drawn
}

// asOf returns the layer on the day that ?at= asks for; "" is today.
func (s *Server) asOf(ctx context.Context, v *view, l *layer, at string) (*layer, error) {
	day, err := parseDay(v, at)
	if err != nil {
		return nil, err
	}
	return s.on(ctx, v, l, day)
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

// etag names the contents of a tile: layer, version of the tile, day, scope. It
// is weak, for the codings of one tile differ in their bytes.
func etag(l *layer, version int64, scope string) string {
	b := make([]byte, 0, 64)
	b = append(b, `W/"`...)
	b = append(b, l.name...)
	b = append(b, '.')
	b = strconv.AppendInt(b, version, 10)
	b = append(b, '.')
	b = append(b, l.day...)
	b = append(b, '.')
	b = append(b, scope...)
	return string(append(b, '"'))
}

// matches reports whether an If-None-Match header names the tag, by weak comparison.
func matches(header, tag string) bool {
	if header == "" {
		return false
	}
	if header == tag {
		return true
	}
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

func (m *metrics) count(status int) { m.requests.WithLabelValues(strconv.Itoa(status)).Inc() }

// Draw adds layers to a tile, in the order of their names, without a cache. It
// reports whether the map has all of them and the tile lies within their zooms;
// those for which it does not are left out.
func (s *Server) Draw(b *mvt.Builder, t mvt.Tile, names ...string) bool {
	v := s.current.Load()
	if v == nil {
		return false
	}
	all := true
	for _, name := range names {
		l := v.layers[name]
		if l == nil || int(t.Z) < l.min || int(t.Z) > l.max {
			all = false
			continue
		}
		l.content.draw(b, name, t)
	}
	return all
}
