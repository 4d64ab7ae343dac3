package track_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/track"
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

// stroll walks along a network from street to street without turning round, about so
// many metres, and is seen every so often with some noise (deviation in metres).
type stroll struct {
	way   []walk.Stretch
	fixes []track.Fix
}

func wander(n *walk.Network, r *rand.Rand, metres, every, deviation float64) stroll {
	out := map[int32][]int32{}
	for e := range int32(n.Edges()) {
		if n.Piece(e) == 0 && !n.Traits(e).OneWay {
			a, b := n.Ends(e)
			out[a], out[b] = append(out[a], e), append(out[b], e)
		}
	}
	var s stroll
	edge := int32(-1)
	for edge < 0 || n.Piece(edge) != 0 || n.Traits(edge).OneWay || n.Length(edge) < 20_000 {
		edge = int32(r.IntN(n.Edges()))
	}
	at, _ := n.Ends(edge)
	walked := 0.0
	for walked < metres*1000 {
		a, b := n.Ends(edge)
		st := walk.Stretch{Edge: edge, From: 0, To: n.Length(edge)}
		next := b
		if at == b {
			st.From, st.To, next = st.To, st.From, a
		}
		s.way = append(s.way, st)
		walked += float64(n.Length(edge))
		at = next
		choice := out[at]
		if len(choice) == 1 && len(s.way) > 1 {
			break // a dead end
		}
		for tries := 0; ; tries++ {
			e := choice[r.IntN(len(choice))]
			if e != edge || tries > 20 {
				edge = e
				break
			}
		}
	}
	const speed = 1.3 // m/s
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	var gone, due float64
	for _, st := range s.way {
		line := n.Course(st)
		for i := 1; i < len(line); i++ {
			d := walk.Distance(line[i-1], line[i]) / 1000
			for due <= gone+d && d > 0 {
				part := (due - gone) / d
				p := geo.Point{
					X: line[i-1].X + int32(part*float64(line[i].X-line[i-1].X)),
					Y: line[i-1].Y + int32(part*float64(line[i].Y-line[i-1].Y)),
				}
				s.fixes = append(s.fixes, track.Fix{At: start.Add(time.Duration(due / speed * float64(time.Second))), Point: moved(p, r.NormFloat64()*deviation, r.NormFloat64()*deviation), Accuracy: deviation * 1.5})
				due += every * speed
			}
			gone += d
		}
	}
	return s
}

// moved is a place so many metres further east and north.
func moved(p geo.Point, east, north float64) geo.Point {
	const metre = 1e7 / 111_320.0
	return geo.Point{
		X: p.X + int32(east*metre/math.Cos(float64(p.Y)/1e7*math.Pi/180)),
		Y: p.Y + int32(north*metre),
	}
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
				s := wander(n, r, 1500, 5, c.deviation)
				_, _, f := agreement(n, s.way, matched(n, s.fixes))
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
		s := wander(n, r, 1500, 5, 8)
		kept := s.fixes[:0]
		for i, f := range s.fixes {
			if i%100 > 70 { // two and a half minutes without any
				continue
			}
			if r.IntN(25) == 0 {
				f.Point = moved(f.Point, 550, 0)
			}
			kept = append(kept, f)
		}
		_, p, _ := agreement(n, s.way, matched(n, kept))
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
	s := wander(n, rand.New(rand.NewPCG(1, 2)), 10_000, 5, 8)
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	b.ReportAllocs()
	for b.Loop() {
		m.Match(s.fixes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(s.fixes)), "ns/fix")
}
