package track_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"wangge/geo/network"
	"wangge/geo/track"
	"wangge/geo/track/known"
	"wangge/geo/walk"
)

// real is the walking network of a real map, or the test is skipped.
func real(t testing.TB, name string) *walk.Network {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" || testing.Short() {
		t.Skip("needs the real maps in $WANGGE_DATA, and time")
	}
	f, err := os.Open(filepath.Join(folder, name))
	if os.IsNotExist(err) {
		t.Skipf("%s is not in $WANGGE_DATA", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := network.Walking(context.Background(), f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// agreement is how much of what was walked was found, and how much of what was found was
// walked, by length: recall and precision, and their harmonic mean.
func agreement(n *walk.Network, truth, found []walk.Stretch) (recall, precision, f float64) {
	const grain = 1000 // mm
	cover := func(way []walk.Stretch) map[[2]int32]bool {
		seen := map[[2]int32]bool{}
		for _, s := range way {
			for mm := min(s.From, s.To) / grain; mm < max(s.From, s.To)/grain; mm++ {
				seen[[2]int32{s.Edge, int32(mm)}] = true
			}
		}
		return seen
	}
	a, b := cover(truth), cover(found)
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	if both == 0 {
		return 0, 0, 0
	}
	recall, precision = float64(both)/float64(len(a)), float64(both)/float64(len(b))
	return recall, precision, 2 * recall * precision / (recall + precision)
}

// Walks of 1.5 km on real networks, seen every five seconds with more and more noise.
// The agreement is that of length: F is the harmonic mean of recall and precision.
func TestNoisyWalksAreFoundOnTheirStreets(t *testing.T) {
	for _, file := range []string{"liechtenstein/liechtenstein.osm.pbf", "osm-cn/shenzhen-longgang.osm.pbf"} {
		n := real(t, file)
		for _, c := range []struct{ deviation, least float64 }{{5, 0.97}, {10, 0.96}, {20, 0.92}, {30, 0.88}} {
			r := rand.New(rand.NewPCG(7, uint64(c.deviation)))
			const walks = 20
			all := 0.0
			for range walks {
				s := known.Wander(n, r, 1500, 5, c.deviation)
				_, _, f := agreement(n, s.Way, matched(n, s.Fixes))
				all += f / walks
			}
			t.Logf("%s, %2.0f m: F %.3f", file, c.deviation, all)
			if all < c.least {
				t.Errorf("%s: with noise of %.0f m F is %.3f", file, c.deviation, all)
			}
		}
	}
}

func TestOutliersAndGapsDoNotDrawStreetsThatNobodyWalked(t *testing.T) {
	n := real(t, "liechtenstein/liechtenstein.osm.pbf")
	r := rand.New(rand.NewPCG(3, 4))
	var precision float64
	const walks = 20
	for range walks {
		s := known.Wander(n, r, 1500, 5, 8)
		_, p, _ := agreement(n, s.Way, matched(n, known.WithGaps(known.WithOutliers(s.Fixes, r))))
		precision += p / walks
	}
	t.Logf("precision %.3f", precision)
	if precision < 0.95 {
		t.Errorf("precision %.3f", precision)
	}
}

func matched(n *walk.Network, fixes []track.Fix) (way []walk.Stretch) {
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	for _, segment := range track.Segments(fixes, track.Clean(fixes, track.Usual), track.Usual) {
		for _, p := range m.Match(segment) {
			way = append(way, p.Way...)
		}
	}
	return way
}

func BenchmarkMatch(b *testing.B) {
	n := real(b, "liechtenstein/liechtenstein.osm.pbf")
	s := known.Wander(n, rand.New(rand.NewPCG(1, 2)), 10_000, 5, 8)
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	b.ReportAllocs()
	for b.Loop() {
		m.Match(s.Fixes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(s.Fixes)), "ns/fix")
}
