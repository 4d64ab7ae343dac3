package network

import (
	"os"
	"path/filepath"
	"testing"

	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// realFile opens a file of the data folder, or skips aloud.
func realFile(t *testing.T, name string) (*os.File, int64) {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("SKIPPED: the real extract %s is not there (WANGGE_DATA): %v", name, err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, info.Size()
}

func TestRealExtractsBecomeMaps(t *testing.T) {
	for _, tt := range []struct {
		file              string
		streets, building int // at least
	}{
		{"liechtenstein/liechtenstein.osm.pbf", 4600, 8900},
		{"osm-cn/shenzhen-longgang.osm.pbf", 300, 0},
		{"osm-cn/shanghai-renminguangchang.osm.pbf", 300, 0},
		{"osm-cn/beijing-bupt.osm.pbf", 100, 0},
		{"porto-alegre/poa.osm.pbf", 5000, 0},
		{"baltimore/baltimore.osm.pbf", 1000, 0},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, size := realFile(t, tt.file)
			got, err := Import(t.Context(), pgtest.Tx(t), staff.Local, filepath.Base(tt.file), f, size, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(got.Counts, len(got.Problems))
			for _, p := range got.Problems[:min(3, len(got.Problems))] {
				t.Log(p)
			}
			if got.Counts[Street] < tt.streets || got.Counts[Building] < tt.building {
				t.Errorf("streets %d, buildings %d; want at least %d, %d", got.Counts[Street], got.Counts[Building], tt.streets, tt.building)
			}
		})
	}
}

func TestBoundariesOfARealCountry(t *testing.T) {
	f, size := realFile(t, "liechtenstein/liechtenstein.osm.pbf")
	got, err := Boundaries(t.Context(), f, size, []int{5, 6, 7, 8, 9, 10})
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]int{} // by admin level
	for _, b := range got {
		if (b.Fault == nil) != (b.Geometry != nil) {
			t.Errorf("%s has a fault and a geometry, or neither: %+v", b.Place, b.Fault)
		}
		if b.Fault != nil {
			continue
		}
		level := b.Properties["admin_level"]
		whole[level]++
		if level == "8" && b.Properties["parent"] != "r1156141" && b.Properties["parent"] != "r1156142" {
			t.Errorf("%s lies in %q", b.Properties["name"], b.Properties["parent"])
		}
	}
	if whole["6"] != 2 || whole["8"] != 11 {
		t.Errorf("whole boundaries by level %v, want 2 constituencies and 11 municipalities", whole)
	}
}
