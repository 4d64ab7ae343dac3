package tiles_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg/pgtest"
	"wangge/tiles"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// town is a database with a small division: a town of four villages, each of
// four grids, one of them with an enclave that belongs to its neighbour.
type town struct {
	t    testing.TB
	pool *pgxpool.Pool
	ids  map[string]int64
}

// today is the day of the tests.
var today = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

// The town's south-western corner and the width of a grid, on the lattice.
const (
	west  = 1201000000
	south = 302000000
	step  = 60000 // about 600 m
)

func newTown(t testing.TB) *town {
	w := &town{t: t, pool: pgtest.Database(t), ids: map[string]int64{}}
	w.exec(`INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_at)
	        VALUES ('p', 'town-grid', 'grid', 'published', '2026-01-01', 'test', now())`)
	w.unit("T", "town", "", 0, 0, 4)
	for v := range 4 {
		x, y := v%2*2, v/2*2
		w.unit(fmt.Sprintf("T%d", v), "village", "T", x, y, 2)
		for g := range 4 {
			w.unit(fmt.Sprintf("T%d%d", v, g), "grid", fmt.Sprintf("T%d", v), x+g%2, y+g/2, 1)
		}
	}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// corner is a corner of the board of grids, displaced so that no border is
// straight; the rim stays where it is.
func corner(x, y int) geo.Point {
	p := geo.Point{X: west + int32(x)*step, Y: south + int32(y)*step}
	if x > 0 && x < 4 {
		p.X += int32((y*7+x*3)%5-2) * 4000
	}
	if y > 0 && y < 4 {
		p.Y += int32((x*5+y*2)%5-2) * 4000
	}
	return p
}

// block is the ring around n × n grids, with every corner of the board on it.
func block(x, y, n int) geo.Ring {
	var r geo.Ring
	for i := range n {
		r = append(r, corner(x+i, y))
	}
	for i := range n {
		r = append(r, corner(x+n, y+i))
	}
	for i := range n {
		r = append(r, corner(x+n-i, y+n))
	}
	for i := range n {
		r = append(r, corner(x, y+n-i))
	}
	return r
}

func (w *town) unit(code, level, parent string, x, y, n int) {
	w.t.Helper()
	area := geo.MultiPolygon{{block(x, y, n)}}
	enclave := geo.Ring{{X: west + 10000, Y: south + 10000}, {X: west + 20000, Y: south + 10000}, {X: west + 15000, Y: south + 22000}}
	switch code {
	case "T00":
		area[0] = append(area[0], enclave.Reversed())
	case "T01":
		area = append(area, geo.Polygon{enclave})
	}
	w.boundary(code, level, parent, area, "2026-01-01")
}

func (w *town) boundary(code, level, parent string, area geo.MultiPolygon, from string) {
	w.t.Helper()
	var id int64
	err := w.pool.QueryRow(w.t.Context(), `
		WITH made AS (
			INSERT INTO unit (code, preset, level) VALUES ($1, 'town-grid', $2)
			ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id)
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		SELECT id, $3, 1, $4, $5, 1, ST_PointOnSurface($6::geometry), $6 FROM made RETURNING unit_id`,
		code, level, w.parent(parent), "单元"+code, from, area).Scan(&id)
	if err != nil {
		w.t.Fatalf("unit %s: %v", code, err)
	}
	w.ids[code] = id
}

func (w *town) parent(code string) *int64 {
	if id, known := w.ids[code]; known {
		return &id
	}
	return nil
}

// household places a household in a unit and returns its id.
func (w *town) household(x, y int32, unit string) (id int64) {
	w.t.Helper()
	at := geo.Point{X: west + x, Y: south + y}
	err := w.pool.QueryRow(w.t.Context(), `
		INSERT INTO household (source, source_id, kind, occupied, address, point, cell)
		VALUES ('test', gen_random_uuid()::text, 'owner', true, '人民路1号', $1, $2) RETURNING id`, at, int64(cell.At(at))).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO household_unit (household_id, unit_id, valid_from) VALUES ($1, $2, '2026-01-01')`, id, w.ids[unit])
	return id
}

func (w *town) incident(x, y int32) (id string) {
	w.t.Helper()
	at := geo.Point{X: west + x, Y: south + y}
	err := w.pool.QueryRow(w.t.Context(), `
		INSERT INTO incident (source, source_id, category, reported_at, point, cell)
		VALUES ('test', gen_random_uuid()::text, 'litter', '2026-11-01', $1, $2) RETURNING id::text`, at, int64(cell.At(at))).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) raise(layer string, ids ...string) {
	w.t.Helper()
	w.exec(`SELECT raise_layer($1, $2)`, layer, ids)
}

// serve returns a server that has loaded the town, and its HTTP application.
func (w *town) serve() (*tiles.Server, *fiber.App) {
	w.t.Helper()
	s := tiles.New(tiles.Config{Pool: w.pool, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return today }})
	w.refresh(s)
	app := fiber.New(fiber.Config{Immutable: true})
	s.Mount(app, all)
	return s, app
}

func (w *town) refresh(s *tiles.Server) {
	w.t.Helper()
	if err := s.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

func get(t testing.TB, app *fiber.App, url string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req, 60_000)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, body}
}

func newApp(s *tiles.Server) *fiber.App {
	app := fiber.New(fiber.Config{Immutable: true})
	s.Mount(app, all)
	return app
}

// all lets every request see everything.
func all(*fiber.Ctx) (tiles.Scope, error) { return tiles.Everything, nil }
