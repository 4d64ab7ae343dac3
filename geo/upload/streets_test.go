package upload_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/jonas-p/go-shp"
	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/geo/crs"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/geo/town"
	"wangge/geo/upload"
	"wangge/geo/vectorfile"
)

func courseOf(made *town.Town, s town.Street) (line orb.LineString) {
	for _, p := range made.Line(s) {
		line = append(line, p.Degrees())
	}
	return line
}

// streetLayer is the town's streets as planners keep them: lines with a class in
// Chinese or as OpenStreetMap has it, and whether they are bridges.
func streetLayer(made *town.Town) vectorfile.Layer {
	return vectorfile.Layer{
		Name: "streets", Kind: vectorfile.LineStrings,
		Columns: []vectorfile.Column{{Name: "道路等级", Type: vectorfile.Text}, {Name: "名称", Type: vectorfile.Text}, {Name: "是否桥梁", Type: vectorfile.Text}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, s := range made.Streets {
				if !yield(vectorfile.Row{Values: []any{s.Class, s.Name, map[bool]string{true: "是", false: "否"}[s.Bridge]}, Geometry: courseOf(made, s)}, nil) {
					return
				}
			}
		},
	}
}

func streetShapefile(t testing.TB, made *town.Town, system crs.CRS) []byte {
	t.Helper()
	base := filepath.Join(t.TempDir(), "roads")
	w, err := shp.Create(base+".shp", shp.POLYLINE)
	if err != nil {
		t.Fatal(err)
	}
	gbk := simplifiedchinese.GBK.NewEncoder()
	header, err := gbk.String("类型")
	if err == nil {
		err = w.SetFields([]shp.Field{shp.StringField(header, 30), shp.StringField("bridge", 5)})
	}
	if err != nil {
		t.Fatal(err)
	}
	for row, s := range made.Streets {
		var part []shp.Point
		for _, p := range courseOf(made, s) {
			at, err := system.FromWGS84(p)
			if err != nil {
				t.Fatal(err)
			}
			part = append(part, shp.Point{X: at[0], Y: at[1]})
		}
		w.Write(shp.NewPolyLine([][]shp.Point{part}))
		if err := errors.Join(w.WriteAttribute(row, 0, s.Class), w.WriteAttribute(row, 1, map[bool]string{true: "T", false: "F"}[s.Bridge])); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for name, content := range map[string][]byte{"roads.shp": readFile(t, base+".shp"), "roads.shx": readFile(t, base+".shx"), "roads.dbf": readFile(t, base+"dbf"), "roads.cpg": []byte("GBK")} {
		f, err := archive.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func streetKML(made *town.Town) []byte {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>`)
	for _, s := range made.Streets {
		fmt.Fprintf(&out, `<Placemark><ExtendedData><Data name="highway"><value>%s</value></Data><Data name="layer"><value>%d</value></Data></ExtendedData><LineString><coordinates>`,
			s.Class, map[bool]int{true: 1, false: 0}[s.Bridge])
		for _, p := range courseOf(made, s) {
			fmt.Fprintf(&out, "%.7f,%.7f,0 ", p[0], p[1])
		}
		out.WriteString(`</coordinates></LineString></Placemark>`)
	}
	out.WriteString(`</Folder></Document></kml>`)
	return out.Bytes()
}

// The town's streets as lines of every format make the network that their nodes
// make, and stand in place of the streets on the map.
func TestStreetLinesOfEveryFormatMakeTheSameNetwork(t *testing.T) {
	t.Parallel()
	db, made := inForce(t, "town"), smallTown(t)
	_, want, err := network.NewFootpaths(db).Current(t.Context())
	if err != nil || want.Pieces != 1 {
		t.Fatalf("the town's own network: %+v, %v", want, err)
	}
	var geoJSON bytes.Buffer
	if err := vectorfile.WriteGeoJSON(&geoJSON, streetLayer(made)); err != nil {
		t.Fatal(err)
	}
	pack := filepath.Join(t.TempDir(), "streets.gpkg")
	if err := vectorfile.WriteGeoPackage(t.Context(), pack, streetLayer(made)); err != nil {
		t.Fatal(err)
	}
	zone := crs.CRS("EPSG:4549")
	for _, tt := range []struct {
		file    string
		system  crs.CRS
		content []byte
	}{
		{"streets.geojson", crs.WGS84, geoJSON.Bytes()},
		{"streets.gpkg", crs.WGS84, readFile(t, pack)},
		{"streets.kml", crs.WGS84, streetKML(made)},
		{"streets.zip", zone, streetShapefile(t, made, zone)},
	} {
		t.Run(tt.file, func(t *testing.T) {
			file := onDisk(t, tt.file, tt.content)
			look, err := upload.Inspect(t.Context(), db, staff.Local, tt.file, "", file)
			if err != nil || look.Suggested.Kind != upload.Streets || look.Suggested.Fields["highway"] == "" {
				t.Errorf("it looks like %+v, %v", look.Suggested, err)
			}
			req := upload.Request{Kind: upload.Streets, FileName: tt.file, CRS: string(tt.system), Confirm: "drawn from the town"}
			req.DryRun = true
			if _, err := upload.Now(t.Context(), db, staff.Local, req, file, quiet); err != nil {
				t.Fatal(err)
			}
			if _, v, err := network.NewFootpaths(db).Current(t.Context()); err != nil || v.FileName == tt.file {
				t.Errorf("a trial changed the map to %q, %v", v.FileName, err)
			}
			req.DryRun = false
			result, err := upload.Now(t.Context(), db, staff.Local, req, file, quiet)
			if err != nil {
				t.Fatal(err)
			}
			report, ok := result.Report.(network.LineReport)
			if !ok || report.Lines != len(made.Streets) || len(report.Unknown) > 0 {
				t.Errorf("report %+v; want %d lines", result.Report, len(made.Streets))
			}
			_, got, err := network.NewFootpaths(db).Current(t.Context())
			if err != nil || got.FileName != tt.file || got.Pieces != 1 {
				t.Fatalf("%+v, %v; want one piece", got, err)
			}
			if math.Abs(got.Km-want.Km) > want.Km/1000 || math.Abs(float64(got.Edges-want.Edges)) > 0.01*float64(want.Edges) {
				t.Errorf("%d edges, %.3f km; want %d and %.3f", got.Edges, got.Km, want.Edges, want.Km)
			}
		})
	}
}

func TestAFileOfAreasIsNoStreets(t *testing.T) {
	t.Parallel()
	db, made := inForce(t, "town"), smallTown(t)
	_, err := upload.Now(t.Context(), db, staff.Local, upload.Request{Kind: upload.Streets, FileName: "villages.geojson", CRS: string(crs.WGS84)},
		onDisk(t, "villages.geojson", geoJSONOf(t, unitsOf(made, "village"))), quiet)
	if !errors.Is(err, network.ErrNoLines) {
		t.Errorf("%v, want %v", err, network.ErrNoLines)
	}
}
