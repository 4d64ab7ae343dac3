package topology

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
)

func box(x0, y0, x1, y1 int32) geo.MultiPolygon {
	return geo.MultiPolygon{{{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}}}
}

// kinds lists kind, parent and codes of violations.
func kinds(violations []Violation) []string {
	var out []string
	for _, v := range violations {
		out = append(out, fmt.Sprintf("%s of %q %v", v.Kind, v.Parent, v.Codes))
	}
	return out
}

func TestViolationsSayWhatIsWrong(t *testing.T) {
	p := []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}}
	two := []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}, {Code: "Q", Area: box(1000, 0, 2000, 1000)}}
	bowTie := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 1000, Y: 1000}, {X: 1000, Y: 0}, {X: 0, Y: 1000}}}}
	pinched := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 1000, Y: 0}, {X: 1000, Y: 1000}, {X: 500, Y: 0}, {X: 0, Y: 1000}}}}
	spike := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 1000, Y: 0}, {X: 1000, Y: 1000}, {X: 1500, Y: 1500}, {X: 1000, Y: 1000}, {X: 0, Y: 1000}}}}
	tests := []struct {
		name           string
		parents, parts []Part
		want           []string
	}{
		{"nothing", p, []Part{{"1", "P", box(0, 0, 500, 1000)}, {"2", "P", box(500, 0, 1000, 1000)}}, nil},
		{"a part that names no parent belongs to the only one", p, []Part{{"1", "", box(0, 0, 1000, 1000)}}, nil},
		{"a parent that no part names is not divided", two, []Part{{"1", "Q", box(1000, 0, 2000, 1000)}}, nil},
		{"gap", p, []Part{{"1", "P", box(0, 0, 500, 1000)}, {"2", "P", box(510, 0, 1000, 1000)}}, []string{`gap of "P" []`}},
		{"two gaps apart", p, []Part{{"1", "P", box(100, 0, 900, 1000)}}, []string{`gap of "P" []`, `gap of "P" []`}},
		{"overlap", p, []Part{{"2", "P", box(0, 0, 510, 1000)}, {"1", "P", box(500, 0, 1000, 1000)}}, []string{`overlap of "P" [1 2]`}},
		{"overlap of three", p, []Part{{"1", "P", box(0, 0, 1000, 1000)}, {"2", "P", box(0, 0, 1000, 1000)}, {"3", "P", box(0, 0, 1000, 1000)}},
			[]string{`overlap of "P" [1 2 3]`}},
		{"outside", p, []Part{{"1", "P", box(0, 0, 1000, 1010)}}, []string{`outside of "P" [1]`}},
		{"outside in another parent's area", two, []Part{{"1", "P", box(0, 0, 1010, 1000)}, {"2", "Q", box(1010, 0, 2000, 1000)}},
			[]string{`outside of "P" [1]`}},
		{"outside and upon another parent's part", two, []Part{{"1", "P", box(0, 0, 1010, 1000)}, {"2", "Q", box(1000, 0, 2000, 1000)}},
			[]string{`overlap of "" [1 2]`, `outside of "P" [1]`}},
		{"land that two parents claim", []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}, {Code: "Q", Area: box(900, 0, 2000, 1000)}},
			[]Part{{"1", "P", box(0, 0, 1000, 1000)}, {"2", "Q", box(1000, 0, 2000, 1000)}},
			[]string{`overlap of "" [P Q]`, `gap of "Q" []`}},
		{"unknown parents", nil, []Part{{"1", "X", box(0, 0, 510, 1000)}, {"2", "Y", box(500, 0, 1000, 1000)}}, []string{`overlap of "" [1 2]`}},
		{"a hole between parts without a parent", nil, []Part{
			{"1", "", geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 500, Y: 0}, {X: 500, Y: 400}, {X: 490, Y: 500}, {X: 500, Y: 600}, {X: 500, Y: 1000}, {X: 0, Y: 1000}}}}},
			{"2", "", box(500, 0, 1000, 1000)},
		}, []string{`gap of "" []`}},
		{"one's own courtyard is no gap", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000), square(300, 300, 100).Reversed()}}}, {"2", "", box(1000, 0, 2000, 1000)}}, nil},
		{"bow tie", nil, []Part{{"1", "", bowTie}}, []string{`self_cross of "" [1]`}},
		{"ring that comes back to its own border", nil, []Part{{"1", "", pinched}}, []string{`self_touch of "" [1]`}},
		{"spike", nil, []Part{{"1", "", spike}}, []string{`self_touch of "" [1]`}},
		{"hole outside", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000), square(2000, 0, 100)}}}}, []string{`self_cross of "" [1]`}},
		{"polygon upon polygon", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000)}, {square(100, 100, 100)}}}}, []string{`self_cross of "" [1]`}},
		{"island in its own hole", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000), square(100, 100, 500)}, {square(200, 200, 100)}}}}, nil},
		{"holes that touch in a point", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000), square(100, 100, 100), square(200, 200, 100)}}}}, nil},
		{"holes that cut the interior", nil, []Part{{"1", "", geo.MultiPolygon{{square(0, 0, 1000),
			{{X: 0, Y: 500}, {X: 500, Y: 400}, {X: 500, Y: 600}}, {{X: 500, Y: 500}, {X: 500, Y: 400}, {X: 1000, Y: 500}}}}}}, []string{`self_touch of "" [1]`}},
		{"empty", p, []Part{{"1", "P", box(0, 0, 1000, 1000)}, {"2", "P", nil}}, []string{`empty of "P" [2]`}},
		{"same code twice", p, []Part{{"1", "P", box(0, 0, 500, 1000)}, {"1", "P", box(500, 0, 1000, 1000)}}, nil},
		{"parts of parts", p, []Part{{"1", "P", box(0, 0, 500, 1000)}, {"2", "P", box(500, 0, 1000, 1000)}, {"11", "1", box(0, 0, 500, 500)}, {"12", "1", box(0, 500, 510, 1000)}},
			[]string{`outside of "1" [12]`}},
		{"parts that are each other's parents", p, []Part{{"1", "2", box(0, 0, 1000, 1000)}, {"2", "1", box(0, 0, 1000, 1000)}}, nil},
		{"a part that is its own parent", p, []Part{{"1", "1", box(0, 0, 1000, 1000)}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := kinds(build(t, tt.parents, tt.parts).Violations())
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestViolationTellsPlaceSizeAndWhoBordersIt(t *testing.T) {
	p := []Part{{Code: "P", Area: box(0, 0, 100_000, 100_000)}}
	m := build(t, p, []Part{
		{"long", "P", box(0, 0, 50_000, 100_000)},
		{"a", "P", geo.MultiPolygon{{{{X: 50_100, Y: 50_000}, {X: 100_000, Y: 50_000}, {X: 100_000, Y: 100_000}, {X: 50_500, Y: 100_000}}}}},
		{"b", "P", box(50_100, 0, 100_000, 50_000)},
	})
	v := m.Violations()[0]
	if !strictlyInside(v.Area[0], v.At) {
		t.Errorf("%v is not inside %v", v.At, v.Area)
	}
	if want := box(50_000, 0, 50_100, 100_000).SquareMeters() + 0.25*box(50_100, 0, 50_500, 100_000).SquareMeters(); v.SquareMeters/want < 0.999 || v.SquareMeters/want > 1.001 {
		t.Errorf("%.1f m², want %.1f", v.SquareMeters, want)
	}
	if v.Width < 1.1 || v.Width > 3 {
		t.Errorf("%.2f m wide, want about 2", v.Width)
	}
	if v.Into != "long" || v.Repairs[0] != Fill {
		t.Errorf("fill into %q, %v; want long, fill first", v.Into, v.Repairs)
	}
}

func TestWideGapsAreNotFilledByDefault(t *testing.T) {
	m := build(t, []Part{{Code: "P", Area: box(0, 0, 100_000, 100_000)}}, []Part{{"1", "P", box(0, 0, 50_000, 100_000)}})
	if v := m.Violations()[0]; v.Repairs[0] != Exclude || !slices.Contains(v.Repairs, Fill) {
		t.Errorf("a gap %.0f m wide offers %v, want exclude first and fill too", v.Width, v.Repairs)
	}
}

func TestIDsLastFromOneBuildToTheNext(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 20))
	q := varied(20)
	for range 12 {
		r := q.parts[rng.IntN(len(q.parts))].Area[0][0]
		r[rng.IntN(len(r))].X += 40
	}
	m := build(t, q.parents(), q.parts)
	ids := func(m *Mosaic) []string {
		var out []string
		for _, v := range m.Violations() {
			out = append(out, v.ID)
		}
		return out
	}
	first := ids(m)
	if len(first) < 12 || len(slices.Compact(slices.Sorted(slices.Values(first)))) != len(first) {
		t.Fatalf("IDs %v are too few or not unique", first)
	}
	shuffled := slices.Clone(q.parts)
	rng.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
	if got := ids(build(t, q.parents(), shuffled)); !slices.Equal(got, first) {
		t.Errorf("in another order of parts the IDs are %v, want %v", got, first)
	}
	if got := ids(build(t, m.Parents(), m.Parts())); !slices.Equal(got, first) {
		t.Errorf("after storing and building again the IDs are %v, want %v", got, first)
	}
	gone := first[0]
	if err := m.Repair(gone, m.Violations()[0].Repairs[0]); err != nil {
		t.Fatal(err)
	}
	if got := ids(build(t, m.Parents(), m.Parts())); slices.Contains(got, gone) || len(got) < len(first)-2 {
		t.Errorf("after one repair the IDs are %v, want %v without the first", got, first)
	}
}

func TestRepairs(t *testing.T) {
	p := []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}}
	bowTie := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 1000, Y: 1000}, {X: 1000, Y: 0}, {X: 0, Y: 1000}}}}
	tests := []struct {
		name     string
		parts    []Part
		repair   RepairKind
		want     map[string]geo.MultiPolygon
		parent   geo.MultiPolygon
		excluded int
	}{
		{"fill", []Part{{"1", "P", box(0, 0, 500, 1000)}, {"2", "P", box(510, 0, 1000, 1000)}}, Fill,
			map[string]geo.MultiPolygon{"1": box(0, 0, 510, 1000), "2": box(510, 0, 1000, 1000)}, nil, 0},
		{"exclude", []Part{{"1", "P", box(0, 0, 500, 1000)}, {"2", "P", box(510, 0, 1000, 1000)}}, Exclude,
			map[string]geo.MultiPolygon{"1": box(0, 0, 500, 1000), "2": box(510, 0, 1000, 1000)}, nil, 1},
		{"cut leaves the overlap to the lower code in byte order", []Part{{"a", "P", box(0, 0, 510, 1000)}, {"B", "P", box(500, 0, 1000, 1000)}}, Cut,
			map[string]geo.MultiPolygon{"a": box(0, 0, 500, 1000), "B": box(500, 0, 1000, 1000)}, nil, 0},
		{"clip", []Part{{"1", "P", box(0, 0, 1010, 1000)}}, Clip,
			map[string]geo.MultiPolygon{"1": box(0, 0, 1000, 1000)}, nil, 0},
		{"fit_parent", []Part{{"1", "P", box(0, 0, 1010, 1000)}}, FitParent,
			map[string]geo.MultiPolygon{"1": box(0, 0, 1010, 1000)}, box(0, 0, 1010, 1000), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := build(t, p, tt.parts)
			v := m.Violations()
			if len(v) != 1 {
				t.Fatalf("violations %v, want one", kinds(v))
			}
			if err := m.Repair(v[0].ID, tt.repair); err != nil {
				t.Fatal(err)
			}
			if left := m.Violations(); left != nil {
				t.Errorf("left %v", kinds(left))
			}
			for _, part := range m.Parts() {
				if !sameArea(part.Area, tt.want[part.Code]) {
					t.Errorf("part %s is %v, want %v", part.Code, part.Area, tt.want[part.Code])
				}
			}
			if tt.parent != nil && !sameArea(m.Parents()[0].Area, tt.parent) {
				t.Errorf("parent is %v, want %v", m.Parents()[0].Area, tt.parent)
			}
			if len(m.Excluded()) != tt.excluded {
				t.Errorf("%d excluded areas, want %d", len(m.Excluded()), tt.excluded)
			}
			if again, err := Build(context.Background(), m.Parents(), m.Parts(), m.Excluded()...); err != nil || again.Violations() != nil {
				t.Errorf("built again it has %v (%v)", kinds(again.Violations()), err)
			}
			if bad := Check(m.Parents()[0].Area, m.Parts(), m.Excluded()...); bad != nil {
				t.Errorf("Check says %v", kinds(bad))
			}
		})
	}

	t.Run("split", func(t *testing.T) {
		m := build(t, nil, []Part{{"1", "", bowTie}})
		v := m.Violations()[0]
		if got := m.Parts()[0].Area; len(got) != 1 {
			t.Errorf("before the repair the bow tie is mended silently: %v", got)
		}
		if err := m.Repair(v.ID, Split); err != nil {
			t.Fatal(err)
		}
		got := m.Parts()[0].Area
		if len(got) != 2 || ownFlaws(got) != nil || doubled(got) != 2*2*250_000 {
			t.Errorf("after it: %v", got)
		}
	})
}

// sameArea compares areas as point sets.
func sameArea(a, b geo.MultiPolygon) bool {
	return Check(a, []Part{{Area: b}}) == nil
}

func TestCutPrefersTheParentThatTheLandBelongsTo(t *testing.T) {
	parents := []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}, {Code: "Q", Area: box(1000, 0, 2000, 1000)}}
	m := build(t, parents, []Part{{"1", "P", box(0, 0, 1010, 1000)}, {"2", "Q", box(1000, 0, 2000, 1000)}})
	m.RepairAll(Overlap, Cut, Limit{})
	if v := m.Violations(); v != nil {
		t.Errorf("left %v", kinds(v))
	}
	if got := m.Parts()[1].Area; !sameArea(got, box(1000, 0, 2000, 1000)) {
		t.Errorf("part 2 lost land of its own parent: %v", got)
	}
}

func TestRepairAllKeepsToItsLimit(t *testing.T) {
	m := build(t, []Part{{Code: "P", Area: box(0, 0, 100_000, 100_000)}}, []Part{
		{"1", "P", box(0, 0, 50_000, 100_000)}, {"2", "P", box(50_010, 0, 90_000, 100_000)},
	})
	mended := m.RepairAll(Gap, Fill, Limit{Width: 1})
	if len(mended) != 1 || mended[0].Width > 1 {
		t.Errorf("mended %v, want the sliver", mended)
	}
	if left := m.Violations(); len(left) != 1 || left[0].Width < 1 {
		t.Errorf("left %v, want the wide gap", left)
	}
	if again := m.RepairAll(Gap, Fill, Limit{Width: 1}); again != nil {
		t.Errorf("a second run mends %v", again)
	}
	if more := m.RepairAll(Gap, Cut, Limit{}); more != nil {
		t.Errorf("a gap was cut: %v", more)
	}
}

func TestRepairRefusesWhatItCannotDo(t *testing.T) {
	m := build(t, []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}}, []Part{{"1", "P", box(0, 0, 500, 1000)}})
	id := m.Violations()[0].ID
	if err := m.Repair("gap-0000000000000000", Fill); !errors.Is(err, ErrNoViolation) {
		t.Errorf("an unknown fault: %v, want ErrNoViolation", err)
	}
	if err := m.Repair(id, Cut); !errors.Is(err, ErrRepair) {
		t.Errorf("cutting a gap: %v, want ErrRepair", err)
	}
	if err := m.Repair(id, Fill); err != nil {
		t.Fatal(err)
	}
	if err := m.Repair(id, Fill); !errors.Is(err, ErrNoViolation) {
		t.Errorf("mending twice: %v, want ErrNoViolation", err)
	}
}

func TestManyFaultsOfOneParentAreFittedOneByOne(t *testing.T) {
	m := build(t, []Part{{Code: "P", Area: box(0, 0, 1000, 1000)}}, []Part{{"1", "P", box(-10, -10, 1010, 500)}, {"2", "P", box(-10, 600, 1010, 1010)}})
	faults := m.Violations()
	if len(faults) < 3 {
		t.Fatalf("faults %v, want three or more", kinds(faults))
	}
	for _, v := range faults {
		if err := m.Repair(v.ID, FitParent); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
	if left := m.Violations(); left != nil {
		t.Errorf("left %v", kinds(left))
	}
}

func TestBuildRefusesWhatIsTooFarApart(t *testing.T) {
	q := varied(1)
	stray := box(0, 0, 1000, 1000)
	_, err := Build(context.Background(), q.parents(), append(q.parts, Part{Code: "stray", Parent: "P", Area: stray}))
	f := fault.Of(err)
	if !errors.Is(err, ErrExtent) || len(f.Places) != 1 || f.Places[0].Pointer != "code=stray" || *f.Places[0].At != [2]float64{0, 0} {
		t.Errorf("got %v with %+v, want ErrExtent at the stray part", err, f)
	}
	if got := Union(q.parent, stray); got != nil {
		t.Errorf("Union of areas too far apart is %v, want nothing", got)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	q := varied(1)
	if _, err := Build(ctx, q.parents(), q.parts); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestBuildTakesNonsenseWithoutPanic(t *testing.T) {
	for _, area := range []geo.MultiPolygon{
		nil, {}, {nil}, {{}}, {{nil}}, {{{}}}, {{{{X: 1, Y: 1}}}}, {{{{X: 1, Y: 1}, {X: 1, Y: 1}}}}, {{{{X: 1, Y: 1}, {X: 2, Y: 2}}}},
		{{nil, square(0, 0, 9)}}, {{{}, square(0, 0, 9)}, {square(0, 0, 9)}},
	} {
		m := build(t, []Part{{Code: "P", Area: area}}, []Part{{"1", "P", area}, {"2", "", area}})
		m.RepairAll(Overlap, "", Limit{})
		_, _, _ = m.Parts(), m.Parents(), m.Excluded()
		_ = Check(area, []Part{{Code: "1", Area: area}}, area)
		_ = Union(area, area)
		_ = LabelPoint(area)
	}
}

func TestUnionDropsInnerBorders(t *testing.T) {
	q := varied(5)
	if got := Union(areasOf(q.parts)...); !sameArea(got, q.parent) || len(got) != 1 || len(got[0]) != 2 {
		t.Errorf("the union of all parts is not the parent: %d polygons", len(got))
	}
	if got := Union(box(0, 0, 10, 10), box(10, 10, 20, 20)); len(got) != 2 {
		t.Errorf("squares that touch in a point are %d polygons, want 2", len(got))
	}
	if got := Union(); got != nil {
		t.Errorf("the union of nothing is %v", got)
	}
}

func TestLabelPointLiesInside(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 21))
	for range 300 {
		size := []float64{3, 10, 1000, 100_000, 10_000_000}[rng.IntN(5)]
		area := Union(geo.MultiPolygon{{star(rng, quiltOrigin, size, 3+rng.IntN(40))}})
		if len(area) == 0 {
			continue
		}
		p := LabelPoint(area)
		in := slices.ContainsFunc(area, func(polygon geo.Polygon) bool { return strictlyInside(polygon, p) })
		if !in && size > 10 {
			t.Errorf("%v is not inside %v", p, area)
		}
	}
	ring := geo.MultiPolygon{{square(0, 0, 1000), square(10, 10, 980).Reversed()}}
	if p := LabelPoint(ring); !strictlyInside(ring[0], p) {
		t.Errorf("%v is not inside the ring", p)
	}
	needle := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 0, Y: 1}}}}
	if p := LabelPoint(needle); p != (geo.Point{}) {
		t.Errorf("a triangle without a lattice point inside has its label at %v, want a vertex", p)
	}
	square := box(0, 0, 1000, 1000)
	if p := LabelPoint(square); p.X < 400 || p.X > 600 || p.Y < 400 || p.Y > 600 {
		t.Errorf("the label of a square is at %v, want the middle", p)
	}
}

func TestBuildOfACountyTakesSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: 3,025 units of 60 vertices")
	}
	q := newQuilt(rand.New(rand.NewPCG(22, 22)), 55, 14, 10_000)
	start := time.Now()
	m := build(t, q.parents(), q.parts)
	if m.Violations() != nil {
		t.Error("a clean county has faults")
	}
	net := NewNet(append(areasOf(q.parts), q.parent))
	for zoom := range 8 {
		net.Simplify(float64(int(1) << (2 * zoom)))
	}
	// Measured 0.8 s; the bound only tells a square law from a linear one.
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
}
