package vectorfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// clockwise is turned the wrong way for RFC 7946, and so is its hole.
var clockwise = orb.Polygon{
	{{120, 30}, {120, 30.1}, {120.1, 30.1}, {120.1, 30}, {120, 30}},
	{{120.01, 30.01}, {120.02, 30.01}, {120.02, 30.02}, {120.01, 30.01}},
}

func exported() Layer {
	return Layer{
		Name: "grid", Title: "网格", Kind: MultiPolygons, Changed: changed,
		Columns: []Column{{"code", Text}, {"name", Text}, {"households", Integer}, {"share", Real}, {"complete", Boolean}, {"valid_from", Date}, {"changed_at", DateTime}},
		Rows: rowsOf(
			Row{"u1", []any{"0107", `一号"网格"` + "\n<&>", 42, 0.25, true, changed, changed}, clockwise},
			Row{"u2", []any{"0108", nil, nil, math.NaN(), nil, nil, nil}, nil},
			Row{"u3", []any{"0109", "", int64(0), 1e-9, false, changed, changed}, orb.MultiPolygon{clockwise, {square}}},
		),
	}
}

func TestWriteGeoJSON(t *testing.T) {
	var out bytes.Buffer
	if err := WriteGeoJSON(&out, exported()); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Fatalf("no valid JSON:\n%s", out.Bytes())
	}
	lines := strings.Split(out.String(), "\n")
	want := `{"type":"Feature","id":"u1","properties":{"code":"0107","name":"一号\"网格\"\n\u003c\u0026\u003e","households":42,"share":0.25,"complete":true,"valid_from":"2024-04-05","changed_at":"2024-04-05T06:07:08.000Z"},` +
		`"geometry":{"type":"MultiPolygon","coordinates":[[[[120,30],[120.1,30],[120.1,30.1],[120,30.1],[120,30]],[[120.01,30.01],[120.02,30.02],[120.02,30.01],[120.01,30.01]]]]}},`
	if lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
	f := read(t, out.Bytes())
	if f.Layer != "grid" || len(f.Features) != 3 || f.Features[1].Geometry != nil || f.Features[1].Properties["share"] != "" {
		t.Errorf("got back %+v", f)
	}
	if len(f.Report()) > 0 {
		t.Errorf("our own file is reported: %v", f.Report())
	}
}

func TestWriteGeoJSONKinds(t *testing.T) {
	for want, g := range map[string]orb.Geometry{
		`{"type":"Point","coordinates":[120.1234568,-0.5]}`:                  orb.Point{120.12345678, -0.5},
		`{"type":"Point","coordinates":[0,100]}`:                             orb.Point{-0.00000001, 100},
		`{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`:                  orb.MultiPoint{{1, 2}, {3, 4}},
		`{"type":"LineString","coordinates":[[1,2],[3,4]]}`:                  orb.LineString{{1, 2}, {3, 4}},
		`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`:           orb.MultiLineString{{{1, 2}, {3, 4}}},
		`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`: orb.Polygon{square},
		`{"type":"MultiPolygon","coordinates":[]}`:                           orb.MultiPolygon{},
	} {
		got, err := appendGeometry(nil, shaped(g, AnyGeometry))
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	if _, err := appendGeometry(nil, orb.Collection{}); err == nil {
		t.Error("a collection was written")
	}
}

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestWritersEndWithTheFirstError(t *testing.T) {
	boom := errors.New("boom")
	l := exported()
	l.Rows = func(yield func(Row, error) bool) { yield(Row{}, boom) }
	if err := WriteGeoJSON(&bytes.Buffer{}, l); !errors.Is(err, boom) {
		t.Errorf("rows: got %v, want boom", err)
	}
	path := filepath.Join(t.TempDir(), "a.gpkg")
	if err := WriteGeoPackage(context.Background(), path, l); !errors.Is(err, boom) {
		t.Errorf("rows: got %v, want boom", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a GeoPackage was left: %v", err)
	}
	if err := WriteGeoJSON(&brokenWriter{left: 10}, exported()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("writer: got %v, want os.ErrClosed", err)
	}
	l = exported()
	l.Rows = rowsOf(Row{"", []any{1}, nil})
	if err := WriteGeoJSON(&bytes.Buffer{}, l); err == nil || !strings.Contains(err.Error(), "1 values for 7 columns") {
		t.Errorf("values: got %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteGeoPackage(context.Background(), path, exported()); !errors.Is(err, os.ErrExist) {
		t.Errorf("existing file: got %v, want os.ErrExist", err)
	}
	if kept, _ := os.ReadFile(path); string(kept) != "mine" {
		t.Errorf("an existing file was changed to %q", kept)
	}
}

func TestWriteGeoPackageKeepsColumnsApart(t *testing.T) {
	content := packageOf(t, Layer{Name: "a", Kind: Points, Columns: []Column{{"fid", Text}, {"Geom", Text}, {"name", Text}, {"NAME", Text}, {`q"uote`, Text}},
		Rows: rowsOf(Row{"x", []any{"1", "2", "3", "4", "5"}, orb.Point{1, 2}})})
	got := one(t, read(t, content)).Properties
	want := map[string]string{"fid": "1", "fid_": "1", "Geom_": "2", "name": "3", "NAME_": "4", `q"uote`: "5", "feature_id": "x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// ogr runs a program of GDAL, which reads and writes all of these formats and
// shares no code with us.
func ogr(t *testing.T, program string, args ...string) string {
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

func TestGDALReadsWhatWeWrite(t *testing.T) {
	dir := t.TempDir()
	jsonPath, gpkgPath := filepath.Join(dir, "a.geojson"), filepath.Join(dir, "a.gpkg")
	var out bytes.Buffer
	if err := WriteGeoJSON(&out, exported()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(jsonPath, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteGeoPackage(context.Background(), gpkgPath, exported()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{jsonPath, gpkgPath} {
		info := ogr(t, "ogrinfo", "-al", "-q", path, "grid")
		for _, want := range []string{`一号"网格"`, "households (Integer", "= 42", "share (Real) = 0.25", "valid_from (Date) = 2024/04/05", "2024/04/05 06:07:08",
			"MULTIPOLYGON (((120 30,120.1 30.0,120.1 30.1,120.0 30.1,120 30),(120.01 30.01"} {
			if !strings.Contains(info, want) {
				t.Errorf("%s: ogrinfo shows no %q:\n%s", filepath.Base(path), want, info)
			}
		}
		for _, trouble := range []string{"Warning", "ERROR", "FAILURE"} {
			if strings.Contains(info, trouble) {
				t.Errorf("%s: ogrinfo complains:\n%s", filepath.Base(path), info)
			}
		}
	}
	if info := ogr(t, "ogrinfo", "-so", gpkgPath, "grid"); !strings.Contains(info, "Geometry: Multi Polygon") || !strings.Contains(info, `ID["EPSG",4326]`) {
		t.Errorf("GeoPackage: kind or reference system are wrong:\n%s", info)
	}
}

func TestWeReadWhatGDALWrites(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source.geojson")
	var out bytes.Buffer
	if err := WriteGeoJSON(&out, exported()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want := read(t, out.Bytes())
	tests := []struct{ name, file, crs string }{
		{"KML", "a.kml", ""},
		{"LIBKML", "a.kmz", ""},
		{"GPKG", "b.gpkg", "EPSG:4326"},
		{"ESRI Shapefile", "a.shz", "GEOGCS"},
		{"GeoJSON", "b.geojson", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			if tt.name == "LIBKML" && !strings.Contains(ogr(t, "ogr2ogr", "--formats"), "LIBKML") {
				t.Skip("SKIPPED: GDAL has no LIBKML driver here")
			}
			ogr(t, "ogr2ogr", "-f", tt.name, path, source)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, content)
			if !strings.HasPrefix(got.CRSHint, tt.crs) || tt.crs == "" && got.CRSHint != "" {
				t.Errorf("got crs %q, want %s…", got.CRSHint, tt.crs)
			}
			if len(got.Features) != len(want.Features) {
				t.Fatalf("got %d features, want %d", len(got.Features), len(want.Features))
			}
			for i := range want.Features {
				compareShapes(t, got.Features[i], want.Features[i])
				if code := got.Features[i].Properties["code"]; code != want.Features[i].Properties["code"] {
					t.Errorf("%s: got code %q", got.Features[i].Place, code)
				}
			}
		})
	}
}

// compareShapes compares areas whatever the kind that holds them and the position
// at which their rings begin.
func compareShapes(t *testing.T, got, want Feature) {
	t.Helper()
	a, b := canonical(got.Geometry), canonical(want.Geometry)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: got %v, want %v (fault %v)", got.Place, a, b, got.Fault)
	}
}

func canonical(g orb.Geometry) orb.MultiPolygon {
	var m orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		m = orb.MultiPolygon{turned(g)}
	case orb.MultiPolygon:
		for _, p := range g {
			m = append(m, turned(p))
		}
	}
	for _, p := range m {
		for i, ring := range p {
			first := 0
			for j, at := range ring {
				if at[0] < ring[first][0] || at[0] == ring[first][0] && at[1] < ring[first][1] {
					first = j
				}
			}
			open := ring[:len(ring)-1]
			r := append(append(orb.Ring{}, open[first:]...), open[:first]...)
			p[i] = append(r, r[0])
		}
	}
	return m
}

func TestTimesAreUTC(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	if got := timeText(time.Date(2024, 4, 5, 8, 0, 0, 0, shanghai), DateTime); got != "2024-04-05T00:00:00.000Z" {
		t.Errorf("got %s", got)
	}
	if got := timeText(time.Date(2024, 4, 5, 0, 0, 0, 0, shanghai), Date); got != "2024-04-05" {
		t.Errorf("a day is that of its zone: got %s", got)
	}
}
