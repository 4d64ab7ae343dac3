package network

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/walk"
)

// linesFile reads GeoJSON as an upload does.
func linesFile(t testing.TB, text string) *vectorfile.File {
	t.Helper()
	file, err := vectorfile.ReadLayer(t.Context(), "streets.geojson", "", bytes.NewReader([]byte(text)), int64(len(text)), vectorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

const surveyed = `{"type":"FeatureCollection","features":[
	{"type":"Feature","properties":{"道路等级":"主干路","名称":"康桥路","是否桥梁":"否"},"geometry":{"type":"LineString","coordinates":[[121.5,31.1],[121.51,31.1]]}},
	{"type":"Feature","properties":{"道路等级":"人行天桥","名称":null},"geometry":{"type":"LineString","coordinates":[[121.505,31.099],[121.505,31.101]]}},
	{"type":"Feature","properties":{"道路等级":"支路"},"geometry":{"type":"MultiLineString","coordinates":[[[121.51,31.1],[121.51,31.101]],[[121.503,31.1],[121.503,31.098]]]}},
	{"type":"Feature","properties":{"道路等级":"高速公路"},"geometry":{"type":"LineString","coordinates":[[121.49,31.11],[121.52,31.11]]}},
	{"type":"Feature","properties":{"道路等级":"某某路"},"geometry":{"type":"LineString","coordinates":[[121.5,31.1],[121.5,31.105]]}},
	{"type":"Feature","properties":{"道路等级":"支路"},"geometry":{"type":"LineString","coordinates":[[121.5,31.1],[121.5,31.1]]}},
	{"type":"Feature","properties":{"道路等级":"支路"},"geometry":{"type":"Point","coordinates":[121.5,31.1]}}
]}`

func TestStreetLinesBecomeStreets(t *testing.T) {
	streets, err := LinesOf(linesFile(t, surveyed), crs.WGS84, nil)
	if err != nil {
		t.Fatal(err)
	}
	if streets.Lines != 6 || streets.Columns["highway"] != "道路等级" || streets.Columns["bridge"] != "是否桥梁" || streets.Unknown["某某路"] != 1 {
		t.Errorf("streets %+v", streets)
	}
	if len(streets.Problems) != 3 {
		t.Errorf("problems %v; want a line without length, a point and an unknown kind", streets.Problems)
	}
	kinds := []string{"primary", "footway", "tertiary", "tertiary", "motorway", "road"}
	for i, f := range streets.features {
		if f.Kind != kinds[i] || f.OSMID != int64(i+1) || f.Nodes != nil {
			t.Errorf("line %d: %+v, want a %s", i, f, kinds[i])
		}
	}
	if f := streets.features[1]; f.Layer != 1 || f.Tags["bridge"] != "yes" {
		t.Errorf("a foot bridge %+v, want it on layer 1", f)
	}
	report, err := TryStreets(t.Context(), streets)
	if err != nil || report.Walking.Reasons[walk.LeftMotorway] != 1 || report.Walking.Pieces != 2 {
		t.Errorf("network %+v, %v; want the bridge apart and no motorway", report.Walking, err)
	}
}

func TestWordsForStreets(t *testing.T) {
	for _, tt := range []struct {
		properties map[string]string
		kind       string
		layer      int
		tag, value string
	}{
		{map[string]string{"fclass": "residential", "layer": "0", "bridge": "F", "tunnel": "F"}, "residential", 0, "bridge", "no"},
		{map[string]string{"fclass": "primary", "layer": "1", "bridge": "T"}, "primary", 1, "bridge", "yes"},
		{map[string]string{"fclass": "primary", "layer": "0", "tunnel": "T"}, "primary", -1, "tunnel", "yes"},
		{map[string]string{"fclass": "track_grade5"}, "track", 0, "", ""},
		{map[string]string{"highway": "Steps"}, "steps", 0, "", ""},
		{map[string]string{"highway": "footway", "foot": "否"}, "footway", 0, "foot", "no"},
		{map[string]string{"CLASS": "living street"}, "living_street", 0, "", ""},
		{map[string]string{"类型": "地下通道"}, "footway", -1, "tunnel", "yes"},
		{map[string]string{"类型": "铁路"}, "rail", 0, "", ""},
		{map[string]string{"名称": "无类型"}, "road", 0, "", ""},
	} {
		file := &vectorfile.File{Features: []vectorfile.Feature{{Properties: tt.properties, Geometry: orb.LineString{{121.5, 31.1}, {121.6, 31.1}}}}}
		for column := range tt.properties {
			file.Fields = append(file.Fields, column)
		}
		streets, err := LinesOf(file, crs.WGS84, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := streets.features[0]
		if f.Kind != tt.kind || f.Layer != tt.layer || tt.tag != "" && f.Tags[tt.tag] != tt.value {
			t.Errorf("%v: %s on layer %d, %v; want %s on %d", tt.properties, f.Kind, f.Layer, f.Tags, tt.kind, tt.layer)
		}
	}
}

func TestColumnsMayBeNamed(t *testing.T) {
	file := linesFile(t, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":"steps","type":"x"},"geometry":{"type":"LineString","coordinates":[[121.5,31.1],[121.51,31.1]]}}]}`)
	streets, err := LinesOf(file, crs.WGS84, map[string]string{"highway": "a"})
	if err != nil || streets.features[0].Kind != "steps" {
		t.Errorf("%+v, %v; want steps", streets, err)
	}
	_, err = LinesOf(file, crs.WGS84, map[string]string{"highway": "b"})
	if f := fault.Of(err); !errors.Is(err, ErrColumn) || f.Places[0].Pointer != "/fields/highway" {
		t.Errorf("a column that is not there: %v", err)
	}
	_, err = LinesOf(linesFile(t, `{"type":"Point","coordinates":[121.5,31.1]}`), crs.WGS84, nil)
	if !errors.Is(err, ErrNoLines) {
		t.Errorf("a point: %v, want %v", err, ErrNoLines)
	}
}

func TestStreetLinesTakeThePlaceOfStreetsOnly(t *testing.T) {
	tx := pgtest.Tx(t)
	nodes, ways, relations := block()
	if _, err := importBytes(t, tx, extractOf(t, nodes, ways, relations)); err != nil {
		t.Fatal(err)
	}
	// A street through the private gate (node 2), which stays on the map.
	streets, err := LinesOf(linesFile(t, `{"type":"LineString","coordinates":[[121.5,31.1],[121.502,31.1]]}`), crs.WGS84, nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := StoreStreets(t.Context(), tx, staff.Local, Source{FileName: "lines.geojson"}, streets)
	if err != nil {
		t.Fatal(err)
	}
	done := report.Import
	if done.Counts[Street] != 1 || done.Counts[Building] != 1 || done.Counts[Entrance] != 1 || done.Attribution != Attribution {
		t.Errorf("import %+v; want one street and the rest as before", done)
	}
	if report.Walking.Edges != 2 || report.Walking.Pieces != 2 {
		t.Errorf("network %+v; want the street cut at the gate", report.Walking)
	}
	_, v, err := NewFootpaths(tx).Current(t.Context())
	if err != nil || v.FileName != "lines.geojson" || v.Edges != 2 {
		t.Errorf("current network %+v, %v", v, err)
	}
	var imports int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM network_import`).Scan(&imports); err != nil || imports != 1 {
		t.Errorf("%d imports, %v; want 1", imports, err)
	}
}

func TestStreetLinesWithoutAMapBefore(t *testing.T) {
	tx := pgtest.Tx(t)
	streets, err := LinesOf(linesFile(t, surveyed), crs.WGS84, nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := StoreStreets(t.Context(), tx, staff.Local, Source{FileName: "lines.geojson"}, streets)
	if err != nil || report.Walking.Edges == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// The streets of a real extract, drawn as lines without nodes, make nearly the same
// network as their nodes do.
func TestJoiningByGeometryAgreesWithNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("real data")
	}
	file := data(t, "liechtenstein/liechtenstein.osm.pbf")
	var byNodes, byLines collector
	x := newExtract(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	x.accept, x.emit = isArea, func(f Feature) error {
		if _, line := f.Shape.(orb.LineString); f.Class == Street && line {
			byNodes.add(f)
			f.Nodes = nil
			byLines.add(f)
		}
		return nil
	}
	if err := x.run(); err != nil {
		t.Fatal(err)
	}
	_, want, err := walk.Build(t.Context(), byNodes.source)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := walk.Build(t.Context(), byLines.source)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Km-want.Km) > want.Km/1000 || math.Abs(float64(got.Edges-want.Edges)) > float64(want.Edges)/100 || math.Abs(float64(got.Pieces-want.Pieces)) > 5 {
		t.Errorf("joined by lines: %d edges, %.2f km, %d pieces; by nodes %d, %.2f, %d", got.Edges, got.Km, got.Pieces, want.Edges, want.Km, want.Pieces)
	}
}
