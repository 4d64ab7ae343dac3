package walks

import (
	"encoding/json"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/geo"
)

// What is written is what the library of the rest of the program writes.
func TestAreasAreWrittenAsGeoJSON(t *testing.T) {
	areas := map[string]geo.MultiPolygon{
		"nothing": {},
		"one with a hole": {{
			{{X: 1215000000, Y: 311000000}, {X: 1215000100, Y: 311000000}, {X: 1215000100, Y: 311000100}},
			{{X: 1215000040, Y: 311000020}, {X: 1215000060, Y: 311000040}, {X: 1215000060, Y: 311000020}}}},
		"two":                      {{{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 0, Y: 1}}}, {{{X: 10, Y: 10}, {X: 20, Y: 10}, {X: 10, Y: 20}}}},
		"west of Greenwich":        {{{{X: -512340000, Y: -300000001}, {X: -512330000, Y: -300000000}, {X: -5, Y: -299990000}}}},
		"on the edge of the Earth": {{{{X: 1800000000, Y: 900000000}, {X: -1800000000, Y: 900000000}, {X: 0, Y: -900000000}}}},
	}
	for name, area := range areas {
		got, err := json.Marshal(Area{area})
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(geojson.NewGeometry(area.Orb()))
		if err != nil {
			t.Fatal(err)
		}
		if name == "nothing" {
			want = []byte(`{"type":"MultiPolygon","coordinates":[]}`)
		}
		back, err := geojson.UnmarshalGeometry(got)
		if err != nil {
			t.Fatalf("%s: %v in %s", name, err, got)
		}
		if !orb.Equal(back.Geometry(), area.Orb()) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestLinesAreWrittenAsGeoJSON(t *testing.T) {
	line := Line{{X: 1215000000, Y: 311000001}, {X: -1, Y: 0}}
	got, err := json.Marshal(line)
	if want := `{"type":"LineString","coordinates":[[121.5,31.1000001],[-0.0000001,0]]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func BenchmarkAnAreaIsWritten(b *testing.B) {
	var ring geo.Ring
	for i := range int32(1000) {
		ring = append(ring, geo.Point{X: 1215000000 + i*137, Y: 311000000 + i*i})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Area{geo.MultiPolygon{{ring}}}).MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}
