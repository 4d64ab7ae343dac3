package topology

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

// woven is a fabric of a quilt: field i,j has the id i*n+j+1.
func woven(t testing.TB, q quilt) *Fabric {
	t.Helper()
	pieces := map[int]geo.MultiPolygon{}
	for i, p := range q.parts {
		pieces[i+1] = p.Area
	}
	f, err := Weave(t.Context(), q.parent, pieces)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// board is a fabric of 3 by 3 squares of 1000 steps with straight sides: the piece
// in column i, row j has the id 3i+j+1, the whole lies from 0,0 to 3000,3000.
func board(t testing.TB) *Fabric {
	t.Helper()
	pieces := map[int]geo.MultiPolygon{}
	for i := range int32(3) {
		for j := range int32(3) {
			pieces[int(3*i+j+1)] = box(1000*i, 1000*j, 1000*i+1000, 1000*j+1000)
		}
	}
	f, err := Weave(t.Context(), box(0, 0, 3000, 3000), pieces)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// checkTiling fails unless the pieces tile the rim and share all vertices.
func checkTiling(t testing.TB, f *Fabric, rim geo.MultiPolygon) {
	t.Helper()
	var parts []Part
	for _, id := range f.Pieces() {
		parts = append(parts, Part{Code: fmt.Sprint(id), Area: f.Area(id)})
		if !equal(f.Area(id), canonical(cloneArea(f.Area(id)))) {
			t.Fatalf("piece %d is not in its order", id)
		}
	}
	if v := Check(rim, parts); v != nil {
		t.Fatalf("%v: %+v", kinds(v), v[0])
	}
	b := newBorders(0)
	for _, p := range parts {
		b.rings(p.Area)
	}
	if hits, _ := b.firstHits(t.Context()); len(hits) > 0 {
		t.Fatalf("a border passes a vertex of another at %v", b.points[hits[0].vertex])
	}
}

func at(x, y int32) geo.Point { return geo.Point{X: x, Y: y} }

func TestOperations(t *testing.T) {
	for _, c := range []struct {
		name string
		op   Op
		want map[int]int64 // the doubled areas of the pieces that change, in square steps; 0 = gone
	}{
		{"a junction moves the borders of all neighbours", Op{Kind: MovePoint, At: at(1000, 1000), To: at(1200, 1000)},
			map[int]int64{1: 2_200_000, 2: 2_200_000, 4: 1_800_000, 5: 1_800_000}},
		{"an edge gets a point", Op{Kind: AddPoint, Edge: [2]geo.Point{at(1000, 1000), at(1000, 2000)}, To: at(1300, 1500)},
			map[int]int64{2: 2_300_000, 5: 1_700_000}},
		{"a line across a border moves it", Op{Kind: Reshape, Line: []geo.Point{at(900, 1200), at(1500, 1200), at(1500, 1800), at(900, 1800)}},
			map[int]int64{2: 2_600_000, 5: 1_400_000}},
		{"a line from the other side moves it the other way", Op{Kind: Reshape, Line: []geo.Point{at(1100, 1200), at(500, 1200), at(500, 1800), at(1100, 1800)}},
			map[int]int64{2: 1_400_000, 5: 2_600_000}},
		{"a line in waves moves the border to and fro", Op{Kind: Reshape, Line: []geo.Point{
			at(900, 1100), at(1200, 1100), at(1200, 1300), at(800, 1300), at(800, 1600), at(1200, 1600), at(1200, 1900), at(900, 1900)}},
			map[int]int64{2: 2_000_000 + 2*(200*200+200*300-200*300), 5: 2_000_000 - 2*(200*200+200*300-200*300)}},
		{"a line through two neighbours takes of both", Op{Kind: Reshape, Line: []geo.Point{
			at(900, 1500), at(1100, 1500), at(1100, 2050), at(1050, 2050), at(1050, 1900), at(900, 1900)}},
			map[int]int64{2: 2_095_000, 5: 1_910_000, 6: 1_995_000}},
		{"a line from border to border splits", Op{Kind: SplitBy, Units: []int{5}, Into: 10, Line: []geo.Point{at(1400, 900), at(1400, 2100)}},
			map[int]int64{5: 1_200_000, 10: 800_000}},
		{"the part with the place keeps the id", Op{Kind: SplitBy, Units: []int{5}, Into: 10, At: at(1100, 1500), Line: []geo.Point{at(1400, 900), at(1400, 2100)}},
			map[int]int64{5: 800_000, 10: 1_200_000}},
		{"a line that ends on the border splits", Op{Kind: SplitBy, Units: []int{5}, Into: 10, Line: []geo.Point{at(1400, 1000), at(1400, 2000)}},
			map[int]int64{5: 1_200_000, 10: 800_000}},
		{"neighbours merge", Op{Kind: Merge, Units: []int{5, 8}, Into: 8}, map[int]int64{5: 0, 8: 4_000_000}},
		{"an area changes hands", Op{Kind: Transfer, Area: box(500, 500, 1500, 1500), Into: 5},
			map[int]int64{1: 1_500_000, 2: 1_500_000, 4: 1_500_000, 5: 3_500_000}},
		{"an area of one unit changes hands", Op{Kind: Transfer, Area: box(500, 500, 1500, 1500), Units: []int{1}, Into: 5},
			map[int]int64{1: 1_500_000, 5: 2_500_000}},
		{"a new unit is drawn", Op{Kind: Transfer, Area: box(1200, 1200, 1800, 1800), Into: 10},
			map[int]int64{5: 2_000_000 - 720_000, 10: 720_000}},
		{"land is given up", Op{Kind: Transfer, Area: box(-50, -50, 500, 500), Into: Unclaimed},
			map[int]int64{0: 500_000, 1: 1_500_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := board(t)
			p, err := f.Apply(c.op)
			got := map[int]int64{}
			for _, one := range p {
				if d := doubled(one.After); d != doubled(one.Before) {
					got[one.ID] = d
				}
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Fatalf("%v, %v; want %v", got, err, c.want)
			}
			checkTiling(t, f, box(0, 0, 3000, 3000))
			if err := f.Put(p.Inverse()); err != nil {
				t.Fatal(err)
			}
			was := board(t)
			if !slices.Equal(f.Pieces(), was.Pieces()) {
				t.Fatalf("%v came back", f.Pieces())
			}
			for _, id := range was.Pieces() {
				if !equal(f.Area(id), was.Area(id)) {
					t.Errorf("piece %d did not come back", id)
				}
			}
			if err := f.Put(p.Inverse()); len(p) > 0 && !errors.Is(err, ErrMoved) {
				t.Errorf("taken back twice: %v", err)
			}
		})
	}
}

func TestAPointThatIsOneTooManyGoes(t *testing.T) {
	f := board(t)
	if _, err := f.Apply(Op{Kind: AddPoint, Edge: [2]geo.Point{at(1000, 2000), at(1000, 1000)}, To: at(1300, 1500)}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Apply(Op{Kind: DeletePoint, At: at(1300, 1500)}); err != nil {
		t.Fatal(err)
	}
	if !equal(f.Area(5), board(t).Area(5)) {
		t.Error("the border is not what it was")
	}
}

func TestABorderMovesBetweenItsJunctions(t *testing.T) {
	f := board(t)
	for _, y := range []int32{1300, 1700} {
		line := [2]geo.Point{at(1000, min(y, 1300)), at(1000, 2000)}
		if y == 1300 {
			line[0] = at(1000, 1000)
		}
		if _, err := f.Apply(Op{Kind: AddPoint, Edge: line, To: at(1000, y)}); err != nil {
			t.Fatal(err)
		}
	}
	edge := [2]geo.Point{at(1000, 1700), at(1000, 1300)}
	if got := f.Border(edge); fmt.Sprint(got) != fmt.Sprint([]geo.Point{at(1000, 1700), at(1000, 1300)}) {
		t.Fatalf("%v", got)
	}
	p, err := f.Apply(Op{Kind: MoveBorder, Edge: edge, At: at(1000, 1500), To: at(1200, 1500)})
	if err != nil || len(p) != 2 || doubled(f.Area(2)) != 2_000_000+2*200*700 {
		t.Fatalf("%+v, %v", p, err)
	}
	checkTiling(t, f, box(0, 0, 3000, 3000))
}

func TestAnEnclaveIsReshapedMovedAndSwallowed(t *testing.T) {
	f := board(t)
	rim := box(0, 0, 3000, 3000)
	do := func(op Op) Patch {
		t.Helper()
		p, err := f.Apply(op)
		if err != nil {
			t.Fatal(err)
		}
		checkTiling(t, f, rim)
		return p
	}
	do(Op{Kind: Transfer, Area: box(1200, 1200, 1800, 1800), Into: 10})
	if len(f.Area(5)[0]) != 2 {
		t.Fatal("no hole")
	}
	if got := f.Border([2]geo.Point{at(1200, 1200), at(1800, 1200)}); len(got) != 4 {
		t.Errorf("the border around an enclave: %v", got)
	}
	do(Op{Kind: MoveBorder, Edge: [2]geo.Point{at(1200, 1200), at(1800, 1200)}, At: at(1200, 1200), To: at(1250, 1150)})
	do(Op{Kind: Reshape, Line: []geo.Point{at(1700, 1300), at(1900, 1300), at(1900, 1500), at(1700, 1500)}})
	if doubled(f.Area(10)) != 720_000+2*50*200 {
		t.Errorf("%d", doubled(f.Area(10)))
	}
	// Into it from around it: the piece that goes is the smaller one.
	do(Op{Kind: Reshape, Line: []geo.Point{at(1100, 1300), at(1400, 1300), at(1400, 1500), at(1100, 1500)}})
	do(Op{Kind: Merge, Units: []int{5, 10}, Into: 5})
	if len(f.Area(5)[0]) != 1 {
		t.Error("the hole is still there")
	}
}

func TestWhatWouldBreakTheDivisionIsRefusedAtThePlace(t *testing.T) {
	for _, c := range []struct {
		name string
		op   Op
		want error
	}{
		{"a point across another border", Op{Kind: MovePoint, At: at(1000, 1000), To: at(2500, 1500)}, ErrCrosses},
		{"a point onto another border", Op{Kind: MovePoint, At: at(1000, 1000), To: at(2000, 1500)}, ErrCrosses},
		{"a point next to another border", Op{Kind: AddPoint, Edge: [2]geo.Point{at(1000, 1000), at(1000, 2000)}, To: at(2000, 1500)}, ErrCrosses},
		{"a point of the rim", Op{Kind: MovePoint, At: at(1000, 0), To: at(1100, 0)}, ErrRim},
		{"a corner of the rim", Op{Kind: DeletePoint, At: at(0, 0)}, ErrRim},
		{"an edge of the rim", Op{Kind: AddPoint, Edge: [2]geo.Point{at(0, 0), at(1000, 0)}, To: at(500, 100)}, ErrRim},
		{"a junction that goes", Op{Kind: DeletePoint, At: at(1000, 1000)}, ErrOp},
		{"no such point", Op{Kind: MovePoint, At: at(999, 1000), To: at(1000, 1000)}, ErrPlace},
		{"no such edge", Op{Kind: AddPoint, Edge: [2]geo.Point{at(1000, 1000), at(2000, 2000)}, To: at(1500, 1500)}, ErrPlace},
		{"a border without points", Op{Kind: MoveBorder, Edge: [2]geo.Point{at(1000, 1000), at(1000, 2000)}, To: at(1, 1)}, ErrOp},
		{"a line within one unit", Op{Kind: Reshape, Line: []geo.Point{at(1100, 1100), at(1900, 1900)}}, ErrLine},
		{"a line that does not come back", Op{Kind: Reshape, Line: []geo.Point{at(900, 1500), at(1500, 1500)}}, ErrLine},
		{"a line from outside", Op{Kind: Reshape, Line: []geo.Point{at(-900, 1500), at(500, 1500)}}, ErrLine},
		{"a line without points", Op{Kind: Reshape}, ErrLine},
		{"a line that ends within", Op{Kind: SplitBy, Units: []int{5}, Into: 10, Line: []geo.Point{at(1500, 900), at(1500, 1500)}}, ErrLine},
		{"a split without a new id", Op{Kind: SplitBy, Units: []int{5}, Into: 6, Line: []geo.Point{at(1500, 900), at(1500, 2100)}}, ErrOp},
		{"a split of nobody", Op{Kind: SplitBy, Units: []int{77}, Into: 10, Line: []geo.Point{at(1500, 900), at(1500, 2100)}}, ErrOp},
		{"a merge of one", Op{Kind: Merge, Units: []int{5}, Into: 5}, ErrOp},
		{"a merge into another", Op{Kind: Merge, Units: []int{5, 6}, Into: 7}, ErrOp},
		{"all land of a unit", Op{Kind: Transfer, Area: box(900, 900, 2100, 2100), Into: 1}, ErrNothing},
		{"an area of nothing", Op{Kind: Transfer, Into: 1}, ErrOp},
		{"no operation", Op{Kind: "paint"}, ErrOp},
		{"too far apart", Op{Kind: Reshape, Line: []geo.Point{at(1500, 1500), at(1_700_000_000, 1500)}}, ErrExtent},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := board(t)
			if _, err := f.Apply(c.op); !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			for _, id := range f.Pieces() {
				if !equal(f.Area(id), board(t).Area(id)) {
					t.Fatalf("piece %d changed", id)
				}
			}
		})
	}
}

func TestALockedUnitKeepsItsLandAndMayGetVertices(t *testing.T) {
	f := board(t)
	f.Lock(5, true)
	for _, op := range []Op{
		{Kind: MovePoint, At: at(1000, 1000), To: at(1200, 1000)},
		{Kind: AddPoint, Edge: [2]geo.Point{at(1000, 1000), at(1000, 2000)}, To: at(1300, 1500)},
		{Kind: Merge, Units: []int{5, 6}, Into: 6},
		{Kind: Transfer, Area: box(1200, 1200, 1800, 1800), Into: 10},
	} {
		if _, err := f.Apply(op); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v", op.Kind, err)
		}
	}
	p, err := f.Apply(Op{Kind: SplitBy, Units: []int{2}, Into: 10, Line: []geo.Point{at(-10, 1500), at(1010, 1500)}})
	if err != nil || len(p) != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	checkTiling(t, f, box(0, 0, 3000, 3000))
	f.Lock(5, false)
	if _, err := f.Apply(Op{Kind: Merge, Units: []int{5, 6}, Into: 6}); err != nil {
		t.Error(err)
	}
}

func TestALineLeavesNoVertexWhereItMovesNoBorder(t *testing.T) {
	f := board(t)
	p, err := f.Apply(Op{Kind: SplitBy, Units: []int{5}, Into: 10, Line: []geo.Point{at(1400, -500), at(1600, 3500)}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, c := range p {
		ids = append(ids, c.ID)
	}
	if fmt.Sprint(ids) != "[4 5 6 10]" { // the neighbours above and below get the ends of the new border
		t.Errorf("changed: %v", ids)
	}
	p, err = f.Apply(Op{Kind: Reshape, Line: []geo.Point{at(500, 200), at(1300, 200), at(1300, 800), at(500, 800)}})
	if err != nil || len(p) != 2 || len(f.Area(1)[0][0]) != 8 {
		t.Errorf("%+v, %v", p, err)
	}
	checkTiling(t, f, box(0, 0, 3000, 3000))
}

func TestUnclaimedLandFollowsThePieces(t *testing.T) {
	rim := box(0, 0, 3000, 3000)
	weave := func() *Fabric {
		f, err := Weave(t.Context(), rim, map[int]geo.MultiPolygon{1: box(0, 0, 1000, 3000)})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := weave()
	first, err := f.Apply(Op{Kind: Transfer, Area: box(500, 500, 1500, 1500), Into: 1})
	if err != nil {
		t.Fatal(err)
	}
	// A line over the rim puts a vertex there that no piece has.
	if _, err := f.Apply(Op{Kind: Transfer, Area: box(2000, 2000, 2500, 3500), Into: 2}); err != nil {
		t.Fatal(err)
	}
	checkTiling(t, f, rim)
	again := weave()
	if _, err := again.Apply(Op{Kind: Transfer, Area: box(2000, 2000, 2500, 3500), Into: 2}); err != nil {
		t.Fatal(err)
	}
	if err := again.Put(first); err != nil {
		t.Fatal(err)
	}
	checkTiling(t, again, rim)
	if doubled(again.Area(Unclaimed)) != doubled(f.Area(Unclaimed)) {
		t.Errorf("%v", again.Area(Unclaimed))
	}
}

func TestWeaveRefusesADivisionThatIsWrong(t *testing.T) {
	_, err := Weave(t.Context(), box(0, 0, 3000, 3000), map[int]geo.MultiPolygon{1: box(0, 0, 2000, 2000), 2: box(1000, 1000, 3000, 3000)})
	if !errors.Is(err, ErrWoven) {
		t.Error(err)
	}
	_, err = Weave(t.Context(), box(0, 0, 3000, 3000), map[int]geo.MultiPolygon{1: box(0, 0, 2000, 4000)})
	if !errors.Is(err, ErrWoven) {
		t.Error(err)
	}
	f, err := Weave(t.Context(), box(0, 0, 3000, 3000), map[int]geo.MultiPolygon{1: box(0, 0, 2000, 3000)})
	if err != nil || doubled(f.Area(Unclaimed)) != 6_000_000 {
		t.Error(err)
	}
}

// patched is a quilt with a hole that another part fills, a part of two pieces, and land
// that nobody has.
func patched(rng *rand.Rand) quilt {
	q := newQuilt(rng, 4, 2, 40_000)
	q.merge("000000", "000001", "000002", "001000", "001002", "002000", "002001", "002002") // around 001001
	q.merge("003000", "003003")
	q.parts = slices.DeleteFunc(q.parts, func(p Part) bool { return p.Code == "001003" })
	return q
}

// TestTenThousandSequencesOfEditsKeepTheTiling makes random operations, most of them
// possible and some not, on maps with holes and enclaves; looks at the tiling; and takes
// all back, which brings the same bytes.
func TestTenThousandSequencesOfEditsKeepTheTiling(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 500
	}
	const maps, long = 20, 250
	done := map[OpKind]int{}
	for seed := range uint64(maps) {
		rng := rand.New(rand.NewPCG(seed, 5))
		q := patched(rng)
		f := woven(t, q)
		start := map[int]geo.MultiPolygon{}
		for _, id := range f.Pieces() {
			start[id] = f.Area(id)
		}
		for i := range total / maps {
			edits := 1 + rng.IntN(4)
			if i == 0 { // one goes far
				edits = long
			}
			var journal []Patch
			for range edits {
				op := randomOp(rng, f, len(q.parts)+len(journal)+1)
				if p, err := f.Apply(op); err == nil {
					done[op.Kind]++
					journal = append(journal, p)
				}
			}
			checkTiling(t, f, q.parent)
			for _, p := range slices.Backward(journal) {
				if err := f.Put(p.Inverse()); err != nil {
					t.Fatal(err)
				}
			}
			if ids := f.Pieces(); len(ids) != len(start) {
				t.Fatalf("map %d, sequence %d: %d pieces came back, want %d", seed, i, len(ids), len(start))
			}
			for id, area := range start {
				if !equal(f.Area(id), area) {
					t.Fatalf("map %d, sequence %d: piece %d did not come back", seed, i, id)
				}
			}
		}
	}
	for _, kind := range []OpKind{MovePoint, AddPoint, DeletePoint, MoveBorder, Reshape, SplitBy, Merge, Transfer} {
		if done[kind] < total/20 {
			t.Errorf("%s was done only %d times", kind, done[kind])
		}
	}
	t.Logf("%v", done)
}

// randomOp is some operation near places of the fabric.
func randomOp(rng *rand.Rand, f *Fabric, next int) Op {
	pick := func() int {
		ids := f.Pieces()
		return ids[rng.IntN(len(ids))]
	}
	ring := func() geo.Ring {
		area := f.Area(pick())
		polygon := area[rng.IntN(len(area))]
		return polygon[rng.IntN(len(polygon))]
	}
	near := func(p geo.Point, by int32) geo.Point {
		return geo.Point{X: p.X + jitter(rng, by), Y: p.Y + jitter(rng, by)}
	}
	r := ring()
	i := rng.IntN(len(r))
	p, q := r[i], r[(i+1)%len(r)]
	switch rng.IntN(8) {
	case 0:
		return Op{Kind: MovePoint, At: p, To: near(p, 6_000)}
	case 1:
		return Op{Kind: AddPoint, Edge: [2]geo.Point{q, p}, To: near(geo.Point{X: p.X + (q.X-p.X)/2, Y: p.Y + (q.Y-p.Y)/2}, 4_000)}
	case 2:
		return Op{Kind: DeletePoint, At: p}
	case 3:
		return Op{Kind: MoveBorder, Edge: [2]geo.Point{p, q}, At: p, To: near(p, 3_000)}
	case 4:
		line := []geo.Point{near(p, 20_000)}
		for range 2 + rng.IntN(4) {
			line = append(line, near(line[len(line)-1], 40_000))
		}
		return Op{Kind: Reshape, Line: append(line, near(line[0], 5_000))}
	case 5:
		id := pick()
		b := f.Area(id).Bound()
		return Op{Kind: SplitBy, Units: []int{id}, Into: next, Line: []geo.Point{near(b.Min, 30_000), near(b.Max, 30_000)}}
	case 6:
		into := pick()
		return Op{Kind: Merge, Units: []int{into, pick()}, Into: into}
	}
	area := geo.MultiPolygon{{star(rng, near(p, 20_000), 30_000, 5+rng.IntN(6))}}
	into := next
	if rng.IntN(3) > 0 {
		into = pick()
	}
	return Op{Kind: Transfer, Area: area, Into: into}
}

func TestOperationsTravelAsJSON(t *testing.T) {
	ops := []Op{
		{Kind: MovePoint, At: at(1_214_700_001, 311_234_567), To: at(1_214_700_002, 311_234_568)},
		{Kind: SplitBy, Units: []int{5}, Into: 10, Line: []geo.Point{at(1, 2), at(3, 4)}},
		{Kind: AddPoint, Edge: [2]geo.Point{at(1, 2), at(3, 4)}, To: at(5, 6)},
		{Kind: Transfer, Area: box(1, 2, 3, 4), Into: 3},
	}
	for _, op := range ops {
		raw, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		var back Op
		if err := json.Unmarshal(raw, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(op) {
			t.Errorf("%s → %+v, %v", raw, back, err)
		}
	}
	for _, raw := range []string{`{"kind":"move_point","at":[181,0]}`, `{"kind":"x","edge":[[1,2]]}`, `{"kind":5}`, `{"at":[1e400,0]}`} {
		var op Op
		if err := json.Unmarshal([]byte(raw), &op); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
}

func FuzzOp(f *testing.F) {
	f.Add([]byte(`{"kind":"reshape","line":[[0.00009,0.00012],[0.00015,0.00012],[0.00015,0.00018],[0.00009,0.00018]]}`))
	f.Add([]byte(`{"kind":"split","units":[5],"into":10,"line":[[0.00014,0.00009],[0.00014,0.00021]]}`))
	f.Add([]byte(`{"kind":"transfer","into":5,"area":[[[[0,0],[0.0002,0],[0.0002,0.0001],[0,0]]]]}`))
	f.Add([]byte(`{"kind":"move_point","at":[0.0001,0.0001],"to":[0.00012,0.0001]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var op Op
		if json.Unmarshal(raw, &op) != nil {
			return
		}
		w := board(t)
		if _, err := w.Apply(op); err == nil {
			checkTiling(t, w, box(0, 0, 3000, 3000))
		}
	})
}

func BenchmarkMovePointOfTenThousand(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	q := newQuilt(rng, 100, 6, 40_000)
	f := woven(b, q)
	p := f.Area(5_050)[0][0][3]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Try(Op{Kind: MovePoint, At: p, To: geo.Point{X: p.X + 100, Y: p.Y + 100}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReshapeOfTenThousand(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	f := woven(b, newQuilt(rng, 100, 6, 40_000))
	bound := f.Area(5_050).Bound()
	middle := geo.Point{X: bound.Min.X + (bound.Max.X-bound.Min.X)/2, Y: bound.Min.Y + (bound.Max.Y-bound.Min.Y)/2}
	line := []geo.Point{middle, {X: middle.X + 90_000, Y: middle.Y + 10_000}, {X: middle.X + 90_000, Y: middle.Y - 10_000}, middle}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Try(Op{Kind: Reshape, Line: line}); err != nil {
			b.Fatal(err)
		}
	}
}
