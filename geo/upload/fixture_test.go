package upload_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
	"wangge/geo/town"
	"wangge/geo/upload"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

// small is the demo town in its smallest size, made once.
var small = sync.OnceValues(func() (*town.Town, error) {
	return town.Generate(context.Background(), town.Options{Households: 1000, Now: town.DefaultNow})
})

func smallTown(t testing.TB) *town.Town {
	t.Helper()
	made, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// unitsOf are the town's units of a level.
func unitsOf(made *town.Town, level string) []town.Unit {
	return slices.DeleteFunc(slices.Clone(made.Units), func(u town.Unit) bool { return u.Level != level })
}

// inForce is a database with the town's streets and its units from the top down
// to a level, in force since the first of January.
func inForce(t testing.TB, lowest string) *pgxpool.Pool {
	t.Helper()
	db, made := pgtest.Database(t), smallTown(t)
	streets := func(yield func(network.Feature) bool) {
		for _, s := range made.Streets {
			var line orb.LineString
			for _, p := range made.Line(s) {
				line = append(line, p.Degrees())
			}
			f := network.Feature{Class: network.Street, OSMType: network.FromTown, OSMID: s.ID, Kind: s.Class, Name: s.Name, Shape: line}
			for _, n := range s.Nodes {
				f.Nodes = append(f.Nodes, int64(n))
			}
			if !yield(f) {
				return
			}
		}
	}
	if _, err := network.Store(t.Context(), db, staff.System, network.Source{FileName: "streets", Attribution: "x"}, streets); err != nil {
		t.Fatal(err)
	}
	for _, level := range made.Levels {
		publish(t, db, draftOf(t, db, made, level.Code))
		if level.Code == lowest {
			break
		}
	}
	return db
}

func newDatabase(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return pgtest.Database(t)
}

func faultsOf(t testing.TB, db *pgxpool.Pool, id int64) []plan.Fault {
	t.Helper()
	list, err := plan.FaultsOf(t.Context(), db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func draftOf(t testing.TB, db *pgxpool.Pool, made *town.Town, level string) plan.Plan {
	t.Helper()
	var records []plan.Record
	for _, u := range unitsOf(made, level) {
		records = append(records, plan.Record{Code: u.Code, Name: u.Name, Parent: u.Parent, Area: u.Area})
	}
	p, err := plan.New(t.Context(), db, staff.System, plan.Source{
		Name: level, Preset: "town-cluster", Level: level, Day: newYear(t), Records: records}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish(t testing.TB, db *pgxpool.Pool, p plan.Plan) {
	t.Helper()
	if _, err := plan.Publish(t.Context(), db, staff.System, p.ID, p.Revision, newYear(t), quiet); err != nil {
		t.Fatalf("publish %s: %v", p.Name, err)
	}
}

func newYear(t testing.TB) geo.Day {
	t.Helper()
	return geo.DayOf(time.Date(time.Now().Year(), 1, 1, 0, 0, 0, 0, time.UTC))
}

// onDisk writes a file for this test and returns it as the command line hands it in.
func onDisk(t testing.TB, name string, content []byte) upload.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := upload.FromDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// bring imports a file of boundaries at once.
func bring(t testing.TB, db *pgxpool.Pool, req upload.Request, content []byte) (upload.Result, error) {
	t.Helper()
	req.Kind = upload.Boundaries
	if req.Preset == "" {
		req.Preset = "town-cluster"
	}
	if req.CRS == "" {
		req.CRS = string(crs.WGS84)
	}
	return upload.Now(t.Context(), db, staff.Local, req, onDisk(t, "upload", content), quiet)
}

func getPlan(t testing.TB, db *pgxpool.Pool, id int64) plan.Plan {
	t.Helper()
	p, err := plan.Get(t.Context(), db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func planUnits(t testing.TB, db *pgxpool.Pool, id int64) []plan.Unit {
	t.Helper()
	list, err := plan.Units(t.Context(), db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// proven checks every unit in force that says it is complete, and fails the test
// when one is not. It returns how many there are.
func proven(t testing.TB, db *pgxpool.Pool) (complete int) {
	t.Helper()
	list, err := grid.AllInForce(t.Context(), db, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	below := map[int64][]topology.Part{}
	for _, b := range list {
		below[b.ParentID] = append(below[b.ParentID], topology.Part{Code: b.Code, Area: b.Area})
	}
	for _, b := range list {
		if b.State != "complete" {
			continue
		}
		complete++
		var excluded []geo.MultiPolygon
		rows, err := db.Query(t.Context(), `SELECT geom FROM excluded_area WHERE parent_id = $1`, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var area geo.MultiPolygon
			if err := rows.Scan(&area); err != nil {
				t.Fatal(err)
			}
			excluded = append(excluded, area)
		}
		rows.Close()
		parts := below[b.ID]
		for i, area := range excluded {
			parts = append(parts, topology.Part{Code: "excluded" + string(rune('a'+i)), Area: area})
		}
		if vs := topology.Check(b.Area, parts); len(vs) > 0 {
			t.Errorf("%s %s says it is complete, but: %v and %d more", b.Level, b.Code, vs[0], len(vs)-1)
		}
	}
	return complete
}
