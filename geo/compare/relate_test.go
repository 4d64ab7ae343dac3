package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/topology"
)

// board is n × n fields with jittered inner corners.
type board struct {
	n      int
	corner [][]geo.Point
}

const fieldSide = 20_000 // steps

func newBoard(rng *rand.Rand, n int) board {
	b := board{n: n, corner: make([][]geo.Point, n+1)}
	for i := range b.corner {
		b.corner[i] = make([]geo.Point, n+1)
		for j := range b.corner[i] {
			p := geo.Point{X: 1_150_000_000 + int32(i)*fieldSide, Y: 300_000_000 + int32(j)*fieldSide}
			if i > 0 && i < n && j > 0 && j < n {
				p.X += rng.Int32N(fieldSide/3) - fieldSide/6
				p.Y += rng.Int32N(fieldSide/3) - fieldSide/6
			}
			b.corner[i][j] = p
		}
	}
	return b
}

func (b board) field(i, j int) geo.MultiPolygon {
	return geo.MultiPolygon{{{b.corner[i][j], b.corner[i+1][j], b.corner[i+1][j+1], b.corner[i][j+1]}}}
}

// divide gives every field to one of k units, so that units have holes, enclaves and
// several parts.
func (b board) divide(rng *rand.Rand, k int) []Unit {
	lands := make([][]geo.MultiPolygon, k)
	for i := range b.n {
		for j := range b.n {
			at := (i*k/b.n + rng.IntN(2)) % k
			lands[at] = append(lands[at], b.field(i, j))
		}
	}
	var units []Unit
	for i, land := range lands {
		if len(land) > 0 {
			units = append(units, Unit{Code: fmt.Sprintf("%03d", i), Name: "unit", Parent: "P", Area: topology.Union(land...)})
		}
	}
	return units
}

// doubled is twice the area in square lattice steps.
func doubled(area geo.MultiPolygon) (sum int64) {
	for _, polygon := range area {
		for _, ring := range polygon {
			sum += ring.DoubledArea()
		}
	}
	return sum
}

func relate(t testing.TB, before, after []Unit) Relation {
	t.Helper()
	r, err := Relate(t.Context(), before, after)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLandThatChangesHandsAndLandThatDoesNotAreTheWholeLandExactly(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		one := newBoard(rng, 3+rng.IntN(6))
		two := one
		if seed%2 == 1 {
			two = newBoard(rng, one.n) // all inner borders cross
		}
		before, after := one.divide(rng, 1+rng.IntN(9)), two.divide(rng, 1+rng.IntN(9))
		r := relate(t, before, after)
		var moved, kept int64
		for _, p := range r.Pairs {
			if r.Moves(p) {
				moved += doubled(p.Area)
			} else {
				kept += doubled(p.Area)
			}
		}
		if side := int64(one.n) * fieldSide; moved+kept != 2*side*side {
			t.Errorf("seed %d: %d + %d half steps², the land has %d", seed, moved, kept, 2*side*side)
		}
		seen := [2]map[int]bool{{}, {}}
		count := 0
		for _, c := range r.Groups {
			for side, list := range [2][]int{c.Before, c.After} {
				for _, i := range list {
					if seen[side][i] {
						t.Errorf("seed %d: unit %d stands in two changes", seed, i)
					}
					seen[side][i] = true
				}
			}
			count += len(c.Before)
		}
		if count+r.Unchanged != len(before) {
			t.Errorf("seed %d: %d changed, %d not, of %d", seed, count, r.Unchanged, len(before))
		}
	}
}

func TestADivisionDiffersInNothingFromItself(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	units := newBoard(rng, 7).divide(rng, 6)
	r := relate(t, units, units)
	if len(r.Groups) != 0 || r.Unchanged != len(units) {
		t.Errorf("changes %+v, %d unchanged of %d", r.Groups, r.Unchanged, len(units))
	}
	if slices.ContainsFunc(r.Pairs, r.Moves) {
		t.Error("land changes hands")
	}
}

var mirrored = map[Kind]Kind{Split: Merge, Merge: Split, New: Ended, Ended: New}

func TestTheOtherWayRoundEverythingIsMirrored(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 4))
		one, two := newBoard(rng, 6), newBoard(rng, 6)
		before, after := one.divide(rng, 2+rng.IntN(9)), two.divide(rng, 2+rng.IntN(9))
		if seed%3 == 0 { // some land is nobody's, on either side
			before, after = before[1:], after[:len(after)-1]
		}
		there, back := relate(t, before, after), relate(t, after, before)
		type line struct {
			kind          Kind
			before, after string
		}
		var want, got []line
		for _, c := range there.Groups {
			kind := c.Kind
			if m, ok := mirrored[kind]; ok {
				kind = m
			}
			want = append(want, line{kind, fmt.Sprint(c.After), fmt.Sprint(c.Before)})
		}
		for _, c := range back.Groups {
			got = append(got, line{c.Kind, fmt.Sprint(c.Before), fmt.Sprint(c.After)})
		}
		order := func(a, b line) int { return slices.Compare([]string{a.before, a.after}, []string{b.before, b.after}) }
		slices.SortFunc(want, order)
		slices.SortFunc(got, order)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: back %v, want %v", seed, got, want)
		}
		areas := map[[2]int]int64{}
		for _, p := range there.Pairs {
			areas[[2]int{p.After, p.Before}] = doubled(p.Area)
		}
		for _, p := range back.Pairs {
			if areas[[2]int{p.Before, p.After}] != doubled(p.Area) {
				t.Fatalf("seed %d: pair %d, %d has another area", seed, p.Before, p.After)
			}
		}
		if len(areas) != len(back.Pairs) {
			t.Errorf("seed %d: %d pairs, back %d", seed, len(areas), len(back.Pairs))
		}
	}
}

func TestKindsOfChange(t *testing.T) {
	strip := func(x0, x1 int32) geo.MultiPolygon {
		const x, y = 1_150_000_000, 300_000_000
		return geo.MultiPolygon{{{{X: x + x0*1000, Y: y}, {X: x + x1*1000, Y: y}, {X: x + x1*1000, Y: y + 9000}, {X: x + x0*1000, Y: y + 9000}}}}
	}
	unit := func(code string, x0, x1 int32) Unit {
		return Unit{Code: code, Name: code, Parent: "P", Area: strip(x0, x1)}
	}
	other := func(u Unit, change func(*Unit)) Unit { change(&u); return u }
	vertex := other(unit("a", 0, 10), func(u *Unit) {
		r := u.Area[0][0]
		u.Area = geo.MultiPolygon{{{r[0], {X: r[0].X + 5000, Y: r[0].Y}, r[1], r[2], r[3]}}}
	})
	tests := []struct {
		name          string
		before, after []Unit
		want          string // kinds with the codes, in order
	}{
		{"nothing", []Unit{unit("a", 0, 10)}, []Unit{unit("a", 0, 10)}, ""},
		{"a vertex on its border", []Unit{unit("a", 0, 10)}, []Unit{vertex}, ""},
		{"another name", []Unit{unit("a", 0, 10)}, []Unit{other(unit("a", 0, 10), func(u *Unit) { u.Name = "A" })}, "renamed a→a"},
		{"below another unit, and renamed", []Unit{unit("a", 0, 10)}, []Unit{other(unit("a", 0, 10), func(u *Unit) { u.Name, u.Parent = "A", "Q" })}, "reparented a→a"},
		{"another code", []Unit{unit("a", 0, 10)}, []Unit{unit("b", 0, 10)}, "recoded a→b"},
		{"less land", []Unit{unit("a", 0, 10)}, []Unit{unit("a", 0, 9)}, "redrawn a→a"},
		{"a border moves", []Unit{unit("a", 0, 10), unit("b", 10, 20)}, []Unit{unit("a", 0, 8), unit("b", 8, 20)}, "redrawn a b→a b"},
		{"one becomes two", []Unit{unit("a", 0, 10)}, []Unit{unit("a", 0, 5), unit("b", 5, 10)}, "split a→a b"},
		{"two villages and a community become one", []Unit{unit("a", 0, 5), unit("b", 5, 8), unit("c", 8, 10)}, []Unit{unit("d", 0, 10)}, "merge a b c→d"},
		{"two become three", []Unit{unit("a", 0, 10), unit("b", 10, 20)}, []Unit{unit("a", 0, 7), unit("c", 7, 13), unit("b", 13, 20)}, "mixed a b→a b c"},
		{"land for the first time", []Unit{unit("a", 0, 10)}, []Unit{unit("a", 0, 10), unit("b", 10, 20)}, "new →b"},
		{"a town newly divided", nil, []Unit{unit("a", 0, 10)}, "new →a"},
		{"land for the last time", []Unit{unit("a", 0, 10), unit("b", 10, 20)}, []Unit{unit("b", 10, 20)}, "ended a→"},
		{"two things at once", []Unit{unit("a", 0, 10), unit("x", 30, 40)}, []Unit{unit("a", 0, 5), unit("b", 5, 10), unit("y", 30, 40)}, "split a→a b; recoded x→y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := relate(t, tt.before, tt.after)
			got := ""
			for _, c := range r.Groups {
				if got += "; "; got == "; " {
					got = ""
				}
				got += string(c.Kind) + " "
				for i, b := range c.Before {
					got += []string{"", " "}[min(i, 1)] + r.Before[b].Code
				}
				got += "→"
				for i, a := range c.After {
					got += []string{"", " "}[min(i, 1)] + r.After[a].Code
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if len(r.Groups) == 0 && r.Unchanged != 1 {
				t.Errorf("%d unchanged", r.Unchanged)
			}
		})
	}
}

func TestPostsGoOnInTheLargestPart(t *testing.T) {
	b := newBoard(rand.New(rand.NewPCG(1, 1)), 3)
	r := relate(t, []Unit{{Code: "a", Area: topology.Union(b.field(0, 0), b.field(1, 0), b.field(2, 0))}},
		[]Unit{{Code: "b", Area: b.field(0, 0)}, {Code: "c", Area: topology.Union(b.field(1, 0), b.field(2, 0))}})
	if got := r.After[r.Successor(0)].Code; got != "c" {
		t.Errorf("successor %s, want c", got)
	}
	if gone := relate(t, r.Before, nil); gone.Successor(0) != topology.NoArea {
		t.Error("a unit without successors has one")
	}
}

func TestCompactness(t *testing.T) {
	b := newBoard(rand.New(rand.NewPCG(1, 1)), 1)
	square := b.field(0, 0) // of degrees: lower than wide
	if c := compactness(square, float64(square.SquareMeters())); c < 0.75 || c > 0.786 {
		t.Errorf("a rectangle of 0.87 to 1 has %f", c)
	}
	if c := compactness(nil, 0); c != 0 {
		t.Errorf("nothing has %f", c)
	}
}
