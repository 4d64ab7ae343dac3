package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/cmd/wangge/internal/bench"
	"wangge/geo/pg"
	"wangge/migrations"
)

// benchCommand measures on a private cluster of its own, with the settings that
// wangge up uses, on disk.
type benchCommand struct {
	Only string `placeholder:"NAME" help:"Run this one alone."`
	Out  string `type:"path" default:"bench.json" placeholder:"FILE" help:"Where the result goes as JSON, beside the table that is shown."`
}

// Run runs the benchmarks and shows what they found.
func (c *benchCommand) Run(p *program) error {
	list, err := bench.Choose(c.Only)
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
	made := 0
	rows, err := bench.Run(p.ctx, list, func(ctx context.Context) (bench.Lab, func(), error) {
		made++
		pool, err := newDatabase(ctx, db, fmt.Sprintf("bench_%d", made))
		if err != nil {
			return bench.Lab{}, nil, err
		}
		return bench.Lab{Pool: pool, Say: show.sayf, Scale: 1}, pool.Close, nil
	})
	if err != nil {
		return err
	}
	if err := bench.Print(p.stdout, rows); err != nil {
		return err
	}
	return bench.WriteFile(c.Out, rows)
}

// newDatabase makes a migrated, empty database in the cluster of db.
func newDatabase(ctx context.Context, db database, name string) (*pgxpool.Pool, error) {
	conn, err := pgx.Connect(ctx, db.DSN)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()); err != nil {
		return nil, err
	}
	dsn := db.cluster.DSNOf(name)
	if _, err := migrations.Up(ctx, dsn); err != nil {
		return nil, err
	}
	return pg.Open(ctx, dsn, pg.Options{})
}
