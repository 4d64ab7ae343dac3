package vectorfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"wangge/geo/sheet"
)

// island lies in the hole of another part of the same area.
func island() orb.MultiPolygon {
	square := func(x0, y0, x1, y1 float64) orb.Ring {
		return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
	}
	hole := square(120.01, 30.01, 120.09, 30.09)
	hole.Reverse()
	return orb.MultiPolygon{{square(120, 30, 120.1, 30.1), hole}, {square(120.0300001, 30.03, 120.05, 30.0499999)}}
}

// rare are letters outside the basic plane, of GB18030-2022, and of other scripts.
const rare = "𠮷䶮㐂𬱖〇🄿龘—·"

// areas are what a Shapefile and KML can hold.
func areas() Layer {
	l := Layer{
		Name: "grid", Title: "网格", Kind: MultiPolygons, Changed: changed,
		Columns: []Column{{"code", Text}, {"name", Text}, {"households", Integer}, {"share", Real}, {"complete", Boolean}, {"valid_from", Date}, {"changed_at", DateTime}},
	}
	l.Rows = rowsOf(
		Row{"", []any{"0107", rare, 42, 0.25, true, changed, changed}, clockwise},
		Row{"", []any{"0108", nil, nil, math.NaN(), nil, nil, nil}, nil},
		Row{"", []any{"0109", `<&>"'` + "]]>", int64(-7), -1e-6, false, changed, changed}, island()},
		Row{"", []any{"0110", "", nil, nil, nil, nil, nil}, orb.MultiPolygon{}},
	)
	return l
}

func written(t *testing.T, write func(io.Writer, Layer) error, l Layer) []byte {
	t.Helper()
	var one, two bytes.Buffer
	if err := errors.Join(write(&one, l), write(&two, l)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same layer gave other bytes")
	}
	return one.Bytes()
}

// sameAreas compares what was read with the layer that was written.
func sameAreas(t *testing.T, f *File, l Layer) {
	t.Helper()
	i := 0
	for row := range l.Rows {
		if i == len(f.Features) {
			t.Fatalf("got %d features", i)
		}
		got, want := f.Features[i], Feature{Geometry: shaped(row.Geometry, l.Kind)}
		compareShapes(t, got, want)
		for k, c := range l.Columns[:2] {
			if text := valueText(row.Values[k], c.Type); got.Properties[c.Name] != text {
				t.Errorf("%s: %s is %q, want %q", got.Place, c.Name, got.Properties[c.Name], text)
			}
		}
		i++
	}
	if i != len(f.Features) {
		t.Errorf("got %d features, want %d", len(f.Features), i)
	}
	if notes := f.Report(); len(notes) > 0 {
		t.Errorf("our own file is reported: %v", notes)
	}
}

func TestAShapefileOfOursIsReadBack(t *testing.T) {
	content := written(t, WriteShapefile, areas())
	f := read(t, content)
	sameAreas(t, f, areas())
	if !strings.HasPrefix(f.CRSHint, "GEOGCS") || f.Layer != "grid" {
		t.Errorf("layer %q in %q", f.Layer, f.CRSHint)
	}
	for name, want := range map[string]string{"households": "42", "share": "0.250000", "complete": "true", "valid_from": "2024-04-05", "changed_at": "2024-04-05T06:07:08.000Z"} {
		if got := f.Features[0].Properties[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if got := f.Features[1].Properties[name]; got != "" {
			t.Errorf("%s without a value is %q", name, got)
		}
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range archive.File {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "grid.shp grid.shx grid.dbf grid.prj grid.cpg" {
		t.Errorf("it holds %s", got)
	}
}

func TestAShapefileRefusesWhatItCannotHold(t *testing.T) {
	l := areas()
	l.Rows = rowsOf(Row{"", []any{"1", strings.Repeat("网", 85), nil, nil, nil, nil, nil}, nil})
	if err := WriteShapefile(io.Discard, l); !errors.Is(err, ErrWide) {
		t.Errorf("a text of 255 bytes: %v", err)
	}
	l.Rows = rowsOf(Row{"", []any{"1", strings.Repeat("网", 84) + "ab", nil, nil, nil, nil, nil}, nil})
	if f := read(t, written(t, WriteShapefile, l)); f.Features[0].Properties["name"] != strings.Repeat("网", 84)+"ab" {
		t.Errorf("a text of 254 bytes came back as %q", f.Features[0].Properties["name"])
	}
	for name, columns := range map[string][]Column{"long": {{"上级编码", Text}}, "twice": {{"a", Text}, {"a", Text}}, "empty": {{"", Text}}} {
		if err := WriteShapefile(io.Discard, Layer{Kind: MultiPolygons, Columns: columns, Rows: rowsOf()}); err == nil {
			t.Errorf("names of columns that are %s were taken", name)
		}
	}
	if err := WriteShapefile(io.Discard, Layer{Kind: Points, Rows: rowsOf()}); err == nil {
		t.Error("points were taken")
	}
	l.Rows = rowsOf(Row{"", []any{"1"}, nil})
	if err := WriteShapefile(io.Discard, l); err == nil {
		t.Error("a row with too few values was taken")
	}
	l.Rows = rowsOf(Row{"", []any{"1", "\xff", nil, nil, nil, nil, nil}, nil})
	if err := WriteShapefile(io.Discard, l); err == nil {
		t.Error("a text that is no UTF-8 was taken")
	}
}

func TestKMLOfOursIsReadBack(t *testing.T) {
	f := read(t, written(t, WriteKML, areas()))
	sameAreas(t, f, areas())
	if f.Layer != "网格" {
		t.Errorf("the document is called %q", f.Layer)
	}
	l := areas()
	l.Rows = rowsOf(Row{"", []any{"1", "x", nil, nil, nil, nil, nil}, orb.MultiPoint{}})
	if err := WriteKML(io.Discard, l); err == nil {
		t.Error("a geometry that is not written was taken")
	}
}

func TestGDALReadsOurShapefileAndKML(t *testing.T) {
	dir := t.TempDir()
	for file, write := range map[string]func(io.Writer, Layer) error{"a.shp.zip": WriteShapefile, "a.kml": WriteKML} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, written(t, write, areas()), 0o600); err != nil {
			t.Fatal(err)
		}
		info := ogr(t, "ogrinfo", "-al", path)
		for _, want := range []string{rare, "Feature Count: 4", "((120 30", "120.0300001 30.0499999"} {
			if !strings.Contains(info, want) {
				t.Errorf("%s: ogrinfo shows no %q:\n%s", file, want, info)
			}
		}
		for _, trouble := range []string{"Warning", "ERROR", "FAILURE"} {
			if strings.Contains(info, trouble) {
				t.Errorf("%s: ogrinfo complains:\n%s", file, info)
			}
		}
		// GDAL's own reading of it, written by GDAL, is the same.
		back := path + ".geojson"
		ogr(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=7", back, path)
		content, err := os.ReadFile(back)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		theirs := read(t, content)
		for row := range areas().Rows {
			if n, _ := row.Geometry.(orb.MultiPolygon); row.Geometry != nil && (n == nil || len(n) > 0) {
				compareShapes(t, theirs.Features[i], Feature{Geometry: shaped(row.Geometry, MultiPolygons)})
			}
			i++
		}
	}
	if info := ogr(t, "ogrinfo", "-so", "-al", filepath.Join(dir, "a.shp.zip")); !strings.Contains(info, "code: String (4.0)") || !strings.Contains(info, `ID["EPSG",4326]`) {
		t.Errorf("ogrinfo says of the Shapefile:\n%s", info)
	}
}

func TestTablesAreReadBack(t *testing.T) {
	l := areas()
	l.Columns[0].Name, l.Columns[1].Name = "代码", "名称"
	csv := written(t, WriteCSV, l)
	if !bytes.HasPrefix(csv, []byte("\ufeff代码,名称,")) {
		t.Errorf("CSV begins %q", csv[:20])
	}
	about := Layer{Name: "说明", Columns: []Column{{"name", Text}}, Rows: rowsOf(Row{"", []any{"text"}, nil})}
	xlsx := written(t, func(w io.Writer, l Layer) error { return WriteXLSX(w, l, about) }, l)
	for name, content := range map[string][]byte{"a.csv": csv, "a.xlsx": xlsx} {
		s, err := sheet.Open(name, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		for row := range l.Rows {
			got, err := s.Next()
			if err != nil || got.Fault != nil {
				t.Fatalf("%s: %v, %v", name, err, got.Fault)
			}
			for i := range 2 {
				cell := ""
				if i < len(got.Cells) {
					cell = got.Cells[i]
				}
				if want := valueText(row.Values[i], Text); cell != want {
					t.Errorf("%s, line %d: got %q, want %q", name, got.Line, cell, want)
				}
			}
		}
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("%s has more rows: %v", name, err)
		}
	}
	book, err := excelize.OpenReader(bytes.NewReader(xlsx))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if text, err := book.GetCellValue("说明", "A2"); err != nil || text != "text" {
		t.Errorf("the second worksheet says %q, %v", text, err)
	}
}

func TestATableHasNoFormulas(t *testing.T) {
	l := Layer{Name: "a", Columns: []Column{{"name", Text}, {"n", Integer}}, Rows: rowsOf(Row{"", []any{`=HYPERLINK("x")`, -1}, nil})}
	if got := string(written(t, WriteCSV, l)); !strings.Contains(got, `'=HYPERLINK`) || !strings.Contains(got, ",-1\n") {
		t.Errorf("got %s", got)
	}
	book, err := excelize.OpenReader(bytes.NewReader(written(t, func(w io.Writer, l Layer) error { return WriteXLSX(w, l) }, l)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if formula, _ := book.GetCellFormula("a", "A2"); formula != "" {
		t.Errorf("the cell has the formula %q", formula)
	}
}
