package vectorfile

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// manyAreas are n round areas of 64 positions each.
func manyAreas(n int) Layer {
	return Layer{Name: "grid", Kind: MultiPolygons, Columns: []Column{{"code", Text}, {"name", Text}, {"households", Integer}},
		Rows: func(yield func(Row, error) bool) {
			for i := range n {
				ring := make(orb.Ring, 65)
				for k := range ring {
					sin, cos := math.Sincos(float64(k%64) * math.Pi / 32)
					ring[k] = orb.Point{120 + float64(i%100)/50 + cos/100, 30 + float64(i/100)/50 + sin/100}
				}
				if !yield(Row{fmt.Sprint(i), []any{fmt.Sprintf("33010600500%04d", i), "康桥镇网格", i}, orb.MultiPolygon{{ring}}}, nil) {
					return
				}
			}
		}}
}

func BenchmarkRead(b *testing.B) {
	const n = 2000
	var text bytes.Buffer
	if err := WriteGeoJSON(&text, manyAreas(n)); err != nil {
		b.Fatal(err)
	}
	f, err := Read(context.Background(), "", bytes.NewReader(text.Bytes()), int64(text.Len()), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var kml bytes.Buffer
	kml.WriteString(kmlHead)
	var records [][]byte
	var rows [][]string
	for _, feature := range f.Features {
		ring := feature.Geometry.(orb.MultiPolygon)[0][0]
		records = append(records, partsRecord(shpPolygon, reversed(ring)))
		rows = append(rows, []string{feature.Properties["code"], feature.Properties["name"], feature.Properties["households"]})
		fmt.Fprintf(&kml, "<Placemark><name>%s</name><Polygon><outerBoundaryIs><LinearRing><coordinates>", feature.Properties["code"])
		for _, p := range ring {
			fmt.Fprintf(&kml, "%.7f,%.7f,0 ", p[0], p[1])
		}
		kml.WriteString("</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>")
	}
	kml.WriteString(kmlFoot)
	files := []struct {
		name    string
		content []byte
	}{
		{"GeoJSON", text.Bytes()},
		{"KML", kml.Bytes()},
		{"Shapefile", packed(b, "a.shp", shpOf(records...), "a.dbf", dbfOf(0, []string{"code:C:20", "name:C:30", "n:N:8"}, rows...), "a.cpg", "UTF-8")},
		{"GeoPackage", packageOf(b, manyAreas(n))},
	}
	for _, file := range files {
		b.Run(file.name, func(b *testing.B) {
			b.SetBytes(int64(len(file.content)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := Read(context.Background(), "", bytes.NewReader(file.content), int64(len(file.content)), Limits{})
				if err != nil || len(f.Features) != n {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*65)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpos/s")
		})
	}
}

func BenchmarkWriteGeoJSON(b *testing.B) {
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := WriteGeoJSON(&out, manyAreas(2000)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}
