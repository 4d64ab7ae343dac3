package coverage_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo/coverage"
)

const never = coverage.Never

// matrix writes rows of (point, mm) pairs as a Matrix.
func matrix(rows ...[]uint32) coverage.Matrix {
	m := coverage.Matrix{First: []int{0}}
	for _, row := range rows {
		for k := 0; k < len(row); k += 2 {
			m.Source, m.MM = append(m.Source, int32(row[k])), append(m.MM, row[k+1])
		}
		m.First = append(m.First, len(m.MM))
	}
	return m
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestReachOfPlacesCountedByHand(t *testing.T) {
	// Ten households at 100 … 900 mm and one that reaches nothing.
	mm := []uint32{900, 100, 300, 200, 500, 400, 700, 600, 800, never}
	got := coverage.Of(mm, nil, 400)
	// Half of ten are five: the fifth is at 500. Nine tenths are nine: the ninth at 900.
	// A tenth of the nine who reach a point is 0.9 of the farthest.
	want := coverage.Reach{Weight: 10, Covered: 4, Unreachable: 1, P50: 500, P90: 900, Mean: 500, WorstTenth: 900}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if share, ok := got.Share(); !ok || share != 0.4 {
		t.Errorf("share %v, %v", share, ok)
	}

	// By people: 5 at 100, 3 at 200, 2 at 1000. The worst tenth of ten is one of the two;
	// of twenty it is two of them: with 10 more at 50, both.
	got = coverage.Of([]uint32{1000, 100, 200}, []int64{2, 5, 3}, 200)
	want = coverage.Reach{Weight: 10, Covered: 8, P50: 100, P90: 1000, Mean: (2000 + 500 + 600) / 10.0, WorstTenth: 1000}
	if got != want {
		t.Errorf("people: got %+v, want %+v", got, want)
	}
	// Forty people: the worst four are the two at 1000 and two of the three at 200.
	got = coverage.Of([]uint32{1000, 100, 200, 50}, []int64{2, 5, 3, 30}, 200)
	if want := (2*1000 + 2*200) / 4.0; got.WorstTenth != want || got.P50 != 50 || got.P90 != 200 {
		t.Errorf("worst tenth %v, want %v; %+v", got.WorstTenth, want, got)
	}

	// Half of the weight reaches nothing: the median still exists, the ninth tenth does not.
	got = coverage.Of([]uint32{10, never}, nil, 10)
	if got.P50 != 10 || got.P90 != never || got.Mean != 10 || got.Unreachable != 1 {
		t.Errorf("half unreachable: %+v", got)
	}
	got = coverage.Of([]uint32{never, never}, nil, 10)
	if got.P50 != never || got.Mean != 0 || got.Unreachable != 2 || got.Covered != 0 {
		t.Errorf("all unreachable: %+v", got)
	}
	// Never does not count as covered, however large the limit.
	if got = coverage.Of([]uint32{never}, nil, never); got.Covered != 0 {
		t.Errorf("unreachable places are covered: %+v", got)
	}
	if got = coverage.Of(nil, nil, 10); got.Weight != 0 {
		t.Errorf("no places: %+v", got)
	} else if _, ok := got.Share(); ok {
		t.Error("a share of nobody")
	}
}

// slow is Reach by its definitions, one head after the other.
func slow(mm []uint32, weight []int64, limit uint32) coverage.Reach {
	var heads []uint32
	for i, d := range mm {
		for range weight[i] {
			heads = append(heads, d)
		}
	}
	slices.Sort(heads)
	r := coverage.Reach{Weight: int64(len(heads)), P50: never, P90: never}
	reached, sum := 0, 0.0
	for _, d := range heads {
		switch {
		case d == never:
			r.Unreachable++
			continue
		case d <= limit:
			r.Covered++
		}
		reached++
		sum += float64(d)
	}
	if len(heads) > 0 {
		r.P50, r.P90 = heads[(len(heads)+1)/2-1], heads[(9*len(heads)+9)/10-1]
	}
	if reached > 0 {
		r.Mean = sum / float64(reached)
		worst, left := 0.0, float64(reached)/10
		for i := reached - 1; left > 1e-9; i-- {
			part := min(1, left)
			worst += part * float64(heads[i])
			left -= part
		}
		r.WorstTenth = worst / (float64(reached) / 10)
	}
	return r
}

func TestGroupsAgreeWithTheDefinitions(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for range 200 {
		n, groups := r.IntN(200), 1+r.IntN(6)
		mm, weight, group := make([]uint32, n), make([]int64, n), make([]int32, n)
		for i := range n {
			mm[i], weight[i], group[i] = uint32(r.IntN(50)*40_000), int64(r.IntN(6)), int32(r.IntN(groups+1)-1)
			if r.IntN(8) == 0 {
				mm[i] = never
			}
		}
		got := coverage.ByGroup(mm, weight, group, groups, coverage.Order(mm), 1_000_000)
		for g := range groups {
			var mine []uint32
			var heads []int64
			for i := range n {
				if group[i] == int32(g) {
					mine, heads = append(mine, mm[i]), append(heads, weight[i])
				}
			}
			want := slow(mine, heads, 1_000_000)
			if math.Abs(got[g].WorstTenth-want.WorstTenth) > 1e-3 || math.Abs(got[g].Mean-want.Mean) > 1e-3 {
				t.Fatalf("group %d: got %+v, want %+v", g, got[g], want)
			}
			got[g].Mean, got[g].WorstTenth, want.Mean, want.WorstTenth = 0, 0, 0, 0
			if got[g] != want {
				t.Fatalf("group %d: got %+v, want %+v", g, got[g], want)
			}
		}
	}
}

func TestOrderIsStable(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	mm := make([]uint32, 5000)
	for i := range mm {
		mm[i] = r.Uint32() >> r.IntN(32)
	}
	mm[17] = never
	want := make([]int32, len(mm))
	for i := range want {
		want[i] = int32(i)
	}
	slices.SortStableFunc(want, func(a, b int32) int { return cmp.Compare(mm[a], mm[b]) })
	if !slices.Equal(coverage.Order(mm), want) {
		t.Error("the order differs from a stable sort")
	}
	if len(coverage.Order(nil)) != 0 {
		t.Error("an order of nothing")
	}
}

func TestCurve(t *testing.T) {
	got := coverage.Curve([]uint32{0, 10, 11, 20, 21, never}, []int64{1, 2, 4, 8, 16, 32}, []uint32{0, 10, 20})
	if !slices.Equal(got, []int64{1, 3, 15}) {
		t.Errorf("curve %v", got)
	}
	if got = coverage.Curve([]uint32{5}, nil, nil); len(got) != 0 {
		t.Errorf("a curve without limits: %v", got)
	}
}

// Three places and three points: the first has all, the second two, one of which is
// beyond 100 mm, the third none.
func three() coverage.Matrix {
	return matrix([]uint32{1, 20, 0, 50, 2, 90}, []uint32{0, 50, 2, 120}, nil)
}

func TestChoicesAndWhomPointsServe(t *testing.T) {
	m, people := three(), []int64{2, 3, 5}
	if got := coverage.Choices(m, 100); !slices.Equal(got, []int32{3, 1, 0}) {
		t.Errorf("choices %v", got)
	}
	want := []coverage.Served{{Within: 5, Nearest: 3, Alone: 3}, {Within: 2, Nearest: 2}, {Within: 2}}
	if got := coverage.Whom(m, people, 3, 100); !slices.Equal(got, want) {
		t.Errorf("served %+v, want %+v", got, want)
	}
	// Exclusive areas part those within the limit.
	var sum int64
	for _, s := range coverage.Whom(m, people, 3, 120) {
		sum += s.Nearest
	}
	if sum != 5 {
		t.Errorf("exclusive areas have %d people, want 5", sum)
	}
	// Of two at one distance the lower number is nearest: the matrix says so.
	if got := coverage.Whom(matrix([]uint32{0, 7, 1, 7}), nil, 2, 10); got[0].Nearest != 1 || got[1].Nearest != 0 {
		t.Errorf("a tie: %+v", got)
	}
	if got := coverage.Choices(coverage.Matrix{}, 10); len(got) != 0 {
		t.Errorf("choices of no places: %v", got)
	}
}

func TestCatchmentsByHand(t *testing.T) {
	m, people, supply := three(), []int64{2, 3, 5}, []float64{10, 4, 6}
	// Within 100: point 0 reaches 2 + 3 people, point 1 two, point 2 two.
	// R = 10/5, 4/2, 6/2 = 2, 2, 3. A = 2+2+3, 2, 0.
	got := coverage.Catchment(m, people, supply, coverage.Whole(100))
	if !slices.Equal(got, []float64{7, 2, 0}) {
		t.Errorf("2SFCA %v", got)
	}
	// Σ P·A is the supply of all: 2·7 + 3·2 = 20.
	if sum := 2*got[0] + 3*got[1]; sum != 20 {
		t.Errorf("Σ P·A = %v, want 20", sum)
	}

	// Zones to 30, 60, 90 with 1, 0.68, 0.22: place 0 has point 1 in the first, 0 in the
	// second, 2 in the third; place 1 has point 0 in the second.
	decay := coverage.Thirds(90, coverage.Slow)
	r0, r1, r2 := 10/(2*0.68+3*0.68), 4/2.0, 6/(2*0.22)
	want := []float64{r1 + r0*0.68 + r2*0.22, r0 * 0.68, 0}
	got = coverage.Catchment(m, people, supply, decay)
	for i := range want {
		if !near(got[i], want[i]) {
			t.Errorf("E2SFCA of place %d: %v, want %v", i, got[i], want[i])
		}
	}

	// A point that reaches nobody gives nothing and does not divide by nothing.
	got = coverage.Catchment(m, []int64{0, 0, 4}, supply, coverage.Whole(100))
	if !slices.Equal(got, []float64{0, 0, 0}) {
		t.Errorf("2SFCA without people: %v", got)
	}
}

func TestGravityAndCumulativeByHand(t *testing.T) {
	m, supply := three(), []float64{10, 4, 6}
	if got := coverage.Cumulative(m, supply, 100); !slices.Equal(got, []float64{20, 10, 0}) {
		t.Errorf("cumulative %v", got)
	}
	// With 10 mm to the unit and an exponent of 2: 4/2² + 10/5² + 6/9².
	got := coverage.Gravity(m, supply, coverage.Power(10, 2))
	if !near(got[0], 1+0.4+6.0/81) || !near(got[1], 0.4+6.0/144) || got[2] != 0 {
		t.Errorf("gravity %v", got)
	}
	got = coverage.Gravity(m, supply, coverage.Within(100, coverage.Power(10, 2)))
	if !near(got[1], 0.4) {
		t.Errorf("gravity within 100: %v", got)
	}
}

func TestDecay(t *testing.T) {
	thirds := coverage.Thirds(900, coverage.Sharp)
	for mm, want := range map[uint32]float64{0: 1, 300: 1, 301: 0.42, 600: 0.42, 601: 0.09, 900: 0.09, 901: 0, never: 0} {
		if got := thirds(mm); got != want {
			t.Errorf("thirds at %d: %v, want %v", mm, got, want)
		}
	}
	p := coverage.Power(100, 1.5)
	if p(0) != 1 || p(100) != 1 || !near(p(400), 1.0/8) {
		t.Errorf("power %v, %v, %v", p(0), p(100), p(400))
	}
	if coverage.Whole(5)(5) != 1 || coverage.Whole(5)(6) != 0 {
		t.Error("whole")
	}
}

func TestAllocationByHand(t *testing.T) {
	// Points 0 and 1. Four households of 2, 3, 2 and 4; the last reaches nothing.
	m := matrix([]uint32{0, 10, 1, 90}, []uint32{0, 20, 1, 30}, []uint32{0, 20, 1, 200}, nil)
	people := []int64{2, 3, 2, 4}

	// Room for 4 and 10: the first goes to 0; the second (3) does not fit and goes to 1;
	// the third, at the same distance as the second, fits into what is left.
	a := coverage.Allocate(m, people, []int64{4, 10}, 100, false)
	if !slices.Equal(a.Point, []int32{0, 1, 0, -1}) || !slices.Equal(a.MM, []uint32{10, 30, 20, never}) || !slices.Equal(a.Load, []int64{4, 3}) {
		t.Errorf("allocation %+v", a)
	}
	if !slices.Equal(a.Wanted, []int64{7, 0}) || !slices.Equal(a.Sent, []int64{3, 0}) || a.Served != 7 || a.Turned != 0 || a.Unreachable != 4 {
		t.Errorf("sums %+v", a)
	}

	// Without room anywhere else the third is turned away: 1 is beyond its limit.
	a = coverage.Allocate(m, people, []int64{3, 3}, 100, false)
	if !slices.Equal(a.Point, []int32{0, 1, -1, -1}) || a.Turned != 2 || a.Served != 5 {
		t.Errorf("a full point: %+v", a)
	}

	// Parted: two heads of the first, two of the second's three, one left for point 1.
	a = coverage.Allocate(m, people, []int64{4, 10}, 100, true)
	if !slices.Equal(a.Load, []int64{4, 1}) || !slices.Equal(a.Point, []int32{0, 0, -1, -1}) || a.Turned != 2 || !slices.Equal(a.Sent, []int64{3, 0}) {
		t.Errorf("parted: %+v", a)
	}

	// Unlimited: everybody to the nearest.
	a = coverage.Allocate(m, people, []int64{coverage.Unlimited, 0}, 100, false)
	if !slices.Equal(a.Point, []int32{0, 0, 0, -1}) || a.Load[0] != 7 || a.Sent[0] != 0 {
		t.Errorf("unlimited: %+v", a)
	}
	// No room at all.
	a = coverage.Allocate(m, nil, []int64{0, 0}, 100, false)
	if a.Served != 0 || a.Turned != 3 || a.Unreachable != 1 {
		t.Errorf("no room: %+v", a)
	}
}

func TestNobodyIsLostInAnAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 3))
	for range 100 {
		m, people, points := town(r, 1+r.IntN(300), 1+r.IntN(9), 4)
		capacity := make([]int64, points)
		for j := range capacity {
			capacity[j] = int64(r.IntN(200) - 1)
		}
		for _, parted := range []bool{false, true} {
			a := coverage.Allocate(m, people, capacity, 900_000, parted)
			var all, load, wanted, sent int64
			for _, p := range people {
				all += p
			}
			for j := range capacity {
				load, wanted, sent = load+a.Load[j], wanted+a.Wanted[j], sent+a.Sent[j]
				if capacity[j] != coverage.Unlimited && a.Load[j] > capacity[j] {
					t.Fatalf("point %d takes %d of %d", j, a.Load[j], capacity[j])
				}
			}
			if a.Served+a.Turned+a.Unreachable != all || load != a.Served || wanted != all-a.Unreachable || sent > wanted {
				t.Fatalf("people %d: %+v", all, a)
			}
		}
	}
}

// town scatters places and points over a square and joins those within reach:
// choices on average about as many as asked for.
func town(r *rand.Rand, places, points int, choices float64) (coverage.Matrix, []int64, int) {
	m, people := coverage.Matrix{First: []int{0}}, make([]int64, places)
	type label struct {
		mm    uint32
		point int32
	}
	var row []label
	for i := range places {
		people[i] = int64(1 + r.IntN(5))
		row = row[:0]
		for range min(points, int(r.Float64()*2*choices+0.5)) {
			row = append(row, label{uint32(r.IntN(1_000_000)), int32(r.IntN(points))})
		}
		slices.SortFunc(row, func(a, b label) int { return cmp.Or(cmp.Compare(a.mm, b.mm), cmp.Compare(a.point, b.point)) })
		seen := map[int32]bool{}
		for _, l := range row {
			if !seen[l.point] {
				seen[l.point] = true
				m.Source, m.MM = append(m.Source, l.point), append(m.MM, l.mm)
			}
		}
		m.First = append(m.First, len(m.MM))
	}
	return m, people, points
}

// P16 is 16 joined copies of Porto Alegre: 1.4 million buildings, 800 points. Within
// 15 minutes a building there has fewer than three points on average; four are taken.
func p16(b *testing.B) (coverage.Matrix, []int64, []float64) {
	m, people, points := town(rand.New(rand.NewPCG(4, 16)), 1_400_000, 800, 4)
	supply := make([]float64, points)
	for j := range supply {
		supply[j] = float64(10 + j%30)
	}
	b.Logf("%d pairs", len(m.MM))
	return m, people, supply
}

func BenchmarkCatchment(b *testing.B) {
	m, people, supply := p16(b)
	for name, decay := range map[string]coverage.Decay{
		"2SFCA": coverage.Whole(1_000_000), "E2SFCA": coverage.Thirds(1_000_000, coverage.Slow),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				coverage.Catchment(m, people, supply, decay)
			}
		})
	}
}

func BenchmarkAllocate(b *testing.B) {
	m, people, supply := p16(b)
	capacity := make([]int64, len(supply))
	for j := range capacity {
		capacity[j] = 3000
	}
	for b.Loop() {
		coverage.Allocate(m, people, capacity, 1_000_000, false)
	}
}

func BenchmarkByGroup(b *testing.B) {
	m, people, _ := p16(b)
	mm, group := make([]uint32, m.Places()), make([]int32, m.Places())
	for i := range mm {
		mm[i], group[i] = never, int32(i/1000)
		if _, row := m.Row(i); len(row) > 0 {
			mm[i] = row[0]
		}
	}
	b.Run("order", func(b *testing.B) {
		for b.Loop() {
			coverage.Order(mm)
		}
	})
	order := coverage.Order(mm)
	b.Run("1400 units", func(b *testing.B) {
		for b.Loop() {
			coverage.ByGroup(mm, people, group, 1400, order, 600_000)
		}
	})
}
