package upload_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jonas-p/go-shp"
	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/geo/town"
	"wangge/geo/upload"
	"wangge/geo/vectorfile"
)

// layerOf is units as a layer of the writers.
func layerOf(units []town.Unit) vectorfile.Layer {
	return vectorfile.Layer{
		Name: "units", Kind: vectorfile.MultiPolygons,
		Columns: []vectorfile.Column{{Name: "网格编码", Type: vectorfile.Text}, {Name: "名称", Type: vectorfile.Text}, {Name: "上级编码", Type: vectorfile.Text}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, u := range units {
				if !yield(vectorfile.Row{Values: []any{u.Code, u.Name, u.Parent}, Geometry: u.Area.Orb()}, nil) {
					return
				}
			}
		},
	}
}

func geoJSONOf(t testing.TB, units []town.Unit) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := vectorfile.WriteGeoJSON(&out, layerOf(units)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func geoPackageOf(t testing.TB, units []town.Unit) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "units.gpkg")
	if err := vectorfile.WriteGeoPackage(t.Context(), path, layerOf(units)); err != nil {
		t.Fatal(err)
	}
	return readFile(t, path)
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func kmlOf(_ testing.TB, units []town.Unit) []byte {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>`)
	for _, u := range units {
		fmt.Fprintf(&out, `<Placemark><name>%s</name><ExtendedData><Data name="code"><value>%s</value></Data><Data name="parent"><value>%s</value></Data></ExtendedData><MultiGeometry>`,
			html.EscapeString(u.Name), u.Code, u.Parent)
		for _, polygon := range u.Area.Orb() {
			out.WriteString("<Polygon>")
			for i, ring := range polygon {
				side := "outerBoundaryIs"
				if i > 0 {
					side = "innerBoundaryIs"
				}
				fmt.Fprintf(&out, "<%s><LinearRing><coordinates>", side)
				for _, p := range ring {
					fmt.Fprintf(&out, "%.7f,%.7f,0 ", p[0], p[1])
				}
				fmt.Fprintf(&out, "</coordinates></LinearRing></%s>", side)
			}
			out.WriteString("</Polygon>")
		}
		out.WriteString("</MultiGeometry></Placemark>")
	}
	out.WriteString(`</Folder></Document></kml>`)
	return out.Bytes()
}

const (
	prjWGS84 = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	prjZone  = `PROJCS["CGCS2000_3_Degree_GK_CM_%dE",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",%d.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
)

// shapefileOf is units as Chinese software writes them: attributes in GBK, a
// .cpg that says so, a .prj, all in one archive.
func shapefileOf(t testing.TB, units []town.Unit, prj string, system crs.CRS) []byte {
	t.Helper()
	folder := t.TempDir()
	base := filepath.Join(folder, "网格")
	w, err := shp.Create(base+".shp", shp.POLYGON)
	if err != nil {
		t.Fatal(err)
	}
	gbk := simplifiedchinese.GBK.NewEncoder()
	encoded := func(s string) string {
		out, err := gbk.String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := w.SetFields([]shp.Field{shp.StringField("CODE", 30), shp.StringField(encoded("名称"), 60), shp.StringField("PARENT", 30)}); err != nil {
		t.Fatal(err)
	}
	for row, u := range units {
		var parts [][]shp.Point
		for _, polygon := range u.Area.Orb() {
			for _, ring := range polygon {
				var part []shp.Point
				for _, p := range ring {
					at, err := system.FromWGS84(p)
					if err != nil {
						t.Fatal(err)
					}
					part = append([]shp.Point{{X: at[0], Y: at[1]}}, part...) // Shapefile runs clockwise
				}
				parts = append(parts, part)
			}
		}
		polygon := shp.Polygon(*shp.NewPolyLine(parts))
		w.Write(&polygon)
		for i, value := range []string{u.Code, encoded(u.Name), u.Parent} {
			if err := w.WriteAttribute(row, i, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Close()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	add := func(name string, content []byte) {
		f, err := archive.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("网格.shp", readFile(t, base+".shp"))
	add("网格.shx", readFile(t, base+".shx"))
	add("网格.dbf", readFile(t, base+"dbf")) // the writer forgets the dot
	add("网格.cpg", []byte("GBK"))
	if prj != "" {
		add("网格.prj", []byte(prj))
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBoundariesOfEveryFormatBecomeADraftWithoutFaults(t *testing.T) {
	t.Parallel()
	db, made := inForce(t, "cluster"), smallTown(t)
	villages := unitsOf(made, "village")
	zone := crs.CRS("EPSG:4549") // 3-degree zone around 120°E
	formats := []struct {
		name, file, format string
		system             crs.CRS
		content            []byte
	}{
		{"GeoJSON", "居村.geojson", "GeoJSON", crs.WGS84, geoJSONOf(t, villages)},
		{"GeoJSON under another name", "file.dat", "GeoJSON", crs.WGS84, geoJSONOf(t, villages)},
		{"KML", "居村.kml", "KML", crs.WGS84, kmlOf(t, villages)},
		{"GeoPackage", "居村.gpkg", "GeoPackage", crs.WGS84, geoPackageOf(t, villages)},
		{"Shapefile in WGS 84", "居村.zip", "Shapefile", crs.WGS84, shapefileOf(t, villages, prjWGS84, crs.WGS84)},
		{"Shapefile without .prj", "居村.zip", "Shapefile", crs.CGCS2000, shapefileOf(t, villages, "", crs.CGCS2000)},
		{"Shapefile in a Gauss–Krüger zone", "居村.zip", "Shapefile", zone, shapefileOf(t, villages, fmt.Sprintf(prjZone, 120, 120), zone)},
	}
	want := map[string]string{}
	for _, u := range villages {
		want[u.Code] = u.Name + " " + u.Parent
	}
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			result, err := bring(t, db, upload.Request{FileName: f.file, Level: "village", CRS: string(f.system)}, f.content)
			if err != nil {
				t.Fatal(err)
			}
			p := getPlan(t, db, result.PlanID)
			if p.Units != len(villages) || len(p.Faults.ByKind) > 0 || p.Name != strings.TrimSuffix(f.file, filepath.Ext(f.file)) {
				t.Errorf("draft %q of %d units with faults %v, want %d units without any", p.Name, p.Units, p.Faults.ByKind, len(villages))
			}
			for _, u := range planUnits(t, db, p.ID) {
				if u.Role == "part" && (want[u.Code] != u.Name+" "+u.Parent || u.Place == "") {
					t.Errorf("%q is %q below %q at %q", u.Code, u.Name, u.Parent, u.Place)
				}
			}
			checkUpload(t, db, result, f.file, f.content, f.format)
		})
	}
}

// checkUpload looks at what is kept of a file.
func checkUpload(t *testing.T, db *pgxpool.Pool, result upload.Result, file string, content []byte, format string) {
	t.Helper()
	u, err := upload.Get(t.Context(), db, staff.Local, result.UploadID)
	if err != nil {
		t.Fatal(err)
	}
	if u.FileName != file || u.Size != int64(len(content)) || u.SHA256 != sha256Of(content) || u.CreatedBy != staff.Local.Name {
		t.Errorf("recorded as %+v", u)
	}
	if u.PlanID == nil || *u.PlanID != result.PlanID || u.Confirmed != nil {
		t.Errorf("plan %v, confirmed %v; want plan %d and no confirmation", u.PlanID, u.Confirmed, result.PlanID)
	}
	var guard crs.Verdict
	if err := json.Unmarshal(u.Guard, &guard); err != nil || guard.Result != crs.OK {
		t.Errorf("verdict %s, %v; want ok", u.Guard, err)
	}
	var report struct {
		Format   string
		Features int
		Columns  map[string]string
	}
	if err := json.Unmarshal(u.Report, &report); err != nil || !strings.Contains(report.Format, format) || report.Columns["code"] == "" {
		t.Errorf("report %s, %v", u.Report, err)
	}
	name, kept, err := upload.Original(t.Context(), db, staff.Local, u.ID)
	if err != nil || name != file || !bytes.Equal(kept, content) {
		t.Errorf("the original is not kept byte for byte: %q, %d of %d bytes, %v", name, len(kept), len(content), err)
	}
}

func sha256Of(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func TestAFileWrittenByOtherSoftwareIsReadTheSame(t *testing.T) {
	t.Parallel()
	ogr, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("SKIPPED, files of GDAL are not tested: ogr2ogr is not installed (apt-get install gdal-bin)")
	}
	db, made := inForce(t, "cluster"), smallTown(t)
	villages := unitsOf(made, "village")
	folder := t.TempDir()
	source := filepath.Join(folder, "source.geojson")
	if err := os.WriteFile(source, geoJSONOf(t, villages), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		driver, file string
		options      []string
	}{
		{"ESRI Shapefile", "villages.shz", []string{"-lco", "ENCODING=GBK", "-sql", `SELECT "网格编码" AS code, "名称" AS name, "上级编码" AS parent FROM units`}},
		{"GPKG", "villages.gpkg", nil},
		{"KML", "villages.kml", []string{"-sql", `SELECT "网格编码" AS code, "名称" AS Name, "上级编码" AS parent FROM units`}},
		{"LIBKML", "villages.kmz", []string{"-sql", `SELECT "网格编码" AS code, "名称" AS Name, "上级编码" AS parent FROM units`}},
	} {
		t.Run(tt.driver, func(t *testing.T) {
			target := filepath.Join(folder, tt.file)
			args := append([]string{"-f", tt.driver, target, source}, tt.options...)
			if out, err := exec.CommandContext(t.Context(), ogr, args...).CombinedOutput(); err != nil {
				t.Skipf("SKIPPED, %s is not tested: ogr2ogr: %v: %s", tt.driver, err, out)
			}
			result, err := bring(t, db, upload.Request{FileName: tt.file, Level: "village"}, readFile(t, target))
			if err != nil {
				t.Fatal(err)
			}
			if p := getPlan(t, db, result.PlanID); p.Units != len(villages) || len(p.Faults.ByKind) > 0 {
				t.Errorf("%d units with faults %v, want %d without any", p.Units, p.Faults.ByKind, len(villages))
			}
		})
	}
}

func TestAFileThatNamesAnotherProjectionThanDeclaredIsRefused(t *testing.T) {
	t.Parallel()
	db, made := inForce(t, "cluster"), smallTown(t)
	villages := unitsOf(made, "village")
	zone120, zone117 := crs.CRS("EPSG:4549"), crs.CRS("EPSG:4548")
	tests := []struct {
		name, prj string
		in, claim crs.CRS
		want      error
	}{
		{"metres declared as degrees", fmt.Sprintf(prjZone, 120, 120), zone120, crs.WGS84, upload.ErrFileCRS},
		{"degrees declared as metres", prjWGS84, crs.WGS84, zone120, upload.ErrFileCRS},
		{"the zone beside it", fmt.Sprintf(prjZone, 117, 117), zone117, zone120, upload.ErrFileCRS},
		{"degrees that software calls WGS 84, declared as GCJ-02", prjWGS84, crs.GCJ02, crs.GCJ02, nil},
		{"degrees that software calls WGS 84, declared as CGCS2000", prjWGS84, crs.CGCS2000, crs.CGCS2000, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bring(t, db, upload.Request{FileName: "a.zip", Level: "village", CRS: string(tt.claim)}, shapefileOf(t, villages, tt.prj, tt.in))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if f := fault.Of(err); tt.want != nil && !strings.Contains(f.Detail, string(tt.claim)) {
				t.Errorf("it does not say what was declared: %q", f.Detail)
			}
		})
	}
}

func TestAnUnsupportedSystemNamedByTheFileIsTold(t *testing.T) {
	t.Parallel()
	db, villages := inForce(t, "cluster"), unitsOf(smallTown(t), "village")
	xian := strings.NewReplacer("GCS_WGS_1984", "GCS_Xian_1980", "D_WGS_1984", "D_Xian_1980", "WGS_1984", "Xian_1980").Replace(prjWGS84)
	content := shapefileOf(t, villages, xian, crs.WGS84)
	result, err := bring(t, db, upload.Request{FileName: "a.zip", Level: "village"}, content)
	if err != nil {
		t.Fatal(err)
	}
	u, err := upload.Get(t.Context(), db, staff.Local, result.UploadID)
	if err != nil || !strings.Contains(string(u.Report), "file_crs_unknown") || !strings.Contains(string(u.Report), "Xian_1980") {
		t.Errorf("report %s, %v; want a note on the older datum", u.Report, err)
	}
	look, err := upload.Inspect(t.Context(), db, staff.Local, "a.zip", "", onDisk(t, "a.zip", content))
	if err != nil || look.CRSHint != "" || len(look.Notes) == 0 {
		t.Errorf("look %+v, %v; want a note on the older datum", look, err)
	}
}

func TestAClaimThatNothingCanCheckWantsAReason(t *testing.T) {
	t.Parallel()
	db, villages := newDatabase(t), unitsOf(smallTown(t), "village")
	content := geoJSONOf(t, villages)
	request := upload.Request{FileName: "居村.geojson", Level: "village"}
	for _, confirm := range []string{"", "  \t"} {
		request.Confirm = confirm
		if _, err := bring(t, db, request, content); !errors.Is(err, upload.ErrUnchecked) {
			t.Errorf("confirmed with %q: %v, want %v", confirm, err, upload.ErrUnchecked)
		}
	}
	request.Confirm = "测绘院盖章的图纸"
	result, err := bring(t, db, request, content)
	if err != nil {
		t.Fatal(err)
	}
	u, err := upload.Get(t.Context(), db, staff.Local, result.UploadID)
	if err != nil || u.Confirmed == nil || *u.Confirmed != request.Confirm {
		t.Errorf("confirmed %v, %v; want the reason on record", u.Confirmed, err)
	}
	var verdict crs.Verdict
	if err := json.Unmarshal(u.Guard, &verdict); err != nil || verdict.Result != crs.Unchecked || verdict.Why == "" || verdict.WhyZh == "" {
		t.Errorf("verdict %s", u.Guard)
	}
}

func TestAFileWithoutShapesIsNotAskedToConfirmItsReferenceSystem(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	for name, tt := range map[string]struct {
		content, detail string
		places          int
	}{
		"no features": {`{"type":"FeatureCollection","features":[],"columns":["code"]}`, "It has no features", 0},
		"no geometry": {features(feature("null", `{"code":"1"}`), feature(`{"type":"Polygon","coordinates":[[[1,2]]]}`, `{"code":"2"}`)), "None of its features", 1},
	} {
		_, err := bring(t, db, upload.Request{FileName: "empty.geojson", Level: "village", Fields: map[string]string{}}, []byte(tt.content))
		f := fault.Of(err)
		if !errors.Is(err, upload.ErrNoShapes) || !strings.HasPrefix(f.Detail, tt.detail) || len(f.Places) < tt.places {
			t.Errorf("%s: %v, %+v", name, err, f)
		}
	}
}

func TestColumnsAreRecognisedOrNamedByTheCaller(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		columns []string
		want    map[string]string
	}{
		{"ours", []string{"code", "name", "parent"}, map[string]string{"code": "code", "name": "name", "parent": "parent"}},
		{"Hangzhou's towns", []string{"areaCode", "name", "parentAreaCode", "parentName"}, map[string]string{"code": "areaCode", "name": "name", "parent": "parentAreaCode"}},
		{"the division code, not the row number", []string{"OBJECTID", "XZQDM", "XZQMC"}, map[string]string{"code": "XZQDM", "name": "XZQMC"}},
		{"Chinese", []string{"网格编码", "网格名称", "上级编码"}, map[string]string{"code": "网格编码", "name": "网格名称", "parent": "上级编码"}},
		{"with spaces and underscores", []string{"Area_Code", "Area Name"}, map[string]string{"code": "Area_Code", "name": "Area Name"}},
		{"nothing known", []string{"foo", "bar"}, map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := upload.SuggestFields(tt.columns)
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("SuggestFields(%v) = %v, want %v", tt.columns, got, tt.want)
			}
		})
	}
}

func TestColumnsTheCallerNames(t *testing.T) {
	t.Parallel()
	db, villages := newDatabase(t), unitsOf(smallTown(t), "village")[:2]
	area, err := json.Marshal(map[string]any{"type": "MultiPolygon", "coordinates": villages[0].Area.Orb()})
	if err != nil {
		t.Fatal(err)
	}
	file := fmt.Appendf(nil, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":"1","b":"甲","name":"x"},"geometry":%s}]}`, area)
	tests := []struct {
		name   string
		fields map[string]string
		want   string
		err    error
	}{
		{"other columns", map[string]string{"code": "a", "name": "b"}, "1 甲", nil},
		{"a recognised one is kept", map[string]string{"code": "a"}, "1 x", nil},
		{"a recognised one is put aside", map[string]string{"code": "a", "name": ""}, "1 ", nil},
		{"a column that is not there", map[string]string{"code": "c"}, "", upload.ErrNoCode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, err := bring(t, db, upload.Request{FileName: "x.json", Level: "village", Fields: tt.fields, Confirm: "test"}, file)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if tt.err != nil {
				if f := fault.Of(err); len(f.Places) != 1 || !strings.Contains(f.Places[0].Detail, "a, b, name") {
					t.Errorf("it does not say which columns there are: %+v", f.Places)
				}
				return
			}
			if u := planUnits(t, db, result.PlanID)[0]; u.Code+" "+u.Name != tt.want {
				t.Errorf("unit %q %q, want %q", u.Code, u.Name, tt.want)
			}
		})
	}
	_, err = bring(t, db, upload.Request{FileName: "x.json", Level: "village", Confirm: "test"}, bytes.ReplaceAll(file, []byte(`"name"`), []byte(`"z"`)))
	if !errors.Is(err, upload.ErrNoCode) || !strings.Contains(fault.Of(err).Detail, "a, b, z") {
		t.Errorf("a file of unknown columns: %v, want %v with their names", err, upload.ErrNoCode)
	}
}

func TestRecordsThatAreNoAreasStayInTheDraftAsFaults(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	const square = `{"type":"Polygon","coordinates":[[[120,30],[120.01,30],[120.01,30.01],[120,30.01],[120,30]]]}`
	file := `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"code":"1","name":"甲"},"geometry":` + square + `},
		{"type":"Feature","properties":{"code":"2","name":"乙"},"geometry":null},
		{"type":"Feature","properties":{"code":"3","name":"丙"},"geometry":{"type":"Point","coordinates":[120,30]}},
		{"type":"Feature","properties":{"code":"4","name":"丁"},"geometry":{"type":"Polygon","coordinates":[[[120,30],["x",30],[120,31],[120,30]]]}},
		{"type":"Feature","properties":{"code":"5","name":"戊"},"geometry":{"type":"Polygon","coordinates":[]}}]}`
	result, err := bring(t, db, upload.Request{FileName: "x.geojson", Level: "village", Confirm: "test"}, []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	p := getPlan(t, db, result.PlanID)
	if p.Units != 5 || p.Faults.Hard != 4 {
		t.Errorf("%d units, %d hard faults %v; want 5 and 4", p.Units, p.Faults.Hard, p.Faults.ByKind)
	}
	for _, f := range faultsOf(t, db, p.ID) {
		if f.Place == "" || f.Detail == "" && f.Kind != "empty" || len(f.Repairs) == 0 {
			t.Errorf("%s %v: place %q, detail %q, repairs %v", f.Kind, f.Codes, f.Place, f.Detail, f.Repairs)
		}
	}
}

func TestFilesThatCannotBeReadAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	area := orb.Polygon{{{120, 30}, {120.01, 30}, {120.01, 30.01}, {120, 30}}}
	body, _ := json.Marshal(map[string]any{"type": "Polygon", "coordinates": area})
	tests := []struct{ name, content string }{
		{"empty", ""},
		{"no features", `{"type":"FeatureCollection","features":[]}`},
		{"cut short", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"1"},"geometry":` + string(body)},
		{"a picture", "\x89PNG\r\n\x1a\n0000"},
		{"an archive of nothing", "PK\x05\x06" + strings.Repeat("\x00", 18)},
		{"a page", "<!DOCTYPE html><html><body>Not found</body></html>"},
		{"XML with entities", `<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaa">]><kml>&a;</kml>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bring(t, db, upload.Request{FileName: "x", Level: "village", Confirm: "test"}, []byte(tt.content))
			if f := fault.Of(err); f == nil || f.Msg == "" {
				t.Errorf("got %v, want a fault that a person may see", err)
			}
		})
	}
	var drafts int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM plan`).Scan(&drafts); err != nil || drafts != 0 {
		t.Errorf("%d drafts, %v; want none", drafts, err)
	}
}
