package vectorfile

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// smallLimits keep a fuzzed file from being merely large.
var smallLimits = Limits{Bytes: 1 << 20, Unpacked: 4 << 20, Members: 100, Features: 10_000, Vertices: 100_000, Values: 100_000, Value: 64 << 10, Depth: 32}

// check reads fuzzed bytes and asserts what holds for every file that is read.
func check(t *testing.T, content []byte) {
	f, err := Read(context.Background(), "fuzz", bytes.NewReader(content), int64(len(content)), smallLimits)
	if err != nil {
		if f != nil {
			t.Error("a file besides an error")
		}
		return
	}
	for _, feature := range f.Features {
		if feature.Fault != nil && feature.Geometry != nil {
			t.Errorf("%s: half read: %v and %v", feature.Place, feature.Fault, feature.Geometry)
		}
		checkGeometry(t, feature)
	}
}

func checkGeometry(t *testing.T, f Feature) {
	var points []orb.Point
	rings := func(p orb.Polygon) {
		if len(p) == 0 {
			t.Errorf("%s: a polygon without rings", f.Place)
		}
		for _, r := range p {
			if len(r) < 4 || r[0] != r[len(r)-1] {
				t.Errorf("%s: ring %v is not closed", f.Place, r)
			}
			points = append(points, r...)
		}
	}
	switch g := f.Geometry.(type) {
	case nil:
	case orb.Point:
		points = append(points, g)
	case orb.MultiPoint:
		points = append(points, g...)
	case orb.LineString:
		points = append(points, g...)
	case orb.MultiLineString:
		for _, line := range g {
			points = append(points, line...)
		}
	case orb.Polygon:
		rings(g)
	case orb.MultiPolygon:
		for _, p := range g {
			rings(p)
		}
	default:
		t.Errorf("%s: geometry of kind %T", f.Place, g)
	}
	if f.Geometry != nil && len(points) == 0 {
		t.Errorf("%s: an empty geometry", f.Place)
	}
	for _, p := range points {
		if !(math.Abs(p[0]) <= MaxCoordinate && math.Abs(p[1]) <= MaxCoordinate) {
			t.Errorf("%s: position %v", f.Place, p)
		}
	}
}

func FuzzGeoJSON(f *testing.F) {
	for _, seed := range []string{
		`{"type":"FeatureCollection","name":"a","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":[{"type":"Feature","id":1,"properties":{"a":"\ud83d\ude00","b":[1,{"c":null}]},"geometry":{"coordinates":[[[0,0],[1,0],[1,1],[0,0]],[]],"type":"Polygon"}},null]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[0,0,1],[1,0,1],[1,1,1],[0,1]]]]},{"type":"LineString","coordinates":[[1,2],[3,4e9]]},{"type":"Point","coordinates":[NaN,-Infinity]}]}`,
		"\x1e{\"type\":\"MultiLineString\",\"coordinates\":[[[1,2],[3,4]]]}\n\x1e{\"type\":\"MultiPoint\",\"coordinates\":[[1,2]]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(check)
}

func FuzzKML(f *testing.F) {
	for _, seed := range []string{
		kmlHead + `<Folder><name>a</name><Placemark><name>b</name><ExtendedData><Data name="c"><value>1</value></Data><SchemaData><SimpleData name="d">2</SimpleData></SchemaData></ExtendedData><MultiGeometry><Point><coordinates>1,2</coordinates></Point><Polygon><outerBoundaryIs>` + kmlSquare + `</outerBoundaryIs></Polygon></MultiGeometry></Placemark></Folder>` + kmlFoot,
		`<!DOCTYPE a [<!ENTITY x "y">]><kml>&x;</kml>`,
		`<Placemark><LineString><coordinates>1, 2, 3 4 ,5</coordinates></LineString></Placemark>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(check)
}

// FuzzShapefile fuzzes the files of a layer, not the archive around them.
func FuzzShapefile(f *testing.F) {
	dbf := dbfOf(0x4D, []string{"a:C:4", "n:N:4", "d:D:8", "l:L:1", "i:I:4"}, []string{"\xbf\xb5\xc7\xc5", "42", "20240405", "T", "\x01\x00\x00\x00"}, []string{"", "****", "", "?", "", "*"})
	f.Add(shpOf(partsRecord(shpPolygon, box(0, 0, 9, 9), reversed(box(1, 1, 8, 8))), nullRecord()), dbf, "GBK")
	f.Add(shpOf(partsRecord(shpLine+10, box(0, 0, 9, 9)), pointRecord(orb.Point{1, 2})), dbf[:40], "")
	f.Fuzz(func(t *testing.T, shp, dbf []byte, cpg string) {
		check(t, packed(t, "a.shp", shp, "a.dbf", dbf, "a.cpg", cpg))
	})
}

// FuzzGeoPackageHeader fuzzes the geometries; SQLite's own format is its business.
func FuzzGeoPackageHeader(f *testing.F) {
	for _, g := range []orb.Geometry{orb.Point{1, 2}, clockwise, orb.MultiPolygon{clockwise, {square}}, orb.MultiLineString{{{1, 2}, {3, 4}}}, orb.MultiPoint{}} {
		blob, err := gpkgBlob(g)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		g, _, err := gpkgGeometry(blob, 8)
		if err != nil {
			return
		}
		feature := Feature{Place: "row 1"}
		settle(&feature, g)
		checkGeometry(t, feature)
	})
}
