package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// importCommand brings files in, as the page does.
type importCommand struct {
	Boundaries    importBoundaries  `cmd:"" help:"Boundaries of one level: GeoJSON, KML, zipped Shapefile, GeoPackage, or the administrative areas of an .osm.pbf. Makes a draft, and with --publish puts it in force."`
	Households    importHouseholds  `cmd:"" help:"Households: CSV, XLSX or GeoJSON."`
	Incidents     importIncidents   `cmd:"" help:"Incidents: CSV, XLSX or GeoJSON."`
	ServicePoints importPoints      `cmd:"" help:"Service points: CSV, XLSX or GeoJSON."`
	Demand        importDemand      `cmd:"" help:"Counts of people by H3 cell, building or place: CSV, XLSX or GeoJSON. Makes a demand set, or its next version."`
	MapPoints     importMapPoints   `cmd:"" help:"Service points from the map that was imported: hospitals, pharmacies, kindergartens, libraries, town halls …, with their opening hours."`
	Candidates    importCandidates  `cmd:"" help:"Sites where a service point could stand (idle houses, vacant premises, places): CSV, XLSX or GeoJSON."`
	Premises      importPremises    `cmd:"" help:"Three-colour premises with grade, reason and the day until which it holds: CSV, XLSX or GeoJSON."`
	Checkpoints   importCheckpoints `cmd:"" help:"Checkpoints of patrols with their radius: CSV, XLSX or GeoJSON."`
	Blocks        importBlocks      `cmd:"" help:"Zones that are to be seen every so many days, by their codes: CSV or XLSX."`
	Beats         importBeats       `cmd:"" help:"Beats: rounds of checkpoints with their weekdays and hours, by their numbers: CSV or XLSX."`
	Links         importLinks       `cmd:"" help:"Linked households: which post keeps in touch with which household. CSV or XLSX."`
	Zones         importFile        `cmd:"" help:"Overlay zones: GeoJSON, KML, zipped Shapefile or GeoPackage."`
	Cadences      importCadences    `cmd:"" help:"Visit cadences: which households are visited, by whom and how often. CSV or XLSX."`
	Categories    importCategories  `cmd:"" help:"Categories of incidents with the limit of each step. CSV or XLSX."`
	Holidays      importHolidays    `cmd:"" help:"The calendar of a year: holidays, and weekends worked for them. CSV or XLSX."`
	Streets       importStreets     `cmd:"" help:"Street centre lines: GeoJSON, KML, zipped Shapefile or GeoPackage. They take the place of the map's streets; the rest of the map stays."`
	OSM           importOSM         `cmd:"" name:"osm" help:"Streets, buildings, water, green and places from an .osm.pbf: the background map."`
}

// importFile is what every import needs to know.
type importFile struct {
	databaseFlags
	File    string            `arg:"" type:"existingfile" help:"The file."`
	CRS     string            `name:"crs" default:"EPSG:4326" help:"The file's reference system: EPSG:4326 (WGS 84), EPSG:4490 (CGCS2000), a Gauss–Krüger zone such as EPSG:4549, GCJ-02 or BD-09. It is tested against what is known of the place."`
	Confirm string            `placeholder:"REASON" help:"Why the reference system is right, when nothing is known that it could be checked against."`
	Layer   string            `help:"Layer of a file that has several; the admin_level of an .osm.pbf."`
	Field   map[string]string `placeholder:"OURS=THEIRS" help:"Which column of the file is which of our fields; again for each field."`
	DryRun  bool              `help:"Report only, change nothing."`
}

func (c importFile) request(kind upload.Kind) upload.Request {
	return upload.Request{Kind: kind, FileName: filepath.Base(c.File), Layer: c.Layer, CRS: c.CRS, Fields: c.Field, Confirm: c.Confirm, DryRun: c.DryRun}
}

// Run imports overlay zones.
func (c *importFile) Run(p *program) error {
	return c.do(p, c.request(upload.Zones), printReport)
}

// importLedger adds what ledgers need.
type importLedger struct {
	importFile
	Source      string `help:"Who keeps the file; together with a row's number it names a thing for ever. By default the file's name."`
	Mapping     string `type:"existingfile" placeholder:"FILE" help:"JSON file of our field names to the file's column names."`
	Full        bool   `help:"The file holds everything this source has: list what is absent from it."`
	CloseAbsent bool   `help:"With --full: close what is absent from the file."`
}

type importHouseholds struct{ importLedger }

// Run imports households.
func (c *importHouseholds) Run(p *program) error { return c.run(p, upload.Households) }

type importIncidents struct{ importLedger }

// Run imports incidents.
func (c *importIncidents) Run(p *program) error { return c.run(p, upload.Incidents) }

type importPoints struct{ importLedger }

// Run imports service points.
func (c *importPoints) Run(p *program) error { return c.run(p, upload.ServicePoints) }

// importMapPoints takes service points from the map.
type importMapPoints struct {
	databaseFlags
	DryRun      bool `help:"Report only, change nothing."`
	CloseAbsent bool `help:"Close points of an earlier map that this one no longer has."`
}

// Run imports service points from the map.
func (c *importMapPoints) Run(p *program) error {
	pool, done, err := c.migrated(p, p.progress())
	if err != nil {
		return err
	}
	defer done()
	report, err := servicepoint.FromMap(p.ctx, pool, staff.Local, ledger.Options{DryRun: c.DryRun, CloseAbsent: c.CloseAbsent})
	if err != nil {
		return explained(err)
	}
	return printJSON(p, report)
}

func printJSON(p *program, report any) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s\n", text)
	return nil
}

func (c *importLedger) run(p *program, kind upload.Kind) error {
	req := c.request(kind)
	req.Source, req.Full, req.CloseAbsent = c.Source, c.Full || c.CloseAbsent, c.CloseAbsent
	if c.Mapping != "" {
		text, err := os.ReadFile(c.Mapping)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &req.Fields); err != nil {
			return fmt.Errorf("%s: %w", c.Mapping, err)
		}
	}
	return c.do(p, req, printReport)
}

type importDemand struct {
	importFile
	Name   string `help:"Of the demand set: who counted what, and when. By default the file's name."`
	Spread bool   `help:"Put the people of cells into the buildings that the map has there, instead of at the cell's centre."`
}

// Run imports a demand set.
func (c *importDemand) Run(p *program) error {
	req := c.request(upload.Demand)
	req.Source, req.Spread = c.Name, c.Spread
	return c.do(p, req, printReport)
}

type importStreets struct{ importFile }

// Run imports street lines.
func (c *importStreets) Run(p *program) error {
	return c.do(p, c.request(upload.Streets), printReport)
}

type importCandidates struct {
	importFile
	Source string `help:"Who keeps the list; with the numbers in it, what tells candidates apart. By default the file's name."`
}

// Run imports candidates.
func (c *importCandidates) Run(p *program) error {
	req := c.request(upload.Candidates)
	req.Source = c.Source
	return c.do(p, req, printReport)
}

// importRegister adds who keeps a register.
type importRegister struct {
	importFile
	Source string `help:"Who keeps the register; with the numbers in it, what tells its entries apart. By default the file's name."`
}

func (c *importRegister) run(p *program, kind upload.Kind) error {
	req := c.request(kind)
	req.Source = c.Source
	return c.do(p, req, printReport)
}

type importPremises struct{ importRegister }

// Run imports three-colour premises.
func (c *importPremises) Run(p *program) error { return c.run(p, upload.Premises) }

type importCheckpoints struct{ importRegister }

// Run imports checkpoints.
func (c *importCheckpoints) Run(p *program) error { return c.run(p, upload.Checkpoints) }

type importBlocks struct{ importRegister }

// Run imports blocks.
func (c *importBlocks) Run(p *program) error { return c.run(p, upload.Blocks) }

type importBeats struct{ importRegister }

// Run imports beats.
func (c *importBeats) Run(p *program) error { return c.run(p, upload.Beats) }

type importLinks struct {
	databaseFlags
	File   string            `arg:"" type:"existingfile" help:"CSV or XLSX: the household's number in its ledger, the code of the post's unit, and the post where the unit has several. A row without a unit unties the household."`
	Field  map[string]string `placeholder:"OURS=THEIRS" help:"Which column of the file is which of our fields; again for each field."`
	DryRun bool              `help:"Report only, change nothing."`
}

// Run imports linked households.
func (c *importLinks) Run(p *program) error {
	f := importFile{databaseFlags: c.databaseFlags, File: c.File, CRS: string(crs.WGS84), Field: c.Field, DryRun: c.DryRun}
	return f.do(p, f.request(upload.Links), printReport)
}

type importOSM struct {
	databaseFlags
	File string `arg:"" type:"existingfile" help:"The .osm.pbf."`
}

// Run imports a background map.
func (c *importOSM) Run(p *program) error {
	f := importFile{databaseFlags: c.databaseFlags, File: c.File, CRS: string(crs.WGS84)}
	return f.do(p, f.request(upload.OSM), printReport)
}

// importBoundaries adds the draft's repairs and publishing.
type importBoundaries struct {
	importFile
	Preset      string   `required:"" help:"Hierarchy, such as town-grid; see /api/v1/presets."`
	Level       string   `required:"" help:"Level of the file's units, such as micro-grid."`
	Repair      []string `placeholder:"KIND=REPAIR[@METRES]" help:"Mend all faults of a kind, such as overlap=cut or unknown_parent=parent_by_place; in this order. gap=fill@0.5 mends only those that are on average not wider than 0.5 m."`
	Publish     bool     `help:"Put the draft in force if no hard fault is left."`
	EffectiveOn string   `placeholder:"DATE" help:"First day in force; today by default."`
}

// Run makes a draft, mends it and publishes it, as far as it was asked to.
func (c *importBoundaries) Run(p *program) error {
	req := c.request(upload.Boundaries)
	req.Preset, req.Level = c.Preset, c.Level
	return c.do(p, req, func(ctx context.Context, p *program, db *pgxpool.Pool, result upload.Result) error {
		draft, err := c.mend(ctx, p, db, result.PlanID)
		if err != nil {
			return err
		}
		if err := printFaults(ctx, p, db, draft); err != nil || !c.Publish {
			return err
		}
		day := grid.Today()
		if c.EffectiveOn != "" {
			if day, err = geo.ParseDay(c.EffectiveOn); err != nil {
				return err
			}
		}
		draft, err = plan.Publish(ctx, db, staff.Local, draft.ID, draft.Revision, day, func(string, int64, int64) {})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "published: %s in force from %s\n", plural(draft.Units, "unit"), day)
		return nil
	})
}

func (c *importBoundaries) mend(ctx context.Context, p *program, db *pgxpool.Pool, id int64) (plan.Plan, error) {
	draft, err := plan.Get(ctx, db, staff.Local, id)
	for _, r := range c.Repair {
		if err != nil {
			return draft, err
		}
		kind, repair, width, wrong := readRepair(r)
		if wrong != nil {
			return draft, wrong
		}
		before := draft.Faults.ByKind[kind]
		if before == 0 {
			continue
		}
		var mended plan.Plan
		mended, err = plan.Mend(ctx, db, staff.Local, id, plan.Repair{Revision: draft.Revision, Kind: kind, Repair: repair, MaxWidth: width}, grid.Today())
		if errors.Is(err, plan.ErrUnknownFault) {
			fmt.Fprintf(p.stdout, "%s: none of %d can be mended by %s\n", kind, before, repair)
			err = nil
			continue
		}
		if err != nil {
			return draft, err
		}
		fmt.Fprintf(p.stdout, "%s mended by %s: %d of %d left\n", kind, repair, mended.Faults.ByKind[kind], before)
		draft = mended
	}
	return draft, err
}

// readRepair reads KIND=REPAIR[@METRES].
func readRepair(text string) (kind, repair string, width float64, err error) {
	kind, rest, ok := strings.Cut(text, "=")
	repair, metres, bounded := strings.Cut(rest, "@")
	if bounded {
		width, err = strconv.ParseFloat(metres, 64)
	}
	if !ok || err != nil || width < 0 {
		return "", "", 0, fmt.Errorf("--repair %s: want KIND=REPAIR or KIND=REPAIR@METRES", text)
	}
	return kind, repair, width, nil
}

// migrated opens the database after its migrations; done ends its use.
func (f databaseFlags) migrated(p *program, show progress) (pool *pgxpool.Pool, done func(), err error) {
	db, err := f.open(p, show.say)
	if err != nil {
		return nil, nil, err
	}
	if err = migrate(p.ctx, db.DSN, show); err == nil {
		pool, err = pg.Open(p.ctx, db.DSN, pg.Options{})
	}
	if err != nil {
		db.close()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); db.close() }, nil
}

// do imports a file into the database and tells the person what became of it.
func (c importFile) do(p *program, req upload.Request, tell func(context.Context, *program, *pgxpool.Pool, upload.Result) error) error {
	show := p.progress()
	pool, done, err := c.migrated(p, show)
	if err != nil {
		return err
	}
	defer done()

	if err := upload.Validate(p.ctx, pool, staff.Local, req); err != nil {
		return explained(err)
	}
	file, err := upload.FromDisk(c.File)
	if err != nil {
		return err
	}
	stage := ""
	result, err := upload.Now(p.ctx, pool, staff.Local, req, file, func(now string, done, total int64) {
		if now != stage {
			stage = now
			show.say(now)
		}
	})
	if err != nil {
		return explained(err)
	}
	return explained(tell(p.ctx, p, pool, result))
}

// explained writes a fault as a person at a terminal reads it, places included.
func explained(err error) error {
	f := fault.Of(err)
	if f == nil {
		return err
	}
	text := f.Msg
	if f.Detail != "" {
		text += " " + f.Detail
	}
	for i, place := range f.Places {
		if i == 20 {
			text += fmt.Sprintf("\n  … and %d more", len(f.Places)-i)
			break
		}
		text += fmt.Sprintf("\n  %s: %s", place.Pointer, place.Detail)
	}
	return errors.New(text)
}

func printReport(_ context.Context, p *program, _ *pgxpool.Pool, result upload.Result) error {
	fmt.Fprintf(p.stdout, "upload %d\n", result.UploadID)
	return printJSON(p, result.Report)
}

// about is what a fault of a record says, or the size of one of geometry.
func about(f plan.Fault) string {
	if f.Detail != "" {
		return ", " + f.Detail
	}
	text := fmt.Sprintf(", %.2f m², %.2f m wide", f.Area, f.Width)
	if f.Neighbour != "" {
		text += ", longest border with " + f.Neighbour
	}
	return text
}

// printFaults lists the first faults of a draft and counts all.
func printFaults(ctx context.Context, p *program, db *pgxpool.Pool, draft plan.Plan) error {
	list, err := plan.FaultsOf(ctx, db, staff.Local, draft.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "draft %d: %s, %d hard and %d soft faults\n", draft.ID, plural(draft.Units, "unit"), draft.Faults.Hard, draft.Faults.Soft)
	for i, f := range list {
		if i == 30 {
			fmt.Fprintf(p.stdout, "  … and %d more\n", len(list)-i)
			break
		}
		weight := "soft"
		if f.Hard {
			weight = "hard"
		}
		at := ""
		if f.At != nil {
			at = fmt.Sprintf(" at %.7f,%.7f", f.At.Degrees()[0], f.At.Degrees()[1])
		}
		fmt.Fprintf(p.stdout, "  %s %s %s: %s%s, %s; repairs: %s\n",
			weight, f.Kind, strings.Join(slices.Compact(f.Codes), " "), f.Place, at, about(f), strings.Join(f.Repairs, ", "))
	}
	return nil
}
