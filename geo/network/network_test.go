package network

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/osm"

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

func TestRailwaysAreBarriers(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags osm.Tags
		want string
	}{
		{"a line", osm.Tags{{Key: "railway", Value: "rail"}}, "rail"},
		{"a spur", osm.Tags{{Key: "railway", Value: "rail"}, {Key: "service", Value: "spur"}}, "rail"},
		{"a metro", osm.Tags{{Key: "railway", Value: "subway"}}, "subway"},
		{"a siding", osm.Tags{{Key: "railway", Value: "rail"}, {Key: "service", Value: "siding"}}, ""},
		{"a tram", osm.Tags{{Key: "railway", Value: "tram"}}, ""},
		{"one that is gone", osm.Tags{{Key: "railway", Value: "abandoned"}}, ""},
		{"one behind a fence that is drawn as the same line", osm.Tags{{Key: "railway", Value: "rail"}, {Key: "barrier", Value: "fence"}}, "fence"},
	} {
		got := ""
		for _, s := range sortsOfWay(tt.tags, false) {
			if s.class == Barrier {
				got += s.kind
			}
		}
		if got != tt.want {
			t.Errorf("%s is %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRealExtractsBecomeMaps(t *testing.T) {
	for _, tt := range []struct {
		file              string
		streets, building int // at least
		railways          int // likewise
	}{
		{"liechtenstein/liechtenstein.osm.pbf", 4600, 8900, 1},
		{"osm-cn/shenzhen-longgang.osm.pbf", 300, 0, 0},
		{"osm-cn/shanghai-renminguangchang.osm.pbf", 300, 0, 0},
		{"osm-cn/beijing-bupt.osm.pbf", 100, 0, 0},
		{"porto-alegre/poa.osm.pbf", 5000, 0, 1},
		{"baltimore/baltimore.osm.pbf", 1000, 0, 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, size := realFile(t, tt.file)
			db := pgtest.Tx(t)
			got, err := Import(t.Context(), db, staff.Local, filepath.Base(tt.file), f, size, nil)
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
			var railways, onBridges int
			err = db.QueryRow(t.Context(), `
				SELECT count(*), count(*) FILTER (WHERE tags->>'bridge' <> 'no')
				FROM map_feature WHERE class = 'barrier' AND kind IN ('rail', 'light_rail', 'subway', 'narrow_gauge')`).Scan(&railways, &onBridges)
			t.Logf("%d railways, %d on bridges", railways, onBridges)
			if err != nil || railways < tt.railways {
				t.Errorf("%d railways, %v; want at least %d", railways, err, tt.railways)
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
