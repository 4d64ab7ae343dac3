package incident

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
)

func theDay(t testing.TB, text string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func somebody(random *rand.Rand) uint64 {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], random.Uint64())
	binary.BigEndian.PutUint64(id[8:], random.Uint64())
	return keyOf(id)
}

func TestACountIsRoundedToANeighbourAndRightOnAverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const k, tries = 10, 4000
	for n := range 35 {
		sum := 0
		for range tries {
			var p pile
			for range n {
				p.add(somebody(random))
			}
			if exact := p.shown(0); exact == nil || *exact != n {
				t.Fatalf("exact %d is %v", n, exact)
			}
			got := 0
			if shown := p.shown(k); shown != nil {
				got = *shown
			}
			if got%k != 0 || got <= n-k || got >= n+k {
				t.Fatalf("%d is shown as %d", n, got)
			}
			if n%k == 0 && got != n {
				t.Fatalf("%d, a multiple, is shown as %d", n, got)
			}
			sum += got
		}
		// Six standard errors: k/2 at most for one.
		if mean := float64(sum) / tries; math.Abs(mean-float64(n)) > 6*k/2/math.Sqrt(tries) {
			t.Errorf("%d is %.2f on average", n, mean)
		}
	}
	if (pile{}).shown(k) != nil {
		t.Error("none is told from few")
	}
}

func TestTheSameIncidentsAreRoundedAlikeInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	differ := 0
	for range 500 {
		keys := make([]uint64, 3+random.IntN(30))
		var a, b, other pile
		for i := range keys {
			keys[i] = somebody(random)
			a.add(keys[i])
			other.add(somebody(random))
		}
		for _, i := range random.Perm(len(keys)) {
			b.add(keys[i])
		}
		if got, want := a.shown(10), b.shown(10); (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("%v and %v for the same incidents", got, want)
		}
		if got, want := a.shown(10), other.shown(10); (got == nil) != (want == nil) || got != nil && *got != *want {
			differ++
		}
	}
	if differ < 100 {
		t.Errorf("only %d of 500 other sets of the same size are rounded otherwise: chance does not come from the incidents", differ)
	}
}

// An attacker asks everything that may be asked: each of the 3 months and the
// quarter, of each of 4 grids and their village, of each of 3 classes and of all,
// and works out from the bounds of every answer what each grid, month and class can
// have had. Of every such number at least half of k values must remain possible (of
// 1,080,000 in 30,000 towns the narrowest had 6).
func TestNoSumOrDifferenceOfAnswersTellsASmallCount(t *testing.T) {
	const k, grids, months, classes = 10, 4, 3, 3
	random := rand.New(rand.NewPCG(5, 6))
	narrowest, narrow, numbers := 1<<30, 0, 0
	for range 300 {
		// The last index of each dimension is the sum over the others.
		var piles [grids + 1][months + 1][classes + 1]pile
		for g := range grids {
			for m := range months {
				for c := range classes {
					for range int(random.ExpFloat64() * 6) {
						key := somebody(random)
						for _, gg := range []int{g, grids} {
							for _, mm := range []int{m, months} {
								for _, cc := range []int{c, classes} {
									piles[gg][mm][cc].add(key)
								}
							}
						}
					}
				}
			}
		}
		var low, high [grids + 1][months + 1][classes + 1]int
		for g := range piles {
			for m := range piles[g] {
				for c, p := range piles[g][m] {
					shown := 0
					if s := p.shown(k); s != nil {
						shown = *s
					}
					low[g][m][c], high[g][m][c] = max(0, shown-k+1), shown+k-1
				}
			}
		}
		// Bounds are carried along every sum until nothing changes.
		for again := true; again; {
			again = false
			tighten := func(total *[2]*int, parts [][2]*int) {
				sumLow, sumHigh := 0, 0
				for _, p := range parts {
					sumLow, sumHigh = sumLow+*p[0], sumHigh+*p[1]
				}
				if sumLow > *total[0] {
					*total[0], again = sumLow, true
				}
				if sumHigh < *total[1] {
					*total[1], again = sumHigh, true
				}
				for _, p := range parts {
					if v := *total[1] - (sumLow - *p[0]); v < *p[1] {
						sumHigh, *p[1], again = sumHigh-*p[1]+v, v, true
					}
					if v := *total[0] - (sumHigh - *p[1]); v > *p[0] {
						sumLow, *p[0], again = sumLow-*p[0]+v, v, true
					}
				}
			}
			cell := func(g, m, c int) [2]*int { return [2]*int{&low[g][m][c], &high[g][m][c]} }
			for a := range max(grids, months, classes) + 1 {
				for b := range max(grids, months, classes) + 1 {
					if a <= months && b <= classes {
						total, parts := cell(grids, a, b), [][2]*int{}
						for g := range grids {
							parts = append(parts, cell(g, a, b))
						}
						tighten(&total, parts)
					}
					if a <= grids && b <= classes {
						total, parts := cell(a, months, b), [][2]*int{}
						for m := range months {
							parts = append(parts, cell(a, m, b))
						}
						tighten(&total, parts)
					}
					if a <= grids && b <= months {
						total, parts := cell(a, b, classes), [][2]*int{}
						for c := range classes {
							parts = append(parts, cell(a, b, c))
						}
						tighten(&total, parts)
					}
				}
			}
		}
		for g := range grids {
			for m := range months {
				for c := range classes {
					n := piles[g][m][c].n
					if n < low[g][m][c] || n > high[g][m][c] {
						t.Fatalf("the attack is wrong: %d is not in %d…%d", n, low[g][m][c], high[g][m][c])
					}
					values := high[g][m][c] - low[g][m][c] + 1
					numbers++
					narrowest = min(narrowest, values)
					if values < k {
						narrow++
					}
				}
			}
		}
	}
	t.Logf("of %d numbers: the narrowest has %d possible values, %d have fewer than %d", numbers, narrowest, narrow, k)
	if narrowest < k/2 {
		t.Errorf("of a number only %d values remain possible, want %d", narrowest, k/2)
	}
}

func TestSpansOfTheCalendar(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"2026-10-05", "2026-10-12", "week"},
		{"2026-10-06", "2026-10-13", ""},
		{"2026-10-05", "2026-10-19", ""},
		{"2026-02-01", "2026-03-01", "month"},
		{"2026-02-02", "2026-03-02", ""},
		{"2026-07-01", "2026-10-01", "quarter"},
		{"2026-08-01", "2026-11-01", ""},
		{"2026-01-01", "2027-01-01", "year"},
		{"2026-02-01", "2027-02-01", ""},
		{"2026-10-05", "2026-10-05", ""},
	} {
		if got := span(theDay(t, tt.from), theDay(t, tt.to)); got != tt.want {
			t.Errorf("%s to %s is %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
	for _, tt := range []struct{ at, step, want string }{
		{"2026-10-05", Weekly, "2026-10-12"}, {"2026-10-11", Weekly, "2026-10-12"},
		{"2026-01-31", Monthly, "2026-02-01"}, {"2026-12-01", Monthly, "2027-01-01"}, {"2026-12-31", Daily, "2027-01-01"},
	} {
		if got := after(theDay(t, tt.at), tt.step); got != theDay(t, tt.want) {
			t.Errorf("the %s of %s ends before %s, want %s", tt.step, tt.at, got, tt.want)
		}
	}
}

func TestRatesNeedASample(t *testing.T) {
	n := func(v int) *int { return &v }
	for _, tt := range []struct {
		name                  string
		incidents, households *int
	}{
		{"too few incidents", n(29), n(500)},
		{"too few households", n(200), n(29)},
		{"hidden incidents", nil, n(500)},
		{"hidden households", n(200), nil},
		{"no household", n(200), n(0)},
	} {
		if r := rate(tt.incidents, tt.households, Sample, 0); r != nil {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	// Byar's limits of 100 are 81.36 and 121.63; of 30, 20.24 and 42.83 (exact: 20.24, 42.83).
	for _, tt := range []struct {
		incidents int
		low, high float64
	}{{100, 81.36, 121.63}, {30, 20.24, 42.83}} {
		r := rate(n(tt.incidents), n(100), Sample, 0)
		if r == nil || r.Value != float64(tt.incidents) || math.Abs(r.Low-tt.low) > 0.02 || math.Abs(r.High-tt.high) > 0.02 {
			t.Errorf("of %d: %+v, want %v to %v", tt.incidents, r, tt.low, tt.high)
		}
	}
	if exact, rough := rate(n(100), n(1000), Sample, 0), rate(n(100), n(1000), Sample, 10); rough.Low >= exact.Low || rough.High <= exact.High {
		t.Errorf("rounding widens nothing: %+v, %+v", exact, rough)
	}
}

func TestRanksAndMediansNeedASample(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	got := ranks([]*float64{v(3), nil, v(7), v(3), v(1)})
	for i, want := range []int{2, 0, 1, 2, 4} {
		switch {
		case want == 0 && got[i] != nil:
			t.Errorf("what has no rate has rank %d", *got[i])
		case want != 0 && (got[i] == nil || *got[i] != want):
			t.Errorf("rank %d is %v, want %d", i, got[i], want)
		}
	}
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	var s spells
	s.add(at, nil)
	before := at.Add(-time.Hour)
	s.add(at, &before) // closed before it was reported: a mistake of the source
	for i := range 31 {
		closed := at.Add(time.Duration(i) * 6 * time.Hour)
		s.add(at, &closed)
	}
	n, few := 40, 29
	if m := s.median(&n, Sample, 0); m == nil || *m != 3.8 {
		t.Errorf("median %v, want 3.8 days (90 hours)", m)
	}
	if m := s.median(&n, Sample, 10); m == nil || *m != 4 {
		t.Errorf("median %v, want whole days, upwards", m)
	}
	if s.median(&few, Sample, 0) != nil || s.median(nil, Sample, 0) != nil || s[:29].median(&n, Sample, 0) != nil {
		t.Error("a median of too few")
	}
}
