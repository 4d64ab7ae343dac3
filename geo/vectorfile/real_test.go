package vectorfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
)

// realFile reads a file of the folder of real data, which is not part of the
// project.
func realFile(t testing.TB, path string) []byte {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	content, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		t.Skipf("SKIPPED: no real data at %s (set WANGGE_DATA); reading of real files is not tested", filepath.Join(folder, path))
	}
	return content
}

func TestRealFiles(t *testing.T) {
	tests := []struct {
		path     string
		features int
		areas    int
		points   int
		nulls    int
		faults   int
		notes    []string // codes
		crs      string
	}{
		{path: "xihu-grids/grids.dev.geojson", features: 321, areas: 321},
		{path: "xihu-grids/communities.dev.geojson", features: 94, areas: 94, notes: []string{CodeType}, crs: "EPSG:4490"},
		{path: "xihu-grids/towns.geojson", features: 11, areas: 11},
		{path: "taipei/taipei_village.geojson", features: 456, areas: 456, crs: "EPSG:4326"},
		{path: "taipei/taipei_town.geojson", features: 12, areas: 12},
		{path: "taipei/patrol_rain_floodgate.geojson", features: 74, points: 73, nulls: 1, crs: "EPSG:4326"},
		{path: "taipei/socl_welfare_organization_plc.geojson", features: 578, points: 578, crs: "EPSG:4326"},
		{path: "fuzhou-townships/cangshan.geojson", features: 14, areas: 14},
		{path: "fuzhou-townships/gulou.geojson", features: 10, areas: 10},
		{path: "fuzhou-townships/kml-jiangle/水南镇.kml", features: 1, areas: 1},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			f := read(t, realFile(t, tt.path))
			var areas, points, nulls, faults int
			for _, feature := range f.Features {
				switch feature.Geometry.(type) {
				case orb.Polygon, orb.MultiPolygon:
					areas++
				case orb.Point:
					points++
				case nil:
					if feature.Fault != nil {
						faults++
						t.Log(*feature.Fault)
					} else {
						nulls++
					}
				}
			}
			if len(f.Features) != tt.features || areas != tt.areas || points != tt.points || nulls != tt.nulls || faults != tt.faults || f.CRSHint != tt.crs {
				t.Errorf("got %d features, %d areas, %d points, %d nulls, %d faults, crs %q; want %+v", len(f.Features), areas, points, nulls, faults, f.CRSHint, tt)
			}
			report := f.Report()
			if len(report) != len(tt.notes) {
				t.Errorf("got report %v, want %v", report, tt.notes)
			}
			for i, code := range tt.notes {
				if i < len(report) && report[i].Code != code {
					t.Errorf("got report %v, want %v", report, tt.notes)
				}
			}
		})
	}
}

func TestRealAreasOfCangshanAreComplete(t *testing.T) {
	f := read(t, realFile(t, "fuzhou-townships/cangshan.geojson"))
	parts := 0
	for _, feature := range f.Features {
		switch g := feature.Geometry.(type) {
		case orb.Polygon:
			parts++
		case orb.MultiPolygon:
			parts += len(g)
		}
	}
	if parts < 30 {
		t.Errorf("got %d parts of the 14 streets; collections lost some", parts)
	}
}
