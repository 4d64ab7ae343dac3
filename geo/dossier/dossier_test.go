package dossier_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/dossier"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/upload"
	"wangge/geo/vectorfile"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

func day(t testing.TB, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const lon, lat = 1_150_000_000, 300_000_000

func ring(xy ...int32) (r geo.Ring) {
	for i := 0; i < len(xy); i += 2 {
		r = append(r, geo.Point{X: lon + xy[i], Y: lat + xy[i+1]})
	}
	return r
}

func rectangle(x0, y0, x1, y1 int32) geo.Ring { return ring(x0, y0, x1, y0, x1, y1, x0, y1) }

func box(x0, y0, x1, y1 int32) geo.MultiPolygon { return geo.MultiPolygon{{rectangle(x0, y0, x1, y1)}} }

func draftOf(t testing.TB, db *pgxpool.Pool, level, on string, records ...plan.Record) plan.Plan {
	t.Helper()
	p, err := plan.New(t.Context(), db, staff.Local, plan.Source{
		Name: "test", Preset: "town-grid", Level: level, Day: day(t, on), Records: records}, quiet)
	if err != nil {
		t.Fatalf("draft: %v", err)
	}
	return p
}

func publish(t testing.TB, db *pgxpool.Pool, p plan.Plan, on string) plan.Plan {
	t.Helper()
	p, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, on), quiet)
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return p
}

const town, west, east = "990101001000", "990101001001", "990101001002"

// villages puts a town with two villages in force on 1 January 2026.
func villages(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db := pgtest.Database(t)
	publish(t, db, draftOf(t, db, "town", "2026-01-01", plan.Record{Code: town, Name: "临湖镇", Area: box(0, 0, 20000, 10000)}), "2026-01-01")
	publish(t, db, draftOf(t, db, "village", "2026-01-01",
		plan.Record{Code: west, Name: "西村", Parent: town, Area: box(0, 0, 10000, 10000)},
		plan.Record{Code: east, Name: "东村", Parent: town, Area: box(10000, 0, 20000, 10000)}), "2026-01-01")
	return db
}

// rare are letters outside the basic plane, of GB18030-2022, and marks.
const rare = "𠮷䶮㐂𬱖〇龘<&>\"'·"

// grids divide both villages: one in two parts with a hole, one that lies in the hole,
// one around a lake that belongs to nobody, and the border of the villages moved east.
func grids() []plan.Record {
	hole := rectangle(2000, 2000, 4000, 4000).Reversed()
	lake := rectangle(14000, 4000, 16000, 6001).Reversed()
	return []plan.Record{
		{Role: plan.Parent, Code: west, Name: "西村", Area: box(0, 0, 12000, 10000)},
		{Role: plan.Parent, Code: east, Name: "东村", Area: box(12000, 0, 20000, 10000)},
		{Code: west + "001", Name: "第一网格 " + rare, Parent: west, Area: geo.MultiPolygon{
			{rectangle(0, 0, 6000, 6000), hole}, {rectangle(6001, 6001, 12000, 10000)}}},
		{Code: west + "002", Name: "飞地", Parent: west, Area: box(2000, 2000, 4000, 4000)},
		{Code: west + "003", Name: "第三网格", Parent: west, Area: geo.MultiPolygon{
			{ring(6000, 0, 12000, 0, 12000, 6001, 6001, 6001, 6001, 10000, 0, 10000, 0, 6000, 6000, 6000)}}},
		{Code: east + "001", Name: "湖边网格", Parent: east, Area: geo.MultiPolygon{{rectangle(12000, 0, 20000, 10000), lake}}},
		{Role: plan.Excluded, Name: "湖面,无人居住", Parent: east, Area: box(14000, 4000, 16000, 6001)},
	}
}

func written(t testing.TB, f dossier.File, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(t.Context(), &out); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return out.Bytes()
}

func exported(t testing.TB, db *pgxpool.Pool, id int64, what, as string) []byte {
	t.Helper()
	file, err := dossier.Export(t.Context(), db, staff.Local, id, what, as)
	return written(t, file, err)
}

func digestOf(t testing.TB, db *pgxpool.Pool, p plan.Plan) string {
	t.Helper()
	units, err := plan.Units(t.Context(), db, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Digest(p.Level, units)
}

// imported is the draft that a file becomes by the way of all files.
func imported(t testing.TB, db *pgxpool.Pool, level, name string, content []byte) plan.Plan {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := upload.FromDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := upload.Now(t.Context(), db, staff.Local, upload.Request{Kind: upload.Boundaries, FileName: name, CRS: "wgs84",
		Preset: "town-grid", Level: level, Confirm: "written by ourselves"}, file, quiet)
	if err != nil {
		t.Fatalf("import %s: %v", name, err)
	}
	p, err := plan.Get(t.Context(), db, staff.Local, result.PlanID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var vectors = []string{"geojson", "gpkg", "shp", "kml"}

func TestAPlanComesBackFromEveryFormatOfBoundaries(t *testing.T) {
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	if p.Faults.Hard > 0 {
		t.Fatalf("the draft has faults: %v", p.Faults.ByKind)
	}
	want := digestOf(t, db, p)
	for _, as := range vectors {
		t.Run(as, func(t *testing.T) {
			content := exported(t, db, p.ID, dossier.Units, as)
			if again := exported(t, db, p.ID, dossier.Units, as); !bytes.Equal(content, again) {
				t.Error("written again it has other bytes")
			}
			back := imported(t, db, "grid", "plan."+as, content)
			if got := digestOf(t, db, back); got != want {
				t.Errorf("the digest is %s, want %s", got, want)
			}
			if back.Faults.Hard > 0 || back.Faults.Soft != p.Faults.Soft {
				t.Errorf("it has faults: %v, want %v", back.Faults.ByKind, p.Faults.ByKind)
			}
		})
	}
	// The level is part of the plan.
	if got := digestOf(t, db, imported(t, db, "village", "plan.geojson", exported(t, db, p.ID, dossier.Units, "geojson"))); got == want {
		t.Error("as villages it has the digest of grids")
	}
}

func TestTheTablesSayWhichUnitBelongsToWhich(t *testing.T) {
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	want := map[string]string{}
	for _, r := range grids() {
		if r.Role == "" {
			want[r.Code] = r.Parent + " " + r.Name
		}
	}
	for _, as := range []string{"csv", "xlsx"} {
		content := exported(t, db, p.ID, dossier.Units, as)
		if !bytes.Equal(content, exported(t, db, p.ID, dossier.Units, as)) {
			t.Errorf("%s: written again it has other bytes", as)
		}
		header, rows := table(t, as, content)
		if got := strings.Join(header, " "); got != "代码 名称 上级代码 上级名称 层级 类别 面积（平方米）" {
			t.Errorf("%s has the columns %s", as, got)
		}
		got := map[string]string{}
		for _, row := range rows {
			if row[5] == "单元" {
				got[row[0]] = row[2] + " " + row[1]
			}
			if row[2] == east && row[3] != "东村" || row[5] == "单元" && row[4] != "网格" {
				t.Errorf("%s: %q", as, row)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", as, got, want)
		}
	}
}

// table reads a table as the project reads ledgers.
func table(t testing.TB, as string, content []byte) (header []string, rows [][]string) {
	t.Helper()
	s, err := sheet.Open("table."+as, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := s.Next()
		if err == io.EOF {
			return s.Header(), rows
		}
		if err != nil || row.Fault != nil {
			t.Fatalf("%s: %v %v", as, err, row.Fault)
		}
		for len(row.Cells) < len(s.Header()) {
			row.Cells = append(row.Cells, "")
		}
		rows = append(rows, row.Cells)
	}
}

// home puts a household at a place, in the ledger of a unit.
func home(t testing.TB, db *pgxpool.Pool, number, unit string, at *geo.Point) {
	t.Helper()
	_, err := db.Exec(t.Context(), `
		WITH h AS (INSERT INTO household (source, source_id, point, cell, address) VALUES ('台账', $1, $2, CASE WHEN $2::geometry IS NULL THEN NULL ELSE 1 END, '临湖路 12 号') RETURNING id)
		INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT h.id, u.id, '2026-01-01' FROM h, unit u WHERE u.code = $3`, number, at, unit)
	if err != nil {
		t.Fatal(err)
	}
}

func at(x, y int32) *geo.Point { return &geo.Point{X: lon + x, Y: lat + y} }

// clerk has some permissions in a unit.
func clerk(t testing.TB, db *pgxpool.Pool, unit string, may ...staff.Permission) staff.Actor {
	t.Helper()
	var id int64
	if err := db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, unit).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return staff.Actor{Name: "account:7", Account: 7, Grants: []staff.Grant{{Post: 1, Unit: id, May: may}}}
}

func TestHouseholdsAreAssignedAsThePlanWould(t *testing.T) {
	db := villages(t)
	home(t, db, "1", west, at(100, 100))
	home(t, db, "2", west, at(3000, 3000))
	home(t, db, "3", east, at(11000, 1000)) // the border moves over it
	home(t, db, "4", east, at(15000, 5000)) // on the lake
	home(t, db, "5", east, at(19000, 9000))
	home(t, db, "6", east, nil)
	home(t, db, "7", west, at(200, 200))
	if _, err := db.Exec(t.Context(), `UPDATE household SET closed_on = '2026-01-02' WHERE source_id = '7'`); err != nil {
		t.Fatal(err)
	}
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	want := map[string]string{"1": west + "001", "2": west + "002", "3": west + "003", "4": "", "5": east + "001", "6": ""}
	assigned := func(as string, content []byte) map[string]string {
		got := map[string]string{}
		header, rows := table(t, as, content)
		if strings.Join(header, " ") != "住户编号 台账来源 台账编号 单元代码 单元名称 上级代码 现单元代码" {
			t.Errorf("%s has the columns %q", as, header)
		}
		for _, row := range rows {
			got[row[2]] = row[3]
		}
		if bytes.Contains(content, []byte("临湖路")) {
			t.Error("there is an address in it")
		}
		return got
	}
	for _, as := range []string{"csv", "xlsx"} {
		if got := assigned(as, exported(t, db, p.ID, dossier.Households, as)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", as, got, want)
		}
	}

	// Two villages: who sees households in one gets those of one, even of a plan of both.
	if _, err := db.Exec(t.Context(), `UPDATE plan SET area_id = (SELECT id FROM unit WHERE code = $2) WHERE id = $1`, p.ID, town); err != nil {
		t.Fatal(err)
	}
	both := clerk(t, db, town, staff.Plan, staff.Export)
	both.Grants = append(both.Grants, clerk(t, db, west, staff.Place).Grants...)
	file, err := dossier.Export(t.Context(), db, both, p.ID, dossier.Households, "csv")
	if got := assigned("csv", written(t, file, err)); len(got) != 2 || got["1"] == "" || got["2"] == "" {
		t.Errorf("a clerk of the west gets %v", got)
	}
	for _, tt := range []struct {
		name  string
		actor staff.Actor
		what  string
		want  error
	}{
		{"nobody", staff.Public, dossier.Units, staff.ErrSignedOut},
		{"no export", clerk(t, db, town, staff.Plan, staff.Place), dossier.Units, staff.ErrForbidden},
		{"no places", clerk(t, db, town, staff.Plan, staff.Export), dossier.Households, staff.ErrForbidden},
		{"no plans", clerk(t, db, town, staff.Place, staff.Export), dossier.Units, plan.ErrUnknown},
		{"plans of the town, export in a village", with(clerk(t, db, town, staff.Plan), clerk(t, db, west, staff.Export)), dossier.Units, staff.ErrOutside},
		{"plans of a village", clerk(t, db, west, staff.Plan, staff.Export), dossier.Units, plan.ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := dossier.Export(t.Context(), db, tt.actor, p.ID, tt.what, "csv"); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	var said []string
	err = db.QueryRow(t.Context(), `SELECT array_agg(DISTINCT actor || ' ' || (detail->>'what') || ' ' || (detail->>'format') ORDER BY actor || ' ' || (detail->>'what') || ' ' || (detail->>'format'))
		FROM audit WHERE action = 'export' AND subject = 'plan' AND subject_id = $1`, fmt.Sprint(p.ID)).Scan(&said)
	if err != nil || fmt.Sprint(said) != "[account:7 households csv local households csv local households xlsx]" {
		t.Errorf("the log says %v, %v", said, err)
	}
}

func with(a, b staff.Actor) staff.Actor {
	a.Grants = append(a.Grants, b.Grants...)
	return a
}

func TestWhatIsNoExportIsRefused(t *testing.T) {
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	for _, tt := range []struct{ what, as string }{{dossier.Units, "dwg"}, {dossier.Units, ""}, {"persons", "csv"}, {dossier.Households, "geojson"}} {
		if _, err := dossier.Export(t.Context(), db, staff.Local, p.ID, tt.what, tt.as); !errors.Is(err, dossier.ErrExport) {
			t.Errorf("%s as %q: %v", tt.what, tt.as, err)
		}
	}
	if _, err := dossier.Export(t.Context(), db, staff.Local, 999, dossier.Units, "csv"); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("a plan that is not there: %v", err)
	}
	long := draftOf(t, db, "grid", "2026-01-01", plan.Record{Code: west + "001", Name: strings.Repeat("长", 100), Parent: west, Area: box(0, 0, 10000, 10000)})
	if _, err := dossier.Export(t.Context(), db, staff.Local, long.ID, dossier.Units, "shp"); !errors.Is(err, vectorfile.ErrWide) {
		t.Errorf("a name that a Shapefile cannot hold: %v", err)
	}
}

// ogr runs a program of GDAL, which shares no code with us.
func ogr(t testing.TB, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("SKIPPED: %s is not installed (apt-get install gdal-bin); our files are not compared with those of GDAL", program)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// unitsIn are the rows of a file as a plan has them, read without the import.
func unitsIn(t testing.TB, content []byte) (units []plan.Unit) {
	t.Helper()
	f, err := vectorfile.Read(t.Context(), "plan", bytes.NewReader(content), int64(len(content)), vectorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range f.Features {
		if row.Fault != nil {
			t.Fatalf("%s: %v", row.Place, row.Fault)
		}
		u := plan.Unit{Role: plan.Role(row.Properties["plan_role"]), Code: row.Properties["code"], Name: row.Properties["name"] + row.Properties["Name"], Parent: row.Properties["parent"]}
		switch shape := row.Geometry.(type) {
		case orb.Polygon:
			u.Area = geo.FromOrb(orb.MultiPolygon{shape})
		case orb.MultiPolygon:
			u.Area = geo.FromOrb(shape)
		default:
			t.Fatalf("%s is a %T", row.Place, shape)
		}
		units = append(units, u)
	}
	return units
}

func TestGDALReadsTheSamePlan(t *testing.T) {
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	want := digestOf(t, db, p)
	dir := t.TempDir()
	for i, as := range vectors {
		t.Run(as, func(t *testing.T) {
			path := filepath.Join(dir, "plan."+as)
			if as == "shp" {
				path += ".zip"
			}
			if err := os.WriteFile(path, exported(t, db, p.ID, dossier.Units, as), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, trouble := range []string{"Warning", "ERROR", "FAILURE"} {
				if info := ogr(t, "ogrinfo", "-al", "-so", path); strings.Contains(info, trouble) || !strings.Contains(info, "Feature Count: 7") {
					t.Errorf("ogrinfo says\n%s", info)
				}
			}
			back := filepath.Join(dir, fmt.Sprintf("back%d.geojson", i))
			layer := fmt.Sprintf("plan_%d", p.ID)
			if as == "kml" {
				layer = p.Name
			}
			ogr(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=7", back, path, layer)
			content, err := os.ReadFile(back)
			if err != nil {
				t.Fatal(err)
			}
			if got := plan.Digest("grid", unitsIn(t, content)); got != want {
				t.Errorf("GDAL's copy has the digest %s, want %s", got, want)
			}
			if as == "csv" {
				return
			}
			// And the other way: what GDAL writes comes in as the same plan.
			if as != "kml" { // its KML has no column for the name but "Name"
				if got := digestOf(t, db, imported(t, db, "grid", "back.geojson", content)); got != want {
					t.Errorf("imported it has the digest %s, want %s", got, want)
				}
			}
		})
	}
}

// board is n by n units below one village, their inner corners moved.
func board(n int32) []plan.Record {
	const side = 60
	corner := func(i, j int32) geo.Point {
		x, y := i*side, j*side
		if i > 0 && i < n && j > 0 && j < n {
			x, y = x+(i*7+j*13)%21-10, y+(i*11+j*5)%19-9
		}
		return geo.Point{X: lon + x, Y: lat + y}
	}
	var list []plan.Record
	for i := range n {
		for j := range n {
			list = append(list, plan.Record{Code: fmt.Sprintf("%s%03d%03d", west, i, j), Name: fmt.Sprintf("第%d-%d微网格𠮷", i, j), Parent: west,
				Area: geo.MultiPolygon{{{corner(i, j), corner(i+1, j), corner(i+1, j+1), corner(i, j+1)}}}})
		}
	}
	return list
}

func TestTenThousandUnitsComeBack(t *testing.T) {
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", board(100)...)
	want := digestOf(t, db, p)
	for _, as := range vectors {
		content := exported(t, db, p.ID, dossier.Units, as)
		if got := plan.Digest("grid", unitsIn(t, content)); got != want {
			t.Errorf("%s (%d bytes) has the digest %s, want %s", as, len(content), got, want)
		}
	}
	if got := digestOf(t, db, imported(t, db, "grid", "plan.geojson", exported(t, db, p.ID, dossier.Units, "geojson"))); got != want {
		t.Errorf("imported it has the digest %s, want %s", got, want)
	}
	rows, err := csv.NewReader(bytes.NewReader(exported(t, db, p.ID, dossier.Units, "csv"))).ReadAll()
	if err != nil || len(rows) != 10_001 || slices.ContainsFunc(rows[1:], func(r []string) bool { return r[2] != west }) {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// The program in the documentation works out the digest from a file and shares no code
// with ours.
func TestTheDocumentedProgramGivesTheDigest(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("SKIPPED: python3 is not installed")
	}
	page, err := os.ReadFile("../../docs/exchange.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```python\n")
	program, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/exchange.md has no program")
	}
	db := villages(t)
	p := draftOf(t, db, "grid", "2026-01-01", grids()...)
	path := filepath.Join(t.TempDir(), "plan.geojson")
	if err := os.WriteFile(path, exported(t, db, p.ID, dossier.Units, "geojson"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", program, path, "grid").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := strings.TrimSpace(string(out)), digestOf(t, db, p); got != want {
		t.Errorf("it gives %s, want %s", got, want)
	}
}

func TestANewUnitAboveComesBackAndTakesEffect(t *testing.T) {
	db := villages(t)
	const third = "990101001003"
	p := draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Role: plan.Parent, Code: third, Name: "新村", Parent: town, Area: box(5000, 0, 10000, 10000)},
		plan.Record{Role: plan.Parent, Code: west, Name: "西村", Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: west + "001", Name: "甲", Parent: west, Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: third + "001", Name: "乙", Parent: third, Area: box(5000, 0, 10000, 10000)})
	want := digestOf(t, db, p)
	for _, as := range vectors {
		back := imported(t, db, "grid", "plan."+as, exported(t, db, p.ID, dossier.Units, as))
		if got := digestOf(t, db, back); got != want || back.Faults.Hard > 0 {
			t.Errorf("%s: the digest is %s with faults %v, want %s", as, got, back.Faults.ByKind, want)
		}
	}
	if p = publish(t, db, p, "2026-02-01"); p.Digest != want {
		t.Errorf("sealed with %s, want %s", p.Digest, want)
	}
}
