package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/pg"
	"wangge/migrations"
)

// serveCommand serves a database that somebody else looks after.
type serveCommand struct {
	DatabaseURL string `name:"database-url" variable:"DATABASE_URL" required:"" placeholder:"URL" help:"The PostgreSQL with PostGIS to serve ($$DATABASE_URL)."`
	serverFlags
}

// serverFlags are an operator's choices about the HTTP side.
type serverFlags struct {
	Listen string `default:"127.0.0.1:8080" variable:"WANGGE_LISTEN" placeholder:"ADDRESS" help:"Address of the page and the API; only this machine's own, until there is a sign-in ($$WANGGE_LISTEN)."`
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
	return c.serve(p.ctx, p, c.DatabaseURL, listener, func() {
		p.log.Info("serving", "address", address(listener.Addr()))
	})
}

// drain is how long requests may take to end after we were told to stop.
const drain = 10 * time.Second

// statementTimeout bounds every SQL statement; long work is cut into shorter ones.
const statementTimeout = 5 * time.Minute

// serve wires the application and answers until ctx ends; ready is called once
// it does.
func (f serverFlags) serve(ctx context.Context, p *program, dsn string, listener net.Listener, ready func()) error {
	pool, err := pg.Open(ctx, dsn, pg.Options{StatementTimeout: statementTimeout})
	if err != nil {
		return err
	}
	defer pool.Close()
	app := application(pool)
	app.Hooks().OnListen(func(fiber.ListenData) error { ready(); return nil })
	return answer(ctx, app, listener)
}

// application is everything that speaks HTTP.
func application(pool *pgxpool.Pool) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName: "wangge", Immutable: true, DisableStartupMessage: true,
		ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	})
	app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	app.Get("/readyz", func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
		defer cancel()
		if err := pool.Ping(ctx); err != nil {
			return c.Status(fiber.StatusServiceUnavailable).SendString("the database does not answer\n")
		}
		return c.SendString("ok\n")
	})
	return app
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
