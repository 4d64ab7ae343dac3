package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/atlas"
	"wangge/geo/audit"
	"wangge/geo/dossier"
	"wangge/geo/export"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/web"
)

// exportCommand writes data in open formats.
type exportCommand struct {
	Ledger exportLedger `cmd:"" default:"withargs" help:"Everything, or one kind of thing."`
	Plan   exportPlan   `cmd:"" help:"A plan: a file of boundaries, a table, or the dossier of one that was adopted."`
}

// exportLedger writes what the installation holds.
type exportLedger struct {
	databaseFlags
	All    bool   `help:"Everything, as a ZIP of GeoJSON and CSV files with the original boundary files."`
	Kind   string `enum:"units,households,incidents,service-points,zones," default:"" help:"One kind: units, households, incidents, service-points or zones."`
	Format string `enum:"geojson,csv" default:"geojson" help:"Of one kind: geojson or csv."`
	Level  string `help:"Of units: one level only."`
	Out    string `arg:"" type:"path" help:"The file to write; it must not exist."`
}

// Run writes the file.
func (c *exportLedger) Run(p *program) error {
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

// exportPlan writes one plan.
type exportPlan struct {
	databaseFlags
	AuditKey string `type:"path" variable:"WANGGE_AUDIT_KEY" placeholder:"FILE" help:"Key that signs the dossier, that of the log; by default audit.key in the data folder ($$WANGGE_AUDIT_KEY)."`
	ID       int64  `arg:"" help:"The number of the plan."`
	Out      string `arg:"" type:"path" help:"The file to write; it must not exist."`
	Format   string `enum:"geojson,gpkg,shp,kml,csv,xlsx,pdf,zip" default:"geojson" help:"geojson, gpkg, shp, kml, csv or xlsx; of an adopted plan also its dossier: pdf, or zip with everything, signed."`
	What     string `enum:"units,households" default:"units" help:"units, or households: which of them belongs to which unit, as csv or xlsx."`
}

// Run writes the file.
func (c *exportPlan) Run(p *program) error {
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
	file, err := c.file(p, pool)
	if err != nil {
		return explained(err)
	}
	return p.writeNew(c.Out, func(w io.Writer) error { return file.Write(p.ctx, w) })
}

func (c *exportPlan) file(p *program, pool *pgxpool.Pool) (dossier.File, error) {
	if c.Format != dossier.PDF && c.Format != dossier.ZIP {
		return dossier.Export(p.ctx, pool, staff.Local, c.ID, c.What, c.Format)
	}
	maker := dossier.Maker{Font: func() (*atlas.Font, error) { return atlas.NewFont(web.Font()) }}
	file := auditFlags{AuditKey: c.AuditKey}.in(c.Data).AuditKey
	key, err := audit.ExistingKey(file) // none is made for a file: nobody would know it
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(p.stderr, "%s is not there: the dossier is not signed. Name the key of the service with --audit-key.\n", file)
	case err != nil:
		return dossier.File{}, err
	default:
		maker.Key = &key
	}
	return maker.Make(p.ctx, pool, staff.Local, c.ID, c.Format)
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
