package locate_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wangge/geo"
	"wangge/geo/locate"
)

// threadCPU is the time this thread has computed, which a busy machine does not
// change as much as the time on the wall.
func threadCPU(b *testing.B) time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		b.Fatal(err)
	}
	return time.Duration(at.Nano())
}

// processCPU is the time that all threads have computed, the collector's too.
func processCPU(b *testing.B) time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &at); err != nil {
		b.Fatal(err)
	}
	return time.Duration(at.Nano())
}

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
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := threadCPU(b)
	for b.Loop() {
		index.FindAll(pts, out)
	}
	b.ReportMetric(float64((threadCPU(b)-start).Nanoseconds())/float64(b.N)/float64(len(pts)), "cpu-ns/point")
	b.ReportMetric(float64(index.Bytes()), "index-bytes")
}

func BenchmarkBuild(b *testing.B) {
	units, _ := county(0)
	b.ReportAllocs()
	start := processCPU(b)
	for b.Loop() {
		locate.Build(units)
	}
	b.ReportMetric(float64((processCPU(b)-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}
