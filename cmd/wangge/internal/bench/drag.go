package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/api/walks"
	"wangge/geo"
	"wangge/geo/reach"
	"wangge/geo/staff"
)

// drag moves a marker over a town, and asks over HTTP for the outlines around it.
func drag() Benchmark {
	return Benchmark{
		Name:  "drag",
		About: "outlines of 5, 10 and 15 minutes around a marker that is dragged, over HTTP, as GeoJSON",
		Run:   runDrag,
	}
}

func runDrag(ctx context.Context, lab Lab) ([]Row, error) {
	town, err := atHome(ctx, lab)
	if err != nil {
		return nil, err
	}
	lab.Say("drag: %s", town.data())
	pool, err := lab.Database(ctx)
	if err != nil {
		return nil, err
	}
	paths := given{town.network}
	base, stop, err := serve(func(a route.API) { walks.Mount(a, pool, paths, reach.New(paths, pool)) })
	if err != nil {
		return nil, err
	}
	defer stop()
	places := pick(town.homes, walkAsked)
	for _, at := range places { // the raster is joined to the streets once
		if _, err := outlinesAround(ctx, base, at); err != nil {
			return nil, err
		}
	}
	var times []time.Duration
	var sent int
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range lab.Scale.Light {
		for _, at := range places {
			began := time.Now()
			n, err := outlinesAround(ctx, base, at)
			if err != nil {
				return nil, err
			}
			times, sent = append(times, time.Since(began)), sent+n
		}
	}
	runtime.ReadMemStats(&after)
	slices.Sort(times)
	at := func(q float64) float64 { return times[int(q*float64(len(times)-1))].Seconds() * 1000 }
	each := float64(len(times))
	return []Row{
		less("drag-p50", at(0.5), 0, "ms", town.data()).note("asked, answered and read, one after the other"),
		less("drag-p99", at(0.99), 0, "ms", town.data()).atMost(50).note("a hand is followed"),
		less("drag-bytes", float64(sent)/each, 0, "B", town.data()).note("of an answer"),
		less("drag-memory", float64(after.TotalAlloc-before.TotalAlloc)/each/1000, 0, "kB", town.data()).note("allocated for an answer, the client's part too"),
	}, nil
}

// serve answers operations on a free port of the loopback, as the person at the
// machine.
func serve(mount func(route.API)) (base string, stop func(), err error) {
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Use(func(c *fiber.Ctx) error {
		c.SetUserContext(route.WithActor(c.UserContext(), staff.Local))
		return c.Next()
	})
	mount(route.API{API: humafiber.New(app, huma.DefaultConfig("bench", "1")), Log: slog.New(slog.DiscardHandler), Rules: map[string]route.Op{}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = app.Listener(listener)
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = app.Shutdown()
		<-done
	}, nil
}

// outlinesAround asks for the outlines around a place, and returns the bytes of the answer.
func outlinesAround(ctx context.Context, base string, at geo.Point) (int, error) {
	d := at.Degrees()
	question := fmt.Appendf(nil, `{"at":[%.7f,%.7f],"standard":{"code":"gb50180"},"minutes":[5,10,15],"outlines":true}`, d[0], d[1])
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/walks/reach", bytes.NewReader(question))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("reach: status %d: %s", res.StatusCode, body)
	}
	return len(body), err
}
