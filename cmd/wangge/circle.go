package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// circleCommand computes service circles and shows them, as the page does.
type circleCommand struct {
	Run    circleRun    `cmd:"" help:"Compute one and print it by unit."`
	List   circleList   `cmd:"" help:"The runs there are, newest first."`
	Show   circleShow   `cmd:"" help:"Print a run by unit."`
	Export circleExport `cmd:"" help:"Write what a run says into a file."`
}

// circlePool gives a command its database as the owner, who may see everything.
func (f databaseFlags) circlePool(p *program) (*pgxpool.Pool, func(), error) {
	db, err := f.open(p, p.progress().say)
	if err != nil {
		return nil, nil, err
	}
	pool, err := pg.Open(p.ctx, db.DSN, pg.Options{})
	if err != nil {
		db.close()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); db.close() }, nil
}

type circleRun struct {
	databaseFlags
	From     string   `type:"existingfile" placeholder:"FILE" help:"JSON file with all parameters, as POST /api/v1/circles takes them; the other flags then say nothing."`
	Title    string   `help:"What it is called."`
	Unit     string   `help:"Code: households of the unit and of all below it; by default of the whole installation."`
	Function []string `help:"A function such as medical or elderly-care; again for each column. None: points of any function."`
	Tier     []string `help:"Only points of these tiers, such as station."`
	Standard []string `default:"gb50180" help:"A standard such as gb50180, strict, steady, elder, router or wheels; again for each column."`
	At       string   `placeholder:"\"Mo 09:30\"" help:"Hour of the week; by default standing service at any hour."`
	On       string   `placeholder:"DATE" help:"Households, points and units as of this date; today by default."`
	Demand   int64    `help:"A demand set instead of the household ledger."`
	K        int      `default:"1" help:"How many of the nearest points are kept for each household."`
	Measure  []string `help:"Computed besides minutes and shares: choices, catchment, gravity, cumulative, load."`
	Level    string   `help:"Print units of this level only."`
}

// Run computes a service circle.
func (c *circleRun) Run(p *program) error {
	params, err := c.params()
	if err != nil {
		return err
	}
	pool, done, err := c.circlePool(p)
	if err != nil {
		return err
	}
	defer done()
	// A run keeps what others may be shown of it. Households that the command before this
	// one brought in would stay hidden in it for ever: the service publishes them later.
	if _, err := publication.IfDue(p.ctx, pool, staff.Local, geo.DayOf(time.Now())); err != nil {
		return err
	}
	said, progress := "", p.progress()
	run, err := circle.NewMaker(pool, network.NewFootpaths(pool)).Run(p.ctx, staff.Local, params, func(stage string, _, _ int64) {
		if stage != said {
			said = stage
			progress.say(stage)
		}
	})
	if err != nil {
		return explained(err)
	}
	return printCircle(p, pool, run, c.Level)
}

var weekdays = []string{"", "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"}

// params are what the flags say.
func (c *circleRun) params() (circle.Params, error) {
	var params circle.Params
	if c.From != "" {
		text, err := os.ReadFile(c.From)
		if err != nil {
			return params, err
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields() // one that is misspelt would say nothing
		err = decoder.Decode(&params)
		if err == nil && decoder.More() {
			err = errors.New("it goes on behind the parameters")
		}
		if err != nil {
			return params, fmt.Errorf("%s: %w; it wants the parameters as POST /api/v1/circles takes them", c.From, err)
		}
		return params, nil
	}
	params = circle.Params{Title: c.Title, Unit: c.Unit, Demand: c.Demand, K: c.K, Measures: c.Measure}
	if c.On != "" {
		day, err := geo.ParseDay(c.On)
		if err != nil {
			return params, fmt.Errorf("--on: a date such as 2026-05-01: %w", err)
		}
		params.On = day
	}
	var when *circle.When
	if c.At != "" {
		day, clock, _ := strings.Cut(strings.TrimSpace(c.At), " ")
		when = &circle.When{Time: clock}
		for i, name := range weekdays {
			if i > 0 && strings.EqualFold(day, name) {
				when.Weekday = i
			}
		}
		if when.Weekday == 0 {
			return params, errors.New(`--at: a weekday (Mo Tu We Th Fr Sa Su) and a time, such as "Mo 09:30"`)
		}
	}
	functions := c.Function
	if len(functions) == 0 {
		functions = []string{""}
	}
	for _, function := range functions {
		for _, standard := range c.Standard {
			params.Columns = append(params.Columns, circle.Column{Function: function, Tiers: c.Tier, Standard: circle.Standard{Code: standard}, When: when})
		}
	}
	return params, nil
}

type circleList struct {
	databaseFlags
	Unit  string `help:"Code: runs of this unit."`
	Limit int    `default:"20" help:"How many at most."`
}

// Run lists runs.
func (c *circleList) Run(p *program) error {
	pool, done, err := c.circlePool(p)
	if err != nil {
		return err
	}
	defer done()
	list, err := circle.List(p.ctx, pool, staff.Local, c.Unit, 0, c.Limit)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "run\tunit\ton\tcolumns\tstate\tstale\ttitle")
	for _, r := range list {
		fmt.Fprintf(out, "%d\t%s\t%s\t%d\t%s\t%s\t%s\n", r.ID, orAll(r.Unit), r.Params.On, len(r.Params.Columns), r.State, strings.Join(r.StaleBecause, ", "), r.Params.Title)
	}
	return out.Flush()
}

type circleShow struct {
	databaseFlags
	ID    int64  `arg:"" help:"Number of the run."`
	Level string `help:"Units of this level only."`
}

// Run prints a run.
func (c *circleShow) Run(p *program) error {
	pool, done, err := c.circlePool(p)
	if err != nil {
		return err
	}
	defer done()
	run, err := circle.Get(p.ctx, pool, staff.Local, c.ID)
	if err != nil {
		return explained(err)
	}
	return printCircle(p, pool, run, c.Level)
}

// printCircle prints a run: what it asked, its totals, and a line for each unit and
// column.
func printCircle(p *program, db pg.DB, run circle.Run, level string) error {
	rows, err := circle.Units(p.ctx, db, staff.Local, run.ID, -1, level)
	if err != nil {
		return explained(err)
	}
	known, err := circle.Presets(p.ctx, db, staff.Local)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "run %d of %s on %s, streets of %s, digest %.12s\n", run.ID, orAll(run.Unit), run.Params.On, run.Inputs.NetworkFile, run.Digest)
	for i, col := range run.Params.Columns {
		fmt.Fprintf(p.stdout, "column %d: %s\n", i, col.Label(known))
	}
	if run.Stale {
		fmt.Fprintf(p.stdout, "stale: %s changed since\n", strings.Join(run.StaleBecause, ", "))
	}
	out := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	whom := "households"
	if total := run.Totals[0]; run.Params.Demand != 0 && total.Households == total.People {
		whom = "people" // a demand set without households counts its people
	}
	fmt.Fprintln(out, "\nunit\tname\tcolumn\t"+whom+"\tcovered\tshare\tp50\tp90\tpoints")
	if run.Unit == "" {
		rows = append(run.Totals, rows...)
	}
	for _, r := range rows {
		share := "–"
		if r.Share != nil {
			share = fmt.Sprintf("%.1f %%", *r.Share*100)
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\t%d\n", orAll(r.Unit), r.Name, r.Column, r.Households, r.Covered, share, minutesText(r.P50), minutesText(r.P90), r.Points)
	}
	return out.Flush()
}

func orAll(unit string) string {
	if unit == "" {
		return "all"
	}
	return unit
}

func minutesText(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f", *v)
}

type circleExport struct {
	databaseFlags
	ID     int64  `arg:"" help:"Number of the run."`
	Out    string `arg:"" type:"path" help:"The file to write; it must not exist. Its ending says how: csv, xlsx, geojson, gpkg or parquet."`
	What   string `enum:"units,cells,points,uncovered,change" default:"units" help:"units, cells, points, uncovered or change."`
	Column int    `default:"-1" help:"One column, from 0; by default all."`
	Level  string `help:"Units of this level only."`
	Before int64  `help:"Of change: the other run."`
}

// Run writes the file.
func (c *circleExport) Run(p *program) error {
	pool, done, err := c.circlePool(p)
	if err != nil {
		return err
	}
	defer done()
	format := c.Out[strings.LastIndex(c.Out, ".")+1:]
	file, err := circle.NewExport(p.ctx, pool, staff.Local, c.ID, circle.Export{What: c.What, Format: format, Column: c.Column, Level: c.Level, Before: c.Before})
	if err != nil {
		return explained(err)
	}
	return p.writeNew(c.Out, func(w io.Writer) error { return file.Write(p.ctx, w) })
}
