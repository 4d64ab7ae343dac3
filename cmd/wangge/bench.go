package main

import (
	"os"

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
	if _, err := migrations.Up(p.ctx, db.DSN); err != nil {
		return err
	}
	pool, err := pg.Open(p.ctx, db.DSN, pg.Options{})
	if err != nil {
		return err
	}
	defer pool.Close()
	rows, err := bench.Run(p.ctx, list, bench.Lab{Pool: pool, Say: show.sayf, Scale: 1})
	if err != nil {
		return err
	}
	if err := bench.Print(p.stdout, rows); err != nil {
		return err
	}
	return bench.WriteFile(c.Out, rows)
}
