package vectorfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// shpOf makes a .shp of the contents of records.
func shpOf(records ...[]byte) []byte {
	b := make([]byte, 100)
	binary.BigEndian.PutUint32(b, 9994)
	binary.LittleEndian.PutUint32(b[28:], 1000)
	binary.LittleEndian.PutUint32(b[32:], shpPolygon)
	for i, content := range records {
		b = binary.BigEndian.AppendUint32(b, uint32(i+1))
		b = binary.BigEndian.AppendUint32(b, uint32(len(content)/2))
		b = append(b, content...)
	}
	binary.BigEndian.PutUint32(b[24:], uint32(len(b)/2))
	return b
}

func nullRecord() []byte { return make([]byte, 4) }

func pointRecord(p orb.Point) []byte {
	return appendFloats(binary.LittleEndian.AppendUint32(nil, shpPoint), p[0], p[1])
}

func partsRecord(kind uint32, parts ...[]orb.Point) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = append(b, make([]byte, 32)...)
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(parts)))
	b = binary.LittleEndian.AppendUint32(b, uint32(total))
	at := 0
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		at += len(p)
	}
	for _, part := range parts {
		for _, p := range part {
			b = appendFloats(b, p[0], p[1])
		}
	}
	if kind > 10 && kind < 20 { // heights and measures behind
		b = append(b, make([]byte, 2*(16+8*total))...)
	}
	return b
}

// dbfOf makes a .dbf of columns written "NAME:C:10" and rows of cells; a row may
// have one cell more, its mark of deletion.
func dbfOf(language byte, columns []string, rows ...[]string) []byte {
	size := 1
	var fields []byte
	var widths []int
	for _, c := range columns {
		part := strings.Split(c, ":")
		var width int
		fmt.Sscan(part[2], &width)
		field := make([]byte, 32)
		copy(field[:11], part[0])
		field[11], field[16] = part[1][0], byte(width)
		fields = append(fields, field...)
		widths = append(widths, width)
		size += width
	}
	b := make([]byte, 32)
	b[0], b[29] = 3, language
	binary.LittleEndian.PutUint32(b[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(b[8:], uint16(32+len(fields)+1))
	binary.LittleEndian.PutUint16(b[10:], uint16(size))
	b = append(append(b, fields...), 0x0D)
	for _, row := range rows {
		mark := byte(' ')
		if len(row) > len(columns) {
			mark = row[len(columns)][0]
		}
		b = append(b, mark)
		for i, width := range widths {
			cell := row[i]
			b = append(b, cell[:min(width, len(cell))]...)
			b = append(b, bytes.Repeat([]byte{' '}, max(0, width-len(cell)))...)
		}
	}
	return append(b, 0x1A)
}

func reversed(ring []orb.Point) []orb.Point {
	r := orb.Ring(append([]orb.Point(nil), ring...))
	r.Reverse()
	return r
}

func box(x0, y0, x1, y1 float64) []orb.Point { // clockwise, as an outer ring of a Shapefile
	return []orb.Point{{x0, y0}, {x0, y1}, {x1, y1}, {x1, y0}, {x0, y0}}
}

const prj = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000"]`

func TestShapefile(t *testing.T) {
	shp := shpOf(partsRecord(shpPolygon, box(0, 0, 1, 1)), nullRecord(), partsRecord(shpPolygon+10, box(2, 2, 3, 3)))
	dbf := dbfOf(0, []string{"code:C:4", "户数:N:6", "since:D:8", "ok:L:1"},
		[]string{"0107", "  42", "20240405", "T"}, []string{"0108", "******", "", "?"}, []string{"0109", "", "        ", "F"})
	f := read(t, packed(t, "a/grid.shp", shp, "a/GRID.DBF", dbf, "a/grid.prj", prj+"\x00\r\n", "a/grid.cpg", "UTF-8"))
	if f.Format != "Shapefile" || f.Layer != "grid" || f.CRSHint != prj || len(f.Notes) > 0 {
		t.Errorf("got %s layer %q, crs %q, notes %v", f.Format, f.Layer, f.CRSHint, f.Notes)
	}
	want := []map[string]string{
		{"code": "0107", "户数": "42", "since": "2024-04-05", "ok": "true"},
		{"code": "0108", "户数": "", "since": "", "ok": ""},
		{"code": "0109", "户数": "", "since": "", "ok": "false"},
	}
	for i, g := range []orb.Geometry{orb.Polygon{box(0, 0, 1, 1)}, nil, orb.Polygon{box(2, 2, 3, 3)}} {
		feature := f.Features[i]
		if feature.Place != fmt.Sprintf("record %d", i+1) || !reflect.DeepEqual(feature.Properties, want[i]) {
			t.Errorf("%s: got %q, want %q", feature.Place, feature.Properties, want[i])
		}
		wantGeometry(t, feature, g)
	}
}

func TestShapefileKinds(t *testing.T) {
	points := []orb.Point{{1, 2}, {3, 4}}
	multi := partsRecord(shpMultiPoint, points)
	multi = append(multi[:36:36], append(binary.LittleEndian.AppendUint32(nil, 2), multi[len(multi)-32:]...)...)
	tests := []struct {
		name    string
		content []byte
		want    orb.Geometry
	}{
		{"point", pointRecord(orb.Point{1, 2}), orb.Point{1, 2}},
		{"point with height", append([]byte{11, 0, 0, 0}, append(pointRecord(orb.Point{1, 2})[4:], make([]byte, 16)...)...), orb.Point{1, 2}},
		{"multipoint", multi, orb.MultiPoint{{1, 2}, {3, 4}}},
		{"line", partsRecord(shpLine, points), orb.LineString{{1, 2}, {3, 4}}},
		{"lines", partsRecord(shpLine, points, points), orb.MultiLineString{{{1, 2}, {3, 4}}, {{1, 2}, {3, 4}}}},
		{"unclosed ring", partsRecord(shpPolygon, box(0, 0, 1, 1)[:4]), orb.Polygon{box(0, 0, 1, 1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantGeometry(t, one(t, read(t, packed(t, "a.shp", shpOf(tt.content)))), tt.want)
		})
	}
}

func TestShapefileRings(t *testing.T) {
	outer, hole, island := box(0, 0, 9, 9), reversed(box(1, 1, 8, 8)), box(2, 2, 3, 3)
	other := box(20, 20, 21, 21)
	touching := []orb.Point{{0, 0}, {5, 5}, {5, 1}, {0, 0}} // a hole that touches at a corner
	tests := []struct {
		name     string
		rings    [][]orb.Point
		want     orb.Geometry
		disorder bool
	}{
		{"outer and hole", [][]orb.Point{outer, hole}, orb.Polygon{outer, hole}, false},
		{"hole first", [][]orb.Point{hole, outer}, orb.Polygon{outer, hole}, false},
		{"island in a hole", [][]orb.Point{outer, hole, island}, orb.MultiPolygon{{outer, hole}, {island}}, false},
		{"two parts, a hole in the first", [][]orb.Point{outer, other, hole}, orb.MultiPolygon{{outer, hole}, {other}}, false},
		{"hole touching a corner", [][]orb.Point{outer, reversed(touching)}, orb.Polygon{outer, reversed(touching)}, false},
		{"all turned round", [][]orb.Point{reversed(outer), reversed(hole)}, orb.Polygon{reversed(outer), reversed(hole)}, true},
		{"all turned round, with island and part", [][]orb.Point{reversed(outer), reversed(hole), reversed(island), reversed(other)},
			orb.MultiPolygon{{reversed(outer), reversed(hole)}, {reversed(island)}, {reversed(other)}}, true},
		{"a hole in nothing", [][]orb.Point{outer, reversed(other)}, orb.MultiPolygon{{outer}, {reversed(other)}}, true},
		{"two overlapping outer rings stay for topology", [][]orb.Point{outer, box(5, 5, 15, 15)}, orb.MultiPolygon{{outer}, {box(5, 5, 15, 15)}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := one(t, read(t, packed(t, "a.shp", shpOf(partsRecord(shpPolygon, tt.rings...)))))
			wantGeometry(t, got, tt.want)
			if disorder := len(got.Notes) > 0 && got.Notes[0].Code == CodeOrder; disorder != tt.disorder {
				t.Errorf("got notes %v, want disorder %t", got.Notes, tt.disorder)
			}
		})
	}
}

func TestShapefileFaultsOfOneRecord(t *testing.T) {
	good := partsRecord(shpPolygon, box(0, 0, 1, 1))
	edit := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	two := partsRecord(shpPolygon, box(0, 0, 1, 1), box(2, 2, 3, 3))
	binary.LittleEndian.PutUint32(two[48:], math.MaxUint32)
	tests := []struct {
		name    string
		content []byte
		code    string
	}{
		{"no parts", partsRecord(shpPolygon), CodeEmpty},
		{"a part of three", partsRecord(shpPolygon, box(0, 0, 1, 1)[:2]), CodeShort},
		{"more parts than bytes", edit(36, 1000), CodeMalformed},
		{"minus one parts", edit(36, math.MaxUint32), CodeMalformed},
		{"more positions than bytes", edit(40, 1<<30), CodeMalformed},
		{"minus one positions", edit(40, math.MaxUint32), CodeMalformed},
		{"a part that begins nowhere", two, CodeMalformed},
		{"first part not at the beginning", edit(44, 1), CodeMalformed},
		{"nothing but a kind", []byte{5, 0, 0, 0}, CodeMalformed},
		{"nothing", []byte{}, CodeMalformed},
		{"an unknown kind", []byte{99, 0, 0, 0}, CodeKind},
		{"a surface", []byte{31, 0, 0, 0}, CodeKind},
		{"NaN", pointRecord(orb.Point{math.NaN(), 1}), CodeNotFinite},
		{"no value of ESRI", pointRecord(orb.Point{-1e39, 1}), CodeHuge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read(t, packed(t, "a.shp", shpOf(tt.content, pointRecord(orb.Point{5, 6}))))
			if len(f.Features) != 2 {
				t.Fatalf("got %d features, want 2", len(f.Features))
			}
			if f.Features[0].Fault == nil || f.Features[0].Fault.Code != tt.code || !strings.HasPrefix(f.Features[0].Fault.Pointer, "record 1") {
				t.Errorf("got %v, want %s", f.Features[0].Fault, tt.code)
			}
			wantGeometry(t, f.Features[1], orb.Point{5, 6})
		})
	}
}

func TestShapefileDamaged(t *testing.T) {
	good := shpOf(pointRecord(orb.Point{1, 2}), pointRecord(orb.Point{3, 4}))
	dbf := dbfOf(0, []string{"a:C:3"}, []string{"1"}, []string{"2"})
	claims := bytes.Clone(good)
	binary.BigEndian.PutUint32(claims[104:], 1<<29)
	wide := bytes.Clone(dbf)
	wide[32+16] = 200
	tests := []struct {
		name     string
		shp, dbf []byte
		want     error
		detail   string
	}{
		{"no header", good[:50], dbf, ErrDamaged, "header"},
		{"not a Shapefile", make([]byte, 200), dbf, ErrDamaged, "not a Shapefile"},
		{"cut off in a record", good[:len(good)-4], dbf, ErrDamaged, "record 2"},
		{"cut off between records", good[:len(good)-28], dbf, ErrDamaged, "before record 2"},
		{"a record that claims a gigabyte", claims, dbf, ErrTooLarge, "claims"},
		{"a table cut off", good, dbf[:len(dbf)-4], ErrDamaged, "row 2"},
		{"a table without header", good, dbf[:10], ErrDamaged, "its header"},
		{"columns wider than the row", good, wide, ErrDamaged, "its columns need"},
		{"a table of zeros", good, make([]byte, 100), ErrDamaged, "makes no sense"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lim := Limits{Vertices: 1_000_000}
			err := readErr(packed(t, "a.shp", tt.shp, "a.dbf", tt.dbf), lim)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.detail)
			}
		})
	}
}

func TestShapefileWithoutCompanions(t *testing.T) {
	shp := shpOf(pointRecord(orb.Point{1, 2}), pointRecord(orb.Point{3, 4}))
	f := read(t, packed(t, "a.shp", shp))
	if !hasNote(f, CodeNoCRS, "no .prj") || !hasNote(f, CodeFields, "no .dbf") {
		t.Errorf("got notes %v", f.Notes)
	}
	f = read(t, packed(t, "a.shp", shp, "a.dbf", dbfOf(0, []string{"a:C:3"}, []string{"1"})))
	if !hasNote(f, CodeFields, "last 1 shapes") {
		t.Errorf("a short table: got notes %v", f.Notes)
	}
	f = read(t, packed(t, "a.shp", shp, "a.dbf", dbfOf(0, []string{"a:C:3"}, []string{"1"}, []string{"2"}, []string{"3"})))
	if !hasNote(f, CodeFields, "1 rows more") {
		t.Errorf("a long table: got notes %v", f.Notes)
	}
	f = read(t, packed(t, "a.shp", shp, "a.dbf", dbfOf(0, []string{"a:C:3"}, []string{"1", "*"}, []string{"2"})))
	if !hasNote(f, CodeSkipped, "deleted") || len(f.Features) != 1 || f.Features[0].Place != "record 2" {
		t.Errorf("a deleted row: got %v, notes %v", f.Features, f.Notes)
	}
}

func TestShapefileEncodings(t *testing.T) {
	shp := shpOf(pointRecord(orb.Point{1, 2}))
	const name = "康桥镇一号网格"
	big5 := "\xb1\x64\xbe\xf4" // 康橋
	table := func(language byte, text string) []byte {
		return dbfOf(language, []string{"name:C:40"}, []string{text})
	}
	gbkText := string(gbk(t, name))
	tests := []struct {
		name  string
		files []any
		want  string
		noted bool
	}{
		{"UTF-8 with .cpg", []any{"a.dbf", table(0, name), "a.cpg", "UTF-8"}, name, false},
		{"UTF-8 without .cpg", []any{"a.dbf", table(0, name)}, name, true},
		{"GBK with .cpg", []any{"a.dbf", table(0, gbkText), "a.cpg", "GBK\r\n"}, name, false},
		{"GBK without .cpg", []any{"a.dbf", table(0, gbkText)}, name, true},
		{"GBK by code page byte", []any{"a.dbf", table(0x4D, gbkText)}, name, false},
		{"GBK under a .cpg of UTF-8", []any{"a.dbf", table(0, gbkText), "a.cpg", "UTF-8"}, name, true},
		{"GBK under a Western .cpg", []any{"a.dbf", table(0x57, gbkText), "a.cpg", "ISO-8859-1"}, name, true},
		{"UTF-8 under a .cpg of GBK", []any{"a.dbf", table(0, name+"啊"), "a.cpg", "936"}, name + "啊", true},
		{"Big5 with .cpg", []any{"a.dbf", table(0, big5), "a.cpg", "Big5"}, "康橋", false},
		{"ASCII with .cpg of anything", []any{"a.dbf", table(0, "abc"), "a.cpg", "KLINGON"}, "abc", false},
		{"UTF-8 cut at the width of the field", []any{"a.dbf", dbfOf(0, []string{"name:C:7"}, []string{"康桥镇"}), "a.cpg", "UTF-8"}, "康桥", false},
		{"GBK cut at the width of the field", []any{"a.dbf", dbfOf(0, []string{"name:C:5"}, []string{string(gbk(t, "康桥镇"))}), "a.cpg", "GBK"}, "康桥", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read(t, packed(t, append([]any{"a.shp", shp, "a.prj", prj}, tt.files...)...))
			if got := one(t, f).Properties["name"]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if noted := hasNote(f, CodeCharset, ""); noted != tt.noted {
				t.Errorf("got notes %v, want one about the encoding: %t", f.Notes, tt.noted)
			}
		})
	}
}

func TestShapefileChosenAmongSeveral(t *testing.T) {
	folder, first, second := string(gbk(t, "网格数据/")), string(gbk(t, "街道")), string(gbk(t, "网格"))
	content := packed(t,
		folder+second+".dbf", dbfOf(0, []string{"a:C:3"}, []string{"two"}),
		folder+first+".shp", shpOf(pointRecord(orb.Point{1, 2})), folder+first+".dbf", dbfOf(0, []string{"a:C:3"}, []string{"one"}),
		folder+second+".shp", shpOf(pointRecord(orb.Point{3, 4})))
	f := read(t, content)
	if f.Layer != "街道" || !reflect.DeepEqual(f.Layers, []string{"街道", "网格"}) || !hasNote(f, CodeLayers, "网格") {
		t.Errorf("got layer %q of %q, notes %v", f.Layer, f.Layers, f.Notes)
	}
	f, err := ReadLayer(context.Background(), "", "网格", bytes.NewReader(content), int64(len(content)), Limits{})
	if err != nil || f.Features[0].Properties["a"] != "two" {
		t.Errorf("got %+v, %v; want the named layer with its own table", f, err)
	}
	_, err = ReadLayer(context.Background(), "", "楼栋", bytes.NewReader(content), int64(len(content)), Limits{})
	if !errors.Is(err, ErrNoLayer) || !strings.Contains(err.Error(), "街道, 网格") {
		t.Errorf("got %v, want ErrNoLayer with the names there are", err)
	}
}
