package upload_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/town"
	"wangge/geo/upload"
)

// real reads a file of the data folder, or skips the test and says so.
func real(t testing.TB, name string) []byte {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("SKIPPED, the real file %s is not tested: WANGGE_DATA names the folder: %v", name, err)
	}
	return content
}

// mended makes a draft of a file, mends it in this order ("kind=repair", with an
// optional "@width" in metres) and says after each step what is left.
func mended(t testing.TB, db *pgxpool.Pool, req upload.Request, content []byte, repairs ...string) plan.Plan {
	t.Helper()
	req.Confirm = "real data of a test"
	result, err := bring(t, db, req, content)
	if err != nil {
		t.Fatal(err)
	}
	p := getPlan(t, db, result.PlanID)
	t.Logf("%s: %d units, faults %v", req.FileName, p.Units, p.Faults.ByKind)
	for _, step := range repairs {
		kind, repair, _ := strings.Cut(step, "=")
		r := plan.Repair{Revision: p.Revision, Kind: kind}
		if repair, width, bounded := strings.Cut(repair, "@"); bounded {
			r.Repair, r.MaxWidth = repair, float64(width[0]-'0')
		} else {
			r.Repair = repair
		}
		if p.Faults.ByKind[kind] == 0 {
			continue
		}
		if p, err = plan.Mend(t.Context(), db, staff.Local, p.ID, r, grid.Today()); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		t.Logf("  %s: faults %v", step, p.Faults.ByKind)
	}
	return p
}

func inForceToday(t testing.TB, db *pgxpool.Pool, p plan.Plan) {
	t.Helper()
	if p.Faults.Hard > 0 {
		for _, f := range faultsOf(t, db, p.ID) {
			if f.Hard {
				t.Logf("%s %v %s: %.1f m², repairs %v", f.Kind, f.Codes, f.Detail, f.Area, f.Repairs)
			}
		}
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, grid.Today(), quiet); err != nil {
		t.Fatalf("publish %s: %v", p.Name, err)
	}
}

func areaOf(units []plan.Unit) (sum geo.SquareMeters) {
	for _, u := range units {
		if u.Role == plan.Part {
			sum += u.Area.SquareMeters()
		}
	}
	return sum
}

// repairs is the order that works for redrawn maps of different years.
var repairs = []string{"missing_parent=parent_by_place", "unknown_parent=parent_by_place", "missing_code=number", "self_touch=split",
	"outside=fit_parent", "overlap=cut", "outside=clip", "gap=fill@1", "swallowed=accept"}

// stated is how many units of a level are in each state.
func stated(t testing.TB, db *pgxpool.Pool, level string) map[string]int {
	t.Helper()
	list, err := grid.Units(t.Context(), db, staff.Local, grid.Today(), grid.Filter{Level: level, Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, u := range list {
		out[u.State]++
	}
	return out
}

var xihuGrids = upload.Request{FileName: "grids.geojson", Preset: "urban", Level: "grid",
	Fields: map[string]string{"code": "XZQHBM", "name": "areaName", "parent": "CS_XZQHBM"}}

// xihu is Hangzhou's district with its towns and communities in force.
func xihu(t *testing.T) (db *pgxpool.Pool, grids []byte) {
	t.Helper()
	towns, communities, grids := real(t, "xihu-grids/towns.geojson"), real(t, "xihu-grids/communities.dev.geojson"), real(t, "xihu-grids/grids.dev.geojson")
	db = newDatabase(t)
	inForceToday(t, db, mended(t, db, upload.Request{FileName: "towns.geojson", Preset: "urban", Level: "town"}, towns))
	inForceToday(t, db, mended(t, db, upload.Request{FileName: "communities.geojson", Preset: "urban", Level: "village",
		Fields: map[string]string{"code": "xzqhbm", "name": "cunshe", "parent": "zj_xzqhbm"}}, communities, repairs...))
	return db, grids
}

func TestHangzhouXihuFromTownsToGrids(t *testing.T) {
	t.Parallel()
	db, file := xihu(t)
	draft := mended(t, db, xihuGrids, file)
	for kind, least := range map[string]int{"missing_code": 3, "missing_parent": 3, "unknown_parent": 5, "outside": 100, "gap": 10, "self_touch": 1} {
		if draft.Faults.ByKind[kind] < least {
			t.Errorf("%d faults %s, want %d at least", draft.Faults.ByKind[kind], kind, least)
		}
	}
	before := areaOf(planUnits(t, db, draft.ID))
	draft = mended(t, db, xihuGrids, file, repairs...)
	if after := areaOf(planUnits(t, db, draft.ID)); draft.Units != 321 || after < before*0.999 || after > before*1.01 {
		t.Errorf("%d grids of %.0f m², want all 321 and the %.0f m² of the file", draft.Units, after, before)
	}
	inForceToday(t, db, draft)
	for level, n := range map[string]int{"town": 5, "village": 78} {
		if states := stated(t, db, level); states["complete"] < n || states["invalid"] > 0 {
			t.Errorf("units of level %s: %v, want %d complete and none invalid", level, states, n)
		}
	}
	if n := proven(t, db); n < 83 {
		t.Errorf("%d complete units proven, want 83", n)
	}
}

func TestHangzhouXihuShifted(t *testing.T) {
	t.Parallel()
	db, file := xihu(t)
	inForceToday(t, db, mended(t, db, xihuGrids, file, repairs...))
	units := map[string]geo.MultiPolygon{}
	var made []town.Unit
	list, err := grid.AllInForce(t.Context(), db, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if above := slices.IndexFunc(list, func(a grid.InForce) bool { return a.ID == b.ParentID }); b.Level == "grid" {
			made = append(made, town.Unit{Code: b.Code, Name: b.Name, Parent: list[above].Code, Area: b.Area})
			units[b.Code] = b.Area
		}
	}
	request := upload.Request{FileName: "grids.geojson", Preset: "urban", Level: "grid", Fields: map[string]string{"code": "code", "parent": "parent"}}
	for _, system := range []crs.CRS{crs.GCJ02, crs.BD09} {
		t.Run(string(system), func(t *testing.T) {
			content := shifted(t, made, system, 7)
			if _, err := bring(t, db, request, content); !errors.Is(err, upload.ErrMismatch) || fault.Of(err).Places[0].Detail != string(system) {
				t.Errorf("declared WGS 84: %v, want %v that looks like %s", err, upload.ErrMismatch, system)
			}
			declared := request
			declared.CRS = string(system)
			result, err := bring(t, db, declared, content)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faultsOf(t, db, result.PlanID) {
				if f.Hard {
					t.Errorf("a new fault: %s %v of %f m²", f.Kind, f.Codes, f.Area)
				}
			}
			for _, u := range planUnits(t, db, result.PlanID) {
				if u.Role == plan.Part && apart(t, u.Area, units[u.Code]) > 1 {
					t.Errorf("%s came back more than one lattice step away", u.Code)
				}
			}
		})
	}
}

func TestTaipeiFromDistrictsToVillagesAndServicePoints(t *testing.T) {
	t.Parallel()
	districts, villages, points := real(t, "taipei/taipei_town.geojson"), real(t, "taipei/taipei_village.geojson"), real(t, "taipei/socl_welfare_organization_plc.geojson")
	db := newDatabase(t)
	inForceToday(t, db, mended(t, db, upload.Request{FileName: "districts", Preset: "urban", Level: "town",
		Fields: map[string]string{"code": "CPTID", "name": "TNAME"}}, districts, repairs...))
	draft := mended(t, db, upload.Request{FileName: "villages", Preset: "urban", Level: "village",
		Fields: map[string]string{"code": "CPTVID", "name": "VNAME", "parent": "CPTID"}}, villages, repairs...)
	if draft.Units != 456 || draft.Faults.ByKind["duplicate_name"] > 2 {
		t.Errorf("%d units, faults %v; want 456", draft.Units, draft.Faults.ByKind)
	}
	inForceToday(t, db, draft)
	if states := stated(t, db, "town"); states["complete"]+states["incomplete"] != 12 {
		t.Errorf("districts: %v, want all 12 complete or incomplete", states)
	}
	proven(t, db)

	request := upload.Request{Kind: upload.ServicePoints, FileName: "welfare.geojson", CRS: string(crs.WGS84), Source: "taipei", Confirm: "published by the city"}
	report := ledgerReport(t, db, request, points)
	if report.Rows != 578 || report.New < 540 || report.New+report.Refused != 578 {
		t.Errorf("service points: %+v, want 578 rows, 35 of them repeated and refused", report)
	}
	if again := ledgerReport(t, db, request, points); again.New+again.Changed > 0 || again.Unchanged != report.New {
		t.Errorf("a second import: %+v, want nothing new or changed", again)
	}
}

// counts is the part of a ledger's report that these tests look at.
type counts struct{ Rows, New, Changed, Unchanged, Outside, Unplaced, Refused, Absent int }

func ledgerReport(t testing.TB, db *pgxpool.Pool, req upload.Request, content []byte) (c counts) {
	t.Helper()
	result, err := upload.Now(t.Context(), db, staff.Local, req, onDisk(t, "ledger", content), quiet)
	if err != nil {
		t.Fatal(err)
	}
	u, err := upload.Get(t.Context(), db, staff.Local, result.UploadID)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(u.Report, &c); err != nil {
		t.Fatalf("report %s: %v", u.Report, err)
	}
	if _, _, err := upload.Original(t.Context(), db, staff.Local, result.UploadID); !errors.Is(err, upload.ErrUnknown) {
		t.Errorf("the bytes of a ledger are kept: %v", err)
	}
	t.Logf("%s: %+v", req.FileName, c)
	return c
}

func TestLiechtensteinFromOpenStreetMapAlone(t *testing.T) {
	t.Parallel()
	extract := real(t, "liechtenstein/liechtenstein.osm.pbf")
	db := newDatabase(t)
	_, err := upload.Now(t.Context(), db, staff.Local, upload.Request{Kind: upload.OSM, FileName: "li.osm.pbf", CRS: string(crs.WGS84)}, onDisk(t, "li", extract), quiet)
	if err != nil {
		t.Fatal(err)
	}
	var streets, buildings int
	err = db.QueryRow(t.Context(), `
		SELECT count(*) FILTER (WHERE class = 'street'), count(*) FILTER (WHERE class = 'building') FROM map_feature`).Scan(&streets, &buildings)
	if err != nil || streets < 4000 || buildings < 8900 {
		t.Errorf("%d streets and %d buildings, %v", streets, buildings, err)
	}
	// The country's own border is refused: no national boundary comes from OSM.
	_, err = bring(t, db, upload.Request{FileName: "li.osm.pbf", Preset: "rural", Level: "county", Layer: "2"}, extract)
	if !errors.Is(err, network.ErrLevel) {
		t.Errorf("admin_level 2: %v, want %v", err, network.ErrLevel)
	}
	result, err := bring(t, db, upload.Request{FileName: "li.osm.pbf", Preset: "rural", Level: "town"}, extract)
	if err != nil {
		t.Fatalf("the guard should know the streets: %v", err)
	}
	draft := getPlan(t, db, result.PlanID)
	if draft.Units != 22 || draft.Faults.ByKind["unreadable"] != 11 {
		t.Errorf("%d municipalities, faults %v; want 11, and as many of the neighbours cut off by the extract", draft.Units, draft.Faults.ByKind)
	}
	draft, err = plan.Mend(t.Context(), db, staff.Local, draft.ID, plan.Repair{Revision: draft.Revision, Kind: "unreadable", Repair: "drop"}, grid.Today())
	if err != nil || draft.Units != 11 || len(draft.Faults.ByKind) > 0 {
		t.Errorf("%d municipalities with faults %v, %v; want 11 that fit each other", draft.Units, draft.Faults.ByKind, err)
	}
	inForceToday(t, db, draft)
	if km2 := areaOf(planUnits(t, db, draft.ID)) / 1e6; km2 < 160 || km2 > 161 {
		t.Errorf("the municipalities have %.1f km² together, want the country's 160", km2)
	}
}

func TestFuzhouCangshanReportsItsOverlaps(t *testing.T) {
	t.Parallel()
	file := real(t, "fuzhou-townships/cangshan.geojson")
	db := newDatabase(t)
	draft := mended(t, db, upload.Request{FileName: "cangshan.geojson", Preset: "urban", Level: "town"}, file)
	pairs := map[string]bool{}
	var sum float64
	for _, f := range faultsOf(t, db, draft.ID) {
		if f.Kind != "overlap" {
			continue
		}
		if len(f.Codes) != 2 || f.Area <= 0 || f.At == nil || len(f.Shape) == 0 || !slices.Contains(f.Repairs, "cut") || f.Place == "" {
			t.Errorf("an overlap without codes, area, place or repair: %+v", f)
		}
		pairs[f.Place] = true
		sum += f.Area
	}
	if len(pairs) != 12 || sum < 455_000 || sum > 457_000 {
		t.Errorf("%d pairs overlap by %.0f m², want 12 and 0.456 km²", len(pairs), sum)
	}
	draft = mended(t, db, upload.Request{FileName: "cangshan.geojson", Preset: "urban", Level: "town"}, file, repairs...)
	inForceToday(t, db, draft)
	proven(t, db)
}

func TestBaltimoreRequestsImportOnceWithTheUnplaceableRefused(t *testing.T) {
	t.Parallel()
	file := real(t, "baltimore/311_dev.csv")
	db := newDatabase(t)
	request := upload.Request{Kind: upload.Incidents, FileName: "311_dev.csv", CRS: string(crs.WGS84), Source: "baltimore", Confirm: "published by the city"}
	report := ledgerReport(t, db, request, file)
	if report.New == 0 || report.Refused == 0 || report.Rows != report.New+report.Changed+report.Unchanged+report.Refused {
		t.Errorf("%+v; want some refused, and every row accounted for", report)
	}
	var stored int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM incident`).Scan(&stored); err != nil || stored != report.New {
		t.Errorf("%d incidents stored, %v; want the %d new ones", stored, err, report.New)
	}
	again := ledgerReport(t, db, request, file)
	if again.New+again.Changed > 0 || again.Refused != report.Refused {
		t.Errorf("a second import: %+v, want nothing new or changed", again)
	}
}
