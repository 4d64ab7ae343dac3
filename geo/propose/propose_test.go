package propose_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"wangge/geo/propose"
	"wangge/geo/propose/board"
)

func solve(t testing.TB, land *propose.Land, q propose.Question) *propose.Answer {
	t.Helper()
	a, err := propose.Solve(context.Background(), land, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// kept fails unless a division keeps the rules.
func kept(t testing.TB, land *propose.Land, q propose.Question, p propose.Proposal) {
	t.Helper()
	for _, b := range propose.Check(land, q, p.Unit) {
		t.Errorf("%s: unit %d with %d households, %d off, atoms %v", b.Rule, b.Unit, b.Households, b.Off, b.Atoms)
	}
	if p.Broken != nil {
		t.Errorf("the proposal itself says that it breaks %d rules", len(p.Broken))
	}
}

func TestTownsAreDividedWithinTheRules(t *testing.T) {
	tests := []struct {
		name string
		town board.Town
		q    propose.Question
	}{
		{"30 to 50 households", board.Town{Width: 40, Height: 30, Households: 4}, propose.Question{Min: 30, Max: 50}},
		{"a river between", board.Town{Width: 40, Height: 30, Households: 4, River: true}, propose.Question{Min: 30, Max: 50}},
		{"main roads are barriers", board.Town{Width: 70, Height: 40, Households: 4, River: true, Barriers: true}, propose.Question{Min: 30, Max: 50}},
		{"twelve units, nearly equal", board.Town{Width: 40, Height: 30, Households: 4}, propose.Question{Units: 12, Min: 355, Max: 420}},
		{"large ones, of 1,500", board.Town{Width: 60, Height: 50, Households: 6}, propose.Question{Min: 1200, Max: 1800}},
		{"in groups", board.Town{Width: 100, Height: 80, Households: 4, River: true}, propose.Question{Min: 30, Max: 50}},
		{"a number alone", board.Town{Width: 30, Height: 30, Households: 3}, propose.Question{Units: 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(2) {
				tt.town.Seed, tt.q.Seed, tt.q.Threads = seed, seed, 2
				land := tt.town.Land()
				a := solve(t, land, tt.q)
				if a.Proofs != nil || a.Unfinished || len(a.Alternatives) != 1 {
					t.Fatalf("%d alternatives, proofs %+v", len(a.Alternatives), a.Proofs)
				}
				p := a.Alternatives[0]
				kept(t, land, tt.q, p)
				if tt.q.Units > 0 && p.Score.Units != tt.q.Units {
					t.Errorf("%d units, want %d", p.Score.Units, tt.q.Units)
				}
				if p.Score.Compactness < 0.5 || p.Score.Along < 0.5 {
					t.Errorf("compactness %.2f, along lines %.2f", p.Score.Compactness, p.Score.Along)
				}
				t.Logf("%d units, spread %.1f, deviation %.2f, compactness %.2f, along %.2f", p.Score.Units, p.Score.Spread, p.Score.MaxDeviation, p.Score.Compactness, p.Score.Along)
			}
		})
	}
}

func TestAlternativesDifferAndStandInOrder(t *testing.T) {
	land := board.Town{Seed: 3, Width: 25, Height: 20, Households: 4}.Land()
	a := solve(t, land, propose.Question{Min: 30, Max: 50, Seed: 3, Alternatives: 4})
	if len(a.Alternatives) != 4 {
		t.Fatalf("%d alternatives, want 4", len(a.Alternatives))
	}
	for i, p := range a.Alternatives {
		kept(t, land, propose.Question{Min: 30, Max: 50}, p)
		for _, other := range a.Alternatives[:i] {
			if slices.Equal(p.Unit, other.Unit) {
				t.Error("the same division twice")
			}
		}
	}
}

func TestAnswersDependOnTheQuestionAlone(t *testing.T) {
	town := board.Town{Seed: 4, Width: 70, Height: 60, Households: 4, River: true}
	q := propose.Question{Min: 30, Max: 50, Seed: 8, Alternatives: 2}
	ask := func(threads, processors int, seed uint64) *propose.Answer {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		q.Threads, q.Seed = threads, seed
		return solve(t, town.Land(), q)
	}
	first := ask(1, 1, 8)
	if !reflect.DeepEqual(first, ask(4, 4, 8)) {
		t.Error("four threads answer otherwise than one")
	}
	if reflect.DeepEqual(first, ask(2, 2, 9)) {
		t.Error("another seed gives the same answer")
	}
}

// grown is a town, its division, and the same town with a new compound.
func grown(t *testing.T, seed uint64) (land *propose.Land, present []int32, q propose.Question) {
	land = board.Town{Seed: seed, Width: 30, Height: 24, Households: 4}.Land()
	q = propose.Question{Min: 30, Max: 50, Seed: seed}
	present = solve(t, land, q).Alternatives[0].Unit
	for _, a := range []int{370, 371, 400, 401} {
		land.Atoms[a].Households += 9
	}
	return land, present, q
}

func TestRebalancingMovesFewHouseholds(t *testing.T) {
	for seed := range uint64(4) {
		land, present, q := grown(t, seed)
		before := propose.Check(land, q, present)
		if before == nil {
			t.Fatal("the new compound breaks no rule")
		}
		q.Present = present
		p := solve(t, land, q).Alternatives[0]
		kept(t, land, q, p)
		all := 0
		for _, a := range land.Atoms {
			all += a.Households
		}
		t.Logf("seed %d: %d of %d households move to mend %d units", seed, p.Score.Moved, all, len(before))
		if p.Score.Moved == 0 || int(p.Score.Moved)*12 > all {
			t.Errorf("seed %d: %d of %d households move", seed, p.Score.Moved, all)
		}
	}
}

func TestWhatKeepsTheRulesHardlyMoves(t *testing.T) {
	land := board.Town{Seed: 2, Width: 30, Height: 24, Households: 4}.Land()
	q := propose.Question{Min: 30, Max: 50, Seed: 2}
	q.Present = solve(t, land, q).Alternatives[0].Unit
	p := solve(t, land, q).Alternatives[0]
	kept(t, land, q, p)
	if p.Score.Moved > 60 {
		t.Errorf("%d households move for nothing", p.Score.Moved)
	}
}

func TestLockedUnitsStay(t *testing.T) {
	land, present, q := grown(t, 1)
	q.Present = present
	units := slices.Clone(present)
	slices.Sort(units)
	units = slices.Compact(units)
	broken := propose.Check(land, q, present)[0].Unit
	for _, u := range units[:len(units)/3] {
		if u != broken {
			q.Locked = append(q.Locked, u)
		}
	}
	a := solve(t, land, q)
	for _, p := range a.Alternatives {
		for atom, u := range p.Unit {
			if slices.Contains(q.Locked, present[atom]) != slices.Contains(q.Locked, u) || slices.Contains(q.Locked, u) && u != present[atom] {
				t.Errorf("atom %d of unit %d went to %d", atom, present[atom], u)
			}
		}
		if a.Proofs == nil {
			kept(t, land, q, p)
		}
	}
}

func TestRebalancingMendsUnitsInParts(t *testing.T) {
	land := board.Town{Seed: 2, Width: 20, Height: 10, Households: 4}.Land()
	q := propose.Question{Min: 30, Max: 60, Seed: 2}
	present := slices.Clone(solve(t, land, q).Alternatives[0].Unit)
	far := present[199]
	if present[0] == far {
		t.Fatal("one unit from corner to corner")
	}
	present[0] = far // an exclave
	present[105] = propose.Nobody
	q.Present = present
	p := solve(t, land, q).Alternatives[0]
	kept(t, land, q, p)
}

func TestRebalancingToAnotherNumber(t *testing.T) {
	land := board.Town{Seed: 5, Width: 20, Height: 20, Households: 4}.Land()
	q := propose.Question{Units: 8, Seed: 5}
	q.Present = solve(t, land, q).Alternatives[0].Unit
	for _, units := range []int{5, 8, 11} {
		q.Units = units
		p := solve(t, land, q).Alternatives[0]
		kept(t, land, q, p)
		if p.Score.Units != units {
			t.Errorf("%d units, want %d", p.Score.Units, units)
		}
		kept := 0
		for a, u := range p.Unit {
			if u == q.Present[a] {
				kept++
			}
		}
		if 2*kept < len(p.Unit) {
			t.Errorf("%d units: only %d of %d atoms keep their unit", units, kept, len(p.Unit))
		}
	}
}

// Where a quarter of the town grew out of its bounds units are split, where another
// one shrank they are dissolved.
func TestQuartersThatChangedAreRebalanced(t *testing.T) {
	land := board.Town{Seed: 6, Width: 60, Height: 50, Households: 4}.Land()
	q := propose.Question{Min: 30, Max: 50, Seed: 6, Threads: 2}
	q.Present = solve(t, land, q).Alternatives[0].Unit
	for i := range land.Atoms {
		switch x, y := i%60, i/60; {
		case x < 15 && y < 15:
			land.Atoms[i].Households *= 2
		case x > 45 && y > 35:
			land.Atoms[i].Households /= 2
		}
	}
	p := solve(t, land, q).Alternatives[0]
	kept(t, land, q, p)
	all, same := len(land.Atoms), 0
	for i, u := range p.Unit {
		if u == q.Present[i] {
			same++
		}
	}
	t.Logf("%+v: %d of %d atoms stay", p.Score, same, all)
	if 4*same < 3*all {
		t.Errorf("%d of %d atoms stay", same, all)
	}
}

// row is atoms in a line with borders between.
func row(households ...int) *propose.Land {
	land := &propose.Land{}
	for i, h := range households {
		land.Atoms = append(land.Atoms, propose.Atom{Households: h, Area: 100, Rim: 20})
		if i > 0 {
			land.Borders = append(land.Borders, propose.Border{A: int32(i - 1), B: int32(i), Length: 10, Cost: 10})
		}
	}
	return land
}

func TestProofs(t *testing.T) {
	cut := row(20, 20, 20, 9, 20)
	cut.Borders[2].Barrier, cut.Borders[3].Barrier = true, true
	long := make([]int, 40)
	for i := range long {
		long[i] = 10
	}
	long[20] = 2000
	steep := slices.Repeat([]int{20}, 30)
	steep[0], steep[1] = 5, 48
	tests := []struct {
		name string
		land *propose.Land
		q    propose.Question
		want []propose.Proof
	}{
		{"nothing to prove", row(20, 20, 20), propose.Question{Min: 20, Max: 40}, nil},
		{"too few for the number", row(20, 20, 20), propose.Question{Units: 3, Min: 25, Max: 60},
			[]propose.Proof{{Reason: propose.Counts, Households: 60, Least: 1, Most: 1}}},
		{"too many for the number", row(20, 20, 20), propose.Question{Units: 1, Max: 50},
			[]propose.Proof{{Reason: propose.Counts, Households: 60, Least: 2, Most: 3}}},
		{"no number fits", row(20, 20, 21), propose.Question{Min: 40, Max: 60},
			[]propose.Proof{{Reason: propose.Counts, Households: 61, Least: 2, Most: 1}}},
		{"an atom too large", row(20, 70, 20), propose.Question{Min: 10, Max: 50},
			[]propose.Proof{{Reason: propose.TooLarge, Atoms: []int32{1}, Households: 70}}},
		{"a piece cut off", cut, propose.Question{Min: 20, Max: 40},
			[]propose.Proof{{Reason: propose.CutOff, Atoms: []int32{3}, Households: 9, Least: 1}}},
		{"a corner that is stuck", row(steep...), propose.Question{Min: 20, Max: 50},
			[]propose.Proof{{Reason: propose.Stuck, Atoms: []int32{0}, Households: 5}}},
		{"all tried", row(10, 30, 10, 30), propose.Question{Units: 2, Min: 40, Max: 40}, nil},
		{"all tried in vain", row(30, 10, 10, 30, 25), propose.Question{Min: 35, Max: 40},
			[]propose.Proof{{Reason: propose.Counts, Households: 105, Least: 3, Most: 3}}},
	}
	tests[len(tests)-1].want = []propose.Proof{{Reason: propose.Stuck, Atoms: []int32{4}, Households: 25}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := solve(t, tt.land, tt.q)
			if !reflect.DeepEqual(a.Proofs, tt.want) {
				t.Errorf("proofs %+v, want %+v", a.Proofs, tt.want)
			}
			if broken := a.Alternatives[0].Broken; (tt.want == nil) != (broken == nil) && tt.name[:3] != "too" {
				t.Errorf("broken: %+v", broken)
			}
		})
	}
	large := solve(t, row(long...), propose.Question{Min: 30, Max: 50})
	if len(large.Proofs) == 0 || large.Proofs[0].Reason != propose.TooLarge {
		t.Errorf("proofs %+v", large.Proofs)
	}
	if b := large.Alternatives[0].Broken; len(b) != 1 || b[0].Rule != propose.TooMany || !slices.Contains(b[0].Atoms, 20) {
		t.Errorf("an atom too large shall break one rule at one place, got %+v", b)
	}
}

func TestLockedUnitsCanBeTheProof(t *testing.T) {
	land := row(10, 10, 10, 10, 10, 10)
	q := propose.Question{Min: 20, Max: 30, Present: []int32{7, 5, 5, 5, 5, 2}, Locked: []int32{5}}
	a := solve(t, land, q)
	want := []propose.Reason{propose.LockedUnit, propose.CutOff, propose.CutOff}
	var got []propose.Reason
	for _, p := range a.Proofs {
		got = append(got, p.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("proofs %v, want %v", got, want)
	}
	if !slices.Equal(a.Alternatives[0].Unit, q.Present) {
		t.Errorf("units %v", a.Alternatives[0].Unit)
	}
}

// Land without people joins the unit beyond its longest border, whatever runs there.
func TestBarriersKeepPeopleApartNotLand(t *testing.T) {
	land := row(20, 0, 0, 20)
	for i := range land.Borders {
		land.Borders[i].Barrier = true
	}
	land.Borders[2].Length = 30
	q := propose.Question{Min: 20, Max: 20}
	a := solve(t, land, q)
	if a.Proofs != nil {
		t.Fatalf("proofs %+v", a.Proofs)
	}
	kept(t, land, q, a.Alternatives[0])
	if u := a.Alternatives[0].Unit; u[0] == u[3] || u[2] != u[3] {
		t.Errorf("units %v", u)
	}
}

func TestScores(t *testing.T) {
	land := row(10, 20, 30, 40)
	land.Borders[1].Along = 5
	s := propose.ScoreOf(land, []int32{3, 3, 3, 4}, []int32{3, 3, 4, 4})
	pp := 4 * math.Pi * 200 / (50 * 50)
	want := propose.Score{Units: 2, Mean: 50, Median: 50, Least: 30, Most: 70, MaxDeviation: 0.4, Spread: 20, Compactness: pp, Border: 10, Along: 0.5, Moved: 30}
	if math.Abs(s.Compactness-want.Compactness) > 1e-12 {
		t.Errorf("compactness %v, want %v", s.Compactness, pp)
	}
	s.Compactness = want.Compactness
	if s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if one := propose.ScoreOf(row(5), nil, []int32{0}); one.Along != 1 || one.Border != 0 {
		t.Errorf("one unit: %+v", one)
	}
}

func TestCheckFindsWhatIsBroken(t *testing.T) {
	land := row(10, 20, 30, 40, 5)
	got := propose.Check(land, propose.Question{Min: 20, Max: 60}, []int32{1, 2, 1, 2, propose.Nobody})
	want := []propose.Breach{
		{Rule: propose.NoUnit, Unit: propose.Nobody, Atoms: []int32{4}, Households: 5},
		{Rule: propose.Apart, Unit: 1, Atoms: []int32{0}, Households: 10},
		{Rule: propose.Apart, Unit: 2, Atoms: []int32{1}, Households: 20},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = propose.Check(land, propose.Question{Min: 20, Max: 60}, []int32{1, 2, 2, 2, 1})
	if len(got) != 3 || got[0].Rule != propose.TooFew || got[0].Off != 5 || got[2].Rule != propose.TooMany || got[2].Off != 30 {
		t.Errorf("got %+v", got)
	}
}

func TestRefusals(t *testing.T) {
	land := row(10, 10, 10)
	tests := []struct {
		name string
		land *propose.Land
		q    propose.Question
		want error
	}{
		{"no land", &propose.Land{}, propose.Question{Units: 1}, propose.ErrLand},
		{"households below zero", row(-1), propose.Question{Units: 1}, propose.ErrLand},
		{"a border with itself", &propose.Land{Atoms: land.Atoms, Borders: []propose.Border{{A: 1, B: 1}}}, propose.Question{Units: 1}, propose.ErrLand},
		{"a border with nobody", &propose.Land{Atoms: land.Atoms, Borders: []propose.Border{{A: 1, B: 3}}}, propose.Question{Units: 1}, propose.ErrLand},
		{"nothing asked", land, propose.Question{}, propose.ErrQuestion},
		{"bounds that contradict each other", land, propose.Question{Min: 5, Max: 4}, propose.ErrQuestion},
		{"more units than atoms", land, propose.Question{Units: 4}, propose.ErrQuestion},
		{"below zero", land, propose.Question{Units: -1}, propose.ErrQuestion},
		{"present of other land", land, propose.Question{Units: 1, Present: []int32{0}}, propose.ErrQuestion},
		{"present below nobody", land, propose.Question{Units: 1, Present: []int32{0, 0, -2}}, propose.ErrQuestion},
		{"locks without present units", land, propose.Question{Units: 1, Locked: []int32{0}}, propose.ErrQuestion},
		{"a lock on nothing", land, propose.Question{Units: 1, Present: []int32{0, 0, 0}, Locked: []int32{1}}, propose.ErrQuestion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a, err := propose.Solve(context.Background(), tt.land, tt.q); !errors.Is(err, tt.want) || a != nil {
				t.Errorf("got %v, %v", a, err)
			}
		})
	}
}

func TestAnEndedContextLeavesTheBestSoFar(t *testing.T) {
	land := board.Town{Seed: 4, Width: 60, Height: 60, Households: 4}.Land()
	ctx, cancel := context.WithCancel(context.Background())
	var told []float64
	a, err := propose.Solve(ctx, land, propose.Question{Min: 30, Max: 50, Effort: 1000, Progress: func(done float64) {
		told = append(told, done)
		cancel()
	}})
	if err != nil || !a.Unfinished {
		t.Fatalf("unfinished %v, error %v", a.Unfinished, err)
	}
	for _, b := range a.Alternatives[0].Broken {
		if b.Rule == propose.Apart || b.Rule == propose.NoUnit {
			t.Errorf("%+v", b)
		}
	}
	if len(told) == 0 || told[0] > 0.1 {
		t.Errorf("told %v", told)
	}
}

func TestProgressRises(t *testing.T) {
	land := board.Town{Seed: 4, Width: 30, Height: 20, Households: 4}.Land()
	last := 0.0
	solve(t, land, propose.Question{Min: 30, Max: 50, Threads: 4, Alternatives: 3, Progress: func(done float64) {
		if done < last || done > 1 {
			t.Errorf("%v after %v", done, last)
		}
		last = done
	}})
	if last < 0.9 {
		t.Errorf("the last told is %v", last)
	}
}

// FuzzSolve divides any land: nothing is lost, no unit is in parts that could be
// whole, and what the answer says about itself is what Check finds.
func FuzzSolve(f *testing.F) {
	f.Add(uint64(1), uint8(5), uint8(4), uint8(10), uint8(30), uint8(0))
	f.Add(uint64(2), uint8(1), uint8(1), uint8(0), uint8(0), uint8(1))
	f.Add(uint64(3), uint8(9), uint8(9), uint8(0), uint8(90), uint8(7))
	f.Fuzz(func(t *testing.T, seed uint64, wide, high, least, most, units uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w, h := 1+int(wide%12), 1+int(high%12)
		land := &propose.Land{}
		for i := range w * h {
			land.Atoms = append(land.Atoms, propose.Atom{Households: rng.IntN(8) * rng.IntN(3), Area: 50, Rim: 1})
			for _, j := range []int{i - 1, i - w} {
				if j >= 0 && (j != i-1 || i%w > 0) && rng.IntN(6) > 0 {
					land.Borders = append(land.Borders, propose.Border{A: int32(i), B: int32(j), Length: 5, Cost: 4, Barrier: rng.IntN(9) == 0})
				}
			}
		}
		q := propose.Question{Units: int(units) % (w*h + 1), Min: int(least), Max: int(most), Seed: seed, Alternatives: 2, Threads: 2}
		if seed%3 == 0 {
			q.Present = make([]int32, w*h)
			for i := range q.Present {
				q.Present[i] = int32(rng.IntN(4)*3 - 1)
				q.Present[i] = max(q.Present[i], propose.Nobody)
			}
			if q.Present[0] >= 0 && seed%2 == 0 {
				q.Locked = []int32{q.Present[0]}
			}
		}
		a, err := propose.Solve(context.Background(), land, q)
		if err != nil {
			if !errors.Is(err, propose.ErrQuestion) {
				t.Fatal(err)
			}
			return
		}
		for _, p := range a.Alternatives {
			for _, b := range p.Broken {
				if b.Rule == propose.NoUnit || b.Rule == propose.Apart && !slices.Contains(q.Locked, b.Unit) {
					t.Errorf("%+v", b)
				}
			}
			if q.Locked == nil && !reflect.DeepEqual(p.Broken, propose.Check(land, q, p.Unit)) {
				t.Errorf("says %+v", p.Broken)
			}
			if !reflect.DeepEqual(p.Score, propose.ScoreOf(land, q.Present, p.Unit)) {
				t.Errorf("says %+v", p.Score)
			}
		}
	})
}
