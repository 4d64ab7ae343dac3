package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/cmd/wangge/internal/bench"
	"wangge/geo/pg"
	"wangge/migrations"
)

// benchCommand measures on a private cluster of its own, with the settings that
// wangge up uses, on disk.
type benchCommand struct {
	Only  string `placeholder:"NAME" help:"Measure this one alone: assign, import, publish, race, compare, edit, tiles, audit, scope, walk, circle, siting, drag, propose, matching, storm, live, or one row of the table."`
	Out   string `type:"path" default:"bench.json" placeholder:"FILE" help:"Where the result goes as JSON, beside the table that is shown."`
	Scale string `enum:"smoke,quick,full" default:"quick" help:"How much is measured: quick (a quarter of an hour), full (half an hour and more), smoke (whether it runs)."`
}

// Run runs the benchmarks and shows what they found.
func (c *benchCommand) Run(p *program) error {
	list, err := bench.Choose(c.Only)
	if err != nil {
		return err
	}
	scale, err := bench.ScaleOf(c.Scale)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("/var/tmp", "wangge-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	show := p.progress()
	db, err := databaseFlags{Data: folder}.start(p, show.say)
	if err != nil {
		return err
	}
	defer db.close()
	ground := &benchGround{db: db}
	defer ground.close()
	if err := ground.prepare(p); err != nil {
		return err
	}
	rows, err := bench.Run(p.ctx, list, bench.Lab{Database: ground.database, Say: show.sayf, Scale: scale, Data: os.Getenv("WANGGE_DATA")})
	if err != nil {
		return err
	}
	rows = bench.Only(rows, c.Only)
	if len(rows) == 0 {
		return fmt.Errorf("there is no row %s", c.Only)
	}
	if err := bench.Print(p.stdout, rows); err != nil {
		return err
	}
	return bench.WriteFile(c.Out, rows)
}

// benchGround makes databases in a cluster.
type benchGround struct {
	db    database
	pools []*pgxpool.Pool
}

// prepare stops what PostgreSQL does unasked, which would be counted against
// whoever is measured just then, and says what is measured on.
func (g *benchGround) prepare(p *program) error {
	pool, err := g.database(p.ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{`ALTER SYSTEM SET autovacuum = off`, `SELECT pg_reload_conf()`, `SELECT pg_sleep(0.2)`} {
		if _, err := pool.Exec(p.ctx, sql); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	machine, err := bench.Machine(p.ctx, pool)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, machine)
	return err
}

// database makes a migrated, empty database.
func (g *benchGround) database(ctx context.Context) (*pgxpool.Pool, error) {
	name := fmt.Sprintf("bench_%d", len(g.pools)+1)
	conn, err := pgx.Connect(ctx, g.db.DSN)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()); err != nil {
		return nil, err
	}
	dsn := g.db.cluster.DSNOf(name)
	if _, err := migrations.Up(ctx, dsn); err != nil {
		return nil, err
	}
	pool, err := pg.Open(ctx, dsn, pg.Options{})
	if err == nil {
		g.pools = append(g.pools, pool)
	}
	return pool, err
}

func (g *benchGround) close() {
	for _, pool := range slices.Backward(g.pools) {
		pool.Close()
	}
}
