package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"wangge/api"
	"wangge/geo/account"
	"wangge/geo/atlas"
	"wangge/geo/audit"
	"wangge/geo/dossier"
	"wangge/geo/incident"
	"wangge/geo/job"
	"wangge/geo/live"
	"wangge/geo/network"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/publication"
	"wangge/geo/upload"
	"wangge/geo/vault"
	"wangge/geo/walk"
	"wangge/geo/webhook"
	"wangge/migrations"
	"wangge/tiles"
	"wangge/web"
)

// serveCommand serves a database that somebody else looks after.
type serveCommand struct {
	DatabaseURL string `name:"database-url" variable:"DATABASE_URL" required:"" placeholder:"URL" help:"The PostgreSQL with PostGIS to serve ($$DATABASE_URL)."`
	Spool       string `type:"path" variable:"WANGGE_SPOOL" default:"${spool}" placeholder:"FOLDER" help:"Where uploaded files wait for their import, by default ${spool} ($$WANGGE_SPOOL)."`
	serverFlags
}

// serverFlags are an operator's choices about the HTTP side.
type serverFlags struct {
	reachFlags
	auditFlags
	keysFlags
	providerFlags
	webhookFlags
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(p *program) error {
	listener, err := c.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := migrations.Check(p.ctx, c.DatabaseURL); err != nil {
		return err
	}
	return c.serve(p.ctx, p, c.DatabaseURL, defaultFolder(p.env), c.Spool, listener, func(context.Context, *application) error {
		p.log.Info("serving", "address", c.address(listener.Addr()))
		return nil
	})
}

// drain is how long requests may take to end after we were told to stop.
const drain = 10 * time.Second

// publishEvery is how often is looked whether counts are due to be published.
const publishEvery = 30 * time.Second

// countEvery is how often is looked whether patrols saw something new.
const countEvery = 10 * time.Second

// settleEvery is how often is looked whether open incidents are still those of their posts.
const settleEvery = 30 * time.Second

// statementTimeout bounds every SQL statement; long work is cut into shorter ones.
const statementTimeout = 5 * time.Minute

// serve wires the application and answers until ctx ends; ready is called once
// the map is there. Folder is where keys lie that are named nowhere else.
func (f serverFlags) serve(ctx context.Context, p *program, dsn, folder, spool string, listener net.Listener, ready func(context.Context, *application) error) error {
	transport, err := f.transport()
	if err != nil {
		return err
	}
	if listener, err = f.encrypt(p, listener, folder); err != nil {
		return err
	}
	pools, err := openPools(ctx, dsn)
	if err != nil {
		return err
	}
	defer pools.close()
	sealer, err := f.in(folder).sealer(p, pools.engine)
	if err != nil {
		return err
	}
	ring, err := vault.OpenFor(ctx, pools.engine, f.file(folder))
	if err != nil {
		return err
	}
	outside, err := f.provider()
	if err != nil {
		return err
	}
	gate, err := f.gate()
	if err != nil {
		return err
	}
	s, err := newApplication(p, pools, api.Config{Spool: upload.Spool(spool), Ring: ring, Provider: outside, Transport: transport, Gate: gate,
		Evidence: audit.Evidence{Keys: []audit.PublicKey{sealer.Key.Public()}, Heads: sealer.Heads}}, &sealer.Key)
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return lasting(ctx, p.log, "audit", sealer.Run) })
	group.Go(func() error { return s.tiles.Run(ctx) })
	group.Go(func() error { return s.live.Run(ctx) })
	group.Go(func() error { return lasting(ctx, p.log, "jobs", s.queue.Run) })
	group.Go(func() error {
		return lasting(ctx, p.log, "published counts", func(ctx context.Context) error { return publication.Run(ctx, pools.engine, p.log, publishEvery) })
	})
	group.Go(func() error {
		return lasting(ctx, p.log, "patrol counts", func(ctx context.Context) error { return s.patrols.Run(ctx, countEvery) })
	})
	settler := incident.Settler{DB: pools.engine, Log: p.log}
	group.Go(func() error {
		return lasting(ctx, p.log, "open incidents", func(ctx context.Context) error { return settler.Run(ctx, settleEvery) })
	})
	gateways := webhook.Sender{DB: pools.engine, Ring: ring, Gate: gate, Link: f.link(), Log: p.log, Now: time.Now}
	group.Go(func() error { return lasting(ctx, p.log, "messages to gateways", gateways.Run) })
	group.Go(func() error { return answer(ctx, s.app, listener) })
	group.Go(func() error { return f.redirect(ctx, transport, listener) })
	group.Go(func() error { return lasting(ctx, p.log, "retention", s.nightly.Run) })
	group.Go(func() error { return announce(ctx, s, ready) })
	return errors.Join(group.Wait(), finish(ctx, sealer))
}

// pools are the connections of the three roles of the database, which own nothing.
type pools struct{ app, engine, reader *pgxpool.Pool }

// maxConns is how many connections each role has at most. Jobs, the listeners and
// sign-in share the engine's: the driver's default, as many as there are processors
// and at least four, would leave sign-in to wait for two long jobs.
const maxConns = 16

func openPools(ctx context.Context, dsn string) (p pools, err error) {
	for _, of := range []struct {
		pool **pgxpool.Pool
		role string
	}{{&p.app, pg.RoleApp}, {&p.engine, pg.RoleEngine}, {&p.reader, pg.RoleReader}} {
		if *of.pool, err = pg.Open(ctx, dsn, pg.Options{StatementTimeout: statementTimeout, Role: of.role, MaxConns: maxConns}); err != nil {
			p.close()
			return p, err
		}
	}
	return p, nil
}

func (p pools) close() {
	for _, pool := range []*pgxpool.Pool{p.app, p.engine, p.reader} {
		if pool != nil {
			pool.Close()
		}
	}
}

// announce calls ready when the map has been loaded; the listener is open before.
func announce(ctx context.Context, s *application, ready func(context.Context, *application) error) error {
	for !s.tiles.Ready() {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(20 * time.Millisecond):
		}
	}
	return ready(ctx, s)
}

// lasting runs a worker until ctx ends, and again when it fails: the database
// may be away for a moment. The pauses grow to half a minute.
func lasting(ctx context.Context, log *slog.Logger, what string, run func(context.Context) error) error {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		err := run(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		log.Error("a worker failed and is started again", "worker", what, "err", err, "pause", pause.String())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// application is everything that runs while we serve.
type application struct {
	app     *fiber.App
	tiles   *tiles.Server
	live    *live.Hub
	queue   *job.Queue
	guard   *account.Guard
	engine  *pgxpool.Pool
	nightly privacy.Nightly
	patrols patrol.Counter
}

// newApplication completes c, in which what depends on flags is set. key signs dossiers.
func newApplication(p *program, db pools, c api.Config, key *audit.Key) (*application, error) {
	if err := c.Spool.Sweep(time.Now()); err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	c.Footpaths = network.NewFootpaths(db.engine)
	s := &application{tiles: tiles.New(tiles.Config{Pool: db.reader, Engine: db.engine, Footpaths: c.Footpaths, Log: p.log}), live: live.NewHub(db.engine, p.log), engine: db.engine}
	for _, c := range s.tiles.Collectors() {
		if err := metrics.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	// A dossier is drawn with a typeface of its own: a large one takes long, and map
	// sheets would wait for the shared one.
	dossiers := dossier.Maker{Font: func() (*atlas.Font, error) { return atlas.NewFont(web.Font()) }, Key: key}
	var err error
	if s.queue, err = job.NewQueue(db.engine, p.log, api.Jobs(db.engine, c.Footpaths, c.Spool, dossiers, c.Ring, sweeps(c.Spool))); err != nil {
		return nil, err
	}
	s.patrols = patrol.Counter{DB: db.engine, Log: p.log, Paths: func(ctx context.Context) (*walk.Network, error) {
		n, _, err := c.Footpaths.Current(ctx)
		return n, err
	}}
	s.nightly = privacy.Nightly{DB: db.engine, Queue: s.queue, Log: p.log}
	if s.guard, err = account.NewGuard(c.Ring); err != nil {
		return nil, err
	}
	c.Font = sync.OnceValues(func() (*atlas.Font, error) { return atlas.NewFont(web.Font()) })
	if c.Page, err = web.Handler(web.Files()); err != nil {
		return nil, err
	}
	c.DB, c.Engine, c.Reader, c.Queue, c.Tiles, c.Live, c.Guard = pg.NewActing(db.app), db.engine, db.reader, s.queue, s.tiles, s.live, s.guard
	c.Metrics, c.Log, c.Version = metrics, p.log, version()
	identifier := account.Identifier{DB: db.engine}
	c.Identify = identifier.Identify
	s.app, err = api.New(c)
	return s, err
}

// answer serves until ctx ends, then lets requests end.
func answer(ctx context.Context, app *fiber.App, listener net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("HTTP server: %w", err)
	case <-ctx.Done():
	}
	err := app.ShutdownWithTimeout(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // those that are left are cut off
	}
	<-ended
	return err
}
