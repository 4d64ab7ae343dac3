package vectorfile

import (
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/unicode"
)

func geometryFeature(geometry string) []byte {
	return []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"01"},"geometry":` + geometry + `}]}`)
}

var square = orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}

const squareText = `[[0,0],[1,0],[1,1],[0,1],[0,0]]`

func TestGeoJSONGeometries(t *testing.T) {
	small := orb.Ring{{2, 2}, {3, 2}, {3, 3}, {2, 2}}
	const smallText = `[[2,2],[3,2],[3,3],[2,2]]`
	tests := []struct {
		name, text string
		want       orb.Geometry
	}{
		{"point", `{"type":"Point","coordinates":[120.5,30.25]}`, orb.Point{120.5, 30.25}},
		{"coordinates before type", `{"coordinates":[120.5,30.25],"type":"Point"}`, orb.Point{120.5, 30.25}},
		{"height dropped", `{"type":"Point","coordinates":[120.5,30.25,8.1]}`, orb.Point{120.5, 30.25}},
		{"multipoint", `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`, orb.MultiPoint{{1, 2}, {3, 4}}},
		{"line", `{"type":"LineString","coordinates":[[1,2],[3,4]]}`, orb.LineString{{1, 2}, {3, 4}}},
		{"lines", `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}`, orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}},
		{"polygon", `{"type":"Polygon","coordinates":[` + squareText + `]}`, orb.Polygon{square}},
		{"with a hole", `{"type":"Polygon","coordinates":[` + squareText + `,` + smallText + `]}`, orb.Polygon{square, small}},
		{"polygons", `{"type":"MultiPolygon","coordinates":[[` + squareText + `,` + smallText + `],[` + smallText + `]]}`, orb.MultiPolygon{{square, small}, {small}}},
		{"null", `null`, nil},
		{"wrong order of positions stays for topology", `{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}`, orb.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}},
		{"self-touching ring stays for topology", `{"type":"Polygon","coordinates":[[[0,0],[2,0],[1,1],[2,2],[0,2],[1,1],[0,0]]]}`, orb.Polygon{{{0, 0}, {2, 0}, {1, 1}, {2, 2}, {0, 2}, {1, 1}, {0, 0}}}},
		{"a collection of polygons only", `{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[` + squareText + `]},{"type":"MultiPolygon","coordinates":[[` + smallText + `]]}]}`, orb.MultiPolygon{{square}, {small}}},
		{"Gauss–Krüger metres with a zone", `{"type":"Point","coordinates":[40512345.678,3345678.9]}`, orb.Point{40512345.678, 3345678.9}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := one(t, read(t, geometryFeature(tt.text)))
			wantGeometry(t, got, tt.want)
			if len(got.Notes) > 0 {
				t.Errorf("got notes %v, want none", got.Notes)
			}
		})
	}
}

func TestGeoJSONFaultsOfOneFeature(t *testing.T) {
	tests := []struct {
		name, text, code, at, detail string
	}{
		{"empty polygon", `{"type":"Polygon","coordinates":[]}`, CodeEmpty, "feature 1", "no positions"},
		{"empty collection", `{"type":"GeometryCollection","geometries":[]}`, CodeEmpty, "feature 1", "no positions"},
		{"empty ring", `{"type":"Polygon","coordinates":[[]]}`, CodeEmpty, "feature 1", "no positions"},
		{"empty hole", `{"type":"Polygon","coordinates":[` + squareText + `,[]]}`, CodeMalformed, "feature 1", "no positions"},
		{"three positions", `{"type":"MultiPolygon","coordinates":[[` + squareText + `],[` + squareText + `,[[0,0],[1,0],[0,0]]]]}`, CodeShort, "feature 1, polygon 2, ring 2", "at least four"},
		{"a line of one", `{"type":"LineString","coordinates":[[1,2]]}`, CodeShort, "feature 1", "needs two"},
		{"NaN", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[NaN,1],[0,0]]]}`, CodeNotFinite, "feature 1, ring 1, position 3", "not a finite number"},
		{"infinite", `{"type":"Point","coordinates":[-Infinity,0]}`, CodeNotFinite, "feature 1", "not a finite number"},
		{"beyond all numbers", `{"type":"Point","coordinates":[1e999,0]}`, CodeNotFinite, "feature 1", "not a finite number"},
		{"huge", `{"type":"Point","coordinates":[1e9,0]}`, CodeHuge, "feature 1", "1e+09"},
		{"one coordinate", `{"type":"Point","coordinates":[1]}`, CodeMalformed, "feature 1", "one coordinate"},
		{"text for a number", `{"type":"Point","coordinates":["120.1","30.2"]}`, CodeMalformed, "feature 1", "not a number"},
		{"null for a number", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[null,1],[0,0]]]}`, CodeMalformed, "feature 1", "not a number"},
		{"uneven", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[[1,1]],[0,0]]]}`, CodeMalformed, "feature 1", "unevenly"},
		{"uneven, number first", `{"type":"Polygon","coordinates":[[0,[1,0]]]}`, CodeMalformed, "feature 1", "unevenly"},
		{"too deep", `{"type":"MultiPolygon","coordinates":[[[[[0,0]]]]]}`, CodeMalformed, "feature 1", "too deeply"},
		{"nested for another type", `{"type":"Polygon","coordinates":[[0,0],[1,0],[1,1],[0,0]]}`, CodeMalformed, "feature 1", "nested 2 deep, a Polygon has 3"},
		{"rings that may be holes", `{"type":"MultiPolygon","coordinates":[` + squareText + `,` + squareText + `]}`, CodeMalformed, "feature 1", "nested 3 deep"},
		{"unknown type", `{"type":"Circle","coordinates":[1,2]}`, CodeKind, "feature 1", "Circle"},
		{"no coordinates", `{"type":"Polygon"}`, CodeMalformed, "feature 1", `no "coordinates"`},
		{"no list of geometries", `{"type":"GeometryCollection","geometries":7}`, CodeMalformed, "feature 1", "not a list"},
		{"a bad member", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}]}`, CodeShort, "feature 1, member 2, ring 1", "at least four"},
		{"a geometry that is a text", `"POINT(1 2)"`, CodeMalformed, "feature 1", "not an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := string(geometryFeature(tt.text))
			text = strings.TrimSuffix(text, "]}") + `,{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[5,6]}}]}`
			f := read(t, []byte(text))
			if len(f.Features) != 2 {
				t.Fatalf("got %d features, want the good one after the bad one too", len(f.Features))
			}
			wantFault(t, f.Features[0], tt.code, tt.at, tt.detail)
			if f.Features[0].Properties["code"] != "01" {
				t.Error("the properties of the bad feature are lost")
			}
			wantGeometry(t, f.Features[1], orb.Point{5, 6})
		})
	}
}

func TestGeoJSONReadsWithNotes(t *testing.T) {
	tests := []struct {
		name, text, code string
		want             orb.Geometry
	}{
		{"unclosed ring", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}`, CodeClosed, orb.Polygon{square}},
		{"collection with a line and a point", `{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4]]},{"type":"Polygon","coordinates":[` + squareText + `]},{"type":"Point","coordinates":[1,2]}]}`, CodeMixed, orb.Polygon{square}},
		{"collection with an empty member", `{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[]},{"type":"Polygon","coordinates":[` + squareText + `]}]}`, CodeEmpty, orb.Polygon{square}},
		{"polygon called MultiPolygon", `{"type":"MultiPolygon","coordinates":[` + squareText + `]}`, CodeType, orb.Polygon{square}},
		{"MultiPolygon called polygon", `{"type":"Polygon","coordinates":[[` + squareText + `]]}`, CodeType, orb.MultiPolygon{{square}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := one(t, read(t, geometryFeature(tt.text)))
			wantGeometry(t, got, tt.want)
			if len(got.Notes) == 0 || got.Notes[0].Code != tt.code {
				t.Errorf("got notes %v, want %s", got.Notes, tt.code)
			}
		})
	}
}

func TestGeoJSONRingClosedButForRounding(t *testing.T) {
	got := one(t, read(t, geometryFeature(`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0.00000001,0]]]}`)))
	wantGeometry(t, got, orb.Polygon{square})
	if len(got.Notes) > 0 {
		t.Errorf("got notes %v, want none", got.Notes)
	}
}

func TestGeoJSONProperties(t *testing.T) {
	f := read(t, []byte(`{"type":"Feature","id":17,"geometry":null,"properties":{
		"名称":"西湖\u533a \ud83d\ude00","big":330106005051001,"exp":1.50E+2,"none":null,"yes":true,"list":[1, {"a" : "b\"c"}],
		"line":"a\nb","odd":"\ud800x\ud800\n"}}`))
	want := map[string]string{"名称": "西湖区 😀", "big": "330106005051001", "exp": "1.50E+2", "none": "", "yes": "true",
		"list": `[1,{"a":"b\"c"}]`, "line": "a\nb", "odd": "\ufffdx\ufffd\n", "id": "17"}
	if got := one(t, f).Properties; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if want := []string{"名称", "big", "exp", "none", "yes", "list", "line", "odd", "id"}; !reflect.DeepEqual(f.Fields, want) {
		t.Errorf("got fields %q, want %q", f.Fields, want)
	}
}

func TestGeoJSONTopLevel(t *testing.T) {
	const feature = `{"type":"Feature","properties":null,"geometry":{"type":"Point","coordinates":[1,2]}}`
	tests := []struct {
		name, text string
		features   int
	}{
		{"a geometry", `{"type":"Point","coordinates":[1,2]}`, 1},
		{"a feature", feature, 1},
		{"an empty collection", `{"type":"FeatureCollection","features":[]}`, 0},
		{"features before the type", `{"features":[` + feature + `],"type":"FeatureCollection"}`, 1},
		{"one feature to a line", feature + "\n" + feature + "\n", 2},
		{"record separators", "\x1e" + feature + "\n\x1e" + feature + "\n", 2},
		{"byte order mark", "\xef\xbb\xbf" + feature, 1},
		{"entries that are no features", `{"type":"FeatureCollection","features":[null,7,{"type":"Point","coordinates":[1,2]},{"type":"Feature"},` + feature + `]}`, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := read(t, []byte(tt.text))
			if len(f.Features) != tt.features {
				t.Fatalf("got %d features, want %d", len(f.Features), tt.features)
			}
			for i, feature := range f.Features {
				if last := i == len(f.Features)-1; last != (feature.Fault == nil) && tt.features == 5 {
					t.Errorf("feature %d: fault %v", i+1, feature.Fault)
				}
			}
		})
	}
}

func TestGeoJSONDamaged(t *testing.T) {
	tests := []struct{ name, text, detail string }{
		{"cut off", "{\"type\":\"FeatureCollection\",\n\"features\":[{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,", "Line 2: the text ends too early"},
		{"cut off in a text", `{"type":"Feat`, "ends too early"},
		{"no comma", `{"type":"Point" "coordinates":[1,2]}`, "without a comma"},
		{"no colon", `{"type" "Point"}`, "':' is missing"},
		{"a word that is none", `{"type":"Point","coordinates":[1,2],"a":nix}`, "cannot be read"},
		{"a number that is none", `{"type":"Point","coordinates":[1..2,2]}`, "cannot be read"},
		{"more behind the end", `{"type":"Point","coordinates":[1,2]} x`, "object is missing"},
		{"no features", `{"type":"FeatureCollection"}`, `no "features"`},
		{"features of a feature", `{"type":"Feature","features":[null]}`, `its type is "Feature"`},
		{"wrong escape", `{"type":"Po\int"}`, "unknown escape"},
		{"wrong hexadecimal", `{"type":"\u12x4"}`, `\u escape`},
		{"neither UTF-8 nor GB18030", "{\"type\":\"Point\",\"a\":\"\xff\xff\"}", "neither UTF-8 nor GB18030"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readErr([]byte(tt.text), Limits{})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("got %v, want ErrDamaged with %q", err, tt.detail)
			}
		})
	}
}

func TestGeoJSONNestedWithoutEnd(t *testing.T) {
	for name, text := range map[string]string{
		"arrays":      `{"type":"Point","coordinates":` + strings.Repeat("[", 1_000_000),
		"objects":     strings.Repeat(`{"a":`, 1_000_000),
		"properties":  `{"type":"Feature","properties":{"a":` + strings.Repeat(`{"a":`, 1_000_000),
		"collections": strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 1_000_000),
	} {
		if err := readErr([]byte(text), Limits{}); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: got %v, want ErrUnsafe", name, err)
		}
	}
}

func TestGeoJSONReferenceSystem(t *testing.T) {
	tests := []struct{ crs, want string }{
		{`null`, ""},
		{`{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}`, "EPSG:4326"},
		{`{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}`, "EPSG:4490"},
		{`{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG:9.8:4549"}}`, "EPSG:4549"},
		{`{"type":"name","properties":{"name":"epsg:4549"}}`, "EPSG:4549"},
		{`{"type":"EPSG","properties":{"code":4490}}`, "EPSG:4490"},
		{`{"type":"name","properties":{"name":"杭州独立坐标系"}}`, "杭州独立坐标系"},
	}
	for _, tt := range tests {
		f := read(t, []byte(`{"type":"FeatureCollection","crs":`+tt.crs+`,"features":[]}`))
		if f.CRSHint != tt.want {
			t.Errorf("crs %s: got %q, want %q", tt.crs, f.CRSHint, tt.want)
		}
	}
}

func TestGeoJSONEncodings(t *testing.T) {
	text := `{"type":"Feature","properties":{"名称":"康桥镇一号网格啊"},"geometry":null}`
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"GBK": gbk(t, text), "UTF-16": []byte(utf16)} {
		f := read(t, content)
		if got := one(t, f).Properties["名称"]; got != "康桥镇一号网格啊" {
			t.Errorf("%s: got %q", name, got)
		}
		if !hasNote(f, CodeCharset, "read as") {
			t.Errorf("%s: the guessed encoding is not reported", name)
		}
	}
}

// A line of 50 MB must not be held in memory as a whole, besides its features.
func TestGeoJSONOnOneLongLine(t *testing.T) {
	const feature = `{"type":"Feature","properties":{"note":"` + `0123456789012345678901234567890123456789012345678901234567890123456789` + `"},"geometry":null},`
	n := 50 << 20 / len(feature)
	content := []byte(`{"type":"FeatureCollection","ignored":[` + strings.TrimSuffix(strings.Repeat(feature, n), ",") + `],"features":[]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read(t, content)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("reading past 50 MB took %d bytes of memory, want less than 1 MiB", got)
	}
}
