package rule

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wangge/geo"
)

// county is 100 × 100 units of 60 vertices with a million homes, 2,500 compounds and
// roads through it.
func county() (*quilt, *Ground) {
	q := newQuilt(100, 100, 1)
	s := q.source(1_000_000, 1000, 1)
	for i := range int32(2500) {
		x, y := i%50*40_000+3000, i/50*40_000+3000
		s.Compounds = append(s.Compounds, Compound{Name: "苑", Area: area(box(x, y, x+14_000, y+14_000))})
	}
	for i := range int32(30) {
		x := i*66_000 + 7000
		s.Barriers = append(s.Barriers, Barrier{Kind: "primary", Name: "路", Line: []geo.Point{{X: lon + x, Y: lat}, {X: lon + x, Y: lat + 2_000_000}}})
	}
	return q, NewGround(s)
}

// everyRule is a set with a rule of every kind.
func everyRule() Set {
	return Set{Rules: []Rule{
		{ID: 1, Kind: Households, Min: f(80), Max: f(120)}, {ID: 2, Kind: People, Max: f(200)}, {ID: 3, Kind: Area, Max: f(0.06)}, {ID: 4, Kind: Compactness, Min: f(0.6)},
		{ID: 5, Kind: Contiguous, Hard: true}, {ID: 6, Kind: Inside, Max: f(50), Hard: true}, {ID: 7, Kind: Compounds, Max: f(5)}, {ID: 8, Kind: Barriers, Max: f(100)},
		{ID: 9, Kind: Staffing, Needs: []Need{{[]string{"leader"}, 1, "长", "leader"}}},
	}}
}

// threadCPU is the time this thread has computed, which a busy machine does not
// change as much as the time on the wall.
func threadCPU(b *testing.B) time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		b.Fatal(err)
	}
	return time.Duration(at.Nano())
}

// BenchmarkLive is one edit: five units of 10,000 are counted and checked again.
func BenchmarkLive(b *testing.B) {
	q, g := county()
	units, set := q.units(), everyRule()
	b.ReportAllocs()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	i, start := 0, threadCPU(b)
	for b.Loop() {
		at := (i*7919)%9800 + 100
		i++
		g.Live(set, units, []int{at, at + 1, at + 100, at + 101, at + 102})
	}
	b.ReportMetric(float64((threadCPU(b)-start).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkLiveOfAll is what opening a draft costs.
func BenchmarkLiveOfAll(b *testing.B) {
	q, g := county()
	units, set := q.units(), everyRule()
	b.ReportAllocs()
	for b.Loop() {
		g.Live(set, units, nil)
	}
}

// BenchmarkCheck is the rules alone, for five units.
func BenchmarkCheck(b *testing.B) {
	q, g := county()
	facts, set := g.Facts(q.units(), []int{1, 2, 3, 4, 5})[:5], everyRule()
	b.ReportAllocs()
	for b.Loop() {
		Check(set, facts)
	}
}
