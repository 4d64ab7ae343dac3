package topology

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

// twoCentimetres is what a break moves a vertex by: two lattice steps.
const twoCentimetres = 2

// varied is a quilt with a hole in its parent, an enclave, a part of three
// pieces, a part around another, and T-junctions (every border between merged
// fields of different size has them).
func varied(seed uint64) quilt {
	q := newQuilt(rand.New(rand.NewPCG(seed, 10)), 9, 4, 5000)
	q.merge("001001", "002001", "002002")           // an L
	q.merge("004004", "003003", "003004", "003005", // a frame around …
		"004003", "004005", "005003", "005004", "005005") // … nothing: 004004 is its middle
	q.merge("007001", "007003", "005007") // three pieces
	hole := q.at("006006").Area
	q.parts = slices.DeleteFunc(q.parts, func(p Part) bool { return p.Code == "006006" })
	q.parent[0] = append(q.parent[0], hole[0][0].Reversed())
	frame := newFrame(&q)
	q.parts = append(q.parts, frame)
	return q
}

// newFrame takes the middle out of field 002006 and makes an enclave of it.
func newFrame(q *quilt) Part {
	outer := q.at("002006")
	middle := LabelPoint(outer.Area)
	enclave := square(middle.X-500, middle.Y-500, 1000)
	outer.Area[0] = append(outer.Area[0], enclave.Reversed())
	return Part{Code: "enclave", Parent: "P", Area: geo.MultiPolygon{{enclave}}}
}

func TestCheckAcceptsQuilts(t *testing.T) {
	for seed := range uint64(20) {
		q := varied(seed)
		if v := Check(q.parent, q.parts); v != nil {
			t.Fatalf("quilt %d: %+v", seed, v[0])
		}
		m := build(t, q.parents(), q.parts)
		if v := m.Violations(); v != nil {
			t.Fatalf("quilt %d: %+v", seed, v[0])
		}
		if m.Noded() != 0 {
			t.Errorf("quilt %d: %d edges of a clean quilt received a vertex", seed, m.Noded())
		}
		for i, p := range m.Parts() {
			if got, want := totalArea([]Part{p}), totalArea(q.parts[i:i+1]); got != want && doubled(p.Area) != doubled(q.parts[i].Area) {
				t.Errorf("part %s has %v m² after Build, %v before", p.Code, got, want)
			}
		}
	}
}

func TestCheckAcceptsVerticesThatOnlyOneNeighbourHas(t *testing.T) {
	parent := geo.MultiPolygon{{square(0, 0, 100)}}
	left := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 50, Y: 0}, {X: 50, Y: 30}, {X: 50, Y: 100}, {X: 0, Y: 100}}}}
	right := geo.MultiPolygon{{{{X: 50, Y: 0}, {X: 100, Y: 0}, {X: 100, Y: 100}, {X: 50, Y: 100}}}}
	if v := Check(parent, []Part{{Code: "l", Area: left}, {Code: "r", Area: right}}); v != nil {
		t.Errorf("%+v", v[0])
	}
}

// breaks are ways to spoil one thing. Each returns where, and which kinds of
// fault Check must report there.
var breaks = []struct {
	name string
	do   func(rng *rand.Rand, q *quilt) (at geo.Point, kinds []Kind)
}{
	{"a vertex of one part only moves by 2 cm", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		r := q.parts[rng.IntN(len(q.parts))].Area[0][0]
		i := rng.IntN(len(r))
		at := r[i]
		r[i].X += twoCentimetres
		r[i].Y -= twoCentimetres
		return at, []Kind{Gap, Overlap, Outside}
	}},
	{"a vertex of one part only is dropped", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		for {
			r := &q.parts[rng.IntN(len(q.parts))].Area[0][0]
			i := 1 + rng.IntN(len(*r)-2)
			if at := (*r)[i]; geo.Cross((*r)[i-1], at, (*r)[i+1]) != 0 {
				*r = slices.Delete(*r, i, i+1)
				return at, []Kind{Gap, Overlap, Outside}
			}
		}
	}},
	{"a vertex is put on one side of a border and 2 cm off it", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		r := &q.parts[rng.IntN(len(q.parts))].Area[0][0]
		i := rng.IntN(len(*r) - 1)
		a, b := (*r)[i], (*r)[i+1]
		at := geo.Point{X: a.X + (b.X-a.X)/2 + twoCentimetres, Y: a.Y + (b.Y-a.Y)/2 - twoCentimetres}
		if between(a, b, at) {
			at.X++
		}
		*r = slices.Insert(*r, i+1, at)
		return at, []Kind{Gap, Overlap, Outside}
	}},
	{"a part is shifted by 2 cm", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		area := q.parts[rng.IntN(len(q.parts))].Area
		at := area[0][0][0]
		for _, polygon := range area {
			for _, r := range polygon {
				for i := range r {
					r[i].X += twoCentimetres
				}
			}
		}
		return at, []Kind{Gap, Overlap, Outside}
	}},
	{"a part comes twice", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		p := q.parts[rng.IntN(len(q.parts))]
		p.Code += " again"
		q.parts = append(q.parts, p)
		return LabelPoint(p.Area), []Kind{Overlap}
	}},
	{"a part is missing", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		i := rng.IntN(len(q.parts))
		at := LabelPoint(q.parts[i].Area)
		q.parts = slices.Delete(q.parts, i, i+1)
		return at, []Kind{Gap}
	}},
	{"a part fills the parent's hole", func(_ *rand.Rand, q *quilt) (geo.Point, []Kind) {
		hole := geo.MultiPolygon{{q.parent[0][1].Reversed()}}
		q.parts = append(q.parts, Part{Code: "in the hole", Parent: "P", Area: hole})
		return LabelPoint(hole), []Kind{Outside}
	}},
	{"the parent's hole is missing", func(_ *rand.Rand, q *quilt) (geo.Point, []Kind) {
		at := LabelPoint(geo.MultiPolygon{{q.parent[0][1].Reversed()}})
		q.parent[0] = q.parent[0][:1]
		return at, []Kind{Gap}
	}},
	{"a part lies on its neighbour's enclave", func(_ *rand.Rand, q *quilt) (geo.Point, []Kind) {
		at := LabelPoint(q.at("enclave").Area)
		around := q.at("002006")
		around.Area[0] = around.Area[0][:1]
		return at, []Kind{Overlap}
	}},
	{"a ring is a bow tie", func(rng *rand.Rand, q *quilt) (geo.Point, []Kind) {
		r := q.at("000000").Area[0][0]
		r[2], r[7] = r[7], r[2]
		for i, a := range r {
			b := r[(i+1)%len(r)]
			for k, c := range r {
				if d := r[(k+1)%len(r)]; crosses(a, b, c, d) {
					return crossing(a, b, c, d), []Kind{SelfCross}
				}
			}
		}
		panic("not a bow tie")
	}},
	{"a part is empty", func(_ *rand.Rand, q *quilt) (geo.Point, []Kind) {
		q.parts = append(q.parts, Part{Code: "empty", Parent: "P"})
		return LabelPoint(q.parent), []Kind{Empty}
	}},
	{"a part is a line", func(_ *rand.Rand, q *quilt) (geo.Point, []Kind) {
		a, b := quiltOrigin, geo.Point{X: quiltOrigin.X + 9, Y: quiltOrigin.Y}
		q.parts = append(q.parts, Part{Code: "line", Parent: "P", Area: geo.MultiPolygon{{{a, b, a}}}})
		return a, []Kind{Empty}
	}},
}

func TestCheckHearsOfEveryBreak(t *testing.T) {
	for _, b := range breaks {
		t.Run(b.name, func(t *testing.T) {
			for seed := range uint64(8) {
				rng := rand.New(rand.NewPCG(seed, 11))
				q := varied(seed).clone()
				at, kinds := b.do(rng, &q)
				heard(t, fmt.Sprintf("Check of quilt %d", seed), Check(q.parent, q.parts), at, kinds)
				heard(t, fmt.Sprintf("Mosaic of quilt %d", seed), build(t, q.parents(), q.parts).Violations(), at, kinds)
			}
		})
	}
}

// heard fails unless a violation of one of the kinds lies at the place: its area
// reaches it, or its point is near.
func heard(t *testing.T, who string, violations []Violation, at geo.Point, kinds []Kind) {
	t.Helper()
	for _, v := range violations {
		if !slices.Contains(kinds, v.Kind) {
			continue
		}
		near := segmentBound(v.At, v.At, 4*twoCentimetres).Contains(at)
		if b := v.Area.Bound(); !b.Empty() {
			near = near || segmentBound(b.Min, b.Max, 4*twoCentimetres).Contains(at)
		}
		if near {
			return
		}
	}
	t.Fatalf("%s: no %v at %v, only %+v", who, kinds, at, violations)
}

func TestCheckHearsOfASliverThinnerThanAStep(t *testing.T) {
	// The border of the left part has a vertex less than half a step off the
	// line; snap rounding would close that, the exact check must not.
	parent := geo.MultiPolygon{{square(0, 0, 1000)}}
	left := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 500, Y: 0}, {X: 500, Y: 333}, {X: 501, Y: 1000}, {X: 0, Y: 1000}}}}
	right := geo.MultiPolygon{{{{X: 500, Y: 0}, {X: 1000, Y: 0}, {X: 1000, Y: 1000}, {X: 501, Y: 1000}}}}
	parts := []Part{{Code: "left", Area: left}, {Code: "right", Area: right}}
	got := Check(parent, parts)
	if len(got) != 1 || got[0].Kind != Gap || got[0].SquareMeters <= 0 || got[0].SquareMeters > 0.1 {
		t.Fatalf("got %+v, want one thin gap", got)
	}
	if !slices.Equal(got[0].Codes, []string{"left", "right"}) {
		t.Errorf("codes %v, want left and right", got[0].Codes)
	}
	m := build(t, []Part{{Code: "P", Area: parent}}, parts)
	if m.Violations() != nil || m.Noded() != 3 { // and the parent's two

		t.Errorf("Build leaves %v and nodes %d edges, want nothing and 3", m.Violations(), m.Noded())
	}
	if v := Check(m.Parents()[0].Area, m.Parts()); v != nil {
		t.Errorf("what Build returns does not tile: %+v", v[0])
	}
}

func TestCheckWithoutPartsFindsTheWholeParentUncovered(t *testing.T) {
	q := varied(1)
	got := Check(q.parent, nil)
	if len(got) != 1 || got[0].Kind != Gap || !sameArea(got[0].Area, q.parent) {
		t.Errorf("got %v, want one gap of the size of the parent", kinds(got))
	}
}

func TestCheckTakesExcludedAreasIntoAccount(t *testing.T) {
	q := varied(1)
	lake := q.at("enclave").Area
	parts := slices.DeleteFunc(slices.Clone(q.parts), func(p Part) bool { return p.Code == "enclave" })
	if v := Check(q.parent, parts); len(v) != 1 || v[0].Kind != Gap {
		t.Fatalf("without the lake: %+v, want one gap", v)
	}
	if v := Check(q.parent, parts, lake); v != nil {
		t.Errorf("with the lake excluded: %+v", v[0])
	}
	if v := Check(q.parent, q.parts, lake); v == nil {
		t.Error("an excluded area that a part covers is not reported")
	}
}

func TestCheckDoesNotMindHowRingsAreDrawn(t *testing.T) {
	q := varied(2)
	rng := rand.New(rand.NewPCG(12, 12))
	for i := range q.parts {
		for _, polygon := range q.parts[i].Area {
			for k, r := range polygon {
				from := rng.IntN(len(r))
				polygon[k] = slices.Concat(r[from:], r[:from])
				if rng.IntN(2) == 0 {
					polygon[k] = polygon[k].Reversed()
				}
			}
		}
	}
	if v := Check(q.parent, q.parts); v != nil {
		t.Errorf("%+v", v[0])
	}
}

func TestCheckRefusesWhatIsTooFarApart(t *testing.T) {
	q := varied(3)
	q.parts = append(q.parts, Part{Code: "far", Parent: "P", Area: geo.MultiPolygon{{square(-1_700_000_000, 0, 9)}}})
	got := Check(q.parent, q.parts)
	if len(got) != 1 || got[0].Kind != Extent || !slices.Equal(got[0].Codes, []string{"far"}) {
		t.Errorf("got %+v, want one fault of extent of part far", got)
	}
}
