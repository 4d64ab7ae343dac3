package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"wangge/geo/export"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// exportCommand writes data in open formats.
type exportCommand struct {
	databaseFlags
	All    bool   `help:"Everything, as a ZIP of GeoJSON and CSV files with the original boundary files."`
	Kind   string `enum:"units,households,incidents,service-points,zones," default:"" help:"One kind: units, households, incidents, service-points or zones."`
	Format string `enum:"geojson,csv" default:"geojson" help:"Of one kind: geojson or csv."`
	Level  string `help:"Of units: one level only."`
	Out    string `arg:"" type:"path" help:"The file to write; it must not exist."`
}

// Run writes the file.
func (c *exportCommand) Run(p *program) error {
	if c.All == (c.Kind != "") {
		return errors.New("give either --all or --kind")
	}
	db, err := c.open(p, p.progress().say)
	if err != nil {
		return err
	}
	defer db.close()
	pool, err := pg.Open(p.ctx, db.DSN, pg.Options{})
	if err != nil {
		return err
	}
	defer pool.Close()

	return p.writeNew(c.Out, func(w io.Writer) error {
		if c.All {
			return export.All(p.ctx, pool, staff.Local, w, grid.Today())
		}
		return export.Write(p.ctx, pool, staff.Local, w, c.Kind, export.Format(c.Format), export.Options{Day: grid.Today(), Level: c.Level})
	})
}

// writeNew makes a file that must not exist yet and says so; one that could not be
// finished is removed.
func (p *program) writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(write(w), w.Flush(), f.Close()); err != nil {
		_ = os.Remove(path)
		return err
	}
	fmt.Fprintf(p.stdout, "wrote %s\n", path)
	return nil
}
