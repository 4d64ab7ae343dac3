package tiles_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/tiles"
)

// BenchmarkPack draws the map of units of growing size over a whole real country
// (Liechtenstein, 9,000 buildings) and a real city (Porto Alegre); each line is a square
// around the middle of the ground, with its side in kilometres.
func BenchmarkPack(b *testing.B) {
	folder := os.Getenv("WANGGE_DATA")
	for _, ground := range []struct {
		file        string
		west, south float64 // of the middle
	}{
		{"liechtenstein/liechtenstein.osm.pbf", 9.52, 47.16},
		{"porto-alegre/poa.osm.pbf", -51.21, -30.04},
	} {
		f, err := os.Open(filepath.Join(folder, ground.file))
		if err != nil {
			b.Skipf("SKIPPED: the real extract %s is not there (WANGGE_DATA): %v", ground.file, err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		w := newTown(b)
		if _, err := network.Import(b.Context(), w.pool, staff.Local, filepath.Base(ground.file), f, info.Size(), nil); err != nil {
			b.Fatal(err)
		}
		for _, kilometres := range []float64{1, 3, 6, 12, 24, 48} {
			half := kilometres / 2 / 111.195
			w.boundary(fmt.Sprint("B", kilometres), "town", "", geo.MultiPolygon{{geo.Ring{
				geo.Snap([2]float64{ground.west - half*1.4, ground.south - half}), geo.Snap([2]float64{ground.west + half*1.4, ground.south - half}),
				geo.Snap([2]float64{ground.west + half*1.4, ground.south + half}), geo.Snap([2]float64{ground.west - half*1.4, ground.south + half}),
			}}}, "2026-01-01")
		}
		s, _ := w.serve()
		for _, kilometres := range []float64{1, 3, 6, 12, 24, 48} {
			began := time.Now()
			s.Forget()
			p, err := s.Pack(b.Context(), tiles.Everything, fmt.Sprint("B", kilometres))
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("%s, %2.0f km: %7.1f ms, %5.2f MB, zooms to %d", ground.file, kilometres, float64(time.Since(began).Microseconds())/1000, float64(p.Bytes)/1e6, p.MaxZoom)
		}
	}
}
