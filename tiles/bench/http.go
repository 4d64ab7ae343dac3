package bench

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/valyala/fasthttp"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// connections is how many clients ask at once.
const connections = 8

// overHTTP compares whole answers on the loopback: drawn, compressed with gzip,
// sent and read. The client's own CPU is in both.
func (r *run) overHTTP(ctx context.Context) error {
	ours, stop, err := listen(r.mounted(tiles.Everything))
	if err != nil {
		return err
	}
	defer stop()
	peer, stopPeer, err := listen(r.mountPeer)
	if err != nil {
		return err
	}
	defer stopPeer()
	asked := r.requests()
	once := slices.Clone(asked)
	slices.Sort(once)
	once = slices.Compact(once)

	r.Say("tiles: %d requests over HTTP, %d different", len(asked), len(once))
	if _, err := ask(peer, once[:len(once)/4]); err != nil { // plans and pages warm
		return err
	}
	before, err := r.backendsCPU(ctx)
	if err != nil {
		return err
	}
	theirs, err := ask(peer, once)
	if err != nil {
		return err
	}
	after, err := r.backendsCPU(ctx)
	if err != nil {
		return err
	}
	theirs.cpu += after - before
	r.server.Forget()
	cold, err := ask(ours, once)
	if err != nil {
		return err
	}
	warm, err := ask(ours, slices.Concat(asked, asked, asked))
	if err != nil {
		return err
	}
	ready, stopReady, err := r.readyBytes(ours, once)
	if err != nil {
		return err
	}
	defer stopReady()
	limit, err := ask(ready, slices.Concat(asked, asked, asked))
	if err != nil {
		return err
	}
	r.more("over HTTP, cold", cold.perSecond(), theirs.perSecond(), "tiles/s")
	r.row("over HTTP, cold, p50", cold.quantile(0.5), theirs.quantile(0.5), "ms")
	r.row("over HTTP, cold, p99", cold.quantile(0.99), theirs.quantile(0.99), "ms")
	r.row("over HTTP, cold, CPU of an answer with the client's", cold.cpuEach(), theirs.cpuEach(), "ms")
	r.row("over HTTP, bytes of an answer", float64(cold.bytes)/float64(len(once)), float64(theirs.bytes)/float64(len(once)), "B")
	r.more("over HTTP, warm", warm.perSecond(), theirs.perSecond(), "tiles/s")
	r.more("over HTTP, warm, against ready bytes through the same server", warm.perSecond(), limit.perSecond(), "tiles/s")
	r.row("over HTTP, warm, CPU with the client's, against ready bytes", warm.cpuEach(), limit.cpuEach(), "ms")
	return nil
}

// backendsCPU is the time of all processes that serve our connections.
func (r *run) backendsCPU(ctx context.Context) (sum time.Duration, err error) {
	var pids []int32
	err = r.Pool.QueryRow(ctx, `
		SELECT array_agg(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend'`).Scan(&pids)
	if err != nil {
		return 0, fmt.Errorf("processes of PostgreSQL: %w", err)
	}
	for _, pid := range pids {
		spent, err := backendCPU(uint32(pid))
		if err != nil {
			return 0, err
		}
		sum += spent
	}
	return sum, nil
}

// requests are the paths that a map with all layers asks for in the sessions.
func (r *run) requests() (paths []string) {
	for _, t := range r.tiles {
		for _, layer := range all {
			if layer == "household" && t.Z < 13 || layer == "cell" && t.Z > 14 {
				continue
			}
			paths = append(paths, fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, t.Z, t.X, t.Y))
		}
	}
	return paths
}

// listen serves on a free port of the loopback.
func listen(mount func(fiber.Router)) (base string, stop func(), err error) {
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	mount(app)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = app.Listener(listener)
	}()
	stop = func() {
		_ = app.Shutdown()
		<-done
	}
	return "http://" + listener.Addr().String(), stop, nil
}

// mountPeer serves tiles that ST_AsMVT draws, one tuned statement for each layer,
// compressed with gzip 6, without a cache: what a good server in front of PostGIS does.
func (r *run) mountPeer(app fiber.Router) {
	sql := map[string]string{}
	for _, layer := range all {
		sql[layer] = "SELECT " + layerSQL(layer)
	}
	writers := sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, 6); return w }}
	app.Get("/tiles/:layer/:z/:x/:y.mvt", func(c *fiber.Ctx) error {
		z, _ := c.ParamsInt("z")
		x, _ := c.ParamsInt("x")
		y, _ := c.ParamsInt("y")
		var tile []byte
		if err := r.Pool.QueryRow(c.UserContext(), sql[c.Params("layer")], z, x, y).Scan(&tile); err != nil {
			return err
		}
		if len(tile) == 0 {
			return c.SendStatus(fiber.StatusNoContent)
		}
		var out bytes.Buffer
		w := writers.Get().(*gzip.Writer)
		defer writers.Put(w)
		w.Reset(&out)
		_, _ = w.Write(tile)
		_ = w.Close()
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(out.Bytes())
	})
}

// readyBytes serves answers that were fetched before, from a map: what no server
// of this kind can do better.
func (r *run) readyBytes(base string, paths []string) (string, func(), error) {
	ready := make(map[string][]byte, len(paths))
	for _, path := range paths {
		_, body, err := fetch(&fasthttp.Client{}, base+path)
		if err != nil {
			return "", nil, err
		}
		ready[path] = body
	}
	return listen(func(app fiber.Router) {
		app.Get("/tiles/:layer/:z/:x/:y.mvt", func(c *fiber.Ctx) error {
			body := ready[c.Path()]
			if len(body) == 0 {
				return c.SendStatus(fiber.StatusNoContent)
			}
			c.Set(fiber.HeaderContentEncoding, "gzip")
			c.Set(fiber.HeaderContentType, "application/vnd.mapbox-vector-tile")
			c.Response().SetBodyRaw(body)
			return nil
		})
	})
}

// answers are what a round of requests took.
type answers struct {
	wall  time.Duration
	cpu   time.Duration
	bytes int
	times []time.Duration
}

func (a answers) perSecond() float64 { return float64(len(a.times)) / a.wall.Seconds() }
func (a answers) cpuEach() float64   { return a.cpu.Seconds() * 1000 / float64(len(a.times)) }

func (a answers) quantile(q float64) float64 {
	slices.Sort(a.times)
	return a.times[min(len(a.times)-1, int(q*float64(len(a.times))))].Seconds() * 1000
}

// ask sends the requests over some connections and reads the answers.
func ask(base string, paths []string) (answers, error) {
	client := &fasthttp.Client{MaxConnsPerHost: connections}
	a := answers{times: make([]time.Duration, len(paths))}
	var next, total, failed = make(chan int), sync.Mutex{}, error(nil)
	var wait sync.WaitGroup
	start, spent := time.Now(), processCPU()
	for range connections {
		wait.Go(func() {
			for i := range next {
				began := time.Now()
				_, body, err := fetch(client, base+paths[i])
				a.times[i] = time.Since(began)
				total.Lock()
				a.bytes += len(body)
				if err != nil {
					failed = err
				}
				total.Unlock()
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	wait.Wait()
	a.wall, a.cpu = time.Since(start), processCPU()-spent
	client.CloseIdleConnections()
	return a, failed
}

func fetch(client *fasthttp.Client, url string) (int, []byte, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(url)
	req.Header.Set("Accept-Encoding", "gzip")
	if err := client.Do(req, res); err != nil {
		return 0, nil, fmt.Errorf("%s: %w", url, err)
	}
	if status := res.StatusCode(); status != 200 && status != 204 {
		return status, nil, fmt.Errorf("%s: status %d: %s", url, status, res.Body())
	}
	return res.StatusCode(), bytes.Clone(res.Body()), nil
}

// fresh measures how a new incident reaches the map, and which tiles it leaves alone.
func (r *run) fresh(ctx context.Context) error {
	r.Say("tiles: new incidents")
	if err := r.kept(ctx); err != nil {
		return err
	}
	if err := r.visible(ctx); err != nil {
		return err
	}
	return r.growth()
}

// kept counts the tiles in the cache that a new incident makes be drawn again.
func (r *run) kept(ctx context.Context) error {
	base, stop, err := listen(r.mounted(tiles.Everything))
	if err != nil {
		return err
	}
	defer stop()
	paths := r.requests()
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if _, err := ask(base, paths); err != nil {
		return err
	}
	// In the middle of the deepest tile that was looked at, so that it lies in a
	// tile of every zoom of one session.
	deepest := slices.MaxFunc(r.tiles, func(a, b mvt.Tile) int { return int(a.Z) - int(b.Z) }).Bounds()
	at := geo.Snap(orb.Point{(deepest[0] + deepest[2]) / 2, (deepest[1] + deepest[3]) / 2})
	if _, err := r.report(ctx, at); err != nil {
		return err
	}
	if err := r.server.Refresh(ctx); err != nil {
		return err
	}
	before := r.server.CacheStats().Builds
	if _, err := ask(base, paths); err != nil {
		return err
	}
	drawn := float64(r.server.CacheStats().Builds - before)
	r.row("drawn again after one incident, of those in the cache", drawn, float64(len(paths)), "tiles")
	r.row("kept after one incident", 100*(1-drawn/float64(len(paths))), 0, "%")
	return nil
}

// report stores an incident and returns its version.
func (r *run) report(ctx context.Context, at geo.Point) (version int64, err error) {
	err = r.Pool.QueryRow(ctx, `
		WITH made AS (
			INSERT INTO incident (source, source_id, category, reported_at, point, cell)
			VALUES ('bench', gen_random_uuid()::text, 'litter', '2026-10-02', $1, $2)
			RETURNING id)
		SELECT raise_layer('incident', array_agg(id::text)) FROM made`, at, int64(cell.At(at))).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("report an incident: %w", err)
	}
	return version, nil
}

// visible measures the time from the commit of an incident to the map that shows it.
func (r *run) visible(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.server.Run(running) }()
	var a answers
	for _, d := range newCounty(0, 0).dwellings(60) {
		version, err := r.report(ctx, d.at)
		if err != nil {
			stop()
			<-done
			return err
		}
		committed := time.Now()
		for r.server.Versions()["incident"] < version {
			time.Sleep(50 * time.Microsecond)
		}
		a.times = append(a.times, time.Since(committed))
	}
	stop()
	if err := <-done; err != nil {
		return err
	}
	r.row("a new incident is on the map after, p50", a.quantile(0.5), 0, "ms")
	r.row("a new incident is on the map after, p99", a.quantile(0.99), 0, "ms")
	return nil
}

// growth measures how drawing and memory grow with the number of households.
func (r *run) growth() error {
	for _, n := range []int{r.Households / 30, r.Households / 3, r.Households * 10 / 3} {
		ground := newCounty(n, 0)
		table := mvt.NewTable(mvt.Column{Name: "id", Unique: true}, mvt.Column{Name: "kind"}, mvt.Column{Name: "occupied"})
		places := make([]mvt.Place, n)
		for i, d := range ground.dwellings(n) {
			places[i] = mvt.Place{ID: int64(i), At: mvt.Project(d.at), Values: []mvt.Value{mvt.Int(int64(i)), mvt.String("owner"), mvt.Bool(true)}}
		}
		rule := mvt.Thinning{13: 6, 14: 6, 15: 6, 16: 5}
		points := mvt.NewPoints(table, rule, places)
		var b mvt.Builder
		spent, drawn := processCPU(), 0
		for range 20 {
			for _, t := range r.tiles {
				if t.Z >= 13 {
					b.Reset()
					b.Points("household", points, t, nil)
					drawn++
				}
			}
		}
		if drawn == 0 {
			continue
		}
		r.row(fmt.Sprintf("household tile with %d households, CPU", n), (processCPU()-spent).Seconds()*1000/float64(drawn), 0, "ms")
		r.row(fmt.Sprintf("memory of %d households", n), float64(points.Size())/1e6, 0, "MB")
	}
	return nil
}
