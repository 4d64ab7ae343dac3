package vectorfile

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/paulmach/orb"
	orbwkb "github.com/paulmach/orb/encoding/wkb"
)

func TestGeoParquetHoldsWhatTheLayerHolds(t *testing.T) {
	var out bytes.Buffer
	if err := WriteGeoParquet(&out, exported(), map[string]string{"about": "notes"}); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if notes, ok := file.Lookup("about"); !ok || notes != "notes" {
		t.Errorf("notes %q", notes)
	}
	text, _ := file.Lookup("geo")
	var about geoMetadata
	if err := json.Unmarshal([]byte(text), &about); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if g := about.Columns["geometry"]; about.Version != "1.1.0" || about.Primary != "geometry" || g.Encoding != "WKB" || g.Types[0] != "MultiPolygon" || len(g.Bound) != 4 || g.Bound[2] != 120.1 {
		t.Errorf("geo = %s", text)
	}
	rows := make([]parquet.Row, 10)
	reader := file.RowGroups()[0].Rows()
	defer reader.Close()
	n, _ := reader.ReadRows(rows)
	want := 0
	for range exported().Rows {
		want++
	}
	if n != want {
		t.Fatalf("%d rows, want %d", n, want)
	}
	columns := file.Schema().Columns()
	got := map[string]parquet.Value{}
	for i, v := range rows[0] {
		got[columns[i][0]] = v
	}
	if got["name"].String() != "一号\"网格\"\n<&>" || got["households"].Int64() != 42 || got["share"].Double() != 0.25 {
		t.Errorf("row %v", got)
	}
	for i, v := range rows[1] {
		if columns[i][0] != "code" && !v.IsNull() {
			t.Errorf("row 2: %s is %v, want nothing", columns[i][0], v)
		}
	}
	shape, err := orbwkb.Unmarshal(got["geometry"].ByteArray())
	area, ok := shape.(orb.MultiPolygon)
	if err != nil || !ok || len(area) == 0 || len(area[0]) != 2 || area[0][0].Orientation() != orb.CCW || area[0][1].Orientation() != orb.CW {
		t.Errorf("geometry %v, %v", shape, err)
	}
}

func TestGeoParquetRefusesWhatItCannotWrite(t *testing.T) {
	for name, l := range map[string]Layer{
		"a value of another type": {Name: "x", Columns: []Column{{"a", Integer}}, Rows: rowsOf(Row{Values: []any{"x"}})},
		"a column twice":          {Name: "x", Columns: []Column{{"a", Integer}, {"a", Text}}, Rows: rowsOf()},
		"the geometry's name":     {Name: "x", Columns: []Column{{"geometry", Text}}, Rows: rowsOf()},
		"too few values":          {Name: "x", Columns: []Column{{"a", Integer}}, Rows: rowsOf(Row{})},
	} {
		if err := WriteGeoParquet(&bytes.Buffer{}, l, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if err := WriteGeoParquet(&bytes.Buffer{}, Layer{Name: "plain", Columns: []Column{{"a", Integer}}, Rows: rowsOf(Row{Values: []any{nil}})}, nil); err != nil {
		t.Errorf("a table without geometry: %v", err)
	}
}
