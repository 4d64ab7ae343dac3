package hotspot_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/hotspot"
)

// board is a hexagon of cells of resolution 9, k steps wide, ascending.
func board(k int) []cell.Cell {
	return cell.At(geo.Point{X: 1_215_600_000, Y: 311_300_000}).Parent(9).Around(k)
}

func close(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

// Seven cells of which the middle one has seven incidents. Worked out on paper:
// mean 1, s² = 49/7 − 1 = 6. A corner has 4 in its neighbourhood, the middle all 7:
// of the corners Gi* = (7 − 4) / √(6·4·3/6) = 3/√12.
func TestScoresOfAHandWorkedMap(t *testing.T) {
	cells := board(1)
	near := hotspot.Rings(cells, 1)
	middle := cell.At(geo.Point{X: 1_215_600_000, Y: 311_300_000}).Parent(9)
	x := make([]float64, len(cells))
	at := slices.Index(cells, middle)
	x[at] = 7
	for i, z := range hotspot.Scores(x, near) {
		if i == at {
			if !math.IsNaN(z) {
				t.Errorf("everything is the middle's neighbour, and yet its score is %v", z)
			}
			continue
		}
		if len(near.Of(i)) != 4 || !close(z, 3/math.Sqrt(12)) {
			t.Errorf("corner %d with %d neighbours scores %v, want 0.866…", i, len(near.Of(i)), z)
		}
	}
}

func TestAMapWithoutDifferencesHasNoScores(t *testing.T) {
	near := hotspot.Rings(board(4), 1)
	x := make([]float64, near.Len())
	for i := range x {
		x[i] = 5
	}
	a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Draws: 99})
	if err != nil || !a.Enough {
		t.Fatalf("%+v, %v", a, err)
	}
	for i, p := range a.Places {
		if !math.IsNaN(p.Z) || p.P != 1 || p.Class != hotspot.None {
			t.Fatalf("place %d = %+v", i, p)
		}
	}
}

// The formula once more, the long way round: a full matrix of weights, and the sums
// as they stand in the article.
func TestScoresEqualTheFormulaWithAFullMatrix(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, steps := range []int{1, 2} {
		cells := board(6)
		x := make([]float64, len(cells))
		for i := range x {
			x[i] = math.Floor(random.ExpFloat64() * 4)
		}
		got := hotspot.Scores(x, hotspot.Rings(cells, steps))
		n := float64(len(x))
		var mean, second float64
		for _, v := range x {
			mean += v / n
			second += v * v / n
		}
		for i, c := range cells {
			var wx, w1, w2 float64
			disk := c.Around(steps)
			for j, d := range cells {
				w := 0.0
				if slices.Contains(disk, d) {
					w = 1
				}
				wx, w1, w2 = wx+w*x[j], w1+w, w2+w*w
			}
			want := (wx - mean*w1) / (math.Sqrt(second-mean*mean) * math.Sqrt((n*w2-w1*w1)/(n-1)))
			if !close(got[i], want) {
				t.Fatalf("k %d, place %d: %v, want %v", steps, i, got[i], want)
			}
		}
	}
}

// What R says: 2*pnorm(-abs(z)).
func TestTails(t *testing.T) {
	for z, want := range map[float64]float64{0: 1, 1.959963984540054: 0.05, -1.959963984540054: 0.05, 2.5758293035489004: 0.01, 5: 5.733031437583867e-07} {
		if got := hotspot.Tail(z); math.Abs(got-want) > 1e-12 {
			t.Errorf("tail of %v = %v, want %v", z, got, want)
		}
	}
	if hotspot.Tail(math.NaN()) != 1 {
		t.Error("no score is a discovery")
	}
}

// The 15 p values of Benjamini and Hochberg's own example (1995, section 3.2): at
// 5 % the first four are discoveries, where Bonferroni finds three.
func TestAdjustOnTheExampleOfTheArticle(t *testing.T) {
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000}
	// p.adjust(p, "BH") in R.
	want := []float64{0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645, 0.0765, 0.486,
		0.5811818181818182, 0.714875, 0.7532307692307692, 0.8132142857142857, 1}
	shuffled := rand.New(rand.NewPCG(3, 4)).Perm(len(p))
	mixed := make([]float64, len(p))
	for to, from := range shuffled {
		mixed[to] = p[from]
	}
	got := hotspot.Adjust(mixed)
	for to, from := range shuffled {
		if !close(got[to], want[from]) {
			t.Errorf("q of %v = %v, want %v", p[from], got[to], want[from])
		}
	}
	if len(hotspot.Adjust(nil)) != 0 {
		t.Error("nothing has q values")
	}
}

func poisson(random *rand.Rand, mean float64) float64 {
	limit, product := math.Exp(-mean), random.Float64()
	n := 0.0
	for ; product > limit; n++ {
		product *= random.Float64()
	}
	return n
}

func spots(a hotspot.Answer, classes ...hotspot.Class) (list []int) {
	for i, p := range a.Places {
		if slices.Contains(classes, p.Class) {
			list = append(list, i)
		}
	}
	return list
}

// On maps where nothing is going on every discovery is false: at most 5 % of the
// maps may have any at q = 0.05, but for the luck of 1,000 maps (three standard
// errors are 2.1 %). Counts are rare, so that the normal curve fails on the same
// maps: that is why draws are the usual.
func TestMapsOfNothingHaveNoMoreSpotsThanPromised(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 maps take some seconds")
	}
	const maps = 1000
	near := hotspot.Rings(board(7), 1)
	random := rand.New(rand.NewPCG(5, 6))
	var at05, at01, byCurve int
	for m := range maps {
		x := make([]float64, near.Len())
		for i := range x {
			x[i] = poisson(random, 0.6)
		}
		a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Draws: 9_999, Seed: uint64(m)})
		if err != nil {
			t.Fatal(err)
		}
		if len(spots(a, hotspot.Hot01, hotspot.Hot05, hotspot.Cold05, hotspot.Cold01)) > 0 {
			at05++
		}
		if len(spots(a, hotspot.Hot01, hotspot.Cold01)) > 0 {
			at01++
		}
		curve, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Null: hotspot.Normal})
		if err != nil {
			t.Fatal(err)
		}
		if len(spots(curve, hotspot.Hot01, hotspot.Cold01)) > 0 {
			byCurve++
		}
	}
	t.Logf("of %d maps of nothing: %d with a spot at 5 %%, %d at 1 %%; by the normal curve %d at 1 %%", maps, at05, at01, byCurve)
	if at05 > 71 || at01 > 20 {
		t.Errorf("%d and %d of %d maps of nothing have spots, more than promised", at05, at01, maps)
	}
	if byCurve <= 20 {
		t.Errorf("the normal curve keeps its promise on rare counts (%d maps): the comment of Tail is wrong", byCurve)
	}
}

// planted is a quiet board with a crowd around its middle and an empty corner.
func planted(random *rand.Rand) (cells []cell.Cell, x []float64, crowd []int) {
	cells = board(9)
	middle := cell.At(geo.Point{X: 1_215_600_000, Y: 311_300_000}).Parent(9).Around(1)
	x = make([]float64, len(cells))
	for i, c := range cells {
		x[i] = poisson(random, 3)
		if slices.Contains(middle, c) {
			x[i] += 12
			crowd = append(crowd, i)
		}
	}
	return cells, x, crowd
}

func TestACrowdIsFoundByEveryMethodAndLittleElse(t *testing.T) {
	cells, x, crowd := planted(rand.New(rand.NewPCG(7, 8)))
	near := hotspot.Rings(cells, 1)
	for _, null := range []hotspot.Null{hotspot.Normal, hotspot.Drawn, hotspot.Conditional} {
		a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Null: null, Draws: 49_999, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		hot := spots(a, hotspot.Hot01, hotspot.Hot05)
		found := 0
		for _, i := range crowd {
			if slices.Contains(hot, i) {
				found++
			}
		}
		// With its own value kept, a place at the edge has less to be surprised by.
		if want := map[hotspot.Null]int{hotspot.Conditional: 4}[null]; found < want || want == 0 && found < len(crowd) {
			t.Errorf("%s finds %d of the %d places of the crowd", null, found, len(crowd))
		}
		// The ring around the crowd has some of it for neighbours; beyond that, nothing.
		if len(hot) > 19+2 {
			t.Errorf("%s: %d hot places, of which 7 are the crowd and 12 touch it", null, len(hot))
		}
	}
}

func TestColdSpotsAreFoundWhereMostIsFull(t *testing.T) {
	cells := board(9)
	quiet := cells[len(cells)/2].Around(2)
	x := make([]float64, len(cells))
	random := rand.New(rand.NewPCG(9, 10))
	for i, c := range cells {
		if !slices.Contains(quiet, c) {
			x[i] = 20 + poisson(random, 4)
		}
	}
	a, err := hotspot.Find(t.Context(), x, nil, hotspot.Rings(cells, 1), hotspot.Options{Seed: 1, Draws: 99_999})
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.Index(cells, cells[len(cells)/2]); a.Places[i].Class != hotspot.Cold01 || a.Places[i].Z >= 0 {
		t.Errorf("the middle of the quiet quarter is %+v", a.Places[i])
	}
}

func TestTheSameSeedGivesTheSameAnswer(t *testing.T) {
	cells, x, _ := planted(rand.New(rand.NewPCG(11, 12)))
	near := hotspot.Rings(cells, 1)
	for _, null := range []hotspot.Null{hotspot.Drawn, hotspot.Conditional} {
		find := func(seed uint64) hotspot.Answer {
			a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Null: null, Draws: 999, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if !reflect.DeepEqual(find(1), find(1)) {
			t.Errorf("%s: two runs of one seed differ", null)
		}
		if reflect.DeepEqual(find(1), find(2)) {
			t.Errorf("%s: the seed does not matter", null)
		}
	}
}

// Draws must agree with counting every neighbourhood there could be.
func TestDrawsAgreeWithAllNeighbourhoods(t *testing.T) {
	cells := board(2) // 19 cells
	near := hotspot.Rings(cells, 1)
	x := []float64{0, 0, 1, 3, 0, 2, 0, 5, 1, 0, 0, 0, 4, 0, 1, 0, 9, 0, 2}
	a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{Draws: 200_000, Seed: 3, Enough: hotspot.Enough{Count: 1, Cells: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range a.Places {
		observed, size := 0.0, len(near.Of(i))
		for _, j := range near.Of(i) {
			observed += x[j]
		}
		var all, atLeast, atMost float64
		choose(x, size, 0, func(sum float64) {
			all++
			if sum >= observed {
				atLeast++
			}
			if sum <= observed {
				atMost++
			}
		})
		if want := min(1, 2*min(atLeast, atMost)/all); math.Abs(got.P-want) > 0.01 {
			t.Errorf("place %d: p = %.4f, all %v neighbourhoods of %d say %.4f", i, got.P, all, size, want)
		}
	}
}

// choose visits the sum of every choice of size values.
func choose(x []float64, size int, sum float64, visit func(float64)) {
	if size == 0 {
		visit(sum)
		return
	}
	for i := 0; i+size <= len(x); i++ {
		choose(x[i+1:], size-1, sum+x[i], visit)
	}
}

func TestTooLittleIsNotRanked(t *testing.T) {
	near := hotspot.Rings(board(4), 1) // 61 cells
	x := make([]float64, near.Len())
	x[0] = 29
	a, err := hotspot.Find(t.Context(), x, nil, near, hotspot.Options{})
	if err != nil || a.Enough || a.Places != nil || a.Count != 29 || a.Cells != 61 {
		t.Errorf("29 incidents: %+v, %v", a, err)
	}
	few := hotspot.Rings(board(2), 1) // 19 cells
	y := make([]float64, few.Len())
	y[0] = 500
	if a, err := hotspot.Find(t.Context(), y, nil, few, hotspot.Options{}); err != nil || a.Enough || a.Places != nil {
		t.Errorf("19 cells: %+v, %v", a, err)
	}
	// Of rates it is the counts behind them that must be enough.
	rates := make([]float64, near.Len())
	for i := range rates {
		rates[i] = 100
	}
	if a, err := hotspot.Find(t.Context(), rates, x, near, hotspot.Options{}); err != nil || a.Enough {
		t.Errorf("rates of 29 incidents: %+v, %v", a, err)
	}
	if a, err := hotspot.Find(t.Context(), nil, nil, hotspot.Rings(nil, 1), hotspot.Options{}); err != nil || a.Enough || a.Cells != 0 {
		t.Errorf("nothing: %+v, %v", a, err)
	}
}

func TestAnAnswerNobodyWaitsForIsNotDrawn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cells, x, _ := planted(rand.New(rand.NewPCG(13, 14)))
	if _, err := hotspot.Find(ctx, x, nil, hotspot.Rings(cells, 1), hotspot.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
