package walk

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"wangge/geo"
)

// board is a town of side × side crossings, with streets of several blocks, bends,
// paths and steps: about 2 side² edges. 467 makes as many as a large prefecture has
// (436,000).
func board(side int) Source {
	random := rand.New(rand.NewPCG(7, 8))
	at := make([]geo.Point, side*side)
	for i := range at {
		at[i] = mapAt(float64(i%side)*80+10*random.Float64(), float64(i/side)*80+10*random.Float64())
	}
	var s Source
	next := int64(len(at)) // numbers of corners between crossings
	kinds := []string{"residential", "footway", "service", "tertiary", "steps"}
	draw := func(from, step int) {
		street := Street{ID: int64(len(s.Streets) + 1), Kind: kinds[random.IntN(len(kinds))]}
		for k := range 6 {
			v := from + k*step
			street.Nodes, street.Line = append(street.Nodes, int64(v)), append(street.Line, at[v])
			if k == 5 {
				break
			}
			for _, part := range []float64{0.3, 0.6} {
				p := partway(at[v], at[v+step], part)
				p.X += random.Int32N(200) - 100
				street.Nodes, street.Line = append(street.Nodes, next), append(street.Line, p)
				next++
			}
		}
		s.Streets = append(s.Streets, street)
	}
	for i := range side {
		for k := 0; k+5 < side; k += 5 {
			draw(i*side+k, 1)
			draw(k*side+i, side)
		}
	}
	return s
}

// heapOf is how many bytes what make returns holds.
func heapOf(make func() *Network) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := make()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(n)
	return after.HeapAlloc - before.HeapAlloc
}

func BenchmarkBuild(b *testing.B) {
	s := board(467)
	b.ReportAllocs()
	var n *Network
	for b.Loop() {
		var err error
		if n, _, err = Build(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n.Edges()), "edges")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n.Edges()), "ns/edge")
}

func BenchmarkDecode(b *testing.B) {
	n, _, err := Build(b.Context(), board(467))
	if err != nil {
		b.Fatal(err)
	}
	stored, edges := encoded(b, n), float64(n.Edges())
	n = nil
	size := heapOf(func() *Network {
		n, err := Decode(bytes.NewReader(stored))
		if err != nil {
			b.Fatal(err)
		}
		return n
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(bytes.NewReader(stored)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(edges, "edges")
	b.ReportMetric(float64(size)/edges, "B/edge")
	b.ReportMetric(float64(len(stored))/edges, "stored-B/edge")
}

// The same source gives the same bytes, however many may run at once.
func TestTheSameBytesAtAnyNumberOfThreads(t *testing.T) {
	s := board(30)
	var want []byte
	for _, threads := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(threads)
		n, _, err := Build(t.Context(), s)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got := encoded(t, n)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("other bytes with %d threads", threads)
		}
	}
}
