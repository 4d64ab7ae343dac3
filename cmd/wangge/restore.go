package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/cmd/wangge/internal/backup"
	"wangge/geo/pg/pgembed"
	"wangge/geo/privacy"
	"wangge/geo/vault"
	"wangge/migrations"
)

// restoreCommand makes a database from a backup. It never overwrites one.
type restoreCommand struct {
	File  string `arg:"" type:"existingfile" help:"A file that wangge backup or wangge up wrote."`
	Force bool   `help:"Replace a database that is there; the old one is kept under another name."`
	auditFlags
	keysFlags
	databaseFlags
}

// Run restores into the private database or that of the URL.
func (c *restoreCommand) Run(p *program) error {
	show := p.progress()
	m, err := backup.Inspect(c.File)
	if err != nil {
		return err
	}
	if m.Format == 0 {
		show.sayf("%s has no manifest beside it: it cannot be checked", c.File)
	} else {
		show.sayf("backup of %s by wangge %s: PostgreSQL %s, PostGIS %s, schema %d, %s",
			m.MadeAt.Local().Format(time.DateTime), m.Program, m.PostgreSQL, m.PostGIS, m.Schema, plural(total(m.Rows), "row"))
	}
	if c.DatabaseURL != "" {
		return c.intoURL(p, show, m)
	}
	return c.intoFolder(p, show, m)
}

// intoFolder builds a new cluster beside the old one and swaps them at the end.
func (c *restoreCommand) intoFolder(p *program, show progress, m backup.Manifest) error {
	folder, err := pgembed.Reserve(c.Data)
	if err != nil {
		return err
	}
	defer folder.Release()
	if folder.Occupied() && !c.Force {
		return fmt.Errorf("%w: %s holds a database. Restore into a new folder with --data, or replace this one with --force (it is kept under another name)",
			backup.ErrNotEmpty, c.Data)
	}
	if err := c.build(p, folder, show, m); err != nil {
		return errors.Join(err, folder.Discard())
	}
	aside, err := folder.Adopt()
	if err != nil {
		return err
	}
	if aside != "" {
		show.say("the old database is kept as " + aside + "; remove it when you are sure")
	}
	show.sayf("restored. Start it with: wangge up --data %s", c.Data)
	return nil
}

func (c *restoreCommand) build(p *program, folder *pgembed.Reservation, show progress, m backup.Manifest) error {
	beside, err := folder.Beside()
	if err != nil {
		return err
	}
	db, err := databaseFlags{Data: beside}.start(p, show.say)
	if err != nil {
		return err
	}
	defer db.close()
	show.say("restoring")
	return c.restore(p.ctx, db.Database, show, m)
}

// restore fills an empty database, says in the file of heads that the record of who
// did what goes on from there, and deletes again what was deleted since the backup.
func (c *restoreCommand) restore(ctx context.Context, db backup.Database, show progress, m backup.Manifest) error {
	if err := backup.Restore(ctx, db, c.File, m); err != nil {
		return err
	}
	if err := c.in(c.Data).giveUp(ctx, db.DSN); err != nil {
		return err
	}
	if err := migrations.Check(ctx, db.DSN); errors.Is(err, migrations.ErrNewer) {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	if err := endSignIns(ctx, db.DSN, show); err != nil {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	return c.deleteAgain(ctx, db.DSN, show)
}

// endSignIns ends what lets people and programs in: a session or token that was
// revoked since the backup must not come back with it.
func endSignIns(ctx context.Context, dsn string, show progress) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ended := int64(0)
	for _, table := range []string{"session", "api_token", "one_time_link"} {
		var there bool // not in a backup of an earlier release
		if err := conn.QueryRow(ctx, `SELECT to_regclass('public.' || $1) IS NOT NULL`, table).Scan(&there); err != nil {
			return err
		}
		if !there {
			continue
		}
		tag, err := conn.Exec(ctx, `DELETE FROM `+pgx.Identifier{table}.Sanitize())
		if err != nil {
			return err
		}
		ended += tag.RowsAffected()
	}
	if ended > 0 {
		show.say("sessions, API tokens and one-time links of the backup have ended: people sign in again, programs need new tokens")
	}
	show.say("accounts and passwords are as they were at the time of the backup: see wangge user list whether one is to be disabled again")
	return nil
}

// deleteAgain applies the deletion list that lies beside the key file.
func (c *restoreCommand) deleteAgain(ctx context.Context, dsn string, show progress) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	list := vault.DeletionsBeside(c.file(c.Data))
	again, err := privacy.DeleteAgain(ctx, conn, list)
	if err != nil {
		return err
	}
	switch {
	case again.Listed == 0:
		show.sayf("no deletion list at %s: what was deleted since this backup, if anything, is there again", list)
	default:
		show.sayf("%s deleted again, of %s in %s", plural(again.Deleted, "record"), plural(again.Listed, "deletion"), list)
	}
	if len(again.Unreadable) > 0 {
		show.sayf("ATTENTION: lines %v of the deletion list cannot be read; see whether they were deletions", again.Unreadable)
	}
	return nil
}

// intoURL restores into an empty database. With --force a full one is renamed,
// which needs a role that may create databases.
func (c *restoreCommand) intoURL(p *program, show progress, m backup.Manifest) error {
	db := given(c.DatabaseURL).Database
	err := c.restore(p.ctx, db, show, m)
	if errors.Is(err, backup.ErrNotEmpty) && c.Force {
		err = c.replace(p, show, db, m)
	} else if errors.Is(err, backup.ErrNotEmpty) {
		err = fmt.Errorf("%w. Give an empty database, or replace this one with --force (it is kept under another name)", err)
	}
	if err != nil {
		return err
	}
	show.say("restored. Bring its schema up to date with: wangge migrate")
	return nil
}

func (c *restoreCommand) replace(p *program, show progress, db backup.Database, m backup.Manifest) error {
	aside, undo, err := setAside(p.ctx, db.DSN, time.Now())
	if err != nil {
		return fmt.Errorf("set the old database aside: %w", err)
	}
	if err := c.restore(p.ctx, db, show, m); err != nil {
		return errors.Join(err, undo())
	}
	show.sayf("the old database is kept as %s; drop it when you are sure", aside)
	return nil
}

// setAside renames the database of an address and makes an empty one in its
// place; undo drops that and brings the old one back.
func setAside(ctx context.Context, dsn string, now time.Time) (aside string, undo func() error, err error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", nil, err
	}
	name := config.Database
	aside = name + "_before_" + now.Format("20060102_150405")
	old, kept := pgx.Identifier{name}.Sanitize(), pgx.Identifier{aside}.Sanitize()
	config.Database = "postgres"
	do := func(ctx context.Context, statements ...string) error {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	}
	if err := do(ctx, `ALTER DATABASE `+old+` RENAME TO `+kept); err != nil {
		return "", nil, err
	}
	undo = func() error {
		return do(context.WithoutCancel(ctx), `DROP DATABASE IF EXISTS `+old, `ALTER DATABASE `+kept+` RENAME TO `+old)
	}
	if err := do(ctx, `CREATE DATABASE `+old+` TEMPLATE template0`); err != nil {
		return "", nil, errors.Join(err, undo())
	}
	return aside, undo, nil
}
