package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"wangge/cmd/wangge/internal/backup"
	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/pg/pgembed"
	"wangge/geo/town"
	"wangge/migrations"
)

// upCommand is the whole service with one command.
type upCommand struct {
	databaseFlags
	serverFlags
	backupFlags
	demoFlags
}

// demoFlags say what an empty database is filled with.
type demoFlags struct {
	Demo       bool   `default:"true" negatable:"" help:"Load the invented demo town into an empty database."`
	Households int    `default:"10000" placeholder:"N" help:"Households of the demo town; 1000000 makes the size for load tests."`
	Seed       uint64 `default:"1" help:"Chooses the demo town."`
}

func (f demoFlags) loadDemo(p *program, dsn string, show progress) error {
	pool, err := pg.Open(p.ctx, dsn, pg.Options{})
	if err != nil {
		return err
	}
	defer pool.Close()
	return loadDemo(p.ctx, pool, town.Options{Households: f.Households, Seed: f.Seed, Now: time.Now()}, show)
}

// backupFlags say how the nightly backup is kept.
type backupFlags struct {
	Backups     string `type:"path" variable:"WANGGE_BACKUPS" placeholder:"FOLDER" help:"Where the nightly backup goes, by default backups in the data folder ($$WANGGE_BACKUPS)."`
	DailyBackup bool   `default:"true" negatable:"" help:"Make a backup every night at 03:00."`
	KeepBackups int    `default:"7" placeholder:"N" help:"How many nightly backups are kept."`
}

// Run starts the parts in order and stops them in the opposite one. Being told
// to stop is no error, whenever it comes.
func (c *upCommand) Run(p *program) error {
	err := c.run(p)
	if errors.Is(err, context.Canceled) && p.ctx.Err() != nil {
		return nil
	}
	return err
}

func (c *upCommand) run(p *program) error {
	if c.KeepBackups < 1 {
		return errors.New("--keep-backups must be 1 or more; use --no-daily-backup to make none")
	}
	listener, err := c.listen()
	if err != nil {
		return err
	}
	defer listener.Close()

	show := p.progress()
	db, err := c.database(p, show.say)
	if err != nil {
		return err
	}
	defer db.close()
	if err := migrate(p.ctx, db.DSN, show); err != nil {
		return err
	}
	if c.Demo {
		if err := c.loadDemo(p, db.DSN, show); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(p.ctx)
	if db.cluster != nil {
		group.Go(func() error { return watch(ctx, db.cluster) })
	}
	if c.DailyBackup {
		group.Go(func() error { return c.daily(db, p).Run(ctx) })
	}
	group.Go(func() error {
		return c.serve(ctx, p, db.DSN, c.Data, filepath.Join(c.Data, "spool"), listener, func(ctx context.Context, s *application) error {
			if err := c.invite(ctx, s, show, c.address(listener.Addr())); err != nil {
				return err
			}
			show.sayf("ready: open %s (Ctrl-C stops it)", c.address(listener.Addr()))
			return nil
		})
	})
	return group.Wait()
}

// invite tells how to sign in: with the accounts of the demo town, which work on
// this machine only, and with a link for the first administrator while there is
// none. Both are for the person at this terminal and stand in no log.
func (c *upCommand) invite(ctx context.Context, s *application, show progress, address string) error {
	accounts, err := s.guard.MakeDemo(ctx, s.engine)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		note := ""
		if a.OnLeave {
			note = " (on leave: the deputy has the duty)"
		}
		show.sayf("demo account %-24s %s%s", a.Login, a.Password, note)
	}
	if err := giveDemoDuties(ctx, s.engine, time.Now()); err != nil {
		return err
	}
	token, err := account.FirstLink(ctx, s.engine)
	if err != nil || token == "" {
		return err
	}
	show.sayf("there is no administrator yet: make yourself one with %s/first#%s (once, within a day)", address, token)
	return nil
}

// database is the one of the URL, or a private one that is ours alone.
func (c *upCommand) database(p *program, say func(string)) (database, error) {
	if c.DatabaseURL != "" {
		say("using the database of DATABASE_URL")
		return given(c.DatabaseURL), nil
	}
	say("starting the private database in " + c.Data)
	return c.start(p, say)
}

// watch returns when the private database cannot be kept running.
func watch(ctx context.Context, cluster *pgembed.Cluster) error {
	select {
	case <-ctx.Done():
		return nil
	case <-cluster.Done():
		return fmt.Errorf("the private database has stopped: %w", cluster.Err())
	}
}

func (c *upCommand) daily(db database, p *program) backup.Daily {
	folder := c.Backups
	if folder == "" {
		folder = filepath.Join(c.Data, "backups")
	}
	return backup.Daily{DB: db.Database, Folder: folder, Keep: c.KeepBackups, Program: version(), Log: p.log}
}

// migrate brings the schema up and says what it did.
func migrate(ctx context.Context, dsn string, show progress) error {
	steps, err := migrations.Up(ctx, dsn)
	if err != nil {
		return err
	}
	if len(steps) > 0 {
		show.sayf("schema: %s applied", plural(len(steps), "migration"))
	}
	return migrations.Check(ctx, dsn) // a database of a later release is not ours to touch
}
