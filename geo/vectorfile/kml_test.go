package vectorfile

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

const kmlHead = `<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>测试</name>`
const kmlFoot = `</Document></kml>`
const kmlSquare = `<LinearRing><coordinates>0,0 1,0 1,1 0,1 0,0</coordinates></LinearRing>`

func placemark(inner string) []byte {
	return []byte(kmlHead + "<Placemark>" + inner + "</Placemark>" + kmlFoot)
}

func TestKMLGeometries(t *testing.T) {
	tests := []struct {
		name, text string
		want       orb.Geometry
	}{
		{"none", `<name>a</name>`, nil},
		{"point", `<Point><coordinates>120.5,30.25,7</coordinates></Point>`, orb.Point{120.5, 30.25}},
		{"line over several lines", "<LineString><tessellate>1</tessellate><coordinates>\n 1,2,0\n 3,4,0\n</coordinates></LineString>", orb.LineString{{1, 2}, {3, 4}}},
		{"spaces behind commas", `<LineString><coordinates>1, 2, 0 3 ,4,0</coordinates></LineString>`, orb.LineString{{1, 2}, {3, 4}}},
		{"polygon", `<Polygon><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon>`, orb.Polygon{square}},
		{"hole first", `<Polygon><innerBoundaryIs><LinearRing><coordinates>2,2 3,2 3,3 2,2</coordinates></LinearRing></innerBoundaryIs><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon>`,
			orb.Polygon{square, {{2, 2}, {3, 2}, {3, 3}, {2, 2}}}},
		{"multi", `<MultiGeometry><Polygon><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon><MultiGeometry><Polygon><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon></MultiGeometry></MultiGeometry>`,
			orb.MultiPolygon{{square}, {square}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantGeometry(t, one(t, read(t, placemark(tt.text))), tt.want)
		})
	}
}

func TestKMLFaultsOfOnePlacemark(t *testing.T) {
	tests := []struct{ name, text, code, at, detail string }{
		{"empty", `<Polygon/>`, CodeEmpty, "Placemark 1", "no positions"},
		{"empty coordinates", `<Point><coordinates> </coordinates></Point>`, CodeEmpty, "Placemark 1", "no positions"},
		{"short ring", `<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,1 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon>`, CodeShort, "Placemark 1, ring 1", "at least four"},
		{"no number", `<Point><coordinates>东经120,30</coordinates></Point>`, CodeMalformed, "Placemark 1", "not a number"},
		{"one coordinate", `<LineString><coordinates>1,2 3</coordinates></LineString>`, CodeMalformed, "Placemark 1", "one coordinate"},
		{"two outer rings", `<Polygon><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon>`, CodeMalformed, "Placemark 1", "2 outer boundaries"},
		{"no outer ring", `<Polygon><innerBoundaryIs>` + kmlSquare + `</innerBoundaryIs></Polygon>`, CodeMalformed, "Placemark 1", "0 outer boundaries"},
		{"NaN", `<Point><coordinates>NaN,30</coordinates></Point>`, CodeNotFinite, "Placemark 1", "finite"},
		{"a track", `<Track xmlns="http://www.google.com/kml/ext/2.2"><coord>1 2 3</coord></Track>`, CodeKind, "Placemark 1", "<Track>"},
		{"bad member", `<MultiGeometry>` + `<Point><coordinates>1,2</coordinates></Point><Polygon><outerBoundaryIs><LinearRing><coordinates>x</coordinates></LinearRing></outerBoundaryIs></Polygon></MultiGeometry>`, CodeMalformed, "Placemark 1, member 2", "not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.TrimSuffix(string(placemark(tt.text)), kmlFoot) + `<Placemark><Point><coordinates>5,6</coordinates></Point></Placemark>` + kmlFoot
			f := read(t, []byte(text))
			if len(f.Features) != 2 {
				t.Fatalf("got %d features, want 2", len(f.Features))
			}
			wantFault(t, f.Features[0], tt.code, tt.at, tt.detail)
			wantGeometry(t, f.Features[1], orb.Point{5, 6})
		})
	}
}

func TestKMLProperties(t *testing.T) {
	f := read(t, []byte(kmlHead+`<Folder><name>康桥镇</name><Folder><name>第一片区</name>
		<Placemark><name> 一号网格 </name><description><![CDATA[<b>a</b>]]></description><styleUrl>#s</styleUrl>
			<ExtendedData><Data name="code"><displayName>编码</displayName><value>0107</value></Data>
			<SchemaData schemaUrl="#x"><SimpleData name="户数">42</SimpleData></SchemaData></ExtendedData></Placemark></Folder>
		<Placemark><name>二号&nbsp;网格</name></Placemark></Folder><NetworkLink><Link/></NetworkLink>`+kmlFoot))
	want := []map[string]string{
		{"folder": "康桥镇/第一片区", "name": "一号网格", "description": "<b>a</b>", "code": "0107", "户数": "42"},
		{"folder": "康桥镇", "name": "二号\u00a0网格"},
	}
	for i, feature := range f.Features {
		if !reflect.DeepEqual(feature.Properties, want[i]) {
			t.Errorf("%s: got %q, want %q", feature.Place, feature.Properties, want[i])
		}
	}
	if f.Layer != "测试" || !hasNote(f, CodeSkipped, "NetworkLink") {
		t.Errorf("got layer %q, notes %v", f.Layer, f.Notes)
	}
}

func TestKMLEncodings(t *testing.T) {
	text := `<kml><Document><Placemark><name>万全乡</name><Point><coordinates>117,26</coordinates></Point></Placemark></Document></kml>`
	tests := []struct {
		name    string
		content []byte
	}{
		{"GBK declared", append([]byte(`<?xml version="1.0" encoding="GBK"?>`), gbk(t, text)...)},
		{"GBK undeclared", gbk(t, text)},
		{"GBK declared as UTF-8", append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), gbk(t, text)...)},
		{"UTF-8 declared as GBK", []byte(`<?xml version="1.0" encoding="gb2312"?>` + text)},
		{"UTF-8 with mark", []byte("\xef\xbb\xbf" + text)},
		{"KMZ", packed(t, "images/a.png", "x", "Doc.KML", text)},
		{"KMZ with doc.kml and another", packed(t, "other.kml", "<kml/>", "doc.kml", text)},
		{"KMZ with a name of its own", packed(t, "万全.kml", text)},
		{"KMZ whose doc.kml only links", packed(t, "doc.kml", "<kml><Document><NetworkLink/></Document></kml>", "layers/grid.kml", text)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := one(t, read(t, tt.content)).Properties["name"]; got != "万全乡" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestKMLRefused(t *testing.T) {
	laughs := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><kml><Document><name>&lol2;</name></Document></kml>`
	tests := []struct {
		name, text string
		want       error
	}{
		{"entity expansion", laughs, ErrUnsafe},
		{"an entity from a file", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&x;</name></Document></kml>`, ErrUnsafe},
		{"endless folders", `<kml>` + strings.Repeat(`<Folder>`, 1_000_000), ErrUnsafe},
		{"endless geometry", `<kml><Placemark>` + strings.Repeat(`<MultiGeometry>`, 1_000_000), ErrUnsafe},
		{"cut off", kmlHead + `<Placemark><Polygon><outerBoundaryIs>`, ErrDamaged},
		{"cut off between Placemarks", kmlHead + `<Placemark></Placemark>`, ErrDamaged},
		{"ends that do not fit", `<kml><Document></kml></Document>`, ErrDamaged},
		{"an unknown entity", `<kml><Document><name>&x;</name></Document></kml>`, ErrDamaged},
		{"more behind the end", `<kml></kml><kml></kml>`, ErrDamaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readErr([]byte(tt.text), Limits{}); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
