package main

import (
	"context"
	"os"
	"path/filepath"

	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/visit"
)

// importSettings brings in a short table that holds for the whole installation.
type importSettings struct {
	databaseFlags
	File   string `arg:"" type:"existingfile" help:"CSV or XLSX, with the columns that the page's download has."`
	DryRun bool   `help:"Report only, change nothing."`
}

// takeSettings is what a subject does with such a table.
type takeSettings func(context.Context, pg.DB, staff.Actor, sheet.File, bool) (sheet.TableReport, error)

func (c *importSettings) run(p *program, take takeSettings) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	pool, done, err := c.migrated(p, p.progress())
	if err != nil {
		return err
	}
	defer done()
	taken, err := take(p.ctx, pool, staff.Local, sheet.File{Name: filepath.Base(c.File), ReaderAt: file, Size: info.Size()}, c.DryRun)
	if err != nil {
		return explained(err)
	}
	return printJSON(p, taken)
}

type importHolidays struct{ importSettings }

// Run takes the days of a file in place of those of their years.
func (c *importHolidays) Run(p *program) error { return c.run(p, incident.ImportHolidays) }

type importCadences struct{ importSettings }

// Run imports visit cadences.
func (c *importCadences) Run(p *program) error { return c.run(p, visit.Import) }

type importCategories struct{ importSettings }

// Run imports categories of incidents with their limits.
func (c *importCategories) Run(p *program) error {
	return c.run(p, incident.ImportCategories)
}
