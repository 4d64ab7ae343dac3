// Package bench measures how tiles are drawn: ours against ST_AsMVT of PostGIS, in
// the same run, on the same invented county, with the same features and
// properties in every tile.
//
// CPU is what counts. Ours is that of this process, the peer's that of the
// PostgreSQL process which serves the connection; both must run on this machine,
// which must be Linux.
package bench

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/tiles"
	"wangge/tiles/mvt"
)

// Row is one line of the result.
type Row struct {
	Name    string  `json:"name"`
	Ours    float64 `json:"ours"`
	Peer    float64 `json:"peer"`  // 0 = there is no peer, only our cost
	Ratio   float64 `json:"ratio"` // how many times better ours is
	Unit    string  `json:"unit"`
	DataSet string  `json:"data_set"`
}

// Config is the size of a run.
type Config struct {
	// Pool is on an empty, migrated database, which the run fills.
	Pool       *pgxpool.Pool
	Say        func(format string, args ...any)
	Households int // 300,000 in the full run
	Incidents  int // 50,000
	Requests   int // 400
}

// Scaled is the full run, or a part of it in (0, 1].
func Scaled(pool *pgxpool.Pool, say func(string, ...any), scale float64) Config {
	part := func(n int) int { return max(10, int(float64(n)*scale)) }
	return Config{Pool: pool, Say: say, Households: part(300_000), Incidents: part(50_000), Requests: part(400)}
}

// The layers of the two sets of a mixed tile.
var (
	polygons = []string{"grid-town", "grid-village", "grid-micro-grid"}
	all      = []string{"cell", "grid-town", "grid-village", "grid-micro-grid", "label-town", "label-village", "label-micro-grid", "household", "incident"}
)

// run is a benchmark under way.
type run struct {
	Config
	server *tiles.Server
	tiles  []mvt.Tile
	rows   []Row
}

// Run fills the database and measures.
func Run(ctx context.Context, c Config) ([]Row, error) {
	r := &run{Config: c}
	ground := newCounty(c.Households, c.Incidents)
	c.Say("tiles: a county of %d grids, %d households, %d incidents", columns*rows, c.Households, c.Incidents)
	if err := ground.store(ctx, c.Pool); err != nil {
		return nil, err
	}
	r.tiles = ground.sessions(c.Requests)
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	c.Say("tiles: the peer's tables")
	if err := prepare(ctx, c.Pool); err != nil {
		return nil, err
	}
	if err := r.prepareCells(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{r.raw, r.overHTTP, r.scoped, r.fresh, r.circle} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return r.rows, nil
}

func (r *run) dataSet() string {
	return fmt.Sprintf("county: %d grids, %d households, %d incidents; %d tiles z10–z17", columns*rows, r.Households, r.Incidents, len(r.tiles))
}

// row notes a line in which less is better.
func (r *run) row(name string, ours, peer float64, unit string) {
	row := Row{Name: "tiles: " + name, Ours: ours, Peer: peer, Unit: unit, DataSet: r.dataSet()}
	if ours > 0 {
		row.Ratio = peer / ours
	}
	r.rows = append(r.rows, row)
}

// more notes a line in which more is better.
func (r *run) more(name string, ours, peer float64, unit string) {
	r.row(name, ours, peer, unit)
	if last := &r.rows[len(r.rows)-1]; peer > 0 {
		last.Ratio = ours / peer
	}
}

// load reads the county, and notes what it takes and holds.
func (r *run) load(ctx context.Context) error {
	before := heap()
	r.server = tiles.New(tiles.Config{Pool: r.Pool, Log: slog.New(slog.DiscardHandler)})
	start, spent := time.Now(), processCPU()
	if err := r.server.Refresh(ctx); err != nil {
		return err
	}
	r.Say("tiles: loaded in %v", time.Since(start).Round(time.Millisecond))
	r.row("load the map, CPU", (processCPU() - spent).Seconds(), 0, "s")
	r.row("memory of the map", float64(heap()-before)/1e6, 0, "MB")
	r.row("of which prepared geometry", float64(r.server.StoreBytes())/1e6, 0, "MB")
	return nil
}

// heap is the memory in use after collecting garbage, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// sessions are tiles that people at maps ask for, in order, with repetitions: each
// starts somewhere people live, zooms in, looks around and leaves.
func (c *county) sessions(n int) []mvt.Tile {
	var list []mvt.Tile
	for len(list) < n {
		at := mvt.Project(c.dwellings(1)[0].at)
		for zoom := 10; zoom <= mvt.MaxZoom && len(list) < n; zoom++ {
			if zoom > 10 && c.random.IntN(4) == 0 {
				continue // the wheel turns two notches
			}
			t := at.TileAt(zoom)
			for _, step := range [][2]uint32{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				if len(list) < n && (zoom > 11 || step == [2]uint32{}) {
					list = append(list, mvt.Tile{Z: t.Z, X: t.X + step[0], Y: t.Y + step[1]})
				}
			}
			if c.random.IntN(12) == 0 {
				break
			}
		}
	}
	return list
}

// mounted serves the map within a scope.
func (r *run) mounted(scope tiles.Scope) func(fiber.Router) {
	return func(app fiber.Router) {
		r.server.Mount(app, func(*fiber.Ctx) (tiles.Scope, error) { return scope, nil })
	}
}
