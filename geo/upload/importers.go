package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"wangge/geo/candidate"
	"wangge/geo/crs"
	"wangge/geo/demand"
	"wangge/geo/household"
	"wangge/geo/incident"
	"wangge/geo/ledger"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/premises"
	"wangge/geo/servicepoint"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/visit"
)

// importer brings a file to its subject.
type importer func(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error)

var importers = map[Kind]importer{
	Boundaries:    importBoundaries,
	Zones:         importZones,
	Households:    importTable(intoLedger(household.Import)),
	Incidents:     importTable(intoLedger(incident.Import)),
	ServicePoints: importTable(intoLedger(servicepoint.Import)),
	OSM:           importOSM,
	Streets:       importStreets,
	Demand:        importTable(intoDemand),
	Candidates:    importTable(intoCandidates),
	Premises:      importTable(intoRegister(premises.Import)),
	Checkpoints:   importTable(intoRegister(premises.ImportCheckpoints)),
	Blocks:        importTable(intoRegister(premises.ImportBlocks)),
	Beats:         importTable(intoRegister(premises.ImportBeats)),
	Links:         importLinks,
}

// tabular brings rows to a subject; the report, and what the guard found.
type tabular func(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, system crs.CRS, req Request, step Step) (report any, guard *crs.Verdict, err error)

// importTable opens a table or a file of points.
func importTable(do tabular) importer {
	return func(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error) {
		rows, err := rowsOf(ctx, req, r, size)
		if err != nil {
			return Result{}, err
		}
		system, err := crs.Parse(req.CRS)
		if err != nil {
			return Result{}, err
		}
		report, guard, err := do(ctx, db, actor, rows, system, req, step)
		if err != nil {
			return Result{}, err
		}
		return Result{UploadID: id, Report: report}, storeReport(ctx, db, id, report, guard)
	}
}

// ledgerImport is what the three ledgers offer.
type ledgerImport func(context.Context, pg.DB, staff.Actor, ledger.Rows, ledger.Options) (ledger.Report, error)

func intoLedger(do ledgerImport) tabular {
	return func(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, system crs.CRS, req Request, step Step) (any, *crs.Verdict, error) {
		report, err := do(ctx, db, actor, rows, ledger.Options{
			Source: req.source(), CRS: system, Fields: req.Fields, Confirm: req.Confirm,
			DryRun: req.DryRun, Full: req.Full, CloseAbsent: req.CloseAbsent,
			Progress: func(done, total int64, stage string) { step(stage, done, total) },
		})
		return report, report.Guard, err
	}
}

// source is who keeps the file: its name, when nobody says.
func (r Request) source() string {
	if r.Source != "" {
		return r.Source
	}
	return strings.TrimSuffix(r.FileName, path.Ext(r.FileName))
}

func intoDemand(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, system crs.CRS, req Request, step Step) (any, *crs.Verdict, error) {
	report, err := demand.Import(ctx, db, actor, rows, demand.Options{
		Name: req.source(), FileName: req.FileName, CRS: system, Fields: req.Fields, Confirm: req.Confirm, Spread: req.Spread, DryRun: req.DryRun,
		Progress: func(rows int64, stage string) { step(stage, rows, 0) },
	})
	return report, report.Guard, err
}

func intoCandidates(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, system crs.CRS, req Request, step Step) (any, *crs.Verdict, error) {
	report, err := candidate.Import(ctx, db, actor, rows, candidate.Options{
		Source: req.source(), CRS: system, Fields: req.Fields, Confirm: req.Confirm, DryRun: req.DryRun,
		Progress: func(rows int64, stage string) { step(stage, rows, 0) },
	})
	return report, report.Guard, err
}

// registerImport is what the registers of patrols offer.
type registerImport func(context.Context, pg.DB, staff.Actor, ledger.Rows, premises.Options) (premises.Report, error)

func intoRegister(do registerImport) tabular {
	return func(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, system crs.CRS, req Request, step Step) (any, *crs.Verdict, error) {
		report, err := do(ctx, db, actor, rows, premises.Options{
			Source: req.source(), CRS: system, Fields: req.Fields, Confirm: req.Confirm, DryRun: req.DryRun,
			Progress: func(rows int64, stage string) { step(stage, rows, 0) },
		})
		return report, report.Guard, err
	}
}

// importLinks opens a table of linked households, which has no places.
func importLinks(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, _ Step) (Result, error) {
	report, err := visit.ImportLinks(ctx, db, actor, sheet.File{Name: req.FileName, ReaderAt: r, Size: size}, req.Fields, req.DryRun)
	if err != nil {
		return Result{}, err
	}
	return Result{UploadID: id, Report: report}, storeReport(ctx, db, id, report, nil)
}

// rowsOf opens a file of points, or a table.
func rowsOf(ctx context.Context, req Request, r io.ReaderAt, size int64) (ledger.Rows, error) {
	file, err := vectorfile.ReadLayer(ctx, req.FileName, req.Layer, r, size, vectorfile.Limits{})
	if err == nil {
		return ledger.FromFile(file), nil
	}
	if !errors.Is(err, vectorfile.ErrFormat) {
		return ledger.Rows{}, err
	}
	table, err := sheet.OpenWith(req.FileName, r, size, sheet.Options{Sheet: req.Layer})
	if err != nil {
		return ledger.Rows{}, err
	}
	return ledger.FromSheet(table), nil
}

func importOSM(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error) {
	done, err := network.Import(ctx, db, actor, req.FileName, r, size, func(read, total int64, stage string) { step(stage, read, total) })
	if err != nil {
		return Result{}, err
	}
	return Result{UploadID: id, Report: done}, storeReport(ctx, db, id, done, nil)
}

// importStreets makes a file of street lines the streets of the map.
func importStreets(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error) {
	step("reading the file", 0, 0)
	file, err := vectorfile.ReadLayer(ctx, req.FileName, req.Layer, r, size, vectorfile.Limits{})
	if err != nil {
		return Result{}, err
	}
	step("checking the reference system", 0, 0)
	system, verdict, err := checkCRS(ctx, db, req, file)
	if err != nil {
		return Result{}, err
	}
	streets, err := network.LinesOf(file, system, req.Fields)
	if err != nil {
		return Result{}, err
	}
	step("joining the streets", 0, int64(streets.Lines))
	var report network.LineReport
	if req.DryRun {
		report, err = network.TryStreets(ctx, streets)
	} else {
		report, err = storeStreets(ctx, db, actor, id, streets)
	}
	if err != nil {
		return Result{}, err
	}
	return Result{UploadID: id, Report: report}, storeReport(ctx, db, id, report, verdict)
}

func storeStreets(ctx context.Context, db pg.DB, actor staff.Actor, id int64, streets network.Streets) (network.LineReport, error) {
	var src network.Source
	if err := db.QueryRow(ctx, `SELECT file_name, sha256 FROM upload WHERE id = $1`, id).Scan(&src.FileName, &src.SHA256); err != nil {
		return network.LineReport{}, fmt.Errorf("upload %d: %w", id, err)
	}
	return network.StoreStreets(ctx, db, actor, src, streets)
}
