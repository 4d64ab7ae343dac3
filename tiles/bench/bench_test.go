package bench

import (
	"testing"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
	"wangge/geo/topology"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A small run, so that the benchmark does not rot, and the peer draws the same.
func TestASmallRunDrawsWhatThePeerDraws(t *testing.T) {
	rows, err := Run(t.Context(), Scaled(pgtest.Database(t), t.Logf, 0.01))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Logf("%-70s %12.4g %12.4g %8.1f× %s", r.Name, r.Ours, r.Peer, r.Ratio, r.Unit)
		if r.Name == "tiles: all layers, features in the tiles, ours and theirs" && (r.Ours < 0.99*r.Peer || r.Ours > 1.01*r.Peer) {
			t.Errorf("ours have %v features, the peer's %v", r.Ours, r.Peer)
		}
	}
	if len(rows) < 24 {
		t.Errorf("%d rows, want all", len(rows))
	}
}

func TestTheCountyIsExact(t *testing.T) {
	parts := map[string][]topology.Part{}
	areas := map[string]geo.MultiPolygon{}
	for _, u := range newCounty(0, 0).units() {
		parts[u.parent] = append(parts[u.parent], topology.Part{Code: u.code, Parent: u.parent, Area: u.area})
		areas[u.code] = u.area
	}
	for parent, children := range parts {
		if parent == "" {
			continue
		}
		if faults := topology.Check(areas[parent], children); len(faults) > 0 {
			t.Fatalf("%s: %d faults, the first %+v", parent, len(faults), faults[0])
		}
	}
	if got := len(parts[""]); got != 12 {
		t.Errorf("%d towns, want 12", got)
	}
}

// BenchmarkCounty is the full run; use -benchtime 1x.
func BenchmarkCounty(b *testing.B) {
	for b.Loop() {
		rows, err := Run(b.Context(), Scaled(pgtest.Database(b), b.Logf, 1))
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			b.Logf("%-70s %12.4g %12.4g %8.1f× %s", r.Name, r.Ours, r.Peer, r.Ratio, r.Unit)
		}
	}
}

// BenchmarkDraw draws the mixed tiles of a small county, polygons and all layers.
func BenchmarkDraw(b *testing.B) {
	r := &run{Config: Scaled(pgtest.Database(b), b.Logf, 0.5)}
	ground := newCounty(r.Households, r.Incidents)
	if err := ground.store(b.Context(), r.Pool); err != nil {
		b.Fatal(err)
	}
	r.tiles = ground.sessions(400)
	if err := r.load(b.Context()); err != nil {
		b.Fatal(err)
	}
	drawn := make([][]byte, len(r.tiles))
	for name, layers := range map[string][]string{"polygons": polygons, "all": all} {
		b.Run(name, func(b *testing.B) {
			var builder mvt.Builder
			b.ReportAllocs()
			for b.Loop() {
				r.drawAll(&builder, drawn, tiles.Everything, layers)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(r.tiles)), "µs/tile")
		})
	}
}

// BenchmarkFollow reads one new incident into the map of a large county.
func BenchmarkFollow(b *testing.B) {
	r := &run{Config: Scaled(pgtest.Database(b), b.Logf, 1)}
	ground := newCounty(r.Households, r.Incidents)
	if err := ground.store(b.Context(), r.Pool); err != nil {
		b.Fatal(err)
	}
	if err := r.load(b.Context()); err != nil {
		b.Fatal(err)
	}
	places := newCounty(0, 0).dwellings(10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := r.report(b.Context(), places[i%len(places)].at); err != nil {
			b.Fatal(err)
		}
		if err := r.server.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
