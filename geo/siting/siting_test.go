package siting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scatter is homes and candidates on a square, with costs and capacities.
func scatter(rng *rand.Rand, candidates, demand int) *Problem {
	x := make([][2]float64, candidates+demand)
	for i := range x {
		x[i] = [2]float64{rng.Float64() * 100, rng.Float64() * 100}
	}
	p := &Problem{}
	var pairs []Pair
	for i := range demand {
		p.Weights = append(p.Weights, rng.Int64N(9)) // some are nobody
		for j := range candidates {
			if d := math.Hypot(x[j][0]-x[candidates+i][0], x[j][1]-x[candidates+i][1]); d < 60 {
				pairs = append(pairs, Pair{int32(j), int32(i), uint32(d)})
			}
		}
	}
	p = New(candidates, p.Weights, pairs)
	for range candidates {
		p.Costs, p.Capacities = append(p.Costs, rng.Int64N(8)), append(p.Capacities, rng.Int64N(30)-1)
	}
	return p
}

// each calls yield with every allowed choice of sites.
func each(p *Problem, q Question, yield func(open []bool, cost int64)) {
	n := p.Candidates()
	for set := range 1 << n {
		open, cost, fresh, kept := make([]bool, n), int64(0), 0, 0
		for j := range n {
			open[j] = set>>j&1 == 1
		}
		fixed := true
		for _, j := range q.Fixed {
			fixed = fixed && open[j]
		}
		for j := range n {
			switch {
			case slices.Contains(q.Fixed, int32(j)):
			case slices.Contains(q.Movable, int32(j)):
				if open[j] {
					kept++
				}
			case open[j]:
				fresh++
				if p.Costs == nil {
					cost++
				} else {
					cost += p.Costs[j]
				}
			}
		}
		moves := min(q.Moves, len(q.Movable))
		switch {
		case !fixed || kept < len(q.Movable)-moves:
		case q.Model != Full && (q.Sites > 0 || q.Budget == 0 || q.Moves > 0) && fresh > q.Sites+len(q.Movable)-kept:
		case q.Budget > 0 && cost > q.Budget:
		default:
			yield(open, cost)
		}
	}
}

// value of a choice by the definitions, and whether it covers all that can be.
func value(p *Problem, q Question, open []bool, cost int64) (int64, bool) {
	type pair struct {
		d    uint32
		i, j int32
	}
	var pairs []pair
	reached, can := make([]uint32, len(p.Weights)), make([]bool, len(p.Weights))
	for i := range reached {
		reached[i] = math.MaxUint32
	}
	for j := range p.Candidates() {
		for k := p.First[j]; k < p.First[j+1]; k++ {
			if i, d := p.Demand[k], p.Distance[k]; d <= q.Limit {
				can[i] = true
				if open[j] {
					reached[i] = min(reached[i], d)
					pairs = append(pairs, pair{d, i, int32(j)})
				}
			}
		}
	}
	var covered, walk, worst int64
	all := true
	if q.Capacitated {
		slices.SortFunc(pairs, func(a, b pair) int {
			if a.d != b.d {
				return int(a.d) - int(b.d)
			}
			if a.i != b.i {
				return int(a.i - b.i)
			}
			return int(a.j - b.j)
		})
		rest, left := slices.Clone(p.Weights), slices.Clone(p.Capacities)
		for _, w := range rest {
			walk += w * int64(q.Limit)
		}
		for _, x := range pairs {
			part := rest[x.i]
			if left[x.j] >= 0 {
				part = min(part, left[x.j])
				left[x.j] -= part
			}
			rest[x.i] -= part
			covered += part
			walk -= part * int64(q.Limit-x.d)
		}
	} else {
		for i, w := range p.Weights {
			d := min(reached[i], q.Limit)
			walk += w * int64(d)
			if reached[i] != math.MaxUint32 {
				covered += w
			} else if can[i] && w > 0 {
				all = false
			}
			if can[i] && w > 0 {
				worst = max(worst, int64(d))
			}
		}
	}
	switch q.Model {
	case Coverage:
		return covered, true
	case Median:
		return walk, true
	case Center:
		return worst, true
	}
	return cost, all
}

// Every choice of a small problem is tried, and the answer compared with the best.
func TestSmallProblemsAgainstEveryChoice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	missed, asked := 0, 0
	for n := range 100 {
		p := scatter(rng, 9, 25)
		q := Question{Model: Models()[n%4], Limit: uint32(20 + rng.IntN(30)), Seed: uint64(n), Threads: 1 + n%3}
		if rng.IntN(2) == 0 {
			q.Fixed = []int32{int32(rng.IntN(3))}
		}
		if rng.IntN(3) == 0 {
			p.Costs = nil
		}
		if q.Model != Full {
			q.Sites = 1 + rng.IntN(4)
			if rng.IntN(3) == 0 {
				q.Movable, q.Moves = []int32{4, 6}, rng.IntN(3)
			}
		}
		if q.Model == Coverage || q.Model == Median {
			switch rng.IntN(4) {
			case 0:
				q.Budget = 1 + rng.Int64N(12)
			case 1:
				q.Budget, q.Sites = 1+rng.Int64N(12), 0
			}
			q.Capacitated = rng.IntN(3) == 0
		}
		best, found := int64(0), false
		each(p, q, func(open []bool, cost int64) {
			v, ok := value(p, q, open, cost)
			if better := v < best && q.Model != Coverage || v > best && q.Model == Coverage; ok && (!found || better) {
				best, found = v, true
			}
		})
		a, err := Solve(t.Context(), p, q)
		if err != nil || !found {
			t.Fatalf("%d: %+v: %v", n, q, err)
		}
		above := q.Model == Coverage
		if above && a.Bound < best || !above && a.Bound > best {
			t.Errorf("%d: bound %d, but %d exists; %+v", n, a.Bound, best, q)
		}
		open := make([]bool, p.Candidates())
		for _, s := range a.Sites {
			open[s.Candidate] = true
		}
		allowed := false
		each(p, q, func(o []bool, cost int64) {
			if slices.Equal(o, open) {
				v, ok := value(p, q, o, cost)
				allowed = ok && v == a.Value
			}
		})
		if !allowed {
			t.Errorf("%d: the choice %+v is not allowed, or its value is not %d; %+v", n, a.Sites, a.Value, q)
		}
		if above && a.Value > best || !above && a.Value < best {
			t.Errorf("%d: value %d is better than the best, %d; %+v", n, a.Value, best, q)
		}
		asked++
		if a.Value != best {
			missed++
			t.Logf("%d: value %d, best %d, bound %d; %+v", n, a.Value, best, a.Bound, q)
		}
		checkSums(t, p, q, a)
	}
	if missed > asked/50 {
		t.Errorf("%d of %d answers are not the best", missed, asked)
	}
}

// checkSums sees that the parts of an answer agree.
func checkSums(t *testing.T, p *Problem, q Question, a *Answer) {
	t.Helper()
	var load, served int64
	fresh := 0
	for _, s := range a.Sites {
		load += s.Load
		served += s.Served
		if !s.Stands {
			fresh++
		}
		if s.Load > s.Within || s.Gain < 0 && !q.Capacitated {
			t.Errorf("site %+v: more than is within, or a gain below zero", s)
		}
		if c := p.Capacities[s.Candidate]; q.Capacitated && c >= 0 && s.Served > c {
			t.Errorf("site %+v serves more than its capacity %d", s, c)
		}
	}
	if load != a.Covered || len(a.Curve) != fresh+1 {
		t.Errorf("%+v: loads sum to %d, curve of %d for %d new sites", a, load, len(a.Curve), fresh)
	}
	if last := a.Curve[len(a.Curve)-1]; q.Model != Full && last != a.Value {
		t.Errorf("%s: the curve ends at %d, the value is %d", q.Model, last, a.Value)
	}
	if q.Model == Coverage && q.Capacitated && served != a.Value {
		t.Errorf("served %d, value %d", served, a.Value)
	}
	if (a.Gap == 0) != (a.Value == a.Bound) || a.Gap < 0 || a.Gap > 1 {
		t.Errorf("gap %v of %d and %d", a.Gap, a.Value, a.Bound)
	}
}

// CBC, a solver of integer programs, proves the best values of larger problems.
func TestBoundsAndValuesAgainstCBC(t *testing.T) {
	if _, err := exec.LookPath("cbc"); err != nil {
		t.Skip("cbc is not installed (Debian package coinor-cbc); .ci/install test installs it")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 9 {
		p := scatter(rng, 30, 60)
		q := Question{Model: []Model{Coverage, Median, Full}[n%3], Limit: 22, Seed: 7}
		if q.Model != Full {
			q.Sites = 5
			if n > 5 {
				q.Sites, q.Budget = 0, 15
			}
		}
		q.Fixed = []int32{3}
		best := solveByCBC(t, p, q)
		a, err := Solve(t.Context(), p, q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Model == Coverage && a.Bound < best || q.Model != Coverage && a.Bound > best {
			t.Errorf("%s: bound %d, CBC's best is %d", q.Model, a.Bound, best)
		}
		if a.Value != best {
			t.Errorf("%s: value %d, CBC's best is %d", q.Model, a.Value, best)
		}
	}
}

// solveByCBC writes the textbook program of a question as an .lp file and returns
// the proven best value.
func solveByCBC(t *testing.T, p *Problem, q Question) int64 {
	t.Helper()
	var goal, rows, binary strings.Builder
	constant := int64(0)
	near := make([][]Pair, len(p.Weights))
	for j := range p.Candidates() {
		fmt.Fprintf(&binary, " x%d", j)
		for k := p.First[j]; k < p.First[j+1]; k++ {
			if p.Distance[k] <= q.Limit {
				near[p.Demand[k]] = append(near[p.Demand[k]], Pair{int32(j), p.Demand[k], p.Distance[k]})
			}
		}
	}
	for i, w := range p.Weights {
		if w == 0 || len(near[i]) == 0 {
			constant += w * int64(q.Limit)
			continue
		}
		switch q.Model {
		case Coverage:
			fmt.Fprintf(&goal, " - %d z%d", w, i)
			fmt.Fprintf(&rows, " z%d", i)
			for _, x := range near[i] {
				fmt.Fprintf(&rows, " - x%d", x.Candidate)
			}
			fmt.Fprintf(&rows, " <= 0\n")
			fmt.Fprintf(&binary, " z%d", i)
		case Full:
			for _, x := range near[i] {
				fmt.Fprintf(&rows, " + x%d", x.Candidate)
			}
			fmt.Fprintf(&rows, " >= 1\n")
		case Median:
			fmt.Fprintf(&goal, " + %d y%d_n", w*int64(q.Limit), i)
			fmt.Fprintf(&rows, " y%d_n", i)
			var links strings.Builder
			for _, x := range near[i] {
				fmt.Fprintf(&goal, " + %d y%d_%d", w*int64(x.Distance), i, x.Candidate)
				fmt.Fprintf(&rows, " + y%d_%d", i, x.Candidate)
				fmt.Fprintf(&links, " y%d_%d - x%d <= 0\n", i, x.Candidate, x.Candidate)
			}
			fmt.Fprintf(&rows, " = 1\n%s", links.String())
		}
	}
	for _, j := range q.Fixed {
		fmt.Fprintf(&rows, " x%d = 1\n", j)
	}
	fixed := 0
	for j := range p.Candidates() {
		cost := p.Costs[j]
		if slices.Contains(q.Fixed, int32(j)) {
			cost, fixed = 0, fixed+1
		}
		if q.Model == Full {
			fmt.Fprintf(&goal, " + %d x%d", cost, j)
		}
	}
	if q.Sites > 0 {
		for j := range p.Candidates() {
			fmt.Fprintf(&rows, " + x%d", j)
		}
		fmt.Fprintf(&rows, " <= %d\n", q.Sites+fixed)
	}
	if q.Budget > 0 {
		for j := range p.Candidates() {
			if !slices.Contains(q.Fixed, int32(j)) {
				fmt.Fprintf(&rows, " + %d x%d", p.Costs[j], j)
			}
		}
		fmt.Fprintf(&rows, " <= %d\n", q.Budget)
	}
	dir := t.TempDir()
	lp, out := filepath.Join(dir, "a.lp"), filepath.Join(dir, "a.txt")
	text := "Minimize\n obj:" + goal.String() + "\nSubject To\n" + rows.String() + "Binary\n" + binary.String() + "\nEnd\n"
	if err := os.WriteFile(lp, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "cbc", lp, "-sec", "20", "-solve", "-solu", out).CombinedOutput(); err != nil {
		t.Fatalf("cbc: %v\n%s", err, said)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var best float64
	first, _, _ := strings.Cut(string(body), "\n")
	if _, err := fmt.Sscanf(first, "Optimal - objective value %f", &best); err != nil {
		t.Fatalf("cbc says %q", first)
	}
	switch q.Model {
	case Coverage:
		best = -best
	case Median:
		best += float64(constant)
	}
	return int64(math.Round(best))
}

func TestTheSameBytesAtAnyNumberOfThreads(t *testing.T) {
	p := scatter(rand.New(rand.NewPCG(5, 6)), 40, 150)
	for _, q := range []Question{
		{Model: Coverage, Limit: 9, Sites: 12},
		{Model: Median, Limit: 60, Sites: 12},
		{Model: Coverage, Limit: 12, Sites: 6, Capacitated: true},
		{Model: Full, Limit: 15},
		{Model: Center, Limit: 60, Sites: 8},
	} {
		q.Seed = 42
		var first []byte
		for _, threads := range []int{1, 2, 7} {
			q.Threads = threads
			a, err := Solve(t.Context(), p, q)
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = body
				t.Logf("%s: value %d, bound %d", q.Model, a.Value, a.Bound)
			} else if string(first) != string(body) {
				t.Errorf("%s with %d threads:\n%s\nwith 1:\n%s", q.Model, threads, body, first)
			}
		}
	}
}

func TestASearchReportsProgressAndCanBeCancelled(t *testing.T) {
	p := scatter(rand.New(rand.NewPCG(5, 6)), 200, 700)
	last, told := 0.0, 0
	q := Question{Model: Coverage, Limit: 6, Sites: 40, Progress: func(done float64) {
		if done < last || done > 1 {
			t.Errorf("progress %v after %v", done, last)
		}
		last = done
		told++
	}}
	if _, err := Solve(t.Context(), p, q); err != nil || last != 1 || told < 3 {
		t.Errorf("%v; told %d times, last %v", err, told, last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q.Progress = func(float64) { cancel() }
	if _, err := Solve(ctx, p, q); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestQuestionsWithoutSenseAreRefused(t *testing.T) {
	good := scatter(rand.New(rand.NewPCG(5, 6)), 5, 10)
	with := func(change func(p *Problem, q *Question)) error {
		p, q := *good, Question{Model: Coverage, Limit: 30, Sites: 2}
		p.Weights = slices.Clone(p.Weights)
		change(&p, &q)
		_, err := Solve(t.Context(), &p, q)
		return err
	}
	if err := with(func(*Problem, *Question) {}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *Problem, q *Question){
		"no model":            func(_ *Problem, q *Question) { q.Model = "best" },
		"no candidates":       func(p *Problem, _ *Question) { *p = Problem{First: []int{0}} },
		"no sites":            func(_ *Problem, q *Question) { q.Sites = 0 },
		"fewer than none":     func(_ *Problem, q *Question) { q.Sites = -1 },
		"a weight below zero": func(p *Problem, _ *Question) { p.Weights[0] = -1 },
		"fixed twice":         func(_ *Problem, q *Question) { q.Fixed = []int32{1, 1} },
		"fixed and movable":   func(_ *Problem, q *Question) { q.Fixed, q.Movable = []int32{1}, []int32{1} },
		"fixed elsewhere":     func(_ *Problem, q *Question) { q.Fixed = []int32{5} },
		"full with a number":  func(_ *Problem, q *Question) { q.Model = Full },
		"center with budget":  func(_ *Problem, q *Question) { q.Model, q.Budget = Center, 3 },
		"no capacities":       func(p *Problem, q *Question) { q.Capacitated, p.Capacities = true, nil },
		"half the costs":      func(p *Problem, _ *Question) { p.Costs = p.Costs[:2] },
		"demand not there":    func(p *Problem, _ *Question) { p.Weights = p.Weights[:3] },
	} {
		if err := with(change); !errors.Is(err, ErrProblem) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := with(func(p *Problem, q *Question) { p.Weights[0], q.Model = 1<<50, Median }); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// Sites that reach nobody, homes that nobody reaches, everything at one place: none
// of it is in the way.
func TestEdgesOfWhatCanBeAsked(t *testing.T) {
	lonely := New(3, []int64{5, 7}, nil)
	same := New(3, []int64{5, 7}, []Pair{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {0, 1, 9}, {1, 1, 9}, {2, 1, 9}})
	for _, m := range Models() {
		q := Question{Model: m, Limit: 10, Sites: 2}
		if m == Full {
			q.Sites = 0
		}
		for name, p := range map[string]*Problem{"lonely": lonely, "same": same} {
			a, err := Solve(t.Context(), p, q)
			if err != nil {
				t.Fatalf("%s, %s: %v", m, name, err)
			}
			if a.Gap != 0 || a.Total != 12 {
				t.Errorf("%s, %s: %+v", m, name, a)
			}
			want := map[Model]map[string]int64{
				Coverage: {"lonely": 0, "same": 12}, Full: {"lonely": 0, "same": 1},
				Median: {"lonely": 120, "same": 63}, Center: {"lonely": 0, "same": 9},
			}[m][name]
			if a.Value != want {
				t.Errorf("%s, %s: value %d, want %d", m, name, a.Value, want)
			}
		}
	}
}

func TestTheNearestComeFirstAndOverloadShows(t *testing.T) {
	p := New(2, []int64{4, 4, 4}, []Pair{{0, 0, 1}, {0, 1, 2}, {0, 2, 3}, {1, 2, 8}})
	p.Capacities = []int64{6, -1}
	a, err := Solve(t.Context(), p, Question{Model: Coverage, Limit: 10, Fixed: []int32{0}, Sites: 1, Capacitated: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []Site{
		{Candidate: 0, Stands: true, Gain: 6, Within: 12, Load: 12, Served: 6, Overload: 6},
		{Candidate: 1, Gain: 4, Within: 4, Served: 4},
	}
	if !slices.Equal(a.Sites, want) || a.Value != 10 || !slices.Equal(a.Curve, []int64{6, 10}) {
		t.Errorf("sites = %+v, value %d, curve %v", a.Sites, a.Value, a.Curve)
	}
}
