package locate_test

import (
	"math/rand/v2"
	"testing"

	"wangge/geo"
	"wangge/geo/locate"
)

// county is the board of the benchmarks: 3,025 seamless grids of 60 vertices,
// about 400 m wide, and a million households among them.
func county(points int) ([]locate.Unit, []geo.Point) {
	board := quilt{origin: geo.Point{X: 1_201_000_000, Y: 302_000_000}, cols: 55, rows: 55, size: 40_000, perSeam: 14, seed: 1}
	units := board.units(50)
	rnd := rand.New(rand.NewPCG(1, 2))
	pts := make([]geo.Point, points)
	for i := range pts {
		pts[i] = geo.Point{X: board.origin.X + rnd.Int32N(55*board.size), Y: board.origin.Y + rnd.Int32N(55*board.size)}
	}
	return units, pts
}

func BenchmarkFindAll(b *testing.B) {
	units, pts := county(1_000_000)
	index := locate.Build(units)
	out := make([]int32, len(pts))
	b.ReportAllocs()
	for b.Loop() {
		index.FindAll(pts, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(pts)), "ns/point")
	b.ReportMetric(float64(index.Bytes()), "index-bytes")
}

func BenchmarkBuild(b *testing.B) {
	units, _ := county(0)
	b.ReportAllocs()
	for b.Loop() {
		locate.Build(units)
	}
}
