package vectorfile

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// edited runs statements on a GeoPackage.
func edited(t *testing.T, content []byte, statements ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edit.gpkg")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGeoPackage(t *testing.T) {
	content := packageOf(t,
		Layer{Name: `网格 "一"`, Kind: MultiPolygons, Changed: changed, Columns: []Column{{"code", Text}, {"户数", Integer}, {"share", Real}, {"day", Date}},
			Rows: rowsOf(Row{"a", []any{"0107", 42, 0.5, changed}, orb.Polygon{square}}, Row{"", []any{nil, nil, nil, nil}, nil})},
		Layer{Name: "points", Kind: Points, Rows: rowsOf(Row{"", nil, orb.Point{1, 2}})},
		Layer{Name: "lineage", Columns: []Column{{"from", Text}}, Rows: rowsOf(Row{"", []any{"0107"}, nil})})
	f := read(t, content)
	if f.Layer != `网格 "一"` || f.CRSHint != "EPSG:4326" || !reflect.DeepEqual(f.Layers, []string{`网格 "一"`, "points"}) {
		t.Errorf("got layer %q of %q, crs %q", f.Layer, f.Layers, f.CRSHint)
	}
	wantGeometry(t, f.Features[0], orb.MultiPolygon{{square}})
	want := map[string]string{"fid": "1", "feature_id": "a", "code": "0107", "户数": "42", "share": "0.5", "day": "2024-04-05"}
	if got := f.Features[0].Properties; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	wantGeometry(t, f.Features[1], nil)

	f, err := ReadLayer(context.Background(), "", "POINTS", bytes.NewReader(content), int64(len(content)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	wantGeometry(t, one(t, f), orb.Point{1, 2})

	f = read(t, packed(t, "data/a.gpkg", content))
	if len(f.Features) != 2 {
		t.Errorf("zipped: got %d features, want 2", len(f.Features))
	}
}

func TestGeoPackageReferenceSystems(t *testing.T) {
	content := packageOf(t, Layer{Name: "a", Kind: Points, Rows: rowsOf()})
	tests := []struct{ name, statement, want string }{
		{"of EPSG", `UPDATE gpkg_spatial_ref_sys SET organization = 'epsg', organization_coordsys_id = 4490 WHERE srs_id = 4326`, "EPSG:4490"},
		{"of another", `UPDATE gpkg_spatial_ref_sys SET organization = 'LOCAL', organization_coordsys_id = 1, definition = 'PROJCS["杭州"]' WHERE srs_id = 4326`, `PROJCS["杭州"]`},
		{"undefined", `UPDATE gpkg_geometry_columns SET srs_id = -1`, ""},
		{"missing", `PRAGMA foreign_keys = off; UPDATE gpkg_geometry_columns SET srs_id = 99`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read(t, edited(t, content, tt.statement))
			if f.CRSHint != tt.want || hasNote(f, CodeNoCRS, "") != (tt.want == "") {
				t.Errorf("got %q, notes %v; want %q", f.CRSHint, f.Notes, tt.want)
			}
		})
	}
}

func TestGeoPackageFaultsOfOneRow(t *testing.T) {
	content := packageOf(t, Layer{Name: "a", Kind: Points, Rows: rowsOf(Row{"", nil, orb.Point{1, 2}}, Row{"", nil, orb.Point{5, 6}})})
	tests := []struct{ name, value, code string }{
		{"no blob", `'POINT(1 2)'`, CodeMalformed},
		{"nothing", `x''`, CodeMalformed},
		{"plain well-known binary", `x'0101000000000000000000F03F0000000000000040'`, CodeMalformed},
		{"cut off", `x'47500001E61000000101000000000000000000F03F'`, CodeMalformed},
		{"a curve", `x'47500001E61000000108000000'`, CodeKind},
		{"empty by its flag", `x'47500011E61000000101000000000000000000F87F000000000000F87F'`, CodeEmpty},
		{"extended", `x'47500021E61000000101000000000000000000F03F0000000000000040'`, CodeMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read(t, edited(t, content, "UPDATE a SET geom = "+tt.value+" WHERE fid = 1"))
			if got := f.Features[0].Fault; got == nil || got.Code != tt.code || got.Pointer != "row 1" {
				t.Errorf("got %v, want %s at row 1", got, tt.code)
			}
			wantGeometry(t, f.Features[1], orb.Point{5, 6})
		})
	}
}

func TestGeoPackageRefused(t *testing.T) {
	content := packageOf(t, Layer{Name: "a", Kind: Points, Columns: []Column{{"n", Text}}, Rows: rowsOf(Row{"", []any{"x"}, orb.Point{1, 2}})})
	half := content[:len(content)/2]
	zeros := append(bytes.Clone(content[:100]), make([]byte, 8192)...)
	view := edited(t, content, `ALTER TABLE a RENAME TO b`,
		`CREATE VIEW a AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n, zeroblob(1000000) geom FROM r`)
	tests := []struct {
		name    string
		content []byte
		lim     Limits
		want    error
	}{
		{"a plain database", edited(t, content, "DROP TABLE gpkg_contents"), Limits{}, ErrFormat},
		{"without layers", packageOf(t), Limits{}, ErrNoLayer},
		{"a view without end", view, Limits{}, ErrNoLayer},
		{"cut off", half, Limits{}, ErrDamaged},
		{"zeros", zeros, Limits{}, ErrDamaged},
		{"a text beyond the limit", edited(t, content, "UPDATE a SET n = hex(zeroblob(2000000))"), Limits{}, ErrTooLarge},
		{"a blob beyond the limit", edited(t, content, "UPDATE a SET geom = zeroblob(100000)"), Limits{Vertices: 1000}, ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readErr(tt.content, tt.lim); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestGeoPackageLeavesNoCopy(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	read(t, packageOf(t, Layer{Name: "a", Kind: Points, Rows: rowsOf()}))
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "wangge-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

func TestWellKnownBinary(t *testing.T) {
	header := []byte{'G', 'P', 0, 1, 0, 0, 0, 0}
	big := func(kind uint32, values ...float64) []byte {
		b := binary.BigEndian.AppendUint32([]byte{0}, kind)
		for _, v := range values {
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	little := func(kind uint32, values ...float64) []byte {
		return appendFloats(binary.LittleEndian.AppendUint32([]byte{1}, kind), values...)
	}
	multi := func(kind, n uint32, members ...[]byte) []byte {
		b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32([]byte{1}, kind), n)
		return append(b, bytes.Join(members, nil)...)
	}
	nested := multi(7, 1)
	for range 100 {
		nested = multi(7, 1, nested)
	}
	tests := []struct {
		name string
		wkb  []byte
		want orb.Geometry
		err  string
	}{
		{"point", little(1, 1, 2), orb.Point{1, 2}, ""},
		{"point of the other byte order", big(1, 1, 2), orb.Point{1, 2}, ""},
		{"point with height", little(1001, 1, 2, 3), orb.Point{1, 2}, ""},
		{"point with height and measure", little(3001, 1, 2, 3, 4), orb.Point{1, 2}, ""},
		{"EWKB with height", little(0x80000001, 1, 2, 3), orb.Point{1, 2}, ""},
		{"EWKB with reference system", append(binary.LittleEndian.AppendUint32([]byte{1}, 0x20000001), append([]byte{1, 2, 3, 4}, little(1, 1, 2)[5:]...)...), orb.Point{1, 2}, ""},
		{"collection", multi(7, 2, little(1, 1, 2), little(1, 3, 4)), orb.Collection{orb.Point{1, 2}, orb.Point{3, 4}}, ""},
		{"multipoint", multi(4, 2, little(1, 1, 2), little(1, 3, 4)), orb.MultiPoint{{1, 2}, {3, 4}}, ""},
		{"multipolygon of points", multi(6, 1, little(1, 1, 2)), nil, "cut off"},
		{"more members than bytes", multi(4, 1<<31), nil, "cut off"},
		{"nested without end", nested, nil, "nested"},
		{"triangle", little(17, 1), nil, "curve or surface"},
		{"byte order of nobody", []byte{7, 1, 0, 0, 0}, nil, "cut off"},
		{"nothing", nil, nil, "cut off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := gpkgGeometry(append(bytes.Clone(header), tt.wkb...), 64)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, %v; want an error with %q", got, err, tt.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}
