package tiles_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/tiles"
)

// BenchmarkPack draws the map of square units of growing size, with their sides in
// kilometres: around the middle of a real country with its buildings and of a real city
// without, and of ground as dense as a Chinese city centre wherever one looks.
func BenchmarkPack(b *testing.B) {
	for _, ground := range []struct {
		name        string
		west, south float64 // of the middle
		lay         func(b *testing.B, w *town)
	}{
		{"liechtenstein", 9.52, 47.16, extract("liechtenstein/liechtenstein.osm.pbf")},
		{"porto-alegre", -51.21, -30.04, extract("porto-alegre/poa.osm.pbf")},
		{"dense", 121.47, 31.23, dense},
	} {
		b.Run(ground.name, func(b *testing.B) {
			w := newTown(b)
			ground.lay(b, w)
			sides := []float64{1, 3, 6, 12, 15, 24, 48}
			for _, side := range sides {
				y := side / 2 / 111.195
				x := y * 1.17 // near enough at these places
				at := func(dx, dy float64) geo.Point { return geo.Snap([2]float64{ground.west + dx, ground.south + dy}) }
				w.boundary(fmt.Sprint("B", side), "town", "", geo.MultiPolygon{{geo.Ring{at(-x, -y), at(x, -y), at(x, y), at(-x, y)}}}, "2026-01-01")
			}
			s, _ := w.serve()
			for _, side := range sides {
				b.Run(fmt.Sprint(side, "km"), func(b *testing.B) {
					var p tiles.Pack
					for b.Loop() {
						s.Forget()
						var err error
						if p, err = s.Pack(b.Context(), tiles.Everything, fmt.Sprint("B", side)); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(p.Bytes)/1e6, "MB")
					b.ReportMetric(float64(p.MaxZoom), "maxzoom")
				})
			}
		})
	}
}

func extract(name string) func(b *testing.B, w *town) {
	return func(b *testing.B, w *town) {
		f, err := os.Open(filepath.Join(os.Getenv("WANGGE_DATA"), name))
		if err != nil {
			b.Skipf("SKIPPED: the real extract is not there (WANGGE_DATA): %v", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := network.Import(b.Context(), w.pool, staff.Local, filepath.Base(name), f, info.Size(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// dense lays 1,100 buildings and 11 km of streets on each of 300 square kilometres.
func dense(_ *testing.B, w *town) {
	w.exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('a', 'a', '© OpenStreetMap', true, 't')`)
	w.exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, geom)
	        SELECT 1, 'building', 'w', x * 1000 + y, 'residential', '', ST_MakeEnvelope(lon, lat, lon + 0.0002, lat + 0.00012, 4326)
	        FROM generate_series(0, 574) x, generate_series(0, 574) y,
	             LATERAL (SELECT 121.38 + x * 0.000315, 31.152 + y * 0.000271) at (lon, lat)`)
	w.exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, geom)
	        SELECT 1, 'street', 'w', 1000000 + x * 1000 + y, 'residential', '第' || x || '街', ST_SetSRID(ST_MakeLine(ST_MakePoint(lon, lat), ST_MakePoint(lon + 0.0019 * (1 - y % 2), lat + 0.0016 * (y % 2))), 4326)
	        FROM generate_series(0, 95) x, generate_series(0, 191) y,
	             LATERAL (SELECT 121.38 + x * 0.0019, 31.152 + y / 2 * 0.0016) at (lon, lat)`)
}
