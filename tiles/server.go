package tiles

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/tiles/cache"
	"wangge/tiles/mvt"
)

// Config is what a Server needs.
type Config struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
	// Footpaths are what the points of a run reach people on; without them the layers
	// that show it are not drawn.
	Footpaths *network.Footpaths
	// Engine counts the visits that are due, by columns that the map's role may not
	// read; without it the map has none.
	Engine *pgxpool.Pool
	// CacheBytes bounds the compressed tiles that are kept; 0 means 128 MB.
	CacheBytes int64
	// Poll is how often changes are looked for when no notification comes; 0
	// means 5 seconds. It also bounds how late the map turns to a new day.
	Poll time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server draws tiles. Run keeps it new; Mount serves it.
type Server struct {
	Config
	current atomic.Pointer[view]
	loading sync.Mutex // guards follower, and the order of views
	books   *follower
	tiles   *cache.Cache[tileKey, *tile]
	past    *cache.Cache[pastKey, *view]
	grounds *cache.Cache[groundKey, *ground]
	runs    *cache.Cache[runKey, *layer]
	packs   *cache.Cache[packKey, *Pack]
	// packsKnown has packs without their files: how many know more than one reads.
	packsKnown *cache.Cache[packKey, *Pack]
	packing    chan struct{} // who holds a place in it draws a pack
	duty       duty
	heads      heads
	drawers    sync.Pool
	metrics    *metrics
}

// What is kept at most, in bytes: the layers of other days, the borders that runs are
// drawn on, and the layers of runs.
const (
	pastBytes   = 256 << 20
	groundBytes = 128 << 20
	runBytes    = 256 << 20
)

// New returns a server that has loaded nothing yet.
func New(c Config) *Server {
	if c.CacheBytes == 0 {
		c.CacheBytes = 128 << 20
	}
	if c.Poll == 0 {
		c.Poll = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{Config: c}
	s.tiles = cache.New[tileKey, *tile](c.CacheBytes, 16, (*tile).size)
	s.past = cache.New[pastKey, *view](pastBytes, 1, func(v *view) int64 { return sizeOf(v.layers) })
	s.grounds = cache.New[groundKey](groundBytes, 1, (*ground).size)
	s.runs = cache.New[runKey](runBytes, 1, func(l *layer) int64 { return l.content.size() })
	s.packs = cache.New[packKey](packBytes, 1, func(p *Pack) int64 { return p.Bytes })
	s.packsKnown = cache.New[packKey](knownMost*knownSize, 1, func(*Pack) int64 { return knownSize })
	s.packing = make(chan struct{}, packsAtOnce)
	s.drawers.New = func() any { return new(mvt.Builder) }
	s.metrics = newMetrics(s)
	return s
}

func sizeOf(layers map[string]*layer) (n int64) {
	for _, l := range layers {
		n += l.content.size()
	}
	return n
}

// ErrLoading is the answer while the map is read for the first time.
var ErrLoading = fault.New(fault.Unavailable, "map_loading", "The map is being loaded. Try again in a moment.")

// Ready reports whether the map has been loaded.
func (s *Server) Ready() bool { return s.current.Load() != nil }

// Versions returns the version of each subject that the map shows, by its name in
// layer_change; nil before the first load.
func (s *Server) Versions() map[string]int64 {
	if v := s.current.Load(); v != nil {
		return v.seen
	}
	return nil
}

// Layers returns the names of all layers, sorted; nil before the first load.
func (s *Server) Layers() []string {
	v := s.current.Load()
	if v == nil {
		return nil
	}
	return slices.Sorted(slices.Values(v.names))
}

// RunLayers returns the names of the layers of runs, which are drawn when one is asked
// for, sorted.
func RunLayers() []string { return slices.Sorted(maps.Keys(ofRuns)) }

// Refresh brings the map up to date: it loads everything the first time and at
// the start of a day, and otherwise what changed. Run does it by itself.
func (s *Server) Refresh(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	before, day := s.current.Load(), geo.DayOf(s.Now())
	var after *view
	books := s.books
	err := s.snapshot(ctx, func(tx pgx.Tx) (err error) {
		if before == nil || books == nil || before.day != day {
			after, books, err = load(ctx, tx, day)
			return err
		}
		after, err = s.follow(ctx, tx, before)
		return err
	})
	if err != nil {
		// The books may have gone ahead of what is shown: begin anew next time.
		s.books = nil
		return fmt.Errorf("refresh the map: %w", err)
	}
	s.books = books
	if after != before {
		s.current.Store(after)
	}
	return nil
}

// follow returns the view after what changed, or before itself.
func (s *Server) follow(ctx context.Context, db pg.DB, before *view) (*view, error) {
	changes, err := readChanges(ctx, db, before.seen)
	if err != nil {
		return nil, err
	}
	levels, err := readLevels(ctx, db)
	if err != nil {
		return nil, err
	}
	sources, err := readAttribution(ctx, db)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 && sources == before.attribution && slices.Equal(levels, before.levels) {
		return before, nil
	}
	after := before
	if len(changes) > 0 {
		if after, err = s.books.apply(ctx, db, before, changes); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(levels, after.levels) {
		if after, err = s.books.applyGrid(ctx, db, after); err != nil {
			return nil, err
		}
	}
	shown := *after
	shown.attribution = sources
	return &shown, nil
}

// loadTimeout bounds one statement of a load, which may read millions of rows
// and is not held to the limit of a request.
const loadTimeout = "5min"

// snapshot runs f in one read-only snapshot of the database.
func (s *Server) snapshot(ctx context.Context, f func(pgx.Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.Pool, options, func(tx pgx.Tx) error {
		// Compiling a query takes longer than reading a few changed rows.
		if _, err := tx.Exec(ctx, `SET LOCAL jit = off; SET LOCAL statement_timeout = '`+loadTimeout+`'`); err != nil {
			return err
		}
		return f(tx)
	})
}

// Run loads the map and keeps it new until ctx ends; then it returns nil. What
// was loaded stays on show while the database is away.
func (s *Server) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.listen(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.metrics.failures.Inc()
		s.Log.Error("the map does not follow changes; trying again", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(s.retry()):
		}
	}
	return nil
}

func (s *Server) retry() time.Duration { return min(s.Poll, time.Second) }

// listen follows changes on one connection of its own until something breaks.
func (s *Server) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.Pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("listen for changes of the map: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// First listen, then look: what commits in between is told.
	if _, err := conn.Exec(ctx, `LISTEN layer_change`); err != nil {
		return fmt.Errorf("listen for changes of the map: %w", err)
	}
	for {
		if err := s.Refresh(ctx); err != nil {
			return err
		}
		if err := waitForChange(ctx, conn, s.Poll); err != nil {
			return fmt.Errorf("listen for changes of the map: %w", err)
		}
	}
}

// waitForChange returns when a notification comes or the time is over.
func waitForChange(ctx context.Context, conn *pgx.Conn, limit time.Duration) error {
	wait, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := conn.WaitForNotification(wait)
	if err != nil && ctx.Err() == nil && wait.Err() != nil {
		return nil
	}
	return err
}

// CacheStats are the counts of the cache of compressed tiles.
func (s *Server) CacheStats() cache.Stats { return s.tiles.Stats() }

// RunStats are the counts of the layers of runs that are kept.
func (s *Server) RunStats() cache.Stats { return s.runs.Stats() }

// PackStats are the counts of the packs that are kept with their files.
func (s *Server) PackStats() cache.Stats { return s.packs.Stats() }

// Forget empties the caches, so that every tile is drawn again.
func (s *Server) Forget() {
	s.tiles.Clear()
	s.past.Clear()
	s.grounds.Clear()
	s.runs.Clear()
	s.packs.Clear()
	s.packsKnown.Clear()
	s.duty.forget()
}
